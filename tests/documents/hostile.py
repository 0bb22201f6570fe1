"""PDFs that somebody might upload: plain ones, and ones that mean harm or are broken."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    RectangleObject,
    TextStringObject,
)

N = NameObject


def entries(**said: Any) -> DictionaryObject:
    """A dictionary of these entries, their names with a slash."""
    return DictionaryObject({N(f"/{key}"): value for key, value in said.items()})


def stream(writer: PdfWriter, content: bytes, **said: Any) -> Any:
    made = DecodedStreamObject()
    made.set_data(content)
    made.update(entries(**said))
    return writer._add_object(made)


FONTS = entries(F=entries(Type=N("/Font"), Subtype=N("/Type1"), BaseFont=N("/Helvetica")))
"""Named as entries that are left out elsewhere are named: a name is no entry."""


def printed(*texts: str, size: tuple[float, float] = (595, 842), turned: int = 0) -> PdfWriter:
    """A PDF of one page per text."""
    writer = PdfWriter()
    for text in texts:
        page = writer.add_blank_page(*size)
        page[N("/Resources")] = entries(Font=FONTS)
        content = f"BT /F 24 Tf 72 300 Td ({text}) Tj ET".encode()
        page[N("/Contents")] = stream(writer, content)
        if turned:
            page[N("/Rotate")] = NumberObject(turned)
    return writer


def written(writer: PdfWriter) -> bytes:
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def acting() -> bytes:
    """Opens with a script, carries a file, and has a link and a stamp on its page."""
    writer = printed("harmless words")
    boo = entries(S=N("/JavaScript"), JS=TextStringObject("app.alert('boo')"))
    writer.root_object[N("/OpenAction")] = boo
    writer.add_attachment("inside.exe", b"MZ")
    looks = stream(
        writer, b"BT /F 12 Tf 2 5 Td (STAMPED) Tj ET", Type=N("/XObject"), Subtype=N("/Form"),
        BBox=RectangleObject((0, 0, 80, 20)), Resources=entries(Font=FONTS),
    )  # fmt: skip
    script = entries(S=N("/JavaScript"), JS=TextStringObject("app.alert('again')"))
    writer.pages[0][N("/Annots")] = ArrayObject(
        [
            entries(
                Type=N("/Annot"), Subtype=N("/Stamp"), Rect=RectangleObject((100, 400, 260, 440)),
                AP=entries(N=looks), A=script,
            ),
            entries(
                Type=N("/Annot"), Subtype=N("/Stamp"), Rect=RectangleObject((0, 0, 9, 9)),
                F=NumberObject(2), AP=entries(N=looks),
            ),
            entries(Type=N("/Annot"), Subtype=N("/Link"), Rect=RectangleObject((0, 0, 9, 9)), A=script),
        ]
    )  # fmt: skip
    return written(writer)


def encrypted() -> bytes:
    writer = printed("secret")
    writer.encrypt("", "owner", algorithm="RC4-128")
    return written(writer)


def thick() -> bytes:
    writer = PdfWriter()
    for _ in range(501):
        writer.add_blank_page(9, 9)
    return written(writer)


def endless() -> bytes:
    """A tree of pages that leads back to itself."""
    writer = printed("round")
    tree = writer.root_object["/Pages"].get_object()
    tree["/Kids"].append(writer.root_object.raw_get("/Pages"))  # type: ignore[index]
    return written(writer)


def exploding() -> bytes:
    """Arrays that name one another twice, forty deep: each copied for itself they fill the world."""
    writer = printed("boom")
    last: Any = writer._add_object(ArrayObject([NumberObject(1)]))
    for _ in range(40):
        last = writer._add_object(ArrayObject([last, last]))
    writer.pages[0]["/Resources"][N("/Bomb")] = last  # type: ignore[index]
    return written(writer)


def bursting() -> bytes:
    """A page whose content is far larger than its file."""
    writer = printed("x")
    writer.pages[0][N("/Contents")] = stream(writer, b"")
    content: Any = writer.pages[0]["/Contents"].get_object()
    packed = zlib.compress(bytes(200_000_000), 1)
    content._data = packed
    content[N("/Filter")] = N("/FlateDecode")
    return written(writer)


def huge() -> bytes:
    writer = printed("x")
    writer.pages[0][N("/MediaBox")] = RectangleObject((0, 0, 900_000, 900_000))
    return written(writer)


def portfolio() -> bytes:
    writer = printed("open me in something else")
    writer.root_object[N("/Collection")] = entries(Type=N("/Collection"))
    return written(writer)


def dynamic() -> bytes:
    writer = printed("please wait")
    writer.root_object[N("/AcroForm")] = entries(XFA=stream(writer, b"<xdp/>"))
    return written(writer)


def layered() -> bytes:
    writer = printed("and what is hidden")
    layer = writer._add_object(entries(Type=N("/OCG"), Name=TextStringObject("hidden")))
    off = entries(OFF=ArrayObject([layer]))
    writer.root_object[N("/OCProperties")] = entries(OCGs=ArrayObject([layer]), D=off)
    return written(writer)


def empty() -> bytes:
    return written(PdfWriter())


def truncated() -> bytes:
    return written(printed("half"))[:300]


def noise() -> bytes:
    return b"%PDF-1.7\n" + bytes(range(256)) * 20


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "encrypted": (encrypted, "encrypted"),
    "too many pages": (thick, "pages"),
    "no pages": (empty, "pages"),
    "a page tree that leads back to itself": (endless, "damaged"),
    "a content that bursts": (bursting, "damaged"),
    "a page of three hundred metres": (huge, "damaged"),
    "a portfolio": (portfolio, "portfolio"),
    "a form drawn by a program": (dynamic, "portfolio"),
    "layers that are switched off": (layered, "layers"),
    "truncated": (truncated, "damaged"),
    "noise": (noise, "damaged"),
}
"""What is not brought onto pages, and why."""


def png(width: int, height: int, *, rows: int | None = None) -> bytes:
    """A grey PNG; with fewer ``rows`` than it says it is damaged."""
    packed = zlib.compress(bytes(width + 1) * (height if rows is None else rows))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts
    )
