"""Verification: whether the log is what it was, as far as the database and outside copies tell.

One run verifies the checkpoints, then chain after chain, in pieces; after each piece its row in
``audit_verifications`` says how far it came, so that a run that was cut off can be taken up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as datetime_time
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from app.audit import chain, checkpoints, raw
from app.audit.covering import Handed, check
from app.audit.examination import Beat, Result, Work, file_units, look, results, still
from app.audit.faults import Fault, FaultKind
from app.audit.models import Verification
from app.audit.triggers import missing_triggers
from app.db import Database, new_id, table_of
from app.law.labels import Label
from app.law.periods import LOCAL_ZONE

JOB: Final = "verification"
"""The lease of whoever verifies everything: no other process takes that run for cut off."""
DAILY: Final = datetime_time(2)
"""When everything is verified, on the authority's clock."""
ALL: Final = "all"
PIECE: Final = 20_000
"""Entries of one piece of work, where one chain has no more."""
FEW: Final = 20_000
"""Entries that one process verifies sooner than several have begun."""
MOST_JOBS: Final = 4
_LAST: Final = UUID(int=2**128 - 1)
"""No chain comes behind it."""
_CHAINS: Final = 200
"""Chains of one piece where they are named one by one."""

runs: Final = table_of(Verification)


class NothingToResume(Exception):
    """No run of that extent was cut off."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a run looks at; nothing said means everything."""

    chains: tuple[UUID, ...] = ()
    since: int | None = None
    """Number of a checkpoint: only chains that grew after it, each from where it covers them."""

    @property
    def scope(self) -> str:
        """The extent as a run keeps it."""
        if self.chains:
            return str(self.chains[0])
        return ALL if self.since is None else f"since {self.since}"


EVERYTHING: Final = Extent()


@dataclass(slots=True)
class Outcome:
    """What a run found."""

    run: UUID
    faults: list[Fault] = field(default_factory=list)
    """The first bad entry first; what concerns checkpoints and triggers last."""
    count: int = 0
    """How many faults there are; more than `faults` where they are very many."""
    chains: int = 0
    entries: int = 0
    files: int = 0
    destroyed: int = 0
    """Values of which only the commitment is left, as after a retention act."""
    unopened: int = 0
    """Sealed values that could not be compared, since their key is not at hand."""
    checkpoint: int = 0
    """The newest checkpoint that holds; 0 where there is none."""
    uncovered: int = 0
    uncovered_since: datetime | None = None
    before: str = ""
    """First fault that was found before the run was cut off; canonical JSON."""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.count == 0


