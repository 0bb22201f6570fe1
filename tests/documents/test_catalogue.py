"""The catalogue: every kind of domain.md 12.2, sound in itself, printed whole in both forms."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import docx
import pypdf
import pytest

from app.documents import pdf, word
from app.documents.catalogue import BadForm, form_key, form_named, read_form, version_of
from app.documents.content import PERSON, Party, asked, cleaned
from app.documents.fields import SOURCES, Rows
from app.documents.placeholders import filled, in_words, placeholders
from app.documents.prefill import _FROM
from app.engine.forms import RESERVED_NAMES
from app.law.errors import LawError
from app.workflows import LIFECYCLES
from tests.documents.samples import AT, FORMS, ON, UNIT, content_of, samples, texts

WORDS = {
    "指定", "交办", "移", "协调", "协调告", "登存", "解登", "抽样通", "检委托", "鉴委托", "检告",
    "回通", "调询通", "调证通", "责改", "罚告", "不罚告", "听通", "罚", "不罚", "延缴", "分缴", "催",
    "罚申", "责停告", "责停", "查", "扣", "查延", "扣延", "查解", "扣解", "刑移", "检查", "联检", "核",
    "复查", "报",
}  # fmt: skip
"""The kinds of the numbers, from the first column of domain.md 12.2."""

TITLES = (
    "立案审批表", "不予立案审批表", "撤销立案审批表", "指定管辖通知书", "案件交办通知书", "案件移送函",
    "协助调查函", "协助调查结果告知函", "现场检查（勘察）笔录", "调查询问笔录", "现场照片（影像）证据",
    "先行登记保存证据通知书", "解除先行登记保存证据通知书", "抽样取证通知书", "检测（鉴定）委托书",
    "监测（检测、鉴定）结果告知书", "申请回避答复书", "调查询问通知书", "调取证据材料通知书",
    "送达地址及方式确认书", "中止调查审批表", "恢复调查审批表", "终止调查审批表", "案件处理内部审批表",
    "行政处罚案件调查报告", "案件审查表", "责令改正违法行为决定书", "行政处罚事先（听证）告知书",
    "不予行政处罚事先告知书", "陈述申辩笔录", "陈述申辩复核表", "行政处罚听证通知书", "听证笔录",
    "听证报告", "案件法制审核表", "案件集体讨论记录", "行政处罚决定书", "不予行政处罚决定书", "送达回证",
    "同意延期（分期）缴纳罚款通知书", "督促履行义务催告书", "强制执行申请书", "责令停产整治告知书",
    "责令停产整治决定书", "查封（扣押）决定书", "延长查封（扣押）期限决定书", "解除查封（扣押）决定书",
    "涉嫌环境犯罪案件移送审批表", "涉嫌环境犯罪案件移送书", "移送材料（涉案物品）清单", "结案审批表",
    "行政执法案卷", "卷内目录", "卷内备考表", "行政检查审批表", "行政检查通知书", "联合检查方案",
    "联合检查记录", "问题分流单", "反馈函", "会签单", "线索登记表", "公告", "行政处罚信息公开登记表",
    "信用信息推送单", "约谈记录", "联合执法工作总结", "关于第三方技术服务机构查处情况的报告",
)  # fmt: skip


def words_of(form):
    return {form.word, *form.words.values()} - {""}


def pdf_text(made):
    read = pypdf.PdfReader(io.BytesIO(made))
    return re.sub(r"\s", "", "".join(page.extract_text() for page in read.pages))


def word_text(made):
    read = docx.Document(io.BytesIO(made))
    cells = [cell.text for table in read.tables for row in table.rows for cell in row.cells]
    return re.sub(r"\s", "", "".join([*(p.text for p in read.paragraphs), *cells]))


def test_every_document_of_the_table_has_its_form():
    assert {form.zh for form in FORMS} >= set(TITLES)
    assert {word for form in FORMS for word in words_of(form)} == WORDS


def test_every_source_and_every_name_is_understood():
    assert set(_FROM) == SOURCES
    names = {field.name for form in FORMS for field in form.fields}
    assert not names & RESERVED_NAMES


@pytest.mark.parametrize("key", sorted(LIFECYCLES))
def test_every_document_of_a_lifecycle_finds_its_form(key):
    lifecycle = LIFECYCLES[key]
    for document in lifecycle.documents.values():
        form = form_named(form_key(lifecycle, document), ON)
        assert version_of(form.key, form.version) is form


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_it_says_everything_that_was_typed_and_leaves_no_placeholder(form):
    content = content_of(form, number="卫环示〔2026〕7号" if form.is_numbered else "")
    said = re.sub(r"\s", "", "".join(texts([content["addressee"], content["blocks"]])))
    for field in form.fields:
        value = content["fields"].get(field.name)
        if value is None:  # asked of a natural person only
            assert field.of == PERSON
            continue
        if value is True:  # a right that is told when it is there
            continue
        parts = (
            [cell for row in field.input.rows(value) for cell in row]
            if isinstance(field.input, Rows)
            else in_words(field.input, value).split("\n")
        )
        for part in parts:
            assert re.sub(r"\s", "", part) in said, field.name
    rest = [t for t in texts(content) if "{" in t or "【待填" in t]
    assert rest == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_both_forms_of_it_say_the_same(form):
    number = "卫环示〔2026〕7号" if form.is_numbered else ""
    content = content_of(form, number=number)
    final, editable = pdf.render(content, AT), word.render(content, AT)
    wanted = [content["body"]["name"], content["title"], number, content["addressee"]]
    wanted += texts([b for b in content["blocks"] if b["kind"] in {"paragraph", "heading"}])
    wanted += [
        cell for b in content["blocks"] if b["kind"] == "table" for r in b["rows"] for cell in r
    ]
    if content["closing"]:
        wanted += ["2026年11月26日"]
    for made in (pdf_text(final), word_text(editable)):
        for text in wanted:
            for line in text.split("\n"):
                assert re.sub(r"\s|paragraph|heading", "", line) in made, line
    assert word_text(editable).count(content["title"]) >= 1


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_the_same_content_is_the_same_bytes(form):
    content = json.loads(json.dumps(content_of(form)))
    assert pdf.render(content, AT) == pdf.render(content, AT)
    assert pdf.render(content, AT.replace(microsecond=123456)) == pdf.render(content, AT)
    assert word.render(content, AT) == word.render(content, AT)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_what_is_missing_is_listed_and_marked_in_a_draft(form):
    values, faults = cleaned(form, {}, UNIT, ON)
    wanted = {f.name for f in asked(form, UNIT) if f.input.required and f.name not in values}
    assert set(faults) == wanted | set(form.one_of[:1])
    said = "".join(texts(content_of(form, {})))
    for name in wanted:
        assert f"【待填：{form.by_name[name].input.zh}】" in said


def test_a_natural_person_is_asked_other_things_than_a_unit():
    decision = form_named("penalty_decision", ON)
    person = Party(UNIT.id, "张示例", PERSON)
    names = {field.name for field in asked(decision, person)}
    assert {"party_post", "party_id"} < names
    assert not {"party_code", "party_representative"} & names
    said = "".join(texts(content_of(decision, party=person)["blocks"]))
    assert "统一社会信用代码" not in said
    assert "居民身份证号码" in "".join(f.input.zh for f in asked(decision, person))
    unit = "".join(texts(content_of(decision)["blocks"]))
    assert "统一社会信用代码：样统一社会信用代码" in unit
    assert "身份证件号码" not in unit


def test_amounts_stand_in_digits_and_in_capitals():
    said = "".join(texts(content_of(form_named("penalty_decision", ON))["blocks"]))
    assert "处罚款250000.50元（大写：人民币贰拾伍万元伍角）。" in said


def test_a_decision_without_any_penalty_is_refused():
    decision = form_named("penalty_decision", ON)
    typed = {n: v for n, v in samples(decision).items() if n not in decision.one_of}
    _values, faults = cleaned(decision, typed, UNIT, ON)
    assert list(faults) == ["fine"]
    assert "至少填写一项" in faults["fine"].zh
    _values, faults = cleaned(
        decision, {**typed, "other_penalty": "禁止从事碳排放核查业务五年。"}, UNIT, ON
    )
    assert faults == {}


def test_periods_come_from_the_law_not_from_the_form():
    said = "".join(texts(content_of(form_named("prior_notice", ON))["blocks"]))
    assert "自收到本告知书之日起5个工作日内" in said
    assert "第六十四条" in said
    said = "".join(texts(content_of(form_named("demand_letter", ON))["blocks"]))
    assert "自收到本催告书之日起10个工作日内" in said
    assert all(not re.search(r"\d+ ?(个工作)?日内", t) for f in FORMS for t in texts([*f.blocks]))


# Templates that ask for more ----------------------------------------------------------------------

LIBRARY: dict[str, dict[str, Any]] = {
    "facts": {"type": "long", "zh": "事实", "en": "Facts"},
    "items": {"type": "rows", "zh": "清单", "en": "List", "columns": ["名称"], "widths": [1]},
}
FORM: dict[str, Any] = {
    "key": "sample", "zh": "示例", "en": "Sample", "place": "main.evidence",
    "fields": ["facts"], "blocks": [{"p": "{facts}"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{facts.__class__}",
        "{facts!r}",
        "{facts[0]}",
        "{0}",
        "{}",
        "{facts:>10000000000}",
        "{__import__('os').system('true')}",
        "{% for x in range(10**9) %}x{% endfor %}",
        "{facts}}",
        "{cite:NOLAW 1}",
        "{term:no_such_term}",
        "{surcharge:facts}",
    ],
)
def test_a_template_with_a_hostile_expression_is_refused_when_it_is_read(hostile):
    with pytest.raises((BadForm, LawError)):
        read_form({**FORM, "blocks": [{"p": hostile}, {"p": "{facts}"}]}, LIBRARY, {})
    with pytest.raises((ValueError, LawError)):
        filled(hostile, str)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"fields": ["facts", "unknown"]}, "no such field: unknown"),
        ({"fields": ["facts", "items"]}, r"typed but never printed: \['items'\]"),
        ({"fields": ["facts", "facts"]}, "stands twice"),
        ({"place": "main.nowhere"}, "no such place"),
        ({"head": "blue"}, "no such head"),
        ({"colour": "red"}, "colour"),
        ({"blocks": [{"p": "{facts}"}, {"q": "x"}]}, "no such block"),
        ({"blocks": [{"p": "{facts}", "when": "nothing"}]}, "when: no such field"),
        ({"blocks": [{"p": "{facts}"}, {"table": "facts"}]}, "no such table"),
        ({"blocks": [{"grid": [["一", "{facts}", "三"]]}]}, "one or two pairs"),
        ({"one_of": ["nothing"]}, "no such field: nothing"),
        ({"word_by": "facts", "words": {"a": "甲"}}, "every choice"),
    ],
)
def test_a_form_that_contradicts_itself_is_refused_by_name(change, fault):
    with pytest.raises(BadForm, match=f"sample: .*{fault}"):
        read_form({**FORM, **change}, LIBRARY, {})


def test_the_newest_version_in_force_on_the_day_is_taken(monkeypatch):
    from datetime import date

    old = read_form({**FORM, "since": date(2021, 1, 1)}, LIBRARY, {})
    new = read_form({**FORM, "version": 2, "since": date(2027, 1, 1)}, LIBRARY, {})
    monkeypatch.setattr("app.documents.catalogue.catalogue", lambda: {"sample": (old, new)})
    assert form_named("sample", date(2026, 12, 31)) is old
    assert form_named("sample", date(2027, 1, 1)) is new
    assert form_named("sample", date(2013, 1, 1)) is old
    with pytest.raises(LookupError):
        version_of("sample", 3)
    assert old.digest != new.digest


# Values that try to be more -----------------------------------------------------------------------

HOSTILE = (
    '{{ 7*7 }} {facts} {body} #read("/etc/passwd") #evil[$x$] $ sum_1^n $ `raw` \\u{41} <script>'
    "alert(1)</script> ]]> </w:t><w:p/> &amp; <<lt>> @ref *粗* _斜_ = 标题 // 注释 \ufffe\uffff"
)


def test_a_value_is_printed_as_it_is_and_never_read_again():
    form = read_form(FORM, LIBRARY, {})
    content = content_of(form, {"facts": HOSTILE})
    assert content["blocks"] == [{"kind": "paragraph", "text": HOSTILE.strip()}]
    squeezed = re.sub(r"[\s\ufffd\ufffe\uffff]", "", HOSTILE)
    for made in (pdf_text(pdf.render(content, AT)), word_text(word.render(content, AT))):
        found = re.sub(r"[\ufffd\ufffe\uffff]", "", made)
        assert squeezed[:60] in found
        assert "root:" not in found
        assert "49" not in found


def test_placeholders_are_named():
    assert [
        (p.name, p.variant) for p in placeholders("甲{facts}乙{fine:capitals}{cite:APL 44}")
    ] == [
        ("facts", ""),
        ("fine", "capitals"),
        ("cite", "APL 44"),
    ]
