"""Verify an export of Tanjian 碳鉴 anywhere: one file, Python 3.9 or newer, and ``cryptography``.

    python verify_export.py EXPORT.jsonl [--key HEX ...] [--checkpoint FILE ...]

``--key`` is the public key you were handed, 64 hexadecimal digits; ``--checkpoint`` a checkpoint
file you were handed. Without a checkpoint the export proves only that it agrees with itself and
with the key: who holds the private key could have written another history.

Exit status 0: everything holds. 1: something does not hold, or proves nothing against a checkpoint
you were handed. 2: the files cannot be read as what they should be.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.exit("缺少 cryptography 库。 Install the library first: pip install cryptography")

EXPORT_FORMAT = CHECKPOINT_FORMAT = ENTRY_FORMAT = 1
ALGORITHMS = ("sha256", "sm3")
SHOWN = 40  # faults printed one by one; the others are counted
LISTED = 20  # chains with uncovered entries printed one by one
GRACE = timedelta(hours=1)  # between the time an entry states and the commit of it

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a line raises that is not laid out as it should be."""

HOLDS, DOES_NOT_HOLD, UNUSABLE = 0, 1, 2


class Unusable(Exception):
    """A file cannot be read as what it should be. Carries both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


# What is hashed and signed ------------------------------------------------------------------------


def canonical(value: Any) -> str:
    """Canonical JSON (RFC 8785) of what holds only text, whole numbers, truth values and null."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def told_by(text: str) -> dict[str, Any]:
    """Read a body. Raises ValueError unless it is written in the canonical way."""
    told: dict[str, Any] = json.loads(text)
    expect(canonical(told) == text, "canonical JSON")
    return told


def expect(holds: object, what: str) -> None:
    """Raise ValueError where something is not as it should be."""
    if not holds:
        raise ValueError(f"not {what}")


def digest(text: str, algorithm: str = "sha256") -> str:
    """Hash the UTF-8 bytes of a text."""
    return hashlib.new(algorithm, text.encode()).hexdigest()


def is_signed(key: str, text: str, signature: str) -> bool:
    """Whether the owner of a public key signed exactly this text."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to (RFC 9162, 2.1.3); None without such a path."""
    if not 0 <= index < size:
        return None
    found, last, steps = hashlib.sha256(b"\x00" + leaf).digest(), size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not steps:
                return None
            beside = steps.pop(0)
            pair = beside + found if index % 2 else found + beside
            found = hashlib.sha256(b"\x01" + pair).digest()
        index, last = index // 2, last // 2
    return None if steps else found


def instant(text: str) -> datetime:
    """Read an instant as bodies write it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


# What is said -------------------------------------------------------------------------------------


def say(zh: str, en: str) -> None:
    """Print a sentence in both languages; what a forged file says moves no cursor."""
    for text in (zh, f"    {en}"):
        print("".join(each if each.isprintable() else "�" for each in text))


class Findings:
    """Prints what is wrong as it is found, and counts it."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, zh: str, en: str) -> None:
        self.count += 1
        if self.count <= SHOWN:
            say(f"✗ {zh}", en)


class Tally(NamedTuple):
    """How many chains, entries and values given away."""

    chains: int = 0
    entries: int = 0
    values: int = 0


# Checkpoints --------------------------------------------------------------------------------------


class Link(NamedTuple):
    """A checkpoint."""

    number: int
    hash: str
    told: dict[str, Any]


class Handed(NamedTuple):
    """A checkpoint that was handed out, and the file it stands in."""

    file: str
    number: int
    hash: str


def read_handed(file: str, findings: Findings) -> Handed:
    """Read a handed-out checkpoint. Raises Unusable."""
    try:
        with open(file, encoding="utf-8") as opened:
            line = json.load(opened)
        told = told_by(line["body"])
        expect(line["tanjian_checkpoint"] == CHECKPOINT_FORMAT, "a format known here")
        number, key, signature = int(told["number"]), str(told["key"]), str(line["signature"])
        hash_ = digest(line["body"])
    except (OSError, *UNREADABLE) as error:
        raise Unusable(
            f"{file} 不是存证点文件（{error}）。", f"{file} is no checkpoint file ({error})."
        ) from error
    if not is_signed(key, line["body"], signature):
        findings.add(
            f"{file}：存证点文件的签名不成立。", f"{file}: the signature of the file does not hold."
        )
    return Handed(file, number, hash_)


