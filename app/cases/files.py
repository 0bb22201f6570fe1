"""The store of files: each content once, under its SHA-256, checked by what it is, not by its name.

Uploads are hostile: bounded in size while they stream, known by signature, and refused where name
and content disagree, where an office file carries macros, or where an archive would burst.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from app.cases.errors import BadInputs
from app.law.labels import Label

CHUNK: Final = 1 << 16
HEAD: Final = 4096
MOST_IN_ARCHIVE: Final = 500 * 1024 * 1024
HIGHEST_RATIO: Final = 200
LONGEST_NAME: Final = 200

OFFICE: Final = {
    "word/document.xml": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        {".docx"},
    ),
    "xl/workbook.xml": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        {".xlsx"},
    ),
    "OFD.xml": ("application/ofd", {".ofd"}),
}
SIGNATURES: Final = (
    (b"%PDF-", "application/pdf", {".pdf"}),
    (b"\x89PNG\r\n\x1a\n", "image/png", {".png"}),
    (b"\xff\xd8\xff", "image/jpeg", {".jpg", ".jpeg"}),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "application/x-ole-storage",
        {".doc", ".xls", ".wps", ".et"},
    ),
)
TEXT: Final = {".csv": "text/csv", ".txt": "text/plain"}
ACCEPTED: Final = ".pdf .png .jpg .jpeg .docx .xlsx .ofd .doc .xls .wps .et .csv .txt"


class BadFile(BadInputs):
    """The file cannot be taken; carries the sentence under ``file``."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__({"file": Label(zh, en)})


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

    def put(self, stream: BinaryIO, name: str) -> Stored:
        """Take a stream into the store. The same content twice is one file. Raises BadFile."""
        return self._take(stream, name, None)

    def keep(self, stream: BinaryIO, name: str, media_type: str) -> Stored:
        """Take what the program made itself: of any size, and known to be what it is."""
        return self._take(stream, name, media_type)

    def _take(self, stream: BinaryIO, name: str, own: str | None) -> Stored:
        name = clean_name(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, taken = tempfile.mkstemp(dir=self.folder, prefix="incoming-")
        try:
            with os.fdopen(handle, "wb") as kept:
                digest, size = self._copy(stream, kept, name, bounded=own is None)
            media_type = own or media_type_of(Path(taken), name)
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


def media_type_of(path: Path, name: str) -> str:
    """Tell a file by its content; refuse one that its name belies. Raises BadFile."""
    with path.open("rb") as kept:
        head = kept.read(HEAD)
    suffix = Path(name).suffix.lower()
    if head.startswith(b"PK\x03\x04"):
        media_type, suffixes = _office(path, name)
        return _agreed(media_type, suffixes, suffix, name)
    for signature, media_type, suffixes in SIGNATURES:
        if head.startswith(signature):
            return _agreed(media_type, suffixes, suffix, name)
    if suffix in TEXT and _is_text(head):
        return TEXT[suffix]
    raise BadFile(
        f"不接受「{name}」这种文件。可上传：{ACCEPTED}。",
        f"“{name}” is of a kind that is not taken. Taken are: {ACCEPTED}.",
    )


def _agreed(media_type: str, suffixes: set[str], suffix: str, name: str) -> str:
    if suffix not in suffixes:
        raise BadFile(
            f"文件「{name}」的内容与扩展名不符（应为 {'、'.join(sorted(suffixes))}）。",
            f"The content of “{name}” is not what its name says ({', '.join(sorted(suffixes))}).",
        )
    return media_type


def _office(path: Path, name: str) -> tuple[str, set[str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise BadFile(f"文件「{name}」已损坏。", f"“{name}” is damaged.") from None
    total = sum(entry.file_size for entry in entries)
    if total > MOST_IN_ARCHIVE or total > HIGHEST_RATIO * max(path.stat().st_size, 1):
        raise BadFile(f"文件「{name}」解压后过大。", f"“{name}” would burst when unpacked.")
    names = {entry.filename for entry in entries}
    if any(entry.lower().endswith("vbaproject.bin") for entry in names):
        raise BadFile(f"文件「{name}」含有宏，不接受。", f"“{name}” carries macros: not taken.")
    for part, known in OFFICE.items():
        if part in names:
            return known
    raise BadFile(
        f"不接受压缩包「{name}」，请逐个上传文件。",
        f"“{name}” is an archive: upload its files one by one.",
    )


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head[: len(head) // 4 * 4 or len(head)].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start >= len(head) - 4:
                return True
        else:
            return True
    return False
