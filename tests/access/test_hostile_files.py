"""Files that mean harm: each refused in a sentence of both languages, and nothing of it is kept."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cases.file_checks import DOCX, OLE, XLSX, BadFile
from app.cases.files import FileStore

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40
OLE_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\x00")
TYPES = b'<Types><Override PartName="/word/document.xml"/></Types>'


def packed(*parts: tuple[str, bytes], by: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", by) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def docx(*more: tuple[str, bytes], types: bytes = TYPES) -> bytes:
    return packed(("[Content_Types].xml", types), ("word/document.xml", b"<w/>"), *more)


def xlsx(*more: tuple[str, bytes]) -> bytes:
    return packed(("[Content_Types].xml", TYPES), ("xl/workbook.xml", b"<w/>"), *more)


def ole(*names: str, sector: bytes = b"") -> bytes:
    """An old office file with these streams, and a sector of one of them."""
    entries = b"".join(f"{name}\0".encode("utf-16-le").ljust(128, b"\0") for name in names)
    return OLE_HEAD + sector.ljust(512, b"\0") + entries


def altered(content: bytes, change: Callable[[bytearray, int], None]) -> bytes:
    """An archive whose heads of parts, both of each, were changed."""
    made = bytearray(content)
    for mark, to in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        for found in re.finditer(re.escape(mark), content):
            change(made, found.start() + to)
    return bytes(made)


def locked(content: bytes) -> bytes:
    def set_flag(made: bytearray, at: int) -> None:
        made[at + 6] |= 1

    return altered(content, set_flag)


def elsewhere(content: bytes, at: int) -> bytes:
    """An archive whose first part is said to begin there."""
    made, listed = bytearray(content), content.index(b"PK\x01\x02")
    made[listed + 42 : listed + 46] = at.to_bytes(4, "little")
    return bytes(made)


def lying() -> bytes:
    """Says it unpacks to one byte, with the checksum of that byte, and unpacks to a megabyte."""
    big = bytes(range(256)) * 4 * 1024
    made = packed(("[Content_Types].xml", TYPES), ("word/document.xml", big))
    for said, instead in (
        (len(big), 1),
        (zlib.crc32(big), zlib.crc32(big[:1])),
    ):
        said_bytes = said.to_bytes(4, "little")
        assert made.count(said_bytes) == 2
        made = made.replace(said_bytes, instead.to_bytes(4, "little"))
    return made


TAKEN = {
    "pdf": (PDF, "核查报告.2026.06.pdf", "application/pdf", "application/pdf"),
    "png": (PNG, "照片.PNG", "image/png", "image/png"),
    "jpeg": (JPEG, "照片.jpeg", "image/jpeg", "image/jpeg"),
    "docx": (docx(("word/media/image1.png", PNG)), "报告.docx", DOCX, DOCX),
    "docx with a sheet": (docx(("word/embeddings/s.xlsx", xlsx())), "报告.docx", "", DOCX),
    "xlsx": (xlsx(), "台账.xlsx", "application/octet-stream", XLSX),
    "ofd": (packed(("OFD.xml", b"<o/>")), "公文.ofd", "", "application/ofd"),
    "doc": (ole("WordDocument"), "旧.doc", "application/msword", OLE),
    "et": (ole("Workbook"), "旧.et", "application/x-et", OLE),
    "csv as Windows says": (b"a,b\r\n1,2\r\n", "表.csv", "application/vnd.ms-excel", "text/csv"),
    "gb18030": ("甲,乙\r\n".encode("gb18030"), "表.csv", "text/csv", "text/csv"),
    "txt": ("示例 <b>".encode(), "说明.txt", "text/plain; charset=utf-8", "text/plain"),
}

REFUSED = {
    "nothing": (b"", "空.pdf", "", "空文件", "is empty"),
    "too large": (b"a" * 2_000_001, "大.txt", "", "上限", "larger than"),
    "program": (b"MZ\x90\x00", "脚本.exe", "", "不接受", "not taken"),
    "program as pdf": (b"MZ\x90\x00\x03", "报告.pdf", "", "不接受", "not taken"),
    "svg": (b"<svg onload=alert(1)>", "图.svg", "", "不接受", "not taken"),
    "html as text": (b"\xef\xbb\xbf <!DOCTYPE html><p>", "说明.txt", "", "藏有", "hides"),
    "script as text": (b"#!/bin/sh\nrm -r /\n", "说明.txt", "", "藏有", "hides"),
    "pdf as png": (PDF, "照片.png", "", "扩展名不符", "what its name says"),
    "png as pdf": (PNG, "报告.pdf", "", "扩展名不符", "what its name says"),
    "xlsx as docx": (xlsx(), "报告.docx", "", "扩展名不符", "what its name says"),
    "docm": (docx(("word/vbaProject.bin", b"x")), "报告.docm", "", "宏", "macros"),
    "docm renamed": (docx(("word/vbaProject.bin", b"x")), "报告.docx", "", "宏", "macros"),
    "macros under another name": (docx(("word/x.bin", ole("_VBA_PROJECT"))), "报告.docx", "", "宏", "macros"),
    "macros by type": (docx(types=b"<Types ContentType='application/vnd.ms-word.document.macroEnabled.main+xml'/>"), "报告.docx", "", "宏", "macros"),
    "macros by type in UTF-16": (docx(types="<Types ContentType='application/vnd.ms-office.vbaProject'/>".encode("utf-16")), "报告.docx", "", "宏", "macros"),
    "macros by type in numbers": (docx(types=b"<Types ContentType='application/vnd.ms-office.&#118;baProject'/>"), "报告.docx", "", "宏", "macros"),
    "macros by type in capitals": (packed(("[CONTENT_TYPES].XML", b"<Types ContentType='vbaProject'/>"), ("word/document.xml", b"")), "报告.docx", "", "宏", "macros"),
    "xlsm": (xlsx(("xl/vbaProject.bin", b"x")), "台账.xlsm", "", "宏", "macros"),
    "macros in a sheet inside": (docx(("word/embeddings/s.xlsx", xlsx(("xl/vbaProject.bin", b"")))), "报告.docx", "", "宏", "macros"),
    "old macros": (ole("WordDocument", "_VBA_PROJECT"), "旧.doc", "", "宏", "macros"),
    "installer as doc": (ole("Property"), "旧.doc", "", "不接受", "not taken"),
    "zip": (packed(("a.txt", b"a")), "材料.zip", "", "压缩包", "archive"),
    "zip renamed": (packed(("a.txt", b"a")), "材料.docx", "", "压缩包", "archive"),
    "bomb": (docx(("word/big.xml", b"\0" * 30_000_000)), "报告.docx", "", "解压后过大", "burst"),
    "bomb that lies": (lying(), "报告.docx", "", "解压后过大", "burst"),
    "many parts": (docx(*((f"{n}", b"") for n in range(10_000))), "报告.docx", "", "解压后过大", "burst"),
    "bomb inside": (docx(("word/embeddings/s.xlsx", xlsx(("xl/big.xml", b"\0" * 9_000_000)))), "报告.docx", "", "解压后过大", "burst"),
    "zip inside": (docx(("word/a.bin", packed(("a.txt", b"a")))), "报告.docx", "", "还有压缩包", "another archive"),
    "rar inside": (docx(("word/a.bin", b"Rar!\x1a\x07\x00")), "报告.docx", "", "还有压缩包", "another archive"),
    "too deep": (docx(("a.docx", docx(("b.docx", docx())))), "报告.docx", "", "还有压缩包", "another archive"),
    "half an archive": (docx()[:-30], "报告.docx", "", "已损坏", "damaged"),
    "garbage inside": (docx()[:60] + b"\xff" * 9 + docx()[69:], "报告.docx", "", "已损坏", "damaged"),
    "cut in the middle": (docx()[:90] + docx()[120:], "报告.docx", "", "已损坏", "damaged"),
    "a part behind the end": (elsewhere(docx(), len(docx()) - 9), "报告.docx", "", "已损坏", "damaged"),
    "a name that is no text": (docx(("word/é", b"")).replace("é".encode(), b"\xff\xff"), "报告.docx", "", "已损坏", "damaged"),
    "packed otherwise": (packed(("OFD.xml", b"<o/>"), by=zipfile.ZIP_LZMA).replace(b"\x5d\0\0", b"\xff\xff\xff"), "公文.ofd", "", "已损坏", "damaged"),
    "locked zip": (locked(docx()), "报告.docx", "", "加密", "encrypted"),
    "locked docx": (ole("EncryptedPackage"), "报告.docx", "", "加密", "encrypted"),
    "locked doc": (ole("WordDocument", sector=b"\xec\xa5\xc1\x00" + b"\0" * 7 + b"\x01"), "旧.doc", "", "加密", "encrypted"),
    "locked xls": (ole("Workbook", sector=b"\x09\x08\x10\x00" + b"\0" * 16 + b"\x2f\x00"), "旧.xls", "", "加密", "encrypted"),
    "locked pdf": (PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 9 0 R"), "报告.pdf", "", "加密", "encrypted"),
    "pdf and zip": (PDF + packed(("a.txt", b"a")), "报告.pdf", "", "藏有", "hides"),
    "pdf and html": (PDF[:9] + b"%<html><script>alert(1)</script>\n" + PDF[9:], "报告.pdf", "", "藏有", "hides"),
    "png and zip": (PNG + packed(("a.txt", b"a")), "照片.png", "", "藏有", "hides"),
    "jpeg and html": (JPEG + b"<HTML>", "照片.jpg", "", "藏有", "hides"),
    "docx and pdf": (packed(("%PDF-1.4", b""), ("[Content_Types].xml", TYPES), ("word/document.xml", b"")), "报告.docx", "", "藏有", "hides"),
    "two extensions": (PDF, "报告.exe.pdf", "", "两个扩展名", "two extensions"),
    "two extensions, other way": (PDF, "报告.pdf.exe", "", "扩展名不符", "what its name says"),
    "turned round": (PDF, "报告\u202efdp.exe", "", "扩展名不符", "what its name says"),
    "declared a page": (PDF, "报告.pdf", "text/html", "浏览器所报", "browser says"),
    "declared another": (PNG, "照片.png", "application/pdf", "浏览器所报", "browser says"),
    "declared a program": (b"a", "说明.txt", "application/x-msdownload", "浏览器所报", "browser says"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_an_honest_file_is_taken_and_known_by_its_content(tmp_path: Path, kind):
    content, name, declared, media_type = TAKEN[kind]
    stored = FileStore(tmp_path, limit=2_000_000).put(io.BytesIO(content), name, declared)
    assert stored.media_type == media_type
    assert FileStore(tmp_path, limit=1).path(stored.sha256).read_bytes() == content


@pytest.mark.parametrize("kind", REFUSED)
def test_a_hostile_file_is_refused_in_both_languages_and_nothing_is_left(tmp_path: Path, kind):
    content, name, declared, zh, en = REFUSED[kind]
    with pytest.raises(BadFile) as refused:
        FileStore(tmp_path, limit=2_000_000).put(io.BytesIO(content), name, declared)
    assert zh in refused.value.label.zh
    assert en in refused.value.label.en
    assert list(tmp_path.rglob("*")) == []


def test_a_stream_is_left_as_soon_as_it_is_too_long(tmp_path: Path):
    class Endless(io.RawIOBase):
        read_so_far = 0

        def read(self, size: int = -1) -> bytes:
            self.read_so_far += size
            return b"a" * size

    endless = Endless()
    with pytest.raises(BadFile):
        FileStore(tmp_path, limit=1_000_000).put(endless, "大.txt")  # type: ignore[arg-type]
    assert endless.read_so_far < 1_100_000
    assert list(tmp_path.rglob("*")) == []
