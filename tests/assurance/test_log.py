"""The log: what a search finds, how it pages, what it costs, who may look."""

from __future__ import annotations

import ast
import re
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import literal, select

from app.accounts.models import Organisation, OrganisationKind, Person
from app.assurance import log, wording
from app.assurance.log import Key, Search, search
from app.assurance.spans import gap, local_ordinal
from app.cases.models import Case
from app.db import UTCDateTime
from app.engine.actors import Actor, Role
from app.law.periods import local_date
from config import ROOT
from tests import factories
from tests.assurance.audited import Audited, audited
from tests.cases.conftest import page
from tests.cases.test_ticker_plans import asked, plan
from tests.times import NOW, at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGES = (
    "/audit/", "/audit/log", f"/audit/log/days/{local_date(NOW)}", "/audit/reports",
    "/audit/reports/reads", "/audit/reports/gaps", "/audit/reports/separation",
    "/audit/reports/handed-out",
)  # fmt: skip
RECORDED = "ix_audit_entries_recorded"
OF_A_CHAIN = "pk_audit_entries|sqlite_autoindex_audit_entries_1|uq_audit_entries_request"
"""The indices that begin with the chain; among a few rows either engine takes any of them."""
TABLES = ("reads", "gaps", "separation", "exports", "checkpoints")


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


def acts(html: str) -> list[str]:
    """The acts of the lines, in their order."""
    rows = re.findall(r'<th scope="row"><a href="/audit/log/[^"]+">([^<]+)</a>', html)
    return [unescape(row) for row in rows]


def ask(client: FlaskClient, status: int = 200, **questions: Any) -> str:
    return page(client.get(f"/audit/log?{urlencode(questions)}"), status)


def test_each_question_finds_its_entries(scene, auditor):
    first, second = scene.office.case("王芳"), scene.office.case("马晓", lifecycle="recheck")
    with scene.database.read() as session:
        numbers = {row.id: row.number for row in session.execute(select(Case.id, Case.number))}
    scene.act(first, "comment", "王芳", at=NOW - 3 * DAY)
    scene.act(first, "add_evidence", "陈主管", at=NOW - DAY, occurred=NOW - 9 * DAY, flags="late")
    scene.act(second, "assign", "冯立", at=NOW - HOUR, place_of="王芳")
    scene.note("registers", "add_unit", "陈主管", at=NOW - 2 * HOUR)
    evidence, remark, assigned, unit = "添加证据", "留言", "指定承办人", "新增重点排放单位"
    assert acts(ask(auditor)) == [assigned, unit, evidence, remark]
    login = "person"
    with scene.database.read() as session:
        login = session.get_one(Person, scene["王芳"].person_id).login
    for questions, found in (
        ({"who": "王芳"}, [remark]),
        ({"who": login}, [remark]),
        ({"case": numbers[second]}, [assigned]),
        ({"case": numbers[first]}, [evidence, remark]),
        ({"organisation": "测试分局"}, [assigned]),
        ({"kind": "registers"}, [unit]),
        ({"kind": "registers", "who": "陈主管"}, [unit]),
        ({"kind": "case", "who": "陈主管"}, [evidence]),
        ({"act": "evidence"}, [evidence]),
        ({"act": "重点排放"}, [unit]),
        ({"flag": "late"}, [evidence]),
        ({"flag": "behalf"}, [assigned]),
        ({"since": local_date(NOW)}, [assigned, unit]),
        ({"until": local_date(NOW - DAY)}, [evidence, remark]),
        ({"until": local_date(NOW - 9 * DAY), "by": "occurred"}, [evidence]),
        ({"since": local_date(NOW - 3 * DAY), "by": "occurred"}, [assigned, unit, remark]),
    ):
        assert acts(ask(auditor, **questions)) == found, questions
    nothing = ask(auditor, who="王芳", flag="late")
    assert "没有符合条件的记录" in nothing
    assert "请减少条件或放宽日期" in nothing


