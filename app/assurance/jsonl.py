"""The export that proves itself: JSON Lines, each entry exactly as it was hashed.

    header      what was chosen, by whom, when; the public key; the anchors
    checkpoint  body and signature, from the oldest anchor to the newest checkpoint
    chain       id, kind, label, head, its proofs against the anchors; its entries follow
    entry       body as hashed, hash, algorithm; values given away; names of destroyed ones
    end         counts, and SHA-256 of every byte before this line

docs/audit.md lays each line out for whoever writes a verifier of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from sqlalchemy.orm import Session

from app.assurance import proofs
from app.assurance.exports import NOTHING, Counts, EntryValues, PrivateValues, Progress, Told
from app.assurance.selection import Selection, entries
from app.assurance.selection_words import fields
from app.audit import chain, checkpoints
from app.audit.models import AuditEntry
from app.law.labels import Label

FORMAT: Final = 1
"""Version of the layout of an export."""

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JsonLines:
    """The format."""

    key: Final = "jsonl"
    label: Final = Label("JSON Lines（含证明）", "JSON Lines with proofs")
    purpose: Final = Label(
        "逐条记录原文，附哈希值与存证点证明；外部人员可用 verify_export.py 独立核验。",
        "Every entry as it was hashed, with the proofs of the checkpoints: an outsider verifies it "
        "with verify_export.py.",
    )
    suffix: Final = ".jsonl"
    media_type: Final = "application/jsonl"

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
        """Write the lines."""
        lines = _Lines(out)
        lines.put(_header(session, chosen, told))
        if told.anchors:
            for link in proofs.links(session, told.anchors[0]):
                lines.put({"line": "checkpoint", **link})
        prover = proofs.Prover(session, told.anchors)
        chains = count = given = 0
        for head, its_entries in entries(session, chosen):
            lines.put(
                {
                    "line": "chain",
                    "chain_id": str(head.chain_id),
                    "chain": head.chain,
                    "label": head.label,
                    "last_seq": head.last_seq,
                    "last_hash": head.last_hash,
                    "proofs": prover.proofs(head.chain_id),
                }
            )
            values = private.of(head.chain_id, its_entries)
            for entry in its_entries:
                lines.put(_entry(entry, values.get(entry.seq, NOTHING)))
            chains, count = chains + 1, count + len(its_entries)
            given += sum(len(each.known) for each in values.values())
            progress(len(its_entries))
        counts = Counts(chains, count, given)
        lines.put(
            {
                "line": "end",
                "chains": chains,
                "entries": count,
                "values": given,
                "sha256": lines.digest,
            }
        )
        return counts


class _Lines:
    """Writes lines and hashes what it writes."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of what was written so far."""
        return self._hash.hexdigest()

    def put(self, line: Mapping[str, object]) -> None:
        data = _encode(line).encode() + b"\n"
        self._hash.update(data)
        self._out.write(data)


def _header(session: Session, chosen: Selection, told: Told) -> dict[str, Any]:
    newest = checkpoints.latest(session)
    return {
        "line": "header",
        "tanjian_export": FORMAT,
        "made_at": chain.instant(told.made_at),
        "made_by": {
            "id": str(told.actor.person_id),
            "name": told.actor.person_name,
            "organisation": told.actor.organisation_name,
        },
        "selection": {"zh": told.chosen.zh, "en": told.chosen.en, **fields(chosen)},
        "masked": told.masked,
        "reason": told.reason,
        "public_key": checkpoints.told(newest)["key"] if newest else "",
        "anchors": list(told.anchors),
        "covered": _covered(session),
    }


def _covered(session: Session) -> dict[str, Any]:
    """Up to where the installation was covered when the export was made."""
    newest = checkpoints.latest(session, full=True)
    if newest is None:
        return {"checkpoint": None, "made_at": None, "whole": False}
    last = checkpoints.latest(session)
    whole = last is not None and last.full and not checkpoints.anything_uncovered(session)
    return {
        "checkpoint": newest.number,
        "made_at": chain.instant(newest.made_at),
        "whole": whole,
    }


def _entry(entry: AuditEntry, values: EntryValues) -> dict[str, Any]:
    line: dict[str, Any] = {
        "line": "entry",
        "body": entry.body,
        "hash": entry.hash,
        "algorithm": entry.algorithm,
    }
    if values.known:
        line["values"] = {
            name: {"salt": salt, "value": value} for name, (salt, value) in values.known.items()
        }
    if values.destroyed:
        line["destroyed"] = list(values.destroyed)
    return line
