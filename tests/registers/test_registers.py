"""Who sees and keeps the registers, and that every change of them stands in their chain."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.accounts.models import Organisation, OrganisationKind
from app.audit.models import AuditEntry, PrivateValue
from app.db import new_id
from app.engine.actors import SYSTEM_ACTOR, Role
from app.registers import operations, queries
from app.registers.errors import (
    CodeTaken,
    MayNotEdit,
    NoSuchOrganisation,
    OnRosterAlready,
    RegisterHasMoved,
)
from app.registers.models import Ban, Sector, TieKind, UnitProfile
from app.registers.queries import Search
from tests import factories
from tests.times import NOW, TODAY

UNIT = {
    "name": "示例热电有限公司",
    "uscc": "91110000600037341L",
    "division": "640502",
    "sector": "power",
    "contact_name": "王某",
    "contact_phone": "0955-0000000",
    "capacity_mw": Decimal(660),
}


def entries(session):
    rows = session.scalars(
        select(AuditEntry).where(AuditEntry.chain == "registers").order_by(AuditEntry.seq)
    )
    return [(row.trigger, json.loads(row.body)) for row in rows]


def add_unit(session, actor, **values):
    return operations.add(session, actor, OrganisationKind.UNIT, {**UNIT, **values}, now=NOW)


@pytest.fixture
def supervisor(session):
    return factories.actor(session, Role.SUPERVISOR)


# Seeing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.SUPERVISOR, {"own unit", "agency"}),
        (Role.INSPECTOR, {"own unit", "agency"}),
        (Role.BUREAU_LEADER, {"own unit", "agency"}),
        (Role.LEGAL_REVIEWER, {"own unit", "agency"}),
        (Role.ADMINISTRATOR, {"own unit", "agency"}),
        (Role.AUDITOR, {"own unit", "agency"}),
        (Role.PROVINCIAL_VIEWER, {"own unit", "agency"}),
        (Role.RECHECK_EXPERT, set()),
        (Role.PARTNER_MARKET, set()),
        (Role.PARTNER_POLICE, set()),
        (Role.VERIFIER, set()),
        (Role.ENTERPRISE, set()),
    ],
)
def test_the_authority_sees_its_jurisdiction_and_others_nothing_of_others(session, role, sees):
    factories.unit(session, name="own unit", division="640521")
    factories.unit(session, name="foreign unit", division="640381")
    factories.agency(session, name="agency", division="110105")
    actor = factories.actor(session, role)
    seen = session.scalars(select(Organisation.name).where(queries.visible_organisations(actor)))
    assert set(seen) - {actor.organisation_name} == sees


def test_a_branch_sees_the_units_of_its_district_only(session):
    for code in ("640502", "640502401", "640521", "640500"):
        factories.unit(session, name=code, division=code)
    branch = factories.organisation(session, OrganisationKind.BRANCH, division="640502")
    actor = factories.actor(session, Role.INSPECTOR, at=branch)
    assert [row.name for row in queries.units(session, actor, Search()).rows] == [
        "640502",
        "640502401",
    ]


@pytest.mark.parametrize(
    ("role", "make"), [(Role.ENTERPRISE, factories.unit), (Role.VERIFIER, factories.agency)]
)
def test_a_unit_and_an_agency_see_themselves(session, role, make):
    own, other = make(session), make(session)
    actor = factories.actor(session, role, at=own)
    kind = OrganisationKind(own.kind)
    assert queries.organisation(session, actor, own.id, kind)[0].id == own.id
    with pytest.raises(NoSuchOrganisation):
        queries.organisation(session, actor, other.id, kind)


def test_who_has_no_jurisdiction_sees_no_unit(session):
    factories.unit(session)
    nowhere = factories.organisation(session, division="")
    actor = factories.actor(session, Role.SUPERVISOR, at=nowhere)
    assert queries.units(session, actor, Search()).total == 0


# Keeping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM}))
def test_only_supervisor_and_administrator_of_the_authority_keep_the_registers(session, role):
    actor = factories.actor(session, role)
    assert queries.may_edit(session, actor) == (role in {Role.SUPERVISOR, Role.ADMINISTRATOR})


def test_a_supervisor_role_in_an_agency_keeps_nothing(session):
    actor = factories.actor(session, Role.SUPERVISOR, at=factories.agency(session))
    assert not queries.may_edit(session, actor)


def test_a_unit_outside_the_jurisdiction_is_not_kept(session, supervisor):
    assert queries.may_edit(session, supervisor, "640502")
    assert not queries.may_edit(session, supervisor, "640381")
    with pytest.raises(MayNotEdit):
        add_unit(session, supervisor, division="640381")


def test_the_system_keeps_the_registers(session):
    assert queries.may_edit(session, SYSTEM_ACTOR)


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.ENTERPRISE, Role.VERIFIER])
def test_every_act_asks_who_acts(session, role):
    actor = factories.actor(session, role)
    unit, agency = factories.unit(session), factories.agency(session)
    day = TODAY
    for act in (
        lambda: add_unit(session, actor),
        lambda: operations.change(session, actor, unit, {"name": "x"}, now=NOW),
        lambda: operations.add_tie(
            session, actor, agency_id=agency.id, unit_id=unit.id, kind=TieKind.ASSET,
            since=None, now=NOW,
        ),
        lambda: operations.impose_ban(
            session, actor, organisation_id=agency.id, scope="x", from_day=day, to_day=None,
            basis="x", now=NOW,
        ),
        lambda: operations.list_unit(session, actor, unit.id, 2026, listed_on=day, now=NOW),
        lambda: operations.remove_from_roster(
            session, actor, unit.id, 2026, removed_on=day, now=NOW
        ),
    ):  # fmt: skip
        with pytest.raises(MayNotEdit):
            act()
    assert entries(session) == []


# Acts and their entries -------------------------------------------------------------------------


def test_a_new_unit_stands_in_the_chain_without_the_names_of_its_people(session, supervisor):
    unit = add_unit(session, supervisor)
    [(trigger, body)] = entries(session)
    assert trigger == "add_unit"
    assert body["details"]["organisation"] == str(unit.id)
    assert body["details"]["values"]["name"] == "示例热电有限公司"
    assert body["details"]["values"]["capacity_mw"] == "660"
    assert set(body["commitments"]) == {"contact_name", "contact_phone"}
    assert "王某" not in json.dumps(body, ensure_ascii=False)
    assert session.scalar(select(func.count()).select_from(PrivateValue)) == 2
    profile = session.get_one(UnitProfile, unit.id)
    assert (profile.sector, profile.capacity_mw) == (Sector.POWER, Decimal(660))


def test_a_change_tells_what_changed_and_nothing_else(session, supervisor):
    unit = add_unit(session, supervisor)
    changes = operations.change(
        session, supervisor, unit, {"name": "示例新热电有限公司", "sector": "power"}, now=NOW
    )
    assert changes == {"name": ("示例热电有限公司", "示例新热电有限公司")}
    assert entries(session)[-1][1]["details"]["values"] == {"name": "示例新热电有限公司"}


def test_a_change_of_nothing_writes_nothing(session, supervisor):
    unit = add_unit(session, supervisor)
    assert operations.change(session, supervisor, unit, UNIT, now=NOW) == {}
    assert len(entries(session)) == 1


def test_the_second_of_two_editors_is_told_so(session, supervisor):
    unit = add_unit(session, supervisor)
    held = queries.values_of(unit, session.get_one(UnitProfile, unit.id))
    seen = queries.seen(held)
    operations.change(session, supervisor, unit, {"address": "甲"}, now=NOW, seen=seen)
    with pytest.raises(RegisterHasMoved):
        operations.change(session, supervisor, unit, {"address": "乙"}, now=NOW, seen=seen)


def test_a_unit_cannot_be_moved_out_of_the_jurisdiction(session, supervisor):
    unit = add_unit(session, supervisor)
    with pytest.raises(MayNotEdit):
        operations.change(session, supervisor, unit, {"division": "640381"}, now=NOW)


def test_a_credit_code_belongs_to_one(session, supervisor):
    first = add_unit(session, supervisor)
    with pytest.raises(CodeTaken) as refused:
        add_unit(session, supervisor, name="示例他厂")
    assert first.name in refused.value.label.zh
    other = add_unit(session, supervisor, name="示例他厂", uscc=None)
    with pytest.raises(CodeTaken):
        operations.change(session, supervisor, other, {"uscc": UNIT["uscc"]}, now=NOW)


def test_a_tie_begins_and_ends_in_the_chain(session, supervisor):
    unit, agency = factories.unit(session), factories.agency(session)
    tie = operations.add_tie(
        session, supervisor, agency_id=agency.id, unit_id=unit.id, kind=TieKind.CONSULTING,
        since=date(2024, 1, 1), now=NOW,
    )  # fmt: skip
    [shown] = queries.ties_of_agency(session, supervisor, agency.id)
    assert (shown.other_id, shown.tie.kind) == (unit.id, TieKind.CONSULTING)
    [other_end] = queries.ties_of_unit(session, supervisor, unit.id)
    assert other_end.other_id == agency.id
    operations.end_tie(session, supervisor, tie, ended_on=TODAY, now=NOW)
    assert tie.ended_on == TODAY
    assert [trigger for trigger, _ in entries(session)] == ["add_tie", "end_tie"]


@pytest.mark.parametrize(
    ("first", "last", "in_force"),
    [
        (date(2026, 3, 15), date(2026, 3, 15), False),
        (date(2026, 3, 16), date(2026, 3, 16), True),
        (date(2026, 3, 17), None, False),
        (date(2020, 1, 1), None, True),
    ],
)
def test_a_ban_holds_on_its_first_and_its_last_day(session, supervisor, first, last, in_force):
    agency = factories.agency(session)
    operations.impose_ban(
        session, supervisor, organisation_id=agency.id, scope="年度排放报告技术审核",
        from_day=first, to_day=last, basis="卫环罚〔2026〕1号，条例第二十三条", now=NOW,
    )  # fmt: skip
    ban = session.scalars(select(Ban).where(Ban.organisation_id == agency.id)).one()
    assert queries.is_in_force(ban, TODAY) is in_force
    assert entries(session)[-1][0] == "impose_ban"


def test_a_unit_is_listed_once_a_year_and_may_return(session, supervisor):
    unit = factories.unit(session)

    def listed():
        return operations.list_unit(session, supervisor, unit.id, 2026, listed_on=TODAY, now=NOW)

    entry = listed()
    with pytest.raises(OnRosterAlready):
        listed()
    operations.remove_from_roster(session, supervisor, unit.id, 2026, removed_on=TODAY, now=NOW)
    with pytest.raises(NoSuchOrganisation):
        operations.remove_from_roster(session, supervisor, unit.id, 2026, removed_on=TODAY, now=NOW)
    assert listed().id == entry.id
    assert entry.removed_on is None
    assert queries.roster_years(session) == [2026]


def test_nobody_unknown_is_listed(session, supervisor):
    with pytest.raises(NoSuchOrganisation):
        operations.list_unit(session, supervisor, new_id(), 2026, listed_on=TODAY, now=NOW)


# Lists ------------------------------------------------------------------------------------------


def names_of(page):
    return [row.name for row in page.rows]


@pytest.mark.parametrize("sort", ["name", "-name", "uscc", "-division", "sector"])
def test_pages_by_key_show_everything_once_in_both_directions(session, supervisor, sort):
    for number in range(7):
        factories.unit(
            session, name=f"示例{number:02}", division=("640502", "640521")[number % 2],
            sector=(Sector.POWER, Sector.STEEL)[number % 2],
        )  # fmt: skip
    whole = names_of(queries.units(session, supervisor, Search(sort=sort)))
    forth, key, pages = [], "", []
    while True:
        page = queries.units(session, supervisor, Search(sort=sort, after=key), size=3)
        assert page.total == 7
        pages.append(names_of(page))
        forth += pages[-1]
        if not (key := page.next):
            break
    assert forth == whole
    assert bool(page.previous)
    back = queries.units(session, supervisor, Search(sort=sort, before=page.previous), size=3)
    assert names_of(back) == pages[-2]
    first = queries.units(session, supervisor, Search(sort=sort, before=back.previous), size=3)
    assert names_of(first) == pages[0]
    assert first.previous == ""


def test_a_key_that_was_tampered_with_leads_to_the_first_page(session, supervisor):
    factories.unit(session, name="示例甲")
    for key in ("x", "eyJhIjoxfQ", "WzFd", "!!"):
        page = queries.units(session, supervisor, Search(after=key))
        assert names_of(page) == ["示例甲"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(words="热电"), ["示例热电有限公司"]),
        (Search(words="示例 水泥"), ["示例水泥有限公司"]),
        (Search(words="0600037341"), ["示例热电有限公司"]),
        (Search(words="宁电"), ["示例热电有限公司"]),
        (Search(words="ma0"), ["示例水泥有限公司"]),
        (Search(words="%"), []),
        (Search(words="_"), []),
        (Search(division="640521"), ["示例水泥有限公司"]),
        (Search(division="640500"), ["示例水泥有限公司", "示例热电有限公司"]),
        (Search(sector="power"), ["示例热电有限公司"]),
        (Search(sector="nonsense"), ["示例水泥有限公司", "示例热电有限公司"]),
        (Search(year=2026), ["示例热电有限公司"]),
    ],
)
def test_a_list_is_narrowed_by_words_place_sector_and_roster(session, supervisor, search, found):
    power = factories.unit(
        session, name="示例热电有限公司", short_name="宁电", uscc=UNIT["uscc"], division="640502"
    )
    factories.unit(
        session, name="示例水泥有限公司", uscc="91640521MA0000019X", division="640521",
        sector=Sector.CEMENT,
    )  # fmt: skip
    operations.list_unit(session, supervisor, power.id, 2026, listed_on=TODAY, now=NOW)
    assert names_of(queries.units(session, supervisor, search)) == found


def test_the_roster_keeps_those_removed_and_the_units_of_a_year_do_not(session, supervisor):
    unit = factories.unit(session, name="示例甲")
    operations.list_unit(session, supervisor, unit.id, 2026, listed_on=TODAY, now=NOW)
    operations.remove_from_roster(session, supervisor, unit.id, 2026, removed_on=TODAY, now=NOW)
    [row] = queries.roster(session, supervisor, Search(year=2026)).rows
    assert row.removed_on == TODAY
    assert queries.units(session, supervisor, Search(year=2026)).total == 0


def test_agencies_are_listed_with_what_bars_them(session, supervisor):
    factories.agency(session, name="示例机构", compiles_in_province=True)
    [row] = queries.agencies(session, supervisor, Search(words="机构")).rows
    assert (row.compiles_in_province, row.consults, row.trades) == (True, False, False)


@pytest.mark.parametrize(
    ("ends", "banned"), [(None, True), (TODAY, True), (TODAY - timedelta(days=1), False)]
)
def test_a_ban_is_listed_through_its_last_day(session, supervisor, ends, banned):
    agency = factories.agency(session, name="示例机构")
    since = TODAY - timedelta(days=9)
    session.add(
        Ban(organisation_id=agency.id, scope="核查", from_day=since, to_day=ends, basis="示例")
    )
    session.flush()
    [row] = queries.agencies(session, supervisor, Search(words="机构", on=TODAY)).rows
    assert row.banned is banned
