"""The application: what `create_app` builds, and the headers of every answer."""

from __future__ import annotations

import uuid
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from flask import Flask, Response, g, redirect, request, url_for
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, ValidationError
from werkzeug.wrappers import Response as BaseResponse

import config
from app import VERSION, commands, db, errors, frame, incoming, language, navigation, scheduler
from app.engine.actors import Actor
from app.operations import logs
from config import Settings

PACKAGES: Final = (
    "accounts",
    "registers",
    "releases",
    "audit",
    "assurance",
    "cases",
    "documents",
    "enforcement",
    "insights",
    "outbox",
    "demo",
    "operations",
)
"""Each has an ``init_app`` that registers its pages and commands."""

HEADERS: Final = {
    # "data:" is for the carets and ticks of Bootstrap's style sheet.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATIC: Final = frozenset({"static", "bootstrap.static"})
LONGEST_REQUEST_ID: Final = 64


class NumberConverter(IntegerConverter):
    """``<int:...>`` of an address, as far as a column of the database holds it: 0 to 2³¹ - 1."""

    def to_python(self, value: str) -> int:
        """Read the number; what is larger names nothing, and is not found."""
        number: int = super().to_python(value)
        if number >= 2**31:
            raise ValidationError
        return number


def build(settings: Settings) -> Flask:
    """Build the application of these settings."""
    app = Flask("app")
    app.url_map.converters["int"] = NumberConverter
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        PERMANENT_SESSION_LIFETIME=settings.session_idle,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + config.MEGABYTE,
        SEND_FILE_MAX_AGE_DEFAULT=7 * 24 * 3600,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions[config.EXTENSION] = settings
    app.extensions[db.EXTENSION] = db.Database(settings.database_url, keys=settings.identity_keys)
    app.teardown_appcontext(db.close_request_session)

    # First, so that what refuses a request before its page is numbered and told of as well.
    _frame_every_answer(app)
    logs.init_app(app)
    incoming.init_app(app)
    Bootstrap5(app)
    CSRFProtect(app)
    Babel(
        app,
        default_locale=language.DEFAULT,
        default_timezone="Asia/Shanghai",
        locale_selector=language.chosen,
    )
    frame.init_app(app)
    errors.init_app(app)
    commands.init_app(app)
    scheduler.init_app(app)
    for name in PACKAGES:
        if find_spec(f"app.{name}") and hasattr(
            package := import_module(f"app.{name}"), "init_app"
        ):
            package.init_app(app)
    return app


def _frame_every_answer(app: Flask) -> None:
    """Give every request an id and every answer its headers; lead "/" to the first page."""

    @app.before_request
    def number_request() -> None:
        trusted = config.settings().trusted_proxies > 0
        given = request.headers.get("X-Request-ID", "") if trusted else ""
        fits = given.isascii() and given.isalnum() and len(given) <= LONGEST_REQUEST_ID
        g.request_id = given if fits else uuid.uuid4().hex

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure or config.settings().https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
        if request.endpoint not in STATIC:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.context_processor
    def describe() -> dict[str, str]:
        return {"version": VERSION}

    @app.get("/")
    def index() -> BaseResponse:
        actor: Actor | None = getattr(current_user, "actor", None)
        if actor is None:
            return redirect(url_for("accounts.sign_in"))
        return redirect(url_for(navigation.first_page(actor.roles) or "accounts.account"))
