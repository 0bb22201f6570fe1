"""The WTForms form of an act, derived from its declared inputs.

Every field is validated by its input's own `clean`, so that the form, the API and `fire()` refuse
the same things in the same words. Works over `wtforms.Form` and over `FlaskForm`, which adds the
token against forged requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import wtforms
from markupsafe import Markup
from wtforms import widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import StopValidation

from app.engine.definition import RECEIVED_NUMBER, RECEIVED_SCAN, Take, Transition
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    Input,
    InputFault,
    LongText,
    People,
    Quantity,
    Reference,
    Text,
    Whole,
    YesNo,
    plain,
)
from app.law.labels import Label

Options = Callable[[Input], Sequence[tuple[str, str]]]
"""What a field that names an organisation or persons offers: pairs of id and name."""
FieldGroup = tuple[Label | None, list[wtforms.Field]]

RADIO_LIMIT: Final = 4
"""So many options are shown at once; more are folded into a list."""
ROW_CHARACTERS: Final = 400
LEAST_ROWS: Final = 3
MOST_ROWS: Final = 12

VERSION: Final = Whole("version", "版本", "Version", required=False)
KEY: Final = Text("key", "提交标识", "Submission key", required=False, longest=80)
ITEM_NAME: Final = "item"
OCCURRED_ON: Final = Day(
    "occurred_on",
    "发生日期",
    "Happened on",
    required=False,
    past=True,
    help=Label("当日发生的不必填写。", "Leave empty if it happens today."),
)
LATE_REASON: Final = Text(
    "late_reason", "补录理由", "Reason for recording it later", required=False, longest=500
)
NO_DRAFT: Final = Label(
    "密封保存，不存入草稿：离开本页后须重新填写。",
    "Kept sealed, and in no draft: leave the page and it has to be typed again.",
)
PAPER_SCAN: Final = Files("paper_scan", "纸质材料扫描件", "Scan of the paper", required=False)
RECEIVED: Final = Label("来文", "The act received")
RECORDED: Final = Label("补录", "Recorded later")


# Fields -----------------------------------------------------------------------------------------


class InputField(wtforms.Field):
    """What every field of an act has: its input, the typed value, the unit beside it."""

    def __init__(
        self, label: str | None = None, *, declared: Input, locale: str, **kwargs: Any
    ) -> None:
        hints = [declared.help, NO_DRAFT if declared.sealed else None]
        kwargs.setdefault("description", " ".join(hint.text(locale) for hint in hints if hint))
        if declared.sealed:
            kwargs["render_kw"] = {**kwargs.get("render_kw", {}), "data-sealed": True}
        super().__init__(label or declared.label.text(locale), **kwargs)
        self.input = declared
        self.locale = locale
        self.unit = declared.unit
        self.typed: Any = None
        if declared.required and not isinstance(declared, YesNo):
            self.flags.required = True

    def process_data(self, value: Any) -> None:
        """Show a typed value as it would have been typed."""
        super().process_data(plain(value))

    def pre_validate(self, form: wtforms.form.BaseForm) -> None:
        """Ask the input; its sentence, in the reader's language, is the error."""
        try:
            self.typed = self.input.clean(self.typing())
        except InputFault as fault:
            self.typed = None
            raise StopValidation(fault.label.text(self.locale)) from fault

    def typing(self) -> Any:
        """What has been typed so far, ready for a draft."""
        return self.data


class StringField(InputField, wtforms.StringField):
    """One line."""


class TextAreaField(InputField, wtforms.TextAreaField):
    """Several lines."""


class HiddenField(InputField, wtforms.HiddenField):
    """What the page carries along unseen."""


class BooleanField(InputField, wtforms.BooleanField):
    """A tick."""

    def __init__(self, *args: Any, declared: YesNo, **kwargs: Any) -> None:
        super().__init__(*args, declared=declared, **kwargs)
        if declared.must:
            self.flags.required = True


