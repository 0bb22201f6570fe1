"""What happens to cases in the demonstration city, as acts fired one after the other.

A story is a list of beats: an act, who does it, what they type, and how many working days after
the beat before. `Player` fires them at past instants; nothing is written by hand.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cases import files, operations, records, timers
from app.cases.errors import BadInputs
from app.cases.models import NEVER, Case, CaseDeadline, CaseItem, ReportVersion
from app.cases.opening import Opening, open_case
from app.cases.step import Fired
from app.db import Database
from app.demo.cast import Cast, UnitOf
from app.engine.actors import Actor
from app.engine.definition import OVERDUE_REASON
from app.law.periods import LOCAL_ZONE
from app.law.terms import LawBook
from app.workflows import LIFECYCLES
from app.workflows.verification import TOPICS, VERIFIED_SECTIONS

Typed = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a beat may need to say its inputs: the case, the cast, the unit and the day."""

    player: Player
    case_id: UUID
    unit: UnitOf
    day: date


@dataclass(frozen=True, slots=True)
class Beat:
    """One act. ``wait`` counts working days after the beat before; ``on_child`` acts on the re-check.

    ``rows`` names an items table: the act is done once for each of its rows in ``status``.
    """

    trigger: str
    who: str
    typed: Typed | Callable[[Told], Typed] = field(default_factory=dict)
    wait: int = 0
    hour: int = 10
    on_child: bool = False
    rows: str = ""
    status: tuple[str, ...] = ()


LATE: Final = "示例：承办人员更换，材料移交延误。"
"""Why a bureau of the city is late, on whatever day the city is installed."""


class Player:
    """Plays beats on a database, each in its own transaction, after ending the clocks before it.

    Nothing happens after ``latest``: what the story sets later on that day happens then.
    """

    def __init__(
        self,
        database: Database,
        law: LawBook,
        cast: Cast,
        store: files.FileStore,
        latest: datetime = NEVER,
    ) -> None:
        self.database = database
        self.law = law
        self.cast = cast
        self.store = store
        self.latest = latest

    # Acts ---------------------------------------------------------------------------------------

    def open(self, unit: UnitOf, year: int, at: datetime) -> UUID:
        """Open the verification of one unit and year."""
        subject = self.cast.units[unit.key]
        opening = Opening(
            lifecycle=LIFECYCLES["verification"],
            authority_id=self.cast.bureau.id,
            authority_name=self.cast.bureau.name,
            subject_id=subject.id,
            subject_name=subject.name,
            division=subject.division,
            cycle_year=year,
            once=f"{year}:{subject.id}",
            demonstration=True,
        )
        work = partial(
            open_case,
            opening=opening,
            actor=self.cast["supervisor"],
            inputs={"sector": unit.sector.value, "control_plan": f"DQCP-{year}-{unit.key.upper()}"},
            now=at,
            law=self.law,
        )
        return self.database.write(work).case_id

    def fire(
        self,
        case_id: UUID,
        trigger: str,
        actor: Actor,
        at: datetime,
        typed: Typed,
        item: UUID | None,
    ) -> Fired:
        """Do one act at a past instant; an authority that is late by then says why."""
        self.catch_up(at)
        told = dict(typed)

        def work(session: Session) -> Fired:
            inputs = {
                name: self._uploaded(session, case_id, value, actor, at)
                if isinstance(value, Attached)
                else value
                for name, value in told.items()
            }
            return operations.fire(
                session,
                case_id,
                trigger,
                actor=actor,
                inputs=inputs,
                now=at,
                law=self.law,
                item_id=item,
            )

        try:
            fired = self.database.write(work)
        except BadInputs as refused:
            if refused.faults.keys() != {OVERDUE_REASON.name}:
                raise
            told[OVERDUE_REASON.name] = LATE
            fired = self.database.write(work)
        timers.work_off(self.database, self.law, at)
        return fired

    def catch_up(self, until: datetime) -> None:
        """End the clocks that have run out by an instant."""
        timers.tick(self.database, self.law, until)

    def _uploaded(
        self, session: Session, case_id: UUID, attached: Attached, actor: Actor, at: datetime
    ) -> list[str]:
        stored = self.store.put(io.BytesIO(attached.content), attached.name)
        records.keep_upload(session, case_id, stored, actor=actor, now=at)
        return [stored.sha256]

    # Stories ------------------------------------------------------------------------------------

    def play(self, case_id: UUID, unit: UnitOf, beats: Sequence[Beat], start: date) -> date:
        """Fire the beats from a day on; return the day of the last one.

        Where the time to object ends on a provisional date nothing is waived by itself: the unit
        then objects and is answered, instead of letting it lapse.
        """
        day, minute = start, 0
        waiting = list(beats)
        while waiting:
            beat = waiting.pop(0)
            if beat.wait:
                day = self.law.calendar.add_working_days(day, beat.wait)
            self._beat(case_id, unit, beat, day, minute % 60)
            minute += 1
            if beat in NOTIFIED and waiting[:1] == LAPSED and self._is_provisional(case_id):
                waiting[:1] = [*OBJECTED, *DECIDED, *PUBLISHED]
        return day

    def _is_provisional(self, case_id: UUID) -> bool:
        query = select(CaseDeadline.provisional).where(
            CaseDeadline.case_id == case_id, CaseDeadline.name == "objection"
        )
        with self.database.read() as session:
            return bool(session.scalar(query))

    def _beat(self, case_id: UUID, unit: UnitOf, beat: Beat, day: date, minute: int) -> None:
        at = min(instant(day, beat.hour, minute), self.latest)
        actor = self.cast.unit_person(unit.key) if beat.who == "unit" else self.cast[beat.who]
        target = self._child(case_id) if beat.on_child else case_id
        told = Told(self, target, unit, day)
        for item in self._items(target, beat):
            typed = beat.typed(told) if callable(beat.typed) else beat.typed
            self.fire(target, beat.trigger, actor, at, typed, item)

    def _items(self, case_id: UUID, beat: Beat) -> list[UUID | None]:
        if not beat.rows:
            return [None]
        query = (
            select(CaseItem.id)
            .where(CaseItem.case_id == case_id, CaseItem.kind == beat.rows)
            .where(CaseItem.status.in_(beat.status))
            .order_by(CaseItem.number)
        )
        with self.database.read() as session:
            return list(session.scalars(query))

    def _child(self, case_id: UUID) -> UUID:
        query = select(Case.id).where(Case.parent_id == case_id).order_by(Case.opened_at.desc())
        with self.database.read() as session:
            return session.scalars(query).first() or case_id

    def state(self, case_id: UUID) -> str:
        """Where a case stands."""
        with self.database.read() as session:
            return session.get_one(Case, case_id).state


