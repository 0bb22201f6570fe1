"""What an act will bring about, in words that follow from its declaration alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from app.cases.clocks import plan
from app.cases.page import CasePage
from app.engine import definition as words
from app.engine.actors import Who
from app.law.labels import Label
from app.law.periods import Unit
from app.law.terms import LawBook

REGISTERED: Final[Mapping[type, Label]] = {
    words.Lift: Label(
        "已登记的处罚标记为撤销，禁业解除。",
        "What was entered is marked as annulled: penalties in the record, and bans are lifted.",
    ),
    words.Sentence: Label(
        "处罚记入当事人的处罚记录。", "The penalty enters the record of the party."
    ),
    words.Publish: Label(
        "处罚记录标明公示的载体和期限，其间任何人可查。",
        "The record says where and until when it is public; meanwhile anybody may read it.",
    ),
    words.Withdraw: Label(
        "处罚记录标明已撤回公示。", "The record says that the publication was withdrawn."
    ),
    words.Bar: Label(
        "禁业自起始日起生效：核查、复查中不得选任，直至期满。",
        "The ban holds from its first day to its last: "
        "nobody banned is chosen to verify or re-check.",
    ),
    words.Relate: Label(
        "核定值须更正的，该单位该年度的核查案件与本案关联，仅本机关可见；核定值待决定更正。",
        "Where a value has to be corrected, the verification of that unit and year is linked, "
        "for the authority alone; its value stays until the region decides.",
    ),
}
"""What each effect on the registers brings about."""


def foretold(page: CasePage, transition: words.Transition) -> list[Label]:
    """What happens once the act is submitted, a sentence each, where the case goes first."""
    return [
        _where(page, transition),
        *_clocks(page, transition),
        *_rows(page, transition),
        *_papers(transition),
        *_registers(transition),
        *_family(page, transition),
        *_notices(transition),
    ]


def _where(page: CasePage, transition: words.Transition) -> Label:
    if any(isinstance(effect, words.RaiseClue) for effect in transition.effects):
        return Label(
            "线索另行登记为独立案件，本案不留记录，案件参与人看不到。",
            "It begins a case of its own; this one keeps no trace, and nobody on it sees that one.",
        )
    if transition.to is None:
        state = page.state
        return Label(
            f"记入案件，环节不变，仍为「{state.zh}」。",
            f"It is recorded; the case stays “{state.en}”.",
        )
    states = list(dict.fromkeys(transition.destinations))
    zh = "或".join(f"「{state.zh}」" for state in states)
    en = " or ".join(f"“{state.en}”" for state in states)
    next_ = states[0].waits_for if len(states) == 1 else None
    zh_next = f"，由{next_.label.zh}办理" if next_ is not None else ""
    en_next = f"; {next_.label.en} comes next" if next_ is not None else ""
    return Label(f"进入{zh}{zh_next}。", f"The case becomes {en}{en_next}.")


def _clocks(page: CasePage, transition: words.Transition) -> Iterator[Label]:
    of = plan(page.lifecycle)
    today = page.attempt().today
    for deadline in of.opens.get(transition.name, ()):
        yield _opened(deadline, page.law, today)
    meets = of.meets.get(transition.name, frozenset())
    for clock in page.running:
        if clock.name in meets:
            zh = f"（至 {clock.due_on}）" if clock.due_on else ""
            en = f" (until {clock.due_on})" if clock.due_on else ""
            yield Label(
                f"期限「{clock.label.zh}」{zh}随之完成。",
                f"It meets the deadline “{clock.label.en}”{en}.",
            )


def _opened(deadline: words.Deadline, law: LawBook, today: date) -> Label:
    who = deadline.waits_for.label if deadline.waits_for else Label("承办人", "Whoever handles it")
    due = deadline.due.dues[0] if isinstance(deadline.due, words.Earliest) else deadline.due
    until = _until(due, law, today)
    served = isinstance(deadline.anchor, words.AfterService)
    zh = "自送达之日起" if served else ""
    en = " of service" if served else ""
    is_right = deadline.expiry in {words.Expiry.PARTY_WAIVER, words.Expiry.RIGHT_LOST}
    may = Label("可", "may") if is_right else Label("须", "must")
    return Label(
        f"{who.zh}{may.zh}{zh}{until.zh}完成「{deadline.zh}」。",
        f"{who.en} {may.en} see to “{deadline.en}” {until.en}{en}.",
    )


def _until(due: words.Due, law: LawBook, today: date) -> Label:
    match due:
        case words.Lasts(key) if law.has_term(key):
            term = law.term(key, today)
            unit = Unit(term.unit).label
            return Label(f"在 {term.length} {unit.zh}内", f"within {term.length} {unit.en}")
        case words.Before(key):
            term = law.term(key, today)
            unit = Unit(term.unit).label
            return Label(
                f"至少提前 {term.length} {unit.zh}", f"at least {term.length} {unit.en} before"
            )
        case words.YearDay():
            return Label("在年度节点前", "by the date of the year")
        case _:
            return Label("在填写的日期前", "by the day typed in")


def _rows(page: CasePage, transition: words.Transition) -> Iterator[Label]:
    for move in transition.moves:
        statuses = move.items.statuses
        for before, after in move.moves.items():
            count = sum(row.row.status == before for row in page.rows[move.items.name])
            if not count:
                continue
            if before == after:
                yield Label(
                    f"{count} 条{move.items.zh}进入下一轮。",
                    f"{count} × {move.items.en.lower()} go to the next round.",
                )
            else:
                yield Label(
                    f"{count} 条{move.items.zh}由「{statuses[before].zh}」"
                    f"转为「{statuses[after].zh}」。",
                    f"{count} × {move.items.en.lower()}: “{statuses[before].en}” "
                    f"becomes “{statuses[after].en}”.",
                )


def _papers(transition: words.Transition) -> Iterator[Label]:
    if transition.report is not None:
        report = transition.report
        yield Label(
            f"《{report.zh}》固定为新版本，不能再改。",
            f"“{report.en}” becomes a new version that cannot be changed.",
        )
    if transition.documents:
        zh = "".join(f"《{document.zh}》" for document in transition.documents)
        en = ", ".join(f"“{document.en}”" for document in transition.documents)
        yield Label(f"生成文书：{zh}。", f"Documents made: {en}.")


def _registers(transition: words.Transition) -> Iterator[Label]:
    """What the act leaves in the registers, each once."""
    kinds = dict.fromkeys(type(effect) for effect in transition.effects)
    yield from (REGISTERED[kind] for kind in kinds if kind in REGISTERED)


def _family(page: CasePage, transition: words.Transition) -> Iterator[Label]:
    for child in page.lifecycle.children.values():
        if child.opened_by is transition:
            yield Label(f"开启子案件「{child.zh}」。", f"A case is opened: “{child.en}”.")


def _notices(transition: words.Transition) -> Iterator[Label]:
    if transition.notices:
        told = named(transition.notices)
        yield Label(f"通知{told.zh}。", f"Told: {told.en}.")


def named(people: Sequence[Who]) -> Label:
    """Several actors in one breath."""
    return Label(
        _joined("、", (w.label.zh for w in people)), _joined(", ", (w.label.en for w in people))
    )


def _joined(by: str, texts: Iterable[str]) -> str:
    return by.join(dict.fromkeys(texts))
