"""Findings put right: rows with rounds and verdicts, a clock for each row, one that takes a row."""

from app.engine.actors import INSPECTOR, SUPERVISOR, SYSTEM, UNIT, Role
from app.engine.definition import (
    OPENING,
    After,
    Branch,
    Deadline,
    Expiry,
    Items,
    Lasts,
    Lifecycle,
    MoveRows,
    On,
    Raise,
    State,
    Take,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import Choice, Day, Files, LongText, Text
from app.engine.view import Attempt
from app.law.labels import Label


def _count(attempt: Attempt, *statuses: str) -> int:
    return sum(row.status in statuses for row in attempt.case.items("findings"))


@guard("还没有登记问题。", "No finding was entered.")
def something_was_found(attempt: Attempt) -> bool:
    return _count(attempt, "found") > 0


@guard("还有 {left} 个问题未审。", "{left} findings have no verdict.")
def every_answer_is_judged(attempt: Attempt) -> bool | Unmet:
    left = _count(attempt, "issued", "answered")
    return left == 0 or Unmet(left=left)


@guard("还有退回的问题。", "Some findings were returned.")
def nothing_is_left(attempt: Attempt) -> bool:
    return _count(attempt, "returned", "silent") == 0


class Findings(Lifecycle):
    """Findings 问题 told to a unit, answered one by one, judged, and told again if need be."""

    key = "sample_findings"
    zh, en = "问题整改", "Findings"
    number_prefix = "示改"

    listing = State("登记问题", "Listing", waits_for=INSPECTOR)
    answering = State("整改中", "Answering", waits_for=UNIT)
    closed = State("已办结", "Closed", final=True)

    findings = Items(
        "问题",
        "Finding",
        statuses={
            "found": Label("待下发", "Found"),
            "issued": Label("待答复", "Issued"),
            "answered": Label("已答复", "Answered"),
            "silent": Label("逾期未答", "Silent"),
            "returned": Label("退回", "Returned"),
            "accepted": Label("通过", "Accepted"),
        },
        open_statuses=("found", "issued", "answered", "silent", "returned"),
        shown_to=(Role.INSPECTOR, Role.SUPERVISOR),
        cites="clause",
    )

    inspect = Transition("检查", "Inspect", code="X01", sources=OPENING, to=listing, by=[INSPECTOR])
    find = Transition(
        "登记问题",
        "Enter a finding",
        code="X02",
        sources=[listing],
        by=[INSPECTOR],
        item=Raise(findings),
        inputs=[
            Text("clause", "依据条款", "Clause", longest=60),
            LongText("fact", "事实", "Fact", longest=1000),
        ],
    )
    issue = Transition(
        "下发",
        "Issue",
        code="X03",
        sources=[listing],
        to=answering,
        by=[SUPERVISOR],
        guards=[something_was_found],
        moves=[MoveRows(findings, {"found": "issued"})],
    )
    promise = Transition(
        "承诺整改日期",
        "Promise a day",
        code="X04",
        sources=[answering],
        by=[UNIT],
        item=Take(findings, ("issued",), "issued"),
        inputs=[Day("promised_on", "承诺日期", "Promised on", future=True)],
    )
    answer = Transition(
        "答复",
        "Answer",
        code="X05",
        sources=[answering],
        by=[UNIT],
        item=Take(findings, ("issued", "silent"), "answered"),
        inputs=[
            LongText("measures", "整改措施", "Measures", longest=2000),
            Files("proof", "证明材料", "Proof", required=False),
        ],
        recorded_by=[INSPECTOR],
    )
    lapse = Transition(
        "逾期未答",
        "Not answered in time",
        code="X06",
        sources=[answering],
        by=[SYSTEM],
        item=Take(findings, ("issued",), "silent"),
    )
    judge = Transition(
        "审查答复",
        "Judge",
        code="X07",
        sources=[answering],
        by=[INSPECTOR],
        item=Take(findings, ("answered",), {"pass": "accepted", "fail": "returned"}, by="verdict"),
        inputs=[
            Choice(
                "verdict",
                "结论",
                "Verdict",
                options=(("pass", Label("通过", "Pass")), ("fail", Label("退回", "Return"))),
            ),
            Text("remark", "说明", "Remark", required=False),
        ],
    )
    end_round = Transition(
        "结束本轮",
        "End the round",
        code="X08",
        sources=[answering],
        by=[SUPERVISOR],
        guards=[every_answer_is_judged],
        to=(Branch(nothing_is_left, closed), Branch(None, answering)),
        moves=[MoveRows(findings, {"returned": "issued", "silent": "issued"}, next_round=True)],
    )

    answer_time = Deadline(
        "答复问题",
        "Answer",
        anchor=After(issue, end_round),
        due=Lasts("nc_answer"),
        expiry=Expiry.PARTY_BREACH,
        per=findings,
        met_by=[answer],
        on_expiry=lapse,
        waits_for=UNIT,
    )
    promised = Deadline(
        "承诺的整改",
        "Promised",
        anchor=After(promise),
        due=On("promised_on"),
        expiry=Expiry.TARGET,
        per=findings,
        met_by=[answer],
        waits_for=UNIT,
    )