def test_of_several_that_fit_one_is_chosen(scene, auditor):
    case_id = scene.office.case("王芳")
    scene.act(case_id, "comment", "王芳")
    scene.database.write(lambda session: factories.person(session, name="王芬", login="wangfen"))
    offered = ask(auditor, who="王")
    assert acts(offered) == []
    assert "wangfen" in offered
    [chosen] = re.findall(r'href="([^"]+)">王芳</a>', offered)
    assert acts(page(auditor.get(unescape(chosen)))) == ["留言"]
    by_number = ask(auditor, case="测")
    assert acts(by_number) == ["留言"]  # the only case


def test_what_cannot_be_searched_comes_back_with_the_reason_beside_it(auditor):
    for questions, field, reason in (
        ({"since": "2026-13-99"}, "since", ""),
        ({"since": "1026-01-01"}, "since", "日期请写作"),
        ({"since": "2026-03-10", "until": "2026-03-01"}, "until", "此日早于起始日"),
        ({"who": "无此人"}, "who", "没有找到"),
        ({"case": "无此号"}, "case", "没有找到"),
        ({"organisation": "无此单位"}, "organisation", "没有找到"),
        ({"act": "无此事"}, "act", "没有这样名称的事项"),
    ):
        html = ask(auditor, 422, **questions)
        [fault] = re.findall(rf'id="{field}-error">(.*?)</p>', html)
        assert reason in fault, questions
        assert f'value="{questions[field]}"' in html
        assert "尚未检索" in html
    ask(auditor, after="nonsense")


def test_pages_leave_no_entry_out_and_repeat_none(scene):
    """Among many recorded at the same instant, and in a chain of its own."""
    case_ids = [scene.office.case("王芳") for _ in range(4)]
    for number in range(12):
        for case_id in case_ids:
            scene.act(case_id, "comment", "王芳", at=NOW - HOUR * (number % 2))
    for _ in range(7):
        scene.note("registers", "add_unit", "王芳", at=NOW)
    with scene.database.read() as session:
        for asked_, expected in ((Search(), 55), (Search(kind="registers"), 7)):
            seen, after = [], None
            while True:
                found = search(session, scene["何审计"], asked_, after, size=6)
                seen += [(row.recorded_at, row.chain_id, row.seq) for row in found.rows]
                if found.older is None:
                    break
                after = Key.read(str(found.older))
            assert len(seen) == len(set(seen)) == expected
            assert [at_ for at_, *_ in seen] == sorted((at_ for at_, *_ in seen), reverse=True)


def test_every_main_question_is_answered_from_an_index(scene):
    case_id = scene.office.case("王芳")
    scene.act(case_id, "comment", "王芳")
    scene.note("registers", "add_unit", "王芳")
    somewhere = Key(NOW, case_id, 3)
    for asked_, after, index in (
        (Search(), None, RECORDED),
        (Search(), somewhere, RECORDED),
        (Search(since=local_date(NOW)), None, RECORDED),
        (Search(since=local_date(NOW), by_occurred=True), None, RECORDED),
        (Search(person=scene.office.id_of("王芳")), None, "ix_audit_entries_actor"),
        (Search(cases=(case_id,)), None, OF_A_CHAIN),
        (Search(kind="registers"), None, OF_A_CHAIN),
    ):
        with scene.database.read() as session, watched(scene) as seen:
            search(session, scene["何审计"], asked_, after)
        statement, values = seen[-1]
        told = plan(scene.database, statement, values, ordered=index == RECORDED)
        assert re.search(index, told), (asked_, told)
        assert not re.search(r"SCAN audit_entries(?! USING INDEX)|Seq Scan on audit_entries", told)


def watched(scene: Audited) -> Any:
    return asked(scene.database)


