"""What the authority has released on top of the shipped law: arrangements of years, local terms."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands; let every page say which year's arrangement is not known."""
    from app import clock, db, frame  # noqa: PLC0415
    from app.law.periods import local_date  # noqa: PLC0415
    from app.releases import commands, operations  # noqa: PLC0415

    app.cli.add_command(commands.group)

    def calendar_note() -> str:
        law = operations.current_law(db.request_session())
        return frame.calendar_note(law.calendar, local_date(clock.utcnow()))

    app.jinja_env.globals["calendar_note"] = calendar_note
