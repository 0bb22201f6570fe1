"""A hearing: every kind of anchor and of end a clock can have, proof of service, posting grace."""

from app.engine.actors import INSPECTOR, LEADER, SUPERVISOR, SYSTEM, UNIT
from app.engine.definition import (
    OPEN,
    OPENING,
    After,
    AfterDay,
    AfterEnd,
    AfterService,
    Before,
    Deadline,
    Document,
    Earliest,
    Expiry,
    Fact,
    Lasts,
    Lifecycle,
    On,
    State,
    SubjectKind,
    Transition,
    YearDay,
    guard,
)
from app.engine.inputs import Choice, Day, LongText, Text
from app.engine.view import Attempt
from app.law.labels import Label


@guard("送达未经证明。", "Service is not proven.")
def service_is_proven(attempt: Attempt) -> bool:
    return "served_on" in attempt.case.facts


class Hearing(Lifecycle):
    """From the notice of a right to be heard to the report on the hearing 听证."""

    key = "sample_hearing"
    zh, en = "听证", "Hearing"
    subject = SubjectKind.UNIT
    number_prefix = "示听"

    noticing = State("待送达告知书", "Notice to be served", waits_for=INSPECTOR)
    told = State("已告知", "Party told", waits_for=UNIT)
    preparing = State("听证筹备", "Being prepared", waits_for=SUPERVISOR)
    summoned = State("已通知听证", "Summoned", waits_for=SUPERVISOR)
    held = State("已举行", "Held", waits_for=LEADER)
    waived = State("视为放弃", "Waived", waits_for=LEADER)
    closed = State("已结束", "Closed", final=True)

    hearing_notice = Document("听证告知书", "Notice of the right to a hearing")
    summons = Document("听证通知书", "Summons")

    open_matter = Transition(
        "启动",
        "Open",
        code="X01",
        sources=OPENING,
        to=noticing,
        by=[LEADER],
        inputs=[
            Day("found_on", "发现日期", "Found on", past=True),
            Choice(
                "sector",
                "行业",
                "Sector",
                options=(
                    ("power", Label("发电", "Power")),
                    ("cement", Label("水泥", "Cement")),
                    ("other", Label("其他", "Other")),
                ),
            ),
        ],
    )
    serve_notice = Transition(
        "送达告知书",
        "Serve the notice",
        code="X02",
        sources=[noticing],
        to=told,
        by=[INSPECTOR],
        inputs=[Day("served_on", "送达日期", "Served on", past=True)],
        documents=[hearing_notice],
        serves=[hearing_notice],
        notices=[UNIT],
    )
    ask = Transition(
        "要求听证",
        "Ask for a hearing",
        code="X03",
        sources=[told],
        to=preparing,
        by=[UNIT],
        inputs=[Text("topic", "听证事项", "Topic")],
        recorded_by=[INSPECTOR],
    )
    lapse = Transition(
        "逾期未要求", "Right lapsed", code="X04", sources=[told], to=waived, by=[SYSTEM]
    )
    summon = Transition(
        "通知听证",
        "Summon",
        code="X05",
        sources=[preparing],
        to=summoned,
        by=[SUPERVISOR],
        inputs=[
            Day("heard_on", "听证日期", "Day of the hearing", future=True),
            Day("venue_until", "场地保留至", "Venue kept until", future=True),
        ],
        documents=[summons],
    )
    postpone = Transition(
        "延期举行",
        "Postpone",
        code="X06",
        sources=[summoned],
        by=[SUPERVISOR],
        inputs=[
            Day("heard_on", "听证日期", "Day of the hearing", future=True),
            Day("venue_until", "场地保留至", "Venue kept until", future=True),
        ],
    )
    hold = Transition(
        "举行听证",
        "Hold",
        code="X07",
        sources=[summoned],
        to=held,
        by=[SUPERVISOR],
        inputs=[LongText("minutes", "笔录", "Minutes", longest=4000)],
    )
    cancel = Transition(
        "取消听证", "Cancel", code="X08", sources=[preparing, summoned], to=waived, by=[SUPERVISOR]
    )
    close = Transition(
        "结束",
        "Close",
        code="X09",
        sources=[held, waived],
        to=closed,
        by=[LEADER],
        inputs=[Text("result", "结论", "Result")],
    )
    abandon = Transition(
        "终止", "Abandon", code="X10", sources=OPEN, to=closed, by=[LEADER], received=True
    )

    filing_review = Deadline(
        "立案审查",
        "Filing review",
        anchor=AfterDay("found_on", open_matter),
        due=Lasts("filing"),
        expiry=Expiry.AUTHORITY_BREACH,
        met_by=[serve_notice],
        waits_for=INSPECTOR,
    )
    year_end = Deadline(
        "年度核查完成",
        "End of the year's work",
        anchor=After(open_matter),
        due=YearDay({"power": "Y-02", "cement": "Y-03"}, by="sector"),
        expiry=Expiry.TARGET,
        met_by=[close],
    )
    asking = Deadline(
        "要求听证",
        "Request for a hearing",
        anchor=AfterService(hearing_notice),
        due=Lasts("hearing_request"),
        expiry=Expiry.PARTY_WAIVER,
        met_by=[ask],
        on_expiry=lapse,
        proof=service_is_proven,
        grace="posting_grace",
        waits_for=UNIT,
        bounded_by=year_end,
    )
    after_waiver = Deadline(
        "放弃后处理",
        "Work after the waiver",
        anchor=AfterEnd(asking),
        due=Lasts("plea_review"),
        expiry=Expiry.TARGET,
        met_by=[close],
        waits_for=LEADER,
    )
    summons_time = Deadline(
        "通知提前期",
        "Notice before the hearing",
        anchor=After(summon, postpone),
        due=Before("hearing_notice_lead", "heard_on"),
        expiry=Expiry.AUTHORITY_BREACH,
        met_by=[hold],
        voided_by=[cancel],
        waits_for=SUPERVISOR,
    )
    hearing_day = Deadline(
        "举行听证",
        "Hearing",
        anchor=After(summon, postpone),
        due=On("heard_on"),
        expiry=Expiry.TARGET,
        met_by=[hold],
        voided_by=[cancel],
        waits_for=SUPERVISOR,
    )
    venue = Deadline(
        "场地",
        "Venue",
        anchor=After(summon, postpone),
        due=Earliest(Lasts("hearing_report"), On("venue_until"), YearDay("Y-01")),
        expiry=Expiry.TARGET,
        met_by=[hold],
        voided_by=[cancel],
    )
    report = Deadline(
        "听证报告",
        "Report",
        anchor=After(hold),
        due=Lasts("hearing_report"),
        expiry=Expiry.TARGET,
        met_by=[close],
    )

    served_on = Fact("送达日期", "Served on", latest="served_on", of=[serve_notice])
    heard_on = Fact("听证日期", "Day of the hearing", latest="heard_on", of=[summon, postpone])
