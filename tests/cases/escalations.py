"""Escalations of every kind, each begun as it begins at work: by a clock, a calendar, by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.cases import amendments, rungs, timers
from app.cases.escalation import asking, decisions, records
from app.cases.escalation.decisions import Decision, Order, Outcome
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.expiry import expire
from app.cases.models import Case, CaseDeadline, CaseLink, Escalation, EscalationStep
from app.engine.actors import Actor
from app.law.terms import LawBook
from app.outbox.models import OutboxMessage
from app.workflows.joint_enforcement import JointEnforcement
from tests.town import Matter, Town, day, instant
from tests.workflows.stand_ins import clue
from tests.year import a_year

WHY: Final = "案情复杂，涉及两家检测机构"


@dataclass
class Raised:
    """One escalation of a matter, with the day it is decided on and whoever decides it."""

    matter: Matter
    id: UUID
    by: str
    on: str
    law: LawBook

    @property
    def town(self) -> Town:
        return self.matter.town

    @property
    def row(self) -> Escalation:
        with self.town.database.read() as session:
            return session.get_one(Escalation, self.id)

    @property
    def status(self) -> str:
        return self.row.status

    def decide(
        self,
        decision: Decision,
        who: str | Actor = "",
        words: str = "",
        instead: Proposal | None = None,
        *,
        at: str = "",
    ) -> Outcome:
        """Decide it; by default as whoever it was put to, on its day."""
        return decisions.decide(
            self.town.database,
            Order(self.id, decision, words, instead),
            actor=self.matter.actor(who or self.by),
            now=instant(at or self.on),
            law=self.law,
        )

    def steps(self) -> list[EscalationStep]:
        query = select(EscalationStep).where(EscalationStep.escalation_id == self.id)
        with self.town.database.read() as session:
            return list(session.scalars(query.order_by(EscalationStep.at)))

    def chain(self) -> list[AuditEntry]:
        """The entries of the chain of the case's escalations."""
        chain_id = records.chain_of(self.matter.id)
        query = select(AuditEntry).where(AuditEntry.chain_id == chain_id)
        with self.town.database.read() as session:
            return list(session.scalars(query.order_by(AuditEntry.seq)))

    def told(self, what: str) -> list[OutboxMessage]:
        """The messages that tell of it."""
        query = select(OutboxMessage).where(
            OutboxMessage.case_id == self.matter.id,
            OutboxMessage.template == f"escalation.{what}",
        )
        with self.town.database.read() as session:
            found = session.scalars(query.order_by(OutboxMessage.created_at, OutboxMessage.id))
            return [one for one in found if one.data["escalation"] == str(self.id)]

    def clues(self) -> list[Case]:
        """The cases a clue raised on this one began."""
        query = select(Case).join(CaseLink, CaseLink.other_id == Case.id)
        with self.town.database.read() as session:
            return list(session.scalars(query.where(CaseLink.case_id == self.matter.id)))


def undecided(matter: Matter, kind: Kind) -> Escalation:
    """The open escalation of a kind."""
    query = select(Escalation).where(
        Escalation.case_id == matter.id, Escalation.kind == kind, Escalation.status == "open"
    )
    with matter.town.database.read() as session:
        return session.scalars(query).one()


def reach(matter: Matter, at: str) -> None:
    """Let the clocks of one matter reach an instant: its rungs are told, its ends come."""
    town, now = matter.town, instant(at)
    while ripe := _ripe(matter, now):
        clock, ends = ripe[0]
        work = expire if ends else rungs.tell
        town.database.write(partial(work, case_id=matter.id, clock_id=clock, law=town.law, now=now))


def _ripe(matter: Matter, now: datetime) -> list[tuple[UUID, bool]]:
    """The clocks that have a rung or their end behind them, with which of both it is."""
    query = select(CaseDeadline).where(
        CaseDeadline.case_id == matter.id, CaseDeadline.closed_at.is_(None)
    )
    with matter.town.database.read() as session:
        clocks = list(session.scalars(query))
    told = [(c.next_rung_at, c.id, False) for c in clocks if _past(c.next_rung_at, now)]
    ended = [(c.expires_at, c.id, True) for c in clocks
             if _past(c.expires_at, now) and c.expired_at is None]  # fmt: skip
    return [(clock, ends) for _at, clock, ends in sorted((*told, *ended))]


def _past(at: datetime | None, now: datetime) -> bool:
    return at is not None and at < now


def tick(town: Town, at: str) -> list[timers.Done]:
    """Let time reach an instant; return all that was done."""
    return timers.tick(town.database, town.law, instant(at))


# By hand ----------------------------------------------------------------------------------------


def assessing(town: Town, at: str = "03-03", **said: Any) -> Matter:
    """A clue of the bureau that the supervisor assesses, filed within 15 days, by inspector."""
    matter = town.open(JointEnforcement, "inspector", clue(**said), at=at, subject="redian")
    matter.fire("assess", "supervisor", at="03-04")
    return matter


