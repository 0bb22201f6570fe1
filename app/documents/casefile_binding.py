"""Binding a case file: every paper onto pages, the pages numbered, both volumes and the archive.

Everything is made from the contents and the bytes in the store alone and bears the time of the last
entry, so that the same state of a case gives the same bytes. What cannot be brought onto pages is
stood for by a divider that names it with its digest; no file that somebody sent breaks the volume.
"""

from __future__ import annotations

import hashlib
import io
import json
import selectors
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from pypdf import PdfReader

from app.audit import chain
from app.cases.files import FileStore
from app.documents import casefile_paging, casefile_sheets
from app.documents.archives import Archive, safe_name
from app.documents.casefile_contents import GROUP_LABELS, Contents, Paper
from app.documents.casefile_sheets import IMAGES, TEXT, Leaf, NotSet
from app.documents.casefile_writer import VolumeWriter
from app.documents.catalogue import Volume
from app.documents.errors import DocumentRefused
from app.documents.rendering import PDF

FORMAT: Final = 1
"""Version of the layout of a manifest."""
MOST_PAGES: Final = 500
"""Pages that one file may have."""
MOST_IN_VOLUME: Final = 5000
LARGEST: Final = 60 * 1024 * 1024
"""Bytes of a file that is still brought onto pages."""
PATIENCE: Final = 20.0
"""Seconds that one file may take to be read."""
SHORTEST_FRONT: Final = 2
"""Pages of a cover and a short index."""
MANIFEST: Final = "manifest.json"
SET: Final = {TEXT: casefile_sheets.text, **dict.fromkeys(IMAGES, casefile_sheets.image)}
"""What we set on pages ourselves, by media type."""
VOLUME_FILES: Final = {Volume.MAIN: "正卷.pdf", Volume.SIDE: "副卷.pdf"}
ORIGINALS: Final = "原件"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One volume: where it lies, its digest, its size in bytes, its papers with their pages."""

    volume: Volume
    path: Path
    sha256: str
    size: int
    pages: int
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundFile:
    """A case file: both volumes, the manifest as canonical JSON, the archive that holds it all."""

    volumes: tuple[Bound, ...]
    manifest: bytes
    archive: Path


def bind(contents: Contents, files: FileStore, folder: Path) -> BoundFile:
    """Bind the file of a case in a folder.

    Raises DocumentRefused, naming the paper, where the store does not hold what an entry says.
    """
    volumes = bind_volumes(contents, files, folder)
    manifest = chain.canonical(_manifest(contents, volumes)).encode()
    archive = folder / "archive.zip"
    _pack(archive, volumes, manifest, files)
    return BoundFile(volumes=volumes, manifest=manifest, archive=archive)


def bind_volumes(
    contents: Contents, files: FileStore, folder: Path, which: Sequence[Volume] = tuple(Volume)
) -> tuple[Bound, ...]:
    """Bind volumes of a case in a folder, by default both; of the others nothing is opened.

    Raises DocumentRefused, naming the paper, where the store does not hold what an entry says.
    """
    chosen = replace(contents, papers=tuple(p for v in which for p in contents.of(v)))
    for paper in chosen.papers:
        _refuse_changed(paper, files)
    sheets = _sheets(chosen, files, folder)
    return tuple(_volume(chosen, volume, sheets, folder) for volume in which)


def _refuse_changed(paper: Paper, files: FileStore) -> None:
    """Raise DocumentRefused unless the bytes in the store are those the case's entry names."""
    if paper.infected:
        raise DocumentRefused(
            f"「{paper.title}」检出恶意程序，不能编制案卷。请由提交人另交无毒文件。",
            f"Malware was found in “{paper.title}”; the file cannot be bound.",
        )
    found = ""
    with suppress(FileNotFoundError):
        found = digest_of(files.path(paper.sha256))
    if not found:
        raise DocumentRefused(
            f"「{paper.title}」的原件不在文件库中，不能编制案卷。请从备份恢复后再试。",
            f"The bytes of “{paper.title}” are not in the store: the file cannot be compiled. "
            "Restore them from the backup and try again.",
        )
    if found != paper.sha256 or found != paper.told:
        raise DocumentRefused(
            f"「{paper.title}」与流转记录第 {paper.seq} 条所载的摘要不符，不能编制案卷。"
            "请报告系统管理员核验存证。",
            f"“{paper.title}” is not what entry {paper.seq} says: the file cannot be compiled. "
            "Tell the administrator to verify the record.",
        )


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as kept:
        return hashlib.file_digest(kept, "sha256").hexdigest()


