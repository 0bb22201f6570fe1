"""The first page of the auditor."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.accounts.sessions import current_actor
from app.assurance import overview as reads
from app.assurance.views import assurance
from app.audit.status import LONGEST_GAP, status
from app.cases.views import now
from app.db import request_session
from app.insights import charts
from app.law.periods import local_date


@assurance.get("/")
def overview() -> ResponseReturnValue:
    """How proof stands, what is recorded, what came late, and where to look further."""
    reading, actor, instant = request_session(), current_actor(), now()
    today = local_date(instant)
    recent = reads.recent(reading, actor, today)
    return render_template(
        "assurance/overview.html",
        status=status(reading, instant),
        uncovered=reads.uncovered(reading),
        verified=reads.verified(reading),
        made=reads.last_checkpoints(reading),
        kinds=reads.kinds(reading, actor),
        recent=recent,
        chart=charts.columns([(f"{on:%m-%d}", count) for on, count in recent.days]),
        longest=int(LONGEST_GAP.total_seconds() // 60),
        since=recent.days[0][0],
    )
