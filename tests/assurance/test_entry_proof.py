"""The page of an entry: what it computes holds, and what somebody changed shows."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.assurance import entry_proof
from app.assurance.entry_proof import Proven, proven
from app.audit import chain, checkpoints, merkle, triggers
from app.audit.keys import fingerprint
from app.audit.models import Checkpoint
from tests.assurance.audited import Audited, audited
from tests.cases.conftest import page
from tests.times import NOW

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW)


@pytest.fixture
def scene(database, tmp_path) -> Audited:
    return audited(database, tmp_path)


@pytest.fixture
def auditor(scene, sign_in) -> FlaskClient:
    client: FlaskClient = sign_in(scene["何审计"])
    return client


def read(scene: Audited, chain_id: UUID, seq: int) -> Proven:
    with scene.database.read() as session:
        found = proven(session, scene["何审计"], chain_id, seq)
    assert found is not None
    return found


def change(scene: Audited, statement: str) -> None:
    """As whoever owns the database does it, whom no trigger hinders."""
    with scene.database.engine.begin() as connection:
        if scene.database.is_sqlite:
            for name in triggers.KEPT | triggers.KEPT_ON["sqlite"]:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))


@pytest.mark.parametrize("size", range(1, 12))
def test_the_path_of_every_leaf_leads_to_the_root(size):
    leaves = [bytes([number]) for number in range(size)]
    tree = merkle.Tree(leaves)
    for index, data in enumerate(leaves):
        path = tree.path(index)
        steps = list(entry_proof._steps(merkle.leaf(data), index, size, path))
        assert [step.hash for step in steps] == [one.hex() for one in path]
        last = steps[-1].gives if steps else merkle.leaf(data).hex()
        assert last == tree.root.hex()


def test_an_entry_is_proven_by_the_first_checkpoint_that_covers_it(scene, auditor):
    case_id, other = scene.office.case("王芳"), scene.office.case("马晓")
    for _ in range(3):
        scene.act(case_id, "comment", "王芳")
    scene.act(other, "comment", "马晓")
    scene.note("registers", "add_unit", "王芳")
    first = scene.cover()
    scene.act(case_id, "comment", "王芳")
    second = scene.cover(NOW + HOUR)
    scene.act(case_id, "comment", "王芳")
    for seq, number, head in ((0, first, 2), (2, first, 2), (3, second, 3)):
        covered = read(scene, case_id, seq).covered
        assert covered is not None
        assert covered.holds
        assert (covered.number, covered.head_seq) == (number, head)
    with scene.database.read() as session:
        signed = checkpoints.told(session.get_one(Checkpoint, first))["changed"]
    covered = read(scene, case_id, 1).covered
    assert covered is not None
    assert (covered.root, covered.size) == (signed["root"], signed["count"])
    html = page(auditor.get(f"/audit/log/{case_id}/1"))
    assert f"存证点 {first} 证明" in html
    assert html.count(signed["root"]) >= 2
    assert fingerprint(scene.key.public) in html
    assert f"/audit/log/{case_id}/0" in html
    assert f"/audit/log/{case_id}/2" in html
    uncovered = page(auditor.get(f"/audit/log/{case_id}/4"))
    assert "记录完好，尚未存证" in uncovered
    assert "最迟于 2026-03-16 12:10 存证" in uncovered
    assert f"/audit/log/{case_id}/5" not in uncovered
    page(auditor.get(f"/audit/log/{case_id}/5"), 404)


def test_personal_and_sealed_values_stay_closed(scene, auditor):
    case_id = scene.office.case("王芳")
    scene.act(case_id, "comment", "王芳", private={"witness": "丁证人"})
    html = page(auditor.get(f"/audit/log/{case_id}/0"))
    commitment = read(scene, case_id, 0).told["commitments"]["witness"]
    assert commitment in html
    assert "仅有承诺值" in html
    assert "丁证人" not in html


ENTRY_1 = "WHERE seq = 1 AND chain = 'case'"


@pytest.mark.parametrize(
    ("statement", "seq", "said"),
    [
        (f"UPDATE audit_entries SET body = replace(body, '王芳', '王某') {ENTRY_1}", 1,
         "此条记录与登记时不一致"),
        (f"UPDATE audit_entries SET actor_name = '王某' {ENTRY_1}", 1, "与正文不一致"),
        (f"UPDATE audit_entries SET hash = replace(hash, '1', '2') {ENTRY_1}", 2,
         "与前一条记录的摘要不符"),
        (f"UPDATE audit_entries SET body = replace(body, '王芳', '王某') {ENTRY_1}", 0,
         "记录前后不衔接"),
        ("DELETE FROM audit_entries WHERE seq = 1", 0, "记录前后不衔接"),
        ("UPDATE checkpoint_leaves SET seq = seq + 1", 1, "不能证明此条记录"),
        ("UPDATE checkpoints SET signature = '00'", 1, "签名不成立"),
    ],
)  # fmt: skip
def test_what_somebody_changed_shows(scene, auditor, statement, seq, said):
    case_id = scene.office.case("王芳")
    for _ in range(3):
        scene.act(case_id, "comment", "王芳")
    scene.cover()
    before = page(auditor.get(f"/audit/log/{case_id}/{seq}"))
    assert said not in before
    change(scene, statement)
    html = page(auditor.get(f"/audit/log/{case_id}/{seq}"))
    assert said in html
    assert 'role="alert"' in html
    assert not re.search(r"存证点 \d 证明。", html)


def test_the_body_is_shown_as_it_was_hashed(scene, auditor):
    case_id = scene.office.case("王芳")
    scene.act(case_id, "comment", "王芳", details={"text": "<b>一</b>"})
    found = read(scene, case_id, 0)
    html = page(auditor.get(f"/audit/log/{case_id}/0"))
    assert "<b>一</b>" not in html
    [shown] = re.findall(r'<pre class="body" tabindex="0">(\{&#34;actor.*?)</pre>', html)
    assert chain.digest(unescape(shown)) == found.row.hash
