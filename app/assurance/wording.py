"""How chains and acts are called on the auditor's screens and in files, in both languages.

Acts on cases have the labels of their lifecycles. What else is recorded is named here, beside one
another, because the packages that write those entries know no screens.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from app.accounts import acts
from app.assurance.selection import CASE
from app.audit import faults
from app.cases.records import record_labels
from app.law.labels import Label
from app.workflows import LIFECYCLES

CHAINS: Final[Mapping[str, Label]] = {
    kind: Label(name.zh, name.en.capitalize()) for kind, name in faults.CHAINS.items()
}
"""The kinds of chains, those of cases first."""

ACTS: Final[Mapping[str, Mapping[str, Label]]] = {
    "escalations": {
        "raise": Label("提请督办", "Raised"),
        "climb": Label("逾期未决，自动上报", "Climbed, undecided"),
        "pass": Label("上报", "Passed upward"),
        "approve": Label("同意", "Approved"),
        "change": Label("改后同意", "Approved with changes"),
        "refuse": Label("不同意", "Refused"),
        "withdraw": Label("撤回", "Withdrawn"),
        "close": Label("自行了结", "Closed by itself"),
    },
    "accounts": acts.ACTS,
    "sign_ins": {
        "sign_in": Label("登录", "Signed in"),
        "sign_out": Label("退出", "Signed out"),
        "sign_in_refused": Label("登录受阻", "Sign-in refused"),
        "take_place": Label("开始代办", "Began to stand in"),
        "leave_place": Label("结束代办", "Ceased to stand in"),
        "change_organisation": Label("切换单位", "Changed organisation"),
        "enrol_factor": Label("设置第二验证要素", "Authenticator set up"),
        "remove_factor": Label("取消第二验证要素", "Authenticator removed"),
        "new_recovery_codes": Label("更换备用验证码", "Recovery codes made anew"),
        "end_sessions": Label("终止登录会话", "Sessions ended"),
        "prove": Label("再次核验本人", "Proved who they are again"),
        "prove_identity": Label("经外部身份核验", "Identity proven elsewhere"),
    },
    "registers": {
        "add_unit": Label("新增重点排放单位", "Unit entered"),
        "change_unit": Label("更改重点排放单位", "Unit changed"),
        "add_agency": Label("新增服务机构", "Agency entered"),
        "change_agency": Label("更改服务机构", "Agency changed"),
        "add_person": Label("新增自然人", "Natural person entered"),
        "change_person": Label("更改自然人", "Natural person changed"),
        "add_tie": Label("登记关联关系", "Tie entered"),
        "end_tie": Label("终止关联关系", "Tie ended"),
        "impose_ban": Label("登记禁业", "Ban entered"),
        "list_unit": Label("列入名录", "Listed in the roster"),
        "remove_from_roster": Label("移出名录", "Removed from the roster"),
        "import_units": Label("导入重点排放单位", "Units imported"),
        "import_agencies": Label("导入服务机构", "Agencies imported"),
        "import_roster": Label("导入年度名录", "Roster imported"),
    },
    "administration": {
        "send_again": Label("重新发送", "Sent again"),
        "send_all_again": Label("全部重新发送", "All sent again"),
        "add_webhook": Label("新增推送地址", "Webhook added"),
        "end_webhook": Label("停用推送地址", "Webhook ended"),
        "ping_webhook": Label("测试推送地址", "Webhook tried"),
        "save_words": Label("更改消息文字", "Words of messages changed"),
        "rotate_key": Label("更换签名密钥", "Signing key changed"),
        "replace_lost_key": Label("替换遗失的签名密钥", "Lost signing key replaced"),
        "vault_rotated": Label("更换封存密钥", "Key of sealed values changed"),
        "publish_checkpoint": Label("交存存证点", "Checkpoint handed out"),
    },
    "releases": {"release": Label("发布", "Released")},
    "exports": {
        "export": Label("导出", "Exported"),
        "export_bundle": Label("制作证据包", "Evidence bundle made"),
        "publish_checkpoint": Label("交存存证点", "Checkpoint handed out"),
    },
    "reads": {"read_restricted": Label("查阅受限内容", "Read restricted content")},
}

FLAGS: Final[Mapping[str, Label]] = {
    "late": Label("补录", "recorded late"),
    "received": Label("收件", "act received"),
    "recorded": Label("据纸质件", "from paper"),
}
"""What the flags of an entry mean."""


def chain_label(chain: str) -> Label:
    """The name of a kind of chain."""
    return CHAINS.get(chain) or Label(chain, chain)


def act_label(chain: str, trigger: str, lifecycle: str | None = None) -> Label:
    """The name of an act; of an unknown one the word the entry has."""
    known: Mapping[str, Label] = ACTS.get(chain, {})
    if chain == CASE:
        declared = (
            LIFECYCLES[lifecycle].transitions if lifecycle and lifecycle in LIFECYCLES else {}
        )
        if trigger in declared:
            return declared[trigger].label
        known = record_labels()
    return known.get(trigger) or Label(trigger, trigger)


def state_label(lifecycle: str | None, state: str | None) -> Label | None:
    """The name of a state of a case; none for an act that has none."""
    if not state:
        return None
    declared = LIFECYCLES[lifecycle].states if lifecycle and lifecycle in LIFECYCLES else {}
    return declared[state].label if state in declared else Label(state, state)


def acts_called(words: str) -> list[tuple[str, str | None, list[str]]]:
    """The acts whose name in either language, code or own word holds these words.

    Each as kind of chain, lifecycle (none: of any) and triggers.
    """
    sought = words.casefold()
    found: dict[tuple[str, str | None], list[str]] = {}
    for chain, lifecycle, trigger, names in _names():
        if any(sought in name for name in names):
            found.setdefault((chain, lifecycle), []).append(trigger)
    return [(*of, triggers) for of, triggers in found.items()]


@cache
def _names() -> list[tuple[str, str | None, str, frozenset[str]]]:
    found: list[tuple[str, str | None, str, frozenset[str]]] = []
    for chain, known in (*ACTS.items(), (CASE, record_labels())):
        found += [(chain, None, name, _folded(label, name)) for name, label in known.items()]
    for key, lifecycle in LIFECYCLES.items():
        for name, act in lifecycle.transitions.items():
            found.append((CASE, key, name, _folded(act.label, name, act.code)))
    return found


def _folded(label: Label, *more: str) -> frozenset[str]:
    return frozenset(text.casefold() for text in (label.zh, label.en, *more) if text)
