"""Token replay: whether the entries of a case follow the lifecycle it ran on.

There is one token, the state the case has reached. Each entry takes it from the state it names to
the one it leads to; whatever the declaration does not let it do is a deviation, which says what
was expected. After a deviation the token lies where the entry says, so that one fault is told
once. Pure: entries come as `Step`, from the log or from anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.engine.actors import Role
from app.engine.definition import Lifecycle, RaiseClue, Transition
from app.engine.moves import REINSTATE, leaves_an_entry, sources, targets, withdrawals
from app.law.labels import Label
from app.workflows import LIFECYCLES


@dataclass(frozen=True, slots=True)
class Step:
    """What an entry says of itself, as far as replay asks."""

    seq: int
    trigger: str
    source: str | None
    to: str
    role: str
    code: str = ""
    recorded: bool = False
    """Entered by the authority from paper."""
    follows: bool = False
    """Of an opening: an act of another case opened it."""


class Kind(StrEnum):
    """What an entry does that the declaration does not let it do."""

    UNKNOWN = "unknown"
    NOT_OPENED = "not_opened"
    OPENED_AGAIN = "opened_again"
    BROKEN = "broken"
    AFTER_END = "after_end"
    NOT_ALLOWED = "not_allowed"
    ASTRAY = "astray"
    ROLE = "role"
    CODE = "code"
    ELSEWHERE = "elsewhere"
    UNDECLARED = "undeclared"


DEVIATIONS = {
    Kind.UNKNOWN: Label("流程中没有此操作", "no such act in the lifecycle"),
    Kind.NOT_OPENED: Label("未经立案操作即有记录", "the case was not opened by an opening act"),
    Kind.OPENED_AGAIN: Label("案件重复立案", "the case is opened a second time"),
    Kind.BROKEN: Label("起始环节与此前记录不符", "it does not start where the entries before end"),
    Kind.AFTER_END: Label("办结后不得办理", "not possible after the end"),
    Kind.NOT_ALLOWED: Label("该环节不得办理", "not possible in that state"),
    Kind.ASTRAY: Label("到达环节与流程不符", "it leads where the lifecycle does not"),
    Kind.ROLE: Label("办理角色不符", "done in a role that may not"),
    Kind.CODE: Label("操作编号不符", "another code"),
    Kind.UNDECLARED: Label("流程版本不符", "another lifecycle or version"),
    Kind.ELSEWHERE: Label("案件所处环节与记录不符", "the case stands where no entry took it"),
}


@dataclass(frozen=True, slots=True)
class Deviation:
    """One departure: the entry, what kind, what stands there and what was expected."""

    seq: int
    trigger: str
    kind: Kind
    found: str
    expected: tuple[str, ...]

    @property
    def label(self) -> Label:
        """The departure as a sentence."""
        means = DEVIATIONS[self.kind]
        zh = "、".join(self.expected) or "无"
        en = ", ".join(self.expected) or "nothing"
        return Label(
            f"第 {self.seq} 条 {self.trigger}：{means.zh}（{self.found}），应为：{zh}。",
            f"Entry {self.seq} {self.trigger}: {means.en} ({self.found}); expected: {en}.",
        )


def replay(
    lifecycle: type[Lifecycle],
    steps: Iterable[Step],
    *,
    records: frozenset[str] = frozenset(),
    ends_in: str | None = None,
) -> Iterator[Deviation]:
    """Yield every deviation of one case, in the order of its entries.

    ``records`` are triggers of entries that any case may hold and that move nothing; ``ends_in``
    is the state the case is said to stand in now.
    """
    token: str | None = None
    opening = lifecycle.opening().name
    first, last = True, Step(-1, "", None, "", "")
    for step in steps:
        if first and not (step.trigger == opening and step.source is None):
            yield Deviation(step.seq, step.trigger, Kind.NOT_OPENED, step.source or "-", (opening,))
        elif not first and step.source != token:
            found = step.source or "-"
            yield Deviation(step.seq, step.trigger, Kind.BROKEN, found, (token or "-",))
        for kind, found, expected in _wrong(lifecycle, step, records, first=first):
            yield Deviation(step.seq, step.trigger, kind, found, expected)
        token, last, first = step.to, step, False
    if ends_in is not None and token != ends_in:
        yield Deviation(last.seq, last.trigger, Kind.ELSEWHERE, ends_in, (token or "-",))


Wrong = tuple[Kind, str, tuple[str, ...]]


def _wrong(
    lifecycle: type[Lifecycle], step: Step, records: frozenset[str], *, first: bool
) -> Iterator[Wrong]:
    """What is wrong with an entry by itself, wherever it stands."""
    if step.trigger == REINSTATE:
        yield from _wrong_withdrawal(lifecycle, step)
        return
    act = lifecycle.transitions.get(step.trigger)
    # An act may be called like such an entry; the entry has no code.
    if step.trigger in records and (act is None or not step.code):
        if step.source != step.to:
            yield Kind.ASTRAY, step.to, (step.source or "-",)
        return
    if act is None or not leaves_an_entry(act):
        yield Kind.UNKNOWN, step.trigger, ()
        return
    if act.opens and not first:
        yield Kind.OPENED_AGAIN, step.trigger, ()
    elif not act.opens and step.source not in act.source_names:
        known = lifecycle.states.get(step.source or "")
        kind = Kind.AFTER_END if known is not None and known.final else Kind.NOT_ALLOWED
        yield kind, step.source or "-", tuple(filter(None, sources(lifecycle, act)))
    reached = targets(act, step.source)
    if step.to not in reached:
        yield Kind.ASTRAY, step.to, tuple(reached)
    if step.code != act.code:
        yield Kind.CODE, step.code or "-", (act.code,)
    allowed = _roles(lifecycle, act, step)
    if step.role not in allowed:
        yield Kind.ROLE, step.role, tuple(sorted(allowed))


def _wrong_withdrawal(lifecycle: type[Lifecycle], step: Step) -> Iterator[Wrong]:
    """A waiver is withdrawn from where the waived act is over, by whoever enters it from paper."""
    found = withdrawals(lifecycle)
    if step.source not in {name for one in found for name in one.sources}:
        places = tuple(dict.fromkeys(name for one in found for name in one.sources))
        yield Kind.NOT_ALLOWED, step.source or "-", places
    back = {one.back for one in found if step.source in one.sources} or {o.back for o in found}
    if step.to not in back:
        yield Kind.ASTRAY, step.to, tuple(sorted(back))
    roles = {who.role for one in found for act in one.acts for who in act.recorded_by}
    if step.role not in roles:
        yield Kind.ROLE, step.role, tuple(sorted(roles))


def _roles(lifecycle: type[Lifecycle], act: Transition, step: Step) -> set[Role]:
    """In which roles the act may be done; what was entered from paper, by whoever records it."""
    allowed = {who.role for who in act.by}
    if step.recorded:
        allowed |= {who.role for who in act.recorded_by}
    if act.opens and step.follows:
        allowed |= {who.role for one in _openers(lifecycle.key) for who in one.actors}
    return allowed


def _openers(key: str) -> Iterator[Transition]:
    """The acts of other cases that open one of this lifecycle."""
    for one in LIFECYCLES.values():
        yield from (child.opened_by for child in one.children.values() if child.lifecycle == key)
        for act in one.transitions.values():
            for effect in act.effects:
                if isinstance(effect, RaiseClue) and key in {t.lifecycle for t in effect.targets}:
                    yield act
