"""The events of one case, and the objects that are its own.

The type of an event is ``lifecycle.trigger``: two procedures may use one word for different acts,
and OCEL gives every type attributes of its own, here what the act asks for. Every object stands in
the relationships of some event, because readers drop those that do not. An object changes when
the change is recorded, so that the order of the chain is kept; an event has the time it happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.assurance.event_log import (
    FLOAT,
    INTEGER,
    STRING,
    Act,
    LoggedCase,
    Value,
    inside,
    truth,
)
from app.assurance.ocel.cast import Cast
from app.assurance.ocel.clocks import Clock, clocks_of
from app.assurance.ocel.model import Event, Thing, body_object, case_object, document_object
from app.assurance.selection import Selection
from app.audit import chain
from app.cases.models import CaseDocument
from app.cases.records import ASSIGN
from app.documents.operations import RENDERED, SEAL, VOID
from app.engine.actors import SYSTEM_ACTOR
from app.law.labels import Label

_PAPERS: Final = (
    select(
        CaseDocument.id,
        CaseDocument.case_id,
        CaseDocument.kind,
        CaseDocument.seq,
        CaseDocument.made_at,
        CaseDocument.served_on,
        CaseDocument.number,
        CaseDocument.sealed_at,
        CaseDocument.sealed_seq,
        CaseDocument.content_digest,
        CaseDocument.voided_at,
    )
    .where(CaseDocument.case_id == bindparam("case_id"))
    .order_by(CaseDocument.seq, CaseDocument.id)
    .execution_options(case_seen=True)
)
_ON_PAPER: Final = {SEAL: "seals", VOID: "voids", RENDERED: "renders"}


class CaseEvents:
    """The events of one case and the objects that are its own: itself, its papers, its clocks."""

    def __init__(self, session: Session, chosen: Selection, case: LoggedCase, cast: Cast) -> None:
        self.case = case
        self._cast = cast
        self._papers = session.execute(_PAPERS, {"case_id": case.id}).all()
        self._clocks = clocks_of(session, case)
        self._served = {act.entry.seq: list(self._served_by(act)) for act in case.acts}
        self._inside = inside(session, chosen, self._relatives())
        self._relations: dict[int, list[tuple[str, str]]] = {act.entry.seq: [] for act in case.acts}
        self._relate()

    def _relatives(self) -> set[UUID]:
        found = {UUID(one) for act in self.case.acts for one in act.details.get("children") or ()}
        found |= {clock.handed_to for clock in self._clocks if clock.handed_to is not None}
        return found | ({self.case.row.parent_id} if self.case.row.parent_id else set())

    # Events

    def events(self) -> Iterator[Event]:
        """Yield one event an entry, in the order of the chain."""
        for act in self.case.acts:
            entry = act.entry
            yield Event(
                f"{self.case.id}:{entry.seq}",
                f"{self.case.row.lifecycle}.{entry.trigger}",
                act.time,
                [*act.attributes(), *_more(act)],
                list(dict.fromkeys(self._relations[entry.seq])),
            )

    def _tie(self, seq: int, thing: str, qualifier: str) -> None:
        if seq in self._relations:
            self._relations[seq].append((thing, qualifier))

    def _relate(self) -> None:
        row, cast = self.case.row, self._cast
        about, subject = case_object(self.case.id), cast.body(row.subject_id, row.subject_name)
        self._tie(0, cast.body(row.authority_id, row.authority_name or ""), "led by")
        for act in self.case.acts:
            seq = act.entry.seq
            self._tie(seq, about, "about")
            self._tie(seq, subject, "concerns")
            self._by_whom(act)
            self._named(act)
        for paper in self._papers:
            self._tie(paper.seq, document_object(paper.id), "makes")
        for clock in self._clocks:
            for seq, qualifier in clock.touched:
                self._tie(seq, clock.thing, qualifier)

    def _by_whom(self, act: Act) -> None:
        entry, cast = act.entry, self._cast
        self._tie(entry.seq, cast.person(entry.actor_id, entry.actor_name), "done by")
        if entry.on_behalf_of is not None:
            self._tie(entry.seq, cast.person(entry.on_behalf_of), "on behalf of")
        if entry.actor_id != SYSTEM_ACTOR.person_id:
            body = cast.body(entry.organisation_id, entry.organisation_name)
            self._tie(entry.seq, body, "done for")
            cast.acts_for.add((entry.actor_id, entry.organisation_id))

    def _named(self, act: Act) -> None:
        """Tie an act to what its details name: papers, children, who takes a seat or the case."""
        seq, details, cast = act.entry.seq, act.details, self._cast
        on_paper = _ON_PAPER.get(act.entry.trigger)
        if on_paper is not None and any(str(p.id) == details.get("document") for p in self._papers):
            self._tie(seq, document_object(details["document"]), on_paper)
        for paper in self._served[seq]:
            self._tie(seq, document_object(paper.id), "serves")
        for child in details.get("children") or ():
            if UUID(child) in self._inside:
                self._tie(seq, case_object(child), "opens")
        for seat in details.get("joined") or ():
            person, body = seat.get("person"), seat["organisation"]
            seated = cast.person(UUID(person)) if person else cast.body(UUID(body))
            self._tie(seq, seated, "seats")
        if act.entry.trigger == ASSIGN and details.get("person"):
            self._tie(seq, cast.person(UUID(details["person"])), "assigns to")

    def _served_by(self, act: Act) -> Iterator[Row[*tuple[Any, ...]]]:
        """The papers whose service an act proves: of each kind the newest that stands."""
        if act.declared is None or not (act.details.get("inputs") or {}).get("served_on"):
            return
        for kind in act.declared.serves:
            standing = [
                paper
                for paper in self._papers
                if paper.kind == kind.name and paper.seq <= act.entry.seq and not paper.voided_at
            ]
            yield from standing[-1:]

    # Objects

    def things(self) -> Iterator[Thing]:
        """Yield the case, its papers and its clocks."""
        yield self._itself()
        acts = {act.entry.seq: act for act in self.case.acts}
        for paper in self._papers:
            yield self._paper(paper)
        for clock in self._clocks:
            yield self._clock(clock, acts)

    def _itself(self) -> Thing:
        case, row = self.case, self.case.row
        state = case.acts[0].entry.to_state if case.acts else row.state
        told = [
            ("number", Value(STRING, row.number)),
            ("lifecycle", Value(STRING, row.lifecycle)),
            ("lifecycle_zh", Value(STRING, case.title.zh)),
            ("lifecycle_en", Value(STRING, case.title.en)),
            ("lifecycle_version", Value(INTEGER, str(row.lifecycle_version))),
            ("division", Value(STRING, row.division)),
            ("demonstration", truth(row.demonstration)),
            ("state", Value(STRING, state)),
        ]
        if row.cycle_year is not None:
            told.append(("cycle_year", Value(INTEGER, str(row.cycle_year))))
        relations = [
            (body_object(row.subject_id), "concerns"),
            (body_object(row.authority_id), "led by"),
        ]
        if row.parent_id in self._inside:
            relations.append((case_object(row.parent_id), "child of"))
        thing = Thing(case_object(case.id), "case", told, relations)
        for act in case.acts[1:]:
            if act.entry.to_state != state:
                state = act.entry.to_state
                thing.changes[act.recorded, "state"] = Value(STRING, state)
        return thing

    def _paper(self, paper: Row[*tuple[Any, ...]]) -> Thing:
        kinds = self.case.lifecycle.documents if self.case.lifecycle is not None else {}
        label = kinds[paper.kind].label if paper.kind in kinds else Label(paper.kind, paper.kind)
        told = [
            ("kind", Value(STRING, paper.kind)),
            ("label_zh", Value(STRING, label.zh)),
            ("label_en", Value(STRING, label.en)),
            ("status", Value(STRING, "made")),
        ]
        belongs = [(case_object(self.case.id), "belongs to")]
        thing = Thing(document_object(paper.id), "document", told, belongs)
        if paper.sealed_at is not None:
            sealed = chain.instant(paper.sealed_at)
            if paper.number is not None:
                thing.changes[sealed, "number"] = Value(STRING, paper.number)
            thing.changes[sealed, "digest"] = Value(STRING, paper.content_digest or "")
            thing.changes[sealed, "status"] = Value(STRING, "sealed")
        for act in self.case.acts:
            if paper in self._served[act.entry.seq]:
                thing.changes[act.recorded, "status"] = Value(STRING, "served")
        if paper.voided_at is not None:
            thing.changes[chain.instant(paper.voided_at), "status"] = Value(STRING, "voided")
        return thing

    def _clock(self, clock: Clock, acts: Mapping[int, Act]) -> Thing:
        declared = self.case.lifecycle.deadlines if self.case.lifecycle is not None else {}
        known = declared.get(clock.name)
        label = known.label if known is not None else Label(clock.name, clock.name)
        told = [
            ("name", Value(STRING, clock.name)),
            ("label_zh", Value(STRING, label.zh)),
            ("label_en", Value(STRING, label.en)),
            ("expiry", Value(STRING, clock.expiry)),
            ("anchor_on", Value(STRING, clock.anchor_on.isoformat())),
            ("due_on", Value(STRING, clock.first_due)),
            ("status", Value(STRING, "running")),
        ]
        relations = [(case_object(self.case.id), "belongs to")]
        if clock.handed_to is not None and clock.handed_to in self._inside:
            relations.append((case_object(clock.handed_to), "handed to"))
        thing = Thing(clock.thing, "deadline", told, relations)
        for seq, due in clock.moved:
            thing.changes[acts[seq].recorded, "due_on"] = Value(STRING, due)
        for seq, status in clock.became:
            if seq in acts:
                thing.changes[acts[seq].recorded, "status"] = Value(STRING, status)
        return thing


def _more(act: Act) -> Iterator[tuple[str, Value]]:
    yield "role", Value(STRING, act.entry.role)
    cost = act.cost()
    if cost is not None:
        yield "cost_total", Value(FLOAT, format(cost.total, "f"))
        yield "cost_currency", Value(STRING, cost.currency)
