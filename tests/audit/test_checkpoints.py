import json
import stat
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.audit import chain, checkpoints, keys
from app.engine.actors import SYSTEM_ACTOR
from tests.times import NOW

DAY = timedelta(days=1)


@pytest.fixture
def key(tmp_path):
    return keys.make(tmp_path / "audit.pem")


def append(database, name="registers", now=NOW):
    def work(session):
        return chain.append(
            session, name, trigger="try", actor=SYSTEM_ACTOR, body={}, now=now, label=name
        )

    return database.write(work)


def make(database, key, now, **asked):
    made = checkpoints.make(database, key, now, **asked)
    assert made is not None
    return made


def test_a_checkpoint_covers_what_changed_and_is_linked_and_signed(database, key):
    append(database)
    append(database, "releases")
    first = make(database, key, NOW)
    assert checkpoints.make(database, key, NOW) is None
    append(database)
    second = make(database, key, NOW + timedelta(minutes=5))
    assert (first.full, first.changed, second.full, second.changed) == (True, 2, False, 1)
    told = checkpoints.told(second)
    assert (told["number"], told["previous"], told["all"]) == (2, first.hash, None)
    assert chain.digest(second.body) == second.hash
    assert keys.holds(key.public, second.body, second.signature)
    assert not keys.holds(key.public, second.body + " ", second.signature)
    with database.read() as session:
        assert not checkpoints.anything_uncovered(session)
        found = list(checkpoints.changed_in(session, 2))
        assert found == [(chain.chain_id_of("registers"), 1, found[0][2])]
        assert told["changed"] == checkpoints.root_over(found)
        every = list(checkpoints.covered(session, 2))
    assert [(one, seq) for one, seq, _ in every] == sorted(
        [(chain.chain_id_of("registers"), 1), (chain.chain_id_of("releases"), 0)],
        key=lambda each: each[0].bytes,
    )


def test_the_first_of_a_day_and_every_asked_one_gathers_all_chains(database, key):
    append(database)
    make(database, key, NOW)
    append(database, "releases")
    next_day = make(database, key, NOW + DAY)
    assert (next_day.full, next_day.changed) == (True, 1)
    asked = make(database, key, NOW + DAY, full=True)
    assert (asked.full, asked.changed) == (True, 0)
    with database.read() as session:
        every = checkpoints.root_over(checkpoints.covered(session, asked.number))
    assert checkpoints.told(asked)["all"] == checkpoints.told(next_day)["all"] == every
    assert every["count"] == 2


def test_a_clock_that_is_behind_makes_no_time_go_backwards(database, key):
    append(database)
    make(database, key, NOW)
    append(database)
    assert make(database, key, NOW - timedelta(seconds=2)).made_at == NOW


def test_many_changes_are_covered_in_pieces(database, key, monkeypatch):
    monkeypatch.setattr(checkpoints, "MOST", 2)
    for name in ("registers", "releases", "administration", "clues", "accounts"):
        append(database, name)
    made = checkpoints.cover(database, key, NOW)
    assert [one.changed for one in made] == [2, 2, 1]


def test_what_comes_after_the_heads_were_read_stays_uncovered(database, key):
    append(database)
    make(database, key, NOW)
    append(database)
    with database.read() as session:
        assert checkpoints.anything_uncovered(session)


def test_the_key_is_made_once_for_its_owner_and_never_replaced_in_silence(database, tmp_path):
    path = tmp_path / "keys" / "audit.pem"
    key = checkpoints.key_of(database, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert checkpoints.key_of(database, path).public == key.public
    assert [one.name for one in path.parent.iterdir()] == ["audit.pem"]
    with pytest.raises(FileExistsError):
        keys.make(path)
    append(database)
    make(database, key, NOW)
    path.unlink()
    with pytest.raises(keys.NoKey):
        checkpoints.key_of(database, path)
    path.write_text("not a key", "utf-8")
    with pytest.raises(keys.NoKey):
        checkpoints.key_of(database, path)


def test_the_next_key_is_named_by_the_one_before(database, key, tmp_path):
    other = keys.make(tmp_path / "other.pem")
    append(database)
    handing_over = make(database, key, NOW, next_key=other.public)
    assert checkpoints.told(handing_over)["key"] == key.public
    assert checkpoints.told(handing_over)["next_key"] == other.public


def test_the_file_that_is_handed_out_holds_all_an_outsider_needs(database, key):
    append(database)
    made = make(database, key, NOW)
    file = json.loads(checkpoints.handed_out(made))
    assert keys.holds(json.loads(file["body"])["key"], file["body"], file["signature"])


def test_looking_for_changes_reads_no_covered_chain(database):
    query = "SELECT id FROM cases WHERE last_seq > covered_seq ORDER BY id LIMIT 10"
    with database.engine.begin() as connection:
        if database.is_sqlite:
            plan = str(connection.execute(text("EXPLAIN QUERY PLAN " + query)).all())
        else:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = str(connection.execute(text("EXPLAIN " + query)).all())
    assert "ix_cases_uncovered" in plan
