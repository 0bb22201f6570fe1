"""What entries vouch for besides themselves, compared with the rows that hold it.

Values kept apart, sealed documents and their rendered bytes, report versions, remarks, evidence,
case files and releases of the law: each entry names a digest, and the row must give it. What was
destroyed by a retention act leaves an empty value; nothing tells one from a value that somebody
blanked by hand in exactly that way, so they are counted and told; as are sealed ones whose key is
not at hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy.orm import Session

from app.audit import chain, raw, sealing
from app.audit.faults import Fault, FaultKind
from app.law.labels import Label

Found = Iterator[tuple[FaultKind, Label]]

WHAT: Final = {
    "documents": Label("文书", "document"),
    "versions": Label("报告版本", "report version"),
    "remarks": Label("留言", "remark"),
    "evidence": Label("证据", "evidence"),
    "files": Label("案卷", "case file"),
    "values": Label("个人或保密信息", "personal or sealed value"),
    "releases": Label("发布的规则", "released law"),
}
RELEASES: Final = chain.chain_id_of("releases")
_NAMING: Final = frozenset(
    {
        "seal_document", "document_rendered", "void_document", "comment", "compile_case_file",
        "add_evidence", "release",
    }
)  # fmt: skip
"""Acts that name something beside their entry; any other does by ``version`` or ``files``."""
_WRONG: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What comparing raises for a row, or a body, that is not laid out as it should be."""


def _what(table: str, name: object = "") -> Label:
    known = WHAT[table]
    return Label(f"{known.zh} {name}".strip(), f"{known.en} {name}".strip())


def _digest(value: object) -> str:
    """The digest of what a JSON column holds: SQLite gives its text, PostgreSQL the value."""
    return chain.digest(chain.canonical(json.loads(value) if isinstance(value, str) else value))


