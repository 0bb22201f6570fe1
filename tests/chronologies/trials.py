"""What the program is able to do, shown on matters of 2026 beside the chronicles.

A check that says that something must be possible, or must not be, needs acts that its text does not
date. They are played here under today's law with invented units, and nothing of them is a fact of a
published case.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.accounts import operations
from app.accounts.models import OrganisationKind
from app.cases.errors import TransitionRefused
from app.engine.actors import SYSTEM_ACTOR, Role
from app.workflows.agency_penalty import AgencyPenalty
from app.workflows.joint_enforcement import JointEnforcement
from tests.town import Matter, Town, day, instant
from tests.workflows import test_agency_penalty as agencies
from tests.workflows import test_joint_enforcement as joint
from tests.workflows.procedure import HEAVY, LIGHT, SCAN, Procedure, also, call, refused
from tests.workflows.serving import Served, issue, sent
from tests.workflows.stand_ins import body, clue
from tests.year import UP_TO_VISIT, Year, a_year

ON = "2026-09-01"
"""The day on which a trial of the penalty procedure runs up to the act that is tried."""

# Several parties, several bureaus -----------------------------------------------------------------


def operation(town: Town) -> Matter:
    """One clue, inspected by three bureaus; what they found is split among five cases.

    Two units, the consultant of both, the verifier of one, and a laboratory for the partner.
    """
    matter = joint.consolidated(
        town,
        ("inspector", joint.finding(town)),
        ("inspector", joint.finding(town, "beian")),
        ("inspector", joint.finding(town, "lvheng", "agency", conduct="review_false")),
        ("inspector", joint.finding(town, "qingyuan", "agency", conduct="review_false")),
        ("market", joint.finding(town, "hengjian", "agency", conduct="lab_rules")),
    )
    ours, market = body(town, "leader"), body(town, "market")
    for number, route in enumerate(("own", "own", "agency", "agency", "partner"), 1):
        joint.routed(matter, number, route, market if route == "partner" else ours)
    matter.fire("split_findings", "supervisor", at="03-17")
    cause = {"cause": "涉嫌篡改检测报告案"}
    acts: dict[str, tuple[str, dict[str, Any]]] = {
        "own": ("open_own_case", cause), "agency": ("open_agency_case", {}),
        "partner": ("refer_to_bureau", {"papers_complete": True}),
    }  # fmt: skip
    for row in matter.items("findings"):
        act, typed = acts[row.status]
        who = "supervisor" if row.status == "partner" else "inspector"
        matter.fire(act, who, typed, item_id=row.id, at="03-17 14:00")
    return matter


def reported_case(operation: Matter) -> Matter:
    """The case against an agency of the operation, filed against it and its head, and reported up."""
    matter = operation.children("agency_cases")[-1]
    town = matter.town
    matter.fire("classify", "supervisor", agencies.TYPE, at="03-18")
    matter.fire("name_person", "inspector", agencies.person(town, "director"), at="03-18")
    matter.fire("file_case", "leader", agencies.CAUSE, at="03-18 14:00")
    for penalty in (*matter.children("procedure"), *matter.children("person_procedures")):
        Served(town, penalty.id, None, LIGHT).file("03-18 15:00")
    agencies.reported(matter, "initial_reports", "report_initially", "03-19")
    return matter


def touching(town: Town, units: int, reports: int) -> Matter:
    """A case against an agency that did so many reports for so many units, all of them listed."""
    matter = town.open(
        AgencyPenalty, "inspector", clue(conduct="test_report"), at="03-03", subject="hengjian",
        once="reports of one agency",
    )  # fmt: skip
    made = [_unit(town, f"示例排放单位{number}") for number in range(units)]
    for number in range(reports):
        typed = {
            "unit": str(made[number % units]),
            "report_year": 2021 + number // units,
            "part": "检测",
        }
        matter.fire("list_affected", "supervisor", typed, at="03-04")
    return matter


def _unit(town: Town, name: str) -> UUID:
    """The id of a unit entered in the registers."""

    def work(session: Session) -> UUID:
        made = operations.create_organisation(
            session, SYSTEM_ACTOR, kind=OrganisationKind.UNIT, name=name, division="640500",
            now=instant("01-04 09:00"),
        )  # fmt: skip
        return made.id

    return town.database.write(work)


def settled_for_recheck(matter: Matter) -> Matter:
    """The first report the agency touched has to be checked anew."""
    typed = {"review": "recheck", "review_note": "核查结论失实"}
    matter.fire(
        "settle_affected", "supervisor", typed, at="03-05", item_id=matter.items("affected_reports")[0].id
    )  # fmt: skip
    return matter


def visited(town: Town) -> Year:
    """A verification in which the visit has begun."""
    return a_year(town).file().play(UP_TO_VISIT, until="04-10")


# The penalty procedure ----------------------------------------------------------------------------


def procedure(
    town: Town, once: str, conduct: str, proposed: dict[str, Any], on: date | None = None
) -> Served:
    """A penalty case of our own, with the lifecycles and the paperwork as they are."""
    begins = on or day(ON)
    about = clue(conduct=conduct, discovered_on=begins, act_ended_on=begins - timedelta(10))
    at = f"{begins} 08:00"
    front = town.open(JointEnforcement, "inspector", about, at=at, subject="redian", once=once)
    front.fire("assess", "supervisor", at=at)
    alone = {
        "no_partner_matter": True,
        "conduct": conduct,
        "party_kind": "unit",
        "cause": "涉嫌违法案",
    }
    front.fire("single_bureau", "supervisor", alone, at=at)
    [child] = front.children("single_case")
    return Served(town, child.id, None, proposed)


def heard(town: Town) -> tuple[Procedure, str]:
    """A case whose hearing was held, and why an investigator of it was not made its chair."""
    also(town, "inspector3", Role.LEGAL_REVIEWER)
    case = procedure(town, "heard", "report_false", HEAVY)
    three = case.officers("inspector", "inspector2", "inspector3")
    case.file(ON, officers=three).inspect(ON).submit(ON).pass_review(ON).notify(ON)
    case.do("request_hearing", "unit", on="09-02")
    named = {"chair": town.cast.id_of("inspector3")}
    said = refused(case, "appoint_chair", "leader", named, on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    return call(case, "2026-09-16", on="2026-09-03").hear("09-16"), said


def fined(town: Town) -> tuple[Procedure, str]:
    """A case whose decision is served: the time to pay runs.

    Its notice was refused and left in place; beside it why the refusal alone did not prove that.
    """
    case = procedure(town, "fined", "control_plan", LIGHT).investigated(ON)
    case.submit(ON).pass_review(ON).approve(ON)
    issue(case, "prior_notice", ON)
    [track] = case.children("service_of_notice")
    sent(track, ON, "left")
    noted = {"served_on": day(ON), "proof": SCAN, "refusal_note": "负责人拒签"}
    [row] = track.items("attempts")
    with pytest.raises(TransitionRefused) as refusal:
        track.fire("serve", "inspector", noted, at=f"{ON} 14:00", item_id=row.id)
    track.fire("serve", "inspector", noted | {"footage": SCAN}, at=f"{ON} 14:00", item_id=row.id)
    case.waive(f"{ON} 15:00")
    case.pass_legal(f"{ON} 15:10").decide(f"{ON} 15:20").send(f"{ON} 15:30")
    return case.serve("service_of_decision", ON), refusal.value.label.en


def ordered_twice(town: Town) -> Matter:
    """An order to correct that was reported on, found wanting and ordered again."""
    case = procedure(town, "urged", "control_plan", LIGHT).investigated(ON)
    what = {"what": "补报并足额清缴", "due_on": day("09-10"), "addressee": "示例"}
    case.do("order_correction", "leader", what, on=ON)
    [order] = case.children("corrections")
    told = {"correction_report": "已补报，尚未清缴"}
    order.fire(
        "report_done", "inspector", told, at="09-08", proof=[order.paper("inspector", at="09-08")]
    )
    again = {
        "officers": case.officers(), "rechecked_on": day("09-09"), "recheck_findings": "未改正到位", "due_on": day("09-20"),
    }  # fmt: skip
    order.fire("send_back", "inspector", again, at="09-09")
    return order


def spared(town: Town) -> Procedure:
    """A case that ends without a penalty, up to that decision."""
    case = procedure(town, "spared", "control_plan", LIGHT).investigated(ON)
    case.submit(ON, proposal="no_penalty").pass_review(ON)
    case.do("approve_no_penalty_notice", "leader", {"no_penalty_ground": "minor_cured", "addressee": "示例"}, on=ON)  # fmt: skip
    case.serve("service_of_no_penalty_notice", ON).waive(ON)
    case.pass_legal("09-02")
    none = {
        "no_penalty_ground": "minor_cured",
        "reasons": "轻微并及时改正",
        "education": "已当面告诫",
    }
    case.do("decide_none", "leader", none, on="09-02")
    return case
