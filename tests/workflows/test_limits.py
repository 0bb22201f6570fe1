"""Limits of SM-1 beside the main line: dates of the year, other anchors, late records, old ties."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.cases.errors import BadInputs, TransitionRefused
from app.demo import stories as s
from app.demo.stories import Beat, received
from app.engine.definition import Expiry
from app.registers.models import AgencyTie, TieKind
from app.workflows.verification import Verification
from tests.laws import written
from tests.town import Town, day, instant
from tests.year import UP_TO_CONCLUSION, UP_TO_GROUP, UP_TO_ISSUE, UP_TO_RESULT, Year, a_year

[ARRANGE], [NOTIFY], [OBJECT], [DECIDE] = s.ARRANGED, s.NOTIFIED, s.OBJECTED, s.DECIDED
UNANSWERED = Beat("estimate_unanswered", "verifier", {"estimation_reasons": "逾期未答复。"}, wait=6)
WAIVE = Beat(
    "waive_visit", "supervisor",
    received("宁环核〔2026〕11号", clean_years=2, no_doubt=True, region_consents=True), wait=1,
)  # fmt: skip
REOPEN = received("（2026）宁05行终2号", reopening_grounds="撤销原核查结果。")


# Dates of the year --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sector", "due"),
    [("power", "06-30"), ("steel", "07-31"), ("cement", "07-31"), ("aluminium", "07-31")],
)
@pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])
def test_the_year_has_a_date_for_each_sector_of_the_market(town, sector, due, days):
    """Y-02 and Y-03: whoever notifies the result on the last day is in time."""
    year = a_sector(town, sector).file().play(UP_TO_CONCLUSION, until="06-12")
    clock = year.clock("verification_end")
    assert (clock.due_on, clock.expiry) == (day(due), Expiry.AUTHORITY_BREACH)
    on = day(due) + timedelta(days)
    town.tick(f"{on} 00:00")
    assert year.state == "conclusion_submitted", "the breach of an authority moves nothing"
    expired = instant(f"{due} 23:59:59") if days > 0 else None
    assert year.clock("verification_end").expired_at == expired
    year.do(NOTIFY, on=str(on))
    assert year.clock("verification_end").met_late == (days > 0)


def test_what_the_city_monitors_alone_has_no_date_of_the_year(town):
    year = a_sector(town, "other")
    assert year.clocks("verification_end") == []
    assert year.due("report_filing") == day("03-31")


def a_sector(town: Town, sector: str) -> Year:
    about = town.open(Verification, "supervisor", {"sector": sector}, at="01-05", subject="redian")
    return Year(town, about.id, about.opened)


@pytest.mark.parametrize("days", [0, 1], ids=["on", "after"])
@pytest.mark.parametrize(
    ("opened", "clock", "filed_by"),
    [("return", "report_supplement", "03-13"), ("cure", "report_cure", "04-15")],
)
def test_a_report_asked_for_again_comes_through_the_day_that_was_set(
    town, opened, clock, filed_by, days
):
    year = a_year(town)
    if opened == "return":
        year.file("03-02").do(s.RETURNED_FOR_COMPLETENESS, on="03-03", supplement_by=day(filed_by))
    else:
        town.tick("04-01 00:00")
        year.fire("set_cure_date", "supervisor", {"cure_by": day(filed_by)}, at="04-01")
    assert year.due(clock) == day(filed_by)
    on = day(filed_by) + timedelta(days)
    town.tick(f"{on} 00:00")
    overdue = opened == "cure" or days > 0
    assert year.state == ("report_overdue" if overdue else "report_due")
    year.file(str(on))
    assert year.state == "report_submitted"
    clock_now = year.clock(clock)
    assert (clock_now.expired_at is not None) == (days > 0)
    assert not (clock_now.met_late and days == 0)


# The conclusion: five working days from each of its anchors ------------------------------------------


def unanswered(town: Town) -> Year:
    return a_year(town).file().play([*UP_TO_ISSUE, UNANSWERED], until="09-28")


def without_report(town: Town) -> Year:
    year = a_year(town)
    town.tick("04-01 00:00")
    year.fire("set_cure_date", "supervisor", {"cure_by": "2026-09-27"}, at="04-01")
    typed = received(
        "宁环核函〔2026〕7号", agency=town.organisation_of("qingyuan"), default_factors="缺省值"
    )
    year.fire("estimate_without_report", "supervisor", typed, at="09-28")
    return year


def reopened(town: Town) -> Year:
    beats = [*UP_TO_RESULT, *s.OBJECTED, *s.DECIDED]
    year = a_year(town).file().play(beats, until="09-24")
    year.fire("reopen_by_decision", "supervisor", REOPEN, at="09-28")
    return year


@pytest.mark.parametrize("begun", [unanswered, without_report, reopened])
@pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])
def test_the_conclusion_is_due_five_working_days_after(town, begun, days):
    year = begun(town)
    clock = year.clock("conclusion")
    # 29 and 30 September, 8, 9 and, a Saturday that is worked, 10 October.
    assert (clock.anchor_on, clock.due_on) == (day("09-28"), day("10-10"))
    on = str(day("10-10") + timedelta(days))
    town.tick(f"{on} 00:00")
    if year.state == "conservative_estimation":
        year.do(s.ESTIMATED, on=on)
    town.tick(f"{on} 01:00")
    assert (year.clock("conclusion").expired_at is not None) == (days > 0)
    year.do(s.CONCLUDED, on=on)
    assert (year.state, year.clock("conclusion").met_late) == ("conclusion_submitted", days > 0)
    assert year.faults() == []


def test_nonconformities_void_the_clock_of_the_conclusion_until_they_are_answered(town):
    year = a_year(town).file().play(UP_TO_ISSUE, until="09-18")
    old = year.clock("conclusion")
    assert (old.voided_seq, old.met_seq) == (year.row.last_seq, None)
    assert "conclusion" not in year.running()
    year.do([*s.NC_ANSWERED, *s.NC_SUBMITTED], on="09-21")
    assert (year.clock("conclusion").anchor_on, year.due("conclusion")) == (
        day("09-21"),
        day("09-29"),
    )


# Entered late: the clock starts on the day it happened ------------------------------------------------


@pytest.mark.parametrize("days", [0, 1], ids=["in time", "late"])
def test_a_decision_recorded_late_is_judged_by_the_day_it_was_made(town, days):
    year = a_year(town).file().play([*UP_TO_RESULT, *s.OBJECTED], until="09-18")
    assert year.due("objection_decision") == day("10-09")
    town.tick("10-12 00:00")  # flagged: nobody had told of a decision
    assert year.acts()[-1] == "deadline_passed"
    made = day("10-09") + timedelta(days)
    typed, scan = year.typed(DECIDE, on="10-13"), year.paper("supervisor", at="10-13")
    year.fire(
        "decide_objection", "supervisor", typed, at="10-13", occurred=f"{made} 16:00",
        late_reason="来文 10 月 13 日收到", proof=[scan],
    )  # fmt: skip
    clock = year.clock("objection_decision")
    assert clock.expired_at == instant("10-09 23:59:59"), "a flag is never deleted"
    assert (clock.met_at, clock.met_late) == (instant(f"{made} 16:00"), days > 0)
    assert year.clock("publication_of_result").anchor_on == made
    assert year.faults() == []


def test_a_visit_waived_by_the_region_counts_from_the_day_of_its_consent(town):
    year = a_year(town).file().play(UP_TO_GROUP, until="09-18")
    year.fire(
        "waive_visit", "supervisor", year.typed(WAIVE, on="09-24"), at="09-24", occurred="09-21",
        late_reason="来文 9 月 24 日收到",
    )  # fmt: skip
    assert (year.clock("conclusion").anchor_on, year.due("conclusion")) == (
        day("09-21"),
        day("09-29"),
    )


# The waiver ---------------------------------------------------------------------------------------


def test_nothing_is_waived_on_a_date_that_is_not_certain(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="05-18")
    clock = year.clock("objection")
    assert (clock.due_on, clock.provisional) == (day("05-27"), True)
    town.tick("07-20")
    assert (year.state, "lapse_objection" in year.acts()) == ("objection_window", False)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("proof", "Upload the scan of the paper you record."),
        ("late_reason", "Give the reason for the late entry."),
    ],
)
def test_no_waiver_is_withdrawn_without_the_paper_and_the_reason(town, missing, sentence):
    year = a_year(town).file().play(UP_TO_RESULT, until="09-18")
    town.tick("10-09 00:00")
    assert year.state == "result_final"
    scan = year.paper("inspector", at="10-12")
    said = {"late_reason": "邮戳 9 月 29 日", "proof": [scan]} | {missing: ()}
    with town.database.read() as session:
        before = written(session, year.id)
    with pytest.raises(BadInputs) as refusal:
        year.fire(
            "object_to_result", "inspector", {"grounds": "数值不符"}, at="10-12",
            occurred="09-29 16:00", **said,
        )  # fmt: skip
    assert refusal.value.label.en == sentence
    with town.database.read() as session:
        assert written(session, year.id) == before


def test_what_the_waiver_led_to_stands_again_when_the_withdrawn_objection_is_decided(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="09-18")
    town.tick("10-09 00:00")
    scan = year.paper("inspector", at="10-12")
    year.fire(
        "object_to_result", "inspector", {"grounds": "数值不符"}, at="10-12",
        occurred="09-29 16:00", late_reason="邮戳 9 月 29 日", proof=[scan],
    )  # fmt: skip
    first = year.clock("publication_of_result")
    assert first.voided_seq is not None
    year.do(DECIDE, on="10-13")
    again = year.clock("publication_of_result")
    assert (again.id == first.id, again.anchor_on) == (False, day("10-13"))
    assert year.faults() == []


# Ties that have ended -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "on", "counts"),
    [
        ("2023-06-10", "06-11", False),
        ("2023-06-11", "06-11", True),
        ("2023-06-12", "06-11", True),
        ("2023-06-15", "06-29", False),  # a month's 29th is a day like others
        ("2023-06-29", "06-29", True),
        (None, "06-11", True),
    ],
)
def test_a_tie_counts_for_three_years_after_its_end(town, ended, on, counts):
    year = a_year(town).file()
    tie = AgencyTie(
        agency_id=town.cast.agencies["qingyuan"].id, unit_id=year.row.subject_id,
        kind=TieKind.CONSULTING, since=date(2022, 1, 1),
        ended_on=date.fromisoformat(ended) if ended else None,
    )  # fmt: skip
    town.database.write(lambda session: session.add(tie))
    typed = year.typed(ARRANGE, on=on)
    try:
        if counts:
            with pytest.raises(TransitionRefused) as refusal:
                year.fire("arrange", "supervisor", typed, at=on)
            assert refusal.value.label.en.endswith("within 3 years (COI-3, COI-4).")
        else:
            year.fire("arrange", "supervisor", typed, at=on)
        assert year.state == ("report_submitted" if counts else "arranged")
    finally:
        town.database.write(lambda session: session.delete(session.merge(tie)))


@pytest.mark.parametrize("untrue", ["no_employment", "no_advice", "no_gift"])
def test_who_cannot_declare_independence_cannot_join_the_group(town, untrue):
    year = a_year(town).file().play([*s.ARRANGED, s.GROUP_FORMED[0]], until="09-18")
    with pytest.raises(BadInputs) as refusal:
        year.do(s.GROUP_FORMED[1], on="09-18", **{untrue: False})
    assert refusal.value.label.en.startswith("Please confirm: I ")
    with pytest.raises(TransitionRefused):
        year.fire("form_group", "verifier", at="09-21")
