"""Addresses to try: what stands for each part of a route, of things a person sees or does not see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Delegation, Organisation, OrganisationKind, Person
from app.cases.models import (
    Case,
    CaseDeadline,
    CaseDocument,
    Escalation,
    Evidence,
    ReportVersion,
)
from app.db import new_id
from app.demo import enforcement
from app.demo.cast import Cast, enlist
from app.demo.docket import Clerk
from app.documents import rendering
from app.law.periods import local_date
from app.law.terms import shipped_law
from app.outbox.models import Letter
from app.registers.models import PersonProfile
from app.workflows import LIFECYCLES
from tests.cases.conftest import NOW, City

Parts = dict[str, Any]

NOBODY = UUID("00000000-0000-7000-8000-00000000dead")
FIXED: Parts = {
    "filename": "tanjian.css", "on": "2026-11-20", "key": "verification", "version": 1, "format_": "bpmn",
    "name": "units", "form": "csv", "year": 2026, "number": 1, "token": "no-such-token",
    "publication_id": NOBODY, "delivery_id": NOBODY, "endpoint_id": NOBODY, "tie_id": NOBODY,
    "part": "pdf", "seq": 0, "person_id": NOBODY, "membership_id": NOBODY, "request_id": NOBODY, "identity_id": NOBODY,
    "what": "password",
}  # fmt: skip
"""Of every route, unless `OTHERWISE` says more."""
ASKED: dict[str, Parts] = {
    "insights.reassign": {"officer": "none"},
    "insights.preview_reassignment": {"officer": "none"},
    "insights.do_reassign": {"officer": "none"},
}
"""What an address needs behind its question mark, or a form to be taken for one."""
ONLY: dict[str, str] = {"enforcement.account": "penalty_procedure"}
"""Endpoints that only cases of one lifecycle have."""
PLAYED = ("demo-performance", "demo-deferred")
"""Penalties that stand in the city, each with a fine to pay: one becomes restricted, one does not."""
OTHERWISE: dict[str, Parts] = {
    "bootstrap.static": {"filename": "css/bootstrap.min.css"},
    "outbox.edit_words": {"key": "notice"},
    "cases.aside": {"key": "none"},
    "documents.download": {"form": "pdf"},
}


@dataclass(frozen=True)
class Thing:
    """Something that hangs on a case, as the parts of an address."""

    case: UUID
    parts: Parts


def first_act(lifecycle: str) -> str:
    """The first act of a lifecycle that a person does."""
    declared = LIFECYCLES[lifecycle]
    return next(
        name
        for name, one in declared.transitions.items()
        if not (one.automatic or one.opens or name in declared.timers)
    )


def of_cases(session: Session) -> list[Thing]:
    """Every case with the first act of its lifecycle."""
    return [
        Thing(
            case.id,
            {
                "case_id": case.id,
                "chain_id": case.id,
                "seq": 0,
                "trigger": first_act(case.lifecycle),
            },
        )
        for case in session.scalars(select(Case).order_by(Case.id))
    ]


def of_clocks(session: Session) -> list[Thing]:
    """Every clock."""
    found = session.execute(select(CaseDeadline.case_id, CaseDeadline.id).order_by(CaseDeadline.id))
    return [Thing(case, {"case_id": case, "clock_id": one}) for case, one in found]


def of_files(session: Session) -> list[Thing]:
    """Every file that is not for the authority alone."""
    found = session.execute(
        select(Evidence.case_id, Evidence.id).where(~Evidence.internal).order_by(Evidence.id)
    )
    return [Thing(case, {"case_id": case, "evidence_id": one}) for case, one in found]


def of_documents(session: Session) -> list[Thing]:
    """Every document that was rendered."""
    found = session.execute(
        select(CaseDocument.case_id, CaseDocument.id)
        .where(CaseDocument.rendered_at.is_not(None))
        .order_by(CaseDocument.id)
    )
    return [Thing(case, {"case_id": case, "document_id": one}) for case, one in found]


def of_reports(session: Session) -> list[Thing]:
    """Every version of a report."""
    found = session.execute(
        select(ReportVersion.case_id, ReportVersion.report, ReportVersion.number).order_by(
            ReportVersion.id
        )
    )
    return [
        Thing(case, {"case_id": case, "report": report, "version": number})
        for case, report, number in found
    ]


def of_escalations(session: Session) -> list[Thing]:
    """Every escalation."""
    found = session.execute(select(Escalation.case_id, Escalation.id).order_by(Escalation.id))
    return [Thing(case, {"escalation_id": one}) for case, one in found]


KINDS: dict[str, Callable[[Session], list[Thing]]] = {
    "clock_id": of_clocks,
    "evidence_id": of_files,
    "document_id": of_documents,
    "report": of_reports,
    "escalation_id": of_escalations,
    "case_id": of_cases,
    "chain_id": of_cases,
}
"""By the part of the address that says most; the first that a route has counts."""


def kind_of(arguments: set[str]) -> str | None:
    """The part of an address that names something of a case."""
    return next((name for name in KINDS if name in arguments), None)


def bring(session: Session, cast: Cast, now: datetime) -> None:
    """Put into the city what nobody has done there: letters, a place handed over, a natural person."""
    for actor in cast.people.values():
        session.add(
            Letter(
                id=new_id(),
                person_id=actor.person_id,
                bundle="tried",
                kind="notice",
                subject="Tried",
                lines=[],
                template="bundle",
                template_version=0,
                created_at=now,
            )
        )
    for principal, substitute in (("inspector", "supervisor"), ("verifier", "verifier2")):
        session.add(
            Delegation(
                id=new_id(),
                principal_id=cast[principal].person_id,
                substitute_id=cast[substitute].person_id,
                organisation_id=cast[principal].organisation_id,
                roles=[],
                lifecycles=[],
                since=now.date(),
                until=now.date(),
                made_by=cast[principal].person_id,
                made_by_name="",
                made_at=now,
            )
        )
    one = Organisation(
        id=new_id(),
        kind=OrganisationKind.PERSON,
        name="某甲（示例）",
        division=cast["inspector"].division,
        created_at=now,
    )
    session.add(one)
    session.flush()
    session.add(PersonProfile(organisation_id=one.id))


def penalise(city: City) -> None:
    """Play some penalties: they have official documents, which are rendered, and an account."""
    law = shipped_law()
    city.cast = city.database.write(partial(enlist, cast=city.cast, now=NOW))
    clerk = Clerk(city.database, law, city.cast, city.store, latest=NOW)
    for plot in enforcement.PLOTS:
        if plot.key in PLAYED:
            days = max(plot.length + plot.ago, 1)
            clerk.perform(plot, law.calendar.working_days_before(local_date(NOW), days))
    rendering.render_due(city.database, city.store, NOW)


def of_people(session: Session, endpoint: str) -> Iterator[tuple[UUID, Parts]]:
    """Whose it is, and the parts of the address: letters, places handed over, people."""
    if endpoint.startswith("outbox."):
        for letter in session.scalars(select(Letter).order_by(Letter.id)):
            yield letter.person_id, {"letter_id": letter.id}
    elif endpoint == "accounts.end_delegation":
        for one in session.scalars(select(Delegation).order_by(Delegation.id)):
            yield one.principal_id, {"delegation_id": one.id}
    else:
        for person in session.scalars(select(Person.id).order_by(Person.id)):
            yield person, {"principal_id": person, "person_id": person}


def of_registers(session: Session) -> dict[str, list[Organisation]]:
    """The entries of the registers by what `routes.txt` calls them."""
    names = {
        "unit": OrganisationKind.UNIT,
        "agency": OrganisationKind.AGENCY,
        "natural": OrganisationKind.PERSON,
    }
    query = select(Organisation).order_by(Organisation.id)
    return {
        name: list(session.scalars(query.where(Organisation.kind == kind)))
        for name, kind in names.items()
    }
