"""A sample value for every field, and contents made of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from app.db import new_id
from app.documents.catalogue import Form, catalogue
from app.documents.content import ORGANISATION, About, Content, Party, asked, cleaned, compose
from app.documents.fields import Rows
from app.engine.inputs import Choice, Day, Input, LongText, Money, Whole, YesNo
from app.law.terms import shipped_law

ON = date(2026, 11, 26)
AT = datetime(2026, 11, 26, 2, 30, tzinfo=UTC)
UNIT = Party(new_id(), "示例热电有限公司", ORGANISATION)
FORMS = [form for forms in catalogue().values() for form in forms]


def sample(declared: Input) -> Any:
    """A value the field takes, that can be found again in the text."""
    if isinstance(declared, Rows):
        lines = (" | ".join(f"{c}{n}" for c in declared.columns) for n in (1, 2))
        return "\n".join(lines)
    if isinstance(declared, Choice):
        return declared.options[0][0]
    if isinstance(declared, LongText):
        return f"{declared.zh}第一段。\n{declared.zh}第二段。"
    plain: dict[type[Input], Any] = {Day: "2026-03-17", Money: "250000.50", Whole: 3, YesNo: True}
    return plain.get(type(declared), f"样{declared.zh}"[:20])


def samples(form: Form, party: Party | None = UNIT) -> dict[str, Any]:
    """A value for every field of a form."""
    return {field.name: sample(field.input) for field in asked(form, party)}


def about(party: Party | None = UNIT) -> About:
    """The bureau, a case, a party."""
    return About(new_id(), "中卫市生态环境局", new_id(), "卫罚案〔2026〕1号", "示例文书", party)


def content_of(
    form: Form, typed: dict[str, Any] | None = None, party: Party | None = UNIT, number: str = ""
) -> Content:
    """The content of a form, by default with every field filled in."""
    values, faults = cleaned(form, samples(form, party) if typed is None else typed, party, ON)
    if typed is None:
        assert faults == {}
    return compose(form, values, about(party), number=number, on=ON, law=shipped_law())


def texts(content: Any) -> list[str]:
    """Every text of a content but the names of its parts."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [t for value in content.values() for t in texts(value)]
    if isinstance(content, list):
        return [t for value in content for t in texts(value)]
    return []
