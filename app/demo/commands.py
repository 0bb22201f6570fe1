"""``flask demo load``: build the demonstration city, the year and the enforcement, once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from app.audit import checkpoints, verification
from app.cases.files import FileStore
from app.clock import utcnow
from app.db import database
from app.demo import city, enforcement, post, requests
from app.demo.cast import PASSWORD
from app.releases.operations import current_law
from config import settings

demo: Final = AppGroup("demo", help="The demonstration city.")

SHOWN: Final = (
    *("supervisor", "verifier", "unit-baifan", "expert1", "inspector", "leader"),
    *("legal", "market", "police", "region", "auditor", "admin", "admin2"),
)


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
        standing = city.is_loaded(reading) and enforcement.is_loaded(reading)
        law = current_law(reading)
    if standing:
        click.echo("The demonstration city stands.")
    else:
        store = FileStore(about.files, limit=about.max_upload_bytes)
        now, plots = utcnow(), len(city.PLOTS) + len(enforcement.PLOTS)
        with click.progressbar(length=plots, label="Demonstration city") as bar:
            cast = city.load(database(), law, store, now, lambda done, _all: bar.update(1, done))
            enforcement.load(
                database(), law, store, cast, now, lambda done, _all: bar.update(1, done)
            )
        requests.load(database(), law, cast, now)
        post.tell(database(), law, now)
        _prove(about.audit_key)
    click.echo(f"Sign in as {', '.join(SHOWN)} or another one; the password is {PASSWORD}")


def _prove(key: Path) -> None:
    """Cover the city by a full checkpoint and verify it, as after its first night."""
    here = database()
    checkpoints.make(here, checkpoints.key_of(here, key), utcnow(), full=True)
    found = verification.verify(here, utcnow())
    if not found.holds:
        raise click.ClickException(found.faults[0].label.en)
