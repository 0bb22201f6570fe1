"""Who is signed in, for whom they act, and what becomes of a form when they no longer are.

The cookie names a row, see `app.accounts.browsers`: the session ends with it, after the limits of
the roles at hand, and at once when the person's ``session_epoch`` rises. A form sent after that
loses nothing: its text is parked for the person of the signed cookie ``who`` and comes back as that
person's draft of the same address after they have signed in again. Files, passwords and what is
declared sealed are not parked.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import LoginManager, UserMixin, current_user, logout_user
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from app.accounts import administrators, browsers, factors, operations, places
from app.accounts.errors import NoRoleToday, PlaceEnded
from app.accounts.models import ParkedForm, Person, SignInSession
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import Actor
from app.law.periods import local_date
from app.workflows import LIFECYCLES
from app.workflows.clues import CLUE
from config import settings

COOKIE: Final = "who"
BROWSER: Final = "browser"
"""Key of a session that holds the id of its row."""
FACTOR: Final = "factor"
"""Key of a session that began with a second factor."""
PLACE: Final = "place"
"""Key of a session that holds the id of the delegation by which somebody acts."""
PARKED_FOR: Final = timedelta(days=7)
LARGEST_PARKED: Final = 200_000
"""Characters of all fields together; more is not a form a person typed."""

NEVER_PARKED: Final = frozenset({"csrf_token", "next", "submit", "proof_code"})

login_manager: Final = LoginManager()


class QuietSessions(SecureCookieSessionInterface):
    """Sessions that a page's own looking for news does not prolong: `look_only`.

    A page also saves what is being typed and asks what an act would do. Such an answer may come
    after that of the act itself; with the session as it was before, it would undo what the act
    left there, such as the line that says it is done. So only a page that is shown prolongs the
    cookie, and any other answer sets it only if it changed something.
    """

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Not for a request nobody made by hand, nor to say again what was there before."""
        changed_or_shown = session.modified or request.method == "GET"
        return (
            changed_or_shown and not g.get("looks_only") and super().should_set_cookie(app, session)
        )


def look_only() -> None:
    """Let this request not count against `Settings.session_idle`: no person asked for it."""
    g.looks_only = True


class SignedIn(UserMixin):
    """A person who is signed in, acting for one organisation.

    ``actor`` is who acts: they themselves as ``own``, or they in somebody's place. ``offered`` says
    whether they may take somebody's place today.
    """

    def __init__(
        self,
        person: Person,
        browser: SignInSession,
        actor: Actor,
        own: Actor,
        *,
        offered: bool = False,
    ) -> None:
        self.person = person
        self.browser = browser
        self.actor = actor
        self.own = own
        self.offered = offered

    def get_id(self) -> str:
        return str(self.person.id)


def begin(person: Person, organisation_id: UUID, browser_id: UUID, *, factor_proven: bool) -> None:
    """Begin the session of a person in this browser, with nothing of the one before.

    ``browser_id`` is the row of `browsers.begin`, written with the entry of the signing in. What
    was proven before, such as a password or an identity elsewhere, goes through
    `app.accounts.signing_in.go_on`, which asks for the second factor where one is wanted.
    """
    locale = session.get("locale")
    session.clear()
    session.permanent = True
    session["_user_id"] = str(person.id)
    session["_fresh"] = True
    session["organisation"] = str(organisation_id)
    session["epoch"] = person.session_epoch
    session[BROWSER] = str(browser_id)
    session[FACTOR] = factor_proven
    session["locale"] = locale or person.locale
    g.who = str(person.id)


def go_on_as(browser_id: UUID, epoch: int) -> None:
    """Go on in this browser as another session, after all others have ended."""
    session[BROWSER], session["epoch"] = str(browser_id), epoch
    session.pop("csrf_token", None)


def end() -> None:
    """End the session of this browser."""
    locale = session.get("locale")
    logout_user()
    session.clear()
    if locale:
        session["locale"] = locale


def current_actor() -> Actor:
    """Return who acts in this request. Aborts with 401 if nobody is signed in."""
    if not current_user.is_authenticated:
        abort(401)
    return cast("Actor", current_user.actor)


def current_administrator() -> Actor:
    """Return who acts in this request, who must administer for themselves.

    Aborts with 401 if nobody is signed in; raises MayNotAdminister.
    """
    actor = current_actor()
    administrators.must_administer(actor)
    return actor


def current_person() -> Person:
    """Return the person of this request, as read by its session. Aborts with 401."""
    if not current_user.is_authenticated:
        abort(401)
    return cast("Person", current_user.person)


def current_browser() -> SignInSession:
    """Return the row of the session of this request. Aborts with 401."""
    if not current_user.is_authenticated:
        abort(401)
    return cast("SignInSession", current_user.browser)


def own_actor() -> Actor:
    """Return the person of this request as they act for themselves. Aborts with 401."""
    if not current_user.is_authenticated:
        abort(401)
    return cast("Actor", current_user.own)


