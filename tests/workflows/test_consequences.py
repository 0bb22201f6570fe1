"""Consequences flow back: bans that refuse work, the verified value, the record and its publication."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.accounts import operations
from app.accounts.models import OrganisationKind
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseLink, Participant, ReportVersion
from app.cases.page import CasePage
from app.cases.prospect import foretold
from app.demo import stories as s
from app.engine.actors import SYSTEM_ACTOR, Actor, Capacity, Role
from app.registers.models import AgencyProfile, PenaltyRecord, PersonProfile
from app.workflows.agency_penalty import AgencyPenalty
from app.workflows.joint_enforcement import JointEnforcement
from tests.town import Matter, Town, day, instant, registered
from tests.workflows import procedure
from tests.workflows import test_agency_penalty as third_party
from tests.workflows.procedure import Procedure, received
from tests.workflows.serving import issue
from tests.workflows.stand_ins import STAND_INS, clue, enlist, region
from tests.year import UP_TO_CONCLUSION, UP_TO_REVISION, Year, a_year

_names = count(1)


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(*third_party.OWN, *STAND_INS):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        enlist(request.getfixturevalue("town"))


# Who there is besides -----------------------------------------------------------------------------


def founded(town: Town, *verifiers: str) -> str:
    """An agency of its own with these people; a ban on it is no other test's affair."""
    key, now = f"agency{next(_names)}", instant("01-04 09:00")

    def work(session: Session) -> None:
        made = operations.create_organisation(
            session, SYSTEM_ACTOR, kind=OrganisationKind.AGENCY, name=f"示例机构{key}",
            division="640100", now=now,
        )  # fmt: skip
        session.add(AgencyProfile(organisation_id=made.id))
        town.cast.agencies[key] = made
        for login in verifiers:
            hired(session, town, login, key)

    town.database.write(work)
    return key


def hired(session: Session, town: Town, login: str, key: str) -> None:
    """Let somebody, known or not, verify for an agency."""
    now, agency = instant("01-04 09:00"), town.cast.agencies[key]
    known = town.cast.people.get(login)
    person_id = (
        known.person_id
        if known is not None
        else operations.create_person(
            session, SYSTEM_ACTOR, login=login, name=f"核查员{login}", password_hash="-", now=now
        ).id
    )
    operations.grant(
        session, SYSTEM_ACTOR, person_id=person_id, organisation_id=agency.id, role=Role.VERIFIER,
        since=date(2021, 1, 1), now=now,
    )  # fmt: skip
    town.cast.people[login] = Actor(
        person_id=person_id, person_name=f"核查员{login}", organisation_id=agency.id,
        organisation_name=agency.name, roles=frozenset({Role.VERIFIER}), division="640100",
    )  # fmt: skip


def entered(town: Town, login: str, *, known: bool = True) -> str:
    """The natural person of an account, as the register knows them; or not yet tied to it."""
    actor, key = town[login], f"entry-{login}"

    def work(session: Session) -> None:
        made = operations.create_organisation(
            session, SYSTEM_ACTOR, kind=OrganisationKind.PERSON, name=actor.person_name,
            division="640100", now=instant("01-04 09:00"),
        )  # fmt: skip
        session.add(
            PersonProfile(
                organisation_id=made.id,
                person_id=actor.person_id if known else None,
                employer_id=actor.organisation_id,
            )
        )
        town.cast.agencies[key] = made  # found by key, as agencies are

    town.database.write(work)
    return key


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, **said: Any) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, **said)
    return refusal.value.label.en


def undone(matter: Matter, at: str, **said: Any) -> None:
    """Let the decisions of an agency's case be annulled, or one party's."""
    scan = matter.paper("supervisor", at=at)
    typed = {**third_party.ANNULLED, "received_scan": [scan], **said}
    matter.fire("annul", "supervisor", typed, at=at)


# A ban on an agency ---------------------------------------------------------------------------------

FIVE_YEARS = {**third_party.AGENCY_BAN, "banned_until": date(2031, 5, 6)}


