"""Signing in and out, the organisation one acts for, the language, one's own account."""

from __future__ import annotations

import math
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, refresh
from flask_login import current_user, login_required
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.accounts import (
    browsers,
    factors,
    oidc,
    operations,
    passwords,
    proofs,
    queries,
    sessions,
    signing_in,
    throttle,
)
from app.accounts.errors import NoRoleToday
from app.accounts.forms import PasswordForm, SignInForm
from app.accounts.models import Person
from app.clock import utcnow
from app.db import database, request_session
from app.language import LOCALES
from config import settings

accounts: Final = Blueprint("accounts", __name__, url_prefix="/account")


@accounts.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Ask for login and password; in the demonstration, list its accounts."""
    target = sessions.safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        return redirect(target)
    form = SignInForm(next=target)
    status, headers = 200, dict[str, str]()
    if form.validate_on_submit():
        login, password, now = str(form.login.data), str(form.password.data), utcnow()
        reading, address = request_session(), signing_in.whence(login)
        if left := throttle.wait(reading, operations.login_of(login), address, now):
            form.form_errors = [proofs.must_wait(left)]
            status, headers = 429, {"Retry-After": str(math.ceil(left.total_seconds()))}
        elif person := operations.person_with(reading, login, password):
            try:
                return _go_on(person, password, target)
            except NoRoleToday:
                form.form_errors = [
                    gettext("Your account holds no role today. Ask the administrator.")
                ]
                status = 422
        else:
            database().write(lambda s: operations.count_failure(s, login, address, now))
            form.form_errors = [gettext("Login or password is wrong.")]
            status = 422
    elif form.errors:
        status = 422
    people = queries.demo_accounts(request_session(), sessions.today()) if settings().demo else []
    page = render_template(
        "accounts/sign_in.html", form=form, people=people, provider=settings().oidc, target=target
    )
    return page, status, headers


def _go_on(person: Person, password: str, target: str) -> ResponseReturnValue:
    if passwords.is_outdated(person.password_hash):
        kept = person.password_hash
        database().write(lambda s: operations.hash_anew(s, person.id, kept, password))
    return signing_in.go_on(person, target)


@accounts.post("/sign-out")
@login_required
def sign_out() -> ResponseReturnValue:
    """End the session."""
    actor, browser_id, now = sessions.current_actor(), sessions.current_browser().id, utcnow()

    def leave(writing: Session) -> None:
        operations.sign_out(writing, actor, now)
        browsers.end(writing, actor.person_id, "signed_out", now, only=browser_id)

    database().write(leave)
    sessions.end()
    flash(gettext("You are signed out."), "info")
    return redirect(url_for(".sign_in"), 303)


@accounts.post("/organisation")
@login_required
def organisation() -> ResponseReturnValue:
    """Act for another of one's organisations from now on."""
    person, before, at = sessions.current_person(), sessions.current_actor(), utcnow()
    try:
        chosen = UUID(request.form.get("organisation", ""))
        actor = operations.actor_for(request_session(), person, chosen, sessions.today())
    except (ValueError, NoRoleToday):
        abort(403)

    def change(writing: Session) -> None:
        if before.on_behalf_of is not None:
            operations.leave_place(writing, before, at)
        operations.change_organisation(writing, actor, at)

    database().write(change)
    sessions.leave_place()
    session["organisation"] = str(chosen)
    return redirect(url_for("index"), 303)


@accounts.post("/language")
def language() -> ResponseReturnValue:
    """Read the pages in another language, also the next time one signs in."""
    locale = request.form.get("locale", "")
    if locale not in LOCALES:
        abort(422)
    session["locale"] = locale
    if current_user.is_authenticated:
        person_id = sessions.current_person().id
        database().write(lambda s: operations.set_locale(s, person_id, locale))
    refresh()
    return redirect(sessions.safe_next(request.form.get("next")), 303)


@accounts.route("/", methods=["GET", "POST"])
@login_required
def account() -> ResponseReturnValue:
    """Show one's own account and change the password."""
    form = PasswordForm()
    person, now = sessions.current_person(), utcnow()
    bucket, address = throttle.proof_bucket(person.id), signing_in.whence(person.login)
    if form.validate_on_submit():
        reading = request_session()
        if left := throttle.wait(reading, bucket, address, now):
            form.present.errors = [proofs.must_wait(left)]
        elif not passwords.matches(person.password_hash, str(form.present.data)):
            database().write(lambda s: throttle.count(s, bucket, address, now))
            form.present.errors = [gettext("This is not your present password.")]
        elif fault := passwords.fault(
            str(form.password.data),
            queries.names_of(reading, person),
            settings().breached_passwords,
        ):
            form.password.errors = [fault.text(str(get_locale()))]
        else:
            _change_password(str(form.password.data))
            flash(
                gettext("The password was changed. Other sessions of yours have ended."), "success"
            )
            return redirect(url_for(".account"), 303)
    return _account_page(form), 422 if form.errors else 200


def _account_page(form: PasswordForm) -> str:
    person, reading, now = sessions.current_person(), request_session(), utcnow()
    factor = factors.of(reading, person.id)
    return render_template(
        "accounts/account.html",
        form=form,
        me=person,
        roles=queries.memberships_of(reading, person.id, sessions.today()),
        browsers=browsers.open_ones(reading, person.id, now),
        here=sessions.current_browser().id,
        provider=settings().oidc,
        identities=oidc.identities_of(reading, person.id),
        factor=factor,
        codes_left=factors.codes_left(reading, person.id) if factor else 0,
        compulsory=factors.is_compulsory(reading, person.id, sessions.today()),
        limits=browsers.limits_of(sessions.current_actor().roles, settings().session_idle),
        shortest=passwords.SHORTEST,
    )


def _change_password(password: str) -> None:
    person, actor, now = sessions.current_person(), sessions.own_actor(), utcnow()
    address, agent = request.remote_addr or "", request.user_agent.string

    def change(writing: Session) -> tuple[int, UUID]:
        epoch = operations.change_password(writing, actor, password, now)
        return epoch, browsers.begin(writing, person.id, address, agent, now)

    epoch, browser_id = database().write(change)
    sessions.go_on_as(browser_id, epoch)


@accounts.post("/sessions/end")
@login_required
def end_sessions() -> ResponseReturnValue:
    """End one of one's sessions, or all but this one."""
    actor, here, now = sessions.own_actor(), sessions.current_browser().id, utcnow()
    try:
        only = UUID(request.form["session"]) if "session" in request.form else None
    except ValueError:
        abort(422)

    def end(writing: Session) -> int:
        ended = browsers.end(
            writing, actor.person_id, "revoked", now, only=only, but=None if only else here
        )
        if ended:
            operations.record_presence(writing, "end_sessions", actor, now, {"sessions": ended})
        return ended

    ended = database().write(end)
    if only == here:
        sessions.end()
        return redirect(url_for(".sign_in"), 303)
    if ended:
        flash(gettext("Ended. Whoever sits there has to sign in again."), "success")
    else:
        flash(gettext("There was no such session any more."), "info")
    return redirect(url_for(".account", _anchor="sessions"), 303)


@accounts.route("/prove", methods=["GET", "POST"])
@login_required
def prove() -> ResponseReturnValue:
    """Ask who sits there before something that wants to be sure, and lead on to it."""
    target = sessions.safe_next(request.values.get("next"))
    faults: dict[str, str] = {}
    if request.method == "POST" and not (faults := proofs.try_proof()):
        return redirect(target, 303)
    return proofs.page(faults, MultiDict({"next": target}), url_for(".prove"))
