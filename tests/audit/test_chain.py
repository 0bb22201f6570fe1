import hashlib
import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from app.audit import chain, frame, verification
from app.audit.faults import FaultKind
from app.engine.actors import SYSTEM_ACTOR, Role
from tests.times import NOW

KEYS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-chain.LARGEST, chain.LARGEST)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
BODIES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(BODIES)
def test_the_fast_writer_writes_what_the_reference_of_rfc_8785_writes(body):
    assert chain.canonical(body).encode() == rfc8785.dumps(body)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DETAILS = st.dictionaries(KEYS, LEAVES | st.lists(LEAVES))


@given(
    st.fixed_dictionaries(dict.fromkeys(("from_state", "idempotency_key"), st.none() | TEXTS)),
    TEXTS,
    st.none() | st.uuids(),
    DETAILS,
    st.none() | st.dictionaries(KEYS, TEXTS, min_size=1),
)
def test_the_frame_of_a_body_is_what_its_columns_tell(columns, text, behalf, details, commitments):
    actor = replace(SYSTEM_ACTOR, on_behalf_of=behalf)
    row = chain.seal(
        chain="case", chain_id=UUID(int=7), seq=3, prev_hash=text, recorded_at=NOW, role=text,
        occurred_at=NOW, actor=actor, trigger=text, code=text, to_state=text, flags=text,
        details=details, commitments=commitments, **columns,
    )  # fmt: skip
    told = {"details": details} | ({"commitments": commitments} if commitments else {})
    assert frame.inside(row["body"], frame.framed(row)) == told
    assert frame.inside(row["body"], frame.framed({**row, "seq": 4})) is None


class Word(StrEnum):
    MORNING = "morning"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1234.50"), '"1234.50"'),
        (Decimal("1E+3"), '"1000"'),
        (date(2026, 3, 16), '"2026-03-16"'),
        (datetime(2026, 3, 16, 4, tzinfo=UTC), '"2026-03-16T04:00:00.000000Z"'),
        (
            datetime(2026, 3, 16, 12, tzinfo=timezone(timedelta(hours=8))),
            '"2026-03-16T04:00:00.000000Z"',
        ),
        (UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
        (Word.MORNING, '"morning"'),
        ({"b": [1, True, None], "a": ("碳",)}, '{"a":["碳"],"b":[1,true,null]}'),
    ],
)
def test_exact_values_are_written_as_text(value, written):
    assert chain.canonical(value) == written


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        {1: "a"},
        {"\U0001f600": 1},
        2**53,
        {"set"},
        b"bytes",
        datetime(2026, 3, 16),  # noqa: DTZ001 - naive is what is refused
        {"deep": [{"in": 0.1}]},
    ],
)
def test_what_two_readers_might_read_differently_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        chain.canonical(value)


def test_an_outsider_recomputes_a_hash_from_the_body_alone(database):
    fill(database, 2)
    first, second = rows(database)
    assert hashlib.sha256(second.body.encode()).hexdigest() == second.hash
    told = json.loads(second.body)
    assert told["previous"] == first.hash
    assert told["details"] == {"number": 1}
    assert told["role"] == Role.SYSTEM


def test_a_commitment_tells_nothing_and_proves_its_value():
    salt, digest = chain.commitment("13800000000")
    assert digest == hashlib.sha256((salt + '"13800000000"').encode()).hexdigest()
    assert chain.commitment("13800000000")[1] != digest


def test_chains_count_for_themselves(database):
    own = chain.chain_id_of("accounts:a:2026-03-16")
    fill(database, 2)
    fill(database, 1, chain_id=own)
    assert [(row.chain_id, row.seq) for row in rows(database)] == sorted(
        [(CHAIN, 0), (CHAIN, 1), (own, 0)]
    )
    with database.read() as session:
        assert list(verification.verify_all(session)) == []


def test_the_role_of_the_administrator_is_told_when_held(database):
    actor = replace(SYSTEM_ACTOR, roles=frozenset({Role.INSPECTOR, Role.ADMINISTRATOR}))
    database.write(
        lambda s: chain.append(s, "registers", trigger="try", actor=actor, body={}, now=NOW)
    )
    [row] = rows(database)
    assert row.role == Role.ADMINISTRATOR


# Somebody with the database's keys ---------------------------------------------------------------

CHAIN = chain.chain_id_of("administration")


