"""Somebody with the database's keys, and triggers out of the way: whatever they do is named.

Each manipulation is done by SQL in a transaction of its own over one small real log, verified
there, and taken back. Asked is the exact list of faults: one manipulation, one sentence.
"""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from app.audit import chain, covering, keys, raw, verification
from app.audit.examination import look
from app.db import Database, new_id
from tests.audit.scene import (
    ACCOUNTS,
    CASES,
    CHECKPOINTS,
    DOCUMENTS,
    ENTRIES,
    LEAVES,
    RELEASES,
    VERSIONS,
    Attacker,
    Log,
    attacked,
    build,
)
from tests.releases.test_releases import INVENTED_2027
from tests.times import NOW

only_sqlite = pytest.mark.parametrize("town", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def log(town, tmp_path_factory) -> Log:
    return build(town, tmp_path_factory.mktemp("log"), INVENTED_2027)


@pytest.fixture
def attacker(log):
    with attacked(log) as somebody:
        yield somebody


def test_an_untouched_log_holds(attacker):
    assert attacker.found(handed=attacker.log.handed, key=attacker.log.key.public) == []


# One entry -----------------------------------------------------------------------------------------


def bit(body: str) -> str:
    """The body with one bit of one typed value flipped."""
    at = body.index('"inputs":{') + len('"inputs":{"')
    at = body.index(":", at) + 2
    return body[:at] + chr(ord(body[at]) ^ 1) + body[at + 1 :]


def test_one_bit_of_an_old_input(attacker):
    body = attacker.entries(attacker.log.papers)[1].body
    attacker.set(attacker.log.papers, 1, body=bit(body))
    assert attacker.found() == [("altered", attacker.log.papers, 1, None)]


@pytest.mark.parametrize(
    "columns",
    [
        {"actor_name": "李四"},
        {"actor_id": UUID(int=7)},
        {"recorded_at": NOW - timedelta(days=1)},
        {"occurred_at": NOW - timedelta(days=1)},
        {"to_state": "closed"},
        {"trigger": "end_role"},
        {"idempotency_key": "again"},
        {"on_behalf_of": UUID(int=7)},
        {"algorithm": "md5"},
        {"prev_hash": "0" * 64},
        {"hash": "0" * 64},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_a_column_beside_the_body(attacker, columns):
    attacker.set(ACCOUNTS, 40, **columns)
    assert attacker.found() == [("altered", ACCOUNTS, 40, None)]


@pytest.mark.parametrize("seq", [0, 40, 152])
def test_a_body_that_is_hashed_anew_alone(attacker, seq):
    attacker.rewrite(ACCOUNTS, seq, lambda body: body["details"].update(name="李四"))
    covers = 1 if seq == 152 else None
    assert attacker.found() == [("altered", ACCOUNTS, seq, covers)]


def test_the_newest_entry_hashed_anew_that_no_checkpoint_covers(attacker):
    attacker.rewrite(attacker.log.year, 5, lambda body: body["details"].update(digest="0" * 64))
    assert attacker.found() == [("altered", attacker.log.year, 5, None)]


def test_the_commitment_to_a_sealed_value(attacker):
    body = attacker.entries(attacker.log.papers)[0].body
    digest = json.loads(body)["commitments"]["reporter"]
    attacker.set(attacker.log.papers, 0, body=body.replace(digest, "0" * 64))
    assert attacker.found() == [("altered", attacker.log.papers, 0, None)]


def test_a_body_that_two_readers_would_read_differently(attacker):
    """The newest entry, written by whoever has the program: a key stands in it twice."""
    year = attacker.log.year
    [*_, last] = attacker.entries(year)
    body = last.body.replace('"details":{', '"details":{"digest":"0"},"details":{', 1)
    digest = chain.digest(body)
    attacker.set(year, last.seq, body=body, hash=digest)
    attacker.head(year, last_hash=digest)
    assert attacker.found() == [("altered", year, last.seq, None)]


# The order of entries ------------------------------------------------------------------------------


def test_a_swapped_pair(attacker):
    for seq, to in ((60, 900), (61, 60), (900, 61)):
        attacker.set(ACCOUNTS, seq, seq=to)
    assert attacker.found() == [("reordered", ACCOUNTS, 60, None)]


def test_a_swapped_pair_with_numbers_and_hashes_made_to_fit(attacker):
    # What comes behind still remembers the last of the pair: nothing tells where it begins.
    for seq, to in ((60, 900), (61, 60), (900, 61)):
        attacker.set(ACCOUNTS, seq, seq=to)
    before = attacker.entries(ACCOUNTS)[59].hash
    for seq in (60, 61):
        told = {"seq": seq, "previous": before}
        before = attacker.rewrite(ACCOUNTS, seq, lambda body, told=told: body.update(told))
    assert attacker.found() == [("altered", ACCOUNTS, 61, None)]


def test_a_deleted_entry_in_the_middle(attacker):
    attacker.drop(ACCOUNTS, 60)
    assert attacker.found() == [("missing", ACCOUNTS, 60, None)]


def test_a_deleted_entry_with_all_behind_it_moved_up(attacker):
    last = attacker.entries(ACCOUNTS)[-1]
    attacker.drop(ACCOUNTS, 60)
    attacker.shift(ACCOUNTS, 61, -1)
    attacker.head(ACCOUNTS, last_seq=last.seq - 1)
    assert attacker.found() == [("missing", ACCOUNTS, 60, None)]


def test_an_inserted_entry_with_all_behind_it_moved_down(attacker):
    attacker.shift(ACCOUNTS, 60, 1)
    attacker.copy(ACCOUNTS, 59, 60)
    previous = attacker.entries(ACCOUNTS)[59].hash
    told = {"seq": 60, "previous": previous}
    attacker.rewrite(ACCOUNTS, 60, lambda body: body.update(told))
    attacker.head(ACCOUNTS, last_seq=153)
    assert attacker.found() == [("inserted", ACCOUNTS, 60, None)]


def test_an_inserted_entry_with_everything_behind_it_chained_anew(attacker):
    attacker.shift(ACCOUNTS, 60, 1)
    attacker.copy(ACCOUNTS, 59, 60)
    attacker.chain_anew(ACCOUNTS, 60)
    assert attacker.found() == [("rewritten", ACCOUNTS, 152, 1)]


def test_a_chain_rewritten_consistently_from_the_middle_with_its_head(attacker):
    attacker.rewrite(attacker.log.year, 2, lambda body: body["details"].update(note="nothing"))
    attacker.chain_anew(attacker.log.year, 3)
    assert attacker.found() == [("rewritten", attacker.log.year, 4, 2)]


def test_an_entry_moved_to_another_chain(attacker):
    attacker.set(ACCOUNTS, 60, chain_id=RELEASES, seq=1)
    assert sorted(attacker.found()) == [
        ("added", RELEASES, 1, None),
        ("missing", ACCOUNTS, 60, None),
    ]


def test_an_entry_of_another_chain_in_the_place_of_one(attacker):
    attacker.drop(ACCOUNTS, 60)
    attacker.copy(attacker.log.papers, 4, 60, chain_id=ACCOUNTS, chain="accounts")
    assert attacker.found() == [("inserted", ACCOUNTS, 60, None)]


# The end of a chain --------------------------------------------------------------------------------


def test_the_last_entry_deleted(attacker):
    attacker.drop(attacker.log.papers, 6)
    assert attacker.found() == [("cut_off", attacker.log.papers, 6, 2)]


def test_the_last_entry_deleted_and_the_head_moved_back(attacker):
    attacker.drop(attacker.log.papers, 6)
    left = attacker.entries(attacker.log.papers)[-1]
    attacker.head(attacker.log.papers, last_seq=5, last_hash=left.hash)
    assert attacker.found() == [("cut_off", attacker.log.papers, 6, 2)]


def test_an_entry_deleted_that_no_checkpoint_covers(attacker):
    attacker.drop(attacker.log.year, 5)
    attacker.session.execute(text("DELETE FROM case_comments WHERE body = '之后。'"))
    assert attacker.found() == [("cut_off", attacker.log.year, 5, None)]


def test_the_whole_chain_deleted_with_its_case(attacker):
    case_id = attacker.log.papers
    attacker.session.execute(delete(ENTRIES).where(ENTRIES.c.chain_id == case_id))
    for name in ("documents", "remarks", "evidence"):
        table = raw.SIDES[name]
        attacker.session.execute(delete(table).where(raw.same(table.c.case_id, case_id)))
    attacker.session.execute(delete(CASES).where(CASES.c.id == case_id))
    assert attacker.found() == [("gone", case_id, 0, 2)]


def test_all_entries_of_a_chain_deleted(attacker):
    attacker.session.execute(delete(ENTRIES).where(ENTRIES.c.chain_id == ACCOUNTS))
    assert attacker.found() == [("cut_off", ACCOUNTS, 0, 1)]


def test_an_entry_appended_behind_the_head(attacker):
    attacker.copy(ACCOUNTS, 152, 153)
    told = {"seq": 153, "previous": attacker.entries(ACCOUNTS)[152].hash}
    attacker.rewrite(ACCOUNTS, 153, lambda body: body.update(told))
    assert attacker.found() == [("added", ACCOUNTS, 153, None)]


@pytest.mark.parametrize(
    "values", [{"last_seq": 151}, {"last_hash": "0" * 64}], ids=lambda values: next(iter(values))
)
def test_a_head_that_disagrees_with_what_a_checkpoint_covers(attacker, values):
    attacker.head(ACCOUNTS, **values)
    assert attacker.found() == [("head", ACCOUNTS, values.get("last_seq", 152), covers(values))]


def covers(values):
    """The checkpoint is named where it decides."""
    return 1 if "last_seq" in values else None


def test_a_head_that_calls_its_chain_by_another_name(attacker):
    attacker.head(ACCOUNTS, chain="registers")
    assert attacker.found() == [("head", ACCOUNTS, 0, None)]


def test_an_entry_before_the_first(attacker):
    attacker.copy(ACCOUNTS, 0, -1, idempotency_key=None)
    assert attacker.found() == [("inserted", ACCOUNTS, -1, None)]


def test_a_head_deleted(attacker):
    attacker.sql("DELETE FROM chain_heads WHERE chain = 'accounts'")
    assert attacker.found() == [("headless", ACCOUNTS, 0, None)]


@pytest.mark.parametrize("seq", [-1, 4, 5])
def test_the_mark_how_far_a_chain_is_covered(attacker, seq):
    attacker.head(attacker.log.papers, covered_seq=seq)
    assert attacker.found() == [("covered", attacker.log.papers, 6, None)]


# What entries vouch for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE private_values SET value = '\"王五\"' WHERE name = 'reporter'", "value"),
        ("UPDATE private_values SET salt = '' WHERE name = 'reporter'", "value"),
        ("UPDATE private_values SET name = 'cause' WHERE name = 'reporter'", "value"),
        ("DELETE FROM private_values WHERE name = 'reporter'", "value_taken"),
    ],
)
def test_a_sealed_value(attacker, statement, kind):
    attacker.sql(statement)
    found = attacker.found()
    assert found[0] == (kind, attacker.log.papers, 0, None)
    assert {each[1:] for each in found} == {(attacker.log.papers, 0, None)}


def test_a_destroyed_value_leaves_the_log_whole(attacker):
    attacker.sql("UPDATE private_values SET salt = '', value = '' WHERE name = 'reporter'")
    assert attacker.found() == []


def text_of(attacker, document, name):
    """A content with one field changed."""
    query = select(DOCUMENTS.c.content).where(DOCUMENTS.c.id == document)
    content = attacker.session.scalars(query).one()
    return {**content, "fields": {**content["fields"], name: "改过"}}


def order(attacker):
    query = select(DOCUMENTS.c.id).where(DOCUMENTS.c.sealed_at.is_not(None))
    return attacker.session.scalars(query).one()


@pytest.mark.parametrize(
    ("name", "seq"), [("content", 2), ("both", 2), ("number", 2), ("pdf_sha256", 3), ("void", 2)]
)
def test_a_sealed_document(attacker, name, seq):
    document = order(attacker)
    content = text_of(attacker, document, "court")
    changes = {
        "content": {"content": content},
        "both": {"content": content, "content_digest": chain.digest(chain.canonical(content))},
        "number": {"number": "卫环责改〔2026〕9号"},
        "pdf_sha256": {"pdf_sha256": "0" * 64},
        "void": {"voided_at": NOW, "void_reason": "撤销"},
    }
    attacker.change(DOCUMENTS, DOCUMENTS.c.id == document, **changes[name])
    assert attacker.found() == [("content", attacker.log.papers, seq, None)]


def test_a_sealed_document_taken_away_or_put_there(attacker):
    document = order(attacker)
    attacker.change(DOCUMENTS, DOCUMENTS.c.id == document, sealed_seq=4)
    assert attacker.found() == [
        ("content_taken", attacker.log.papers, 2, None),
        ("content_added", attacker.log.papers, 4, None),
    ]


def test_a_submitted_version_of_a_report(attacker):
    data = attacker.session.scalars(select(VERSIONS.c.data)).one()
    name = next(key for key, value in sorted(data.items()) if isinstance(value, str))
    data = {**data, name: data[name] + "1"}
    attacker.change(VERSIONS, VERSIONS.c.number == 1, data=data)
    altered = [("content", attacker.log.year, 1, None)]
    assert attacker.found() == altered
    digest = chain.digest(chain.canonical(data))
    attacker.change(VERSIONS, VERSIONS.c.number == 1, digest=digest)
    assert attacker.found() == altered
    attacker.session.execute(delete(VERSIONS))
    assert attacker.found() == [("content_taken", attacker.log.year, 1, None)]


def test_a_version_that_nobody_submitted(attacker):
    row = attacker.session.execute(select(VERSIONS)).one()
    forged = {**row._mapping, "id": new_id(), "number": 2, "case_id": new_id()}
    attacker.session.execute(insert(VERSIONS).values(forged))
    assert attacker.found() == [("content_added", forged["case_id"], 1, None)]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE law_releases SET content = content || ' '", "content"),
        ("UPDATE law_releases SET name = 'other.csv'", "content"),
        ("DELETE FROM law_releases", "content_taken"),
    ],
)
def test_a_release_of_the_law(attacker, statement, found):
    attacker.sql(statement)
    assert attacker.found() == [(found, RELEASES, 0, None)]


