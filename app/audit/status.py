"""How the audit stands: until when it is covered, since when not, what verification said last.

Every page says it in its footer, so it is one query that costs the same however long the log is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask_babel import gettext, ngettext
from sqlalchemy import Select, func, or_, select, union_all
from sqlalchemy.orm import Session

from app.audit import chain, checkpoints
from app.audit.models import Checkpoint, Verification
from app.formats import label
from app.law.labels import Label
from app.law.periods import LOCAL_ZONE

WHOLE: Final = "all"
"""The scope of a verification that looks at every chain."""
LONGEST_GAP: Final = timedelta(minutes=10)
"""Changes are covered sooner than this; later is a fault of the house."""
LONGEST_UNVERIFIED: Final = timedelta(hours=36)
"""Everything is verified once a day; a whole verification older than this vouches no more."""
LOOKED_AT: Final = 500
"""Of so many uncovered chains the oldest change is looked for: after an import there are more."""
COMMA: Final = Label("，", ", ")


@dataclass(frozen=True, slots=True)
class Status:
    """What holds at one instant. ``faults`` are those of the last whole verification or later."""

    now: datetime
    covered_until: datetime | None
    uncovered: bool
    uncovered_since: datetime | None
    verified_at: datetime | None
    faults: int

    @property
    def gap(self) -> timedelta:
        """How long the oldest uncovered change has waited."""
        since = self.uncovered_since
        return max(self.now - since, timedelta()) if since is not None else timedelta()

    @property
    def unverified(self) -> timedelta:
        """How long ago the last whole verification began; nothing where there was none."""
        return self.now - self.verified_at if self.verified_at is not None else timedelta()

    @property
    def kind(self) -> str:
        """overdue, done or plain: how it is to be shown."""
        if self.faults or self.gap > LONGEST_GAP or self.unverified > LONGEST_UNVERIFIED:
            return "overdue"
        return "done" if self.is_intact and not self.uncovered else "plain"

    @property
    def is_intact(self) -> bool:
        """Whether everything was verified once, and nothing was found then or since."""
        return self.verified_at is not None and not self.faults


def status(session: Session, now: datetime) -> Status:
    """Read how the audit stands.

    That the key is gone shows by changes that stay uncovered: a host that only serves pages need
    not have it.
    """
    options = {"case_seen": True, "whole_log": True}
    row = session.execute(_asked(now), execution_options=options).one()
    return Status(
        now=now,
        covered_until=row.covered_until,
        uncovered=bool(row.uncovered),
        uncovered_since=row.since,
        verified_at=row.verified_at,
        faults=int(row.faults),
    )


def _asked(
    now: datetime,
) -> Select[tuple[int, datetime | None, datetime | None, datetime | None, int]]:
    waiting = [
        select(chain_id.label("chain_id"), (head.c.covered_seq + 1).label("seq"))
        .where(head.c.last_seq > head.c.covered_seq)
        .order_by(chain_id)
        .limit(LOOKED_AT)
        .subquery()
        for head, chain_id in checkpoints.HEADS
    ]
    every = union_all(*(select(one.c.chain_id, one.c.seq) for one in waiting)).subquery()
    entries = chain.entries
    first = (entries.c.chain_id == every.c.chain_id) & (entries.c.seq == every.c.seq)
    oldest = (
        select(func.count().label("uncovered"), func.min(entries.c.recorded_at).label("since"))
        .select_from(every.outerjoin(entries, first))
        .subquery()
    )
    newest = select(Checkpoint.made_at).order_by(Checkpoint.number.desc()).limit(1)
    whole = (
        select(Verification.started_at)
        .where(
            Verification.scope == WHOLE,
            Verification.finished_at.is_not(None),
            Verification.started_at <= now,  # a clock that was ahead vouches for nothing to come
        )
        .order_by(Verification.started_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = select(func.coalesce(func.sum(Verification.faults), 0)).where(
        or_(whole.is_(None), Verification.started_at >= whole)
    )
    return select(
        oldest.c.uncovered,
        oldest.c.since,
        newest.scalar_subquery().label("covered_until"),
        whole.label("verified_at"),
        found.scalar_subquery().label("faults"),
    )


# In words ----------------------------------------------------------------------------------------


def sentence(found: Status) -> str:
    """Say it in the language of the reader, and nothing that is not known."""
    parts = [_covered(found)]
    if found.uncovered:
        parts.append(_uncovered(found))
    parts.append(_verified(found))
    return label(COMMA).join(parts)


def _covered(found: Status) -> str:
    if found.covered_until is None:
        return str(gettext("Nothing covered by a checkpoint yet"))
    return str(gettext("Covered to %(when)s", when=_when(found.covered_until, found.now)))


def _uncovered(found: Status) -> str:
    minutes = int(found.gap.total_seconds() // 60)
    if not minutes:
        return str(gettext("newer changes uncovered"))
    hours, days = minutes // 60, minutes // (24 * 60)
    if days >= 2:  # noqa: PLR2004 - below, hours say more
        return str(ngettext("uncovered for %(num)d day", "uncovered for %(num)d days", days))
    if hours >= 2:  # noqa: PLR2004 - below, minutes say more
        return str(ngettext("uncovered for %(num)d hour", "uncovered for %(num)d hours", hours))
    return str(ngettext("uncovered for %(num)d minute", "uncovered for %(num)d minutes", minutes))


def _verified(found: Status) -> str:
    if found.faults:
        words = ngettext(
            "verification found %(num)d fault", "verification found %(num)d faults", found.faults
        )
        return str(words)
    if found.verified_at is None:
        return str(gettext("not verified yet"))
    if found.unverified > LONGEST_UNVERIFIED:
        return str(gettext("not verified since %(when)s", when=_when(found.verified_at, found.now)))
    if found.covered_until is not None and found.verified_at >= found.covered_until:
        return str(gettext("intact"))
    return str(gettext("found intact %(when)s", when=_when(found.verified_at, found.now)))


def _when(at: datetime, now: datetime) -> str:
    """The minute on the wall clock of the authority; with its year where that is another."""
    local = at.astimezone(LOCAL_ZONE)
    this_year = local.year == now.astimezone(LOCAL_ZONE).year
    return local.strftime("%m-%d %H:%M" if this_year else "%Y-%m-%d %H:%M")
