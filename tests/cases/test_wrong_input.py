"""What is wrong with an act is said in a sentence, and nothing of it is written."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.cases import desk
from app.cases.errors import (
    BadInputs,
    CaseError,
    CaseHasMoved,
    NoSuchAct,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.cases.records import comment
from app.db import new_id
from app.demo import stories as s
from app.demo.stories import note, received
from tests.laws import written
from tests.town import Matter, Town, instant
from tests.year import UP_TO_CHECKLIST, UP_TO_CONCLUSION, UP_TO_ISSUE, UP_TO_RESULT, Year, a_year

NOWHERE = "00000000-0000-4000-8000-000000000000"
NEVER_UPLOADED = "0" * 64


def refused(matter: Matter, kind: type[CaseError], trigger: str, who: str, typed: Any, **said: Any) -> CaseError:  # fmt: skip
    """The refusal of an act, which has written nothing."""
    with matter.town.database.read() as session:
        before = written(session, matter.id)
    with pytest.raises(kind) as refusal:
        matter.fire(trigger, who, typed, **said)
    with matter.town.database.read() as session:
        assert written(session, matter.id) == before
    return refusal.value


def fault(matter: Matter, field: str, trigger: str, who: str, typed: Any, **said: Any) -> str:
    """The sentence beside a field; there is no other."""
    found = refused(matter, BadInputs, trigger, who, typed, **said)
    assert isinstance(found, BadInputs)
    assert set(found.faults) == {field}
    return found.faults[field].en


@pytest.fixture
def filed(town: Town) -> Year:
    return a_year(town).file()


def arranging(year: Year, **changed: Any) -> dict[str, Any]:
    return {**year.typed(s.ARRANGED[0], on="03-12"), **changed}


# A stale page, a double click ---------------------------------------------------------------------


def test_a_stale_page_is_told_what_has_happened_meanwhile(filed):
    seen = filed.row.version
    filed.do(s.ARRANGED, on="03-12")
    moved = refused(
        filed, CaseHasMoved, "arrange", "supervisor", arranging(filed), at="03-12", expected_version=seen
    )  # fmt: skip
    assert moved.label.en == (
        f"Case {filed.row.number} has moved on; it is now “Verification arranged”. "
        "Last step: Arrange the verification. What you typed was kept: check it, then submit again."
    )


def test_a_stale_page_does_not_keep_from_what_moves_nothing(town):
    year = a_year(town).file().play(UP_TO_ISSUE, until="09-18")
    seen = year.row.version
    first, second = year.items("nonconformities")
    typed = {"measures": "已改", "measure_evidence": note("证据.txt", "示例")}
    year.fire(
        "answer_nonconformity", "unit", typed, item_id=first.id, at="09-21", expected_version=seen
    )
    year.fire(
        "answer_nonconformity", "unit", typed, item_id=second.id, at="09-21", expected_version=seen
    )
    assert year.row.version == seen
    year.fire("submit_answers", "unit", at="09-21", expected_version=seen)
    assert year.state == "rectification_check"


def test_a_remark_in_between_makes_no_page_stale(filed, town):
    seen = filed.row.version

    def remark(session):
        return comment(session, filed.id, "请补充", actor=town["inspector"], now=instant("03-11"))

    town.database.write(remark)
    filed.fire("arrange", "supervisor", arranging(filed), at="03-12", expected_version=seen)
    assert filed.state == "arranged"


def test_a_double_click_answers_as_the_first_did(filed):
    typed = arranging(filed)
    first = filed.fire("arrange", "supervisor", typed, at="03-12", key="click-1")
    again = filed.fire(
        "arrange", "supervisor", typed, at="03-12", key="click-1", expected_version=1
    )
    assert (again.repeated, again.seq, again.state) == (True, first.seq, "arranged")
    assert filed.acts().count("arrange") == 1
    filed.do(s.GROUP_FORMED, on="03-16")
    later = filed.fire("arrange", "supervisor", typed, at="03-17", key="click-1")
    assert (later.seq, later.state, filed.state) == (first.seq, "arranged", "document_review")


def test_the_key_of_another_person_is_another_request(filed):
    filed.fire("arrange", "supervisor", arranging(filed), at="03-12", key="click-2")
    refused(
        filed,
        TransitionRefused,
        "arrange",
        "supervisor2",
        arranging(filed),
        at="03-12",
        key="click-2",
    )


def test_a_suspicion_sent_twice_is_one_suspicion(filed, town):
    typed = {"suspicion": "台账前后矛盾"}
    key = f"clue-{new_id().hex[:20]}"
    first = filed.fire("raise_suspicion", "inspector", typed, at="03-12", key=key)
    again = filed.fire("raise_suspicion", "inspector", typed, at="03-12", key=key)
    assert (first.repeated, again.repeated) == (False, True)


# What is not there --------------------------------------------------------------------------------


def test_an_act_nobody_declared_and_a_case_nobody_opened(filed, town):
    assert refused(filed, NoSuchAct, "abolish", "supervisor", {}, at="03-12").label.en == (
        "There is no act “abolish”."
    )
    refused(filed, NoSuchAct, "open_cycle", "supervisor", {}, at="03-12")
    with pytest.raises(NoSuchCase) as unknown:
        Matter(town, UUID(NOWHERE)).fire("arrange", "supervisor", {}, at="03-12")
    assert unknown.value.label.en == "There is no such case for you."


def test_an_unknown_organisation(filed):
    typed = arranging(filed, agency=NOWHERE)
    said = refused(filed, BadInputs, "arrange", "supervisor", typed, at="03-12")
    assert said.label.en.startswith("“Verifying agency” is not in the register.")
    assert "independent" not in said.label.en


def test_a_unit_is_no_agency_and_an_id_must_be_one(filed, town):
    typed = arranging(filed, agency=town.organisation_of("jinwan"))
    said = fault(filed, "agency", "arrange", "supervisor", typed, at="03-12")
    assert said == "“Verifying agency” is not in the register."
    typed = arranging(filed, agency="qingyuan")
    said = fault(filed, "agency", "arrange", "supervisor", typed, at="03-12")
    assert said == "Choose “Verifying agency” from the list."


@pytest.mark.parametrize("login", ["saishang1", "inspector", "unit-redian", ""])
def test_a_person_who_may_not_be_named(town, login):
    year = a_year(town).file().play(s.ARRANGED, until="03-12")
    stranger = town.cast.id_of(login) if login else NOWHERE
    members = [town.cast.id_of("verifier"), stranger]
    typed = {
        **year.typed(s.GROUP_FORMED[0], on="03-16"),
        "members": members,
        "sector_member": members[0],
    }
    said = fault(year, "members", "propose_group", "verifier", typed, at="03-16")
    assert said == "“Members” names somebody who is not an eligible third-party verifier."


def test_a_banned_agency(filed, town):
    typed = arranging(filed, agency=town.organisation_of("hengjian"))
    said = refused(filed, TransitionRefused, "arrange", "supervisor", typed, at="03-12")
    assert said.label.en == "The agency is banned and may not be chosen."


def test_a_row_of_another_case_of_another_table_or_of_none(town):
    year = a_year(town).file().play(UP_TO_ISSUE, until="09-18")
    other = a_year(town, "jinwan").file().play(UP_TO_ISSUE, until="09-18")
    typed = {"measures": "已改", "measure_evidence": note("证据.txt", "示例")}
    foreign = other.items("nonconformities")[0].id
    for row in (foreign, new_id(), None):
        said = refused(year, TransitionRefused, "answer_nonconformity", "unit", typed, at="09-21", item_id=row)  # fmt: skip
        assert said.label.en == "Name the row."


def test_a_file_that_was_never_uploaded(town):
    year = a_year(town).file().play(UP_TO_CHECKLIST, until="09-18")
    typed = {**year.typed(s.NC_DRAFTED[0], on="09-18"), "nc_evidence": [NEVER_UPLOADED]}
    said = fault(year, "nc_evidence", "add_nonconformity", "verifier", typed, at="09-18 15:00")
    assert said == "A file is not there: upload it again."


# What was typed --------------------------------------------------------------------------------------


def test_an_unknown_field(filed):
    typed = arranging(filed, discount="10%")
    said = fault(filed, "discount", "arrange", "supervisor", typed, at="03-12")
    assert said == "This act has no such field."


def test_every_field_that_is_wrong_is_named_at_once(town):
    year = a_year(town)
    typed = {**year.typed(s.REPORTED[0], on="03-10"), "fuel_t": "12,5", "signed": False}
    del typed["ncv_basis"]
    found = refused(year, BadInputs, "submit_report", "unit", typed, at="03-10")
    assert isinstance(found, BadInputs)
    assert {name: label.en for name, label in found.faults.items()} == {
        "fuel_t": "“Fossil fuel used” must be a number.",
        "signed": "Please confirm: The unit answers for truth, completeness and accuracy",
        "ncv_basis": "Fill in “Basis of the calorific value”.",
    }


@pytest.mark.parametrize(
    ("trigger", "field", "typed", "sentence"),
    [
        ("return_for_completeness", "supplement_by", {"defects": "缺页", "supplement_by": "2026-03-11"}, "“Complete it by” cannot lie before today (2026-03-12)."),
        ("return_for_completeness", "supplement_by", {"defects": "缺页", "supplement_by": "31.3.2026"}, "“Complete it by” must be a date such as 2026-11-22."),
    ],
)  # fmt: skip
def test_a_day_that_cannot_be(filed, trigger, field, typed, sentence):
    assert fault(filed, field, trigger, "supervisor", typed, at="03-12") == sentence


def test_a_day_of_service_in_the_future(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    typed = received("宁环核告〔2026〕7号", served_on="2026-08-25")
    said = fault(year, "served_on", "notify_result", "supervisor", typed, at="08-24")
    assert said == "“Served on (if served)” cannot lie after today (2026-08-24)."


# When it happened -------------------------------------------------------------------------------------


def notifying(**late: Any) -> dict[str, Any]:
    return {"at": "08-27", "late_reason": "8 月 27 日收到", **late}


@pytest.fixture
def concluded(town: Town) -> Year:
    return a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")


RESULT = received("宁环核告〔2026〕8号")


def test_an_act_cannot_lie_in_the_future(concluded):
    said = fault(
        concluded, "occurred_on", "notify_result", "supervisor", RESULT, **notifying(occurred="08-28")
    )  # fmt: skip
    assert said == "The time of the act cannot lie in the future."


def test_an_act_cannot_lie_before_what_began_the_state(concluded):
    said = fault(
        concluded, "occurred_on", "notify_result", "supervisor", RESULT, **notifying(occurred="08-19")
    )  # fmt: skip
    assert said == (
        "The act cannot lie before the beginning of “Conclusion submitted” (2026-08-20)."
    )


def test_a_received_act_may_be_recorded_late_with_its_reason(concluded):
    said = fault(
        concluded, "late_reason", "notify_result", "supervisor", RESULT, at="08-27", occurred="08-25"
    )  # fmt: skip
    assert said == "Give the reason for the late entry."
    concluded.fire("notify_result", "supervisor", RESULT, **notifying(occurred="08-25"))
    entry = concluded.entries()[-1]
    assert (entry.occurred_at, entry.recorded_at) == (instant("08-25"), instant("08-27"))
    assert entry.flags == "late,received"
    assert concluded.clock("result_notification").met_at == instant("08-25")


def test_an_act_of_the_portal_happens_when_it_is_submitted(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="09-18")
    typed = {"grounds": "数值不符"}
    said = fault(
        year, "occurred_on", "object_to_result", "unit", typed, at="09-22", occurred="09-21",
        late_reason="忘记提交",
    )  # fmt: skip
    assert said == ("This act happens when it is submitted; an earlier time cannot be entered.")


def test_an_authority_that_records_from_paper_shows_the_paper(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="09-18")
    typed = {"grounds": "数值不符"}
    missing = "Upload the scan of the paper you record."
    assert fault(year, "paper_scan", "object_to_result", "inspector", typed, at="09-22") == missing
    late = {"at": "09-22", "occurred": "09-21", "late_reason": "窗口递交"}
    assert fault(year, "paper_scan", "object_to_result", "inspector", typed, **late) == missing
    said = fault(
        year, "paper_scan", "object_to_result", "inspector", typed, proof=[NEVER_UPLOADED], **late
    )
    assert said == "A file is not there: upload it again."
    scan = year.paper("inspector", at="09-22")
    year.fire("object_to_result", "inspector", typed, proof=[scan], **late)
    assert year.entries()[-1].flags == "late,recorded"


def test_proof_is_wanted_where_the_act_itself_asks_for_no_file(town):
    year = a_year(town).file()
    late = {"at": "03-16", "occurred": "03-12", "late_reason": "纸质任务书 12 日送达"}
    said = fault(
        year, "paper_scan", "arrange", "supervisor", arranging(year), proof=[NEVER_UPLOADED], **late
    )
    assert said == "A file is not there: upload it again."
    scan = year.paper("supervisor", at="03-16")
    year.fire("arrange", "supervisor", arranging(year), proof=[scan], **late)
    assert year.due("group_formation") is not None
    assert year.entries()[-1].occurred_at == instant("03-12")


def test_who_may_not_record_may_not_backdate(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="09-18")
    late = {"at": "09-22", "occurred": "09-21", "late_reason": "补录"}
    refused(year, CaseError, "object_to_result", "verifier", {"grounds": "数值"}, **late)
    refused(year, NotPermitted, "object_to_result", "leader", {"grounds": "数值"}, at="09-22")


# At the desk ---------------------------------------------------------------------------------------------


def test_the_desk_answers_a_stranger_as_if_there_were_no_case(filed, town):
    order = desk.Order(filed.id, "arrange", {}, key="k")
    with pytest.raises(NoSuchCase):
        desk.act(town.database, order, actor=town["saishang1"], now=instant("03-12"), law=town.law)


def test_the_desk_does_what_is_ordered_and_what_follows(town):
    year = a_year(town).file().play([*UP_TO_CONCLUSION, *s.RECHECK_OPENED, *s.RELEASED, *s.EXPERTS_ASSIGNED], until="09-04")  # fmt: skip
    year.do(s.NOTHING_FOUND[:-1], on="09-07")
    child = year.recheck
    order = desk.Order(child.id, "find_nothing", {"conclusion_note": "无问题"}, child.row.version)
    fired = desk.act(
        town.database, order, actor=town["supervisor"], now=instant("09-08"), law=town.law
    )
    assert (fired.state, child.state, year.state) == ("accepted", "closed", "conclusion_submitted")
