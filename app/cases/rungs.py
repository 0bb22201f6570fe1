"""Climbing a ladder: each rung of a running clock is told once, to whom the ladder says.

A rung changes nothing on the case. It becomes a row, messages, and where the ladder says so an
escalation; then the clock points at its next rung, all in one transaction under the case's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.accounts.models import OrganisationKind
from app.cases import operations, settlement
from app.cases.clocks import End
from app.cases.escalation.proposals import INSTRUCT, Do, Kind, Proposal
from app.cases.escalation.records import Raising, raise_one
from app.cases.extensions import next_act
from app.cases.models import CaseDeadline, ClockRung
from app.cases.snapshot import Record, Snapshot
from app.db import new_id, table_of
from app.engine import definition as words
from app.engine.actors import AUTHORITY_ROLES, Capacity, Role, Who
from app.law.ladders import Ladder, Rung, Side, in_working_hours, ladder_on, next_rung
from app.law.terms import LawBook
from app.outbox.models import OutboxMessage, message

UNKNOWN: Final = "?"
"""Stands on a clock whose place on its ladder is to be worked out: before there were ladders, or
when a calendar was loaded."""

PARTIES: Final = frozenset({Role.ENTERPRISE, Role.VERIFIER})
LIAISONS: Final = frozenset({Role.PARTNER_MARKET, Role.PARTNER_POLICE})
RANK: Final = (Role.INSPECTOR, Role.SUPERVISOR, Role.BUREAU_LEADER)
WARNED: Final = ("bureau_leader", "auditor")
"""Who hears early that a right is about to be lost (domain 13.2)."""
BREACHES: Final = frozenset({words.Expiry.AUTHORITY_BREACH, words.Expiry.PARTY_BREACH})

rungs = table_of(ClockRung)
deadlines = table_of(CaseDeadline)
messages = table_of(OutboxMessage)
TELL_RUNG = insert(rungs)
TELL = insert(messages)
WAS_TOLD = select(rungs.c.id).where(
    rungs.c.clock_id == bindparam("clock_id"),
    rungs.c.rung == bindparam("rung"),
    rungs.c.due_at == bindparam("due_at"),
)
POINT = (
    update(deadlines)
    .where(deadlines.c.id == bindparam("clock_id"))
    .values(next_rung=bindparam("rung"), next_rung_at=bindparam("rung_at"))
)


@dataclass(frozen=True, slots=True)
class Told:
    """A rung that was told, the escalation it began, and when the next rung falls.

    The rung `UNKNOWN` told nobody anything: the clock's place on its ladder was worked out, or
    moved on over a rung that was told before for the same end or is for another lifecycle.
    """

    case_id: UUID
    deadline: str
    rung: str
    fell_at: datetime
    escalation: UUID | None = None
    then: datetime | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Whoever holds a role in an organisation, or one person of it."""

    role: Role
    organisation_id: UUID | None
    person_id: UUID | None = None


def tell(
    session: Session, case_id: UUID, clock_id: UUID, law: LawBook, now: datetime
) -> Told | None:
    """Tell the rung a clock stands at; ``None`` if there was nothing to tell."""
    view = operations.locked(session, case_id)
    clock = next((c for c in view.clocks if c["id"] == clock_id), None)
    if clock is None or clock["next_rung_at"] is None or clock["next_rung_at"] > now:
        return None
    deadline = view.lifecycle.deadlines[clock["name"]]
    ladder = ladder_on(deadline.ladder, clock["due_on"]) if clock["due_on"] else None
    if ladder is None:
        _point(view, clock, None)
        return None
    rung = ladder.rung(clock["next_rung"])
    if rung is None:  # `UNKNOWN`, or a rung the ladder no longer has
        then = settlement.armed(deadline, _end_of(clock), law, now)
        _point(view, clock, then)
        return Told(case_id, clock["name"], UNKNOWN, clock["next_rung_at"], then=then[0])
    following = _after(ladder, clock, law, now)
    _point(view, clock, following)
    then_at = following[0] if following is not None else None
    if rung.only not in {"", view.lifecycle.key} or _was_told(view, clock, clock["next_rung"]):
        return Told(case_id, clock["name"], UNKNOWN, clock["next_rung_at"], then=then_at)
    told = _tell(view, clock, deadline, rung, clock["next_rung"], now, law)
    return replace(told, then=then_at)


def _was_told(view: Snapshot, clock: Record, key: str) -> bool:
    """Whether a rung was told for this end: a clock that was stopped may come back to it."""
    asked = {"clock_id": clock["id"], "rung": key, "due_at": clock["due_at"]}
    return view.connection.execute(WAS_TOLD, asked).first() is not None