def fill(database, entries, **kwargs):
    for number in range(entries):
        database.write(
            lambda s, number=number: chain.append(
                s,
                "administration",
                trigger="try",
                actor=SYSTEM_ACTOR,
                body={"number": number},
                now=NOW,
                private={"phone": "13800000000"},
                **kwargs,
            )
        )


def rows(database):
    with database.read() as session:
        order = (chain.entries.c.chain_id, chain.entries.c.seq)
        return session.execute(chain.entries.select().order_by(*order)).all()


def tamper(database, *statements):
    """Change rows as somebody does who may switch the triggers off."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            found = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            ).all()
            for name, _ in found:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            found = []
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                connection.execute(statement)
        for _, written in found:
            connection.exec_driver_sql(written)


def faults(database):
    with database.read() as session:
        one = verification.verify_chain(session, CHAIN)
        assert one == list(verification.verify_all(session))
    return [(fault.seq, fault.kind) for fault in one]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit_entries SET body = replace(body, ':1', ':7') WHERE seq = 1", "altered"),
        ("UPDATE audit_entries SET actor_name = '李四' WHERE seq = 1", "altered"),
        ("UPDATE audit_entries SET to_state = 'closed' WHERE seq = 1", "altered"),
        ("UPDATE audit_entries SET hash = '' WHERE seq = 1", "altered"),
        ("DELETE FROM audit_entries WHERE seq = 1", "missing"),
        ("UPDATE private_values SET value = '\"139\"' WHERE seq = 1", "value"),
    ],
)
def test_verification_names_the_entry_and_what_was_done_to_it(database, change, found):
    fill(database, 4)
    tamper(database, change)
    assert faults(database) == [(1, found)]


def test_an_entry_rewritten_with_a_fitting_hash_is_named_by_the_one_after_it(database):
    fill(database, 4)
    victim = rows(database)[1]
    body = victim.body.replace('"number":1', '"number":7')
    forged = {"body": body, "hash": chain.digest(body)}
    tamper(database, update(chain.entries).where(chain.entries.c.seq == 1).values(forged))
    assert faults(database) == [(1, FaultKind.ALTERED)]


def test_the_last_entry_rewritten_with_a_fitting_hash_does_not_fit_the_head(database):
    fill(database, 2)
    body = rows(database)[1].body.replace('"number":1', '"number":7')
    forged = {"body": body, "hash": chain.digest(body)}
    tamper(database, update(chain.entries).where(chain.entries.c.seq == 1).values(forged))
    assert faults(database) == [(1, FaultKind.ALTERED)]


def test_of_two_entries_in_each_others_place_the_first_is_named(database):
    fill(database, 4)
    tamper(
        database,
        "UPDATE audit_entries SET seq = 9 WHERE seq = 1",
        "UPDATE audit_entries SET seq = 1 WHERE seq = 2",
        "UPDATE audit_entries SET seq = 2 WHERE seq = 9",
    )
    assert faults(database) == [(1, FaultKind.REORDERED)]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM audit_entries WHERE seq >= 2", [(2, FaultKind.CUT_OFF)]),
        ("DELETE FROM audit_entries", [(0, FaultKind.CUT_OFF)]),
        ("UPDATE chain_heads SET last_seq = 2", [(3, FaultKind.ADDED)]),
        ("DELETE FROM chain_heads", [(0, FaultKind.HEADLESS)]),
    ],
)
def test_the_end_of_a_chain_is_checked_against_its_head(database, change, found):
    fill(database, 4)
    tamper(database, change)
    assert faults(database) == found


def test_a_destroyed_value_leaves_the_chain_whole(database):
    fill(database, 2)
    database.write(lambda s: s.execute(update(chain.values).values(salt="", value="")))
    assert faults(database) == []


def test_the_command_says_what_it_found(app, database):
    fill(database, 3)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["audit", "verify"]).exit_code == 0
    tamper(database, "DELETE FROM audit_entries WHERE seq = 1")
    result = runner.invoke(args=["audit", "verify", str(CHAIN)])
    assert result.exit_code == 1
    assert "第 1 条：记录缺失" in result.output


def test_many_who_begin_one_chain_at_once_write_one_chain(database):
    def work():
        for number in range(5):
            database.write(
                lambda s, number=number: chain.append(
                    s,
                    "registers",
                    trigger="try",
                    actor=SYSTEM_ACTOR,
                    body={"number": number},
                    now=NOW,
                )
            )

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.seq for row in rows(database)] == list(range(30))
    with database.read() as session:
        assert list(verification.verify_all(session)) == []
