"""One case: what one can do, the matter, what happened and until when; and its single pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, Person
from app.accounts.sessions import current_actor
from app.cases import comparison, records
from app.cases.confidential import may_mark
from app.cases.errors import NoSuchCase
from app.cases.extensions import left_to_extend
from app.cases.forms import AssignForm, CommentForm, EvidenceForm
from app.cases.models import Case, ReportVersion
from app.cases.moves import exclusions_of, moves_of
from app.cases.page import CasePage
from app.cases.panels import Panel, in_order, panels_of
from app.cases.rows import RowsTable, Sayings
from app.cases.snapshot import Record
from app.cases.values import Shown, names_in, shown
from app.cases.views import cases, now, page_of
from app.cases.views_asking import may_ask
from app.cases.wording import excluded_days, steps
from app.db import database
from app.engine.actors import Capacity
from app.engine.definition import Fact, Report
from app.engine.diagram import svg
from app.engine.inputs import Input
from app.engine.permission import Why
from app.formats import day as on_day
from app.formats import label
from app.frame import locale_code
from app.law.labels import Label
from app.workflows import by_version

PARENT: Final = Label("上级案件", "opened this case")
CHILD: Final = Label("下级案件", "opened by this case")
TIES: Final = {
    "clue": Label("线索", "Clue"),
    "same": Label("同一对象的线索", "Clue about the same subject"),
    "related": Label("核定排放量须更正", "Verified value to be corrected"),
}
"""What a case is to another that is no family of it."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of the matter; ``count`` is none where nothing is counted."""

    key: str
    text: str
    count: int | None


def tabs_of(page: CasePage, panels: Mapping[str, Panel]) -> list[Tab]:
    """The parts of the matter, in the order of the page."""
    lifecycle = page.lifecycle
    tabs = [
        Tab("overview", gettext("Overview"), None),
        *(
            [Tab("reports", gettext("Reports"), sum(len(v) for v in page.versions.values()))]
            if lifecycle.reports
            else []
        ),
        *(Tab(n, label(t.label), len(page.rows[n])) for n, t in lifecycle.items.items()),
        Tab("evidence", gettext("Evidence"), len(page.evidence)),
        Tab("documents", gettext("Documents"), len(page.documents)),
        Tab("people", gettext("Participants"), len(page.participants)),
        Tab("related", gettext("Related cases"), len(page.relatives) + len(page.linked)),
        Tab("remarks", gettext("Remarks"), len(page.comments)),
        Tab("way", gettext("Way"), None),
    ]
    known = {tab.key: tab for tab in tabs}
    known |= {key: Tab(key, panel.text, panel.count(page)) for key, panel in panels.items()}
    return [known[key] for key in in_order([tab.key for tab in tabs], panels)]


@cases.get("/cases/<uuid:case_id>")
def show(case_id: UUID) -> ResponseReturnValue:
    """The page of one case."""
    page = page_of(case_id)
    return case_page(page, request.args.get("tab", "overview"))


def case_page(page: CasePage, asked: str, **forms: Any) -> str:
    """The page of a case with one of its tabs; ``forms`` are those that come back with faults."""
    panels = panels_of(page)
    tabs = tabs_of(page, panels)
    tab = asked if asked in {one.key for one in tabs} else "overview"
    given: dict[str, Any] = {
        "evidence_form": forms.get("evidence_form") or EvidenceForm(formdata=None),
        "comment_form": forms.get("comment_form") or CommentForm(formdata=None),
    }
    if tab == "way":
        given["picture"] = picture(page)
    if tab == "people":
        given["seats"] = seats_of(page)
        given["assign_form"] = assign_form(page) if page.may_assign else None
    if tab == "related":
        given["kin"] = kin_of(page)
    items = page.lifecycle.items.get(tab)
    panel = panels.get(tab)
    return render_template(
        "cases/show.html",
        page=page,
        tabs=tabs,
        tab=tab,
        items=items,
        panel=panel.html(page) if panel is not None else None,
        table=RowsTable(page, items) if items is not None else None,
        facts=list(facts_of(page)) if tab == "overview" else [],
        told=page.timeline(),
        not_you=[a for a in page.refused if any(r.why is Why.NOT_YOU for r in a.refusals)],
        not_now=[a for a in page.refused if all(r.why is not Why.NOT_YOU for r in a.refusals)],
        assignee=_name_of(page, page.case.assignee_id),
        may_ask=may_ask(page),
        may_mark=may_mark(page),
        said_of=Sayings(page).of,
        **given,
    )


