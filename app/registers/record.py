"""The record of a unit, an agency or a person: penalties and bans 禁业, as one reader sees them.

Whoever may see a case reads what it entered, with its number. Everybody else reads of a penalty
what is public: one that is published, neither withdrawn nor annulled, until the last day of its
publication (Administrative Penalty Law, art. 48).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.engine.actors import Actor
from app.law.labels import Label
from app.law.penalties import penalty_rules
from app.registers import queries
from app.registers.models import Ban, PenaltyRecord

CASES: Final = "tanjian.registers.cases"

FindCases = Callable[[Session, Actor, Collection[UUID]], Mapping[UUID, str]]
"""From ids of cases to the numbers of those a person may see, by id."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """A penalty in the record. ``number`` is that of its case, none where it may not be seen."""

    row: PenaltyRecord
    rule: Label
    number: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class Barred:
    """A ban in the record, and whether it is in force; ``number`` as of a penalty."""

    ban: Ban
    in_force: bool
    number: str


@dataclass(frozen=True, slots=True)
class Record:
    """What one reader finds in the record, the newest first."""

    penalties: Sequence[Penalty]
    bans: Sequence[Barred]

    @property
    def in_force(self) -> Sequence[Barred]:
        """The bans that hold today."""
        return [one for one in self.bans if one.in_force]


def show_cases(app: Flask, find: FindCases) -> None:
    """Let the pages of ``app`` name the cases behind a record to whoever may see them."""
    app.extensions[CASES] = find


def record_of(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    on: date,
    *,
    person_id: UUID | None = None,
) -> Record:
    """The record of an organisation, or of a natural person with the account they have, on a day.

    A ban that was lifted is told only to whoever sees its case, or keeps or reads the registers
    for the authority. Three queries, however long the record is.
    """
    penalties = session.execute(
        select(PenaltyRecord, PenaltyRecord.is_public_on(on).label("public"))
        .where(PenaltyRecord.organisation_id == organisation_id)
        .order_by(PenaltyRecord.effective_on.desc(), PenaltyRecord.id.desc())
    ).all()
    on_them = [Ban.organisation_id == organisation_id]
    if person_id is not None:
        on_them.append(Ban.person_id == person_id)
    bans = session.scalars(
        select(Ban).where(or_(*on_them)).order_by(Ban.from_day.desc(), Ban.id.desc())
    ).all()
    known = _numbers(session, actor, {row.case_id for row, _ in penalties} | _cases_of(bans))
    reads_all = queries.reads_people(actor) or queries.may_edit(session, actor)
    return Record(
        penalties=[
            Penalty(row, _rules().get(row.rule, Label(row.rule, row.rule)), number, bool(public))
            for row, public in penalties
            if (number := known.get(row.case_id, "")) or public
        ],
        bans=[
            Barred(ban, queries.is_in_force(ban, on), number)
            for ban in bans
            if (number := known.get(ban.case_id, "") if ban.case_id else "")
            or ban.lifted_on is None
            or reads_all
        ],
    )


def _cases_of(bans: Sequence[Ban]) -> set[UUID]:
    return {ban.case_id for ban in bans if ban.case_id is not None}


def _numbers(session: Session, actor: Actor, ids: Collection[UUID]) -> Mapping[UUID, str]:
    find: FindCases | None = current_app.extensions.get(CASES)
    return find(session, actor, ids) if ids and find is not None else {}


@cache
def _rules() -> Mapping[str, Label]:
    """What each rule of the penalty tables is about, by key."""
    return {rule.key: rule.label for rule in penalty_rules()}
