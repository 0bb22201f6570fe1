"""Who is loaded with what: every number against a count typed here, and where it leads."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.cases.ages import Age, is_of
from app.cases.models import Case
from app.cases.queries import Filter
from app.db import Database
from app.engine.actors import Capacity
from app.insights import charts
from app.insights.workload import ROWS, Workload, falling, workload
from app.insights.workload_views import late_by_cause, officers_of, stages_of
from tests.cases.conftest import page
from tests.insights.desks import TODAY, Office, office
from tests.times import NOW

PAGE = "/insights/workload"


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW)


@pytest.fixture
def busy(database: Database) -> Office:
    """王芳 has five cases, 马晓 two, nobody three, the branch's 冯立 one; two are closed."""
    made = office(database)
    made.case("王芳", age=0, state="report_due", clocks={"report_filing": 2})
    made.case("王芳", age=7, state="report_due", clocks={"report_filing": -3})
    made.case("王芳", age=8, state="arranged", clocks={"completeness": -30, "desk_review": 0})
    made.case("王芳", age=30, state="arranged", clocks={"completeness": -31})
    made.case("王芳", age=31, lifecycle="recheck", state="selected", clocks={"outer_bound": 6})
    made.case("马晓", age=90, lifecycle="recheck", state="selected", clocks={"outer_bound": 7})
    made.case("马晓", age=91, state="arranged", clocks={"verification_end": -8})
    made.case(None, age=400, state="document_review", division="640521")
    made.case(None, age=1, state="report_due", clocks={"report_filing": -7, "report_cure": 2})
    made.case(None, age=1, state="report_due")
    made.case("冯立", age=2, state="report_due", division="640521", at=made.branch)
    made.case("王芳", age=3, closed=True)
    made.case("马晓", age=300, closed=True)
    return made


def load(made: Office, who: str = "陈主管", **asked: Any) -> Workload:
    with made.database.read() as session:
        return workload(session, made[who], replace(Filter(), **asked), NOW)


def test_open_cases_are_counted_by_officer_and_age(busy):
    rows = [(one and name, counts) for one, name, counts in officers_of(load(busy))]
    assert rows == [
        ("王芳", [2, 2, 1, 0]),
        ("马晓", [0, 0, 1, 1]),
        ("冯立", [1, 0, 0, 0]),
        (None, [2, 0, 0, 1]),
    ]
    by_age = load(busy).by(lambda pile: pile.age)
    assert [by_age[age] for age in Age] == [5, 2, 2, 2]


def test_the_day_before_on_and_after_the_limit_of_an_age(database):
    made = office(database)
    groups = {
        (0, 7): Age.WEEK, (8, 30): Age.MONTH, (31, 90): Age.QUARTER, (91, 2000): Age.OLDER,
    }  # fmt: skip
    expected = {}
    for days, age in groups.items():
        for each in days:
            expected[made.case("王芳", age=each)] = age
    with database.read() as session:
        for age in Age:
            found = select(Case.id).where(is_of(age, TODAY))
            assert set(session.scalars(found)) == {k for k, v in expected.items() if v is age}
    assert {pile.age: pile.count for pile in load(made).piles} == dict.fromkeys(Age, 2)


def test_open_cases_are_counted_by_procedure_and_state(busy):
    found = [
        (key, total, [(state, count) for state, _, count in states])
        for key, total, states in stages_of(load(busy))
    ]
    assert found == [
        ("verification", 9, [("report_due", 5), ("arranged", 3), ("document_review", 1)]),
        ("recheck", 2, [("selected", 2)]),
    ]


def test_what_is_overdue_is_counted_by_cause_and_by_how_long(busy):
    found = load(busy)
    assert [(one.name, one.expiry.value, one.counts, one.since) for one in found.late] == [
        ("completeness", "target", (0, 1, 1), TODAY - timedelta(days=31)),
        ("report_filing", "party_breach", (2, 0, 0), TODAY - timedelta(days=7)),
        ("verification_end", "authority_breach", (0, 1, 0), TODAY - timedelta(days=8)),
    ]
    assert [counts for _, counts in late_by_cause(found)] == [[2, 0, 0], [0, 1, 1], [0, 1, 0]]


def test_two_clocks_of_one_name_make_one_overdue_case(busy):
    case_id = busy.case("王芳", clocks={"nc_answer": -9})
    busy.add_clock(case_id, "verification", "nc_answer", -2)
    [late] = [one for one in load(busy).late if one.name == "nc_answer"]
    assert (late.count, late.counts) == (1, (0, 1, 0))


