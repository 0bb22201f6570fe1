"""How long to wait after wrong passwords and codes, counted for all processes in the database.

Three things have a budget each: a login, whoever tries it; an address, whichever login it tries;
and a browser that has signed in to that account before. Such a browser is judged by its own
failures alone: whoever tries a login from elsewhere makes strangers wait, and not its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.accounts.models import SignInFailure

KEPT: Final = timedelta(hours=1)
"""How long a failure counts."""
LONGEST: Final = timedelta(minutes=15)
SHORTEST: Final = timedelta(seconds=15)
"""The first wait; each further failure doubles it, until `LONGEST`."""
KNOWN: Final = "known:"
"""Begins what stands for the address of a browser that has signed in to the account before."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What is counted together, and how many failures cost nothing."""

    criterion: ColumnElement[bool]
    free: int


def code_bucket(person_id: UUID) -> str:
    """Under which name wrong codes of somebody are counted; no login begins like it."""
    return f"#code:{person_id.hex}"


def proof_bucket(person_id: UUID) -> str:
    """Under which name wrong proofs of somebody who is signed in are counted."""
    return f"#proof:{person_id.hex}"


def wait(
    session: Session, login: str, address: str, now: datetime, *, shared: bool = False
) -> timedelta:
    """How long that login must still wait at that address; nothing if it need not.

    A ``shared`` name is one under which many are counted: it makes no other address wait.
    """
    return max(_left(session, budget, now) for budget in _budgets(login, address, shared=shared))


def _budgets(login: str, address: str, *, shared: bool) -> Sequence[Budget]:
    here = Budget((SignInFailure.login == login) & (SignInFailure.address == address), 8)
    if address.startswith(KNOWN):
        return [here]
    strangers = ~SignInFailure.address.startswith(KNOWN)
    anywhere = Budget((SignInFailure.login == login) & strangers, 16)
    at_the_address = Budget(SignInFailure.address == address, 40)
    return [here, at_the_address] if shared else [here, anywhere, at_the_address]


def _left(session: Session, budget: Budget, now: datetime) -> timedelta:
    count, last = session.execute(
        select(func.count(), func.max(SignInFailure.at)).where(
            budget.criterion, SignInFailure.at > now - KEPT
        )
    ).one()
    if count < budget.free:
        return timedelta()
    return max(last + delay(count - budget.free) - now, timedelta())


def delay(doublings: int) -> timedelta:
    """The wait after so many failures beyond those that are free."""
    return min(SHORTEST * (1 << min(doublings, 10)), LONGEST)


def count(session: Session, login: str, address: str, now: datetime) -> int:
    """Count a failure and forget old ones; return how many that login has now, wherever from."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - KEPT))
    session.add(SignInFailure(login=login, address=address, at=now))
    session.flush()
    found = session.scalar(
        select(func.count()).select_from(SignInFailure).where(SignInFailure.login == login)
    )
    return found or 0


def forget(session: Session, *logins: str) -> None:
    """Forget the failures of some logins: who they are was proven."""
    session.execute(delete(SignInFailure).where(SignInFailure.login.in_(logins)))
