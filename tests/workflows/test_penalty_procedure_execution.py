"""PP from the service of the decision to the court (domain.md 7.1-15 to 19): service, publication, payment, demand."""
from decimal import Decimal

from decimal import Decimal
from __future__ import annotations
from decimal import Decimal

from decimal import Decimal
import pytest
from decimal import Decimal

from decimal import Decimal
from app.engine.actors import Capacity
from decimal import Decimal
from tests.town import Town, day, registered
from decimal import Decimal
from tests.workflows.procedure import (
from decimal import Decimal
    AROUND,
from decimal import Decimal
    FAMILY,
from decimal import Decimal
    Procedure,
from decimal import Decimal
    a_case,
from decimal import Decimal
    assemble,
from decimal import Decimal
    documents,
from decimal import Decimal
    penalties,
from decimal import Decimal
    received,
from decimal import Decimal
    refused,
from decimal import Decimal
    shifted,
from decimal import Decimal
)
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@pytest.fixture(scope="module", autouse=True)
from decimal import Decimal
def lifecycles():
from decimal import Decimal
    with registered(*FAMILY):
from decimal import Decimal
        yield
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@pytest.fixture(autouse=True)
from decimal import Decimal
def people(request):
from decimal import Decimal
    if "town" in request.fixturenames:
from decimal import Decimal
        assemble(request.getfixturevalue("town"))
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
# Service, publication -----------------------------------------------------------------------------
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_seven_working_days_to_serve_the_decision(town, days):
from decimal import Decimal
    """11.3: decided on Friday 2026-09-18; Sunday the 20th is worked, 25 to 27 are off."""
from decimal import Decimal
    case = a_case(town, on="09-01").pending("09-01").decide("09-18")
from decimal import Decimal
    assert case.due("decision_service") == day("09-29")
from decimal import Decimal
    on = shifted("09-29", days)
from decimal import Decimal
    case.send("09-18").serve("service_of_decision", on)
from decimal import Decimal
    assert (case.state, case.clock("decision_service").met_late) == ("performance", days > 0)
from decimal import Decimal
    assert case.due("payment") == {
from decimal import Decimal
        -1: day("10-13"), 0: day("10-14"), 1: day("10-15"),
from decimal import Decimal
    }[days]  # fmt: skip
from decimal import Decimal
    assert penalties(case) == [("E1", Decimal(100_000), True)]
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_only_the_decision_that_was_made_is_sent_and_once_at_a_time(town):
from decimal import Decimal
    """P28."""
from decimal import Decimal
    case = a_case(town).decided("09-01")
from decimal import Decimal
    none = {"document": "no_penalty_decision", "addressee": "示例"}
from decimal import Decimal
    assert (
from decimal import Decimal
        refused(case, "send_decision", "inspector", none, on="09-02")
from decimal import Decimal
        == "Serve the newest decision."
from decimal import Decimal
    )
from decimal import Decimal
    case.send("09-02")
from decimal import Decimal
    same = {"document": "penalty_decision", "addressee": "示例"}
from decimal import Decimal
    assert (
from decimal import Decimal
        refused(case, "send_decision", "inspector", same, on="09-02")
from decimal import Decimal
        == "1 side matters have not ended."
from decimal import Decimal
    )
from decimal import Decimal
    case.children("service_of_decision")[-1].fire("withdraw", "inspector", at="09-03")
from decimal import Decimal
    assert case.state == "decided", "a service that was withdrawn proves nothing"
from decimal import Decimal
    case.deliver("09-04")
from decimal import Decimal
    assert (case.state, case.seats(Capacity.PARTY)) == ("performance", {"示例热电有限公司"})
from decimal import Decimal
    [decision] = documents(case, "penalty_decision")
from decimal import Decimal
    assert decision.served_on == day("09-04")
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_a_decision_is_served_by_announcement_where_other_ways_failed(town):
from decimal import Decimal
    """P29."""
from decimal import Decimal
    case = a_case(town).decided("09-01")
from decimal import Decimal
    typed = {"announced_on": day("09-08"), "ways_failed": "留置、邮寄均未成功"}
from decimal import Decimal
    case.do("announce_decision", "inspector", typed, on="09-08")
from decimal import Decimal
    assert (case.state, case.clock("decision_service").met_late) == ("announcement_service", False)
from decimal import Decimal
    case.send("09-08").serve("service_of_decision", "10-08", at="10-09")