def take_place(actor: Actor, delegation_id: UUID) -> None:
    """Act in somebody's place from now on. Forms of the pages open until now no longer hold."""
    session[PLACE] = str(delegation_id)
    session["organisation"] = str(actor.organisation_id)
    session.pop("csrf_token", None)


def leave_place() -> None:
    """Act for oneself again. Forms of the pages open until now no longer hold."""
    if session.pop(PLACE, None) is not None:
        session.pop("csrf_token", None)


def today() -> date:
    """Return the authority's day at this moment."""
    return local_date(utcnow())


def safe_next(address: str | None) -> str:
    """Return the address if it is a path of this site, else the start page.

    A browser reads a backslash as a slash and drops tabs and line breaks, so both are refused.
    """
    if address is None or not address.isprintable() or "\\" in address:
        return url_for("index")
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not address.startswith("/") or address.startswith("//"):
        return url_for("index")
    return address


# Parked forms -----------------------------------------------------------------------------------


def parked_for(reading: Session, person_id: UUID, path: str) -> MultiDict[str, str] | None:
    """Return what the person last sent to ``path`` after their session had ended, if anything."""
    data = reading.scalar(
        select(ParkedForm.data)
        .where(ParkedForm.person_id == person_id, ParkedForm.path == path)
        .order_by(ParkedForm.parked_at.desc())
        .limit(1)
    )
    return None if data is None else MultiDict(data)


def forget_parked(writing: Session, person_id: UUID, path: str) -> None:
    """Forget what was parked for ``path``: it was sent, or stands in a draft now."""
    writing.execute(
        delete(ParkedForm).where(ParkedForm.person_id == person_id, ParkedForm.path == path)
    )


def forget_old(writing: Session, now: datetime) -> None:
    """Forget what nobody came back for within `PARKED_FOR`; done whenever somebody signs in."""
    writing.execute(delete(ParkedForm).where(ParkedForm.parked_at < now - PARKED_FOR))


def park(writing: Session, person_id: UUID, path: str, data: dict[str, Any], now: datetime) -> None:
    """Keep the text of a form for a person; the newest of an address counts."""
    forget_parked(writing, person_id, path)
    if writing.get(Person, person_id) is not None:
        writing.add(ParkedForm(person_id=person_id, path=path, data=data, parked_at=now))


def park_request() -> bool:
    """Park the form of this request. False if it is not one a person of ours sent from our page."""
    person_id = _who()
    fields = {
        name: values
        for name, values in request.form.lists()
        if name not in NEVER_PARKED | _sealed_at(request.path) and "password" not in name
    }
    size = sum(len(value) for values in fields.values() for value in values)
    fits = len(request.path) <= 300 and size <= LARGEST_PARKED  # noqa: PLR2004 - the column's length
    if person_id is None or not fields or not fits or not _from_our_page():
        return False
    path, now = request.path, utcnow()
    database().write(lambda writing: park(writing, person_id, path, fields, now))
    return True


def _sealed_at(path: str) -> frozenset[str]:
    """Names of fields sent there that are sealed: those of the act its last part names.

    Elsewhere those of a clue, which is logged before there is a case.
    """
    trigger = path.rpartition("/")[2]
    acts = [one.transitions[trigger] for one in LIFECYCLES.values() if trigger in one.transitions]
    fields = [field for act in acts for field in act.all_inputs] or CLUE
    return frozenset(field.name for field in fields if field.sealed)


