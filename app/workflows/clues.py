"""What a clue 线索 is asked for, wherever it is raised: both enforcement lifecycles begin with it.

The filing clock runs from the day of discovery, not from the day it is logged (domain 16.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.engine.actors import Capacity
from app.engine.definition import RaiseClue, Target
from app.engine.inputs import Choice, Day, Files, Input, LongText, Organisation, YesNo
from app.law.labels import Label
from app.law.penalties import conducts

SOURCES: Final = (
    ("daily_supervision", Label("日常监督检查", "Daily supervision")),
    ("data_screening", Label("数据筛查", "Data screening")),
    ("verification", Label("核查中发现", "Found in a verification")),
    ("recheck", Label("复查中发现", "Found in a re-check")),
    ("other_authority", Label("其他机关移送", "Sent by another authority")),
    ("superior", Label("上级交办", "Assigned by a superior authority")),
    ("report", Label("举报", "Report by somebody")),
)

SOURCE: Final = Choice("source", "线索来源", "Source", options=SOURCES)
CONDUCT: Final = Choice("conduct", "涉嫌行为", "Suspected conduct", options=conducts())
SUSPICION: Final = LongText("suspicion", "涉嫌事实", "Facts suspected", longest=6000)
EVIDENCE: Final = Files("suspicion_evidence", "证据", "Evidence", required=False)
DISCOVERED_ON: Final = Day("discovered_on", "发现日期", "Discovered on", past=True)
ACT_ENDED_ON: Final = Day(
    "act_ended_on",
    "行为终了日期",
    "The act ended on",
    required=False,
    past=True,
    help=Label("不清楚的可留空，立案前补正", "May be left empty until the case is filed"),
)
REPORTER: Final = LongText(
    "reporter",
    "举报人信息（仅限授权人员）",
    "Reporter (restricted)",
    required=False,
    personal=True,
    sealed=True,
    longest=500,
)
REPORTER_NAMED: Final = YesNo(
    "reporter_named", "实名举报，须反馈结果", "The reporter gave a name: the result must be told"
)

CLUE: Final[tuple[Input, ...]] = (
    SOURCE,
    CONDUCT,
    DISCOVERED_ON,
    SUSPICION,
    ACT_ENDED_ON,
    EVIDENCE,
    REPORTER_NAMED,
    REPORTER,
)
"""Inputs of the act that registers a clue, of J01 and A01 alike."""

BEGINS: Final[Mapping[str, str]] = {
    "unit": "joint_enforcement",
    "agency": "agency_penalty",
    "person": "joint_enforcement",
}
"""The lifecycle a clue begins, by the kind of whom it is about."""

SUBJECT: Final = Organisation("subject", "涉嫌对象", "Who is suspected", kind=tuple(BEGINS))
"""Asked where a clue is logged on its own."""

ACCUSED: Final = Choice(
    "accused",
    "涉嫌对象",
    "Who is suspected",
    options=(
        ("unit", Label("重点排放单位", "The unit")),
        ("agency", Label("技术服务机构", "The agency")),
    ),
)
"""Asked where a clue is raised on a case of both: a verification, a re-check."""

RAISED: Final[tuple[Input, ...]] = (CONDUCT, DISCOVERED_ON, SUSPICION, ACT_ENDED_ON, EVIDENCE)
"""Asked where a clue is raised on a case; its source follows from the case."""

AGENCY_CASE: Final = Target("agency_penalty", Capacity.VERIFYING_AGENCY)


def clue_found(source: str) -> dict[str, object]:
    """What follows from where a clue was raised: its source, and that nobody reported it."""
    return {"source": source, "reporter_named": False}


ABOUT_EITHER: Final = RaiseClue(
    {"unit": Target("joint_enforcement", Capacity.REPORTED_UNIT), "agency": AGENCY_CASE},
    by="accused",
    given=clue_found("verification"),
)
"""V29: about the unit that reports or the agency that verifies."""

ABOUT_THE_AGENCY: Final = RaiseClue(AGENCY_CASE, given=clue_found("recheck"))
"""R15: a failed re-check refers the agency."""
