"""What happened in a rehearsal, row by row: read from the copy once the clocks have run.

Rows stand in the order of their days; within a day first what falls due, then what it leads to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.cases.escalation.proposals import Kind
from app.cases.models import Case, CaseDeadline, ClockRung, Escalation, EscalationStep
from app.cases.snapshot import Record, record
from app.db import Database, table_of
from app.engine.actors import Role
from app.engine.definition import Deadline, Expiry, Lifecycle
from app.insights.copying import Copied
from app.law.labels import NO_LABEL, Label
from app.law.ladders import Side, ladder_on
from app.law.periods import Unit, local_date
from app.law.terms import LawBook
from app.workflows import by_version

cases = table_of(Case)
clocks = table_of(CaseDeadline)
rungs = table_of(ClockRung)
escalations = table_of(Escalation)
steps = table_of(EscalationStep)
entries = table_of(AuditEntry)
persons = table_of(Person)

BREACHES: Final = frozenset({Expiry.PARTY_BREACH, Expiry.AUTHORITY_BREACH, Expiry.TARGET})
"""What is late when it ends unmet, whether or not something happens by itself then."""


class What(StrEnum):
    """The kinds of rows, in their order within a day."""

    DUE = "due"
    OVERDUE = "overdue"
    ENDED = "ended"
    ESCALATED = "escalated"
    CLIMBED = "climbed"
    UNDECIDED = "undecided"
    REMINDED = "reminded"

    @property
    def label(self) -> Label:
        """The word for it."""
        return WHAT_LABELS[self]


WHAT_LABELS: Final[Mapping[What, Label]] = {
    What.DUE: Label("到期", "Due"),
    What.OVERDUE: Label("逾期", "Overdue"),
    What.ENDED: Label("届满自动办理", "Ends by itself"),
    What.ESCALATED: Label("升级督办", "Escalated"),
    What.CLIMBED: Label("逐级上报", "Climbs"),
    What.UNDECIDED: Label("仍未决定", "Still undecided"),
    What.REMINDED: Label("提醒", "Reminder"),
}
ORDER: Final = {what: place for place, what in enumerate(What)}
HEARERS: Final[Mapping[str, Label]] = {
    "handler": Label("经办方", "whoever is to act"),
    "party": Label("当事人", "the party"),
    "liaison": Label("联络员", "the liaison"),
    "both_leaders": Label("双方领导", "the leaders of both"),
    "all": Label("经办方至局领导", "everybody up to the bureau leader"),
}
LISTED: Final = Label("列入调度清单", "on the dispatch list")
AT_THE_TOP: Final = Label("告知审计员", "the auditor is told")
UNASSIGNED: Final = Label("未定", "nobody yet")


@dataclass(frozen=True, slots=True)
class Officer:
    """Whose it is: the officer the case is assigned to, else whoever it waits for."""

    key: str
    label: Label
    is_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that will happen on a day if nobody does anything until then.

    ``key`` is what happens in words of the program: a trigger, a rung, a kind and a role.
    ``due_on`` is the last day of the clock then.
    """

    on: date
    at: datetime
    what: What
    case_id: UUID
    number: str
    subject: str
    lifecycle: type[Lifecycle]
    clock: Deadline | None
    due_on: date | None
    officer: Officer
    key: str
    detail: Label
    provisional: bool

    @property
    def place(self) -> tuple[date, int, str, str, str]:
        """Where it stands among the others."""
        clock = self.clock.name if self.clock is not None else ""
        return self.on, ORDER[self.what], self.number, clock, self.key


@dataclass(frozen=True, slots=True)
class Before:
    """What stood in the copy already and might be taken for something that happened in it."""

    rungs: frozenset[UUID]
    escalations: frozenset[UUID]


def told_before(database: Database, since: datetime) -> Before:
    """What was told and raised at ``since`` or later before anything ran."""
    with database.read() as session:
        told = session.scalars(select(rungs.c.id).where(rungs.c.told_at >= since))
        raised = session.scalars(select(escalations.c.id).where(escalations.c.raised_at >= since))
        return Before(frozenset(told), frozenset(raised))