def verify(
    database: Database,
    now: datetime,
    extent: Extent = EVERYTHING,
    *,
    handed: Handed | None = None,
    key: str | None = None,
    files: Path | None = None,
    jobs: int | None = None,
    resume: bool = False,
    piece: int = PIECE,
    beat: Beat = still,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Outcome:
    """Verify and return what was found; the run is kept.

    ``key`` is the public key the first checkpoint must bear; ``files`` the folder of the store,
    of which every byte is read. ``beat`` is called several times a second, and may end the run by
    raising; ``progress`` is told the entries done and all there are. Raises NothingToResume.
    """
    began = time.monotonic()
    run = _taken_up(database, extent) if resume else _begun(database, now, extent)
    with database.read() as session, raw.lenient(session):
        covering = check(session, key=key, handed=handed, beat=beat)
        gaps = [_gap(name) for name in missing_triggers(session.connection())]
        planned = list(_plan(session, extent, run["position"], piece))
    whole = run["entries"] + sum(size for _, size in planned)
    if jobs is None:
        jobs = 1 if whole - run["entries"] < FEW else min(os.cpu_count() or 1, MOST_JOBS)
    progress(run["entries"], whole)
    made = Outcome(run["id"], chains=run["chains"], entries=run["entries"], count=run["faults"])
    made.before = run["first_fault"]
    work: list[Work] = [unit for unit, _ in planned]
    work += file_units(files) if files is not None else []
    for unit, result in results(database, work, covering, jobs, beat):
        _gather(made, result)
        _note(database, made, unit)
        progress(made.entries, whole)
    made.faults.sort(key=lambda fault: (str(fault.chain_id), fault.seq or 0))
    made.faults += [*covering.faults, *gaps]
    made.count += len(covering.faults) + len(gaps)
    made.checkpoint = covering.last
    with database.read() as session:
        made.uncovered, made.uncovered_since = uncovered(session)
    _note(database, made, None, now + timedelta(seconds=time.monotonic() - began))
    return made


def verify_chain(session: Session, chain_id: UUID) -> list[Fault]:
    """Verify one chain in a session; no fault, no list entry. Keeps no run."""
    return look(session, raw.Unit(only=((chain_id, 0),)), check(session)).faults


def verify_all(
    session: Session, *, key: str | None = None, handed: Handed | None = None
) -> list[Fault]:
    """Verify the checkpoints and every chain in a session. Keeps no run."""
    covering = check(session, key=key, handed=handed)
    return look(session, raw.Unit(), covering).faults + covering.faults


def _gap(name: str) -> Fault:
    return Fault(FaultKind.TRIGGER, what=Label(name, name))


# What is to be done ------------------------------------------------------------------------------


def _plan(
    session: Session, extent: Extent, after: UUID | None, piece: int
) -> Iterator[tuple[raw.Unit, int]]:
    """Yield pieces of work, in the order of chain ids, and how many entries each should have."""
    if extent.chains:
        yield from _listed((one, 0, 0) for one in sorted(extent.chains))
        return
    if extent.since is not None:
        yield from _listed(_grown(session, extent.since, after))
        return
    heads = raw.every_head()
    query = select(heads.c.id, heads.c.last_seq).order_by(heads.c.id)
    if after is not None:
        query = query.where(raw.behind(heads.c.id, after))
    size = 0
    for row in raw.streamed(session, query):
        one = raw.typed_id(row.id)
        size += _size(row.last_seq)
        if size >= piece and one.int:
            yield raw.Unit(after, one), size
            after, size = one, 0
    yield raw.Unit(after), size  # also what lies behind the last head


def _size(last_seq: Any) -> int:
    found = raw.whole(last_seq)
    return 0 if found == raw.BEYOND else found + 1


def _listed(chains: Iterable[tuple[UUID, int, int]]) -> Iterator[tuple[raw.Unit, int]]:
    chosen: list[tuple[UUID, int]] = []
    size = 0
    for one, start, entries in chains:
        chosen.append((one, start))
        size += entries
        if len(chosen) == _CHAINS:
            yield raw.Unit(only=tuple(chosen)), size
            chosen, size = [], 0
    if chosen:
        yield raw.Unit(only=tuple(chosen)), size


def _grown(session: Session, since: int, after: UUID | None) -> Iterator[tuple[UUID, int, int]]:
    """Yield the chains that grew after a checkpoint, from which entry, and by how many."""
    leaves, heads = raw.LEAVES.c, raw.every_head()
    newest = (
        select(leaves.chain_id, func.max(leaves.seq).label("seq"))
        .where(leaves.number <= since)
        .group_by(leaves.chain_id)
        .subquery()
    )
    covered = func.coalesce(newest.c.seq, -1)
    query: Select[Any] = (
        select(heads.c.id, heads.c.last_seq, covered.label("covered"))
        .select_from(heads.outerjoin(newest, newest.c.chain_id == heads.c.id))
        .where((heads.c.last_seq > covered) | (heads.c.covered_seq > covered))
        .order_by(heads.c.id)
    )
    if after is not None:
        query = query.where(raw.behind(heads.c.id, after))
    for row in raw.streamed(session, query):
        start = row.covered if raw.whole(row.covered) != raw.BEYOND else 0
        start = max(start, 0)
        yield raw.typed_id(row.id), start, max(_size(row.last_seq) - start, 0)


def since_of(session: Session, day: date) -> int:
    """The newest checkpoint made before a day began at the authority; 0 where there is none."""
    table = checkpoints.checkpoints
    query = select(func.max(table.c.number))
    begins = datetime.combine(day, datetime_time(), LOCAL_ZONE)
    return session.scalar(query.where(table.c.made_at < begins)) or 0


def chains_of(session: Session, named: str) -> list[UUID]:
    """The chains that are meant: one by its id, or a case by id or number with its escalations."""
    heads = raw.every_head()
    query = select(heads.c.id, heads.c.chain, heads.c.label).order_by(heads.c.id)
    numbers = [named]
    found: list[UUID] = []
    try:
        wanted = UUID(named)
    except ValueError:
        pass
    else:
        rows = session.execute(query.where(raw.same(heads.c.id, wanted))).all()
        numbers = [row.label for row in rows if row.chain == "case"]
        found = [wanted] if rows else []
    of_case = heads.c.label.in_(numbers) & heads.c.chain.in_(["case", "escalations"])
    other = [raw.typed_id(row.id) for row in session.execute(query.where(of_case))]
    return sorted({*found, *other})


def uncovered(session: Session) -> tuple[int, datetime | None]:
    """How many entries no checkpoint covers yet, and since when the oldest of them stands."""
    entries = raw.ENTRIES.c
    count, since = 0, []
    for heads, chain_id in checkpoints.HEADS:
        first = (entries.chain_id == chain_id) & (entries.seq == heads.c.covered_seq + 1)
        query = (
            select(func.sum(heads.c.last_seq - heads.c.covered_seq), func.min(entries.recorded_at))
            .select_from(heads.outerjoin(raw.ENTRIES, first))
            .where(heads.c.last_seq > heads.c.covered_seq)
        )
        number, oldest = session.execute(query).one()
        count += int(min(max(number or 0, 0), raw.BEYOND))  # of whatever stands in the heads
        since.append(raw.typed_instant(oldest))
    return count, min((one for one in since if one is not None), default=None)


# The row of a run --------------------------------------------------------------------------------


def _begun(database: Database, now: datetime, extent: Extent) -> dict[str, Any]:
    run: dict[str, Any] = {
        "id": new_id(),
        "scope": extent.scope,
        "started_at": now,
        "finished_at": None,
        "position": None,
        "chains": 0,
        "entries": 0,
        "faults": 0,
        "first_fault": "",
    }
    database.write(lambda session: session.execute(insert(runs), run))
    return run


def unfinished(session: Session, scope: str = ALL) -> Verification | None:
    """The newest run of that extent, where it has not come to its end."""
    newest = _newest(session, scope)
    return newest if newest is not None and newest.finished_at is None else None


def is_due(session: Session, now: datetime) -> bool:
    """Whether everything is to be verified: there is something, and today nobody has yet."""
    newest = _newest(session, before=now)
    if newest is None:
        heads = raw.every_head()
        return session.execute(select(heads.c.id).limit(1)).first() is not None
    return newest.finished_at is None or newest.started_at < _last_beginning(now)


def is_cut_off(session: Session, now: datetime) -> bool:
    """Whether today's run over everything was begun and has not come to its end."""
    found = unfinished(session)
    return found is not None and found.started_at >= _last_beginning(now)


def _last_beginning(now: datetime) -> datetime:
    today = datetime.combine(now.astimezone(LOCAL_ZONE).date(), DAILY, LOCAL_ZONE)
    return today if today <= now else today - timedelta(days=1)


def _newest(
    session: Session, scope: str = ALL, *, before: datetime | None = None
) -> Verification | None:
    """The newest run; with ``before`` none that was begun by a clock which was ahead."""
    query = select(Verification).where(Verification.scope == scope)
    if before is not None:
        query = query.where(Verification.started_at <= before)
    return session.scalar(query.order_by(Verification.started_at.desc()).limit(1))


def _taken_up(database: Database, extent: Extent) -> dict[str, Any]:
    with database.read() as session:
        found = unfinished(session, extent.scope)
        if found is None:
            raise NothingToResume(extent.scope)
        return {each.name: getattr(found, each.name) for each in runs.c}


def _gather(made: Outcome, result: Result) -> None:
    made.chains += result.chains
    made.entries += result.entries
    made.files += result.files
    made.destroyed += result.destroyed
    made.unopened += result.unopened
    made.count += result.count
    made.faults += result.faults


def _note(
    database: Database, made: Outcome, unit: Work | None, finished_at: datetime | None = None
) -> None:
    """Write down how far the run came."""
    told: dict[str, Any] = {
        "chains": made.chains,
        "entries": made.entries,
        "faults": made.count,
        "first_fault": made.before or (chain.canonical(made.faults[0].told) if made.faults else ""),
        "finished_at": finished_at,
    }
    if isinstance(unit, raw.Unit):
        told["position"] = unit.only[-1][0] if unit.only else unit.upto or _LAST
    statement = update(runs).where(runs.c.id == made.run).values(told)
    database.write(lambda session: session.execute(statement))
