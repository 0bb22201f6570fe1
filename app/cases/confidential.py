"""Restricted cases 保密案件: making a case one, ending it, and the reason an auditor reads one for.

Who sees a restricted case says `app.cases.sight`. Both acts stand in the chain of the case, where
the authority alone reads them, and take its tracks along: those are papers of its file, and never
restricted for themselves. What a restricted case opens begins as a restricted one.

An auditor sees every restricted case of their body in lists, and reads one only after saying why:
the entry stands in the chain of reads before anything is shown and serves for `READ_FOR`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit import reads
from app.audit.models import AuditEntry
from app.cases.errors import BadInputs, NoSuchCase, NotPermitted
from app.cases.models import Case
from app.cases.operations import locked
from app.cases.page import CasePage
from app.cases.records import append
from app.cases.restricted import LONGEST_REASON
from app.cases.sight import id_for, is_named
from app.cases.snapshot import SEEN, Snapshot
from app.db import table_of
from app.engine.actors import LEADER, SUPERVISOR, Actor, Role
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label
from app.workflows import LIFECYCLES, by_version

RESTRICT: Final = "restrict"
OPEN_UP: Final = "open_up"
MARKERS: Final = (SUPERVISOR, LEADER)
"""Who makes a case a restricted one and ends it."""
READ_FOR: Final = timedelta(days=1)
"""How long an auditor reads a restricted case for the reason once given."""

cases = table_of(Case)

LABELS: Final[Mapping[str, Label]] = {
    RESTRICT: Label("设为保密案件", "Made a restricted case"),
    OPEN_UP: Label("解除保密", "No longer a restricted case"),
}
"""How the two acts are named on screens."""


class ReasonNeeded(Exception):
    """The case is read only after a reason was recorded."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__(str(case_id))
        self.case_id = case_id


def may_mark(page: CasePage) -> bool:
    """Whether the person may make the case a restricted one, or end it; a track goes with its."""
    return stands_for(page.actor, page.capacities, MARKERS) is not None and not _is_track(page.case)


def _is_track(case: Case) -> bool:
    """Whether some lifecycle has such a track: asked on every page, and so of no table."""
    return any(
        child.track and (child.lifecycle, child.name) == (case.lifecycle, case.parent_link)
        for lifecycle in LIFECYCLES.values()
        for child in lifecycle.children.values()
    )


def mark(
    session: Session, case_id: UUID, reason: str, *, restricted: bool, actor: Actor, now: datetime
) -> int:
    """Make a case a restricted one, or end it; return the number of the entry.

    Raises NoSuchCase for somebody who does not see it, NotPermitted for anybody but a supervisor or
    a leader of the authority that leads it and for a track, and BadInputs without a reason or for
    what is so already.
    """
    if session.scalar(id_for(actor, case_id)) is None:
        raise NoSuchCase
    view = locked(session, case_id)
    [case] = session.scalars(select(Case).where(Case.id == case_id), execution_options=SEEN)
    if stands_for(actor, view.capacities_of(actor), MARKERS) is None or _is_track(case):
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to(MARKERS))])
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise BadInputs(
            {
                "reason": Label(
                    f"请填写理由，最多 {LONGEST_REASON} 字。",
                    f"Give a reason of at most {LONGEST_REASON} characters.",
                )
            }
        )
    if view.row["restricted"] == restricted:
        raise BadInputs({"reason": Label("该案已是如此。", "The case is so already.")})
    told = {"reason": said}
    for track in _tracks_of(view):
        if track.row["restricted"] != restricted:
            because = {"id": case_id, "number": view.row["number"]}
            _set(track, actor, {**told, "parent": because}, now, restricted=restricted)
            if restricted and track.row["assignee_id"] is None:
                _set_handler(track, view.row["assignee_id"])
    return _set(view, actor, told, now, restricted=restricted)


def _tracks_of(view: Snapshot) -> list[Snapshot]:
    lifecycle = by_version(view.row["lifecycle"], view.row["lifecycle_version"])
    links = [child.name for child in lifecycle.children.values() if child.track]
    query = select(cases.c.id).where(cases.c.parent_id == view.id, cases.c.parent_link.in_(links))
    found = view.session.scalars(query.order_by(cases.c.id), execution_options=SEEN).all()
    return [locked(view.session, track_id) for track_id in found]


def _set(
    view: Snapshot, actor: Actor, told: Mapping[str, Any], now: datetime, *, restricted: bool
) -> int:
    seq = append(view, RESTRICT if restricted else OPEN_UP, actor, told, now)
    view.session.execute(update(cases).where(cases.c.id == view.id).values(restricted=restricted))
    return seq


def _set_handler(track: Snapshot, person_id: UUID | None) -> None:
    """Let whoever handles the case find the track, which nobody handles for itself."""
    track.session.execute(update(cases).where(cases.c.id == track.id).values(assignee_id=person_id))


def asks_why(page: CasePage) -> bool:
    """Whether the person reads this case for a reason only: an auditor nobody named on it."""
    roles = page.actor.roles
    if not page.case.restricted or Role.AUDITOR not in roles or Role.BUREAU_LEADER in roles:
        return False
    return not is_named(page.session, page.actor, page.case)


def owes_reason(page: CasePage) -> bool:
    """Whether the person is an auditor who has not said within `READ_FOR` why they read it."""
    return asks_why(page) and not _has_said(page)


def refuse_without_reason(page: CasePage) -> None:
    """Raise ReasonNeeded for whoever owes one."""
    if owes_reason(page):
        raise ReasonNeeded(page.case.id)


def _has_said(page: CasePage) -> bool:
    query = select(AuditEntry.body).where(
        AuditEntry.actor_id == page.actor.person_id,
        AuditEntry.recorded_at > page.now - READ_FOR,
        AuditEntry.organisation_id == page.actor.organisation_id,
        AuditEntry.chain == reads.CHAIN,
        AuditEntry.trigger == reads.TRIGGER,
    )
    wanted = {"chain": str(page.case.id), "what": reads.Restricted.CASE.value}
    bodies = page.session.scalars(query, execution_options=SEEN)
    return any(wanted.items() <= _told(body).items() for body in bodies)


def _told(body: str) -> Mapping[str, Any]:
    details: Mapping[str, Any] = json.loads(body)["details"]
    return {name: details.get(name) for name in ("chain", "what")}


def say_why(session: Session, page: CasePage, reason: str) -> int:
    """Record why an auditor reads a restricted case; return the number of the entry."""
    return reads.record_read(
        session, page.actor, chain_id=page.case.id, what=reads.Restricted.CASE, reason=reason,
        now=page.now,
    )  # fmt: skip
