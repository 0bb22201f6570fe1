"""The formats of an export, by their key."""

from __future__ import annotations

from typing import Final

from app.assurance.exports import Writer
from app.assurance.jsonl import JsonLines

WRITERS: Final[dict[str, Writer]] = {writer.key: writer for writer in (JsonLines(),)}
