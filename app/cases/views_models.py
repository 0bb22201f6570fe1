"""A lifecycle for other programs, from the page that shows its picture: BPMN and PNML."""

from __future__ import annotations

from typing import Final

from flask import Response, abort

from app.cases.views import cases
from app.engine.bpmn_xml import bpmn
from app.engine.pnml import pnml
from app.workflows import by_version

MODELS: Final = {"bpmn": bpmn, "pnml": pnml}


@cases.route("/lifecycles/<key>-<int:version>.<any(bpmn, pnml):format_>")
def model(key: str, version: int, format_: str) -> Response:
    """Download a lifecycle in the version a case began with; it holds nothing of any case."""
    try:
        lifecycle = by_version(key, version)
    except KeyError:
        abort(404)
    answer = Response(MODELS[format_](lifecycle), mimetype="application/xml")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{key}-{version}.{format_}")
    return answer
