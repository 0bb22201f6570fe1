"""The page behind the link of an invitation: for whoever holds it, signed in or not.

It answers a wrong link as it answers one that was used or revoked, and counts both against the
address they come from. The form checks its token itself: whoever left the page open for too long
gets it again, rather than being led to sign in.
"""

from __future__ import annotations

from flask import (
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from app.accounts import invitations, operations, passwords, queries
from app.accounts.errors import LinkEnded
from app.accounts.models import Invitation, Person
from app.accounts.people_forms import LinkForm
from app.accounts.views import accounts
from app.clock import utcnow
from app.db import database, request_session
from config import settings


@accounts.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Ask for the password of whoever was invited, and set it."""
    now, address, reading = utcnow(), request.remote_addr or "", request_session()
    if operations.must_wait(reading, invitations.AT_THE_LINK, address, now):
        return _private("accounts/people_link_ended.html", 429, waits=True)
    found = invitations.found(reading, token)
    if found is None or not invitations.works(found, now):
        database().write(
            lambda s: operations.count_failure(s, invitations.AT_THE_LINK, address, now)
        )
        return _ended(found)
    one = reading.get_one(Person, found.person_id)
    form = LinkForm(name=one.name)
    if not invitations.is_new(one):
        del form.name
    if form.validate_on_submit() and _may_be_chosen(form, one):
        name, password = (form.name.data if "name" in form else None), str(form.password.data)
        try:
            database().write(
                lambda s: invitations.accept(s, token, password=password, name=name, now=now)
            )
        except LinkEnded:
            return _ended(found)
        flash(gettext("Your password is set. Sign in with it."), "success")
        return redirect(url_for(".sign_in"), 303)
    if "csrf_token" in form.errors:
        form.csrf_token.errors = [gettext("The page had been open for too long. Send it again.")]
    return _private(
        "accounts/people_link_use.html", 422 if form.errors else 200, form=form, one=one
    )


def _may_be_chosen(form: LinkForm, one: Person) -> bool:
    """Whether the password is one that may be; if not, the form says why."""
    names = [*queries.names_of(request_session(), one), *filter(None, [form.data.get("name")])]
    fault = passwords.fault(str(form.password.data), names, settings().breached_passwords)
    if fault is not None:
        form.password.errors = [fault.text(str(get_locale()))]
    return fault is None


def _ended(found: Invitation | None) -> Response:
    expired_at = None
    if found is not None and found.used_at is None and found.revoked_at is None:
        expired_at = found.expires_at
    return _private("accounts/people_link_ended.html", 404, expired_at=expired_at)


def _private(template: str, status: int, **values: object) -> Response:
    """A page whose address no other site is told and no cache keeps."""
    answer = make_response(render_template(template, **values), status)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer
