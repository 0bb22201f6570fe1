"""Official documents 文书: what they are, sealing, rendering, and the case file 卷宗."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages of documents and the tab of a case that lists them."""
    from app.documents import wiring  # noqa: PLC0415 - a document is sealed without a browser, too

    wiring.init_app(app)
