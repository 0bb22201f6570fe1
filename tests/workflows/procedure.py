"""A penalty case in the town: its parent, short stand-ins for its tracks, its people, its way.

`Procedure` plays the acts of `penalty_procedure` one after the other; each step names its day and may
be told to type something else. Service, remedy, measure and correction have tests of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts import operations
from app.accounts.models import Membership, Organisation
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseDocument, CaseItem
from app.cases.step import Fired
from app.demo.stories import Attached
from app.engine.actors import INSPECTOR, SUPERVISOR, SYSTEM, SYSTEM_ACTOR, Actor, Role
from app.engine.definition import (
    OPENING,
    AfterDay,
    Bar,
    Branch,
    Child,
    Deadline,
    Expiry,
    Fact,
    Guard,
    Lasts,
    Lifecycle,
    State,
    SubjectKind,
    Transition,
)
from app.engine.inputs import Choice, Day, Text
from app.engine.inputs import Organisation as Body
from app.engine.view import Attempt
from app.law.labels import Label
from app.registers.models import PenaltyRecord
from app.workflows.clues import ACT_ENDED_ON, CONDUCT, DISCOVERED_ON
from app.workflows.criminal_transfer import CriminalTransfer
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.separation import nothing_open
from tests.town import Matter, Town, day, instant
from tests.workflows.stand_ins import Correction, Measure, enlist

SCAN = Attached("scan.txt", b"scan")


# The parent and the tracks ------------------------------------------------------------------------


class Operation(Lifecycle):
    """What a penalty case comes from: it hands over the filing clock."""

    key = "sample_enforcement"
    zh, en = "执法事项（示例）", "Enforcement (sample)"
    subject = SubjectKind.OPERATION
    number_prefix = "示执"

    logged = State("线索登记", "Logged", waits_for=SUPERVISOR)
    split = State("分流", "Split", waits_for=SUPERVISOR)
    over = State("办结", "Over", final=True)

    register = Transition(
        "登记", "Register", code="Y01", sources=OPENING, to=logged, by=[SUPERVISOR], inputs=[DISCOVERED_ON]
    )  # fmt: skip
    open_penalty = Transition(
        "转处罚", "Open a penalty case", code="Y02", sources=[logged], to=split, by=[SUPERVISOR],
        inputs=[
            Body("party", "当事人", "Party", kind=("unit", "agency", "person")),
            CONDUCT, PenaltyProcedure.opening().inputs[1], ACT_ENDED_ON, Text("cause", "案由", "Cause"),
        ],
    )  # fmt: skip
    bar = Transition(
        "登记禁业", "Register a ban", code="Y04", sources=[split], by=[SUPERVISOR],
        inputs=[
            Body("barred", "禁业对象", "Whom it falls on", kind=("unit", "agency", "person")), Text("ban_scope", "范围", "Scope"),
            Day("banned_until", "截止日", "Until"), Text("ban_basis", "依据", "Basis"),
        ],
        effects=[Bar("ban_scope", "banned_until", "ban_basis", persons="barred")],
    )  # fmt: skip
    finish = Transition("办结", "Finish", code="Y03", sources=[split], to=over, by=[SUPERVISOR], guards=[nothing_open("penalties")])  # fmt: skip

    penalties = Child(
        "处罚案件", "Penalty case", "penalty_procedure", opened_by=open_penalty, subject="party",
        inputs={"conduct": "conduct", "party_kind": "party_kind", "discovered_on": "discovered_on", "act_ended_on": "act_ended_on", "cause": "cause"},
        inherits={"filing": "filing"},
    )  # fmt: skip
    filing = Deadline(
        "立案", "Filing", anchor=AfterDay("discovered_on", register), due=Lasts("filing"), expiry=Expiry.AUTHORITY_BREACH,
        handed_to="penalties", waits_for=SUPERVISOR,
    )  # fmt: skip
    discovered_on = Fact("发现日期", "Discovered", latest="discovered_on", of=[register])


class Service(Lifecycle):
    """Stands in for the service of one document on one addressee."""

    key = "service"
    zh, en = "送达（示例）", "Service (stand-in)"
    subject = SubjectKind.OPERATION
    number_prefix = "示达"
    private = True

    preparing = State("待送达", "To be served", waits_for=INSPECTOR)
    served = State("已送达", "Served", final=True)
    withdrawn = State("已撤回", "Withdrawn", final=True)

    begin = Transition(
        "准备送达", "Prepare", code="D00", sources=OPENING, to=preparing, by=[SYSTEM],
        inputs=[Text("document", "文书", "Document"), Text("document_number", "文号", "Number", required=False), Text("addressee", "受送达人", "Addressee")],
    )  # fmt: skip
    prove = Transition(
        "证明送达", "Prove service", code="D01", sources=[preparing], to=served, by=[INSPECTOR],
        inputs=[Day("served_on", "送达日期", "Served on", past=True)],
    )  # fmt: skip
    withdraw = Transition("撤回", "Withdraw", code="D02", sources=[preparing], to=withdrawn, by=[INSPECTOR])  # fmt: skip
    document = Fact("文书", "Document", latest="document", of=[begin])
    served_on = Fact("送达日期", "Served on", latest="served_on", of=[prove])


def _outcome_is(value: str) -> Guard:
    def chosen(attempt: Attempt) -> bool:
        return bool(attempt.inputs["outcome"] == value)

    return Guard(f"outcome_{value}", chosen, Label("结果", "Outcome"), reads_inputs=True)


class Remedy(Lifecycle):
    """Stands in for a reconsideration or a suit."""

    key = "remedy"
    zh, en = "复议诉讼（示例）", "Remedy (stand-in)"
    subject = SubjectKind.OPERATION
    number_prefix = "示救"
    private = True

    pending = State("进行中", "Under way", waits_for=SUPERVISOR)
    upheld = State("维持", "Upheld", final=True)
    changed = State("变更", "Changed", final=True)
    annulled = State("撤销", "Annulled", final=True)
    withdrawn = State("撤回", "Withdrawn", final=True)
    not_admitted = State("不予受理", "Not admitted", final=True)

    begin = Transition(
        "提起", "Begin", code="Q00", sources=OPENING, to=pending, by=[SYSTEM],
        inputs=[
            Choice("kind", "种类", "Kind", options=(("reconsideration", Label("复议", "Reconsideration")), ("suit", Label("诉讼", "Suit")))),
            Day("filed_on", "提起日期", "Brought on", past=True),
        ],
    )  # fmt: skip
    end = Transition(
        "结束", "End", code="Q01", sources=[pending], by=[SUPERVISOR],
        to=[*(Branch(_outcome_is(s.name or key), s) for key, s in (("changed", changed), ("annulled", annulled), ("withdrawn", withdrawn), ("not_admitted", not_admitted))), Branch(None, upheld)],
        inputs=[
            Day("ended_on", "结束日期", "Ended on", past=True),
            Choice("outcome", "结果", "Outcome", options=tuple((k, Label("结果", k)) for k in ("upheld", "changed", "annulled", "withdrawn", "not_admitted"))),
        ],
    )  # fmt: skip
    kind = Fact("种类", "Kind", latest="kind", of=[begin])
    filed_on = Fact("提起日期", "Brought on", latest="filed_on", of=[begin])
    ended_on = Fact("结束日期", "Ended on", latest="ended_on", of=[end])


FAMILY = (Operation, PenaltyProcedure, CriminalTransfer, Service, Remedy, Measure, Correction)

LEADERS = ("leader", "leader2", "leader3")


def assemble(town: Town) -> None:
    """Give officers their certificates, and the bureau more leaders and legal officers."""
    enlist(town)
    if "leader2" in town.cast.people:
        return
    now = instant("01-04 09:00")

    def work(session: Session) -> None:
        for login, name, like in (
            ("leader2", "周文", "leader"), ("leader3", "吴岚", "leader"), ("legal2", "郑立", "legal"),
            ("legal3", "冯远", "legal"), ("inspector3", "许强", "inspector"),
        ):  # fmt: skip
            join(session, town, login, name, town[like], now=now)

    town.database.write(work)


def join(session: Session, town: Town, login: str, name: str, like: Actor, *, now: Any) -> None:
    """Let somebody new work beside somebody, in the same roles."""
    person = operations.create_person(
        session, SYSTEM_ACTOR, login=login, name=name, password_hash="-", now=now
    )
    for role in like.roles:
        operations.grant(
            session, SYSTEM_ACTOR, person_id=person.id, organisation_id=like.organisation_id,
            role=role, since=date(2021, 1, 1), now=now,
        )  # fmt: skip
    town.cast.people[login] = Actor(
        person_id=person.id, person_name=name, organisation_id=like.organisation_id,
        organisation_name=like.organisation_name, roles=like.roles, division=like.division,
    )  # fmt: skip


def certify(town: Town, login: str, number: str | None) -> None:
    """Let somebody hold a certificate, or lose it."""

    def work(session: Session) -> None:
        session.execute(
            update(Membership)
            .where(Membership.person_id == town[login].person_id)
            .values(certificate_no=number)
        )

    town.database.write(work)


@contextmanager
def without_certificate(town: Town, login: str) -> Iterator[None]:
    """Let somebody hold no certificate for a while."""
    certify(town, login, None)
    yield
    certify(town, login, "640500-099")


@contextmanager
def renamed(town: Town, key: str, name: str) -> Iterator[None]:
    """Let a unit be registered under another name for a while."""
    unit = town.cast.units[key]
    known = unit.name
    _call(town, unit.id, name)
    yield
    _call(town, unit.id, known)


def _call(town: Town, organisation_id: UUID, name: str) -> None:
    change = update(Organisation).where(Organisation.id == organisation_id).values(name=name)
    town.database.write(lambda session: session.execute(change))


def also(town: Town, login: str, role: Role) -> None:
    """Let somebody hold one more role in their organisation."""
    actor = town[login]

    def work(session: Session) -> None:
        operations.grant(
            session, SYSTEM_ACTOR, person_id=actor.person_id, organisation_id=actor.organisation_id,
            role=role, since=date(2021, 1, 1), now=instant("01-04 09:00"), certificate_no="640500-098",
        )  # fmt: skip

    town.database.write(work)
    town.cast.people[login] = replace(actor, roles=actor.roles | {role})


# What is typed ------------------------------------------------------------------------------------

YES = {"rights_told": True}
LIGHT = {
    "rule": "E1", "gain": "0", "serious": False, "order_disobeyed": False, "halts": False,
    "fine": "100000", "confiscation": "0", "ground": "within", "ban": "none",
}  # fmt: skip
HEAVY = LIGHT | {"rule": "E6", "fine": "600000"}
"""A fine that wants a hearing to be offered and the leaders to discuss it."""
CHECKS = dict.fromkeys(
    (
        "body_competent", "officers_qualified", "facts_proven", "law_applied", "discretion_fit",
        "procedure_lawful", "power_kept", "documents_complete", "crime_considered",
    ), True,
)  # fmt: skip


@dataclass
class Procedure(Matter):
    """One penalty case, played; ``proposed`` is what its report proposes."""

    proposed: Mapping[str, Any] = None  # type: ignore[assignment]

    # The way, step by step ----------------------------------------------------------------------

    def do(self, trigger: str, who: str, typed: Any = None, *, on: str, **said: Any) -> Fired:
        """Fire one act on a day, after whatever has ended by then."""
        self.town.tick(moment(on))
        return self.fire(trigger, who, typed, at=moment(on), **said)

    def officers(self, *logins: str) -> list[str]:
        return [self.town.cast.id_of(one) for one in logins or ("inspector", "inspector2")]

    def file(self, on: str, **said: Any) -> Procedure:
        typed = {
            "has_evidence": True, "is_punishable": True, "is_competent": True, "is_in_time": True,
            "harm": "none", "officers": self.officers(), **said,
        }  # fmt: skip
        self.do("file", "leader", typed, on=on)
        return self

    def inspect(self, on: str, **said: Any) -> Procedure:
        typed = {
            "officers": self.officers(), "rights_told": True, "on_site_on": day(on.split(" ", maxsplit=1)[0]),
            "place": "厂区", "present": "示例", "findings": "示例", **said,
        }  # fmt: skip
        self.do("record_inspection", "inspector", typed, on=on)
        return self

    def write(self, on: str, **said: Any) -> Procedure:
        self.do("write_report", "inspector", self.report(**said), on=on)
        return self

    def report(self, **said: Any) -> dict[str, Any]:
        return {
            "party_name": self.row.subject_name, "course": "示例", "facts_found": "示例",
            "evidence_table": "示例", "proposal": "penalty", **self.proposed, "complex_case": False,
            "public_interest": False, "discretion": "示例", **said,
        }  # fmt: skip

    def sign(self, on: str) -> Procedure:
        for login in ("inspector", "inspector2"):
            self.do("sign_report", login, {"view": "agree"}, on=on)
        return self

    def submit(self, on: str, **said: Any) -> Procedure:
        """Write, sign and submit the report."""
        self.write(on, **said).sign(on)
        self.do("submit_report", "inspector", on=on)
        return self

    def pass_review(self, on: str, who: str = "supervisor") -> Procedure:
        ticks = ("competence_right", "facts_clear", "evidence_enough", "procedure_right", "not_barred", "law_right")  # fmt: skip
        typed = dict.fromkeys(ticks, True) | {"review_opinion": "同意"}
        self.do("pass_review", who, typed, on=on)
        return self

    def approve(self, on: str, **said: Any) -> Procedure:
        heavy = Decimal(self.proposed["fine"]) >= 200_000 or self.proposed["ban"] != "none"
        typed = {"hearing_right": heavy, "wants_discussion": False, "addressee": "示例", **said}
        self.do("approve_notice", "leader", typed, on=on)
        return self

    def serve(self, link: str, on: str, at: str = "") -> Procedure:
        """Prove the service of the newest track under a link, ``on`` a day, entered ``at``."""
        track = self.children(link)[-1]
        self.town.tick(moment(at or on))
        track.fire(
            "prove",
            "inspector",
            {"served_on": day(on.split(" ", maxsplit=1)[0])},
            at=moment(at or on),
        )
        return self

    def notify(self, on: str, **said: Any) -> Procedure:
        """Approve the prior notice and serve it the same day."""
        return self.approve(on, **said).serve("service_of_notice", on)

    def waive(self, on: str) -> Procedure:
        """Let the party give up in writing what it was told of."""
        self.do("waive_plea", "unit", {"no_plea": True}, on=on)
        if self.state == "notice_served":
            self.do("waive_hearing", "unit", {"no_hearing": True}, on=on)
        return self

    def hear(self, on: str, who: str = "legal2") -> Procedure:
        """Hold the hearing."""
        self.do("hold_hearing", who, HEARD, on=on)
        return self

    def pass_legal(self, on: str, who: str = "legal", **said: Any) -> Procedure:
        typed = {
            **CHECKS, "evidence_seen": self.row.facts.get("evidence_count", 0), "legal_opinion": "通过", **said,
        }  # fmt: skip
        self.do("pass_legal_review", who, typed, on=on)
        return self

    def convene(self, on: str, *members: str) -> Procedure:
        self.do("convene", "leader", {"members": self.officers(*members or LEADERS)}, on=on)
        return self

    def discuss(self, on: str, *members: str) -> Procedure:
        """Convene, let each member speak, conclude."""
        self.convene(on, *members)
        for login in members or LEADERS:
            self.do("discuss", login, {"view": "agree"}, on=on)
        self.do("conclude_discussion", "leader2", {"conclusion": "同意"}, on=on)
        return self

    def decision(self, **said: Any) -> dict[str, Any]:
        told = {name: self.proposed[name] for name in ("rule", "fine", "confiscation", "ground", "ban")}  # fmt: skip
        return {
            **told, "facts_agree": True, "decision_facts": "示例", "pleas_handled": "无", "discretion": "示例",
            "pay_to": "示例", **said,
        }  # fmt: skip

    def decide(self, on: str, **said: Any) -> Procedure:
        self.do("decide_penalty", "leader", self.decision(**said), on=on)
        return self

    def send(self, on: str, document: str = "penalty_decision") -> Procedure:
        self.do("send_decision", "inspector", {"document": document, "addressee": "示例"}, on=on)
        return self

    def deliver(self, on: str) -> Procedure:
        """Send the decision and serve it the same day."""
        return self.send(on).serve("service_of_decision", on)

    # Longer stretches ---------------------------------------------------------------------------

    def investigated(self, on: str) -> Procedure:
        """Filed and inspected."""
        return self.file(on).inspect(on)

    def noticed(self, on: str, **said: Any) -> Procedure:
        """From the filing to the service of the notice, in one day."""
        return self.investigated(on).submit(on).pass_review(on).notify(on, **said)

    def legal(self, on: str) -> Procedure:
        """To the legal review, by waivers in writing."""
        return self.noticed(on).waive(on)

    def pending(self, on: str) -> Procedure:
        """To the decision; with a discussion where the law wants one."""
        self.legal(on).pass_legal(on)
        return self.discuss(on) if self.state == "collective_discussion" else self

    def decided(self, on: str) -> Procedure:
        return self.pending(on).decide(on)

    def performed(self, on: str) -> Procedure:
        """To the time to perform: the decision is served."""
        return self.decided(on).deliver(on)

    def pay(self, amount: str, on: str, paid_on: str = "", who: str = "unit") -> Procedure:
        """Let the party pay, or an officer enter its receipt, and the authority confirm it."""
        typed = {"paid_on": day((paid_on or on).split(" ")[0]), "amount": amount, "receipt_no": "示例001"}  # fmt: skip
        proof = () if who == "unit" else (self.paper(who, at=moment(on)),)
        self.do("report_payment", who, typed, on=on, proof=proof)
        [*_, row] = self.items("payments")
        self.do("confirm_payment", "supervisor", {"payment_verdict": "confirmed"}, item_id=row.id, on=on)  # fmt: skip
        return self

    def settle(self, on: str) -> Procedure:
        self.do("settle", "supervisor", {"correction_checked": True, "correction_note": "已改正"}, on=on)  # fmt: skip
        return self

    def close(self, on: str, ground: str = "performed", **said: Any) -> Procedure:
        typed = {"closing_ground": ground, "decision_carried_out": True, **said}
        self.do("close", "leader", typed, on=on)
        return self

    def archive(self, on: str) -> Procedure:
        self.do("archive", "inspector", {"retention": "years10", "index_complete": True}, on=on)
        return self

    def row_of(self, table: str, number: int) -> UUID:
        query = select(CaseItem.id).where(
            CaseItem.case_id == self.id, CaseItem.kind == table, CaseItem.number == number
        )
        with self.town.database.read() as session:
            return session.scalars(query).one()


def moment(on: str) -> str:
    """A day's noon, or the hour that is named."""
    return on if " " in on else f"{on} 12:00"


def a_case(
    town: Town,
    *,
    on: str = "09-01",
    discovered: str = "",
    ended: str | None = "08-10",
    party: str = "redian",
    kind: str = "unit",
    conduct: str = "control_plan",
    proposed: Mapping[str, Any] = LIGHT,
) -> Procedure:
    """Open a penalty case beside its parent; ``ended`` is the day the act ended."""
    parent = town.open(Operation, "supervisor", {"discovered_on": day(discovered or on)}, at=on)
    typed = {
        "party": town.organisation_of(party), "conduct": conduct, "party_kind": kind, "cause": "涉嫌违法案",
        **({"act_ended_on": day(ended)} if ended else {}),
    }  # fmt: skip
    parent.fire("open_penalty", "supervisor", typed, at=on)
    [child] = parent.children("penalties")
    return Procedure(town, child.id, None, proposed)


def heavy(town: Town, **said: Any) -> Procedure:
    """A case that wants a hearing offered and a collective discussion."""
    return a_case(town, **{"conduct": "report_false", "proposed": HEAVY, **said})


# Asking -------------------------------------------------------------------------------------------

AROUND = pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])
HEARD = {"attendance": "示例", "examined": "示例", "last_words": "示例"}
REPORTED = {"hearing_facts": "示例", "hearing_proposal": "维持"}


