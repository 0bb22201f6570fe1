"""What is done to letters by their readers, and to what is told by an administrator.

What an administrator does stands in the chain ``administration``. Nothing here commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.audit import chain
from app.db import new_id, table_of
from app.engine.actors import Actor
from app.outbox.errors import AlreadyTold, TemplateMoved
from app.outbox.models import (
    Delivery,
    Letter,
    MessageTemplate,
    OutboxMessage,
    WebhookEndpoint,
)

CHAIN: Final = "administration"
SECRET_BYTES: Final = 32
PARTS: Final = ("subject_zh", "body_zh", "subject_en", "body_en")

deliveries = table_of(Delivery)
letters = table_of(Letter)
messages = table_of(OutboxMessage)


# Reading ----------------------------------------------------------------------------------------


def mark_read(session: Session, person_id: UUID, letter_id: UUID, now: datetime) -> None:
    """Note that somebody has read a letter of theirs."""
    mine = (letters.c.person_id == person_id) & (letters.c.id == letter_id)
    session.execute(update(letters).where(mine, letters.c.read_at.is_(None)).values(read_at=now))


def mark_all_read(session: Session, person_id: UUID, until: datetime, now: datetime) -> None:
    """Note that somebody has read all that stood in their inbox by ``until``."""
    mine = (letters.c.person_id == person_id) & (letters.c.created_at <= until)
    session.execute(update(letters).where(mine, letters.c.read_at.is_(None)).values(read_at=now))


# Sending again ----------------------------------------------------------------------------------


def send_again(session: Session, actor: Actor, delivery_id: UUID, now: datetime) -> bool:
    """Try a dead delivery again from its first try on; False if it is not dead."""
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.status == "dead")
    dead = session.scalar(query.with_for_update())
    if dead is None:
        return False
    told = {"delivery": dead.id, "channel": dead.channel, "source": dead.source_id}
    _enter(session, "send_again", actor, told, now)
    _revive(session, (deliveries.c.id == delivery_id), now)
    return True


def send_all_again(session: Session, actor: Actor, now: datetime) -> int:
    """Try every dead delivery again; return how many there were."""
    dead = select(func.count()).select_from(deliveries).where(deliveries.c.status == "dead")
    count = session.scalar(dead) or 0
    if count:
        _enter(session, "send_all_again", actor, {"deliveries": count}, now)
        _revive(session, deliveries.c.status == "dead", now)
    return count


def _revive(session: Session, which: Any, now: datetime) -> None:
    """Let dead deliveries wait; a message that reached nobody is told anew."""
    dead = which & (deliveries.c.status == "dead")
    unread = dead & (deliveries.c.channel == "inbox")
    untold = select(deliveries.c.source_id).where(unread)
    session.execute(update(messages).where(messages.c.id.in_(untold)).values(sent_at=None))
    session.execute(delete(deliveries).where(unread))
    session.execute(
        update(deliveries).where(dead).values(status="waiting", attempts=0, next_try_at=now)
    )


# Systems ----------------------------------------------------------------------------------------


def add_endpoint(
    session: Session, actor: Actor, organisation_id: UUID, url: str, now: datetime
) -> WebhookEndpoint:
    """Let a system hear the messages of an organisation, with a new secret.

    Raises AlreadyTold if it does.
    """
    made = WebhookEndpoint(
        id=new_id(),
        organisation_id=organisation_id,
        url=url,
        secret=secrets.token_urlsafe(SECRET_BYTES),
        active=True,
        made_at=now,
        made_by=actor.person_id,
    )
    told = {"endpoint": made.id, "organisation": organisation_id, "url": url}
    _enter(session, "add_webhook", actor, told, now)  # its lock lets one at a time go on
    same = select(WebhookEndpoint.id).where(
        WebhookEndpoint.organisation_id == organisation_id,
        WebhookEndpoint.url == url,
        WebhookEndpoint.active,
    )
    if session.scalar(same.limit(1)) is not None:
        raise AlreadyTold
    session.add(made)
    return made


def end_endpoint(session: Session, actor: Actor, endpoint_id: UUID, now: datetime) -> bool:
    """Tell a system no more; False if it was not told."""
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None or not endpoint.active:
        return False
    endpoint.active = False
    _enter(session, "end_webhook", actor, {"endpoint": endpoint.id, "url": endpoint.url}, now)
    return True


def ping(session: Session, actor: Actor, endpoint_id: UUID, now: datetime) -> bool:
    """Let an empty event go to a system, to try the way; False if it is not told."""
    endpoint = session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or not endpoint.active:
        return False
    session.execute(
        insert(deliveries),
        {
            "id": new_id(),
            "source_id": new_id(),
            "channel": "ping",
            "address": str(endpoint.id),
            "status": "waiting",
            "attempts": 0,
            "next_try_at": now,
            "last_error": "",
            "created_at": now,
        },
    )
    _enter(session, "ping_webhook", actor, {"endpoint": endpoint.id}, now)
    return True


# Words ------------------------------------------------------------------------------------------


def save_words(
    session: Session, actor: Actor, key: str, texts: Mapping[str, str], seen: int, now: datetime
) -> int:
    """Save the words of a key as a new version and return its number.

    ``seen`` is the version they were written over. Raises TemplateMoved if there is a newer one.
    """
    # The entry takes the lock of the chain, so versions rise one by one.
    told = {"key": key, "version": seen + 1, **{name: texts[name] for name in PARTS}}
    _enter(session, "save_words", actor, told, now)
    query = select(MessageTemplate).where(MessageTemplate.key == key)
    last = session.scalar(query.order_by(MessageTemplate.version.desc()).limit(1))
    if (last.version if last is not None else 0) != seen:
        raise TemplateMoved(last.made_by_name if last is not None else "")
    session.add(
        MessageTemplate(
            key=key,
            version=seen + 1,
            **{name: texts[name] for name in PARTS},
            made_by=actor.person_id,
            made_by_name=actor.person_name,
            made_at=now,
        )
    )
    return seen + 1


def _enter(
    session: Session, trigger: str, actor: Actor, told: Mapping[str, object], now: datetime
) -> None:
    chain.append(session, CHAIN, trigger=trigger, actor=actor, body=told, now=now)
