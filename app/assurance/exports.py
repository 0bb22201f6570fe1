"""Exports: what every format is handed, and what it hands back.

A format is a `Writer`: it streams the chains of a selection into a file. Personal and sealed
values stand in it as the commitments of the entries, unless `PrivateValues` gives them away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Final, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assurance.selection import Selection
from app.audit.models import AuditEntry, PrivateValue
from app.engine.actors import Actor
from app.law.labels import Label

Progress = Callable[[int], None]
"""Told how many entries were written since it was told last."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much an export holds; ``values`` are personal or sealed ones given away."""

    chains: int = 0
    entries: int = 0
    values: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What an export says of itself."""

    made_at: datetime
    actor: Actor
    """Who asked for it; at the command line the system."""
    chosen: Label
    """The selection in words."""
    masked: bool = True
    reason: str = ""
    """Why values are given away, or why the operator made it."""
    against: tuple[int, ...] = ()
    """Numbers of checkpoints it shall be proven against besides the usual ones."""


class Writer(Protocol):
    """One format. ``key`` is its name at the command line and in the entry of an export."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def purpose(self) -> Label:
        """In a sentence, what it is for."""
        ...

    @property
    def suffix(self) -> str:
        """With its dot: ``.jsonl``."""
        ...

    @property
    def media_type(self) -> str: ...

    def write(
        self,
        session: Session,
        chosen: Selection,
        out: BinaryIO,
        *,
        private: PrivateValues,
        told: Told,
        progress: Progress,
    ) -> Counts:
        """Write the chains of the selection, one at a time; ``session`` reads one state.

        ``out`` is a file opened for writing bytes; the writer leaves it open.
        """
        ...


# Personal and sealed values ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntryValues:
    """What is kept apart of one entry: ``known`` is {name: (salt, canonical JSON of the value)}.

    ``destroyed`` are the names of those a retention act has blanked; empty in a masked export.
    """

    known: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    destroyed: tuple[str, ...] = ()

    def value(self, name: str) -> Any:
        """The value itself. Raises KeyError where it is not given away."""
        return json.loads(self.known[name][1])


NOTHING: Final = EntryValues()


class PrivateValues:
    """Gives the personal and sealed values of a chain's entries, or, masked, never any."""

    def __init__(self, session: Session, *, masked: bool = True) -> None:
        self._session = session
        self.masked = masked
        self.revealed: set[UUID] = set()
        """Chains of which a value was given away."""

    def of(self, chain_id: UUID, entries: Sequence[AuditEntry]) -> dict[int, EntryValues]:
        """Return what is given away of each entry, by its number; of most there is nothing."""
        if self.masked or not any('"commitments":{' in each.body for each in entries):
            return {}
        query = (
            select(PrivateValue.seq, PrivateValue.name, PrivateValue.salt, PrivateValue.value)
            .where(PrivateValue.chain_id == chain_id)
            .order_by(PrivateValue.seq, PrivateValue.name)
            .execution_options(case_seen=True)
        )
        known: dict[int, dict[str, tuple[str, str]]] = {}
        destroyed: dict[int, list[str]] = {}
        for row in self._session.execute(query):
            if row.salt:
                known.setdefault(row.seq, {})[row.name] = (row.salt, row.value)
            else:
                destroyed.setdefault(row.seq, []).append(row.name)
        if known:
            self.revealed.add(chain_id)
        return {
            seq: EntryValues(known.get(seq, {}), tuple(destroyed.get(seq, ())))
            for seq in known.keys() | destroyed.keys()
        }
