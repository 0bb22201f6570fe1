"""Acts that want a fresh proof of who sits there: those that seal or decide, and their like.

A form sent without one is answered with a page that asks for the password, and for a code where an
authenticator stands. That page carries what was typed and sends it on with the proof, so that the
act goes on where it was stopped. Only chosen files cannot be carried: such a form is parked, and
comes back filled in.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from flask import Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from app.accounts import browsers, factors, operations, passwords, sessions, signing_in, throttle
from app.accounts.models import Person
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import Role
from app.engine.definition import Transition
from app.workflows import LIFECYCLES
from config import settings

ENDPOINTS: Final = frozenset(
    {
        "accounts.ask_change",
        "accounts.ask_end",
        "accounts.ask_organisation_change",
        "accounts.ask_organisation_end",
        "accounts.ask_reset",
        "accounts.ask_role",
        "accounts.decide_request",
        "accounts.invite_person",
        "accounts.leave",
        "accounts.link_identity",
        "accounts.make_invitation",
        "accounts.new_factor",
        "accounts.new_recovery_codes",
        "accounts.organisation_request",
        "accounts.remove_factor",
        "accounts.unlink_identity",
        "assurance.bundle",
        "assurance.make_export",
        "cases.merge_organisation",
        "cases.decide",
        "cases.decide_together",
        "cases.entry",
        "documents.document",
        "documents.void",
        "registers.people_preview",
    }
)
"""Forms that decide, seal, uncover or hand out, or change who may do so."""
ACTS: Final = frozenset({"cases.act"})
"""Forms of acts: the lifecycle says whether one seals or decides."""
DECIDERS: Final = frozenset({Role.BUREAU_LEADER, Role.LEGAL_REVIEWER})
PASSWORD: Final = "proof_password"  # noqa: S105 - the name of a field
CODE: Final = "proof_code"
CARRIED_NOT: Final = frozenset({PASSWORD, CODE, "csrf_token"})


def is_wanted_by(act: Transition) -> bool:
    """Whether an act seals a document, is of those who decide, or is final by law."""
    return bool(act.documents) or act.confirms or bool(DECIDERS.intersection(act.by))


_WANTED: Final = frozenset(
    name
    for lifecycle in LIFECYCLES.values()
    for name, act in lifecycle.transitions.items()
    if is_wanted_by(act)
)


def is_wanted() -> bool:
    """Whether the form of this request does something that wants a proof."""
    if request.method != "POST":
        return False
    if request.endpoint in ACTS:
        return (request.view_args or {}).get("trigger") in _WANTED
    return request.endpoint in ENDPOINTS


def stop_without_proof() -> ResponseReturnValue | None:
    """Ask for a proof before an act that wants one, unless there was one lately."""
    if not is_wanted() or not current_user.is_authenticated:
        return None
    browser = sessions.current_browser()
    faults: dict[str, str] = {}
    if {PASSWORD, CODE} & request.form.keys():
        faults = try_proof()
        if not faults:
            typed = [(k, v) for k, v in request.form.items(multi=True) if k not in CARRIED_NOT]
            request.form = ImmutableMultiDict(typed)
            return None
    elif browsers.is_proven(browser, utcnow()):
        return None
    if not sessions.wants_page():
        abort(403)
    if any(file.filename for file in request.files.values()):
        sessions.park_request()
        flash(gettext("What you typed was kept; choose the files again."), "info")
        return redirect(url_for("accounts.prove", next=request.path), 303)
    carried = MultiDict((k, v) for k, v in request.form.items(multi=True) if k not in CARRIED_NOT)
    return page(faults, carried, request.full_path if request.query_string else request.path)


def try_proof() -> dict[str, str]:
    """Take the proof that was sent; return what is wrong with it, by field."""
    person, now = sessions.current_person(), utcnow()
    browser_id, actor = sessions.current_browser().id, sessions.own_actor()
    bucket, address = throttle.proof_bucket(person.id), signing_in.whence(person.login)
    reading = request_session()
    if left := throttle.wait(reading, bucket, address, now):
        return {"": must_wait(left)}
    typed, code = request.form.get(PASSWORD, ""), request.form.get(CODE, "")
    held = factors.of(reading, person.id)
    path = settings().factor_keys
    # Whoever has no password proves themselves by a code alone, and without one by nothing.
    right = (
        passwords.matches(person.password_hash, typed) if has_password(person) else held is not None
    )

    def take(writing: Session) -> str:
        if right and held is None:
            given = "password"
        else:
            vault = factors.keys(writing, path)
            given = factors.take(writing, person.id, code, vault, now) if right else ""
        if given:
            browsers.prove(writing, browser_id, now)
            throttle.forget(writing, bucket)
            operations.record_presence(writing, "prove", actor, now, {"factor": given})
        else:
            throttle.count(writing, bucket, address, now)
        return given

    if database().write(take):
        return {}
    wrong = gettext("Password or code is wrong.") if held else gettext("The password is wrong.")
    return {"": wrong}


def page(faults: dict[str, str], carried: MultiDict[str, str], action: str) -> ResponseReturnValue:
    """The page that asks for a proof and carries a form."""
    person = sessions.current_person()
    held = factors.of(request_session(), person.id)
    if held is None and not has_password(person):
        flash(gettext("Sign in again to go on: that proves who you are."), "info")
        return redirect(url_for("index"), 303)
    shown = render_template(
        "accounts/prove.html",
        faults=faults,
        carried=[(k, v) for k, v in carried.items(multi=True)],
        action=action,
        person=person,
        has_password=has_password(person),
        has_factor=held is not None,
        code_for_show=signing_in.code_for_show(person),
    )
    return shown, 422 if faults else 200


def has_password(person: Person) -> bool:
    """Whether somebody has a password at all: one who signs in elsewhere may have none."""
    return person.password_hash.startswith("$argon2")


def must_wait(left: timedelta) -> str:
    """Say in words how long to wait."""
    seconds = math.ceil(left.total_seconds())
    if seconds <= 90:  # noqa: PLR2004 - beyond it minutes say it better
        return str(gettext("Too many wrong tries. Try again in %(n)s seconds.", n=seconds))
    minutes = math.ceil(seconds / 60)
    return str(gettext("Too many wrong tries. Try again in %(n)s minutes.", n=minutes))


def init_app(app: Flask) -> None:
    """Ask for a proof before the acts that want one."""
    app.before_request(stop_without_proof)
