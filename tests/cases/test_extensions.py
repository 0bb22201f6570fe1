"""Periods made longer within their caps, days that do not count, and what an authority owes late."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.cases.clocks import derive
from app.cases.errors import BadInputs, TransitionRefused
from app.cases.extensions import extension_fault, next_stage
from app.cases.wording import excluded_days
from app.db import EXTENSION
from app.demo.stories import Attached
from app.engine.definition import EXTENDED_UNTIL, OVERDUE_REASON, Expiry
from app.law.terms import shipped_law
from app.workflows import LIFECYCLES
from app.workflows.external_handling import ExternalHandling
from app.workflows.joint_enforcement import JointEnforcement
from config import Settings
from tests import browsers
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.investigation import Investigation
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.stand_ins import clue

BECAUSE = {"extension_reason": "案情复杂"}


@pytest.fixture(autouse=True)
def _known() -> Iterator[None]:
    with registered(Investigation, Complaint):
        yield


def filed(town: Town, on: str = "07-05") -> Matter:
    """An investigation to be decided within ninety days: 11.3 counts from 5 July."""
    officers = [str(town[login].person_id) for login in ("inspector", "inspector2")]
    leaders = [str(town["leader"].person_id)]
    typed = {"investigators": officers, "discussants": leaders}
    return town.open(Investigation, "leader", typed, at=on, subject="qingyuan")


def extend(case: Matter, on: str, until: str | None = None, act: str = "extend_by_leader") -> None:
    typed = BECAUSE | ({"extended_until": str(day(until))} if until else {})
    case.fire(act, "leader", typed, at=on)


def fault_of(case: Matter, on: str, until: str) -> str:
    """The sentence beside the field of the day, in English."""
    before = (case.due("decision"), case.acts())
    with pytest.raises(BadInputs) as refused:
        extend(case, on, until)
    assert (case.due("decision"), case.acts()) == before
    [(name, sentence)] = refused.value.faults.items()
    assert name == EXTENDED_UNTIL.name
    return sentence.en


# Within the cap ---------------------------------------------------------------------------------


def test_the_whole_stage_is_granted_where_no_day_is_named(town: Town):
    """11.3: ninety days end on 8 October, thirty more on 2 November, thirty more on 2 December."""
    case = filed(town)
    ends = [case.due("decision")]
    extend(case, "10-08 23:00")
    ends.append(case.due("decision"))
    extend(case, "11-02", act="extend_by_discussion")
    ends.append(case.due("decision"))
    assert ends == [day("10-08"), day("11-02"), day("12-02")]
    granted = case.clock("decision").derivation["extensions"]
    assert [(one["length"], one["cap"], one["was"]) for one in granted] == [
        (30, 30, "2026-10-08"), (30, 30, "2026-11-02"),
    ]  # fmt: skip
    assert case.faults() == []


def test_a_cause_that_began_after_the_end_leaves_the_extension_too_late(town: Town):
    case = filed(town)
    case.fire("announce", "inspector", at="10-12")
    assert case.due("decision") == day("10-08")
    with pytest.raises(TransitionRefused):
        extend(case, "10-13", "11-02")
    clock = {name: getattr(case.clock("decision"), name) for name in ("due_on", "derivation")}
    deadline = Investigation.deadlines["decision"]
    fault = extension_fault(deadline, clock, day("11-02"), town.law, day("10-13"))
    assert fault is not None
    assert "stopped" in fault.en


@pytest.mark.parametrize(
    ("until", "length"),
    [
        ("10-09", 6),  # the third of October, on which it would have ended, counts with those after
        ("10-10", 7),  # a Saturday that is worked: no roll
        ("10-12", 8),  # the eleventh is a Sunday: the smallest length that rolls to the twelfth
        ("10-20", 17),
        ("11-02", 30),  # twenty-eight would roll to it; the last day is the whole stage
    ],
)
def test_a_period_is_extended_until_a_day_by_the_least_that_reaches_it(
    town: Town, until: str, length: int
):
    case = filed(town)
    extend(case, "09-20", until)
    clock = case.clock("decision")
    [stage] = clock.derivation["extensions"]
    assert (clock.due_on, stage["length"], stage["cap"]) == (day(until), length, 30)
    assert case.entries()[-1].trigger == "extend_by_leader"
    assert f'"extended_until":"2026-{until}"' in case.entries()[-1].body
    assert case.faults() == []


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("09-30", "An extension must end after the present last day (2026-10-08)."),
        ("10-08", "An extension must end after the present last day (2026-10-08)."),
        ("10-11", "The period cannot end on 2026-10-11; the next day it can end on is 2026-10-12."),
        ("11-03", "This extension is at most 30 calendar days: until 2026-11-02."),
        ("2027-03-01", "This extension is at most 30 calendar days: until 2026-11-02."),
    ],
)
def test_a_day_out_of_reach_is_refused_beside_its_field(town: Town, until: str, sentence: str):
    assert fault_of(filed(town), "09-20", until) == sentence


def test_the_second_stage_counts_from_what_the_first_granted(town: Town):
    case = filed(town)
    extend(case, "09-20", "10-20")
    extend(case, "10-20 23:59", "11-19", act="extend_by_discussion")
    assert case.due("decision") == day("11-19"), "ninety, seventeen and thirty days from filing"
    with pytest.raises(TransitionRefused, match="已无可用的延期"):
        extend(case, "11-01", act="extend_by_discussion")


@pytest.mark.parametrize("until", [None, "10-20"])
def test_an_extension_is_granted_before_the_end_only(town: Town, until: str | None):
    case = filed(town)
    town.tick("10-09 00:00")
    with pytest.raises(TransitionRefused, match="届满前"):
        extend(case, "10-09 00:00", until)
    assert case.due("decision") == day("10-08")


def test_a_stopped_clock_is_extended_by_its_length_only(town: Town):
    case = filed(town)
    case.fire("announce", "inspector", at="08-03")
    assert "stopped" in fault_of(case, "08-04", "10-20")
    extend(case, "08-04")
    case.fire("end_announcement", "inspector", at="08-13")
    assert case.due("decision") == day("11-12"), "ten days more"


@pytest.mark.parametrize(
    ("until", "length"), [("10-16", 1), ("10-17", None), ("10-19", 2), ("11-05", 15)]
)
def test_working_days_are_granted_in_whole_days_across_the_holiday(until: str, length: int | None):
    """Fifteen working days from 18 September end on 15 October; Saturday the tenth is worked."""
    deadline, law = ExternalHandling.deadlines["market_filing"], shipped_law()
    derivation = derive(
        deadline, anchor_at=instant("09-18"), anchor_on=day("09-18"), given={}, cycle_year=2026,
        trigger="receive", law=law,
    )  # fmt: skip
    clock = {"derivation": derivation, "due_on": day("10-15")}
    assert next_stage(deadline, clock, law, day("09-20")).length_until(day(until)) == length
    fault = extension_fault(deadline, clock, day(until), law, day("09-20"))
    assert (fault is None) == (length is not None)


# Days that do not count -------------------------------------------------------------------------


def test_overlapping_exclusions_count_once_and_an_open_one_stops_the_clock(town: Town):
    case = filed(town)
    order = {"laboratory": "示例鉴定所", "order": Attached("order.txt", b"order")}
    case.fire("send_for_testing", "inspector", order, at="07-06")
    clock = case.clock("decision")
    assert (clock.due_on, clock.earliest_on) == (None, day("10-08"))
    case.fire("announce", "inspector", at="07-10")
    case.fire("receive_test", "inspector", {"result": "示例"}, at="07-16")
    assert case.due("decision") is None, "the other cause still lasts"
    case.fire("end_announcement", "inspector", at="07-20")
    clock = case.clock("decision")
    # 7 to 20 July: fourteen days, though the causes last ten days each; the 17th is a Saturday.
    assert (clock.due_on, excluded_days(clock.derivation)) == (day("10-19"), 14)
    assert case.faults() == []


# Late acts --------------------------------------------------------------------------------------


def test_an_authority_that_is_late_acts_and_says_why(town: Town):
    case = filed(town)
    case.fire("report", "inspector", {"findings": "示例"}, at="10-01")
    town.tick("10-09 00:00")
    with pytest.raises(BadInputs) as refused:
        case.fire("decide", "leader", {"outcome": "none"}, at="10-09 09:00", explains=False)
    [(name, sentence)] = refused.value.faults.items()
    assert (name, sentence.en) == (
        "overdue_reason", "“Decision” ended on 2026-10-08: say why it is done late.",
    )  # fmt: skip
    assert case.state == "reported"
    typed = {"outcome": "none", "overdue_reason": "补充鉴定"}
    case.fire("decide", "leader", typed, at="10-09 09:00", explains=False)
    assert (case.state, case.clock("decision").met_late) == ("decided", True)
    assert '"overdue_reason":"补充鉴定"' in case.entries()[-1].body


def test_in_time_nobody_is_asked_why(town: Town):
    case = filed(town)
    case.fire("report", "inspector", {"findings": "示例"}, at="10-01")
    case.fire("decide", "leader", {"outcome": "none"}, at="10-08 23:59", explains=False)
    assert case.state == "decided"


def test_an_internal_target_asks_for_no_reason(town: Town):
    case = town.open(JointEnforcement, "inspector", clue(), at="03-02")
    assert case.clock("assessment").expiry == Expiry.TARGET
    case.fire("assess", "supervisor", at="03-09", explains=False)
    assert case.clock("assessment").met_late


def test_whoever_may_be_asked_is_an_authority_that_acts_for_itself():
    for lifecycle in LIFECYCLES.values():
        for act in lifecycle.transitions.values():
            meets = {
                d.expiry for d in lifecycle.deadlines.values() if act in d.met_by
            }  # fmt: skip
            asked = OVERDUE_REASON in act.all_inputs
            assert asked == (Expiry.AUTHORITY_BREACH in meets and not act.received), act.name
            assert (EXTENDED_UNTIL in act.all_inputs) == bool(act.extends), act.name


# On the screen ----------------------------------------------------------------------------------


@pytest.fixture
def browse(town: Town, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The pages of the town as somebody sees them at an instant."""
    url = town.database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, secret_key="t", files=town.store.folder))
    app.extensions[EXTENSION].dispose()
    app.extensions[EXTENSION] = town.database
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)

    def at(login: str, when: str) -> FlaskClient:
        monkeypatch.setattr("app.cases.views.utcnow", lambda: instant(when))
        return browsers.signed_in(app, town.database, town[login])

    return at


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == status, answer.status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_the_form_says_how_far_and_puts_the_refusal_beside_the_day(town: Town, browse: Any):
    case = filed(town)
    leader, path = browse("leader", "09-20 10:00"), f"/cases/{case.id}/act/extend_by_leader"
    assert "至 2026-11-02，须在 2026-10-08 届满前批准" in shown(leader, path)
    version = str(case.row.version)
    typed = {**BECAUSE, "version": version, "key": "k1", "item": "", "extended_until": "2026-11-20"}
    refused = leader.post(path, data=typed)
    html = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "本次最多可延长 30 日，即至 2026-11-02。" in html
    assert 'value="2026-11-20"' in html, "what was typed is kept"
    done = leader.post(path, data={**typed, "extended_until": "2026-10-20"})
    assert (done.status_code, case.due("decision")) == (303, day("10-20"))


