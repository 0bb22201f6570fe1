"""The auditor's rooms: the blueprint and what its pages share."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.sessions import current_actor, login_manager
from app.engine.actors import Role

assurance: Final = Blueprint("assurance", __name__, url_prefix="/audit")

OWN_READERS: Final = frozenset({"assurance.bundle"})
"""Pages on a case that ask themselves who may read them."""


@assurance.before_request
def only_auditors() -> ResponseReturnValue | None:
    """No page of these is open to anybody else, but those that choose their readers."""
    if current_user.is_authenticated:
        if Role.AUDITOR not in current_actor().roles and request.endpoint not in OWN_READERS:
            abort(403)
        return None
    answer: ResponseReturnValue = login_manager.unauthorized()
    return answer