def barred(town: Town, key: str) -> Matter:
    """The case of an agency, played to its ban of five years from 6 May."""
    matter = third_party.decided(town, key, fine={"ban": "agency"}, serious=True)
    with town.database.read() as session:
        page = CasePage(session, town["supervisor"], matter.id, now=instant("05-07"), law=town.law)
        told = [line.en for line in foretold(page, AgencyPenalty.register_agency_ban)]
    assert any("nobody banned is chosen to verify or re-check" in line for line in told)
    matter.fire("register_agency_ban", "supervisor", FIVE_YEARS, at="05-07")
    return matter


def test_a_banned_agency_is_chosen_neither_to_verify_nor_to_take_over(town):
    key = founded(town)
    case = barred(town, key)
    agency = town.organisation_of(key)

    def arranging(year: Year) -> dict[str, Any]:
        return {**year.typed(s.ARRANGED[0], on="05-05"), "agency": agency}

    before, year = a_year(town).file(), a_year(town).file()
    before.fire("arrange", "supervisor", arranging(before), at="05-05 23:59")
    assert before.state == "arranged", "the ban begins on the 6th"
    for on in ("05-06 00:00", "2031-05-06 23:59"):
        said = refused(year, "arrange", "supervisor", arranging(year), at=on)
        assert said == "The agency is banned and may not be chosen.", on

    failed = a_year(town).file().play([*UP_TO_REVISION, *s.FAILED], until="09-18")
    taking = {**failed.typed(s.REPLACED[0], on="09-21"), "agency": agency}
    said = refused(failed.recheck, "replace_agency", "supervisor", taking, at="09-21")
    assert said == "The agency is banned and may not be chosen."

    third_party.reported(case, "initial_reports", "report_initially", "05-07")
    case.fire("publish", "supervisor", third_party.PUBLISHED, at="05-08 17:00")
    undone(case, "09-22")
    failed.recheck.fire("replace_agency", "supervisor", taking, at="09-23")
    assert failed.recheck.seats(Capacity.VERIFYING_AGENCY) == {town.cast.agencies[key].name}
    assert failed.recheck.faults() == []


def test_after_its_last_day_a_ban_no_longer_binds(town):
    key = founded(town)
    barred(town, key)
    year = a_year(town).file()
    typed = {**year.typed(s.ARRANGED[0], on="05-05"), "agency": town.organisation_of(key)}
    year.fire("arrange", "supervisor", typed, at="2031-05-07 00:00")
    assert year.state == "arranged"


# A ban on a person ----------------------------------------------------------------------------------


def punished(town: Town, agency: str, *entries: str) -> Matter:
    """The case of an agency and of its signers, played to their bans from 6 May."""
    matter, ban = third_party.decided(town, agency, *entries), third_party.BAN
    for row in matter.items("persons"):
        matter.fire("register_person_ban", "supervisor", ban, item_id=row.id, at="05-07")
    return matter


def team(town: Town, *logins: str, **said: Any) -> dict[str, Any]:
    """A group of these people, led by the first."""
    ids = [town.cast.id_of(login) for login in logins]
    return {
        "members": ids, "leader": ids[0], "sector_member": ids[0], "sector_knowledge": "五年以上", **said,
    }  # fmt: skip


def arranged(town: Town, key: str, on: str) -> Year:
    year = a_year(town).file()
    year.do(s.ARRANGED, on=on, agency=town.organisation_of(key))
    return year


def test_a_banned_person_joins_no_group_whatever_agency_they_work_for(town):
    first, second = founded(town, "signatory", "colleague"), founded(town, "other1", "other2")
    entry = entered(town, "signatory")
    town.database.write(lambda session: hired(session, town, "signatory", second))
    early = arranged(town, second, "04-30")
    early.fire("propose_group", "other1", team(town, "other1", "signatory"), at="05-05")
    punished(town, first, entry)

    for login in ("other1", "signatory"):
        early.fire("declare_interests", login, s.DECLARED, at="05-05 13:00")
    said = refused(early, "form_group", "other1", at="05-06 09:00")
    assert said == "1 members of the group are banned: propose others."

    for key, who, fellow in ((first, "colleague", "colleague"), (second, "other1", "other2")):
        year = arranged(town, key, "05-20")
        for named in ("members", "leader", "sector_member"):
            typed = team(town, who, fellow) | {
                named: [town.cast.id_of(who), town.cast.id_of("signatory")]
                if named == "members"
                else town.cast.id_of("signatory")
            }
            said = refused(year, "propose_group", who, typed, at="05-21")
            assert "names somebody who is banned and may not be chosen." in said, named
    later, typed = arranged(town, second, "05-20"), team(town, "other1", "signatory")
    later.fire("propose_group", "other1", typed, at="2031-05-07 00:00")
    assert len(later.seats(Capacity.TEAM_MEMBER)) == 2, "five years end with their last day"


