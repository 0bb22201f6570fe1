"""What a message says: templates in both languages, and the values that stand in them.

A template is plain text with names in braces, ``{number}``; nothing else is understood, so that no
text an administrator writes can run anything. The values are the case number, the name of the
subject, labels of the lifecycle, and dates: nothing a person typed, hence nothing of a
whistle-blower.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from math import ceil
from string import Formatter
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.accounts import requests
from app.cases.escalation.proposals import Kind
from app.cases.escalation.records import OUTCOMES
from app.cases.records import record_labels
from app.engine.definition import Lifecycle, Worded
from app.law.calendar import WorkCalendar, weekday_label
from app.law.labels import NO_LABEL, Label
from app.law.periods import LOCAL_ZONE, local_date
from app.outbox.models import MessageTemplate
from app.workflows import LIFECYCLES

LONGEST_SUBJECT: Final = 300
REMINDERS: Final = "reminders"
"""Key of the words around the reminders of one day."""
FAMILY: Final[Mapping[str, str]] = {
    "notice": "notice",
    "reminder": "clock.on",
    "escalation": "escalation",
    "change": "clock.moved",
}
"""By the kind of a message: the words it takes where its own key has none."""

_CASE: Final = {
    "number": Label("案号", "Case number"),
    "subject": Label("当事方名称", "Name of the subject"),
    "lifecycle": Label("流程", "Procedure"),
}
_CLOCK: Final = _CASE | {
    "clock": Label("期限名称", "Name of the clock"),
    "due": Label("最后一日（小时期限为时刻）", "Last day (for clocks of hours the instant)"),
}
_ESCALATION: Final = _CASE | {"kind": Label("督办事项类别", "Kind of the escalation")}
_LEAVER: Final = {
    "person": Label("离岗人员", "Who leaves"),
    "by": Label("经办人", "Who did it"),
    "day": Label("最后一日", "Last day"),
}
PLACEHOLDERS: Final[Mapping[str, Mapping[str, Label]]] = {
    "notice": _CASE
    | {
        "act": Label("办理事项", "What was done"),
        "state": Label("现处环节", "Where the case stands"),
    },
    "clock": _CLOCK | {"left": Label("剩余时间", "What is left")},
    "clock.moved": _CLOCK
    | {
        "was": Label("原最后一日", "Last day before"),
        "why": Label("变动原因", "Why it moved"),
    },
    "escalation": _ESCALATION,
    "escalation.decided": _ESCALATION | {"outcome": Label("决定结果", "What was decided")},
    "file.infected": _CASE | {"finding": Label("检出的恶意程序", "What was found")},
    "file.found": {
        "digest": Label("文件指纹（前 12 位）", "Fingerprint of the file (12 digits)"),
        "finding": Label("检出的恶意程序", "What was found"),
    },
    "delegation": {
        "principal": Label("被代办人", "Whose place is taken"),
        "substitute": Label("代办人", "Who takes it"),
        "since": Label("起始日", "First day"),
        "until": Label("截止日", "Last day"),
        "by": Label("经办人", "Who arranged it"),
    },
    "account": {
        "person": Label("所涉人员", "Whom it is about"),
        "by": Label("经办人", "Who did it"),
        "what": Label("申请事项", "What was asked for"),
    },
    "account.left": _LEAVER,
    "account.left_work": _LEAVER | {"cases": Label("未结案件数", "How many open cases")},
    REMINDERS: {
        "day": Label("日期", "Day"),
        "count": Label("项数", "How many"),
    },
}
"""By family: what may stand in braces, and what it means."""
WHY: Final[Mapping[str, Label]] = {
    "calendar": Label("放假安排已公布或者变动。", "The calendar was published or changed."),
    "decision": Label("经决定变更。", "It was decided so."),
}
"""Why a clock moved; any other word is not told."""
DECIDED: Final = Label("已决定", "Decided")
"""What is told of a decision whose outcome the message does not name."""


class Malformed(ValueError):
    """A text with braces that are not those of a name."""


# Texts ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one key in one version; version 0 is what the program ships."""

    key: str
    version: int
    subject: Label
    body: Label


