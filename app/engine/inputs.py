"""Typed fields of an act. Each validates what was typed and describes itself as JSON Schema.

How a field looks in a browser stands in `forms.py`; this module knows no widget.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from app.engine.actors import Capacity, Role
from app.law.labels import Label

Inputs: TypeAlias = Mapping[str, Any]


class InputFault(ValueError):
    """What was typed is not like that. Carries the sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.label = Label(zh, en)


@dataclass(frozen=True)
class Input:
    """One field of one act.

    ``personal`` and ``sealed`` values stand in the audit entry only as a salted commitment;
    a sealed value is shown to the authority alone. ``unit`` is printed in the field.
    """

    name: str
    zh: str
    en: str
    _: KW_ONLY
    required: bool = True
    personal: bool = False
    sealed: bool = False
    unit: str = ""
    help: Label | None = None

    schema_type: ClassVar[str] = "string"

    @property
    def label(self) -> Label:
        """The name of the field in both languages."""
        return Label(self.zh, self.en)

    def clean(self, value: Any) -> Any:
        """Return the typed value, ``None`` if nothing was typed. Raises InputFault."""
        if value is None or value == "" or value == [] or value == ():
            if self.required:
                raise InputFault(f"请填写「{self.zh}」。", f"Fill in “{self.en}”.")
            return None
        return self.parse(value)

    def parse(self, value: Any) -> Any:
        """Turn a value that is there into the typed one. Raises InputFault."""
        raise NotImplementedError  # every concrete input says how

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value, titled in Chinese."""
        return {"type": self.schema_type, "title": self.zh, "description": self.en}


@dataclass(frozen=True)
class Text(Input):
    """One line of text, at most ``longest`` characters."""

    longest: int = 200

    def parse(self, value: Any) -> str:
        """Strip and bound the text."""
        text = str(value).strip()
        if "\x00" in text:
            raise InputFault("文本含有不允许的字符。", "The text holds a character not allowed.")
        if not text:
            return self.clean(None)  # type: ignore[no-any-return]  # raises, or None if optional
        if len(text) > self.longest:
            raise InputFault(
                f"「{self.zh}」最多 {self.longest} 字，现为 {len(text)} 字。",
                f"“{self.en}” takes at most {self.longest} characters, not {len(text)}.",
            )
        return text

    def schema(self) -> dict[str, Any]:
        """A string with its greatest length."""
        return {**super().schema(), "maxLength": self.longest}


@dataclass(frozen=True)
class LongText(Text):
    """Several lines of text."""

    longest: int = 10_000


@dataclass(frozen=True)
class Day(Input):
    """A local date. ``past`` refuses a day after today, ``future`` one before today."""

    past: bool = False
    future: bool = False

    def parse(self, value: Any) -> date:
        """Read an ISO date."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError as error:
            raise InputFault(
                f"「{self.zh}」应为日期，如 2026-11-22。",
                f"“{self.en}” must be a date such as 2026-11-22.",
            ) from error

    def schema(self) -> dict[str, Any]:
        """A string of the format date."""
        return {**super().schema(), "format": "date"}


@dataclass(frozen=True)
class Quantity(Input):
    """An exact decimal with a unit, for instance tonnes of CO2 equivalent."""

    places: int = 2
    lowest: Decimal = Decimal(0)

    def parse(self, value: Any) -> Decimal:
        """Read an exact decimal; thousands separators are allowed."""
        try:
            number = Decimal(re.sub(r"[,，\s]", "", str(value)))
        except InvalidOperation as error:
            raise InputFault(f"「{self.zh}」应为数字。", f"“{self.en}” must be a number.") from error
        if not number.is_finite() or number < self.lowest:
            raise InputFault(
                f"「{self.zh}」不得小于 {self.lowest}。",
                f"“{self.en}” must not be less than {self.lowest}.",
            )
        if number.adjusted() > 15:  # noqa: PLR2004  # beyond any emission, production or fine
            raise InputFault(f"「{self.zh}」数值过大。", f"“{self.en}” is too large.")
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self.places:
            raise InputFault(
                f"「{self.zh}」最多 {self.places} 位小数。",
                f"“{self.en}” takes at most {self.places} decimal places.",
            )
        return number

    def schema(self) -> dict[str, Any]:
        """A decimal as a string, because JSON numbers are not exact."""
        return {**super().schema(), "pattern": r"^-?\d+(\.\d+)?$", "x-unit": self.unit}


@dataclass(frozen=True)
class Money(Quantity):
    """An exact amount in yuan."""

    unit: str = "元"


@dataclass(frozen=True)
class Whole(Input):
    """A whole number between two bounds, inclusive."""

    lowest: int = 0
    highest: int = 1_000_000_000

    schema_type: ClassVar[str] = "integer"

    def parse(self, value: Any) -> int:
        """Read a whole number."""
        try:
            number = int(str(value).strip())
        except ValueError as error:
            raise InputFault(
                f"「{self.zh}」应为整数。", f"“{self.en}” must be a whole number."
            ) from error
        if not self.lowest <= number <= self.highest:
            raise InputFault(
                f"「{self.zh}」应在 {self.lowest} 至 {self.highest} 之间。",
                f"“{self.en}” must lie between {self.lowest} and {self.highest}.",
            )
        return number

    def schema(self) -> dict[str, Any]:
        """An integer with its bounds."""
        return {**super().schema(), "minimum": self.lowest, "maximum": self.highest}


