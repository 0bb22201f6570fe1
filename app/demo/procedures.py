"""The ways of enforcement cases in the demonstration city, as stretches of deeds.

A stretch of a penalty case or a transfer takes the links ``on`` which that case is found below the
root of its family; stretches are strung together into plots.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from app.demo.cast import CERTIFICATES
from app.demo.docket import Deed, Scene
from app.demo.papers import BANK
from app.demo.stories import note, received
from app.workflows.penalty_inputs import CHECKED

OFFICERS: Final = ("inspector", "inspector2")
LEADERS: Final = ("leader", "leader2", "leader3")
AGREE: Final = {"view": "agree"}
SCAN: Final = note("送达回证.txt", "受送达人签收（示例）")
PLACE: Final = "厂区办公楼二层会议室"


# Clues --------------------------------------------------------------------------------------------

ASSESSED: Final = [
    Deed("assess", "supervisor", {"first_view": "线索具体，有数据支持，建议核实。"}, wait=1)
]
NOT_WORTH: Final = [
    Deed(
        "not_worth", "leader",
        {"no_case_reason": "经调取供电企业结算单和停产报告核对，排放量下降系停产检修所致，没有违法事实（示例）。"}, wait=2,
    )
]  # fmt: skip
ALONE: Final = [
    Deed(
        "single_bureau", "supervisor",
        lambda scene: {
            "no_partner_matter": True, "conduct": scene.charge.conduct, "party_kind": "unit", "cause": scene.charge.cause,
        },
        wait=1,
    )
]  # fmt: skip
LONGER: Final = [
    Deed("extend_filing", "leader", {"filing_extension_reason": "需联合检查后方能判断是否立案。"})
]


# The operation of several bureaus ------------------------------------------------------------------


def _officer(login: str, number: str) -> Callable[[Scene], dict[str, Any]]:
    return lambda scene: {"officer": scene.clerk.cast.id_of(login), "certificate": number}


def named(act: str, by: str, *logins: str) -> list[Deed]:
    """Name officers with their certificates."""
    return [Deed(act, by, _officer(login, CERTIFICATES[login])) for login in logins]


JOINT: Final = [
    Deed(
        "plan_jointly", "supervisor",
        {
            "market_matter": True, "police_matter": True, "other_matter": False,
            "joint_reason": "涉及检测报告真伪和印章使用，需市场监管部门核查资质，公安机关保障取证。",
        },
        wait=1,
    ),
    Deed("add_bureau", "supervisor", lambda scene: {"bureau": scene.body("market"), "check_items": "检验检测资质、授权签字人、计量器具检定。"}),
    Deed("add_bureau", "supervisor", lambda scene: {"bureau": scene.body("police"), "check_items": "印章来源，现场秩序与取证保障。"}),
    *named("name_officer", "supervisor", *OFFICERS),
]  # fmt: skip


def _plan(scene: Scene) -> dict[str, Any]:
    return {
        "targets": f"{scene.party.name}采制样间、化验室、档案室。",
        "lead_items": "数据质量控制方案执行、采制化全过程、存证数据来源。",
        "planned_on": scene.ahead(3), "planned_end_on": scene.ahead(6),
        "evidence_plan": "执法记录仪全程录像，电子数据现场固定并计算校验值。",
        "safety_plan": "进入煤场佩戴防护用品，公安机关派员在场。",
        "inspections_this_year": 1, "yearly_cap": 2,
    }  # fmt: skip


CIRCULATED: Final = [Deed("circulate", "supervisor", _plan, wait=1)]
OBJECTED: Final = [
    Deed("object_to_plan", "market", {"objection": "请补充对检测机构原始记录的调取安排，并明确样品封存责任。"}, wait=1)
]  # fmt: skip
HALF_SIGNED: Final = [
    *named("name_partner_officer", "market", "market", "market2"),
    Deed("countersign", "market", AGREE, wait=1),
]
COUNTERSIGNED: Final = [
    *HALF_SIGNED,
    *named("name_partner_officer", "police", "police", "police2"),
    Deed("countersign", "police", AGREE),
]
APPROVED: Final = [Deed("approve", "leader", {"item_is_published": True}, hour=15)]
ENTERED: Final = [
    Deed(
        "enter_site", "inspector",
        lambda scene: {"served_on": scene.day, "certificates_shown": True, "support_only": True, "entry_code": "扫码入企-示例-0417"}, wait=2,
    )
]  # fmt: skip
KEPT_AT_ONCE: Final = [
    Deed("preserve_evidence", "inspector", {"urgent": True, "things": "缩分煤样 3 份、化验室台式计算机 1 台、检测报告原件 12 份。"}),
    Deed("keep_at_once", "inspector", lambda scene: {**_taken(scene), "listed": "缩分煤样 3 份（封签 S-01 至 S-03）；计算机 1 台；检测报告 12 份。"}, on="preservation"),
    Deed("approve_afterwards", "leader", {"opinion": "同意补办登记保存手续。"}, on="preservation"),
]  # fmt: skip


def _taken(scene: Scene) -> dict[str, Any]:
    return {
        "officers": scene.ids(*OFFICERS), "rights_told": True, "taken_on": scene.day, "place": "化验室",
        "party_present": "化验室主任（示例）", "scene": note("登记保存清单.txt", "清单扫描件（示例）"),
    }  # fmt: skip


def finding(by: str, fact: str, party: str, kind: str, conduct: str, proof: str) -> Deed:
    """A finding on site; a ``party`` of "" is the one the case is about."""
    return Deed(
        "raise_finding", by,
        lambda scene: {
            "fact": fact, "party": scene.party_of(party) if party else str(scene.party.id), "party_kind": kind,
            "conduct": conduct, "found_on": scene.day, "ended_on": scene.before(20), "proof": proof,
        },
    )  # fmt: skip


def _record(who: str, facts: str) -> Deed:
    return Deed(
        "draft_record", who,
        {
            "place": "化验室、采制样间", "hours": "9:20至16:40", "persons": "化验室主任、碳排放专工（示例）",
            "rights_told": True, "record_facts": facts,
        },
    )  # fmt: skip


RECORDED: Final = [
    _record("inspector", "查看采样、制样、化验全过程；调取存证记录，发现 4 份检测报告编号不连续（示例）。"),
    _record("market", "核对检验检测资质附表、授权签字人和仪器检定证书（示例）。"),
    _record("police", "维护现场秩序，协助固定电子数据（示例）。"),
    Deed("sign_record", "inspector", AGREE),
]  # fmt: skip
ALL_SIGNED: Final = [
    *(Deed("sign_record", login, AGREE) for login in ("inspector2", "market", "market2", "police", "police2")),
    Deed(
        "end_inspection", "inspector",
        {"presence": "三个机关各两名执法人员，企业负责人、化验室主任在场。", "joint_facts": "检测报告编号与检测机构底单不一致，留样不足。"}, wait=1,
    ),
]  # fmt: skip


def split(row: int, route: str, owner: str, article: str) -> Deed:
    """Give a finding its owner."""
    return Deed(
        "split_finding", "supervisor",
        lambda scene: {"route": route, "owner_bureau": scene.body(owner), "article": article},
        rows="findings", status=("found",), row=row,
    )  # fmt: skip


HANDED_OUT: Final = [Deed("split_findings", "supervisor")]
OWN_CASE: Final = [
    Deed("open_own_case", "inspector", lambda scene: {"cause": scene.charge.cause}, rows="findings", status=("own",), wait=1)
]  # fmt: skip
TO_PARTNER: Final = [Deed("refer_to_bureau", "supervisor", {"papers_complete": True}, rows="findings", status=("partner",))]  # fmt: skip
TO_POLICE: Final = [Deed("refer_to_police", "leader", {"crime": "伪造公司印章罪"}, rows="findings", status=("police",))]  # fmt: skip
PARTNER_TOOK: Final = [
    Deed(
        "receive", "market",
        lambda scene: {"served_on": scene.day, "received_by": "郑敏", "market_filing_from": scene.day}, on="matters", wait=1,
    )
]  # fmt: skip
PARTNER_FILED: Final = [
    Deed(
        "report_filing", "market2",
        lambda scene: {"filed": "filed", "filing_decided_on": scene.day, "decision_counts_from": scene.day, "filing_reason": "授权签字人超范围签发，事实初步成立。"},
        on="matters", wait=6,
    )
]  # fmt: skip
PARTNER_DECIDED: Final = [
    Deed(
        "report_decision", "market",
        lambda scene: {"decision_number": f"卫市监罚〔{scene.day.year}〕示例17号", "decided_on": scene.day, "decision_outcome": "责令改正，罚款三万元。"},
        on="matters", wait=15,
    ),
    Deed("answer", "market", {"outcome": "已缴清罚款，授权签字人已调整，印章管理制度已修订。", "concluded": True}, on="matters", wait=3),
]  # fmt: skip
SUMMED_UP: Final = [
    Deed(
        "report_and_close", "supervisor",
        {
            "results": "立案一件，罚款已缴清；移送市场监管部门一件，已办结；企业已更正数据管理制度。",
            "value_is_wrong": False, "allowance_is_cut": False, "credit_entries": "已记入企业环境信用记录（示例）。",
        },
        wait=4,
    )
]  # fmt: skip


# The penalty case ----------------------------------------------------------------------------------

NOT_FILED: Final = [
    Deed("refuse_filing", "leader", {"not_filed_because": "not_punishable", "reasons": "原件遗失但内容可由购销发票完整印证，已当场补正，危害轻微，依法不予处罚（示例）。"}, on="single_case", wait=2),
    Deed("archive", "inspector", {"retention": "years10", "index_complete": True}, on="single_case", wait=4),
]  # fmt: skip


def filed(on: str, wait: int = 2) -> list[Deed]:
    """Filed, with two officers."""
    ticks = dict.fromkeys(("has_evidence", "is_punishable", "is_competent", "is_in_time"), True)
    return [
        Deed("file", "leader", lambda scene: {**ticks, "harm": "none", "officers": scene.ids(*OFFICERS)}, on=on, wait=wait)
    ]  # fmt: skip


def investigated(on: str) -> list[Deed]:
    """A visit and an inquiry."""
    told = {"rights_told": True}
    return [
        Deed(
            "record_inspection", "inspector",
            lambda scene: {
                "officers": scene.ids(*OFFICERS), **told, "on_site_on": scene.day, "place": scene.party.name,
                "present": "企业负责人（示例）", "findings": scene.charge.found.format(name=scene.party.name),
            },
            on=on, wait=2,
        ),
        Deed(
            "record_inquiry", "inspector2",
            lambda scene: {
                "officers": scene.ids(*OFFICERS), **told, "asked_on": scene.day, "asked": "碳排放专工（示例）",
                "answers": "问：检测报告和原始记录由谁提供？答：由化验室整理后交我上传。问：是否核对过底单？答：没有。（示例）",
            },
            on=on, wait=2,
        ),
    ]  # fmt: skip


def correction(on: str) -> list[Deed]:
    """An order to correct, sealed and served."""
    return [
        Deed(
            "order_correction", "leader",
            lambda scene: {"what": scene.charge.correction, "due_on": scene.ahead(20), "addressee": scene.party.name}, on=on, wait=1,
        ),
        Deed(
            "", "leader",
            lambda scene: {
                "facts": scene.charge.found.format(name=scene.party.name),
                "consequence": "依照《碳排放权交易管理暂行条例》相应规定处理。",
            },
            on=on, document="correction_order",
        ),
        Deed("prove_service", "inspector", lambda scene: {"order_served_on": scene.day, "receipt": SCAN}, on=f"{on}/corrections"),
    ]  # fmt: skip


def preserved(on: str) -> list[Deed]:
    """Evidence preserved with the leader's approval."""
    return [
        Deed("take_measure", "inspector", {"kind": "preservation", "urgent": False, "things": "留样煤样 6 份、原始记录 3 册。"}, on=on),
        Deed("approve", "leader", {"opinion": "同意先行登记保存。"}, on=f"{on}/measures"),
        Deed("keep", "inspector", lambda scene: {**_taken(scene), "listed": "留样煤样 6 份（封签 L-01 至 L-06）；原始记录 3 册。"}, on=f"{on}/measures", wait=1),
        Deed(
            "", "inspector",
            {"reason": "证据可能灭失或者以后难以取得。", "items": "留样煤样 | 缩分样 | 6份 | 密封完好\n原始记录 | 纸质装订 | 3册 | 完好", "kept_at": "当事人化验室，由当事人保管"},
            on=f"{on}/measures", document="preservation_notice",
        ),
    ]  # fmt: skip