def refused(
    case: Procedure, trigger: str, who: Any, typed: Any = None, *, on: str, **said: Any
) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        case.do(trigger, who, typed, on=on, **said)
    return refusal.value.label.en


def shifted(last: str, days: int) -> str:
    """So many days after a day."""
    return str(day(last) + timedelta(days))


def penalties(case: Matter) -> list[tuple[str, Decimal, bool]]:
    """What the record of the party holds of this case: rule, fine, and whether it still holds."""
    query = (
        select(PenaltyRecord)
        .where(PenaltyRecord.case_id == case.id)
        .order_by(PenaltyRecord.annulled_on.is_(None), PenaltyRecord.id)
    )
    with case.town.database.read() as session:
        return [(row.rule, row.fine, row.annulled_on is None) for row in session.scalars(query)]


def documents(case: Matter, kind: str) -> list[CaseDocument]:
    """The documents of a kind, oldest first."""
    query = (
        select(CaseDocument)
        .where(CaseDocument.case_id == case.id, CaseDocument.kind == kind)
        .order_by(CaseDocument.seq)
    )
    with case.town.database.read() as session:
        return list(session.scalars(query))


def received(**said: Any) -> dict[str, Any]:
    """What a received act states besides."""
    return {"received_number": "示例〔2026〕1号", "received_scan": SCAN, **said}


def answered(case: Procedure, on: str) -> None:
    """Answer every point of the plea that is not answered."""
    for row in case.items("pleas"):
        if row.status == "raised":
            case.do(
                "answer_plea",
                "supervisor",
                {"plea_verdict": "rejected", "plea_answer": "理由"},
                on=on,
                item_id=row.id,
            )


def call(case: Procedure, hearing_on: str, *, on: str, chair: str = "legal2") -> Procedure:
    """Set the day of the hearing and serve its notice the same day."""
    typed = {
        "hearing_on": day(hearing_on), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
    }  # fmt: skip
    case.do("call_hearing", chair, typed, on=on)
    return case.serve("service_of_hearing_notice", on)
