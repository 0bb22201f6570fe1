"""Forms about escalations: of one decision, of several at once, of a request by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from app.cases.escalation.alternatives import Alternative
from app.cases.escalation.asking import Request
from app.cases.escalation.cards import Card
from app.cases.escalation.decisions import LONGEST
from app.cases.escalation.lists import Filter
from app.cases.escalation.proposals import KIND_LABELS, Do
from app.cases.forms import act_form
from app.cases.page import CasePage
from app.engine.forms import ActForm, form_class
from app.formats import label
from app.frame import locale_code
from app.law.labels import Label
from app.workflows import LIFECYCLES

ROWS: Final = {"rows": 2, "data-longest": LONGEST}


class Untokened(FlaskForm):
    """A form whose token stands in the page once, outside its prefixed fields."""

    class Meta:
        """The token of the request is checked for all forms alike."""

        csrf = False


class DecisionForm(Untokened):
    """What somebody decides about one escalation."""

    words = TextAreaField(
        _l("Reason, instruction or view"),
        [Optional(), Length(max=LONGEST)],
        description=_l("Needed to refuse, to pass upward and to say what is to be done."),
        render_kw=ROWS,
    )
    choose = SelectField(_l("Decide instead"), [Optional()], validate_choice=False)
    person = SelectField(_l("Officer"), [Optional()], validate_choice=False)

    def show_faults(self, faults: Mapping[str, Label]) -> dict[str, Label]:
        """Put sentences beside their fields; return those that belong to none of them."""
        left = {}
        for name, fault in faults.items():
            field = self._fields.get(name)
            if field is None:
                left[name] = fault
            else:
                field.errors = [*field.errors, label(fault)]
        return left

    @property
    def person_id(self) -> UUID | None:
        """Who was chosen, if anybody was."""
        return _id(self.person.data)


class TogetherForm(Untokened):
    """What is said of several escalations at once."""

    words = TextAreaField(
        _l("Reason, instruction or view"),
        [Optional(), Length(max=LONGEST)],
        description=_l("Needed to refuse, to pass upward and to say what is to be done."),
        render_kw=ROWS,
    )


class AskForm(Untokened):
    """A request by hand: why, and whom one has in mind."""

    reason = TextAreaField(
        _l("Why you ask"),
        [DataRequired(_l("Give the reason.")), Length(max=LONGEST)],
        render_kw={"rows": 4},
    )
    person = SelectField(_l("Officer you have in mind"), [Optional()], validate_choice=False)

    @property
    def person_id(self) -> UUID | None:
        """Who was chosen, if anybody was."""
        return _id(self.person.data)


class NarrowForm(Untokened):
    """What narrows a list of escalations; it stands in the address."""

    kind = SelectField(_l("Kind"), [Optional()], validate_choice=False)
    lifecycle = SelectField(_l("Procedure"), [Optional()], validate_choice=False)

    def narrowed(self) -> Filter:
        """The filter; what is not known narrows nothing."""
        kind, lifecycle = self.kind.data or "", self.lifecycle.data or ""
        return Filter(
            kind=kind if kind in set(KIND_LABELS) else "",
            lifecycle=lifecycle if lifecycle in LIFECYCLES else "",
        )

    def offer(self) -> None:
        """Fill in what can be chosen."""
        every = ("", gettext("All"))
        self.kind.choices = [every, *((k.value, label(text)) for k, text in KIND_LABELS.items())]
        self.lifecycle.choices = [
            every,
            *((key, label(one.title())) for key, one in LIFECYCLES.items()),
        ]


def _id(text: Any) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None


def prefix_of(escalation_id: UUID) -> str:
    """What the names of the fields of one escalation's form begin with: a page shows several."""
    return f"e{escalation_id.hex[-10:]}-"


def decision_form(card: Card, formdata: Any = None) -> DecisionForm:
    """The form of one decision, offering what may be decided on a card, and who may be named."""
    form = DecisionForm(formdata=formdata, prefix=prefix_of(card.raised.id))
    form.choose.choices = [(one.key, label(one.label)) for one in on_the_card(card)]
    proposed = card.matter.proposal.person_id
    form.person.choices = [
        ("", gettext("Choose one")),
        *((str(key), name) for key, name in card.officers.items() if key != card.case.assignee_id),
    ]
    if formdata is None:
        form.person.data = str(proposed or "")
    return form


def on_the_card(card: Card) -> list[Alternative]:
    """What can be decided instead without opening a page of its own."""
    return [
        one
        for one in card.instead
        if one.proposal.do is not Do.ACT or (one.light and is_proposed(card, one))
    ]


def is_proposed(card: Card, one: Alternative) -> bool:
    """Whether it is what was proposed."""
    return one.proposal == card.matter.proposal


def beyond_the_card(card: Card) -> list[Alternative]:
    """Acts that want a page of their own."""
    here = {one.key for one in on_the_card(card)}
    return [one for one in card.instead if one.key not in here]


def light_form(card: Card) -> ActForm | None:
    """The fields of the act that was proposed, where they can be filled in on the card."""
    one = next((one for one in on_the_card(card) if one.transition is not None), None)
    if one is None or one.transition is None:
        return None
    made = form_class(
        one.transition,
        base=Untokened,
        options=lambda _field: (),
        locale=locale_code(),
        late=False,
        asked=one.on_a_card,
    )
    return made(formdata=None, data=dict(one.proposal.inputs), prefix=prefix_of(card.raised.id))


def full_form(page: CasePage, card: Card, one: Alternative, formdata: Any = None) -> ActForm | None:
    """The fields of an act with all that may be named in it, as it was proposed or typed."""
    if one.transition is None:
        return None
    made = act_form(page, one.transition, locale_code())
    prefix = prefix_of(card.raised.id)
    inputs = dict(one.proposal.inputs)
    return made(formdata=formdata, data=inputs, prefix=prefix, meta={"csrf": False})


def asked_form(page: CasePage, request: Request, formdata: Any = None) -> ActForm | None:
    """The fields of an act that somebody asks for, without what whoever decides adds."""
    if request.transition is None or not request.fields:
        return None
    names: Sequence[str] = [field.name for field in request.fields]
    made = act_form(page, request.transition, locale_code(), only=names)
    return made(formdata=formdata, meta={"csrf": False})
