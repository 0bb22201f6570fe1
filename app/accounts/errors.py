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
