"""What is in force on a day: terms, numbers, dates of the year, instruments, and their marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.law import dated
from app.law.errors import LawError
from app.law.periods import Unit
from app.law.sources import Mark, chinese_number, cite, cite_all, sources
from app.law.terms import read_settings, read_terms, read_year_dates, shipped_law

LAW = shipped_law()


@pytest.mark.parametrize(
    ("key", "length", "unit", "mark", "basis"),
    [
        ("result_notice", 7, "wd", "S", "《碳排放权交易管理暂行条例》第十二条"),
        ("objection", 7, "wd", "S", "《碳排放权交易管理办法（试行）》第二十七条"),
        ("objection_decision", 10, "wd", "S", "《碳排放权交易管理办法（试行）》第二十七条"),
        ("checklist_handover", 2, "wd", "M", "《企业温室气体排放报告核查指南（试行）》"),
        ("nc_determination", 2, "wd", "M", "《企业温室气体排放报告核查指南（试行）》"),
        ("nc_answer", 5, "wd", "M", "《企业温室气体排放报告核查指南（试行）》"),
        ("conclusion", 5, "wd", "M", "《企业温室气体排放报告核查指南（试行）》"),
        ("visit_notice_lead", 2, "wd", "M", "《企业温室气体排放报告核查指南（试行）》"),
        ("desk_review", 10, "wd", "D", "《本系统本地时限（非法定）》"),
        ("filing", 15, "cd", "S", "《生态环境行政处罚办法》第十八条"),
        ("decision", 90, "cd", "S", "《行政处罚法》第六十条"),
        ("payment", 15, "cd", "S", "《行政处罚法》第六十七条"),
        ("demand", 10, "wd", "S", "《行政强制法》第五十四条、第六十九条"),
        ("transfer", 24, "h", "S", "《行政执法机关移送涉嫌犯罪案件的规定》第六条"),
        ("court_window", 3, "m", "S", "《行政强制法》第五十三条"),
        ("time_bar", 2, "y", "S", "《行政处罚法》第三十六条"),
    ],
)
def test_terms_have_their_length_mark_and_article(key, length, unit, mark, basis):
    term = LAW.term(key, date(2026, 6, 1))
    assert (term.length, term.unit, term.mark) == (length, Unit(unit), Mark(mark))
    assert term.basis[0].text_zh == basis


def test_marks_are_printed_in_words():
    assert [mark.label.zh for mark in Mark] == ["法定", "待核实", "本地时限"]


@pytest.mark.parametrize(
    ("day", "mark"),
    [(date(2024, 4, 30), "D"), (date(2024, 5, 1), "S"), (date(2024, 5, 2), "S")],
)
def test_the_notice_period_rests_on_the_regulations_from_their_first_day(day, mark):
    assert LAW.term("result_notice", day).mark == mark


def test_a_term_before_its_instrument_is_refused():
    assert LAW.term("filing", date(2023, 7, 1)).length == 15
    with pytest.raises(LawError, match="不适用"):
        LAW.term("filing", date(2023, 6, 30))


@pytest.mark.parametrize(
    ("ask", "word"),
    [
        (lambda: LAW.term("nothing", date(2026, 1, 1)), "nothing"),
        (lambda: LAW.value("nothing", date(2026, 1, 1)), "nothing"),
        (lambda: LAW.setting("nothing"), "nothing"),
        (lambda: LAW.year_date("Y-99", 2026), "Y-99"),
        (lambda: LAW.year_date("Y-02", 1999), "1999"),
        (lambda: cite("NOWHERE", "1"), "NOWHERE"),
        (lambda: cite("REG", "twelve"), "twelve"),
        (lambda: cite("G130", "four"), "four"),
    ],
)
def test_what_the_data_do_not_hold_is_refused_by_name(ask, word):
    with pytest.raises(LawError, match=word):
        ask()


def test_dates_of_the_year():
    assert LAW.year_date("Y-01", 2026).date == date(2026, 3, 31)
    assert LAW.year_date("Y-01", 2031).mark is Mark.LAW
    assert LAW.year_date("Y-02", 2026).date == date(2026, 6, 30)
    assert LAW.year_date("Y-03", 2026).mark is Mark.LAW
    assert LAW.year_date("Y-03", 2025).mark is Mark.TO_CONFIRM
    assert LAW.has_year_code("Y-02")
    assert not LAW.has_year_code("Y-99")
    assert LAW.has_term("objection")
    assert not LAW.has_term("nothing")


def test_numbers_and_switches():
    assert LAW.value("recheck_rounds", date(2026, 1, 1)) == 2
    assert LAW.value("recheck_change_share_percent", date(2026, 1, 1)) == 1
    assert LAW.setting("region_holidays_count_as_off")
    assert not LAW.national_calendar.region_counts


def test_the_version_changes_with_whatever_a_date_can_follow_from():
    longer = replace(LAW.term("desk_review", date(2026, 1, 1)), length=12)
    other = LAW.with_overrides(terms=[longer])
    assert other.version != LAW.version
    assert (
        LAW.with_overrides(switches={"region_holidays_count_as_off": False}).version != LAW.version
    )


def test_a_local_term_is_overridden_on_its_days_only():
    shorter = replace(
        LAW.term("desk_review", date(2026, 1, 1)),
        length=8,
        valid_from=date(2026, 6, 1),
        valid_to=date(2026, 6, 30),
    )
    law = LAW.with_overrides(terms=[shorter])
    lengths = [
        law.term("desk_review", date(2026, m, d)).length
        for m, d in ((5, 31), (6, 1), (6, 30), (7, 1))
    ]
    assert lengths == [10, 8, 8, 10]


def test_what_the_law_says_cannot_be_overridden():
    statutory = replace(LAW.term("objection", date(2026, 1, 1)), length=30)
    with pytest.raises(LawError, match="法定"):
        LAW.with_overrides(terms=[statutory])
    with pytest.raises(LawError, match="法定"):
        LAW.with_overrides(
            year_dates=[replace(LAW.year_date("Y-01", 2026), date=date(2026, 4, 30))]
        )


@pytest.mark.parametrize(
    "change",
    [
        {"terms": [replace(LAW.term("desk_review", date(2026, 1, 1)), key="unheard")]},
        {"switches": {"unheard": True}},
        {"year_dates": [replace(LAW.year_date("Y-02", 2025), code="Y-99")]},
    ],
)
def test_an_override_of_something_unknown_is_refused(change):
    with pytest.raises(LawError):
        LAW.with_overrides(**change)


def test_a_date_to_confirm_can_be_replaced_and_a_new_year_added():
    known = replace(LAW.year_date("Y-02", 2027), date=date(2027, 7, 15))
    law = LAW.with_overrides(year_dates=[known, replace(known, year=2028)])
    assert law.year_date("Y-02", 2027).date == date(2027, 7, 15)
    assert law.year_date("Y-02", 2028).date == date(2027, 7, 15)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_terms, "not toml ="),
        (read_terms, 'x = { period = "0 wd", mark = "D", zh = "x", en = "x" }'),
        (read_terms, 'x = { period = "5 weeks", mark = "D", zh = "x", en = "x" }'),
        (read_terms, 'x = { period = "5 wd", mark = "S", zh = "x", en = "x" }'),
        (read_terms, 'x = { period = "5 wd", mark = "Q", zh = "x", en = "x" }'),
        (read_settings, '[values]\nx = { amount = 5, unit_zh = "x", unit_en = "x", mark = "D", zh = "x", en = "x" }'),
        (read_settings, '[values]\nx = { amount = "NaN", unit_zh = "x", unit_en = "x", mark = "D", zh = "x", en = "x" }'),
        (read_settings, '[switches]\nx = { mark = "D", zh = "x", en = "x" }'),
        (read_year_dates, "[years]\n2026 = { Y-02 = 2026-06-30 }"),
    ],
)  # fmt: skip
def test_wrong_data_are_refused_by_name(read, text):
    with pytest.raises(LawError):
        read(text)


def test_two_versions_never_hold_on_one_day():
    term = LAW.term("desk_review", date(2026, 1, 1))
    with pytest.raises(LawError, match="同时有效"):
        dated.Timeline((term, replace(term, valid_from=date(2026, 1, 1))))


def test_every_instrument_is_named_in_both_languages_and_knows_its_days():
    for source in sources().values():
        assert source.title.zh
        assert source.title.en
        assert source.issuer.zh
    assert sources()["CODE"].in_force(date(2026, 8, 15))
    assert not sources()["CODE"].in_force(date(2026, 8, 14))


def test_citations_read_as_documents_print_them():
    assert cite("REG", "22(2)").text_zh == "《碳排放权交易管理暂行条例》第二十二条第（二）项"
    assert cite("REG", "23¶1").text("en").endswith("art. 23 para. 1")
    assert cite("AEL", "24,25").text("en").endswith("arts. 24, 25")
    assert cite("G130", "4.2.2").text_zh == "《企业温室气体排放报告核查指南（试行）》第4.2.2节"
    assert str(cite("REG", "12")) == cite("REG", "12").text_zh
    assert cite("PLAN").text_zh == "《卫政办发〔2023〕61号文件》"
    assert [c.article for c in cite_all(["O19 27", "REG 12"])] == ["27", "12"]


@pytest.mark.parametrize("number", [0, 10_000])
def test_articles_are_numbered_up_to_four_digits(number):
    with pytest.raises(ValueError, match="article"):
        chinese_number(number)


def test_amounts_in_the_data_are_exact():
    assert dated.exact("26000.50") == Decimal("26000.50")


def test_a_date_without_a_notice_says_so():
    assert LAW.year_date("Y-02", 2024).note.zh == "该年度通知未见，待核实"


def test_an_override_leaves_versions_of_other_days_alone():
    before = replace(
        LAW.term("result_notice", date(2024, 1, 1)), length=9, valid_from=date(2023, 1, 1)
    )
    law = LAW.with_overrides(terms=[before])
    days = (date(2022, 12, 31), date(2023, 1, 1), date(2024, 4, 30), date(2024, 5, 1))
    assert [law.term("result_notice", day).length for day in days] == [7, 9, 9, 7]


def test_a_number_is_overridden_like_a_term():
    rounds = replace(LAW.values["recheck_rounds"].versions[0], amount=Decimal(3))
    law = LAW.with_overrides(values=[rounds])
    assert law.value("recheck_rounds", date(2026, 1, 1)) == 3


def test_the_switch_decides_whether_an_authoritys_own_period_rolls():
    day = date(2026, 1, 1)
    strict = LAW.with_overrides(switches={"authority_periods_roll": False})
    assert [law.term("decision", day).rolls for law in (LAW, strict)] == [True, False]
    assert strict.term("payment", day).rolls  # a party's period rolls by law


@pytest.mark.parametrize(
    ("served", "length", "unit", "mark"),
    [("2021-07-14", 3, "cd", "M"), ("2021-07-15", 5, "wd", "S")],
)
def test_a_hearing_is_asked_for_in_the_days_of_the_law_of_the_notice(served, length, unit, mark):
    """Three days under the law before the revision of 2021, five working days since."""
    term = LAW.term("hearing_request", date.fromisoformat(served))
    assert (term.length, term.unit.value, term.mark.value) == (length, unit, mark)
    assert [citation.source for citation in term.basis] == ["APL17" if mark == "M" else "APL"]
    assert sources()["APL17"].in_force(date.fromisoformat(served)) == (mark == "M")


def test_before_2018_nothing_is_known_of_a_hearing_request():
    assert LAW.term_if_any("hearing_request", date(2017, 12, 31)) is None
