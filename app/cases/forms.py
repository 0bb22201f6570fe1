"""Forms of the case desk: the form of an act over its case, and the small ones beside it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, cast

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import UUID, AnyOf, DataRequired, Length, NumberRange, Optional

from app.accounts import models as accounts
from app.cases.ages import Age
from app.cases.consequences import eligible_persons
from app.cases.errors import BadInputs
from app.cases.extensions import reach
from app.cases.files import Stored
from app.cases.lateness import overdue
from app.cases.page import CasePage
from app.cases.queries import Filter
from app.cases.records import LONGEST_COMMENT
from app.cases.restricted import LONGEST_REASON
from app.engine.definition import EXTENDED_UNTIL, OVERDUE_REASON, Transition
from app.engine.forms import ActForm, MultipleFileField, form_class
from app.engine.inputs import Input, Organisation, Person
from app.law.labels import Label
from app.law.periods import local_date
from app.registers.models import PersonProfile

FIRST_YEAR: Final = 2021
"""The national market began; no cycle is older."""
MOST_FILES: Final = 100
"""Files of one act, all fields together."""
TOO_MANY: Final = Label(
    f"一次办理最多附 {MOST_FILES} 个文件，新选的未保存。",
    f"An act takes at most {MOST_FILES} files; those just chosen were not kept.",
)


def act_form(
    page: CasePage, transition: Transition, locale: str, *, only: Collection[str] | None = None
) -> type[ActForm]:
    """The form of an act on one case: with whoever may be named in it now.

    ``only`` names the inputs that are asked, by default all.
    """

    def options(field: Input) -> Sequence[tuple[str, str]]:
        if isinstance(field, Organisation):
            return _organisations(page, field)
        assert isinstance(field, Person)  # forms ask for organisations and persons alone
        found = eligible_persons(page.view, field, local_date(page.now))
        return list({str(person.id): (str(person.id), person.name) for person in found}.values())

    return form_class(
        transition,
        base=FlaskForm,
        options=options,
        locale=locale,
        late=page.actor.is_authority,
        asked=[
            asked
            for field in transition.all_inputs
            if (only is None or field.name in only)
            and (asked := _applying(page, transition, field))
        ],
    )


def _applying(page: CasePage, transition: Transition, field: Input) -> Input | None:
    """An input as it applies now: the reason for being late only then; how far one can extend."""
    if field == OVERDUE_REASON:
        late = overdue(page.view, transition, page.actor, page.now, None)
        return None if late is None else field
    if field == EXTENDED_UNTIL:
        return replace(field, help=reach(page.view, transition, page.law, page.now) or field.help)
    return field


def _organisations(page: CasePage, field: Organisation) -> list[tuple[str, str]]:
    """Whom an input offers; of natural persons others read those who work for the subject."""
    table = accounts.Organisation
    kinds = [accounts.OrganisationKind(kind) for kind in field.kinds]
    query = select(table.id, table.name).where(table.kind.in_(kinds), table.active)
    if not page.of_authority:
        theirs = select(PersonProfile.organisation_id).where(
            PersonProfile.employer_id == page.case.subject_id
        )
        is_person = table.kind == accounts.OrganisationKind.PERSON
        query = query.where(~is_person | table.id.in_(theirs))
    found = page.session.execute(query.order_by(table.name, table.id))
    return [(str(key), name) for key, name in found]


def file_fields(form: ActForm) -> list[MultipleFileField]:
    """The fields of a form that take files."""
    return [field for field in cast("Any", form) if isinstance(field, MultipleFileField)]


def keep_uploads(form: ActForm, keep: Callable[[FileStorage], Stored]) -> dict[str, Label]:
    """Store what was uploaded, file by file; return the faults of those that cannot be taken.

    A file that was stored stays so, whatever else is wrong: the page carries its digest along.
    """
    faults: dict[str, Label] = {}
    count = sum(len(field.kept) + len(field.uploads) for field in file_fields(form))
    for field in file_fields(form):
        if field.uploads and count > MOST_FILES:
            faults[field.name] = TOO_MANY
            field.uploads = []
        for upload in field.uploads:
            try:
                stored = keep(upload)
            except BadInputs as wrong:
                faults[field.name] = wrong.label
            else:
                field.kept = list(dict.fromkeys([*field.kept, stored.sha256]))
                field.names[stored.sha256] = stored.name
        field.uploads = []
    return faults


def name_files(form: ActForm, names: Mapping[str, str], limit: int) -> None:
    """Tell the fields the names of stored files, and the browser the largest size taken."""
    for field in file_fields(form):
        field.names = {**names, **field.names}
        field.render_kw = {"data-max-size": limit}


class FilterForm(FlaskForm):
    """What narrows a list of cases; it stands in the address, so that a view can be sent on."""

    class Meta:
        """Nothing is changed, so no token."""

        csrf = False

    q = StringField(_l("Number or name"), [Optional(), Length(max=80)])
    lifecycle = SelectField(_l("Procedure"), [Optional()], validate_choice=False)
    state = SelectField(_l("State"), [Optional()], validate_choice=False)
    division = SelectField(_l("District"), [Optional()], validate_choice=False)
    year = IntegerField(_l("Year"), [Optional(), NumberRange(1990, 2199)])
    overdue = BooleanField(_l("Overdue only"))
    assignee = StringField(validators=[Optional(), UUID()])
    unassigned = BooleanField()
    age = StringField(validators=[Optional(), AnyOf([age.value for age in Age])])
    late = StringField(validators=[Optional(), Length(max=40)])

    def narrowed(self) -> Filter:
        """The filter; what does not hold narrows nothing."""
        self.validate()
        valid = {name: field.data for name, field in self._fields.items() if not field.errors}
        return Filter(
            lifecycle=valid.get("lifecycle") or "",
            state=valid.get("state") or "",
            division=valid.get("division") or "",
            year=valid.get("year"),
            text=(valid.get("q") or "").strip(),
            overdue=bool(valid.get("overdue")),
            assignee=uuid.UUID(valid["assignee"]) if valid.get("assignee") else None,
            unassigned=bool(valid.get("unassigned")),
            age=Age(valid["age"]) if valid.get("age") else None,
            late=valid.get("late") or "",
        )


class EvidenceForm(FlaskForm):
    """A file put on a case."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
    note = StringField(_l("What it shows"), [Optional(), Length(max=500)])
    internal = BooleanField(_l("For the authority only"))


class CommentForm(FlaskForm):
    """A remark between those who handle a case."""

    body = TextAreaField(
        _l("Remark"),
        [DataRequired(_l("Write a remark.")), Length(max=LONGEST_COMMENT)],
        render_kw={"rows": 3},
    )


class ReadForm(FlaskForm):
    """Why somebody reads what is sealed."""

    reason = TextAreaField(
        _l("Why you read it"),
        [
            DataRequired(_l("Say why you read it. Nothing has been shown.")),
            Length(max=LONGEST_REASON),
        ],
        render_kw={"rows": 3},
    )


class AssignForm(FlaskForm):
    """The officer who handles a case; nobody in particular if empty."""

    person = SelectField(_l("Officer in charge"), [Optional()], validate_choice=False)


class CycleForm(FlaskForm):
    """The year whose cycle is opened, and what earlier steps of the same opening did."""

    year = IntegerField(_l("Year"), [DataRequired(), NumberRange(FIRST_YEAR, 2199)])
    opened = IntegerField(validators=[Optional(), NumberRange(0)], default=0)


def years_from(today: date) -> list[int]:
    """The years a filter offers, the newest first."""
    return list(range(today.year + 1, max(FIRST_YEAR, today.year - 5) - 1, -1))
