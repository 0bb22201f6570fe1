"""Other packages add tabs and asides: each where and for whom it is meant, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import render_template_string

from app.cases import panels
from app.cases.page import CasePage
from app.cases.panels import Aside, Panel, add_aside, add_panel, in_order
from tests.cases.conftest import City, page


def panel(key: str, after: str = "related") -> Panel:
    return Panel(
        key=key,
        label=lambda: f"栏目{key}",
        shows=lambda one: one.of_authority,
        template="cases/tab_related.html",
        context=lambda _page: {"kin": []},
        count=lambda _page: 7,
        after=after,
    )


def typed_agency(_page: CasePage, _transition: object, typed: panels.Typed) -> panels.Context:
    return {"said": typed["contract_number"]}


ASIDE = Aside(
    key="contract",
    shows=lambda _page, transition: transition.name == "arrange",
    template="beside.html",
    context=typed_agency,
    live=True,
)


@pytest.fixture
def added(city: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    kept = dict(city.app.extensions)
    monkeypatch.setattr(
        panels,
        "render_template",
        lambda _name, **context: (
            render_template_string("旁注：{{ said }}", **context)
            if "said" in context
            else "栏目内容"
        ),
    )
    for _ in range(2):
        add_panel(city.app, panel("extra", after="overview"))
        add_aside(city.app, ASIDE)
    yield city
    city.app.extensions.clear()
    city.app.extensions.update(kept)


def arranging(city: City) -> str:
    return f"/cases/{city.case('fengsui').id}/act/arrange"


def test_a_panel_is_a_tab_with_its_count_for_those_it_is_meant_for(added: City):
    address = f"/cases/{added.case('baifan').id}?tab=extra"
    html = page(added.browser("supervisor").get(address))
    assert html.count("栏目extra") == 1
    assert '栏目extra <span class="count">7</span>' in html
    assert "栏目内容" in html
    outsider = page(added.browser("unit-baifan").get(address))
    assert "栏目extra" not in outsider
    assert "栏目内容" not in outsider


def test_panels_stand_after_what_they_name_and_else_at_the_end():
    given = {p.key: p for p in (panel("c", "b"), panel("b", "x"), panel("d", "nowhere"))}
    assert list(in_order(["w", "x", "y"], given)) == ["w", "x", "b", "c", "y", "d"]


def test_what_stands_beside_a_form_is_asked_anew_without_a_word_being_saved(added: City):
    address = arranging(added)
    browser = added.browser("supervisor")
    assert "旁注：" in page(browser.get(address))
    answer = browser.post(f"{address}/beside/contract", json={"contract_number": "<HC-7>"})
    assert page(answer) == "旁注：&lt;HC-7&gt;"
    assert "HC-7" not in page(browser.get(address))
    assert browser.post(f"{address}/beside/other", json={}).status_code == 404
    assert browser.post(f"{address}/beside/contract", json=[1]).status_code == 422


def test_without_a_script_the_form_comes_back_with_what_follows_from_it(added: City):
    html = page(
        added.browser("supervisor").post(
            arranging(added), data={"contract_number": "HC-8", "recount": "yes"}
        )
    )
    assert "旁注：HC-8" in html
    assert 'value="HC-8"' in html
    assert 'id="errors"' not in html


def test_who_may_not_do_an_act_gets_nothing_that_stands_beside_it(added: City):
    answer = added.browser("unit-fengsui").post(f"{arranging(added)}/beside/contract", json={})
    assert answer.status_code == 403
