"""One answer to "may I?": the button that is greyed and the server that refuses ask here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.engine.actors import Actor, Capacity, Role, Who
from app.engine.definition import (
    Branch,
    Deadline,
    Items,
    Lifecycle,
    Per,
    Signoff,
    State,
    Take,
    Transition,
)
from app.engine.view import Attempt, ItemView
from app.law.labels import Label
from app.law.sources import Citation


class Why(StrEnum):
    """The kinds of refusal: not you (403), not now (409), not like that (422)."""

    NOT_YOU = "not_you"
    NOT_NOW = "not_now"
    NOT_LIKE_THAT = "not_like_that"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why an act is refused, as a sentence with its basis."""

    why: Why
    label: Label
    basis: tuple[Citation, ...] = ()


def stands_for(actor: Actor, capacities: frozenset[Capacity], by: Sequence[Who]) -> Role | None:
    """Return the role in which the actor may act, ``None`` if in none."""
    for who in by:
        if who.role in actor.roles and (who.capacity is None or who.capacity in capacities):
            return who.role
    return None


def reserved_to(by: Sequence[Who]) -> Label:
    """Say who may act; the system is named only where nobody else may."""
    allowed = [who.label for who in by if who.role is not Role.SYSTEM] or [w.label for w in by]
    zh = "、".join(dict.fromkeys(label.zh for label in allowed))
    en = ", ".join(dict.fromkeys(label.en for label in allowed))
    return Label(f"须由{zh}办理。", f"Reserved to: {en}.")


def refusals(
    lifecycle: type[Lifecycle], transition: Transition, attempt: Attempt, *, with_inputs: bool
) -> list[Refusal]:
    """Return every reason why the act is refused now, none if it may be done.

    ``with_inputs`` asks the guards that read the act's inputs too: true when it is being done,
    false while a menu is drawn. A person of the wrong role is told only that, whatever else
    stands in the way, and no guard is asked for them.
    """
    case = attempt.case
    if stands_for(attempt.actor, case.capacities_of(attempt.actor), transition.actors) is None:
        return [Refusal(Why.NOT_YOU, reserved_to(transition.actors))]
    found: list[Refusal] = []
    if case.state not in transition.source_names:
        state = lifecycle.states[case.state].label
        found.append(
            Refusal(
                Why.NOT_NOW,
                Label(f"当前环节「{state.zh}」不能办理。", f"Not possible while “{state.en}”."),
            )
        )
    if isinstance(transition, Signoff) and _has_signed(transition, attempt):
        label = Label("本轮已签署，不能重复签署。", "Already signed in this round.")
        found.append(Refusal(Why.NOT_NOW, label))
    if isinstance(transition.item, Take):
        found += _item_refusals(transition.item, attempt, with_inputs=with_inputs)
    if transition.extends:
        found += _extension_refusals(lifecycle.deadlines[transition.extends], attempt)
    return found + _guard_refusals(transition, attempt, with_inputs=with_inputs)


def opening_refusals(
    transition: Transition, attempt: Attempt, *, with_inputs: bool
) -> list[Refusal]:
    """Return every reason why a case may not be opened by this person."""
    case = attempt.case
    if stands_for(attempt.actor, case.capacities_of(attempt.actor), transition.by) is None:
        return [Refusal(Why.NOT_YOU, reserved_to(transition.by))]
    return _guard_refusals(transition, attempt, with_inputs=with_inputs)


def _guard_refusals(
    transition: Transition, attempt: Attempt, *, with_inputs: bool
) -> list[Refusal]:
    found: list[Refusal] = []
    for guard in transition.guards:
        if guard.reads_inputs and not with_inputs:
            continue
        sentence = guard.refusal(attempt)
        if sentence is not None:
            why = Why.NOT_LIKE_THAT if guard.reads_inputs else Why.NOT_NOW
            if guard.restricted is not None and attempt.actor.is_authority:
                sentence = guard.restricted
            found.append(Refusal(why, sentence, guard.basis))
    return found


def _extension_refusals(deadline: Deadline, attempt: Attempt) -> list[Refusal]:
    """Only a running clock is extended, before its end, stage by stage, by who may grant each."""
    clock = attempt.case.deadline(deadline.name)
    if clock is None or clock.met or clock.has_passed(attempt.now):
        label = Label("延期须在期限届满前批准。", "A period is extended before its end only.")
        return [Refusal(Why.NOT_NOW, label)]
    if clock.extensions >= len(deadline.extensions):
        return [Refusal(Why.NOT_NOW, Label("已无可用的延期。", "No further extension is left."))]
    by = deadline.extensions[clock.extensions].by
    if stands_for(attempt.actor, attempt.case.capacities_of(attempt.actor), by) is None:
        return [Refusal(Why.NOT_YOU, reserved_to(by))]
    return []


def _has_signed(signoff: Signoff, attempt: Attempt) -> bool:
    """Whether this hand was given already, or the same human has given another one."""
    own = signoff.hand(attempt.actor)
    human = attempt.actor.person_id if signoff.per is Per.PERSON else None
    return any(
        signoff.hand(s) == own or s.person_id == human
        for s in attempt.case.signatures(signoff.name)
    )


def _item_refusals(take: Take, attempt: Attempt, *, with_inputs: bool) -> list[Refusal]:
    item = attempt.item
    if item is not None:
        return _row_refusals(take, item, attempt)
    if with_inputs:
        return [Refusal(Why.NOT_LIKE_THAT, Label("请指明条目。", "Name the row."))]
    rows = attempt.case.items(take.items.name)
    if any(row.status in take.sources and owns(take.items, row, attempt) for row in rows):
        return []
    label = Label(f"没有可办理的{take.items.zh}。", f"There is nothing to act on: {take.items.en}.")
    return [Refusal(Why.NOT_NOW, label)]


def _row_refusals(take: Take, item: ItemView, attempt: Attempt) -> list[Refusal]:
    if item.kind != take.items.name:
        label = Label(f"该条目不是{take.items.zh}。", f"This row is no {take.items.en}.")
        return [Refusal(Why.NOT_LIKE_THAT, label)]
    if not owns(take.items, item, attempt):
        label = Label("该条目属于其他机关。", "This row belongs to another body.")
        return [Refusal(Why.NOT_YOU, label)]
    if item.status in take.sources:
        return []
    status = take.items.statuses[item.status]
    label = Label(f"该条目已是「{status.zh}」。", f"This row is already “{status.en}”.")
    return [Refusal(Why.NOT_NOW, label)]


def owns(table: Items, item: ItemView, attempt: Attempt) -> bool:
    """Whether a row is the actor's to read and to act on: their body's, the lead's, anybody's."""
    if not table.owners or Role.SYSTEM in attempt.actor.roles:
        return True
    own = str(attempt.actor.organisation_id)
    if own in {item.data.get(field) for field in table.owners}:
        return True
    return Capacity.LEAD in attempt.case.capacities_of(attempt.actor)


def destination(transition: Transition, attempt: Attempt) -> State | None:
    """Resolve where the act leads: the first branch whose guard holds; ``None`` for an act.

    Raises LookupError if no branch holds; `checks` makes sure the last one always does.
    """
    if transition.to is None or isinstance(transition.to, State):
        return transition.to
    for branch in transition.to:
        if _holds(branch, attempt):
            return branch.to
    raise LookupError(transition.name)


def _holds(branch: Branch, attempt: Attempt) -> bool:
    return branch.guard is None or branch.guard.refusal(attempt) is None
