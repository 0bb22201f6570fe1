"""The pages of the registers: what each person meets, and files in and out."""

import csv
import io
import re
import zipfile

import pytest
from sqlalchemy import select

from app.accounts.models import Organisation
from app.audit.models import AuditEntry
from app.engine.actors import Role
from app.registers import operations
from app.registers.models import AgencyTie, Ban, RosterEntry, UnitProfile
from app.registers.sheets import read, write_csv, write_excel
from tests import factories
from tests.times import NOW, TODAY

HEADINGS = ["名称", "统一社会信用代码", "区划代码", "行业"]
GOOD = ["示例热电有限公司", "91110000600037341L", "640502", "发电"]
NEW = {
    "name": GOOD[0], "uscc": GOOD[1], "division": "沙坡头区", "sector": "power",
    "ets_covered": "y", "capacity_mw": "660",
}  # fmt: skip


@pytest.fixture
def people(database):
    """One actor per role that has something to do with the registers."""

    def make(session):
        bureau = factories.organisation(session)
        unit = factories.unit(session, name="示例甲", division="640502")
        agency = factories.agency(session, name="示例机构", compiles_in_province=True)
        return {
            "supervisor": factories.actor(session, Role.SUPERVISOR, at=bureau),
            "inspector": factories.actor(session, Role.INSPECTOR, at=bureau),
            "unit": factories.actor(session, Role.ENTERPRISE, at=unit),
            "agency": factories.actor(session, Role.VERIFIER, at=agency),
        }

    return database.write(make)


@pytest.fixture
def supervisor(people, sign_in):
    return sign_in(people["supervisor"])


def body(answer):
    return answer.get_data(as_text=True)


def found(database, model, **fields):
    with database.read() as session:
        return session.scalars(select(model).filter_by(**fields)).all()


# Seeing -----------------------------------------------------------------------------------------

LISTS = ("/registers/units", "/registers/agencies", "/registers/roster")


def test_nobody_reads_the_registers_without_signing_in(client, database):
    for path in LISTS:
        assert client.get(path).status_code == 303


@pytest.mark.parametrize("who", ["supervisor", "inspector", "unit", "agency"])
def test_every_list_shows_what_the_person_may_see(people, sign_in, who):
    client = sign_in(people[who])
    pages = [body(client.get(path)) for path in LISTS]
    authority = who in {"supervisor", "inspector"}
    assert ("示例甲" in pages[0]) == (authority or who == "unit")
    assert ("示例机构" in pages[1]) == (authority or who == "agency")
    assert ("/registers/units/new" in pages[0]) == (who == "supervisor")


def test_an_agency_does_not_open_the_page_of_a_unit(people, sign_in):
    unit_id = people["unit"].organisation_id
    assert sign_in(people["agency"]).get(f"/registers/units/{unit_id}").status_code == 404
    assert sign_in(people["unit"]).get(f"/registers/units/{unit_id}").status_code == 200
    assert sign_in(people["unit"]).get(f"/registers/agencies/{unit_id}").status_code == 404


def test_the_page_of_an_agency_says_what_bars_it_and_why(people, sign_in):
    page = body(
        sign_in(people["inspector"]).get(f"/registers/agencies/{people['agency'].organisation_id}")
    )
    assert "第十三条" in page
    assert "COI-1" in page


@pytest.mark.parametrize("who", ["inspector", "unit", "agency"])
@pytest.mark.parametrize(
    "path",
    [
        "/registers/units/new",
        "/registers/agencies/new",
        "/registers/units/{unit}/edit",
        "/registers/roster/new",
        "/registers/roster/2026/{unit}/remove",
        "/registers/agencies/{agency}/ties",
        "/registers/agencies/{agency}/bans",
        "/registers/import/units",
    ],
)
def test_who_does_not_keep_the_registers_changes_nothing(people, sign_in, who, path):
    address = path.format(
        unit=people["unit"].organisation_id, agency=people["agency"].organisation_id
    )
    client = sign_in(people[who])
    for answer in (client.get(address), client.post(address, data=NEW)):
        assert answer.status_code in {403, 404}


def test_a_list_can_be_narrowed_and_turned_by_its_address(supervisor):
    for query in ("q=示例", "q=没有", "sort=-uscc", "division=640521", "sector=power", "year=2026",
                  "after=x", "year=x", "sort=%27"):  # fmt: skip
        for path in LISTS:
            assert supervisor.get(f"{path}?{query}").status_code == 200
    assert "没有符合条件的单位" in body(supervisor.get("/registers/units?q=没有"))


# Changing ---------------------------------------------------------------------------------------


