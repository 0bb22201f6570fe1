"""Reading a table into the registers: every row is told what becomes of it, and none is lost."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.accounts.models import Organisation
from app.audit.models import AuditEntry
from app.engine.actors import Role
from app.registers import imports, operations, queries
from app.registers.columns import Register
from app.registers.errors import FileRefused, MayNotEdit
from app.registers.imports import Action
from app.registers.models import RosterEntry, Sector, UnitProfile
from app.registers.sheets import read, write_csv
from config import ROOT
from tests import factories
from tests.times import NOW, TODAY

PLANTS = ROOT / "tests" / "data" / "ningxia_thermal_plants.csv"
HEADINGS = ["名称", "统一社会信用代码", "区划代码", "行业"]
GOOD = ["示例热电有限公司", "91110000600037341L", "640502", "发电"]


@pytest.fixture
def supervisor(session):
    return factories.actor(session, Role.SUPERVISOR)


def planned(session, actor, *rows, register=Register.UNITS, headings=HEADINGS):
    return imports.plan(session, actor, register, read(write_csv([headings, *rows])))


def apply(session, actor, plan):
    imports.apply(session, actor, plan, file_name="表.csv", file_digest="0" * 64, now=NOW)


def only(plan):
    [row] = plan.rows
    return row


def said(labels):
    return " ".join(label.zh for label in labels)


def test_a_new_row_is_added_with_its_warnings(session, supervisor):
    plan = planned(session, supervisor, GOOD)
    row = only(plan)
    assert row.action is Action.ADD
    assert "登记地" in said(row.warnings)  # the code was registered in Beijing
    apply(session, supervisor, plan)
    unit = session.scalars(select(Organisation).where(Organisation.name == GOOD[0])).one()
    assert (unit.uscc, unit.division) == (GOOD[1], "640502")
    assert session.get_one(UnitProfile, unit.id).sector is Sector.POWER


def test_reading_the_same_file_twice_changes_nothing(session, supervisor):
    apply(session, supervisor, planned(session, supervisor, GOOD))
    assert only(planned(session, supervisor, GOOD)).action is Action.UNCHANGED


def test_a_change_is_told_field_by_field(session, supervisor):
    apply(session, supervisor, planned(session, supervisor, GOOD))
    plan = planned(session, supervisor, ["示例新热电有限公司", GOOD[1], "中宁县", "发电"])
    assert only(plan).changes == {
        "name": ("示例热电有限公司", "示例新热电有限公司"),
        "division": ("640502", "640521"),
    }
    apply(session, supervisor, plan)
    assert session.scalars(select(Organisation.name).where(Organisation.uscc == GOOD[1])).all() == [
        "示例新热电有限公司"
    ]


def test_an_empty_cell_wipes_nothing_out(session, supervisor):
    apply(session, supervisor, planned(session, supervisor, GOOD))
    plan = planned(session, supervisor, [GOOD[0], "", "", ""])
    assert only(plan).action is Action.UNCHANGED


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (["", "91110000600037341L", "640502", "发电"], "缺少「名称」"),
        (["示例甲", "", "", "发电"], "缺少「区划代码」"),
        (["示例甲", "", "640502", ""], "缺少「行业」"),
        (["示例甲", "", "青铜峡县", "发电"], "不是已知的区划"),
        (["示例甲", "", "青铜峡市", "发电"], "不在本机关辖区内"),
        (["示例甲", "", "640502", "煤炭"], "请从列表中选择「行业」"),
        (["示例甲", "91110000600037341L0", "640502", "发电"], "最多 18 字"),
        (["示例甲", "9.11100006000373E+17", "640502", "发电"], "存成了数字"),
        (["长" * 201, "", "640502", "发电"], "最多 200 字"),
        (["示例甲", "", "640502", "发电", "错位"], "可能错位"),
    ],
)
def test_a_faulty_row_is_told_its_fault_and_its_line(session, supervisor, row, fault):
    found = only(planned(session, supervisor, row))
    assert found.action is Action.FAULTY
    assert fault in said(found.faults)
    assert len(found.faults) == 1
    assert found.line.number == 2


@pytest.mark.parametrize(
    ("code", "warning"),
    [
        ("91110000600037341N", "末位应为 L"),
        ("12345", "应为 18 位"),
        ("91 110000 600037341l", "按规范写法记为 91110000600037341L"),
    ],
)
def test_an_odd_credit_code_warns_and_is_kept(session, supervisor, code, warning):
    row = only(planned(session, supervisor, ["示例甲", code, "640502", "发电"]))
    assert row.action is Action.ADD
    assert warning in said(row.warnings)


def test_a_code_registered_in_the_same_city_gives_no_warning(session, supervisor):
    row = only(planned(session, supervisor, ["示例甲", "91640502227780090J", "中宁县", "发电"]))
    assert "登记地" not in said(row.warnings)


def test_duplicates_in_the_file_name_the_first_line(session, supervisor):
    plan = planned(
        session, supervisor, GOOD, ["示例乙", GOOD[1], "640502", "发电"],
        [GOOD[0], "", "640502", "发电"],
    )  # fmt: skip
    assert [row.action for row in plan.rows] == [Action.ADD, Action.FAULTY, Action.FAULTY]
    assert all("第 2 行重复" in said(row.faults) for row in plan.rows[1:])


def test_the_same_name_under_another_code_is_for_a_person_to_decide(session, supervisor):
    apply(session, supervisor, planned(session, supervisor, GOOD))
    row = only(planned(session, supervisor, [GOOD[0], "91640500MA00000018", "640502", "发电"]))
    assert row.action is Action.FAULTY
    assert GOOD[1] in said(row.faults)


def test_a_code_learnt_later_completes_the_entry(session, supervisor):
    apply(session, supervisor, planned(session, supervisor, [GOOD[0], "", *GOOD[2:]]))
    assert only(planned(session, supervisor, GOOD)).changes == {"uscc": (None, GOOD[1])}


def test_two_of_one_name_need_their_code(session, supervisor):
    factories.unit(session, name=GOOD[0], division="640502")
    factories.unit(session, name=GOOD[0], division="640502")
    assert "多个同名" in said(only(planned(session, supervisor, GOOD)).faults)


def test_the_code_of_an_agency_is_not_a_unit_s(session, supervisor):
    factories.agency(session, name="示例机构", uscc=GOOD[1])
    assert "示例机构" in said(only(planned(session, supervisor, GOOD)).faults)


def test_a_unit_of_another_jurisdiction_is_not_changed(session, supervisor):
    factories.unit(session, name=GOOD[0], uscc=GOOD[1], division="640381")
    assert "不在本机关辖区内" in said(only(planned(session, supervisor, GOOD)).faults)


# Headings ---------------------------------------------------------------------------------------


def test_a_title_may_stand_above_and_headings_have_other_names(session, supervisor):
    lines = read(
        write_csv(
            [
                ["重点排放单位", "", "", ""],
                ["2026 年 3 月", "", "", ""],
                ["企业名称 *", "所在区县", "所属行业", "装机容量（MW）", "纳入全国碳市场", "序号"],
                ["示例热电有限公司", "沙坡头区", "发电", "2×330", "是", "1"],
                ["示例水泥有限公司", "中宁县", "水泥", "", "否", "2"],
            ]
        )
    )
    plan = imports.plan(session, supervisor, Register.UNITS, lines)
    assert plan.unknown_columns == ["序号"]
    assert [row.line.number for row in plan.rows] == [4, 5]
    assert "「装机容量」应为数字" in said(plan.rows[0].faults)
    assert plan.rows[1].values["ets_covered"] is False


@pytest.mark.parametrize(
    ("headings", "told"),
    [
        (["甲", "乙"], "表头缺少「名称」列"),
        (["名称", "企业名称"], "两列都表示「名称」"),
    ],
)
def test_wrong_headings_refuse_the_file(session, supervisor, headings, told):
    with pytest.raises(FileRefused) as refused:
        planned(session, supervisor, ["x", "y"], headings=headings)
    assert told in refused.value.label.zh


def test_headings_alone_are_an_empty_plan(session, supervisor):
    assert list(planned(session, supervisor).rows) == []


# Applying ---------------------------------------------------------------------------------------


def test_good_rows_are_written_and_the_others_can_be_taken_away(session, supervisor):
    plan = planned(
        session, supervisor, GOOD, ["=1+1", "", "640502", "煤炭"], ["示例丙", "", "", ""]
    )
    apply(session, supervisor, plan)
    heading, *faulty = list(plan.faulty_rows("zh_Hans_CN"))
    assert heading == [*HEADINGS, "原行号", "原因"]
    assert [row[:4] for row in faulty] == [["=1+1", "", "640502", "煤炭"], ["示例丙", "", "", ""]]
    assert [row[4] for row in faulty] == ["3", "4"]
    assert all(row[5] for row in faulty)
    again = imports.plan(session, supervisor, Register.UNITS, read(write_csv([heading, *faulty])))
    assert again.unknown_columns == []
    assert session.scalar(select(func.count()).select_from(UnitProfile)) == 1


def test_one_entry_tells_the_whole_file_but_no_names_of_people(session, supervisor):
    plan = planned(
        session, supervisor, [*GOOD, "王某"], ["示例乙", "", "", "", ""],
        headings=[*HEADINGS, "联系人"],
    )  # fmt: skip
    apply(session, supervisor, plan)
    entry = session.scalars(select(AuditEntry)).one()
    body = json.loads(entry.body)
    assert entry.trigger == "import_units"
    assert body["details"]["counts"] == {"add": 1, "change": 0, "unchanged": 0, "faulty": 1}
    [row] = body["details"]["rows"]
    assert (row["line"], row["act"], row["values"]["name"]) == (2, "add", GOOD[0])
    assert "王某" not in entry.body
    assert set(body["commitments"]) == {"contacts"}


def test_the_digest_of_a_plan_tells_whether_anything_else_would_happen(session, supervisor):
    before = planned(session, supervisor, GOOD).digest
    assert planned(session, supervisor, GOOD).digest == before
    factories.unit(session, name=GOOD[0], uscc=GOOD[1], division="640502")
    assert planned(session, supervisor, GOOD).digest != before


def test_only_a_keeper_applies(session, supervisor):
    plan = planned(session, supervisor, GOOD)
    with pytest.raises(MayNotEdit):
        apply(session, factories.actor(session, Role.INSPECTOR), plan)


def test_ten_thousand_rows_are_read_and_no_more(session, supervisor):
    rows = [[f"示例{number}", "", "640502", "发电"] for number in range(10_000)]
    plan = planned(session, supervisor, *rows)
    assert plan.counts[Action.ADD] == 10_000
    with pytest.raises(FileRefused):
        planned(session, supervisor, *rows, ["示例多", "", "640502", "发电"])


# Agencies and rosters ---------------------------------------------------------------------------


def test_agencies_of_other_provinces_are_read_in(session, supervisor):
    plan = planned(
        session, supervisor, ["示例机构", "110105", "有", "否"], register=Register.AGENCIES,
        headings=["机构名称", "注册地", "编制排放报告", "参与交易"],
    )  # fmt: skip
    apply(session, supervisor, plan)
    [row] = queries.agencies(session, supervisor, queries.Search()).rows
    assert (row.division, row.compiles_in_province, row.trades) == ("110105", True, False)


ROSTER = ["年度", "名称", "列入日期", "移出日期"]


def roster(session, actor, *rows):
    return planned(session, actor, *rows, register=Register.ROSTER, headings=ROSTER)


def test_a_roster_lists_known_units_once_a_year(session, supervisor):
    unit = factories.unit(session, name="示例甲")
    factories.unit(session, name="示例外地", division="640381")
    plan = roster(
        session,
        supervisor,
        ["2026", "示例甲", "2025/10/31", ""],
        ["2026", "示例甲", "2025-10-31", ""],
        ["2026", "示例无", "2025-10-31", ""],
        ["2026", "示例外地", "2025-10-31", ""],
        ["1999", "示例甲", "2025-10-31", ""],
        ["2027", "示例甲", "2026-10-31", "2026-10-30"],
        ["2027", "", "", ""],
    )
    assert [row.action for row in plan.rows] == [Action.ADD, *[Action.FAULTY] * 6]
    apply(session, supervisor, plan)
    [entry] = session.scalars(select(RosterEntry))
    assert (entry.unit_id, entry.year, entry.listed_on) == (unit.id, 2026, date(2025, 10, 31))


def test_a_removal_is_read_in_as_a_change(session, supervisor):
    unit = factories.unit(session, name="示例甲")
    operations.list_unit(session, supervisor, unit.id, 2026, listed_on=TODAY, now=NOW)
    plan = roster(session, supervisor, ["2026", "示例甲", "2026年3月16日", "2026.3.20"])
    assert only(plan).changes == {"removed_on": (None, date(2026, 3, 20))}
    apply(session, supervisor, plan)
    [entry] = session.scalars(select(RosterEntry))
    assert entry.removed_on == date(2026, 3, 20)
    again = roster(session, supervisor, ["2026", "示例甲", "2026-03-16", ""])
    assert only(again).action is Action.UNCHANGED


# Real plants ------------------------------------------------------------------------------------

COUNTIES = {"Qingtongxia": "青铜峡市", "Zhongwei": "中卫市", "Lingwu": "灵武市", "Xixia": "西夏区"}


def test_the_real_plants_with_their_wrong_counties_are_all_accounted_for(session, supervisor):
    with PLANTS.open(encoding="utf-8", newline="") as file:
        plants = list(csv.DictReader(file))
    rows = [
        [
            plant["name"],
            next((zh for en, zh in COUNTIES.items() if en in plant["location_as_recorded"]), ""),
            "发电",
            plant["capacity_mw"],
            plant["owner"],
        ]
        for plant in plants
    ]
    plan = planned(
        session, supervisor, *rows, headings=["名称", "区划", "行业", "装机容量（MW）", "业主"]
    )
    assert plan.unknown_columns == ["业主"]
    assert sum(plan.counts.values()) == 20
    faults = {row.values["name"]: said(row.faults) for row in plan.rows}
    assert (
        "不在本机关辖区内" in faults["CPI Zhongwei Cogen power station"]
    )  # recorded as Qingtongxia
    assert faults["Ningxia Zhongning-2 power station"] == ""
    assert "缺少「区划代码」" in faults["Ningxia Meili power station"]
    assert plan.rows[0].values["capacity_mw"] == Decimal("700.0")
