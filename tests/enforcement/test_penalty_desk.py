"""The desk says what the law says for the act at hand, to the authority and to nobody else."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import event, select

from app.cases.models import Case
from app.enforcement import comparison, ledger, meetings, penalty_desk, range_bar
from app.registers.models import PenaltyRecord
from tests.cases.conftest import page
from tests.enforcement.conftest import Bureau
from tests.town import Town
from tests.workflows.procedure import HEAVY, Procedure, a_case, heavy


def text_of(html: str) -> str:
    """The words of a page, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def decided(town: Town, party: str, fine: str) -> Procedure:
    """An earlier case of the same conduct, decided and served."""
    return heavy(town, on="05-11", ended="04-20", party=party, proposed=HEAVY | {"fine": fine}).performed("05-12")  # fmt: skip


def beside(bureau: Bureau, case: Procedure, who: str = "inspector", **typed: Any) -> str:
    """What stands beside the report as it is filled in."""
    address = f"/cases/{case.id}/act/write_report/beside/desk"
    return page(bureau.browser(who).post(address, json=typed))


# Three regimes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "rule", "bounds"),
    [
        ("2024-04-30", "E2-old", "10,000 元 – 30,000 元"),
        ("2024-05-01", "E6", "500,000 元 – 2,000,000 元"),
    ],
)
def test_a_false_report_is_judged_by_the_regime_of_its_last_day(bureau, town, ended, rule, bounds):
    case = a_case(town, on="03-05", discovered="03-03", ended=ended, conduct="report_false")
    text = text_of(bureau.at("03-06").tab(case, "desk"))
    assert bounds in text
    chosen = text[: text.index("本案适用")]
    assert f" {rule} " in chosen[-120:]


@pytest.mark.parametrize(
    ("ended", "low"), [("2026-08-14", "2,500,000"), ("2026-08-15", "1,000,000")]
)
def test_the_code_takes_the_place_of_the_regulations_on_its_day(bureau, town, ended, low):
    case = a_case(town, on="09-01", ended=ended, conduct="surrender").investigated("09-01")
    text = text_of(beside(bureau.at("09-02"), case, tonnes="5000", price="100"))
    assert f"{low} 元 – " in text


def test_old_unless_new_is_lighter_is_shown_side_by_side(bureau, town):
    case = a_case(town, on="09-01", ended="2026-08-10", conduct="surrender").investigated("09-01")
    html = beside(bureau.at("09-02"), case, tonnes="500", price="100")
    assert html.count('<article class="rule') == 3
    text = text_of(html)
    assert "250,000 元 – 500,000 元" in text
    assert "较重，不适用" in text
    assert "行为后的规定" in text


# What is typed ------------------------------------------------------------------------------------


def test_the_range_the_check_and_the_checklist_follow_the_typing(bureau, town):
    case = heavy(town).investigated("09-01")
    text = text_of(beside(bureau.at("09-02"), case, gain="700000", fine="3000000"))
    assert "3,500,000 元 – 7,000,000 元" in text
    assert "人民币叁佰万元整" in text
    assert "不合法 低于法定最低 3,500,000 元" in text
    assert "应没收违法所得 700,000 元" in text
    assert "集体讨论 需要 罚款达到 500,000 元" in text
    lower = text_of(beside(bureau, case, gain="700000", fine="3000000", ground="self_reported"))
    assert " 合法 低于法定最低" in lower


@pytest.mark.parametrize(
    ("fine", "hearing", "discussion"),
    [
        ("199999.99", "不需要", "不需要"),
        ("200000", "需要", "不需要"),
        ("499999.99", "需要", "不需要"),
        ("500000", "需要", "需要"),
    ],
)
def test_the_amount_asks_for_a_hearing_and_a_discussion(bureau, town, fine, hearing, discussion):
    case = a_case(town).investigated("09-01")
    text = text_of(beside(bureau.at("09-02"), case, fine=fine))
    assert f"听证 {hearing} " in text
    assert f"集体讨论 {discussion} " in text


def test_what_the_form_cannot_read_is_no_amount(bureau, town):
    case = heavy(town).investigated("09-01").write("09-01")
    assert "600,000 元" in beside(bureau.at("09-02"), case, fine="")
    assert "尚未填写" in beside(bureau, case, fine="六十万")


def test_a_rule_that_cannot_apply_is_named_and_the_proposed_one_shown(bureau, town):
    case = heavy(town).investigated("09-01")
    text = text_of(beside(bureau.at("09-02"), case, rule="E2-old"))
    assert "规则「E2-old」不适用于该行为" in text
    assert "500,000 元 – 2,000,000 元" in text


def test_without_a_script_the_button_computes_and_keeps_the_form(bureau, town):
    case = heavy(town).investigated("09-01")
    address = f"/cases/{case.id}/act/write_report"
    sent = {"fine": "2000000.01", "course": "先看台账", "recount": "yes"}
    html = page(bureau.at("09-02").browser("inspector").post(address, data=sent))
    assert "先看台账" in html
    assert "高于法定最高 2,000,000 元" in html
    assert case.acts()[-1] == "record_inspection"


