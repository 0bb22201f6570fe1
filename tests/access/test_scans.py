"""Stored files before the scanner: a clamd of our own listens on a real socket."""

from __future__ import annotations

import hashlib
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import url_for
from sqlalchemy import select

from app import jobs
from app.cases import records, scans
from app.cases.models import StoredFile
from app.cases.scanner import NotScanned, ScannerAway, scan
from app.db import Database
from app.engine.actors import Role
from app.lease import LeaseLost
from app.outbox.models import Letter
from tests.access.desk import NOW, Desk, desk

__all__ = ["desk"]

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
JOB = next(job for job in jobs.JOBS if job.name == "scans")


class Clamd(threading.Thread):
    """Speaks INSTREAM. Finds `EICAR`; ``limit`` in bytes is what it takes; ``says`` is said instead."""

    def __init__(
        self, listening: socket.socket, *, limit: int = 10_000_000, says: bytes | None = None
    ) -> None:
        super().__init__(daemon=True)
        self.listening, self.limit, self.says = listening, limit, says
        self.seen: list[bytes] = []

    def run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                with client, client.makefile("rb") as reading:
                    client.sendall(self.answer(reading))

    def answer(self, reading: io.BufferedReader) -> bytes:
        assert reading.read(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(reading.read(4), "big"):
            content += reading.read(length)
            if len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.seen.append(content)
        if self.says is not None:
            return self.says
        return FOUND if EICAR in content else b"stream: OK\0"


@contextmanager
def clamd(path: Path | None = None, **how) -> Iterator[tuple[str, Clamd]]:
    """A scanner at an address: a port of this computer, or a socket under a path."""
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as listening:
        listening.bind(str(path) if path else ("127.0.0.1", 0))
        listening.listen()
        own = Clamd(listening, **how)
        own.start()
        yield str(path) if path else f"127.0.0.1:{listening.getsockname()[1]}", own
        listening.shutdown(socket.SHUT_RDWR)
        own.join()


# The client -------------------------------------------------------------------------------------


@pytest.mark.parametrize("unix", [False, True])
def test_the_scanner_is_asked_over_either_kind_of_socket(tmp_path, unix):
    with clamd(tmp_path / "clamd.ctl" if unix else None) as (address, own):
        assert scan(address, [b"harm", b"less"]) == ""
        assert scan(address, [EICAR[:20], EICAR[20:]]) == "Win.Test.EICAR_HDB-1"
        assert own.seen == [b"harmless", EICAR]


def test_what_the_scanner_will_not_look_at_is_said(tmp_path):
    with clamd(limit=5) as (address, _), pytest.raises(NotScanned, match="size limit exceeded"):
        scan(address, [b"a" * 10_000] * 200)


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"stream: \xff\0"])
def test_an_answer_of_something_else_is_no_verdict(says):
    with clamd(says=says) as (address, _), pytest.raises(ScannerAway):
        scan(address, [b"a"])


def test_a_scanner_that_never_answers_is_left_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ScannerAway, match="timed out"):
            scan(address, [b"a"], patience=0.05)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "/nowhere/clamd.ctl", "clamd", "[::1]:x"])
def test_a_scanner_that_is_not_there_is_away(address):
    with pytest.raises(ScannerAway):
        scan(address, [b"a"])


# The job ----------------------------------------------------------------------------------------


def a_round(desk: Desk, address: str, *, later: timedelta = timedelta()) -> int:
    settings = replace(desk.settings, clamd=address)
    return jobs.run(JOB, desk.database, settings, NOW + later, "test")


def row(database: Database, sha256: str) -> StoredFile:
    with database.read() as reading:
        return reading.get_one(StoredFile, sha256)


def uploaded(desk: Desk, content: bytes, name: str = "附件.txt") -> str:
    """A file put on the case by its unit; return its digest."""
    stored = desk.town.store.put(io.BytesIO(content), name)
    actor = desk.own.actor("unit")
    desk.database.write(
        lambda s: records.add_evidence(s, desk.own.id, stored, actor=actor, now=NOW)
    )
    return stored.sha256


def opened(desk: Desk, who: str, sha256: str):
    from app.cases.models import Evidence

    with desk.database.read() as reading:
        evidence = reading.scalars(select(Evidence.id).where(Evidence.sha256 == sha256)).one()
    with desk.app.test_request_context():
        address = url_for("cases.file", case_id=desk.own.id, evidence_id=evidence)
    return desk.browser(who).get(address)


def test_without_a_scanner_files_wait_and_say_so(desk: Desk):
    uploaded(desk, b"waits")
    assert a_round(desk, "") == 0
    page = desk.browser("unit").get(f"/cases/{desk.own.id}?tab=evidence").text
    assert "未扫描" in page


