"""An inquiry nobody outside may follow: raised beside another case, served by a track, sentenced."""

from app.engine.actors import (
    INSPECTOR,
    PARTNER_MARKET,
    PARTNER_POLICE,
    PARTY_AGENCY,
    SUPERVISOR,
    SYSTEM,
    Capacity,
    Role,
    Who,
)
from app.engine.definition import (
    OPEN,
    OPENING,
    AfterService,
    Bar,
    Brings,
    Child,
    Deadline,
    Document,
    Expiry,
    Fact,
    Items,
    Join,
    Lasts,
    Lifecycle,
    Lift,
    Raise,
    RaiseClue,
    Sentence,
    State,
    SubjectKind,
    Take,
    Target,
    Transition,
)
from app.engine.inputs import Choice, Day, Files, LongText, Money, Organisation, Text
from app.law.labels import Label

ASKED = Who(Role.PARTNER_MARKET, Capacity.RECIPIENT)


class Delivery(Lifecycle):
    """The service of one document on one addressee 送达."""

    key = "sample_delivery"
    zh, en = "送达", "Delivery"
    subject = SubjectKind.AGENCY
    number_prefix = "示达"
    private = True

    under_way = State("送达中", "Under way", waits_for=INSPECTOR)
    delivered = State("已送达", "Delivered", final=True)

    open = Transition(
        "送达", "Deliver", code="D01", sources=OPENING, to=under_way, by=[INSPECTOR],
        inputs=[Text("document", "文书", "Document")],
    )  # fmt: skip
    prove = Transition(
        "登记送达", "Prove", code="D02", sources=[under_way], to=delivered, by=[INSPECTOR, ASKED],
        inputs=[Day("received_on", "签收日期", "Received on", past=True)],
    )  # fmt: skip

    received_on = Fact("签收日期", "Received on", latest="received_on", of=[prove])