@pytest.mark.parametrize(
    ("statement", "found", "seq"),
    [
        ("UPDATE case_comments SET body = '没有。' WHERE body = '已核对。'", "content", 4),
        ("DELETE FROM case_comments WHERE body = '已核对。'", "content_taken", 4),
        ("DELETE FROM case_evidence WHERE seq = 5", "content_taken", 5),
    ],
)
def test_a_remark_and_a_piece_of_evidence(attacker, statement, found, seq):
    attacker.sql(statement)
    assert attacker.found() == [(found, attacker.log.papers, seq, None)]


def test_evidence_exchanged_for_another_file(attacker):
    other = attacker.session.scalars(
        text("SELECT sha256 FROM stored_files WHERE media_type LIKE 'application/pdf' LIMIT 1")
    ).one()
    attacker.sql("UPDATE case_evidence SET sha256 = :other WHERE seq = 5", other=other)
    assert attacker.found() == [("content", attacker.log.papers, 5, None)]


# Checkpoints ---------------------------------------------------------------------------------------


def test_a_forged_checkpoint(attacker, tmp_path):
    last = attacker.session.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.number == 2)).one()
    told = {
        "number": 3,
        "previous": last.hash,
        "changed": {"count": 0, "root": chain.digest("")},
    }
    body = chain.canonical(json.loads(last.body) | told)
    forged = {
        **last._mapping, "number": 3, "changed": 0, "body": body, "hash": chain.digest(body),
        "signature": keys.make(tmp_path / "other.pem").sign(body),
    }  # fmt: skip
    attacker.session.execute(insert(CHECKPOINTS).values(forged))
    assert attacker.found() == [("checkpoint_forged", None, None, 3)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("body", "altered"), ("made_at", "altered"), ("hash", "altered"), ("signature", "forged")],
)
@pytest.mark.parametrize("number", [1, 2])
def test_a_checkpoint_altered(attacker, name, kind, number):
    row = attacker.session.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.number == number)).one()
    value = row._mapping[name]
    if name == "made_at":
        value -= timedelta(seconds=1)
    elif name == "body":
        value = value.replace("2026-03", "2026-02")
    else:
        value = value[::-1]
    attacker.touch(number, **{name: value})
    assert attacker.found() == [(f"checkpoint_{kind}", None, None, number)]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("with_leaves", [False, True])
