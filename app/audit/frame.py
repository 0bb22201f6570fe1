"""Reading a body by its frame: the text its columns demand around what only the body says.

Most of a body repeats columns. Comparing that part as text is quicker than parsing it, and
stricter: no other spelling of the same body passes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.audit import chain

_quote: Final = json.encoder.encode_basestring


def framed(
    row: Mapping[str, Any],
    ident: Callable[[Any], str] = str,
    at: Callable[[Any], str] = chain.instant,
) -> tuple[str, str]:
    """Return how the canonical text of a body begins and ends, by the columns beside it.

    The text of `chain.told`, before and behind ``commitments`` and ``details``: a test compares
    them. ``ident`` and ``at`` write an id and an instant, as verification finds them stored.
    Raises TypeError for a value no column has.
    """
    seq, behalf = row["seq"], row["on_behalf_of"]
    if type(seq) is not int:
        raise TypeError(seq)
    front = (
        f'{{"actor":{{"id":{_quote(ident(row["actor_id"]))},"name":{_quote(row["actor_name"])}}},'
        f'"algorithm":{_quote(row["algorithm"])},"chain":{_quote(row["chain"])},'
        f'"chain_id":{_quote(ident(row["chain_id"]))},"code":{_quote(row["code"])},'
    )
    back = (
        f'"flags":{_quote(row["flags"])},"format":{chain.FORMAT},'
        f'"from":{_or_null(row["from_state"])},'
        f'"key":{_or_null(row["idempotency_key"])},"occurred_at":{_quote(at(row["occurred_at"]))},'
        f'"on_behalf_of":{_or_null(None if behalf is None else ident(behalf))},'
        f'"organisation":{{"id":{_quote(ident(row["organisation_id"]))},'
        f'"name":{_quote(row["organisation_name"])}}},"previous":{_quote(row["prev_hash"])},'
        f'"recorded_at":{_quote(at(row["recorded_at"]))},"role":{_quote(row["role"])},'
        f'"seq":{seq},"to":{_quote(row["to_state"])},"trigger":{_quote(row["trigger"])}}}'
    )
    return front, back


def inside(text: str, frame: tuple[str, str]) -> dict[str, Any] | None:
    """Return ``details`` and, where there are, ``commitments`` of a body that has that frame.

    Nothing where it has not. Raises ValueError for what is no JSON, has a key twice, which two
    readers would read differently, or a number that is not whole.
    """
    front, back = frame
    end = len(text) - len(back)
    if end <= len(front) or not (text.startswith(front) and text.endswith(back)):
        return None
    found: dict[str, Any] = _decode(f"{{{text[len(front) : end - 1]}}}")
    told_there = {"details"} <= found.keys() <= {"commitments", "details"}
    return found if told_there and text[end - 1] == "," else None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a key stands twice"
        raise ValueError(msg)
    return found


def _not_whole(number: str) -> Any:
    raise ValueError(number)


_decode: Final = json.JSONDecoder(
    object_pairs_hook=_each_once, parse_float=_not_whole, parse_constant=_not_whole
).decode


def _or_null(text: str | None) -> str:
    return "null" if text is None else _quote(text)
