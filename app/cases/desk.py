"""What a view, a command or a job calls to have something done: one transaction, then what follows.

`act` fires in one retried transaction, forgets the draft, and works off the automatic transitions
the act made possible. Nothing else in the program begins a transaction that moves a case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from blinker import Signal
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.cases import drafts, timers
from app.cases.errors import NoSuchCase, NotPermitted
from app.cases.models import Case
from app.cases.opening import Opening, open_case
from app.cases.operations import fire
from app.cases.sight import id_for
from app.cases.step import Fired
from app.db import Database
from app.engine.actors import SUPERVISOR, Actor, Role
from app.engine.definition import YearDay
from app.engine.permission import Refusal, Why, reserved_to
from app.law.terms import LawBook
from app.registers.models import RosterEntry, UnitProfile
from app.workflows import LIFECYCLES

ACTED: Final = Signal("Somebody's act was committed; told with its ``trigger``.")


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks to have done on a case; see `operations.fire` for the fields."""

    case_id: UUID
    trigger: str
    inputs: Mapping[str, Any]
    expected_version: int | None = None
    key: str | None = None
    item_id: UUID | None = None
    occurred_at: datetime | None = None
    late_reason: str | None = None
    proof: Sequence[str] = ()


def act(database: Database, order: Order, *, actor: Actor, now: datetime, law: LawBook) -> Fired:
    """Do what was ordered. Raises what `fire` raises, and NoSuchCase for what one may not see."""
    fired = database.write(partial(_act, order=order, actor=actor, now=now, law=law))
    if not fired.repeated:
        ACTED.send(trigger=fired.trigger)
    if fired.due:
        timers.work_off(database, law, now)
    return fired


def _act(session: Session, *, order: Order, actor: Actor, now: datetime, law: LawBook) -> Fired:
    if session.scalar(id_for(actor, order.case_id)) is None:
        raise NoSuchCase
    fired = fire(
        session,
        order.case_id,
        order.trigger,
        actor=actor,
        inputs=order.inputs,
        now=now,
        law=law,
        expected_version=order.expected_version,
        key=order.key,
        occurred_at=order.occurred_at,
        late_reason=order.late_reason,
        proof=order.proof,
        item_id=order.item_id,
    )
    item = str(order.item_id) if order.item_id else ""
    drafts.discard(session, order.case_id, order.trigger, actor.person_id, item)
    return fired


# The cycle of a year ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CycleResult:
    """What opening a cycle did: cases opened now, units whose case stood already, units left."""

    opened: int
    standing: int
    left: int = 0


def may_open_cycle(actor: Actor) -> bool:
    """Whether the person may open the cycle of a year."""
    return Role.SUPERVISOR in actor.roles


def open_cycle(
    database: Database,
    year: int,
    *,
    actor: Actor,
    now: datetime,
    law: LawBook,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    most: int | None = None,
) -> CycleResult:
    """Open one verification per unit on the roster of the year, each in its own transaction.

    Safe to repeat: a unit whose case stands is left alone. ``most`` bounds how many are opened in
    one go. Raises NotPermitted for anybody but a supervisor of an authority, and LawError, before
    any case is opened, for a year whose dates are not known.
    """
    if not may_open_cycle(actor):
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to([SUPERVISOR]))])
    with database.read() as session:
        units = _roster(session, year)
        standing = _standing(session, year)
    waiting = [one for one in units if one[0].id not in standing]
    _refuse_unknown_dates(law, year, {sector for _unit, sector in waiting})
    going, opened, stood = waiting[:most], 0, len(units) - len(waiting)
    for done, (unit, sector) in enumerate(going):
        if _open_one(database, unit, sector, year, actor, now, law):
            opened += 1
        progress(stood + done + 1, len(units))
    left = len(waiting) - len(going)
    return CycleResult(opened, len(units) - opened - left, left)


def _refuse_unknown_dates(law: LawBook, year: int, sectors: set[str]) -> None:
    """Raise LawError if a clock that begins with the cycle has no date in that year."""
    verification = LIFECYCLES["verification"]
    for deadline in verification.deadlines.values():
        due = deadline.due
        if isinstance(due, YearDay) and verification.opening() in deadline.anchors:
            codes = {due.code} if isinstance(due.code, str) else map(due.code.get, sectors)
            for code in codes:
                if code is not None:
                    law.year_date(code, year)


def _open_one(
    database: Database,
    unit: Organisation,
    sector: str,
    year: int,
    actor: Actor,
    now: datetime,
    law: LawBook,
) -> bool:
    """Open the case of one unit; False if somebody else just did."""
    opening = Opening(
        lifecycle=LIFECYCLES["verification"],
        authority_id=actor.organisation_id,
        authority_name=actor.organisation_name,
        subject_id=unit.id,
        subject_name=unit.name,
        division=unit.division,
        cycle_year=year,
        once=f"{year}:{unit.id}",
    )
    work = partial(
        open_case, opening=opening, actor=actor, inputs={"sector": sector}, now=now, law=law
    )
    try:
        database.write(work)
    except IntegrityError:
        with database.read() as session:
            if unit.id not in _standing(session, year):
                raise
        return False
    return True


def _roster(session: Session, year: int) -> list[tuple[Organisation, str]]:
    query = (
        select(Organisation, UnitProfile.sector)
        .join(RosterEntry, RosterEntry.unit_id == Organisation.id)
        .outerjoin(UnitProfile, UnitProfile.organisation_id == Organisation.id)
        .where(RosterEntry.year == year, RosterEntry.removed_on.is_(None), Organisation.active)
        .order_by(Organisation.name)
    )
    return [(unit, sector.value if sector else "other") for unit, sector in session.execute(query)]


def _standing(session: Session, year: int) -> set[UUID]:
    query = select(Case.subject_id).where(
        Case.lifecycle == "verification", Case.cycle_year == year, Case.cycle_key.is_not(None)
    )
    return set(session.scalars(query))