def test_a_banned_person_reviews_no_report_and_is_no_expert(town):
    """Annulled, the ban refuses nothing any more."""
    agency = founded(town, "reader", "adviser")
    entries = [entered(town, login) for login in ("reader", "adviser")]
    year = a_year(town).file().play(UP_TO_CONCLUSION[:-1], until="09-18")

    def hire(session: Session) -> None:
        hired(session, town, "reader", "qingyuan")
        operations.grant(
            session, SYSTEM_ACTOR, person_id=town["adviser"].person_id, role=Role.RECHECK_EXPERT,
            organisation_id=town["expert1"].organisation_id, since=date(2021, 1, 1),
            now=instant("01-04 09:00"),
        )  # fmt: skip

    town.database.write(hire)
    case = punished(town, agency, *entries)
    reader, adviser = town.cast.id_of("reader"), town.cast.id_of("adviser")
    concluding = {**year.typed(s.CONCLUDED[0], on="09-21"), "internal_reviewer": reader}
    said = refused(year, "submit_conclusion", "verifier", concluding, at="09-21")
    assert said == "“Internal technical reviewer” names somebody who is banned and may not be chosen."  # fmt: skip
    year.do(s.CONCLUDED, on="09-21").do(s.RECHECK_OPENED, on="09-22").do(s.RELEASED, on="09-23")
    experts = {"experts": [adviser, town.cast.id_of("expert1")]}
    said = refused(year.recheck, "propose_experts", "supervisor", experts, at="09-23 15:00")
    assert said == "“Proposed experts” names somebody who is banned and may not be chosen."

    third_party.reported(case, "initial_reports", "report_initially", "05-07")
    case.fire("publish", "supervisor", third_party.PUBLISHED, at="05-08 17:00")
    undone(case, "09-24")
    year.recheck.fire("propose_experts", "supervisor", experts, at="09-25")
    assert len(year.recheck.seats(Capacity.EXPERT_CANDIDATE)) == 2


def test_an_entry_that_is_tied_to_an_account_later_bars_the_account(town):
    key = founded(town, "unnamed", "companion")
    entry = entered(town, "unnamed", known=False)
    year = arranged(town, key, "05-20")
    punished(town, key, entry)
    typed = team(town, "unnamed", "companion")
    year.fire("propose_group", "companion", typed, at="05-21")
    tie(town, entry, "unnamed")
    for login in ("unnamed", "companion"):
        year.fire("declare_interests", login, s.DECLARED, at="05-21 13:00")
    said = refused(year, "form_group", "companion", at="05-22")
    assert said == "1 members of the group are banned: propose others."


def test_the_annulment_of_one_decision_lifts_no_other_ban(town):
    """The account of one of them is tied to the entry only after the ban."""
    key = founded(town, "cleared", "guilty", "third")
    entries = [entered(town, "cleared", known=False), entered(town, "guilty")]
    case = punished(town, key, *entries)
    third_party.reported(case, "initial_reports", "report_initially", "05-07")
    case.fire("publish", "supervisor", third_party.PUBLISHED, at="05-08 17:00")
    tie(town, entries[0], "cleared")
    scan = case.paper("supervisor", at="06-01")
    typed = {**third_party.ANNULLED, "received_scan": [scan], "annulled_party": town.organisation_of("saishang")}  # fmt: skip
    said = refused(case, "annul", "supervisor", typed, at="06-01")
    assert said == "There is no penalty on that party in this case."
    year = arranged(town, key, "05-20")
    pairs = [(login, team(town, "third", login)) for login in ("cleared", "guilty")]
    for _, typed in pairs:
        assert "is banned" in refused(year, "propose_group", "third", typed, at="06-01")

    undone(case, "06-01", annulled_party=town.organisation_of(entries[0]))
    of_cleared, of_guilty = case.children("person_procedures")
    marked = [[row.annulled_on for row in record(town, one)] for one in (of_cleared, of_guilty)]
    assert marked == [[day("06-01")], [None]]
    (_, free), (_, barred_still) = pairs
    assert "is banned" in refused(year, "propose_group", "third", barred_still, at="06-02")
    year.fire("propose_group", "third", free, at="06-02")