class Links:
    """Follows the checkpoints: each states the hash of the one before and the key of the next."""

    def __init__(self, anchors: list[int], keys: list[str], handed: list[Handed]) -> None:
        self.wanted = set(anchors)
        self.anchors: dict[int, Link] = {}
        self.keys = keys
        self.seen: set[str] = set()
        self.hashes = {each.number: "" for each in handed}
        self.first: int | None = None
        self.last: Link | None = None

    def follow(self, line: dict[str, Any], findings: Findings) -> None:
        """Check one checkpoint, and that it follows the one before."""
        number, body = int(line["number"]), str(line["body"])
        try:
            link = Link(number, digest(body), told_by(body))
            key, told = str(link.told["key"]), link.told
            expect(told["format"] == CHECKPOINT_FORMAT, "a format known here")
            expect(told["number"] == number, "of that number")
            instant(told["made_at"])
            expect(not told["full"] or type(told["all"]["count"]) is int, "a count of chains")
        except UNREADABLE as error:
            findings.add(
                f"存证点 {number} 的内容无法认读（{error}）。",
                f"Checkpoint {number} cannot be read ({error}).",
            )
            return
        if not is_signed(key, body, str(line["signature"])):
            findings.add(
                f"存证点 {number} 的签名不成立：内容被改动，或签名系伪造。",
                f"Checkpoint {number}: the signature does not hold; altered, or forged.",
            )
        self._follows(link, key, findings)
        if self.first is None:
            self.first = number
        self.last = link
        self.seen.add(key)
        if number in self.hashes:
            self.hashes[number] = link.hash
        if number in self.wanted and told["full"]:
            self.anchors[number] = link

    def _follows(self, link: Link, key: str, findings: Findings) -> None:
        before = self.last
        if before is None:
            return
        if link.number != before.number + 1:
            findings.add(
                f"存证点 {before.number} 之后应为 {before.number + 1}，却是 {link.number}。",
                f"After checkpoint {before.number} comes {link.number}.",
            )
        elif link.told["previous"] != before.hash:
            findings.add(
                f"存证点 {link.number} 与前一存证点不衔接。",
                f"Checkpoint {link.number} does not follow from the one before.",
            )
        if key != before.told["next_key"] and key not in self.keys:
            findings.add(
                f"存证点 {link.number} 由另一把密钥签名，前一存证点未指定该密钥（{key}）。",
                f"Checkpoint {link.number} is signed by a key that the one before does not name "
                f"({key}).",
            )

    def finish(self, header: dict[str, Any], findings: Findings) -> None:
        """Check what can be said once all are read."""
        for number in sorted(self.wanted - set(self.anchors)):
            findings.add(
                f"作为依据的存证点 {number} 缺失，或不是全量存证点。",
                f"The anchor {number} is missing or gathers not every chain.",
            )
        if self.last is not None and header["public_key"] != self.last.told["key"]:
            findings.add(
                "文件所载公钥不是最新存证点的公钥。",
                "The public key of the export is not that of the newest checkpoint.",
            )
        if self.keys and not self.seen.intersection(self.keys):
            findings.add(
                "没有一个存证点由所给公钥签名。", "No checkpoint is signed by the key you gave."
            )

    def judge(self, handed: Handed, findings: Findings) -> Link | None:
        """Return the anchor that is the handed-out checkpoint; else say why there is none."""
        n, newest = handed.number, self.last.number if self.last else 0
        first = self.first if self.first is not None else 0
        if n > newest:
            findings.add(
                f"{handed.file}：存证点 {n} 在本导出中不存在（最新为 {newest}）。本导出的状态早于该"
                "存证点：可能恢复了旧备份，或导出在先。对该存证点不能证明任何内容。",
                f"{handed.file}: this export knows no checkpoint {n} (the newest is {newest}). Its "
                "state is older: a restored backup, or made before. It proves nothing against it.",
            )
        elif n < first or (self.hashes[n] == handed.hash and n not in self.anchors):
            findings.add(
                f"{handed.file}：本导出未以存证点 {n} 为依据，对其不能证明任何内容。"
                f"请要求以 --against {n} 重新导出。",
                f"{handed.file}: this export is not proven against checkpoint {n}, and proves "
                f"nothing against it. Ask for one made with --against {n}.",
            )
        elif self.hashes[n] != handed.hash:
            findings.add(
                f"{handed.file}：本导出中的存证点 {n} 与您所持的不同：历史被改写。",
                f"{handed.file}: checkpoint {n} of this export is not the one you hold: history "
                "was rewritten.",
            )
        else:
            return self.anchors[n]
        return None


