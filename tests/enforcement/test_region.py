"""The region reads and acknowledges the reports sent to it over the web, and meets nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import url_for
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.cases.models import Case, CaseDeadline, CaseDocument, Evidence, Participant
from app.demo import stories as s
from app.documents.catalogue import form_named
from app.engine.actors import Capacity
from app.registers.models import PersonProfile
from tests.cases.conftest import hidden, page
from tests.documents.conftest import Papers
from tests.documents.samples import samples
from tests.enforcement.conftest import Bureau
from tests.enforcement.test_penalty_desk import text_of
from tests.town import Matter, Town, day, registered
from tests.workflows import test_agency_penalty as third_party
from tests.workflows import test_consequences as consequences
from tests.workflows import test_joint_enforcement as joint
from tests.workflows.stand_ins import STAND_INS, enlist, region
from tests.year import a_year

SECRET = "内部要点：线索来自示例热电"
TEXT = "报告全文：某机构涉嫌出具虚假审核意见"


@pytest.fixture(autouse=True)
def short_cases(bureau, town):
    """Stand-ins for the cases beside, and the files of the town on the pages."""
    kept = bureau.app.extensions["tanjian.settings"]
    bureau.app.extensions["tanjian.settings"] = replace(kept, files=town.store.folder)
    with registered(*third_party.OWN, *STAND_INS):
        yield


@pytest.fixture
def family(bureau: Bureau, town: Town) -> Matter:
    """An agency's case with its penalty case, a file, and the initial report, sent."""
    bureau.at("03-12")
    matter = third_party.filed(town)
    matter.paper("inspector", at="03-09", text="evidence")
    matter.fire("report_initially", "supervisor", {"summary": SECRET}, at="03-10")
    [report] = matter.children("initial_reports")
    sent = {
        "recipient": region(town),
        "content": TEXT,
        "attachments": s.note("附件清单.txt", "示例"),
    }
    report.fire("send_report", "supervisor", sent, at="03-12 09:00")
    return matter


def status(browser: FlaskClient, address: str, method: str = "GET") -> int:
    """How a request is answered; what is sent as a file is closed."""
    with browser.open(address, method=method) as answer:
        return answer.status_code


def addresses(bureau: Bureau, case: Matter) -> Iterator[tuple[str, str]]:
    """Every address under a case there is, with a method it answers to."""
    with bureau.town.database.read() as session:

        def first(model: Any) -> Any:
            return session.scalar(select(model.id).where(model.case_id == case.id)) or case.id

        known = {
            "clock_id": first(CaseDeadline), "evidence_id": first(Evidence),
            "document_id": first(CaseDocument), "seq": 0, "version": 1, "key": "desk", "part": "index",
            "report": "verification_report", "form": "pdf",
            "trigger": "acknowledge",
        }  # fmt: skip
    with bureau.app.test_request_context():
        for rule in bureau.app.url_map.iter_rules():
            if "case_id" in rule.arguments and rule.endpoint.partition(".")[0] != "static":
                values = {name: known[name] for name in rule.arguments - {"case_id"}}
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    yield method, url_for(rule.endpoint, case_id=case.id, **values)


def test_the_region_finds_its_report_reads_it_and_acknowledges_it(bureau, town, family):
    [report] = family.children("initial_reports")
    papers = Papers(town, report.id)
    browser = bureau.browser("region")
    row = report.row.number
    assert row in page(browser.get("/worklist"))
    assert "尚无文书" in page(browser.get(f"/cases/{report.id}?tab=documents")), "not sealed yet"
    papers.seal("report", samples(form_named("upward_report", day("03-12"))), "supervisor", at="03-12 10:00")  # fmt: skip

    html = page(browser.get(f"/cases/{report.id}?tab=report"))
    assert "初报" in text_of(html)
    assert TEXT in html
    [attached] = re.findall(rf"/cases/{report.id}/files/[0-9a-f-]+", html)[:1]
    assert status(browser, attached) == 200
    assert "尚无文书" not in page(browser.get(f"/cases/{report.id}?tab=documents"))
    document = papers.document("report").id
    assert status(browser, f"/cases/{report.id}/documents/{document}") == 200
    for told in (html, page(browser.get(f"/cases/{report.id}")), page(browser.get(f"/cases/{report.id}/timeline"))):  # fmt: skip
        assert SECRET not in told
        assert family.row.number not in told

    address, typed = acknowledged(browser, report, "2026-03-12")
    assert (report.state, family.row.facts["acknowledgements_noted"]) == ("acknowledged", 1)
    assert row in page(browser.get("/worklist?scope=done"))
    assert row not in page(browser.get("/worklist"))
    told = page(bureau.browser("supervisor").get(f"/cases/{report.id}?tab=report"))
    assert "宁环收〔2026〕7号" in told
    assert browser.post(address, data=typed).status_code == 303, "sent twice, done once"
    assert report.acts().count("acknowledge") == 1


