"""The page of a document: nothing typed is lost, sealing asks once more, what is sealed stays."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.cases.models import Case, CaseDocument
from app.documents.catalogue import catalogue
from app.documents.content import asked
from app.engine.forms import InputsForm, inputs_form
from tests.cases.conftest import City, page

WRONG = '{{ 7 * 7 }}{% raw %}#eval("1")=HYPERLINK("x")\\u0000'


def a_sheet(city: City, subject: str) -> CaseDocument:
    """The clue sheet of a clue just logged about a unit."""
    body = city.cast.units[subject]
    typed = {
        "subject": str(body.id), "source": "daily_supervision", "conduct": "report_false",
        "discovered_on": "2026-11-24", "suspicion": "煤样编号与送检单不符。",
    }  # fmt: skip
    answer = city.browser("inspector").post("/clues/new", data=typed)
    assert answer.status_code == 303, page(answer)
    with city.database.read() as reading:
        query = select(Case.id).where(
            Case.subject_id == body.id, Case.lifecycle == "joint_enforcement"
        )
        [case_id] = reading.scalars(query)
        return reading.scalars(
            select(CaseDocument).where(
                CaseDocument.case_id == case_id, CaseDocument.kind == "clue_sheet"
            )
        ).one()


def address(sheet: CaseDocument, rest: str = "") -> str:
    return f"/cases/{sheet.case_id}/documents/{sheet.id}{rest}"


def fields_of(html: str) -> dict[str, str]:
    """What the form of the page holds, as a browser would send it."""
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\r?\n?(.*?)</textarea>', html, re.DOTALL)
    inputs = re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', html)
    return {
        name: value for name, value in [*inputs, *areas] if name not in {"csrf_token", "reason"}
    }


def now_of(city: City, sheet: CaseDocument) -> CaseDocument:
    with city.database.read() as reading:
        return reading.get_one(CaseDocument, sheet.id)


def complete(html: str) -> dict[str, str]:
    return {
        name: value or "示例" for name, value in fields_of(html).items() if name != "name_reason"
    }


def test_a_document_is_filled_in_looked_at_sealed_and_downloaded(city: City):
    sheet = a_sheet(city, "jinwan")
    browser = city.browser("inspector")
    listed = page(browser.get(f"/cases/{sheet.case_id}?tab=documents"))
    assert address(sheet) in listed
    assert "待用印" in listed
    html = page(browser.get(address(sheet)))
    assert "煤样编号与送检单不符。" in html, "what the case knows is filled in"
    typed = complete(html)

    draft = browser.post(address(sheet), data={**typed, "preview": "yes"})
    assert draft.mimetype == "application/pdf"
    assert len(PdfReader(BytesIO(draft.data)).pages) >= 1
    assert now_of(city, sheet).sealed_at is None

    asked_again = page(browser.post(address(sheet), data=typed))
    assert 'name="confirmed"' in asked_again
    assert now_of(city, sheet).sealed_at is None

    answer = browser.post(address(sheet), data={**typed, "confirmed": "yes"})
    assert answer.status_code == 303, page(answer)
    sealed = now_of(city, sheet)
    assert sealed.sealed_at is not None
    assert sealed.rendered_at is not None
    html = page(browser.get(address(sheet)))
    assert str(sealed.content_digest) in html
    for form, start in (("pdf", b"%PDF"), ("docx", b"PK")):
        with browser.get(address(sheet, f"/{form}")) as got:
            assert got.data.startswith(start)
            assert got.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in got.headers["Content-Security-Policy"]
    assert browser.get(address(sheet, "/html")).status_code == 404

    twice = browser.post(address(sheet), data={**typed, "confirmed": "yes"})
    assert twice.status_code == 409
    assert now_of(city, sheet).sealed_seq == sealed.sealed_seq


def test_what_is_missing_is_listed_and_what_was_typed_comes_back(city: City):
    sheet = a_sheet(city, "redian")
    browser = city.browser("inspector")
    typed = complete(page(browser.get(address(sheet))))
    wanted = next(name for name, value in typed.items() if value == "煤样编号与送检单不符。")
    html = page(
        browser.post(address(sheet), data={**typed, wanted: "", "leader_opinion": "保留的内容"}),
        422,
    )
    assert f'href="#{wanted}"' in html
    assert fields_of(html)[wanted] == ""
    assert "保留的内容" in html
    assert now_of(city, sheet).sealed_at is None


def test_hostile_text_is_printed_as_it_was_typed(city: City):
    sheet = a_sheet(city, "baifan")
    browser = city.browser("inspector")
    typed = complete(page(browser.get(address(sheet))))
    wanted = next(name for name, value in typed.items() if value == "煤样编号与送检单不符。")
    hostile = '{{ 7 * 7 }} #eval("40+2") =HYPERLINK("x")'
    answer = browser.post(address(sheet), data={**typed, wanted: hostile, "preview": "yes"})
    text = "".join(one.extract_text() for one in PdfReader(BytesIO(answer.data)).pages)
    printed = re.sub(r"\s", "", text)
    assert "{{7*7}}#eval" in printed
    assert "49" not in printed.replace("2049", "")


def test_a_sealed_document_is_voided_with_a_reason_and_another_takes_its_place(city: City):
    sheet = a_sheet(city, "hongyan")
    browser = city.browser("inspector")
    typed = complete(page(browser.get(address(sheet))))
    browser.post(address(sheet), data={**typed, "confirmed": "yes"})
    html = page(browser.post(address(sheet, "/void"), data={"reason": " "}), 422)
    assert "reason-error" in html
    answer = browser.post(address(sheet, "/void"), data={"reason": "事实有误，重新制作。"})
    assert answer.status_code == 303
    assert not answer.headers["Location"].endswith(str(sheet.id))
    html = page(browser.get(address(sheet)))
    assert "事实有误，重新制作。" in html
    assert browser.post(address(sheet, "/void"), data={"reason": "再次"}).status_code == 409
    assert "待用印" in page(browser.get(answer.headers["Location"]))


@pytest.mark.parametrize("login", ["auditor", "leader"])
def test_whoever_may_not_seal_is_told_who_may(city: City, login: str):
    sheet = a_sheet(city, {"auditor": "lanqiao", "leader": "dashan"}[login])
    browser = city.browser(login)
    html = page(browser.get(address(sheet)))
    if login == "auditor":
        assert "须由" in html
        assert 'name="preview"' not in html
        assert browser.post(address(sheet), data={"confirmed": "yes"}).status_code == 403
    assert now_of(city, sheet).sealed_at is None


def test_outsiders_find_nothing(city: City):
    sheet = a_sheet(city, "baicao")
    for login in ("unit-jinwan", "verifier", "market", "admin"):
        browser = city.browser(login)
        for rest in ("", "/pdf"):
            assert browser.get(address(sheet, rest)).status_code == 404, login
        assert browser.post(address(sheet), data={"confirmed": "yes"}).status_code == 404


def test_the_page_asks_the_same_number_of_questions_whatever_the_case_holds(city: City):
    sheet = a_sheet(city, "beian")
    browser = city.browser("inspector")
    browser.get(address(sheet))
    assert city.queries(lambda: browser.get(address(sheet))) <= 45


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_form_can_be_shown(key: str):
    """No field of the catalogue has a name the form itself uses."""
    import wtforms

    for version in catalogue()[key]:
        declared = [field.input for field in asked(version, None)]
        names = {one.name for one in declared}
        assert not names & set(dir(InputsForm)), key
        made: Any = inputs_form(declared, base=wtforms.Form, locale="zh", name=key)
        assert {field.name for field in made().shown()} == names
