"""What clocks and officers put to a supervisor, decided in the browser; an extension asked for."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import select

from app.cases.escalation import records
from app.cases.models import Escalation
from app.workflows.joint_enforcement import JointEnforcement
from tests.browser.casework import Bureaus
from tests.browser.conftest import Desk
from tests.cases.escalations import Raised, ask, assessing
from tests.conftest import ONE_ENGINE
from tests.town import Matter, day
from tests.workflows.stand_ins import clue

pytestmark = [pytest.mark.browser]


@pytest.fixture
def bureaus(database, law, cast, tmp_path, people, clock) -> Bureaus:
    return Bureaus(database, law, cast, tmp_path / "files", people, clock)


# A supervisor's morning ---------------------------------------------------------------------------


def assessed(here: Bureaus, unit: str) -> Matter:
    """A clue of late April that the supervisor assesses."""
    said = clue(discovered_on=day("04-21"))
    matter = here.town.open(JointEnforcement, "inspector", said, at="04-22", subject=unit)
    matter.fire("assess", "supervisor", at="04-23")
    return matter


def asked(here: Bureaus, unit: str, what: str, hour: int) -> Raised:
    at = f"04-29 {hour:02}:00"
    return ask(assessed(here, unit), what, at=at, by="supervisor", person="inspector2")


def filed(here: Bureaus) -> Matter:
    """A penalty case filed so that its ninety days leave thirty on 30 April, before the holidays."""
    matter = assessing(here.town)
    alone = {
        "no_partner_matter": True, "conduct": "report_false", "party_kind": "unit",
        "cause": "涉嫌提交虚假报告案",
    }  # fmt: skip
    matter.fire("single_bureau", "supervisor", alone, at="03-05")
    [penalty] = matter.children("single_case")
    officers = [here.cast.id_of(login) for login in ("inspector", "inspector2")]
    penalty.fire(
        "file", "leader",
        {"has_evidence": True, "is_punishable": True, "is_competent": True, "is_in_time": True,
         "harm": "none", "officers": officers},
        at="03-06",
    )  # fmt: skip
    return penalty


def card(desk: Desk, raised: UUID) -> Locator:
    return desk.page.locator(f"#e-{raised}")


def confirm(desk: Desk) -> None:
    desk.page.locator("dialog[open] button.btn-primary").click()


@ONE_ENGINE
def test_a_supervisors_morning(bureaus):
    here = bureaus
    penalty = filed(here)
    together = [asked(here, "redian", "help", 9), asked(here, "baifan", "help", 10)]
    changed = asked(here, "xiling", "takeover", 11)
    refused = asked(here, "yinfan", "takeover", 14)
    here.on("04-30")
    with here.database.read() as session:
        query = select(Escalation).where(Escalation.case_id == penalty.id)
        passed = session.scalars(query).one()
    assert (passed.kind, passed.role, passed.status) == ("extend", "supervisor", "open")

    desk = here.people("supervisor")
    desk.page.goto(desk.server)
    line = desk.page.locator("nav a[href='/escalations']:visible")
    expect(line).to_contain_text("5")
    line.click()
    expect(desk.page.locator("article.esc")).to_have_count(5)
    desk.reads_well()

    # One changed: not the colleague who was asked for, another one.
    one = card(desk, changed.id)
    one.locator("summary").click()
    one.locator("input[value='assign']").check()
    one.locator("select[name$='-person']").select_option(here.cast.id_of("supervisor2"))
    one.locator("button[value='change']").click()
    confirm(desk)
    expect(card(desk, changed.id)).to_have_count(0)
    assert changed.row.status == "changed"
    assert changed.matter.row.assignee_id == here.cast["supervisor2"].person_id

    # One refused, which needs words: without them what was typed elsewhere stays.
    one = card(desk, refused.id)
    one.locator("button[value='refuse']").click()
    confirm(desk)
    expect(desk.main).to_contain_text("不同意的，须写明办理要求")
    assert refused.row.status == "open"
    desk.page.locator("#act textarea[name$='-words']").fill("由原承办人继续办理，今日补齐台账")
    desk.page.locator("#act button[value='refuse']").click()
    confirm(desk)
    expect(card(desk, refused.id)).to_have_count(0)
    assert (refused.row.status, refused.matter.row.assignee_id) == ("refused", None)

    # One passed up: the extension is the leader's to grant.
    one = card(desk, passed.id)
    expect(one.locator("button[value='approve']")).to_have_count(0)
    one.locator("textarea").fill("鉴定尚未完成，建议延期")
    one.locator("button[value='pass']").click()
    expect(card(desk, passed.id)).to_have_count(0)

    # Two together, each recorded by itself.
    for raised in together:
        desk.page.locator(f"input[name='id'][value='{raised.id}']").check()
    desk.page.locator("#together textarea").fill("派人协助，周五前完成")
    desk.page.locator("#together button[value='approve']").click()
    expect(desk.main.locator(".panel ol li")).to_have_count(2)
    desk.page.locator("main button[value='approve']").click()
    expect(desk.main.locator(".notice-done")).to_be_visible()
    for raised in together:
        assert raised.row.status == "approved"
        assert [entry.trigger for entry in raised.chain()] == ["raise", "approve"]
        assert raised.told("decided")
    desk.page.goto(f"{desk.server}/escalations")
    expect(desk.page.locator("article.esc")).to_have_count(0)
    desk.is_sound("/escalations?tab=decided")

    # The leader finds it with the supervisor's view, and grants it under both names.
    leader = here.people("leader")
    leader.page.goto(f"{leader.server}/escalations")
    one = card(leader, passed.id)
    expect(one).to_contain_text("鉴定尚未完成，建议延期")
    expect(one).to_contain_text("陈志远")
    one.locator("textarea").first.fill("同意延长，抓紧鉴定")
    one.locator("button[value='approve']").click()
    confirm(leader)
    expect(card(leader, passed.id)).to_have_count(0)
    last = penalty.entries()[-1]
    assert (last.trigger, last.actor_name) == ("extend_decision", "刘建平")
    assert f'"escalation":"{passed.id}"' in last.body
    assert penalty.clock("decision").due_on == date(2026, 7, 6)  # 120 days end on a Saturday
    leader.is_sound("/escalations")


# An extension ---------------------------------------------------------------------------------------


def test_an_inspector_asks_for_an_extension_and_gets_it_with_another_date(bureaus):
    here = bureaus
    matter = assessing(here.town)
    assert matter.clock("filing").due_on == date(2026, 3, 17)
    here.on("03-10")
    desk = here.people("inspector")
    desk.open(matter.id, "escalations").page.locator("#matter a[href*='/ask']").click()
    desk.page.locator("a[href*='what=extend']").click()
    desk.page.fill("[name='extended_until']", "2026-05-06")
    desk.page.fill("[name='reason']", "检测报告尚未出具")
    desk.page.locator("main button.btn-primary").click()
    expect(desk.main).to_contain_text("2026-04-01")  # the last day the law leaves
    expect(desk.page.locator("[name='reason']")).to_have_value("检测报告尚未出具")
    desk.page.fill("[name='extended_until']", "2026-04-01")
    desk.page.locator("main button.btn-primary").click()
    desk.reads_well()

    here.on("03-11")
    leader = here.people("leader")
    leader.page.goto(f"{leader.server}/escalations")
    one = leader.page.locator("article.esc")
    expect(one).to_contain_text("检测报告尚未出具")
    one.locator("summary").click()
    one.locator("input[value^='act:extend_filing']").check()
    one.locator("[name$='-extended_until']").fill("2026-03-25")
    one.locator("textarea").first.fill("只批准到25日")
    one.locator("button[value='change']").click()
    confirm(leader)
    expect(leader.page.locator("article.esc")).to_have_count(0)

    assert matter.clock("filing").due_on == date(2026, 3, 25)
    last = matter.entries()[-1]
    assert (last.trigger, last.actor_name) == ("extend_filing", "刘建平")
    assert '"proposed_by_name":"王芳"' in last.body
    with here.database.read() as session:
        assert session.get_one(Escalation, _only(matter)).status == records.Status.CHANGED

    desk.open(matter.id)
    for told in ("2026-03-17", "2026-03-25"):  # the old end and the new one
        expect(desk.main).to_contain_text(told)
    desk.page.goto(f"{desk.server}/escalations?tab=asked")
    expect(desk.page.locator("article.esc")).to_contain_text("只批准到25日")
    desk.is_sound(f"/cases/{matter.id}?tab=escalations")


def _only(matter: Matter) -> UUID:
    with matter.town.database.read() as session:
        found = select(Escalation.id).where(Escalation.case_id == matter.id)
        return session.scalars(found).one()
