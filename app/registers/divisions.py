"""Administrative divisions 行政区划: their names, and which lie in which."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from app.engine.actors import jurisdiction_stem

FILE: Final = Path(__file__).parent / "data" / "divisions.csv"


@dataclass(frozen=True, slots=True)
class Place:
    """One division. ``level`` is province, city, county or township."""

    code: str
    name: str
    level: str
    parent_code: str | None


@cache
def known() -> Mapping[str, Place]:
    """Return the divisions of the shipped table by code, from the province down."""
    with FILE.open(encoding="utf-8", newline="") as file:
        places = [
            Place(row["code"], row["name"], row["level"], row["parent_code"] or None)
            for row in csv.DictReader(file)
        ]
    return MappingProxyType({place.code: place for place in places})


def division_name(code: str) -> str:
    """Return the name of a division; the code itself where it is not known.

    >>> division_name("640502401")
    '中卫工业园区'
    >>> division_name("110105")
    '110105'
    """
    return known()[code].name if code in known() else code


def code_of(typed: str) -> str | None:
    """Read a code or an unambiguous name of the shipped table.

    >>> code_of("沙坡头区")
    '640502'
    """
    text = "".join(typed.split())
    if text in known():
        return text
    named = [place.code for place in known().values() if place.name == text]
    return named[0] if len(named) == 1 else None


def is_within(code: str, jurisdiction: str) -> bool:
    """Whether a division is the jurisdiction or lies in it. Nothing lies in no jurisdiction."""
    return bool(jurisdiction) and code.startswith(jurisdiction_stem(jurisdiction))


def within(jurisdiction: str) -> list[Place]:
    """Return the division and what lies in it, in the order of the codes."""
    return sorted(
        (place for place in known().values() if is_within(place.code, jurisdiction)),
        key=lambda place: (place.code.ljust(9, "0"), len(place.code)),
    )
