"""The inbox: what a person was told, newest first. A letter is read by its person only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from app.accounts.sessions import current_actor, current_person, look_only, safe_next
from app.cases.queries import Key, numbers_of
from app.clock import utcnow
from app.db import close_request_session, database, request_session
from app.law.labels import Label
from app.outbox import mail, operations, queries

outbox: Final = Blueprint("outbox", __name__)

KINDS: Final = {
    "notice": Label("办理通知", "Notice"),
    "reminder": Label("期限提醒", "Reminder"),
    "urgent": Label("紧急期限", "Urgent"),
    "escalation": Label("督办", "Escalation"),
    "change": Label("期限变动", "Change"),
}


@outbox.before_request
@login_required
def ask_who() -> None:
    """Nobody reads letters without signing in."""


@outbox.app_context_processor
def news() -> dict[str, Any]:
    """What the top bar needs to say how much is unread; asked when it is drawn."""
    return {"unread_letters": unread_letters, "most_counted": queries.COUNTED}


def unread_letters() -> int:
    """How many letters the person of this request has not read."""
    if not current_user.is_authenticated:
        return 0
    return queries.unread(request_session(), current_person().id, utcnow())


@outbox.get("/inbox/")
def letters() -> ResponseReturnValue:
    """List the letters of the person, the newest first; narrowed to what is unread if asked."""
    only_unread, now = request.args.get("show") == "unread", utcnow()
    page = queries.inbox(
        request_session(),
        current_person().id,
        now,
        only_unread=only_unread,
        after=Key.read(request.args.get("after", "")),
    )
    return render_template(
        "outbox/inbox.html", page=page, only_unread=only_unread, kinds=KINDS, until=now.isoformat()
    )


@outbox.get("/inbox/count")
def count() -> ResponseReturnValue:
    """Say how many letters are unread, for a page that stays open."""
    look_only()
    return jsonify(unread=unread_letters())


@outbox.get("/inbox/<uuid:letter_id>")
def letter(letter_id: UUID) -> ResponseReturnValue:
    """Show a letter, which reads it."""
    person_id, now = current_person().id, utcnow()
    found = queries.letter(request_session(), person_id, letter_id, now)
    if found is None:
        abort(404)
    if found.read_at is None:
        database().write(lambda s: operations.mark_read(s, person_id, letter_id, now))
        close_request_session()  # what is counted from here on knows that it was read
    lines = found.lines[: mail.MOST_LINES]
    cases = {UUID(line["case_id"]) for line in lines if line["case_id"]}
    numbers = numbers_of(request_session(), current_actor(), cases)
    return render_template(
        "outbox/letter.html",
        letter=found,
        lines=[
            (line, numbers.get(UUID(line["case_id"])) if line["case_id"] else None)
            for line in lines
        ],
        kinds=KINDS,
    )


@outbox.post("/inbox/<uuid:letter_id>/read")
def read(letter_id: UUID) -> ResponseReturnValue:
    """Mark one letter as read without opening it."""
    person_id, now = current_person().id, utcnow()
    if queries.letter(request_session(), person_id, letter_id, now) is None:
        abort(404)
    database().write(lambda s: operations.mark_read(s, person_id, letter_id, now))
    return redirect(safe_next(request.form.get("next") or url_for(".letters")), 303)


@outbox.post("/inbox/read")
def read_all() -> ResponseReturnValue:
    """Mark as read what stood on the page when it was drawn."""
    person_id, now = current_person().id, utcnow()
    try:
        until = datetime.fromisoformat(request.form.get("until", ""))
    except ValueError:
        abort(422)
    if until.tzinfo is None:
        abort(422)
    last = min(until, now)
    database().write(lambda s: operations.mark_all_read(s, person_id, last, now))
    return redirect(url_for(".letters"), 303)
