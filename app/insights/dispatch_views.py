"""The dispatch list as a page and as a file."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.accounts.sessions import current_actor
from app.cases import reassignment
from app.cases.views import law, now
from app.db import request_session
from app.formats import instant, label
from app.insights import dispatch
from app.insights.dispatch import Listed, Part
from app.insights.forms import DeskFilter
from app.insights.views import address, begins_after, insights, nobody
from app.law.periods import local_date
from app.registers.divisions import division_name
from app.registers.views import file_answer


def _part() -> Part:
    asked = request.args.get("part", Part.OPEN)
    return Part(asked) if asked in list(Part) else Part.OPEN


@insights.get("/dispatch")
def show_dispatch() -> ResponseReturnValue:
    """What the ladders put on the dispatch list, and what left it lately."""
    reading, actor, part = request_session(), current_actor(), _part()
    form = DeskFilter(request.args)
    asked = form.narrowed()
    rows, following = dispatch.page_of(
        reading, actor, part, asked, now(), law().calendar, begins_after()
    )
    offered = reassignment.officers(reading, actor.organisation_id, local_date(now()))
    names = offered | _names(reading, rows)
    if asked.assignee is not None:
        offered.setdefault(asked.assignee, names.get(asked.assignee, gettext("unknown")))
    form.offer(actor.division, offered)
    return render_template(
        "insights/dispatch.html",
        form=form,
        asked=asked,
        part=part,
        rows=rows,
        names=names,
        first=address(after=None) if "after" in request.args else None,
        following=address(after=following) if following else None,
    )


@insights.get("/dispatch.csv")
def export_dispatch() -> ResponseReturnValue:
    """Give the list away as a file, narrowed as it is shown."""
    reading, actor, part = request_session(), current_actor(), _part()
    asked = DeskFilter(request.args).narrowed()
    rows = list(dispatch.whole(reading, actor, part, asked, now(), law().calendar))
    names = _names(reading, rows)
    table = [
        [
            gettext("Case number"),
            gettext("Unit"),
            gettext("District"),
            gettext("Procedure"),
            gettext("State"),
            gettext("Clock"),
            gettext("Due on"),
            gettext("Days overdue"),
            gettext("Counted in"),
            gettext("Waits for"),
            gettext("Officer in charge"),
            gettext("On the list since"),
            gettext("Resolved"),
            gettext("How"),
        ],
        *(
            _cells(row, names.get(row.officer, nobody()) if row.officer else nobody())
            for row in rows
        ),
    ]
    today = local_date(now()).isoformat()
    return file_answer(table, f"{gettext('Dispatch list')}-{today}", "csv")


def _cells(row: Listed, officer: str) -> list[str]:
    waits = row.clock.waits_for
    return [
        row.number,
        row.subject_name,
        division_name(row.division),
        label(row.lifecycle.title()),
        label(row.state),
        label(row.clock.label),
        row.due_on.isoformat(),
        str(row.days),
        label(row.unit.label),
        label(waits.label) if waits is not None else "",
        officer,
        instant(row.since),
        instant(row.closed_at) if row.closed_at is not None else "",
        label(row.how.label) if row.how is not None else "",
    ]


def _names(reading: Session, rows: list[Listed]) -> dict[object, str]:
    ids = {row.officer for row in rows if row.officer is not None}
    query = select(Person.id, Person.name).where(Person.id.in_(ids))
    return {row.id: row.name for row in reading.execute(query)}
