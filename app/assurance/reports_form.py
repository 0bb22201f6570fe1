"""The forms of the reports: their periods, with what is asked besides."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.assurance.log import Search
from app.assurance.log_form import LONGEST, ChoosingForm, PeriodForm, persons_called, text_of
from app.audit import reads

HOURS, DAYS = "h", "d"
SECONDS: Final = {HOURS: 60 * 60, DAYS: 24 * 60 * 60}
MOST: Final = 9999


def with_period(
    args: MultiDict[str, str], today: date, days: int, **more: str
) -> MultiDict[str, str]:
    """The questions of an address; where it says no period, the last ``days`` days.

    ``more`` are further answers for what it does not say.
    """
    filled = {**more, **args.to_dict()}
    if not filled.get("since") and not filled.get("until"):
        filled["since"] = (today - timedelta(days=days - 1)).isoformat()
        filled["until"] = today.isoformat()
    return MultiDict(filled)


class ReadsForm(ChoosingForm):
    """Who read restricted content."""

    who = StringField(_l("Person"), [Optional(), Length(max=LONGEST)])

    def resolve(self, session: Session) -> Search | None:
        """Find who is meant; none where a field is at fault or several are to choose from."""
        valid = self.validate()
        persons = self.meant("who", persons_called(session, text_of(self.who)))
        if not valid or self.errors or self.choices:
            return None
        return Search(
            kind=reads.CHAIN,
            person=persons[0] if persons else None,
            since=self.since.data,
            until=self.until.data,
        )


class GapsForm(PeriodForm):
    """Entries that were recorded later than they happened, by more than a threshold."""

    longer = IntegerField(
        _l("Later by more than"), [InputRequired(_l("Write a whole number.")), NumberRange(0, MOST)]
    )
    unit = SelectField(_l("Unit"), [Optional()], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit.choices = [(DAYS, gettext("days")), (HOURS, gettext("hours"))]

    @property
    def threshold(self) -> int:
        """Seconds."""
        return (self.longer.data or 0) * SECONDS.get(self.unit.data, SECONDS[DAYS])
