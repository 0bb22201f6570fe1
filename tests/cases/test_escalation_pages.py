"""The pages of escalations as people meet them: lists, one of them, several at once, asking."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import create_app, db
from app.accounts.delegations import delegate
from app.accounts.sessions import PLACE
from app.cases.escalation.decisions import Decision
from app.cases.escalation.forms import prefix_of
from app.cases.escalation.proposals import Kind
from app.cases.models import Escalation
from config import Settings
from tests.cases.conftest import City, page
from tests.cases.escalations import (
    BEGIN,
    WHY,
    Raised,
    act,
    ask,
    assessing,
    clue_proposed,
    extension,
    help_,
    late,
    takeover,
)
from tests.town import Town, day, instant
from tests.workflows.stand_ins import enlist

SAID = "按会议要求办理"


@pytest.fixture(scope="module")
def desk(town: Town, tmp_path_factory: pytest.TempPathFactory) -> City:
    """The application over the town; `now` of its pages is the noon of 10 March unless told."""
    enlist(town)
    url = town.database.url.render_as_string(hide_password=False)
    files = tmp_path_factory.mktemp("files")
    app = create_app(Settings(database_url=url, secret_key="for tests only", files=files))
    app.extensions[db.EXTENSION].dispose()
    app.extensions[db.EXTENSION] = town.database
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return City(app, town.database, town.cast, town.store)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    told = Clock()
    monkeypatch.setattr("app.cases.views.utcnow", lambda: instant(told.at))
    return told


class Clock:
    """The instant the pages are told."""

    at = "03-11"


def address(raised: Raised) -> str:
    return f"/escalations/{raised.id}"


def send(browser: FlaskClient, raised: Raised, decision: Decision | str, **typed: Any) -> Any:
    """Send the form of one decision; names of its fields are prefixed as on the page."""
    open_names = {"back", "chosen", "confirmed"}
    prefix = prefix_of(raised.id)
    data = {name if name in open_names else prefix + name: v for name, v in typed.items()}
    return browser.post(address(raised), data={"decision": str(decision), **data})


def card(html: str, raised: Raised) -> str:
    """The card of one escalation in a list."""
    found = re.search(
        rf'<article class="panel esc"[^>]*id="e-{raised.id}".*?</article>', html, re.DOTALL
    )
    assert found, raised.id
    return found[0]


def listed(html: str) -> list[str]:
    return re.findall(r'id="e-([0-9a-f-]{36})"', html)


# The list -----------------------------------------------------------------------------------------


def test_a_card_says_what_is_asked_the_facts_the_clock_and_what_follows(desk, town):
    raised = extension(town)
    html = card(page(desk.browser("leader").get("/escalations")), raised)
    for words in (
        "申请延期", "示例热电有限公司", raised.matter.row.number, "研判", WHY, "王芳提请", "由局领导决定",
        "立案", "2026-03-17", "剩 4 个工作日", "前不决定，告知上级和审计员", "记为本机关逾期并督办",
        "最多延长 15 日，至 2026-04-01；须在 2026-03-17 届满前批准", "第十八条",
    ):  # fmt: skip
        assert words in html, words
    for button in ("approve", "change", "refuse"):
        assert f'value="{button}"' in html
    assert 'value="pass"' not in html, "nobody stands above the leader"


def test_an_end_that_is_past_is_no_consequence_of_deciding_nothing(desk, town, clock):
    clock.at = "03-18 11:00"
    raised = late(town)
    html = page(desk.browser("leader").get(address(raised)))
    assert "前不决定，告知上级和审计员" in html
    assert "届满：" not in html
    assert re.search(r'value="approve"[^>]*>提出办理要求', html), "a clock asks for no approval"


def test_what_goes_no_further_says_that_it_stays(desk, town, clock):
    clock.at = "04-10 12:00"
    raised = clue_proposed(town)
    still = update(Escalation).where(Escalation.id == raised.id)
    town.database.write(lambda session: session.execute(still.values(climbs_at=None)))
    assert "不再上转，一直待决定。" in page(desk.browser("supervisor").get(address(raised)))


def test_the_oldest_consequence_comes_first(desk, town, clock):
    clock.at = "03-18 11:00"
    overdue, coming = late(town), ask(assessing(town), "help", at="03-18 10:30", by="supervisor")
    html = page(desk.browser("leader").get("/escalations?tab=body"))
    order = listed(html)
    assert order.index(str(overdue.id)) < order.index(str(coming.id))


def test_each_tab_shows_what_it_says_and_the_menu_counts_what_is_mine(desk, town):
    mine, leaders = takeover(town), extension(town)
    done = help_(town)
    done.decide(Decision.APPROVE, words=SAID)
    browser = desk.browser("supervisor")

    def ids(tab: str) -> list[str]:
        found, url = [], f"/escalations?tab={tab}"
        while url:
            html = page(browser.get(url))
            found += listed(html)
            more = re.search(r'<a rel="next" href="([^"]+)"', html)
            url = more[1].replace("&amp;", "&") if more else ""
        return found

    assert str(mine.id) in ids("mine")
    assert str(leaders.id) not in ids("mine")
    assert {str(mine.id), str(leaders.id)} <= set(ids("body"))
    assert str(done.id) in ids("decided")
    assert not {str(mine.id), str(leaders.id)} & set(ids("decided"))
    html = page(browser.get("/escalations"))
    menu = re.search(r'href="/escalations"[^>]*>.*?<span class="count">(\d+)', html, re.DOTALL)
    assert menu, "the count beside the menu"
    assert int(menu[1]) == len(ids("mine"))
    browser = desk.browser("inspector")
    assert {str(mine.id), str(leaders.id), str(done.id)} <= set(ids("asked"))


def test_pages_of_a_list_neither_repeat_nor_leave_out(desk, town):
    made = {str(takeover(town).id) for _ in range(21)}
    browser, found, url = desk.browser("supervisor"), [], "/escalations?kind=takeover"
    pages = 0
    while url:
        html = page(browser.get(url))
        found += listed(html)
        more = re.search(r'<a rel="next" href="([^"]+)"', html)
        url, pages = (more[1].replace("&amp;", "&") if more else ""), pages + 1
    assert len(found) == len(set(found))
    assert made <= set(found)
    assert pages > 1


def test_a_list_is_narrowed_by_its_address(desk, town):
    one, other = takeover(town), help_(town)
    browser = desk.browser("leader")
    html = page(browser.get("/escalations?tab=body&kind=help"))
    assert str(one.id) not in html
    assert (
        "没有符合筛选条件" in page(browser.get("/escalations?tab=body&kind=help&lifecycle=recheck"))
        or "Widen" in html
        or str(other.id) in html
    )


def test_the_cost_of_a_list_does_not_grow_with_its_rows(desk, town):
    takeover(town)
    browser = desk.browser("supervisor2")
    url = "/escalations?tab=body&kind=takeover"
    browser.get(url)
    few = desk.queries(lambda: browser.get(url))
    for _ in range(5):
        takeover(town)
    assert desk.queries(lambda: browser.get(url)) == few
    assert few <= 22, few


@pytest.mark.parametrize(
    ("who", "status"), [("inspector", 200), ("auditor", 200), ("market", 403), ("admin", 403)]
)
def test_the_list_is_for_those_who_read_for_the_authority(desk, town, who, status):
    page(desk.browser(who).get("/escalations"), status)


# One of them --------------------------------------------------------------------------------------


def test_approving_leads_back_to_the_list_it_was_decided_from(desk, town):
    raised = extension(town)
    back = "/escalations?tab=mine&kind=extend"
    answer = send(desk.browser("leader"), raised, Decision.APPROVE, words=SAID, back=back)
    assert (answer.status_code, answer.location) == (303, back)
    assert raised.status == "approved"
    assert raised.matter.due("filing") == day("04-01")


def test_an_extension_is_granted_until_another_day_than_was_asked(desk, town):
    matter = assessing(town)
    key = f"extend:{matter.clock('filing').id}"
    raised = ask(matter, key, at="03-10", by="leader", extended_until="2026-04-01")
    browser = desk.browser("leader")
    html = card(page(browser.get("/escalations")), raised)
    assert 'value="2026-04-01"' in html
    assert 'value="act:extend_filing" checked' in html, "what was asked is what is changed"
    typed = {"choose": "act:extend_filing", "words": SAID, "extended_until": "2026-03-25",
             "filing_extension_reason": WHY}  # fmt: skip
    answer = send(browser, raised, Decision.CHANGE, **typed)
    assert answer.status_code == 303
    row = raised.row
    assert (row.status, matter.due("filing")) == ("changed", day("03-25"))
    assert row.proposal["inputs"]["extended_until"] == "2026-04-01"
    assert (row.decision or {})["inputs"]["extended_until"] == "2026-03-25"
    html = page(browser.get(address(raised)))
    assert "2026-04-01" in html
    assert "2026-03-25" in html
    assert "王芳提请" in page(browser.get(f"/cases/{matter.id}")), "both names stand on the case"
    html = page(browser.get(f"/cases/{matter.id}/entries/{row.fired_seq}"))
    assert re.search(r"提请人</dt><dd>王芳", html)


def test_help_by_a_colleague_who_was_named_needs_no_more_words(desk, town):
    raised = help_(town)
    browser = desk.browser("supervisor")
    assert "派人协助：马晓东" in page(browser.get(address(raised)))
    assert send(browser, raised, Decision.APPROVE).status_code == 303
    assert raised.status == "approved"


def test_the_case_says_to_whom_it_was_given_and_who_asked_for_that(desk, town):
    raised = takeover(town)
    browser = desk.browser("supervisor")
    send(browser, raised, Decision.APPROVE)
    html = page(browser.get(f"/cases/{raised.matter.id}"))
    assert re.search(r"指定承办人：马晓东</a>.*?陈志远.*?王芳提请", html, re.DOTALL)


def test_who_asked_for_what_is_of_the_authority_alone(desk, town, clock):
    clock.at = "04-02 12:00"
    matter = clue_proposed(town).matter
    asked = ask(matter, "takeover", at="04-02 10:00", by="supervisor", person="inspector2")
    asked.decide(Decision.APPROVE, at="04-02 11:00")
    show = f"/cases/{matter.id}"
    assert "王芳提请" in page(desk.browser("supervisor").get(show))
    html = page(desk.browser("unit-redian").get(show))
    assert "指定承办人" in html
    assert "王芳提请" not in html
    entry = max(re.findall(rf"{show}/entries/(\d+)", html), key=int)
    assert "王芳" in page(desk.browser("supervisor").get(f"{show}/entries/{entry}"))
    html = page(desk.browser("unit-redian").get(f"{show}/entries/{entry}"))
    assert "仅机关可以查看" in html
    assert "王芳" not in html


def test_a_day_beyond_the_limit_of_the_law_stands_beside_the_field_and_what_was_typed_is_kept(
    desk, town
):
    raised = extension(town)
    typed = {"choose": "act:extend_filing", "words": SAID, "extended_until": "2026-05-01",
             "filing_extension_reason": "等待检测报告"}  # fmt: skip
    answer = send(desk.browser("leader"), raised, Decision.CHANGE, **typed)
    html = page(answer, 422)
    assert re.search(
        r'extended_until-error">.*?本次最多可延长 15 日，即至 2026-04-01', html, re.DOTALL
    )
    for kept in ('value="2026-05-01"', "等待检测报告", SAID):
        assert kept in html
    assert raised.status == "open"


@pytest.mark.parametrize("decision", [Decision.REFUSE, Decision.PASS])
def test_without_words_the_fault_stands_beside_the_field(desk, town, decision):
    raised = takeover(town)
    html = page(send(desk.browser("supervisor"), raised, decision), 422)
    assert f'id="{prefix_of(raised.id)}words-error"' in html
    assert raised.status == "open"


def test_who_lacks_the_power_is_offered_to_pass_it_on_and_told_why(desk, town):
    raised = clue_proposed(town)
    raised.decide(Decision.PASS, words="拟移送", at="04-02")
    html = page(desk.browser("leader").get(address(raised)))
    assert "您不能直接同意" in html
    assert "拟移送" in html
    other = ask(assessing(town), "takeover", at="03-10", by="supervisor")
    html = page(desk.browser("supervisor").get(address(other)))
    assert 'value="pass"' in html


def test_whoever_asked_reads_the_answer_and_may_withdraw_before(desk, town):
    raised = takeover(town)
    browser = desk.browser("inspector")
    html = page(browser.get(address(raised)))
    assert 'value="withdraw"' in html
    assert 'value="approve"' not in html
    raised.decide(Decision.REFUSE, words="先完成现场检查")
    html = page(browser.get(address(raised)))
    assert "先完成现场检查" in html
    assert 'value="withdraw"' not in html
    other = takeover(town)
    assert send(browser, other, Decision.WITHDRAW).status_code == 303
    assert other.status == "withdrawn"


def test_who_comes_second_is_told_who_was_first(desk, town):
    raised = takeover(town)
    browser = desk.browser("supervisor2")
    browser.get(address(raised))
    raised.decide(Decision.APPROVE, "supervisor", SAID)
    html = page(send(browser, raised, Decision.REFUSE, words=SAID), 409)
    assert "陈志远已于 2026-03-10 12:00 办理：同意。" in html


def test_who_decides_too_late_is_told_that_it_closed_itself(desk, town, clock):
    raised = extension(town)
    clock.at = "03-18"
    html = page(send(desk.browser("leader"), raised, Decision.APPROVE, words=SAID), 409)
    assert "延期须在届满前批准" in html
    assert raised.status == "closed"


def test_a_final_act_is_asked_once_more(desk, town):
    raised = act(town)
    browser = desk.browser("leader")
    html = page(send(browser, raised, Decision.APPROVE, words=SAID))
    assert "「不予处理」提交后不能撤回" in html
    assert raised.status == "open"
    assert SAID in html
    assert send(browser, raised, Decision.APPROVE, words=SAID, confirmed="yes").status_code == 303
    assert (raised.status, raised.matter.state) == ("approved", "no_case")


def test_what_a_ladder_proposes_is_completed_on_a_page_of_its_own(desk, town, clock):
    clock.at = "04-02"
    raised = clue_proposed(town)
    browser = desk.browser("supervisor")
    html = page(browser.get(address(raised)))
    assert "补充后同意" in html
    assert 'value="approve"' not in html
    typed = {"chosen": "act:raise_suspicion", "accused": "unit", "conduct": "report_missing",
             "discovered_on": "2026-04-01", "suspicion": "逾期未报送年度排放报告"}  # fmt: skip
    short = {name: value for name, value in typed.items() if name != "accused"}
    html = page(send(browser, raised, Decision.CHANGE, **short), 422)
    assert "逾期未报送年度排放报告" in html
    assert send(browser, raised, Decision.CHANGE, **typed).status_code == 303
    assert raised.status == "approved"
    assert len(raised.clues()) == 1


@pytest.mark.parametrize("choose", ["assign", "instruct"])
def test_something_else_can_be_decided(desk, town, choose):
    raised = extension(town)
    person = str(town["inspector2"].person_id) if choose == "assign" else ""
    typed = {"choose": choose, "words": SAID, "person": person}
    assert send(desk.browser("leader"), raised, Decision.CHANGE, **typed).status_code == 303
    assert (raised.row.decision or {})["do"] == choose
    assert (raised.matter.row.assignee_id is not None) == (choose == "assign")


@pytest.mark.parametrize(
    "typed", [{}, {"choose": "act:close"}, {"choose": "act:assess"}, {"choose": "x"}]
)
def test_nothing_is_decided_that_was_not_offered(desk, town, typed):
    raised = extension(town)
    page(send(desk.browser("leader"), raised, Decision.CHANGE, words=SAID, **typed), 422)
    assert raised.status == "open"


def test_words_that_are_no_decision_are_refused(desk, town):
    raised = extension(town)
    assert send(desk.browser("leader"), raised, "burn").status_code == 422


@pytest.mark.parametrize("who", ["market", "unit-redian", "verifier"])
def test_who_did_not_ask_and_is_not_of_the_authority_finds_nothing(desk, town, who):
    raised = takeover(town)
    browser = desk.browser(who)
    page(browser.get(address(raised)), 404)
    page(send(browser, raised, Decision.REFUSE, words=SAID), 404)


def test_every_kind_has_a_page(desk, town, clock):
    for kind in Kind:
        raised = BEGIN[kind](town)
        clock.at = raised.on
        html = page(desk.browser(raised.by).get(address(raised)))
        assert kind.label.zh in html


# On leave -----------------------------------------------------------------------------------------


def in_the_leaders_place(desk: City, who: str, *lifecycles: str) -> FlaskClient:
    """A browser in which somebody acts in the place of the leader, who is on leave in March."""
    leader, substitute = desk.cast["leader"], desk.cast[who]

    def work(session: Session) -> UUID:
        return delegate(
            session, leader, principal_id=leader.person_id, substitute_id=substitute.person_id,
            organisation_id=leader.organisation_id, roles=leader.roles, lifecycles=lifecycles,
            division="", since=day("03-10"), until=day("03-20"), reason="", now=instant("03-10"),
        ).id  # fmt: skip

    made = desk.database.write(work)
    browser = desk.browser(who)
    with browser.session_transaction() as cookie:
        cookie[PLACE] = str(made)
    return browser


def test_while_the_leader_is_on_leave_the_substitute_decides_within_their_extent(
    desk, town, monkeypatch
):
    monkeypatch.setattr("app.accounts.sessions.utcnow", lambda: instant("03-11"))
    raised = extension(town)
    elsewhere = in_the_leaders_place(desk, "supervisor2", "recheck")
    assert str(raised.id) not in page(elsewhere.get("/escalations"))
    page(send(elsewhere, raised, Decision.APPROVE, words=SAID), 404)
    browser = in_the_leaders_place(desk, "legal", "joint_enforcement")
    card(page(browser.get("/escalations")), raised)
    assert send(browser, raised, Decision.APPROVE, words=SAID).status_code == 303
    row, entry = raised.row, raised.matter.entries()[-1]
    assert row.decided_by_name == "孙静（代刘建平）"
    assert (row.decided_by, row.decided_behalf) == (
        town["legal"].person_id,
        town["leader"].person_id,
    )
    assert (entry.trigger, entry.on_behalf_of) == ("extend_filing", town["leader"].person_id)


# Several at once ----------------------------------------------------------------------------------


def together(browser: FlaskClient, raised: list[Raised], decision: Decision, **typed: Any) -> Any:
    data = {"id": [str(one.id) for one in raised], "decision": decision.value, **typed}
    return browser.post("/escalations/together", data=data)


def test_the_same_kinds_are_decided_together_each_by_itself(desk, town):
    both = [takeover(town), takeover(town)]
    browser = desk.browser("supervisor")
    html = page(together(browser, both, Decision.APPROVE, words=SAID))
    assert "确定：同意" in html
    assert [one.status for one in both] == ["open", "open"]
    html = page(together(browser, both, Decision.APPROVE, words=SAID, confirmed="yes"))
    assert "已决定 2 件" in html
    assert [one.status for one in both] == ["approved", "approved"]
    assert all(one.row.fired_seq == one.matter.entries()[-1].seq for one in both)


def test_what_succeeded_and_what_did_not_and_why_is_told(desk, town):
    good, nameless, gone = takeover(town), takeover(town), takeover(town)
    gone.decide(Decision.REFUSE, "supervisor2", SAID)
    lacking = ask(assessing(town), "takeover", at="03-10", by="supervisor")
    every = [good, nameless, gone, lacking]
    browser = desk.browser("supervisor")
    html = page(together(browser, every, Decision.APPROVE, words=SAID))
    assert "韩雪已于" in html
    assert "还须补充内容，请单独决定" in html
    nameless.decide(Decision.WITHDRAW, "inspector")
    html = page(together(browser, every, Decision.APPROVE, words=SAID, confirmed="yes"))
    assert "已决定 1 件" in html
    assert "未决定 3 件" in html
    assert [one.status for one in every] == ["approved", "withdrawn", "refused", "open"]


def test_different_kinds_nothing_ticked_and_no_words_are_sent_back(desk, town):
    one, other = takeover(town), help_(town)
    browser = desk.browser("supervisor")
    for raised, decision, words, said in (
        ([one, other], Decision.APPROVE, SAID, "只能一并决定同一类事项"),
        ([], Decision.APPROVE, SAID, "请先勾选"),
        ([one], Decision.REFUSE, " ", "须写明办理要求"),
    ):
        answer = together(browser, raised, decision, words=words, back="/escalations?tab=mine")
        html = page(answer, 422)
        assert said in html
        assert words.strip() in html, "what was typed stays"
        ticks = [f'value="{each.id}" checked' in html for each in raised]
        assert all(ticks), "so do the ticks"
    assert (one.status, other.status) == ("open", "open")


# Asking -------------------------------------------------------------------------------------------


def test_an_inspector_asks_for_an_extension_and_reads_the_answer_on_the_case(desk, town):
    matter = assessing(town)
    browser = desk.browser("inspector")
    show = f"/cases/{matter.id}"
    assert f"{show}/ask" in page(browser.get(show))
    html = page(browser.get(f"{show}/ask"))
    key = f"extend:{matter.clock('filing').id}"
    assert "最多延长 15 日，至 2026-04-01" in html
    html = page(browser.get(f"{show}/ask?what={key}"))
    assert 'name="extended_until"' in html
    wrong = {"reason": "", "extended_until": "soon"}
    html = page(browser.post(f"{show}/ask?what={key}", data=wrong), 422)
    assert 'value="soon"' in html
    assert "请写明理由" in html
    typed = {"reason": WHY, "extended_until": "2026-03-27"}
    answer = browser.post(f"{show}/ask?what={key}", data=typed)
    assert answer.location == f"{show}?tab=escalations"
    html = page(browser.get(answer.location))
    assert WHY in html
    assert "2026-03-27" in html
    html = page(browser.post(f"{show}/ask?what={key}", data=typed), 409)
    assert "尚未决定" in html


def test_an_act_is_proposed_with_its_inputs_and_done_under_both_names(desk, town):
    matter = assessing(town)
    browser = desk.browser("supervisor")
    key = "act:not_worth"
    answer = browser.post(f"/cases/{matter.id}/ask?what={key}", data={"reason": "情节轻微"})
    assert answer.status_code == 303
    html = page(desk.browser("leader").get("/escalations?kind=act"))
    assert "不予处理" in html
    assert "情节轻微" in html


def test_another_officer_is_asked_for_by_name(desk, town):
    matter = assessing(town)
    browser = desk.browser("inspector")
    url = f"/cases/{matter.id}/ask?what=takeover"
    named = str(town["inspector2"].person_id)
    assert named in page(browser.get(url))
    stranger = str(town["market"].person_id)
    html = page(browser.post(url, data={"reason": WHY, "person": stranger}), 422)
    assert "请从本机关人员中选择" in html
    assert browser.post(url, data={"reason": WHY, "person": named}).status_code == 303


@pytest.mark.parametrize("who", ["unit-redian", "verifier", "market"])
def test_others_are_shown_neither_the_tab_nor_the_form(desk, town, who):
    raised = takeover(town)
    browser = desk.browser(who)
    page(browser.get(f"/cases/{raised.matter.id}/ask"), 404)


def test_the_tab_of_a_case_shows_open_and_past_ones(desk, town):
    raised = takeover(town)
    done = help_(town)
    done.decide(Decision.APPROVE, words=SAID)
    browser = desk.browser("supervisor")
    html = page(browser.get(f"/cases/{raised.matter.id}?tab=escalations"))
    assert "请求改派" in html
    assert address(raised) in html
    html = page(browser.get(f"/cases/{done.matter.id}?tab=escalations"))
    assert SAID in html
    empty = page(browser.get(f"/cases/{assessing(town).id}?tab=escalations"))
    assert "本案没有督办事项" in empty


def test_a_case_page_costs_no_more_for_having_been_escalated(desk, town):
    raised = takeover(town)
    browser, url = desk.browser("supervisor"), f"/cases/{raised.matter.id}"
    before = desk.queries(lambda: browser.get(url))
    help_ = ask(raised.matter, "help", at="03-10", by="supervisor")
    assert desk.queries(lambda: browser.get(url)) == before
    tab = desk.queries(lambda: browser.get(f"{url}?tab=escalations"))
    help_.decide(Decision.APPROVE, words=SAID)
    assert desk.queries(lambda: browser.get(f"{url}?tab=escalations")) == tab


def test_an_escalation_that_is_not_there_is_not_found(desk, town):
    page(desk.browser("supervisor").get(f"/escalations/{town['leader'].person_id}"), 404)
