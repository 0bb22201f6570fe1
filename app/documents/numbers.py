"""Numbers of documents 文号: one gap-free counter per body, kind and year.

A number is allotted when a document is sealed and never again, also if the document is voided.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.cases.models import NumberSeries

DEFAULT_PATTERN: Final = "卫环{kind}〔{year}〕{n}号"
"""Place and body of Zhongwei (domain.md 12.1, open point Q13): each body may have its own."""
PLACES: Final = frozenset({"kind", "year", "n"})
SERIES: Final = "doc:"
"""Before the kind, so that no counter of documents is one of cases."""
LONGEST_CHAIN: Final = 4


class BadPattern(ValueError):
    """A pattern does not hold kind, year and number once each, or anything else in braces."""


def checked(pattern: str) -> str:
    """The pattern, if it can number documents. Raises BadPattern."""
    found = re.findall(r"\{([^{}]*)\}", pattern)
    rest = re.sub(r"\{[^{}]*\}", "", pattern)
    if sorted(found) != sorted(PLACES) or set("{}") & set(rest) or len(pattern) > 60:  # noqa: PLR2004 - the column's length
        msg = "a pattern holds {kind}, {year} and {n} once each, at most 60 characters"
        raise BadPattern(msg)
    return pattern


def body_of(session: Session, body_id: UUID) -> tuple[UUID, str]:
    """The body whose numbers these are and its pattern: the nearest one above that has its own.

    A branch without a pattern numbers in the series of the body above it, so that no number is
    given twice.
    """
    body = session.get_one(Organisation, body_id)
    for _ in range(LONGEST_CHAIN):
        if body.document_pattern or body.parent_id is None:
            break
        body = session.get_one(Organisation, body.parent_id)
    return body.id, body.document_pattern or DEFAULT_PATTERN


def allot(session: Session, body_id: UUID, word: str, year: int) -> str:
    """Allot the next number of a kind; waits for whoever is just allotting one.

    The lock of the counter is kept until the transaction ends: if that is rolled back, the number
    has not been given.
    """
    owner, pattern = body_of(session, body_id)
    series = (str(owner), f"{SERIES}{word}", year)
    counter = session.get(NumberSeries, series, with_for_update=True, populate_existing=True)
    if counter is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(NumberSeries(body=series[0], kind=series[1], year=year, last=0))
        counter = session.get_one(
            NumberSeries, series, with_for_update=True, populate_existing=True
        )
    counter.last += 1
    session.flush()
    return pattern.format(kind=word, year=year, n=counter.last)
