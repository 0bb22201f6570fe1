"""Instants for tests. Time is always an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from app.law.periods import LOCAL_ZONE


def at(day: date, hour: int = 12, minute: int = 0) -> datetime:
    """That hour of that day on the authority's wall clock, aware UTC."""
    return datetime.combine(day, time(hour, minute), LOCAL_ZONE).astimezone(UTC)


def noon(day: date) -> datetime:
    """Noon of that day at the authority."""
    return at(day)


TODAY = date(2026, 3, 16)
"""A Monday with no holiday near, of a year whose arrangement is known."""

NOW = noon(TODAY)
