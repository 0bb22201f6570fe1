"""Putting a backup back: into an empty place, checked before, while and after it is copied."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from app.audit import verification
from app.audit.covering import Handed
from app.db import Database
from app.operations import backup, dumping, schema
from app.operations.backup import FILES, MANIFEST, Manifest
from config import Settings

NAMED: Final = 5
"""How many of the files that are missing are named."""


class CannotRestore(Exception):
    """Nothing was put back; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back and what the verification found in it.

    ``left`` is where the database lies that gave way; empty where there was none.
    """

    manifest: Manifest
    left: str
    outcome: verification.Outcome
    is_same: bool
    """Whether the audit has the heads the manifest names."""


def looked_through(folder: Path, handed: Handed | None = None) -> Manifest:
    """Check a backup without touching anything, and return its manifest.

    Raises NotABackup, CannotRestore.
    """
    manifest = Manifest.read(folder / MANIFEST)
    if set(manifest.revision) != schema.newest():
        raise CannotRestore(
            f"it was made at migration {', '.join(manifest.revision)}: restore it with the program "
            "of that migration, then flask db upgrade with this one"
        )
    copy = folder / manifest.database
    if not copy.is_file() or backup.digest_of(copy) != manifest.database_sha256:
        raise CannotRestore(f"{copy} is not what was backed up: take another backup")
    kept = folder.parent / FILES
    gone = [name for name in manifest.files if not _is_whole(kept / name[:2] / name)]
    if gone:
        named = ", ".join(gone[:NAMED])
        raise CannotRestore(f"{len(gone)} files are missing or altered in {kept}: {named}")
    if handed is not None and manifest.audit.checkpoint < handed.number:
        raise CannotRestore(
            f"this backup is older than the handed-out checkpoint: it ends at checkpoint "
            f"{manifest.audit.checkpoint}, that is checkpoint {handed.number}. Take a newer one"
        )
    return manifest


def _is_whole(path: Path) -> bool:
    return path.is_file() and backup.digest_of(path) == path.name


def restore(
    database: Database,
    settings: Settings,
    folder: Path,
    now: datetime,
    *,
    replace: bool = False,
    keys: Path | None = None,
    handed: Handed | None = None,
) -> Restored:
    """Put the backup in ``folder`` where the settings say, and verify all of it.

    The program must not run. With ``replace`` what is there gives way and is kept aside.
    Raises NotABackup, CannotRestore, CannotCopy, CannotBackUp.
    """
    manifest = looked_through(folder, handed)
    if dumping.name_of(database) != manifest.database:
        raise CannotRestore(f"it is of {manifest.engine}, and DATABASE_URL names another engine")
    if not replace:
        if not dumping.is_empty(database):
            raise CannotRestore("the database is not empty: name an empty one, or --replace")
        if any(backup.stored(settings.files)):
            raise CannotRestore(f"{settings.files} is not empty: name an empty one, or --replace")
    if keys is not None:
        backup.copy_keys(keys, settings.key_folder, replace=False)
    for name in manifest.files:
        source, target = (one / name[:2] / name for one in (folder.parent / FILES, settings.files))
        if not _is_whole(target) and not backup.copy_checked(source, target):
            raise CannotRestore(f"the file {name} was altered while it was copied")
    stamp = hashlib.sha256(now.isoformat().encode()).hexdigest()[:8]
    left = dumping.put_back(database, folder / manifest.database, stamp)
    with database.read() as session:
        is_same = backup.audit_of(session) == manifest.audit
    outcome = verification.verify(database, now, handed=handed, files=settings.files, jobs=1)
    return Restored(manifest, left, outcome, is_same)