def tie(town: Town, entry: str, login: str) -> None:
    """Tie an entry of a natural person to an account."""
    change = (
        update(PersonProfile)
        .where(PersonProfile.organisation_id == town.cast.agencies[entry].id)
        .values(person_id=town[login].person_id)
    )
    town.database.write(lambda session: session.execute(change))


# The verified value -----------------------------------------------------------------------------------


def final(town: Town) -> Year:
    """A year whose result is final: verified, notified, objected to, decided by the region."""
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="09-14")
    return year.do(s.NOTIFIED, on="09-18").do(s.OBJECTED, on="09-21").do(s.DECIDED, on="09-28")


def operation(town: Town, year: int = 2026) -> Matter:
    """An operation on redian, closed with the note that the value of a year is wrong."""
    matter = town.open(JointEnforcement, "inspector", clue(), at="10-08", subject="redian")
    matter.fire("assess", "supervisor", at="10-08 13:00")
    alone = {"no_partner_matter": True, "conduct": "report_false", "party_kind": "unit", "cause": "涉嫌篡改数据案"}  # fmt: skip
    matter.fire("single_bureau", "supervisor", alone, at="10-08 14:00")
    matter.children("single_case")[0].fire("decline", "leader", at="10-09")
    matter.fire(
        "report_upwards", "supervisor", {"kind": "final", "summary": "核定值有误"}, at="10-09"
    )
    [report] = matter.children("upward_reports")
    sent = {"recipient": region(town), "content": "某单位核定值须更正"}
    report.fire("send_report", "supervisor", sent, at="10-10")
    report.fire("acknowledge", "region", {"served_on": day("10-12")}, at="10-12")
    typed = {"results": "核定值有误", "value_is_wrong": True, "allowance_is_cut": False}
    said = refused(matter, "report_and_close", "supervisor", typed, at="10-12 15:00")
    assert said == "Where a verified value has to be corrected, say whose report of which year it is."  # fmt: skip
    typed |= {"value_unit": town.organisation_of("redian"), "value_year": year}
    matter.fire("report_and_close", "supervisor", typed, at="10-12 15:00")
    return matter


def told_of(town: Town, case: Matter, who: str) -> str:
    """Everything somebody reads on a case, as one text."""
    with town.database.read() as session:
        page = CasePage(session, case.actor(who), case.id, now=instant("10-30"), law=town.law)
        entries = [(e.entry.trigger, e.entry.body) for e in page.timeline().entries]
        rows = [(row.row.data, row.row.status) for kind in page.rows.values() for row in kind]
        links = [other.number for _, other in page.linked]
        kin = [other.number for other in page.relatives]
        papers = [(paper.kind, paper.content) for paper in page.documents]
        return json.dumps([entries, rows, links, kin, papers], ensure_ascii=False, default=str)


def test_a_wrong_value_reaches_the_verification_only_by_what_the_region_decides(town):
    year = final(town)
    before = (year.row.last_seq, year.row.facts["verified_emission_t"], year.state)
    matter = operation(town)

    assert (year.row.last_seq, year.row.facts["verified_emission_t"], year.state) == before
    assert matter.row.number in told_of(town, year, "supervisor"), "the authority finds its way"
    assert year.row.number in told_of(town, matter, "supervisor")
    typed = {"reopening_grounds": "撤销核查结果，重新核查"}
    said = refused(year, "reopen_by_decision", "supervisor", typed, at="10-13")
    assert "Number of the act received" in said
    assert "Scan of the act received" in said
    decision = s.received("宁环核决〔2026〕9号", **typed)
    for who in ("verifier", "unit", "inspector", "leader"):
        with pytest.raises(NotPermitted):
            year.fire("reopen_by_decision", who, decision, at="10-13")

    year.fire("reopen_by_decision", "supervisor", decision, at="10-13")
    year.do(s.CONCLUDED, on="10-15", **year.typed(RECALCULATED, on="10-15"))
    assert year.row.facts["verified_emission_t"] != before[1]
    with town.database.read() as session:
        of_year = (ReportVersion.root_id == year.id, ReportVersion.report == "verification_report")
        numbers = session.scalars(select(ReportVersion.number).where(*of_year))
        assert sorted(numbers) == [1, 2], "the old value is kept"
    for who in ("verifier", "unit"):
        told = told_of(town, year, who)
        assert "reopen_by_decision" in told
        for secret in (matter.row.number, str(matter.id), "report_and_close", "篡改"):
            assert secret not in told, who
    assert year.faults() == []