def test_what_falls_due_in_seven_days_is_counted_by_day_and_listed(busy):
    found = load(busy)
    days = {day: count for day, count in found.falling.items() if count}
    assert list(found.falling) == [TODAY + timedelta(days=ahead) for ahead in range(7)]
    assert days == {
        TODAY: 1, TODAY + timedelta(days=2): 2, TODAY + timedelta(days=6): 1,
    }  # fmt: skip
    with busy.database.read() as session:
        rows, following = falling(session, busy["陈主管"], Filter(), NOW)
    assert [(row.due_on - TODAY).days for row in rows] == [0, 2, 2, 6]
    assert rows[0].clock.zh == "文件评审"
    assert following is None


def test_what_falls_due_is_paged_by_key_each_once(database):
    made = office(database)
    for _ in range(ROWS + 3):
        made.case("王芳", clocks={"report_filing": 1})
    with database.read() as session:
        first, following = falling(session, made["陈主管"], Filter(), NOW)
        rest, end = falling(session, made["陈主管"], Filter(), NOW, following)
    assert (len(first), len(rest), end) == (ROWS, 3, None)
    assert {row.case_id for row in [*first, *rest]} == set(made.cases.values())


def test_each_filter_narrows_every_number(busy):
    narrowed: list[tuple[dict[str, Any], tuple[int, int, int]]] = [
        ({"lifecycle": "recheck"}, (2, 0, 1)),
        ({"division": "640521"}, (2, 0, 0)),
        ({"division": "640500"}, (11, 5, 4)),
        ({"unassigned": True}, (3, 1, 1)),
    ]
    for asked, numbers in narrowed:
        found = load(busy, **asked)
        late = sum(one.count for one in found.late)
        assert (found.total, late, sum(found.falling.values())) == numbers, asked


def test_the_filter_by_officer_narrows_and_still_offers_the_others(busy):
    found = load(busy, assignee=busy.id_of("马晓"))
    assert found.total == 2
    assert {found.officers[one] for one in found.choices} == {"王芳", "马晓", "冯立"}


def test_the_branch_sees_its_own_and_the_city_all(busy):
    assert load(busy, "丁分管").total == 2
    assert load(busy, "刘局").total == load(busy, "何审计").total == 11


# Who is gone --------------------------------------------------------------------------------------


def test_leavers_with_open_work_come_first_by_membership_account_and_seat(busy):
    assert load(busy).leavers == []
    busy.case("秦离", age=5)
    busy.case("秦离", age=5, seats={Capacity.INVESTIGATOR: "秦离"})
    busy.case("王芳", seats={Capacity.INVESTIGATOR: "封存"})
    busy.case("王芳", closed=True, seats={Capacity.INVESTIGATOR: "秦离"})
    busy.case("王芳", seats={Capacity.REVIEWER: "秦离"})  # came of a review: that is the past
    found = [(one.name, one.organisation, one.cases, one.seats) for one in load(busy).leavers]
    assert found == [("封存", "测试市局", 0, 1), ("秦离", "测试市局", 2, 1)]


def test_whoever_leaves_today_is_gone_tomorrow(database):
    made = office(database, gone_since=TODAY)
    made.case("秦离")
    assert load(made).leavers == []
    yesterday = office(database, gone_since=TODAY - timedelta(days=1))
    yesterday.case("秦离", at=yesterday.bureau)
    assert [one.name for one in load(yesterday).leavers] == ["秦离"]


# The page -----------------------------------------------------------------------------------------


@pytest.fixture
def browser(busy, sign_in) -> FlaskClient:
    signed_in: FlaskClient = sign_in(busy["陈主管"])
    return signed_in


def numbers_with_links(html: str) -> list[tuple[int, str]]:
    found = re.findall(r'<a href="(/worklist\?[^"]*)">(\d+)<span', html)
    return [(int(number), entities.unescape(address)) for address, number in found]


def test_each_number_leads_to_a_list_of_as_many_cases(busy, browser):
    linked = numbers_with_links(page(browser.get(PAGE)))
    assert len(linked) > 20
    for number, address in dict.fromkeys(linked):
        assert page(browser.get(address)).count("<li data-row>") == number, address


