"""A bureau with officers and desks full of cases, written as plain rows: cheap, and known exactly.

``NOW`` is a Monday noon; ages and ends are told in days from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, OrganisationKind, Person
from app.audit.models import AuditEntry
from app.cases.models import NEVER, Case, CaseDeadline, ClockRung, Participant
from app.db import Database, new_id, table_of
from app.engine.actors import Actor, Capacity, Role
from app.law.periods import end_of_day, local_date
from app.workflows import LIFECYCLES
from tests import factories
from tests.times import NOW

TODAY = local_date(NOW)
_numbers = count(1)


def ends(days: int) -> datetime:
    """The last second of the day so many days from today."""
    return end_of_day(TODAY + timedelta(days=days))


@dataclass
class Office:
    """The bureau of a city, a branch of it, their people by name."""

    database: Database
    bureau: Organisation
    branch: Organisation
    people: dict[str, Actor]
    cases: dict[str, UUID] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Actor:
        return self.people[name]

    def id_of(self, name: str) -> UUID:
        return self.people[name].person_id

    def case(
        self,
        officer: str | None,
        *,
        age: int = 0,
        lifecycle: str = "verification",
        state: str = "",
        division: str = "640502",
        at: Organisation | None = None,
        clocks: Mapping[str, int] | None = None,
        subject: str = "示例单位",
        seats: Mapping[Capacity, str] | None = None,
        closed: bool = False,
    ) -> UUID:
        """A case on the desk of an officer; ``clocks`` are names with days from today."""
        declared, authority = LIFECYCLES[lifecycle], at or self.bureau
        case_id, opened_at = new_id(), NOW - timedelta(days=age)
        running = {} if closed else {name: ends(days) for name, days in (clocks or {}).items()}
        name = min(running, key=lambda one: running[one], default=None)
        due_at = running[name] if name else None
        number = f"测〔2026〕{next(_numbers)}号"
        row = {
            "id": case_id, "number": number, "lifecycle": lifecycle,
            "lifecycle_version": declared.version,
            "state": state or next(iter(declared.states)), "state_since": opened_at,
            "is_final": closed, "authority_id": authority.id, "subject_id": new_id(),
            "subject_name": subject, "division": division, "root_id": case_id,
            "assignee_id": self.id_of(officer) if officer else None,
            "next_due_at": due_at, "next_due_name": name,
            "sort_due_at": opened_at if closed else due_at or NEVER,
            "facts": {}, "opened_at": opened_at, "closed_at": opened_at if closed else None,
        }  # fmt: skip
        held = [self._seat(case_id, Capacity.LEAD, authority.id, None)]
        for capacity, person in (seats or {}).items():
            sits = self.people[person]
            held.append(self._seat(case_id, capacity, sits.organisation_id, sits.person_id))
        with self.database.engine.begin() as connection:
            connection.execute(insert(table_of(Case)), row)
            connection.execute(insert(table_of(Participant)), held)
        for one, days in (clocks or {}).items():
            if not closed:
                self.add_clock(case_id, lifecycle, one, days)
        self.cases[number] = case_id
        return case_id

    def _seat(
        self, case_id: UUID, capacity: Capacity, organisation_id: UUID, person_id: UUID | None
    ) -> dict[str, Any]:
        return {
            "id": new_id(), "case_id": case_id, "capacity": capacity.value,
            "organisation_id": organisation_id, "person_id": person_id, "name": "",
            "since_seq": 0,
        }  # fmt: skip

    def add_clock(self, case_id: UUID, lifecycle: str, name: str, days: int) -> None:
        """Let a clock run on a case that ends so many days from today."""
        due_at = ends(days)
        due_on = local_date(due_at)
        row = {
            "id": new_id(), "case_id": case_id, "name": name,
            "expiry": LIFECYCLES[lifecycle].deadlines[name].expiry.value,
            "due_on": due_on, "due_at": due_at, "earliest_on": due_on, "expires_at": due_at,
            "anchor_on": due_on, "anchor_at": due_at, "opened_seq": 0,
            "derivation": {"dues": [{"kind": "term", "unit": "wd"}], "extensions": []},
        }  # fmt: skip
        with self.database.engine.begin() as connection:
            connection.execute(insert(table_of(CaseDeadline)), row)

    def clock(self, case_id: UUID, name: str) -> CaseDeadline:
        query = select(CaseDeadline).where(
            CaseDeadline.case_id == case_id, CaseDeadline.name == name
        )
        with self.database.read() as session:
            return session.scalars(query).one()

    def tell(
        self,
        clock: CaseDeadline,
        days: int,
        *,
        listed: bool = True,
        rung: str = "+3wd",
        end: int = 0,
    ) -> None:
        """Tell a rung of a clock so many days from today; ``end`` moves the end it was told for."""
        assert clock.due_at is not None
        assert clock.due_on is not None
        at = NOW + timedelta(days=days)
        row = {
            "id": new_id(), "case_id": clock.case_id, "clock_id": clock.id, "rung": rung,
            "due_on": clock.due_on, "due_at": clock.due_at + timedelta(days=end),
            "fell_at": at, "told_at": at, "hearers": [], "listed": listed,
        }  # fmt: skip
        with self.database.engine.begin() as connection:
            connection.execute(insert(table_of(ClockRung)), row)

    def change(self, case_id: UUID, **values: Any) -> None:
        """Let something happen to a case meanwhile."""
        with self.database.engine.begin() as connection:
            table = table_of(Case)
            connection.execute(table.update().where(table.c.id == case_id).values(**values))

    def handled_by(self) -> dict[UUID, UUID | None]:
        """Who handles each case now."""
        with self.database.read() as session:
            found = session.execute(select(Case.id, Case.assignee_id))
            return {row.id: row.assignee_id for row in found}

    def entries(self, case_id: UUID) -> list[AuditEntry]:
        query = select(AuditEntry).where(AuditEntry.chain_id == case_id).order_by(AuditEntry.seq)
        with self.database.read() as session:
            return list(session.scalars(query))


def office(database: Database, gone_since: date | None = None) -> Office:
    """An office with a supervisor, three officers and those who look on.

    秦离 left on ``gone_since``, by default two weeks before `NOW`; 封存 has no account any more.
    """
    left_on = gone_since or TODAY - timedelta(days=14)

    def work(session: Session) -> Office:
        bureau = factories.organisation(session, name="测试市局")
        branch = factories.organisation(
            session, OrganisationKind.BRANCH, name="测试分局", division="640521"
        )
        people = {
            name: factories.actor(session, role, at=at, name=name)
            for name, role, at in (
                ("陈主管", Role.SUPERVISOR, bureau), ("王芳", Role.INSPECTOR, bureau),
                ("马晓", Role.INSPECTOR, bureau), ("刘局", Role.BUREAU_LEADER, bureau),
                ("何审计", Role.AUDITOR, bureau), ("孙法制", Role.LEGAL_REVIEWER, bureau),
                ("冯立", Role.INSPECTOR, branch), ("丁分管", Role.SUPERVISOR, branch),
                ("企业", Role.ENTERPRISE, None), ("封存", Role.INSPECTOR, bureau),
            )
        }  # fmt: skip
        session.get_one(Person, people["封存"].person_id).active = False
        gone = factories.person(session, name="秦离")
        factories.membership(session, gone, bureau, Role.INSPECTOR, until=left_on)
        people["秦离"] = Actor(
            gone.id, gone.name, bureau.id, bureau.name, frozenset({Role.INSPECTOR}), "640500"
        )
        return Office(database, bureau, branch, people)

    return database.write(work)
