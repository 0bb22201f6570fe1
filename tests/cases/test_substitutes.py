"""What a substitute sees and does on cases, under both names, and what stays kept apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.accounts import places
from app.accounts.delegations import delegate
from app.audit import verification
from app.cases import queries, records
from app.cases.errors import NoSuchCase, NotPermitted, TransitionRefused
from app.cases.models import CaseDocument, Comment, Evidence, Signature
from app.cases.page import CasePage
from app.cases.queries import Filter, Scope
from app.demo import stories as s
from app.documents.operations import form_of, prepared
from app.engine.actors import Capacity, Role
from app.engine.permission import Why
from app.law.periods import local_date
from app.registers.queries import may_edit
from tests.cases.conftest import page
from tests.enforcement.conftest import bureau  # noqa: F401 - a fixture
from tests.town import instant
from tests.workflows.procedure import a_case, certify, heavy, refused, without_certificate
from tests.year import UP_TO_RECHECK, a_year

TICKS = (
    "competence_right", "facts_clear", "evidence_enough", "procedure_right", "not_barred",
    "law_right",
)  # fmt: skip
REVIEWED = dict.fromkeys(TICKS, True) | {"review_opinion": "同意"}
AGREE = {"view": "agree"}
DECLARED = {**s.DECLARED, "no_tie_with_agency": True}
SAME_HUMAN = "Already signed in this round."


@pytest.fixture(autouse=True)
def people(bureau):  # noqa: F811
    """Everybody of the town, with the lifecycles of `tests.workflows.procedure`."""


def hand_over(session, town, own, of, on, *, roles=None, lifecycles=(), division=""):
    """Let somebody stand in for another on one day."""
    principal, now = town[of], instant(on)
    return delegate(
        session,
        principal,
        principal_id=principal.person_id,
        substitute_id=town[own].person_id,
        organisation_id=principal.organisation_id,
        roles=roles or principal.roles,
        lifecycles=lifecycles,
        division=division,
        since=local_date(now),
        until=local_date(now),
        reason="",
        now=now,
    )


def in_place(town, own, of, on="09-01", **extent):
    """Who acts then in the place of another; the delegation is made and rolled back."""
    with town.database.sessions() as session:
        made = hand_over(session, town, own, of, on, **extent)
        return places.in_place(session, town[own], made.id, made.since)


def numbers(town, actor, scope, at="09-01"):
    with town.database.read() as session:
        rows = queries.worklist(session, actor, scope, Filter(), instant(at), limit=500).rows
        counted = queries.counts(session, actor).get(scope, len(rows))
    assert counted == len(rows)
    return {case.number for case in rows}


def why(town, case, actor, trigger, at="09-01"):
    """Why somebody may not do an act; NoSuchCase if there is no such case for them."""
    with town.database.read() as session:
        read = CasePage(session, actor, case.id, now=instant(at), law=town.law)
        return read.why_not(read.lifecycle.transitions[trigger])


# The extent of a place ----------------------------------------------------------------------------


WITHIN = [{}, {"lifecycles": ["verification"]}, {"division": "640502"}, {"division": "640500"},
          {"lifecycles": ["recheck", "verification"], "division": "640502"}]  # fmt: skip
OUTSIDE = [{"lifecycles": ["recheck"]}, {"division": "640521"},
           {"lifecycles": ["verification"], "division": "640521"}]  # fmt: skip


@pytest.fixture(scope="module")
def reported(bureau):  # noqa: F811
    """A verification in 640502 that waits for a supervisor."""
    return a_year(bureau.town).file()


@pytest.mark.parametrize("extent", WITHIN, ids=str)
def test_within_its_extent_a_place_is_that_of_the_principal(town, reported, extent):
    acting, number = in_place(town, "inspector", "supervisor", **extent), reported.row.number
    assert why(town, reported, acting, "arrange") == []
    for scope in (Scope.MINE, Scope.UNIT, Scope.ALL, Scope.EVERY):
        assert number in numbers(town, acting, scope), scope
        assert numbers(town, acting, scope) <= numbers(town, town["supervisor"], scope)
    if not extent:
        for scope in Scope:
            assert numbers(town, acting, scope) == numbers(town, town["supervisor"], scope)


@pytest.mark.parametrize("extent", OUTSIDE, ids=str)
def test_outside_its_extent_a_place_is_none(town, reported, extent):
    acting, number = in_place(town, "inspector", "supervisor", **extent), reported.row.number
    for scope in Scope:
        assert number not in numbers(town, acting, scope), scope
    with pytest.raises(NoSuchCase):
        why(town, reported, acting, "arrange")
    before = reported.acts()
    with pytest.raises(NotPermitted):
        reported.fire("arrange", acting, reported.typed(s.ARRANGED[0], on="2026-03-11"), at="03-11")
    assert reported.acts() == before


def test_the_lists_of_a_narrow_place_are_filled_all_the_same(town):
    """What lies outside is left out before a page is cut off, not after."""
    a_year(town, "jinwan")
    a_case(town), a_case(town)
    acting = in_place(town, "inspector", "supervisor", lifecycles=["verification"])
    with town.database.read() as session:
        for scope in (Scope.EVERY, Scope.ALL):
            found = queries.worklist(
                session, acting, scope, Filter(), instant("09-01"), limit=1
            ).rows
            assert [row.lifecycle for row in found] == ["verification"], scope


@pytest.mark.parametrize(
    ("own", "of", "allowed"),
    [
        ("inspector", "supervisor2", True),
        ("supervisor2", "supervisor", True),
        ("supervisor2", "inspector", False),
        ("supervisor2", "leader", False),
        ("inspector", None, False),
        ("supervisor2", None, True),
    ],
)
def test_only_the_roles_handed_over_count_never_ones_own(town, reported, own, of, allowed):
    actor = in_place(town, own, of) if of else town[own]
    assert (why(town, reported, actor, "arrange") == []) is allowed


def test_a_place_on_some_lifecycles_keeps_no_register_and_one_in_a_district_only_its_units(town):
    places_taken = {
        "all": in_place(town, "inspector", "supervisor"),
        "district": in_place(town, "inspector", "supervisor", division="640521"),
        "lifecycle": in_place(town, "inspector", "supervisor", lifecycles=["recheck"]),
    }
    with town.database.read() as session:
        kept = {
            (name, division)
            for name, actor in places_taken.items()
            for division in ("640502", "640521")
            if may_edit(session, actor, division)
        }
    assert kept == {("all", "640502"), ("all", "640521"), ("district", "640521")}


# Personal seats -----------------------------------------------------------------------------------


def test_what_came_in_during_the_absence_is_in_the_worklist_of_the_substitute(town):
    acting = in_place(town, "inspector3", "inspector2")
    case = a_case(town).file("09-01")
    assert case.row.number in numbers(town, acting, Scope.MINE)
    assert case.row.number not in numbers(town, town["inspector3"], Scope.MINE)
    with town.database.read() as session:
        row = session.get(type(case.row), case.id)
        assert queries.next_step(row, acting) == queries.next_step(row, town["inspector2"])


def test_a_case_given_to_the_principal_is_the_substitutes_turn(town, reported):
    def give(session):
        records.assign(
            session, reported.id, town["supervisor2"].person_id, actor=town["supervisor"],
            now=instant("03-11"),
        )  # fmt: skip

    town.database.write(give)
    number = reported.row.number
    assert number in numbers(town, in_place(town, "inspector", "supervisor2"), Scope.MINE)
    assert number not in numbers(town, in_place(town, "inspector", "supervisor"), Scope.MINE)


def test_seats_of_ones_own_do_not_count_in_somebody_elses_place(town):
    certify(town, "inspector3", "640500-077")
    case = a_case(town).file(
        "09-01", officers=[town.cast.id_of("inspector"), town.cast.id_of("inspector3")]
    )
    acting = in_place(town, "inspector", "inspector2")
    with town.database.read() as session:
        read = CasePage(session, acting, case.id, now=instant("09-01"), law=town.law)
        assert read.capacities == {Capacity.LEAD}
    [refusal] = why(town, case, acting, "record_inspection")
    assert refusal.why is Why.NOT_YOU
    assert case.row.number in numbers(town, town["inspector"], Scope.MINE)
    assert case.row.number not in numbers(town, acting, Scope.MINE)


# Both names ---------------------------------------------------------------------------------------


@pytest.fixture
def inspected(town):
    """A case whose second officer is away: 许强 did the inspection in the place of 马晓东."""
    certify(town, "inspector3", "640500-077")
    case = a_case(town).file("09-01")
    acting = in_place(town, "inspector3", "inspector2")
    typed = {
        "officers": case.officers(), "rights_told": True, "on_site_on": "2026-09-01",
        "place": "厂区", "present": "示例", "findings": "示例",
    }  # fmt: skip
    case.do("record_inspection", acting, typed, on="09-01")
    return case


BOTH = "许强（代马晓东）"


def test_both_names_stand_in_the_entry_and_on_the_screen(town, bureau, inspected):  # noqa: F811
    entry = inspected.entries()[-1]
    assert (entry.actor_id, entry.on_behalf_of) == (
        town["inspector3"].person_id,
        town["inspector2"].person_id,
    )
    assert entry.actor_name == BOTH
    assert f'"name":"{BOTH}"' in entry.body
    assert f'"on_behalf_of":"{town["inspector2"].person_id}"' in entry.body
    with town.database.read() as session:
        assert verification.verify_chain(session, inspected.id) == []
    client = bureau.at("09-01").browser("supervisor")
    assert BOTH in page(client.get(f"/cases/{inspected.id}"))
    assert BOTH in page(client.get(f"/cases/{inspected.id}/entries/{entry.seq}"))


def test_both_names_stand_at_remarks_evidence_and_documents(town, inspected):
    acting = in_place(town, "inspector3", "inspector2")
    now = instant("09-01 15:00")

    def work(session):
        records.comment(session, inspected.id, "示例", actor=acting, now=now)

    town.database.write(work)
    inspected.paper(acting, at="09-01 15:00", text="both names")
    with town.database.read() as session:
        remark = session.scalars(select(Comment).where(Comment.case_id == inspected.id)).one()
        files = session.scalars(select(Evidence).where(Evidence.case_id == inspected.id)).all()
    assert remark.author_name == BOTH
    assert BOTH in {one.added_by_name for one in files}


def test_a_document_names_whoever_signed_and_in_whose_place(town):
    case = heavy(town).noticed("09-02").waive("09-02").pass_legal("09-03").convene("09-03")
    for who in ("leader", "leader2", in_place(town, "legal3", "leader3", "09-03")):
        case.do("discuss", who, AGREE, on="09-03")
    case.do("conclude_discussion", "leader2", {"conclusion": "同意"}, on="09-03")
    now = instant("09-03 16:00")
    with town.database.read() as session:
        read = CasePage(session, town["leader"], case.id, now=now, law=town.law)
        record = session.scalars(
            select(CaseDocument).where(
                CaseDocument.case_id == case.id, CaseDocument.kind == "collective_record"
            )
        ).one()
        form = form_of(read.view, record, now)
        values, _, _ = prepared(read.view, record, form, {}, actor=town["leader"], now=now)
    assert any("冯远（代吴岚）" in str(value) for value in values.values())


# One hand, one human ------------------------------------------------------------------------------


def test_the_hand_of_a_substitute_is_that_of_the_principal(town, inspected):
    inspected.write("09-02").do("sign_report", "inspector", AGREE, on="09-02")
    acting = in_place(town, "inspector3", "inspector2", "09-02")
    inspected.do("sign_report", acting, AGREE, on="09-02")
    with town.database.read() as session:
        given = session.scalars(
            select(Signature).where(Signature.case_id == inspected.id).order_by(Signature.seq)
        ).all()
    assert [one.on_behalf_of for one in given] == [None, town["inspector2"].person_id]
    assert given[1].person_id == town["inspector3"].person_id
    for who in ("inspector2", acting):
        assert SAME_HUMAN in refused(inspected, "sign_report", who, AGREE, on="09-02")
    inspected.do("submit_report", acting, on="09-02")
    assert inspected.state == "case_review"


def test_nobody_signs_for_themselves_and_for_somebody_else(town):
    case = a_case(town).investigated("09-01").write("09-02")
    acting = in_place(town, "inspector", "inspector2", "09-02")
    case.do("sign_report", "inspector", AGREE, on="09-02")
    assert SAME_HUMAN in refused(case, "sign_report", acting, AGREE, on="09-02")
    case = a_case(town).investigated("09-01").write("09-02")
    case.do("sign_report", acting, AGREE, on="09-02")
    assert SAME_HUMAN in refused(case, "sign_report", "inspector", AGREE, on="09-02")


def test_a_substitute_is_no_second_officer_beside_themselves(town):
    case = a_case(town).file("09-01")
    typed = {
        "officers": case.officers(), "rights_told": True, "on_site_on": "2026-09-01",
        "place": "厂区", "present": "示例", "findings": "示例",
    }  # fmt: skip
    acting = in_place(town, "inspector", "inspector2")
    said = refused(case, "record_inspection", acting, typed, on="09-01")
    assert "1 named, 0 without" in said


def test_the_certificate_of_the_one_who_acts_counts(town):
    case = a_case(town).file("09-01")
    typed = {
        "officers": case.officers(), "rights_told": True, "on_site_on": "2026-09-01",
        "place": "厂区", "present": "示例", "findings": "示例",
    }  # fmt: skip
    acting = in_place(town, "inspector3", "inspector2")
    with without_certificate(town, "inspector3"):
        said = refused(case, "record_inspection", acting, typed, on="09-01")
        assert "2 named, 1 without" in said
    with without_certificate(town, "inspector2"):
        case.do("record_inspection", acting, typed, on="09-01")


# Separation of duties -----------------------------------------------------------------------------


def review(case, who):
    return refused(case, "pass_review", who, REVIEWED, on="09-03")


INVESTIGATED = "You are already investigator of this case and cannot be its case reviewer (SD-1)."


def test_an_investigator_reviews_in_nobodys_place(town):
    case = a_case(town).investigated("09-01").submit("09-02")
    assert review(case, in_place(town, "inspector", "supervisor", "09-03")) == INVESTIGATED


def test_who_stood_in_for_the_investigator_does_not_review(town, inspected):
    inspected.submit("09-02")
    both = replace(town["inspector3"], roles=frozenset({Role.INSPECTOR, Role.SUPERVISOR}))
    assert review(inspected, both) == INVESTIGATED
    assert review(inspected, in_place(town, "inspector3", "supervisor", "09-03")) == INVESTIGATED


def test_what_a_substitute_investigated_the_principal_does_not_review(town, inspected):
    """Also once the principal is no investigator of the case any more."""
    officers = [town.cast.id_of("inspector"), town.cast.id_of("inspector3")]
    inspected.do("change_officers", "leader", {"officers": officers, "reasons": "示例"}, on="09-01")
    assert "马晓东" not in inspected.seats(Capacity.INVESTIGATOR)
    inspected.write("09-02")
    for login in ("inspector", "inspector3"):
        inspected.do("sign_report", login, AGREE, on="09-02")
    inspected.do("submit_report", "inspector", on="09-02")
    both = replace(town["inspector2"], roles=frozenset({Role.INSPECTOR, Role.SUPERVISOR}))
    assert review(inspected, both) == INVESTIGATED


def test_nobody_reviews_in_the_place_of_who_investigated(town):
    case = a_case(town).investigated("09-01").submit("09-02")
    acting = replace(
        town["supervisor2"],
        on_behalf_of=town["inspector2"].person_id,
        on_behalf_name=town["inspector2"].person_name,
    )
    assert review(case, acting) == INVESTIGATED


def test_the_seat_of_a_reviewer_is_the_principals_and_both_are_apart(town):
    case = a_case(town).investigated("09-01").submit("09-02")
    acting = in_place(town, "legal", "supervisor", "09-03")
    case.do("pass_review", acting, REVIEWED, on="09-03")
    assert case.seats(Capacity.REVIEWER) == {town["supervisor"].person_name}
    case.notify("09-03").waive("09-03")
    said = refused(
        case, "pass_legal_review", "legal",
        {"evidence_seen": 1, "legal_opinion": "通过"}, on="09-04",
    )  # fmt: skip
    assert "cannot be its legal reviewer (SD-1)" in said
    case.pass_legal("09-04", "legal2")


def test_an_investigator_votes_in_nobodys_place(town):
    case = heavy(town).noticed("09-02").waive("09-02").pass_legal("09-03").convene("09-03")
    acting = in_place(town, "inspector", "leader3", "09-03")
    said = refused(case, "discuss", acting, AGREE, on="09-03")
    assert "has no vote (SD-2)" in said


def test_an_expert_declares_in_person_and_no_insider_stands_in(town):
    year = a_year(town, "changtan").file().play(s.ARRANGED, until="08-18")
    insider = replace(town["verifier"], person_id=town["expert3"].person_id)
    year.fire("propose_group", insider, year.typed(s.GROUP_FORMED[0], on="08-19"), at="08-19")
    year.play([*UP_TO_RECHECK[len(s.ARRANGED) :], *s.RELEASED], until="09-18")
    year.do(s.EXPERTS_ASSIGNED[0], on="09-21")
    child = year.recheck
    said = refused_on(
        child, "declare_interests", in_place(town, "expert3", "expert1", "09-21"), DECLARED
    )
    assert said == "An expert declares their interests in person: nobody does it in their place."
    year.do(s.EXPERTS_ASSIGNED[1:], on="09-21")
    said = refused_on(child, "submit_view", in_place(town, "expert3", "expert1", "09-21"), AGREE)
    assert said.startswith("Whoever stands in for an expert may not come from the agency")


def refused_on(case, trigger, who, typed, at="09-21 17:00"):
    with pytest.raises(TransitionRefused) as refusal:
        case.fire(trigger, who, typed, at=at)
    return refusal.value.label.en
