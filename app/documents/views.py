"""The page of a document: filled in, looked at, sealed, downloaded, voided."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from flask import url_for as to
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.accounts.sessions import current_actor
from app.cases.errors import BadInputs, NotPermitted
from app.cases.views import (
    fresh_page,
    law,
    now,
    only_those_signed_in,
    page_of,
    saved_as,
    shared,
    store,
)
from app.db import database
from app.documents import operations, rendering
from app.documents.desk import STATES, Sheet, sheet_of
from app.documents.errors import NoSuchDocument
from app.engine.forms import InputsForm
from app.formats import label

documents: Final = Blueprint("documents", __name__)
documents.before_request(only_those_signed_in)
documents.context_processor(shared)

FORMS: Final = {
    "pdf": ("pdf_sha256", rendering.PDF),
    "docx": ("docx_sha256", rendering.WORD),
}
"""The rendered forms: where their digest stands, and their media type."""


@documents.route("/cases/<uuid:case_id>/documents/<uuid:document_id>", methods=["GET", "POST"])
def document(case_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """A document: its form while it is a draft, what was sealed afterwards."""
    sheet = sheet_of(page_of(case_id), document_id)
    if request.method == "POST":
        return _submitted(sheet)
    return _shown(sheet, sheet.filled() if sheet.may_seal else None)


def _submitted(sheet: Sheet) -> ResponseReturnValue:
    if sheet.refused:
        raise NotPermitted(list(sheet.refused))
    operations.refuse_sealed(sheet.document)
    form = sheet.form_class()()
    form.validate()
    typed = given(form)
    if "preview" in request.form:
        return _as_pdf(sheet.preview(typed), f"{sheet.title.zh} 草稿.pdf", inline=True)
    faults = sheet.missing(typed)
    if faults or form.errors:
        form.show_faults({n: f for n, f in faults.items() if not form.errors.get(n)})
        return _shown(sheet, form), 422
    if request.form.get("confirmed") != "yes":
        return _shown(sheet, form, confirming=True)
    return _sealed(sheet, form, typed)


def given(form: InputsForm) -> Mapping[str, Any]:
    """What was typed: an emptied field stays empty, whatever the case knows."""
    return {name: value if value not in (None, "") else None for name, value in form.raw().items()}


def _sealed(sheet: Sheet, form: InputsForm, typed: Mapping[str, Any]) -> ResponseReturnValue:
    case_id, document_id = sheet.page.case.id, sheet.document.id
    work = partial(
        operations.seal,
        case_id=case_id,
        document_id=document_id,
        fields=typed,
        actor=current_actor(),
        now=now(),
        law=law(),
    )
    try:
        sealed = database().write(work)
    except BadInputs as wrong:
        form.show_faults(wrong.faults)
        return _shown(sheet, form), 422
    # What cannot be rendered now is rendered by the scheduler; it is sealed in either case.
    rendering.render_now(database(), store(), document_id, now())
    number = sealed.number or gettext("without a number")
    flash(
        gettext("Sealed: %(title)s, %(number)s.", title=label(sheet.title), number=number),
        "success",
    )
    return redirect(to(".document", case_id=case_id, document_id=document_id), 303)


def _shown(
    sheet: Sheet,
    form: InputsForm | None,
    *,
    confirming: bool = False,
    void_fault: str = "",
) -> str:
    return render_template(
        "documents/document.html",
        sheet=sheet,
        page=sheet.page,
        form=form,
        confirming=confirming,
        states=STATES,
        missing=[] if form is None or form.errors else list(sheet.missing(given(form)).items()),
        void_fault=void_fault,
        reason=request.form.get("reason", ""),
    )


@documents.get("/cases/<uuid:case_id>/documents/<uuid:document_id>/<form>")
def download(case_id: UUID, document_id: UUID, form: str) -> Response:
    """A rendered document, final as PDF or editable as Word."""
    sheet = sheet_of(page_of(case_id), document_id)
    if form not in FORMS:
        abort(404)
    column, media = FORMS[form]
    digest = getattr(sheet.document, column)
    if digest is None:
        raise NoSuchDocument
    name = f"{rendering.file_name(sheet.document.content or {})}.{form}"
    return saved_as(digest, media, name)


def _as_pdf(content: bytes, name: str, *, inline: bool) -> Response:
    answer = Response(content, mimetype=rendering.PDF)
    kind = "inline" if inline else "attachment"
    answer.headers.set("Content-Disposition", kind, filename=name)
    return answer


@documents.post("/cases/<uuid:case_id>/documents/<uuid:document_id>/void")
def void(case_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Void a sealed document; another of its kind waits to be sealed in its place."""
    sheet = sheet_of(page_of(case_id), document_id)
    reason = request.form.get("reason", "")
    work = partial(
        operations.void,
        case_id=case_id,
        document_id=document_id,
        reason=reason,
        actor=current_actor(),
        now=now(),
    )
    try:
        again = database().write(work)
    except BadInputs as wrong:
        fresh = sheet_of(fresh_page(case_id), document_id)
        return _shown(fresh, None, void_fault=label(wrong.label)), 422
    flash(
        gettext(
            "Voided: %(title)s. It keeps its number; this one takes its place.",
            title=label(sheet.title),
        ),
        "success",
    )
    return redirect(to(".document", case_id=case_id, document_id=again), 303)
