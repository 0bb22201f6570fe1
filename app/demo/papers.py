"""What nobody but the person at the desk knows of the documents of the demonstration city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from app.demo.cast import ACCUSED_AGENCIES

if TYPE_CHECKING:
    from app.demo.docket import Charge

BANK: Final = "罚款缴至中卫市财政非税收入专户（示例银行中卫分行，账号 6405 0000 示例）。"
HOUSE: Final[Mapping[str, Any]] = {
    "reconsideration_body": "中卫市人民政府",
    "court": "中卫市沙坡头区人民法院",
    "contact_phone": "0955-示例0100",
    "body_address": "中卫市沙坡头区示例大道1号",
    "bank": BANK,
}
"""The same in every document of the bureau."""
_ON_SITE: Final = {
    "place": "化验室、采制样间",
    "started_at": "当日9时20分",
    "ended_at": "当日16时40分",
    "present_person": "化验室主任（示例）",
    "rights_answer": "已听清，不申请回避。",
}
PAPERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "inspection_approval": {
        "inspection_kind": "joint",
        "reason": "线索涉及检测报告真伪，需联合市场监管、公安机关现场核实。",
    },
    "collective_record": {"discussion_place": "本局四楼会议室"},
    "closing_approval": {"execution_state": "罚款已全部缴清。"},
    "report": {"report_kind": "联合执法总结报告"},
    "joint_record": _ON_SITE,
    "own_records": _ON_SITE,
    "inspection_record": {"ended_at": "当日11时30分", "rights_answer": "已听清，不申请回避。"},
    "inquiry_record": {
        "place": "本局询问室",
        "ended_at": "当日10时50分",
        "rights_answer": "已听清，不申请回避。",
    },
}
"""What is typed into the records and letters of a file that is complete, by kind."""
_SEATS: Final = {agency.name: (agency.head, agency.address) for agency in ACCUSED_AGENCIES}


def stated(charge: Charge, party: str, says: Mapping[str, Any]) -> dict[str, Any]:
    """The values typed into a document about a party, by field; a form takes those it asks for."""
    values = {
        **HOUSE,
        "cause": charge.cause,
        "law_broken": charge.law_broken,
        "evidence": charge.evidence,
        "decision_summary": f"处罚款人民币{int(charge.fine):,}元。",
    }
    if party in _SEATS:
        head, address = _SEATS[party]
        values |= {"party_representative": head, "party_address": address}
    return {**values, **says}
