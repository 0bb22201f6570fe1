"""The store of files: each content once, under its SHA-256, checked by what it is, not by its name.

Uploads are hostile: bounded in size while they stream, and looked at by `file_checks` before they
get their place in the store.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from app.cases.file_checks import CHUNK, BadFile, media_type_of

LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies in the store. ``size`` in bytes."""

    sha256: str
    size: int
    media_type: str
    name: str


class FileStore:
    """Files under one folder, two letters of the digest deep."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        self.folder = folder
        self.limit = limit

    def path(self, sha256: str) -> Path:
        """Where a content lies. Raises ValueError for anything but a digest."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(sha256)
        return self.folder / sha256[:2] / sha256

    def put(self, stream: BinaryIO, name: str, declared: str = "") -> Stored:
        """Take a stream into the store. The same content twice is one file. Raises BadFile.

        ``declared`` is the media type the browser gave.
        """
        return self._take(stream, name, None, declared)

    def keep(self, stream: BinaryIO, name: str, media_type: str) -> Stored:
        """Take what the program made itself: of any size, and known to be what it is."""
        return self._take(stream, name, media_type)

    def _take(self, stream: BinaryIO, name: str, own: str | None, declared: str = "") -> Stored:
        name = clean_name(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, taken = tempfile.mkstemp(dir=self.folder, prefix="incoming-")
        try:
            with os.fdopen(handle, "wb") as kept:
                digest, size = self._copy(stream, kept, name, bounded=own is None)
            media_type = own or media_type_of(Path(taken), name, declared)
            target = self.path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(taken).replace(target)
        finally:
            Path(taken).unlink(missing_ok=True)
        return Stored(digest, size, media_type, name)

    def _copy(
        self, stream: BinaryIO, kept: BinaryIO, name: str, *, bounded: bool
    ) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if bounded and size > self.limit:
                most = self.limit // (1024 * 1024)
                raise BadFile(
                    f"文件「{name}」超过 {most} MB 上限，未保存。",
                    f"“{name}” is larger than {most} MB and was not kept.",
                )
            digest.update(chunk)
            kept.write(chunk)
        if size == 0:
            raise BadFile(
                f"文件「{name}」是空文件，未保存。", f"“{name}” is empty and was not kept."
            )
        kept.flush()
        os.fsync(kept.fileno())
        return digest.hexdigest(), size

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """Stream a content back."""
        with self.path(sha256).open("rb") as kept:
            while chunk := kept.read(CHUNK):
                yield chunk


def clean_name(name: str) -> str:
    """The last part of a name without control characters; long names keep their extension."""
    last = re.split(r"[\\/]", name)[-1]
    printable = "".join(c for c in last if c.isprintable()).strip() or "file"
    if len(printable) > LONGEST_NAME:
        suffix = Path(printable).suffix[:20]
        printable = printable[: LONGEST_NAME - len(suffix)] + suffix
    return printable