def suspended(on: str) -> list[Deed]:
    """The investigation waits for another decision."""
    return [
        Deed(
            "suspend", "leader",
            {"suspended_because": "other_decision", "reasons": "检测报告真伪须以检测机构查处案件的认定为依据。", "time_told": True}, on=on, wait=1,
        )
    ]  # fmt: skip


def withdrawn(on: str) -> list[Deed]:
    """The filing is withdrawn: what it rested on has fallen away."""
    reasons = "补充调取的过磅单原件与台账一致，违法事实不能成立，撤销立案（示例）。"
    return [Deed("withdraw_filing", "leader", {"lost_condition": "evidence", "reasons": reasons}, on=on, wait=5)]  # fmt: skip


def terminated(on: str) -> list[Deed]:
    """The investigation ends: the party is gone."""
    return [
        Deed("terminate", "leader", {"terminated_because": "gone", "reasons": "当事人已注销登记，无权利义务承受人（示例）。"}, on=on, wait=3)
    ]  # fmt: skip


def reported(on: str) -> list[Deed]:
    """The investigation ends: its report is written, signed by both and handed in."""
    return [
        Deed("write_report", "inspector", _report, on=on, wait=4),
        Deed("sign_report", "inspector", AGREE, on=on),
        Deed("sign_report", "inspector2", AGREE, on=on),
        Deed("submit_report", "inspector", on=on),
    ]


