"""Pages on which a table of people and organisations is read: hand in, look at, confirm."""

from __future__ import annotations

import re
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from app import language
from app.accounts.sessions import current_administrator, today
from app.clock import utcnow
from app.db import database, request_session
from app.registers import people_import, sheets
from app.registers.errors import FileRefused
from app.registers.forms import UploadForm
from app.registers.import_views import PREVIEWED, keep_upload, kept_upload
from app.registers.people_import import COLUMNS, Plan
from app.registers.views import file_answer, registers

NAME: Final = "people"
"""What the token of an upload says it is for."""


@registers.route("/import-people", methods=["GET", "POST"])
def import_people() -> ResponseReturnValue:
    """Take a file, keep it for a day, and lead to its preview."""
    actor, form = current_administrator(), UploadForm()
    form.file.description = gettext("Excel (.xlsx) or CSV, at most 5 MB and 2,000 rows.")
    if form.validate_on_submit():
        upload = form.file.data
        content = upload.stream.read(sheets.LARGEST + 1)
        try:
            people_import.plan(request_session(), sheets.read(content), today())
        except FileRefused as refused:
            form.file.errors = [refused.label.text(language.chosen())]
        else:
            token = keep_upload(NAME, str(upload.filename), content, actor)
            return redirect(url_for(".people_preview", token=token), 303)
    locale = language.chosen()
    page = render_template(
        "registers/import_people.html",
        form=form,
        columns=[label.text(locale) for label in COLUMNS.values()],
    )
    return page, 422 if form.errors else 200


@registers.get("/import-people/template.xlsx")
def people_template() -> ResponseReturnValue:
    """Give away an empty sheet with the right headings."""
    current_administrator()
    locale = language.chosen()
    heading = [label.text(locale) for label in COLUMNS.values()]
    return file_answer([heading], gettext("People and organisations"), "xlsx")


@registers.route("/import-people/<token>", methods=["GET", "POST"])
def people_preview(token: str) -> ResponseReturnValue:
    """Show what would become of every row; on confirmation, enter it and ask for the roles."""
    actor, now = current_administrator(), utcnow()
    file_name, digest, content = kept_upload(NAME, token, actor)
    lines = sheets.read(content)
    if request.method == "POST":

        def work(session: Session) -> bool:
            planned = people_import.plan(session, lines, today())
            if planned.digest != request.form.get("plan", "") or planned.faulty:
                return False
            people_import.enter(
                session, actor, planned, file_name=file_name, file_digest=digest, now=now
            )
            return True

        if database().write(work):
            flash(
                gettext("It was entered. Another administrator decides about the roles."), "success"
            )
            return redirect(url_for("accounts.organisation_requests_list"), 303)
        flash(gettext("The accounts have changed since the preview. Look at it again."), "warning")
        return redirect(url_for(".people_preview", token=token), 303)
    return render_template(
        "registers/preview_people.html",
        plan=people_import.plan(request_session(), lines, today()),
        file_name=file_name,
        token=token,
        previewed=PREVIEWED,
    )


@registers.get("/import-people/<token>/faulty.csv")
def people_faulty(token: str) -> ResponseReturnValue:
    """Give away the faulty rows with their line and reasons, to be corrected."""
    file_name, _, content = kept_upload(NAME, token, current_administrator())
    planned: Plan = people_import.plan(request_session(), sheets.read(content), today())
    stem = re.sub(r"\.[^.]*$", "", file_name)
    rows = list(planned.faulty_rows(language.chosen()))
    return file_answer(rows, f"{stem}-{gettext('faulty rows')}", "csv")
