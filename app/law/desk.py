"""The penalty desk: what the law proposes for an act, and whether an amount keeps within it.

Nothing here decides. Where two rules may apply both are shown, and what a person has to choose
comes with the question and its provisions. All numbers come from the dated tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.law.acts import Act
from app.law.amounts import exact_yuan, to_cents, yuan_text
from app.law.candidates import (
    Candidate,
    Weight,
    candidates,
    old_unless_lighter,
    proposed,
)
from app.law.dated import rule_on
from app.law.duties import Duties, Reason, Verdict, confiscated, duties_at, duties_of
from app.law.errors import LawError
from app.law.labels import Label
from app.law.penalties import Effect, Ground, Range, grounds, open_points, penalty_rules
from app.law.prompts import (
    BanThatFollows,
    CrimePrompt,
    TimeBar,
    bans_that_follow,
    crime_prompts,
    time_bar,
)
from app.law.sources import Citation
from app.law.terms import LawBook


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the law proposes for an act of a party.

    ``candidates`` are all rules that may apply, those of the day of the act first; ``chosen`` is
    the one the rest follows from, None where the act was not punishable on its day. ``choices`` are
    the questions that the legal reviewer has to answer with reasons. ``confiscation_cny`` is the
    gain to be confiscated besides the fine. ``duties`` is None without a rule.
    """

    act: Act
    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    choices: tuple[Reason, ...]
    confiscation_cny: Decimal
    duties: Duties | None
    bans: tuple[BanThatFollows, ...]
    crimes: tuple[CrimePrompt, ...]
    time_bar: TimeBar

    @property
    def range(self) -> Range | None:
        """The range of the party's fine; None where none is stated or it cannot be computed."""
        return self.chosen.bracket.range if self.chosen else None

    def duties_at(self, fine_cny: Decimal, law: LawBook) -> Duties | None:
        """Return what a penalty with this fine makes necessary; None without a rule."""
        if self.chosen is None:
            return None
        return duties_at(self.act, self.chosen, self.bans, law, fine_cny)


@dataclass(frozen=True)
class AmountCheck:
    """Whether a fine may be imposed, in a sentence, with the provisions it rests on."""

    allowed: bool
    label: Label
    basis: tuple[Citation, ...]


def propose(act: Act, law: LawBook, rule_key: str = "") -> Proposal:
    """Return what the law proposes for the act; with ``rule_key``, what follows from that rule.

    Raises LawError for a conduct the tables do not know, and for a rule that cannot apply: one that
    came after the act and is no lighter.
    """
    found = candidates(act)
    chosen = proposed(found, act)
    if rule_key:
        usable = (each for each in found if each.may_apply and each.rule.key == rule_key)
        chosen = next(usable, None)
        if chosen is None:
            raise LawError(
                f"规则「{rule_key}」不适用于该行为。",
                f"the rule “{rule_key}” does not apply to the act.",
            )
    bans = bans_that_follow(act, chosen.rule) if chosen else ()
    return Proposal(
        act=act,
        candidates=found,
        chosen=chosen,
        choices=tuple(_choices(found, act)),
        confiscation_cny=confiscated(act, chosen) if chosen else Decimal(0),
        duties=duties_of(act, chosen, bans, law) if chosen else None,
        bans=bans,
        crimes=crime_prompts(act, chosen.rule, law) if chosen else (),
        time_bar=time_bar(act, law),
    )


def check_amount(proposal: Proposal, amount_cny: Decimal, ground_key: str = "") -> AmountCheck:
    """Say whether a fine of this amount may be imposed on the party.

    Inside the range it may. Below it a lawful ground is needed, one of ``grounds()`` by its key: to
    go lower one that makes the penalty lighter, to give no fine one that says so. Above the range
    no ground helps. Grounds are those of the day of the decision.

    Raises TypeError for anything but a Decimal, ValueError for a negative amount, LawError for a
    ground that the data do not hold on that day.
    """
    exact_yuan(amount_cny)
    day = proposal.act.decided_on
    ground = rule_on(grounds(), ground_key, day) if ground_key else None
    if amount_cny != to_cents(amount_cny):
        return _refused("罚款精确到分。", "A fine is set to the fen.")
    if (chosen := proposal.chosen) is None:
        return _refused(
            "行为时没有处罚规定，不得罚款。",
            "The act was not punishable on its day: no fine.",
            old_unless_lighter(day),
        )
    bounds = chosen.bracket.range
    if not amount_cny and (bounds is None or bounds.low):
        return _no_fine(chosen, ground)
    if bounds is None:
        how = chosen.bracket.how
        return _refused(f"不得罚款：{how.zh}。", f"No fine: {how.en}.", chosen.rule.basis)
    return _held_against(bounds, chosen, amount_cny, ground)