def _amounts(scene: Scene) -> dict[str, Any]:
    charge = scene.charge
    return {
        "fine": charge.fine, "confiscation": charge.confiscation, "ground": "within", "ban": charge.ban,
    }  # fmt: skip


def _report(scene: Scene) -> dict[str, Any]:
    charge = scene.charge
    return {
        "party_name": scene.party.name,
        "course": "经数据筛查发现线索，立案后开展现场检查、询问和取证。",
        "facts_found": charge.found.format(name=scene.party.name),
        "evidence_table": charge.evidence,
        "proposal": "penalty",
        "rule": charge.rule, "gain": charge.gain,
        "serious": False, "order_disobeyed": False, "halts": False,
        **_amounts(scene),
        "complex_case": False, "public_interest": False, "discretion": charge.discretion,
    }  # fmt: skip


def passed(on: str) -> list[Deed]:
    """The case review is passed."""
    ticks = ("competence_right", "facts_clear", "evidence_enough", "procedure_right", "not_barred", "law_right")  # fmt: skip
    typed = {**dict.fromkeys(ticks, True), "review_opinion": "事实清楚，证据充分，同意报批告知。"}
    return [Deed("pass_review", "supervisor2", typed, on=on, wait=2)]


def approved(on: str) -> list[Deed]:
    """The prior notice is approved and sealed."""
    return [
        Deed(
            "approve_notice", "leader",
            lambda scene: {
                "hearing_right": scene.charge.is_heavy, "wants_discussion": False, "opinion": "同意告知。", "addressee": scene.party.name,
            },
            on=on, wait=1,
        ),
        Deed("", "leader", on=on, document="prior_notice"),
    ]  # fmt: skip


