"""The published cases as the tests read them, and beside each what has to be flagged.

What a text leaves out is ``None`` or absent and stays so. A day known only by its month has a first
and a last day; nothing here picks one.
"""

from __future__ import annotations

import json
import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Happening:
    """One dated event of a case."""

    type: str
    first: date
    last: date
    note: str

    @property
    def is_month(self) -> bool:
        """Whether the text names the month only."""
        return self.first != self.last

    @property
    def on(self) -> date:
        """The day. Raises LookupError where the text names the month only."""
        if self.is_month:
            raise LookupError(f"{self.type}: {self.first:%Y-%m} is a month")
        return self.first

    def __str__(self) -> str:
        return f"{self.type} {self.first:%Y-%m}" if self.is_month else f"{self.type} {self.first}"


@dataclass(frozen=True)
class Chronicle:
    """One published case: what its text says, and how the tests play and flag it."""

    told: Mapping[str, Any]
    expected: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.told["case_id"])

    @property
    def facts(self) -> str:
        return str(self.told["facts_zh"])

    @property
    def checks(self) -> list[str]:
        return list(self.told["checks_zh"])

    @property
    def is_about_an_agency(self) -> bool:
        return self.told["party_type"] in {"verifier", "tester", "consultant"}

    @property
    def parties(self) -> list[str]:
        """Who is accused, one case each: the party of the text, unless the text names several or nobody."""
        return list(self.expected.get("parties", [self.told["party"]]))

    @property
    def happenings(self) -> list[Happening]:
        return [_read(event) for event in self.told["events"]]

    def all(self, *types: str) -> list[Happening]:
        return [event for event in self.happenings if event.type in types]

    def one(self, *types: str) -> Happening:
        """The only event of these types. Raises ValueError if there is none or more than one."""
        [event] = self.all(*types)
        return event


def _read(event: Mapping[str, str]) -> Happening:
    text = event["date"]
    if event["precision"] == "month":
        year, month = (int(part) for part in text.split("-"))
        first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    else:
        first = last = date.fromisoformat(text)
    return Happening(event["type"], first, last, event["note"])


@cache
def chronicles() -> Mapping[str, Chronicle]:
    """Every case by its id, in the order of the file."""
    lines = (DATA / "enforcement_cases.jsonl").read_text(encoding="utf-8").splitlines()
    flags = tomllib.loads((DATA / "enforcement_flags.toml").read_text(encoding="utf-8"))
    told = [json.loads(line) for line in lines]
    return {case["case_id"]: Chronicle(case, flags[case["case_id"]]) for case in told}


def checks() -> Iterator[tuple[str, str]]:
    """Every check of the data with the id of its case."""
    for chronicle in chronicles().values():
        yield from ((chronicle.id, text) for text in chronicle.checks)
