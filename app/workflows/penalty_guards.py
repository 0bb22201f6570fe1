"""The guards of a penalty case up to its service: what must be so before the next step."""

from __future__ import annotations

from datetime import date
from typing import Final

from app.engine.actors import Capacity
from app.engine.definition import (
    AGREE,
    Guard,
    Unmet,
    guard,
)
from app.engine.view import Attempt, ChildView
from app.law.errors import LawError
from app.law.labels import Label
from app.law.sources import cite
from app.workflows.separation import (
    RECUSED,
    newest,
)
from app.workflows.veto import (
    ban_follows_the_law,
    confiscation_is_the_gain,
    discussion_is_due,
    evidence_is_counted,
    fine_is_in_the_range,
    hearing_is_over,
    money,
    plea_is_over,
    proposal_of,
    said,
)

APL, O30, CODE, XJ17 = "APL", "O30", "CODE", "XJ17"

QUORUM: Final = 2
"""So many leaders speak at least, and more than half of the members."""


# Investigation ------------------------------------------------------------------------------------


@guard(
    "请补正行为终了日期。",
    "Enter the day the act ended.",
    basis=cite(O30, "19"),
    reads_inputs=True,
)
def end_of_the_act_is_known(attempt: Attempt) -> bool:
    return "act_ended_on" in attempt.inputs or "act_ended_on" in attempt.case.facts


def none_out(kind: str, zh: str, en: str) -> Guard:
    """The guard that asks that no commission of a kind waits for its result."""

    def last_result_is_in(attempt: Attempt) -> bool:
        return _count(attempt, f"{kind}_begun") == _count(attempt, f"{kind}_ended")

    return Guard(
        "last_result_is_in",
        last_result_is_in,
        Label(
            f"上一次{zh}的结果尚未收到；需同时进行多项的，请在一次委托中列明。",
            f"The result of the last {en.lower()} is not in; name several things in one commission.",
        ),
    )


def one_out(kind: str, zh: str, en: str) -> Guard:
    """The guard that asks that a result of the kind is waited for."""

    def result_is_waited_for(attempt: Attempt) -> bool:
        return _count(attempt, f"{kind}_begun") > _count(attempt, f"{kind}_ended")

    return Guard(
        "result_is_waited_for",
        result_is_waited_for,
        Label(f"没有尚未收到结果的{zh}。", f"No {en.lower()} is waited for."),
    )


def _count(attempt: Attempt, fact: str) -> int:
    return int(attempt.case.facts.get(fact, 0))


@guard("没有尚未告知的结果。", "No result waits to be told.")
def result_is_untold(attempt: Attempt) -> bool:
    return _count(attempt, "results_received") > _count(attempt, "results_told")


@guard("调查报告尚未撰写。", "The report has not been written.", basis=cite(O30, "38"))
def report_is_written(attempt: Attempt) -> bool:
    return newest(attempt.case, "investigation_report") is not None


@guard("{zh}", "{en}", reads_inputs=True)
def proposal_keeps_the_law(attempt: Attempt) -> bool | Unmet:
    if said(attempt).get("proposal") != "penalty":
        return True
    for each in (fine_is_in_the_range, confiscation_is_the_gain, ban_follows_the_law):
        found = each.refusal(attempt)
        if found is not None:
            return Unmet(zh=found.zh, en=found.en)
    return True


def recused_is_not_among(name: str) -> Guard:
    """The guard that refuses whoever is to be recused among those who decide together (SD-3)."""

    def recused_does_not_take_part(attempt: Attempt) -> bool:
        asked = attempt.item.data.get(RECUSED) if attempt.item is not None else None
        return asked not in attempt.inputs[name]

    return Guard(
        "recused_does_not_take_part",
        recused_does_not_take_part,
        Label(
            "被申请回避的人员不得参加讨论（SD-3）。",
            "Whoever is to be recused takes no part (SD-3).",
        ),
        basis=(cite(APL, "43"),),
        reads_inputs=True,
    )


# The transfer to the police -----------------------------------------------------------------------


def _transfers(attempt: Attempt) -> list[ChildView]:
    """The transfers that reached the police."""
    children = attempt.case.children("criminal")
    return [child for child in children if "handed_over_on" in child.facts]


