"""Asking on a case: the tab with what was asked and decided, and the form of a request."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.accounts.sessions import current_actor
from app.cases.errors import BadInputs, NoSuchCase, TransitionRefused
from app.cases.escalation import asking, lists
from app.cases.escalation.asking import Asked, Request
from app.cases.escalation.cards import cards as cards_of
from app.cases.escalation.forms import AskForm, asked_form
from app.cases.escalation.proposals import Kind
from app.cases.page import CasePage
from app.cases.panels import Context, Panel
from app.cases.records import assignable, handles
from app.cases.sight import id_for
from app.cases.views import cases, law, now, page_of
from app.db import database
from app.engine.actors import Role
from app.engine.forms import ActForm
from app.formats import label
from app.law.labels import Label


def concerns(page: CasePage) -> bool:
    """Whether somebody may read or ask: the authority, and whose own clock can be extended."""
    if page.of_authority:
        return True
    return handles(page.view, page.actor) and any(
        deadline.extensions
        and deadline.waits_for is not None
        and deadline.waits_for.role in page.actor.roles
        for deadline in page.lifecycle.deadlines.values()
    )


def may_ask(page: CasePage) -> bool:
    """Whether the person works on the case and somebody stands above them."""
    works = concerns(page) and handles(page.view, page.actor) and not page.case.is_final
    return works and Role.BUREAU_LEADER not in page.actor.roles


def tab(page: CasePage) -> Context:
    """Everything that was put to somebody on the case, as far as the person may read it."""
    found = lists.of_case(page.session, page.actor, page.case.id)
    cards = cards_of(page.session, page.actor, found, now=page.now, law=page.law)
    return {
        "open_cards": [card for card in cards if card.is_open],
        "past_cards": [card for card in cards if not card.is_open],
        "may_ask": may_ask(page),
        "here": "",
    }


PANEL = Panel(
    key="escalations",
    label=_l("Escalations"),
    shows=concerns,
    template="cases/tab_escalations.html",
    context=tab,
    count=lambda page: page.case.escalations if page.of_authority else None,
    after="overview",
)


@cases.route("/cases/<uuid:case_id>/ask", methods=["GET", "POST"])
def ask(case_id: UUID) -> ResponseReturnValue:
    """Ask for something one may not do oneself."""
    page = page_of(case_id)
    offered = {one.key: one for one in asking.requests(page.view, page.actor, now(), law())}
    if not concerns(page):
        raise NoSuchCase
    wanted = offered.get(request.values.get("what", ""))
    if wanted is None:
        groups = [
            (name, [one for one in offered.values() if one.kind in kinds])
            for name, kinds in (
                (gettext("More time"), {Kind.EXTEND}),
                (gettext("People"), {Kind.HELP, Kind.TAKEOVER}),
                (gettext("An act that is not yours to do"), {Kind.ACT}),
            )
        ]
        offers = [(name, found) for name, found in groups if found]
        return render_template("cases/ask.html", page=page, offers=offers, wanted=None)
    if request.method == "GET":
        return _form(page, wanted, _ask_form(page, wanted), asked_form(page, wanted))
    return _submitted(page, wanted)


def _ask_form(page: CasePage, wanted: Request, formdata: Any = None) -> AskForm:
    form = AskForm(formdata=formdata)
    form.person.choices = [("", gettext("Nobody in particular"))]
    if wanted.names_somebody:
        left_out = {page.case.assignee_id, page.actor.person_id}
        form.person.choices += [
            (str(key), name)
            for key, name in assignable(page.view, now()).items()
            if key not in left_out
        ]
    return form


def _form(
    page: CasePage,
    wanted: Request,
    form: AskForm,
    act: ActForm | None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    reasons: list[Label] | None = None,
) -> ResponseReturnValue:
    html = render_template(
        "cases/ask.html",
        page=page,
        wanted=wanted,
        form=form,
        act=act,
        reasons=reasons or [],
    )
    return html, status


def _submitted(page: CasePage, wanted: Request) -> ResponseReturnValue:
    form, act = _ask_form(page, wanted, request.form), asked_form(page, wanted, request.form)
    valid = form.validate()
    if act is not None:
        valid = act.validate() and valid
    if not valid:
        return _form(page, wanted, form, act, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    asked = Asked(wanted.key, form.reason.data or "", act.typed() if act else {}, form.person_id)
    work = partial(_ask, case_id=page.case.id, asked=asked)
    try:
        database().write(work)
    except BadInputs as refused:
        return _faulty(page, wanted, form, act, refused)
    except TransitionRefused as refused:
        reasons = [refusal.label for refusal in refused.refusals]
        status = HTTPStatus.CONFLICT
        return _form(page, wanted, form, act, status=status, reasons=reasons)
    flash(gettext("The request was put forward."), "success")
    return redirect(url_for(".show", case_id=page.case.id, tab=PANEL.key), 303)


def _ask(session: Session, *, case_id: UUID, asked: Asked) -> UUID:
    actor = current_actor()
    if session.scalar(id_for(actor, case_id)) is None:
        raise NoSuchCase
    return asking.ask(session, case_id, asked, actor=actor, now=now(), law=law())


def _faulty(
    page: CasePage, wanted: Request, form: AskForm, act: ActForm | None, refused: BadInputs
) -> ResponseReturnValue:
    """Show the form again, each fault beside its field."""
    left = dict(refused.faults)
    beside = {"reason": form.reason, "person": form.person}
    if wanted.reason is not None:
        beside[wanted.reason.name] = form.reason
    for name, field in beside.items():
        if name in left:
            field.errors = [*field.errors, label(left.pop(name))]
    reasons: list[Label] = []
    if act is not None:
        act.show_faults(left)
    else:
        reasons = list(left.values())
    bad = HTTPStatus.UNPROCESSABLE_ENTITY
    return _form(page, wanted, form, act, status=bad, reasons=reasons)
