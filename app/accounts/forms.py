"""Forms of the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    widgets,
)
from wtforms.validators import DataRequired, EqualTo, Length, Optional

from app.accounts import passwords
from app.accounts.delegations import LONGEST_REASON
from app.engine.actors import Role


class TicksField(SelectMultipleField):
    """Several of a list, as ticks."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class SignInForm(FlaskForm):
    """Login and password; ``next`` is where the person wanted to go."""

    login = StringField(
        _l("Login"),
        [DataRequired(), Length(max=80)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"),
        [DataRequired(), Length(max=passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
    submit = SubmitField(_l("Sign in"))


class CodeForm(FlaskForm):
    """A code of the authenticator, or where one is asked for at signing in a recovery code."""

    code = StringField(
        _l("One-time code"),
        [DataRequired(), Length(max=40)],
        render_kw={
            "autocomplete": "one-time-code",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "autofocus": True,
        },
    )
    submit = SubmitField(_l("Go on"))


class PasswordForm(FlaskForm):
    """A new password, twice, with the present one."""

    present = PasswordField(
        _l("Present password"),
        [DataRequired(), Length(max=passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        _l("New password"),
        [DataRequired(), Length(min=passwords.SHORTEST, max=passwords.LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password again"),
        [DataRequired(), EqualTo("password", _l("The two new passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField(_l("Change password"))


class DelegationForm(FlaskForm):
    """Who takes somebody's place, from when until when, for what. Choices come from the page."""

    substitute = SelectField(_l("Substitute"), [DataRequired()])
    since = DateField(_l("First day"), [DataRequired()])
    until = DateField(
        _l("Last day"),
        [DataRequired()],
        description=_l("Inclusive. It ends by itself after this day."),
    )
    roles = TicksField(_l("Roles handed over"), [DataRequired()])
    lifecycles = TicksField(
        _l("Only for these procedures"), [Optional()], description=_l("None ticked: all of them.")
    )
    division = SelectField(_l("Only for cases in"), [Optional()])
    reason = StringField(
        _l("Reason"),
        [Optional(), Length(max=LONGEST_REASON)],
        description=_l("Both persons and whoever oversees the organisation read it."),
    )
    submit = SubmitField(_l("Hand over"))

    def typed(self) -> dict[str, Any]:
        """What was chosen, as `delegations.delegate` takes it."""
        return {
            "substitute_id": UUID(self.substitute.data),
            "roles": [Role(role) for role in self.roles.data or ()],
            "lifecycles": self.lifecycles.data or (),
            "division": self.division.data or "",
            "since": self.since.data,
            "until": self.until.data,
            "reason": (self.reason.data or "").strip(),
        }

    def refuse(self, faults: Mapping[str, str]) -> None:
        """Put sentences beside the fields they are about; the rest on top."""
        for name, sentence in faults.items():
            if name in self:
                self[name].errors = [sentence]
            else:
                self.form_errors.append(sentence)
