"""Releases on top of the shipped law: calendars of new years, local terms, the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.audit import chain, verification
from app.db import EXTENSION, Database
from app.engine.actors import SYSTEM_ACTOR
from app.law.calendar import COLUMNS, ArrangementError
from app.law.errors import LawError
from app.law.periods import Unit, compute
from app.law.terms import shipped_law
from app.releases.models import ReleaseKind
from app.releases.operations import current_law, release
from tests.times import NOW

INVENTED_2027 = (
    ",".join(COLUMNS)
    + """
2027,国办发明电〔2026〕0号,2026-11-20,元旦,2027-01-01,2027-01-03,3,
2027,国办发明电〔2026〕0号,2026-11-20,春节,2027-02-05,2027-02-11,7,2027-01-30 2027-02-13
2027,国办发明电〔2026〕0号,2026-11-20,清明节,2027-04-03,2027-04-05,3,
2027,国办发明电〔2026〕0号,2026-11-20,劳动节,2027-05-01,2027-05-05,5,2027-05-08
2027,国办发明电〔2026〕0号,2026-11-20,端午节,2027-06-09,2027-06-09,1,
2027,国办发明电〔2026〕0号,2026-11-20,中秋节,2027-09-15,2027-09-15,1,
2027,国办发明电〔2026〕0号,2026-11-20,国庆节,2027-10-01,2027-10-07,7,2027-09-26 2027-10-09
"""
)
"""For tests only: the real arrangement of 2027 was not published when this was written."""


def put(database: Database, kind: ReleaseKind, content: str) -> None:
    database.write(lambda s: release(s, kind, content, name="test", actor=SYSTEM_ACTOR, now=NOW))


def test_without_releases_the_shipped_law_holds(database):
    with database.read() as session:
        assert current_law(session) is shipped_law()


def test_a_new_year_makes_its_days_final(database):
    before = compute(date(2026, 12, 28), 7, Unit.WORKING_DAYS, shipped_law().calendar)
    assert before.provisional

    put(database, ReleaseKind.CALENDAR, INVENTED_2027)

    with database.read() as session:
        law = current_law(session)
        after = compute(date(2026, 12, 28), 7, Unit.WORKING_DAYS, law.calendar)
        assert (after.last_day, after.provisional) == (date(2027, 1, 7), False)
        assert current_law(session) is law


def test_a_release_is_an_entry_of_its_chain(database):
    put(database, ReleaseKind.CALENDAR, INVENTED_2027)
    with database.read() as session:
        assert not list(verification.verify_chain(session, chain.chain_id_of("releases")))
        told = session.scalar(text("SELECT body FROM audit_entries WHERE chain = 'releases'"))
        assert '"kind":"calendar"' in told


def test_a_local_term_can_be_released_and_a_statutory_one_cannot(database):
    longer = (
        'desk_review = { period = "15 wd", mark = "D", zh = "文件评审", en = "Document review" }'
    )
    put(database, ReleaseKind.TERMS, longer)
    with database.read() as session:
        assert current_law(session).term("desk_review", date(2026, 5, 6)).length == 15
    statutory = 'objection = { period = "9 wd", mark = "S", basis = ["O19 27"], zh = "异议", en = "Objection" }'
    with pytest.raises(LawError, match="法定"):
        put(database, ReleaseKind.TERMS, statutory)


def test_a_wrong_file_releases_nothing(database):
    with pytest.raises(ArrangementError) as refused:
        put(database, ReleaseKind.CALENDAR, INVENTED_2027.replace("2027-02-13", "2027-02-12"))
    assert refused.value.line == 3
    with database.read() as session:
        assert current_law(session) is shipped_law()


@pytest.mark.parametrize(
    "change", ["UPDATE law_releases SET content = ''", "DELETE FROM law_releases"]
)
def test_the_database_keeps_releases_as_they_are(database, change):
    put(database, ReleaseKind.CALENDAR, INVENTED_2027)
    with pytest.raises(DBAPIError, match="append-only"):
        database.write(lambda s: s.execute(text(change)) and None)


def test_numbers_switches_and_dates_of_a_year_can_be_released(database):
    put(
        database,
        ReleaseKind.SETTINGS,
        """
[values]
recheck_rounds = { amount = "3", unit_zh = "轮", unit_en = "rounds", mark = "D", zh = "轮次", en = "Rounds" }
[switches]
region_holidays_count_as_off = { on = false, mark = "D", zh = "地区性节假日", en = "Region days" }
""",
    )
    put(
        database,
        ReleaseKind.YEAR_DATES,
        """
