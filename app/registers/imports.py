"""Reading a table into the registers, in two steps: first say what would happen, then do it.

Every row of the file is planned: it will be added, it changes something (each field before and
after), it changes nothing, or it is faulty, with the reason and its line. Applying writes the good
rows in one transaction and leaves the others to be taken away, corrected and handed in again. An
empty cell says nothing: it never wipes out what the registers hold.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, OrganisationKind
from app.audit import chain
from app.engine.actors import Actor
from app.engine.inputs import InputFault, plain
from app.law.labels import Label
from app.registers import divisions, operations, queries
from app.registers.columns import (
    COLUMNS,
    Column,
    Register,
    code_warnings,
    columns_by_heading,
    heading_key,
)
from app.registers.errors import FileRefused
from app.registers.models import RosterEntry
from app.registers.sheets import HEADING_WITHIN, MOST_ROWS, Line

CHUNK: Final = 500
KIND_OF: Final = {
    Register.UNITS: OrganisationKind.UNIT,
    Register.AGENCIES: OrganisationKind.AGENCY,
    Register.ROSTER: OrganisationKind.UNIT,
}
NEEDED_HEADINGS: Final[Mapping[Register, frozenset[str]]] = {
    Register.UNITS: frozenset({"name"}),
    Register.AGENCIES: frozenset({"name"}),
    Register.ROSTER: frozenset({"year", "listed_on"}),
}
"""Without these a file is of something else. What a new row needs besides is asked of each row."""


class Action(StrEnum):
    """What becomes of a row."""

    ADD = "add"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    FAULTY = "faulty"

    @property
    def label(self) -> Label:
        """What becomes of it, in both languages."""
        return _ACTION_LABELS[self]


_ACTION_LABELS: Final = {
    Action.ADD: Label("新增", "Added"),
    Action.CHANGE: Label("变更", "Changed"),
    Action.UNCHANGED: Label("无变化", "Unchanged"),
    Action.FAULTY: Label("有误", "Faulty"),
}


@dataclass(slots=True)
class PlannedRow:
    """One row of the file and what becomes of it. ``target`` is what it changes, if anything."""

    line: Line
    values: dict[str, Any] = field(default_factory=dict)
    action: Action = Action.FAULTY
    target: UUID | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    faults: list[Label] = field(default_factory=list)
    misread: set[str] = field(default_factory=set)
    """Columns whose cell was not understood; they are not missing as well."""
    warnings: list[Label] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the row calls the organisation."""
        return str(self.values.get("name") or self.values.get("uscc") or "")


@dataclass(frozen=True, slots=True)
class Plan:
    """A file as it would be read now."""

    register: Register
    heading: Line
    columns: Sequence[Column | None]
    rows: Sequence[PlannedRow]

    @property
    def unknown_columns(self) -> list[str]:
        """Headings that stand for nothing here; their cells are not read."""
        return [
            heading
            for heading, column in zip(self.heading.cells, self.columns, strict=True)
            if column is None and heading and heading_key(heading) not in _OWN_HEADINGS
        ]

    @property
    def counts(self) -> dict[Action, int]:
        """How many rows there are of each kind."""
        counted = Counter(row.action for row in self.rows)
        return {action: counted[action] for action in Action}

    @property
    def warned(self) -> int:
        """How many rows have a warning."""
        return sum(1 for row in self.rows if row.warnings)

    @property
    def digest(self) -> str:
        """What the plan comes to: it differs if anything else would happen now."""
        told = [(r.line.number, str(r.action), str(r.target), repr(r.changes)) for r in self.rows]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def faulty_rows(self, locale: str) -> Iterator[list[str]]:
        """Yield heading and cells of the faulty rows with their line and reasons, for a file."""
        faulty = [(r.line, r.faults) for r in self.rows if r.action is Action.FAULTY]
        yield from rows_with_reasons(self.heading, faulty, locale)


def rows_with_reasons(
    heading: Line, faulty: Sequence[tuple[Line, Sequence[Label]]], locale: str
) -> Iterator[list[str]]:
    """Yield a heading, and lines with their number and what is wrong with each."""
    yield [*heading.cells, *(label.text(locale) for label in _LINE_AND_REASON)]
    width = len(heading.cells)
    for line, faults in faulty:
        cells = [*line.cells, *[""] * (width - len(line.cells))]
        yield [*cells, str(line.number), " ".join(fault.text(locale) for fault in faults)]


