"""Turns what a published case tells into acts of the real lifecycles, on the days it tells.

Whoever acts for the bureau, the boxes an act ticks and its free texts, which carry the facts as the
text tells them, are the town's. Days, amounts, rules, numbers and the conduct are the text's: one
that an act asks for and the text does not give is not typed, the engine refuses the act, and the
way of the case ends there. Every event of a text is played that the lifecycles have an act for and
that comes before that end.

- A case begins on the first day on which its text shows that the authority knew of it.
- The end of the act is the day the text names, or the day of the inspection that still saw it.
- An act without a day that a later dated event presupposes (``presumed``: the filing) is played on the
  earliest day possible, the one on which the case begins, so that no lateness is counted which the
  text does not prove.
- An event of a month is played on the month's last day: before it nothing is certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import operations
from app.accounts.models import Organisation, OrganisationKind
from app.cases.clocks import is_unfixed
from app.cases.errors import BadInputs, TransitionRefused
from app.cases.models import Case, CaseDeadline
from app.engine.actors import SYSTEM_ACTOR
from app.engine.definition import Lifecycle
from app.law.periods import local_date
from app.law.terms import LawBook
from app.workflows.agency_penalty import AgencyPenalty
from app.workflows.joint_enforcement import JointEnforcement
from tests.chronologies.chronicle import Chronicle, Happening
from tests.town import Matter, Town, instant

KNOWN_BY = (
    "clue_received", "instruction_received", "inspection", "hearing_held", "decision", "court_ruling",
    "publication",
)  # fmt: skip
"""Events that show that the authority knew, the most telling first."""
SOURCES = {"clue_received": "report", "instruction_received": "superior"}
PRESUPPOSE_THE_REPORT = (
    "prior_notice_served", "hearing_held", "decision", "court_enforcement_applied", "court_ruling",
)  # fmt: skip
NINGXIA = ("宁夏", "中卫", "石嘴山")
PUBLIC_END = "publication"

OUTSIDE = "records"
"""What is typed for a conduct that the tables of the carbon market do not know.

No rule punished it before May 2024, so that none is ever proposed for it here.
"""
TICKS = {
    "has_evidence": True, "is_punishable": True, "is_competent": True, "is_in_time": True, "harm": "none",
}  # fmt: skip


@dataclass(frozen=True)
class Clock:
    """A clock of a case, as it stood when its way ended."""

    lifecycle: str
    name: str
    began: date
    due: date | None
    is_fixed: bool
    met_late: bool


@dataclass
class Played:
    """The cases of one chronicle, as far as their way leads, and how they stood at its end."""

    chronicle: Chronicle
    fronts: list[Matter] = field(default_factory=list)
    penalties: list[Matter] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    """Per act that was refused: the inputs it asks for, or the sentences of its guards."""
    states: list[str] = field(default_factory=list)
    way: list[str] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)

    def end(self) -> Played:
        """Keep how the cases stand: the way of the first party, and the states of all."""
        rows = {one.id: one.row for one in (*self.fronts, *self.penalties)}
        self.states = sorted({f"{row.lifecycle}: {row.state}" for row in rows.values()})
        self.facts = [dict(row.facts) for row in rows.values()]
        for matter in (*self.fronts[:1], *self.penalties[:1]):
            self.way += [f"{local_date(e.occurred_at)} {e.trigger}" for e in matter.entries()]
            self.clocks += [_clock(rows[matter.id], clock) for clock in _clocks(matter)]
        return self


def _clocks(matter: Matter) -> list[CaseDeadline]:
    query = select(CaseDeadline).where(CaseDeadline.case_id == matter.id)
    with matter.town.database.read() as session:
        return list(session.scalars(query.order_by(CaseDeadline.opened_seq, CaseDeadline.name)))


def _clock(case: Case, clock: CaseDeadline) -> Clock:
    return Clock(
        case.lifecycle, clock.name, clock.anchor_on, clock.due_on, not is_unfixed(clock.derivation),
        clock.met_late,
    )  # fmt: skip


def law_of(law: LawBook, chronicle: Chronicle) -> LawBook:
    """The law where the case was: outside Ningxia its own days off do not count."""
    inside = any(place in chronicle.told["authority"] for place in NINGXIA)
    return law if inside else _outside_ningxia(law)


@cache
def _outside_ningxia(law: LawBook) -> LawBook:
    """The law without the region's days off, built once: its working days are counted once."""
    return law.with_overrides(switches={"region_holidays_count_as_off": False})


def play(town: Town, chronicle: Chronicle) -> Played:
    """Play a chronicle: one case for each party it accuses."""
    played = Played(chronicle)
    town = replace(town, law=law_of(town.law, chronicle))
    for number, party in enumerate(chronicle.parties, 1):
        _Part(town, chronicle, played, party, number).play()
    return played.end()


