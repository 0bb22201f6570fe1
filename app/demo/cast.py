"""Who lives in the demonstration city. Whoever could be accused of something is marked 示例."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import operations, passwords
from app.accounts.models import Membership, Organisation, OrganisationKind, Person
from app.engine.actors import SYSTEM_ACTOR, Actor, Role
from app.registers.models import (
    AgencyProfile,
    AgencyTie,
    Ban,
    PersonProfile,
    RosterEntry,
    Sector,
    TieKind,
    UnitProfile,
)

_VERIFIES, _BARRED = "温室气体排放报告核查", "排放报告编制、碳资产管理咨询"
PASSWORD: Final = "tanjian-demo"  # noqa: S105 - shown on the sign-in page of the demonstration
SINCE: Final = date(2021, 1, 1)


@dataclass(frozen=True, slots=True)
class UnitOf:
    """An invented unit: name, division, sector, login of its person, yearly emission in tCO2e."""

    key: str
    name: str
    division: str
    sector: Sector
    person: str
    emission_t: int
    uscc: str


UNITS: Final = (
    UnitOf("redian", "示例热电有限公司", "640502", Sector.POWER, "马学军", 2_184_310, "91640500MA00000018"),
    UnitOf("changtan", "示例长滩发电有限公司", "640502", Sector.POWER, "田玉梅", 1_460_725, "91640502MA00000021"),
    UnitOf("jinwan", "示例金湾电力有限公司", "640521", Sector.POWER, "丁国强", 3_052_640, "91640521MA00000035"),
    UnitOf("xiling", "示例西岭热力有限公司", "640522", Sector.POWER, "杨秀兰", 214_880, "91640522MA00000049"),
    UnitOf("beian", "示例北岸水泥有限公司", "640521", Sector.CEMENT, "王建国", 865_402, "91640521MA00000052"),
    UnitOf("qingshi", "示例青石建材有限公司", "640502", Sector.CEMENT, "李永红", 402_119, "91640502MA00000066"),
    UnitOf("yinfan", "示例银帆铝业有限公司", "640521", Sector.ALUMINIUM, "马占山", 1_920_338, "91640521MA00000070"),
    UnitOf("chiling", "示例赤岭特钢有限公司", "640502", Sector.STEEL, "周海燕", 731_556, "91640502MA00000083"),
    UnitOf("yuanfeng", "示例远峰锰业有限公司", "640521", Sector.OTHER, "吴志刚", 289_450, "91640521MA00000097"),
    UnitOf("lanqiao", "示例蓝桥化工有限公司", "640502", Sector.OTHER, "郭丽华", 156_204, "91640502MA00000100"),
    UnitOf("baifan", "示例白帆纸业有限公司", "640502", Sector.OTHER, "贾明", 98_431, "91640502MA00000114"),
    UnitOf("moyu", "示例墨玉碳素有限公司", "640521", Sector.OTHER, "何小龙", 61_207, "91640521MA00000128"),
    UnitOf("mingguang", "示例明光电石有限公司", "640521", Sector.OTHER, "苏敏", 512_093, "91640521MA00000132"),
    UnitOf("jinghu", "示例晶湖玻璃有限公司", "640502", Sector.OTHER, "纪伟", 47_815, "91640502MA00000145"),
    UnitOf("yunling", "示例云岭煤化工有限公司", "640502", Sector.OTHER, "石磊", 1_102_766, "91640502MA00000159"),
    UnitOf("xiangni", "示例香泥陶瓷有限公司", "640522", Sector.OTHER, "白洁", 33_902, "91640522MA00000162"),
    UnitOf("xinghe", "示例星河硅业有限公司", "640502", Sector.OTHER, "金涛", 204_417, "91640502MA00000176"),
    UnitOf("baicao", "示例百草药业有限公司", "640521", Sector.OTHER, "范春梅", 29_640, "91640521MA00000180"),
    UnitOf("fengsui", "示例丰穗化肥有限公司", "640521", Sector.OTHER, "康宁", 318_275, "91640521MA00000193"),
    UnitOf("jianshi", "示例坚石耐火材料有限公司", "640522", Sector.OTHER, "安国庆", 41_108, "91640522MA00000206"),
    UnitOf("tieshan", "示例铁山冶金有限公司", "640521", Sector.OTHER, "薛峰", 377_990, "91640521MA0000021X"),
    UnitOf("xuerong", "示例雪绒纺织有限公司", "640502", Sector.OTHER, "段雪", 26_744, "91640502MA00000223"),
    UnitOf("shuangta", "示例双塔热源有限公司", "640521", Sector.OTHER, "叶青", 88_126, "91640521MA00000237"),
    UnitOf("qinghe", "示例清荷食品有限公司", "640502", Sector.OTHER, "沈洁", 27_315, "91640502MA00000241"),
    UnitOf("dashan", "示例大杉木业有限公司", "640522", Sector.OTHER, "邱林", 31_870, "91640522MA00000254"),
    UnitOf("hongyan", "示例鸿雁镁业有限公司", "640521", Sector.OTHER, "严冬", 145_602, "91640521MA00000268"),
    UnitOf("tongda", "示例通达焦化有限公司", "640502", Sector.OTHER, "廖凡", 560_433, "91640502MA00000272"),
    UnitOf("lanyu", "示例蓝羽氯碱有限公司", "640502", Sector.OTHER, "尹航", 233_918, "91640502MA00000285"),
    UnitOf("xinyue", "示例新月铸造有限公司", "640521", Sector.OTHER, "葛飞", 52_740, "91640521MA00000299"),
    UnitOf("hupo", "示例琥珀陶土有限公司", "640522", Sector.OTHER, "鲁宁", 28_991, "91640522MA00000302"),
    UnitOf("jiuqu", "示例九曲酒业有限公司", "640502", Sector.OTHER, "华梅", 26_118, "91640502MA00000316"),
)  # fmt: skip
"""The credit codes are invented; none carries a valid check character, so none is anybody's."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, as they act. ``units`` by key, agencies by key, people by login."""

    bureau: Organisation
    units: dict[str, Organisation]
    agencies: dict[str, Organisation]
    people: dict[str, Actor]
    accused: dict[str, Organisation] = field(default_factory=dict)
    """Agencies and natural persons whom only enforcement knows, by key; see `enlist`."""

    def __getitem__(self, login: str) -> Actor:
        """The person of that login."""
        return self.people[login]

    def party(self, key: str) -> Organisation:
        """A unit, an agency or a natural person of the registers."""
        return {**self.units, **self.agencies, **self.accused}[key]

    def unit_person(self, key: str) -> Actor:
        """Whoever acts for a unit."""
        return self.people[f"unit-{key}"]

    def id_of(self, login: str) -> str:
        """The id of a person, as an act names them."""
        return str(self.people[login].person_id)