_LINE_AND_REASON: Final = (Label("原行号", "Line"), Label("原因", "Reason"))
_OWN_HEADINGS: Final = {heading_key(t) for label in _LINE_AND_REASON for t in (label.zh, label.en)}
"""The two columns `Plan.faulty_rows` adds; in a file handed in again they mean nothing."""


# Planning ---------------------------------------------------------------------------------------


def plan(session: Session, actor: Actor, register: Register, lines: Sequence[Line]) -> Plan:
    """Say of every row what would become of it now. Raises FileRefused; writes nothing."""
    heading, columns, rest = _heading(register, lines)
    if len(rest) > MOST_ROWS:
        raise FileRefused(
            Label(
                f"文件超过 {MOST_ROWS} 行。请拆分后分别导入。",
                f"The file has more than {MOST_ROWS} rows. Split it.",
            )
        )
    rows = [_read_row(columns, line) for line in rest]
    kept = _Kept(session, KIND_OF[register])
    if register is Register.ROSTER:
        _plan_roster(session, actor, rows, kept)
    else:
        _plan_organisations(session, actor, KIND_OF[register], rows, kept)
    return Plan(register, heading, columns, rows)


def _heading(
    register: Register, lines: Sequence[Line]
) -> tuple[Line, list[Column | None], Sequence[Line]]:
    """Find the row of headings: of the first rows the one that names most columns."""
    known = columns_by_heading(COLUMNS[register])
    place, columns = max(
        (
            (number, [known.get(heading_key(cell)) for cell in line.cells])
            for number, line in enumerate(lines[:HEADING_WITHIN])
        ),
        key=lambda found: len(set(found[1]) - {None}),
    )
    missing = [
        column.input.label
        for column in COLUMNS[register]
        if column.name in NEEDED_HEADINGS[register] and column not in columns
    ]
    refuse_missing_headings(missing)
    _refuse_twice(columns)
    return lines[place], columns, lines[place + 1 :]


def refuse_missing_headings(missing: Sequence[Label]) -> None:
    """Raise FileRefused if any column is missing that a file must have."""
    if missing:
        raise FileRefused(
            Label(
                "表头缺少「" + "」「".join(label.zh for label in missing) + "」列，文件未导入。",
                "The headings lack " + ", ".join(f"“{label.en}”" for label in missing) + ".",
            )
        )


def _refuse_twice(columns: Sequence[Column | None]) -> None:
    refuse_headings_twice([column.input.label for column in columns if column])


def refuse_headings_twice(headings: Sequence[Label]) -> None:
    """Raise FileRefused if two columns of a file stand for the same."""
    twice = [label for label, times in Counter(headings).items() if times > 1]
    if twice:
        label = twice[0]
        raise FileRefused(
            Label(
                f"有两列都表示「{label.zh}」，请保留一列。",
                f"Two columns stand for “{label.en}”; keep one.",
            )
        )


def _read_row(columns: Sequence[Column | None], line: Line) -> PlannedRow:
    row = PlannedRow(line)
    if any(line.cells[len(columns) :]):
        row.faults.append(
            Label("单元格多于表头的列数，可能错位。", "More cells than headings: out of place?")
        )
    for column, cell in zip(columns, line.cells, strict=False):
        if column is None or not cell:
            continue
        try:
            row.values[column.name] = column.read(cell)
        except InputFault as fault:
            row.faults.append(fault.label)
            row.misread.add(column.name)
            continue
        if column.name == "uscc" and row.values["uscc"] != cell:
            row.warnings.append(
                Label(
                    f"信用代码按规范写法记为 {row.values['uscc']}。",
                    f"The credit code is kept as {row.values['uscc']}.",
                )
            )
    return row


class _Kept:
    """What the registers hold of one kind, found by credit code and by name."""

    def __init__(self, session: Session, kind: OrganisationKind) -> None:
        profile = queries.PROFILES[kind]
        rows = session.execute(
            select(Organisation, profile).join(profile, profile.organisation_id == Organisation.id)
        ).all()
        self.by_id = {row[0].id: (row[0], row[1]) for row in rows}
        self.by_code = {row[0].uscc: row[0] for row in rows if row[0].uscc}
        self.by_name: dict[str, list[Organisation]] = {}
        for row in rows:
            self.by_name.setdefault(row[0].name, []).append(row[0])
        others = select(Organisation.uscc, Organisation.name).where(
            Organisation.uscc.is_not(None), Organisation.kind != kind
        )
        self.foreign_codes = {row.uscc: row.name for row in session.execute(others)}

    def find(self, row: PlannedRow) -> Organisation | None:
        """Return what a row means, by its code first; a doubt becomes a fault of the row."""
        code, name = row.values.get("uscc"), row.values.get("name", "")
        if code and code in self.foreign_codes:
            owner = self.foreign_codes[code]
            row.faults.append(
                Label(
                    f"信用代码已登记在另一类单位「{owner}」名下。",
                    f"The credit code belongs to “{owner}”, which is of another kind.",
                )
            )
            return None
        if code and (found := self.by_code.get(code)):
            return found
        same = self.by_name.get(name, [])
        if len(same) > 1:
            row.faults.append(
                Label(
                    "登记簿中有多个同名单位，请填写信用代码。",
                    "The registers hold several of this name; give the credit code.",
                )
            )
            return None
        if same and code and same[0].uscc:
            row.faults.append(
                Label(
                    f"登记簿中同名单位的信用代码为 {same[0].uscc}，请核对。",
                    f"The registers hold the name under the code {same[0].uscc}; check.",
                )
            )
            return None
        return same[0] if same else None


