"""What a person has typed for an act so far: saved by the page itself, forgotten, or looked at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.accounts.sessions import current_actor
from app.cases import drafts
from app.cases.panels import asides_of
from app.cases.views import cases, now, page_of
from app.cases.views_act import Asked, asked_for
from app.db import database
from app.engine.forms import ActForm
from app.formats import clock_time
from config import MEGABYTE


@cases.route("/cases/<uuid:case_id>/draft/<trigger>", methods=["PUT", "POST"])
def draft(case_id: UUID, trigger: str) -> ResponseReturnValue:
    """Save what is typed so far (JSON), or forget it (a form, to begin afresh)."""
    item = request.args.get("item", "")
    asked = asked_for(page_of(case_id), trigger, item)
    person_id, instant = current_actor().person_id, now()
    if not request.is_json:
        database().write(lambda s: drafts.discard(s, case_id, trigger, person_id, item))
        return redirect(url_for(".act", case_id=case_id, trigger=trigger, item=item or None), 303)
    kept = _sent(asked).draft()
    database().write(lambda s: drafts.save(s, case_id, trigger, person_id, kept, instant, item))
    return jsonify(saved_at=clock_time(instant))


@cases.post("/cases/<uuid:case_id>/act/<trigger>/beside/<key>")
def aside(case_id: UUID, trigger: str, key: str) -> ResponseReturnValue:
    """What stands beside the form, as it follows from what is typed now (JSON). Saves nothing."""
    asked = asked_for(page_of(case_id), trigger, request.args.get("item"))
    found = asides_of(asked.page, asked.transition).get(key) or abort(404)
    return found.html(asked.page, asked.transition, _sent(asked).raw())


def _sent(asked: Asked) -> ActForm:
    """The form as the script of the page sent it."""
    if (request.content_length or 0) > MEGABYTE:
        abort(413)
    sent = request.get_json()
    if not isinstance(sent, dict):
        abort(422)
    return asked.form_class()(formdata=_as_form(sent))


def _as_form(sent: dict[str, Any]) -> MultiDict[str, str]:
    """What a script collected from a form, as the form itself would have been sent."""
    pairs = MultiDict[str, str]()
    for name, value in sent.items():
        for one in value if isinstance(value, list) else [value]:
            pairs.add(name, str(one))
    return pairs
