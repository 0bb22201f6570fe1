"""Arithmetic on instants inside the database, the same on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.law.periods import LOCAL_ZONE

_OFFSET: Final = (
    LOCAL_ZONE.utcoffset(datetime(2026, 1, 1))  # noqa: DTZ001 - the zone is asked for its own noon
    or timedelta()
).seconds
"""Seconds the authority's clock is ahead of UTC; there is no summer time to heed since 1991."""
_DAY: Final = 24 * 60 * 60
_EPOCH: Final = date(1970, 1, 1).toordinal()


class seconds_of(FunctionElement[int]):  # noqa: N801 - it reads as a function of the database
    """Whole seconds of an instant since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(seconds_of, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **kept: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kept)}) AS INTEGER)"


@compiles(seconds_of, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **kept: Any) -> str:
    told = compiler.process(element.clauses, **kept)
    return f"CAST(floor(extract(epoch FROM {told})) AS BIGINT)"


def gap(earlier: Any, later: Any) -> ColumnElement[int]:
    """Seconds from one instant to another."""
    between: ColumnElement[int] = seconds_of(later) - seconds_of(earlier)
    return between


def local_ordinal(instant: Any) -> ColumnElement[int]:
    """The authority's local day of an instant, as `date.toordinal` counts days."""
    # Written out, not bound: PostgreSQL takes a group by two parameters for two expressions.
    offset, day, epoch = (literal_column(str(one), BigInteger) for one in (_OFFSET, _DAY, _EPOCH))
    told: ColumnElement[int] = (seconds_of(instant) + offset) // day + epoch
    return told


def midnight(day: date) -> datetime:
    """The first instant of a local day, as aware UTC."""
    return datetime.combine(day, time(), LOCAL_ZONE).astimezone(UTC)
