"""A table of people and organisations: faults by cell, all or nothing, and the roles by two."""

from __future__ import annotations

import io
import re

import pytest
import time_machine
from sqlalchemy import func, select

from app.accounts import organisation_requests as wishes
from app.accounts.errors import ChangeRefused, MayNotAdminister, NeedsAnother
from app.accounts.leavers import GONE, UNSET
from app.accounts.models import (
    AccountRequest,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
)
from app.audit import chain, verification
from app.engine.actors import Role
from app.registers import people_import, sheets
from app.registers.errors import FileRefused
from tests import factories
from tests.times import NOW, TODAY

HEADING = ("登录名", "姓名", "电子邮箱", "单位", "角色", "单位类型", "行政区划", "截止日期")
CODE, OTHER_CODE = "91640500MA1234567X", "91640500MA7654321X"
GOOD = (
    ("zhao", "赵一", "zhao@example.cn", "中卫市公安局", "公安联络员", "协同部门", "640500", ""),
    ("qian", "钱二", "", "测试市局", "执法人员", "", "", "2027-06-30"),
    ("qian", "", "", "测试市局", "法制审核人员", "", "", ""),
    ("", "", "", "海原分局", "", "分局", "海原县", ""),
)


class Desk:
    """A bureau with two administrators."""

    def __init__(self, database, session):
        self.database = database
        self.bureau = factories.organisation(session, name="测试市局")
        self.an = factories.actor(session, Role.ADMINISTRATOR, at=self.bureau, login="an")
        self.bai = factories.actor(session, Role.ADMINISTRATOR, at=self.bureau, login="bai")
        self.li = factories.actor(session, Role.INSPECTOR, at=self.bureau, login="li")

    def plan(self, *rows, session=None):
        lines = sheets.read(sheets.write_csv([HEADING, *rows]))
        if session is not None:
            return people_import.plan(session, lines, TODAY)
        with self.database.read() as reading:
            return people_import.plan(reading, lines, TODAY)

    def faults(self, *rows):
        return [fault.zh for row in self.plan(*rows).faulty for fault in row.faults]

    def enter(self, *rows, by=None):
        def work(session):
            planned = self.plan(*rows, session=session)
            return people_import.enter(
                session, by or self.an, planned, file_name="人员.csv", file_digest="00", now=NOW
            )

        return self.database.write(work)

    def grant(self, key, by=None):
        return self.database.write(
            lambda s: wishes.grant(s, by or self.bai, key, answer="", now=NOW)
        )

    def person(self, login):
        with self.database.read() as session:
            return session.scalar(select(Person).where(Person.login == login))

    def roles(self, login):
        with self.database.read() as session:
            query = (
                select(Membership.role, Organisation.name, Membership.since, Membership.until)
                .join(Membership.organisation)
                .join(Membership.person)
                .where(Person.login == login)
            )
            return {tuple(row) for row in session.execute(query)}

    def counts(self):
        with self.database.read() as session:
            return [
                session.scalar(select(func.count()).select_from(model))
                for model in (Person, Organisation, Membership, AccountRequest)
            ]

    def triggers(self):
        with self.database.read() as session:
            assert list(verification.verify_all(session)) == []
            order = chain.entries.c.seq
            return session.scalars(select(chain.entries.c.trigger).order_by(order)).all()


@pytest.fixture(autouse=True)
def noon_of_today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(database):
    return database.write(lambda s: Desk(database, s))


def row(**cells):
    found = dict(zip(HEADING, GOOD[1], strict=True)) | cells
    return tuple(found[name] for name in HEADING)


# What is entered ----------------------------------------------------------------------------------


