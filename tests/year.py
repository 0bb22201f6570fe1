"""One unit's year of verification in the town, played by the beats of the demonstration.

A step is a list of beats (`app.demo.stories`); ``until`` names the day of its last one, the ones
before it keep their distances in working days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from app.demo import stories as s
from app.demo.cast import UNITS, UnitOf
from app.demo.stories import Beat, Player, Told
from app.workflows.verification import Verification
from tests.town import Matter, Town, Typed, day

UNIT = {unit.key: unit for unit in UNITS}
FILED = "03-10"

UP_TO_GROUP = [*s.ARRANGED, *s.GROUP_FORMED]
UP_TO_DESK_REVIEW = [*UP_TO_GROUP, *s.DESK_REVIEWED]
UP_TO_NOTICE_OF_VISIT = [*UP_TO_DESK_REVIEW, *s.VISIT_NOTIFIED]
UP_TO_VISIT = [*UP_TO_NOTICE_OF_VISIT, *s.VISIT_BEGUN]
UP_TO_END_OF_VISIT = [*UP_TO_VISIT, *s.VISIT_ENDED]
UP_TO_CHECKLIST = [*UP_TO_END_OF_VISIT, *s.CHECKLIST]
UP_TO_ISSUE = [*UP_TO_CHECKLIST, *s.NC_DRAFTED, *s.NC_ISSUED]
UP_TO_ANSWERS = [*UP_TO_ISSUE, *s.NC_ANSWERED, *s.NC_SUBMITTED]
UP_TO_CONCLUSION = s.WITHOUT_NC
UP_TO_RESULT = [*UP_TO_CONCLUSION, *s.NOTIFIED]
UP_TO_RECHECK = [*UP_TO_CONCLUSION, *s.RECHECK_OPENED]
UP_TO_EXPERTS = [*UP_TO_RECHECK, *s.RELEASED, *s.EXPERTS_ASSIGNED]
UP_TO_REVISION = [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED, *s.REVISED]


@dataclass
class Year(Matter):
    """A verification with its unit; acts of the story are fired with what they type."""

    unit: UnitOf = field(default=UNITS[0])

    @property
    def recheck(self) -> Matter:
        """The re-check opened last."""
        return self.children("recheck")[-1]

    def file(self, on: str = FILED) -> Year:
        """File the annual report."""
        return self.play(s.REPORTED, until=on)

    def play(self, beats: Sequence[Beat], *, until: str) -> Year:
        """Fire a step so that its last beat falls on that working day."""
        last, waits = day(until), sum(beat.wait for beat in beats)
        calendar = self.town.law.calendar
        on = last
        for _ in range(waits):
            on = calendar.last_working_to(on - timedelta(1))
        for minute, beat in enumerate(beats):
            if beat.wait:
                on = calendar.add_working_days(on, beat.wait)
            self._beat(beat, f"{on} {beat.hour:02}:{minute % 60:02}", {})
        assert on == last, f"{until} is no working day"
        return self

    def do(self, beats: Beat | Iterable[Beat], *, on: str, **typed: Any) -> Year:
        """Fire beats on one day, each a minute after the other; ``typed`` replaces inputs."""
        for minute, beat in enumerate([beats] if isinstance(beats, Beat) else beats):
            self._beat(beat, f"{day(on)} {beat.hour:02}:{minute:02}", typed)
        return self

    def _beat(self, beat: Beat, at: str, typed: Typed) -> None:
        """Fire one beat, after whatever has ended by then; once per row where it names rows."""
        self.town.tick(at)
        matter = self.recheck if beat.on_child else self
        rows = [row.id for row in matter.items(beat.rows) if row.status in beat.status]
        for item in rows if beat.rows else [None]:
            said = {**self.typed(beat, on=at.partition(" ")[0]), **typed}
            matter.fire(beat.trigger, self.actor(beat.who), said, at=at, item_id=item)

    def typed(self, beat: Beat, *, on: str) -> Typed:
        """What the story types into an act on that day."""
        target = self.recheck.id if beat.on_child else self.id
        # Of the player a story asks only for what a town has as well.
        told = Told(cast("Player", self.town), target, self.unit, day(on))
        return beat.typed(told) if callable(beat.typed) else beat.typed


def a_year(town: Town, key: str = "redian", *, at: str = "01-05") -> Year:
    """Open the verification of a unit for 2026."""
    unit = UNIT[key]
    matter = town.open(
        Verification, "supervisor", {"sector": unit.sector.value}, at=at, subject=key
    )
    return Year(town, matter.id, matter.opened, unit)
