"""Merging of organisations 机构合并: one is taken over by another from a day.

Another administrator grants it. On the day its roles and substitutions pass over and it ends, in
one transaction; then its cases pass over, each in a transaction of its own with an entry in the
chain of the case, by whoever comes first: the page of the merger or the scheduler. Closed cases
pass over too: the successor keeps the files. What was recorded before keeps its names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import chain, count
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Select, exists, func, insert, inspect, or_, select, update
from sqlalchemy.orm import Session

from app.accounts import administrators, organisation_requests, organisations
from app.accounts.models import (
    AUTHORITIES,
    AccountRequest,
    Delegation,
    Membership,
    Organisation,
    OrganisationKind,
)
from app.audit.models import AuditEntry
from app.cases.models import Case, Escalation, Participant
from app.cases.operations import locked
from app.cases.records import MERGE, append
from app.cases.snapshot import Snapshot
from app.db import Database, new_id, table_of
from app.engine.actors import SYSTEM_ACTOR, Actor
from app.law.labels import Label
from app.law.periods import local_date
from app.registers.models import AgencyTie, Ban

BATCH: Final = 50
"""Cases that pass over in one go."""
LONGEST_NUMBER: Final = 40
DAY: Final = timedelta(days=1)

M = TypeVar("M", Membership, Delegation, AgencyTie, Ban)
Fence = Callable[[Session], None]

cases = table_of(Case)
participants = table_of(Participant)
escalations = table_of(Escalation)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a merger would move: how many of each."""

    roles: int
    people: int
    open_cases: int
    closed_cases: int


def candidates(session: Session, one: Organisation) -> Sequence[Organisation]:
    """The organisations that may take this one over, by name."""
    return session.scalars(
        select(Organisation)
        .where(
            Organisation.active,
            Organisation.id != one.id,
            Organisation.kind.in_(list(_alike(OrganisationKind(one.kind)))),
        )
        .order_by(Organisation.name, Organisation.id)
    ).all()


def _alike(kind: OrganisationKind) -> frozenset[OrganisationKind]:
    return AUTHORITIES if kind in AUTHORITIES else frozenset({kind})


def effect(session: Session, organisation_id: UUID, day: date) -> Effect:
    """What would move if the organisation were taken over from that day."""
    held = _held(organisation_id, day).subquery()
    roles, people = session.execute(
        select(func.count(), func.count(held.c.person_id.distinct())).select_from(held)
    ).one()
    by_end = (
        select(Case.is_final, func.count())
        .where(Case.id.in_(_concerned(organisation_id)))
        .group_by(Case.is_final)
    )
    counts = {row[0]: row[1] for row in session.execute(by_end)}
    return Effect(roles, people, counts.get(False, 0), counts.get(True, 0))


def left(session: Session, organisation_id: UUID) -> int:
    """How many cases have not passed over yet."""
    query = select(func.count()).select_from(_concerned(organisation_id).subquery())
    return session.scalar(query) or 0


def moved(session: Session, organisation_id: UUID) -> int:
    """How many cases have passed over from an organisation."""
    query = (
        select(func.count(Participant.case_id.distinct()))
        .join(AuditEntry, AuditEntry.chain_id == Participant.case_id)
        .where(
            Participant.organisation_id == organisation_id,
            AuditEntry.trigger == MERGE,
            AuditEntry.seq == Participant.until_seq,
        )
    )
    return session.scalar(query) or 0


def _held(organisation_id: UUID, day: date) -> Select[Any]:
    """The roles that last until that day or begin after it."""
    return select(Membership).where(
        Membership.organisation_id == organisation_id,
        or_(Membership.until.is_(None), Membership.until >= day),
    )


def _concerned(organisation_id: UUID) -> Select[UUID]:
    """The ids of the cases an organisation leads or holds a seat on."""
    seated = select(Participant.case_id).where(
        Participant.organisation_id == organisation_id, Participant.until_seq.is_(None)
    )
    return select(Case.id).where(or_(Case.authority_id == organisation_id, Case.id.in_(seated)))


# The request --------------------------------------------------------------------------------------


