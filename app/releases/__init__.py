"""What the authority has released on top of the shipped law: arrangements of years, local terms."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands."""
    from app.releases import commands  # noqa: PLC0415

    app.cli.add_command(commands.group)
