"""The rows of an items table as one person reads them and may act on them, round by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.cases.comparison import cited_report
from app.cases.models import ItemRecord, ReportVersion
from app.cases.page import CasePage, RowOf
from app.cases.values import Names, Shown, all_shown, names_in_all
from app.engine.definition import Items, Raise, Report, Take, Transition
from app.engine.inputs import Choice, Input
from app.law.labels import Label


@dataclass(frozen=True, slots=True)
class Choose:
    """A way to act on a row: a link of its own per option where the act is a choice."""

    transition: Transition
    text: Label
    preset: dict[str, str]


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows are done of those an act is for, for the bar above them."""

    text: Label
    done: int
    total: int


class RowsTable:
    """The rows of one table as the person may act on them."""

    def __init__(self, page: CasePage, items: Items) -> None:
        self.page = page
        self.items = items
        self.rows = page.rows[items.name]
        self.report: Report | None = cited_report(page.lifecycle, items)

    @property
    def acts(self) -> list[Transition]:
        """What the person may do on a row of it now, each once."""
        return list(dict.fromkeys(act for row in self.rows for act in row.acts))

    @property
    def entering(self) -> list[Transition]:
        """What the person may do now to add a row."""
        found = [action.transition for action in self.page.actions]
        return [t for t in found if isinstance(t.item, Raise) and t.item.items is self.items]

    @property
    def open(self) -> int:
        """Rows that still want something."""
        return sum(row.row.status in self.items.open_statuses for row in self.rows)

    def chooses(self, row: RowOf) -> list[Choose]:
        """The links of one row."""
        return [choose for act in row.acts for choose in _choices(act)]

    def counts(self) -> list[Count]:
        """How far each act that goes through the rows has come."""
        found = []
        for act in self.acts:
            take = act.item
            assert isinstance(take, Take)  # `RowOf.acts` holds no others
            done = {take.to} if isinstance(take.to, str) else set(take.to.values())
            count = sum(row.row.status in done for row in self.rows)
            left = sum(row.row.status in set(take.sources) - done for row in self.rows)
            text = self.items.statuses[take.to] if isinstance(take.to, str) else act.label
            found.append(Count(text, count, count + left))
        return found

    def newest(self) -> list[ReportVersion]:
        """The two newest versions of the report the rows cite, the newest first."""
        return self.page.versions.get(self.report.name, [])[:2] if self.report else []


def _choices(act: Transition) -> list[Choose]:
    choice = next((field for field in act.inputs if isinstance(field, Choice)), None)
    if choice is None:
        return [Choose(act, act.label, {})]
    return [Choose(act, text, {choice.name: value}) for value, text in choice.options]


@dataclass(frozen=True, slots=True)
class Said:
    """What one act said of a row: its choices in short, its texts and files."""

    record: ItemRecord
    act: Label
    chosen: list[str]
    texts: list[Shown]
    files: list[str]


class Sayings:
    """What was said of the rows of a page; whoever that names is looked up once for all of them."""

    def __init__(self, page: CasePage) -> None:
        self.page = page

    @cached_property
    def _names(self) -> Names:
        return names_in_all(
            self.page.session,
            [
                (self._inputs(record), record.data)
                for rows in self.page.rows.values()
                for row in rows
                for record in row.records
            ],
        )

    def _inputs(self, record: ItemRecord) -> Sequence[Input]:
        return self.page.lifecycle.transitions[record.trigger].inputs

    def of(self, row: RowOf) -> list[Said]:
        """Everything said of a row, the act that entered it first."""
        found = []
        for record in row.records:
            values = all_shown(self._inputs(record), record.data, self._names)
            found.append(
                Said(
                    record,
                    self.page.lifecycle.transitions[record.trigger].label,
                    [one.text for one in values if one.chosen],
                    [one for one in values if one.text and not one.chosen],
                    [digest for one in values for digest in one.files],
                )
            )
        return found
