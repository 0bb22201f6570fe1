"""Earlier penalties for the same conduct: those of cases the person may see, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Organisation, OrganisationKind
from app.cases.models import Case
from app.cases.page import CasePage
from app.cases.sight import visible_to
from app.law.penalties import penalty_rules
from app.registers.models import PenaltyRecord

SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Earlier:
    """One penalty in the record: what it was for, whom it fell on, how much, since when."""

    case_id: UUID
    number: str
    party: str
    rule: str
    fine_cny: Decimal
    confiscated_cny: Decimal
    effective_on: date


def earlier_penalties(page: CasePage, conduct: str, *, persons: bool) -> Sequence[Earlier]:
    """The newest penalties in force for a conduct on parties of the same kind, newest first.

    Persons are compared with persons, units and agencies with each other: the ranges differ. A
    penalty of a case the reader may not see is left out, as is the case itself.
    """
    rules = [rule.key for rule in penalty_rules() if conduct in rule.conducts]
    natural = Organisation.kind == OrganisationKind.PERSON
    query = (
        select(PenaltyRecord, Case.id, Case.number, Organisation.name)
        .join(Case, Case.id == PenaltyRecord.case_id)
        .join(Organisation, Organisation.id == PenaltyRecord.organisation_id)
        .where(
            visible_to(page.actor),
            PenaltyRecord.rule.in_(rules),
            PenaltyRecord.annulled_on.is_(None),
            PenaltyRecord.case_id != page.case.id,
            natural if persons else ~natural,
        )
        .order_by(PenaltyRecord.effective_on.desc(), PenaltyRecord.id)
        .limit(SHOWN)
    )
    return [
        Earlier(
            case_id=row.id,
            number=row.number,
            party=row.name,
            rule=row.PenaltyRecord.rule,
            fine_cny=row.PenaltyRecord.fine,
            confiscated_cny=row.PenaltyRecord.confiscated,
            effective_on=row.PenaltyRecord.effective_on,
        )
        for row in page.session.execute(query)
    ]
