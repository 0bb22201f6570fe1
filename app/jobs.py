"""What the scheduler calls: each job looks whether anything waits, and works it off.

A job works under a lease of its name, so that of several schedulers one works at a time. It may
run anywhere, any number of times, and be killed at any moment: everything it does is a row that is
worked off in a transaction of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app import lease
from app.audit import checkpoints, examination, verification
from app.cases import merging, recount, scans, timers
from app.cases.files import FileStore
from app.db import Database
from app.documents import rendering
from app.law.terms import LawBook
from app.outbox import deliveries, letters
from app.releases.operations import current_law
from config import Settings

Fence = timers.Fence
SHORT_PIECE: Final = 2_000
"""Entries the daily verification looks at in one reading transaction."""
FAULTS_LOGGED: Final = 20
HEARTBEAT: Final = "heartbeat"
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of a job is handed."""

    database: Database
    settings: Settings
    law: LawBook
    now: datetime
    fence: Fence = timers.unfenced


class Ending(lease.LeaseLost):
    """This process ends: it leaves the rest to the others at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job: ``waits`` looks, by reading only, whether there is anything to do by ``now``.

    ``wanted``: whether this installation is set up for it.
    """

    name: str
    every: timedelta
    waits: Callable[[Database, datetime], bool]
    work: Callable[[Round], Sequence[Any]]
    wanted: Callable[[Settings], bool] = lambda _settings: True


_LOOKED: Final = timers.Looked()


def _any_clock(database: Database, now: datetime) -> bool:
    return timers.anything_due(database, now, _LOOKED)


def _clocks(at: Round) -> Sequence[timers.Done]:
    return timers.tick(at.database, at.law, at.now, fence=at.fence, looked=_LOOKED)


def _another_calendar(database: Database, _now: datetime) -> bool:
    with database.read() as reading:
        return recount.anything_waits(reading, current_law(reading))


def _amendments(at: Round) -> Sequence[Any]:
    done = recount.amend(at.database, at.law, at.now, fence=at.fence)
    return list(done.elements())


def _documents(at: Round) -> Sequence[Any]:
    files = FileStore(at.settings.files, limit=at.settings.max_upload_bytes)
    rendering.render_due(at.database, files, at.now)
    return ()


def _scans(at: Round) -> Sequence[str]:
    files = FileStore(at.settings.files, limit=at.settings.max_upload_bytes)
    return scans.scan_waiting(at.database, files, at.settings.clamd, at.now, fence=at.fence)


def _has_scanner(settings: Settings) -> bool:
    return bool(settings.clamd)


def _uncovered(database: Database, _now: datetime) -> bool:
    with database.read() as reading:
        return checkpoints.anything_uncovered(reading)


def _checkpoints(at: Round) -> Sequence[Any]:
    key = checkpoints.key_of(at.database, at.settings.audit_key)
    return checkpoints.cover(at.database, key, at.now)


def _unverified(database: Database, now: datetime) -> bool:
    with database.read() as reading:
        return verification.is_due(reading, now)


def _verification(at: Round) -> Sequence[verification.Outcome]:
    """Verify everything in short pieces, so that neither the lease nor a snapshot grows old."""
    with at.database.read() as reading:
        resume = verification.is_cut_off(reading, at.now)
    beat = examination.paced(lambda: at.database.write(at.fence))
    found = verification.verify(
        at.database, at.now, jobs=1, resume=resume, piece=SHORT_PIECE, beat=beat
    )
    for fault in found.faults[:FAULTS_LOGGED]:
        _log.error("%s %s", fault.label.zh, fault.label.en)
    if not found.holds:
        _log.error("verification: %d faults in the audit; flask audit verify", found.count)
    return (found,)


def _letters(at: Round) -> Sequence[Any]:
    by_mail = at.settings.mail_server is not None
    return letters.distribute(at.database, at.law, at.now, fence=at.fence, by_mail=by_mail)


def _deliveries(at: Round) -> Sequence[Any]:
    return deliveries.deliver(at.database, at.settings, at.law, at.now, fence=at.fence)


def _always(_database: Database, _now: datetime) -> bool:
    return True


def _heartbeat(_at: Round) -> Sequence[Any]:
    """Do nothing but hold the lease: it says that a scheduler runs where nothing is due."""
    return ()


def _mergers(at: Round) -> Sequence[Any]:
    return merging.work_off(at.database, at.now, at.fence)


JOBS: Final = (
    Job(HEARTBEAT, timedelta(seconds=30), _always, _heartbeat),
    Job("clocks", timedelta(seconds=1), _any_clock, _clocks),
    Job("amendments", timedelta(seconds=30), _another_calendar, _amendments),
    Job("checkpoints", timedelta(minutes=5), _uncovered, _checkpoints),
    Job(verification.JOB, timedelta(minutes=1), _unverified, _verification),
    Job("documents", timedelta(seconds=5), rendering.anything_sealed, _documents),
    Job("scans", timedelta(seconds=10), scans.anything_unscanned, _scans, wanted=_has_scanner),
    Job("letters", timedelta(seconds=2), letters.anything_untold, _letters),
    Job("mergers", timedelta(minutes=1), merging.anything_waits, _mergers),
    Job("deliveries", timedelta(seconds=2), deliveries.anything_waiting, _deliveries),
)


def run(
    job: Job,
    database: Database,
    settings: Settings,
    now: datetime,
    holder: str,
    ending: Callable[[], bool] = lambda: False,
) -> int:
    """Do one round of a job if anything waits and nobody else is at it; return how much was done.

    Raises lease.LeaseLost if another process took over meanwhile, `Ending` once ``ending()``.
    """
    if not job.wanted(settings) or not job.waits(database, now):
        return 0
    held = lease.take(database, job.name, holder)
    if held is None:
        return 0

    def fence(session: Session) -> None:
        if ending():
            raise Ending(job.name)
        held(session)

    try:
        with database.read() as reading:
            law = current_law(reading)
        done = job.work(Round(database, settings, law, now, fence))
    except lease.LeaseLost:
        lease.give_back(database, held)
        raise
    lease.give_back(database, held)
    return len(done)
