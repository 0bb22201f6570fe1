"""How old an open case is, in calendar days since it was opened: the day itself is day 0."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, case

from app.cases.models import Case
from app.law.labels import Label
from app.law.periods import LOCAL_ZONE


class Age(StrEnum):
    """A group of ages. Its value is the most days, inclusive; the last group has no end."""

    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    OLDER = "older"

    @property
    def label(self) -> Label:
        """The days of the group in words."""
        return AGES[self]


AGES: Final = {
    Age.WEEK: Label("7 日以内", "up to 7 days"),
    Age.MONTH: Label("8—30 日", "8–30 days"),
    Age.QUARTER: Label("31—90 日", "31–90 days"),
    Age.OLDER: Label("90 日以上", "more than 90 days"),
}
ENDING: Final = (Age.WEEK, Age.MONTH, Age.QUARTER)


def is_of(age: Age, today: date) -> ColumnElement[bool]:
    """The criterion of cases of that age."""
    place = list(Age).index(age)
    found = []
    if age in ENDING:
        found.append(Case.opened_at >= _begin(age, today))
    if place:
        found.append(Case.opened_at < _begin(ENDING[place - 1], today))
    return and_(*found)


def age_of(today: date) -> ColumnElement[str]:
    """The group a case is of, as an expression to group by."""
    groups = [(Case.opened_at >= _begin(age, today), age.value) for age in ENDING]
    return case(*groups, else_=Age.OLDER.value)


def _begin(age: Age, today: date) -> datetime:
    """The first instant at which a case of that age, or a younger one, may have been opened."""
    return datetime.combine(today - timedelta(days=int(age)), time(), LOCAL_ZONE)
