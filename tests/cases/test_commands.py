"""The commands of the desk and of the demonstration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.cases.models import Case
from app.demo import enforcement
from app.demo.city import PLOTS
from app.workflows import LIFECYCLES


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


@pytest.mark.parametrize("wrong", ["yesterday", "2026-11-25T10:00:00"])
def test_clocks_end_at_an_instant_with_its_zone(app, wrong):
    run = app.test_cli_runner().invoke
    done = run(args=["clocks", "expire", "--now", "2026-11-25T10:00:00+08:00"])
    assert done.output == "0 clocks ended.\n"
    assert run(args=["clocks", "expire", "--now", wrong]).exit_code != 0


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
