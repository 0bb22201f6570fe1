"""``flask doctor``, ``flask backup``, ``flask restore``: the commands of whoever runs Tanjian."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import IO, Final

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app.audit.covering import Handed, NotACheckpoint
from app.clock import utcnow
from app.db import database
from app.operations import backup, doctor, dumping, restore
from app.operations.doctor import Level
from config import settings

SIGNS: Final = {Level.OK: "✓", Level.WARNING: "!", Level.FAULT: "✗"}
UNWELL: Final = 1
FOLDER: Final = click.Path(file_okay=False, path_type=Path)
REFUSED: Final = (
    backup.CannotBackUp,
    backup.NotABackup,
    dumping.CannotCopy,
    restore.CannotRestore,
    OSError,
)


def init_app(app: Flask) -> None:
    """Register them."""
    for command in (doctor_command, backup_command, restore_command):
        app.cli.add_command(command)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for a program.")
@with_appcontext
def doctor_command(*, as_json: bool) -> None:
    """Look at this installation, say what is wrong and how to mend it. Fails on a fault."""
    found = doctor.examine(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - its extensions are read
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            click.echo(f"{SIGNS[one.level]} {one.check:<14} {one.said}")
            if one.mend and one.level is not Level.OK:
                click.echo(f"  {'':<14} → {one.mend}")
    faults = sum(one.level is Level.FAULT for one in found)
    if not as_json:
        warnings = sum(one.level is Level.WARNING for one in found)
        click.echo(f"{faults} faults, {warnings} warnings.")
    if faults:
        raise click.exceptions.Exit(UNWELL)


@click.command("backup")
@click.argument("folder", type=FOLDER)
@click.option("--keys", type=FOLDER, help="Copy the keys to that folder, on another medium.")
@with_appcontext
def backup_command(folder: Path, keys: Path | None) -> None:
    """Back up database and files into FOLDER, while the program runs."""
    try:
        made = backup.back_up(database(), settings(), folder, utcnow(), keys=keys)
    except REFUSED as refused:
        raise click.ClickException(str(refused)) from refused
    about = made.manifest
    click.echo(f"{made.folder}")
    click.echo(f"{about.database}: {about.database_size} bytes; {about.audit.entries} entries")
    click.echo(f"{len(about.files)} files, {made.copied} of them new")
    click.echo(f"newest checkpoint: {about.audit.checkpoint or 'none'}")
    click.echo(f"SHA-256 of its manifest, to be written down elsewhere: {made.digest}")
    if about.damaged:
        raise click.ClickException(
            f"{len(about.damaged)} files are gone from the store or not what their name says, and "
            f"not in the backup: {', '.join(about.damaged[: restore.NAMED])}. Fetch them from an "
            "older one"
        )


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keys", type=FOLDER, help="Folder the keys were copied to.")
@click.option("--checkpoint", type=click.File(encoding="utf-8"), help="Against a handed-out one.")
@click.option("--replace", is_flag=True, help="Let what is there give way; it is kept aside.")
@with_appcontext
def restore_command(
    folder: Path,
    keys: Path | None,
    checkpoint: IO[str] | None,
    replace: bool,  # noqa: FBT001 - click hands it over
) -> None:
    """Put the newest backup in FOLDER, or the backup FOLDER, back and verify it.

    Stop the program first. Database and files must be empty.
    """
    try:
        handed = Handed.read(checkpoint.read()) if checkpoint is not None else None
    except (NotACheckpoint, UnicodeDecodeError) as error:
        raise click.BadParameter("no checkpoint stands in it", param_hint="--checkpoint") from error
    if replace:
        named = Path(str(database().url.database)).name
        if click.prompt(f"Type the name of the database that gives way ({named})") != named:
            raise click.ClickException("That is not its name: nothing was touched.")
    try:
        done = restore.restore(
            database(),
            settings(),
            backup.newest(folder),
            utcnow(),
            replace=replace,
            keys=keys,
            handed=handed,
        )
    except REFUSED as refused:
        raise click.ClickException(str(refused)) from refused
    _tell(done)


def _tell(done: restore.Restored) -> None:
    found = done.outcome
    click.echo(f"Restored what was backed up at {done.manifest.made_at}.")
    if done.left:
        click.echo(f"What was there before is kept: {done.left}")
    click.echo(f"{found.entries} entries and {found.files} files were verified.")
    if not database().is_sqlite:
        click.echo("Now grant its rights again: flask db roles --application NAME")
    for fault in found.faults:
        click.echo(f"{fault.label.zh} {fault.label.en}", err=True)
    if not done.is_same:
        raise click.ClickException("The audit does not end where the manifest says it does.")
    if not found.holds:
        raise click.ClickException(f"{found.count} faults were found in what was restored.")
    click.echo("Every entry holds.")
