"""Sealing and voiding documents, and noting that one was rendered: acts in the case's own chain.

They lock the case, then the counter of the number; they move nothing and never conflict. Nothing
here commits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.audit import chain
from app.audit.models import AuditEntry
from app.cases import records
from app.cases.errors import BadInputs, NotPermitted
from app.cases.files import Stored
from app.cases.models import CaseDocument, DueAct
from app.cases.operations import locked
from app.cases.sight import id_for
from app.cases.snapshot import SEEN, Snapshot
from app.db import new_id, table_of
from app.documents import numbers
from app.documents.catalogue import Form, form_key, form_named
from app.documents.content import About, Content, Party, cleaned, compose
from app.documents.errors import DocumentRefused, NoSuchDocument
from app.documents.prefill import Known
from app.engine.actors import (
    AUTHORITY_ROLES,
    INSPECTOR,
    LEADER,
    SUPERVISOR,
    SYSTEM_ACTOR,
    Actor,
    Role,
    Who,
)
from app.engine.definition import Transition
from app.engine.inputs import LongText
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label
from app.law.periods import local_date
from app.law.terms import LawBook

SEAL: Final = "seal_document"
VOID: Final = "void_document"
RENDERED: Final = "document_rendered"
LABELS: Final = {
    SEAL: Label("文书用印", "Document sealed"),
    VOID: Label("文书作废", "Document voided"),
    RENDERED: Label("文书生成", "Document rendered"),
}
RECORDS: Final = (INSPECTOR, SUPERVISOR, LEADER)
"""Who seals what no act of the authority made, and internal records."""

NAME_REASON: Final = LongText(
    "name_reason",
    "名称与此前文书不一致的理由",
    "Why the name differs from earlier documents",
    required=False,
    longest=500,
)
VOID_REASON: Final = LongText("reason", "作废理由", "Reason for voiding", longest=500)

documents = table_of(CaseDocument)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing did: the number, if the kind has one, and the entry that names the digest."""

    document_id: UUID
    number: str | None
    seq: int
    digest: str


# Who may ----------------------------------------------------------------------------------------


def makers(view: Snapshot, document: CaseDocument) -> Sequence[Who]:
    """Who may seal a document: the authority's own among those whose act made it.

    Records, and what no act of the authority made, are sealed by whoever handles the case.
    """
    act = making_act(view, document)
    found = [w for w in act.actors if w.role in AUTHORITY_ROLES] if act is not None else []
    if not found or not view.lifecycle.documents[document.kind].external:
        found += [who for who in RECORDS if who not in found]
    return found


def making_act(view: Snapshot, document: CaseDocument) -> Transition | None:
    """The act of the lifecycle that made a document."""
    trigger = view.session.scalar(
        select(AuditEntry.trigger).where(
            AuditEntry.chain_id == view.id, AuditEntry.seq == document.seq
        ),
        execution_options=SEEN,
    )
    return view.lifecycle.transitions.get(trigger or "")


def why_not(view: Snapshot, document: CaseDocument, actor: Actor) -> list[Refusal]:
    """Why the person may not seal or void this document; nothing if they may (V-1)."""
    of_body = actor.organisation_id == view.row["authority_id"]
    allowed = makers(view, document)
    if not of_body or stands_for(actor, view.capacities_of(actor), allowed) is None:
        return [Refusal(Why.NOT_YOU, reserved_to(allowed))]
    return []


def _permitted(
    session: Session, case_id: UUID, document_id: UUID, actor: Actor
) -> tuple[Snapshot, CaseDocument]:
    """Lock the case and read the document. Raises NoSuchDocument, NotPermitted."""
    if session.scalar(id_for(actor, case_id)) is None:
        raise NoSuchDocument
    view = locked(session, case_id)
    document = _document(session, case_id, document_id)
    if refused := why_not(view, document, actor):
        raise NotPermitted(refused)
    return view, document


def _document(session: Session, case_id: UUID, document_id: UUID) -> CaseDocument:
    query = select(CaseDocument).where(
        CaseDocument.id == document_id, CaseDocument.case_id == case_id
    )
    found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NoSuchDocument
    return found


