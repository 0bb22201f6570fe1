"""What a watcher is told, and what is told to nobody."""

import subprocess
import sys
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app import jobs, lease
from app.db import Database
from app.engine.actors import Role
from app.operations import metrics
from config import ROOT
from tests import factories
from tests.times import NOW

TOKEN = "a token nobody guesses"


@pytest.fixture
def watched(app):
    app.extensions["tanjian.settings"] = replace(
        app.extensions["tanjian.settings"], metrics_token=TOKEN
    )
    return app.test_client()


def figures(client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == HTTPStatus.OK
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_process_answers_and_is_ready(client):
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"


def test_it_is_not_ready_at_another_migration(client, database):
    def behind(session):
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    with database.engine.connect() as connection:
        was = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    database.write(behind)
    try:
        answer = client.get("/readyz")
    finally:
        database.write(
            lambda session: session.execute(
                text("UPDATE alembic_version SET version_num = :was"), {"was": was}
            )
        )
    assert (answer.status_code, answer.text) == (503, "not ready\n")
    assert answer.headers["Retry-After"] == "5"


def test_it_is_not_ready_without_its_files_and_says_no_more(app, client, tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    app.extensions["tanjian.settings"] = replace(
        app.extensions["tanjian.settings"], files=tmp_path / "taken"
    )
    assert (client.get("/readyz").status_code, client.get("/readyz").text) == (503, "not ready\n")
    assert client.get("/healthz").status_code == HTTPStatus.OK


def test_it_is_not_ready_without_its_database(app, client, monkeypatch):
    monkeypatch.setitem(
        app.extensions, "tanjian.db", Database("postgresql+psycopg://x@/x?host=/nowhere")
    )
    assert client.get("/readyz").status_code == HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    "header", ["", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ", "Bearer 碳"]
)
def test_metrics_are_nothing_to_whoever_shows_no_token(watched, header):
    headers = {"Authorization": header.encode().decode("latin-1")}
    assert watched.get("/metrics", headers=headers).status_code == HTTPStatus.NOT_FOUND


def test_metrics_are_nobodys_where_no_token_is_set(client):
    for header in ("Bearer ", "Bearer None", ""):
        answer = client.get("/metrics", headers={"Authorization": header})
        assert answer.status_code == HTTPStatus.NOT_FOUND


def test_requests_are_counted_by_endpoint_and_status(watched):
    sample = (
        "tanjian_requests_total",
        (("endpoint", "operations.healthz"), ("method", "GET"), ("status", "200")),
    )
    before = figures(watched).get(sample, 0)
    for _ in range(3):
        watched.get("/healthz")
    after = figures(watched)
    assert after[sample] == before + 3
    took = ("tanjian_request_seconds_count", (("endpoint", "operations.healthz"),))
    assert after[took] >= 3


def test_what_a_stranger_sends_makes_no_series(watched):
    before = len(figures(watched))
    for word in ("a", "b", "c"):
        watched.get(f"/{word}canary?q={word}")
        watched.open("/healthz", method=f"X{word.upper()}")
    after = figures(watched)
    assert not any("canary" in str(key) or "'X" in str(key) for key in after)
    for word in ("d", "e"):
        watched.get(f"/{word}canary")
        watched.open("/healthz", method=f"X{word.upper()}")
    assert len(figures(watched)) == len(after) >= before


def test_what_waits_and_what_is_late_is_told(watched, database, settings):
    held = lease.take(database, "clocks", "a")
    assert held is not None
    found = figures(watched)
    assert found[("tanjian_late_deadlines", ())] == 0
    assert found[("tanjian_lease_age_seconds", (("job", "clocks"),))] == 0
    job = next(one for one in jobs.JOBS if one.name == jobs.HEARTBEAT)
    jobs.run(job, database, settings, NOW, "b")
    assert ("tanjian_lease_age_seconds", (("job", "heartbeat"),)) in figures(watched)


def test_a_lease_that_was_given_back_grows_old(database):
    held = lease.take(database, "clocks", "a")
    assert held is not None
    lease.give_back(database, held)

    def long_ago(session):
        session.execute(text("UPDATE leases SET until_ms = until_ms - 90000"))

    database.write(long_ago)
    with database.read() as session:
        assert 90 <= lease.ages(session)["clocks"] < 120


@pytest.mark.parametrize("is_given", [True, False])
def test_the_server_removes_what_its_processes_counted_and_no_folder_it_was_given(
    tmp_path, is_given
):
    given = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)} if is_given else {}
    (tmp_path / "kept").touch()
    load = (
        "import os, runpy; runpy.run_path('gunicorn.conf.py'); "
        "folder = os.environ['PROMETHEUS_MULTIPROC_DIR']; print(folder, os.path.isdir(folder))"
    )
    done = subprocess.run(
        [sys.executable, "-c", load],
        cwd=ROOT,
        env={"TMPDIR": str(tmp_path), **given},
        capture_output=True,
        text=True,
        check=True,
    )
    folder, was_there = done.stdout.split()
    assert was_there == "True"
    assert (Path(folder) == tmp_path, Path(folder).exists()) == (is_given, is_given)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_acts_are_counted_by_their_name_alone(watched):
    from app.cases.desk import ACTED

    ACTED.send(trigger="accept")
    assert figures(watched)[("tanjian_transitions_total", (("trigger", "accept"),))] >= 1
    labels = {name for key in figures(watched) for name, _ in key[1]}
    assert labels <= {"endpoint", "method", "status", "trigger", "job", "le"}


def test_entries_are_counted_from_the_heads(watched, database):
    from app.audit import chain

    actor = database.write(lambda session: factories.actor(session, Role.INSPECTOR))
    before = figures(watched)[("tanjian_entries_total", ())]
    for _ in range(2):
        database.write(
            lambda session: chain.append(
                session, "administration", actor=actor, trigger="try", body={}, now=NOW
            )
        )
    assert figures(watched)[("tanjian_entries_total", ())] == before + 2
    assert metrics.page(database, NOW)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_page_without_its_database_asks_to_come_again(app, client, monkeypatch):
    monkeypatch.setitem(
        app.extensions, "tanjian.db", Database("postgresql+psycopg://x@/x?host=/nowhere")
    )
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client.post("/account/sign-in", data={"login": "a", "password": "b"})
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["Retry-After"] == "5"
    assert "数据库繁忙或无法连接" in answer.text
