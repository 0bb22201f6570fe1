"""Logs: what happened to each request, and never what was typed in it.

One line a request: its id, endpoint, status, milliseconds, the person and the case. No address, no
query, no form: they hold names and reasons. In production each line is JSON, and of an error it has
the kind and the place alone, because the message of an error often repeats what was typed.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from http import HTTPStatus
from typing import Any, Final, TextIO

import structlog
from flask import Flask, Response, g, request
from structlog.typing import EventDict, Processor, WrappedLogger

MOST_FRAMES: Final = 12
QUIET: Final = frozenset({"static", "bootstrap.static", "operations.healthz", "operations.readyz"})
"""Asked all the time, and told only where they fail."""
QUERY: Final = re.compile(r"\?\S*")

SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

# Everything goes through the loggers of the standard library, also before `install`.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
_log: Final = structlog.stdlib.get_logger("tanjian.requests")


def install(*, production: bool, stream: TextIO | None = None) -> None:
    """Let everything that logs in this process write here, by default to standard error.

    JSON in production, else text for people, in which an error has its message.
    """
    written: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if production:
        written += [place_of_error, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        plain = structlog.dev.plain_traceback
        written += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=written)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # The server tells of a request that broke with its whole address; Werkzeug's of every one.
    for name in ("gunicorn.error", "gunicorn.access"):
        server = logging.getLogger(name)
        server.handlers, server.propagate = [], True
        server.filters = [without_query]
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # Of each act and each migration it would tell what the log of the audit says anyway.
    for name in ("alembic", "transitions"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a long round is no fault


def without_query(record: logging.LogRecord) -> bool:
    """Cut the queries out of a line of the server."""
    record.msg, record.args = QUERY.sub("", record.getMessage()), ()
    return True


def place_of_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say of an error what kind it is and where it arose, not what it says."""
    told = event.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()
    error = told[1] if isinstance(told, tuple) else told
    if not isinstance(error, BaseException):
        return event
    kinds: list[str] = []
    one: BaseException | None = error
    while one is not None and len(kinds) < MOST_FRAMES:
        kinds.append(f"{type(one).__module__}.{type(one).__qualname__}")
        one = one.__cause__ or one.__context__
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    event["error"] = kinds
    event["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    if code is not None:
        event["sqlstate"] = code
    return event


def init_app(app: Flask) -> None:
    """Tell of every request once it is answered."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.get("request_id", ""))

    @app.after_request
    def tell(response: Response) -> Response:
        failed = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        if request.endpoint not in QUIET or failed:
            (_log.warning if failed else _log.info)("request", **told(response))
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def told(response: Response) -> dict[str, Any]:
    """What is told of the request at hand. The person is an id, the case its number."""
    user = g.get("_login_user")  # looked up by the page already, or not at all
    person = getattr(getattr(user, "person", None), "id", None)
    case = g.get("case_number") or (request.view_args or {}).get("case_id")
    found = {
        "method": request.method,
        "endpoint": request.endpoint or "",
        "status": response.status_code,
        "ms": round(elapsed() * 1000, 1),
        "person": str(person) if person else None,
        "case": str(case) if case else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def elapsed() -> float:
    """Seconds since the request at hand came; 0 for one refused before it began."""
    return time.perf_counter() - g.began if "began" in g else 0.0
