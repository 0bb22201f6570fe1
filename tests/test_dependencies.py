"""What is installed is what was locked, and what the product imports is what it asks for.

Whether a locked version has a published weakness only a feed of advisories can tell: `make audit`.
"""

import ast
import sys
from importlib.metadata import distributions, packages_distributions, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config import ROOT

PRODUCT = [
    *(ROOT / "app").rglob("*.py"), *(ROOT / "migrations").rglob("*.py"),
    ROOT / "config.py", ROOT / "wsgi.py",
]  # fmt: skip
LOCKS = sorted(ROOT.glob("requirements*.txt"))
# Nothing imports them: they are run, hold data, or are drivers that another package loads.
NOT_IMPORTED = {"gunicorn", "waitress", "tzdata"}
OURS = {"app", "config", "wsgi"}


def entries(lock):
    """Read a lock file as (requirement, hashes) pairs, a package once per platform it differs on."""
    for entry in lock.read_text().replace("\\\n", " ").splitlines():
        text = entry.split("#", 1)[0].strip()
        if text:
            asked, *hashes = text.split(" --hash=")
            yield Requirement(asked.strip()), frozenset(each.strip() for each in hashes)


def asked_for(file):
    lines = file.read_text().splitlines()
    return {
        canonicalize_name(Requirement(line).name) for line in lines if line and line[0] not in "#-"
    }


def imported():
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            yield from (each.split(".")[0] for each in names)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_locked_package_is_one_version_with_hashes_and_no_address(lock):
    read = list(entries(lock))
    assert len(read) > 20
    for requirement, hashes in read:
        assert [each.operator for each in requirement.specifier] == ["=="], requirement
        assert not str(requirement.specifier).endswith("*"), requirement
        assert requirement.url is None
        assert hashes, requirement
        assert all(each.startswith("sha256:") and len(each) == 71 for each in hashes), requirement


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_whatever_is_asked_for(lock):
    wanted = asked_for(lock.with_suffix(".in"))
    assert wanted
    assert wanted <= {canonicalize_name(requirement.name) for requirement, _hashes in entries(lock)}


def test_what_is_proven_is_what_is_delivered():
    """The product's packages stand in the lock of the tests with the same version and hashes."""
    proven = {
        (str(requirement), hashes) for requirement, hashes in entries(ROOT / "requirements-dev.txt")
    }
    assert {
        (str(requirement), hashes) for requirement, hashes in entries(ROOT / "requirements.txt")
    } <= proven


def test_what_runs_here_is_what_is_locked():
    here = {canonicalize_name(each.name) for each in distributions()}
    locked = [
        requirement
        for requirement, _hashes in entries(ROOT / "requirements-dev.txt")
        if requirement.marker is None or requirement.marker.evaluate()
    ]
    assert [str(each) for each in locked if canonicalize_name(each.name) not in here] == []
    assert [str(each) for each in locked if not each.specifier.contains(version(each.name))] == []


def test_the_product_asks_for_what_it_imports_and_for_nothing_else():
    homes = packages_distributions()
    foreign = set(imported()) - set(sys.stdlib_module_names) - OURS
    unknown = {each for each in foreign if each not in homes}
    assert unknown == set()
    needed = {canonicalize_name(homes[each][0]) for each in foreign}
    assert needed == asked_for(ROOT / "requirements.in") - NOT_IMPORTED
