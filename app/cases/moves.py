"""What moved a clock or stopped it: each act with who did it, why, on which document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.cases.amendments import CALENDAR, CLOCK_MOVED, DECISION
from app.cases.models import CaseExclusion
from app.cases.page import CasePage, Happened
from app.cases.snapshot import SEEN, Record
from app.engine.definition import RECEIVED_NUMBER, Deadline, Document, Transition
from app.engine.inputs import Files, LongText, Text
from app.law.labels import Label


@dataclass(frozen=True, slots=True)
class Move:
    """One act that changed the end of a clock: from ``was`` to ``due_on``.

    ``number`` says which extension it was, of ``of``; 0 for what is no extension.
    """

    happened: Happened
    was: date | None
    due_on: date | None
    why: Label | None
    reasons: Sequence[str]
    papers: Sequence[Label]
    number: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Excluded:
    """Days that do not count: after ``begins_on`` through ``ends_on``.

    ``acts`` are those that began and ended it, as far as the person may read them.
    """

    label: Label
    begins_on: date
    ends_on: date | None
    acts: Sequence[Happened]
    papers: Sequence[Label]


WHY: Mapping[str, Label] = {
    CALENDAR: Label("节假日安排公布或者调整。", "A calendar was loaded or amended."),
    DECISION: Label("节假日安排调整后，决定提前。", "Decided so after a calendar was amended."),
}


def moves_of(page: CasePage, clock: Record) -> list[Move]:
    """Every act the person may read that moved a clock, oldest first."""
    deadline = page.lifecycle.deadlines[clock["name"]]
    stages = {stage["seq"]: n for n, stage in enumerate(clock["derivation"]["extensions"], start=1)}
    found = []
    for happened in page.acts(*_movers(page, deadline)):
        told = _details(happened)
        moved = [
            one
            for one in told.get("clocks", {}).get("reckoned", ())
            if one["name"] == clock["name"] and one["was"] != one["due"]
        ]
        if not moved or happened.entry.seq < clock["opened_seq"]:
            continue
        found.append(
            Move(
                happened=happened,
                was=_day(moved[0]["was"]),
                due_on=_day(moved[0]["due"]),
                why=WHY.get(told.get("why", "")),
                reasons=_reasons(page, happened, told),
                papers=_papers(page, happened, told),
                number=stages.get(happened.entry.seq, 0),
                of=len(deadline.extensions),
            )
        )
    return found


def moved_by(page: CasePage, told: Mapping[str, Any]) -> list[tuple[Label, Label]]:
    """What an entry did to the ends of clocks: each clock by its name, and what became of it."""
    deadlines, clocks = page.lifecycle.deadlines, told.get("clocks", {})
    moved = [one for one in clocks.get("reckoned", ()) if one["was"] != one["due"]]
    said = (
        *((one, _moved(one["was"], one["due"])) for one in moved),
        *((one, _kept(one["due"], one["earlier"])) for one in clocks.get("kept", ())),
        *((one, SETTLED[one["provisional"]]) for one in clocks.get("settled", ())),
    )
    return [(deadlines[one["name"]].label, what) for one, what in said]


def _moved(was: str | None, due: str | None) -> Label:
    return Label(f"{was or '中止'} → {due or '中止'}", f"{was or 'stopped'} → {due or 'stopped'}")


def _kept(due: str, earlier: str) -> Label:
    return Label(
        f"仍至 {due}；按现行安排应至 {earlier}，须由主管人员决定。",
        f"Still {due}; by the present calendar {earlier}, for a supervisor to decide.",
    )


SETTLED: Mapping[bool, Label] = {
    True: Label("末日不变，仍为暂定。", "The day stays and is still provisional."),
    False: Label("末日不变，不再暂定。", "The day stays and is provisional no longer."),
}


def exclusions_of(page: CasePage, clock: Record) -> list[Excluded]:
    """Every cause for which days of a clock do not count, with its documents."""
    deadline = page.lifecycle.deadlines[clock["name"]]
    labels = {exclusion.kind: exclusion.label for exclusion in deadline.excluded_by}
    told = {(one["kind"], one["from"]) for one in clock["derivation"]["exclusions"]}
    if not told:
        return []
    query = select(CaseExclusion).where(
        CaseExclusion.case_id == page.case.id, CaseExclusion.deadline == deadline.name
    )
    order = (CaseExclusion.begins_on, CaseExclusion.begin_seq)
    rows = [
        row
        for row in page.session.scalars(query.order_by(*order), execution_options=SEEN)
        if (row.kind, row.begins_on.isoformat()) in told
    ]
    acts = {one.entry.seq: one for one in page.acts(*_stoppers(deadline))}
    found = []
    for row in rows:
        both = [acts[seq] for seq in (row.begin_seq, row.end_seq) if seq in acts]
        papers = [paper for act in both for paper in _papers(page, act, _details(act))]
        found.append(Excluded(labels[row.kind], row.begins_on, row.ends_on, both, papers))
    return found


def _movers(page: CasePage, deadline: Deadline) -> list[str]:
    extending = [t.name for t in page.lifecycle.transitions.values() if t.extends == deadline.name]
    return [*extending, *_stoppers(deadline), CLOCK_MOVED]


def _stoppers(deadline: Deadline) -> list[str]:
    return [
        act.name
        for exclusion in deadline.excluded_by
        for act in (*exclusion.begins, *exclusion.ends)
    ]


def _details(happened: Happened) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(happened.entry.body)["details"]
    return told


def _transition(page: CasePage, happened: Happened) -> Transition | None:
    return page.lifecycle.transitions.get(happened.entry.trigger)


def _reasons(page: CasePage, happened: Happened, told: Mapping[str, Any]) -> list[str]:
    """The texts of an act that say why; what is sealed or personal is not in the entry."""
    transition = _transition(page, happened)
    if transition is None:
        return []
    inputs, kinds = told.get("inputs", {}), (LongText, Text) if transition.extends else (LongText,)
    return [inputs[f.name] for f in transition.inputs if isinstance(f, kinds) and f.name in inputs]


def _papers(page: CasePage, happened: Happened, told: Mapping[str, Any]) -> list[Label]:
    """The documents an act made, received or was given, by name."""
    transition = _transition(page, happened)
    if transition is None:
        return []
    readable = {(one.kind, one.seq): one for one in page.documents}
    papers = []
    for document in transition.documents:
        made = readable.get((document.name, happened.entry.seq))
        if made is not None:
            papers.append(_numbered(document, made.number))
    inputs = told.get("inputs", {})
    if number := inputs.get(RECEIVED_NUMBER):
        papers.append(Label(f"来文 {number}", f"received: {number}"))
    for field in transition.all_inputs:
        if isinstance(field, Files):
            named = [page.files[d][0].name for d in inputs.get(field.name) or () if d in page.files]
            papers += [Label(f"{field.zh}：{name}", f"{field.en}: {name}") for name in named]
    return papers


def _numbered(document: Document, number: str | None) -> Label:
    return Label(f"{document.zh} {number or ''}".strip(), f"{document.en} {number or ''}".strip())


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
