"""What lies in an evidence bundle, and writing it: one ZIP, in a stream, with the sum of each part.

    00-说明-README.pdf         what it is and how to check it
    01-卷宗-….pdf              the bound case file, a volume each
    files/index.csv            every file with its digest, the entry that names it, its pages
    files/0001-….pdf           the files as stored
    log/entries.jsonl          the entries as they were hashed, with proofs
    log/流转记录.pdf           the same to be read
    proof/                     checkpoints, public key, the two programs that check it all
    SHA256SUMS                 over all of these

No name is one somebody typed: names are numbered, and what follows the number is made harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assurance import bundle_log, bundle_pages
from app.assurance.bundle_log import Log
from app.assurance.bundle_scope import Order, Scope
from app.assurance.exports import Counts, PrivateValues, Told
from app.assurance.jsonl import JsonLines
from app.assurance.selection import Selection
from app.assurance.selection_words import in_words
from app.audit import checkpoints
from app.audit.models import Checkpoint
from app.cases.files import FileStore
from app.documents.archives import Archive, safe_name
from app.documents.casefile_binding import Bound, bind_volumes
from app.documents.casefile_contents import Contents
from app.documents.casefile_sheets import Leaf
from app.documents.errors import DocumentRefused
from app.law.labels import Label
from app.registers.sheets import write_csv

README: Final = "00-说明-README.pdf"
INDEX: Final = "files/index.csv"
ENTRIES: Final = "log/entries.jsonl"
LOG: Final = "log/流转记录.pdf"
KEY: Final = "proof/public-key.txt"
PROGRAMS: Final = ("check_bundle.py", "verify_export.py")
SUMS: Final = "SHA256SUMS"
LONGEST: Final = 60
"""Characters of a name behind its number: in UTF-8 it fits any file system."""

NAMED, COMMITTED, UNNAMED = "记录载明 named", "承诺值 committed", "未载明 not named"
HEADING: Final = (
    "序号 No.",
    "文件 File",
    "题名 Title",
    "文号 Document number",
    "原文件名 Name as stored",
    "字节 Bytes",
    "SHA-256",
    "案号 Case",
    "流转记录 Entry",
    "记录链 Chain",
    "摘要依据 Digest is",
    "卷宗 Volume",
    "卷内序号 No. in volume",
    "页 Pages",
)


class Step(StrEnum):
    """What is at work while a bundle is made."""

    LOG = "log"
    BIND = "bind"
    PACK = "pack"

    @property
    def label(self) -> Label:
        """It in words."""
        return _STEPS[self]


_STEPS: Final = {
    Step.LOG: Label("写出流转记录", "Writing the entries"),
    Step.BIND: Label("装订卷宗", "Binding the case file"),
    Step.PACK: Label("打包文件", "Packing the files"),
}

Report = Callable[[Step, int, int], None]
"""Told which step is at work, how much of it is done, and of how much."""


def silent(_step: Step, _done: int, _of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a bundle holds. ``revealed``: chains of which values are given away, with their names.

    ``anchors`` are the checkpoints its chains are proven against, ``files`` counts those as stored.
    """

    cases: tuple[UUID, ...]
    files: int
    entries: int
    values: int
    anchors: tuple[int, ...]
    revealed: tuple[tuple[UUID, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Volume:
    """A bound volume under its name in the bundle."""

    name: str
    bound: Bound
    contents: Contents


def write(
    session: Session,
    files: FileStore,
    order: Order,
    scope: Scope,
    anchors: Sequence[int],
    out: Path,
    folder: Path,
    *,
    report: Report,
) -> Parts:
    """Write the bundle to ``out``; what is made on the way lies in ``folder``.

    Raises DocumentRefused where the store does not hold what an entry says.
    """
    chosen = Selection(cases=scope.cases)
    private = PrivateValues(session, masked=not order.unmask)
    told = Told(
        made_at=order.now,
        actor=order.actor,
        chosen=in_words(session, chosen),
        masked=private.masked,
        reason=order.reason.strip(),
        anchors=tuple(anchors),
    )
    counts = _entries(session, chosen, folder / "entries.jsonl", private, told, report)
    sought = frozenset(p.sha256 for one in scope.contents for p in one.papers)
    log = bundle_log.typeset(session, scope.cases, private, sought, folder, order.now)
    volumes = _volumes(files, order, scope, folder, report)
    with Archive(out) as made:
        made.put(README, bundle_pages.readme(session, order, scope, counts, anchors))
        for one in volumes:
            made.copy(one.name, one.bound.path)
        filed = _files(made, files, volumes, report)
        made.put(INDEX, write_csv([HEADING, *_index(filed, log)]))
        made.copy(ENTRIES, folder / "entries.jsonl")
        made.copy(LOG, log.path)
        _proof(session, made, anchors)
        sums = "".join(f"{digest}  {name}\n" for name, digest in made.digests.items())
        made.put(SUMS, sums.encode())
    return Parts(
        cases=scope.cases,
        files=len(filed),
        entries=counts.entries,
        values=counts.values,
        anchors=tuple(anchors),
        revealed=tuple(
            (chain_id, tuple(sorted(names))) for chain_id, names in sorted(private.revealed.items())
        ),
    )


def _entries(
    session: Session,
    chosen: Selection,
    path: Path,
    private: PrivateValues,
    told: Told,
    report: Report,
) -> Counts:
    done = 0

    def written(count: int) -> None:
        nonlocal done
        done += count
        report(Step.LOG, done, 0)

    with path.open("wb") as file:
        return JsonLines().write(
            session, chosen, file, private=private, told=told, progress=written
        )


# The case file and the files ---------------------------------------------------------------------


def _volumes(
    files: FileStore, order: Order, scope: Scope, folder: Path, report: Report
) -> list[_Volume]:
    """Bind the volumes that go out, of each case in a folder of its own."""
    found: list[_Volume] = []
    for number, contents in enumerate(scope.contents, 1):
        report(Step.BIND, number, len(scope.contents))
        own = folder / f"{number}"
        own.mkdir()
        for bound in bind_volumes(contents, files, own, order.volumes):
            case, volume = contents.cover.number, bound.volume.label.zh
            name = f"{len(found) + 1:02d}-卷宗-{_short(case)}-{volume}.pdf"
            found.append(_Volume(name, bound, contents))
    return found


@dataclass(frozen=True, slots=True)
class Filed:
    """A file as stored, under its name in the bundle, and where it stands in which volume."""

    number: int
    name: str
    leaf: Leaf
    volume: str


def _files(
    made: Archive, files: FileStore, volumes: Sequence[_Volume], report: Report
) -> list[Filed]:
    leaves = [(one.name, leaf) for one in volumes for leaf in one.bound.leaves]
    found = []
    for number, (volume, leaf) in enumerate(leaves, 1):
        name = f"files/{number:04d}-{_short(leaf.paper.name)}"
        if made.copy(name, files.path(leaf.paper.sha256)) != leaf.paper.sha256:
            title = leaf.paper.title
            raise DocumentRefused(
                f"「{title}」的原件在制作过程中被改动，证据包未制成。",
                f"“{title}” changed while the bundle was made; there is no bundle.",
            )
        found.append(Filed(number, name, leaf, volume))
        report(Step.PACK, number, len(leaves))
    return found


def _short(name: str) -> str:
    """A harmless name of at most `LONGEST` characters that keeps its extension."""
    safe = safe_name(name).replace(" ", "_")
    suffix = Path(safe).suffix[:10]
    stem = safe.removesuffix(suffix)[: LONGEST - len(suffix)].rstrip(". ")
    return f"{stem or 'file'}{suffix}"


def _index(filed: Sequence[Filed], log: Log) -> list[Sequence[str]]:
    """A line for each file: what a court needs to find it in the volume and in the entries."""
    rows: list[Sequence[str]] = []
    for one in filed:
        leaf, paper = one.leaf, one.leaf.paper
        pages = f"{leaf.first}" if leaf.first == leaf.last else f"{leaf.first}-{leaf.last}"
        rows.append(
            (
                f"{one.number}",
                one.name,
                paper.title,
                paper.number,
                paper.name,
                f"{paper.size}",
                paper.sha256,
                paper.case_number,
                f"{paper.seq}",
                f"{paper.case_id}",
                _basis(log, paper.case_id, paper.seq, paper.sha256),
                one.volume,
                f"{leaf.no}",
                pages,
            )
        )
    return rows


def _basis(log: Log, chain_id: UUID, seq: int, sha256: str) -> str:
    """Whether an entry states a digest, or only commits to the value that does."""
    if sha256 in log.named.get((chain_id, seq), ()):
        return NAMED
    return COMMITTED if (chain_id, seq) in log.committed else UNNAMED


# The proof ---------------------------------------------------------------------------------------


def _proof(session: Session, made: Archive, anchors: Sequence[int]) -> None:
    """Put in the checkpoints, the public key of whoever signed the newest, and what verifies."""
    query = select(Checkpoint).where(Checkpoint.number.in_(anchors)).order_by(Checkpoint.number)
    key = ""
    for checkpoint in session.scalars(query):
        content = checkpoints.handed_out(checkpoint).encode()
        made.put(f"proof/checkpoint-{checkpoint.number:06d}.json", content)
        key = checkpoints.told(checkpoint)["key"]
    if key:
        made.put(KEY, f"{key}\n".encode())
    for name in PROGRAMS:
        made.put(f"proof/{name}", resources.files("app.assurance").joinpath(name).read_bytes())