def _name_of(page: CasePage, person_id: UUID | None) -> str | None:
    person = page.session.get(Person, person_id) if person_id is not None else None
    return person.name if person is not None else None


def picture(page: CasePage) -> Markup:
    """The lifecycle with the way the case has gone."""
    visited = {page.case.state, *(state for pair in page.way for state in pair)}
    drawn = svg(
        page.lifecycle,
        locale=locale_code(),
        current=page.case.state,
        visited=visited,
        taken=page.way,
    )
    return Markup(drawn)  # noqa: S704 - drawn by us, every text in it escaped


def facts_of(page: CasePage) -> Iterator[Shown]:
    """What is known of the matter: the declared facts that have a value."""
    told = {
        fact: page.case.facts[fact.name]
        for fact in page.lifecycle.facts.values()
        if page.case.facts.get(fact.name) is not None and page.may_read_fact(fact)
    }
    kept = [(field, value) for fact, value in told.items() if (field := _input_of(fact))]
    names = names_in(page.session, [f for f, _ in kept], {f.name: value for f, value in kept})
    for fact, value in told.items():
        field = _input_of(fact)
        if field is not None:
            text = shown(field, value, names).text
        else:
            text = on_day(date.fromisoformat(value)) if fact.day else f"{value} {fact.unit}".strip()
        yield Shown(fact.name, fact.label, text)


def _input_of(fact: Fact) -> Input | None:
    """The input a fact keeps, which knows its words and its unit."""
    if fact.count or fact.day:
        return None
    reports = [fact.report] if fact.report is not None else []
    fields = [f for t in fact.of for f in t.all_inputs] + [f for r in reports for f in r.inputs]
    return next((field for field in fields if field.name == fact.latest), None)


@dataclass(frozen=True, slots=True)
class Seat:
    """A capacity on the case, who holds it, and for which organisation."""

    capacity: Capacity
    name: str
    organisation: str


def seats_of(page: CasePage) -> list[Seat]:
    """Who takes part in the case."""
    ids = {seat["organisation_id"] for seat in page.participants}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    names = dict(page.session.execute(query).all())
    return [
        Seat(Capacity(seat["capacity"]), seat["name"], names.get(seat["organisation_id"], ""))
        for seat in page.participants
    ]


@dataclass(frozen=True, slots=True)
class Relative:
    """A case of the family: what it is to this one and where it stands."""

    case: Case
    title: Label
    relation: Label
    state: Label


def kin_of(page: CasePage) -> list[Relative]:
    """Parent, children and linked cases, as far as the person may see them."""
    found = []
    ties = [(case, PARENT if case.id == page.case.parent_id else CHILD) for case in page.relatives]
    ties += [(case, TIES[link.kind]) for link, case in page.linked]
    for case, relation in ties:
        lifecycle = by_version(case.lifecycle, case.lifecycle_version)
        state = lifecycle.states[case.state].label
        found.append(Relative(case, lifecycle.title(), relation, state))
    return found


# Single pages -----------------------------------------------------------------------------------


@cases.get("/cases/<uuid:case_id>/timeline")
def timeline(case_id: UUID) -> ResponseReturnValue:
    """What happened on a case, page by page."""
    page = page_of(case_id)
    before, moves = request.args.get("before", type=int), "moves" in request.args
    told = page.timeline(before, moves=moves)
    return render_template("cases/timeline.html", page=page, told=told, moves=moves)


