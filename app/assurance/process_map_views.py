"""The page of the process map, and the cases behind one of its steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectField
from wtforms.validators import NumberRange, Optional

from app.accounts.sessions import current_actor
from app.assurance import process_map as reads
from app.assurance import process_map_drawing as drawing
from app.assurance.log_form import PeriodForm
from app.assurance.process_map import START, Asked, ProcessMap, Step, View
from app.assurance.spans import midnight
from app.assurance.views import assurance
from app.assurance.wording import act_label, state_label
from app.db import request_session
from app.formats import label
from app.insights.views import address
from app.law.labels import Label
from app.registers.divisions import within
from app.workflows import LIFECYCLES

WRONG: Final = 422
MOST: Final = 1_000_000

VIEWS: Final = {View.STATES: Label("环节", "States"), View.ACTS: Label("操作", "Acts")}
SORTS: Final[dict[str, Callable[[Step], Any]]] = {
    "count": lambda one: one.count,
    "cases": lambda one: one.cases,
    "median": lambda one: one.median if one.median is not None else timedelta.min,
}


class MapForm(PeriodForm):
    """Which cases are drawn, by what, and from which frequency on."""

    lifecycle = SelectField(_l("Procedure"), [Optional()])
    view = RadioField(_l("Drawn by"), [Optional()])
    division = SelectField(_l("District"), [Optional()])
    least = IntegerField(
        _l("Least frequency"),
        [Optional(), NumberRange(1, MOST, _l("Write a whole number from 1."))],
        render_kw={"min": 1, "inputmode": "numeric"},
    )

    def __init__(self, division: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lifecycle.choices = [(key, label(one.title())) for key, one in LIFECYCLES.items()]
        self.view.choices = [(view.value, label(words)) for view, words in VIEWS.items()]
        self.division.choices = [
            ("", gettext("All")),
            *((one.code, one.name) for one in within(division)),
        ]
        if not self.lifecycle.data:
            self.lifecycle.data = next(iter(LIFECYCLES))
        if not self.view.data:
            self.view.data = View.STATES.value

    @property
    def asked(self) -> Asked:
        """What is to be drawn."""
        until = self.until.data
        return Asked(
            actor=current_actor(),
            lifecycle=self.lifecycle.data,
            view=View(self.view.data),
            since=midnight(self.since.data) if self.since.data else None,
            until=midnight(until + timedelta(days=1)) if until else None,
            division=self.division.data or "",
        )


@assurance.get("/map")
def process_map() -> ResponseReturnValue:
    """Draw a procedure as it was lived."""
    form = MapForm(current_actor().division, request.args)
    if not form.validate():
        return render_template("assurance/process_map.html", form=form, drawn=None), WRONG
    drawn = reads.process_map(request_session(), form.asked)
    least = form.least.data or drawing.fitting(drawn.steps)
    steps = drawing.shown(drawn.steps, least)
    sort = request.args.get("sort", "-count")
    return render_template(
        "assurance/process_map.html",
        form=form,
        drawn=drawn,
        least=least,
        picture=drawing.svg(drawn, steps, _spoken(drawn, len(steps))) if steps else "",
        left_out=len(drawn.steps) - len(steps),
        unknown=sum(not one.known for one in drawn.steps),
        steps=_sorted(drawn.steps, sort),
        sort=sort,
        name=lambda node: _name(drawn.asked, node),
        days=days,
        behind=address_of,
        address=address,
        percent=lambda count: f"{100 * count / drawn.cases:.1f}%",
    )


@assurance.get("/map/cases")
def process_map_cases() -> ResponseReturnValue:
    """List the cases that went a step, those that waited longest first."""
    form = MapForm(current_actor().division, request.args)
    if not form.validate():
        return render_template("assurance/process_map.html", form=form, drawn=None), WRONG
    source, target = request.args.get("from", START), request.args.get("to", "")
    asked = form.asked
    found, count = reads.behind(request_session(), asked, source, target)
    return render_template(
        "assurance/process_map_cases.html",
        found=found,
        count=count,
        most=reads.MOST_CASES,
        source=_name(asked, source),
        target=_name(asked, target),
        title=label(LIFECYCLES[asked.lifecycle].title()),
        days=days,
        state=lambda name: label(state_label(asked.lifecycle, name) or Label(name, name)),
        back=url_for(".process_map", **_kept()),
    )


def address_of(step: Step) -> str:
    """The address of the cases behind a step, narrowed as the page is."""
    return url_for(".process_map_cases", **(_kept() | {"from": step.source, "to": step.target}))


def _kept() -> dict[str, Any]:
    """What narrows the page at hand."""
    own = {"sort", "from", "to"}
    return {name: value for name, value in request.args.items() if name not in own and value}


def days(span: timedelta | None) -> str:
    """Show a span in calendar days to a tenth; nothing as a dash."""
    if span is None:
        return "—"
    tenths = round(span / timedelta(days=1), 1)
    if not tenths and span:
        return str(gettext("under 0.1 days"))
    return str(gettext("%(num)s days", num=f"{tenths + 0:.1f}"))


def _name(asked: Asked, node: str) -> str:
    if node == START:
        return str(gettext("Beginning"))
    if asked.view is View.ACTS:
        return label(act_label("case", node, asked.lifecycle))
    return label(state_label(asked.lifecycle, node) or Label(node, node))


def _sorted(steps: Any, sort: str) -> list[Step]:
    by = SORTS.get(sort.removeprefix("-"), SORTS["count"])
    return sorted(steps, key=by, reverse=sort.startswith("-"))


def _spoken(drawn: ProcessMap, count: int) -> drawing.Spoken:
    def step(one: Step) -> str:
        return f"{one.count}" if one.median is None else f"{one.count} · {days(one.median)}"

    def told(one: Step) -> str:
        said = [
            gettext(
                "%(source)s → %(target)s",
                source=_name(drawn.asked, one.source),
                target=_name(drawn.asked, one.target),
            ),
            ngettext("%(num)d time", "%(num)d times", one.count),
        ]
        if one.median is not None:
            said.append(gettext("median wait %(days)s", days=days(one.median)))
        if not one.known:
            said.append(gettext("not declared"))
        return label(Label("，", ", ")).join(said)

    return drawing.Spoken(
        title=label(LIFECYCLES[drawn.asked.lifecycle].title()),
        about=gettext(
            "%(cases)d cases, %(steps)d steps; the table below says the same.",
            cases=drawn.cases,
            steps=count,
        ),
        node=lambda node: _name(drawn.asked, node),
        step=step,
        told=told,
        address=address_of,
    )