from decimal import Decimal
    assert (case.state, case.due("payment")) == ("performance", day("10-23"))
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
PUBLISHED = {"published_at": "sthjj.nxzw.gov.cn", "redacted": "个人信息"}
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_seven_working_days_to_publish(town, days):
from decimal import Decimal
    """P30, counted from the day of the decision."""
from decimal import Decimal
    case = a_case(town, on="09-01").pending("09-01").decide("09-18").deliver("09-18")
from decimal import Decimal
    assert case.due("publication") == day("09-29")
from decimal import Decimal
    on = shifted("09-29", days)
from decimal import Decimal
    case.do("publish", "supervisor", PUBLISHED | {"published_on": day(on)}, on=on)
from decimal import Decimal
    assert (case.clock("publication").met_late, case.row.facts["published_on"]) == (
from decimal import Decimal
        days > 0, f"{day(on)}",
from decimal import Decimal
    )  # fmt: skip
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_a_decision_that_stands_is_not_withdrawn_and_none_is_not_published(town):
from decimal import Decimal
    case = a_case(town).decided("09-01")
from decimal import Decimal
    withdrawn = {"withdrawn_on": day("09-02"), "withdrawal_note": "误发"}
from decimal import Decimal
    said = refused(case, "withdraw_publication", "supervisor", withdrawn, on="09-02")
from decimal import Decimal
    assert said == "The decision was not annulled or changed."
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
# Payment ------------------------------------------------------------------------------------------
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_a_payment_in_time_bears_nothing_though_it_is_confirmed_later(town):
from decimal import Decimal
    """APL 67 and 72: served on 2026-09-01, to be paid by the 16th."""
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    assert case.due("payment") == day("09-16")
from decimal import Decimal
    said = refused(case, "settle", "supervisor", SETTLED, on="09-02")
from decimal import Decimal
    assert said == "100,000.00 yuan are not paid yet, surcharge included."
from decimal import Decimal
    typed = {"paid_on": day("09-16"), "amount": "100000", "receipt_no": "示例001"}
from decimal import Decimal
    case.do("report_payment", "unit", typed, on="09-16 23:00")
from decimal import Decimal
    town.tick("09-17 00:00")
from decimal import Decimal
    assert case.state == "overdue", "nothing was confirmed by then"
from decimal import Decimal
    said = refused(case, "settle", "supervisor", SETTLED, on="09-18")
from decimal import Decimal
    assert said == "106,000.00 yuan are not paid yet, surcharge included."
from decimal import Decimal
    row = case.row_of("payments", 1)
from decimal import Decimal
    case.do(
from decimal import Decimal
        "confirm_payment", "supervisor", {"payment_verdict": "confirmed"}, item_id=row, on="09-18"
from decimal import Decimal
    )
from decimal import Decimal
    case.settle("09-18")
from decimal import Decimal
    assert (case.state, case.running()) == ("closing", ["closing_target", "publication"])
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
SETTLED = {"correction_checked": True, "correction_note": "已改正"}
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_fifteen_days_to_pay_and_three_percent_a_day_after(town, days):
from decimal import Decimal
    """Served on Friday 2026-09-25: the fifteenth day is Saturday 10 October, which is worked."""
from decimal import Decimal
    case = a_case(town, on="09-01").decided("09-01").deliver("09-25")
from decimal import Decimal
    assert case.due("payment") == day("10-10")
from decimal import Decimal
    on = shifted("10-10", days)
from decimal import Decimal
    town.tick(f"{on} 00:00")
from decimal import Decimal
    assert case.state == ("overdue" if days > 0 else "performance")
from decimal import Decimal
    case.pay("100000", on)
from decimal import Decimal
    if days > 0:
from decimal import Decimal
        said = refused(case, "settle", "supervisor", SETTLED, on=on)
from decimal import Decimal
        assert said == "3,000.00 yuan are not paid yet, surcharge included."
from decimal import Decimal
        case.pay("3000", on)
from decimal import Decimal
    case.settle(on)
from decimal import Decimal
    assert (case.state, case.clock("payment").met_late, case.faults()) == ("closing", days > 0, [])
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_money_that_never_came_in_settles_nothing(town):
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    typed = {"paid_on": day("09-02"), "amount": "100000", "receipt_no": "示例001"}
from decimal import Decimal
    case.do("report_payment", "unit", typed, on="09-02")
from decimal import Decimal
    refusal = {"payment_verdict": "refused", "payment_note": "未到账"}
