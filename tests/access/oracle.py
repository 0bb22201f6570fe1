"""Who sees which case, said once more in plain Python, for tests to compare the product with.

Written from design.md 4.9 and domain.md 2, not from `app.cases.sight`: it loads every case and every
seat and asks in loops.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, OrganisationKind
from app.cases.models import Case, Participant
from app.engine.actors import Actor, Role

OVERSEERS = {
    Role.INSPECTOR,
    Role.SUPERVISOR,
    Role.BUREAU_LEADER,
    Role.LEGAL_REVIEWER,
    Role.AUDITOR,
}


@dataclass(frozen=True)
class Seat:
    """A capacity somebody holds now; ``person`` none: the whole organisation does."""

    organisation: UUID
    person: UUID | None


@dataclass(frozen=True)
class Matter:
    """Of a case what decides who sees it."""

    id: UUID
    lifecycle: str
    authority: UUID
    division: str
    restricted: bool
    assignee: UUID | None
    seats: tuple[Seat, ...]

    def is_seen_by(self, actor: Actor) -> bool:
        """Whether somebody who acts for themselves sees the case."""
        if actor.roles == {Role.ADMINISTRATOR}:
            return False
        seated = any(
            seat.organisation == actor.organisation_id and seat.person in {None, actor.person_id}
            for seat in self.seats
        )
        leads = self.authority == actor.organisation_id
        overseer = bool(actor.roles & OVERSEERS)
        if self.restricted:
            by_name = any(
                seat.person == actor.person_id and seat.organisation == actor.organisation_id
                for seat in self.seats
            ) or (leads and self.assignee == actor.person_id and overseer)
            above = leads and bool(actor.roles & {Role.BUREAU_LEADER, Role.AUDITOR})
            party = seated and not overseer
            return by_name or above or party
        return seated or (overseer and (leads or lies_in(self.division, actor.division)))


def lies_in(place: str, division: str) -> bool:
    """Whether a place lies in a division, by the pairs of digits of its code that say something."""
    if not division:
        return False
    pairs = [division[at : at + 2] for at in range(0, len(division), 2)]
    while len(pairs) > 1 and pairs[-1] == "00":
        pairs.pop()
    return place.startswith("".join(pairs))


def matters(session: Session) -> list[Matter]:
    """Every case there is."""
    seats: dict[UUID, list[Seat]] = defaultdict(list)
    for one in session.scalars(select(Participant).where(Participant.until_seq.is_(None))):
        seats[one.case_id].append(Seat(one.organisation_id, one.person_id))
    return [
        Matter(
            case.id, case.lifecycle, case.authority_id, case.division, case.restricted,
            case.assignee_id, tuple(seats[case.id]),
        )
        for case in session.scalars(select(Case).order_by(Case.id))
    ]  # fmt: skip


def seen(every: Iterable[Matter], actor: Actor) -> set[UUID]:
    """Ids of the cases somebody sees."""
    return {one.id for one in every if one.is_seen_by(actor)}


def sees_organisation(actor: Actor, one: Organisation) -> bool:
    """Whether somebody finds an entry of the registers: of a unit, an agency or a natural person."""
    if one.kind is OrganisationKind.PERSON:
        return bool(actor.roles & OVERSEERS) and lies_in(one.division, actor.division)
    if one.id == actor.organisation_id:
        return True
    if not actor.roles & (OVERSEERS | {Role.ADMINISTRATOR, Role.PROVINCIAL_VIEWER}):
        return False
    return one.kind is OrganisationKind.AGENCY or lies_in(one.division, actor.division)