def rows_of(copy: Copied, law: LawBook, since: datetime, until: date, before: Before) -> list[Row]:
    """Everything that happened in a copy from ``since`` to the day ``until``, inclusive."""
    with copy.database.read() as session:
        teller = _Teller(session, copy, law)
        found = [
            *teller.due(since, until),
            *teller.ended(),
            *teller.reminded(since, before),
            *teller.escalated(since, before),
            *teller.climbed(),
        ]
    return sorted((row for row in found if row.on <= until), key=lambda row: row.place)


CLOCK_COLUMNS: Final = tuple(
    clocks.c[name] for name in ("case_id", "name", "due_on", "due_at", "provisional", "expiry")
)


class _Teller:
    """Reads the copy and puts it into words."""

    def __init__(self, session: Session, copy: Copied, law: LawBook) -> None:
        self.session = session
        self.copy = copy
        self.law = law
        columns = (
            "id", "number", "subject_name", "lifecycle", "lifecycle_version", "state",
            "assignee_id",
        )  # fmt: skip
        self.cases = {row["id"]: row for row in self._all(select(*(cases.c[n] for n in columns)))}
        self.names = {
            row["id"]: row["name"] for row in self._all(select(persons.c.id, persons.c.name))
        }

    def _all(self, query: Select[Any]) -> Iterator[Record]:
        for row in self.session.connection().execute(query).mappings():
            yield record(row)

    def due(self, since: datetime, until: date) -> Iterator[Row]:
        """Clocks that still ran on their last day."""
        ran = or_(clocks.c.closed_at.is_(None), clocks.c.closed_at >= clocks.c.due_at)
        query = select(*CLOCK_COLUMNS).where(
            clocks.c.due_at >= since, clocks.c.due_on <= until, ran
        )
        for clock in self._all(query):
            label = _if_unmet(Expiry(clock["expiry"]))
            yield from self._row(What.DUE, clock["due_at"], clock, clock["expiry"], label)

    def ended(self) -> Iterator[Row]:
        """Clocks that ended unmet: late, or over with what their end brings about."""
        # Only an entry that was written in the copy has a body.
        written = (entries.c.chain_id == clocks.c.case_id) & (entries.c.seq == clocks.c.expired_seq)
        query = (
            select(*CLOCK_COLUMNS, entries.c.trigger, entries.c.recorded_at)
            .join(entries, written)
            .where(entries.c.body != "")
        )
        for clock in self._all(query):
            expiry, trigger = Expiry(clock["expiry"]), clock["trigger"]
            act = self._lifecycle(clock["case_id"]).transitions.get(trigger)
            late = act is None or expiry in BREACHES
            label = act.label if act is not None else expiry.label
            what = What.OVERDUE if late else What.ENDED
            yield from self._row(what, clock["recorded_at"], clock, trigger, label)

    def reminded(self, since: datetime, before: Before) -> Iterator[Row]:
        """Rungs that were told, but for the end itself, which is a row of its own."""
        query = (
            select(
                clocks.c.case_id, clocks.c.name, clocks.c.provisional,
                rungs.c.id, rungs.c.rung, rungs.c.due_on, rungs.c.told_at, rungs.c.hearers,
                rungs.c.listed,
            )
            .join(clocks, clocks.c.id == rungs.c.clock_id)
            .where(rungs.c.told_at >= since, rungs.c.rung != Side.END.value)
        )  # fmt: skip
        for rung in self._all(query):
            if rung["id"] not in before.rungs:
                label = self._rung(rung)
                yield from self._row(What.REMINDED, rung["told_at"], rung, rung["rung"], label)

    def escalated(self, since: datetime, before: Before) -> Iterator[Row]:
        """Escalations that began."""
        first: dict[UUID, str] = {}
        for step in self._all(
            select(steps.c.escalation_id, steps.c.from_role).order_by(steps.c.at)
        ):
            first.setdefault(step["escalation_id"], step["from_role"])
        query = _of_escalations(escalations.c.id, escalations.c.role, escalations.c.raised_at)
        for one in self._all(query.where(escalations.c.raised_at >= since)):
            if one["id"] not in before.escalations:
                role = Role(first.get(one["id"]) or one["role"])
                key, label = f"{one['kind']}:{role}", _put_to(one["kind"], role)
                yield from self._row(What.ESCALATED, one["raised_at"], one, key, label)

    def climbed(self) -> Iterator[Row]:
        """Escalations nobody decided in time; no step was copied, so every one is new.

        Above the leader stands nobody: it stays there, and the auditor hears of it each time.
        """
        query = _of_escalations(steps.c.at, steps.c.from_role, steps.c.to_role)
        query = query.join(steps, steps.c.escalation_id == escalations.c.id)
        for one in self._all(query.where(steps.c.why == "climbed")):
            role = Role(one["to_role"])
            key = f"{one['kind']}:{role}"
            if one["from_role"] == role:
                yield from self._row(What.UNDECIDED, one["at"], one, key, AT_THE_TOP)
            else:
                label = _put_to(one["kind"], role)
                yield from self._row(What.CLIMBED, one["at"], one, key, label)

    def _row(
        self, what: What, at: datetime, clock: Record, key: str, detail: Label
    ) -> Iterator[Row]:
        """The row of something, if it belongs to a case that was asked for."""
        # No clock and no automatic act opens a case: there are none but those copied.
        if clock["case_id"] not in self.copy.asked:
            return
        row, on = self.cases[clock["case_id"]], local_date(at)
        lifecycle = self._lifecycle(clock["case_id"])
        deadline = lifecycle.deadlines[clock["name"]] if clock["name"] is not None else None
        due_on: date | None = clock["due_on"]
        span = sorted((on, due_on or on))
        yield Row(
            on=on,
            at=at,
            what=what,
            case_id=row["id"],
            number=row["number"],
            subject=row["subject_name"],
            lifecycle=lifecycle,
            clock=deadline,
            due_on=due_on,
            officer=self._officer(row, lifecycle, deadline),
            key=key,
            detail=detail,
            provisional=bool(clock["provisional"])
            or (what is not What.DUE and self.law.calendar.any_provisional(*span)),
        )

    def _lifecycle(self, case_id: UUID) -> type[Lifecycle]:
        row = self.cases[case_id]
        return by_version(row["lifecycle"], row["lifecycle_version"])

    def _officer(
        self, row: Record, lifecycle: type[Lifecycle], deadline: Deadline | None
    ) -> Officer:
        if (person_id := row["assignee_id"]) in self.names:
            name = self.names[person_id]
            return Officer(str(person_id), Label(name, name), is_person=True)
        waits = deadline.waits_for if deadline is not None else None
        who = waits or lifecycle.states[row["state"]].waits_for
        if who is None:
            return Officer("", UNASSIGNED, is_person=False)
        return Officer(who.role.value, who.role.label, is_person=False)

    def _rung(self, rung: Record) -> Label:
        deadline = self._lifecycle(rung["case_id"]).deadlines[rung["name"]]
        ladder = ladder_on(deadline.ladder, rung["due_on"])
        declared = ladder.rung(rung["rung"]) if ladder is not None else None
        if declared is None:
            return NO_LABEL
        hearers = [HEARERS.get(h) or Role(h).label for h in rung["hearers"]]
        heard = [*hearers, *([LISTED] if rung["listed"] else [])]
        when = _distance(declared.side, declared.length, declared.unit)
        return Label(
            f"{when.zh}：{'、'.join(label.zh for label in heard)}",
            f"{when.en}: {', '.join(label.en for label in heard)}",
        )


def _of_escalations(*columns: Any) -> Select[Any]:
    """Escalations with the clock they are about, where there is one."""
    return (
        select(
            escalations.c.case_id,
            escalations.c.kind,
            clocks.c.name,
            clocks.c.due_on,
            clocks.c.provisional,
            *columns,
        )
        .select_from(escalations)
        .outerjoin(clocks, clocks.c.id == escalations.c.clock_id)
    )


def _if_unmet(expiry: Expiry) -> Label:
    return Label(f"届满未办：{expiry.label.zh}", f"If unmet: {expiry.label.en.lower()}")


def _put_to(kind: str, role: Role) -> Label:
    named = Kind(kind).label
    return Label(f"{named.zh}，报{role.label.zh}", f"{named.en}, put to: {role.label.en.lower()}")


def _distance(side: Side, length: int, unit: Unit) -> Label:
    span = unit.label
    match side:
        case Side.BEFORE:
            return Label(f"届满前 {length} {span.zh}", f"{length} {span.en} before the end")
        case Side.AFTER:
            return Label(f"届满后 {length} {span.zh}", f"{length} {span.en} after the end")
        case _:
            return Label("届满当日", "On the last day")