RECALCULATED = s.Beat("submit_conclusion", "verifier", lambda told: s.verified_report(told, ncv="21.0200"))  # fmt: skip


def test_a_value_of_a_year_that_is_not_kept_here_ties_nothing(town):
    matter = operation(town, year=2021)
    assert matter.state == "closed"
    with town.database.read() as session:
        ties = select(func.count()).select_from(CaseLink).where(CaseLink.case_id == matter.id)
        assert session.scalar(ties) == 0


def test_a_banned_agency_does_not_verify_its_own_work_again(town):
    key = founded(town, "successor", "helper")
    year = final(town)
    old = founded(town)
    seat_of(town, year, old)
    barred(town, old)
    decision = s.received("宁环核决〔2026〕10号", reopening_grounds="撤销核查结果")
    said = refused(year, "reopen_by_decision", "supervisor", decision, at="10-13")
    assert said == "The agency is banned: another one has to verify anew."
    typed = {**decision, "contract_number": "HC-2026-2"}
    same = {**typed, "agency": town.organisation_of(old)}
    said = refused(year, "reopen_with_another_agency", "supervisor", same, at="10-13")
    assert said.startswith("The agency must be another one than before.")
    assert "is banned" in said

    other = {**typed, "agency": town.organisation_of(key)}
    year.fire("reopen_with_another_agency", "supervisor", other, at="10-13")
    assert (year.state, year.due("group_formation")) == ("arranged", day("10-16"))
    assert year.seats(Capacity.VERIFYING_AGENCY) == {town.cast.agencies[key].name}
    assert year.seats(Capacity.TEAM_MEMBER) == year.seats(Capacity.TEAM_LEADER) == set()
    year.fire("propose_group", "successor", team(town, "successor", "helper"), at="10-14")
    assert year.faults() == []


def seat_of(town: Town, year: Year, key: str) -> None:
    """Let the verification have been the work of another agency."""
    change = (
        update(Participant)
        .where(Participant.case_id == year.id, Participant.capacity == Capacity.VERIFYING_AGENCY)
        .values(organisation_id=town.cast.agencies[key].id, name=town.cast.agencies[key].name)
    )
    town.database.write(lambda session: session.execute(change))


# The record -------------------------------------------------------------------------------------------


def record(town: Town, case: Matter) -> list[PenaltyRecord]:
    """What the record holds of a case, in the order in which it was entered."""
    query = select(PenaltyRecord).where(PenaltyRecord.case_id == case.id).order_by(PenaltyRecord.id)
    with town.database.read() as session:
        return list(session.scalars(query))


def publicly(town: Town, case: Matter, on: str) -> int:
    """How many penalties of a case anybody may read of on a day."""
    query = select(func.count()).where(
        PenaltyRecord.case_id == case.id, PenaltyRecord.is_public_on(day(on))
    )
    with town.database.read() as session:
        return session.scalar(query) or 0


MADE_PUBLIC = {
    "published_on": day("09-03"), "published_at": "局网站", "published_until": date(2027, 9, 3), "redacted": "身份证号",
}  # fmt: skip


@pytest.fixture
def penalty_cases(town):
    with registered(*procedure.FAMILY):
        procedure.assemble(town)
        yield


def sealed(town: Town, on: str = "09-01") -> Procedure:
    """A penalty of a unit, decided; the decision is sealed."""
    case = procedure.a_case(town).decided(on)
    issue(case, "penalty_decision", on, rendered=False)
    return case


