"""Giving work away in bulk: evenly, singly recorded, and never against the separation of duties."""

from __future__ import annotations

import html as entities
import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from app.cases import reassignment
from app.cases.errors import NotPermitted
from app.cases.queries import Filter
from app.cases.reassignment import Handover, Progress, reassign, seats_of
from app.db import Database, new_id
from app.engine.actors import Capacity
from app.workflows.verification import Verification
from tests.cases.conftest import hidden, page
from tests.insights.desks import Office, office
from tests.times import NOW
from tests.town import instant

ASKED, PREVIEW, DONE = "/insights/reassign", "/insights/reassign/preview", "/insights/reassign"


@pytest.fixture
def made(database: Database) -> Office:
    return office(database)


def to_the_end(made: Office, handover: Handover, most: int = 2, who: str = "陈主管") -> Progress:
    progress = Progress()
    while not progress.done:
        progress = reassign(made.database, handover, progress, actor=made[who], now=NOW, most=most)
    return progress


def from_to(made: Office, officer: str | None, *to: str, **more: Any) -> Handover:
    return Handover(
        made.id_of(officer) if officer else None, tuple(made.id_of(name) for name in to), **more
    )


def test_a_leavers_cases_go_to_several_evenly_and_each_leaves_an_entry(made):
    cases = [made.case("秦离", age=number) for number in range(5)]
    other, closed = made.case("王芳"), made.case("秦离", closed=True)
    progress = to_the_end(made, from_to(made, "秦离", "王芳", "马晓"))
    assert sorted(progress.given.values()) == [2, 3]
    assert progress.kept == ()
    handled = made.handled_by()
    assert {handled[case] for case in cases} == {made.id_of("王芳"), made.id_of("马晓")}
    assert handled[other] == made.id_of("王芳")
    assert handled[closed] == made.id_of("秦离")
    for case in cases:
        [entry] = made.entries(case)
        assert (entry.trigger, entry.actor_id) == ("assign", made.id_of("陈主管"))
        told = json.loads(entry.body)["details"]
        assert told["before"] == str(made.id_of("秦离"))
        assert told["person"] == str(handled[case])
    assert made.entries(other) == made.entries(closed) == []


def test_the_past_keeps_the_name_and_the_chain_holds(town):
    matter = town.open(
        Verification, "supervisor", {"sector": "power"}, at="01-05", subject="redian"
    )
    inspector, supervisor = town["inspector"].person_id, town["supervisor"]
    now = instant("01-06")

    def give(officer: UUID | None, to: UUID) -> Progress:
        handover = Handover(officer, (to,), only=(matter.id,))
        return reassign(town.database, handover, Progress(), actor=supervisor, now=now, most=10)

    assert give(None, inspector).moved == 1
    before = [(entry.trigger, entry.actor_name, entry.hash) for entry in matter.entries()]
    assert give(inspector, town["inspector2"].person_id).moved == 1
    after = [(entry.trigger, entry.actor_name, entry.hash) for entry in matter.entries()]
    assert after[:-1] == before
    assert after[-1][:2] == ("assign", "陈志远")
    assert matter.faults() == []


def test_only_what_is_narrowed_to_is_moved(made):
    rechecks = [made.case("王芳", lifecycle="recheck", state="selected") for _ in range(2)]
    rest = [made.case("王芳", division="640521"), made.case("王芳")]
    narrowed = Filter(lifecycle="recheck")
    assert to_the_end(made, from_to(made, "王芳", "马晓", narrowed=narrowed)).moved == 2
    assert {made.handled_by()[one] for one in rechecks} == {made.id_of("马晓")}
    assert {made.handled_by()[one] for one in rest} == {made.id_of("王芳")}


def test_the_desk_of_nobody_can_be_given_away(made):
    case = made.case(None)
    assert to_the_end(made, from_to(made, None, "马晓")).moved == 1
    assert made.handled_by()[case] == made.id_of("马晓")


@pytest.mark.parametrize(
    ("capacity", "rule"),
    [(Capacity.REVIEWER, "SD-1"), (Capacity.CHAIR, "SD-1"), (Capacity.DISCUSSANT, "SD-2")],
)
def test_whom_another_duty_bars_is_passed_over_and_if_nobody_is_left_the_case_stays(
    made, capacity, rule
):
    barred = made.case("王芳", seats={capacity: "马晓"})
    assert to_the_end(made, from_to(made, "王芳", "马晓", "陈主管")).moved == 1
    assert made.handled_by()[barred] == made.id_of("陈主管")
    stays = made.case("王芳", seats={capacity: "马晓"})
    progress = to_the_end(made, from_to(made, "王芳", "马晓"))
    [kept] = progress.kept
    assert (kept.case_id, progress.moved) == (stays, 0)
    assert rule in kept.why.zh
    assert made.handled_by()[stays] == made.id_of("王芳")
    assert made.entries(stays) == []


