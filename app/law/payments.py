"""The account of a fine: what was ordered, the surcharge 加处罚款, what was paid, what is left.

How it is counted, and on what it rests:

- A share of the fine a day (penalties.toml) on the part of it that is due and unpaid, from the day
  after its last day to pay (Administrative Penalty Law, art. 72). Of granted instalments each runs
  from its own last day; a confiscated gain is no fine and bears none.
- The day of a payment still counts, the part that was paid bears nothing from the next day on.
- Days of a reconsideration or a suit do not count (art. 73): those after the day it begins, through
  the day it ends, as with every cause that stops a clock (A13). Days in two of them count once.
- All surcharge together never exceeds the fine.
- The order in which a payment is applied is not law but the switch ``payment_principal_first``:
  first the principal, then the surcharge, or the other way round. Of the principal what falls due
  first is paid first; on one day the fine comes before the confiscated gain.

Lines are exact. The surcharge is rounded to the 分, a half up, where a sum of it is asked for: in
the totals, and to see how much of it a payment covers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from app.law.amounts import payable_yuan, to_cents
from app.law.calendar import merged
from app.law.dated import ONE_DAY
from app.law.errors import LawError
from app.law.labels import Label
from app.law.penalties import surcharge_percent
from app.law.periods import Interval

PRINCIPAL_FIRST: Final = "payment_principal_first"
"""The switch that says how payments are applied."""

NOTHING: Final = Decimal(0)


@dataclass(frozen=True)
class Debt:
    """What a decision orders to be paid, in yuan, from the day it was served.

    Raises TypeError for an amount that is no Decimal, ValueError for one that cannot be paid; so
    do ``Instalment`` and ``Payment``.
    """

    served_on: date
    fine_cny: Decimal
    confiscation_cny: Decimal = NOTHING

    def __post_init__(self) -> None:
        """Refuse what is no amount."""
        payable_yuan(self.fine_cny)
        payable_yuan(self.confiscation_cny)


@dataclass(frozen=True)
class Instalment:
    """A part of a fine with the last day to pay it, inclusive; a deferral is a single one."""

    last_day: date
    amount_cny: Decimal

    def __post_init__(self) -> None:
        """Refuse what is no amount."""
        payable_yuan(self.amount_cny)


@dataclass(frozen=True)
class Payment:
    """Money received, by the number of its receipt. Nothing is no payment: ValueError."""

    paid_on: date
    amount_cny: Decimal
    receipt_no: str

    def __post_init__(self) -> None:
        """Refuse what is no amount."""
        if not payable_yuan(self.amount_cny):
            raise ValueError("A payment of nothing is none.")


@dataclass(frozen=True)
class Line:
    """A line of the account, exact: debits are owed, credits were paid.

    ``principal_left_cny`` and ``surcharge_cny`` (all that has accrued) are those after the line.
    """

    day: date
    what: Label
    debit_cny: Decimal
    credit_cny: Decimal
    principal_left_cny: Decimal
    surcharge_cny: Decimal


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account at the end of a day, in yuan to the 分; only its lines are exact beyond that.

    ``principal_cny`` is the fine and the confiscated gain, ``principal_left_cny`` what is unpaid of
    it, ``overdue_cny`` what is unpaid after its last day. ``surcharge_cny`` is all that has
    accrued, ``surcharge_left_cny`` what is unpaid of it. ``credit_cny`` was paid too much.
    ``next_due`` is what has to be paid next in time, None if nothing has. ``rules`` says how all of
    it is counted.
    """

    on: date
    lines: tuple[Line, ...]
    principal_cny: Decimal
    principal_left_cny: Decimal
    overdue_cny: Decimal
    surcharge_cny: Decimal
    surcharge_left_cny: Decimal
    paid_cny: Decimal
    credit_cny: Decimal
    next_due: Instalment | None
    rules: Label

    @property
    def outstanding_cny(self) -> Decimal:
        """All that is unpaid, due or not yet."""
        return self.principal_left_cny + self.surcharge_left_cny

    @property
    def demand_cny(self) -> Decimal:
        """The sum of a demand letter 催告书 of that day: what is overdue, and the surcharge."""
        return self.overdue_cny + self.surcharge_left_cny


