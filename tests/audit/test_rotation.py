"""Changing the key: whoever holds the first public key can follow, whatever crashes."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.audit import chain, checkpoints, keys, rotation
from app.audit.models import AuditEntry, Checkpoint
from app.engine.actors import SYSTEM_ACTOR
from tests.times import NOW

LATER = NOW + timedelta(hours=1)


class Crashed(Exception):
    pass


@pytest.fixture
def path(database, tmp_path):
    """The key of an installation that has made its first checkpoint."""
    path = tmp_path / "keys" / "audit.pem"
    change(database)
    checkpoints.cover(database, checkpoints.key_of(database, path), NOW)
    return path


def change(database):
    database.write(
        lambda session: chain.append(
            session, "registers", trigger="try", actor=SYSTEM_ACTOR, body={}, now=NOW
        )
    )


def every(database):
    with database.read() as session:
        return list(session.scalars(select(Checkpoint).order_by(Checkpoint.number)))


def followed(database, first):
    """Numbers of the checkpoints an outsider believes who knows the first key alone."""
    believed, key, previous = [], first, ""
    for one in every(database):
        told = checkpoints.told(one)
        if told["key"] != key or told["previous"] != previous:
            break
        if not keys.holds(key, one.body, one.signature):
            break
        believed.append(one.number)
        key, previous = told["next_key"], one.hash
    return believed


def entered(database, trigger):
    query = select(AuditEntry).where(AuditEntry.chain == "administration")
    with database.read() as session:
        found = session.scalars(query.where(AuditEntry.trigger == trigger))
        return [json.loads(entry.body)["details"] for entry in found]


def names(path):
    return sorted(each.name for each in path.parent.iterdir())


def work_goes_on(database, path, first, now=LATER):
    """The next checkpoint is made with what lies there, and the first key leads to it."""
    change(database)
    [made] = checkpoints.cover(database, checkpoints.key_of(database, path), now)
    assert followed(database, first)[-1] == made.number


def test_the_old_key_names_the_new_one_and_the_first_key_leads_to_all(database, path):
    first = keys.load(path).public
    changed = rotation.rotate(database, path, LATER)
    assert (changed.old, changed.new) == (first, keys.load(path).public)
    assert changed.old != changed.new
    assert names(path) == [f"audit-{first[:8]}.pem", "audit.pem"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    handing_over = every(database)[-1]
    assert (handing_over.number, handing_over.full) == (changed.checkpoint, True)
    assert entered(database, "rotate_key") == [{"old": first, "new": changed.new}]
    with database.read() as session:  # the checkpoint covers the entry that tells of it
        assert not checkpoints.anything_uncovered(session)
    work_goes_on(database, path, first)
    again = rotation.rotate(database, path, LATER)
    assert again.old == changed.new
    work_goes_on(database, path, first)
    with database.read() as session:
        assert rotation.signs_since(session, first) == 1
        assert rotation.signs_since(session, changed.new) == changed.checkpoint + 1
        assert rotation.signs_since(session, "ab" * 32) is None


STEPS = ("checkpoint", "keeping", "placing")


def crash(*_args, **_asked):
    raise Crashed


def crash_at(step, monkeypatch):
    match step:
        case "checkpoint":
            monkeypatch.setattr(checkpoints, "make", crash)
        case "keeping":
            monkeypatch.setattr(rotation, "_kept_as", crash)
        case _:
            monkeypatch.setattr(Path, "replace", crash)


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_cut_off_at_any_step_is_completed_by_rotating_again(
    database, path, monkeypatch, step
):
    first = keys.load(path).public
    new = keys.make(path.with_name("audit.pem.new")).public
    with monkeypatch.context() as broken:
        crash_at(step, broken)
        with pytest.raises(Crashed):
            rotation.rotate(database, path, LATER)
    assert keys.load(path).public == first
    assert len(entered(database, "rotate_key")) == (step != "checkpoint")
    if step != "checkpoint":  # the old key has named its successor: it signs nothing more
        change(database)
        with pytest.raises(keys.NotTheKey):
            checkpoints.cover(database, keys.load(path), LATER)
    changed = rotation.rotate(database, path, LATER)
    assert (changed.old, changed.new, keys.load(path).public) == (first, new, new)
    assert len(entered(database, "rotate_key")) == 1
    assert names(path) == [f"audit-{first[:8]}.pem", "audit.pem"]
    work_goes_on(database, path, first)


def test_a_crash_while_the_new_key_is_written_leaves_the_old_one(database, path, monkeypatch):
    first = keys.load(path).public
    with monkeypatch.context() as broken:
        broken.setattr("app.audit.keys.os.link", crash)
        with pytest.raises(Crashed):
            rotation.rotate(database, path, LATER)
    assert names(path) == ["audit.pem"]
    work_goes_on(database, path, first)


def test_a_lost_key_is_replaced_with_its_reason_and_the_break_stays(database, path):
    first = keys.load(path).public
    with pytest.raises(rotation.KeyNotLost):
        rotation.replace(database, path, "硬盘损坏", LATER)
    path.unlink()
    with pytest.raises(keys.NoKey):
        rotation.rotate(database, path, LATER)
    path.with_name("audit.pem.new").unlink()
    changed = rotation.replace(database, path, "硬盘损坏", LATER)
    assert changed.old == first
    assert entered(database, "replace_lost_key") == [
        {"old": first, "new": changed.new, "reason": "硬盘损坏"}
    ]
    assert followed(database, first) == [1]
    change(database)
    [after] = checkpoints.cover(database, keys.load(path), LATER)
    told = checkpoints.told(after)
    assert (after.number, told["key"], told["next_key"]) == (3, changed.new, changed.new)


@pytest.mark.parametrize("step", STEPS)
def test_a_replacement_cut_off_is_completed_and_what_lay_there_is_kept(
    database, path, monkeypatch, step
):
    first = keys.load(path).public
    path.unlink()
    path.write_text("a damaged key", "utf-8")
    new = keys.make(path.with_name("audit.pem.new")).public
    with monkeypatch.context() as broken:
        crash_at(step, broken)
        with pytest.raises(Crashed):
            rotation.replace(database, path, "损坏", LATER)
    changed = rotation.replace(database, path, "损坏", LATER)
    assert (changed.old, changed.new, keys.load(path).public) == (first, new, new)
    assert len(entered(database, "replace_lost_key")) == 1
    kept = path.with_name("audit-unusable-1.pem")
    assert kept.read_text("utf-8") == "a damaged key"


def test_a_lost_key_whose_successor_is_named_is_no_loss(database, path, monkeypatch):
    first = keys.load(path).public
    keys.make(path.with_name("audit.pem.new"))
    with monkeypatch.context() as broken:
        crash_at("keeping", broken)
        with pytest.raises(Crashed):
            rotation.rotate(database, path, LATER)
    path.unlink()
    with pytest.raises(rotation.KeyNotLost):
        rotation.replace(database, path, "丢失", LATER)
    rotation.rotate(database, path, LATER)
    work_goes_on(database, path, first)


def test_before_the_first_checkpoint_there_is_no_key_to_change(database, tmp_path):
    for change_it in (
        lambda: rotation.rotate(database, tmp_path / "audit.pem", NOW),
        lambda: rotation.replace(database, tmp_path / "audit.pem", "x", NOW),
    ):
        with pytest.raises(rotation.NothingSigned):
            change_it()


def test_the_commands_say_what_stands_and_what_was_done(app, database, settings):
    run = app.test_cli_runner().invoke
    missing = run(args=["audit", "key", "show"])
    assert missing.exit_code == 1
    assert "密钥不可用" in missing.output
    assert run(args=["audit", "key", "rotate"]).exit_code == 1
    change(database)
    made = run(args=["audit", "checkpoint"])
    assert "存证点 Checkpoint 1" in made.output
    assert run(args=["audit", "checkpoint"]).output.startswith("没有未存证的变更")
    assert "存证点 Checkpoint 2 · 全量 full" in run(args=["audit", "checkpoint", "--full"]).output
    public = keys.load(settings.audit_key).public
    shown = run(args=["audit", "key", "show"])
    assert public in shown.output
    assert keys.fingerprint(public) in shown.output
    assert "自存证点 1 起签署" in shown.output
    assert "警告" not in shown.output
    settings.audit_key.chmod(0o644)
    assert "Others may read this file" in run(args=["audit", "key", "show"]).output
    rotated = run(args=["audit", "key", "rotate"])
    assert rotated.exit_code == 0
    assert public in rotated.output
    assert keys.load(settings.audit_key).public in rotated.output
    assert "尚未签署存证点" in run(args=["audit", "key", "show"]).output
    assert run(args=["audit", "key", "replace", "--lost", "x"]).exit_code == 1
    assert run(args=["audit", "key", "replace", "--lost", " "]).exit_code == 2
    settings.audit_key.unlink()
    replaced = run(args=["audit", "key", "replace", "--lost", "硬盘损坏"])
    assert replaced.exit_code == 0
    assert "every verification will name the break" in replaced.output
