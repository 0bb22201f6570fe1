"""Logging a clue 线索: what somebody noticed about a unit or an agency becomes a case of its own.

The case belongs to the body of whoever logs it; whom it is about learns nothing of it. Clues about
the same subject can be tied to one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.cases import timers
from app.cases.errors import NotPermitted
from app.cases.models import Case, CaseLink
from app.cases.opening import Enclosure, Opening, open_case
from app.cases.sight import visible_to
from app.cases.step import Fired
from app.db import Database, new_id, table_of
from app.engine.actors import Actor, Capacity
from app.engine.definition import OPENING, Lifecycle, Transition
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.terms import LawBook
from app.workflows import LIFECYCLES
from app.workflows.clues import BEGINS, CLUE, SUBJECT

links = table_of(CaseLink)

MOST: Final = 20
"""So many open cases on the same subject are offered for a tie, the newest first."""


@dataclass(frozen=True)
class ClueLog:
    """What somebody logs. ``related`` are cases on the same subject to be tied to the new one."""

    subject_id: UUID
    inputs: Mapping[str, Any]
    files: Sequence[Enclosure] = ()
    related: Sequence[UUID] = field(default=())


def begun_by_clues() -> list[type[Lifecycle]]:
    """The lifecycles that begin with a clue."""
    return [LIFECYCLES[key] for key in dict.fromkeys(BEGINS.values()) if key in LIFECYCLES]


def asked() -> Transition:
    """What is asked of whoever logs a clue: whom it is about, and the inputs of J01 and A01."""
    by = list(dict.fromkeys(who for one in begun_by_clues() for who in one.opening().by))
    inputs = (SUBJECT, *CLUE)
    act = Transition("登记线索", "Log a clue", code="", sources=OPENING, by=by, inputs=inputs)
    act.name, act.all_inputs = "log_clue", inputs
    return act


def may_log(actor: Actor) -> bool:
    """Whether the person may log a clue for the body they act for."""
    return stands_for(actor, frozenset({Capacity.LEAD}), asked().by) is not None


def same_subject(session: Session, actor: Actor, subject_id: UUID) -> list[Case]:
    """Open cases that began with a clue about the same subject, as far as the person sees them."""
    keys = [one.key for one in begun_by_clues()]
    query = (
        select(Case)
        .where(visible_to(actor), Case.subject_id == subject_id)
        .where(Case.lifecycle.in_(keys), Case.is_final.is_(False))
        .order_by(Case.opened_at.desc(), Case.id)
        .limit(MOST)
    )
    return list(session.scalars(query))


def log_clue(
    database: Database, clue: ClueLog, *, actor: Actor, now: datetime, law: LawBook
) -> Fired:
    """Open the case and tie it to those named.

    Raises NotPermitted, BadInputs or TransitionRefused, and then writes nothing.
    """

    def work(session: Session) -> Fired:
        subject = session.get_one(Organisation, clue.subject_id)
        opening = Opening(
            lifecycle=LIFECYCLES[BEGINS[subject.kind.value]],
            authority_id=actor.organisation_id,
            authority_name=actor.organisation_name,
            subject_id=subject.id,
            subject_name=subject.name,
            division=subject.division,
            cycle_year=None,
            enclosed=clue.files,
        )
        fired = open_case(session, opening, actor=actor, inputs=clue.inputs, now=now, law=law)
        seen = {case.id for case in same_subject(session, actor, subject.id)} - {fired.case_id}
        rows = [
            {
                "id": new_id(),
                "case_id": fired.case_id,
                "other_id": other_id,
                "kind": "same",
                "restricted": True,
                "raised_by": actor.person_id,
                "raised_at": now,
                "key": None,
            }
            for other_id in clue.related
            if other_id in seen
        ]
        if rows:
            session.execute(insert(links), rows)
        return fired

    if not may_log(actor):
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to(asked().by))])
    fired = database.write(work)
    timers.work_off(database, law, now)
    return fired