def test_a_checkpoint_deleted(attacker, number, with_leaves):
    attacker.session.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.number == number))
    if with_leaves:
        attacker.session.execute(delete(LEAVES).where(LEAVES.c.number == number))
    found = attacker.found()
    if number == 2 and with_leaves:
        covered = {
            ("covered", attacker.log.year, 1, None),
            ("covered", attacker.log.papers, 5, None),
        }
        assert set(found) == covered
    else:
        assert found == [("checkpoint_missing", None, None, number)]


def test_a_leaf_altered(attacker):
    attacker.touch_leaf(1, ACCOUNTS, hash="0" * 64)
    assert attacker.found() == [("leaf_altered", ACCOUNTS, 152, 1)]


def test_a_leaf_deleted(attacker):
    attacker.session.execute(delete(LEAVES).where(LEAVES.c.chain_id == ACCOUNTS))
    assert attacker.found() == [("leaf_missing", ACCOUNTS, 152, 1)]


def test_a_leaf_added(attacker):
    leaf = {"number": 2, "chain_id": ACCOUNTS, "seq": 152, "hash": "0" * 64}
    attacker.session.execute(insert(LEAVES).values(leaf))
    assert attacker.found() == [("leaf_added", ACCOUNTS, 152, 2)]


@only_sqlite  # PostgreSQL knows one spelling of an id
@pytest.mark.parametrize("only", [False, True])
def test_a_leaf_whose_chain_is_spelled_otherwise(attacker, only):
    """The same id for whoever reads it as one, and no leaf of the chain for whoever compares."""
    papers, handed = attacker.log.papers, attacker.log.handed
    last = attacker.entries(papers)[-1].seq
    attacker.rewrite(papers, last, lambda body: body.update(role="leader"))
    attacker.chain_anew(papers, last)
    attacker.head(papers, covered_seq=-1)
    attacker.sql(
        "UPDATE checkpoint_leaves SET chain_id = chain_id || '}' WHERE chain_id = :id",
        id=papers.hex,
    )
    found = covering.check(attacker.session, handed=handed).faults
    if not only:
        found = verification.verify_all(attacker.session, handed=handed)
    assert ("leaf_altered", papers, 1) in {(one.kind, one.chain_id, one.number) for one in found}


