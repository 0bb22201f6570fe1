"""Writing escalations: raised, climbed, told of. `closing` closes them, `decisions` decides them.

All of it happens under the lock of the case, and stands in a chain of its own per case, which the
parties of the case do not read (design, law 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import bindparam, func, insert, select, update

from app.audit import chain
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.models import Case, Escalation, EscalationStep
from app.cases.snapshot import SEEN, Record, Snapshot, record
from app.db import new_id, table_of
from app.engine.actors import SYSTEM_ACTOR, Actor, Role
from app.engine.definition import Lifecycle
from app.law.labels import Label
from app.law.ladders import in_working_hours
from app.law.periods import LOCAL_ZONE, local_date
from app.law.terms import LawBook
from app.outbox.models import OutboxMessage, message

CHAIN: Final = "escalations"
CLIMB: Final = "escalation_climb"
CLIMBS_AT: Final = time(17)

ABOVE: Final[Mapping[Role, Role]] = {
    Role.INSPECTOR: Role.SUPERVISOR,
    Role.SUPERVISOR: Role.BUREAU_LEADER,
    Role.LEGAL_REVIEWER: Role.BUREAU_LEADER,
}
"""To whom an undecided escalation goes next. Above the leader nobody decides."""

escalations = table_of(Escalation)
steps = table_of(EscalationStep)
cases = table_of(Case)
messages = table_of(OutboxMessage)

OPEN_ONES = (
    select(escalations)
    .where(escalations.c.case_id == bindparam("case_id"), escalations.c.status == "open")
    .order_by(escalations.c.raised_at, escalations.c.id)
    .execution_options(**SEEN)
)


class Status(StrEnum):
    """How an escalation stands."""

    OPEN = "open"
    APPROVED = "approved"
    CHANGED = "changed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"

    @property
    def label(self) -> Label:
        """The word for it."""
        return STATUS_LABELS[self]


STATUS_LABELS: Final[Mapping[Status, Label]] = {
    Status.OPEN: Label("待决定", "Undecided"),
    Status.APPROVED: Label("同意", "Approved"),
    Status.CHANGED: Label("改后同意", "Approved with changes"),
    Status.REFUSED: Label("不同意", "Refused"),
    Status.WITHDRAWN: Label("已撤回", "Withdrawn"),
    Status.CLOSED: Label("自行终结", "Closed by itself"),
}
INSTRUCTED: Final = "instructed"
OUTCOMES: Final[Mapping[str, Label]] = {
    **{status.value: label for status, label in STATUS_LABELS.items()},
    INSTRUCTED: Label("提出办理要求", "It was said what is to be done"),
}
"""What messages say became of an escalation."""


@dataclass(frozen=True, slots=True)
class Raising:
    """What is to be raised. ``key`` makes sure that it is raised once a case."""

    kind: Kind
    key: str
    role: Role
    proposal: Proposal
    organisation_id: UUID | None = None
    """Whose decision it is; ``None``: of the authority that leads the case."""
    reason: str = ""
    clock_id: UUID | None = None
    by: Actor = SYSTEM_ACTOR
    urgent: bool = False
    """Of hours: whoever is to decide hears of it at any time."""


def chain_of(case_id: UUID) -> UUID:
    """The id of the chain in which the escalations of a case stand."""
    return uuid5(case_id, CHAIN)


def open_ones(view: Snapshot) -> list[Record]:
    """The undecided escalations of a locked case, oldest first."""
    found = view.connection.execute(OPEN_ONES, {"case_id": view.id}).mappings()
    return [record(row) for row in found]


def raise_one(view: Snapshot, raising: Raising, *, now: datetime, law: LawBook) -> UUID | None:
    """Put something to whoever is to decide it; ``None`` if that was raised before.

    The case is locked. Another open one of the same kind about the same clock counts as raised.
    """
    if _known(view, raising):
        return None
    by, row = raising.by, view.row
    organisation_id = raising.organisation_id or row["authority_id"]
    escalation_id = new_id()
    raised = {
        "id": escalation_id,
        "case_id": view.id,
        "clock_id": raising.clock_id,
        "key": raising.key,
        "kind": raising.kind.value,
        "organisation_id": organisation_id,
        "role": raising.role.value,
        "level": 0,
        "proposal": raising.proposal.kept(),
        "reason": raising.reason,
        "raised_by": by.person_id,
        "raised_by_name": by.written_name,
        "raised_behalf": by.on_behalf_of,
        "raised_at": now,
        "since": now,
        "climbs_at": climbs_at(now, law),
        "status": "open",
        "instruction": "",
        "closed_because": "",
    }
    view.connection.execute(insert(escalations), raised)
    _count(view, +1)
    told = {name: raised[name] for name in ("kind", "role", "proposal", "reason", "key")}
    enter(view, "raise", by, escalation_id, {**told, "organisation": organisation_id}, now)
    at_once = raising.urgent or by is not SYSTEM_ACTOR
    release_at = now if at_once else in_working_hours(now, law.calendar)
    role = Role(raising.role)
    tell(view, "raised", raised, role, organisation_id, now, release_at=release_at)
    return escalation_id


def _known(view: Snapshot, raising: Raising) -> bool:
    same = escalations.c.key == raising.key
    if raising.clock_id is not None:
        same |= (
            (escalations.c.clock_id == raising.clock_id)
            & (escalations.c.kind == raising.kind.value)
            & (escalations.c.status == "open")
        )
    query = select(escalations.c.id).where(escalations.c.case_id == view.id, same).limit(1)
    return view.connection.scalar(query.execution_options(**SEEN)) is not None


def climbs_at(now: datetime, law: LawBook) -> datetime:
    """Until when somebody has to decide before it goes upward."""
    on = local_date(now)
    days = law.term(CLIMB, on).length
    return datetime.combine(law.calendar.add_working_days(on, days), CLIMBS_AT, LOCAL_ZONE)


def next_desk(lifecycle: type[Lifecycle], role: Role, proposal: Proposal) -> Role | None:
    """To which role something undecided goes; ``None`` if it stays and others only hear of it.

    It stays at the top, and where the role above has no power for the act that is proposed.
    """
    above = ABOVE.get(role)
    act = lifecycle.transitions.get(proposal.trigger) if proposal.do is Do.ACT else None
    if above is None or act is None:
        return above
    return above if any(who.role is above for who in act.by) else None


def climb(view: Snapshot, raised: Record, *, now: datetime, law: LawBook) -> Role:
    """Let what was not decided in time go upward, or tell those above once that it was not."""
    here = Role(raised["role"])
    to = next_desk(view.lifecycle, here, Proposal.read(raised["proposal"]))
    values: dict[str, Any] = {"climbs_at": None}
    if to is not None:
        values = {
            "climbs_at": climbs_at(now, law),
            "role": to.value,
            "since": now,
            "level": raised["level"] + 1,
        }
    change(view, raised["id"], values)
    at = to or here
    add_step(view, raised, "climbed", SYSTEM_ACTOR, at, raised["organisation_id"], "", now)
    enter(view, "climb", SYSTEM_ACTOR, raised["id"], {"from": here, "to": at}, now)
    hears = [to] if to is not None else [*filter(None, [ABOVE.get(here)]), Role.AUDITOR]
    release_at = in_working_hours(now, law.calendar)
    for role in hears:
        tell(view, "climbed", raised, role, raised["organisation_id"], now, release_at=release_at)
    return at


def add_step(
    view: Snapshot,
    raised: Record,
    why: str,
    by: Actor,
    to: Role,
    organisation_id: UUID,
    said: str,
    now: datetime,
) -> None:
    """Note that an escalation went from one desk to the next."""
    view.connection.execute(
        insert(steps),
        {
            "id": new_id(),
            "escalation_id": raised["id"],
            "at": now,
            "why": why,
            "person_id": by.person_id,
            "person_name": by.written_name,
            "behalf": by.on_behalf_of,
            "from_role": raised["role"],
            "to_role": to.value,
            "to_organisation_id": organisation_id,
            "view": said,
        },
    )


# What all of them do ----------------------------------------------------------------------------


def change(view: Snapshot, escalation_id: UUID, values: Mapping[str, Any]) -> None:
    """Change the row of an escalation."""
    view.connection.execute(
        update(escalations).where(escalations.c.id == escalation_id).values(values)
    )


def recount(view: Snapshot) -> None:
    """Write on the case how many of its escalations are undecided."""
    undecided = select(func.count()).where(
        escalations.c.case_id == view.id, escalations.c.status == Status.OPEN.value
    )
    view.connection.execute(
        update(cases).where(cases.c.id == view.id).values(escalations=undecided.scalar_subquery())
    )


def _count(view: Snapshot, difference: int) -> None:
    view.connection.execute(
        update(cases)
        .where(cases.c.id == view.id)
        .values(escalations=cases.c.escalations + difference)
    )


def enter(
    view: Snapshot,
    trigger: str,
    by: Actor,
    escalation_id: UUID,
    told: Mapping[str, object],
    now: datetime,
) -> None:
    """Write an entry of the chain of the case's escalations."""
    chain.append(
        view.session,
        CHAIN,
        trigger=trigger,
        actor=by,
        body={"escalation": escalation_id, "case": view.row["number"], **told},
        now=now,
        chain_id=chain_of(view.id),
        label=view.row["number"],
    )


