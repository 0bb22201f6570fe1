"""What this package adds to the pages of a penalty case."""

from __future__ import annotations

from decimal import Decimal

from flask import Flask
from flask_babel import gettext

from app.cases.panels import Aside, Panel, add_aside, add_panel
from app.enforcement import penalty_desk
from app.law.amounts import in_capitals, to_cents, yuan_text


def money(amount: Decimal) -> str:
    """An exact amount of yuan with its unit, without needless decimals."""
    return str(gettext("CNY %(amount)s", amount=yuan_text(amount)))


def capitals(amount: Decimal) -> str:
    """An amount in capitals 大写; empty for one with parts of a 分, which nobody can pay."""
    return in_capitals(amount) if amount == to_cents(amount) else ""


def init_app(app: Flask) -> None:
    """Hand the tabs, the asides and the filters over."""
    app.jinja_env.filters.update({"money": money, "capitals": capitals})
    add_panel(
        app,
        Panel(
            key="desk",
            label=lambda: str(gettext("Penalty desk")),
            shows=penalty_desk.shows,
            template="enforcement/desk.html",
            context=penalty_desk.tab,
            after="overview",
        ),
    )
    add_aside(
        app,
        Aside(
            key="desk",
            shows=penalty_desk.shows_beside,
            template="enforcement/desk.html",
            context=penalty_desk.beside,
            live=True,
        ),
    )
