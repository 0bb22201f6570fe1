"""A selection in words, as a file and an entry say it, and field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assurance.selection import Selection
from app.assurance.wording import chain_label
from app.audit.chain import instant
from app.cases.models import Case
from app.law.labels import Label
from app.law.periods import local_date
from app.registers.divisions import division_name
from app.workflows import LIFECYCLES

EVERYTHING = Label("全部记录链", "every chain")


def fields(chosen: Selection) -> dict[str, Any]:
    """Return what a selection says, as a file and the entry of an export state it."""
    return {
        "everything": chosen.is_everything,
        "kinds": sorted(chosen.kinds),
        "cases": [str(each) for each in chosen.cases],
        "lifecycle": chosen.lifecycle,
        "division": chosen.division,
        "since": instant(chosen.since) if chosen.since else None,
        "until": instant(chosen.until) if chosen.until else None,
    }


def in_words(session: Session, chosen: Selection) -> Label:
    """Return a selection in words; whoever chose cases has been shown that they may see them."""
    parts = _parts(session, chosen)
    if not parts:
        return (
            EVERYTHING
            if chosen.actor is None
            else Label("有权查看的全部记录链", "every chain in sight")
        )
    return Label("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _parts(session: Session, chosen: Selection) -> list[Label]:
    parts = []
    if chosen.cases:
        query = select(Case.number).where(Case.id.in_(chosen.cases)).order_by(Case.number)
        numbers = session.scalars(query.execution_options(case_seen=True)).all()
        parts.append(Label(f"案件 {'、'.join(numbers)}", f"cases {', '.join(numbers)}"))
    if chosen.kinds:
        kinds = [chain_label(kind) for kind in sorted(chosen.kinds)]
        zh, en = "、".join(kind.zh for kind in kinds), ", ".join(kind.en for kind in kinds)
        parts.append(Label(f"种类 {zh}", f"kinds {en}"))
    if chosen.lifecycle:
        lifecycle = LIFECYCLES[chosen.lifecycle]
        parts.append(Label(f"程序 {lifecycle.zh}", f"procedure {lifecycle.en}"))
    if chosen.division:
        division = division_name(chosen.division)
        parts.append(Label(f"区域 {division}", f"division {division}"))
    if chosen.since is not None:
        day = local_date(chosen.since)
        parts.append(Label(f"{day} 起有记录", f"with entries since {day}"))
    if chosen.until is not None:
        day = local_date(chosen.until - timedelta(microseconds=1))
        parts.append(Label(f"{day} 前（含）有记录", f"with entries up to {day}"))
    return parts
