"""The doctor finds each fault where it is made, and nothing where nothing is."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app import jobs, vault
from app.accounts.models import Person, SecondFactor
from app.audit import checkpoints, keys, privileges
from app.clock import utcnow
from app.db import Database
from app.engine.actors import Role
from app.operations import doctor
from app.operations.doctor import Level
from config import MailServer
from tests import factories
from tests.times import NOW


@pytest.fixture
def patient(app, settings, tmp_path):
    app.extensions["tanjian.settings"] = replace(settings, keys=tmp_path / "keys")
    return app


def found(app, check, now=utcnow):
    return [
        (one.level, one.said, one.mend) for one in doctor.examine(app, now) if one.check == check
    ]


def levels(app, check, now=utcnow):
    return [level for level, _, _ in found(app, check, now)]


def set_up(app, **changed):
    app.extensions["tanjian.settings"] = replace(app.extensions["tanjian.settings"], **changed)


def test_every_fault_and_warning_says_how_to_mend_it(patient):
    everything = doctor.examine(patient)
    assert {one.check for one in everything} == {
        "settings",
        "connection",
        *(name for name, _, _ in doctor.CHECKS),
    }
    assert [one for one in everything if one.level is not Level.OK and not one.mend] == []


def test_a_database_that_is_gone_is_one_fault_and_hides_no_other(patient, monkeypatch):
    gone = Database("postgresql+psycopg://x@/x?host=/nowhere")
    monkeypatch.setitem(patient.extensions, "tanjian.db", gone)
    said = doctor.examine(patient)
    assert [one.check for one in said if one.level is Level.FAULT] == ["connection"]
    assert {"disk", "mail", "clamd"} <= {one.check for one in said}
    assert "keys" not in {one.check for one in said}


def test_a_check_that_breaks_is_a_fault_and_hides_no_other(patient, monkeypatch):
    def broken(_patient):
        raise RuntimeError("what it says may repeat what was typed")

    monkeypatch.setattr(doctor, "CHECKS", (("odd", broken, False), *doctor.CHECKS[-1:]))
    [odd] = [one for one in doctor.examine(patient) if one.check == "odd"]
    assert (odd.level, odd.said) == (Level.FAULT, "could not be looked at (RuntimeError)")
    assert levels(patient, "clamd") == [Level.OK]


def test_a_migration_that_is_missing(patient, database):
    def at(revision):
        database.write(
            lambda session: session.execute(
                text("UPDATE alembic_version SET version_num = :at"), {"at": revision}
            )
        )

    assert levels(patient, "migrations") == [Level.OK]
    with database.engine.connect() as connection:
        newest = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    at("0001")
    try:
        [(level, said, mend)] = found(patient, "migrations")
    finally:
        at(newest)
    assert (level, "0001" in said) == (Level.FAULT, True)
    assert "flask db upgrade" in mend


def test_a_trigger_that_is_missing(patient, database, monkeypatch):
    assert levels(patient, "triggers") == [Level.OK]
    monkeypatch.setattr(doctor, "missing_triggers", lambda _connection: ["audit_entries_keep_x"])
    [(level, said, _)] = found(patient, "triggers")
    assert (level, "audit_entries_keep_x" in said) == (Level.FAULT, True)


def test_the_role_at_work(patient, database):
    told = levels(patient, "roles")
    assert told[0] is (Level.OK if database.is_sqlite else Level.WARNING)
    set_up(patient, production=True)
    told = levels(patient, "roles")
    assert told[0] is (Level.WARNING if database.is_sqlite else Level.FAULT)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_table_whose_policy_is_gone(patient, monkeypatch):
    assert found(patient, "roles")[-1][0] is Level.OK
    off = ["row security is off: case_comments"]
    monkeypatch.setattr(privileges, "unguarded", lambda _connection: off)
    assert found(patient, "roles")[-1][:2] == (Level.FAULT, off[0])


def test_the_key_that_signs(patient, database, settings, tmp_path):
    path = patient.extensions["tanjian.settings"].audit_key
    assert found(patient, "keys")[0][:2] == (Level.WARNING, "no key signs yet")
    actor = database.write(lambda session: factories.actor(session, Role.INSPECTOR))
    assert actor
    checkpoints.make(database, checkpoints.key_of(database, path), NOW, full=True)
    assert levels(patient, "keys") == [Level.OK] * 3
    path.chmod(0o644)
    assert any("others may read audit.pem" in said for _, said, _ in found(patient, "keys"))
    path.rename(path.with_name("audit-1a2b3c4d.pem"))
    said = [said for level, said, _ in found(patient, "keys") if level is Level.FAULT]
    assert "others may read audit-1a2b3c4d.pem" in said
    assert found(patient, "keys")[0][0] is Level.FAULT
    keys.make(path)
    [(level, said, _)] = [one for one in found(patient, "keys") if "audit.pem" in one[1]]
    assert (level, "is not the key" in said) == (Level.FAULT, True)


def test_a_vault_that_no_longer_opens_what_is_sealed(patient, database):
    path = patient.extensions["tanjian.settings"].factor_keys
    sealed = vault.make(path).seal("secret")

    def enrol(session):
        actor = factories.actor(session, Role.INSPECTOR)
        person = session.get_one(Person, actor.person_id)
        session.add(
            SecondFactor(person_id=person.id, key_id=sealed.key_id, secret=sealed.text, made_at=NOW)
        )

    database.write(enrol)
    assert found(patient, "keys")[-1][0] is Level.OK
    path.unlink()
    assert found(patient, "keys")[-1][0] is Level.FAULT
    vault.make(path)
    level, said, mend = found(patient, "keys")[-1]
    assert (level, sealed.key_id in said) == (Level.FAULT, True)
    assert "older copy" in mend


def test_a_folder_of_keys_others_may_look_into(patient):
    folder = patient.extensions["tanjian.settings"].key_folder
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    assert found(patient, "keys")[0][0] is Level.WARNING


def test_clocks_that_differ_and_a_scheduler_that_is_silent(patient, database, settings):
    assert levels(patient, "clocks") == [Level.OK, Level.FAULT]
    job = next(one for one in jobs.JOBS if one.name == doctor.HEARTBEAT)
    jobs.run(job, database, settings, utcnow(), "a")
    assert levels(patient, "clocks") == [Level.OK, Level.OK]
    database.write(
        lambda session: session.execute(text("UPDATE leases SET until_ms = until_ms - 200000"))
    )
    assert levels(patient, "clocks") == [Level.OK, Level.FAULT]
    for seconds, level in ((10, Level.WARNING), (-10, Level.WARNING), (3600, Level.FAULT)):
        ahead = timedelta(seconds=seconds)
        assert levels(patient, "clocks", lambda by=ahead: utcnow() + by)[0] is level


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (datetime(2026, 10, 31, 8, tzinfo=UTC), [Level.OK]),
        (datetime(2026, 11, 1, 8, tzinfo=UTC), [Level.OK, Level.WARNING]),
        (datetime(2027, 1, 1, 8, tzinfo=UTC), [Level.FAULT]),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_calendar_is_asked_for_from_november_on(patient, today, expected):
    assert levels(patient, "calendar", lambda: today) == expected


def test_room_on_the_disk(patient, monkeypatch):
    for free, level in ((100 << 30, Level.OK), (3 << 30, Level.WARNING), (1 << 20, Level.FAULT)):
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr(shutil, "disk_usage", lambda _place, usage=usage: usage)
        assert set(levels(patient, "disk")) == {level}


def answering(*lines: bytes):
    """A server that answers one caller with these, a line each time it is spoken to."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with server, server.accept()[0] as line:
            line.settimeout(10)
            for number, each in enumerate(lines):
                if number or each.startswith(b"PONG"):
                    line.recv(1000)
                line.sendall(each)

    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_clamd_is_asked_whether_it_lives(patient):
    assert levels(patient, "clamd") == [Level.OK]
    for port, level in (
        (answering(b"PONG\0"), Level.OK),
        (answering(b"220 something else\r\n"), Level.FAULT),
        (free_port(), Level.FAULT),
    ):
        set_up(patient, clamd=f"127.0.0.1:{port}")
        assert levels(patient, "clamd") == [level]
    for address in ("nonsense", "/nowhere/clamd.ctl", "127.0.0.1:99999"):
        set_up(patient, clamd=address)
        assert levels(patient, "clamd") == [Level.FAULT]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_mail_server_is_greeted(patient):
    well = answering(b"220 mail\r\n", b"250 mail\r\n", b"221 bye\r\n")
    for port, level in ((well, Level.OK), (free_port(), Level.FAULT)):
        set_up(patient, mail_server=MailServer("127.0.0.1", port, "u", "the password"))
        [(told, said, mend)] = found(patient, "mail")
        assert told is level
        assert "the password" not in said + mend


def test_the_command_fails_on_a_fault_and_speaks_json(patient, monkeypatch):
    runner = patient.test_cli_runner()
    said = runner.invoke(args=["doctor", "--json"])
    assert said.exit_code == 1  # no scheduler has run
    told = json.loads(said.stdout)
    assert {"check", "level", "said", "mend"} == set(told[0])
    assert {one["level"] for one in told} <= {"ok", "warning", "fault"}
    said = runner.invoke(args=["doctor"])
    assert "✗ clocks" in said.output
    well = [doctor.Finding("settings", Level.WARNING, "odd", "mend it")]
    monkeypatch.setattr(doctor, "examine", lambda _app: well)
    said = runner.invoke(args=["doctor"])
    assert (said.exit_code, "→ mend it" in said.output) == (0, True)


def test_it_writes_nothing(patient, database):
    with database.engine.connect() as connection:
        tables = "audit_entries", "leases", "persons", "checkpoints"
        count = " UNION ALL ".join(f"SELECT count(*) FROM {table}" for table in tables)
        before = connection.execute(text(count)).scalars().all()
        doctor.examine(patient)
        assert connection.execute(text(count)).scalars().all() == before
    assert not patient.extensions["tanjian.settings"].key_folder.exists()