def dispatched(track: str, mode: str = "direct", **said: Any) -> list[Deed]:
    """A document is on its way."""

    def sending(scene: Scene) -> dict[str, Any]:
        return {"mode": mode, "servers": scene.ids(*OFFICERS), "sent_on": scene.day, "place": PLACE, **said}  # fmt: skip

    return [Deed("dispatch", "inspector", sending, on=track, wait=1)]


def served(track: str) -> list[Deed]:
    """A document is handed over in person."""
    return [
        *dispatched(track),
        Deed(
            "serve", "inspector", lambda scene: {"served_on": scene.day, "received_by": "办公室负责人（示例）", "proof": SCAN},
            on=track, rows="attempts", status=("under_way",),
        ),
    ]  # fmt: skip


def notified(on: str) -> list[Deed]:
    """From the review to the service of the prior notice."""
    return [*reported(on), *passed(on), *approved(on), *served(f"{on}/service_of_notice")]


def waived(on: str, *, hearing: bool = True) -> list[Deed]:
    """The party gives up in writing what it was told of."""
    deeds = [Deed("waive_hearing", "party", {"no_hearing": True}, on=on, wait=1)] if hearing else []
    return [*deeds, Deed("waive_plea", "party", {"no_plea": True}, on=on, wait=0 if hearing else 1)]


def pleaded(on: str) -> list[Deed]:
    """Two points of a plea, the first of which is answered."""
    return [
        Deed("plead", "party", {"plea": "缺失的过磅单已由供货方补开，可以印证盘存数量，请求从轻处罚。", "plea_evidence": note("供货方证明.txt", "示例")}, on=on, wait=2),
        Deed("add_plea", "party", {"plea": "我公司系首次违法，已主动整改，请求减少罚款数额。"}, on=on),
        Deed(
            "answer_plea", "supervisor", {"plea_verdict": "rejected", "plea_answer": "补开单据形成于立案之后，不能替代原始记录。"},
            on=on, rows="pleas", status=("raised",), row=1, wait=1,
        ),
    ]  # fmt: skip


