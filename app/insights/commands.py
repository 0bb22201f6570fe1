"""``flask clocks simulate`` lets the clocks run ahead and writes nothing."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from app.accounts.models import Person
from app.cases.commands import clocks
from app.cases.queries import Filter, narrowing
from app.clock import utcnow
from app.db import database
from app.insights import rehearsal, rehearsal_tables
from app.insights.rehearsal import Rehearsal
from app.insights.rehearsal_tables import LATE
from app.insights.telling import Row
from app.law.periods import LOCAL_ZONE, local_date
from app.registers.sheets import write_csv
from app.releases.operations import current_law
from app.workflows import LIFECYCLES

INSTANT: Final = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])
DAY: Final = click.DateTime(["%Y-%m-%d"])


@clocks.command("simulate")
@click.option("--until", type=DAY, required=True, help="The last day, inclusive: 2027-03-31.")
@click.option("--lifecycle", type=click.Choice(sorted(LIFECYCLES)), help="Only this procedure.")
@click.option("--division", default="", help="Only subjects in this division, by its code.")
@click.option("--officer", help="Only cases of this person, by login.")
@click.option("--unassigned", is_flag=True, help="Only cases of nobody in particular.")
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Into a file.")
@click.option("--now", "at", type=INSTANT, help="An instant with its zone, by default this one.")
@with_appcontext
def simulate_command(
    until: datetime,
    lifecycle: str | None,
    division: str,
    officer: str | None,
    unassigned: bool,  # noqa: FBT001 - an option of the command
    file: Path | None,
    at: datetime | None,
) -> None:
    """Say what the clocks of the open cases will bring if nobody does anything; write nothing."""
    now, last = (at or utcnow()).astimezone(UTC), until.date()
    if last < local_date(now):
        raise click.BadParameter("lies before today", param_hint="--until")
    narrowed = Filter(
        lifecycle=lifecycle or "",
        division=division,
        assignee=_person(officer) if officer else None,
        unassigned=unassigned,
    )
    with database().read() as reading:
        law = current_law(reading)
    found = rehearsal.rehearse(
        database(), law, now, last, criteria=narrowing(narrowed, now), tell=_Progress(now, last)
    )
    if file is None:
        for row in found.rows:
            click.echo(line(row))
        click.echo()
    else:
        file.write_bytes(write_csv(rehearsal_tables.sheet(found.rows, "zh_Hans_CN")))
    _sum_up(found)


def line(row: Row) -> str:
    """One row in a line, Chinese as on the screens."""
    clock = row.clock.zh if row.clock is not None else ""
    parts = [
        row.on.isoformat(), row.what.label.zh, row.number, clock, row.officer.label.zh,
        row.detail.zh, rehearsal_tables.PROVISIONAL.zh if row.provisional else "",
    ]  # fmt: skip
    return "  ".join(part for part in parts if part)


def _sum_up(found: Rehearsal) -> None:
    for officer, counts in rehearsal_tables.by_officer(found.rows):
        told = (f"{what.label.zh} {count}" for what, count in zip(LATE, counts, strict=True))
        click.echo(f"{officer.label.zh}  {'  '.join(told)}")
    click.echo(f"{found.cases} open cases, {len(found.rows)} rows until {found.whole_until}.")
    if found.was_stopped:
        click.echo(
            f"Stopped after {rehearsal.MOST} things were done: narrow it to see beyond.", err=True
        )


def _person(login: str) -> UUID:
    with database().read() as reading:
        found = reading.scalar(select(Person.id).where(Person.login == login))
    if found is None:
        raise click.BadParameter(f"nobody signs in as {login}", param_hint="--officer")
    return found


class _Progress:
    """Says on a terminal how far it has come, each day once."""

    def __init__(self, since: datetime, until: date) -> None:
        self.days = (until - local_date(since)).days + 1
        self.since = local_date(since)
        self.last: date | None = None

    def __call__(self, at: datetime, done: int) -> None:
        on = at.astimezone(LOCAL_ZONE).date()
        if on != self.last and sys.stderr.isatty():
            gone = (on - self.since).days
            click.echo(f"\r{on}  {gone}/{self.days}  {done}", nl=False, err=True)
        self.last = on
