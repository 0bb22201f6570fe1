"""The demonstration city: invented people and cases, made by firing real transitions."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands."""
    from app.demo import commands  # noqa: PLC0415 - the city must not need commands

    commands.init_app(app)
