"""The report on late entries and gaps."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from app.accounts.sessions import current_actor
from app.assurance import wording
from app.assurance.log import Search
from app.assurance.reports_form import DAYS, GapsForm, with_period
from app.assurance.reports_gaps import Gap, Key, gaps, spread
from app.assurance.reports_views import WRONG, address_of_table, table
from app.assurance.views import assurance
from app.cases.views import now
from app.db import request_session
from app.formats import instant, label
from app.insights import charts
from app.insights.views import address
from app.law.periods import local_date

MONTH = 30
EVERYTHING = 50_000
"""Rows of a table to take along."""
_MINUTE, _HOUR, _DAY = 60, 60 * 60, 24 * 60 * 60


def asked_form() -> GapsForm:
    """The questions of the address: by default a month, and what is later by more than a day."""
    today = local_date(now())
    return GapsForm(with_period(request.args, today, MONTH, longer="1", unit=DAYS))


@assurance.get("/reports/gaps", endpoint="gaps")
def show_gaps() -> ResponseReturnValue:
    """Entries made long after what they record, the longest gap first."""
    form = asked_form()
    if not form.validate():
        return render_template("assurance/gaps.html", form=form, found=None), WRONG
    reading, actor = request_session(), current_actor()
    asked, after = _search(form), Key.read(request.args.get("after", ""))
    found = gaps(reading, actor, asked, form.threshold, after)
    spans = spread(reading, actor, asked)
    kinds = [gettext("recorded late, with a reason"), gettext("others")]
    return render_template(
        "assurance/gaps.html",
        form=form,
        found=found,
        spans=spans,
        kinds=kinds,
        chart=charts.drawing(
            [(label(one.label), (one.reasoned, one.other)) for one in spans], kinds
        ),
        length=length,
        first=address(after=None) if after is not None else None,
        further=address(after=str(found.further)) if found.further else None,
        table=address_of_table("gaps_csv"),
    )


@assurance.get("/reports/gaps.csv")
def gaps_csv() -> ResponseReturnValue:
    """The same as a table, whole."""
    form = asked_form()
    if not form.validate():
        abort(WRONG)
    asked = _search(form)
    found = gaps(request_session(), current_actor(), asked, form.threshold, size=EVERYTHING)
    return table(
        gettext("Late entries and gaps"),
        [gettext("Happened"), gettext("Recorded"), gettext("Later by"), gettext("Case or chain"),
         gettext("No. in the chain"), gettext("Act"), gettext("Done by"), gettext("Organisation"),
         gettext("Reason"), gettext("Proofs")],
        (_cells(one) for one in found.found),
    )  # fmt: skip


def _search(form: GapsForm) -> Search:
    return Search(since=form.since.data, until=form.until.data)


def _cells(one: Gap) -> list[str]:
    row = one.row
    return [
        instant(row.occurred_at), instant(row.recorded_at), length(one.seconds),
        row.number or row.chain_label or label(wording.chain_label(row.chain)), str(row.seq),
        label(wording.act_label(row.chain, row.trigger, row.lifecycle)), row.actor_name,
        row.organisation_name, one.reason, str(one.proofs),
    ]  # fmt: skip


def length(seconds: int) -> str:
    """A length of time in its largest whole unit, and the next where that says more."""
    if seconds < _MINUTE:
        return str(ngettext("%(num)d second", "%(num)d seconds", seconds))
    if seconds < _HOUR:
        return str(ngettext("%(num)d minute", "%(num)d minutes", seconds // _MINUTE))
    hours = ngettext("%(num)d hour", "%(num)d hours", seconds % _DAY // _HOUR)
    if seconds < _DAY:
        return str(hours)
    days = ngettext("%(num)d day", "%(num)d days", seconds // _DAY)
    return f"{days} {hours}" if seconds % _DAY >= _HOUR else str(days)