def _faults(session: Session, asked: AccountRequest, now: datetime) -> dict[str, Label]:
    one = session.get_one(Organisation, asked.organisation_id)
    into = session.get(Organisation, UUID(asked.change["into"]), with_for_update=True)
    faults = organisations.ended(one)
    if into is None or not into.active or into.kind not in _alike(OrganisationKind(one.kind)):
        faults["into"] = Label(
            "请选择同类的在用单位。", "Choose an active organisation of the same kind."
        )
        return faults
    if into.id == one.id:
        faults["into"] = Label("单位不能并入自身。", "Nothing is merged into itself.")
    elif organisations.predecessors(session, one.id) or _awaits(session, one, into):
        faults["into"] = Label(
            "不得连环合并：两个单位中有一个已经或即将参与其他合并。",
            "No chain of mergers: one of the two is part of another merger, done or granted.",
        )
    elif unfit := organisations.roles_unfit(
        session, one.id, OrganisationKind(into.kind), local_date(now)
    ):
        faults["into"] = unfit
    if date.fromisoformat(asked.change["day"]) < local_date(asked.asked_at):
        faults["day"] = Label("日期不能早于申请当日。", "It cannot be before the day of asking.")
    return faults


def _awaits(session: Session, one: Organisation, into: Organisation) -> bool:
    """Whether a merger that was granted and has not begun would make a chain of this one."""
    ids = {one.id, into.id}
    for granted in _granted(session):
        successor = UUID(granted.change["into"])
        if granted.organisation_id in ids or successor == one.id:
            return True
    return False


def _granted(session: Session) -> list[AccountRequest]:
    """The mergers that were granted and have not begun."""
    return list(
        session.scalars(
            select(AccountRequest)
            .join(Organisation, Organisation.id == AccountRequest.organisation_id)
            .where(
                AccountRequest.kind == MERGE,
                AccountRequest.status == "granted",
                Organisation.active,
            )
            .order_by(AccountRequest.asked_at)
        )
    )


def _do(session: Session, actor: Actor, asked: AccountRequest, now: datetime) -> None:
    """Begin at once if the day has come; otherwise the scheduler does on that day."""
    if date.fromisoformat(asked.change["day"]) <= local_date(now):
        begin(session, actor, asked, now)


def _told(session: Session, asked: AccountRequest) -> list[Label]:
    into = session.get_one(Organisation, UUID(asked.change["into"]))
    day = asked.change["day"]
    lines = [Label(f"自 {day} 起并入：{into.name}", f"Into {into.name}, from {day}")]
    if asked.status != "open":
        return lines
    moves = effect(session, asked.organisation_id, date.fromisoformat(day))
    return lines + told_of(moves)


def told_of(moves: Effect) -> list[Label]:
    """The lines that say what would move."""
    return [
        Label(
            f"{moves.people} 人的 {moves.roles} 个角色转入。",
            f"{moves.roles} role(s) of {moves.people} person(s) pass over.",
        ),
        Label(
            f"{moves.open_cases} 件未结案件和 {moves.closed_cases} 件已结案件转入。",
            f"{moves.open_cases} open and {moves.closed_cases} closed case(s) pass over.",
        ),
    ]


# Doing it -----------------------------------------------------------------------------------------


def begin(session: Session, actor: Actor, asked: AccountRequest, now: datetime) -> None:
    """Let roles, substitutions, ties and bans pass over, and end the organisation."""
    one = session.get_one(Organisation, asked.organisation_id, with_for_update=True)
    into = session.get_one(Organisation, UUID(asked.change["into"]), with_for_update=True)
    day = date.fromisoformat(asked.change["day"])
    told = {
        "organisation": one.id,
        "into": into.id,
        "day": day,
        "request": asked.id,
        "memberships": _pass_roles(session, one, into, day),
        "delegations": _pass_delegations(session, one, into, day, now),
        "ties_and_bans": _pass_register(session, one, into, day),
    }
    one.active, one.merged_into = False, into.id
    session.flush()
    administrators.record(session, actor, MERGE, told, now)


