"""A document as a Word file that can be edited: built from its content, never from a template.

The same content gives the same bytes: the file carries no time but that of the sealing.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import docx
from docx.document import Document as WordFile
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph

FANG_SONG: Final = "仿宋_GB2312"
TITLE_SONG: Final = "方正小标宋简体"
HEI: Final = "黑体"
LATIN: Final = "Times New Roman"
RED: Final = RGBColor(0xC8, 0x10, 0x2E)
NOT_XML: Final = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LINE: Final = Pt(28)
TEXT_WIDTH_MM: Final = 156
LABEL_MM, NUMBER_MM = 26, 14
ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)


def render(content: Mapping[str, Any], at: datetime) -> bytes:
    """The Word file of a content; ``at`` is the instant it is dated."""
    made = docx.Document()
    _lay_out(made, content, at)
    _head(made, content)
    for block in content["blocks"]:
        _BLOCKS[block["kind"]](made, block)
    _close(made, content)
    kept = io.BytesIO()
    made.save(kept)
    return _without_times(kept.getvalue())


def _without_times(packed: bytes) -> bytes:
    """The same archive with one date for all of its parts."""
    kept = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as source,
        zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            part = zipfile.ZipInfo(entry.filename, ZIP_DATE)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.create_system = 0
            target.writestr(part, source.read(entry))
    return kept.getvalue()


# The page ---------------------------------------------------------------------------------------


def _lay_out(made: WordFile, content: Mapping[str, Any], at: datetime) -> None:
    """Paper, margins and fonts as GB/T 9704 has them; the properties say what it is."""
    section = made.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    normal = made.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    normal.font.name, normal.font.size = LATIN, Pt(16)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FANG_SONG)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = LINE
    normal.paragraph_format.space_after = Pt(0)
    about = made.core_properties
    about.title, about.author = _xml(content["title"]), _xml(content["body"]["name"])
    about.identifier, about.comments = _xml(content["number"]), ""
    about.created = about.modified = at.replace(tzinfo=None)
    about.last_modified_by, about.revision = "", 1
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in ("— ", None, " —"):
        _page_number(footer) if text is None else _write(footer, text, size=14)


def _page_number(paragraph: Paragraph) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)  # noqa: SLF001 - python-docx has no word for a field


def _head(made: WordFile, content: Mapping[str, Any]) -> None:
    name = made.add_paragraph()
    name.alignment = WD_ALIGN_PARAGRAPH.CENTER
    name.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    red = content["head"] == "red"
    _write(
        name,
        content["body"]["name"],
        font=TITLE_SONG,
        size=30 if red else 18,
        colour=RED if red else None,
    )
    if red:
        _rule_below(name)
    title = made.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    title.paragraph_format.space_before = Pt(14)
    _write(title, content["title"], font=TITLE_SONG, size=22)
    if content["number"]:
        number = made.add_paragraph()
        number.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _write(number, content["number"])
    if content["addressee"]:
        _write(made.add_paragraph(), f"{content['addressee']}：")


def _rule_below(paragraph: Paragraph) -> None:
    """Draw the red line under the head."""
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "4"), ("color", str(RED))):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)  # noqa: SLF001 - nor for a border


def _close(made: WordFile, content: Mapping[str, Any]) -> None:
    closing = content["closing"]
    if closing is None:
        return
    made.add_paragraph()
    for text in (closing["name"], closing["date"]):
        line = made.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.right_indent = Pt(32)
        line.paragraph_format.keep_with_next = True
        _write(line, text)


# Blocks -----------------------------------------------------------------------------------------


def _paragraph(made: WordFile, block: Mapping[str, Any]) -> None:
    for text in _lines(block["text"]):
        line = made.add_paragraph()
        line.paragraph_format.first_line_indent = Pt(32)
        line.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        _write(line, text)


def _flush(made: WordFile, block: Mapping[str, Any]) -> None:
    for text in _lines(block["text"]):
        _write(made.add_paragraph(), text)


def _heading(made: WordFile, block: Mapping[str, Any]) -> None:
    line = made.add_paragraph()
    line.paragraph_format.first_line_indent = Pt(32)
    line.paragraph_format.keep_with_next = True
    _write(line, block["text"], font=HEI)


def _sign(made: WordFile, block: Mapping[str, Any]) -> None:
    for who, when in block["lines"]:
        line = made.add_paragraph()
        line.paragraph_format.space_before = Pt(10)
        line.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)
        _write(line, f"{who}\t{when}" if when else who, size=14)


def _grid(made: WordFile, block: Mapping[str, Any]) -> None:
    value_mm = (TEXT_WIDTH_MM - 2 * LABEL_MM) / 2
    widths = (LABEL_MM, value_mm, LABEL_MM, value_mm)
    table = _bordered(made, widths)
    for pairs in block["rows"]:
        row = table.add_row().cells
        for place, (label, value) in enumerate(pairs):
            _fill(row[2 * place], label, centred=True)
            last = len(pairs) == 1
            cell = row[1].merge(row[3]) if last else row[2 * place + 1]
            _fill(cell, value)
    _space(made)


def _table(made: WordFile, block: Mapping[str, Any]) -> None:
    shares = block["widths"]
    rest = (TEXT_WIDTH_MM - NUMBER_MM) / sum(shares)
    table = _bordered(made, [share * rest or NUMBER_MM for share in shares])
    head = table.add_row()
    for cell, text in zip(head.cells, block["columns"], strict=True):
        _fill(cell, text, centred=True, font=HEI)
    repeated = OxmlElement("w:tblHeader")
    head._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001 - nor for a head that repeats
    for row in block["rows"]:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            _fill(cell, text)
    _space(made)


_BLOCKS: Final[Mapping[str, Callable[[WordFile, Mapping[str, Any]], None]]] = {
    "paragraph": _paragraph,
    "flush": _flush,
    "heading": _heading,
    "sign": _sign,
    "grid": _grid,
    "table": _table,
}


def _bordered(made: WordFile, widths_mm: Sequence[float]) -> Any:
    table = made.add_table(rows=0, cols=len(widths_mm))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)
    return table


def _fill(cell: _Cell, text: str, *, centred: bool = False, font: str = FANG_SONG) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    for number, line in enumerate(_lines(text) or [""]):
        place = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        place.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        place.paragraph_format.space_before = place.paragraph_format.space_after = Pt(3)
        if centred:
            place.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _write(place, line, size=12, font=font)


def _space(made: WordFile) -> None:
    """A short empty line: two tables that touch become one."""
    line = made.add_paragraph()
    line.paragraph_format.line_spacing = Pt(8)


def _write(
    paragraph: Paragraph,
    text: str,
    *,
    font: str = FANG_SONG,
    size: float = 16,
    colour: RGBColor | None = None,
) -> None:
    run = paragraph.add_run(_xml(text))
    run.font.name, run.font.size = LATIN, Pt(size)
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)  # noqa: SLF001
    if colour is not None:
        run.font.color.rgb = colour


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _xml(text: str) -> str:
    """What XML can hold; anything else shows as a replacement character."""
    return NOT_XML.sub("\ufffd", text)
