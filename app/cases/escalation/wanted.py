"""What an act asks for, what a text of the decider fills in, what a proposal may hold of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.engine.definition import Transition
from app.engine.inputs import Files, LongText, YesNo, plain


def filled_in(transition: Transition, inputs: Mapping[str, Any], words: str) -> dict[str, Any]:
    """The inputs with ``words`` as the act's reason, where nobody has given one."""
    given = {name: value for name, value in inputs.items() if value not in (None, "", [])}
    field = reason_field(transition)
    if field is not None and field.name not in given and words:
        given[field.name] = words
    return given


def reason_field(transition: Transition) -> LongText | None:
    """The text in which an act asks for its reason: the first that has to be given."""
    texts = (field for field in transition.all_inputs if isinstance(field, LongText))
    return next((field for field in texts if field.required), None)


def wants_more(transition: Transition, inputs: Mapping[str, Any]) -> bool:
    """Whether an act asks for more than what was proposed and one text of the decider."""
    said = filled_in(transition, inputs, "-")
    return any(
        field.name not in said and (field.must if isinstance(field, YesNo) else field.required)
        for field in transition.all_inputs
    )


def told_openly(transition: Transition, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What of the inputs may stand in a proposal: nothing personal, nothing sealed."""
    hidden = {field.name for field in transition.all_inputs if field.personal or field.sealed}
    return {name: plain(value) for name, value in inputs.items() if name not in hidden}


def has_files(transition: Transition) -> bool:
    """Whether an act asks for files."""
    return any(isinstance(field, Files) for field in transition.all_inputs)