def hearing_called(on: str) -> list[Deed]:
    """A hearing is asked for, its chair appointed, its day told."""
    return [
        Deed("request_hearing", "party", {"hearing_reasons": "对少报数量的计算方法有异议。"}, on=on, wait=2),
        Deed("appoint_chair", "leader", lambda scene: {"chair": scene.clerk.cast.id_of("legal2")}, on=on, wait=1),
        Deed(
            "call_hearing", "legal2",
            lambda scene: {
                "hearing_on": scene.ahead(10), "hearing_place": "本局三楼听证室", "hearing_mode": "public", "recorder": "孙静", "addressee": scene.party.name,
            },
            on=on,
        ),
        Deed("", "legal2", on=on, document="hearing_notice"),
        *served(f"{on}/service_of_hearing_notice"),
    ]  # fmt: skip


def heard(on: str) -> list[Deed]:
    """The hearing is held."""
    return [
        Deed(
            "hold_hearing", "legal2",
            {
                "attendance": "当事人法定代表人及委托代理人、调查人员二人到场（示例）。",
                "examined": "逐项出示检测报告、底单比对表，当事人对计算方法提出异议，调查人员作了说明。",
                "last_words": "请求考虑企业困难，从轻处罚。",
            },
            on=on, wait=9,
        )
    ]  # fmt: skip


def legally_passed(on: str) -> list[Deed]:
    """The legal review is passed."""
    return [
        Deed(
            "pass_legal_review", "legal",
            lambda scene: {
                **dict.fromkeys((one.name for one in CHECKED), True),
                "evidence_seen": scene.fact("evidence_count") or 0, "legal_opinion": "主体、程序合法，适用法律正确，裁量适当，同意。",
            },
            on=on, wait=2,
        )
    ]  # fmt: skip


def convened(on: str) -> list[Deed]:
    """The leaders come together; one has spoken."""
    return [
        Deed("convene", "leader", lambda scene: {"members": scene.ids(*LEADERS), "attending": "法制审核人员孙静列席。"}, on=on, wait=1),
        Deed("discuss", "leader3", AGREE, on=on),
    ]  # fmt: skip


def concluded(on: str) -> list[Deed]:
    """The discussion ends."""
    return [
        *(Deed("discuss", login, AGREE, on=on) for login in ("leader", "leader2")),
        Deed("conclude_discussion", "leader2", {"conclusion": "一致同意拟处罚意见。"}, on=on),
    ]


def pending(on: str, *, hearing: bool = False, discussion: bool = False) -> list[Deed]:
    """From the notice to the decision, by waivers in writing."""
    talks = [*convened(on), *concluded(on)] if discussion else []
    return [*notified(on), *waived(on, hearing=hearing or discussion), *legally_passed(on), *talks]


def decided(on: str) -> list[Deed]:
    """The penalty is decided and sealed."""
    return [
        Deed(
            "decide_penalty", "leader",
            lambda scene: {
                "rule": scene.charge.rule, **_amounts(scene), "facts_agree": True,
                "decision_facts": scene.charge.found.format(name=scene.party.name), "pleas_handled": "当事人书面放弃陈述、申辩和听证。",
                "discretion": scene.charge.discretion, "pay_to": BANK,
            },
            on=on, wait=2,
        ),
        Deed("", "leader", on=on, document="penalty_decision"),
    ]  # fmt: skip


def sent(on: str) -> list[Deed]:
    """The decision is handed over for service."""
    return [
        Deed("send_decision", "inspector", lambda scene: {"document": "penalty_decision", "addressee": scene.party.name}, on=on, wait=1)
    ]  # fmt: skip


def delivered(on: str) -> list[Deed]:
    """The decision is sent and served."""
    return [*sent(on), *served(f"{on}/service_of_decision")]


def published(on: str) -> list[Deed]:
    """The decision is published in time."""
    return [
        Deed(
            "publish", "supervisor",
            lambda scene: {"published_on": scene.day, "published_at": "中卫市生态环境局网站行政处罚公示栏（示例）", "redacted": "隐去自然人姓名、证件号码。"},
            on=on, wait=1,
        )
    ]  # fmt: skip


