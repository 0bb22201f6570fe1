"""The evidence bundle 证据包 of a case: who may make one, what goes out, making and recording it.

A court or an auditor gets one ZIP: the bound case file, every file as stored, the chains of the
case with the proofs of the checkpoints, the public key, the verifier, a page that explains it all.
The same state of the record gives whoever makes it at the same instant the same bytes.

What identifies a whistle-blower, what was deliberated and every other paper of the side volume go
out only if asked for with a reason; personal and sealed values of the entries likewise.

Making one is an entry of the maker's chain of exports and none of the case's own. Unlike compiling
the case file, it is no act of the procedure: an auditor may make one who may not act on the case;
the party reads the case's chain, and need not learn from it who looked; and an entry there would
make the next bundle differ although nothing happened in the case.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.assurance import proofs
from app.assurance.bundle_parts import Parts, Report, silent, write
from app.assurance.bundle_scope import Order, is_covered, scope_of
from app.assurance.exports import CHAIN, ReasonMissing, chain_of_exports
from app.audit import chain, checkpoints, keys
from app.audit.reads import Restricted, record_read
from app.cases.files import FileStore
from app.cases.models import Case
from app.db import Database
from app.documents.casefile_binding import digest_of
from app.law.periods import local_date
from config import Settings

TRIGGER: Final = "export_bundle"
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A bundle that was made and recorded. ``seq`` is its entry in the chain ``chain_id``."""

    number: str
    size: int
    sha256: str
    parts: Parts
    chain_id: UUID
    seq: int


def make(
    database: Database,
    files: FileStore,
    settings: Settings,
    order: Order,
    out: Path,
    *,
    report: Report = silent,
) -> Made:
    """Write the bundle to ``out`` and record it; hand the file on only after this returns.

    What no full checkpoint covers yet is covered first, if the key is at hand. Raises NoSuchCase,
    NotPermitted, ReasonMissing, CannotUnmask, proofs.NotAnAnchor, OSError, and DocumentRefused
    where the store does not hold what an entry says; nothing is recorded then.
    """
    if (order.side or order.unmask) and not order.reason.strip():
        raise ReasonMissing
    with database.read() as session:
        scope = scope_of(session, order)
        newest = checkpoints.latest(session, full=True)
        uncovered = newest is None or not is_covered(session, scope.cases, newest.number)
    if uncovered:
        _cover(database, settings, order.now)
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        parts = build(database, files, order, out, Path(folder), report=report)
    sha256, size = digest_of(out), out.stat().st_size
    seq = database.write(
        lambda session: _recorded(session, order, scope.case, parts, sha256=sha256, size=size)
    )
    return Made(
        number=scope.case.number,
        size=size,
        sha256=sha256,
        parts=parts,
        chain_id=chain_of_exports(order.actor.organisation_id, order.now),
        seq=seq,
    )


def build(
    database: Database, files: FileStore, order: Order, out: Path, folder: Path, *, report: Report
) -> Parts:
    """Write the ZIP from one reading of the database, and record nothing. Raises as `make`."""
    with database.read() as session:
        scope = scope_of(session, order)
        anchors = proofs.anchors(session, order.against)
        return write(session, files, order, scope, anchors, out, folder, report=report)


def _cover(database: Database, settings: Settings, now: datetime) -> None:
    # Without the key, what was signed before still proves what it covers.
    with suppress(keys.NoKey):
        proofs.cover_everything(database, checkpoints.key_of(database, settings.audit_key), now)


def _recorded(
    session: Session, order: Order, case: Case, parts: Parts, *, sha256: str, size: int
) -> int:
    """Write the entry of the bundle, and of each restricted thing in it that it was read."""
    actor, now, reason = order.actor, order.now, order.reason.strip()
    if order.side:
        for case_id in parts.cases:
            record_read(
                session, actor, chain_id=case_id, what=Restricted.SIDE_VOLUME, reason=reason,
                now=now,
            )  # fmt: skip
    for chain_id, names in parts.revealed:
        record_read(
            session, actor, chain_id=chain_id, what=Restricted.VALUES, reason=reason, now=now,
            names=names,
        )  # fmt: skip
    body = {
        "case": case.number,
        "case_id": case.id,
        "cases": parts.cases,
        "family": order.family,
        "side_volume": order.side,
        "masked": not order.unmask,
        "reason": reason,
        "anchors": parts.anchors,
        "originals": parts.files,
        "entries": parts.entries,
        "values": parts.values,
        "bytes": size,
        "sha256": sha256,
    }
    return chain.append(
        session, CHAIN, trigger=TRIGGER, actor=actor, body=body, now=now,
        chain_id=chain_of_exports(actor.organisation_id, now),
        label=chain.day_label(actor.organisation_name, local_date(now)),
    )  # fmt: skip
