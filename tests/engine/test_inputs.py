"""What may be typed into a field, and what it becomes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.inputs import (
    Choice,
    Day,
    Files,
    Input,
    InputFault,
    LongText,
    Money,
    Organisation,
    People,
    Person,
    Quantity,
    Text,
    Whole,
    YesNo,
    clean_inputs,
    plain,
)
from app.law.labels import Label

NOTE = Text("note", "说明", "Note", longest=10)
OPTIONAL = Text("note", "说明", "Note", required=False)
BODY = LongText("body", "正文", "Body", longest=20)
ON = Day("on", "日期", "Day")
COAL = Quantity("coal", "煤", "Coal", unit="t", places=2)
FINE = Money("fine", "罚款", "Fine")
BALANCE = Quantity("balance", "差额", "Balance", places=0, lowest=Decimal(-100))
COUNT = Whole("count", "数量", "Count", lowest=1, highest=12)
KIND = Choice("kind", "种类", "Kind", options=(("a", Label("甲", "A")), ("b", Label("乙", "B"))))
SURE = YesNo("sure", "确认", "Sure")
MUST = YesNo("must", "我确认", "I confirm", must=True)
PROOF = Files("proof", "证明", "Proof")
AGENCY = Organisation("agency", "机构", "Agency")
LEADER = Person("leader", "组长", "Leader")
TEAM = People("team", "成员", "Team", least=2)
ONE, TWO = "6f1b2c3d-0000-4000-8000-000000000001", "6f1b2c3d-0000-4000-8000-000000000002"
DIGEST = "a" * 64


def fault(field: Input, value: Any) -> str:
    with pytest.raises(InputFault) as caught:
        field.clean(value)
    return caught.value.label.zh


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        (NOTE, "  说明 ", "说明"),
        (NOTE, "a\tb\r\nc", "a b c"),
        (OPTIONAL, "   ", None),
        (OPTIONAL, None, None),
        (BODY, "一\r\n二\r三", "一\n二\n三"),
        (ON, "2026-03-16", date(2026, 3, 16)),
        (ON, "２０２６-03-16 ", date(2026, 3, 16)),
        (ON, date(2026, 3, 16), date(2026, 3, 16)),
        (COAL, "1,234.50", Decimal("1234.50")),
        (COAL, "１２．５", Decimal("12.5")),
        (COAL, "1 234", Decimal(1234)),
        (COAL, Decimal("1E+3"), Decimal(1000)),
        (COAL, 7, Decimal(7)),
        (FINE, "20000", Decimal(20000)),
        (BALANCE, "-5", Decimal(-5)),
        (COUNT, "12", 12),
        (COUNT, 3, 3),
        (KIND, "a", "a"),
        (SURE, None, False),
        (SURE, "y", True),
        (SURE, True, True),
        (SURE, "off", False),
        (MUST, "on", True),
        (PROOF, [DIGEST, DIGEST], [DIGEST]),
        (PROOF, DIGEST, [DIGEST]),
        (AGENCY, ONE.upper(), ONE),
        (LEADER, ONE, ONE),
        (TEAM, [ONE, TWO, ONE], [ONE, TWO]),
    ],
)
def test_what_is_typed_becomes(field, typed, value):
    assert field.clean(typed) == value


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        (NOTE, None, "请填写「说明」。"),
        (NOTE, "  ", "请填写「说明」。"),
        (NOTE, "一二三四五六七八九十一", "「说明」最多 10 字，现为 11 字。"),
        (NOTE, "a\x00b", "「说明」含有不允许的字符。"),
        (NOTE, "\ud800", "「说明」含有不允许的字符。"),
        (NOTE, {"a": 1}, "「说明」应为文本。"),
        (BODY, "a\x0bb", "「正文」含有不允许的字符。"),
        (ON, "16.3.2026", "「日期」应为日期，如 2026-11-22。"),
        (ON, "2026-02-30", "「日期」应为日期，如 2026-11-22。"),
        (ON, "20260316", "「日期」应为日期，如 2026-11-22。"),
        (ON, "0001-01-01", "「日期」应为日期，如 2026-11-22。"),
        (ON, "9999-12-31", "「日期」应为日期，如 2026-11-22。"),
        (ON, datetime(2026, 3, 16), "「日期」应为日期，如 2026-11-22。"),  # noqa: DTZ001
        (COAL, "12,5", "「煤」应为数字。"),
        (COAL, "1e3", "「煤」应为数字。"),
        (COAL, "NaN", "「煤」应为数字。"),
        (COAL, 12.5, "「煤」应为数字。"),
        (COAL, True, "「煤」应为数字。"),
        (COAL, "-1", "「煤」不得小于 0。"),
        (COAL, "1.234", "「煤」最多 2 位小数。"),
        (COAL, "1" * 17, "「煤」数值过大。"),
        (COUNT, "13", "「数量」应在 1 至 12 之间。"),
        (COUNT, "1.5", "「数量」应为整数。"),
        (COUNT, True, "「数量」应为整数。"),
        (COUNT, "9" * 5000, "「数量」应为整数。"),
        (KIND, "c", "请从列表中选择「种类」。"),
        (KIND, ["a"], "请从列表中选择「种类」。"),
        (SURE, "maybe", "「确认」应为是或否。"),
        (MUST, None, "请确认：我确认"),
        (PROOF, "x", "文件未保存成功，请重新上传。"),
        (PROOF, 7, "文件未保存成功，请重新上传。"),
        (PROOF, [], "请填写「证明」。"),
        (AGENCY, "x", "请从列表中选择「机构」。"),
        (LEADER, 7, "请从列表中选择「组长」。"),
        (TEAM, [ONE], "「成员」至少 2 人，现选 1 人。"),
        (TEAM, 7, "请从列表中选择「成员」。"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(field, typed, sentence):
    assert fault(field, typed) == sentence


@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()))
)
def test_whatever_is_sent_is_typed_or_refused_never_a_crash(value):
    for field in (NOTE, BODY, ON, COAL, FINE, COUNT, KIND, SURE, MUST, PROOF, AGENCY, TEAM):
        try:
            field.clean(value)
        except InputFault as refused:
            assert refused.label.zh  # noqa: PT017
            assert refused.label.en  # noqa: PT017


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_an_exact_decimal_comes_back_from_its_json_as_it_was(number):
    assert COAL.clean(plain(number)) == number


def test_plain_values_are_json():
    assert plain(Decimal("1E+3")) == "1000"
    assert plain(date(2026, 3, 16)) == "2026-03-16"
    assert plain(["a"]) == ["a"]


def test_every_input_says_what_it_takes_and_an_abstract_one_does_not():
    assert KIND.text_of("a") == Label("甲", "A")
    with pytest.raises(NotImplementedError):
        Input("x", "无", "None").clean("x")


TODAY = date(2026, 3, 16)


def test_an_act_takes_the_typed_values_of_its_inputs_and_nothing_else():
    values, faults = clean_inputs(
        [NOTE, COAL, SURE, Text("left", "空", "Left empty", required=False)],
        {"note": "说明", "coal": "x", "colour": "red", "after": "1"},
        today=TODAY,
    )

    assert values == {"note": "说明", "sure": False}
    assert list(faults) == ["coal", "after", "colour"]
    assert faults["colour"].en == "This act has no such field."


@pytest.mark.parametrize(
    ("field", "day", "sentence"),
    [
        (Day("on", "日期", "Day", past=True), "2026-03-16", None),
        (Day("on", "日期", "Day", past=True), "2026-03-17", "「日期」不能晚于今天（2026-03-16）。"),
        (Day("on", "日期", "Day", future=True), "2026-03-16", None),
        (
            Day("on", "日期", "Day", future=True),
            "2026-03-15",
            "「日期」不能早于今天（2026-03-16）。",
        ),
        (Day("on", "日期", "Day"), "1999-01-01", None),
        (Day("on", "日期", "Day", past=True, required=False), "", None),
    ],
)
def test_a_day_lies_on_the_side_of_today_that_is_asked(field, day, sentence):
    _, faults = clean_inputs([field], {"on": day}, today=TODAY)

    assert (faults["on"].zh if faults else None) == sentence
