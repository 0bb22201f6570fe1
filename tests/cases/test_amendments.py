"""An arrangement is loaded while clocks run: later by itself, earlier by decision, each told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from app import create_app, jobs
from app.cases import operations, recount
from app.cases.amendments import CLOCK_MOVED, What, move_end
from app.cases.clocks import KEPT
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.models import CaseDeadline, Escalation
from app.db import EXTENSION
from app.engine.actors import SYSTEM_ACTOR
from app.law.calendar import NATIONAL_FILE, RegionLayer, WorkCalendar, load_arrangements
from app.law.dated import shipped_text
from app.law.terms import LawBook, shipped_law
from app.lease import LeaseLost
from app.outbox.models import OutboxMessage
from app.releases.models import ReleaseKind
from app.releases.operations import release
from app.workflows.joint_enforcement import JointEnforcement
from config import Settings
from tests.releases.test_releases import INVENTED_2027
from tests.town import Matter, Town, day, instant
from tests.workflows.stand_ins import clue


def before_2026() -> LawBook:
    """The law as it was before the arrangement of 2026 was published."""
    rows = [
        row
        for row in load_arrangements(shipped_text(f"calendar/{NATIONAL_FILE}"))
        if row.year != 2026
    ]
    unarranged = WorkCalendar.from_arrangements(rows).with_region(shipped_law().calendar.region)
    return shipped_law().with_calendar(unarranged)


EARLY = before_2026()


@pytest.fixture
def early(town: Town) -> Town:
    """The town while nobody knows the days off of 2026."""
    return replace(town, law=EARLY)


def a_clue(town: Town, on: str) -> Matter:
    """A clue whose assessment is due three working days later."""
    discovered = day(on.partition(" ")[0])
    return town.open(JointEnforcement, "inspector", clue(discovered_on=discovered), at=on)


def load(matter: Matter, at: str, law: LawBook | None = None) -> dict[What, int]:
    """Compute the clocks of one case anew by the arrangement of 2026; all others as well."""
    town = matter.town
    return dict(recount.amend(town.database, law or shipped_law(), instant(at)))


def known(matter: Matter, law: LawBook | None = None) -> Matter:
    """The case, read by the law that holds now."""
    return replace(matter, town=replace(matter.town, law=law or shipped_law()))


def told(matter: Matter, clock: str = "assessment") -> list[OutboxMessage]:
    """The messages that a clock ends on another day."""
    query = select(OutboxMessage).where(
        OutboxMessage.case_id == matter.id, OutboxMessage.kind == "change"
    )
    with matter.town.database.read() as session:
        found = list(session.scalars(query.order_by(OutboxMessage.id)))
    return [message for message in found if message.data["clock"] == clock]


def asked(matter: Matter, clock: str = "assessment") -> list[Escalation]:
    """What was put to somebody about a clock."""
    query = select(Escalation).where(Escalation.clock_id == matter.clock(clock).id)
    with matter.town.database.read() as session:
        return list(session.scalars(query.order_by(Escalation.raised_at, Escalation.id)))


def decide(matter: Matter, who: str, due_on: date, at: str, law: LawBook | None = None) -> int:
    """Let the assessment end earlier."""
    clock = matter.clock("assessment")

    def work(session: Any) -> int:
        view = operations.locked(session, matter.id)
        return move_end(
            view, clock.id, due_on, actor=matter.town[who], now=instant(at),
            law=law or shipped_law(),
        )  # fmt: skip

    return matter.town.database.write(work)


# Later by itself --------------------------------------------------------------------------------


def test_a_later_end_comes_by_itself_is_recorded_and_announced_once(early: Town):
    """11.3: five days from 28 September end on the tenth of October, a Saturday that is worked."""
    case = a_clue(early, "09-29")
    clock = case.clock("assessment")
    assert (clock.due_on, clock.provisional) == (day("10-06"), True), "1 October is off by law"

    load(case, "09-30 10:00")
    clock = case.clock("assessment")
    assert (clock.due_on, clock.provisional) == (day("10-09"), False)
    assert clock.derivation["calendar"] == clock.calendar == shipped_law().calendar.version
    assert known(case).faults() == []
    last = case.entries()[-1]
    assert (last.trigger, last.role, last.from_state) == (CLOCK_MOVED, "system", last.to_state)
    assert (case.row.next_due_name, case.row.next_due_at) == ("assessment", clock.due_at)
    messages = {m.role: m.data for m in told(case)}
    assert messages["supervisor"] | {"subject": ""} == {
        "number": case.row.number, "subject": "", "lifecycle": "joint_enforcement",
        "clock": "assessment", "was": "2026-10-06", "due_on": "2026-10-09", "why": "calendar",
    }  # fmt: skip

    entries, messages_before = len(case.entries()), len(told(case))
    load(case, "09-30 11:00")
    assert (len(case.entries()), len(told(case))) == (entries, messages_before)
    assert not recount_waits(case.town, shipped_law())


def recount_waits(town: Town, law: LawBook) -> bool:
    with town.database.read() as session:
        return recount.anything_waits(session, law)


def test_the_rungs_of_a_moved_clock_are_armed_for_its_new_end(early: Town):
    case = a_clue(early, "09-29")
    assert case.clock("assessment").next_rung_at == instant("10-05 09:00")
    load(case, "09-30 10:00")
    clock = case.clock("assessment")
    assert (clock.next_rung, clock.next_rung_at) == ("-1wd", instant("10-08 09:00"))


def test_a_rung_of_an_end_that_stays_leaves_the_holiday(early: Town):
    """Fifteen days from 27 September end on Monday the twelfth; 3 cd before is the tenth."""
    case = a_clue(early, "09-27")
    clock = case.clock("filing")
    assert (clock.due_on, clock.next_rung) == (day("10-12"), "-7cd")
    assert clock.next_rung_at == instant("10-05 09:00")
    load(case, "09-28 10:00")
    clock = case.clock("filing")
    assert (clock.due_on, clock.next_rung, clock.provisional) == (day("10-12"), "-7cd", False)
    assert clock.next_rung_at == instant("09-30 09:00")


def test_no_clock_passes_on_a_day_that_the_calendar_has_overtaken(early: Town):
    """Loaded, but the process died before it computed the clocks: the tick waits for that."""
    case = a_clue(early, "09-29")
    knowing = replace(early, law=shipped_law())
    knowing.tick("10-07 08:00")
    assert case.clock("assessment").expired_at is None
    load(case, "10-07 08:01")
    knowing.tick("10-09 23:00")
    assert case.clock("assessment").expired_at is None
    knowing.tick("10-10 00:00")
    assert case.clock("assessment").expired_at == instant("10-09 23:59:59")
    assert known(case).faults() == []


@pytest.mark.parametrize("ended", ["passed", "met"])
def test_what_has_passed_or_was_met_stays_as_it_was(early: Town, ended: str):
    case = a_clue(early, "09-29")
    if ended == "met":
        case.fire("assess", "supervisor", at="10-02")
    else:
        early.tick("10-07 00:00")
    before = case.clock("assessment")
    load(case, "10-07 10:00")
    after = case.clock("assessment")
    assert (after.due_on, after.provisional, after.derivation) == (
        before.due_on,
        before.provisional,
        before.derivation,
    )


def test_a_day_that_stays_is_provisional_no_longer_and_nobody_is_bothered(early: Town):
    case = a_clue(early, "03-02")
    assert case.clock("assessment").provisional
    acts = case.acts()
    load(case, "03-03")
    clock = case.clock("assessment")
    assert (clock.due_on, clock.provisional) == (day("03-05"), False)
    assert case.acts() == [*acts, CLOCK_MOVED], "one entry for all clocks of a case"
    assert '"settled"' in case.entries()[-1].body
    assert told(case) == []
    assert known(case).faults() == []


def test_the_regions_own_days_move_clocks_as_well(town: Town):
    eid = town.law.with_calendar(
        town.law.calendar.with_region(RegionLayer.of([day("05-27"), day("05-28")]))
    )
    case = a_clue(town, "05-25")
    assert case.due("assessment") == day("05-28")
    load(case, "05-25 15:00", eid)
    assert case.due("assessment") == day("06-01")
    assert known(case, eid).faults() == []


# Earlier by decision ----------------------------------------------------------------------------


def earlier(early: Town, at: str = "09-18 16:00") -> Matter:
    """Three working days from a Friday before a Sunday that turns out to be worked."""
    case = a_clue(early, "09-18")
    assert case.due("assessment") == day("09-23")
    load(case, at)
    return case


def test_an_earlier_end_is_put_to_the_supervisor_and_the_clock_keeps_its_own(early: Town):
    case = earlier(early)
    clock = case.clock("assessment")
    assert (clock.due_on, clock.provisional) == (day("09-23"), False)
    assert clock.derivation[KEPT] == {"until": "2026-09-23", "calendar": EARLY.calendar.version}
    [raised] = asked(case)
    assert (raised.kind, raised.role, raised.status) == (Kind.EARLIER, "supervisor", "open")
    assert Proposal.read(raised.proposal) == Proposal(Do.MOVE_END, due_on=day("09-22"))
    assert raised.key.endswith("@2026-09-23")
    assert raised.organisation_id == case.row.authority_id
    assert told(case) == []
    assert known(case).faults() == []
    load(case, "09-18 17:00")
    assert [one.id for one in asked(case)] == [raised.id]
    assert case.acts().count(CLOCK_MOVED) == 1


def test_nobody_decided_so_the_later_end_holds(early: Town):
    case = earlier(early)
    knowing = replace(early, law=shipped_law())
    knowing.tick("09-23 00:00")
    assert case.clock("assessment").expired_at is None
    knowing.tick("09-24 00:00")
    assert case.clock("assessment").expired_at == instant("09-23 23:59:59")
    assert known(case).faults() == []


def test_a_supervisor_lets_it_end_earlier_under_their_name(early: Town):
    case = earlier(early)
    seq = decide(case, "supervisor", day("09-22"), "09-21")
    clock = case.clock("assessment")
    assert (clock.due_on, KEPT in clock.derivation) == (day("09-22"), False)
    assert (clock.next_rung, clock.next_rung_at) == ("on", instant("09-22 09:00"))
    entry = case.entries()[seq]
    assert (entry.trigger, entry.role) == (CLOCK_MOVED, "supervisor")
    assert [m.data["why"] for m in told(case)] == ["decision"]
    [raised] = asked(case)
    assert (raised.status, raised.closed_because) == ("closed", "granted")
    assert known(case).faults() == []


@pytest.mark.parametrize(
    ("who", "due_on", "at", "refusal"),
    [
        ("inspector", "09-22", "09-21", NotPermitted),
        ("supervisor", "09-21", "09-21", BadInputs),
        ("supervisor", "09-22", "09-23", BadInputs),
    ],
    ids=["not theirs", "another day", "a day that is over"],
)
def test_an_earlier_end_is_refused(early: Town, who: str, due_on: str, at: str, refusal: type):
    case = earlier(early)
    with pytest.raises(refusal):
        decide(case, who, day(due_on), at)
    assert case.due("assessment") == day("09-23")


def test_without_an_earlier_end_there_is_nothing_to_decide(town: Town):
    case = a_clue(town, "09-18")
    with pytest.raises(TransitionRefused):
        decide(case, "supervisor", day("09-22"), "09-21")


def test_a_further_amendment_that_ends_it_as_before_closes_what_was_asked(early: Town):
    case = earlier(early)
    load(case, "09-19", EARLY)
    [raised] = asked(case)
    assert (raised.status, raised.closed_because) == ("closed", "granted")
    assert KEPT not in case.clock("assessment").derivation
    assert known(case, EARLY).faults() == []


def test_what_somebody_refused_is_not_asked_again(early: Town):
    case = earlier(early)

    query = update(Escalation).where(Escalation.case_id == case.id).values(status="refused")
    early.database.write(partial(_execute, query=query))
    later = shipped_law().with_calendar(
        shipped_law().calendar.with_arrangements(load_arrangements(INVENTED_2027))
    )
    load(case, "09-19", later)
    assert [one.status for one in asked(case)] == ["refused"]
    assert case.due("assessment") == day("09-23")


def test_an_extension_counts_from_the_end_that_holds(early: Town):
    """What a clock keeps is a floor: an extension lengthens the period as the calendar has it."""
    case = a_clue(early, "09-05")
    assert case.due("filing") == day("09-21"), "a Sunday rolls"
    load(case, "09-07 10:00")
    clock = case.clock("filing")
    assert (clock.due_on, clock.derivation[KEPT]["until"]) == (day("09-21"), "2026-09-21")
    said = {"filing_extension_reason": "案情复杂"}
    known(case).fire("extend_filing", "leader", said, at="09-18")
    assert case.due("filing") == day("10-08"), "5 October is off"
    assert known(case).faults() == []


# A process dies, another goes on ------------------------------------------------------------------


def test_a_process_that_dies_between_release_and_clocks_leaves_them_to_the_job(early: Town):
    cases = [a_clue(early, "09-29") for _ in range(3)]
    put = partial(
        release, kind=ReleaseKind.CALENDAR, content=INVENTED_2027, name="2027",
        actor=SYSTEM_ACTOR, now=instant("09-29 13:00"),
    )  # fmt: skip
    early.database.write(put)
    died: list[None] = []

    def dying(_session: Any) -> None:
        died.append(None)
        if len(died) > 2:
            raise LeaseLost("amendments")

    law = shipped_law().with_calendar(
        shipped_law().calendar.with_arrangements(load_arrangements(INVENTED_2027))
    )
    with pytest.raises(LeaseLost):
        recount.amend(early.database, law, instant("09-29 13:00"), fence=dying)
    [job] = [one for one in jobs.JOBS if one.name == "amendments"]
    now = instant("09-29 14:00")
    assert job.waits(early.database, now)
    jobs.run(job, early.database, settings_of(early), now, "test")
    assert not job.waits(early.database, now)
    for case in cases:
        assert case.due("assessment") == day("10-09")
        assert case.acts().count(CLOCK_MOVED) == 1
        assert known(case, law).faults() == []


def test_one_broken_case_holds_up_no_other(early: Town, caplog: pytest.LogCaptureFixture):
    broken, sound = a_clue(early, "09-29"), a_clue(early, "09-29")
    clock = broken.clock("assessment")

    def put(derivation: dict[str, Any]) -> None:
        query = update(CaseDeadline).where(CaseDeadline.id == clock.id)
        early.database.write(partial(_execute, query=query.values(derivation=derivation)))

    put({**clock.derivation, "exclusions": [{"from": "2026-09-30"}]})
    load(sound, "09-30")
    assert (sound.due("assessment"), broken.due("assessment")) == (day("10-09"), day("10-06"))
    assert str(broken.id) in caplog.text
    put(clock.derivation)
    load(broken, "09-30")
    assert broken.due("assessment") == day("10-09")


def _execute(session: Session, query: Update) -> None:
    session.execute(query)


# The command ------------------------------------------------------------------------------------


def settings_of(town: Town) -> Settings:
    url = town.database.url.render_as_string(hide_password=False)
    return Settings(database_url=url, secret_key="for tests only", files=town.store.folder)


@pytest.fixture
def calendar(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``flask calendar`` over the town, at a time of its year."""
    app = create_app(settings_of(town))
    app.extensions[EXTENSION].dispose()
    app.extensions[EXTENSION] = town.database
    monkeypatch.setattr("app.cases.commands_calendar.utcnow", lambda: instant("09-18 18:00"))
    return lambda *arguments: app.test_cli_runner().invoke(args=["calendar", *arguments])


