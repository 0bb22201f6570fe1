"""What the checks look at: the chronicles played, and the trials beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.chronologies import trials
from tests.chronologies.chronicle import Chronicle, chronicles
from tests.chronologies.player import Played, play
from tests.town import Matter, Town
from tests.workflows.procedure import Procedure


@dataclass
class Stage:
    """A town with every chronicle played in it."""

    town: Town
    played: Mapping[str, Played]

    @classmethod
    def of(cls, town: Town) -> Stage:
        return cls(town, {key: play(town, one) for key, one in chronicles().items()})

    def told(self, case: str) -> Chronicle:
        return chronicles()[case]

    @cached_property
    def operation(self) -> Matter:
        return trials.operation(self.town)

    @cached_property
    def reported_case(self) -> Matter:
        return trials.reported_case(self.operation)

    @cached_property
    def touching(self) -> Matter:
        return trials.touching(self.town, units=45, reports=80)

    @cached_property
    def heard(self) -> tuple[Procedure, str]:
        return trials.heard(self.town)

    @cached_property
    def fined(self) -> tuple[Procedure, str]:
        return trials.fined(self.town)
