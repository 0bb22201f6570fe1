"""What may stand in a demonstration only: with it, a program set to production does not serve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import click
from flask import Flask
from sqlalchemy import exists, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import db
from app.accounts import passwords
from app.accounts.models import Person
from app.cases.models import Case
from app.db import Database
from app.demo.cast import PASSWORD
from app.demo.commands import SHOWN
from config import EXTENSION, Settings

SHORTEST_KEY: Final = 32
"""Characters of the key that signs sessions."""
FEWEST_KINDS: Final = 8
"""How many different characters it has at least: a word written often enough is not a key."""
NEAR: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NotForProduction(Exception):
    """It would serve real cases with what only a demonstration may have; names all of it."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        lines = "".join(f"\n  - {fault}" for fault in faults)
        super().__init__(
            f"TANJIAN_PRODUCTION is set, and this does not serve real cases:{lines}\n"
            "Mend all of it, then start again; flask doctor says the same."
        )


def guard(app: Flask) -> None:
    """Refuse to be served. Commands may still work: they are how it is mended.

    Raises NotForProduction.
    """
    context = click.get_current_context(silent=True)
    if context is None or context.info_name == "run":
        refuse(app)


def refuse(app: Flask) -> None:
    """Do nothing for a program that may serve. Raises NotForProduction."""
    settings: Settings = app.extensions[EXTENSION]
    if settings.production and (
        faults := [
            *of_settings(settings, debug=app.debug),
            *of_database(app.extensions[db.EXTENSION]),
        ]
    ):
        raise NotForProduction(faults)


def of_settings(settings: Settings, *, debug: bool = False) -> Iterator[str]:
    """Say what in the settings is not for real cases, and how to mend it."""
    if settings.demo:
        yield "TANJIAN_DEMO shows the accounts of the demonstration: set it to 0"
    if debug:
        yield "FLASK_DEBUG lets a page run any code: unset it"
    key = settings.secret_key
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_KINDS:
        yield (
            f"TANJIAN_SECRET_KEY can be guessed: give at least {SHORTEST_KEY} random characters, "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    if not settings.https:
        yield "TANJIAN_HTTPS is 0, cookies would go over plain HTTP: serve by TLS and set it to 1"
    if settings.base_url.startswith("http://"):
        yield "TANJIAN_URL begins with http://, links in mails would too: https://"
    if not settings.hosts:
        yield "TANJIAN_HOSTS is empty, it would answer to any name: name its own"
    if settings.oidc is not None and _is_open(settings.oidc.issuer):
        yield "TANJIAN_OIDC_ISSUER begins with http://, whoever listens signs in as anybody: https://"


def _is_open(address: str) -> bool:
    return address.startswith("http://") and urlsplit(address).hostname not in NEAR


def of_database(database: Database) -> list[str]:
    """Say what of the demonstration lies in the database.

    Nothing where it cannot be asked: `/readyz` and the doctor say that.
    """
    try:
        with database.read() as session:
            return list(_demonstrated(session))
    except DBAPIError:
        return []


def _demonstrated(session: Session) -> Iterator[str]:
    if session.scalar(select(exists().where(Case.demonstration))):
        yield "the database holds cases of the demonstration: take an empty one"
    kept = select(Person.password_hash).where(Person.login.in_(SHOWN), Person.active).distinct()
    if any(passwords.matches(one, PASSWORD) for one in session.scalars(kept)):
        yield "accounts of the demonstration with its password are in the database: an empty one"
