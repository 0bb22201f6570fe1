"""The formats of an export, by their key."""

from __future__ import annotations

from typing import Final

from app.assurance.exports import Writer

WRITERS: Final[dict[str, Writer]] = {}