def _plan_organisations(
    session: Session, actor: Actor, kind: OrganisationKind, rows: Sequence[PlannedRow], kept: _Kept
) -> None:
    keeper = queries.may_edit(session, actor)
    needed = [c for c in COLUMNS[_register_of(kind)] if c.input.required]
    first: dict[tuple[str, str], int] = {}
    for row in rows:
        target = kept.find(row)
        _refuse_duplicate(row, first, ("uscc", "name"))
        if target is None:
            _refuse_missing(row, needed)
        place = row.values.get("division")
        held = target.division if target else None
        if kind is OrganisationKind.UNIT:
            outside = [p for p in (place, held) if p and not _keeps(actor, p, keeper=keeper)]
            row.faults += [_outside(outside[0])] if outside else []
        row.warnings += code_warnings(
            row.values.get("uscc"), (place or held) if kind is OrganisationKind.UNIT else None
        )
        if row.faults:
            continue
        if target is None:
            row.action = Action.ADD
            row.changes = {n: (None, v) for n, v in row.values.items() if n != "name"}
            continue
        row.target = target.id
        row.changes = _differences(row.values, *kept.by_id[target.id], kind)
        row.action = Action.CHANGE if row.changes else Action.UNCHANGED


def _register_of(kind: OrganisationKind) -> Register:
    return Register.UNITS if kind is OrganisationKind.UNIT else Register.AGENCIES


def _refuse_missing(row: PlannedRow, needed: Sequence[Column]) -> None:
    given = row.values.keys() | row.misread
    row.faults += [
        Label(f"缺少「{c.input.zh}」。", f"“{c.input.en}” is missing.")
        for c in needed
        if c.name not in given
    ]


def _keeps(actor: Actor, division: str, *, keeper: bool) -> bool:
    return keeper and divisions.is_within(division, actor.division)


def _outside(division: str) -> Label:
    name = divisions.division_name(division)
    return Label(
        f"「{name}」不在本机关辖区内。", f"“{name}” does not lie in your authority's jurisdiction."
    )


def _refuse_duplicate(
    row: PlannedRow, first: dict[tuple[str, str], int], names: Sequence[str]
) -> None:
    for name in names:
        value = row.values.get(name)
        if not value:
            continue
        line = first.setdefault((name, value), row.line.number)
        if line != row.line.number:
            row.faults.append(
                Label(f"与文件第 {line} 行重复（{value}）。", f"The same as line {line} ({value}).")
            )
            return


def _differences(
    values: Mapping[str, Any], organisation: Organisation, profile: Any, kind: OrganisationKind
) -> dict[str, tuple[Any, Any]]:
    held = {
        column.name: queries.value_of(column, organisation, profile)
        for column in COLUMNS[_register_of(kind)]
    }
    return {n: (held[n], value) for n, value in values.items() if held[n] != value}


def _plan_roster(session: Session, actor: Actor, rows: Sequence[PlannedRow], kept: _Kept) -> None:
    keeper = queries.may_edit(session, actor)
    needed = [c for c in COLUMNS[Register.ROSTER] if c.input.required]
    years = {row.values["year"] for row in rows if "year" in row.values}
    entries = {
        (entry.year, entry.unit_id): entry
        for entry in session.scalars(select(RosterEntry).where(RosterEntry.year.in_(years)))
    }
    first: dict[tuple[int, UUID], int] = {}
    for row in rows:
        _refuse_missing(row, needed)
        unit = kept.find(row)
        if unit is None and not row.faults:
            row.faults.append(
                Label(
                    "重点排放单位登记簿中没有该单位，请先登记。",
                    "The register of units does not hold it; enter it there first.",
                )
            )
        if unit is not None and not _keeps(actor, unit.division, keeper=keeper):
            row.faults.append(_outside(unit.division))
        if row.faults or unit is None:
            continue
        year = row.values["year"]
        line = first.setdefault((year, unit.id), row.line.number)
        if line != row.line.number:
            row.faults.append(
                Label(f"与文件第 {line} 行重复。", f"The same unit as in line {line}.")
            )
            continue
        _plan_entry(row, unit, entries.get((year, unit.id)))


