"""Refusals of the registers, as sentences. They know no HTTP."""

from __future__ import annotations

from app.law.labels import Label


class RegisterError(Exception):
    """Base of every refusal. ``label`` is the sentence in both languages."""

    def __init__(self, label: Label) -> None:
        super().__init__(label.zh)
        self.label = label


class NoSuchOrganisation(RegisterError):
    """There is no such unit or agency, or the person may not know that there is."""

    def __init__(self) -> None:
        super().__init__(
            Label("登记簿中没有这个单位，或您无权查看。", "The registers hold no such one for you.")
        )


class MayNotEdit(RegisterError):
    """Only a supervisor or the administrator of the authority changes the registers."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "登记簿由本辖区生态环境部门的业务科室负责人或系统管理员维护。",
                "The registers are kept by a supervisor or the administrator of the authority.",
            )
        )


class CodeTaken(RegisterError):
    """Another organisation stands in the registers under this credit code."""

    def __init__(self, code: str, name: str) -> None:
        super().__init__(
            Label(
                f"信用代码 {code} 已登记在「{name}」名下。",
                f"The credit code {code} belongs to “{name}”.",
            )
        )


class RegisterHasMoved(RegisterError):
    """Somebody else changed the entry since it was read."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "他人刚刚改动了这一条登记。您填写的内容已保留，请核对后再保存。",
                "Somebody else has just changed this entry. What you typed was kept: check it, "
                "then save again.",
            )
        )


class AccountTied(RegisterError):
    """The account belongs to another natural person of the registers."""

    def __init__(self, name: str) -> None:
        super().__init__(
            Label(f"该账号已对应「{name}」。", f"The account is that of “{name}” already.")
        )


class OnRosterAlready(RegisterError):
    """The unit is on the roster of that year."""

    def __init__(self, year: int) -> None:
        super().__init__(
            Label(f"该单位已列入 {year} 年度名录。", f"The unit is on the roster of {year}.")
        )


class FileRefused(RegisterError):
    """A file cannot be read as a table; nothing of it was taken."""
