"""What every page needs: the words, the menu, addresses of own files, the notes of the footer."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, current_app, url_for
from flask_babel import get_locale, gettext

from app import formats, navigation
from app.law.calendar import WorkCalendar

TRANSLATIONS = Path(__file__).parent / "translations"


def asset(filename: str) -> str:
    """Return the address of an own static file; it changes when the file changes."""
    return url_for("static", filename=filename, v=_digest(str(current_app.static_folder), filename))


@cache
def _digest(folder: str, filename: str) -> str:
    return hashlib.sha256((Path(folder) / filename).read_bytes()).hexdigest()[:10]


def locale_code() -> str:
    """Return the locale of the page at hand, for instance ``zh_Hans_CN``."""
    return str(get_locale() or "zh_Hans_CN")


def calendar_note(calendar: WorkCalendar, today: date) -> str:
    """Say which of this year's and next year's arrangements are not known; nothing if both are."""
    missing = [year for year in (today.year, today.year + 1) if year not in calendar.loaded]
    return gettext("%(year)s arrangement not published", year=missing[0]) if missing else ""


def compile_catalogues(folder: Path = TRANSLATIONS) -> None:
    """Compile every catalogue that is newer than its compiled form, in one step each."""
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name)
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as compiled:
            write_mo(compiled, catalogue)
        Path(name).replace(target)


def init_app(app: Flask) -> None:
    """Hand the frame to the templates; packages above add ``actor`` and ``calendar_note``."""
    compile_catalogues()
    formats.init_app(app)
    navigation.init_app(app)
    app.jinja_env.globals["asset"] = asset
    app.context_processor(lambda: {"locale_code": locale_code()})
