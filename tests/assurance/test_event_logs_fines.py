"""Several hundred fines of the real log, replayed and written: counted, and in flat memory."""

import tracemalloc
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import workflows
from app.assurance import selection
from app.assurance.formats import WRITERS
from app.assurance.selection import Selection
from app.cases.models import CaseDeadline
from app.engine.actors import Role
from tests import factories
from tests.assurance.event_logs import into, read_json, read_sqlite, read_xes, variants
from tests.cases.test_traffic_fines import Event, Replay, events, italian_law
from tests.lifecycles.traffic_fine import TrafficFine

FORMATS = ("xes", "ocel-json", "ocel-sqlite")


@dataclass
class Fines:
    """The replay, what was fed to it, and each log as a file."""

    replay: Replay
    fed: list[Event]
    logs: dict[str, Path]


@pytest.fixture(scope="module")
def fines(sqlite_database, tmp_path_factory):
    sqlite_database.empty()
    database = sqlite_database.database
    some = {f"A{number}" for number in range(1, 1700)}
    fed = [event for event in events() if event.case in some]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(workflows._known, TrafficFine.key, TrafficFine)
        patch.setitem(workflows._versions, (TrafficFine.key, TrafficFine.version), TrafficFine)

        def people(session):
            return factories.actor(session, Role.INSPECTOR), factories.unit(session).id

        officer, unit_id = database.write(people)
        replay = Replay(database, italian_law(), officer, unit_id, {}, Counter())
        replay.play(fed)
        logs = {key: tmp_path_factory.mktemp("logs") / key for key in FORMATS}
        for key, path in logs.items():
            with path.open("wb") as out:
                into(out, database, WRITERS[key])
        yield Fines(replay, fed, logs)


def test_every_fine_every_act_and_every_variant_is_there(fines, tmp_path):
    expected = variants(fines.replay.database)
    refused = Counter({act: times for (act, _), times in fines.replay.refused.items()})
    acts = Counter(event.act for event in fines.fed) - refused
    assert (expected.total(), acts.total(), refused.total()) == (259, 905, 2)

    log = read_xes(fines.logs["xes"].read_bytes())
    assert log.variants() == expected
    assert len(log.traces) == 259

    objects = read_json(fines.logs["ocel-json"].read_bytes())
    by_type = {f"traffic_fine.{act}": count for act, count in acts.items()}
    assert Counter(one["type"] for one in objects["events"]) == by_type
    with fines.replay.database.read() as session:
        clocks = session.scalar(select(func.count()).select_from(CaseDeadline))
    assert Counter(one["type"] for one in objects["objects"]) == {
        "case": 259, "deadline": clocks, "person": 2, "unit": 1, "authority": 1,
    }  # fmt: skip

    database = read_sqlite(fines.logs["ocel-sqlite"].read_bytes(), tmp_path)
    found = database.execute("SELECT ocel_type, count(*) FROM event GROUP BY ocel_type")
    assert dict(map(tuple, found)) == by_type


def test_a_sum_in_another_currency_says_so(fines):
    log = read_xes(fines.logs["xes"].read_bytes())
    costs = [one for each in log.events for one in each if "cost:total" in one]
    assert {(one["concept:name"], one["cost:currency"]) for one in costs} == {
        ("create", "EUR"), ("send", "EUR"), ("pay", "EUR"),
    }  # fmt: skip
    paid = sum(float(one["cost:total"]) for one in costs if one["concept:name"] == "pay")
    assert paid == pytest.approx(
        sum(float(event.inputs["amount"]) for event in fines.fed if event.act == "pay")
    )


@pytest.mark.parametrize("key", FORMATS)
def test_memory_does_not_grow_with_the_log(fines, key, monkeypatch, tmp_path):
    monkeypatch.setattr(selection, "_AT_ONCE", 5)
    monkeypatch.setattr(selection, "_STREAMED", {"yield_per": 5})
    cases = sorted(fines.replay.cases.values())

    def measured(number: int) -> tuple[int, int]:
        """The most memory it takes to write so many cases, and how long the log is."""
        path, chosen = tmp_path / "log", Selection(cases=tuple(cases[:number]))
        with path.open("wb") as out:
            tracemalloc.start()
            into(out, fines.replay.database, WRITERS[key], chosen)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most, path.stat().st_size

    measured(5)  # what is kept for good is there now
    (few, short), (many, long) = measured(15), measured(60)
    assert many - few < (long - short) / 2
