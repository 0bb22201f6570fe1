"""The form of the log: who, which case, when, what; it stands in the address and can be sent on.

A name, a login or a number that leads to one is taken; of several, the page offers them to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField, StringField, ValidationError
from wtforms.validators import Length, Optional

from app.accounts.models import Organisation, Person
from app.assurance.log import SUBSTITUTE, Search
from app.assurance.wording import CHAINS, FLAGS, acts_called
from app.cases.models import Case
from app.cases.sight import visible_to
from app.engine.actors import SYSTEM_ACTOR, Actor
from app.formats import label

OFFERED: Final = 12
"""Matches offered to choose from."""
LONGEST: Final = 80
YEARS: Final = (2000, 2100)
SYSTEM: Final = "system"
"""Stands for what clocks and joined children do, beside the logins of people."""


class PeriodForm(FlaskForm):
    """A period of local days, both inclusive."""

    class Meta:
        """Nothing is changed, so no token."""

        csrf = False

    since = DateField(_l("From"), [Optional()])
    until = DateField(_l("Through"), [Optional()])

    def validate_since(self, field: DateField) -> None:
        """Want a day of this age."""
        _is_of_this_age(field)

    def validate_until(self, field: DateField) -> None:
        """Want a day of this age, not before the first."""
        _is_of_this_age(field)
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(gettext("This day lies before the first one."))


def _is_of_this_age(field: DateField) -> None:
    if field.data is not None and not YEARS[0] <= field.data.year <= YEARS[1]:
        raise ValidationError(gettext("Write a day as 2026-11-22."))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several matches: what to put into the field, how it reads, and what tells it apart."""

    value: str
    name: str
    about: str


class ChoosingForm(PeriodForm):
    """A period, and names that lead to one thing; of several, ``choices`` offers them by field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices: dict[str, Sequence[Choice]] = {}

    def meant(self, name: str, found: list[tuple[Any, Choice]]) -> list[Any]:
        """The ids behind what was typed, where it is one thing; else say so at the field."""
        field = self[name]
        sought = text_of(field)
        if not sought:
            return []
        exact = [key for key, choice in found if choice.value == sought]
        if exact:
            return exact
        if len(found) == 1:
            return [found[0][0]]
        if found:
            self.choices[name] = [choice for _, choice in found[:OFFERED]]
        elif not field.errors:
            _fault(field, gettext("Nothing by that name."))
        return []


class LogForm(ChoosingForm):
    """What is looked for in the log."""

    who = StringField(_l("Person"), [Optional(), Length(max=LONGEST)])
    case = StringField(_l("Case number"), [Optional(), Length(max=LONGEST)])
    organisation = StringField(_l("Organisation"), [Optional(), Length(max=200)])
    act = StringField(_l("Act"), [Optional(), Length(max=LONGEST)])
    kind = SelectField(_l("Kind of chain"), [Optional()], validate_choice=False)
    flag = SelectField(_l("Marked as"), [Optional()], validate_choice=False)
    by = SelectField(_l("The days are of"), [Optional()], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = ("", gettext("All"))
        self.kind.choices = [every, *((key, label(name)) for key, name in CHAINS.items())]
        self.flag.choices = [
            every,
            *((key, label(name)) for key, name in FLAGS.items()),
            (SUBSTITUTE, gettext("as a substitute")),
        ]
        self.by.choices = [("", gettext("recording")), ("occurred", gettext("the act itself"))]

    @property
    def is_empty(self) -> bool:
        """Whether nothing narrows the log."""
        return not any(field.data for field in self if field is not self.by)

    @property
    def has_more(self) -> bool:
        """Whether one of the rarer fields is filled in."""
        return any(
            f.data or f.errors for f in (self.organisation, self.act, self.kind, self.flag, self.by)
        )

    def resolve(self, session: Session, actor: Actor) -> Search | None:
        """Find who and what is meant; none where a field is at fault or several are to choose from.

        The fault then stands at its field, the several in ``choices``.
        """
        valid = self.validate()
        persons = self.meant("who", persons_called(session, text_of(self.who)))
        cases = self.meant("case", _cases(session, actor, text_of(self.case)))
        bodies = self.meant("organisation", _organisations(session, text_of(self.organisation)))
        called = acts_called(text_of(self.act)) if text_of(self.act) else []
        if text_of(self.act) and not called:
            _fault(self.act, gettext("No act is called so, in Chinese or English."))
        if not valid or self.errors or self.choices:
            return None
        return Search(
            person=persons[0] if persons else None,
            cases=tuple(cases),
            organisations=tuple(bodies),
            kind=self.kind.data if self.kind.data in CHAINS else "",
            acts=tuple((kind, of, tuple(triggers)) for kind, of, triggers in called),
            flag=self.flag.data if self.flag.data in {*FLAGS, SUBSTITUTE} else "",
            since=self.since.data,
            until=self.until.data,
            by_occurred=self.by.data == "occurred",
        )


def text_of(field: Any) -> str:
    """What was typed, without blanks around it."""
    return (field.data or "").strip()


def _fault(field: Any, sentence: str) -> None:
    field.errors = [*field.errors, sentence]


def persons_called(session: Session, sought: str) -> list[tuple[Any, Choice]]:
    """Whoever has that login, or a name that holds the words; a login stands for one person."""
    if not sought:
        return []
    if sought.casefold() in {SYSTEM, SYSTEM_ACTOR.person_name}:
        return [(SYSTEM_ACTOR.person_id, Choice(sought, SYSTEM_ACTOR.person_name, ""))]
    query = (
        select(Person.id, Person.login, Person.name)
        .where(
            or_(Person.login == sought.casefold(), Person.name.contains(sought, autoescape=True))
        )
        .order_by(Person.login != sought.casefold(), Person.name, Person.login)
        .limit(OFFERED + 1)
    )
    return [(row.id, Choice(row.login, row.name, row.login)) for row in session.execute(query)]


def _cases(session: Session, actor: Actor, sought: str) -> list[tuple[Any, Choice]]:
    if not sought:
        return []
    query = (
        select(Case.id, Case.number, Case.subject_name)
        .where(visible_to(actor), Case.number.contains(sought, autoescape=True))
        .order_by(Case.number != sought, Case.opened_at.desc(), Case.id)
        .limit(OFFERED + 1)
    )
    rows = session.execute(query)
    return [(row.id, Choice(row.number, row.number, row.subject_name)) for row in rows]


def _organisations(session: Session, sought: str) -> list[tuple[Any, Choice]]:
    if not sought:
        return []
    query = (
        select(Organisation.id, Organisation.name, Organisation.kind)
        .where(Organisation.name.contains(sought, autoescape=True))
        .order_by(Organisation.name != sought, Organisation.name, Organisation.id)
        .limit(OFFERED + 1)
    )
    rows = session.execute(query)
    return [(row.id, Choice(row.name, row.name, label(row.kind.label))) for row in rows]


def read_day(text: str) -> date | None:
    """Read a day of an address; none for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if YEARS[0] <= found.year <= YEARS[1] else None
