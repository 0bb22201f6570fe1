"""What an act leaves in the chain of its case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.audit import chain, sealing
from app.engine.inputs import Input

if TYPE_CHECKING:
    from app.cases.step import Step


def write(step: Step, to_state: str) -> dict[str, Any]:
    """Write the entry of an act and return its row.

    Personal and sealed inputs stand in it as salted commitments; their values are kept apart, the
    sealed ones encrypted. Raises vault.NoVault where there is no key to seal one with.
    """
    row, transition = step.row, step.transition
    secret, open_ = parted(transition.all_inputs, step.inputs)
    commitments, kept = chain.commit_to(row["id"], step.seq, secret)
    sealed = {field.name for field in transition.all_inputs if field.sealed}
    keys = sealing.seal(step.session, kept, sealed)
    details: dict[str, Any] = {
        "lifecycle": f"{row['lifecycle']}/{row['lifecycle_version']}",
        "law": step.law.version,
        "calendar": step.law.calendar.version,
        "inputs": open_,
    }
    if transition.documents:
        details["documents"] = [document.name for document in transition.documents]
    if step.late_reason:
        details["late"] = {"reason": step.late_reason, "proof": list(step.proof)}
    if step.decides is not None:
        details["decides"] = step.decides.told
    details |= step.noted
    flags = [
        name
        for name, holds in (
            ("late", step.late_reason is not None),
            ("received", transition.received),
            ("recorded", step.recorded),
        )
        if holds
    ]
    entry = chain.seal(
        chain="case",
        chain_id=row["id"],
        seq=step.seq,
        prev_hash=row["last_hash"],
        recorded_at=step.now,
        occurred_at=step.occurred_at,
        actor=step.actor,
        role=step.role,
        trigger=transition.name,
        code=transition.code,
        from_state=None if transition.opens else row["state"],
        to_state=to_state,
        idempotency_key=step.key,
        flags=",".join(flags),
        details=details,
        commitments=commitments,
    )
    step.write(chain.INSERT_ENTRY, entry)
    if kept:
        step.write(chain.INSERT_VALUES, kept)
    if keys:
        step.write(sealing.INSERT_KEYS, keys)
    return entry


def parted(
    declared: Sequence[Input], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part typed values into those kept secret and those that may stand in the open."""
    hidden = {field.name for field in declared if field.personal or field.sealed}
    secret = {name: value for name, value in values.items() if name in hidden}
    return secret, {name: value for name, value in values.items() if name not in hidden}
