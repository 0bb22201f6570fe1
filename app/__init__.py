"""Tanjian 碳鉴: workflow and case engine for carbon-market verification and enforcement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings

VERSION: Final = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application of these settings, by default those of the environment."""
    # Imported here: `app.law`, `app.engine` and `app.workflows` are used without Flask.
    from app.application import build  # noqa: PLC0415
    from config import Settings  # noqa: PLC0415

    return build(settings or Settings.from_env())
