"""Handing a checkpoint to another authority: what it holds, nobody here can undo any more.

Each time a full checkpoint is made for the purpose, so that the copy covers every entry there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

import segno
from sqlalchemy import Select, insert, select, tuple_
from sqlalchemy.orm import Session

from app.assurance.exports import CHAIN, chain_of_exports
from app.audit import chain, checkpoints, keys
from app.audit.models import Checkpoint, CheckpointPublication
from app.cases.queries import Key
from app.db import Database, new_id, table_of
from app.engine.actors import Actor
from app.law.labels import Label
from app.law.periods import local_date
from app.outbox import handouts
from app.outbox.models import Delivery

PAGE: Final = 20


class Channel(StrEnum):
    """How a checkpoint is handed out."""

    FILE = "file"
    MAIL = "mail"
    PRINT = "print"

    @property
    def label(self) -> Label:
        """Its name in both languages."""
        return _LABELS[self]


_LABELS: Final = {
    Channel.FILE: Label("文件", "File"),
    Channel.MAIL: Label("电子邮件", "E-mail"),
    Channel.PRINT: Label("纸质（含二维码）", "Paper, with a QR code"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """To whom a checkpoint goes and how; ``address`` is the mailbox of an e-mail."""

    channel: Channel
    recipient: str
    address: str = ""


def publish(
    database: Database, key_file: Path, order: Order, actor: Actor, now: datetime
) -> CheckpointPublication:
    """Make a full checkpoint, hand it out and record that; an e-mail leaves after the commit.

    Raises keys.NoKey where no checkpoint can be signed.
    """
    key = checkpoints.key_of(database, key_file)
    checkpoints.cover(database, key, now)
    made = checkpoints.make(database, key, now, full=True)
    assert made is not None  # a full one always is
    return database.write(lambda session: _record(session, made, order, actor, now))


def _record(
    session: Session, made: Checkpoint, order: Order, actor: Actor, now: datetime
) -> CheckpointPublication:
    row = CheckpointPublication(
        id=new_id(),
        number=made.number,
        channel=order.channel.value,
        recipient=order.recipient,
        published_at=now,
        published_by=actor.person_id,
        published_by_name=actor.written_name,
    )
    session.add(row)
    body = {
        "publication": row.id,
        "checkpoint": made.number,
        "hash": made.hash,
        "channel": order.channel,
        "recipient": order.recipient,
    }
    by_mail = order.channel is Channel.MAIL
    chain.append(
        session, CHAIN, trigger=handouts.TRIGGER, actor=actor, body=body, now=now,
        chain_id=chain_of_exports(actor.organisation_id, now),
        label=chain.day_label(actor.organisation_name, local_date(now)),
        private={"address": order.address} if by_mail else None,
    )  # fmt: skip
    if by_mail:
        delivery = {
            "id": new_id(), "source_id": row.id, "channel": handouts.CHANNEL,
            "address": order.address, "status": "waiting", "attempts": 0, "next_try_at": now,
            "last_error": "", "created_at": now,
        }  # fmt: skip
        session.execute(insert(table_of(Delivery)), delivery)
    return row


# Reading -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Published:
    """One publication; of an e-mail also what became of it."""

    row: CheckpointPublication
    delivery: Delivery | None

    @property
    def channel(self) -> Channel:
        """How it was handed out."""
        return Channel(self.row.channel)


@dataclass(frozen=True, slots=True)
class Publications:
    """One page of publications, the newest first, and where the next one begins."""

    rows: Sequence[Published]
    next: Key | None


def publications(session: Session, *, after: Key | None = None, limit: int = PAGE) -> Publications:
    """Return one page of what was handed out, the newest first."""
    at, key = CheckpointPublication.published_at, CheckpointPublication.id
    query = _published().order_by(at.desc(), key.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(at, key) < tuple_(after.at, after.id))
    found = [Published(row, delivery) for row, delivery in session.execute(query)]
    last = found[limit - 1].row if len(found) > limit else None
    return Publications(found[:limit], Key(last.published_at, last.id) if last else None)


def _published() -> Select[CheckpointPublication, Delivery]:
    return select(CheckpointPublication, Delivery).outerjoin(
        Delivery, Delivery.source_id == CheckpointPublication.id
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the receiver keeps: on screen, on paper and in the QR code."""

    published: Published
    checkpoint: Checkpoint
    public_key: str

    @property
    def hash_in_groups(self) -> str:
        """The hash for the eye."""
        return keys.fingerprint(self.checkpoint.hash)

    @property
    def key_in_groups(self) -> str:
        """The public key for the eye."""
        return keys.fingerprint(self.public_key)

    @property
    def file_name(self) -> str:
        """The name of the file that is handed out."""
        return handouts.file_name(self.checkpoint.number)

    @property
    def compact(self) -> str:
        """What a phone shows that reads the QR code: number, time, hash, key."""
        made = self.checkpoint.made_at.astimezone(UTC)
        return (
            f"TANJIAN {self.checkpoint.number}\n{made:%Y-%m-%dT%H:%M:%SZ}\n"
            f"SHA-256 {self.checkpoint.hash}\nED25519 {self.public_key}"
        )

    def qr(self) -> str:
        """Draw the QR code as SVG, without a style of its own; a sixth of it may be damaged."""
        code = segno.make(self.compact, error="m", micro=False)
        drawn: str = code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None)
        return drawn


def sheet(session: Session, publication_id: UUID) -> Sheet | None:
    """Return what was handed out; nothing where there is no such publication."""
    found = session.execute(_published().where(CheckpointPublication.id == publication_id)).first()
    if found is None:
        return None
    checkpoint = session.get_one(Checkpoint, found[0].number)
    public = checkpoints.told(checkpoint)["key"]
    return Sheet(Published(found[0], found[1]), checkpoint, public)
