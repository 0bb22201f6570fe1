"""Browsers in which somebody is signed in, without the page and the cost of a password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import Person, SignInSession
from app.accounts.sessions import BROWSER, FACTOR
from app.db import Database, new_id
from app.engine.actors import Actor

NEVER_OLD: Final = datetime(2999, 1, 1, tzinfo=UTC)
"""Tests of other things leap over days, and nobody is to sign in again for that."""


def signed_in(
    app: Flask, database: Database, actor: Actor, at: datetime = NEVER_OLD
) -> FlaskClient:
    """A browser in which that person has signed in with two factors, at an instant."""
    client, browser_id = app.test_client(), new_id()

    def enter(session: Session) -> int:
        session.add(
            SignInSession(
                id=browser_id,
                person_id=actor.person_id,
                address="127.0.0.1",
                agent="test",
                began_at=at,
                seen_at=at,
                proven_at=at,
            )
        )
        return session.get_one(Person, actor.person_id).session_epoch

    epoch = database.write(enter)
    with client.session_transaction() as cookie:
        cookie.permanent = True
        cookie["_user_id"], cookie["_fresh"] = str(actor.person_id), True
        cookie["organisation"], cookie["epoch"] = str(actor.organisation_id), epoch
        cookie[BROWSER], cookie[FACTOR] = str(browser_id), True
    return client
