"""Who may decide an escalation: whom it was put to, with the power for what is proposed.

Asked of declarations and seats alone, so that a list asks no guard; whether an act can be done now,
`operations.fire` says when it is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from app.cases.escalation.proposals import Do, Proposal
from app.cases.escalation.records import ABOVE
from app.cases.snapshot import Record
from app.engine.actors import LEADER, SUPERVISOR, SYSTEM_ACTOR, Actor, Capacity, Role, Who
from app.engine.definition import Lifecycle, Transition
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label

ASSIGNERS: Final = (SUPERVISOR, LEADER)
"""Who may give a case to another officer, or let a clock end earlier."""
JUDGES: Final = (Role.SUPERVISOR, Role.BUREAU_LEADER)
"""To whom a person may put something, the lowest first."""


@dataclass(frozen=True)
class Standing:
    """What a case is, as far as powers ask: its lifecycle, its seats, its running clocks."""

    lifecycle: type[Lifecycle]
    division: str
    seats: Collection[Record]
    clocks: Collection[Record]

    def capacities_of(self, actor: Actor) -> frozenset[Capacity]:
        """What the actor, or the organisation acted for, is on the case; see `Snapshot`."""
        extent = actor.extent
        if extent is not None and not extent.covers(self.lifecycle.key, self.division):
            return frozenset()
        return frozenset(
            Capacity(seat["capacity"])
            for seat in self.seats
            if seat["organisation_id"] == actor.organisation_id
            and seat["person_id"] in (None, actor.seated_as)
        )

    def approvers(self, transition: Transition) -> tuple[Who, ...]:
        """Whose power an act is: its actors, or for an extension whoever grants its next stage."""
        deadline = self.lifecycle.deadlines.get(transition.extends)
        if deadline is None or not deadline.extensions:
            return tuple(transition.by)
        clock = next((c for c in self.clocks if c["name"] == deadline.name), None)
        granted = len(clock["derivation"]["extensions"]) if clock is not None else 0
        stage = deadline.extensions[min(granted, len(deadline.extensions) - 1)]
        return tuple(who for who in transition.by if who in stage.by)


def climbing(role: Role) -> tuple[Role, ...]:
    """A role and those above it, in the order in which something undecided climbs."""
    found = [role]
    while (above := ABOVE.get(found[-1])) is not None:
        found.append(above)
    return tuple(found)


def seat_of(raised: Mapping[str, Any], actor: Actor) -> Role | None:
    """The highest role of the actor that holds what an escalation was put to; ``None`` if none."""
    if actor.organisation_id != raised["organisation_id"]:
        return None
    held = [role for role in climbing(Role(raised["role"])) if role in actor.roles]
    return held[-1] if held else None


def above(raised: Mapping[str, Any], actor: Actor) -> Role | None:
    """To whom the actor may pass it on; ``None`` where nobody stands above them."""
    held = seat_of(raised, actor)
    return ABOVE.get(held) if held is not None else None


def lacking(standing: Standing, actor: Actor, proposal: Proposal) -> Refusal | None:
    """Why the actor has no power for what is proposed; ``None`` if they have."""
    capacities = standing.capacities_of(actor)
    if proposal.do is Do.INSTRUCT:
        return None
    by: tuple[Who, ...] = ASSIGNERS
    if proposal.do is Do.ACT:
        transition = standing.lifecycle.transitions.get(proposal.trigger)
        by = standing.approvers(transition) if transition is not None else ()
    if stands_for(actor, capacities, by) is not None:
        return None
    return Refusal(Why.NOT_YOU, reserved_to(by) if by else NOBODY)


NOBODY: Final = Label("本流程没有这一操作。", "The lifecycle has no such act.")


def unable(standing: Standing, raised: Mapping[str, Any], actor: Actor) -> list[Refusal]:
    """Why the actor may neither approve nor refuse; nothing if they may.

    Whoever lacks the power for what is proposed passes it on, unless nobody above has it either:
    then the highest decides what is done instead.
    """
    return [
        refusal
        for refusal in (
            not_addressed(raised, actor),
            own(raised, actor),
            _beyond(standing, raised, actor),
        )
        if refusal is not None
    ]


def not_addressed(raised: Mapping[str, Any], actor: Actor) -> Refusal | None:
    """Why somebody to whom it was not put may do nothing about it."""
    if seat_of(raised, actor) is not None:
        return None
    role = Role(raised["role"]).label
    label = Label(f"由{role.zh}决定。", f"To be decided by: {role.en}.")
    return Refusal(Why.NOT_YOU, label)


def own(raised: Mapping[str, Any], actor: Actor) -> Refusal | None:
    """Why whoever proposed it, or somebody in their place, cannot decide it."""
    asked = {raised["raised_by"], raised["raised_behalf"]} - {SYSTEM_ACTOR.person_id, None}
    if not asked & hands(actor):
        return None
    label = Label(
        "提请人本人及其代办人、被代办人不得决定。",
        "Whoever asked cannot decide, nor a substitute of theirs, nor whom they stood in for.",
    )
    return Refusal(Why.NOT_YOU, label)


def hands(actor: Actor) -> set[UUID]:
    """Whose hands an act of the actor is: theirs, and those of whom they stand in for."""
    return {one for one in (actor.person_id, actor.on_behalf_of) if one is not None}


def _beyond(standing: Standing, raised: Mapping[str, Any], actor: Actor) -> Refusal | None:
    proposal = Proposal.read(raised["proposal"])
    lacks = lacking(standing, actor, proposal)
    held = seat_of(raised, actor)
    if lacks is None or held is None:
        return None
    if not any(_could(standing, role, proposal) for role in climbing(held)[1:]):
        return None
    label = Label(
        f"{lacks.label.zh}可以签署意见后上报。",
        f"{lacks.label.en} You can pass it on with your view.",
    )
    return Refusal(Why.NOT_YOU, label)


def _could(standing: Standing, role: Role, proposal: Proposal) -> bool:
    """Whether holders of a role in the lead authority could have the power for it."""
    if proposal.do is not Do.ACT:
        return any(who.role is role for who in ASSIGNERS)
    transition = standing.lifecycle.transitions.get(proposal.trigger)
    return transition is not None and any(
        who.role is role for who in standing.approvers(transition)
    )
