"""The auditor's reports: what each counts and lists against what was written here."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from app.assurance import duties, reports_gaps
from app.assurance.log import Search
from app.assurance.reports_duties import Period, Separation, separation
from app.audit.models import CheckpointPublication
from app.audit.reads import Restricted, record_read
from app.db import new_id, table_of
from app.engine.actors import Capacity, Role
from app.law.periods import local_date
from tests.assurance.audited import Audited, audited
from tests.cases.conftest import page
from tests.times import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = local_date(NOW)


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


def table(client: FlaskClient, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))[1:]


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


# Late entries --------------------------------------------------------------------------------------


def test_the_longest_gaps_come_first_with_reason_and_proof(scene, auditor):
    case_id = scene.office.case("王芳")
    told = {"late": {"reason": "=纸质件迟到", "proof": ["a" * 64, "b" * 64]}}
    for late in (2 * HOUR, DAY + HOUR, 40 * DAY, timedelta()):
        flags, details = ("late", told) if late == 40 * DAY else ("", {})
        scene.act(case_id, "comment", "王芳", occurred=NOW - late, flags=flags, details=details)
    scene.act(case_id, "comment", "王芳", at=NOW - 60 * DAY, occurred=NOW - 90 * DAY)
    html = page(auditor.get("/audit/reports/gaps"))
    assert re.findall(r'data-term="滞后">([^<]+)<', html) == ["40 日", "1 日 1 小时"]
    assert "证明材料 2 份" in html
    counts = re.findall(
        r"<th scope=\"row\">[^<]+</th><td class=\"num\">(\d)</td><td class=\"num\">(\d)</td>", html
    )
    assert counts == [("0", "0"), ("0", "1"), ("0", "1"), ("0", "0"), ("0", "0"), ("1", "0")]
    hours = page(auditor.get("/audit/reports/gaps?longer=2&unit=h"))
    assert len(re.findall(r'data-term="滞后">', hours)) == 2  # more than, not from
    shorter = page(auditor.get("/audit/reports/gaps?longer=1&unit=h"))
    assert len(re.findall(r'data-term="滞后">', shorter)) == 3
    rows = table(auditor, "/audit/reports/gaps.csv?longer=0&since=2025-01-01&until=2026-12-31")
    assert [row[2] for row in rows] == ["40 日", "30 日", "1 日 1 小时", "2 小时"]
    assert rows[0][8:] == ["'=纸质件迟到", "2"]  # no spreadsheet takes it for a formula


def test_a_wrong_threshold_comes_back_with_the_reason_beside_it(auditor):
    html = page(auditor.get("/audit/reports/gaps?longer=x"), 422)
    assert 'id="longer-error"' in html
    assert auditor.get("/audit/reports/gaps.csv?longer=x").status_code == 422
    for name in ("reads", "separation", "handed-out"):
        html = page(auditor.get(f"/audit/reports/{name}?since=2026-03-02&until=2026-03-01"), 422)
        assert "此日早于起始日" in html


def test_gaps_page_without_a_hole(scene):
    case_id = scene.office.case("王芳")
    for number in range(9):
        scene.act(case_id, "comment", "王芳", occurred=NOW - DAY * (2 + number // 3))
    seen: list[int] = []
    after = None
    with scene.database.read() as session:
        while True:
            found = reports_gaps.gaps(session, scene["何审计"], Search(), 0, after, size=4)
            seen += [one.row.seq for one in found.found]
            if found.further is None:
                break
            after = reports_gaps.Key.read(str(found.further))
    assert seen == [8, 7, 6, 5, 4, 3, 2, 1, 0]


# What left the house -------------------------------------------------------------------------------


def test_reads_of_restricted_content_tell_who_what_and_why(scene, auditor):
    case_id = scene.office.case("王芳")
    for who, reason, days in (("王芳", "核对线索", 1), ("刘局", "", 0), ("王芳", "太早", 200)):
        scene.database.write(
            lambda session, who=who, reason=reason, days=days: record_read(
                session, scene[who], chain_id=case_id, what=Restricted.VALUES, reason=reason,
                now=NOW - days * DAY, seq=3, names=["witness"],
            )
        )  # fmt: skip
    html = text_of(page(auditor.get("/audit/reports/reads")))
    assert "依法查阅" in html
    assert "核对线索" in html
    assert "太早" not in html  # the last 90 days, where nothing else is asked
    rows = table(auditor, "/audit/reports/reads.csv?who=王芳&since=2025-01-01")
    assert [(row[1], row[3], row[5], row[6], row[7]) for row in rows] == [
        ("王芳", "密封内容", "3", "witness", "核对线索"),
        ("王芳", "密封内容", "3", "witness", "太早"),
    ]
    assert rows[0][4].startswith("测〔2026〕")
    assert "没有找到" in page(auditor.get("/audit/reports/reads?who=无此人"), 422)


def test_exports_and_checkpoints_handed_out_are_listed(scene, auditor):
    told = {
        "format": "jsonl", "chosen": {"zh": "全部记录链", "en": "every chain"}, "masked": False,
        "values": 7, "entries": 1234, "reason": "移送法院", "sha256": "ab" * 32,
    }  # fmt: skip
    scene.note("exports", "export", "何审计", of="exports:1", **told)
    scene.note("exports", "publish_checkpoint", "何审计", of="exports:1", checkpoint=1)
    number = scene.cover()
    given = {
        "id": new_id(), "number": number, "channel": "mail", "recipient": "示例区法院",
        "published_at": NOW, "published_by": new_id(), "published_by_name": "何审计",
    }  # fmt: skip
    with scene.database.engine.begin() as connection:
        connection.execute(insert(table_of(CheckpointPublication)), given)
    html = text_of(page(auditor.get("/audit/reports/handed-out")))
    for said in ("全部记录链", "披露 7 项", "移送法院", "1,234", "示例区法院", "电子邮件"):
        assert said in html
    [row] = table(auditor, "/audit/reports/exports.csv")
    assert (row[1], row[4:9]) == ("何审计", ["全部记录链", "1234", "7", "", "移送法院"])
    [row] = table(auditor, "/audit/reports/checkpoints.csv")
    assert (row[0], row[2], row[3]) == (str(number), "示例区法院", "电子邮件")
    assert "示例区法院" in page(auditor.get("/audit/"))
    later = text_of(page(auditor.get("/audit/reports/handed-out?since=2026-03-17")))
    assert "示例区法院" not in later


# Separation of duties ------------------------------------------------------------------------------


def test_the_rules_are_those_that_are_declared():
    assert {"SD-1", "SD-2", "SD-3", "SD-4", "SD-7"} == {rule.code for rule in duties.rules()}
    sides = {side.key: side for side in duties.sides()}
    assert {"discuss", "conclude_discussion"} == sides["votes"].acts
    assert "endorse" in sides["rechecks"].acts
    assert ("penalty_procedure", "pass_review") in duties.acts_of("SD-1")
    assert len(duties.apart()) == 7  # six pairs of four parts, and who investigates and votes
    assert duties.acts_of("SD-99") == frozenset()


def penalty(scene: Audited, **more: Any) -> UUID:
    return scene.office.case("王芳", lifecycle="penalty_procedure", state="investigating", **more)


def found(scene: Audited, since: int = 30) -> Separation:
    with scene.database.read() as session:
        period = Period(TODAY - since * DAY, TODAY)
        return separation(session, scene["何审计"], period)


def test_whoever_stands_on_both_sides_is_named(scene, auditor):
    clean, joined, voted, substituted = (penalty(scene) for _ in range(4))
    for case_id in (clean, joined, voted):
        scene.act(case_id, "record_inquiry", "王芳")
    scene.act(clean, "pass_review", "陈主管")
    scene.act(clean, "pass_legal_review", "孙法制")
    assert found(scene).conflicts == []
    assert "没有人兼任" in page(auditor.get("/audit/reports/separation"))
    scene.act(joined, "pass_review", "王芳")
    scene.act(voted, "discuss", "王芳")
    # A substitute's act counts for both.
    scene.act(substituted, "record_inquiry", "马晓", place_of="秦离")
    scene.act(substituted, "pass_legal_review", "秦离")
    report = found(scene)
    assert {(one.code, one.root_id, one.person_id) for one in report.conflicts} == {
        ("SD-1", joined, scene.office.id_of("王芳")),
        ("SD-2", voted, scene.office.id_of("王芳")),
        ("SD-1", substituted, scene.office.id_of("秦离")),
    }
    [one] = report.substitutes
    assert (one.chain_id, one.actor_name) == (substituted, "马晓（代秦离）")
    # Acts that rules looked at: two reviews and two legal reviews; one vote.
    assert (report.passed["SD-1"], report.passed["SD-2"]) == (4, 1)
    html = text_of(page(auditor.get("/audit/reports/separation")))
    assert "发现 3 处同一人兼任" in html
    assert "现场" not in html.split("发现 3 处")[0]
    rows = table(auditor, "/audit/reports/separation.csv")
    assert sum(row[-1] == "是" for row in rows) == 6
    assert ["陈主管", "审查通过", "", ""] in [row[4:] for row in rows]


def test_a_seat_counts_as_the_rule_counts_it(scene):
    case_id = penalty(scene, seats={Capacity.INVESTIGATOR: "王芳"})
    scene.act(case_id, "pass_review", "王芳")
    [one] = found(scene).conflicts
    assert (one.one, one.other) == ("", "pass_review")


def test_an_expert_who_took_part_before_is_named(scene):
    before = scene.office.case("王芳")
    scene.act(before, "comment", "马晓")
    recheck = scene.office.case("王芳", lifecycle="recheck", state="written_review")
    scene.office.change(recheck, parent_id=before)
    acts = duties.acts_of(duties.EXPERTS)
    assert ("recheck", "endorse") in acts
    expert = scene.office.people["马晓"]
    scene.office.people["专家"] = type(expert)(
        expert.person_id, expert.person_name, expert.organisation_id, expert.organisation_name,
        frozenset({Role.RECHECK_EXPERT}), expert.division,
    )  # fmt: skip
    scene.act(recheck, "endorse", "专家")
    [one] = found(scene).conflicts
    assert (one.code, one.one, one.other) == ("SD-4", "comment", "endorse")


def test_only_cases_that_were_running_in_the_period_are_looked_at(scene):
    running, closed, later = penalty(scene, age=50), penalty(scene, age=50), penalty(scene)
    scene.office.change(closed, closed_at=NOW - 40 * DAY, is_final=True)
    assert {row.id for row in found(scene).cases} == {running, later}
    with scene.database.read() as session:
        past = Period(TODAY - 45 * DAY, TODAY - 40 * DAY)
        assert {row.id for row in separation(session, scene["何审计"], past).cases} == {
            running, closed,
        }  # fmt: skip
        assert separation(session, scene["丁分管"], past).cases == []
