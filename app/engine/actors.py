"""Who acts: roles in an organisation, capacities on a case, and the words of the law for both.

A *role* is what a person is in an organisation. A *capacity* is what that person or organisation
is on one case. A transition names pairs of both; whoever holds neither is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.law.labels import Label


class Role(StrEnum):
    """What a person is in an organisation 角色."""

    INSPECTOR = "inspector"
    VERIFIER = "verifier"
    ENTERPRISE = "enterprise"
    SUPERVISOR = "supervisor"
    BUREAU_LEADER = "bureau_leader"
    LEGAL_REVIEWER = "legal_reviewer"
    RECHECK_EXPERT = "recheck_expert"
    PARTNER_MARKET = "partner_market"
    PARTNER_POLICE = "partner_police"
    PROVINCIAL_VIEWER = "provincial_viewer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"

    @property
    def label(self) -> Label:
        """The name of the role in both languages."""
        return ROLE_LABELS[self]


ROLE_LABELS: Final[Mapping[Role, Label]] = {
    Role.INSPECTOR: Label("执法人员", "Inspector"),
    Role.VERIFIER: Label("第三方核查员", "Third-party verifier"),
    Role.ENTERPRISE: Label("重点排放单位", "Key emitting unit"),
    Role.SUPERVISOR: Label("业务科室负责人", "Supervisor"),
    Role.BUREAU_LEADER: Label("局领导", "Bureau leader"),
    Role.LEGAL_REVIEWER: Label("法制审核人员", "Legal reviewer"),
    Role.RECHECK_EXPERT: Label("复查专家", "Re-check expert"),
    Role.PARTNER_MARKET: Label("市场监管联络员", "Market supervision liaison"),
    Role.PARTNER_POLICE: Label("公安联络员", "Public security liaison"),
    Role.PROVINCIAL_VIEWER: Label("自治区厅查看员", "Regional viewer"),
    Role.AUDITOR: Label("审计员", "Auditor"),
    Role.ADMINISTRATOR: Label("系统管理员", "Administrator"),
    Role.SYSTEM: Label("系统", "System"),
}

AUTHORITY_ROLES: Final = frozenset(
    {Role.INSPECTOR, Role.SUPERVISOR, Role.BUREAU_LEADER, Role.LEGAL_REVIEWER}
)
"""Roles whose holders work for the authority that handles the case."""
OVERSEEING_ROLES: Final = AUTHORITY_ROLES | {Role.AUDITOR}
"""Roles that read for the authority, without taking part in each case."""


class Capacity(StrEnum):
    """What a person or an organisation is on one case 案件身份."""

    LEAD = "lead"
    ASSISTING = "assisting"
    VERIFYING_AGENCY = "verifying_agency"
    REPORTED_UNIT = "reported_unit"
    PARTY = "party"
    TEAM_MEMBER = "team_member"
    TEAM_LEADER = "team_leader"
    INVESTIGATOR = "investigator"
    REVIEWER = "reviewer"
    EXPERT_CANDIDATE = "expert_candidate"
    EXPERT = "expert"
    CHAIR = "chair"
    DISCUSSANT = "discussant"
    RECIPIENT = "recipient"

    @property
    def label(self) -> Label:
        """The name of the capacity in both languages."""
        return CAPACITY_LABELS[self]


CAPACITY_LABELS: Final[Mapping[Capacity, Label]] = {
    Capacity.LEAD: Label("主办机关", "Lead authority"),
    Capacity.ASSISTING: Label("协办机关", "Assisting authority"),
    Capacity.VERIFYING_AGENCY: Label("核查机构", "Verifying agency"),
    Capacity.REPORTED_UNIT: Label("报告单位", "Reporting unit"),
    Capacity.PARTY: Label("当事人", "Party"),
    Capacity.TEAM_MEMBER: Label("核查组成员", "Team member"),
    Capacity.TEAM_LEADER: Label("核查组长", "Team leader"),
    Capacity.INVESTIGATOR: Label("承办人", "Investigator"),
    Capacity.REVIEWER: Label("审查人", "Case reviewer"),
    Capacity.EXPERT_CANDIDATE: Label("拟聘专家", "Proposed expert"),
    Capacity.EXPERT: Label("复查专家", "Expert"),
    Capacity.CHAIR: Label("听证主持人", "Hearing chair"),
    Capacity.DISCUSSANT: Label("集体讨论成员", "Member of the discussion"),
    Capacity.RECIPIENT: Label("受报机关", "Receiving authority"),
}


@dataclass(frozen=True, slots=True)
class Who:
    """A role together with the capacity it must hold on the case; ``None`` asks for no capacity."""

    role: Role
    capacity: Capacity | None = None

    @property
    def label(self) -> Label:
        """How the actor is named on screens and in refusals."""
        if self.capacity is None:
            return self.role.label
        return Label(
            f"{self.role.label.zh}（{self.capacity.label.zh}）",
            f"{self.role.label.en} ({self.capacity.label.en.lower()})",
        )


UNIT: Final = Who(Role.ENTERPRISE, Capacity.REPORTED_UNIT)
VERIFIER: Final = Who(Role.VERIFIER, Capacity.VERIFYING_AGENCY)
TEAM_LEADER: Final = Who(Role.VERIFIER, Capacity.TEAM_LEADER)
TEAM_MEMBER: Final = Who(Role.VERIFIER, Capacity.TEAM_MEMBER)
SUPERVISOR: Final = Who(Role.SUPERVISOR, Capacity.LEAD)
INSPECTOR: Final = Who(Role.INSPECTOR, Capacity.LEAD)
LEADER: Final = Who(Role.BUREAU_LEADER, Capacity.LEAD)
LEGAL_REVIEWER: Final = Who(Role.LEGAL_REVIEWER, Capacity.LEAD)
INVESTIGATOR: Final = Who(Role.INSPECTOR, Capacity.INVESTIGATOR)
REVIEWER: Final = Who(Role.SUPERVISOR, Capacity.REVIEWER)
LEGAL_AS_REVIEWER: Final = Who(Role.LEGAL_REVIEWER, Capacity.REVIEWER)
CHAIR: Final = Who(Role.LEGAL_REVIEWER, Capacity.CHAIR)
DISCUSSANT: Final = Who(Role.BUREAU_LEADER, Capacity.DISCUSSANT)
EXPERT_CANDIDATE: Final = Who(Role.RECHECK_EXPERT, Capacity.EXPERT_CANDIDATE)
EXPERT: Final = Who(Role.RECHECK_EXPERT, Capacity.EXPERT)
PARTNER_MARKET: Final = Who(Role.PARTNER_MARKET, Capacity.ASSISTING)
PARTNER_POLICE: Final = Who(Role.PARTNER_POLICE, Capacity.ASSISTING)
PARTY_UNIT: Final = Who(Role.ENTERPRISE, Capacity.PARTY)
PARTY_AGENCY: Final = Who(Role.VERIFIER, Capacity.PARTY)
PROVINCIAL_VIEWER: Final = Who(Role.PROVINCIAL_VIEWER, Capacity.RECIPIENT)
SYSTEM: Final = Who(Role.SYSTEM)

ACTOR_WORDS: Final[Mapping[str, tuple[Who, ...]]] = {
    "enterprise": (UNIT,),
    "verifier": (VERIFIER,),
    "team leader": (TEAM_LEADER,),
    "supervisor": (SUPERVISOR,),
    "inspector": (INSPECTOR,),
    "bureau_leader": (LEADER,),
    "legal_reviewer": (LEGAL_REVIEWER,),
    "recheck_expert": (EXPERT,),
    "expert": (EXPERT,),
    "R": (SUPERVISOR,),
    "region": (SUPERVISOR,),
    "reviewer": (REVIEWER, LEGAL_AS_REVIEWER),
    "chair": (CHAIR,),
    "leaders": (DISCUSSANT,),
    "party": (PARTY_UNIT, PARTY_AGENCY),
    "agency": (PARTY_AGENCY,),
    "partners": (PARTNER_MARKET, PARTNER_POLICE),
    "partner_market": (PARTNER_MARKET,),
    "partner_police": (PARTNER_POLICE,),
    "provincial_viewer": (PROVINCIAL_VIEWER,),
    "system": (SYSTEM,),
    "timer": (SYSTEM,),
}
"""Every actor word of the domain tables. The autonomous region's acts ("R") are *received*: a
supervisor of the lead authority records them with date, number and scan."""


def jurisdiction_stem(division: str) -> str:
    """What the codes of a division and of all that lies in it begin with; empty for none.

    >>> jurisdiction_stem("640500"), jurisdiction_stem("640000"), jurisdiction_stem("640502401")
    ('6405', '64', '640502401')
    """
    while len(division) > 2 and division.endswith("00"):  # noqa: PLR2004 - a province has two digits
        division = division[:-2]
    return division


@dataclass(frozen=True, slots=True)
class Extent:
    """The cases a substitute may touch: of these lifecycles, with a subject in that division.

    No lifecycle named means all of them, no division means anywhere.
    """

    lifecycles: frozenset[str] = frozenset()
    division: str = ""

    def covers(self, lifecycle: str, division: str) -> bool:
        """Whether a case of a lifecycle about somebody in a division is one of them."""
        return (not self.lifecycles or lifecycle in self.lifecycles) and division.startswith(
            jurisdiction_stem(self.division)
        )


def both_names(own: str, other: str | None) -> str:
    """A name, or that of a substitute with that of whom they stand in for.

    >>> both_names("李某", "王某"), both_names("李某", None)
    ('李某（代王某）', '李某')
    """
    if other is None:
        return own
    return f"{own[:LONGEST_WRITTEN]}（代{other[:LONGEST_WRITTEN]}）"


LONGEST_WRITTEN: Final = 48
"""So much of each of two names is written down together: a name has 100 characters at most."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting now, for one organisation. ``division`` is the code of its jurisdiction.

    A substitute 代办人 acts in somebody's place: with that person's roles and seats, on the cases
    of ``extent`` (None: on every one), under both names.
    """

    person_id: UUID
    person_name: str
    organisation_id: UUID
    organisation_name: str
    roles: frozenset[Role]
    division: str = ""
    on_behalf_of: UUID | None = None
    on_behalf_name: str = ""
    extent: Extent | None = None

    @property
    def is_authority(self) -> bool:
        """Whether the person acts for the authority."""
        return bool(self.roles & AUTHORITY_ROLES)

    @property
    def seated_as(self) -> UUID:
        """Whose seats and whose turn they have: their own, or those of whom they stand in for."""
        return self.person_id if self.on_behalf_of is None else self.on_behalf_of

    @property
    def seated_name(self) -> str:
        """The name of that person."""
        return self.person_name if self.on_behalf_of is None else self.on_behalf_name

    @property
    def written_name(self) -> str:
        """How they stand in a record: a substitute under both names, 李某（代王某）."""
        other = self.on_behalf_name if self.on_behalf_of is not None else None
        return both_names(self.person_name, other)


SYSTEM_ACTOR: Final = Actor(
    person_id=UUID("00000000-0000-7000-8000-000000000001"),
    person_name="系统",
    organisation_id=UUID("00000000-0000-7000-8000-000000000001"),
    organisation_name="碳鉴",
    roles=frozenset({Role.SYSTEM}),
)
"""What acts when a clock or a joined child acts. It has no account and cannot sign in."""
