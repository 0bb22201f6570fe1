"""What has to be flagged in a published case, as the program finds it.

Nothing here knows a case by its name: each finding follows from the dates, the numbers and the words
of the text, from the clocks of the lifecycles and from the law of the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise

from app.cases.clocks import derive, end
from app.law.penalties import range_for, rules_for, surcharge
from app.law.periods import end_of_day
from app.law.sources import sources
from app.law.terms import LawBook
from app.registers.uscc import check
from app.workflows.penalty_procedure import PenaltyProcedure
from tests.chronologies.chronicle import Chronicle, Happening
from tests.chronologies.player import Played, law_of

ACTS_OF_THE_AUTHORITY = (
    "inspection", "case_filed", "facts_confirmed", "correction_order", "interview", "prior_notice_served",
    "hearing_held", "decision", "publication",
)  # fmt: skip
IN_ORDER = (
    ("violation_from", "violation_to"), ("violation_to", "clue_received"), ("sampling", "inspection"),
    ("clue_received", "facts_confirmed"), ("inspection", "case_filed"), ("inspection", "prior_notice_served"),
    ("case_filed", "prior_notice_served"), ("prior_notice_served", "hearing_held"),
    ("prior_notice_served", "decision"), ("prior_notice_served", "publication"), ("decision", "publication"),
    ("decision", "lawsuit_filed"), ("lawsuit_filed", "court_hearing"), ("decision", "court_enforcement_applied"),
    ("court_enforcement_applied", "court_ruling"), ("court_ruling", "payment"), ("inspection", "publication"),
    ("instruction_received", "instruction_deadline"), ("special_inspection_started", "special_inspection_ended"),
)  # fmt: skip
"""Of each pair the first cannot come after the second."""
CLOCKS = (
    ("case_filed", "decision", ""), ("prior_notice_served", "plea", ""),
    ("prior_notice_served", "hearing_request", ""), ("decision", "suit", "lawsuit_filed"),
    ("decision", "publication", ""), ("court_enforcement_applied", "court_ruling", "court_ruling"),
)  # fmt: skip
"""What starts a clock of the penalty procedure, its name, and what meets it."""
NUMBER = re.compile(r"[^\[\]()（）字第]+〔\d{4}〕\d+号")
"""A number of a document as it is to be written (domain.md 12.1)."""
DOUBTS = ("推定", "未核对", "未写", "不能确认", "不全")
"""Words by which the compiler marks what is not certain."""
TOLERANCE = Decimal("0.02")
"""Percentage points by which a share counted from rounded sums may differ from the published one."""


def readings(chronicle: Chronicle, law: LawBook) -> list[str]:
    """Every clock of the penalty procedure that two dates or one of the text let one count."""
    law = law_of(law, chronicle)
    found = []
    for begins, name, meets in CLOCKS:
        for event in chronicle.all(begins):
            due = last_day(name, event.on, law)
            met = next((m.on for m in chronicle.all(meets) if m.on >= event.on), None)
            told = f"{name} {event.on}: {'not fixed' if due is None else due}"
            late = due is not None and met is not None and met > due
            found.append(told + (f", {'late' if late else 'met'} {met}" if met else ""))
    return found


def last_day(name: str, began: date, law: LawBook) -> date | None:
    """The last day of a clock of the penalty procedure; ``None`` where the law is not known."""
    deadline = PenaltyProcedure.deadlines[name]
    derivation = derive(
        deadline, anchor_at=end_of_day(began), anchor_on=began, given={}, cycle_year=None, trigger="",
        law=law,
    )  # fmt: skip
    return end(derivation, law).due_on


def flagged(played: Played, law: LawBook) -> list[str]:
    """Everything that has to be flagged in a case, in the order of the rules below."""
    chronicle = played.chronicle
    return [
        *_by_the_dates(chronicle, law_of(law, chronicle)),
        *_by_the_clocks(played),
        *_by_the_words(chronicle),
        *_by_the_amounts(chronicle),
        *_by_the_doubts(chronicle),
    ]


def _by_the_dates(chronicle: Chronicle, law: LawBook) -> Iterator[str]:
    events = chronicle.happenings
    yield from (f"month only: {event}" for event in events if event.is_month)
    for event in events:
        if event.type in ACTS_OF_THE_AUTHORITY and not event.is_month and not law.calendar.is_working(event.on):  # fmt: skip
            yield f"on a day off: {event}"
    for before, after in IN_ORDER:
        for earlier in chronicle.all(before)[:1]:
            for later in chronicle.all(after)[-1:]:
                if earlier.first > later.last:
                    yield f"contradiction: {earlier}, {later}"
    if chronicle.expected.get("conduct") == "surrender":
        yield from (f"late: {event}" for event in chronicle.all("surrender_deadline"))
    for limit in chronicle.all("publication_deadline"):
        yield from (f"late: {e}" for e in chronicle.all("publication") if e.on > limit.on)
    yield from _disobeyed(chronicle.all("suspension_order"), chronicle.all("violation_from"))


def _disobeyed(orders: list[Happening], acts: list[Happening]) -> Iterator[str]:
    for order in orders:
        yield from (f"against an order: {order}, {act}" for act in acts if act.on > order.on)


def _by_the_clocks(played: Played) -> Iterator[str]:
    for clock in played.clocks:
        if not clock.is_fixed:
            yield f"term not known: {clock.lifecycle}.{clock.name} {clock.began}"
        elif clock.met_late:
            yield f"late: {clock.lifecycle}.{clock.name} {clock.due}"


def _by_the_words(chronicle: Chronicle) -> Iterator[str]:
    code, number = chronicle.told["uscc"], chronicle.told["document_no"]
    if code is not None and (fault := check(code).fault) is not None:
        yield f"wrong code: {code} ({fault.value})"
    if number is not None and not NUMBER.fullmatch(number):
        yield f"number not as it is written: {number}"
    if chronicle.told["authority"].endswith("分局") and not sources()["CODE"].in_force(_until(chronicle)):  # fmt: skip
        yield f"branch in its own name before the Code: {chronicle.told['authority']}"
    for first, second in pairwise(clock_times(chronicle.facts)):
        yield f"one person at two places: {first:%H:%M}, {second:%H:%M}"


def _by_the_amounts(chronicle: Chronicle) -> Iterator[str]:
    fine, several = chronicle.told["fine_yuan"], len(chronicle.parties)
    conduct, ends = chronicle.expected.get("conduct"), chronicle.expected.get("ended")
    if fine and conduct and ends:
        rules = rules_for(conduct, chronicle.all(ends)[0].on)
        bounds = range_for(rules[0]) if rules else None
        if bounds is not None and not bounds.low <= fine <= bounds.high:
            yield f"no single fine: {fine} of {several} parties"
        if bounds is None:
            yield f"no rule of the tables on its day: {fine}"
    for amount, added in surcharges(chronicle):
        full = surcharge(amount, 34) == added
        yield f"late: payment, {added} added to {amount}{', the most there is' if full else ''}"
    for counted, published in shares(chronicle):
        if counted != published:
            near = "within" if abs(counted - published) <= TOLERANCE else "beyond"
            yield f"share of {published} published, {counted} counted: {near} the tolerance"


def _by_the_doubts(chronicle: Chronicle) -> Iterator[str]:
    for event in chronicle.happenings:
        if any(word in event.note for word in DOUBTS):
            yield f"not certain: {event}"
    if any(word in chronicle.told["notes"] for word in DOUBTS):
        yield f"not certain: {chronicle.told['notes']}"


def _until(chronicle: Chronicle) -> date:
    return max(event.last for event in chronicle.happenings)


def clock_times(text: str) -> list[time]:
    """The hours a text names."""
    found = re.findall(r"\b(\d{1,2}:\d{2})", text)
    return [datetime.strptime(one, "%H:%M").time() for one in found]  # noqa: DTZ007 - hours only


def surcharges(chronicle: Chronicle) -> list[tuple[Decimal, Decimal]]:
    """Fines with what was added to them, as the outcome tells."""
    found = re.findall(r"罚款(\d+)＋加处(\d+)", chronicle.told["outcome_zh"])
    return [(Decimal(fine), Decimal(added)) for fine, added in found]


def shares(chronicle: Chronicle) -> list[tuple[Decimal, Decimal]]:
    """Shares in per cent: counted from the sums a text gives, and as they were published."""
    due = re.search(r"应履约([\d.]+)亿吨，实际([\d.]+)亿吨", chronicle.facts)
    told = [re.search(r"公布为([\d.]+)%", check) for check in chronicle.checks]
    published = [Decimal(found[1]) for found in told if found]
    if due is None or not published:
        return []
    return [(percent(Decimal(due[2]), Decimal(due[1])), published[0])]


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """A share in per cent to two decimals."""
    return (100 * part / whole).quantize(Decimal("0.01"))
