"""Short stand-ins for the cases an operation opens, and the officers and persons it needs.

The penalty procedure, the criminal transfer, the measure and the correction have tests of their
own; here they go from one state a parent waits for to the next in one act each. Their openings,
states and facts are named as in the lifecycles they stand in for.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts import operations
from app.accounts.models import Membership, OrganisationKind
from app.engine.actors import INSPECTOR, LEADER, SYSTEM, SYSTEM_ACTOR, Actor, Role
from app.engine.definition import (
    OPENING,
    Deadline,
    Expiry,
    Fact,
    FromParent,
    Lasts,
    Lifecycle,
    Sentence,
    State,
    SubjectKind,
    Transition,
)
from app.engine.inputs import Choice, Day, LongText, Money, Text, YesNo
from app.law.labels import Label
from app.registers.models import PersonProfile
from app.workflows.clues import ACT_ENDED_ON, CONDUCT, DISCOVERED_ON
from app.workflows.joint_enforcement import PARTY_KIND
from tests.town import Town, day, instant


class Penalty(Lifecycle):
    """Stands in for the penalty procedure."""

    key = "penalty_procedure"
    zh, en = "行政处罚（示例）", "Penalty (stand-in)"
    subject = SubjectKind.OPERATION
    number_prefix = "示罚"
    private = True

    filing_review = State("立案审查", "Filing review", waits_for=LEADER)
    investigating = State("调查取证", "Investigating", waits_for=INSPECTOR)
    decided = State("已决定", "Decided", waits_for=INSPECTOR)
    closed = State("结案", "Closed", final=True)

    begin = Transition(
        "转立案审查", "Open", code="P00", sources=OPENING, to=filing_review, by=[SYSTEM],
        inputs=[CONDUCT, PARTY_KIND, DISCOVERED_ON, ACT_ENDED_ON, Text("cause", "案由", "Cause")],
    )  # fmt: skip
    file = Transition("立案", "File", code="P01", sources=[filing_review], to=investigating, by=[LEADER])  # fmt: skip
    decline = Transition("不予立案", "Decline", code="P02", sources=[filing_review], to=closed, by=[LEADER])  # fmt: skip
    propose = Transition(
        "提出建议", "Propose", code="P09", sources=[investigating], by=[INSPECTOR],
        inputs=[Money("gain", "违法所得", "Gain"), YesNo("serious", "情节严重", "Serious")],
    )  # fmt: skip
    discuss = Transition("集体讨论", "Discuss", code="P24", sources=[investigating], by=[LEADER], inputs=[YesNo("hearing_right", "听证权利", "Hearing")])  # fmt: skip
    move_on = Transition("推进", "Move on", code="P10", sources=[investigating], to=investigating, by=[INSPECTOR])  # fmt: skip
    decide = Transition(
        "作出处罚", "Decide", code="P26", sources=[investigating], to=decided, by=[LEADER],
        inputs=[
            Text("rule", "规定", "Rule"), Money("fine", "罚款", "Fine"),
            Choice("ban", "禁业", "Ban", options=tuple((b, Label("禁业", b)) for b in ("none", "five_years", "agency", "life"))),
        ],
        effects=[Sentence("rule", "fine")],
    )  # fmt: skip
    spare = Transition("不予处罚", "Spare", code="P27", sources=[investigating], to=decided, by=[LEADER])  # fmt: skip
    finish = Transition("结案", "Finish", code="P39", sources=[decided], to=closed, by=[LEADER])

    filing = Deadline(
        "立案期限", "Filing", anchor=FromParent("filing"), due=Lasts("filing"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[file, decline], waits_for=LEADER,
    )  # fmt: skip

    conduct = Fact("行为", "Conduct", latest="conduct", of=[begin])
    party_kind = Fact("当事人类别", "Kind", latest="party_kind", of=[begin])
    discovered_on = Fact("发现日期", "Discovered", latest="discovered_on", of=[begin])
    act_ended_on = Fact("终了日期", "Ended", latest="act_ended_on", of=[begin])
    cause = Fact("案由", "Cause", latest="cause", of=[begin])
    filed_on = Fact("立案日期", "Filed", day=True, of=[file])
    gain = Fact("违法所得", "Gain", latest="gain", of=[propose])
    serious = Fact("情节严重", "Serious", latest="serious", of=[propose])
    hearing_right = Fact("听证权利", "Hearing", latest="hearing_right", of=[discuss])
    discussed_on = Fact("讨论日期", "Discussed", day=True, of=[discuss])
    decided_fine = Fact("罚款", "Fine", latest="fine", of=[decide])
    decided_ban = Fact("禁业", "Ban", latest="ban", of=[decide])


class Measure(Lifecycle):
    """Stands in for a preservation or a seizure."""

    key = "measure"
    zh, en = "证据保全（示例）", "Measure (stand-in)"
    subject = SubjectKind.OPERATION
    number_prefix = "示保"
    private = True

    kept = State("保存中", "Kept", waits_for=INSPECTOR)
    released = State("已解除", "Released", final=True)

    begin = Transition(
        "登记保存", "Keep", code="M01", sources=OPENING, to=kept, by=[SYSTEM],
        inputs=[
            Choice("kind", "种类", "Kind", options=(("preservation", Label("登记保存", "Preservation")), ("seizure", Label("扣押", "Seizure")))),
            YesNo("urgent", "紧急", "Urgent"), LongText("things", "物品", "Things"),
        ],
    )  # fmt: skip
    release = Transition("解除", "Release", code="M02", sources=[kept], to=released, by=[INSPECTOR])
    kind = Fact("种类", "Kind", latest="kind", of=[begin])


class Correction(Lifecycle):
    """Stands in for a correction ordered."""

    key = "correction"
    zh, en = "整改（示例）", "Correction (stand-in)"
    subject = SubjectKind.OPERATION
    number_prefix = "示改正"
    private = True

    ordered = State("待改正", "Ordered", waits_for=INSPECTOR)
    corrected = State("已改正", "Corrected", final=True)

    begin = Transition(
        "责令改正", "Order", code="C01", sources=OPENING, to=ordered, by=[SYSTEM],
        inputs=[LongText("what", "内容", "What"), Day("due_on", "期限", "By when"), Text("document", "文书", "Document")],
    )  # fmt: skip
    accept = Transition("认定改正", "Accept", code="C02", sources=[ordered], to=corrected, by=[INSPECTOR])  # fmt: skip


class Transfer(Lifecycle):
    """Stands in for the transfer to the police."""

    key = "criminal_transfer"
    zh, en = "涉嫌犯罪移送（示例）", "Transfer (stand-in)"
    subject = SubjectKind.OPERATION
    number_prefix = "示刑移"
    private = True

    report_to_head = State("呈报", "Report to the head", waits_for=INSPECTOR)
    handing_over = State("移交", "Handing over", waits_for=INSPECTOR)
    police_reviewing = State("公安审查", "The police review", waits_for=LEADER)
    returned = State("退回行政处理", "Returned", final=True)
    concluded = State("办结", "Concluded", final=True)

    begin = Transition(
        "呈报", "Report", code="C01", sources=OPENING, to=report_to_head, by=[SYSTEM],
        inputs=[LongText("suspicion", "事实", "Facts"), Text("crime", "罪名", "Crime", required=False)],
    )  # fmt: skip
    agree = Transition("批准移送", "Approve", code="C02", sources=[report_to_head], to=handing_over, by=[LEADER])  # fmt: skip
    hand_over = Transition("移交", "Hand over", code="C03", sources=[handing_over], to=police_reviewing, by=[INSPECTOR])  # fmt: skip
    take_back = Transition("退回", "Return", code="C16", sources=[police_reviewing], to=returned, by=[LEADER])  # fmt: skip
    conclude = Transition("办结", "Conclude", code="C17", sources=[police_reviewing], to=concluded, by=[LEADER])  # fmt: skip
    suspicion = Fact("事实", "Facts", latest="suspicion", of=[begin])


STAND_INS: tuple[type[Lifecycle], ...] = (Penalty, Transfer, Measure, Correction)

CERTIFICATES = {
    "inspector": "640500-001", "inspector2": "640500-002", "market": "640500-101",
    "market-officer": "640500-102", "police": "640500-201", "police-officer": "640500-202",
}  # fmt: skip
"""Law-enforcement certificates of the officers, by login."""


def enlist(town: Town) -> None:
    """Give both partners a second officer, certificates to all, and the town natural persons."""
    now = instant("01-04 09:00")

    def work(session: Session) -> None:
        for login, name, like in (("market-officer", "郑敏", "market"), ("police-officer", "高翔", "police")):  # fmt: skip
            _colleague(session, town, login, name, town[like])
        for login, number in CERTIFICATES.items():
            session.execute(
                update(Membership)
                .where(Membership.person_id == town[login].person_id)
                .values(certificate_no=number)
            )
        agency = town.cast.agencies["qingyuan"]
        for key, name in (("signer", "示例签字人甲"), ("director", "示例负责人乙"), ("tester", "示例检验员丙")):  # fmt: skip
            made = operations.create_organisation(
                session, SYSTEM_ACTOR, kind=OrganisationKind.PERSON, name=name, division="640100", now=now,
            )  # fmt: skip
            session.add(PersonProfile(organisation_id=made.id, employer_id=agency.id))
            town.cast.agencies[key] = made  # found by key, as agencies are

    if "market-officer" not in town.cast.people:
        town.database.write(work)


def _colleague(session: Session, town: Town, login: str, name: str, like: Actor) -> None:
    person = operations.create_person(
        session, SYSTEM_ACTOR, login=login, name=name, password_hash="-", now=instant("01-04 09:00")
    )
    [role] = like.roles
    operations.grant(
        session, SYSTEM_ACTOR, person_id=person.id, organisation_id=like.organisation_id, role=role,
        since=date(2021, 1, 1), now=instant("01-04 09:00"),
    )  # fmt: skip
    town.cast.people[login] = Actor(
        person_id=person.id,
        person_name=name,
        organisation_id=like.organisation_id,
        organisation_name=like.organisation_name,
        roles=frozenset({Role(role)}),
        division=like.division,
    )


def body(town: Town, login: str) -> str:
    """The id of the organisation somebody acts for."""
    return str(town[login].organisation_id)


def region(town: Town) -> str:
    """The id of the region's department."""
    return body(town, "region")


def clue(**said: Any) -> dict[str, Any]:
    """What is typed to log a clue."""
    return {
        "source": "data_screening", "conduct": "report_false", "discovered_on": day("03-02"),
        "suspicion": "入炉煤低位发热量连续三个月高于入厂煤", "act_ended_on": day("02-20"),
        "reporter_named": False, **said,
    }  # fmt: skip
