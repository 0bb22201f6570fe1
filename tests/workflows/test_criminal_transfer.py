"""A transfer to the police: tables, ways, every clock, refusals, and the ninety days of its parent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.cases.errors import BadInputs, NotPermitted
from app.cases.opening import Opening, open_case
from app.cases.sight import id_for
from app.engine.actors import SYSTEM_ACTOR, Capacity
from app.engine.definition import Earliest, Expiry, Lasts
from app.law.terms import shipped_law
from app.workflows.criminal_transfer import CriminalTransfer
from app.workflows.joint_enforcement import JointEnforcement
from app.workflows.penalty_inputs import CRIME
from app.workflows.penalty_procedure import PenaltyProcedure
from tests.town import Town, day, instant, registered
from tests.workflows.procedure import (
    AROUND,
    LIGHT,
    Operation,
    Procedure,
    Service,
    a_case,
    assemble,
    certify,
    moment,
    received,
    refused,
    shifted,
    without_certificate,
)
from tests.workflows.stand_ins import body


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(Operation, Service):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# The tables ---------------------------------------------------------------------------------------

STATES = {
    "report_to_head": "呈报", "head_deciding": "正职审批", "handing_over": "移交", "supplementing": "补正",
    "police_reviewing": "公安审查", "police_filed": "已立案", "police_declined": "不予立案",
    "police_reconsidering": "公安复议", "procuratorate_supervision": "立案监督", "judicial": "侦诉审",
    "returned": "退回行政处理", "concluded": "办结",
}  # fmt: skip
"""Domain 16.3."""
UNHANDED, APPROVAL = "report_to_head head_deciding", "涉嫌环境犯罪案件移送审批表"
LETTERS = "涉嫌环境犯罪案件移送书 案件移送书（抄送检察机关） 移送材料清单"
NOTICE, PLATFORM = "立案或不予立案通知书（抄送检察机关）", "信息共享平台录入记录"
EVERYWHERE = " ".join(name for name in STATES if name not in {"returned", "concluded"})
ACTS = {
    "open_transfer": ("C00", "", "report_to_head", ""),
    "submit_group_report": ("C1", "report_to_head", "head_deciding", "涉嫌犯罪案件情况书面报告"),
    "approve_transfer": ("C2", "head_deciding", "handing_over", APPROVAL),
    "refuse_transfer": ("C2a", "head_deciding", "returned", APPROVAL),
    "hand_over": ("C3", "handing_over", "police_reviewing", LETTERS),
    "receive_advice": ("C15", UNHANDED, "", ""),
    "reopen_on_advice": ("C15a", "returned", "head_deciding", ""),
    "sign_receipt": ("C4", "police_reviewing", "", ""),
    "confirm_papers": ("C5a", "police_reviewing", "", ""),
    "ask_for_papers": ("C5", "police_reviewing", "supplementing", ""),
    "complete_papers": ("C6", "supplementing", "police_reviewing", "补正材料清单"),
    "forward": ("C7", "police_reviewing", "", ""),
    "give_back": ("C7a", "police_reviewing", "handing_over", ""),
    "need_checking": ("C8a", "police_reviewing", "", ""),
    "approve_long_review": ("C8b", "police_reviewing", "", ""),
    "file_case": ("C8", "police_reviewing", "police_filed", ""),
    "decline": ("C8c", "police_reviewing", "police_declined", ""),
    "notify_filing": ("C9", "police_filed", "", NOTICE),
    "notify_filing_afterwards": ("C9b", "judicial", "", NOTICE),
    "notify_decline": ("C9a", "police_declined", "", NOTICE),
    "hand_over_items": ("C10", "police_filed", "judicial", "涉案物品和材料移交清单"),
    "propose_reconsideration": ("C11a", "police_declined", "", ""),
    "ask_reconsideration": ("C11", "police_declined", "police_reconsidering", "提请公安机关复议函"),
    "lose_reconsideration": ("C11b", "police_declined police_reconsidering", "", ""),
    "file_after_reconsideration": ("C12", "police_reconsidering", "police_filed", ""),
    "uphold_decline": ("C12a", "police_reconsidering", "police_declined", ""),
    "ask_supervision": (
        "C13", "police_reviewing police_declined police_reconsidering", "procuratorate_supervision", "建议立案监督函",
    ),
    "lose_supervision": ("C13a", "police_declined police_reconsidering", "", ""),
    "note_explanation": ("C14", "procuratorate_supervision", "", ""),
    "note_filing_order": ("C14a", "procuratorate_supervision", "", ""),
    "file_on_order": ("C14b", "procuratorate_supervision", "police_filed", ""),
    "end_supervision": ("C14c", "procuratorate_supervision", "returned", ""),
    "accept_decline": ("C16", "police_declined", "returned", ""),
    "note_dropped": ("C16a", "police_filed judicial", "returned", ""),
    "note_judgment": ("C16b", "judicial", "", ""),
    "enter_platform": ("C17", EVERYWHERE, "", PLATFORM),
    "conclude": ("C17a", "judicial", "concluded", PLATFORM),
    "consult": ("C18", EVERYWHERE, "", "书面咨询函"),
    "answer_consultation": ("C18a", EVERYWHERE, "", ""),
}  # fmt: skip
"""Code, from, to and documents of every act: domain 8, C1 to C18."""
BREACH, LOST, TARGET = Expiry.AUTHORITY_BREACH, Expiry.RIGHT_LOST, Expiry.TARGET
TERMS = {
    "head_approval": ("3 cd", BREACH, "L-3"),
    "handover": ("24 h", BREACH, "L-H"),
    "advised_transfer": ("3 cd", BREACH, "L-3"),
    "first_answer": ("24 h, 24 h", BREACH, "L-X"),
    "supplement": ("3 cd", BREACH, "L-3"),
    "police_decision": ("3 cd", BREACH, "L-X"),
    "police_decision_checked": ("7 cd", BREACH, "L-X"),
    "police_decision_complex": ("30 cd", BREACH, "L-X"),
    "police_notice": ("3 cd", BREACH, "L-X"),
    "items_handover": ("3 cd", BREACH, "L-3"),
    "filing_reconsideration": ("3 wd", LOST, "L-3"),
    "police_reconsideration": ("3 wd", BREACH, "L-X"),
    "filing_supervision": ("3 cd", LOST, "L-3"),
    "police_explanation": ("7 cd", BREACH, "L-X"),
    "ordered_filing": ("15 cd", BREACH, "L-X"),
    "platform_entry": ("7 cd", TARGET, "L-7"),
    "consultation": ("7 cd", TARGET, "L-X"),
}
"""Domain 8 and 16.3; every term stands in the law."""


def test_every_state_has_its_name_and_two_of_them_end_it():
    assert {name: state.zh for name, state in CriminalTransfer.states.items()} == STATES
    ends = {name for name, state in CriminalTransfer.states.items() if state.final}
    assert ends == {"returned", "concluded"}


def test_every_act_has_its_code_leads_where_the_table_says_and_makes_its_papers():
    assert {
        name: (
            act.code,
            " ".join(state for state in CriminalTransfer.states if state in act.source_names),
            " ".join(to.name for to in act.destinations),
            " ".join(document.zh for document in act.documents),
        )
        for name, act in CriminalTransfer.transitions.items()
    } == ACTS


def test_every_step_of_the_domain_has_its_act():
    numbers = {code.rstrip("ab c") for code, *_ in ACTS.values()}
    assert numbers == {"C00", *(f"C{n}" for n in range(1, 19))}


def test_only_terms_of_the_law_are_counted_and_each_is_as_long_as_it_says():
    law, told = shipped_law(), {}
    for name, deadline in CriminalTransfer.deadlines.items():
        dues = deadline.due.dues if isinstance(deadline.due, Earliest) else (deadline.due,)
        terms = [law.term(due.term, day("06-03")) for due in dues if isinstance(due, Lasts)]
        assert {str(term.mark) for term in terms} == {"S"}
        lengths = ", ".join(f"{term.length} {term.unit}" for term in terms)
        told[name] = (lengths, deadline.expiry, deadline.ladder)
    assert told == TERMS


def test_nothing_stops_or_extends_a_clock_of_the_transfer():
    clocks = CriminalTransfer.deadlines.values()
    assert not any(clock.excluded_by or clock.extensions for clock in clocks)


def test_the_acts_of_procuratorate_and_courts_are_received_and_those_of_the_police_may_be_entered():
    acts = CriminalTransfer.transitions.values()
    assert {act.name for act in acts if act.received} == {
        "receive_advice", "reopen_on_advice", "note_explanation", "note_filing_order", "end_supervision",
        "note_dropped", "note_judgment",
    }  # fmt: skip
    by_police = {act.name for act in acts if any(w.role == "partner_police" for w in act.by)}
    assert by_police == {act.name for act in acts if act.recorded_by}


def test_it_opens_with_what_both_parents_give():
    assert tuple(CriminalTransfer.opening().inputs) == CRIME
    for parent, link in ((PenaltyProcedure, "criminal"), (JointEnforcement, "criminal_cases")):
        child = parent.children[link]
        assert {*child.inputs, *child.given} >= {"suspicion"}


# Playing ------------------------------------------------------------------------------------------


def the(town: Town, act: str) -> tuple[str, dict[str, Any]]:
    """Who does an act, and what they type."""
    reasons = {"reasons": "理由"}
    acts: dict[str, tuple[str, dict[str, Any]]] = {
        "submit_group_report": ("inspector", reporting(town)),
        "approve_transfer": ("leader", {"is_head": True}),
        "refuse_transfer": ("leader", {"is_head": True, **reasons}),
        "hand_over": ("inspector", {"police": body(town, "police"), "papers": "清单", "copied": True}),
        "receive_advice": ("supervisor", received(**reasons)),
        "reopen_on_advice": ("supervisor", received(**reasons)),
        "sign_receipt": ("police", {"receipt_signer": "张勇"}),
        "confirm_papers": ("police", {}),
        "ask_for_papers": ("police", {"missing": "检验报告原件"}),
        "complete_papers": ("inspector", {"papers": "检验报告原件"}),
        "forward": ("police", {"forwarded_to": "示例县公安局"}),
        "give_back": ("police", reasons),
        "need_checking": ("police", {"accepted_on": day("06-04"), **reasons}),
        "approve_long_review": ("police", {"accepted_on": day("06-04"), **reasons}),
        "file_case": ("police", {"police_number": "示公立〔2026〕1号"}),
        "decline": ("police", reasons),
        "notify_filing": ("police", {}),
        "notify_filing_afterwards": ("police", {}),
        "notify_decline": ("police", {}),
        "hand_over_items": ("inspector", {"papers": "煤样三份"}),
        "propose_reconsideration": ("legal", reasons),
        "ask_reconsideration": ("leader", reasons),
        "file_after_reconsideration": ("police", {}),
        "uphold_decline": ("police", reasons),
        "ask_supervision": ("leader", reasons),
        "note_explanation": ("supervisor", received(explanation="证据不足")),
        "note_filing_order": ("supervisor", received()),
        "file_on_order": ("police", {}),
        "end_supervision": ("supervisor", received()),
        "accept_decline": ("leader", reasons),
        "note_dropped": ("supervisor", received(outcome="not_prosecuted")),
        "note_judgment": ("supervisor", received(judgment="判处罚金")),
        "enter_platform": ("inspector", {"entered": "移送情况"}),
        "conclude": ("supervisor", {"entered": "裁判结果"}),
        "consult": ("legal", {"consulted": "中卫市公安局", "question": "证据标准"}),
        "answer_consultation": ("police", {"answer": "原始记录须有签字"}),
    }  # fmt: skip
    return acts[act]


def reporting(town: Town, *logins: str) -> dict[str, Any]:
    chosen = logins or ("inspector", "inspector2")
    return {
        "officers": [town.cast.id_of(one) for one in chosen], "crime": "提供虚假证明文件罪", "crime_article": "第二百二十九条",
        "crime_facts": "碳排放检验数据系伪造", "suspects": "示例签字人甲",
    }  # fmt: skip


class Transfer(Procedure):
    """The transfer of a penalty case, played; ``parent`` is that case."""

    parent: Procedure

    def play(self, *steps: str) -> Transfer:
        """Do acts, each written ``06-04 09:00 hand_over``, as fast as no clock has ended."""
        for step in steps:
            on, _, act = step.rpartition(" ")
            who, typed = the(self.town, act)
            self.fire(act, who, typed, at=moment(on))
        return self

    def refuses(self, act: str, on: str, who: str = "", **said: Any) -> str:
        """The sentences by which an act is refused."""
        usual, typed = the(self.town, act)
        return refused(self, act, who or usual, typed | said, on=on)


def referred(town: Town) -> Transfer:
    """A transfer opened on Monday, 1 June, from a penalty case filed that day."""
    parent = a_case(town, on="06-01", ended="05-10").file("06-01")
    parent.do("refer_to_police", "leader", SUSPICION, on="06-01 14:00")
    [child] = parent.children("criminal")
    transfer = Transfer(town, child.id)
    transfer.parent = parent
    return transfer


def opened(town: Town) -> Transfer:
    """A transfer opened the same day, of no case: for what asks nothing of a parent."""
    unit, bureau = town.cast.units["redian"], town.cast.bureau
    opening = Opening(
        lifecycle=CriminalTransfer, authority_id=bureau.id, authority_name=bureau.name,
        subject_id=unit.id, subject_name=unit.name, division=unit.division,
    )  # fmt: skip
    at = instant("06-01 14:00")
    fired = town.database.write(
        lambda session: open_case(
            session, opening, actor=SYSTEM_ACTOR, inputs=SUSPICION, now=at, law=town.law
        )
    )
    return Transfer(town, fired.case_id)


SUSPICION = {"suspicion": "检验数据系伪造"}
APPROVED = ("06-02 09:00 submit_group_report", "06-03 15:00 approve_transfer")
HANDED = (*APPROVED, "06-04 09:00 hand_over", "06-04 09:30 enter_platform")
FILED = (*HANDED, "06-05 08:00 file_case")
JUDICIAL = (*FILED, "06-06 10:00 notify_filing", "06-08 10:00 hand_over_items")
DECLINED = (*HANDED, "06-05 08:00 decline", "06-08 10:00 notify_decline")
UPHELD = (*DECLINED, "06-10 10:00 ask_reconsideration", "06-12 10:00 uphold_decline")
SUPERVISED = (*UPHELD, "06-15 10:00 ask_supervision")

WAYS = {
    "concluded": (*JUDICIAL, "08-20 note_judgment", "08-24 conclude"),
    "refused": ("06-02 submit_group_report", "06-03 refuse_transfer"),
    "papers": (
        *HANDED, "06-04 10:00 sign_receipt", "06-05 08:00 ask_for_papers", "06-07 complete_papers",
        "06-10 file_case", "06-12 notify_filing", "06-13 note_dropped",
    ),
    "other police": (*HANDED, "06-04 15:00 forward", "06-05 confirm_papers", "06-07 decline", "06-08 accept_decline"),
    "given back": (*HANDED, "06-05 08:00 give_back", "06-05 17:00 hand_over", "06-06 file_case", "06-09 note_dropped"),
    "checked": (*HANDED, "06-05 08:00 confirm_papers", "06-06 need_checking", "06-11 decline", "06-12 accept_decline"),
    "complex": (*HANDED, "06-05 08:00 confirm_papers", "06-06 approve_long_review", "07-03 file_case", "07-05 note_dropped"),
    "reconsidered": (
        *DECLINED, "06-09 propose_reconsideration", "06-10 ask_reconsideration", "06-12 file_after_reconsideration",
        "06-14 notify_filing", "06-16 hand_over_items", "06-20 note_dropped",
    ),
    "upheld": (*UPHELD, "06-15 accept_decline"),
    "supervised at once": (*DECLINED, "06-09 ask_supervision", "06-15 note_explanation", "06-16 end_supervision"),
    "ordered": (
        *SUPERVISED, "06-18 note_explanation", "06-22 note_filing_order", "07-06 file_on_order", "07-08 notify_filing",
        "07-10 hand_over_items", "09-01 note_judgment", "09-02 conclude",
    ),
    "consulted": (
        "06-02 10:00 consult", *APPROVED, "06-04 09:00 hand_over", "06-05 08:00 file_case", "06-08 note_dropped",
    ),
}  # fmt: skip
"""Each keeps every period it meets; one ends in each final state."""


# The ways through ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_way_in_time_ends_without_a_fault(town, way):
    transfer = opened(town).play(*WAYS[way])
    ending = "concluded" if way in {"concluded", "ordered"} else "returned"
    assert (transfer.state, transfer.running()) == (ending, [])
    assert transfer.row.facts["ended_on"] == str(day(WAYS[way][-1][:5]))
    clocks = [clock for name in TERMS for clock in transfer.clocks(name)]
    assert [c.name for c in clocks if c.met_late or c.expired_at is not None] == []
    assert transfer.faults() == []


def test_every_state_and_every_act_but_the_clocks_is_played():
    played = {step.split(" ")[-1] for way in WAYS.values() for step in way}
    missing = set(ACTS) - played
    elsewhere = {"receive_advice", "reopen_on_advice", "answer_consultation", "notify_filing_afterwards"}  # fmt: skip
    assert missing == elsewhere | {"open_transfer", "lose_reconsideration", "lose_supervision"}


def test_what_is_on_record_of_a_transfer_that_was_tried(town):
    transfer = opened(town).play(*WAYS["concluded"])
    facts = {name: transfer.row.facts.get(name) for name in (
        "crime", "crime_article", "approved_on", "handed_over_on", "accepted_on", "filed_on", "declined_on", "judged_on",
    )}  # fmt: skip
    assert facts == {
        "crime": "提供虚假证明文件罪", "crime_article": "第二百二十九条", "approved_on": "2026-06-03",
        "handed_over_on": "2026-06-04", "accepted_on": "2026-06-04", "filed_on": "2026-06-05", "declined_on": None,
        "judged_on": "2026-08-20",
    }  # fmt: skip
    assert transfer.seats(Capacity.ASSISTING) == {"中卫市公安局"}
    assert transfer.seats(Capacity.INVESTIGATOR) == {"王芳", "马晓东"}


def test_a_refused_transfer_is_decided_again_on_the_advice_of_the_procuratorate(town):
    transfer = opened(town).play(*WAYS["refused"], "06-10 reopen_on_advice")
    assert (transfer.state, transfer.running()) == ("head_deciding", ["advised_transfer", "head_approval"])  # fmt: skip
    transfer.play("06-11 approve_transfer", "06-12 09:00 hand_over")
    assert transfer.state == "police_reviewing"
    assert not transfer.clock("advised_transfer").met_late
    assert transfer.faults() == []


def test_the_procuratorate_advises_before_the_head_has_decided(town):
    transfer = opened(town).play("06-01 16:00 receive_advice")
    assert transfer.state == "report_to_head"
    assert transfer.due("advised_transfer") == day("06-04")
    transfer.play(*APPROVED, "06-04 09:00 hand_over")
    assert not transfer.clock("advised_transfer").met_late


def test_a_refusal_ends_what_was_advised(town):
    transfer = opened(town).play("06-01 16:00 receive_advice", *WAYS["refused"])
    assert (transfer.state, transfer.running(), transfer.faults()) == ("returned", [], [])
    assert transfer.clock("advised_transfer").met_at is None


def test_a_question_to_another_body_is_answered_row_by_row(town):
    transfer = opened(town).play("06-02 08:00 consult", "06-03 08:00 consult", *HANDED)
    rows = transfer.items("consultations")
    assert [row.status for row in rows] == ["asked", "asked"]
    who, typed = the(town, "answer_consultation")
    transfer.do("answer_consultation", who, typed, on="06-05", item_id=rows[0].id)
    assert [row.status for row in transfer.items("consultations")] == ["answered", "asked"]
    [left] = [c for c in transfer.clocks("consultation") if c.met_at is None]
    assert (left.item_id, left.due_on) == (rows[1].id, day("06-10"))


def test_officers_are_replaced_by_the_group_that_reports(town):
    certify(town, "inspector3", "640500-003")
    transfer = opened(town)
    transfer.do("submit_group_report", "inspector", reporting(town, "inspector", "inspector3"), on="06-02")  # fmt: skip
    assert transfer.seats(Capacity.INVESTIGATOR) == {"王芳", "许强"}


def test_the_police_see_it_once_it_was_handed_over_and_the_party_never(town):
    transfer = opened(town).play(*APPROVED)

    def sees(login: str) -> bool:
        with town.database.read() as session:
            return session.scalar(id_for(transfer.actor(login), transfer.id)) is not None

    assert not sees("police")
    transfer.play("06-04 09:00 hand_over")
    assert sees("police")
    assert not any(sees(login) for login in ("unit-redian", "market", "region", "verifier"))


# The clocks ---------------------------------------------------------------------------------------

CLOCKS = {
    "head_approval": (("06-02 09:00 submit_group_report",), "06-05", "approve_transfer"),
    "handover": (APPROVED, "06-04 15:00", "hand_over"),
    "advised_transfer": (("06-01 16:00 receive_advice", *APPROVED), "06-04", "hand_over"),
    "first_answer": (HANDED, "06-05 09:00", "confirm_papers"),
    "supplement": ((*HANDED, "06-05 08:00 ask_for_papers"), "06-08", "complete_papers"),
    "police_decision": (HANDED, "06-08", "file_case"),
    "police_decision_checked": ((*HANDED, "06-06 need_checking"), "06-11", "decline"),
    "police_decision_complex": ((*HANDED, "06-06 approve_long_review"), "07-06", "file_case"),
    "police_notice": (FILED, "06-08", "notify_filing"),
    "items_handover": ((*FILED, "06-06 10:00 notify_filing"), "06-09", "hand_over_items"),
    "police_reconsideration": (
        (*DECLINED, "06-11 10:00 ask_reconsideration"), "06-16", "uphold_decline",
    ),
    "police_explanation": (SUPERVISED, "06-22", "note_explanation"),
    "ordered_filing": ((*SUPERVISED, "06-22 note_filing_order"), "07-07", "file_on_order"),
    "platform_entry": (HANDED[:-1], "06-11", "enter_platform"),
}  # fmt: skip
"""What starts each clock, its last day or instant, and the act that meets it."""


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_ends_on_its_day_and_an_act_after_it_is_late(town, name):
    steps, last, act = CLOCKS[name]
    transfer = opened(town).play(*steps)
    clock = transfer.clock(name)
    assert clock.due_at is not None
    if " " in last:
        assert clock.due_at == instant(last)
    assert clock.due_on == day(last[:5])
    town.tick(clock.due_at)
    assert transfer.clock(name).expired_at is None, "the last day counts to its end"
    after = clock.due_at + timedelta(seconds=1)
    town.tick(after)
    clock = transfer.clock(name)
    # A target is a reminder: it ends, and nothing is broken by it.
    assert clock.expired_at is not None
    assert transfer.state == referred_state(steps)
    who, typed = the(town, act)
    transfer.fire(act, who, typed, at=after)
    assert transfer.clock(name).met_late
    assert transfer.faults() == []


def referred_state(steps: tuple[str, ...]) -> str:
    """Where the steps lead: no clock of the transfer moves it."""
    state = "report_to_head"
    for step in steps:
        to = ACTS[step.split(" ")[-1]][2]
        state = to or state
    return state


def test_the_answer_to_a_question_is_due_in_seven_days(town):
    transfer = opened(town).play("06-02 10:00 consult", "06-03 10:00 consult")
    first, second = transfer.clocks("consultation")
    assert (first.due_on, second.due_on) == (day("06-09"), day("06-10"))
    typed = {"answer": "原始记录须有签字"}
    for clock, on in ((first, "06-09 23:00"), (second, "06-11 09:00")):
        # The police are not on the case yet: an officer enters their letter.
        proof = [transfer.paper("inspector", at=on)]
        transfer.do("answer_consultation", "inspector", typed, on=on, item_id=clock.item_id, proof=proof)  # fmt: skip
    assert [clock.met_late for clock in transfer.clocks("consultation")] == [False, True]


def test_the_right_to_ask_for_reconsideration_is_lost_after_three_working_days(town):
    transfer = opened(town).play(*DECLINED)
    assert transfer.due("filing_reconsideration") == day("06-11")
    transfer.play("06-10 propose_reconsideration", "06-11 23:00 propose_reconsideration")
    town.tick("06-12 00:00")
    assert transfer.acts()[-1] == "lose_reconsideration"
    over = "The time to ask the police to reconsider is over, or they were asked."
    assert transfer.refuses("propose_reconsideration", "06-12") == over
    assert transfer.refuses("ask_reconsideration", "06-12") == over
    # Supervision stays open: three days for it run from a reconsideration only.
    transfer.play("06-12 ask_supervision")
    assert (transfer.state, transfer.faults()) == ("procuratorate_supervision", [])


@pytest.mark.parametrize("on", ["06-10", "06-11 23:00"])
def test_reconsideration_is_asked_for_to_the_end_of_the_last_day(town, on):
    transfer = opened(town).play(*DECLINED, f"{on} ask_reconsideration")
    assert not transfer.clock("filing_reconsideration").met_late
    said = transfer.refuses("propose_reconsideration", "06-12", "legal")
    assert said.startswith("Not possible while “The police reconsider”.")


def test_working_days_of_reconsideration_pass_over_the_dragon_boat_festival(town):
    """19 to 21 June 2026 are off."""
    steps = (*HANDED, "06-05 08:00 decline", "06-17 notify_decline", "06-18 ask_reconsideration")
    transfer = opened(town).play(*steps)
    assert transfer.due("filing_reconsideration") == day("06-23")
    assert transfer.due("police_reconsideration") == day("06-24")


@AROUND
def test_the_right_to_supervision_is_lost_three_days_after_the_reconsideration(town, days):
    transfer = opened(town).play(*UPHELD)
    assert transfer.due("filing_supervision") == day("06-15")
    on = shifted("06-15", days)
    town.tick(f"{on} 00:00")
    if days > 0:
        assert transfer.acts()[-1] == "lose_supervision"
        said = transfer.refuses("ask_supervision", on)
        assert said == "The time to ask for filing supervision ended on 2026-06-15."
        transfer.play(f"{on} accept_decline")
        assert transfer.state == "returned"
    else:
        transfer.play(f"{on} ask_supervision")
        assert transfer.state == "procuratorate_supervision"
    assert transfer.faults() == []


@pytest.mark.parametrize(
    ("steps", "last"),
    [(HANDED, "06-08"), ((*HANDED, "06-06 need_checking"), "06-11"), ((*HANDED, "06-06 approve_long_review"), "07-06")],
    ids=["three", "seven", "thirty"],
)  # fmt: skip
def test_police_who_stay_silent_are_reported_to_the_procuratorate_once_their_time_is_over(
    town, steps, last
):
    transfer = opened(town).play(*steps, "06-06 13:00 confirm_papers")
    for days in (-1, 0):
        said = transfer.refuses("ask_supervision", shifted(last, days))
        assert said == f"The police have until 2026-{last} to decide: supervision is not asked for before."  # fmt: skip
    on = shifted(last, 1)
    transfer.play(f"{on} ask_supervision")
    assert transfer.state == "procuratorate_supervision"
    assert transfer.running() == ["police_explanation"]
    transfer.play(f"{on} 13:00 note_filing_order", f"{on} 14:00 file_on_order")
    assert (transfer.state, transfer.faults()) == ("police_filed", [])


def test_asking_for_papers_gives_the_police_three_new_days(town):
    transfer = opened(town).play(*HANDED, "06-05 08:00 ask_for_papers")
    assert "police_decision" not in transfer.running()
    transfer.play("06-08 complete_papers")
    assert transfer.due("police_decision") == day("06-11")
    assert transfer.row.facts["accepted_on"] == "2026-06-08"
    said = transfer.refuses("need_checking", "06-09")
    assert said == "The time runs from the day the police took the case, 2026-06-08."


@pytest.mark.parametrize("act", ["need_checking", "approve_long_review"])
def test_a_longer_time_runs_from_the_day_the_police_took_the_case(town, act):
    transfer = opened(town).play(*HANDED)
    said = transfer.refuses(act, "06-05", accepted_on=day("06-05"))
    assert said == "The time runs from the day the police took the case, 2026-06-04."
    transfer.play(f"06-06 {act}")
    assert "police_decision" not in transfer.running()


def test_the_notice_of_the_police_starts_its_periods_once_only(town):
    over = "The written notice of the police was received before."
    declined = opened(town).play(*DECLINED)
    assert declined.refuses("notify_decline", "06-09") == over
    town.tick("06-12 00:00")
    assert declined.refuses("notify_decline", "06-12") == over, "a lost right does not come back"
    upheld = opened(town).play(*UPHELD)
    assert upheld.refuses("notify_decline", "06-13") == over
    filed = opened(town).play(*FILED, "06-06 notify_filing")
    assert filed.refuses("notify_filing", "06-07") == over


def test_a_notice_after_the_things_were_handed_over_starts_nothing(town):
    transfer = opened(town).play(*FILED, "06-06 hand_over_items", "06-07 notify_filing_afterwards")  # fmt: skip
    assert (transfer.state, transfer.running()) == ("judicial", [])
    over = "The written notice of the police was received before."
    assert transfer.refuses("notify_filing_afterwards", "06-08") == over
    assert transfer.faults() == []


def test_what_the_police_wrote_is_entered_by_an_officer_with_the_paper(town):
    transfer = opened(town).play(*HANDED)
    with pytest.raises(BadInputs):
        transfer.do("file_case", "supervisor", {}, on="06-08")
    proof = [transfer.paper("supervisor", at="06-08")]
    said = {"occurred": "06-06 10:00", "proof": proof, "late_reason": "邮寄送达"}
    transfer.do("file_case", "supervisor", {}, on="06-08", **said)
    assert transfer.row.facts["filed_on"] == "2026-06-06"
    assert transfer.due("police_notice") == day("06-09")
    assert not transfer.clock("police_decision").met_late
    assert transfer.faults() == []


# Refusals -----------------------------------------------------------------------------------------


def test_two_certified_officers_report(town):
    transfer = opened(town)
    wanted = "At least 2 officers with certificates valid on the day are wanted: {} (V-2)."
    said = refused(transfer, "submit_group_report", "inspector", reporting(town, "inspector"), on="06-02")  # fmt: skip
    assert said == wanted.format("1 named, 0 without")
    with without_certificate(town, "inspector2"):
        said = transfer.refuses("submit_group_report", "06-02")
    assert said == wanted.format("2 named, 1 without")


@pytest.mark.parametrize("act", ["approve_transfer", "refuse_transfer"])
def test_the_head_of_the_authority_decides(town, act):
    transfer = opened(town).play("06-02 submit_group_report")
    with pytest.raises(BadInputs):
        transfer.do(act, "leader", the(town, act)[1] | {"is_head": False}, on="06-03")
    for who in ("inspector", "supervisor", "legal", "police"):
        with pytest.raises(NotPermitted):
            transfer.do(act, who, the(town, act)[1], on="06-03")


def test_the_procuratorate_gets_a_copy(town):
    transfer = opened(town).play(*APPROVED)
    with pytest.raises(BadInputs):
        transfer.do("hand_over", "inspector", the(town, "hand_over")[1] | {"copied": False}, on="06-04")  # fmt: skip


def test_the_police_file_on_order_once_it_was_given(town):
    transfer = opened(town).play(*SUPERVISED)
    assert transfer.refuses("file_on_order", "06-16") == "The procuratorate has not ordered the filing."  # fmt: skip


def test_it_is_concluded_once_a_judgment_was_received(town):
    transfer = opened(town).play(*JUDICIAL)
    assert transfer.refuses("conclude", "06-09") == "No judgment was received."


def test_what_the_police_had_is_not_decided_again_on_advice(town):
    transfer = opened(town).play(*WAYS["upheld"])
    said = transfer.refuses("reopen_on_advice", "06-16")
    assert said == "The case is with the police already."


def test_nothing_is_decided_again_once_the_penalty_was(town):
    transfer = referred(town).play(*WAYS["refused"])
    transfer.parent.proposed = LIGHT
    transfer.parent.inspect("06-04").submit("06-04").pass_review("06-04").notify("06-04").waive(
        "06-04"
    )
    transfer.parent.pass_legal("06-04").decide("06-04")
    said = transfer.refuses("reopen_on_advice", "06-10")
    assert said == "The case it came from has been decided or closed."


@pytest.mark.parametrize("who", ["leader", "market", "unit-redian"])
def test_nobody_but_the_police_or_an_officer_with_their_paper_answers_for_them(town, who):
    transfer = opened(town).play(*HANDED)
    for act in ("file_case", "decline", "confirm_papers"):
        with pytest.raises(NotPermitted):
            transfer.do(act, who, the(town, act)[1], on="06-05")


def test_papers_are_signed_for_and_confirmed_once_each_time_they_come(town):
    transfer = opened(town).play(*HANDED, "06-05 08:00 sign_receipt", "06-05 08:10 confirm_papers")
    assert transfer.refuses("sign_receipt", "06-05 09:00") == "The receipt has been signed."
    assert transfer.refuses("confirm_papers", "06-05 09:00") == "The papers have been confirmed."
    transfer.play(
        "06-05 10:00 ask_for_papers", "06-06 complete_papers", "06-06 14:00 confirm_papers"
    )
    assert transfer.refuses("sign_receipt", "06-06 15:00") == "The receipt has been signed."
    transfer.play("06-07 give_back", "06-07 14:00 hand_over", "06-07 15:00 sign_receipt")
    assert transfer.faults() == []


# The ninety days of the penalty case ----------------------------------------------------------------


def test_the_ninety_days_stand_still_while_the_police_have_the_case(town):
    transfer = referred(town)
    parent = transfer.parent
    assert parent.due("decision") == day("08-31"), "08-30 is a Sunday"
    transfer.play(*APPROVED)
    assert parent.due("decision") == day("08-31"), "nothing stops before the handing over"
    transfer.play("06-04 09:00 hand_over")
    assert (parent.due("decision"), parent.acts()[-1]) == (None, "stop_for_transfer")
    town.tick("12-31 00:00")
    assert parent.clock("decision").expired_at is None
    transfer.play("06-07 decline", "06-08 accept_decline")
    assert parent.acts()[-1] == "resume_after_transfer"
    # Four days, 5 to 8 June, do not count (A13): 90 days from 06-01 end on 08-30, then on 09-03.
    assert parent.due("decision") == day("09-03")
    assert parent.clock("decision").derivation["exclusions"] == [
        {"kind": "transfer", "from": "2026-06-04", "to": "2026-06-08"}
    ]
    assert [*transfer.faults(), *parent.faults()] == []


def test_the_decision_is_late_only_after_the_days_that_did_not_count(town):
    parent = referred(town).play(*WAYS["other police"]).parent
    town.tick("09-03 23:00")
    assert parent.clock("decision").expired_at is None
    town.tick("09-04 00:00")
    assert parent.clock("decision").expired_at is not None
    assert parent.faults() == []


def test_a_transfer_that_the_head_refuses_stops_nothing(town):
    transfer = referred(town).play(*WAYS["refused"])
    assert "stop_for_transfer" not in transfer.parent.acts()
    assert transfer.parent.due("decision") == day("08-31")


def test_a_result_that_reached_the_authority_late_gives_back_the_days_from_its_own(town):
    transfer = referred(town).play(*FILED)
    who, typed = the(town, "note_dropped")
    transfer.do("note_dropped", who, typed, on="06-20", occurred="06-10", late_reason="邮寄")
    assert transfer.row.facts["ended_on"] == "2026-06-10"
    [left] = transfer.parent.clock("decision").derivation["exclusions"]
    assert (left["from"], left["to"]) == ("2026-06-04", "2026-06-10")


def test_a_second_transfer_stops_the_clock_once_more(town):
    transfer = referred(town).play(*WAYS["other police"])
    parent = transfer.parent
    parent.do("refer_to_police", "leader", {"suspicion": "新证据"}, on="06-15")
    [_, child] = parent.children("criminal")
    again = Transfer(town, child.id)
    again.play("06-16 submit_group_report", "06-17 approve_transfer", "06-18 hand_over")
    assert parent.due("decision") is None
    again.play("06-18 13:00 decline", "06-19 accept_decline")
    # One day more, 19 June, after the four of the first.
    assert parent.due("decision") == day("09-04")
    assert parent.faults() == []


def test_no_penalty_is_decided_and_no_other_transfer_begun_while_one_is_open(town):
    transfer = referred(town).play(*HANDED)
    parent = transfer.parent
    parent.proposed = LIGHT
    waits = "A transfer to the police has not ended: no fine or other penalty is decided meanwhile."
    said = refused(parent, "refer_to_police", "leader", {"suspicion": "另案"}, on="06-05")
    assert said == waits
    parent.inspect("06-05").submit("06-05").pass_review("06-05").notify("06-05").waive(
        "06-05"
    ).pass_legal("06-05")
    assert refused(parent, "decide_penalty", "leader", parent.decision(), on="06-05") == waits
    typed = {"reasons": "已移送"}
    assert waits in refused(parent, "close_after_transfer", "leader", typed, on="06-05")
    transfer.play("06-05 13:00 decline", "06-06 accept_decline")
    said = refused(parent, "close_after_transfer", "leader", typed, on="06-08")
    assert said == "No transfer has been concluded."
    parent.decide("06-08")
    assert (parent.state, parent.faults()) == ("decided", [])


def test_a_case_whose_transfer_was_concluded_may_be_closed_without_a_penalty(town):
    transfer = referred(town).play(*WAYS["concluded"])
    parent = transfer.parent
    parent.do("close_after_transfer", "leader", {"reasons": "已依法追究刑事责任"}, on="08-25")
    parent.close("08-25", "transferred")
    assert (parent.state, parent.faults()) == ("closed", [])
