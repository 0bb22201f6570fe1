"""Mail: a letter as text, perhaps with a file, handed to the one server the settings name."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final, Self
from urllib.parse import urlsplit
from uuid import UUID

from app.law.labels import Label
from config import MailServer, Settings

TIMEOUT_S: Final = 20.0
MOST_LINES: Final = 200
"""How many lines of a letter a mail says; the rest stands in the inbox."""

SENDER: Final = Label("碳鉴", "Tanjian")
MORE: Final = Label("另有 {count} 项，见收件箱。", "{count} more stand in your inbox.")
IN_INBOX: Final = Label("收件箱：{url}", "Inbox: {url}")
SENT_BY: Final = Label(
    "本邮件由碳鉴自动发出，无须回复。", "Sent by Tanjian by itself; nobody reads an answer."
)


@dataclass(frozen=True, slots=True)
class Attached:
    """A JSON file that goes with a mail."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A letter on its way. ``id`` is that of the delivery: every try carries the same.

    ``letter_id``: where it lies in the inbox; none of what goes to somebody outside.
    """

    id: UUID
    letter_id: UUID | None
    to: str
    locale: str
    subject: str
    lines: Sequence[Mapping[str, Any]]
    attached: Attached | None = None


def composed(letter: Enclosed, settings: Settings, now: datetime) -> EmailMessage:
    """Write the mail. Raises ValueError for an address that is none."""
    message = EmailMessage(policy=SMTP)
    message["Date"] = now
    message["From"] = Address(SENDER.text(letter.locale), addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = " ".join(letter.subject.split())
    message["Message-ID"] = f"<{letter.id}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_body(letter, settings), cte="base64")
    if letter.attached is not None:
        message.add_attachment(
            letter.attached.content,
            maintype="application",
            subtype="json",
            filename=letter.attached.name,
        )
    return message


def _host(settings: Settings) -> str:
    own = urlsplit(settings.base_url).hostname if settings.base_url else None
    return own or settings.mail_from.rpartition("@")[2]


def _body(letter: Enclosed, settings: Settings) -> str:
    url = settings.base_url
    said = []
    for line in letter.lines[:MOST_LINES]:
        linked = url and line["case_id"]
        said.append(line["text"] + (f"\n{url}/cases/{line['case_id']}" if linked else ""))
    if (more := len(letter.lines) - MOST_LINES) > 0:
        said.append(MORE.text(letter.locale).format(count=more))
    if url and letter.letter_id is not None:
        said.append(IN_INBOX.text(letter.locale).format(url=f"{url}/inbox/{letter.letter_id}"))
    return "\n\n".join([*said, SENT_BY.text(letter.locale)]) + "\n"


class Post:
    """A connection to the server, opened for the first mail and again after one failed."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._open: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()

    def send(self, message: EmailMessage) -> None:
        """Hand one mail over. Raises OSError, SMTPException among them, if it was not taken."""
        try:
            if self._open is None:
                self._open = self._connected()
            self._open.send_message(message)
        except (OSError, ValueError):
            self._close()
            raise

    def _connected(self) -> smtplib.SMTP:
        server = self.server
        trusted = ssl.create_default_context()
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=trusted)
            if server.tls
            else smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        )
        try:
            if server.starttls:
                connection.starttls(context=trusted)
            if server.user:
                connection.login(server.user, server.password)
        except OSError:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        if self._open is None:
            return
        try:
            self._open.quit()
        except OSError:
            self._open.close()
        self._open = None