@pytest.mark.parametrize("first", ["served", "published"])
def test_the_record_says_which_decision_it_was_and_how_long_it_is_public(
    town, penalty_cases, first
):
    case = sealed(town)
    if first == "published":
        case.do("publish", "supervisor", MADE_PUBLIC, on="09-03")
        assert record(town, case) == [], "it takes effect when it is served"
    case.deliver("09-04")
    if first == "served":
        [row] = record(town, case)
        assert (row.published_on, publicly(town, case, "09-04")) == (None, 0)
        case.do("publish", "supervisor", MADE_PUBLIC, on="09-04 15:00")
    [row] = record(town, case)
    [paper] = procedure.documents(case, "penalty_decision")
    assert row.organisation_id == case.row.subject_id
    assert (row.rule, row.fine, row.effective_on) == ("E1", Decimal(100_000), day("09-04"))
    assert (row.decision_number, row.decided_on) == (paper.number, day("09-01"))
    assert paper.number
    assert (row.published_at, row.published_until) == ("局网站", date(2027, 9, 3))
    on = ("2026-09-02", "2026-09-03", "2027-09-03", "2027-09-04")
    assert [publicly(town, case, one) for one in on] == [0, 1, 1, 0]


def test_an_annulled_penalty_stays_in_the_record_and_is_public_no_longer(town, penalty_cases):
    case = sealed(town).deliver("09-02")
    early = MADE_PUBLIC | {"published_until": day("09-02")}
    said = procedure.refused(case, "publish", "supervisor", early, on="09-03")
    assert said == "The last day of the publication cannot lie before its first."
    case.do("publish", "supervisor", MADE_PUBLIC, on="09-03")
    changed = received(
        annulled_by="reconsideration", fine="60000", confiscation="0", reasons="变更"
    )
    case.do("record_change", "leader", changed, on="10-12")
    old, new = record(town, case)
    assert (old.annulled_on, new.annulled_on, new.fine) == (day("10-12"), None, Decimal(60_000))
    assert new.decision_number == old.decision_number
    assert publicly(town, case, "10-12") == 0, "nobody reads of it before it is published anew"
    case.do("withdraw_publication", "supervisor", {"withdrawn_on": day("10-13"), "withdrawal_note": "变更"}, on="10-13")  # fmt: skip
    case.do("publish", "supervisor", MADE_PUBLIC | {"published_on": day("10-13")}, on="10-13 15:00")
    old, new = record(town, case)
    assert (old.withdrawn_on, new.withdrawn_on) == (day("10-13"), None)
    assert publicly(town, case, "10-14") == 1

    undo = received(annulled_by="suit", reasons="撤销")
    case.do("annul", "leader", undo, on="11-02")
    assert {row.annulled_on for row in record(town, case)} == {day("10-12"), day("11-02")}
    assert publicly(town, case, "11-02") == 0
    assert case.faults() == []


def test_the_records_of_an_agency_and_its_signer_are_published_and_withdrawn_together(town):
    matter = third_party.decided(town, "saishang", "signer")
    public = third_party.PUBLISHED | {"published_until": date(2027, 5, 8)}
    third_party.reported(matter, "initial_reports", "report_initially", "05-07")
    early = public | {"published_until": day("05-07")}
    said = refused(matter, "publish", "supervisor", early, at="05-08 17:00")
    assert said == "The last day of the publication cannot lie before its first."
    matter.fire("publish", "supervisor", public, at="05-08 17:00")
    cases = [*matter.children("procedure"), *matter.children("person_procedures")]
    keys = ("saishang", "signer")
    for key, case in zip(keys, cases, strict=True):
        [row] = record(town, case)
        assert row.organisation_id == town.cast.agencies[key].id
        assert (row.published_on, row.published_until) == (day("05-08"), date(2027, 5, 8))
    undone(matter, "07-01")
    gone = {"withdrawn_on": day("07-02"), "withdrawal_note": "决定被撤销"}
    matter.fire("withdraw_publication", "supervisor", gone, at="07-02")
    for case in cases:
        [row] = record(town, case)
        assert (row.annulled_on, row.withdrawn_on) == (day("07-01"), day("07-02"))
        assert publicly(town, case, "05-08") == 0
