"""Forms of the pages that look from above: their filter, and what is given away to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    ValidationError,
)
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.cases.queries import Filter
from app.formats import label
from app.registers.divisions import within
from app.workflows import LIFECYCLES

NOBODY: Final = "none"
"""Stands in an address for the desk of nobody."""


class DeskFilter(FlaskForm):
    """What narrows these pages; it stands in the address, so that a view can be sent on."""

    class Meta:
        """Nothing is changed, so no token."""

        csrf = False

    lifecycle = SelectField(_l("Procedure"), [Optional()], validate_choice=False)
    division = SelectField(_l("District"), [Optional()], validate_choice=False)
    officer = SelectField(_l("Officer in charge"), [Optional()], validate_choice=False)

    def offer(self, division: str, officers: Mapping[UUID, str]) -> None:
        """Fill the choices: the procedures, the districts of a jurisdiction, the officers."""
        every = ("", gettext("All"))
        self.lifecycle.choices = [
            every,
            *((key, label(one.title())) for key, one in LIFECYCLES.items()),
        ]
        self.division.choices = [every, *((one.code, one.name) for one in within(division))]
        self.officer.choices = [
            every,
            (NOBODY, gettext("Nobody in charge")),
            *((str(key), name) for key, name in officers.items()),
        ]

    def narrowed(self) -> Filter:
        """The filter; what makes no sense narrows nothing."""
        lifecycle = self.lifecycle.data or ""
        return Filter(
            lifecycle=lifecycle if lifecycle in LIFECYCLES else "",
            division=self.division.data or "",
            assignee=uuid_of(self.officer.data),
            unassigned=self.officer.data == NOBODY,
        )


def uuid_of(text: str | None) -> UUID | None:
    """Read an id; None for anything that is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


class Ticks(SelectMultipleField):
    """Persons to tick, one at least.

    No validator of the field: a browser would want every single box ticked.
    """

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flags.required = True

    def pre_validate(self, form: BaseForm) -> None:
        """Want one, of those offered."""
        if not self.data:
            raise ValidationError(gettext("Choose at least one officer."))
        super().pre_validate(form)


class HandoverForm(FlaskForm):
    """Which cases of an officer are given away, and to whom."""

    officer = HiddenField(validators=[DataRequired()])
    lifecycle = HiddenField()
    division = HiddenField()
    which = RadioField(_l("Which cases"), [DataRequired(_l("Choose which cases."))], default="all")
    case = SelectMultipleField(validate_choice=False)
    to = Ticks(
        _l("New officer in charge"),
        description=_l("With several, each is given as many as the others."),
    )

    def validate_which(self, field: RadioField) -> None:
        """Who wants the ticked ones must have ticked one."""
        if field.data == "ticked" and not self.ticked:
            raise ValidationError(gettext("Tick at least one case."))

    @property
    def ticked(self) -> tuple[UUID, ...]:
        """The cases that are ticked; nonsense is passed over."""
        found = (uuid_of(text) for text in self.case.data or ())
        return tuple(key for key in found if key is not None)

    @property
    def chosen(self) -> tuple[UUID, ...]:
        """Who is to be given the cases."""
        found = (uuid_of(text) for text in self.to.data or ())
        return tuple(key for key in found if key is not None)
