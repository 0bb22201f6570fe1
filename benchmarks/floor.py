"""The floor: the same act by hand, over the bare driver, statement by statement.

It reads the same rows, writes the same rows and seals the entry with the same JSON and hash; what
`fire` wrote and what this writes verify as one chain. It knows nothing but this one lifecycle. The
ends of the two clocks are handed to it ready: working days are not what is compared.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import psycopg

from app.cases.settlement import new_clock
from app.db import new_id
from app.engine.actors import Actor
from app.law.periods import local_date
from benchmarks.exchange import Exchange
from benchmarks.scene import LAW, Scene

LOCK = """
SELECT state, version, last_seq, last_hash, number, subject_name, authority_id, lifecycle,
  lifecycle_version, state_since, state_seq, waits_role, waits_capacity, is_final, subject_id,
  division, cycle_year, root_id, parent_id, assignee_id, facts, closed_at, demonstration, id
FROM cases WHERE id = ?"""
REPEATED = """
SELECT seq, to_state, trigger FROM audit_entries
WHERE chain_id = ? AND actor_id = ? AND idempotency_key = ?"""
SEATS = """
SELECT capacity, organisation_id, person_id, name, id FROM case_participants
WHERE case_id = ? AND until_seq IS NULL ORDER BY id"""
CLOCKS = """
SELECT id, name, due_at, due_on, item_id, provisional, expires_at, anchor_on, anchor_at, derivation,
  opened_seq, met_at, expired_at, next_rung, next_rung_at
