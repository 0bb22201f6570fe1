"""Extensions 延期: how far the next stage can take a clock, and the length that reaches a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.cases.clocks import End, end, excluded
from app.cases.snapshot import Record, Snapshot
from app.engine import definition as words
from app.engine.actors import SYSTEM_ACTOR
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.periods import local_date
from app.law.terms import LawBook, Term


@dataclass(frozen=True, slots=True)
class Stage:
    """The next stage of a clock's extension: number ``number`` of ``of``, at most ``term`` long."""

    clock: Record
    deadline: words.Deadline
    term: Term
    law: LawBook

    @property
    def number(self) -> int:
        """Which extension it is, counted from 1."""
        return len(self.clock["derivation"]["extensions"]) + 1

    @property
    def of(self) -> int:
        """How many extensions the deadline knows."""
        return len(self.deadline.extensions)

    @property
    def last(self) -> date | None:
        """The last possible day; ``None`` while the clock is stopped."""
        return self._end(self.term.length).due_on

    def granted(self, length: int, *, seq: int) -> dict[str, Any]:
        """The derivation of the clock with ``length`` units of the stage, granted by an entry."""
        derivation, term, was = self.clock["derivation"], self.term, self.clock["due_on"]
        stage = {
            "term": term.key,
            "length": length,
            "cap": term.length,
            "unit": str(term.unit),
            "was": was.isoformat() if was is not None else None,
            "seq": seq,
        }
        return {**derivation, "extensions": [*derivation["extensions"], stage]}

    def length_until(self, day: date) -> int | None:
        """The smallest length after which the clock ends on a day; ``None`` if none does.

        Whoever names the last possible day grants the whole stage, as without a day.
        """
        if day == self.last:
            return self.term.length
        lengths = range(1, self.term.length + 1)
        return next((length for length in lengths if self._end(length).due_on == day), None)

    def ends(self) -> list[date]:
        """Every day on which the clock can end, ascending."""
        found = {self._end(length).due_on for length in range(1, self.term.length + 1)}
        return sorted(day for day in found if day is not None)

    def _end(self, length: int) -> End:
        derivation = self.granted(length, seq=0)
        grace = self.deadline.grace
        return end(derivation, self.law, exclusions=excluded(derivation), grace=grace)


def next_stage(deadline: words.Deadline, clock: Record, law: LawBook, on: date) -> Stage:
    """The stage that can be granted next, by the law of the day. Raises IndexError without one."""
    granted = clock["derivation"]["extensions"]
    return Stage(clock, deadline, law.term(deadline.extensions[len(granted)].term, on), law)


def extension_fault(
    deadline: words.Deadline, clock: Record | None, until: date, law: LawBook, on: date
) -> Label | None:
    """Why a clock cannot be extended until a day; ``None`` if it can, or not at all now."""
    if clock is None or len(clock["derivation"]["extensions"]) >= len(deadline.extensions):
        return None
    now_on = clock["due_on"]
    stage = next_stage(deadline, clock, law, on)
    last = stage.last
    # A cause that began after the present end stops the clock within the extension alone.
    if now_on is None or last is None:
        return Label(
            "期限中止计算期间，不能指定延长至的日期；不填则按全部长度延长。",
            "The clock is stopped: no day can be named. Leave it empty to extend by all.",
        )
    if until <= now_on:
        return Label(
            f"延长后的末日须晚于现定末日（{now_on}）。",
            f"An extension must end after the present last day ({now_on}).",
        )
    length, unit = stage.term.length, stage.term.unit.label
    if until > last:
        return Label(
            f"本次最多可延长 {length} {unit.zh}，即至 {last}。",
            f"This extension is at most {length} {unit.en}: until {last}.",
        )
    if stage.length_until(until) is None:
        later = next(day for day in stage.ends() if day > until)
        return Label(
            f"期限不能止于 {until}（非工作日顺延，或不足整{unit.zh}）；其后最近的为 {later}。",
            f"The period cannot end on {until}; the next day it can end on is {later}.",
        )
    return None


def reach(
    view: Snapshot, transition: words.Transition, law: LawBook, now: datetime
) -> Label | None:
    """How far an act can extend its clock now, in words; ``None`` if not at all."""
    clock = next((c for c in view.clocks if c["name"] == transition.extends), None)
    if clock is None:
        return None
    left = left_to_extend(view.lifecycle.deadlines[transition.extends], clock, law, now)
    return left and Label(
        f"{left.zh}不填则按全部长度延长。", f"{left.en} Empty: by the whole length."
    )


def left_to_extend(
    deadline: words.Deadline, clock: Record, law: LawBook, now: datetime
) -> Label | None:
    """What can still be granted to a running clock, in words; ``None`` if nothing can."""
    running = clock["due_on"] is not None and clock["due_at"] >= now and clock["met_at"] is None
    if not running or clock.get("closed_at") or stages_left(deadline, clock["derivation"]) < 1:
        return None
    stage = next_stage(deadline, clock, law, local_date(now))
    length, unit, last = stage.term.length, stage.term.unit.label, stage.last
    return Label(
        f"还可延期 {stage.of - stage.number + 1} 次；第 {stage.number} 次最多 {length} {unit.zh}，"
        f"至 {last}，须在 {clock['due_on']} 届满前批准。",
        f"{stage.of - stage.number + 1} of {stage.of} extensions left; number {stage.number} is at "
        f"most {length} {unit.en}, until {last}, to be granted before {clock['due_on']} is over.",
    )


def next_act(
    view: Snapshot, deadline: words.Deadline, clock: Record, law: LawBook, now: datetime
) -> words.Transition | None:
    """The act that grants the next stage in this state, whoever does it; ``None`` without one."""
    if stages_left(deadline, clock["derivation"]) < 1:
        return None
    attempt = Attempt(case=view, actor=SYSTEM_ACTOR, now=now, today=local_date(now), law=law)
    return next(
        (
            act
            for act in view.lifecycle.open_in(view.state)
            if act.extends == deadline.name
            and all(one.reads_inputs or one.refusal(attempt) is None for one in act.guards)
        ),
        None,
    )


def stages_left(deadline: words.Deadline, derivation: Mapping[str, Any]) -> int:
    """How many extensions can still be granted."""
    return len(deadline.extensions) - len(derivation["extensions"])
