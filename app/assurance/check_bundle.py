"""Check an evidence bundle of Tanjian 碳鉴 once it is unpacked: Python 3.9 or newer.

    python proof/check_bundle.py [--key HEX ...] [--checkpoint FILE ...]

Compares every file with SHA256SUMS, looks in the entries for the digest of each file as stored, and
has ``verify_export.py`` beside it verify the entries, with the public key and the checkpoints that
you were handed. SHA256SUMS alone proves nothing: whoever changes a file can write it anew. What
stands in an entry that a checkpoint covers cannot be written anew.

Exit status 0: everything holds. 1: something does not. 2: this is no bundle.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUMS, INDEX, ENTRIES = "SHA256SUMS", "files/index.csv", "log/entries.jsonl"
HOLDS, DOES_NOT_HOLD, UNUSABLE = 0, 1, 2
DIGEST = re.compile(r"[0-9a-f]{64}")

Place = tuple[str, int]


def say(zh: str, en: str) -> None:
    """Print a sentence in both languages."""
    sys.stdout.write(f"{zh}\n    {en}\n")


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            found.update(chunk)
    return found.hexdigest()


def sums_of(folder: Path) -> dict[str, str]:
    """Read SHA256SUMS: digests by name. Raises ValueError for a name that leads elsewhere."""
    found = {}
    for line in (folder / SUMS).read_text("utf-8").splitlines():
        digest, name = line[:64], line[66:]
        if not DIGEST.fullmatch(digest) or ".." in name.split("/") or name.startswith("/"):
            raise ValueError(line)
        found[name] = digest
    return found


def check_sums(folder: Path) -> int:
    """Compare every file with its sum; return how many faults there are."""
    faults, sums = 0, sums_of(folder)
    for name, digest in sums.items():
        path = folder / name
        if not path.is_file():
            say(f"✗ {name}：缺失。", f"{name}: missing.")
        elif digest_of(path) != digest:
            say(f"✗ {name}：内容被改动。", f"{name}: altered.")
        else:
            continue
        faults += 1
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - set(sums) - {SUMS}):
        say(f"! {name}：不属于本包，未予核验。", f"{name}: no part of the bundle; not checked.")
    say(
        f"文件 {len(sums)} 个，与 SHA256SUMS 比对完毕。",
        f"{len(sums)} files compared with SHA256SUMS.",
    )
    return faults


def stated_by(folder: Path, sought: set[Place]) -> dict[Place, set[str]]:
    """Return the digests that entries state, or that values given away with them hold."""
    found: dict[Place, set[str]] = {}
    with (folder / ENTRIES).open(encoding="utf-8") as lines:
        for text in lines:
            line = json.loads(text)
            if line["line"] != "entry":
                continue
            told = json.loads(line["body"])
            place = (str(told["chain_id"]), int(told["seq"]))
            if place in sought:
                stated = [json.dumps(told["details"])]
                stated += [kept["value"] for kept in line.get("values", {}).values()]
                found[place] = set(DIGEST.findall(" ".join(stated)))
    return found


def check_files(folder: Path) -> int:
    """Look in the entries for the digest of each file as stored; return how many faults."""
    with (folder / INDEX).open(encoding="utf-8-sig", newline="") as file:
        _heading, *rows = csv.reader(file)
    stated = stated_by(folder, {(row[9], int(row[8])) for row in rows})
    faults = committed = 0
    for row in rows:
        name, place = row[1], (row[9], int(row[8]))
        if digest_of(folder / name) in stated.get(place, ()):
            continue
        if row[10].startswith("承诺值"):
            committed += 1
            continue
        say(
            f"✗ {name}：摘要与流转记录第 {place[1]} 条所载不符。",
            f"{name}: its digest is not in entry {place[1]}.",
        )
        faults += 1
    say(
        f"原件 {len(rows)} 件：{len(rows) - faults - committed} 件的摘要载于流转记录，"
        f"{committed} 件仅以承诺值载明，不能在此核对。",
        f"{len(rows)} files as stored: the digests of {len(rows) - faults - committed} stand in "
        f"the entries, {committed} in values only committed to, which cannot be checked here.",
    )
    return faults


def read_arguments(arguments: list[str]) -> list[str]:
    """Return them as ``verify_export.py`` takes them; anything unknown ends the program with 2."""
    parser = argparse.ArgumentParser(description="核验证据包 Check an evidence bundle of Tanjian.")
    parser.add_argument("--key", action="append", default=[], help="公钥 public key, hexadecimal")
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE",
        help="所持存证点文件 a checkpoint file handed to you",
    )  # fmt: skip
    asked = parser.parse_args(arguments)
    return [
        *(part for key in asked.key for part in ("--key", key)),
        *(part for file in asked.checkpoint for part in ("--checkpoint", file)),
    ]


def main(arguments: list[str]) -> int:
    """Check the bundle around this file; return the exit status."""
    passed_on = read_arguments(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    folder = HERE.parent
    try:
        faults = check_sums(folder) + check_files(folder)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        say(
            f"这不是证据包，或者缺少文件（{error}）。",
            f"This is no bundle, or parts are missing ({error}).",
        )
        return UNUSABLE
    say("—— 以下仅就流转记录本身：", "--- Of the entries by themselves:")
    sys.stdout.flush()
    verifier = [sys.executable, str(HERE / "verify_export.py"), str(folder / ENTRIES)]
    status = subprocess.run([*verifier, *passed_on], check=False).returncode  # noqa: S603 - our own
    say("—— 就整个证据包：", "--- Of the whole bundle:")
    if faults:
        say(
            f"证据包不成立：文件部分发现 {faults} 处问题。",
            f"THE BUNDLE DOES NOT HOLD: {faults} faults among its files.",
        )
        return DOES_NOT_HOLD
    if status:
        say(
            "证据包不成立：见上文流转记录部分。", "THE BUNDLE DOES NOT HOLD: see the entries above."
        )
    else:
        say("证据包成立：文件和流转记录均相符。", "THE BUNDLE HOLDS: files and entries agree.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
