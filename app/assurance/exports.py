"""Exports: what every format is handed, and how one is made and recorded.

A format is a `Writer`: it streams the chains of a selection into a file. Personal and sealed
values stand in it as the commitments of the entries, unless `PrivateValues` gives them away.
Each export is an entry of the chains ``exports``, one by organisation and day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assurance import proofs
from app.assurance.selection import Selection, chains, holds_restricted
from app.assurance.selection_words import fields, in_words
from app.audit import chain, checkpoints, keys, sealing
from app.audit.models import AuditEntry, PrivateValue
from app.audit.reads import Restricted, record_read
from app.db import Database
from app.engine.actors import Actor
from app.law.labels import Label
from app.law.periods import local_date
from config import Settings

CHAIN: Final = "exports"
TRIGGER: Final = "export"
_AT_ONCE: Final = 100
"""Reads recorded in one transaction."""

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
    anchors: tuple[int, ...] = ()
    """Full checkpoints to prove it against, the smallest first; see `proofs.anchors`."""


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
    """Gives the personal and sealed values of a chain's entries, or, masked, never any.

    Raises CannotUnmask for one that nobody can open.
    """

    def __init__(self, session: Session, *, masked: bool = True) -> None:
        self._session = session
        self.masked = masked
        self.revealed: dict[UUID, set[str]] = {}
        """Chains of which values were given away, with the names of these."""

    def of(self, chain_id: UUID, entries: Sequence[AuditEntry]) -> dict[int, EntryValues]:
        """Return what is given away of each entry, by its number; of most there is nothing."""
        if self.masked or not any('"commitments":{' in each.body for each in entries):
            return {}
        here = PrivateValue.chain_id == chain_id
        known: dict[int, dict[str, tuple[str, str]]] = {}
        found = sealing.opened(self._session, here, options={"case_seen": True})
        for (seq, name), one in found.items():
            if isinstance(one, sealing.Unopened):
                raise CannotUnmask(one)
            known.setdefault(seq, {})[name] = (one.salt, one.text)
        destroyed: dict[int, list[str]] = {}
        query = (
            select(PrivateValue.seq, PrivateValue.name)
            .where(here, PrivateValue.salt == "")
            .order_by(PrivateValue.seq, PrivateValue.name)
            .execution_options(case_seen=True)
        )
        for row in self._session.execute(query):
            destroyed.setdefault(row.seq, []).append(row.name)
        if known:
            names = {name for each in known.values() for name in each}
            self.revealed.setdefault(chain_id, set()).update(names)
        return {
            seq: EntryValues(known.get(seq, {}), tuple(destroyed.get(seq, ())))
            for seq in known.keys() | destroyed.keys()
        }


# Making one --------------------------------------------------------------------------------------


class ExportRefused(ValueError):
    """The export cannot be made as asked; ``label`` says why."""

    def __init__(self, label: Label) -> None:
        super().__init__(label.en)
        self.label = label


class ReasonMissing(ExportRefused):
    """Personal and sealed values are given away for a reason only."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "导出个人信息、密封内容和保密案件，须说明理由。",
                "Personal and sealed values and restricted cases go out for a reason only: "
                "state it.",
            )
        )


class CannotUnmask(ExportRefused):
    """A sealed value cannot be opened: it is exported masked, or not at all."""

    def __init__(self, why: sealing.Unopened) -> None:
        super().__init__(
            Label(
                f"密封内容{why.label.zh}可先导出隐去内容的版本。",
                f"A sealed value is in the way. {why.label.en} Export it masked meanwhile.",
            )
        )


