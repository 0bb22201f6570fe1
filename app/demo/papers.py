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
    "papers": "行政处罚决定书 | 1份\n送达回证 | 2份\n证据材料 | 1册（46页）",
}
"""The same in every document of the bureau."""
_SEATS: Final = {agency.name: (agency.head, agency.address) for agency in ACCUSED_AGENCIES}


def stated(charge: Charge, party: str, says: Mapping[str, Any]) -> dict[str, Any]:
    """The values typed into a document about a party, by field; a form takes those it asks for."""
    values = {**HOUSE, "law_broken": charge.law_broken, "evidence": charge.evidence}
    if party in _SEATS:
        head, address = _SEATS[party]
        values |= {"party_representative": head, "party_address": address}
    return {**values, **says}
