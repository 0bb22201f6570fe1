"""``flask lifecycle`` shows what the lifecycles are; ``flask clocks`` lets their clocks end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.cases import timers
from app.cases.models import Case, CaseDeadline
from app.clock import utcnow
from app.db import database
from app.engine.bpmn_xml import bpmn
from app.engine.checks import check, check_family
from app.engine.definition import Lifecycle
from app.engine.diagram import mermaid, svg
from app.engine.pnml import pnml
from app.law.periods import LOCAL_ZONE
from app.releases.operations import current_law
from app.workflows import LIFECYCLES, by_version
from config import ROOT, settings

lifecycle: Final = AppGroup("lifecycle", help="The lifecycles the program knows.")
clocks: Final = AppGroup("clocks", help="The clocks of the cases.")

DRAWN: Final = ROOT / "docs" / "workflows"
FORMATS: Final = ("mermaid", "svg")
MODELS: Final = {"bpmn": bpmn, "pnml": pnml}
"""How a lifecycle is written down for other programs; the format is the suffix."""
MOST_DIGITS: Final = 5


def init_app(app: Flask) -> None:
    """Register the commands; loading a calendar is one of the group of `releases`."""
    from app.cases import commands_calendar, commands_vault  # noqa: F401, PLC0415 - to their groups

    app.cli.add_command(lifecycle)
    app.cli.add_command(clocks)


@lifecycle.command("list")
def list_command() -> None:
    """List every lifecycle with its size."""
    for key, one in LIFECYCLES.items():
        parts = f"{len(one.states)} states, {len(one.transitions)} transitions"
        click.echo(
            f"{key}/{one.version}  {one.zh} ({one.en}): {parts}, {len(one.deadlines)} clocks"
        )


@lifecycle.command("check")
def check_command() -> None:
    """Fail if a lifecycle contradicts itself or another one."""
    for one in LIFECYCLES.values():
        check(one)
    check_family(LIFECYCLES)
    click.echo(f"{len(LIFECYCLES)} lifecycles hold together.")


@lifecycle.command("diagram")
@click.argument("name", type=click.Choice(sorted(LIFECYCLES)))
@click.option("--format", "format_", type=click.Choice(FORMATS), default="mermaid")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def diagram_command(name: str, format_: str, lang: str, out: Path | None) -> None:
    """Draw the lifecycle NAME."""
    text = drawn(LIFECYCLES[name], format_, lang)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@lifecycle.command("docs")
def docs_command() -> None:
    """Draw every lifecycle anew for the documentation."""
    for key, one in LIFECYCLES.items():
        for format_, suffix in zip(FORMATS, ("mmd", "svg"), strict=True):
            path = DRAWN / f"{key}.{suffix}"
            path.write_text(drawn(one, format_, "zh"), encoding="utf-8")
            click.echo(path.relative_to(ROOT))
        path = DRAWN / f"{key}.bpmn"
        path.write_text(bpmn(one), encoding="utf-8")
        click.echo(path.relative_to(ROOT))


@lifecycle.command("export")
@click.argument("names", nargs=-1, type=click.Choice(sorted(LIFECYCLES)))
@click.option("--format", "format_", type=click.Choice(sorted(MODELS)), default="bpmn")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Folder to write to, by default this one.",
)
def export_command(names: tuple[str, ...], format_: str, out: Path) -> None:
    """Write the lifecycles NAMES, by default all, as models for other programs."""
    out.mkdir(parents=True, exist_ok=True)
    for key in names or LIFECYCLES:
        path = out / f"{key}.{format_}"
        path.write_text(MODELS[format_](LIFECYCLES[key]), encoding="utf-8")
        click.echo(path)


def drawn(one: type[Lifecycle], format_: str, lang: str) -> str:
    """The picture of a lifecycle as text of that format."""
    return mermaid(one, lang) if format_ == "mermaid" else svg(one, locale=lang, standalone=True)


@clocks.command("tick")
@click.option("--now", "at", help="An instant with its zone, by default this one.")
@with_appcontext
def tick_command(at: str | None) -> None:
    """Do one round: handle once whatever is due, and print what was done.

    The time to come is rehearsed by `clocks simulate`; only a demonstration may live through it.
    """
    present = utcnow()
    instant = present if at is None else _instant(at)
    if instant > present and not settings().demo:
        raise click.BadParameter("that instant has not come; see: flask clocks simulate")
    with database().read() as reading:
        law = current_law(reading)
    done = timers.tick(database(), law, instant)
    numbers = _numbers({one.case_id for one in done})
    for one in done:
        click.echo(f"{numbers[one.case_id]}  {told(one)}")
    click.echo(f"{len(done)} things were due.")


@clocks.command("due")
@click.option("--within", default="7d", show_default=True, help="Hours or days: 12h, 7d.")
@click.option("--now", "at", help="An instant with its zone, by default this one.")
@with_appcontext
def due_command(within: str, at: str | None) -> None:
    """List what is coming: ends and rungs of clocks, escalations that climb."""
    instant = utcnow() if at is None else _instant(at)
    until, after = instant + _span(within), None
    while found := timers.due(database(), until, after):
        numbers = _numbers({one.case_id for one in found})
        names = _names([one.id for one in found])
        for one in found:
            when = one.at.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")
            name = names.get(one.id, "")
            click.echo(f"{when}  {one.what.value[2:]:<5}  {numbers[one.case_id]}  {name}".rstrip())
        after = found[-1].mark


def told(one: timers.Done) -> str:
    """Say in a line what a tick did once."""
    match one:
        case timers.Expired():
            return f"{one.deadline}  {one.trigger}"
        case timers.Climbed():
            return f"escalation  -> {one.to}"
        case _:
            return f"{one.deadline}  rung {one.rung}" + ("  escalated" if one.escalation else "")


def _numbers(ids: Collection[UUID]) -> dict[UUID, str]:
    wanted, found = list(ids), dict[UUID, str]()
    with database().read() as session:
        for first in range(0, len(wanted), timers.BATCH):
            some = Case.id.in_(wanted[first : first + timers.BATCH])
            for row in session.execute(select(Case.id, Case.number).where(some)):
                found[row.id] = row.number
    return found


def _names(ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of clocks, Chinese as on the screens."""
    query = (
        select(CaseDeadline.id, CaseDeadline.name, Case.lifecycle, Case.lifecycle_version)
        .join(Case, Case.id == CaseDeadline.case_id)
        .where(CaseDeadline.id.in_(ids))
    )
    with database().read() as session:
        return {
            row.id: by_version(row.lifecycle, row.lifecycle_version).deadlines[row.name].zh
            for row in session.execute(query)
        }


def _span(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or len(number) > MOST_DIGITS or unit not in {"h", "d"}:
        raise click.BadParameter(f"must be hours or days of up to {MOST_DIGITS} digits: 12h, 7d")
    return timedelta(hours=int(number)) if unit == "h" else timedelta(days=int(number))


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise click.BadParameter("must be an instant with its zone: 2026-11-22T10:00:00+08:00")
    return found