def at_the_end(
    view: Snapshot, clock: Record, *, fired: bool, now: datetime, law: LawBook
) -> Told | None:
    """Tell that a period has passed unmet, and raise what is late.

    ``fired``: the end brought about its own transition; then nobody has to decide.
    """
    deadline = view.lifecycle.deadlines[clock["name"]]
    ladder = ladder_on(deadline.ladder, clock["due_on"])
    rung = ladder.at_the_end if ladder is not None else None
    if ladder is None or rung is None or _was_told(view, clock, rung.key):
        return None
    late = rung.raises and not fired and deadline.expiry in BREACHES
    if deadline.expiry is words.Expiry.AUTHORITY_BREACH and not ladder.tells_after("auditor"):
        rung = replace(rung, hearers=(*rung.hearers, "auditor"))
    if not rung.hearers and not late:
        return None
    return _tell(view, clock, deadline, rung, rung.key, now, law, raises=bool(late))


def _tell(
    view: Snapshot,
    clock: Record,
    deadline: words.Deadline,
    rung: Rung,
    key: str,
    now: datetime,
    law: LawBook,
    *,
    raises: bool | None = None,
) -> Told:
    fell_at = clock["due_at"] if rung.side is Side.END else clock["next_rung_at"]
    hearers = rung.hearers
    if deadline.expiry is words.Expiry.RIGHT_LOST and rung.side is Side.BEFORE:
        hearers = tuple(dict.fromkeys((*hearers, *WARNED)))
    row = {
        "id": new_id(),
        "case_id": view.id,
        "clock_id": clock["id"],
        "rung": key,
        "due_on": clock["due_on"],
        "due_at": clock["due_at"],
        "fell_at": fell_at,
        "told_at": now,
        "hearers": list(hearers),
        "listed": rung.listed,
    }
    view.connection.execute(TELL_RUNG, row)
    urgent = rung.urgent or (rung.side is Side.END and deadline.ladder == "L-H")
    release = now if urgent else in_working_hours(now, law.calendar)
    addressed = dict.fromkeys(
        address for hearer in hearers for address in addresses(view, deadline, hearer)
    )
    if addressed:
        told = [
            _message(view, clock, rung, key, address, urgent, now, release) for address in addressed
        ]
        view.connection.execute(TELL, told)
    escalation = None
    if rung.raises and raises is not False:
        escalation = _raise(view, clock, deadline, rung, now, law, urgent=urgent)
    return Told(view.id, clock["name"], key, fell_at, escalation)


def _message(
    view: Snapshot,
    clock: Record,
    rung: Rung,
    key: str,
    address: Address,
    urgent: bool,  # noqa: FBT001 - a field of the row
    now: datetime,
    release: datetime,
) -> dict[str, Any]:
    return message(
        case_id=view.id,
        kind="reminder",
        urgent=urgent,
        template=f"clock.{rung.side}",
        role=address.role,
        organisation_id=address.organisation_id,
        person_id=address.person_id,
        data={
            "number": view.row["number"],
            "subject": view.row["subject_name"],
            "lifecycle": view.lifecycle.key,
            "clock": clock["name"],
            "due_on": clock["due_on"].isoformat(),
            "due_at": clock["due_at"].isoformat(),
            "provisional": clock["provisional"],
            "rung": key,
        },
        now=now,
        release_at=release,
    )


def _point(view: Snapshot, clock: Record, at: tuple[datetime | None, str | None] | None) -> None:
    rung_at, rung = at or (None, None)
    view.connection.execute(POINT, {"clock_id": clock["id"], "rung": rung, "rung_at": rung_at})


def _after(
    ladder: Ladder, clock: Record, law: LawBook, now: datetime
) -> tuple[datetime, str] | None:
    return next_rung(
        ladder, clock["next_rung"], clock["due_on"], clock["due_at"], law.calendar, now
    )


def _end_of(clock: Record) -> End:
    return End(
        clock["due_on"], clock["due_at"], clock["due_on"], clock["provisional"], clock["expires_at"]
    )


# Who hears it -----------------------------------------------------------------------------------


def addresses(view: Snapshot, deadline: words.Deadline, hearer: str) -> Iterator[Address]:
    """Who a word of a ladder means on this case, for this clock."""
    authority: UUID = view.row["authority_id"]
    match hearer:
        case "handler":
            yield from _handlers(view, deadline)
        case "all":
            yield from _handlers(view, deadline)
            yield Address(Role.SUPERVISOR, authority)
            yield Address(Role.BUREAU_LEADER, authority)
        case "party":
            yield from _parties(view, deadline)
        case "liaison":
            yield from _liaisons(view, deadline)
        case "both_leaders":
            yield Address(Role.BUREAU_LEADER, authority)
            for there in _liaisons(view, deadline):
                yield Address(Role.BUREAU_LEADER, there.organisation_id)
        case "inspector":
            yield Address(Role.INSPECTOR, authority, view.row["assignee_id"])
        case "provincial_viewer":
            yield Address(Role.PROVINCIAL_VIEWER, None)
        case _:
            yield Address(Role(hearer), authority)


