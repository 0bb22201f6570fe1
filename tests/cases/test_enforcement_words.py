"""The words of enforcement, driven through `fire()`: clues, owned rows, tracks, records, bans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from app.cases.errors import BadInputs, NotPermitted
from app.cases.models import Case, CaseLink
from app.cases.page import CasePage
from app.cases.sight import id_for
from app.db import new_id
from app.demo.stories import note
from app.engine.actors import Capacity
from app.registers.models import Ban, PenaltyRecord
from tests.lifecycles.inquiry import Delivery, Errand, Inquiry
from tests.town import Matter, Town, day, instant, registered


@pytest.fixture(scope="module", autouse=True)
def fixtures():
    with registered(Inquiry, Delivery, Errand):
        yield


def an_inquiry(town: Town, agency: str = "") -> Matter:
    typed = {"source": "other", "facts_seen": "篡改"}
    return town.open(Inquiry, "inspector", typed, at="03-09", subject=agency)


def served(town: Town, agency: str = "") -> Matter:
    matter = an_inquiry(town, agency)
    matter.fire("send", "inspector", {"document": "notice"}, at="03-10")
    [track] = matter.children("delivery")
    track.fire("prove", "inspector", {"received_on": "2026-03-11"}, at="03-12")
    return matter


def sentenced(town: Town, agency: str = "", **typed: Any) -> Matter:
    matter = served(town, agency)
    said = {"rule": "A2", "fine": "200000", "scope": "review", "why": "REG 23", **typed}
    matter.fire("sentence", "supervisor", said, at="03-20")
    return matter


@pytest.fixture
def page(town: Town) -> Iterator[Callable[[Matter, str], CasePage]]:
    """The page of a case as somebody opens it late in March."""
    with town.database.read() as session:
        yield lambda matter, who: CasePage(
            session, town[who], matter.id, now=instant("04-25"), law=town.law
        )


def sees(town: Town, matter: Matter, who: str) -> bool:

    with town.database.read() as session:
        return session.scalar(id_for(town[who], matter.id)) is not None


# A clue beside a case ---------------------------------------------------------------------------


def a_clue(town: Town, who: str = "verifier", **said: Any) -> tuple[Matter, Matter]:
    errand = town.open(Errand, "inspector", at="03-09")
    typed = {"whom": "agency", "seen": "编造", "papers": note("照片.txt", "示例")}
    errand.fire("suspect", who, typed, at="03-10", **said)
    with town.database.read() as session:
        [link] = session.scalars(select(CaseLink).where(CaseLink.case_id == errand.id))
        assert (link.kind, link.restricted) == ("clue", True)
        return errand, Matter(town, link.other_id)


def test_a_clue_opens_a_case_of_its_own_and_leaves_no_trace_on_the_first(town):
    errand, inquiry = a_clue(town)

    assert errand.acts() == ["open"]
    assert inquiry.state == "looking"
    [entry] = inquiry.entries()
    body = json.loads(entry.body)["details"]
    assert body["inputs"]["facts_seen"] == "编造"
    assert body["inputs"]["source"] == "case"
    assert body["raised_on"]["number"] == errand.row.number
    assert [file["name"] for file in body["files"]] == ["照片.txt"]
    assert errand.faults() == inquiry.faults() == []


def test_who_raised_the_clue_never_sees_its_case_nor_the_link(town, page):
    errand, inquiry = a_clue(town)

    assert not sees(town, inquiry, "verifier")
    assert page(errand, "verifier").linked == []
    assert [case.id for _, case in page(errand, "inspector").linked] == [inquiry.id]
    assert [case.id for _, case in page(inquiry, "inspector").linked] == [errand.id]


def test_the_same_request_raises_one_clue(town):
    errand, _ = a_clue(town, key="once")
    again = errand.fire(
        "suspect", "verifier", {"whom": "agency", "seen": "编造"}, at="03-11", key="once"
    )

    assert again.repeated
    with town.database.read() as session:
        assert (
            len(list(session.scalars(select(CaseLink).where(CaseLink.case_id == errand.id)))) == 1
        )


def test_a_clue_about_nobody_is_refused(town):
    errand = town.open(Errand, "inspector", at="03-09")
    with pytest.raises(BadInputs) as refusal:
        errand.fire("suspect", "inspector", {"whom": "unit", "seen": "编造"}, at="03-10")
    assert "no reporting unit" in refusal.value.label.en
    with town.database.read() as session:
        assert session.scalar(select(CaseLink.id).where(CaseLink.case_id == errand.id)) is None


# Who sees what ----------------------------------------------------------------------------------


def test_the_subject_of_a_private_case_learns_of_it_when_it_is_served(town, page):
    matter = an_inquiry(town)
    assert not sees(town, matter, "verifier")
    matter = served(town)
    assert sees(town, matter, "verifier")
    told = page(matter, "verifier").timeline().entries
    assert [happened.entry.trigger for happened in told] == ["serve"]


def test_an_act_brings_its_inputs_from_the_track(town):
    matter = an_inquiry(town)
    matter.fire("send", "inspector", {"document": "notice"}, at="03-10")
    assert matter.state == "sending"
    [track] = matter.children("delivery")
    track.fire("prove", "inspector", {"received_on": "2026-03-11"}, at="03-12")

    assert matter.state == "told"
    assert json.loads(matter.entries()[-1].body)["details"]["inputs"] == {"served_on": "2026-03-11"}
    assert matter.clock("pleading").anchor_on == day("03-11")
    assert matter.seats(Capacity.PARTY) == {matter.row.subject_name}


def test_a_partner_reads_and_settles_its_own_rows_alone(town, page):
    matter = an_inquiry(town)
    market, police = town["market"], town["police"]
    for partner in (market, police):
        matter.fire("invite", "inspector", {"partner": str(partner.organisation_id)}, at="03-10")
    assert town["inspector"].person_name in matter.seats(Capacity.INVESTIGATOR)
    matter.fire("note_share", "market", {"said": "资质"}, at="03-11")
    matter.fire(
        "note_share", "inspector", {"said": "刑事", "passed_to": str(police.organisation_id)}, at="03-11"
    )  # fmt: skip
    first, second = matter.items("shares")
    assert first.data["bureau"] == str(market.organisation_id)

    assert [r.row.number for r in page(matter, "market").rows["shares"]] == [1]
    assert [r.row.number for r in page(matter, "police").rows["shares"]] == [2]
    assert [r.row.number for r in page(matter, "inspector").rows["shares"]] == [1, 2]
    with pytest.raises(NotPermitted, match="其他机关"):
        matter.fire("settle_share", "market", at="03-12", item_id=second.id)
    matter.fire("settle_share", "police", at="03-12", item_id=second.id)
    matter.fire("settle_share", "inspector", at="03-12", item_id=first.id)
    assert matter.faults() == []


def test_a_field_of_the_act_seats_somebody_on_the_child(town):
    matter = an_inquiry(town)
    market = town["market"]
    typed = {"document": "notice", "server": str(market.organisation_id)}
    matter.fire("send", "inspector", typed, at="03-10")
    [track] = matter.children("delivery")

    assert sees(town, track, "market")
    assert not sees(town, matter, "market")
    track.fire("prove", "market", {"received_on": "2026-03-11"}, at="03-12")
    assert matter.state == "told"


# Records ----------------------------------------------------------------------------------------


def test_a_sentence_enters_the_record_and_a_ban_refuses_work(town, page):
    matter = sentenced(town, until="2031-03-19")
    with town.database.read() as session:
        [penalty] = session.scalars(select(PenaltyRecord).where(PenaltyRecord.case_id == matter.id))
        [ban] = session.scalars(select(Ban).where(Ban.case_id == matter.id))
    assert (penalty.rule, penalty.fine) == ("A2", Decimal("200000.00"))
    assert (penalty.organisation_id, penalty.effective_on) == (matter.row.subject_id, day("03-20"))
    assert (ban.organisation_id, ban.scope) == (matter.row.subject_id, "技术审核")
    assert (ban.from_day, ban.to_day) == (day("03-20"), day("2031-03-19"))
    view = page(matter, "inspector").view
    assert [dict(one) for one in view.penalties_of(matter.row.subject_id)] == [
        {"rule": "A2", "fine": Decimal("200000.00"), "effective_on": day("03-20")}
    ]
    seen = view.organisation(matter.row.subject_id)
    assert seen is not None
    assert {"from": "2026-03-20", "to": "2031-03-19"} in seen.facts["bans"]


def test_what_is_annulled_stays_in_the_record_and_no_longer_holds(town, page):
    matter = sentenced(town, "saishang")
    proof = [matter.paper("supervisor", at="04-01")]
    typed = {"received_number": "示撤1号", "received_scan": proof}
    matter.fire("annul", "supervisor", typed, at="04-01")

    with town.database.read() as session:
        [penalty] = session.scalars(select(PenaltyRecord).where(PenaltyRecord.case_id == matter.id))
        [ban] = session.scalars(select(Ban).where(Ban.case_id == matter.id))
    assert penalty.annulled_on == ban.lifted_on == day("04-01")
    view = page(matter, "inspector").view
    assert view.penalties_of(matter.row.subject_id) == []
    seen = view.organisation(matter.row.subject_id)
    assert seen is not None
    assert seen.facts["bans"] == []
    assert matter.faults() == []


def a_ban(town: Town, **about: Any) -> Any:
    """The id of a ban entered by hand, or by another case."""
    row = Ban(id=new_id(), scope="技术审核", from_day=date(2026, 1, 5), basis="示例决定", **about)
    key = row.id
    town.database.write(lambda session: session.add(row))
    return key


def lifted(town: Town, *keys: Any) -> list[bool]:
    with town.database.read() as session:
        return [session.get_one(Ban, key).lifted_on is not None for key in keys]


def annul(matter: Matter) -> None:
    proof = [matter.paper("supervisor", at="04-01")]
    typed = {"received_number": "示撤2号", "received_scan": proof}
    matter.fire("annul", "supervisor", typed, at="04-01")


def test_an_annulment_lifts_no_ban_that_another_decision_imposed(town):
    matter = sentenced(town)
    others = (
        a_ban(town, organisation_id=matter.row.subject_id),
        a_ban(town, organisation_id=town.cast.agencies["lvheng"].id),
        a_ban(town, person_id=town["verifier"].person_id),
    )
    annul(matter)
    assert lifted(town, *others) == [False, False, False]


def test_an_annulment_lifts_what_the_parent_imposed_on_the_same_subject_alone(town):
    matter, parent = sentenced(town), town.open(Errand, "inspector", at="03-09")
    raised = {"parent_id": parent.id}
    own = a_ban(town, organisation_id=matter.row.subject_id, case_id=parent.id)
    others = (
        a_ban(town, organisation_id=town.cast.agencies["lvheng"].id, case_id=parent.id),
        a_ban(town, person_id=town["verifier"].person_id, case_id=parent.id),
    )
    adopt = update(Case).where(Case.id == matter.id).values(raised)
    town.database.write(lambda s: s.execute(adopt, execution_options={"case_seen": True}))
    annul(matter)
    assert lifted(town, own, *others) == [True, False, False]
