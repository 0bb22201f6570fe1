"""A report to the region as one reads it: what was sent, and what came back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.cases.page import CasePage, Happened
from app.cases.panels import Context, Typed
from app.cases.values import Shown, all_shown, names_in
from app.engine.definition import Transition
from app.law.labels import Label
from app.workflows.upward_report import KIND, UpwardReport

SENT, ACKNOWLEDGED = UpwardReport.send_report, UpwardReport.acknowledge
ACTS: Final = (SENT, ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Passed:
    """One of the two acts, with what was typed into it."""

    happened: Happened
    values: Sequence[Shown]


def shows(page: CasePage) -> bool:
    """Whether it is a report that was sent, and the reader was told: the region, or we."""
    return page.lifecycle.key == UpwardReport.key and bool(_told(page))


def shows_beside(page: CasePage, transition: Transition) -> bool:
    """Beside the form in which the region acknowledges what it has read."""
    return transition.name == ACKNOWLEDGED.name and shows(page)


def tab(page: CasePage) -> Context:
    """The kind of report, and what was typed when it was sent and acknowledged."""
    return {"kind": _kind(page), "passed": [_passed(page, one) for one in _told(page)]}


def beside(page: CasePage, _transition: Transition, _typed: Typed) -> Context:
    """The same, while it is being acknowledged."""
    return tab(page)


def _told(page: CasePage) -> list[Happened]:
    """The two acts as far as they were done, in their order."""
    if page.lifecycle.key != UpwardReport.key:
        return []
    return page.acts(*(act.name for act in ACTS))


def _passed(page: CasePage, happened: Happened) -> Passed:
    fields = UpwardReport.transitions[happened.entry.trigger].all_inputs
    typed = json.loads(happened.entry.body)["details"].get("inputs") or {}
    return Passed(happened, all_shown(fields, typed, names_in(page.session, fields, typed)))


def _kind(page: CasePage) -> Label:
    """Initial or final: the region has to know, though it reads nothing of the draft."""
    return KIND.text_of(str(page.case.facts["kind"]))
