"""What the checks look at: the chronicles played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.chronologies.chronicle import Chronicle, chronicles
from tests.chronologies.player import Played, play
from tests.town import Town


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
