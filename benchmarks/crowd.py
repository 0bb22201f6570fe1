"""A database full of cases, written in bulk: synthetic, but spread as an administration's are.

One bureau in twenty, one agency in two hundred, three closed cases to one that runs. Nothing is
fired: the rows look as `fire` would have left them, with seats and a clock, and without entries.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.cases.models import Case, CaseDeadline, Participant
from app.db import Database, new_id, table_of
from benchmarks.scene import NOW, Scene

BUREAUS = 20
AGENCIES = 200
BATCH = 5000
STATES = (
    ("unit_drafting", "enterprise", "reported_unit"),
    ("desk_review", "verifier", "verifying_agency"),
    ("nc_answering", "enterprise", "reported_unit"),
    ("awaiting_notice", "supervisor", "lead"),
    ("awaiting_release", "supervisor", "lead"),
    ("awaiting_decision", "bureau_leader", "lead"),
)

Rows = list[dict[str, Any]]


def fill(scene: Scene, number: int) -> None:
    """Write so many cases; the people of the scene have their share of them."""
    chance = random.Random(number)
    bureaus = [scene.authority.id, *(new_id() for _ in range(BUREAUS - 1))]
    agencies = [scene.verifier.organisation_id, *(new_id() for _ in range(AGENCIES - 1))]
    units = [new_id() for _ in range(max(number // 4, 1))]
    for first in range(0, number, BATCH):
        cases: Rows = []
        seats: Rows = []
        clocks: Rows = []
        for place in range(first, min(first + BATCH, number)):
            bureau = chance.randrange(BUREAUS)
            case = _case(
                place, chance, bureaus[bureau], 640500 + 100 * bureau, chance.choice(units)
            )
            cases.append(case)
            seats += _seats(case, chance.choice(agencies))
            if not case["is_final"]:
                clocks.append(_clock(case))
        _write(scene.database, cases, seats, clocks)
    settle(scene.database)


def _case(place: int, chance: random.Random, bureau: UUID, city: int, unit: UUID) -> dict[str, Any]:
    opened_at = NOW - timedelta(minutes=chance.randrange(2_000_000))
    final = chance.random() < 0.75
    state, role, capacity = ("archived", None, None) if final else chance.choice(STATES)
    due_at = NOW + timedelta(minutes=chance.randrange(-10_000, 60_000))
    closed_at = opened_at + timedelta(days=60) if final else None
    case_id = new_id()
    return {
        "id": case_id,
        "number": f"测核〔2026〕{place + 1}号",
        "lifecycle": "verification",
        "lifecycle_version": 1,
        "state": state,
        "state_since": opened_at,
        "state_seq": 0,
        "waits_role": role,
        "waits_capacity": capacity,
        "is_final": final,
        "authority_id": bureau,
        "subject_id": unit,
        "subject_name": f"重点排放单位{place % 5000}",
        "division": str(city + chance.randrange(1, 6)),
        "cycle_year": 2022 + chance.randrange(5),
        "cycle_key": f"{place}",
        "root_id": case_id,
        "parent_id": None,
        "parent_link": None,
        "assignee_id": None,
        "next_due_at": None if final else due_at,
        "next_due_name": None if final else "desk_review",
        "sort_due_at": closed_at if final else due_at,
        "version": 1,
        "last_seq": -1,
        "last_hash": "",
        "facts": {},
        "opened_at": opened_at,
        "closed_at": closed_at,
        "demonstration": False,
    }


def _seats(case: dict[str, Any], agency: UUID) -> Rows:
    holders = (
        ("lead", case["authority_id"]),
        ("reported_unit", case["subject_id"]),
        ("verifying_agency", agency),
    )
    return [
        {
            "id": new_id(),
            "case_id": case["id"],
            "capacity": capacity,
            "organisation_id": organisation,
            "person_id": None,
            "name": "",
            "since_seq": 0,
            "until_seq": None,
        }
        for capacity, organisation in holders
    ]


def _clock(case: dict[str, Any]) -> dict[str, Any]:
    day = case["next_due_at"].date()
    return {
        "id": new_id(),
        "case_id": case["id"],
        "name": "desk_review",
        "expiry": "target",
        "due_on": day,
        "due_at": case["next_due_at"],
        "earliest_on": day,
        "provisional": False,
        "expires_at": case["next_due_at"],
        "anchor_on": day,
        "anchor_at": case["opened_at"],
        "derivation": {},
        "opened_seq": 0,
        "met_late": False,
    }


def _write(database: Database, *tables: Rows) -> None:
    models = (Case, Participant, CaseDeadline)
    with database.engine.begin() as connection:
        for model, rows in zip(models, tables, strict=True):
            if rows:
                connection.execute(insert(table_of(model)), rows)


def settle(database: Database) -> None:
    """Let PostgreSQL count and clean up as it does by itself sooner or later."""
    if not database.is_sqlite:
        settled = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with settled.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