def announced(on: str) -> list[Deed]:
    """The letter comes back; the decision is announced."""
    track = f"{on}/service_of_decision"
    failed = "邮件因收件地址停业、无人签收退回；两次上门厂区已关闭。"
    return [
        *sent(on),
        *dispatched(track, "post", post_number="EMS 示例 1180 0417 CN"),
        Deed(
            "fail_attempt", "inspector", lambda scene: {"tried_on": scene.day, "failure": failed, "failure_proof": note("退件照片.txt", "示例")},
            on=track, rows="attempts", status=("under_way",), wait=4,
        ),
        Deed(
            "announce", "inspector",
            lambda scene: {
                "mode": "announcement", "announced_on": scene.day, "announced_in": "本局网站公告栏", "ways_failed": failed,
                "announcement_proof": note("公告网页.txt", "示例"),
            },
            on=track, wait=1,
        ),
        Deed("announce_decision", "inspector", lambda scene: {"announced_on": scene.day, "ways_failed": failed}, on=on),
    ]  # fmt: skip


def remedy(on: str) -> list[Deed]:
    """The party asks for reconsideration; the reply is due."""
    track = f"{on}/remedies"
    return [
        Deed(
            "record_remedy", "supervisor",
            lambda scene: received(f"卫政复受〔{scene.day.year}〕示例9号", remedy_kind="reconsideration", filed_on=scene.day), on=on, wait=3,
        ),
        Deed(
            "admit_reconsideration", "legal",
            lambda scene: received(f"卫政复答〔{scene.day.year}〕示例9号", body="中卫市人民政府", admitted_on=scene.day, copy_received_on=scene.day),
            on=track, wait=2,
        ),
    ]  # fmt: skip


def instalments(on: str, parts: int, gaps: tuple[int, ...]) -> list[Deed]:
    """Payment in ``parts`` equal instalments, due so many working days after it is granted."""

    def planned(gap: int) -> Deed:
        return Deed(
            "plan_instalment", "supervisor",
            lambda scene: {"instalment_due_on": scene.ahead(gap), "instalment_amount": Decimal(scene.charge.fine) / parts}, on=on,
        )  # fmt: skip

    return [
        Deed("ask_deferral", "party", {"deferral": "instalments", "hardship": "产线检修停产两个月，流动资金紧张，申请分期缴纳。", "hardship_proof": note("财务报表.txt", "示例")}, on=on, wait=3),
        *(planned(gap) for gap in gaps),
        Deed("defer", "leader", lambda scene: {"deferred_until": scene.ahead(gaps[-1])}, on=on),
    ]  # fmt: skip


def paid(on: str, parts: int = 1, wait: int = 4) -> list[Deed]:
    """One payment, confirmed."""
    return [
        Deed(
            "report_payment", "party",
            lambda scene: {
                "paid_on": scene.day, "receipt_no": f"示例票 {scene.day:%m%d}",
                "amount": Decimal(scene.charge.fine) / parts + Decimal(scene.charge.confiscation) / parts,
            },
            on=on, wait=wait,
        ),
        Deed("confirm_payment", "supervisor", {"payment_verdict": "confirmed"}, on=on, rows="payments", status=("reported",), wait=1),
    ]  # fmt: skip


def one_instalment_closed(on: str) -> list[Deed]:
    """The first instalment is noted as paid."""
    return [Deed("close_instalment", "supervisor", on=on, rows="instalments", status=("granted",), row=1)]  # fmt: skip


def settled(on: str) -> list[Deed]:
    """Paid in full."""
    return [Deed("settle", "supervisor", {"correction_checked": True, "correction_note": "已现场复核，采样、留样恢复正常。"}, on=on)]  # fmt: skip


def closed(on: str, ground: str = "performed") -> list[Deed]:
    """The case is closed."""
    return [Deed("close", "leader", {"closing_ground": ground, "decision_carried_out": True}, on=on, wait=2)]  # fmt: skip


def archived(on: str) -> list[Deed]:
    """The file is complete and on its shelf."""
    return [
        Deed("archive", "inspector", {"retention": "years30", "shelf_mark": "WH-CF-示例", "index_complete": True}, on=on, wait=5)
    ]  # fmt: skip


def demanded(on: str) -> list[Deed]:
    """The demand, once the surcharge has reached the fine itself, and its service."""
    return [
        Deed(
            "issue_demand", "supervisor",
            lambda scene: {"demanded": 2 * Decimal(scene.charge.fine), "addressee": scene.party.name}, on=on, wait=45,
        ),
        Deed(
            "", "supervisor",
            lambda scene: {"owed_fine": scene.charge.fine, "owed_surcharge": scene.charge.fine, "owed": 2 * Decimal(scene.charge.fine)},
            on=on, document="demand_letter",
        ),
        *served(f"{on}/service_of_demand"),
    ]  # fmt: skip


