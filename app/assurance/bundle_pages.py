"""The page on top of an evidence bundle: what it is, how to check it, what it proves and what not.

One sheet in Chinese and English, for somebody who knows neither this program nor its terms.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from app.assurance.bundle_scope import Order, Scope, is_covered
from app.assurance.exports import Counts
from app.audit import checkpoints, keys
from app.audit.models import Checkpoint
from app.documents import pdf
from app.documents.casefile_sheets import breakable
from app.engine.actors import SYSTEM_ACTOR
from app.formats import instant
from app.law.labels import Label
from app.workflows import by_version

TEMPLATE: Final = "bundle.typ"
OPERATOR: Final = Label("系统运维人员（命令行）", "the operator, at the command line")
LONGEST: Final = 120
"""Characters of a name or a reason that fit the sheet; the entry of the bundle has all of it."""

Line = tuple[Label, Label]
"""A term, and what is said of it."""


def readme(
    session: Session, order: Order, scope: Scope, counts: Counts, anchors: Sequence[int]
) -> bytes:
    """Set the sheet."""
    newest = session.get(Checkpoint, max(anchors)) if anchors else None
    checkpoint = f"proof/checkpoint-{newest.number:06d}.json" if newest else ""
    lines = [*_of_case(scope), *_of_bundle(session, order, scope, counts, newest)]
    told: dict[str, Any] = {
        "lines": [
            [term.zh, breakable(said.zh), term.en, breakable(said.en)] for term, said in lines
        ],
        "key": keys.fingerprint(checkpoints.told(newest)["key"]) if newest else "",
        "checkpoint": checkpoint,
        "command": f"python proof/check_bundle.py --checkpoint {checkpoint}".removesuffix(
            " --checkpoint "
        ),
    }
    inputs = {"part": "readme", "told": json.dumps(told, ensure_ascii=False)}
    return pdf.typeset(TEMPLATE, inputs, order.now)


def _of_case(scope: Scope) -> Iterator[Line]:
    cover, case = scope.contents[0].cover, scope.case
    title = by_version(case.lifecycle, case.lifecycle_version).title()
    subject = f"　{_cut(cover.party)}" if cover.party else ""
    yield (
        Label("案件", "Case"),
        Label(f"{case.number}　{title.zh}{subject}", f"{case.number} {title.en}{subject}"),
    )
    yield Label("办案机关", "Authority"), _same(cover.authority)
    others = len(scope.cases) - 1
    if others:
        yield (
            Label("一并收入", "Together with"),
            Label(f"关联案件及附属程序 {others} 件", f"{others} related cases and tracks"),
        )


def _of_bundle(
    session: Session, order: Order, scope: Scope, counts: Counts, newest: Checkpoint | None
) -> Iterator[Line]:
    actor, at = order.actor, instant(order.now)
    name = f"{actor.organisation_name}　{actor.written_name}"
    by = OPERATOR if actor == SYSTEM_ACTOR else _same(name)
    yield (
        Label("制作", "Made"),
        Label(f"{by.zh}　{at}（北京时间）", f"{by.en}, {at} (UTC+8)"),
    )
    papers = sum(len(one.of(volume)) for one in scope.contents for volume in order.volumes)
    yield (
        Label("内容", "Holds"),
        Label(
            f"文件 {papers} 件，流转记录 {counts.entries} 条",
            f"{papers} files, {counts.entries} entries of the record",
        ),
    )
    yield Label("范围", "Extent"), _extent(order)
    if order.reason.strip():
        yield Label("理由", "Reason"), _same(_cut(order.reason.strip()))
    yield Label("存证点", "Checkpoint"), _covered(session, scope, newest)


def _extent(order: Order) -> Label:
    side = (
        Label("含正卷、副卷", "main and side volume")
        if order.side
        else Label("正卷（副卷不在内）", "main volume (without the side volume)")
    )
    values = (
        Label("个人信息和密封内容已披露", "personal and sealed values given away")
        if order.unmask
        else Label(
            "流转记录中的个人信息和密封内容以承诺值代替",
            "personal and sealed values of the entries are commitments",
        )
    )
    return Label(f"{side.zh}；{values.zh}", f"{side.en}; {values.en}")


def _covered(session: Session, scope: Scope, newest: Checkpoint | None) -> Label:
    if newest is None:
        return Label("尚无存证点，本包不能据以证明", "none yet: nothing is proven by one")
    number, at = newest.number, instant(newest.made_at)
    if is_covered(session, scope.cases, number):
        return Label(
            f"第 {number} 号（{at}），覆盖本包全部记录",
            f"no. {number} ({at}), covers every entry in here",
        )
    return Label(
        f"第 {number} 号（{at}），此后的记录尚未覆盖",
        f"no. {number} ({at}); later entries are not covered",
    )


def _same(text: str) -> Label:
    return Label(text, text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
