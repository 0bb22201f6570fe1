"""The law at the desk: penalty desk, account of a fine, collective discussion and hearing."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the tabs and asides to the pages of penalty cases, and the page of the account."""
    from app.enforcement import wiring  # noqa: PLC0415 - a case can be moved without a browser

    wiring.init_app(app)
