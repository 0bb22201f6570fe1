"""Who sees which cases: one criterion, and a watch that refuses a request's query without it.

A person of the authority sees the cases led by their body and those in its jurisdiction; whoever
takes part in a case sees that case while they take part; nobody else sees anything. Administrators
keep accounts and rules, no cases: a seat of their body is not theirs. A substitute sees what the
person sees whose place they take, within the extent of it, and nothing of their own.

Of the authority, a restricted case 保密案件 is seen by its leaders, its auditor, whoever handles it
and whoever sits on it by name; of the others, by those who take part in it as before.

On PostgreSQL the policies of migration 0008 say the same once more, in the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Flask, has_request_context
from flask_login import current_user
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    event,
    exists,
    false,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.cases.models import Case, Participant
from app.db import READING_HOOKS, own_errors
from app.engine.actors import OVERSEEING_ROLES, Actor, Extent, Role, jurisdiction_stem

MARK: Final = "/* seen by */"
"""Stands in every query that went through `visible_to`."""
WATCHED: Final = "tanjian.families"
"""Of a session that is watched: the families whose cases its pages rest on."""

GUARDED: Final = re.compile(
    r"(?:\bFROM|\bJOIN|,)[\s(\"]+"  # a list of tables is parted by commas
    r"(cases|case_(?!id\b)\w+|report_versions|audit_entries|private_values|outbox_messages)\b",
    re.IGNORECASE,
)


IN_CONFIDENCE: Final = frozenset({Role.BUREAU_LEADER, Role.AUDITOR})
"""Roles whose holders see the restricted cases of their own body without being named on them."""


class UnfilteredQuery(RuntimeError):
    """A request asked for cases without saying who looks: a fault of the program."""


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The criterion of the cases a person may see; every query of cases goes through it."""
    seen = or_(*oversees(actor), takes_part(actor))
    return and_(literal_column(f"{MARK} 1") == literal_column("1"), seen, *narrowed_for(actor))


def narrowed_for(actor: Actor) -> list[ColumnElement[bool]]:
    """What must hold of a case besides a way to it, in every query that follows one way only."""
    return [*in_extent(actor), *in_confidence(actor)]


def in_extent(actor: Actor) -> list[ColumnElement[bool]]:
    """What a substitute's cases must be besides; nothing for somebody who acts for themselves."""
    if actor.extent is None:
        return []
    found: list[ColumnElement[bool]] = []
    if actor.extent.lifecycles:
        found.append(Case.lifecycle.in_(sorted(actor.extent.lifecycles)))
    if actor.extent.division:
        found.append(in_jurisdiction(actor.extent.division))
    return found


def in_confidence(actor: Actor) -> list[ColumnElement[bool]]:
    """What somebody who oversees may see of restricted cases; nothing for somebody who does not.

    Those see nothing but what they, or their body, have a seat on.
    """
    if not actor.roles & OVERSEEING_ROLES:
        return []
    own = Case.authority_id == actor.organisation_id
    above = [own] if actor.roles & IN_CONFIDENCE else []
    return [or_(~Case.restricted, *above, named(actor))]


def named(actor: Actor) -> ColumnElement[bool]:
    """Whether somebody handles a case of their body, or sits on a case by name."""
    seat = aliased(Participant)  # apart from the seats of the query around
    by_name = exists().where(
        seat.case_id == Case.id,
        seat.organisation_id == actor.organisation_id,
        seat.person_id == actor.seated_as,
        seat.until_seq.is_(None),
    )
    own = Case.authority_id == actor.organisation_id
    return or_(and_(own, Case.assignee_id == actor.seated_as), by_name)


def oversees(actor: Actor) -> list[ColumnElement[bool]]:
    """What somebody sees without taking part: the cases of their body and its jurisdiction."""
    if not actor.roles & OVERSEEING_ROLES:
        return []
    return [Case.authority_id == actor.organisation_id, in_jurisdiction(actor.division)]


def takes_part(actor: Actor) -> ColumnElement[bool]:
    """Whether the person, or the body they act for, holds a capacity on the case now."""
    return exists().where(Participant.case_id == Case.id, *held_by(actor))


