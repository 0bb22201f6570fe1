"""The collective discussion 集体讨论 and the hearing 听证 of a penalty case, read from its acts.

What a discussion needs is asked of the guards that will be asked when it is concluded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from app.cases.models import CaseDocument, Signature
from app.cases.page import CasePage, Happened
from app.cases.panels import Context
from app.cases.snapshot import SEEN
from app.cases.values import Shown, all_shown, names_in
from app.engine.actors import Capacity
from app.engine.definition import AGREE
from app.law.labels import Label
from app.workflows.penalty_guards import majority_agrees, quorum_has_spoken
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.veto import discussion_is_due

DISCUSS: Final = "discuss"
CONVENE: Final = "convene"
CONCLUDE: Final = "conclude_discussion"
HEARING_ACTS: Final = (
    "request_hearing",
    "waive_hearing",
    "lapse_hearing",
    "appoint_chair",
    "call_hearing",
    "prove_hearing_notice",
    "hold_hearing",
    "close_without_hearing",
    "report_on_hearing",
)
HEARING_DOCUMENTS: Final = ("hearing_notice", "hearing_record", "hearing_report")
HEARING_STATES: Final = ("hearing_preparation", "hearing_done")


def _is_penalty(page: CasePage) -> bool:
    return page.lifecycle.key == PenaltyProcedure.key


def _inputs(happened: Happened) -> dict[str, Any]:
    """What was typed into an act, without what is only committed to."""
    found: dict[str, Any] = json.loads(happened.entry.body)["details"].get("inputs") or {}
    return found


# Collective discussion ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one member said; ``said`` is None for one who has not spoken."""

    name: str
    agrees: bool
    reason: str
    said: Happened | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion:
    """The discussion of a case.

    ``due`` says whether it is needed. ``opinions`` are those of the members now, ``earlier`` those
    that no longer count because something came after them. ``unmet`` are the sentences of the
    guards that keep it from being concluded; ``conclusions`` the texts, newest last.
    """

    due: bool
    convened: Happened | None
    attending: str
    opinions: Sequence[Opinion]
    earlier: Sequence[Opinion]
    unmet: Sequence[Label]
    conclusions: Sequence[tuple[Happened, str]]

    @property
    def spoken(self) -> Sequence[Opinion]:
        """The opinions of those who have spoken."""
        return [one for one in self.opinions if one.said is not None]

    @property
    def agreeing(self) -> int:
        """How many of them agree."""
        return sum(one.agrees for one in self.spoken)


def shows_discussion(page: CasePage) -> bool:
    """Whether somebody reads the discussion: the authority, once there is one."""
    if not _is_penalty(page) or not page.of_authority:
        return False
    under_way = page.case.state == "collective_discussion" or "discussed_on" in page.view.facts
    return under_way or bool(page.view.participants(Capacity.DISCUSSANT))


def discussion_tab(page: CasePage) -> Context:
    """The discussion of a case."""
    return {"discussion": discussion_of(page)}


def discussion_of(page: CasePage) -> Discussion:
    """Read the discussion from the acts, the seats and the signatures of a case."""
    acts = page.acts(CONVENE, DISCUSS, CONCLUDE)
    convened = next((one for one in reversed(acts) if one.entry.trigger == CONVENE), None)
    said = [one for one in acts if one.entry.trigger == DISCUSS]
    counting = _counting(page)
    counts = {
        one.entry.on_behalf_of or one.entry.actor_id: one
        for one in said
        if one.entry.seq in counting
    }
    members = [seat for seat in page.participants if seat["capacity"] == Capacity.DISCUSSANT]
    attempt = page.attempt()
    asked = (quorum_has_spoken, majority_agrees) if members else ()
    return Discussion(
        due=discussion_is_due(attempt),
        convened=convened,
        attending=_inputs(convened).get("attending") or "" if convened else "",
        opinions=[_opinion(seat["name"], counts.get(seat["person_id"])) for seat in members],
        earlier=[
            _opinion(one.entry.actor_name, one) for one in said if one.entry.seq not in counting
        ],
        unmet=[label for guard in asked if (label := guard.refusal(attempt)) is not None],
        conclusions=[
            (one, _inputs(one)["conclusion"]) for one in acts if one.entry.trigger == CONCLUDE
        ],
    )


def _counting(page: CasePage) -> frozenset[int]:
    """Numbers of the acts by which those opinions were given that still count."""
    query = select(Signature.seq).where(
        Signature.case_id == page.case.id,
        Signature.signoff == DISCUSS,
        Signature.voided_seq.is_(None),
    )
    return frozenset(page.session.scalars(query, execution_options=SEEN))


def _opinion(name: str, said: Happened | None) -> Opinion:
    inputs = _inputs(said) if said is not None else {}
    return Opinion(
        name=name,
        agrees=inputs.get("view") == AGREE,
        reason=inputs.get("view_reason") or "",
        said=said,
    )


# Hearing ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """The hearing of a case as far as the reader may know of it.

    ``steps`` are its acts, oldest first, each with what was typed.
    """

    chairs: Sequence[str]
    steps: Sequence[tuple[Happened, Sequence[Shown]]]
    documents: Sequence[tuple[Label, CaseDocument]]


def shows_hearing(page: CasePage) -> bool:
    """Whether somebody reads of the hearing: the authority, and the party it was told to."""
    if not _is_penalty(page):
        return False
    facts = page.view.facts
    if not page.of_authority:
        told = facts.get("hearing_right") and "notice_served_on" in facts
        return bool(told) and Capacity.PARTY in page.capacities
    begun = page.case.state in HEARING_STATES or "hearing_on" in facts
    return begun or bool(facts.get("hearing_right"))


def hearing_tab(page: CasePage) -> Context:
    """The hearing of a case."""
    return {"hearing": hearing_of(page)}


def hearing_of(page: CasePage) -> Hearing:
    """Read the hearing from the acts, the seats and the documents of a case."""
    seats = [seat for seat in page.participants if seat["capacity"] == Capacity.CHAIR]
    documents = page.lifecycle.documents
    return Hearing(
        chairs=[seat["name"] for seat in seats] if page.of_authority else (),
        steps=tuple(_steps(page)),
        documents=[
            (documents[one.kind].label, one)
            for one in reversed(page.documents)
            if one.kind in HEARING_DOCUMENTS
        ],
    )


def _steps(page: CasePage) -> Iterator[tuple[Happened, Sequence[Shown]]]:
    for happened in page.acts(*HEARING_ACTS):
        fields = page.lifecycle.transitions[happened.entry.trigger].all_inputs
        inputs = _inputs(happened)
        names = names_in(page.session, fields, inputs)
        yield happened, all_shown(fields, inputs, names)
