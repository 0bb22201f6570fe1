"""What left the house: who read restricted content, exports made, checkpoints handed out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.assurance import log
from app.assurance.bundle import TRIGGER as BUNDLE
from app.assurance.exports import CHAIN, TRIGGER
from app.assurance.spans import midnight
from app.audit import reads
from app.audit.models import AuditEntry, CheckpointPublication
from app.cases.models import Case
from app.cases.sight import visible_to
from app.engine.actors import Actor
from app.law.labels import Label
from app.workflows import LIFECYCLES

_BODY: Final = (AuditEntry.body,)


@dataclass(frozen=True, slots=True)
class Read:
    """One read of restricted content: who, what of which case, which inputs, why."""

    row: Row[*tuple[Any, ...]]
    what: Label
    case_id: UUID | None
    number: str
    """Of the case; empty for one that is not in sight."""
    entry: int | None
    names: Sequence[Label]
    reason: str


@dataclass(frozen=True, slots=True)
class Reads:
    """One page of reads, the newest first."""

    found: Sequence[Read]
    older: log.Key | None


def restricted(
    session: Session,
    actor: Actor,
    asked: log.Search,
    after: log.Key | None = None,
    size: int = log.PAGE,
) -> Reads:
    """Return who read restricted content; ``asked`` narrows by person and days."""
    page = log.search(session, actor, asked, after, more=_BODY, size=size)
    told = [json.loads(row.body)["details"] for row in page.rows]
    ids = {UUID(one["chain"]) for one in told if one.get("chain")}
    query = select(Case.id, Case.number, Case.lifecycle).where(Case.id.in_(ids), visible_to(actor))
    cases = {row.id: row for row in session.execute(query)}
    found = [_read(row, one, cases) for row, one in zip(page.rows, told, strict=True)]
    return Reads(found, page.older)


def _read(
    row: Row[*tuple[Any, ...]], told: Mapping[str, Any], cases: Mapping[UUID, Row[*tuple[Any, ...]]]
) -> Read:
    case_id = UUID(told["chain"]) if told.get("chain") else None
    case = cases.get(case_id) if case_id is not None else None
    what = told.get("what", "")
    known = what in list(reads.Restricted)
    return Read(
        row=row,
        what=reads.Restricted(what).label if known else Label(what, what),
        case_id=case_id if case is not None else None,
        number=case.number if case is not None else "",
        entry=told.get("entry"),
        names=[
            _input(case.lifecycle if case is not None else "", n) for n in told.get("names", ())
        ],
        reason=told.get("reason", ""),
    )


def _input(lifecycle: str, name: str) -> Label:
    declared = LIFECYCLES.get(lifecycle)
    for act in declared.transitions.values() if declared else ():
        for field in act.all_inputs:
            if field.name == name:
                return field.label
    return Label(name, name)


@dataclass(frozen=True, slots=True)
class Export:
    """One export: what was chosen, in which format, how much, why."""

    row: Row[*tuple[Any, ...]]
    told: Mapping[str, Any]
    number: str = ""
    """Of the case of a bundle; empty for one that is not in sight."""

    @property
    def is_bundle(self) -> bool:
        """Whether it is the evidence bundle of one case."""
        return bool(self.row.trigger == BUNDLE)

    @property
    def chosen(self) -> Label:
        """The selection in words."""
        if self.is_bundle:
            return Label(f"案件 {self.number}".strip(), f"case {self.number}".strip())
        words = self.told.get("chosen") or {}
        return Label(words.get("zh", ""), words.get("en", ""))


@dataclass(frozen=True, slots=True)
class Exports:
    """One page of exports, the newest first."""

    found: Sequence[Export]
    older: log.Key | None


def exports(
    session: Session,
    actor: Actor,
    asked: log.Search,
    after: log.Key | None = None,
    size: int = log.PAGE,
) -> Exports:
    """Return the exports and bundles that were made; ``asked`` narrows by days."""
    asked = replace(asked, kind=CHAIN, acts=((CHAIN, None, (TRIGGER, BUNDLE)),))
    page = log.search(session, actor, asked, after, more=_BODY, size=size)
    told = [json.loads(row.body)["details"] for row in page.rows]
    ids = {UUID(one["case_id"]) for one in told if one.get("case_id")}
    query = select(Case.id, Case.number).where(Case.id.in_(ids), visible_to(actor))
    numbers = {str(row.id): row.number for row in session.execute(query)}
    found = [
        Export(row, one, numbers.get(one.get("case_id", ""), ""))
        for row, one in zip(page.rows, told, strict=True)
    ]
    return Exports(found, page.older)


def publications(
    session: Session, since: date | None, until: date | None
) -> Sequence[CheckpointPublication]:
    """Return the checkpoints handed out in a period, the newest first."""
    query = select(CheckpointPublication)
    if since is not None:
        query = query.where(CheckpointPublication.published_at >= midnight(since))
    if until is not None:
        end = midnight(until + timedelta(days=1))
        query = query.where(CheckpointPublication.published_at < end)
    return session.scalars(
        query.order_by(CheckpointPublication.published_at.desc(), CheckpointPublication.id)
    ).all()