def acknowledged(browser: FlaskClient, report: Matter, on: str) -> tuple[str, dict[str, str]]:
    """Let the region acknowledge a report in its form; where and what it sent."""
    address = f"/cases/{report.id}/act/acknowledge"
    form = page(browser.get(address))
    assert TEXT in form, "it stands beside what is signed for"
    typed = {
        "served_on": on, "region_number": "宁环收〔2026〕7号", "region_note": "请依法办理",
        "version": hidden(form, "version"), "key": hidden(form, "key"), "confirmed": "yes",
    }  # fmt: skip
    answer = browser.post(address, data=typed)
    assert answer.status_code == 303, text_of(answer.text)[-1500:]
    return address, typed


def test_the_final_report_says_so_and_is_acknowledged_as_well(bureau, town):
    matter = third_party.decided(town)
    third_party.reported(matter, "initial_reports", "report_initially", "05-07")
    final = {"summary": SECRET, "none_affected": True}
    matter.fire("report_finally", "supervisor", final, at="05-08")
    [report] = matter.children("final_reports")
    sent = {"recipient": region(town), "content": TEXT}
    report.fire("send_report", "supervisor", sent, at="05-08 13:00")
    browser = bureau.at("05-11").browser("region")
    text = text_of(page(browser.get(f"/cases/{report.id}?tab=report")))
    assert "终报" in text
    assert "初报" not in text
    acknowledged(browser, report, "2026-05-11")
    assert (report.state, matter.row.facts["acknowledgements_noted"]) == ("acknowledged", 2)


def test_the_region_meets_no_other_case_at_any_address(bureau, town, family):
    year = a_year(town).file("03-11")
    [report] = family.children("initial_reports")
    family.fire("report_initially", "supervisor", {"summary": SECRET}, at="03-12 10:00")
    draft = family.children("initial_reports")[-1]
    browser = bureau.browser("region")
    for case in (family, *family.children("procedure"), year, draft):
        for method, address in addresses(bureau, case):
            assert status(browser, address, method) == 404, (method, address)
    own = {status(browser, address, method) for method, address in addresses(bureau, report)}
    assert 200 in own, "what is refused elsewhere is there on its own report"


def test_no_list_no_search_and_no_count_tells_the_region_of_other_cases(bureau, town, family):
    a_year(town).file("03-11")
    with town.database.read() as session:
        seat = (Participant.case_id == Case.id, Participant.capacity == Capacity.RECIPIENT)
        mine = set(session.scalars(select(Case.number).join(Participant, seat[0]).where(seat[1])))
        every = set(session.scalars(select(Case.number)))
    others = every - mine
    assert others
    assert mine
    browser = bureau.browser("region")
    for address in (
        *(f"/worklist?scope={scope}" for scope in ("mine", "unit", "all", "done")), "/cases", "/cases?q=示例",
        "/registers/units", "/registers/agencies", "/registers/roster", "/account/",
    ):  # fmt: skip
        html = page(browser.get(address))
        assert {number for number in others if number in html} == set(), address
    for number in sorted(others)[:3]:
        html = page(browser.get("/cases", query_string={"q": number}))
        assert html.count(number) == html.count(f'value="{number}"'), (
            "only what was asked stands there"
        )
    subject = town.cast.agencies["qingyuan"].id
    assert "/act/" not in page(browser.get(f"/registers/agencies/{subject}"))
    counts = [int(n) for n in re.findall(r'class="count[^"]*">(\d+)<', page(browser.get("/worklist?scope=all")))]  # fmt: skip
    assert max(counts, default=0) <= len(mine)
    for address in (
        "/clues/new",
        "/cycles",
        "/cycles?year=2026",
        "/registers/units/new",
        f"/registers/agencies/{subject}/bans",
    ):
        assert status(browser, address) in {403, 404}, address


def test_a_partner_is_offered_no_natural_person_but_those_of_whom_the_case_is_about(bureau, town):
    enlist(town)
    matter = joint.entered(town)
    bureau.at("03-16")
    address = f"/cases/{matter.id}/act/raise_finding"
    ours, theirs = (page(bureau.browser(who).get(address)) for who in ("inspector", "market"))
    name = town.cast.agencies["signer"].name
    assert name in ours
    assert name not in theirs, "the register of persons is the authority's"
    assert town.cast.units["redian"].name in theirs
    employ = (
        update(PersonProfile)
        .where(PersonProfile.organisation_id == town.cast.agencies["signer"].id)
        .values(employer_id=town.cast.units["redian"].id)
    )
    town.database.write(lambda session: session.execute(employ))
    assert name in page(bureau.browser("market").get(address))


def test_only_the_authority_finds_the_way_from_a_verification_to_the_operation(bureau, town):
    enlist(town)
    year = consequences.final(town)
    operation = consequences.operation(town)
    bureau.at("10-13")
    for case, other in ((year, operation), (operation, year)):
        html = page(bureau.browser("supervisor").get(f"/cases/{case.id}?tab=related"))
        assert other.row.number in html
        assert "核定排放量须更正" in html
    for who in ("verifier", "unit-redian"):
        browser = bureau.browser(who)
        html = page(browser.get(f"/cases/{year.id}?tab=related"))
        assert operation.row.number not in html
        assert "核定排放量须更正" not in html
        assert status(browser, f"/cases/{operation.id}") == 404