def test_people_and_organisations_are_entered_and_can_do_nothing_until_another_grants(desk):
    asked = desk.enter(*GOOD)
    assert desk.person("zhao").name == "赵一"
    assert (desk.person("qian").active, desk.person("qian").password_hash) == (False, UNSET)
    with desk.database.read() as session:
        branch = session.scalar(select(Organisation).where(Organisation.name == "海原分局"))
    assert (branch.kind, branch.division) == (OrganisationKind.BRANCH, "640522")
    assert desk.roles("qian") == set()
    with pytest.raises(NeedsAnother):
        desk.grant(asked.id, by=desk.an)
    desk.grant(asked.id)
    assert desk.roles("zhao") == {("partner_police", "中卫市公安局", TODAY, None)}
    assert {one[0] for one in desk.roles("qian")} == {"inspector", "legal_reviewer"}
    assert desk.triggers() == [
        "create_organisation", "create_organisation", "create_person", "create_person",
        "import_people", "ask_organisation", "grant_request", "grant_role", "grant_role", "grant_role",
    ]  # fmt: skip


def test_whom_the_file_gives_a_role_does_not_grant_it(desk):
    asked = desk.enter(row(登录名="bai", 姓名="", 角色="法制审核人员"))
    with pytest.raises(NeedsAnother):
        desk.grant(asked.id)
    assert len(desk.roles("bai")) == 1


def test_no_two_columns_stand_for_the_same(desk):
    lines = sheets.read(sheets.write_csv([[*HEADING, "Role"], [*row(), "系统管理员"]]))
    with desk.database.read() as session, pytest.raises(FileRefused) as refused:
        people_import.plan(session, lines, TODAY)
    assert "「角色」" in refused.value.label.zh


def test_of_several_of_one_name_the_code_says_which_is_meant(desk):
    def enter(session):
        for code in (CODE, OTHER_CODE):
            factories.organisation(session, OrganisationKind.UNIT, name="同名厂", uscc=code)

    desk.database.write(enter)
    heading = [*HEADING, "统一社会信用代码"]
    cells = row(单位="同名厂", 角色="重点排放单位", 登录名="qian")

    def plan(session, code):
        lines = sheets.read(sheets.write_csv([heading, [*cells, code]]))
        return people_import.plan(session, lines, TODAY)

    with desk.database.read() as session:
        (unclear,) = plan(session, "").faulty
        assert [one.zh for one in unclear.faults] == [
            "D2：有多个同名的在用单位，请填写其信用代码。"
        ]

    def work(session):
        return people_import.enter(
            session, desk.an, plan(session, OTHER_CODE), file_name="a", file_digest="0", now=NOW
        )

    asked = desk.database.write(work)
    desk.grant(asked.id)
    with desk.database.read() as session:
        code = session.scalar(
            select(Organisation.uscc)
            .join(Membership, Membership.organisation_id == Organisation.id)
            .join(Membership.person)
            .where(Person.login == "qian")
        )
    assert code == OTHER_CODE


def test_what_may_no_longer_be_is_not_granted_in_part(desk):
    asked = desk.enter(*GOOD)

    def leave(session):
        person = session.scalar(select(Person).where(Person.login == "qian"))
        person.password_hash = GONE

    desk.database.write(leave)
    with pytest.raises(ChangeRefused):
        desk.grant(asked.id)
    assert desk.roles("zhao") == set()


def test_only_an_administrator_imports(desk):
    with pytest.raises(MayNotAdminister):
        desk.enter(*GOOD, by=desk.li)


def test_one_faulty_row_keeps_the_whole_file_out(desk):
    before = desk.counts()
    with pytest.raises(ChangeRefused):
        desk.enter(*GOOD, row(登录名="sun", 角色="国王"))
    assert desk.counts() == before


