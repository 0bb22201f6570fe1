"""Forms of the registers, made from declared inputs, so that they say what operations say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, cast
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.widgets import DateInput

from app.engine import forms as fields
from app.engine.inputs import (
    Choice,
    Day,
    Input,
    LongText,
    Organisation,
    Person,
    Quantity,
    Reference,
    Text,
    Whole,
    YesNo,
)
from app.law.labels import Label
from app.registers.columns import FIRST_YEAR, LAST_YEAR, DivisionCode
from app.registers.models import TieKind
from app.registers.sheets import LARGEST

TIE: Final[tuple[Input, ...]] = (
    Organisation("unit_id", "重点排放单位", "Key emitting unit", kind="unit"),
    Choice("kind", "关系", "Tie", options=tuple((str(kind), kind.label) for kind in TieKind)),
    Day("since", "起始日期", "Since", required=False, past=True),
    Text("note", "备注", "Note", required=False, longest=500),
)
END_OF_TIE: Final[tuple[Input, ...]] = (
    Day(
        "ended_on",
        "结束日期",
        "Ended on",
        past=True,
        help=Label("结束后三年内仍须回避。", "It bars for three more years after this day."),
    ),
)
BAN: Final[tuple[Input, ...]] = (
    Text("scope", "禁业范围", "Banned from"),
    Day("from_day", "起始日期", "From"),
    Day(
        "to_day",
        "截止日期",
        "Until",
        required=False,
        help=Label("含当日；终身禁业不填。", "Inclusive; empty means for life."),
    ),
    Text("basis", "依据（决定文号和条款）", "Basis (decision and article)"),
)
PERSON: Final[tuple[Input, ...]] = (
    Text("name", "姓名", "Full name", longest=60),
    Organisation("employer_id", "所在单位", "Employer", kind=("unit", "agency"), required=False),
    Text("post", "职务", "Post", required=False, longest=60),
    Text("address", "住址", "Address", required=False, longest=200),
    Person(
        "person_id",
        "本系统账号",
        "Account in this program",
        required=False,
        help=Label(
            "选定后，对该自然人的禁业同时约束其账号，无论在哪家机构执业。",
            "A ban on the person then binds this account, whatever agency it works for.",
        ),
    ),
)
LISTING: Final[tuple[Input, ...]] = (
    Organisation("unit_id", "重点排放单位", "Key emitting unit", kind="unit"),
    Whole("year", "年度", "Year", lowest=FIRST_YEAR, highest=LAST_YEAR),
    Day("listed_on", "列入日期", "Listed on", past=True),
)
REMOVAL: Final[tuple[Input, ...]] = (
    Day(
        "removed_on",
        "移出日期",
        "Removed on",
        past=True,
        help=Label(
            "连续两年未达 2.6 万吨，或停业、不再排放的，方可移出；报告、清缴等义务应已履行完毕。",
            "Two years in a row below 26,000 t, or closed; its duties must have been done.",
        ),
    ),
)
_ATTRIBUTES: Final[dict[type[Input], dict[str, str]]] = {
    DivisionCode: {"list": "divisions"},
    Whole: {"inputmode": "numeric"},
    Quantity: {"inputmode": "decimal"},
}


class DeclaredForm(FlaskForm):
    """A form made by `form_of`. ``seen`` is the digest of what the person was shown."""

    seen = HiddenField()
    inputs: tuple[Input, ...] = ()

    def typed(self) -> dict[str, Any]:
        """Return the typed values by input. Valid after validating; nothing typed is None."""
        return {declared.name: self[declared.name].typed for declared in self.inputs}

    def shown(self) -> list[Any]:
        """Return the fields a person sees, in their order."""
        return [self[declared.name] for declared in self.inputs]

    def offer(self, name: str, choices: Iterable[tuple[UUID, str]]) -> None:
        """Say what a list of organisations offers."""
        nothing = SelectChoice("", Label("请选择", "Choose one").text(self[name].locale))
        self[name].choices = [nothing, *(SelectChoice(str(key), text) for key, text in choices)]


@cache
def form_of(inputs: tuple[Input, ...], locale: str) -> type[DeclaredForm]:
    """Make the form of these inputs in one language."""
    made: dict[str, Any] = {declared.name: _field(declared, locale) for declared in inputs}
    return cast("type[DeclaredForm]", type("Form", (DeclaredForm,), {**made, "inputs": inputs}))


def _field(declared: Input, locale: str) -> Any:
    given: dict[str, Any] = {"declared": declared, "locale": locale}
    match declared:
        case YesNo():
            return fields.BooleanField(**given)
        case Choice() | Reference():
            options = declared.options if isinstance(declared, Choice) else ()
            offered = [SelectChoice(key, label.text(locale)) for key, label in options]
            return fields.SelectField(choices=offered, **given)
        case LongText():
            return fields.TextAreaField(render_kw={"rows": 3}, **given)
        case Day():
            return fields.StringField(widget=DateInput(), **given)
        case _:
            return fields.StringField(render_kw=_ATTRIBUTES.get(type(declared)), **given)


class UploadForm(FlaskForm):
    """A file to be read into a register."""

    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l("Excel (.xlsx) or CSV, at most 5 MB and 10,000 rows."),
        render_kw={"accept": ".xlsx,.csv,.txt", "data-max-size": LARGEST},
    )