# Chains -------------------------------------------------------------------------------------------


class Chain:
    """Walks one chain from its first entry to its head."""

    def __init__(self, line: dict[str, Any], findings: Findings) -> None:
        self.id, self.kind, self.label = str(line["chain_id"]), line["chain"], line["label"]
        self.last_seq, self.last_hash = int(line["last_seq"]), str(line["last_hash"])
        self.findings = findings
        self.expected, self.previous = 0, ""
        self.covered: dict[int, int] = {}
        self.proven: dict[int, list[tuple[int, str]]] = {}
        self.uncovered_since: dict[int, str] = {}

    def fault(self, seq: int, zh: str, en: str) -> None:
        """Say what is wrong with an entry."""
        self.findings.add(
            f"{self.label}（{self.kind} {self.id}）第 {seq} 条：{zh}。",
            f"{self.label} ({self.kind} {self.id}) entry {seq}: {en}.",
        )

    def prove(self, proof: dict[str, Any], anchor: Link) -> None:
        """Check that a checkpoint covers the chain as the proof says."""
        seq, hash_, size = int(proof["seq"]), str(proof["hash"]), int(proof["size"])
        leaf = canonical([self.id, seq, hash_]).encode()
        path = [bytes.fromhex(each) for each in proof["path"]]
        root = root_of(leaf, int(proof["index"]), size, path)
        whole = anchor.told["all"]
        self.covered[anchor.number] = seq
        if root is None or root.hex() != whole["root"] or size != whole["count"]:
            self.fault(
                seq,
                f"其证明与存证点 {anchor.number} 不符",
                f"its proof does not lead to checkpoint {anchor.number}",
            )
        else:
            self.proven.setdefault(seq, []).append((anchor.number, hash_))

    def entry(self, line: dict[str, Any]) -> dict[str, Any]:
        """Check one entry; return what its body tells. Raises ValueError where it has none."""
        body, hash_, algorithm = str(line["body"]), str(line["hash"]), str(line["algorithm"])
        expect(algorithm in ALGORITHMS, "an algorithm known here")
        computed = digest(body, algorithm)
        if computed != hash_:
            self.fault(
                self.expected, "内容与哈希值不符，记录被改动", "altered: the hash is another"
            )
        told = told_by(body)
        seq = int(told["seq"])
        self._place(told, seq, algorithm)
        for number, proven in self.proven.pop(seq, ()):
            if proven != computed:
                self.fault(
                    seq,
                    f"与存证点 {number} 所固定的不同，记录被改写",
                    f"rewritten: checkpoint {number} fixed another",
                )
        self.expected, self.previous = seq + 1, computed
        return told

    def _place(self, told: dict[str, Any], seq: int, algorithm: str) -> None:
        if seq > self.expected:
            self.fault(self.expected, "记录缺失", "missing")
        elif seq < self.expected:
            self.fault(seq, "记录次序被改动，或重复", "reordered, or there twice")
        elif told["previous"] != self.previous:
            self.fault(seq, "与前一条记录不衔接", "it does not follow from the entry before")
        stated = (told["chain_id"], told["chain"], told["algorithm"], told["format"])
        if stated != (self.id, self.kind, algorithm, ENTRY_FORMAT):
            self.fault(seq, "不属于本链", "it belongs elsewhere")

    def values(self, line: dict[str, Any], told: dict[str, Any], masked: bool) -> Tally:  # noqa: FBT001
        """Compare the values given away with their commitments."""
        committed = told.get("commitments", {})
        given, destroyed = line.get("values", {}), line.get("destroyed", [])
        for name, kept in given.items():
            if committed.get(name) != digest(kept["salt"] + kept["value"]):
                self.fault(told["seq"], f"“{name}”的内容被改动", f"the value of {name} was changed")
        for name in destroyed:
            if name not in committed:
                self.fault(told["seq"], f"没有“{name}”这一项", f"there is no {name}")
        gone = set(committed) - set(given) - set(destroyed)
        if not masked and gone:
            names = "、".join(sorted(gone))
            self.fault(told["seq"], f"缺少内容：{names}", f"values are missing: {sorted(gone)}")
        return Tally(values=len(given))

    def finish(self) -> None:
        """Check the end of the chain."""
        if self.expected <= self.last_seq:
            self.fault(self.expected, "此后的记录被截去", "cut off from here on")
        elif self.expected != self.last_seq + 1 or self.previous != self.last_hash:
            self.fault(self.expected - 1, "与链头不符", "the head of the chain is another")
        for seq in sorted(self.proven):
            numbers = [number for number, _ in self.proven[seq]]
            self.fault(
                seq, f"存证点 {numbers} 所固定的记录被截去", f"cut off, though {numbers} fixed it"
            )


