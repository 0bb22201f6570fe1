"""What convinces an outsider: the auditor's screens, exports, conformance, evidence bundles.

The chains themselves, their checkpoints and their verification lie below, in `app.audit`.
"""

from importlib import import_module

from flask import Flask

PAGES: tuple[str, ...] = ()
"""Modules that put their pages on the blueprint when they are imported."""

COMMANDS: tuple[str, ...] = ()
"""Modules that join a command to ``flask audit``."""


def init_app(app: Flask) -> None:
    """Register the pages and commands."""
    from app.assurance import views  # noqa: PLC0415 - exports are written without a browser too

    for each in (*PAGES, *COMMANDS):
        import_module(f"app.assurance.{each}")
    app.register_blueprint(views.assurance)
