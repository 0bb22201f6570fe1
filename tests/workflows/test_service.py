"""Service of documents: tables, every mode, refusals, the announcement, and what the parent's clocks draw from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.cases import confidential, records
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.sight import id_for
from app.engine.actors import Capacity
from app.engine.definition import Expiry, Lasts
from app.law.terms import shipped_law
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.service import MODES, Service
from tests.documents.conftest import Papers
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.procedure import SCAN, Operation, a_case, assemble, certify
from tests.workflows.serving import Served, issue, prove, proving, sending, sent, served


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(Operation):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# The tables ---------------------------------------------------------------------------------------

STATES = {
    "preparing": "待送达", "dispatched": "送达中", "failed": "未送达", "announced": "公告送达中",
    "served": "已送达", "withdrawn": "撤回送达",
}  # fmt: skip
ACTS = {
    "begin": ("P28", "", "preparing", ""),
    "confirm_address": ("P28a", "preparing failed", "", "送达地址及方式确认书"),
    "dispatch": ("P28b", "preparing failed", "dispatched", ""),
    "serve": ("P28c", "dispatched", "served", "送达回证"),
    "fail_attempt": ("P28d", "dispatched", "failed", "送达回证"),
    "announce": ("P29", "failed", "announced", "送达公告"),
    "collect": ("P29a", "announced", "served", "送达回证"),
    "end_announcement": ("P29b", "announced", "served", ""),
    "withdraw": ("P28e", "preparing dispatched failed announced", "withdrawn", ""),
}
"""Code, from, to and documents of every act."""
LINKS = {
    "service_of_notice": "prior_notice",
    "service_of_no_penalty_notice": "no_penalty_notice",
    "service_of_hearing_notice": "hearing_notice",
    "service_of_demand": "demand_letter",
    "service_of_decision": None,
    "service_of_document": None,
}
"""What a penalty case lets serve; without a name, what the officer chooses."""


def test_every_state_has_its_name_and_two_of_them_end_it():
    assert {name: state.zh for name, state in Service.states.items()} == STATES
    assert {n for n, state in Service.states.items() if state.final} == {"served", "withdrawn"}


def test_every_act_has_its_code_leads_where_the_table_says_and_makes_its_papers():
    assert {
        name: (
            act.code,
            " ".join(state for state in Service.states if state in act.source_names),
            " ".join(to.name for to in act.destinations),
            " ".join(document.zh for document in act.documents),
        )
        for name, act in Service.transitions.items()
    } == ACTS


def test_its_papers_are_forms_of_the_catalogue_and_none_is_served_itself():
    assert {d.form for d in Service.documents.values()} == {
        "service_receipt", "announcement", "service_address",
    }  # fmt: skip
    assert not any(document.external for document in Service.documents.values())


def test_the_only_clock_is_the_thirty_days_of_the_announcement():
    [(name, clock)] = Service.deadlines.items()
    assert (name, clock.expiry) == ("announcement_period", Expiry.PARTY_WAIVER)
    assert isinstance(clock.due, Lasts)
    term = shipped_law().term(clock.due.term, day("06-03"))
    assert (term.length, str(term.unit), str(term.mark)) == (30, "cd", "S")


def test_it_opens_with_what_a_penalty_case_gives():
    given = {
        name: child.given.get("document")
        for name, child in PenaltyProcedure.children.items()
        if child.lifecycle == "service"
    }
    assert given == LINKS
    known = {field.name: field.required for field in Service.opening().inputs}
    wanted = {name for name, required in known.items() if required}
    for name in LINKS:
        child = PenaltyProcedure.children[name]
        assert wanted <= {*child.inputs, *child.given} <= set(known)
        assert Capacity.INVESTIGATOR in child.capacities


def test_what_penalty_cases_take_from_a_service_is_known_of_it():
    taken = {
        fact
        for act in PenaltyProcedure.transitions.values()
        if act.brings is not None and act.brings.child in LINKS
        for fact in act.brings.inputs.values()
    }
    assert taken == {"served_on"} <= set(Service.facts)


# Playing ------------------------------------------------------------------------------------------

AROUND = pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])
ON = "06-02"


def penalty(town: Town, on: str = ON, **said: Any) -> Served:
    made = a_case(town, on=on, ended="05-10", **said)
    return Served(town, made.id, None, made.proposed)


def noticed(town: Town, *, issued: bool = True, on: str = ON) -> tuple[Served, Matter]:
    """A penalty case whose prior notice waits to be served, and the service."""
    case = penalty(town, on)
    case.investigated(on).submit(on).pass_review(on).approve(on)
    if issued:
        issue(case, "prior_notice", on)
    return case, case.children("service_of_notice")[-1]


def fail(track: Matter, on: str, **said: Any) -> Matter:
    """Enter that the attempt did not reach the addressee."""
    [*_, row] = track.items("attempts")
    typed = {"tried_on": day(on), "failure": "大门紧闭，无人签收", **said}
    track.fire("fail_attempt", "inspector", typed, at=f"{on} 14:00", item_id=row.id)
    return track


ANNOUNCED = {
    "mode": "announcement", "announced_in": "市政府网站、住所地张贴", "ways_failed": "直接、邮寄均无法送达",
    "announcement_proof": SCAN,
}  # fmt: skip


def announced(track: Matter, on: str, at: str = "") -> Matter:
    """Fail once and announce."""
    fail(sent(track, on), on)
    typed = {**ANNOUNCED, "announced_on": day(on)}
    track.fire("announce", "inspector", typed, at=f"{at or on} 15:00")
    return track


def agreement(*, agrees: bool) -> dict[str, Any]:
    return {
        "service_to": "中卫市示例路1号",
        "service_mail": "a@example.org",
        "electronic": agrees,
        "confirmation": SCAN,
    }


def shifted(last: str, days: int) -> str:
    return str(day(last) + timedelta(days))


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, *, at: str, **said: Any) -> str:  # fmt: skip
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, at=at, **said)
    return refusal.value.label.en


def row(track: Matter) -> Any:
    return track.items("attempts")[-1].id


# The ways to serve --------------------------------------------------------------------------------


def test_two_officers_serve_on_the_spot_and_the_parent_counts_from_that_day(town):
    case, track = noticed(town)
    assert (track.state, track.row.facts["document"]) == ("preparing", "prior_notice")
    sent(track, ON)
    assert (track.state, case.state) == ("dispatched", "pre_notice_approval")
    prove(track, ON)
    assert (track.state, track.running()) == ("served", [])
    assert (track.row.facts["mode"], track.row.facts["served_on"]) == ("direct", "2026-06-02")
    assert [one.status for one in track.items("attempts")] == ["served"]
    assert case.state == "notice_served"
    assert (case.due("plea"), case.row.facts["notice_served_on"]) == (day("06-09"), "2026-06-02")
    assert [*track.faults(), *case.faults()] == []


def test_a_proof_entered_late_counts_from_the_day_of_service(town):
    case, track = noticed(town)
    sent(track, ON)
    prove(track, ON, at="06-08")
    assert (case.state, case.due("plea")) == ("notice_served", day("06-09"))
    [notice] = Papers(town, case.id).documents("prior_notice")
    assert notice.served_on == day(ON)


def test_the_parent_waits_while_the_document_is_on_its_way(town):
    case, track = noticed(town)
    sent(track, ON)
    town.tick("06-20")
    assert (case.state, "plea" in case.running()) == ("pre_notice_approval", False)


@pytest.mark.parametrize(
    "seen", [{"witness": "社区工作人员"}, {"footage": SCAN}], ids=["witness", "recording"]
)
def test_what_is_left_in_place_needs_the_refusal_and_a_witness_or_a_recording(town, seen):
    _case, track = noticed(town)
    sent(track, ON, "left")
    typed = {"served_on": day(ON), "proof": SCAN}
    wanted = "A document left in place needs the note of the refusal, and a witness or a recording."
    noted = {"refusal_note": "门卫拒收，说明后留置并拍照"}
    for more in ({}, noted, seen):
        said = refused(track, "serve", "inspector", typed | more, at=f"{ON} 14:00", item_id=row(track))  # fmt: skip
        assert said == wanted
    track.fire("serve", "inspector", typed | noted | seen, at=f"{ON} 14:00", item_id=row(track))
    assert (track.state, track.faults()) == ("served", [])


def test_whatever_is_not_left_in_place_names_its_receiver(town):
    _case, track = noticed(town)
    sent(track, ON)
    typed = {"served_on": day(ON), "proof": SCAN}
    said = refused(track, "serve", "inspector", typed, at=f"{ON} 14:00", item_id=row(track))
    assert said == "Name who received it."


@pytest.mark.parametrize(
    ("mode", "named"), [("post", "post_number"), ("entrusted", "entrusted_to")]
)
def test_post_names_its_letter_and_entrusted_service_the_body(town, mode, named):
    _case, track = noticed(town)
    said = refused(track, "dispatch", "inspector", sending(town, ON, mode), at=f"{ON} 13:00")
    assert said == "Post needs the number of the letter, entrusted service the body entrusted."
    served_by = prove(sent(track, ON, mode, **{named: "示例001"}), "06-05")
    assert (served_by.state, served_by.row.facts["mode"]) == ("served", mode)


def test_electronic_service_needs_the_signed_agreement_of_the_addressee(town):
    _case, track = noticed(town)
    wanted = (
        "Electronic service needs a confirmation of address and mode that the addressee has signed "
        "and that agrees to it."
    )
    typed = sending(town, ON, "electronic")
    assert refused(track, "dispatch", "inspector", typed, at=f"{ON} 13:00") == wanted
    track.fire("confirm_address", "inspector", agreement(agrees=False), at=f"{ON} 13:00")
    assert refused(track, "dispatch", "inspector", typed, at=f"{ON} 13:00") == wanted
    unsigned = {k: v for k, v in agreement(agrees=True).items() if k != "confirmation"}
    with pytest.raises(BadInputs):
        track.fire("confirm_address", "inspector", unsigned, at=f"{ON} 13:00")
    track.fire("confirm_address", "inspector", agreement(agrees=True), at=f"{ON} 13:00")
    prove(sent(track, ON, "electronic"), ON)
    assert (track.state, track.row.facts["mode"], track.faults()) == ("served", "electronic", [])


def test_an_agreement_given_in_the_case_holds_until_the_service_has_one_of_its_own(town):
    case, track = noticed(town)
    case.fire("confirm_address", "inspector", agreement(agrees=True), at=f"{ON} 12:40")
    track.fire("confirm_address", "inspector", agreement(agrees=False), at=f"{ON} 12:50")
    typed = sending(town, ON, "electronic")
    said = refused(track, "dispatch", "inspector", typed, at=f"{ON} 13:00")
    assert said.startswith("Electronic service needs a confirmation")
    case.fire("confirm_address", "inspector", agreement(agrees=True), at=f"{ON} 13:00")
    assert refused(track, "dispatch", "inspector", typed, at=f"{ON} 13:00") == said


def test_an_agreement_given_in_the_case_is_enough(town):
    case, track = noticed(town)
    case.fire("confirm_address", "inspector", agreement(agrees=True), at=f"{ON} 12:40")
    prove(sent(track, ON, "electronic"), ON)
    assert (track.state, case.state) == ("served", "notice_served")


def test_after_an_attempt_that_failed_another_is_made(town):
    case, track = noticed(town)
    fail(sent(track, ON), ON)
    assert (track.state, case.state) == ("failed", "pre_notice_approval")
    prove(sent(track, "06-04", "post", post_number="示例001"), "06-08")
    assert [one.status for one in track.items("attempts")] == ["failed", "served"]
    assert track.row.facts["attempts_made"] == 2
    assert (case.state, case.row.facts["notice_served_on"]) == ("notice_served", "2026-06-08")


# Refusals -----------------------------------------------------------------------------------------


def test_a_document_is_not_served_before_it_is_sealed_and_rendered(town):
    case, track = noticed(town, issued=False)
    wanted = "The document is not sealed and rendered yet: it cannot be served."
    typed = sending(town, ON)
    assert refused(track, "dispatch", "inspector", typed, at=f"{ON} 12:10") == wanted
    issue(case, "prior_notice", ON, rendered=False)
    assert refused(track, "dispatch", "inspector", typed, at=f"{ON} 12:20") == wanted
    assert Papers(town, case.id).render(f"{ON} 12:30") == 1
    sent(track, ON)
    assert track.state == "dispatched"


@pytest.mark.parametrize("way", ["serve", "announce", "collect", "by_itself"])
def test_a_document_that_was_voided_on_its_way_is_not_served(town, way):
    case, track = noticed(town)
    sent(track, ON)
    if way != "serve":
        fail(track, ON)
    announcing = {**ANNOUNCED, "announced_on": day(ON)}
    if way in {"collect", "by_itself"}:
        track.fire("announce", "inspector", announcing, at=f"{ON} 15:00")
    Papers(town, case.id).void("prior_notice", "文号有误", "leader", at=f"{ON} 15:10")
    if way == "by_itself":
        town.tick("07-10")
        assert (track.state, case.state) == ("announced", "pre_notice_approval")
        track.fire("withdraw", "supervisor", {"withdrawal_reason": "文书作废"}, at="07-10")
        assert (track.state, track.running()) == ("withdrawn", [])
        return
    typed = {
        "serve": proving(ON),
        "announce": announcing,
        "collect": collecting(town, ON),
    }[way]
    more = {"item_id": row(track)} if way == "serve" else {}
    said = refused(track, way, "inspector", typed, at=f"{ON} 15:20", **more)
    assert said == "The document is not sealed and rendered yet: it cannot be served."


@AROUND
def test_no_day_of_a_service_lies_before_the_seal(town, days):
    _case, track = noticed(town)
    on = shifted(ON, days)
    typed = sending(town, on)
    if days < 0:
        said = refused(track, "dispatch", "inspector", typed, at="06-05")
        assert said == "The day cannot lie before the document was sealed (2026-06-02)."
        return
    track.fire("dispatch", "inspector", typed, at="06-05")
    assert track.row.facts["sent_on"] == on


@AROUND
@pytest.mark.parametrize("act", ["serve", "fail_attempt"])
def test_what_became_of_an_attempt_does_not_lie_before_it(town, act, days):
    _case, track = noticed(town)
    sent(track, "06-04")
    on = day(shifted("06-04", days))
    typed = {"serve": proving("06-04", served_on=on), "fail_attempt": {"tried_on": on, "failure": "无人"}}[act]  # fmt: skip
    if days < 0:
        said = refused(track, act, "inspector", typed, at="06-08", item_id=row(track))
        assert said == "The day cannot lie before the document was sent (2026-06-04)."
        return
    track.fire(act, "inspector", typed, at="06-08", item_id=row(track))
    assert track.state == {"serve": "served", "fail_attempt": "failed"}[act]


def test_two_officers_with_certificates_serve(town):
    _case, track = noticed(town)
    alone = sending(town, ON, servers=[town.cast.id_of("inspector")])
    said = refused(track, "dispatch", "inspector", alone, at=f"{ON} 13:00")
    assert said == (
        "At least 2 officers with certificates valid on the day are wanted: 1 named, 0 without (V-2)."
    )
    certify(town, "inspector2", None)
    try:
        said = refused(track, "dispatch", "inspector", sending(town, ON), at=f"{ON} 13:00")
    finally:
        certify(town, "inspector2", "640500-002")
    assert said == (
        "At least 2 officers with certificates valid on the day are wanted: 2 named, 1 without (V-2)."
    )


@pytest.mark.parametrize("who", ["leader", "legal", "market", "region", "unit-redian"])
def test_nobody_but_the_officers_serves(town, who):
    _case, track = noticed(town)
    with pytest.raises(NotPermitted):
        track.fire("dispatch", who, sending(town, ON), at=f"{ON} 13:00")


def test_the_addressee_does_not_see_how_the_authority_serves_it(town):
    case, track = noticed(town)
    served(track, ON)
    party = town.cast.unit_person("redian")
    with town.database.read() as session:
        assert session.scalar(id_for(party, case.id)) == case.id
        assert session.scalar(id_for(party, track.id)) is None


# The announcement ---------------------------------------------------------------------------------


def test_an_announcement_is_the_last_way_only(town):
    _case, track = noticed(town)
    typed = {**ANNOUNCED, "announced_on": day(ON)}
    with pytest.raises(TransitionRefused):
        track.fire("announce", "inspector", typed, at=f"{ON} 13:00")
    sent(track, ON)
    with pytest.raises(TransitionRefused):
        track.fire("announce", "inspector", typed, at=f"{ON} 13:30")
    fail(track, ON)
    early = {**typed, "announced_on": day("06-01")}
    said = refused(track, "announce", "inspector", early, at=f"{ON} 15:00")
    assert said == "The day cannot lie before the document was sealed (2026-06-02)."
    track.fire("announce", "inspector", typed, at=f"{ON} 15:00")
    assert (track.state, track.running()) == ("announced", ["announcement_period"])


def test_an_announcement_is_no_mode_of_an_attempt_nor_the_other_way_round(town):
    _case, track = noticed(town)
    with pytest.raises(BadInputs):
        track.fire("dispatch", "inspector", sending(town, ON, "announcement"), at=f"{ON} 13:00")
    assert set(MODES) == {"direct", "left", "post", "electronic", "entrusted", "announcement"}


@AROUND
def test_thirty_days_after_the_announcement_it_is_deemed_served(town, days):
    case, track = noticed(town)
    announced(track, "06-03")
    assert track.due("announcement_period") == day("07-03")
    on = shifted("07-03", days)
    town.tick(f"{on} 12:00")
    if days <= 0:
        assert (track.state, case.state) == ("announced", "pre_notice_approval")
        return
    assert (track.state, track.running(), track.acts()[-1]) == ("served", [], "end_announcement")
    assert track.row.facts["served_on"] == "2026-07-03"
    assert track.row.facts["mode"] == "announcement"
    assert (case.state, case.due("plea")) == ("notice_served", day("07-10"))
    assert [*track.faults(), *case.faults()] == []


def test_an_announcement_that_ends_on_a_day_of_rest_ends_on_the_next_working_day(town):
    _case, track = noticed(town)
    announced(track, "06-04")
    assert track.due("announcement_period") == day("07-06"), "07-04 is a Saturday"
    town.tick("07-06 12:00")
    assert track.state == "announced"
    town.tick("07-07 12:00")
    assert track.row.facts["served_on"] == "2026-07-06"


def test_an_announcement_counts_from_its_own_day_however_late_it_is_entered(town):
    _case, track = noticed(town)
    announced(track, "06-03", at="06-10")
    assert track.due("announcement_period") == day("07-03")


def collecting(town: Town, on: str) -> dict[str, Any]:
    servers = [town.cast.id_of(one) for one in ("inspector", "inspector2")]
    return {
        "mode": "direct", "servers": servers, "served_on": day(on), "place": "局机关", "received_by": "马学军",
        "proof": SCAN,
    }  # fmt: skip


def test_who_appears_while_it_is_announced_is_served_in_person(town):
    case, track = noticed(town)
    announced(track, "06-03")
    track.fire("collect", "inspector", collecting(town, "06-15"), at="06-15")
    assert (track.state, track.running()) == ("served", [])
    assert (track.row.facts["mode"], track.row.facts["served_on"]) == ("direct", "2026-06-15")
    assert (case.state, case.row.facts["notice_served_on"]) == ("notice_served", "2026-06-15")
    assert [*track.faults(), *case.faults()] == []


@AROUND
@pytest.mark.parametrize("bound", ["06-03", "07-03"])
def test_nobody_is_served_in_person_outside_the_announcement(town, bound, days):
    _case, track = noticed(town)
    announced(track, "06-03")
    on = shifted(bound, days)
    typed = collecting(town, on)
    if "2026-06-03" <= on <= "2026-07-03":
        track.fire("collect", "inspector", typed, at=f"{on} 16:00")
        assert track.row.facts["served_on"] == on
        return
    said = refused(track, "collect", "inspector", typed, at="07-04")
    assert said == (
        "The day has to lie in the time of the announcement (2026-06-03 to 2026-07-03)."
    )


# Withdrawing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["preparing", "dispatched", "failed", "announced"])
def test_a_service_is_withdrawn_from_every_open_state_and_proves_nothing(town, state):
    case, track = noticed(town)
    {
        "preparing": lambda: None,
        "dispatched": lambda: sent(track, ON),
        "failed": lambda: fail(sent(track, ON), ON),
        "announced": lambda: announced(track, ON),
    }[state]()
    assert track.state == state
    track.fire("withdraw", "supervisor", {"withdrawal_reason": "告知书须更正"}, at="06-03")
    assert (track.state, track.running(), track.faults()) == ("withdrawn", [], [])
    left = {"dispatched": ["given_up"], "failed": ["failed"], "announced": ["failed"]}
    assert [one.status for one in track.items("attempts")] == left.get(state, [])
    town.tick("07-20")
    assert (case.state, "plea" in case.running()) == ("pre_notice_approval", False)


def test_after_a_withdrawal_the_corrected_document_is_served_in_a_track_of_its_own(town):
    case, track = noticed(town)
    sent(track, ON)
    typed = {"hearing_right": False, "wants_discussion": False, "addressee": "示例热电有限公司"}
    said = refused(case, "approve_notice", "leader", typed, at="06-03")
    assert said == "The notice has been sent and waits to be served."
    track.fire("withdraw", "inspector", {"withdrawal_reason": "告知书须更正"}, at="06-03")
    case.do("approve_notice", "leader", typed, on="06-04")
    case.serve("service_of_notice", "06-05")
    assert [one.state for one in case.children("service_of_notice")] == ["withdrawn", "served"]
    assert (case.state, case.row.facts["notice_served_on"]) == ("notice_served", "2026-06-05")
    assert case.faults() == []


# What a penalty case draws from it ----------------------------------------------------------------


@AROUND
def test_the_decision_is_served_in_seven_working_days(town, days):
    case = penalty(town).decided(ON).send(ON)
    assert case.due("decision_service") == day("06-11")
    on = shifted("06-11", days)
    case.town.tick(f"{on} 11:00")
    case.serve("service_of_decision", on)
    assert (case.state, case.clock("decision_service").met_late) == ("performance", days > 0)
    assert case.row.facts["decision_served_on"] == on
    [track] = case.children("service_of_decision")
    assert [*case.faults(), *track.faults()] == []


def test_the_time_to_pay_begins_with_the_proof_and_counts_from_the_day_of_service(town):
    case = penalty(town).decided(ON).send(ON)
    [track] = case.children("service_of_decision")
    assert "payment" not in case.running()
    issue(case, "penalty_decision", ON)
    sent(track, ON)
    prove(track, "06-03", at="06-10")
    assert (case.state, case.due("payment")) == ("performance", day("06-18"))


def test_a_second_service_of_the_decision_waits_for_the_first(town):
    case = penalty(town).decided(ON).send(ON)
    typed = {"document": "penalty_decision", "addressee": "示例热电有限公司"}
    said = refused(case, "send_decision", "inspector", typed, at="06-03")
    assert said == "1 side matters have not ended."
    [first] = case.children("service_of_decision")
    first.fire("withdraw", "inspector", {"withdrawal_reason": "受送达人有误"}, at="06-03")
    assert case.state == "decided"
    case.send("06-04").serve("service_of_decision", "06-05")
    assert (case.state, case.row.facts["decision_served_on"]) == ("performance", "2026-06-05")


def test_the_demand_counts_from_its_service(town):
    case = penalty(town).performed(ON)
    case.town.tick("06-20")
    assert case.state == "overdue"
    typed = {"demanded": "115000", "addressee": "示例热电有限公司"}
    case.do("issue_demand", "supervisor", typed, on="06-22")
    assert "demand" not in case.running()
    case.serve("service_of_demand", "06-23")
    assert (case.state, case.due("demand")) == ("demand_served", day("07-07"))
    assert case.faults() == []


def test_another_document_is_served_and_moves_nothing(town):
    case = penalty(town).file(ON)
    typed = {"addressee": "示例热电有限公司", "come_on": day("06-08")}
    case.do("summon", "inspector", typed, on=ON)
    issue(case, "inquiry_notice", ON)
    chosen = {"document": "inquiry_notice", "addressee": "示例热电有限公司"}
    case.do("send_document", "inspector", chosen, on=f"{ON} 12:40")
    [track] = case.children("service_of_document")
    served(track, ON)
    assert (track.state, case.state) == ("served", "investigating")
    assert [*track.faults(), *case.faults()] == []


# A restricted case --------------------------------------------------------------------------------


def mark(matter: Matter, *, restricted: bool) -> int:
    leader, now = matter.town["leader"], instant(ON)
    return matter.town.database.write(
        lambda session: confidential.mark(
            session, matter.id, "涉及举报人身份", restricted=restricted, actor=leader, now=now
        )
    )


def seen_by(matter: Matter, *logins: str) -> list[str]:
    with matter.town.database.read() as session:
        return [login for login in logins if session.scalar(id_for(matter.town[login], matter.id))]


def give(matter: Matter, login: str) -> None:
    person, by = matter.town[login].person_id, matter.town["supervisor"]
    matter.town.database.write(
        lambda session: records.assign(session, matter.id, person, actor=by, now=instant(ON))
    )


IN_CHARGE = ["leader", "supervisor2", "inspector", "inspector2"]
BUREAU = [*IN_CHARGE, "legal"]


def test_a_restricted_case_takes_its_services_along_and_back(town):
    case, track = noticed(town)
    give(case, "supervisor2")
    assert seen_by(track, *BUREAU) == BUREAU
    mark(case, restricted=True)
    assert seen_by(case, *BUREAU) == seen_by(track, *BUREAU) == IN_CHARGE
    served(track, ON)
    assert track.state == "served"
    mark(case, restricted=False)
    assert seen_by(case, *BUREAU) == seen_by(track, *BUREAU) == BUREAU
    assert [*track.faults(), *case.faults()] == []


def test_what_a_restricted_case_lets_serve_is_restricted_from_the_beginning(town):
    case = penalty(town).investigated(ON).submit(ON).pass_review(ON)
    give(case, "supervisor2")
    mark(case, restricted=True)
    case.approve(ON)
    track = case.children("service_of_notice")[-1]
    assert seen_by(track, *BUREAU) == IN_CHARGE
    assert track.faults() == []


def test_a_service_is_not_restricted_without_its_case(town):
    case, track = noticed(town)
    with pytest.raises(NotPermitted):
        mark(track, restricted=True)
    assert seen_by(track, "legal") == seen_by(case, "legal") == ["legal"]