def test_nothing_is_said_while_the_day_of_the_act_is_unknown(bureau, town):
    case = a_case(town, ended=None)
    text = text_of(bureau.at("09-02").tab(case, "desk"))
    assert "行为终了日期不明" in text
    assert "罚款幅度" not in text


def test_after_the_decision_the_desk_stays_with_its_day(bureau, town):
    case = heavy(town, on="06-01", ended="05-20").performed("06-02")
    text = text_of(bureau.at("09-02").tab(case, "desk"))
    assert "适用法律的日期 2026-06-02" in text
    assert "决定罚款 600,000 元" in text


# Who may look -------------------------------------------------------------------------------------


def test_the_party_reads_neither_the_desk_nor_the_discussion(bureau, town):
    case = heavy(town, on="06-01", ended="05-20").performed("06-02")
    for key, words in (("desk", "处罚裁量"), ("discussion", "各成员意见")):
        assert words in bureau.at("06-03").tab(case, key)
        assert words not in bureau.tab(case, key, "unit-redian")
    answer = bureau.browser("unit-redian").post(
        f"/cases/{case.id}/act/write_report/beside/desk", json={}
    )
    assert answer.status_code == 403
    for outsider in ("market", "police", "region", "unit-tieshan"):
        refused = bureau.browser(outsider)
        assert refused.get(f"/cases/{case.id}?tab=desk").status_code == 404
        assert refused.get(f"/cases/{case.id}/account").status_code == 404


def test_only_penalties_of_cases_one_may_see_are_compared(bureau, town):
    seen = decided(town, "tieshan", "910000")
    annulled = decided(town, "xuerong", "920000")
    elsewhere = decided(town, "hupo", "930000")
    with town.database.sessions.begin() as session:
        record = select(PenaltyRecord).where(PenaltyRecord.case_id == annulled.id)
        session.scalars(record).one().annulled_on = date(2026, 6, 1)
        hidden = session.get_one(Case, elsewhere.id, execution_options={"case_seen": True})
        hidden.authority_id = town.cast.units["hupo"].id
        hidden.division = "110000"
        for seat in session.execute(_seats(elsewhere)).scalars():
            session.delete(seat)
    case = heavy(town).investigated("09-01")
    html = bureau.at("09-02").tab(case, "desk")
    for told in (seen.row.number, "910,000 元", "示例铁山冶金有限公司"):
        assert told in html
    for kept in ("920,000", "930,000", elsewhere.row.number, "示例琥珀陶土有限公司"):
        assert kept not in html


def _seats(matter: Procedure) -> Any:
    from app.cases.models import Participant

    return select(Participant).where(Participant.case_id == matter.id)


# How it is made -----------------------------------------------------------------------------------


class Structure(HTMLParser):
    """What a screen reader leans on: ids, headings, what points to what, names of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.pointers: list[str] = []
        self.inline: list[str] = []
        self.levels: list[int] = []
        self.pictures: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [one] if (one := given.get("id")) else []
        for name in ("aria-labelledby", "aria-describedby", "for"):
            self.pointers += (given.get(name) or "").split()
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "svg" and given.get("role") == "img":
            self.pictures.append(given)


@pytest.mark.parametrize("tab", ["desk", "account", "discussion", "hearing"])
def test_every_part_is_named_and_nothing_is_inline(bureau, town, tab):
    case = heavy(town, on="06-01", ended="05-20").performed("06-02")
    found = Structure()
    found.feed(bureau.at("06-20").tab(case, tab))
    assert len(found.ids) == len(set(found.ids))
    assert set(found.pointers) <= set(found.ids)
    assert found.inline == []
    assert all(b - a <= 1 for a, b in zip(found.levels, found.levels[1:], strict=False))
    if tab == "desk":
        assert [one.get("aria-labelledby") for one in found.pictures] == ["bar-title"]


@pytest.mark.parametrize("tab", ["desk", "account", "discussion", "hearing"])
def test_a_tab_costs_at_most_30_queries_however_many_earlier_cases(bureau, town, tab):
    case = heavy(town, on="06-01", ended="05-20").performed("06-02")
    bureau.at("06-20")

    def cost() -> int:
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
                seen.append(statement)

        database = town.database
        engine = database.reader_engine if database.is_sqlite else database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            bureau.tab(case, tab)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    first = cost()
    assert first <= 30
    decided(town, "baicao", "700000")
    assert cost() == first


def test_no_amount_is_ever_a_float():
    from pathlib import Path

    for module in (comparison, ledger, meetings, penalty_desk, range_bar):
        source = Path(module.__file__ or "").read_text(encoding="utf-8")
        assert not re.search(r"\bfloat\(|(?<![\w.])\d+\.\d+(?!\w)", source), module.__name__
    templates = Path(penalty_desk.__file__).parents[1] / "templates" / "enforcement"
    for template in templates.glob("*.html"):
        assert "| float" not in template.read_text(encoding="utf-8")