def test_a_unit_is_entered_with_a_warning_about_its_code(supervisor, database):
    answer = supervisor.post("/registers/units/new", data=NEW, follow_redirects=True)
    assert answer.status_code == 200
    assert "已登记「示例热电有限公司」" in body(answer)
    assert "登记地" in body(answer)
    [unit] = found(database, Organisation, uscc=GOOD[1])
    assert unit.division == "640502"
    [profile] = found(database, UnitProfile, organisation_id=unit.id)
    assert (profile.ets_covered, profile.city_monitored) == (True, False)


def test_a_faulty_form_keeps_what_was_typed_and_says_what_is_wrong(supervisor, database):
    answer = supervisor.post(
        "/registers/units/new", data={**NEW, "division": "火星", "name": "示例保留"}
    )
    assert answer.status_code == 422
    assert "不是已知的区划代码或名称" in body(answer)
    assert 'value="示例保留"' in body(answer)
    assert found(database, Organisation, name="示例保留") == []


def test_a_unit_outside_the_jurisdiction_is_refused_in_words(supervisor):
    answer = supervisor.post("/registers/units/new", data={**NEW, "division": "青铜峡市"})
    assert answer.status_code == 422
    assert "业务科室负责人" in body(answer)


def seen_in(page):
    match = re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page)
    assert match
    return match[1]


def test_the_second_of_two_editors_loses_nothing(supervisor, people, database):
    address = f"/registers/units/{people['unit'].organisation_id}/edit"
    seen = seen_in(body(supervisor.get(address)))
    change = {**NEW, "name": "示例甲", "uscc": "", "seen": seen}
    first = supervisor.post(address, data={**change, "address": "甲地"}, follow_redirects=True)
    assert "已保存" in body(first)
    second = supervisor.post(address, data={**change, "address": "乙地"})
    assert second.status_code == 422
    assert "刚刚改动" in body(second)
    assert 'value="乙地"' in body(second)
    again = {**change, "address": "乙地", "seen": seen_in(body(second))}
    assert supervisor.post(address, data=again).status_code == 303
    [profile] = found(database, UnitProfile, organisation_id=people["unit"].organisation_id)
    assert profile.address == "乙地"


def test_saving_without_a_change_says_so(supervisor, people, database):
    address = f"/registers/units/{people['unit'].organisation_id}/edit"
    page = body(supervisor.get(address))
    same = {"name": "示例甲", "division": "640502", "sector": "power", "ets_covered": "y",
            "seen": seen_in(page)}  # fmt: skip
    assert "没有变化" in body(supervisor.post(address, data=same, follow_redirects=True))
    assert found(database, AuditEntry, chain="registers") == []


def test_ties_bans_and_rosters_are_kept_on_their_pages(supervisor, people, database):
    unit_id, agency_id = people["unit"].organisation_id, people["agency"].organisation_id
    tie = {"unit_id": str(unit_id), "kind": "consulting", "since": "2024-01-01"}
    address = f"/registers/agencies/{agency_id}/ties"
    assert "咨询服务" in body(supervisor.post(address, data=tie, follow_redirects=True))
    [kept] = found(database, AgencyTie)
    end = f"/registers/ties/{kept.id}/end"
    assert supervisor.get(end).status_code == 200
    assert supervisor.post(end, data={"ended_on": "2999-01-01"}).status_code == 422
    assert supervisor.post(end, data={"ended_on": "2025-01-01"}).status_code == 303

    bans = f"/registers/agencies/{agency_id}/bans"
    ban = {"scope": "技术审核", "from_day": "2026-01-01", "to_day": "2025-01-01", "basis": "某决定"}
    assert "截止日期早于起始日期" in body(supervisor.post(bans, data=ban))
    assert supervisor.post(bans, data={**ban, "to_day": ""}).status_code == 303
    assert found(database, Ban)[0].to_day is None

    listing = {"unit_id": str(unit_id), "year": "2025", "listed_on": "2024-10-31"}
    assert supervisor.get(f"/registers/roster/new?unit={unit_id}&year=2025").status_code == 200
    assert supervisor.post("/registers/roster/new", data=listing).status_code == 303
    assert "已列入 2025 年度名录" in body(supervisor.post("/registers/roster/new", data=listing))
    removal = f"/registers/roster/2025/{unit_id}/remove"
    assert supervisor.get(removal).status_code == 200
    assert supervisor.post(removal, data={"removed_on": "2025-06-30"}).status_code == 303
    assert found(database, RosterEntry)[0].removed_on is not None
    assert supervisor.get(f"/registers/units/{unit_id}").status_code == 200
    acts = [entry.trigger for entry in found(database, AuditEntry, chain="registers")]
    assert sorted(acts) == ["add_tie", "end_tie", "impose_ban", "list_unit", "remove_from_roster"]


