"""``flask vault seal``: encrypt what an earlier release kept in the open."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from app import vault
from app.audit.commands_vault import group
from app.cases.resealing import seal_older
from app.db import database


@group.command("seal")
@with_appcontext
def seal() -> None:
    """Encrypt sealed values that an earlier release kept in the open; as the owner of the tables.

    Safe to run again. Earlier backups, and what the database has not overwritten yet, still hold
    them: VACUUM FULL private_values (PostgreSQL) or VACUUM (SQLite) clears the latter.
    """
    try:
        done = seal_older(database())
    except vault.NoVault as missing:
        raise click.ClickException(str(missing)) from missing
    except DBAPIError as refused:
        message = "请以表的所有者身份执行。 Run this as the owner of the tables."
        raise click.ClickException(f"{message} {refused.orig}") from refused
    click.echo(f"已加密 {done} 项。 {done} values were encrypted.")
