"""The case file 卷宗 at the browser: its tab, compiling it, downloading its volumes and archive."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Response, abort, flash, redirect
from flask import url_for as to
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from app.accounts.sessions import current_actor
from app.audit.reads import Restricted, record_read
from app.cases.errors import NoSuchCase
from app.cases.page import CasePage
from app.cases.panels import Context, Panel
from app.cases.snapshot import SEEN
from app.cases.views import now, page_of, saved_as, store
from app.db import database
from app.documents import casefile, casefile_desk
from app.documents.casefile_binding import VOLUME_FILES
from app.documents.casefile_desk import Desk
from app.documents.catalogue import Volume
from app.documents.models import CaseFile
from app.documents.rendering import PDF
from app.documents.views import documents

PARTS: Final = {
    "main": ("main_sha256", PDF, VOLUME_FILES[Volume.MAIN]),
    "side": ("side_sha256", PDF, VOLUME_FILES[Volume.SIDE]),
    "archive": ("archive_sha256", casefile.ZIP, "案卷.zip"),
}
"""What can be downloaded: where its digest stands, its media type, the end of its name."""
CLOSED: Final = {"side": Restricted.SIDE_VOLUME, "archive": Restricted.ARCHIVE}
"""Parts that hold what is closed to the parties: downloading one is a read, and recorded."""


def tab(page: CasePage) -> Context:
    """The file as its tab shows it."""
    return {"desk": Desk(page, store())}


PANEL: Final = Panel(
    key="casefile",
    label=lambda: str(gettext("Case file")),
    shows=casefile_desk.shows,
    template="documents/casefile.html",
    context=tab,
    after="documents",
)


def _read(case_id: UUID) -> CasePage:
    """A case whose file the person may read. Raises NoSuchCase."""
    page = page_of(case_id)
    if not casefile_desk.shows(page):
        raise NoSuchCase
    return page


@documents.post("/cases/<uuid:case_id>/casefile")
def compile_case_file(case_id: UUID) -> ResponseReturnValue:
    """Compile the file as the case stands now."""
    _read(case_id)
    made = casefile.compile_file(database(), store(), case_id, actor=current_actor(), now=now())
    if made.again:
        flash(gettext("Nothing has changed: the case file is the one compiled before."), "success")
    else:
        pages = made.file.main_pages, made.file.side_pages
        flash(
            gettext(
                "Case file compiled: main volume %(main)s pages, side volume %(side)s pages.",
                main=pages[0],
                side=pages[1],
            ),
            "success",
        )
    return redirect(to("cases.show", case_id=case_id, tab=PANEL.key) + "#matter", 303)


@documents.get("/cases/<uuid:case_id>/casefile/<int:seq>/<part>")
def case_file(case_id: UUID, seq: int, part: str) -> Response:
    """A volume or the archive, as it was compiled in one entry."""
    page = _read(case_id)
    if part not in PARTS:
        abort(404)
    query = select(CaseFile).where(CaseFile.case_id == case_id, CaseFile.seq == seq)
    file = page.session.scalars(query, execution_options=SEEN).one_or_none()
    if file is None:
        raise NoSuchCase
    column, media, name = PARTS[part]
    if part in CLOSED:
        _record_read(page, seq, CLOSED[part])
    return saved_as(getattr(file, column), media, f"{page.case.number} {name}")


def _record_read(page: CasePage, seq: int, what: Restricted) -> None:
    """Enter the read before a byte is sent.

    Nobody is asked why: the side volume is kept for those who handle or audit the case, and
    `casefile.may_read` lets nobody else come here.
    """
    database().write(
        lambda session: record_read(
            session, page.actor, chain_id=page.case.id, seq=seq, what=what, reason="", now=page.now
        )
    )