@dataclass(frozen=True, slots=True)
class Attached:
    """A file typed into a beat."""

    name: str
    content: bytes


def instant(day: date, hour: int, minute: int = 0) -> datetime:
    """That local minute as aware UTC."""
    return datetime.combine(day, time(hour, minute), LOCAL_ZONE).astimezone(UTC)


def note(name: str, *lines: str) -> Attached:
    """A small text file."""
    return Attached(name, "\r\n".join(("﻿示例材料", *lines)).encode())


# What is typed ----------------------------------------------------------------------------------


def received(number: str, **typed: Any) -> dict[str, Any]:
    """An act of the region's department, with its number and scan."""
    scan = note(f"{number}.txt", "自治区生态环境厅来文扫描件（示例）", number)
    return {"received_number": number, "received_scan": scan, **typed}


def annual_report(told: Told) -> dict[str, Any]:
    """The unit's report of the year."""
    total = Decimal(told.unit.emission_t)
    indirect = (total * Decimal("0.012")).quantize(Decimal("0.01"))
    return {
        "monthly_uploads": 12,
        "signed": True,
        "unit_facts": f"{told.unit.name}，{told.unit.sector.label.zh}行业，正常生产经营。",
        "boundary": "以法人边界核算，包括全部化石燃料燃烧设施和购入使用电力。",
        "fuel_t": (total / Decimal("1.92")).quantize(Decimal("0.001")),
        "power_bought_mwh": (indirect / Decimal("0.5366")).quantize(Decimal("0.001")),
        "ncv_gj_t": "19.8700",
        "ncv_basis": "缺省值",
        "carbon_tc_gj": "0.026180",
        "carbon_basis": "检测报告",
        "direct_t": total - indirect,
        "indirect_t": indirect,
        "reported_emission_t": total,
        "output_mwh": (total * Decimal("1.18")).quantize(Decimal("0.001")),
        "quality_control": "按数据质量控制方案执行，煤样每批采制化，仪表按期检定。",
        "ledgers": note("燃料台账.csv", "月份,入炉煤量", "1,示例", "2,示例"),
    }


