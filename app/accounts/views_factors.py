"""Pages of the second factor: at signing in, and of one's own account."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from flask import abort, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from markupsafe import Markup
from sqlalchemy.orm import Session

from app import vault
from app.accounts import factors, operations, proofs, sessions, signing_in, throttle
from app.accounts.forms import CodeForm
from app.accounts.models import Person
from app.accounts.views import accounts
from app.clock import utcnow
from app.db import database, request_session
from config import settings

ENROLLING: Final = "enrolling"
"""Key of the cookie that holds, sealed, the secret on the page that shows it."""
ISSUER: Final = "Tanjian 碳鉴"


# At signing in ----------------------------------------------------------------------------------


@accounts.route("/sign-in/code", methods=["GET", "POST"])
def second_factor() -> ResponseReturnValue:
    """Ask somebody who has proven the first factor for a code."""
    if (waiting := _waiting()) is None:
        return redirect(url_for(".sign_in"), 303)
    person, target = waiting
    form = CodeForm()
    status, headers = 200, dict[str, str]()
    if form.validate_on_submit():
        now, reading = utcnow(), request_session()
        bucket, address = throttle.code_bucket(person.id), signing_in.whence(person.login)
        if left := throttle.wait(reading, bucket, address, now):
            form.code.errors = [proofs.must_wait(left)]
            status, headers = 429, {"Retry-After": str(math.ceil(left.total_seconds()))}
        elif given := _taken(person, str(form.code.data), address):
            signing_in.enter(person, factor=given)
            if given == "recovery_code":
                _warn_of_few_codes(person)
            return redirect(target, 303)
        else:
            form.code.errors = [gettext("This code is wrong, too old, or was used already.")]
            status = 422
    elif form.errors:
        status = 422
    page = render_template(
        "accounts/second_factor.html", form=form, code_for_show=signing_in.code_for_show(person)
    )
    return page, status, headers


def _waiting() -> tuple[Person, str] | None:
    """Who waits at the second factor; nobody if somebody is signed in here."""
    return None if current_user.is_authenticated else signing_in.pending()


def _taken(person: Person, code: str, address: str) -> str:
    now, path = utcnow(), settings().factor_keys

    def take(writing: Session) -> str:
        held = factors.keys(writing, path)
        if not (given := factors.take(writing, person.id, code, held, now)):
            operations.count_wrong_code(writing, person, address, now)
        return given

    return database().write(take)


def _warn_of_few_codes(person: Person) -> None:
    with database().read() as reading:
        left = factors.codes_left(reading, person.id)
    flash(
        gettext(
            "You used a recovery code. Unused ones left: %(n)s. Make new ones in time.", n=left
        ),
        "warning",
    )


@accounts.route("/sign-in/authenticator", methods=["GET", "POST"])
def first_enrolment() -> ResponseReturnValue:
    """Let somebody whose role wants it set up an authenticator before anything else."""
    waiting = _waiting()
    if waiting is None or factors.of(request_session(), waiting[0].id) is not None:
        return redirect(url_for(".sign_in"), 303)
    person, target = waiting
    form = CodeForm()
    secret = _secret_shown()
    if form.validate_on_submit():
        if step := factors.step_taken(secret, str(form.code.data), utcnow()):
            codes = signing_in.enter(person, factor="code", secret=(secret, step))
            return _codes_page(codes, target)
        form.code.errors = [gettext("This code is wrong. Check the time of your phone.")]
    return _enrolment_page(form, person, secret, first=True)


# Of one's own account ---------------------------------------------------------------------------


@accounts.get("/authenticator")
@login_required
def show_factor() -> ResponseReturnValue:
    """Show a secret for an authenticator, to be confirmed by a code of it."""
    return _enrolment_page(CodeForm(), sessions.current_person(), _secret_shown())


@accounts.post("/authenticator")
@login_required
def new_factor() -> ResponseReturnValue:
    """Let the authenticator count whose code is sent; it replaces the one before."""
    form, person, now = CodeForm(), sessions.current_person(), utcnow()
    actor, path, secret = sessions.own_actor(), settings().factor_keys, _secret_shown()
    if form.validate_on_submit():
        if step := factors.step_taken(secret, str(form.code.data), now):

            def enrol(writing: Session) -> Sequence[str]:
                operations.record_presence(writing, "enrol_factor", actor, now)
                held = factors.keys(writing, path)
                return factors.enrol(writing, person.id, secret, step, held, now)

            codes = database().write(enrol)
            session.pop(ENROLLING, None)
            session[sessions.FACTOR] = True
            return _codes_page(codes, url_for(".account"))
        form.code.errors = [gettext("This code is wrong. Check the time of your phone.")]
    return _enrolment_page(form, person, secret)


@accounts.post("/authenticator/recovery-codes")
@login_required
def new_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them once."""
    actor, now = sessions.own_actor(), utcnow()
    if factors.of(request_session(), actor.person_id) is None:
        abort(409)

    def renew(writing: Session) -> Sequence[str]:
        operations.record_presence(writing, "new_recovery_codes", actor, now)
        return factors.new_codes(writing, actor.person_id)

    return _codes_page(database().write(renew), url_for(".account"))


@accounts.post("/authenticator/remove")
@login_required
def remove_factor() -> ResponseReturnValue:
    """Do without a second factor again, where no role wants one."""
    actor, now = sessions.own_actor(), utcnow()
    if factors.is_compulsory(request_session(), actor.person_id, sessions.today()):
        abort(403)

    def remove(writing: Session) -> None:
        operations.record_presence(writing, "remove_factor", actor, now)
        factors.forget(writing, actor.person_id)

    database().write(remove)
    session[sessions.FACTOR] = False
    flash(gettext("You sign in without an authenticator from now on."), "success")
    return redirect(url_for(".account"), 303)


def _secret_shown() -> str:
    """The secret this browser is shown; the same one until it counts."""
    held = factors.keys(request_session(), settings().factor_keys)
    if kept := session.get(ENROLLING):
        try:
            return held.open(vault.Sealed(*kept))
        except vault.CannotOpen:
            pass
    secret = factors.new_secret()
    sealed = held.seal(secret)
    session[ENROLLING] = [sealed.key_id, sealed.text]
    return secret


def _enrolment_page(
    form: CodeForm, person: Person, secret: str, **values: Any
) -> ResponseReturnValue:
    page = render_template(
        "accounts/enrol.html",
        form=form,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        qr=Markup(factors.drawn(secret, person.login, ISSUER)),  # noqa: S704 - segno's own drawing
        **values,
    )
    return page, 422 if form.errors else 200


def _codes_page(codes: Sequence[str], target: str) -> ResponseReturnValue:
    return render_template("accounts/recovery_codes.html", codes=codes, target=target)
