"""The names of what entries of the chain ``accounts`` say was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.law.labels import Label

ACTS: Final[Mapping[str, Label]] = {
    "create_organisation": Label("新增单位", "Organisation entered"),
    "create_person": Label("新增人员", "Person entered"),
    "deactivate_person": Label("停用人员", "Person deactivated"),
    "change_password": Label("修改密码", "Password changed"),
    "grant_role": Label("授予角色", "Role granted"),
    "change_role": Label("变更角色", "Role changed"),
    "end_role": Label("终止角色", "Role ended"),
    "certify": Label("登记执法证", "Certificate entered"),
    "delegate": Label("指定代办人", "Substitute named"),
    "end_delegation": Label("终止代办", "Substitution ended"),
    "ask_change": Label("申请人员变更", "Change of an account asked for"),
    "grant_request": Label("同意申请", "Request granted"),
    "refuse_request": Label("不同意申请", "Request refused"),
    "withdraw_request": Label("撤回申请", "Request withdrawn"),
    "return_person": Label("恢复离岗人员", "Leaver returned"),
    "reset_password": Label("重置密码", "Password reset"),
    "reset_factor": Label("重置第二验证要素", "Second factor reset"),
    "invite": Label("生成邀请链接", "Link made"),
    "accept_invitation": Label("经链接设置密码", "Password set by a link"),
    "ask_organisation": Label("申请单位变更", "Change of an organisation asked for"),
    "edit_organisation": Label("更正单位", "Organisation corrected"),
    "change_organisation": Label("变更单位类型或区划", "Kind or division changed"),
    "end_organisation": Label("终止单位", "Organisation ended"),
    "merge_organisation": Label("机构合并", "Organisation merged"),
    "import_people": Label("导入人员", "People imported"),
    "import_roles": Label("批量授予角色", "Imported roles granted"),
    "leave": Label("登记离岗", "Leaving entered"),
    "link_identity": Label("关联外部身份", "Identity linked"),
    "unlink_identity": Label("解除外部身份关联", "Identity unlinked"),
}


def label_of(trigger: str) -> Label:
    """The name of an act; of an unknown one the word the entry has."""
    return ACTS.get(trigger) or Label(trigger, trigger)
