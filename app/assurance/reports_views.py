"""The reports of the auditor, and the one on separation of duties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.accounts.sessions import current_actor
from app.assurance import duties as declared
from app.assurance import wording
from app.assurance.log_form import YEARS, PeriodForm
from app.assurance.reports_duties import Conflict, Period, Separation, Stands, separation
from app.assurance.reports_form import with_period
from app.assurance.views import assurance
from app.cases.views import now
from app.db import request_session
from app.formats import label
from app.insights.views import address
from app.law.periods import local_date
from app.registers.views import file_answer
from app.workflows import LIFECYCLES

WRONG: Final = 422
YEAR: Final = 365
CASES: Final = 50
"""Cases of the report on separation on one page."""


@assurance.get("/reports")
def reports() -> ResponseReturnValue:
    """What can be looked at."""
    return render_template("assurance/reports.html")


def asked_period() -> tuple[PeriodForm, Period | None]:
    """The period of the address, by default the last year; none for one at fault."""
    today = local_date(now())
    form = PeriodForm(with_period(request.args, today, YEAR))
    if not form.validate():
        return form, None
    return form, Period(form.since.data or date(YEARS[0], 1, 1), form.until.data or today)


@assurance.get("/reports/separation")
def duties() -> ResponseReturnValue:
    """Who did what the rules of separation keep apart, and whoever stands on both sides."""
    form, period = asked_period()
    found = separation(request_session(), current_actor(), period) if period else None
    at = max(request.args.get("page", 1, type=int), 1)
    rows = found.cases[(at - 1) * CASES : at * CASES] if found else []
    more = found is not None and len(found.cases) > at * CASES
    page = render_template(
        "assurance/duties.html",
        form=form,
        report=found,
        rows=rows,
        sides=declared.sides(),
        rules=declared.rules(),
        numbers={row.root_id: row.number for row in found.cases} if found else {},
        stands=lambda row, side: stands_of(found, row, side.key),
        in_words=conflict_in_words,
        acts_of=acts_in_words,
        first=address(page=at - 1 if at > 2 else None) if at > 1 else None,  # noqa: PLR2004
        following=address(page=at + 1) if more else None,
        table=address_of_table("duties_csv"),
    )
    return page, 200 if found is not None else WRONG


@assurance.get("/reports/separation.csv")
def duties_csv() -> ResponseReturnValue:
    """The same as a table: a row for each person on a side of a case."""
    _, period = asked_period()
    if period is None:
        abort(WRONG)
    found = separation(request_session(), current_actor(), period)
    joined = {(one.root_id, one.person_id) for one in found.conflicts}
    return table(
        gettext("Separation of duties"),
        [gettext("Case number"), gettext("Procedure"), gettext("Unit"), gettext("Part"),
         gettext("Person"), gettext("Acts"), gettext("Named for it"), gettext("On both sides")],
        (
            [row.number, label(LIFECYCLES[row.lifecycle].title()), row.subject_name,
             label(side.label), found.names.get(one.person_id, str(one.person_id)),
             acts_in_words(row.lifecycle, one), yes(one.named),
             yes((row.root_id, one.person_id) in joined)]
            for row in found.cases
            for side in declared.sides()
            for one in stands_of(found, row, side.key)
        ),
    )  # fmt: skip


def stands_of(found: Separation | None, row: Any, side: str) -> Sequence[Stands]:
    """Who stands on a side of a case's family."""
    return found.sides.get(row.root_id, {}).get(side, ()) if found else ()


def acts_in_words(lifecycle: str, one: Stands) -> str:
    """By which acts somebody stands on a side, by the names of the lifecycle if it has them."""
    return str(gettext("; ")).join(act_in_words(name, lifecycle) for name in sorted(one.acts))


def act_in_words(name: str, lifecycle: str = "") -> str:
    """The name of an act of a family of cases: that of the lifecycle, else of one that has it."""
    holders = (lifecycle, *sorted(declared.lifecycles()), *LIFECYCLES)
    key = next((one for one in holders if one and name in LIFECYCLES[one].transitions), None)
    return label(wording.act_label("case", name, key))


def conflict_in_words(found: Conflict) -> list[str]:
    """The acts on either side of a conflict; of somebody only named, that they were."""
    sides = (found.one, found.other)
    named = gettext("named for it")
    return [
        gettext(", ").join(act_in_words(name) for name in acts.split()) or named for acts in sides
    ]


def yes(holds: bool) -> str:  # noqa: FBT001 - a word for a truth value
    """Yes, or nothing."""
    return str(gettext("Yes")) if holds else ""


def address_of_table(endpoint: str) -> str:
    """Where the page at hand is a table to take along, with the same questions."""
    kept = {k: v for k, v in request.args.to_dict().items() if k not in {"after", "page"} and v}
    address: str = url_for(f"assurance.{endpoint}", _external=False, **kept)
    return address


def table(name: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> ResponseReturnValue:
    """Answer with a table that WPS and Excel read, inert."""
    named = f"{name}-{local_date(now()).isoformat()}"
    return file_answer([heading, *rows], named, "csv")
