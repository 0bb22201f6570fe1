"""The fields of a document: the engine's inputs, rows of a table, and where a value comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.engine.inputs import (
    Choice,
    Day,
    Input,
    InputFault,
    LongText,
    Money,
    Text,
    Whole,
    YesNo,
)
from app.law.labels import Label

CELL: Final = re.compile(r"[|｜\t]")
"""What parts the cells of a row: typed, or pasted from a spreadsheet."""
SOURCE: Final = re.compile(r"([a-z_]+):([a-z_.]*)", re.ASCII)
SOURCES: Final = frozenset(
    {
        *("act", "act_text", "approved", "body", "casefile", "checks", "cited", "clock", "deed"),
        *(
            "document",
            "fact",
            "files",
            "items",
            "made",
            "number",
            "parent",
            "parent_document",
            "people",
        ),
        *("register", "rule", "said", "sealed", "served", "subject", "votes"),
    }
)
"""Where a value may come from; `prefill` knows how."""


@dataclass(frozen=True)
class Rows(LongText):
    """Rows of a table, one line each, the cells parted by ``|`` or a tab.

    ``columns`` are the heads; ``widths`` their shares of the page. A row may leave cells at its end
    empty, and may not have more than there are columns.
    """

    columns: Sequence[str] = ()
    widths: Sequence[int] = ()

    def parse(self, value: Any) -> str:
        """Bring every row to one spelling. Raises InputFault for one with too many cells."""
        lines = []
        for number, line in enumerate(super().parse(value).split("\n"), 1):
            row = cells(line)
            if not any(row):
                continue
            if len(row) > len(self.columns):
                raise InputFault(
                    f"「{self.zh}」第 {number} 行有 {len(row)} 栏，最多 {len(self.columns)} 栏。",
                    f"“{self.en}”: line {number} has {len(row)} cells, at most "
                    f"{len(self.columns)}.",
                )
            lines.append(" | ".join(row).rstrip())
        if not lines:
            return super().parse("")
        return "\n".join(lines)

    def rows(self, value: str) -> list[list[str]]:
        """The cells of each row, filled up to the number of columns."""
        found = [cells(line) for line in value.split("\n")]
        return [[*row, *[""] * (len(self.columns) - len(row))] for row in found if any(row)]


def cells(line: str) -> list[str]:
    """The cells of one line."""
    return [cell.strip() for cell in CELL.split(line)]


def rows_text(rows: Sequence[Sequence[str]]) -> str:
    """Write rows as they are typed; what would part cells or rows in a cell becomes a space."""
    return "\n".join(" | ".join(re.sub(r"[|｜\t\n]+", " ", c) for c in row) for row in rows)


TYPES: Final[Mapping[str, type[Input]]] = {
    "text": Text,
    "long": LongText,
    "rows": Rows,
    "day": Day,
    "money": Money,
    "whole": Whole,
    "choice": Choice,
    "yesno": YesNo,
}


@dataclass(frozen=True)
class Field:
    """One field of a form. ``of`` asks for it only of an organisation, or of a natural person.

    A ``fixed`` value is not typed over where a source has it; ``carry`` takes it from the newest
    sealed document of the case that states it, ``house`` from that of any case of the body.
    """

    input: Input
    sources: tuple[str, ...] = ()
    fixed: bool = False
    carry: bool = False
    house: bool = False
    of: str = ""
    default: str = ""

    @property
    def name(self) -> str:
        """The key of its value."""
        return self.input.name


def field_of(name: str, row: Mapping[str, Any], *, required: bool) -> Field:
    """Read one field of the data files. Raises ValueError for what it does not understand."""
    known = {
        *("type", "zh", "en", "help_zh", "from", "carry", "fixed", "of", "personal", "longest"),
        *("unit", "highest", "options", "columns", "widths", "default", "house"),
    }
    if strange := row.keys() - known:
        msg = f"{name}: {sorted(strange)}"
        raise ValueError(msg)
    sources = tuple(row.get("from", ()))
    for source in sources:
        found = SOURCE.fullmatch(source)
        if found is None or found[1] not in SOURCES:
            msg = f"{name}: no such source: {source}"
            raise ValueError(msg)
    return Field(
        input=_input(name, row, required=required),
        sources=sources,
        fixed=row.get("fixed", False),
        carry=row.get("carry", False),
        house=row.get("house", False),
        of=row.get("of", ""),
        default=row.get("default", ""),
    )


def _input(name: str, row: Mapping[str, Any], *, required: bool) -> Input:
    about: dict[str, Any] = {
        "name": name,
        "zh": row["zh"],
        "en": row["en"],
        "required": required,
        "personal": row.get("personal", False),
        "help": Label(row["help_zh"], row["help_zh"]) if "help_zh" in row else None,
    }
    bounds: dict[str, Any] = {key: row[key] for key in ("longest", "highest", "unit") if key in row}
    if "columns" in row:
        columns = tuple(row["columns"])
        about["help"] = Label(
            f"每行一项，各栏用 | 隔开：{' | '.join(columns)}",
            f"One line each, cells parted by |: {' | '.join(columns)}",
        )
        bounds |= {"columns": columns, "widths": tuple(row["widths"])}
    if "options" in row:
        bounds["options"] = tuple((key, Label(zh, en)) for key, zh, en in row["options"])
    if row["type"] not in TYPES:
        msg = f"{name}: no such type: {row['type']}"
        raise ValueError(msg)
    return TYPES[row["type"]](**about, **bounds)