def _copy(row: M, **changed: Any) -> M:
    """The same row once more, but for what is changed."""
    values = {one.key: getattr(row, one.key) for one in inspect(type(row)).column_attrs}
    return type(row)(**(values | {"id": new_id()} | changed))


def _add(session: Session, made: Sequence[Any]) -> list[UUID]:
    session.add_all(made)
    session.flush()
    return [each.id for each in made]


def _pass_roles(session: Session, one: Organisation, into: Organisation, day: date) -> list[UUID]:
    made: list[Membership] = []
    query = _held(one.id, day).order_by(Membership.id).with_for_update()
    for held in session.scalars(query).all():
        since = max(held.since, day)
        if not _holds_already(session, held, into, since):
            made.append(_copy(held, organisation_id=into.id, since=since))
        held.until = day - DAY
    return _add(session, made)


def _holds_already(session: Session, held: Membership, into: Organisation, since: date) -> bool:
    lasting = Membership.until.is_(None)
    covering = lasting if held.until is None else or_(lasting, Membership.until >= held.until)
    query = select(Membership.id).where(
        Membership.person_id == held.person_id,
        Membership.organisation_id == into.id,
        Membership.role == held.role,
        Membership.since <= since,
        covering,
    )
    return session.scalars(query).first() is not None


def _pass_delegations(
    session: Session, one: Organisation, into: Organisation, day: date, now: datetime
) -> list[UUID]:
    query = select(Delegation).where(
        Delegation.organisation_id == one.id,
        Delegation.ended_at.is_(None),
        Delegation.until >= day,
    )
    held = session.scalars(query.with_for_update()).all()
    made = [_copy(each, organisation_id=into.id, since=max(each.since, day)) for each in held]
    for each in held:
        each.ended_at = now
    return _add(session, made)


def _pass_register(
    session: Session, one: Organisation, into: Organisation, day: date
) -> list[UUID]:
    """What bars the old one bars its successor: nobody is rid of a tie or a ban by merging."""
    of_agency = select(AgencyTie).where(AgencyTie.agency_id == one.id)
    of_unit = select(AgencyTie).where(AgencyTie.unit_id == one.id)
    in_force = select(Ban).where(Ban.organisation_id == one.id, Ban.holds_on(day))
    return _add(
        session,
        [
            *(_copy(tie, agency_id=into.id) for tie in session.scalars(of_agency)),
            *(_copy(tie, unit_id=into.id) for tie in session.scalars(of_unit)),
            *(_copy(ban, organisation_id=into.id) for ban in session.scalars(in_force)),
        ],
    )


def move_cases(
    database: Database,
    organisation_id: UUID,
    now: datetime,
    *,
    most: int = BATCH,
    fence: Fence = lambda _session: None,
) -> int:
    """Let the next cases of a merged organisation pass over; return how many did.

    Safe to repeat and to do from several sides at once: a case that has passed over is left alone.
    """
    with database.read() as reading:
        one = reading.get_one(Organisation, organisation_id)
        if one.merged_into is None:
            return 0
        into = reading.get_one(Organisation, one.merged_into)
        query = _concerned(one.id).order_by(Case.id).limit(most)
        ids = list(reading.scalars(query))
    done = 0
    for case_id in ids:
        work = partial(_move, case_id=case_id, one=one, into=into, now=now, fence=fence)
        done += database.write(work)
    return done


def _move(
    session: Session,
    case_id: UUID,
    one: Organisation,
    into: Organisation,
    now: datetime,
    fence: Fence,
) -> bool:
    fence(session)
    view = locked(session, case_id)
    mine = [seat for seat in view.all_participants if seat["organisation_id"] == one.id]
    leads = view.row["authority_id"] == one.id
    if not mine and not leads:
        return False
    changed: dict[str, Any] = {"version": view.row["version"] + 1}
    if leads:
        changed |= {"authority_id": into.id, "number": _number(session, view, one, into)}
    told = {
        "from": one.id,
        "from_name": one.name,
        "into": into.id,
        "into_name": into.name,
        "seats": sorted({seat["capacity"] for seat in mine}),
        "leads": leads,
        "number": changed.get("number", view.row["number"]),
        "number_before": view.row["number"],
    }
    seq = append(view, MERGE, SYSTEM_ACTOR, told, now)
    _reseat(view, mine, into, seq)
    session.execute(update(cases).where(cases.c.id == view.id).values(**changed))
    session.execute(
        update(escalations)
        .where(
            escalations.c.case_id == view.id,
            escalations.c.organisation_id == one.id,
            escalations.c.status == "open",
        )
        .values(organisation_id=into.id)
    )
    return True


