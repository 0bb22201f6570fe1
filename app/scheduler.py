"""The ticker: it only says that time has passed, every timer is a row.

`make run` starts it in its one process (``TANJIAN_TICKER=1``); ``flask scheduler`` runs it alone,
as often as one likes: the lease of each job decides who works.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from app import lease
from app.clock import utcnow
from app.db import database
from app.jobs import JOBS, Job, run
from app.law.periods import LOCAL_ZONE
from config import settings

log: Final = logging.getLogger(__name__)


def start(app: Flask) -> BackgroundScheduler:
    """Tick in a thread of this process until it ends."""
    ticker = BackgroundScheduler(timezone=LOCAL_ZONE)
    _fill(ticker, app)
    ticker.start()
    return ticker


def run_alone(app: Flask) -> None:
    """Tick in this process until it is told to end."""
    ticker = BlockingScheduler(timezone=LOCAL_ZONE)
    _fill(ticker, app)
    ticker.start()


def _fill(ticker: BaseScheduler, app: Flask) -> None:
    """Add the jobs. One round of a job at a time; missed ones are one."""
    holder = lease.this_process()
    for job in JOBS:
        ticker.add_job(
            beat,
            "interval",
            args=(app, job, holder),
            seconds=job.every.total_seconds(),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )


def beat(app: Flask, job: Job, holder: str, now: datetime | None = None) -> int:
    """Do one round of a job. What goes wrong is logged: the next round tries again."""
    with app.app_context():
        try:
            return run(job, database(), settings(), now or utcnow(), holder)
        except lease.LeaseLost:
            return 0
        except Exception:
            log.exception("the job %s failed and will be tried again", job.name)
            return 0
