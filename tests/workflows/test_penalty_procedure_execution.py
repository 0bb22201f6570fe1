"""PP from the service of the decision to the court (domain.md 7.1-15 to 19): service, publication, payment, demand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.engine.actors import Capacity
from tests.town import Town, day, registered
from tests.workflows.procedure import (
    AROUND,
    FAMILY,
    Procedure,
    a_case,
    assemble,
    documents,
    penalties,
    received,
    refused,
    shifted,
)


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(*FAMILY):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# Service, publication -----------------------------------------------------------------------------


@AROUND
def test_seven_working_days_to_serve_the_decision(town, days):
    """11.3: decided on Friday 2026-09-18; Sunday the 20th is worked, 25 to 27 are off."""
    case = a_case(town, on="09-01").pending("09-01").decide("09-18")
    assert case.due("decision_service") == day("09-29")
    on = shifted("09-29", days)
    case.send("09-18").serve("service_of_decision", on)
    assert (case.state, case.clock("decision_service").met_late) == ("performance", days > 0)
    assert case.due("payment") == {
        -1: day("10-13"), 0: day("10-14"), 1: day("10-15"),
    }[days]  # fmt: skip
    assert penalties(case) == [("E1", Decimal(100_000), True)]
    assert case.faults() == []


def test_only_the_decision_that_was_made_is_sent_and_once_at_a_time(town):
    """P28."""
    case = a_case(town).decided("09-01")
    none = {"document": "no_penalty_decision", "addressee": "示例"}
    assert (
        refused(case, "send_decision", "inspector", none, on="09-02")
        == "Serve the newest decision."
    )
    case.send("09-02")
    same = {"document": "penalty_decision", "addressee": "示例"}
    assert (
        refused(case, "send_decision", "inspector", same, on="09-02")
        == "1 side matters have not ended."
    )
    case.children("service_of_decision")[-1].fire("withdraw", "inspector", at="09-03")
    assert case.state == "decided", "a service that was withdrawn proves nothing"
    case.deliver("09-04")
    assert (case.state, case.seats(Capacity.PARTY)) == ("performance", {"示例热电有限公司"})
    [decision] = documents(case, "penalty_decision")
    assert decision.served_on == day("09-04")


def test_a_decision_is_served_by_announcement_where_other_ways_failed(town):
    """P29."""
    case = a_case(town).decided("09-01")
    typed = {"announced_on": day("09-08"), "ways_failed": "留置、邮寄均未成功"}
    case.do("announce_decision", "inspector", typed, on="09-08")
    assert (case.state, case.clock("decision_service").met_late) == ("announcement_service", False)
    case.send("09-08").serve("service_of_decision", "10-08", at="10-09")
    assert (case.state, case.due("payment")) == ("performance", day("10-23"))
    assert case.faults() == []


PUBLISHED = {"published_at": "sthjj.nxzw.gov.cn", "redacted": "个人信息"}


@AROUND
def test_seven_working_days_to_publish(town, days):
    """P30, counted from the day of the decision."""
    case = a_case(town, on="09-01").pending("09-01").decide("09-18").deliver("09-18")
    assert case.due("publication") == day("09-29")
    on = shifted("09-29", days)
    case.do("publish", "supervisor", PUBLISHED | {"published_on": day(on)}, on=on)
    assert (case.clock("publication").met_late, case.row.facts["published_on"]) == (
        days > 0, f"{day(on)}",
    )  # fmt: skip


def test_a_decision_that_stands_is_not_withdrawn_and_none_is_not_published(town):
    case = a_case(town).decided("09-01")
    withdrawn = {"withdrawn_on": day("09-02"), "withdrawal_note": "误发"}
    said = refused(case, "withdraw_publication", "supervisor", withdrawn, on="09-02")
    assert said == "The decision was not annulled or changed."


# Payment ------------------------------------------------------------------------------------------


def test_a_payment_in_time_bears_nothing_though_it_is_confirmed_later(town):
    """APL 67 and 72: served on 2026-09-01, to be paid by the 16th."""
    case = a_case(town).performed("09-01")
    assert case.due("payment") == day("09-16")
    said = refused(case, "settle", "supervisor", SETTLED, on="09-02")
    assert said == "100,000.00 yuan are not paid yet, surcharge included."
    typed = {"paid_on": day("09-16"), "amount": "100000", "receipt_no": "示例001"}
    case.do("report_payment", "unit", typed, on="09-16 23:00")
    town.tick("09-17 00:00")
    assert case.state == "overdue", "nothing was confirmed by then"
    said = refused(case, "settle", "supervisor", SETTLED, on="09-18")
    assert said == "106,000.00 yuan are not paid yet, surcharge included."
    row = case.row_of("payments", 1)
    case.do(
        "confirm_payment", "supervisor", {"payment_verdict": "confirmed"}, item_id=row, on="09-18"
    )
    case.settle("09-18")
    assert (case.state, case.running()) == ("closing", ["closing_target", "publication"])
    assert case.faults() == []


SETTLED = {"correction_checked": True, "correction_note": "已改正"}


@AROUND
def test_fifteen_days_to_pay_and_three_percent_a_day_after(town, days):
    """Served on Friday 2026-09-25: the fifteenth day is Saturday 10 October, which is worked."""
    case = a_case(town, on="09-01").decided("09-01").deliver("09-25")
    assert case.due("payment") == day("10-10")
    on = shifted("10-10", days)
    town.tick(f"{on} 00:00")
    assert case.state == ("overdue" if days > 0 else "performance")
    case.pay("100000", on)
    if days > 0:
        said = refused(case, "settle", "supervisor", SETTLED, on=on)
        assert said == "3,000.00 yuan are not paid yet, surcharge included."
        case.pay("3000", on)
    case.settle(on)
    assert (case.state, case.clock("payment").met_late, case.faults()) == ("closing", days > 0, [])


def test_money_that_never_came_in_settles_nothing(town):
    case = a_case(town).performed("09-01")
    typed = {"paid_on": day("09-02"), "amount": "100000", "receipt_no": "示例001"}
    case.do("report_payment", "unit", typed, on="09-02")
    refusal = {"payment_verdict": "refused", "payment_note": "未到账"}
    case.do(
        "confirm_payment", "supervisor", refusal, item_id=case.row_of("payments", 1), on="09-03"
    )
    said = refused(case, "settle", "supervisor", SETTLED, on="09-03")
    assert said == "100,000.00 yuan are not paid yet, surcharge included."
    case.pay("100000", "09-04")
    said = refused(
        case, "settle", "supervisor", SETTLED | {"correction_checked": False}, on="09-04"
    )
    assert said == "Please confirm: The correction was checked"


# Deferral, instalments ----------------------------------------------------------------------------

ASKED = {"deferral": "instalments", "hardship": "资金困难"}


def plan(case: Procedure, *parts: tuple[str, str], on: str) -> None:
    for last, amount in parts:
        typed = {"instalment_due_on": day(last), "instalment_amount": amount}
        case.do("plan_instalment", "supervisor", typed, on=on)


@AROUND
def test_a_deferral_is_asked_for_before_the_last_day_to_pay_is_over(town, days):
    """P32; APL 66."""
    case = a_case(town).performed("09-01")
    on = shifted("09-16", days)
    if days > 0:
        town.tick(f"{on} 00:00")
        assert case.state == "overdue"
        return
    case.do("ask_deferral", "unit", ASKED, on=f"{on} 23:00")
    assert case.row.facts["deferral_asked_on"] == str(day(on))


def test_instalments_make_up_the_fine_and_end_before_the_court_limit(town):
    """P32; the limit: six months after service and three more, 2027-06-01."""
    case = a_case(town).performed("09-01")
    first = {"instalment_due_on": day("10-30"), "instalment_amount": "60000"}
    said = refused(case, "plan_instalment", "supervisor", first, on="09-02")
    assert said == "The party has not asked in time."
    case.do("ask_deferral", "unit", ASKED, on="09-02")
    plan(case, ("10-30", "60000"), ("2027-06-01", "30000"), on="09-03")
    granted = {"deferred_until": day("2027-06-01")}
    said = refused(case, "defer", "leader", granted, on="09-04")
    assert said == "The instalments must make up the fine of 100,000.00 yuan; they make 90,000.00."
    plan(case, ("2027-06-01", "10000"), on="09-04")
    assert refused(case, "defer", "leader", granted, on="09-04") == (
        "The last instalment is due on 2027-06-01; it must lie before the last day to apply to the court."
    )
    case.do("refuse_deferral", "leader", {"reasons": "期限过长"}, on="09-04")
    assert {row.status for row in case.items("instalments")} == {"dropped"}
    plan(case, ("10-30", "60000"), ("2027-05-31", "40000"), on="09-05")
    said = refused(case, "defer", "leader", {"deferred_until": day("2027-05-30")}, on="09-06")
    assert said.startswith("The last instalment is due on 2027-05-31;")
    case.do("defer", "leader", {"deferred_until": day("2027-05-31")}, on="09-06")
    assert case.state == "deferred"
    assert [clock.due_on for clock in case.clocks("instalment") if clock.closed_at is None] == [
        day("10-30"), day("2027-05-31"),
    ]  # fmt: skip
    assert case.faults() == []


def deferred(town: Town, *parts: tuple[str, str]) -> Procedure:
    case = a_case(town).performed("09-01")
    case.do("ask_deferral", "unit", ASKED, on="09-02")
    plan(case, *parts, on="09-03")
    case.do("defer", "leader", {"deferred_until": day(parts[-1][0])}, on="09-04")
    return case


@AROUND
def test_an_instalment_that_is_missed_makes_it_all_overdue(town, days):
    """P33."""
    case = deferred(town, ("10-30", "60000"), ("11-30", "40000"))
    on = shifted("10-30", days)
    town.tick(f"{on} 00:00")
    assert case.state == ("overdue" if days > 0 else "deferred")
    case.pay("60000", on)
    row = case.row_of("instalments", 1)
    if days > 0:
        assert case.acts()[-3:-2] == ["miss_instalment"]
        assert case.running() == ["deferral_end", "instalment", "publication", "suit"]
    else:
        case.do("close_instalment", "supervisor", item_id=row, on=on)
        assert case.items("instalments")[0].status == "paid"
        assert case.clocks("instalment")[0].met_late is False
    assert case.faults() == []


def test_an_instalment_is_closed_by_money_that_covers_it(town):
    case = deferred(town, ("10-30", "60000"), ("11-30", "40000"))
    case.pay("59999.99", "10-01")
    row = case.row_of("instalments", 1)
    said = refused(case, "close_instalment", "supervisor", on="10-01", item_id=row)
    assert said == "No confirmed payment covers this instalment."
    case.pay("0.01", "10-02")
    case.do("close_instalment", "supervisor", item_id=row, on="10-02")
    case.pay("40000", "11-30")
    case.do("close_instalment", "supervisor", item_id=case.row_of("instalments", 2), on="11-30")
    case.settle("11-30")
    assert (case.state, "deferral_end" in case.running(), case.faults()) == ("closing", False, [])


# Demand, court ------------------------------------------------------------------------------------


def demand(case: Procedure, amount: str, *, on: str) -> Procedure:
    case.do("issue_demand", "supervisor", {"demanded": amount, "addressee": "示例"}, on=on)
    return case.serve("service_of_demand", on)


def test_the_sum_demanded_is_that_of_the_account(town):
    """7.1-17b and 18: ten days late, 3 % a day of 100,000 yuan."""
    case = a_case(town).performed("09-01")
    town.tick("09-26 12:00")
    typed = {"demanded": "100000", "addressee": "示例"}
    said = refused(case, "issue_demand", "supervisor", typed, on="09-26")
    assert (
        said == "The sum demanded must be that of the account, 130,000.00 yuan, surcharge included."
    )
    demand(case, "130000", on="09-26")
    assert (case.state, case.faults()) == ("demand_served", [])


def test_the_surcharge_never_exceeds_the_fine(town):
    case = a_case(town).performed("09-01")
    demand(case, "200000", on="12-01")
    assert case.state == "demand_served"


APPLIED = {"court": "示例人民法院", "enforcement_request": "强制执行罚款", "papers_complete": True}


def unpaid(town: Town) -> Procedure:
    """Served on Monday 2026-03-02 and never paid: a suit until 2 September, the court until 2 December."""
    return a_case(town, on="03-02", ended="02-10").performed("03-02")


def demanded(town: Town, *, on: str = "08-10") -> Procedure:
    """Demanded when the six months are nearly over."""
    return demand(unpaid(town), "200000", on=on)


@AROUND
def test_ten_working_days_after_the_demand(town, days):
    """AEL 54: served on Friday 2026-09-04."""
    case = demanded(town, on="09-04")
    assert case.due("demand") == day("09-18")
    on = shifted("09-18", days)
    if days > 0:
        case.do("apply_to_court", "leader", APPLIED, on=f"{on} 00:00")
        assert (case.state, case.due("court_acceptance")) == ("court_applied", day("09-24"))
    else:
        said = refused(case, "apply_to_court", "leader", APPLIED, on=f"{on} 23:00")
        assert said == "Ten working days since the demand was served have not passed."


@AROUND
def test_the_six_months_for_a_suit_are_waited_for(town, days):
    """ALL 46."""
    case = demanded(town)
    assert case.due("suit") == day("09-02")
    on = shifted("09-02", days)
    if days > 0:
        case.do("apply_to_court", "leader", APPLIED, on=f"{on} 00:00")
        assert case.state == "court_applied"
    else:
        said = refused(case, "apply_to_court", "leader", APPLIED, on=f"{on} 23:00")
        assert said == "The time for a remedy still runs, or one is under way."


@AROUND
def test_three_months_to_apply_to_the_court(town, days):
    """AEL 53. Then the right is lost."""
    case = demanded(town)
    town.tick("09-03 12:00")
    assert case.due("court_window") == day("12-02")
    on = shifted("12-02", days)
    if days > 0:
        said = refused(case, "apply_to_court", "leader", APPLIED, on=f"{on} 00:00")
        assert (
            said == "The three months to apply to the court ended on 2026-12-02: the right is lost."
        )
        assert case.acts()[-1] == "close_court_window"
    else:
        case.do("apply_to_court", "leader", APPLIED, on=f"{on} 23:00")
        assert (case.state, case.clock("court_window").met_late) == ("court_applied", False)
    assert case.faults() == []


def test_a_right_is_not_lost_on_a_day_that_is_not_arranged_yet(town):
    """A14: the holidays of 2027 are not announced, so the end of the six months is provisional."""
    case = a_case(town).performed("09-01")
    town.tick("2027-03-10 12:00")
    assert (case.due("suit"), "suit" in case.running()) == (day("2027-03-01"), True)
    assert "end_suit_time" not in case.acts()


def test_instalments_move_the_window_to_the_end_of_the_deferral(town):
    """APL 72: three months from the last day of the deferral."""
    case = unpaid(town)
    case.do("ask_deferral", "unit", ASKED, on="03-03")
    plan(case, ("03-31", "60000"), ("09-15", "40000"), on="03-04")
    case.do("defer", "leader", {"deferred_until": day("09-15")}, on="03-05")
    town.tick("04-01 12:00")
    assert case.state == "overdue"
    town.tick("09-03 12:00")
    assert case.due("court_window") == day("12-02")
    town.tick("09-16 12:00")
    assert case.acts()[-1] == "end_deferral"
    assert case.due("court_window") == day("12-15")
    assert case.faults() == []


def test_the_court_accepts_or_refuses_and_a_payment_ends_it_at_any_time(town):
    """P36, P31."""
    case = demanded(town)
    case.do("apply_to_court", "leader", APPLIED, on="09-03")
    case.do("note_court_refusal", "supervisor", received(reasons="材料不全"), on="09-07")
    assert (case.state, case.clock("court_acceptance").met_late) == ("overdue", False)
    demand(case, "200000", on="09-08")
    case.do("apply_to_court", "leader", APPLIED, on="09-23")
    case.pay("200000", "09-24").settle("09-24")
    assert (case.state, case.faults()) == ("closing", [])


def test_the_party_may_plead_against_the_demand(town):
    """AEL 54."""
    case = demanded(town)
    case.do("answer_demand", "unit", {"demand_plea": "已申请复议"}, on="08-11")
    assert case.state == "demand_served"


# Reconsideration, suit ----------------------------------------------------------------------------


def remedy(case: Procedure, kind: str, *, on: str) -> None:
    typed = received(remedy_kind=kind, filed_on=day(on))
    case.do("record_remedy", "supervisor", typed, on=on)


def ended(case: Procedure, outcome: str, *, on: str) -> None:
    typed = {"ended_on": day(on), "outcome": outcome}
    case.town.tick(f"{on} 12:00")
    case.children("remedies")[-1].fire("end", "supervisor", typed, at=f"{on} 12:00")


def test_nothing_is_added_while_a_reconsideration_lasts(town):
    """APL 73: late since 17 September, brought on the 20th, ended on 20 October."""
    case = a_case(town).performed("09-01")
    town.tick("09-20 12:00")
    remedy(case, "reconsideration", on="09-20")
    said = refused(
        case,
        "record_remedy",
        "supervisor",
        received(remedy_kind="suit", filed_on=day("09-21")),
        on="09-21",
    )
    assert said == "A reconsideration or a suit is under way."
    ended(case, "upheld", on="10-20")
    assert case.acts()[-1] == "reconsideration_ends"
    assert (case.due("suit_after_reconsideration"), "suit" in case.running()) == (
        day("11-04"),
        False,
    )
    typed = {"demanded": "112000", "addressee": "示例"}
    said = refused(case, "issue_demand", "supervisor", typed, on="10-21")
    assert "115,000.00 yuan" in said, "17 to 20 September and 21 October: five days"
    assert case.faults() == []


@AROUND
def test_fifteen_days_for_a_suit_after_the_reconsideration(town, days):
    """ALL 45: ended on 2026-10-20, until Wednesday 4 November."""
    case = a_case(town).performed("09-01")
    remedy(case, "reconsideration", on="09-10")
    ended(case, "upheld", on="10-20")
    case.town.tick("10-21 12:00")
    on = shifted("11-04", days)
    town.tick(f"{on} 00:00")
    assert (case.acts()[-1] == "end_suit_time_after_reconsideration") == (days > 0)
    if days > 0:
        assert case.due("court_window") == day("2027-02-04")


def test_a_suit_keeps_the_court_closed_until_it_ends(town):
    case = demanded(town)
    remedy(case, "suit", on="08-20")
    town.tick("09-03 12:00")
    said = refused(case, "apply_to_court", "leader", APPLIED, on="09-10")
    assert said == "The time for a remedy still runs, or one is under way."
    ended(case, "upheld", on="11-20")
    assert case.acts()[-1] == "suit_ends"
    case.do("apply_to_court", "leader", APPLIED, on="11-23")
    assert (case.state, case.faults()) == ("court_applied", [])