def test_a_rewritten_chain_whose_leaf_was_made_to_fit(attacker):
    attacker.rewrite(attacker.log.year, 2, lambda body: body["details"].update(note="nothing"))
    attacker.chain_anew(attacker.log.year, 3)
    digest = attacker.entries(attacker.log.year)[4].hash
    attacker.touch_leaf(2, attacker.log.year, hash=digest)
    assert attacker.found() == [("leaf_altered", None, None, 2)]


# The key -------------------------------------------------------------------------------------------


def falsify(attacker, since, key):
    """Rewrite a chain, list it anew, and sign every checkpoint from one on with a key."""
    attacker.rewrite(ACCOUNTS, 60, lambda body: body["details"].update(name="李四"))
    attacker.chain_anew(ACCOUNTS, 61)
    attacker.sign_anew(since, key)


def test_checkpoints_signed_again_with_another_key(attacker, tmp_path):
    attacker.sign_anew(2, keys.make(tmp_path / "other.pem"))
    assert attacker.found() == [("key", None, None, 2)]


def test_all_of_them_signed_again_is_found_by_whoever_knows_the_first_key(attacker, tmp_path):
    falsify(attacker, 1, keys.make(tmp_path / "other.pem"))
    assert attacker.found() == []
    assert attacker.found(key=attacker.log.key.public) == [("key", None, None, 1)]
    assert attacker.found(handed=attacker.log.handed) == [("history", None, None, 2)]


