"""The page of one entry with its proof."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.accounts.sessions import current_actor
from app.assurance.entry_proof import Proven, proven
from app.assurance.selection import CASE
from app.assurance.views import assurance
from app.audit.keys import fingerprint
from app.audit.status import LONGEST_GAP
from app.cases.escalation.records import CHAIN as ESCALATIONS
from app.cases.models import Case, Escalation
from app.cases.sight import visible_to
from app.cases.values import Shown, all_shown, names_in
from app.cases.views import page_of
from app.db import request_session
from app.engine.inputs import Input
from app.law.labels import Label
from app.workflows import LIFECYCLES


@assurance.get("/log/<uuid:chain_id>/<int:seq>")
def entry(chain_id: UUID, seq: int) -> ResponseReturnValue:
    """One entry in words, as it was hashed, and what proves it; personal values stay closed."""
    found = proven(request_session(), current_actor(), chain_id, seq)
    if found is None:
        abort(404)
    if (case_id := _case_of(found)) is not None:
        page_of(case_id)  # a restricted case is read for a reason only
    fields = _inputs(found)
    return render_template(
        "assurance/entry.html",
        proven=found,
        row=found.row,
        cov=found.covered,
        shown=_shown(found, fields),
        closed=_closed(found, fields),
        late=found.told["details"].get("late"),
        pretty=json.dumps(found.told, ensure_ascii=False, indent=2),
        latest=found.row.recorded_at + LONGEST_GAP,
        fingerprint=fingerprint,
        is_case=found.row.chain == CASE,
    )


def _case_of(found: Proven) -> UUID | None:
    """The case an entry tells of, itself or by its escalations, if it is in sight."""
    if found.row.chain == CASE:
        return UUID(str(found.row.chain_id))
    if found.row.chain != ESCALATIONS:
        return None
    query = (
        select(Case.id)
        .join(Escalation, Escalation.case_id == Case.id)
        .where(
            Escalation.id == UUID(found.told["details"]["escalation"]), visible_to(current_actor())
        )
    )
    return request_session().scalar(query)


def _inputs(found: Proven) -> Sequence[Input]:
    declared = LIFECYCLES.get(found.row.lifecycle or "")
    act = declared.transitions.get(found.row.trigger) if declared else None
    return act.all_inputs if act else ()


def _shown(found: Proven, fields: Sequence[Input]) -> list[Shown]:
    told: dict[str, Any] = found.told["details"].get("inputs") or {}
    return all_shown(fields, told, names_in(request_session(), fields, told))


def _closed(found: Proven, fields: Sequence[Input]) -> list[tuple[Label, str]]:
    """What the entry only commits to: its name, and the commitment."""
    labels = {field.name: field.label for field in fields}
    committed: dict[str, str] = found.told.get("commitments", {})
    return [(labels.get(name) or Label(name, name), kept) for name, kept in committed.items()]