def to_court(on: str) -> list[Deed]:
    """The court is applied to, once half a year has passed."""
    return [
        Deed(
            "apply_to_court", "leader",
            {
                "court": "中卫市沙坡头区人民法院", "enforcement_request": "当事人逾期不申请复议、不提起诉讼，经催告仍不履行，申请强制执行罚款及加处罚款。",
                "papers_complete": True,
            },
            on=on, wait=100,
        )
    ]  # fmt: skip


# The transfer to the police ------------------------------------------------------------------------


def referred(on: str) -> list[Deed]:
    """A transfer begins from a penalty case."""
    return [
        Deed(
            "refer_to_police", "leader",
            lambda scene: {
                "suspicion": scene.charge.found.format(name=scene.party.name), "crime": scene.charge.crime, "crime_article": scene.charge.crime_article,
            },
            on=on, wait=3,
        )
    ]  # fmt: skip


def _grouped(scene: Scene) -> dict[str, Any]:
    return {
        "officers": scene.ids(*OFFICERS), "crime": scene.charge.crime, "crime_article": scene.charge.crime_article,
        "crime_facts": scene.charge.found.format(name=scene.party.name), "suspects": "示例某甲，化验室主任（直接负责的主管人员）",
    }  # fmt: skip


def put_to_head(on: str) -> list[Deed]:
    """The group reports to the head."""
    return [Deed("submit_group_report", "inspector", _grouped, on=on, wait=1)]


def head_agreed(on: str) -> list[Deed]:
    """The head approves."""
    return [*put_to_head(on), Deed("approve_transfer", "leader", {"is_head": True, "opinion": "同意移送。"}, on=on, wait=1, hour=14)]  # fmt: skip


def handed_over(on: str) -> list[Deed]:
    """The police have the case, and have signed for it."""
    return [
        *head_agreed(on),
        Deed(
            "hand_over", "inspector",
            lambda scene: {"police": scene.body("police"), "papers": "移送书、调查报告、鉴定意见、涉案物品清单各一份。", "copied": True}, on=on,
        ),
        Deed("sign_receipt", "police", {"receipt_signer": "张勇"}, on=on),
        Deed("enter_platform", "inspector", {"entered": "移送书、材料清单、签收回执。"}, on=on),
    ]  # fmt: skip


def lettered(on: str) -> list[Deed]:
    """The letter of transfer is sealed, for the police to read."""
    return [
        Deed(
            "", "inspector",
            {"procuratorate": "中卫市人民检察院", "papers": "涉嫌犯罪案件调查报告 | 1份\n鉴定意见 | 1份\n涉案物品清单 | 1份", "suspects": "示例某甲 | 示例 | 化验室主任，组织伪造检测报告"},
            on=on, document="transfer_letter",
        )
    ]  # fmt: skip


def police(act: str, on: str, wait: int = 1, **said: Any) -> Deed:
    """An act of the police."""
    return Deed(act, "police", said, on=on, wait=wait)


def police_filed(on: str) -> list[Deed]:
    """The police file and say so in writing."""
    return [
        *handed_over(on),
        police("confirm_papers", on, wait=0),
        police("file_case", on, police_number="卫公（经）立字〔示例〕21号"),
        police("notify_filing", on, notice_number="卫公（经）立告字〔示例〕21号"),
    ]


def in_court(on: str) -> list[Deed]:
    """The things are with the police."""
    return [
        *police_filed(on),
        Deed("hand_over_items", "inspector", {"papers": "伪造报告原件 4 份、印章印模鉴定材料 1 册。"}, on=on, wait=1),
    ]  # fmt: skip


def judged(on: str) -> list[Deed]:
    """Judgment, and the end."""
    return [
        *in_court(on),
        Deed("note_judgment", "supervisor", received("（示例）刑初31号", judgment="被告人犯伪造公司印章罪，判处有期徒刑七个月，缓刑一年，并处罚金。"), on=on, wait=45),
        Deed("conclude", "supervisor", {"entered": "生效判决书、移送结果。"}, on=on, wait=2),
    ]  # fmt: skip


def declined(on: str) -> list[Deed]:
    """The police decline and say so in writing."""
    return [
        *handed_over(on),
        police("confirm_papers", on, wait=0),
        police("decline", on, reasons="现有证据不能证明印章系当事人伪造。"),
        police("notify_decline", on, notice_number="卫公（经）不立字〔示例〕5号"),
    ]


