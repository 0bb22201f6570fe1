"""Changes of organisations that one administrator asks for and another decides (SD-7).

Each kind says what would be wrong with it, what it does and how it is told; other packages add
theirs with `register`. What was asked is looked at once more when it is granted. Nothing commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.accounts import administrators, deciding
from app.accounts.errors import ChangeRefused
from app.accounts.models import AccountRequest, Organisation
from app.engine.actors import Actor
from app.law.labels import Label

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: its faults by field, its doing, and its lines for whoever decides.

    ``alone``: only one of an organisation is open at a time.
    """

    key: str
    label: Label
    faults: Callable[[Session, AccountRequest, datetime], dict[str, Label]]
    do: Callable[[Session, Actor, AccountRequest, datetime], None]
    told: Callable[[Session, AccountRequest], Sequence[Label]]
    alone: bool = True


KINDS: Final[dict[str, Kind]] = {}


def register(kind: Kind) -> None:
    """Make a kind of request known."""
    KINDS[kind.key] = kind


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with the name of what it is about."""

    request: AccountRequest
    organisation: str

    @property
    def label(self) -> Label:
        """What is asked for."""
        return KINDS[self.request.kind].label


def ask(
    session: Session,
    actor: Actor,
    kind: str,
    organisation_id: UUID,
    change: Mapping[str, Any],
    *,
    reason: str,
    now: datetime,
) -> AccountRequest:
    """Ask for a change. Raises MayNotAdminister, or ChangeRefused with every fault by its field."""
    administrators.must_administer(actor)
    asked = deciding.begun(
        actor,
        kind,
        change,
        person_id=None,
        organisation_id=organisation_id,
        reason=reason,
        now=now,
    )
    session.get_one(Organisation, organisation_id, with_for_update=True)
    faults = KINDS[kind].faults(session, asked, now) | _asked_twice(session, asked)
    deciding.ask(session, actor, asked, faults, trigger="ask_organisation")
    return asked


def _asked_twice(session: Session, asked: AccountRequest) -> dict[str, Label]:
    if not KINDS[asked.kind].alone:
        return {}
    opened = select(AccountRequest.id).where(
        AccountRequest.organisation_id == asked.organisation_id,
        AccountRequest.person_id.is_(None),
        AccountRequest.kind == asked.kind,
        AccountRequest.status == "open",
    )
    if session.scalars(opened).first() is None:
        return {}
    return {"": deciding.ASKED_TWICE}


def grant(
    session: Session, actor: Actor, request_id: UUID, *, answer: str, now: datetime
) -> AccountRequest:
    """Do what was asked for.

    Raises MayNotAdminister, NeedsAnother, RequestClosed, or ChangeRefused if it may no longer be.
    """
    asked = deciding.to_decide(session, actor, request_id, KINDS)
    kind = KINDS[asked.kind]
    session.get_one(Organisation, asked.organisation_id, with_for_update=True)
    if faults := kind.faults(session, asked, now):
        raise ChangeRefused({"": next(iter(faults.values()))})
    deciding.close(session, actor, asked, "granted", answer, now)
    kind.do(session, actor, asked, now)
    session.flush()
    return asked


def refuse(
    session: Session, actor: Actor, request_id: UUID, *, answer: str, now: datetime
) -> AccountRequest:
    """Leave everything as it is, and say why. Raises what `deciding.refuse` raises."""
    return deciding.refuse(session, actor, request_id, KINDS, answer=answer, now=now)


def withdraw(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> AccountRequest:
    """Take back what one asked for. Raises MayNotAdminister, NeedsAnother or RequestClosed."""
    return deciding.withdraw(session, actor, request_id, KINDS, now=now)


# Reading ------------------------------------------------------------------------------------------


def listed(
    session: Session, *, is_open: bool, organisation_id: UUID | None = None
) -> Sequence[Asked]:
    """The newest requests, open or settled; of one organisation all of them."""
    query = (
        select(AccountRequest, Organisation.name)
        .join(Organisation, Organisation.id == AccountRequest.organisation_id)
        .where(AccountRequest.kind.in_(list(KINDS)))
        .order_by(AccountRequest.asked_at.desc(), AccountRequest.id.desc())
        .limit(SHOWN)
    )
    if organisation_id is not None:
        named = AccountRequest.change["into"].as_string() == str(organisation_id)
        query = query.where(or_(AccountRequest.organisation_id == organisation_id, named))
    elif is_open:
        query = query.where(AccountRequest.status == "open")
    else:
        query = query.where(AccountRequest.status != "open")
    return [Asked(*row) for row in session.execute(query)]


def found(session: Session, request_id: UUID) -> Asked | None:
    """One request about organisations."""
    row = session.execute(
        select(AccountRequest, Organisation.name)
        .join(Organisation, Organisation.id == AccountRequest.organisation_id)
        .where(AccountRequest.id == request_id, AccountRequest.kind.in_(list(KINDS)))
    ).one_or_none()
    return None if row is None else Asked(*row)


def to_decide(session: Session, actor: Actor) -> int:
    """How many requests wait for somebody's decision."""
    query = (
        select(func.count())
        .select_from(AccountRequest)
        .where(
            AccountRequest.kind.in_(list(KINDS)),
            AccountRequest.status == "open",
            AccountRequest.asked_by != actor.person_id,
        )
    )
    return session.scalar(query) or 0
