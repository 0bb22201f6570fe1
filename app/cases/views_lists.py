"""Lists of cases: the worklist, every case, the cycle of a year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final, cast

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from app.accounts.models import Person
from app.accounts.sessions import current_actor
from app.cases import desk, queries
from app.cases.forms import CycleForm, FilterForm, years_from
from app.cases.models import Case
from app.cases.queries import Filter, Key, Page, Scope
from app.cases.views import cases, law, now
from app.cases.wording import Urgency, urgency
from app.db import database, request_session
from app.engine.definition import Lifecycle, Transition
from app.formats import label
from app.law.errors import LawError
from app.law.labels import Label
from app.law.periods import local_date
from app.registers.divisions import within
from app.workflows import LIFECYCLES, by_version

AT_ONCE: Final = 20
"""So many cases are opened per request when a cycle begins; the page then asks for the next."""
OPENING: Final = "opening"
"""Where the session keeps which cycle is just being opened."""

SCOPES: Final = (Scope.MINE, Scope.UNIT, Scope.ALL, Scope.DONE)


class Row:
    """A case in a list, as one person reads it; asks no guard and no database."""

    def __init__(self, case: Case, *, provisional: bool) -> None:
        self.case = case
        self.provisional = provisional
        self.lifecycle: type[Lifecycle] = by_version(case.lifecycle, case.lifecycle_version)
        self.state: Label = self.lifecycle.states[case.state].label
        waits = self.lifecycle.states[case.state].waits_for
        self.waits_for: Label | None = waits.label if waits else None
        clock = self.lifecycle.deadlines.get(case.next_due_name or "")
        self.clock: Label | None = clock.label if clock else None
        self.due_on = local_date(case.next_due_at) if case.next_due_at else None
        self.next: Transition | None = queries.next_step(case, current_actor())
        self.urgency: Urgency = urgency(case.next_due_at, now())


def rows_of(page: Page) -> list[Row]:
    """The rows of one page of a list."""
    provisional = queries.provisional(request_session(), page.rows)
    return [Row(case, provisional=case.id in provisional) for case in page.rows]


def address(**changed: Any) -> str:
    """The address at hand with some of its questions changed; None takes one away."""
    kept = {**request.args.to_dict(), **changed}
    asked = {name: value for name, value in kept.items() if value not in (None, "")}
    return url_for(str(request.endpoint), **(request.view_args or {}), **asked)


def pages(page: Page) -> dict[str, str | None]:
    """The addresses of the first page and of the next one, where there are any."""
    return {
        "first": address(after=None) if "after" in request.args else None,
        "next": address(after=page.next) if page.next else None,
    }


def filter_form(*offered: type[Lifecycle]) -> FilterForm:
    """The filter of the address, with what it offers: by default the states of what is asked."""
    form = FilterForm(request.args)
    every = ("", gettext("All"))
    asked = request.args.get("lifecycle", "")
    chosen = offered or [one for key, one in LIFECYCLES.items() if asked in ("", key)]
    form.lifecycle.choices = [every, *((k, label(one.title())) for k, one in LIFECYCLES.items())]
    form.state.choices = {"": [every]} | {
        label(one.title()): [(name, label(s.label)) for name, s in one.states.items()]
        for one in chosen
    }
    places = within(current_actor().division)
    form.division.choices = [every, *((place.code, place.name) for place in places)]
    return form


def chips(narrowed: Filter) -> list[tuple[str, str, str, str]]:
    """What narrows a list without a field of its own: field, value, words, address without it."""
    found: list[tuple[str, str, str]] = []
    if narrowed.assignee is not None:
        officer = request_session().get(Person, narrowed.assignee)
        name = officer.name if officer is not None else gettext("unknown")
        words = gettext("in charge: %(name)s", name=name)
        found.append(("assignee", str(narrowed.assignee), words))
    if narrowed.unassigned:
        found.append(("unassigned", "y", gettext("Nobody in charge")))
    if narrowed.age is not None:
        words = gettext("open for %(age)s", age=label(narrowed.age.label))
        found.append(("age", narrowed.age.value, words))
    if narrowed.late:
        lifecycle = LIFECYCLES.get(narrowed.lifecycle)
        clock = lifecycle.deadlines.get(narrowed.late) if lifecycle else None
        words = label(clock.label) if clock else narrowed.late
        found.append(("late", narrowed.late, gettext("overdue: %(clock)s", clock=words)))
    return [
        (name, value, words, address(**{name: None, "after": None})) for name, value, words in found
    ]


def begins_after() -> Key | None:
    """Where the page of the address begins."""
    return Key.read(request.args.get("after", ""))


@cases.get("/worklist")
def worklist() -> ResponseReturnValue:
    """What waits for the person, for their body, or is visible to them; the due first."""
    asked = request.args.get("scope", Scope.MINE)
    scope = Scope(asked) if asked in SCOPES else Scope.MINE
    form = filter_form()
    reading, actor = request_session(), current_actor()
    narrowed = form.narrowed()
    page = queries.worklist(reading, actor, scope, narrowed, now(), after=begins_after())
    return render_template(
        "cases/worklist.html",
        scope=scope,
        scopes=SCOPES,
        counts=queries.counts(reading, actor),
        counted=queries.COUNTED,
        form=form,
        narrowed=narrowed,
        chips=chips(narrowed),
        years=years_from(local_date(now())),
        groups=list(grouped(rows_of(page), closed=scope is Scope.DONE)),
        address=address,
        **pages(page),
    )


def grouped(rows: Sequence[Row], *, closed: bool) -> Iterator[tuple[Urgency | None, list[Row]]]:
    """The rows by urgency, in their order; closed cases are one group without a name."""
    if closed:
        if rows:
            yield None, list(rows)
        return
    for kind, found in groupby(rows, key=lambda row: row.urgency):
        yield kind, list(found)


@cases.get("/cases")
def index() -> ResponseReturnValue:
    """Every case the person may see, open and closed, the newest first."""
    form = filter_form()
    narrowed = form.narrowed()
    page = queries.worklist(
        request_session(), current_actor(), Scope.EVERY, narrowed, now(), after=begins_after()
    )
    return render_template(
        "cases/index.html",
        form=form,
        narrowed=narrowed,
        chips=chips(narrowed),
        years=years_from(local_date(now())),
        rows=rows_of(page),
        address=address,
        **pages(page),
    )


# The cycle of a year ----------------------------------------------------------------------------


@cases.get("/cycles")
def cycles() -> ResponseReturnValue:
    """Where each unit stands in the verification of a year."""
    reading, actor = request_session(), current_actor()
    begun = queries.cycle_years(reading, actor)
    years = sorted({*queries.roster_years(reading), *begun}, reverse=True)
    year = request.args.get("year", type=int) or next(iter(begun or years), now().year)
    form = filter_form(LIFECYCLES["verification"])
    narrowed = replace(form.narrowed(), lifecycle="verification", year=year)
    page = queries.worklist(reading, actor, Scope.EVERY, narrowed, now(), after=begins_after())
    counts = queries.cycle_counts(reading, actor, year)
    states = LIFECYCLES["verification"].states
    return render_template(
        "cases/cycles.html",
        year=year,
        years=years,
        form=form,
        narrowed=narrowed,
        chips=chips(narrowed),
        counts=[(n, s.label, counts[n]) for n, s in states.items() if n in counts],
        standing=sum(counts.values()),
        closed=sum(counts.get(n, 0) for n, s in states.items() if s.final),
        roster=queries.roster(reading, actor, year),
        may_open=desk.may_open_cycle(actor),
        opening=_opening(year),
        opening_form=CycleForm(formdata=None, year=year),
        rows=rows_of(page),
        address=address,
        **pages(page),
    )


@cases.post("/cycles")
def open_cycle() -> ResponseReturnValue:
    """Open the next cases of a year; the page goes on until none is left."""
    if not desk.may_open_cycle(current_actor()):
        abort(403)
    form = CycleForm()
    if not form.validate():
        abort(422)
    year = cast("int", form.year.data)
    try:
        done = desk.open_cycle(
            database(), year, actor=current_actor(), now=now(), law=law(), most=AT_ONCE
        )
    except LawError as unknown:  # the dates of that year have not been released
        flash(label(unknown.label), "danger")
        return redirect(url_for(".cycles", year=year), 303)
    opened = (_opening(year) or 0) + done.opened
    if done.left:
        session[OPENING] = {"year": year, "opened": opened}
        return redirect(url_for(".cycles", year=year), 303)
    session.pop(OPENING, None)
    stood = done.opened + done.standing - opened
    said = ngettext("%(num)d case was opened", "%(num)d cases were opened", opened)
    flash(
        gettext("%(said)s; %(stood)d units had theirs already.", said=said, stood=stood), "success"
    )
    return redirect(url_for(".cycles", year=year), 303)


def _opening(year: int) -> int | None:
    """How many cases this browser has opened so far in a cycle it is just opening."""
    begun: dict[str, int] = session.get(OPENING) or {}
    return begun["opened"] if begun.get("year") == year else None
