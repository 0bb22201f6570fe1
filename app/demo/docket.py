"""How enforcement is played in the demonstration city: whole families of cases, papers included.

A deed is a beat that names the case it is done on by the links from the root of its family, or the
document it seals. The clerk does deeds at past instants, one after the other, and nothing by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.cases import timers
from app.cases.models import Case, CaseDeadline, CaseDocument, CaseItem
from app.cases.opening import Opening, open_case
from app.demo.papers import PAPERS, stated
from app.demo.stories import Player, Typed, instant
from app.documents import operations, rendering
from app.documents.casefile_contents import OWN_SHEETS
from app.engine.actors import Actor
from app.workflows import LIFECYCLES

PAUSE: Final = timedelta(minutes=11)
"""Between two deeds of one day for which no hour is named."""
LONG_AGO: Final = datetime(1990, 1, 1, tzinfo=UTC)
LOOKS_AGAIN: Final = timedelta(minutes=1)
"""How long after its end a clock is looked at."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What somebody is accused of, and what the law makes of it. Amounts are yuan as text.

    ``evidence`` has a line per piece, its name and what it proves parted by a bar.
    """

    conduct: str
    cause: str
    suspicion: str
    found: str
    evidence: str
    law_broken: str
    rule: str
    fine: str
    discretion: str
    correction: str
    gain: str = "0"
    confiscation: str = "0"
    ban: str = "none"
    crime: str = ""
    crime_article: str = ""

    @property
    def is_heavy(self) -> bool:
        """Whether the party must be offered a hearing (O30 46)."""
        return int(self.fine) >= HEARING or self.ban != "none"


HEARING: Final = 200_000
"""The threshold of legal persons on every day the city may be installed on, in yuan."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a deed may need to say its inputs: where it is done, on which day, about what."""

    clerk: Clerk
    case_id: UUID
    charge: Charge
    party: Organisation
    day: date

    def ids(self, *logins: str) -> list[str]:
        """The ids of people."""
        return [self.clerk.cast.id_of(login) for login in logins]

    def body(self, login: str) -> str:
        """The id of the organisation somebody acts for."""
        return str(self.clerk.cast[login].organisation_id)

    def party_of(self, key: str) -> str:
        """The id of a unit, an agency or a person of the register."""
        return str(self.clerk.cast.party(key).id)

    def ahead(self, working_days: int) -> date:
        """So many working days after the day."""
        return self.clerk.law.calendar.add_working_days(self.day, working_days)

    def before(self, days: int) -> date:
        """So many calendar days before the day."""
        return self.day - timedelta(days)

    def fact(self, name: str) -> Any:
        """A fact of the case."""
        with self.clerk.database.read() as session:
            return session.get_one(Case, self.case_id).facts.get(name)


Says = Typed | Callable[[Scene], Typed]


@dataclass(frozen=True, slots=True)
class Deed:
    """One act on the case that ``on`` leads to, or the seal on its newest ``document``.

    ``on`` holds the links from the root, parted by strokes; of several cases under one link the
    newest is meant, or the one whose number, counted from 1, stands behind a colon. ``who`` may be
    "party": whoever acts for the party. ``wait`` counts working days after the deed before;
    without ``hour`` it follows that deed in minutes. ``rows`` and ``status`` as in `Beat`; ``row``
    picks one of them, counted from 1. ``charge`` is that of the plot where none is named.
    """

    trigger: str
    who: str
    says: Says = field(default_factory=dict)
    on: str = ""
    wait: int = 0
    hour: int = 0
    document: str = ""
    rows: str = ""
    status: tuple[str, ...] = ()
    row: int = 0
    charge: Charge | None = None


def under(charge: Charge, deeds: Sequence[Deed]) -> list[Deed]:
    """The deeds, done about another charge than that of the plot."""
    return [replace(deed, charge=charge) for deed in deeds]


@dataclass(frozen=True, slots=True)
class Plot:
    """One family of cases: the clue it begins with, and the deeds up to ``ago`` working days ago.

    One that is ``settled`` needs periods that have run out, which they do on no provisional date:
    it ends before the arrangement of the calendar does. Where its ``papers`` are complete, every
    document of the bureau is sealed right after the act that makes it; else only what is served.
    """

    key: str
    lifecycle: str
    about: str
    charge: Charge
    deeds: Sequence[Deed]
    source: str = "data_screening"
    who: str = "inspector"
    ago: int = 1
    settled: bool = False
    papers: bool = False

    @property
    def length(self) -> int:
        """Working days from the first deed to the last."""
        return sum(deed.wait for deed in self.deeds)