FROM case_deadlines WHERE case_id = ? AND closed_at IS NULL ORDER BY opened_seq, id"""
MEET = """
UPDATE case_deadlines SET met_at = ?, met_seq = ?, met_late = ?, closed_at = ? WHERE id = ?"""
OPEN = """
INSERT INTO case_deadlines (id, case_id, name, expiry, due_on, due_at, earliest_on, provisional,
  expires_at, anchor_on, anchor_at, derivation, calendar, opened_seq, met_late, next_rung,
  next_rung_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
TELL = """
INSERT INTO outbox_messages (id, case_id, seq, kind, urgent, template, role, organisation_id,
  person_id, data, created_at, release_at)
VALUES (?, ?, ?, 'notice', FALSE, ?, ?, ?, ?, ?, ?, ?)"""
ENTER = """
INSERT INTO audit_entries (chain_id, seq, chain, recorded_at, occurred_at, actor_id, actor_name,
  organisation_id, organisation_name, role, trigger, code, from_state, to_state, idempotency_key,
  flags, body, prev_hash, hash, algorithm)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
MOVE = """
UPDATE cases SET state = ?, state_since = ?, state_seq = ?, waits_role = ?, waits_capacity = ?,
  next_due_at = ?, next_due_name = ?, sort_due_at = ?, version = ?, last_seq = ?, last_hash = ?
WHERE id = ? AND last_seq = ?"""

STATEMENTS = (LOCK, REPEATED, SEATS, CLOCKS, MEET, OPEN, TELL, ENTER, MOVE)

encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


@dataclass(frozen=True)
class Move:
    """What the one lifecycle says of a move, as a program written for it would hold it."""

    source: str
    to: str
    code: str
    role: str
    meets: str
    opens: str
    expiry: str
    waits_role: str
    waits_capacity: str
    told_role: str
    told_capacity: str


MOVES = {
    "forward": Move(
        "to_forward", "to_answer", "B2", "supervisor", "forwarding", "answering", "party_breach",
        "enterprise", "reported_unit", "enterprise", "reported_unit",
    ),
    "pass_back": Move(
        "to_answer", "to_forward", "B3", "enterprise", "answering", "forwarding", "target",
        "supervisor", "lead", "supervisor", "lead",
    ),
}  # fmt: skip


@cache
def ready(name: str, on: date) -> Mapping[str, Any]:
    """The clock of that name begun on that day, worked out beforehand."""
    found = new_clock(
        LAW,
        Exchange.deadlines[name],
        case_id=UUID(int=0),
        anchor_at=datetime(on.year, on.month, on.day, tzinfo=UTC),
        anchor_on=on,
        given={},
        cycle_year=None,
        trigger="",
        seq=0,
        since=datetime(on.year, on.month, on.day, tzinfo=UTC),
    )
    assert found is not None
    return found


def body_of(
    case_id: UUID, move: Move, trigger: str, opened: Mapping[str, Any], actor: Actor,
    now: datetime, seq: int, previous: str, key: str, remark: str,
) -> str:  # fmt: skip
    return encode({
        "format": 1,
        "algorithm": "sha256",
        "chain": "case",
        "chain_id": str(case_id),
        "seq": seq,
        "previous": previous,
        "recorded_at": instant(now),
        "occurred_at": instant(now),
        "actor": {"id": str(actor.person_id), "name": actor.person_name},
        "organisation": {"id": str(actor.organisation_id), "name": actor.organisation_name},
        "on_behalf_of": None,
        "role": move.role,
        "trigger": trigger,
        "code": move.code,
        "from": move.source,
        "to": move.to,
        "key": key,
        "flags": "",
        "details": {
            "lifecycle": f"{Exchange.key}/{Exchange.version}",
            "law": LAW.version,
            "calendar": LAW.calendar.version,
            "inputs": {"remark": remark},
            "clocks": {
                "met": [move.meets],
                "opened": [{"name": move.opens, "due": opened["due_on"].isoformat()}],
            },
        },
    })  # fmt: skip


class Floor:
    """Acts on one case. One per engine: each tells how its driver takes ids and instants."""

    name = "by hand, bare driver"

    def __init__(self, scene: Scene, case_id: UUID) -> None:
        self.scene = scene
        self.case_id = case_id

    begin: Callable[[], object]
    execute: Callable[[str, tuple[Any, ...]], Any]
    commit: Callable[[], object]
    close: Callable[[], object]

    def id(self, value: UUID) -> Any:
        raise NotImplementedError

    def at(self, value: datetime) -> Any:
        raise NotImplementedError

    def day(self, value: date) -> Any:
        raise NotImplementedError

    def act(self, trigger: str, now: datetime, version: int, key: str, remark: str) -> None:
        """Do the act durably."""
        actor, move, on = self.scene.actor_of(trigger), MOVES[trigger], local_date(now)
        case_id, at = self.id(self.case_id), self.at(now)
        self.begin()
        (state, seen, last_seq, previous, number, subject, authority, *_) = self.execute(
            LOCK, (case_id,)
        ).fetchone()
        seq = last_seq + 1
        request = (case_id, self.id(actor.person_id), key)
        if self.execute(REPEATED, request).fetchone() is not None:
            raise RuntimeError("repeated")
        seats = self.execute(SEATS, (case_id,)).fetchall()
        own = {
            capacity
            for capacity, organisation, person, *_ in seats
            if organisation == self.id(actor.organisation_id)
            and person in {None, self.id(actor.person_id)}
        }
        if not own or state != move.source or seen != version:
            raise RuntimeError("refused")
        clocks = self.execute(CLOCKS, (case_id,)).fetchall()
        [(met_id, due_at)] = [(c[0], c[2]) for c in clocks if c[1] == move.meets]
        opened = ready(move.opens, on)
        self.execute(MEET, (at, seq, at > due_at, at, met_id))
        self._open(move, trigger, opened, now, seq)
        for capacity, organisation, person, *_ in seats:
            if capacity == move.told_capacity:
                told = {"number": number, "subject": subject, "state": move.to}
                lead = capacity == "lead"
                self.execute(TELL, (
                    self.id(new_id()), case_id, seq, f"{Exchange.key}.{trigger}", move.told_role,
                    authority if lead else organisation, None if lead else person,
                    compact(told), at, at,
                ))  # fmt: skip
        body = body_of(self.case_id, move, trigger, opened, actor, now, seq, previous, key, remark)
        digest = hashlib.sha256(body.encode()).hexdigest()
        self.execute(ENTER, (
            case_id, seq, "case", at, at, self.id(actor.person_id), actor.person_name,
            self.id(actor.organisation_id), actor.organisation_name, move.role, trigger, move.code,
            move.source, move.to, key, "", body, previous, digest, "sha256",
        ))  # fmt: skip
        due = self.at(opened["due_at"])
        self.execute(MOVE, (
            move.to, at, seq, move.waits_role, move.waits_capacity, due, move.opens, due,
            version + 1, seq, digest, case_id, last_seq,
        ))  # fmt: skip
        self.commit()

    def _open(
        self, move: Move, trigger: str, opened: Mapping[str, Any], now: datetime, seq: int
    ) -> None:
        on, at, due_at = opened["anchor_on"], self.at(now), self.at(opened["due_at"])
        derivation = {
            **opened["derivation"],
            "anchor": {"trigger": trigger, "on": on.isoformat(), "at": now.isoformat()},
        }
        self.execute(OPEN, (
            self.id(new_id()), self.id(self.case_id), move.opens, move.expiry,
            self.day(opened["due_on"]), due_at, self.day(opened["earliest_on"]), False, due_at,
            self.day(on), at, compact(derivation), opened["calendar"], seq, False,
            opened["next_rung"],
            opened["next_rung_at"] and self.at(opened["next_rung_at"]),
        ))  # fmt: skip


class SqliteFloor(Floor):
    """Over ``sqlite3``: ids are 32 hexadecimal digits, instants text of fixed width."""

    def __init__(self, scene: Scene, case_id: UUID) -> None:
        super().__init__(scene, case_id)
        connection = sqlite3.connect(str(scene.database.url.database), isolation_level=None)
        for pragma in ("journal_mode=wal", "synchronous=normal", "foreign_keys=on",
                       "busy_timeout=5000", "cache_size=-16000"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")
        self.begin = lambda: connection.execute("BEGIN IMMEDIATE")
        self.execute = connection.execute
        self.commit = lambda: connection.execute("COMMIT")
        self.close = connection.close

    def id(self, value: UUID) -> str:
        return value.hex

    def at(self, value: datetime) -> str:
        return value.isoformat(" ", "microseconds")[:26]

    def day(self, value: date) -> str:
        return value.isoformat()


class PostgresFloor(Floor):
    """Over ``psycopg``, which prepares what it is asked often, as it does below `fire`."""

    def __init__(self, scene: Scene, case_id: UUID) -> None:
        super().__init__(scene, case_id)
        url = scene.database.url.set(drivername="postgresql")
        connection = psycopg.connect(url.render_as_string(hide_password=False))
        connection.execute("SET TIME ZONE 'UTC'")
        connection.commit()
        texts: dict[str, Any] = {one: one.replace("?", "%s") for one in STATEMENTS}
        texts[LOCK] += " FOR UPDATE"
        self.begin = lambda: None  # the driver says BEGIN itself
        self.execute = lambda statement, values: connection.execute(texts[statement], values)
        self.commit = connection.commit
        self.close = connection.close

    def id(self, value: UUID) -> UUID:
        return value

    def at(self, value: datetime) -> datetime:
        return value

    def day(self, value: date) -> date:
        return value


def floor(scene: Scene, case_id: UUID) -> Floor:
    """The floor of the scene's engine."""
    return (SqliteFloor if scene.engine == "sqlite" else PostgresFloor)(scene, case_id)


def printed(engine: str) -> str:
    """The statements of the floor in their order, for whoever wants to check them."""
    texts = [one.strip() for one in STATEMENTS]
    if engine == "postgresql":
        texts = [one.replace("?", "%s") for one in texts]
        texts[0] += " FOR UPDATE"
    begin = "BEGIN IMMEDIATE" if engine == "sqlite" else "BEGIN"
    return ";\n".join([begin, *texts, "COMMIT"]) + ";"
