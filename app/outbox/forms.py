"""Forms of an administrator: the words of messages, and the systems that are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from app.outbox import webhook, wording
from app.outbox.operations import PARTS

LONGEST_BODY: Final = 2000
LONGEST_URL: Final = 300


class WordsForm(FlaskForm):
    """The words of one key in both languages. ``seen`` is the version they are written over."""

    subject_zh = StringField(
        _l("Subject (Chinese)"), [DataRequired(), Length(max=wording.LONGEST_SUBJECT)]
    )
    body_zh = TextAreaField(
        _l("Text (Chinese)"), [DataRequired(), Length(max=LONGEST_BODY)], render_kw={"rows": 3}
    )
    subject_en = StringField(
        _l("Subject (English)"), [DataRequired(), Length(max=wording.LONGEST_SUBJECT)]
    )
    body_en = TextAreaField(
        _l("Text (English)"), [DataRequired(), Length(max=LONGEST_BODY)], render_kw={"rows": 3}
    )
    seen = HiddenField()

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(**values)
        self.names = wording.placeholders_of(key)

    def _known(self, field: Any) -> None:
        """Refuse braces that stand around anything but the names of this key."""
        try:
            used = wording.names_in(field.data or "")
        except wording.Malformed:
            raise ValidationError(
                gettext("Braces stand in pairs around a name, as in {number}, and nowhere else.")
            ) from None
        if unknown := [name for name in dict.fromkeys(used) if name not in self.names]:
            raise ValidationError(
                gettext(
                    "There is no %(names)s here. What may be used is listed on this page.",
                    names="、".join(f"{{{name}}}" for name in unknown),
                )
            )

    def validate_subject_zh(self, field: Any) -> None:
        self._known(field)

    def validate_body_zh(self, field: Any) -> None:
        self._known(field)

    def validate_subject_en(self, field: Any) -> None:
        self._known(field)

    def validate_body_en(self, field: Any) -> None:
        self._known(field)

    @property
    def texts(self) -> Mapping[str, str]:
        """What was typed, by part."""
        return {name: (self[name].data or "").strip() for name in PARTS}


class EndpointForm(FlaskForm):
    """A system, and the organisation whose messages it hears."""

    organisation = SelectField(_l("Messages of"), [DataRequired()])
    url = StringField(
        _l("Web address"),
        [DataRequired(), Length(max=LONGEST_URL)],
        description=_l("Begins with https:// or http://. No redirect is followed."),
        render_kw={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )

    def validate_url(self, field: Any) -> None:
        """Refuse what nothing can be posted to."""
        if not webhook.is_address(field.data or ""):
            raise ValidationError(
                gettext("This is no http address; a login or password may not stand in it.")
            )
