"""Fill scratch databases and write what is to be checked: ``python -m conformance.prepare FOLDER``.

Two scenes: the demonstration city, and the whole log of 5,000 traffic fines, replayed day by day.
Of each the event logs as ``flask audit export`` writes them, the models as ``flask lifecycle
export`` writes them, and counts by plain SQL.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from app import create_app
from app.audit import sealing
from app.commands import upgrade
from app.db import Database, database
from app.engine.actors import Role
from app.engine.bpmn_xml import bpmn
from app.engine.definition import Lifecycle
from app.engine.pnml import pnml
from app.workflows import LIFECYCLES
from config import Settings
from tests import factories
from tests.cases.test_traffic_fines import Replay, events, italian_law
from tests.lifecycles.traffic_fine import TrafficFine
from tests.town import registered

LOGS = {"log.xes": "xes", "log.json": "ocel-json", "log.sqlite": "ocel-sqlite"}


def main(folder: Path) -> None:
    """Build both scenes."""
    city = application(folder / "city")
    command(city, "demo", "load")
    write(city, folder / "city", LIFECYCLES.values())
    with registered(TrafficFine):
        fines = application(folder / "fines")
        with fines.app_context():
            play(database())
        write(fines, folder / "fines", [TrafficFine])


def application(folder: Path) -> Flask:
    """The product on an empty database of its own."""
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder.resolve()}/tanjian.sqlite"
    settings = Settings(
        database_url=url, secret_key="for conformance", files=folder / "files", demo=True
    )
    empty = Database(url, keys=settings.identity_keys)
    upgrade(empty)
    sealing.prepare(empty)
    return create_app(settings)


def play(empty: Database) -> None:
    """Replay every fine of the log."""
    officer, unit = empty.write(
        lambda session: (factories.actor(session, Role.INSPECTOR), factories.unit(session).id)
    )
    Replay(empty, italian_law(), officer, unit, {}, Counter()).play(events())


def command(app: Flask, *arguments: str) -> None:
    """Run a command of the product; what it says is printed where it fails."""
    done = app.test_cli_runner().invoke(args=list(arguments))
    if done.exit_code:
        sys.exit(f"flask {' '.join(arguments)}: {done.output}{done.stderr}")


def write(app: Flask, folder: Path, lifecycles: Iterable[type[Lifecycle]]) -> None:
    """Export logs and models, replay the log by the product's own command, and count."""
    for name, key in LOGS.items():
        command(
            app, "audit", "export", "--format", key, "--kind", "case", "--out", str(folder / name)
        )
    command(app, "audit", "conformance")
    for one in lifecycles:
        model(one, folder)
    with app.app_context():
        (folder / "expected.json").write_text(json.dumps(counted(database())), encoding="utf-8")
    print(f"{folder.name}: written to {folder}")


def model(one: type[Lifecycle], folder: Path) -> None:
    """Write both models of a lifecycle."""
    (folder / f"{one.key}.bpmn").write_text(bpmn(one), encoding="utf-8")
    (folder / f"{one.key}.pnml").write_text(pnml(one), encoding="utf-8")


def counted(of: Database) -> dict[str, int]:
    """Cases, events and variants by nothing but SQL; a variant is the triggers of a case."""
    query = sa.text(
        "SELECT chain_id, trigger FROM audit_entries WHERE chain = 'case' ORDER BY chain_id, seq"
    )
    traces: dict[object, list[str]] = {}
    with of.engine.connect() as connection:
        for chain_id, trigger in connection.execute(query):
            traces.setdefault(chain_id, []).append(trigger)
    return {
        "cases": len(traces),
        "events": sum(map(len, traces.values())),
        "variants": len({tuple(trace) for trace in traces.values()}),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
