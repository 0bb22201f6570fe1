"""``flask calendar``: ask the working-day calendar, and load a new year's arrangement."""

from __future__ import annotations

import sys
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from app.clock import utcnow
from app.db import database
from app.engine.actors import SYSTEM_ACTOR
from app.law.calendar import ArrangementError, load_arrangements, weekday_label
from app.law.errors import LawError
from app.law.labels import Label
from app.law.periods import LOCAL_ZONE, Interval, Unit, compute, end_of_hours, explain
from app.law.terms import LawBook, shipped_law
from app.releases.models import ReleaseKind
from app.releases.operations import current_law, release

group: Final = AppGroup("calendar", help="Working days and periods.")

LANGUAGE = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)


def _law() -> LawBook:
    """The law of this installation, or the shipped one before there is a database."""
    try:
        with database().read() as session:
            return current_law(session)
    except DBAPIError:
        click.echo(
            "数据库尚未建立，使用随附日历。No database yet: the shipped calendar is used.", err=True
        )
        return shipped_law()


@group.command("last-day")
@click.argument("start")
@click.argument("length", type=click.IntRange(min=1))
@click.argument("unit", type=click.Choice([unit.value for unit in Unit]))
@click.option("--explain", "explained", is_flag=True, help="Print every day, counted or skipped.")
@click.option("--backward", is_flag=True, help="START is the event; print the latest day to act.")
@click.option("--region/--no-region", default=None, help="Count the region's own days off.")
@click.option(
    "--exclude",
    "excluded",
    multiple=True,
    metavar="FROM:TO:KIND",
    help="A cause that stops the clock; leave TO empty while it lasts.",
)
@LANGUAGE
@with_appcontext
def last_day(
    start: str,
    length: int,
    unit: str,
    *,
    explained: bool,
    backward: bool,
    region: bool | None,
    excluded: tuple[str, ...],
    lang: str,
) -> None:
    """Print the last day of LENGTH UNIT after START.

    START is a day, for hours an instant such as 2026-09-28T15:30. UNIT: wd working days, cd
    calendar days, h hours, m months, y years.
    """
    counted = Unit(unit)
    if counted is Unit.HOURS:
        if backward or excluded:
            raise click.UsageError(
                "小时连续计算，不倒算、不扣除。 Hours run on: neither backward nor with exclusions."
            )
        ends = end_of_hours(_instant(start), length).astimezone(LOCAL_ZONE)
        click.echo(ends.strftime("%Y-%m-%d %H:%M"))
        if explained:
            told = Label(
                "A2 自起算时刻连续计算，不分昼夜和节假日",
                "A2 hours run through nights and holidays",
            )
            click.echo(told.text(lang))
        return
    calendar = _law().calendar
    if region is not None:
        calendar = calendar.with_region(counts=region)
    try:
        period = compute(
            _day(start),
            length,
            counted,
            calendar,
            backward=backward,
            exclusions=[_interval(text) for text in excluded],
        )
    except (LawError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(_answer(period.last_day, period.earliest, lang, provisional=period.provisional))
    if explained:
        for line in explain(period):
            click.echo(line.text(lang))


def _answer(last: date | None, earliest: date, lang: str, *, provisional: bool) -> str:
    marks = []
    if last is None:
        marks.append(Label("中止计算，最早至该日", "stopped; at the earliest"))
    if provisional:
        marks.append(Label("暂定：该期间的节假日安排尚未公布", "provisional: not arranged yet"))
    day = last or earliest
    text = f"{day} {weekday_label(day).text(lang)}"
    return text + "".join(f"（{m.zh}）" if lang == "zh" else f" ({m.en})" for m in marks)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"「{text}」不是日期，应写作 2026-09-28。 “{text}” is no date such as 2026-09-28."
        ) from None


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"「{text}」不是时刻，应写作 2026-09-28T15:30。 “{text}” is no instant."
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=LOCAL_ZONE)


def _interval(text: str) -> Interval:
    parts = text.split(":", 2)
    if len(parts) != 3:  # noqa: PLR2004 - from, to, kind
        raise click.BadParameter(f"「{text}」应写作 起:止:事由。 “{text}” must read FROM:TO:KIND.")
    begins, ends, kind = parts
    return Interval(_day(begins), _day(ends) if ends else None, kind)


@group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--region", is_flag=True, help="The file holds the region's own days off.")
@click.option("--dry-run", is_flag=True, help="Check the file and change nothing.")
@with_appcontext
def load(file: Path, *, region: bool, dry_run: bool) -> None:
    """Take the arrangement of a new year from FILE, in the layout of the shipped table.

    A wrong file is refused whole, with the line, and exit code 2.
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
    if dry_run:
        click.echo(f"{file.name} 无误：{years} 年，{len(rows)} 项安排。 The file is sound.")
        return
    kind = ReleaseKind.REGION_CALENDAR if region else ReleaseKind.CALENDAR
    work = partial(
        release, kind=kind, content=content, name=file.name, actor=SYSTEM_ACTOR, now=utcnow()
    )
    made = database().write(work)
    click.echo(f"已发布第 {made.number} 号：{years} 年安排。 Released as number {made.number}.")


@group.command("show")
@click.argument("year", type=int)
@LANGUAGE
@with_appcontext
def show(year: int, lang: str) -> None:
    """Print the days off and the make-up days of YEAR."""
    calendar = _law().calendar
    if year not in calendar.loaded:
        told = Label(f"{year} 年的安排尚未公布或未加载。", f"{year} is not arranged or not loaded.")
        click.echo(told.text(lang))
        return
    if year in calendar.seeded:
        told = Label(
            "取自已发布的软件包，非通知原文。", "From a published package, not the notice."
        )
        click.echo(told.text(lang))
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    for day in map(date.fromordinal, range(first, last + 1)):
        word = calendar.festival(day)
        if calendar.is_make_up(day):
            word = Label("调休上班", "make-up day")
        if word:
            click.echo(f"{day} {weekday_label(day).text(lang)} {word.text(lang)}")
