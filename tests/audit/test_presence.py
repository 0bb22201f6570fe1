"""The chains of who came and went: one by organisation and day, without telling secrets."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from app.accounts import operations, throttle
from app.accounts.models import Membership, OrganisationKind, Person
from app.audit import chain, reads, verification
from app.audit.models import AuditEntry, ChainHead, PrivateValue
from app.engine.actors import SYSTEM_ACTOR, Role
from tests import factories
from tests.times import NOW, TODAY

LONG = "某某省某某自治州生态环境保护综合行政执法支队" * 8


@pytest.fixture
def li(database):
    return database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="li", name="李四"))


def told(database, kind):
    with database.read() as session:
        heads = session.query(ChainHead).where(ChainHead.chain == kind).all()
        entries = (
            session.query(AuditEntry)
            .where(AuditEntry.chain == kind)
            .order_by(AuditEntry.recorded_at, AuditEntry.seq)
            .all()
        )
    return {head.chain_id: head.label for head in heads}, entries


def test_coming_and_going_stands_in_the_chain_of_the_organisation_and_day(database, li):
    other = replace(li, organisation_id=SYSTEM_ACTOR.organisation_id, organisation_name=LONG)
    for actor, at in ((li, NOW), (other, NOW), (li, NOW + timedelta(days=1))):
        database.write(lambda s, a=actor, t=at: operations.sign_in(s, a.person_id, a, t))
    database.write(lambda s: operations.sign_out(s, li, NOW + timedelta(days=1, minutes=1)))
    heads, entries = told(database, operations.SIGN_INS)
    assert [(e.trigger, e.seq) for e in entries] == [
        ("sign_in", 0), ("sign_in", 0), ("sign_in", 0), ("sign_out", 1),
    ]  # fmt: skip
    assert set(heads) == {
        chain.chain_id_of(f"sign_ins:{body}:{day}")
        for body, day in (
            (li.organisation_id, TODAY),
            (li.organisation_id, TODAY + timedelta(days=1)),
            (SYSTEM_ACTOR.organisation_id, TODAY),
        )
    }
    assert all(label.endswith(("-16", "-17")) and len(label) <= 100 for label in heads.values())
    with database.read() as session:
        assert list(verification.verify_all(session)) == []


def try_wrong(database, times, login="li", address="10.0.0.1", at=NOW):
    for _ in range(times):
        database.write(lambda s: operations.count_failure(s, login, address, at))


def test_a_login_that_must_wait_is_recorded_once_in_a_window_wherever_it_is_tried(database, li):
    try_wrong(database, operations.FAILURES - 1)
    assert told(database, operations.SIGN_INS)[1] == []
    try_wrong(database, 3)
    for number in range(2, 5):
        try_wrong(database, operations.FAILURES, address=f"10.0.0.{number}")
    _, [entry] = told(database, operations.SIGN_INS)
    assert entry.trigger == "sign_in_refused"
    assert entry.actor_id == SYSTEM_ACTOR.person_id
    assert entry.chain_id == chain.chain_id_of(f"sign_ins:{li.organisation_id}:{TODAY}")
    assert json.loads(entry.body)["details"] == {
        "person": str(li.person_id), "login": "li", "failures": operations.FAILURES,
    }  # fmt: skip
    assert "10.0.0" not in entry.body
    with database.read() as session:
        assert session.query(PrivateValue).one().value == '"10.0.0.1"'
    try_wrong(database, operations.FAILURES, at=NOW + throttle.KEPT * 2)
    assert len(told(database, operations.SIGN_INS)[1]) == 2


def test_what_was_typed_as_an_unknown_login_stands_in_no_chain(database, li):
    try_wrong(database, operations.FAILURES, login="my-secret-password")
    database.write(lambda s: s.query(Person).update({"active": False}))
    try_wrong(database, operations.FAILURES)
    database.write(lambda s: s.query(Person).update({"active": True}))
    database.write(lambda s: s.query(Membership).update({"until": TODAY - timedelta(days=1)}))
    try_wrong(database, operations.FAILURES)
    assert told(database, operations.SIGN_INS) == ({}, [])


def test_acting_for_another_organisation_is_recorded_there(database, li, sign_in):
    def second_place(session):
        person = session.get_one(Person, li.person_id)
        place = factories.organisation(session, OrganisationKind.BRANCH, name="沙坡头分局")
        factories.membership(session, person, place, Role.SUPERVISOR)
        return place.id

    mine = database.write(second_place)
    answer = sign_in(li).post("/account/organisation", data={"organisation": mine})
    assert answer.status_code == 303
    _, [entry] = told(database, operations.SIGN_INS)
    assert (entry.trigger, entry.organisation_id) == ("change_organisation", mine)


def test_reads_stand_in_the_chain_of_the_readers_organisation_and_day(database, li):
    case_id = chain.chain_id_of("some case")
    for seq in (3, 4):
        database.write(
            lambda s, seq=seq: reads.record_read(
                s, li, chain_id=case_id, what=reads.Restricted.VALUES, reason="核对线索来源",
                now=NOW, seq=seq, names=("reporter", "phone"),
            )
        )  # fmt: skip
    heads, entries = told(database, reads.CHAIN)
    assert list(heads) == [chain.chain_id_of(f"reads:{li.organisation_id}:{TODAY}")]
    assert [e.trigger for e in entries] == [reads.TRIGGER] * 2
    assert json.loads(entries[1].body)["details"] == {
        "chain": str(case_id), "entry": 4, "what": "values", "names": ["phone", "reporter"],
        "reason": "核对线索来源",
    }  # fmt: skip
