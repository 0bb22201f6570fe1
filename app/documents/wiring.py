"""What this package adds to the program: its pages, the tab of the case file, its command."""

from __future__ import annotations

from flask import Flask

from app.cases.panels import add_panel
from app.cases.records import name_records
from app.documents import casefile, casefile_commands, casefile_views, operations
from app.documents.desk import STATES, state_of
from app.documents.views import documents


def init_app(app: Flask) -> None:
    """Register the pages and the command, name the entries, tell where a document stands."""
    name_records({**operations.LABELS, **casefile.LABELS})
    add_panel(app, casefile_views.PANEL)
    casefile_commands.init_app(app)
    app.register_blueprint(documents)
    app.jinja_env.globals["document_state"] = state_of
    app.jinja_env.globals["document_states"] = STATES
