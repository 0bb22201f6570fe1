"""Signing in and out, the organisation one acts for, the language, one's own account."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, refresh
from flask_login import current_user, login_required
from sqlalchemy.orm import Session

from app.accounts import operations, passwords, queries, sessions
from app.accounts.errors import NoRoleToday
from app.accounts.forms import PasswordForm, SignInForm
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
    status = 200
    if form.validate_on_submit():
        if (refused := _sign_in(form)) is None:
            return redirect(target, 303)
        form.form_errors = [refused]
        status = 422
    elif form.errors:
        status = 422
    people = queries.demo_accounts(request_session(), sessions.today()) if settings().demo else []
    page = render_template("accounts/sign_in.html", form=form, people=people)
    return page, status


def _sign_in(form: SignInForm) -> str | None:
    """Begin the session, or say why not."""
    now = utcnow()
    login, password = str(form.login.data), str(form.password.data)
    address = request.remote_addr or ""
    reading = request_session()
    if operations.must_wait(reading, login, address, now):
        return str(gettext("Too many wrong passwords. Wait 15 minutes, or ask the administrator."))
    person = operations.person_with(reading, login, password)
    if person is None:
        database().write(lambda s: operations.count_failure(s, login, address, now))
        return str(gettext("Login or password is wrong."))
    today = sessions.today()
    places = operations.organisations_of(reading, person.id, today)
    if not places:
        return str(gettext("Your account holds no role today. Ask the administrator."))
    actor = operations.actor_for(reading, person, places[0].id, today)

    def enter(writing: Session) -> None:
        operations.sign_in(writing, person.id, actor, password, now)
        sessions.forget_old(writing, now)

    database().write(enter)
    sessions.begin(person, places[0].id, actor)
    return None


@accounts.post("/sign-out")
@login_required
def sign_out() -> ResponseReturnValue:
    """End the session."""
    actor, now = sessions.current_actor(), utcnow()
    database().write(lambda s: operations.sign_out(s, actor, now))
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
    person = sessions.current_person()
    status = 200
    if form.validate_on_submit():
        if passwords.matches(person.password_hash, str(form.present.data)):
            _change_password(str(form.password.data))
            flash(
                gettext("The password was changed. Other sessions of yours have ended."), "success"
            )
            return redirect(url_for(".account"), 303)
        form.present.errors = [gettext("This is not your present password.")]
    if form.errors:
        status = 422
    reading: Session = request_session()
    roles = queries.memberships_of(reading, person.id, sessions.today())
    return render_template("accounts/account.html", form=form, me=person, roles=roles), status


def _change_password(password: str) -> None:
    actor, now = sessions.own_actor(), utcnow()
    epoch = database().write(lambda s: operations.change_password(s, actor, password, now))
    session["epoch"] = epoch
