"""An investigation: a period extended in stages, days not counted, received and paper acts."""

from app.engine.actors import (
    DISCUSSANT,
    INSPECTOR,
    INVESTIGATOR,
    LEADER,
    SUPERVISOR,
    Capacity,
    Role,
)
from app.engine.definition import (
    ANY,
    OPEN,
    OPENING,
    After,
    Deadline,
    Exclusion,
    Expiry,
    Extension,
    Fact,
    Join,
    Lasts,
    Lifecycle,
    RaiseClue,
    State,
    SubjectKind,
    Target,
    Transition,
    guard,
)
from app.engine.inputs import Choice, Day, Files, LongText, Money, People, Text
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.sources import cite


@guard("鉴定尚未结束。", "The test has not come back.")
def no_test_is_out(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return int(facts.get("tests_sent", 0)) == int(facts.get("tests_back", 0))


@guard("鉴定已经送出。", "A test is out already.")
def no_test_was_sent(attempt: Attempt) -> bool:
    return no_test_is_out.refusal(attempt) is None


@guard("没有正在进行的鉴定。", "No test is out.")
def a_test_is_out(attempt: Attempt) -> bool:
    return no_test_is_out.refusal(attempt) is not None


@guard(
    "本案暂不能作出决定。",
    "No decision is possible for now.",
    basis=cite("APL", "57"),
    restricted=Label("承办人不得决定自己调查的案件。", "An investigator may not decide the case."),
)
def decider_did_not_investigate(attempt: Attempt) -> bool:
    return not attempt.case.took_part(attempt.actor.person_id, "send_for_testing", "report")


class Investigation(Lifecycle):
    """From filing to the decision 立案至决定."""

    key = "sample_investigation"
    zh, en = "案件调查", "Investigation"
    subject = SubjectKind.AGENCY
    number_prefix = "示查"

    investigating = State("调查取证", "Investigating", waits_for=INVESTIGATOR)
    reported = State("已提交调查报告", "Reported", waits_for=LEADER)
    decided = State("已决定", "Decided", final=True)

    file_case = Transition(
        "立案",
        "File",
        code="X01",
        sources=OPENING,
        to=investigating,
        by=[LEADER],
        inputs=[
            People(
                "investigators",
                "承办人",
                "Investigators",
                role=Role.INSPECTOR,
                of=Capacity.LEAD,
                least=2,
            ),
            People(
                "discussants",
                "集体讨论成员",
                "Members of the discussion",
                role=Role.BUREAU_LEADER,
                of=Capacity.LEAD,
                required=False,
            ),
        ],
        effects=[
            Join(Capacity.INVESTIGATOR, "investigators"),
            Join(Capacity.DISCUSSANT, "discussants"),
        ],
    )
    send_for_testing = Transition(
        "委托鉴定",
        "Send for testing",
        code="X02",
        sources=[investigating],
        by=[INVESTIGATOR],
        guards=[no_test_was_sent],
        inputs=[Text("laboratory", "鉴定机构", "Laboratory"), Files("order", "委托书", "Order")],
    )
    receive_test = Transition(
        "收到鉴定意见",
        "Receive the test",
        code="X03",
        sources=[investigating],
        by=[INVESTIGATOR],
        guards=[a_test_is_out],
        inputs=[LongText("result", "鉴定意见", "Result", longest=2000)],
        recorded_by=[INSPECTOR],
    )
    extend_by_leader = Transition(
        "负责人批准延期",
        "Extend (leader)",
        code="X04",
        sources=OPEN,
        by=[LEADER],
        extends="decision",
        inputs=[Text("extension_reason", "延期理由", "Reason")],
    )
    extend_by_discussion = Transition(
        "集体讨论延期",
        "Extend (discussion)",
        code="X05",
        sources=OPEN,
        by=[DISCUSSANT],
        extends="decision",
        inputs=[Text("extension_reason", "延期理由", "Reason")],
    )
    report = Transition(
        "提交调查报告",
        "Report",
        code="X06",
        sources=[investigating],
        to=reported,
        by=[INVESTIGATOR],
        guards=[no_test_is_out],
        inputs=[
            LongText("findings", "调查结论", "Findings", longest=4000),
            Money("proposed_fine", "拟处罚款", "Proposed fine", required=False),
        ],
    )
    decide = Transition(
        "作出决定",
        "Decide",
        code="X07",
        sources=[reported],
        to=decided,
        by=[LEADER],
        guards=[decider_did_not_investigate],
        inputs=[
            Choice(
                "outcome",
                "处理结果",
                "Outcome",
                options=(
                    ("fine", Label("罚款", "Fine")),
                    ("warning", Label("警告", "Warning")),
                    ("none", Label("不予处罚", "No penalty")),
                    ("transfer", Label("移送", "Transfer")),
                    ("dismiss", Label("撤销案件", "Dismiss")),
                ),
            ),
            Money("fine_cny", "罚款金额", "Fine", required=False),
        ],
        confirms=True,
        basis=[cite("APL", "57")],
    )
    court_annuls = Transition(
        "法院撤销",
        "Annulled by the court",
        code="X08",
        sources=[decided],
        to=investigating,
        by=[SUPERVISOR],
        received=True,
        inputs=[Day("judged_on", "判决日期", "Judged on", past=True)],
    )
    raise_suspicion = Transition(
        "移送线索",
        "Raise a suspicion",
        code="X09",
        sources=ANY,
        by=[INSPECTOR, LEADER],
        inputs=[
            LongText("suspicion", "可疑事实", "Facts", sealed=True, longest=2000),
            Text("informant", "举报人", "Informant", personal=True, sealed=True, required=False),
            Files("traces", "证据", "Evidence", required=False),
        ],
        effects=[RaiseClue(Target("sample_complaint"), inputs={"suspicion": "content"})],
    )
    announce = Transition(
        "公告送达", "Serve by announcement", code="X10", sources=ANY, by=[INSPECTOR]
    )
    end_announcement = Transition(
        "公告期满", "Announcement over", code="X11", sources=ANY, by=[INSPECTOR]
    )

    decision = Deadline(
        "作出处罚决定",
        "Decision",
        anchor=After(file_case, court_annuls),
        due=Lasts("decision"),
        expiry=Expiry.AUTHORITY_BREACH,
        met_by=[decide],
        waits_for=LEADER,
        excluded_by=[
            Exclusion(
                "testing",
                "鉴定",
                "Testing",
                [send_for_testing],
                [receive_test],
                (cite("O30", "57"),),
            ),
            Exclusion(
                "announcement",
                "公告",
                "Announcement",
                [announce],
                [end_announcement],
                (cite("O30", "57"),),
            ),
        ],
        extensions=[
            Extension("decision_extension", [LEADER]),
            Extension("decision_collective_extension", [DISCUSSANT]),
        ],
    )

    tests_sent = Fact("送鉴次数", "Tests sent", count=True, of=[send_for_testing])
    tests_back = Fact("鉴定返回次数", "Tests back", count=True, of=[receive_test])
    proposed_fine = Fact(
        "拟处罚款", "Proposed fine", latest="proposed_fine", of=[report], unit="元"
    )
    decided_on = Fact("决定日期", "Decided on", day=True, of=[decide])
