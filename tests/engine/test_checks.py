"""Every contradiction: a sound little lifecycle with that fault, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from app.engine.actors import INSPECTOR, LEADER, SYSTEM, UNIT, Capacity, Role, Who
from app.engine.checks import Contradiction, check_family, running_states
from app.engine.definition import (
    ANY,
    OPEN,
    OPENING,
    After,
    AfterDay,
    AfterEnd,
    AfterService,
    Bar,
    Before,
    Branch,
    Child,
    Deadline,
    Document,
    Earliest,
    Exclusion,
    Expiry,
    Extension,
    Fact,
    FromParent,
    Guard,
    Items,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    Lift,
    MoveRows,
    On,
    Publish,
    Raise,
    Relate,
    Report,
    SameDay,
    Section,
    Sentence,
    Signoff,
    Silence,
    State,
    StateSet,
    Submit,
    Succeed,
    Take,
    Transition,
    Withdraw,
    YearDay,
    guard,
    joined,
)
from app.engine.inputs import Choice, Day, Files, People, Text, YesNo
from app.law.labels import Label
from tests.lifecycles import FIXTURES
from tests.lifecycles.hearing import Hearing
from tests.lifecycles.monthly import Examination, Monthly
from tests.lifecycles.operation import Inspection, Measure, Operation
from tests.lifecycles.payment import Payment

Body = dict[str, Any]
ROWS = {"draft": Label("草稿", "Draft"), "done": Label("完成", "Done")}
OPTIONS = (("a", Label("甲", "A")), ("b", Label("乙", "B")))


@guard("总是成立。", "Always holds.")
def always(attempt: object) -> bool:
    return True


def condition(zh: str, en: str, restricted: Label | None = None) -> Guard:
    return Guard("g", always.predicate, Label(zh, en), restricted=restricted)


def act(code: str = "T9", **fields: Any) -> Transition:
    fields.setdefault("sources", OPEN)
    fields.setdefault("by", [INSPECTOR])
    return Transition("操作", "Act", code=code, **fields)


def rows(**fields: Any) -> Items:
    return Items("条目", "Rows", statuses=ROWS, **fields)


def clock(anchor: Any, due: Any = None, **fields: Any) -> Deadline:
    fields.setdefault("expiry", Expiry.TARGET)
    return Deadline("期限", "Deadline", anchor=anchor, due=due or Lasts("archive"), **fields)


def sound() -> Body:
    """Open, work, end; the smallest lifecycle that does not contradict itself."""
    working, ended = State("办理", "Working"), State("结束", "Ended", final=True)
    return {
        "key": "small",
        "zh": "小流程",
        "en": "Small",
        "working": working,
        "ended": ended,
        "begin": act("T1", sources=OPENING, to=working),
        "end": act("T2", sources=[working], to=ended, inputs=[Day("ended_on", "日期", "Day")]),
    }


def build(body: Body) -> type[Lifecycle]:
    return type("Small", (Lifecycle,), body)


def faults(body: Body) -> Sequence[str]:
    with pytest.raises(Contradiction) as caught:
        build(body)
    return caught.value.faults


def test_a_sound_lifecycle_is_accepted():
    small = build(sound())

    assert small.opening().name == "begin"
    assert list(small.states) == ["working", "ended"]


def test_a_ban_may_fall_on_whom_the_row_names():
    items = Items("人员", "Persons", statuses=ROWS)
    named = People("persons", "人员", "Persons")
    ban = act(
        "T4",
        item=Take(items, ("draft",), "done"),
        inputs=[*BARRED],
        effects=[Bar("scope", "until", "basis", persons="persons")],
    )
    raise_row = act("T3", item=Raise(items), inputs=[named])
    small = build(sound() | {"rows": items, "raise_row": raise_row, "ban": ban})
    assert list(small.transitions) == ["begin", "end", "raise_row", "ban"]


def test_all_faults_are_told_at_once_and_named_after_the_class():
    body = sound() | {"en": "", "lost": State("孤立", "Lost")}

    with pytest.raises(Contradiction) as caught:
        build(body)

    assert caught.value.subject == "Small"
    assert caught.value.faults == (
        "The lifecycle has no English label.",
        "The state lost cannot be reached.",
        "The state lost is a dead end: no transition leaves it.",
    )
    assert str(caught.value).startswith("Small: 3 faults\n- The lifecycle has no English label.")


Change = Callable[[Body], Body]


def changed(**words: Any) -> Change:
    """The sound lifecycle with these words put in or replaced."""
    return lambda body: body | words


def without(name: str) -> Change:
    return lambda body: {key: word for key, word in body.items() if key != name}


def opening_to_nowhere(body: Body) -> Body:
    return body | {"begin": act("T1", sources=OPENING, to=[Branch(None, body["working"])])}


def two_openings(body: Body) -> Body:
    return body | {"again": act("T3", sources=OPENING, to=body["working"])}


def opening_at_the_end(body: Body) -> Body:
    return body | {"begin": act("T1", sources=OPENING, to=body["ended"])}


def circle(body: Body) -> Body:
    """Two states that only lead to one another."""
    left, right = State("左", "Left"), State("右", "Right")
    return body | {
        "left": left,
        "right": right,
        "enter": act("T3", sources=[body["working"]], to=left),
        "go": act("T4", sources=[left], to=right),
        "back": act("T5", sources=[right], to=left),
    }


def leaves_the_end(body: Body) -> Body:
    return body | {"reopen": act("T3", sources=[body["ended"]], to=body["working"])}


def leaves_every_state(body: Body) -> Body:
    return body | {"close": act("T3", sources=ANY, to=body["ended"])}


def foreign_states(body: Body) -> Body:
    other = State("别处", "Elsewhere")
    other.name = "elsewhere"
    return body | {
        "SET": StateSet("一组", "Set", (other,)),
        "hop": act("T3", sources=[other], to=body["ended"]),
        "jump": act(
            "T4", sources=[body["working"]], to=[Branch(always, other), Branch(None, body["ended"])]
        ),
    }


def no_branch(body: Body) -> Body:
    return body | {"end": act("T2", sources=[body["working"]], to=[])}


def last_branch_guarded(body: Body) -> Body:
    to = [Branch(always, body["ended"])]
    return body | {"end": act("T2", sources=[body["working"]], to=to)}


def branch_after_the_last(body: Body) -> Body:
    to = [Branch(None, body["ended"]), Branch(None, body["working"])]
    return body | {"end": act("T2", sources=[body["working"]], to=to)}


def timer_by_an_inspector(body: Body) -> Body:
    lapse = act("T3", to=body["ended"])
    return body | {
        "lapse": lapse,
        "time": clock(After(body["begin"]), on_expiry=lapse, expiry=Expiry.PARTY_WAIVER),
    }


def breach_moves_the_case(body: Body) -> Body:
    lapse = act("T3", to=body["ended"], by=[SYSTEM])
    return body | {
        "lapse": lapse,
        "time": clock(After(body["begin"]), on_expiry=lapse, expiry=Expiry.AUTHORITY_BREACH),
    }


def expires_where_it_may_not(body: Body) -> Body:
    later = State("之后", "Later")
    lapse = act("T4", sources=[body["working"]], by=[SYSTEM], to=body["ended"])
    return body | {
        "later": later,
        "go": act("T3", sources=[body["working"]], to=later),
        "finish": act("T5", sources=[later], to=body["ended"]),
        "lapse": lapse,
        "time": clock(After(body["begin"]), on_expiry=lapse, expiry=Expiry.PARTY_BREACH),
    }


def clock_nobody_meets(body: Body) -> Body:
    """What would meet it can be done only before it runs."""
    later = State("之后", "Later")
    early = act("T4", sources=[body["working"]])
    go = act("T3", sources=[body["working"]], to=later)
    return body | {
        "later": later,
        "early": early,
        "go": go,
        "finish": act("T5", sources=[later], to=body["ended"]),
        "time": clock(After(go), met_by=[early]),
    }


def timed(due: Any = None, /, **fields: Any) -> Change:
    """A clock from the opening that is met at the end."""

    def change(body: Body) -> Body:
        chosen = {"met_by": [body["end"]]} | fields
        return body | {"time": clock(After(body["begin"]), due, **chosen)}

    return change


def anchored(anchor: Any, due: Any = None, **fields: Any) -> Change:
    """A clock from that anchor, or from what it makes of the words, that is met at the end."""

    def change(body: Body) -> Body:
        begins = anchor(body) if callable(anchor) else anchor
        return body | {"time": clock(begins, due, met_by=[body["end"]], **fields)}

    return change


def ends_by_an_unknown_option(body: Body) -> Body:
    begin = act("T1", sources=OPENING, to=body["working"], inputs=[a_choice("sector")])
    return timed(YearDay({"c": "Y-01"}, by="sector"))(body | {"begin": begin})


def served(*, day: bool = True, external: bool = True) -> Change:
    def change(body: Body) -> Body:
        letter = Document("函", "Letter", external=external)
        inputs = [Day("served_on", "送达日期", "Served on")] if day else []
        return body | {"letter": letter, "serve": act("T3", inputs=inputs, serves=[letter])}

    return change


def raising(items: Items, **fields: Any) -> Transition:
    fields.setdefault("inputs", [Text("clause", "条款", "Clause")])
    return act("T3", item=Raise(items), **fields)


def table(items: Items, **words: Any) -> Change:
    return changed(rows=items, raise_row=raising(items), **words)


def taking(take: Callable[[Items], Take], **fields: Any) -> Change:
    items = rows()
    return table(items, take=act("T4", item=take(items), **fields))


def a_choice(name: str = "verdict") -> Choice:
    return Choice(name, "结论", "Verdict", options=OPTIONS)


def judging(to: dict[str, str]) -> Change:
    """A row goes where its verdict says."""
    return taking(lambda items: Take(items, ("draft",), to, by="verdict"), inputs=[a_choice()])


def clock_takes_a_row(body: Body) -> Body:
    items = rows()
    take = act("T4", item=Take(items, ("draft",), "done"), by=[SYSTEM])
    return timed(on_expiry=take, met_by=[])(table(items, take=take)(body))


def given(*inputs: Any, **fields: Any) -> Change:
    return changed(extra=act("T3", inputs=list(inputs), **fields))


BARRED = [
    Text("scope", "范围", "Scope"),
    Day("until", "截止", "Until"),
    Text("basis", "依据", "Basis"),
]


def extension(
    *, extends: str = "time", stages: int = 1, by: Who = LEADER, term: str = "archive"
) -> Change:
    def change(body: Body) -> Body:
        stage = Extension(term, [LEADER])
        return body | {
            "time": clock(After(body["begin"]), met_by=[body["end"]], extensions=[stage] * stages),
            "extend": act("T3", by=[by], extends=extends),
        }

    return change


def a_child(**fields: Any) -> Change:
    def change(body: Body) -> Body:
        fields.setdefault("opened_by", body["end"])
        return body | {"link": Child("子案", "Child", "other", **fields)}

    return change


def per_row_child(**fields: Any) -> Change:
    items = rows()

    def change(body: Body) -> Body:
        words = {"opened_by": body["end"], "each": items, "each_in": ("draft",)} | fields
        return table(items)(body) | {"link": Child("子案", "Child", "other", **words)}

    return change


def fact(**fields: Any) -> Change:
    def change(body: Body) -> Body:
        words = {"of": [body["end"]]} | fields
        return body | {"known": Fact("事实", "Fact", **words)}

    return change


REPORT = Report("报告", "Report", (Section("1", "一", "One", (Text("body", "正文", "Body"),)),))
STRANGER = act("Z1")
STRANGER.name = "stranger"
OTHER_CLOCK = clock(After(STRANGER))
OTHER_CLOCK.name = "other_clock"
OTHER_ROWS = rows()
OTHER_ROWS.name = "other_rows"
OTHER_LETTER = Document("别函", "Other letter")
OTHER_LETTER.name = "other_letter"
LONG = "x" * 41

CONTRADICTIONS: dict[str, tuple[Change, str]] = {
    # names and labels
    "no key": (without("key"), "The lifecycle has no key."),
    "key not snake case": (
        changed(key="Small-1"),
        "The key Small-1 must be snake_case of at most 40 characters.",
    ),
    "key too long": (
        changed(key=LONG, number_prefix="小"),
        f"The key {LONG} must be snake_case of at most 40 characters.",
    ),
    "prefix too long": (
        changed(number_prefix="长" * 21),
        "The case number's prefix is longer than 20 characters.",
    ),
    "version zero": (changed(version=0), "The version must be 1 or higher."),
    "no Chinese title": (without("zh"), "The lifecycle has no Chinese label."),
    "no English title": (changed(en=" "), "The lifecycle has no English label."),
    "name too long": (
        changed(**{LONG: act("T3")}),
        f"The name {LONG} is longer than 40 characters.",
    ),
    "declared twice": (
        lambda body: body | {"again": body["working"]},
        "again is already declared as working.",
    ),
    "status too long": (
        table(Items("条目", "Rows", statuses={"s" * 25: Label("一", "One")})),
        f"The status {'s' * 25} is longer than 24 characters.",
    ),
    "code empty": (changed(extra=act("")), "extra has no code."),
    "code twice": (changed(extra=act("T1")), "The code T1 is used 2 times."),
    "state without Chinese": (
        lambda body: body | {"OPEN_ONES": StateSet("", "Open ones", (body["working"],))},
        "OPEN_ONES has no Chinese label.",
    ),
    "input without English": (
        given(Text("note", "说明", "")),
        "The input note of extra (T3) has no English label.",
    ),
    "help without Chinese": (
        given(Text("note", "说明", "Note", help=Label("", "Help"))),
        "The help of the input note of extra (T3) has no Chinese label.",
    ),
    "option without English": (
        given(Choice("kind", "种类", "Kind", options=(("a", Label("甲", "")),))),
        "The option a of the input kind of extra (T3) has no English label.",
    ),
    "status without English": (
        table(Items("条目", "Rows", statuses={"draft": Label("草稿", "")})),
        "The status draft of rows has no English label.",
    ),
    "section without English": (
        changed(report=Report("报告", "Report", (Section("1", "一", "", ()),))),
        "The section 1 of report has no English label.",
    ),
    "report's input without English": (
        changed(
            report=Report("报告", "Report", (Section("1", "一", "One", (Text("t", "文", ""),)),))
        ),
        "The input t of report has no English label.",
    ),
    "exclusion without English": (
        lambda body: timed(
            excluded_by=[Exclusion("test", "鉴定", "", [body["end"]], [body["end"]])]
        )(body),
        "The exclusion test of time has no English label.",
    ),
    "guard without English": (
        changed(extra=act("T3", guards=[condition("条件", "")])),
        "The guard g of extra (T3) has no English label.",
    ),
    "restricted reason without Chinese": (
        changed(
            extra=act(
                "T3",
                guards=[condition("条件", "G", Label("", "R"))],
            )
        ),
        "The restricted reason of the guard g of extra (T3) has no Chinese label.",
    ),
    "branch's guard without English": (
        lambda body: (
            body
            | {
                "end": act(
                    "T2",
                    sources=[body["working"]],
                    to=[
                        Branch(condition("条件", ""), body["ended"]),
                        Branch(None, body["ended"]),
                    ],
                )
            }
        ),
        "The guard g of end (T2) has no English label.",
    ),
    "proof without English": (
        timed(proof=condition("条件", "")),
        "The guard g of time has no English label.",
    ),
    # states and ways
    "no opening": (without("begin"), "No transition opens a case."),
    "two openings": (two_openings, "Several transitions open a case: begin (T1), again (T3)."),
    "opening with branches": (
        opening_to_nowhere,
        "begin (T1) opens a case and must lead to exactly one state.",
    ),
    "opening at the end": (
        opening_at_the_end,
        "begin (T1) opens a case in the final state ended.",
    ),
    "unreachable state": (
        changed(lost=State("孤", "Lost", final=True)),
        "The state lost cannot be reached.",
    ),
    "dead end": (
        changed(pit=State("坑", "Pit")),
        "The state pit is a dead end: no transition leaves it.",
    ),
    "circle": (circle, "The state left is a dead end: no final state can be reached from it."),
    "final state left": (
        leaves_the_end,
        "reopen (T3) leaves the final state ended, but is neither received nor reopens.",
    ),
    "final state left by all": (
        leaves_every_state,
        "close (T3) leaves the final state ended, but is neither received nor reopens.",
    ),
    "source elsewhere": (foreign_states, "hop (T3) leaves elsewhere, which is no state here."),
    "destination elsewhere": (
        foreign_states,
        "jump (T4) leads to elsewhere, which is no state here.",
    ),
    "set elsewhere": (foreign_states, "SET holds elsewhere, which is no state here."),
    "no source": (changed(extra=act("T3", sources=[])), "extra (T3) leaves no state."),
    "last branch guarded": (last_branch_guarded, "The last branch of end (T2) must have no guard."),
    "no branch": (no_branch, "The last branch of end (T2) must have no guard."),
    "branch after the last": (
        branch_after_the_last,
        "A branch of end (T2) comes after one that always holds.",
    ),
    # actors
    "no role": (changed(extra=act("T3", by=[])), "extra (T3) names no role: nobody may do it."),
    "automatic without the system": (
        changed(extra=act("T3", automatic=True)),
        "extra (T3) fires by itself, but the system is not among those who may.",
    ),
    "timer without the system": (
        timer_by_an_inspector,
        "lapse (T3) fires by itself, but the system is not among those who may.",
    ),
    "system without a clock": (
        changed(extra=act("T3", by=[SYSTEM])),
        "extra (T3) is reserved to the system, but neither automatic nor of a clock.",
    ),
    "recorded by the party": (
        changed(extra=act("T3", recorded_by=[UNIT])),
        "extra (T3) cannot be recorded by enterprise, who is not of the authority.",
    ),
    "automatic with inputs": (
        changed(
            extra=act(
                "T3",
                by=[SYSTEM],
                automatic=True,
                inputs=[Text("note", "说明", "Note"), YesNo("sure", "确认", "Sure", must=True)],
            )
        ),
        "extra (T3) fires by itself, but nobody fills in note, sure.",
    ),
    "automatic on a row": (
        taking(lambda items: Take(items, ("draft",), "done"), by=[SYSTEM], automatic=True),
        "take (T4) fires by itself, but nobody names the row.",
    ),
    # inputs
    "input twice": (
        given(Text("note", "说明", "Note"), Files("note", "文件", "Files")),
        "extra (T3) asks for note 2 times.",
    ),
    **{
        f"reserved {name}": (
            given(Text(name, "说明", "Note")),
            f"The input {name} of extra (T3) has a reserved name.",
        )
        for name in (
            "version",
            "key",
            "occurred_on",
            "late_reason",
            "paper_scan",
            "csrf_token",
            "item",
            "submit",
            "data",
            "errors",
            "groups",
        )
    },
    "input not snake case": (
        given(Text("Note", "说明", "Note")),
        "The input Note of extra (T3) must be named in snake_case.",
    ),
    "no option": (
        given(Choice("kind", "种类", "Kind")),
        "The input kind of extra (T3) offers no option.",
    ),
    "option twice": (
        given(Choice("kind", "种类", "Kind", options=(*OPTIONS, OPTIONS[0]))),
        "The input kind of extra (T3) offers an option twice.",
    ),
    # rows
    "no status": (table(Items("条目", "Rows", statuses={})), "rows has no status."),
    "open status unknown": (table(rows(open_statuses=("lost",))), "rows has no status lost."),
    "cites what nobody asks": (
        table(rows(cites="paragraph")),
        "rows cites paragraph, which raise_row (T3) does not ask.",
    ),
    "row of another table": (
        changed(extra=act("T3", item=Take(OTHER_ROWS, ("draft",), "done"))),
        "extra (T3) is about other_rows, which is no table here.",
    ),
    "raises nothing": (
        lambda body: body | {"rows": (found := rows()), "extra": raising(found, inputs=[])},
        "extra (T3) adds a row of rows, but asks for no input.",
    ),
    "takes from nowhere": (
        taking(lambda items: Take(items, (), "done")),
        "take (T4) takes a row of rows from no status.",
    ),
    "takes from an unknown status": (
        taking(lambda items: Take(items, ("lost",), "done")),
        "take (T4) takes a row to or from lost, which rows has not.",
    ),
    "takes to an unknown status": (
        judging({"a": "lost", "b": "done"}),
        "take (T4) takes a row to or from lost, which rows has not.",
    ),
    "takes by nothing": (
        taking(lambda items: Take(items, ("draft",), {"a": "done"})),
        "take (T4) has no choice (unnamed) that says where the row of rows goes.",
    ),
    "takes by an unknown option": (
        judging({"a": "done", "b": "done", "c": "done"}),
        "verdict in take (T4) has no option c.",
    ),
    "an option says nothing": (
        judging({"a": "done"}),
        "The options b of verdict in take (T4) do not say where the row of rows goes.",
    ),
    "moves another table": (
        changed(extra=act("T3", moves=[MoveRows(OTHER_ROWS, {"draft": "done"})])),
        "extra (T3) moves other_rows, which is no table here.",
    ),
    "moves by an unknown status": (
        lambda body: (
            table(found := rows())(body)
            | {"move": act("T5", moves=[MoveRows(found, {"draft": "lost"})])}
        ),
        "move (T5) moves rows of rows by no status lost.",
    ),
    # effects, reports, documents
    "joins in no way": (
        changed(extra=act("T3", effects=[Join(Capacity.EXPERT)])),
        "extra (T3) must say in exactly one way who becomes expert.",
    ),
    "joins in two ways": (
        given(
            People("experts", "专家", "Experts"),
            effects=[Join(Capacity.EXPERT, "experts", from_parent=True)],
        ),
        "extra (T3) must say in exactly one way who becomes expert.",
    ),
    "joins nobody": (
        given(Text("experts", "专家", "Experts"), effects=[Join(Capacity.EXPERT, "experts")]),
        "extra (T3) has no organisation or person experts.",
    ),
    "bars nobody": (
        given(*BARRED, effects=[Bar("scope", "until", "basis", persons="persons")]),
        "extra (T3) has no organisation or person persons.",
    ),
    "bars nobody of the row": (
        taking(
            lambda items: Take(items, ("draft",), "done"),
            inputs=BARRED,
            effects=[Bar("scope", "until", "basis", persons="clause")],
        ),
        "take (T4) has no organisation or person clause.",
    ),
    "bars from what nobody names": (
        given(*BARRED[1:], effects=[Bar("scope", "until", "basis")]),
        "extra (T3) does not ask for scope.",
    ),
    "enters a penalty by no document": (
        given(Text("rule", "条款", "Rule"), effects=[Sentence("rule", decision="ruling")]),
        "extra (T3) enters a penalty by no document: ruling.",
    ),
    "was published nobody knows where": (
        given(
            Text("rule", "条款", "Rule"),
            effects=[Sentence("rule", published=Publish("since", "place", "until"))],
        ),
        "extra (T3) reads since, which is no fact here.",
    ),
    "publishes nowhere": (
        given(*BARRED, effects=[Publish("until", "place", "until")]),
        "extra (T3) does not ask for place.",
    ),
    "withdraws on no day": (
        given(*BARRED, effects=[Withdraw("since")]),
        "extra (T3) does not ask for since.",
    ),
    "lifts what was entered on nobody": (
        given(*BARRED, effects=[Lift("party")]),
        "extra (T3) does not ask for party.",
    ),
    "relates to no year": (
        given(*BARRED, effects=[Relate("verification", "scope", "year")]),
        "extra (T3) does not ask for year.",
    ),
    "leaves nobody": (
        changed(extra=act("T3", effects=[Leave(Capacity.EXPERT, "experts")])),
        "extra (T3) has no organisation or person experts.",
    ),
    "succeeds no link": (
        changed(extra=act("T3", effects=[Succeed(Capacity.EXPERT, "child")])),
        "extra (T3) takes expert over from no link: child.",
    ),
    "submits half a report": (
        changed(report=REPORT, extra=act("T3", effects=[Submit(REPORT)])),
        "extra (T3) submits report without body.",
    ),
    "submits another report": (
        changed(extra=act("T3", report=REPORT, effects=[Submit(REPORT)])),
        "extra (T3) is about report, which is no report here.",
    ),
    "makes another's document": (
        changed(extra=act("T3", documents=[OTHER_LETTER])),
        "extra (T3) is about other_letter, which is no document here.",
    ),
    "serves without a day": (
        served(day=False),
        "serve (T3) proves a service, but does not ask for the day served_on.",
    ),
    "serves an internal document": (
        served(external=False),
        "serve (T3) serves letter, which is internal.",
    ),
    # clocks
    "names another's act": (
        timed(voided_by=[STRANGER]),
        "time names stranger (Z1), which is no transition here.",
    ),
    "excludes by another's act": (
        timed(excluded_by=[Exclusion("test", "鉴定", "Test", [STRANGER], [STRANGER])]),
        "time names stranger (Z1), which is no transition here.",
    ),
    "fires another's act": (
        timed(on_expiry=STRANGER),
        "time names stranger (Z1), which is no transition here.",
    ),
    "bounded by another's clock": (
        timed(bounded_by=OTHER_CLOCK),
        "time names other_clock, which is no deadline here.",
    ),
    "after the end of another's clock": (
        anchored(AfterEnd(OTHER_CLOCK)),
        "time names other_clock, which is no deadline here.",
    ),
    "signoff voided by another's act": (
        changed(
            sign=Signoff("签", "Sign", code="T3", sources=OPEN, by=[LEADER], voided_by=[STRANGER])
        ),
        "sign names stranger (Z1), which is no transition here.",
    ),
    "starts with nothing": (anchored(After()), "time starts with no act."),
    "starts on no day": (
        anchored(lambda body: AfterDay("found_on", body["begin"])),
        "time starts on found_on, no day of begin (T1).",
    ),
    "starts with another's service": (
        anchored(AfterService(OTHER_LETTER)),
        "time waits for other_letter, which is no document here.",
    ),
    "starts with a service nobody makes": (
        lambda body: anchored(lambda b: AfterService(b["letter"]))(
            body | {"letter": Document("函", "Letter")}
        ),
        "time starts when letter is served: no act does.",
    ),
    "kept per another's row": (
        timed(per=OTHER_ROWS),
        "time is kept per row of other_rows, which is no table here.",
    ),
    "kept per row no act touches": (
        lambda body: timed(per=(found := rows()))(body | {"rows": found}),
        "time is kept per row, but begin (T1) touches no such row.",
    ),
    "no end": (timed(Earliest()), "time has no end."),
    "unknown term": (
        timed(Lasts("forever")),
        "time is reckoned by the term forever, which the law does not know.",
    ),
    "unknown term before a day": (
        anchored(lambda body: After(body["end"]), Before("forever", "ended_on")),
        "time is reckoned by the term forever, which the law does not know.",
    ),
    "unknown year code": (
        timed(YearDay("Y-99")),
        "time ends on Y-99, which no year's calendar knows.",
    ),
    "unknown grace": (timed(grace="forever"), "time waits forever, which the law does not know."),
    "same day without a parent": (
        timed(SameDay()),
        "time ends with the parent's, but is not taken over from it.",
    ),
    "ends on a day nobody types": (
        timed(On("until")),
        "time ends on until: begin (T1) asks no such day.",
    ),
    "ends on a day no act starts": (
        anchored(FromParent("time"), On("until")),
        "time ends on until, but no act that starts it asks for a day.",
    ),
    "ends by a choice nobody makes": (
        timed(YearDay({"a": "Y-01"}, by="sector")),
        "begin (T1) has no choice sector that says when time ends.",
    ),
    "ends by an option nobody has": (
        ends_by_an_unknown_option,
        "sector in begin (T1) has no option c.",
    ),
    "never runs": (
        anchored(lambda body: After(body["end"])),
        "time never runs: no open state follows its start.",
    ),
    "nobody can meet it": (
        clock_nobody_meets,
        "time can be met by nobody, and nothing happens when it passes.",
    ),
    "met by nothing": (
        timed(met_by=[]),
        "time can be met by nobody, and nothing happens when it passes.",
    ),
    "passes where it may not": (
        expires_where_it_may_not,
        "time may pass in later, where lapse (T4) is not open.",
    ),
    "a breach moves the case": (
        breach_moves_the_case,
        "time is authority_breach: lapse (T3) may not move the case by itself.",
    ),
    "a clock takes an unnamed row": (
        clock_takes_a_row,
        "take (T4) fires by itself, but nobody names the row.",
    ),
    "exclusion without an end": (
        timed(excluded_by=[Exclusion("test", "鉴定", "Test", [], [])]),
        "The exclusion test of time never begins or ends.",
    ),
    "exclusion twice": (
        lambda body: timed(
            excluded_by=[Exclusion("test", "鉴定", "Test", [body["end"]], [body["end"]])] * 2
        )(body),
        "time has the exclusion test twice.",
    ),
    "exclusion's kind too long": (
        lambda body: timed(
            excluded_by=[Exclusion(LONG, "鉴定", "Test", [body["end"]], [body["end"]])]
        )(body),
        f"The kind {LONG} is longer than 40 characters.",
    ),
    "extends no clock": (
        extension(extends="other"),
        "extend (T3) extends other, which is no deadline here.",
    ),
    "extends what cannot be": (
        extension(stages=0),
        "extend (T3) extends time, which cannot be extended.",
    ),
    "nobody grants it": (
        extension(by=INSPECTOR),
        "Nobody can grant time the extension archive.",
    ),
    "extended by an unknown term": (
        extension(term="forever"),
        "time is extended by forever: the law does not know it.",
    ),
    # signoffs
    "silence of no clock": (
        changed(
            sign=Signoff(
                "签", "Sign", code="T3", sources=OPEN, by=[LEADER], silence=Silence("time")
            )
        ),
        "sign (T3): silence is judged by time, no deadline here.",
    ),
    "all of those without a capacity": (
        changed(sign=Signoff("签", "Sign", code="T3", sources=OPEN, by=[Who(Role.AUDITOR)])),
        "sign (T3) asks all who sign, but auditor holds no capacity.",
    ),
    "no signature wanted": (
        changed(sign=Signoff("签", "Sign", code="T3", sources=OPEN, by=[LEADER], least=0)),
        "sign (T3) asks for no signature.",
    ),
    # families and facts
    "opened by another's act": (
        a_child(opened_by=STRANGER),
        "link names stranger (Z1), which is no transition here.",
    ),
    "inherits no clock": (
        a_child(inherits={"theirs": "ours"}),
        "link inherits ours, which is no deadline here.",
    ),
    "given what nobody typed": (
        a_child(inputs={"theirs": "ours"}),
        "link is given ours, which nobody was asked for.",
    ),
    "given what no row holds": (
        per_row_child(inputs={"theirs": "ended_on"}),
        "link is given ended_on, which nobody was asked for.",
    ),
    "per row of another table": (
        a_child(each=OTHER_ROWS),
        "link is opened per other_rows, which is no table here.",
    ),
    "per row in no status": (
        per_row_child(each_in=("lost",)),
        "link is opened per row in lost: no such status.",
    ),
    "about what no row holds": (
        per_row_child(subject="unit"),
        "link is about unit, which no row holds.",
    ),
    "rows without a table": (a_child(each_in=["unit"]), "link names rows, but no table."),
    "subject that nobody names": (
        a_child(subject="unit"),
        "link is about unit, which names no organisation.",
    ),
    "handed to no child": (
        timed(handed_to="link"),
        "time is handed to link, which is no child here.",
    ),
    "handed to one that is no child of several": (
        lambda body: a_child()(timed(handed_to=("link", "other"))(body)),
        "time is handed to other, which is no child here.",
    ),
    "handed to whom does not inherit": (
        lambda body: a_child()(timed(handed_to="link")(body)),
        "time is handed to link, which does not inherit it.",
    ),
    "fact of nothing": (fact(), "The fact known must be one of latest, count and day."),
    "fact of two kinds": (
        fact(count=True, day=True),
        "The fact known must be one of latest, count and day.",
    ),
    "fact of no act": (fact(count=True, of=[]), "The fact known is of no act."),
    "fact of another's act": (
        fact(count=True, of=[STRANGER]),
        "The fact known names stranger (Z1), which is no transition here.",
    ),
    "fact nobody types": (
        fact(latest="amount"),
        "The fact known reads amount, which end (T2) does not ask.",
    ),
    "fact of another report": (
        fact(latest="body", report=REPORT),
        "The fact known reads report, which is no report here.",
    ),
    "fact of days that keeps no day": (
        fact(count=True, days_of=[STRANGER]),
        "The fact known takes days of acts, but what it keeps is no day.",
    ),
    "fact of the day of another's act": (
        fact(count=True, days_of=[STRANGER]),
        "The fact known names stranger (Z1), which is no transition here.",
    ),
    "fact that tells a secret": (
        changed(
            extra=(told := act("T3", inputs=[Text("who", "谁", "Who", sealed=True)])),
            known=Fact("事实", "Fact", latest="who", of=[told]),
        ),
        "The fact known would show who, which is personal or sealed.",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_refused_with_a_sentence(name):
    change, sentence = CONTRADICTIONS[name]
    REPORT.name = "report"

    assert sentence in faults(change(sound()))


def test_a_lifecycle_does_not_inherit_the_words_of_another():
    first = build(sound())

    with pytest.raises(Contradiction) as caught:
        type("Second", (first,), {"version": 2})

    assert (
        "It inherits the words of Small: every version of a lifecycle is declared in full."
        in caught.value.faults
    )


# Where a clock runs -----------------------------------------------------------------------------


def test_a_clock_runs_from_its_start_until_it_is_met_voided_or_the_case_ends():
    assert running_states(Payment, Payment.paying) == {"due"}
    assert running_states(Hearing, Hearing.year_end) == {
        "noticing",
        "told",
        "preparing",
        "summoned",
        "held",
        "waived",
    }


def test_a_clock_that_follows_another_begins_where_that_one_led():
    assert running_states(Payment, Payment.applying) == {"overdue"}
    assert running_states(Hearing, Hearing.after_waiver) == {"waived"}


def test_a_clock_of_the_parent_runs_from_the_opening_of_the_child():
    assert running_states(Inspection, Inspection.inspection_end) == {"planned"}


def test_of_two_clocks_that_fire_the_same_transition_the_other_may_be_left_running():
    body = sound()
    told = State("已告知", "Told")
    lapse = act("T4", sources=[told], to=body["working"], by=[SYSTEM])
    serve = act("T3", sources=[body["working"]], to=told)
    settle = act("T5", sources=[told], to=body["ended"])
    body |= {"told": told, "serve": serve, "lapse": lapse, "settle": settle}
    both = {
        name: clock(
            After(serve), Lasts(term), met_by=[settle], on_expiry=lapse, expiry=Expiry.PARTY_WAIVER
        )
        for name, term in (("plea", "plea"), ("hearing", "hearing_request"))
    }

    assert faults(body | both) == (
        "plea may pass in working, where lapse (T4) is not open.",
        "hearing may pass in working, where lapse (T4) is not open.",
    )


def test_a_row_answered_does_not_stop_the_clocks_of_the_other_rows():
    from tests.lifecycles.findings import Findings

    assert running_states(Findings, Findings.answer_time) == {"answering"}


# Families ---------------------------------------------------------------------------------------


def family_faults(**lifecycles: type[Lifecycle]) -> Sequence[str]:
    with pytest.raises(Contradiction) as caught:
        check_family(lifecycles)
    return caught.value.faults


def test_the_fixtures_are_a_sound_family():
    check_family({lifecycle.key: lifecycle for lifecycle in FIXTURES})


def test_a_lifecycle_is_registered_under_its_own_key():
    assert family_faults(payments=Payment) == (
        "Payment is registered as payments, but its key is sample_payment.",
    )


def test_a_child_must_be_a_lifecycle():
    assert family_faults(sample_monthly=Monthly) == (
        "sample_monthly.examination opens sample_examination, which is no lifecycle.",
    )


def test_a_clock_taken_over_needs_a_parent_that_gives_it():
    assert family_faults(sample_examination=Examination) == (
        "sample_examination.upload is taken over from a parent, but none gives it.",
    )


def parent_of(body: Body, **fields: Any) -> type[Lifecycle]:
    """A parent of the inspection, with a clock to inherit."""
    start = act("T3", inputs=[Text("focus", "重点", "Focus"), Day("until", "日期", "Until")])
    link: dict[str, Any] = {
        "opened_by": start,
        "inputs": {"focus": "focus"},
        "inherits": {"inspection_end": "operation_end"},
    } | fields
    words = {
        "start": start,
        "operation_end": clock(After(start), met_by=[body["end"]]),
        "another": clock(After(start), met_by=[body["end"]]),
        "link": Child("检查", "Inspection", "sample_inspection", **link),
    }
    return build(body | words)


def test_a_child_is_given_all_its_opening_asks():
    assert family_faults(small=parent_of(sound(), inputs={}), sample_inspection=Inspection) == (
        "small.link opens sample_inspection without its inputs focus.",
    )


def test_a_child_is_given_nothing_it_does_not_ask():
    parent = parent_of(sound(), inputs={"focus": "focus", "colour": "focus"})

    assert family_faults(small=parent, sample_inspection=Inspection) == (
        "small.link gives sample_inspection the input colour, which it does not ask.",
    )


def test_a_child_is_given_what_its_input_can_hold():
    parent = parent_of(sound(), inputs={"focus": "until"})

    assert family_faults(small=parent, sample_inspection=Inspection) == (
        "small.link gives sample_inspection until for focus, which is of another type.",
    )


def test_both_sides_know_the_clock_that_is_handed_down():
    unknown = parent_of(sound(), inherits={"inspection_end": "operation_end", "x": "another"})
    other = parent_of(sound(), inherits={"inspection_end": "another"})

    assert family_faults(small=unknown, sample_inspection=Inspection) == (
        "small.link hands over x, which is no deadline of sample_inspection.",
    )
    assert family_faults(small=other, sample_inspection=Inspection) == (
        "sample_inspection.inspection_end is not declared as taken over from another.",
    )


def test_a_join_waits_for_states_the_child_has():
    body = sound()
    start = act("T3", inputs=[Text("focus", "重点", "Focus")])
    link = Child(
        "检查",
        "Inspection",
        "sample_inspection",
        opened_by=start,
        inputs={"focus": "focus"},
        inherits={"inspection_end": "operation_end"},
    )
    body |= {
        "start": start,
        "operation_end": clock(After(start), met_by=[body["end"]]),
        "link": link,
    }
    body["go_on"] = act("T4", guards=[joined(link, "repotred")])

    assert family_faults(small=build(body), sample_inspection=Inspection) == (
        "small.link is waited for in repotred, which is no state of sample_inspection.",
    )


def test_children_of_rows_are_given_what_the_rows_hold():
    check_family(
        {
            "sample_operation": Operation,
            "sample_inspection": Inspection,
            "sample_measure": Measure,
        }
    )


def test_names_that_the_program_gives_fit_their_columns():
    assert max(len(role.value) for role in Role) <= 24
    assert max(len(capacity.value) for capacity in Capacity) <= 24
    assert max(len(expiry.value) for expiry in Expiry) <= 20
