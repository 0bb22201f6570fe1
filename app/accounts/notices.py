"""Messages of the accounts: they are about no case, and reach whom they name alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.db import table_of
from app.engine.actors import Role
from app.outbox.models import OutboxMessage, message

NO_CASE: Final = UUID(int=0)
"""Stands where a message names its case: this one is about none."""

_messages: Final = table_of(OutboxMessage)


def tell_people(
    session: Session,
    template: str,
    people: Iterable[UUID],
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """Leave a message for each of some people; nobody gets it in their place."""
    told = [_notice(template, Role.SYSTEM, data, now, person_id=one) for one in people]
    if told:
        session.execute(insert(_messages), told)


def tell_role(
    session: Session,
    template: str,
    role: Role,
    organisation_id: UUID,
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """Leave a message for whoever holds a role in an organisation."""
    told = _notice(template, role, data, now, organisation_id=organisation_id)
    session.execute(insert(_messages), [told])


def _notice(
    template: str,
    role: Role,
    data: Mapping[str, Any],
    now: datetime,
    *,
    person_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> dict[str, Any]:
    return message(
        case_id=NO_CASE,
        kind="notice",
        template=template,
        role=role,
        person_id=person_id,
        organisation_id=organisation_id,
        data=data,
        now=now,
    )