class SelectField(InputField, wtforms.SelectField):
    """One of many, folded."""

    def pre_validate(self, form: wtforms.form.BaseForm) -> None:
        """Accept what the list offers only."""
        InputField.pre_validate(self, form)
        self.refuse_unless_offered([self.typed] if self.typed is not None else [])

    def refuse_unless_offered(self, chosen: Sequence[str]) -> None:
        """Raise StopValidation if something not on offer was chosen."""
        offered = {choice.value for choice in self.choices or ()}  # type: ignore[union-attr]
        if not offered.issuperset(chosen):
            self.typed = None
            raise StopValidation(self.input.not_in_the_list().label.text(self.locale))


class RadioField(SelectField, wtforms.RadioField):
    """One of few, all shown."""


class SelectMultipleField(SelectField, wtforms.SelectMultipleField):
    """Several of a list, as ticks."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def process_data(self, value: Any) -> None:
        """Take a list of ids, or none."""
        self.data = [str(one) for one in value or ()]

    def pre_validate(self, form: wtforms.form.BaseForm) -> None:
        """Accept what the list offers only."""
        InputField.pre_validate(self, form)
        self.refuse_unless_offered(self.typed or [])


class _KeptFiles:
    """A file chooser and, under it, a tick per file already stored: unticked, it is dropped."""

    chooser = widgets.FileInput(multiple=True)

    def __call__(self, field: MultipleFileField, **kwargs: Any) -> Markup:
        kwargs["required"] = bool(field.flags.required and not field.kept)
        ticks = [
            Markup(
                '<li><label><input type="checkbox" name="{}" value="{}" checked> {}</label></li>'
            ).format(field.kept_name, digest, field.names.get(digest, digest[:12]))
            for digest in field.kept
        ]
        kept = Markup('<ul class="kept-files">{}</ul>').format(Markup("").join(ticks))
        return self.chooser(field, **kwargs) + (kept if ticks else Markup(""))


class MultipleFileField(InputField, wtforms.MultipleFileField):
    """Files: those stored before, by digest, and those that have just come with the request.

    `ActForm.keep_files` stores the new ones; until then they count for nothing. ``names`` may be
    given the names of stored files by digest.
    """

    widget = _KeptFiles()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept: list[str] = []
        self.uploads: list[Any] = []
        self.names: dict[str, str] = {}

    @property
    def kept_name(self) -> str:
        """The name under which the page carries digests along."""
        return f"{self.name}__kept"

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take digests from a draft, or digests and new files from the request."""
        self.process_errors = []
        self.object_data = data if isinstance(data, list | tuple) else []
        self.kept = [str(digest) for digest in self.object_data]
        if formdata is not None:
            self.kept = [str(digest) for digest in formdata.getlist(self.kept_name)]
            sent = formdata.getlist(self.name)
            self.uploads = [upload for upload in sent if getattr(upload, "filename", "")]
        self.data = self.kept

    def typing(self) -> list[str]:
        """The digests of what is stored."""
        return list(self.kept)


# Which field an input has -----------------------------------------------------------------------


def _field(declared: Input, options: Options, locale: str) -> Any:
    """The unbound field of an input."""
    given: dict[str, Any] = {"declared": declared, "locale": locale}
    match declared:
        case YesNo():
            return BooleanField(**given)
        case Files():
            return MultipleFileField(**given)
        case Choice() | Reference():
            return _list_field(declared, options, given)
        case _:
            return _text_field(declared, given)


def _list_field(declared: Choice | Reference, options: Options, given: dict[str, Any]) -> Any:
    if isinstance(declared, Choice):
        offered = [(value, label.text(given["locale"])) for value, label in declared.options]
    else:
        offered = list(options(declared))
    choices = [SelectChoice(value, text) for value, text in offered]
    if isinstance(declared, People):
        return SelectMultipleField(choices=choices, **given)
    if isinstance(declared, Choice) and len(choices) <= RADIO_LIMIT:
        return RadioField(choices=choices, **given)
    nothing = Label("请选择", "Choose one").text(given["locale"])
    return SelectField(choices=[SelectChoice("", nothing), *choices], **given)


