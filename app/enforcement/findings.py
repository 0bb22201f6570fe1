"""What an operation found, who owns each finding, and the cases that came of them.

A case is told only to whoever may see it: neither its number nor that it exists to anybody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.audit.models import AuditEntry
from app.cases.models import Case, CaseDeadline
from app.cases.page import Action, CasePage, RowOf
from app.cases.panels import Context
from app.cases.snapshot import SEEN, Record, record
from app.cases.wording import ClockLine, lines
from app.db import table_of
from app.enforcement.joint import actions_of, is_operation, organisations
from app.engine.definition import Transition
from app.law.labels import Label
from app.law.penalties import conducts
from app.workflows import by_version
from app.workflows.joint_enforcement import ROUTES, WAITING

deadlines = table_of(CaseDeadline)

OPENED_BY: Final = (
    "open_own_case",
    "open_agency_case",
    "refer_to_bureau",
    "refer_to_police",
    "refer_elsewhere",
)
"""Acts on a finding that open a case."""
DROP: Final = "drop_finding"
SPLIT_ACTS: Final = ("split_findings", "raise_finding", "raise_obstruction")


# The cases that came of an operation -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """A case the operation opened, as far as the reader may see it. ``clock`` is its main one."""

    case: Case
    title: Label
    state: Label
    clock: ClockLine | None


def children_of(page: CasePage) -> Mapping[UUID, Became]:
    """The cases opened by this one that the reader may see, oldest first, with their clocks."""
    children = [one for one in page.relatives if one.parent_id == page.case.id]
    query = (
        select(deadlines)
        .where(
            deadlines.c.case_id.in_([one.id for one in children]), deadlines.c.closed_at.is_(None)
        )
        .order_by(deadlines.c.opened_seq, deadlines.c.id)
    )
    clocks: dict[UUID, list[Record]] = {}
    for row in page.session.execute(query, execution_options=SEEN).mappings():
        clocks.setdefault(row["case_id"], []).append(record(row))
    return {one.id: _became(page, one, clocks.get(one.id, [])) for one in children}


def _became(page: CasePage, case: Case, clocks: Sequence[Record]) -> Became:
    lifecycle = by_version(case.lifecycle, case.lifecycle_version)
    state = lifecycle.states[case.state]
    running = [line for line in lines(lifecycle, clocks, page.law, page.now) if line.runs]
    waits = state.waits_for.label if state.waits_for is not None else None
    theirs = [line for line in running if line.waits_for == waits]
    return Became(
        case=case,
        title=lifecycle.title(),
        state=state.label,
        clock=next(iter(theirs or running), None),
    )


def cases_by_finding(page: CasePage) -> Mapping[str, Sequence[UUID]]:
    """Which cases each finding became, the newest first, by the id of the row.

    Read from the acts that opened them, also from those the reader is not told: what is shown of
    it is a row and a case which they both may read.
    """
    query = (
        select(AuditEntry.body)
        .where(AuditEntry.chain_id == page.case.id, AuditEntry.trigger.in_(OPENED_BY))
        .order_by(AuditEntry.seq.desc())
    )
    found: dict[str, list[UUID]] = {}
    for body in page.session.scalars(query, execution_options=SEEN):
        details = json.loads(body)["details"]
        opened = [UUID(one) for one in details.get("children") or ()]
        for row in details.get("rows") or ():
            found.setdefault(row["id"], []).extend(opened)
    return found


# The split ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding: what, by whom, whose it is, on which article, and what became of it.

    ``route`` and ``owner`` are empty until it is split. ``became`` are the cases the reader may
    see, the newest first; more than one where a matter came back and went elsewhere.
    """

    row: RowOf
    party: str
    conduct: Label
    found_by: str
    route: Label | None
    owner: str
    article: str
    became: Sequence[Became]

    @property
    def acts(self) -> Sequence[Transition]:
        """What the reader may do with it now."""
        return self.row.acts

    @property
    def goes_on(self) -> bool:
        """Whether the first of these acts brings it further."""
        return any(act.name != DROP for act in self.acts)

    @property
    def is_unsplit(self) -> bool:
        """Whether it has no owner yet."""
        return self.row.row.status == "found"

    @property
    def waits(self) -> bool:
        """Whether its case has still to be opened."""
        return self.row.row.status in WAITING

    @property
    def is_dropped(self) -> bool:
        """Whether it does not stand."""
        return self.row.row.status == "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The findings the reader may read, by what has still to be done with them."""

    unsplit: Sequence[Finding]
    owned: Sequence[Finding]
    dropped: Sequence[Finding]
    actions: Sequence[Action]


def shows(page: CasePage) -> bool:
    """Whether there are findings to read, or the authority has to look for some."""
    if not is_operation(page):
        return False
    looking = page.case.state == "consolidating" and page.of_authority
    return looking or bool(page.rows["findings"])


def split_tab(page: CasePage) -> Context:
    """The findings of an operation."""
    return {"split": split_of(page)}


def split_of(page: CasePage) -> Split:
    """Read the findings of an operation with the cases they became."""
    found = _findings(page)
    standing = [one for one in found if not one.is_dropped]
    return Split(
        unsplit=[one for one in standing if one.is_unsplit],
        # Those whose case has still to be opened come first.
        owned=sorted(
            (one for one in standing if not one.is_unsplit), key=lambda one: not one.waits
        ),
        dropped=[one for one in found if one.is_dropped],
        actions=actions_of(page, SPLIT_ACTS),
    )


def _findings(page: CasePage) -> Sequence[Finding]:
    rows = page.rows["findings"]
    named = ("party", "found_by", "owner_bureau")
    names = organisations(
        page, (UUID(one.row.data[key]) for one in rows for key in named if key in one.row.data)
    )
    children, opened = children_of(page), cases_by_finding(page)
    words = dict(conducts())

    def name(row: RowOf, key: str) -> str:
        return names[UUID(row.row.data[key])] if key in row.row.data else ""

    return [
        Finding(
            row=one,
            party=name(one, "party"),
            conduct=words[one.row.data["conduct"]],
            found_by=name(one, "found_by"),
            route=ROUTES[one.row.data["route"]] if "route" in one.row.data else None,
            owner=name(one, "owner_bureau"),
            article=one.row.data.get("article", ""),
            became=[children[key] for key in opened.get(str(one.row.id), ()) if key in children],
        )
        for one in rows
    ]