class Beside:
    """The rows beside the entries of some chains, read along with them."""

    def __init__(self, session: Session, unit: raw.Unit, start: int) -> None:
        self._session = session
        self._start = start
        self._streams = {name: raw.side(session, name, unit, start) for name in raw.SIDES}
        self._all = tuple(self._streams.values())
        self._opener = sealing.Opener(session)
        self.destroyed = 0
        self.unopened = 0
        self.begin()

    def begin(self) -> None:
        """Begin another chain."""
        self._papers: dict[str, tuple[int, Sequence[Any]]] = {}
        self._told: dict[str, int] = {}
        self._there: set[str] = set()
        self._releases: Iterator[Sequence[Any]] | None = None

    def strays(self, chain_id: Any, seq: int = raw.BEYOND + 1) -> Iterator[Fault]:
        """Yield the rows before a place that no entry vouches for."""
        for name, stream in self._streams.items():
            stream.pass_to((chain_id, seq))
            for row in stream.strays:
                place = raw.whole(row[1]) if raw.whole(row[1]) != raw.BEYOND else None
                yield Fault(FaultKind.CONTENT_ADDED, raw.typed_id(row[0]), place, what=_what(name))
            stream.strays.clear()

    def skip(self, chain_id: Any) -> None:
        """Pass over what belongs to a chain that does not hold."""
        for stream in self._streams.values():
            stream.pass_to((chain_id, raw.BEYOND + 1))
            stream.strays.clear()

    def check(self, entry: Mapping[str, Any], body: Mapping[str, Any]) -> Found:
        """Compare the rows that came with one entry."""
        key = (entry["chain_id"], entry["seq"])
        details, trigger = body.get("details"), entry["trigger"]
        if self._is_alone(key, trigger, body):
            return
        committed = body.get("commitments")
        committed = committed if isinstance(committed, dict) else {}
        yield from self._values(self._streams["values"].at(key), committed)
        rows = self._streams["documents"].at(key)
        if rows or trigger == "seal_document":
            yield from self._sealed(rows, details, entry["seq"])
        elif trigger in {"document_rendered", "void_document"}:
            yield from self._later(trigger, details)
        if not isinstance(details, dict):
            return
        yield from self._one("versions", key, details.get("version"), _version)
        is_remark = trigger == "comment"
        yield from self._one("remarks", key, details if is_remark else None, _remark)
        is_file = trigger == "compile_case_file"
        yield from self._one("files", key, details if is_file else None, _case_file)
        yield from self._evidence(key, trigger, details)
        if trigger == "release" and entry["chain"] == "releases":
            yield from self._release(details, entry["seq"])

    def _is_alone(self, key: tuple[Any, int], trigger: Any, body: Mapping[str, Any]) -> bool:
        """Whether an entry names nothing beside it, and nothing stands there: that of most."""
        for stream in self._all:
            if stream.row is not None and stream.key <= key:
                return False
        if trigger in _NAMING or len(body) != 1:  # the other thing in a body: commitments
            return False
        details = body.get("details")
        return isinstance(details, dict) and "version" not in details and "files" not in details

    def end(self, chain_id: Any) -> Iterator[tuple[int, FaultKind, Label]]:
        """Compare what only the whole chain tells, once its last entry was checked."""
        for paper, (seq, row) in self._papers.items():
            if row[7] is not None or row[8] is not None or row[9] is not None:
                yield seq, FaultKind.CONTENT, _what("documents", row[3] or paper)
        if self._start == 0:
            missing = (seq for sha256, seq in self._told.items() if sha256 not in self._there)
            for seq in sorted(set(missing)):
                yield seq, FaultKind.CONTENT_TAKEN, _what("evidence")
        if raw.typed_id(chain_id) == RELEASES:
            for row in self._left():
                yield 0, FaultKind.CONTENT_ADDED, _what("releases", row[2])

    # One kind after the other ------------------------------------------------------------------

    def _values(self, rows: Sequence[Sequence[Any]], commitments: Mapping[str, Any]) -> Found:
        if not (rows or commitments):
            return
        there = set()
        for _, _, name, salt, value, _id, key_id, wrapped in rows:
            there.add(name)
            if name in commitments and salt == "" and value == "":
                self.destroyed += 1
                continue
            found: sealing.Opened | sealing.Unopened = sealing.Opened(salt, value)
            holds = False
            with suppress(*_WRONG):
                if salt == sealing.SALT:
                    found = self._opener.open(value, key_id, wrapped)
                if isinstance(found, sealing.Opened):
                    holds = chain.committed(found.salt, found.text) == commitments[name]
            if isinstance(found, sealing.Unopened) and found.missing and name in commitments:
                self.unopened += 1
            elif not holds:
                yield FaultKind.VALUE, _what("values", name)
        for name in sorted(commitments.keys() - there):
            yield FaultKind.VALUE_TAKEN, _what("values", name)

    def _one(
        self,
        table: str,
        key: tuple[Any, int],
        told: Mapping[str, Any] | None,
        holds: Callable[[Sequence[Any], Mapping[str, Any]], bool],
    ) -> Found:
        """Compare the one row an entry of this kind comes with."""
        rows = self._streams[table].at(key)
        if told is None:
            yield from ((FaultKind.CONTENT_ADDED, _what(table)) for _ in rows)
            return
        if not rows:
            yield FaultKind.CONTENT_TAKEN, _what(table)
            return
        good = False
        with suppress(*_WRONG):
            good = holds(rows[0], told)
        if not good:
            yield FaultKind.CONTENT, _what(table)
        yield from ((FaultKind.CONTENT_ADDED, _what(table)) for _ in rows[1:])

    def _sealed(self, rows: Sequence[Sequence[Any]], told: Any, seq: int) -> Found:
        """Compare a document with the entry of its sealing."""
        try:
            wanted, digest = told["document"], told["digest"]
            number, kind = told["number"], told["kind"]
        except _WRONG:
            yield from ((FaultKind.CONTENT_ADDED, _what("documents", row[3])) for row in rows)
            return
        found = False
        for row in rows:
            good = False
            with suppress(*_WRONG):
                paper = raw.written_id(row[2])
                if paper != wanted:
                    yield FaultKind.CONTENT_ADDED, _what("documents", row[3])
                    continue
                found = True
                self._papers[paper] = (seq, row)
                beside = (row[3], row[4], row[6]) == (number, kind, digest)
                good = beside and _digest(row[5]) == digest
            if not good:
                yield FaultKind.CONTENT, _what("documents", number or wanted)
        if not found:
            yield FaultKind.CONTENT_TAKEN, _what("documents", number or wanted)

    def _later(self, trigger: str, told: Any) -> Found:
        """Compare a document with the entry of its rendering or voiding, then forget that part."""
        with suppress(*_WRONG):
            paper = told["document"]
            if paper not in self._papers:
                return  # taken away, and named at its sealing; or sealed before what is read
            seq, row = self._papers[paper]
            left = list(row)
            if trigger == "document_rendered":
                good = (row[7], row[8]) == (told["pdf"], told["docx"])
                left[7] = left[8] = None
            else:
                good = row[9] is not None and row[10] == told["reason"]
                left[9] = None
            self._papers[paper] = (seq, left)
            if not good:
                yield FaultKind.CONTENT, _what("documents", row[3] or paper)
            return
        yield FaultKind.CONTENT, _what("documents")

    def _evidence(self, key: tuple[Any, int], trigger: str, details: Mapping[str, Any]) -> Found:
        """Compare files on the case with the digests the entry names."""
        rows = self._streams["evidence"].at(key)
        # A lifecycle may have an act of that name too, and only acts attach files.
        is_act = "lifecycle" in details
        attached = details.get("files") if is_act else None
        is_record = trigger == "add_evidence" and not is_act
        if not (rows or attached or is_record):
            return
        with suppress(*_WRONG):
            named = {file["sha256"] for file in attached or ()}
            if is_record:
                named = {details["sha256"]}
                if [raw.written_id(row[2]) for row in rows] != [details["evidence"]]:
                    yield FaultKind.CONTENT_TAKEN, _what("evidence")
                    return
            for sha256 in named:
                self._told.setdefault(sha256, key[1])
            for row in rows:
                self._there.add(row[3])
                if row[3] not in named:
                    self._there |= named  # exchanged for another: named once
                    yield FaultKind.CONTENT, _what("evidence")
            return
        yield FaultKind.CONTENT, _what("evidence")

    def _left(self) -> Iterator[Sequence[Any]]:
        if self._releases is None:
            self._releases = raw.released(self._session, self._start, RELEASES)
        return self._releases

    def _release(self, told: Mapping[str, Any], _seq: int) -> Found:
        row = next(self._left(), None)
        if row is None:
            yield FaultKind.CONTENT_TAKEN, _what("releases", told.get("name", ""))
            return
        _, kind, name, content, digest = row
        good = False
        with suppress(*_WRONG):
            beside = (kind, name, digest) == (told["kind"], told["name"], told["digest"])
            good = beside and chain.digest(content) == digest
        if not good:
            yield FaultKind.CONTENT, _what("releases", told.get("name", ""))


def _version(row: Sequence[Any], told: Mapping[str, Any]) -> bool:
    _, _, report, number, data, digest = row
    beside: bool = (report, number, digest) == (told["report"], told["number"], told["digest"])
    return beside and _digest(data) == digest


def _remark(row: Sequence[Any], told: Mapping[str, Any]) -> bool:
    return (raw.written_id(row[2]), chain.digest(row[3])) == (told["comment"], told["digest"])


def _case_file(row: Sequence[Any], told: Mapping[str, Any]) -> bool:
    return tuple(row[2:]) == tuple(told[part]["sha256"] for part in ("main", "side", "archive"))
