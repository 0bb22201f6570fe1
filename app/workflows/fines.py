"""The account of a penalty case, read from its facts, its rows and its remedies.

What the case knows is handed to `app.law.payments`, which counts: surcharge from the day after the
last day to pay, none during a reconsideration or a suit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from app.engine.view import CaseView
from app.law.payments import PRINCIPAL_FIRST, Account, Debt, Instalment, Payment, account
from app.law.periods import Interval, compute
from app.law.terms import LawBook

GRANTED = ("granted", "paid")


def debt_of(case: CaseView) -> Debt | None:
    """What the decision in force orders to be paid; ``None`` before it is served."""
    facts = case.facts
    served_on = facts.get("decision_served_on")
    if served_on is None:
        return None
    fine = Decimal(facts.get("decided_fine") or 0)
    confiscation = Decimal(facts.get("decided_confiscation") or 0)
    return Debt(date.fromisoformat(served_on), fine, confiscation)


def pay_by(debt: Debt, law: LawBook) -> date:
    """The last day to pay, inclusive, before any deferral."""
    term = law.term("payment", debt.served_on)
    return compute(debt.served_on, term.length, term.unit, law.calendar, roll=term.rolls).earliest


def account_of(case: CaseView, law: LawBook, on: date) -> Account | None:
    """The account at the end of ``on``, in yuan; ``None`` before the decision is served.

    Payments count once the authority has confirmed them. Raises LawError for instalments that do
    not make up the fine.
    """
    debt = debt_of(case)
    if debt is None or on < debt.served_on:
        return None
    return account(
        debt,
        pay_by(debt, law),
        tuple(instalments_of(case, *GRANTED)),
        tuple(_payments(case)),
        tuple(_pauses(case)),
        on,
        principal_first=law.setting(PRINCIPAL_FIRST),
    )


def instalments_of(case: CaseView, *statuses: str) -> Iterator[Instalment]:
    """The instalments that stand in one of the statuses."""
    for row in case.items("instalments"):
        if row.status in statuses:
            due_on = date.fromisoformat(row.data["instalment_due_on"])
            yield Instalment(due_on, Decimal(row.data["instalment_amount"]))


def _payments(case: CaseView) -> Iterator[Payment]:
    for row in case.items("payments"):
        if row.status == "confirmed":
            paid_on = date.fromisoformat(row.data["paid_on"])
            yield Payment(paid_on, Decimal(row.data["amount"]), row.data["receipt_no"])


def _pauses(case: CaseView) -> Iterator[Interval]:
    """Reconsiderations and suits: nothing is added to the fine while they last (APL 73)."""
    for child in case.children("remedies"):
        filed_on, ended_on = child.facts.get("filed_on"), child.facts.get("ended_on")
        if filed_on is not None:
            last = date.fromisoformat(ended_on) if ended_on else None
            yield Interval(date.fromisoformat(filed_on), last, str(child.facts.get("kind", "")))