def test_history_rewritten_with_the_operators_own_key_is_found_against_a_handed_out_file(attacker):
    falsify(attacker, 1, attacker.log.key)
    assert attacker.found(key=attacker.log.key.public) == []
    assert attacker.found(handed=attacker.log.handed) == [("history", None, None, 2)]


def sign(attacker, number, **told):
    """Have the operator sign the newest checkpoint anew, saying something else."""
    row = attacker.session.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.number == number)).one()
    body = chain.canonical(json.loads(row.body) | told)
    attacker.touch(
        number, body=body, hash=chain.digest(body), signature=attacker.log.key.sign(body)
    )


@only_sqlite  # where the column takes any text
def test_a_checkpoint_made_at_no_time(attacker):
    sign(attacker, 2, made_at="2026-99-99T00:00:00.000000Z")
    attacker.sql("UPDATE checkpoints SET made_at = '2026-99-99 00:00:00.000000' WHERE number = 2")
    assert attacker.found() == [("checkpoint_altered", None, None, 2)]


def test_a_checkpoint_in_which_a_key_stands_twice(attacker):
    row = attacker.session.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.number == 2)).one()
    body = row.body.replace('"full":true', '"full":false,"full":true')
    attacker.touch(2, body=body, hash=chain.digest(body), signature=attacker.log.key.sign(body))
    assert attacker.found() == [("checkpoint_altered", None, None, 2)]