class Inquiry(Lifecycle):
    """An inquiry into an agency 调查: its partners see their rows, its subject what is served."""

    key = "sample_inquiry"
    zh, en = "调查", "Inquiry"
    subject = SubjectKind.AGENCY
    number_prefix = "示调"
    private = True

    looking = State("调查中", "Looking", waits_for=INSPECTOR)
    sending = State("送达中", "Being served", waits_for=INSPECTOR)
    told = State("已告知", "Told", waits_for=SUPERVISOR)
    sentenced = State("已处罚", "Sentenced", final=True)
    undone = State("已撤销", "Undone", final=True)

    shares = Items(
        "部门意见", "Share of a bureau",
        statuses={"noted": Label("已登记", "Noted"), "settled": Label("已办", "Settled")},
        open_statuses=("noted",), owners=("bureau", "passed_to"),
    )  # fmt: skip
    notice = Document("告知书", "Notice")

    open = Transition(
        "登记线索", "Log a clue", code="Q01", sources=OPENING, to=looking, by=[INSPECTOR],
        inputs=[
            Choice("source", "来源", "Source", options=(
                ("case", Label("办案中发现", "Found on a case")), ("other", Label("其他", "Other")),
            )),
            LongText("facts_seen", "事实", "Facts"), Files("papers", "材料", "Papers", required=False),
        ],
    )  # fmt: skip
    invite = Transition(
        "邀请协办", "Invite a partner", code="Q02", sources=OPEN, by=[INSPECTOR],
        inputs=[Organisation("partner", "协办部门", "Partner", kind="partner")],
        effects=[Join(Capacity.ASSISTING, "partner"), Join(Capacity.INVESTIGATOR, actor=True)],
    )  # fmt: skip
    note_share = Transition(
        "登记部门意见", "Note a share", code="Q03", sources=OPEN, by=[INSPECTOR, PARTNER_MARKET, PARTNER_POLICE],
        item=Raise(shares),
        inputs=[
            LongText("said", "内容", "What"),
            Organisation("passed_to", "转交", "Passed to", kind=("partner", "unit"), required=False),
        ],
    )  # fmt: skip
    settle_share = Transition(
        "办结部门意见", "Settle a share", code="Q04", sources=OPEN, by=[INSPECTOR, PARTNER_MARKET, PARTNER_POLICE],
        item=Take(shares, ("noted",), "settled"),
    )  # fmt: skip
    send = Transition(
        "发出告知书", "Send the notice", code="Q05", sources=[looking], to=sending, by=[INSPECTOR],
        inputs=[
            Text("document", "文书", "Document"),
            Organisation("server", "受托送达", "Entrusted to", kind="partner", required=False),
        ],
        documents=[notice],
    )  # fmt: skip
    delivery = Child(
        "送达", "Delivery", "sample_delivery", opened_by=send, inputs={"document": "document"},
        seats={Capacity.RECIPIENT: "server"}, track=True,
    )  # fmt: skip
    serve = Transition(
        "已送达", "Served", code="Q06", sources=[sending], to=told, by=[SYSTEM], automatic=True,
        inputs=[Day("served_on", "送达日期", "Served on", past=True)],
        brings=Brings("delivery", {"served_on": "received_on"}), serves=[notice],
        effects=[Join(Capacity.PARTY, subject=True)],
    )  # fmt: skip
    plead = Transition(
        "陈述", "Plead", code="Q07", sources=[told], by=[PARTY_AGENCY],
        inputs=[LongText("plea", "陈述", "Plea")],
    )  # fmt: skip
    sentence = Transition(
        "作出处罚", "Sentence", code="Q08", sources=[told], to=sentenced, by=[SUPERVISOR],
        inputs=[
            Text("rule", "条款", "Rule", longest=40), Money("fine", "罚款", "Fine"),
            Choice("scope", "禁业范围", "Scope", options=(("review", Label("技术审核", "Review")),)),
            Day("until", "截止", "Until", required=False), Text("why", "依据", "Basis"),
        ],
        effects=[Sentence("rule", "fine"), Bar("scope", "until", "why")],
    )  # fmt: skip
    annul = Transition(
        "撤销", "Annul", code="Q09", sources=[sentenced], to=undone, by=[SUPERVISOR], received=True,
        effects=[Lift()],
    )  # fmt: skip

    pleading = Deadline(
        "陈述期", "Time to plead", anchor=AfterService(notice), due=Lasts("plea"),
        expiry=Expiry.TARGET, met_by=[plead], waits_for=PARTY_AGENCY,
    )  # fmt: skip


class Errand(Lifecycle):
    """Any case of the bureau on which a suspicion can be raised."""

    key = "sample_errand"
    zh, en = "事项", "Errand"
    subject = SubjectKind.AGENCY
    number_prefix = "示事"

    begun = State("办理", "Begun", waits_for=PARTY_AGENCY)
    over = State("办结", "Over", final=True)

    open = Transition("开始", "Begin", code="E01", sources=OPENING, to=begun, by=[INSPECTOR])
    suspect = Transition(
        "移送线索", "Raise a clue", code="E02", sources=OPEN, by=[INSPECTOR, PARTY_AGENCY],
        inputs=[
            Choice("whom", "对象", "Whom", options=(
                ("agency", Label("机构", "Agency")), ("unit", Label("单位", "Unit")),
            )),
            LongText("seen", "事实", "Facts"), Files("papers", "材料", "Papers", required=False),
        ],
        effects=[RaiseClue(
            by="whom",
            into={
                "agency": Target("sample_inquiry", Capacity.PARTY),
                "unit": Target("sample_inquiry", Capacity.REPORTED_UNIT),
            },
            inputs={"seen": "facts_seen"}, given={"source": "case"},
        )],
    )  # fmt: skip
    finish = Transition("办结", "Finish", code="E03", sources=[begun], to=over, by=[INSPECTOR])
