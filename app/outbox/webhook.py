"""What systems are told: a message as JSON, signed with the secret they share with us.

The receiver computes ``HMAC-SHA256(secret, timestamp + "." + body)`` and compares it with the
header ``X-Tanjian-Signature``. An event may come twice, with the same ``X-Tanjian-Event-Id``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from app.audit.chain import instant

TIMEOUT_S: Final = 10.0
USER_AGENT: Final = "Tanjian"
TOLD: Final = (
    "number",
    "subject",
    "lifecycle",
    "state",
    "clock",
    "rung",
    "due_on",
    "due_at",
    "was",
    "provisional",
    "escalation",
    "kind",
)
"""What of the data of a message leaves the house: nothing that somebody typed."""


class Refused(OSError):
    """The system did not take the event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event on its way. ``id`` is that of the delivery: every try carries the same."""

    id: UUID
    url: str
    secret: str
    body: Mapping[str, Any]


def body_of(event_id: UUID, message: Mapping[str, Any], lifecycle: str) -> dict[str, Any]:
    """What a system is told of a message."""
    told = {name: message["data"][name] for name in TOLD if name in message["data"]}
    return {
        "id": str(event_id),
        "event": message["template"],
        "kind": message["kind"],
        "at": instant(message["created_at"]),
        "case": str(message["case_id"]),
        "role": message["role"],
        "data": {**told, "lifecycle": lifecycle},
    }


def ping_of(event_id: UUID, at: datetime) -> dict[str, Any]:
    """What a system is told when an administrator tries the way to it."""
    return {"id": str(event_id), "event": "ping", "kind": "ping", "at": instant(at)}


def is_address(url: str) -> bool:
    """Whether events can be sent there: http or https, a host, no password in it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    return (
        plain
        and parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "@" not in parts.netloc
    )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of ``X-Tanjian-Signature``."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def send(event: Event, now: datetime) -> None:
    """Post an event. Follows no redirect.

    Raises OSError if it was not taken, `Refused` with the status for any answer but 2xx.
    """
    body = json.dumps(event.body, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "X-Tanjian-Event-Id": str(event.id),
        "X-Tanjian-Timestamp": timestamp,
        "X-Tanjian-Signature": signature(event.secret, timestamp, body),
    }
    if not is_address(event.url):
        raise Refused("not an http address")
    parts = urlsplit(event.url)
    connection = _connection(parts)
    try:
        connection.request("POST", _path(parts), body, headers)
        status = connection.getresponse().status
    except HTTPException as error:
        raise Refused(f"no HTTP answer: {type(error).__name__}") from error
    finally:
        connection.close()
    if not 200 <= status < 300:  # noqa: PLR2004 - the class of success of RFC 9110
        raise Refused(f"HTTP {status}")


def _connection(parts: SplitResult) -> HTTPConnection:
    made = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return made(str(parts.hostname), parts.port, timeout=TIMEOUT_S)


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