def assemble(session: Session, now: datetime, cycle_years: tuple[int, ...]) -> Cast:
    """Enter organisations, people and registers; each stands in the chain of accounts."""
    casting = _Casting(session, now)
    bureau = casting.organisation(OrganisationKind.AUTHORITY, "中卫市生态环境局", "640500")
    region = casting.organisation(OrganisationKind.REGION, "宁夏回族自治区生态环境厅", "640000")
    for name, code in (("沙坡头区分局", "640502"), ("中宁分局", "640521"), ("海原分局", "640522")):
        branch = casting.organisation(
            OrganisationKind.BRANCH, f"中卫市生态环境局{name}", code, parent_id=bureau.id
        )
        casting.person(f"branch-{code}", _BRANCH[code], branch, Role.INSPECTOR)
    market = casting.organisation(OrganisationKind.PARTNER, "中卫市市场监督管理局", "640500")
    police = casting.organisation(OrganisationKind.PARTNER, "中卫市公安局", "640500")
    experts = casting.organisation(OrganisationKind.OFFICE, "示例复查专家库", "640000")
    for login, name, role in (
        ("supervisor", "陈志远", Role.SUPERVISOR),
        ("supervisor2", "韩雪", Role.SUPERVISOR),
        ("inspector", "王芳", Role.INSPECTOR),
        ("inspector2", "马晓东", Role.INSPECTOR),
        ("leader", "刘建平", Role.BUREAU_LEADER),
        ("legal", "孙静", Role.LEGAL_REVIEWER),
        ("auditor", "何平", Role.AUDITOR),
        ("admin", "管理员", Role.ADMINISTRATOR),
    ):
        casting.person(login, name, bureau, role)
    casting.person("region", "赵新", region, Role.PROVINCIAL_VIEWER)
    casting.person("market", "李强", market, Role.PARTNER_MARKET)
    casting.person("police", "张勇", police, Role.PARTNER_POLICE)
    for login, name in (("expert1", "高教授"), ("expert2", "林工"), ("expert3", "徐工")):
        casting.person(login, name, experts, Role.RECHECK_EXPERT)
    agencies = {key: casting.agency(*about) for key, about in _AGENCIES.items()}
    for key, login, name in _VERIFIERS:
        casting.person(login, name, agencies[key], Role.VERIFIER)
    units = {}
    for about in UNITS:
        units[about.key] = casting.unit(about, cycle_years)
        casting.person(f"unit-{about.key}", about.person, units[about.key], Role.ENTERPRISE)
    casting.entangle(agencies, units)
    return Cast(bureau, units, agencies, casting.people)


