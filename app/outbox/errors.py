"""What may go wrong when the messages of the house are administered."""

from __future__ import annotations


class OutboxError(Exception):
    """Base of the errors of this package."""


class AlreadyTold(OutboxError):
    """The system is told the messages of this organisation already."""


class TemplateMoved(OutboxError):
    """Somebody else saved a version of these words meanwhile. ``by`` is their name."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by