[names]
Y-02 = { zh = "发电行业核查完成", en = "Power sector verified" }
[years.2027]
Y-02 = { date = 2027-06-20, mark = "D", basis = ["LOCAL"] }
""",
    )
    with database.read() as session:
        law = current_law(session)
    assert law.value("recheck_rounds", date(2026, 6, 1)) == 3
    assert not law.calendar.region_counts
    assert law.year_date("Y-02", 2027).date == date(2027, 6, 20)


@pytest.fixture
def run(app: Flask):
    return app.test_cli_runner().invoke


def test_last_day_prints_the_day_and_every_day_before_it(run):
    answer = run(args=["calendar", "last-day", "2026-09-28", "5", "wd", "--explain"])
    lines = answer.output.splitlines()
    assert lines[0] == "2026-10-10 星期六"
    assert lines[-1] == "2026-10-10 星期六 计入 A8 第5个工作日（调休上班）"
    assert sum("国庆节" in line for line in lines) == 7


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["2026-02-12", "7", "wd"], "2026-02-28 星期六"),
        (["2026-09-20", "15", "cd"], "2026-10-08 星期四"),
        (["2026-08-31", "6", "m"], "2027-03-01 星期一（暂定：该期间的节假日安排尚未公布）"),
        (["2026-03-02", "1", "y"], "2027-03-02 星期二（暂定：该期间的节假日安排尚未公布）"),
        (["2026-09-28T15:30", "24", "h"], "2026-09-29 15:30"),
        (["2026-09-30", "7", "wd", "--backward"], "2026-09-18 星期五"),
        (["2026-03-02", "5", "wd", "--exclude", "2026-03-03:2026-03-05:hold"], "2026-03-11 星期三"),
        (["2026-03-02", "5", "wd", "--exclude", "2026-03-03::hold"], "2026-03-09 星期一（中止计算，最早至该日）"),
        (["2026-09-28", "5", "wd", "--lang", "en"], "2026-10-10 Saturday"),
    ],
)  # fmt: skip
def test_last_day_answers(run, arguments, answer):
    assert run(args=["calendar", "last-day", *arguments]).output.splitlines()[0] == answer


@pytest.mark.parametrize(
    "arguments",
    [
        ["2026-02-30", "5", "wd"],
        ["2026-02-20", "0", "wd"],
        ["2026-02-20", "5", "weeks"],
        ["tomorrow", "5", "h"],
        ["2026-02-20T08:00", "5", "h", "--backward"],
        ["2026-02-20", "5", "wd", "--exclude", "2026-02-21"],
        ["1999-02-20", "5", "wd"],
        ["2026-02-20", "5", "wd", "--backward", "--exclude", "2026-02-21::x"],
    ],
)
def test_last_day_says_what_is_wrong(run, arguments):
    answer = run(args=["calendar", "last-day", *arguments])
    assert answer.exit_code in {1, 2}
    assert "Traceback" not in answer.output


def test_hours_are_explained(run):
    answer = run(args=["calendar", "last-day", "2026-09-28T15:30+08:00", "24", "h", "--explain"])
    assert answer.output.splitlines() == [
        "2026-09-29 15:30",
        "A2 自起算时刻连续计算，不分昼夜和节假日",
    ]


def test_before_there_is_a_database_the_shipped_calendar_answers_and_says_so(app, run, tmp_path):
    nowhere = Database(f"sqlite:///{tmp_path}/empty.sqlite")
    there, app.extensions[EXTENSION] = app.extensions[EXTENSION], nowhere
    try:
        answer = run(args=["calendar", "last-day", "2026-09-28", "5", "wd"])
    finally:
        app.extensions[EXTENSION] = there
        nowhere.dispose()
    assert answer.stdout == "2026-10-10 星期六\n"
    assert "No database yet" in answer.stderr


def test_show_names_the_days_and_where_an_older_year_comes_from(run):
    shown = run(args=["calendar", "show", "2021"]).output.splitlines()
    assert "2021-07-19 星期一 古尔邦节" in shown  # the region's own
    assert "2021-02-07 星期日 调休上班" in shown
    older = run(args=["calendar", "show", "2019", "--lang", "en"]).output.splitlines()
    assert older[0] == "From a published package, not the notice."
    assert "2019-10-01 Tuesday National Day" in older


def test_load_takes_a_year_and_refuses_a_wrong_file_with_its_line(run, tmp_path: Path, database):
    good, bad, other = (tmp_path / name for name in ("good.csv", "bad.csv", "other.csv"))
    good.write_text(INVENTED_2027, encoding="utf-8")
    bad.write_text(INVENTED_2027.replace("2027-01-03,3", "2027-01-03,4"), encoding="utf-8")
    other.write_bytes(b"\xff\xfe\x00")

    refused = run(args=["calendar", "load", str(bad)])
    assert (refused.exit_code, "第 2 行" in refused.output) == (2, True)
    assert run(args=["calendar", "load", str(other)]).exit_code == 2
    tried = run(args=["calendar", "load", str(good), "--dry-run"])
    assert tried.exit_code == 0
    with database.read() as session:
        assert current_law(session) is shipped_law()

    assert run(args=["calendar", "show", "2027"]).output.startswith("2027 年的安排尚未公布")
    taken = run(args=["calendar", "load", str(good)])
    assert (taken.exit_code, "第 1 号" in taken.output) == (0, True)
    shown = run(args=["calendar", "show", "2027"]).output
    assert "2027-02-13 星期六 调休上班" in shown


def test_the_regions_days_are_a_layer_of_their_own(run, tmp_path: Path, database):
    file = tmp_path / "region.csv"
    file.write_text(
        ",".join(COLUMNS) + "\n2026,,,古尔邦节,2026-05-27,2026-05-28,2,\n", encoding="utf-8"
    )
    assert run(args=["calendar", "load", str(file), "--region"]).exit_code == 0
    ask = ["calendar", "last-day", "2026-05-22", "5", "wd"]
    assert run(args=[*ask, "--region"]).output.startswith("2026-06-02")
    assert run(args=[*ask, "--no-region"]).output.startswith("2026-05-29")