class Clerk(Player):
    """Plays families of cases on a database."""

    def open_clue(self, plot: Plot, at: datetime, day: date) -> UUID:
        """Log the clue a plot begins with."""
        subject, actor = self.cast.party(plot.about), self.cast[plot.who]
        opening = Opening(
            lifecycle=LIFECYCLES[plot.lifecycle],
            authority_id=self.cast.bureau.id,
            authority_name=self.cast.bureau.name,
            subject_id=subject.id,
            subject_name=subject.name,
            division=subject.division,
            once=plot.key,
            demonstration=True,
        )
        typed = {
            "source": plot.source,
            "conduct": plot.charge.conduct,
            "discovered_on": day,
            "suspicion": plot.charge.suspicion.format(name=subject.name),
            "act_ended_on": day - timedelta(40),
            "reporter_named": False,
        }
        work = partial(open_case, opening=opening, actor=actor, inputs=typed, now=at, law=self.law)
        return self.database.write(work).case_id

    def perform(self, plot: Plot, start: date) -> UUID:
        """Log the clue on a working day, do the deeds after it, and return the root."""
        at = min(instant(start, 9), self.latest)
        root, day = self.open_clue(plot, at, start), start
        for deed in plot.deeds:
            if deed.wait:
                day = self.law.calendar.add_working_days(day, deed.wait)
            at = min(max(at + PAUSE, instant(day, deed.hour or 9)), self.latest)
            self.do(root, plot, deed, day, at)
        return root

    def do(self, root: UUID, plot: Plot, deed: Deed, day: date, at: datetime) -> None:
        """Do one deed, on every row it is meant for."""
        case_id, party = self.below(root, deed.on)
        scene = Scene(self, case_id, deed.charge or plot.charge, party, day)
        says = deed.says(scene) if callable(deed.says) else deed.says
        actor = self._actor(deed.who, party)
        if deed.document:
            self.seal(scene, deed.document, says, actor, at)
            return
        found: list[UUID | None] = [None]
        if deed.rows:
            found = [*self.rows(case_id, deed.rows, deed.status)]
        for row in found[deed.row - 1 : deed.row] if deed.row else found:
            self.fire(case_id, deed.trigger, actor, at, says, row)
        if plot.papers and actor.organisation_id == self.cast.bureau.id:
            self._seal_what_was_made(scene, plot, actor, at)

    def _seal_what_was_made(self, scene: Scene, plot: Plot, actor: Actor, at: datetime) -> None:
        """Seal the documents of the case for which the plot has no deed; the program renders them.

        What a case file is bound with is written when it is bound.
        """
        kinds = select(CaseDocument.kind).where(
            CaseDocument.case_id == scene.case_id,
            CaseDocument.sealed_at.is_(None),
            CaseDocument.kind.not_in({*OWN_SHEETS, *(deed.document for deed in plot.deeds)}),
        )
        with self.database.read() as session:
            found = list(session.scalars(kinds.order_by(CaseDocument.seq, CaseDocument.id)))
        for kind in found:
            self._seal(scene, kind, PAPERS.get(kind, {}), actor, at)

    def _actor(self, who: str, party: Organisation) -> Actor:
        """Somebody by login; for the party whoever acts for it, or the officer who notes it."""
        if who != "party":
            return self.cast[who]
        people = self.cast.people.values()
        return next(
            (one for one in people if one.organisation_id == party.id), self.cast["inspector"]
        )

    def catch_up(self, until: datetime) -> None:
        """Let the program look at every clock soon after its end, as it does in real life."""
        ended = self._next_end(LONG_AGO, until)
        while ended is not None:
            timers.tick(self.database, self.law, min(ended + LOOKS_AGAIN, until))
            ended = self._next_end(ended, until)

    def _next_end(self, after: datetime, until: datetime) -> datetime | None:
        query = select(func.min(CaseDeadline.expires_at)).where(
            CaseDeadline.closed_at.is_(None),
            CaseDeadline.expired_at.is_(None),
            CaseDeadline.expires_at > after,
            CaseDeadline.expires_at < until,
        )
        with self.database.read() as session:
            return session.scalar(query)

    def below(self, root: UUID, path: str) -> tuple[UUID, Organisation]:
        """The case the links lead to from the root of its family, and whom it is about."""
        about = select(Case.id, Case.subject_id)
        with self.database.read() as session:
            found, subject_id = session.execute(about.where(Case.id == root)).one()
            for step in path.split("/") if path else ():
                link, _, number = step.partition(":")
                query = about.where(Case.parent_id == found, Case.parent_link == link)
                cases = session.execute(query.order_by(Case.opened_at, Case.id)).all()
                found, subject_id = cases[int(number) - 1 if number else -1]
        return found, self._parties[subject_id]

    @cached_property
    def _parties(self) -> Mapping[UUID, Organisation]:
        """Whoever a case may be about, by id."""
        cast = self.cast
        known = (*cast.units.values(), *cast.agencies.values(), *cast.accused.values())
        return {party.id: party for party in known}

    def rows(self, case_id: UUID, kind: str, status: tuple[str, ...]) -> list[UUID]:
        """The rows of a table that stand in one of the statuses, by number."""
        query = (
            select(CaseItem.id)
            .where(CaseItem.case_id == case_id, CaseItem.kind == kind)
            .where(CaseItem.status.in_(status))
            .order_by(CaseItem.number)
        )
        with self.database.read() as session:
            return list(session.scalars(query))

    def seal(
        self, scene: Scene, kind: str, says: Mapping[str, Any], actor: Actor, at: datetime
    ) -> None:
        """Seal the newest document of a kind and render it, so that it can be served."""
        document_id = self._seal(scene, kind, says, actor, at)
        rendering.render_now(self.database, self.store, document_id, at)
        timers.work_off(self.database, self.law, at)

    def _seal(
        self, scene: Scene, kind: str, says: Mapping[str, Any], actor: Actor, at: datetime
    ) -> UUID:
        newest = (
            select(CaseDocument.id)
            .where(CaseDocument.case_id == scene.case_id, CaseDocument.kind == kind)
            .order_by(CaseDocument.seq.desc(), CaseDocument.id.desc())
            .limit(1)
        )

        def work(session: Session) -> UUID:
            document_id = session.scalars(newest).one()
            fields = stated(scene.charge, scene.party.name, says)
            operations.seal(
                session, scene.case_id, document_id, fields, actor=actor, now=at, law=self.law
            )
            return document_id

        return self.database.write(work)
