"""The page of exports: choose, have it written while one waits, and see what was exported."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from flask import Response, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.accounts.sessions import current_actor
from app.assurance import exports, log, reports_handed, verify_export
from app.assurance.export_form import ExportForm
from app.assurance.formats import WRITERS
from app.assurance.reports_handed_views import format_of
from app.assurance.views import assurance
from app.audit import checkpoints, keys
from app.cases.views import now
from app.db import database, request_session
from app.formats import label
from app.insights.views import address
from app.law.periods import LOCAL_ZONE
from config import settings

WRONG: Final = 422
MOST_ENTRIES: Final = 50_000
"""A browser does not wait for more entries than this, inclusive."""
LISTED: Final = 20


@assurance.get("/exports", endpoint="exports")
def show_exports() -> ResponseReturnValue:
    """The form, and what was exported so far."""
    return _page(_form())


@assurance.post("/exports")
def make_export() -> ResponseReturnValue:
    """Write the export, record it, and hand it over."""
    form = _form()
    if not form.validate():
        return _page(form), WRONG
    try:
        exports.size_of(request_session(), form.chosen, most=MOST_ENTRIES)
    except exports.TooLarge:
        return _page(form, too_large=True), WRONG
    try:
        return _made(form)
    except exports.CannotUnmask as refused:
        form.unmask.errors = [label(refused.label)]
    except exports.ReasonMissing as refused:
        form.reason.errors = [label(refused.label)]
    return _page(form), WRONG


@assurance.get("/exports/verify_export.py")
def verifier() -> Response:
    """The program that verifies an export anywhere."""
    return send_file(
        verify_export.__file__,
        mimetype="text/x-python",
        as_attachment=True,
        download_name="verify_export.py",
    )


@assurance.get("/exports/public-key.txt")
def public_key() -> Response:
    """The public key that signs checkpoints now, 64 hexadecimal digits."""
    newest = checkpoints.latest(request_session()) or abort(404)
    answer = Response(f"{checkpoints.told(newest)['key']}\n", mimetype="text/plain")
    answer.headers.set("Content-Disposition", "attachment", filename="tanjian-public-key.txt")
    return answer


def _form() -> ExportForm:
    return ExportForm(request_session(), current_actor(), request.form or None)


def _page(form: ExportForm, *, too_large: bool = False) -> str:
    reading, actor = request_session(), current_actor()
    after = log.Key.read(request.args.get("after", ""))
    made = reports_handed.exports(reading, actor, log.Search(), after, size=LISTED)
    newest = checkpoints.latest(reading)
    return render_template(
        "assurance/exports.html",
        form=form,
        writers=WRITERS,
        too_large=too_large,
        most=MOST_ENTRIES,
        made=made.found,
        format_of=format_of,
        first=address(after=None) if after is not None else None,
        older=address(after=str(made.older)) if made.older else None,
        public_key=keys.fingerprint(checkpoints.told(newest)["key"]) if newest else "",
    )


def _made(form: ExportForm) -> Response:
    """Make the export in a folder that is gone before its bytes are sent."""
    writer, at = WRITERS[form.format.data], now()
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / f"export{writer.suffix}"
        made = exports.export(
            database(),
            settings(),
            current_actor(),
            writer,
            form.chosen,
            out=path,
            now=at,
            masked=not form.unmask.data,
            reason=form.reason.data or "",
            against=form.checkpoints,
        )
        content = path.open("rb")
    title, stamp = gettext("Audit export"), f"{at.astimezone(LOCAL_ZONE):%Y-%m-%d %H%M}"
    name = f"{title} {stamp}{writer.suffix}"
    answer = send_file(content, mimetype=writer.media_type, as_attachment=True, download_name=name)
    answer.content_length = made.size
    return answer
