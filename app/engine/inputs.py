"""Typed fields of an act. Each validates what was typed and describes itself as JSON Schema.

How a field looks in a browser stands in `forms.py`; this module knows no widget.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

from app.engine.actors import Capacity, Role
from app.law.labels import Label

Inputs: TypeAlias = Mapping[str, Any]

_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""What no text may hold: control characters but tab and line feed, halves of surrogate pairs."""
_NUMBER: Final = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
"""Digits, grouped by three or not at all: ``12,5`` must not become 125 tonnes."""
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
"""No date of the field lies outside these; what is typed beyond them is a slip."""
_YES: Final = frozenset({"y", "yes", "true", "on", "1"})
_NO: Final = frozenset({"", "n", "no", "false", "off", "0", "none"})


class InputFault(ValueError):
    """What was typed is not like that. Carries the sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.label = Label(zh, en)


@dataclass(frozen=True)
class Input:
    """One field of one act.

    ``personal`` and ``sealed`` values stand in the audit entry only as a salted commitment;
    a sealed value is shown to the authority alone, for a recorded reason. ``unit`` is printed in
    the field.
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
        if value in (None, "", [], ()):
            if self.required:
                raise InputFault(f"请填写「{self.zh}」。", f"Fill in “{self.en}”.")
            return None
        return self.parse(value)

    def parse(self, value: Any) -> Any:
        """Turn a value that is there into the typed one. Raises InputFault."""
        raise NotImplementedError  # every concrete input says how

    def not_in_the_list(self) -> InputFault:
        """The fault of a value that is not on offer."""
        return InputFault(f"请从列表中选择「{self.zh}」。", f"Choose “{self.en}” from the list.")

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value, titled in Chinese."""
        return {"type": self.schema_type, "title": self.zh, "description": self.en}


@dataclass(frozen=True)
class Text(Input):
    """One line of text, at most ``longest`` characters."""

    longest: int = 200

    def parse(self, value: Any) -> str:
        """Strip and bound the text."""
        if not isinstance(value, str):
            raise InputFault(f"「{self.zh}」应为文本。", f"“{self.en}” must be a text.")
        text = self.unified(value).strip()
        if not text:
            return self.clean(None)  # type: ignore[no-any-return]  # raises, or None if optional
        if _UNPRINTABLE.search(text):
            raise InputFault(
                f"「{self.zh}」含有不允许的字符。", f"“{self.en}” holds a character not allowed."
            )
        if len(text) > self.longest:
            raise InputFault(
                f"「{self.zh}」最多 {self.longest} 字，现为 {len(text)} 字。",
                f"“{self.en}” takes at most {self.longest} characters, not {len(text)}.",
            )
        return text

    def unified(self, text: str) -> str:
        """Put pasted cells and lines on one line."""
        return re.sub(r"[\t\r\n]+", " ", text)

    def schema(self) -> dict[str, Any]:
        """A string with its greatest length."""
        least = {"minLength": 1} if self.required else {}
        return {**super().schema(), **least, "maxLength": self.longest}


@dataclass(frozen=True)
class DocumentKind(Text):
    """The name of a document of a lifecycle, as a track keeps it; people read its label."""


@dataclass(frozen=True)
class LongText(Text):
    """Several lines of text. Line ends are kept as one line feed, whatever the browser sent."""

    longest: int = 10_000

    def unified(self, text: str) -> str:
        """Keep the lines, each ended by one line feed."""
        return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class Day(Input):
    """A local date. ``past`` refuses a day after today, ``future`` one before today."""

    past: bool = False
    future: bool = False

    def parse(self, value: Any) -> date:
        """Read an ISO date."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        text = unicodedata.normalize("NFKC", str(value)).strip()
        try:
            day = date.fromisoformat(text) if _ISO_DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None or not FIRST_DAY <= day <= LAST_DAY:
            raise InputFault(
                f"「{self.zh}」应为日期，如 2026-11-22。",
                f"“{self.en}” must be a date such as 2026-11-22.",
            )
        return day

    def schema(self) -> dict[str, Any]:
        """A string of the format date."""
        return {**super().schema(), "format": "date"}


