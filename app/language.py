"""Which language a page is in: chosen in this browser, else the person's, else the browser's."""

from __future__ import annotations

from typing import Final, cast

from flask import g, has_request_context, request, session
from flask_login import current_user

DEFAULT: Final = "zh_Hans_CN"
LOCALES: Final = (DEFAULT, "en")
"""Chinese is authoritative and the default."""

_HEADER: Final = {"zh": DEFAULT, "zh-CN": DEFAULT, "zh-Hans": DEFAULT, "en": "en"}


def chosen() -> str:
    """Return the locale of the request at hand."""
    if not has_request_context():
        return DEFAULT
    if session.get("locale") in LOCALES:
        return cast("str", session["locale"])
    if not g.get("failing") and current_user.is_authenticated:
        return cast("str", current_user.person.locale)
    return _HEADER[request.accept_languages.best_match(_HEADER, "zh")]
