"""Backups: the database, the files and, elsewhere, the keys, with a manifest that says what it is.

One folder takes any number of backups. Each has a folder of its own, named by its instant, with the
copy of the database and ``manifest.json``; files lie once for all of them in ``files``, under the
digest of their content, so that a later backup copies only what is new.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import checkpoints
from app.audit.models import ChainHead
from app.cases.models import Case, StoredFile
from app.db import Database
from app.operations import dumping, schema
from config import Settings

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
FILES: Final = "files"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class CannotBackUp(Exception):
    """Nothing was backed up; says why."""


class NotABackup(Exception):
    """There is no backup in the folder, or its manifest cannot be understood."""


@dataclass(frozen=True, slots=True)
class Audit:
    """How the audit stood: entries of all chains, a digest over their heads, newest checkpoint."""

    entries: int
    heads: str
    checkpoint: int
    checkpoint_hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one backup holds. Sizes in bytes, digests SHA-256."""

    made_at: str
    engine: str
    revision: tuple[str, ...]
    database: str
    database_size: int
    database_sha256: str
    audit: Audit
    files: dict[str, int]
    damaged: tuple[str, ...] = field(default=())
    """Files the database names, or the store has, that are gone or are not what their name says:
    they are not in the backup."""
    format: int = FORMAT

    def text(self) -> str:
        """As it is written down."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read one. Raises NotABackup."""
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            audit = Audit(**told.pop("audit"))
            revision, damaged = tuple(told.pop("revision")), tuple(told.pop("damaged"))
            found = cls(audit=audit, revision=revision, damaged=damaged, **told)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as wrong:
            raise NotABackup(f"{path} is no manifest of a backup") from wrong
        if (
            found.format != FORMAT
            or found.database not in dumping.NAMES.values()
            or not all(DIGEST.fullmatch(one) for one in found.files)
        ):
            raise NotABackup(f"{path} is the manifest of another program")
        return found


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made; ``copied`` of its files were new in the folder."""

    folder: Path
    manifest: Manifest
    copied: int

    @property
    def digest(self) -> str:
        """Of its manifest: written down elsewhere, it tells whether the backup was touched."""
        return digest_of(self.folder / MANIFEST)


def back_up(
    database: Database, settings: Settings, folder: Path, now: datetime, *, keys: Path | None = None
) -> Made:
    """Back up while the program runs, and return what was made.

    The database first: the files of everything it names are in the store already. ``keys`` is a
    folder the keys are copied to, which must not lie in the other. Raises CannotBackUp, CannotCopy.
    """
    folder = folder.resolve()
    if keys is not None:
        apart = keys.resolve()
        if apart.is_relative_to(folder) or folder.is_relative_to(apart):
            raise CannotBackUp("the keys must not lie with the backup: whoever has both can forge")
        if not _keys_in(settings.key_folder):
            raise CannotBackUp(f"there are no keys in {settings.key_folder}")
    with database.reader_engine.connect() as connection:
        if schema.behind(connection):
            raise CannotBackUp("the database is at another migration than this program")
    made = folder / now.strftime("%Y%m%dT%H%M%S%fZ")
    making = folder / f".making-{secrets.token_hex(4)}"
    making.mkdir(mode=0o700, parents=True)
    try:
        copy = making / dumping.name_of(database)
        with dumping.copied(database, copy) as session:
            audit = audit_of(session)
            revision = tuple(sorted(schema.current(session.connection())))
            named = set(session.scalars(select(StoredFile.sha256)))
        copy.chmod(0o600)
        files, damaged, copied = _keep_files(settings.files, folder / FILES)
        damaged |= named - set(files)
        manifest = Manifest(
            made_at=now.isoformat(),
            engine=database.engine.dialect.name,
            revision=revision,
            database=copy.name,
            database_size=copy.stat().st_size,
            database_sha256=digest_of(copy),
            audit=audit,
            files=files,
            damaged=tuple(sorted(damaged)),
        )
        (making / MANIFEST).write_text(manifest.text(), encoding="utf-8")
        for path in (copy, making / MANIFEST, making):
            settle(path)
        making.rename(made)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    settle(folder)
    if keys is not None:
        copy_keys(settings.key_folder, keys, replace=True)
    return Made(made, manifest, copied)


def audit_of(session: Session) -> Audit:
    """How the audit stands, as a session sees it."""
    heads = sorted(
        (str(row[0]), int(row[1]), str(row[2]))
        for query in (
            select(Case.id, Case.last_seq, Case.last_hash),
            select(ChainHead.chain_id, ChainHead.last_seq, ChainHead.last_hash),
        )
        for row in session.execute(query, execution_options={"case_seen": True})
    )
    lines = "".join(f"{chain} {seq} {hashed}\n" for chain, seq, hashed in heads)
    newest = checkpoints.latest(session)
    return Audit(
        entries=sum(seq + 1 for _, seq, _ in heads),
        heads=hashlib.sha256(lines.encode()).hexdigest(),
        checkpoint=newest.number if newest is not None else 0,
        checkpoint_hash=newest.hash if newest is not None else "",
    )


def stored(folder: Path) -> Iterator[Path]:
    """The files of a store, by digest; what is just coming in is none."""
    for path in sorted(folder.glob("??/*")):
        if DIGEST.fullmatch(path.name) and path.is_file():
            yield path


def _keep_files(store: Path, kept: Path) -> tuple[dict[str, int], set[str], int]:
    """Copy what is new; return all there are, those that were damaged, and how many were new."""
    files: dict[str, int] = {}
    damaged: set[str] = set()
    copied = 0
    for path in stored(store):
        target = kept / path.name[:2] / path.name
        if not (target.exists() and digest_of(target) == path.name):
            if not copy_checked(path, target):
                damaged.add(path.name)
                continue
            copied += 1
        files[path.name] = target.stat().st_size
    return files, damaged, copied


def copy_checked(source: Path, target: Path) -> bool:
    """Copy a file named by its digest, whole or not at all; say whether it was what its name is."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = target.with_name(f".incoming-{secrets.token_hex(4)}")
    try:
        shutil.copyfile(source, own)
        if digest_of(own) != target.name:
            return False
        settle(own)
        own.replace(target)
        settle(target.parent)
    finally:
        own.unlink(missing_ok=True)
    return True


def _keys_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file())


def copy_keys(source: Path, target: Path, *, replace: bool) -> None:
    """Copy keys for their owner only; with ``replace`` a key that gives way is kept beside them.

    Raises CannotBackUp where there are none, or where one would have to give way and may not.
    """
    if not (found := _keys_in(source)):
        raise CannotBackUp(f"there are no keys in {source}")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in found:
        content, new = path.read_bytes(), target / path.name
        if new.exists() and new.read_bytes() != content:
            if not replace:
                raise CannotBackUp(f"{new} is another key than the one that was kept")
            new.rename(new.with_name(f"{new.name}.{digest_of(new)[:8]}"))
        own = target / f".{path.name}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        own.replace(new)
    settle(target)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, outlast a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def newest(folder: Path) -> Path:
    """The folder of the newest backup in a folder, or the folder itself if it is one.

    Raises NotABackup.
    """
    if (folder / MANIFEST).is_file():
        return folder
    found = sorted(path.parent for path in folder.glob(f"[0-9]*/{MANIFEST}"))
    if not found:
        raise NotABackup(f"there is no backup in {folder}")
    return found[-1]