def tell(
    view: Snapshot,
    what: str,
    raised: Mapping[str, Any],
    role: Role | None,
    organisation_id: UUID | None,
    now: datetime,
    *,
    person_id: UUID | None = None,
    release_at: datetime | None = None,
    outcome: str = "",
) -> None:
    """Leave a message about an escalation for whoever is to know: now, or at ``release_at``.

    ``outcome``: a word of `OUTCOMES`, where the message tells of a decision.
    """
    told = {"outcome": outcome} if outcome else {}
    row = message(
        case_id=view.id,
        kind="escalation",
        template=f"escalation.{what}",
        role=role,
        organisation_id=organisation_id,
        person_id=person_id,
        data={
            "number": view.row["number"],
            "subject": view.row["subject_name"],
            "lifecycle": view.lifecycle.key,
            "escalation": str(raised["id"]),
            "kind": raised["kind"],
            **told,
        },
        now=now,
        release_at=release_at,
    )
    view.connection.execute(insert(messages), row)


def one(view: Snapshot, escalation_id: UUID) -> Record:
    """An escalation of a locked case, decided or not. Raises LookupError for another case's."""
    query = select(escalations).where(
        escalations.c.id == escalation_id, escalations.c.case_id == view.id
    )
    found = view.connection.execute(query.execution_options(**SEEN)).mappings().one_or_none()
    if found is None:
        raise LookupError(escalation_id)
    return record(found)
