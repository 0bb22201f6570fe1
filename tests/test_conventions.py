"""House rules: those a tool checks, and those no linter can express."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT

CODE = sorted([*(ROOT / "app").rglob("*.py"), ROOT / "config.py", ROOT / "wsgi.py"])
TEMPLATES = sorted((ROOT / "app" / "templates").rglob("*.html"))
WRITTEN = sorted(
    path
    for folder in ("app", "tests", "migrations", "benchmarks", "conformance", "docs", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".html", ".js", ".css", ".md", ".toml", ".po", ".csv", ""}
    and path.is_file()
    and "__pycache__" not in path.parts
) + sorted(path for path in ROOT.iterdir() if path.is_file() and path.name != ".coverage")

HOMELESS = {"utils.py", "helpers.py", "common.py", "misc.py"}
THIS_MACHINE = re.compile("|".join(("/wor" + "k/", "/tmp/" + "bash_jobs", "python" + "hosted")))


def name(path):
    return path.relative_to(ROOT).as_posix()


def offenders(paths, pattern, *, but=()):
    """Name the lines that match, as ``path:number``."""
    return [
        f"{name(path)}:{number}: {line.strip()}"
        for path in paths
        if name(path) not in but
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


# What tools check ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ],
    ids=" ".join,
)
def test_the_tools_find_nothing(command):
    program = Path(sys.executable).with_name(command[0])
    result = subprocess.run(
        [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


# What no linter can express -----------------------------------------------------------------------


def test_a_thing_without_a_home_is_a_missing_name():
    assert [name(path) for path in WRITTEN if path.name in HOMELESS] == []


def test_nothing_is_left_for_later():
    assert offenders(CODE + TEMPLATES, r"\b(TODO|FIXME|XXX|HACK)\b") == []


def called(path, reads):
    """Name the calls in a module whose dotted name ends as one of ``reads``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute | ast.Name):
            dotted = ast.unparse(node)
            if any(dotted == each or dotted.endswith("." + each) for each in reads):
                yield f"{name(path)}:{node.lineno}: {dotted}"


def test_only_the_clock_reads_the_time():
    reads = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time")
    others = [path for path in CODE if name(path) != "app/clock.py"]
    assert [found for path in others for found in called(path, reads)] == []


def test_only_the_settings_read_the_environment():
    reads = ("os.environ", "environ.get", "os.getenv", "getenv")
    others = [path for path in CODE if name(path) != "config.py"]
    assert [found for path in others for found in called(path, reads)] == []


def test_the_only_commit_is_that_of_the_database():
    others = [path for path in CODE if name(path) != "app/db.py"]
    assert offenders(others, r"\.commit\(\)") == []


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("scripts and styles are files", r"<script(?![^>]*\bsrc=)|<style|\sstyle="),
        ("no handler stands in the page", r"<[^>]*\son[a-z]+="),
        ("what a person typed is always escaped", r"\|\s*safe\b|autoescape\s+false"),
        ("nothing comes from another host", r"(?<!w3\.org/)(src|href|action)=\"(https?:)?//"),
    ],
)
def test_a_page_works_under_the_strict_policy(rule, pattern):
    assert offenders(TEMPLATES, pattern) == []


def test_locks_name_no_host():
    locks = sorted(ROOT.glob("requirements*.txt"))
    assert len(locks) >= 2
    assert offenders(locks, r"://|--index-url|--find-links") == []
    for lock in locks:
        pinned = re.findall(r"^[A-Za-z0-9].*==", lock.read_text(), re.MULTILINE)
        assert len(pinned) > 20
        assert "--hash=sha256:" in lock.read_text()


def test_nothing_of_this_machine_is_written_down():
    assert offenders(WRITTEN, THIS_MACHINE) == []


def test_a_migration_imports_nothing_of_the_product():
    versions = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    assert versions
    assert offenders(versions, r"^\s*(from|import) (app|config)\b") == []
