"""The law as it stands here: what is shipped, and every release on top, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import chain
from app.engine.actors import Actor
from app.law.calendar import load_arrangements
from app.law.terms import LawBook, read_settings, read_terms, read_year_dates, shipped_law
from app.releases.models import LawRelease, ReleaseKind

CHAIN: Final = "releases"

_books: dict[UUID, LawBook] = {}
"""The newest law book by the last release it holds; releases never change, so neither does it."""


def current_law(session: Session) -> LawBook:
    """Return the law in force here. Costs one small query; the book is kept by its last release."""
    newest = session.scalar(select(LawRelease.id).order_by(LawRelease.number.desc()).limit(1))
    if newest is None:
        return shipped_law()
    book = _books.get(newest)
    if book is None:
        book = shipped_law()
        for release in session.scalars(select(LawRelease).order_by(LawRelease.number)):
            book = on_top(book, release.kind, release.content)
        _books.clear()
        _books[newest] = book
    return book


def on_top(book: LawBook, kind: ReleaseKind, content: str) -> LawBook:
    """The law with a release on top of it. Raises LawError if anything in it is wrong."""
    return _APPLY[kind](book, content)


def _with_calendar(book: LawBook, content: str) -> LawBook:
    return book.with_calendar(book.calendar.with_arrangements(load_arrangements(content)))


def _with_region(book: LawBook, content: str) -> LawBook:
    layer = book.calendar.region.with_arrangements(load_arrangements(content, region=True))
    return book.with_calendar(book.calendar.with_region(layer, counts=book.calendar.region_counts))


def _with_terms(book: LawBook, content: str) -> LawBook:
    return book.with_overrides(terms=read_terms(content))


def _with_settings(book: LawBook, content: str) -> LawBook:
    values, switches = read_settings(content)
    return book.with_overrides(values=values, switches={s.key: s.on for s in switches})


def _with_year_dates(book: LawBook, content: str) -> LawBook:
    return book.with_overrides(year_dates=read_year_dates(content))


_APPLY: Final[Mapping[ReleaseKind, Callable[[LawBook, str], LawBook]]] = {
    ReleaseKind.CALENDAR: _with_calendar,
    ReleaseKind.REGION_CALENDAR: _with_region,
    ReleaseKind.TERMS: _with_terms,
    ReleaseKind.SETTINGS: _with_settings,
    ReleaseKind.YEAR_DATES: _with_year_dates,
}


def release(
    session: Session,
    kind: ReleaseKind,
    content: str,
    *,
    name: str,
    actor: Actor,
    now: datetime,
) -> LawRelease:
    """Release a change: refused whole if anything in it is wrong; an entry of its own chain.

    Raises LawError, for a calendar ArrangementError with the line. Clocks that run are computed
    again afterwards (`app.cases.recount`): at once by the command, else by the job.
    """
    on_top(current_law(session), kind, content)
    digest = hashlib.sha256(content.encode()).hexdigest()
    # The chain's head is locked by its entry, so numbers rise one by one.
    chain.append(
        session,
        CHAIN,
        trigger="release",
        actor=actor,
        body={"kind": kind, "name": name, "digest": digest},
        now=now,
    )
    last = session.scalar(select(func.max(LawRelease.number))) or 0
    made = LawRelease(
        number=last + 1,
        kind=kind,
        name=name,
        content=content,
        digest=digest,
        released_at=now,
        released_by=actor.person_id,
        released_by_name=actor.person_name,
    )
    session.add(made)
    session.flush()
    return made
