"""The ground on which rights are tried: a city, who is asked as whom, and what may be answered.

What may be answered stands in ``routes.txt``; `tests.access.oracle` says who sees a case. Neither is
read by the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask, url_for
from sqlalchemy import select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.accounts.models import Organisation
from app.cases.models import Case
from app.engine.actors import Actor, Role
from tests.access import oracle, samples
from tests.access.samples import Parts
from tests.cases.conftest import NOW, City

PEOPLE = {
    "inspector": "inspector",
    "supervisor": "supervisor",
    "bureau_leader": "leader",
    "legal_reviewer": "legal",
    "auditor": "auditor",
    "administrator": "admin",
    "verifier": "verifier",
    "enterprise": "unit-baifan",
    "recheck_expert": "expert1",
    "partner_market": "market",
    "partner_police": "police",
    "provincial_viewer": "region",
    "branch": "branch-640521",
}
"""One of every role, and an inspector of a branch who sees less than the bureau's."""

ENGINES = pytest.mark.parametrize(
    "city",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)],
    indirect=True,
    scope="module",
)
"""Thousands of requests: on PostgreSQL, whose rows `test_row_security` compares, in the soak."""

AUTHORITY = {"inspector", "supervisor", "bureau_leader", "legal_reviewer"}
GROUPS = {
    "anybody": {role.value for role in Role},
    "everybody": {role.value for role in Role},
    "authority": AUTHORITY,
    "overseers": AUTHORITY | {"auditor"},
    "desk": {role.value for role in Role} - {"administrator"},
}
SAFE = ("GET", "POST", "PUT")
ABOUT = {"-", "case", "act", "own", "none", "unit", "agency", "natural"}


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    about: str
    who: frozenset[str]
    anybody: bool


def table() -> dict[str, Line]:
    """Read the table."""
    found: dict[str, Line] = {}
    for text in (Path(__file__).parent / "routes.txt").read_text("utf-8").splitlines():
        if not text.strip() or text.startswith("#"):
            continue
        endpoint, about, *who = text.split()
        assert endpoint not in found, endpoint
        assert about in ABOUT, text
        roles = set().union(*(GROUPS.get(word, {word}) for word in who))
        found[endpoint] = Line(about, frozenset(roles), "anybody" in who)
    return found


TABLE = table()


@dataclass
class Ground:
    """The city, what stands in it, and which cases of it are restricted."""

    city: City
    matters: list[oracle.Matter]
    things: dict[str, list[samples.Thing]] = field(default_factory=dict)
    people: dict[str, list[tuple[UUID, Parts]]] = field(default_factory=dict)
    registers: dict[str, list[Organisation]] = field(default_factory=dict)

    def actor(self, who: str) -> Actor:
        return self.city.cast[PEOPLE[who]]

    def relations(self, endpoint: str, who: str) -> Iterator[tuple[str, bool, Parts]]:
        """How the person stands to what is asked for, whether they may see it, and its parts."""
        line, rule = TABLE[endpoint], rule_of(self.city.app, endpoint)
        fixed = {**samples.FIXED, **samples.OTHERWISE.get(endpoint, {})}
        if line.about in {"-", "none"}:
            yield "any", True, {**dict.fromkeys(rule.arguments, samples.NOBODY), **fixed}
        elif line.about == "own":
            yield from self._of_people(endpoint, who, fixed)
        elif line.about in self.registers:
            yield from self._of_registers(line.about, who, fixed)
        else:
            yield from self._of_cases(rule, who, fixed)

    def _of_registers(self, kind: str, who: str, fixed: Parts) -> Iterator[tuple[str, bool, Parts]]:
        actor = self.actor(who)
        found: dict[bool, UUID] = {}
        for one in self.registers[kind]:
            found.setdefault(oracle.sees_organisation(actor, one), one.id)
        for seen, entry in found.items():
            parts = {**fixed, "organisation_id": entry, "unit_id": entry}
            yield "own" if seen else "foreign", seen, parts

    def _of_cases(self, rule: Rule, who: str, fixed: Parts) -> Iterator[tuple[str, bool, Parts]]:
        actor, kind = self.actor(who), samples.kind_of(rule.arguments)
        assert kind is not None, rule
        by_id = {matter.id: matter for matter in self.matters}
        found: dict[str, tuple[bool, Parts]] = {}
        only = samples.ONLY.get(rule.endpoint)
        for thing in self.things[kind]:
            matter = by_id[thing.case]
            if only not in {None, matter.lifecycle}:
                continue
            seen = matter.is_seen_by(actor)
            name = "restricted" if matter.restricted else "own" if seen else "foreign"
            found.setdefault(f"{name} {seen}", (seen, {**fixed, **thing.parts}))
        for name, (seen, parts) in found.items():
            yield name.split()[0], seen, parts

    def _of_people(
        self, endpoint: str, who: str, fixed: Parts
    ) -> Iterator[tuple[str, bool, Parts]]:
        actor = self.actor(who)
        organisation = {a.person_id: a.organisation_id for a in self.city.cast.people.values()}
        for owner, parts in self.people[endpoint]:
            if owner == actor.person_id:
                yield "own", True, {**fixed, **parts}
                break
        for owner, parts in self.people[endpoint]:
            if organisation.get(owner) not in {actor.organisation_id, None}:
                yield "foreign", False, {**fixed, **parts}
                break


