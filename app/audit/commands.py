"""``flask audit verify``: recompute every hash and name what does not hold."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import IO, Final

import click
from flask.cli import AppGroup, with_appcontext

from app import lease
from app.audit import verification
from app.audit.covering import Handed, NotACheckpoint
from app.audit.examination import Beat, paced, still
from app.clock import utcnow
from app.db import Database, database
from app.law.periods import LOCAL_ZONE
from config import settings

group: Final = AppGroup("audit", help="The chains of the audit.")


class Since(click.ParamType[int | date]):
    """A day, or the number of a checkpoint."""

    name = "date|number"

    def convert(
        self, value: str | int | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | date:
        """Read ``2026-11-29`` or ``412``."""
        if not isinstance(value, str):
            return value
        if value.isdecimal():
            return int(value)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"neither a day nor the number of a checkpoint: {value}", param, ctx)


@group.command("verify")
@click.argument("named", metavar="[CHAIN_OR_CASE]", required=False)
@click.option("--since", type=Since(), help="Only chains that grew after that checkpoint or day.")
@click.option("--checkpoint", type=click.File(encoding="utf-8"), help="Against a handed-out one.")
@click.option("--key", help="Public key of the first checkpoint, 64 hexadecimal digits.")
@click.option("--files", is_flag=True, help="Also read every byte of the stored files.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes that verify at once.")
@click.option("--resume", is_flag=True, help="Take up the run that was cut off.")
@with_appcontext
def verify(
    named: str | None,
    since: int | date | None,
    checkpoint: IO[str] | None,
    key: str | None,
    files: bool,  # noqa: FBT001 - click hands it over
    jobs: int | None,
    resume: bool,  # noqa: FBT001
) -> None:
    """Verify the chain or case CHAIN_OR_CASE, by default all. Fails if anything does not hold."""
    key = _public_key(key)
    if resume and checkpoint is not None:
        # How far a run had come stands in the database, which is just what is not believed here.
        raise click.UsageError("against a handed-out checkpoint everything is verified anew")
    extent = _extent(database(), named, since)
    with _at_work(database(), extent) as beat, _bar() as progress:
        try:
            found = verification.verify(
                database(),
                utcnow(),
                extent,
                handed=_handed(checkpoint),
                key=key,
                files=settings().files if files else None,
                jobs=jobs,
                resume=resume,
                beat=beat,
                progress=progress,
            )
        except verification.NothingToResume as nothing:
            raise click.ClickException("没有中断的核验。 No run was cut off.") from nothing
    _tell(found)


def _public_key(key: str | None) -> str | None:
    if key is None:
        return None
    digits = re.sub(r"\s", "", key).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise click.BadParameter("not 64 hexadecimal digits", param_hint="--key")
    return digits


def _handed(file: IO[str] | None) -> Handed | None:
    if file is None:
        return None
    try:
        return Handed.read(file.read())
    except (NotACheckpoint, UnicodeDecodeError) as error:
        raise click.BadParameter("no checkpoint stands in it", param_hint="--checkpoint") from error


def _extent(here: Database, named: str | None, since: int | date | None) -> verification.Extent:
    if named is not None and since is not None:
        raise click.UsageError("one chain or case is always verified from its beginning")
    with here.read() as session:
        if isinstance(since, date):
            since = verification.since_of(session, since)
        if named is None:
            return verification.Extent(since=since)
        chains = verification.chains_of(session, named)
    if not chains:
        raise click.ClickException(f"没有这条链或案件。 No such chain or case: {named}")
    return verification.Extent(chains=tuple(chains))


@contextmanager
def _at_work(here: Database, extent: verification.Extent) -> Iterator[Beat]:
    """Hold the lease of whoever verifies everything, and renew it with every sign of life."""
    if extent != verification.EVERYTHING:
        yield still
        return
    held = lease.take(here, verification.JOB, lease.this_process())
    if held is None:
        message = "另一进程正在核验。 Another process is verifying: wait for it."
        raise click.ClickException(message)
    try:
        yield paced(lambda: here.write(held))
    finally:
        lease.give_back(here, held)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal, where there is one."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    with click.progressbar(length=1, label="Verifying", file=sys.stderr) as bar:

        def show(done: int, whole: int) -> None:
            bar.length = max(whole, 1)
            bar.update(done - bar.pos)

        yield show


def _tell(found: verification.Outcome) -> None:
    for fault in found.faults:
        click.echo(f"{fault.label.zh} {fault.label.en}", err=True)
    for hint in dict.fromkeys(fault.hint for fault in found.faults):
        click.echo(f"  → {hint.zh} {hint.en}", err=True)
    if found.before:
        click.echo(f"中断之前 Before the interruption: {found.before}", err=True)
    click.echo(
        f"核验 {found.chains} 条链、{found.entries} 条记录"
        + (f"、{found.files} 个文件" if found.files else "")
        + f"。 {found.chains} chains, {found.entries} entries"
        + (f", {found.files} files" if found.files else "")
        + " were verified."
    )
    if found.destroyed:
        click.echo(
            f"{found.destroyed} 个值已被销毁，仅存其承诺。 "
            f"{found.destroyed} values were destroyed; only their commitments are left."
        )
    if found.unopened:
        click.echo(
            f"{found.unopened} 个密封内容的密钥不在本机，未能比对。 "
            f"{found.unopened} sealed values were not compared: their keys are not at hand.",
            err=True,
        )
    _tell_covered(found)
    if not found.holds:
        message = f"发现 {found.count} 处问题。 {found.count} faults were found."
        raise click.ClickException(message)
    click.echo("完好。 Every entry holds.")


def _tell_covered(found: verification.Outcome) -> None:
    if found.checkpoint:
        click.echo(
            f"截至存证点 {found.checkpoint} 的记录均已存证。 "
            f"All is covered up to checkpoint {found.checkpoint}."
        )
    if found.uncovered:
        since = ""
        if found.uncovered_since is not None:
            since = found.uncovered_since.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M:%S")
        click.echo(
            f"尚有 {found.uncovered} 条记录未存证，最早 {since}。 "
            f"{found.uncovered} entries are not covered yet, the oldest of {since}."
        )