def test_a_dry_run_lists_every_clock_that_would_change_and_changes_none(
    calendar: Callable[..., Result], early: Town, tmp_path: Path
):
    recount.amend(early.database, shipped_law(), instant("09-18"))
    case = a_clue(early, "09-18")
    file = tmp_path / "2027.csv"
    file.write_text(INVENTED_2027, encoding="utf-8")

    answer = calendar("load", str(file), "--dry-run")
    assert answer.exit_code == 0, answer.output
    lines, number = answer.output.splitlines(), case.row.number
    assert lines[0].startswith("2027.csv 无误：2027 年，7 项安排。")
    assert f"{number}  立案  2026-10-05 → 2026-10-08  顺延 later" in lines
    assert (
        f"{number}  线索研判  2026-09-23 → 2026-09-22  提前，须由主管人员决定 earlier, to be decided"
    ) in lines
    assert (case.due("filing"), case.due("assessment")) == (day("10-05"), day("09-23"))
    assert asked(case) == []

    loaded = calendar("load", str(file))
    assert loaded.exit_code == 0, loaded.output
    assert loaded.output.splitlines()[-3:] == lines[-3:], "what was foretold has happened"
    assert (case.due("filing"), case.due("assessment")) == (day("10-08"), day("09-23"))
    assert [one.kind for one in asked(case)] == ["earlier"]
