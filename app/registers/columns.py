"""What the registers hold of a unit, an agency and a roster entry: once, for forms and for files.

Each column is an `Input` of the engine, so that a form, an import and an operation refuse the same
things in the same words, together with the headings under which offices' own tables carry it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from app.accounts.models import OrganisationKind
from app.engine.inputs import (
    Choice,
    Day,
    Input,
    InputFault,
    LongText,
    Quantity,
    Text,
    Whole,
    YesNo,
)
from app.law.labels import Label
from app.registers import divisions, uscc
from app.registers.models import Sector

_EXCEL_NUMBER: Final = re.compile(r"\d(\.\d+)?E\+\d+")
_SPOKEN_DAY: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SAID_YES: Final = frozenset("是有√✓对")
_SAID_NO: Final = frozenset("否无×✗错")
_CODE: Final = re.compile(r"\d{6}(\d{3})?", re.ASCII)


@dataclass(frozen=True)
class CreditCode(Text):
    """A unified social credit code. A wrong one is kept as typed and warned of, never mended."""

    longest: int = uscc.LENGTH

    def parse(self, value: Any) -> str:
        """Take out spaces, write capitals; refuse only what does not fit."""
        if isinstance(value, str) and _EXCEL_NUMBER.fullmatch(value.strip()):
            raise InputFault(
                "信用代码在表中存成了数字，末几位已丢失。请将该列设为文本后重新填写。",
                "The sheet held the credit code as a number and lost its last digits. "
                "Make the column text and enter it again.",
            )
        return super().parse(uscc.check(value).code if isinstance(value, str) else value)


@dataclass(frozen=True)
class DivisionCode(Text):
    """A division by code or name. With ``known`` only those of the shipped table are taken."""

    longest: int = 60
    known: bool = True

    def parse(self, value: Any) -> str:
        """Return the code."""
        text = super().parse(value)
        code = divisions.code_of(text)
        if code is None and not self.known and _CODE.fullmatch(text):
            code = text
        if code is None:
            raise InputFault(
                f"「{text}」不是已知的区划代码或名称。",
                f"“{text}” is no known code or name of a division.",
            )
        return code


@dataclass(frozen=True)
class Column:
    """One column. ``headings`` are its other names; ``of_profile`` says which row holds it."""

    input: Input
    headings: tuple[str, ...] = ()
    of_profile: bool = True

    @property
    def name(self) -> str:
        """Its name in the database and in the record."""
        return self.input.name

    @property
    def heading(self) -> Label:
        """How a file that leaves the house names it, with its unit."""
        unit = f"（{self.input.unit}）" if self.input.unit else ""
        return Label(f"{self.input.zh}{unit}", f"{self.input.en}{unit and f' ({self.input.unit})'}")

    def read(self, cell: str) -> Any:
        """Turn a cell that is not empty into its typed value. Raises InputFault."""
        if isinstance(self.input, Choice):
            for key, label in self.input.options:
                if cell in {key, label.zh, label.en}:
                    return key
        if isinstance(self.input, YesNo):
            cell = "yes" if cell in _SAID_YES else "no" if cell in _SAID_NO else cell
        if isinstance(self.input, Day) and (spoken := _SPOKEN_DAY.fullmatch(cell)):
            year, month, day = spoken.groups()
            cell = f"{year}-{month:0>2}-{day:0>2}"
        return self.input.clean(cell)

    def show(self, value: Any, locale: str) -> str:
        """Write a value as a cell that `read` understands."""
        if value is None or value == "":
            return ""
        if isinstance(self.input, Choice):
            return self.input.text_of(str(value)).text(locale)
        if isinstance(value, bool):
            return Label("是" if value else "否", "yes" if value else "no").text(locale)
        if isinstance(value, Decimal):
            text = format(value, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        return value.isoformat() if isinstance(value, date) else str(value)

    @property
    def empty(self) -> Any:
        """What the database holds where nothing is known."""
        match self.input:
            case YesNo():
                return False
            case CreditCode() | Quantity() | Day():
                return None
            case _:
                return ""


class Register(StrEnum):
    """The three registers a file can be read into."""

    UNITS = "units"
    AGENCIES = "agencies"
    ROSTER = "roster"

    @property
    def label(self) -> Label:
        """The name of the register in both languages."""
        return _REGISTER_LABELS[self]


_REGISTER_LABELS: Final = {
    Register.UNITS: Label("重点排放单位", "Key emitting units"),
    Register.AGENCIES: Label("技术服务机构", "Service agencies"),
    Register.ROSTER: Label("年度名录", "Yearly roster"),
}

_NAME_HEADINGS: Final = (
    "企业名称",
    "单位名称",
    "机构名称",
    "重点排放单位",
    "重点排放单位名称",
    "name",
)
_CODE_HEADINGS: Final = ("信用代码", "社会信用代码", "uscc", "unified social credit code")

NAME: Final = Column(Text("name", "名称", "Name"), _NAME_HEADINGS, of_profile=False)
SHORT_NAME: Final = Column(
    Text(
        "short_name", "简称", "Short name", required=False, longest=60,
        help=Label("列表和检索时使用。", "Used in lists and in searching."),
    ),
    ("short name",), of_profile=False,
)  # fmt: skip
CREDIT_CODE: Final = Column(
    CreditCode(
        "uscc", "统一社会信用代码", "Unified social credit code", required=False,
        help=Label(
            "18 位。校验码不符时提醒，仍按所填保存。",
            "18 characters. A wrong check character is told; the code is kept as typed.",
        ),
    ),
    _CODE_HEADINGS, of_profile=False,
)  # fmt: skip
_DIVISION_HEADINGS: Final = ("区划", "行政区划", "行政区划代码", "区县", "所在区县", "division")
NOTE: Final = Column(
    LongText("note", "备注", "Note", required=False, longest=500), ("说明", "note", "notes")
)

UNIT_COLUMNS: Final[Sequence[Column]] = (
    NAME,
    SHORT_NAME,
    CREDIT_CODE,
    Column(
        DivisionCode(
            "division", "区划代码", "Division",
            help=Label(
                "区划代码或名称，如 640502 或 沙坡头区；决定由哪个机关管辖。",
                "Code or name, 640502 or 沙坡头区; it decides which authority is in charge.",
            ),
        ),
        _DIVISION_HEADINGS, of_profile=False,
    ),
    Column(
        Choice(
            "sector", "行业", "Sector",
            options=tuple((str(sector), sector.label) for sector in Sector),
        ),
        ("所属行业", "sector"),
    ),
    Column(
        Quantity(
            "capacity_mw", "装机容量", "Installed capacity",
            required=False, unit="MW", places=3,
        ),
        ("装机容量", "装机容量MW", "capacity_mw"),
    ),
    Column(
        YesNo("ets_covered", "纳入全国碳市场", "In the national market", required=False),
        ("纳入全国碳排放权交易市场", "ets_covered"),
    ),
    Column(
        YesNo("city_monitored", "市级监测名单", "On the city's monitoring list", required=False),
        ("市级重点监测", "city_monitored"),
    ),
    Column(
        Text("address", "地址", "Address", required=False), ("生产经营场所", "详细地址", "address")
    ),
    Column(
        Text(
            "legal_representative", "法定代表人", "Legal representative",
            required=False, longest=60,
        ),
        ("法人", "法人代表", "legal_representative"),
    ),
    Column(
        Text("contact_name", "联系人", "Contact", required=False, longest=60, personal=True),
        ("contact_name",),
    ),
    Column(
        Text("contact_phone", "联系电话", "Telephone", required=False, longest=40, personal=True),
        ("电话", "手机", "contact_phone"),
    ),
    NOTE,
)  # fmt: skip

AGENCY_COLUMNS: Final[Sequence[Column]] = (
    NAME,
    SHORT_NAME,
    CREDIT_CODE,
    Column(
        DivisionCode(
            "division", "区划代码", "Division", known=False,
            help=Label(
                "注册地的六位区划代码；区外机构亦可登记。",
                "Six-digit code of the place of registration, also outside the region.",
            ),
        ),
        (*_DIVISION_HEADINGS, "注册地"), of_profile=False,
    ),
    Column(
        YesNo(
            "compiles_in_province", "在本自治区编制年度排放报告",
            "Compiles annual reports in this province", required=False,
            help=Label(
                "《条例》第十三条：同一省级行政区内不得既编制又核查。",
                "Order 775, art. 13: not both compile and review in one province.",
            ),
        ),
        ("编制排放报告", "compiles_in_province"),
    ),
    Column(
        YesNo(
            "consults", "从事配额测算、碳资产咨询或管理", "Allowance or carbon asset consulting",
            required=False,
        ),
        ("碳资产咨询", "consults"),
    ),
    Column(
        YesNo(
            "trades", "本机构或人员参与碳排放权交易", "It or its staff trade allowances",
            required=False,
            help=Label(
                "《条例》第七条、第二十条：不得参与交易。",
                "Order 775, arts. 7 and 20: no trading.",
            ),
        ),
        ("参与交易", "trades"),
    ),
    Column(
        LongText("scope", "业务范围", "Business scope", required=False, longest=500),
        ("经营范围", "scope"),
    ),
    NOTE,
)  # fmt: skip

FIRST_YEAR: Final = 2011
"""The pilots began then; no roster is older."""
LAST_YEAR: Final = 2100

ROSTER_COLUMNS: Final[Sequence[Column]] = (
    Column(
        Whole("year", "年度", "Year", lowest=FIRST_YEAR, highest=LAST_YEAR),
        ("名录年度", "年份", "year"),
    ),
    Column(Text("name", "名称", "Name", required=False), _NAME_HEADINGS),
    CREDIT_CODE,
    Column(Day("listed_on", "列入日期", "Listed on"), ("列入名录日期", "listed_on")),
    Column(
        Day("removed_on", "移出日期", "Removed on", required=False), ("移出名录日期", "removed_on")
    ),
)

COLUMNS: Final[Mapping[Register, Sequence[Column]]] = {
    Register.UNITS: UNIT_COLUMNS,
    Register.AGENCIES: AGENCY_COLUMNS,
    Register.ROSTER: ROSTER_COLUMNS,
}
KIND: Final[Mapping[OrganisationKind, Sequence[Column]]] = {
    OrganisationKind.UNIT: UNIT_COLUMNS,
    OrganisationKind.AGENCY: AGENCY_COLUMNS,
}


def heading_key(text: str) -> str:
    """Reduce a heading to what two spellings of it share: no spaces, brackets, stars, capitals."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s*:_\-/]|\(.*?\)|\[.*?\]", "", plain)


def columns_by_heading(columns: Iterable[Column]) -> dict[str, Column]:
    """Return the columns under every heading they go by."""
    return {
        heading_key(heading): column
        for column in columns
        for heading in (column.input.zh, column.input.en, column.name, *column.headings)
    }


def code_warnings(code: str | None, division: str | None) -> list[Label]:
    """Say what is odd about a credit code: not well-formed, or registered in another city.

    Nothing is refused for it: an enterprise may be registered elsewhere, and papers carry wrong
    codes.
    """
    if not code:
        return []
    finding = uscc.check(code)
    if not finding.is_valid:
        assert finding.label is not None
        return [finding.label]
    registered = uscc.division_of(code)
    if division and registered[:4] != division[:4]:
        return [
            Label(
                f"信用代码的登记地为 {divisions.division_name(registered)}，"
                f"与区划「{divisions.division_name(division)}」不同。",
                f"The credit code was registered in {divisions.division_name(registered)}, "
                f"not in {divisions.division_name(division)}.",
            )
        ]
    return []