@dataclass
class _Part:
    """The case of one party."""

    town: Town
    chronicle: Chronicle
    played: Played
    party: str
    number: int

    def play(self) -> None:
        begins = self._first(*KNOWN_BY)
        agency = self.chronicle.is_about_an_agency
        front = self._open(AgencyPenalty if agency else JointEnforcement, begins)
        self.played.fronts.append(front)
        if agency:
            self._try(front, "classify", "supervisor", {"agency_type": AGENCY_TYPES[self._kind], "conduct": self._conduct}, begins.last)  # fmt: skip
            return
        if begins.type == PUBLIC_END:
            return
        front.fire("assess", "supervisor", at=_noon(begins.last))
        front.fire("single_bureau", "supervisor", self._alone(), at=_noon(begins.last))
        [penalty] = front.children("single_case")
        self.played.penalties.append(penalty)
        self._procedure(penalty, begins)

    def _open(self, lifecycle: type[Lifecycle], begins: Happening) -> Matter:
        self._enter_party()
        typed = {
            "source": self.chronicle.expected.get("source") or SOURCES.get(begins.type, "daily_supervision"),
            "conduct": self._conduct, "discovered_on": begins.last, "suspicion": self.chronicle.facts,
            "reporter_named": False, **self._ended(),
        }  # fmt: skip
        return self.town.open(
            lifecycle, "inspector", typed, at=_noon(begins.last), subject=self.party, year=begins.last.year,
            once=f"{self.chronicle.id} {self.number}",
        )  # fmt: skip

    def _procedure(self, penalty: Matter, begins: Happening) -> None:
        filed = self.chronicle.all("case_filed")
        if filed:
            on = filed[0].on
        elif "file" in self.chronicle.expected.get("presumed", ()):
            on = begins.last
        else:
            return
        officers = [self.town.cast.id_of(one) for one in ("inspector", "inspector2")]
        if not self._try(penalty, "file", "leader", {**TICKS, "officers": officers}, on):
            return
        for event in self.chronicle.happenings:
            self._event(penalty, event, officers, max(on, event.last))

    def _event(self, penalty: Matter, event: Happening, officers: list[str], entered: date) -> None:
        facts = self.chronicle.facts
        seen = {"officers": officers, "rights_told": True}
        match event.type:
            case "inspection" | "facts_confirmed":
                typed = {**seen, "on_site_on": event.on, "place": "被检查场所", "present": "在场人员", "findings": facts}  # fmt: skip
                self._try(penalty, "record_inspection", "inspector", typed, entered)
            case "interview":
                typed = {**seen, "asked_on": event.on, "asked": "被询问人", "answers": facts}
                self._try(penalty, "record_inquiry", "inspector", typed, entered)
            case "correction_order":
                typed = {"what": facts, "addressee": self.party}
                self._try(penalty, "order_correction", "leader", typed, entered)
            case kind if kind in PRESUPPOSE_THE_REPORT or (
                kind == PUBLIC_END and "决定" in event.note
            ):
                self._try(penalty, "write_report", "inspector", self._report(), entered)

    def _report(self) -> dict[str, Any]:
        """The report with all the text gives: its fine, where there is one."""
        facts, fine = self.chronicle.facts, self.chronicle.told["fine_yuan"]
        return {
            "party_name": self.party, "course": facts, "facts_found": facts, "evidence_table": facts,
            "proposal": "no_penalty" if fine == 0 else "penalty", "discretion": facts, **({"fine": str(fine)} if fine is not None else {}),
        }  # fmt: skip

    def _alone(self) -> dict[str, Any]:
        violated = self.chronicle.told["violated"]
        return {
            "no_partner_matter": True, "conduct": self._conduct, "party_kind": "unit",
            "cause": f"涉嫌违反{violated[0]}案" if violated else "案由未见",
        }  # fmt: skip

    def _try(self, matter: Matter, act: str, who: str, typed: Mapping[str, Any], on: date) -> bool:
        """Do an act; if it asks for what the text does not give, note what and leave it."""
        try:
            matter.fire(act, who, typed, at=_noon(on))
        except BadInputs as refused:
            self.played.missing[act] = sorted(refused.faults)
        except TransitionRefused as refused:
            self.played.missing[act] = [one.label.en for one in refused.refusals]
        else:
            return True
        return False

    # What the text gives ------------------------------------------------------------------------

    def _first(self, *types: str) -> Happening:
        """The earliest event of the first of these types that there is."""
        return next(found[0] for kind in types if (found := self.chronicle.all(kind)))

    def _ended(self) -> dict[str, date]:
        kind = self.chronicle.expected.get("ended")
        return {"act_ended_on": self.chronicle.all(kind)[0].on} if kind else {}

    @property
    def _conduct(self) -> str:
        return str(self.chronicle.expected.get("conduct", OUTSIDE))

    @property
    def _kind(self) -> str:
        return str(self.chronicle.told["party_type"])

    def _enter_party(self) -> None:
        """Enter the party in the registers, with the code its text gives and without any other."""
        agency, now = self.chronicle.is_about_an_agency, instant("01-04 09:00")
        kind = OrganisationKind.AGENCY if agency else OrganisationKind.UNIT

        def work(session: Session) -> Organisation:
            return operations.create_organisation(
                session, SYSTEM_ACTOR, kind=kind, name=self.party, division="640500", now=now,
                uscc=self.chronicle.told["uscc"],
            )  # fmt: skip

        made = self.town.database.write(work)
        (self.town.cast.agencies if agency else self.town.cast.units)[self.party] = made


AGENCY_TYPES = {"verifier": "review", "consultant": "compiling", "tester": "testing"}


def _noon(on: date) -> str:
    return f"{on} 12:00"
