"""Refusals of the accounts, as sentences. They know no HTTP."""

from __future__ import annotations

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
