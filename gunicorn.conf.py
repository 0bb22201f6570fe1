"""How gunicorn serves Tanjian: one process with threads, as SQLite likes it.

On PostgreSQL give ``--workers`` on the command line.
"""

from __future__ import annotations

from typing import Any

workers = 1
threads = 8
timeout = 60
worker_class = "gthread"
control_socket_disable = True  # two servers of one user would share its path


def post_worker_init(worker: Any) -> None:
    """Let the clocks tick inside the process, where it is the only one."""
    from app import scheduler  # noqa: PLC0415 - the process that forks needs none of it
    from config import EXTENSION  # noqa: PLC0415

    if worker.wsgi.extensions[EXTENSION].ticker:
        scheduler.start(worker.wsgi)
