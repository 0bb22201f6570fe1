"""A clock in words: from when, how long, what was excluded, until when, on which article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.cases.clocks import KEPT, UNFIXED, end, excluded, is_unfixed, period_of
from app.cases.snapshot import Record
from app.engine.definition import Deadline, Expiry, Lifecycle
from app.law.labels import Label
from app.law.periods import Step, Unit, local_date
from app.law.sources import Mark, sources
from app.law.terms import LawBook

SOON_DAYS = 3
"""A running clock with at most so many working days left is due soon."""


class Standing(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    SOON = "soon"
    OVERDUE = "overdue"
    STOPPED = "stopped"
    UNFIXED = "unfixed"
    MET = "met"
    MET_LATE = "met_late"
    MET_RECORDED_LATE = "met_recorded_late"
    PASSED = "passed"
    VOIDED = "voided"
    HANDED_OVER = "handed_over"

    @property
    def label(self) -> Label:
        """The word for it."""
        return STANDINGS[self]


STANDINGS: Mapping[Standing, Label] = {
    Standing.RUNNING: Label("进行中", "Running"),
    Standing.SOON: Label("即将到期", "Due soon"),
    Standing.OVERDUE: Label("已逾期", "Overdue"),
    Standing.STOPPED: Label("中止计算", "Stopped"),
    Standing.UNFIXED: Label("期限待定", "Not fixed"),
    Standing.MET: Label("按期完成", "Met"),
    Standing.MET_LATE: Label("逾期完成", "Met late"),
    Standing.MET_RECORDED_LATE: Label("按期完成，补录", "Met, recorded late"),
    Standing.PASSED: Label("期限届满", "Passed"),
    Standing.VOIDED: Label("不再适用", "Void"),
    Standing.HANDED_OVER: Label("已转子案件", "Handed over"),
}


class Urgency(StrEnum):
    """The groups of a worklist: when the nearest clock of a case ends."""

    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"
    LATER = "later"
    NONE = "none"

    @property
    def label(self) -> Label:
        """The word for it."""
        return URGENCIES[self]


URGENCIES: Mapping[Urgency, Label] = {
    Urgency.OVERDUE: Label("已逾期", "Overdue"),
    Urgency.TODAY: Label("今天到期", "Due today"),
    Urgency.WEEK: Label("本周到期", "Due this week"),
    Urgency.LATER: Label("以后到期", "Due later"),
    Urgency.NONE: Label("没有进行中的期限", "No deadline running"),
}


def urgency(due_at: datetime | None, now: datetime) -> Urgency:
    """How soon a clock ends: this week lasts through its Sunday."""
    if due_at is None:
        return Urgency.NONE
    today, due_on = local_date(now), local_date(due_at)
    if due_at < now:
        return Urgency.OVERDUE
    if due_on == today:
        return Urgency.TODAY
    sunday = today + timedelta(days=6 - today.weekday())
    return Urgency.WEEK if due_on <= sunday else Urgency.LATER


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock as a person reads it. ``left`` counts working days until the last day, inclusive.

    ``share`` is how much of the period has gone, in per cent, for the bar.
    """

    id: UUID
    name: str
    label: Label
    expiry: Label
    standing: Standing
    due_on: date | None
    earliest_on: date
    provisional: bool
    left: int | None
    share: int
    sentence: Label
    basis: Sequence[str]
    mark: Mark | None
    waits_for: Label | None
    beyond: Label | None
    """Says so when the clock ends after the outer bound it should keep."""
    earlier: Label | None
    """The authority's own term, if it ends earlier without the region's days off (A10)."""
    kept: Label | None
    """Says so when the clock keeps an end although the calendar now gives an earlier one."""
    item_id: UUID | None

    @property
    def runs(self) -> bool:
        """Whether it can still be met."""
        return self.standing in {
            Standing.RUNNING,
            Standing.SOON,
            Standing.OVERDUE,
            Standing.STOPPED,
            Standing.UNFIXED,
        }


def lines(
    lifecycle: type[Lifecycle], clocks: Sequence[Record], law: LawBook, now: datetime
) -> list[ClockLine]:
    """Every clock of a case in words: those that run first, by their end, then the others."""
    ends = {c["name"]: c["due_on"] for c in clocks if c["closed_at"] is None}
    found = [_line(lifecycle.deadlines[c["name"]], c, ends, law, now) for c in clocks]
    return sorted(found, key=lambda line: (not line.runs, line.due_on or date.max, line.label.zh))