def reconsidered(on: str) -> list[Deed]:
    """The police are asked to reconsider."""
    return [
        *declined(on),
        Deed("propose_reconsideration", "legal", {"reasons": "鉴定意见已补充，足以证明印文不一致。"}, on=on, wait=1),
        Deed("ask_reconsideration", "leader", {"reasons": "鉴定意见与询问笔录相互印证，请予复议。"}, on=on),
    ]  # fmt: skip


def supervised(on: str) -> list[Deed]:
    """The procuratorate is asked to supervise the filing."""
    return [
        *reconsidered(on),
        police("uphold_decline", on, wait=2, reasons="维持不予立案决定。"),
        Deed("ask_supervision", "leader", {"reasons": "公安机关对鉴定意见未予评价，建议立案监督。"}, on=on, wait=1),
    ]  # fmt: skip


# A third-party agency ------------------------------------------------------------------------------

TYPES: Final = {"test_report": "testing", "review_false": "review", "dual_role": "compiling"}
CLASSIFIED: Final = [
    Deed(
        "classify", "supervisor",
        lambda scene: {
            "agency_type": TYPES[scene.charge.conduct], "conduct": scene.charge.conduct,
            "licence": "资质认定证书在有效期内，附表含元素碳、低位发热量（示例）。", "contracts": "本年度与三家重点排放单位签约（示例）。",
        },
        wait=1,
    )
]  # fmt: skip
INSPECTED: Final = [
    Deed("approve_inspection", "leader", {"item_is_published": True}, wait=1),
    Deed(
        "inspect_agency", "inspector",
        lambda scene: {
            "officers": scene.ids(*OFFICERS), "inspection_plan": "调取原始记录、谱图、仪器日志，询问授权签字人。",
            "inspection_until": scene.ahead(3), "served_on": scene.day, "alone_reason": "市场监管部门另行安排资质检查。",
        },
        wait=1,
    ),
    Deed("record_agency_inspection", "inspector2", lambda scene: {"rights_told": True, "inspection_facts": scene.charge.found.format(name=scene.party.name)}),
]  # fmt: skip


def person_named(key: str, post: str) -> list[Deed]:
    """Somebody of the agency answers for it."""
    return [
        Deed("name_person", "inspector", lambda scene: {"person": scene.party_of(key), "post": post, "responsibility": "未审核原始记录即签发报告（示例）。"})
    ]  # fmt: skip


PROCEEDED: Final = [Deed("file_case", "leader", lambda scene: {"cause": scene.charge.cause}, wait=1)]  # fmt: skip


def upward(act: str, link: str, **said: Any) -> list[Deed]:
    """A report is sent to the region."""
    done = "已作出行政处罚决定并送达。" if "none_affected" in said else "案件正在调查。"
    return [
        Deed(act, "supervisor", {"summary": "机构违法事实、立案和处理情况。", **said}, wait=1),
        Deed("send_report", "supervisor", lambda scene: {"recipient": scene.body("region"), "content": "现将第三方机构涉嫌弄虚作假案查处情况报告如下（示例）。"}, on=link),
        Deed(
            "", "supervisor",
            lambda scene: {
                "reported_agency": scene.party.name, "facts": scene.charge.found.format(name=scene.party.name),
                "measures_taken": f"已立案，调取原始记录、合同和行程记录，依法告知当事人权利；{done}",
            },
            on=link, document="report",
        ),
    ]  # fmt: skip


def acknowledged(link: str) -> list[Deed]:
    """The region acknowledges the report."""
    return [
        Deed("acknowledge", "region", lambda scene: {"served_on": scene.day, "region_number": f"宁环收〔{scene.day.year}〕示例88号"}, on=link, wait=2)
    ]  # fmt: skip


CREDITED: Final = [
    Deed(
        "publish", "supervisor",
        lambda scene: {
            "published_on": scene.day, "published_at": "中卫市生态环境局网站（示例）", "redactions": "隐去自然人身份信息。", "credit_pushed_on": scene.day,
        },
        wait=1,
    )
]  # fmt: skip
AGENCY_CLOSED: Final = [
    Deed("close", "leader", {"closing_note": "处罚已执行，整改到位，同意结案。"}, wait=2)
]
ORDERED: Final = [
    Deed(
        "order_correction", "supervisor",
        lambda scene: {
            "no_penalty_reason": "条例对同时从事编制和技术审核未规定罚款，责令改正并通报。", "what": scene.charge.correction, "due_on": scene.ahead(15),
        },
        wait=1,
    )
]  # fmt: skip
