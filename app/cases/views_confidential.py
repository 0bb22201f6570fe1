"""Pages of restricted cases: making a case one, and saying why one reads it."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import HiddenField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Length

from app.accounts.sessions import safe_next
from app.cases import confidential
from app.cases.confidential import ReasonNeeded, asks_why, may_mark
from app.cases.errors import BadInputs
from app.cases.forms import ReadForm
from app.cases.page import CasePage
from app.cases.records import name_records
from app.cases.restricted import LONGEST_REASON
from app.cases.views import any_page_of, cases, fresh_page, page_of
from app.db import database
from app.formats import label


class MarkForm(FlaskForm):
    """Why a case is made a restricted one, or no longer is; ``act`` is which, as the page showed.

    The case may be another when the form comes back: a second click must not undo the first.
    """

    act = HiddenField(validators=[AnyOf(list(confidential.LABELS))])
    reason = TextAreaField(
        _l("Reason"),
        [DataRequired(_l("Give a reason.")), Length(max=LONGEST_REASON)],
        render_kw={"rows": 3},
    )


@cases.route("/cases/<uuid:case_id>/confidentiality", methods=["GET", "POST"])
def confidentiality(case_id: UUID) -> ResponseReturnValue:
    """Make the case a restricted one, or end it."""
    page = page_of(case_id)
    if not may_mark(page):
        abort(403)
    form = MarkForm()
    if request.method == "GET":
        form.act.data = _next_act(page)
        return render_template("cases/confidentiality.html", page=page, form=form)
    if form.validate():
        reason, restricted = form.reason.data or "", form.act.data == confidential.RESTRICT

        def mark(session: Session) -> int:
            return confidential.mark(
                session, case_id, reason, restricted=restricted, actor=page.actor, now=page.now
            )

        try:
            database().write(mark)
        except BadInputs as refused:
            form.reason.errors = [label(refused.faults["reason"])]
            page = fresh_page(case_id)
            form.act.data = _next_act(page)
        else:
            return _marked(case_id, restricted=restricted)
    return render_template("cases/confidentiality.html", page=page, form=form), 422


def _next_act(page: CasePage) -> str:
    return confidential.OPEN_UP if page.case.restricted else confidential.RESTRICT


def _marked(case_id: UUID, *, restricted: bool) -> ResponseReturnValue:
    """Lead to where the person may still go: whoever is not named sees the case no more."""
    if restricted:
        flash(gettext("The case is restricted now. Only those named on it see it."), "success")
        return redirect(url_for(".worklist"), 303)
    flash(gettext("The case is no longer restricted."), "success")
    return redirect(url_for(".show", case_id=case_id), 303)


@cases.route("/cases/<uuid:case_id>/reading", methods=["GET", "POST"])
def reading(case_id: UUID) -> ResponseReturnValue:
    """Ask an auditor why they read a restricted case; lead on once it is recorded."""
    page, form = any_page_of(case_id), ReadForm()
    onward = safe_next(request.values.get("next") or url_for(".show", case_id=case_id))
    if not asks_why(page):
        return redirect(onward, 303)
    if request.method == "GET":
        return render_template("cases/reading.html", page=page, form=form, onward=onward)
    if not form.validate():
        return render_template("cases/reading.html", page=page, form=form, onward=onward), 422
    reason = form.reason.data or ""
    database().write(lambda session: confidential.say_why(session, page, reason))
    return redirect(onward, 303)


def ask_first(needed: ReasonNeeded) -> ResponseReturnValue:
    """Lead whoever must say why first to where they say it, and back."""
    onward = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("cases.reading", case_id=needed.case_id, next=onward), 303)


def init_app(app: Flask) -> None:
    """Ask for the reason wherever a page needs one; name what stands in the chain."""
    name_records(confidential.LABELS)
    app.register_error_handler(ReasonNeeded, ask_first)
