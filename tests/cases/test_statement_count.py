"""What one act costs in statements: the hot path of design.md 5, counted and not timed."""

import pytest
from sqlalchemy import text

from app import workflows
from app.cases.snapshot import OPEN_CLOCKS, PARTICIPANTS_AND_REQUEST
from benchmarks import acts
from benchmarks.exchange import Exchange
from benchmarks.floor import floor
from benchmarks.scene import peopled
from benchmarks.unit_of_work import UnitOfWork


@pytest.fixture
def scene(database, monkeypatch):
    """A bureau and a unit that exchange letters; each move meets a clock and opens one."""
    monkeypatch.setitem(workflows._known, Exchange.key, Exchange)
    monkeypatch.setitem(workflows._versions, (Exchange.key, Exchange.version), Exchange)
    return peopled("sqlite" if database.is_sqlite else "postgresql", database)


def sent(scene, walk):
    """What is sent between BEGIN and COMMIT of the next act."""
    with acts.statements_of(scene) as seen:
        walk.go(1)
    return [statement.split(maxsplit=1)[0] for statement in seen]


def test_an_act_takes_at_most_nine_statements(scene):
    with acts.walks(scene, [acts.Fire]) as [walk]:
        found = sent(scene, walk)

    # Case, seats with the same request, clocks; message, met, opened, entry, case.
    assert sorted(found) == ["INSERT"] * 3 + ["SELECT"] * 3 + ["UPDATE"] * 2
    assert len(found) <= acts.MOST_STATEMENTS


def test_the_number_of_statements_grows_neither_with_history_nor_with_other_cases(scene):
    with acts.walks(scene, [acts.Fire]) as [walk]:
        early = sent(scene, walk)
        for _ in range(20):
            scene.open_case()
        walk.go(50)
        late = sent(scene, walk)

    assert late == early


# What PostgreSQL does depends on what it has counted; `make bench` shows it.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_neither_clocks_nor_requests_are_looked_for_among_all_of_a_case(scene):
    with scene.database.reader_engine.connect() as connection:
        plans = [
            "\n".join(
                row.detail
                for row in connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"), values)
            )
            for asked, values in (
                (OPEN_CLOCKS, {"case_id": "x"}),
                (PARTICIPANTS_AND_REQUEST, {"case_id": "x", "actor_id": "y", "key": "z"}),
            )
        ]

    assert "ix_case_deadlines_open (case_id=?)" in plans[0]
    assert "(chain_id=? AND actor_id=? AND idempotency_key=?)" in plans[1]


def test_what_is_measured_leaves_the_same_record_as_what_it_is_measured_against(scene):
    with acts.walks(scene, [floor, acts.Fire, UnitOfWork]) as walks:
        for walk in walks:
            walk.go(3)

        acts.refuse_unequal(scene, [walk.way.case_id for walk in walks])
