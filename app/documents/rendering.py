"""Rendering what was sealed: after the commit, as often as need be, always to the same bytes.

A sealed document is put into both forms, its bytes into the store, and the entry with their digests
into the chain of its case. Whoever comes second finds it done.
"""

from __future__ import annotations

import io
import logging
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.cases.files import FileStore, Stored
from app.cases.models import CaseDocument
from app.cases.snapshot import SEEN
from app.db import Database
from app.documents import pdf, word
from app.documents.operations import note_rendered

BATCH: Final = 50
PDF: Final = "application/pdf"
WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_log: Final = logging.getLogger(__name__)
_UNRENDERED: Final = select(
    CaseDocument.id, CaseDocument.case_id, CaseDocument.content, CaseDocument.sealed_at
).where(
    CaseDocument.sealed_at.is_not(None),
    CaseDocument.rendered_at.is_(None),
    CaseDocument.voided_at.is_(None),
)
UNSAFE: Final = str.maketrans(dict.fromkeys('\\/:*?"<>|\n\t', "_"))


def render_due(database: Database, files: FileStore, now: datetime) -> int:
    """Render every sealed document that has not been; return how many were."""
    done = 0
    after: tuple[datetime, UUID] | None = None
    while due := _due(database, after):
        for row in due:
            done += _tried(database, files, row, now)
        after = (due[-1].sealed_at, due[-1].id)
    return done


def anything_sealed(database: Database, _now: datetime) -> bool:
    """Whether a sealed document waits to be rendered; reads only."""
    return bool(_due(database, None))


def render_now(database: Database, files: FileStore, document_id: UUID, now: datetime) -> bool:
    """Render the one document that was just sealed; what fails is left to `render_due`."""
    query = _UNRENDERED.where(CaseDocument.id == document_id)
    with database.read() as session:
        row = session.execute(query, execution_options=SEEN).one_or_none()
    return row is not None and _tried(database, files, row, now)


def _tried(database: Database, files: FileStore, row: Any, now: datetime) -> bool:
    """Render one document; one that cannot be is told of, and keeps no other waiting."""
    try:
        return render_one(database, files, row, now)
    except (RuntimeError, ValueError) as failed:
        _log.error("document %s cannot be rendered", row.id, exc_info=failed)
        return False


def _due(database: Database, after: tuple[datetime, UUID] | None) -> list[Any]:
    table = CaseDocument
    query = _UNRENDERED.order_by(table.sealed_at, table.id).limit(BATCH)
    if after is not None:
        at, document_id = after
        query = query.where(
            (table.sealed_at > at) | ((table.sealed_at == at) & (table.id > document_id))
        )
    with database.read() as session:
        return list(session.execute(query, execution_options=SEEN))


def render_one(database: Database, files: FileStore, row: Any, now: datetime) -> bool:
    """Render one document and note it; False if somebody else has."""
    final, editable = stored(files, row.content, row.sealed_at)
    work = partial(
        note_rendered, case_id=row.case_id, document_id=row.id, pdf=final, word=editable, now=now
    )
    return database.write(work)


def stored(files: FileStore, content: dict[str, Any], sealed_at: datetime) -> tuple[Stored, Stored]:
    """Both forms of a content in the store."""
    name = file_name(content)
    final = files.keep(io.BytesIO(pdf.render(content, sealed_at)), f"{name}.pdf", PDF)
    editable = files.keep(io.BytesIO(word.render(content, sealed_at)), f"{name}.docx", WORD)
    return final, editable


def file_name(content: dict[str, Any]) -> str:
    """What a document is called as a file: its number, then its title."""
    return f"{content['number']} {content['title']}".strip().translate(UNSAFE)
