"""The watch that lets no request read cases unfiltered, and who sees a re-check as it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Table, func, insert, inspect, select, text
from sqlalchemy.orm import Session, aliased

from app import db
from app.accounts.models import Organisation
from app.accounts.operations import actor_for
from app.audit.models import AuditEntry
from app.cases import queries
from app.cases.errors import NotPermitted
from app.cases.escalation import lists
from app.cases.models import Case, CaseDeadline, CaseItem, Comment, Participant
from app.cases.page import CasePage
from app.cases.queries import Filter, Scope
from app.cases.sight import UnfilteredQuery, case_for, id_for, visible_to
from app.db import new_id
from app.demo import stories as s
from app.engine.actors import Actor, Capacity, Role
from app.models import metadata
from app.workflows.verification import Verification
from tests import factories
from tests.lifecycles.ladders import Ladders
from tests.town import Matter, Town, day, instant, registered
from tests.year import UP_TO_CONCLUSION, UP_TO_EXPERTS, a_year

GUARDED = {
    "cases", "case_participants", "case_deadlines", "case_exclusions", "case_items",
    "case_item_records", "case_signatures", "report_versions", "case_documents", "case_evidence",
    "case_comments", "case_drafts", "case_due_acts", "case_files", "case_links", "audit_entries", "private_values",
    "outbox_messages", "case_clock_rungs", "case_escalations", "case_escalation_steps",
}  # fmt: skip
"""Tables whose rows tell something of a case."""
FREE = {
    "organisations", "persons", "memberships", "sign_in_failures", "parked_forms", "divisions", "unit_profiles", "agency_profiles",
    "agency_ties", "bans", "roster_entries", "number_series", "stored_files", "chain_heads",
    "law_releases", "penalty_records", "person_profiles", "delegations", "letters", "deliveries",
    "webhook_endpoints", "message_templates", "leases",
    "checkpoints", "checkpoint_leaves", "checkpoint_publications", "audit_verifications",
    "account_requests", "external_identities", "invitations", "recovery_codes", "second_factors",
    "sign_in_sessions", "value_keys",
}  # fmt: skip


@pytest.fixture
def reading(app: Flask):
    """The reading session of a request."""
    with app.test_request_context():
        yield db.request_session()
        db.close_request_session()


# The watch --------------------------------------------------------------------------------------


def test_every_table_is_either_guarded_or_free():
    assert {table.name for table in metadata.sorted_tables} == GUARDED | FREE


@pytest.mark.parametrize("name", sorted(GUARDED))
def test_a_request_reads_no_guarded_table_unfiltered(reading, name):
    table = metadata.tables[name]
    other = metadata.tables["organisations"]
    one = next(iter(table.c))
    for query in (
        select(table),
        select(func.count()).select_from(table),
        select(other.c.id).where(other.c.id.in_(select(one))),
        select(other.c.id, one).where(one == other.c.id),
        select(other.c.id).join(table, one == other.c.id),
        select(table.alias("harmless")),
        select(select(table).subquery()),
        text(f"SELECT 1 FROM {name}"),
        text(f'select 1 from "{name}" limit 1'),
    ):
        with pytest.raises(UnfilteredQuery, match=name):
            reading.execute(query)


@pytest.mark.parametrize("model", [Case, CaseDeadline, CaseItem, Comment, Participant, AuditEntry])
def test_nor_through_a_model(reading, model):
    one = next(iter(inspect(model).columns))
    beside = select(Organisation, model).where(Organisation.id == one)
    for query in (select(model), select(aliased(model)), beside):
        with pytest.raises(UnfilteredQuery):
            reading.execute(query)
    with pytest.raises(UnfilteredQuery):
        reading.query(model).all()


def test_nor_by_its_key(reading):
    with pytest.raises(UnfilteredQuery):
        reading.get(Case, new_id())


@pytest.mark.parametrize("name", sorted(FREE))
def test_what_tells_nothing_of_a_case_is_read_freely(reading, name):
    reading.execute(select(metadata.tables[name])).all()


def test_who_says_who_looks_is_let_through(reading, database):
    with database.sessions() as session:
        actor = factories.actor(session, Role.SUPERVISOR)
    for query in (
        select(Case).where(visible_to(actor)),
        case_for(actor, new_id()),
        select(Comment).where(Comment.case_id.in_(id_for(actor, new_id()))),
    ):
        assert reading.execute(query).all() == []


def test_a_job_reads_what_it_works_on(reading, database):
    with pytest.raises(UnfilteredQuery):
        reading.execute(select(Case))
    with database.read() as session:
        assert session.scalars(select(Case)).all() == []


# Who sees ---------------------------------------------------------------------------------------


def sees(town: Town, actor: Actor, matter: Matter) -> bool:
    with town.database.read() as session:
        return session.scalar(id_for(actor, matter.id)) is not None


def test_an_administrator_sees_no_case_unless_they_are_something_else_as_well(town):
    year = a_year(town)
    admin = town["admin"]
    assert admin.organisation_id == year.row.authority_id
    assert not sees(town, admin, year)
    assert sees(town, replace(admin, roles=admin.roles | {Role.INSPECTOR}), year)


def test_no_list_shows_an_administrator_a_case(town):
    a_year(town)
    with town.database.read() as session:
        for scope in Scope:
            page = queries.worklist(session, town["admin"], scope, Filter(), instant("03-10"))
            assert page.rows == []


def test_an_auditor_reads_every_case_of_the_body_and_acts_on_none(town):
    year, auditor = a_year(town).file(), town["auditor"]
    assert sees(town, auditor, year)
    for act in Verification.open_in("report_submitted"):
        with pytest.raises(NotPermitted):
            year.fire(act.name, auditor, {}, at="03-11")


def test_neither_unit_nor_agency_learn_of_a_recheck_before_its_letter_the_unit_never(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    unit, verifier = town.cast.unit_person("redian"), town["verifier"]
    seen, child = [], None
    steps = (
        s.RECHECK_OPENED, s.RELEASED, s.EXPERTS_ASSIGNED, s.OPINIONS_RAISED, s.OPINIONS_ISSUED,
        s.OPINIONS_ANSWERED, s.REVISED, s.ACCEPTED,
    )  # fmt: skip
    for number, step in enumerate(steps, 1):
        year.do(step, on=f"09-{number:02}")
        child = year.recheck
        assert not sees(town, unit, child)
        assert sees(town, unit, year)
        assert sees(town, verifier, year)
        seen.append(sees(town, verifier, child))
    assert child is not None
    assert child.state == "closed"
    assert seen == [False] * 4 + [True] * 4


def test_an_expert_sees_what_they_sit_on_not_what_their_office_sits_on(town):
    year = a_year(town).file().play(UP_TO_EXPERTS, until="09-04")
    assert sees(town, town["expert1"], year.recheck)
    assert town["expert3"].organisation_id == town["expert1"].organisation_id
    assert not sees(town, town["expert3"], year.recheck)
    assert not sees(town, town["expert1"], year)


def test_a_partner_sees_a_case_while_its_body_assists(town):
    year = a_year(town)
    market = town["market"]
    assert not sees(town, market, year)
    seat = {
        "id": new_id(),
        "case_id": year.id,
        "capacity": Capacity.ASSISTING.value,
        "organisation_id": market.organisation_id,
        "person_id": None,
        "name": market.organisation_name,
        "since_seq": 0,
        "until_seq": None,
    }
    table: Table = db.table_of(Participant)
    town.database.write(lambda session: session.execute(insert(table), seat) and None)
    assert sees(town, market, year)
    assert not sees(town, town["police"], year)
    ended = table.update().where(table.c.id == seat["id"]).values(until_seq=1)
    town.database.write(lambda session: session.execute(ended) and None)
    assert not sees(town, market, year)


@pytest.mark.parametrize(
    ("division", "sees_it"),
    [("640500", True), ("640502", True), ("640000", True), ("640521", False), ("640100", False),
     ("650000", False), ("", False)],
)  # fmt: skip
def test_an_authority_sees_what_lies_in_its_division(town, division, sees_it):
    year = a_year(town)  # in 640502
    for role in (Role.SUPERVISOR, Role.INSPECTOR, Role.AUDITOR):
        elsewhere = replace(
            town["supervisor"], organisation_id=new_id(), division=division, roles=frozenset({role})
        )
        assert sees(town, elsewhere, year) is sees_it
    for role in (
        Role.PARTNER_MARKET,
        Role.RECHECK_EXPERT,
        Role.VERIFIER,
        Role.ADMINISTRATOR,
        Role.PROVINCIAL_VIEWER,
    ):
        elsewhere = replace(
            town["supervisor"], organisation_id=new_id(), division=division, roles=frozenset({role})
        )
        assert not sees(town, elsewhere, year)


# Leaders of partners ------------------------------------------------------------------------------


def test_whoever_leads_a_partner_reads_what_it_takes_part_in_and_nothing_of_the_authority(
    town: Town,
):
    """The ladder of partners tells both leaders: theirs is no leader of ours."""
    market = town["market"]

    def appoint(session: Session) -> Actor:
        person = factories.person(session, name="局长", login=f"chief-{new_id()}")
        bureau = session.get_one(Organisation, market.organisation_id)
        factories.membership(session, person, bureau, Role.BUREAU_LEADER)
        return actor_for(session, person, bureau.id, day("03-10"))

    chief = town.database.write(appoint)
    with registered(Ladders):
        ours = town.open(Ladders, "supervisor", at="03-02")
        joint = town.open(Ladders, "supervisor", at="03-02")
        partner = {"partner": str(market.organisation_id)}
        joint.fire("invite", "supervisor", partner, at="03-02")
        for matter in (ours, joint):
            matter.fire("start_7", "supervisor", {"due_on": "2026-03-06"}, at="03-02")
        town.tick("03-09 10:00")
        with town.database.read() as session:
            asked = select(Case.id).where(Case.id.in_([ours.id, joint.id]), visible_to(chief))
            assert list(session.scalars(asked)) == [joint.id]
            assert lists.of_case(session, town["leader"], joint.id) != []
            assert lists.of_case(session, chief, joint.id) == []
            page = CasePage(session, chief, joint.id, now=instant("03-09 10:00"), law=town.law)
            assert not page.of_authority
