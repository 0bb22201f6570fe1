"""The entries of an evidence bundle to be read: one PDF, a section for each chain, in Chinese.

Who did what and when, with the first digits of each hash, by which a line is found again in the
export that proves it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app import language
from app.assurance.exports import NOTHING, EntryValues, PrivateValues
from app.assurance.selection import CASE, Selection, entries
from app.assurance.wording import act_label, chain_label, state_label
from app.audit.models import AuditEntry
from app.cases.models import Case
from app.cases.snapshot import SEEN
from app.cases.values import Names, Shown, all_shown, names_in_all
from app.documents import pdf
from app.documents.casefile_sheets import breakable
from app.documents.casefile_writer import VolumeWriter
from app.engine.actors import Role
from app.engine.inputs import Input
from app.formats import instant
from app.workflows import by_version

TEMPLATE: Final = "bundle.typ"
AT_ONCE: Final = 400
"""Entries set in one go."""
LONGEST: Final = 240
"""Characters of a value that are shown; the export has all of them."""
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
DETAILS: Final = {"name": "名称", "number": "文号", "reason": "理由", "because": "原因"}
"""What entries say that are no acts of a lifecycle."""
COMMITTED: Final = "〔仅存承诺值〕"
DESTROYED: Final = "〔原值已依规销毁〕"


@dataclass(frozen=True, slots=True)
class Log:
    """The PDF, and what the entries say of digests.

    ``named`` are the digests sought that each entry states, ``committed`` the entries that only
    commit to a value, both by chain and number.
    """

    path: Path
    named: Mapping[tuple[UUID, int], frozenset[str]]
    committed: frozenset[tuple[UUID, int]]


def typeset(
    session: Session,
    case_ids: Sequence[UUID],
    private: PrivateValues,
    sought: frozenset[str],
    folder: Path,
    at: datetime,
) -> Log:
    """Set the chains of these cases in order, each followed by that of its escalations."""
    path = folder / "log.pdf"
    named: dict[tuple[UUID, int], frozenset[str]] = {}
    committed: set[tuple[UUID, int]] = set()
    with path.open("wb") as out, force_locale(language.DEFAULT):
        writer = VolumeWriter(out, "流转记录", at)
        for case_id in case_ids:
            kind = select(Case.lifecycle, Case.lifecycle_version).where(Case.id == case_id)
            key, version = session.execute(kind, execution_options=SEEN).one()
            declared = _Declared(key, version)
            found = sorted(entries(session, Selection(cases=(case_id,))), key=_case_first)
            for head, its_entries in found:
                values = private.of(head.chain_id, its_entries)
                _section(session, writer, folder, head, its_entries, values, declared, at)
                for entry in its_entries:
                    if stated := sought.intersection(DIGEST.findall(entry.body)):
                        named[head.chain_id, entry.seq] = stated
                    if '"commitments":{' in entry.body:
                        committed.add((head.chain_id, entry.seq))
        writer.close()
    return Log(path, named, frozenset(committed))


def _case_first(found: tuple[Row[Any], Sequence[AuditEntry]]) -> bool:
    return bool(found[0].chain != CASE)


class _Declared:
    """What the lifecycle of a case calls its acts and asks for in them."""

    def __init__(self, key: str, version: int) -> None:
        self.key = key
        self._acts = by_version(key, version).transitions

    def fields(self, entry: AuditEntry) -> Sequence[Input]:
        act = self._acts.get(entry.trigger) if entry.chain == CASE else None
        return act.all_inputs if act is not None else ()


def _section(
    session: Session,
    writer: VolumeWriter,
    folder: Path,
    head: Row[Any],
    its_entries: Sequence[AuditEntry],
    values: Mapping[int, EntryValues],
    declared: _Declared,
    at: datetime,
) -> None:
    title = f"流转记录　{chain_label(head.chain).zh} {head.label}"
    writer.begin(title)
    for first in range(0, len(its_entries), AT_ONCE):
        some = its_entries[first : first + AT_ONCE]
        told = [_inputs(entry, values.get(entry.seq, NOTHING)) for entry in some]
        fields = [declared.fields(entry) for entry in some]
        names = names_in_all(session, zip(fields, told, strict=True))
        rows = [_row(entry, values.get(entry.seq, NOTHING), declared, names) for entry in some]
        inputs = {
            "part": "log",
            "told": json.dumps({"title": title, "rows": rows}, ensure_ascii=False),
        }
        made = folder / f"log-{head.chain_id}-{some[0].seq}.pdf"
        made.write_bytes(pdf.typeset(TEMPLATE, inputs, at))
        writer.add(f"第 {some[0].seq}—{some[-1].seq} 条", made)


def _row(
    entry: AuditEntry, values: EntryValues, declared: _Declared, names: Names
) -> dict[str, Any]:
    before = state_label(declared.key, entry.from_state)
    after = state_label(declared.key, entry.to_state)
    moved = entry.from_state != entry.to_state and after is not None
    way = [each.zh for each in (before, after) if each is not None] if moved else []
    late = instant(entry.recorded_at) != instant(entry.occurred_at)
    role = Role(entry.role).label.zh if entry.role in set(Role) else ""
    return {
        "seq": str(entry.seq),
        "occurred": instant(entry.occurred_at),
        "recorded": instant(entry.recorded_at) if late else "",
        "act": act_label(entry.chain, entry.trigger, declared.key).zh,
        "code": entry.code,
        "way": " → ".join(way),
        "who": entry.actor_name + ("（代办）" if entry.on_behalf_of else ""),
        "of": "　".join(filter(None, (entry.organisation_name, role))),
        "said": [breakable(line) for line in _said(entry, values, declared, names)],
        "hash": entry.hash[:16],
    }


def _inputs(entry: AuditEntry, values: EntryValues) -> dict[str, Any]:
    """What was typed: in the open, and what is given away besides."""
    typed = json.loads(entry.body)["details"].get("inputs") or {}
    return {**typed, **{name: values.value(name) for name in values.known}}


def _said(
    entry: AuditEntry, values: EntryValues, declared: _Declared, names: Names
) -> Iterator[str]:
    body = json.loads(entry.body)
    fields = declared.fields(entry)
    for shown in all_shown(fields, _inputs(entry, values), names):
        yield f"{shown.label.zh}：{_text(shown)}"
    labels = {field.name: field.label.zh for field in fields}
    for name in body.get("commitments", {}):
        if name not in values.known:
            why = DESTROYED if name in values.destroyed else COMMITTED
            yield f"{labels.get(name, name)}：{why}"
    if not fields:
        for name, word in DETAILS.items():
            value = body["details"].get(name)
            if isinstance(value, str) and value:
                yield f"{word}：{_cut(value)}"


def _text(shown: Shown) -> str:
    return f"文件 {len(shown.files)} 件" if shown.files else _cut(shown.text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…（全文见 entries.jsonl）"
