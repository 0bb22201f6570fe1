"""Metrics for Prometheus: counted in each process, gathered over all of them; the rest is asked.

No label holds an id or anything a person typed, so that there are never more series than endpoints,
statuses and acts of the lifecycles. Where several processes serve, gunicorn.conf.py has named a
folder in ``PROMETHEUS_MULTIPROC_DIR`` before this is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.values import ValueClass
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import lease
from app.audit.models import ChainHead, Checkpoint
from app.audit.status import status as audit_status
from app.cases.desk import ACTED
from app.cases.models import Case, CaseDeadline
from app.db import Database
from app.operations import logs
from app.outbox.models import Delivery, OutboxMessage

METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds."""
OWN: Final = CollectorRegistry()
"""What this process counts."""

REQUESTS: Final = Counter(
    "tanjian_requests",
    "Requests answered.",
    ["method", "endpoint", "status"],
    registry=OWN,
)
SECONDS: Final = Histogram(
    "tanjian_request_seconds",
    "From the first byte of a request to its answer.",
    ["endpoint"],
    buckets=BUCKETS,
    registry=OWN,
)
TRANSITIONS: Final = Counter(
    "tanjian_transitions",
    "Acts that people did by the pages of the serving processes.",
    ["trigger"],
    registry=OWN,
)


def init_app(app: Flask) -> None:
    """Count every request and every act."""

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, endpoint, str(response.status_code)).inc()
        SECONDS.labels(endpoint).observe(logs.elapsed())
        return response

    ACTED.connect(_acted)


def _acted(_sender: Any, *, trigger: str) -> None:
    TRANSITIONS.labels(trigger).inc()


def page(database: Database, now: datetime) -> bytes:
    """Return the page a Prometheus reads. Raises DBAPIError where the database is gone."""
    registry = CollectorRegistry()
    if ValueClass.__name__ == "MmapedValue":  # as many processes serve as there are files
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_Gathered(OWN.collect()))
    with database.read() as session:
        registry.register(_Gathered(list(_asked(session, now))))
    return generate_latest(registry)


class _Gathered(Collector):
    """Metrics that are read already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _asked(session: Session, now: datetime) -> Iterator[Metric]:
    def age(at: datetime | None) -> float:
        return max((now - at).total_seconds(), 0.0) if at is not None else 0.0

    entries = CounterMetricFamily("tanjian_entries", "Entries of all chains of the audit.")
    entries.add_metric([], float(_entries(session)))
    yield entries
    told = select(func.min(OutboxMessage.release_at)).where(
        OutboxMessage.sent_at.is_(None), OutboxMessage.release_at <= now
    )
    sent = select(func.min(Delivery.created_at)).where(Delivery.status == "waiting")
    dead = select(func.count()).select_from(Delivery).where(Delivery.status == "dead")
    late = (
        select(func.count())
        .select_from(CaseDeadline)
        .where(CaseDeadline.closed_at.is_(None), CaseDeadline.due_at < now)
    )
    audit = audit_status(session, now)
    covered = session.scalar(select(func.max(Checkpoint.made_at)))
    for name, said, value in (
        (
            "tanjian_outbox_age_seconds",
            "How long the oldest message waits to become letters.",
            age(session.scalar(told)),
        ),
        (
            "tanjian_delivery_age_seconds",
            "How long the oldest e-mail or webhook event waits to leave.",
            age(session.scalar(sent)),
        ),
        (
            "tanjian_dead_deliveries",
            "Deliveries that were given up.",
            float(session.scalar(dead) or 0),
        ),
        ("tanjian_late_deadlines", "Open clocks whose end has passed.", session.scalar(late) or 0),
        (
            "tanjian_checkpoint_age_seconds",
            "Since the newest checkpoint was made; 0 before the first.",
            age(covered),
        ),
        (
            "tanjian_uncovered_seconds",
            "How long the oldest change waits for a checkpoint.",
            audit.gap.total_seconds(),
        ),
        (
            "tanjian_audit_faults",
            "What the last verification of everything found, or a later one.",
            audit.faults,
        ),
    ):
        yield GaugeMetricFamily(name, said, value=value)
    held = GaugeMetricFamily(
        "tanjian_lease_age_seconds",
        "Since a job of the scheduler last held or gave back its lease, by the database's clock.",
        labels=["job"],
    )
    for job, seconds in lease.ages(session).items():
        held.add_metric([job], seconds)
    yield held


def _entries(session: Session) -> int:
    """From the heads, which are few, not from the entries."""
    heads = (select(func.sum(head.last_seq + 1)) for head in (Case, ChainHead))
    return sum(int(session.scalar(head) or 0) for head in heads)
