"""Pages of the administrators: people, their roles and links, leaving, and what two decide."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import login_required
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.accounts import (
    acts,
    browsers,
    deciding,
    invitations,
    leavers,
    people,
    requests,
    sessions,
)
from app.accounts.errors import ChangeRefused, LoginTaken
from app.accounts.models import AccountRequest, Membership, Organisation, Person
from app.accounts.people import Certificate, Search, Show
from app.accounts.people_forms import (
    DecisionForm,
    EndForm,
    InviteForm,
    LeaveForm,
    ReasonForm,
    RoleForm,
    TermsForm,
)
from app.accounts.requests import Kind, Terms
from app.accounts.views import accounts
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import Actor, Role
from app.formats import label
from config import settings

F = TypeVar("F", bound=ReasonForm)
R = TypeVar("R", bound=RoleForm)

RESETS: Final = {"password": Kind.PASSWORD, "factor": Kind.FACTOR}
DECISIONS: Final = {"grant": requests.grant, "refuse": requests.refuse}


def _person(person_id: UUID) -> Person:
    return request_session().get(Person, person_id) or abort(404)


def _refused(form: ReasonForm | LeaveForm | DecisionForm, refused: ChangeRefused) -> None:
    form.refuse({name: one.text(str(get_locale())) for name, one in refused.faults.items()})


def _kept(actor: Actor) -> MultiDict[str, str] | None:
    """What was typed into the form at hand before a session ended."""
    if request.method != "GET":
        return None
    return sessions.parked_for(request_session(), actor.person_id, request.path)


# People -----------------------------------------------------------------------------------------


@accounts.get("/people")
@login_required
def people_list() -> ResponseReturnValue:
    """List people, narrowed by what stands in the address."""
    sessions.current_administrator()
    args, reading, today = request.args, request_session(), sessions.today()
    show = args.get("show", "")
    search = Search(
        words=args.get("q", "").strip()[:100],
        organisation=args.get("organisation", "").strip()[:100],
        role=args.get("role", "")[:24],
        show=Show(show) if show in set(Show) else Show.ACTIVE,
        after=args.get("after", "")[:200],
    )
    page = people.people(reading, search, today)
    address: dict[str, Any] = {
        "q": search.words,
        "organisation": search.organisation,
        "role": search.role,
        "show": search.show.value,
    }
    return render_template(
        "accounts/people.html",
        page=page,
        search=search,
        roles=[role for role in Role if role != Role.SYSTEM],
        next=url_for(".people_list", **{**address, "after": page.next}) if page.next else "",
        first=url_for(".people_list", **address) if search.after else "",
        doubtful=len(people.doubtful_certificates(reading, today)),
        awaits_link=invitations.awaits_link,
    )


@accounts.get("/people/certificates")
@login_required
def certificates() -> ResponseReturnValue:
    """List the certificates of officers that are missing, have expired or soon do."""
    sessions.current_administrator()
    today = sessions.today()
    return render_template(
        "accounts/people_certificates.html",
        rows=people.doubtful_certificates(request_session(), today),
        state=lambda held: people.certificate_of(held, today),
        Certificate=Certificate,
    )


@accounts.get("/people/<uuid:person_id>")
@login_required
def person(person_id: UUID) -> ResponseReturnValue:
    """Show one person: roles, links, requests, and what the audit says of the account."""
    actor, one = sessions.current_administrator(), _person(person_id)
    reading, today = request_session(), sessions.today()
    roles = people.memberships(reading, person_id)
    with database().read() as apart:
        work = leavers.open_work(apart, person_id)
        entries = people.entries_of(apart, person_id, roles)
    return render_template(
        "accounts/people_person.html",
        one=one,
        roles=roles,
        today=today,
        now=utcnow(),
        is_own=person_id == actor.person_id,
        has_left=leavers.has_left(one),
        awaits_link=invitations.awaits_link(one),
        sessions_open=len(browsers.open_ones(reading, person_id, utcnow())),
        invitations=people.invitations_of(reading, person_id),
        works=invitations.works,
        asked=people.requests_of(reading, person_id),
        work=work,
        entries=entries,
        state=lambda held: people.certificate_of(held, today),
        Certificate=Certificate,
        terms_of=requests.terms_of,
        terms_before=requests.terms_before,
        kind_of=Kind,
        supervises=Role.SUPERVISOR in actor.roles,
        act=acts.label_of,
    )


# Inviting ---------------------------------------------------------------------------------------


@accounts.route("/people/new", methods=["GET", "POST"])
@login_required
def invite_person() -> ResponseReturnValue:
    """Enter somebody new, with the request for their first role; then show their link once."""
    actor = sessions.current_administrator()
    form = _with_choices(_begun(InviteForm, actor, since=sessions.today()))
    if form.validate_on_submit() and (made := _invited(form, actor)) is not None:
        return _shown_once(*made)
    return _asked_for(form, gettext("Invite somebody")), 422 if form.errors else 200


def _invited(form: InviteForm, actor: Actor) -> tuple[Person, str] | None:
    """Enter the person, or put what refuses it beside the fields."""
    now, path = utcnow(), request.path

    def work(writing: Session) -> tuple[Person, str]:
        sessions.forget_parked(writing, actor.person_id, path)
        return invitations.invite_newcomer(
            writing,
            actor,
            login=str(form.login.data),
            name=str(form.name.data),
            email=form.email.data or None,
            organisation_id=UUID(form.organisation.data),
            terms=form.terms(),
            reason=form.reason.data or "",
            now=now,
        )

    try:
        return database().write(work)
    except ChangeRefused as refused:
        _refused(form, refused)
    except LoginTaken as taken:
        form.refuse({"login": taken.label.text(str(get_locale()))})
    return None


@accounts.post("/people/<uuid:person_id>/invitation")
@login_required
def make_invitation(person_id: UUID) -> ResponseReturnValue:
    """Make a new link for somebody without a password, and show it once."""
    actor, one, now = sessions.current_administrator(), _person(person_id), utcnow()
    token = database().write(lambda s: invitations.invite(s, actor, person_id, now=now))
    return _shown_once(one, token)


def _shown_once(one: Person, token: str) -> ResponseReturnValue:
    base = settings().base_url or request.host_url.rstrip("/")
    return render_template(
        "accounts/people_link.html",
        one=one,
        link=base + url_for(".invitation", token=token),
        until=utcnow() + invitations.LASTS,
    )


# Asking -----------------------------------------------------------------------------------------


@accounts.route("/people/<uuid:person_id>/roles/new", methods=["GET", "POST"])
@login_required
def ask_role(person_id: UUID) -> ResponseReturnValue:
    """Ask for a new role of somebody; of a leaver, for their return in it."""
    actor, one = sessions.current_administrator(), _person(person_id)
    kind = Kind.RETURN if leavers.has_left(one) else Kind.GRANT
    form = _with_choices(_begun(RoleForm, actor, since=sessions.today()))
    if form.validate_on_submit() and _ask(
        form, actor, kind, one, organisation_id=UUID(form.organisation.data), terms=form.terms()
    ):
        return _back_to(one)
    return _asked_for(form, label(kind.label), one), 422 if form.errors else 200


@accounts.route("/people/<uuid:person_id>/roles/<uuid:membership_id>", methods=["GET", "POST"])
@login_required
def ask_change(person_id: UUID, membership_id: UUID) -> ResponseReturnValue:
    """Ask for other days, another role or another certificate instead of a role somebody holds."""
    actor, one, held = (
        sessions.current_administrator(),
        _person(person_id),
        _role(person_id, membership_id),
    )
    before = Terms.of(held)
    form = _begun(
        TermsForm,
        actor,
        role=before.role.value,
        since=before.since,
        until=before.until,
        certificate_no=before.certificate_no,
        certificate_until=before.certificate_until,
    )
    _with_roles(form)
    if form.validate_on_submit() and _ask(
        form, actor, Kind.CHANGE, one, terms=form.terms(), membership_id=membership_id
    ):
        return _back_to(one)
    return _asked_for(form, label(Kind.CHANGE.label), one, held), 422 if form.errors else 200


@accounts.route("/people/<uuid:person_id>/roles/<uuid:membership_id>/end", methods=["GET", "POST"])
@login_required
def ask_end(person_id: UUID, membership_id: UUID) -> ResponseReturnValue:
    """Ask for the end of a role somebody holds."""
    actor, one, held = (
        sessions.current_administrator(),
        _person(person_id),
        _role(person_id, membership_id),
    )
    form = _begun(EndForm, actor, until=sessions.today())
    if form.validate_on_submit() and _ask(
        form,
        actor,
        Kind.END,
        one,
        terms=requests.ending(Terms.of(held), cast("date", form.until.data)),
        membership_id=membership_id,
    ):
        return _back_to(one)
    return _asked_for(form, label(Kind.END.label), one, held), 422 if form.errors else 200


@accounts.route("/people/<uuid:person_id>/reset/<what>", methods=["GET", "POST"])
@login_required
def ask_reset(person_id: UUID, what: str) -> ResponseReturnValue:
    """Ask for a new password or a new second factor of somebody who lost theirs."""
    actor, one = sessions.current_administrator(), _person(person_id)
    kind = RESETS.get(what) or abort(404)
    form = _begun(ReasonForm, actor)
    if form.validate_on_submit() and _ask(form, actor, kind, one):
        return _back_to(one)
    return _asked_for(form, label(kind.label), one), 422 if form.errors else 200


def _begun(kind: type[F], actor: Actor, **values: Any) -> F:
    """A form with what was sent, or typed before a session ended, or else these values."""
    kept = _kept(actor)
    return kind(kept) if kept is not None else kind(**values)


def _with_choices(form: R) -> R:
    form.organisation.choices = [("", gettext("Choose")), *_organisations()]
    _with_roles(form)
    return form


def _with_roles(form: TermsForm) -> None:
    form.role.choices = [
        ("", gettext("Choose")),
        *((role.value, label(role.label)) for role in Role if role != Role.SYSTEM),
    ]


def _organisations() -> list[tuple[str, str]]:
    query = (
        select(Organisation.id, Organisation.name)
        .where(Organisation.active)
        .order_by(Organisation.kind, Organisation.name)
    )
    return [(str(row.id), row.name) for row in request_session().execute(query)]


def _role(person_id: UUID, membership_id: UUID) -> Membership:
    held = request_session().get(Membership, membership_id)
    return held if held is not None and held.person_id == person_id else abort(404)


def _ask(
    form: ReasonForm,
    actor: Actor,
    kind: Kind,
    one: Person,
    *,
    organisation_id: UUID | None = None,
    terms: Terms | None = None,
    membership_id: UUID | None = None,
) -> bool:
    """Ask, or put what refuses it beside the fields."""
    now, path = utcnow(), request.path

    def work(writing: Session) -> AccountRequest:
        sessions.forget_parked(writing, actor.person_id, path)
        return requests.ask(
            writing,
            actor,
            kind,
            one.id,
            reason=form.reason.data or "",
            now=now,
            organisation_id=organisation_id,
            terms=terms,
            membership_id=membership_id,
        )

    try:
        database().write(work)
    except ChangeRefused as refused:
        _refused(form, refused)
        return False
    flash(gettext("It was asked for. Another administrator decides; they were told."), "success")
    return True


def _asked_for(
    form: ReasonForm, title: str, one: Person | None = None, held: Membership | None = None
) -> str:
    return render_template("accounts/people_ask.html", form=form, title=title, one=one, held=held)


def _back_to(one: Person) -> ResponseReturnValue:
    return redirect(url_for(".person", person_id=one.id), 303)


# Leaving ----------------------------------------------------------------------------------------


@accounts.route("/people/<uuid:person_id>/leave", methods=["GET", "POST"])
@login_required
def leave(person_id: UUID) -> ResponseReturnValue:
    """Ask for the last day of somebody who leaves, and say what they leave behind."""
    actor, one, now = sessions.current_administrator(), _person(person_id), utcnow()
    form = LeaveForm(last_day=sessions.today())
    if form.validate_on_submit():
        last_day = cast("date", form.last_day.data)
        try:
            database().write(
                lambda s: leavers.leave(s, actor, person_id, last_day=last_day, now=now)
            )
        except ChangeRefused as refused:
            _refused(form, refused)
        else:
            flash(gettext("%(name)s leaves. The others were told.", name=one.name), "success")
            return _back_to(one)
    with database().read() as apart:
        work = leavers.open_work(apart, person_id)
    page = render_template(
        "accounts/people_leave.html",
        form=form,
        one=one,
        work=work,
        supervises=Role.SUPERVISOR in actor.roles,
    )
    return page, 422 if form.errors else 200


# Deciding ---------------------------------------------------------------------------------------


@accounts.get("/requests")
@login_required
def open_requests() -> ResponseReturnValue:
    """List what waits for a second administrator, or what was decided."""
    sessions.current_administrator()
    return _requests_page(), 200


def _requests_page(form: DecisionForm | None = None, at: UUID | None = None) -> str:
    """The page; with a form, that of a request whose decision was refused."""
    actor, reading = sessions.current_actor(), request_session()
    decided, after = request.args.get("show") == "decided", request.args.get("after", "")[:100]
    read = people.closed_requests if decided else people.open_requests
    page = read(reading, after)
    shown: dict[str, Any] = {"show": "decided"} if decided else {}
    return render_template(
        "accounts/people_requests.html",
        page=page,
        decided=decided,
        next=url_for(".open_requests", **shown, after=page.next) if page.next else "",
        first=url_for(".open_requests", **shown) if after else "",
        me=actor.person_id,
        may_decide=lambda asked: deciding.may_decide(actor, asked),
        terms_of=requests.terms_of,
        terms_before=requests.terms_before,
        kind_of=Kind,
        form=form,
        at=at,
    )


@accounts.post("/requests/<uuid:request_id>")
@login_required
def decide_request(request_id: UUID) -> ResponseReturnValue:
    """Grant, refuse or withdraw a request."""
    actor, now, form = sessions.current_administrator(), utcnow(), DecisionForm()
    decision, answer = form.decision.data or "", form.answer.data or ""
    if decision == "withdraw":
        database().write(lambda s: requests.withdraw(s, actor, request_id, now=now))
        flash(gettext("The request was withdrawn."), "info")
        return redirect(url_for(".open_requests"), 303)
    decide = DECISIONS.get(decision) or abort(422)
    if not form.validate():
        return _requests_page(form, request_id), 422
    try:
        database().write(lambda s: decide(s, actor, request_id, answer=answer, now=now))
    except ChangeRefused as refused:
        _refused(form, refused)
        return _requests_page(form, request_id), 422
    granted = decision == "grant"
    flash(
        gettext("The request was granted and done.") if granted
        else gettext("The request was refused. Whoever asked was told."),
        "success",
    )  # fmt: skip
    return redirect(url_for(".open_requests"), 303)
