"""``flask accounts administrator``: the first person of a new installation."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import vault
from app.accounts import factors, operations, passwords
from app.accounts.errors import AccountError
from app.accounts.models import Organisation, OrganisationKind
from app.audit.chain import append
from app.audit.rewrapping import CHAIN, TRIGGER
from app.clock import utcnow
from app.db import database
from app.engine.actors import SYSTEM_ACTOR, Role
from app.law.periods import local_date
from config import settings

group: Final = AppGroup("accounts", help="People and organisations.")


@group.command("administrator")
@click.argument("login")
@click.argument("name")
@click.option("--bureau", required=True, help="Name of the bureau; entered if it is new.")
@click.option("--division", required=True, help="Code of its jurisdiction, such as 640500.")
@click.password_option(help=f"At least {passwords.SHORTEST} characters; asked for if not given.")
@with_appcontext
def administrator(login: str, name: str, bureau: str, division: str, password: str) -> None:
    """Enter NAME with LOGIN as an administrator of a bureau."""
    names = [login, name, bureau]
    if fault := passwords.fault(password, names, settings().breached_passwords):
        raise click.BadParameter(fault.en)
    now, password_hash = utcnow(), passwords.hashed(password)

    def enter(session: Session) -> None:
        place = session.scalar(select(Organisation).where(Organisation.name == bureau))
        place = place or operations.create_organisation(
            session,
            SYSTEM_ACTOR,
            kind=OrganisationKind.AUTHORITY,
            name=bureau,
            division=division,
            now=now,
        )
        person = operations.create_person(
            session, SYSTEM_ACTOR, login=login, name=name, password_hash=password_hash, now=now
        )
        operations.grant(
            session,
            SYSTEM_ACTOR,
            person_id=person.id,
            organisation_id=place.id,
            role=Role.ADMINISTRATOR,
            since=local_date(now),
            now=now,
        )

    try:
        database().write(enter)
    except AccountError as refused:
        raise click.ClickException(refused.label.en) from refused
    click.echo(f"{name} may sign in as {login}.")


@group.command("rotate-factor-keys")
@with_appcontext
def rotate_factor_keys() -> None:
    """Seal every secret of an authenticator with a new key, and drop the old ones.

    Cut off, it is simply run again: until the end the file holds every key there was.
    """
    path, now = settings().factor_keys, utcnow()

    def seal_anew(session: Session) -> int:
        count = factors.seal_anew(session, held)
        told = {"vault": "factors", "old": held.ids[1:], "new": held.newest, "values": count}
        append(session, CHAIN, trigger=TRIGGER, actor=SYSTEM_ACTOR, body=told, now=now)
        return count

    try:
        held = vault.rotate(path)
        count = database().write(seal_anew)
        vault.drop_old(path)
    except (vault.NoVault, vault.CannotOpen) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(f"{count} secrets are sealed with key {held.newest}.")
