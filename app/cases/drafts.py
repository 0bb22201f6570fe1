"""What a person typed for one act so far: saved by itself, not audited, gone when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.cases.models import Draft
from app.db import new_id


def saved(
    session: Session, case_id: UUID, trigger: str, person_id: UUID, item: str = ""
) -> Draft | None:
    """The draft of one person for one act, if there is one."""
    return session.scalars(_of(case_id, trigger, person_id, item)).one_or_none()


def _of(case_id: UUID, trigger: str, person_id: UUID, item: str) -> Any:
    return select(Draft).where(
        Draft.case_id == case_id,
        Draft.trigger == trigger,
        Draft.person_id == person_id,
        Draft.item_key == item,
    )


def save(
    session: Session,
    case_id: UUID,
    trigger: str,
    person_id: UUID,
    data: Mapping[str, Any],
    now: datetime,
    item: str = "",
) -> None:
    """Keep what was typed; the newest counts."""
    found = session.scalars(_of(case_id, trigger, person_id, item).with_for_update()).one_or_none()
    if found is None:
        session.add(
            Draft(
                id=new_id(),
                case_id=case_id,
                trigger=trigger,
                person_id=person_id,
                item_key=item,
                data=dict(data),
                saved_at=now,
            )
        )
    else:
        found.data, found.saved_at = dict(data), now


def discard(session: Session, case_id: UUID, trigger: str, person_id: UUID, item: str = "") -> None:
    """Forget a draft: the act is done, or the person starts afresh."""
    session.execute(
        delete(Draft).where(
            Draft.case_id == case_id,
            Draft.trigger == trigger,
            Draft.person_id == person_id,
            Draft.item_key == item,
        )
    )
