"""The menu of the product: one line per place, shown only to those who may go there.

A line whose endpoint is not registered is left out, so a package can be built without the others.
A package that wants a count beside its line gives a function with `count`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session

from app.db import request_session
from app.engine.actors import OVERSEEING_ROLES, Actor, Role

COUNTS: Final = "tanjian.navigation.counts"

Count = Callable[[Session, Actor], int]

DESK: Final = frozenset(Role) - {Role.SYSTEM, Role.ADMINISTRATOR}
"""Everybody who may have work on a case; the administrator never decides (domain.md 2.2)."""
CLUE_DESK: Final = frozenset({Role.INSPECTOR, Role.SUPERVISOR})
CYCLE_DESK: Final = frozenset({Role.SUPERVISOR, Role.BUREAU_LEADER, Role.INSPECTOR, Role.AUDITOR})
REGISTERS: Final = frozenset(Role) - {Role.SYSTEM}
ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})
WATCH_DESK: Final = frozenset({Role.SUPERVISOR, Role.BUREAU_LEADER, Role.AUDITOR})
"""Who looks at the work of others."""
AUDITORS: Final = frozenset({Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Entry:
    """A place one can go to. ``roles`` may go there; ``icon`` is a name of the Bootstrap sprite."""

    label: LazyString
    endpoint: str
    icon: str
    roles: frozenset[Role]
    group: LazyString | None = None

    def allowed(self, roles: frozenset[Role]) -> bool:
        """Whether somebody with these roles may go there."""
        return bool(self.roles & roles)


REGISTERS_GROUP: Final = _l("Registers")
INSIGHTS_GROUP: Final = _l("Insights")
AUDIT_GROUP: Final = _l("Audit")
ADMINISTRATION_GROUP: Final = _l("Administration")
ENTRIES: Final[Sequence[Entry]] = (
    Entry(_l("Worklist"), "cases.worklist", "inbox", DESK),
    Entry(_l("Escalations"), "cases.escalations", "megaphone", OVERSEEING_ROLES),
    Entry(_l("Cases"), "cases.index", "folder2-open", DESK | {Role.ADMINISTRATOR}),
    Entry(_l("Log a clue"), "cases.log_clue", "binoculars", CLUE_DESK),
    Entry(_l("Yearly verification"), "cases.cycles", "calendar3", CYCLE_DESK),
    Entry(_l("Key emitting units"), "registers.units", "building", REGISTERS, REGISTERS_GROUP),
    Entry(
        _l("Service agencies"), "registers.agencies", "clipboard-check", REGISTERS, REGISTERS_GROUP
    ),
    Entry(
        _l("Natural persons"),
        "registers.persons",
        "person-vcard",
        OVERSEEING_ROLES,
        REGISTERS_GROUP,
    ),
    Entry(_l("Yearly roster"), "registers.roster", "list-check", REGISTERS, REGISTERS_GROUP),
    Entry(_l("Workload"), "insights.show_workload", "bar-chart", WATCH_DESK, INSIGHTS_GROUP),
    Entry(
        _l("Dispatch list"), "insights.show_dispatch", "card-checklist", WATCH_DESK, INSIGHTS_GROUP
    ),
    Entry(_l("Rehearsal"), "insights.show_rehearsal", "fast-forward", WATCH_DESK, INSIGHTS_GROUP),
    Entry(_l("Overview"), "assurance.overview", "shield-check", AUDITORS, AUDIT_GROUP),
    Entry(_l("Log"), "assurance.log", "journal-text", AUDITORS, AUDIT_GROUP),
    Entry(_l("Audit reports"), "assurance.reports", "clipboard-data", AUDITORS, AUDIT_GROUP),
    Entry(_l("Exports"), "assurance.exports", "download", AUDITORS, AUDIT_GROUP),
    Entry(_l("Process map"), "assurance.process_map", "diagram-3", AUDITORS, AUDIT_GROUP),
    Entry(
        _l("People and roles"),
        "accounts.people_list",
        "people",
        ADMINISTRATORS,
        ADMINISTRATION_GROUP,
    ),
    Entry(
        _l("Organisations"),
        "accounts.organisations_list",
        "building-gear",
        ADMINISTRATORS,
        ADMINISTRATION_GROUP,
    ),
    Entry(
        _l("Requests for roles"),
        "accounts.open_requests",
        "person-check",
        ADMINISTRATORS,
        ADMINISTRATION_GROUP,
    ),
    Entry(_l("Deliveries"), "outbox.deliveries", "send", ADMINISTRATORS, ADMINISTRATION_GROUP),
    Entry(_l("Webhooks"), "outbox.webhooks", "plug", ADMINISTRATORS, ADMINISTRATION_GROUP),
    Entry(
        _l("Words of messages"),
        "outbox.words",
        "chat-left-text",
        ADMINISTRATORS,
        ADMINISTRATION_GROUP,
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the menu as one person sees it on one page."""

    label: LazyString
    url: str
    icon: str
    group: LazyString | None
    current: bool
    count: int | None


def has_endpoint(endpoint: str) -> bool:
    """Whether the application has that page."""
    return endpoint in current_app.view_functions


def count(app: Flask, endpoint: str, function: Count) -> None:
    """Show beside the line of ``endpoint`` how much waits there for the person."""
    app.extensions.setdefault(COUNTS, {})[endpoint] = function


def lines(actor: Actor) -> list[Line]:
    """Return the menu of this person on this page."""
    counts: dict[str, Count] = current_app.extensions.get(COUNTS, {})
    shown = [e for e in ENTRIES if e.allowed(actor.roles) and has_endpoint(e.endpoint)]
    here = _nearest(shown)
    return [
        Line(
            label=entry.label,
            url=url_for(entry.endpoint),
            icon=entry.icon,
            group=entry.group,
            current=entry is here,
            count=counts[entry.endpoint](request_session(), actor)
            if entry.endpoint in counts
            else None,
        )
        for entry in shown
    ]


def first_page(roles: frozenset[Role]) -> str | None:
    """The endpoint of the first line of the menu that is theirs; ``None`` if none is."""
    theirs = (e.endpoint for e in ENTRIES if e.allowed(roles) and has_endpoint(e.endpoint))
    return next(theirs, None)


def may_go(endpoint: str | None, roles: frozenset[Role]) -> bool:
    """Whether the menu leads these roles there; of a place it does not name, the place decides."""
    return all(entry.allowed(roles) for entry in ENTRIES if entry.endpoint == endpoint)


def _nearest(entries: Sequence[Entry]) -> Entry | None:
    """The entry whose address is the longest beginning of the address at hand."""
    matches = [entry for entry in entries if _is_under(request.path, url_for(entry.endpoint))]
    return max(matches, key=lambda entry: len(url_for(entry.endpoint)), default=None)


def _is_under(path: str, top: str) -> bool:
    return path == top or (top != "/" and path.startswith(top.rstrip("/") + "/"))


def init_app(app: Flask) -> None:
    """Hand the menu to the templates."""
    app.jinja_env.globals["navigation"] = lines
    app.jinja_env.globals["has_endpoint"] = has_endpoint
