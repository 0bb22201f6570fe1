"""Bring one strange PDF onto plain A4 pages, in a process of its own.

Started as a script, isolated, with nothing of the program: what a hostile file does to the library
that reads it happens here, under limits of memory and time, and ends with this process. Each line
read names a file, where its pages go and how many it may have; each line written says how many
pages came out, whether anything was left behind, or why none did.

A page becomes one drawing on a page of ours, with what its annotations look like drawn on it.
Nothing else is taken along: no script, no action, no link, no embedded file, no form.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from pypdf import PdfReader, PdfWriter, Transformation
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    EncodedStreamObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NullObject,
    PdfObject,
    RectangleObject,
    StreamObject,
)

A4: Final = (595.276, 841.89)
"""Width and height of a sheet, in points."""
LARGEST_SIDE: Final = 14_400
MOST_OBJECTS: Final = 200_000
MEMORY: Final = 1536 * 1024 * 1024
DEEPEST: Final = 400
DEEPEST_STACK: Final = 600

DROPPED: Final = frozenset(
    {
        *("/AA", "/A", "/AF", "/Alternates", "/Annots", "/EF", "/F", "/FDecodeParms", "/FFilter"),
        *("/JS", "/Metadata", "/OPI", "/OpenAction", "/P", "/Parent", "/PieceInfo", "/PS", "/Ref"),
        *("/StructParent", "/StructParents"),
    }
)
"""Entries that draw nothing: actions, embedded and external files, ways back into the document."""
NOT_DRAWN: Final = frozenset(
    {"/Page", "/Pages", "/Catalog", "/Filespec", "/EmbeddedFile", "/Action", "/Annot"}
)
NAMING: Final = frozenset(
    {
        *("/CharProcs", "/ColorSpace", "/Colorants", "/ExtGState", "/Font", "/Pattern"),
        *("/Properties", "/Shading", "/XObject"),
    }
)
"""Dictionaries whose keys are names the drawing uses, whatever they read."""
NO_LOOKS: Final = frozenset(
    {"/Link", "/Popup", "/FileAttachment", "/Screen", "/Movie", "/Sound", "/RichMedia", "/3D"}
)
"""Annotations that say nothing on paper."""
HIDDEN: Final = 2 | 32
"""Flags of an annotation that is not shown."""


class NotPaged(Exception):
    """The file stays whole; carries the key of the reason."""


def paged(source: str, target: str, most: int) -> dict[str, Any]:
    """Write the pages of a file; say how many, and whether something was left behind.

    Raises NotPaged, and whatever the library raises on a damaged file.
    """
    reader = PdfReader(source, strict=False)
    if reader.is_encrypted:
        raise NotPaged("encrypted")
    root = reader.root_object
    _refuse_what_paper_cannot_show(root)
    count = len(reader.pages)
    if not 0 < count <= most:
        raise NotPaged("pages")
    writer = PdfWriter()
    copy = Copier(writer)
    behind = any(key in root for key in ("/OpenAction", "/AA")) or _names_more(root)
    for page in reader.pages:
        behind |= "/AA" in page
        behind |= _drawn(writer, copy, page)
    with open(target, "wb") as made:  # noqa: PTH123 - a path as it was told
        writer.write(made)
    return {"pages": count, "behind": behind}


def _refuse_what_paper_cannot_show(root: DictionaryObject) -> None:
    """Raise NotPaged for a portfolio, a form drawn by a program, layers that are switched off."""
    form = _dictionary(root.get("/AcroForm"))
    layers = _dictionary(_dictionary(root.get("/OCProperties")).get("/D"))
    if "/Collection" in root or "/XFA" in form:
        raise NotPaged("portfolio")
    if _array(layers.get("/OFF")) or layers.get("/BaseState") == "/OFF":
        raise NotPaged("layers")


def _names_more(root: DictionaryObject) -> bool:
    names = _dictionary(root.get("/Names"))
    return "/JavaScript" in names or "/EmbeddedFiles" in names


def _drawn(writer: PdfWriter, copy: Copier, page: Any) -> bool:
    """Draw a page on a sheet of ours; say whether an annotation with more than looks was there."""
    box = page.cropbox
    left, bottom = float(box.left), float(box.bottom)
    width, height = float(box.width), float(box.height)
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise NotPaged("damaged")
    turned = (page.rotation or 0) % 360
    place, sheet = _placed(left, bottom, width, height, turned)
    drawing = _form(page, copy, RectangleObject((left, bottom, left + width, bottom + height)))
    shown = DictionaryObject({NameObject("/P"): writer._add_object(drawing)})  # noqa: SLF001
    steps = [b"/P Do"]
    behind = False
    for number, annotation in enumerate(_annotations(page)):
        behind |= "/A" in annotation or "/AA" in annotation
        behind |= annotation.get("/Subtype") in NO_LOOKS - {"/Popup", "/Link"}
        found = _looks(annotation)
        if found is not None:
            looks, matrix = found
            name = f"/A{number}"
            shown[NameObject(name)] = copy.reference(looks)
            steps.append(b"q %s cm %s Do Q" % (_numbers(*matrix), name.encode()))
    sheet_of_ours = writer.add_blank_page(*sheet)
    sheet_of_ours[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): shown})
    content = DecodedStreamObject()
    content.set_data(b"q %s cm %s Q" % (_numbers(*place), b" ".join(steps)))
    sheet_of_ours[NameObject("/Contents")] = writer._add_object(content)  # noqa: SLF001
    return behind


def _placed(
    left: float, bottom: float, width: float, height: float, turned: int
) -> tuple[tuple[float, ...], tuple[float, float]]:
    """How a page comes to stand upright in the middle of a sheet, and the size of the sheet.

    A page larger than the sheet is made smaller, none larger.
    """
    on_side = turned in {90, 270}
    shown = (height, width) if on_side else (width, height)
    sheet = A4 if shown[0] <= shown[1] else (A4[1], A4[0])
    scale = min(1.0, sheet[0] / shown[0], sheet[1] / shown[1])
    moved = Transformation().translate(-left - width / 2, -bottom - height / 2)
    moved = moved.rotate(-turned).scale(scale).translate(sheet[0] / 2, sheet[1] / 2)
    return tuple(float(number) for number in moved.ctm), sheet


def _form(page: Any, copy: Copier, box: RectangleObject) -> StreamObject:
    """The content of a page as one drawing. Its streams are decoded once: damaged ones fail."""
    found = page.get_contents()
    data = found.get_data() if found is not None else b""
    resources = page.get("/Resources") or _inherited(page, "/Resources")
    return _stream(
        data,
        {
            "/Type": NameObject("/XObject"),
            "/Subtype": NameObject("/Form"),
            "/BBox": box,
            "/Resources": copy(resources or DictionaryObject()),
            **({"/Group": copy(page["/Group"])} if "/Group" in page else {}),
        },
    )


def _inherited(page: Any, key: str) -> Any:
    for _ in range(DEEPEST):
        page = _dictionary(page.get("/Parent"))
        if key in page:
            return page[key]
    return None


def _stream(data: bytes, entries: dict[str, PdfObject]) -> StreamObject:
    made = EncodedStreamObject()
    made._data = zlib.compress(data)  # noqa: SLF001 - the library would compress by its own choice
    made[NameObject("/Filter")] = NameObject("/FlateDecode")
    for name, value in entries.items():
        made[NameObject(name)] = value
    return made


# Annotations ------------------------------------------------------------------------------------


def _annotations(page: Any) -> Iterator[DictionaryObject]:
    for one in _array(page.get("/Annots")):
        found = _dictionary(one)
        if found:
            yield found


def _looks(annotation: DictionaryObject) -> tuple[StreamObject, tuple[float, ...]] | None:
    """What an annotation looks like, and how it comes to fill its rectangle; None if it does not.

    ISO 32000-1, 12.5.5, algorithm 8.1.
    """
    if annotation.get("/Subtype") in NO_LOOKS or int(annotation.get("/F", 0)) & HIDDEN:
        return None
    looks = _dictionary(annotation.get("/AP")).get("/N")
    looks = looks.get_object() if looks is not None else None
    if isinstance(looks, DictionaryObject) and not isinstance(looks, StreamObject):
        state = looks.get(annotation.get("/AS", ""))
        looks = state.get_object() if state is not None else None
    if not isinstance(looks, StreamObject):
        return None
    # A stream that cannot be decoded would draw nothing where a seal should be.
    looks.get_data()
    box = [float(n) for n in _array(looks.get("/BBox"))]
    rect = RectangleObject(tuple(float(n) for n in _array(annotation.get("/Rect"))))
    a, b, c, d, e, f = (float(n) for n in looks.get("/Matrix", (1, 0, 0, 1, 0, 0)))
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in box[::2] for y in box[1::2]]
    left, low = min(x for x, _ in corners), min(y for _, y in corners)
    wide, high = max(x for x, _ in corners) - left, max(y for _, y in corners) - low
    if not wide or not high:
        return None
    across, up = float(rect.width) / wide, float(rect.height) / high
    return looks, (
        across,
        0,
        0,
        up,
        float(rect.left) - left * across,
        float(rect.bottom) - low * up,
    )


# Copying ----------------------------------------------------------------------------------------


class Copier:
    """Copies what is drawn from one file into another, and nothing that acts."""

    def __init__(self, writer: PdfWriter) -> None:
        self.writer = writer
        self.known: dict[tuple[int, int], IndirectObject] = {}
        self.by_identity: dict[int, IndirectObject] = {}

    def __call__(self, value: Any, *, names: bool = False) -> PdfObject:
        """A copy of a value; with ``names`` the keys of a dictionary are names somebody chose.

        Raises NotPaged for a file of too many objects.
        """
        if isinstance(value, IndirectObject):
            return self._indirect(value, names=names)
        if isinstance(value, StreamObject):
            return self.reference(value)
        if isinstance(value, DictionaryObject):
            return self._entries(value, DictionaryObject(), names=names)
        if isinstance(value, ArrayObject):
            return ArrayObject(self(part) for part in value)
        copied: PdfObject = value
        return copied

    def reference(self, stream: StreamObject) -> IndirectObject:
        """A reference to the copy of a stream, which is made once."""
        found = self.by_identity.get(id(stream))
        if found is None:
            made = EncodedStreamObject() if "/Filter" in stream else DecodedStreamObject()
            made._data = stream._data  # noqa: SLF001 - as it is, not decoded and coded again
            found = self.by_identity[id(stream)] = self._added(made)
            self._entries(stream, made)
        return found

    def _indirect(self, value: IndirectObject, *, names: bool) -> PdfObject:
        key = (value.idnum, value.generation)
        if key in self.known:
            return self.known[key]
        found = value.get_object()
        if isinstance(found, StreamObject):
            self.known[key] = self.reference(found)
        elif isinstance(found, DictionaryObject):
            made = DictionaryObject()
            self.known[key] = self._added(made)
            self._entries(found, made, names=names)
        elif isinstance(found, ArrayObject):
            # Made once as well: arrays that name one another would grow without end.
            parts = ArrayObject()
            self.known[key] = self._added(parts)
            parts.extend(self(part) for part in found)
        else:
            return found if found is not None else NullObject()
        return self.known[key]

    def _entries(
        self, value: DictionaryObject, made: DictionaryObject, *, names: bool = False
    ) -> DictionaryObject:
        if not names and value.get("/Type") in NOT_DRAWN:
            return made
        for name, part in value.items():
            if names or (name not in DROPPED and name != "/Length"):
                made[NameObject(name)] = self(part, names=not names and name in NAMING)
        return made

    def _added(self, made: PdfObject) -> IndirectObject:
        if len(self.writer._objects) > MOST_OBJECTS:  # noqa: SLF001
            raise NotPaged("objects")
        return self.writer._add_object(made)  # noqa: SLF001


def _dictionary(value: Any) -> DictionaryObject:
    found = value.get_object() if value is not None else None
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


def _array(value: Any) -> ArrayObject:
    found = value.get_object() if value is not None else None
    return found if isinstance(found, ArrayObject) else ArrayObject()


def _numbers(*numbers: float) -> bytes:
    return b" ".join(FloatObject(f"{number:.5f}").myrepr().encode() for number in numbers)


# The process ------------------------------------------------------------------------------------


def main() -> None:
    """Answer line by line until there are no more."""
    logging.disable()
    # Whoever binds the pages follows the same objects, from deeper in a stack of its own.
    sys.setrecursionlimit(DEEPEST_STACK)
    # Not every system bounds the memory of a process; time is bounded from outside.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = paged(job["source"], job["target"], job["most"])
        except NotPaged as reason:
            answer = {"why": str(reason)}
        except (PyPdfError, MemoryError, RecursionError):
            answer = {"why": "damaged"}
        except Exception:  # noqa: BLE001 - a file can make the library raise anything
            answer = {"why": "damaged"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
