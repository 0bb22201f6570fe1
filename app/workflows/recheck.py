"""Re-check 复查 of a verifier's report before its result is notified (SM-2), child of a verification.

The city's plan 卫政办发〔2023〕61号 asks that the verifying agency revise its report by the re-check
opinions and answer for its truth. Law gives no periods: all are local targets inside the outer
bound of the year. 复查 is not 复核, the review on the unit's objection after notification.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.engine.actors import (
    EXPERT,
    EXPERT_CANDIDATE,
    INSPECTOR,
    LEADER,
    SUPERVISOR,
    SYSTEM,
    VERIFIER,
    Capacity,
    Role,
)
from app.engine.definition import (
    AGREE,
    OPENING,
    After,
    Deadline,
    Document,
    Expiry,
    Fact,
    FromParent,
    Items,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    MoveRows,
    Per,
    Raise,
    SameDay,
    Signoff,
    State,
    StateSet,
    SubjectKind,
    Submit,
    Take,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    LongText,
    Organisation,
    People,
    Person,
    Text,
    Whole,
    YesNo,
    plain,
)
from app.engine.view import Attempt, ItemView
from app.law.labels import Label
from app.law.sources import cite
from app.workflows.clues import ABOUT_THE_AGENCY, RAISED
from app.workflows.separation import named
from app.workflows.verification import (
    INDEPENDENCE,
    OWN_DECLARATION,
    VERIFIED_SECTIONS,
    Verification,
)

GUIDE, PLAN, REG = "G130", "PLAN", "REG"

REASONS = Verification.open_recheck.inputs[0]
SECTIONS = tuple((section.number, section.label) for section in VERIFIED_SECTIONS)


# Guards -----------------------------------------------------------------------------------------


@guard(
    "复查的报告版本须为最新版（第 {latest} 版），并以此固定。",
    "The version to be re-checked is fixed: it must be the newest one ({latest}).",
    reads_inputs=True,
)
def newest_version_is_frozen(attempt: Attempt) -> bool | Unmet:
    latest = attempt.case.version_count("verification_report")
    return attempt.inputs["report_version"] == latest or Unmet(latest=latest)


@guard(
    "专家不得来自承担核查的机构或被核查单位，也不得参与过本次核查（SD-4）。",
    "An expert may not come from the agency or the unit, nor have taken part in the verification (SD-4).",
    reads_inputs=True,
)
def experts_are_independent(attempt: Attempt) -> bool:
    return _are_independent(attempt, named(attempt, "experts"))


def _are_independent(attempt: Attempt, persons: Sequence[UUID]) -> bool:
    """Whether none of them is tied to the agency, the unit or the verification (SD-4)."""
    parent = attempt.case.parent
    if parent is None:
        return True
    barred = {
        seat.organisation_id
        for capacity in (Capacity.VERIFYING_AGENCY, Capacity.REPORTED_UNIT)
        for seat in parent.participants(capacity)
    }
    return not any(parent.took_part(one) or parent.bodies_of(one) & barred for one in persons)


@guard(
    "代专家办理的人员不得来自承担核查的机构或被核查单位，也不得参与过本次核查（SD-4）。",
    "Whoever stands in for an expert may not come from the agency or the unit, nor have taken part in the verification (SD-4).",
)
def substitute_is_independent(attempt: Attempt) -> bool:
    actor = attempt.actor
    if actor.on_behalf_of is None or Role.RECHECK_EXPERT not in actor.roles:
        return True
    return _are_independent(attempt, [actor.person_id])


@guard(
    "利益冲突声明由专家本人签署，不得代办。",
    "An expert declares their interests in person: nobody does it in their place.",
)
def expert_declares_in_person(attempt: Attempt) -> bool:
    return attempt.actor.on_behalf_of is None


@guard("复查专家至少两名，现有 {count} 名。", "At least two experts are wanted, there are {count}.")
def two_experts_are_proposed(attempt: Attempt) -> bool | Unmet:
    seats = [
        *attempt.case.participants(Capacity.EXPERT_CANDIDATE),
        *attempt.case.participants(Capacity.EXPERT),
    ]
    count = len({seat.person_id for seat in seats})
    return count >= 2 or Unmet(count=count)  # noqa: PLR2004


@guard("须先告知被核查单位现场复查日期。", "The unit must be told of the visit.", reads_inputs=True)
def unit_is_told(attempt: Attempt) -> bool:
    return bool(attempt.inputs["unit_told"])


@guard(
    "需要强制检查的，须由执法人员带队。",
    "Where the force of an inspection is needed, an inspector leads.",
    basis=cite(REG, "17"),
    reads_inputs=True,
)
def inspector_leads_where_force_is_needed(attempt: Attempt) -> bool:
    return not attempt.inputs["needs_inspection"] or "lead_inspector" in attempt.inputs


def _opinions(attempt: Attempt, *statuses: str) -> list[ItemView]:
    return [row for row in attempt.case.items("opinions") if row.status in statuses]


@guard("已有复查意见，不能认定无问题。", "Opinions were raised: issue or drop them first.")
def no_opinion_was_raised(attempt: Attempt) -> bool:
    return not _opinions(attempt, "draft")


@guard(
    "有专家认为存在问题，须由局领导决定。",
    "An expert sees a problem: only a bureau leader can decide that there is none.",
)
def experts_agree_or_leader_decides(attempt: Attempt) -> bool:
    views = attempt.case.signatures("submit_view")
    return Role.BUREAU_LEADER in attempt.actor.roles or all(s.view == AGREE for s in views)


@guard("还没有复查意见。", "No opinion has been raised.")
def some_opinion_was_raised(attempt: Attempt) -> bool:
    return bool(_opinions(attempt, "draft"))


@guard(
    "不修改的，须提供证据。",
    "Whoever does not change the report must offer evidence.",
    basis=cite(PLAN),
    reads_inputs=True,
)
def refusal_is_evidenced(attempt: Attempt) -> bool:
    return attempt.inputs["answer"] == "changed" or bool(attempt.inputs.get("answer_evidence"))


@guard(
    "已答复 {done}/{all} 条，须逐条答复。", "{done} of {all} opinions are answered: answer each."
)
def every_opinion_is_answered(attempt: Attempt) -> bool | Unmet:
    left, done = len(_opinions(attempt, "issued", "returned")), len(_opinions(attempt, "answered"))
    return (left == 0 and done > 0) or Unmet(done=done, all=done + left)


def _answers(attempt: Attempt) -> list[Any]:
    return [row.data.get("answer") for row in _opinions(attempt, "answered")]


@guard(
    "没有答复为「已修改」的意见，请使用「说明不修改」。",
    "No opinion is answered “changed”: explain instead.",
)
def something_was_changed(attempt: Attempt) -> bool:
    return "changed" in _answers(attempt)


@guard(
    "有答复为「已修改」的意见，须提交修改稿。",
    "An opinion is answered “changed”: submit the revised report.",
)
def nothing_was_changed(attempt: Attempt) -> bool:
    return "changed" not in _answers(attempt)


@guard(
    "修改稿与上一版完全相同。",
    "The revised report is the same as the last version.",
    reads_inputs=True,
)
def report_differs_from_the_last_version(attempt: Attempt) -> bool:
    last = attempt.case.latest_version("verification_report")
    fields = [field.name for field in Verification.verification_report.inputs]
    return any(plain(attempt.inputs.get(name)) != last.get(name) for name in fields)


@guard("还有 {left} 条答复未审。", "{left} answers have no verdict.")
def every_answer_is_judged(attempt: Attempt) -> bool | Unmet:
    left = len(_opinions(attempt, "answered"))
    return left == 0 or Unmet(left=left)


@guard("还有 {left} 条意见未关闭。", "{left} opinions are not closed.")
def every_opinion_is_closed(attempt: Attempt) -> bool | Unmet:
    left = len(_opinions(attempt, "issued", "answered", "returned"))
    return left == 0 or Unmet(left=left)


@guard("没有需要退回的意见。", "No opinion was returned.")
def some_opinion_is_returned(attempt: Attempt) -> bool:
    return bool(_opinions(attempt, "returned"))


def _round(attempt: Attempt) -> int:
    return max((row.round for row in attempt.case.items("opinions")), default=1)


@guard(
    "已达 {limit} 轮上限，不能再次退回。",
    "The limit of {limit} rounds is reached: it cannot be sent back again.",
)
def another_round_is_left(attempt: Attempt) -> bool | Unmet:
    limit = int(attempt.law.value("recheck_rounds", attempt.today))
    return _round(attempt) < limit or Unmet(limit=limit)


@guard(
    "核查排放量变动 {share}%，超过 {limit}%，须局领导签署。",
    "The verified emission moved by {share} %, more than {limit} %: a bureau leader must sign.",
)
def leader_signed_a_large_change(attempt: Attempt) -> bool | Unmet:
    first = Decimal(str(attempt.case.facts.get("emission_before", "0")))
    now = attempt.case.latest_version("verification_report").get("verified_emission_t")
    limit = attempt.law.value("recheck_change_share_percent", attempt.today)
    if now is None or first == 0:
        return True
    share = abs(Decimal(now) - first) * 100 / first
    signed = any(s.view == AGREE for s in attempt.case.signatures("countersign_change"))
    return share <= limit or signed or Unmet(share=f"{share:.2f}", limit=limit.normalize())


GROUNDS = Choice(
    "ground",
    "不合格事由",
    "Ground",
    options=(
        ("rounds", Label("轮次用尽仍有未关闭意见", "Rounds used up, opinions still open")),
        ("overdue", Label("逾期未提交修改稿", "No revision in time")),
        ("fraud", Label("有弄虚作假迹象", "Signs of falsification")),
    ),
)


@guard(
    "所选事由不成立：轮次未用尽，或修改期限未届满。",
    "The ground does not hold: rounds are left, or the time to revise still runs.",
    reads_inputs=True,
)
def ground_for_failing_holds(attempt: Attempt) -> bool:
    match attempt.inputs["ground"]:
        case "rounds":
            limit = int(attempt.law.value("recheck_rounds", attempt.today))
            return _round(attempt) >= limit and bool(_opinions(attempt, "returned", "answered"))
        case "overdue":
            clock = attempt.case.deadline("revision")
            return clock is not None and not clock.met and clock.has_passed(attempt.now)
        case _:
            return True


@guard(
    "拟聘专家有 {count} 名处于禁业期，请重新提出人选。",
    "{count} of the experts proposed are banned: propose others.",
    basis=cite(REG, "23¶3"),
)
def no_expert_is_banned(attempt: Attempt) -> bool | Unmet:
    proposed = attempt.case.participants(Capacity.EXPERT_CANDIDATE)
    count = sum(attempt.case.is_banned(s.person_id, attempt.today) for s in proposed if s.person_id)
    return count == 0 or Unmet(count=count)


@guard(
    "重核须更换为另一家机构。",
    "The agency must be replaced by another one.",
    basis=cite(GUIDE),
    reads_inputs=True,
)
def another_agency_is_chosen(attempt: Attempt) -> bool:
    now = attempt.case.participants(Capacity.VERIFYING_AGENCY)
    return attempt.inputs["agency"] not in {str(seat.organisation_id) for seat in now}


@guard("重核机构尚未提交新的核查报告。", "The new agency has not submitted its report.")
def new_report_is_there_after_replacement(attempt: Attempt) -> bool:
    return attempt.case.state != "reassigned" or "reverified_on" in attempt.case.facts


class Recheck(Lifecycle):
    """The department's own review of the verifier's work 复查: opinions, answers, verdicts."""

    key = "recheck"
    zh, en = "核查报告复查", "Re-check of a verification report"
    subject = SubjectKind.UNIT
    number_prefix = "卫复"

    # States (domain 15) -------------------------------------------------------------------------

    selected = State("已列入复查", "Selected", waits_for=SUPERVISOR)
    expert_assignment = State("待指派专家", "Experts to be assigned", waits_for=SUPERVISOR)
    written_review = State("书面评审", "Written review", waits_for=EXPERT)
    onsite_recheck = State("现场复查", "On-site re-check", waits_for=EXPERT)
    opinion_drafting = State("意见汇总", "Opinions being drafted", waits_for=SUPERVISOR)
    opinion_issued = State(
        "复查意见已下发，待修改", "Opinions issued, revision due", waits_for=VERIFIER
    )
    revision_submitted = State("修改稿待审", "Revision under review", waits_for=EXPERT)
    accepted = State("复查通过", "Accepted", waits_for=SYSTEM)
    failed = State("复查不合格", "Failed", waits_for=SUPERVISOR)
    reassigned = State("更换机构重核", "Agency replaced", waits_for=VERIFIER)
    closed = State("已办结", "Closed", final=True)

    REVIEW = StateSet("评审中", "Under review", (written_review, onsite_recheck))

    # Rows and documents -------------------------------------------------------------------------

    opinions = Items(
        "复查意见", "Re-check opinion",
        statuses={
            "draft": Label("待下发", "Not issued yet"),
            "issued": Label("待答复", "To be answered"),
            "answered": Label("已答复", "Answered"),
            "returned": Label("退回", "Returned"),
            "accepted": Label("已接受", "Accepted"),
            "dropped": Label("未采用", "Dropped"),
        },
        open_statuses=("draft", "issued", "answered", "returned"),
        shown_to=(Role.RECHECK_EXPERT, Role.SUPERVISOR, Role.BUREAU_LEADER),
        cites="clause",
    )  # fmt: skip
    verification_report = Verification.verification_report

    task_order = Document("复查任务单", "Re-check task order", external=False)
    interests = Document("利益冲突声明", "Declaration of interests", external=False)
    recusal_record = Document("回避记录", "Record of recusal", external=False)
    visit_notice = Document("现场复查通知", "Notice of the on-site re-check")
    expert_views = Document("专家意见", "Views of the experts", external=False)
    conclusion = Document("复查结论", "Re-check conclusion", basis=(cite(PLAN),))
    opinion_letter = Document("复查意见书", "Letter of re-check opinions", basis=(cite(PLAN),))
    second_letter = Document("再次复查意见", "Second letter of opinions", basis=(cite(PLAN),))
    revision_note = Document("修改说明", "Note of revision, point by point", basis=(cite(PLAN),))
    revised_report = Document("核查报告", "Revised verification report")
    failure_notice = Document("不合格通知", "Notice of failure")
    replacement_notice = Document("更换通知", "Notice of replacement")
    clue_transfer = Document("线索移送单", "Transfer of a clue", external=False)
    disclosure_entry = Document(
        "信息公开表条目", "Entry in the agency's disclosure sheet", external=False
    )

    # Transitions --------------------------------------------------------------------------------

    select = Transition(
        "列入复查", "Select for re-check", code="R01", sources=OPENING, to=selected, by=[SUPERVISOR],
        inputs=[
            REASONS,
            LongText("reason_note", "事由说明", "Details", sealed=True, longest=2000),
            Text("draw_rule", "抽取规则", "Rule of the draw", required=False),
            Text("draw_seed", "随机种子", "Seed of the draw", required=False, longest=80),
        ],
        documents=[task_order], basis=[cite(PLAN), cite(GUIDE, "6")],
    )  # fmt: skip
    release = Transition(
        "固定版本，进入复查", "Freeze the version and release", code="R02", sources=[selected], to=expert_assignment, by=[SUPERVISOR],
        guards=[newest_version_is_frozen],
        inputs=[
            Whole("report_version", "复查的报告版本", "Version to be re-checked", lowest=1, highest=999),
        ],
    )  # fmt: skip
    propose_experts = Transition(
        "提出专家人选", "Propose experts", code="R03a", sources=[expert_assignment], by=[SUPERVISOR], guards=[experts_are_independent],
        inputs=[People("experts", "拟聘专家", "Proposed experts", role=Role.RECHECK_EXPERT)],
        effects=[Leave(Capacity.EXPERT_CANDIDATE), Join(Capacity.EXPERT_CANDIDATE, "experts")],
        notices=[EXPERT_CANDIDATE],
    )  # fmt: skip
    declare_interests = Signoff(
        "签署利益冲突声明", "Sign the declaration of interests", code="R03b", sources=[expert_assignment], by=[EXPERT_CANDIDATE],
        inputs=[
            *OWN_DECLARATION,
            YesNo("no_tie_with_agency", "本人与承担核查的机构三年内无利害关系", "I had no tie with the agency in three years", must=True),
        ],
        guards=[expert_declares_in_person], per=Per.PERSON, voided_by=[propose_experts],
    )  # fmt: skip
    assign_experts = Transition(
        "指派专家", "Assign the experts", code="R03", sources=[expert_assignment], to=written_review, by=[SUPERVISOR],
        guards=[two_experts_are_proposed, no_expert_is_banned, declare_interests.complete()],
        effects=[Join(Capacity.EXPERT, holders_of=Capacity.EXPERT_CANDIDATE), Leave(Capacity.EXPERT_CANDIDATE)],
        documents=[interests], notices=[EXPERT],
    )  # fmt: skip
    recuse_expert = Transition(
        "专家回避", "An expert is recused", code="R04", sources=REVIEW, to=expert_assignment, by=[EXPERT, SUPERVISOR],
        inputs=[
            Person("recused", "回避的专家", "Expert recused", role=Role.RECHECK_EXPERT, of=Capacity.EXPERT),
            LongText("recusal_reason", "回避事由", "Reason", longest=2000),
        ],
        effects=[Leave(Capacity.EXPERT, "recused")], documents=[recusal_record], notices=[SUPERVISOR],
    )  # fmt: skip
    go_onsite = Transition(
        "转现场复查", "Go on site", code="R05", sources=[written_review], to=onsite_recheck, by=[SUPERVISOR],
        guards=[unit_is_told, inspector_leads_where_force_is_needed],
        inputs=[
            LongText("visit_plan", "现场复查方案", "Plan of the visit", longest=4000),
            Day("recheck_visit_on", "现场复查日期", "Day of the visit", future=True),
            YesNo("unit_told", "已告知被核查单位", "The unit has been told"),
            YesNo("needs_inspection", "需要行政检查权", "The power of inspection is needed"),
            Person("lead_inspector", "带队执法人员", "Inspector who leads", role=Role.INSPECTOR, of=Capacity.LEAD, required=False),
        ],
        documents=[visit_notice], notices=[EXPERT, INSPECTOR],
    )  # fmt: skip
    raise_opinion = Transition(
        "登记复查意见", "Enter an opinion", code="R06a", sources=(written_review, onsite_recheck, opinion_drafting),
        by=[EXPERT, SUPERVISOR], item=Raise(opinions), guards=[substitute_is_independent],
        inputs=[
            Choice("clause", "涉及的报告章节", "Section of the report", options=SECTIONS),
            LongText("finding", "发现的问题", "Finding", longest=4000),
            Choice("severity", "严重程度", "Severity", options=(
                ("serious", Label("严重", "Serious")), ("general", Label("一般", "General")), ("minor", Label("轻微", "Minor")),
            )),
            LongText("required_change", "修改要求", "Required change", longest=2000),
            Files("opinion_evidence", "依据材料", "Evidence", required=False),
        ],
    )  # fmt: skip
    drop_opinion = Transition(
        "不采用该意见", "Drop an opinion", code="R06b", sources=(written_review, onsite_recheck, opinion_drafting), by=[SUPERVISOR, EXPERT],
        item=Take(opinions, ("draft",), "dropped"), guards=[substitute_is_independent],
        inputs=[LongText("drop_reason", "理由", "Reason", longest=1000)],
    )  # fmt: skip
    submit_view = Signoff(
        "提交专家意见（无问题选「同意」）", "Submit one's view (agree: nothing found)", code="R06c", sources=REVIEW, by=[EXPERT],
        guards=[substitute_is_independent], per=Per.PERSON, unanimous=False, voided_by=[assign_experts],
    )  # fmt: skip
    close_review = Transition(
        "评审结束，汇总意见", "Close the review", code="R06", sources=REVIEW, to=opinion_drafting, by=[EXPERT],
        guards=[substitute_is_independent, submit_view.complete()], documents=[expert_views], notices=[SUPERVISOR],
    )  # fmt: skip
    issue_opinions = Transition(
        "下发复查意见", "Issue the opinions", code="R08", sources=[opinion_drafting], to=opinion_issued, by=[SUPERVISOR],
        guards=[some_opinion_was_raised], moves=[MoveRows(opinions, {"draft": "issued"})],
        effects=[Join(Capacity.VERIFYING_AGENCY, from_parent=True)],
        documents=[opinion_letter], notices=[VERIFIER], basis=[cite(PLAN)], confirms=True,
    )  # fmt: skip
    find_nothing = Transition(
        "复查无问题", "Nothing found", code="R07", sources=[opinion_drafting], to=accepted, by=[SUPERVISOR, LEADER],
        guards=[no_opinion_was_raised, experts_agree_or_leader_decides],
        inputs=[LongText("conclusion_note", "复查结论", "Conclusion", longest=2000)],
        documents=[conclusion], confirms=True,
    )  # fmt: skip
    answer_opinion = Transition(
        "答复复查意见", "Answer an opinion", code="R09a", sources=[opinion_issued], by=[VERIFIER], guards=[refusal_is_evidenced],
        item=Take(opinions, ("issued", "returned", "answered"), "answered"),
        inputs=[
            Choice("answer", "答复", "Answer", options=(
                ("changed", Label("已修改", "Changed")), ("not_changed", Label("不修改（说明理由）", "Not changed (with reasons)")),
            )),
            LongText("answer_reason", "修改说明或不修改的理由", "What was changed, or why not", longest=4000),
            Files("answer_evidence", "证据", "Evidence", required=False),
        ],
        basis=[cite(PLAN)],
    )  # fmt: skip
    submit_revision = Transition(
        "提交修改稿", "Submit the revised report", code="R09", sources=[opinion_issued], to=revision_submitted, by=[VERIFIER],
        guards=[every_opinion_is_answered, something_was_changed, report_differs_from_the_last_version],
        inputs=[YesNo("truthful", "本机构对修改后报告的真实性、完整性、准确性负责", "The agency answers for truth, completeness and accuracy", must=True)],
        report=verification_report, effects=[Submit(verification_report)],
        documents=[revision_note, revised_report], notices=[EXPERT, SUPERVISOR], basis=[cite(PLAN)], confirms=True,
    )  # fmt: skip
    explain_no_change = Transition(
        "说明不修改", "Explain without a change", code="R10", sources=[opinion_issued], to=revision_submitted, by=[VERIFIER],
        guards=[every_opinion_is_answered, nothing_was_changed],
        inputs=[LongText("explanation", "总体说明", "Explanation", longest=4000)],
        documents=[revision_note], notices=[EXPERT, SUPERVISOR], basis=[cite(PLAN)], confirms=True,
    )  # fmt: skip
    judge_answer = Transition(
        "审查答复", "Judge an answer", code="R11a", sources=[revision_submitted], by=[EXPERT, SUPERVISOR],
        item=Take(opinions, ("answered",), {"accepted": "accepted", "returned": "returned"}, by="verdict"),
        guards=[substitute_is_independent],
        inputs=[
            Choice("verdict", "审查结果", "Verdict", options=(
                ("accepted", Label("接受", "Accept")), ("returned", Label("退回", "Return")),
            )),
            LongText("verdict_note", "说明", "Note", longest=2000),
        ],
    )  # fmt: skip
    endorse = Signoff(
        "专家确认通过", "Experts endorse", code="R11b", sources=[revision_submitted], by=[EXPERT], guards=[substitute_is_independent, every_opinion_is_closed],
        per=Per.PERSON, voided_by=[submit_revision, explain_no_change],
    )  # fmt: skip
    countersign_change = Signoff(
        "局领导签署较大变动", "A leader signs a large change", code="R11c", sources=[revision_submitted], by=[LEADER], per=Per.PERSON,
        least=1, voided_by=[submit_revision, explain_no_change],
    )  # fmt: skip
    accept = Transition(
        "复查通过", "Accept", code="R11", sources=[revision_submitted], to=accepted, by=[SUPERVISOR],
        guards=[every_opinion_is_closed, endorse.complete(), leader_signed_a_large_change],
        inputs=[LongText("conclusion_note", "复查结论", "Conclusion", longest=2000)],
        documents=[conclusion], notices=[VERIFIER], basis=[cite(PLAN)], confirms=True,
    )  # fmt: skip
    send_back = Transition(
        "再次退回修改", "Send back again", code="R12", sources=[revision_submitted], to=opinion_issued, by=[SUPERVISOR],
        guards=[every_answer_is_judged, some_opinion_is_returned, another_round_is_left],
        moves=[MoveRows(opinions, {"returned": "returned"}, next_round=True)],
        documents=[second_letter], notices=[VERIFIER], basis=[cite(PLAN)],
    )  # fmt: skip
    fail = Transition(
        "复查不合格", "Fail", code="R13", sources=(revision_submitted, opinion_issued), to=failed, by=[SUPERVISOR],
        guards=[ground_for_failing_holds],
        inputs=[GROUNDS, LongText("failure_reasons", "理由", "Reasons", longest=4000)],
        documents=[failure_notice], notices=[VERIFIER], confirms=True,
    )  # fmt: skip
    replace_agency = Transition(
        "更换核查机构", "Replace the agency", code="R14", sources=[failed], to=reassigned, by=[SUPERVISOR], received=True,
        guards=[another_agency_is_chosen, *INDEPENDENCE],
        inputs=[Organisation("agency", "重核机构", "New agency", kind="agency")],
        effects=[Leave(Capacity.VERIFYING_AGENCY), Join(Capacity.VERIFYING_AGENCY, "agency")],
        documents=[replacement_notice], notices=[VERIFIER], basis=[cite(REG, "13")], confirms=True,
    )  # fmt: skip
    submit_reverification = Transition(
        "提交重核报告", "Submit the new report", code="R14a", sources=[reassigned], by=[VERIFIER],
        inputs=[YesNo("truthful", "本机构对报告的真实性、完整性、准确性负责", "The agency answers for truth, completeness and accuracy", must=True)],
        report=verification_report, effects=[Submit(verification_report)],
        documents=[revised_report], notices=[SUPERVISOR], confirms=True,
    )  # fmt: skip
    refer_for_penalty = Transition(
        "移送查处线索", "Refer for investigation", code="R15", sources=[failed], by=[SUPERVISOR],
        inputs=RAISED, effects=[ABOUT_THE_AGENCY], documents=[clue_transfer], basis=[cite(REG, "23")],
    )  # fmt: skip
    close = Transition(
        "办结", "Close", code="R16", sources=(accepted, reassigned), to=closed, by=[SYSTEM], automatic=True,
        guards=[new_report_is_there_after_replacement], documents=[disclosure_entry], notices=[SUPERVISOR],
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    outer_bound = Deadline(
        "年度核查完成（外部界限）", "Verification of the year finished (outer bound)", anchor=FromParent("verification_end"), due=SameDay(),
        expiry=Expiry.TARGET, met_by=[close], waits_for=SUPERVISOR, ladder="L-7", basis=[cite("N2026")],
    )  # fmt: skip
    release_target = Deadline(
        "固定版本", "Released", anchor=After(select), due=Lasts("recheck_release"), expiry=Expiry.TARGET, met_by=[release],
        bounded_by=outer_bound, waits_for=SUPERVISOR, ladder="L-3",
    )  # fmt: skip
    assignment = Deadline(
        "指派专家", "Experts assigned", anchor=After(release, recuse_expert), due=Lasts("expert_assignment"), expiry=Expiry.TARGET,
        met_by=[assign_experts], bounded_by=outer_bound, waits_for=SUPERVISOR, ladder="L-3",
    )  # fmt: skip
    written = Deadline(
        "书面评审", "Written review", anchor=After(assign_experts), due=Lasts("written_review"), expiry=Expiry.TARGET,
        met_by=[close_review, go_onsite], voided_by=[recuse_expert], bounded_by=outer_bound, waits_for=EXPERT, ladder="L-7",
    )  # fmt: skip
    onsite = Deadline(
        "现场复查", "On-site re-check", anchor=After(go_onsite), due=Lasts("onsite_recheck"), expiry=Expiry.TARGET, met_by=[close_review],
        voided_by=[recuse_expert], bounded_by=outer_bound, waits_for=EXPERT, ladder="L-7",
    )  # fmt: skip
    drafting = Deadline(
        "汇总下发意见", "Opinions issued", anchor=After(close_review), due=Lasts("opinion_drafting"), expiry=Expiry.TARGET,
        met_by=[issue_opinions, find_nothing], bounded_by=outer_bound, waits_for=SUPERVISOR, ladder="L-3",
    )  # fmt: skip
    revision = Deadline(
        "修改核查报告", "Report revised", anchor=After(issue_opinions, send_back), due=Lasts("revision"), expiry=Expiry.PARTY_BREACH,
        met_by=[submit_revision, explain_no_change], voided_by=[fail], bounded_by=outer_bound, waits_for=VERIFIER, ladder="L-P", basis=[cite(PLAN)],
    )  # fmt: skip
    verdict = Deadline(
        "审查修改稿", "Revision reviewed", anchor=After(submit_revision, explain_no_change), due=Lasts("revision_verdict"), expiry=Expiry.TARGET,
        met_by=[accept, send_back, fail], bounded_by=outer_bound, waits_for=EXPERT, ladder="L-3",
    )  # fmt: skip
    replacement = Deadline(
        "处理不合格", "Failure handled", anchor=After(fail), due=Lasts("recheck_failed"), expiry=Expiry.TARGET, met_by=[replace_agency],
        bounded_by=outer_bound, waits_for=SUPERVISOR, ladder="L-3",
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    report_version = Fact(
        "复查的报告版本", "Version under re-check", latest="report_version", of=[release]
    )
    emission_before = Fact(
        "复查前的核查排放量",
        "Verified emission before",
        latest="verified_emission_t",
        of=[release],
        report=verification_report,
        unit="tCO2e",
    )
    reverified_on = Fact(
        "重核报告提交日", "New report submitted on", day=True, of=[submit_reverification]
    )
    ground = Fact("不合格事由", "Ground of failure", latest="ground", of=[fail])
