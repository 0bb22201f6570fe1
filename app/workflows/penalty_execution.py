"""The guards of a penalty case from its service on: payment, court, remedies, closing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from app.engine.definition import (
    Unmet,
    guard,
)
from app.engine.view import Attempt, ChildView
from app.law.errors import LawError
from app.law.periods import compute
from app.law.sources import cite
from app.workflows.fines import account_of, instalments_of
from app.workflows.penalty_guards import (
    decision_is_no_penalty,
    is_to_pay,
    runs,
)
from app.workflows.penalty_inputs import (
    OUT_OF,
)
from app.workflows.veto import (
    money,
)

APL, AEL, ALL, O30 = "APL", "AEL", "ALL", "O30"


# Performance --------------------------------------------------------------------------------------
@guard(
    "尚有 {left} 元未缴清（含加处罚款）。",
    "{left} yuan are not paid yet, surcharge included.",
    basis=(cite(APL, "67"), cite(APL, "72")),
)
def account_is_settled(attempt: Attempt) -> bool | Unmet:
    try:
        account = account_of(attempt.case, attempt.law, attempt.today)
    except LawError:
        account = None
    if account is None:
        return Unmet(left="—")
    left = account.outstanding_cny
    return left == 0 or Unmet(left=f"{left:,.2f}")


@guard("尚无已确认的缴款覆盖该期。", "No confirmed payment covers this instalment.")
def instalment_is_covered(attempt: Attempt) -> bool:
    if attempt.item is None:
        return True
    account = account_of(attempt.case, attempt.law, attempt.today)
    covered = sum(part.amount_cny for part in instalments_of(attempt.case, "paid"))
    own = money(attempt.item.data, "instalment_amount")
    return account is not None and account.paid_cny >= covered + own


@guard(
    "须在缴款期限届满前申请。",
    "It must be asked for before the last day to pay.",
    basis=(cite(APL, "66"), cite(O30, "74")),
)
def payment_is_not_due_yet(attempt: Attempt) -> bool:
    return runs(attempt, "payment")


@guard(
    "当事人没有在期限内申请延期或分期。", "The party has not asked in time.", basis=cite(APL, "66")
)
def deferral_was_asked_for(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return bool(facts.get("deferral_asked_on", "") >= facts.get("decision_served_on", "~"))


@guard(
    "各期金额合计须等于罚款 {fine} 元，现为 {sum} 元。",
    "The instalments must make up the fine of {fine} yuan; they make {sum}.",
    basis=cite(O30, "74"),
)
def instalments_make_up_the_fine(attempt: Attempt) -> bool | Unmet:
    fine = money(attempt.case.facts, "decided_fine")
    planned = sum((part.amount_cny for part in instalments_of(attempt.case, "planned")), Decimal(0))
    return planned == fine or Unmet(fine=f"{fine:,.2f}", sum=f"{planned:,.2f}")


@guard(
    "最后一期须为 {last}，且早于申请强制执行的末日。",
    "The last instalment is due on {last}; it must lie before the last day to apply to the court.",
    basis=(cite(O30, "74"), cite(AEL, "53")),
    reads_inputs=True,
)
def deferral_ends_before_the_court_limit(attempt: Attempt) -> bool | Unmet:
    days = [part.last_day for part in instalments_of(attempt.case, "planned")]
    last = max(days, default=None)
    suit = attempt.case.deadline("suit")
    if last is None or suit is None or suit.due_on is None:
        return Unmet(last=last or "—")
    term = attempt.law.term("court_window", suit.due_on)
    limit = compute(suit.due_on, term.length, term.unit, attempt.law.calendar, roll=term.rolls)
    return attempt.inputs["deferred_until"] == last < limit.earliest or Unmet(last=last)


@guard(
    "催告金额须为账户应缴数额 {due} 元（含加处罚款）。",
    "The sum demanded must be that of the account, {due} yuan, surcharge included.",
    basis=(cite(APL, "72"), cite(AEL, "54")),
    reads_inputs=True,
)
def demand_is_the_account(attempt: Attempt) -> bool | Unmet:
    try:
        account = account_of(attempt.case, attempt.law, attempt.today)
    except LawError:
        account = None
    due = account.demand_cny if account is not None else None
    return attempt.inputs["demanded"] == due or Unmet(due="—" if due is None else f"{due:,.2f}")


@guard("仅在延期、分期期间适用。", "Only while payment is deferred.")
def payment_is_deferred(attempt: Attempt) -> bool:
    return attempt.case.state == "deferred"


@guard("复议或者诉讼正在进行。", "A reconsideration or a suit is under way.", basis=cite(AEL, "53"))
def no_remedy_is_open(attempt: Attempt) -> bool:
    return all(child.is_final for child in attempt.case.children("remedies"))


@guard(
    "复议、诉讼期限未满，或者复议、诉讼正在进行。",
    "The time for a remedy still runs, or one is under way.",
    basis=(cite(AEL, "53"), cite(ALL, "46")),
)
def remedy_time_is_over(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    ended = facts.get("remedy_time_ended_on", "") >= facts.get("decision_served_on", "~")
    return ended and bool(no_remedy_is_open.predicate(attempt))


@guard(
    "催告书送达未满十个工作日。",
    "Ten working days since the demand was served have not passed.",
    basis=cite(AEL, "54"),
)
def time_of_the_demand_is_over(attempt: Attempt) -> bool:
    clock = attempt.case.deadline("demand")
    return clock is not None and clock.has_passed(attempt.now)


@guard(
    "申请强制执行的三个月期限已过（{last}），权利丧失。",
    "The three months to apply to the court ended on {last}: the right is lost.",
    basis=(cite(AEL, "53"), cite(APL, "72")),
)
def court_window_is_open(attempt: Attempt) -> bool | Unmet:
    clock = attempt.case.deadline("court_window")
    return clock is None or not clock.has_passed(attempt.now) or Unmet(last=clock.due_on)


# Remedies, refusal, closing -----------------------------------------------------------------------


def _ended_remedy(attempt: Attempt) -> ChildView | None:
    """The newest remedy, if it has ended and this case has not yet drawn the consequence."""
    remedies = attempt.case.children("remedies")
    if not remedies or not remedies[-1].is_final:
        return None
    ended_on = remedies[-1].facts.get("ended_on")
    return remedies[-1] if ended_on != attempt.case.facts.get("remedy_ended_on") else None


@guard("没有已结束的行政复议。", "No reconsideration has ended.")
def reconsideration_has_ended(attempt: Attempt) -> bool:
    found = _ended_remedy(attempt)
    # Whoever withdraws keeps the six months that run from service.
    return (
        found is not None
        and found.facts.get("kind") == "reconsideration"
        and found.state != "withdrawn"
    )


@guard("没有已结束的行政诉讼。", "No suit has ended.")
def suit_has_ended(attempt: Attempt) -> bool:
    found = _ended_remedy(attempt)
    return found is not None and found.facts.get("kind") == "suit"


@guard("没有发现拒不改正。", "No refusal to correct was found.")
def refusal_was_found(attempt: Attempt) -> bool:
    return "refusal_found_on" in attempt.case.facts


@guard("法院尚未受理。", "The court has not accepted the application.")
def court_has_accepted(attempt: Attempt) -> bool:
    return "court_accepted_on" in attempt.case.facts


@guard(
    "责令停产整治告知书送达后五个工作日内当事人可以陈述申辩。",
    "After the notice of a halt is served the party has five working days to plead.",
    basis=(cite(APL, "44"), cite(O30, "44")),
)
def halt_was_told_and_its_time_is_over(attempt: Attempt) -> bool:
    sent = attempt.case.children("service_of_document")
    days = [c.facts.get("served_on") for c in sent if c.facts.get("document") == "halt_notice"]
    if not days or days[-1] is None:
        return False
    served_on = date.fromisoformat(days[-1])
    term = attempt.law.term("plea", served_on)
    return attempt.today > compute(served_on, term.length, term.unit, attempt.law.calendar).earliest


@guard(
    "所选结案情形不成立。",
    "The ground for closing does not hold.",
    basis=cite(O30, "77"),
    reads_inputs=True,
)
def ground_for_closing_holds(attempt: Attempt) -> bool:
    ground = attempt.inputs["closing_ground"]
    if ground == "other":
        return bool(attempt.inputs.get("closing_note"))
    if ground == "nothing_to_perform":
        return bool(decision_is_no_penalty.predicate(attempt) or not is_to_pay(attempt))
    return OUT_OF[ground] in attempt.case.facts


FOLLOWS: Final = (
    "measures", "corrections", "corrections_after_refusal", "criminal", "remedies",
    "service_of_notice", "service_of_no_penalty_notice", "service_of_hearing_notice",
    "service_of_decision", "service_of_demand", "service_of_document",
)  # fmt: skip
"""Links of the cases beside this one: none stays open behind a closed case."""
