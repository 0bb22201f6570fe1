"""What an evidence bundle 证据包 is about, and who may make one.

Whoever makes it answers for what leaves the house: the heads of section and the legal reviewers of
the authority that leads the case, and auditors. What the maker may not read goes out to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.checkpoints import latest
from app.audit.models import ChainHead, Checkpoint, CheckpointLeaf, PrivateValue
from app.cases.confidential import owes_reason
from app.cases.errors import NoSuchCase, NotPermitted
from app.cases.escalation.records import chain_of
from app.cases.models import Case
from app.cases.page import CasePage
from app.cases.sight import case_for, visible_to
from app.cases.snapshot import SEEN, Snapshot
from app.db import table_of
from app.documents.casefile_contents import Contents, contents_of
from app.documents.catalogue import Volume
from app.engine.actors import LEGAL_REVIEWER, SUPERVISOR, SYSTEM_ACTOR, Actor, Role
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label
from app.releases.operations import current_law

MAKERS: Final = (SUPERVISOR, LEGAL_REVIEWER)
"""Who of the authority that leads the case may make one; besides, auditors who see the case."""
UNREAD: Final = Label(
    "本案有尚未提出、您不能查看的内容，须由审计员制作证据包。",
    "The case holds rows not issued yet that you may not read: an auditor can make the bundle.",
)

MOST_FILES: Final = 400
MOST_BYTES: Final = 300 * 1024 * 1024
MOST_ENTRIES: Final = 20_000
"""Of a bundle that is made while somebody waits; larger ones are made at the command line."""

cases: Final = table_of(Case)
leaves: Final = table_of(CheckpointLeaf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks for.

    ``family``: the other cases of the family too, ``side``: the side volume, ``unmask``: personal
    and sealed values; these two for a ``reason``. ``against``: numbers of full checkpoints the
    chains shall be proven against besides the newest and those handed out.
    """

    case_id: UUID
    actor: Actor
    now: datetime
    family: bool = False
    side: bool = False
    unmask: bool = False
    reason: str = ""
    against: tuple[int, ...] = ()

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """The volumes that go out."""
        return tuple(Volume) if self.side else (Volume.MAIN,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The cases of a bundle as one reading saw them; the contents of the case itself come first.

    ``cases`` are all whose chains go out: of each contents the case and the tracks beside it.
    """

    case: Case
    contents: tuple[Contents, ...]

    @property
    def cases(self) -> tuple[UUID, ...]:
        """Every case whose chain goes out."""
        return tuple(head.case_id for one in self.contents for head in one.heads)


def may_make(view: Snapshot, actor: Actor) -> bool:
    """Whether somebody who sees the case may hand it to a court or an auditor."""
    if actor == SYSTEM_ACTOR or Role.AUDITOR in actor.roles:
        return True
    leads = actor.organisation_id == view.row["authority_id"]
    return leads and stands_for(actor, view.capacities_of(actor), MAKERS) is not None


def scope_of(session: Session, order: Order) -> Scope:
    """Return what a bundle would hold now.

    Raises NoSuchCase; NotPermitted for whoever may not make it, or may not read all of the case.
    """
    case = _seen(session, order)
    _refuse(session, case, order)
    found = [contents_of(session, case.id)]
    if order.family:
        held = {head.case_id for head in found[0].heads}
        for relative in _relatives(session, case, order):
            if relative.id not in held:
                found.append(contents_of(session, relative.id))
                held |= {head.case_id for head in found[-1].heads}
    return Scope(case=case, contents=tuple(found))


def _seen(session: Session, order: Order) -> Case:
    if order.actor == SYSTEM_ACTOR:
        query = select(Case).where(Case.id == order.case_id)
    else:
        query = case_for(order.actor, order.case_id)
    found = session.scalars(query, execution_options=SEEN).one_or_none()
    if found is None:
        raise NoSuchCase
    return found


def _relatives(session: Session, case: Case, order: Order) -> Iterator[Case]:
    """The rest of the family, as far as the maker may hand it out; parents before children."""
    query = select(Case).where(Case.root_id == case.root_id, Case.id != case.id)
    if order.actor != SYSTEM_ACTOR:
        query = query.where(visible_to(order.actor))
    query = query.order_by(Case.opened_at, Case.id)
    for relative in session.scalars(query, execution_options=SEEN).all():
        if may_make(_view(session, relative), order.actor) and not _hides(session, relative, order):
            yield relative


def _refuse(session: Session, case: Case, order: Order) -> None:
    if not may_make(_view(session, case), order.actor):
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to(MAKERS))])
    if _hides(session, case, order):
        raise NotPermitted([Refusal(Why.NOT_YOU, UNREAD)])


def _hides(session: Session, case: Case, order: Order) -> bool:
    """Whether the case holds rows of others that the maker may not read: entries tell of them.

    An auditor reads all of them; of a restricted case none, before saying why.
    """
    if order.actor == SYSTEM_ACTOR or (Role.AUDITOR in order.actor.roles and not case.restricted):
        return False
    page = CasePage(session, order.actor, case.id, now=order.now, law=current_law(session))
    if Role.AUDITOR in order.actor.roles:
        return owes_reason(page)
    shown = {one.row.id for rows in page.rows.values() for one in rows}
    return any(row.id not in shown for table in page.rows for row in page.view.items(table))


def _view(session: Session, case: Case) -> Snapshot:
    return Snapshot(session, {c.name: getattr(case, c.key) for c in cases.columns})


def is_covered(session: Session, case_ids: Sequence[UUID], number: int) -> bool:
    """Whether a checkpoint covers cases, and their escalations, to their last entries."""
    chains = [*case_ids, *(chain_of(each) for each in case_ids)]
    covered = (
        select(leaves.c.chain_id, func.max(leaves.c.seq))
        .where(leaves.c.number <= number, leaves.c.chain_id.in_(chains))
        .group_by(leaves.c.chain_id)
    )
    until = {chain_id: seq for chain_id, seq in session.execute(covered)}  # noqa: C416 - of rows
    heads = (
        select(Case.id, Case.last_seq).where(Case.id.in_(case_ids)),
        select(ChainHead.chain_id, ChainHead.last_seq).where(ChainHead.chain_id.in_(chains)),
    )
    return all(
        until.get(chain_id, -1) == seq
        for query in heads
        for chain_id, seq in session.execute(query, execution_options=SEEN)
    )


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a part of a bundle holds; ``size`` in bytes."""

    cases: int
    files: int
    size: int
    entries: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What would go out: of the case itself, of its side volume, and of its family besides.

    ``values`` are the personal and sealed ones that entries of the whole family only commit to.
    """

    own: Extent
    side: Extent
    family: Extent
    family_side: Extent
    values: int
    checkpoint: Checkpoint | None
    covered: bool

    def fits(self, *, family: bool, side: bool) -> bool:
        """Whether it is made while somebody waits for the page."""
        chosen = [self.own]
        chosen += [self.side] if side else []
        chosen += [self.family] if family else []
        chosen += [self.family_side] if family and side else []
        return (
            sum(one.files for one in chosen) <= MOST_FILES
            and sum(one.size for one in chosen) <= MOST_BYTES
            and sum(one.entries for one in chosen) <= MOST_ENTRIES
        )


def outline_of(session: Session, scope: Scope) -> Outline:
    """Count what a scope with its family holds."""
    own, *others = scope.contents
    mine = [head.case_id for head in own.heads]
    entries = _entries(session, scope.cases)
    newest = latest(session, full=True)
    values = select(func.count()).select_from(PrivateValue)
    values = values.where(PrivateValue.chain_id.in_(scope.cases), PrivateValue.salt != "")
    own_entries = sum(entries[each] for each in mine)
    return Outline(
        own=_extent([own], Volume.MAIN, own_entries),
        side=_extent([own], Volume.SIDE, 0),
        family=_extent(others, Volume.MAIN, sum(entries.values()) - own_entries),
        family_side=_extent(others, Volume.SIDE, 0),
        values=session.scalar(values, execution_options=SEEN) or 0,
        checkpoint=newest,
        covered=newest is not None and is_covered(session, scope.cases, newest.number),
    )


def _extent(contents: Sequence[Contents], volume: Volume, entries: int) -> Extent:
    papers = [paper for one in contents for paper in one.of(volume)]
    cases = sum(len(one.heads) for one in contents)
    return Extent(cases, len(papers), sum(paper.size for paper in papers), entries)


def _entries(session: Session, case_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many entries each case has, with those of its escalations."""
    of = {chain_of(each): each for each in case_ids}
    query = select(Case.id, Case.last_seq).where(Case.id.in_(case_ids))
    found = {case_id: last + 1 for case_id, last in session.execute(query, execution_options=SEEN)}
    heads = select(ChainHead.chain_id, ChainHead.last_seq).where(ChainHead.chain_id.in_(of))
    for chain_id, last in session.execute(heads):
        found[of[chain_id]] += last + 1
    return found
