"""``flask audit conformance``: replay the log against the declared lifecycles."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.assurance.conformance import Replayed, conformance
from app.assurance.exports import size_of
from app.assurance.selection import CASE, Selection
from app.audit.commands import group
from app.cases.records import record_labels
from app.db import database
from app.documents.casefile_commands import case_numbered
from app.workflows import LIFECYCLES


@group.command("conformance")
@click.option("--case", "cases", multiple=True, metavar="NUMBER", help="Only these cases.")
@click.option("--body", help="The authority, where two number their cases alike.")
@click.option("--lifecycle", type=click.Choice(sorted(LIFECYCLES)), help="Only this procedure.")
@with_appcontext
def conformance_command(cases: tuple[str, ...], body: str | None, lifecycle: str | None) -> None:
    """Replay the log of every case against its lifecycle. Fails if an entry departs from it."""
    chosen = Selection(
        kinds=frozenset({CASE}),
        cases=tuple(case_numbered(number, body) for number in cases),
        lifecycle=lifecycle or "",
    )
    replayed, departures = Replayed(), 0
    with database().read() as session:
        size = size_of(session, chosen)
        with click.progressbar(length=size.entries, label="回放 Replay") as bar:
            for found in conformance(session, chosen, replayed, progress=bar.update):
                departures += 1
                label = found.deviation.label
                click.echo(f"\n{found.number} {label.zh} {label.en}", err=True)
    others = sum(replayed.records.values())
    click.echo(
        f"案件 cases {replayed.cases}，流程记录 acts {replayed.acts}，其他记录 others {others}"
    )
    for trigger, count in sorted(replayed.records.items()):
        label = record_labels()[trigger]
        click.echo(f"  {label.zh} {label.en}: {count}")
    if departures:
        message = f"发现 {departures} 处偏离。 {departures} deviations were found."
        raise click.ClickException(message)
    click.echo("全部符合流程。 Every entry follows its lifecycle.")
