"""The commands of the desk and of the demonstration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from app.cases import desk
from app.cases.models import Case
from app.demo import enforcement
from app.demo.cast import assemble
from app.demo.city import PLOTS
from app.law.terms import shipped_law
from app.outbox.models import Letter, OutboxMessage
from app.workflows import LIFECYCLES
from tests.conftest import ONE_ENGINE


def test_lifecycles_are_listed_and_checked(app):
    run = app.test_cli_runner().invoke
    listed = run(args=["lifecycle", "list"])
    assert [line.split("/")[0] for line in listed.output.splitlines()] == list(LIFECYCLES)
    assert "21 states" in listed.output
    checked = run(args=["lifecycle", "check"])
    assert checked.exit_code == 0
    assert "2 lifecycles hold together." in checked.output


def test_a_lifecycle_is_drawn_in_both_languages_and_formats(app, tmp_path):
    run = app.test_cli_runner().invoke
    drawn = run(args=["lifecycle", "diagram", "recheck", "--lang", "en"])
    assert drawn.output.startswith("stateDiagram-v2")
    assert "Opinions issued" in drawn.output
    out = tmp_path / "recheck.svg"
    done = run(args=["lifecycle", "diagram", "recheck", "--format", "svg", "--out", str(out)])
    assert done.exit_code == 0
    assert "复查意见已下发" in out.read_text(encoding="utf-8")
    assert run(args=["lifecycle", "diagram", "nothing"]).exit_code != 0


WRONG = {
    "tick": ["--now=yesterday", "--now=2026-11-25T10:00:00", "--now="],
    "due": [
        "--now=2026-11-25T10:00:00", "--within=7", "--within=d", "--within=-7d", "--within=1w",
        "--within=1000000d",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "wrong"), [(name, one) for name, all_of in WRONG.items() for one in all_of]
)
def test_the_clocks_refuse_what_is_no_instant_and_no_span(app, command, wrong):
    refused = app.test_cli_runner().invoke(args=["clocks", command, wrong])
    assert (refused.exit_code, "must be" in refused.output) == (2, True)


def test_what_falls_due_is_listed_over_several_batches_and_worked_off_once(
    app, database, monkeypatch
):
    monkeypatch.setattr("app.cases.timers.BATCH", 3)
    monkeypatch.setattr("app.cases.commands.utcnow", lambda: datetime(2026, 4, 1, tzinfo=UTC))
    law, opened = shipped_law(), datetime(2026, 3, 2, 1, tzinfo=UTC)
    cast = database.write(partial(assemble, now=opened, cycle_years=(2026,)))
    desk.open_cycle(database, 2026, actor=cast["supervisor"], now=opened, law=law)
    with database.read() as session:
        numbers = set(session.scalars(select(Case.number)))
    assert len(numbers) > 3
    run = app.test_cli_runner().invoke
    now = "--now=2026-03-30T08:00:00+08:00"

    listed = run(args=["clocks", "due", now, "--within", "2d"])
    assert listed.exit_code == 0
    lines = [line.split(maxsplit=4) for line in listed.output.splitlines()]
    assert [line[:2] for line in lines] == sorted(line[:2] for line in lines)
    rungs = [line for line in lines if line[2] == "rung"]
    ends = [line for line in lines if line[2] == "end"]
    assert {line[3] for line in rungs} == {line[3] for line in ends} == numbers
    assert {(*line[:2], line[4]) for line in ends} == {("2026-03-31", "23:59", "报送年度排放报告")}
    assert run(args=["clocks", "due", now, "--within", "0h"]).output.count("\n") == len(numbers)

    ticked = run(args=["clocks", "tick", now])
    assert ticked.exit_code == 0
    *told, count = ticked.output.splitlines()
    assert count == f"{len(told)} things were due."
    assert sorted(told) == sorted(
        f"{number}  report_filing  rung -{days}cd" for number in numbers for days in (15, 7, 3)
    )  # thirty days before the end were over when it began
    assert run(args=["clocks", "tick", now]).output == "0 things were due.\n"
    after = run(args=["clocks", "tick", "--now=2026-04-01T00:00:00+08:00"]).output.splitlines()
    assert sorted(line for line in after if "declare" in line) == sorted(
        f"{number}  report_filing  declare_overdue" for number in numbers
    )


def test_nothing_happens_before_its_time_but_in_a_demonstration(app, settings, database):
    run = app.test_cli_runner().invoke
    to_come = ["clocks", "tick", "--now=2999-01-01T00:00:00+08:00"]
    refused = run(args=to_come)
    assert (refused.exit_code, "has not come" in refused.output) == (2, True)
    app.extensions["tanjian.settings"] = replace(settings, demo=True)
    assert run(args=to_come).output == "0 things were due.\n"


@ONE_ENGINE
def test_the_city_is_built_once_and_not_in_a_real_installation(
    app, settings, database, monkeypatch
):
    monkeypatch.setattr(enforcement, "PLOTS", enforcement.PLOTS[:2])  # the rest has its own test
    run = app.test_cli_runner().invoke
    refused = run(args=["demo", "load"])
    assert refused.exit_code != 0
    assert "TANJIAN_DEMO" in refused.output

    app.extensions["tanjian.settings"] = replace(settings, demo=True)
    loaded = run(args=["demo", "load"])
    assert loaded.exit_code == 0, loaded.output
    assert "tanjian-demo" in loaded.output
    verifications = select(func.count()).where(Case.lifecycle == "verification")
    again = run(args=["demo", "load"])
    assert "stands" in again.output
    with database.read() as reading:
        assert reading.scalar(verifications) == len(PLOTS)
        clues = select(func.count()).where(Case.lifecycle == "joint_enforcement")
        assert reading.scalar(clues) == len(enforcement.PLOTS)
        told = select(func.count()).where(OutboxMessage.sent_at.is_not(None))
        assert (reading.scalar(told) or 0) > len(PLOTS)
        kept = select(func.count()).where(Letter.read_at == Letter.created_at)
        assert (reading.scalar(kept) or 0) > len(PLOTS)