def test_a_page_asks_as_often_of_a_long_log_as_of_a_short_one(scene, auditor):
    case_id = scene.office.case("王芳", lifecycle="penalty_procedure", state="investigating")
    scene.act(case_id, "record_inquiry", "王芳", occurred=NOW - 3 * DAY)
    chain_id = scene.note("exports", "export", "何审计", of="exports:1")
    scene.cover()
    entry = f"/audit/log/{case_id}/0"
    [*addresses] = [*PAGES, entry, f"/audit/log/{chain_id}/0"]
    for address in addresses:
        page(auditor.get(address))
    before = [scene.queries(lambda a=address: auditor.get(a)) for address in addresses]
    for _ in range(8):
        scene.act(case_id, "record_inquiry", "马晓", occurred=NOW - 3 * DAY)
        scene.note("exports", "export", "何审计", of="exports:1")
    scene.cover(NOW + HOUR)
    after = [scene.queries(lambda a=address: auditor.get(a)) for address in addresses]
    assert after == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_auditors_alone_may_look(database, sign_in):
    tables = [f"/audit/reports/{name}.csv" for name in TABLES]
    for role in [role for role in Role if role is not Role.SYSTEM]:
        actor: Actor = database.write(lambda session, of=role: factories.actor(session, of))
        client = sign_in(actor)
        some = {Role.AUDITOR: [*PAGES, *tables], Role.SUPERVISOR: [*PAGES, *tables]}
        got = {client.get(address).status_code for address in some.get(role, ["/audit/log"])}
        entry = client.get(f"/audit/log/{actor.person_id}/0").status_code
        assert (got, entry) == (({200}, 404) if role is Role.AUDITOR else ({403}, 403)), role


def test_whoever_is_not_signed_in_is_asked_to(client):
    assert {client.get(address).status_code for address in PAGES} == {303}


def test_an_auditor_reads_no_case_of_another_body(scene, sign_in):
    case_id = scene.office.case("王芳")
    scene.act(case_id, "comment", "王芳")
    scene.note("registers", "add_unit", "王芳")

    def elsewhere(session: Any) -> Actor:
        there: Organisation = factories.organisation(
            session, OrganisationKind.AUTHORITY, name="外地市局", division="640300"
        )
        return factories.actor(session, Role.AUDITOR, at=there)

    stranger = sign_in(scene.database.write(elsewhere))
    assert acts(ask(stranger)) == ["新增重点排放单位"]
    assert acts(page(stranger.get(f"/audit/log/days/{local_date(NOW)}"))) == ["新增重点排放单位"]
    assert "没有找到" in ask(stranger, 422, case="测")
    page(stranger.get(f"/audit/log/{case_id}/0"), 404)


def test_the_log_of_a_day_tells_all_of_it_in_order(scene, auditor):
    case_id = scene.office.case("王芳")
    on = date(2026, 3, 13)
    scene.note("registers", "add_unit", "陈主管", at=at(on, 0))
    scene.act(case_id, "comment", "王芳", at=at(on, 9))
    scene.act(case_id, "add_evidence", "王芳", at=at(on, 23, 59), occurred=at(on, 8))
    scene.act(case_id, "assign", "王芳", at=at(on + DAY, 0))
    html = page(auditor.get(f"/audit/log/days/{on}"))
    assert acts(html) == ["留言", "添加证据", "新增重点排放单位"]  # cases first
    assert re.findall(r">(王芳|陈主管)</a></th><td>测试市局</td><td class=\"num\">(\d)", html) == [
        ("王芳", "2"), ("陈主管", "1"),
    ]  # fmt: skip
    assert f"/audit/log/days/{on - DAY}" in html
    assert f"/audit/log/days/{on + DAY}" in html
    today = local_date(NOW)
    assert f"/audit/log/days/{today + DAY}" not in page(auditor.get(f"/audit/log/days/{today}"))
    for wrong in (f"{today + DAY}", "2026-02-30", "x"):
        page(auditor.get(f"/audit/log/days/{wrong}"), 404)
    assert auditor.get("/audit/log/days?on=2026-03-13").location == f"/audit/log/days/{on}"
    assert "当日没有记录" in page(auditor.get("/audit/log/days/2026-03-01"))