@guard("案件尚未移交公安机关。", "Nothing has been handed to the police.")
def transfer_has_begun(attempt: Attempt) -> bool:
    begun = _count(attempt, "transfers_begun")
    return begun == _count(attempt, "transfers_ended") and len(_transfers(attempt)) > begun


@guard("移送案件尚未退回或办结。", "The transfer has not come back.")
def transfer_has_come_back(attempt: Attempt) -> bool:
    is_out = _count(attempt, "transfers_begun") > _count(attempt, "transfers_ended")
    return is_out and all(child.is_final for child in _transfers(attempt))


@guard(
    "涉嫌犯罪的移送尚未办结，不得作出罚款等处罚决定。",
    "A transfer to the police has not ended: no fine or other penalty is decided meanwhile.",
    basis=(cite(XJ17, "16"), cite("R310", "11")),
)
def no_transfer_is_open(attempt: Attempt) -> bool:
    return all(child.is_final for child in attempt.case.children("criminal"))


@guard("没有已办结的刑事移送。", "No transfer has been concluded.")
def transfer_was_concluded(attempt: Attempt) -> bool:
    return any(child.state == "concluded" for child in attempt.case.children("criminal"))


# Notice, pleas, hearing ---------------------------------------------------------------------------


@guard("调查报告的建议不是处罚。", "The report does not propose a penalty.")
def penalty_is_proposed(attempt: Attempt) -> bool:
    return attempt.case.facts.get("proposal") == "penalty"


@guard("调查报告的建议是处罚，须用处罚告知。", "The report proposes a penalty: use its notice.")
def no_penalty_is_proposed(attempt: Attempt) -> bool:
    return attempt.case.facts.get("proposal") != "penalty"


@guard("告知书已发出，等待送达。", "The notice has been sent and waits to be served.")
def no_notice_is_on_its_way(attempt: Attempt) -> bool:
    links = ("service_of_notice", "service_of_no_penalty_notice")
    return all(child.is_final for link in links for child in attempt.case.children(link))


@guard("没有等待送达的告知书。", "No notice waits to be served.")
def notice_is_on_its_way(attempt: Attempt) -> bool:
    return not no_notice_is_on_its_way.predicate(attempt)


@guard("告知书未告知听证权利。", "The notice gives no right to a hearing.")
def notice_gives_a_hearing(attempt: Attempt) -> bool:
    return bool(attempt.case.facts.get("hearing_right"))


@guard("告知书告知了听证权利。", "The notice gives the right to a hearing.")
def notice_gives_no_hearing(attempt: Attempt) -> bool:
    return not attempt.case.facts.get("hearing_right")


@guard("告知书的送达尚未证明。", "Service of the notice is not proven.", basis=cite(APL, "44"))
def service_of_the_notice_is_proven(attempt: Attempt) -> bool:
    return "notice_served_on" in attempt.case.facts


def runs(attempt: Attempt, clock: str) -> bool:
    found = attempt.case.deadline(clock)
    return found is not None and not found.met and not found.has_passed(attempt.now)


@guard(
    "陈述申辩期限已届满。",
    "The time for a statement and defence is over.",
    basis=cite(O30, "44"),
)
def plea_is_in_time(attempt: Attempt) -> bool:
    found = attempt.case.deadline("plea")
    return found is not None and not found.has_passed(attempt.now)


@guard(
    "没有告知听证权利，或者要求听证的期限已届满、当事人已放弃。",
    "No right to a hearing was told, or the time to ask for one is over, or it was waived.",
    basis=cite(APL, "64(1)"),
)
def hearing_right_runs(attempt: Attempt) -> bool:
    return bool(attempt.case.facts.get("hearing_right")) and runs(attempt, "hearing_request")


@guard(
    "陈述申辩的期限未满，当事人未书面放弃。",
    "The time to plead still runs and is not waived in writing.",
    basis=cite(O30, "44"),
)
def plea_right_is_gone(attempt: Attempt) -> bool:
    return plea_is_over(attempt)


