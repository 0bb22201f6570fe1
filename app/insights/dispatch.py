"""The dispatch list 调度清单: what a ladder put before the whole house, until it is done.

A clock is on it from the telling of a rung that says so (`ClockRung.listed`) for the end it still
has, until it is met, voided or handed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.cases.models import Case, CaseDeadline, ClockRung
from app.cases.queries import Filter, Key, narrowing
from app.cases.sight import visible_to
from app.engine.actors import Actor
from app.engine.definition import Deadline, Lifecycle
from app.law.calendar import WorkCalendar
from app.law.labels import Label
from app.law.periods import Unit, local_date
from app.workflows import by_version

ROWS: Final = 50
RESOLVED_FOR: Final = timedelta(days=30)
"""So long what was resolved is still shown."""


class Part(StrEnum):
    """What stands on the list, and what has left it lately."""

    OPEN = "open"
    RESOLVED = "resolved"


class Resolved(StrEnum):
    """How a clock left the list."""

    MET = "met"
    VOIDED = "voided"
    HANDED_OVER = "handed_over"

    @property
    def label(self) -> Label:
        """The words for it."""
        return RESOLUTIONS[self]


RESOLUTIONS: Final = {
    Resolved.MET: Label("已办理", "Done"),
    Resolved.VOIDED: Label("不再适用", "No longer applies"),
    Resolved.HANDED_OVER: Label("已转子案件", "Handed over"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One clock on the list. ``since`` is when it came there, ``days`` how late it is or was.

    ``unit`` is the unit of its term: working days where the law counts those, else calendar days.
    """

    case_id: UUID
    number: str
    subject_name: str
    division: str
    officer: UUID | None
    lifecycle: type[Lifecycle]
    state: Label
    clock: Deadline
    due_on: date
    days: int
    unit: Unit
    since: datetime
    closed_at: datetime | None
    how: Resolved | None
    key: Key


def page_of(
    session: Session,
    actor: Actor,
    part: Part,
    asked: Filter,
    now: datetime,
    calendar: WorkCalendar,
    after: Key | None = None,
) -> tuple[list[Listed], Key | None]:
    """One page of the list and where the next one begins: the longest there, the last resolved."""
    found = _rows(session, _query(actor, part, asked, now, after).limit(ROWS + 1), now, calendar)
    rows = list(found)
    return rows[:ROWS], rows[ROWS - 1].key if len(rows) > ROWS else None


def whole(
    session: Session,
    actor: Actor,
    part: Part,
    asked: Filter,
    now: datetime,
    calendar: WorkCalendar,
) -> Iterator[Listed]:
    """Every row of it, to be taken away."""
    return _rows(session, _query(actor, part, asked, now, None), now, calendar)


def _query(
    actor: Actor, part: Part, asked: Filter, now: datetime, after: Key | None
) -> Select[*tuple[Any, ...]]:
    wanted: list[ColumnElement[bool]] = [
        visible_to(actor),
        *narrowing(asked, now),
        literal_column("case_clock_rungs.listed"),  # the literal words of the partial index
        ClockRung.due_at == CaseDeadline.due_at,
    ]
    before = aliased(ClockRung)
    # A clock stands here once: by the first rung that put it here for this end.
    wanted.append(
        ~exists().where(
            before.clock_id == ClockRung.clock_id,
            before.due_at == ClockRung.due_at,
            before.listed,
            tuple_(before.told_at, before.id) < tuple_(ClockRung.told_at, ClockRung.id),
        )
    )
    if part is Part.OPEN:
        # Not `Case.is_final`: SQLite would walk through every open case to look for rungs.
        wanted.append(CaseDeadline.closed_at.is_(None))
        if after is not None:
            wanted.append(tuple_(ClockRung.told_at, ClockRung.id) > tuple_(after.at, after.id))
        order: tuple[ColumnElement[Any], ...] = (ClockRung.told_at.asc(), ClockRung.id.asc())
    else:
        wanted.append(CaseDeadline.closed_at >= now - RESOLVED_FOR)
        if after is not None:
            place = tuple_(CaseDeadline.closed_at, ClockRung.id)
            wanted.append(place < tuple_(after.at, after.id))
        order = (CaseDeadline.closed_at.desc(), ClockRung.id.desc())
    return (
        select(Case, CaseDeadline, ClockRung.id.label("rung_id"), ClockRung.told_at)
        .join(CaseDeadline, CaseDeadline.id == ClockRung.clock_id)
        .join(Case, Case.id == ClockRung.case_id)
        .select_from(ClockRung)
        .where(*wanted)
        .order_by(*order)
    )


def _rows(
    session: Session, query: Select[*tuple[Any, ...]], now: datetime, calendar: WorkCalendar
) -> Iterator[Listed]:
    for case, clock, rung_id, told_at in session.execute(query):
        lifecycle = by_version(case.lifecycle, case.lifecycle_version)
        unit = unit_of(clock.derivation)
        until = local_date(clock.met_at or clock.closed_at or now)
        yield Listed(
            case_id=case.id,
            number=case.number,
            subject_name=case.subject_name,
            division=case.division,
            officer=case.assignee_id,
            lifecycle=lifecycle,
            state=lifecycle.states[case.state].label,
            clock=lifecycle.deadlines[clock.name],
            due_on=clock.due_on,
            days=days_between(clock.due_on, until, unit, calendar),
            unit=unit,
            since=told_at,
            closed_at=clock.closed_at,
            how=_how(clock),
            key=Key(told_at if clock.closed_at is None else clock.closed_at, rung_id),
        )


def _how(clock: CaseDeadline) -> Resolved | None:
    if clock.closed_at is None:
        return None
    if clock.met_at is not None:
        return Resolved.MET
    return Resolved.VOIDED if clock.handed_to is None else Resolved.HANDED_OVER


def unit_of(derivation: Mapping[str, Any]) -> Unit:
    """In what lateness is told: working days only where every term of the clock counts those."""
    units = {due.get("unit") for due in derivation["dues"]}
    return Unit.WORKING_DAYS if units == {str(Unit.WORKING_DAYS)} else Unit.CALENDAR_DAYS


def days_between(due_on: date, until: date, unit: Unit, calendar: WorkCalendar) -> int:
    """How many days lie behind the last day of a clock, up to a day, inclusive; never below 0."""
    if until <= due_on:
        return 0
    if unit is Unit.WORKING_DAYS:
        there, here = (calendar.place_after(day.toordinal()) for day in (until, due_on))
        return there - here
    return (until - due_on).days
