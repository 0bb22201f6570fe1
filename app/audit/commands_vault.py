"""``flask vault``: the keys of sealed values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup, with_appcontext

from app import vault
from app.audit import rewrapping, sealing
from app.audit.rotation import is_open_to_others
from app.clock import utcnow
from app.db import database

group: Final = AppGroup("vault", help="The keys of sealed values.")


@group.command("make")
@with_appcontext
def make() -> None:
    """Make the file of keys, unless it is there; never where values hang on a lost one."""
    with _told():
        sealing.prepare(database())
        click.echo(f"文件 File: {_file()}")


@group.command("status")
@with_appcontext
def status() -> None:
    """Say which keys there are, how many values hang on each, and which are missing."""
    path = _file()
    with database().read() as session:
        counts = rewrapping.counts(session)
    click.echo(f"文件 File: {path}")
    with _told():
        ids = vault.load(path).ids
        for number, key in enumerate(ids):
            seals = "，在用 seals now" if number == 0 else ""
            count = counts.get(key, 0)
            click.echo(f"密钥 Key {key}: {count} 项密封内容 sealed values{seals}")
        if is_open_to_others(path):
            warning = "他人可读此文件，请执行 chmod 600。 Others may read this file: chmod 600."
            click.echo(f"警告 Warning: {warning}", err=True)
        if len(ids) > 1:
            unfinished = "轮换尚未完成：请再次执行 flask vault rotate。 A rotation was cut off:"
            click.echo(f"警告 Warning: {unfinished} flask vault rotate completes it.", err=True)
        if lost := counts.keys() - set(ids):
            raise sealing.KeysMissing(lost)


@group.command("rotate")
@with_appcontext
def rotate() -> None:
    """Let a new key follow, and wrap every sealed value's key with it; again if it was cut off."""

    def report(done: int, total: int) -> None:
        click.echo(f"已重新加密 {done}/{total} 。 {done} of {total} wrapped anew.", err=True)

    with _told():
        changed = rewrapping.rotate(database(), _file(), utcnow(), report)
    click.echo(f"停用的密钥 Dropped: {', '.join(changed.old)}")
    click.echo(f"新密钥 New: {changed.new}")
    click.echo(f"重新加密 {changed.values} 项。 {changed.values} values were moved to it.")
    click.echo(
        "请立即另行备份密钥文件，并复制到其他主机；旧备份仍须旧密钥。 "
        "Back the file up apart at once and copy it to the other hosts; older backups of the "
        "database still need the keys of their time."
    )


def _file() -> Path:
    path = database().keys
    if path is None:
        raise click.ClickException("没有指定密钥文件。 No file of keys is named.")
    return path


@contextmanager
def _told() -> Iterator[None]:
    """Say in one sentence why a vault cannot be used."""
    try:
        yield
    except (vault.NoVault, vault.CannotOpen, sealing.KeysMissing) as wrong:
        raise click.ClickException(str(wrong)) from wrong
