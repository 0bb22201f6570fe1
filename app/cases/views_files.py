"""Files of a case: put on it as evidence, and opened again."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.accounts.sessions import current_actor
from app.audit import reads
from app.cases import records
from app.cases.errors import NoSuchCase
from app.cases.file_checks import BadFile
from app.cases.forms import EvidenceForm
from app.cases.models import Evidence
from app.cases.page import CasePage
from app.cases.views import cases, now, page_of, saved_as, taken
from app.cases.views_case import case_page
from app.db import database
from app.formats import label


@cases.get("/cases/<uuid:case_id>/files/<uuid:evidence_id>")
def file(case_id: UUID, evidence_id: UUID) -> Response:
    """Download a file. Whatever it is, the browser saves it and runs nothing of it."""
    page = page_of(case_id)
    known = {evidence.id: (evidence, stored) for evidence, stored in page.evidence}
    if evidence_id not in known:
        known |= {evidence.id: (evidence, stored) for evidence, stored in page.version_files}
    if evidence_id not in known:
        raise NoSuchCase
    evidence, stored = known[evidence_id]
    if evidence.internal:
        _record_read(page, evidence)
    return saved_as(stored.sha256, stored.media_type, evidence.name)


def _record_read(page: CasePage, evidence: Evidence) -> None:
    """Enter the read before a byte is sent. Who may open it at all, nobody asks why they do."""
    database().write(
        lambda session: reads.record_read(
            session,
            page.actor,
            chain_id=page.case.id,
            seq=evidence.seq,
            what=reads.Restricted.EVIDENCE,
            reason="",
            now=page.now,
        )
    )


@cases.post("/cases/<uuid:case_id>/evidence")
def evidence(case_id: UUID) -> ResponseReturnValue:
    """Put a file on the case as evidence."""
    page, form = page_of(case_id), EvidenceForm()
    if not form.validate():
        return case_page(page, "evidence", evidence_form=form), 422
    try:
        stored = taken(form.file.data)
    except BadFile as wrong:
        form.file.errors = [label(wrong.label)]
        return case_page(page, "evidence", evidence_form=form), 422
    actor, instant = current_actor(), now()
    note, internal = form.note.data or "", bool(form.internal.data) and actor.is_authority

    def add(writing: Session) -> None:
        records.add_evidence(
            writing, case_id, stored, actor=actor, now=instant, note=note, internal=internal
        )

    database().write(add)
    flash(gettext("“%(name)s” was added.", name=stored.name), "success")
    return redirect(url_for(".show", case_id=case_id, tab="evidence"), 303)
