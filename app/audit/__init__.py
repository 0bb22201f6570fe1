"""The chains of the audit: what was done, by whom, in which order, and the proof of it."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands."""
    from app.audit.commands import group  # noqa: PLC0415 - the chain must not need commands

    app.cli.add_command(group)