def held_by(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The criteria of the seats a person, or the body they act for, holds now.

    A substitute has those of the person whose place they take, and not their own.
    """
    if actor.roles == {Role.ADMINISTRATOR}:
        return (false(),)
    return (
        Participant.organisation_id == actor.organisation_id,
        Participant.until_seq.is_(None),
        or_(Participant.person_id.is_(None), Participant.person_id == actor.seated_as),
    )


def in_jurisdiction(division: str) -> ColumnElement[bool]:
    """Whether the subject lies in a division or below it, by the digits of its code."""
    prefix = jurisdiction_stem(division)
    # A range, which an index serves on every engine: a code has at most twelve digits.
    return Case.division.between(prefix, prefix.ljust(12, "9")) if prefix else false()


def case_for(actor: Actor, case_id: UUID) -> Select[Case]:
    """The query of one case, empty for somebody who may not see it."""
    return select(Case).where(Case.id == case_id, visible_to(actor))


def id_for(actor: Actor, case_id: UUID) -> Select[UUID]:
    """The same as a subquery of its id, for what hangs on a case."""
    return select(Case.id).where(Case.id == case_id, visible_to(actor))


def is_named(session: Session, actor: Actor, case: Case) -> bool:
    """Whether somebody is named on one case."""
    query = select(Case.id).where(Case.id == case.id, named(actor), visible_to(actor))
    return session.scalar(query) is not None


def watch(session: Session) -> None:
    """Let no statement of this session read cases unfiltered; tell the database who looks.

    Raises UnfilteredQuery from the statement. A query marked ``case_seen`` asks about a case that
    was found through the criterion before; one marked ``whole_log`` counts in the whole
    installation and tells nothing of a case.
    """
    session.info[WATCHED] = set()
    event.listen(session, "after_begin", _begin)


def open_family(session: Session, case: Case) -> None:
    """Let a page read on what the case it shows rests: those of its family, for guards and joins.

    The criterion was asked for the case before. What is shown of a relative is asked of it again.
    """
    opened: set[UUID] | None = session.info.get(WATCHED)
    if opened is not None and case.root_id not in opened:
        opened.add(case.root_id)
        _set(session.connection(), {"families": ",".join(str(one) for one in opened)})


def _begin(session: Session, _transaction: Any, connection: Connection) -> None:
    session.info[WATCHED].clear()
    watching = _Watch()
    # Nobody, until it is known who looks: to learn that takes a query.
    _set(connection, {"roles": ""})
    event.listen(connection, "before_cursor_execute", watching.before)
    event.listen(connection, "after_cursor_execute", watching.after)


class _Watch:
    """What stands between one transaction of a request and the database."""

    def __init__(self) -> None:
        self.said: Mapping[str, str] | None = None

    def before(
        self, connection: Connection, _cursor: Any, statement: str, _values: Any, context: Any,
        _many: Any,
    ) -> None:  # fmt: skip
        options = context.execution_options
        if MARK in statement or options.get("case_seen"):
            if self.said is None:
                self.said = said_of(_who_looks())
                _set(connection, self.said)
            if options.get("whole_log"):
                _set(connection, {"roles": Role.SYSTEM.value})
        elif found := GUARDED.search(statement):
            raise UnfilteredQuery(f"a query of {found[1]} without visible_to(): {statement[:300]}")

    def after(
        self, connection: Connection, _cursor: Any, _statement: str, _values: Any, context: Any,
        _many: Any,
    ) -> None:  # fmt: skip
        if self.said is not None and context.execution_options.get("whole_log"):
            _set(connection, {"roles": self.said["roles"]})


def said_of(actor: Actor | None) -> dict[str, str]:
    """What the policies of the database are told of who looks, by the name of the setting."""
    if actor is None:
        return {"roles": ""}
    extent = actor.extent or Extent()
    return {
        "roles": ",".join(sorted(actor.roles)),
        "person": str(actor.seated_as),
        "organisation": str(actor.organisation_id),
        "division": jurisdiction_stem(actor.division),
        "lifecycles": ",".join(sorted(extent.lifecycles)),
        "extent": jurisdiction_stem(extent.division),
    }


def _who_looks() -> Actor | None:
    """Who is signed in, in the place they have taken."""
    return getattr(current_user, "actor", None) if has_request_context() else None


def _set(connection: Connection, values: Mapping[str, str]) -> None:
    """Set settings until the transaction ends, in one statement. SQLite has no policies."""
    if connection.dialect.name != "postgresql":
        return
    calls = ", ".join(f"set_config('tanjian.{name}', %s, true)" for name in values)
    driver: Any = connection.connection.driver_connection
    with own_errors(connection):
        driver.execute(f"SELECT {calls}", list(values.values()))


def init_app(app: Flask) -> None:
    """Watch the reading session of every request."""
    app.extensions.setdefault(READING_HOOKS, []).append(watch)
