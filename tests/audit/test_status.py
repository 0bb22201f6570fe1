"""What the footer says of the audit: nothing that is not known."""

from datetime import timedelta

import pytest
from sqlalchemy import event, insert

from app.audit import chain, checkpoints, verification
from app.audit.models import Verification
from app.audit.status import status
from app.db import new_id, table_of
from app.engine.actors import SYSTEM_ACTOR, Role
from tests import factories
from tests.times import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.pem"


def change(database, at=NOW, name="registers"):
    database.write(
        lambda session: chain.append(
            session, name, trigger="try", actor=SYSTEM_ACTOR, body={}, now=at
        )
    )


def cover(database, path, at=NOW):
    return checkpoints.cover(database, checkpoints.key_of(database, path), at)


def verified(database, at, *, faults=0, scope="all", finished=True):
    row = {
        "id": new_id(), "scope": scope, "started_at": at, "position": None, "chains": 1,
        "finished_at": at + MINUTE if finished else None, "entries": 1, "faults": faults,
        "first_fault": "",
    }  # fmt: skip
    database.write(lambda session: session.execute(insert(table_of(Verification)), row))


def at(database, now):
    with database.read() as session:
        return status(session, now)


@pytest.fixture
def footer(app, database, settings, sign_in, monkeypatch):
    """What stands in the footer of a page, with its class, for the auditor."""
    actor = database.write(lambda session: factories.actor(session, Role.AUDITOR))

    def read(now):
        monkeypatch.setattr("app.clock.utcnow", lambda: now)
        body = sign_in(actor).get("/account/").get_data(as_text=True)
        _, _, rest = body.partition('<span class="audit-')
        kind, _, rest = rest.partition('">')
        words = rest.partition("</span>")[0].replace("</a>", "").rpartition(">")[2]
        return kind, words

    return read


def test_the_footer_says_what_is_known_and_no_more(database, settings, footer):
    path = settings.audit_key
    assert footer(NOW) == ("plain", "尚未存证，尚未核验")
    change(database)
    assert footer(NOW) == ("plain", "尚未存证，新变更未存证，尚未核验")
    assert footer(NOW + 7 * MINUTE) == ("plain", "尚未存证，未存证 7 分钟，尚未核验")
    cover(database, path, NOW + 8 * MINUTE)
    assert footer(NOW + 9 * MINUTE) == ("plain", "存证至 03-16 12:08，尚未核验")
    verified(database, NOW + 9 * MINUTE)
    assert footer(NOW + 10 * MINUTE) == ("done", "存证至 03-16 12:08，完好")
    change(database, NOW + 10 * MINUTE)
    assert footer(NOW + 20 * MINUTE) == ("plain", "存证至 03-16 12:08，未存证 10 分钟，完好")
    assert footer(NOW + 21 * MINUTE)[0] == "overdue"
    assert footer(NOW + 131 * MINUTE)[1] == "存证至 03-16 12:08，未存证 2 小时，完好"
    assert footer(NOW + timedelta(days=300))[1].startswith("存证至 2026-03-16 12:08，未存证 299 天")
    assert footer(NOW + timedelta(hours=36, minutes=8))[1].endswith("，完好")
    assert footer(NOW + timedelta(hours=37))[1].endswith("，自 03-16 12:09 起未核验")
    cover(database, path, NOW + 22 * MINUTE)
    assert footer(NOW + 23 * MINUTE) == ("done", "存证至 03-16 12:22，03-16 12:09 核验完好")
    verified(database, NOW + 23 * MINUTE, faults=2)
    assert footer(NOW + 24 * MINUTE) == ("overdue", "存证至 03-16 12:22，核验发现 2 处问题")


def test_nobody_who_is_not_signed_in_reads_the_state(client):
    assert "audit-plain" not in client.get("/account/sign-in").get_data(as_text=True)


def test_faults_count_until_everything_is_verified_again_without_any(database):
    later = NOW + 9 * MINUTE
    verified(database, NOW, scope="since 3")
    assert at(database, later).verified_at is None  # a part proves nothing of the whole
    verified(database, NOW + MINUTE)
    assert at(database, later).is_intact
    verified(database, NOW + 2 * MINUTE, faults=1, scope=str(new_id()))
    assert at(database, later).kind == "overdue"
    verified(database, NOW + 3 * MINUTE)
    assert at(database, later).is_intact
    verified(database, NOW + 4 * MINUTE, faults=1, finished=False)
    found = at(database, later)
    assert (found.verified_at, found.faults, found.kind) == (NOW + 3 * MINUTE, 1, "overdue")


def test_a_run_by_a_clock_that_was_ahead_vouches_for_nothing_and_delays_no_other(database):
    change(database)
    verified(database, NOW + timedelta(days=400))
    assert at(database, NOW).verified_at is None
    with database.read() as session:
        assert verification.is_due(session, NOW)


def test_a_whole_verification_vouches_for_a_day_and_a_half(database, path):
    change(database)
    cover(database, path, NOW)
    verified(database, NOW)
    assert at(database, NOW + timedelta(hours=36)).kind == "done"
    assert at(database, NOW + timedelta(hours=36, seconds=1)).kind == "overdue"


def test_the_gap_is_that_of_the_oldest_change_of_any_chain_that_is_not_covered(database, path):
    change(database, NOW - 50 * MINUTE)
    cover(database, path, NOW - 40 * MINUTE)
    change(database, NOW - 3 * MINUTE, "releases")
    change(database, NOW - 2 * MINUTE)
    change(database, NOW - 1 * MINUTE)
    found = at(database, NOW)
    assert (found.uncovered_since, found.gap) == (NOW - 3 * MINUTE, 3 * MINUTE)
    assert found.covered_until == NOW - 40 * MINUTE


def test_it_is_one_query(database):
    seen = []
    engine = database.reader_engine if database.is_sqlite else database.engine
    with database.read() as session:
        session.connection()

        def note(_c, _cursor, statement, *_rest):
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            status(session, NOW)
        finally:
            event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 1
