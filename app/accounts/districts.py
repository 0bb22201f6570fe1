"""The names of administrative divisions, which the registers keep and lend to the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Flask, current_app

from app.engine.actors import jurisdiction_stem

EXTENSION: Final = "tanjian.districts"


def lend(app: Flask, names: Mapping[str, str]) -> None:
    """Make the names of divisions known, by code, from the whole to its parts."""
    app.extensions[EXTENSION] = names


def names_within(jurisdiction: str) -> dict[str, str]:
    """The division and what lies in it, by code; everything where there is no jurisdiction."""
    stem = jurisdiction_stem(jurisdiction)
    known: Mapping[str, str] = current_app.extensions.get(EXTENSION, {})
    return {code: name for code, name in known.items() if code.startswith(stem)}


def name_of(code: str) -> str:
    """The name of a division; the code itself where it is not known."""
    known: Mapping[str, str] = current_app.extensions.get(EXTENSION, {})
    return known.get(code, code)
