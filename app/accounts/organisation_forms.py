"""Forms of the administration of organisations."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, SubmitField
from wtforms.validators import DataRequired, Length, Optional, Regexp

from app.accounts.organisations import Facts
from app.accounts.people_forms import AdministrationForm, ReasonForm, trimmed


def _code(text: str | None) -> str | None:
    return "".join(text.split()).upper() if text else text


class FactsForm(AdministrationForm):
    """Who an organisation is."""

    name = StringField(
        _l("Name of the organisation"), [DataRequired(), Length(max=200)], filters=[trimmed]
    )
    short_name = StringField(_l("Short name"), [Optional(), Length(max=60)], filters=[trimmed])
    uscc = StringField(
        _l("Unified social credit code"),
        [
            Optional(),
            Regexp(r"^[0-9A-HJ-NPQRTUWXY]{18}$", message=_l("A credit code has 18 characters.")),
        ],
        filters=[_code],
    )
    parent = SelectField(_l("Stands under"), [Optional()], filters=[trimmed])
    document_pattern = StringField(
        _l("Pattern of document numbers"),
        [Optional(), Length(max=60)],
        filters=[trimmed],
        description=_l("Empty: as the body above it."),
    )
    submit = SubmitField(_l("Save"))

    def facts(self) -> Facts:
        """What was typed."""
        return Facts(
            name=self.name.data or "",
            short_name=self.short_name.data or "",
            uscc=self.uscc.data or None,
            parent_id=UUID(self.parent.data) if self.parent.data else None,
            document_pattern=self.document_pattern.data or "",
        )


class EnterForm(FactsForm):
    """An organisation that is new."""

    kind = SelectField(_l("Kind"), [DataRequired()])
    division = SelectField(_l("Division"), [DataRequired()])
    submit = SubmitField(_l("Enter"))


class ChangeForm(ReasonForm):
    """Another kind or division."""

    kind = SelectField(_l("Kind"), [DataRequired()])
    division = SelectField(_l("Division"), [DataRequired()])