def _line(
    deadline: Deadline,
    clock: Record,
    ends: Mapping[str, date | None],
    law: LawBook,
    now: datetime,
) -> ClockLine:
    today = local_date(now)
    standing = _standing(clock, law, now)
    due = _deciding(clock["derivation"])
    mark = due.get("mark")
    bound = deadline.bounded_by
    beyond = None
    limit = ends.get(bound.name) if bound is not None else None
    if bound is not None and limit is not None and clock["due_on"] and clock["due_on"] > limit:
        beyond = Label(f"已超出「{bound.zh}」（{limit}）。", f"Ends after “{bound.en}” ({limit}).")
    known = sources()
    in_force = [c for c in deadline.basis if known[c.source].in_force(clock["anchor_on"])]
    basis = [citation.text_zh for citation in in_force] or list(due.get("basis", ()))
    return ClockLine(
        id=clock["id"],
        name=clock["name"],
        label=deadline.label,
        expiry=Expiry(clock["expiry"]).label,
        standing=standing,
        due_on=clock["due_on"],
        earliest_on=clock["earliest_on"],
        provisional=clock["provisional"] and clock["closed_at"] is None,
        left=working_days_left(clock["due_on"], today, law),
        share=_share(clock, today),
        sentence=_sentence(deadline, clock, due),
        basis=basis,
        mark=Mark(mark) if mark else None,
        waits_for=deadline.waits_for.label if deadline.waits_for else None,
        beyond=beyond,
        earlier=_earlier(clock, law),
        kept=_kept(clock, law),
        item_id=clock["item_id"],
    )


def _earlier(clock: Record, law: LawBook) -> Label | None:
    """Whether the region's own days off count for an authority is not settled: show both dates."""
    binds_authority = clock["expiry"] in {Expiry.AUTHORITY_BREACH, Expiry.TARGET}
    if not binds_authority or not law.calendar.region_counts or clock["closed_at"] is not None:
        return None
    exclusions = excluded(clock["derivation"])
    day = end(clock["derivation"], law.national, exclusions=exclusions).due_on
    if day is None or clock["due_on"] is None or day >= clock["due_on"]:
        return None
    return Label(f"不计本自治区假日则为 {day}。", f"Without the region's own days off: {day}.")


def _kept(clock: Record, law: LawBook) -> Label | None:
    """An end that nobody has let come earlier (design, law 5)."""
    told = clock["derivation"]
    if KEPT not in told or clock["closed_at"] is not None:
        return None
    computed = {name: kept for name, kept in told.items() if name != KEPT}
    day = end(computed, law, exclusions=excluded(told)).due_on
    if day is None or clock["due_on"] is None or day >= clock["due_on"]:
        return None
    return Label(
        f"按现行节假日安排应至 {day}；未经主管人员决定不提前，仍至 {clock['due_on']}。",
        f"By the present calendar it would end on {day}; until a supervisor decides so, it ends "
        f"on {clock['due_on']} as it was said to.",
    )


def working_days_left(due_on: date | None, today: date, law: LawBook) -> int | None:
    """Working days from today to the last day, inclusive; negative once it is past."""
    if due_on is None:
        return None
    calendar = law.calendar
    return calendar.place_after(due_on.toordinal()) - calendar.place_from(today.toordinal())


def _standing(clock: Record, law: LawBook, now: datetime) -> Standing:
    if clock["met_at"] is not None:
        in_time = Standing.MET_RECORDED_LATE if clock["expired_at"] else Standing.MET
        return Standing.MET_LATE if clock["met_late"] else in_time
    if clock["closed_at"] is not None:
        closed = Standing.HANDED_OVER if clock["handed_to"] is not None else Standing.PASSED
        return Standing.VOIDED if clock["voided_seq"] is not None else closed
    if clock["due_at"] is None:
        return Standing.UNFIXED if is_unfixed(clock["derivation"]) else Standing.STOPPED
    left = working_days_left(clock["due_on"], local_date(now), law)
    near = Standing.SOON if left is not None and left <= SOON_DAYS else Standing.RUNNING
    return Standing.OVERDUE if now > clock["due_at"] else near