def test_an_investigator_may_handle_the_case(made):
    case = made.case("王芳", seats={Capacity.INVESTIGATOR: "马晓"})
    to_the_end(made, from_to(made, "王芳", "马晓"))
    assert made.handled_by()[case] == made.id_of("马晓")


def test_nobody_is_given_a_case_who_may_not_handle_it(made):
    case = made.case("王芳")
    for name in ("秦离", "封存", "冯立", "刘局", "企业"):
        progress = to_the_end(made, from_to(made, "王芳", name))
        assert [one.why.zh for one in progress.kept] == ["请从本机关人员中选择。"], name
    assert made.handled_by()[case] == made.id_of("王芳")


def test_what_was_closed_or_given_away_meanwhile_stays_so_and_is_told(made):
    closed, taken, mine = (made.case("王芳") for _ in range(3))
    handover = from_to(made, "王芳", "马晓", only=(closed, taken, mine))
    made.change(closed, is_final=True, closed_at=NOW)
    made.change(taken, assignee_id=made.id_of("陈主管"))
    progress = to_the_end(made, handover)
    told = {one.case_id: one.why for one in progress.kept}
    assert told == {closed: reassignment.CLOSED, taken: reassignment.TAKEN}
    assert progress.given == {made.id_of("马晓"): 1}
    assert made.handled_by()[taken] == made.id_of("陈主管")
    assert made.entries(closed) == made.entries(taken) == []


def test_cases_of_another_authority_are_not_touched(made):
    theirs = made.case("冯立", at=made.branch, division="640521")
    foreign = made.case("冯立", at=made.branch, division="110105")
    handover = from_to(made, "冯立", "马晓")
    assert to_the_end(made, handover).moved == 0
    named = from_to(made, "冯立", "马晓", only=(theirs, foreign, new_id()))
    progress = to_the_end(made, named)
    assert (progress.moved, len(progress.kept)) == (0, 3)
    assert {made.handled_by()[one] for one in (theirs, foreign)} == {made.id_of("冯立")}


def test_nobody_but_a_supervisor_gives_work_away(made):
    made.case("王芳")
    for who in ("王芳", "刘局", "何审计", "孙法制"):
        with pytest.raises(NotPermitted):
            to_the_end(made, from_to(made, "王芳", "马晓"), who=who)


def test_of_two_who_give_the_same_desk_away_at_once_each_case_is_moved_once(made):
    cases = [made.case("秦离") for _ in range(12)]
    together = Barrier(2)

    def give(to: str) -> Progress:
        together.wait()
        return to_the_end(made, from_to(made, "秦离", to, only=tuple(cases)), most=5)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(give, ["王芳", "马晓"])
    assert one.moved + other.moved == 12
    assert len(one.kept) + len(other.kept) == 12
    assert {kept.why for kept in (*one.kept, *other.kept)} <= {reassignment.TAKEN}
    assert [len(made.entries(case)) for case in cases] == [1] * 12


# Seats --------------------------------------------------------------------------------------------


def test_seats_are_named_with_the_act_that_changes_them(made):
    made.case(
        "王芳",
        lifecycle="penalty_procedure",
        state="investigating",
        seats={Capacity.INVESTIGATOR: "秦离"},
    )
    made.case(
        "王芳",
        lifecycle="penalty_procedure",
        state="filing_review",
        seats={Capacity.INVESTIGATOR: "秦离"},
    )
    made.case("王芳", lifecycle="penalty_procedure", seats={Capacity.REVIEWER: "秦离"})
    made.case("王芳", lifecycle="recheck", state="selected", seats={Capacity.CHAIR: "秦离"})
    made.case("王芳", closed=True, seats={Capacity.INVESTIGATOR: "秦离"})
    with made.database.read() as session:
        found = list(seats_of(session, made["陈主管"], made.id_of("秦离"), 10))
    assert [(one.capacity.value, one.act and one.act.name, one.now, one.earned) for one in found] == [
        ("investigator", "change_officers", True, False),
        ("investigator", "file", True, False),
        ("reviewer", None, False, True),
        ("chair", None, False, False),
    ]  # fmt: skip
    assert "局领导" in found[0].reserved.zh


# In the browser -----------------------------------------------------------------------------------


@pytest.fixture
def browser(made, sign_in, monkeypatch) -> FlaskClient:
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW)
    signed_in: FlaskClient = sign_in(made["陈主管"])
    return signed_in


def form_of(made: Office, officer: str, *to: str, **more: Any) -> dict[str, Any]:
    return {
        "officer": str(made.id_of(officer)), "to": [str(made.id_of(name)) for name in to],
        "which": "all", **more,
    }  # fmt: skip


