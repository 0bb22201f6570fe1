"""How dates, amounts and remaining time read."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask_babel import force_locale

from app import formats, frame, navigation
from app.engine.actors import Role
from app.law.calendar import shipped_calendar
from app.law.labels import Label
from tests import factories

CALENDAR = shipped_calendar()


@pytest.fixture
def page(app):
    with app.test_request_context():
        yield app


def in_both(function, *args):
    answers = []
    for locale in ("zh_Hans_CN", "en"):
        with force_locale(locale):
            answers.append(function(*args))
    return tuple(answers)


@pytest.mark.parametrize(
    ("function", "value", "zh", "en"),
    [
        (formats.label, Label("送达", "Service"), "送达", "Service"),
        (formats.day, date(2026, 11, 22), "2026-11-22（周日）", "2026-11-22 (Sun)"),
        (formats.day, datetime(2026, 11, 22, 16, 1, tzinfo=UTC), "2026-11-23（周一）", "2026-11-23 (Mon)"),
        (formats.day, None, "—", "—"),
        (formats.instant, datetime(2026, 11, 22, 16, 1, tzinfo=UTC), "2026-11-23 00:01", "2026-11-23 00:01"),
        (formats.instant, None, "—", "—"),
        (formats.clock_time, datetime(2026, 11, 22, 2, 41, tzinfo=UTC), "10:41", "10:41"),
        (formats.number, Decimal("1234567.50"), "1,234,567.50", "1,234,567.50"),
        (formats.number, None, "—", "—"),
        (formats.tonnes, 26000, "26,000 tCO₂e", "26,000 tCO₂e"),
        (formats.tonnes, None, "—", "—"),
        (formats.yuan, Decimal(500000), "500,000.00 元", "CNY 500,000.00"),
        (formats.yuan, None, "—", "—"),
        (formats.file_size, 1023, "1023 B", "1023 B"),
        (formats.file_size, 1024, "1 KB", "1 KB"),
        (formats.file_size, 5 * 1024 * 1024, "5.0 MB", "5.0 MB"),
    ],
)  # fmt: skip
def test_a_value_reads_in_both_languages(page, function, value, zh, en):
    assert in_both(function, value) == (zh, en)


@pytest.mark.parametrize(
    ("today", "due_on", "text", "urgency"),
    [
        (date(2026, 9, 28), date(2026, 10, 12), "剩 6 个工作日", "later"),  # the week of 1 October is off
        (date(2026, 3, 16), date(2026, 3, 19), "剩 3 个工作日", "later"),
        (date(2026, 3, 16), date(2026, 3, 18), "剩 2 个工作日", "soon"),
        (date(2026, 3, 20), date(2026, 3, 22), "剩 0 个工作日", "soon"),
        (date(2026, 3, 16), date(2026, 3, 16), "今日到期", "today"),
        (date(2026, 3, 16), date(2026, 3, 15), "逾期 1 日", "overdue"),
        (date(2026, 3, 16), date(2026, 3, 6), "逾期 10 日", "overdue"),
    ],
)  # fmt: skip
def test_what_is_left_is_counted_in_working_days(page, today, due_on, text, urgency):
    left = formats.remaining(due_on, today, CALENDAR)
    assert (left.text, left.urgency) == (text, urgency)


@pytest.mark.parametrize(
    ("today", "note"),
    [(date(2025, 6, 1), ""), (date(2026, 6, 1), "2027 年安排未发布"), (date(2030, 6, 1), "2030 年安排未发布")],
)  # fmt: skip
def test_the_footer_says_which_year_is_not_arranged(page, today, note):
    assert frame.calendar_note(CALENDAR, today) == note


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM}))
def test_every_line_of_the_menu_leads_to_a_page_the_person_may_see(database, app, sign_in, role):
    actor = database.write(lambda writing: factories.actor(writing, role))
    with app.test_request_context():
        lines = navigation.lines(actor)
    client = sign_in(actor)
    assert [line.url for line in lines if client.get(line.url).status_code != 200] == []


def test_a_count_stands_beside_its_line(app, database):
    actor = database.write(lambda writing: factories.actor(writing, Role.SUPERVISOR))
    kept = dict(app.extensions.get(navigation.COUNTS, {}))
    navigation.count(app, "registers.units", lambda _session, _actor: 7)
    try:
        with app.test_request_context("/registers/units/new"):
            lines = {str(line.label): line for line in navigation.lines(actor)}
    finally:
        app.extensions[navigation.COUNTS] = kept
    assert lines["重点排放单位"].count == 7
    assert [line.current for line in lines.values()].count(True) == 1
    assert lines["重点排放单位"].current
