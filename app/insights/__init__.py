"""What supervisors look at from above: who is loaded with what, and what the clocks will bring."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages and commands."""
