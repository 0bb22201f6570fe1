"""Withdrawing a waiver: an act done in time that is entered only after its period has lapsed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.audit import chain
from app.cases.clocks import End
from app.cases.models import Case, CaseDeadline
from app.cases.settlement import armed
from app.cases.snapshot import LOCK_CASE, Record, Snapshot, record
from app.db import table_of
from app.engine import definition as words
from app.engine.actors import Actor, Role
from app.engine.moves import REINSTATE
from app.engine.permission import stands_for
from app.law.periods import local_date
from app.law.terms import LawBook

cases = table_of(Case)
deadlines = table_of(CaseDeadline)


def withdraw_lapse(
    view: Snapshot,
    transition: words.Transition,
    actor: Actor,
    happened: datetime,
    now: datetime,
    law: LawBook,
) -> Snapshot:
    """Take a case back to before a lapse that the act, done in time, proves wrong.

    Only where the act is not possible now, meets a deadline of the waiving kind, happened before
    its legal end and is entered by the authority. A ``reinstate`` entry says so; clocks that began
    with or after the lapse are voided and the waived clock runs again. Returns the case as it is
    then, unchanged where nothing lapsed.
    """
    if view.state in transition.source_names:
        return view
    if stands_for(actor, view.capacities_of(actor), transition.recorded_by) is None:
        return view
    lapsed = _lapsed_clock(view, transition, happened)
    if lapsed is None:
        return view
    deadline = view.lifecycle.deadlines[lapsed["name"]]
    assert deadline.on_expiry is not None  # `_lapsed_clock` looks only at such
    back = next(
        s for name, s in view.lifecycle.states.items() if name in deadline.on_expiry.source_names
    )
    row, seq = view.row, view.row["last_seq"] + 1
    voided = [c for c in view.clocks if c["opened_seq"] >= lapsed["expired_seq"]]
    entry = chain.seal(
        chain="case",
        chain_id=row["id"],
        seq=seq,
        prev_hash=row["last_hash"],
        recorded_at=now,
        occurred_at=happened,
        actor=actor,
        role=stands_for(actor, view.capacities_of(actor), transition.recorded_by) or Role.SYSTEM,
        trigger=REINSTATE,
        from_state=row["state"],
        to_state=back.name,
        flags="late",
        details={
            "lifecycle": f"{row['lifecycle']}/{row['lifecycle_version']}",
            "law": law.version,
            "calendar": law.calendar.version,
            "withdraws": {"seq": lapsed["expired_seq"], "deadline": lapsed["name"]},
            "for": transition.name,
            "done_on": local_date(happened),
            "due_on": lapsed["due_on"],
            "clocks": {"voided": [c["name"] for c in voided], "reopened": [lapsed["name"]]},
        },
    )
    view.connection.execute(chain.INSERT_ENTRY, entry)
    rung_at, rung = armed(deadline, _end_of(lapsed), law, now)
    if voided:
        view.session.execute(
            update(deadlines)
            .where(deadlines.c.id.in_([c["id"] for c in voided]))
            .values(voided_seq=seq, closed_at=now)
        )
    view.session.execute(
        update(deadlines)
        .where(deadlines.c.id == lapsed["id"])
        .values(
            expired_at=None,
            expired_seq=None,
            closed_at=None,
            next_rung=rung,
            next_rung_at=rung_at,
        )
    )
    view.session.execute(
        update(cases)
        .where(cases.c.id == row["id"])
        .values(
            _reopened(back, lapsed)
            | {"version": row["version"] + 1, "last_seq": seq, "last_hash": entry["hash"]}
        )
    )
    fresh = view.session.execute(LOCK_CASE, {"case_id": row["id"]}).mappings().one()
    return Snapshot(view.session, record(fresh))


def _lapsed_clock(
    view: Snapshot, transition: words.Transition, happened: datetime
) -> Record | None:
    """The newest waived clock the act would have met in time."""
    names = [
        name
        for name, deadline in view.lifecycle.deadlines.items()
        if deadline.expiry is words.Expiry.PARTY_WAIVER
        and transition in deadline.met_by
        and deadline.on_expiry is not None
    ]
    if not names:
        return None
    query = (
        select(deadlines)
        .where(
            deadlines.c.case_id == view.id,
            deadlines.c.name.in_(names),
            deadlines.c.expired_seq.is_not(None),
            deadlines.c.met_seq.is_(None),
            deadlines.c.anchor_at <= happened,
            deadlines.c.due_at >= happened,
        )
        .order_by(deadlines.c.expired_seq.desc())
        .limit(1)
    )
    found = view.session.execute(query).mappings().one_or_none()
    return None if found is None else record(found)


def _end_of(clock: Record) -> End:
    due_on = clock["due_on"]
    return End(due_on, clock["due_at"], due_on, clock["provisional"], clock["expires_at"])


def _reopened(back: words.State, lapsed: Record) -> dict[str, Any]:
    waits = back.waits_for
    return {
        "state": back.name,
        "state_since": lapsed["anchor_at"],
        "state_seq": lapsed["opened_seq"],
        "waits_role": waits.role.value if waits else None,
        "waits_capacity": waits.capacity.value if waits and waits.capacity else None,
        "is_final": False,
        "closed_at": None,
        "next_due_at": lapsed["due_at"],
        "next_due_name": lapsed["name"],
        "sort_due_at": lapsed["due_at"],
    }
