"""``flask audit publish``: a checkpoint as a file, for another authority."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app.assurance import publishing
from app.assurance.publishing import Channel, Order
from app.assurance.publishing_form import LONGEST_NAME
from app.audit import checkpoints, keys
from app.audit.commands import group
from app.clock import utcnow
from app.db import database
from app.engine.actors import SYSTEM_ACTOR
from config import settings


@group.command("publish")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", "recipient", required=True, help="Authority that keeps it.")
@with_appcontext
def publish(out: Path, recipient: str) -> None:
    """Make a full checkpoint, write it to a new file and record to whom it goes."""
    name = " ".join(recipient.split())
    if not name or len(name) > LONGEST_NAME:
        raise click.BadParameter("机关名称无效。 Name the authority.", param_hint="--to")
    try:
        with out.open("x", encoding="utf-8") as file:  # before anything is recorded
            order = Order(Channel.FILE, name)
            made = publishing.publish(
                database(), settings().audit_key, order, SYSTEM_ACTOR, utcnow()
            )
            with database().read() as session:
                found = publishing.sheet(session, made.id)
            assert found is not None  # it was just recorded
            file.write(checkpoints.handed_out(found.checkpoint))
    except FileExistsError as there:
        raise click.ClickException(f"文件已存在。 The file exists: {out}") from there
    except OSError as error:
        raise click.ClickException(f"无法写入。 Cannot be written: {error}") from error
    except keys.NoKey as missing:
        out.unlink()
        raise click.ClickException(f"密钥不可用。 The key cannot be used: {missing}.") from missing
    click.echo(f"{out}\n存证点 Checkpoint {made.number} → {name}")
    click.echo(f"SHA-256  {found.hash_in_groups}\nEd25519  {found.key_in_groups}")