@dataclass(frozen=True)
class Choice(Input):
    """One of a closed list of values."""

    options: Sequence[tuple[str, Label]] = ()

    def parse(self, value: Any) -> str:
        """Accept a value of the list only."""
        if str(value) not in {key for key, _ in self.options}:
            raise InputFault(
                f"请从列表中选择「{self.zh}」。", f"Choose “{self.en}” from the list."
            )
        return str(value)

    def text_of(self, value: str) -> Label:
        """The label of one of the values."""
        return dict(self.options)[value]

    def schema(self) -> dict[str, Any]:
        """A string of a closed list."""
        return {**super().schema(), "enum": [key for key, _ in self.options]}


@dataclass(frozen=True)
class YesNo(Input):
    """A tick. ``must`` refuses an unticked box: the person confirms a sentence."""

    must: bool = False

    schema_type: ClassVar[str] = "boolean"

    def clean(self, value: Any) -> bool:
        """Nothing typed means no."""
        ticked = value is True or str(value).lower() in {"y", "yes", "true", "on", "1"}
        if self.must and not ticked:
            raise InputFault(f"请确认：{self.zh}", f"Please confirm: {self.en}")
        return ticked


@dataclass(frozen=True)
class Files(Input):
    """Files stored beforehand; the value is a list of SHA-256 digests in lower-case hex."""

    schema_type: ClassVar[str] = "array"

    def parse(self, value: Any) -> list[str]:
        """Accept digests only."""
        digests = [value] if isinstance(value, str) else list(value)
        if not all(isinstance(d, str) and re.fullmatch(r"[0-9a-f]{64}", d) for d in digests):
            raise InputFault("文件未保存成功，请重新上传。", "A file was not stored; upload again.")
        return digests

    def schema(self) -> dict[str, Any]:
        """A list of digests."""
        item = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
        return {**super().schema(), "items": item, "contentMediaType": "application/octet-stream"}


def _uuid(value: Any, label: Label) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError as error:
        raise InputFault(
            f"请从列表中选择「{label.zh}」。", f"Choose “{label.en}” from the list."
        ) from error


@dataclass(frozen=True)
class Organisation(Input):
    """An organisation of the registers, by id. ``kind`` narrows the list offered."""

    kind: str = "agency"

    def parse(self, value: Any) -> str:
        """Accept an id."""
        return _uuid(value, self.label)

    def schema(self) -> dict[str, Any]:
        """An id."""
        return {**super().schema(), "format": "uuid"}


@dataclass(frozen=True)
class Person(Input):
    """A person, by id: one who holds ``role`` and, if named, works for the holder of ``of``."""

    role: Role | None = None
    of: Capacity | None = None

    def parse(self, value: Any) -> str:
        """Accept an id."""
        return _uuid(value, self.label)

    def schema(self) -> dict[str, Any]:
        """An id."""
        return {**super().schema(), "format": "uuid"}


@dataclass(frozen=True)
class People(Person):
    """Several persons, by id, at least ``least``."""

    least: int = 1

    schema_type: ClassVar[str] = "array"

    def parse(self, value: Any) -> list[str]:  # type: ignore[override]  # a list of what one is
        """Accept ids, each once."""
        values = [value] if isinstance(value, str) else list(value)
        chosen = list(dict.fromkeys(_uuid(v, self.label) for v in values))
        if len(chosen) < self.least:
            raise InputFault(
                f"「{self.zh}」至少 {self.least} 人，现选 {len(chosen)} 人。",
                f"“{self.en}” takes at least {self.least} persons, not {len(chosen)}.",
            )
        return chosen

    def schema(self) -> dict[str, Any]:
        """A list of ids."""
        return {
            "type": "array",
            "title": self.zh,
            "description": self.en,
            "items": {"type": "string", "format": "uuid"},
        }


def clean_inputs(
    declared: Sequence[Input], typed: Inputs, *, today: date
) -> tuple[dict[str, Any], dict[str, Label]]:
    """Validate what was typed for one act; return the typed values and the faults by field.

    A name that is not declared is a fault too: nothing enters the record unseen.
    """
    values: dict[str, Any] = {}
    faults: dict[str, Label] = {}
    known = set()
    for field in declared:
        known.add(field.name)
        try:
            value = field.clean(typed.get(field.name))
        except InputFault as fault:
            faults[field.name] = fault.label
            continue
        if isinstance(field, Day) and isinstance(value, date):
            if field.past and value > today:
                faults[field.name] = Label(
                    f"「{field.zh}」不能晚于今天（{today}）。",
                    f"“{field.en}” cannot lie after today ({today}).",
                )
            elif field.future and value < today:
                faults[field.name] = Label(
                    f"「{field.zh}」不能早于今天（{today}）。",
                    f"“{field.en}” cannot lie before today ({today}).",
                )
        if value is not None:
            values[field.name] = value
    for name in typed.keys() - known:
        faults[name] = Label("此步骤没有该字段。", "This act has no such field.")
    return values, faults
