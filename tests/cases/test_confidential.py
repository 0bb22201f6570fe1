"""A restricted case 保密案件: who still sees it, what its auditor says first, and who makes it one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.cases import confidential, queries, records
from app.cases.errors import BadInputs, NoSuchCase, NotPermitted
from app.cases.escalation.records import chain_of, enter
from app.cases.models import Case, Escalation
from app.cases.operations import locked
from app.cases.queries import Filter, Scope
from app.db import new_id
from app.engine.actors import Actor
from tests.cases.conftest import NOW, City, city, page

__all__ = ["city"]

REASON = "涉及举报人身份，按保密案件办理"


@pytest.fixture
def case(city: City):
    """A case of the bureau, restricted while a test runs, handled by nobody in particular."""
    found = city.case("baifan")
    city.database.write(
        lambda s: records.assign(s, found.id, None, actor=city.cast["supervisor"], now=NOW)
    )
    mark(city, found, "leader", restricted=True)
    yield found
    if restricted(city, found):
        mark(city, found, "leader", restricted=False)


def mark(city: City, case: Case, who: str, *, restricted: bool, reason: str = REASON) -> int:
    return city.database.write(
        lambda s: confidential.mark(
            s, case.id, reason, restricted=restricted, actor=city.cast[who], now=NOW
        )
    )


def restricted(city: City, case: Case) -> bool | None:
    with city.database.read() as reading:
        return reading.scalar(select(Case.restricted).where(Case.id == case.id))


def listed(city: City, actor: Actor, case: Case) -> bool:
    with city.database.read() as reading:
        found = queries.worklist(
            reading, actor, Scope.EVERY, Filter(text=case.number), NOW, limit=500
        )
    return case.id in {one.id for one in found.rows}


def status(city: City, who: str, address: str) -> int:
    return city.browser(who).get(address).status_code


def test_whoever_is_not_named_finds_it_nowhere(city, case):
    for who in ("supervisor", "inspector", "legal", "region", "admin"):
        assert status(city, who, f"/cases/{case.id}") == 404, who
        assert not listed(city, city.cast[who], case), who
        lists = [f"/cases?q={case.number}", "/worklist?scope=all", "/cycles?year=2026"]
        for address in lists:
            html = city.browser(who).get(address).get_data(as_text=True)
            assert f"/cases/{case.id}" not in html, (who, address)


def test_its_leader_the_parties_and_the_officer_in_charge_see_it_as_before(city, case):
    for who in ("leader", "unit-baifan"):
        assert status(city, who, f"/cases/{case.id}") == 200, who
        assert listed(city, city.cast[who], case), who
    officer = city.cast["inspector"]
    by = city.cast["supervisor"]
    city.database.write(lambda s: records.assign(s, case.id, officer.person_id, actor=by, now=NOW))
    html = page(city.browser("inspector").get(f"/cases/{case.id}"))
    assert "保密" in html
    assert status(city, "supervisor", f"/cases/{case.id}") == 404


def test_the_counts_leave_it_out(city, case):
    with city.database.read() as reading:
        leader = queries.counts(reading, city.cast["leader"])
        supervisor = queries.counts(reading, city.cast["supervisor"])
    assert leader[Scope.ALL] == supervisor[Scope.ALL] + 1


def test_an_auditor_says_why_first_and_reads_for_a_day(city, case, monkeypatch):
    address, auditor = f"/cases/{case.id}", city.browser("auditor")
    asked = auditor.get(f"{address}/timeline?moves=1")
    assert asked.status_code == 303
    where = asked.headers["Location"]
    assert page(auditor.get(where)).count(case.subject_name) == 0
    assert "尚未显示" in page(auditor.post(where, data={"reason": " "}), 422)
    assert auditor.get(address).status_code == 303
    assert auditor.get(f"/audit/log/{case.id}/0").status_code == 303
    led = auditor.post(where, data={"reason": "年度审计抽查"})
    assert (led.status_code, led.headers["Location"]) == (303, f"{address}/timeline?moves=1")
    assert case.subject_name in page(auditor.get(address))
    assert auditor.get(f"/audit/log/{case.id}/0").status_code == 200
    with city.database.read() as reading:
        query = select(AuditEntry).where(AuditEntry.chain == "reads")
        entry = reading.scalars(query.order_by(AuditEntry.recorded_at.desc())).first()
    assert entry is not None
    told = json.loads(entry.body)["details"]
    assert (told["chain"], told["what"], told["reason"]) == (str(case.id), "case", "年度审计抽查")
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW + timedelta(days=1, seconds=1))
    assert auditor.get(address).status_code == 303


def test_its_escalations_are_read_for_a_reason_too(city):
    case = city.case("xinghe")  # one of which nobody has said why they read it
    mark(city, case, "leader", restricted=True)
    raised, by = new_id(), city.cast["supervisor"]

    def escalate(session):
        session.add(
            Escalation(
                id=raised, case_id=case.id, key="x", kind="remind", proposal={}, role="supervisor",
                organisation_id=by.organisation_id, raised_by=by.person_id, raised_by_name="系统",
                raised_at=NOW, since=NOW, status="withdrawn",
            )
        )  # fmt: skip
        enter(locked(session, case.id), "raise", by, raised, {"reason": "线索涉密"}, NOW)

    city.database.write(escalate)
    auditor, address = city.browser("auditor"), f"/audit/log/{chain_of(case.id)}/0"
    asked = auditor.get(address)
    assert (asked.status_code, "线索涉密" in asked.get_data(as_text=True)) == (303, False)
    auditor.post(asked.headers["Location"], data={"reason": "年度审计抽查"})
    assert "线索涉密" in page(auditor.get(address))
    mark(city, case, "leader", restricted=False)


def test_another_case_is_read_for_no_reason(city, case):
    other = city.case("yunling")
    assert status(city, "auditor", f"/cases/{other.id}") == 200
    assert status(city, "leader", f"/cases/{case.id}/reading") == 303


def test_it_is_made_one_and_ended_on_its_page_with_a_reason(city, case):
    leader, address = city.browser("leader"), f"/cases/{case.id}/confidentiality"
    shown = page(leader.get(address))
    assert "解除保密" in shown
    assert 'name="act" type="hidden" value="open_up"' in shown
    assert "请填写理由" in page(leader.post(address, data={"act": "open_up", "reason": ""}), 422)
    leader.post(address, data={"reason": "公开听证"})
    leader.post(address, data={"act": "comment", "reason": "公开听证"})
    assert restricted(city, case)
    ended = leader.post(address, data={"act": "open_up", "reason": "公开听证"})
    assert (ended.status_code, ended.headers["Location"]) == (303, f"/cases/{case.id}")
    assert not restricted(city, case)
    assert status(city, "supervisor", f"/cases/{case.id}") == 200
    again = city.browser("supervisor").post(address, data={"act": "restrict", "reason": REASON})
    assert again.headers["Location"] == "/worklist"
    assert restricted(city, case)
    assert city.entries(case.id)[-3:] == ["restrict", "open_up", "restrict"]


def test_a_second_click_does_not_undo_the_first(city, case):
    leader, address = city.browser("leader"), f"/cases/{case.id}/confidentiality"
    shown = page(leader.post(address, data={"act": "restrict", "reason": REASON}), 422)
    assert "该案已是如此" in shown
    assert 'name="act" type="hidden" value="open_up"' in shown
    assert restricted(city, case)


def test_others_may_not(city, case):
    open_case = city.case("yunling")
    for who, refused in (("inspector", NotPermitted), ("auditor", NotPermitted),
                         ("unit-yunling", NotPermitted), ("unit-baifan", NoSuchCase)):  # fmt: skip
        with pytest.raises(refused):
            mark(city, open_case, who, restricted=True)
    assert status(city, "inspector", f"/cases/{open_case.id}/confidentiality") == 403
    with pytest.raises(NoSuchCase):
        mark(city, case, "supervisor", restricted=False)
    for wrong in ("", "长" * 501):
        with pytest.raises(BadInputs):
            mark(city, open_case, "leader", restricted=True, reason=wrong)
    with pytest.raises(BadInputs):
        mark(city, case, "leader", restricted=True)


def test_the_parties_do_not_read_that_it_is_one(city, case):
    html: Any = page(city.browser("unit-baifan").get(f"/cases/{case.id}/timeline"))
    assert "设为保密案件" not in html
    assert "设为保密案件" in page(city.browser("leader").get(f"/cases/{case.id}/timeline"))
