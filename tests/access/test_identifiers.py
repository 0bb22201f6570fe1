"""What one person finds on their pages, tried by everybody else: no address lets a stranger in."""

from __future__ import annotations

import re
from collections import Counter, deque
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.access.ground import ENGINES, PEOPLE, TABLE, Ground, fits, ground, methods_of
from tests.access.oracle import sees_organisation
from tests.access.samples import Parts
from tests.cases.conftest import city

__all__ = ["city", "ground"]

pytestmark = ENGINES

ADDRESS = re.compile(r'(?:href|action|formaction)="(/[^"#]*)"')
MOST = 2
"""So many pages of one kind are opened to look for more addresses."""
LOOKED_FOR_BY = [
    "supervisor",
    "verifier",
    *(
        pytest.param(who, marks=pytest.mark.soak)
        for who in ("auditor", "administrator", "enterprise", "partner_police")
    ),
]
"""Whose pages are read."""


def found_by(ground: Ground, who: str) -> dict[str, tuple[str, Parts]]:
    """The addresses with an identifier in them that stand on somebody's pages."""
    browser, routes = ground.city.browser(PEOPLE[who]), ground.city.app.url_map.bind("localhost")
    opened: Counter[str] = Counter()
    found: dict[str, tuple[str, Parts]] = {}
    known, waiting = {"/"}, deque(["/", "/account", "/cases"])
    while waiting:
        answer = browser.get(waiting.popleft(), follow_redirects=True)
        html = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        answer.close()
        for text in ADDRESS.findall(html):
            address = unescape(text)
            path = address.partition("?")[0]
            if path in known:
                continue
            known.add(path)
            try:
                endpoint, parts = routes.match(path)
                reads = True
            except RequestRedirect:
                continue
            except HTTPException:
                endpoint, parts = routes.match(path, method="POST")
                reads = False
            if any(isinstance(part, UUID) for part in parts.values()):
                found[path] = (endpoint, dict(parts))
            opened[endpoint] += 1
            if reads and opened[endpoint] <= MOST:
                waiting.append(address)
    return found


def may_see(ground: Ground, who: str, endpoint: str, parts: Parts) -> bool:
    """Whether somebody sees what an address is about, by the oracle."""
    actor, about = ground.actor(who), TABLE[endpoint].about
    if about in ground.registers:
        return any(
            one.id in parts.values() and sees_organisation(actor, one)
            for entries in ground.registers.values()
            for one in entries
        )
    if about == "own":
        owners = {
            tuple(sorted(map(str, of.values()))): owner for owner, of in ground.people[endpoint]
        }
        return any(
            owner == actor.person_id and any(str(part) in key for part in parts.values())
            for key, owner in owners.items()
        )
    if about not in {"case", "act"}:
        return True
    case = parts.get("case_id") or parts.get("chain_id") or case_of(ground, parts)
    return any(matter.id == case and matter.is_seen_by(actor) for matter in ground.matters)


def case_of(ground: Ground, parts: Parts) -> Any:
    """The case of something that is addressed by itself."""
    name, value = next(iter(parts.items()))
    return next(one.case for one in ground.things[name] if one.parts[name] == value)


@pytest.mark.parametrize("finder", LOOKED_FOR_BY)
def test_no_address_of_one_lets_in_another_who_may_not(ground, finder):
    found, tried, wrong = found_by(ground, finder), 0, []
    for who in PEOPLE:
        browser = ground.city.browser(PEOPLE[who])
        role = "inspector" if who == "branch" else who
        for address, (endpoint, parts) in found.items():
            may, seen = role in TABLE[endpoint].who, may_see(ground, who, endpoint, parts)
            if who == finder or (may and seen):
                continue
            for method in methods_of(ground.city.app, endpoint):
                answer = browser.open(address, method=method)
                answer.close()
                tried += 1
                if not fits(TABLE[endpoint], answer.status_code, method, may=may, seen=seen):
                    wrong.append((who, method, address, endpoint, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))
    assert tried > len(PEOPLE), "hardly anything was found"