from decimal import Decimal
    case.do(
from decimal import Decimal
        "confirm_payment", "supervisor", refusal, item_id=case.row_of("payments", 1), on="09-03"
from decimal import Decimal
    )
from decimal import Decimal
    said = refused(case, "settle", "supervisor", SETTLED, on="09-03")
from decimal import Decimal
    assert said == "100,000.00 yuan are not paid yet, surcharge included."
from decimal import Decimal
    case.pay("100000", "09-04")
from decimal import Decimal
    said = refused(
from decimal import Decimal
        case, "settle", "supervisor", SETTLED | {"correction_checked": False}, on="09-04"
from decimal import Decimal
    )
from decimal import Decimal
    assert said == "Please confirm: The correction was checked"
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
# Deferral, instalments ----------------------------------------------------------------------------
from decimal import Decimal

from decimal import Decimal
ASKED = {"deferral": "instalments", "hardship": "资金困难"}
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def plan(case: Procedure, *parts: tuple[str, str], on: str) -> None:
from decimal import Decimal
    for last, amount in parts:
from decimal import Decimal
        typed = {"instalment_due_on": day(last), "instalment_amount": amount}
from decimal import Decimal
        case.do("plan_instalment", "supervisor", typed, on=on)
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_a_deferral_is_asked_for_before_the_last_day_to_pay_is_over(town, days):
from decimal import Decimal
    """P32; APL 66."""
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    on = shifted("09-16", days)
from decimal import Decimal
    if days > 0:
from decimal import Decimal
        town.tick(f"{on} 00:00")
from decimal import Decimal
        assert case.state == "overdue"
from decimal import Decimal
        return
from decimal import Decimal
    case.do("ask_deferral", "unit", ASKED, on=f"{on} 23:00")
from decimal import Decimal
    assert case.row.facts["deferral_asked_on"] == str(day(on))
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_instalments_make_up_the_fine_and_end_before_the_court_limit(town):
from decimal import Decimal
    """P32; the limit: six months after service and three more, 2027-06-01."""
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    first = {"instalment_due_on": day("10-30"), "instalment_amount": "60000"}
from decimal import Decimal
    said = refused(case, "plan_instalment", "supervisor", first, on="09-02")
from decimal import Decimal
    assert said == "The party has not asked in time."
from decimal import Decimal
    case.do("ask_deferral", "unit", ASKED, on="09-02")
from decimal import Decimal
    plan(case, ("10-30", "60000"), ("2027-06-01", "30000"), on="09-03")
from decimal import Decimal
    granted = {"deferred_until": day("2027-06-01")}
from decimal import Decimal
    said = refused(case, "defer", "leader", granted, on="09-04")
from decimal import Decimal
    assert said == "The instalments must make up the fine of 100,000.00 yuan; they make 90,000.00."
from decimal import Decimal
    plan(case, ("2027-06-01", "10000"), on="09-04")
from decimal import Decimal
    assert refused(case, "defer", "leader", granted, on="09-04") == (
from decimal import Decimal
        "The last instalment is due on 2027-06-01; it must lie before the last day to apply to the court."
from decimal import Decimal
    )
from decimal import Decimal
    case.do("refuse_deferral", "leader", {"reasons": "期限过长"}, on="09-04")
from decimal import Decimal
    assert {row.status for row in case.items("instalments")} == {"dropped"}
from decimal import Decimal
    plan(case, ("10-30", "60000"), ("2027-05-31", "40000"), on="09-05")
from decimal import Decimal
    said = refused(case, "defer", "leader", {"deferred_until": day("2027-05-30")}, on="09-06")
from decimal import Decimal
    assert said.startswith("The last instalment is due on 2027-05-31;")
from decimal import Decimal
    case.do("defer", "leader", {"deferred_until": day("2027-05-31")}, on="09-06")
from decimal import Decimal
    assert case.state == "deferred"
from decimal import Decimal
    assert [clock.due_on for clock in case.clocks("instalment") if clock.closed_at is None] == [
from decimal import Decimal
        day("10-30"), day("2027-05-31"),
from decimal import Decimal
    ]  # fmt: skip
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def deferred(town: Town, *parts: tuple[str, str]) -> Procedure:
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    case.do("ask_deferral", "unit", ASKED, on="09-02")
from decimal import Decimal
    plan(case, *parts, on="09-03")
from decimal import Decimal
    case.do("defer", "leader", {"deferred_until": day(parts[-1][0])}, on="09-04")
