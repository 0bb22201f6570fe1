"""Examining chains: each walked along, with what stands beside its entries; alone or by many hands.

A piece of work is a range of chain ids, or a list of chains. It reads one state of the database and
keeps one row of each table at a time, so that neither a long chain nor many chains take memory.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import column, select, table
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.audit import raw
from app.audit.beside import Beside
from app.audit.covering import Covering
from app.audit.faults import Fault, FaultKind, chain_name
from app.audit.walk import Head, Leaf, Walk
from app.db import Database
from app.law.labels import NO_LABEL, Label

MOST_TOLD: Final = 1000
"""Faults that are named one by one; the others are counted."""
_EVERY: Final = 500
"""Entries between two signs of life."""
_STORED: Final = table("stored_files", column("sha256"))
Beat = Callable[[], None]


def still() -> None:
    """Give no sign of life."""


def paced(beat: Beat) -> Beat:
    """Call a sign of life at most twice a second."""
    last = time.monotonic()

    def now_and_then() -> None:
        nonlocal last
        if time.monotonic() - last >= 0.5:  # noqa: PLR2004 - as the docstring says
            beat()
            last = time.monotonic()

    return now_and_then


@dataclass(frozen=True, slots=True)
class FileUnit:
    """A piece of work: the stored files whose digest begins so, in a folder."""

    folder: Path
    begins: str


@dataclass(slots=True)
class Result:
    """What one piece of work gave."""

    chains: int = 0
    entries: int = 0
    files: int = 0
    destroyed: int = 0
    """Values of which only the commitment is left."""
    unopened: int = 0
    """Sealed values whose key is not at hand: nothing tells whether they hold."""
    count: int = 0
    """How many faults; `faults` are the first of them."""
    faults: list[Fault] = field(default_factory=list)

    def add(self, faults: Iterable[Fault]) -> None:
        """Note faults."""
        for fault in faults:
            self.count += 1
            if len(self.faults) < MOST_TOLD:
                self.faults.append(fault)


def examine(database: Database, unit: raw.Unit, covering: Covering, beat: Beat = still) -> Result:
    """Examine the chains of a piece of work."""
    try:
        with database.read() as session:
            return look(session, unit, covering, beat)
    except OperationalError as error:
        if "UTF-8" not in str(error.orig):
            raise
    with database.read() as session, raw.lenient(session):
        return look(session, unit, covering, beat)


def look(session: Session, unit: raw.Unit, covering: Covering, beat: Beat = still) -> Result:
    """Examine the chains of a piece of work in a session."""
    result = Result()
    for part, start in unit.parts():
        with raw.closing(session):
            _Reading(session, part, start, covering, beat).into(result)
    return result


class _Reading:
    """The rows of one piece of work, read side by side."""

    def __init__(
        self, session: Session, unit: raw.Unit, start: int, covering: Covering, beat: Beat
    ) -> None:
        self._start, self._covering, self._beat = start, covering, beat
        self._listed = covering.is_listed
        self._entries = raw.entries(session, unit, start)
        self._heads = raw.heads(session, unit)
        self._leaves = raw.leaves(session, unit)
        self._beside = Beside(session, unit, start)

    def into(self, result: Result) -> None:
        """Examine chain after chain."""
        sources = (self._entries, self._heads, self._leaves)
        while ids := [one.chain for one in sources if one.chain is not None]:
            chain_id = min(ids)
            result.add(self._beside.strays(chain_id, -1))
            result.add(self._chain(chain_id, result))
            result.chains += 1
        result.add(self._beside.strays("~~"))
        result.destroyed += self._beside.destroyed
        result.unopened += self._beside.unopened

    def _chain(self, chain_id: Any, result: Result) -> Iterator[Fault]:
        heads = [Head(raw.whole(row[1]), *row[2:]) for row in self._heads.of(chain_id)]
        every = [Leaf(raw.whole(row[1]), *row[2:]) for row in self._leaves.of(chain_id)]
        trusted = [leaf for leaf in every if self._covering.trusts(leaf.number)]
        head = heads[0] if heads else None
        named = chain_name(head.chain, head.label) if head is not None else NO_LABEL
        typed = raw.typed_id(chain_id)

        def fault(
            kind: FaultKind, seq: int | None, number: int | None = None, what: Label = NO_LABEL
        ) -> Fault:
            return Fault(kind, typed, seq, number, named, what)

        walk = Walk(chain_id, head, trusted, self._start)
        rows, beside = self._entries.of(chain_id), self._beside
        beside.begin()
        held: list[Fault] = []
        for entry, body in walk.sound(rows):
            yield from held
            held = [
                fault(kind, entry["seq"], what=what) for kind, what in beside.check(entry, body)
            ]
            if walk.count % _EVERY == 0:
                self._beat()
        if walk.fault is None or (held and held[0].seq != walk.fault.seq):
            yield from held  # else the entry itself is wrong, and vouches for nothing
        result.entries += walk.count + sum(1 for _ in rows)
        if walk.fault is not None:
            beside.skip(chain_id)
            yield fault(*walk.fault)
            return
        for seq, kind, what in beside.end(chain_id):
            yield fault(kind, seq, what=what)
        yield from beside.strays(chain_id)
        newest = every[-1].seq if every else -1
        if len(heads) > 1:
            yield fault(FaultKind.HEAD, None)
        elif head is not None and head.covered_seq != newest and self._listed:
            yield fault(FaultKind.COVERED, max(newest, 0))


# Files -------------------------------------------------------------------------------------------


def examine_files(database: Database, unit: FileUnit, beat: Beat = still) -> Result:
    """Read every byte of the stored files of a piece of work: each is called by its digest."""
    result = Result()
    with database.read() as session, raw.closing(session):
        query = select(_STORED.c.sha256).where(_STORED.c.sha256.startswith(unit.begins))
        for (sha256,) in raw.streamed(session, query.order_by(_STORED.c.sha256)):
            result.files += 1
            kind = _wrong_bytes(unit.folder, str(sha256))
            if kind is not None:
                what = Label(f"文件 {sha256}", f"file {sha256}")
                place = _named_by(session, str(sha256))
                result.add([Fault(kind, *place, what=what)])
            beat()
    return result


def _wrong_bytes(folder: Path, sha256: str) -> FaultKind | None:
    try:
        with (folder / sha256[:2] / sha256).open("rb") as kept:  # as the store lays them
            found = hashlib.file_digest(kept, "sha256").hexdigest()
    except (OSError, ValueError):
        return FaultKind.FILE_TAKEN
    return None if found == sha256 else FaultKind.FILE


def _named_by(session: Session, sha256: str) -> tuple[UUID | None, int | None]:
    """The first entry that came with a row which names the file."""
    evidence, papers = raw.SIDES["evidence"].c, raw.SIDES["documents"].c
    files = raw.SIDES["files"].c
    for query in (
        select(evidence.case_id, evidence.seq)
        .where(evidence.sha256 == sha256, evidence.seq.is_not(None))
        .order_by(evidence.seq),
        select(papers.case_id, papers.sealed_seq).where(
            (papers.pdf_sha256 == sha256) | (papers.docx_sha256 == sha256)
        ),
        select(files.case_id, files.seq).where(
            (files.main_sha256 == sha256)
            | (files.side_sha256 == sha256)
            | (files.archive_sha256 == sha256)
        ),
    ):
        row = session.execute(query.limit(1)).first()
        if row is not None:
            return raw.typed_id(row[0]), raw.whole(row[1])
    return None, None


# Many hands --------------------------------------------------------------------------------------

Work = raw.Unit | FileUnit


def results(
    database: Database, units: Iterable[Work], covering: Covering, jobs: int, beat: Beat
) -> Iterator[tuple[Work, Result]]:
    """Examine piece after piece, by that many processes; yield what each gave, in their order."""
    if jobs == 1:
        for unit in units:
            yield unit, _examined(database, unit, covering, beat)
            beat()
        return
    url = database.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(
        jobs,
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(url, database.keys, covering),
    ) as pool:
        waiting: deque[tuple[Work, Future[Result]]] = deque()
        for unit in units:
            waiting.append((unit, pool.submit(_work, unit)))
            if len(waiting) > 2 * jobs:
                yield _first(waiting, beat)
        while waiting:
            yield _first(waiting, beat)


def _first(waiting: deque[tuple[Work, Future[Result]]], beat: Beat) -> tuple[Work, Result]:
    unit, future = waiting.popleft()
    while True:
        beat()
        try:
            return unit, future.result(timeout=0.5)
        except TimeoutError:
            continue


def _examined(database: Database, unit: Work, covering: Covering, beat: Beat = still) -> Result:
    if isinstance(unit, FileUnit):
        return examine_files(database, unit, beat)
    return examine(database, unit, covering, beat)


_here: dict[str, Any] = {}
"""What a working process was given when it began."""


def _begin(url: str, keys: Path | None, covering: Covering) -> None:
    _here.update(database=Database(url, keys=keys), covering=covering)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """A pool whose owner was killed would wait for work for ever."""
    owner = parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)


def _work(unit: Work) -> Result:
    return _examined(_here["database"], unit, _here["covering"])


def file_units(folder: Path) -> Sequence[FileUnit]:
    """The pieces of work that read every stored file."""
    return [FileUnit(folder, digit) for digit in "0123456789abcdef"]
