"""What the case already knows of a document: from the register, its acts, facts and documents.

A form is filled in with it before anybody types; what is fixed is taken from here again when the
document is sealed. Every text is Chinese, whatever language the person reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Organisation, OrganisationKind, Person
from app.audit import sealing
from app.audit.models import AuditEntry, PrivateValue
from app.cases.models import Case, CaseDeadline, CaseDocument, Evidence, Signature
from app.cases.snapshot import SEEN, Snapshot
from app.documents.catalogue import Form
from app.documents.content import ORGANISATION, PERSON, Party, asked
from app.documents.fields import Field, Rows, rows_text
from app.documents.placeholders import chinese_day, chinese_moment, in_words, yuan
from app.engine.actors import Actor, Capacity, both_names
from app.engine.definition import Document, Transition
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    Input,
    InputFault,
    Money,
    Quantity,
    Reference,
    YesNo,
    plain,
)
from app.law.penalties import penalty_rules
from app.law.periods import local_date
from app.registers.models import AgencyProfile, PersonProfile, UnitProfile

FAMILY_FACTS: Final = 3
"""So many cases upwards a fact of the parent is looked for."""
NONE: Final = "none"
"""The choice that says there is none of it."""
REMEMBERED: Final = 30
"""In so many documents of the body its own address and the like are looked for."""
PARTIES: Final = frozenset(
    {OrganisationKind.UNIT, OrganisationKind.AGENCY, OrganisationKind.PERSON}
)


class Known:
    """What the case knows of one document, for the person who makes it."""

    def __init__(
        self, session: Session, view: Snapshot, document: CaseDocument, actor: Actor, now: datetime
    ) -> None:
        self.session = session
        self.view = view
        self.document = document
        self.actor = actor
        self.now = now
        self.declared: Document = view.lifecycle.documents[document.kind]

    def _all(self, query: Any) -> list[Any]:
        return list(self.session.scalars(query, execution_options=SEEN))

    # The parts it knows -------------------------------------------------------------------------

    @cached_property
    def party(self) -> Party | None:
        """Whom the case is about, unless it is an operation of the authority's own."""
        found = self.session.get(Organisation, self.view.subject_id)
        if found is None or found.kind not in PARTIES:
            return None
        kind = PERSON if found.kind is OrganisationKind.PERSON else ORGANISATION
        return Party(found.id, found.name, kind)

    @cached_property
    def entry(self) -> AuditEntry | None:
        """The entry of the act that made the document."""
        query = select(AuditEntry).where(
            AuditEntry.chain_id == self.view.id, AuditEntry.seq == self.document.seq
        )
        return next(iter(self._all(query)), None)

    @cached_property
    def act(self) -> Transition | None:
        """The act that made it, as the lifecycle declares it."""
        if self.entry is None:
            return None
        return self.view.lifecycle.transitions.get(self.entry.trigger)

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """What was typed for that act, also what stands apart from its entry."""
        return self._inputs_of(self.entry) if self.entry is not None else {}

    def _inputs_of(self, entry: AuditEntry) -> dict[str, Any]:
        told = dict(json.loads(entry.body)["details"].get("inputs") or {})
        if '"commitments"' in entry.body:
            query = select(PrivateValue).where(  # what is sealed stands in no document
                PrivateValue.chain_id == entry.chain_id,
                PrivateValue.seq == entry.seq,
                PrivateValue.salt != sealing.SALT,
            )
            told |= {kept.name: json.loads(kept.value) for kept in self._all(query) if kept.value}
        return told

    @cached_property
    def _earlier(self) -> list[tuple[Transition, dict[str, Any]]]:
        """Every act of the case with its inputs, the newest first."""
        query = (
            select(AuditEntry)
            .where(AuditEntry.chain_id == self.view.id)
            .order_by(AuditEntry.seq.desc())
        )
        known = self.view.lifecycle.transitions
        return [
            (known[entry.trigger], self._inputs_of(entry))
            for entry in self._all(query)
            if entry.trigger in known
        ]

    @cached_property
    def _documents(self) -> list[CaseDocument]:
        """Sealed documents of the case, its parent and its children that count, newest first."""
        row = self.view.row
        kin = [Case.id == row["id"], Case.parent_id == row["id"]]
        if row["parent_id"] is not None:
            kin.append(Case.id == row["parent_id"])
        query = (
            select(CaseDocument)
            .where(
                CaseDocument.case_id.in_(select(Case.id).where(or_(*kin))),
                CaseDocument.sealed_at.is_not(None),
                CaseDocument.voided_at.is_(None),
            )
            .order_by(CaseDocument.sealed_at.desc(), CaseDocument.id.desc())
        )
        return self._all(query)

    @cached_property
    def _of_the_house(self) -> list[CaseDocument]:
        """The newest sealed documents of the body, of whatever case."""
        query = (
            select(CaseDocument)
            .join(Case, Case.id == CaseDocument.case_id)
            .where(
                Case.authority_id == self.view.row["authority_id"],
                CaseDocument.sealed_at.is_not(None),
                CaseDocument.voided_at.is_(None),
            )
            .order_by(CaseDocument.sealed_at.desc())
            .limit(REMEMBERED)
        )
        return self._all(query)

    # Values -------------------------------------------------------------------------------------

    def values(self, form: Form) -> dict[str, Any]:
        """The values of the form's fields the case knows, as JSON keeps them."""
        found = {}
        for field in asked(form, self.party):
            value = self._value(field)
            if value is not None:
                found[field.name] = value
        return found

    def fixed(self, form: Form) -> dict[str, Any]:
        """Those of them that nobody types over."""
        return {
            field.name: value
            for field in asked(form, self.party)
            if field.fixed and (value := self._value(field)) is not None
        }

    def _value(self, field: Field) -> Any:
        """The first value that fits the field."""
        for value in self._candidates(field):
            kept = _fitted(field.input, value)
            if kept is not None:
                return kept
        return None

    def _candidates(self, field: Field) -> Iterator[Any]:
        for source in field.sources:
            kind, _, rest = source.partition(":")
            yield _FROM[kind](self, rest, field.input)
        if not field.fixed:
            yield self._from_act(field.name, field.input)
            yield self._from_fact(field.name, field.input)
        if field.carry or field.house:
            yield self._stated(field.name, self._documents)
        if field.house:
            yield self._stated(field.name, self._of_the_house)
        yield field.default or None

    def _stated(self, name: str, documents: Sequence[CaseDocument]) -> Any:
        """What the first of these documents that states it says."""
        said = ((d.content or {}).get("fields", {}).get(name) for d in documents)
        return next((value for value in said if value), None)

    def _from_act(self, name: str, wanted: Input) -> Any:
        return self._said(self.act, self.inputs, name, wanted)

    def _from_said(self, name: str, wanted: Input) -> Any:
        """What the newest act that was asked for it said."""
        for act, inputs in self._earlier:
            if inputs.get(name) not in (None, ""):
                return self._said(act, inputs, name, wanted)
        return None

    def _said(
        self, act: Transition | None, inputs: Mapping[str, Any], name: str, wanted: Input
    ) -> Any:
        declared = next((f for f in act.all_inputs if f.name == name), None) if act else None
        if declared is None or inputs.get(name) is None:
            return None
        return self._converted(declared, inputs[name], wanted)

    def _converted(self, declared: Input, value: Any, wanted: Input) -> Any:
        """A value of one input as another one takes it: words for a text, the same for the same.

        Who reported, and what is sealed besides, stands in no document.
        """
        if isinstance(declared, Files) or declared.sealed or value == NONE:
            return None
        if isinstance(declared, Reference):
            return "、".join(self._named(value if isinstance(value, list) else [value]))
        same = isinstance(wanted, Choice | YesNo | Day) and type(declared) is type(wanted)
        if same or (isinstance(wanted, Quantity) and isinstance(declared, Quantity)):
            return value
        return yuan(Decimal(value)) if isinstance(declared, Money) else in_words(declared, value)

    def _named(self, ids: Sequence[str]) -> list[str]:
        """Names of organisations and persons; officers with the number of their certificate."""
        found: list[str] = []
        for key in ids:
            person = self.session.get(Person, UUID(key))
            if person is not None:
                found.append(self._officer(person.id, person.name))
                continue
            body = self.session.get(Organisation, UUID(key))
            found += [body.name] if body is not None else []
        return found

    def _officer(self, person_id: UUID, name: str) -> str:
        number = self.view.certificate_of(person_id, local_date(self.document.made_at))
        return f"{name}（{number}）" if number else name

    def _from_fact(self, name: str, wanted: Input) -> Any:
        return _fact(self.view, name, wanted, self._converted)

    def _from_parent(self, name: str, wanted: Input) -> Any:
        above = self.view.parent
        for _ in range(FAMILY_FACTS):
            if above is None:
                break
            value = _fact(above, name, wanted, self._converted)
            if value is not None:
                return value
            above = above.parent
        return None

    def _from_register(self, name: str, _wanted: Input) -> Any:
        if self.party is None:
            return None
        body = self.session.get_one(Organisation, self.party.id)
        match name:
            case "name":
                return body.name
            case "code":
                return body.uscc
        profile = (
            self.session.get(UnitProfile, body.id)
            or self.session.get(PersonProfile, body.id)
            or self.session.get(AgencyProfile, body.id)
        )
        if name == "employer":
            employer = getattr(profile, "employer_id", None)
            found = self.session.get(Organisation, employer) if employer else None
            return found.name if found is not None else None
        column = {"representative": "legal_representative"}.get(name, name)
        return getattr(profile, column, None) or None

    def _from_body(self, name: str, _wanted: Input) -> Any:
        body = self.session.get_one(Organisation, self.view.row["authority_id"])
        return body.name if name == "name" else None

    def _from_people(self, name: str, _wanted: Input) -> Any:
        """Who acts: those with a capacity, the one whose act made the document, the one at work."""
        if name == "actor":
            entry = self.entry
            return self._officer(entry.actor_id, entry.actor_name) if entry is not None else None
        if name == "contact":
            return self.actor.person_name
        seats = [p for p in self.view.all_participants if p["capacity"] == Capacity(name)]
        named = [
            self._officer(p["person_id"], p["name"]) if p["person_id"] else p["name"] for p in seats
        ]
        return "、".join(named) or None

    def _from_made(self, _name: str, _wanted: Input) -> Any:
        return local_date(self.document.made_at).isoformat()

    def _from_clock(self, name: str, _wanted: Input) -> Any:
        """The last day of a clock of the case."""
        clock = self.view.deadline(name) if name else self._clock_of_act()
        return clock.due_on.isoformat() if clock is not None and clock.due_on else None

    def _clock_of_act(self) -> Any:
        query = select(CaseDeadline).where(
            CaseDeadline.case_id == self.view.id, CaseDeadline.opened_seq == self.document.seq
        )
        return next(iter(self._all(query)), None)

    def _from_cited(self, _name: str, _wanted: Input) -> Any:
        basis = self.declared.basis or (self.act.basis if self.act else ())
        return "、".join(dict.fromkeys(one.text_zh for one in basis)) or None

    def _from_deed(self, _name: str, _wanted: Input) -> Any:
        return self.act.zh if self.act is not None else None

    def _from_approved(self, _name: str, _wanted: Input) -> Any:
        """Who did the act that made the document, and when: the approval itself."""
        if self.entry is None or self.act is None:
            return None
        at = chinese_day(local_date(self.entry.occurred_at))
        return f"{self.act.zh}。\n{self.entry.actor_name}　{at}"

    def _from_act_text(self, _name: str, _wanted: Input) -> Any:
        """Everything typed for the act, one field after the other."""
        if self.act is None:
            return None
        told = []
        for declared in self.act.all_inputs:
            value = self.inputs.get(declared.name)
            words = self._converted(declared, value, _ANY) if value not in (None, "", []) else None
            if words:
                told.append(f"{declared.zh}：{words}")
        return "\n".join(told) or None

    def _from_rule(self, name: str, _wanted: Input) -> Any:
        """What the rule of the penalty table that was chosen says."""
        key = self.inputs.get("rule") or self.view.facts.get("rule") or self._said_rule
        found = [rule for rule in penalty_rules() if rule.key == key]
        if not found:
            return None
        if name == "refused":
            return found[0].refused.zh or None
        return "、".join(one.text_zh for one in found[0].basis)

    def _from_checks(self, _name: str, _wanted: Input) -> Any:
        """What the act had confirmed, one line each."""
        checks = [f for f in self.act.all_inputs if isinstance(f, YesNo)] if self.act else []
        rows = [[f.zh, in_words(f, self.inputs.get(f.name))] for f in checks]
        return rows_text([row for row in rows if row[1]]) or None

    @property
    def _said_rule(self) -> Any:
        return next((inputs["rule"] for _, inputs in self._earlier if inputs.get("rule")), None)

    def _from_files(self, name: str, wanted: Input) -> Any:
        """Files of the case that may stand in a document: those of the act, else its evidence."""
        query = (
            select(Evidence)
            .where(
                Evidence.case_id == self.view.id,
                Evidence.seq.is_not(None),
                Evidence.internal.is_(False),
            )
            .order_by(Evidence.added_at, Evidence.id)
        )
        found = self._all(query)
        found = [e for e in found if e.seq == self.document.seq] or found
        if name == "digests":
            return rows_text([[e.name, e.sha256] for e in found]) or None
        return rows_text([[e.name, e.note] for e in found]) or None

    def _from_items(self, name: str, wanted: Input) -> Any:
        """Rows of a table of the case: its fields in their order, as many as there are columns."""
        if name not in self.view.lifecycle.items or not isinstance(wanted, Rows):
            return None
        raises = [
            t for t in self.view.lifecycle.transitions.values()
            if t.item is not None and t.item.items.name == name
        ]  # fmt: skip
        declared = {f.name: f for t in raises for f in t.all_inputs}
        rows = []
        for row in self.view.items(name):
            told = [
                str(self._converted(declared[key], value, _ANY) or "")
                for key, value in row.data.items()
                if key in declared and value not in (None, "", [])
            ]
            rows.append([one for one in told if one][: len(wanted.columns)])
        return rows_text(rows) or None

    def _from_votes(self, name: str, wanted: Input) -> Any:
        """Who signed, with their view; a substitute under both names."""
        principal = aliased(Person)
        query = (
            select(Signature, Person.name, principal.name, Organisation.name)
            .join(Person, Person.id == Signature.person_id)
            .outerjoin(principal, principal.id == Signature.on_behalf_of)
            .join(Organisation, Organisation.id == Signature.organisation_id)
            .where(Signature.case_id == self.view.id, Signature.voided_seq.is_(None))
            .order_by(Signature.seq)
        )
        if name:
            query = query.where(Signature.signoff == name)
        views = {"agree": "同意", "object": "不同意"}
        found = self.session.execute(query, execution_options=SEEN).all()
        rows = [
            [body, views.get(s.view, s.view), both_names(person, other)]
            if name
            else [both_names(person, other), views.get(s.view, s.view)]
            for s, person, other, body in found
        ]
        return rows_text(rows) or None

    def _from_document(self, name: str, _wanted: Input) -> Any:
        """A field of the newest sealed document of that form."""
        form, _, field = name.partition(".")
        newest = self._newest(form)
        return (newest.content or {}).get("fields", {}).get(field) if newest is not None else None

    def _newest(self, form: str) -> CaseDocument | None:
        return next((d for d in self._documents if d.template == form), None)

    def _from_number(self, name: str, _wanted: Input) -> Any:
        newest = self._newest(name)
        return newest.number if newest is not None else None

    def _from_sealed(self, name: str, _wanted: Input) -> Any:
        newest = self._newest(name)
        sealed_at = newest.sealed_at if newest is not None else None
        return local_date(sealed_at).isoformat() if sealed_at is not None else None

    def _from_served(self, name: str, _wanted: Input) -> Any:
        newest = self._newest(name)
        served_on = newest.served_on if newest is not None else None
        return served_on.isoformat() if served_on is not None else None

    def _from_parent_document(self, _name: str, _wanted: Input) -> Any:
        """The document of the parent that this track serves, with its number."""
        key = self.inputs.get("document") or self.view.facts.get("document")
        parent = self.view.parent
        if key is None or parent is None or key not in parent.lifecycle.documents:
            return None
        title = parent.lifecycle.documents[key].zh
        numbers = [
            d.number
            for d in self._documents
            if d.case_id == parent.id and d.kind == key and d.number
        ]
        return f"《{title}》（{numbers[0]}）" if numbers else f"《{title}》"

    def _from_subject(self, _name: str, wanted: Input) -> Any:
        if self.party is None:
            return None
        return rows_text([[self.party.name, self._from_register("address", wanted) or ""]])

    def _from_casefile(self, name: str, _wanted: Input) -> Any:
        """What a cover, an index or notes on the file say of the case itself."""
        row = self.view.row
        today: date = local_date(self.now)
        known = {
            "title": f"{row['subject_name']} {self.view.lifecycle.zh}（{row['number']}）",
            "volume": "正卷",
            "today": today.isoformat(),
            "closed": local_date(row["closed_at"]).isoformat() if row["closed_at"] else None,
            "actor": self.actor.written_name,
            "moment": chinese_moment(self.document.made_at),
        }
        return known.get(name)