def recall(session: Session) -> Cast | None:
    """Find the cast again in a database it was entered in; ``None`` if it was not."""
    found = session.execute(
        select(Person, Organisation, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
    ).all()
    people = {
        person.login: Actor(
            person_id=person.id,
            person_name=person.name,
            organisation_id=at.id,
            organisation_name=at.name,
            roles=frozenset({Role(role)}),
            division=at.division,
        )
        for person, at, role in found
    }
    places = {person.login: at for person, at, _ in found}
    if "supervisor" not in people:
        return None
    return Cast(
        places["supervisor"],
        {unit.key: places[f"unit-{unit.key}"] for unit in UNITS},
        {
            key: session.scalars(select(Organisation).where(Organisation.name == about[0])).one()
            for key, about in _AGENCIES.items()
        },
        people,
    )


# What enforcement needs besides ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgencyOf:
    """An invented agency that is accused: name, code, scope, its head, its seat, who acts for it."""

    key: str
    name: str
    uscc: str
    scope: str
    head: str
    address: str
    login: str
    person: str


@dataclass(frozen=True, slots=True)
class PersonOf:
    """An invented natural person who answers for an agency."""

    key: str
    name: str
    employer: str
    post: str
    address: str


ACCUSED_AGENCIES: Final = (
    AgencyOf("shuofang", "示例朔方煤质检测有限公司", "91640500MA00000320", "煤质检验检测", "示例段正（法定代表人）", "中卫市沙坡头区示例工业路8号", "lab", "钱程"),
    AgencyOf("zhengyuan", "示例正源碳核查有限公司", "91640500MA00000330", _VERIFIES, "示例汤平（法定代表人）", "银川市金凤区示例大街66号", "zhengyuan1", "汤平"),
    AgencyOf("tianlv", "示例天律低碳咨询有限公司", "91640500MA00000340", f"{_BARRED}、{_VERIFIES}", "示例万里（法定代表人）", "银川市兴庆区示例路19号", "tianlv1", "万里"),
)  # fmt: skip
ACCUSED_PERSONS: Final = (
    PersonOf("signatory", "示例杜某（授权签字人）", "shuofang", "授权签字人", "中卫市沙坡头区示例小区1号楼"),
    PersonOf("tester", "示例谭某（检验员）", "shuofang", "检验员", "中卫市沙坡头区示例小区2号楼"),
    PersonOf("reviewer", "示例姚某（技术评审人）", "zhengyuan", "技术评审人", "银川市金凤区示例小区3号楼"),
)  # fmt: skip
COLLEAGUES: Final = (
    ("leader2", "周文", "leader"), ("leader3", "吴岚", "leader"), ("legal2", "郑立", "legal"),
    ("market2", "郑敏", "market"), ("police2", "高翔", "police"), ("admin2", "郭慧", "admin"),
)  # fmt: skip
"""Login, name, and beside whom they work, in the same role."""
CERTIFICATES: Final = {
    "inspector": "640500-示例001", "inspector2": "640500-示例002", "market": "640500-示例101",
    "market2": "640500-示例102", "police": "640500-示例201", "police2": "640500-示例202",
}  # fmt: skip
"""Law-enforcement certificates 执法证 of the officers: two in each bureau."""


def enlist(session: Session, cast: Cast, now: datetime) -> Cast:
    """Enter what enforcement needs besides: second officers, certificates, agencies, persons.

    Whoever stands already stays as they are, so it may be done again. Returns the cast with them.
    """
    casting = _Casting(session, now)
    casting.people = dict(cast.people)
    for login, name, beside in COLLEAGUES:
        if login not in casting.people:
            like = cast[beside]
            [role] = like.roles
            at = session.get_one(Organisation, like.organisation_id)
            casting.person(login, name, at, role)
    for login, number in CERTIFICATES.items():
        operations.certify(
            session, SYSTEM_ACTOR, person_id=casting.people[login].person_id, number=number, now=now
        )
    accused = {}
    for agency in ACCUSED_AGENCIES:
        accused[agency.key] = casting.accused_agency(agency)
    for person in ACCUSED_PERSONS:
        accused[person.key] = casting.accused_person(person, accused[person.employer])
    for unit in UNITS:
        profile = session.get_one(UnitProfile, cast.units[unit.key].id)
        profile.legal_representative = profile.legal_representative or unit.person
        profile.address = (
            profile.address or f"中卫市{_PLACES[unit.division]}示例工业园{unit.uscc[-3:-1]}号"
        )
    session.flush()
    return replace(cast, people=casting.people, accused=accused)


_PLACES: Final = {"640502": "沙坡头区", "640521": "中宁县", "640522": "海原县"}
_BRANCH: Final = {"640502": "贺兰", "640521": "冯立", "640522": "田野"}
_AGENCIES: Final = {
    "qingyuan": ("示例清源核查技术有限公司", "91640100MA00000305", _VERIFIES),
    "saishang": ("示例塞上低碳核查有限公司", "91640100MA00000319", _VERIFIES),
    "lvheng": ("示例绿衡碳咨询有限公司", "91640100MA00000322", _BARRED),
    "hengjian": ("示例恒鉴检测认证有限公司", "91640100MA00000336", _VERIFIES),
}
_VERIFIERS: Final = (
    ("qingyuan", "verifier", "张宁"), ("qingyuan", "verifier2", "黄磊"),
    ("qingyuan", "verifier3", "秦岚"), ("saishang", "saishang1", "罗毅"),
    ("saishang", "saishang2", "谢敏"), ("saishang", "saishang3", "唐波"),
    ("hengjian", "hengjian1", "曹阳"),
)  # fmt: skip


class _Casting:
    """Enters the cast step by step."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self.hash = passwords.hashed(PASSWORD)
        self.people: dict[str, Actor] = {}

    def organisation(
        self,
        kind: OrganisationKind,
        name: str,
        division: str,
        *,
        uscc: str | None = None,
        parent_id: UUID | None = None,
    ) -> Organisation:
        return operations.create_organisation(
            self.session, SYSTEM_ACTOR, kind=kind, name=name, division=division, now=self.now,
            uscc=uscc, parent_id=parent_id,
        )  # fmt: skip

    def person(self, login: str, name: str, at: Organisation, role: Role) -> None:
        person = operations.create_person(
            self.session,
            SYSTEM_ACTOR,
            login=login,
            name=name,
            password_hash=self.hash,
            now=self.now,
        )
        operations.grant(
            self.session, SYSTEM_ACTOR, person_id=person.id, organisation_id=at.id, role=role,
            since=SINCE, now=self.now,
        )  # fmt: skip
        self.people[login] = Actor(
            person_id=person.id,
            person_name=name,
            organisation_id=at.id,
            organisation_name=at.name,
            roles=frozenset({role}),
            division=at.division,
        )

    def agency(self, name: str, uscc: str, scope: str) -> Organisation:
        """A verifier; one that compiles reports or consults is barred from verifying."""
        barred = scope == _BARRED
        made = self.organisation(OrganisationKind.AGENCY, name, "640100", uscc=uscc)
        self.session.add(
            AgencyProfile(
                organisation_id=made.id,
                compiles_in_province=barred,
                consults=barred,
                scope=scope,
            )
        )
        return made

    def accused_agency(self, about: AgencyOf) -> Organisation:
        found = self._called(about.name)
        if found is None:
            found = self.organisation(
                OrganisationKind.AGENCY, about.name, "640100", uscc=about.uscc
            )
            compiles = _BARRED in about.scope
            self.session.add(
                AgencyProfile(
                    organisation_id=found.id,
                    compiles_in_province=compiles,
                    consults=compiles,
                    scope=about.scope,
                )
            )
            self.person(about.login, about.person, found, Role.VERIFIER)
        return found

    def accused_person(self, about: PersonOf, employer: Organisation) -> Organisation:
        found = self._called(about.name)
        if found is None:
            found = self.organisation(OrganisationKind.PERSON, about.name, "640100")
            self.session.add(
                PersonProfile(
                    organisation_id=found.id,
                    employer_id=employer.id,
                    post=about.post,
                    address=about.address,
                )
            )
        return found

    def _called(self, name: str) -> Organisation | None:
        query = select(Organisation).where(Organisation.name == name)
        return self.session.scalars(query).one_or_none()

    def unit(self, about: UnitOf, years: tuple[int, ...]) -> Organisation:
        made = self.organisation(OrganisationKind.UNIT, about.name, about.division, uscc=about.uscc)
        covered = about.sector is not Sector.OTHER
        self.session.add(
            UnitProfile(
                organisation_id=made.id,
                sector=about.sector,
                contact_name=about.person,
                ets_covered=covered,
                city_monitored=not covered,
            )
        )
        for year in years:
            self.session.add(
                RosterEntry(year=year, unit_id=made.id, listed_on=date(year - 1, 12, 10))
            )
        return made

    def entangle(self, agencies: dict[str, Organisation], units: dict[str, Organisation]) -> None:
        """One tie that bars an agency from one unit, and one ban."""
        self.session.add(
            AgencyTie(
                agency_id=agencies["saishang"].id, unit_id=units["beian"].id,
                kind=TieKind.CONSULTING, since=date(2023, 3, 1), ended_on=None,
                note="示例：监测方案咨询",
            )
        )  # fmt: skip
        self.session.add(
            Ban(
                organisation_id=agencies["hengjian"].id, scope="年度排放报告技术审核",
                from_day=date(2025, 6, 1), to_day=None, basis="示例：条例第二十三条第二款",
            )
        )  # fmt: skip
        self.session.flush()
