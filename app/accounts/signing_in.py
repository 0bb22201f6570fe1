"""The way from a proven first factor to a session: the second factor in between, where wanted.

Whoever proved a password, or an identity elsewhere, calls `go_on`. Between the two factors the
cookie says who waits at the second; nobody is signed in by that.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from flask import Flask, Response, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from app.accounts import browsers, factors, operations, sessions, throttle
from app.accounts.errors import NoRoleToday
from app.accounts.models import Person
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import Actor
from config import settings

PENDING: Final = "pending"
"""Key of the cookie that holds who has proven the first factor, and when."""
WAITS: Final = timedelta(minutes=10)
KNOWN: Final = "known"
KNOWN_FOR: Final = timedelta(days=180)
MOST_KNOWN: Final = 8
"""Accounts one browser is known for; of more the oldest is forgotten."""


def go_on(person: Person, target: str) -> ResponseReturnValue:
    """Sign in somebody who has proven the first factor, or ask for the second; lead on.

    ``target`` is a path of this site, see `sessions.safe_next`. Raises NoRoleToday.
    """
    reading, now = request_session(), utcnow()
    if not operations.organisations_of(reading, person.id, sessions.today()):
        raise NoRoleToday
    stands = factors.of(reading, person.id) is not None
    compulsory = factors.is_compulsory(reading, person.id, sessions.today())
    if not stands and not compulsory:
        enter(person)
        return redirect(target, 303)
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale
    session[PENDING] = {
        "person": str(person.id),
        "epoch": person.session_epoch,
        "at": now.timestamp(),
        "next": target,
    }
    if not stands and settings().demo:
        database().write(lambda s: _enrol_for_show(s, person.id, now))
        stands = True
    return redirect(
        url_for("accounts.second_factor" if stands else "accounts.first_enrolment"), 303
    )


def pending() -> tuple[Person, str] | None:
    """Who waits at the second factor in this browser, and where they want to go."""
    kept: dict[str, Any] = session.get(PENDING) or {}
    if not kept or utcnow().timestamp() - kept["at"] > WAITS.total_seconds():
        return None
    person = request_session().get(Person, UUID(kept["person"]))
    if person is None or not person.active or person.session_epoch != kept["epoch"]:
        return None
    return person, sessions.safe_next(kept["next"])


def actor_of(person: Person) -> Actor:
    """The person as they act when they have just signed in. Raises NoRoleToday."""
    reading, today = request_session(), sessions.today()
    places = operations.organisations_of(reading, person.id, today)
    if not places:
        raise NoRoleToday
    return operations.actor_for(reading, person, places[0].id, today)


def enter(
    person: Person, *, factor: str = "", secret: tuple[str, int] | None = None
) -> Sequence[str]:
    """Begin the session of somebody who has proven all that is wanted.

    ``factor`` says what was shown as the second: ``code``, ``recovery_code``, or nothing. With a
    ``secret`` and the time step of a code of it the authenticator is enrolled in the same
    transaction; its recovery codes are returned. Raises NoRoleToday.
    """
    actor, now = actor_of(person), utcnow()
    address, agent = request.remote_addr or "", request.user_agent.string
    path = settings().factor_keys

    def write(writing: Session) -> tuple[UUID, Sequence[str]]:
        codes: Sequence[str] = ()
        operations.sign_in(writing, person.id, actor, now, factor=factor)
        if secret is not None:
            held = factors.keys(writing, path)
            codes = factors.enrol(writing, person.id, *secret, held, now)
            operations.record_presence(writing, "enrol_factor", actor, now)
        sessions.forget_old(writing, now)
        return browsers.begin(writing, person.id, address, agent, now), codes

    browser_id, codes = database().write(write)
    sessions.begin(person, actor.organisation_id, browser_id, factor_proven=bool(factor))
    g.known = person.login
    return codes


# The demonstration ------------------------------------------------------------------------------


def _enrol_for_show(writing: Session, person_id: UUID, now: datetime) -> None:
    """Give somebody of the demonstration an authenticator whose codes are shown on the page."""
    held = factors.keys(writing, settings().factor_keys)
    if factors.of(writing, person_id) is None:
        factors.enrol(writing, person_id, factors.new_secret(), 0, held, now)


def code_for_show(person: Person) -> str:
    """The code that counts next, in the demonstration; "" elsewhere and without a factor."""
    one = factors.of(request_session(), person.id) if settings().demo else None
    if one is None:
        return ""
    secret = factors.secret_of(one, factors.keys(request_session(), settings().factor_keys))
    return factors.code_at(secret, max(factors.step_of(utcnow()), one.last_step + 1))


# Browsers that have signed in before ------------------------------------------------------------


def whence(login: str) -> str:
    """What failures of that login are counted under: a browser known to it, else the address."""
    kept = _known()
    if _digest(login) in kept["for"]:
        return f"{throttle.KNOWN}{kept['id']}"
    return request.remote_addr or ""


def remember_browser(response: Response) -> Response:
    """Tell the browser, signed, that it has signed in to an account."""
    if login := g.pop("known", None):
        kept = _known()
        others = [one for one in kept["for"] if one != _digest(login)]
        kept["for"] = [*others, _digest(login)][-MOST_KNOWN:]
        response.set_cookie(
            KNOWN,
            _signer().dumps(kept),
            max_age=KNOWN_FOR,
            httponly=True,
            secure=settings().https,
            samesite="Lax",
        )
    return response


def _known() -> dict[str, Any]:
    try:
        kept: dict[str, Any] = _signer().loads(
            request.cookies.get(KNOWN, ""), max_age=int(KNOWN_FOR.total_seconds())
        )
    except BadSignature:
        kept = {"id": secrets.token_hex(8), "for": []}
    return kept


def _digest(login: str) -> str:
    """Stands for a login, so that the cookie tells nobody who signs in here."""
    key = settings().secret_key.encode()
    return hmac.new(key, login.strip().casefold().encode(), hashlib.sha256).hexdigest()[:16]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="tanjian.known")


def init_app(app: Flask) -> None:
    """Let a browser know that it has signed in here before."""
    app.after_request(remember_browser)
