"""Forms of the administration of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import cast

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    SubmitField,
)
from wtforms.validators import DataRequired, EqualTo, Length, Optional, Regexp

from app.accounts import passwords
from app.accounts.deciding import LONGEST
from app.accounts.requests import Terms
from app.engine.actors import Role


def trimmed(text: str | None) -> str | None:
    """What was typed without the blanks around it."""
    return text.strip() if text else text


class AdministrationForm(FlaskForm):
    """A form that takes the sentences of a refusal."""

    def refuse(self, faults: Mapping[str, str]) -> None:
        """Put sentences beside the fields they are about; the rest on top."""
        for name, sentence in faults.items():
            if name and name in self:
                self[name].errors = [sentence]
            else:
                self.form_errors.append(sentence)


class ReasonForm(AdministrationForm):
    """Why something is asked for."""

    reason = StringField(
        _l("Reason"),
        [Optional(), Length(max=LONGEST)],
        filters=[trimmed],
        description=_l("The administrator who decides reads it."),
    )
    submit = SubmitField(_l("Ask for it"))


class EndForm(ReasonForm):
    """The last day of a role."""

    until = DateField(_l("Last day"), [DataRequired()], description=_l("Inclusive."))


class TermsForm(ReasonForm):
    """A role, with its days and the certificate."""

    role = SelectField(_l("Role"), [DataRequired()])
    since = DateField(
        _l("First day"),
        [DataRequired()],
        description=_l("No role is held before it was granted, whatever day stands here."),
    )
    until = DateField(
        _l("Last day"), [Optional()], description=_l("Inclusive. Empty: until it is ended.")
    )
    certificate_no = StringField(
        _l("Law enforcement certificate"),
        [Optional(), Length(max=40)],
        filters=[trimmed],
        description=_l("Inspectors need one for every act on site."),
    )
    certificate_until = DateField(
        _l("Certificate valid until"), [Optional()], description=_l("Inclusive.")
    )

    def terms(self) -> Terms:
        """What was chosen."""
        return Terms(
            role=Role(self.role.data),
            since=cast("date", self.since.data),
            until=self.until.data,
            certificate_no=self.certificate_no.data or None,
            certificate_until=self.certificate_until.data,
        )


class RoleForm(TermsForm):
    """A role that is new to somebody, and where they hold it."""

    organisation = SelectField(_l("Organisation"), [DataRequired()])


class InviteForm(RoleForm):
    """Somebody new with their first role."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=100)], filters=[trimmed])
    login = StringField(
        _l("Login"),
        [
            DataRequired(),
            Length(min=2, max=80),
            Regexp(
                r"^[A-Za-z0-9][A-Za-z0-9._@-]*$",
                message=_l("Latin letters, digits, dot, hyphen, underscore and @ only."),
            ),
        ],
        filters=[trimmed],
        render_kw={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )
    email = EmailField(
        _l("E-mail"),
        [
            Optional(),
            Length(max=200),
            Regexp(r"^[^@\s]+@[^@\s]+$", message=_l("This is no e-mail address.")),
        ],
        filters=[trimmed],
    )
    submit = SubmitField(_l("Invite and ask for the role"))


class LeaveForm(AdministrationForm):
    """The last day of somebody who leaves."""

    last_day = DateField(
        _l("Last day"),
        [DataRequired()],
        description=_l("Today: at once. Later: with the end of that day, inclusive."),
    )
    submit = SubmitField(_l("Let them leave"))


class DecisionForm(AdministrationForm):
    """What becomes of a request, and an answer."""

    decision = HiddenField()
    answer = StringField(_l("Answer"), [Optional(), Length(max=LONGEST)], filters=[trimmed])


class LinkForm(FlaskForm):
    """A password, twice, by whoever holds the link; of somebody new the name as well."""

    name = StringField(
        _l("Name"),
        [DataRequired(), Length(max=100)],
        filters=[trimmed],
        description=_l("As it shall stand in every record."),
        render_kw={"autocomplete": "name"},
    )
    password = PasswordField(
        _l("New password"),
        [DataRequired(), Length(min=passwords.SHORTEST, max=passwords.LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )
    password_again = PasswordField(
        _l("New password again"),
        [DataRequired(), EqualTo("password", _l("The two new passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField(_l("Set password"))