@guard(
    "要求听证的期限未满，当事人未书面放弃。",
    "The time to ask for a hearing still runs and is not waived in writing.",
    basis=cite(APL, "64(1)"),
)
def hearing_right_is_gone(attempt: Attempt) -> bool:
    return attempt.case.state == "hearing_done" or hearing_is_over(attempt)


@guard(
    "还有 {left} 条陈述申辩意见未复核。",
    "{left} points of the plea are not answered.",
    basis=(cite(APL, "45"), cite(O30, "44")),
)
def every_plea_is_answered(attempt: Attempt) -> bool | Unmet:
    left = sum(row.status == "raised" for row in attempt.case.items("pleas"))
    return left == 0 or Unmet(left=left)


def _last_day_to_call(attempt: Attempt, hearing_on: date) -> date:
    lead = attempt.law.term("hearing_notice_lead", attempt.today).length
    return attempt.law.calendar.working_days_before(hearing_on, lead)


@guard(
    "听证通知须在听证七个工作日前送达：该日听证的，最迟于 {last} 送达。",
    "The party is told at least seven working days before: for that day by {last}.",
    basis=cite(APL, "64(2)"),
    reads_inputs=True,
)
def hearing_is_called_in_time(attempt: Attempt) -> bool | Unmet:
    last = _last_day_to_call(attempt, attempt.inputs["hearing_on"])
    return attempt.today <= last or Unmet(last=last)


@guard(
    "听证通知书未在听证日（{on}）七个工作日前送达，须改期。",
    "The notice was not served seven working days before the hearing ({on}): set another day.",
    basis=cite(APL, "64(2)"),
)
def hearing_notice_was_served_in_time(attempt: Attempt) -> bool | Unmet:
    on = attempt.case.facts.get("hearing_on")
    notice = newest(attempt.case, "hearing_notice")
    served_on = notice.served_on if notice is not None else None
    if on is None or served_on is None:
        return Unmet(on=on or "—")
    return served_on <= _last_day_to_call(attempt, date.fromisoformat(on)) or Unmet(on=on)


@guard("尚未到听证日（{on}）。", "The day of the hearing ({on}) has not come.")
def day_of_the_hearing_has_come(attempt: Attempt) -> bool | Unmet:
    on = attempt.case.facts.get("hearing_on", "")
    return (bool(on) and on <= attempt.today.isoformat()) or Unmet(on=on or "—")


@guard(
    "当事人未到场的，须已依法通知且听证日已到。",
    "A party is absent only from a hearing it was told of in time, on its day.",
    basis=cite(APL, "64"),
    reads_inputs=True,
)
def absence_is_real(attempt: Attempt) -> bool:
    if attempt.inputs["unheard_because"] == "withdrawn":
        return True
    told = hearing_notice_was_served_in_time.predicate(attempt)
    return bool(told) and bool(day_of_the_hearing_has_come.predicate(attempt))


@guard("听证报告尚未提交。", "The report on the hearing is not there.", basis=cite(APL, "64"))
def hearing_is_reported(attempt: Attempt) -> bool:
    if attempt.case.state != "hearing_done":
        return True
    report, record = newest(attempt.case, "hearing_report"), newest(attempt.case, "hearing_record")
    return report is not None and record is not None and report.made_at >= record.made_at


# Review and discussion ----------------------------------------------------------------------------


@guard(
    "案卷现有证据 {now} 份，须全部审核。",
    "There are {now} pieces of evidence in the file: review them all.",
    basis=cite(O30, "50"),
    reads_inputs=True,
)
def all_evidence_was_seen(attempt: Attempt) -> bool | Unmet:
    now = evidence_is_counted(attempt)
    return attempt.inputs["evidence_seen"] == now or Unmet(now=now)


@guard(
    "须说明法律适用的理由：{zh}。",
    "The choice of the rule needs reasons: {en}.",
    basis=(cite(APL, "37"), cite(CODE, "1239")),
    reads_inputs=True,
)
def choice_of_the_rule_is_reasoned(attempt: Attempt) -> bool | Unmet:
    try:
        choices = proposal_of(attempt).choices
    except LawError:
        choices = ()
    if not choices or attempt.inputs.get("rule_reasons"):
        return True
    return Unmet(
        zh="；".join(choice.label.zh for choice in choices),
        en="; ".join(choice.label.en for choice in choices),
    )


