"""A run of the verification: by pieces and processes, taken up after a kill, told at the end."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import tracemalloc
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update

from app import jobs, lease
from app.audit import chain, checkpoints, keys, verification
from app.audit.covering import Covering, Handed, NotACheckpoint
from app.audit.examination import look
from app.audit.models import Verification
from app.audit.raw import Unit
from app.cases.files import FileStore
from app.cases.records import remember
from app.db import EXTENSION, Database
from app.engine.actors import SYSTEM_ACTOR
from tests.audit.test_chain import tamper
from tests.times import NOW, TODAY, at

NAMES = ("accounts", "administration", "clues", "exports", "registers", "releases_tried")
IDS = sorted(chain.chain_id_of(name) for name in NAMES)


def fill(database: Database, entries: int, names=NAMES, now=NOW) -> None:
    """So many entries in each chain."""

    def work(session):
        for name in names:
            for number in range(entries):
                chain.append(
                    session, name, trigger="try", actor=SYSTEM_ACTOR, now=now, label=name,
                    body={"number": number}, private={"phone": "1380000"} if number == 1 else None,
                )  # fmt: skip

    database.write(work)


@pytest.fixture
def key(tmp_path):
    return keys.make(tmp_path / "audit.pem")


def newest(database) -> Verification:
    with database.read() as session:
        query = select(Verification).order_by(Verification.started_at.desc()).limit(1)
        found: Verification = session.scalars(query).one()
        return found


def alter(database, chain_id: UUID, seq: int) -> None:
    here = (chain.entries.c.chain_id == chain_id) & (chain.entries.c.seq == seq)
    tamper(database, update(chain.entries).where(here).values(actor_name="李四"))


# What a run tells ----------------------------------------------------------------------------------


def test_a_run_is_kept_and_tells_what_is_covered(database, key):
    fill(database, 3)
    checkpoints.make(database, key, NOW)
    fill(database, 2, NAMES[:2], now=NOW + timedelta(minutes=1))
    seen: list[tuple[int, int]] = []
    found = verification.verify(
        database, NOW, piece=5, progress=lambda done, whole: seen.append((done, whole))
    )
    assert (found.chains, found.entries, found.count, found.checkpoint) == (6, 22, 0, 1)
    assert (found.uncovered, found.uncovered_since) == (4, NOW + timedelta(minutes=1))
    assert seen[0] == (0, 22)
    assert seen[-1] == (22, 22)
    assert len(seen) > 3
    run = newest(database)
    assert (run.scope, run.chains, run.entries, run.faults) == ("all", 6, 22, 0)
    assert run.started_at == NOW
    assert run.finished_at is not None
    assert run.finished_at >= NOW


def test_the_first_bad_entry_stands_first_and_is_kept(database, key):
    fill(database, 4)
    checkpoints.make(database, key, NOW)
    alter(database, IDS[3], 2)
    alter(database, IDS[1], 3)
    tamper(database, "UPDATE checkpoints SET signature = ''")
    found = verification.verify(database, NOW)
    assert [(fault.kind, fault.chain_id, fault.seq) for fault in found.faults] == [
        ("altered", IDS[1], 3),
        ("altered", IDS[3], 2),
        ("checkpoint_forged", None, None),
    ]
    assert (found.count, found.checkpoint) == (3, 0)
    run = newest(database)
    told = json.loads(run.first_fault)
    assert (run.faults, told["chain_id"], told["seq"]) == (3, str(IDS[1]), 3)
    assert told["zh"].endswith("第 3 条：记录被改动。")


def test_a_missing_trigger_is_a_fault(database):
    fill(database, 1)
    name = "audit_entries_keep_updated"
    # On SQLite the next test has a copy of the template, its triggers with it.
    drop, keep = (
        (f"DROP TRIGGER {name}", None)
        if database.is_sqlite
        else (
            f"ALTER TABLE audit_entries DISABLE TRIGGER {name}",
            f"ALTER TABLE audit_entries ENABLE TRIGGER {name}",
        )
    )
    with database.engine.begin() as connection:
        connection.execute(text(drop))
    try:
        [fault] = verification.verify(database, NOW).faults
    finally:
        if keep:
            with database.engine.begin() as connection:
                connection.execute(text(keep))
    assert (fault.kind, fault.what.zh) == ("trigger", name)


def test_bytes_that_are_no_text_are_called_altered(sqlite_database):
    sqlite_database.empty()
    database = sqlite_database.database
    fill(database, 3)
    tamper(database, "UPDATE audit_entries SET body = CAST(x'7BFF' AS TEXT) WHERE seq = 1")
    tamper(database, "UPDATE audit_entries SET recorded_at = 'never', actor_id = 7 WHERE seq = 0")
    found = verification.verify(database, NOW)
    assert {(fault.kind, fault.seq) for fault in found.faults} == {("altered", 0)}
    tamper(
        database, "UPDATE audit_entries SET chain_id = 'nobody' WHERE seq = 0 AND chain = 'clues'"
    )
    found = verification.verify(database, NOW)
    clues = chain.chain_id_of("clues")
    kinds = {(fault.kind, fault.chain_id, fault.seq) for fault in found.faults}
    assert kinds >= {("missing", clues, 0), ("headless", UUID(int=0), 0)}


def test_every_byte_of_the_stored_files_is_read_where_asked(database, tmp_path):
    store = FileStore(tmp_path / "files", limit=1000)
    stored = [store.put(io.BytesIO(b"weighed %d" % n), "paper.txt") for n in range(3)]
    for one in stored:
        database.write(partial(remember, stored=one, now=NOW))
    asked = partial(verification.verify, database, NOW, files=store.folder)
    found = asked()
    assert (found.files, found.count) == (3, 0)
    store.path(stored[0].sha256).write_bytes(b"weighed 7")
    store.path(stored[1].sha256).unlink()
    kinds = {fault.what.en: fault.kind for fault in asked().faults}
    assert kinds == {
        f"file {stored[0].sha256}": "file",
        f"file {stored[1].sha256}": "file_taken",
    }
    assert verification.verify(database, NOW).count == 0


# By pieces and by processes ------------------------------------------------------------------------


def test_several_processes_find_what_one_finds(database, key):
    fill(database, 5)
    checkpoints.make(database, key, NOW)
    for place, chain_id in enumerate(IDS[::2]):
        alter(database, chain_id, place + 1)
    alone = verification.verify(database, NOW, jobs=1, piece=6)
    together = verification.verify(database, NOW, jobs=2, piece=6)
    assert together.faults == alone.faults
    assert len(alone.faults) == 3
    told = [(one.chains, one.entries, one.destroyed) for one in (alone, together)]
    assert told[0] == told[1]


class Enough(Exception):
    """The run is ended from outside."""


def die_at(url: str, calls: int) -> None:
    """Verify, and be killed at a sign of life: no clearing up, no last word."""
    left = iter(range(calls))

    def beat() -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    verification.verify(Database(url), NOW, jobs=1, piece=6, beat=beat)


def test_a_run_that_was_killed_is_taken_up_where_it_was(database):
    fill(database, 5)
    alter(database, IDS[0], 2)
    url = database.url.render_as_string(hide_password=False)
    child = get_context("spawn").Process(target=die_at, args=(url, 1))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    cut_off = newest(database)
    assert cut_off.finished_at is None
    assert 0 < cut_off.entries < 30
    with database.read() as session:
        assert verification.is_cut_off(session, NOW)

    found = verification.verify(database, NOW, resume=True, piece=6)

    assert (found.run, found.chains, found.entries, found.count) == (cut_off.id, 6, 30, 1)
    assert json.loads(found.before)["chain_id"] == str(IDS[0])
    assert found.faults == []  # named before; the run keeps it
    run = newest(database)
    assert run.finished_at is not None
    assert (run.faults, json.loads(run.first_fault)["seq"]) == (1, 2)
    with pytest.raises(verification.NothingToResume):
        verification.verify(database, NOW, resume=True)


def test_a_run_is_ended_by_its_sign_of_life(database):
    fill(database, 2)

    def beat() -> None:
        raise Enough

    with pytest.raises(Enough):
        verification.verify(database, NOW, beat=beat)
    assert newest(database).finished_at is None


def lengthen(database: Database, entries: int) -> None:
    """Append so many entries to one chain at once, as `chain.append` would one by one."""
    chain_id = chain.chain_id_of("accounts")

    def work(session):
        head = session.execute(chain.LOCK_HEAD, {"head": chain_id}).one()
        rows, last = [], head.last_hash
        for seq in range(head.last_seq + 1, head.last_seq + 1 + entries):
            row = chain.seal(
                chain="accounts", chain_id=chain_id, seq=seq, prev_hash=last, recorded_at=NOW,
                occurred_at=NOW, actor=SYSTEM_ACTOR, role="system", trigger="try",
                details={"number": seq},
            )  # fmt: skip
            rows.append(row)
            last = row["hash"]
        session.execute(chain.INSERT_ENTRY, rows)
        session.execute(chain.MOVE_HEAD, {"head": chain_id, "seq": seq, "hash": last})

    database.write(work)


def test_memory_does_not_grow_with_the_log(database):
    fill(database, 2)
    lengthen(database, 1000)
    peak(database)  # what is made once
    short = peak(database)
    lengthen(database, 4000)
    assert peak(database) < short + 200_000


def peak(database) -> int:
    """Bytes held at most while everything is looked at."""
    with database.read() as session:
        tracemalloc.start()
        found = look(session, Unit(), Covering())
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert found.count == 0
    return most


# A part of the log ---------------------------------------------------------------------------------


def test_only_what_grew_after_a_checkpoint_from_there_on(database, key):
    fill(database, 4)
    checkpoints.make(database, key, NOW)
    fill(database, 2, NAMES[:2], now=NOW + timedelta(days=1))
    with database.read() as session:
        assert verification.since_of(session, TODAY) == 0
        assert verification.since_of(session, TODAY + timedelta(days=1)) == 1
    since = verification.Extent(since=1)
    found = verification.verify(database, NOW, since)
    assert (found.chains, found.entries, found.count) == (2, 6, 0)
    assert newest(database).scope == "since 1"

    grown = chain.chain_id_of(NAMES[0])
    alter(database, grown, 1)  # before what is looked at
    assert verification.verify(database, NOW, since).count == 0
    alter(database, grown, 5)
    [fault] = verification.verify(database, NOW, since).faults
    assert (fault.chain_id, fault.seq) == (grown, 5)
    tamper(database, delete(chain.entries).where(chain.entries.c.seq >= 3))
    found = verification.verify(database, NOW, since)
    assert {(fault.kind, fault.seq, fault.number) for fault in found.faults} == {("cut_off", 3, 1)}


def test_one_chain_alone(database):
    fill(database, 3)
    alter(database, IDS[0], 1)
    alter(database, IDS[2], 1)
    with database.read() as session:
        assert verification.chains_of(session, "nothing") == []
        [one] = verification.chains_of(session, str(IDS[2]))
    found = verification.verify(database, NOW, verification.Extent((one,)))
    assert [(fault.chain_id, fault.seq) for fault in found.faults] == [(IDS[2], 1)]
    assert (found.chains, newest(database).scope) == (1, str(IDS[2]))


# The command ---------------------------------------------------------------------------------------


def test_the_command_says_in_both_languages_what_holds_and_what_does_not(
    app, database, key, tmp_path
):
    fill(database, 3)
    made = checkpoints.make(database, key, NOW)
    assert made is not None
    fill(database, 1, NAMES[:1])
    outside = tmp_path / "checkpoint.json"
    outside.write_text(checkpoints.handed_out(made), "utf-8")
    run = app.test_cli_runner().invoke
    against = ["--checkpoint", str(outside), "--key", key.public]

    good = run(args=["audit", "verify", *against])
    assert good.exit_code == 0, good.output
    assert "核验 6 条链、19 条记录。" in good.output
    assert "All is covered up to checkpoint 1." in good.output
    assert "尚有 1 条记录未存证，最早 2026-03-16 12:00:00。" in good.output

    tamper(database, "DELETE FROM checkpoints", "DELETE FROM checkpoint_leaves")
    bad = run(args=["audit", "verify", *against])
    assert bad.exit_code == 1
    assert "存证点 1：数据库早于交出的存证点" in bad.output
    assert "checkpoint 1: the database is older" in bad.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--key", "12"], "64 hexadecimal"),
        (["--since", "yesterday"], "neither a day nor"),
        (["nowhere"], "没有这条链或案件"),
        (["--resume"], "没有中断的核验"),
        (["x", "--since", "1"], "from its beginning"),
        (["--resume", "--checkpoint", __file__], "verified anew"),
    ],
)
def test_the_command_says_what_it_cannot_take(app, args, said):
    result = app.test_cli_runner().invoke(args=["audit", "verify", *args])
    assert result.exit_code
    assert said in result.output


def test_two_do_not_verify_everything_at_once(app, database):
    fill(database, 1)
    held = lease.take(database, verification.JOB, "another")
    assert held is not None
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert "另一进程正在核验" in result.output
    lease.give_back(database, held)
    assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0


@pytest.mark.parametrize("written", ["", "[]", '{"body": 1}', '{"body": "{}", "signature": ""}'])
def test_what_is_no_checkpoint_is_refused(written):
    with pytest.raises(NotACheckpoint):
        Handed.read(written)


# The job -------------------------------------------------------------------------------------------

[DAILY] = [job for job in jobs.JOBS if job.name == verification.JOB]


def test_the_log_is_verified_at_once_and_then_every_night(app, database, caplog):
    beat = partial(jobs.run, DAILY, database, app.extensions["tanjian.settings"], holder="a")
    assert app.extensions[EXTENSION] is database
    evening = at(TODAY, 20)
    assert beat(now=evening) == 0  # nothing was done yet
    fill(database, 2)
    assert beat(now=evening) == 1
    assert beat(now=evening) == 0
    night = TODAY + timedelta(days=1)
    assert beat(now=at(night, 1, 59)) == 0
    alter(database, IDS[0], 1)
    with caplog.at_level(logging.ERROR):
        assert beat(now=at(night, 2)) == 1
    assert "记录被改动" in caplog.text
    assert newest(database).faults == 1
    assert beat(now=at(night, 3)) == 0


def test_the_job_takes_up_the_run_of_today_and_begins_that_of_yesterday_anew(database, settings):
    fill(database, 2)
    for hours, kept in ((1, True), (48, False)):
        database.write(lambda s: s.execute(delete(Verification)))
        with pytest.raises(Enough):
            verification.verify(database, NOW - timedelta(hours=hours), beat=_enough)
        begun = newest(database).id
        assert jobs.run(DAILY, database, settings, NOW, "a") == 1
        last = newest(database)
        assert (last.id == begun, last.finished_at is not None) == (kept, True)


def _enough() -> None:
    raise Enough
