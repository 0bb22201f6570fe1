"""The form that hands a checkpoint out."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, ValidationError
from wtforms.validators import DataRequired, Length

from app.assurance.publishing import Channel, Order
from app.formats import label

LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 254


class PublishForm(FlaskForm):
    """How a checkpoint is handed out, and to which authority."""

    channel = RadioField(
        _l("How it is handed over"),
        [DataRequired(_l("Choose how it is handed over."))],
        default=Channel.FILE.value,
    )
    recipient = StringField(
        _l("Authority that keeps it"),
        [DataRequired(_l("Name the authority.")), Length(max=LONGEST_NAME)],
        description=_l("Another house than this one: what is kept here proves nothing to others."),
        render_kw={"autocomplete": "organization"},
    )
    address = StringField(
        _l("Its e-mail address"),
        [Length(max=LONGEST_ADDRESS)],
        description=_l("Only for e-mail."),
        render_kw={"type": "email", "autocomplete": "off", "spellcheck": "false"},
    )

    def __init__(self, *, by_mail: bool, **values: Any) -> None:
        super().__init__(**values)
        self.channel.choices = [
            (one.value, label(one.label)) for one in Channel if by_mail or one is not Channel.MAIL
        ]

    def validate_recipient(self, field: StringField) -> None:
        """Refuse a name of blanks alone."""
        if not (field.data or "").strip():
            raise ValidationError(gettext("Name the authority."))

    def validate_address(self, field: StringField) -> None:
        """Want an address where it goes by e-mail, and refuse what is none."""
        if self.channel.data != Channel.MAIL:
            return
        given = (field.data or "").strip()
        if not given:
            raise ValidationError(gettext("Say to which address the e-mail goes."))
        if not _is_address(given):
            raise ValidationError(gettext("This is no e-mail address: name@example.gov.cn"))

    @property
    def order(self) -> Order:
        """What was asked for."""
        channel = Channel(self.channel.data)
        address = (self.address.data or "").strip() if channel is Channel.MAIL else ""
        return Order(channel, " ".join((self.recipient.data or "").split()), address)


def _is_address(text: str) -> bool:
    try:
        found = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        return False
    return bool(found.username and "." in found.domain) and text.isascii()
