"""``flask calendar load``: take the arrangement of a year, and compute the running clocks by it."""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from app.cases import recount
from app.cases.amendments import Change, What
from app.clock import utcnow
from app.db import database
from app.engine.actors import SYSTEM_ACTOR
from app.law.calendar import ArrangementError, load_arrangements
from app.law.labels import Label
from app.law.terms import LawBook
from app.releases.commands import group, law_here
from app.releases.models import ReleaseKind
from app.releases.operations import current_law, on_top, release


@group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--region", is_flag=True, help="The file holds the region's own days off.")
@click.option(
    "--dry-run", is_flag=True, help="Check the file, list what would move, change nothing."
)
@with_appcontext
def load(file: Path, *, region: bool, dry_run: bool) -> None:
    """Take the arrangement of a new year from FILE, in the layout of the shipped table.

    Running clocks are computed again by it: a later end comes by itself, an earlier one is put to
    the supervisor. A wrong file is refused whole, with the line, and exit code 2.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
        rows = load_arrangements(content, region=region)
    except ArrangementError as error:
        click.echo(f"{file.name} {error}", err=True)
        sys.exit(2)
    except UnicodeDecodeError:
        click.echo(f"{file.name} 不是 UTF-8 文本。 {file.name} is not UTF-8 text.", err=True)
        sys.exit(2)
    years = "、".join(str(year) for year in sorted({row.year for row in rows}))
    kind = ReleaseKind.REGION_CALENDAR if region else ReleaseKind.CALENDAR
    if dry_run:
        click.echo(f"{file.name} 无误：{years} 年，{len(rows)} 项安排。 The file is sound.")
        _foretell(on_top(law_here(), kind, content))
        return
    work = partial(
        release, kind=kind, content=content, name=file.name, actor=SYSTEM_ACTOR, now=utcnow()
    )
    made = database().write(work)
    click.echo(f"已发布第 {made.number} 号：{years} 年安排。 Released as number {made.number}.")
    _amend()


def _foretell(law: LawBook) -> None:
    """List every running clock the arrangement would change, then how many."""
    counts: Counter[What] = Counter()
    try:
        for change in recount.foretell(database(), law):
            counts[change.what] += 1
            click.echo(told(change))
    except DBAPIError:
        return  # there are no clocks before there is a database, which `law_here` has said
    _echo_counts(counts)


def told(change: Change) -> str:
    """One clock in a line: case, clock, old end, new end, what becomes of it."""
    was, due_on = (day or "中止 stopped" for day in (change.was, change.due_on))
    provisional = "（暂定 provisional）" if change.provisional else ""
    what = change.what.label
    if change.what is What.SETTLED and not change.provisional:
        what = Label("末日不变，不再暂定", "same day, provisional no longer")
    return (
        f"{change.number}  {change.deadline.zh}  {was} → {due_on}{provisional}  {what.zh} {what.en}"
    )


def _amend() -> None:
    with database().read() as session:
        law = current_law(session)
        waiting = recount.left(session, law)
    with click.progressbar(length=waiting, label="重新计算期限 Clocks") as bar:
        counts = recount.amend(database(), law, utcnow(), seen=bar.update)
    _echo_counts(counts)


def _echo_counts(counts: Counter[What]) -> None:
    for what in (What.LATER, What.EARLIER, What.SETTLED):
        click.echo(f"{what.label.zh} {what.label.en}: {counts[what]}")
