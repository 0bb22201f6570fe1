import ast
import json
import subprocess
import sys
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import text

from app.assurance import proofs, verify_export
from app.assurance.selection import Selection
from app.audit import chain, checkpoints, keys
from tests.assurance.ledgers import LATER, forged, ledger, lines_of, verified
from tests.times import NOW


@pytest.fixture
def book(database, settings, tmp_path):
    return ledger(database, settings, tmp_path)


def entries(lines, chain_at=0):
    """The entries of one chain of an export."""
    start = [n for n, line in enumerate(lines) if line["line"] == "chain"][chain_at]
    found = []
    for line in lines[start + 1 :]:
        if line["line"] != "entry":
            break
        found.append(line)
    return found


def chains(lines):
    return [line for line in lines if line["line"] == "chain"]


# What holds ---------------------------------------------------------------------------------------


def test_an_export_holds_against_a_checkpoint_handed_out_before(book):
    handed = book.hand_out()
    book.act("registers", "丁", LATER)
    found = verified(book.export(against=[1]), handed, key=book.key.public)
    assert found.code == 0, found.said
    assert "9 entries are covered, 1 are not" in found.said
    assert "from entry 3 on" in found.said


def test_without_a_checkpoint_it_says_what_the_key_alone_proves(book):
    found = verified(book.export(), key=book.key.public)
    assert found.code == 0, found.said
    assert "the key you gave only" in found.said
    assert "the key in the file itself" in verified(book.export()).said


def test_a_selection_holds_and_tells_how_much_is_here(book):
    handed = book.hand_out()
    found = verified(book.export(chosen=Selection(kinds=frozenset({"registers"}))), handed)
    assert found.code == 0, found.said
    assert "covers 3 chains, 1 of them are here" in found.said


def test_a_masked_export_holds_and_still_does_after_values_were_destroyed(book):
    handed = book.hand_out()
    masked = book.export(against=[1])
    open_ = book.export(against=[1], masked=False, reason="法院调取")
    assert "13800000000" not in masked.read_text(encoding="utf-8")
    assert "13800000000" in open_.read_text(encoding="utf-8")
    assert "6 masked, 0 destroyed" in verified(masked, handed).said
    assert verified(open_, handed).code == 0

    kept = chain.values
    book.database.write(
        lambda session: session.execute(
            kept.update().where(kept.c.name == "phone").values(salt="", value="")
        )
    )
    masked = book.export(against=[1])
    open_ = book.export(against=[1], masked=False, reason="法院调取")
    found = verified(open_, handed)
    assert found.code == 0, found.said
    assert "3 destroyed" in found.said
    assert verified(masked, handed).code == 0


def test_a_key_that_follows_the_one_handed_out_is_followed(book, tmp_path):
    first = book.key.public
    handed = book.hand_out()
    second = keys.make(tmp_path / "second.pem")
    checkpoints.make(book.database, book.key, NOW, full=True, next_key=second.public)
    book.settings.audit_key.write_bytes((tmp_path / "second.pem").read_bytes())
    book.act("registers", "丁")
    found = verified(book.export(against=[1]), handed, key=first)
    assert found.code == 0, found.said


