"""A matter handed to another body 移交外部处理: sent, received, reported on, answered or returned.

A track beside an operation or a case against an agency, one per matter and body. Transfer rests on
the Administrative Penalty Law, art. 27; whoever doubts its competence asks the common superior and
does not hand the matter on (Order 30, arts. 16-17). No statute sets the feedback between bureaus:
those terms are local. The terms of market supervision are its own and run only where it files.
"""

from __future__ import annotations

from app.engine.actors import (
    PARTNER_MARKET,
    PARTNER_POLICE,
    SUPERVISOR,
    SYSTEM,
    Capacity,
)
from app.engine.definition import (
    OPENING,
    After,
    AfterDay,
    Deadline,
    Document,
    Expiry,
    Extension,
    Fact,
    Join,
    Lasts,
    Lifecycle,
    State,
    SubjectKind,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import Choice, Day, Files, LongText, Organisation, Text, YesNo
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.sources import cite

APL, CODE, O30, SAMF, SAMP = "APL", "CODE", "O30", "SAMF", "SAMP"

PARTNERS = (PARTNER_MARKET, PARTNER_POLICE)
BODIES = ("partner", "authority", "branch", "region")
"""Kinds of organisations a matter may be handed to."""


@guard(
    "查处情况尚未反馈：请先反馈办理进展或处理决定。",
    "Nothing was reported yet: report progress or a decision first.",
)
def something_was_reported(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return "last_report_on" in facts or "decided_on" in facts


@guard(
    "立案日期不能早于签收日期（{received}）。",
    "The case cannot have been filed before the matter was received ({received}).",
    reads_inputs=True,
)
def filed_after_receipt(attempt: Attempt) -> bool | Unmet:
    received = str(attempt.case.facts.get("received_on", ""))
    day = attempt.inputs["filing_decided_on"].isoformat()
    return day >= received or Unmet(received=received)


@guard("对方尚未立案。", "The other body has not filed a case.")
def a_case_was_filed(attempt: Attempt) -> bool:
    return attempt.case.facts.get("filed") == "filed"


@guard("对方尚未作出处理决定。", "The other body has not decided.")
def a_decision_was_reported(attempt: Attempt) -> bool:
    return "decided_on" in attempt.case.facts


class ExternalHandling(Lifecycle):
    """What another body does with a matter that is not ours to decide."""

    key = "external_handling"
    zh, en = "移交其他机关办理", "Matter handed to another body"
    subject = SubjectKind.OPERATION
    number_prefix = "卫移办"
    private = True

    # States -------------------------------------------------------------------------------------

    sent = State("已移送待签收", "Sent, receipt due", waits_for=PARTNER_MARKET)
    received = State("对方办理中", "Being handled", waits_for=PARTNER_MARKET)
    answered = State("已反馈结果", "Answered", final=True)
    returned = State("已退回", "Returned", final=True)

    # Documents ----------------------------------------------------------------------------------

    transfer_letter = Document(
        "案件移送函", "Letter of transfer", form="case_transfer_letter",
        basis=(cite(APL, "27"), cite(O30, "16,17")),
    )  # fmt: skip
    feedback = Document("反馈函", "Letter of feedback", form="feedback_letter")
    return_letter = Document("退回函", "Letter of return", form="feedback_letter")

    # Transitions --------------------------------------------------------------------------------

    send = Transition(
        "移送", "Hand over", code="H01", sources=OPENING, to=sent, by=[SYSTEM],
        inputs=[
            Organisation("bureau", "接收机关", "Receiving body", kind=BODIES),
            LongText("matter", "移送事项", "Matter", longest=6000),
            Text("article", "依据条款", "Article"),
            Files("papers", "移送材料", "Papers", required=False),
        ],
        effects=[Join(Capacity.ASSISTING, "bureau")],
        documents=[transfer_letter], notices=PARTNERS, basis=[cite(APL, "27"), cite(CODE, "1083")],
    )  # fmt: skip
    receive = Transition(
        "签收", "Confirm receipt", code="H02", sources=[sent], to=received, by=PARTNERS, recorded_by=[SUPERVISOR],
        inputs=[
            Day("served_on", "签收日期", "Received on", past=True),
            Text("received_by", "签收人", "Received by", longest=60),
            Day("market_filing_from", "市场监管立案核查起算日", "The filing period of market supervision begins on", required=False, past=True,
                help=Label("仅市场监管部门适用；留空则不计该期限", "For market supervision only; left empty, that period is not counted")),
        ],
        serves=[transfer_letter], notices=[SUPERVISOR],
    )  # fmt: skip
    give_feedback = Transition(
        "反馈办理进展", "Report progress", code="H03", sources=[received], by=PARTNERS, recorded_by=[SUPERVISOR],
        inputs=[
            LongText("progress", "办理进展", "Progress", longest=4000),
            Files("progress_files", "附件", "Files", required=False),
        ],
        documents=[feedback], notices=[SUPERVISOR],
    )  # fmt: skip
    report_filing = Transition(
        "反馈市场监管立案情况", "Report whether market supervision files", code="H04", sources=[received],
        by=[PARTNER_MARKET], recorded_by=[SUPERVISOR], guards=[filed_after_receipt],
        inputs=[
            Choice("filed", "立案情况", "Filing", options=(
                ("filed", Label("立案", "Filed")), ("not_filed", Label("不予立案", "Not filed")),
            )),
            Day("filing_decided_on", "决定日期", "Decided on", past=True),
            Day("decision_counts_from", "办案期限起算日（立案日期）", "The period to decide begins on (day of filing)", required=False, past=True,
                help=Label("不予立案的留空", "Left empty where no case was filed")),
            LongText("filing_reason", "理由", "Reason", required=False, longest=2000),
        ],
        documents=[feedback], notices=[SUPERVISOR], basis=[cite(SAMF)],
    )  # fmt: skip
    extend_filing = Transition(
        "延长市场监管立案核查", "Extend the filing by market supervision", code="H04a", sources=[received], by=[PARTNER_MARKET],
        recorded_by=[SUPERVISOR], extends="market_filing",
        inputs=[LongText("extension_reason", "延长理由", "Reason", longest=1000)],
        notices=[SUPERVISOR], basis=[cite(SAMF)],
    )  # fmt: skip
    report_decision = Transition(
        "反馈处理决定", "Report the decision", code="H05", sources=[received], by=PARTNERS, recorded_by=[SUPERVISOR],
        inputs=[
            Text("decision_number", "决定文书文号", "Number of the decision", longest=60, required=False),
            Day("decided_on", "决定日期", "Decided on", past=True),
            LongText("decision_outcome", "处理结果", "Outcome", longest=4000),
            Files("decision_files", "决定文书", "Decision", required=False),
        ],
        documents=[feedback], notices=[SUPERVISOR],
    )  # fmt: skip
    extend_decision = Transition(
        "延长市场监管办案期限", "Extend the decision of market supervision", code="H05a", sources=[received], by=[PARTNER_MARKET],
        recorded_by=[SUPERVISOR], guards=[a_case_was_filed], extends="market_decision",
        inputs=[LongText("extension_reason", "延长理由", "Reason", longest=1000)],
        notices=[SUPERVISOR], basis=[cite(SAMF)],
    )  # fmt: skip
    report_publication = Transition(
        "反馈处罚信息公示", "Report the publication", code="H05b", sources=[received], by=PARTNERS, recorded_by=[SUPERVISOR],
        guards=[a_decision_was_reported],
        inputs=[Day("published_on", "公示日期", "Published on", past=True)],
        notices=[SUPERVISOR], basis=[cite(SAMP)],
    )  # fmt: skip
    answer = Transition(
        "反馈最终结果", "Answer", code="H06", sources=[received], to=answered, by=PARTNERS, recorded_by=[SUPERVISOR],
        guards=[something_was_reported],
        inputs=[
            LongText("outcome", "最终结果", "Final outcome", longest=4000),
            YesNo("concluded", "本机关办理完毕，材料齐备", "We have finished and the papers are complete", must=True),
        ],
        documents=[feedback], notices=[SUPERVISOR], confirms=True,
    )  # fmt: skip
    return_matter = Transition(
        "退回并说明理由", "Return with reasons", code="H07", sources=[sent, received], to=returned, by=PARTNERS, recorded_by=[SUPERVISOR],
        inputs=[LongText("return_reason", "退回理由", "Reason", longest=2000)],
        documents=[return_letter], notices=[SUPERVISOR], basis=[cite(O30, "16,17")], confirms=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    receipt = Deadline(
        "签收", "Receipt", anchor=After(send), due=Lasts("partner_receipt"), expiry=Expiry.TARGET,
        met_by=[receive, return_matter], waits_for=PARTNER_MARKET, ladder="L-X",
    )  # fmt: skip
    first_feedback = Deadline(
        "首次反馈", "First feedback", anchor=After(receive), due=Lasts("partner_feedback"), expiry=Expiry.TARGET,
        met_by=[give_feedback, report_filing, report_decision, answer, return_matter], waits_for=PARTNER_MARKET, ladder="L-X",
    )  # fmt: skip
    final_feedback = Deadline(
        "最终反馈", "Final feedback", anchor=AfterDay("decided_on", report_decision), due=Lasts("partner_final_feedback"),
        expiry=Expiry.TARGET, met_by=[answer], waits_for=PARTNER_MARKET, ladder="L-X",
    )  # fmt: skip
    market_filing = Deadline(
        "市场监管立案核查", "Filing by market supervision", anchor=AfterDay("market_filing_from", receive), due=Lasts("market_filing"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[report_filing], extensions=[Extension("market_filing_extension", PARTNERS)],
        waits_for=PARTNER_MARKET, ladder="L-X", basis=[cite(SAMF)],
    )  # fmt: skip
    market_decision = Deadline(
        "市场监管处罚决定", "Decision of market supervision", anchor=AfterDay("decision_counts_from", report_filing), due=Lasts("market_decision"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[report_decision], extensions=[Extension("market_decision_extension", PARTNERS)],
        waits_for=PARTNER_MARKET, ladder="L-X", basis=[cite(SAMF)],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    bureau = Fact("接收机关", "Receiving body", latest="bureau", of=[send])
    article = Fact("依据条款", "Article", latest="article", of=[send])
    received_on = Fact("签收日期", "Received on", latest="served_on", of=[receive])
    last_report_on = Fact("最近反馈日期", "Last report on", day=True, of=[give_feedback, report_filing])  # fmt: skip
    filed = Fact("立案情况", "Filing", latest="filed", of=[report_filing])
    decided_on = Fact("决定日期", "Decided on", latest="decided_on", of=[report_decision])
    decision_number = Fact("决定文书文号", "Number of the decision", latest="decision_number", of=[report_decision])  # fmt: skip
    published_on = Fact("公示日期", "Published on", latest="published_on", of=[report_publication])
    outcome = Fact("最终结果", "Final outcome", latest="outcome", of=[answer])
    return_reason = Fact("退回理由", "Reason of return", latest="return_reason", of=[return_matter])
