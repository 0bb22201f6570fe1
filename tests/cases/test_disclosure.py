"""What stands on a case and is not told to everybody who sees the case."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest

from app.cases import records
from app.cases.errors import BadInputs, NoSuchCase
from app.cases.files import Stored
from app.cases.page import CasePage
from app.demo import stories as s
from app.engine.definition import Lifecycle, Take
from app.workflows import LIFECYCLES
from tests.town import Matter, Town, instant
from tests.year import UP_TO_CONCLUSION, UP_TO_EXPERTS, a_year


@pytest.fixture
def read_by(town: Town) -> Iterator[Callable[[str, Matter, datetime], CasePage]]:
    """The page of a case as somebody reads it at an instant."""
    with ExitStack() as open_until_the_end:

        def read(login: str, matter: Matter, at: datetime) -> CasePage:
            session = open_until_the_end.enter_context(town.database.read())
            return CasePage(session, matter.actor(login), matter.id, now=at, law=town.law)

        yield read


def stored(town: Town, text: str) -> Stored:
    return town.store.put(io.BytesIO(text.encode()), "internal.txt")


def put_internally(town: Town, matter: Matter, file: Stored, at: datetime) -> None:
    supervisor = town["supervisor"]
    town.database.write(
        lambda session: records.add_evidence(
            session, matter.id, file, actor=supervisor, now=at, internal=True
        )
    )


@pytest.fixture
def year(town):
    return a_year(town).file()


def test_a_file_uploaded_for_an_act_before_stays_internal_as_evidence(town, year, read_by):
    at = instant("03-11")
    file = stored(town, "what the authority thinks")
    supervisor = town["supervisor"]
    town.database.write(
        lambda session: records.keep_upload(session, year.id, file, actor=supervisor, now=at)
    )
    put_internally(town, year, file, at)
    assert file.sha256 not in read_by("unit", year, at).files
    found = read_by("supervisor", year, at).files[file.sha256]
    assert found[0].internal


def test_nobody_else_names_an_internal_file_by_its_digest(town, year):
    at = instant("03-11")
    file = stored(town, "what the authority thinks")
    put_internally(town, year, file, at)
    returned = {"defects": "台账", "supplement_by": "2026-03-20"}
    year.fire("return_for_completeness", "supervisor", returned, at=at)
    [filing] = s.REPORTED
    typed = {**year.typed(filing, on="2026-03-12"), "ledgers": [file.sha256]}
    with pytest.raises(BadInputs) as refused:
        year.fire("submit_report", "unit", typed, at="03-12")
    assert list(refused.value.faults) == ["ledgers"]


def test_the_entry_of_an_internal_file_is_told_to_the_authority_alone(town, year, read_by):
    at = instant("03-11")
    put_internally(town, year, stored(town, "what the authority thinks"), at)
    seq = year.row.last_seq
    assert read_by("auditor", year, at).entry(seq).entry.trigger == "add_evidence"
    page = read_by("unit", year, at)
    with pytest.raises(NoSuchCase):
        page.entry(seq)
    assert "add_evidence" not in {one.entry.trigger for one in page.timeline().entries}


def test_an_opinion_that_was_dropped_is_never_told_to_the_agency(town, read_by):
    year = a_year(town).file().play(UP_TO_EXPERTS, until="09-04")
    recheck = year.recheck
    proof = recheck.paper("expert1", at="09-07", text="proof of a doubt")
    doubt = {
        "clause": "3", "finding": "怀疑", "severity": "serious", "required_change": "更正",
        "opinion_evidence": [proof],
    }  # fmt: skip
    recheck.fire("raise_opinion", "expert1", doubt, at="09-07")
    [row] = recheck.items("opinions")
    recheck.fire("drop_opinion", "expert1", {"drop_reason": "不足"}, at="09-07", item_id=row.id)
    year.do(s.OPINIONS_RAISED, on="09-08").do(s.OPINIONS_ISSUED, on="09-09")
    at = instant("09-10")

    agency = read_by("verifier", recheck, at)
    assert {one.row.status for one in agency.rows["opinions"]} == {"issued"}
    assert agency.row(row.id) is None
    assert proof not in agency.files
    told = {one.entry.trigger for one in agency.timeline().entries}
    assert not told & {"raise_opinion", "drop_opinion"}
    expert = read_by("expert1", recheck, at)
    assert "dropped" in {one.row.status for one in expert.rows["opinions"]}
    assert proof in expert.files


def test_a_nonconformity_that_was_withdrawn_is_never_told_to_the_unit(town, read_by):
    year = a_year(town).file().play([*UP_TO_CONCLUSION[:-2]], until="08-20")
    assert year.state == "nc_determination"
    year.do(s.NC_DRAFTED[0], on="08-20")
    [row] = year.items("nonconformities")
    typed = {"withdrawal_reason": "已说明"}
    year.fire("withdraw_nonconformity", "verifier", typed, at="08-20 15:00", item_id=row.id)
    at = instant("08-21")
    assert read_by("unit", year, at).rows["nonconformities"] == []
    assert len(read_by("verifier", year, at).rows["nonconformities"]) == 1


@pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=list(LIFECYCLES))
def test_no_other_act_leads_where_a_row_is_withdrawn_to(lifecycle: type[Lifecycle]):
    takes = [t.item for t in lifecycle.transitions.values() if isinstance(t.item, Take)]
    drafts = [take for take in takes if take.items.shown_to]  # the others are told from the start
    withdrawn = {(take.items.name, take.to) for take in drafts if take.withdraws}
    others = {
        (take.items.name, to)
        for take in takes
        if not take.withdraws
        for to in ([take.to] if isinstance(take.to, str) else take.to.values())
    }
    moved = {
        (move.items.name, to)
        for t in lifecycle.transitions.values()
        for move in t.moves
        for to in move.moves.values()
    }
    assert not withdrawn & (others | moved)
