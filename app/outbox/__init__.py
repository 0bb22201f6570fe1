"""Messages to people and systems, written with the act and sent after the commit."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the inbox and the pages of whoever administers what is told."""
    from app import navigation  # noqa: PLC0415 - a message is written without a browser
    from app.outbox import queries, views, views_admin  # noqa: F401, PLC0415 - adds its pages

    app.register_blueprint(views.outbox)
    navigation.count(app, "outbox.deliveries", queries.given_up)
