"""The page of the rehearsal: what the clocks will bring, day by day and per officer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, ValidationError
from wtforms.validators import InputRequired

from app import language
from app.accounts.models import Person
from app.accounts.sessions import current_actor
from app.cases.models import Case
from app.cases.queries import Filter, narrowing
from app.cases.sight import visible_to
from app.cases.views import law, now
from app.db import database, request_session
from app.formats import label
from app.insights import charts, rehearsal, rehearsal_tables
from app.insights.forms import DeskFilter
from app.insights.rehearsal import Rehearsal
from app.insights.rehearsal_tables import BY_THE_WAY, LATE
from app.insights.views import insights
from app.law.periods import local_date
from app.registers.views import file_answer

USUAL: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=366)
MOST_CASES: Final = 2000
"""A browser does not wait for more open cases than this, inclusive."""
MOST_THINGS: Final = 3000
"""Nor for more things to be done; the answer says until which day it holds."""
LISTED: Final = 500
"""So many rows stand on the page; the file holds all of them."""


class RehearsalForm(DeskFilter):
    """Until when the clocks run, on which cases, and what is listed of what they bring."""

    until = DateField(_l("Until"), [InputRequired(_l("Say until which day."))])
    everything = BooleanField(_l("List reminders as well"))

    def validate_until(self, field: DateField) -> None:
        """From today for a year: what lies further ahead has too little to stand on."""
        today = local_date(now())
        if field.data and not today <= field.data <= today + LONGEST:
            raise ValidationError(
                gettext(
                    "Choose a day from %(first)s to %(last)s.",
                    first=today.isoformat(),
                    last=(today + LONGEST).isoformat(),
                )
            )


@insights.get("/rehearsal")
def show_rehearsal() -> ResponseReturnValue:
    """What will be due, overdue and escalated on which day if nobody does anything."""
    form = _form()
    narrowed = form.narrowed()
    valid = form.validate()
    too_many = valid and _open_cases(narrowed) > MOST_CASES
    found = _rehearsed(form, narrowed) if valid and not too_many else None
    every = found.rows if found is not None else []
    rows = [row for row in every if form.everything.data or row.what not in BY_THE_WAY]
    spans = _spans(found) if found is not None else []
    page = render_template(
        "insights/rehearsal.html",
        form=form,
        narrowed=narrowed,
        found=found,
        too_many=too_many,
        most=MOST_CASES,
        command=_command(form, narrowed) if valid else "",
        days=rehearsal_tables.by_day(rows[:LISTED]),
        left_out=max(len(rows) - LISTED, 0),
        unlisted=len(every) - len(rows),
        officers=rehearsal_tables.by_officer(every),
        spans=spans,
        chart=_chart(spans),
        late=LATE,
        provisional=any(row.provisional for row in every),
    )
    return page, 200 if valid else 422


@insights.get("/rehearsal.csv")
def rehearsal_file() -> ResponseReturnValue:
    """Every row of the same rehearsal as a table."""
    form = _form()
    narrowed = form.narrowed()
    if not form.validate() or _open_cases(narrowed) > MOST_CASES:
        return show_rehearsal()
    found = _rehearsed(form, narrowed)
    table = rehearsal_tables.sheet(found.rows, language.chosen())
    name = f"{gettext('Rehearsal')}-{found.whole_until.isoformat()}"
    return file_answer(table, name, "csv")


def _form() -> RehearsalForm:
    usual = (local_date(now()) + USUAL).isoformat()
    form = RehearsalForm(MultiDict({"until": usual, **request.args.to_dict()}))
    actor, reading = current_actor(), request_session()
    theirs = select(Case.assignee_id).where(visible_to(actor), ~Case.is_final)
    officers = reading.execute(
        select(Person.id, Person.name).where(Person.id.in_(theirs)).order_by(Person.name)
    )
    form.offer(actor.division, {row.id: row.name for row in officers})
    return form


def _criteria(narrowed: Filter) -> Sequence[ColumnElement[bool]]:
    return [visible_to(current_actor()), *narrowing(narrowed, now())]


def _open_cases(narrowed: Filter) -> int:
    """How many open cases there are, counted no further than is asked."""
    some = select(Case.id).where(~Case.is_final, *_criteria(narrowed)).limit(MOST_CASES + 1)
    return request_session().scalar(select(func.count()).select_from(some.subquery())) or 0


def _rehearsed(form: RehearsalForm, narrowed: Filter) -> Rehearsal:
    until = form.until.data
    assert until is not None  # or the form would not be valid
    return rehearsal.rehearse(
        database(), law(), now(), until, criteria=_criteria(narrowed), most=MOST_THINGS
    )


def _command(form: RehearsalForm, narrowed: Filter) -> str:
    """The line that does the same where nobody waits for it."""
    options = [("--until", str(form.until.data)), ("--lifecycle", narrowed.lifecycle)]
    options += [("--division", narrowed.division), ("--officer", _login(narrowed.assignee))]
    told = [f"{name} {value}" for name, value in options if value]
    told += ["--unassigned"] if narrowed.unassigned else []
    return f"flask clocks simulate {' '.join(told)} --csv rehearsal.csv"


def _login(person_id: UUID | None) -> str:
    found = request_session().scalar(select(Person.login).where(Person.id == person_id))
    return found or ""


def _spans(found: Rehearsal) -> list[tuple[str, list[int]]]:
    """The words of each week or month with its numbers."""
    since = local_date(found.since)
    spans = rehearsal_tables.by_span(found.rows, since, found.whole_until)
    return [(f"{first} — {last}" if last > first else f"{first}", c) for first, last, c in spans]


def _chart(spans: Sequence[tuple[str, list[int]]]) -> charts.Drawing:
    kinds = [label(what.label) for what in LATE]
    return charts.drawing(spans, kinds, most=rehearsal_tables.FEW_WEEKS + 1)
