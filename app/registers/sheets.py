"""Tables people hand in and take away: CSV and Excel, read with distrust and written inert.

What comes in is bounded before it is parsed: 5 MB, 10,000 rows, and for Excel the unpacked size of
every part, counted while it is unpacked, because a small file may declare or hold a huge one. The
parsing itself is done by `excel.py` in a process of its own.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import xlsxwriter

from app.law.labels import Label
from app.registers.errors import FileRefused

LARGEST: Final = 5 * 1024 * 1024
"""Bytes of a file, inclusive."""
MOST_ROWS: Final = 10_000
LARGEST_UNPACKED: Final = 100 * 1024 * 1024
"""Bytes of all parts of an Excel file together; 10,000 honest rows need a tenth of it."""
MOST_COLUMNS: Final = 200
HEADING_WITHIN: Final = 10
"""A title or a date may stand above the headings, in at most this many rows, inclusive."""

PATIENCE: Final = 20
"""Seconds an Excel file may take to read; 10,000 rows take less than one."""

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_READER: Final = Path(__file__).with_name("excel.py")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?\d[\d,]*(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One row that is not empty, with the number it has in the file, from 1."""

    number: int
    cells: tuple[str, ...]


def read(content: bytes) -> list[Line]:
    """Return the rows of the first sheet, or of the CSV text, as text. Raises FileRefused."""
    if not content:
        _refuse("文件是空的（0 字节）。", "The file is empty (0 bytes).")
    if len(content) > LARGEST:
        _refuse("文件超过 5 MB。请拆分后分别导入。", "The file exceeds 5 MB. Split it.")
    if content.startswith(_OLE):
        _refuse(
            "旧版 .xls 或加密的文件不能导入。请另存为不加密的 .xlsx 或 CSV。",
            "An old .xls or an encrypted file cannot be read. Save it as .xlsx or CSV.",
        )
    lines = _read_excel(content) if content.startswith(_ZIP) else _read_csv(content)
    if not lines:
        _refuse("文件中没有任何行。", "The file has no rows.")
    if len(lines) > MOST_ROWS + HEADING_WITHIN:
        _refuse(
            f"文件超过 {MOST_ROWS} 行。请拆分后分别导入。",
            f"The file has more than {MOST_ROWS} rows. Split it.",
        )
    return lines


def _refuse(zh: str, en: str) -> NoReturn:
    raise FileRefused(Label(zh, en))


def _read_csv(content: bytes) -> list[Line]:
    text = _decode(content)
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    start = 1
    try:
        for cells in reader:
            _keep(lines, start, [_as_written(cell) for cell in cells])
            start = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused(
            Label(
                f"第 {start} 行不是完整的 CSV（引号未闭合等），文件未导入。",
                f"Line {start} is no complete CSV (an open quote, for instance).",
            )
        ) from error
    return lines


def _decode(content: bytes) -> str:
    """UTF-8 with or without mark, else GB 18030, as the spreadsheets of an office write it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    _refuse(
        "不是表格文件：既不是 Excel（.xlsx），也不是 UTF-8 或 GB18030 编码的 CSV。",
        "Not a table: neither Excel (.xlsx) nor a CSV text in UTF-8 or GB 18030.",
    )


def _read_excel(content: bytes) -> list[Line]:
    _inspect_package(content)
    most = MOST_ROWS + HEADING_WITHIN + 1
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-I", str(_READER), str(most)],
            input=content,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise FileRefused(
            Label(
                "Excel 文件已损坏、被加密或过大，无法读取。请另存为新的 .xlsx 或 CSV。",
                "The Excel file is damaged, encrypted or too large. Save it anew as .xlsx or CSV.",
            )
        ) from error
    lines: list[Line] = []
    for number, cells in json.loads(done.stdout):
        _keep(lines, number, cells)
    return lines


def _inspect_package(content: bytes) -> None:
    """Refuse what is no plain workbook, holds macros, or unpacks to more than it should."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = {info.filename.lower() for info in package.infolist()}
            if "xl/workbook.xml" not in names:
                _refuse("这不是 Excel 工作簿（.xlsx）。", "This is no Excel workbook (.xlsx).")
            if any(name.endswith(("vbaproject.bin", ".xlm")) for name in names):
                _refuse(
                    "文件含有宏，不能导入。请另存为 .xlsx 或 CSV。",
                    "The file holds macros. Save it as .xlsx or CSV.",
                )
            if sum(info.file_size for info in package.infolist()) > LARGEST_UNPACKED:
                _refuse_bomb()
            unpacked = 0
            for info in package.infolist():
                with package.open(info) as part:
                    while chunk := part.read(1 << 16):
                        unpacked += len(chunk)
                        if unpacked > LARGEST_UNPACKED:
                            _refuse_bomb()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FileRefused(
            Label("Excel 文件已损坏或被加密，无法读取。", "The Excel file is damaged or encrypted.")
        ) from error


def _refuse_bomb() -> NoReturn:
    _refuse(
        "文件解压后过大，已拒绝。请只保留需要导入的表。",
        "Unpacked, the file is far too large. Keep only the sheet to be read.",
    )


def _keep(lines: list[Line], number: int, cells: Sequence[str]) -> None:
    if len(cells) > MOST_COLUMNS:
        _refuse(f"第 {number} 行的列数过多。", f"Line {number} has too many columns.")
    stripped = tuple(cell.strip() for cell in cells)
    if any(stripped):
        lines.append(Line(number, stripped))


def inert(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula; a number stays one.

    >>> inert("=1+1")
    "'=1+1"
    >>> inert("-12.5")
    '-12.5'
    """
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def _as_written(cell: str) -> str:
    """Take back the mark of `inert`, so that a file that left the house comes back the same."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def write_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Write rows as CSV: UTF-8 with its mark, so that WPS and Excel read the Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def write_excel(rows: Iterable[Sequence[str]], title: str) -> bytes:
    """Write rows as one sheet of text cells with a bold, fixed heading."""
    file = io.BytesIO()
    inert_cells = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, inert_cells) as book:
        sheet = book.add_worksheet(title)
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        widths: list[int] = []
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, text if number else bold)
                widths[column:] = widths[column:] or [0]
                widths[column] = max(widths[column], min(60, _width(cell)))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width + 2, text)
        sheet.freeze_panes(1, 0)
    return file.getvalue()


def _width(cell: str) -> int:
    """Columns a text takes; a Chinese character takes two."""
    return sum(1 if character.isascii() else 2 for character in cell)