@cache
def shipped() -> Mapping[str, Text]:
    """The words the program ships, by key."""
    return {
        key: Text(
            key,
            0,
            Label(row["subject_zh"], row["subject_en"]),
            Label(row["body_zh"], row["body_en"]),
        )
        for key, row in _shipped_rows().items()
    }


@cache
def shipped_labels() -> Mapping[str, Label]:
    """What each shipped key is for."""
    return {key: Label(row["zh"], row["en"]) for key, row in _shipped_rows().items()}


def _shipped_rows() -> Mapping[str, Any]:
    file = resources.files("app.outbox").joinpath("data", "templates.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def newest_saved() -> Select[MessageTemplate]:
    """The query of the newest version of each key that somebody saved."""
    last = (
        select(MessageTemplate.key, func.max(MessageTemplate.version).label("version"))
        .group_by(MessageTemplate.key)
        .subquery()
    )
    return select(MessageTemplate).join(
        last,
        (MessageTemplate.key == last.c.key) & (MessageTemplate.version == last.c.version),
    )


def newest(session: Session) -> Mapping[str, Text]:
    """The words that count now, by key: the newest version of each, else what is shipped."""
    saved = session.scalars(newest_saved())
    return {**shipped(), **{row.key: text_of(row) for row in saved}}


def text_of(row: MessageTemplate) -> Text:
    """The words of a stored version."""
    return Text(
        row.key,
        row.version,
        Label(row.subject_zh, row.subject_en),
        Label(row.body_zh, row.body_en),
    )


def text_for(texts: Mapping[str, Text], template: str, kind: str) -> Text:
    """The words of a message: those of its key, else of its family, else of its kind."""
    for key in (template, template.partition(".")[0]):
        if key in texts:
            return texts[key]
    return texts[FAMILY[kind]]


# Braces -----------------------------------------------------------------------------------------


def placeholders_of(key: str) -> Mapping[str, Label]:
    """What may stand in braces in the words of a key."""
    for name in (key, key.partition(".")[0]):
        if name in PLACEHOLDERS:
            return PLACEHOLDERS[name]
    return PLACEHOLDERS["notice"]


def names_in(pattern: str) -> list[str]:
    """The names in braces, in their order. Raises Malformed for any other use of braces."""
    found = []
    try:
        for _, name, spec, conversion in Formatter().parse(pattern):
            if name is None:
                continue
            if spec or conversion or not name.isidentifier():
                raise Malformed(name)
            found.append(name)
    except ValueError as error:
        raise Malformed(str(error)) from error
    return found


def filled(pattern: str, values: Mapping[str, str]) -> str:
    """Put values into a pattern, once: what a value itself says in braces stays as it is."""
    try:
        names_in(pattern)
    except Malformed:
        return pattern
    return "".join(
        literal + ("" if name is None else values.get(name, "—"))
        for literal, name, _, _ in Formatter().parse(pattern)
    ).strip()


# Values -----------------------------------------------------------------------------------------


def values_of(
    message: Mapping[str, Any], calendar: WorkCalendar, now: datetime, locale: str
) -> dict[str, str]:
    """What stands in the words of a message, in one language.

    Only what is named here leaves the data of a message: nothing that somebody typed.
    """
    told = message["data"]
    family, _, name = message["template"].partition(".")
    if family == "delegation":
        return _of_delegation(told, locale)
    if family == "account":
        return _of_account(told, locale)
    if message["template"] == "file.found":
        return {"digest": told["digest"], "finding": told["finding"]}
    key = told.get("lifecycle") or family
    lifecycle = LIFECYCLES.get(key)
    found = {
        "number": told.get("number", ""),
        "subject": told.get("subject", ""),
        "lifecycle": lifecycle.title().text(locale) if lifecycle else key,
    }
    if message["kind"] == "notice":
        found["act"] = _act(lifecycle, name).text(locale)
        state = _named(lifecycle.states if lifecycle else {}, told.get("state", ""))
        return found | {"state": state.text(locale), "finding": told.get("finding", "")}
    if message["kind"] == "escalation":
        return found | {
            "kind": _kind(told.get("kind", "")).text(locale),
            "outcome": _outcome(told.get("outcome", "")).text(locale),
        }
    clock = _named(lifecycle.deadlines if lifecycle else {}, told.get("clock", ""))
    return found | {
        "clock": clock.text(locale),
        **_times(told, calendar, now, locale, hours=bool(message["urgent"])),
    }


def _of_delegation(told: Mapping[str, Any], locale: str) -> dict[str, str]:
    days = {
        name: day_label(date.fromisoformat(told[name])).text(locale) for name in ("since", "until")
    }
    return {name: told[name] for name in ("principal", "substitute", "by")} | days


def _of_account(told: Mapping[str, Any], locale: str) -> dict[str, str]:
    found = {"person": told["person"], "by": told["by"], "cases": str(told.get("cases", ""))}
    if told.get("day"):
        found["day"] = day_label(date.fromisoformat(told["day"])).text(locale)
    if told.get("kind"):
        found["what"] = requests.Kind(told["kind"]).label.text(locale)
    return found


def _named(declared: Mapping[str, Worded], name: str) -> Label:
    """The label of something a lifecycle declares; of what it no longer does, the bare name."""
    one = declared.get(name)
    return one.label if one is not None else Label(name, name)


def _act(lifecycle: type[Lifecycle] | None, name: str) -> Label:
    """The label of an act of a lifecycle, or of what is recorded on any case."""
    acts = lifecycle.transitions if lifecycle else {}
    return _named(acts, name) if name in acts else record_labels().get(name, Label(name, name))


def _kind(name: str) -> Label:
    return Kind(name).label if name in set(Kind) else Label(name, name)


def _outcome(name: str) -> Label:
    return OUTCOMES.get(name, DECIDED)


def _times(
    told: Mapping[str, Any],
    calendar: WorkCalendar,
    now: datetime,
    locale: str,
    *,
    hours: bool,
) -> dict[str, str]:
    found = {"why": WHY.get(told.get("why", ""), NO_LABEL).text(locale)}
    if told.get("was"):
        found["was"] = day_label(date.fromisoformat(told["was"])).text(locale)
    if not told.get("due_on"):
        return found
    due_on = date.fromisoformat(told["due_on"])
    if hours and told.get("due_at"):
        due_at = datetime.fromisoformat(told["due_at"])
        due, left = _instant(due_at), _hours_left(due_at, now)
    else:
        due, left = day_label(due_on), _days_left(due_on, local_date(now), calendar)
    if told.get("provisional"):
        due = Label(f"{due.zh}（暂定）", f"{due.en} (provisional)")
    return found | {"due": due.text(locale), "left": left.text(locale)}


def day_label(day: date) -> Label:
    """A date with its weekday.

    >>> day_label(date(2026, 10, 10)).zh
    '2026-10-10（星期六）'
    """
    weekday = weekday_label(day)
    return Label(f"{day.isoformat()}（{weekday.zh}）", f"{day.isoformat()} ({weekday.en})")


def _instant(at: datetime) -> Label:
    text = at.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")
    return Label(text, text)


def _days_left(due_on: date, today: date, calendar: WorkCalendar) -> Label:
    """Working days from tomorrow to the last day, inclusive; late ones are calendar days."""
    if due_on < today:
        late = (today - due_on).days
        return Label(f"已超期 {late} 日", f"{late} day{'s' * (late > 1)} overdue")
    if due_on == today:
        return Label("今日到期", "due today")
    left = calendar.place_after(due_on.toordinal()) - calendar.place_after(today.toordinal())
    return Label(f"剩 {left} 个工作日", f"{left} working day{'s' * (left != 1)} left")


def _hours_left(due_at: datetime, now: datetime) -> Label:
    hours = ceil(abs((due_at - now).total_seconds()) / 3600)
    if due_at < now:
        return Label(f"已超期 {hours} 小时", f"{hours} h overdue")
    return Label(f"剩 {hours} 小时", f"{hours} h left")
