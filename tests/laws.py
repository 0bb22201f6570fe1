"""The laws of the house as far as they can be read off the rows of one case: design.md 4.

`faults` names every law a case breaks; a case that keeps them all gives an empty list. Times are
told by the rows themselves, so the check holds at any instant and on either engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from app.audit import verification
from app.audit.models import AuditEntry
from app.cases.amendments import CLOCK_MOVED
from app.cases.clocks import KEPT, End, end, excluded
from app.cases.escalation.proposals import Kind
from app.cases.models import (
    NEVER,
    Case,
    CaseDeadline,
    CaseDocument,
    CaseExclusion,
    CaseItem,
    CaseLink,
    ClockRung,
    Comment,
    Draft,
    DueAct,
    Escalation,
    Evidence,
    ItemRecord,
    Participant,
    ReportVersion,
    Signature,
)
from app.db import table_of
from app.engine.definition import Expiry, FromParent, Lifecycle
from app.law.periods import local_date
from app.law.terms import LawBook, shipped_law
from app.outbox.models import OutboxMessage
from app.workflows import by_version

RIGHTS: Final = {Expiry.PARTY_WAIVER, Expiry.AUTO_RELEASE, Expiry.RIGHT_LOST}
"""Clocks whose end takes a right from somebody, or ends a measure."""
NUMBERED: Final = (CaseDocument, ItemRecord, ReportVersion, Signature, Comment)
"""What always names the entry it came with."""
WRITTEN: Final = tuple(
    table_of(model)
    for model in (
        CaseDeadline, CaseDocument, CaseExclusion, CaseItem, CaseLink, ClockRung, Comment, Draft, DueAct,
        Escalation, Evidence, ItemRecord, OutboxMessage, Participant, ReportVersion, Signature,
    )
)  # fmt: skip
"""What an act may write beside the case row and its entry."""

Faults = Iterator[str]


@dataclass(frozen=True)
class Papers:
    """One case with all that hangs on it."""

    case: Case
    law: LawBook
    lifecycle: type[Lifecycle]
    entries: Sequence[AuditEntry]
    clocks: Sequence[CaseDeadline]
    exclusions: Sequence[CaseExclusion]
    items: Sequence[CaseItem]
    seats: Sequence[Participant]
    messages: Sequence[OutboxMessage]
    rungs: Sequence[ClockRung]
    escalations: Sequence[Escalation]
    numbered: Sequence[tuple[str, int]]
    """Tables and entries that rows of `NUMBERED` name."""

    @property
    def by_number(self) -> dict[int, AuditEntry]:
        return {entry.seq: entry for entry in self.entries}


def faults(session: Session, case_id: UUID, law: LawBook | None = None) -> list[str]:
    """Name every law the case breaks; its clocks are counted by ``law``, else by the one shipped."""
    papers = _papers(session, case_id, law or shipped_law())
    found = [fault.label.en for fault in verification.verify_chain(session, case_id)]
    return found + [fault for law in LAWS for fault in law(papers)]


def _papers(session: Session, case_id: UUID, law: LawBook) -> Papers:
    def of(model: Any) -> list[Any]:
        return list(session.scalars(select(model).where(model.case_id == case_id)))

    case = session.get_one(Case, case_id)
    entries = select(AuditEntry).where(AuditEntry.chain_id == case_id).order_by(AuditEntry.seq)
    numbered = union_all(
        *(
            select(literal(table.name), table.c.seq).where(table.c.case_id == case_id)
            for table in map(table_of, NUMBERED)
        )
    )
    return Papers(
        case=case,
        law=law,
        lifecycle=by_version(case.lifecycle, case.lifecycle_version),
        entries=list(session.scalars(entries)),
        clocks=of(CaseDeadline),
        exclusions=of(CaseExclusion),
        items=of(CaseItem),
        seats=of(Participant),
        messages=of(OutboxMessage),
        rungs=of(ClockRung),
        escalations=of(Escalation),
        numbered=[(name, seq) for name, seq in session.execute(numbered)],
    )


def written(session: Session, case_id: UUID) -> dict[str, Any]:
    """All that an act could have changed, to compare before and after a refusal."""
    case = session.get_one(Case, case_id)
    open_ = select(CaseDeadline.id, CaseDeadline.due_on, CaseDeadline.expired_at).where(
        CaseDeadline.case_id == case_id, CaseDeadline.closed_at.is_(None)
    )
    rows = select(CaseItem.id, CaseItem.status, CaseItem.round).where(CaseItem.case_id == case_id)
    counts = select(
        *(
            select(func.count())
            .select_from(table)
            .where(table.c.case_id == case_id)
            .scalar_subquery()
            .label(table.name)
            for table in WRITTEN
        )
    )
    return {
        **session.execute(counts).mappings().one(),
        "head": (case.state, case.version, case.last_seq, case.last_hash, case.next_due_at),
        "facts": case.facts,
        "clocks": sorted(map(str, session.execute(open_))),
        "rows": sorted(map(str, session.execute(rows))),
        "entries": session.scalar(select(func.count()).select_from(AuditEntry)),
    }


# The chain says where the case stands -----------------------------------------------------------


def entries_are_numbered_without_gaps(papers: Papers) -> Faults:
    numbers = [entry.seq for entry in papers.entries]
    if numbers != list(range(papers.case.last_seq + 1)):
        yield f"the numbers of the entries have gaps: {numbers}"


def the_case_stands_where_its_last_entry_led(papers: Papers) -> Faults:
    last = papers.entries[-1]
    if (last.to_state, last.hash) != (papers.case.state, papers.case.last_hash):
        yield f"the case is {papers.case.state}, its last entry led to {last.to_state}"


def every_entry_goes_on_from_the_one_before(papers: Papers) -> Faults:
    ways: list[tuple[str | None, AuditEntry]] = [(None, papers.entries[0])]
    ways += [(before.to_state, after) for before, after in pairwise(papers.entries)]
    for left, entry in ways:
        if entry.from_state != left:
            yield f"entry {entry.seq} leaves {entry.from_state}, the case was {left}"


def nothing_is_recorded_before_it_happened(papers: Papers) -> Faults:
    for entry in papers.entries:
        if entry.occurred_at > entry.recorded_at:
            yield f"entry {entry.seq} was recorded before it happened"


def what_a_person_enters_late_is_flagged(papers: Papers) -> Faults:
    for entry in papers.entries:
        late = entry.occurred_at != entry.recorded_at and entry.role != "system"
        if late and "late" not in entry.flags.split(","):
            yield f"entry {entry.seq} is late, but not flagged"


def the_row_of_the_case_says_what_its_state_is(papers: Papers) -> Faults:
    case, state = papers.case, papers.lifecycle.states[papers.case.state]
    if case.is_final != state.final or (case.closed_at is not None) != state.final:
        yield f"{case.state} is {'final' if state.final else 'open'}; the case says otherwise"
    waits = state.waits_for
    if case.waits_role != (waits.role if waits else None):
        yield f"{case.state} waits for {waits}, the case for {case.waits_role}"


def every_fact_is_declared(papers: Papers) -> Faults:
    if unknown := set(papers.case.facts) - set(papers.lifecycle.facts):
        yield f"nobody declared the facts {sorted(unknown)}"


# Clocks -----------------------------------------------------------------------------------------


def _running(papers: Papers) -> list[CaseDeadline]:
    return [clock for clock in papers.clocks if clock.closed_at is None]


def a_closed_case_has_no_running_clock(papers: Papers) -> Faults:
    if papers.case.is_final and (running := _running(papers)):
        yield f"the case is closed, but {[clock.name for clock in running]} run"


def a_name_has_one_running_clock_per_row(papers: Papers) -> Faults:
    counted = Counter((clock.name, clock.item_id) for clock in _running(papers))
    for (name, item), count in counted.items():
        if count > 1:
            yield f"{count} clocks {name} run for {item or 'the case'}"


def the_case_is_listed_by_its_nearest_end(papers: Papers) -> Faults:
    case = papers.case
    ends = [(clock.due_at, clock.name) for clock in _running(papers) if clock.due_at]
    nearest = min((at for at, _ in ends), default=None)
    if case.next_due_at != nearest or case.sort_due_at != (nearest or case.closed_at or NEVER):
        yield f"the next end is {nearest}, the case is listed by {case.next_due_at}"
    if nearest is not None and (nearest, case.next_due_name) not in ends:
        yield f"{case.next_due_name} does not end next"


def _called(clock: CaseDeadline) -> str:
    return f"the clock {clock.name} of entry {clock.opened_seq}"


def met_and_passed_are_told_apart(papers: Papers) -> Faults:
    for clock in papers.clocks:
        late = bool(clock.met_at and clock.due_at and clock.met_at > clock.due_at)
        if clock.met_late != late:
            yield f"{_called(clock)} was met {'late' if late else 'in time'}, it says otherwise"
        if (clock.met_at is None) != (clock.met_seq is None):
            yield f"{_called(clock)} is met without an entry"
        if (clock.expired_at is None) != (clock.expired_seq is None):
            yield f"{_called(clock)} has passed without an entry"


def a_clock_ends_once(papers: Papers) -> Faults:
    for clock in papers.clocks:
        ways = (clock.met_seq, clock.voided_seq, clock.handed_to)
        ended = sum(way is not None for way in ways)
        if ended > 1:
            yield f"{_called(clock)} ended in more than one way"
        closed = clock.closed_at is not None
        if (ended and not closed) or (closed and not ended and clock.expired_seq is None):
            yield f"{_called(clock)} is {'closed by nothing' if closed else 'over, but runs'}"


def no_right_is_lost_on_a_provisional_date(papers: Papers) -> Faults:
    for clock in papers.clocks:
        if clock.expired_seq is not None and clock.provisional and Expiry(clock.expiry) in RIGHTS:
            yield f"{_called(clock)} took a right on a provisional date"


def every_clock_names_entries_that_are_there(papers: Papers) -> Faults:
    there = papers.by_number
    for clock in papers.clocks:
        named = (clock.opened_seq, clock.met_seq, clock.expired_seq, clock.voided_seq)
        if missing := {seq for seq in named if seq is not None} - there.keys():
            yield f"{_called(clock)} names the entries {missing}, which are not there"


def every_end_follows_from_its_derivation(papers: Papers) -> Faults:
    for clock in papers.clocks:
        told = clock.derivation
        grace = papers.lifecycle.deadlines[clock.name].grace
        found = end(told, papers.law, exclusions=excluded(told), grace=grace)
        kept = End(
            clock.due_on, clock.due_at, clock.earliest_on, clock.provisional, clock.expires_at
        )
        if found != kept:
            yield f"{_called(clock)} ends at {kept}, its derivation says {found}"


def an_end_is_kept_only_while_somebody_is_asked_about_an_earlier_one(papers: Papers) -> Faults:
    """Law 5: earlier only when a supervisor decides; a day that is over is not asked about."""
    for clock in _running(papers):
        kept = clock.derivation.get(KEPT)
        if kept is None or clock.due_on is None:
            continue
        until = _day(kept["until"])
        told = {name: one for name, one in clock.derivation.items() if name != KEPT}
        deadline = papers.lifecycle.deadlines[clock.name]
        found = end(told, papers.law, exclusions=excluded(told), grace=deadline.grace)
        if clock.due_on < until:
            yield f"{_called(clock)} keeps {until}, but ends on {clock.due_on}"
        if found.due_on is None or found.due_on >= until:
            continue
        put = any(
            one.clock_id == clock.id and one.kind == Kind.EARLIER for one in papers.escalations
        )
        moved = [local_date(e.recorded_at) for e in papers.entries if e.trigger == CLOCK_MOVED]
        taken_over = isinstance(deadline.anchor, FromParent)
        if not put and not taken_over and not (moved and found.due_on < max(moved)):
            yield f"{_called(clock)} keeps {until} against {found.due_on}, but nobody was asked"


def _day(text: str) -> date:
    return date.fromisoformat(text)


def a_running_clock_leaves_out_what_the_case_excludes(papers: Papers) -> Faults:
    for clock in _running(papers):
        own = papers.lifecycle.deadlines[clock.name].excluded_by
        if not own:
            continue
        told = {(x["kind"], x["from"], x["to"]) for x in clock.derivation["exclusions"]}
        kept = {
            (x.kind, str(x.begins_on), str(x.ends_on) if x.ends_on else None)
            for x in papers.exclusions
            if x.deadline == clock.name and (x.ends_on is None or x.ends_on > clock.anchor_on)
        }
        if told != kept:
            yield f"{_called(clock)} leaves out {told}, the case excludes {kept}"


def a_timers_act_carries_the_legal_end(papers: Papers) -> Faults:
    there = papers.by_number
    for clock in papers.clocks:
        entry = there.get(clock.expired_seq) if clock.expired_seq is not None else None
        if entry is not None and entry.occurred_at != clock.expired_at:
            yield f"entry {entry.seq} does not carry the legal end of {clock.name}"


def no_exclusion_ends_before_it_begins(papers: Papers) -> Faults:
    for exclusion in papers.exclusions:
        if exclusion.ends_on is not None and exclusion.ends_on < exclusion.begins_on:
            yield f"{exclusion.kind} ends before it begins"


# What hangs on an entry -------------------------------------------------------------------------


def a_message_goes_out_with_an_entry_only(papers: Papers) -> Faults:
    done = {entry.seq: f"{papers.case.lifecycle}.{entry.trigger}" for entry in papers.entries}
    for message in papers.messages:
        if message.kind == "notice" and message.template != done.get(message.seq):
            yield f"a message tells {message.template}, entry {message.seq} did not happen so"


def every_reminder_tells_a_rung_that_was_told(papers: Papers) -> Faults:
    names = {clock.id: clock.name for clock in papers.clocks}
    told = {(names[rung.clock_id], rung.rung, rung.due_on.isoformat()) for rung in papers.rungs}
    for message in papers.messages:
        data = message.data
        if message.kind == "reminder" and (data["clock"], data["rung"], data["due_on"]) not in told:
            yield f"a reminder of {data['clock']} tells rung {data['rung']}, which was not told"


def the_case_counts_its_undecided_escalations(papers: Papers) -> Faults:
    undecided = [one for one in papers.escalations if one.status == "open"]
    if papers.case.escalations != len(undecided):
        yield f"the case counts {papers.case.escalations} escalations, {len(undecided)} are open"
    if papers.case.is_final and undecided:
        yield "an escalation of a closed case is open"


def no_authority_breach_changes_the_state(papers: Papers) -> Faults:
    for clock in papers.clocks:
        if clock.expiry == Expiry.AUTHORITY_BREACH and clock.expired_seq is not None:
            entry = papers.by_number[clock.expired_seq]
            if entry.from_state != entry.to_state:
                yield f"the end of {clock.name} moved the case to {entry.to_state}"


def every_row_names_an_entry_that_is_there(papers: Papers) -> Faults:
    there = papers.by_number
    for table, seq in papers.numbered:
        if seq not in there:
            yield f"a row of {table} names entry {seq}, which is not there"


def nobody_holds_a_seat_twice(papers: Papers) -> Faults:
    held = Counter(
        (seat.capacity, seat.organisation_id, seat.person_id)
        for seat in papers.seats
        if seat.until_seq is None
    )
    for (capacity, _, _), count in held.items():
        if count > 1:
            yield f"somebody is {capacity} {count} times"
    for seat in papers.seats:
        if seat.until_seq is not None and seat.until_seq < seat.since_seq:
            yield f"{seat.name} left before joining"


def rows_are_numbered_and_stand_where_declared(papers: Papers) -> Faults:
    for kind, table in papers.lifecycle.items.items():
        rows = [row for row in papers.items if row.kind == kind]
        if sorted(row.number for row in rows) != list(range(1, len(rows) + 1)):
            yield f"the rows of {kind} are numbered {[row.number for row in rows]}"
        if unknown := {row.status for row in rows} - set(table.statuses):
            yield f"rows of {kind} are {sorted(unknown)}, which nobody declared"


LAWS: Final[tuple[Callable[[Papers], Faults], ...]] = (
    entries_are_numbered_without_gaps,
    the_case_stands_where_its_last_entry_led,
    every_entry_goes_on_from_the_one_before,
    nothing_is_recorded_before_it_happened,
    what_a_person_enters_late_is_flagged,
    the_row_of_the_case_says_what_its_state_is,
    every_fact_is_declared,
    a_closed_case_has_no_running_clock,
    a_name_has_one_running_clock_per_row,
    the_case_is_listed_by_its_nearest_end,
    met_and_passed_are_told_apart,
    a_clock_ends_once,
    no_right_is_lost_on_a_provisional_date,
    every_clock_names_entries_that_are_there,
    every_end_follows_from_its_derivation,
    an_end_is_kept_only_while_somebody_is_asked_about_an_earlier_one,
    a_running_clock_leaves_out_what_the_case_excludes,
    a_timers_act_carries_the_legal_end,
    no_exclusion_ends_before_it_begins,
    a_message_goes_out_with_an_entry_only,
    every_reminder_tells_a_rung_that_was_told,
    the_case_counts_its_undecided_escalations,
    no_authority_breach_changes_the_state,
    every_row_names_an_entry_that_is_there,
    nobody_holds_a_seat_twice,
    rows_are_numbered_and_stand_where_declared,
)