def _handlers(view: Snapshot, deadline: words.Deadline) -> Iterator[Address]:
    who = deadline.waits_for
    if who is None or who.role is Role.SYSTEM:
        return
    if who.role in AUTHORITY_ROLES and who.capacity in {None, Capacity.LEAD}:
        own = view.row["assignee_id"] if who.role is Role.INSPECTOR else None
        yield Address(who.role, view.row["authority_id"], own)
        return
    yield from _seated(view, who)


def _seated(view: Snapshot, who: Who) -> Iterator[Address]:
    if who.capacity is None:
        return
    for seat in view.participants(who.capacity):
        role = who.role
        if who.capacity is Capacity.PARTY:  # a unit in one case, an agency in another
            party = view.organisation(seat.organisation_id)
            is_agency = party is not None and party.facts["kind"] == OrganisationKind.AGENCY
            role = Role.VERIFIER if is_agency else Role.ENTERPRISE
        yield Address(role, seat.organisation_id, seat.person_id)


def _parties(view: Snapshot, deadline: words.Deadline) -> Iterator[Address]:
    who = deadline.waits_for
    if who is not None and who.role in PARTIES:
        yield from _seated(view, who)


def _liaisons(view: Snapshot, deadline: words.Deadline) -> Iterator[Address]:
    who = deadline.waits_for
    if who is not None and who.role in LIAISONS | {Role.PROVINCIAL_VIEWER}:
        yield from _seated(view, who)
        return
    for seat in view.participants(Capacity.ASSISTING):
        for role in sorted(LIAISONS):
            yield Address(role, seat.organisation_id, seat.person_id)


# What it raises ---------------------------------------------------------------------------------

ABOUT: Final = {Kind.AT_RISK: words.Expiry.RIGHT_LOST, Kind.CLUE: words.Expiry.PARTY_BREACH}
"""Of which kind of clock such an escalation tells; of another it is not raised."""


def _raise(
    view: Snapshot,
    clock: Record,
    deadline: words.Deadline,
    rung: Rung,
    now: datetime,
    law: LawBook,
    *,
    urgent: bool,
) -> UUID | None:
    kind = Kind(rung.raises)
    if deadline.expiry is not ABOUT.get(kind, deadline.expiry):
        return None
    proposal = _proposal(view, deadline, clock, kind, now, law)
    if proposal is None:
        return None
    raising = Raising(
        kind=kind,
        key=f"{clock['id']}:{rung.key}@{clock['due_on']}",
        role=_judge(deadline, kind, Role(rung.puts_to)),
        proposal=proposal,
        clock_id=clock["id"],
        urgent=urgent,
    )
    return raise_one(view, raising, now=now, law=law)


def _judge(deadline: words.Deadline, kind: Kind, put_to: Role) -> Role:
    """Who decides: nobody judges their own lateness while somebody stands above them."""
    who = deadline.waits_for
    if kind is not Kind.LATE or who is None or who.role not in RANK:
        return put_to
    above = RANK[min(RANK.index(who.role) + 1, len(RANK) - 1)]
    return max(put_to, above, key=RANK.index)


def _proposal(
    view: Snapshot,
    deadline: words.Deadline,
    clock: Record,
    kind: Kind,
    now: datetime,
    law: LawBook,
) -> Proposal | None:
    """What the ladder itself proposes; ``None`` where there is no such act."""
    match kind:
        case Kind.EXTEND:
            act = next_act(view, deadline, clock, law, now)
            return Proposal(Do.ACT, act.name) if act is not None else None
        case Kind.AT_RISK:
            return _saving(view, deadline)
        case Kind.CLUE:
            acts = (
                t
                for t in view.lifecycle.open_in(view.state)
                if any(isinstance(effect, words.RaiseClue) for effect in t.effects)
            )
            return next((Proposal(Do.ACT, act.name) for act in acts), None)
        case _:
            return INSTRUCT


def _saving(view: Snapshot, deadline: words.Deadline) -> Proposal | None:
    """The act that keeps a right; where others come before it, to have it done in time."""
    acts = deadline.met_by
    now_open = [act for act in acts if view.state in act.source_names]
    if now_open or not acts:
        return Proposal(Do.ACT, now_open[0].name) if now_open else None
    return Proposal(Do.INSTRUCT, acts[0].name)
