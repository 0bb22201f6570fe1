"""What this package adds to the pages of a penalty case and of a joint operation."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from flask import Flask
from flask_babel import gettext

from app.cases.panels import Aside, Panel, add_aside, add_panel
from app.enforcement import (
    findings,
    joint,
    ledger,
    meetings,
    onsite,
    penalty_desk,
    tracking,
    upward,
    views,
)
from app.law.amounts import in_capitals, to_cents, yuan_text

PANELS: Final = (
    Panel(
        key="desk",
        label=lambda: str(gettext("Penalty desk")),
        shows=penalty_desk.shows,
        template="enforcement/desk.html",
        context=penalty_desk.tab,
        after="overview",
    ),
    Panel(
        key="hearing",
        label=lambda: str(gettext("Hearing")),
        shows=meetings.shows_hearing,
        template="enforcement/hearing.html",
        context=meetings.hearing_tab,
        after="overview",
    ),
    Panel(
        key="discussion",
        label=lambda: str(gettext("Collective discussion")),
        shows=meetings.shows_discussion,
        template="enforcement/discussion.html",
        context=meetings.discussion_tab,
        after="overview",
    ),
    Panel(
        key="report",
        label=lambda: str(gettext("The report")),
        shows=upward.shows,
        template="enforcement/upward_report.html",
        context=upward.tab,
        after="overview",
    ),
    Panel(
        key="account",
        label=lambda: str(gettext("Account of the fine")),
        shows=ledger.shows,
        template="enforcement/account.html",
        context=views.account_tab,
        after="overview",
    ),
    Panel(
        key="plan",
        label=lambda: str(gettext("Plan and countersigning")),
        shows=joint.shows,
        template="enforcement/plan.html",
        context=joint.plan_tab,
        after="overview",
    ),
    Panel(
        key="onsite",
        label=lambda: str(gettext("On site")),
        shows=onsite.shows,
        template="enforcement/onsite.html",
        context=onsite.site_tab,
        after="overview",
    ),
    Panel(
        key="split",
        label=lambda: str(gettext("Split")),
        shows=findings.shows,
        template="enforcement/split.html",
        context=findings.split_tab,
        after="overview",
    ),
    Panel(
        key="tracking",
        label=lambda: str(gettext("Feedback")),
        shows=tracking.shows,
        template="enforcement/tracking.html",
        context=tracking.tracking_tab,
        after="overview",
    ),
)
ASIDES: Final = (
    Aside(
        key="desk",
        shows=penalty_desk.shows_beside,
        template="enforcement/desk.html",
        context=penalty_desk.beside,
        live=True,
    ),
    Aside(
        key="report",
        shows=upward.shows_beside,
        template="enforcement/upward_report.html",
        context=upward.beside,
    ),
)


def money(amount: Decimal) -> str:
    """An exact amount of yuan with its unit, without needless decimals."""
    return str(gettext("CNY %(amount)s", amount=yuan_text(amount)))


def capitals(amount: Decimal) -> str:
    """An amount in capitals 大写; empty for one with parts of a 分, which nobody can pay."""
    return in_capitals(amount) if amount == to_cents(amount) else ""


def exact(amount: Decimal) -> str:
    """An exact amount in a column: to the 分, and beyond only where there is more."""
    return f"{to_cents(amount):,.2f}" if amount == to_cents(amount) else yuan_text(amount)


def init_app(app: Flask) -> None:
    """Hand the tabs, the asides and the filters over."""
    app.jinja_env.filters.update({"money": money, "capitals": capitals, "exact": exact})
    app.register_blueprint(views.enforcement)
    for panel in PANELS:
        add_panel(app, panel)
    for aside in ASIDES:
        add_aside(app, aside)
