"""``flask casefile`` compiles the case file 卷宗 of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import UUID

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.accounts.models import Organisation
from app.cases.errors import CaseError
from app.cases.files import FileStore
from app.cases.models import Case
from app.clock import utcnow
from app.db import database
from app.documents import casefile
from app.documents.casefile_views import PARTS
from app.engine.actors import SYSTEM_ACTOR
from config import settings

group: Final = AppGroup("casefile", help="The files 卷宗 of the cases.")


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(group)


@group.command("compile")
@click.argument("number")
@click.option("--body", help="The authority, where two number their cases alike.")
@click.option(
    "--out",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    help="Copy both volumes and the archive to this folder.",
)
@with_appcontext
def compile_command(number: str, body: str | None, out: Path | None) -> None:
    """Compile the file of the case with that NUMBER as it stands now."""
    files = FileStore(settings().files, limit=settings().max_upload_bytes)
    try:
        made = casefile.compile_file(
            database(), files, case_numbered(number, body), actor=SYSTEM_ACTOR, now=utcnow()
        )
    except CaseError as refused:
        raise click.ClickException(refused.label.zh) from refused
    file = made.file
    click.echo(f"main   {file.main_pages:>5} pages  {file.main_sha256}")
    click.echo(f"side   {file.side_pages:>5} pages  {file.side_sha256}")
    click.echo(f"zip    {file.archive_size:>5} bytes  {file.archive_sha256}")
    click.echo(f"entry  {file.seq}{' (compiled before)' if made.again else ''}")
    if out is not None:
        for column, _media, name in PARTS.values():
            target = out / f"{number} {name}"
            with target.open("wb") as copy:
                copy.writelines(files.chunks(getattr(file, column)))
            click.echo(target)


def case_numbered(number: str, body: str | None) -> UUID:
    """The case of that number. Raises click.ClickException if there is none, or more than one."""
    query = (
        select(Case.id, Organisation.name)
        .join(Organisation, Organisation.id == Case.authority_id)
        .where(Case.number == number)
    )
    with database().read() as session:
        found = [row for row in session.execute(query) if body in {None, row.name}]
    if not found:
        raise click.ClickException(f"no case {number}")
    if len(found) > 1:
        names = ", ".join(row.name for row in found)
        raise click.ClickException(f"{number} is a case of each of these; choose --body: {names}")
    case_id: UUID = found[0].id
    return case_id
