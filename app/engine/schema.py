"""JSON Schema of an act's inputs, and a whole lifecycle as data, for the API and for readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from app.engine.actors import Who
from app.engine.definition import (
    Before,
    Deadline,
    Due,
    Lasts,
    Lifecycle,
    On,
    SameDay,
    Take,
    Transition,
    YearDay,
)
from app.engine.inputs import Input, YesNo
from app.law.labels import Label
from app.law.sources import Citation

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def act_schema(transition: Transition) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what an act asks for; nothing else may be sent along."""
    return {
        "$schema": DIALECT,
        "title": transition.zh,
        "description": transition.en,
        "type": "object",
        "properties": {field.name: _property(field) for field in transition.all_inputs},
        "required": [field.name for field in transition.all_inputs if _is_required(field)],
        "additionalProperties": False,
        "x-code": transition.code,
    }


def _property(field: Input) -> dict[str, Any]:
    schema = field.schema()
    if isinstance(field, YesNo) and field.must:
        schema["const"] = True
    if field.personal:
        schema["x-personal"] = True
    if field.sealed:
        schema["x-sealed"] = True
    return schema


def _is_required(field: Input) -> bool:
    return field.must if isinstance(field, YesNo) else field.required


def lifecycle_schema(lifecycle: type[Lifecycle]) -> dict[str, Any]:
    """What a lifecycle declares, as JSON: states, acts, deadlines, rows, children, documents."""
    return {
        "key": lifecycle.key,
        "version": lifecycle.version,
        "label": _label(lifecycle.title()),
        "subject": lifecycle.subject.value,
        "states": [
            {
                "name": state.name,
                "label": _label(state.label),
                "final": state.final,
                "waits_for": _who(state.waits_for) if state.waits_for else None,
            }
            for state in lifecycle.states.values()
        ],
        "acts": [_act(lifecycle, transition) for transition in lifecycle.transitions.values()],
        "deadlines": [_deadline(deadline) for deadline in lifecycle.deadlines.values()],
        "items": [
            {
                "name": items.name,
                "label": _label(items.label),
                "statuses": {key: _label(label) for key, label in items.statuses.items()},
                "open": list(items.open_statuses),
            }
            for items in lifecycle.items.values()
        ],
        "children": [
            {
                "name": child.name,
                "label": _label(child.label),
                "lifecycle": child.lifecycle,
                "opened_by": child.opened_by.name,
                "per": child.each.name if child.each else None,
                "track": child.track,
            }
            for child in lifecycle.children.values()
        ],
        "documents": [
            {
                "name": document.name,
                "label": _label(document.label),
                "external": document.external,
                "basis": _basis(document.basis),
            }
            for document in lifecycle.documents.values()
        ],
    }


def _act(lifecycle: type[Lifecycle], transition: Transition) -> dict[str, Any]:
    return {
        "name": transition.name,
        "code": transition.code,
        "label": _label(transition.label),
        "opens": transition.opens,
        "sources": [name for name in lifecycle.states if name in transition.source_names],
        "destinations": list(dict.fromkeys(to.name for to in transition.destinations)),
        "roles": [_who(who) for who in transition.by],
        "recorded_by": [_who(who) for who in transition.recorded_by],
        "received": transition.received,
        "automatic": transition.automatic or transition.name in lifecycle.timers,
        "row": transition.item.items.name if transition.item else None,
        "row_in": list(transition.item.sources) if isinstance(transition.item, Take) else [],
        "conditions": [
            {"key": guard.key, "label": _label(guard.label), "basis": _basis(guard.basis)}
            for guard in transition.guards
        ],
        "inputs": act_schema(transition),
        "documents": [document.name for document in transition.documents],
        "basis": _basis(transition.basis),
    }


def _deadline(deadline: Deadline) -> dict[str, Any]:
    return {
        "name": deadline.name,
        "label": _label(deadline.label),
        "due": _due(deadline.due),
        "expiry": deadline.expiry.value,
        "met_by": [transition.name for transition in deadline.met_by],
        "on_expiry": deadline.on_expiry.name if deadline.on_expiry else None,
        "per": deadline.per.name if deadline.per else None,
        "waits_for": _who(deadline.waits_for) if deadline.waits_for else None,
        "extensions": [extension.term for extension in deadline.extensions],
        "exclusions": {e.kind: _label(e.label) for e in deadline.excluded_by},
        "basis": _basis(deadline.basis),
    }


def _due(due: Due) -> dict[str, Any]:
    match due:
        case Lasts(term=term):
            return {"term": term}
        case On(input=name):
            return {"day": name}
        case YearDay(codes=codes):
            return {"year_codes": sorted(set(codes))}
        case SameDay():
            return {"same_day_as": "parent"}
        case Before(term=term, input=name):
            return {"term_before": term, "day": name}
        case _:
            return {"earliest_of": [_due(one) for one in due.dues]}


def _who(who: Who) -> dict[str, Any]:
    capacity = who.capacity.value if who.capacity else None
    return {"role": who.role.value, "capacity": capacity, "label": _label(who.label)}


def _label(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def _basis(citations: Iterable[Citation]) -> list[dict[str, str]]:
    return [
        {"source": c.source, "article": c.article, "zh": c.text_zh, "en": c.text_en}
        for c in citations
    ]