# What a document is made of ---------------------------------------------------------------------


def form_of(view: Snapshot, document: CaseDocument, on: datetime) -> Form:
    """The form of a document as it is in force that day."""
    declared = view.lifecycle.documents[document.kind]
    return form_named(form_key(view.lifecycle, declared), local_date(on))


def about(view: Snapshot, document: CaseDocument, party: Party | None) -> About:
    """The acting body, which is the case's authority (V-1), the case and the party."""
    body = view.session.get_one(Organisation, view.row["authority_id"])
    return About(
        body_id=body.id,
        body_name=body.name,
        case_id=view.id,
        case_number=view.row["number"],
        title=view.lifecycle.documents[document.kind].zh,
        party=party,
    )


def earlier_names(view: Snapshot) -> list[str]:
    """How the sealed documents of the case name the party, those that are void left out."""
    query = select(CaseDocument.content).where(
        CaseDocument.case_id == view.id,
        CaseDocument.sealed_at.is_not(None),
        CaseDocument.voided_at.is_(None),
    )
    found = view.session.scalars(query, execution_options=SEEN)
    named = [(content or {}).get("fields", {}).get("party_name") for content in found]
    return list(dict.fromkeys(name for name in named if name))


def prepared(
    view: Snapshot,
    document: CaseDocument,
    form: Form,
    typed: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> tuple[dict[str, Any], Party | None, dict[str, Label]]:
    """The values of a document as they would be sealed, and the faults by field.

    What was not typed the case fills in; what is fixed comes from the register or the case whatever
    was typed. The party's name must be that of the earlier documents, or the reason why not must be
    told (V-3).
    """
    known = Known(view.session, view, document, actor, now)
    reason = str(typed.get(NAME_REASON.name) or "").strip()
    given = {name: value for name, value in typed.items() if name != NAME_REASON.name}
    typed = {**known.values(form), **given, **known.fixed(form)}
    values, faults = cleaned(form, typed, known.party, local_date(now))
    earlier = earlier_names(view)
    name = values.get("party_name")
    if name and earlier and name != earlier[-1] and not reason:
        faults["party_name"] = Label(
            f"当事人名称与此前文书（{earlier[-1]}）不一致，请说明理由。",
            f"The party's name differs from earlier documents ({earlier[-1]}): say why.",
        )
    return values, known.party, faults


# Sealing ----------------------------------------------------------------------------------------


def seal(
    session: Session,
    case_id: UUID,
    document_id: UUID,
    fields: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    law: LawBook,
) -> Sealed:
    """Seal a document: allot its number, keep its content for good, and write the entry.

    ``fields`` are typed values by name; for a name left out the case's own value is taken. Raises
    NoSuchDocument, NotPermitted, DocumentRefused for one that is sealed already or void, and
    BadInputs with a fault per field that is missing or wrong; nothing is written then.
    """
    view, document = _permitted(session, case_id, document_id, actor)
    refuse_sealed(document)
    form = form_of(view, document, now)
    values, party, faults = prepared(view, document, form, fields, actor=actor, now=now)
    if faults:
        raise BadInputs(faults)
    today = local_date(now)
    number = None
    word = form.word_for(values)
    if word and _is_of_authority(view, document):
        number = numbers.allot(session, view.row["authority_id"], word, today.year)
    content = compose(
        form, values, about(view, document, party), number=number or "", on=today, law=law
    )
    reason = str(fields.get(NAME_REASON.name) or "").strip()
    if reason:
        content["name_reason"] = reason[: NAME_REASON.longest]
    return _kept(view, document, content, number, actor=actor, now=now)


def refuse_sealed(document: CaseDocument) -> None:
    """Raise DocumentRefused for a document that is sealed already: it never changes."""
    if document.sealed_at is not None:
        raise DocumentRefused("该文书已盖章，不能再次盖章。", "The document is sealed already.")


def _is_of_authority(view: Snapshot, document: CaseDocument) -> bool:
    """Whether the document is the authority's own: what others made bears no number of ours."""
    act = making_act(view, document)
    roles = {who.role for who in act.by} if act is not None else set()
    return not roles or bool(roles & {*AUTHORITY_ROLES, Role.SYSTEM})


def _kept(
    view: Snapshot,
    document: CaseDocument,
    content: Content,
    number: str | None,
    *,
    actor: Actor,
    now: datetime,
) -> Sealed:
    """Write the content and the entry that holds its digest."""
    text = chain.canonical(content)
    digest = chain.digest(text)
    told = {
        "document": document.id,
        "kind": document.kind,
        "number": number,
        "digest": digest,
        "template": {
            "key": content["form"],
            "version": content["version"],
            "digest": content["template"],
        },
    }
    if "name_reason" in content:
        told["name_reason"] = content["name_reason"]
    seq = records.append(view, SEAL, actor, told, now)
    view.session.execute(
        update(documents)
        .where(documents.c.id == document.id)
        .values(
            number=number,
            sealed_at=now,
            sealed_by=actor.person_id,
            sealed_by_name=actor.written_name,
            sealed_seq=seq,
            content=json.loads(text),
            content_digest=digest,
            template=content["form"],
            template_version=content["version"],
        )
    )
    look_again(view, now)
    return Sealed(document.id, number, seq, digest)


def look_again(view: Snapshot, now: datetime) -> None:
    """Ask for a look at automatic transitions: a guard may have waited for the document."""
    if any(act.automatic for act in view.lifecycle.open_in(view.state)):
        view.session.execute(insert(DueAct), {"id": new_id(), "case_id": view.id, "since": now})


# Voiding ----------------------------------------------------------------------------------------


def void(
    session: Session,
    case_id: UUID,
    document_id: UUID,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Void a sealed document: it stays, with its number and the reason, and no longer counts.

    Another one of its kind takes its place, to be sealed anew; its id is returned. Raises
    NoSuchDocument, NotPermitted, BadInputs for no reason, DocumentRefused for one that is not
    sealed, void already, or served: what was served is changed by an act, not on paper.
    """
    view, document = _permitted(session, case_id, document_id, actor)
    text = reason.strip()
    if not text or len(text) > VOID_REASON.longest:
        most = VOID_REASON.longest
        raise BadInputs(
            {
                "reason": Label(
                    f"请填写作废理由，最多 {most} 字。",
                    f"Give the reason in at most {most} characters.",
                )
            }
        )
    if document.sealed_at is None:
        raise DocumentRefused("该文书尚未盖章。", "The document is not sealed.")
    if document.is_void:
        raise DocumentRefused("该文书已作废。", "The document is void already.")
    if document.served_on is not None:
        raise DocumentRefused(
            "该文书已送达，不能作废；须依法另行作出决定。",
            "The document has been served and cannot be voided: another decision is needed.",
        )
    told = {"document": document.id, "number": document.number, "reason": text}
    records.append(view, VOID, actor, told, now)
    session.execute(
        update(documents)
        .where(documents.c.id == document.id)
        .values(voided_at=now, void_reason=text)
    )
    again = new_id()
    session.execute(
        insert(documents),
        {
            "id": again,
            "case_id": case_id,
            "kind": document.kind,
            "seq": document.seq,
            "made_at": document.made_at,
            "served_on": None,
        },
    )
    look_again(view, now)
    return again


# Rendering --------------------------------------------------------------------------------------


def note_rendered(
    session: Session, case_id: UUID, document_id: UUID, pdf: Stored, word: Stored, *, now: datetime
) -> bool:
    """Write that a sealed document was rendered, with the digests of its bytes; once.

    Returns False if that has been written already.
    """
    view = locked(session, case_id)
    document = _document(session, case_id, document_id)
    if document.sealed_at is None or document.rendered_at is not None:
        return False
    for stored in (pdf, word):
        records.remember(session, stored, now=now)
    told = {"document": document.id, "pdf": pdf.sha256, "docx": word.sha256}
    records.append(view, RENDERED, SYSTEM_ACTOR, told, now)
    session.execute(
        update(documents)
        .where(documents.c.id == document.id)
        .values(rendered_at=now, pdf_sha256=pdf.sha256, docx_sha256=word.sha256)
    )
    look_again(view, now)
    return True