@dataclass(frozen=True)
class Quantity(Input):
    """An exact decimal with a unit, for instance tonnes of CO2 equivalent."""

    places: int = 2
    lowest: Decimal = Decimal(0)

    def parse(self, value: Any) -> Decimal:
        """Read an exact decimal; full-width digits and groups of three digits are understood."""
        typed = format(value, "f") if isinstance(value, Decimal) else str(value)
        text = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed))
        if isinstance(value, bool | float) or not _NUMBER.fullmatch(text):
            raise InputFault(f"「{self.zh}」应为数字。", f"“{self.en}” must be a number.")
        number = Decimal(text.replace(",", ""))
        if number < self.lowest:
            raise InputFault(
                f"「{self.zh}」不得小于 {self.lowest}。",
                f"“{self.en}” must not be less than {self.lowest}.",
            )
        if number.adjusted() > 15:  # noqa: PLR2004  # beyond any emission, production or fine
            raise InputFault(f"「{self.zh}」数值过大。", f"“{self.en}” is too large.")
        if len(text.partition(".")[2]) > self.places:
            raise InputFault(
                f"「{self.zh}」最多 {self.places} 位小数。",
                f"“{self.en}” takes at most {self.places} decimal places.",
            )
        return number

    def schema(self) -> dict[str, Any]:
        """A decimal as a string, because JSON numbers are not exact."""
        sign = "-?" if self.lowest < 0 else ""
        fraction = rf"(\.\d{{1,{self.places}}})?" if self.places else ""
        unit = {"x-unit": self.unit} if self.unit else {}
        return {**super().schema(), "pattern": rf"^{sign}\d+{fraction}$", **unit}


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
        text = unicodedata.normalize("NFKC", str(value)).strip()
        if isinstance(value, bool) or not _WHOLE.fullmatch(text):
            raise InputFault(f"「{self.zh}」应为整数。", f"“{self.en}” must be a whole number.")
        number = int(text)
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
        if value not in [key for key, _ in self.options]:
            raise self.not_in_the_list()
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
        word = str(value).lower()
        if word not in _YES | _NO:
            raise InputFault(f"「{self.zh}」应为是或否。", f"“{self.en}” must be yes or no.")
        ticked = word in _YES
        if self.must and not ticked:
            raise InputFault(f"请确认：{self.zh}", f"Please confirm: {self.en}")
        return ticked


@dataclass(frozen=True)
class Files(Input):
    """Files stored beforehand; the value is a list of SHA-256 digests in lower-case hex."""

    schema_type: ClassVar[str] = "array"

    def parse(self, value: Any) -> list[str]:
        """Accept digests only."""
        digests = _several(value)
        if not all(isinstance(d, str) and re.fullmatch(r"[0-9a-f]{64}", d) for d in digests):
            raise InputFault("文件未保存成功，请重新上传。", "A file was not stored; upload again.")
        return list(dict.fromkeys(digests))

    def schema(self) -> dict[str, Any]:
        """A list of digests."""
        item = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
        return {**super().schema(), "items": item, "minItems": 1 if self.required else 0}


def _several(value: Any) -> list[Any]:
    """Take one value for a list of one; anything that is no list holds nothing that fits."""
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    return [value]


@dataclass(frozen=True)
class Reference(Input):
    """Something registered, by id: an organisation, a person, a row."""

    def parse(self, value: Any) -> str:
        """Accept an id."""
        return self.id_of(value)

    def id_of(self, value: Any) -> str:
        """Read one id in its canonical form. Raises InputFault."""
        try:
            return str(UUID(str(value)))
        except ValueError as error:
            raise self.not_in_the_list() from error

    def schema(self) -> dict[str, Any]:
        """An id."""
        return {**super().schema(), "format": "uuid"}


@dataclass(frozen=True)
class Organisation(Reference):
    """An organisation of the registers, by id. ``kind``, one or several, narrows the list."""

    kind: str | tuple[str, ...] = "agency"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind on offer."""
        return (self.kind,) if isinstance(self.kind, str) else self.kind


@dataclass(frozen=True)
class Person(Reference):
    """A person, by id: one who holds ``role`` and, if named, works for the holder of ``of``."""

    role: Role | None = None
    of: Capacity | None = None


@dataclass(frozen=True)
class People(Person):
    """Several persons, by id, at least ``least``."""

    least: int = 1

    schema_type: ClassVar[str] = "array"

    def parse(self, value: Any) -> list[str]:  # type: ignore[override]  # a list of what one is
        """Accept ids, each once."""
        chosen = list(dict.fromkeys(self.id_of(one) for one in _several(value)))
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
            "minItems": self.least if self.required else 0,
        }


def plain(value: Any) -> Any:
    """Return a typed value as JSON keeps it: decimals and days as strings, exactly."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value


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
    for name in sorted(typed.keys() - known):
        faults[name] = Label("此步骤没有该字段。", "This act has no such field.")
    return values, faults
