"""Writes a volume of a case file as one PDF, page after page, however thick it gets.

The pages come from PDFs of our own making: sheets set by our templates and what `casefile_paging`
made of strange files. Each is written on as it is read, so that a volume never lies in memory as a
whole, and nothing but page, content and resources is taken along. The same pages give the same
bytes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from pypdf import PageObject, PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    PdfObject,
    StreamObject,
)

NUMBER: Final = "/PageNo"
"""The name under which pages know the font of their number."""
SIZE: Final = 11
DIGIT: Final = 0.556
"""Width of a digit of Helvetica, in its size."""
EDGE: Final = 34
"""Distance of the number from the edges of the page, in points."""
CATALOG, PAGES, FONT, OPENING = 1, 2, 3, 4
"""Numbers of the objects that every page or viewer comes back to."""


@dataclass
class Entry:
    """An entry of the outline that viewers show: a group, or a paper under it."""

    title: str
    page: int
    below: list[Entry] = field(default_factory=list)
    number: int = 0


class VolumeWriter:
    """Puts pages one behind the other, each with its number at the top right."""

    def __init__(self, out: BinaryIO, title: str, at: datetime) -> None:
        self.out = out
        self.title = title
        self.at = at
        self.offsets: list[int] = [0]
        self.pages: list[int] = []
        self.outline: list[Entry] = []
        self.group = ""
        self.shared: dict[Path, _Taken] = {}
        out.write(b"%PDF-1.7\n%\xe5\x8d\xb7\n")
        for _ in (CATALOG, PAGES):
            self.reserved()
        self.put(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
        self.put(_stream(b"q"))

    def begin(self, group: str) -> None:
        """Let what follows stand under a group of the outline, or under none."""
        self.group = group

    def add(self, title: str, source: Path, only: int | None = None) -> None:
        """Add the pages of a file, or one of them, counted from 0.

        A file of which single pages are taken stays open: they share what they are set in.
        """
        taken = self.shared.get(source) or _Taken(self, PdfReader(source))
        if only is not None:
            self.shared[source] = taken
        entry = Entry(title, len(self.pages))
        if not self.group:
            self.outline.append(entry)
        elif self.outline and self.outline[-1].below and self.outline[-1].title == self.group:
            self.outline[-1].below.append(entry)
        else:
            self.outline.append(Entry(self.group, entry.page, [entry]))
        for page in taken.reader.pages if only is None else [taken.reader.pages[only]]:
            self.pages.append(self.reserved())
            taken.page(page, self.pages[-1], str(len(self.pages)))
        taken.rest()

    def close(self) -> None:
        """Write what can be said only at the end: the tree of pages, the outline, the directory."""
        root = self._outlined()
        kids = " ".join(f"{number} 0 R" for number in self.pages)
        self.write(PAGES, f"<< /Type /Pages /Count {len(self.pages)} /Kids [{kids}] >>".encode())
        told = f"/Type /Catalog /Pages {PAGES} 0 R /Outlines {root} 0 R /PageMode /UseOutlines"
        self.write(CATALOG, f"<< {told} >>".encode())
        stamp = f"(D:{self.at:%Y%m%d%H%M%S}Z)"
        info = self.put(
            f"<< /Title {_text(self.title)} /Producer (Tanjian) "
            f"/CreationDate {stamp} /ModDate {stamp} >>".encode()
        )
        start, size = self.out.tell(), len(self.offsets)
        lines = [b"0000000000 65535 f \n"]
        lines += [f"{offset:010d} 00000 n \n".encode() for offset in self.offsets[1:]]
        self.out.write(f"xref\n0 {size}\n".encode() + b"".join(lines))
        self.out.write(
            f"trailer\n<< /Size {size} /Root {CATALOG} 0 R /Info {info} 0 R >>\n"
            f"startxref\n{start}\n%%EOF\n".encode()
        )

    def _outlined(self) -> int:
        """Write the outline; return the number of its root."""
        root = Entry("", 0, self.outline, self.reserved())
        for entry in self.outline:
            entry.number = self.reserved()
            for below in entry.below:
                below.number = self.reserved()
        for parent in (root, *self.outline):
            for place, entry in enumerate(parent.below):
                told = [f"/Title {_text(entry.title)}", f"/Parent {parent.number} 0 R"]
                told.append(f"/Dest [{self.pages[entry.page]} 0 R /Fit]")
                if place:
                    told.append(f"/Prev {parent.below[place - 1].number} 0 R")
                if place + 1 < len(parent.below):
                    told.append(f"/Next {parent.below[place + 1].number} 0 R")
                self.write(entry.number, f"<< {' '.join([*told, *_ends(entry)])} >>".encode())
        self.write(root.number, f"<< /Type /Outlines {' '.join(_ends(root))} >>".encode())
        return root.number

    # Objects ------------------------------------------------------------------------------------

    def reserved(self) -> int:
        """A number for an object that is written later."""
        self.offsets.append(0)
        return len(self.offsets) - 1

    def put(self, body: bytes) -> int:
        """Write an object; return its number."""
        number = self.reserved()
        self.write(number, body)
        return number

    def write(self, number: int, body: bytes) -> None:
        """Write the object of a reserved number."""
        self.offsets[number] = self.out.tell()
        self.out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))


class _Taken:
    """What is taken from one file: each of its objects once, under a number of the volume."""

    def __init__(self, volume: VolumeWriter, reader: PdfReader) -> None:
        self.volume = volume
        self.reader = reader
        self.numbers: dict[int, int] = {}
        self.left: list[int] = []

    def page(self, page: PageObject, number: int, text: str) -> None:
        """Write a page with its number on it."""
        box = page.mediabox
        left = float(box.right) - EDGE - len(text) * DIGIT * SIZE
        written = (
            f"Q q BT {NUMBER} {SIZE} Tf 1 0 0 1 {left:.2f} {float(box.top) - EDGE:.2f} Tm "
            f"({text}) Tj ET Q"
        )
        stamp = self.volume.put(_stream(written.encode()))
        contents = page.get("/Contents")
        found = contents.get_object() if contents is not None else ArrayObject()
        drawn = list(found) if isinstance(found, ArrayObject) else [page.raw_get("/Contents")]
        between = b" ".join(self._said(one) for one in drawn)
        resources = _resolved(page.get("/Resources"))
        fonts = {k: self._said(v) for k, v in _resolved(resources.get("/Font")).items()}
        fonts[NUMBER] = b"%d 0 R" % FONT
        told = {k: self._said(v) for k, v in resources.items() if k != "/Font"}
        told["/Font"] = _entries(fonts)
        sides = " ".join(f"{float(side):.3f}" for side in box)
        group = [b"/Group " + self._said(page.raw_get("/Group"))] if "/Group" in page else []
        body = b" ".join(
            [
                b"<< /Type /Page /Parent %d 0 R /MediaBox [%s]" % (PAGES, sides.encode()),
                b"/Contents [%d 0 R %s %d 0 R]" % (OPENING, between, stamp),
                b"/Resources " + _entries(told),
                *group,
                b">>",
            ]
        )
        self.volume.write(number, body)

    def rest(self) -> None:
        """Write every object that the pages need, and those these need."""
        while self.left:
            number = self.left.pop()
            found = IndirectObject(number, 0, self.reader).get_object()
            self.volume.write(self.numbers[number], self._body(found))

    def _body(self, value: Any) -> bytes:
        if not isinstance(value, StreamObject):
            return self._said(value)
        data: bytes = value._data  # noqa: SLF001 - as it is, not decoded and coded again
        told = {k: self._said(v) for k, v in value.items() if k != "/Length"}
        told["/Length"] = b"%d" % len(data)
        return _entries(told) + b"\nstream\n" + data + b"\nendstream"

    def _said(self, value: Any) -> bytes:
        if isinstance(value, IndirectObject):
            known = self.numbers.get(value.idnum)
            if known is None:
                known = self.numbers[value.idnum] = self.volume.reserved()
                self.left.append(value.idnum)
            return b"%d 0 R" % known
        if isinstance(value, ArrayObject):
            return b"[" + b" ".join(self._said(part) for part in value) + b"]"
        if isinstance(value, DictionaryObject):
            return _entries({k: self._said(v) for k, v in value.items()})
        return _plain(value)


def _resolved(value: Any) -> DictionaryObject:
    found = value.get_object() if value is not None else None
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


def _entries(told: Mapping[str, bytes]) -> bytes:
    parts = [_plain(NameObject(name)) + b" " + said for name, said in told.items()]
    return b"<< " + b" ".join(parts) + b" >>"


def _plain(value: PdfObject) -> bytes:
    made = io.BytesIO()
    value.write_to_stream(made)
    return made.getvalue()


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _text(text: str) -> str:
    """A text string in hexadecimal, in UTF-16."""
    return f"<feff{text.encode('utf-16-be', 'replace').hex()}>"


def _ends(entry: Entry) -> list[str]:
    """First, last and number of what stands below."""
    if not entry.below:
        return []
    first, last = entry.below[0].number, entry.below[-1].number
    return [f"/First {first} 0 R", f"/Last {last} 0 R", f"/Count {len(entry.below)}"]