def test_the_list_says_what_it_is_narrowed_to_and_lets_go_of_it(busy, browser):
    address = f"/worklist?scope=all&assignee={busy.id_of('王芳')}&age=30&lifecycle=verification"
    html = page(browser.get(f"{address}&late=completeness"))
    for words in ("承办人：王芳", "在办时间：8—30 日", "逾期：完整性审查"):
        assert words in html
    assert 'name="age" value="30"' in html
    assert html.count("<li data-row>") == 2
    kept = re.search(r'href="([^"]*)"><svg[^>]*aria-label="取消：承办人：王芳"', html)
    assert kept is not None
    assert "assignee" not in kept[1]
    assert "age=30" in kept[1]


def test_charts_say_their_values_without_colour_or_script(busy, browser):
    html = page(browser.get(PAGE))
    charts_drawn = re.findall(r'<svg viewBox="0 0 360 \d+" role="img".*?</svg>', html, re.DOTALL)
    assert len(charts_drawn) == 5
    for one in charts_drawn:
        [titled] = re.findall(r'aria-labelledby="([^"]*)"', one)
        assert all(f'id="{name}"' in one for name in titled.split())
        assert "style=" not in one
    assert "王芳 5：7 日以内 2、8—30 日 2、31—90 日 1；" in charts_drawn[0]
    assert re.findall(r'class="sum"[^>]*>(\d+)<', charts_drawn[0]) == ["5", "2", "1", "3"]


def test_the_leaver_is_warned_of_and_leads_to_reassigning(busy, browser, sign_in):
    busy.case("秦离")
    html = page(browser.get(PAGE))
    assert "秦离已离开测试市局" in html
    assert f"/insights/reassign?officer={busy.id_of('秦离')}" in html
    assert html.index("秦离已离开") < html.index("按承办人")
    told = page(sign_in(busy["刘局"]).get(PAGE))
    assert "由业务科室负责人移交" in told
    assert "/insights/reassign" not in told


def test_an_address_narrows_the_page_and_nonsense_does_not(busy, browser):
    assert "在办 2 件" in page(browser.get(f"{PAGE}?officer={busy.id_of('马晓')}"))
    assert "在办 3 件" in page(browser.get(f"{PAGE}?officer=none"))
    assert "在办 11 件" in page(browser.get(f"{PAGE}?officer=nobody&lifecycle=x&after=y"))


def test_empty_desks_say_why(database, sign_in):
    browser = sign_in(office(database)["陈主管"])
    assert "开立案件后" in page(browser.get(PAGE))
    narrowed = page(browser.get(f"{PAGE}?lifecycle=recheck"))
    assert "开立案件后" not in narrowed
    assert 'class="empty"' in narrowed


def test_only_supervisors_leaders_and_auditors_look_from_above(busy, sign_in, client):
    for address in (PAGE, "/insights/dispatch", "/insights/dispatch.csv"):
        for name in ("陈主管", "刘局", "何审计"):
            assert sign_in(busy[name]).get(address).status_code == 200
        for name in ("王芳", "孙法制", "企业"):
            page(sign_in(busy[name]).get(address), 403)
        assert client.get(address).status_code == 303


def queries_of(database: Database, ask: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
            seen.append(statement)

    engine = database.reader_engine if database.is_sqlite else database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_the_number_of_queries_does_not_grow_with_cases_officers_or_leavers(busy, browser):
    def numbers() -> int:
        return queries_of(busy.database, lambda: load(busy))

    def whole_page() -> int:
        return queries_of(busy.database, lambda: page(browser.get(PAGE)))

    busy.case("秦离", seats={Capacity.INVESTIGATOR: "封存"})
    browser.get(PAGE)
    few = whole_page()
    assert numbers() == 6
    for number in range(60):
        officer = ("王芳", "马晓", "秦离", "封存", None)[number % 5]
        busy.case(officer, age=number * 3, clocks={"completeness": number - 30})
    assert numbers() == 6
    assert whole_page() == few


# Drawing ------------------------------------------------------------------------------------------


def test_a_part_is_seen_however_small_and_its_number_only_where_it_fits():
    [bar] = charts.drawing([("甲", [1, 999])], ["一", "二"]).bars
    assert [part.width >= 1 for part in bar.parts] == [True, True]
    assert [part.fits for part in bar.parts] == [False, True]


def test_many_bars_are_cut_and_nothing_is_drawn_of_nothing():
    drawn = charts.drawing([(str(number), [number]) for number in range(20, 0, -1)])
    assert (len(drawn.bars), drawn.rest, drawn.bars[0].value) == (12, 8, 20)
    assert charts.drawing([]).height == 0
    [bar] = charts.drawing([("甲" * 40, [0])]).bars
    assert (bar.parts, bar.end, bar.words[-1], len(bar.words)) == ((), 0, "…", 23)
