"""A supervisor goes on leave: names a substitute, who acts in the place until it is taken back."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import expect

from app.demo.cast import Cast
from tests.browser.conftest import Clock, People
from tests.conftest import ONE_ENGINE

pytestmark = [pytest.mark.browser, ONE_ENGINE]


def test_a_supervisor_on_leave_is_stood_in_for(people: People, cast: Cast, clock: Clock):
    clock.set(date(2026, 3, 16), 9)
    away, stays = people("supervisor"), people("inspector2")
    away.is_sound("/account/substitutes")
    away.page.get_by_role("link", name="为本人指定代办人").click()
    own = f"/account/substitutes/new/{cast['supervisor'].person_id}"
    away.is_sound(own)
    away.page.select_option("#substitute", label="马晓东")
    away.page.fill("#until", "2026-03-13")
    away.page.get_by_role("button", name="委托代办").click()
    expect(away.page.locator("#until-error")).to_have_text("截止日期不能早于起始日期。")
    assert away.page.locator("#substitute").input_value() == cast.id_of("inspector2")
    away.page.fill("#until", "2026-03-20")
    away.page.get_by_role("button", name="委托代办").click()
    expect(away.main).to_contain_text("马晓东代陈志远")

    stays.page.goto(stays.server)
    stays.page.locator("details.drop summary").press("Enter")
    stays.page.get_by_role("button", name="代陈志远办理").click()
    banner = stays.page.locator(".in-place")
    expect(banner).to_contain_text("代 陈志远 办理")
    stays.is_sound("/worklist")
    stays.is_sound("/account/substitutes")

    away.page.goto(away.server + "/account/substitutes")
    away.page.get_by_role("button", name="结束").click()
    dialog = away.page.locator("dialog[open]")
    expect(dialog).to_contain_text("马晓东将不能再代陈志远办理。")
    dialog.get_by_role("button", name="确认").click()
    expect(away.main).to_contain_text("没有人代您办理")

    stays.page.goto(stays.server)
    expect(stays.main).to_contain_text("委托代办已经结束")
    expect(banner).to_have_count(0)
