"""The account of a fine 罚款账目 on a chosen day, as the page and the printed sheet show it.

Everything is counted by `app.law.payments` from what `app.workflows.fines` reads of the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.cases.page import CasePage
from app.engine.actors import Capacity
from app.engine.inputs import Day, InputFault
from app.law.errors import LawError
from app.law.labels import Label
from app.law.payments import Account
from app.law.periods import local_date
from app.workflows.fines import account_of, debt_of, pay_by
from app.workflows.penalty_procedure import PenaltyProcedure

ON = Day("on", "账目日期", "Day of the account")
"""Asked in the address, so that an account of a day can be sent to a colleague."""
NOT_SERVED = Label(
    "决定书于 {day} 送达，此前没有账目。",
    "The decision was served on {day}; there is no account before.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A payment that does not count: not confirmed yet, or not received."""

    paid_on: date
    amount_cny: Decimal
    receipt_no: str
    status: Label
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The account at the end of a day. ``account`` is None with the ``fault`` that says why.

    ``last_day`` is the last day to pay before any deferral.
    """

    on: date
    today: date
    served_on: date
    last_day: date
    account: Account | None
    fault: Label | None
    pending: Sequence[Pending]

    @property
    def is_ahead(self) -> bool:
        """Whether the day is still to come: what will be owed if nothing more is paid."""
        return self.on > self.today


def shows(page: CasePage) -> bool:
    """Whether somebody reads the account: the authority, and the party it is about."""
    if page.lifecycle.key != PenaltyProcedure.key:
        return False
    if not page.of_authority and Capacity.PARTY not in page.capacities:
        return False
    debt = debt_of(page.view)
    return debt is not None and bool(debt.fine_cny or debt.confiscation_cny)


def ledger_of(page: CasePage, asked: str = "") -> Ledger:
    """The account of a case on the day that was asked for, else today.

    Only for a case on which it `shows`.
    """
    debt = debt_of(page.view)
    assert debt is not None  # it shows
    on = today = local_date(page.now)
    account, fault = None, None
    try:
        on = ON.clean(asked) if asked else today
        account = account_of(page.view, page.law, on)
    except (InputFault, LawError) as refused:
        fault = refused.label
    if account is None and fault is None:
        fault = Label(*(text.format(day=debt.served_on) for text in (NOT_SERVED.zh, NOT_SERVED.en)))
    return Ledger(
        on=on,
        today=today,
        served_on=debt.served_on,
        last_day=pay_by(debt, page.law),
        account=account,
        fault=fault,
        pending=tuple(_pending(page)),
    )


def _pending(page: CasePage) -> Iterator[Pending]:
    for one in page.rows["payments"]:
        if one.row.status != "confirmed":
            yield Pending(
                paid_on=date.fromisoformat(one.row.data["paid_on"]),
                amount_cny=Decimal(one.row.data["amount"]),
                receipt_no=one.row.data["receipt_no"],
                status=one.status,
                waits=one.row.status == "reported",
            )
