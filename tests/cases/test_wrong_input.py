"""Wrong input: each refused by a typed error with a clear sentence, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from app.accounts import operations as accounts
from app.cases import desk, records
from app.cases.errors import (
    BadInputs,
    CaseError,
    CaseHasMoved,
    NoSuchAct,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.db import new_id
from app.demo import stories as s
from app.demo.stories import Beat, note, received
from app.engine.actors import SYSTEM_ACTOR, Role
from app.registers.models import Ban
from tests.laws import written
from tests.town import Matter, Town, instant
from tests.year import (
    UP_TO_CHECKLIST,
    UP_TO_CONCLUSION,
    UP_TO_EXPERTS,
    UP_TO_ISSUE,
    UP_TO_RESULT,
    Year,
    a_year,
)

[REPORT], [ARRANGE], [NOTIFY] = s.REPORTED, s.ARRANGED, s.NOTIFIED
PROPOSE = s.GROUP_FORMED[0]
[RETURN], [ANSWER], [OBJECT], [DECIDE] = (
    s.RETURNED_FOR_COMPLETENESS, s.NC_ANSWERED, s.OBJECTED, s.DECIDED,
)  # fmt: skip
PROVE = Beat(
    "prove_service", "supervisor",
    {"served_on": "2026-08-21", "receipt": "回证8", "receipt_scan": note("回证.txt", "签收")},
)  # fmt: skip


def refused(
    year: Year,
    beat: Beat,
    on: str,
    error: type[CaseError],
    who: str = "",
    said: Any = None,
    **typed: Any,
) -> str:
    """The English sentences by which an act is refused; nothing of it has been written."""
    before = all_of(year)
    inputs = {**year.typed(beat, on=on), **typed}
    with pytest.raises(error) as refusal:
        year.fire(beat.trigger, who or beat.who, inputs, at=on, **(said or {}))
    assert type(refusal.value) is error
    assert all_of(year) == before
    assert refusal.value.label.zh != refusal.value.label.en
    return refusal.value.label.en


def faults(year: Year, beat: Beat, on: str, **typed: Any) -> dict[str, str]:
    """What is said beside each field."""
    inputs = {**year.typed(beat, on=on), **typed}
    before = all_of(year)
    with pytest.raises(BadInputs) as refusal:
        year.fire(beat.trigger, beat.who, inputs, at=on)
    assert all_of(year) == before
    return {name: label.en for name, label in refusal.value.faults.items()}


def all_of(matter: Matter) -> dict[str, Any]:
    with matter.town.database.read() as session:
        return written(session, matter.id)


def filed(town: Town) -> Year:
    return a_year(town).file("06-10")


# Who saw what -----------------------------------------------------------------------------------


def test_a_stale_page_is_told_where_the_case_stands_and_what_was_last(town):
    year = filed(town)
    seen = year.row.version
    year.do(s.ARRANGED, on="06-11")
    said = refused(year, RETURN, "06-11", CaseHasMoved, said={"expected_version": seen})
    number = year.row.number
    assert said == (
        f"Case {number} has moved on; it is now “Verification arranged”. Last step: Arrange the "
        "verification. What you typed was kept: check it, then submit again."
    )


def test_a_stale_page_does_not_hinder_what_moves_nothing(town):
    year = a_year(town).file().play(UP_TO_ISSUE, until="06-12")
    seen = year.row.version - 1
    [row, _] = year.items("nonconformities")
    typed = year.typed(ANSWER, on="06-15")
    fired = year.fire(
        ANSWER.trigger, "unit", typed, at="06-15", item_id=row.id, expected_version=seen
    )
    assert fired.trigger == "answer_nonconformity"


def test_a_remark_in_between_makes_no_page_stale(town):
    year = filed(town)
    seen = year.row.version
    remark = partial(
        records.comment, case_id=year.id, body="请补充", actor=town["inspector"],
        now=instant("06-11"),
    )  # fmt: skip
    town.database.write(remark)
    typed = year.typed(ARRANGE, on="06-12")
    year.fire("arrange", "supervisor", typed, at="06-12", expected_version=seen)
    assert year.state == "arranged"


def test_a_double_click_is_answered_as_the_first(town):
    year = a_year(town)
    ledgers = [year.paper("unit", at="03-10")]
    typed = {**year.typed(REPORT, on="03-10"), "ledgers": ledgers}
    click = partial(year.fire, "submit_report", "unit", typed, expected_version=1, key="once")
    first = click(at="03-10 12:00:00")
    before = all_of(year)
    second = click(at="03-10 12:00:01")
    assert second == replace(first, repeated=True)
    assert all_of(year) == before


def test_a_repeated_request_is_answered_so_even_when_the_case_has_gone_on(town):
    year = a_year(town)
    typed = year.typed(REPORT, on="03-10")
    first = year.fire("submit_report", "unit", typed, at="03-10", key="once")
    year.do(s.ARRANGED, on="03-11")
    again = year.fire("submit_report", "unit", typed, at="03-12", key="once")
    assert (again.seq, again.state, again.repeated) == (first.seq, "report_submitted", True)


def test_the_key_of_one_person_says_nothing_of_another(town):
    year = filed(town)
    typed = {"hold_reason": "停产"}
    year.fire("hold_locally", "supervisor", typed, at="06-11", key="k")
    other = year.fire("resume_locally", "supervisor2", {}, at="06-11", key="k")
    assert not other.repeated
    assert year.acts()[-2:] == ["hold_locally", "resume_locally"]


# No such thing ----------------------------------------------------------------------------------


def test_there_is_no_such_case(town):
    year = a_year(town)
    nobody = Matter(town, new_id())
    with pytest.raises(NoSuchCase) as refusal:
        nobody.fire("submit_report", town.cast.unit_person("redian"), {}, at="03-10")
    assert refusal.value.label.en == "There is no such case for you."
    # A stranger is told the same of one that exists.
    wanted = desk.Order(year.id, "submit_report", {})
    stranger, now = town.cast.unit_person("jinwan"), instant("03-10")
    with pytest.raises(NoSuchCase) as refusal:
        desk.act(town.database, wanted, actor=stranger, now=now, law=town.law)
    assert refusal.value.label.en == "There is no such case for you."


@pytest.mark.parametrize("trigger", ["fly", "", "open_cycle", "reinstate", "deadline_passed"])
def test_there_is_no_such_act(town, trigger):
    year = a_year(town)
    said = refused(year, Beat(trigger, "supervisor", {}), "03-10", NoSuchAct)
    assert said == f"There is no act “{trigger}”."


def test_a_field_nobody_asked_for_is_refused_by_name(town):
    year = filed(town)
    found = faults(year, ARRANGE, "06-11", verified_emission_t="1", state="archived")
    assert found == {
        "verified_emission_t": "This act has no such field.",
        "state": "This act has no such field.",
    }


# Organisations and people -----------------------------------------------------------------------

NOT_REGISTERED = "“Verifying agency” is not in the register."


def test_an_agency_must_stand_in_the_register(town):
    year = filed(town)
    wrong = {
        str(new_id()): NOT_REGISTERED,
        town.organisation_of("redian"): NOT_REGISTERED,  # a unit
        str(town.cast.bureau.id): NOT_REGISTERED,
        "qingyuan": "Choose “Verifying agency” from the list.",
        "": "Fill in “Verifying agency”.",
    }
    for agency, sentence in wrong.items():
        assert faults(year, ARRANGE, "06-11", agency=agency) == {"agency": sentence}


def test_an_agency_that_was_struck_off_is_in_no_list(town):
    year = filed(town)
    closed = town.cast.agencies["hengjian"].id

    def strike_off(session, *, active):
        session.get_one(type(town.cast.bureau), closed).active = active

    town.database.write(partial(strike_off, active=False))
    try:
        found = faults(year, ARRANGE, "06-11", agency=str(closed))
        assert found == {"agency": NOT_REGISTERED}
    finally:
        town.database.write(partial(strike_off, active=True))


def test_a_banned_agency_is_refused_by_the_article(town):
    year = filed(town)
    said = refused(
        year, ARRANGE, "06-11", TransitionRefused, agency=town.organisation_of("hengjian")
    )
    assert said == "The agency is banned and may not be chosen."


NOT_ELIGIBLE = "“Members” names somebody who is not an eligible third-party verifier."


@pytest.mark.parametrize("who", ["saishang1", "supervisor", "unit-redian", "expert1", ""])
def test_a_member_of_the_group_works_for_the_agency(town, who):
    year = a_year(town).file("06-10").do(s.ARRANGED, on="06-11")
    other = town.cast.id_of(who) if who else str(new_id())
    members = [town.cast.id_of("verifier"), town.cast.id_of("verifier2"), other]
    assert faults(year, PROPOSE, "06-12", members=members) == {"members": NOT_ELIGIBLE}


def test_a_banned_person_is_named_nowhere(town):
    year = a_year(town).file("06-10").do(s.ARRANGED, on="06-11")
    barred = town["verifier3"].person_id
    ban = Ban(
        id=new_id(), person_id=barred, scope="核查", from_day=date(2026, 6, 1),
        to_day=date(2026, 6, 30), basis="示例",
    )  # fmt: skip
    town.database.write(lambda session: session.add(ban))
    members = [town.cast.id_of("verifier"), str(barred)]
    typed = {"members": members, "sector_member": members[0]}
    said = "“Members” names somebody who is banned and may not be chosen."
    assert faults(year, PROPOSE, "06-12", **typed) == {"members": said}
    # The ban ends on the last day named.
    year.do(PROPOSE, on="07-01", **typed)


def test_who_has_left_the_agency_is_no_longer_eligible(town):
    year = a_year(town).file("06-10").do(s.ARRANGED, on="06-11")
    body = town.cast.agencies["qingyuan"].id

    def hire(session):
        person = accounts.create_person(
            session, SYSTEM_ACTOR, login="verifier9", name="旧人", password_hash="-",
            now=instant("01-04"),
        )  # fmt: skip
        accounts.grant(
            session, SYSTEM_ACTOR, person_id=person.id, organisation_id=body, role=Role.VERIFIER,
            since=date(2024, 1, 1), until=date(2026, 6, 11), now=instant("01-04"),
        )  # fmt: skip
        return str(person.id)

    members = [town.cast.id_of("verifier"), town.database.write(hire)]
    found = faults(year, PROPOSE, "06-12", members=members, sector_member=members[0])
    assert found == {"members": NOT_ELIGIBLE}


def test_the_same_person_twice_is_one(town):
    year = a_year(town).file("06-10").do(s.ARRANGED, on="06-11")
    found = faults(year, PROPOSE, "06-12", members=[town.cast.id_of("verifier")] * 2)
    assert found == {"members": "“Members” takes at least 2 persons, not 1."}


# Times ------------------------------------------------------------------------------------------

FUTURE = "The time of the act cannot lie in the future."
PORTAL = "This act happens when it is submitted; an earlier time cannot be entered."
REASON = "Give the reason for the late entry."
SCAN = "Upload the scan of the paper you record."


def recorded(occurred: str, **said: Any) -> dict[str, Any]:
    return {"occurred": occurred, "late_reason": "来文迟到", **said}


@pytest.mark.parametrize(
    ("beat", "who"), [(NOTIFY, "supervisor"), (s.RECHECK_OPENED[0], "supervisor")]
)
def test_nothing_happens_in_the_future(town, beat, who):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    scan = year.paper(who, at="08-21")
    said = recorded("08-21 12:00:01", proof=[scan])
    assert refused(year, beat, "08-21", BadInputs, said=said) == FUTURE


def test_an_act_of_the_portal_happens_when_it_is_submitted(town):
    year = a_year(town)
    assert refused(year, REPORT, "04-02", BadInputs, said=recorded("03-31")) == PORTAL
    assert refused(year, REPORT, "04-02", BadInputs, said=recorded("04-03")) == FUTURE


def test_nobody_but_the_authority_enters_an_earlier_time(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="08-20")
    scan = year.paper("unit", at="08-24")
    said = recorded("08-21", proof=[scan])
    assert refused(year, OBJECT, "08-24", BadInputs, who="unit", said=said) == PORTAL


def test_who_may_not_record_is_told_that_and_not_of_paper(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="08-20")
    told = refused(year, OBJECT, "08-24", NotPermitted, who="leader")
    assert told == (
        "Reserved to: Key emitting unit (reporting unit), Supervisor (lead authority), "
        "Inspector (lead authority)."
    )
    assert (
        refused(year, OBJECT, "08-24", BadInputs, who="verifier", said=recorded("08-21")) == PORTAL
    )


def test_an_act_of_ones_own_cannot_be_backdated_by_the_authority_either(town):
    year = filed(town)
    scan = year.paper("supervisor", at="06-12")
    said = recorded("06-11", proof=[scan])
    assert refused(year, RETURN, "06-12", BadInputs, said=said) == PORTAL


def test_a_late_entry_gives_its_reason_and_its_proof(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="08-20")
    scan = year.paper("inspector", at="08-24")
    wrong = [
        ({"occurred": "08-21"}, f"{REASON} {SCAN}"),
        ({"occurred": "08-21", "proof": [scan]}, REASON),
        (recorded("08-21"), SCAN),
        ({}, SCAN),  # entered from paper at once: the paper is wanted all the same
    ]
    for said, sentence in wrong:
        assert refused(year, OBJECT, "08-24", BadInputs, who="inspector", said=said) == sentence


def test_a_received_act_recorded_late_keeps_both_times(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    said = {"occurred": "08-25"}
    assert refused(year, NOTIFY, "08-27", BadInputs, said=said, served_on=None) == REASON
    typed = received("宁环核告〔2026〕8号", served_on="2026-08-25")
    year.fire("notify_result", "supervisor", typed, at="08-27", **recorded("08-25"))
    entry = year.entries()[-1]
    assert (entry.occurred_at, entry.recorded_at) == (instant("08-25"), instant("08-27"))
    assert entry.flags == "late,received"
    assert year.clock("result_notification").met_at == instant("08-25")
    assert year.due("objection") == date(2026, 9, 3)  # seven working days after the 25th


def test_a_proof_is_wanted_where_the_act_itself_asks_for_no_file(town):
    year = filed(town)
    assert refused(year, ARRANGE, "06-15", BadInputs, said=recorded("06-11")) == SCAN
    typed, scan = year.typed(ARRANGE, on="06-15"), year.paper("supervisor", at="06-15")
    year.fire("arrange", "supervisor", typed, at="06-15", **recorded("06-11", proof=[scan]))
    assert year.clock("group_formation").anchor_on == date(2026, 6, 11)


def test_a_proof_is_a_file_of_this_case(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="08-20")
    elsewhere = filed(town).paper("inspector", at="08-24", text="of another case")
    for proof in (elsewhere, "0" * 64):
        said = recorded("08-21", proof=[proof])
        told = refused(year, OBJECT, "08-24", BadInputs, who="inspector", said=said)
        assert told == "A file is not there: upload it again."


def test_an_act_cannot_lie_before_what_began_the_state(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    told = refused(year, NOTIFY, "08-24", BadInputs, said=recorded("08-19"), served_on=None)
    assert told == (
        "The act cannot lie before the beginning of “Conclusion submitted” (2026-08-20)."
    )


def test_an_act_cannot_lie_before_the_clock_it_meets(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    year.do(NOTIFY, on="08-21").do(OBJECT, on="08-24")
    told = refused(year, DECIDE, "08-27", BadInputs, said=recorded("08-23"))
    assert "The act cannot lie before the beginning of “Objection under review”" in told


def test_a_document_is_not_served_before_it_was_made_nor_in_the_future(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    early = "The document cannot be served before {}: it was not made yet."
    assert faults(year, NOTIFY, "08-24", served_on="2026-08-19") == {
        "served_on": early.format("2026-08-20")
    }
    assert faults(year, NOTIFY, "08-24", served_on="2026-08-25") == {
        "served_on": "“Served on (if served)” cannot lie after today (2026-08-24)."
    }
    year.do(NOTIFY, on="08-24", served_on=None)
    assert faults(year, PROVE, "08-28", served_on="2026-08-23") == {
        "served_on": early.format("2026-08-24")
    }
    year.do(PROVE, on="08-28", served_on="2026-08-24")
    assert year.clock("objection").anchor_on == date(2026, 8, 24)


def test_a_day_is_written_as_a_day(town):
    found = faults(filed(town), RETURN, "06-12", supplement_by="31.3.2026")
    assert found == {"supplement_by": "“Complete it by” must be a date such as 2026-11-22."}


def test_a_day_to_come_lies_ahead(town):
    year = filed(town)
    assert faults(year, RETURN, "06-12", supplement_by="2026-06-11") == {
        "supplement_by": "“Complete it by” cannot lie before today (2026-06-12)."
    }


# Values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("monthly_uploads", "zwölf", "must be a whole number."),
        ("monthly_uploads", 13, "must lie between 0 and 12."),
        ("monthly_uploads", True, "must be a whole number."),
        ("reported_emission_t", "12,34", "must be a number."),
        ("reported_emission_t", "1e9", "must be a number."),
        ("reported_emission_t", "NaN", "must be a number."),
        ("reported_emission_t", 1.5, "must be a number."),
        ("reported_emission_t", "-1", "must not be less than 0."),
        ("reported_emission_t", "1.234", "takes at most 2 decimal places."),
        ("reported_emission_t", "9" * 20, "is too large."),
        ("unit_facts", "   ", "Fill in “Facts of the unit”."),
        ("unit_facts", "字" * 4001, "takes at most 4000 characters, not 4001."),
        ("unit_facts", "a\x00b", "holds a character not allowed."),
        ("unit_facts", ["a"], "must be a text."),
        ("signed", False, "Please confirm: The unit answers for truth, completeness and accuracy"),
        ("signed", "maybe", "must be yes or no."),
        ("ledgers", ["../../etc/passwd"], "A file was not stored; upload again."),
        ("ledgers", ["0" * 64], "A file is not there: upload it again."),
    ],
)
def test_a_value_that_does_not_fit_is_told_beside_its_field(town, field, value, sentence):
    [(name, told)] = faults(a_year(town), REPORT, "03-10", **{field: value}).items()
    assert name == field
    assert told.endswith(sentence)


def test_every_fault_is_told_at_once(town):
    wrong = {"monthly_uploads": "", "boundary": "", "fuel_t": "viel"}
    assert set(faults(a_year(town), REPORT, "03-10", **wrong)) == set(wrong)


def test_who_may_not_or_not_now_is_told_that_before_any_fault(town):
    year = a_year(town)
    told = refused(year, REPORT, "03-10", NotPermitted, who="verifier", fuel_t="viel")
    assert told == "Reserved to: Key emitting unit (reporting unit)."
    year.file("03-10")
    told = refused(year, REPORT, "03-11", TransitionRefused, fuel_t="viel")
    assert told == "Not possible while “Report submitted”."


# Rows -------------------------------------------------------------------------------------------


def test_an_act_on_a_row_names_a_row_of_this_case_that_stands_there(town):
    year = a_year(town).file().play(UP_TO_ISSUE, until="06-12")
    other = a_year(town).file().play(UP_TO_CHECKLIST, until="06-12").do(s.NC_DRAFTED, on="06-15")
    foreign = other.items("nonconformities")[0].id
    for row in (None, new_id(), foreign):
        told = refused(year, ANSWER, "06-15", TransitionRefused, said={"item_id": row})
        assert told == "Name the row."
    typed = {"withdrawal_reason": "重复登记"}
    other.fire("withdraw_nonconformity", "verifier", typed, at="06-15", item_id=foreign)
    again = Beat("withdraw_nonconformity", "verifier", typed)
    told = refused(other, again, "06-15", TransitionRefused, said={"item_id": foreign})
    assert told == "This row is already “Withdrawn”."


# At the desk ------------------------------------------------------------------------------------


def test_the_desk_does_what_is_ordered_and_what_follows(town):
    year = a_year(town).file().play([*UP_TO_EXPERTS, *s.NOTHING_FOUND[:-1]], until="09-07")
    child, nothing = year.recheck, s.NOTHING_FOUND[-1]
    order = desk.Order(
        child.id, nothing.trigger, year.typed(nothing, on="09-08"), child.row.version
    )
    actor, now = town["supervisor"], instant("09-08")
    fired = desk.act(town.database, order, actor=actor, now=now, law=town.law)
    assert (fired.state, child.state, year.state) == ("accepted", "closed", "conclusion_submitted")


# Beside the acts --------------------------------------------------------------------------------


def test_a_remark_is_neither_empty_nor_endless(town):
    year = a_year(town)
    before = all_of(year)
    for body in ("", " \n", "字" * 4001):
        with pytest.raises(BadInputs) as refusal:
            town.database.write(
                partial(
                    records.comment, case_id=year.id, body=body, actor=town["supervisor"],
                    now=instant("03-10"),
                )
            )  # fmt: skip
        assert refusal.value.label.en == "Write a remark of at most 4000 characters."
    assert all_of(year) == before


def test_only_who_takes_part_records_anything(town):
    year = a_year(town)
    before = all_of(year)
    for login in ("unit-jinwan", "verifier", "auditor", "admin", "branch-640502", "region"):
        with pytest.raises(NotPermitted) as refusal:
            town.database.write(
                partial(
                    records.comment, case_id=year.id, body="…", actor=town[login],
                    now=instant("03-10"),
                )
            )  # fmt: skip
        assert refusal.value.label.en == "Only those who take part in the case may."
    assert all_of(year) == before


def test_a_case_is_given_to_an_officer_of_the_authority_by_a_supervisor(town):
    year = a_year(town)
    before = all_of(year)

    def assign(who: str, by: str) -> None:
        work = partial(
            records.assign, case_id=year.id, person_id=town[who].person_id, actor=town[by],
            now=instant("03-10"),
        )  # fmt: skip
        town.database.write(work)

    for who in ("verifier", "unit-redian", "auditor", "branch-640502"):
        with pytest.raises(BadInputs) as wrong:
            assign(who, "supervisor")
        assert wrong.value.label.en == "Choose somebody of this authority."
    with pytest.raises(NotPermitted) as not_you:
        assign("inspector", "inspector")
    assert not_you.value.label.en == "Reserved to: Supervisor (lead authority)."
    assert all_of(year) == before
    assign("inspector", "supervisor")
    assert year.row.assignee_id == town["inspector"].person_id