class TooLarge(ExportRefused):
    """More entries than are written while somebody waits for the page."""

    def __init__(self, most: int) -> None:
        super().__init__(
            Label(
                f"所选记录超过 {most} 条，请用命令行导出。",
                f"More than {most} entries are meant: export them at the command line.",
            )
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written and recorded. ``seq`` is the number of its entry."""

    path: Path
    size: int
    sha256: str
    counts: Counts
    covered: bool
    """Whether everything could be covered by a checkpoint before."""
    chain_id: UUID
    seq: int


def size_of(session: Session, chosen: Selection, *, most: int | None = None) -> Counts:
    """Count the chains and entries meant. Raises TooLarge for more entries than ``most``."""
    found = entries = 0
    for head in chains(session, chosen):
        found, entries = found + 1, entries + head.last_seq + 1
    if most is not None and entries > most:
        raise TooLarge(most)
    return Counts(found, entries)


def export(
    database: Database,
    settings: Settings,
    actor: Actor,
    writer: Writer,
    chosen: Selection,
    *,
    out: Path,
    now: datetime,
    masked: bool = True,
    reason: str = "",
    against: Sequence[int] = (),
    progress: Progress = lambda _entries: None,
) -> Exported:
    """Write an export to ``out`` and record it; hand the file on only after this returns.

    Everything is covered by a full checkpoint first, if the key is at hand. Raises ReasonMissing,
    CannotUnmask, proofs.NotAnAnchor, OSError.
    """
    if not reason.strip() and (not masked or _reads_restricted(database, chosen)):
        raise ReasonMissing
    covered = _cover(database, settings, now)
    with database.read() as session:
        private = PrivateValues(session, masked=masked)
        told = Told(
            made_at=now,
            actor=actor,
            chosen=in_words(session, chosen),
            masked=masked,
            reason=reason.strip(),
            anchors=tuple(proofs.anchors(session, against)),
        )
        with out.open("wb") as file:
            counts = writer.write(
                session, chosen, file, private=private, told=told, progress=progress
            )
    with out.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = out.stat().st_size
    _record_reads(database, private, told)
    body = {
        "format": writer.key,
        "filter": fields(chosen),
        "chosen": {"zh": told.chosen.zh, "en": told.chosen.en},
        "masked": masked,
        "reason": told.reason,
        "anchors": told.anchors,
        "chains": counts.chains,
        "entries": counts.entries,
        "values": counts.values,
        "bytes": size,
        "sha256": digest,
    }
    chain_id = chain_of_exports(actor.organisation_id, now)
    seq = database.write(
        lambda session: chain.append(
            session, CHAIN, trigger=TRIGGER, actor=actor, body=body, now=now,
            chain_id=chain_id, label=chain.day_label(actor.organisation_name, local_date(now)),
        )
    )  # fmt: skip
    return Exported(out, size, digest, counts, covered, chain_id, seq)


def _reads_restricted(database: Database, chosen: Selection) -> bool:
    """Whether somebody would read restricted cases; the operator sees the whole log anyway."""
    if chosen.actor is None:
        return False
    with database.read() as session:
        return holds_restricted(session, chosen)


def chain_of_exports(organisation_id: UUID, now: datetime) -> UUID:
    """Return the id of the chain in which an organisation's exports of that local day stand."""
    return chain.chain_id_of(f"{CHAIN}:{organisation_id}:{local_date(now)}")


def _cover(database: Database, settings: Settings, now: datetime) -> bool:
    try:
        key = checkpoints.key_of(database, settings.audit_key)
        proofs.cover_everything(database, key, now)
    except keys.NoKey:  # none, or one that may not sign: the export says how far it is covered
        return False
    return True


def _record_reads(database: Database, private: PrivateValues, told: Told) -> None:
    """Record every chain whose values stand in the file as read by whoever asked for it."""
    found = sorted(private.revealed.items())
    for at in range(0, len(found), _AT_ONCE):
        database.write(partial(_record_some, some=found[at : at + _AT_ONCE], told=told))


def _record_some(session: Session, some: Sequence[tuple[UUID, set[str]]], told: Told) -> None:
    for chain_id, names in some:
        record_read(
            session, told.actor, chain_id=chain_id, what=Restricted.VALUES,
            reason=told.reason, now=told.made_at, names=sorted(names),
        )  # fmt: skip