_ANY: Final = Input("", "", "")
"""What takes every value in words."""

_FROM: Final[Mapping[str, Callable[[Known, str, Input], Any]]] = {
    name.removeprefix("_from_"): function
    for name, function in vars(Known).items()
    if name.startswith("_from_")
}


def _fact(
    view: Snapshot, name: str, wanted: Input, converted: Callable[[Input, Any, Input], Any]
) -> Any:
    """A declared fact of a case as a field takes it."""
    value = view.facts.get(name)
    declared = view.lifecycle.facts.get(name)
    if value is None or declared is None:
        return None
    if declared.count or declared.day:
        return value if isinstance(wanted, Day) or declared.count else _day_words(value)
    inputs = [f for t in declared.of for f in t.all_inputs]
    inputs += declared.report.inputs if declared.report else ()
    source = next((f for f in inputs if f.name == declared.latest), None)
    return converted(source, value, wanted) if source is not None else str(value)


def _day_words(value: Any) -> str:
    return chinese_day(date.fromisoformat(str(value)))


def _fitted(declared: Input, value: Any) -> Any:
    """The value as the field keeps it, ``None`` if there is none or it does not fit."""
    if value in (None, "", []):
        return None
    try:
        return plain(declared.clean(value))
    except InputFault:
        return None
