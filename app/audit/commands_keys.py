"""``flask audit key`` and ``flask audit checkpoint``: the key that signs, and a checkpoint now."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import AppGroup, with_appcontext

from app.audit import checkpoints, keys, rotation
from app.audit.commands import group
from app.clock import utcnow
from app.db import database
from config import settings

key: Final = AppGroup("key", help="The key that signs checkpoints.")
group.add_command(key)

NO_CHECKPOINT: Final = (
    "还没有存证点，没有可更换的密钥。 No checkpoint was made yet: there is no key to change."
)


@key.command("show")
@with_appcontext
def show() -> None:
    """Say which key signs, since when, and whether others may read its file."""
    path = settings().audit_key
    try:
        public = keys.load(path).public
    except keys.NoKey as missing:
        raise click.ClickException(_no_key(missing)) from missing
    with database().read() as session:
        since = rotation.signs_since(session, public)
        newest = checkpoints.latest(session)
    click.echo(f"文件 File: {path}")
    click.echo(f"公钥 Public key: {public}")
    click.echo(f"指纹 Fingerprint: {keys.fingerprint(public)}")
    if since is None:
        click.echo("尚未签署存证点。 It has signed no checkpoint yet.")
    else:
        click.echo(f"自存证点 {since} 起签署。 It signs since checkpoint {since}.")
    if newest is not None and checkpoints.told(newest)["next_key"] != public:
        click.echo(f"警告 Warning: {keys.NotTheKey(newest.number)}", err=True)
    if rotation.is_open_to_others(path):
        warning = "他人可读此文件，请执行 chmod 600。 Others may read this file: chmod 600."
        click.echo(f"警告 Warning: {warning}", err=True)


@key.command("rotate")
@with_appcontext
def rotate() -> None:
    """Let a new key follow; run again, it completes what was cut off."""
    try:
        changed = rotation.rotate(database(), settings().audit_key, utcnow())
    except rotation.NothingSigned as nothing:
        raise click.ClickException(NO_CHECKPOINT) from nothing
    except keys.NoKey as missing:
        raise click.ClickException(_no_key(missing)) from missing
    click.echo(f"原公钥 Old: {changed.old}")
    click.echo(f"新公钥 New: {changed.new}")
    click.echo(
        f"已轮换，由存证点 {changed.checkpoint} 交接。 "
        f"Rotated; checkpoint {changed.checkpoint} hands over."
    )
    _to_other_hosts()


@key.command("replace")
@click.option("--lost", "reason", required=True, help="Why the old key cannot sign any more.")
@with_appcontext
def replace(reason: str) -> None:
    """Begin with another key because the old one is lost. The break stays visible for ever."""
    if not reason.strip():
        raise click.BadParameter("理由不能为空。 Say why.", param_hint="--lost")
    try:
        changed = rotation.replace(database(), settings().audit_key, reason.strip(), utcnow())
    except rotation.NothingSigned as nothing:
        raise click.ClickException(NO_CHECKPOINT) from nothing
    except rotation.KeyNotLost as there:
        message = "原密钥尚在，请轮换。 The key is not lost: rotate it."
        raise click.ClickException(message) from there
    except keys.NoKey as unusable:  # the new one that a run before left
        raise click.ClickException(_no_key(unusable)) from unusable
    click.echo(f"遗失的公钥 Lost: {changed.old}")
    click.echo(f"新公钥 New: {changed.new}")
    click.echo(
        f"存证点 {changed.checkpoint} 与此前的签名链断开，今后每次核验都会指出。"
        "请将新公钥与事由书面告知持有存证点的机关。 "
        f"Checkpoint {changed.checkpoint} breaks with all before it, and every verification will "
        "name the break. Tell whoever holds a checkpoint the new key and the reason."
    )
    _to_other_hosts()


@group.command("checkpoint")
@click.option("--full", is_flag=True, help="Gather every chain, not only what changed.")
@with_appcontext
def checkpoint(full: bool) -> None:  # noqa: FBT001 - click names it
    """Make a checkpoint now."""
    now = utcnow()
    try:
        signing = checkpoints.key_of(database(), settings().audit_key)
        made = checkpoints.cover(database(), signing, now)
        if full and not (made and made[-1].full):
            asked = checkpoints.make(database(), signing, now, full=True)
            made += [asked] if asked is not None else []
    except keys.NoKey as missing:
        raise click.ClickException(_no_key(missing)) from missing
    for one in made:
        kind = "全量 full" if one.full else f"变更 changed: {one.changed}"
        click.echo(f"存证点 Checkpoint {one.number} · {kind} · {one.hash}")
    if not made:
        click.echo("没有未存证的变更。 Nothing is uncovered.")


def _no_key(missing: keys.NoKey) -> str:
    return f"密钥不可用。 The key cannot be used: {missing}."


def _to_other_hosts() -> None:
    click.echo(
        "请立即另行备份新密钥，并复制到其他主机。 "
        "Back the new key up apart at once, and copy it to the other hosts."
    )
