"""Which case stands where in the demonstration city, relative to the day of installation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.cases import timers
from app.cases.files import FileStore
from app.cases.models import Case
from app.db import Database
from app.demo import stories as s
from app.demo.cast import UNITS, Cast, UnitOf, assemble, recall
from app.demo.stories import Beat, Player, instant
from app.law.periods import local_date
from app.law.terms import LawBook

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plot:
    """A unit's case: the beats after its report was filed, ending ``ago`` working days ago.

    ``beats`` of ``None`` leaves the report unfiled. A ``finished`` one runs in spring instead.
    """

    unit: str
    beats: Sequence[Beat] | None
    ago: int = 1
    finished: bool = False
    first: Sequence[Beat] = tuple(s.REPORTED)


_ARRANGED = s.ARRANGED
_GROUP = [*_ARRANGED, *s.GROUP_FORMED]
_DESK = [*_GROUP, *s.DESK_REVIEWED]
_NOTIFIED = [*_DESK, *s.VISIT_NOTIFIED]
_VISIT = [*_NOTIFIED, *s.VISIT_BEGUN]
_ENDED = [*_VISIT, *s.VISIT_ENDED]
_LIST = [*_ENDED, *s.CHECKLIST]
_ISSUED = [*_LIST, *s.NC_DRAFTED, *s.NC_ISSUED]
_ANSWERED = [*_ISSUED, *s.NC_ANSWERED, *s.NC_SUBMITTED]
_RELEASED = [*s.WITHOUT_NC, *s.RECHECK_OPENED, *s.RELEASED]

PLOTS: Final = (
    Plot("redian", [*s.WITH_NC, *s.NOTIFIED, *s.LAPSED, *s.ARCHIVED], finished=True),
    Plot("changtan", [*s.WITHOUT_NC, *s.NOTIFIED, *s.LAPSED], ago=4),
    Plot("jinwan", [*s.WITH_NC, *s.NOTIFIED, *s.OBJECTED, *s.DECIDED], ago=2),
    Plot("xiling", [*s.WITHOUT_NC, *s.NOTIFIED], ago=3),
    Plot("beian", [*s.WITH_NC, *s.NOTIFIED, *s.OBJECTED], ago=5),
    Plot("qingshi", [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED, *s.REVISED, *s.ACCEPTED, *s.NOTIFIED, *s.LAPSED, *s.ARCHIVED], finished=True),
    Plot("yinfan", [*s.UP_TO_OPINIONS], ago=2),
    Plot("chiling", [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED, *s.REVISED], ago=1),
    Plot("yuanfeng", [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED, *s.REVISED, *s.RETURNED], ago=3),
    Plot("lanqiao", [*s.WITHOUT_NC], ago=5),
    Plot("baifan", _ISSUED, ago=3),
    Plot("moyu", _ANSWERED, ago=1),
    Plot("mingguang", [*_ANSWERED, *s.NC_REJECTED], ago=2),
    Plot("jinghu", [*_LIST], ago=1),
    Plot("yunling", [*_ENDED], ago=1),
    Plot("xiangni", [*_NOTIFIED], ago=2),
    Plot("xinghe", [*_GROUP], ago=4),
    Plot("baicao", [*_ARRANGED], ago=2),
    Plot("fengsui", [], ago=0),
    Plot("jianshi", None),
    Plot("tieshan", [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED, *s.REVISED, *s.FAILED, *s.REPLACED], ago=2),
    Plot("xuerong", [*_RELEASED, *s.EXPERTS_ASSIGNED], ago=2),
    Plot("shuangta", [*_VISIT], ago=0),
    Plot("qinghe", [*_LIST, *s.NO_NC], ago=1),
    Plot("dashan", s.RETURNED_FOR_COMPLETENESS, ago=2),
    Plot("hongyan", [*s.WITHOUT_NC, *s.RECHECK_OPENED], ago=1),
    Plot("tongda", _RELEASED, ago=1),
    Plot("lanyu", [*_RELEASED, *s.EXPERTS_ASSIGNED, *s.ONSITE], ago=2),
    Plot("xinyue", [*_RELEASED, *s.EXPERTS_ASSIGNED, *s.OPINIONS_RAISED], ago=1),
    Plot("hupo", [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED, *s.REVISED, *s.FAILED], ago=1),
    Plot("jiuqu", s.REMOVED, ago=5),
)  # fmt: skip


_OF_THE_YEAR: Final = (Case.demonstration, Case.lifecycle == "verification")


def is_loaded(session: Session) -> bool:
    """Whether the verifications of the demonstration city stand already, all of them."""
    units = select(func.count(Case.subject_id.distinct())).where(*_OF_THE_YEAR)
    return session.scalar(units) == len(PLOTS)


def cycle_of(today: date, law: LawBook) -> int:
    """The year whose cycle the city shows: reports are in, and its calendar is loaded."""
    year = today.year if today.month >= 7 else today.year - 1  # noqa: PLR2004 - after the reports
    return min(year, max(law.calendar.loaded))


def load(
    database: Database,
    law: LawBook,
    store: FileStore,
    now: datetime,
    progress: Progress = lambda _done, _all: None,
) -> Cast:
    """Build the city. Everything happens at past instants; the last tick is now.

    Safe to repeat: cases that stand are left as they are, the others are added.
    """
    today = local_date(now)
    year = cycle_of(today, law)
    opened_on = law.calendar.first_working_from(date(year, 1, 5))
    begun = instant(date(year - 1, 1, 4), 9)  # before anything that is told of
    cast = database.write(
        lambda session: recall(session) or assemble(session, begun, (year - 1, year, year + 1))
    )
    with database.read() as session:
        standing = set(session.scalars(select(Case.subject_id).where(*_OF_THE_YEAR)))
    player = Player(database, law, cast, store, latest=now)
    units = {unit.key: unit for unit in UNITS}
    for done, plot in enumerate(PLOTS):
        if cast.units[plot.unit].id in standing:
            continue
        _play(player, units[plot.unit], plot, year, opened_on, today)
        progress(done + 1, len(PLOTS))
    timers.tick(database, law, now)
    return cast


def _play(
    player: Player, unit: UnitOf, plot: Plot, year: int, opened_on: date, today: date
) -> None:
    calendar = player.law.calendar
    case_id = player.open(unit, year, instant(opened_on, 9))
    if plot.beats is None:
        return
    filed_on = calendar.add_working_days(date(year, 3, 2), 1 + unit.emission_t % 15)
    player.play(case_id, unit, plot.first, filed_on)
    if plot.finished:
        player.play(case_id, unit, plot.beats, filed_on)
        return
    length = sum(beat.wait for beat in plot.beats) + plot.ago
    start = max(calendar.working_days_before(today, max(length, 1)), filed_on)
    if start > filed_on and plot.beats:
        hold = [
            Beat(
                "hold_locally",
                "supervisor",
                {"hold_reason": "企业停产检修，厂区封闭（示例）。"},
                wait=2,
            ),
        ]
        player.play(case_id, unit, hold, filed_on)
        player.play(
            case_id,
            unit,
            [Beat("resume_locally", "supervisor", {"resume_reason": "恢复生产。"}, hour=9)],
            start,
        )
    player.play(case_id, unit, plot.beats, start)
