"""The reports on what left the house: restricted content that was read, exports, checkpoints."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.accounts.sessions import current_actor
from app.assurance import log, reports_handed
from app.assurance.formats import WRITERS
from app.assurance.log_form import PeriodForm
from app.assurance.reports_form import ReadsForm, with_period
from app.assurance.reports_handed import Export, Read
from app.assurance.reports_views import WRONG, address_of_table, table, yes
from app.assurance.views import assurance
from app.cases.views import now
from app.db import request_session
from app.formats import instant, label
from app.insights.views import address
from app.law.labels import Label
from app.law.periods import local_date

QUARTER, YEAR = 90, 365
EVERYTHING = 50_000
"""Rows of a table to take along."""
CHANNELS = {
    "file": Label("文件", "file"),
    "mail": Label("电子邮件", "e-mail"),
    "print": Label("打印", "print"),
}
"""How a checkpoint was handed out."""


@assurance.get("/reports/reads")
def reads() -> ResponseReturnValue:
    """Who read restricted content: what, when and why."""
    form = ReadsForm(with_period(request.args, local_date(now()), QUARTER))
    reading, actor = request_session(), current_actor()
    asked = form.resolve(reading)
    after = log.Key.read(request.args.get("after", ""))
    found = reports_handed.restricted(reading, actor, asked, after) if asked else None
    page = render_template(
        "assurance/reads.html",
        form=form,
        found=found,
        choices=[(address(who=one.value, after=None), one) for one in form.choices.get("who", ())],
        first=address(after=None) if after is not None else None,
        older=address(after=str(found.older)) if found and found.older else None,
        table=address_of_table("reads_csv"),
    )
    return page, WRONG if form.errors else 200


@assurance.get("/reports/reads.csv")
def reads_csv() -> ResponseReturnValue:
    """The same as a table, whole."""
    form = ReadsForm(with_period(request.args, local_date(now()), QUARTER))
    asked = form.resolve(request_session())
    if asked is None:
        abort(WRONG)
    found = reports_handed.restricted(request_session(), current_actor(), asked, size=EVERYTHING)
    return table(
        gettext("Reads of restricted content"),
        [gettext("Read at"), gettext("Person"), gettext("Organisation"), gettext("Content read"),
         gettext("Case number"), gettext("No. in the chain"), gettext("Fields"), gettext("Reason")],
        (_read_cells(one) for one in found.found),
    )  # fmt: skip


def _read_cells(one: Read) -> list[str]:
    names = gettext(", ").join(label(name) for name in one.names)
    return [
        instant(one.row.recorded_at), one.row.actor_name, one.row.organisation_name,
        label(one.what), one.number, "" if one.entry is None else str(one.entry), names, one.reason,
    ]  # fmt: skip


def _handed_form() -> PeriodForm:
    return PeriodForm(with_period(request.args, local_date(now()), YEAR))


@assurance.get("/reports/handed-out")
def handed() -> ResponseReturnValue:
    """The exports that were made and the checkpoints that were handed out."""
    form = _handed_form()
    if not form.validate():
        return render_template("assurance/handed.html", form=form, found=None), WRONG
    reading, actor = request_session(), current_actor()
    after = log.Key.read(request.args.get("after", ""))
    found = reports_handed.exports(reading, actor, _exports(form), after)
    return render_template(
        "assurance/handed.html",
        form=form,
        found=found,
        published=reports_handed.publications(reading, form.since.data, form.until.data),
        channels=CHANNELS,
        format_of=format_of,
        first=address(after=None) if after is not None else None,
        older=address(after=str(found.older)) if found.older else None,
        tables=[address_of_table("exports_csv"), address_of_table("checkpoints_csv")],
    )


@assurance.get("/reports/exports.csv")
def exports_csv() -> ResponseReturnValue:
    """The exports as a table, whole."""
    form = _handed_form()
    if not form.validate():
        abort(WRONG)
    asked = _exports(form)
    found = reports_handed.exports(request_session(), current_actor(), asked, size=EVERYTHING)
    return table(
        gettext("Exports made"),
        [gettext("Exported at"), gettext("Person"), gettext("Organisation"), gettext("Format"),
         gettext("What was chosen"), gettext("Entries"), gettext("Values given away"),
         gettext("Masked"), gettext("Reason"), "SHA-256"],
        (_export_cells(one) for one in found.found),
    )  # fmt: skip


def _export_cells(one: Export) -> list[str]:
    told = one.told
    return [
        instant(one.row.recorded_at), one.row.actor_name, one.row.organisation_name,
        format_of(one), label(one.chosen), str(told.get("entries", "")),
        str(told.get("values", "")), yes(bool(told.get("masked"))), str(told.get("reason", "")),
        str(told.get("sha256", "")),
    ]  # fmt: skip


@assurance.get("/reports/checkpoints.csv")
def checkpoints_csv() -> ResponseReturnValue:
    """The checkpoints handed out as a table."""
    form = _handed_form()
    if not form.validate():
        abort(WRONG)
    found = reports_handed.publications(request_session(), form.since.data, form.until.data)
    return table(
        gettext("Checkpoints handed out"),
        [gettext("Number"), gettext("Handed out at"), gettext("Handed out to"),
         gettext("Way of handing out"), gettext("By")],
        (
            [str(one.number), instant(one.published_at), one.recipient, channel_of(one.channel),
             one.published_by_name]
            for one in found
        ),
    )  # fmt: skip


def _exports(form: PeriodForm) -> log.Search:
    return log.Search(since=form.since.data, until=form.until.data)


def format_of(one: Export) -> str:
    """The name of the format of an export; of one no longer known, its key."""
    if one.is_bundle:
        return str(gettext("Evidence bundle (ZIP)"))
    key = str(one.told.get("format", ""))
    return label(WRITERS[key].label) if key in WRITERS else key


def channel_of(channel: str) -> str:
    """How a checkpoint was handed out, in words."""
    return label(CHANNELS[channel]) if channel in CHANNELS else channel
