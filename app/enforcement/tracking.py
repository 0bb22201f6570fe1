"""What partners report back, what is still open, and why an operation cannot be closed yet.

A partner reads its own feedback and the matters handed to it; what keeps the whole open, and how
much of it there is, is told to the authority alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.cases.page import Action, CasePage, Happened
from app.cases.panels import Context
from app.cases.values import Shown
from app.enforcement.findings import Became, children_of
from app.enforcement.joint import (
    Bureau,
    actions_of,
    bureaus_of,
    day_of,
    is_operation,
    values_of,
)
from app.engine.definition import Guard
from app.formats import day
from app.law.labels import Label
from app.workflows.external_handling import ExternalHandling
from app.workflows.joint_enforcement import (
    every_case_is_accepted,
    every_finding_has_its_case,
    every_returned_matter_has_a_new_owner,
    named_reporter_was_told,
    nothing_is_open,
)

FEEDBACK: Final = "give_feedback"
TELL: Final = "tell_reporter"
TRACKING_ACTS: Final = (FEEDBACK, "report_upwards", TELL, "report_and_close")
FOLLOWING: Final = frozenset({"split", "tracking", "summary_due", "closed"})
"""States in which there is something to follow."""
KEEPING_OPEN: Final[Sequence[Guard]] = (
    every_finding_has_its_case,
    every_returned_matter_has_a_new_owner,
    every_case_is_accepted,
    nothing_is_open,
    named_reporter_was_told,
)
"""The guards that are asked before the operation goes on to its end."""
FOLLOW_UP: Final = (
    "received_on",
    "last_report_on",
    "decided_on",
    "decision_number",
    "published_on",
    "outcome",
    "return_reason",
)
"""Facts of a matter handed to another body, in the order in which they come to be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A case that came of the operation; of a matter with another body, what that body reported."""

    child: Became
    known: Sequence[tuple[Label, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a bureau has reported back, oldest first; nothing yet if there is none."""

    bureau: Bureau
    given: Sequence[tuple[Happened, Sequence[Shown]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """What is reported back and what is open.

    ``keeping_open`` are sentences, for the authority alone. ``on_paper`` is feedback the lead
    entered for a bureau. ``still_open`` come before ``ended``.
    """

    is_over: bool
    whole: bool
    keeping_open: Sequence[Label]
    feedback: Sequence[Feedback]
    on_paper: Sequence[tuple[Happened, Sequence[Shown]]]
    still_open: Sequence[Followed]
    ended: Sequence[Followed]
    actions: Sequence[Action]


def shows(page: CasePage) -> bool:
    """Whether there is something to follow."""
    return is_operation(page) and page.case.state in FOLLOWING


def tracking_tab(page: CasePage) -> Context:
    """What is reported back on an operation, and what keeps it open."""
    return {"tracking": tracking_of(page)}


def tracking_of(page: CasePage) -> Tracking:
    """Read feedback and children of an operation."""
    told = [(one, values_of(page, one)) for one in page.acts(FEEDBACK)]
    assisting = [one for one in bureaus_of(page, day_of(page, None)) if not one.leads]
    known = {one.id for one in assisting}
    children = list(children_of(page).values())
    attempt, is_over = page.attempt(), page.case.is_final
    asked = () if is_over or not page.of_authority else KEEPING_OPEN
    return Tracking(
        is_over=is_over,
        whole=page.of_authority,
        keeping_open=[label for guard in asked if (label := guard.refusal(attempt)) is not None],
        feedback=[
            Feedback(bureau=one, given=[pair for pair in told if _is_of(pair[0], one)])
            for one in assisting
        ],
        on_paper=[pair for pair in told if pair[0].entry.organisation_id not in known],
        still_open=[_followed(one) for one in children if not one.case.is_final],
        ended=[_followed(one) for one in children if one.case.is_final],
        actions=[
            action
            for action in actions_of(page, TRACKING_ACTS)
            if action.transition.name != TELL or _reporter_waits(page)
        ],
    )


def _reporter_waits(page: CasePage) -> bool:
    """Whether somebody gave their name and has still to be told."""
    return named_reporter_was_told.refusal(page.attempt()) is not None


def _is_of(happened: Happened, bureau: Bureau) -> bool:
    return happened.entry.organisation_id == bureau.id


def _followed(child: Became) -> Followed:
    if child.case.lifecycle != ExternalHandling.key:
        return Followed(child=child, known=())
    facts, told = child.case.facts, ExternalHandling.facts
    known = [(name, facts[name]) for name in FOLLOW_UP if facts.get(name)]
    return Followed(
        child=child,
        known=[
            (told[name].label, day(date.fromisoformat(text)) if name.endswith("_on") else text)
            for name, text in known
        ],
    )
