"""A document of a case as the person at the browser meets it: what is known, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from flask_wtf import FlaskForm

from app.cases.models import CaseDocument
from app.cases.page import CasePage
from app.documents import operations, pdf
from app.documents.catalogue import Form
from app.documents.content import asked, compose
from app.documents.errors import NoSuchDocument
from app.documents.operations import NAME_REASON
from app.documents.prefill import Known
from app.engine.forms import InputsForm, inputs_form
from app.engine.inputs import Input
from app.engine.permission import Refusal
from app.frame import locale_code
from app.law.labels import Label
from app.law.periods import local_date

DRAFT_MARK: Final = "草稿"

STATES: Final[Mapping[str, Label]] = {
    "draft": Label("待用印", "To be sealed"),
    "sealed": Label("已用印，待生成", "Sealed, being rendered"),
    "rendered": Label("已用印", "Sealed"),
    "served": Label("已送达", "Served"),
    "void": Label("已作废", "Void"),
}
"""Where a document stands, in words."""


def state_of(document: CaseDocument) -> str:
    """Where a document stands: a key of `STATES`."""
    if document.is_void:
        return "void"
    if document.served_on is not None:
        return "served"
    if document.sealed_at is None:
        return "draft"
    return "rendered" if document.rendered_at is not None else "sealed"


@dataclass
class Sheet:
    """One document on a case page the person may read."""

    page: CasePage
    document: CaseDocument

    @property
    def state(self) -> str:
        """Where it stands."""
        return state_of(self.document)

    @property
    def title(self) -> Label:
        """What it is called."""
        return self.page.lifecycle.documents[self.document.kind].label

    @cached_property
    def refused(self) -> Sequence[Refusal]:
        """Why the person may not seal or void it."""
        return operations.why_not(self.page.view, self.document, self.page.actor)

    @property
    def may_seal(self) -> bool:
        """Whether the person may seal it now."""
        return self.document.sealed_at is None and not self.refused

    @property
    def may_void(self) -> bool:
        """Whether the person may void it now."""
        served = self.document.served_on is not None
        sealed = self.document.sealed_at is not None
        return sealed and not served and not self.document.is_void and not self.refused

    # Before it is sealed ------------------------------------------------------------------------

    @cached_property
    def form(self) -> Form:
        """Its form, as it is in force today."""
        return operations.form_of(self.page.view, self.document, self.page.now)

    @cached_property
    def known(self) -> Known:
        """What the case knows of it."""
        page = self.page
        return Known(page.session, page.view, self.document, page.actor, page.now)

    @cached_property
    def fixed(self) -> Mapping[str, Any]:
        """Values nobody types over."""
        return self.known.fixed(self.form)

    @property
    def typed_fields(self) -> tuple[Input, ...]:
        """The fields a person fills in or corrects, and the reason for another name."""
        fields = [f.input for f in asked(self.form, self.known.party) if f.name not in self.fixed]
        return (*fields, NAME_REASON) if self._may_be_named_otherwise else tuple(fields)

    @cached_property
    def _may_be_named_otherwise(self) -> bool:
        """Whether the party is, or may be typed, other than in documents sealed before (V-3)."""
        if "party_name" not in {f.name for f in asked(self.form, self.known.party)}:
            return False
        earlier = operations.earlier_names(self.page.view)
        return bool(earlier) and self.fixed.get("party_name") != earlier[-1]

    @property
    def fixed_fields(self) -> list[tuple[Input, Any]]:
        """What comes from the register or the case and is not typed."""
        inputs = [f.input for f in asked(self.form, self.known.party)]
        return [(one, self.fixed[one.name]) for one in inputs if one.name in self.fixed]

    def form_class(self) -> type[InputsForm]:
        """The form in which it is filled in, in the language of the reader."""
        return inputs_form(
            self.typed_fields, base=FlaskForm, locale=locale_code(), name=self.document.kind
        )

    def filled(self) -> InputsForm:
        """The form with what the case knows."""
        return self.form_class()(formdata=None, data=self.known.values(self.form))

    def missing(self, typed: Mapping[str, Any]) -> dict[str, Label]:
        """What stands in the way of sealing, by field."""
        return operations.prepared(
            self.page.view,
            self.document,
            self.form,
            typed,
            actor=self.page.actor,
            now=self.page.now,
        )[2]

    def preview(self, typed: Mapping[str, Any]) -> bytes:
        """The PDF as it would be, marked as a draft; what is missing is marked in its place."""
        page = self.page
        values, party, _ = operations.prepared(
            page.view, self.document, self.form, typed, actor=page.actor, now=page.now
        )
        about = operations.about(page.view, self.document, party)
        on = local_date(page.now)
        content = compose(self.form, values, about, number="", on=on, law=page.law)
        return pdf.render(content, page.now, mark=DRAFT_MARK)


def sheet_of(page: CasePage, document_id: UUID) -> Sheet:
    """A document of the case. Raises NoSuchDocument where there is none the person may read."""
    found = next((one for one in page.documents if one.id == document_id), None)
    if found is None:
        raise NoSuchDocument
    return Sheet(page, found)
