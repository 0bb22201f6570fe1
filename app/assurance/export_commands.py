"""``flask audit export``: chains into a file, recorded, with a progress bar."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext

from app.assurance import exports
from app.assurance.formats import WRITERS
from app.assurance.proofs import NotAnAnchor
from app.assurance.selection import Selection
from app.assurance.spans import midnight
from app.assurance.wording import CHAINS
from app.audit.commands import group
from app.clock import utcnow
from app.db import database
from app.documents.casefile_commands import case_numbered
from app.engine.actors import SYSTEM_ACTOR
from app.workflows import LIFECYCLES
from config import settings

DAY: Final = click.DateTime(["%Y-%m-%d"])


@group.command("export")
@click.option("--format", "key", required=True, type=click.Choice(sorted(WRITERS)))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--case", "cases", multiple=True, metavar="NUMBER", help="Only these cases.")
@click.option("--body", help="The authority, where two number their cases alike.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(sorted(CHAINS)))
@click.option("--lifecycle", type=click.Choice(sorted(LIFECYCLES)), help="Only this procedure.")
@click.option("--division", default="", help="Only subjects in this division, by its code.")
@click.option("--since", type=DAY, help="With an entry on that day or later.")
@click.option("--until", type=DAY, help="With an entry on that day or earlier.")
@click.option("--against", multiple=True, type=int, metavar="N", help="Prove it by checkpoint N.")
@click.option("--unmask", is_flag=True, help="Personal and sealed values too; wants --reason.")
@click.option("--reason", default="", help="Recorded with the export.")
@with_appcontext
def export(
    key: str,
    out: Path,
    cases: tuple[str, ...],
    body: str | None,
    kinds: tuple[str, ...],
    lifecycle: str | None,
    division: str,
    since: datetime | None,
    until: datetime | None,
    against: tuple[int, ...],
    unmask: bool,  # noqa: FBT001 - a flag of the command line
    reason: str,
) -> None:
    """Export whole chains, by default all of them, and record it.

    The file appears under its name once its entry is written.
    """
    if out.exists():
        raise click.ClickException(f"文件已存在。 The file exists: {out}")
    chosen = Selection(
        kinds=frozenset(kinds),
        cases=tuple(case_numbered(number, body) for number in cases),
        lifecycle=lifecycle or "",
        division=division,
        since=midnight(since.date()) if since else None,
        until=midnight(until.date() + timedelta(days=1)) if until else None,
    )
    with database().read() as reading:
        size = exports.size_of(reading, chosen)
    making = out.with_name(f"{out.name}.part")
    try:
        with click.progressbar(length=size.entries, label=out.name) as bar:
            made = exports.export(
                database(),
                settings(),
                SYSTEM_ACTOR,
                WRITERS[key],
                chosen,
                out=making,
                now=utcnow(),
                masked=not unmask,
                reason=reason,
                against=against,
                progress=bar.update,
            )
        making.replace(out)
    except (exports.ExportRefused, NotAnAnchor) as refused:
        raise click.ClickException(f"{refused.label.zh} {refused.label.en}") from refused
    except OSError as error:
        raise click.ClickException(f"无法写入 Cannot be written: {error}") from error
    finally:
        making.unlink(missing_ok=True)
    _tell(out, made)


def _tell(out: Path, made: exports.Exported) -> None:
    click.echo(f"{out}  {made.size} bytes\nsha256  {made.sha256}")
    counts = made.counts
    click.echo(
        f"链 chains {counts.chains}，记录 entries {counts.entries}，内容 values {counts.values}"
    )
    click.echo(f"导出记录 entry {made.chain_id} {made.seq}")
    if not made.covered:
        click.echo(
            "无法读取签名密钥：最新记录未被存证点覆盖。 "
            "The key cannot be read: the newest entries are covered by no checkpoint.",
            err=True,
        )
