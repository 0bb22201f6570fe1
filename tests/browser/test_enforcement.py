"""From a clue to archived files, by the people of three bureaus, in their browsers."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from tests.browser.casework import CERTIFICATES, Bureaus

pytestmark = [pytest.mark.browser]

AGREED = {"view": "agree"}


@pytest.fixture
def bureaus(database, law, cast, tmp_path, people, clock) -> Bureaus:
    return Bureaus(database, law, cast, tmp_path / "files", people, clock)


def an_operation(here: Bureaus) -> UUID:
    """Three bureaus plan, countersign, inspect and split what they found."""
    here.on("03-03")
    case = here.log_clue(
        subject=here.cast.units["redian"].id, source="data_screening", conduct="report_false",
        discovered_on="2026-03-02", suspicion="入炉煤低位发热量连续三个月高于入厂煤。",
    )  # fmt: skip
    here.on("03-04")
    here.act("supervisor", case, "assess")
    here.act("supervisor", case, "plan_jointly", market_matter=True, police_matter=True, joint_reason="涉及检验机构资质。")  # fmt: skip
    for login, items in (("market", "检验机构资质、设备检定"), ("police", "伪造印章线索")):
        here.act("supervisor", case, "add_bureau", bureau=here.body(login), check_items=items)
    for login in ("inspector", "inspector2"):
        here.act("supervisor", case, "name_officer", **officer(here, login))
    here.act(
        "supervisor", case, "circulate", targets="厂区及化验室", lead_items="数据、采样链",
        planned_on="2026-03-12", planned_end_on="2026-03-13", evidence_plan="全程录像",
        safety_plan="由公安机关保障", inspections_this_year=0, yearly_cap=2,
    )  # fmt: skip
    here.on("03-09")
    for login in ("market", "police"):
        for one in (login, f"{login}2"):
            here.act(login, case, "name_partner_officer", **officer(here, one))
        here.act(login, case, "countersign", **AGREED)
    here.on("03-10")
    here.act("leader", case, "approve", item_is_published=True)
    return case


def officer(here: Bureaus, login: str) -> dict[str, str]:
    return {"officer": here.cast.id_of(login), "certificate": CERTIFICATES[login]}


def inspected(here: Bureaus, case: UUID) -> tuple[UUID, UUID]:
    """The inspection and the split; the cases of the unit and of the laboratory's agency."""
    here.on("03-12", 9)
    here.act("inspector", case, "enter_site", served_on="2026-03-12", certificates_shown=True, support_only=True)  # fmt: skip
    unit, lab = here.cast.units["redian"].id, here.cast.agencies["qingyuan"].id
    for party, kind, conduct, fact in (
        (unit, "unit", "report_false", "月度热值高于检测底单。"),
        (lab, "agency", "test_report", "检测报告编号与底单不符，样品早于送检日期。"),
    ):
        here.act(
            "inspector", case, "raise_finding", fact=fact, party=party, party_kind=kind,
            conduct=conduct, found_on="2026-03-12", ended_on="2026-02-20", proof="底单复印件",
        )  # fmt: skip
    for login in ("inspector", "market", "police"):
        here.act(
            login, case, "draft_record", place="化验室", hours="09:20–11:40", persons="示例人员",
            rights_told=True, record_facts="见附件。",
        )  # fmt: skip
        for one in (login, f"{login}2"):
            here.act(one, case, "sign_record", **AGREED)
    here.on("03-13")
    here.act("inspector", case, "end_inspection", presence="三个机关各两人。", joint_facts="底单编号不连续。")  # fmt: skip
    here.on("03-16")
    for row, (route, article) in enumerate(
        (("own", "条例第二十二条"), ("agency", "条例第二十三条"))
    ):
        here.act_on_row(
            "supervisor", case, "findings", "split_finding", row, route=route,
            owner_bureau=here.body("supervisor"), article=article,
        )  # fmt: skip
    here.act("supervisor", case, "split_findings")
    here.act_on_row("inspector", case, "findings", "open_own_case", cause="涉嫌篡改数据案")
    here.act_on_row("inspector", case, "findings", "open_agency_case")
    return here.child(case, "own_cases"), here.child(case, "agency_cases")


def test_a_falsified_coal_report_ends_in_archived_files(bureaus):
    here = bureaus
    operation = an_operation(here)
    assert here.state(operation) == "plan_approved"
    penalty, agency = inspected(here, operation)
    assert here.due(penalty, "filing") == date(2026, 3, 17)
    assert here.due(agency, "filing") == date(2026, 3, 27)
