"""``flask calendar``: ask the working-day calendar. `app.cases` adds the loading of a new year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from app.db import database
from app.law.calendar import weekday_label
from app.law.errors import LawError
from app.law.labels import Label
from app.law.periods import LOCAL_ZONE, Interval, Unit, compute, end_of_hours, explain
from app.law.terms import LawBook, shipped_law
from app.releases.operations import current_law

group: Final = AppGroup("calendar", help="Working days and periods.")

LANGUAGE = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)


def law_here() -> LawBook:
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
    calendar = law_here().calendar
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


@group.command("show")
@click.argument("year", type=int)
@LANGUAGE
@with_appcontext
def show(year: int, lang: str) -> None:
    """Print the days off and the make-up days of YEAR."""
    calendar = law_here().calendar
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
