"""How gunicorn serves Tanjian: one process with threads, as SQLite likes it.

On PostgreSQL give ``--workers`` on the command line.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import Any

workers = 1
threads = 8
timeout = 60
worker_class = "gthread"
# Beyond any page of ours; a proxy in front refuses what trickles in (docs/security.md).
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
control_socket_disable = True  # two servers of one user would share its path


def _forget(folder: str, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


# Before the application is loaded: where each process keeps what it counts, for all to gather.
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    made = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="tanjian-metrics-")
    atexit.register(_forget, made, os.getpid())  # a folder that was given stays


def post_worker_init(worker: Any) -> None:
    """Let the clocks tick inside the process, where it is the only one."""
    from app import scheduler  # noqa: PLC0415 - the process that forks needs none of it
    from config import EXTENSION  # noqa: PLC0415

    if worker.wsgi.extensions[EXTENSION].ticker:
        scheduler.start(worker.wsgi)


def child_exit(_server: Any, worker: Any) -> None:
    """Keep what a process counted that has ended, but not what only a living one can say."""
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
