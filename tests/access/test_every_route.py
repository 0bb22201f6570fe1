"""Every address, asked by everybody: what may be answered stands in ``routes.txt``.

A route without a line there fails.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.ground import (
    ENGINES,
    PEOPLE,
    TABLE,
    ask,
    fits,
    ground,
    is_turned_away,
    methods_of,
)
from tests.cases.conftest import city

__all__ = ["city", "ground"]

pytestmark = ENGINES


def test_every_route_has_its_line_and_every_line_its_route(city):
    assert {rule.endpoint for rule in city.app.url_map.iter_rules()} == set(TABLE)


@pytest.mark.parametrize("endpoint", TABLE)
def test_nobody_who_is_not_signed_in_gets_an_answer(ground, endpoint):
    line = TABLE[endpoint]
    [(_, _, parts), *_] = ground.relations(endpoint, "supervisor")
    for method in methods_of(ground.city.app, endpoint):
        answer = ask(ground, None, endpoint, method, parts)
        assert is_turned_away(answer) != line.anybody, (endpoint, method, answer.status_code)


@pytest.mark.parametrize("endpoint", TABLE)
def test_everybody_gets_the_answer_of_the_table(ground, endpoint):
    line, app = TABLE[endpoint], ground.city.app
    wrong: list[Any] = []
    tried: set[bool] = set()
    for who in PEOPLE:
        role = "inspector" if who == "branch" else who
        for relation, seen, parts in ground.relations(endpoint, who):
            allowed = role in line.who and seen
            for method in methods_of(app, endpoint):
                status = ask(ground, who, endpoint, method, parts).status_code
                tried.add(allowed)
                if not fits(line, status, method, may=role in line.who, seen=seen):
                    wrong.append(
                        (who, relation, method, status, "allowed" if allowed else "denied")
                    )
    assert not wrong, "\n".join(map(str, wrong))
    assert True in tried, "nobody it is allowed to was there"
