"""The clocks run ahead: row by row what ticking brings about, and nothing is written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app import create_app, db
from app.accounts.models import Organisation, OrganisationKind
from app.accounts.operations import grant
from app.audit.models import AuditEntry
from app.cases import timers
from app.cases.models import Case, CaseDeadline, ClockRung, Escalation, EscalationStep
from app.cases.records import assign
from app.cases.sight import visible_to
from app.db import Database
from app.engine.actors import SYSTEM, SYSTEM_ACTOR, Role
from app.insights import rehearsal_views
from app.insights.rehearsal import Rehearsal, rehearse
from app.insights.telling import Row, What
from app.law.periods import LOCAL_ZONE, end_of_day
from app.models import metadata
from app.workflows import LIFECYCLES
from app.workflows.joint_enforcement import JointEnforcement
from config import Settings
from tests.cases.conftest import page
from tests.enforcement.conftest import Bureau
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.procedure import FAMILY, a_case, assemble
from tests.workflows.stand_ins import clue
from tests.year import UP_TO_DESK_REVIEW, UP_TO_ISSUE, UP_TO_RECHECK, UP_TO_RESULT, Year, a_year

NOW = "09-21 10:00"
UNTIL = "11-06"
"""Between them lie the National Day with its make-up days and a waiver that opens a new clock."""
ASKED = "/insights/rehearsal"


@dataclass
class Busy(Bureau):
    """A town on an autumn morning, in the middle of several matters, with its application."""

    notified: Year | None = None
    clue: Matter | None = None


@pytest.fixture(scope="module")
def busy(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    settings = Settings(
        database_url=town.database.url.render_as_string(hide_password=False),
        secret_key="for tests only",
        files=tmp_path_factory.mktemp("uploads"),
    )
    with registered(*FAMILY), pytest.MonkeyPatch.context() as patch:
        assemble(town)
        notified = a_year(town).file().play(UP_TO_RESULT, until="09-18")
        a_year(town, "changtan").file().play(UP_TO_ISSUE, until="09-18")
        a_year(town, "jinwan").file().play(UP_TO_RECHECK, until="09-18")
        a_year(town, "xiling").file().play(UP_TO_DESK_REVIEW, until="09-16")
        logged = town.open(JointEnforcement, "inspector", clue(), at="09-18", subject="beian")
        a_case(town, on="09-17", party="qingshi").noticed("09-18")
        a_case(town, on="09-07", party="yinfan").performed("09-18")
        given = partial(
            assign, case_id=logged.id, person_id=town["inspector"].person_id,
            actor=town["supervisor"], now=instant("09-18 15:00"),
        )  # fmt: skip
        town.database.write(given)
        town.tick(NOW)
        app = create_app(settings)
        app.extensions[db.EXTENSION].dispose()
        app.extensions[db.EXTENSION] = town.database
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        made = Busy(app, town, instant(NOW), notified, logged)
        patch.setattr("app.cases.views.utcnow", lambda: made.now)
        yield made


@pytest.fixture(scope="module")
def ahead(busy: Busy) -> Rehearsal:
    """What the engine itself answers where pages and commands are asked for the same."""
    return rehearse(busy.town.database, busy.town.law, busy.now, day("10-09"))


# The page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "status"),
    [("supervisor", 200), ("leader", 200), ("auditor", 200), ("inspector", 403), ("legal", 403), ("verifier", 403), ("unit-redian", 403), ("region", 403), ("admin", 403)],
)  # fmt: skip
def test_it_is_open_to_those_who_watch_over_the_work(busy, login, status):
    for address in (ASKED, f"{ASKED}.csv"):
        answer = busy.browser(login).get(address, query_string={"until": "2026-09-21"})
        assert answer.status_code == status, address


def test_the_page_shows_day_by_day_what_comes_and_whose_it_is(busy):
    html = page(busy.browser("supervisor").get(ASKED, query_string={"until": "2026-10-09"}))
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    for told in (
        "2026-09-29（周二） 到期 2 · 逐级上报 1", "届满未办：视为放弃", "2026-10-09（周五） 逾期 1 · 届满自动办理 1", "届满自动办理 提出异议 重点排放单位 逾期未提异议",
        "逾期督办，报业务科室负责人",
    ):  # fmt: skip
        assert told in words, words[words.index("逐日事项") :]
    assert "届满前" not in words, "reminders are counted, not listed"
    assert "条提醒和仍未决定的督办未列出" in words
    officer = busy.town["inspector"].person_name
    by_officer = re.search(r"按经办人</h2>.*?</table>", html, re.DOTALL)
    assert by_officer is not None
    assert officer in by_officer[0], "a case that is assigned counts for its officer"
    listed = page(busy.browser("supervisor").get(ASKED, query_string={"until": "2026-10-09", "everything": "y"}))  # fmt: skip
    assert "届满前 2 个工作日：当事人" in listed


def test_the_filter_narrows_the_rows_to_an_officer_and_a_procedure(busy):
    asked = {"until": "2026-10-09", "officer": str(busy.town["inspector"].person_id)}
    numbers = set(re.findall(r"cases/([0-9a-f-]{36})", page(busy.browser("leader").get(ASKED, query_string=asked))))  # fmt: skip
    assert numbers == {str(busy.clue.id)}
    asked = {"until": "2026-10-09", "lifecycle": "joint_enforcement", "officer": "none"}
    assert "没有符合筛选条件" in page(busy.browser("leader").get(ASKED, query_string=asked))


def test_nobody_reads_of_cases_they_may_not_see(busy):
    town = busy.town
    elsewhere = replace(town["supervisor"], organisation_id=town["market"].organisation_id, division="650000")  # fmt: skip
    nothing = rehearse(
        town.database, town.law, busy.now, day("10-09"), criteria=[visible_to(elsewhere)]
    )
    assert (nothing.cases, nothing.rows) == (0, [])


def test_the_browser_is_told_what_it_may_see_alone(busy):
    """Somebody who supervises in another body sees the cases that body takes part in: one."""
    town = busy.town
    agency = town["unit-changtan"]

    def also(session: Session) -> None:
        grant(
            session, SYSTEM_ACTOR, person_id=agency.person_id, organisation_id=agency.organisation_id,
            role=Role.SUPERVISOR, since=date(2021, 1, 1), now=instant("09-18"),
        )  # fmt: skip
        body = session.get_one(Organisation, agency.organisation_id)
        body.kind, body.division = OrganisationKind.BRANCH, "650100"

    town.database.write(also)
    html = page(busy.browser("unit-changtan").get(ASKED, query_string={"until": "2026-10-09"}))
    shown = set(re.findall(r"cases/([0-9a-f-]{36})", html))
    with town.database.read() as session:
        theirs = session.scalars(select(Case.id).where(Case.subject_id == agency.organisation_id))
        assert shown == {str(case_id) for case_id in theirs}


@pytest.mark.parametrize("until", ["2026-09-20", "2027-09-23", "soon", ""])
def test_a_day_that_cannot_be_is_refused_beside_its_field(busy, until):
    html = page(busy.browser("supervisor").get(ASKED, query_string={"until": until}), 422)
    assert 'id="until-error"' in html
    assert f'value="{until}"' in html


def test_the_file_holds_every_row_and_nothing_that_counts(busy, ahead):
    answer = busy.browser("supervisor").get(f"{ASKED}.csv", query_string={"until": "2026-10-09"})
    assert answer.data.startswith(b"\xef\xbb\xbf")
    heading, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert heading[:3] == ["日期", "事项", "案号"]
    assert [line[2] for line in lines] == [row.number for row in ahead.rows]
    assert {line[1] for line in lines} >= {"到期", "逾期", "提醒", "升级督办", "届满自动办理"}
    assert not [cell for line in lines for cell in line if cell[:1] in "=+-@" and cell]


def test_what_is_too_much_for_a_browser_is_left_to_the_command(busy, monkeypatch):
    browser = busy.browser("supervisor")
    monkeypatch.setattr(rehearsal_views, "MOST_THINGS", 5)
    html = page(browser.get(ASKED, query_string={"until": "2026-10-31", "division": "640500"}))
    line = "flask clocks simulate --until 2026-10-31 --division 640500 --csv rehearsal.csv"
    assert line in html
    stopped = re.search(r"网页只推演到 (\S+)（", html)
    assert stopped is not None
    assert "2026-09-20" < stopped[1] < "2026-10-31"
    monkeypatch.setattr(rehearsal_views, "MOST_CASES", 1)
    asked = {"until": "2026-10-31", "officer": str(busy.town["inspector"].person_id)}
    assert "逐日事项" in page(browser.get(ASKED, query_string=asked)), "one case is not too many"
    html = page(browser.get(ASKED, query_string={"until": "2026-10-31", "officer": "none"}))
    assert "flask clocks simulate --until 2026-10-31 --unassigned --csv rehearsal.csv" in html
    assert "逐日事项" not in html


# The command ---------------------------------------------------------------------------------------


def test_the_command_prints_a_line_a_row_and_sums_per_officer(busy, ahead, tmp_path):
    run = busy.app.test_cli_runner().invoke
    args = ["clocks", "simulate", "--until", "2026-10-09", "--now", "2026-09-21T10:00:00+08:00"]
    done = run(args=args)
    rows, sums = done.output.split("\n\n")
    assert len(rows.splitlines()) == len(ahead.rows)
    assert rows.splitlines()[0].startswith("2026-09-2")
    assert sums.splitlines()[-1] == f"{ahead.cases} open cases, {len(ahead.rows)} rows until 2026-10-09."  # fmt: skip
    officer = next(line for line in sums.splitlines() if line.startswith(busy.town["inspector"].person_name))  # fmt: skip
    assert re.fullmatch(r"\S+  到期 \d+  逾期 \d+  升级督办 \d+", officer)

    file = tmp_path / "rehearsal.csv"
    done = run(args=[*args, "--csv", str(file), "--officer", "inspector", "--lifecycle", "joint_enforcement"])  # fmt: skip
    assert done.exit_code == 0
    assert "1 open cases" in done.output
    numbers = {line[2] for line in csv.reader(io.StringIO(file.read_text("utf-8-sig")))}
    assert numbers == {"案号", busy.clue.row.number}


@pytest.mark.parametrize(
    "wrong",
    [["--until", "2026-09-20"], ["--until", "soon"], [], ["--until", "2026-10-09", "--officer", "nobody"]],
)  # fmt: skip
def test_the_command_refuses_what_it_cannot_answer(busy, wrong):
    run = busy.app.test_cli_runner().invoke
    done = run(args=["clocks", "simulate", "--now", "2026-09-21T10:00:00+08:00", *wrong])
    assert done.exit_code == 2


# What ticking brings about -------------------------------------------------------------------------


def told(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """The rows of a rehearsal as they are compared."""
    return sorted(
        (r.on, r.what.value, r.number, r.clock.name if r.clock else "", r.key) for r in rows
    )


def ticked(town: Town, since: datetime, until: date) -> list[tuple[Any, ...]]:
    """Let every hour strike until the end of a day; return what came of it."""
    database = town.database
    known = {model: _ids(database, model) for model in (ClockRung, Escalation, EscalationStep)}
    seqs = _ends(database)
    end = datetime.combine(until + timedelta(1), time(), LOCAL_ZONE)
    at = since
    while at < end:
        timers.tick(database, town.law, at)
        at = (at + timedelta(hours=1)).replace(minute=0, second=0)
    timers.tick(database, town.law, end - timedelta(seconds=1))
    with database.read() as session:
        return sorted(_came_of_it(session, since, until, known, seqs))


def _ids(database: Database, model: Any) -> set[Any]:
    with database.read() as session:
        return set(session.scalars(select(model.id)))


def _ends(database: Database) -> set[Any]:
    with database.read() as session:
        return set(session.scalars(select(CaseDeadline.id).where(CaseDeadline.expired_at.is_not(None))))  # fmt: skip


def _came_of_it(
    session: Session, since: datetime, until: date, known: Any, ended: set[Any]
) -> Iterator[tuple[Any, ...]]:
    numbers = {case.id: case.number for case in session.scalars(select(Case))}
    clocks = {clock.id: clock for clock in session.scalars(select(CaseDeadline))}
    for clock in clocks.values():
        number = numbers[clock.case_id]
        ends = clock.due_at is not None and since <= clock.due_at <= end_of_day(until)
        if ends and _ran(clock):
            yield clock.due_on, "due", number, clock.name, clock.expiry
        if clock.expired_at is not None and clock.id not in ended:
            entry = session.get_one(AuditEntry, (clock.case_id, clock.expired_seq))
            late = entry.trigger == "deadline_passed" or clock.expiry in LATE
            what = "overdue" if late else "ended"
            yield _on(entry.recorded_at), what, number, clock.name, entry.trigger
    for rung in session.scalars(select(ClockRung)):
        if rung.id not in known[ClockRung] and rung.rung != "end":
            name = clocks[rung.clock_id].name
            yield _on(rung.told_at), "reminded", numbers[rung.case_id], name, rung.rung
    for one in session.scalars(select(Escalation)):
        name = clocks[one.clock_id].name if one.clock_id is not None else ""
        yield from _went(session, one, (numbers[one.case_id], name), known)


LATE = {"party_breach", "authority_breach", "target"}


def _ran(clock: CaseDeadline) -> bool:
    """Whether it still ran on its last day."""
    return clock.closed_at is None or (clock.due_at is not None and clock.closed_at >= clock.due_at)


def _went(
    session: Session, one: Escalation, where: tuple[str, str], known: Any
) -> Iterator[tuple[Any, ...]]:
    """How an escalation began, and each desk it went to."""
    query = select(EscalationStep).where(EscalationStep.escalation_id == one.id)
    gone = list(session.scalars(query.order_by(EscalationStep.at)))
    if one.id not in known[Escalation]:
        first = gone[0].from_role if gone else one.role
        yield _on(one.raised_at), "escalated", *where, f"{one.kind}:{first}"
    for step in gone:
        if step.id not in known[EscalationStep]:
            what = "climbed" if step.from_role != step.to_role else "undecided"
            yield _on(step.at), what, *where, f"{one.kind}:{step.to_role}"


def _on(at: datetime) -> date:
    return at.astimezone(LOCAL_ZONE).date()


def standing(database: Database) -> dict[str, Any]:
    """Every row of every table."""
    with database.read() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all()))
            for table in metadata.sorted_tables
        }


@dataclass(frozen=True)
class Played:
    """A rehearsal, what was said to the database meanwhile, and what ticking brought then."""

    found: Rehearsal
    unchanged: bool
    statements: list[str]
    ticked: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def played(busy: Busy) -> Played:
    """The town lives on to the day until which it was rehearsed."""
    town, since = busy.town, instant(NOW)
    before, said = standing(town.database), list[str]()
    engines = {town.database.engine, town.database.reader_engine}

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    found = rehearse(town.database, town.law, since, day(UNTIL))
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    unchanged = standing(town.database) == before
    return Played(found, unchanged, said, ticked(town, since, day(UNTIL)))


def test_it_says_row_by_row_what_ticking_to_that_day_brings_about(played):
    assert told(played.found.rows) == played.ticked
    assert {row.what for row in played.found.rows} == set(What)
    assert len(played.ticked) > 40
    assert not played.found.was_stopped


def test_it_writes_nothing(played):
    assert played.unchanged
    assert played.statements
    assert {said.split()[0] for said in played.statements} == {"SELECT"}


def test_a_waiver_takes_place_by_itself_and_its_clock_is_rehearsed_too(busy, played):
    number = busy.notified.row.number
    rows = [(r.on, r.what, r.clock.name, r.key) for r in played.found.rows if r.number == number]
    assert [row for row in rows if row[1] not in {What.REMINDED, What.UNDECIDED}] == [
        (day("09-29"), What.DUE, "objection", "party_waiver"),
        (day("10-09"), What.ENDED, "objection", "lapse_objection"),
        (day("11-02"), What.DUE, "publication_of_result", "target"),  # 20 working days
        (day("11-03"), What.OVERDUE, "publication_of_result", "deadline_passed"),
    ]


def test_people_are_reminded_on_working_days_of_the_autumn_of_2026_alone(busy, played):
    """Off 1-7 October and 25-27 September; at work on the Saturday 10 October."""
    days = {row.on for row in played.found.rows if row.what is What.REMINDED}
    off = {day(f"10-0{number}") for number in range(1, 8)} | {day("09-25"), day("09-26"), day("09-27")}  # fmt: skip
    assert not days & off
    assert not [on for on in days if on.weekday() > 4 and on != day("10-10")]
    town = busy.town
    worked = a_case(town, on="09-17", party="yuanfeng").noticed("09-30")
    only = [Case.id == worked.id]
    found = rehearse(town.database, town.law, instant("10-01"), day("10-12"), criteria=only)
    assert day("10-10") in {row.on for row in found.rows if row.what is What.REMINDED}


def test_no_right_is_lost_on_a_provisional_date_and_its_rows_say_so(busy, played):
    """The days off of 2027 are not published: seven working days from 30 December are a guess."""
    late = a_year(busy.town, "yuanfeng").file().play(UP_TO_RESULT, until="12-30")
    town, only = busy.town, [Case.id == late.id]
    found = rehearse(town.database, town.law, instant("12-31"), day("2027-01-31"), criteria=only)
    rows = [row for row in found.rows if row.clock and row.clock.name == "objection"]
    assert {row.what for row in rows} == {What.DUE, What.REMINDED}
    assert all(row.provisional for row in rows)
    [due] = [row for row in rows if row.what is What.DUE]
    assert due.on.year == 2027
    assert not [row for row in found.rows if row.what is What.ENDED]


def test_no_clock_and_no_automatic_act_opens_a_case():
    """Or its rows would have to stand under a case that is not there yet."""
    for lifecycle in LIFECYCLES.values():
        for child in lifecycle.children.values():
            assert SYSTEM not in child.opened_by.by, f"{lifecycle.key}.{child.name}"