def _text_field(declared: Input, given: dict[str, Any]) -> Any:
    match declared:
        case LongText(longest=longest):
            rows = min(max(longest // ROW_CHARACTERS, LEAST_ROWS), MOST_ROWS)
            return TextAreaField(render_kw={"rows": rows, "data-longest": longest}, **given)
        case Text(longest=longest):
            return StringField(render_kw={"data-longest": longest}, **given)
        case Day():
            return StringField(widget=widgets.DateInput(), **given)
        case Whole(lowest=lowest, highest=highest):
            bounds = {"min": lowest, "max": highest, "step": 1, "inputmode": "numeric"}
            return StringField(widget=widgets.NumberInput(), render_kw=bounds, **given)
        case Quantity(unit=unit):
            kind = {"inputmode": "decimal", "autocomplete": "off"}
            return StringField(render_kw=kind | ({"data-unit": unit} if unit else {}), **given)
        case _:
            raise TypeError(f"No field shows {type(declared).__name__}.")


# The form ---------------------------------------------------------------------------------------


class ActForm(wtforms.Form):
    """The form of an act. Its classes are made by `form_class`."""

    transition: Transition
    locale: str
    applying: tuple[Input, ...]
    """The inputs of the act that the form asks for."""
    recording: tuple[Input, ...]
    """The fields of a late record that the form offers."""
    _fields: dict[str, Any]

    def keep_files(self, store: Callable[[Any], str]) -> None:
        """Store what was uploaded and carry the digests along. Call it before validating."""
        for field in self._fields.values():
            if isinstance(field, MultipleFileField):
                field.kept += [store(upload) for upload in field.uploads]
                field.uploads = []

    @property
    def has_files(self) -> bool:
        """Whether the form must be sent as multipart."""
        return any(isinstance(field, MultipleFileField) for field in self._fields.values())

    def groups(self) -> Iterator[FieldGroup]:
        """The visible fields in their order, under the headings of report and record."""
        report = self.transition.report
        sections = report.sections if report is not None else ()
        parts: list[tuple[Label | None, Sequence[str]]] = [
            (None, [f.name for f in (*self.transition.inputs, *self.transition.derived)]),
            *((section.label, [field.name for field in section.inputs]) for section in sections),
            (RECEIVED, [RECEIVED_NUMBER, RECEIVED_SCAN]),
            (RECORDED, [field.name for field in self.recording]),
        ]
        for label, names in parts:
            fields = [self._fields[name] for name in names if name in self._fields]
            if fields:
                yield label, fields

    def raw(self) -> dict[str, Any]:
        """What was typed, as JSON values; a form made with it as ``data`` shows it again."""
        return {field.name: self._fields[field.name].typing() for field in self._shown()}

    def draft(self) -> dict[str, Any]:
        """What of that is kept before it is sent: nothing sealed."""
        return {name: value for name, value in self.raw().items() if name not in self._sealed}

    @property
    def _sealed(self) -> frozenset[str]:
        return frozenset(field.name for field in self._shown() if field.sealed)

    def typed(self) -> dict[str, Any]:
        """The typed values of the act's inputs, as `fire()` takes them. Valid after validating."""
        return self._typed(self.applying)

    def recorded(self) -> dict[str, Any]:
        """The typed values of a late record: ``occurred_on``, ``late_reason``, ``paper_scan``."""
        return self._typed(self.recording)

    @property
    def seen_version(self) -> int | None:
        """The version of the case that the person saw."""
        version: int | None = self._fields[VERSION.name].typed
        return version

    @property
    def once_key(self) -> str | None:
        """The key under which the act happens at most once."""
        key: str | None = self._fields[KEY.name].typed
        return key

    @property
    def item_id(self) -> UUID | None:
        """The row the act is about."""
        item: str | None = self._fields[ITEM_NAME].typed
        return UUID(item) if item else None

    def show_faults(self, faults: Mapping[str, Label]) -> None:
        """Put sentences that came from `fire()` beside their fields; others stand on top."""
        for name, fault in faults.items():
            text = fault.text(self.locale)
            if name in self._fields:
                self._fields[name].errors = [*self._fields[name].errors, text]
            else:
                self.form_errors = [*self.form_errors, text]

    def _shown(self) -> tuple[Input, ...]:
        return (*self.applying, *self.recording)

    def _typed(self, declared: Sequence[Input]) -> dict[str, Any]:
        typed = {field.name: self._fields[field.name].typed for field in declared}
        return {name: value for name, value in typed.items() if value is not None}


RESERVED_NAMES: Final = frozenset(
    {
        *(name for name in dir(ActForm) if not name.startswith("_")),
        *("transition", "locale", "applying", "recording", "meta", "form_errors"),
        *("hidden_tag", "is_submitted", "validate_on_submit", "csrf_token", "submit"),
        *(field.name for field in (VERSION, KEY, OCCURRED_ON, LATE_REASON, PAPER_SCAN)),
        ITEM_NAME,
    }
)
"""Names no input may have, because the form or the page uses them itself."""


def form_class(
    transition: Transition,
    *,
    base: type[wtforms.Form],
    options: Options,
    locale: str,
    late: bool = True,
    asked: Sequence[Input] | None = None,
) -> type[ActForm]:
    """Make the form of an act over ``base``, in the language of ``locale``.

    ``options`` offers organisations and persons. ``late`` is false for whoever may not record an
    act after it happened: the party itself is not asked for the day. ``asked`` are the inputs of
    the act that apply now, by default all.
    """
    fields = tuple(transition.all_inputs if asked is None else asked)
    recording: tuple[Input, ...] = ()
    if late and transition.backdatable:
        scan = (PAPER_SCAN,) if transition.recorded_by else ()
        recording = (OCCURRED_ON, LATE_REASON, *scan)
    row = Reference(ITEM_NAME, "条目", "Row", required=isinstance(transition.item, Take))
    hidden = {
        declared.name: HiddenField(declared=declared, locale=locale)
        for declared in (VERSION, KEY, row)
    }
    shown = {declared.name: _field(declared, options, locale) for declared in (*fields, *recording)}
    about = {
        "transition": transition,
        "locale": locale,
        "applying": fields,
        "recording": recording,
    }
    return type(f"{transition.name}_form", (ActForm, base), {**hidden, **shown, **about})


class InputsForm(wtforms.Form):
    """A form of declared inputs that are no act's. Its classes are made by `inputs_form`."""

    locale: str
    declared: tuple[Input, ...]
    _fields: dict[str, Any]

    def shown(self) -> list[wtforms.Field]:
        """The fields in their order."""
        return [self._fields[one.name] for one in self.declared]

    def raw(self) -> dict[str, Any]:
        """What was typed, field by field, not checked."""
        return {one.name: self._fields[one.name].typing() for one in self.declared}

    def show_faults(self, faults: Mapping[str, Label]) -> None:
        """Put sentences beside their fields; others stand on top."""
        for name, fault in faults.items():
            text = fault.text(self.locale)
            if name in self._fields:
                self._fields[name].errors = [*self._fields[name].errors, text]
            else:
                self.form_errors = [*self.form_errors, text]


def inputs_form(
    declared: Sequence[Input], *, base: type[wtforms.Form], locale: str, name: str
) -> type[InputsForm]:
    """Make a form of inputs that name neither organisations nor persons, over ``base``."""
    fields = {one.name: _field(one, lambda _: (), locale) for one in declared}
    about = {"locale": locale, "declared": tuple(declared)}
    return type(f"{name}_form", (InputsForm, base), {**fields, **about})
