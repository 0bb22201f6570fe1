"""Pages on which an organisation is merged into another: what would happen, and how far it is."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, SelectField, SubmitField
from wtforms.validators import DataRequired

from app.accounts.models import Organisation
from app.accounts.organisation_views import asked
from app.accounts.organisations import LISTED
from app.accounts.people_forms import ReasonForm
from app.accounts.sessions import current_administrator, today
from app.cases import merging
from app.cases.records import MERGE
from app.cases.views import cases, now
from app.db import database, request_session


class MergeForm(ReasonForm):
    """Into which organisation, from when; ``seen`` is what the preview was of."""

    into = SelectField(_l("Into"), [DataRequired()])
    day = DateField(
        _l("First day of the merger"),
        [DataRequired()],
        description=_l("From this day on its people act for the other."),
    )
    seen = HiddenField()
    submit = SubmitField(_l("Show what would happen"))

    @property
    def chosen(self) -> str:
        """What the preview is of."""
        return f"{self.into.data} {self.day.data}"


@cases.route("/account/organisations/<uuid:organisation_id>/merge", methods=["GET", "POST"])
def merge_organisation(organisation_id: UUID) -> ResponseReturnValue:
    """Say what a merger would move; once that was seen, ask for it."""
    actor, one, reading = current_administrator(), _organisation(organisation_id), request_session()
    form = MergeForm(day=today())
    others = merging.candidates(reading, one)
    form.into.choices = [
        ("", gettext("Choose")),
        *((str(other.id), other.name) for other in others),
    ]
    lines = None
    if form.validate_on_submit():
        day = cast("date", form.day.data)
        change: dict[str, Any] = {"into": form.into.data, "day": day.isoformat()}
        if form.seen.data == form.chosen:
            if asked(form, actor, MERGE, one.id, change):
                return redirect(_page(one), 303)
        else:
            with database().read() as apart:
                lines = merging.told_of(merging.effect(apart, one.id, day))
            form.seen.data = form.chosen
    page = render_template("cases/merge.html", form=form, one=one, lines=lines)
    return page, 422 if form.errors else 200


@cases.route("/account/organisations/<uuid:organisation_id>/merger", methods=["GET", "POST"])
def merger_progress(organisation_id: UUID) -> ResponseReturnValue:
    """Show how many cases have not passed over yet; let the next ones."""
    current_administrator()
    one, reading = _organisation(organisation_id), request_session()
    into = reading.get(Organisation, one.merged_into) if one.merged_into else abort(404)
    if request.method == "POST":
        done = merging.move_cases(database(), one.id, now())
        flash(ngettext("%(num)d case passed over.", "%(num)d cases passed over.", done), "success")
        return redirect(url_for(".merger_progress", organisation_id=one.id), 303)
    with database().read() as apart:
        left, moved = merging.left(apart, one.id), merging.moved(apart, one.id)
    return render_template("cases/merger.html", one=one, into=into, left=left, moved=moved)


def _organisation(organisation_id: UUID) -> Organisation:
    one = request_session().get(Organisation, organisation_id)
    return one if one is not None and one.kind in LISTED else abort(404)


def _page(one: Organisation) -> str:
    return url_for("accounts.organisation_page", organisation_id=one.id)
