"""The case file 卷宗 of a case: who may read and compile it, compiling, and what is kept of it.

Compiling reads the case, binds the file outside of any transaction, and then writes an entry with
the digests into the case's chain. Compiling the same state again changes nothing. Nothing here
commits but through the database that is handed over.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cases import records
from app.cases.errors import NoSuchCase, NotPermitted
from app.cases.files import FileStore, Stored
from app.cases.models import Case
from app.cases.operations import locked
from app.cases.sight import case_for
from app.cases.snapshot import SEEN, Snapshot
from app.db import Database, new_id, table_of
from app.documents.casefile_binding import MANIFEST, BoundFile, bind
from app.documents.casefile_contents import COMPILED, Contents, contents_of
from app.documents.catalogue import Volume
from app.documents.models import CaseFile
from app.documents.operations import RECORDS
from app.documents.rendering import PDF
from app.engine.actors import SYSTEM_ACTOR, Actor, Capacity, Role
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label

LABELS: Final = {COMPILED: Label("编制案卷", "Case file compiled")}
LIFECYCLES: Final = frozenset({"penalty_procedure", "agency_penalty", "joint_enforcement"})
"""What is kept in a case file; tracks beside them are kept in theirs."""
cases = table_of(Case)
ZIP: Final = "application/zip"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Compiled:
    """The file of a case. ``again`` says that it was there already, compiled of the same state."""

    file: CaseFile
    again: bool


# Who may ----------------------------------------------------------------------------------------


def has_file(view: Snapshot) -> bool:
    """Whether cases of this kind are kept in a file of their own."""
    return view.lifecycle.key in LIFECYCLES


def may_read(view: Snapshot, actor: Actor) -> bool:
    """Whether somebody may read the file: the people of the body that leads, and auditors.

    Both volumes: a party is shown the main volume by the authority, which decides what must be
    kept from it.
    """
    leads = Capacity.LEAD in view.capacities_of(actor) and actor.is_authority
    return has_file(view) and (leads or Role.AUDITOR in actor.roles)


def why_not(view: Snapshot, actor: Actor) -> list[Refusal]:
    """Why somebody may not compile the file; nothing if they may."""
    if actor == SYSTEM_ACTOR:
        return []
    of_body = actor.organisation_id == view.row["authority_id"]
    if not of_body or stands_for(actor, view.capacities_of(actor), RECORDS) is None:
        return [Refusal(Why.NOT_YOU, reserved_to(RECORDS))]
    return []


def _refuse(view: Snapshot, actor: Actor) -> None:
    if not has_file(view):
        raise NoSuchCase
    if refused := why_not(view, actor):
        raise NotPermitted(refused)


def _seen(session: Session, case_id: UUID, actor: Actor) -> Case:
    """A case somebody may see. Raises NoSuchCase."""
    mine = select(Case).where(Case.id == case_id)
    query = mine if actor == SYSTEM_ACTOR else case_for(actor, case_id)
    found = session.scalars(query, execution_options=SEEN).one_or_none()
    if found is None:
        raise NoSuchCase
    return found


# Compiling --------------------------------------------------------------------------------------


def compile_file(
    database: Database, files: FileStore, case_id: UUID, *, actor: Actor, now: datetime
) -> Compiled:
    """Compile the file of a case as it is now, keep it, and enter its digests.

    Raises NoSuchCase, NotPermitted, and DocumentRefused where the bytes of a paper are not those
    its entry names; nothing is written then.
    """
    with database.read() as session:
        contents = _contents(session, case_id, actor)
    with tempfile.TemporaryDirectory(prefix="casefile-") as folder:
        bound = bind(contents, files, Path(folder))
        kept = _kept(bound, files)
    work = partial(_noted, contents=contents, bound=bound, kept=kept, actor=actor, now=now)
    return database.write(work)


def _kept(bound: BoundFile, files: FileStore) -> dict[str, Stored]:
    """Put the volumes, the manifest and the archive into the store."""
    found = {}
    for one in bound.volumes:
        with one.path.open("rb") as stream:
            found[one.volume.value] = files.keep(stream, one.path.name, PDF)
    found["manifest"] = files.keep(io.BytesIO(bound.manifest), MANIFEST, JSON)
    with bound.archive.open("rb") as stream:
        found["archive"] = files.keep(stream, bound.archive.name, ZIP)
    return found


def _contents(session: Session, case_id: UUID, actor: Actor) -> Contents:
    case = _seen(session, case_id, actor)
    _refuse(Snapshot(session, {c.name: getattr(case, c.key) for c in cases.columns}), actor)
    return contents_of(session, case_id)


def _noted(
    session: Session,
    contents: Contents,
    bound: BoundFile,
    kept: Mapping[str, Stored],
    actor: Actor,
    now: datetime,
) -> Compiled:
    """Write the entry and the row, unless the newest file is the same to the byte."""
    _seen(session, contents.case_id, actor)
    view = locked(session, contents.case_id)
    _refuse(view, actor)
    last = newest(session, contents.case_id)
    if last is not None and last.archive_sha256 == kept["archive"].sha256:
        return Compiled(last, again=True)
    for stored in kept.values():
        records.remember(session, stored, now=now)
    pages = {one.volume: one.pages for one in bound.volumes}
    told: dict[str, Any] = {
        name: {"sha256": stored.sha256, "size": stored.size} for name, stored in kept.items()
    }
    told["pages"] = {volume.value: count for volume, count in pages.items()}
    told["as_of"] = [{"case": head.case_id, "seq": head.seq} for head in contents.heads]
    file = CaseFile(
        id=new_id(),
        case_id=contents.case_id,
        seq=records.append(view, COMPILED, actor, told, now),
        compiled_at=now,
        compiled_by_name=actor.written_name,
        main_sha256=kept[Volume.MAIN.value].sha256,
        main_pages=pages[Volume.MAIN],
        side_sha256=kept[Volume.SIDE.value].sha256,
        side_pages=pages[Volume.SIDE],
        archive_sha256=kept["archive"].sha256,
        archive_size=kept["archive"].size,
    )
    session.add(file)
    session.flush()
    return Compiled(file, again=False)


# What is there ----------------------------------------------------------------------------------


def newest(session: Session, case_id: UUID) -> CaseFile | None:
    """The file of a case that counts; None if it was never compiled."""
    query = select(CaseFile).where(CaseFile.case_id == case_id).order_by(CaseFile.seq.desc())
    return session.scalars(query.limit(1), execution_options=SEEN).first()
