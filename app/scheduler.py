"""The ticker: it only says that time has passed, every timer is a row.

`make run` starts it in its one process (``TANJIAN_TICKER=1``); ``flask scheduler`` runs it alone,
as often as one likes: the lease of each job decides who works.
"""

from __future__ import annotations

import logging
import signal
from datetime import datetime
from threading import Event
from typing import Final

import click
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import lease
from app.clock import utcnow
from app.db import database
from app.jobs import JOBS, Job, run
from app.law.periods import LOCAL_ZONE
from app.operations import logs, production
from config import settings

log: Final = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Register the command."""
    app.cli.add_command(scheduler_command)


def start(app: Flask, ending: Event | None = None) -> BackgroundScheduler:
    """Tick in threads of this process until it ends, or ``ending`` is set and it is shut down.

    One round of a job at a time; missed ones are one.
    """
    ticker = BackgroundScheduler(timezone=LOCAL_ZONE)
    holder = lease.this_process()
    for job in JOBS:
        ticker.add_job(
            beat,
            "interval",
            args=(app, job, holder),
            kwargs={"ending": ending},
            seconds=job.every.total_seconds(),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    ticker.start()
    return ticker


def run_alone(app: Flask) -> None:
    """Tick in this process until SIGTERM or SIGINT; then end after the piece of work in hand."""
    ending = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ending.set())
    ticker = start(app, ending)
    log.info("ticking: %s", ", ".join(job.name for job in JOBS))
    ending.wait()
    ticker.shutdown()
    log.info("ended")


def beat(
    app: Flask,
    job: Job,
    holder: str,
    now: datetime | None = None,
    ending: Event | None = None,
) -> int:
    """Do one round of a job. What goes wrong is logged: the next round tries again."""
    ended = ending.is_set if ending is not None else lambda: False
    with app.app_context():
        try:
            done = run(job, database(), settings(), now or utcnow(), holder, ended)
        except lease.LeaseLost:
            return 0
        except Exception:
            log.exception("the job %s failed and will be tried again", job.name)
            return 0
    if done:
        log.info("%s: %d done", job.name, done)
    return done


@click.command("scheduler")
@with_appcontext
def scheduler_command() -> None:
    """Work off what falls due, until told to end. Any number may run at once."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - other threads need the app itself
    try:
        production.refuse(app)
    except production.NotForProduction as unfit:
        raise click.ClickException(str(unfit)) from unfit
    logs.install(production=settings().production)
    run_alone(app)
