"""The chains of the audit: what was done, by whom, in which order, and the proof of it."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands; let every page say how the audit stands."""
    from app import clock, db  # noqa: PLC0415 - the chain must not need pages
    from app.audit import commands, commands_keys, commands_vault, status  # noqa: F401, PLC0415

    app.cli.add_command(commands.group)
    app.cli.add_command(commands_vault.group)

    def audit_status() -> status.Status:
        return status.status(db.request_session(), clock.utcnow())

    app.jinja_env.globals["audit_status"] = audit_status
    app.jinja_env.globals["audit_sentence"] = status.sentence
