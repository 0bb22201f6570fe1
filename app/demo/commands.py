"""``flask demo load``: build the demonstration city, once."""

from __future__ import annotations

from typing import Final

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from app.cases.files import FileStore
from app.clock import utcnow
from app.db import database
from app.demo import city
from app.demo.cast import PASSWORD
from app.releases.operations import current_law
from config import settings

demo: Final = AppGroup("demo", help="The demonstration city.")

SHOWN: Final = ("supervisor", "verifier", "unit-baifan", "expert1", "inspector", "leader")


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(demo)


@demo.command("load")
@click.option("--force", is_flag=True, help="Also where TANJIAN_DEMO is not set.")
@with_appcontext
def load_command(*, force: bool) -> None:
    """Build the city in this database, unless it stands already."""
    about = settings()
    if not (about.demo or force):
        raise click.ClickException("TANJIAN_DEMO is not set: this may be a real database. --force")
    with database().read() as reading:
        standing, law = city.is_loaded(reading), current_law(reading)
    if standing:
        click.echo("The demonstration city stands.")
    else:
        store = FileStore(about.files, limit=about.max_upload_bytes)
        with click.progressbar(length=len(city.PLOTS), label="Demonstration city") as bar:
            city.load(database(), law, store, utcnow(), lambda done, _all: bar.update(1, done))
    click.echo(f"Sign in as {', '.join(SHOWN)} or another one; the password is {PASSWORD}")
