"""The process drawn from the log: every number against a count typed here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import event, insert, select

from app.assurance import process_map_drawing as drawing
from app.assurance.process_map import START, Asked, Step, View, behind, declared, process_map
from app.audit import chain
from app.cases.models import Case
from app.db import Database, new_id, table_of
from app.workflows import LIFECYCLES
from app.workflows.verification import Verification
from tests.cases.conftest import page
from tests.insights.desks import Office, office
from tests.times import NOW

PAGE = "/audit/map"
DAY = timedelta(days=1)

Act = tuple[str, str, float]
"""Trigger, the state after it, how many days after the act before."""


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW)


def live(made: Office, acts: Sequence[Act], *, age: float = 100, **where: Any) -> None:
    """A case with exactly these entries in its chain, opened so many days ago."""
    case_id, opened = made.case("王芳", state=acts[-1][1], **where), NOW - timedelta(days=age)
    rows = entries(made, case_id, acts, opened)
    with made.database.engine.begin() as connection:
        connection.execute(chain.INSERT_ENTRY, rows)
    made.change(case_id, last_seq=len(rows) - 1, last_hash=rows[-1]["hash"], opened_at=opened)


def live_alike(made: Office, acts: Sequence[Act], count: int) -> None:
    """So many cases more that went the same way, in two statements."""
    with made.database.engine.begin() as connection:
        table = table_of(Case)
        model = connection.execute(select(table).limit(1)).mappings().one()
        cases = [
            {
                **model,
                "id": new_id(),
                "number": f"同〔2026〕{number}号",
                "lifecycle": "verification",
            }
            for number in range(count)
        ]
        connection.execute(insert(table), cases)
        rows = [row for one in cases for row in entries(made, one["id"], acts, NOW)]
        connection.execute(chain.INSERT_ENTRY, rows)


def entries(made: Office, case_id: UUID, acts: Sequence[Act], began: datetime) -> list[Any]:
    """The rows of a chain with exactly these entries."""
    at, before = began, None
    rows: list[Any] = []
    for seq, (trigger, state, after) in enumerate(acts):
        at += timedelta(days=after)
        rows.append(
            chain.seal(
                chain="case", chain_id=case_id, seq=seq,
                prev_hash=rows[-1]["hash"] if rows else "", recorded_at=at, occurred_at=at,
                actor=made["王芳"], role="inspector", trigger=trigger, from_state=before,
                to_state=state, details={},
            )
        )  # fmt: skip
        before = state
    return rows


def known_steps() -> list[tuple[str, str]]:
    """Two states of the verification that follow one another, from its opening on."""
    steps = declared(Verification, View.STATES)
    opening = next(to for source, to in sorted(steps) if source == START)
    return [(START, opening), *sorted(one for one in steps if one[0] == opening)]


OPENING, SECOND = known_steps()[1]
UNKNOWN = next(
    name
    for name in Verification.states
    if (OPENING, name) not in declared(Verification, View.STATES) and name not in {OPENING, SECOND}
)
"""A state no act leads to from the opening."""


ROUND: list[Act] = [
    ("open", OPENING, 0), ("go", SECOND, 1), ("back", OPENING, 1), ("go", SECOND, 1),
]  # fmt: skip


@pytest.fixture
def lived(database: Database) -> Office:
    """Four cases: one waited 1 day, one 4, one 5.5 and came back, one went a way of its own."""
    made = office(database)
    live(made, [("open", OPENING, 0), ("note", OPENING, 0.25), ("go", SECOND, 0.75)], age=10)
    live(made, [("open", OPENING, 0), ("go", SECOND, 4)], age=100)
    live(
        made,
        [("open", OPENING, 0), ("go", SECOND, 5.5), ("back", OPENING, 2), ("go", SECOND, 7)],
        age=100,
    )
    live(made, [("open", OPENING, 0), ("jump", UNKNOWN, 3)], age=200, division="640521")
    live(made, [("open", "selected", 0)], lifecycle="recheck")
    return made


def asked(made: Office, **more: Any) -> Asked:
    return replace(Asked(made["何审计"], "verification"), **more)


def drawn(made: Office, **more: Any):
    with made.database.read() as session:
        return process_map(session, asked(made, **more))


def test_states_their_counts_and_median_waits_are_those_of_the_log(lived):
    found = drawn(lived)
    assert (found.cases, found.ways) == (4, 3)
    assert found.nodes == {OPENING: 5, SECOND: 4, UNKNOWN: 1}
    steps = {(s.source, s.target): (s.count, s.cases, s.median, s.known) for s in found.steps}
    assert steps == {
        (START, OPENING): (4, 4, None, True),
        # 1, 4, 5.5 and 7 days: the mean of the two in the middle
        (OPENING, SECOND): (4, 3, timedelta(days=4.75), True),
        (SECOND, OPENING): (
            1,
            1,
            2 * DAY,
            (SECOND, OPENING) in declared(Verification, View.STATES),
        ),
        (OPENING, UNKNOWN): (1, 1, 3 * DAY, False),
    }
    assert [(one.path, one.count, one.median) for one in found.variants] == [
        ((OPENING, SECOND), 2, timedelta(days=2.5)),
        *sorted(
            [
                ((OPENING, SECOND, OPENING, SECOND), 1, timedelta(days=14.5)),
                ((OPENING, UNKNOWN), 1, 3 * DAY),
            ],
            key=lambda one: ">".join(one[0]),
        ),
    ]


def test_acts_are_drawn_as_they_followed_one_another(lived):
    found = drawn(lived, view=View.ACTS)
    steps = {(s.source, s.target): (s.count, s.median) for s in found.steps}
    assert steps == {
        (START, "open"): (4, None),
        ("open", "note"): (1, DAY / 4),
        ("note", "go"): (1, 3 * DAY / 4),
        ("open", "go"): (2, timedelta(days=4.75)),
        ("go", "back"): (1, 2 * DAY),
        ("back", "go"): (1, 7 * DAY),
        ("open", "jump"): (1, 3 * DAY),
    }
    assert not any(one.known for one in found.steps)  # none of these acts is declared


def test_period_division_and_sight_narrow_whole_cases(lived):
    assert drawn(lived, since=NOW - 50 * DAY).cases == 1
    assert drawn(lived, since=NOW - 100 * DAY).cases == 3  # its first instant belongs to it
    assert drawn(lived, until=NOW - 100 * DAY).cases == 1  # the end does not
    assert drawn(lived, division="640521").nodes == {OPENING: 1, UNKNOWN: 1}
    assert drawn(lived, lifecycle="recheck").cases == 1
    assert drawn(lived, actor=lived["冯立"]).cases == 1  # a branch sees its own district
    assert drawn(lived, actor=lived["企业"]).cases == 0


def test_the_cases_behind_a_step_come_longest_first_and_only_those_in_sight(lived):
    with lived.database.read() as session:
        found, count = behind(session, asked(lived), OPENING, SECOND)
        began, begun = behind(session, asked(lived), START, OPENING)
        hidden = behind(session, asked(lived, actor=lived["企业"]), OPENING, SECOND)
    assert count == 4
    assert [one.wait for one in found] == [7 * DAY, 5.5 * DAY, 4 * DAY, DAY]
    assert [one.seq for one in found] == [3, 1, 1, 2]
    assert (len(began), begun, began[0].wait) == (4, 4, None)
    assert hidden == ([], 0)


def test_the_declaration_knows_what_may_follow_what():
    acts = declared(Verification, View.ACTS)
    opening = Verification.opening().name
    assert (START, opening) in acts
    assert (opening, opening) not in acts
    for lifecycle in LIFECYCLES.values():
        assert {source for source, _ in declared(lifecycle, View.STATES)} - {START} <= set(
            lifecycle.states
        )


def test_rare_steps_are_left_out_of_the_picture_but_not_the_beginning(lived):
    steps = drawn(lived).steps
    assert {(s.source, s.target) for s in drawing.shown(steps, 4)} == {
        (START, OPENING), (OPENING, SECOND),
    }  # fmt: skip
    assert [s.source for s in drawing.shown(steps, 99)] == [START]
    assert drawing.fitting(steps, most=4) == 1
    assert drawing.fitting(steps, most=2) == 2
    assert drawing.fitting(steps, most=3) == 2  # of two equally rare ones neither is drawn


def test_the_page_says_the_same_in_picture_and_tables_and_leads_to_the_cases(lived, sign_in):
    browser = sign_in(lived["何审计"])
    shown = page(browser.get(PAGE))
    assert "style=" not in shown
    [picture] = re.findall(r"<svg[^>]*process-map.*?</svg>", shown, re.DOTALL)
    root = ET.fromstring(picture)
    links = root.findall(".//a")
    assert len(links) == 4
    told = [one.attrib["aria-label"] for one in links]
    words = Verification.states[OPENING].label.zh, Verification.states[SECOND].label.zh
    [step] = [one for one in told if one.startswith(" → ".join(words))]
    assert step == f"{words[0]} → {words[1]}，4 次，等候时间中位数 4.8 天"
    assert sum("流程未规定" in one for one in told) >= 1
    [heavy] = [one for one in links if one.attrib["aria-label"] == step]
    assert "weight-5" in heavy[0].attrib["class"]
    behind_it = page(browser.get(heavy.attrib["href"]))
    assert behind_it.count('<tr data-href="/cases/') == 4
    assert "7.0 天" in behind_it
    for row in ("50.0%", "25.0%", "2.5 天", "14.5 天"):
        assert row in shown


def test_the_table_is_sorted_by_the_address_and_filters_keep_what_was_typed(lived, sign_in):
    browser = sign_in(lived["何审计"])
    by_wait = page(browser.get(f"{PAGE}?sort=-median"))
    waits = re.findall(r'data-term="等候中位数">([\d.]+) 天', by_wait)
    assert waits == ["4.8", "3.0", "2.0"]
    assert 'aria-sort="descending"' in by_wait
    only = page(browser.get(f"{PAGE}?least=4&lifecycle=verification&view=states"))
    assert "图中略去 2 个少见的步骤" in only
    wrong = page(browser.get(f"{PAGE}?least=0"), 422)
    assert "请填写 1 以上的整数" in wrong
    assert 'value="0"' in wrong
    page(browser.get(f"{PAGE}?lifecycle=nothing"), 422)
    assert "没有可绘制的案件" in page(browser.get(f"{PAGE}?lifecycle=measure"))
    assert "没有案件经过这一步" in page(browser.get(f"{PAGE}/cases?from=x&to=y"))
    acts = page(browser.get(f"{PAGE}?view=acts"))
    assert "jump" in acts


def test_two_thousand_entries_cost_as_many_queries_as_a_dozen(lived, sign_in):
    browser = sign_in(lived["何审计"])
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
            seen.append(statement)

    def queries() -> int:
        seen.clear()
        page(browser.get(PAGE))
        return len(seen)

    database = lived.database
    engine = database.reader_engine if database.is_sqlite else database.engine
    browser.get(PAGE)
    event.listen(engine, "before_cursor_execute", note)
    try:
        few = queries()
        live_alike(lived, ROUND, 500)
        assert queries() == few
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert sum("lag(" in statement or "first_value(" in statement for statement in seen) == 2
    found = drawn(lived)
    assert found.cases == 504
    assert found.nodes == {OPENING: 1005, SECOND: 1004, UNKNOWN: 1}


def test_acts_are_ordered_so_that_little_goes_back():
    def step(source: str, target: str, count: int) -> Step:
        return Step(source, target, count, count, None, known=True)

    steps = [
        step("a", "b", 9), step("b", "c", 8), step("c", "b", 2), step("c", "d", 6),
        step("b", "b", 50), step("d", "a", 1),
    ]  # fmt: skip
    assert drawing.downward(["d", "c", "b", "a", "alone"], steps)[-4:] == ["a", "b", "c", "d"]
