"""``flask audit verify``: recompute every hash and name what does not hold."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import click
from flask.cli import AppGroup, with_appcontext

from app.audit import chain
from app.audit.triggers import missing_triggers
from app.db import database

group: Final = AppGroup("audit", help="The chains of the audit.")


@group.command("verify")
@click.argument("chain_id", type=click.UUID, required=False)
@with_appcontext
def verify(chain_id: UUID | None) -> None:
    """Verify the chain CHAIN_ID, by default all of them. Fails if anything does not hold."""
    found = 0
    with database().read() as session:
        for name in missing_triggers(session.connection()):
            found += 1
            click.echo(f"缺少触发器 Trigger missing: {name}", err=True)
        faults = (
            chain.verify_all(session) if chain_id is None else chain.verify_chain(session, chain_id)
        )
        for fault in faults:
            found += 1
            click.echo(f"{fault.label.zh} {fault.label.en}", err=True)
    if found:
        message = f"发现 {found} 处问题。 {found} faults were found."
        raise click.ClickException(message)
    click.echo("完好。 Every entry holds.")
