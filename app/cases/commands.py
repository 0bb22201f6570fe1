"""``flask lifecycle`` shows what the lifecycles are; ``flask clocks`` lets their clocks end."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from app.cases import timers
from app.clock import utcnow
from app.db import database
from app.engine.checks import check, check_family
from app.engine.definition import Lifecycle
from app.engine.diagram import mermaid, svg
from app.releases.operations import current_law
from app.workflows import LIFECYCLES
from config import ROOT

lifecycle: Final = AppGroup("lifecycle", help="The lifecycles the program knows.")
clocks: Final = AppGroup("clocks", help="The clocks of the cases.")

DRAWN: Final = ROOT / "docs" / "workflows"
FORMATS: Final = ("mermaid", "svg")


def init_app(app: Flask) -> None:
    """Register the commands."""
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


def drawn(one: type[Lifecycle], format_: str, lang: str) -> str:
    """The picture of a lifecycle as text of that format."""
    return mermaid(one, lang) if format_ == "mermaid" else svg(one, locale=lang, standalone=True)


@clocks.command("expire")
@click.option("--now", "at", help="An instant with its zone, by default this one.")
@with_appcontext
def expire_command(at: str | None) -> None:
    """Handle once every clock that has ended."""
    instant = utcnow() if at is None else _instant(at)
    with database().read() as reading:
        law = current_law(reading)
    done = timers.expire_due(database(), law, instant)
    for one in done:
        click.echo(f"{one.case_id}  {one.deadline}  {one.trigger}")
    click.echo(f"{len(done)} clocks ended.")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise click.BadParameter("must be an instant with its zone: 2026-11-22T10:00:00+08:00")
    return found
