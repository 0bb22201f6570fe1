"""The sheets a case file sets itself: cover, index, notes, dividers; images and texts on pages.

Set by one template of ours from texts alone. The same texts give the same bytes.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import typst

from app.documents import pdf
from app.documents.casefile_contents import GROUP_LABELS, Contents, Cover, Paper
from app.documents.catalogue import Volume
from app.documents.placeholders import chinese_day
from app.law.labels import Label

TEMPLATE: Final = "casefile.typ"
IMAGES: Final = frozenset({"image/png", "image/jpeg"})
TEXT: Final = "text/plain"
LONGEST_TEXT: Final = 200_000
MOST_LINES: Final = 10_000
"""Bytes and lines of a text that is still set on pages."""
MOST_PIXELS: Final = 60_000_000
"""An image of more is not drawn: unpacked it would fill the memory."""
SIDE_NOTICE: Final = "内部材料　不对外提供"
LONGEST_TITLE: Final = 120
LONG_WORD: Final = re.compile(r"[!-~]{25,}")
BREAK: Final = "\u200b"

WHYS: Final[Mapping[str, Label]] = {
    "format": Label("该文件的格式不能成页", "A file of this format has no pages"),
    "encrypted": Label("该 PDF 设有密码", "The PDF is encrypted"),
    "damaged": Label("该文件已损坏，无法读取", "The file is damaged and cannot be read"),
    "pages": Label("该 PDF 没有页或者页数过多", "The PDF has no pages, or too many"),
    "objects": Label("该 PDF 内容过于复杂", "The PDF holds too much"),
    "portfolio": Label(
        "该 PDF 是文件包或者动态表单", "The PDF is a portfolio or a form of its own"
    ),
    "layers": Label("该 PDF 含有隐藏的图层", "The PDF has layers that are switched off"),
    "size": Label("该文件过大，不装入卷内", "The file is too large for a volume"),
    "volume": Label("本卷页数已满", "The volume is full"),
}
"""Why a file stands in the volume as a divider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A paper as it stands in its volume.

    ``no`` counts from 1 in the volume, ``first`` and ``last`` are its pages, both inclusive.
    ``why`` is a key of `WHYS` where a divider stands for it; ``behind`` says that something of the
    file that cannot be printed was left out.
    """

    no: int
    paper: Paper
    first: int
    last: int
    why: str
    behind: bool


def front(contents: Contents, volume: Volume, leaves: Sequence[Leaf], pages: int) -> bytes:
    """The cover and the index of a volume."""
    cover = contents.cover
    told = {
        "title": f"{cover.number} {volume.label.zh}",
        "authority": cover.authority,
        "number": cover.number,
        "volume": volume.label.zh,
        "notice": SIDE_NOTICE if volume is Volume.SIDE else "",
        "facts": list(_facts(cover, pages)),
        "state": _state(contents),
        "rows": list(_rows(leaves)),
    }
    return _set("front", told, contents.at)


def _facts(cover: Cover, pages: int) -> Iterator[tuple[str, str]]:
    yield "案号", cover.number
    yield "案由", cover.cause or cover.lifecycle
    if cover.party:
        yield "当事人", cover.party
    yield "承办人", "、".join(cover.officers)
    yield "立案日期", _day(cover.filed_on)
    yield "结案日期", _day(cover.closed_on)
    yield "处理结果", cover.result
    yield "归档日期", _day(cover.archived_on)
    yield "保管期限", cover.retention
    if cover.shelf_mark:
        yield "档号", cover.shelf_mark
    yield "本卷页数", f"{pages} 页"


def _state(contents: Contents) -> str:
    own = contents.heads[0]
    return f"按流转记录第 {own.seq} 条编制　记录摘要 {own.hash[:16]}"


def _rows(leaves: Sequence[Leaf]) -> Iterator[dict[str, Any]]:
    place = None
    for leaf in leaves:
        paper = leaf.paper
        if paper.place != place:
            place = paper.place
            yield {"group": GROUP_LABELS[place].zh}
        pages = str(leaf.first) if leaf.first == leaf.last else f"{leaf.first}—{leaf.last}"
        title = f"{paper.title}（附页）" if leaf.why else paper.title
        cells = (str(leaf.no), paper.number, paper.author, title, paper.on.isoformat(), pages)
        yield {"cells": [breakable(cell) for cell in cells]}


def notes(contents: Contents, volume: Volume, leaves: Sequence[Leaf], pages: int) -> bytes:
    """The sheet of notes 备考表: what whoever opens the volume must know of it."""
    cover = contents.cover
    told = {
        "number": cover.number,
        "volume": volume.label.zh,
        "papers": f"{len(leaves)} 件",
        "pages": f"{pages} 页",
        "lines": [breakable(line) for line in _lines(contents, volume, leaves)],
        "filed_by": cover.archived_by,
        "filed_on": _day(cover.archived_on),
    }
    return _set("notes", told, contents.at)


def _lines(contents: Contents, volume: Volume, leaves: Sequence[Leaf]) -> Iterator[str]:
    yield (
        "本卷由流转记录编成，页码连续；封面、目录、本表计入页数。"
        "每件文件的摘要（SHA-256）载于随卷清单 manifest.json。"
    )
    if divided := [str(leaf.no) for leaf in leaves if leaf.why]:
        yield (
            f"不能成页的文件 {len(divided)} 件（序号 {'、'.join(divided)}），以附页代替，"
            "原件随卷电子存档。"
        )
    if behind := [str(leaf.no) for leaf in leaves if leaf.behind]:
        yield (
            f"序号 {'、'.join(behind)} 的原件含有脚本、链接或者附件，本卷只收其页面，"
            "原件随卷电子存档。"
        )
    for one in contents.voided:
        if one.volume is volume:
            yield f"作废文书：{one.title} {one.number}（{one.reason}）。"
    for lost in contents.missing:
        if lost.volume is volume:
            yield f"未入卷：{lost.title.zh}（{lost.case_number}），{lost.why.zh}。"
    # What runs beside the case may be the authority's own affair.
    if volume is Volume.SIDE:
        for number, title in contents.open_tracks:
            yield f"尚未办结：{title.zh}（{number}）。"
        for head in contents.heads:
            yield f"流转记录：{head.case_number} 至第 {head.seq} 条，{head.hash}"


def dividers(leaves: Sequence[tuple[int, Paper, str]], at: datetime) -> bytes:
    """One sheet for each file that has no pages here: number in the volume, file, reason."""
    sheets = [
        {
            "why": f"{WHYS[why].zh}，以本页代替；原件随卷电子存档。",
            "facts": [
                ("序号", str(no)),
                ("题名", breakable(_cut(paper.title))),
                ("文件名", breakable(paper.name)),
                ("类型", breakable(paper.media_type)),
                ("大小", f"{paper.size} 字节"),
                ("SHA-256", paper.sha256),
                ("提交", f"{paper.author}　{paper.on.isoformat()}"),
                ("流转记录", f"{paper.case_number} 第 {paper.seq} 条"),
            ],
        }
        for no, paper, why in leaves
    ]
    return _set("dividers", {"sheets": sheets}, at)


class NotSet(ValueError):
    """A file is not set on pages. Its text is the reason, a key of `WHYS`."""


def image(path: Path, caption: str, at: datetime) -> bytes:
    """An image on a page. Raises NotSet."""
    pixels = _pixels(path)
    if pixels is not None and pixels > MOST_PIXELS:
        raise NotSet("size")
    told = {"caption": breakable(caption), "file": path.name}
    try:
        return _set("image", told, at, root=path.parent)
    except typst.TypstError:
        raise NotSet("damaged") from None


def text(path: Path, caption: str, at: datetime) -> bytes:
    """A plain text on pages. Raises NotSet."""
    with path.open("rb") as file:
        kept = file.read(LONGEST_TEXT + 1)
    if len(kept) > LONGEST_TEXT or kept.count(b"\n") > MOST_LINES:
        raise NotSet("size")
    shown = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in _decoded(kept))
    return _set("text", {"caption": breakable(caption), "text": breakable(shown)}, at)


def _decoded(kept: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return kept.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    raise NotSet("damaged")


def _set(part: str, told: Mapping[str, Any], at: datetime, root: Path | None = None) -> bytes:
    inputs = {"part": part, "told": json.dumps(told, ensure_ascii=False)}
    return pdf.typeset(TEMPLATE, inputs, at, root=root)


def _day(on: date | None) -> str:
    return chinese_day(on) if on is not None else ""


def _cut(title: str) -> str:
    """A title short enough for one sheet."""
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def breakable(text: str) -> str:
    """The text with places where a word too long for its line may be broken."""
    return LONG_WORD.sub(lambda found: BREAK.join(re.findall(".{1,8}", found[0])), text)


# What an image says of its size, before anybody unpacks it ----------------------------------------

PNG: Final = b"\x89PNG\r\n\x1a\n"
FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG that name its size."""


def _pixels(path: Path) -> int | None:
    """Width times height of a PNG or a JPEG; None if it does not say, and cannot be drawn."""
    with path.open("rb") as file:
        head = file.read(24)
        if head.startswith(PNG) and len(head) == 24:  # noqa: PLR2004 - signature and first chunk
            width, height = struct.unpack(">II", head[16:24])
            return int(width) * int(height)
        file.seek(2)
        while len(marker := file.read(4)) == 4 and marker[0] == 0xFF:  # noqa: PLR2004 - FF and length
            if marker[1] in FRAMES:
                frame = file.read(5)
                if len(frame) < 5:  # noqa: PLR2004 - precision, height, width
                    return None
                height, width = struct.unpack(">HH", frame[1:])
                return int(width) * int(height)
            file.seek(int.from_bytes(marker[2:], "big") - 2, 1)
    return None
