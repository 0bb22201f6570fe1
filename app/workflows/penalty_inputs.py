"""What the acts of a penalty case ask for, where several acts ask it or a table is behind it."""

from __future__ import annotations

from typing import Final

from app.engine.actors import Capacity, Role
from app.engine.inputs import Choice, Day, Files, LongText, Money, People, Quantity, Text, YesNo
from app.law.labels import Label
from app.law.penalties import Effect, grounds, penalty_rules
from app.workflows.veto import BANS, WITHIN

OFFICERS = People("officers", "执法人员", "Officers", role=Role.INSPECTOR, of=Capacity.LEAD)
RIGHTS_TOLD = YesNo(
    "rights_told",
    "已出示执法证件，并告知陈述申辩和申请回避的权利",
    "Certificates were shown; the rights to plead and to ask for recusal were told",
    must=True,
)
TIME_TOLD = YesNo(
    "time_told",
    "已书面告知当事人该期间不计入办案期限",
    "The party has been told in writing that this time does not count",
    must=True,
)
ADDRESSEE = Text("addressee", "受送达人", "Addressee")
SERVED_ON = Day("served_on", "送达日期", "Served on", required=False, past=True)
PUBLISHED_UNTIL = Day(
    "published_until",
    "公示截止日期",
    "Public until",
    required=False,
    help=Label(
        "按失信等级：轻微不超过三个月，一般三个月至一年，严重一年至三年（国办发〔2025〕22号）；不填的，公示至撤回",
        "By the class of the breach: minor up to three months, general three months to a year, serious one to three years; empty: until it is withdrawn",
    ),
)
REASONS = LongText("reasons", "理由", "Reasons", longest=6000)
SCAN = Files("scan", "扫描件、照片或录像", "Scans, photographs, video", required=False)

RULES: Final = {
    rule.key: Label(
        f"{rule.key} {rule.label.zh}（{rule.basis[0].text_zh}）",
        f"{rule.key} {rule.label.en} ({rule.basis[0].text_en})",
    )
    for rule in penalty_rules()
}
RULE = Choice("rule", "适用的处罚规定", "Rule applied", options=tuple(RULES.items()))
_GROUNDS: Final = {key: line.versions[-1] for key, line in grounds().items()}
GROUND = Choice("ground", "幅度以下处罚的法定理由", "Lawful ground to go below the range", options=(
    (WITHIN, Label("在法定幅度之内，不适用", "Within the range: none")),
    *((key, ground.label) for key, ground in _GROUNDS.items()),
))  # fmt: skip
NO_PENALTY_GROUND = Choice("no_penalty_ground", "不予处罚的事由", "Ground for no penalty", options=(
    *((key, ground.label) for key, ground in _GROUNDS.items() if ground.effect is Effect.NONE),
    ("not_established", Label("违法事实不能成立", "The facts are not established")),
    ("time_barred", Label("超过处罚时效", "Time-barred")),
))  # fmt: skip
BAN = Choice("ban", "禁业", "Ban", options=tuple(zip(BANS, (
    Label("不禁业", "None"),
    Label("五年内禁业（个人）", "Five years, on the person"),
    Label("禁止从事编制和审核业务（机构）", "On the agency: compiling and reviewing"),
    Label("终身禁业（个人）", "For life, on the person"),
), strict=True)))  # fmt: skip
BAN_REASONS = LongText(
    "ban_reasons", "情节严重的理由", "Why the case is serious", required=False, longest=4000
)
AMOUNTS = (
    Money("fine", "罚款", "Fine"),
    Money("confiscation", "没收违法所得", "Confiscated gain"),
    GROUND, BAN, BAN_REASONS,
)  # fmt: skip
PROPOSED = (
    RULE,
    Money("gain", "违法所得（已取得）", "Illegal gain obtained"),
    Money("obtainable_gain", "违法所得（已取得和应取得，刑事标准）", "Gain obtained and obtainable, for the criminal law", required=False),
    Quantity("tonnes", "欠缴或者交易的配额", "Allowances short or traded", unit="t", places=3, required=False),
    Money("price", "前一个月市场平均成交价格", "Mean price of the month before", unit="元/t", places=4, required=False),
    YesNo("serious", "情节严重", "The case is serious"),
    YesNo("order_disobeyed", "拒不改正", "The order to correct was not obeyed"),
    YesNo("halts", "拟责令限制生产、停产整治", "Production is to be limited or halted"),
    *AMOUNTS,
)  # fmt: skip
EXAMINED: Final = (
    ("testing", "监测（检测）", "Testing"), ("assessment", "评估", "Assessment"),
    ("appraisal", "鉴定", "Appraisal"), ("recognition", "认定", "Recognition"),
)  # fmt: skip
"""What is done by others while the ninety days stand still (O30 57)."""
CLOSING_GROUND = Choice("closing_ground", "结案情形", "Ground for closing", options=(
    ("performed", Label("决定执行完毕", "Performed")),
    ("court_accepted", Label("法院受理强制执行申请", "The court accepted the application")),
    ("nothing_to_perform", Label("不予处罚或者无需执行", "No penalty, or nothing to perform")),
    ("terminated", Label("终止调查", "Investigation ended")),
    ("transferred", Label("已移送，无需另行处罚", "Transferred, no penalty of our own")),
    ("annulled", Label("决定被撤销", "Decision annulled")),
    ("other", Label("其他（说明理由）", "Other, with reasons")),
))  # fmt: skip
OUT_OF: Final = {
    "performed": "settled_on", "court_accepted": "court_accepted_on", "terminated": "terminated_on",
    "transferred": "transferred_on", "annulled": "annulled_on",
}  # fmt: skip
"""The fact that bears out a ground for closing."""

