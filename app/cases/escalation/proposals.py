"""What an escalation asks for, as it is kept: an act, another officer, an earlier end, or advice.

A proposal is a small JSON object with the key ``do``; `Proposal` reads and writes it. The same form
holds what was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from app.audit.chain import plain
from app.law.labels import Label


class Kind(StrEnum):
    """Why something was escalated."""

    EXTEND = "extend"
    LATE = "late"
    AT_RISK = "at_risk"
    CLUE = "clue"
    ACT = "act"
    HELP = "help"
    TAKEOVER = "takeover"
    EARLIER = "earlier"

    @property
    def label(self) -> Label:
        """The name of the kind in both languages."""
        return KIND_LABELS[self]


KIND_LABELS: Final[Mapping[Kind, Label]] = {
    Kind.EXTEND: Label("申请延期", "Extension asked"),
    Kind.LATE: Label("逾期督办", "Overdue"),
    Kind.AT_RISK: Label("权利将失", "Right about to be lost"),
    Kind.CLUE: Label("拟报线索", "Clue proposed"),
    Kind.ACT: Label("提请办理", "Act proposed"),
    Kind.HELP: Label("请求协助", "Help asked"),
    Kind.TAKEOVER: Label("请求改派", "Another officer asked"),
    Kind.EARLIER: Label("期限提前待定", "Earlier end to be decided"),
}


class Do(StrEnum):
    """What a proposal does when it is approved."""

    ACT = "act"
    ASSIGN = "assign"
    MOVE_END = "move_end"
    INSTRUCT = "instruct"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed, or what was decided.

    ``act`` fires ``trigger`` with ``inputs`` (on a row: ``item_id``). ``assign`` gives the case to
    ``person_id``. ``move_end`` lets the clock end on ``due_on``. ``instruct`` changes nothing:
    whoever decides says in words what is to be done.
    """

    do: Do
    trigger: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    item_id: UUID | None = None
    person_id: UUID | None = None
    due_on: date | None = None

    def kept(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        told = {
            "do": self.do.value,
            "trigger": self.trigger,
            "inputs": dict(self.inputs),
            "item": self.item_id,
            "person": self.person_id,
            "due_on": self.due_on,
        }
        return {name: plain(value) for name, value in told.items() if value not in (None, "", {})}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(
            do=Do(kept["do"]),
            trigger=kept.get("trigger", ""),
            inputs=kept.get("inputs", {}),
            item_id=UUID(kept["item"]) if kept.get("item") else None,
            person_id=UUID(kept["person"]) if kept.get("person") else None,
            due_on=date.fromisoformat(kept["due_on"]) if kept.get("due_on") else None,
        )


INSTRUCT: Final = Proposal(Do.INSTRUCT)
"""Nothing in particular: somebody is to decide what is done."""