# Papers onto pages --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheets:
    """The pages a paper comes to: those of a PDF, or ``only`` one of them, counted from 0.

    Without a PDF there are none; ``why`` is the reason.
    """

    source: Path | None = None
    count: int = 1
    why: str = ""
    behind: bool = False
    only: int | None = None


def _sheets(contents: Contents, files: FileStore, folder: Path) -> dict[UUID, Sheets]:
    """What each paper comes to, by its id."""
    found: dict[UUID, Sheets] = {}
    strange: dict[str, Path] = {}
    for paper in contents.papers:
        path = files.path(paper.sha256)
        if paper.size > LARGEST:
            found[paper.id] = Sheets(why="size")
        elif paper.media_type == PDF:
            strange[paper.sha256] = path
        elif paper.media_type in SET:
            found[paper.id] = _own(paper, path, folder, contents.at)
        else:
            found[paper.id] = Sheets(why="format")
    answers = {
        sha256: Sheets(why=answer["why"])
        if "why" in answer
        else Sheets(folder / f"{sha256}.pdf", answer["pages"], behind=answer["behind"])
        for sha256, answer in paged(strange, folder)
    }
    return {p.id: found.get(p.id) or answers[p.sha256] for p in contents.papers}


def _own(paper: Paper, path: Path, folder: Path, at: datetime) -> Sheets:
    """The pages of what we set ourselves."""
    try:
        made = SET[paper.media_type](path, paper.title, at)
    except NotSet as reason:
        return Sheets(why=str(reason))
    return Sheets(_put(folder / f"{paper.id}.pdf", made), _length(made))


def _put(path: Path, made: bytes) -> Path:
    path.write_bytes(made)
    return path


def _length(made: bytes) -> int:
    """How many pages a PDF of ours has."""
    return len(PdfReader(io.BytesIO(made)).pages)


