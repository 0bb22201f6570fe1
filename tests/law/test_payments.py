"""The account of a fine: surcharge, instalments, pauses and payments, line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.law.amounts import to_cents
from app.law.errors import LawError
from app.law.payments import PRINCIPAL_FIRST, Debt, Instalment, Payment, account
from app.law.penalties import surcharge
from app.law.periods import Interval
from app.law.terms import shipped_law

SERVED = date(2026, 9, 1)
PAY_BY = date(2026, 9, 16)
FINE = Debt(SERVED, Decimal(500_000))
BOTH = [pytest.param(True, id="principal first"), pytest.param(False, id="surcharge first")]


def yuan(amount: str) -> Decimal:
    return Decimal(amount)


def after(days: int) -> date:
    """So many days after the last day to pay."""
    return PAY_BY + timedelta(days)


def paid(days: int, amount: str | int | Decimal, receipt: str = "001") -> Payment:
    return Payment(after(days), Decimal(amount), receipt)


def pause(first: int, last: int | None, kind: str = "suit") -> Interval:
    """A suit brought and ended so many days after the last day to pay."""
    return Interval(after(first), None if last is None else after(last), kind)


def keep(debt=FINE, *, on=10, instalments=(), payments=(), pauses=(), principal_first=True):
    return account(
        debt, PAY_BY, instalments, payments, pauses, after(on), principal_first=principal_first
    )


# Vectors.


def test_the_shipped_law_pays_the_principal_first():
    assert shipped_law().setting(PRINCIPAL_FIRST) is True


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-15, 0), (0, 0), (1, 15_000), (10, 150_000), (33, 495_000), (34, 500_000), (400, 500_000)],
)
def test_three_per_cent_a_day_from_the_day_after_the_last_and_never_more_than_the_fine(
    days, expected
):
    kept = keep(on=days)
    assert kept.surcharge_cny == expected
    assert kept.outstanding_cny == 500_000 + expected
    assert kept.demand_cny == (500_000 + expected if days > 0 else 0)


def test_the_lines_read_as_a_story():
    kept = keep(
        Debt(SERVED, Decimal(100_000), Decimal(40_000)),
        on=40,
        payments=[paid(10, 60_000, "A1"), paid(30, 100_000, "A2")],
        pauses=[pause(12, 20)],
    )
    seen = [
        (line.day, line.debit_cny, line.credit_cny, line.principal_left_cny, line.surcharge_cny)
        for line in kept.lines
    ]
    assert seen == [
        (SERVED, 100_000, 0, 100_000, 0),
        (SERVED, 40_000, 0, 140_000, 0),
        (after(10), 30_000, 0, 140_000, 30_000),
        (after(10), 0, 60_000, 80_000, 30_000),
        (after(12), 2_400, 0, 80_000, 32_400),
        (after(20), 0, 0, 80_000, 32_400),
        (after(30), 12_000, 0, 80_000, 44_400),
        (after(30), 0, 100_000, 0, 44_400),
    ]
    assert [line.what.zh for line in kept.lines] == [
        "罚款，缴款末日 2026-09-16",
        "没收违法所得，缴款末日 2026-09-16",
        "加处罚款：2026-09-17 至 2026-09-26 共 10 日，到期未缴罚款 100,000.00 元，每日 3%",
        "缴款（票据 A1）：抵缴本金 60,000.00 元",
        "加处罚款：2026-09-27 至 2026-09-28 共 2 日，到期未缴罚款 40,000.00 元，每日 3%",
        "复议、诉讼期间 2026-09-29 至 2026-10-06 共 8 日，不计加处罚款",
        "加处罚款：2026-10-07 至 2026-10-16 共 10 日，到期未缴罚款 40,000.00 元，每日 3%",
        "缴款（票据 A2）：抵缴本金 80,000.00 元，抵缴加处罚款 20,000.00 元",
    ]
    assert "8 days not counted" in kept.lines[5].what.en
    assert (kept.paid_cny, kept.outstanding_cny, kept.credit_cny) == (160_000, 24_400, 0)
    assert kept.demand_cny == 24_400
    assert (kept.principal_cny, kept.principal_left_cny, kept.surcharge_left_cny) == (
        140_000, 0, 24_400,
    )  # fmt: skip


def test_the_line_that_reaches_the_cap_says_on_which_day():
    [_, line] = keep(on=400).lines
    assert line.day == after(34)
    assert line.debit_cny == 500_000
    assert line.what.zh.endswith("已达罚款数额，不再计")
    assert line.what.en.endswith("it has reached the fine and ends")


def test_no_line_follows_the_cap_not_even_of_a_pause():
    kept = keep(on=400, pauses=[pause(100, 120)])
    assert [line.day for line in kept.lines] == [SERVED, after(34)]


def test_the_whole_sum_is_that_of_the_case_of_zhaoyuan():
    kept = keep(Debt(SERVED, Decimal(80_000)), on=100)
    assert (kept.surcharge_cny, kept.demand_cny) == (80_000, 160_000)


def test_the_day_of_a_payment_still_counts_and_the_next_one_does_not():
    payments = [paid(10, 500_000)]
    assert [keep(on=n, payments=payments).surcharge_cny for n in (9, 10, 11, 50)] == [
        135_000, 150_000, 150_000, 150_000,
    ]  # fmt: skip
    assert keep(on=50, payments=[paid(0, 500_000)]).outstanding_cny == 0


def test_a_payment_after_the_day_asked_for_is_left_out():
    assert keep(on=9, payments=[paid(10, 500_000)]).paid_cny == 0


def test_a_deferral_moves_the_last_day():
    deferred = [Instalment(after(30), Decimal(500_000))]
    assert keep(on=30, instalments=deferred).surcharge_cny == 0
    kept = keep(on=31, instalments=deferred)
    assert kept.surcharge_cny == 15_000
    assert kept.lines[0].what.zh == "罚款（延期缴纳），缴款末日 2026-10-16"


def test_each_instalment_bears_from_its_own_last_day():
    parts = [Instalment(after(60), Decimal(300_000)), Instalment(after(30), Decimal(200_000))]
    kept = keep(on=31, instalments=parts)
    assert kept.surcharge_cny == 6_000
    assert (kept.overdue_cny, kept.demand_cny, kept.outstanding_cny) == (200_000, 206_000, 506_000)
    assert kept.next_due == Instalment(after(60), Decimal(300_000))
    assert [line.what.en for line in kept.lines[:2]] == [
        "Fine, instalment 1 of 2, to be paid by 2026-10-16",
        "Fine, instalment 2 of 2, to be paid by 2026-11-15",
    ]
    assert [line.principal_left_cny for line in kept.lines[:2]] == [200_000, 500_000]
    later = keep(on=62, instalments=parts)
    assert later.surcharge_cny == 6_000 * 30 + 15_000 * 2
    assert later.next_due is None


def test_what_is_paid_early_counts_for_the_next_instalments():
    parts = [Instalment(after(30), Decimal(200_000)), Instalment(after(60), Decimal(300_000))]
    kept = keep(on=30, instalments=parts, payments=[paid(-3, 250_000)])
    assert kept.next_due == Instalment(after(60), Decimal(250_000))
    assert kept.demand_cny == 0


def test_on_the_last_day_the_sum_is_due_but_not_overdue():
    kept = keep(Debt(SERVED, Decimal(100_000), Decimal(40_000)), on=0)
    assert kept.next_due == Instalment(PAY_BY, Decimal(140_000))
    assert kept.overdue_cny == 0


def test_a_confiscated_gain_bears_nothing():
    kept = keep(Debt(SERVED, Decimal(0), Decimal(40_000)), on=50)
    assert (kept.surcharge_cny, kept.demand_cny) == (0, 40_000)


def test_instalments_are_of_the_fine_and_leave_the_gain_where_it_was():
    debt = Debt(SERVED, Decimal(100_000), Decimal(40_000))
    kept = keep(debt, on=1, instalments=[Instalment(after(30), Decimal(100_000))])
    assert kept.overdue_cny == 40_000
    paid_off = keep(
        debt,
        on=1,
        instalments=[Instalment(after(30), Decimal(100_000))],
        payments=[paid(0, 40_000)],
    )
    assert (paid_off.overdue_cny, paid_off.principal_left_cny) == (0, 100_000)


def test_on_one_day_the_fine_is_paid_before_the_gain():
    debt = Debt(SERVED, Decimal(100_000), Decimal(40_000))
    assert keep(debt, on=10, payments=[paid(0, 100_000)]).surcharge_cny == 0


def test_surcharge_first_leaves_the_principal_to_bear():
    payments = [paid(10, 200_000)]
    first, last = (keep(on=20, payments=payments, principal_first=p) for p in (False, True))
    assert first.principal_left_cny == 450_000
    assert first.surcharge_cny == 150_000 + 135_000
    assert "抵缴本金 50,000.00 元，抵缴加处罚款 150,000.00 元" in first.lines[2].what.zh
    assert last.principal_left_cny == 300_000
    assert last.surcharge_cny == 150_000 + 90_000
    assert "先抵加处罚款，后抵本金" in first.rules.zh
    assert "先抵本金，后抵加处罚款" in last.rules.zh
    assert "3%" in last.rules.en


@pytest.mark.parametrize("principal_first", BOTH)
def test_what_is_paid_too_much_is_a_credit(principal_first):
    kept = keep(on=40, payments=[paid(10, 650_001)], principal_first=principal_first)
    assert (kept.credit_cny, kept.outstanding_cny, kept.next_due) == (1, 0, None)
    assert "多缴 1.00 元" in kept.lines[-1].what.zh
    assert "1.00 yuan too much" in kept.lines[-1].what.en


@pytest.mark.parametrize("principal_first", BOTH)
def test_who_pays_the_sum_asked_for_owes_nothing_and_is_owed_nothing(principal_first):
    debt = Debt(SERVED, yuan("33.50"))
    asked = keep(debt, on=1)
    assert asked.lines[-1].debit_cny == yuan("1.005")
    assert asked.surcharge_cny == yuan("1.01")
    kept = keep(debt, on=9, payments=[paid(1, asked.demand_cny)], principal_first=principal_first)
    assert (kept.outstanding_cny, kept.credit_cny) == (0, 0)


def test_two_pauses_that_overlap_count_once():
    together = keep(on=20, pauses=[pause(2, 8, "reconsideration"), pause(5, 12)])
    assert together.surcharge_cny == keep(on=20, pauses=[pause(2, 12)]).surcharge_cny == 150_000


def test_an_open_pause_stops_the_surcharge_for_now():
    assert keep(on=400, pauses=[pause(10, None)]).surcharge_cny == 150_000


def test_a_pause_before_the_last_day_changes_nothing():
    assert keep(on=10, pauses=[pause(-9, -3)]).surcharge_cny == 150_000
    assert keep(on=10, pauses=[pause(-9, 4)]).surcharge_cny == 90_000


def test_a_pause_that_begins_later_changes_nothing_yet():
    assert keep(on=10, pauses=[pause(11, 20)]).lines == keep(on=10).lines


# Refusals.


def test_instalments_make_up_the_fine():
    with pytest.raises(LawError, match="不等于罚款"):
        keep(instalments=[Instalment(after(5), Decimal(499_999))])


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": -16},
        {"payments": [paid(-16, 1)]},
        {"instalments": [Instalment(after(-16), Decimal(500_000))]},
    ],
)
def test_nothing_is_paid_before_the_decision_was_served(wrong):
    with pytest.raises(LawError, match="送达"):
        keep(**wrong)


@pytest.mark.parametrize("amount", [1.0, 1])
@pytest.mark.parametrize(
    "make",
    [
        lambda amount: Debt(SERVED, amount),
        lambda amount: Debt(SERVED, Decimal(1), amount),
        lambda amount: Instalment(PAY_BY, amount),
        lambda amount: Payment(PAY_BY, amount, "1"),
    ],
)
def test_no_float_enters_an_account(make, amount):
    with pytest.raises(TypeError):
        make(amount)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001"])
def test_a_payment_is_a_sum_that_can_be_paid(amount):
    with pytest.raises(ValueError, match=r"nothing|negative|two decimals"):
        paid(1, amount)


# Properties.

SUMS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(20_000_000), places=2)
DAYS = st.integers(-15, 120)


@st.composite
def cases(draw):
    """A debt with all that can happen to it, as the arguments of ``keep``."""
    fine = draw(SUMS)
    debt = Debt(SERVED, fine, draw(st.one_of(st.just(Decimal(0)), SUMS)))
    cents = int(fine * 100)
    cuts = sorted(draw(st.sets(st.integers(1, max(cents - 1, 1)), max_size=3)) | {0, cents})
    shares = [Decimal(b - a) / 100 for a, b in pairwise(cuts)]
    parts = [Instalment(after(draw(st.integers(0, 90))), share) for share in shares]
    spans = st.tuples(DAYS, st.one_of(st.none(), st.integers(0, 60)))
    pauses = [
        pause(first, None if length is None else first + length)
        for first, length in draw(st.lists(spans, max_size=3))
    ]
    payments = draw(st.lists(st.builds(paid, DAYS, SUMS), max_size=4))
    return {
        "debt": debt,
        "instalments": draw(st.sampled_from([(), tuple(parts)])),
        "payments": payments,
        "pauses": pauses,
        "principal_first": draw(st.booleans()),
    }


@given(cases(), st.integers(-15, 300))
def test_the_lines_add_up_to_the_totals(case, on):
    kept = keep(**case, on=on)
    debits = sum(line.debit_cny for line in kept.lines)
    credits_ = sum(line.credit_cny for line in kept.lines)
    assert to_cents(debits) == kept.principal_cny + kept.surcharge_cny
    assert credits_ == kept.paid_cny
    assert kept.paid_cny + kept.outstanding_cny - kept.credit_cny == to_cents(debits)
    assert kept.principal_left_cny == kept.lines[-1].principal_left_cny
    assert kept.surcharge_cny == to_cents(kept.lines[-1].surcharge_cny)
    assert list(kept.lines) == sorted(kept.lines, key=lambda line: line.day)
    assert not (kept.credit_cny and kept.outstanding_cny)
    assert kept.demand_cny <= kept.outstanding_cny


@given(cases(), st.integers(-15, 300))
def test_the_surcharge_never_exceeds_the_fine(case, on):
    kept = keep(**case, on=on)
    assert 0 <= kept.surcharge_left_cny <= kept.surcharge_cny <= case["debt"].fine_cny


@given(cases(), st.integers(-15, 200), st.integers(0, 100))
def test_the_surcharge_never_shrinks_with_the_days(case, on, more):
    assert keep(**case, on=on).surcharge_cny <= keep(**case, on=on + more).surcharge_cny


@given(SUMS, st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_a_pause_of_so_many_days_is_so_many_days_fewer(fine, before, length, rest):
    debt = Debt(SERVED, fine)
    paused = keep(debt, on=before + length + rest, pauses=[pause(before, before + length)])
    assert paused.surcharge_cny == keep(debt, on=before + rest).surcharge_cny


@given(cases(), DAYS, SUMS, SUMS, st.integers(-15, 300))
def test_splitting_a_payment_on_one_day_changes_nothing(case, day, one, other, on):
    whole, split = (
        keep(**{**case, "payments": [*case["payments"], *payments]}, on=on)
        for payments in ([paid(day, one + other)], [paid(day, one), paid(day, other)])
    )
    assert replace(whole, lines=()) == replace(split, lines=())


@given(SUMS, st.integers(0, 100))
def test_unpaid_and_unpaused_it_is_the_surcharge_of_the_tables(fine, days):
    kept = keep(Debt(SERVED, fine), on=days)
    assert kept.lines[-1].surcharge_cny == surcharge(fine, days)


@given(SUMS, st.integers(0, 40), SUMS, st.integers(0, 60))
def test_paying_a_part_never_costs_more(fine, day, part, on):
    debt = Debt(SERVED, fine)
    less = keep(debt, on=on, payments=[paid(day, part)])
    assert less.surcharge_cny <= keep(debt, on=on).surcharge_cny