def test_a_tie_to_somebody_not_on_offer_is_refused(supervisor, people):
    agency_id = people["agency"].organisation_id
    tie = {"unit_id": str(agency_id), "kind": "asset"}
    assert supervisor.post(f"/registers/agencies/{agency_id}/ties", data=tie).status_code == 422


# Files in ---------------------------------------------------------------------------------------


def upload(client, content, name="表.csv", register="units"):
    return client.post(
        f"/registers/import/{register}",
        data={"file": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
    )


def plan_in(page):
    match = re.search(r'name="plan" value="([0-9a-f]{64})"', page)
    assert match
    return match[1]


def test_a_file_is_shown_first_and_written_on_confirmation(supervisor, database):
    answer = upload(supervisor, write_csv([HEADINGS, GOOD, ["示例乙", "", "火星", "发电"]]))
    assert answer.status_code == 303
    page = body(supervisor.get(answer.location))
    assert "不是已知的区划" in page
    assert found(database, Organisation, name=GOOD[0]) == []
    done = supervisor.post(answer.location, data={"plan": plan_in(page)}, follow_redirects=True)
    assert "新增 1 条" in body(done)
    assert "1 行有误" in body(done)
    assert len(found(database, Organisation, name=GOOD[0])) == 1
    faulty = supervisor.get(f"{answer.location}/faulty.csv")
    rows = list(csv.reader(io.StringIO(faulty.get_data().decode("utf-8-sig"))))
    assert rows[1][:5] == ["示例乙", "", "火星", "发电", "3"]
    again = supervisor.post(answer.location, data={"plan": plan_in(page)}, follow_redirects=True)
    assert "登记簿有变动" in body(again)
    assert len(found(database, Organisation, name=GOOD[0])) == 1


def test_an_excel_file_without_faults_leads_to_the_list(supervisor, database):
    answer = upload(supervisor, write_excel([HEADINGS, GOOD], "单位"), "单位.xlsx")
    page = body(supervisor.get(answer.location))
    done = supervisor.post(answer.location, data={"plan": plan_in(page)})
    assert done.location == "/registers/units"


@pytest.mark.parametrize("register", ["units", "agencies", "roster"])
def test_every_register_takes_its_own_template_back(supervisor, register):
    template = supervisor.get(f"/registers/import/{register}/template.xlsx").get_data()
    answer = upload(supervisor, template, "空表.xlsx", register)
    assert "没有可写入的行" in body(supervisor.get(answer.location))


def test_a_file_that_is_no_table_is_refused_on_the_form(supervisor):
    for content in (b"", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe"):
        answer = upload(supervisor, content)
        assert answer.status_code == 422
        assert 'role="alert"' in body(answer)
    assert supervisor.post("/registers/import/units", data={}).status_code == 422


def test_the_preview_of_a_file_is_its_owner_s_and_of_its_register(
    supervisor, people, sign_in, database
):
    location = upload(supervisor, write_csv([HEADINGS, GOOD])).location
    assert supervisor.get(location.replace("units", "agencies")).status_code == 404
    assert supervisor.get(location + "x").status_code == 404
    assert sign_in(people["inspector"]).get(location).status_code == 403

    def second(session):
        bureau = session.get_one(Organisation, people["supervisor"].organisation_id)
        return factories.actor(session, Role.SUPERVISOR, at=bureau)

    assert sign_in(database.write(second)).get(location).status_code == 404


# Files out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_given_away_can_be_read_in_again(supervisor, people, database, form):
    unit_id = people["unit"].organisation_id

    def list_it(session):
        operations.list_unit(session, people["supervisor"], unit_id, 2026, listed_on=TODAY, now=NOW)

    database.write(list_it)
    for register in ("units", "agencies", "roster"):
        answer = supervisor.get(f"/registers/{register}.{form}")
        assert answer.status_code == 200
        assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
        assert len(read(answer.get_data())) == 2
        location = upload(supervisor, answer.get_data(), f"x.{form}", register).location
        page = body(supervisor.get(location))
        assert "没有可写入的行" in page
        assert "无法识别" not in page


def test_a_unit_takes_away_only_itself(people, sign_in, database):
    database.write(lambda session: factories.unit(session, name="示例别家", division="640502").id)
    lines = read(sign_in(people["unit"]).get("/registers/units.csv").get_data())
    assert [line.cells[0] for line in lines] == ["名称", "示例甲"]


def test_a_name_that_looks_like_a_formula_leaves_inert(supervisor, database):
    database.write(lambda session: factories.unit(session, name="=1+1", division="640502").id)
    text = supervisor.get("/registers/units.csv").get_data().decode("utf-8-sig")
    assert "\r\n'=1+1," in text
    package = zipfile.ZipFile(io.BytesIO(supervisor.get("/registers/units.xlsx").get_data()))
    assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")
