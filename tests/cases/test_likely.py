"""Which act a page offers first: the way on, not the way back, and nothing that cannot be done."""

from __future__ import annotations

import pytest

from app.cases.likely import likelihood, likely_step
from app.workflows import LIFECYCLES
from tests.engine.fakes import person

FIRST = {
    ("verification", "conclusion_submitted"): "notify_result",
    ("recheck", "opinion_issued"): "submit_revision",
    ("penalty_procedure", "filing_review"): "file",
    ("penalty_procedure", "suspended"): "resume",
    ("penalty_procedure", "case_review"): "pass_review",
    ("penalty_procedure", "pre_notice_approval"): None,  # an act sends the notice
    ("penalty_procedure", "decision_pending"): "decide_penalty",
    ("penalty_procedure", "decided"): None,  # announcing is the last way of service
    ("criminal_transfer", "head_deciding"): "approve_transfer",
    ("criminal_transfer", "procuratorate_supervision"): None,
    ("joint_enforcement", "plan_consulting"): None,  # countersigning is an act
    ("joint_enforcement", "plan_drafting"): "circulate",
    ("agency_penalty", "type_and_jurisdiction"): None,
    ("agency_penalty", "follow_up"): None,
    ("service", "dispatched"): "serve",
    ("upward_report", "drafting"): "send_report",
}
"""The move the worklist offers whom a state waits for."""


@pytest.mark.parametrize(("at", "act"), FIRST.items(), ids=[" ".join(at) for at in FIRST])
def test_the_worklist_offers_the_way_on_or_nothing(at, act):
    lifecycle, state = LIFECYCLES[at[0]], at[1]
    waits = lifecycle.states[state].waits_for
    assert waits is not None
    found = likely_step(lifecycle, state, person(waits.role))
    assert (found.name if found else None) == act


ORDERED = [
    ("penalty_procedure", "approve_notice", "decline_notice"),
    ("penalty_procedure", "discuss", "send_back_to_legal_review"),
    ("penalty_procedure", "answer_plea", "reopen_investigation"),
    ("joint_enforcement", "countersign", "object_to_plan"),
    ("service", "serve", "fail_attempt"),
    ("agency_penalty", "report_finally", "annul"),
    ("criminal_transfer", "note_explanation", "end_supervision"),
]


@pytest.mark.parametrize(("lifecycle", "before", "after"), ORDERED)
def test_the_way_back_and_what_others_decide_come_last(lifecycle, before, after):
    declared = LIFECYCLES[lifecycle]
    first, last = (likelihood(declared, declared.transitions[name]) for name in (before, after))
    order = list(declared.transitions)
    assert (first, order.index(before)) < (last, order.index(after)), "as declared, if equal"
