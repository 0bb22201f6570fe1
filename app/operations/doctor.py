"""The doctor: looks at one installation from inside and says what is wrong, and how to mend it.

It reads only. Each check yields findings; a check that breaks is a finding itself, so that one
fault hides no other.
"""

from __future__ import annotations

import shutil
import smtplib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

from flask import Flask
from sqlalchemy import ColumnElement, Select, String, func, literal_column, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import db, lease, vault
from app.accounts.models import SecondFactor
from app.audit import checkpoints, keys, privileges
from app.audit.models import ValueKey
from app.audit.status import status as audit_status
from app.audit.triggers import missing_triggers
from app.cases import scanner
from app.cases.models import CaseDeadline
from app.clock import utcnow
from app.db import Database
from app.law.periods import local_date
from app.operations import production, schema
from app.releases.operations import current_law
from config import EXTENSION, MailServer, Settings

HEARTBEAT: Final = "heartbeat"
"""The job of the scheduler that always runs."""
LONGEST_SILENCE: Final = 90.0
"""Seconds between two of its beats; it beats every 30."""
CLOCKS_APART: Final = (2.0, 30.0)
"""Seconds from which the clocks of program and database differ too much, and far too much."""
LATE: Final = timedelta(minutes=5)
"""An end that passed so long ago and was not acted upon."""
SPACE: Final = (1 << 30, 5 << 30)
"""Bytes free below which there is too little, and little."""
PATIENCE: Final = 5.0
"""Seconds for another server to answer."""
PUBLISHED: Final = 11
"""The month by which the arrangement of the next year should be known."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor; ``mend`` is empty where all is well."""

    check: str
    level: Level
    said: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at, and when."""

    settings: Settings
    database: Database
    now: Callable[[], datetime]
    debug: bool = False


Said: TypeAlias = tuple[Level, str, str]
Check: TypeAlias = Callable[[Patient], Iterator[Said]]


def examine(app: Flask, now: Callable[[], datetime] = utcnow) -> list[Finding]:
    """Run every check; those of the database only where it answers."""
    patient = Patient(app.extensions[EXTENSION], app.extensions[db.EXTENSION], now, app.debug)
    found = [*_run("settings", _settings, patient), *_run("connection", _connection, patient)]
    reached = found[-1].level is Level.OK
    for name, check, asks in CHECKS:
        if reached or not asks:
            found += _run(name, check, patient)
    return found


def _run(name: str, check: Check, patient: Patient) -> Sequence[Finding]:
    try:
        return [Finding(name, *said) for said in check(patient)]
    except Exception as broken:  # noqa: BLE001 - what is broken breaks in its own way
        kind = type(broken).__name__
        mend = "look at the checks above first, then run the doctor again"
        return [Finding(name, Level.FAULT, f"could not be looked at ({kind})", mend)]


# What is set, and what lies on the disk ----------------------------------------------------------


def _settings(patient: Patient) -> Iterator[Said]:
    level = Level.FAULT if patient.settings.production else Level.WARNING
    unfit = list(production.of_settings(patient.settings, debug=patient.debug))
    if not patient.settings.production:
        mend = "for real cases set TANJIAN_PRODUCTION=1, which refuses all that is not fit"
        yield Level.WARNING, "this is set up as a demonstration or a trial", mend
    for fault in unfit:
        said, _, mend = fault.partition(": ")
        yield level, said, mend
    if patient.settings.production and not unfit:
        yield Level.OK, "fit for production", ""


def _keys(patient: Patient) -> Iterator[Said]:
    folder = patient.settings.key_folder
    if folder.exists() and folder.stat().st_mode & 0o077:
        yield Level.WARNING, "others may look into the folder of the keys", f"chmod 700 {folder}"
    for path in sorted(folder.glob("*")):  # former keys too: they sign and open what is older
        if path.is_file() and path.stat().st_mode & 0o077:
            yield Level.FAULT, f"others may read {path.name}", f"chmod 600 {path}"
    yield from _audit_key(patient)
    yield from _vault(patient, patient.settings.identity_keys, select(ValueKey.key_id).distinct())
    yield from _vault(patient, patient.settings.factor_keys, select(SecondFactor.key_id).distinct())


def _audit_key(patient: Patient) -> Iterator[Said]:
    path = patient.settings.audit_key
    with patient.database.read() as session:
        newest = checkpoints.latest(session)
    try:
        public = keys.load(path).public
    except keys.NoKey as missing:
        if newest is None and not path.exists():
            yield Level.WARNING, "no key signs yet", "flask audit checkpoint makes it"
        else:
            mend = (
                "bring the file from where a copy is kept (a host that only serves pages needs "
                "none); lost for good: flask audit key replace --lost REASON"
            )
            yield Level.FAULT, f"checkpoints cannot be signed: {missing}", mend
        return
    if newest is not None and checkpoints.told(newest)["next_key"] != public:
        mend = "bring the key that was rotated to last, from the host that did it"
        yield Level.FAULT, f"{path.name} is not the key checkpoint {newest.number} names", mend
    else:
        yield Level.OK, f"{path.name} signs the checkpoints of this database", ""


def _vault(patient: Patient, path: Path, used: Select[str]) -> Iterator[Said]:
    with patient.database.read() as session:
        needed = set(session.scalars(used))
    if not path.exists() and not needed:
        yield Level.OK, f"nothing is sealed with {path.name} yet", ""
        return
    try:
        held = set(vault.load(path).ids)
    except vault.NoVault as missing:
        mend = "bring the file from where a copy is kept; without it nobody opens what is sealed"
        yield Level.FAULT, str(missing), mend
        return
    if lacking := sorted(needed - held):
        mend = "bring the older copy of the file and put its lines below those of this one"
        yield Level.FAULT, f"{path.name} lacks the keys {', '.join(lacking)}", mend
    else:
        yield Level.OK, f"{path.name} opens everything sealed with it", ""


def _space(patient: Patient) -> Iterator[Said]:
    places = [patient.settings.files]
    if patient.database.is_sqlite:
        places.append(Path(str(patient.database.url.database)))
    for place in places:
        there = next(one for one in (place, *place.parents) if one.exists())
        free = shutil.disk_usage(there).free
        said = f"{free / (1 << 30):.1f} GB free at {there}"
        if free >= SPACE[1]:
            yield Level.OK, said, ""
        else:
            level = Level.FAULT if free < SPACE[0] else Level.WARNING
            yield level, said, "make room or a larger disk: files are never deleted by the program"


# The database ------------------------------------------------------------------------------------


def _connection(patient: Patient) -> Iterator[Said]:
    try:
        with patient.database.reader_engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as gone:
        mend = "look at DATABASE_URL, and whether the server runs and lets this host in"
        yield Level.FAULT, f"the database does not answer ({type(gone).__name__})", mend
    else:
        yield Level.OK, f"{patient.database.engine.dialect.name} answers", ""


def _migrations(patient: Patient) -> Iterator[Said]:
    with patient.database.reader_engine.connect() as connection:
        at, newest = schema.current(connection), schema.newest()
    if at == newest:
        yield Level.OK, f"at migration {', '.join(sorted(at))}", ""
    else:
        said = f"at migration {', '.join(sorted(at)) or 'none'}, not {', '.join(sorted(newest))}"
        yield Level.FAULT, said, "back up, then flask db upgrade as the owner of the tables"


def _triggers(patient: Patient) -> Iterator[Said]:
    with patient.database.reader_engine.connect() as connection:
        missing = missing_triggers(connection)
    if missing:
        mend = "flask audit verify first; then write them again as a fresh database has them"
        yield Level.FAULT, f"triggers are missing: {', '.join(missing)}", mend
    else:
        yield Level.OK, "every append-only trigger stands", ""


def _roles(patient: Patient) -> Iterator[Said]:
    if patient.database.is_sqlite:
        mend = "for several people of several authorities: PostgreSQL with two roles"
        level = Level.WARNING if patient.settings.production else Level.OK
        yield level, "SQLite has no roles: whoever opens the file writes it", mend
        return
    with patient.database.reader_engine.connect() as connection:
        owns, excess = privileges.owns_tables(connection), privileges.excess(connection)
        bare = privileges.unguarded(connection)
    if owns:
        level = Level.FAULT if patient.settings.production else Level.WARNING
        mend = "flask db roles --application NAME as the owner, then run as that role"
        yield level, "it runs as the owner of the tables, who could rewrite the log", mend
    elif excess:
        yield Level.FAULT, "; ".join(excess), "flask db roles --application NAME as the owner"
    else:
        yield Level.OK, "the application's role can rewrite nothing that is kept", ""
    if bare:
        mend = "write the policies again as a fresh database has them; flask db check"
        yield Level.FAULT, "; ".join(bare), mend
    else:
        yield Level.OK, "every table of cases has its policy", ""


_CLOCK: Final = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "postgresql": "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')",
}


def _clocks(patient: Patient) -> Iterator[Said]:
    with patient.database.read() as session:
        told: ColumnElement[str] = literal_column(_CLOCK[session.get_bind().dialect.name], String)
        before = patient.now()
        there = datetime.fromisoformat(session.execute(select(told)).scalar_one() + "+00:00")
        after = patient.now()
        ages, waiting = lease.ages(session), _waiting(session, after)
    # The database's instant lies somewhere between the two.
    apart = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if apart < CLOCKS_APART[0]:
        yield Level.OK, "program and database agree what time it is", ""
    else:
        level = Level.FAULT if apart >= CLOCKS_APART[1] else Level.WARNING
        yield level, f"program and database are {apart:.0f} seconds apart", "let NTP set both"
    silent = ages.get(HEARTBEAT)
    runs = "flask scheduler must run (tanjian-scheduler.service), or TANJIAN_TICKER=1"
    if silent is None:
        yield Level.FAULT, "no scheduler has ever run here", runs
    elif silent > LONGEST_SILENCE:
        yield Level.FAULT, f"no scheduler has run for {silent:.0f} seconds", runs
    else:
        yield Level.OK, "a scheduler runs", ""
    if waiting:
        mend = "see that a scheduler runs, and what it logs about the job clocks"
        yield Level.FAULT, f"{waiting} ends of clocks have passed and were not acted upon", mend


def _waiting(session: Session, now: datetime) -> int:
    open_ = CaseDeadline.closed_at.is_(None), CaseDeadline.expired_at.is_(None)
    query = select(func.count()).select_from(CaseDeadline)
    return session.scalar(query.where(*open_, CaseDeadline.expires_at < now - LATE)) or 0


def _calendar(patient: Patient) -> Iterator[Said]:
    today = local_date(patient.now())
    with patient.database.read() as session:
        loaded = current_law(session).calendar.loaded
    needed = {today.year} | ({today.year + 1} if today.month >= PUBLISHED else set())
    for year in sorted(needed):
        if year in loaded:
            yield Level.OK, f"the calendar of {year} is loaded", ""
        else:
            level = Level.FAULT if year == today.year else Level.WARNING
            said = f"the calendar of {year} is not loaded: its days are provisional"
            yield level, said, f"flask calendar load {year}.csv --dry-run, then without"


def _audit(patient: Patient) -> Iterator[Said]:
    with patient.database.read() as session:
        found = audit_status(session, patient.now())
    if found.faults:
        yield Level.FAULT, f"verification found {found.faults} faults", "flask audit verify"
    elif found.kind == "overdue":
        mend = "see that a scheduler runs and can read the key; flask audit checkpoint"
        yield Level.FAULT, "entries wait too long to be covered, or to be verified", mend
    else:
        yield Level.OK, "the audit is covered as it should be", ""


def _demonstration(patient: Patient) -> Iterator[Said]:
    found = production.of_database(patient.database)
    for fault in found:
        said, _, mend = fault.partition(": ")
        level = Level.FAULT if patient.settings.production else Level.OK
        yield level, said, mend
    if not found:
        yield Level.OK, "nothing of the demonstration lies in the database", ""


# Other servers -----------------------------------------------------------------------------------


def _mail(patient: Patient) -> Iterator[Said]:
    server = patient.settings.mail_server
    if server is None:
        mend = "set TANJIAN_SMTP_URL where people should get mail"
        level = Level.WARNING if patient.settings.production else Level.OK
        yield level, "nobody gets mail, everybody has their inbox", mend
        return
    try:
        _greet(server)
    except (OSError, smtplib.SMTPException) as refused:
        said = f"the mail server does not answer as it should ({type(refused).__name__})"
        yield (
            Level.FAULT,
            said,
            "look at TANJIAN_SMTP_URL, and whether the server lets this host in",
        )
    else:
        yield Level.OK, "the mail server answers", ""


def _greet(server: MailServer) -> None:
    kind = smtplib.SMTP_SSL if server.tls else smtplib.SMTP
    with kind(server.host, server.port, timeout=PATIENCE) as line:
        line.ehlo()
        if server.starttls:
            line.starttls()


def _scanner(patient: Patient) -> Iterator[Said]:
    address = patient.settings.clamd
    if not address:
        level = Level.WARNING if patient.settings.production else Level.OK
        yield level, "files are not scanned for malware", "run clamd and set TANJIAN_CLAMD"
        return
    try:
        scanner.ping(address, patience=PATIENCE)
    except scanner.ScannerAway as away:
        yield Level.FAULT, str(away), "look at TANJIAN_CLAMD, and whether clamd runs"
    else:
        yield Level.OK, "clamd answers", ""


CHECKS: Final[tuple[tuple[str, Check, bool], ...]] = (
    ("migrations", _migrations, True),
    ("triggers", _triggers, True),
    ("roles", _roles, True),
    ("keys", _keys, True),
    ("clocks", _clocks, True),
    ("calendar", _calendar, True),
    ("audit", _audit, True),
    ("demonstration", _demonstration, True),
    ("disk", _space, False),
    ("mail", _mail, False),
    ("clamd", _scanner, False),
)
"""Name, check, and whether it asks the database."""
