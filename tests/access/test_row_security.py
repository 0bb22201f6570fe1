"""What the application's role is let read by PostgreSQL itself: the same cases as `visible_to`."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask_login import login_user
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app import create_app, db
from app.accounts.models import Membership, Person, SignInSession
from app.accounts.sessions import SignedIn
from app.audit import privileges
from app.cases import sight
from app.cases.models import Case, CaseDeadline, Participant
from app.cases.sight import said_of, visible_to
from app.db import Database, table_of
from app.engine.actors import Actor, Extent, Role
from app.operations import dumping
from config import Settings
from tests import factories, postgres
from tests.cases.test_sight import GUARDED
from tests.cases.test_worklists import CITY, a_case, may_see, some_seats, someone
from tests.conftest import Emptied, administer
from tests.times import NOW

CASES = 2000


@dataclass
class Ground:
    """Cases of several bodies, the owner of their tables, and the application's role beside it."""

    owner: Database
    application: Database
    people: Mapping[str, Actor]
    cases: list[tuple[dict[str, Any], list[dict[str, Any]]]]

    def psql(self, statements: str) -> set[str]:
        """The lines psql prints, as the application's role."""
        url = self.application.url
        host = url.host or url.query.get("host", "")
        command = [
            str(postgres.binaries() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            "-h", str(host), "-U", str(url.username), "-d", str(url.database), "-c", statements,
        ]  # fmt: skip
        if url.port:
            command += ["-p", str(url.port)]
        environment = {**os.environ, "PGPASSWORD": str(url.password or "")}
        found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return {line for line in found.stdout.splitlines() if line}

    def as_somebody(self, session: Session, settings: Mapping[str, str]) -> None:
        """Say in a session who looks, in the place of the engine."""
        sight._set(session.connection(), settings)


@pytest.fixture(scope="module")
def ground(postgres_database: Emptied) -> Iterator[Ground]:
    postgres_database.empty()
    owner, role = postgres_database.database, f"rows_{uuid4().hex[:8]}"
    with owner.engine.begin() as connection:
        privileges.make(connection, role, "nobody knows it")
    url = owner.url.set(username=role, password="nobody knows it")
    application = Database(url.render_as_string(hide_password=False))
    bodies = {n: uuid4() for n in ("city", "county", "other", "region", "agency", "unit")}
    people = folk(owner, bodies)
    cases = filled(owner, bodies, people)
    yield Ground(owner, application, people, cases)
    application.dispose()
    postgres_database.empty()
    with owner.engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
    administer(owner.url.render_as_string(hide_password=False), f"DROP ROLE {role}")


def folk(database: Database, bodies: dict[str, UUID]) -> dict[str, Actor]:
    """Somebody of every kind; the supervisor has an account."""

    def hired(session: Session) -> Actor:
        actor = factories.actor(session, Role.SUPERVISOR)
        bodies["city"] = actor.organisation_id
        return replace(actor, division=CITY)

    supervisor = database.write(hired)
    people = {
        "supervisor": supervisor,
        "inspector": someone(Role.INSPECTOR, bodies["other"], "640100"),
        "colleague": someone(Role.VERIFIER, bodies["agency"]),
        "verifier": someone(Role.VERIFIER, bodies["agency"]),
        "leader": someone(Role.BUREAU_LEADER, bodies["city"], CITY),
        "auditor": someone(Role.AUDITOR, bodies["city"], CITY),
        "of the county": someone(Role.LEGAL_REVIEWER, bodies["county"], "640521"),
        "of the region": someone(Role.SUPERVISOR, bodies["region"], "640000"),
        "viewer": someone(Role.PROVINCIAL_VIEWER, bodies["region"], "640000"),
        "administrator": someone(Role.ADMINISTRATOR, bodies["city"], CITY),
        "enterprise": someone(Role.ENTERPRISE, bodies["unit"]),
        "stranger": someone(Role.VERIFIER, uuid4()),
    }
    return people | {
        "substitute": replace(
            people["of the region"],
            person_id=uuid4(),
            on_behalf_of=supervisor.person_id,
            organisation_id=bodies["city"],
            extent=Extent(frozenset({"verification"}), "640521"),
        ),
        "substitute of nothing": replace(
            supervisor, person_id=uuid4(), on_behalf_of=supervisor.person_id,
            extent=Extent(frozenset({"recheck"})),
        ),
    }  # fmt: skip


def filled(
    database: Database, bodies: dict[str, UUID], people: dict[str, Actor]
) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Write cases with seats and a clock each."""
    chance = random.Random(640500)
    cases = [a_case(place, chance, bodies, people) for place in range(CASES)]
    seats = {case["id"]: some_seats(case, chance, bodies, people) for case in cases}
    clocks = [
        {
            "id": uuid4(), "case_id": case["id"], "name": "any", "expiry": "target",
            "earliest_on": NOW.date(), "anchor_on": NOW.date(), "anchor_at": NOW,
            "derivation": {}, "opened_seq": 0,
        }
        for case in cases
    ]  # fmt: skip
    with database.engine.begin() as connection:
        connection.execute(insert(table_of(Case)), cases)
        connection.execute(insert(table_of(Participant)), [s for of in seats.values() for s in of])
        connection.execute(insert(table_of(CaseDeadline)), clocks)
        connection.execute(text("ANALYZE cases, case_participants, case_deadlines"))
    return [(case, seats[case["id"]]) for case in cases]


def in_extent(actor: Actor, case: Mapping[str, Any]) -> bool:
    return actor.extent is None or actor.extent.covers(case["lifecycle"], case["division"])


def said(settings: Mapping[str, str]) -> str:
    """The settings, as somebody types them into psql."""
    return "".join(f"SET LOCAL tanjian.{name} = '{value}';" for name, value in settings.items())


def test_every_table_of_cases_has_its_policy(ground):
    with ground.owner.read() as session:
        kept = session.scalars(
            text(
                "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
                " WHERE relrowsecurity AND polcmd = '*' AND polpermissive"
            )
        )
        assert sorted(kept) == sorted(GUARDED)
    assert set(privileges.ROWS) == GUARDED


def test_psql_finds_nothing_for_nobody(ground):
    every = " UNION ALL ".join(f"SELECT id FROM {name}" for name in ("cases", "case_deadlines"))
    counted = " + ".join(f"(SELECT count(*) FROM {name})" for name in sorted(GUARDED))
    assert ground.psql(f"SELECT {counted}") == {"0"}
    assert ground.psql(every) == set()
    with ground.owner.read() as session:
        assert session.scalar(text("SELECT count(*) FROM cases")) == CASES


@pytest.mark.parametrize("who", ["supervisor", "leader", "verifier", "substitute"])
def test_psql_finds_what_the_person_sees_whose_settings_stand(ground, who):
    actor = ground.people[who]
    wanted = {
        str(case["id"])
        for case, seats in ground.cases
        if in_extent(actor, case) and may_see(as_principal(actor), case, seats)
    }
    found = ground.psql(f"BEGIN; {said(said_of(actor))} SELECT id FROM cases; COMMIT")
    assert found == wanted
    assert 0 < len(wanted) < CASES


def as_principal(actor: Actor) -> Actor:
    """Somebody as the person whose place they take: the plain reading knows no substitutes."""
    return replace(actor, person_id=actor.seated_as)


def test_the_database_lets_everybody_read_what_the_application_does(ground):
    sizes = {}
    for who, actor in ground.people.items():
        with ground.owner.read() as session:
            wanted = set(session.scalars(select(Case.id).where(visible_to(actor))))
        with ground.application.read() as session:
            ground.as_somebody(session, said_of(actor))
            assert set(session.scalars(select(Case.id))) == wanted, who
            seats = set(session.scalars(select(Participant.case_id)))
            clocks = set(session.scalars(select(CaseDeadline.case_id)))
        assert seats == clocks == wanted, who
        sizes[who] = len(wanted)
    assert sizes["administrator"] == sizes["stranger"] == sizes["substitute of nothing"] == 0
    assert sum(size > 0 for size in sizes.values()) == len(sizes) - 4  # a viewer sits on nothing


def test_a_case_whose_page_is_open_lets_its_family_be_read(ground):
    actor = ground.people["stranger"]
    family = ground.cases[7][0]["root_id"]
    with ground.application.read() as session:
        ground.as_somebody(session, {**said_of(actor), "families": f"{uuid4()},{family}"})
        assert session.scalars(select(Case.id)).all() == [family]
        assert session.scalars(select(CaseDeadline.case_id)).all() == [family]


def test_the_engine_sees_everything_and_says_so(ground):
    with ground.application.read() as session:
        assert session.scalar(text("SELECT count(*) FROM cases")) == CASES
        assert session.scalar(text("SHOW tanjian.roles")) == "system"


def test_a_request_sees_what_its_person_does_even_where_a_query_forgets_the_criterion(
    ground, tmp_path
):
    """And nothing before it is known who looks, nor after."""
    actor = ground.people["supervisor"]
    url = ground.application.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, secret_key="for tests only", files=tmp_path))
    careless = select(Case.id).execution_options(case_seen=True)
    with ground.owner.read() as session:
        person = session.get_one(Person, actor.person_id)
        assert session.scalars(select(Membership.role)).all()
        wanted = set(session.scalars(select(Case.id).where(visible_to(actor))))
    with app.test_request_context():
        assert db.request_session().scalar(text('SELECT count(*) FROM ONLY "cases"')) == 0
    with app.test_request_context():
        assert db.request_session().scalars(careless).all() == []
    with app.test_request_context():
        browser = SignInSession(id=uuid4(), person_id=person.id)
        login_user(SignedIn(person, browser, actor, actor))
        reading = db.request_session()
        assert set(reading.scalars(careless)) == wanted
        whole = select(Case.id).execution_options(case_seen=True, whole_log=True)
        assert len(reading.scalars(whole).all()) == CASES
        assert set(reading.scalars(careless)) == wanted
        reading.commit()
        assert set(reading.scalars(careless)) == wanted
    app.extensions[db.EXTENSION].dispose()


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_no_row_makes_the_database_read_all_cases(ground):
    some = ground.cases[3][0]
    asked = (
        "SELECT * FROM case_deadlines",
        f"SELECT * FROM case_participants WHERE case_id = '{some['id']}'",
        "SELECT id FROM cases WHERE authority_id = '{}' AND NOT is_final"
        " ORDER BY sort_due_at, id LIMIT 51".format(some["authority_id"]),
    )
    with ground.application.read() as session:
        ground.as_somebody(session, said_of(ground.people["supervisor"]))
        for query in asked:
            [[explained]] = session.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}"))
            read = [n for n in nodes(explained[0]["Plan"]) if n.get("Relation Name") == "cases"]
            assert read, query
            for node in read:
                assert node["Actual Loops"] == 1 or node["Node Type"] != "Seq Scan", query
                below = "Subplan Name" in node
                assert not (below and node["Node Type"] == "Seq Scan"), query


def test_the_role_split_says_where_row_security_is_off(ground):
    with ground.owner.engine.connect() as connection:
        assert privileges.unguarded(connection) == []
        connection.execute(text("ALTER TABLE case_comments DISABLE ROW LEVEL SECURITY"))
        assert privileges.unguarded(connection) == ["row security is off: case_comments"]
        connection.execute(text("DROP POLICY seen ON case_comments"))
        connection.execute(text("ALTER TABLE case_comments ENABLE ROW LEVEL SECURITY"))
        assert privileges.unguarded(connection) == ["row security is off: case_comments"]
        connection.rollback()


def test_a_copy_made_in_the_application_s_role_lacks_no_row(ground, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{postgres.binaries()}{os.pathsep}{os.environ['PATH']}")
    with dumping.copied(ground.application, tmp_path / "copy"):
        pass
    listed = [postgres.binaries() / "pg_restore", "--data-only", "--table=cases", "--file=-"]
    done = subprocess.run(
        [*map(str, listed), str(tmp_path / "copy")], capture_output=True, text=True, check=True
    )
    assert {str(case["id"]) for case, _ in ground.cases} <= set(done.stdout.split())
