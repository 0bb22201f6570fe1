"""Cases, their clocks, rows, versions and evidence: the only package that moves a case."""

from importlib import import_module

from flask import Flask

PAGES = (
    "views_lists",
    "views_case",
    "views_entry",
    "views_act",
    "views_drafts",
    "views_files",
    "views_intake",
    "views_escalations",
    "views_asking",
    "views_confidential",
    "views_models",
    "views_mergers",
)
"""Modules that put their pages on the blueprint when they are imported."""


def init_app(app: Flask) -> None:
    """Register the pages and commands, and watch the queries of every request."""
    from app import navigation  # noqa: PLC0415 - a case can be moved without a browser
    from app.cases import (  # noqa: PLC0415
        commands,
        panels,
        queries,
        sight,
        views,
        views_asking,
        views_confidential,
    )
    from app.cases.escalation import lists  # noqa: PLC0415
    from app.registers import record  # noqa: PLC0415

    for pages in PAGES:
        import_module(f"app.cases.{pages}")
    sight.init_app(app)
    app.register_blueprint(views.cases)
    views_confidential.init_app(app)
    commands.init_app(app)
    record.show_cases(app, queries.numbers_of)
    navigation.count(app, "cases.worklist", queries.waiting_count)
    navigation.count(app, "cases.escalations", lists.open_count)
    panels.add_panel(app, views_asking.PANEL)