def verified_report(told: Told, *, ncv: str = "19.8700", basis: str = "缺省值") -> dict[str, Any]:
    """The verifier's report; a better basis of the calorific value changes the emission."""
    total = Decimal(told.unit.emission_t) * Decimal(ncv) / Decimal("19.87")
    return {
        "outline": "依据《企业温室气体排放报告核查指南（试行）》，经文件评审和现场核查形成本报告。",
        "boundary": "核算边界与数据质量控制方案一致。",
        "method": "核算方法符合所属行业指南。",
        "fuel_t": (Decimal(told.unit.emission_t) / Decimal("1.92")).quantize(Decimal("0.001")),
        "power_bought_mwh": (Decimal(told.unit.emission_t) * Decimal("0.022")).quantize(
            Decimal("0.001")
        ),
        "activity_note": "燃料消耗量与皮带秤记录、购销发票交叉核对一致。",
        "carbon_tc_gj": "0.026180",
        "carbon_basis": "检测报告",
        "ncv_gj_t": ncv,
        "ncv_basis": basis,
        "verified_emission_t": total.quantize(Decimal("0.01")),
        "output_mwh": (Decimal(told.unit.emission_t) * Decimal("1.18")).quantize(Decimal("0.001")),
        "quality_control": "质量控制措施得到执行，仪表检定记录齐全。",
    }


def _group(told: Told) -> dict[str, Any]:
    cast = told.player.cast
    members = [cast.id_of("verifier"), cast.id_of("verifier2")]
    return {
        "members": members,
        "leader": members[0],
        "sector_member": members[1],
        "sector_knowledge": "从事该行业核查五年以上。",
    }


def _arranged(told: Told) -> dict[str, Any]:
    return {
        "agency": str(told.player.cast.agencies["qingyuan"].id),
        "contract_number": f"HC-{told.day.year}-{told.unit.key[:6]}",
        "task": "按核查指南完成文件评审、现场核查并出具核查结论。",
        "conclude_by": told.day + timedelta(days=60),
    }


def _desk_review(told: Told) -> dict[str, Any]:
    calendar = told.player.law.calendar
    return {
        **{f"desk_{key}": f"{zh}：与方案和台账核对，见附表。" for key, zh, _ in TOPICS},
        "onsite_requirements": "查看采制化过程、皮带秤检定证书、购电结算单。",
        "planned_visit_on": calendar.add_working_days(told.day, 5),
    }


def _visit(told: Told) -> dict[str, Any]:
    cast = told.player.cast
    return {
        "visit_on": told.player.law.calendar.add_working_days(told.day, 4),
        "visit_team": [cast.id_of("verifier"), cast.id_of("verifier2")],
    }


def _visit_begins(told: Told) -> dict[str, Any]:
    cast = told.player.cast
    return {
        "present": [cast.id_of("verifier"), cast.id_of("verifier2")],
        "observer": cast.id_of("inspector"),
        "planned_end_on": told.player.law.calendar.add_working_days(told.day, 1),
    }


def _visit_ends(told: Told) -> dict[str, Any]:
    return {
        **{f"site_{key}": f"{zh}：现场查验并留存记录。" for key, zh, _ in TOPICS},
        "site_evidence": note("现场核查照片清单.txt", told.unit.name, "采样间、皮带秤、化验室"),
    }


def _conclusion(told: Told, *, ncv: str = "19.8700", basis: str = "缺省值") -> dict[str, Any]:
    return {
        "internal_reviewer": told.player.cast.id_of("verifier3"),
        "conclusion_text": "经核查，排放报告符合指南要求，核查认定的排放量见报告。",
        **verified_report(told, ncv=ncv, basis=basis),
    }


def _values(told: Told) -> dict[str, Any]:
    return {
        "conservative_emission_t": Decimal(told.unit.emission_t) * Decimal("1.08"),
        "default_table": "核算指南缺省值表（2022 版）",
        "calculation": note("测算表.csv", "项目,数值", "排放量,示例"),
    }