def test_a_number_far_beyond_says_nothing_of_what_is_covered(attacker):
    row = attacker.session.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.number == 2)).one()
    attacker.session.execute(insert(CHECKPOINTS).values({**row._mapping, "number": 10**9}))
    found = covering.check(attacker.session)
    assert found.last == 2
    assert (found.faults[0].kind, found.faults[0].number) == ("checkpoint_missing", 3)


@only_sqlite  # where the columns take anything
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoints SET body = CAST(x'ff22' AS TEXT) WHERE number = 2",
        "UPDATE checkpoints SET made_at = '', full = 'x', changed = 'y' WHERE number = 2",
        "UPDATE checkpoints SET number = 'two', hash = '' WHERE number = 2",
        "UPDATE checkpoint_leaves SET chain_id = 'no id' || chain_id, seq = 'x', hash = '' WHERE number = 2",
        "UPDATE audit_entries SET seq = 'last' WHERE seq = 152",
        "UPDATE audit_entries SET body = '[[[' WHERE seq = 1",
        "UPDATE private_values SET seq = 'x', name = CAST(x'1b5b324b' AS TEXT)",
        "UPDATE report_versions SET data = replace(hex(zeroblob(60000)), '0', '[')",
        "UPDATE chain_heads SET last_seq = 9e999, label = CAST(x'ff1b5b41' AS TEXT)",
        "UPDATE chain_heads SET covered_seq = 'x', chain = ''",
    ],
)
def test_garbage_is_named_not_stumbled_over(attacker, statement):
    """Whatever stands in a column of SQLite, verification comes to its end and has a sentence."""
    attacker.sql(statement)
    with raw.lenient(attacker.session):
        found = verification.verify_all(attacker.session, handed=attacker.log.handed)
        verification.uncovered(attacker.session)
        list(verification._plan(attacker.session, verification.Extent(since=1), None, 100))
    assert found
    for fault in found:
        assert chain.canonical(fault.told).isprintable()


def test_a_handed_out_file_that_was_changed_on_its_way(attacker):
    handed = attacker.log.handed
    forged = covering.Handed(
        handed.body.replace("2026", "2025"), handed.signature, handed.number, handed.key
    )
    assert attacker.found(handed=forged) == [("handed_forged", None, None, 2)]


