"""Two officers sealing at the same moment, on both engines: real processes on one database."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from app import workflows
from app.documents import operations, rendering
from app.documents.operations import Sealed
from app.engine.actors import Actor
from tests import processes
from tests.documents.conftest import ORDER, Papers, ordered
from tests.documents.paperwork import Paperwork
from tests.processes import Bench, Pair, Refused
from tests.town import Town, instant

pytestmark = pytest.mark.xdist_group("processes")

ROUNDS = 20


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.stop()


def knowing() -> None:
    """Make this process know the lifecycle of the tests."""
    if Paperwork.key not in workflows.LIFECYCLES:
        workflows.register(Paperwork)


def seal(at: Bench, case_id: UUID, document_id: UUID, actor: Actor, now: Any) -> Sealed:
    """The job of a helper that seals one document."""
    knowing()
    work = partial(
        operations.seal, case_id=case_id, document_id=document_id, fields=ORDER, actor=actor,
        now=now, law=at.law,
    )  # fmt: skip
    return at.database.write(work)


def render(at: Bench, now: Any) -> int:
    knowing()
    return rendering.render_due(at.database, at.store, now)


def void(at: Bench, case_id: UUID, document_id: UUID, actor: Actor, now: Any) -> UUID:
    knowing()
    work = partial(
        operations.void,
        case_id=case_id,
        document_id=document_id,
        reason="有误",
        actor=actor,
        now=now,
    )
    return at.database.write(work)


def job(case: Papers, number: int = 0, who: str = "leader") -> Any:
    document = case.documents("correction_order")[number]
    return seal, (case.id, document.id, case.actor(who), instant("2030-03-18"))


def number_of(sealed: Sealed) -> int:
    return int(str(sealed.number).split("〕")[1].removesuffix("号"))


def test_two_who_seal_at_once_get_one_and_two(town: Town, pair: Pair):
    place = processes.place_of(town.database, town.store.folder)
    given: list[int] = []
    for _ in range(ROUNDS):
        answers = pair.at_once(place, job(ordered(town)), job(ordered(town)))
        assert all(isinstance(answer, Sealed) for answer in answers), answers
        given += [number_of(answer) for answer in answers]
        assert sorted(given) == list(range(1, len(given) + 1))


def test_two_documents_of_one_case_sealed_at_once_both_stand_in_its_chain(town: Town, pair: Pair):
    place = processes.place_of(town.database, town.store.folder)
    for _ in range(ROUNDS // 4):
        case = ordered(town)
        case.fire("order_again", "leader", {"what": "再次。", "due_on": "2026-05-20"}, at="03-17")
        answers = pair.at_once(place, job(case, 0), job(case, 1))
        one, other = sorted(number_of(answer) for answer in answers)
        assert other == one + 1
        assert sorted(case.acts()[-2:]) == ["seal_document", "seal_document"]
        assert case.faults() == []


def test_one_document_is_sealed_once(town: Town, pair: Pair):
    place = processes.place_of(town.database, town.store.folder)
    for _ in range(ROUNDS // 4):
        case = ordered(town)
        answers = pair.at_once(place, job(case), job(case))
        [won] = [a for a in answers if isinstance(a, Sealed)]
        [lost] = [a for a in answers if isinstance(a, Refused)]
        assert lost.error == "DocumentRefused"
        assert case.document("correction_order").number == won.number
        assert case.acts().count("seal_document") == 1


def test_two_that_render_at_once_leave_one_entry(town: Town, pair: Pair):
    place = processes.place_of(town.database, town.store.folder)
    for _ in range(ROUNDS // 4):
        case = ordered(town)
        case.seal("correction_order", ORDER)
        now = instant("2030-04-01")
        answers = pair.at_once(place, (render, (now,)), (render, (now,)))
        assert all(isinstance(answer, int) for answer in answers), answers
        assert case.acts().count("document_rendered") == 1
        assert case.document("correction_order").is_rendered
        assert case.faults() == []


def test_voiding_against_rendering_keeps_the_record_whole(town: Town, pair: Pair):
    place = processes.place_of(town.database, town.store.folder)
    for _ in range(ROUNDS // 4):
        case = ordered(town)
        case.seal("correction_order", ORDER)
        now, document = instant("2030-04-02"), case.document("correction_order").id
        pair.at_once(
            place, (render, (now,)), (void, (case.id, document, case.actor("leader"), now))
        )
        assert case.documents("correction_order")[0].is_void
        assert case.faults() == []