def _latest(told: Told) -> dict[str, Any]:
    with told.player.database.read() as session:
        case = session.get_one(Case, told.case_id)
        numbers = session.scalars(
            select(ReportVersion.number).where(
                ReportVersion.root_id == case.root_id, ReportVersion.report == "verification_report"
            )
        )
        return {"report_version": max(numbers)}


def _experts(told: Told) -> dict[str, Any]:
    cast = told.player.cast
    return {"experts": [cast.id_of("expert1"), cast.id_of("expert2")]}


def _published(told: Told) -> dict[str, Any]:
    return received(
        f"宁环公开〔{told.day.year}〕{told.unit.emission_t % 83 + 1}号",
        published_at="自治区生态环境厅门户网站",
        rating="good",
        secrets_masked=True,
    )


DECLARED: Final = {
    "view": "agree",
    "no_employment": True,
    "no_advice": True,
    "no_gift": True,
}
SECTION_NUMBERS: Final = tuple(section.number for section in VERIFIED_SECTIONS)


# The main line ----------------------------------------------------------------------------------

REPORTED: Final = [Beat("submit_report", "unit", annual_report)]
ARRANGED: Final = [Beat("arrange", "supervisor", _arranged, wait=3)]
GROUP_FORMED: Final = [
    Beat("propose_group", "verifier", _group, wait=1, hour=9),
    Beat("declare_interests", "verifier", DECLARED, hour=10),
    Beat("declare_interests", "verifier2", DECLARED, hour=11),
    Beat("form_group", "verifier", wait=1, hour=9),
]
DESK_REVIEWED: Final = [Beat("finish_desk_review", "verifier2", _desk_review, wait=6, hour=16)]
VISIT_NOTIFIED: Final = [Beat("notify_visit", "verifier", _visit, wait=1)]
VISIT_BEGUN: Final = [Beat("start_visit", "verifier", _visit_begins, wait=4, hour=9)]
VISIT_ENDED: Final = [Beat("end_visit", "verifier", _visit_ends, wait=1, hour=17)]
CHECKLIST: Final = [
    Beat(
        "hand_in_checklist", "verifier",
        {"checklist_summary": "现场核查清单已逐项完成。", "leader_signed": True}, wait=1,
    )
]  # fmt: skip
NC_DRAFTED: Final = [
    Beat(
        "add_nonconformity", "verifier2",
        {
            "clause": "3", "provision": "核算指南第五章 5.2",
            "description": "入炉煤低位发热量采用缺省值，未说明未检测的原因。",
            "nc_evidence": note("化验原始记录.txt", "示例"),
        },
        wait=1, hour=9,
    ),
    Beat(
        "add_nonconformity", "verifier",
        {
            "clause": "2", "provision": "数据质量控制方案 4.1",
            "description": "购入电量未扣除外供部分。",
            "nc_evidence": note("购电结算单.txt", "示例"),
        },
        hour=11,
    ),
]  # fmt: skip
NC_ISSUED: Final = [Beat("issue_nonconformities", "verifier", hour=15)]
NC_ANSWERED: Final = [
    Beat(
        "answer_nonconformity", "unit",
        {"measures": "补充检测报告并更正台账，见附件。", "measure_evidence": note("整改说明.txt", "示例")},
        wait=2, rows="nonconformities", status=("issued",),
    )
]  # fmt: skip
NC_SUBMITTED: Final = [Beat("submit_answers", "unit", hour=17)]
NC_CLOSED: Final = [
    Beat(
        "check_answer", "verifier2", {"verdict": "closed", "check_note": "证据充分，关闭。"},
        wait=1, rows="nonconformities", status=("answered",),
    ),
    Beat("accept_rectification", "verifier", hour=15),
]  # fmt: skip
NC_REJECTED: Final = [
    Beat(
        "check_answer", "verifier2", {"verdict": "rejected", "check_note": "检测报告不覆盖全年。"},
        wait=1, rows="nonconformities", status=("answered",),
    ),
    Beat(
        "reject_rectification", "verifier",
        {"estimation_reasons": "检测频次不足，按缺省值保守测算。"}, hour=15,
    ),
]  # fmt: skip
ESTIMATED: Final = [Beat("set_values", "verifier", _values, wait=2)]
NO_NC: Final = [Beat("find_no_nonconformity", "verifier", wait=1)]
CONCLUDED: Final = [Beat("submit_conclusion", "verifier", _conclusion, wait=2, hour=16)]
NOTIFIED: Final = [
    Beat(
        "notify_result", "supervisor",
        lambda told: received(f"宁环核告〔{told.day.year}〕{told.unit.emission_t % 97 + 1}号", served_on=told.day, receipt="示例回证"),
        wait=4,
    )
]  # fmt: skip
LAPSED: Final = [Beat("publish", "supervisor", _published, wait=14)]
OBJECTED: Final = [
    Beat(
        "object_to_result", "unit",
        {"grounds": "低位发热量应采用实测值 21.02 GJ/t，检测报告 2026-031 已补充。", "grounds_files": note("检测报告2026-031.txt", "示例")},
        wait=3,
    )
]  # fmt: skip
DECIDED: Final = [
    Beat(
        "decide_objection", "supervisor",
        lambda told: received(
            f"宁环复核〔{told.day.year}〕{told.unit.emission_t % 89 + 1}号", outcome="kept",
            verified_emission_t=Decimal(told.unit.emission_t), decision_reasons="检测报告未覆盖全年，维持原值。",
        ),
        wait=6,
    )
]  # fmt: skip
PUBLISHED: Final = [Beat("publish", "supervisor", _published, wait=5)]
ARCHIVED: Final = [
    Beat("archive", "supervisor", {"index_complete": True, "shelf_mark": "WZ-示例"}, wait=10)
]
RETURNED_FOR_COMPLETENESS: Final = [
    Beat(
        "return_for_completeness", "supervisor",
        lambda told: {
            "defects": "缺少购入电力结算单和 7 月台账。",
            "supplement_by": told.player.law.calendar.add_working_days(told.day, 8),
        },
        wait=2,
    )
]  # fmt: skip
REMOVED: Final = [
    Beat(
        "remove_from_roster", "supervisor",
        lambda told: received(
            f"宁环名录〔{told.day.year}〕{told.unit.emission_t % 73 + 1}号",
            removal_ground="连续两年排放量低于 2.6 万吨（示例）。", obligations_done=True,
        ),
        wait=2,
    )
]  # fmt: skip