def go_back(attacker):
    """Delete everything newer than the first checkpoint, as a restored backup has it."""
    for leaf in attacker.session.execute(select(LEAVES).where(LEAVES.c.number == 1)).all():
        newer = (ENTRIES.c.chain_id == leaf.chain_id) & (ENTRIES.c.seq > leaf.seq)
        attacker.session.execute(delete(ENTRIES).where(newer))
        for name, side in raw.SIDES.items():
            owner, seq = list(side.c)[:2]
            late = raw.same(owner, leaf.chain_id) & (seq > leaf.seq)
            if name != "documents":
                attacker.session.execute(delete(side).where(late))
        attacker.head(leaf.chain_id, last_seq=leaf.seq, last_hash=leaf.hash, covered_seq=leaf.seq)
    attacker.session.execute(delete(LEAVES).where(LEAVES.c.number == 2))
    attacker.session.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.number == 2))


def test_an_older_state_of_the_database_is_found_against_a_handed_out_file(attacker):
    go_back(attacker)
    assert attacker.found(key=attacker.log.key.public) == []
    assert attacker.found(handed=attacker.log.handed) == [("older", None, None, 2)]


def test_a_restored_copy_of_the_file_is_found_against_a_handed_out_file(log):
    if not log.database.is_sqlite:
        return  # a backup of PostgreSQL is what `go_back` leaves
    restored = Database(f"sqlite:///{log.older}")
    with restored.read() as session:
        assert verification.verify_all(session) == []
        [fault] = verification.verify_all(session, handed=log.handed)
    restored.dispose()
    assert (fault.kind, fault.number) == ("older", 2)
    assert "恢复了旧备份" in fault.label.zh


# Any byte ------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_of_any_body_or_hash(log, data):
    with attacked(log) as attacker:
        rows = [*attacker.entries(log.year), *attacker.entries(log.papers)]
        row = data.draw(st.sampled_from(rows))
        name = data.draw(st.sampled_from(["body", "hash", "prev_hash"]))
        value = row._mapping[name].encode()
        if value:
            at = data.draw(st.integers(0, len(value) - 1))
            flipped = value[at] ^ data.draw(st.integers(1, 255))
            put(attacker, row, name, value[:at] + bytes([flipped]) + value[at + 1 :])
            covering_ = covering.check(attacker.session)
            with raw.lenient(attacker.session):
                found = look(attacker.session, raw.Unit(), covering_).faults
            assert [(one.kind, one.chain_id, one.seq) for one in found] == [
                ("altered", row.chain_id, row.seq)
            ]


def put(attacker: Attacker, row, name, value: bytes) -> None:
    """Write bytes into a text: SQLite takes any, PostgreSQL what is text and not the byte zero."""
    here = (ENTRIES.c.chain_id == row.chain_id) & (ENTRIES.c.seq == row.seq)
    if attacker.log.database.is_sqlite:
        attacker.session.connection().exec_driver_sql(
            f"UPDATE audit_entries SET {name} = CAST(? AS TEXT) WHERE chain_id = ? AND seq = ?",
            (value, row.chain_id.hex, row.seq),
        )
        return
    written = value.replace(b"\x00", b"\x01").decode("utf-8", "replace")[: len(row._mapping[name])]
    attacker.session.execute(update(ENTRIES).where(here).values({name: written}))


def test_the_sentence_of_each_fault_is_there_in_both_languages(attacker):
    attacker.drop(attacker.log.papers, 6)
    [fault] = verification.verify_all(attacker.session)
    number = attacker.session.scalars(select(CASES.c.number).where(CASES.c.id == fault.chain_id))
    assert (
        fault.label.zh
        == f"案件 {number.one()}（{fault.chain_id}） 第 6 条 存证点 2：此后的记录被截去。"
    )
    assert fault.label.en.endswith("entry 6, checkpoint 2: the entries from here on were cut off.")
    for kind in type(fault.kind):
        assert all((kind.label.zh, kind.label.en, kind.hint.zh, kind.hint.en))
