"""What an uploaded file is, told by its content; what may not be taken is refused in a sentence.

Name, content and what the browser says must agree. Refused are macros, encryption (nobody could
look inside, neither a person nor a scanner), archives that would burst, and files that are two
things at once. Nothing is unpacked to disk; what is read is bounded.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from app.cases.errors import BadInputs
from app.law.labels import Label

CHUNK: Final = 1 << 16
HEAD: Final = 4096
MOST_IN_ARCHIVE: Final = 500 * 1024 * 1024
"""Bytes of all parts of an office file, unpacked."""
HIGHEST_RATIO: Final = 200
MOST_ENTRIES: Final = 10_000
DEEPEST: Final = 1
"""An office file may hold office files (a sheet in a report), those no others."""
LARGEST_INSIDE: Final = 20 * 1024 * 1024
"""Bytes of an office file inside another one."""

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OLE: Final = "application/x-ole-storage"
OLE_MARK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PACKAGE: Final = "[content_types].xml"
"""The part of an office file that says what the others are; in names of parts case is nothing."""
OFFICE: Final = {
    "word/document.xml": (DOCX, {".docx"}),
    "xl/workbook.xml": (XLSX, {".xlsx"}),
    "OFD.xml": ("application/ofd", {".ofd"}),
}
SIGNATURES: Final = (
    (b"%PDF-", "application/pdf", {".pdf"}),
    (b"\x89PNG\r\n\x1a\n", "image/png", {".png"}),
    (b"\xff\xd8\xff", "image/jpeg", {".jpg", ".jpeg"}),
    (OLE_MARK, OLE, {".doc", ".xls", ".wps", ".et"}),
)
TEXT: Final = {".csv": "text/csv", ".txt": "text/plain"}
ACCEPTED: Final = ".pdf .png .jpg .jpeg .docx .xlsx .ofd .doc .xls .wps .et .csv .txt"

_ZIP: Final = b"PK\x03\x04"
_ARCHIVES: Final = (_ZIP, b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_PLAIN: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""How office programs pack."""
_HEADER: Final = 30
"""Bytes before the name of a part, where its content begins."""
_DAMAGE: Final = (
    zipfile.BadZipFile,  # heads that do not agree, a wrong checksum
    zlib.error,  # a packed content that is none
    EOFError,  # zipfile: a content that ends early
    NotImplementedError,  # zipfile: flags and versions of other packers
    UnicodeDecodeError,  # zipfile: a name that is not the UTF-8 it says it is
)
"""What reading a damaged archive raises."""
_RUNS: Final = re.compile(
    r"\.(?:bat|cmd|com|cpl|exe|hta|html?|jar|jse?|lnk|msi|php|pif|ps1|py|scr|sh|svg|vb[es]|wsf)",
    re.IGNORECASE,
)
"""Extensions of what runs; hidden before another extension they can only be meant to mislead."""
_TABLES: Final = {"text/csv", "text/plain", OLE, XLSX}
_DECLARED: Final = {
    "application/pdf": {"application/pdf"},
    "image/png": {"image/png"},
    "image/jpeg": {"image/jpeg"},
    DOCX: {DOCX},
    XLSX: {XLSX},
    "application/msword": {OLE, DOCX},
    "application/vnd.ms-excel": _TABLES,  # what Windows calls a CSV, too
    "text/csv": _TABLES,
    "text/plain": {"text/csv", "text/plain"},
    "text/html": set[str](),
    "image/svg+xml": set[str](),
    "application/javascript": set[str](),
    "text/javascript": set[str](),
    "application/x-msdownload": set[str](),
}
"""What a file may be that is declared as such. Anything else a browser says counts for nothing."""
_MARKUP: Final = re.compile(rb"<!doctype html|<html|<script|<svg[\s>]|<iframe", re.IGNORECASE)
_MARKUP_FIRST: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype|<\?|<!--|<[a-z]+[\s>]|#!)", re.IGNORECASE
)
_PDF_LOCK: Final = re.compile(rb"/Encrypt\s*(?:<<|\d+\s+\d+\s+R)")
_OLE_MACROS: Final = re.compile(re.escape("_VBA_PROJECT".encode("utf-16-le")))
_OLE_LOCK: Final = re.compile(re.escape("EncryptedPackage".encode("utf-16-le")))
_OLE_OFFICE: Final = re.compile(
    b"|".join(f"{name}\0".encode("utf-16-le") for name in ("WordDocument", "Workbook", "Book"))
)
_TYPE_OF_MACROS: Final = re.compile(
    rb"m\0?a\0?c\0?r\0?o\0?e\0?n\0?a\0?b\0?l\0?e\0?d|v\0?b\0?a\0?p\0?r\0?o\0?j\0?e\0?c\0?t|&#|&\0#",
    re.IGNORECASE,
)
"""As UTF-8 or as UTF-16; a letter that is spelt as a number is there to hide one."""
_OVERLAP: Final = 256