# The export ---------------------------------------------------------------------------------------


class Verification:
    """Reads an export line by line; holds the anchors and one chain at a time."""

    def __init__(self, header: dict[str, Any], keys: list[str], handed: list[Handed]) -> None:
        self.header, self.handed = header, handed
        self.findings = Findings()
        self.masked = bool(header["masked"])
        self.everything = bool(header["selection"]["everything"])
        self.links = Links([int(n) for n in header["anchors"]], keys, handed)
        self.matched: list[Link] = []
        self.reference: Link | None = None
        self.chain: Chain | None = None
        self.last_id = ""
        self.in_chains = self.ended = False
        self.counted = Tally()
        self.masked_values = self.destroyed = 0
        self.indices: dict[int, int] = {}
        self.proofs: dict[int, int] = {}
        self.uncovered = self.uncovered_chains = 0
        self.samples: list[tuple[str, str]] = []
        self.backdated = False

    def line(self, line: dict[str, Any], before: str) -> None:
        """Take the next line; ``before`` is the hash of all bytes before it."""
        kind = line["line"]
        steps: dict[str, Callable[[], None]] = {
            "checkpoint": lambda: self._checkpoint(line),
            "chain": lambda: self._chain(line),
            "entry": lambda: self._entry(line),
            "end": lambda: self._end(line, before),
        }
        expect(not self.ended and kind in steps, "where such a line stands")
        steps[kind]()

    def _checkpoint(self, line: dict[str, Any]) -> None:
        expect(not self.in_chains, "where a checkpoint stands")
        self.links.follow(line, self.findings)

    def begin_chains(self) -> None:
        """Judge the checkpoints, once all of them are read."""
        if self.in_chains:
            return
        self.in_chains = True
        self.links.finish(self.header, self.findings)
        found = [self.links.judge(each, self.findings) for each in self.handed]
        self.matched = [each for each in found if each is not None]
        candidates = self.matched or list(self.links.anchors.values())
        self.reference = max(candidates, key=lambda link: link.number, default=None)

    def _chain(self, line: dict[str, Any]) -> None:
        self.begin_chains()
        self._close_chain()
        chain_id = str(UUID(line["chain_id"]))
        self.chain = Chain({**line, "chain_id": chain_id}, self.findings)
        if chain_id <= self.last_id:
            self.chain.fault(0, "该链重复，或次序不对", "the chain is there twice, or out of order")
        self.last_id = chain_id
        self.backdated = False
        self.counted = self.counted._replace(chains=self.counted.chains + 1)
        for proof in line["proofs"]:
            anchor = self.links.anchors.get(int(proof["checkpoint"]))
            if anchor is None:
                continue  # said where the anchors are
            self.chain.prove(proof, anchor)
            if int(proof["index"]) > self.indices.get(anchor.number, -1):
                self.proofs[anchor.number] = self.proofs.get(anchor.number, 0) + 1
            self.indices[anchor.number] = int(proof["index"])

    def _entry(self, line: dict[str, Any]) -> None:
        if self.chain is None:
            raise ValueError("where an entry stands")
        self.counted = self.counted._replace(entries=self.counted.entries + 1)
        told = self.chain.entry(line)
        given = self.chain.values(line, told, self.masked)
        self.counted = self.counted._replace(values=self.counted.values + given.values)
        destroyed = len(line.get("destroyed", []))
        self.destroyed += destroyed
        self.masked_values += len(told.get("commitments", {})) - given.values - destroyed
        self._cover(self.chain, told)

    def _cover(self, chain: Chain, told: dict[str, Any]) -> None:
        """Note an entry that the checkpoint in question does not cover."""
        if self.reference is None or told["seq"] <= chain.covered.get(self.reference.number, -1):
            return
        self.uncovered += 1
        made_at = instant(self.reference.told["made_at"])
        if not self.matched or self.backdated:
            return
        if instant(told["recorded_at"]) < made_at - GRACE:
            self.backdated = True
            number = self.reference.number
            chain.fault(
                told["seq"],
                f"所载入账时间早于存证点 {number}，却不为其所覆盖：系事后补造，或隐去了证明",
                f"it states to be recorded before checkpoint {number}, which does not cover it: "
                "written later, or its proof was left out",
            )

    def _close_chain(self) -> None:
        if self.chain is None:
            return
        chain, self.chain = self.chain, None
        chain.finish()
        if self.reference is None:
            return
        covered = chain.covered.get(self.reference.number, -1)
        if chain.last_seq > covered:
            self.uncovered_chains += 1
            if len(self.samples) < LISTED:
                self.samples.append(
                    (
                        f"{chain.label}（{chain.kind} {chain.id}）：第 {covered + 1} 条起",
                        f"{chain.label} ({chain.kind} {chain.id}): from entry {covered + 1} on",
                    )
                )

    def _end(self, line: dict[str, Any], before: str) -> None:
        self.begin_chains()
        self._close_chain()
        self.ended = True
        stated = Tally(int(line["chains"]), int(line["entries"]), int(line["values"]))
        if stated != self.counted:
            self.findings.add(
                f"文件载明 {tuple(stated)}，实为 {tuple(self.counted)}（链、记录、内容数）。",
                f"The export states {tuple(stated)} chains, entries and values; there are "
                f"{tuple(self.counted)}.",
            )
        if line["sha256"] != before:
            self.findings.add(
                "文件字节与末行所载哈希值不符。",
                "The bytes of the file are not those that its last line states.",
            )

    def finish(self) -> None:
        """Check what can be said once everything is read."""
        if not self.ended:
            self.begin_chains()
            self._close_chain()
            self.findings.add("文件不完整，没有末行。", "The file is cut off: it has no last line.")
        for number, anchor in sorted(self.links.anchors.items()):
            there, all_ = self.proofs.get(number, 0), anchor.told["all"]["count"]
            if self.everything and there != all_:
                self.findings.add(
                    f"存证点 {number} 覆盖 {all_} 条链，本导出只有其中 {there} 条：整条链被略去。",
                    f"Checkpoint {number} covers {all_} chains, and {there} of them are here: "
                    "whole chains were left out.",
                )


