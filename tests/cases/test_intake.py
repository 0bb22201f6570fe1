"""A clue is logged in one form: nothing typed is lost, others about the same are offered."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.cases.models import Case, CaseLink, Evidence
from tests.cases.conftest import City, page

ADDRESS = "/clues/new"


def a_clue(city: City, subject: str = "jinwan", **typed: Any) -> dict[str, Any]:
    body = city.cast.units.get(subject) or city.cast.agencies[subject]
    return {
        "subject": str(body.id),
        "source": "daily_supervision",
        "conduct": "report_false",
        "discovered_on": "2026-11-24",
        "suspicion": "煤样编号与送检单不符。",
        **typed,
    }


def cases_about(city: City, subject: str, lifecycle: str) -> list[Case]:
    body = city.cast.units.get(subject) or city.cast.agencies[subject]
    query = select(Case).where(Case.subject_id == body.id, Case.lifecycle == lifecycle)
    with city.database.read() as reading:
        return list(reading.scalars(query.order_by(Case.opened_at, Case.id)))


def test_a_clue_becomes_a_case_the_suspect_does_not_see(city: City):
    browser = city.browser("inspector")
    html = page(browser.get(ADDRESS))
    assert "2026-11-25" in html  # discovered today, unless somebody says otherwise
    photo = (io.BytesIO("示例".encode()), "照片.txt")
    answer = browser.post(ADDRESS, data=a_clue(city, suspicion_evidence=photo))
    assert answer.status_code == 303

    [case] = cases_about(city, "jinwan", "joint_enforcement")
    html = page(browser.get(f"{answer.headers['Location']}?tab=evidence"))
    assert case.number in html
    assert "照片.txt" in html
    with city.database.read() as reading:
        [entry] = reading.scalars(select(AuditEntry).where(AuditEntry.chain_id == case.id))
        [evidence] = reading.scalars(select(Evidence).where(Evidence.case_id == case.id))
    details = json.loads(entry.body)["details"]
    assert details["inputs"]["suspicion"] == "煤样编号与送检单不符。"
    assert evidence.seq == entry.seq == 0
    for outsider in ("unit-jinwan", "verifier", "market"):
        assert city.browser(outsider).get(f"/cases/{case.id}").status_code == 404


def test_a_clue_about_an_agency_begins_the_other_procedure(city: City):
    city.browser("supervisor").post(ADDRESS, data=a_clue(city, "saishang"))
    assert len(cases_about(city, "saishang", "agency_penalty")) == 1
    assert cases_about(city, "saishang", "joint_enforcement") == []


def test_what_was_typed_and_uploaded_comes_back_with_the_message(city: City):
    browser = city.browser("inspector")
    photo = (io.BytesIO("材料".encode()), "台账.txt")
    wrong = a_clue(city, "hongyan", discovered_on="2026-11-26", suspicion_evidence=photo)
    html = page(browser.post(ADDRESS, data=wrong), 422)
    assert "不能晚于今天" in html
    assert "煤样编号与送检单不符。" in html
    assert "台账.txt" in html
    assert cases_about(city, "hongyan", "joint_enforcement") == []

    [kept] = set(re.findall(r'name="suspicion_evidence__kept" value="([0-9a-f]{64})"', html))
    browser.post(ADDRESS, data=a_clue(city, "hongyan", suspicion_evidence__kept=kept))
    [case] = cases_about(city, "hongyan", "joint_enforcement")
    with city.database.read() as reading:
        [evidence] = reading.scalars(select(Evidence).where(Evidence.case_id == case.id))
    assert (evidence.name, evidence.sha256) == ("台账.txt", kept)


def test_a_file_of_somebody_else_cannot_be_named(city: City):
    mine, other = city.browser("inspector"), city.browser("inspector2")
    photo = (io.BytesIO("机密".encode()), "机密.txt")
    html = page(mine.post(ADDRESS, data=a_clue(city, suspicion="", suspicion_evidence=photo)), 422)
    [kept] = set(re.findall(r'name="suspicion_evidence__kept" value="([0-9a-f]{64})"', html))

    other.post(ADDRESS, data=a_clue(city, "lanqiao", suspicion_evidence__kept=kept))
    [case] = cases_about(city, "lanqiao", "joint_enforcement")
    with city.database.read() as reading:
        assert not list(reading.scalars(select(Evidence).where(Evidence.case_id == case.id)))


def test_others_about_the_same_subject_are_offered_and_tied(city: City):
    browser = city.browser("inspector")
    browser.post(ADDRESS, data=a_clue(city, "baicao"))
    [first] = cases_about(city, "baicao", "joint_enforcement")

    again = a_clue(city, "baicao", suspicion="另一批样品也有疑点。")
    html = page(browser.post(ADDRESS, data=again))
    assert first.number in html
    assert "另一批样品也有疑点。" in html
    assert len(cases_about(city, "baicao", "joint_enforcement")) == 1

    tied = {**again, "compared": again["subject"], "related": str(first.id)}
    assert browser.post(ADDRESS, data=tied).status_code == 303
    second = cases_about(city, "baicao", "joint_enforcement")[1]
    with city.database.read() as reading:
        [link] = reading.scalars(select(CaseLink).where(CaseLink.case_id == second.id))
    assert (link.other_id, link.kind, link.restricted) == (first.id, "same", True)
    html = page(browser.get(f"/cases/{first.id}?tab=related"))
    assert second.number in html
    assert "同一对象的线索" in html


@pytest.mark.parametrize("login", ["verifier", "unit-jinwan", "leader", "admin", "region"])
def test_whoever_may_not_log_a_clue_is_told_so(city: City, login):
    browser = city.browser(login)
    assert browser.get(ADDRESS).status_code == 403
    assert browser.post(ADDRESS, data=a_clue(city, "dashan")).status_code == 403
    assert cases_about(city, "dashan", "joint_enforcement") == []