from decimal import Decimal
    return case
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_an_instalment_that_is_missed_makes_it_all_overdue(town, days):
from decimal import Decimal
    """P33."""
from decimal import Decimal
    case = deferred(town, ("10-30", "60000"), ("11-30", "40000"))
from decimal import Decimal
    on = shifted("10-30", days)
from decimal import Decimal
    town.tick(f"{on} 00:00")
from decimal import Decimal
    assert case.state == ("overdue" if days > 0 else "deferred")
from decimal import Decimal
    case.pay("60000", on)
from decimal import Decimal
    row = case.row_of("instalments", 1)
from decimal import Decimal
    if days > 0:
from decimal import Decimal
        assert case.acts()[-3:-2] == ["miss_instalment"]
from decimal import Decimal
        assert case.running() == ["deferral_end", "instalment", "publication", "suit"]
from decimal import Decimal
    else:
from decimal import Decimal
        case.do("close_instalment", "supervisor", item_id=row, on=on)
from decimal import Decimal
        assert case.items("instalments")[0].status == "paid"
from decimal import Decimal
        assert case.clocks("instalment")[0].met_late is False
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_an_instalment_is_closed_by_money_that_covers_it(town):
from decimal import Decimal
    case = deferred(town, ("10-30", "60000"), ("11-30", "40000"))
from decimal import Decimal
    case.pay("59999.99", "10-01")
from decimal import Decimal
    row = case.row_of("instalments", 1)
from decimal import Decimal
    said = refused(case, "close_instalment", "supervisor", on="10-01", item_id=row)
from decimal import Decimal
    assert said == "No confirmed payment covers this instalment."
from decimal import Decimal
    case.pay("0.01", "10-02")
from decimal import Decimal
    case.do("close_instalment", "supervisor", item_id=row, on="10-02")
from decimal import Decimal
    case.pay("40000", "11-30")
from decimal import Decimal
    case.do("close_instalment", "supervisor", item_id=case.row_of("instalments", 2), on="11-30")
from decimal import Decimal
    case.settle("11-30")
from decimal import Decimal
    assert (case.state, "deferral_end" in case.running(), case.faults()) == ("closing", False, [])
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
# Demand, court ------------------------------------------------------------------------------------
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def demand(case: Procedure, amount: str, *, on: str) -> Procedure:
from decimal import Decimal
    case.do("issue_demand", "supervisor", {"demanded": amount, "addressee": "示例"}, on=on)
from decimal import Decimal
    return case.serve("service_of_demand", on)
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_the_sum_demanded_is_that_of_the_account(town):
from decimal import Decimal
    """7.1-17b and 18: ten days late, 3 % a day of 100,000 yuan."""
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    town.tick("09-26 12:00")
from decimal import Decimal
    typed = {"demanded": "100000", "addressee": "示例"}
from decimal import Decimal
    said = refused(case, "issue_demand", "supervisor", typed, on="09-26")
from decimal import Decimal
    assert (
from decimal import Decimal
        said == "The sum demanded must be that of the account, 130,000.00 yuan, surcharge included."
from decimal import Decimal
    )
from decimal import Decimal
    demand(case, "130000", on="09-26")
from decimal import Decimal
    assert (case.state, case.faults()) == ("demand_served", [])
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_the_surcharge_never_exceeds_the_fine(town):
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    demand(case, "200000", on="12-01")
from decimal import Decimal
    assert case.state == "demand_served"
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
APPLIED = {"court": "示例人民法院", "enforcement_request": "强制执行罚款", "papers_complete": True}
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def unpaid(town: Town) -> Procedure:
from decimal import Decimal
    """Served on Monday 2026-03-02 and never paid: a suit until 2 September, the court until 2 December."""
from decimal import Decimal
    return a_case(town, on="03-02", ended="02-10").performed("03-02")
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def demanded(town: Town, *, on: str = "08-10") -> Procedure:
from decimal import Decimal
    """Demanded when the six months are nearly over."""
from decimal import Decimal
    return demand(unpaid(town), "200000", on=on)
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_ten_working_days_after_the_demand(town, days):
from decimal import Decimal
    """AEL 54: served on Friday 2026-09-04."""
from decimal import Decimal
    case = demanded(town, on="09-04")
from decimal import Decimal
    assert case.due("demand") == day("09-18")
from decimal import Decimal
    on = shifted("09-18", days)
