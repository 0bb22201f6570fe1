"""A document as a PDF that is final: one fixed template, the content handed over as data.

The same content at the same instant gives the same bytes. Nothing typed becomes source: a content
is JSON in an input of the compiler, and its texts are set as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

import pylopdf_fonts_zh_cn
import typst

DRAFT: Final = "草稿"
VOID: Final = "作废"


def render(content: Mapping[str, Any], at: datetime, *, mark: str = "") -> bytes:
    """The PDF of a content, dated ``at``; ``mark`` stands across every page of a draft."""
    inputs = {"content": json.dumps(content, ensure_ascii=False), "mark": mark}
    return typeset("document.typ", inputs, at)


def typeset(
    template: str, inputs: Mapping[str, str], at: datetime, *, root: Path | None = None
) -> bytes:
    """Set one of our templates with texts as its inputs; ``root`` is where it finds images.

    Raises typst.TypstError.
    """
    made: bytes = typst.compile(
        _source(template),
        root=cast("Any", root),  # its types want the same type for both
        font_paths=_fonts(),
        sys_inputs=dict(inputs),
        timestamp=at.replace(microsecond=0),
    )
    return made


@cache
def _source(name: str) -> bytes:
    return resources.files("app.documents").joinpath(f"data/{name}").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """The fonts documents are set in; only this knows where the Chinese ones come from."""
    folder = str(pylopdf_fonts_zh_cn.serif_path().parent)
    return typst.Fonts(include_system_fonts=False, font_paths=[folder])
