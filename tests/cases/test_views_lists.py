"""Lists of cases: whose they are, in which order, at what cost; the cycle of a year."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import func, select

from app.cases.models import Case
from app.cases.queries import Filter, Key, Scope, worklist
from app.registers.models import RosterEntry
from tests.cases.conftest import NOW, City, page


def cases_in(html: str) -> set[str]:
    return set(re.findall(r'href="/cases/([0-9a-f-]{36})"', html))


def test_the_start_page_is_the_worklist(city: City):
    answer = city.browser("supervisor").get("/")
    assert answer.headers["Location"] == "/worklist"


def test_a_worklist_groups_by_urgency_and_offers_the_likely_act(city: City):
    html = page(city.browser("supervisor").get("/worklist"))
    places = [html.index(word) for word in ("今天到期", "本周到期", "以后到期")]
    assert places == sorted(places)
    notify = f"/cases/{city.case('lanqiao').id}/act/notify_result"
    assert notify in html
    assert "remove_from_roster" not in html


@pytest.mark.parametrize("login", ["unit-baifan", "unit-moyu"])
def test_a_unit_sees_its_own_case_and_no_other(city: City, login):
    browser, unit = city.browser(login), login.removeprefix("unit-")
    for address in ("/worklist?scope=all", "/cases"):
        assert cases_in(page(browser.get(address))) == {str(city.case(unit).id)}
    page(browser.get(f"/cases/{city.case('jinwan').id}"), 404)


def test_an_expert_sees_rechecks_they_take_part_in_only(city: City):
    with city.database.read() as reading:
        rechecks = set(reading.scalars(select(Case.id).where(Case.lifecycle == "recheck")))
    seen = cases_in(page(city.browser("expert1").get("/cases")))
    assert seen
    assert seen <= {str(one) for one in rechecks}
    page(city.browser("expert3").get(f"/cases/{next(iter(seen))}"), 404)


def test_an_agency_sees_a_recheck_only_from_its_opinions_on(city: City):
    browser = city.browser("verifier")
    page(browser.get(f"/cases/{city.case('hongyan', 'recheck').id}"), 404)
    page(browser.get(f"/cases/{city.case('yinfan', 'recheck').id}"))


def test_the_filter_stands_in_the_address(city: City):
    browser = city.browser("supervisor")
    html = page(browser.get("/worklist?scope=all&lifecycle=recheck&state=opinion_issued"))
    assert cases_in(html) == {str(city.case(u, "recheck").id) for u in ("yinfan", "yuanfeng")}
    assert "没有" not in page(browser.get("/cases?q=白帆"))
    assert "筛选" in page(browser.get("/worklist?q=nothing like it"))
    overdue = page(browser.get("/worklist?scope=all&overdue=y"))
    assert "今天到期" not in overdue


@pytest.mark.parametrize("wrong", ["?year=never", "?after=nowhere", "?scope=theirs", "?year=99999"])
def test_an_address_that_makes_no_sense_narrows_nothing(city: City, wrong):
    assert cases_in(page(city.browser("supervisor").get(f"/worklist{wrong}")))


@pytest.mark.parametrize("scope", list(Scope))
def test_pages_by_key_hold_every_case_once_and_in_order(city: City, scope):
    actor, after = city.cast["supervisor"], None
    found: list[Case] = []
    with city.database.read() as reading:
        whole = worklist(reading, actor, scope, Filter(), NOW, limit=1000).rows
        while True:
            one = worklist(reading, actor, scope, Filter(), NOW, after=after, limit=3)
            found += one.rows
            if one.next is None:
                break
            after = Key.read(str(one.next))
    assert [case.id for case in found] == [case.id for case in whole]


def test_a_worklist_costs_at_most_eleven_queries_however_long_it_is(city: City):
    browser = city.browser("supervisor")
    browser.get("/worklist")
    long = city.queries(lambda: page(browser.get("/worklist?scope=all")))
    short = city.queries(lambda: page(browser.get("/worklist?scope=all&q=白帆")))
    assert long == short
    assert long <= 11


# The cycle of a year ----------------------------------------------------------------------------


def test_a_supervisor_opens_a_cycle_in_steps_and_may_repeat_it(city: City):
    browser, counted = city.browser("supervisor"), select(func.count()).select_from(Case)
    of_2025 = counted.where(Case.cycle_year == 2025, Case.lifecycle == "verification")

    first = browser.post("/cycles", data={"year": 2025})
    html = page(browser.get(first.headers["Location"]))
    assert "20/31" in html
    assert "data-continue" in html
    assert "data-continue" not in page(city.browser("supervisor").get("/cycles?year=2025"))

    html = page(browser.post("/cycles", data={"year": 2025}, follow_redirects=True))
    assert "31/31" in html
    assert "31" in html
    html = page(browser.post("/cycles", data={"year": 2025}, follow_redirects=True))
    assert "31 家" in html
    with city.database.read() as reading:
        assert reading.scalar(of_2025) == 31


def test_a_year_whose_dates_are_unknown_is_not_opened_and_says_so(city: City):
    unit = city.cast.units["redian"].id
    listed = RosterEntry(year=2028, unit_id=unit, listed_on=date(2027, 10, 31))
    city.database.write(lambda writing: writing.add(listed))
    browser = city.browser("supervisor")
    html = page(browser.post("/cycles", data={"year": 2028}, follow_redirects=True))
    assert "notice-overdue" in html
    assert "2028 年没有日期" in html
    assert "0/1" in html


@pytest.mark.parametrize("login", ["inspector", "unit-baifan", "verifier"])
def test_nobody_else_opens_a_cycle(city: City, login):
    page(city.browser(login).post("/cycles", data={"year": 2026}), 403)


@pytest.mark.parametrize("login", ["unit-baifan", "verifier", "expert1"])
def test_nobody_but_the_authority_and_its_auditors_reads_where_every_unit_stands(city: City, login):
    page(city.browser(login).get("/cycles?year=2026"), 403)


def test_the_cycle_shows_where_each_unit_stands(city: City):
    browser = city.browser("inspector")
    html = page(browser.get("/cycles?year=2026"))
    assert "名录" in html
    only = page(browser.get("/cycles?year=2026&state=nc_issued"))
    assert cases_in(only) == {str(city.case("baifan").id)}
