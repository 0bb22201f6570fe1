"""A copy of the open cases in which clocks can run ahead, in a file of its own that is thrown away.

Copied is what `app.cases.timers` reads: whole families of cases with what hangs on them, and the
registers and people guards ask about, all of one state of the world. The engine that works on the
copy is the one that works on the original, so what it does there it would do here. Left out or
blanked is what it never reads: passwords, the text of entries and documents, remarks, messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Session

from app.accounts.models import Delegation, Membership, Organisation, Person
from app.audit.models import AuditEntry
from app.cases.models import (
    NEVER,
    Case,
    CaseDeadline,
    CaseDocument,
    CaseExclusion,
    CaseItem,
    CaseLink,
    ClockRung,
    DueAct,
    Escalation,
    Evidence,
    NumberSeries,
    Participant,
    ReportVersion,
    Signature,
)
from app.cases.snapshot import SEEN
from app.db import Base, Database, table_of
from app.registers.models import (
    AgencyProfile,
    AgencyTie,
    Ban,
    PenaltyRecord,
    PersonProfile,
    RosterEntry,
)

IDS_AT_ONCE: Final = 400
ROWS_AT_ONCE: Final = 2000

cases = table_of(Case)
audit = table_of(AuditEntry)
clocks = table_of(CaseDeadline)
signatures = table_of(Signature)
versions = table_of(ReportVersion)
_newer = versions.alias("newer")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows copied of one table: those whose ``key`` is among ids, narrowed by ``only``.

    ``blank`` says what stands in the copy instead of columns that are not read at all.
    """

    table: Table
    key: Column[Any] | None = None
    only: tuple[ColumnElement[bool], ...] = ()
    blank: Mapping[str, object] = field(default_factory=dict)

    @property
    def query(self) -> Select[Any]:
        """Everything of it, or of the ids given as ``ids``."""
        wanted = select(*(c for c in self.table.c if c.name not in self.blank)).where(*self.only)
        if self.key is None:
            return wanted
        return wanted.where(self.key.in_(bindparam("ids", expanding=True)))


WHOLE: Final = (
    Part(table_of(Organisation)),
    Part(table_of(Person), blank={"password_hash": "", "email": None}),
    *(
        Part(table_of(model))
        for model in (
            Membership, Delegation, AgencyProfile, AgencyTie, Ban, PenaltyRecord, PersonProfile,
            RosterEntry, NumberSeries,
        )
    ),
)  # fmt: skip
BY_ROOT: Final = (
    Part(cases, cases.c.root_id),
    Part(  # guards read the newest version and count by its number
        versions,
        versions.c.root_id,
        (
            versions.c.number
            == select(func.max(_newer.c.number))
            .where(_newer.c.root_id == versions.c.root_id, _newer.c.report == versions.c.report)
            .scalar_subquery(),
        ),
    ),
)
BY_CASE: Final = (
    Part(clocks, clocks.c.case_id, (clocks.c.voided_seq.is_(None),)),
    Part(signatures, signatures.c.case_id, (signatures.c.voided_seq.is_(None),)),
    Part(table_of(CaseDocument), table_of(CaseDocument).c.case_id, blank={"content": None}),
    *(
        Part(table_of(model), table_of(model).c.case_id)
        for model in (
            Participant, ClockRung, Escalation, CaseExclusion, CaseItem, Evidence, CaseLink, DueAct,
        )
    ),
)  # fmt: skip
DONE_BY: Final = (
    select(audit.c.chain_id, audit.c.actor_id, audit.c.trigger, func.min(audit.c.seq).label("seq"))
    .where(audit.c.chain_id.in_(bindparam("ids", expanding=True)))
    .group_by(audit.c.chain_id, audit.c.actor_id, audit.c.trigger)
)
"""Who did which acts on a case: all that guards ask of its entries."""
WITHOUT_WORDS: Final[Mapping[str, object]] = {
    "chain": "case",
    "recorded_at": NEVER,
    "occurred_at": NEVER,
    "actor_name": "",
    "role": "",
    "organisation_name": "",
    "body": "",
    "prev_hash": "",
    "hash": "",
}
"""What stands in a copied entry; one that is written in the copy has a body."""


@dataclass(frozen=True, slots=True)
class Copied:
    """The copy, and which of its cases were asked for; the others are of their families."""

    database: Database
    asked: frozenset[UUID]


@contextmanager
def copied(source: Database, *criteria: ColumnElement[bool]) -> Iterator[Copied]:
    """Copy the open cases that fulfil ``criteria`` (on `Case`) with their families; then forget it.

    The source is read in one transaction that cannot write.
    """
    with TemporaryDirectory(prefix="rehearsal-") as folder:
        copy = Database(f"sqlite:///{Path(folder) / 'copy.sqlite'}")
        event.listen(copy.engine, "connect", _nothing_to_lose)
        try:
            Base.metadata.create_all(copy.engine)
            with source.read() as reading:
                asked = _fill(reading, copy, criteria)
            yield Copied(copy, asked)
        finally:
            copy.dispose()


def _nothing_to_lose(dbapi: Any, _record: object) -> None:
    """No power cut matters to a file that is thrown away; nor do rows that lead to none."""
    dbapi.execute("PRAGMA synchronous=off")
    dbapi.execute("PRAGMA foreign_keys=off")


def _fill(
    reading: Session, copy: Database, criteria: Sequence[ColumnElement[bool]]
) -> frozenset[UUID]:
    asked = reading.execute(select(Case.id, Case.root_id).where(~Case.is_final, *criteria)).all()
    with copy.engine.begin() as writing:
        for part in WHOLE:
            _copy(reading, writing, part)
    for roots in _in_parts(list(dict.fromkeys(row.root_id for row in asked))):
        # One transaction for all would stand in the log of the file as well as in the file.
        with copy.engine.begin() as writing:
            _copy_families(reading, writing, roots)
    return frozenset(row.id for row in asked)


def _copy_families(reading: Session, writing: Connection, roots: Sequence[UUID]) -> None:
    for part in BY_ROOT:
        _copy(reading, writing, part, roots)
    family = list(writing.scalars(select(cases.c.id).where(cases.c.root_id.in_(roots))))
    for some in _in_parts(family):
        for part in BY_CASE:
            _copy(reading, writing, part, some)
        _copy_deeds(reading, writing, some)


def _in_parts(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for first in range(0, len(ids), IDS_AT_ONCE):
        yield ids[first : first + IDS_AT_ONCE]


def _copy(
    reading: Session, writing: Connection, part: Part, ids: Sequence[UUID] | None = None
) -> None:
    values = {} if ids is None else {"ids": list(ids)}
    _insert(reading, writing, part.table, part.query, values, part.blank)


def _copy_deeds(reading: Session, writing: Connection, ids: Sequence[UUID]) -> None:
    nobody = {"organisation_id": UUID(int=0)}
    _insert(reading, writing, audit, DONE_BY, {"ids": list(ids)}, {**WITHOUT_WORDS, **nobody})


def _insert(
    reading: Session,
    writing: Connection,
    table: Table,
    query: Select[Any],
    values: Mapping[str, object],
    blank: Mapping[str, object],
) -> None:
    found = reading.connection().execute(
        query, values, execution_options={**SEEN, "yield_per": ROWS_AT_ONCE}
    )
    for some in found.mappings().partitions():
        writing.execute(insert(table), [{**row, **blank} for row in some])