def test_the_reason_for_being_late_is_asked_only_then(town: Town, browse: Any):
    case = filed(town)
    case.fire("report", "inspector", {"findings": "示例"}, at="10-01")
    path = f"/cases/{case.id}/act/decide"
    assert "逾期办理的理由" not in shown(browse("leader", "10-08 23:00"), path)
    town.tick("10-09 00:00")
    late = browse("leader", "10-09 09:00")
    assert "逾期办理的理由" in shown(late, path)
    typed = {"version": str(case.row.version), "key": "k2", "item": "", "outcome": "none"}
    refused = late.post(path, data={**typed, "confirmed": "yes"})
    assert refused.status_code == 422
    assert "「作出处罚决定」已于 2026-10-08 届满，逾期办理须说明理由。" in refused.get_data(
        as_text=True
    )


def test_the_clock_shows_what_moved_it_and_what_did_not_count(town: Town, browse: Any):
    case = filed(town)
    order = {"laboratory": "示例鉴定所", "order": Attached("委托书.txt", b"order")}
    case.fire("send_for_testing", "inspector", order, at="07-06")
    case.fire("announce", "inspector", at="07-10")
    case.fire("receive_test", "inspector", {"result": "示例"}, at="07-16")
    case.fire("end_announcement", "inspector", at="07-20")
    extend(case, "09-20", "10-27")
    text = shown(
        browse("inspector", "09-21 10:00"), f"/cases/{case.id}/clocks/{case.clock('decision').id}"
    )
    assert "扣除 14 日" in text
    assert "第 1 次延期（共可 2 次） 10 日（上限 30），原至 2026-10-19" in text
    assert "还可延期 1 次；第 2 次最多 30 日" in text
    assert re.search(
        r"负责人批准延期 .*第 1 次延期（共可 2 次） 2026-10-19（周一） 2026-10-27（周二）", text
    )
    leader = town["leader"].person_name
    assert f"{leader} 案情复杂" in text
    assert "共 14 日，重叠的只计一次" in text
    assert "委托书：委托书.txt" in text
    granted = case.entries()[-1].seq
    told = shown(browse("inspector", "09-21 10:00"), f"/cases/{case.id}/entries/{granted}")
    assert "期限变动 作出处罚决定 2026-10-19 → 2026-10-27" in told
    assert "不计 A13 扣除：鉴定、公告" in text, "a day left out by both, once"