@guard("依法不必集体讨论。", "The law asks for no discussion.", basis=cite(APL, "57"))
def discussion_is_required(attempt: Attempt) -> bool:
    return discussion_is_due(attempt)


@guard(
    "发表意见的成员未过半数且不少于 {least} 人：现有 {count} 人。",
    "Fewer than half of the members, or fewer than {least}, have spoken: {count}.",
    basis=(cite(APL, "57"), cite(O30, "52")),
)
def quorum_has_spoken(attempt: Attempt) -> bool | Unmet:
    members = len(attempt.case.participants(Capacity.DISCUSSANT))
    least = max(QUORUM, members // 2 + 1)
    count = len(attempt.case.signatures("discuss"))
    return count >= least or Unmet(least=least, count=count)


@guard("多数成员不同意，不能形成结论。", "The majority objects: there is no conclusion.")
def majority_agrees(attempt: Attempt) -> bool:
    views = [signature.view for signature in attempt.case.signatures("discuss")]
    return 2 * views.count(AGREE) > len(views)


def _extensions(attempt: Attempt) -> int:
    clock = attempt.case.deadline("decision")
    return clock.extensions if clock is not None else 0


@guard("第一次延期由负责人批准，已经用过。", "The leader's extension has been used.")
def first_extension_is_left(attempt: Attempt) -> bool:
    return _extensions(attempt) == 0


@guard("须先经负责人批准延期。", "The leader's extension comes first.", basis=cite(O30, "57"))
def first_extension_was_granted(attempt: Attempt) -> bool:
    return _extensions(attempt) > 0


# Decision, service, publication -------------------------------------------------------------------


DECISIONS: Final = ("penalty_decision", "no_penalty_decision")


def decision_kind(attempt: Attempt) -> str:
    """The kind of the decision in force; empty if there is none."""
    found = newest(attempt.case, *DECISIONS)
    return found.kind if found is not None else ""


@guard("尚未作出决定。", "No decision was made.")
def decision_was_made(attempt: Attempt) -> bool:
    return bool(decision_kind(attempt))


@guard("没有作出处罚决定。", "No penalty was decided.")
def penalty_was_decided(attempt: Attempt) -> bool:
    return decision_kind(attempt) == DECISIONS[0]


@guard(
    "公示截止日期不能早于公开日期。",
    "The last day of the publication cannot lie before its first.",
    reads_inputs=True,
)
def publication_ends_after_it_begins(attempt: Attempt) -> bool:
    until: date | None = attempt.inputs.get("published_until")
    return until is None or until >= attempt.inputs["published_on"]


@guard("决定没有被撤销或者变更。", "The decision was not annulled or changed.")
def decision_was_lifted(attempt: Attempt) -> bool:
    return "annulled_on" in attempt.case.facts


@guard("须送达最新的决定书。", "Serve the newest decision.", reads_inputs=True)
def decision_sent_is_the_newest(attempt: Attempt) -> bool:
    return bool(attempt.inputs["document"] == decision_kind(attempt))


@guard("该文书尚未制作。", "That document has not been made.", reads_inputs=True)
def document_sent_was_made(attempt: Attempt) -> bool:
    return newest(attempt.case, attempt.inputs["document"]) is not None


def is_to_pay(attempt: Attempt) -> bool:
    """Whether the decision orders something to be paid."""
    facts = attempt.case.facts
    return bool(money(facts, "decided_fine") or money(facts, "decided_confiscation"))


@guard("决定不是处罚决定，或者无需缴款。", "The decision is no penalty, or nothing is to be paid.")
def penalty_is_to_be_paid(attempt: Attempt) -> bool:
    return decision_kind(attempt) == DECISIONS[0] and is_to_pay(attempt)


@guard("决定不是处罚决定，或者须缴款。", "The decision is no penalty, or something is to be paid.")
def penalty_without_payment(attempt: Attempt) -> bool:
    return decision_kind(attempt) == DECISIONS[0] and not is_to_pay(attempt)


@guard("决定是处罚决定。", "The decision is a penalty.")
def decision_is_no_penalty(attempt: Attempt) -> bool:
    return decision_kind(attempt) == DECISIONS[1]