def ask(
    matter: Matter,
    key: str,
    who: str | Actor = "inspector",
    *,
    at: str,
    by: str,
    reason: str = WHY,
    on: str = "",
    person: str = "",
    **inputs: Any,
) -> Raised:
    """Ask for something by hand."""
    named = matter.town[person].person_id if person else None
    asked = asking.Asked(key, reason, inputs, named)

    def work(session: Session) -> UUID:
        return asking.ask(
            session,
            matter.id,
            asked,
            actor=matter.actor(who),
            now=instant(at),
            law=matter.town.law,
        )

    raised = matter.town.database.write(work)
    return Raised(matter, raised, by, on or at, matter.town.law)


def extension(town: Town, who: str | Actor = "inspector") -> Raised:
    matter = assessing(town)
    key = f"extend:{matter.clock('filing').id}"
    return ask(matter, key, who, at="03-10", by="leader", on="03-11")


def act(town: Town) -> Raised:
    return ask(assessing(town), "act:not_worth", "supervisor", at="03-10", by="leader")


def help_(town: Town) -> Raised:
    return ask(assessing(town), "help", at="03-10", by="supervisor", person="inspector2")


def takeover(town: Town) -> Raised:
    return ask(assessing(town), "takeover", at="03-10", by="supervisor", person="inspector2")


# By clocks and the calendar ---------------------------------------------------------------------


def late(town: Town) -> Raised:
    """The filing is late; L-15 puts it to the leader."""
    matter = assessing(town)
    reach(matter, "03-18 10:00")
    return _raised(matter, Kind.LATE, "leader", "03-18 11:00")


def at_risk(town: Town) -> Raised:
    """Fifteen days before the time-bar of two years nothing has been filed."""
    matter = assessing(town, act_ended_on=day("2024-03-25"), discovered_on=day("03-02"))
    alone = {
        "no_partner_matter": True, "conduct": "report_false", "party_kind": "unit",
        "cause": "涉嫌提交虚假报告案",
    }  # fmt: skip
    matter.fire("single_bureau", "supervisor", alone, at="03-05")
    [penalty] = matter.children("single_case")
    reach(penalty, "03-10 10:00")
    return _raised(penalty, Kind.AT_RISK, "leader", "03-11")


def clue_proposed(town: Town) -> Raised:
    """No report by the end of March: a day later a clue is proposed."""
    year = a_year(town)
    reach(year, "04-01 10:00")
    return _raised(year, Kind.CLUE, "supervisor", "04-02")


def earlier(town: Town) -> Raised:
    """A calendar is loaded by which the time to file ends a day earlier."""
    known = town.law.calendar
    rests = {**known.rests, day("03-17"): "qingming"}
    law = replace(town.law, calendar=replace(known, rests=rests))
    matter = Matter(town, assessing(replace(town, law=law)).id)
    town.database.write(
        lambda session: amendments.amend_case(session, matter.id, town.law, instant("03-06"))
    )
    return _raised(matter, Kind.EARLIER, "supervisor", "03-06 15:00")


def _raised(matter: Matter, kind: Kind, by: str, on: str) -> Raised:
    return Raised(matter, undecided(matter, kind).id, by, on, matter.town.law)


BEGIN: Final[Mapping[Kind, Callable[[Town], Raised]]] = {
    Kind.EXTEND: extension,
    Kind.LATE: late,
    Kind.AT_RISK: at_risk,
    Kind.CLUE: clue_proposed,
    Kind.ACT: act,
    Kind.HELP: help_,
    Kind.TAKEOVER: takeover,
    Kind.EARLIER: earlier,
}
"""How an escalation of each kind begins."""


# What is decided instead ------------------------------------------------------------------------


def instead(raised: Raised) -> Proposal:
    """Something else than what was proposed, as a decider of that kind may choose it."""
    cast = raised.town.cast
    investigators = [cast.id_of("inspector"), cast.id_of("inspector2")]
    filed = {
        "has_evidence": True, "is_punishable": True, "is_competent": True, "is_in_time": True,
        "harm": "none", "officers": investigators,
    }  # fmt: skip
    found = {
        "accused": "unit", "conduct": "report_missing", "discovered_on": "2026-04-01",
        "suspicion": "逾期未报送年度排放报告",
    }  # fmt: skip
    chosen = {
        Kind.AT_RISK: Proposal(Do.ACT, "file", filed),
        Kind.CLUE: Proposal(Do.ACT, "raise_suspicion", found),
        Kind.LATE: Proposal(Do.ACT, "not_worth", {"no_case_reason": "情节轻微并及时改正"}),
        Kind.ACT: Proposal(Do.ACT, "not_worth", {"no_case_reason": "按轻微不罚处理"}),
        Kind.HELP: Proposal(Do.ASSIGN, person_id=cast["inspector2"].person_id),
        Kind.TAKEOVER: Proposal(Do.ASSIGN, person_id=cast["supervisor2"].person_id),
        Kind.EXTEND: Proposal(Do.ASSIGN, person_id=cast["supervisor2"].person_id),
        Kind.EARLIER: Proposal(Do.INSTRUCT),
    }
    return chosen[Kind(raised.row.kind)]
