"""Refusals of the accounts, as sentences. They know no HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from app.law.labels import Label


class AccountError(Exception):
    """Base of every refusal. ``label`` is the sentence in both languages."""

    def __init__(self, label: Label) -> None:
        super().__init__(label.zh)
        self.label = label


class LoginTaken(AccountError):
    """Somebody has this login already."""

    def __init__(self, login: str) -> None:
        super().__init__(Label(f"登录名「{login}」已被使用。", f"The login “{login}” is taken."))


class NoRoleToday(AccountError):
    """The person holds no role in the organisation on that day."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "您今天在该单位没有有效的角色，请联系系统管理员。",
                "You hold no role there today. Ask the administrator.",
            )
        )


class MayNotDelegate(AccountError):
    """Whoever asks is neither the principal nor oversees the organisation."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "委托代办由本人或者本单位负责人办理；代办期间不得再行委托。",
                "Only the person themselves or who oversees the organisation may do that, "
                "and nobody while they stand in for somebody.",
            )
        )


class DelegationRefused(AccountError):
    """A delegation that may not be. ``faults`` are its sentences by the name of the field."""

    def __init__(self, faults: Mapping[str, Label]) -> None:
        super().__init__(next(iter(faults.values())))
        self.faults = dict(faults)


class PlaceEnded(AccountError):
    """The place somebody took is no longer theirs to take."""

    def __init__(self) -> None:
        super().__init__(
            Label("该项委托代办已经结束。", "That delegation has ended."),
        )


class MayNotAdminister(AccountError):
    """Whoever asks is no administrator, or acts in somebody's place."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "仅系统管理员本人可以办理。",
                "Only an administrator does that, and nobody in their place.",
            )
        )


class NeedsAnother(AccountError):
    """Who asked for a change, and whom it is about, do not decide it (SD-7)."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "须由另一名系统管理员决定：申请人和本人均不得决定（SD-7）。",
                "Another administrator decides: neither who asked nor whom it is about (SD-7).",
            )
        )


class OwnAccount(AccountError):
    """Nobody ends or invites their own account."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "不得办理本人的账号，请由另一名系统管理员办理。",
                "Nobody does that to their own account: ask another administrator.",
            )
        )


class ChangeRefused(AccountError):
    """A change that may not be. ``faults`` are its sentences by the name of the field."""

    def __init__(self, faults: Mapping[str, Label]) -> None:
        super().__init__(next(iter(faults.values())))
        self.faults = dict(faults)


class RequestClosed(AccountError):
    """The request was decided or withdrawn already."""

    def __init__(self) -> None:
        super().__init__(
            Label("该申请已经办结。", "That request has been decided or withdrawn already.")
        )


class NoInvitation(AccountError):
    """The person has a password, or has left: no link is made for them."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "此人已设密码或者已离岗，不能生成链接。忘记密码须申请重置，返岗须申请恢复。",
                "They have a password, or have left. Ask for a reset, or for their return.",
            )
        )


class IdentityTaken(AccountError):
    """The identity is linked to the account of somebody."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "该外部身份已关联另一账号，未作关联。",
                "This identity is linked to another account. Nothing was linked.",
            )
        )


class HasIdentity(AccountError):
    """The person has an identity of that provider linked already."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "您已关联该服务的一个身份，请先解除关联。",
                "An identity of that service is linked already. Unlink it first.",
            )
        )


class LinkEnded(AccountError):
    """A link that was used, revoked, has expired or never was."""

    def __init__(self) -> None:
        super().__init__(
            Label("链接无效或者已经失效。", "The link does not work, or does not any more.")
        )
