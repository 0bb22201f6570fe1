"""How gunicorn serves Tanjian: one process with threads, as SQLite likes it.

On PostgreSQL give ``--workers`` on the command line.
"""

workers = 1
threads = 8
timeout = 60
worker_class = "gthread"
control_socket_disable = True  # two servers of one user would share its path
