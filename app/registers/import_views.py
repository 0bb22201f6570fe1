"""Pages on which a file is read into a register: hand in, look at, confirm, take the rest away."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from app import language
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import Actor
from app.registers import imports, operations, sheets
from app.registers.columns import COLUMNS, Register
from app.registers.errors import FileRefused
from app.registers.forms import UploadForm
from app.registers.views import file_answer, keeper, registers
from config import settings

UPLOADS_KEPT: Final = timedelta(days=1)
PREVIEWED: Final = 200
"""Rows of each kind a preview shows; all are counted, and the faulty ones can be taken away."""


@registers.route("/import/<any(units, agencies, roster):name>", methods=["GET", "POST"])
def import_file(name: str) -> ResponseReturnValue:
    """Take a file, keep it for a day, and lead to its preview."""
    actor, register = keeper(), Register(name)
    form = UploadForm()
    if form.validate_on_submit():
        upload = form.file.data
        content = upload.stream.read(sheets.LARGEST + 1)
        try:
            lines = sheets.read(content)
            imports.plan(request_session(), actor, register, lines)
        except FileRefused as refused:
            form.file.errors = [refused.label.text(language.chosen())]
        else:
            token = keep_upload(name, str(upload.filename), content, actor)
            return redirect(url_for(".preview", name=name, token=token), 303)
    locale = language.chosen()
    return (
        render_template(
            "registers/import.html",
            form=form,
            register=register,
            columns=[(c, c.heading.text(locale)) for c in COLUMNS[register]],
            needed=imports.NEEDED_HEADINGS[register],
        ),
        422 if form.errors else 200,
    )


@registers.get("/import/<any(units, agencies, roster):name>/template.xlsx")
def template(name: str) -> ResponseReturnValue:
    """Give away an empty sheet with the right headings."""
    keeper()
    register, locale = Register(name), language.chosen()
    heading = [column.heading.text(locale) for column in COLUMNS[register]]
    return file_answer([heading], register.label.text(locale), "xlsx")


@registers.route("/import/<any(units, agencies, roster):name>/<token>", methods=["GET", "POST"])
def preview(name: str, token: str) -> ResponseReturnValue:
    """Show what would become of every row; on confirmation, do it."""
    actor, register = keeper(), Register(name)
    file_name, digest, content = kept_upload(name, token, actor)
    lines = sheets.read(content)
    if request.method == "POST":
        now, shown = utcnow(), request.form.get("plan", "")

        def apply(session: Session) -> imports.Plan | None:
            operations.lock(session)
            planned = imports.plan(session, actor, register, lines)
            if planned.digest != shown:
                return None
            imports.apply(session, actor, planned, file_name=file_name, file_digest=digest, now=now)
            return planned

        done = database().write(apply)
        if done is not None:
            return _tell_import(done, name, token)
        flash(gettext("The registers have changed since the preview. Look at it again."), "warning")
        return redirect(url_for(".preview", name=name, token=token), 303)
    planned = imports.plan(request_session(), actor, register, lines)
    return render_template(
        "registers/preview.html",
        plan=planned,
        register=register,
        file_name=file_name,
        token=token,
        actions=list(imports.Action),
        groups=_grouped(planned),
        headings={c.name: c for c in COLUMNS[register]},
        locale=language.chosen(),
        previewed=PREVIEWED,
    )


@registers.get("/import/<any(units, agencies, roster):name>/<token>/faulty.csv")
def faulty(name: str, token: str) -> ResponseReturnValue:
    """Give away the faulty rows with their line and reasons, to be corrected."""
    actor, register = keeper(), Register(name)
    file_name, _, content = kept_upload(name, token, actor)
    planned = imports.plan(request_session(), actor, register, sheets.read(content))
    stem = re.sub(r"\.[^.]*$", "", file_name)
    rows = list(planned.faulty_rows(language.chosen()))
    return file_answer(rows, f"{stem}-{gettext('faulty rows')}", "csv")


def _tell_import(done: imports.Plan, name: str, token: str) -> ResponseReturnValue:
    counts = done.counts
    flash(
        gettext(
            "Read in: %(added)s added, %(changed)s changed, %(same)s unchanged.",
            added=counts[imports.Action.ADD],
            changed=counts[imports.Action.CHANGE],
            same=counts[imports.Action.UNCHANGED],
        ),
        "success",
    )
    if not (left := counts[imports.Action.FAULTY]):
        return redirect(url_for(f".{name}"), 303)
    flash(
        ngettext(
            "%(num)d faulty row was left out. Take it away below and correct it.",
            "%(num)d faulty rows were left out. Take them away below and correct them.",
            left,
        ),
        "warning",
    )
    return redirect(url_for(".preview", name=name, token=token), 303)


def _grouped(planned: imports.Plan) -> list[tuple[imports.Action, list[imports.PlannedRow]]]:
    """Return the rows by what becomes of them, the faulty ones first."""
    order = (
        imports.Action.FAULTY,
        imports.Action.ADD,
        imports.Action.CHANGE,
        imports.Action.UNCHANGED,
    )
    return [(action, [row for row in planned.rows if row.action is action]) for action in order]


def _uploads() -> Path:
    folder = settings().files / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep_upload(name: str, file_name: str, content: bytes, actor: Actor) -> str:
    """Keep an uploaded file, and forget those that are older than a day.

    Returns the token by which `kept_upload` finds it for this very person; ``name`` says what it
    is for.
    """
    oldest = (utcnow() - UPLOADS_KEPT).timestamp()
    for path in _uploads().iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    (_uploads() / digest).write_bytes(content)
    return _signer().dumps([name, digest, file_name[:200], str(actor.person_id)])


def kept_upload(name: str, token: str, actor: Actor) -> tuple[str, str, bytes]:
    """Return name, digest and content of an uploaded file of this very person, or abort."""
    try:
        kept = _signer().loads(token, max_age=int(UPLOADS_KEPT.total_seconds()))
        kept_name, digest, file_name, person = cast("list[str]", kept)
    except (BadSignature, ValueError):
        abort(404)
    path = _uploads() / digest
    if kept_name != name or person != str(actor.person_id) or not path.exists():
        abort(404)
    return file_name, digest, path.read_bytes()


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="tanjian.registers.import")
