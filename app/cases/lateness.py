"""An authority that is late may still act, and says why: the reason stands in the entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.cases.snapshot import Record, Snapshot
from app.engine import definition as words
from app.engine.actors import AUTHORITY_ROLES, Actor, Role
from app.law.labels import Label
from app.law.periods import end_of_day

ANSWERABLE: Final = AUTHORITY_ROLES | {Role.PARTNER_MARKET, Role.PARTNER_POLICE}
"""Who says why, where the authority they act for is late."""


def done_at(
    transition: words.Transition, inputs: Mapping[str, Any], occurred_at: datetime
) -> datetime:
    """When what meets a clock was done: a service on its day, whenever the proof was entered."""
    served_on: date | None = inputs.get("served_on") if transition.serves else None
    return occurred_at if served_on is None else min(occurred_at, end_of_day(served_on))


def overdue(
    view: Snapshot,
    transition: words.Transition,
    actor: Actor,
    done: datetime,
    item_id: UUID | None,
) -> Record | None:
    """The clock of an authority that the act would meet too late; parties need give no reason."""
    if not actor.roles & ANSWERABLE:
        return None
    deadlines_of = view.lifecycle.deadlines
    return next(
        (
            clock
            for clock in view.clocks
            if transition in deadlines_of[clock["name"]].met_by
            and deadlines_of[clock["name"]].expiry is words.Expiry.AUTHORITY_BREACH
            and (clock["item_id"] is None or item_id is None or clock["item_id"] == item_id)
            and clock["due_at"] is not None
            and done > clock["due_at"]
        ),
        None,
    )


def unexplained(
    view: Snapshot,
    transition: words.Transition,
    values: Mapping[str, Any],
    actor: Actor,
    happened: datetime,
    item_id: UUID | None,
) -> dict[str, Label]:
    """The fault of an act of an authority that comes too late and does not say why."""
    field = words.OVERDUE_REASON
    if values.get(field.name) or field not in transition.all_inputs:
        return {}
    late = overdue(view, transition, actor, done_at(transition, values, happened), item_id)
    if late is None:
        return {}
    deadline = view.lifecycle.deadlines[late["name"]]
    return {
        field.name: Label(
            f"「{deadline.zh}」已于 {late['due_on']} 届满，逾期办理须说明理由。",
            f"“{deadline.en}” ended on {late['due_on']}: say why it is done late.",
        )
    }
