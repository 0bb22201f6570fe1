"""The page of the workload: numbers, charts with their tables, and what falls due next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.sessions import current_actor
from app.cases import reassignment
from app.cases.ages import Age
from app.cases.queries import Filter
from app.cases.views import now
from app.db import request_session
from app.engine.definition import Expiry
from app.formats import day, label
from app.insights import charts, workload
from app.insights.forms import NOBODY, DeskFilter
from app.insights.views import address, begins_after, insights, nobody
from app.insights.workload import Workload
from app.law.labels import Label
from app.law.periods import local_date
from app.workflows import LIFECYCLES

LATENESS = (
    Label("7 日以内", "up to 7 days"),
    Label("8—30 日", "8–30 days"),
    Label("30 日以上", "more than 30 days"),
)


@insights.get("/workload")
def show_workload() -> ResponseReturnValue:
    """Open cases by officer, stage and age, what falls due this week, what is overdue and why."""
    reading, actor, instant = request_session(), current_actor(), now()
    form = DeskFilter(request.args)
    asked = form.narrowed()
    rows, following = workload.falling(reading, actor, asked, instant, begins_after())
    also = {row.officer for row in rows if row.officer is not None}
    if asked.assignee is not None:
        also.add(asked.assignee)
    found = workload.workload(reading, actor, asked, instant, also)
    offered = found.choices | ({asked.assignee} if asked.assignee else set())
    form.offer(actor.division, {k: n for k, n in found.officers.items() if k in offered})
    return render_template(
        "insights/workload.html",
        form=form,
        asked=asked,
        load=found,
        ages=list(Age),
        lateness=LATENESS,
        officers=officers_of(found),
        stages=stages_of(found),
        by_age=found.by(lambda pile: pile.age),
        falling=[(one, list(group)) for one, group in groupby(rows, key=lambda row: row.due_on)],
        first=address(after=None) if "after" in request.args else None,
        following=address(after=following) if following else None,
        charts=_charts(found),
        today=local_date(instant),
        may_reassign=reassignment.may_reassign(actor),
        cases_where=lambda **more: cases_where(asked, **more),
        title_of=lambda key: label(LIFECYCLES[key].title()),
        nobody=NOBODY,
    )


def cases_where(asked: Filter, **more: Any) -> str:
    """The address of the list of open cases, narrowed as the page is and as said besides."""
    narrowed: dict[str, Any] = {
        "lifecycle": asked.lifecycle,
        "division": asked.division,
        "assignee": asked.assignee,
        "unassigned": "y" if asked.unassigned else None,
        **more,
    }
    kept: dict[str, Any] = {name: value for name, value in narrowed.items() if value}
    return url_for("cases.worklist", scope="all", **kept)


def officers_of(found: Workload) -> list[tuple[UUID | None, str, list[int]]]:
    """Each officer with their open cases by age, the most loaded first, nobody last."""
    counts = found.by(lambda pile: (pile.officer, pile.age))
    rows = [
        (officer, found.officers[officer] if officer else nobody(),
         [counts[officer, age] for age in Age])
        for officer in {pile.officer for pile in found.piles}
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row[0] is None, -sum(row[2]), row[1], str(row[0])))


def stages_of(found: Workload) -> list[tuple[str, int, list[tuple[str, Label, int]]]]:
    """Each lifecycle with its states: name, words, open cases; the most first."""
    totals = found.by(lambda pile: pile.lifecycle)
    counts = found.by(lambda pile: (pile.lifecycle, pile.state))
    words = {(pile.lifecycle, pile.state): pile.state_label for pile in found.piles}
    states: dict[str, list[tuple[str, Label, int]]] = {key: [] for key in totals}
    for (key, state), count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        states[key].append((state, words[key, state], count))
    ordered = sorted(totals.items(), key=lambda one: (-one[1], one[0]))
    return [(key, total, states[key]) for key, total in ordered]


def _charts(found: Workload) -> dict[str, charts.Drawing]:
    ages = found.by(lambda pile: pile.age)
    totals = stages_of(found)
    return {
        "officers": charts.drawing(
            [(name, values) for _, name, values in officers_of(found)],
            [label(age.label) for age in Age],
        ),
        "stages": charts.drawing(
            [(label(LIFECYCLES[key].title()), [total]) for key, total, _ in totals]
        ),
        "ages": charts.drawing([(label(age.label), [ages[age]]) for age in Age]),
        "falling": charts.drawing([(day(on), [count]) for on, count in found.falling.items()]),
        "late": charts.drawing(late_by_cause(found), [label(one) for one in LATENESS]),
    }


def late_by_cause(found: Workload) -> Sequence[tuple[str, list[int]]]:
    """What is overdue by what it means, by how long; the most first."""
    sums: dict[Expiry, list[int]] = {}
    for late in found.late:
        before = sums.setdefault(late.expiry, [0, 0, 0])
        sums[late.expiry] = [one + more for one, more in zip(before, late.counts, strict=True)]
    ordered = sorted(sums.items(), key=lambda one: (-sum(one[1]), one[0]))
    return [(label(expiry.label), counts) for expiry, counts in ordered]