def paged(sources: Mapping[str, Path], folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Let another process bring PDFs onto pages, one after the other; see `casefile_paging`.

    The pages of a file lie in the folder under its key. A file over which the process dies, or
    thinks too long, counts as damaged, and the next one gets a new process.
    """
    process: subprocess.Popen[bytes] | None = None
    try:
        for key, source in sources.items():
            process = process or _started()
            target = folder / f"{key}.pdf"
            answer = _asked(process, {"source": str(source), "target": str(target)})
            if answer is None:
                _ended(process)
                process = None
            yield key, answer or {"why": "damaged"}
    finally:
        if process is not None:
            _ended(process)


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-I", casefile_paging.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )


def _asked(process: subprocess.Popen[bytes], job: Mapping[str, Any]) -> dict[str, Any] | None:
    """Its answer to one job; None if it gave none in time."""
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018 - both are pipes
    try:
        process.stdin.write(json.dumps({**job, "most": MOST_PAGES}).encode() + b"\n")
    except BrokenPipeError:
        return None
    line = process.stdout.readline() if _speaks(process.stdout) else b""
    found: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
    return found


def _speaks(stream: IO[bytes]) -> bool:
    """Whether something can be read in time."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(stream, selectors.EVENT_READ)
        return bool(waiting.select(PATIENCE))


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


# One volume ---------------------------------------------------------------------------------------


def _volume(
    contents: Contents, volume: Volume, sheets: Mapping[UUID, Sheets], folder: Path
) -> Bound:
    """Bind a volume: cover, index, papers in order, notes; every page bears its number."""
    stem = folder / volume.value
    papers = _with_dividers(contents, volume, sheets, stem.with_suffix(".dividers"))
    notes = partial(casefile_sheets.notes, contents, volume)
    end = _length(notes(_leaves(papers, 0), 0))
    leaves, pages, front = _fronted(contents, volume, papers, end)
    path = stem.with_suffix(".pdf")
    with path.open("wb") as out:
        writer = VolumeWriter(out, f"{contents.cover.number} {volume.label.zh}", contents.at)
        writer.add("封面、卷内目录", _put(stem.with_suffix(".front"), front))
        for leaf, (paper, found) in zip(leaves, papers, strict=True):
            assert found.source is not None  # a divider stands for what has no pages
            writer.begin(GROUP_LABELS[paper.place].zh)
            writer.add(f"{leaf.no} {paper.title}", found.source, found.only)
        writer.begin("")
        writer.add("卷内备考表", _put(stem.with_suffix(".notes"), notes(leaves, pages)))
        writer.close()
    return Bound(
        volume=volume,
        path=path,
        sha256=digest_of(path),
        size=path.stat().st_size,
        pages=pages,
        leaves=leaves,
    )


Papers = Sequence[tuple[Paper, Sheets]]


def _with_dividers(
    contents: Contents, volume: Volume, sheets: Mapping[UUID, Sheets], target: Path
) -> Papers:
    """The papers of a volume, a divider for each that comes to no pages; these lie in a file."""
    papers = list(_up_to_the_bound([(paper, sheets[paper.id]) for paper in contents.of(volume)]))
    divided = [(no, paper, found.why) for no, (paper, found) in enumerate(papers, 1) if found.why]
    if divided:
        _put(target, casefile_sheets.dividers(divided, contents.at))
    places = {paper.id: place for place, (_no, paper, _why) in enumerate(divided)}
    return [
        (paper, replace(found, source=target, only=places[paper.id]) if found.why else found)
        for paper, found in papers
    ]


def _up_to_the_bound(papers: Papers) -> Iterator[tuple[Paper, Sheets]]:
    """The papers, without the pages of each that would make the volume too thick."""
    pages = 0
    for paper, found in papers:
        full = found.count > 1 and pages + found.count > MOST_IN_VOLUME
        kept = Sheets(why="volume") if full else found
        pages += kept.count
        yield paper, kept


def _fronted(
    contents: Contents, volume: Volume, papers: Papers, end: int
) -> tuple[tuple[Leaf, ...], int, bytes]:
    """The papers with their pages, the pages of the volume, and its cover and index.

    The index names pages that stand behind it: it is set until it is as long as was thought.
    ``end`` pages stand behind the papers.
    """
    before = SHORTEST_FRONT
    while True:
        leaves = _leaves(papers, before)
        pages = before + sum(found.count for _, found in papers) + end
        front = casefile_sheets.front(contents, volume, leaves, pages)
        if (length := _length(front)) == before:
            return leaves, pages, front
        before = length


def _leaves(papers: Papers, before: int) -> tuple[Leaf, ...]:
    """The papers with their pages, when so many pages stand before them."""
    leaves = []
    for no, (paper, found) in enumerate(papers, 1):
        first, before = before + 1, before + found.count
        leaf = Leaf(
            no=no, paper=paper, first=first, last=before, why=found.why, behind=found.behind
        )
        leaves.append(leaf)
    return tuple(leaves)


# The archive --------------------------------------------------------------------------------------


def _manifest(contents: Contents, volumes: Sequence[Bound]) -> dict[str, Any]:
    """What the archive holds and what it rests on, with the digest of each part."""
    cover = contents.cover
    return {
        "format": FORMAT,
        "case": {
            "id": contents.case_id,
            "number": cover.number,
            "lifecycle": cover.lifecycle,
            "authority": cover.authority,
        },
        "as_of": [
            {"case": head.case_id, "number": head.case_number, "seq": head.seq, "hash": head.hash}
            for head in contents.heads
        ],
        "volumes": {
            bound.volume.value: {
                "file": VOLUME_FILES[bound.volume],
                "sha256": bound.sha256,
                "size": bound.size,
                "pages": bound.pages,
                "papers": [_told(leaf) for leaf in bound.leaves],
            }
            for bound in volumes
        },
        "missing": [
            {"document": one.id, "case": one.case_id, "title": one.title.zh, "why": one.why.zh}
            for one in contents.missing
        ],
        "void": [
            {"title": one.title, "number": one.number, "reason": one.reason}
            for one in contents.voided
        ],
    }


def _told(leaf: Leaf) -> dict[str, Any]:
    paper = leaf.paper
    return {
        "no": leaf.no,
        "id": paper.id,
        "kind": "document" if paper.sealed else "file",
        "group": paper.place[1],
        "title": paper.title,
        "number": paper.number,
        "author": paper.author,
        "date": paper.on,
        "pages": [leaf.first, leaf.last],
        "divider": leaf.why,
        "stripped": leaf.behind,
        "case": paper.case_id,
        "entry": paper.seq,
        "file": original_name(leaf),
        "sha256": paper.sha256,
        "size": paper.size,
        "media_type": paper.media_type,
    }


def original_name(leaf: Leaf) -> str:
    """Where the original of a paper lies in the archive, under a name that is safe anywhere."""
    name = safe_name(leaf.paper.name)
    return f"{ORIGINALS}/{leaf.paper.volume.label.zh}/{leaf.no:04d} {name}"


def _pack(archive: Path, volumes: Sequence[Bound], manifest: bytes, files: FileStore) -> None:
    """Write the archive: the manifest, the volumes, every original; one time, one order."""
    with Archive(archive) as made:
        made.put(MANIFEST, manifest)
        for bound in volumes:
            made.copy(VOLUME_FILES[bound.volume], bound.path)
        for leaf in (leaf for bound in volumes for leaf in bound.leaves):
            made.copy(original_name(leaf), files.path(leaf.paper.sha256))
