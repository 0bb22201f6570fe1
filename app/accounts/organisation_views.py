"""Pages of the administrators: organisations, and what two of them decide about one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import login_required
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import (
    acts,
    deciding,
    districts,
    organisation_requests,
    organisations,
    people,
    sessions,
)
from app.accounts.errors import ChangeRefused
from app.accounts.models import AUTHORITIES, Organisation, OrganisationKind
from app.accounts.organisation_forms import ChangeForm, EnterForm, FactsForm
from app.accounts.organisations import KEPT_HERE, LISTED, Search
from app.accounts.people_forms import DecisionForm, ReasonForm
from app.accounts.views import accounts
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import Actor
from app.formats import label

F = TypeVar("F", FactsForm, EnterForm)

SHOWS: Final = ("active", "ended", "merged", "all")
DECISIONS: Final = {
    "grant": organisation_requests.grant,
    "refuse": organisation_requests.refuse,
}
REGISTER_PAGES: Final = {
    OrganisationKind.UNIT: "registers.unit",
    OrganisationKind.AGENCY: "registers.agency",
}


def _organisation(organisation_id: UUID) -> Organisation:
    one = request_session().get(Organisation, organisation_id)
    return one if one is not None and one.kind in LISTED else abort(404)


def _refused(form: FactsForm | ReasonForm | DecisionForm, refused: ChangeRefused) -> None:
    form.refuse({name: one.text(str(get_locale())) for name, one in refused.faults.items()})


@accounts.get("/organisations")
@login_required
def organisations_list() -> ResponseReturnValue:
    """List organisations, narrowed by what stands in the address."""
    actor, args, reading = sessions.current_administrator(), request.args, request_session()
    kind, show = args.get("kind", ""), args.get("show", "")
    search = Search(
        words=args.get("q", "").strip()[:100],
        kind=kind if kind in set(LISTED) else "",
        show=show if show in SHOWS else SHOWS[0],
        after=args.get("after", "")[:400],
    )
    page = organisations.listed(reading, search, sessions.today())
    address: dict[str, Any] = {"q": search.words, "kind": search.kind, "show": search.show}
    return render_template(
        "accounts/organisations.html",
        page=page,
        search=search,
        kinds=LISTED,
        division_name=districts.name_of,
        waiting=organisation_requests.to_decide(reading, actor),
        next=url_for(".organisations_list", **{**address, "after": page.next}) if page.next else "",
        first=url_for(".organisations_list", **address) if search.after else "",
    )


@accounts.get("/organisations/<uuid:organisation_id>")
@login_required
def organisation_page(organisation_id: UUID) -> ResponseReturnValue:
    """Show one organisation: who it is, its people, requests, and what the audit says of it."""
    sessions.current_administrator()
    one, reading, today = _organisation(organisation_id), request_session(), sessions.today()
    above = reading.get(Organisation, one.parent_id) if one.parent_id else None
    with database().read() as apart:
        count = organisations.open_cases(apart, one.id)
        entries = people.entries_of(apart, one.id, [])
    return render_template(
        "accounts/organisation.html",
        one=one,
        above=above,
        successor=reading.get(Organisation, one.merged_into) if one.merged_into else None,
        predecessors=organisations.predecessors(reading, one.id),
        members=organisations.members(reading, one.id, today),
        cases=count,
        asked=organisation_requests.listed(reading, is_open=True, organisation_id=one.id),
        entries=entries,
        act=acts.label_of,
        division_name=districts.name_of,
        kept_here=one.kind in KEPT_HERE,
        register_page=REGISTER_PAGES.get(OrganisationKind(one.kind)),
    )


# Entering and correcting --------------------------------------------------------------------------


@accounts.route("/organisations/new", methods=["GET", "POST"])
@login_required
def enter_organisation() -> ResponseReturnValue:
    """Enter an organisation of a kind the registers do not keep."""
    actor, now = sessions.current_administrator(), utcnow()
    form = _with_parents(EnterForm())
    form.kind.choices = _kinds()
    form.division.choices = _divisions("")
    if form.validate_on_submit():
        kind, division = OrganisationKind(form.kind.data), str(form.division.data)

        def work(writing: Session) -> Organisation:
            return organisations.enter(writing, actor, kind, division, form.facts(), now=now)

        try:
            made = database().write(work)
        except ChangeRefused as refused:
            _refused(form, refused)
        else:
            flash(gettext("%(name)s was entered.", name=made.name), "success")
            return _back_to(made.id)
    return _form(form, gettext("Enter an organisation"))


@accounts.route("/organisations/<uuid:organisation_id>/edit", methods=["GET", "POST"])
@login_required
def edit_organisation(organisation_id: UUID) -> ResponseReturnValue:
    """Correct who an organisation is."""
    actor, one, now = sessions.current_administrator(), _organisation(organisation_id), utcnow()
    form = _with_parents(FactsForm(obj=one, parent=str(one.parent_id or "")), one)
    if form.validate_on_submit():
        try:
            database().write(
                lambda s: organisations.correct(s, actor, one.id, form.facts(), now=now)
            )
        except ChangeRefused as refused:
            _refused(form, refused)
        else:
            flash(gettext("Saved."), "success")
            return _back_to(one.id)
    return _form(form, gettext("Correct"), one)


def _with_parents(form: F, one: Organisation | None = None) -> F:
    query = (
        select(Organisation.id, Organisation.name)
        .where(Organisation.active, Organisation.kind.in_(list(AUTHORITIES)))
        .order_by(Organisation.name)
    )
    own = one.id if one is not None else None
    rows = request_session().execute(query)
    found: list[tuple[str, str]] = [(str(row.id), row.name) for row in rows if row.id != own]
    if one is not None:
        above = request_session().get(Organisation, one.parent_id) if one.parent_id else None
        if above is not None and not above.active:
            found.append((str(above.id), above.name))
    form.parent.choices = [("", gettext("nobody")), *found]
    return form


def _kinds() -> list[tuple[str, str]]:
    return [("", gettext("Choose")), *((kind.value, label(kind.label)) for kind in KEPT_HERE)]


def _divisions(now: str) -> list[tuple[str, str]]:
    known = districts.names_within("")
    if now and now not in known:
        known = {now: now, **known}
    found = [(code, f"{name} {code}") for code, name in known.items()]
    return [("", gettext("Choose")), *found]


# What takes two -----------------------------------------------------------------------------------


@accounts.route("/organisations/<uuid:organisation_id>/change", methods=["GET", "POST"])
@login_required
def ask_organisation_change(organisation_id: UUID) -> ResponseReturnValue:
    """Ask for another kind or division of an organisation."""
    actor, one = sessions.current_administrator(), _organisation(organisation_id)
    form = ChangeForm(kind=one.kind.value, division=one.division)
    form.kind.choices = (
        _kinds() if one.kind in KEPT_HERE else [(one.kind.value, label(one.kind.label))]
    )
    form.division.choices = _divisions(one.division)
    if form.validate_on_submit():
        change = {
            "kind": form.kind.data,
            "division": form.division.data,
            "was": [one.kind.value, one.division],
        }
        if asked(form, actor, organisations.CHANGE, one.id, change):
            return _back_to(one.id)
    return _form(form, gettext("Ask for another kind or division"), one)


@accounts.route("/organisations/<uuid:organisation_id>/end", methods=["GET", "POST"])
@login_required
def ask_organisation_end(organisation_id: UUID) -> ResponseReturnValue:
    """Ask for the end of an organisation."""
    actor, one = sessions.current_administrator(), _organisation(organisation_id)
    form = ReasonForm()
    if form.validate_on_submit() and asked(form, actor, organisations.END, one.id, {}):
        return _back_to(one.id)
    return _form(form, gettext("Ask for its end"), one)


def asked(
    form: ReasonForm, actor: Actor, kind: str, organisation_id: UUID, change: dict[str, Any]
) -> bool:
    """Ask, or put what refuses it beside the fields."""
    now, reason = utcnow(), form.reason.data or ""
    try:
        database().write(
            lambda s: organisation_requests.ask(
                s, actor, kind, organisation_id, change, reason=reason, now=now
            )
        )
    except ChangeRefused as refused:
        _refused(form, refused)
        return False
    flash(gettext("It was asked for. Another administrator decides."), "success")
    return True


def _form(
    form: FactsForm | ReasonForm, title: str, one: Organisation | None = None
) -> ResponseReturnValue:
    page = render_template("accounts/organisation_form.html", form=form, title=title, one=one)
    return page, 422 if form.errors else 200


def _back_to(organisation_id: UUID) -> ResponseReturnValue:
    return redirect(url_for(".organisation_page", organisation_id=organisation_id), 303)


# Deciding -----------------------------------------------------------------------------------------


@accounts.get("/organisations/requests")
@login_required
def organisation_requests_list() -> ResponseReturnValue:
    """List what waits for a second administrator, or what was decided."""
    sessions.current_administrator()
    decided = request.args.get("show") == "decided"
    return render_template(
        "accounts/organisation_requests.html",
        rows=organisation_requests.listed(request_session(), is_open=not decided),
        decided=decided,
    )


@accounts.route("/organisations/requests/<uuid:request_id>", methods=["GET", "POST"])
@login_required
def organisation_request(request_id: UUID) -> ResponseReturnValue:
    """Show what is asked for; grant, refuse or withdraw it."""
    actor, now, form = sessions.current_administrator(), utcnow(), DecisionForm()
    one = organisation_requests.found(request_session(), request_id) or abort(404)
    if request.method == "POST" and form.validate():
        try:
            _decide(actor, one.request.id, form, now)
        except ChangeRefused as refused:
            _refused(form, refused)
        else:
            flash(gettext("Done."), "success")
            return redirect(url_for(".organisation_request", request_id=request_id), 303)
    with database().read() as apart:
        lines = organisation_requests.KINDS[one.request.kind].told(apart, one.request)
    page = render_template(
        "accounts/organisation_request.html",
        one=one,
        lines=lines,
        form=form,
        me=actor.person_id,
        may_decide=deciding.may_decide(actor, one.request),
    )
    return page, 422 if form.errors else 200


def _decide(actor: Actor, request_id: UUID, form: DecisionForm, now: datetime) -> None:
    decision, answer = form.decision.data or "", form.answer.data or ""
    if decision == "withdraw":
        database().write(lambda s: organisation_requests.withdraw(s, actor, request_id, now=now))
        return
    decide = DECISIONS.get(decision) or abort(422)
    database().write(lambda s: decide(s, actor, request_id, answer=answer, now=now))