def account(
    debt: Debt,
    pay_by: date,
    instalments: Sequence[Instalment],
    payments: Iterable[Payment],
    pauses: Iterable[Interval],
    on: date,
    *,
    principal_first: bool,
) -> Account:
    """Return the account of a fine at the end of the day ``on``; later payments are left out.

    ``pay_by`` is the last day of the fifteen days, inclusive. Granted ``instalments`` take its
    place for the fine, not for a confiscated gain; one alone is a deferral. ``pauses`` are
    reconsiderations and suits, an open one lasting. ``principal_first`` is the setting of that
    name.

    Raises LawError for instalments that do not make up the fine, and for a day of payment, a last
    day or an ``on`` before the decision was served.
    """
    payments = [payment for payment in payments if payment.paid_on <= on]
    parts = _parts(debt, pay_by, instalments)
    if min([on, *(p.last_day for p in parts), *(p.paid_on for p in payments)]) < debt.served_on:
        raise LawError(
            f"决定书于 {debt.served_on} 送达，此前不发生缴款。",
            f"the decision was served on {debt.served_on}; nothing is paid before.",
        )
    ledger = _Ledger(debt.fine_cny, parts, principal_first=principal_first)
    ledger.open(debt.served_on)
    paused = merged(
        ((pause.begins_on + ONE_DAY).toordinal(), min(pause.ends_on or on, on).toordinal())
        for pause in pauses
    )
    changes = {debt.served_on, on, *(part.last_day for part in parts)}
    changes |= {payment.paid_on for payment in payments}
    changes |= {date.fromordinal(end) for first, last in paused for end in (first - 1, last)}
    days = sorted(day for day in changes if debt.served_on <= day <= on)
    ledger.pay(payment for payment in payments if payment.paid_on == days[0])
    for before, day in pairwise(days):
        stopped = any(first - 1 <= before.toordinal() < last for first, last in paused)
        ledger.accrue(before, day, stopped=stopped)
        ledger.pay(payment for payment in payments if payment.paid_on == day)
    return ledger.account(on)


@dataclass
class _Part:
    """A part of the principal: an instalment of the fine, or the confiscated gain."""

    last_day: date
    is_fine: bool
    left: Decimal
    name: Label


def _parts(debt: Debt, pay_by: date, instalments: Sequence[Instalment]) -> list[_Part]:
    """The parts of the principal in the order in which they are paid."""
    granted = sorted(instalments, key=lambda part: part.last_day)
    if granted and sum(part.amount_cny for part in granted) != debt.fine_cny:
        raise LawError(
            f"各期金额之和不等于罚款 {debt.fine_cny:,.2f} 元。",
            f"the instalments do not make up the fine of {debt.fine_cny:,.2f} yuan.",
        )
    names = [Label("罚款", "Fine")]
    if len(granted) == 1:
        names = [Label("罚款（延期缴纳）", "Fine, deferred")]
    elif granted:
        total = len(granted)
        names = [
            Label(f"罚款第 {n} 期（共 {total} 期）", f"Fine, instalment {n} of {total}")
            for n in range(1, total + 1)
        ]
    fines = granted or [Instalment(pay_by, debt.fine_cny)]
    parts = [
        _Part(part.last_day, is_fine=True, left=part.amount_cny, name=name)
        for part, name in zip(fines, names, strict=True)
    ]
    gain = Label("没收违法所得", "Confiscated gain")
    parts.append(_Part(pay_by, is_fine=False, left=debt.confiscation_cny, name=gain))
    return sorted((p for p in parts if p.left), key=lambda p: (p.last_day, not p.is_fine))


