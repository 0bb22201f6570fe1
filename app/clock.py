"""The one reader of the time. Everything else is handed ``now``."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Return this instant, aware UTC, to the microsecond."""
    return datetime.now(UTC)
