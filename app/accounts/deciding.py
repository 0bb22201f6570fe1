"""The life of a request: one administrator asks, another grants or refuses it (domain.md SD-7).

Whoever asked and whomever it is about decide nothing of it, and nobody decides in somebody's place.
What may be asked for, and what is done then, `requests` and `organisation_requests` say; each
names its own ``kinds``. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.accounts import administrators
from app.accounts.errors import ChangeRefused, NeedsAnother, RequestClosed
from app.accounts.models import AccountRequest
from app.db import new_id
from app.engine.actors import Actor, Role
from app.law.labels import Label

LONGEST: Final = 500
"""Characters of a reason and of an answer."""
TOO_LONG: Final = Label(f"最多 {LONGEST} 字。", f"At most {LONGEST} characters.")
ASKED_TWICE: Final = Label("已有相同的申请待决定。", "The same was asked for and is open yet.")
_ENTRIES: Final = {
    "granted": "grant_request",
    "refused": "refuse_request",
    "withdrawn": "withdraw_request",
}


def begun(
    actor: Actor,
    kind: str,
    change: Mapping[str, Any],
    *,
    person_id: UUID | None,
    organisation_id: UUID,
    reason: str,
    now: datetime,
) -> AccountRequest:
    """A request that is asked for with `ask`, once its faults are known."""
    return AccountRequest(
        id=new_id(),
        kind=kind,
        person_id=person_id,
        organisation_id=organisation_id,
        change=dict(change),
        reason=reason,
        asked_by=actor.person_id,
        asked_by_name=actor.person_name,
        asked_at=now,
        status="open",
        decided_by_name="",
        answer="",
    )


def ask(
    session: Session,
    actor: Actor,
    asked: AccountRequest,
    faults: Mapping[str, Label],
    *,
    trigger: str,
) -> None:
    """Ask for a change. Raises ChangeRefused with every fault by the name of its field."""
    if len(asked.reason) > LONGEST:
        faults = {**faults, "reason": TOO_LONG}
    if faults:
        raise ChangeRefused(faults)
    session.add(asked)
    session.flush()
    told = {**_named(asked), "change": asked.change}
    private = {"reason": asked.reason} if asked.reason else None
    administrators.record(session, actor, trigger, told, asked.asked_at, private=private)


def may_decide(actor: Actor, asked: AccountRequest) -> bool:
    """Whether the person may grant or refuse: not who asked, nor whom it is about."""
    administers = Role.ADMINISTRATOR in actor.roles and actor.on_behalf_of is None
    return administers and actor.person_id not in {asked.asked_by, asked.person_id}


def to_decide(
    session: Session, actor: Actor, request_id: UUID, kinds: Container[str]
) -> AccountRequest:
    """An open request, locked. Raises MayNotAdminister, RequestClosed, or NeedsAnother."""
    administrators.must_administer(actor)
    asked = _open(session, request_id, kinds)
    if not may_decide(actor, asked):
        raise NeedsAnother
    return asked


def refuse(
    session: Session,
    actor: Actor,
    request_id: UUID,
    kinds: Container[str],
    *,
    answer: str,
    now: datetime,
) -> AccountRequest:
    """Leave everything as it is, and say why.

    Raises what `to_decide` raises, and ChangeRefused without an answer.
    """
    asked = to_decide(session, actor, request_id, kinds)
    if not answer:
        raise ChangeRefused({"answer": Label("请写明理由。", "Say why.")})
    close(session, actor, asked, "refused", answer, now)
    return asked


def withdraw(
    session: Session, actor: Actor, request_id: UUID, kinds: Container[str], *, now: datetime
) -> AccountRequest:
    """Take back what one asked for. Raises MayNotAdminister, NeedsAnother or RequestClosed."""
    administrators.must_administer(actor)
    asked = _open(session, request_id, kinds)
    if asked.asked_by != actor.person_id:
        raise NeedsAnother
    close(session, actor, asked, "withdrawn", "", now)
    return asked


def close(
    session: Session, actor: Actor, asked: AccountRequest, status: str, answer: str, now: datetime
) -> None:
    """Enter what became of a request, by whom and why. Raises ChangeRefused."""
    if len(answer) > LONGEST:
        raise ChangeRefused({"answer": TOO_LONG})
    asked.status, asked.answer, asked.decided_at = status, answer, now
    asked.decided_by, asked.decided_by_name = actor.person_id, actor.person_name
    session.flush()
    private = {"answer": answer} if answer else None
    administrators.record(session, actor, _ENTRIES[status], _named(asked), now, private=private)


def _open(session: Session, request_id: UUID, kinds: Container[str]) -> AccountRequest:
    asked = session.get(AccountRequest, request_id, with_for_update=True)
    if asked is None or asked.status != "open" or asked.kind not in kinds:
        raise RequestClosed
    return asked


def _named(asked: AccountRequest) -> dict[str, object]:
    named: dict[str, object] = {
        "request": asked.id,
        "kind": asked.kind,
        "organisation": asked.organisation_id,
    }
    return named if asked.person_id is None else {**named, "person": asked.person_id}
