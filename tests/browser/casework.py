"""Enforcement in browsers: who takes part, what is read from the database, how papers are served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts import operations
from app.accounts.models import Membership, Organisation, OrganisationKind
from app.audit import verification
from app.cases.files import FileStore
from app.cases.models import Case, CaseDocument
from app.db import Database
from app.demo.cast import Cast
from app.engine.actors import SYSTEM_ACTOR
from app.law.periods import local_date
from app.law.terms import LawBook
from app.registers.models import Ban, PersonProfile
from tests.browser.conftest import Clock, Desk, People
from tests.town import Matter, Town
from tests.workflows.procedure import join
from tests.workflows.serving import Served

COLLEAGUES = (
    ("market2", "郑敏", "market"), ("police2", "高翔", "police"), ("leader2", "周文", "leader"),
    ("leader3", "吴岚", "leader"), ("legal2", "郑立", "legal"),
)  # fmt: skip
CERTIFICATES = {
    "inspector": "640500-001", "inspector2": "640500-002", "market": "640500-101",
    "market2": "640500-102", "police": "640500-201", "police2": "640500-202",
}  # fmt: skip


class Bureaus:
    """Three bureaus at their browsers, on one database, with the clock in the test's hand."""

    def __init__(
        self,
        database: Database,
        law: LawBook,
        cast: Cast,
        files: Path,
        people: People,
        clock: Clock,
    ) -> None:
        self.database = database
        self.cast = cast
        self.people = people
        self.clock = clock
        self.town = Town(database, law, cast, FileStore(files, limit=1_000_000))
        self.scan = files / "回证.txt"
        files.mkdir(parents=True, exist_ok=True)
        self.scan.write_text("示例\r\n", encoding="utf-8")
        database.write(self._enlist)

    def _enlist(self, session: Session) -> None:
        """Second officers, more leaders, certificates, and a person who signs test reports."""
        for login, name, like in COLLEAGUES:
            if login not in self.cast.people:
                join(session, self.town, login, name, self.cast[like], now=self.clock.now)
        for login, number in CERTIFICATES.items():
            held = Membership.person_id == self.cast[login].person_id
            session.execute(update(Membership).where(held).values(certificate_no=number))
        signer = operations.create_organisation(
            session, SYSTEM_ACTOR, kind=OrganisationKind.PERSON, name="示例签字人甲",
            division="640100", now=self.clock.now,
        )  # fmt: skip
        employer = self.cast.agencies["qingyuan"].id
        session.add(PersonProfile(organisation_id=signer.id, employer_id=employer))
        self.cast.agencies["signer"] = signer  # found by key, as agencies are

    # Acting -------------------------------------------------------------------------------------

    def on(self, day: str, hour: int = 10) -> None:
        """Let the day come, and whatever ends before it end."""
        self.clock.set(date.fromisoformat(f"2026-{day}"), hour)
        self.town.tick(self.clock.now)

    def act(self, who: str, case: UUID, trigger: str, **typed: Any) -> Desk:
        """One act of a case, and what follows from it by itself."""
        desk = self.people(who).act(case, trigger, typed)
        self.town.tick(self.clock.now)
        return desk

    def act_on_row(
        self, who: str, case: UUID, table: str, trigger: str, row: int = 0, **typed: Any
    ) -> Desk:
        """One act on a row, counted among those it can be done on."""
        desk = self.people(who).act_on_row(case, table, row, trigger, typed)
        self.town.tick(self.clock.now)
        return desk

    def log_clue(self, **typed: Any) -> UUID:
        """Log a clue from the menu; return the case it begins."""
        desk = self.people("inspector")
        desk.page.goto(desk.server)
        desk.page.locator("a[href='/clues/new']:visible").click()
        desk.fill(typed)
        desk.page.locator("#act .submit-line button.btn-primary").click()
        desk.done()
        return UUID(desk.page.url.split("/cases/")[1][:36])

    def serve(self, case: UUID, link: str, document: str, by: str = "leader") -> str | None:
        """Seal the newest document of a kind and serve it in person; return its number."""
        sheet = self.document(case, document)
        self.people(by).seal(sheet)
        track = self.child(case, link)
        servers = [self.cast.id_of("inspector"), self.cast.id_of("inspector2")]
        self.act("inspector", track, "dispatch", mode="direct", servers=servers, sent_on=self.today(), place="厂区办公楼")  # fmt: skip
        self.act_on_row("inspector", track, "attempts", "serve", served_on=self.today(), received_by="马学军", proof=self.scan)  # fmt: skip
        return self.document(case, document).number

    def today(self) -> str:
        return str(local_date(self.clock.now))

    # Asking -------------------------------------------------------------------------------------

    def case(self, case_id: UUID) -> Case:
        with self.database.read() as session:
            return session.get_one(Case, case_id)

    def state(self, case_id: UUID) -> str:
        return self.case(case_id).state

    def child(self, parent: UUID, link: str) -> UUID:
        """The newest case under a link."""
        query = select(Case.id).where(Case.parent_id == parent, Case.parent_link == link)
        with self.database.read() as session:
            return session.scalars(query.order_by(Case.id.desc())).first()  # type: ignore[return-value]  # there is one

    def procedure(self, parent: UUID, link: str, proposed: Mapping[str, Any]) -> Served:
        """A penalty case, to be played on without a browser."""
        return Served(self.town, self.child(parent, link), None, proposed)

    def document(self, case: UUID, kind: str) -> CaseDocument:
        """The newest document of a kind."""
        query = select(CaseDocument).where(CaseDocument.case_id == case, CaseDocument.kind == kind)
        newest = query.order_by(CaseDocument.seq.desc(), CaseDocument.id.desc())
        with self.database.read() as session:
            return session.scalars(newest).first()  # type: ignore[return-value]  # there is one

    def due(self, case: UUID, name: str) -> date | None:
        return Matter(self.town, case).due(name)

    def late(self, case: UUID, name: str) -> bool:
        """Whether the newest clock of a name was met late."""
        return Matter(self.town, case).clock(name).met_late

    def bans(self, key: str) -> list[tuple[date | None, date | None]]:
        """The bans of an agency or a person: until when, and when lifted."""
        whose = Ban.organisation_id == self.cast.agencies[key].id
        with self.database.read() as session:
            found = session.scalars(select(Ban).where(whose).order_by(Ban.id))
            return [(one.to_day, one.lifted_on) for one in found]

    def body(self, login: str) -> str:
        return str(self.cast[login].organisation_id)

    def region(self) -> str:
        query = select(Organisation.id).where(Organisation.kind == OrganisationKind.REGION)
        with self.database.read() as session:
            return str(session.scalars(query).one())

    def chains_hold(self) -> bool:
        with self.database.read() as session:
            return list(verification.verify_all(session)) == []
