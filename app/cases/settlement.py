"""What an act does to clocks: meets, voids, stops, resumes, extends, hands over and starts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, insert, or_, select, update

from app.cases.clocks import End, derive, end, is_unfixed, plan
from app.cases.extensions import next_stage
from app.cases.lateness import done_at
from app.cases.models import NEVER, CaseDeadline, CaseExclusion
from app.cases.snapshot import Record, Snapshot
from app.cases.step import Step
from app.db import new_id, table_of
from app.engine import definition as words
from app.law.labels import Label
from app.law.ladders import first_rung, ladder_on
from app.law.periods import LOCAL_ZONE, Interval
from app.law.terms import LawBook

deadlines = table_of(CaseDeadline)
exclusions = table_of(CaseExclusion)

Clock = Record

_THIS = deadlines.c.id == bindparam("clock_id")
MEET = (
    update(deadlines)
    .where(_THIS)
    .values(
        met_at=bindparam("met"),
        met_seq=bindparam("seq"),
        met_late=bindparam("late"),
        closed_at=bindparam("met"),
    )
)
VOID = (
    update(deadlines)
    .where(_THIS)
    .values(voided_seq=bindparam("seq"), closed_at=bindparam("closed"))
)
EXPIRE = (
    update(deadlines)
    .where(_THIS)
    .values(
        expired_at=bindparam("expired"), expired_seq=bindparam("seq"), closed_at=bindparam("closed")
    )
)
HAND_OVER = (
    update(deadlines)
    .where(_THIS)
    .values(handed_to=bindparam("child"), closed_at=bindparam("closed"))
)
RECKON = (
    update(deadlines)
    .where(_THIS)
    .values(
        due_on=bindparam("on"),
        due_at=bindparam("at"),
        earliest_on=bindparam("earliest"),
        provisional=bindparam("is_provisional"),
        expires_at=bindparam("expires"),
        derivation=bindparam("derived"),
        calendar=bindparam("by_calendar"),
        next_rung=bindparam("rung"),
        next_rung_at=bindparam("rung_at"),
    )
)
OPEN = insert(deadlines)
EXCLUSIONS_OF = (
    select(exclusions.c.begins_on, exclusions.c.ends_on, exclusions.c.kind)
    .where(
        exclusions.c.case_id == bindparam("case_id"),
        exclusions.c.deadline == bindparam("deadline"),
        or_(exclusions.c.ends_on.is_(None), exclusions.c.ends_on > bindparam("since")),
    )
    .order_by(exclusions.c.begin_seq)
)


OPEN_CAUSES = select(exclusions.c.deadline, exclusions.c.kind, exclusions.c.begins_on).where(
    exclusions.c.case_id == bindparam("case_id"), exclusions.c.ends_on.is_(None)
)


def causes_ended(view: Snapshot, transition: words.Transition) -> list[tuple[Label, datetime]]:
    """Say which exclusions the act would end, each with the beginning of its first day."""
    ended = plan(view.lifecycle).resumes.get(transition.name, ())
    labels = {(deadline.name, exclusion.kind): exclusion.label for deadline, exclusion in ended}
    if not labels:
        return []
    return [
        (labels[name, kind], datetime.combine(begins_on, time(), LOCAL_ZONE))
        for name, kind, begins_on in view.connection.execute(OPEN_CAUSES, {"case_id": view.id})
        if (name, kind) in labels
    ]


def settle(step: Step, moved: Mapping[str, Sequence[UUID]], *, ends: bool) -> list[Clock]:
    """Write what the act does to clocks; return those that run afterwards.

    ``moved`` names the rows the act moved, by items table, for clocks kept per row. In a final
    state no clock runs on: what still runs is voided.
    """
    name, plan = step.transition.name, step.plan
    met_names = plan.meets.get(name, frozenset())
    void_names = plan.voids.get(name, frozenset())
    opening = plan.opens.get(name, ())
    starting = _started(step, opening, moved) if opening and not ends else []
    restarted = {(clock["name"], clock["item_id"]) for clock in starting}
    running, met, voided = _sorted(step, met_names, void_names, restarted, ends=ends)
    if met:
        step.write(MEET, met)
    if voided:
        step.write(VOID, voided)
    if name in plan.excludes or name in plan.resumes:
        running = _stop_and_resume(step, running)
    if step.transition.extends:
        running = [
            _extended(step, c) if c["name"] == step.transition.extends else c for c in running
        ]
    if starting:
        step.write(OPEN, starting)
        opened = [{"name": c["name"], "due": c["due_on"]} for c in starting]
        step.noted.setdefault("clocks", {})["opened"] = opened
    return [*running, *starting]


def _sorted(
    step: Step,
    met_names: frozenset[str],
    void_names: frozenset[str],
    restarted: set[tuple[str, UUID | None]],
    *,
    ends: bool,
) -> tuple[list[Clock], list[dict[str, Any]], list[dict[str, Any]]]:
    """Part the open clocks into those that go on, are met, and are voided by the act."""
    running: list[Clock] = []
    met: list[dict[str, Any]] = []
    voided: list[dict[str, Any]] = []
    told: dict[str, list[str]] = {}
    for clock in step.view.clocks:
        if step.expiring is not None and clock["id"] == step.expiring["id"]:
            continue
        name = clock["name"]
        own = clock["item_id"] is None or step.item is None or clock["item_id"] == step.item.id
        if name in met_names and own:
            done = done_at(step.transition, step.inputs, step.occurred_at)
            late = clock["due_at"] is not None and done > clock["due_at"]
            met.append({"clock_id": clock["id"], "met": done, "seq": step.seq, "late": late})
            told.setdefault("met", []).append(name)
            step.met.append(clock["id"])
        elif ends or (name in void_names and own) or (name, clock["item_id"]) in restarted:
            voided.append({"clock_id": clock["id"], "seq": step.seq, "closed": step.occurred_at})
            told.setdefault("voided", []).append(name)
        else:
            running.append(clock)
    if told:
        step.noted.setdefault("clocks", {}).update(told)
    return running, met, voided


def _started(
    step: Step, opening: Sequence[words.Deadline], moved: Mapping[str, Sequence[UUID]]
) -> list[dict[str, Any]]:
    started = []
    for deadline in opening:
        anchor = deadline.anchor
        anchor_on: date | None = step.day
        if isinstance(anchor, words.AfterDay):
            anchor_on = step.inputs.get(anchor.input)
        elif isinstance(anchor, words.AfterService):
            anchor_on = step.inputs.get("served_on")
        if anchor_on is None:
            continue
        rows: Sequence[UUID | None] = (None,)
        if deadline.per is not None:
            rows = moved.get(deadline.per.name, ())
        excluded = _exclusions(step, deadline.name, anchor_on) if deadline.excluded_by else ()
        for item_id in rows:
            clock = new_clock(
                step.law,
                deadline,
                case_id=step.row["id"],
                item_id=item_id,
                anchor_at=step.occurred_at,
                anchor_on=anchor_on,
                given=step.inputs,
                cycle_year=step.row["cycle_year"],
                trigger=step.transition.name,
                seq=step.seq,
                since=step.since,
                excluded=excluded,
            )
            if clock is not None:
                started.append(clock)
    return started


def new_clock(
    law: LawBook,
    deadline: words.Deadline,
    *,
    case_id: UUID,
    anchor_at: datetime,
    anchor_on: date,
    given: Mapping[str, Any],
    cycle_year: int | None,
    trigger: str,
    seq: int,
    since: datetime,
    item_id: UUID | None = None,
    excluded: Sequence[Any] = (),
) -> dict[str, Any] | None:
    """Return the row of a clock that begins, with its whole derivation.

    Rungs that fell before ``since`` are not told. ``None`` if the deadline does not apply: the
    year's calendar has no date for this kind of case.
    """
    derivation = derive(
        deadline,
        anchor_at=anchor_at,
        anchor_on=anchor_on,
        given=given,
        cycle_year=cycle_year,
        trigger=trigger,
        law=law,
    )
    if not derivation["dues"]:
        return None
    derivation["exclusions"] = _told(excluded)
    found = end(derivation, law, exclusions=_intervals(excluded), grace=deadline.grace)
    rung_at, rung = armed(deadline, found, law, since)
    return {
        "id": new_id(),
        "case_id": case_id,
        "name": deadline.name,
        "item_id": item_id,
        "expiry": deadline.expiry.value,
        "due_on": found.due_on,
        "due_at": found.due_at,
        "earliest_on": found.earliest_on,
        "provisional": found.provisional,
        "expires_at": found.expires_at,
        "anchor_on": anchor_on,
        "anchor_at": anchor_at,
        "derivation": derivation,
        "calendar": law.calendar.version,
        "opened_seq": seq,
        "met_at": None,
        "expired_at": None,
        "met_late": False,
        "next_rung": rung,
        "next_rung_at": rung_at,
    }


def armed(
    deadline: words.Deadline, ends: End, law: LawBook, since: datetime
) -> tuple[datetime, str] | tuple[None, None]:
    """Where on its ladder a clock begins that was set or moved at ``since``: when, which rung."""
    if ends.due_on is None or ends.due_at is None:
        return None, None
    ladder = ladder_on(deadline.ladder, ends.due_on)
    if ladder is None:
        return None, None
    return first_rung(ladder, ends.due_on, ends.due_at, law.calendar, since) or (None, None)


def rung_falls(deadline: words.Deadline, clock: Clock, law: LawBook) -> datetime | None:
    """When the rung a running clock stands at falls by the calendar of ``law``, if it has one."""
    due_on, due_at = clock["due_on"], clock["due_at"]
    ladder = ladder_on(deadline.ladder, due_on) if due_on is not None else None
    if ladder is None or clock["next_rung"] is None:
        return None
    once = takewhile(lambda fall: "*" not in fall[1], ladder.falls(due_on, due_at, law.calendar))
    return next((at for at, key in once if key == clock["next_rung"]), None)


def _stop_and_resume(step: Step, running: list[Clock]) -> list[Clock]:
    """Open or end exclusions by this act and reckon the clocks they touch anew."""
    begun = step.plan.excludes.get(step.transition.name, ())
    ended = step.plan.resumes.get(step.transition.name, ())
    if begun:
        step.connection.execute(
            insert(exclusions),
            [
                {
                    "id": new_id(),
                    "case_id": step.row["id"],
                    "deadline": deadline.name,
                    "kind": exclusion.kind,
                    "begins_on": step.day,
                    "ends_on": None,
                    "begin_seq": step.seq,
                    "end_seq": None,
                }
                for deadline, exclusion in begun
            ],
        )
    for deadline, exclusion in ended:
        step.connection.execute(
            update(exclusions)
            .where(
                exclusions.c.case_id == step.row["id"],
                exclusions.c.deadline == deadline.name,
                exclusions.c.kind == exclusion.kind,
                exclusions.c.ends_on.is_(None),
            )
            .values(ends_on=_last_day(step, exclusion), end_seq=step.seq)
        )
    touched = {deadline.name for deadline, _ in (*begun, *ended)}
    return [reckoned(step, c, c["derivation"]) if c["name"] in touched else c for c in running]


def _last_day(step: Step, exclusion: words.Exclusion) -> Any:
    """The last day that does not count; never before the cause began, whatever was typed."""
    typed = step.inputs.get(exclusion.last_day)
    if typed is None:
        return step.day
    return case((exclusions.c.begins_on > typed, exclusions.c.begins_on), else_=typed)


def _extended(step: Step, clock: Clock) -> Clock:
    """Grant the next stage of an extension; whether it may be granted, permission has said."""
    stage = next_stage(step.lifecycle.deadlines[clock["name"]], clock, step.law, step.day)
    until: date | None = step.inputs.get(words.EXTENDED_UNTIL.name)
    granted = stage.term.length if until is None else stage.length_until(until)
    assert granted is not None  # or `extension_fault` would have said so
    return reckoned(step, clock, stage.granted(granted, seq=step.seq))


def _exclusions(step: Step, deadline: str, since: date) -> Sequence[Any]:
    """The exclusions of a deadline that reach beyond a day, open ones included."""
    return step.connection.execute(
        EXCLUSIONS_OF, {"case_id": step.row["id"], "deadline": deadline, "since": since}
    ).all()


def _told(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "kind": row.kind,
            "from": row.begins_on.isoformat(),
            "to": row.ends_on.isoformat() if row.ends_on else None,
        }
        for row in rows
    ]


def _intervals(rows: Sequence[Any]) -> list[Interval]:
    return [Interval(row.begins_on, row.ends_on, row.kind) for row in rows]


def reckoned(step: Step, clock: Clock, derivation: Mapping[str, Any]) -> Clock:
    """Compute a clock's end again, by its derivation, what is excluded now and today's calendar."""
    deadline = step.lifecycle.deadlines[clock["name"]]
    found = _exclusions(step, clock["name"], clock["anchor_on"])
    calendar = step.law.calendar.version
    derived = {**derivation, "calendar": calendar, "exclusions": _told(found)}
    ends = end(derived, step.law, exclusions=_intervals(found), grace=deadline.grace)
    rung_at, rung = clock["next_rung_at"], clock["next_rung"]
    if ends.due_at != clock["due_at"]:
        rung_at, rung = armed(deadline, ends, step.law, step.since)
    else:
        rung_at = rung_falls(deadline, clock, step.law) or rung_at
    step.connection.execute(
        RECKON,
        {
            "clock_id": clock["id"],
            "on": ends.due_on,
            "at": ends.due_at,
            "earliest": ends.earliest_on,
            "is_provisional": ends.provisional,
            "expires": ends.expires_at,
            "derived": derived,
            "by_calendar": calendar,
            "rung": rung,
            "rung_at": rung_at,
        },
    )
    moved = step.noted.setdefault("clocks", {}).setdefault("reckoned", [])
    moved.append({"name": clock["name"], "was": clock["due_on"], "due": ends.due_on})
    return {
        **clock,
        "due_on": ends.due_on,
        "due_at": ends.due_at,
        "earliest_on": ends.earliest_on,
        "provisional": ends.provisional,
        "expires_at": ends.expires_at,
        "derivation": derived,
        "next_rung": rung,
        "next_rung_at": rung_at,
    }


def hand_over(step: Step, clocks: Sequence[Clock], link: str, child_id: UUID) -> list[Clock]:
    """Hand the clocks declared so to the child just opened; return those that stay."""
    # A clock that is stopped has no end a child could take over: it stays.
    going = [
        clock
        for clock in clocks
        if link in step.lifecycle.deadlines[clock["name"]].heirs
        and (clock["due_on"] is not None or is_unfixed(clock["derivation"]))
    ]
    if going:
        step.write(
            HAND_OVER,
            [{"clock_id": c["id"], "child": child_id, "closed": step.occurred_at} for c in going],
        )
        told = step.noted.setdefault("clocks", {}).setdefault("handed_over", [])
        told.extend(c["name"] for c in going)
    return [c for c in clocks if c not in going]


def point_at_next(step: Step, clocks: Sequence[Clock]) -> None:
    """Keep on the case row what lists sort by: the end of its nearest clock, or its closing."""
    nearest: Clock | None = None
    for clock in clocks:
        at = clock["due_at"]
        if at is not None and (nearest is None or at < nearest["due_at"]):
            nearest = clock
    step.changed["next_due_at"] = nearest["due_at"] if nearest else None
    step.changed["next_due_name"] = nearest["name"] if nearest else None
    closed_at = step.changed.get("closed_at", step.row["closed_at"])
    step.changed["sort_due_at"] = nearest["due_at"] if nearest else closed_at or NEVER
