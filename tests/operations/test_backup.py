"""A backup is restored and verified, on both engines; what was touched is refused and named."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import create_app, db, vault
from app.audit import chain, checkpoints, keys
from app.audit.covering import Handed
from app.audit.models import Checkpoint
from app.cases.files import FileStore
from app.cases.models import StoredFile
from app.db import Database
from app.engine.actors import SYSTEM_ACTOR
from app.operations import backup, dumping, restore
from config import Settings
from tests import postgres
from tests.conftest import administer, named
from tests.times import NOW

LATER = NOW + timedelta(hours=1)


@dataclass
class Installation:
    """A running program: what it holds, and an empty place to restore to."""

    database: Database
    settings: Settings
    target: Database
    place: Settings
    folder: Path

    def act(self, word: str) -> None:
        self.database.write(
            lambda session: chain.append(
                session,
                "administration",
                actor=SYSTEM_ACTOR,
                trigger="try",
                body={"word": word},
                now=NOW,
            )
        )

    def upload(self, content: bytes) -> str:
        store = FileStore(self.settings.files, limit=1000)
        stored = store.put(io.BytesIO(content), "a.txt")
        row = StoredFile(
            sha256=stored.sha256, size=stored.size, media_type=stored.media_type, stored_at=NOW
        )
        self.database.write(lambda session: session.add(row))
        return stored.sha256

    def cover(self) -> Checkpoint:
        made = checkpoints.make(
            self.database,
            checkpoints.key_of(self.database, self.settings.audit_key),
            NOW,
            full=True,
        )
        assert made is not None
        return made

    def back_up(self, at=NOW, **more) -> backup.Made:
        return backup.back_up(self.database, self.settings, self.folder, at, **more)

    def restore(self, folder: Path | None = None, **more) -> restore.Restored:
        chosen = folder or backup.newest(self.folder)
        return restore.restore(self.target, self.place, chosen, LATER, **more)

    def words(self, database: Database) -> list[str]:
        with database.read() as session:
            bodies = session.execute(text("SELECT body FROM audit_entries ORDER BY seq")).scalars()
            return [found[1] for body in bodies if (found := re.search(r'"word":"([^"]+)"', body))]


@pytest.fixture
def here(database, settings, tmp_path, request, monkeypatch) -> Iterator[Installation]:
    name = ""
    if database.is_sqlite:
        url = f"sqlite:///{tmp_path}/restored/tanjian.sqlite"
    else:
        programs = f"{postgres.binaries()}{os.pathsep}{os.environ['PATH']}"
        monkeypatch.setenv("PATH", programs)
        server, name = request.getfixturevalue("postgres_url"), f"restored_{uuid4().hex[:8]}"
        administer(server, f"CREATE DATABASE {name}")
        url = named(server, name)
    place = replace(
        settings,
        database_url=url,
        files=tmp_path / "restored" / "files",
        keys=tmp_path / "restored" / "keys",
    )
    settings = replace(settings, keys=tmp_path / "keys")
    target = Database(url)
    yield Installation(database, settings, target, place, tmp_path / "backups")
    target.dispose()
    if name:
        administer(request.getfixturevalue("postgres_url"), f"DROP DATABASE {name} WITH (FORCE)")


def test_what_is_restored_is_what_was_backed_up(here):
    here.act("before")
    stored = here.upload(b"evidence")
    covered = here.cover()
    made = here.back_up()
    here.act("after the backup")
    assert made.manifest.audit.checkpoint == covered.number
    done = here.restore(made.folder, handed=Handed.read(checkpoints.handed_out(covered)))
    assert done.is_same
    assert done.outcome.holds, done.outcome.faults
    assert done.outcome.files == 1
    assert done.left == ""
    assert here.words(here.target) == ["before"]
    assert b"".join(FileStore(here.place.files, limit=0).chunks(stored)) == b"evidence"


def test_the_restored_database_refuses_what_the_first_one_refused(here):
    here.act("kept")
    here.back_up()
    here.restore()
    with pytest.raises(DBAPIError, match=r"append-only|never|kept"):
        here.target.write(lambda session: session.execute(text("DELETE FROM audit_entries")))
    assert here.words(here.target) == ["kept"]


def test_a_backup_older_than_a_handed_out_checkpoint_is_refused_and_nothing_touched(here):
    here.act("one")
    here.cover()
    old = here.back_up()
    here.act("two")
    handed = Handed.read(checkpoints.handed_out(here.cover()))
    new = here.back_up(LATER)
    with pytest.raises(restore.CannotRestore, match="older than the handed-out checkpoint"):
        here.restore(old.folder, handed=handed)
    assert dumping.is_empty(here.target)
    assert here.restore(new.folder, handed=handed).outcome.holds


def test_a_manifest_that_claims_a_newer_checkpoint_is_found_out_by_the_verification(here):
    here.act("one")
    here.cover()
    old = here.back_up()
    here.act("two")
    newer = here.cover()
    path = old.folder / backup.MANIFEST
    told = json.loads(path.read_text())
    told["audit"]["checkpoint"] = newer.number
    path.write_text(json.dumps(told))
    done = here.restore(old.folder, handed=Handed.read(checkpoints.handed_out(newer)))
    assert not done.is_same
    assert any("older" in fault.label.en for fault in done.outcome.faults)


def test_a_second_backup_copies_only_new_files(here):
    here.upload(b"one")
    assert here.back_up().copied == 1
    here.upload(b"two")
    second = here.back_up(LATER)
    assert (second.copied, len(second.manifest.files)) == (1, 2)
    assert backup.newest(here.folder) == second.folder


@pytest.mark.parametrize("victim", ["database", "file", "missing file", "manifest"])
def test_a_backup_that_was_touched_is_refused_and_nothing_restored(here, victim):
    here.act("one")
    stored = here.upload(b"evidence")
    made = here.back_up()
    kept = here.folder / backup.FILES / stored[:2] / stored
    match victim:
        case "database":
            path = made.folder / made.manifest.database
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        case "file":
            kept.write_bytes(b"Evidence")
        case "missing file":
            kept.unlink()
        case "manifest":
            (made.folder / backup.MANIFEST).write_text("{}")
    with pytest.raises((restore.CannotRestore, backup.NotABackup)):
        here.restore(made.folder)
    assert dumping.is_empty(here.target)
    assert not here.place.files.exists()


def test_a_damaged_file_of_the_store_is_named_and_left_out(here):
    good, bad = here.upload(b"good"), here.upload(b"bad")
    FileStore(here.settings.files, limit=0).path(bad).write_bytes(b"worse")
    made = here.back_up()
    assert made.manifest.damaged == (bad,)
    assert set(made.manifest.files) == {good}


def test_a_file_the_database_names_and_the_store_lacks_is_named(here):
    gone = here.upload(b"gone")
    FileStore(here.settings.files, limit=0).path(gone).unlink()
    assert here.back_up().manifest.damaged == (gone,)


def test_what_gave_way_goes_into_no_later_backup(here):
    here.act("first")
    here.back_up()
    here.restore()
    here.restore(replace=True)
    place = replace(here.place, files=here.settings.files)
    again = backup.back_up(here.target, place, here.folder, LATER)
    done = restore.restore(
        here.target, here.place, again.folder, LATER + timedelta(hours=1), replace=True
    )
    assert done.outcome.holds
    assert done.is_same
    assert here.words(here.target) == ["first"]


def test_a_full_place_is_restored_to_only_where_it_may_give_way(here):
    here.act("first")
    here.back_up()
    here.restore()
    here.act("second")
    here.back_up(LATER)
    with pytest.raises(restore.CannotRestore, match="not empty"):
        here.restore()
    assert here.words(here.target) == ["first"]
    done = here.restore(replace=True)
    assert done.outcome.holds
    assert here.words(here.target) == ["first", "second"]
    if here.target.is_sqlite:
        kept = Database(f"sqlite:///{done.left}")
        assert here.words(kept) == ["first"]
        kept.dispose()
    else:
        with here.target.engine.connect() as connection:
            schema = done.left.removeprefix("schema ")
            count = text(f"SELECT count(*) FROM {schema}.audit_entries")
            assert connection.execute(count).scalar_one() == 1


def test_files_in_the_way_are_not_mixed_with_those_restored(here):
    here.back_up()
    FileStore(here.place.files, limit=1000).put(io.BytesIO(b"foreign"), "a.txt")
    with pytest.raises(restore.CannotRestore, match="not empty"):
        here.restore()
    assert dumping.is_empty(here.target)


def test_keys_are_copied_only_when_asked_and_never_beside_the_data(here, tmp_path):
    here.act("one")
    here.cover()
    vault.make(here.settings.factor_keys)
    made = here.back_up()
    secret = here.settings.audit_key.read_bytes()
    assert not any(secret in path.read_bytes() for path in here.folder.rglob("*") if path.is_file())
    for beside in (here.folder / "keys", here.folder, here.folder.parent):
        with pytest.raises(backup.CannotBackUp, match="must not lie with"):
            here.back_up(LATER, keys=beside)
    safe = tmp_path / "safe"
    here.back_up(LATER, keys=safe)
    assert {path.name for path in safe.iterdir()} == {"audit.pem", "factors.keys"}
    assert {path.stat().st_mode & 0o777 for path in safe.iterdir()} == {0o600}
    here.restore(made.folder, keys=safe)
    assert keys.load(here.place.audit_key).public == keys.load(here.settings.audit_key).public
    assert vault.load(here.place.factor_keys).ids == vault.load(here.settings.factor_keys).ids


def test_no_keys_are_no_copy_of_the_keys(here, tmp_path):
    with pytest.raises(backup.CannotBackUp, match="no keys in"):
        here.back_up(keys=tmp_path / "safe")
    assert not here.folder.exists()
    made = here.back_up()
    with pytest.raises(backup.CannotBackUp, match="no keys in"):
        here.restore(made.folder, keys=tmp_path / "safe")
    assert dumping.is_empty(here.target)


def test_a_key_that_was_rotated_leaves_the_older_copy_there(tmp_path):
    old = vault.make(tmp_path / "keys" / "factors.keys")
    backup.copy_keys(tmp_path / "keys", tmp_path / "safe", replace=True)
    vault.rotate(tmp_path / "keys" / "factors.keys")
    backup.copy_keys(tmp_path / "keys", tmp_path / "safe", replace=True)
    assert len(list((tmp_path / "safe").iterdir())) == 2
    assert vault.load(tmp_path / "safe" / "factors.keys").newest != old.newest
    with pytest.raises(backup.CannotBackUp, match="another key"):
        backup.copy_keys(tmp_path / "safe", _place(tmp_path), replace=False)


def _place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "factors.keys").write_text("something else")
    return tmp_path / "place"


def test_a_backup_of_the_other_engine_is_refused(here, tmp_path):
    here.act("one")
    here.back_up()
    other = "sqlite:///" + str(tmp_path / "x.sqlite")
    wrong = Database("postgresql+psycopg://x@/x" if here.database.is_sqlite else other)
    with pytest.raises(restore.CannotRestore, match="another engine"):
        restore.restore(wrong, here.place, backup.newest(here.folder), LATER)
    wrong.dispose()


@pytest.fixture
def commanded(here) -> Iterator[tuple[Installation, Flask, Flask]]:
    apps = [create_app(here.settings), create_app(here.place)]
    yield here, apps[0], apps[1]
    for app in apps:
        app.extensions[db.EXTENSION].dispose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_commands_say_what_they_did(commanded, tmp_path):
    here, source, place = commanded
    here.act("one")
    handed = tmp_path / "c.json"
    handed.write_text(checkpoints.handed_out(here.cover()))
    said = source.test_cli_runner().invoke(args=["backup", str(here.folder)])
    assert said.exit_code == 0, said.output
    assert backup.digest_of(backup.newest(here.folder) / backup.MANIFEST) in said.output
    arguments = ["restore", str(here.folder), "--checkpoint", str(handed)]
    said = place.test_cli_runner().invoke(args=arguments)
    assert said.exit_code == 0, said.output
    assert "Every entry holds." in said.output
    said = place.test_cli_runner().invoke(args=arguments)
    assert (said.exit_code, "not empty" in said.output) == (1, True)
    said = place.test_cli_runner().invoke(args=[*arguments, "--replace"], input="yes\n")
    assert (said.exit_code, "nothing was touched" in said.output) == (1, True)
    said = place.test_cli_runner().invoke(args=[*arguments, "--replace"], input="tanjian.sqlite\n")
    assert said.exit_code == 0, said.output
    assert "is kept" in said.output
