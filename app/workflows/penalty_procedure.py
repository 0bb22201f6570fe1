"""Administrative penalty, ordinary procedure 行政处罚普通程序: one case per party (PP).

Administrative Penalty Law (2021), arts. 36-66; Ecology Penalty Measures (Order 30 of 2023); Code of
the Ecological Environment, arts. 1053-1057; Administrative Compulsion Law, arts. 53-58. A child of a
joint operation or of a case against an agency. The party, a unit, an agency or a person, takes its
seat when the prior notice is served on it. Measures, services, remedies, corrections and the
transfer to the police are cases beside this one, with clocks of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.engine.actors import (
    CHAIR,
    DISCUSSANT,
    INSPECTOR,
    INVESTIGATOR,
    LEADER,
    LEGAL_REVIEWER,
    PARTY_AGENCY,
    PARTY_UNIT,
    SUPERVISOR,
    SYSTEM,
    Capacity,
    Role,
)
from app.engine.definition import (
    OPENING,
    After,
    AfterDay,
    AfterService,
    Before,
    Branch,
    Brings,
    Child,
    Deadline,
    Document,
    Exclusion,
    Expiry,
    Extension,
    Fact,
    FromParent,
    Items,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    Lift,
    MoveRows,
    On,
    Per,
    Publish,
    Raise,
    Sentence,
    Signoff,
    State,
    StateSet,
    SubjectKind,
    Take,
    Transition,
    Withdraw,
    joined,
)
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    LongText,
    Money,
    People,
    Person,
    Text,
    Whole,
    YesNo,
)
from app.law.labels import Label
from app.law.sources import cite
from app.workflows.clues import ACT_ENDED_ON, CONDUCT, DISCOVERED_ON
from app.workflows.penalty_execution import (
    FOLLOWS,
    account_is_settled,
    court_has_accepted,
    court_window_is_open,
    deferral_ends_before_the_court_limit,
    deferral_was_asked_for,
    demand_is_the_account,
    ground_for_closing_holds,
    halt_was_told_and_its_time_is_over,
    instalment_is_covered,
    instalments_make_up_the_fine,
    no_remedy_is_open,
    payment_is_deferred,
    payment_is_not_due_yet,
    reconsideration_has_ended,
    refusal_was_found,
    remedy_time_is_over,
    suit_has_ended,
    time_of_the_demand_is_over,
)
from app.workflows.penalty_guards import (
    DECISIONS,
    QUORUM,
    absence_is_real,
    all_evidence_was_seen,
    choice_of_the_rule_is_reasoned,
    day_of_the_hearing_has_come,
    decision_is_no_penalty,
    decision_sent_is_the_newest,
    decision_was_lifted,
    decision_was_made,
    discussion_is_required,
    document_sent_was_made,
    end_of_the_act_is_known,
    every_plea_is_answered,
    first_extension_is_left,
    first_extension_was_granted,
    hearing_is_called_in_time,
    hearing_is_reported,
    hearing_notice_was_served_in_time,
    hearing_right_is_gone,
    hearing_right_runs,
    majority_agrees,
    no_notice_is_on_its_way,
    no_penalty_is_proposed,
    no_transfer_is_open,
    none_out,
    notice_gives_a_hearing,
    notice_gives_no_hearing,
    notice_is_on_its_way,
    one_out,
    penalty_is_proposed,
    penalty_is_to_be_paid,
    penalty_was_decided,
    penalty_without_payment,
    plea_is_in_time,
    plea_right_is_gone,
    proposal_keeps_the_law,
    publication_ends_after_it_begins,
    quorum_has_spoken,
    recused_is_not_among,
    report_is_written,
    result_is_untold,
    service_of_the_notice_is_proven,
    transfer_has_begun,
    transfer_has_come_back,
    transfer_was_concluded,
)
from app.workflows.penalty_inputs import (
    ADDRESSEE,
    AMOUNTS,
    ANNULLED_BY,
    ATTENDEES,
    CHECKED,
    CLOSING_GROUND,
    CORRECT_BY,
    CORRECT_WHAT,
    CRIME,
    ENDED,
    EXAMINED,
    FILED_ON,
    MEASURE_KIND,
    NO_PENALTY_GROUND,
    OFFICERS,
    PAID,
    PLEA,
    PLEA_EVIDENCE,
    PROPOSED,
    PUBLISHED_UNTIL,
    REASONS,
    RECUSAL,
    REMEDY_ENDED_ON,
    REMEDY_KIND,
    RIGHTS_TOLD,
    RULE,
    SCAN,
    SENDABLE,
    SERVED_ON,
    THINGS,
    TIME_TOLD,
    URGENT,
)
from app.workflows.separation import (
    CONCERNS_HEAD,
    RECUSED,
    Duty,
    apart_as,
    awaits_service,
    certified,
    day_of_service_is_known,
    members_did_not_investigate,
    named_apart_as,
    no_administrator_seats_himself,
    nothing_open,
    recusal_is_decided_by_somebody_else,
    recusal_is_not_the_heads,
    recusals_are_answered,
    voter_did_not_investigate,
)
from app.workflows.veto import (
    act_is_not_time_barred,
    ban_follows_the_law,
    body_is_the_competent_one,
    confiscation_is_the_gain,
    decision_is_not_heavier_than_told,
    discussion_stands,
    fine_is_in_the_range,
    hearing_is_offered_where_due,
    legal_review_stands,
    measures_are_in_time,
    notice_was_served_and_its_time_is_over,
    party_is_named_as_registered,
    party_is_still_named_so,
    proposal_is_not_heavier_for_a_plea,
    results_are_told,
    reviewer_did_not_investigate,
    rule_fits_the_facts,
    rule_is_the_one_told,
)

APL, AEL, ALL, ARL, O30, HN24, REG, CODE, XJ17 = (
    "APL",
    "AEL",
    "ALL",
    "ARL",
    "O30",
    "HN24",
    "REG",
    "CODE",
    "XJ17",
)

PARTY: Final = (PARTY_UNIT, PARTY_AGENCY)
PUBLISHED: Final = Publish("published_on", "published_at", "published_until")
"""Inputs of the publication, and the facts they become."""


def _commission(
    about: tuple[str, str, str], code: str, sources: Sequence[State], document: Document
) -> Transition:
    """The act that begins an examination by others; the ninety days stand still from its day."""
    _kind, zh, en = about
    return Transition(
        f"委托{zh}", f"Commission: {en.lower()}", code=code, sources=sources, by=[INVESTIGATOR], guards=[none_out(*about)],
        inputs=[Text("body", "受委托机构", "Body commissioned"), LongText("items", "委托事项", "What is to be examined", longest=4000), Day("back_on", "要求完成日期", "To be returned by", required=False), TIME_TOLD],
        documents=[document], notices=[SUPERVISOR], basis=[cite(O30, "57")],
    )  # fmt: skip


def _receive(about: tuple[str, str, str], code: str, sources: Sequence[State]) -> Transition:
    """The act that ends it: the result is in, and has to be told to the party."""
    _kind, zh, en = about
    return Transition(
        f"收到{zh}结果", f"Result received: {en.lower()}", code=code, sources=sources, by=[INVESTIGATOR], guards=[one_out(*about)],
        inputs=[Day("dated_on", "结果日期", "Date of the result", past=True), LongText("result", "结果", "Result", longest=6000), Files("report_file", "报告", "Report", required=False)],
        notices=[SUPERVISOR], basis=[cite(O30, "29,57")],
    )  # fmt: skip


class PenaltyProcedure(Lifecycle):
    """From the filing review to the archived file, for one party."""

    key = "penalty_procedure"
    zh, en = "行政处罚", "Administrative penalty"
    subject = SubjectKind.UNIT
    number_prefix = "卫罚案"
    private = True

    # States (domain 16.2) -----------------------------------------------------------------------

    filing_review = State("立案审查", "Filing review", waits_for=LEADER)
    investigating = State("调查取证", "Investigation", waits_for=INVESTIGATOR)
    suspended = State("中止调查", "Suspended", waits_for=LEADER)
    terminated = State("终止调查", "Investigation ended", waits_for=SUPERVISOR)
    case_review = State("案件审查", "Case review", waits_for=SUPERVISOR)
    pre_notice_approval = State("告知审批", "Notice to be approved", waits_for=LEADER)
    notice_served = State("已送达告知书", "Notice served", waits_for=PARTY_UNIT)
    plea_review = State("陈述申辩复核", "Plea under review", waits_for=SUPERVISOR)
    hearing_preparation = State("听证筹备", "Hearing being prepared", waits_for=CHAIR)
    hearing_done = State("听证已举行", "Hearing held", waits_for=CHAIR)
    legal_review = State("法制审核", "Legal review", waits_for=LEGAL_REVIEWER)
    collective_discussion = State("集体讨论", "Collective discussion", waits_for=LEADER)
    decision_pending = State("待作决定", "Decision pending", waits_for=LEADER)
    decided = State("已决定待送达", "Decided, to be served", waits_for=INVESTIGATOR)
    announcement_service = State("公告送达", "Service by announcement", waits_for=INVESTIGATOR)
    performance = State("履行期", "Time to perform", waits_for=PARTY_UNIT)
    deferred = State("延期/分期", "Payment deferred", waits_for=PARTY_UNIT)
    overdue = State("逾期加处", "Overdue", waits_for=SUPERVISOR)
    demand_served = State("已催告", "Demand served", waits_for=LEADER)
    court_applied = State("已申请强制执行", "Court applied to", waits_for=SUPERVISOR)
    closing = State("结案审批", "Closing", waits_for=LEADER)
    closed = State("结案", "Closed", waits_for=INSPECTOR)
    archived = State("归档", "Archived", final=True)

    FILED = StateSet("立案后决定前", "Filed, not decided", (
        investigating, suspended, case_review, pre_notice_approval, notice_served, plea_review,
        hearing_preparation, hearing_done, legal_review, collective_discussion, decision_pending,
    ))  # fmt: skip
    BEFORE_DECISION = StateSet("决定前", "Before the decision", (filing_review, *FILED.states))
    REVIEWED = StateSet("调查终结后", "After the investigation", (
        case_review, pre_notice_approval, notice_served, plea_review, hearing_preparation,
        hearing_done, legal_review, collective_discussion, decision_pending,
    ))  # fmt: skip
    UNPAID = StateSet("未缴清", "Not paid", (performance, deferred, overdue, demand_served))
    AFTER_DECISION = StateSet("决定后", "After the decision", (
        decided, announcement_service, *UNPAID.states, court_applied, closing, closed,
    ))  # fmt: skip
    EVER_DECIDED = StateSet(
        "决定后（含归档）", "Decided, archived too", (*AFTER_DECISION.states, archived)
    )
    AFTER_SERVICE = StateSet(
        "送达后", "After service", (*UNPAID.states, court_applied, closing, closed)
    )
    TO_EXECUTE = StateSet("待执行", "To be executed", (*UNPAID.states, court_applied))

    # Rows ---------------------------------------------------------------------------------------

    recusals = Items(
        "回避申请", "Requests for recusal",
        statuses={
            "asked": Label("待答复", "To be answered"),
            "granted": Label("同意回避", "Granted"),
            "refused": Label("驳回", "Refused"),
        },
        open_statuses=("asked",),
    )  # fmt: skip
    pleas = Items(
        "陈述申辩意见", "Points of the plea",
        statuses={
            "raised": Label("待复核", "To be answered"),
            "accepted": Label("采纳", "Accepted"),
            "rejected": Label("不采纳", "Not accepted"),
        },
        open_statuses=("raised",),
    )  # fmt: skip
    payments = Items(
        "缴款", "Payments",
        statuses={
            "reported": Label("待核实", "To be confirmed"),
            "confirmed": Label("已核实", "Confirmed"),
            "refused": Label("未到账", "Not received"),
        },
        open_statuses=("reported",),
    )  # fmt: skip
    instalments = Items(
        "分期", "Instalments",
        statuses={
            "planned": Label("拟定", "Planned"),
            "granted": Label("已批准", "Granted"),
            "paid": Label("已缴", "Paid"),
            "dropped": Label("未批准", "Not granted"),
        },
        open_statuses=("planned", "granted"),
    )  # fmt: skip

    # Documents (domain 12.2) --------------------------------------------------------------------

    # fmt: off
    filing_approval = Document("立案审批表", "Approval of filing", external=False, basis=(cite(O30, "18,19"),))
    no_filing_approval = Document("不予立案审批表", "Approval not to file", external=False, basis=(cite(O30, "18"),))
    filing_withdrawal = Document("撤销立案审批表", "Withdrawal of filing", external=False, basis=(cite(O30, "20"),))
    case_transfer_letter = Document("案件移送函", "Letter transferring the case", basis=(cite(O30, "16,17"),))
    internal_approval = Document("案件处理内部审批表", "Internal approval", external=False)
    assistance_request = Document("协助调查函", "Request for assistance", basis=(cite(APL, "26"), cite(O30, "22")))
    assistance_reply = Document("协助调查结果告知函", "Reply to the request for assistance", external=False)
    inspection_record = Document("现场检查（勘察）笔录", "Record of an inspection", external=False, basis=(cite(APL, "55"),))
    inquiry_record = Document("调查询问笔录", "Record of an inquiry", external=False, basis=(cite(APL, "55"),))
    inquiry_notice = Document("调查询问通知书", "Notice of an inquiry")
    evidence_notice = Document("调取证据材料通知书", "Notice to hand over material")
    photo_evidence = Document("现场照片/影像证据", "Photographs and video", external=False)
    sampling_notice = Document("抽样取证通知书", "Notice of sampling", basis=(cite(APL, "56"),))
    test_commission = Document("检测/鉴定委托书", "Commission of a test or an appraisal", external=False)
    test_result_notice = Document("监测/检测/鉴定结果告知书", "Notice of a result", basis=(cite(O30, "29"),))
    service_address = Document("送达地址及方式确认书", "Confirmation of the address for service", external=False)
    recusal_reply = Document("申请回避答复书", "Reply to a request for recusal", basis=(cite(APL, "43"),))
    suspension_approval = Document("中止调查审批表", "Approval of suspension", external=False, basis=(cite(O30, "35"),))
    resumption_approval = Document("恢复调查审批表", "Approval of resumption", external=False, basis=(cite(O30, "35"),))
    termination_approval = Document("终止调查审批表", "Approval to end the investigation", external=False, basis=(cite(O30, "36"),))
    correction_order = Document("责令改正违法行为决定书", "Order to correct", basis=(cite(APL, "28"), cite(O30, "9")))
    investigation_report = Document("行政处罚案件调查报告", "Report of the investigation", external=False, basis=(cite(O30, "38"),))
    case_review_form = Document("案件审查表", "Case review", external=False, basis=(cite(O30, "38,39,40"),))
    criminal_transfer_approval = Document("涉嫌犯罪案件移送审批表", "Approval of a transfer to the police", external=False, basis=(cite("R310", "5"),))
    prior_notice = Document("行政处罚事先（听证）告知书", "Prior notice of a penalty", basis=(cite(APL, "44"), cite(O30, "44")))
    no_penalty_notice = Document("不予行政处罚事先告知书", "Prior notice of no penalty", basis=(cite(O30, "44"),))
    announcement = Document("公告", "Announcement", basis=(cite("CPL", "95"),))
    plea_record = Document("陈述申辩笔录", "Record of the plea", external=False, basis=(cite(APL, "45"),))
    plea_review_form = Document("陈述申辩复核表", "Review of the plea", form="plea_review", external=False, basis=(cite(APL, "45"),))
    hearing_notice = Document("听证通知书", "Notice of the hearing", basis=(cite(APL, "64"),))
    hearing_record = Document("听证笔录", "Record of the hearing", external=False, basis=(cite(APL, "64"),))
    hearing_report = Document("听证报告", "Report on the hearing", external=False, basis=(cite(APL, "64"),))
    legal_review_form = Document("案件法制审核表", "Legal review", external=False, basis=(cite(APL, "58"), cite(O30, "49,50,51")))
    collective_record = Document("案件集体讨论记录", "Record of the collective discussion", external=False, basis=(cite(APL, "57"), cite(O30, "52")))
    penalty_decision = Document("行政处罚决定书", "Penalty decision", basis=(cite(APL, "60"),))
    no_penalty_decision = Document("不予行政处罚决定书", "Decision of no penalty", basis=(cite(APL, "33"),))
    publication_sheet = Document("行政处罚信息公示", "Publication of the penalty", external=False, basis=(cite(APL, "48"), cite(O30, "64")))
    deferral_notice = Document("同意延期/分期缴纳罚款通知书", "Notice of deferral or instalments", basis=(cite(APL, "66"), cite(O30, "74")))
    demand_letter = Document("督促履行义务催告书", "Demand to perform", basis=(cite(AEL, "54"),))
    enforcement_application = Document("行政处罚强制执行申请书", "Application for enforcement", basis=(cite(AEL, "53"),))
    halt_notice = Document("责令停产整治告知书", "Notice of a halt")
    halt_decision = Document("责令停产整治决定书", "Decision on a halt")
    closing_approval = Document("结案审批表", "Approval to close", external=False, basis=(cite(O30, "77"),))
    file_cover = Document("卷宗封面", "Cover of the file", external=False)
    file_index = Document("卷内目录", "Index of the file", external=False)
    file_notes = Document("卷内备考表", "Notes on the file", external=False)
    # fmt: on

    # Filing -------------------------------------------------------------------------------------

    open_case = Transition(
        "建立处罚案件", "Open a penalty case", code="P00", sources=OPENING, to=filing_review, by=[SYSTEM],
        inputs=[
            CONDUCT,
            Choice("party_kind", "当事人类别", "Kind of party", options=(
                ("unit", Label("重点排放单位", "Unit")), ("agency", Label("技术服务机构", "Agency")), ("person", Label("自然人", "Natural person")),
            )),
            DISCOVERED_ON, ACT_ENDED_ON,
            Text("cause", "案由（涉嫌…案）", "Cause of the case"),
        ],
        notices=[LEADER, SUPERVISOR], basis=[cite(O30, "18")],
    )  # fmt: skip
    file = Transition(
        "批准立案", "File", code="P01", sources=[filing_review], to=investigating, by=[LEADER],
        guards=[end_of_the_act_is_known, act_is_not_time_barred, certified("officers"), named_apart_as(Duty.INVESTIGATES, "officers"), no_administrator_seats_himself("officers")],
        inputs=[
            YesNo("has_evidence", "有初步证据证明存在违法行为", "There is initial evidence of the act", must=True),
            YesNo("is_punishable", "依法应当给予行政处罚", "The act is punishable", must=True),
            YesNo("is_competent", "属于本机关管辖", "The matter is ours", must=True),
            YesNo("is_in_time", "未超过处罚时效", "It is not time-barred", must=True),
            Day("act_began_on", "行为开始日期", "The act began on", required=False, past=True),
            ACT_ENDED_ON,
            Choice("harm", "危害后果（时效）", "Harm, for the time-bar", options=(
                ("none", Label("无特定危害后果", "None in particular")),
                ("life_health_finance", Label("涉及公民生命健康安全、金融安全且有危害后果", "To life, health or finance")),
                ("environment", Label("造成生态环境危害", "To the environment")),
            )),
            OFFICERS,
        ],
        effects=[Leave(Capacity.INVESTIGATOR), Join(Capacity.INVESTIGATOR, "officers")],
        documents=[filing_approval], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(O30, "18,19")], confirms=True,
    )  # fmt: skip
    change_officers = Transition(
        "更换承办人", "Change the investigators", code="P01a", sources=FILED, by=[LEADER],
        guards=[certified("officers"), named_apart_as(Duty.INVESTIGATES, "officers"), no_administrator_seats_himself("officers")],
        inputs=[OFFICERS, REASONS],
        effects=[Leave(Capacity.INVESTIGATOR), Join(Capacity.INVESTIGATOR, "officers")],
        documents=[internal_approval], notices=[INVESTIGATOR], basis=[cite(APL, "42,43")],
    )  # fmt: skip
    refuse_filing = Transition(
        "不予立案", "Do not file", code="P02", sources=[filing_review], to=closed, by=[LEADER],
        inputs=[
            Choice("not_filed_because", "不予立案的事由", "Why it is not filed", options=(
                ("no_evidence", Label("没有违法行为或者证据不足", "No act, or no evidence")),
                ("not_punishable", Label("依法不予处罚", "Not punishable")),
                ("time_barred", Label("超过处罚时效", "Time-barred")),
                ("frozen", Label("账户被司法查封、冻结，不能履行", "Account frozen by a court: it could not comply")),
                ("gone", Label("单位已关停注销，无权利义务承受人", "The unit is closed and struck off, without a successor")),
                ("other", Label("其他", "Other")),
            )),
            REASONS,
        ],
        documents=[no_filing_approval], notices=[SUPERVISOR, INSPECTOR], basis=[cite(O30, "18")], confirms=True,
    )  # fmt: skip
    transfer_instead = Transition(
        "移送有管辖权的机关", "Transfer to the competent body", code="P02a", sources=[filing_review], to=closed, by=[LEADER],
        inputs=[Text("receiving_body", "接收机关", "Receiving body"), REASONS, LongText("papers", "移送材料", "Papers", longest=2000)],
        documents=[no_filing_approval, case_transfer_letter], notices=[SUPERVISOR, INSPECTOR], basis=[cite(APL, "22,25"), cite(O30, "16")], confirms=True,
    )  # fmt: skip
    extend_filing = Transition(
        "延长立案期限", "Extend the filing review", code="P03", sources=[filing_review], by=[LEADER], inputs=[REASONS],
        documents=[internal_approval], notices=[SUPERVISOR], extends="filing", basis=[cite(O30, "18")],
    )  # fmt: skip
    withdraw_filing = Transition(
        "撤销立案", "Withdraw the filing", code="P04", sources=FILED, to=closed, by=[LEADER],
        guards=[nothing_open("measures"), no_transfer_is_open],
        inputs=[
            Choice("lost_condition", "不再具备的条件", "Condition that fell away", options=(
                ("evidence", Label("证据", "Evidence")), ("punishable", Label("应予处罚", "Punishable")),
                ("competence", Label("管辖", "Competence")), ("time_bar", Label("时效", "Time-bar")),
            )),
            REASONS,
        ],
        documents=[filing_withdrawal], notices=[INVESTIGATOR, SUPERVISOR, *PARTY], basis=[cite(O30, "20")], confirms=True,
    )  # fmt: skip

    pass_time_bar = Transition(
        "二年处罚时效届满", "Two years have passed", code="P02b", sources=[filing_review], by=[SYSTEM], notices=[LEADER, SUPERVISOR], basis=[cite(APL, "36")],
    )  # fmt: skip

    # Investigation ------------------------------------------------------------------------------

    record_inspection = Transition(
        "现场检查（勘察）笔录", "Record an inspection", code="P05a", sources=[investigating], by=[INVESTIGATOR], guards=[certified("officers")],
        inputs=[
            OFFICERS, RIGHTS_TOLD, Day("on_site_on", "检查日期", "Day of the inspection", past=True), Text("place", "地点", "Place"),
            Text("present", "被检查单位在场人员", "Who was present", personal=True), LongText("findings", "检查情况", "Findings", longest=10_000), SCAN,
        ],
        documents=[inspection_record], basis=[cite(APL, "42,55"), cite(REG, "17")],
    )  # fmt: skip
    record_inquiry = Transition(
        "调查询问笔录", "Record an inquiry", code="P05b", sources=[investigating], by=[INVESTIGATOR], guards=[certified("officers")],
        inputs=[
            OFFICERS, RIGHTS_TOLD, Day("asked_on", "询问日期", "Day of the inquiry", past=True),
            Text("asked", "被询问人", "Person asked", personal=True), LongText("answers", "问答", "Questions and answers", personal=True, longest=20_000), SCAN,
        ],
        documents=[inquiry_record], basis=[cite(APL, "55")],
    )  # fmt: skip
    summon = Transition(
        "通知接受调查询问", "Summon for an inquiry", code="P05c", sources=[investigating], by=[INVESTIGATOR],
        inputs=[ADDRESSEE, Day("come_on", "询问日期", "Day of the inquiry", future=True), LongText("bring", "需携带的材料", "What to bring", required=False, longest=2000)],
        documents=[inquiry_notice],
    )  # fmt: skip
    collect_material = Transition(
        "调取证据材料", "Collect material", code="P05d", sources=[investigating], by=[INVESTIGATOR], guards=[certified("officers")],
        inputs=[OFFICERS, RIGHTS_TOLD, LongText("material", "材料清单", "List of the material", longest=6000), SCAN],
        documents=[evidence_notice], basis=[cite(APL, "55")],
    )  # fmt: skip
    add_photographs = Transition(
        "现场照片、影像证据", "Add photographs or video", code="P05e", sources=[investigating], by=[INVESTIGATOR], guards=[certified("officers")],
        inputs=[
            OFFICERS, Text("proves", "证明对象", "What it proves"), Day("taken_on", "拍摄日期", "Taken on", past=True), Text("place", "地点", "Place"),
            Text("carrier", "原始载体", "Original carrier"), Files("pictures", "照片或录像", "Photographs or video"),
        ],
        documents=[photo_evidence], basis=[cite(APL, "55")],
    )  # fmt: skip
    take_samples = Transition(
        "抽样取证", "Take samples", code="P05f", sources=[investigating], by=[INVESTIGATOR], guards=[certified("officers")],
        inputs=[OFFICERS, RIGHTS_TOLD, LongText("samples", "样品、方法与封样", "Samples, method and seal", longest=4000), SCAN],
        documents=[sampling_notice], basis=[cite(APL, "56")],
    )  # fmt: skip
    take_measure = Transition(
        "采取登记保存、查封扣押", "Preserve or seize", code="P05g", sources=[investigating], by=[INVESTIGATOR],
        inputs=[MEASURE_KIND, URGENT, THINGS],
        notices=[LEADER], basis=[cite(APL, "56"), cite(AEL, "19,24"), cite(CODE, "52")],
    )  # fmt: skip
    ask_assistance = Transition(
        "请求协助调查", "Ask another body for help", code="P05h", sources=[investigating], by=[SUPERVISOR],
        inputs=[Text("helper", "协助机关", "Body asked"), LongText("asked_for", "协助事项", "What is asked", longest=4000)],
        documents=[assistance_request], basis=[cite(APL, "26"), cite(O30, "22")],
    )  # fmt: skip
    receive_assistance = Transition(
        "收到协助结果", "Enter the answer", code="P05i", sources=FILED, by=[SUPERVISOR], received=True,
        inputs=[LongText("assistance", "协助结果", "Answer", longest=6000)],
        documents=[assistance_reply], notices=[INVESTIGATOR], basis=[cite(APL, "26")],
    )  # fmt: skip
    confirm_address = Transition(
        "确认送达地址及方式", "Confirm the address for service", code="P05j", sources=FILED, by=[INVESTIGATOR],
        inputs=[
            Text("service_to", "送达地址", "Address"), Text("service_mail", "电子邮箱", "E-mail", required=False),
            YesNo("electronic", "同意电子送达", "Agrees to electronic service"), Files("confirmation", "签署的确认书", "Signed confirmation"),
        ],
        documents=[service_address], basis=[cite(APL, "61")],
    )  # fmt: skip
    commission_testing = _commission(EXAMINED[0], "P05k", [investigating], test_commission)
    commission_assessment = _commission(EXAMINED[1], "P05l", [investigating], test_commission)
    commission_appraisal = _commission(EXAMINED[2], "P05m", [investigating], test_commission)
    commission_recognition = _commission(EXAMINED[3], "P05n", [investigating], test_commission)
    receive_testing = _receive(EXAMINED[0], "P05o", FILED.states)
    receive_assessment = _receive(EXAMINED[1], "P05p", FILED.states)
    receive_appraisal = _receive(EXAMINED[2], "P05q", FILED.states)
    receive_recognition = _receive(EXAMINED[3], "P05r", FILED.states)
    tell_result = Transition(
        "告知监测、检测、鉴定等结果", "Tell the party a result", code="P05s", sources=FILED, by=[INVESTIGATOR], guards=[result_is_untold],
        inputs=[Day("told_on", "告知日期", "Told on", past=True), LongText("result_told", "告知的结果", "Result", longest=4000), Files("receipt", "送达回证", "Receipt")],
        documents=[test_result_notice], notices=[*PARTY], basis=[cite(O30, "29")],
    )  # fmt: skip
    request_recusal = Transition(
        "申请回避", "Ask for a recusal", code="P05t", sources=FILED, by=[*PARTY, INVESTIGATOR], recorded_by=[SUPERVISOR],
        item=Raise(recusals),
        inputs=[
            Person(RECUSED, "申请回避的人员", "Whose recusal is asked for", of=Capacity.LEAD),
            YesNo(CONCERNS_HEAD, "该人员为行政机关负责人", "That person heads the authority"),
            LongText("recusal_reason", "理由", "Reason", longest=2000),
        ],
        notices=[LEADER], basis=[cite(APL, "43")],
    )  # fmt: skip
    decide_recusal = Transition(
        "决定是否回避", "Decide on a recusal", code="P05u", sources=FILED, by=[LEADER],
        guards=[recusal_is_decided_by_somebody_else, recusal_is_not_the_heads],
        item=Take(recusals, ("asked",), {"granted": "granted", "refused": "refused"}, by="recusal"),
        inputs=[RECUSAL, REASONS], documents=[recusal_reply], notices=[*PARTY, INVESTIGATOR], basis=[cite(APL, "43")],
    )  # fmt: skip
    decide_heads_recusal = Transition(
        "集体讨论决定负责人回避", "Decide together on the head's recusal", code="P05v", sources=FILED, by=[LEADER],
        guards=[recusal_is_decided_by_somebody_else, recused_is_not_among("attendees")],
        item=Take(recusals, ("asked",), {"granted": "granted", "refused": "refused"}, by="recusal"),
        inputs=[RECUSAL, ATTENDEES, REASONS], documents=[recusal_reply, internal_approval], notices=[*PARTY, INVESTIGATOR], basis=[cite(APL, "43")],
    )  # fmt: skip
    add_evidence = Transition(
        "补充新证据", "Add new evidence", code="P05w", sources=REVIEWED, by=[INVESTIGATOR], guards=[certified("officers")],
        inputs=[OFFICERS, LongText("new_evidence", "证据及其证明的事实", "The evidence and what it proves", longest=4000), SCAN],
        notices=[SUPERVISOR, LEGAL_REVIEWER, LEADER], basis=[cite(APL, "55")],
    )  # fmt: skip
    suspend = Transition(
        "中止调查", "Suspend", code="P06", sources=[investigating], to=suspended, by=[LEADER],
        inputs=[
            Choice("suspended_because", "中止事由", "Why it is suspended", options=(
                ("other_decision", Label("须以其他案件的决定为依据", "Waits on another decision")),
                ("legal_question", Label("法律适用须请示", "A legal question was referred")),
                ("force_majeure", Label("不可抗力", "Force majeure")),
                ("party_missing", Label("当事人下落不明", "The party cannot be found")),
                ("other", Label("其他", "Other")),
            )),
            REASONS, TIME_TOLD,
        ],
        documents=[suspension_approval], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(O30, "35")],
    )  # fmt: skip
    resume = Transition(
        "恢复调查", "Resume", code="P06a", sources=[suspended], to=investigating, by=[LEADER], inputs=[REASONS],
        documents=[resumption_approval], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(O30, "35")],
    )  # fmt: skip
    terminate = Transition(
        "终止调查", "End the investigation", code="P07", sources=[investigating], to=terminated, by=[LEADER], guards=[no_transfer_is_open],
        inputs=[
            Choice("terminated_because", "终止事由", "Why it ends", options=(
                ("dead", Label("涉嫌违法的自然人死亡", "The person is dead")),
                ("gone", Label("单位终止且无权利义务承受人", "The unit is gone without a successor")),
                ("other", Label("其他", "Other")),
            )),
            REASONS,
        ],
        documents=[termination_approval], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(O30, "36")], confirms=True,
    )  # fmt: skip
    submit_terminated = Transition(
        "提请结案", "Submit for closing", code="P07a", sources=[terminated], to=closing, by=[SUPERVISOR], guards=[nothing_open("measures")],
        inputs=[LongText("handled", "财物、措施处理情况", "What became of things and measures", longest=2000)],
        notices=[LEADER], basis=[cite(O30, "36,77")],
    )  # fmt: skip
    order_correction = Transition(
        "责令改正", "Order a correction", code="P08", sources=FILED, by=[LEADER], inputs=[CORRECT_WHAT, CORRECT_BY, ADDRESSEE],
        documents=[correction_order], notices=[INVESTIGATOR], basis=[cite(APL, "28"), cite(O30, "9"), cite(REG, "21,22")],
    )  # fmt: skip
    write_report = Transition(
        "撰写调查报告", "Write the report", code="P09a", sources=[investigating], by=[INVESTIGATOR],
        guards=[party_is_named_as_registered, rule_fits_the_facts, proposal_keeps_the_law],
        inputs=[
            Text("party_name", "当事人名称（与登记一致）", "Name of the party, as registered"),
            LongText("course", "案件来源与调查经过", "Source and course", longest=6000),
            LongText("facts_found", "查明的事实", "Facts found", longest=10_000),
            LongText("evidence_table", "证据及证明事项", "Evidence and what each piece proves", longest=10_000),
            Choice("proposal", "处理建议", "Proposal", options=(
                ("penalty", Label("给予行政处罚", "A penalty")),
                ("no_penalty", Label("不予行政处罚", "No penalty")),
                ("not_established", Label("违法事实不能成立", "Facts not established")),
            )),
            *PROPOSED,
            YesNo("complex_case", "案情复杂或涉及多个法律关系", "A complex case, or several legal relations"),
            YesNo("public_interest", "涉及重大公共利益", "Major public interest"),
            LongText("discretion", "裁量因素：危害、过错、手段、持续时间、对象、初犯或再犯、改正", "Discretion: harm, fault, means, duration, object, first or repeat, correction", longest=6000),
        ],
        documents=[investigation_report], basis=[cite(O30, "38,41")],
    )  # fmt: skip
    sign_report = Signoff(
        "签署调查报告", "Sign the report", code="P09b", sources=[investigating], by=[INVESTIGATOR], guards=[report_is_written],
        per=Per.PERSON, least=2, voided_by=[write_report], basis=[cite(O30, "38")],
    )  # fmt: skip
    submit_report = Transition(
        "调查终结，提交审查", "Submit for review", code="P09", sources=[investigating], to=case_review, by=[INVESTIGATOR],
        guards=[report_is_written, sign_report.complete(), certified(), results_are_told, recusals_are_answered("recusals", "asked")],
        notices=[SUPERVISOR, LEGAL_REVIEWER], basis=[cite(O30, "38")],
    )  # fmt: skip

    # Case review --------------------------------------------------------------------------------

    return_after_review = Transition(
        "审查退回补充调查", "Return for more evidence", code="P10", sources=[case_review], to=investigating, by=[SUPERVISOR, LEGAL_REVIEWER],
        guards=[apart_as(Duty.REVIEWS)], inputs=[LongText("problems", "存在的问题", "Problems", longest=4000)],
        effects=[Join(Capacity.REVIEWER, actor=True)], documents=[case_review_form], notices=[INVESTIGATOR], basis=[cite(O30, "38,39,40")],
    )  # fmt: skip
    pass_review = Transition(
        "审查通过", "Pass the review", code="P11", sources=[case_review], to=pre_notice_approval, by=[SUPERVISOR, LEGAL_REVIEWER],
        guards=[apart_as(Duty.REVIEWS), recusals_are_answered("recusals", "asked")],
        inputs=[
            YesNo("competence_right", "管辖正确", "Jurisdiction", must=True), YesNo("facts_clear", "事实清楚", "Facts", must=True),
            YesNo("evidence_enough", "证据确凿充分", "Evidence", must=True), YesNo("procedure_right", "程序合法", "Procedure", must=True),
            YesNo("not_barred", "未超过时效", "Time-bar", must=True), YesNo("law_right", "适用法律和裁量适当", "Law and discretion", must=True),
            LongText("review_opinion", "审查意见", "Opinion", longest=4000),
        ],
        effects=[Join(Capacity.REVIEWER, actor=True)], documents=[case_review_form], notices=[LEADER], basis=[cite(O30, "38,39,40")],
    )  # fmt: skip

    # Crime --------------------------------------------------------------------------------------

    refer_to_police = Transition(
        "涉嫌犯罪，启动移送", "Suspect a crime", code="P12", sources=BEFORE_DECISION, by=[LEADER], guards=[no_transfer_is_open], inputs=[*CRIME],
        documents=[criminal_transfer_approval], notices=[SUPERVISOR, INSPECTOR], basis=[cite(APL, "27"), cite("R310", "5"), cite(XJ17, "5")],
    )  # fmt: skip
    criminal = Child(
        "涉嫌犯罪案件移送", "Transfer to the police", "criminal_transfer", opened_by=refer_to_police,
        inputs={name: name for name in (field.name for field in CRIME)}, capacities=(Capacity.LEAD, Capacity.INVESTIGATOR),
    )  # fmt: skip
    stop_for_transfer = Transition(
        "移送办理，办案期限中止", "The clock stands still for the transfer", code="P12a", sources=BEFORE_DECISION, by=[SYSTEM], automatic=True,
        guards=[transfer_has_begun], notices=[SUPERVISOR], basis=[cite(XJ17, "16")],
    )  # fmt: skip
    resume_after_transfer = Transition(
        "移送办结，恢复办案期限", "The clock runs on after the transfer", code="P12b", sources=BEFORE_DECISION, by=[SYSTEM], automatic=True,
        guards=[transfer_has_come_back], inputs=[Day("transfer_ended_on", "移送办结日期", "The transfer ended on", required=False)],
        brings=Brings("criminal", {"transfer_ended_on": "ended_on"}), notices=[LEADER, SUPERVISOR, INVESTIGATOR], basis=[cite(XJ17, "16")],
    )  # fmt: skip
    close_after_transfer = Transition(
        "已移送，无需另行处罚", "Close: transferred, no penalty of our own", code="P12c", sources=FILED, to=closing, by=[LEADER],
        guards=[no_transfer_is_open, transfer_was_concluded, nothing_open("measures")], inputs=[REASONS],
        notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(O30, "77"), cite(APL, "27,35")], confirms=True,
    )  # fmt: skip

    # Prior notice -------------------------------------------------------------------------------

    approve_notice = Transition(
        "批准并发出处罚告知书", "Approve and send the notice", code="P13a", sources=[pre_notice_approval], by=[LEADER],
        guards=[penalty_is_proposed, no_notice_is_on_its_way, party_is_still_named_so, fine_is_in_the_range, confiscation_is_the_gain, ban_follows_the_law, hearing_is_offered_where_due],
        inputs=[
            YesNo("hearing_right", "告知听证权利", "The right to a hearing is told"),
            YesNo("wants_discussion", "决定前提交集体讨论", "To be discussed collectively before the decision"),
            LongText("opinion", "审批意见", "Opinion", required=False, longest=2000), ADDRESSEE,
        ],
        documents=[prior_notice], notices=[INVESTIGATOR], basis=[cite(APL, "44"), cite(O30, "44,46")], confirms=True,
    )  # fmt: skip
    service_of_notice = Child(
        "送达事先（听证）告知书", "Service of the prior notice", "service", opened_by=approve_notice, given={"document": "prior_notice"},
        inputs={"addressee": "addressee"}, capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    approve_no_penalty_notice = Transition(
        "批准并发出不予处罚告知书", "Approve and send the notice of no penalty", code="P13b", sources=[pre_notice_approval], by=[LEADER],
        guards=[no_penalty_is_proposed, no_notice_is_on_its_way, party_is_still_named_so],
        inputs=[NO_PENALTY_GROUND, LongText("opinion", "审批意见", "Opinion", required=False, longest=2000), ADDRESSEE],
        documents=[no_penalty_notice], notices=[INVESTIGATOR], basis=[cite(APL, "33"), cite(O30, "44")], confirms=True,
    )  # fmt: skip
    service_of_no_penalty_notice = Child(
        "送达不予处罚事先告知书", "Service of the notice of no penalty", "service", opened_by=approve_no_penalty_notice,
        given={"document": "no_penalty_notice"}, inputs={"addressee": "addressee"}, capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    decline_notice = Transition(
        "不同意告知，退回审查", "Send back to the review", code="P13c", sources=[pre_notice_approval], to=case_review, by=[LEADER],
        guards=[no_notice_is_on_its_way], inputs=[REASONS], documents=[internal_approval], notices=[SUPERVISOR, LEGAL_REVIEWER],
    )  # fmt: skip
    announce_notice = Transition(
        "公告送达告知书", "Announce the notice", code="P13d", sources=[pre_notice_approval], by=[INVESTIGATOR], guards=[notice_is_on_its_way],
        inputs=[Day("announced_on", "公告日期", "Announced on", past=True), LongText("ways_failed", "其他方式无法送达的原因", "Why other ways failed", longest=2000)],
        documents=[announcement], notices=[SUPERVISOR], basis=[cite("CPL", "95")],
    )  # fmt: skip
    serve_notice = Transition(
        "告知书送达", "The notice is served", code="P13", sources=[pre_notice_approval], to=notice_served, by=[SYSTEM], automatic=True,
        guards=[joined(service_of_notice, *ENDED), awaits_service("prior_notice"), day_of_service_is_known, notice_gives_no_hearing],
        inputs=[SERVED_ON], brings=Brings("service_of_notice", {"served_on": "served_on"}), serves=[prior_notice],
        effects=[Join(Capacity.PARTY, subject=True)], notices=[*PARTY, INVESTIGATOR], basis=[cite(APL, "44"), cite(O30, "44")],
    )  # fmt: skip
    serve_notice_of_hearing = Transition(
        "听证告知书送达", "The notice with a right to a hearing is served", code="P13e", sources=[pre_notice_approval], to=notice_served, by=[SYSTEM], automatic=True,
        guards=[joined(service_of_notice, *ENDED), awaits_service("prior_notice"), day_of_service_is_known, notice_gives_a_hearing],
        inputs=[SERVED_ON], brings=Brings("service_of_notice", {"served_on": "served_on"}), serves=[prior_notice],
        effects=[Join(Capacity.PARTY, subject=True)], notices=[*PARTY, INVESTIGATOR], basis=[cite(APL, "44,64"), cite(O30, "44,46")],
    )  # fmt: skip
    serve_no_penalty_notice = Transition(
        "不予处罚告知书送达", "The notice of no penalty is served", code="P13f", sources=[pre_notice_approval], to=notice_served, by=[SYSTEM], automatic=True,
        guards=[joined(service_of_no_penalty_notice, *ENDED), awaits_service("no_penalty_notice"), day_of_service_is_known],
        inputs=[SERVED_ON], brings=Brings("service_of_no_penalty_notice", {"served_on": "served_on"}), serves=[no_penalty_notice],
        effects=[Join(Capacity.PARTY, subject=True)], notices=[*PARTY, INVESTIGATOR], basis=[cite(O30, "44")],
    )  # fmt: skip

    # Statement, defence, hearing ----------------------------------------------------------------

    plead = Transition(
        "陈述申辩", "State and defend", code="P14", sources=[notice_served], to=plea_review, by=PARTY, recorded_by=[INVESTIGATOR, SUPERVISOR],
        guards=[plea_is_in_time], item=Raise(pleas), inputs=[PLEA, PLEA_EVIDENCE],
        documents=[plea_record], notices=[SUPERVISOR, INVESTIGATOR], basis=[cite(APL, "45"), cite(O30, "44")],
    )  # fmt: skip
    add_plea = Transition(
        "补充陈述申辩", "Add to the plea", code="P14a", sources=[plea_review, hearing_preparation], by=PARTY, recorded_by=[INVESTIGATOR, SUPERVISOR],
        guards=[plea_is_in_time], item=Raise(pleas), inputs=[PLEA, PLEA_EVIDENCE],
        documents=[plea_record], notices=[SUPERVISOR, INVESTIGATOR], basis=[cite(APL, "45"), cite(O30, "44")],
    )  # fmt: skip
    answer_plea = Transition(
        "复核陈述申辩意见", "Answer a point of the plea", code="P14b", sources=[plea_review, hearing_preparation, hearing_done], by=[SUPERVISOR],
        item=Take(pleas, ("raised",), {"accepted": "accepted", "rejected": "rejected"}, by="plea_verdict"),
        inputs=[
            Choice("plea_verdict", "是否采纳", "Verdict", options=(("accepted", Label("采纳", "Accept")), ("rejected", Label("不采纳", "Do not accept")))),
            LongText("plea_answer", "理由", "Reasons", longest=4000),
        ],
        basis=[cite(APL, "45"), cite(O30, "44")],
    )  # fmt: skip
    request_hearing = Transition(
        "要求听证", "Ask for a hearing", code="P15", sources=[notice_served, plea_review], to=hearing_preparation, by=PARTY,
        recorded_by=[INVESTIGATOR, SUPERVISOR], guards=[hearing_right_runs],
        inputs=[LongText("hearing_reasons", "要求听证的理由", "Reasons", required=False, longest=4000)],
        notices=[LEADER, SUPERVISOR, INVESTIGATOR], basis=[cite(APL, "64(1)"), cite(O30, "46")],
    )  # fmt: skip
    appoint_chair = Transition(
        "指定听证主持人", "Appoint the chair", code="P16a", sources=[hearing_preparation], by=[LEADER],
        guards=[named_apart_as(Duty.CHAIRS, "chair"), no_administrator_seats_himself("chair")],
        inputs=[Person("chair", "听证主持人", "Chair", role=Role.LEGAL_REVIEWER, of=Capacity.LEAD)],
        effects=[Leave(Capacity.CHAIR), Join(Capacity.CHAIR, "chair")], notices=[CHAIR], basis=[cite(APL, "64")],
    )  # fmt: skip
    call_hearing = Transition(
        "通知听证", "Call the hearing", code="P16b", sources=[hearing_preparation], by=[CHAIR],
        guards=[apart_as(Duty.CHAIRS), hearing_is_called_in_time, nothing_open("service_of_hearing_notice")],
        inputs=[
            Day("hearing_on", "听证日期", "Day of the hearing", future=True), Text("hearing_place", "听证地点", "Place"),
            Choice("hearing_mode", "听证方式", "Mode", options=(("public", Label("公开", "Public")), ("closed", Label("不公开（涉及国家秘密、商业秘密或者个人隐私）", "Closed, for secrets or privacy")))),
            Text("recorder", "记录员", "Recorder"), ADDRESSEE,
        ],
        documents=[hearing_notice], notices=[INVESTIGATOR], basis=[cite(APL, "64(2)")],
    )  # fmt: skip
    service_of_hearing_notice = Child(
        "送达听证通知书", "Service of the hearing notice", "service", opened_by=call_hearing, given={"document": "hearing_notice"},
        inputs={"addressee": "addressee"}, capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    prove_hearing_notice = Transition(
        "听证通知书送达", "The hearing notice is served", code="P16c", sources=[hearing_preparation], by=[SYSTEM], automatic=True,
        guards=[joined(service_of_hearing_notice, *ENDED), awaits_service("hearing_notice"), day_of_service_is_known],
        inputs=[SERVED_ON], brings=Brings("service_of_hearing_notice", {"served_on": "served_on"}), serves=[hearing_notice],
        notices=[*PARTY, CHAIR], basis=[cite(APL, "64(2)")],
    )  # fmt: skip
    hold_hearing = Transition(
        "举行听证", "Hold the hearing", code="P16", sources=[hearing_preparation], to=hearing_done, by=[CHAIR],
        guards=[apart_as(Duty.CHAIRS), hearing_notice_was_served_in_time, day_of_the_hearing_has_come, recusals_are_answered("recusals", "asked")],
        inputs=[
            LongText("attendance", "参加人员", "Who attended", longest=2000, personal=True), LongText("examined", "举证质证", "Evidence examined", longest=10_000),
            LongText("last_words", "最后陈述", "Last words", longest=4000), SCAN,
        ],
        documents=[hearing_record], notices=[SUPERVISOR, *PARTY], basis=[cite(APL, "64")],
    )  # fmt: skip
    report_on_hearing = Transition(
        "提交听证报告", "Report on the hearing", code="P16d", sources=[hearing_done], by=[CHAIR], guards=[apart_as(Duty.CHAIRS)],
        inputs=[LongText("hearing_facts", "事实与各方意见", "Facts and views", longest=10_000), LongText("hearing_proposal", "处理建议", "Proposal", longest=4000)],
        documents=[hearing_report], notices=[SUPERVISOR], basis=[cite(APL, "64")],
    )  # fmt: skip
    close_without_hearing = Transition(
        "未到场或者撤回，终止听证", "Close without a hearing", code="P17", sources=[hearing_preparation], to=legal_review, by=[CHAIR],
        guards=[apart_as(Duty.CHAIRS), absence_is_real, every_plea_is_answered],
        inputs=[
            Choice("unheard_because", "终止听证的事由", "Why there is none", options=(
                ("absent", Label("当事人无正当理由未到场或者中途退场", "The party was absent or left")), ("withdrawn", Label("当事人撤回申请", "The party withdrew")),
            )),
            REASONS,
        ],
        documents=[hearing_record], notices=[*PARTY, LEGAL_REVIEWER], basis=[cite(APL, "64")],
    )  # fmt: skip
    lapse_plea = Transition(
        "视为放弃陈述申辩", "The plea is deemed waived", code="P18a", sources=[notice_served], by=[SYSTEM], notices=[*PARTY, INVESTIGATOR], basis=[cite(O30, "44")],
    )  # fmt: skip
    lapse_hearing = Transition(
        "视为放弃听证", "The hearing is deemed waived", code="P18b", sources=[notice_served, plea_review], by=[SYSTEM], notices=[*PARTY, INVESTIGATOR], basis=[cite(APL, "64(1)")],
    )  # fmt: skip
    waive_plea = Transition(
        "书面放弃陈述申辩", "Waive the plea in writing", code="P18c", sources=[notice_served], by=PARTY, recorded_by=[INVESTIGATOR], guards=[plea_is_in_time],
        inputs=[YesNo("no_plea", "放弃陈述申辩", "I do not plead", must=True)], notices=[INVESTIGATOR], basis=[cite(APL, "45"), cite(O30, "44")], confirms=True,
    )  # fmt: skip
    waive_hearing = Transition(
        "书面放弃听证", "Waive the hearing in writing", code="P18d", sources=[notice_served, plea_review], by=PARTY, recorded_by=[INVESTIGATOR], guards=[hearing_right_runs],
        inputs=[YesNo("no_hearing", "放弃听证", "I ask for no hearing", must=True)], notices=[INVESTIGATOR], basis=[cite(APL, "64(1)")], confirms=True,
    )  # fmt: skip
    go_on_unheard = Transition(
        "无陈述申辩，转法制审核", "Go on without a plea", code="P18", sources=[notice_served], to=legal_review, by=[SYSTEM], automatic=True,
        guards=[service_of_the_notice_is_proven, plea_right_is_gone, hearing_right_is_gone], notices=[LEGAL_REVIEWER, INVESTIGATOR], basis=[cite(APL, "45"), cite(O30, "44")],
    )  # fmt: skip
    reopen_investigation = Transition(
        "有新事实，补充调查", "Look into new facts", code="P19", sources=[plea_review, hearing_done], to=investigating, by=[SUPERVISOR],
        guards=[every_plea_is_answered, hearing_is_reported], inputs=[LongText("new_facts", "新的事实或理由", "New facts", longest=4000)],
        documents=[plea_review_form], notices=[INVESTIGATOR, LEADER], basis=[cite(APL, "45"), cite(O30, "44")],
    )  # fmt: skip
    change_proposal = Transition(
        "变更拟处罚内容，重新告知", "Change the proposal", code="P20", sources=[plea_review, hearing_done], to=pre_notice_approval, by=[SUPERVISOR],
        guards=[every_plea_is_answered, hearing_is_reported, rule_fits_the_facts, proposal_keeps_the_law, proposal_is_not_heavier_for_a_plea],
        inputs=[*PROPOSED, LongText("new_ground", "变更的理由", "Ground of the change", longest=4000)],
        notices=[LEADER, INVESTIGATOR], basis=[cite(APL, "44,45")],
    )  # fmt: skip
    go_on = Transition(
        "复核完毕，转法制审核", "Go on to the legal review", code="P21", sources=[plea_review, hearing_done], to=legal_review, by=[SUPERVISOR],
        guards=[every_plea_is_answered, hearing_right_is_gone, hearing_is_reported],
        inputs=[LongText("review_of_the_plea", "复核结论", "Conclusion", longest=4000)],
        documents=[plea_review_form], notices=[LEGAL_REVIEWER, INVESTIGATOR], basis=[cite(APL, "45,64"), cite(O30, "44")],
    )  # fmt: skip

    # Legal review, collective discussion --------------------------------------------------------

    pass_legal_review = Transition(
        "法制审核通过", "Pass the legal review", code="P22", sources=[legal_review],
        to=[Branch(discussion_is_required, collective_discussion), Branch(None, decision_pending)], by=[LEGAL_REVIEWER],
        guards=[apart_as(Duty.CHECKS_LEGALITY), all_evidence_was_seen, choice_of_the_rule_is_reasoned],
        inputs=[*CHECKED, Whole("evidence_seen", "审核的证据份数", "Pieces of evidence reviewed", highest=9999), LongText("rule_reasons", "法律适用的理由", "Why this rule", required=False, longest=4000), LongText("legal_opinion", "审核意见", "Opinion", longest=4000)],
        documents=[legal_review_form], notices=[LEADER, INVESTIGATOR], basis=[cite(APL, "58"), cite(O30, "49,50,51")],
    )  # fmt: skip
    return_after_legal_review = Transition(
        "法制审核退回补充调查", "Return for more evidence after the legal review", code="P23", sources=[legal_review], to=investigating, by=[LEGAL_REVIEWER],
        guards=[apart_as(Duty.CHECKS_LEGALITY)], inputs=[LongText("problems", "存在的问题", "Problems", longest=4000)],
        documents=[legal_review_form], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(O30, "51")],
    )  # fmt: skip
    refuse_in_legal_review = Transition(
        "法制审核不通过，退回审查", "Refuse in the legal review", code="P23a", sources=[legal_review], to=case_review, by=[LEGAL_REVIEWER],
        guards=[apart_as(Duty.CHECKS_LEGALITY)], inputs=[LongText("problems", "存在的问题", "Problems", longest=4000)],
        documents=[legal_review_form], notices=[SUPERVISOR, INVESTIGATOR], basis=[cite(APL, "58"), cite(O30, "51")],
    )  # fmt: skip
    send_back_to_legal_review = Transition(
        "退回重新法制审核", "Send back to the legal review", code="P23b", sources=[collective_discussion, decision_pending], to=legal_review, by=[LEADER],
        inputs=[REASONS], notices=[LEGAL_REVIEWER], basis=[cite(APL, "58")],
    )  # fmt: skip
    convene = Transition(
        "召集集体讨论", "Convene the discussion", code="P24a", sources=[collective_discussion], by=[LEADER],
        guards=[members_did_not_investigate("members"), no_administrator_seats_himself("members")],
        inputs=[
            People("members", "讨论成员（局领导）", "Members, leaders of the bureau", role=Role.BUREAU_LEADER, of=Capacity.LEAD, least=QUORUM),
            LongText("attending", "列席人员（无表决权）", "Attending without a vote", required=False, longest=1000),
        ],
        effects=[Leave(Capacity.DISCUSSANT), Join(Capacity.DISCUSSANT, "members")], notices=[DISCUSSANT], basis=[cite(APL, "57"), cite(O30, "52")],
    )  # fmt: skip
    discuss = Signoff(
        "发表讨论意见", "State one's view", code="P24b", sources=[collective_discussion], by=[DISCUSSANT], guards=[voter_did_not_investigate],
        per=Per.PERSON, unanimous=False,
        voided_by=[convene, pass_legal_review, plead, add_plea, hold_hearing, close_without_hearing, add_evidence, receive_assistance, send_back_to_legal_review],
        basis=[cite(APL, "57"), cite(O30, "52")],
    )  # fmt: skip
    conclude_discussion = Transition(
        "集体讨论形成结论", "Conclude the discussion", code="P24", sources=[collective_discussion], to=decision_pending, by=[DISCUSSANT],
        guards=[voter_did_not_investigate, quorum_has_spoken, majority_agrees, legal_review_stands],
        inputs=[LongText("conclusion", "讨论结论", "Conclusion", longest=4000)],
        documents=[collective_record], notices=[LEADER, INVESTIGATOR], basis=[cite(APL, "57"), cite(O30, "52")],
    )  # fmt: skip
    extend_decision = Transition(
        "延长办案期限（负责人批准）", "Extend the time to decide", code="P25", sources=FILED, by=[LEADER], guards=[first_extension_is_left], inputs=[REASONS],
        documents=[internal_approval], notices=[INVESTIGATOR, SUPERVISOR], extends="decision", basis=[cite(APL, "60"), cite(O30, "57")],
    )  # fmt: skip
    extend_decision_collectively = Transition(
        "延长办案期限（集体讨论）", "Extend the time to decide, together", code="P25a", sources=FILED, by=[LEADER],
        guards=[first_extension_was_granted, members_did_not_investigate("attendees")], inputs=[ATTENDEES, REASONS],
        documents=[internal_approval, collective_record], notices=[INVESTIGATOR, SUPERVISOR], extends="decision", basis=[cite(O30, "57")],
    )  # fmt: skip

    # Decision and service -----------------------------------------------------------------------

    decide_penalty = Transition(
        "决定处罚", "Decide a penalty", code="P26", sources=[decision_pending], to=decided, by=[LEADER],
        guards=[
            body_is_the_competent_one, certified(), party_is_still_named_so, rule_is_the_one_told, rule_fits_the_facts, fine_is_in_the_range, confiscation_is_the_gain,
            decision_is_not_heavier_than_told, ban_follows_the_law, notice_was_served_and_its_time_is_over, results_are_told, recusals_are_answered("recusals", "asked"),
            discussion_stands, legal_review_stands, act_is_not_time_barred, reviewer_did_not_investigate, measures_are_in_time, no_transfer_is_open,
        ],
        inputs=[
            RULE, *AMOUNTS,
            YesNo("facts_agree", "决定认定的事实与证据、所引条款一致", "The facts agree with the evidence and the article", must=True),
            LongText("decision_facts", "违法事实和证据", "Facts and evidence", longest=10_000), LongText("pleas_handled", "陈述申辩、听证意见的采纳情况", "How pleas were dealt with", longest=6000),
            LongText("discretion", "处罚依据和裁量理由", "Basis and discretion", longest=6000), Text("pay_to", "罚款缴纳方式（代收机构、账号）", "Where to pay"),
        ],
        documents=[penalty_decision], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(APL, "60"), cite(O30, "57")], confirms=True,
    )  # fmt: skip
    decide_none = Transition(
        "决定不予处罚", "Decide that there is no penalty", code="P27", sources=[decision_pending], to=decided, by=[LEADER],
        guards=[
            body_is_the_competent_one, certified(), party_is_still_named_so, notice_was_served_and_its_time_is_over, results_are_told, recusals_are_answered("recusals", "asked"),
            discussion_stands, legal_review_stands, reviewer_did_not_investigate, measures_are_in_time, no_transfer_is_open,
        ],
        inputs=[
            NO_PENALTY_GROUND, REASONS, LongText("education", "教育情况", "How the party was educated", longest=4000),
        ],
        documents=[no_penalty_decision], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(APL, "33"), cite(CODE, "1056")], confirms=True,
    )  # fmt: skip
    send_decision = Transition(
        "送达决定书", "Send the decision", code="P28a", sources=[decided, announcement_service], by=[INVESTIGATOR],
        guards=[decision_sent_is_the_newest, nothing_open("service_of_decision")],
        inputs=[Choice("document", "决定书", "Decision", options=((DECISIONS[0], Label("行政处罚决定书", "Penalty decision")), (DECISIONS[1], Label("不予行政处罚决定书", "Decision of no penalty")))), ADDRESSEE],
        basis=[cite(APL, "61")],
    )  # fmt: skip
    service_of_decision = Child(
        "送达决定书", "Service of the decision", "service", opened_by=send_decision, inputs={"document": "document_sent", "addressee": "addressee"},
        capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    serve_decision = Transition(
        "处罚决定书送达", "The penalty is served", code="P28", sources=[decided, announcement_service], to=performance, by=[SYSTEM], automatic=True,
        guards=[joined(service_of_decision, *ENDED), awaits_service(*DECISIONS), day_of_service_is_known, penalty_is_to_be_paid],
        inputs=[SERVED_ON], brings=Brings("service_of_decision", {"served_on": "served_on"}), serves=[penalty_decision],
        effects=[Join(Capacity.PARTY, subject=True), Sentence("rule", "decided_fine", "decided_confiscation", "served_on", decision="penalty_decision", published=PUBLISHED)], notices=[*PARTY, INVESTIGATOR, SUPERVISOR],
        basis=[cite(APL, "61,66,67")],
    )  # fmt: skip
    serve_decision_without_payment = Transition(
        "处罚决定书送达（无需缴款）", "The penalty is served, nothing to pay", code="P28b", sources=[decided, announcement_service], to=closing, by=[SYSTEM], automatic=True,
        guards=[joined(service_of_decision, *ENDED), awaits_service(*DECISIONS), day_of_service_is_known, penalty_without_payment],
        inputs=[SERVED_ON], brings=Brings("service_of_decision", {"served_on": "served_on"}), serves=[penalty_decision],
        effects=[Join(Capacity.PARTY, subject=True), Sentence("rule", "decided_fine", "decided_confiscation", "served_on", decision="penalty_decision", published=PUBLISHED)], notices=[*PARTY, INVESTIGATOR, SUPERVISOR],
        basis=[cite(APL, "61")],
    )  # fmt: skip
    serve_no_penalty_decision = Transition(
        "不予处罚决定书送达", "The decision of no penalty is served", code="P28c", sources=[decided, announcement_service], to=closing, by=[SYSTEM], automatic=True,
        guards=[joined(service_of_decision, *ENDED), awaits_service(*DECISIONS), day_of_service_is_known, decision_is_no_penalty],
        inputs=[SERVED_ON], brings=Brings("service_of_decision", {"served_on": "served_on"}), serves=[no_penalty_decision],
        effects=[Join(Capacity.PARTY, subject=True)], notices=[*PARTY, INVESTIGATOR, SUPERVISOR], basis=[cite(APL, "61")],
    )  # fmt: skip
    send_document = Transition(
        "送达其他文书", "Send another document", code="P28d", sources=[*FILED.states, *AFTER_DECISION.states], by=[INVESTIGATOR], guards=[document_sent_was_made],
        inputs=[Choice("document", "文书", "Document", options=tuple(SENDABLE.items())), ADDRESSEE],
        basis=[cite(APL, "61")],
    )  # fmt: skip
    service_of_document = Child(
        "送达其他文书", "Service of another document", "service", opened_by=send_document, inputs={"document": "document_sent", "addressee": "addressee"},
        capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    announce_decision = Transition(
        "公告送达决定书", "Serve by announcement", code="P29", sources=[decided], to=announcement_service, by=[INVESTIGATOR],
        inputs=[Day("announced_on", "公告日期", "Announced on", past=True), LongText("ways_failed", "其他方式无法送达的原因", "Why other ways failed", longest=2000)],
        documents=[announcement], notices=[SUPERVISOR], basis=[cite("CPL", "95"), cite(APL, "61")], confirms=True,
    )  # fmt: skip
    publish = Transition(
        "公开处罚决定", "Publish the decision", code="P30", sources=AFTER_DECISION, by=[SUPERVISOR], guards=[decision_was_made, publication_ends_after_it_begins],
        inputs=[Day("published_on", "公开日期", "Published on", past=True), Text("published_at", "公开网址", "Where"), PUBLISHED_UNTIL, LongText("redacted", "隐去的信息", "What was redacted", longest=2000)],
        effects=[PUBLISHED], documents=[publication_sheet], basis=[cite(APL, "48"), cite(O30, "64")],
    )  # fmt: skip
    withdraw_publication = Transition(
        "撤回公开信息", "Withdraw the publication", code="P30a", sources=[*FILED.states, *AFTER_DECISION.states], by=[SUPERVISOR], guards=[decision_was_lifted],
        inputs=[Day("withdrawn_on", "撤回日期", "Withdrawn on", past=True), LongText("withdrawal_note", "公开说明的理由", "Reasons made public", longest=2000)],
        effects=[Withdraw("withdrawn_on")], documents=[publication_sheet], basis=[cite(APL, "48")],
    )  # fmt: skip

    # Performance --------------------------------------------------------------------------------

    report_payment = Transition(
        "提交缴款凭证", "Report a payment", code="P31a", sources=TO_EXECUTE, by=PARTY, recorded_by=[SUPERVISOR, INVESTIGATOR], item=Raise(payments),
        inputs=[Day("paid_on", "缴款日期", "Paid on", past=True), PAID, Text("receipt_no", "票据号", "Receipt", longest=60), Files("receipt", "票据", "Receipt, scanned", required=False)],
        notices=[SUPERVISOR], basis=[cite(APL, "67")],
    )  # fmt: skip
    confirm_payment = Transition(
        "核实缴款", "Confirm a payment", code="P31b", sources=TO_EXECUTE, by=[SUPERVISOR], item=Take(payments, ("reported",), {"confirmed": "confirmed", "refused": "refused"}, by="payment_verdict"),
        inputs=[
            Choice("payment_verdict", "核实结果", "Result", options=(("confirmed", Label("已到账", "Received")), ("refused", Label("未到账", "Not received")))),
            LongText("payment_note", "说明", "Note", required=False, longest=1000),
        ],
        notices=[*PARTY], basis=[cite(APL, "67"), cite(O30, "74")],
    )  # fmt: skip
    close_instalment = Transition(
        "该期已缴", "An instalment is paid", code="P31c", sources=[deferred], by=[SUPERVISOR], guards=[instalment_is_covered], item=Take(instalments, ("granted",), "paid"),
        notices=[*PARTY], basis=[cite(APL, "66")],
    )  # fmt: skip
    settle = Transition(
        "缴清，提请结案", "Paid: submit for closing", code="P31", sources=TO_EXECUTE, to=closing, by=[SUPERVISOR], guards=[account_is_settled],
        inputs=[YesNo("correction_checked", "已核查改正情况", "The correction was checked", must=True), LongText("correction_note", "改正情况", "State of the correction", longest=2000)],
        notices=[LEADER, *PARTY], basis=[cite(APL, "67,72"), cite(O30, "77")],
    )  # fmt: skip
    ask_deferral = Transition(
        "申请延期或者分期", "Ask for deferral or instalments", code="P32a", sources=[performance], by=PARTY, recorded_by=[INVESTIGATOR, SUPERVISOR], guards=[payment_is_not_due_yet],
        inputs=[
            Choice("deferral", "申请", "Asked for", options=(("defer", Label("延期", "Deferral")), ("instalments", Label("分期", "Instalments")))),
            LongText("hardship", "经济困难的情况", "Hardship", longest=4000), Files("hardship_proof", "证明材料", "Proof", required=False),
        ],
        notices=[LEADER, SUPERVISOR], basis=[cite(APL, "66"), cite(O30, "74")],
    )  # fmt: skip
    plan_instalment = Transition(
        "拟定一期", "Plan an instalment", code="P32b", sources=[performance], by=[SUPERVISOR, LEADER], guards=[deferral_was_asked_for], item=Raise(instalments),
        inputs=[Day("instalment_due_on", "缴款末日", "To be paid by", future=True), Money("instalment_amount", "金额", "Amount")],
        basis=[cite(O30, "74")],
    )  # fmt: skip
    refuse_deferral = Transition(
        "不同意延期或者分期", "Refuse the deferral", code="P32c", sources=[performance], by=[LEADER], guards=[deferral_was_asked_for], inputs=[REASONS],
        moves=[MoveRows(instalments, {"planned": "dropped"})], documents=[internal_approval], notices=[*PARTY, SUPERVISOR], basis=[cite(O30, "74")],
    )  # fmt: skip
    defer = Transition(
        "同意延期或者分期", "Grant the deferral", code="P32", sources=[performance], to=deferred, by=[LEADER],
        guards=[deferral_was_asked_for, instalments_make_up_the_fine, deferral_ends_before_the_court_limit],
        inputs=[Day("deferred_until", "最后一期缴款末日", "Last day of the last instalment", future=True)],
        moves=[MoveRows(instalments, {"planned": "granted"})], documents=[deferral_notice], notices=[*PARTY, SUPERVISOR], basis=[cite(APL, "66"), cite(O30, "74")], confirms=True,
    )  # fmt: skip
    become_overdue = Transition(
        "逾期未缴", "Not paid in time", code="P33", sources=[performance], to=overdue, by=[SYSTEM],
        moves=[MoveRows(instalments, {"planned": "dropped"})], notices=[*PARTY, SUPERVISOR], basis=[cite(APL, "72")],
    )  # fmt: skip
    miss_instalment = Transition(
        "分期逾期未缴", "An instalment is missed", code="P33a", sources=[performance, deferred], to=overdue, by=[SYSTEM], guards=[payment_is_deferred],
        notices=[*PARTY, SUPERVISOR], basis=[cite(APL, "72")],
    )  # fmt: skip
    end_deferral = Transition(
        "延期、分期期限届满", "The deferral has ended", code="P33b", sources=[deferred, overdue, demand_served, court_applied], by=[SYSTEM], notices=[SUPERVISOR, LEADER], basis=[cite(APL, "72")],
    )  # fmt: skip
    issue_demand = Transition(
        "制作催告书", "Issue the demand", code="P34a", sources=[overdue], by=[SUPERVISOR], guards=[nothing_open("service_of_demand"), demand_is_the_account],
        inputs=[Money("demanded", "催告金额（含加处罚款）", "Sum demanded, surcharge included"), ADDRESSEE],
        documents=[demand_letter], notices=[INVESTIGATOR], basis=[cite(AEL, "54"), cite(APL, "72")],
    )  # fmt: skip
    service_of_demand = Child(
        "送达催告书", "Service of the demand", "service", opened_by=issue_demand, given={"document": "demand_letter"}, inputs={"addressee": "addressee"},
        capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    serve_demand = Transition(
        "催告书送达", "The demand is served", code="P34", sources=[overdue], to=demand_served, by=[SYSTEM], automatic=True,
        guards=[joined(service_of_demand, *ENDED), awaits_service("demand_letter"), day_of_service_is_known],
        inputs=[SERVED_ON], brings=Brings("service_of_demand", {"served_on": "served_on"}), serves=[demand_letter], notices=[*PARTY, SUPERVISOR, LEADER], basis=[cite(AEL, "54")],
    )  # fmt: skip
    answer_demand = Transition(
        "对催告陈述申辩", "Plead against the demand", code="P34b", sources=[demand_served], by=PARTY, recorded_by=[INVESTIGATOR, SUPERVISOR],
        inputs=[LongText("demand_plea", "陈述申辩意见", "Statement", longest=4000)], notices=[SUPERVISOR, LEADER], basis=[cite(AEL, "54")],
    )  # fmt: skip
    end_suit_time = Transition(
        "起诉期限届满", "The time for a suit is over", code="P35a", sources=TO_EXECUTE, by=[SYSTEM], notices=[SUPERVISOR, LEADER], basis=[cite(ALL, "46"), cite(AEL, "53")],
    )  # fmt: skip
    end_suit_time_after_reconsideration = Transition(
        "复议后起诉期限届满", "The time for a suit after reconsideration is over", code="P35b", sources=TO_EXECUTE, by=[SYSTEM], notices=[SUPERVISOR, LEADER], basis=[cite(ALL, "45"), cite(AEL, "53")],
    )  # fmt: skip
    close_court_window = Transition(
        "申请强制执行期限届满", "The window to the court is closed", code="P35c", sources=TO_EXECUTE, by=[SYSTEM], notices=[SUPERVISOR, LEADER], basis=[cite(AEL, "53")],
    )  # fmt: skip
    apply_to_court = Transition(
        "申请法院强制执行", "Apply to the court", code="P35", sources=[demand_served], to=court_applied, by=[LEADER],
        guards=[remedy_time_is_over, time_of_the_demand_is_over, court_window_is_open],
        inputs=[
            Text("court", "受理法院", "Court"), LongText("enforcement_request", "申请事项和事实", "Request and facts", longest=6000),
            YesNo("papers_complete", "五类材料齐备并已签名盖章", "The five kinds of papers are there, signed and sealed", must=True),
        ],
        documents=[enforcement_application], notices=[SUPERVISOR, INVESTIGATOR], basis=[cite(AEL, "53,54")], confirms=True,
    )  # fmt: skip
    note_court_acceptance = Transition(
        "法院受理", "The court accepts", code="P36", sources=[court_applied], to=closing, by=[SUPERVISOR], received=True, notices=[LEADER, INVESTIGATOR], basis=[cite(AEL, "56"), cite(O30, "77")],
    )  # fmt: skip
    note_court_refusal = Transition(
        "法院不予受理", "The court refuses", code="P36a", sources=[court_applied], to=overdue, by=[SUPERVISOR], received=True, inputs=[REASONS], notices=[LEADER, INVESTIGATOR], basis=[cite(AEL, "56")],
    )  # fmt: skip
    note_ruling = Transition(
        "法院裁定", "The court rules", code="P36b", sources=[closing, closed], by=[SUPERVISOR], received=True, guards=[court_has_accepted],
        inputs=[Choice("ruling", "裁定", "Ruling", options=(("execute", Label("准予执行", "Execute")), ("refuse", Label("不准予执行", "Do not execute"))))],
        notices=[LEADER, INVESTIGATOR], basis=[cite(AEL, "57,58")],
    )  # fmt: skip

    # Remedies, annulment, refusal ---------------------------------------------------------------

    annul = Transition(
        "决定被撤销", "The decision is annulled", code="P37", sources=EVER_DECIDED, to=closing, by=[LEADER], received=True, guards=[decision_was_made],
        inputs=[ANNULLED_BY, REASONS], effects=[Lift()], notices=[*PARTY, INVESTIGATOR, SUPERVISOR], basis=[cite(APL, "48")], confirms=True,
    )  # fmt: skip
    record_remedy = Transition(
        "登记复议或者诉讼", "Enter a reconsideration or a suit", code="P37a", sources=AFTER_DECISION, by=[SUPERVISOR, LEGAL_REVIEWER], received=True,
        guards=[decision_was_made, no_remedy_is_open], inputs=[REMEDY_KIND, FILED_ON], notices=[LEADER, INVESTIGATOR], basis=[cite(ARL, "20"), cite(ALL, "46"), cite(APL, "73")],
    )  # fmt: skip
    remedies = Child(
        "行政复议、行政诉讼", "Reconsideration or suit", "remedy", opened_by=record_remedy, inputs={"kind": "remedy_kind", "filed_on": "filed_on"},
        capacities=(Capacity.LEAD, Capacity.PARTY), track=True,
    )  # fmt: skip
    reconsideration_ends = Transition(
        "行政复议结束", "The reconsideration has ended", code="P37b", sources=TO_EXECUTE, by=[SYSTEM], automatic=True, guards=[reconsideration_has_ended],
        inputs=[REMEDY_ENDED_ON], brings=Brings("remedies", {"remedy_ended_on": "ended_on"}), notices=[LEADER, SUPERVISOR], basis=[cite(ALL, "45"), cite(APL, "73")],
    )  # fmt: skip
    suit_ends = Transition(
        "行政诉讼结束", "The suit has ended", code="P37c", sources=TO_EXECUTE, by=[SYSTEM], automatic=True, guards=[suit_has_ended],
        inputs=[REMEDY_ENDED_ON], brings=Brings("remedies", {"remedy_ended_on": "ended_on"}), notices=[LEADER, SUPERVISOR], basis=[cite(APL, "73")],
    )  # fmt: skip
    record_change = Transition(
        "处罚被变更", "The penalty is changed", code="P37d", sources=AFTER_SERVICE, by=[LEADER], received=True, guards=[penalty_was_decided],
        inputs=[ANNULLED_BY, Money("fine", "变更后的罚款", "Fine as changed"), Money("confiscation", "变更后的没收", "Confiscation as changed"), REASONS],
        effects=[Lift(), Sentence("rule", "fine", "confiscation", decision="penalty_decision")], notices=[*PARTY, INVESTIGATOR, SUPERVISOR], basis=[cite(APL, "48")], confirms=True,
    )  # fmt: skip
    order_redo = Transition(
        "决定被撤销，重新处理", "Annulled: to be done again", code="P37e", sources=EVER_DECIDED, to=investigating, by=[LEADER], received=True, guards=[decision_was_made],
        inputs=[ANNULLED_BY, Day("redo_by", "重新作出的期限", "To be done again by", future=True), REASONS], effects=[Lift()],
        notices=[*PARTY, INVESTIGATOR, SUPERVISOR], basis=[cite(APL, "48")], confirms=True,
    )  # fmt: skip
    find_refusal = Transition(
        "复查发现拒不改正", "Find a refusal to correct", code="P38", sources=AFTER_SERVICE, by=[INVESTIGATOR], guards=[certified("officers")],
        inputs=[OFFICERS, Day("reinspected_on", "复查日期", "Re-inspected on", past=True), LongText("refusal", "拒不改正的事实", "Facts of the refusal", longest=4000), CORRECT_WHAT, CORRECT_BY, SCAN],
        documents=[inspection_record, correction_order], notices=[SUPERVISOR, LEADER], basis=[cite(REG, "21,22"), cite(CODE, "1056")],
    )  # fmt: skip
    reopen = Transition(
        "重新办理", "Reopen", code="P38a", sources=[archived], to=closing, by=[LEADER], reopens=True,
        inputs=[
            Choice("reopened_because", "事由", "Why", options=(("refusal", Label("复查发现拒不改正", "A refusal to correct was found")), ("remedy", Label("提起复议或者诉讼", "A remedy was brought")))),
            REASONS,
        ],
        notices=[SUPERVISOR, INVESTIGATOR], basis=[cite(REG, "21,22")], confirms=True,
    )  # fmt: skip
    tell_halt = Transition(
        "责令停产整治告知", "Tell the party of a halt", code="P38b", sources=AFTER_SERVICE, by=[LEADER], guards=[refusal_was_found], inputs=[REASONS],
        documents=[halt_notice], notices=[INVESTIGATOR], basis=[cite(REG, "21,22"), cite(APL, "44"), cite(O30, "46")],
    )  # fmt: skip
    decide_halt = Transition(
        "责令停产整治决定", "Decide a halt", code="P38c", sources=AFTER_SERVICE, by=[LEADER], guards=[halt_was_told_and_its_time_is_over], inputs=[REASONS],
        documents=[halt_decision], notices=[INVESTIGATOR], basis=[cite(REG, "21,22")], confirms=True,
    )  # fmt: skip
    propose_cut = Transition(
        "提请核减配额", "Propose the cut of allowances", code="P38d", sources=AFTER_SERVICE, by=[SUPERVISOR], guards=[refusal_was_found],
        inputs=[LongText("cut", "提请自治区厅核减的理由和比例", "Reasons and share, for the region", longest=2000)],
        documents=[internal_approval], notices=[LEADER], basis=[cite(REG, "22,24")],
    )  # fmt: skip

    # Closing ------------------------------------------------------------------------------------

    close = Transition(
        "批准结案", "Close", code="P39", sources=[closing], to=closed, by=[LEADER], guards=[ground_for_closing_holds, nothing_open(*FOLLOWS)],
        inputs=[
            CLOSING_GROUND, LongText("closing_note", "说明", "Note", required=False, longest=2000),
            YesNo("decision_carried_out", "决定、改正和救济情况已核对", "Execution, correction and remedies were checked", must=True),
        ],
        documents=[closing_approval], notices=[INSPECTOR, SUPERVISOR], basis=[cite(O30, "77")], confirms=True,
    )  # fmt: skip
    archive = Transition(
        "归档", "Archive", code="P39a", sources=[closed], to=archived, by=[INSPECTOR], guards=[nothing_open(*FOLLOWS)],
        inputs=[
            Choice("retention", "保管期限", "Retention", options=(
                ("permanent", Label("永久", "Permanent")), ("years30", Label("30年", "30 years")), ("years10", Label("10年", "10 years")), ("years5", Label("5年", "5 years")),
            )),
            Text("shelf_mark", "档号", "Shelf mark", required=False), YesNo("index_complete", "正卷、副卷目录完整", "Main and side index are complete", must=True),
        ],
        documents=[file_cover, file_index, file_notes], basis=[cite(HN24)], confirms=True,
    )  # fmt: skip
    propose_closing = Transition(
        "以其他情形结案", "Close on another ground", code="P39b", sources=TO_EXECUTE, to=closing, by=[LEADER], inputs=[REASONS],
        documents=[internal_approval], notices=[SUPERVISOR, INVESTIGATOR], basis=[cite(O30, "77")], confirms=True,
    )  # fmt: skip

    measures = Child(
        "登记保存、查封扣押", "Preservation or seizure", "measure", opened_by=take_measure, inputs={"kind": "kind", "urgent": "urgent", "things": "things"},
        capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    corrections = Child(
        "责令改正", "Correction", "correction", opened_by=order_correction, given={"document": "correction_order"}, inputs={"what": "what", "due_on": "due_on"},
        capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip
    corrections_after_refusal = Child(
        "再次责令改正", "Correction ordered again", "correction", opened_by=find_refusal, given={"document": "correction_order"}, inputs={"what": "what", "due_on": "due_on"},
        capacities=(Capacity.LEAD, Capacity.INVESTIGATOR), track=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    _WHILE_SERVED = (serve_notice, serve_notice_of_hearing, serve_no_penalty_notice)
    _NOT_COUNTED = (
        Exclusion("suspension", "中止", "Suspension", begins=(suspend,), ends=(resume,), basis=(cite(O30, "35,57"),)),
        Exclusion("hearing", "听证", "Hearing", begins=(request_hearing,), ends=(hold_hearing, close_without_hearing), basis=(cite(O30, "57"),)),
        Exclusion("service", "送达", "Service", begins=(approve_notice, approve_no_penalty_notice), ends=_WHILE_SERVED, last_day="served_on", basis=(cite(O30, "57"),)),
        Exclusion("announcement", "公告", "Announcement", begins=(announce_notice,), ends=_WHILE_SERVED, last_day="served_on", basis=(cite(O30, "57"),)),
        Exclusion("testing", "监测（检测）", "Testing", begins=(commission_testing,), ends=(receive_testing,), basis=(cite(O30, "57"),)),
        Exclusion("assessment", "评估", "Assessment", begins=(commission_assessment,), ends=(receive_assessment,), basis=(cite(O30, "57"),)),
        Exclusion("appraisal", "鉴定", "Appraisal", begins=(commission_appraisal,), ends=(receive_appraisal,), basis=(cite(O30, "57"),)),
        Exclusion("recognition", "认定", "Recognition", begins=(commission_recognition,), ends=(receive_recognition,), basis=(cite(O30, "57"),)),
        Exclusion("transfer", "移送办理", "Transfer to the police", begins=(stop_for_transfer,), ends=(resume_after_transfer,), last_day="transfer_ended_on", basis=(cite(XJ17, "16"),)),
    )  # fmt: skip
    _LIFTED = (annul, order_redo)
    _LEAVES = (withdraw_filing, close_after_transfer)
    _DECIDES = (decide_penalty, decide_none)
    _SERVES = (serve_decision, serve_decision_without_payment, serve_no_penalty_decision)

    filing = Deadline(
        "立案", "Filing", anchor=FromParent("filing"), due=Lasts("filing"), expiry=Expiry.AUTHORITY_BREACH, met_by=[file, refuse_filing, transfer_instead],
        extensions=[Extension("filing_extension", [LEADER])], waits_for=LEADER, ladder="L-15", basis=[cite(O30, "18")],
    )  # fmt: skip
    time_bar = Deadline(
        "处罚时效（二年）", "Time-bar of two years", anchor=AfterDay("act_ended_on", open_case), due=Lasts("time_bar"), expiry=Expiry.RIGHT_LOST,
        met_by=[file], voided_by=[refuse_filing, transfer_instead], on_expiry=pass_time_bar, waits_for=LEADER, ladder="L-RL", basis=[cite(APL, "36")],
    )  # fmt: skip
    decision = Deadline(
        "作出处罚决定", "Penalty decision", anchor=After(file), due=Lasts("decision"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[*_DECIDES, close_after_transfer], voided_by=[withdraw_filing, terminate], excluded_by=_NOT_COUNTED,
        extensions=[Extension("decision_extension", [LEADER]), Extension("decision_collective_extension", [LEADER])],
        waits_for=LEADER, ladder="L-90", basis=[cite(APL, "60"), cite(O30, "57")],
    )  # fmt: skip
    review = Deadline(
        "案件审查", "Case review", anchor=After(submit_report, refuse_in_legal_review, decline_notice), due=Lasts("case_review"), expiry=Expiry.TARGET,
        met_by=[pass_review, return_after_review], waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    notice_approval = Deadline(
        "告知审批", "Notice approved", anchor=After(pass_review, change_proposal), due=Lasts("pre_notice_approval"), expiry=Expiry.TARGET,
        met_by=[approve_notice, approve_no_penalty_notice, decline_notice], waits_for=LEADER, ladder="L-3",
    )  # fmt: skip
    plea = Deadline(
        "陈述申辩", "Statement and defence", anchor=AfterDay("served_on", *_WHILE_SERVED), due=Lasts("plea"), expiry=Expiry.PARTY_WAIVER,
        met_by=[plead, waive_plea, request_hearing], voided_by=[go_on_unheard, *_LEAVES], on_expiry=lapse_plea, proof=service_of_the_notice_is_proven, grace="posting_grace",
        waits_for=PARTY_UNIT, ladder="L-P", basis=[cite(O30, "44"), cite(APL, "45")],
    )  # fmt: skip
    hearing_request = Deadline(
        "要求听证", "Request for a hearing", anchor=AfterDay("served_on", serve_notice_of_hearing), due=Lasts("hearing_request"), expiry=Expiry.PARTY_WAIVER,
        met_by=[request_hearing, waive_hearing], voided_by=[reopen_investigation, change_proposal, go_on_unheard, go_on, *_LEAVES], on_expiry=lapse_hearing,
        proof=service_of_the_notice_is_proven, grace="posting_grace", waits_for=PARTY_UNIT, ladder="L-P", basis=[cite(APL, "64(1)")],
    )  # fmt: skip
    plea_answer = Deadline(
        "陈述申辩复核", "Review of the plea", anchor=After(plead), due=Lasts("plea_review"), expiry=Expiry.TARGET,
        met_by=[reopen_investigation, change_proposal, go_on], voided_by=[request_hearing], waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    hearing_notification = Deadline(
        "送达听证通知书", "Notice of the hearing served", anchor=After(call_hearing), due=Before("hearing_notice_lead", "hearing_on"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[prove_hearing_notice], voided_by=[close_without_hearing], waits_for=CHAIR, ladder="L-7", basis=[cite(APL, "64(2)")],
    )  # fmt: skip
    hearing_day = Deadline(
        "举行听证", "Hearing held", anchor=After(call_hearing), due=On("hearing_on"), expiry=Expiry.TARGET,
        met_by=[hold_hearing, close_without_hearing], waits_for=CHAIR, ladder="L-7",
    )  # fmt: skip
    hearing_reporting = Deadline(
        "听证报告", "Hearing report", anchor=After(hold_hearing), due=Lasts("hearing_report"), expiry=Expiry.TARGET, met_by=[report_on_hearing],
        waits_for=CHAIR, ladder="L-7",
    )  # fmt: skip
    legality = Deadline(
        "法制审核", "Legal review", anchor=After(go_on_unheard, go_on, close_without_hearing, send_back_to_legal_review), due=Lasts("legal_review"),
        expiry=Expiry.TARGET, met_by=[pass_legal_review, return_after_legal_review, refuse_in_legal_review], waits_for=LEGAL_REVIEWER, ladder="L-7",
    )  # fmt: skip
    discussion = Deadline(
        "集体讨论", "Collective discussion", anchor=After(convene), due=Lasts("collective_discussion"), expiry=Expiry.TARGET,
        met_by=[conclude_discussion], voided_by=[send_back_to_legal_review], waits_for=LEADER, ladder="L-7",
    )  # fmt: skip
    redo = Deadline(
        "重新作出处理", "To be done again", anchor=After(order_redo), due=On("redo_by"), expiry=Expiry.AUTHORITY_BREACH, met_by=[*_DECIDES, terminate, close_after_transfer],
        voided_by=[withdraw_filing], waits_for=LEADER, ladder="L-15",
    )  # fmt: skip
    decision_service = Deadline(
        "送达决定书", "Service of the decision", anchor=After(*_DECIDES), due=Lasts("service"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[*_SERVES, announce_decision], voided_by=_LIFTED, waits_for=INVESTIGATOR, ladder="L-7", basis=[cite(APL, "61")],
    )  # fmt: skip
    publication = Deadline(
        "公开处罚决定", "Publication of the decision", anchor=After(*_DECIDES), due=Lasts("penalty_publication"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[publish], voided_by=_LIFTED, waits_for=SUPERVISOR, ladder="L-7", basis=[cite(O30, "64"), cite(APL, "48")],
    )  # fmt: skip
    publication_withdrawal = Deadline(
        "撤回公开信息", "Publication withdrawn", anchor=After(*_LIFTED, record_change), due=Lasts("publication_withdrawal"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[withdraw_publication], waits_for=SUPERVISOR, ladder="L-3", basis=[cite(APL, "48")],
    )  # fmt: skip
    payment = Deadline(
        "缴纳罚款", "Payment of the fine", anchor=AfterDay("served_on", serve_decision), due=Lasts("payment"), expiry=Expiry.PARTY_BREACH,
        met_by=[settle], voided_by=[defer, miss_instalment, *_LIFTED, propose_closing, note_court_acceptance], on_expiry=become_overdue, waits_for=PARTY_UNIT, ladder="L-P", basis=[cite(APL, "67")],
    )  # fmt: skip
    instalment = Deadline(
        "缴纳该期罚款", "An instalment", anchor=After(plan_instalment), due=On("instalment_due_on"), expiry=Expiry.PARTY_BREACH, per=instalments,
        met_by=[close_instalment, settle], voided_by=[refuse_deferral, become_overdue, miss_instalment, *_LIFTED, propose_closing],
        on_expiry=miss_instalment, waits_for=PARTY_UNIT, ladder="L-P", basis=[cite(APL, "66")],
    )  # fmt: skip
    deferral_end = Deadline(
        "延期、分期期限", "End of the deferral", anchor=After(defer), due=On("deferred_until"), expiry=Expiry.PARTY_BREACH, met_by=[settle],
        voided_by=[*_LIFTED, propose_closing, note_court_acceptance], on_expiry=end_deferral, waits_for=PARTY_UNIT, ladder="L-P", basis=[cite(APL, "72")],
    )  # fmt: skip
    suit = Deadline(
        "提起行政诉讼", "Suit", anchor=AfterDay("served_on", serve_decision), due=Lasts("suit"), expiry=Expiry.PARTY_WAIVER,
        voided_by=[reconsideration_ends, suit_ends, settle, *_LIFTED, propose_closing, note_court_acceptance], on_expiry=end_suit_time, proof=no_remedy_is_open,
        waits_for=PARTY_UNIT, ladder="L-RL", basis=[cite(ALL, "46")],
    )  # fmt: skip
    suit_after_reconsideration = Deadline(
        "复议后起诉", "Suit after reconsideration", anchor=AfterDay("remedy_ended_on", reconsideration_ends), due=Lasts("suit_after_reconsideration"),
        expiry=Expiry.PARTY_WAIVER, voided_by=[suit_ends, settle, *_LIFTED, propose_closing, note_court_acceptance],
        on_expiry=end_suit_time_after_reconsideration, proof=no_remedy_is_open, waits_for=PARTY_UNIT, ladder="L-RL", basis=[cite(ALL, "45")],
    )  # fmt: skip
    court_window = Deadline(
        "申请法院强制执行", "Application to the court", anchor=After(end_suit_time, end_suit_time_after_reconsideration, end_deferral), due=Lasts("court_window"),
        expiry=Expiry.RIGHT_LOST, met_by=[apply_to_court], voided_by=[settle, *_LIFTED, propose_closing, note_court_acceptance], on_expiry=close_court_window,
        proof=remedy_time_is_over, waits_for=LEADER, ladder="L-RL", basis=[cite(AEL, "53"), cite(APL, "72")],
    )  # fmt: skip
    demand = Deadline(
        "催告期", "Demand to perform", anchor=AfterService(demand_letter), due=Lasts("demand"), expiry=Expiry.PARTY_BREACH, met_by=[settle],
        voided_by=[*_LIFTED, propose_closing, note_court_acceptance], waits_for=PARTY_UNIT, ladder="L-P", basis=[cite(AEL, "54")],
    )  # fmt: skip
    court_acceptance = Deadline(
        "法院受理", "Acceptance by the court", anchor=After(apply_to_court), due=Lasts("court_acceptance"), expiry=Expiry.TARGET,
        met_by=[note_court_acceptance, note_court_refusal], voided_by=[settle, *_LIFTED, propose_closing], waits_for=SUPERVISOR, ladder="L-15", basis=[cite(AEL, "56")],
    )  # fmt: skip
    court_ruling = Deadline(
        "法院裁定", "Ruling of the court", anchor=After(note_court_acceptance), due=Lasts("court_ruling"), expiry=Expiry.TARGET, met_by=[note_ruling],
        voided_by=_LIFTED, waits_for=SUPERVISOR, ladder="L-15", basis=[cite(AEL, "57")],
    )  # fmt: skip
    closing_target = Deadline(
        "结案审批", "Closing approved", due=Lasts("closing"), expiry=Expiry.TARGET, met_by=[close], voided_by=[order_redo], waits_for=LEADER, ladder="L-7",
        anchor=After(settle, note_court_acceptance, submit_terminated, serve_decision_without_payment, serve_no_penalty_decision, annul, close_after_transfer, propose_closing, reopen),
    )  # fmt: skip
    archiving = Deadline(
        "案卷归档", "Case file archived", anchor=After(close, refuse_filing, transfer_instead, withdraw_filing), due=Lasts("case_archive"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[archive], voided_by=_LIFTED, waits_for=INSPECTOR, ladder="L-15", basis=[cite(HN24)],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    # fmt: off
    conduct = Fact("涉嫌行为", "Conduct", latest="conduct", of=[open_case])
    party_kind = Fact("当事人类别", "Kind of party", latest="party_kind", of=[open_case])
    cause = Fact("案由", "Cause", latest="cause", of=[open_case])
    discovered_on = Fact("发现日期", "Discovered on", latest="discovered_on", of=[open_case])
    act_began_on = Fact("行为开始日期", "The act began on", latest="act_began_on", of=[file])
    act_ended_on = Fact("行为终了日期", "The act ended on", latest="act_ended_on", of=[open_case, file])
    harm = Fact("危害后果", "Harm", latest="harm", of=[file])
    filed_on = Fact("立案日期", "Filed on", day=True, of=[file])
    party_name = Fact("当事人名称", "Name of the party", latest="party_name", of=[write_report])
    proposal = Fact("处理建议", "Proposal", latest="proposal", of=[write_report])
    rule = Fact("适用规定", "Rule applied", latest="rule", of=[write_report, change_proposal])
    gain = Fact("违法所得", "Illegal gain", latest="gain", of=[write_report, change_proposal], unit="元")
    obtainable_gain = Fact("已取得和应取得的所得", "Gain obtained and obtainable", latest="obtainable_gain", of=[write_report, change_proposal], unit="元")
    tonnes = Fact("配额数量", "Allowances", latest="tonnes", of=[write_report, change_proposal], unit="t")
    price = Fact("平均成交价格", "Mean price", latest="price", of=[write_report, change_proposal], unit="元/t")
    serious = Fact("情节严重", "Serious", latest="serious", of=[write_report, change_proposal])
    order_disobeyed = Fact("拒不改正", "Order disobeyed", latest="order_disobeyed", of=[write_report, change_proposal])
    halts = Fact("拟限产停产", "Halt proposed", latest="halts", of=[write_report, change_proposal])
    fine = Fact("拟处罚款", "Fine proposed", latest="fine", of=[write_report, change_proposal], unit="元")
    confiscation = Fact("拟没收违法所得", "Confiscation proposed", latest="confiscation", of=[write_report, change_proposal], unit="元")
    ground = Fact("减轻理由", "Ground to go below", latest="ground", of=[write_report, change_proposal])
    ban = Fact("拟禁业", "Ban proposed", latest="ban", of=[write_report, change_proposal])
    ban_reasons = Fact("情节严重的理由", "Why it is serious", latest="ban_reasons", of=[write_report, change_proposal])
    complex_case = Fact("案情复杂", "Complex case", latest="complex_case", of=[write_report])
    public_interest = Fact("重大公共利益", "Public interest", latest="public_interest", of=[write_report])
    testing_begun = Fact("委托监测次数", "Tests commissioned", count=True, of=[commission_testing])
    testing_ended = Fact("收到监测结果次数", "Test results received", count=True, of=[receive_testing])
    assessment_begun = Fact("委托评估次数", "Assessments commissioned", count=True, of=[commission_assessment])
    assessment_ended = Fact("收到评估结果次数", "Assessments received", count=True, of=[receive_assessment])
    appraisal_begun = Fact("委托鉴定次数", "Appraisals commissioned", count=True, of=[commission_appraisal])
    appraisal_ended = Fact("收到鉴定结果次数", "Appraisals received", count=True, of=[receive_appraisal])
    recognition_begun = Fact("委托认定次数", "Recognitions commissioned", count=True, of=[commission_recognition])
    recognition_ended = Fact("收到认定结果次数", "Recognitions received", count=True, of=[receive_recognition])
    results_received = Fact("收到的结果", "Results received", count=True, of=[receive_testing, receive_assessment, receive_appraisal, receive_recognition])
    results_told = Fact("已告知的结果", "Results told", count=True, of=[tell_result])
    evidence_count = Fact("证据份数", "Pieces of evidence", count=True, of=[
        record_inspection, record_inquiry, collect_material, add_photographs, take_samples, receive_assistance,
        receive_testing, receive_assessment, receive_appraisal, receive_recognition, add_evidence,
    ])  # fmt: skip
    evidence_reviewed = Fact("法制审核的证据份数", "Pieces of evidence reviewed", latest="evidence_seen", of=[pass_legal_review])
    transfers_begun = Fact("移送期间开始次数", "Transfers begun", count=True, of=[stop_for_transfer])
    transfers_ended = Fact("移送期间结束次数", "Transfers ended", count=True, of=[resume_after_transfer])
    hearing_right = Fact("告知听证权利", "Right to a hearing told", latest="hearing_right", of=[approve_notice])
    wants_discussion = Fact("提交集体讨论", "To be discussed", latest="wants_discussion", of=[approve_notice])
    electronic_agreed = Fact("同意电子送达", "Electronic service agreed to", latest="electronic", of=[confirm_address])
    notice_served_on = Fact("告知书送达日期", "Notice served on", latest="served_on", of=_WHILE_SERVED)
    plea_lapsed_on = Fact("视为放弃陈述申辩", "Plea deemed waived on", day=True, of=[lapse_plea])
    hearing_lapsed_on = Fact("视为放弃听证", "Hearing deemed waived on", day=True, of=[lapse_hearing])
    hearing_on = Fact("听证日期", "Day of the hearing", latest="hearing_on", of=[call_hearing])
    hearing_held_on = Fact("听证举行日期", "Hearing held on", day=True, of=[hold_hearing])
    discussed_on = Fact("集体讨论日期", "Discussed on", day=True, of=[conclude_discussion])
    decided_on = Fact("决定日期", "Decided on", day=True, of=_DECIDES)
    decided_fine = Fact("罚款", "Fine", latest="fine", of=[decide_penalty, record_change], unit="元")
    decided_confiscation = Fact("没收违法所得", "Confiscation", latest="confiscation", of=[decide_penalty, record_change], unit="元")
    decided_ban = Fact("禁业", "Ban", latest="ban", of=[decide_penalty])
    no_penalty_ground = Fact("不予处罚的事由", "Ground for no penalty", latest="no_penalty_ground", of=[decide_none])
    document_sent = Fact("送达的文书", "Document sent", latest="document", of=[send_decision, send_document])
    decision_served_on = Fact("决定书送达日期", "Decision served on", latest="served_on", of=_SERVES)
    published_on = Fact("公开日期", "Published on", latest="published_on", of=[publish])
    published_at = Fact("公开网址", "Published where", latest="published_at", of=[publish])
    published_until = Fact("公示截止日期", "Public until", latest="published_until", of=[publish])
    deferral_asked_on = Fact("申请延期分期日期", "Deferral asked for on", day=True, of=[ask_deferral])
    settled_on = Fact("缴清日期", "Settled on", day=True, of=[settle])
    remedy_ended_on = Fact("救济结束日期", "Remedy ended on", latest="remedy_ended_on", of=[reconsideration_ends, suit_ends])
    remedy_time_ended_on = Fact("救济期限届满", "Time for remedies over on", day=True, of=[end_suit_time, end_suit_time_after_reconsideration, suit_ends])
    court_accepted_on = Fact("法院受理日期", "Accepted by the court on", day=True, of=[note_court_acceptance])
    annulled_on = Fact("撤销或者变更日期", "Annulled or changed on", day=True, of=[*_LIFTED, record_change])
    refusal_found_on = Fact("发现拒不改正", "Refusal found on", day=True, of=[find_refusal])
    terminated_on = Fact("终止调查日期", "Investigation ended on", day=True, of=[terminate])
    transferred_on = Fact("移送结案日期", "Closed as transferred on", day=True, of=[close_after_transfer])
    # fmt: on
