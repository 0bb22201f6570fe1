"""The joint inspection on site: who entered, the joint facts, what was found, a record per bureau.

Made to be read on a phone. The lead reads every record; a partner reads its own and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.cases.page import Action, CasePage, Happened, RowOf
from app.cases.panels import Context
from app.cases.values import Shown
from app.enforcement.joint import (
    CIRCULATE,
    ENTER,
    Bureau,
    Officer,
    actions_of,
    bureaus_of,
    day_of,
    inputs_of,
    is_operation,
    last_of,
    planned_days,
    values_of,
)
from app.engine.definition import AGREE
from app.workflows.joint_enforcement import OFFICERS_WANTED

END: Final = "end_inspection"
SIGN: Final = "sign_record"
EVENTS: Final = ("preserve_evidence", "record_obstruction", "report_crime")
"""What may happen on site besides findings and records."""
SITE_ACTS: Final = (
    ENTER,
    "draft_record",
    SIGN,
    "raise_finding",
    "preserve_evidence",
    "record_obstruction",
    "raise_obstruction",
    "report_crime",
    END,
)


class Standing(StrEnum):
    """How far the record of a bureau has come."""

    NONE = "none"
    DRAFT = "draft"
    SIGNING = "signing"
    OBJECTED = "objected"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What a named officer said of their bureau's record; ``said`` is None as long as nothing."""

    officer: Officer
    said: Happened | None
    agrees: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BureauRecord:
    """The record of one bureau. ``row`` is None while there is none."""

    bureau: Bureau
    row: RowOf | None
    hands: Sequence[Hand]

    @property
    def signed(self) -> Sequence[Hand]:
        """Those who signed it."""
        return [hand for hand in self.hands if hand.agrees]

    @property
    def missing(self) -> Sequence[Hand]:
        """Those who have said nothing yet, as long as hands are wanted."""
        return [hand for hand in self.hands if hand.said is None] if self.wanted else []

    @property
    def wanted(self) -> int:
        """How many hands are still wanted."""
        return max(OFFICERS_WANTED - len(self.signed), 0)

    @property
    def standing(self) -> Standing:
        """How far it has come."""
        if self.row is None:
            return Standing.NONE
        if not self.wanted:
            return Standing.SIGNED
        if any(hand.said is not None and not hand.agrees for hand in self.hands):
            return Standing.OBJECTED
        return Standing.SIGNING if self.signed else Standing.DRAFT


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSite:
    """The inspection as the reader knows it; ``events`` are what happened besides, oldest first."""

    planned: tuple[date, date] | None
    entered: Happened | None
    entry: Sequence[Shown]
    ended: Happened | None
    facts: Sequence[Shown]
    records: Sequence[BureauRecord]
    findings: Sequence[RowOf]
    events: Sequence[tuple[Happened, Sequence[Shown]]]
    actions: Sequence[Action]


def shows(page: CasePage) -> bool:
    """Whether the site is at hand: from the approval of the plan, and ever after the entry."""
    if not is_operation(page):
        return False
    return page.case.state in {"plan_approved", "inspecting"} or bool(page.rows["records"])


def site_tab(page: CasePage) -> Context:
    """The inspection of an operation."""
    return {"site": site_of(page)}


def site_of(page: CasePage) -> OnSite:
    """Read the inspection from the acts, the rows and the signatures of an operation."""
    acts = page.acts(CIRCULATE, ENTER, SIGN, END, *EVENTS)
    plan, entered, ended = (last_of(acts, name) for name in (CIRCULATE, ENTER, END))
    bureaus = bureaus_of(page, day_of(page, entered))
    return OnSite(
        planned=planned_days(inputs_of(plan)) if plan is not None else None,
        entered=entered,
        entry=values_of(page, entered) if entered is not None else (),
        ended=ended,
        facts=values_of(page, ended) if ended is not None else (),
        records=_records(page, bureaus, [one for one in acts if one.entry.trigger == SIGN]),
        findings=[one for one in page.rows["findings"] if one.row.status != "dropped"],
        events=[(one, values_of(page, one)) for one in acts if one.entry.trigger in EVENTS],
        actions=actions_of(page, SITE_ACTS),
    )


def _records(
    page: CasePage, bureaus: Sequence[Bureau], signings: Sequence[Happened]
) -> Sequence[BureauRecord]:
    """The record of every bureau of which the reader reads records."""
    rows = {UUID(one.row.data["bureau"]): one for one in page.rows["records"]}
    said = {one.entry.actor_id: one for one in signings}
    return [
        BureauRecord(
            bureau=bureau,
            row=rows.get(bureau.id),
            hands=[_hand(officer, said.get(officer.id)) for officer in bureau.officers],
        )
        for bureau in bureaus
        if page.of_authority or bureau.own
    ]


def _hand(officer: Officer, said: Happened | None) -> Hand:
    typed = inputs_of(said) if said is not None else {}
    return Hand(
        officer=officer,
        said=said,
        agrees=typed.get("view") == AGREE,
        reason=typed.get("view_reason") or "",
    )