def numbered_lines(file: BinaryIO) -> Iterator[tuple[int, bytes, str]]:
    """Yield each line with its number and the hash of the bytes before it."""
    running = hashlib.sha256()
    for number, data in enumerate(file, 1):
        # Only the last line asks for the hash, and copying one costs little.
        yield number, data, running.copy().hexdigest() if data.startswith(b'{"line":"end"') else ""
        running.update(data)


def verify(file: BinaryIO, keys: list[str], handed: list[Handed], found: Findings) -> Verification:
    """Verify an export. Raises Unusable where it is none."""
    lines = numbered_lines(file)
    try:
        header = json.loads(next(lines)[1])
        expect(header["line"] == "header", "a header")
        expect(header["tanjian_export"] == EXPORT_FORMAT, "a format known here")
        introduce(header)
        work = Verification(header, keys, handed)
    except (StopIteration, *UNREADABLE) as error:
        raise Unusable("这不是本系统的导出文件。", f"This is no export ({error!r}).") from error
    work.findings = found
    for number, data, before in lines:
        try:
            work.line(json.loads(data), before)
        except UNREADABLE as error:
            found.add(
                f"文件第 {number} 行无法认读（{error!r}）。",
                f"Line {number} of the file cannot be read ({error!r}).",
            )
        if number % 5000 == 0 and sys.stderr.isatty():
            print(f"\r{work.counted.entries}", end="", file=sys.stderr)
    work.finish()
    return work


