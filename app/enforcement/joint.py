"""The plan of a joint operation 联合执法 and its countersigning, as one person reads it.

The lead reads the whole, a partner its part: its own rows, and the acts that were its own or told
it. Nothing here widens that: rows, acts and cases come as `CasePage` gives them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, select

from app.accounts.models import Membership, Organisation, Person
from app.cases.page import Action, CasePage, Happened, RowOf
from app.cases.panels import Context
from app.cases.values import Shown, all_shown
from app.engine.actors import Capacity
from app.engine.definition import AGREE, Guard
from app.law.labels import Label
from app.law.periods import local_date
from app.workflows.joint_enforcement import (
    OFFICERS_WANTED,
    JointEnforcement,
    only_authorities_inspect,
    some_bureau_assists,
)

CIRCULATE: Final = "circulate"
COUNTERSIGN: Final = "countersign"
OBJECT: Final = "object_to_plan"
APPROVE: Final = "approve"
ENTER: Final = "enter_site"
PLAN_ACTS: Final = (
    CIRCULATE,
    COUNTERSIGN,
    APPROVE,
    "add_bureau",
    "name_officer",
    "name_partner_officer",
    OBJECT,
    "clear_bureaus",
)
"""What moves the plan on, as soon as it may; before it, what the plan is made of."""
TOLD_APART: Final = frozenset(
    {"planned_on", "planned_end_on", "inspections_this_year", "yearly_cap", "cap_reason"}
)
"""Inputs of the plan that stand in lines of their own."""
NEEDS: Final[Mapping[str, Sequence[Guard]]] = {
    "plan_drafting": (some_bureau_assists,),
    "plan_consulting": (),
    "plan_approved": (only_authorities_inspect,),
}
"""While the plan stands there: what the next step asks besides officers and countersignatures."""

LACKING: Final = Label(
    "{bureau}还缺 {count} 名持有效执法证的执法人员，每个机关须至少 {least} 名。",
    "{bureau} lacks {count} officers with a valid certificate; each bureau wants {least}.",
)

UNSIGNED: Final = Label("{bureau}尚未会签。", "{bureau} has not countersigned.")
OBJECTING: Final = Label("{bureau}不同意方案。", "{bureau} objects to the plan.")


# Shared by the panels of an operation -----------------------------------------------------------


def is_operation(page: CasePage) -> bool:
    """Whether the case is a joint operation, read by somebody who has a part in it."""
    return page.lifecycle.key == JointEnforcement.key and (
        page.of_authority or bool(page.capacities & {Capacity.LEAD, Capacity.ASSISTING})
    )


def inputs_of(happened: Happened) -> dict[str, Any]:
    """What was typed into an act, without what is only committed to."""
    found: dict[str, Any] = json.loads(happened.entry.body)["details"].get("inputs") or {}
    return found


def values_of(page: CasePage, happened: Happened, *but: str) -> Sequence[Shown]:
    """What was typed into an act, in words, except the inputs named."""
    fields = page.lifecycle.transitions[happened.entry.trigger].all_inputs
    return all_shown([field for field in fields if field.name not in but], inputs_of(happened))


def actions_of(page: CasePage, names: Sequence[str]) -> Sequence[Action]:
    """Those of the acts the person may do now, in the order of the names."""
    allowed = {action.transition.name: action for action in page.actions}
    return [allowed[name] for name in names if name in allowed]


def organisations(page: CasePage, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Their names, in one query."""
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(set(ids)))
    return dict(page.session.execute(query).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer the plan names. ``valid`` says whether the certificate is the registered one."""

    id: UUID
    name: str
    certificate: str
    valid: bool
    row: RowOf


def officers_by_bureau(page: CasePage, on: date) -> Mapping[UUID, Sequence[Officer]]:
    """The officers named, by their bureau, with whether they hold their certificates on a day."""
    named = [one for one in page.rows["officers"] if one.row.status == "named"]
    held = and_(
        Membership.person_id == Person.id,
        Membership.certificate_no.is_not(None),
        Membership.valid_on(on),
    )
    query = (
        select(Person.id, Person.name, Membership.certificate_no)
        .outerjoin(Membership, held)
        .where(Person.id.in_({UUID(one.row.data["officer"]) for one in named}))
    )
    known = page.session.execute(query).all()
    names = {key: name for key, name, _ in known}
    certificates = {(key, number) for key, _, number in known}
    found: dict[UUID, list[Officer]] = {}
    for one in named:
        key, number = UUID(one.row.data["officer"]), one.row.data["certificate"]
        officer = Officer(
            id=key,
            name=names[key],
            certificate=number,
            valid=(key, number) in certificates,
            row=one,
        )
        found.setdefault(UUID(one.row.data["bureau"]), []).append(officer)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """A bureau of the operation with the officers named for it."""

    id: UUID
    name: str
    leads: bool
    own: bool
    officers: Sequence[Officer]

    @property
    def lacking(self) -> int:
        """How many officers with a certificate are still wanted."""
        return max(OFFICERS_WANTED - sum(one.valid for one in self.officers), 0)


def bureaus_of(page: CasePage, on: date) -> Sequence[Bureau]:
    """The lead and the assisting bureaus, as far as the person reads of them.

    A partner reads of the lead and of itself; of the lead's officers only the lead does.
    """
    leads = {seat.organisation_id for seat in page.view.participants(Capacity.LEAD)}
    rows = [one.row for one in page.rows["bureaus"] if one.row.status == "named"]
    assisting = [UUID(row.data["bureau"]) for row in rows]
    officers = officers_by_bureau(page, on)
    ids = list(dict.fromkeys([*leads, *assisting]))
    names = organisations(page, ids)
    return [
        Bureau(
            id=key,
            name=names[key],
            leads=key in leads,
            own=key == page.actor.organisation_id,
            officers=officers.get(key, ()),
        )
        for key in ids
    ]


def day_of(page: CasePage, entered: Happened | None) -> date:
    """The day on which certificates have to hold: that of the entry, before it today."""
    return local_date(entered.entry.occurred_at if entered is not None else page.now)


def last_of(acts: Sequence[Happened], trigger: str) -> Happened | None:
    """The newest act of a name."""
    return next((one for one in reversed(acts) if one.entry.trigger == trigger), None)


# The plan and the countersignatures --------------------------------------------------------------


class Standing(StrEnum):
    """How a bureau stands to the plan as it was circulated last."""

    LEADS = "leads"
    NOT_ASKED = "not_asked"
    AWAITED = "awaited"
    SIGNED = "signed"
    OBJECTED = "objected"
    SILENT = "silent"


KEEPING: Final = {Standing.AWAITED: UNSIGNED, Standing.OBJECTED: OBJECTING}
"""What keeps the plan from being approved, and the sentence for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What a bureau said of the plan, or until when it may. ``said`` is the act, if there is one.

    ``until`` is the last day, inclusive, of whoever is awaited or was silent.
    """

    bureau: Bureau
    items: str
    standing: Standing
    said: Happened | None = None
    reason: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The yearly inspections of the enterprise before this one, and how many it may have."""

    done: int
    most: int
    reason: str

    @property
    def is_kept(self) -> bool:
        """Whether there was room for one more."""
        return self.done < self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan as the reader knows it.

    ``circulated`` is the act that sent it out last; ``stands`` whether it is still that one, not
    sent back. ``asks`` says whether anything is asked at this stage, ``unmet`` are the sentences of
    what is still missing then. ``returns`` are the objections by which it was sent back, the
    newest first, each with its reasons.
    """

    circulated: Happened | None
    stands: bool
    planned: tuple[date, date] | None
    cap: Cap | None
    values: Sequence[Shown]
    hands: Sequence[Hand]
    asks: bool
    unmet: Sequence[Label]
    approved: Happened | None
    returns: Sequence[tuple[Happened, str]]
    actions: Sequence[Action]


def shows(page: CasePage) -> bool:
    """Whether there is a plan to read, if only one being drafted."""
    begun = page.case.state == "plan_drafting" and page.of_authority
    return is_operation(page) and (begun or bool(page.rows["bureaus"]))


def plan_tab(page: CasePage) -> Context:
    """The plan of an operation."""
    return {"plan": plan_of(page)}


def plan_of(page: CasePage) -> Plan:
    """Read the plan from the rows, the acts and the signatures of an operation."""
    acts = page.acts(CIRCULATE, COUNTERSIGN, OBJECT, APPROVE, ENTER)
    circulated, approved = last_of(acts, CIRCULATE), last_of(acts, APPROVE)
    typed = inputs_of(circulated) if circulated is not None else {}
    bureaus = bureaus_of(page, day_of(page, last_of(acts, ENTER)))
    hands = list(_hands(page, bureaus, acts))
    state = page.case.state
    # To circulate the plan is the lead's affair alone.
    asks = state in NEEDS and (page.of_authority or state != "plan_drafting")
    return Plan(
        circulated=circulated,
        stands=state != "plan_drafting",
        planned=planned_days(typed),
        cap=_cap(typed),
        values=values_of(page, circulated, *TOLD_APART) if circulated is not None else (),
        hands=hands,
        asks=asks,
        unmet=list(_unmet(page, hands)) if asks else (),
        approved=approved,
        returns=[
            (one, inputs_of(one)["objection"])
            for one in reversed(acts)
            if one.entry.trigger == OBJECT
        ],
        actions=actions_of(page, PLAN_ACTS),
    )


def _unmet(page: CasePage, hands: Sequence[Hand]) -> Iterator[Label]:
    """What is still missing for the next step; to a partner, what is missing of its own."""
    if page.of_authority:
        attempt = page.attempt()
        for guard in NEEDS[page.case.state]:
            if (label := guard.refusal(attempt)) is not None:
                yield label
    for hand in hands:
        bureau = hand.bureau
        if not (page.of_authority or bureau.own):
            continue
        if lacking := _lacking(page.case.state, hand):
            yield _said(LACKING, bureau=bureau.name, count=lacking, least=OFFICERS_WANTED)
        if page.case.state == "plan_consulting" and hand.standing in KEEPING:
            yield _said(KEEPING[hand.standing], bureau=bureau.name)


def _lacking(state: str, hand: Hand) -> int:
    """How many officers the next step wants of a bureau: the lead's, the signer's, everybody's."""
    bureau = hand.bureau
    if state == "plan_approved":
        return bureau.lacking
    asked = bureau.leads if state == "plan_drafting" else hand.standing is Standing.AWAITED
    return max(OFFICERS_WANTED - len(bureau.officers), 0) if asked else 0


def _said(sentence: Label, **values: object) -> Label:
    return Label(sentence.zh.format(**values), sentence.en.format(**values))


def planned_days(typed: Mapping[str, Any]) -> tuple[date, date] | None:
    """First and last day of the inspection, both inclusive, as the plan says."""
    if "planned_on" not in typed:
        return None
    return date.fromisoformat(typed["planned_on"]), date.fromisoformat(typed["planned_end_on"])


def _cap(typed: Mapping[str, Any]) -> Cap | None:
    if "yearly_cap" not in typed:
        return None
    return Cap(
        done=int(typed["inspections_this_year"]),
        most=int(typed["yearly_cap"]),
        reason=typed.get("cap_reason") or "",
    )


def _hands(page: CasePage, bureaus: Sequence[Bureau], acts: Sequence[Happened]) -> Iterator[Hand]:
    """How each bureau stands to the plan, the lead first."""
    circulated = last_of(acts, CIRCULATE)
    lead_items = inputs_of(circulated).get("lead_items", "") if circulated is not None else ""
    items = {
        UUID(one.row.data["bureau"]): one.row.data["check_items"]
        for one in page.rows["bureaus"]
        if one.row.status == "named"
    }
    since = circulated.entry.seq if circulated is not None else -1
    counting = {signature.seq for signature in page.view.signatures(COUNTERSIGN)}
    said = {
        one.entry.organisation_id: one
        for one in acts
        if one.entry.seq in counting or (one.entry.trigger == OBJECT and one.entry.seq > since)
    }
    for bureau in bureaus:
        if bureau.leads:
            yield Hand(bureau=bureau, items=lead_items, standing=Standing.LEADS)
        elif (act := said.get(bureau.id)) is not None:
            yield _spoken(bureau, items[bureau.id], act)
        else:
            standing, until = _unspoken(page, circulated)
            yield Hand(bureau=bureau, items=items[bureau.id], standing=standing, until=until)


def _spoken(bureau: Bureau, items: str, act: Happened) -> Hand:
    typed = inputs_of(act)
    agrees = typed.get("view") == AGREE
    return Hand(
        bureau=bureau,
        items=items,
        standing=Standing.SIGNED if agrees else Standing.OBJECTED,
        said=act,
        reason=typed.get("objection") or typed.get("view_reason") or "",
    )


def _unspoken(page: CasePage, circulated: Happened | None) -> tuple[Standing, date | None]:
    """A bureau that has said nothing: not asked yet, awaited until a day, or taken to agree."""
    state = page.case.state
    if circulated is None or state == "plan_drafting":
        return Standing.NOT_ASKED, None
    clock = [row for row in page.clock_rows if row["name"] == "consultation"][-1]
    awaited = state == "plan_consulting" and page.now <= clock["due_at"]
    return (Standing.AWAITED if awaited else Standing.SILENT), clock["due_on"]