# The re-check -----------------------------------------------------------------------------------

RECHECK_OPENED: Final = [
    Beat(
        "open_recheck", "supervisor",
        {"reason": "random", "reason_note": "年度随机抽查。", "draw_rule": "按案号顺序取模 5", "draw_seed": "20260601"},
        wait=2,
    )
]  # fmt: skip
RELEASED: Final = [Beat("release", "supervisor", _latest, wait=1, on_child=True)]
EXPERTS_ASSIGNED: Final = [
    Beat("propose_experts", "supervisor", _experts, wait=1, hour=9, on_child=True),
    Beat("declare_interests", "expert1", {**DECLARED, "no_tie_with_agency": True}, on_child=True),
    Beat("declare_interests", "expert2", {**DECLARED, "no_tie_with_agency": True}, on_child=True),
    Beat("assign_experts", "supervisor", hour=16, on_child=True),
]
ONSITE: Final = [
    Beat(
        "go_onsite", "supervisor",
        lambda told: {
            "visit_plan": "查看化验室与结算资料。", "unit_told": True, "needs_inspection": True,
            "recheck_visit_on": told.player.law.calendar.add_working_days(told.day, 3),
            "lead_inspector": told.player.cast.id_of("inspector"),
        },
        wait=2, on_child=True,
    )
]  # fmt: skip
OPINIONS: Final = (
    ("4.2", "低位发热量取值依据不足", "serious", "补充实测依据或说明采用缺省值的理由"),
    ("3", "购入电力未扣除外供", "general", "核对结算单并更正购入电量"),
    ("7", "保守项目说明过于简略", "minor", "补充说明"),
)
OPINIONS_RAISED: Final = [
    *(
        Beat(
            "raise_opinion", "expert1" if number % 2 == 0 else "expert2",
            {"clause": clause, "finding": finding, "severity": severity, "required_change": change},
            wait=1 if number == 0 else 0, hour=9 + number, on_child=True,
        )
        for number, (clause, finding, severity, change) in enumerate(OPINIONS)
    ),
    Beat("submit_view", "expert1", {"view": "object", "view_reason": "见意见"}, wait=1, hour=14, on_child=True),
    Beat("submit_view", "expert2", {"view": "object", "view_reason": "见意见"}, hour=15, on_child=True),
    Beat("close_review", "expert1", hour=16, on_child=True),
]  # fmt: skip
NOTHING_FOUND: Final = [
    Beat("submit_view", "expert1", {"view": "agree"}, wait=2, hour=14, on_child=True),
    Beat("submit_view", "expert2", {"view": "agree"}, hour=15, on_child=True),
    Beat("close_review", "expert2", hour=16, on_child=True),
    Beat(
        "find_nothing", "supervisor", {"conclusion_note": "复查未发现问题。"}, wait=1, on_child=True
    ),
]
OPINIONS_ISSUED: Final = [Beat("issue_opinions", "supervisor", wait=1, on_child=True)]
OPINIONS_ANSWERED: Final = [
    Beat(
        "answer_opinion", "verifier", {"answer": "changed", "answer_reason": "已按意见修改，见对应章节。"},
        wait=2, on_child=True, rows="opinions", status=("issued", "returned"),
    )
]  # fmt: skip
REVISED: Final = [
    Beat(
        "submit_revision", "verifier",
        lambda told: {"truthful": True, **verified_report(told, ncv="19.9500", basis="检测报告 2026-031")},
        wait=1, hour=16, on_child=True,
    )
]  # fmt: skip
ACCEPTED: Final = [
    Beat(
        "judge_answer", "expert1", {"verdict": "accepted", "verdict_note": "修改到位。"},
        wait=1, on_child=True, rows="opinions", status=("answered",),
    ),
    Beat("endorse", "expert1", {"view": "agree"}, hour=14, on_child=True),
    Beat("endorse", "expert2", {"view": "agree"}, hour=15, on_child=True),
    Beat("accept", "supervisor", {"conclusion_note": "三条意见均已关闭。"}, hour=17, on_child=True),
]  # fmt: skip
RETURNED: Final = [
    Beat(
        "judge_answer", "expert1", {"verdict": "returned", "verdict_note": "仍缺全年检测数据。"},
        wait=1, on_child=True, rows="opinions", status=("answered",),
    ),
    Beat("send_back", "supervisor", hour=16, on_child=True),
]  # fmt: skip
REVISED_AGAIN: Final = [
    Beat(
        "submit_revision", "verifier",
        lambda told: {"truthful": True, **verified_report(told, ncv="20.0100", basis="检测报告 2026-040")},
        wait=1, hour=16, on_child=True,
    )
]  # fmt: skip
FAILED: Final = [
    Beat(
        "fail", "supervisor", {"ground": "fraud", "failure_reasons": "检测报告编号与出具机构底单不符。"},
        wait=1, on_child=True,
    )
]  # fmt: skip
REPLACED: Final = [
    Beat(
        "replace_agency", "supervisor",
        lambda told: received(
            f"宁环核函〔{told.day.year}〕{told.unit.emission_t % 79 + 1}号",
            agency=str(told.player.cast.agencies["saishang"].id),
        ),
        wait=2, on_child=True,
    )
]  # fmt: skip

WITHOUT_NC: Final = [
    *ARRANGED, *GROUP_FORMED, *DESK_REVIEWED, *VISIT_NOTIFIED, *VISIT_BEGUN, *VISIT_ENDED,
    *CHECKLIST, *NO_NC, *CONCLUDED,
]  # fmt: skip
WITH_NC: Final = [
    *ARRANGED, *GROUP_FORMED, *DESK_REVIEWED, *VISIT_NOTIFIED, *VISIT_BEGUN, *VISIT_ENDED,
    *CHECKLIST, *NC_DRAFTED, *NC_ISSUED, *NC_ANSWERED, *NC_SUBMITTED, *NC_CLOSED, *CONCLUDED,
]  # fmt: skip
UP_TO_OPINIONS: Final = [
    *WITHOUT_NC, *RECHECK_OPENED, *RELEASED, *EXPERTS_ASSIGNED, *OPINIONS_RAISED, *OPINIONS_ISSUED,
]  # fmt: skip