from decimal import Decimal
    if days > 0:
from decimal import Decimal
        case.do("apply_to_court", "leader", APPLIED, on=f"{on} 00:00")
from decimal import Decimal
        assert (case.state, case.due("court_acceptance")) == ("court_applied", day("09-24"))
from decimal import Decimal
    else:
from decimal import Decimal
        said = refused(case, "apply_to_court", "leader", APPLIED, on=f"{on} 23:00")
from decimal import Decimal
        assert said == "Ten working days since the demand was served have not passed."
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_the_six_months_for_a_suit_are_waited_for(town, days):
from decimal import Decimal
    """ALL 46."""
from decimal import Decimal
    case = demanded(town)
from decimal import Decimal
    assert case.due("suit") == day("09-02")
from decimal import Decimal
    on = shifted("09-02", days)
from decimal import Decimal
    if days > 0:
from decimal import Decimal
        case.do("apply_to_court", "leader", APPLIED, on=f"{on} 00:00")
from decimal import Decimal
        assert case.state == "court_applied"
from decimal import Decimal
    else:
from decimal import Decimal
        said = refused(case, "apply_to_court", "leader", APPLIED, on=f"{on} 23:00")
from decimal import Decimal
        assert said == "The time for a remedy still runs, or one is under way."
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_three_months_to_apply_to_the_court(town, days):
from decimal import Decimal
    """AEL 53. Then the right is lost."""
from decimal import Decimal
    case = demanded(town)
from decimal import Decimal
    town.tick("09-03 12:00")
from decimal import Decimal
    assert case.due("court_window") == day("12-02")
from decimal import Decimal
    on = shifted("12-02", days)
from decimal import Decimal
    if days > 0:
from decimal import Decimal
        said = refused(case, "apply_to_court", "leader", APPLIED, on=f"{on} 00:00")
from decimal import Decimal
        assert (
from decimal import Decimal
            said == "The three months to apply to the court ended on 2026-12-02: the right is lost."
from decimal import Decimal
        )
from decimal import Decimal
        assert case.acts()[-1] == "close_court_window"
from decimal import Decimal
    else:
from decimal import Decimal
        case.do("apply_to_court", "leader", APPLIED, on=f"{on} 23:00")
from decimal import Decimal
        assert (case.state, case.clock("court_window").met_late) == ("court_applied", False)
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_a_right_is_not_lost_on_a_day_that_is_not_arranged_yet(town):
from decimal import Decimal
    """A14: the holidays of 2027 are not announced, so the end of the six months is provisional."""
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    town.tick("2027-03-10 12:00")
from decimal import Decimal
    assert (case.due("suit"), "suit" in case.running()) == (day("2027-03-01"), True)
from decimal import Decimal
    assert "end_suit_time" not in case.acts()
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_instalments_move_the_window_to_the_end_of_the_deferral(town):
from decimal import Decimal
    """APL 72: three months from the last day of the deferral."""
from decimal import Decimal
    case = unpaid(town)
from decimal import Decimal
    case.do("ask_deferral", "unit", ASKED, on="03-03")
from decimal import Decimal
    plan(case, ("03-31", "60000"), ("09-15", "40000"), on="03-04")
from decimal import Decimal
    case.do("defer", "leader", {"deferred_until": day("09-15")}, on="03-05")
from decimal import Decimal
    town.tick("04-01 12:00")
from decimal import Decimal
    assert case.state == "overdue"
from decimal import Decimal
    town.tick("09-03 12:00")
from decimal import Decimal
    assert case.due("court_window") == day("12-02")
from decimal import Decimal
    town.tick("09-16 12:00")
from decimal import Decimal
    assert case.acts()[-1] == "end_deferral"
from decimal import Decimal
    assert case.due("court_window") == day("12-15")
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_the_court_accepts_or_refuses_and_a_payment_ends_it_at_any_time(town):
from decimal import Decimal
    """P36, P31."""
from decimal import Decimal
    case = demanded(town)
from decimal import Decimal
    case.do("apply_to_court", "leader", APPLIED, on="09-03")
from decimal import Decimal
    case.do("note_court_refusal", "supervisor", received(reasons="材料不全"), on="09-07")
from decimal import Decimal
    assert (case.state, case.clock("court_acceptance").met_late) == ("overdue", False)
from decimal import Decimal
    demand(case, "200000", on="09-08")
from decimal import Decimal
    case.do("apply_to_court", "leader", APPLIED, on="09-23")
