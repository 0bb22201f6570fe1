"""What whoever runs Tanjian needs: refusals, logs, health, metrics, a doctor, backups."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Refuse to serve what is not fit to; count every request; register the commands."""
    from app.operations import commands, health, metrics, production  # noqa: PLC0415

    production.guard(app)
    metrics.init_app(app)
    app.register_blueprint(health.operations)
    commands.init_app(app)
