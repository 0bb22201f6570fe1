"""A monthly report: versions, a clock handed over to the child that examines it."""

from app.engine.actors import SUPERVISOR, SYSTEM, UNIT, Capacity
from app.engine.definition import (
    OPENING,
    After,
    Child,
    Deadline,
    Expiry,
    Fact,
    FromParent,
    Lasts,
    Lifecycle,
    Report,
    SameDay,
    Section,
    State,
    Submit,
    Transition,
    joined,
)
from app.engine.inputs import Files, LongText, Quantity, Text, Whole


class Monthly(Lifecycle):
    """A month's data 月度存证 of a unit: reported, perhaps again, examined."""

    key = "sample_monthly"
    zh, en = "月度信息化存证", "Monthly report"
    number_prefix = "示月"

    due = State("待上传", "Due", waits_for=UNIT)
    examined = State("审核中", "Under examination", waits_for=SYSTEM)
    accepted = State("已通过", "Accepted", final=True)

    month_report = Report(
        "月度数据",
        "Data of the month",
        sections=(
            Section(
                "1",
                "燃料",
                "Fuel",
                (
                    Quantity("fuel_t", "燃料消耗量", "Fuel used", unit="t", places=3),
                    Quantity(
                        "ncv_gj_t",
                        "低位发热量",
                        "Net calorific value",
                        unit="GJ/t",
                        places=4,
                        required=False,
                    ),
                ),
            ),
            Section(
                "2",
                "说明",
                "Remarks",
                (
                    LongText("remarks", "说明", "Remarks", longest=2000, required=False),
                    Files("ledgers", "台账", "Ledgers", required=False),
                ),
            ),
        ),
    )

    begin = Transition(
        "开始月度存证",
        "Begin",
        code="X01",
        sources=OPENING,
        to=due,
        by=[SUPERVISOR],
        inputs=[Whole("month", "月份", "Month", lowest=1, highest=12)],
    )
    submit = Transition(
        "上传",
        "Submit",
        code="X02",
        sources=[due],
        to=examined,
        by=[UNIT],
        report=month_report,
        effects=[Submit(month_report)],
        inputs=[Text("filled_by", "填报人", "Filled in by", personal=True, longest=40)],
    )
    call_back = Transition(
        "退回", "Send back", code="X03", sources=[examined], to=due, by=[SUPERVISOR]
    )

    examination = Child(
        "审核",
        "Examination",
        "sample_examination",
        opened_by=submit,
        inherits={"upload": "upload"},
        capacities=(Capacity.LEAD, Capacity.REPORTED_UNIT),
        track=True,
    )

    accept = Transition(
        "通过",
        "Accept",
        code="X04",
        sources=[examined],
        to=accepted,
        by=[SYSTEM],
        guards=[joined(examination, "passed")],
        automatic=True,
    )

    upload = Deadline(
        "上传月度数据",
        "Upload",
        anchor=After(begin),
        due=Lasts("evidence_upload"),
        expiry=Expiry.PARTY_BREACH,
        handed_to="examination",
        waits_for=UNIT,
    )

    fuel_t = Fact(
        "燃料消耗量",
        "Fuel used",
        latest="fuel_t",
        of=[submit, accept],
        report=month_report,
        unit="t",
    )
    times_submitted = Fact("上传次数", "Times submitted", count=True, of=[submit])


class Examination(Lifecycle):
    """The examination of one month's data, a track of it; it takes the month's clock over."""

    key = "sample_examination"
    zh, en = "月度数据审核", "Examination of a month"
    number_prefix = "示审"

    open_ = State("待审核", "Open", waits_for=SUPERVISOR)
    passed = State("通过", "Passed", final=True)
    failed = State("不通过", "Failed", final=True)

    take_up = Transition("开始审核", "Take up", code="X01", sources=OPENING, to=open_, by=[SYSTEM])
    let_pass = Transition(
        "审核通过", "Pass", code="X02", sources=[open_], to=passed, by=[SUPERVISOR]
    )
    fail = Transition("审核不通过", "Fail", code="X03", sources=[open_], to=failed, by=[SUPERVISOR])

    upload = Deadline(
        "上传并通过审核",
        "Uploaded and passed",
        anchor=FromParent("upload"),
        due=SameDay(),
        expiry=Expiry.PARTY_BREACH,
        met_by=[let_pass],
        waits_for=SUPERVISOR,
    )
