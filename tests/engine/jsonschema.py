"""So much of JSON Schema as acts use; enough to ask whether a value fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

Schema = dict[str, Any]
TYPES = {"string": str, "array": list, "object": dict, "boolean": bool, "integer": int}
FORMATS: dict[str, Callable[[str], object]] = {"date": date.fromisoformat, "uuid": UUID}


def fits(schema: Schema, value: Any) -> bool:
    """Whether the value is valid against the schema."""
    kind = schema["type"]
    if not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return False
    if value != schema.get("const", value) or value not in schema.get("enum", [value]):
        return False
    rules: dict[str, Callable[[Schema, Any], bool]] = {
        "string": _string,
        "integer": lambda s, v: s["minimum"] <= v <= s["maximum"],
        "array": lambda s, v: len(v) >= s["minItems"] and all(fits(s["items"], x) for x in v),
        "object": _object,
    }
    return kind not in rules or rules[kind](schema, value)


def _object(schema: Schema, value: dict[str, Any]) -> bool:
    known = schema["properties"]
    named = set(schema["required"]) <= set(value) <= set(known)
    return named and all(fits(known[name], one) for name, one in value.items())


def _string(schema: Schema, value: str) -> bool:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return False
    if not re.search(schema.get("pattern", ""), value):
        return False
    try:
        FORMATS.get(schema.get("format", ""), str)(value)
    except ValueError:
        return False
    return True
