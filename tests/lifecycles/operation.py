"""A joint operation: children from a table, joins on states, a clock and seats taken over."""

from app.engine.actors import INSPECTOR, SUPERVISOR, SYSTEM, Capacity, Role
from app.engine.definition import (
    OPENING,
    After,
    Child,
    Deadline,
    Expiry,
    FromParent,
    Items,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    On,
    Raise,
    SameDay,
    State,
    SubjectKind,
    Succeed,
    Take,
    Transition,
    guard,
    joined,
)
from app.engine.inputs import Day, Organisation, Person, Text
from app.engine.view import Attempt
from app.law.labels import Label


@guard("还没有检查对象。", "Nobody to inspect was named.")
def somebody_is_inspected(attempt: Attempt) -> bool:
    return any(row.status == "planned" for row in attempt.case.items("sites"))


class Operation(Lifecycle):
    """A joint operation 联合执法行动: one inspection per site, then a summary of all."""

    key = "sample_operation"
    zh, en = "联合执法行动", "Joint operation"
    subject = SubjectKind.OPERATION
    number_prefix = "示联"

    planning = State("计划", "Planning", waits_for=SUPERVISOR)
    running = State("检查中", "Running", waits_for=INSPECTOR)
    summing_up = State("汇总", "Summing up", waits_for=SUPERVISOR)
    closed = State("已结束", "Closed", final=True)

    sites = Items(
        "检查对象",
        "Site",
        statuses={"planned": Label("拟检查", "Planned"), "struck": Label("已取消", "Struck out")},
        open_statuses=("planned",),
    )

    plan = Transition(
        "制定计划",
        "Plan",
        code="X01",
        sources=OPENING,
        to=planning,
        by=[SUPERVISOR],
        inputs=[Text("aim", "目的", "Aim")],
    )
    add_site = Transition(
        "增加检查对象",
        "Add a site",
        code="X02",
        sources=[planning],
        by=[SUPERVISOR],
        item=Raise(sites),
        inputs=[
            Organisation("unit", "单位", "Unit", kind="unit"),
            Text("focus", "检查重点", "Focus"),
        ],
    )
    strike_site = Transition(
        "取消检查对象",
        "Strike a site",
        code="X03",
        sources=[planning],
        by=[SUPERVISOR],
        item=Take(sites, ("planned",), "struck"),
        inputs=[Text("strike_reason", "原因", "Reason")],
    )
    name_lead = Transition(
        "指定负责人",
        "Name who leads",
        code="X04",
        sources=[planning],
        by=[SUPERVISOR],
        inputs=[Person("leader", "负责人", "Leader", role=Role.INSPECTOR, of=Capacity.LEAD)],
        effects=[Leave(Capacity.TEAM_LEADER), Join(Capacity.TEAM_LEADER, "leader")],
    )
    start = Transition(
        "启动检查",
        "Start",
        code="X05",
        sources=[planning],
        to=running,
        by=[SUPERVISOR],
        guards=[somebody_is_inspected],
        inputs=[Day("until", "结束日期", "Until", future=True)],
    )
    preserve = Transition(
        "先行登记保存",
        "Preserve evidence",
        code="X06",
        sources=[running],
        by=[INSPECTOR],
        inputs=[Text("things", "物品", "Things")],
    )

    inspections = Child(
        "现场检查",
        "Inspection",
        "sample_inspection",
        opened_by=start,
        each=sites,
        each_in=("planned",),
        subject="unit",
        inputs={"focus": "focus"},
        inherits={"inspection_end": "operation_end"},
        capacities=(Capacity.LEAD, Capacity.TEAM_LEADER),
    )
    preservation = Child(
        "登记保存",
        "Preservation",
        "sample_measure",
        opened_by=preserve,
        inputs={"object": "things"},
        inherits={"measure_end": "operation_end"},
        track=True,
    )

    collect = Transition(
        "全部检查已报告",
        "All reported",
        code="X07",
        sources=[running],
        to=summing_up,
        by=[SYSTEM],
        guards=[joined(inspections, "reported", "filed")],
        effects=[Succeed(Capacity.TEAM_LEADER, "inspections")],
        automatic=True,
    )
    close = Transition(
        "结束行动",
        "Close",
        code="X08",
        sources=[summing_up],
        to=closed,
        by=[SUPERVISOR],
        guards=[joined(inspections)],
        inputs=[Text("summary", "小结", "Summary")],
    )

    operation_end = Deadline(
        "行动结束",
        "End of the operation",
        anchor=After(start),
        due=On("until"),
        expiry=Expiry.TARGET,
        met_by=[collect],
        waits_for=INSPECTOR,
    )
    summary_time = Deadline(
        "行动小结",
        "Summary",
        anchor=After(collect),
        due=Lasts("operation_summary"),
        expiry=Expiry.TARGET,
        met_by=[close],
        waits_for=SUPERVISOR,
    )


class Inspection(Lifecycle):
    """One inspection of an operation 现场检查; its end is that of the operation."""

    key = "sample_inspection"
    zh, en = "现场检查", "Inspection"
    number_prefix = "示检"

    planned = State("待检查", "Planned", waits_for=INSPECTOR)
    reported = State("已报告", "Reported", waits_for=SUPERVISOR)
    filed = State("已归档", "Filed", final=True)

    send = Transition(
        "派出",
        "Send",
        code="X01",
        sources=OPENING,
        to=planned,
        by=[SYSTEM],
        inputs=[Text("focus", "检查重点", "Focus")],
    )
    report = Transition(
        "提交检查记录",
        "Report",
        code="X02",
        sources=[planned],
        to=reported,
        by=[INSPECTOR],
        inputs=[Text("record", "检查记录", "Record")],
    )
    file = Transition("归档", "File", code="X03", sources=[reported], to=filed, by=[SUPERVISOR])
    inspection_end = Deadline(
        "检查结束",
        "End of the inspection",
        anchor=FromParent("operation_end"),
        due=SameDay(),
        expiry=Expiry.TARGET,
        met_by=[report],
        waits_for=INSPECTOR,
    )


class Measure(Lifecycle):
    """Evidence preserved 先行登记保存: a track that ends by itself when its time is over."""

    key = "sample_measure"
    zh, en = "先行登记保存", "Preservation of evidence"
    number_prefix = "示保"

    kept = State("保存中", "Kept", waits_for=INSPECTOR)
    released = State("已解除", "Released", final=True)

    keep = Transition(
        "登记保存",
        "Keep",
        code="X01",
        sources=OPENING,
        to=kept,
        by=[SYSTEM],
        inputs=[Text("object", "物品", "Object")],
    )
    give_back = Transition(
        "退还", "Give back", code="X02", sources=[kept], to=released, by=[INSPECTOR]
    )
    expire = Transition(
        "自动解除", "Released by time", code="X03", sources=[kept], to=released, by=[SYSTEM]
    )

    keeping = Deadline(
        "登记保存期限",
        "Preservation",
        anchor=After(keep),
        due=Lasts("preservation"),
        expiry=Expiry.AUTO_RELEASE,
        met_by=[give_back],
        on_expiry=expire,
        waits_for=INSPECTOR,
    )
    measure_end = Deadline(
        "行动结束前处理",
        "Settled by the end of the operation",
        anchor=FromParent("operation_end"),
        due=SameDay(),
        expiry=Expiry.TARGET,
        met_by=[give_back],
    )