def rule_of(app: Flask, endpoint: str) -> Rule:
    """The rule of an endpoint that says most."""
    return max(app.url_map.iter_rules(endpoint), key=lambda rule: len(rule.arguments))


def restrict(city: City) -> None:
    """Mark every fourth case of every procedure as restricted, so that rich and poor ones are."""
    with city.database.read() as reading:
        by_lifecycle: dict[str, list[UUID]] = defaultdict(list)
        for case_id, lifecycle in reading.execute(
            select(Case.id, Case.lifecycle).order_by(Case.id)
        ):
            by_lifecycle[lifecycle].append(case_id)
    chosen = [one for ids in by_lifecycle.values() for one in ids[::4]]
    city.database.write(
        lambda session: session.execute(
            update(Case).where(Case.id.in_(chosen)).values(restricted=True)
        )
    )


@pytest.fixture(scope="module")
def ground(city: City) -> Ground:
    samples.penalise(city)
    restrict(city)
    city.database.write(lambda session: samples.bring(session, city.cast, NOW))
    with city.database.read() as reading:
        here = Ground(city, oracle.matters(reading))
        here.things = {name: of(reading) for name, of in samples.KINDS.items()}
        here.registers = samples.of_registers(reading)
        for endpoint, line in TABLE.items():
            if line.about == "own":
                here.people[endpoint] = list(samples.of_people(reading, endpoint))
    return here


def ask(ground: Ground, who: str | None, endpoint: str, method: str, parts: Parts) -> TestResponse:
    """Ask for an address as somebody, or as nobody; what is posted is an empty form."""
    app = ground.city.app
    needed = rule_of(app, endpoint).arguments
    with app.test_request_context():
        address = url_for(endpoint, **{name: parts[name] for name in needed})
    browser = app.test_client() if who is None else ground.city.browser(PEOPLE[who])
    given = samples.ASKED.get(endpoint, {})
    if endpoint == "accounts.organisation" and who is not None:
        given = {"organisation": ground.actor(who).organisation_id}
    if method == "GET":
        answer = browser.open(address, query_string=given)
    else:
        answer = browser.open(address, method=method, data=given)
    answer.close()
    return answer


def methods_of(app: Flask, endpoint: str) -> list[str]:
    """What an endpoint takes, but what goes by itself with GET."""
    taken = set().union(*(rule.methods or () for rule in app.url_map.iter_rules(endpoint)))
    return [method for method in SAFE if method in taken]


def is_turned_away(answer: TestResponse) -> bool:
    """Whether somebody who is not signed in was told to sign in."""
    return answer.status_code == 401 or (
        answer.status_code in {302, 303} and "/account/sign-in" in answer.headers["Location"]
    )


def fits(line: Line, status: int, method: str, *, may: bool, seen: bool) -> bool:
    """Whether a status is what the table says."""
    if status >= 500 or status == 401:
        return False
    if not may:
        return status in {403, 404}
    if not seen:
        return status == 404 or (line.about == "own" and status == 403)
    if line.about == "none":
        return True
    if line.about == "act":
        return status != 404 if method == "GET" else True
    return status not in {403, 404} and (method != "GET" or status in {200, 302, 303})
