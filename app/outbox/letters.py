"""Making letters of messages: each message told once, to everybody it is for, in their language.

Messages are told in batches, each in one transaction that marks them sent, writes the letters and
what is to be mailed or posted of them. Killed anywhere, it did all of a batch or nothing.

The reminders of one person and day are one letter, told in working hours only. Its mail waits for
`GATHERS`, so that one mail says all that falls on one morning; what comes after the mail waits for
the next working morning, unless its clock ends that very day: then it is a letter of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.notices import NO_CASE
from app.cases.timers import Fence, unfenced
from app.db import Database, new_id, table_of
from app.law.calendar import WorkCalendar
from app.law.labels import Label
from app.law.ladders import CLOSES, in_working_hours
from app.law.periods import LOCAL_ZONE, local_date
from app.law.terms import LawBook
from app.outbox import wording
from app.outbox.models import Delivery, Letter, OutboxMessage, WebhookEndpoint
from app.outbox.recipients import Reader, Recipients, lost

BATCH: Final = 100
GATHERS: Final = timedelta(minutes=10)
"""How long the reminders of a day are gathered before they are mailed."""
SHORTLY: Final = timedelta(minutes=1)
"""How long before the end of working hours no reminder is gathered any more."""
NOBODY: Final = "nobody"
"""What stands as the error of a message that reached nobody."""
URGENT: Final = "urgent"
"""Kind of a letter that tells a reminder of hours."""
IN_PLACE_OF: Final = Label("（代{name}）", "(for {name}) ")

messages = table_of(OutboxMessage)
letters = table_of(Letter)
deliveries = table_of(Delivery)
endpoints = table_of(WebhookEndpoint)

Row = Mapping[str, Any]

_UNTOLD: Final = messages.c.sent_at.is_(None)
_CAN_WAIT: Final = ~messages.c.urgent & (
    (messages.c.kind == "reminder") | (messages.c.release_at > messages.c.created_at)
)
"""What is told in working hours only: reminders, and what waited for them when it was written."""
_ADD: Final = (
    update(letters)
    .where(letters.c.id == bindparam("letter"))
    .values(subject=bindparam("says"), lines=bindparam("all_lines"), read_at=None)
)


def anything_untold(database: Database, now: datetime) -> bool:
    """Whether a message waits to be told; reads only."""
    with database.read() as session:
        waits = select(literal(1)).where(_UNTOLD, messages.c.release_at <= now).limit(1)
        return session.scalar(waits) is not None


def distribute(
    database: Database,
    law: LawBook,
    now: datetime,
    *,
    fence: Fence = unfenced,
    by_mail: bool = False,
) -> list[UUID]:
    """Tell every message that may be told by ``now``; return their ids in the order of telling.

    ``by_mail``: there is a server that takes mail. Raises what the fence raises.
    """
    told: list[UUID] = []
    opens = in_working_hours(now, law.calendar)
    if opens > now and _any_can_wait(database, now):
        database.write(partial(_put_off, now=now, until=opens, fence=fence))
    while ids := _untold(database, now):
        work = partial(_tell, ids=ids, law=law, now=now, fence=fence, by_mail=by_mail)
        told += database.write(work)
    return told


def _any_can_wait(database: Database, now: datetime) -> bool:
    with database.read() as session:
        query = select(literal(1)).where(_UNTOLD, messages.c.release_at <= now, _CAN_WAIT).limit(1)
        return session.scalar(query) is not None


def _put_off(session: Session, *, now: datetime, until: datetime, fence: Fence) -> None:
    """Let what nobody told in time wait for working hours again."""
    fence(session)
    late = update(messages).where(_UNTOLD, messages.c.release_at <= now, _CAN_WAIT)
    session.execute(late.values(release_at=until))


def _untold(database: Database, now: datetime) -> Sequence[UUID]:
    query = select(messages.c.id).where(_UNTOLD, messages.c.release_at <= now)
    with database.read() as session:
        return session.scalars(
            query.order_by(messages.c.release_at, messages.c.id).limit(BATCH)
        ).all()


def _tell(
    session: Session,
    *,
    ids: Sequence[UUID],
    law: LawBook,
    now: datetime,
    fence: Fence,
    by_mail: bool,
) -> list[UUID]:
    """Tell one batch; what another process told meanwhile is left out."""
    fence(session)
    query = select(messages).where(messages.c.id.in_(ids), _UNTOLD).with_for_update()
    rows = [
        dict(row)
        for row in session.execute(query.order_by(messages.c.release_at, messages.c.id)).mappings()
    ]
    told = [row["id"] for row in rows]
    if not told:
        return []
    session.execute(update(messages).where(messages.c.id.in_(told)).values(sent_at=now))
    recipients = Recipients.read(session, rows, local_date(now))
    batch = _Batch(session, law.calendar, now, wording.newest(session), by_mail=by_mail)
    unread = []
    for row in rows:
        readers = recipients.of(row)
        if not readers and row["case_id"] not in recipients.confidants:
            unread.append(row)
        for reader in readers:
            batch.tell(row, reader)
    for missed in lost(session, unread, local_date(now)):
        batch.reaches_nobody(missed)
    # What a system does with what it hears nobody here knows: of restricted cases it hears none.
    batch.post_to_systems([row for row in rows if row["case_id"] not in recipients.confidants])
    batch.write()
    return told


@dataclass(frozen=True, slots=True)
class _Line:
    """One reminder as one person is told it."""

    row: Row
    reader: Reader
    said: Mapping[str, Any]

    def ends_by(self, day: date) -> bool:
        """Whether its clock ends on that day or did before."""
        return str(self.row["data"].get("due_on", "")) <= day.isoformat()


@dataclass(slots=True)
class _Batch:
    """The letters of one batch, written set by set at its end."""

    session: Session
    calendar: WorkCalendar
    now: datetime
    texts: Mapping[str, wording.Text]
    by_mail: bool
    letters: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    bundled: dict[UUID, list[_Line]] = field(default_factory=dict)

    # Telling ------------------------------------------------------------------------------------

    def tell(self, row: Row, reader: Reader) -> None:
        """Put a message into words for one person."""
        if row["kind"] == "reminder" and not row["urgent"]:
            line = _Line(row, reader, self._line(row, reader))
            self.bundled.setdefault(reader.person_id, []).append(line)
        else:
            self._letter(row, reader)

    def _line(self, row: Row, reader: Reader) -> dict[str, Any]:
        text = wording.text_for(self.texts, row["template"], row["kind"])
        values = wording.values_of(row, self.calendar, self.now, reader.locale)
        said = wording.filled(text.body.text(reader.locale), values)
        if reader.place_of:
            said = IN_PLACE_OF.text(reader.locale).format(name=reader.place_of) + said
        return {
            "text": said,
            "case_id": str(row["case_id"]) if row["case_id"] != NO_CASE else None,
            "escalation": row["data"].get("escalation"),
            "message": str(row["id"]),
        }

    def _letter(self, row: Row, reader: Reader) -> None:
        """A letter that tells one message."""
        text = wording.text_for(self.texts, row["template"], row["kind"])
        values = wording.values_of(row, self.calendar, self.now, reader.locale)
        subject = wording.filled(text.subject.text(reader.locale), values)
        kind = URGENT if row["urgent"] else row["kind"]
        letter = self._made(reader, str(row["id"]), kind, subject, text, self.now)
        letter["lines"] = [self._line(row, reader)]
        self.letters.append(letter)
        self._mail(letter, reader, self.now)

    def _made(
        self,
        reader: Reader,
        bundle: str,
        kind: str,
        subject: str,
        text: wording.Text,
        at: datetime,
    ) -> dict[str, Any]:
        return {
            "id": new_id(),
            "person_id": reader.person_id,
            "bundle": bundle,
            "kind": kind,
            "subject": subject[: wording.LONGEST_SUBJECT],
            "lines": [],
            "template": text.key,
            "template_version": text.version,
            "created_at": at,
        }

    # Outward ------------------------------------------------------------------------------------

    def _mail(self, letter: Row, reader: Reader, at: datetime) -> None:
        if self.by_mail and reader.email:
            self._deliver(letter["id"], "mail", reader.email, at)

    def _deliver(
        self, source_id: UUID, channel: str, address: str, at: datetime, **more: Any
    ) -> None:
        self.deliveries.append(
            {
                "id": new_id(),
                "source_id": source_id,
                "channel": channel,
                "address": address,
                "status": "waiting",
                "attempts": 0,
                "next_try_at": at,
                "last_error": "",
                "created_at": self.now,
                **more,
            }
        )

    def reaches_nobody(self, row: Row) -> None:
        """Leave a message nobody is there to read to the administrator."""
        place = (row["role"], row["organisation_id"] or "", row["person_id"] or "")
        address = ":".join(str(part) for part in place)
        self._deliver(row["id"], "inbox", address, self.now, status="dead", last_error=NOBODY)

    def post_to_systems(self, rows: Iterable[Row]) -> None:
        """Let every system of an organisation hear of the messages to that organisation."""
        rows = [row for row in rows if row["organisation_id"] is not None]
        listening = select(endpoints.c.id, endpoints.c.organisation_id).where(
            endpoints.c.organisation_id.in_({row["organisation_id"] for row in rows}),
            endpoints.c.active,
        )
        found = self.session.execute(listening.order_by(endpoints.c.id)).all()
        told = self._told_to_systems(rows) if found else set()
        for row in rows:
            for endpoint in found:
                to = str(endpoint.id)
                ours = endpoint.organisation_id == row["organisation_id"]
                if ours and (row["id"], to) not in told:
                    self._deliver(row["id"], "webhook", to, self.now)

    def _told_to_systems(self, rows: Iterable[Row]) -> set[tuple[UUID, str]]:
        """What systems have heard before, of messages that found nobody and are told anew."""
        query = select(deliveries.c.source_id, deliveries.c.address).where(
            deliveries.c.source_id.in_([row["id"] for row in rows]),
            deliveries.c.channel == "webhook",
        )
        return {(row.source_id, row.address) for row in self.session.execute(query)}

    # Writing ------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write all letters and deliveries."""
        late = self._bundle(self.bundled, local_date(self.now), self.now)
        morning = in_working_hours(
            datetime.combine(local_date(self.now), CLOSES, LOCAL_ZONE), self.calendar
        )
        waits: dict[UUID, list[_Line]] = {}
        for person_id, lines in late.items():
            for line in lines:
                if line.ends_by(local_date(self.now)):
                    self._letter(line.row, line.reader)
                else:
                    waits.setdefault(person_id, []).append(line)
        self._bundle(waits, local_date(morning), morning)
        for table, rows in ((letters, self.letters), (deliveries, self.deliveries)):
            if rows:
                self.session.execute(insert(table), rows)

    def _bundle(
        self, lines: Mapping[UUID, list[_Line]], day: date, at: datetime
    ) -> Mapping[UUID, list[_Line]]:
        """Put lines into the letters of a day; return those whose letter was mailed already."""
        if not lines:
            return {}
        known = self._letters_of(lines, day)
        mailed = self._mailed([row["id"] for row in known.values()])
        begun: list[tuple[dict[str, Any], Reader]] = []
        for person_id in sorted(lines.keys() - known.keys()):
            reader = replace(lines[person_id][0].reader, place_of="")
            said = [line.said for line in lines[person_id]]
            subject = self._subject(reader, day, len(said))
            text = self.texts[wording.REMINDERS]
            letter = self._made(reader, day.isoformat(), "reminder", subject, text, at)
            begun.append((letter | {"lines": said}, reader))
        try:
            with self.session.begin_nested():
                if begun:
                    self.session.execute(insert(letters), [letter for letter, _ in begun])
        except IntegrityError:  # another process began a letter of that day: add to it
            return self._bundle(lines, day, at)
        closes = datetime.combine(day, CLOSES, LOCAL_ZONE)
        for letter, reader in begun:
            self._mail(letter, reader, max(at, min(at + GATHERS, closes - SHORTLY)))
        late = {}
        for person_id, row in sorted(known.items()):
            if row["id"] in mailed:
                late[person_id] = lines[person_id]
            else:
                self._add(row, lines[person_id], day)
        return late

    def _add(self, letter: Row, lines: Sequence[_Line], day: date) -> None:
        said = [*letter["lines"], *(line.said for line in lines)]
        subject = self._subject(lines[0].reader, day, len(said))
        self.session.execute(_ADD, {"letter": letter["id"], "says": subject, "all_lines": said})

    def _subject(self, reader: Reader, day: date, count: int) -> str:
        pattern = self.texts[wording.REMINDERS].subject.text(reader.locale)
        told = {"day": wording.day_label(day).text(reader.locale), "count": str(count)}
        return wording.filled(pattern, told)[: wording.LONGEST_SUBJECT]

    def _letters_of(self, people: Iterable[UUID], day: date) -> dict[UUID, Row]:
        query = select(letters.c.id, letters.c.person_id, letters.c.lines).where(
            letters.c.person_id.in_(list(people)), letters.c.bundle == day.isoformat()
        )
        locked = query.order_by(letters.c.person_id).with_for_update()
        found = self.session.execute(locked).mappings()
        return {row["person_id"]: dict(row) for row in found}

    def _mailed(self, ids: Sequence[UUID]) -> set[UUID]:
        """Which of these letters somebody has begun to mail."""
        query = (
            select(deliveries.c.source_id, deliveries.c.attempts, deliveries.c.status)
            .where(deliveries.c.source_id.in_(ids), deliveries.c.channel == "mail")
            .with_for_update()
        )
        found = self.session.execute(query.order_by(deliveries.c.id)).all()
        return {row.source_id for row in found if row.attempts or row.status != "waiting"}