def _share(clock: Record, today: date) -> int:
    if clock["due_on"] is None:
        return 0
    whole = (clock["due_on"] - clock["anchor_on"]).days
    gone = (today - clock["anchor_on"]).days
    return 100 if whole <= 0 else max(0, min(100, gone * 100 // whole))


def _deciding(derivation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The due that fixed the end: the only one, or the first that rests on a term."""
    dues = derivation["dues"]
    return next((due for due in dues if "term" in due), dues[0])


def _sentence(deadline: Deadline, clock: Record, due: Mapping[str, Any]) -> Label:
    start = clock["anchor_on"]
    until = clock["due_on"]
    taken_out = excluded_days(clock["derivation"])
    zh_end = f"至 {until}" if until else f"中止中，最早至 {clock['earliest_on']}"
    en_end = f"until {until}" if until else f"stopped, at the earliest {clock['earliest_on']}"
    kind = due["kind"]
    if kind == UNFIXED:
        return Label(
            f"从 {start} 起；法规数据中没有该日施行的期限，不作推算，由承办人依当时规定掌握",
            f"From {start}; the data hold no term for that day: none is guessed, whoever handles "
            "the case keeps to the law of the day",
        )
    if kind == "term":
        unit = Unit(due["unit"])
        extended = _extended(deadline, clock["derivation"])
        taken = f"，扣除 {taken_out} 日" if taken_out or deadline.excluded_by else ""
        taken_en = f", {taken_out} days excluded" if taken_out or deadline.excluded_by else ""
        return Label(
            f"从 {start} 起，{due['length']} {unit.label.zh}{extended.zh}{taken}，{zh_end}",
            f"From {start}, {due['length']} {unit.label.en}{extended.en}{taken_en}, {en_end}",
        )
    if kind == "before":
        unit = Unit(due["unit"])
        return Label(
            f"须在 {due['on']} 之前至少 {due['length']} {unit.label.zh}办理，最迟 {until}",
            f"At least {due['length']} {unit.label.en} before {due['on']}, at the latest {until}",
        )
    if kind == "year":
        return Label(
            f"年度节点 {due['code']}，{zh_end}", f"Date of the year {due['code']}, {en_end}"
        )
    if kind == "same":
        return Label(f"承接上级案件期限，{zh_end}", f"Taken over from the parent case, {en_end}")
    return Label(f"指定日期，{zh_end}", f"Day set by the act, {en_end}")


def _extended(deadline: Deadline, derivation: Mapping[str, Any]) -> Label:
    """Every extension with its length, its cap where less was granted, and the end before it."""
    zh, en, of = "", "", len(deadline.extensions)
    for number, stage in enumerate(derivation["extensions"], start=1):
        unit, length, cap = Unit(stage["unit"]).label, stage["length"], stage.get("cap")
        cut = cap is not None and length < cap
        was = stage.get("was")
        zh += f"，第 {number} 次延期（共可 {of} 次） {length} {unit.zh}"
        zh += f"（上限 {cap}）" if cut else ""
        zh += f"，原至 {was}" if was else ""
        en += f", extension {number} of {of} by {length} {unit.en}"
        en += f" (at most {cap})" if cut else ""
        en += f", before it until {was}" if was else ""
    return Label(zh, en)


def excluded_days(derivation: Mapping[str, Any]) -> int:
    """Calendar days of the closed exclusions, overlapping ones counted once."""
    days: set[int] = set()
    for interval in derivation["exclusions"]:
        if interval["to"]:
            first = date.fromisoformat(interval["from"]).toordinal() + 1
            days |= set(range(first, date.fromisoformat(interval["to"]).toordinal() + 1))
    return len(days)


def steps(clock: Record, law: LawBook, deadline: Deadline) -> Sequence[Step]:
    """Every day of a clock that rests on a term, counted or skipped, with the rule; else none."""
    derivation = clock["derivation"]
    due = _deciding(derivation)
    if due["kind"] not in {"term", "before"} or due["unit"] == Unit.HOURS:
        return ()
    labels = {exclusion.kind: exclusion.label for exclusion in deadline.excluded_by}
    found = period_of(due, derivation, law, excluded(derivation)).steps
    return [_in_words(step, labels) for step in found]


def _in_words(step: Step, labels: Mapping[str, Label]) -> Step:
    """A day that a cause leaves out, with the cause by its name."""
    zh, kinds = step.note.zh.partition("：")[::2]
    if step.rule != "A13" or step.counted or not kinds:
        return step
    named = [labels.get(kind, Label(kind, kind)) for kind in kinds.split("、")]
    note = Label(
        f"{zh}：{'、'.join(one.zh for one in named)}",
        f"excluded: {', '.join(one.en for one in named)}",
    )
    return replace(step, note=note)