class BadFile(BadInputs):
    """The file cannot be taken; carries the sentence under ``file``."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__({"file": Label(zh, en)})


def media_type_of(path: Path, name: str, declared: str = "") -> str:
    """Tell a file by its content; ``declared`` is what the browser says it is. Raises BadFile."""
    suffix = _suffix(name)
    with path.open("rb") as kept:
        head = kept.read(HEAD)
    media_type = _found(path, head, suffix, name)
    if media_type not in _DECLARED.get(declared.partition(";")[0].strip().lower(), {media_type}):
        raise BadFile(
            f"文件「{name}」的内容与浏览器所报类型（{declared}）不符。",
            f"The content of “{name}” is not what the browser says it is ({declared}).",
        )
    return media_type


def _suffix(name: str) -> str:
    *before, suffix = Path(name).suffixes or [""]
    hidden = next((one for one in before if _RUNS.fullmatch(one)), None)
    if hidden is not None:
        raise BadFile(
            f"文件「{name}」有两个扩展名（{hidden}、{suffix}），不接受。请改名后上传。",
            f"“{name}” has two extensions ({hidden}, {suffix}): not taken. Rename it.",
        )
    return suffix.lower()


def _found(path: Path, head: bytes, suffix: str, name: str) -> str:
    if head.startswith(_ZIP):
        media_type, suffixes = _office(path, name)
        _agree(suffixes, suffix, name)
        _refuse_two_things(b"%PDF-" in head or bool(_MARKUP.search(head)), name)
        return media_type
    for signature, media_type, suffixes in SIGNATURES:
        if head.startswith(signature):
            if media_type == OLE:
                _inspect_ole(path, name)
            _agree(suffixes, suffix, name)
            hidden = b"%PDF-" in head[len(signature) :]
            _refuse_two_things(
                hidden or bool(_MARKUP.search(head)) or zipfile.is_zipfile(path), name
            )
            if media_type == "application/pdf":
                with path.open("rb") as kept:
                    if _holds(kept, _PDF_LOCK):
                        raise _locked(name)
            return media_type
    if suffix in TEXT and _is_text(head):
        _refuse_two_things(bool(_MARKUP_FIRST.match(head)) or zipfile.is_zipfile(path), name)
        return TEXT[suffix]
    raise BadFile(
        f"不接受「{name}」这种文件。可上传：{ACCEPTED}。",
        f"“{name}” is of a kind that is not taken. Taken are: {ACCEPTED}.",
    )


def _agree(suffixes: set[str], suffix: str, name: str) -> None:
    if suffix not in suffixes:
        raise BadFile(
            f"文件「{name}」的内容与扩展名不符（应为 {'、'.join(sorted(suffixes))}）。",
            f"The content of “{name}” is not what its name says ({', '.join(sorted(suffixes))}).",
        )


def _refuse_two_things(hides: bool, name: str) -> None:  # noqa: FBT001 - one call, one answer
    if hides:
        raise BadFile(
            f"文件「{name}」中藏有另一种文件（网页、压缩包等），不接受。",
            f"“{name}” hides a file of another kind (a web page, an archive): not taken.",
        )


def _locked(name: str) -> BadFile:
    return BadFile(
        f"文件「{name}」有密码或已加密，无法查看。请去除密码后上传。",
        f"“{name}” is encrypted and cannot be looked at. Remove the password, then upload it.",
    )


def _macros(name: str) -> BadFile:
    return BadFile(f"文件「{name}」含有宏，不接受。", f"“{name}” carries macros: not taken.")


def _bursts(name: str) -> BadFile:
    return BadFile(f"文件「{name}」解压后过大。", f"“{name}” would burst when unpacked.")


def _damaged(name: str) -> BadFile:
    return BadFile(f"文件「{name}」已损坏。", f"“{name}” is damaged.")


# Office files -----------------------------------------------------------------------------------


def _office(path: Path, name: str) -> tuple[str, set[str]]:
    """What an office file is. Raises BadFile for what else an archive may be."""
    with path.open("rb") as kept:
        names = _inspect_archive(kept, path.stat().st_size, name, depth=0)
    for part, known in OFFICE.items():
        if part in names:
            return known
    raise BadFile(
        f"不接受压缩包「{name}」，请逐个上传文件。",
        f"“{name}” is an archive: upload its files one by one.",
    )


def _inspect_archive(kept: IO[bytes], size: int, name: str, *, depth: int) -> set[str]:
    """Look at every part of an archive of ``size`` bytes; return their names. Raises BadFile."""
    try:
        with zipfile.ZipFile(kept) as archive:
            entries = archive.infolist()
            most = min(MOST_IN_ARCHIVE, HIGHEST_RATIO * max(size, 1))
            if len(entries) > MOST_ENTRIES or sum(one.file_size for one in entries) > most:
                raise _bursts(name)
            if any(one.flag_bits & 1 for one in entries):
                raise _locked(name)
            # Before anything is read: other packings need much memory, and fail in other ways.
            if any(
                one.compress_type not in _PLAIN or not 0 <= one.header_offset <= size - _HEADER
                for one in entries
            ):
                raise _damaged(name)
            for entry in entries:
                _inspect_entry(archive, entry, name, depth=depth)
            return {one.filename for one in entries}
    except _DAMAGE:
        raise _damaged(name) from None


def _inspect_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, *, depth: int
) -> None:
    with archive.open(entry) as part:
        head = part.read(HEAD)
    if entry.filename.lower().endswith("vbaproject.bin"):
        raise _macros(name)
    if head.startswith(OLE_MARK):
        _refuse_macros(archive, entry, _OLE_MACROS, name)
    if entry.filename.lower() == PACKAGE:
        _refuse_macros(archive, entry, _TYPE_OF_MACROS, name)
    if _unpacked(archive, entry) > entry.file_size:
        raise _bursts(name)
    if head.startswith(_ARCHIVES) and not _is_office_inside(archive, entry, name, depth=depth):
        raise BadFile(
            f"文件「{name}」中还有压缩包（{entry.filename}），不接受。",
            f"“{name}” holds another archive ({entry.filename}): not taken.",
        )


def _is_office_inside(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, *, depth: int
) -> bool:
    """Whether an archive inside is a harmless office file, as a sheet in a report is."""
    with archive.open(entry) as part:
        is_zip = part.read(len(_ZIP)) == _ZIP
    if not is_zip or depth >= DEEPEST or entry.file_size > LARGEST_INSIDE:
        return False
    inside = io.BytesIO(archive.read(entry))
    names = _inspect_archive(inside, entry.file_size, name, depth=depth + 1)
    return any(one.lower() == PACKAGE for one in names)


def _refuse_macros(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, told_by: re.Pattern[bytes], name: str
) -> None:
    with archive.open(entry) as part:
        if _holds(part, told_by):
            raise _macros(name)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """How many bytes an entry really holds, counted to one more than it declares.

    ZipFile stops where the entry says it ends; other programs unpack to the end.
    """
    if entry.compress_type == zipfile.ZIP_STORED:
        return entry.compress_size
    assert archive.fp is not None
    archive.fp.seek(entry.header_offset)
    header = archive.fp.read(_HEADER)
    extra = [int.from_bytes(header[at : at + 2], "little") for at in (26, 28)]
    archive.fp.seek(sum(extra), io.SEEK_CUR)
    left, total, stream = entry.compress_size, 0, zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0 and not stream.eof:
        packed = archive.fp.read(min(left, CHUNK))
        if not packed:
            break
        left -= len(packed)
        while packed:
            total += len(stream.decompress(packed, CHUNK))
            if total > entry.file_size:
                return total
            packed = stream.unconsumed_tail
    return total


# Old office files, PDF and text -----------------------------------------------------------------


def _inspect_ole(path: Path, name: str) -> None:
    with path.open("rb") as kept:
        if _holds(kept, _OLE_LOCK) or _is_locked_ole(path):
            raise _locked(name)
        if _holds(kept, _OLE_MACROS):
            raise _macros(name)
        is_office = _holds(kept, _OLE_OFFICE)
    if not is_office:
        raise BadFile(
            f"不接受「{name}」这种文件。可上传：{ACCEPTED}。",
            f"“{name}” is of a kind that is not taken. Taken are: {ACCEPTED}.",
        )


def _is_locked_ole(path: Path) -> bool:
    """Whether an old Word or Excel file has a password: their streams begin at a sector.

    Word: the flag fEncrypted of its first block. Excel: the record FilePass after the first one.
    """
    with path.open("rb") as kept:
        for sector in iter(lambda: kept.read(512), b""):
            if sector[:2] == b"\xec\xa5" and sector[11:12] and sector[11] & 1:
                return True
            if sector[:4] == b"\x09\x08\x10\x00" and sector[20:22] == b"\x2f\x00":
                return True
    return False


def _holds(content: IO[bytes], pattern: re.Pattern[bytes]) -> bool:
    """Whether it stands anywhere in a content, read from its beginning piece by piece."""
    content.seek(0)
    before = b""
    while piece := content.read(CHUNK):
        if pattern.search(before + piece):
            return True
        before = piece[-_OVERLAP:]
    return False


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
