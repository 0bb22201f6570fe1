"""One entry of a case's chain; its sealed values after the reader has said why."""

from __future__ import annotations

import json
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.cases import restricted
from app.cases.forms import ReadForm
from app.cases.moves import moved_by
from app.cases.page import CasePage, Happened
from app.cases.values import all_shown, names_in
from app.cases.views import cases, page_of
from app.db import database


@cases.route("/cases/<uuid:case_id>/entries/<int:seq>", methods=["GET", "POST"])
def entry(case_id: UUID, seq: int) -> ResponseReturnValue:
    """One entry of the chain: in words, and as the text that was hashed.

    A POST with a reason shows the sealed values besides, once. Nothing is kept in the browser:
    whoever looks again says why again.
    """
    page = page_of(case_id)
    happened = page.entry(seq)
    form = ReadForm()
    if request.method == "GET":
        return _shown(page, happened, form)
    if not form.validate():
        return _shown(page, happened, form), 422
    read = restricted.read(database(), page, happened.entry, form.reason.data or "")
    return _shown(page, happened, form, read)


def _shown(
    page: CasePage, happened: Happened, form: ReadForm, read: restricted.Read | None = None
) -> str:
    body = json.loads(happened.entry.body)
    transition = page.lifecycle.transitions.get(happened.entry.trigger)
    fields = transition.all_inputs if transition else ()
    kept = restricted.kept_of(page, happened.entry)
    told = body["details"].get("inputs") or {}
    sealed = read.values if read is not None else {}
    names = names_in(page.session, fields, {**told, **kept.open, **sealed})
    return render_template(
        "cases/entry.html",
        page=page,
        happened=happened,
        values_shown=all_shown(fields, told, names),
        personal=all_shown(fields, kept.open, names),
        moved=moved_by(page, body["details"]),
        late_reason=(body["details"].get("late") or {}).get("reason"),
        form=form,
        restricted=kept.restricted,
        sealed=None if read is None else all_shown(kept.restricted, sealed, names),
        unopened=[
            (field.label, read.unopened[field.name].label)
            for field in kept.restricted
            if read is not None and field.name in read.unopened
        ],
        hidden=kept.hidden,
        body=json.dumps(body, ensure_ascii=False, indent=2),
    )
