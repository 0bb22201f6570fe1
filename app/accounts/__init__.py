"""People, organisations, memberships, signing in."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages of the accounts and read the session of every request."""
    from app.accounts import (  # noqa: PLC0415 - models must not need Flask
        commands,
        sessions,
        views,
        views_substitutes,  # noqa: F401 - adds its pages
    )

    sessions.init_app(app)
    app.extensions["csrf"].exempt(views.language)
    app.register_blueprint(views.accounts)
    app.cli.add_command(commands.group)
