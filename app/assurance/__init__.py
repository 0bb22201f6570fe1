"""What convinces an outsider: the auditor's screens, exports, conformance, evidence bundles.

The chains themselves, their checkpoints and their verification lie below, in `app.audit`.
"""

from importlib import import_module

from flask import Flask

PAGES: tuple[str, ...] = (
    "overview_views",
    "log_views",
    "entry_proof_views",
    "reports_views",
    "reports_gaps_views",
    "reports_handed_views",
    "exports_views",
    "publishing_views",
    "process_map_views",
)
"""Modules that put their pages on the blueprint when they are imported."""

COMMANDS: tuple[str, ...] = (
    "bundle_commands",
    "conformance_commands",
    "export_commands",
    "publishing_commands",
)
"""Modules that join a command to ``flask audit``."""


def init_app(app: Flask) -> None:
    """Register the pages and commands."""
    # Exports are written without a browser too.
    from app.assurance import bundle_views, views  # noqa: PLC0415

    for each in (*PAGES, *COMMANDS):
        import_module(f"app.assurance.{each}")
    app.register_blueprint(views.assurance)
    bundle_views.init_app(app)
