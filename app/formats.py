"""How dates, amounts and remaining time read on a screen, in the language of the person.

Instants are shown on the wall clock of the authority, dates with their weekday, amounts with
thousands separators. The filters are named in `init_app`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from flask import Flask
from flask_babel import get_locale, gettext, ngettext

from app.law.calendar import WorkCalendar
from app.law.labels import Label
from app.law.periods import LOCAL_ZONE

KIB = 1024
SOON_WORKING_DAYS = 2
"""From how many remaining working days on, inclusive, a clock is shown as due soon."""


def label(value: Label) -> str:
    """Return a bilingual text in the language of the person."""
    return value.text(str(get_locale() or "zh_Hans_CN"))


def weekday(value: date) -> str:
    """Name the day of the week as briefly as the language allows."""
    names = (
        gettext("Mon"),
        gettext("Tue"),
        gettext("Wed"),
        gettext("Thu"),
        gettext("Fri"),
        gettext("Sat"),
        gettext("Sun"),
    )
    return str(names[value.weekday()])


def day(value: date | None) -> str:
    """Show a date with its weekday, an instant as its local date; nothing as a dash."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(LOCAL_ZONE).date()
    return str(gettext("%(date)s (%(weekday)s)", date=value.isoformat(), weekday=weekday(value)))


def instant(value: datetime | None) -> str:
    """Show an instant to the minute, local to the authority; nothing as a dash."""
    return "—" if value is None else value.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")


def clock_time(value: datetime) -> str:
    """Show the local time of day of an instant."""
    return value.astimezone(LOCAL_ZONE).strftime("%H:%M")


def number(value: Decimal | int | None) -> str:
    """Show an exact number with thousands separators and the places it has; nothing as a dash.

    >>> number(Decimal("1234567.50"))
    '1,234,567.50'
    """
    return "—" if value is None else f"{value:,}"


def tonnes(value: Decimal | int | None) -> str:
    """Show tonnes of CO2 equivalent with their unit."""
    return "—" if value is None else f"{value:,} tCO₂e"


def yuan(value: Decimal | int | None) -> str:
    """Show money in yuan with its unit, always with two places."""
    return "—" if value is None else str(gettext("CNY %(amount)s", amount=f"{value:,.2f}"))


def file_size(value: int) -> str:
    """Show a number of bytes.

    >>> file_size(1_300_000)
    '1.2 MB'
    """
    if value < KIB:
        return f"{value} B"
    if value < KIB * KIB:
        return f"{value / KIB:.0f} KB"
    return f"{value / KIB / KIB:.1f} MB"


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a clock: its words and how urgent it is (overdue, today, soon, later)."""

    text: str
    urgency: str


def remaining(due_on: date, today: date, calendar: WorkCalendar) -> Remaining:
    """Say how many working days remain after ``today`` up to ``due_on``, both ends inclusive."""
    days = calendar.place_after(due_on.toordinal()) - calendar.place_after(today.toordinal())
    if due_on < today:
        late = (today - due_on).days
        text = ngettext("%(num)d day overdue", "%(num)d days overdue", late)
        return Remaining(text, "overdue")
    if due_on == today:
        return Remaining(gettext("due today"), "today")
    text = ngettext("%(num)d working day left", "%(num)d working days left", days)
    return Remaining(text, "soon" if days <= SOON_WORKING_DAYS else "later")


def init_app(app: Flask) -> None:
    """Make the filters known to the templates."""
    filters = (label, weekday, day, instant, clock_time, number, tonnes, yuan, file_size)
    app.jinja_env.filters.update({function.__name__: function for function in filters})
