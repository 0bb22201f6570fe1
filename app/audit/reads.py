"""Reads of restricted content: who read what that is closed to others, when, and why.

They stand in the chains ``reads``, one by organisation and day, which auditors read. An entry is
committed before anything is shown, so that a read nobody can prove did not happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import chain
from app.engine.actors import Actor
from app.law.labels import Label
from app.law.periods import local_date

CHAIN: Final = "reads"
TRIGGER: Final = "read_restricted"


class Restricted(StrEnum):
    """What was read."""

    VALUES = "values"
    SIDE_VOLUME = "side_volume"
    ARCHIVE = "archive"
    EVIDENCE = "evidence"
    CASE = "case"

    @property
    def label(self) -> Label:
        """Its name in both languages."""
        return _LABELS[self]


_LABELS: Final = {
    Restricted.VALUES: Label("密封内容", "sealed values of an entry"),
    Restricted.SIDE_VOLUME: Label("案卷副卷", "side volume of the case file"),
    Restricted.ARCHIVE: Label(
        "案卷归档包（含副卷）", "archive of the case file, side volume included"
    ),
    Restricted.EVIDENCE: Label("内部证据", "internal evidence"),
    Restricted.CASE: Label("保密案件", "restricted case"),
}


def record_read(
    session: Session,
    actor: Actor,
    *,
    chain_id: UUID,
    what: Restricted,
    reason: str,
    now: datetime,
    seq: int | None = None,
    names: Sequence[str] = (),
) -> int:
    """Record that somebody reads restricted content of a chain, and return the entry's number.

    ``chain_id`` is the case; ``seq`` the entry or compilation read, ``names`` the inputs in it.
    ``reason`` is empty where the law itself gives the access. Show nothing before the commit.
    """
    told = {
        "chain": chain_id,
        "entry": seq,
        "what": what,
        "names": sorted(names),
        "reason": reason,
    }
    day = local_date(now)
    return chain.append(
        session, CHAIN, trigger=TRIGGER, actor=actor, body=told, now=now,
        chain_id=chain.chain_id_of(f"{CHAIN}:{actor.organisation_id}:{day}"),
        label=chain.day_label(actor.organisation_name, day),
    )  # fmt: skip