def test_a_day_of_too_much_says_what_it_leaves_out(scene, auditor, monkeypatch):
    case_id = scene.office.case("王芳")
    for _ in range(5):
        scene.act(case_id, "comment", "王芳")
    monkeypatch.setattr(log, "MOST_OF_A_DAY", 3)
    html = page(auditor.get(f"/audit/log/days/{local_date(NOW)}"))
    assert len(acts(html)) == 3
    assert "另有 2 条" in html


def test_the_overview_tells_what_is_covered_and_what_waits(scene, auditor):
    case_id = scene.office.case("王芳")
    scene.act(case_id, "comment", "王芳")
    assert "未存证：1 条记录链，1 条记录" in page(auditor.get("/audit/"))
    scene.cover()
    assert "没有待存证的记录" in page(auditor.get("/audit/"))
    scene.act(case_id, "comment", "王芳", occurred=NOW - DAY, flags="late")
    scene.note("registers", "add_unit", "王芳")
    scene.note("registers", "add_unit", "王芳")
    html = page(auditor.get("/audit/"))
    assert "此后 2 条记录链有 3 条记录尚未存证" in html
    assert "其中补录 1 条" in html
    assert re.findall(r"2026-03-16（周一）</a></th><td class=\"num\">(\d)", html) == ["4"]
    assert re.findall(r'kind=(\w+)">.*?</th><td class="num">(\d)</td><td class="num">(\d)', html) == [
        ("case", "1", "2"), ("registers", "1", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", [-1, 0, 1])
def test_days_and_gaps_are_reckoned_as_on_the_wall_clock(database, minutes):
    midnight = at(date(2026, 3, 17), 0) + timedelta(minutes=minutes, microseconds=999_999)
    earlier = datetime.fromisoformat("2025-12-31T23:59:59.999999+00:00")
    told = [literal(one, UTCDateTime()) for one in (earlier, midnight)]
    with database.read() as session:
        day, seconds = session.execute(select(local_ordinal(told[1]), gap(*told))).one()
    assert date.fromordinal(int(day)) == local_date(midnight)
    assert seconds == (midnight - earlier) // timedelta(seconds=1)


def test_every_act_outside_of_cases_has_a_name():
    """Read from the source, so that nobody adds an entry that screens cannot name."""
    named = {name for known in wording.ACTS.values() for name in known}
    written = set()
    for path in (ROOT / "app").glob("[!d]*/**/*.py"):  # neither documents nor the demonstration
        if re.search(
            r"chain\.append\(|\brecord\(|_record\(|_presence\(|enter\(",
            path.read_text(encoding="utf-8"),
        ):
            written |= set(triggers_in(path))
    assert {"create_person", "sign_in", "raise", "release", "export"} <= written
    assert written - named == set()


def triggers_in(path: Path) -> list[str]:
    """The words that calls writing to a chain of its own name as their act."""
    writers = {"_record", "_enter", "enter", "record_presence", "_append_presence"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    found = []
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = (
            call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        )
        on_chain = (
            name == "append" and getattr(getattr(call.func, "value", None), "id", "") == "chain"
        )
        said = [key.value for key in call.keywords if key.arg == "trigger" and on_chain]
        said += call.args[1:2] if name in writers else []
        said += call.args[2:3] if name == "record" else []
        for word in said:
            value = (
                constants.get(word.id)
                if isinstance(word, ast.Name)
                else getattr(word, "value", None)
            )
            if isinstance(value, str):
                found.append(value)
    return found


def test_a_label_of_an_act_is_that_of_its_lifecycle():
    assert (
        wording.act_label("case", "submit_report", "penalty_procedure").zh == "调查终结，提交审查"
    )
    called = {(kind, of) for kind, of, _ in wording.acts_called("调查终结，提交审查")}
    assert called == {("case", "penalty_procedure")}
    assert wording.act_label("case", "gone", "gone").zh == "gone"
