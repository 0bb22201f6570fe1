"""The pages of the case desk: the blueprint and what its pages share.

A page reads one case as one person through `CasePage`, lists through `queries`; an act goes
through `desk` or `records` inside one write. Nothing here holds a rule.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import BinaryIO, Final, cast
from uuid import UUID

from flask import Blueprint, Response, abort, g, request, send_file
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import FileStorage

from app.accounts.sessions import current_actor, login_manager
from app.cases.confidential import refuse_without_reason
from app.cases.errors import InfectedFile
from app.cases.file_checks import BadFile
from app.cases.files import FileStore, Stored
from app.cases.models import StoredFile
from app.cases.page import CasePage
from app.cases.scans import INFECTED
from app.clock import utcnow
from app.db import close_request_session, request_session
from app.formats import Remaining, remaining
from app.law.periods import local_date
from app.law.terms import LawBook
from app.navigation import may_go
from app.registers.divisions import division_name
from app.releases.operations import current_law
from config import settings

cases: Final = Blueprint("cases", __name__)


@cases.before_request
def only_those_signed_in() -> ResponseReturnValue | None:
    """No page of the desk is open to anybody else, nor one the menu keeps from their role."""
    if current_user.is_authenticated:
        if not may_go(request.endpoint, current_actor().roles):
            abort(403)
        return None
    answer: ResponseReturnValue = login_manager.unauthorized()
    return answer


def now() -> datetime:
    """The instant of this request: one for everything it shows and does."""
    if "now" not in g:
        g.now = utcnow()
    instant: datetime = g.now
    return instant


def law() -> LawBook:
    """The law in force here, read once per request."""
    if "law" not in g:
        g.law = current_law(request_session())
    book: LawBook = g.law
    return book


def page_of(case_id: UUID) -> CasePage:
    """A case as the person at the browser reads it. Raises NoSuchCase, ReasonNeeded."""
    page = any_page_of(case_id)
    refuse_without_reason(page)
    return page


def any_page_of(case_id: UUID) -> CasePage:
    """The same before a reason was given where one is needed. Raises NoSuchCase."""
    page = CasePage(request_session(), current_actor(), case_id, now=now(), law=law())
    g.case_number = page.case.number  # for the log
    return page


def fresh_page(case_id: UUID) -> CasePage:
    """The same after somebody has written: as it is now, not as it was when the request came."""
    close_request_session()
    return page_of(case_id)


def store() -> FileStore:
    """The store of uploaded files."""
    return FileStore(settings().files, limit=settings().max_upload_bytes)


def taken(upload: FileStorage) -> Stored:
    """Take an uploaded file into the store. Raises BadFile."""
    stream = cast("BinaryIO", upload.stream)
    stored = store().put(stream, upload.filename or "", upload.content_type or "")
    if is_infected(stored.sha256):
        raise BadFile(
            f"文件「{stored.name}」检出恶意程序，不接受。",
            f"Malware was found in “{stored.name}”: not taken.",
        )
    return stored


def is_infected(sha256: str) -> bool:
    """Whether the scanner found malware in a stored content."""
    known = request_session().get(StoredFile, sha256)
    return known is not None and known.scan == INFECTED


def saved_as(sha256: str, media_type: str, name: str) -> Response:
    """A stored file as a download: whatever it is, the browser saves it and runs nothing of it.

    Raises InfectedFile.
    """
    if is_infected(sha256):
        raise InfectedFile
    answer = send_file(
        store().path(sha256),
        mimetype=media_type,
        as_attachment=True,
        download_name=name,
        etag=sha256,
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def left(due_on: date) -> Remaining:
    """What is left until a day, as the desk says it."""
    return remaining(due_on, local_date(now()), law().calendar)


@cases.context_processor
def shared() -> dict[str, object]:
    """What the templates of the desk call."""
    return {
        "left": left,
        "now": now(),
        "division_name": division_name,
        "largest_file": settings().max_upload_bytes,
    }
