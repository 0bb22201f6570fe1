"""Addresses for whatever watches the program: does it live, may it get requests, how is it."""

from __future__ import annotations

import hmac
import tempfile
from typing import Final

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from app.clock import utcnow
from app.db import database
from app.operations import metrics, schema
from config import settings

operations: Final = Blueprint("operations", __name__)
NOT_NOW: Final = ("not ready\n", 503, {"Content-Type": "text/plain", "Retry-After": "5"})


@operations.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Say that this process answers; it asks nothing else."""
    return Response("ok\n", content_type="text/plain")


@operations.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say whether requests may come: database there and newest, files writable. No more is said."""
    try:
        with database().read() as session:
            behind = schema.behind(session.connection())
        if behind:
            current_app.logger.warning("not ready: the schema is not the newest")
            return NOT_NOW
        folder = settings().files
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (SQLAlchemyError, OSError):
        current_app.logger.warning("not ready", exc_info=True)
        return NOT_NOW
    return Response("ready\n", content_type="text/plain")


@operations.get("/metrics")
def prometheus() -> ResponseReturnValue:
    """Answer the metrics to whoever shows the token; to everybody else there is no such page."""
    token = settings().metrics_token
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    given = shown if scheme.lower() == "bearer" else ""
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    return Response(metrics.page(database(), utcnow()), content_type=CONTENT_TYPE_LATEST)