ATTENDEES = People(
    "attendees",
    "参加集体讨论的局领导",
    "Leaders who discussed it",
    role=Role.BUREAU_LEADER,
    of=Capacity.LEAD,
    least=2,
)
RECUSAL = Choice("recusal", "决定", "Decision", options=(
    ("granted", Label("同意回避", "Recused")), ("refused", Label("驳回申请", "Refused")),
))  # fmt: skip
MEASURE_KIND = Choice("kind", "措施种类", "Kind of measure", options=(
    ("preservation", Label("先行登记保存", "Preservation of evidence")), ("seizure", Label("查封、扣押", "Sealing or seizure")),
))  # fmt: skip
URGENT = YesNo("urgent", "情况紧急，已以通讯方式报负责人同意", "Urgent: approved by message")
THINGS = LongText("things", "物品、场所清单", "List of things and places", longest=4000)
CORRECT_WHAT = LongText("what", "改正内容", "What to correct", longest=4000)
CORRECT_BY = Day("due_on", "改正期限", "By when", future=True)
CRIME = (
    LongText("suspicion", "涉嫌犯罪的事实", "Facts of the suspected crime", longest=6000),
    Text("crime", "涉嫌罪名", "Suspected crime", required=False),
    Text("crime_article", "刑法条款", "Article of the Criminal Law", required=False),
    LongText("suspects", "涉嫌人员", "Persons suspected", required=False, personal=True, longest=2000),
)  # fmt: skip
PLEA = LongText("plea", "陈述申辩意见（一事一条）", "Statement, one point at a time", longest=6000)
PLEA_EVIDENCE = Files("plea_evidence", "证据", "Evidence", required=False)
CHECKED = tuple(YesNo(name, zh, en, must=True) for name, zh, en in (
    ("body_competent", "主体合法、具有权限", "The body is competent"),
    ("officers_qualified", "执法人员具备资格", "The officers are qualified"),
    ("facts_proven", "事实清楚、证据合法充分", "Facts proven by lawful evidence"),
    ("law_applied", "法律适用准确", "The right law"),
    ("discretion_fit", "裁量适当", "Fit discretion"),
    ("procedure_lawful", "程序合法", "Lawful procedure"),
    ("power_kept", "未超越法定权限", "Powers were kept"),
    ("documents_complete", "文书完备规范", "Documents complete"),
    ("crime_considered", "已考虑是否涉嫌犯罪", "A crime was considered"),
))  # fmt: skip
PAID = Money("amount", "金额", "Amount")
REMEDY_KIND = Choice("remedy_kind", "种类", "Kind", options=(
    ("reconsideration", Label("行政复议", "Reconsideration")), ("suit", Label("行政诉讼", "Suit")),
))  # fmt: skip
FILED_ON = Day("filed_on", "提起日期", "Brought on", past=True)
REMEDY_ENDED_ON = Day("remedy_ended_on", "结束日期", "Ended on", required=False)
ANNULLED_BY = Text("annulled_by", "作出机关", "By which body")
SENDABLE: Final = {
    "inquiry_notice": Label("调查询问通知书", "Notice of an inquiry"),
    "evidence_notice": Label("调取证据材料通知书", "Notice to hand over material"),
    "sampling_notice": Label("抽样取证通知书", "Notice of sampling"),
    "test_result_notice": Label("监测/检测/鉴定结果告知书", "Notice of a result"),
    "recusal_reply": Label("申请回避答复书", "Reply to a request for recusal"),
    "correction_order": Label("责令改正违法行为决定书", "Order to correct"),
    "case_transfer_letter": Label("案件移送函", "Letter transferring the case"),
    "deferral_notice": Label("同意延期/分期缴纳罚款通知书", "Notice of deferral or instalments"),
    "halt_notice": Label("责令停产整治告知书", "Notice of a halt"),
    "halt_decision": Label("责令停产整治决定书", "Decision on a halt"),
}
"""External documents whose service moves nothing here."""
ENDED: Final = ("served", "withdrawn")
"""States in which a service has ended, one way or the other."""
