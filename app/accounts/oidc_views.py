"""Pages of signing in with an identity of another service, and of linking one to one's account."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Final
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import current_user, login_required

from app.accounts import oidc, operations, proofs, sessions, signing_in, throttle
from app.accounts.errors import AccountError, NoRoleToday
from app.accounts.oidc import Attempt, NotProven, ProviderAway
from app.accounts.views import accounts
from app.clock import utcnow
from app.db import database, request_session
from config import OpenID, settings

_log: Final = logging.getLogger(__name__)
ATTEMPT: Final = "openid"
"""Key of the cookie that holds an `Attempt`; one at a time, and each counts once."""
BUCKET: Final = "#openid"
"""Under which name what proved no identity is counted; no login begins like it."""


@accounts.get("/sign-in/openid")
def openid_start() -> ResponseReturnValue:
    """Lead to the provider to sign in."""
    provider, target = _provider(), sessions.safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target, 303)
    attempt = Attempt.begun(target, utcnow())
    address = _way_there(provider, attempt)
    return redirect(address, 303) if address else _back_to(attempt)


@accounts.get("/sign-in/openid/back")
def openid_back() -> ResponseReturnValue:
    """Take up what the provider says of somebody who comes back from it."""
    provider, now = _provider(), utcnow()
    kept = session.pop(ATTEMPT, None)
    attempt = Attempt(**kept) if kept else None
    if attempt is None or not attempt.counts(request.args.get("state", ""), now):
        flash(
            gettext("This was not begun in this browser, or too long ago. Please begin again."),
            "warning",
        )
        return _back_to(None)
    here = str(sessions.current_person().id) if current_user.is_authenticated else ""
    if here and not attempt.person:
        return redirect(attempt.target, 303)
    if attempt.person != here:
        flash(gettext("Your session had ended. Nothing was linked."), "warning")
        return _back_to(None)
    if (who := _proven(provider, attempt)) is None:
        return _back_to(attempt)
    return _link(provider, attempt, who) if attempt.person else _sign_in(provider, attempt, who)


@accounts.post("/openid/link")
@login_required
def link_identity() -> ResponseReturnValue:
    """Say where one goes to link an identity.

    A page of its own: the policy of the pages lets no form lead to another site.
    """
    provider, person = _provider(), sessions.current_person()
    target = url_for(".account")
    attempt = Attempt.begun(target, utcnow(), str(person.id))
    address = _way_there(provider, attempt)
    if not address:
        return _back_to(attempt)
    return render_template("accounts/openid_link.html", name=provider.name, address=address)


@accounts.post("/openid/<uuid:identity_id>/unlink")
@login_required
def unlink_identity(identity_id: UUID) -> ResponseReturnValue:
    """Let an identity of one's own sign in no more."""
    actor, now = sessions.own_actor(), utcnow()
    if not database().write(lambda s: oidc.unlink(s, actor, identity_id, now)):
        abort(404)
    flash(gettext("It was unlinked. You sign in with your password."), "success")
    return redirect(url_for(".account"), 303)


def _provider() -> OpenID:
    """The provider of this installation. Aborts with 404 where there is none."""
    provider = settings().oidc
    if provider is None:
        abort(404)
    return provider


def _back() -> str:
    """The address the provider sends people back to: as it was told there, whoever asks."""
    path = url_for("accounts.openid_back")
    return settings().base_url + path if settings().base_url else request.host_url + path[1:]


def _way_there(provider: OpenID, attempt: Attempt) -> str:
    """Keep an attempt and return the address to go to; "" and a message if there is no going."""
    now = utcnow()
    if left := throttle.wait(request_session(), BUCKET, _whence(), now, shared=True):
        flash(proofs.must_wait(left), "warning")
        return ""
    try:
        address = oidc.address(provider, attempt, _back(), now)
    except ProviderAway as away:
        _say_away(provider, away)
        return ""
    session[ATTEMPT] = asdict(attempt)
    return address


def _proven(provider: OpenID, attempt: Attempt) -> str | None:
    """Who somebody is at the provider; None and a message if that is not proven."""
    now, address = utcnow(), _whence()
    if error := request.args.get("error"):
        if error == "access_denied":
            flash(gettext("You did not go on at “%(name)s”.", name=provider.name), "info")
        else:
            _log.warning("the provider of identities answered with an error")
            _say_not_proven(provider)
        return None
    if left := throttle.wait(request_session(), BUCKET, address, now, shared=True):
        flash(proofs.must_wait(left), "warning")
        return None
    try:
        return oidc.subject(provider, attempt, request.args.get("code", ""), _back(), now)
    except ProviderAway as away:
        _say_away(provider, away)
    except NotProven as wrong:
        _log.warning("no identity proven: %s", wrong)
        database().write(lambda s: throttle.count(s, BUCKET, address, now))
        _say_not_proven(provider)
    return None


def _sign_in(provider: OpenID, attempt: Attempt, who: str) -> ResponseReturnValue:
    person = oidc.person_of(request_session(), provider, who)
    if person is None:
        flash(
            gettext(
                "Nobody here is linked to this identity. Sign in with your password and link it "
                "under “My account”. If you have no account yet, ask the administrator."
            ),
            "warning",
        )
        return _back_to(attempt)
    try:
        actor, now = signing_in.actor_of(person), utcnow()
        told = {"issuer": provider.issuer}
        database().write(
            lambda s: operations.record_presence(s, "prove_identity", actor, now, told)
        )
        return signing_in.go_on(person, attempt.target)
    except NoRoleToday:
        flash(gettext("Your account holds no role today. Ask the administrator."), "warning")
        return _back_to(attempt)


def _link(provider: OpenID, attempt: Attempt, who: str) -> ResponseReturnValue:
    actor, now = sessions.own_actor(), utcnow()
    try:
        database().write(lambda s: oidc.link(s, actor, provider, who, now))
    except AccountError as refused:
        flash(refused.label.text(str(get_locale())), "warning")
    else:
        flash(gettext("It was linked. You may sign in with it from now on."), "success")
    return redirect(attempt.target, 303)


def _back_to(attempt: Attempt | None) -> ResponseReturnValue:
    """Where somebody begins again: their account, or the page of signing in."""
    if current_user.is_authenticated:
        return redirect(url_for(".account"), 303)
    return redirect(url_for(".sign_in", next=attempt.target if attempt else None), 303)


def _whence() -> str:
    return request.remote_addr or ""


def _say_away(provider: OpenID, away: ProviderAway) -> None:
    _log.warning("the provider of identities is away: %s", away)
    flash(
        gettext(
            "“%(name)s” cannot be reached at present. The password works as ever.",
            name=provider.name,
        ),
        "warning",
    )


def _say_not_proven(provider: OpenID) -> None:
    flash(
        gettext(
            "“%(name)s” did not prove who you are. Begin again, or use the password.",
            name=provider.name,
        ),
        "warning",
    )
