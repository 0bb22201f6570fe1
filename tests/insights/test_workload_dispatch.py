"""The dispatch list: what a ladder put on it, how late it is, and what left it lately."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.cases.models import CaseDeadline
from app.cases.queries import Filter
from app.db import Database, table_of
from app.insights import dispatch
from app.insights.dispatch import ROWS, Part, Resolved, days_between, unit_of
from app.law.periods import Unit
from app.law.terms import shipped_law
from tests.cases.conftest import page
from tests.insights.desks import TODAY, Office, office
from tests.times import NOW

PAGE = "/insights/dispatch"
CALENDAR = shipped_law().calendar


@pytest.fixture
def made(database: Database) -> Office:
    return office(database)


@pytest.fixture
def browser(made, sign_in, monkeypatch) -> FlaskClient:
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW)
    signed_in: FlaskClient = sign_in(made["陈主管"])
    return signed_in


def listed(
    made: Office, part: Part = Part.OPEN, who: str = "陈主管", **asked: Any
) -> list[dispatch.Listed]:
    with made.database.read() as session:
        rows, _ = dispatch.page_of(session, made[who], part, Filter(**asked), NOW, CALENDAR)
    return rows


def late(made: Office, officer: str | None = "王芳", days: int = -10, **more: Any) -> CaseDeadline:
    case_id = made.case(officer, clocks={"completeness": days}, **more)
    return made.clock(case_id, "completeness")


def close(made: Office, clock: CaseDeadline, days: int, **how: Any) -> None:
    with made.database.engine.begin() as connection:
        table = table_of(CaseDeadline)
        closed = table.update().where(table.c.id == clock.id)
        connection.execute(closed.values(closed_at=NOW + timedelta(days=days), **how))


def test_what_a_listed_rung_told_of_stands_on_the_list_the_longest_first(made):
    newer, older = late(made), late(made, "马晓", -20)
    made.tell(newer, -2)
    made.tell(older, -9)
    made.tell(late(made), -1, listed=False)
    late(made)
    rows = listed(made)
    assert [(row.case_id, row.since, row.due_on) for row in rows] == [
        (older.case_id, NOW - timedelta(days=9), TODAY - timedelta(days=20)),
        (newer.case_id, NOW - timedelta(days=2), TODAY - timedelta(days=10)),
    ]
    assert [row.officer for row in rows] == [made.id_of("马晓"), made.id_of("王芳")]
    waits_for = rows[0].clock.waits_for
    assert waits_for is not None
    assert waits_for.label.zh == "业务科室负责人（主办机关）"


def test_a_clock_stands_there_once_and_only_for_the_end_it_has(made):
    clock = late(made)
    made.tell(clock, -3)
    made.tell(clock, -1, rung="+8wd")
    moved = late(made)
    made.tell(moved, -3, end=-5)
    assert [(row.case_id, row.since) for row in listed(made)] == [
        (clock.case_id, NOW - timedelta(days=3))
    ]


def test_what_was_resolved_in_thirty_days_is_shown_with_how(made):
    told = [(late(made), days) for days in (-1, -29, -31)]
    for clock, days in told:
        made.tell(clock, days - 1)
        close(made, clock, days, met_at=NOW + timedelta(days=days))
    voided, handed = late(made), late(made)
    for clock in (voided, handed):
        made.tell(clock, -5)
    close(made, voided, -2, voided_seq=3)
    close(made, handed, -3, handed_to=voided.case_id)
    assert listed(made) == []
    assert [(row.case_id, row.how) for row in listed(made, Part.RESOLVED)] == [
        (told[0][0].case_id, Resolved.MET),
        (voided.case_id, Resolved.VOIDED),
        (handed.case_id, Resolved.HANDED_OVER),
        (told[1][0].case_id, Resolved.MET),
    ]


@pytest.mark.parametrize(
    ("due_on", "until", "unit", "days"),
    [
        (date(2026, 9, 30), date(2026, 9, 30), Unit.WORKING_DAYS, 0),
        (date(2026, 9, 30), date(2026, 9, 29), Unit.WORKING_DAYS, 0),
        (date(2026, 9, 30), date(2026, 10, 7), Unit.WORKING_DAYS, 0),  # 1-7 October are off
        (date(2026, 9, 30), date(2026, 10, 8), Unit.WORKING_DAYS, 1),
        (date(2026, 9, 30), date(2026, 10, 10), Unit.WORKING_DAYS, 3),  # a Saturday at work
        (date(2026, 9, 30), date(2026, 10, 8), Unit.CALENDAR_DAYS, 8),
    ],
)
def test_days_overdue_are_counted_as_the_term_counts(due_on, until, unit, days):
    assert days_between(due_on, until, unit, CALENDAR) == days


@pytest.mark.parametrize(
    ("dues", "unit"),
    [
        ([{"unit": "wd"}], Unit.WORKING_DAYS),
        ([{"unit": "cd"}], Unit.CALENDAR_DAYS),
        ([{"unit": "m"}], Unit.CALENDAR_DAYS),
        ([{"kind": "year"}], Unit.CALENDAR_DAYS),
        ([{"unit": "wd"}, {"kind": "day"}], Unit.CALENDAR_DAYS),
    ],
)
def test_only_a_term_of_working_days_is_late_in_working_days(dues, unit):
    assert unit_of({"dues": dues}) is unit


def test_pages_by_key_hold_each_once_and_the_file_all(made, browser):
    for number in range(ROWS + 2):
        made.tell(late(made), -number % 3)
    rows, after = [], None
    with made.database.read() as session:
        while True:
            found, after = dispatch.page_of(
                session, made["陈主管"], Part.OPEN, Filter(), NOW, CALENDAR, after
            )
            rows += found
            if after is None:
                break
    assert len(rows) == len({row.case_id for row in rows}) == ROWS + 2
    assert [row.since for row in rows] == sorted(row.since for row in rows)
    html = page(browser.get(PAGE))
    assert html.count("<tr data-href") == ROWS
    assert 'rel="next"' in html
    assert len(browser.get(f"{PAGE}.csv").get_data(as_text=True).splitlines()) == ROWS + 3


def test_the_file_is_read_by_office_programs_and_holds_no_formula(made, browser):
    made.tell(late(made, None, subject="=HYPERLINK(1)"), -1)
    answer = browser.get(f"{PAGE}.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    heading, row = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    cells = dict(zip(heading, row, strict=True))
    assert cells["单位"] == "'=HYPERLINK(1)"
    assert cells["到期日"] == (TODAY - timedelta(days=10)).isoformat()
    assert cells["承办人"] == "未指定承办人"
    assert cells["销号"] == ""


def test_the_list_is_narrowed_by_the_address_and_says_when_it_is_empty(made, browser):
    assert "调度清单为空" in page(browser.get(PAGE))
    assert "近 30 日没有销号" in page(browser.get(f"{PAGE}?part=resolved"))
    made.tell(late(made, "马晓", division="640521"), -1)
    made.tell(late(made), -1)
    assert page(browser.get(PAGE)).count("<tr data-href") == 2
    for asked in (f"officer={made.id_of('马晓')}", "division=640521"):
        assert page(browser.get(f"{PAGE}?{asked}")).count("<tr data-href") == 1
        assert len(browser.get(f"{PAGE}.csv?{asked}").data.splitlines()) == 2
    assert "调度清单为空" not in page(browser.get(f"{PAGE}?lifecycle=recheck"))
    assert page(browser.get(f"{PAGE}?part=nonsense&after=x")).count("<tr data-href") == 2


def test_the_branch_sees_its_own_district_only(made):
    made.tell(late(made, division="640521"), -1)
    made.tell(late(made), -1)
    assert len(listed(made, who="丁分管")) == 1


def test_the_list_is_found_by_its_index(database: Database):
    if not database.is_sqlite:
        return
    made, asked = office(database), []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    event.listen(database.reader_engine, "before_cursor_execute", note)
    try:
        listed(made)
    finally:
        event.remove(database.reader_engine, "before_cursor_execute", note)
    [(statement, values)] = [one for one in asked if "case_clock_rungs" in one[0]]
    with database.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        assert "ix_case_clock_rungs_listed" in " ".join(str(row) for row in plan)
