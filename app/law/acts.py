"""What is known of an act that a penalty is considered for."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.law.amounts import exact_yuan
from app.law.errors import LawError
from app.law.penalties import Subject


class Party(StrEnum):
    """Which hearing threshold holds for the party."""

    LEGAL_PERSON = "legal_person"
    """A legal person or another organisation."""
    NATURAL_PERSON = "natural_person"


class Harm(StrEnum):
    """What harm the act did, as far as the time-bar asks."""

    NONE = "none"
    LIFE_HEALTH_FINANCE = "life_health_finance"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act of one party, and the case about it as it stands on the day of the decision.

    ``conduct`` is a word of the penalty tables or the key of a rule. Days are inclusive; a
    continuing act is judged by its end, ``ended_on``. ``subject`` is the party: a unit, an agency,
    or a person responsible. ``discovered_on`` is left out where it is the day of the decision.

    ``gain_cny`` is what the act brought in, ``obtainable_gain_cny`` what it brought in and was to
    bring (the measure of the criminal law; left out where it is the same). ``tonnes`` and
    ``price_cny`` are those of the shortfall, or of what was traded. ``serious`` is 情节严重,
    ``complex_case`` a difficult case or several legal relations, ``order_disobeyed`` an order to
    correct that was refused or not met in time. ``earlier_penalties`` are the days on which earlier
    penalties for the same conduct took effect.

    Raises TypeError for a float, ValueError for a negative amount, LawError for days out of order.
    """

    conduct: str
    began_on: date
    ended_on: date
    decided_on: date
    subject: Subject
    party: Party
    discovered_on: date | None = None
    gain_cny: Decimal | None = None
    obtainable_gain_cny: Decimal | None = None
    tonnes: Decimal | None = None
    price_cny: Decimal | None = None
    serious: bool = False
    complex_case: bool = False
    public_interest: bool = False
    hearing_held: bool = False
    order_disobeyed: bool = False
    harm: Harm = Harm.NONE
    earlier_penalties: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for amount in (self.gain_cny, self.obtainable_gain_cny, self.tonnes, self.price_cny):
            if amount is not None:
                exact_yuan(amount)
        if not self.began_on <= self.ended_on <= self.decided_on:
            raise LawError(
                "行为开始、终了和作出决定的日期须依次先后。",
                "an act begins, ends and is decided on in this order.",
            )

    @property
    def is_person(self) -> bool:
        """Whether the party is a person responsible, not the unit or agency."""
        return self.subject is Subject.PERSON