def _from_our_page() -> bool:
    """Whether the browser says that the form was sent from a page of this site."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return site == "same-origin" and origin in {None, request.host_url.rstrip("/")}


def _who() -> UUID | None:
    """Return the person who is signed in here, or who last was."""
    if current_user.is_authenticated:
        return cast("UUID", current_user.person.id)
    try:
        return UUID(_signer().loads(request.cookies.get(COOKIE, ""), max_age=30 * 24 * 3600))
    except (BadSignature, ValueError):
        return None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="tanjian.who")


# Hooks ------------------------------------------------------------------------------------------


@login_manager.user_loader
def _load(person_id: str) -> SignedIn | None:
    """Load the person of a session, unless it is over, was ended, or holds no role today."""
    reading = request_session()
    try:
        browser_id, organisation_id = UUID(session[BROWSER]), UUID(session["organisation"])
        there = places.person_there(reading, UUID(person_id), browser_id, today())
        if there is None or not there[0].active or session.get("epoch") != there[0].session_epoch:
            return None
        person, browser, offered = there
        own = operations.actor_for(reading, person, organisation_id, today())
    except (KeyError, ValueError, NoRoleToday):
        return None
    actor = _in_place(reading, own) or own
    roles = own.roles | actor.roles
    if browsers.is_over(browser, browsers.limits_of(roles, settings().session_idle), utcnow()):
        return None
    if roles & factors.COMPULSORY and not session.get(FACTOR):
        return None  # a role came that wants a second factor: signing in asks for it
    return SignedIn(person, browser, actor, own, offered=offered)


def _in_place(reading: Session, own: Actor) -> Actor | None:
    """The person in the place they have taken; None if they have taken none, or it has ended."""
    if PLACE not in session:
        return None
    try:
        return places.in_place(reading, own, UUID(session[PLACE]), today())
    except PlaceEnded:
        leave_place()
        g.place_ended = True
        flash(gettext("The delegation has ended. You act for yourself again."), "warning")
        return None


def _stop_at_the_end_of_a_place() -> ResponseReturnValue | None:
    """Do nothing in somebody's own name that was meant in the name of somebody else.

    The place ended since the page was opened: what was typed is kept, and nothing is done.
    """
    if PLACE not in session or request.method in {"GET", "HEAD", "OPTIONS"}:
        return None
    if not current_user.is_authenticated or not g.get("place_ended"):  # asking loads the person
        return None
    if not wants_page():
        abort(409)
    if park_request():
        flash(gettext("Nothing was done. What you typed was kept."), "info")
    else:
        flash(gettext("Nothing was done."), "info")
    return redirect(request.path if _can_be_read() else url_for("index"), 303)


@login_manager.unauthorized_handler
def _unauthorized() -> ResponseReturnValue:
    """Lead to the sign-in page and back; keep what was typed. A script gets 401."""
    if not wants_page():
        abort(401)
    if request.method == "POST" and park_request():
        flash(gettext("Your session had ended. What you typed was kept; sign in to go on."), "info")
    elif request.method == "POST":
        flash(gettext("Your session had ended. Please sign in again."), "info")
    address = request.full_path if request.query_string else request.path
    return redirect(
        url_for("accounts.sign_in", next=address if _can_be_read() else url_for("index")), 303
    )


def refused_token(_error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token is not of this session: it ended, or another one began since."""
    try:
        return _without_token()
    except HTTPException as refused:  # what an error handler raises itself would become a 500
        return current_app.handle_user_exception(refused)


def _without_token() -> ResponseReturnValue:
    if not current_user.is_authenticated:
        if request.endpoint == "accounts.sign_in":
            flash(gettext("The page had been open for too long. Please sign in again."), "info")
            return redirect(
                url_for("accounts.sign_in", next=safe_next(request.form.get("next"))), 303
            )
        return cast("ResponseReturnValue", _unauthorized())
    if not wants_page() or not _from_our_page():
        abort(400)
    if park_request():
        flash(gettext("The page was out of date. What you typed was kept: check and send."), "info")
    else:
        flash(gettext("The page was out of date. Please try again."), "info")
    return redirect(request.path if _can_be_read() else url_for("index"), 303)


def _can_be_read() -> bool:
    """Whether the address at hand also answers GET."""
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(request.path, method="GET")


def wants_page() -> bool:
    """Whether the request is of a person at a page, and not of a script."""
    accepted = request.accept_mimetypes
    return not request.path.startswith("/api/") and not (
        request.headers.get("X-Requested-With") or accepted.best == "application/json"
    )


def _remember_who(response: Response) -> Response:
    """Tell the browser, signed, who signed in, for a form sent after the session has ended."""
    if who := g.pop("who", None):
        response.set_cookie(
            COOKIE,
            _signer().dumps(who),
            max_age=timedelta(days=30),
            httponly=True,
            secure=settings().https,
            samesite="Lax",
        )
    return response


def _see(response: Response) -> Response:
    """Note once a minute that this browser was here; let it be if somebody else is writing."""
    if g.get("looks_only") or g.get("failing") or not g.get("_login_user"):
        return response
    now = utcnow()
    if current_user.is_authenticated and now - current_user.browser.seen_at >= browsers.SEEN_EVERY:
        browser_id = current_user.browser.id
        database().write_if_free(lambda s: browsers.see(s, browser_id, now))
    return response


def init_app(app: Flask) -> None:
    """Read the session of every request and hand the actor to the templates."""
    login_manager.session_protection = None  # a phone changes its address all day
    login_manager.init_app(app)
    app.session_interface = QuietSessions()
    app.register_error_handler(CSRFError, refused_token)
    app.before_request(_stop_at_the_end_of_a_place)
    app.after_request(_remember_who)
    app.after_request(_see)

    @app.context_processor
    def acting() -> dict[str, Any]:
        known = not g.get("failing") and current_user.is_authenticated
        if not known:
            return {"actor": None, "places_offered": list}
        return {"actor": current_user.actor, "places_offered": _places_offered}


def _places_offered() -> list[places.Place]:
    """Whose place the person may take; asks the database only for somebody who may."""
    if not current_user.offered or current_user.actor.on_behalf_of is not None:
        return []
    return places.offered_to(request_session(), current_user.person.id, today())