def introduce(header: dict[str, Any]) -> None:
    """Say what the export says of itself."""
    by, chosen = header["made_by"], header["selection"]
    say(
        f"导出时间 {header['made_at']}，制作人 {by['name']}（{by['organisation']}），"
        f"范围：{chosen['zh']}",
        f"Made at {header['made_at']} by {by['name']} ({by['organisation']}): {chosen['en']}",
    )
    key = str(header["public_key"])
    say(f"公钥 {key or '无'}", f"Public key {key or 'none'}")


def conclude(work: Verification, keys: list[str]) -> None:
    """Say what is proven, and what is not."""
    counted = work.counted
    print()
    say(
        f"链 {counted.chains}，记录 {counted.entries}；附内容 {counted.values} 项，"
        f"隐去 {work.masked_values} 项，已销毁 {work.destroyed} 项。",
        f"{counted.chains} chains, {counted.entries} entries; {counted.values} values given, "
        f"{work.masked_values} masked, {work.destroyed} destroyed.",
    )
    if work.reference is None:
        say(
            "没有存证点覆盖这些记录：只能确认前后一致。",
            "No checkpoint covers these entries: they agree with one another, no more.",
        )
        return
    number, told = work.reference.number, work.reference.told
    covers, all_ = work.proofs.get(number, 0), told["all"]["count"]
    say(
        f"存证点 {number}（{told['made_at']}）覆盖 {all_} 条链，本导出含其中 {covers} 条；"
        f"覆盖记录 {counted.entries - work.uncovered} 条，未覆盖 {work.uncovered} 条。",
        f"Checkpoint {number} ({told['made_at']}) covers {all_} chains, {covers} of them are here; "
        f"{counted.entries - work.uncovered} entries are covered, {work.uncovered} are not.",
    )
    for zh, en in work.samples:
        say(f"  未覆盖：{zh}", f"  not covered: {en}")
    if work.uncovered_chains > len(work.samples):
        rest = work.uncovered_chains - len(work.samples)
        say(f"  另有 {rest} 条链。", f"  and {rest} more chains.")
    if covers < all_ and not work.everything:
        say(
            f"其余 {all_ - covers} 条链不在本导出中，对其不能证明任何内容；"
            "选取范围系文件自述，未经证明。",
            f"Of the other {all_ - covers} chains nothing is said: what was chosen stands in the "
            "words of the file, and nothing proves them.",
        )
    if work.matched and not work.findings.count:
        say(
            "以上覆盖部分，在您取得该存证点之后未被改动。",
            "What is covered has not changed since that checkpoint was handed to you.",
        )
    if not work.handed:
        trust = (
            ("所给公钥", "the key you gave")
            if keys
            else ("文件自带公钥", "the key in the file itself")
        )
        say(
            f"未提供对外存证点：仅以{trust[0]}核验。私钥持有人仍可能改写过全部历史。",
            f"No checkpoint was given: verified with {trust[1]} only. Who holds the private key "
            "could have rewritten everything.",
        )


def main(arguments: list[str] | None = None) -> int:
    """Verify the export named at the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="核验碳鉴导出文件 Verify an export of Tanjian.")
    parser.add_argument("export", metavar="EXPORT", help="导出文件 the export, JSON Lines")
    parser.add_argument(
        "--key", action="append", default=[], help="公钥，64 位十六进制 public key, hexadecimal"
    )
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE",
        help="所持存证点文件 a checkpoint file handed to you",
    )  # fmt: skip
    asked = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    keys = ["".join(key.split()).lower() for key in asked.key]
    findings = Findings()
    try:
        handed = [read_handed(file, findings) for file in asked.checkpoint]
        with open(asked.export, "rb") as file:
            work = verify(file, keys, handed, findings)
    except Unusable as error:
        say(error.zh, error.en)
        return UNUSABLE
    except OSError as error:
        say(f"文件无法读取：{error}", f"The file cannot be read: {error}")
        return UNUSABLE
    conclude(work, keys)
    if findings.count:
        say(f"不成立：发现 {findings.count} 处问题。", f"DOES NOT HOLD: {findings.count} faults.")
        return DOES_NOT_HOLD
    say("成立。", "HOLDS.")
    return HOLDS


if __name__ == "__main__":
    sys.exit(main())
