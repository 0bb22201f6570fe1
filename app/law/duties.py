"""What a penalty makes necessary: the hearing right, collective discussion, legal review.

Each is a verdict with its reasons. From the range of a fine the verdict may be that it depends on
the amount chosen; from an amount it follows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.law.acts import Act, Party
from app.law.amounts import payable_yuan, yuan_text
from app.law.candidates import Bracket, Candidate
from app.law.labels import NO_LABEL, Label
from app.law.penalties import Range
from app.law.prompts import BanThatFollows
from app.law.sources import Citation, Mark, cite_all
from app.law.terms import LawBook, Value

AT_THRESHOLD: Final = "hearing_at_threshold"
COLLECTIVE_THRESHOLD: Final = "collective_discussion_threshold_cny"
HEARING_THRESHOLDS: Final = {
    Party.LEGAL_PERSON: "hearing_threshold_legal_person_cny",
    Party.NATURAL_PERSON: "hearing_threshold_natural_person_cny",
}

HEARING: Final = ("O30 46",)
COLLECTIVE: Final = ("APL 57", "O30 52")
LEGAL_REVIEW: Final = ("APL 58", "O30 49,50,51")
COMPLEX: Final = Label(
    "案情疑难复杂或者涉及多个法律关系", "A complex case, or several legal relations"
)


class Verdict(StrEnum):
    """Whether something is required."""

    YES = "yes"
    DEPENDS = "depends"
    """On the amount, or on what is still to happen; the reason says on what."""
    NO = "no"


@dataclass(frozen=True)
class Reason:
    """Why something is required, or on what it depends, with the provision and its mark."""

    verdict: Verdict
    label: Label
    basis: tuple[Citation, ...]
    mark: Mark = Mark.LAW


@dataclass(frozen=True)
class Duty:
    """Something required or not, with the reasons for it; without any it is not required."""

    reasons: tuple[Reason, ...]

    @property
    def verdict(self) -> Verdict:
        """The strongest of the reasons' verdicts."""
        found = {reason.verdict for reason in self.reasons}
        return next((each for each in (Verdict.YES, Verdict.DEPENDS) if each in found), Verdict.NO)


@dataclass(frozen=True)
class Duties:
    """What a penalty makes necessary before it can be decided."""

    hearing: Duty
    collective_discussion: Duty
    legal_review: Duty


def duties_of(act: Act, chosen: Candidate, bans: Iterable[BanThatFollows], law: LawBook) -> Duties:
    """Return what a penalty within the range of ``chosen`` makes necessary.

    The thresholds are those of the day of the decision. A fine and a confiscated gain are each held
    against them, not their sum. Whether an amount at the hearing threshold itself counts is a
    switch; at the one of the collective discussion it does.
    """
    return _Case(act, chosen, tuple(bans), law).duties(chosen.bracket)


def duties_at(
    act: Act, chosen: Candidate, bans: Iterable[BanThatFollows], law: LawBook, fine_cny: Decimal
) -> Duties:
    """Return what a penalty with this fine makes necessary; as ``duties_of`` otherwise."""
    amount = Range(payable_yuan(fine_cny), fine_cny)
    bracket = Bracket(stated=True, range=amount, how=NO_LABEL)
    return _Case(act, chosen, tuple(bans), law).duties(bracket)


@dataclass(frozen=True)
class _Case:
    """All that the duties follow from, except the fine."""

    act: Act
    chosen: Candidate
    bans: tuple[BanThatFollows, ...]
    law: LawBook

    def duties(self, bracket: Bracket) -> Duties:
        hearing = Duty(tuple(self.hearing(bracket)))
        return Duties(
            hearing=hearing,
            collective_discussion=Duty(tuple(self.collective_discussion(bracket))),
            legal_review=Duty(tuple(self.legal_review(hearing))),
        )

    def hearing(self, bracket: Bracket) -> Iterator[Reason]:
        key = HEARING_THRESHOLDS[self.act.party]
        yield from self.amounts(bracket, key, itself=self.law.setting(AT_THRESHOLD))
        yield from self.measures(cite_all(HEARING))

    def collective_discussion(self, bracket: Bracket) -> Iterator[Reason]:
        yield from self.amounts(bracket, COLLECTIVE_THRESHOLD, itself=True)
        yield from self.measures(cite_all(COLLECTIVE))
        if self.act.complex_case:
            yield Reason(Verdict.YES, COMPLEX, cite_all(COLLECTIVE))

    def legal_review(self, hearing: Duty) -> Iterator[Reason]:
        basis = cite_all(LEGAL_REVIEW)
        if self.act.public_interest:
            interest = Label("涉及重大公共利益", "Major public interest is at stake")
            yield Reason(Verdict.YES, interest, basis)
        if self.act.hearing_held:
            held = Label("关系重大权益，已经过听证", "Major rights, and a hearing was held")
            yield Reason(Verdict.YES, held, basis)
        elif hearing.verdict is not Verdict.NO:
            if_held = Label("当事人要求听证并举行的，须审核", "Required if a hearing is held")
            yield Reason(Verdict.DEPENDS, if_held, basis)
        if self.act.complex_case:
            yield Reason(Verdict.YES, COMPLEX, basis)

    def amounts(self, bracket: Bracket, key: str, *, itself: bool) -> Iterator[Reason]:
        """Hold the fine and the confiscated gain against a threshold."""
        threshold = self.law.values[key].on(self.act.decided_on)
        if threshold is None:
            unknown = Label("数据中没有该日的数额门槛", "The data hold no threshold for that day")
            yield Reason(Verdict.DEPENDS, unknown, (), Mark.TO_CONFIRM)
            return
        limit = threshold.amount
        above = Label(
            f"达到 {yuan_text(limit)} 元" if itself else f"超过 {yuan_text(limit)} 元",
            f"reaches {yuan_text(limit)} yuan" if itself else f"exceeds {yuan_text(limit)} yuan",
        )

        def reached(amount: Decimal) -> bool:
            return amount > limit or (itself and amount == limit)

        fine = bracket.range
        if fine is not None and reached(fine.low):
            yield _over(threshold, Verdict.YES, Label(f"罚款{above.zh}", f"The fine {above.en}"))
        elif (fine is None and bracket.stated) or (fine is not None and reached(fine.high)):
            if_fine = Label(f"取决于罚款是否{above.zh}", f"Depends on whether the fine {above.en}")
            yield _over(threshold, Verdict.DEPENDS, if_fine)
        gain = confiscated(self.act, self.chosen)
        if reached(gain):
            taken = Label(f"没收违法所得{above.zh}", f"The confiscated gain {above.en}")
            yield _over(threshold, Verdict.YES, taken)

    def measures(self, basis: tuple[Citation, ...]) -> Iterator[Reason]:
        """Name the bans on the party, and the halt that may follow a disobeyed order."""
        for ban in self.bans:
            if ban.ban.on is self.act.subject:
                yield Reason(Verdict.YES, ban.label, basis)
        if self.chosen.rule.refused_halts and self.act.order_disobeyed:
            halt = Label("拟责令限制生产、停产整治的", "If production is to be limited or halted")
            yield Reason(Verdict.DEPENDS, halt, basis)


def confiscated(act: Act, chosen: Candidate) -> Decimal:
    """Return the gain that is confiscated from the party under the rule, in yuan."""
    from_party = act.subject is chosen.rule.subject
    taken = chosen.rule.confiscates_gain and from_party
    return (act.gain_cny or Decimal(0)) if taken else Decimal(0)


def _over(threshold: Value, verdict: Verdict, label: Label) -> Reason:
    return Reason(verdict, label, threshold.basis, threshold.mark)
