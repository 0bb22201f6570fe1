"""What loses a penalty case in court 一票否决: V-1 to V-13 (domain.md 7.4) as guards of the engine.

Source: the ministry's rules for the evaluation of case files (EVAL). The facts and inputs they read
are named as in `penalty_procedure`; what the law says of a rule, a range, a right or a bar comes from
`app.law.desk`. V-8 and V-12 are those of `separation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from app.engine.actors import Capacity
from app.engine.definition import Guard, Unmet, guard
from app.engine.inputs import plain
from app.engine.view import Attempt
from app.law.acts import Act, Harm, Party
from app.law.desk import Proposal, check_amount, propose
from app.law.duties import Duties, Verdict
from app.law.errors import LawError
from app.law.labels import Label
from app.law.penalties import Ban, Subject
from app.law.sources import cite
from app.workflows.separation import Duty, has_part, newest

APL, O30, EVAL, CODE = "APL", "O30", "EVAL", "CODE"
PERSON: Final = "person"
WITHIN: Final = "within"
"""Said of a fine that needs no ground, because it keeps within the range."""


# What is known of the act --------------------------------------------------------------------------


def said(attempt: Attempt) -> dict[str, Any]:
    """The facts of the case, and over them what is typed into this act, as JSON keeps values."""
    typed = {name: plain(value) for name, value in attempt.inputs.items()}
    return {**attempt.case.facts, **typed}


def _day(known: Mapping[str, Any], name: str) -> date | None:
    value = known.get(name)
    return date.fromisoformat(value) if value else None


def money(known: Mapping[str, Any], name: str) -> Decimal:
    """An amount in yuan; nothing where none is known."""
    return Decimal(known.get(name) or 0)


def _exact(known: Mapping[str, Any], name: str) -> Decimal | None:
    value = known.get(name)
    return None if value is None else Decimal(value)


def act_of(attempt: Attempt) -> Act | None:
    """The act a penalty is considered for, judged today; ``None`` while its end is not known.

    Raises LawError for days out of order.
    """
    known = said(attempt)
    ended_on = _day(known, "act_ended_on")
    if ended_on is None:
        return None
    kind = known["party_kind"]
    return Act(
        conduct=known["conduct"],
        began_on=_day(known, "act_began_on") or ended_on,
        ended_on=ended_on,
        decided_on=attempt.today,
        discovered_on=_day(known, "discovered_on"),
        subject=Subject(kind),
        party=Party.NATURAL_PERSON if kind == PERSON else Party.LEGAL_PERSON,
        gain_cny=_exact(known, "gain"),
        obtainable_gain_cny=_exact(known, "obtainable_gain"),
        tonnes=_exact(known, "tonnes"),
        price_cny=_exact(known, "price"),
        serious=bool(known.get("serious")),
        complex_case=bool(known.get("complex_case")),
        public_interest=bool(known.get("public_interest")),
        hearing_held="hearing_held_on" in known,
        order_disobeyed=bool(known.get("order_disobeyed")),
        harm=Harm(known.get("harm") or Harm.NONE),
        earlier_penalties=tuple(
            row["effective_on"] for row in attempt.case.penalties_of(attempt.case.subject_id)
        ),
    )


def proposal_of(attempt: Attempt) -> Proposal:
    """What the law proposes under the rule chosen. Raises LawError where it cannot apply."""
    act = act_of(attempt)
    if act is None:
        raise LawError("行为终了日期不明。", "the day the act ended is not known.")
    return propose(act, attempt.law, said(attempt).get("rule") or "")


def _refusal(error: LawError) -> Unmet:
    return Unmet(zh=error.label.zh, en=error.label.en)


def duties(attempt: Attempt, amount: Decimal) -> Duties | None:
    """What a penalty with this fine makes necessary; ``None`` where no rule can apply."""
    try:
        return proposal_of(attempt).duties_at(amount, attempt.law)
    except LawError:
        return None


# The guards ----------------------------------------------------------------------------------------


@guard(
    "作出决定的机关、盖章机关与有管辖权的机关须为同一机关（V-1）。",
    "The body that decides, the one of the seal and the competent one must be the same (V-1).",
    basis=cite(EVAL),
)
def body_is_the_competent_one(attempt: Attempt) -> bool:
    leads = {seat.organisation_id for seat in attempt.case.participants(Capacity.LEAD)}
    return leads == {attempt.actor.organisation_id}


@guard(
    "当事人名称须与登记一致：登记为「{name}」（V-3）。",
    "The party must be named as registered: “{name}” (V-3).",
    basis=cite(EVAL),
    reads_inputs=True,
)
def party_is_named_as_registered(attempt: Attempt) -> bool | Unmet:
    party = attempt.case.organisation(attempt.case.subject_id)
    name = party.name if party is not None else ""
    return attempt.inputs["party_name"] == name or Unmet(name=name)


@guard(
    "当事人登记名称已变更（调查报告：「{was}」，现为「{name}」），各文书名称须一致（V-3）。",
    "The party is registered under another name now (report: “{was}”, now “{name}”) (V-3).",
    basis=cite(EVAL),
)
def party_is_still_named_so(attempt: Attempt) -> bool | Unmet:
    party = attempt.case.organisation(attempt.case.subject_id)
    name = party.name if party is not None else ""
    was = attempt.case.facts.get("party_name", "")
    return was == name or Unmet(was=was, name=name)


@guard(
    "所选规定不适用于本案事实：{zh}（V-4）",
    "The rule does not fit the facts of the case: {en} (V-4)",
    basis=cite(EVAL),
    reads_inputs=True,
)
def rule_fits_the_facts(attempt: Attempt) -> bool | Unmet:
    try:
        return proposal_of(attempt).chosen is not None or Unmet(
            zh="行为时没有处罚规定。", en="it was not punishable on its day."
        )
    except LawError as error:
        return _refusal(error)


@guard(
    "决定适用的规定须与告知、证据所对应的一致：告知为 {told}（V-4）。",
    "The decision must rest on the rule that the notice and the evidence name: {told} (V-4).",
    basis=cite(EVAL),
    reads_inputs=True,
)
def rule_is_the_one_told(attempt: Attempt) -> bool | Unmet:
    told = attempt.case.facts.get("rule", "")
    return attempt.inputs["rule"] == told or Unmet(told=told or "—")


@guard(
    "罚款数额不合法：{zh}（V-5）",
    "The fine is not lawful: {en} (V-5)",
    basis=(cite(APL, "32"), cite(EVAL)),
    reads_inputs=True,
)
def fine_is_in_the_range(attempt: Attempt) -> bool | Unmet:
    known = said(attempt)
    try:
        ground = known.get("ground")
        checked = check_amount(
            proposal_of(attempt), money(known, "fine"), "" if ground == WITHIN else ground or ""
        )
    except LawError as error:
        return _refusal(error)
    return checked.allowed or Unmet(zh=checked.label.zh, en=checked.label.en)


@guard(
    "依法应没收的违法所得为 {due} 元（V-5）。",
    "The gain to be confiscated by law is {due} yuan (V-5).",
    basis=(cite(APL, "28"), cite(EVAL)),
    reads_inputs=True,
)
def confiscation_is_the_gain(attempt: Attempt) -> bool | Unmet:
    try:
        due = proposal_of(attempt).confiscation_cny
    except LawError:
        return True  # `fine_is_in_the_range` says what is wrong
    return money(said(attempt), "confiscation") == due or Unmet(due=f"{due:,.2f}")


BANS: Final = ("none", "five_years", "agency", "life")
"""Bans 禁业 by their weight."""


def _is_not_heavier(attempt: Attempt) -> bool | Unmet:
    facts, typed = attempt.case.facts, said(attempt)
    fine, taken = money(facts, "fine"), money(facts, "confiscation")
    lighter = money(typed, "fine") <= fine and money(typed, "confiscation") <= taken
    ban, before = (BANS.index(known.get("ban") or "none") for known in (typed, facts))
    return (lighter and ban <= before) or Unmet(fine=f"{fine:,.2f}", taken=f"{taken:,.2f}")


decision_is_not_heavier_than_told = Guard(
    "decision_is_not_heavier_than_told",
    _is_not_heavier,
    Label(
        "决定不得重于告知：告知罚款 {fine} 元、没收 {taken} 元。",
        "A decision cannot be heavier than what was told: fine {fine}, confiscation {taken} yuan.",
    ),
    basis=(cite(APL, "44"), cite(APL, "45")),
    reads_inputs=True,
)
proposal_is_not_heavier_for_a_plea = Guard(
    "proposal_is_not_heavier_for_a_plea",
    _is_not_heavier,
    Label(
        "不得因陈述、申辩或者听证加重处罚：原拟罚款 {fine} 元、没收 {taken} 元。",
        "A plea or a hearing never makes the penalty heavier: it was a fine of {fine}, confiscation {taken} yuan.",
    ),
    basis=(cite(APL, "45"),),
    reads_inputs=True,
)


@guard(
    "禁业须依法作出：依所选规定应为「{zh}」，终身禁业和机构禁业须说明情节严重的理由。",
    "A ban must follow the law: under this rule “{en}”; one for life or on an agency needs reasons why the case is serious.",
    basis=(cite("REG", "23"),),
    reads_inputs=True,
)
def ban_follows_the_law(attempt: Attempt) -> bool | Unmet:
    typed = said(attempt)
    try:
        proposal = proposal_of(attempt)
    except LawError:
        return True  # `fine_is_in_the_range` says what is wrong
    due = [ban for ban in proposal.bans if ban.ban.on is proposal.act.subject]
    chosen = typed.get("ban") or "none"
    lawful = {_kind_of(ban.ban) for ban in due} or {"none"}
    if chosen in lawful and (chosen not in ("life", "agency") or typed.get("ban_reasons")):
        return True
    label = due[0].label if due else Label("不禁业", "no ban")
    return Unmet(zh=label.zh, en=label.en)


def _kind_of(ban: Ban) -> str:
    if ban.on is Subject.AGENCY:
        return "agency"
    return "life" if ban.years is None else "five_years"


@guard(
    "本案须告知听证权利：{zh}。",
    "The party must be told of the right to a hearing: {en}.",
    basis=(cite(O30, "46")),
    reads_inputs=True,
)
def hearing_is_offered_where_due(attempt: Attempt) -> bool | Unmet:
    if attempt.inputs["hearing_right"]:
        return True
    if attempt.case.facts.get("halts"):
        return Unmet(zh="拟责令限制生产、停产整治", en="production is to be limited or halted")
    found = duties(attempt, money(attempt.case.facts, "fine"))
    if found is None:
        return True
    why = [one.label for one in found.hearing.reasons if one.verdict is Verdict.YES]
    return not why or Unmet(zh="；".join(w.zh for w in why), en="; ".join(w.en for w in why))


def _right_is_over(attempt: Attempt, clock: str, lapsed: str) -> bool:
    """Whether a right of the party told in the newest notice was used, waived or has lapsed."""
    served_on = attempt.case.facts.get("notice_served_on")
    if served_on is None:
        return False
    found = attempt.case.deadline(clock)
    used = found is not None and found.met
    return used or attempt.case.facts.get(lapsed, "") > served_on


def plea_is_over(attempt: Attempt) -> bool:
    """Whether the party has pleaded, waived it, or let its five days pass."""
    return _right_is_over(attempt, "plea", "plea_lapsed_on")


def hearing_is_over(attempt: Attempt) -> bool:
    """Whether there is no right to ask for a hearing any more, or there never was."""
    notice = newest(attempt.case, "prior_notice", "no_penalty_notice")
    of_no_penalty = notice is not None and notice.kind == "no_penalty_notice"
    if of_no_penalty or not attempt.case.facts.get("hearing_right"):
        return True
    return _right_is_over(attempt, "hearing_request", "hearing_lapsed_on")


@guard(
    "事先告知书尚未送达，或者陈述申辩、听证期限未满且当事人未书面放弃（V-6）。",
    "The prior notice is not served, or the time to plead or to ask for a hearing still runs and is not waived (V-6).",
    basis=(cite(APL, "44"), cite(O30, "44"), cite(EVAL)),
)
def notice_was_served_and_its_time_is_over(attempt: Attempt) -> bool:
    return plea_is_over(attempt) and hearing_is_over(attempt)


@guard(
    "还有 {left} 项监测、检测、鉴定等结果未告知当事人（V-7）。",
    "{left} results of tests or appraisals have not been told to the party (V-7).",
    basis=(cite(O30, "29"), cite(EVAL)),
)
def results_are_told(attempt: Attempt) -> bool | Unmet:
    facts = attempt.case.facts
    left = int(facts.get("results_received", 0)) - int(facts.get("results_told", 0))
    return left <= 0 or Unmet(left=left)


def discussion_is_due(attempt: Attempt) -> bool:
    """Whether the leaders must discuss the case together, or one of them wants them to."""
    facts = attempt.case.facts
    if facts.get("wants_discussion") or facts.get("complex_case") or facts.get("halts"):
        return True
    found = duties(attempt, money(facts, "fine"))
    return found is not None and found.collective_discussion.verdict is Verdict.YES


@guard(
    "依法应当集体讨论：尚未讨论，或者讨论之后又有陈述申辩、听证或新证据，须重新讨论（V-9）。",
    "The case must be discussed collectively: it was not, or pleas, a hearing or new evidence came after it (V-9).",
    basis=(cite(APL, "57"), cite(O30, "52"), cite(EVAL)),
)
def discussion_stands(attempt: Attempt) -> bool:
    return not discussion_is_due(attempt) or bool(attempt.case.signatures("discuss"))


@guard(
    "法制审核未通过，或者审核之后又有新证据（审核时 {seen} 份，现有 {now} 份），须重新审核（V-10）。",
    "The legal review was not passed, or new evidence came after it ({seen} pieces then, {now} now) (V-10).",
    basis=(cite(APL, "58"), cite(O30, "49"), cite(EVAL)),
)
def legal_review_stands(attempt: Attempt) -> bool | Unmet:
    facts = attempt.case.facts
    now, seen = int(facts.get("evidence_count", 0)), facts.get("evidence_reviewed")
    return seen == now or Unmet(seen=0 if seen is None else seen, now=now)


@guard(
    "违法行为已过处罚时效，或者行为终了日期不明：时效末日为 {last}（V-11）。",
    "The act is time-barred, or the day it ended is not known: the last day was {last} (V-11).",
    basis=(cite(APL, "36"), cite(EVAL)),
    reads_inputs=True,
)
def act_is_not_time_barred(attempt: Attempt) -> bool | Unmet:
    try:
        found = proposal_of(attempt).time_bar
    except LawError:
        found = None
    if found is None:
        return Unmet(last="—")
    return found.expired is False or Unmet(last=found.last_day)


@guard(
    "案件审查人员参加过本案调查（V-12）。",
    "Whoever reviewed the case took part in its investigation (V-12).",
    basis=(cite(O30, "38"), cite(EVAL)),
)
def reviewer_did_not_investigate(attempt: Attempt) -> bool:
    seats = attempt.case.participants(Capacity.REVIEWER)
    return not any(
        has_part(attempt.case, seat.person_id, Duty.INVESTIGATES)
        for seat in seats
        if seat.person_id is not None
    )


@guard(
    "还有查封、扣押或登记保存未依法解除、延期或处理（V-13）。",
    "A seizure or preservation was not ended, extended or dealt with in time (V-13).",
    basis=(cite("AEL", "25"), cite(APL, "56"), cite(EVAL)),
)
def measures_are_in_time(attempt: Attempt) -> bool:
    return not any(child.state == "overdue" for child in attempt.case.children("measures"))


def evidence_is_counted(attempt: Attempt) -> int:
    """How many pieces of evidence lie in the file."""
    return int(attempt.case.facts.get("evidence_count", 0))
