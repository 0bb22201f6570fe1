"""The account on the day before, on and after the last day, and who reads it."""

from __future__ import annotations

import pytest

from tests.cases.conftest import page
from tests.enforcement.test_penalty_desk import text_of
from tests.town import day
from tests.workflows.procedure import SCAN, heavy

SERVED = "06-02"
"""The last day to pay is 2026-06-17, a Wednesday."""


@pytest.fixture
def case(bureau, town):
    bureau.at("06-30")
    return heavy(town, on="06-01", ended="05-20").performed(SERVED)


@pytest.mark.parametrize(
    ("on", "outstanding", "demand"),
    [
        ("2026-06-16", "600,000", "0"),
        ("2026-06-17", "600,000", "0"),
        ("2026-06-18", "618,000", "618,000"),
        ("2026-07-20", "1,194,000", "1,194,000"),
        ("2026-07-21", "1,200,000", "1,200,000"),
        ("2026-08-30", "1,200,000", "1,200,000"),
    ],
)
def test_three_per_cent_a_day_from_the_day_after_the_last_day_never_above_the_fine(
    bureau, case, on, outstanding, demand
):
    text = text_of(bureau.tab(case, "account", on=on))
    assert f"尚欠合计 {outstanding} 元" in text
    assert f"催告书金额 {demand} 元" in text
    assert "缴款末日 2026-06-17" in text


def test_a_day_to_come_is_said_to_be_ahead(bureau, case):
    assert "预计" in bureau.tab(case, "account", on="2026-07-01")
    assert "预计" not in bureau.tab(case, "account", on="2026-06-30")


@pytest.mark.parametrize(("on", "said"), [("2026-06-01", "此前没有账目"), ("morgen", "应为日期")])
def test_a_day_without_an_account_says_why(bureau, case, on, said):
    html = bureau.tab(case, "account", on=on)
    assert said in html
    assert "尚欠合计" not in html


def test_a_payment_counts_once_it_is_confirmed(bureau, case):
    case.pay("100000", "06-19")
    typed = {"paid_on": day("06-20"), "amount": "5000", "receipt_no": "示例777"}
    case.do("report_payment", "unit", typed, on="06-20")
    text = text_of(bureau.tab(case, "account", on="2026-06-20"))
    assert "未缴 500,000 元" in text
    assert "100,000.00" in text
    assert "已报未计" in text
    assert "票据 示例777 待核实" in text
    # Two days of 3 % of 600,000, the day of the payment still counting, then one of 500,000.
    assert "尚欠合计 551,000 元" in text


def test_nothing_is_added_while_a_reconsideration_lasts(bureau, case):
    typed = {
        "remedy_kind": "reconsideration",
        "filed_on": day("06-20"),
        "received_number": "政复〔2026〕1号",
        "received_scan": SCAN,
    }
    case.do("record_remedy", "supervisor", typed, on="06-20")
    text = text_of(bureau.tab(case, "account", on="2026-06-29"))
    assert "尚欠合计 654,000 元" in text
    assert "不计加处罚款" in text


def test_the_party_reads_its_own_account_and_may_print_it(bureau, case):
    sheet = f"/cases/{case.id}/account?on=2026-06-18"
    html = page(bureau.browser("unit-redian").get(sheet))
    assert "人民币陆拾壹万捌仟元整" in html
    assert case.row.number in html
    assert bureau.browser("auditor").get(sheet).status_code == 200
    assert bureau.browser("unit-tieshan").get(sheet).status_code == 404


def test_there_is_no_account_before_the_decision_is_served(bureau, town):
    case = heavy(town, on="06-01", ended="05-20").decided("06-02")
    assert bureau.browser("inspector").get(f"/cases/{case.id}/account").status_code == 404
    assert "罚款账目" not in bureau.tab(case, "account")


def test_granted_instalments_each_run_from_their_own_last_day(bureau, case):
    asked = {"deferral": "instalments", "hardship": "停产检修"}
    case.do("ask_deferral", "unit", asked, on="06-10")
    for last, amount in (("07-15", "400000"), ("08-14", "200000")):
        typed = {"instalment_due_on": day(last), "instalment_amount": amount}
        case.do("plan_instalment", "supervisor", typed, on="06-10")
    case.do("defer", "leader", {"deferred_until": day("08-14")}, on="06-11")
    told = {
        on: text_of(bureau.tab(case, "account", on=f"2026-{on}"))
        for on in ("06-18", "07-15", "07-16", "08-14", "08-15")
    }
    for on, outstanding, demand in (
        ("06-18", "600,000", "0"),  # the last day of the decision no longer counts
        ("07-15", "600,000", "0"),
        ("07-16", "612,000", "412,000"),  # 3 % of 400,000; the second part is not due yet
        ("08-14", "960,000", "760,000"),
        ("08-15", "978,000", "978,000"),  # 31 days of the first part, one of the second
    ):
        assert f"尚欠合计 {outstanding} 元" in told[on], on
        assert f"催告书金额 {demand} 元" in told[on], on
    case.pay("400000", "07-15")
    text = text_of(bureau.tab(case, "account", on="2026-08-14"))
    assert "尚欠合计 200,000 元" in text
    assert "催告书金额 0 元" in text
