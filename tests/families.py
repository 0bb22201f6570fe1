"""What must hold of a whole family of cases, and walks through one.

The duties are typed from SD-1 and SD-2 of domain.md 2.2, not read from the guards that keep them
apart. Whoever acts here has more than one role as often as not, or stands in for somebody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.cases.models import Case
from app.engine.actors import Actor, Role
from app.engine.definition import Transition
from app.workflows import by_version
from tests.town import Matter
from tests.walk import Walk

INVESTIGATES: Final = frozenset({
    "record_inspection", "record_inquiry", "add_photographs", "take_samples", "collect_material",
    "sign_report", "submit_report",
})  # fmt: skip
DUTIES: Final = {
    "investigates": INVESTIGATES,
    "reviews": frozenset({"return_after_review", "pass_review"}),
    "checks legality": frozenset(
        {"pass_legal_review", "return_after_legal_review", "refuse_in_legal_review"}
    ),
    "chairs": frozenset({"hold_hearing", "close_without_hearing", "report_on_hearing"}),
}
"""SD-1: no two of them in one hand, in one case."""
VOTES: Final = frozenset({"discuss", "conclude_discussion"})
"""SD-2: whoever investigated may attend, and has no vote."""
BUREAU: Final = frozenset(
    {Role.SUPERVISOR, Role.INSPECTOR, Role.BUREAU_LEADER, Role.LEGAL_REVIEWER}
)


def family_faults(session: Session, root_id: UUID) -> Iterator[str]:
    """Name what a family breaks: a parent closed before its child, two duties in one hand."""
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.root_id == root_id))}
    for case in cases.values():
        parent = cases.get(case.parent_id) if case.parent_id is not None else None
        if parent is not None and parent.is_final and not _had_ended(session, case, parent):
            yield f"{parent.number} is closed, and {case.number} of it is {case.state}"
        yield from _two_duties(session, case)


def _had_ended(session: Session, case: Case, parent: Case) -> bool:
    """Whether a case had ended by the entry that closed its parent; it may be reopened later."""
    closing = session.get_one(AuditEntry, (parent.id, parent.state_seq))
    lifecycle = by_version(case.lifecycle, case.lifecycle_version)
    query = (
        select(AuditEntry.to_state)
        .where(AuditEntry.chain_id == case.id, AuditEntry.recorded_at <= closing.recorded_at)
        .order_by(AuditEntry.seq.desc())
    )
    then = session.scalars(query.limit(1)).one_or_none()
    return then is None or lifecycle.states[then].final


def _two_duties(session: Session, case: Case) -> Iterator[str]:
    done: dict[UUID, set[str]] = defaultdict(set)
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.chain_id == case.id)):
        for hand in (entry.actor_id, entry.on_behalf_of):
            if hand is not None:
                done[hand].add(entry.trigger)
    for hand, acts in done.items():
        held = [duty for duty, named in DUTIES.items() if acts & named]
        for one, other in combinations(held, 2):
            yield f"{hand} {one} and {other} in {case.number}"
        if acts & INVESTIGATES and acts & VOTES:
            yield f"{hand} investigates and votes in {case.number}"


@dataclass
class FamilyWalk(Walk):
    """A walk in which people hold second roles and stand in for one another."""

    def uphold(self) -> None:
        super().uphold()
        with self.town.database.read() as session:
            broken = list(family_faults(session, self.root.id))
        assert not broken, "\n".join([*self.done, *broken])

    def actor(self, matter: Matter, transition: Transition) -> Actor:
        actor = super().actor(matter, transition)
        if not actor.roles & BUREAU:
            return actor
        luck = self.chance.random()
        if luck > 0.7 and (hands := self._hands(matter)):
            actor = self.chance.choice(hands)  # whoever has done something here does more
        if luck < 0.4 or luck > 0.7:
            actor = replace(actor, roles=actor.roles | BUREAU)
        if luck < 0.2:
            of_the_bureau = [a for a in self.town.cast.people.values() if a.roles & BUREAU]
            absent = self.chance.choice(self._hands(matter) or of_the_bureau)
            actor = replace(actor, on_behalf_of=absent.person_id)
        return actor

    def _hands(self, matter: Matter) -> list[Actor]:
        """People of the bureau who have had a hand in the case."""
        query = select(AuditEntry.actor_id).where(AuditEntry.chain_id == matter.id)
        with self.town.database.read() as session:
            known = set(session.scalars(query))
        people = self.town.cast.people.values()
        return [one for one in people if one.person_id in known and one.roles & BUREAU]
