"""``flask audit bundle``: one case as a ZIP for a court or an auditor."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app.assurance.bundle import make
from app.assurance.bundle_parts import Step
from app.assurance.bundle_scope import Order
from app.assurance.exports import CannotUnmask, ReasonMissing
from app.assurance.proofs import NotAnAnchor
from app.audit.commands import group
from app.cases.errors import CaseError
from app.cases.files import FileStore
from app.clock import utcnow
from app.db import database
from app.documents.casefile_commands import case_numbered
from app.engine.actors import SYSTEM_ACTOR
from config import settings


@group.command("bundle")
@click.argument("case", metavar="CASE")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="ZIP.")
@click.option("--body", help="The authority, where two number their cases alike.")
@click.option("--with-family", is_flag=True, help="The other cases of the family too.")
@click.option("--side", is_flag=True, help="The side volume too; wants --reason.")
@click.option("--unmask", is_flag=True, help="Personal and sealed values too; wants --reason.")
@click.option("--reason", default="", help="Recorded with the bundle.")
@click.option(
    "--against", multiple=True, type=int, metavar="N", help="Prove it against checkpoint N."
)
@with_appcontext
def bundle(
    case: str,
    out: Path,
    body: str | None,
    with_family: bool,  # noqa: FBT001 - a flag of the command line
    side: bool,  # noqa: FBT001
    unmask: bool,  # noqa: FBT001
    reason: str,
    against: tuple[int, ...],
) -> None:
    """Make the evidence bundle of the case with the number CASE, and record it.

    The file appears under its name once its entry is written.
    """
    order = Order(
        case_id=case_numbered(case, body),
        actor=SYSTEM_ACTOR,
        now=utcnow(),
        family=with_family,
        side=side,
        unmask=unmask,
        reason=reason,
        against=against,
    )
    files = FileStore(settings().files, limit=settings().max_upload_bytes)
    making = out.with_name(f"{out.name}.part")
    try:
        made = make(database(), files, settings(), order, making, report=_Steps())
        making.replace(out)
    except (CaseError, ReasonMissing, CannotUnmask, NotAnAnchor) as refused:
        label = refused.label
        raise click.ClickException(f"{label.zh} {label.en}") from refused
    except OSError as error:
        raise click.ClickException(f"无法写入 Cannot be written: {error}") from error
    finally:
        making.unlink(missing_ok=True)
    parts = made.parts
    click.echo(f"{out}  {made.size} bytes\nsha256  {made.sha256}")
    click.echo(
        f"文件 files {parts.files}，记录 entries {parts.entries}，内容 values {parts.values}"
    )
    anchors = "、".join(map(str, parts.anchors)) or "无 none"
    click.echo(f"存证点 checkpoints {anchors}；导出记录 entry {made.seq}")


class _Steps:
    """Says on the terminal what is at work: a line for each step, counting on."""

    def __init__(self) -> None:
        self._at: Step | None = None

    def __call__(self, step: Step, done: int, of: int) -> None:
        if step is not self._at and self._at is not None:
            click.echo(err=True)
        self._at = step
        total = f"/{of}" if of else ""
        click.echo(f"\r{step.label.zh} {step.label.en} {done}{total}", nl=False, err=True)
        if done == of:
            click.echo(err=True)
            self._at = None