@cases.get("/cases/<uuid:case_id>/clocks/<uuid:clock_id>")
def clock(case_id: UUID, clock_id: UUID) -> ResponseReturnValue:
    """A clock unfolded: every day counted or skipped, with the rule; fit to be printed."""
    page = page_of(case_id)
    line = next((one for one in page.clocks if one.id == clock_id), None)
    row: Record | None = next((one for one in page.clock_rows if one["id"] == clock_id), None)
    if line is None or row is None:
        raise NoSuchCase
    deadline = page.lifecycle.deadlines[row["name"]]
    began = page.lifecycle.transitions.get(row["derivation"]["anchor"]["trigger"])
    return render_template(
        "cases/clock.html",
        page=page,
        line=line,
        row=row,
        began=began.label if began else None,
        steps=steps(row, page.law, deadline),
        moves=moves_of(page, row),
        exclusions=exclusions_of(page, row),
        excluded_days=excluded_days(row["derivation"]),
        extensible=left_to_extend(deadline, row, page.law, page.now),
    )


@cases.get("/cases/<uuid:case_id>/reports/<report>/<int:version>")
def version(case_id: UUID, report: str, version: int) -> ResponseReturnValue:
    """One version of a report."""
    page = page_of(case_id)
    declared, found = _versions(page, report)
    one = next((v for v in found if v.number == version), None) or abort(404)
    sections = [(s, [shown(f, one.data.get(f.name)) for f in s.inputs]) for s in declared.sections]
    return render_template(
        "cases/version.html",
        page=page,
        report=declared,
        shown=one,
        versions=found,
        sections=sections,
    )


@cases.get("/cases/<uuid:case_id>/reports/<report>/compare")
def compare(case_id: UUID, report: str) -> ResponseReturnValue:
    """Two versions side by side, beside the rows that cite their sections."""
    page = page_of(case_id)
    declared, found = _versions(page, report)
    numbers = {one.number: one for one in found}
    after = numbers.get(request.args.get("to", type=int) or 0, found[0])
    earlier = max((n for n in numbers if n < after.number), default=after.number)
    before = numbers.get(request.args.get("from", type=int) or 0, numbers[earlier])
    tables = [
        table
        for items in page.lifecycle.items.values()
        if (table := RowsTable(page, items)).report is declared and table.rows
    ]
    changes = comparison.compared(declared, before.data, after.data)
    return render_template(
        "cases/compare.html",
        page=page,
        report=declared,
        versions=found,
        before=before,
        after=after,
        changes=changes,
        changed=[change.section.number for change in changes if change.fields],
        table=tables[0] if tables else None,
        said_of=Sayings(page).of,
    )


def _versions(page: CasePage, report: str) -> tuple[Report, list[ReportVersion]]:
    declared, found = page.lifecycle.reports.get(report), page.versions.get(report)
    if declared is None or not found:
        abort(404)
    return declared, found


# Small acts -------------------------------------------------------------------------------------


@cases.post("/cases/<uuid:case_id>/remarks")
def comment(case_id: UUID) -> ResponseReturnValue:
    """Leave a remark."""
    page, form = page_of(case_id), CommentForm()
    if not form.validate():
        return case_page(page, "remarks", comment_form=form), 422
    body, actor, instant = form.body.data or "", current_actor(), now()
    database().write(lambda s: records.comment(s, case_id, body, actor=actor, now=instant))
    flash(gettext("The remark was added."), "success")
    return redirect(url_for(".show", case_id=case_id, tab="remarks"), 303)


def assign_form(page: CasePage) -> AssignForm:
    """The form that names the officer, offering who may be named."""
    form = AssignForm(formdata=None, person=str(page.case.assignee_id or ""))
    offered = records.assignable(page.view, page.now)
    form.person.choices = [
        ("", gettext("Nobody in particular")),
        *((str(key), name) for key, name in offered.items()),
    ]
    return form


@cases.post("/cases/<uuid:case_id>/assignee")
def assign(case_id: UUID) -> ResponseReturnValue:
    """Name the officer who handles the case."""
    page_of(case_id)
    chosen = AssignForm().person.data
    try:
        person_id = UUID(chosen) if chosen else None
    except ValueError:
        abort(422)
    actor, instant = current_actor(), now()

    def name(writing: Session) -> None:
        records.assign(writing, case_id, person_id, actor=actor, now=instant)

    database().write(name)
    flash(gettext("The officer in charge was set."), "success")
    return redirect(url_for(".show", case_id=case_id, tab="people"), 303)