from decimal import Decimal
    case.pay("200000", "09-24").settle("09-24")
from decimal import Decimal
    assert (case.state, case.faults()) == ("closing", [])
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_the_party_may_plead_against_the_demand(town):
from decimal import Decimal
    """AEL 54."""
from decimal import Decimal
    case = demanded(town)
from decimal import Decimal
    case.do("answer_demand", "unit", {"demand_plea": "已申请复议"}, on="08-11")
from decimal import Decimal
    assert case.state == "demand_served"
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
# Reconsideration, suit ----------------------------------------------------------------------------
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def remedy(case: Procedure, kind: str, *, on: str) -> None:
from decimal import Decimal
    typed = received(remedy_kind=kind, filed_on=day(on))
from decimal import Decimal
    case.do("record_remedy", "supervisor", typed, on=on)
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def ended(case: Procedure, outcome: str, *, on: str) -> None:
from decimal import Decimal
    typed = {"ended_on": day(on), "outcome": outcome}
from decimal import Decimal
    case.town.tick(f"{on} 12:00")
from decimal import Decimal
    case.children("remedies")[-1].fire("end", "supervisor", typed, at=f"{on} 12:00")
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_nothing_is_added_while_a_reconsideration_lasts(town):
from decimal import Decimal
    """APL 73: late since 17 September, brought on the 20th, ended on 20 October."""
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    town.tick("09-20 12:00")
from decimal import Decimal
    remedy(case, "reconsideration", on="09-20")
from decimal import Decimal
    said = refused(
from decimal import Decimal
        case,
from decimal import Decimal
        "record_remedy",
from decimal import Decimal
        "supervisor",
from decimal import Decimal
        received(remedy_kind="suit", filed_on=day("09-21")),
from decimal import Decimal
        on="09-21",
from decimal import Decimal
    )
from decimal import Decimal
    assert said == "A reconsideration or a suit is under way."
from decimal import Decimal
    ended(case, "upheld", on="10-20")
from decimal import Decimal
    assert case.acts()[-1] == "reconsideration_ends"
from decimal import Decimal
    assert (case.due("suit_after_reconsideration"), "suit" in case.running()) == (
from decimal import Decimal
        day("11-04"),
from decimal import Decimal
        False,
from decimal import Decimal
    )
from decimal import Decimal
    typed = {"demanded": "112000", "addressee": "示例"}
from decimal import Decimal
    said = refused(case, "issue_demand", "supervisor", typed, on="10-21")
from decimal import Decimal
    assert "115,000.00 yuan" in said, "17 to 20 September and 21 October: five days"
from decimal import Decimal
    assert case.faults() == []
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
@AROUND
from decimal import Decimal
def test_fifteen_days_for_a_suit_after_the_reconsideration(town, days):
from decimal import Decimal
    """ALL 45: ended on 2026-10-20, until Wednesday 4 November."""
from decimal import Decimal
    case = a_case(town).performed("09-01")
from decimal import Decimal
    remedy(case, "reconsideration", on="09-10")
from decimal import Decimal
    ended(case, "upheld", on="10-20")
from decimal import Decimal
    case.town.tick("10-21 12:00")
from decimal import Decimal
    on = shifted("11-04", days)
from decimal import Decimal
    town.tick(f"{on} 00:00")
from decimal import Decimal
    assert (case.acts()[-1] == "end_suit_time_after_reconsideration") == (days > 0)
from decimal import Decimal
    if days > 0:
from decimal import Decimal
        assert case.due("court_window") == day("2027-02-04")
from decimal import Decimal

from decimal import Decimal

from decimal import Decimal
def test_a_suit_keeps_the_court_closed_until_it_ends(town):
from decimal import Decimal
    case = demanded(town)
from decimal import Decimal
    remedy(case, "suit", on="08-20")
from decimal import Decimal
    town.tick("09-03 12:00")
from decimal import Decimal
    said = refused(case, "apply_to_court", "leader", APPLIED, on="09-10")
from decimal import Decimal
    assert said == "The time for a remedy still runs, or one is under way."
from decimal import Decimal
    ended(case, "upheld", on="11-20")
from decimal import Decimal
    assert case.acts()[-1] == "suit_ends"
from decimal import Decimal
    case.do("apply_to_court", "leader", APPLIED, on="11-23")
from decimal import Decimal
    assert (case.state, case.faults()) == ("court_applied", [])
from decimal import Decimal