def test_a_desk_is_looked_at_previewed_and_given_away_in_steps(made, browser):
    cases = [made.case("秦离") for _ in range(25)]
    made.case("王芳", lifecycle="penalty_procedure", state="investigating",
              seats={Capacity.INVESTIGATOR: "秦离"})  # fmt: skip
    html = page(browser.get(f"{ASKED}?officer={made.id_of('秦离')}"))
    assert "在办 25 件" in html
    assert "已不能在本机关承办案件" in html
    assert "该案承办人须经「更换承办人」变更。" in html
    offered = set(re.findall(r'name="to"[^>]*value="([^"]*)"', html))
    assert not re.search(r'<input[^>]*name="to"[^>]*required', html)  # not each of them
    assert offered == {str(made.id_of(name)) for name in ("陈主管", "王芳", "马晓")}

    form = form_of(made, "秦离", "王芳", "马晓")
    html = page(browser.post(PREVIEW, data=form))
    assert "移交秦离的 25 件案件" in html
    assert re.findall(r'<th scope="row">(\S+)</th><td class="num">(\d+)</td>', html) == [
        ("王芳", "13"), ("马晓", "12"),
    ]  # fmt: skip
    assert set(made.handled_by().values()) == {made.id_of("秦离"), made.id_of("王芳")}

    html = page(browser.post(DONE, data={**form, "total": "25"}))
    assert "data-continue" in html
    assert "20/25" in html
    carried = {name: entities.unescape(hidden(html, name)) for name in ("progress", "total")}
    html = page(browser.post(DONE, data={**form, **carried}))
    assert "data-continue" not in html
    assert "已移交 25 件" in html
    assert "王芳：13" in html
    handled = made.handled_by()
    assert all(handled[case] != made.id_of("秦离") for case in cases)
    assert page(browser.get(f"{ASKED}?officer={made.id_of('秦离')}")).count('name="case"') == 0


def test_what_could_not_be_moved_is_named_with_the_reason(made, browser):
    made.case("王芳", seats={Capacity.REVIEWER: "马晓"})
    [number] = made.cases
    html = page(browser.post(DONE, data=form_of(made, "王芳", "马晓", total="1")))
    assert "1 件未移交" in html
    assert number in html
    assert "该人员已是本案案件审查人员，不得再担任承办人（SD-1）。" in html


def test_only_the_ticked_ones_are_moved(made, browser):
    first, second = made.case("王芳"), made.case("王芳")
    form = form_of(made, "王芳", "马晓", which="ticked", case=[str(second)])
    assert "的 1 件案件" in page(browser.post(PREVIEW, data=form))
    page(browser.post(DONE, data=form))
    assert made.handled_by() == {first: made.id_of("王芳"), second: made.id_of("马晓")}


def test_a_choice_that_is_none_is_refused_at_the_field_and_what_was_ticked_is_kept(made, browser):
    case = made.case("王芳")
    form = form_of(made, "王芳", which="ticked", case=[str(case)])
    html = page(browser.post(PREVIEW, data=form), 422)
    assert "请至少选择一名承办人。" in html
    assert re.search(rf'value="{case}" checked', html)
    html = page(browser.post(PREVIEW, data=form_of(made, "王芳", "马晓", which="ticked")), 422)
    assert "请至少勾选一件案件。" in html
    for nonsense in (
        form_of(made, "王芳", "王芳"),  # to whom it is taken from
        form_of(made, "王芳", "冯立"),
        {**form_of(made, "王芳"), "to": ["nobody"]},
    ):
        page(browser.post(PREVIEW, data=nonsense), 422)
        page(browser.post(DONE, data=nonsense), 422)
    assert made.handled_by() == {case: made.id_of("王芳")}


def test_progress_that_is_none_is_refused(made, browser):
    made.case("王芳")
    for progress in ("[]", "{", '{"after": 1, "given": {}, "kept": []}'):
        page(browser.post(DONE, data=form_of(made, "王芳", "马晓", progress=progress)), 422)


def test_an_officer_nobody_knows_is_not_found(made, browser):
    for key in ("", "x", str(new_id())):
        page(browser.get(f"{ASKED}?officer={key}"), 404)
    assert "没有可移交的在办案件" in page(browser.get(f"{ASKED}?officer=none"))


def test_nobody_else_sees_or_does_it(made, sign_in):
    made.case("王芳")
    for who in ("刘局", "何审计", "王芳"):
        other = sign_in(made[who])
        page(other.get(f"{ASKED}?officer={made.id_of('王芳')}"), 403)
        for address in (PREVIEW, DONE):
            page(other.post(address, data=form_of(made, "王芳", "马晓")), 403)