def _reseat(view: Snapshot, mine: Sequence[Any], into: Organisation, seq: int) -> None:
    held = {
        (seat["capacity"], seat["person_id"])
        for seat in view.all_participants
        if seat["organisation_id"] == into.id
    }
    ids = [seat["id"] for seat in mine]
    session = view.session
    session.execute(update(participants).where(participants.c.id.in_(ids)).values(until_seq=seq))
    rows = [
        {
            "id": new_id(),
            "case_id": view.id,
            "capacity": seat["capacity"],
            "organisation_id": into.id,
            "person_id": seat["person_id"],
            "name": into.name if seat["person_id"] is None else seat["name"],
            "since_seq": seq,
            "until_seq": None,
        }
        for seat in mine
        if (seat["capacity"], seat["person_id"]) not in held
    ]
    if rows:
        session.execute(insert(participants), rows)


def _number(session: Session, view: Snapshot, one: Organisation, into: Organisation) -> str:
    """The number of the case; where the successor has the same, with the name of who gave it."""
    number: str = view.row["number"]
    mark = (one.short_name or one.name)[: max(LONGEST_NUMBER - len(number) - 5, 0)]
    marked = chain(
        [number, f"{number}（原{mark}）"], (f"{number}（原{mark}{n}）" for n in count(2))
    )
    return next(each for each in marked if not _is_taken(session, into, each))


def _is_taken(session: Session, into: Organisation, number: str) -> bool:
    taken = select(Case.id).where(Case.authority_id == into.id, Case.number == number)
    return session.scalar(taken) is not None


# The scheduler ------------------------------------------------------------------------------------


def anything_waits(database: Database, now: datetime) -> bool:
    """Whether a merger is to begin, or has cases left."""
    with database.read() as reading:
        return bool(_due(reading, now) or _unfinished(reading))


def work_off(database: Database, now: datetime, fence: Fence) -> list[UUID]:
    """Begin the mergers whose day has come and let the next cases pass over; return of whom."""
    with database.read() as reading:
        due = _due(reading, now)
    for request_id in due:
        database.write(partial(_begin_due, request_id=request_id, now=now, fence=fence))
    with database.read() as reading:
        unfinished = _unfinished(reading)
    return [
        one for one in unfinished if move_cases(database, one, now, most=BATCH, fence=fence)
    ] + due


def _begin_due(session: Session, request_id: UUID, now: datetime, fence: Fence) -> None:
    fence(session)
    asked = session.get_one(AccountRequest, request_id, with_for_update=True)
    if session.get_one(Organisation, asked.organisation_id, with_for_update=True).active:
        begin(session, SYSTEM_ACTOR, asked, now)


def _due(session: Session, now: datetime) -> list[UUID]:
    today = local_date(now)
    return [
        one.id
        for one in _granted(session)
        if date.fromisoformat(one.change["day"]) <= today
        and session.get_one(Organisation, UUID(one.change["into"])).active
    ]


def _unfinished(session: Session) -> list[UUID]:
    """The merged organisations that have cases left."""
    leads = exists().where(Case.authority_id == Organisation.id)
    sits = exists().where(
        Participant.organisation_id == Organisation.id, Participant.until_seq.is_(None)
    )
    merged = select(Organisation.id).where(Organisation.merged_into.is_not(None), leads | sits)
    return list(session.scalars(merged.order_by(Organisation.id)))


organisation_requests.register(
    organisation_requests.Kind(MERGE, Label("机构合并", "Merge"), _faults, _do, _told)
)
