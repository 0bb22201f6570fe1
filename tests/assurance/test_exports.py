import hashlib
import json

import pytest
from sqlalchemy import select

from app.assurance import exports
from app.assurance.exports import ReasonMissing, TooLarge
from app.assurance.formats import WRITERS
from app.assurance.selection import Selection
from app.audit import chain, checkpoints
from app.audit.models import AuditEntry
from app.engine.actors import SYSTEM_ACTOR
from tests.assurance.ledgers import LATER, ledger, lines_of, verified
from tests.times import NOW


@pytest.fixture
def book(database, settings, tmp_path):
    return ledger(database, settings, tmp_path)


def details(database, name):
    """What the entries of a kind of chain tell."""
    query = select(AuditEntry.body).where(AuditEntry.chain == name).order_by(AuditEntry.seq)
    with database.read() as session:
        return [json.loads(body)["details"] for body in session.scalars(query)]


def test_an_export_is_an_entry_with_the_digest_of_its_bytes(book, database):
    chosen = Selection(kinds=frozenset({"registers"}))
    file = book.export(chosen=chosen)
    [told] = details(database, "exports")
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["bytes"] == file.stat().st_size
    assert (told["format"], told["masked"], told["reason"]) == ("jsonl", True, "")
    assert told["filter"]["kinds"] == ["registers"]
    assert told["chosen"] == {"zh": "种类 名录", "en": "kinds Registers"}
    assert (told["chains"], told["entries"], told["values"]) == (1, 3, 0)
    assert details(database, "reads") == []
    where = exports.chain_of_exports(SYSTEM_ACTOR.organisation_id, LATER)
    again = book.export()
    assert verified(again).code == 0
    assert str(where) in [line.get("chain_id") for line in lines_of(again)]


def test_values_are_given_away_for_a_reason_and_each_chain_is_recorded_as_read(book, database):
    with pytest.raises(ReasonMissing):
        book.export(masked=False, reason="  ")
    assert details(database, "exports") == []
    book.export(masked=False, reason="法院调取")
    [told] = details(database, "exports")
    assert (told["masked"], told["reason"], told["values"]) == (False, "法院调取", 6)
    read = details(database, "reads")
    assert {one["chain"] for one in read} == {
        str(chain.chain_id_of(name)) for name in ("registers", "administration", "releases")
    }
    assert {(*one["names"], one["reason"]) for one in read} == {("phone", "remark", "法院调取")}


def test_everything_is_covered_before(book, database):
    file = book.export()
    with database.read() as session:
        newest = checkpoints.latest(session)
    assert newest is not None
    header = lines_of(file)[0]
    assert header["covered"] == {
        "checkpoint": newest.number, "made_at": chain.instant(LATER), "whole": True,
    }  # fmt: skip
    assert all(line["proofs"] for line in lines_of(file) if line["line"] == "chain")


def test_without_the_key_it_says_how_far_it_is_covered(book):
    first = lines_of(book.export(now=NOW))[0]["covered"]
    book.settings.audit_key.unlink()
    file = book.export()
    assert lines_of(file)[0]["covered"] == first | {"whole": False}
    found = verified(file)
    assert found.code == 0, found.said
    assert "1 are not" in found.said, "the entry of the first export"


def test_without_any_checkpoint_it_still_exports(book, tmp_path):
    book.settings.audit_key.parent.mkdir(parents=True)
    book.settings.audit_key.write_text("no key")
    file = book.export()
    assert lines_of(file)[0]["anchors"] == []
    found = verified(file)
    assert found.code == 0, found.said
    assert "No checkpoint covers these entries" in found.said


def test_a_selection_of_more_entries_than_allowed_is_refused(book, database):
    with database.read() as session:
        assert exports.size_of(session, Selection(), most=9) == exports.Counts(3, 9)
        with pytest.raises(TooLarge):
            exports.size_of(session, Selection(), most=8)


def test_the_command_exports_every_format_and_says_what_it_wrote(book, app, tmp_path):
    run = app.test_cli_runner()
    for key, writer in WRITERS.items():
        out = tmp_path / f"command{writer.suffix}"
        result = run.invoke(args=["audit", "export", "--format", key, "--out", str(out)])
        assert result.exit_code == 0, result.output
        assert hashlib.sha256(out.read_bytes()).hexdigest() in result.output
    assert [path.suffix for path in tmp_path.glob("command*.part")] == []
    told = details(book.database, "exports")
    assert [one["format"] for one in told] == list(WRITERS)
    assert verified(tmp_path / "command.jsonl").code == 0


def test_the_command_keeps_no_file_of_what_it_refuses(book, app, tmp_path):
    run = app.test_cli_runner()
    asked = ["audit", "export", "--format", "jsonl", "--out", str(tmp_path / "refused.jsonl")]
    for more, why in (
        (["--unmask"], "须说明理由"),
        (["--against", "7"], "存证点 7 不存在"),
        (["--case", "无此案"], "无此案"),
        (["--until", "2026"], "does not match the format"),
    ):
        result = run.invoke(args=[*asked, *more])
        assert result.exit_code != 0
        assert why in result.output
    assert list(tmp_path.glob("refused*")) == []
    there = tmp_path / "there.jsonl"
    there.write_text("kept", encoding="utf-8")
    result = run.invoke(args=["audit", "export", "--format", "jsonl", "--out", str(there)])
    assert (result.exit_code, there.read_text(encoding="utf-8")) == (1, "kept")
    assert "文件已存在" in result.output
    narrowed = run.invoke(
        args=[*asked, "--since", "2026-03-16", "--until", "2026-03-16", "--kind", "releases",
              "--reason", "年度检查"]
    )  # fmt: skip
    assert narrowed.exit_code == 0, narrowed.output
    [told] = details(book.database, "exports")
    assert told["filter"]["since"] == "2026-03-15T16:00:00.000000Z"
    assert told["filter"]["until"] == "2026-03-16T16:00:00.000000Z"
    assert (told["entries"], told["reason"]) == (3, "年度检查")