def _plan_entry(row: PlannedRow, unit: Organisation, entry: RosterEntry | None) -> None:
    row.target = unit.id
    days = {n: row.values[n] for n in ("listed_on", "removed_on") if n in row.values}
    removed = days.get("removed_on")
    if removed and removed < days["listed_on"]:
        row.faults.append(Label("移出日期早于列入日期。", "It was removed before it was listed."))
        return
    held = {n: getattr(entry, n, None) for n in days}
    row.changes = {n: (held[n], day) for n, day in days.items() if held[n] != day}
    if entry is None:
        row.action = Action.ADD
    else:
        row.action = Action.CHANGE if row.changes else Action.UNCHANGED


# Applying ---------------------------------------------------------------------------------------


def apply(
    session: Session,
    actor: Actor,
    planned: Plan,
    *,
    file_name: str,
    file_digest: str,
    now: datetime,
) -> None:
    """Write the good rows of a plan made in this very transaction, with one entry for the file.

    The entry names the file by its digest and every row by its line, with what changed; names and
    telephone numbers of contacts stand in it as a commitment. Call `operations.lock` before
    planning. Raises MayNotEdit.
    """
    operations.refuse_unless_keeper(session, actor)
    if planned.register is Register.ROSTER:
        _apply_roster(session, planned.rows)
    else:
        _apply_organisations(session, KIND_OF[planned.register], planned.rows, now)
    kind = KIND_OF[planned.register]
    rows: list[dict[str, Any]] = []
    personal: dict[str, Any] = {}
    for row in planned.rows:
        if row.action not in {Action.ADD, Action.CHANGE}:
            continue
        after = {name: value for name, (_, value) in row.changes.items()}
        told, private = operations.split_personal(kind, after)
        if planned.register is Register.ROSTER:
            told["year"] = row.values["year"]
        elif row.action is Action.ADD:
            told["name"] = row.values["name"]
        rows.append(
            {"line": row.line.number, "act": row.action, "organisation": row.target, "values": told}
        )
        if private:
            personal[str(row.line.number)] = plain(private)
    body = {
        "file": file_name,
        "sha256": file_digest,
        "counts": {str(action): number for action, number in planned.counts.items()},
        "rows": rows,
    }
    chain.append(
        session, operations.CHAIN, trigger=f"import_{planned.register}", actor=actor, now=now,
        body=body, private={"contacts": personal} if personal else {},
    )  # fmt: skip


def _apply_organisations(
    session: Session, kind: OrganisationKind, rows: Sequence[PlannedRow], now: datetime
) -> None:
    new: list[tuple[Organisation, Any]] = []
    for row in rows:
        if row.action is Action.ADD:
            new.append(operations.made(kind, row.values, now=now))
            row.target = new[-1][0].id
    session.add_all(organisation for organisation, _ in new)
    session.flush()
    session.add_all(profile for _, profile in new)
    changed = {row.target: row for row in rows if row.action is Action.CHANGE}
    for chunk in _chunks([target for target in changed if target is not None]):
        profile = queries.PROFILES[kind]
        found = session.execute(
            select(Organisation, profile)
            .join(profile, profile.organisation_id == Organisation.id)
            .where(Organisation.id.in_(chunk))
        )
        for organisation, its_profile in found:
            operations.write(organisation, its_profile, changed[organisation.id].values)
    session.flush()


def _apply_roster(session: Session, rows: Sequence[PlannedRow]) -> None:
    years = {row.values["year"] for row in rows if row.action is Action.CHANGE}
    entries = {
        (entry.year, entry.unit_id): entry
        for entry in session.scalars(select(RosterEntry).where(RosterEntry.year.in_(years)))
    }
    for row in rows:
        if row.action is Action.ADD:
            days = {name: after for name, (_, after) in row.changes.items()}
            session.add(RosterEntry(year=row.values["year"], unit_id=row.target, **days))
        elif row.action is Action.CHANGE and row.target is not None:
            entry = entries[row.values["year"], row.target]
            for name, (_, after) in row.changes.items():
                setattr(entry, name, after)
    session.flush()


def _chunks(values: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
