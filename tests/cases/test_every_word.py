"""Each word of the vocabulary, driven through `fire()` by a fixture lifecycle that needs it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseLink, Evidence
from app.demo.stories import note
from app.engine.actors import Capacity
from tests.lifecycles import FIXTURES
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.consultation import Consultation
from tests.lifecycles.findings import Findings
from tests.lifecycles.hearing import Hearing
from tests.lifecycles.investigation import Investigation
from tests.lifecycles.monthly import Monthly
from tests.lifecycles.operation import Operation
from tests.lifecycles.payment import Payment
from tests.town import Matter, Town, day, instant, registered


@pytest.fixture(scope="module", autouse=True)
def fixtures():
    with registered(*FIXTURES):
        yield


@pytest.fixture(autouse=True)
def lawful(monkeypatch):
    """Whatever a test opens keeps the laws of the house when the test is over."""
    opened = []
    of_town = Town.open

    def noting(self, *args, **kwargs):
        matter = of_town(self, *args, **kwargs)
        opened.append(matter)
        return matter

    monkeypatch.setattr(Town, "open", noting)
    yield
    for matter in opened:
        assert matter.faults() == []


def refused(matter: Matter, *args, **kwargs) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(*args, **kwargs)
    return refusal.value.label.en


# Branches, named sets, acts, final states: a complaint ------------------------------------------------


def a_complaint(town: Town) -> Matter:
    return town.open(Complaint, "inspector", {"content": "粉尘"}, at="03-16")


@pytest.mark.parametrize(
    ("jurisdiction", "state"),
    [("ours", "accepted"), ("another", "transferred"), ("nobody", "rejected")],
)
def test_the_first_branch_that_holds_is_taken(town, jurisdiction, state):
    matter = a_complaint(town)
    matter.fire("assess", "supervisor", {"jurisdiction": jurisdiction}, at="03-17")
    assert matter.state == state
    assert matter.row.facts == {"jurisdiction": jurisdiction}
    # A case that is closed has no clock; an open one waits for its answer.
    assert matter.running() == (["answering"] if state == "accepted" else [])


def test_an_act_of_a_named_set_is_open_in_each_of_its_states_and_nowhere_else(town):
    for way in ([], ["assess"], ["assess", "draft"]):
        matter = a_complaint(town)
        if "assess" in way:
            matter.fire("assess", "supervisor", {"jurisdiction": "ours"}, at="03-17")
        if "draft" in way:
            matter.fire("draft", "inspector", {"answer": "已处理"}, at="03-18")
        matter.fire("withdraw", "inspector", {"reason": "撤回"}, at="03-19")
        assert matter.state == "rejected"
        again = refused(matter, "withdraw", "inspector", {"reason": "再撤"}, at="03-19")
        assert again == "Not possible while “Rejected”."


def test_an_act_moves_nothing_and_is_open_even_when_all_is_over(town):
    matter = a_complaint(town)
    before = matter.row
    fired = matter.fire("note", "supervisor", {"note_text": "来电"}, at="03-17")
    assert (fired.state, fired.version) == (before.state, before.version)
    matter.fire("withdraw", "inspector", {"reason": "撤回"}, at="03-18")
    matter.fire("note", "inspector", {"note_text": "补记"}, at="03-19")
    assert [(e.from_state, e.to_state) for e in matter.entries()[-1:]] == [("rejected", "rejected")]


def test_a_final_state_is_left_by_what_reopens_and_its_clock_begins_anew(town):
    matter = a_complaint(town)
    matter.fire("assess", "supervisor", {"jurisdiction": "ours"}, at="03-17")
    matter.fire("draft", "inspector", {"answer": "已处理"}, at="03-18")
    matter.fire("return_draft", "supervisor", {"remarks": "不全"}, at="03-19")
    matter.fire("draft", "inspector", {"answer": "已处理完毕"}, at="03-20")
    matter.fire("answer_it", "supervisor", at="03-23")
    assert matter.row.closed_at == instant("03-23")
    assert matter.row.facts["times_returned"] == 1
    assert matter.row.facts["answered_on"] == "2026-03-23"
    matter.fire("reopen", "leader", {"grounds": "新事实"}, at="04-01")
    assert matter.state == "accepted"
    assert matter.row.closed_at is None
    first, second = matter.clocks("answering")
    assert (first.met_at, first.met_late) == (instant("03-23"), False)
    assert second.due_on == day("06-01")  # 60 days end on Sunday 31 May
    assert matter.row.next_due_at == second.due_at


def test_a_breach_of_the_authority_is_flagged_moves_nothing_and_can_still_be_met(town):
    matter = a_complaint(town)
    town.tick("03-31 23:59")
    assert matter.clock("acceptance").expired_at is None
    town.tick("04-01 00:00")  # 15 days after 16 March
    clock = matter.clock("acceptance")
    assert (clock.due_on, clock.expired_at) == (day("03-31"), instant("03-31 23:59:59"))
    assert (matter.state, clock.closed_at) == ("received", None)
    assert matter.acts() == ["register", "deadline_passed"]
    matter.fire("assess", "supervisor", {"jurisdiction": "ours"}, at="04-03")
    clock = matter.clock("acceptance")
    assert clock.met_late
    assert (clock.expired_at, clock.met_at) == (instant("03-31 23:59:59"), instant("04-03"))


# Signoffs and what fires by itself: a consultation ----------------------------------------------------


def a_paper(town: Town, *partners: str) -> Matter:
    matter = town.open(Consultation, "supervisor", {"draft_text": "联合通知"}, at="03-16")
    for partner in partners:
        town_body = str(town[partner].organisation_id)
        matter.fire("invite", "supervisor", {"partner": town_body}, at="03-16")
    matter.fire("circulate", "supervisor", at="03-17")
    return matter


def test_a_signoff_of_all_is_complete_when_the_last_has_signed(town):
    matter = a_paper(town, "market")
    matter.fire("sign", "market", {"view": "agree"}, at="03-18")
    assert matter.state == "agreed"
    assert matter.acts()[-2:] == ["sign", "agree"]
    assert matter.entries()[-1].role == "system"
    assert matter.clock("answer_time").met_at == instant("03-18")


def test_nobody_signs_twice_and_an_objection_keeps_it_from_being_complete(town):
    matter = a_paper(town, "market")
    matter.fire("sign", "market", {"view": "object", "view_reason": "不宜"}, at="03-18")
    assert matter.state == "circulating"
    again = refused(matter, "sign", "market", {"view": "agree"}, at="03-19")
    assert again == "Already signed in this round."


def test_silence_agrees_when_the_time_to_answer_is_over(town):
    matter = a_paper(town, "market", "police")  # the police may not sign here: they stay silent
    matter.fire("sign", "market", {"view": "agree"}, at="03-18")
    assert matter.state == "circulating"
    town.tick("03-24 23:00")
    assert matter.state == "circulating"
    town.tick("03-25 08:00")  # seven days after 17 March
    assert matter.state == "agreed"
    assert matter.acts()[-2:] == ["deadline_passed", "agree"]


def test_a_new_draft_voids_the_signatures_and_the_clock(town):
    matter = a_paper(town, "market", "police")
    matter.fire("sign", "market", {"view": "agree"}, at="03-18")
    matter.fire("redraft", "supervisor", {"draft_text": "联合通知（修改）"}, at="03-19")
    assert matter.clock("answer_time").voided_seq is not None
    assert matter.running() == []
    matter.fire("circulate", "supervisor", at="03-20")
    matter.fire("sign", "market", {"view": "agree"}, at="03-23")
    assert matter.due("answer_time") == day("03-27")


def test_silence_objects_where_it_is_declared_to(town):
    matter = a_paper(town, "market")
    matter.fire("sign", "market", {"view": "agree"}, at="03-18")
    early = refused(matter, "issue", "leader", at="03-19")
    assert early == "“Seal”: 1 signatures missing, 0 objections."
    town.tick("03-26 08:00")  # seven days after 18 March
    late = refused(matter, "issue", "leader", at="03-26 09:00")
    assert late == "“Seal”: 0 signatures missing, 1 objections."
    assert matter.state == "agreed"
    # A late seal is still a seal: nobody is silent any more.
    matter.fire("seal", "market", {"view": "agree"}, at="03-27")
    matter.fire("issue", "leader", at="03-27")
    assert (matter.state, matter.clock("seal_time").met_late) == ("issued", True)


def test_every_signoff_that_a_new_draft_voids_is_asked_anew(town):
    matter = a_paper(town, "market")
    matter.fire("sign", "market", {"view": "agree"}, at="03-18")
    matter.fire("seal", "market", {"view": "object"}, at="03-19")
    matter.fire("redraft", "supervisor", {"draft_text": "联合通知（修改）"}, at="03-20")
    matter.fire("circulate", "supervisor", at="03-20")
    assert matter.state == "circulating"
    matter.fire("sign", "market", {"view": "agree"}, at="03-23")
    matter.fire("seal", "market", {"view": "agree"}, at="03-24")
    matter.fire("issue", "leader", at="03-24")
    assert matter.state == "issued"


def test_who_was_uninvited_is_asked_no_longer_and_may_not_sign(town):
    matter = town.open(Consultation, "supervisor", {"draft_text": "联合通知"}, at="03-16")
    market = str(town["market"].organisation_id)
    matter.fire("invite", "supervisor", {"partner": market}, at="03-16")
    assert matter.seats(Capacity.ASSISTING) == {town["market"].organisation_name}
    matter.fire("uninvite", "supervisor", at="03-17")
    assert matter.seats(Capacity.ASSISTING) == set()
    matter.fire("circulate", "supervisor", at="03-17")
    assert "Reserved to" in refused(matter, "sign", "market", {"view": "agree"}, at="03-18")


def test_a_signoff_with_a_least_number_asks_for_no_more(town):
    matter = a_paper(town, "market")
    first = refused(matter, "drop", "leader", at="03-18")
    assert first == "“Vote to drop”: 2 signatures missing, 0 objections."
    matter.fire("vote_to_drop", "leader", {"view": "object"}, at="03-18")
    assert "1 signatures missing" in refused(matter, "drop", "leader", at="03-18")
    matter.fire("vote_to_drop", "supervisor", {"view": "agree"}, at="03-18")
    matter.fire("drop", "leader", at="03-19")
    assert matter.state == "dropped"


def test_what_the_system_does_no_person_may_do(town):
    matter = a_paper(town, "market")
    assert refused(matter, "agree", "leader", at="03-18") == "Reserved to: System."


# Rows with rounds and a clock each: findings ------------------------------------------------------------


def with_findings(town: Town, count: int) -> Matter:
    matter = town.open(Findings, "inspector", at="03-16")
    for number in range(count):
        typed = {"clause": f"4.{number}", "fact": "台账缺失"}
        matter.fire("find", "inspector", typed, at="03-16")
    return matter


def test_rows_are_numbered_answered_judged_and_told_again_in_the_next_round(town):
    matter = with_findings(town, 3)
    matter.fire("issue", "supervisor", at="03-17")
    rows = matter.items("findings")
    assert [(row.number, row.status, row.round) for row in rows] == [
        (1, "issued", 1),
        (2, "issued", 1),
        (3, "issued", 1),
    ]
    for row in rows:
        matter.fire("answer", "unit", {"measures": "已补"}, item_id=row.id, at="03-18")
        verdict = {"verdict": "fail" if row.number == 2 else "pass"}
        matter.fire("judge", "inspector", verdict, item_id=row.id, at="03-19")
    matter.fire("end_round", "supervisor", at="03-20")
    assert matter.state == "answering"
    assert [(row.status, row.round) for row in matter.items("findings")] == [
        ("accepted", 1),
        ("issued", 2),
        ("accepted", 1),
    ]
    matter.fire("answer", "unit", {"measures": "已补全"}, item_id=rows[1].id, at="03-23")
    matter.fire("judge", "inspector", {"verdict": "pass"}, item_id=rows[1].id, at="03-24")
    matter.fire("end_round", "supervisor", at="03-25")
    assert matter.state == "closed"


def test_each_row_has_a_clock_of_its_own_that_only_its_answer_meets(town):
    matter = with_findings(town, 2)
    matter.fire("issue", "supervisor", at="03-17")
    first, second = matter.items("findings")
    assert {clock.item_id for clock in matter.clocks("answer_time")} == {first.id, second.id}
    assert {clock.due_on for clock in matter.clocks("answer_time")} == {day("03-24")}
    matter.fire("answer", "unit", {"measures": "已补"}, item_id=first.id, at="03-18")
    open_ = [c.item_id for c in matter.clocks("answer_time") if c.closed_at is None]
    assert open_ == [second.id]


def test_when_the_clock_of_a_row_ends_the_timer_takes_that_row_alone(town):
    matter = with_findings(town, 2)
    matter.fire("issue", "supervisor", at="03-17")
    first, second = matter.items("findings")
    matter.fire("answer", "unit", {"measures": "已补"}, item_id=first.id, at="03-18")
    town.tick("03-25 09:00")
    assert [row.status for row in matter.items("findings")] == ["answered", "silent"]
    assert matter.acts()[-1] == "lapse"
    assert matter.entries()[-1].occurred_at == instant("03-24 23:59:59")
    # A late answer is still taken; that the time had passed stays on record.
    matter.fire("answer", "unit", {"measures": "迟到"}, item_id=second.id, at="03-26")
    [clock] = [c for c in matter.clocks("answer_time") if c.item_id == second.id]
    assert clock.expired_at == instant("03-24 23:59:59")


def test_a_day_promised_for_a_row_is_a_clock_that_a_later_promise_replaces(town):
    matter = with_findings(town, 1)
    matter.fire("issue", "supervisor", at="03-17")
    [row] = matter.items("findings")
    matter.fire("promise", "unit", {"promised_on": "2026-03-20"}, item_id=row.id, at="03-17")
    matter.fire("promise", "unit", {"promised_on": "2026-03-23"}, item_id=row.id, at="03-18")
    old, new = matter.clocks("promised")
    assert (old.due_on, old.voided_seq is None) == (day("03-20"), False)
    assert (new.due_on, new.closed_at) == (day("03-23"), None)
    matter.fire("answer", "unit", {"measures": "已补"}, item_id=row.id, at="03-19")
    assert matter.running() == []


def test_an_act_on_a_row_names_a_row_that_stands_where_the_act_begins(town):
    matter = with_findings(town, 1)
    matter.fire("issue", "supervisor", at="03-17")
    [row] = matter.items("findings")
    assert refused(matter, "answer", "unit", {"measures": "已补"}, at="03-18") == "Name the row."
    early = refused(matter, "judge", "inspector", {"verdict": "pass"}, item_id=row.id, at="03-18")
    assert early == "This row is already “Issued”."
    left = refused(matter, "end_round", "supervisor", at="03-18")
    assert left == "1 findings have no verdict."


# Every anchor and every end of a clock: a hearing -----------------------------------------------------


def a_hearing(town: Town, *, found: str = "04-09", sector: str = "power") -> Matter:
    typed = {"found_on": str(day(found)), "sector": sector}
    return town.open(Hearing, "leader", typed, at=found)


def served(town: Town, on: str = "04-14", *, entered: str = "04-15") -> Matter:
    matter = a_hearing(town, found=on)
    matter.fire("serve_notice", "inspector", {"served_on": str(day(on))}, at=entered)
    return matter


def test_a_clock_starts_on_a_day_that_was_typed(town):
    typed = {"found_on": "2026-04-09", "sector": "power"}
    matter = town.open(Hearing, "leader", typed, at="04-13")
    clock = matter.clock("filing_review")
    assert (clock.anchor_on, clock.due_on) == (day("04-09"), day("04-24"))
    assert clock.derivation["anchor"]["trigger"] == "open_matter"


@pytest.mark.parametrize(("sector", "due"), [("power", "06-30"), ("cement", "07-31")])
def test_a_clock_ends_on_a_date_of_the_year_that_depends_on_what_was_chosen(town, sector, due):
    assert a_hearing(town, sector=sector).due("year_end") == day(due)


def test_a_deadline_that_does_not_apply_starts_no_clock(town):
    assert a_hearing(town, sector="other").clocks("year_end") == []


def test_a_clock_starts_on_the_day_of_service_not_of_the_entry(town):
    matter = served(town, on="04-14", entered="04-16")
    clock = matter.clock("asking")
    assert (clock.anchor_on, clock.due_on) == (day("04-14"), day("04-21"))
    assert clock.expires_at == instant("04-23 23:59:59")  # two working days for the post


def test_the_timer_waits_for_the_post_but_carries_the_legal_end(town):
    matter = served(town)
    town.tick("04-23 23:59")
    assert matter.state == "told"
    town.tick("04-24 00:00")
    assert matter.state == "waived"
    assert matter.entries()[-1].occurred_at == instant("04-21 23:59:59")
    assert matter.entries()[-1].recorded_at == instant("04-24 00:00")


def test_nothing_is_waived_on_a_provisional_date(town):
    matter = served(town, on="03-17", entered="03-18")  # the region's days of March are not known
    assert matter.clock("asking").provisional
    town.tick("04-30")
    assert (matter.state, matter.clock("asking").expired_at) == ("told", None)


def test_a_clock_follows_the_end_of_another_and_counts_from_its_last_day(town):
    matter = served(town)
    assert matter.clocks("after_waiver") == []
    town.tick("04-24 00:00")
    clock = matter.clock("after_waiver")
    assert (clock.anchor_on, clock.due_on) == (day("04-21"), day("04-28"))
    matter.fire("close", "leader", {"result": "不听证"}, at="04-27")
    assert matter.clock("after_waiver").met_at == instant("04-27")


def summoned(town: Town) -> Matter:
    matter = served(town)
    matter.fire("ask", "unit", {"topic": "罚款数额"}, at="04-20")
    typed = {"heard_on": "2026-05-12", "venue_until": "2026-05-20"}
    matter.fire("summon", "supervisor", typed, at="04-27")
    return matter


def test_a_clock_ends_before_a_day_on_it_and_on_the_earliest_of_several(town):
    matter = summoned(town)
    # Seven full working days before Tuesday 12 May: 1-5 May are off, Saturday the 9th is worked.
    assert matter.due("summons_time") == day("04-28")
    assert matter.due("hearing_day") == day("05-12")
    # Five working days (7 May), 20 May or the report's day of the year: the earliest.
    assert matter.due("venue") == day("03-31")
    assert matter.row.next_due_name == "venue"


def test_the_same_act_again_voids_the_clock_and_starts_it_anew(town):
    matter = summoned(town)
    typed = {"heard_on": "2026-06-11", "venue_until": "2026-06-12"}
    matter.fire("postpone", "supervisor", typed, at="04-28")
    old, new = matter.clocks("hearing_day")
    assert (old.voided_seq, old.closed_at) == (new.opened_seq, instant("04-28"))
    assert (new.due_on, new.closed_at) == (day("06-11"), None)
    assert matter.row.facts["heard_on"] == "2026-06-11"


def test_an_act_that_ends_the_need_for_a_clock_voids_it(town):
    matter = summoned(town)
    matter.fire("cancel", "supervisor", at="04-29")
    assert matter.running() == ["year_end"]
    for name in ("summons_time", "hearing_day", "venue"):
        clock = matter.clock(name)
        assert (clock.voided_seq is None, clock.met_seq) == (False, None)


def test_a_closed_case_has_no_running_clock(town):
    matter = summoned(town)
    matter.fire("hold", "supervisor", {"minutes": "笔录"}, at="05-12")
    assert matter.clock("hearing_day").met_at == instant("05-12")
    matter.fire("close", "leader", {"result": "维持"}, at="05-14")
    assert (matter.running(), matter.row.next_due_at) == ([], None)


def test_an_act_of_paper_that_came_in_time_withdraws_the_waiver(town):
    matter = served(town)
    town.tick("04-24 00:00")
    assert matter.state == "waived"
    scan = matter.paper("inspector", at="04-27")
    matter.fire(
        "ask", "inspector", {"topic": "罚款数额"}, at="04-27", occurred="04-21 10:00",
        late_reason="邮戳为 4 月 21 日", proof=[scan],
    )  # fmt: skip
    assert matter.acts()[-3:] == ["lapse", "reinstate", "ask"]
    assert matter.state == "preparing"
    asking = matter.clock("asking")
    assert (asking.met_at, asking.expired_at, asking.met_late) == (
        instant("04-21 10:00"),
        None,
        False,
    )
    assert matter.clock("after_waiver").voided_seq is not None


def test_a_received_act_wants_its_number_and_its_scan(town):
    matter = a_hearing(town)
    assert "Number of the act received" in refused(matter, "abandon", "leader", at="04-13")
    typed = {"received_number": "宁环函〔2026〕1号", "received_scan": note("来文.txt", "终止")}
    matter.fire("abandon", "leader", typed, at="04-13")
    assert matter.state == "closed"
    assert matter.entries()[-1].flags == "received"


# Exclusions and extensions: an investigation ----------------------------------------------------------

ORDER = {"laboratory": "检测中心", "order": note("委托书.txt", "委托")}
REASON = {"extension_reason": "案情复杂"}


def an_investigation(town: Town, *, discussed: bool = True) -> Matter:
    typed = {"investigators": [town.cast.id_of("inspector"), town.cast.id_of("inspector2")]}
    if discussed:
        typed["discussants"] = [town.cast.id_of("leader")]
    return town.open(Investigation, "leader", typed, at="07-06")


def after_testing(matter: Matter, out: str, back: str) -> None:
    matter.fire("send_for_testing", "inspector", ORDER, at=out)
    matter.fire("receive_test", "inspector", {"result": "超标"}, at=back)


def test_an_open_exclusion_stops_the_clock_and_shows_the_earliest_day(town):
    matter = an_investigation(town)
    assert matter.due("decision") == day("10-08")  # 90 days end on 4 October, a holiday
    matter.fire("send_for_testing", "inspector", ORDER, at="07-10")
    clock = matter.clock("decision")
    assert (clock.due_on, clock.due_at, clock.expires_at) == (None, None, None)
    assert clock.earliest_on >= day("10-08")
    assert (matter.row.next_due_at, matter.row.next_due_name) == (None, None)
    town.tick("2026-12-18")
    assert matter.clock("decision").expired_at is None


def test_days_of_an_exclusion_do_not_count_and_several_add_up(town):
    matter = an_investigation(town)
    after_testing(matter, "07-10", "07-30")
    assert matter.due("decision") == day("10-26")  # 20 days on: 24 October is a Saturday
    after_testing(matter, "08-04", "08-14")
    assert matter.due("decision") == day("11-03")  # 30 days on
    told = matter.clock("decision").derivation["exclusions"]
    assert [(one["kind"], one["from"], one["to"]) for one in told] == [
        ("testing", "2026-07-10", "2026-07-30"),
        ("testing", "2026-08-04", "2026-08-14"),
    ]
    assert [d["due"] for d in reckonings(matter)] == [None, "2026-10-26", None, "2026-11-03"]


def announced(matter: Matter, begun: str, over: str) -> None:
    matter.fire("announce", "inspector", at=begun)
    matter.fire("end_announcement", "inspector", at=over)


@pytest.mark.parametrize(
    ("back", "begun", "over", "due"),
    [
        ("07-30", "07-20", "08-09", "11-03"),  # they overlap: 11 July to 9 August are 30 days
        ("07-20", "07-20", "07-30", "10-26"),  # one follows the other: 20 days
        ("08-09", "07-15", "07-25", "11-03"),  # one lies within the other: 30 days
        ("07-15", "07-20", "07-25", "10-14"),  # apart: 5 and 5 days, to 14 October
        ("07-11", "07-10", "07-11", "10-08"),  # the same single day: 5 October is still a holiday
    ],
)
def test_a_day_that_two_exclusions_cover_is_left_out_once(town, back, begun, over, due):
    acts: list[tuple[str, dict[str, Any], str]] = [
        ("send_for_testing", ORDER, "07-10"),
        ("receive_test", {"result": "超标"}, back),
        ("announce", {}, begun),
        ("end_announcement", {}, over),
    ]
    matter = an_investigation(town)
    for trigger, typed, on in sorted(acts, key=lambda act: act[2]):
        matter.fire(trigger, "inspector", typed, at=on)
    assert matter.due("decision") == day(due)


def test_a_clock_stands_until_the_last_open_exclusion_has_ended(town):
    matter = an_investigation(town)
    matter.fire("send_for_testing", "inspector", ORDER, at="07-10")
    matter.fire("announce", "inspector", at="07-15")
    matter.fire("receive_test", "inspector", {"result": "超标"}, at="07-20")
    clock = matter.clock("decision")
    assert (clock.due_on, clock.earliest_on) == (None, day("10-14"))
    matter.fire("end_announcement", "inspector", at="07-30")
    assert matter.due("decision") == day("10-26")


def test_what_begins_and_ends_on_one_day_leaves_out_nothing(town):
    matter = an_investigation(town)
    after_testing(matter, "07-10 09:00", "07-10 16:00")
    assert matter.due("decision") == day("10-08")


def annulled(matter: Matter, *, received: str = "09-14", judged: str = "09-10") -> None:
    judgment = {
        "judged_on": str(day(judged)),
        "received_number": "（2026）宁05行终1号",
        "received_scan": note("判决书.txt", "撤销"),
    }
    matter.fire(
        "court_annuls", "supervisor", judgment, at=received, occurred=judged,
        late_reason="判决书迟到",
    )  # fmt: skip


def decided(town: Town) -> Matter:
    matter = an_investigation(town)
    matter.fire("report", "inspector", {"findings": "属实"}, at="07-20")
    matter.fire("decide", "leader", {"outcome": "warning"}, at="07-24")
    return matter


def test_an_exclusion_that_began_before_the_clock_leaves_out_its_own_days_only(town):
    matter = decided(town)
    matter.fire("announce", "inspector", at="09-01")
    annulled(matter)
    clock = matter.clock("decision")
    assert (clock.due_on, clock.earliest_on) == (None, day("12-09"))
    matter.fire("end_announcement", "inspector", at="09-20")
    assert matter.due("decision") == day("12-21")  # ten days on: 19 December is a Saturday


def test_an_exclusion_that_was_over_before_the_clock_began_leaves_out_nothing(town):
    matter = decided(town)
    announced(matter, "08-03", "08-20")
    annulled(matter)
    clock = matter.clock("decision")
    assert (clock.due_on, clock.derivation["exclusions"]) == (day("12-09"), [])


def test_an_exclusion_that_begins_after_the_end_moves_nothing(town):
    matter = an_investigation(town)
    town.tick("10-09 08:00")
    matter.fire("announce", "inspector", at="10-12")
    clock = matter.clock("decision")
    assert (clock.due_on, clock.expired_at) == (day("10-08"), instant("10-08 23:59:59"))
    matter.fire("end_announcement", "inspector", at="10-30")
    assert matter.due("decision") == day("10-08")


def test_a_clock_that_stands_can_be_extended_and_counts_both(town):
    matter = an_investigation(town)
    matter.fire("send_for_testing", "inspector", ORDER, at="07-10")
    matter.fire("extend_by_leader", "leader", REASON, at="07-15")
    assert matter.due("decision") is None
    matter.fire("receive_test", "inspector", {"result": "超标"}, at="07-30")
    assert matter.due("decision") == day("11-23")  # 140 days from filing


def reckonings(matter: Matter) -> list[dict[str, str | None]]:
    """What the entries tell of a clock that was reckoned anew."""
    told = [json.loads(entry.body)["details"].get("clocks", {}) for entry in matter.entries()]
    return [moved for clocks in told for moved in clocks.get("reckoned", [])]


def test_a_test_that_came_back_before_it_is_entered_counts_from_the_day_it_came(town):
    matter = an_investigation(town)
    matter.fire("send_for_testing", "inspector", ORDER, at="07-10")
    scan = matter.paper("supervisor", at="08-05")
    late: dict[str, Any] = {"late_reason": "送达在前", "proof": [scan], "at": "08-05"}
    result = {"result": "超标"}
    said = refused(matter, "receive_test", "inspector", result, occurred="07-09", **late)
    assert said == "The act cannot lie before the beginning of “Testing” (2026-07-10)."
    matter.fire("receive_test", "inspector", result, occurred="07-30", **late)
    assert matter.due("decision") == day("10-26")


def test_a_period_is_extended_stage_by_stage_and_no_further(town):
    matter = an_investigation(town)
    matter.fire("extend_by_leader", "leader", REASON, at="09-28")
    assert matter.due("decision") == day("11-03")  # 120 days from filing
    matter.fire("extend_by_discussion", "leader", REASON, at="11-02")
    assert matter.due("decision") == day("12-03")  # 150 days from filing
    assert [e["term"] for e in matter.clock("decision").derivation["extensions"]] == [
        "decision_extension",
        "decision_collective_extension",
    ]
    more = refused(matter, "extend_by_leader", "leader", REASON, at="12-01")
    assert more == "No further extension is left."


def test_each_stage_has_its_own_approver(town):
    matter = an_investigation(town, discussed=False)
    matter.fire("extend_by_leader", "leader", REASON, at="09-28")
    alone = refused(matter, "extend_by_leader", "leader", REASON, at="10-12")
    assert alone == "Reserved to: Bureau leader (member of the discussion)."


def test_a_period_is_extended_before_its_end_only(town):
    matter = an_investigation(town)
    late = refused(matter, "extend_by_leader", "leader", REASON, at="10-09")
    assert late == "A period is extended before its end only."
    town.tick("10-09")
    late = refused(matter, "extend_by_leader", "leader", REASON, at="10-09")
    assert late == "A period is extended before its end only."


def test_a_decision_after_the_end_is_possible_and_both_facts_stay(town):
    matter = an_investigation(town)
    matter.fire("report", "inspector", {"findings": "属实", "proposed_fine": "50000"}, at="09-01")
    town.tick("10-09 08:00")
    matter.fire("decide", "leader", {"outcome": "fine", "fine_cny": "50000"}, at="10-12")
    clock = matter.clock("decision")
    assert (clock.met_at, clock.expired_at, clock.met_late) == (
        instant("10-12"),
        instant("10-08 23:59:59"),
        True,
    )


def test_what_the_court_annuls_is_open_again_with_a_new_clock(town):
    matter = decided(town)
    annulled(matter)
    assert matter.state == "investigating"
    assert matter.due("decision") == day("12-09")  # 90 days after 10 September, not 14
    assert matter.entries()[-1].flags == "late,received"


def test_a_guard_tells_its_restricted_reason_to_the_authority_alone(town):
    matter = an_investigation(town)
    matter.fire("report", "inspector", {"findings": "属实"}, at="07-20")
    leader = town["leader"]
    investigator = replace(town["inspector"], roles=leader.roles | town["inspector"].roles)
    said = refused(matter, "decide", investigator, {"outcome": "none"}, at="07-24")
    assert said == "An investigator may not decide the case."


def test_a_suspicion_begins_a_case_and_its_own_learns_nothing(town):
    matter = an_investigation(town)
    before = (matter.row.last_seq, matter.row.last_hash, matter.row.version)
    typed = {"suspicion": "检测数据疑似伪造", "informant": "张某"}
    matter.fire("raise_suspicion", "inspector", typed, at="07-08")
    row = matter.row
    assert (row.last_seq, row.last_hash, row.version) == before
    complaint = begun_beside(matter)
    assert (complaint.row.lifecycle, complaint.state) == ("sample_complaint", "received")
    assert complaint.row.subject_id == row.subject_id


def test_a_suspicion_names_only_files_that_are_there(town):
    matter = an_investigation(town)
    typed = {"suspicion": "检测数据疑似伪造", "traces": ["0" * 64]}
    said = refused(matter, "raise_suspicion", "inspector", typed, at="07-08")
    assert said == "A file is not there: upload it again."
    scan = matter.paper("inspector", at="07-08", text="trace")
    matter.fire("raise_suspicion", "inspector", typed | {"traces": [scan]}, at="07-08")
    complaint = begun_beside(matter)
    with town.database.read() as session:
        [here] = session.scalars(select(Evidence).where(Evidence.case_id == matter.id))
        [there] = session.scalars(select(Evidence).where(Evidence.case_id == complaint.id))
    assert (here.sha256, here.seq, there.sha256) == (scan, None, scan)


def begun_beside(matter: Matter) -> Matter:
    with matter.town.database.read() as session:
        beside = select(CaseLink.other_id).where(CaseLink.case_id == matter.id)
        return Matter(matter.town, session.scalars(beside).one())


# Children, tracks, joins, hand-over: an operation and a month -------------------------------------------


def an_operation(town: Town, *units: str) -> Matter:
    matter = town.open(Operation, "supervisor", {"aim": "燃料台账"}, at="04-07")
    for key in units:
        typed = {"unit": town.organisation_of(key), "focus": "煤质"}
        matter.fire("add_site", "supervisor", typed, at="04-07")
    leads = {"leader": town.cast.id_of("inspector")}
    matter.fire("name_lead", "supervisor", leads, at="04-07")
    return matter


def test_one_child_is_opened_per_row_and_takes_over_clock_seats_and_inputs(town):
    matter = an_operation(town, "redian", "jinwan", "xiling")
    struck = matter.items("sites")[2]
    matter.fire(
        "strike_site", "supervisor", {"strike_reason": "停产"}, item_id=struck.id, at="04-08"
    )
    fired = matter.fire("start", "supervisor", {"until": "2026-04-24"}, at="04-09")
    children = matter.children("inspections")
    assert {child.id for child in children} == set(fired.children)
    assert {child.row.subject_name for child in children} == {
        town.cast.units["redian"].name,
        town.cast.units["jinwan"].name,
    }
    for child in children:
        assert (child.state, child.due("inspection_end")) == ("planned", day("04-24"))
        assert child.seats(Capacity.TEAM_LEADER) == {town["inspector"].person_name}
        assert json.loads(child.entries()[0].body)["details"]["inputs"] == {"focus": "煤质"}
        assert child.row.root_id == matter.id
        assert child.faults() == []


def test_the_parent_goes_on_when_every_child_stands_where_it_is_waited_for(town):
    matter = an_operation(town, "redian", "jinwan")
    matter.fire("start", "supervisor", {"until": "2026-04-24"}, at="04-09")
    first, second = matter.children("inspections")
    first.fire("report", "inspector", {"record": "无异常"}, at="04-14")
    assert matter.state == "running"
    second.fire("report", "inspector", {"record": "无异常"}, at="04-15")
    assert matter.state == "summing_up"
    assert matter.acts()[-1] == "collect"
    left = refused(matter, "close", "supervisor", {"summary": "完成"}, at="04-16")
    assert left == "“Inspection”: 2 opened, 2 of them not there yet."
    first.fire("file", "supervisor", at="04-17")
    left = refused(matter, "close", "supervisor", {"summary": "完成"}, at="04-17")
    assert left == "“Inspection”: 2 opened, 1 of them not there yet."
    second.fire("file", "supervisor", at="04-17")
    matter.fire("close", "supervisor", {"summary": "完成"}, at="04-17")
    assert matter.state == "closed"


def test_a_seat_passes_from_the_child_to_the_parent(town):
    matter = an_operation(town, "redian")
    matter.fire("name_lead", "supervisor", {"leader": town.cast.id_of("inspector2")}, at="04-08")
    assert matter.seats(Capacity.TEAM_LEADER) == {town["inspector2"].person_name}
    matter.fire("start", "supervisor", {"until": "2026-04-24"}, at="04-09")
    [child] = matter.children("inspections")
    child.fire("report", "inspector", {"record": "无异常"}, at="04-14")
    assert matter.seats(Capacity.TEAM_LEADER) == {town["inspector2"].person_name}


def test_a_track_ends_by_itself_when_its_time_is_over(town):
    matter = an_operation(town, "redian")
    matter.fire("start", "supervisor", {"until": "2026-04-24"}, at="04-09")
    matter.fire("preserve", "inspector", {"things": "煤样两袋"}, at="04-10")
    [track] = matter.children("preservation")
    assert (track.due("keeping"), track.due("measure_end")) == (day("04-21"), day("04-24"))
    town.tick("04-22 00:00")
    assert track.state == "released"
    assert track.acts() == ["keep", "expire"]
    assert track.clock("measure_end").voided_seq == 1
    assert track.faults() == []
    assert matter.due("operation_end") == day("04-24")  # copied, not handed over


def test_the_child_takes_the_clock_over_and_the_parent_has_it_no_longer(town):
    matter = town.open(Monthly, "supervisor", {"month": 3}, at="04-01")
    assert matter.due("upload") == day("05-11")  # 40 days end on a Sunday
    typed = {"fuel_t": "1200.500", "filled_by": "马学军"}
    matter.fire("submit", "unit", typed, at="04-20")
    [child] = matter.children("examination")
    handed = matter.clock("upload")
    assert (handed.handed_to, handed.closed_at) == (child.id, instant("04-20"))
    assert (child.due("upload"), matter.running()) == (day("05-11"), [])
    assert matter.row.next_due_at is None
    child.fire("let_pass", "supervisor", at="04-22")
    assert matter.state == "accepted"
    assert child.faults() == []


def test_a_child_that_fails_lets_the_parent_try_again_with_a_second_child(town):
    matter = town.open(Monthly, "supervisor", {"month": 3}, at="04-01")
    matter.fire("submit", "unit", {"fuel_t": "1200.500", "filled_by": "马学军"}, at="04-20")
    [first] = matter.children("examination")
    first.fire("fail", "supervisor", at="04-21")
    assert matter.state == "examined"
    matter.fire("call_back", "supervisor", at="04-21")
    matter.fire("submit", "unit", {"fuel_t": "1210.500", "filled_by": "马学军"}, at="04-22")
    first, second = matter.children("examination")
    assert (first.state, second.state) == ("failed", "open_")
    assert second.clocks("upload") == []  # the first child had it
    assert matter.row.facts == {"fuel_t": "1210.500", "times_submitted": 2}


def test_a_personal_input_stands_in_the_entry_as_a_commitment_only(town):
    matter = town.open(Monthly, "supervisor", {"month": 3}, at="04-01")
    matter.fire("submit", "unit", {"fuel_t": "1200.500", "filled_by": "马学军"}, at="04-20")
    entry = matter.entries()[-1]
    assert "马学军" not in json.dumps(json.loads(entry.body)["details"], ensure_ascii=False)
    assert set(json.loads(entry.body)["commitments"]) == {"filled_by"}


# A right that is lost: payment ------------------------------------------------------------------------


def a_fine(town: Town, at: str = "07-06") -> Matter:
    return town.open(Payment, "leader", {"fine_cny": "50000"}, at=at)


def test_one_clock_ends_and_the_next_takes_a_right_in_the_same_pass(town):
    matter = a_fine(town)
    assert matter.due("paying") == day("07-21")
    town.tick("07-22 00:00")
    assert matter.state == "overdue"
    assert matter.due("applying") == day("10-21")  # three months after the last day to pay
    town.tick("10-21 23:59")
    assert matter.state == "overdue"
    town.tick("10-22 00:00")
    assert (matter.state, matter.running()) == ("lost", [])


def test_several_ends_that_have_passed_are_handled_in_their_order_at_once(town):
    matter = a_fine(town)
    town.tick("11-30")
    assert matter.acts() == ["impose", "mark_overdue", "lose"]
    assert [e.occurred_at for e in matter.entries()[1:]] == [
        instant("07-21 23:59:59"),
        instant("10-21 23:59:59"),
    ]


def test_a_stay_voids_the_clock_and_its_end_starts_it_anew(town):
    matter = a_fine(town)
    matter.fire("stay", "leader", {"stay_reason": "行政复议"}, at="07-13")
    assert matter.running() == []
    town.tick("08-31")
    matter.fire("resume", "leader", at="09-01")
    assert matter.due("paying") == day("09-16")
    matter.fire("pay", "unit", {"paid_on": "2026-09-10", "in_full": True}, at="09-10")
    assert matter.state == "paid"


def test_a_decision_that_is_corrected_starts_the_period_anew(town):
    matter = a_fine(town)
    matter.fire("correct", "leader", {"fine_cny": "40000"}, at="07-10")
    old, new = matter.clocks("paying")
    assert (old.voided_seq, new.due_on) == (1, day("07-27"))  # the 25th is a Saturday
    assert matter.row.facts["fine_cny"] == "40000"


def test_a_box_that_must_be_ticked_and_a_day_that_must_be_past(town):
    matter = a_fine(town)
    said = refused(matter, "pay", "unit", {"paid_on": "2026-07-20", "in_full": False}, at="07-10")
    assert "“Paid on” cannot lie after today (2026-07-10)." in said
    assert "Please confirm: Paid in full" in said
