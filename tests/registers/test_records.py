"""The record of penalties and bans on the pages of the registers, and the natural persons."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from app.accounts.models import Organisation, OrganisationKind
from app.audit.models import AuditEntry
from app.cases.models import Case, Participant
from app.clock import utcnow
from app.db import new_id
from app.engine.actors import Actor, Role
from app.law.periods import local_date
from app.registers.models import Ban, PenaltyRecord, PersonProfile
from tests import factories
from tests.cases.conftest import hidden, page
from tests.times import NOW

NUMBER = "卫罚案〔2026〕7号"
DECISION = "卫环罚〔2026〕7号"
TODAY = local_date(utcnow())
"""The pages of the registers ask the real clock: no limit of a test lies nearer than two days."""
TWO_DAYS, YEAR = timedelta(2), timedelta(365)


@dataclass
class Place:
    """A bureau with a unit, an agency and its signer, each punished once."""

    people: dict[str, Actor]
    unit: UUID
    agency: UUID
    signer: UUID

    def address(self, key: str) -> str:
        return {
            "unit": f"/registers/units/{self.unit}",
            "agency": f"/registers/agencies/{self.agency}",
            "signer": f"/registers/persons/{self.signer}",
        }[key]


def natural_person(session: Any, name: str, **profile: Any) -> UUID:
    made = factories.organisation(session, OrganisationKind.PERSON, name=name)
    session.add(PersonProfile(organisation_id=made.id, **profile))
    session.flush()
    return made.id


def punished(session: Any, bureau: Organisation, on: UUID, number: str = NUMBER, **said: Any) -> UUID:  # fmt: skip
    """A case, and the penalty it entered; not public unless ``said``."""
    case_id = new_id()
    session.add(
        Case(
            id=case_id, number=number, lifecycle="penalty_procedure", lifecycle_version=1, state="closed",
            state_since=NOW, authority_id=bureau.id, subject_id=on, subject_name="示例", division="640502",
            root_id=case_id, opened_at=NOW,
        )
    )  # fmt: skip
    session.add(
        PenaltyRecord(
            **{
                "organisation_id": on, "case_id": case_id, "case_number": number, "rule": "A2",
                "fine": Decimal(200_000), "confiscated": Decimal(0), "effective_on": TODAY,
                "decision_number": DECISION, "decided_on": TODAY, **said,
            }
        )
    )  # fmt: skip
    session.flush()
    return case_id


@pytest.fixture
def place(database):
    def make(session):
        bureau = factories.organisation(session)
        region = factories.organisation(session, OrganisationKind.REGION, division="640000")
        unit = factories.unit(session, name="示例甲", division="640502")
        agency = factories.agency(session, name="示例机构")
        people = {
            "supervisor": factories.actor(session, Role.SUPERVISOR, at=bureau),
            "inspector": factories.actor(session, Role.INSPECTOR, at=bureau),
            "auditor": factories.actor(session, Role.AUDITOR, at=bureau),
            "administrator": factories.actor(session, Role.ADMINISTRATOR, at=bureau),
            "region": factories.actor(session, Role.PROVINCIAL_VIEWER, at=region),
            "unit": factories.actor(session, Role.ENTERPRISE, at=unit),
            "agency": factories.actor(session, Role.VERIFIER, at=agency, name="示例核查员"),
        }
        signer = natural_person(session, "示例签字人", employer_id=agency.id, post="审核员")
        for who in (unit.id, agency.id, signer):
            case_id = punished(session, bureau, who, f"{NUMBER}{who}"[:40])
            session.add(
                Ban(
                    organisation_id=who, case_id=case_id, scope="技术审核", basis="第二十三条",
                    from_day=TODAY - TWO_DAYS, to_day=TODAY + YEAR,
                )
            )  # fmt: skip
        return Place(people, unit.id, agency.id, signer)

    return database.write(make)


def change(database: Any, on: UUID, model: Any = PenaltyRecord, **values: Any) -> None:
    """Change what is recorded on somebody."""

    def work(session):
        for row in session.scalars(select(model).where(model.organisation_id == on)):
            for name, value in values.items():
                setattr(row, name, value)

    database.write(work)


# Penalties ----------------------------------------------------------------------------------------


def test_the_authority_reads_the_record_and_finds_the_case(place, sign_in):
    for key in ("unit", "agency", "signer"):
        html = page(sign_in(place.people["inspector"]).get(place.address(key)))
        assert re.search(r"<h1>\s*示例", html)
        assert DECISION in html
        assert "200,000" in html
        assert "未公示" in html
        assert 'href="/cases/' in html
        assert "有效" in html


@pytest.mark.parametrize(("who", "key"), [("region", "unit"), ("region", "agency"), ("agency", "agency"), ("unit", "unit")])  # fmt: skip
def test_others_read_of_a_penalty_what_is_public_and_no_case(database, place, sign_in, who, key):
    on, address = getattr(place, key), place.address(key)
    browser = sign_in(place.people[who])

    def told() -> bool:
        html = page(browser.get(address))
        assert NUMBER not in html
        assert "/cases/0" not in html
        return DECISION in html

    assert not told(), "it is not published"
    public = {"published_on": TODAY - TWO_DAYS, "published_at": "局网站"}
    for values, seen in (
        ({"published_on": TODAY + TWO_DAYS}, False),
        (public, True),
        ({**public, "published_until": TODAY + TWO_DAYS}, True),
        ({**public, "published_on": TODAY - YEAR, "published_until": TODAY - TWO_DAYS}, False),
        ({**public, "withdrawn_on": TODAY}, False),
        ({**public, "annulled_on": TODAY}, False),
    ):
        blank = dict.fromkeys(("published_on", "published_at", "published_until", "withdrawn_on", "annulled_on"))  # fmt: skip
        change(database, on, **blank | values)
        assert told() is seen, values


def test_a_party_reads_its_own_penalty_with_its_case(database, place, sign_in):
    def seat(session):
        case = session.scalars(select(Case).where(Case.subject_id == place.unit)).one()
        session.add(
            Participant(
                case_id=case.id, capacity="party", organisation_id=place.unit, person_id=None,
                name="示例甲", since_seq=0, until_seq=None,
            )
        )  # fmt: skip
        return case.id

    case_id = database.write(seat)
    assert f'href="/cases/{case_id}"' in page(sign_in(place.people["unit"]).get(place.address("unit")))  # fmt: skip


def test_what_was_annulled_is_marked_for_the_authority(database, place, sign_in):
    change(database, place.agency, annulled_on=TODAY)
    change(database, place.agency, Ban, lifted_on=TODAY)
    html = page(sign_in(place.people["supervisor"]).get(place.address("agency")))
    assert DECISION in html
    assert "已撤销" in html
    assert "已解除" in html
    assert "没有不得核查的记录" in html, "a ban that was lifted bars nothing"
    for who in ("agency", "region"):
        html = page(sign_in(place.people[who]).get(place.address("agency")))
        assert "第二十三条" not in html, who


def test_a_clean_record_says_so(database, place, sign_in):
    clean = database.write(lambda session: factories.unit(session, division="640502").id)
    html = page(sign_in(place.people["inspector"]).get(f"/registers/units/{clean}"))
    assert "没有处罚记录。" in html


# Natural persons ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["region", "unit", "agency", "administrator"])
def test_natural_persons_are_read_by_the_authority_alone(place, sign_in, who):
    browser = sign_in(place.people[who])
    home = page(browser.get("/registers/agencies"))
    assert "/registers/persons" not in home, "no line of the menu leads there"
    for address in ("/registers/persons", "/registers/persons?q=示例", "/registers/persons.csv",
                    place.address("signer"), "/registers/persons/new",
                    f"{place.address('signer')}/edit", f"{place.address('signer')}/bans"):  # fmt: skip
        assert browser.get(address).status_code == 404, address


@pytest.mark.parametrize("who", ["inspector", "auditor"])
def test_readers_look_and_change_nothing(place, sign_in, who):
    browser = sign_in(place.people[who])
    html = page(browser.get("/registers/persons"))
    assert "示例签字人" in html
    assert "示例机构" in html
    assert "禁业期内" in html
    assert "/registers/persons/new" not in html
    for address in ("/registers/persons/new", f"{place.address('signer')}/edit"):
        assert browser.get(address).status_code == 403


def test_the_list_is_narrowed_sorted_and_given_away(place, sign_in):
    browser = sign_in(place.people["supervisor"])
    assert "示例签字人" in page(browser.get("/registers/persons?q=示例机构"))
    assert "没有符合条件的自然人" in page(browser.get("/registers/persons?q=没有"))
    for query in ("sort=-name", "sort=%27", "after=x"):
        page(browser.get(f"/registers/persons?{query}"))
    table = list(csv.reader(io.StringIO(browser.get("/registers/persons.csv").get_data().decode("utf-8-sig"))))  # fmt: skip
    assert table[1][:3] == ["示例签字人", "示例机构", "审核员"]
    assert browser.get("/registers/persons.xlsx").status_code == 200


def test_nobody_registered_says_what_will_stand_here(database, sign_in):
    bureau = database.write(factories.organisation)
    supervisor = database.write(lambda session: factories.actor(session, Role.SUPERVISOR, at=bureau))  # fmt: skip
    assert "尚未登记自然人" in page(sign_in(supervisor).get("/registers/persons"))


def test_a_person_is_entered_changed_and_tied_to_one_account(database, place, sign_in):
    browser = sign_in(place.people["supervisor"])
    account = str(place.people["agency"].person_id)
    typed = {"name": "示例负责人", "employer_id": str(place.agency), "post": "负责人", "person_id": account}  # fmt: skip
    form = page(browser.get("/registers/persons/new"))
    assert "示例核查员（示例机构）" in form
    assert browser.post("/registers/persons/new", data={**typed, "name": ""}).status_code == 422
    answer = browser.post("/registers/persons/new", data=typed)
    assert answer.status_code == 303
    address = answer.headers["Location"]
    assert "示例核查员" in page(browser.get(address))
    again = browser.post("/registers/persons/new", data={**typed, "name": "示例他人"})
    assert "该账号已对应「示例负责人」" in page(again, 422)

    seen = hidden(page(browser.get(f"{address}/edit")), "seen")
    changed = {**typed, "post": "总经理", "seen": seen}
    assert browser.post(f"{address}/edit", data=changed).status_code == 303
    assert "总经理" in page(browser.get(address))
    assert "他人刚刚改动" in page(browser.post(f"{address}/edit", data=changed), 422)
    ban = {"scope": "技术审核", "from_day": "2026-01-01", "to_day": "", "basis": "外省决定"}
    assert browser.post(f"{address}/bans", data=ban).status_code == 303
    assert "外省决定" in page(browser.get(address))
    with database.read() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.chain == "registers").order_by(AuditEntry.seq)
        ).all()
        assert [entry.trigger for entry in entries] == ["add_person", "change_person", "impose_ban"]
        assert "示例负责人" not in "".join(entry.body for entry in entries), "a commitment only"


def test_a_ban_on_the_account_stands_on_the_page_of_the_person(database, place, sign_in):
    account = place.people["agency"].person_id

    def tie(session):
        session.get(PersonProfile, place.signer).person_id = account
        session.add(Ban(person_id=account, scope="检验检测", basis="早前决定", from_day=date(2020, 1, 1)))  # fmt: skip

    database.write(tie)
    html = page(sign_in(place.people["inspector"]).get(place.address("signer")))
    assert "早前决定" in html
    assert "终身" in html


# What it costs --------------------------------------------------------------------------------------


def test_no_page_asks_more_the_longer_a_record_is(database, place, sign_in):
    browser = sign_in(place.people["inspector"])
    addresses = [*map(place.address, ("unit", "agency", "signer")), "/registers/persons"]
    few = [asked(database, browser, address) for address in addresses]

    def more(session):
        bureau = session.get(Organisation, place.people["inspector"].organisation_id)
        for number in range(12):
            for who in (place.unit, place.agency, place.signer):
                case_id = punished(session, bureau, who, f"示罚{number}-{who}"[:40])
                session.add(
                    Ban(
                        organisation_id=who, case_id=case_id, scope="技术审核", basis="示例",
                        from_day=TODAY - TWO_DAYS, to_day=None,
                    )
                )  # fmt: skip
            natural_person(session, f"示例人{number}", employer_id=place.agency)

    database.write(more)
    assert [asked(database, browser, address) for address in addresses] == few


def asked(database: Any, browser: Any, address: str) -> int:
    """How many statements a page costs."""
    seen: list[str] = []

    def note(_c, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
            seen.append(statement)

    engine = database.reader_engine if database.is_sqlite else database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        page(browser.get(address))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)
