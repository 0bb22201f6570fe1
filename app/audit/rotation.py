"""Changing the key that signs checkpoints, so that whoever holds the first one can follow.

The old key names its successor in a full checkpoint and signs it; from then on it signs nothing
more, and the new key takes its place. Each step leaves something behind by which the next run
knows how far the one before came, so a rotation that was cut off is completed by rotating again:

    1  ``audit.pem.new``       the new key lies beside the old one
    2  entry and checkpoint    in one transaction: the newest checkpoint names the new key
    3  ``audit-1a2b3c4d.pem``  the old key under the first eight digits of its public key
    4  ``audit.pem``           the new key, in the place of the old one, in one step

Where the old key is lost nobody can name a successor: the break stays visible for ever, and the
entry says why.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import chain, checkpoints, keys
from app.audit.models import Checkpoint
from app.db import Database
from app.engine.actors import SYSTEM_ACTOR

CHAIN: Final = "administration"
NAME_DIGITS: Final = 8


class KeyNotLost(Exception):
    """The key that the newest checkpoint names lies in its place: rotate it."""


class NothingSigned(Exception):
    """No checkpoint was ever made: there is no key to change."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A key took the place of another; ``checkpoint`` is the one made for it."""

    old: str
    new: str
    checkpoint: int


def rotate(database: Database, path: Path, now: datetime) -> Changed:
    """Let a new key follow the present one, or complete a rotation that was cut off.

    Raises keys.NoKey where the present one is not there to sign, `NothingSigned` before the first
    checkpoint.
    """
    newest = _newest(database)
    fresh = _fresh(path)
    if _named(newest) != fresh.public:  # else a run before came this far
        present = keys.load(path)
        newest = _hand_over(database, present, fresh.public, now)
    old: str = checkpoints.told(newest)["key"]
    _put_in_place(path, old)
    return Changed(old, fresh.public, newest.number)


def replace(database: Database, path: Path, reason: str, now: datetime) -> Changed:
    """Begin anew with another key because the old one is lost, or complete that.

    Raises `KeyNotLost` where it is there, `NothingSigned` before the first checkpoint.
    """
    newest = _newest(database)
    new_path = _beside(path)
    waiting = keys.load(new_path).public if new_path.exists() else None
    if waiting is not None and _named(newest) == waiting:
        signer = checkpoints.told(newest)["key"]
        if signer != waiting:  # a rotation that only wants to be completed
            raise KeyNotLost
        lost = _lost(database, newest.number)
    else:
        lost = _named(newest)
        if _is_there(path, lost):
            raise KeyNotLost
        newest = _begin_anew(database, _fresh(path), lost, reason, now)
    _put_in_place(path, lost)
    return Changed(lost, _named(newest), newest.number)


def signs_since(session: Session, public: str) -> int | None:
    """Return the number of the first checkpoint signed by a key; nothing before there is one."""
    text = f'"key":"{public}"'
    query = select(func.min(Checkpoint.number)).where(Checkpoint.body.contains(text))
    return session.scalar(query)


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but its owner may read the file of the key."""
    return bool(path.stat().st_mode & 0o077)


# The steps ---------------------------------------------------------------------------------------


def _newest(database: Database) -> Checkpoint:
    with database.read() as session:
        found = checkpoints.latest(session)
    if found is None:
        raise NothingSigned
    return found


def _named(checkpoint: Checkpoint) -> str:
    """The key that signs what comes after a checkpoint."""
    named: str = checkpoints.told(checkpoint)["next_key"]
    return named


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _fresh(path: Path) -> keys.SigningKey:
    """The new key: made, or found where a run before had made it."""
    beside = _beside(path)
    return keys.load(beside) if beside.exists() else keys.make(beside)


def _hand_over(database: Database, present: keys.SigningKey, new: str, now: datetime) -> Checkpoint:
    """Enter the rotation and let a full checkpoint, signed by the old key, name the new one."""
    told = {"old": present.public, "new": new}
    made = checkpoints.make(
        database, present, now, full=True, next_key=new,
        first=lambda session: _enter(session, "rotate_key", now, told),
    )  # fmt: skip
    assert made is not None  # a full one always is
    return made


def _begin_anew(
    database: Database, fresh: keys.SigningKey, lost: str, reason: str, now: datetime
) -> Checkpoint:
    told = {"old": lost, "new": fresh.public, "reason": reason}
    made = checkpoints.make(
        database, fresh, now, full=True, after_loss=True,
        first=lambda session: _enter(session, "replace_lost_key", now, told),
    )  # fmt: skip
    assert made is not None
    return made


def _enter(session: Session, trigger: str, now: datetime, told: Mapping[str, object]) -> None:
    chain.append(session, CHAIN, trigger=trigger, actor=SYSTEM_ACTOR, body=told, now=now)


def _lost(database: Database, number: int) -> str:
    """The key that should have signed a checkpoint."""
    with database.read() as session:
        before = session.get_one(Checkpoint, number - 1)
    return _named(before)


def _is_there(path: Path, public: str) -> bool:
    try:
        return keys.load(path).public == public
    except keys.NoKey:
        return False


def _put_in_place(path: Path, old: str) -> None:
    """Let the new key take the place in one step; whatever lay there is kept beside it."""
    if path.exists():
        kept = _kept_as(path, old)
        if not kept.exists():
            os.link(path, kept)
    _beside(path).replace(path)
    keys.settle(path.parent)


def _kept_as(path: Path, old: str) -> Path:
    """The name under which what lies in the place is kept; a free one if it is not the key."""
    if _is_there(path, old):
        return path.with_name(f"{path.stem}-{old[:NAME_DIGITS]}{path.suffix}")
    number = 1
    while (kept := path.with_name(f"{path.stem}-unusable-{number}{path.suffix}")).exists():
        number += 1
    return kept
