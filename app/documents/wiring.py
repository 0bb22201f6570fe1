"""What this package adds to the program: its pages."""

from __future__ import annotations

from flask import Flask

from app.documents.desk import STATES, state_of
from app.documents.views import documents


def init_app(app: Flask) -> None:
    """Register the pages, and tell templates where a document stands."""
    app.register_blueprint(documents)
    app.jinja_env.globals["document_state"] = state_of
    app.jinja_env.globals["document_states"] = STATES
