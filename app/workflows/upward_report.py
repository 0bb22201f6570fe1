"""A report to the autonomous region 向自治区厅报告: written, sent, acknowledged. A track.

The city's plan 卫政办发〔2023〕61号 asks that third-party agencies be supervised and reported on
upwards. No form and no period is laid down: all terms here are local. The region acknowledges the
report and sees nothing else of the case.
"""

from __future__ import annotations

from app.engine.actors import PROVINCIAL_VIEWER, SUPERVISOR, SYSTEM, Capacity
from app.engine.definition import (
    OPENING,
    After,
    Deadline,
    Document,
    Expiry,
    Fact,
    Join,
    Lasts,
    Lifecycle,
    State,
    SubjectKind,
    Transition,
)
from app.engine.inputs import Choice, Day, Files, LongText, Organisation, Text
from app.law.labels import Label
from app.law.sources import cite

PLAN = "PLAN"

INITIAL, FINAL = "initial", "final"
KIND = Choice(
    "kind",
    "报告类型",
    "Kind of report",
    options=((INITIAL, Label("初报", "Initial report")), (FINAL, Label("终报", "Final report"))),
)
SUMMARY = LongText("summary", "报告要点", "Outline", longest=4000)


class UpwardReport(Lifecycle):
    """One report, initial or final, and its acknowledgement by the region's department."""

    key = "upward_report"
    zh, en = "向自治区厅报告", "Report to the region"
    subject = SubjectKind.OPERATION
    number_prefix = "卫上报"
    private = True

    drafting = State("起草中", "Being drafted", waits_for=SUPERVISOR)
    sent = State("已报送待签收", "Sent, acknowledgement due", waits_for=PROVINCIAL_VIEWER)
    acknowledged = State("自治区厅已签收", "Acknowledged", final=True)

    report = Document(
        "向自治区厅报告", "Report to the region", form="upward_report", basis=(cite(PLAN),)
    )

    draft = Transition(
        "起草报告", "Draft the report", code="U01", sources=OPENING, to=drafting, by=[SYSTEM], inputs=[KIND, SUMMARY],
        basis=[cite(PLAN)],
    )  # fmt: skip
    send_report = Transition(
        "报送自治区厅", "Send to the region", code="U02", sources=[drafting], to=sent, by=[SUPERVISOR],
        inputs=[
            Organisation("recipient", "受报机关", "Receiving authority", kind="region"),
            LongText("content", "报告正文", "Text of the report", longest=10_000),
            Files("attachments", "附件", "Attachments", required=False),
        ],
        effects=[Join(Capacity.RECIPIENT, "recipient")],
        documents=[report], notices=[PROVINCIAL_VIEWER], basis=[cite(PLAN)], confirms=True,
    )  # fmt: skip
    acknowledge = Transition(
        "签收", "Acknowledge", code="U03", sources=[sent], to=acknowledged, by=[PROVINCIAL_VIEWER], recorded_by=[SUPERVISOR],
        inputs=[
            Day("served_on", "签收日期", "Received on", past=True),
            Text("region_number", "自治区厅收文号", "The region's number", required=False, longest=60),
            LongText("region_note", "自治区厅意见", "Note of the region", required=False, longest=2000),
        ],
        serves=[report], notices=[SUPERVISOR], confirms=True,
    )  # fmt: skip

    acknowledgement = Deadline(
        "自治区厅签收", "Acknowledgement by the region", anchor=After(send_report), due=Lasts("region_acknowledgement"),
        expiry=Expiry.TARGET, met_by=[acknowledge], waits_for=PROVINCIAL_VIEWER, ladder="L-X",
    )  # fmt: skip

    kind = Fact("报告类型", "Kind of report", latest="kind", of=[draft])
    sent_on = Fact("报送日期", "Sent on", day=True, of=[send_report])
    acknowledged_on = Fact("签收日期", "Acknowledged on", latest="served_on", of=[acknowledge])