def _held_against(
    bounds: Range, chosen: Candidate, amount: Decimal, ground: Ground | None
) -> AmountCheck:
    low, high, basis = yuan_text(bounds.low), yuan_text(bounds.high), chosen.rule.basis
    if amount > bounds.high:
        return _refused(
            f"高于法定最高 {high} 元；任何理由均不得高于法定幅度。",
            f"Above the {high} yuan of the law; no ground allows more than the range.",
            basis,
        )
    if amount >= bounds.low:
        return _allowed("在法定幅度之内。", "Within the range of the law.", basis)
    if ground is not None and ground.effect is Effect.LIGHTER:
        return _allowed(
            f"低于法定最低 {low} 元，减轻处罚：{ground.label.zh}。",
            f"Below the {low} yuan of the law, made lighter: {ground.label.en}.",
            (*ground.basis, *basis),
        )
    return _refused(
        f"低于法定最低 {low} 元，须有减轻处罚的法定理由。",
        f"Below the {low} yuan of the law; that needs a lawful ground for a lighter penalty.",
        basis,
    )


def _no_fine(chosen: Candidate, ground: Ground | None) -> AmountCheck:
    """Judge a fine of nothing where the range, if there is one, begins above it."""
    rule, how = chosen.rule, chosen.bracket.how
    if not chosen.bracket.stated:
        return _allowed(f"不罚款：{how.zh}。", f"No fine: {how.en}.", rule.basis)
    if ground is not None and ground.effect is Effect.NONE:
        return _allowed(
            f"不予处罚：{ground.label.zh}；应当教育当事人并记录在案。",
            f"No penalty: {ground.label.en}; the party is to be educated, on record.",
            (*ground.basis, *rule.basis),
        )
    if rule.optional:
        return _allowed(
            "该规定为“可以”处罚款，不罚款亦可。", "The rule lets a fine be left out.", rule.basis
        )
    return _refused(
        "不罚款须有不予处罚的法定理由；减轻处罚不等于免除。",
        "No fine needs a lawful ground for no penalty; lighter is not nothing.",
        rule.basis,
    )


def _allowed(zh: str, en: str, basis: tuple[Citation, ...]) -> AmountCheck:
    return AmountCheck(allowed=True, label=Label(zh, en), basis=basis)


def _refused(zh: str, en: str, basis: tuple[Citation, ...] = ()) -> AmountCheck:
    return AmountCheck(allowed=False, label=Label(zh, en), basis=basis)


def _choices(found: tuple[Candidate, ...], act: Act) -> Iterator[Reason]:
    """The questions the legal reviewer answers: what the law leaves open, what cannot be compared.

    An open point of one rule is a question whenever that rule may apply; one that several rules
    share is a question between them.
    """
    rules = [each.rule for each in found if each.may_apply]
    for point in open_points().values():
        touched = {rule.key for rule in rules if rule.open_point == point.key}
        sharing = {rule.key for rule in penalty_rules() if rule.open_point == point.key}
        if touched and (len(touched) > 1 or len(sharing) == 1):
            yield Reason(Verdict.YES, point.label, point.basis, point.mark)
    for each in found:
        if each.comparison and each.comparison.weight is Weight.UNCLEAR and each.rule.step == 1:
            why = each.comparison.why
            label = Label(
                f"从旧兼从轻由法制审核人员判断：{why.zh}",
                f"Old unless new is lighter, for the legal reviewer: {why.en}",
            )
            yield Reason(Verdict.YES, label, old_unless_lighter(act.decided_on))
