"""ZIP archives that are the same to the byte whenever they hold the same: one time, one order.

Members are copied in a stream. No name leads out of the folder in which somebody unpacks one.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from app.cases.file_checks import CHUNK
from app.cases.files import clean_name
from app.documents.rendering import UNSAFE

EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The one time every member bears."""
RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)
"""Names that are devices on Windows."""


def safe_name(name: str) -> str:
    """A name somebody chose, as one that is safe on any file system and leads nowhere else."""
    safe = clean_name(name).translate(UNSAFE).strip(". ") or "file"
    return f"_{safe}" if safe.partition(".")[0].lower() in RESERVED else safe


class Archive:
    """Writes a ZIP at a path; ``digests`` are the SHA-256 of its members by name, in their order.

    Nothing is compressed: what takes up room, pages and pictures, is so already.
    """

    def __init__(self, path: Path) -> None:
        self.digests: dict[str, str] = {}
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def put(self, name: str, content: bytes) -> None:
        """Add a member."""
        self._zip.writestr(_member(name), content)
        self.digests[name] = hashlib.sha256(content).hexdigest()

    def copy(self, name: str, path: Path) -> str:
        """Add a file as a member; return the SHA-256 of what was copied."""
        member, found = _member(name), hashlib.sha256()
        member.file_size = path.stat().st_size
        with path.open("rb") as source, self._zip.open(member, "w") as target:
            while chunk := source.read(CHUNK):
                found.update(chunk)
                target.write(chunk)
        self.digests[name] = found.hexdigest()
        return self.digests[name]


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EPOCH)
    member.create_system = 3
    member.external_attr = 0o644 << 16
    return member
