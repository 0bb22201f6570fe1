"""The ticker of a single process: it only says that time has passed, every timer is a row.

`make run` starts it in its one process (``TANJIAN_TICKER=1``). Where several processes serve, run
``flask clocks expire`` instead; both may also run at once, since what is done is found done.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from app.cases import timers
from app.cases.files import FileStore
from app.clock import utcnow
from app.db import database
from app.documents import rendering
from app.law.periods import LOCAL_ZONE
from app.releases.operations import current_law
from config import settings

EVERY_SECONDS: Final = 30


def start(app: Flask) -> BackgroundScheduler:
    """Tick in a thread of this process until it ends. One tick at a time; missed ones are one."""
    ticker = BackgroundScheduler(timezone=LOCAL_ZONE)
    ticker.add_job(
        lambda: tick(app, utcnow()),
        "interval",
        seconds=EVERY_SECONDS,
        id="clocks",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    ticker.start()
    return ticker


def tick(app: Flask, now: datetime) -> list[timers.Expired]:
    """Handle every clock that has ended by ``now``, and render what was sealed meanwhile."""
    with app.app_context():
        with database().read() as reading:
            law = current_law(reading)
        expired = timers.expire_due(database(), law, now)
        files = FileStore(settings().files, limit=settings().max_upload_bytes)
        rendering.render_due(database(), files, now)
        return expired
