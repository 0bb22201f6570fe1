"""The penalty desk: which rule, which range, and what a penalty makes necessary."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.law.acts import Act, Harm, Party
from app.law.candidates import Candidate, Weight
from app.law.desk import Proposal, check_amount, propose
from app.law.duties import Duties, Duty, Verdict
from app.law.errors import LawError
from app.law.penalties import Subject, conducts, crimes, grounds, open_points, penalty_rules
from app.law.sources import Mark
from app.law.terms import shipped_law

LAW = shipped_law()
O19_LAST, REG = date(2024, 4, 30), date(2024, 5, 1)
REG_LAST, CODE = date(2026, 8, 14), date(2026, 8, 15)
LATER = date(2026, 12, 1)
DAY = timedelta(1)
YES, DEPENDS, NO = Verdict.YES, Verdict.DEPENDS, Verdict.NO
PERSON: dict[str, Any] = {"subject": Subject.PERSON, "party": Party.NATURAL_PERSON}


def act(conduct: str, day: date, decided: date | None = None, **known: Any) -> Act:
    subject = Subject.UNIT
    if conduct in {"review_false", "test_report", "dual_role", "lab_rules"}:
        subject = Subject.AGENCY
    given_: dict[str, Any] = {
        "began_on": day,
        "ended_on": day,
        "decided_on": decided or day,
        "subject": subject,
        "party": Party.LEGAL_PERSON,
    }
    return Act(conduct=conduct, **{**given_, **known})


def proposal(conduct: str, day: date, decided: date | None = None, **known: Any) -> Proposal:
    return propose(act(conduct, day, decided, **known), LAW)


def chosen(found: Proposal) -> Candidate:
    assert found.chosen is not None
    return found.chosen


def duties(found: Proposal, fine: int | None = None) -> Duties:
    seen = found.duties if fine is None else found.duties_at(Decimal(fine), LAW)
    assert seen is not None
    return seen


def words(duty: Duty) -> list[str]:
    return [reason.label.zh for reason in duty.reasons]


def weights(found: Proposal) -> dict[str, Weight | None]:
    return {each.rule.key: each.weight for each in found.candidates}


# Which rule.


def test_a_continuing_act_is_judged_by_its_end():
    found = proposal("report_false", REG, began_on=date(2023, 1, 1))
    assert chosen(found).rule.key == "E6"
    assert [each.rule.key for each in found.candidates] == ["E6"]


def test_without_a_change_of_law_there_is_one_candidate_and_no_choice():
    found = proposal("accounting", REG, REG_LAST)
    assert weights(found) == {"E5": None}
    assert found.choices == ()


@pytest.mark.parametrize(
    ("conduct", "day", "decided", "compared", "key"),
    [
        ("report_false", O19_LAST, REG, {"E2-old": None, "E6": Weight.HEAVIER}, "E2-old"),
        ("report_missing", O19_LAST, CODE, {"E2-old": None, "E2": Weight.HEAVIER}, "E2-old"),
        ("report_missing", REG_LAST, CODE, {"E2": Weight.SAME}, "E2"),
        ("obstruction", REG_LAST, CODE, {"E9-reg": None, "E9-code": Weight.HEAVIER}, "E9-reg"),
        ("surrender", O19_LAST, CODE, {"E8-o19": None, "E8-code": Weight.HEAVIER, "E8-code-step2": Weight.HEAVIER}, "E8-o19"),
        ("control_plan", O19_LAST, REG, {"E1": Weight.HEAVIER}, ""),
    ],
)  # fmt: skip
def test_old_unless_new_is_lighter(conduct, day, decided, compared, key):
    found = proposal(conduct, day, decided)
    assert weights(found) == compared
    assert (chosen(found).rule.key if found.chosen else "") == key
    assert found.choices == ()


def test_of_two_versions_of_one_rule_the_one_of_the_act_is_proposed():
    found = proposal("report_missing", REG_LAST, CODE)
    assert chosen(found).rule.basis[0].source == "REG"
    assert chosen(found).of_the_act


def test_a_later_rule_that_is_lighter_is_proposed_and_says_why():
    found = proposal("publication", REG_LAST, CODE)
    assert chosen(found).rule.key == "E3-code"
    assert chosen(found).lighter
    comparison = chosen(found).comparison
    assert comparison is not None
    assert comparison.why.zh == "50,000 元以上 500,000 元以下；20,000 元以上 200,000 元以下"


def test_a_later_rule_counts_only_if_it_holds_on_the_day_of_the_decision():
    assert weights(proposal("publication", REG_LAST, REG_LAST)) == {
        "E3": None, "E3-o24": None, "E3-o24-late": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tonnes", "weight", "key"),
    [
        (2_000, Weight.LIGHTER, "E8-reg"),
        (3_000, Weight.LIGHTER, "E8-reg"),
        (3_001, Weight.UNCLEAR, "E8-o19"),
        (3_999, Weight.UNCLEAR, "E8-o19"),
        (4_000, Weight.HEAVIER, "E8-o19"),
        (6_001, Weight.HEAVIER, "E8-o19"),
    ],
)
def test_ranges_are_compared_as_computed(tonnes, weight, key):
    """At a yuan a tonne five to ten times the tonnes, against 20,000 to 30,000."""
    found = proposal("surrender", O19_LAST, REG, tonnes=Decimal(tonnes), price_cny=Decimal(1))
    assert weights(found) == {"E8-o19": None, "E8-reg": weight}
    assert chosen(found).rule.key == key
    asked = [choice.label.zh for choice in found.choices]
    assert bool(asked) == (weight is Weight.UNCLEAR)
    assert all("下限与上限轻重不一" in words for words in asked)


def test_without_the_price_a_later_rule_cannot_be_compared():
    found = proposal("surrender", O19_LAST, REG)
    assert weights(found)["E8-reg"] is Weight.UNCLEAR
    [choice] = found.choices
    assert "吨数和价格" in choice.label.zh
    assert "Cannot be compared" in choice.label.en
    assert [c.source for c in choice.basis] == ["APL"]
    the_other_way = proposal("surrender", REG_LAST, CODE)
    assert weights(the_other_way)["E8-code"] is Weight.UNCLEAR
    assert [c.source for c in the_other_way.choices[-1].basis] == ["APL", "CODE"]


def test_a_first_step_that_is_lighter_cannot_be_compared_because_a_second_may_follow():
    known = {"tonnes": Decimal(100_000), "price_cny": Decimal("91.50")}
    found = proposal("surrender", REG_LAST, CODE, **known)
    assert weights(found) == {
        "E8-reg": None, "E8-code": Weight.UNCLEAR, "E8-code-step2": Weight.UNCLEAR,
    }  # fmt: skip
    assert chosen(found).rule.key == "E8-reg"
    assert chosen(found).bracket.how.zh == (
        "100,000 吨 × 91.5 元 × 5–10 倍：45,750,000 元以上 91,500,000 元以下"
    )
    assert len([c for c in found.choices if "第二步" in c.label.zh]) == 1


def test_the_second_step_follows_an_order_not_obeyed():
    steps = [proposal("surrender", CODE, LATER, order_disobeyed=d) for d in (False, True)]
    assert [chosen(step).rule.key for step in steps] == ["E8-code", "E8-code-step2"]
    assert chosen(proposal("control_plan", REG, order_disobeyed=True)).rule.key == "E1"


def test_another_rule_can_be_chosen_if_it_may_apply():
    known = act("publication", CODE, LATER)
    assert chosen(propose(known, LAW)).rule.key == "E3-code"
    assert chosen(propose(known, LAW, "E3")).rule.key == "E3"
    late = act("obstruction", REG_LAST, CODE)
    with pytest.raises(LawError, match="不适用"):
        propose(late, LAW, "E9-code")
    with pytest.raises(LawError, match="不适用"):
        propose(late, LAW, "E1")


def test_an_unknown_conduct_is_refused():
    with pytest.raises(LawError, match="unheard"):
        proposal("unheard", REG)


def test_every_conduct_has_a_proposal_for_somebody_today():
    for conduct, _ in conducts():
        found = [proposal(conduct, LATER, subject=subject) for subject in Subject]
        assert any(each.chosen for each in found), conduct


# Open points.


@pytest.mark.parametrize(
    ("conduct", "day", "decided", "asked"),
    [
        ("publication", REG, REG_LAST, False),
        ("publication", REG_LAST, CODE, True),
        ("publication", CODE, LATER, True),
        ("obstruction", REG, REG_LAST, False),
        ("obstruction", REG_LAST, CODE, False),
        ("obstruction", CODE, LATER, True),
        ("report_missing", CODE, LATER, False),
    ],
)
def test_choosing_between_regulations_and_code_needs_the_reviewers_reason(
    conduct, day, decided, asked
):
    found = proposal(conduct, day, decided)
    assert [choice.label for choice in found.choices] == (
        [open_points()["reg_or_code"].label] if asked else []
    )
    assert all(choice.mark is Mark.TO_CONFIRM for choice in found.choices)


def test_whether_the_equal_cut_survives_needs_the_reviewers_reason():
    assert proposal("surrender", REG, REG_LAST).choices == ()
    [choice] = proposal("surrender", CODE, LATER).choices
    assert "等量核减" in choice.label.zh
    assert [c.text_zh for c in choice.basis] == [
        "《生态环境法典》第一千二百二十六条第二款",
        "《碳排放权交易管理暂行条例》第二十四条",
    ]


def test_every_text_a_rule_names_is_there():
    for rule in penalty_rules():
        assert not rule.open_point or rule.open_point in open_points()
        assert not rule.crime or rule.crime in crimes()
        assert not rule.persons_under or rule.persons_under in {r.key for r in penalty_rules()}


# Whom.


def test_unit_and_persons_each_have_their_range():
    [candidate] = proposal("report_false", REG).candidates
    assert (
        candidate.unit.how.zh
        == "没有违法所得或者违法所得不足 500,000 元：500,000 元以上 2,000,000 元以下"
    )
    assert candidate.persons.how.zh == "50,000 元以上 200,000 元以下"
    assert candidate.bracket == candidate.unit
    [candidate] = proposal("report_false", REG, **PERSON).candidates
    assert candidate.bracket == candidate.persons
    [candidate] = proposal("agency_persons", REG, **PERSON).candidates
    assert not candidate.unit.stated
    assert candidate.bracket.how.en == "20,000 to 200,000 yuan"


def test_who_cannot_be_punished_for_a_conduct_has_no_rule():
    found = proposal("control_plan", REG, **PERSON)
    assert (found.candidates, found.chosen, found.duties, found.range) == ((), None, None, None)
    assert found.duties_at(Decimal(1), LAW) is None
    assert not proposal("test_report", REG, subject=Subject.UNIT).candidates


def test_a_person_is_not_punished_for_what_was_no_offence_of_persons_then():
    found = proposal("obstruction", REG_LAST, CODE, **PERSON)
    assert weights(found) == {"E9-code": Weight.HEAVIER}
    assert found.chosen is None
    check = check_amount(found, Decimal(5_000))
    assert not check.allowed
    assert "行为时没有处罚规定" in check.label.zh
    assert [c.source for c in check.basis] == ["APL", "CODE"]


def test_ranges_read_as_the_law_writes_them():
    def how(conduct: str, key: str, **known: Any) -> str:
        found = propose(act(conduct, LATER, **known), LAW, key)
        return chosen(found).bracket.how.zh

    assert how("publication", "E3-o24-late") == "50,000 元以下"
    assert how("lab_rules", "A6") == "30,000 元"
    assert how("review_false", "A2", gain_cny=Decimal("250000.50")) == (
        "违法所得 250,000.5 元 × 5–10 倍：1,250,002.5 元以上 2,500,005 元以下"
    )


def test_refusal_and_consequence_come_with_the_rule():
    rule = chosen(proposal("accounting", REG)).rule
    assert "50%以上100%以下" in rule.refused.zh
    assert "取消检验检测资质" in chosen(proposal("test_report", REG)).rule.consequence.zh


# Hearing.

FIXED_DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("fine", "counted", "verdict"),
    [
        (199_999, True, NO),
        (200_000, True, YES),
        (200_000, False, NO),
        (200_001, False, YES),
    ],
)
def test_a_legal_person_has_a_hearing_above_two_hundred_thousand(fine, counted, verdict):
    law = LAW.with_overrides(switches={"hearing_at_threshold": counted})
    seen = proposal("control_plan", FIXED_DAY).duties_at(Decimal(fine), law)
    assert seen is not None
    assert seen.hearing.verdict is verdict


@pytest.mark.parametrize(
    ("fine", "counted", "verdict"),
    [(4_999, True, NO), (5_000, True, YES), (5_000, False, NO), (5_001, False, YES)],
)
def test_a_natural_person_has_a_hearing_above_five_thousand(fine, counted, verdict):
    law = LAW.with_overrides(switches={"hearing_at_threshold": counted})
    seen = proposal("obstruction", LATER, **PERSON).duties_at(Decimal(fine), law)
    assert seen is not None
    assert seen.hearing.verdict is verdict


def test_the_threshold_keeps_its_mark_and_article():
    [reason] = duties(proposal("control_plan", FIXED_DAY), 300_000).hearing.reasons
    assert reason.mark is Mark.TO_CONFIRM
    assert reason.basis[0].text_zh == "《生态环境行政处罚办法》第八十九条"
    assert reason.label.zh == "罚款达到 200,000 元"
    law = LAW.with_overrides(switches={"hearing_at_threshold": False})
    seen = proposal("control_plan", FIXED_DAY).duties_at(Decimal(300_000), law)
    assert seen is not None
    assert seen.hearing.reasons[0].label.en == "The fine exceeds 200,000 yuan"


@pytest.mark.parametrize(
    ("conduct", "known", "verdict"),
    [
        ("control_plan", {}, DEPENDS),  # 50,000 to 500,000
        ("report_false", {}, YES),  # from 500,000
        ("review_false", {}, YES),  # from 200,000
        ("test_report", {}, NO),  # to 100,000
        ("test_report", {"gain_cny": Decimal(20_000)}, DEPENDS),  # to 200,000
        ("test_report", {"gain_cny": Decimal(40_000)}, YES),  # from 200,000
        ("report_false", PERSON, YES),  # from 50,000
        ("surrender", {}, DEPENDS),  # not computed yet
        ("dual_role", {}, NO),  # no fine
    ],
)
def test_from_the_range_the_hearing_follows_or_depends_on_the_amount(conduct, known, verdict):
    assert duties(proposal(conduct, FIXED_DAY, **known)).hearing.verdict is verdict


def test_a_confiscated_gain_gives_a_hearing_by_itself_and_is_not_added_to_the_fine():
    found = proposal("review_false", FIXED_DAY, gain_cny=Decimal(199_999))
    assert found.confiscation_cny == 199_999
    assert duties(found, 199_999).hearing.verdict is NO
    found = proposal("review_false", FIXED_DAY, gain_cny=Decimal(200_000))
    assert words(duties(found, 1).hearing) == ["没收违法所得达到 200,000 元"]


def test_the_gain_of_the_agency_is_not_confiscated_from_its_persons():
    found = proposal("review_false", FIXED_DAY, gain_cny=Decimal(900_000), **PERSON)
    assert found.confiscation_cny == 0
    assert proposal("control_plan", FIXED_DAY, gain_cny=Decimal(1)).confiscation_cny == 0


def test_a_ban_gives_a_hearing_and_a_discussion_whatever_the_fine():
    for found in (
        proposal("agency_persons", FIXED_DAY, **PERSON),
        proposal("review_false", FIXED_DAY, serious=True),
    ):
        seen = duties(found, 1)
        assert (seen.hearing.verdict, seen.collective_discussion.verdict) == (YES, YES)
        assert seen.hearing.reasons[-1].basis[0].text_zh == "《生态环境行政处罚办法》第四十六条"
    mild = duties(proposal("review_false", FIXED_DAY), 1)
    assert (mild.hearing.verdict, mild.collective_discussion.verdict) == (NO, NO)


def test_a_halt_after_a_disobeyed_order_gives_a_hearing_and_a_discussion():
    seen = duties(proposal("control_plan", FIXED_DAY, order_disobeyed=True), 50_000)
    assert words(seen.hearing) == ["拟责令限制生产、停产整治的"]
    assert (seen.hearing.verdict, seen.collective_discussion.verdict) == (DEPENDS, DEPENDS)
    other = duties(proposal("obstruction", FIXED_DAY, order_disobeyed=True), 50_000)
    assert other.hearing.verdict is NO


def test_before_the_thresholds_were_law_the_data_say_that_they_do_not_know():
    [reason] = duties(proposal("publication", date(2023, 6, 30))).hearing.reasons
    assert (reason.verdict, reason.mark, reason.basis) == (DEPENDS, Mark.TO_CONFIRM, ())


# Collective discussion and legal review.


@pytest.mark.parametrize(("fine", "verdict"), [(499_999, NO), (500_000, YES), (500_001, YES)])
def test_a_fine_of_half_a_million_is_discussed_by_the_leaders(fine, verdict):
    duty = duties(proposal("report_false", FIXED_DAY), fine).collective_discussion
    assert duty.verdict is verdict
    assert all(reason.basis[0].source == "O30" for reason in duty.reasons)


def test_regulations_22_always_go_to_the_leaders_and_may_go_to_a_hearing():
    for conduct in ("accounting", "report_false", "samples"):
        seen = duties(proposal(conduct, FIXED_DAY))
        assert (seen.hearing.verdict, seen.collective_discussion.verdict) == (YES, YES)


def test_a_confiscation_of_half_a_million_is_discussed():
    found = proposal("report_false", FIXED_DAY, gain_cny=Decimal(500_000))
    assert words(duties(found, 1).collective_discussion) == ["没收违法所得达到 500,000 元"]


def test_a_complex_case_is_discussed_and_reviewed():
    seen = duties(proposal("control_plan", FIXED_DAY, complex_case=True), 50_000)
    assert seen.collective_discussion.verdict is YES
    assert seen.legal_review.verdict is YES
    assert [c.source for c in seen.collective_discussion.reasons[0].basis] == ["APL", "O30"]


@pytest.mark.parametrize(
    ("known", "fine", "verdict", "word"),
    [
        ({}, 50_000, NO, None),
        ({}, 300_000, DEPENDS, "要求听证"),
        ({"hearing_held": True}, 300_000, YES, "已经过听证"),
        ({"public_interest": True}, 50_000, YES, "公共利益"),
    ],
)
def test_when_a_legal_review_is_required(known, fine, verdict, word):
    duty = duties(proposal("control_plan", FIXED_DAY, **known), fine).legal_review
    assert duty.verdict is verdict
    assert not word or word in duty.reasons[0].label.zh
    assert all(reason.basis[0].text_zh == "《行政处罚法》第五十八条" for reason in duty.reasons)


# Bans.


@pytest.mark.parametrize(
    ("conduct", "known", "bans"),
    [
        ("test_report", {}, ["对受处罚的个人：5 年内禁止"]),
        ("review_false", {}, ["对受处罚的个人：5 年内禁止"]),
        ("review_false", {"serious": True}, ["对机构：禁止", "对受处罚的个人：终身禁止"]),
        ("test_report", {"serious": True}, ["对受处罚的个人：终身禁止"]),
        ("review_false", PERSON, ["对受处罚的个人：5 年内禁止"]),
        ("review_false", {**PERSON, "serious": True}, ["对受处罚的个人：终身禁止"]),
        ("agency_persons", PERSON, ["对受处罚的个人：5 年内禁止"]),
        ("report_false", {"serious": True}, []),
    ],
)
def test_bans_that_follow(conduct, known, bans):
    found = proposal(conduct, FIXED_DAY, **known).bans
    assert [ban.label.zh.startswith(start) for ban, start in zip(found, bans, strict=True)] == [
        True
    ] * len(bans)
    for ban in found:
        if ban.ban.on is Subject.PERSON:
            assert ban.basis[0].text_zh == "《碳排放权交易管理暂行条例》第二十三条第三款"


# Crime.


@pytest.mark.parametrize(
    ("known", "met"),
    [
        ({}, False),
        ({"gain_cny": Decimal("299999.99")}, False),
        ({"gain_cny": Decimal(300_000)}, True),
        ({"gain_cny": Decimal(0), "obtainable_gain_cny": Decimal(300_000)}, True),
        ({"gain_cny": Decimal(300_000), "obtainable_gain_cny": Decimal(299_999)}, False),
    ],
)
def test_the_gain_that_makes_a_crime(known, met):
    for conduct, who in (("test_report", {}), ("review_false", {}), ("agency_persons", PERSON)):
        found = proposal(conduct, FIXED_DAY, **known, **who).crimes
        assert bool(found) == met
        for prompt in found:
            assert "300,000 元的门槛" in prompt.label.zh
            assert {c.source for c in prompt.basis} == {"CRL", "CRI"}
            assert prompt.basis[0].text_zh == "《刑法》第二百二十九条第一款"


def test_an_emitters_own_report_has_no_crime_of_its_own():
    assert not proposal("report_false", FIXED_DAY, gain_cny=Decimal(10**9)).crimes


NEW_ACT = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("effects", "met"),
    [
        ([], False),
        ([date(2025, 1, 1)], False),
        ([date(2024, 3, 2), date(2025, 1, 1)], True),
        ([date(2024, 3, 1), date(2025, 1, 1)], False),
        ([date(2020, 1, 1), date(2025, 1, 1), date(2024, 6, 1)], True),
        ([date(2024, 6, 1), NEW_ACT], True),
        ([date(2024, 6, 1), NEW_ACT + DAY], False),
    ],
)
def test_twice_punished_in_two_years_and_again(effects, met):
    found = proposal("review_false", NEW_ACT, LATER, earlier_penalties=tuple(effects)).crimes
    assert bool(found) == met
    assert all("2 年内受过 2 次处罚又违法" in prompt.label.zh for prompt in found)


def test_a_continuing_act_falls_into_the_two_years_with_any_of_its_days():
    effects = (date(2024, 1, 10), date(2025, 12, 1))
    known = {"earlier_penalties": effects, "began_on": date(2025, 6, 1)}
    assert proposal("review_false", NEW_ACT, LATER, **known).crimes
    assert not proposal("review_false", NEW_ACT, LATER, earlier_penalties=effects).crimes


# Time-bar.


def test_two_years_from_the_end_of_the_act():
    bar = proposal("control_plan", date(2024, 5, 6), LATER).time_bar
    assert (bar.last_day, bar.expired, bar.term.mark) == (date(2026, 5, 6), True, Mark.LAW)
    assert bar.term.basis[0].text_zh == "《行政处罚法》第三十六条"


@pytest.mark.parametrize(
    ("discovered", "expired"),
    [(date(2026, 10, 4), False), (date(2026, 10, 5), None), (date(2026, 10, 8), None), (date(2026, 10, 9), True)],
)  # fmt: skip
def test_between_the_day_and_the_one_it_rolls_to_the_time_bar_is_disputed(discovered, expired):
    bar = proposal("control_plan", date(2024, 10, 4), LATER, discovered_on=discovered).time_bar
    assert (bar.unrolled, bar.last_day) == (date(2026, 10, 4), date(2026, 10, 8))
    assert bar.expired is expired


@pytest.mark.parametrize(
    ("harm", "day", "years", "source"),
    [
        (Harm.NONE, REG_LAST, 2, "APL"),
        (Harm.LIFE_HEALTH_FINANCE, REG_LAST, 5, "APL"),
        (Harm.ENVIRONMENT, REG_LAST, 2, "APL"),
        (Harm.LIFE_HEALTH_FINANCE, CODE, 5, "CODE"),
        (Harm.ENVIRONMENT, CODE, 5, "CODE"),
    ],
)
def test_five_years_where_harm_was_done(harm, day, years, source):
    bar = proposal("control_plan", day, LATER, harm=harm).time_bar
    assert bar.term.length == years
    assert bar.term.basis[0].source == source
    assert bar.unrolled == day.replace(year=day.year + years)


def test_before_the_penalty_law_of_2021_the_term_is_to_confirm():
    marks = [
        proposal("lab_rules", day, LATER).time_bar.term.mark
        for day in (date(2021, 7, 14), date(2021, 7, 15))
    ]
    assert marks == [Mark.TO_CONFIRM, Mark.LAW]


# Amounts and grounds.


@pytest.mark.parametrize("key", sorted(grounds()))
def test_each_lawful_ground_says_what_it_allows(key):
    found = proposal("control_plan", FIXED_DAY)
    lighter = grounds()[key].versions[0].effect == "lighter"
    below, nothing = (check_amount(found, Decimal(n), key) for n in (49_999, 0))
    assert (below.allowed, nothing.allowed) == (lighter, not lighter)
    granted = below if lighter else nothing
    label = grounds()[key].versions[0].label
    assert label.zh in granted.label.zh
    assert label.en in granted.label.en
    assert granted.basis[0].source == "APL"
    assert not check_amount(found, Decimal("500000.01"), key).allowed


def test_grounds_rest_on_the_code_from_its_first_day():
    for key in ("minor_cured", "first_offence", "no_fault"):
        found = [
            check_amount(proposal("control_plan", day), Decimal(0), key).basis[0].source
            for day in (REG_LAST, CODE)
        ]
        assert found == ["APL", "CODE"]


def test_an_unknown_ground_is_refused():
    with pytest.raises(LawError, match="mood"):
        check_amount(proposal("control_plan", FIXED_DAY), Decimal(0), "mood")


@pytest.mark.parametrize(
    ("amount", "word"),
    [
        ("100000.001", "精确到分"),
        ("49999.99", "须有减轻处罚的法定理由"),
        ("500000.01", "任何理由均不得高于法定幅度"),
        ("0", "减轻处罚不等于免除"),
    ],
)
def test_a_refused_amount_says_why(amount, word):
    check = check_amount(proposal("control_plan", FIXED_DAY), Decimal(amount))
    assert not check.allowed
    assert word in check.label.zh
    assert check.label.en.endswith(".")


def test_no_penalty_is_possible_before_the_range_is_known():
    found = proposal("surrender", FIXED_DAY)
    assert check_amount(found, Decimal(0), "no_fault").allowed
    assert not check_amount(found, Decimal(0)).allowed


def test_where_the_rule_says_may_the_fine_can_be_left_out():
    found = propose(act("publication", FIXED_DAY), LAW, "E3-o24")
    check = check_amount(found, Decimal(0))
    assert check.allowed
    assert "可以" in check.label.zh
    assert not check_amount(found, Decimal(9_999)).allowed


def test_a_negative_fine_is_none():
    with pytest.raises(ValueError, match="negative"):
        check_amount(proposal("control_plan", FIXED_DAY), Decimal(-1))


# What an act may be.


@pytest.mark.parametrize(
    "days",
    [
        {"began_on": REG + DAY},
        {"decided_on": REG - DAY},
    ],
)
def test_days_of_an_act_come_in_order(days):
    with pytest.raises(LawError, match="依次先后"):
        act("control_plan", REG, **days)


@pytest.mark.parametrize("name", ["gain_cny", "obtainable_gain_cny", "tonnes", "price_cny"])
def test_amounts_of_an_act_are_not_negative(name):
    with pytest.raises(ValueError, match="negative"):
        act("control_plan", REG, **dict[str, Any]({name: Decimal(-1)}))


# Properties.

SUMS = st.decimals(min_value=0, max_value=Decimal(50_000_000), places=2)
KINDS = st.sampled_from(["report_false", "test_report", "review_false", "control_plan"])


@given(KINDS, SUMS, SUMS, st.sampled_from(["", *sorted(grounds())]))
def test_no_amount_outside_the_range_passes_without_a_ground(conduct, gain, amount, ground):
    found = proposal(conduct, FIXED_DAY, gain_cny=gain)
    assert found.range is not None
    low, high = found.range.low, found.range.high
    allowed = check_amount(found, amount, ground).allowed
    assert allowed <= (amount <= high)
    if not ground:
        assert allowed == (low <= amount <= high)
    assert allowed >= (low <= amount <= high)


@given(KINDS, SUMS, st.integers(0, 100))
def test_what_the_range_makes_certain_every_amount_in_it_does(conduct, gain, share):
    found = proposal(conduct, FIXED_DAY, gain_cny=gain)
    assert found.range is not None
    inside = found.range.low + (found.range.high - found.range.low) * share / 100
    at = found.duties_at(inside.quantize(Decimal("0.01")), LAW)
    assert at is not None
    whole = duties(found)
    for of_range, of_amount in (
        (whole.hearing, at.hearing),
        (whole.collective_discussion, at.collective_discussion),
    ):
        assert of_amount.verdict is not DEPENDS
        assert of_range.verdict in {of_amount.verdict, DEPENDS}
