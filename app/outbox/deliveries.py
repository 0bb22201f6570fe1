"""Sending what is to leave the house: claimed, sent outside of any transaction, then noted.

A claim is a commit of its own that sets the next try into the future: nobody else tries meanwhile,
and what a killed process had claimed is tried again after `CLAIMED_FOR`. So everything goes out at
least once, always under the same id.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.errors import MessageError
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import literal, select, text, update
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.cases.snapshot import SEEN
from app.cases.timers import Fence, unfenced
from app.db import Database, table_of
from app.law.ladders import in_working_hours
from app.law.periods import local_date
from app.law.terms import LawBook
from app.outbox import handouts, mail, webhook
from app.outbox.models import WAITING, Delivery, Letter, OutboxMessage, WebhookEndpoint
from app.outbox.recipients import lifecycle_of, restricted, seen_by
from config import Settings

BATCH: Final = 100
CLAIMED_FOR: Final = timedelta(minutes=5)
"""How long a try may take before another process may try as well."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
TRIES: Final = 8
"""After so many the delivery is dead, until an administrator sends it again."""
LONGEST_ERROR: Final = 300

SendMail = Callable[[mail.Enclosed], None]
SendEvent = Callable[[webhook.Event], None]

log: Final = logging.getLogger(__name__)
deliveries = table_of(Delivery)
letters = table_of(Letter)
messages = table_of(OutboxMessage)
# The very words of the index, so that SQLite uses it; no other table here has a status.
_WAITING: Final = text(WAITING)


ANSWERS: Final = (
    webhook.Refused,
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
)
"""Errors by which the other side said no: it is there, and others may fare better."""


class Unsendable(Exception):
    """There is nowhere to send it: no server, or a system nobody tells any more."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one try."""

    id: UUID
    channel: str
    sent: bool


