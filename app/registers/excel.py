"""Reads the first sheet of an Excel file, in a process of its own: ``python excel.py < FILE``.

A workbook of five kilobytes whose only cells stand in two far corners makes the reading library
ask for half a terabyte and end its process. So the process that reads is never one that serves,
and it may take one gigabyte. Imports nothing of the application. Writes a JSON list of rows,
each its number in the sheet, from 1, and its cells as text.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from python_calamine import CalamineWorkbook

MEMORY: Final = 1 << 30
"""Bytes of address space the process may take, where the system has such a limit."""
EXACT: Final = 2**53
"""From here on a number of Excel no longer has all its digits."""


def rows(content: bytes, most: int) -> list[tuple[int, list[str]]]:
    """Return the rows that are not empty, ``most`` at most."""
    found: list[tuple[int, list[str]]] = []
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        sheet = book.get_sheet_by_index(0)
        if sheet.start is None:
            return found
        for number, cells in enumerate(sheet.iter_rows(), 1):
            if any(cell != "" for cell in cells):
                found.append((number, [text_of(cell) for cell in cells]))
            if len(found) == most:
                break
    return found


def text_of(cell: Any) -> str:
    """Write a cell as its reader saw it; a number too long to be exact stays visibly so."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.hour or cell.minute else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def limit_memory() -> None:
    """Bound the memory of this process; Windows has no such call."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    limit_memory()
    table = rows(sys.stdin.buffer.read(), int(sys.argv[1]))
    sys.stdout.buffer.write(json.dumps(table, ensure_ascii=False).encode())
