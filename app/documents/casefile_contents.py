"""What belongs into the case file 卷宗 of a case, in which volume and in which order.

Read from the case and from the tracks beside it: the sealed documents, and the files its acts and
its people put on it. The main volume holds what may be shown, the side volume what stays with the
authority (domain.md 12.2); the order of both is that of `app.documents.catalogue.GROUPS`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, Person
from app.audit.models import AuditEntry
from app.cases.models import Case, CaseDocument, Evidence, Participant, StoredFile
from app.cases.scans import INFECTED
from app.cases.snapshot import SEEN
from app.documents.catalogue import GROUPS, Form, Volume, form_key, form_named
from app.documents.operations import RENDERED
from app.engine.actors import Capacity
from app.engine.definition import Lifecycle, Transition
from app.engine.inputs import Choice, Files
from app.law.labels import Label
from app.law.periods import local_date
from app.workflows import by_version

COMPILED: Final = "compile_case_file"
ARCHIVE: Final = "archive"
CLOSED: Final = "closed"
OWN_SHEETS: Final = frozenset({"file_cover", "file_index", "file_notes"})
"""Forms of sheets the file makes itself; they are no papers of it."""

SERVICE: Final = "service"
NOT_SEALED: Final = Label("尚未用印", "not sealed yet")
NOT_RENDERED: Final = Label("已用印，尚未生成", "sealed, not rendered yet")

Place = tuple[Volume, str]
"""A volume and one of its groups."""

GROUP_LABELS: Final[Mapping[Place, Label]] = {
    (Volume.MAIN, "decision"): Label("处理决定", "Decision"),
    (Volume.MAIN, "filing"): Label("立案", "Filing"),
    (Volume.MAIN, "evidence"): Label("调查取证", "Evidence"),
    (Volume.MAIN, "notices"): Label("告知及通知", "Notices"),
    (Volume.MAIN, "hearing"): Label("听证", "Hearing"),
    (Volume.MAIN, "execution"): Label("送达执行", "Execution"),
    (Volume.MAIN, "closing"): Label("结案", "Closing"),
    (Volume.SIDE, "sources"): Label("案件来源", "Sources"),
    (Volume.SIDE, "secrets"): Label("不宜公开材料", "Not to be shown"),
    (Volume.SIDE, "hearing"): Label("听证报告", "Report on the hearing"),
    (Volume.SIDE, "review"): Label("审查审批", "Review"),
    (Volume.SIDE, "legal"): Label("法制审核", "Legal review"),
    (Volume.SIDE, "discussion"): Label("集体讨论", "Collective discussion"),
}

EVIDENCE: Final[Place] = (Volume.MAIN, "evidence")
EXECUTION: Final[Place] = (Volume.MAIN, "execution")
SECRETS: Final[Place] = (Volume.SIDE, "secrets")
SOURCES: Final[Place] = (Volume.SIDE, "sources")

TRACKS: Final[Mapping[str, Place]] = {"remedy": EXECUTION, "correction": EXECUTION}
"""Where the papers of a track stand, whatever they are; one of the side volume stays there."""

ACTS: Final[Mapping[str, Place]] = dict.fromkeys(
    (
        *("report_payment", "ask_deferral", "note_court_acceptance", "note_court_refusal"),
        *("note_ruling", "annul", "record_remedy", "record_change", "order_redo"),
    ),
    EXECUTION,
)
"""Where files of acts stand that make no document, if they are no evidence."""

CLUE: Final = "suspicion_evidence"
"""What a clue was raised with may show who raised it."""

PROVES_SERVICE: Final = "prove_service"
"""The act of a correction that proves the service of its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One paper of a volume: a sealed document or a file.

    ``seq`` is the entry of the case ``case_id`` that names it, ``sha256`` the digest of its bytes;
    ``told`` is the digest in that entry, which must be the same. ``id`` is that of the document or
    of the piece of evidence.
    """

    id: UUID
    place: Place
    title: str
    number: str
    author: str
    on: date
    case_id: UUID
    case_number: str
    seq: int
    sha256: str
    told: str
    size: int
    media_type: str
    name: str
    sealed: bool
    order: tuple[Any, ...] = field(repr=False)
    infected: bool = False

    @property
    def volume(self) -> Volume:
        """The volume it stands in."""
        return self.place[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A document that cannot go in as it stands, and why."""

    id: UUID
    case_id: UUID
    case_number: str
    title: Label
    number: str
    volume: Volume
    why: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """A sealed document that no longer counts; its number stays visible."""

    title: str
    number: str
    volume: Volume
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry of a chain that the file rests on."""

    case_id: UUID
    case_number: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the cover says. Empty texts and None where the case does not know yet."""

    authority: str
    number: str
    lifecycle: str
    cause: str
    party: str
    officers: tuple[str, ...]
    filed_on: date | None
    closed_on: date | None
    result: str
    retention: str
    shelf_mark: str
    archived_by: str
    archived_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything the file of a case is made of, as of its last entries.

    ``at`` is when the newest of ``heads`` was recorded: the file bears no other time, so that the
    same state always gives the same file.
    """

    case_id: UUID
    cover: Cover
    papers: tuple[Paper, ...]
    missing: tuple[Missing, ...]
    voided: tuple[Voided, ...]
    open_tracks: tuple[tuple[str, Label], ...]
    heads: tuple[Head, ...]
    at: datetime

    def of(self, volume: Volume) -> tuple[Paper, ...]:
        """The papers of a volume, in order."""
        return tuple(paper for paper in self.papers if paper.volume is volume)


def contents_of(session: Session, case_id: UUID) -> Contents:
    """What the file of a case holds now. The caller has made sure that it may be read."""
    return _Reader(session, case_id).contents()


class _Reader:
    """Reads a case with its tracks: a fixed number of queries, however much is in it."""

    def __init__(self, session: Session, case_id: UUID) -> None:
        self.session = session
        self.case: Case = self._all(select(Case).where(Case.id == case_id))[0]
        self.lifecycle = _lifecycle(self.case)
        links = [child.name for child in self.lifecycle.children.values() if child.track]
        tracks = (
            select(Case)
            .where(Case.parent_id == case_id, Case.parent_link.in_(links))
            .order_by(Case.opened_at, Case.id)
        )
        self.tracks: list[Case] = self._all(tracks)
        self.cases = {case.id: case for case in (self.case, *self.tracks)}
        self.entries = self._entries()
        self.authority: str = self._all(
            select(Organisation.name).where(Organisation.id == self.case.authority_id)
        )[0]

    def _all(self, query: Any) -> list[Any]:
        return list(self.session.scalars(query, execution_options=SEEN))

    def _rows(self, query: Any) -> list[Any]:
        return list(self.session.execute(query, execution_options=SEEN))

    def _entries(self) -> dict[tuple[UUID, int], AuditEntry]:
        """The entries that name papers, and those that closed and archived the case."""
        files = select(Evidence.id).where(
            Evidence.case_id == AuditEntry.chain_id, Evidence.seq == AuditEntry.seq
        )
        moved = and_(
            AuditEntry.chain_id == self.case.id,
            AuditEntry.from_state != AuditEntry.to_state,
            or_(AuditEntry.to_state == CLOSED, AuditEntry.trigger == ARCHIVE),
        )
        query = (
            select(AuditEntry)
            .where(AuditEntry.chain_id.in_(self.cases))
            .where(or_(AuditEntry.trigger == RENDERED, files.exists(), moved))
            .order_by(AuditEntry.seq)
        )
        return {(entry.chain_id, entry.seq): entry for entry in self._all(query)}

    def contents(self) -> Contents:
        """Everything, in order."""
        heads, at = self._heads()
        sealed = list(self._sealed())
        papers = sorted([*sealed, *self._uploads(sealed)], key=lambda paper: paper.order)
        return Contents(
            case_id=self.case.id,
            cover=self._cover(papers),
            papers=tuple(papers),
            missing=tuple(self._missing()),
            voided=tuple(self._voided()),
            open_tracks=tuple(
                (track.number, _lifecycle(track).title())
                for track in self.tracks
                if not track.is_final
            ),
            heads=heads,
            at=at,
        )

    def _heads(self) -> tuple[tuple[Head, ...], datetime]:
        """The last entries of the chains, those that only say that the file was made left out."""
        last = (
            select(AuditEntry.chain_id, func.max(AuditEntry.seq).label("seq"))
            .where(AuditEntry.chain_id.in_(self.cases), AuditEntry.trigger != COMPILED)
            .group_by(AuditEntry.chain_id)
            .subquery()
        )
        query = select(AuditEntry).join(
            last, and_(AuditEntry.chain_id == last.c.chain_id, AuditEntry.seq == last.c.seq)
        )
        found = {entry.chain_id: entry for entry in self._all(query)}
        heads = tuple(
            Head(
                case_id=case.id,
                case_number=case.number,
                seq=found[case.id].seq,
                hash=found[case.id].hash,
            )
            for case in self.cases.values()
        )
        return heads, max(entry.recorded_at for entry in found.values())

    # Sealed documents ---------------------------------------------------------------------------

    @cached_property
    def _documents(self) -> dict[UUID, tuple[CaseDocument, StoredFile | None]]:
        """The documents of the case and its tracks, those the file makes itself left out."""
        query = (
            select(CaseDocument, StoredFile)
            .outerjoin(StoredFile, StoredFile.sha256 == CaseDocument.pdf_sha256)
            .where(CaseDocument.case_id.in_(self.cases))
            .order_by(CaseDocument.made_at, CaseDocument.seq, CaseDocument.id)
        )
        return {
            row.CaseDocument.id: (row.CaseDocument, row.StoredFile)
            for row in self._rows(query)
            if self._form(row.CaseDocument).key not in OWN_SHEETS
        }

    def _form(self, document: CaseDocument) -> Form:
        declared = _lifecycle(self.cases[document.case_id])
        on = local_date(document.sealed_at or document.made_at)
        return form_named(form_key(declared, declared.documents[document.kind]), on)

    def _place(self, document: CaseDocument) -> Place:
        form = self._form(document)
        return _moved(self.cases[document.case_id], (form.volume, form.group))

    def _sealed(self) -> Iterator[Paper]:
        """The documents that were rendered and count; those of a service follow what it serves."""
        told = self._rendered()
        papers = [
            self._paper_of(document, stored, told)
            for document, stored in self._documents.values()
            if stored is not None and not document.is_void
        ]
        for paper in papers:
            track = self.cases[paper.case_id]
            served = self._served(papers, track) if track.lifecycle == SERVICE else None
            yield paper if served is None else _behind(paper, served)

    def _rendered(self) -> dict[str, tuple[int, str]]:
        """The entry and the digest of the bytes of each rendered document, by its id."""
        found = {}
        for entry in self.entries.values():
            if entry.trigger == RENDERED:
                details = json.loads(entry.body)["details"]
                found[details["document"]] = (entry.seq, details["pdf"])
        return found

    def _paper_of(
        self, document: CaseDocument, stored: StoredFile, told: Mapping[str, tuple[int, str]]
    ) -> Paper:
        case, form = self.cases[document.case_id], self._form(document)
        place = self._place(document)
        content = document.content or {}
        at = document.sealed_at or document.made_at
        seq, digest = told.get(str(document.id), (document.seq, ""))
        # Among decisions the one on the penalty comes first; elsewhere the file tells a story.
        first = form.order if place[1] == "decision" else 0
        return Paper(
            id=document.id,
            place=place,
            title=content["title"],
            number=document.number or "",
            author=content["body"]["name"],
            on=local_date(at),
            case_id=case.id,
            case_number=case.number,
            seq=seq,
            sha256=stored.sha256,
            told=digest,
            size=stored.size,
            media_type=stored.media_type,
            name=f"{document.number or ''} {content['title']}.pdf".strip(),
            sealed=True,
            order=(_rank(place), (first, at, document.seq, str(document.id)), ()),
        )

    def _served(self, papers: Sequence[Paper], track: Case) -> Paper | None:
        """The document a track is about: the newest of its kind made before the track began."""
        kind = track.facts.get("document")
        found = [
            (self._documents[paper.id][0].made_at, paper)
            for paper in papers
            if paper.case_id == self.case.id and self._documents[paper.id][0].kind == kind
        ]
        before = [paper for made_at, paper in found if made_at <= track.opened_at]
        return next(reversed(before or [paper for _, paper in found]), None)

    # Files --------------------------------------------------------------------------------------

    def _uploads(self, sealed: Sequence[Paper]) -> Iterator[Paper]:
        """The files that acts and people put on the cases."""
        query = (
            select(Evidence, StoredFile)
            .join(StoredFile, StoredFile.sha256 == Evidence.sha256)
            .where(Evidence.case_id.in_(self.cases), Evidence.seq.is_not(None))
            .order_by(Evidence.added_at, Evidence.id)
        )
        rows = [(row.Evidence, row.StoredFile) for row in self._rows(query)]
        own = {evidence.sha256 for evidence, _ in rows if evidence.case_id == self.case.id}
        for evidence, stored in rows:
            # What a track was handed when it began is a paper of the case that handed it over.
            handed = evidence.case_id != self.case.id and evidence.seq == 0
            if not (handed and evidence.sha256 in own):
                yield self._upload(evidence, stored, sealed)

    def _upload(self, evidence: Evidence, stored: StoredFile, sealed: Sequence[Paper]) -> Paper:
        case = self.cases[evidence.case_id]
        entry = self.entries[evidence.case_id, evidence.seq or 0]
        act = _lifecycle(case).transitions.get(entry.trigger)
        asked = _asked_for(act, entry, evidence.sha256)
        place = self._place_of(evidence, case, act, entry)
        title = evidence.note or evidence.name
        paper = Paper(
            id=evidence.id,
            place=place,
            title=title if asked is None else f"{asked.zh}：{title}",
            number="",
            author=entry.organisation_name,
            on=local_date(entry.occurred_at),
            case_id=case.id,
            case_number=case.number,
            seq=entry.seq,
            sha256=evidence.sha256,
            told=evidence.sha256,
            size=stored.size,
            media_type=stored.media_type,
            name=evidence.name,
            sealed=False,
            order=(_rank(place), (0, entry.recorded_at, entry.seq, str(evidence.id)), ()),
            infected=stored.scan == INFECTED,
        )
        proves = case.lifecycle == SERVICE or entry.trigger == PROVES_SERVICE
        served = self._served([p for p in sealed if p.sealed], case) if proves else None
        return paper if served is None or place == SECRETS else _behind(paper, served)

    def _place_of(
        self, evidence: Evidence, case: Case, act: Transition | None, entry: AuditEntry
    ) -> Place:
        """Where a file stands: what is internal or sealed, aside; else where its act's papers do.

        The digest of a sealed value stands in no entry.
        """
        if evidence.internal or evidence.sha256 not in entry.body:
            return SECRETS
        if act is None:
            return _moved(case, EVIDENCE)
        asked = _asked_for(act, entry, evidence.sha256)
        if asked is not None and asked.name == CLUE:
            return SOURCES
        if act.documents:
            lifecycle = _lifecycle(case)
            form = form_named(form_key(lifecycle, act.documents[0]), local_date(entry.recorded_at))
            return _moved(case, (form.volume, form.group))
        return _moved(case, ACTS.get(act.name, EVIDENCE))

    # What is not there --------------------------------------------------------------------------

    def _missing(self) -> Iterator[Missing]:
        """Documents that were made and not sealed, or sealed and not rendered."""
        for document, stored in self._documents.values():
            if document.is_void or stored is not None:
                continue
            case = self.cases[document.case_id]
            yield Missing(
                id=document.id,
                case_id=case.id,
                case_number=case.number,
                title=_lifecycle(case).documents[document.kind].label,
                number=document.number or "",
                volume=self._place(document)[0],
                why=NOT_SEALED if document.sealed_at is None else NOT_RENDERED,
            )

    def _voided(self) -> Iterator[Voided]:
        for document, _stored in self._documents.values():
            if document.is_void:
                yield Voided(
                    title=(document.content or {})["title"],
                    number=document.number or "",
                    volume=self._place(document)[0],
                    reason=document.void_reason or "",
                )

    # The cover ----------------------------------------------------------------------------------

    def _cover(self, papers: Sequence[Paper]) -> Cover:
        case, facts = self.case, self.case.facts
        moves = [
            e for e in self.entries.values() if e.to_state == CLOSED and e.from_state != CLOSED
        ]
        closed_at = moves[-1].occurred_at if moves else case.closed_at
        archived = next((e for e in self.entries.values() if e.trigger == ARCHIVE), None)
        typed = json.loads(archived.body)["details"]["inputs"] if archived is not None else {}
        decisions = [paper for paper in papers if paper.place == (Volume.MAIN, "decision")]
        filed_on = facts.get("filed_on")
        return Cover(
            authority=self.authority,
            number=case.number,
            lifecycle=self.lifecycle.zh,
            cause=facts.get("cause") or "",
            party="" if case.subject_id == case.authority_id else case.subject_name,
            officers=tuple(self._officers()),
            filed_on=date.fromisoformat(filed_on) if filed_on else None,
            closed_on=local_date(closed_at) if closed_at is not None else None,
            result="；".join(
                f"{one.title} {one.number}".strip() for one in decisions if one.sealed
            ),
            retention=_chosen(self.lifecycle, archived, typed, "retention"),
            shelf_mark=typed.get("shelf_mark") or "",
            archived_by=archived.actor_name if archived is not None else "",
            archived_on=local_date(archived.occurred_at) if archived is not None else None,
        )

    def _officers(self) -> list[str]:
        """Who investigates the case; if nobody is named, who it is given to."""
        query = (
            select(Participant.name)
            .where(
                Participant.case_id == self.case.id,
                Participant.capacity == Capacity.INVESTIGATOR,
                Participant.until_seq.is_(None),
            )
            .order_by(Participant.since_seq, Participant.id)
        )
        assigned = select(Person.name).where(Person.id == self.case.assignee_id)
        return list(dict.fromkeys(self._all(query))) or self._all(assigned)


def _lifecycle(case: Case) -> type[Lifecycle]:
    return by_version(case.lifecycle, case.lifecycle_version)


def _moved(case: Case, place: Place) -> Place:
    """The place of a paper, where the track it comes from has one of its own."""
    own = TRACKS.get(case.lifecycle)
    return own if own is not None and place[0] is Volume.MAIN else place


def _rank(place: Place) -> tuple[int, int]:
    """Where a group stands: the main volume before the side volume, each in its order."""
    volume, group = place
    return list(GROUPS).index(volume), GROUPS[volume].index(group)


def _behind(paper: Paper, served: Paper) -> Paper:
    """The paper right behind the one it belongs to: a proof behind what was served."""
    rank, place, _ = served.order
    return replace(paper, place=served.place, order=(rank, place, paper.order[1]))


def _asked_for(act: Transition | None, entry: AuditEntry, sha256: str) -> Files | None:
    """The input of an act that took a file; None for a paper that only proves the act."""
    if act is None:
        return None
    typed = json.loads(entry.body)["details"].get("inputs") or {}
    fields = [field for field in act.all_inputs if isinstance(field, Files)]
    return next((field for field in fields if sha256 in (typed.get(field.name) or ())), None)


def _chosen(
    lifecycle: type[Lifecycle], entry: AuditEntry | None, typed: Mapping[str, Any], name: str
) -> str:
    """The words of what was chosen in an act; empty if the act does not ask for it."""
    if entry is None or name not in typed:
        return ""
    fields = lifecycle.transitions[entry.trigger].all_inputs
    declared = next((f for f in fields if f.name == name and isinstance(f, Choice)), None)
    return declared.text_of(typed[name]).zh if isinstance(declared, Choice) else str(typed[name])
