"""What supervisors look at from above: who is loaded with what, and what the clocks will bring."""

from importlib import import_module

from flask import Flask

PAGES = ("workload_views", "reassign_views", "dispatch_views", "rehearsal_views")
"""Modules that put their pages on the blueprint when they are imported."""


def init_app(app: Flask) -> None:
    """Register the pages and commands."""
    from app.insights import views  # noqa: PLC0415 - clocks are rehearsed without a browser too

    import_module("app.insights.commands")  # joins a command to those of the clocks
    for pages in PAGES:
        import_module(f"app.insights.{pages}")
    app.register_blueprint(views.insights)
