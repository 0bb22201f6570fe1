"""A town with its people on one database: matters are opened in it and acted on, at any instant.

Whoever acts is named by login (see `app.demo.cast`), ``unit`` stands for whoever acts for the
subject. An instant is a text, ``03-17`` (noon of that day of 2026) or ``2026-03-17 16:30``, on the
authority's wall clock.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import workflows
from app.accounts.models import Organisation
from app.audit.models import AuditEntry
from app.cases import operations, records, timers
from app.cases.errors import BadInputs
from app.cases.files import FileStore
from app.cases.models import Case, CaseDeadline, CaseItem, Participant
from app.cases.opening import Opening, open_case
from app.cases.step import Fired
from app.db import Database
from app.demo.cast import Cast
from app.demo.stories import Attached
from app.engine.actors import Actor, Capacity
from app.engine.definition import OVERDUE_REASON, Lifecycle, SubjectKind
from app.law.periods import LOCAL_ZONE
from app.law.terms import LawBook
from tests.laws import faults

YEAR = 2026
Typed = Mapping[str, Any]


def day(text: str) -> date:
    """``03-17`` or ``2026-03-17`` as a date."""
    return date.fromisoformat(text if len(text) > 5 else f"{YEAR}-{text}")


def instant(text: str | datetime) -> datetime:
    """A text, or an instant that stays as it is, as aware UTC; noon where no hour is named."""
    if isinstance(text, datetime):
        return text
    days, _, clock = text.partition(" ")
    local = datetime.fromisoformat(f"{day(days)} {clock or '12:00'}")
    return local.replace(tzinfo=LOCAL_ZONE).astimezone(UTC)


@contextmanager
def registered(*lifecycles: type[Lifecycle]) -> Iterator[None]:
    """Make lifecycles known for a while."""
    known, versions = dict(workflows._known), dict(workflows._versions)
    workflows.register(*lifecycles)
    try:
        yield
    finally:
        for now, before in ((workflows._known, known), (workflows._versions, versions)):
            now.clear()
            now.update(before)  # type: ignore[arg-type]  # each its own


@dataclass
class Town:
    """The bureau of a city, its partners, agencies, units and experts, on one database."""

    database: Database
    law: LawBook
    cast: Cast
    store: FileStore

    def __getitem__(self, login: str) -> Actor:
        return self.cast[login]

    def open(
        self,
        lifecycle: type[Lifecycle],
        by: str,
        typed: Typed | None = None,
        *,
        at: str | datetime,
        subject: str = "",
        year: int | None = YEAR,
        once: str | None = None,
    ) -> Matter:
        """Open a case about a unit or an agency, by key, or about an operation of the bureau."""
        about = self._subject(lifecycle.subject, subject)
        opening = Opening(
            lifecycle=lifecycle,
            authority_id=self.cast.bureau.id,
            authority_name=self.cast.bureau.name,
            subject_id=about.id,
            subject_name=about.name,
            division=about.division,
            cycle_year=year,
            once=once,
        )

        def work(session: Session) -> Fired:
            return open_case(
                session, opening, actor=self[by], inputs=typed or {}, now=instant(at), law=self.law
            )

        fired = self.database.write(work)
        return Matter(self, fired.case_id, fired)

    def _subject(self, kind: SubjectKind, key: str) -> Organisation:
        match kind:
            case SubjectKind.UNIT:
                return self.cast.units[key or "redian"]
            case SubjectKind.AGENCY:
                return self.cast.agencies[key or "qingyuan"]
            case _:
                known = {**self.cast.units, **self.cast.agencies}
                return known[key] if key else self.cast.bureau

    def tick(self, at: str | datetime) -> list[timers.Expired]:
        """Let time reach an instant; return the clocks that ended."""
        done = timers.tick(self.database, self.law, instant(at))
        return [one for one in done if isinstance(one, timers.Expired)]

    def organisation_of(self, key: str) -> str:
        """The id of a unit or an agency, as an act names it."""
        return str((self.cast.units.get(key) or self.cast.agencies[key]).id)


@dataclass
class Matter:
    """One case of the town, and what it answers when asked."""

    town: Town
    id: UUID
    opened: Fired | None = field(default=None, repr=False)

    # Acting -------------------------------------------------------------------------------------

    def fire(
        self,
        trigger: str,
        who: str | Actor,
        typed: Typed | None = None,
        *,
        at: str | datetime,
        occurred: str | datetime | None = None,
        proof: Sequence[str] = (),
        explains: bool = True,
        **said: Any,
    ) -> Fired:
        """Do one act and what follows from it by itself; files among the inputs are uploaded.

        Whoever acts for an authority that is late says why, where ``explains``.
        """
        actor, now = self.actor(who), instant(at)
        told = dict(typed or {})

        def work(session: Session) -> Fired:
            inputs = {
                name: self._kept(session, value, actor, now)
                if isinstance(value, Attached)
                else value
                for name, value in told.items()
            }
            return operations.fire(
                session, self.id, trigger, actor=actor, inputs=inputs, now=now, law=self.town.law,
                occurred_at=instant(occurred) if occurred else None, proof=proof, **said,
            )  # fmt: skip

        try:
            fired = self.town.database.write(work)
        except BadInputs as refused:
            unsaid = refused.faults.keys() == {OVERDUE_REASON.name} - told.keys()
            if not (explains and unsaid):
                raise
            told[OVERDUE_REASON.name] = "人手不足"
            fired = self.town.database.write(work)
        timers.work_off(self.town.database, self.town.law, now)
        return fired

    def actor(self, who: str | Actor) -> Actor:
        """Whoever acts, by login."""
        if isinstance(who, Actor):
            return who
        if who == "unit":
            subject = self.row.subject_id
            keys = {unit.id: key for key, unit in self.town.cast.units.items()}
            return self.town.cast.unit_person(keys[subject])
        return self.town[who]

    def paper(self, who: str, *, at: str | datetime, text: str = "paper") -> str:
        """Upload a file to the case; return its digest."""
        attached = Attached("paper.txt", text.encode())

        def work(session: Session) -> str:
            return self._kept(session, attached, self.actor(who), instant(at))[0]

        return self.town.database.write(work)

    def _kept(self, session: Session, attached: Attached, actor: Actor, now: datetime) -> list[str]:
        stored = self.town.store.put(io.BytesIO(attached.content), attached.name)
        records.keep_upload(session, self.id, stored, actor=actor, now=now)
        return [stored.sha256]

    # Asking -------------------------------------------------------------------------------------

    @property
    def row(self) -> Case:
        with self.town.database.read() as session:
            return session.get_one(Case, self.id)

    @property
    def state(self) -> str:
        return self.row.state

    def clocks(self, name: str) -> list[CaseDeadline]:
        """Every clock of a name, oldest first."""
        query = (
            select(CaseDeadline)
            .where(CaseDeadline.case_id == self.id, CaseDeadline.name == name)
            .order_by(CaseDeadline.opened_seq, CaseDeadline.id)
        )
        with self.town.database.read() as session:
            return list(session.scalars(query))

    def clock(self, name: str) -> CaseDeadline:
        """The newest clock of a name."""
        return self.clocks(name)[-1]

    def due(self, name: str) -> date | None:
        return self.clock(name).due_on

    def running(self) -> list[str]:
        """Names of the running clocks, in the order of the alphabet."""
        query = select(CaseDeadline.name).where(
            CaseDeadline.case_id == self.id, CaseDeadline.closed_at.is_(None)
        )
        with self.town.database.read() as session:
            return sorted(session.scalars(query))

    def entries(self) -> list[AuditEntry]:
        query = select(AuditEntry).where(AuditEntry.chain_id == self.id).order_by(AuditEntry.seq)
        with self.town.database.read() as session:
            return list(session.scalars(query))

    def acts(self) -> list[str]:
        """What was done, oldest first."""
        return [entry.trigger for entry in self.entries()]

    def items(self, kind: str) -> list[CaseItem]:
        query = (
            select(CaseItem)
            .where(CaseItem.case_id == self.id, CaseItem.kind == kind)
            .order_by(CaseItem.number)
        )
        with self.town.database.read() as session:
            return list(session.scalars(query))

    def children(self, link: str) -> list[Matter]:
        query = (
            select(Case.id)
            .where(Case.parent_id == self.id, Case.parent_link == link)
            .order_by(Case.id)
        )
        with self.town.database.read() as session:
            return [Matter(self.town, case_id) for case_id in session.scalars(query)]

    def seats(self, capacity: Capacity) -> set[str]:
        """The names of whoever holds a capacity now."""
        query = select(Participant.name).where(
            Participant.case_id == self.id,
            Participant.capacity == capacity,
            Participant.until_seq.is_(None),
        )
        with self.town.database.read() as session:
            return set(session.scalars(query))

    def faults(self) -> list[str]:
        """Laws of the house the case breaks."""
        with self.town.database.read() as session:
            return faults(session, self.id, self.town.law)
