"""The law at the desk: the rule, the range, what an amount asks for, and earlier penalties.

Nothing is decided or computed here. What the case knows, and over it what is typed into the form at
hand, is handed to `app.law.desk` exactly as the guards hand it over, so that the desk never says
anything but what the act will be judged by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from app.cases.page import CasePage
from app.cases.panels import Context, Typed
from app.enforcement.comparison import Earlier, earlier_penalties
from app.enforcement.range_bar import Drawing, drawing
from app.engine.definition import Transition
from app.engine.inputs import InputFault
from app.engine.view import Attempt
from app.law.desk import AmountCheck, Proposal, check_amount
from app.law.duties import COLLECTIVE, HEARING, Duties, Duty, Reason, Verdict
from app.law.errors import LawError
from app.law.labels import Label
from app.law.penalties import Range, conducts
from app.law.sources import Citation, cite_all
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.veto import WITHIN, proposal_of, said

ACTS: Final = frozenset({"write_report", "change_proposal", "approve_notice", "decide_penalty"})
"""Acts beside whose form the desk stands."""
DECIDED: Final = frozenset(state.name for state in PenaltyProcedure.AFTER_DECISION.states)

TO_HEAR: Final = Label("听证", "Hearing")
TO_DISCUSS: Final = Label("集体讨论", "Collective discussion")
TO_REVIEW: Final = Label("法制审核", "Legal review")
BAN: Final = Label("禁业", "Ban")
CRIME: Final = Label("涉嫌犯罪移送", "Transfer to the police")
HALT: Final = Label("拟责令限制生产、停产整治", "Production is to be limited or halted")
WANTED: Final = Label("审批时要求提交集体讨论", "Asked for when the notice was approved")
NO_RULE: Final = Label(
    "行为时没有处罚规定，不得处罚。", "The act was not punishable on its day: no penalty."
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One line of the checklist: what the penalty asks for, whether it does, and why."""

    label: Label
    verdict: Verdict
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the desk shows. Amounts in yuan.

    ``proposal`` is None where nothing can be said, ``fault`` then says why; with a proposal it says
    why the rule that was chosen cannot be used. ``amount`` is the fine at hand, None if there is
    none, ``typed`` whether it comes from the form. ``judged_on`` is the day whose law is asked.
    """

    conduct: Label
    judged_on: date
    fault: Label | None
    proposal: Proposal | None
    amount: Decimal | None
    typed: bool
    check: AmountCheck | None
    bar: Drawing | None
    triggers: Sequence[Trigger]
    earlier: Sequence[Earlier]

    @property
    def range(self) -> Range | None:
        """The range of the party's fine."""
        return self.proposal.range if self.proposal else None


def shows(page: CasePage) -> bool:
    """Whether somebody may look at the desk of a case: it is the authority's own deliberation."""
    return page.lifecycle.key == PenaltyProcedure.key and page.of_authority


def shows_beside(page: CasePage, transition: Transition) -> bool:
    """Whether the desk stands beside the form of an act."""
    return transition.name in ACTS and shows(page)


def tab(page: CasePage) -> Context:
    """The desk as the case stands."""
    return {"desk": desk_of(page)}


def beside(page: CasePage, transition: Transition, typed: Typed) -> Context:
    """The desk as the form is filled in now."""
    return {"desk": desk_of(page, _understood(transition, typed))}


def _understood(transition: Transition, typed: Typed) -> dict[str, Any]:
    """What is typed, as the act would take it. What is no value counts as nothing.

    A field that was left empty is not there, so that what the case knows already stands.
    """
    found: dict[str, Any] = {}
    for field in transition.inputs:
        value = typed.get(field.name)
        if value in (None, "", []):
            continue
        try:
            found[field.name] = field.clean(value)
        except InputFault:
            found[field.name] = None
    return found


def desk_of(page: CasePage, typed: Mapping[str, Any] | None = None) -> Desk:
    """Ask the law about the party's act, with what is typed over what the case knows."""
    attempt = replace(page.attempt(), inputs=typed or {})
    facts = page.view.facts
    decided = page.case.state in DECIDED and "decided_on" in facts
    if decided:
        attempt = replace(attempt, today=date.fromisoformat(facts["decided_on"]))
    proposal, fault = _proposal(attempt)
    known = said(attempt)
    amount = _amount(known, "decided_fine" if decided else "fine")
    conduct = known["conduct"]
    earlier = earlier_penalties(page, conduct, persons=known["party_kind"] == "person")
    bounds = proposal.range if proposal else None
    return Desk(
        conduct=dict(conducts()).get(conduct, Label(conduct, conduct)),
        judged_on=attempt.today,
        fault=fault,
        proposal=proposal,
        amount=amount,
        typed=(typed or {}).get("fine") is not None,
        check=_check(proposal, amount, known.get("ground")),
        bar=drawing(bounds, amount, [one.fine_cny for one in earlier]) if bounds else None,
        triggers=tuple(_triggers(proposal, amount, attempt)) if proposal else (),
        earlier=earlier,
    )


def _proposal(attempt: Attempt) -> tuple[Proposal | None, Label | None]:
    """The proposal under the rule chosen; under the one proposed if that rule cannot be used."""
    try:
        proposal = proposal_of(attempt)
    except LawError as error:
        if not said(attempt).get("rule"):
            return None, error.label
        without = replace(attempt, inputs={**attempt.inputs, "rule": None})
        return _proposal(without)[0], error.label
    return proposal, None if proposal.chosen else NO_RULE


def _amount(known: Mapping[str, Any], name: str) -> Decimal | None:
    value = known.get(name)
    return None if value is None else Decimal(value)


def _check(
    proposal: Proposal | None, amount: Decimal | None, ground: str | None
) -> AmountCheck | None:
    if proposal is None or amount is None:
        return None
    try:
        return check_amount(proposal, amount, "" if ground == WITHIN else ground or "")
    except LawError as error:
        return AmountCheck(allowed=False, label=error.label, basis=())


def _triggers(proposal: Proposal, amount: Decimal | None, attempt: Attempt) -> Iterator[Trigger]:
    known = said(attempt)
    duties = proposal.duties
    if amount is not None:
        duties = proposal.duties_at(amount, attempt.law)
    if duties is not None:
        yield from _asked_for(duties, known)
    bans = [Reason(Verdict.YES, ban.label, ban.basis) for ban in proposal.bans]
    yield _trigger(BAN, bans)
    crimes = [Reason(Verdict.YES, crime.label, crime.basis) for crime in proposal.crimes]
    yield _trigger(CRIME, crimes)


def _asked_for(duties: Duties, known: Mapping[str, Any]) -> Iterator[Trigger]:
    """What the amount asks for, and what the guards ask for whatever the amount is."""
    hearing, discussion = cite_all(HEARING), cite_all(COLLECTIVE)

    def when(name: str, label: Label, basis: Sequence[Citation]) -> list[Reason]:
        return [Reason(Verdict.YES, label, tuple(basis))] if known.get(name) else []

    yield _trigger(TO_HEAR, [*duties.hearing.reasons, *when("halts", HALT, hearing)])
    yield _trigger(
        TO_DISCUSS,
        [
            *duties.collective_discussion.reasons,
            *when("halts", HALT, discussion),
            *when("wants_discussion", WANTED, discussion),
        ],
    )
    yield _trigger(TO_REVIEW, duties.legal_review.reasons)


def _trigger(label: Label, reasons: Sequence[Reason]) -> Trigger:
    return Trigger(label, Duty(tuple(reasons)).verdict, reasons)