# Faults -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"登录名": "钱"}, "A2：登录名"),
        ({"登录名": "li"}, "B2：该登录名属于"),
        ({"姓名": ""}, "B2：新人员须写明姓名"),
        ({"电子邮箱": "qian"}, "C2：电子邮箱"),
        ({"单位": ""}, "D2：请填写单位"),
        ({"角色": "国王"}, "E2：没有这个角色"),
        ({"角色": "第三方核查员"}, "E2：生态环境局没有这个角色"),
        ({"单位": "新局"}, "F2：新单位须写明类型"),
        ({"单位": "新局", "单位类型": "重点排放单位", "行政区划": "640500"}, "F2：新单位"),
        ({"单位": "新局", "单位类型": "分局"}, "G2：新单位须写明行政区划"),
        ({"截止日期": "2020-01-01"}, "H2：截止日期早于"),
        ({"截止日期": "明年"}, "H2：不是日期"),
        ({"登录名": "li", "姓名": ""}, "E2：此人已担任该角色"),
    ],
)
def test_a_fault_is_named_by_its_cell(desk, cells, fault):
    found = desk.faults(row(**cells))
    assert any(one.startswith(fault) for one in found), found


def test_rows_that_contradict_each_other_are_faulty(desk):
    found = desk.faults(
        row(),
        row(),
        row(姓名="钱三", 角色="法制审核人员"),
        row(登录名="zhou", 单位="新局", 单位类型="分局", 行政区划="640521"),
        row(登录名="wu", 单位="新局", 单位类型="分局", 行政区划="640522"),
    )
    assert found == ["E3：与第 2 行重复。", "B4：与第 2 行不一致。", "G6：与第 5 行不一致。"]


def test_a_file_of_something_else_is_refused(desk):
    with pytest.raises(FileRefused), desk.database.read() as session:
        people_import.plan(session, sheets.read("甲,乙\n1,2\n".encode()), TODAY)


# The pages ----------------------------------------------------------------------------------------


def upload(client, content, name="人员.xlsx"):
    return client.post("/registers/import-people", data={"file": (io.BytesIO(content), name)})


def test_a_sheet_is_previewed_confirmed_and_granted(desk, sign_in):
    an, bai = sign_in(desk.an), sign_in(desk.bai)
    empty = an.get("/registers/import-people/template.xlsx")
    assert sheets.read(empty.data)[0].cells == tuple(
        label.zh for label in people_import.COLUMNS.values()
    )
    before = desk.counts()
    address = upload(an, sheets.write_excel([HEADING, *GOOD], "人员")).headers["Location"]
    page = an.get(address).text
    assert "赵一" in page
    assert desk.counts() == before
    [plan] = re.findall(r'name="plan" value="(\w+)"', page)
    assert bai.get(address).status_code == 404  # an upload is of who handed it in
    assert an.post(address, data={"plan": "0"}).headers["Location"] == address
    assert desk.counts() == before
    assert an.post(address, data={"plan": plan}).status_code == 303
    with desk.database.read() as session:
        key = session.scalar(select(AccountRequest.id))
    wish = f"/account/organisations/requests/{key}"
    assert "钱二" in bai.get(wish).text
    assert bai.post(wish, data={"decision": "grant"}).status_code == 303
    assert len(desk.roles("qian")) == 2


def test_faulty_rows_are_taken_away_and_the_corrected_file_enters(desk, sign_in):
    an = sign_in(desk.an)
    content = sheets.write_csv([HEADING, *GOOD, row(登录名="sun", 角色="国王")])
    address = upload(an, content, "人员.csv").headers["Location"]
    page = an.get(address).text
    assert "E6：没有这个角色。" in page
    [plan] = re.findall(r'name="plan" value="(\w+)"', page)
    before = desk.counts()
    an.post(address, data={"plan": plan})
    assert desk.counts() == before
    lines = sheets.read(an.get(f"{address}/faulty.csv").data)
    assert [line.cells[0] for line in lines] == ["登录名", "sun"]
    assert lines[1].cells[-2:] == ("6", "E6：没有这个角色。")


def test_nobody_else_reaches_the_pages(desk, sign_in):
    li = sign_in(desk.li)
    assert li.get("/registers/import-people").status_code == 403
    assert upload(li, b"x").status_code == 403
