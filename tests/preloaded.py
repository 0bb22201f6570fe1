"""Imported once by the process that forks schedulers: whatever the application needs is there."""

from pathlib import Path
from tempfile import gettempdir

from app import create_app
from config import Settings

create_app(Settings("sqlite:///" + gettempdir() + "/unused.sqlite", "unused", Path(gettempdir())))