def test_an_infected_file_is_handed_to_nobody_and_its_officer_and_the_administrators_are_told(
    desk: Desk,
):
    bad, good = uploaded(desk, EICAR, "病毒.txt"), uploaded(desk, b"harmless")
    with clamd() as (address, own):
        assert a_round(desk, address) >= 2
        assert a_round(desk, address) == 0
    assert own.seen.count(EICAR) == 1
    assert (row(desk.database, good).scan, row(desk.database, good).scan_finding) == ("clean", None)
    found = row(desk.database, bad)
    assert (found.scan, found.scan_finding) == ("infected", "Win.Test.EICAR_HDB-1")
    assert found.scanned_at == NOW
    for who in ("unit", "supervisor", "inspector"):
        answer = opened(desk, who, bad)
        assert answer.status_code == 409
        assert "检出恶意程序" in answer.text
        assert EICAR not in answer.data
    with opened(desk, "unit", good) as answer:
        assert answer.data == b"harmless"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = desk.browser("supervisor").get(f"/cases/{desk.own.id}?tab=evidence").text
    assert "检出恶意程序，停止下载" in page
    told = letters(desk)
    number = desk.own.row.number
    assert f"{number}：文件检出恶意程序" in told[desk.officer]
    assert "上传文件检出恶意程序：Win.Test.EICAR_HDB-1" in told["admin"]
    assert not any(number in subject for subject in told["admin"])
    assert all(not subjects for who, subjects in told.items() if who not in {desk.officer, "admin"})


def letters(desk: Desk) -> dict[str, list[str]]:
    """Subjects of the letters about malware, by login."""
    job = next(job for job in jobs.JOBS if job.name == "letters")
    jobs.run(job, desk.database, desk.settings, NOW, "test")
    with desk.database.read() as reading:
        query = select(Letter.person_id, Letter.subject).where(Letter.template.like("file.%"))
        found = reading.execute(query).all()
    return {
        login: [one.subject for one in found if one.person_id == actor.person_id]
        for login, actor in desk.town.cast.people.items()
    }


def test_a_content_known_to_be_infected_is_not_taken_again(desk: Desk):
    bad = uploaded(desk, EICAR + b"again")
    with clamd() as (address, _):
        a_round(desk, address)
    assert row(desk.database, bad).scan == scans.INFECTED
    sent = {"file": (io.BytesIO(EICAR + b"again"), "又来.txt"), "note": "说明文字"}
    answer = desk.browser("supervisor").post(f"/cases/{desk.own.id}/evidence", data=sent)
    assert answer.status_code == 422
    assert "「又来.txt」检出恶意程序" in answer.text
    assert "说明文字" in answer.text


def test_what_the_scanner_cannot_take_waits_a_day_and_holds_up_nothing(desk: Desk):
    large = uploaded(desk, b"large" * 100)
    with clamd(limit=100) as (address, _):
        a_round(desk, address)
        assert a_round(desk, address) == 0
    assert row(desk.database, large).scan is None
    assert "size limit" in (row(desk.database, large).scan_finding or "")
    with clamd() as (address, _):
        assert a_round(desk, address, later=timedelta(days=1)) == 1
    assert (row(desk.database, large).scan, row(desk.database, large).scan_finding) == (
        "clean",
        None,
    )


def test_a_file_that_is_lost_holds_up_nothing(desk: Desk):
    lost, later = uploaded(desk, b"lost"), uploaded(desk, b"kept")
    path = desk.town.store.path(lost)
    path.unlink()
    with clamd() as (address, _):
        a_round(desk, address)
        assert row(desk.database, later).scan == scans.CLEAN
        assert row(desk.database, lost).scanned_at == NOW
        assert row(desk.database, lost).scan is None
        path.write_bytes(b"lost")
        a_round(desk, address, later=timedelta(days=1))
    assert row(desk.database, lost).scan == scans.CLEAN


def test_who_lost_the_lease_enters_what_was_found_and_asks_about_no_other(desk: Desk):
    waiting = [uploaded(desk, content) for content in (b"first", b"second")]
    asked: list[int] = []

    def fence(_session: object) -> None:
        asked.append(len(own.seen))
        if own.seen:
            raise LeaseLost

    with clamd() as (address, own), pytest.raises(LeaseLost):
        scans.scan_waiting(desk.database, desk.town.store, address, NOW, fence=fence)
    assert asked == [0, 1]
    [seen] = own.seen
    assert row(desk.database, hashlib.sha256(seen).hexdigest()).scan == scans.CLEAN
    assert any(row(desk.database, each).scan is None for each in waiting)


def test_while_the_scanner_is_away_everything_waits(desk: Desk, caplog):
    waiting = uploaded(desk, b"patience")
    assert a_round(desk, "127.0.0.1:1") == 0
    assert "files wait" in caplog.text
    assert row(desk.database, waiting).scanned_at is None
    with clamd() as (address, _):
        assert a_round(desk, address) >= 1
    assert row(desk.database, waiting).scan == scans.CLEAN


def test_only_an_installation_with_a_scanner_asks(desk: Desk):
    uploaded(desk, b"nobody asks")
    assert scans.anything_unscanned(desk.database, NOW)
    assert not JOB.wanted(desk.settings)
    assert JOB.wanted(replace(desk.settings, clamd="127.0.0.1:3310"))


def test_without_a_case_the_administrators_are_told_everywhere(desk: Desk):
    stored = desk.town.store.put(io.BytesIO(EICAR + b"loose"), "无主.txt")
    desk.database.write(lambda s: records.remember(s, stored, now=NOW))
    with clamd() as (address, _):
        a_round(desk, address)
    assert any("EICAR" in subject for subject in letters(desk)["admin"])
    assert Role.ADMINISTRATOR in desk.town["admin"].roles
