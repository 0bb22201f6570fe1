"""What was measured, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Table:
    """A heading, the columns, the rows, and what a reader must know of them."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        lines = [f"### {self.title}", ""]
        lines += [_line(self.head), _line(["---", *["---:"] * (len(self.head) - 1)])]
        lines += [_line(row) for row in self.rows]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def ms(seconds: float) -> str:
    """Milliseconds with three digits that mean something."""
    value = seconds * 1000
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def spread(values: Sequence[float], *, places: int = 2) -> str:
    """The median and, in brackets, the least and the greatest."""
    low, high = min(values), max(values)
    return f"{median(values):.{places}f} ({low:.{places}f} to {high:.{places}f})"


def verdict(value: float, goal: float) -> str:
    """Whether a goal is met, in a word."""
    return "met" if value <= goal else "missed"
