"""Placeholders in the texts of documents, and how a value reads in Chinese.

``{facts}`` is a field, ``{fine:capitals}`` its amount in capitals, ``{term:plea}`` a period of the
law, ``{cite:APL 44}`` a provision, ``{surcharge:percent}`` the daily share of the surcharge. There
is no other syntax, no expression, no attribute and no call: a text cannot do anything. A value is
put in once and never read for placeholders again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from app.engine.inputs import Choice, Day, Input, Money, Quantity, Whole, YesNo
from app.law.amounts import in_capitals
from app.law.penalties import surcharge_percent
from app.law.periods import LOCAL_ZONE
from app.law.sources import cite
from app.law.terms import LawBook, shipped_law

PATTERN: Final = re.compile(r"\{([^{}]*)\}|([{}])")
NAME: Final = re.compile(r"[a-z][a-z_]*", re.ASCII)
LAW: Final = frozenset({"term", "cite", "surcharge"})
VARIANTS: Final = frozenset({"", "capitals"})
HEAD: Final = frozenset({"body", "case_number", "number", "sealed_on"})
"""What every document knows besides its fields."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder: a field and how it is written, or something of the law."""

    name: str
    variant: str = ""

    @property
    def is_law(self) -> bool:
        """Whether the law says it, not a field."""
        return self.name in LAW


def placeholders(text: str) -> Iterator[Placeholder]:
    """The placeholders of a text.

    Raises ValueError for anything else in braces, LawError for a provision nobody knows.
    """
    for found in PATTERN.finditer(text):
        yield _read(found)


def _read(match: re.Match[str]) -> Placeholder:
    if match[2]:
        msg = f"a brace that opens or closes nothing: {match.string[:60]}"
        raise ValueError(msg)
    inside = match[1]
    name, _, variant = inside.partition(":")
    if not NAME.fullmatch(name):
        msg = f"no placeholder: {{{inside}}}"
        raise ValueError(msg)
    found = Placeholder(name, variant)
    if found.is_law:
        _refuse_unknown(found)
    elif variant not in VARIANTS:
        msg = f"no such way of writing: {{{inside}}}"
        raise ValueError(msg)
    return found


def _refuse_unknown(found: Placeholder) -> None:
    """Raise for a term, a provision or a number of the law that nobody knows."""
    if found.name == "cite":
        cite(*found.variant.split(" ", 1))
        return
    known = shipped_law().has_term(found.variant) if found.name == "term" else False
    if not known and (found.name, found.variant) != ("surcharge", "percent"):
        msg = f"the law has no such word: {{{found.name}:{found.variant}}}"
        raise ValueError(msg)


def law_words(found: Placeholder, law: LawBook, on: date) -> str:
    """What the law says in the place of a placeholder on a day. Raises LawError."""
    match found.name:
        case "term":
            term = law.term(found.variant, on)
            return f"{term.length}{term.unit.label.zh}"
        case "cite":
            return cite(*found.variant.split(" ", 1)).text_zh
    return f"{surcharge_percent().normalize():f}%"


def filled(text: str, replace: Callable[[Placeholder], str]) -> str:
    """The text with every placeholder replaced, each once. Raises as `placeholders`."""
    return PATTERN.sub(lambda found: replace(_read(found)), text)


# How a value reads ------------------------------------------------------------------------------


def in_words(declared: Input, value: Any, variant: str = "") -> str:
    """A kept value (as JSON) in the words of a document; nothing as an empty text."""
    if value in (None, "", []):
        return ""
    match declared:
        case Choice():
            known = dict(declared.options)
            words = known[value].zh if value in known else str(value)
        case YesNo():
            words = "是" if value else "否"
        case Day():
            words = chinese_day(date.fromisoformat(value))
        case Money():
            amount = Decimal(value)
            words = in_capitals(amount) if variant == "capitals" else yuan(amount)
        case Quantity() | Whole():
            words = f"{value}{declared.unit}"
        case _:
            words = str(value)
    return words


def chinese_day(day: date) -> str:
    """A date as official documents write it.

    >>> chinese_day(date(2026, 3, 7))
    '2026年3月7日'
    """
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_moment(at: datetime) -> str:
    """An instant on the wall clock of the authority, to the minute."""
    local = at.astimezone(LOCAL_ZONE)
    return f"{chinese_day(local.date())}{local.hour}时{local.minute}分"


def yuan(amount: Decimal) -> str:
    """An amount in digits, without parts of a yuan where there are none.

    >>> yuan(Decimal("250000.00")), yuan(Decimal("1409.5"))
    ('250000元', '1409.50元')
    """
    whole = amount == amount.to_integral_value()
    return f"{amount:.0f}元" if whole else f"{amount:.2f}元"


def missing_mark(declared: Input) -> str:
    """What stands in a draft in the place of a value that is still wanted."""
    return f"【待填：{declared.zh}】"