class _Ledger:
    """The account while it is written, day after day."""

    def __init__(self, cap: Decimal, parts: list[_Part], *, principal_first: bool) -> None:
        self.cap = cap
        self.parts = parts
        self.principal_first = principal_first
        self.percent = surcharge_percent()
        self.lines: list[Line] = []
        self.principal = sum((part.left for part in parts), NOTHING)
        self.accrued = NOTHING
        self.surcharge_paid = NOTHING
        self.paid = NOTHING
        self.credit = NOTHING

    @property
    def principal_left(self) -> Decimal:
        return sum((part.left for part in self.parts), NOTHING)

    @property
    def surcharge_left(self) -> Decimal:
        return to_cents(self.accrued) - self.surcharge_paid

    def open(self, day: date) -> None:
        """Write what the decision orders."""
        ordered = NOTHING
        for part in self.parts:
            ordered += part.left
            what = Label(
                f"{part.name.zh}，缴款末日 {part.last_day}",
                f"{part.name.en}, to be paid by {part.last_day}",
            )
            self.lines.append(Line(day, what, part.left, NOTHING, ordered, self.accrued))

    def accrue(self, before: date, day: date, *, stopped: bool) -> None:
        """Write the surcharge of the days after ``before`` through ``day``."""
        fines = (part for part in self.parts if part.is_fine and part.last_day <= before)
        base = sum((part.left for part in fines), NOTHING)
        room = self.cap - self.accrued
        if not base or not room:
            return
        days = (day - before).days
        first = before + ONE_DAY
        if stopped:
            what = Label(
                f"复议、诉讼期间 {first} 至 {day} 共 {days} 日，不计加处罚款",
                f"Reconsideration or suit, {first} to {day}, {days} days not counted",
            )
            self._write(day, what)
            return
        daily = base * self.percent / 100
        full, rest = divmod(room, daily)
        days_to_cap = int(full) + bool(rest)
        counted = min(days, days_to_cap)
        last = before + counted * ONE_DAY
        amount = min(daily * counted, room)
        self.accrued += amount
        zh = (
            f"加处罚款：{first} 至 {last} 共 {counted} 日，"
            f"到期未缴罚款 {base:,.2f} 元，每日 {self.percent}%"
        )
        en = (
            f"Surcharge, {first} to {last}, {counted} days: "
            f"{self.percent}% a day of {base:,.2f} yuan due and unpaid"
        )
        if self.accrued == self.cap:
            zh, en = f"{zh}；已达罚款数额，不再计", f"{en}; it has reached the fine and ends"
        self._write(last, Label(zh, en), debit=amount)

    def pay(self, payments: Iterable[Payment]) -> None:
        """Apply the payments of one day and write them."""
        for payment in payments:
            rest = payment.amount_cny
            self.paid += rest
            on_surcharge = NOTHING if self.principal_first else min(rest, self.surcharge_left)
            on_principal = self._reduce(rest - on_surcharge)
            rest -= on_surcharge + on_principal
            if self.principal_first:
                on_surcharge = min(rest, self.surcharge_left)
                rest -= on_surcharge
            self.surcharge_paid += on_surcharge
            self.credit += rest
            shares = [
                (on_principal, "抵缴本金", "on the principal"),
                (on_surcharge, "抵缴加处罚款", "on the surcharge"),
                (rest, "多缴", "too much"),
            ]
            zh = "，".join(f"{word} {share:,.2f} 元" for share, word, _ in shares if share)
            en = ", ".join(f"{share:,.2f} yuan {word}" for share, _, word in shares if share)
            what = Label(
                f"缴款（票据 {payment.receipt_no}）：{zh}",
                f"Payment (receipt {payment.receipt_no}): {en}",
            )
            self._write(payment.paid_on, what, credit=payment.amount_cny)

    def account(self, on: date) -> Account:
        """Close the account at the end of ``on``."""
        overdue = (part.left for part in self.parts if part.last_day < on)
        later = [part for part in self.parts if part.left and part.last_day >= on]
        next_due = None
        if later:
            day = later[0].last_day
            due = sum((part.left for part in later if part.last_day == day), NOTHING)
            next_due = Instalment(day, due)
        return Account(
            on=on,
            lines=tuple(self.lines),
            principal_cny=self.principal,
            principal_left_cny=self.principal_left,
            overdue_cny=sum(overdue, NOTHING),
            surcharge_cny=to_cents(self.accrued),
            surcharge_left_cny=self.surcharge_left,
            paid_cny=self.paid,
            credit_cny=self.credit,
            next_due=next_due,
            rules=_rules(self.percent, principal_first=self.principal_first),
        )

    def _reduce(self, amount: Decimal) -> Decimal:
        """Pay the principal, what falls due first first; return how much of it was paid."""
        rest = amount
        for part in self.parts:
            share = min(rest, part.left)
            part.left -= share
            rest -= share
        return amount - rest

    def _write(
        self, day: date, what: Label, *, debit: Decimal = NOTHING, credit: Decimal = NOTHING
    ) -> None:
        line = Line(day, what, debit, credit, self.principal_left, self.accrued)
        self.lines.append(line)


def _rules(percent: Decimal, *, principal_first: bool) -> Label:
    order = (
        Label("先抵本金，后抵加处罚款", "first the principal, then the surcharge")
        if principal_first
        else Label("先抵加处罚款，后抵本金", "first the surcharge, then the principal")
    )
    return Label(
        f"自缴款末日次日起，对到期未缴的罚款每日加处 {percent}%；分期的各期分别起算，没收款不加处；"
        "缴款当日仍计，次日起不计；复议、诉讼期间不计；累计不超过罚款数额；合计四舍五入到分。"
        f"缴款{order.zh}；本金先抵先到期的，同日到期的先抵罚款。",
        f"From the day after the last day to pay, {percent}% a day of the fine due and unpaid; "
        "each instalment from its own last day, none on a confiscated gain; the day of a payment "
        "still counts; days of a reconsideration or a suit do not; never more than the fine in "
        f"all; rounded to the fen in the totals, a half up. A payment covers {order.en}; of the "
        "principal what falls due first, on one day the fine first.",
    )
