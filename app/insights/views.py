"""What is looked at from above: the blueprint and what its pages share."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from app.accounts.sessions import current_actor, login_manager
from app.cases.queries import Key
from app.cases.views import left, now
from app.navigation import WATCH_DESK
from app.registers.divisions import division_name

insights: Final = Blueprint("insights", __name__, url_prefix="/insights")


@insights.before_request
def only_those_who_watch() -> ResponseReturnValue | None:
    """No page of these is open to anybody else."""
    if current_user.is_authenticated:
        if not current_actor().roles & WATCH_DESK:
            abort(403)
        return None
    answer: ResponseReturnValue = login_manager.unauthorized()
    return answer


@insights.context_processor
def shared() -> dict[str, object]:
    """What the templates call."""
    return {"left": left, "now": now(), "division_name": division_name, "address": address}


def address(**changed: Any) -> str:
    """The address at hand with some of its questions changed; None takes one away."""
    kept = {**request.args.to_dict(), **changed}
    asked = {name: value for name, value in kept.items() if value not in (None, "")}
    return url_for(str(request.endpoint), **(request.view_args or {}), **asked)


def begins_after() -> Key | None:
    """Where the page of the address begins."""
    return Key.read(request.args.get("after", ""))


def nobody() -> str:
    """How the desk of nobody is called."""
    return str(gettext("Nobody in charge"))