def anything_waiting(database: Database, now: datetime) -> bool:
    """Whether a delivery is due; reads only."""
    due = select(literal(1)).where(_WAITING, deliveries.c.next_try_at <= now).limit(1)
    with database.read() as session:
        return session.scalar(due) is not None


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many tries, from 1: doubling up to `LONGEST_PAUSE`.

    >>> [str(pause_after(n)) for n in (1, 2, 4, 9, 60)]
    ['0:01:00', '0:02:00', '0:08:00', '4:16:00', '6:00:00']
    """
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def deliver(
    database: Database,
    settings: Settings,
    law: LawBook,
    now: datetime,
    *,
    fence: Fence = unfenced,
    send_mail: SendMail | None = None,
    send_event: SendEvent | None = None,
) -> list[Tried]:
    """Try everything that is due by ``now``, each once. Raises what the fence raises.

    Mail of reminders goes out in working hours only. ``send_mail`` and ``send_event`` stand for the
    world; by default they are the server of the settings and HTTP.
    """
    with ExitStack() as stack:
        if send_mail is None and settings.mail_server is not None:
            post = stack.enter_context(mail.Post(settings.mail_server))
            send_mail = partial(_mail, post, settings, now)
        run = _Run(
            database,
            law,
            now,
            fence,
            send_mail or _no_server,
            send_event or partial(_post_event, now),
            secret=settings.mail_server.password if settings.mail_server else "",
        )
        return run.everything()


def _mail(post: mail.Post, settings: Settings, now: datetime, letter: mail.Enclosed) -> None:
    post.send(mail.composed(letter, settings, now))


def _post_event(now: datetime, event: webhook.Event) -> None:
    webhook.send(event, now)


def _no_server(_letter: mail.Enclosed) -> None:
    raise Unsendable("no mail server")


@dataclass(slots=True)
class _Run:
    """One round of sending."""

    database: Database
    law: LawBook
    now: datetime
    fence: Fence
    send_mail: SendMail
    send_event: SendEvent
    secret: str
    silent: set[str] = field(default_factory=set)
    """Systems that did not answer in this round: what is for them waits for the next."""

    def everything(self) -> list[Tried]:
        tried: list[Tried] = []
        after: tuple[datetime, UUID] | None = None
        while due := self._due(after):
            tried += [self._try(row) for row in due if self._may_try(row)]
            after = (due[-1]["next_try_at"], due[-1]["id"])
        return tried

    def _due(self, after: tuple[datetime, UUID] | None) -> Sequence[Mapping[str, Any]]:
        at, key = deliveries.c.next_try_at, deliveries.c.id
        query = (
            select(deliveries, letters.c.kind.label("letter_kind"))
            .outerjoin(letters, letters.c.id == deliveries.c.source_id)
            .where(_WAITING, at <= self.now)
        )
        if after is not None:
            query = query.where((at > after[0]) | ((at == after[0]) & (key > after[1])))
        with self.database.read() as session:
            found = session.execute(query.order_by(at, key).limit(BATCH)).mappings()
            return [dict(row) for row in found]

    def _may_try(self, row: Mapping[str, Any]) -> bool:
        if _way(row) in self.silent:
            return False
        return self.database.write(partial(self._claim, row=row))

    def _claim(self, session: Session, *, row: Mapping[str, Any]) -> bool:
        """Take a delivery for this process, unless another one has or its hour has not come."""
        self.fence(session)
        mine = (
            update(deliveries)
            .where(deliveries.c.id == row["id"], deliveries.c.next_try_at == row["next_try_at"])
            .where(_WAITING)
        )
        opens = in_working_hours(self.now, self.law.calendar)
        if row["letter_kind"] == "reminder" and opens > self.now:
            session.execute(mine.values(next_try_at=opens))
            return False
        claimed = mine.values(attempts=row["attempts"] + 1, next_try_at=self.now + CLAIMED_FOR)
        return bool(session.execute(claimed).rowcount)  # type: ignore[attr-defined]  # a cursor's result

    def _try(self, row: Mapping[str, Any]) -> Tried:
        """Send one delivery that was claimed, and note what came of it."""
        error, hopeless = "", False
        try:
            self._send(row)
        except (OSError, ValueError, MessageError, Unsendable) as failed:
            error, hopeless = self._told(failed), isinstance(failed, Unsendable)
            log.warning("delivery %s by %s failed: %s", row["id"], row["channel"], error)
            if isinstance(failed, OSError) and not isinstance(failed, ANSWERS):
                self.silent.add(_way(row))
        self.database.write(partial(self._note, row=row, error=error, hopeless=hopeless))
        return Tried(row["id"], row["channel"], sent=not error)

    def _note(
        self, session: Session, *, row: Mapping[str, Any], error: str, hopeless: bool
    ) -> None:
        attempts = row["attempts"] + 1
        values: dict[str, Any] = {"last_error": error}
        if not error:
            values |= {"status": "sent", "sent_at": self.now}
        elif hopeless or attempts >= TRIES:
            values |= {"status": "dead"}
        else:
            values |= {"next_try_at": self.now + pause_after(attempts)}
        claim = (deliveries.c.id == row["id"]) & (deliveries.c.attempts == attempts)
        session.execute(update(deliveries).where(claim, _WAITING).values(values))

    def _told(self, failed: Exception) -> str:
        """What went wrong, short and without a secret."""
        said = " ".join(f"{type(failed).__name__}: {failed}".split())
        if self.secret:
            said = said.replace(self.secret, "***")
        return said[:LONGEST_ERROR]

    # What is sent -------------------------------------------------------------------------------

    def _send(self, row: Mapping[str, Any]) -> None:
        match row["channel"]:
            case "mail":
                self.send_mail(self._letter(row))
            case handouts.CHANNEL:
                self.send_mail(self._handout(row))
            case _:
                self.send_event(self._event(row))

    def _letter(self, row: Mapping[str, Any]) -> mail.Enclosed:
        with self.database.read() as session:
            letter = session.get_one(Letter, row["source_id"])
            person = session.get_one(Person, letter.person_id)
            if not person.active:
                raise Unsendable("the person has left")
            lines = self._still_seen(session, person, letter.lines)
        if not lines:
            raise Unsendable("the case is restricted since, and the person not named on it")
        return mail.Enclosed(
            id=row["id"],
            letter_id=letter.id,
            to=row["address"],
            locale=person.locale,
            subject=letter.subject,
            lines=lines,
        )

    def _still_seen(
        self, session: Session, person: Person, lines: Sequence[Mapping[str, Any]]
    ) -> list[Mapping[str, Any]]:
        """The lines of a letter but those of cases that were made restricted ones since."""
        cases = {UUID(line["case_id"]) for line in lines if line["case_id"]}
        if concealed := restricted(session, cases):
            concealed -= seen_by(session, person, concealed, local_date(self.now))
        return [
            line for line in lines if not line["case_id"] or UUID(line["case_id"]) not in concealed
        ]

    def _handout(self, row: Mapping[str, Any]) -> mail.Enclosed:
        with self.database.read() as session:
            return handouts.enclosed(session, row["id"], row["source_id"], row["address"])

    def _event(self, row: Mapping[str, Any]) -> webhook.Event:
        told = select(messages).where(messages.c.id == row["source_id"])
        with self.database.read() as session:
            endpoint = session.get(WebhookEndpoint, UUID(row["address"]))
            found = session.execute(told.execution_options(**SEEN)).mappings().one_or_none()
        if endpoint is None or not endpoint.active:
            raise Unsendable("the system is told no more")
        if found is None:
            body = webhook.ping_of(row["id"], row["created_at"])
        else:
            message = dict(found)
            body = webhook.body_of(row["id"], message, lifecycle_of(message))
        return webhook.Event(row["id"], endpoint.url, endpoint.secret, body)


def _way(row: Mapping[str, Any]) -> str:
    """What several deliveries have in common: the server of all mail, or a system."""
    return "mail" if row["channel"] in {"mail", handouts.CHANNEL} else str(row["address"])