def test_it_is_written_for_an_older_python_and_imports_nothing_else():
    program = ast.parse(Path(verify_export.__file__).read_text("utf-8"), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(program)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


def test_it_runs_where_there_is_nothing_but_the_library(book, tmp_path):
    handed, export = book.hand_out(), book.export()
    alone = tmp_path / "alone"
    alone.mkdir()
    copy = alone / "verify_export.py"
    copy.write_bytes(Path(verify_export.__file__).read_bytes())
    library = alone / "library"
    library.mkdir()
    for name in ("cryptography", "cffi", "_cffi_backend"):
        found = find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (library / origin.name).symlink_to(origin)
    run = [sys.executable, "-I", "-S", "-c"]
    begin = f"import sys; sys.path[:0] = [{str(alone)!r}, {str(library)!r}]\n"
    ran = subprocess.run(
        [*run, begin + "import app"], cwd=alone, capture_output=True, text=True, check=False
    )
    assert "No module named 'app'" in ran.stderr
    asked = ["verify_export", str(export), "--key", book.key.public, "--checkpoint", str(handed)]
    script = (
        f"sys.argv = {asked!r}; import runpy; runpy.run_path({str(copy)!r}, run_name='__main__')"
    )
    ran = subprocess.run(
        [*run, begin + script], cwd=alone, capture_output=True, text=True, check=False, env={}
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


# A file that somebody changed ---------------------------------------------------------------------


def flip_a_bit(lines):
    entry = entries(lines)[1]
    entry["body"] = entry["body"].replace("乙", "也")


def flip_and_rehash(lines):
    entry = entries(lines)[1]
    entry["body"] = entry["body"].replace("乙", "也")
    entry["hash"] = chain.digest(entry["body"])


def rewrite_the_rest(lines):
    rehash(lines, 1, lambda body: body["details"].update(what="也"))


def rewrite_the_last(lines):
    rehash(lines, 2, lambda body: body["details"].update(what="也"))


def rehash(lines, since, change):
    """Rewrite a chain from an entry on as whoever knows the format would."""
    found = entries(lines)
    previous = found[since - 1]["hash"]
    for seq, entry in enumerate(found):
        if seq >= since:
            body = json.loads(entry["body"])
            if seq == since:
                change(body)
            body["previous"] = previous
            entry["body"] = chain.canonical(body)
            entry["hash"] = previous = chain.digest(entry["body"])
    chains(lines)[0]["last_hash"] = previous


def swap_two(lines):
    at = lines.index(entries(lines)[1])
    lines[at], lines[at + 1] = lines[at + 1], lines[at]


def leave_one_out(lines):
    lines.remove(entries(lines)[1])


def cut_the_end(lines):
    lines.remove(entries(lines)[2])


def cut_the_end_and_set_the_head_back(lines):
    lines.remove(entries(lines)[2])
    chains(lines)[0].update(last_seq=1, last_hash=entries(lines)[1]["hash"])


def leave_a_chain_out(lines):
    for entry in entries(lines):
        lines.remove(entry)
    lines.remove(chains(lines)[0])


def repeat_a_chain(lines):
    at = lines.index(chains(lines)[1])
    lines[at:at] = [chains(lines)[0], *entries(lines)]


def add_an_entry(lines):
    last = entries(lines)[2]
    body = json.loads(last["body"]) | {"seq": 3, "previous": last["hash"]}
    made = chain.canonical(body)
    lines.insert(lines.index(last) + 1, {**last, "body": made, "hash": chain.digest(made)})
    chains(lines)[0].update(last_seq=3, last_hash=chain.digest(made))


def take_an_entry_of_another_chain(lines):
    entries(lines)[0].update(entries(lines, 1)[0])


def change_a_value(lines):
    entries(lines)[1]["values"]["phone"]["value"] = '"13900000000"'


def hide_a_value(lines):
    del entries(lines)[1]["values"]["phone"]


def claim_another_value_destroyed(lines):
    entries(lines)[1]["destroyed"] = ["address"]


def forge_a_signature(lines):
    line = next(line for line in lines if line["line"] == "checkpoint")
    line["signature"] = line["signature"][:-1] + ("0" if line["signature"][-1] != "0" else "1")


def alter_a_checkpoint(lines):
    line = next(line for line in lines if line["line"] == "checkpoint")
    line["body"] = line["body"].replace('"count":3', '"count":2')


def leave_a_checkpoint_out(lines):
    lines.remove([line for line in lines if line["line"] == "checkpoint"][1])


def bend_a_path(lines):
    proof = chains(lines)[0]["proofs"][0]
    proof["path"][0] = "0" * 64


def prove_less(lines):
    proof = chains(lines)[0]["proofs"][0]
    proof.update(seq=1, hash=entries(lines)[1]["hash"])


def hide_the_proofs(lines):
    rewrite_the_last(lines)
    lines[0]["selection"]["everything"] = False
    chains(lines)[0]["proofs"] = []


def hide_the_anchor(lines):
    lines[0]["anchors"] = lines[0]["anchors"][1:]


def lose_the_last_line(lines):
    lines.pop()


def write_it_otherwise(lines):
    entry = entries(lines)[0]
    entry["body"] = entry["body"].replace('"chain":', '"chain": ', 1)
    entry["hash"] = chain.digest(entry["body"])


def garble_a_line(lines):
    entries(lines)[0]["body"] = 7


def nest_a_body(lines):
    entries(lines)[0]["body"] = "[" * 100_000


FORGERIES = (
    (flip_a_bit, "altered: the hash is another"),
    (flip_and_rehash, "does not follow from the entry before"),
    (rewrite_the_rest, "fixed another"),
    (rewrite_the_last, "fixed another"),
    (swap_two, "reordered"),
    (leave_one_out, "entry 1: missing"),
    (cut_the_end, "entry 2: cut off from here on"),
    (cut_the_end_and_set_the_head_back, "entry 2: cut off, though"),
    (leave_a_chain_out, "whole chains were left out"),
    (repeat_a_chain, "there twice"),
    (add_an_entry, "does not cover it"),
    (take_an_entry_of_another_chain, "belongs elsewhere"),
    (change_a_value, "value of phone was changed"),
    (hide_a_value, "values are missing: ['phone']"),
    (claim_another_value_destroyed, "there is no address"),
    (forge_a_signature, "signature does not hold"),
    (alter_a_checkpoint, "signature does not hold"),
    (leave_a_checkpoint_out, "After checkpoint"),
    (bend_a_path, "does not lead to checkpoint"),
    (prove_less, "does not lead to checkpoint"),
    (hide_the_proofs, "its proof was left out"),
    (hide_the_anchor, "proves nothing against it"),
    (lose_the_last_line, "has no last line"),
    (write_it_otherwise, "not canonical JSON"),
    (garble_a_line, "cannot be read"),
    (nest_a_body, "cannot be read"),
)


def test_every_forgery_of_a_file_is_found_and_named(book):
    handed = book.hand_out(NOW + timedelta(hours=3))
    for day in range(1, 3):
        book.act("administration", "晚", LATER + timedelta(days=day))
        book.hand_out(LATER + timedelta(days=day))
    export = book.export(against=[1], masked=False, reason="核查", now=LATER + timedelta(days=4))
    assert verified(export, handed).code == 0, verified(export, handed).said
    first = chains(lines_of(export))[0]
    assert first["last_seq"] == 2, "the chain they change has three entries"
    for change, named in FORGERIES:
        found = verified(forged(export, change), handed)
        assert found.code == 1, change.__name__
        assert named in found.said, f"{change.__name__}: {found.said}"


def resign(lines, key, told):
    """Have the operator sign the newest checkpoint anew, saying something else."""
    line = [line for line in lines if line["line"] == "checkpoint"][-1]
    line["body"] = chain.canonical(json.loads(line["body"]) | told)
    line["signature"] = key.sign(line["body"])


def set_header(lines, name, value):
    lines[0][name] = value


def test_nonsense_under_a_good_signature_ends_in_a_verdict(book):
    book.hand_out()
    export = book.export()
    for told in ({"all": 1}, {"all": {"root": ""}}, {"made_at": "never"}):
        found = verified(forged(export, partial(resign, key=book.key, told=told)))
        assert found.code == 1, found.said
    for name, value in (("number", float("inf")), ("anchors", [float("inf")]), ("selection", {})):
        found = verified(forged(export, partial(set_header, name=name, value=value)))
        assert found.code == (0 if name == "number" else 2), found.said
    endless = forged(export, lambda lines: chains(lines)[0].update(last_seq=float("inf")))
    assert "cannot be read" in verified(endless).said
    lone = export.with_name("lone.json")
    body = json.dumps({"format": 1, "key": "", "number": 1, "x": "\ud800"}, separators=(",", ":"))
    body = body.replace("\\ud800", "\ud800")
    lone.write_text(json.dumps({"tanjian_checkpoint": 1, "body": body, "signature": ""}))
    assert verified(export, lone).code == 2


def test_nothing_is_said_to_hold_beside_a_fault(book):
    handed = book.hand_out()
    export = book.export(against=[1])
    assert "has not changed since" in verified(export, handed).said
    assert "has not changed since" not in verified(forged(export, flip_a_bit), handed).said


def test_an_export_that_calls_itself_a_part_is_told_to_be_one(book):
    """Whoever leaves a chain out can say that the export never was one of everything."""
    handed = book.hand_out()

    def call_it_a_part(lines):
        leave_a_chain_out(lines)
        lines[0]["selection"]["everything"] = False

    found = verified(forged(book.export(), call_it_a_part), handed)
    assert found.code == 0, found.said
    assert "Of the other 1 chains nothing is said" in found.said


def test_a_bit_is_found_wherever_it_flips(book):
    handed, export = book.hand_out(), book.export()
    data = export.read_bytes()
    flipped = export.with_name("flipped.jsonl")
    for at in range(3, len(data), len(data) // 60):
        flipped.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert verified(flipped, handed).code != 0, data[at - 20 : at + 20]


def test_a_file_of_another_kind_is_told_apart_from_a_forged_one(book, tmp_path):
    handed, export = book.hand_out(), book.export()
    assert verified(handed).code == 2
    assert verified(tmp_path / "nothing").code == 2
    assert verified(export, export).code == 2


def test_another_key_than_the_one_handed_out_is_noticed(book, tmp_path):
    stranger = keys.make(tmp_path / "stranger.pem").public
    found = verified(book.export(), key=stranger)
    assert found.code == 1
    assert "by the key you gave" in found.said


# What whoever holds database and key might do -----------------------------------------------------


def test_a_chain_rewritten_whole_with_new_checkpoints_is_found(book):
    handed = book.hand_out()
    with book.attacker() as connection:
        book.forget_chain(connection, "registers")
        book.forget_checkpoints(connection)
    for what in ("甲", "好", "丙"):
        book.act("registers", what)
    book.hand_out()
    export = book.export(against=[1])
    assert verified(export, key=book.key.public).code == 0, "it agrees with itself"
    found = verified(export, handed)
    assert found.code == 1
    assert "history was rewritten" in found.said


def test_a_chain_rewritten_under_the_old_checkpoint_is_found(book):
    handed = book.hand_out()
    with book.attacker() as connection:
        book.forget_chain(connection, "registers")
        connection.execute(
            text("UPDATE chain_heads SET covered_seq = -1 WHERE chain = 'registers'")
        )
    for what in ("甲", "好", "丙"):
        book.act("registers", what)
    book.hand_out(LATER)
    found = verified(book.export(against=[1]), handed)
    assert found.code == 1
    assert "rewritten: checkpoint 1 fixed another" in found.said


def test_newest_entries_deleted_are_found(book):
    handed = book.hand_out()
    with book.attacker() as connection:
        book.forget_chain(connection, "registers", since=2)
    found = verified(book.export(against=[1]), handed)
    assert found.code == 1
    assert "cut off, though [1] fixed it" in found.said


def test_an_older_backup_is_found_at_once_and_after_it_went_on(book):
    book.hand_out()
    book.act("registers", "丁")
    handed = book.hand_out(LATER)
    with book.attacker() as connection:
        book.forget_chain(connection, "registers", since=3)
        book.forget_checkpoints(connection, since=2)
        connection.execute(text("UPDATE chain_heads SET covered_seq = last_seq"))
    found = verified(book.export(), handed)
    assert found.code == 1
    assert "a restored backup, or made before" in found.said
    book.act("registers", "戊")
    assert "history was rewritten" in verified(book.export(against=[2]), handed).said


def test_a_chain_taken_away_whole_is_found(book):
    handed = book.hand_out()
    with book.attacker() as connection:
        gone = chain.chain_id_of("registers")
        connection.execute(chain.entries.delete().where(chain.entries.c.chain_id == gone))
        connection.execute(chain.heads.delete().where(chain.heads.c.chain_id == gone))
    found = verified(book.export(against=[1]), handed)
    assert found.code == 1
    assert "covers 3 chains, and 2 of them are here" in found.said
    with book.attacker() as connection:
        leaves = checkpoints.leaves
        connection.execute(leaves.delete().where(leaves.c.chain_id == gone))
    assert "does not lead to checkpoint 1" in verified(book.export(against=[1]), handed).said


def test_only_a_full_checkpoint_proves(book):
    book.hand_out()
    book.act("registers", "丁")
    checkpoints.cover(book.database, book.key, NOW)
    for number in (2, 9):
        with book.database.read() as session, pytest.raises(proofs.NotAnAnchor):
            proofs.anchors(session, [number])
