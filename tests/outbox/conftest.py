"""A bureau whose people are told things, and messages for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Delegation, Organisation, Person
from app.accounts.notices import NO_CASE
from app.db import Base, Database, new_id
from app.engine.actors import Actor, Role
from app.law.terms import LawBook, shipped_law
from app.outbox import deliveries, letters
from app.outbox.models import Delivery, Letter, OutboxMessage
from config import Settings
from tests import factories
from tests.times import NOW, at

TUESDAY = at(date(2026, 3, 17), 10)


@dataclass
class Office:
    """The people of a bureau by role, and what was told them."""

    database: Database
    law: LawBook
    bureau: Organisation
    people: dict[str, Actor]

    def __getitem__(self, who: str) -> Actor:
        return self.people[who]

    def write(self, *rows: Base) -> None:
        self.database.write(lambda session: session.add_all(rows))

    def message(
        self,
        *,
        kind: str = "notice",
        role: Role | None = Role.SUPERVISOR,
        at: datetime = NOW,
        person: UUID | None = None,
        anywhere: bool = False,
        organisation: UUID | None = None,
        template: str = "",
        urgent: bool = False,
        case_id: UUID | None = None,
        **told: Any,
    ) -> UUID:
        """Leave a message; return its id."""
        templates = {
            "notice": "verification.submit_report",
            "reminder": "clock.before",
            "escalation": "escalation.raised",
            "change": "clock.moved",
        }
        data = {
            "number": "卫核〔2026〕17号",
            "subject": "示例热电有限公司",
            "lifecycle": "verification",
            **DATA[kind],
            **told,
        }
        made = OutboxMessage(
            id=new_id(),
            case_id=case_id or new_id(),
            seq=-1,
            kind=kind,
            urgent=urgent,
            template=template or templates[kind],
            role=role.value if role is not None else "",
            organisation_id=None if anywhere else organisation or self.bureau.id,
            person_id=person,
            data=data,
            created_at=at,
            release_at=at,
        )
        self.write(made)
        return made.id

    def reminders(self, count: int, *, at: datetime = NOW, **more: Any) -> list[UUID]:
        return [self.message(kind="reminder", at=at, **more) for _ in range(count)]

    def distribute(self, now: datetime = NOW, **how: Any) -> list[UUID]:
        return letters.distribute(self.database, self.law, now, **how)

    def deliver(self, settings: Settings, now: datetime, **how: Any) -> list[deliveries.Tried]:
        return deliveries.deliver(self.database, settings, self.law, now, **how)

    def letters(self, who: str = "") -> list[Letter]:
        """Every letter, or those of one person, oldest first."""
        query = select(Letter).order_by(Letter.created_at, Letter.id)
        if who:
            query = query.where(Letter.person_id == self[who].person_id)
        return self._all(query)

    def deliveries(self, channel: str = "") -> list[Delivery]:
        query = select(Delivery).order_by(Delivery.id)
        return self._all(query.where(Delivery.channel == channel) if channel else query)

    def untold(self) -> int:
        return len(self._all(select(OutboxMessage).where(OutboxMessage.sent_at.is_(None))))

    def _all(self, query: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.scalars(query))

    def change(self, who: str, **values: Any) -> None:
        """Change the account of somebody."""

        def work(session: Session) -> None:
            person = session.get_one(Person, self[who].person_id)
            for name, value in values.items():
                setattr(person, name, value)

        self.database.write(work)

    def delegation(
        self, principal: str, substitute: str, *, roles: list[str], **more: Any
    ) -> Delegation:
        """Let one stand in for another in March 2026."""
        made = Delegation(
            principal_id=self[principal].person_id,
            substitute_id=self[substitute].person_id,
            organisation_id=self.bureau.id,
            roles=roles,
            **{
                "lifecycles": [],
                "since": date(2026, 3, 1),
                "until": date(2026, 3, 31),
                "made_by": self[principal].person_id,
                "made_by_name": "张",
                "made_at": NOW,
                **more,
            },
        )
        self.write(made)
        return made


DATA: dict[str, dict[str, Any]] = {
    "notice": {"state": "report_submitted"},
    "reminder": {
        "clock": "report",
        "due_on": "2026-03-20",
        "due_at": "2026-03-20T15:59:59+00:00",
        "provisional": False,
        "rung": "-3wd",
    },
    "escalation": {"escalation": str(UUID(int=1)), "kind": "extend"},
    "change": {"clock": "report", "was": "2026-03-20", "due_on": "2026-03-25"},
}

DELEGATION: dict[str, Any] = {
    "template": "delegation.made",
    "case_id": NO_CASE,
    "principal": "王某",
    "substitute": "李某",
    "by": "王某",
    "since": "2026-03-17",
    "until": "2026-03-20",
}
"""What a message says of a substitute; it is about no case."""

ROLES = {
    "supervisor": Role.SUPERVISOR,
    "supervisor2": Role.SUPERVISOR,
    "inspector": Role.INSPECTOR,
    "inspector2": Role.INSPECTOR,
    "leader": Role.BUREAU_LEADER,
    "admin": Role.ADMINISTRATOR,
}


@pytest.fixture
def office(database: Database) -> Office:
    def work(session: Session) -> Office:
        bureau = factories.organisation(session)
        people = {
            who: factories.actor(session, role, at=bureau, name=f"名{who}", login=who)
            for who, role in ROLES.items()
        }
        return Office(database, shipped_law(), bureau, people)

    return database.write(work)
