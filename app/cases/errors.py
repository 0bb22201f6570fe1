"""Refusals of the case desk, as sentences about the domain. They know no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.engine.permission import Refusal
from app.law.labels import Label


class CaseError(Exception):
    """Base of every refusal. ``label`` is the sentence in both languages."""

    def __init__(self, label: Label) -> None:
        super().__init__(label.zh)
        self.label = label


class NoSuchCase(CaseError):
    """There is no such case, or the person may not know that there is."""

    def __init__(self) -> None:
        super().__init__(Label("没有这个案件，或您无权查看。", "There is no such case for you."))


class NoSuchAct(CaseError):
    """The lifecycle has no act of this name."""

    def __init__(self, trigger: str) -> None:
        super().__init__(Label(f"没有「{trigger}」这一操作。", f"There is no act “{trigger}”."))


class NotPermitted(CaseError):
    """Not you: the person holds no role and capacity that may do this."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(_joined(refusals))
        self.refusals = tuple(refusals)


class TransitionRefused(CaseError):
    """Not now: guards do not hold. Carries all of them, so that every reason is seen at once."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(_joined(refusals))
        self.refusals = tuple(refusals)


class CaseHasMoved(CaseError):
    """Somebody else was first: what the person saw is no longer so."""

    def __init__(self, number: str, state: Label, last: Label) -> None:
        super().__init__(
            Label(
                f"案件 {number} 已有变动，现为「{state.zh}」。最近一步：{last.zh}。"
                "您填写的内容已保留，请核对后再提交。",
                f"Case {number} has moved on; it is now “{state.en}”. Last step: {last.en}. "
                "What you typed was kept: check it, then submit again.",
            )
        )


class InfectedFile(CaseError):
    """The scanner found malware in a file: it is handed to nobody."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                "此文件检出恶意程序，任何人均不能下载。",
                "Malware was found in this file. Nobody can download it.",
            )
        )


class EscalationGone(CaseError):
    """Nothing is left to decide: somebody was first, or the case has moved on."""


class BadInputs(CaseError):
    """Not like that: what was typed does not hold. Carries a sentence per field."""

    def __init__(self, faults: Mapping[str, Label]) -> None:
        super().__init__(
            Label(
                " ".join(fault.zh for fault in faults.values()),
                " ".join(fault.en for fault in faults.values()),
            )
        )
        self.faults = dict(faults)


def _joined(refusals: Sequence[Refusal]) -> Label:
    return Label(
        " ".join(refusal.label.zh for refusal in refusals),
        " ".join(refusal.label.en for refusal in refusals),
    )
