"""How the end of a clock follows from its declaration, and how that is kept so it can be shown.

A clock's *derivation* holds everything its date rests on: anchor, term with its version, calendar
version, every excluded interval and every extension. From it alone the date can be computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

from app.engine import definition as words
from app.law.periods import Interval, Period, Unit, compute, end_of_day, end_of_hours, local_date
from app.law.terms import LawBook, Term

T = TypeVar("T")

UNFIXED: Final = "unfixed"
"""The kind of a due whose length the data do not hold for the day the clock began."""

KEPT: Final = "kept"
"""In a derivation: the end the clock keeps although a calendar that was loaded later would end it
earlier, and the calendar it was reckoned by. Only a supervisor's decision takes that away."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a clock ends. ``due_on`` and ``due_at`` are ``None`` while nobody can say.

    That is so while an exclusion is open, and where the data hold no term for the day it began.
    """

    due_on: date | None
    due_at: datetime | None
    earliest_on: date
    provisional: bool
    expires_at: datetime | None


@dataclass(frozen=True)
class Plan:
    """What each act of a lifecycle does to its clocks; worked out once per lifecycle."""

    opens: Mapping[str, tuple[words.Deadline, ...]]
    meets: Mapping[str, frozenset[str]]
    voids: Mapping[str, frozenset[str]]
    excludes: Mapping[str, tuple[tuple[words.Deadline, words.Exclusion], ...]]
    resumes: Mapping[str, tuple[tuple[words.Deadline, words.Exclusion], ...]]
    after_end: Mapping[str, tuple[words.Deadline, ...]]
    from_parent: tuple[words.Deadline, ...]
    automatic: Mapping[str, tuple[words.Transition, ...]]
    facts: Mapping[str, tuple[words.Fact, ...]]
    voids_signatures: Mapping[str, frozenset[str]]
    children: Mapping[str, tuple[words.Child, ...]]


_plans: Final[dict[type[words.Lifecycle], Plan]] = {}


def plan(lifecycle: type[words.Lifecycle]) -> Plan:
    """Turn the declaration round: from each act to what it opens, meets, voids and excludes."""
    known = _plans.get(lifecycle)
    if known is None:
        known = _plans[lifecycle] = _planned(lifecycle)
    return known


def _planned(lifecycle: type[words.Lifecycle]) -> Plan:
    opens, after_end = _Turned[words.Deadline](), _Turned[words.Deadline]()
    meets, voids, unsigned = _Turned[str](), _Turned[str](), _Turned[str]()
    excludes, resumes = _Turned[_Excluding](), _Turned[_Excluding]()
    for deadline in lifecycle.deadlines.values():
        opens.add(_starts(lifecycle, deadline), deadline)
        if isinstance(deadline.anchor, words.AfterEnd):
            after_end.add([deadline.anchor.deadline], deadline)
        meets.add(deadline.met_by, deadline.name)
        voids.add(deadline.voided_by, deadline.name)
        for exclusion in deadline.excluded_by:
            excludes.add(exclusion.begins, (deadline, exclusion))
            resumes.add(exclusion.ends, (deadline, exclusion))
    facts, children = _Turned[words.Fact](), _Turned[words.Child]()
    for fact in lifecycle.facts.values():
        facts.add((*fact.of, *fact.days_of), fact)
    for child in lifecycle.children.values():
        children.add([child.opened_by], child)
    for transition in lifecycle.transitions.values():
        if isinstance(transition, words.Signoff):
            unsigned.add(transition.voided_by, transition.name)
    automatic = {
        state: tuple(t for t in lifecycle.open_in(state) if t.automatic)
        for state in lifecycle.states
    }
    return Plan(
        opens=opens,
        meets={name: frozenset(found) for name, found in meets.items()},
        voids={name: frozenset(found) for name, found in voids.items()},
        excludes=excludes,
        resumes=resumes,
        after_end=after_end,
        from_parent=tuple(
            d for d in lifecycle.deadlines.values() if isinstance(d.anchor, words.FromParent)
        ),
        automatic={state: found for state, found in automatic.items() if found},
        facts=facts,
        voids_signatures={name: frozenset(found) for name, found in unsigned.items()},
        children=children,
    )


_Excluding = tuple[words.Deadline, words.Exclusion]


class _Turned(dict[str, tuple[T, ...]]):
    """From the name of an act to everything that named the act."""

    def add(self, acts: Iterable[words.Declared], what: T) -> None:
        """Note ``what`` under each of the acts."""
        for act in acts:
            self[act.name] = (*self.get(act.name, ()), what)


def _starts(lifecycle: type[words.Lifecycle], deadline: words.Deadline) -> list[words.Transition]:
    """The acts that start a clock."""
    match deadline.anchor:
        case words.After(transitions) | words.AfterDay(transitions=transitions):
            return list(transitions)
        case words.AfterService(document):
            return [t for t in lifecycle.transitions.values() if document in t.serves]
        case _:
            return []


def derive(
    deadline: words.Deadline,
    *,
    anchor_at: datetime,
    anchor_on: date,
    given: Mapping[str, Any],
    cycle_year: int | None,
    trigger: str,
    law: LawBook,
) -> dict[str, Any]:
    """Begin the derivation of a clock: everything that fixes its end but exclusions.

    ``given`` holds what was typed into the act that starts it. Without ``dues`` the deadline does
    not apply to this case. A due whose term the data do not hold for the anchor's day is `UNFIXED`:
    no length is guessed. Raises LookupError for a term or a date of the year that nobody knows.
    """
    dues = deadline.due.dues if isinstance(deadline.due, words.Earliest) else (deadline.due,)
    found = [_due(due, anchor_on, given, cycle_year, law) for due in dues]
    return {
        "anchor": {"trigger": trigger, "on": anchor_on.isoformat(), "at": anchor_at.isoformat()},
        "dues": [due for due in found if due is not None],
        "law": law.version,
        "calendar": law.calendar.version,
        "exclusions": [],
        "extensions": [],
    }


def _due(
    due: words.Due,
    anchor_on: date,
    given: Mapping[str, Any],
    cycle_year: int | None,
    law: LawBook,
) -> dict[str, Any] | None:
    match due:
        case words.Lasts(key):
            return _termed("term", key, anchor_on, law)
        case words.Before(key, name):
            on = given[name].isoformat()
            return {**_termed("before", key, anchor_on, law), "on": on, "input": name}
        case words.On(name):
            return {"kind": "day", "on": given[name].isoformat(), "input": name}
        case words.YearDay(code, by):
            chosen = code if isinstance(code, str) else code.get(str(given.get(by)))
            if chosen is None or cycle_year is None:
                return None
            found = law.year_date(chosen, cycle_year)
            return {
                "kind": "year",
                "on": found.date.isoformat(),
                "code": chosen,
                "mark": str(found.mark),
                "basis": [citation.text_zh for citation in found.basis],
            }
        case words.SameDay():
            return {"kind": "same", "on": anchor_on.isoformat()}
        case words.Earliest():
            raise TypeError("Earliest holds no Earliest")


def _termed(kind: str, key: str, anchor_on: date, law: LawBook) -> dict[str, Any]:
    """A due that rests on a term, or `UNFIXED` where none is known for that day."""
    term = law.term_if_any(key, anchor_on)
    return {"kind": UNFIXED, "term": key} if term is None else {"kind": kind, **_term(term)}


def is_unfixed(derivation: Mapping[str, Any]) -> bool:
    """Whether a clock has no end because the data hold no term for the day it began."""
    return any(due["kind"] == UNFIXED for due in derivation["dues"])


@lru_cache(maxsize=1024)
def _term(term: Term) -> Mapping[str, Any]:
    return {
        "term": term.key,
        "length": term.length,
        "unit": str(term.unit),
        "rolls": term.rolls,
        "mark": str(term.mark),
        "valid_from": term.valid_from.isoformat() if term.valid_from else None,
        "basis": [citation.text_zh for citation in term.basis],
    }


def end(
    derivation: Mapping[str, Any],
    law: LawBook,
    *,
    exclusions: Sequence[Interval] = (),
    grace: str = "",
) -> End:
    """Compute where a clock ends from its derivation, with the calendar of ``law``.

    Of several dues the earliest counts. An end that was *kept* holds against an earlier one that
    nobody decided. ``grace`` is the law key of the posting time the timer waits beyond the end; the
    end itself does not move by it.
    """
    ends = [_end_of(due, derivation, law, exclusions) for due in derivation["dues"]]
    stopped = [e for e in ends if e.due_on is None]
    found = stopped[0] if stopped else min(ends, key=lambda e: e.due_at or e.earliest_on)
    kept = derivation.get(KEPT)
    if kept is not None and found.due_on is not None:
        until = date.fromisoformat(kept["until"])
        if found.due_on < until:
            found = _on(until, provisional=found.provisional)
    if found.due_on is None or found.due_at is None or not grace:
        return found
    term = law.term_if_any(grace, found.due_on)
    if term is None:
        return found
    waits = compute(found.due_on, term.length, term.unit, law.calendar)
    last = waits.last_day or waits.earliest
    return End(
        found.due_on,
        found.due_at,
        found.earliest_on,
        found.provisional or waits.provisional,
        end_of_day(last),
    )


def ends_later(clock: Mapping[str, Any], law: LawBook, *, grace: str) -> bool:
    """Whether the calendar of ``law`` lets a running clock end later than was said."""
    found = end(clock["derivation"], law, exclusions=excluded(clock["derivation"]), grace=grace)
    return found.due_on is not None and found.due_on > clock["due_on"]


def excluded(derivation: Mapping[str, Any]) -> list[Interval]:
    """The exclusions a derivation names, overlapping ones each."""
    return [
        Interval(
            date.fromisoformat(one["from"]),
            date.fromisoformat(one["to"]) if one["to"] else None,
            one["kind"],
        )
        for one in derivation["exclusions"]
    ]


def _end_of(
    due: Mapping[str, Any],
    derivation: Mapping[str, Any],
    law: LawBook,
    exclusions: Sequence[Interval],
) -> End:
    if due["kind"] in {"day", "year", "same"}:
        day = date.fromisoformat(due["on"])
        return _on(day, provisional=False)
    if due["kind"] == UNFIXED:
        began_on = date.fromisoformat(derivation["anchor"]["on"])
        return End(None, None, began_on, provisional=False, expires_at=None)
    unit = Unit(due["unit"])
    if unit is Unit.HOURS:
        instant = end_of_hours(datetime.fromisoformat(derivation["anchor"]["at"]), due["length"])
        return End(
            local_date(instant), instant, local_date(instant), provisional=False, expires_at=instant
        )
    period = period_of(due, derivation, law, exclusions)
    if period.last_day is None:
        return End(None, None, period.earliest, period.provisional, None)
    return _on(period.last_day, provisional=period.provisional)


def period_of(
    due: Mapping[str, Any],
    derivation: Mapping[str, Any],
    law: LawBook,
    exclusions: Sequence[Interval],
) -> Period:
    """The period of a due that rests on a term in days, months or years, with its steps."""
    before = due["kind"] == "before"
    start = due["on"] if before else derivation["anchor"]["on"]
    return compute(
        date.fromisoformat(start),
        due["length"],
        Unit(due["unit"]),
        law.calendar,
        backward=before,
        roll=due["rolls"],
        exclusions=exclusions,
        extensions=[(e["length"], Unit(e["unit"])) for e in derivation["extensions"]],
    )


def _on(day: date, *, provisional: bool) -> End:
    instant = end_of_day(day)
    return End(day, instant, day, provisional, instant)
