"""The form of an act: its fields, its words, what it keeps and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
import wtforms
from flask import Flask
from flask_wtf import FlaskForm
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.engine.definition import OPEN, Raise, Transition
from app.engine.forms import ActForm, form_class
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    Input,
    LongText,
    Money,
    Organisation,
    People,
    Person,
    Quantity,
    Text,
    Whole,
    YesNo,
)
from app.engine.schema import act_schema
from app.law.labels import Label
from app.workflows import LIFECYCLES
from tests.engine.jsonschema import fits
from tests.lifecycles import FIXTURES
from tests.lifecycles.findings import Findings
from tests.lifecycles.hearing import Hearing
from tests.lifecycles.investigation import Investigation
from tests.lifecycles.monthly import Monthly

ONE, TWO = "6f1b2c3d-0000-4000-8000-000000000001", "6f1b2c3d-0000-4000-8000-000000000002"
DIGEST, OTHER_DIGEST = "a" * 64, "b" * 64


def people(field: Input) -> Sequence[tuple[str, str]]:
    """Two of whatever is asked for."""
    return [(ONE, "张一"), (TWO, "李二")]


def few(name: str, count: int) -> Choice:
    options = tuple((f"o{n}", Label(f"选项{n}", f"Option {n}")) for n in range(count))
    return Choice(name, "选择", "Choice", options=options)


EVERYTHING = Transition(
    "全部",
    "Everything",
    code="T1",
    sources=OPEN,
    by=(),
    inputs=[
        Text("name", "名称", "Name", longest=20, help=Label("全称。", "In full.")),
        LongText("body", "正文", "Body", longest=2000),
        Day("on", "日期", "Day"),
        Quantity("coal", "煤", "Coal", unit="t"),
        Money("fine", "罚款", "Fine", required=False),
        Whole("count", "数量", "Count", lowest=1, highest=12),
        few("few", 4),
        few("many", 5),
        YesNo("sure", "确认", "Sure"),
        YesNo("must", "我确认", "I confirm", must=True),
        Files("proof", "证明", "Proof"),
        Organisation("agency", "机构", "Agency"),
        Person("leader", "组长", "Leader"),
        People("team", "成员", "Team", least=2),
    ],
)
EVERYTHING.name = "everything"
EVERYTHING.all_inputs = tuple(EVERYTHING.inputs)

TYPED = {
    "name": "示例",
    "body": "一\r\n二",
    "on": "2026-03-16",
    "coal": "1,200.5",
    "fine": "",
    "count": "3",
    "few": "o1",
    "many": "o4",
    "must": "y",
    "proof__kept": DIGEST,
    "agency": ONE,
    "leader": TWO,
    "version": "7",
    "key": "abc",
}


def form_of(
    transition: Transition,
    typed: dict[str, Any] | None = None,
    *,
    locale: str = "zh",
    late: bool = True,
    **kwargs: Any,
) -> ActForm:
    made = form_class(transition, base=wtforms.Form, options=people, locale=locale, late=late)
    pairs: list[tuple[str, Any]] = []
    for name, value in (typed or {}).items():
        pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
    return made(MultiDict(pairs) if typed is not None else None, **kwargs)


def filled(**changes: Any) -> ActForm:
    return form_of(EVERYTHING, {**TYPED, "team": [ONE, TWO]} | changes)


def test_what_was_typed_becomes_what_the_act_takes():
    form = filled()

    assert form.validate(), form.errors
    assert form.typed() == {
        "name": "示例",
        "body": "一\n二",
        "on": date(2026, 3, 16),
        "coal": Decimal("1200.5"),
        "count": 3,
        "few": "o1",
        "many": "o4",
        "sure": False,
        "must": True,
        "proof": [DIGEST],
        "agency": ONE,
        "leader": TWO,
        "team": [ONE, TWO],
    }
    assert form.seen_version == 7
    assert form.once_key == "abc"
    assert form.item_id is None
    assert form.recorded() == {}


def test_what_was_typed_is_kept_as_it_was_and_fills_the_form_again():
    draft = json.loads(json.dumps(filled(on="gestern", coal="viel").raw()))

    again = form_of(EVERYTHING, data=draft)

    assert again.raw() == draft
    assert draft["on"] == "gestern"
    assert 'value="gestern"' in str(again["on"]())
    assert "checked" in str(again["must"]())
    assert str(again["team"]()).count("checked") == 2
    assert str(again["few"]()).count("checked") == 1
    assert str(again["many"]()).count("selected") == 1
    assert DIGEST in str(again["proof"]())


def test_typed_values_fill_a_form_as_they_would_be_typed():
    form = form_of(EVERYTHING, data={"on": date(2026, 3, 16), "coal": Decimal("1E+3"), "count": 3})

    assert 'value="2026-03-16"' in str(form["on"]())
    assert 'value="1000"' in str(form["coal"]())
    assert 'value="3"' in str(form["count"]())


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("name", "", "请填写「名称」。"),
        ("on", "16.3.2026", "「日期」应为日期，如 2026-11-22。"),
        ("coal", "12,5", "「煤」应为数字。"),
        ("count", "13", "「数量」应在 1 至 12 之间。"),
        ("few", "o9", "请从列表中选择「选择」。"),
        ("many", "", "请填写「选择」。"),
        ("must", "", "请确认：我确认"),
        ("proof__kept", "x", "文件未保存成功，请重新上传。"),
        ("agency", "6f1b2c3d-0000-4000-8000-000000000003", "请从列表中选择「机构」。"),
        ("leader", "张一", "请从列表中选择「组长」。"),
        ("team", [ONE], "「成员」至少 2 人，现选 1 人。"),
        ("team", [ONE, "6f1b2c3d-0000-4000-8000-000000000003"], "请从列表中选择「成员」。"),
        ("version", "x", "「版本」应为整数。"),
    ],
)
def test_a_fault_stands_at_its_field_in_the_words_of_the_input(name, typed, sentence):
    form = filled(**{name: typed})

    assert not form.validate()
    assert form.errors == {name.removesuffix("__kept"): [sentence]}
    assert name not in form.typed()


def test_labels_help_and_faults_are_in_the_readers_language():
    chinese = form_of(EVERYTHING, {})
    english = form_of(EVERYTHING, {}, locale="en")

    assert not chinese.validate()
    assert not english.validate()
    assert chinese["name"].label.text == "名称"
    assert chinese["name"].description == "全称。"
    assert english["name"].label.text == "Name"
    assert english["name"].description == "In full."
    assert english.errors["name"] == ["Fill in “Name”."]
    assert "Option 1" in str(english["few"]())
    assert "Choose one" in str(english["many"]())
    assert "请选择" in str(chinese["many"]())


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("name", ['type="text"', 'data-longest="20"', "required"]),
        ("body", ["<textarea", 'rows="5"', 'data-longest="2000"']),
        ("on", ['type="date"', "required"]),
        ("coal", ['type="text"', 'inputmode="decimal"', 'data-unit="t"']),
        ("fine", ['inputmode="decimal"', 'data-unit="元"']),
        ("count", ['type="number"', 'min="1"', 'max="12"']),
        ("few", ["<ul", 'type="radio"']),
        ("many", ["<select", "<option"]),
        ("sure", ['type="checkbox"']),
        ("proof", ['type="file"', "multiple", "required"]),
        ("agency", ["<select", "张一"]),
        ("leader", ["<select", "李二"]),
        ("team", ["<ul", 'type="checkbox"', "张一"]),
        ("version", ['type="hidden"']),
    ],
)
def test_a_field_looks_like_its_input(name, attributes):
    html = str(form_of(EVERYTHING)[name]())

    for attribute in attributes:
        assert attribute in html


def test_only_what_must_be_filled_in_is_marked_so():
    form = form_of(EVERYTHING)

    required = {name for name, field in form._fields.items() if field.flags.required}
    assert required == {field.name for field in EVERYTHING.inputs} - {"fine", "sure"}
    assert "required" not in str(form["fine"]())
    assert "required" not in str(form["team"]())
    assert form._fields["coal"].unit == "t"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_no_field_carries_style_or_script():
    form = filled()
    reader = Tags()
    reader.feed("".join(str(field()) for field in form))

    assert not [tag for tag, _ in reader.tags if tag in {"script", "style"}]
    assert not [name for _, names in reader.tags for name in names if re.match("on|style", name)]


# Files ------------------------------------------------------------------------------------------


@dataclass
class Upload:
    filename: str


def test_new_files_are_stored_before_the_form_is_asked_and_kept_ones_stay():
    form = filled(proof=[Upload("a.pdf"), Upload(""), "no file"])
    assert form.has_files

    form.keep_files(lambda upload: {"a.pdf": OTHER_DIGEST}[upload.filename])

    assert form.validate()
    assert form.typed()["proof"] == [DIGEST, OTHER_DIGEST]
    assert form.raw()["proof"] == [DIGEST, OTHER_DIGEST]


def test_a_file_unticked_is_dropped_and_one_that_is_wanted_is_asked_for():
    form = filled(proof__kept=[])

    assert not form.validate()
    assert form.errors == {"proof": ["请填写「证明」。"]}


def test_a_stored_file_is_shown_with_its_name_and_none_is_asked_again():
    form = filled()
    form._fields["proof"].names[DIGEST] = "发票<1>.pdf"

    html = str(form["proof"](class_="form-control"))

    assert f'name="proof__kept" value="{DIGEST}" checked' in html
    assert "发票&lt;1&gt;.pdf" in html
    assert "required" not in html


def test_an_act_without_files_is_sent_as_a_plain_form():
    assert not form_of(Findings.judge).has_files


# Groups, late records ---------------------------------------------------------------------------


def test_the_sections_of_a_report_are_groups_of_fields():
    groups = [
        (label.zh if label else None, [field.name for field in fields])
        for label, fields in form_of(Monthly.submit).groups()
    ]

    assert groups == [
        (None, ["filled_by"]),
        ("1 燃料", ["fuel_t", "ncv_gj_t"]),
        ("2 说明", ["remarks", "ledgers"]),
    ]


def test_a_received_act_asks_for_number_scan_and_day():
    form = form_of(Investigation.court_annuls)

    groups = {
        label.en if label else None: [f.name for f in fields] for label, fields in form.groups()
    }
    assert groups == {
        None: ["judged_on"],
        "The act received": ["received_number", "received_scan"],
        "Recorded later": ["occurred_on", "late_reason"],
    }


def test_a_paper_act_is_recorded_with_its_day_reason_and_scan():
    typed = {
        "topic": "罚款数额",
        "occurred_on": "2026-03-10",
        "late_reason": "当事人邮寄",
        "paper_scan__kept": DIGEST,
    }
    form = form_of(Hearing.ask, typed)

    assert form.validate()
    assert form.typed() == {"topic": "罚款数额"}
    assert form.recorded() == {
        "occurred_on": date(2026, 3, 10),
        "late_reason": "当事人邮寄",
        "paper_scan": [DIGEST],
    }
    assert form.raw()["occurred_on"] == "2026-03-10"


def test_who_may_not_record_late_is_not_asked_for_the_day():
    form = form_of(Hearing.ask, late=False)

    assert "occurred_on" not in form
    assert [label for label, _ in form.groups()] == [None]


def test_an_act_that_is_neither_received_nor_on_paper_happens_now():
    assert "occurred_on" not in form_of(Findings.judge)


def test_an_act_on_a_row_names_it_and_one_that_adds_a_row_does_not():
    judged = form_of(Findings.judge, {"verdict": "pass"})
    named = form_of(Findings.judge, {"verdict": "pass", "item": ONE})
    assert isinstance(Findings.find.item, Raise)

    assert not judged.validate()
    assert judged.errors == {"item": ["请填写「条目」。"]}
    assert named.validate()
    assert named.item_id == UUID(ONE)
    assert form_of(Findings.find, {"clause": "一", "fact": "二"}).validate()


def test_faults_that_come_later_stand_at_their_fields_too():
    form = filled()
    form.validate()

    form.show_faults(
        {
            "on": Label("「日期」不能晚于今天。", "Not after today."),
            "gone": Label("无此字段。", "None."),
        }
    )

    assert form.errors == {"on": ["「日期」不能晚于今天。"], "": ["无此字段。"]}


def test_with_flask_the_form_carries_a_token_against_forgery():
    app = Flask(__name__)
    app.secret_key = "test"
    made = form_class(Findings.judge, base=FlaskForm, options=people, locale="zh")

    with app.test_request_context(method="POST", data={"verdict": "pass", "item": ONE}):
        form: Any = made()
        assert not form.validate_on_submit()
        assert list(form.errors) == ["csrf_token"]
        assert form.typed() == {"verdict": "pass"}
        assert 'name="version"' in str(form.hidden_tag())
        assert [name for _, fields in form.groups() for name in fields] == [
            form["verdict"],
            form["remark"],
        ]


def test_an_input_that_no_field_shows_is_a_mistake_of_ours():
    strange = Transition(
        "奇", "Strange", code="T1", sources=OPEN, by=(), inputs=[Input("x", "无", "None")]
    )
    strange.all_inputs = tuple(strange.inputs)

    with pytest.raises(TypeError, match="No field shows Input"):
        form_class(strange, base=wtforms.Form, options=people, locale="zh")


# Form and schema --------------------------------------------------------------------------------

ACTS = [
    transition
    for lifecycle in (*FIXTURES, *LIFECYCLES.values())
    for transition in lifecycle.transitions.values()
]


@pytest.mark.parametrize("transition", ACTS, ids=lambda transition: transition.code + transition.en)
def test_every_act_has_a_form_with_a_field_for_everything_its_schema_names(transition):
    form = form_of(transition, {})
    form.validate()

    assert set(act_schema(transition)["properties"]) <= set(form._fields)
    assert set(act_schema(transition)["required"]) <= set(form.errors)


RAW = {
    "name": st.text(max_size=25),
    "body": st.text(max_size=30),
    "on": st.one_of(st.dates().map(str), st.text(max_size=10)),
    "coal": st.one_of(st.decimals(allow_nan=False, allow_infinity=False).map(str), st.text()),
    "count": st.integers(-5, 20).map(str),
    "few": st.sampled_from(["o0", "o3", "o4", ""]),
}


@given(st.fixed_dictionaries(RAW))
def test_a_form_accepts_nothing_that_the_schema_refuses(typed):
    form = filled(**typed)
    accepted = form.validate()

    sent = {name: value for name, value in form.typed().items() if name in RAW}
    schema = act_schema(EVERYTHING)
    as_json = {
        name: value if isinstance(value, int) else str(value) for name, value in sent.items()
    }
    if accepted:
        assert all(fits(schema["properties"][name], value) for name, value in as_json.items())


@given(st.fixed_dictionaries(RAW))
def test_a_form_refuses_what_the_schema_refuses(typed):
    schema = act_schema(EVERYTHING)["properties"]
    as_json = typed | {"count": int(typed["count"])}
    refused = {
        name
        for name in ("on", "count", "few")
        if not fits(schema[name], as_json[name].strip() if name == "on" else as_json[name])
    }

    form = filled(**typed)
    form.validate()

    assert refused <= set(form.errors)
