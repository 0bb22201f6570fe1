"""Two versions of a report side by side: which passages differ, and where in a text they do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any, Final

from app.cases.values import Shown, shown
from app.engine.definition import Items, Lifecycle, Raise, Report, Section
from app.engine.inputs import Choice, Files, Input, Quantity
from app.formats import number
from app.law.labels import Label

SENTENCES: Final = re.compile(r"[^。；！？\n]*[。；！？\n]|[^。；！？\n]+")
TOKENS: Final = re.compile(r"[A-Za-z0-9.,%]+|\s+|.", re.DOTALL)
FINE: Final = 1200
"""Two changed passages up to so many characters are compared character by character."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: ``same``, ``old`` (only before) or ``new`` (only after)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. Texts carry ``pieces``, numbers the ``difference`` in words."""

    label: Label
    before: Shown
    after: Shown
    pieces: Sequence[Piece] = ()
    difference: str = ""


@dataclass(frozen=True, slots=True)
class SectionChange:
    """A section of a report in two versions; without ``fields`` nothing differs in it."""

    section: Section
    fields: Sequence[FieldChange]


def compared(
    report: Report, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[SectionChange]:
    """Every section of the report with the fields that differ, in the order of the report."""
    return [
        SectionChange(
            section,
            [
                _change(field, before.get(field.name), after.get(field.name))
                for field in section.inputs
                if before.get(field.name) != after.get(field.name)
            ],
        )
        for section in report.sections
    ]


def _change(field: Input, before: Any, after: Any) -> FieldChange:
    one, two = shown(field, before), shown(field, after)
    if isinstance(field, Quantity) and before is not None and after is not None:
        return FieldChange(field.label, one, two, difference=_moved(field, before, after))
    if isinstance(field, Files) or not one.text or not two.text:
        return FieldChange(field.label, one, two)
    return FieldChange(field.label, one, two, pieces=pieces(one.text, two.text))


def _moved(field: Quantity, before: str, after: str) -> str:
    first, second = Decimal(before), Decimal(after)
    by = second - first
    sign = "+" if by > 0 else "−"
    share = f"（{sign}{abs(by) * 100 / first:.2f}%）" if first else ""
    return f"{sign}{number(abs(by))} {field.unit}".strip() + share


def pieces(before: str, after: str) -> list[Piece]:
    """What stayed, went and came, by sentences and, within a changed one, by characters.

    >>> [(p.kind, p.text) for p in pieces("缺省值。", "实测值。")]
    [('old', '缺省'), ('new', '实测'), ('same', '值。')]
    """
    return _merged(_parted(SENTENCES.findall(before), SENTENCES.findall(after), fine=True))


def _parted(before: Sequence[str], after: Sequence[str], *, fine: bool) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        old, new = "".join(before[i:j]), "".join(after[k:m])
        if what == "equal":
            yield Piece("same", old)
        elif fine and old and new and max(len(old), len(new)) <= FINE:
            yield from _parted(TOKENS.findall(old), TOKENS.findall(new), fine=False)
        else:
            yield Piece("old", old)
            yield Piece("new", new)


def _merged(found: Iterator[Piece]) -> list[Piece]:
    """Put neighbours of one kind together and drop what is empty."""
    merged: list[Piece] = []
    for piece in found:
        if not piece.text:
            continue
        if merged and merged[-1].kind == piece.kind:
            merged[-1] = Piece(piece.kind, merged[-1].text + piece.text)
        else:
            merged.append(piece)
    return merged


def cited_report(lifecycle: type[Lifecycle], items: Items) -> Report | None:
    """The report whose sections the rows of a table cite; none where they cite no clause."""
    for transition in lifecycle.transitions.values():
        if not isinstance(transition.item, Raise) or transition.item.items is not items:
            continue
        for field in transition.inputs:
            if isinstance(field, Choice) and field.name == items.cites:
                numbers = [number_ for number_, _ in field.options]
                return next(
                    (
                        report
                        for report in lifecycle.reports.values()
                        if [section.number for section in report.sections] == numbers
                    ),
                    None,
                )
    return None
