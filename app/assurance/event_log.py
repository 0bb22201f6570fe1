"""What event logs tell: cases with their entries, in the words of the lifecycles they ran in.

Both formats of process mining, XES and OCEL, are written from this reading of the chains. Only
chains of cases are event logs. The columns of an entry say what happened; its body adds what was
typed and what it did to clocks, documents and seats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Organisation, OrganisationKind
from app.assurance.exports import NOTHING, EntryValues, PrivateValues
from app.assurance.selection import CASE, Selection, chains, entries
from app.audit import chain
from app.audit.models import AuditEntry
from app.cases.models import Case
from app.cases.records import record_labels
from app.engine.definition import Lifecycle, Transition
from app.engine.inputs import Input, Money, Quantity, Whole
from app.law.labels import Label
from app.workflows import LIFECYCLES, by_version

STRING, FLOAT, INTEGER, BOOLEAN, TIME = "string", "float", "integer", "boolean", "time"
"""The types of an attribute, by the names OCEL gives them."""

INPUT, COMMITMENT = "input.", "commitment."
"""What names of attributes begin with: of a typed value, of the digest of a hidden one."""

_CODES: Final = {"元": "CNY"}
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_UNNAMEABLE: Final = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of an attribute as text, exactly as the entry holds it, and its type."""

    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount of money an act is about; ``currency`` by ISO 4217."""

    total: Decimal
    currency: str


@dataclass(frozen=True)
class Act:
    """One entry of a case, with the declaration of its lifecycle where it is a transition."""

    entry: AuditEntry
    declared: Transition | None
    revealed: EntryValues = NOTHING

    @property
    def time(self) -> str:
        """When it happened, as UTC to the microsecond."""
        return chain.instant(self.entry.occurred_at)

    @property
    def recorded(self) -> str:
        """When it was entered, likewise."""
        return chain.instant(self.entry.recorded_at)

    @property
    def label(self) -> Label:
        """Its name in both languages; what no longer has one keeps that of the trigger."""
        if self.declared is not None:
            return self.declared.label
        trigger = self.entry.trigger
        return record_labels().get(trigger) or Label(trigger, trigger)

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """What was hashed; nothing where somebody made it unreadable, which verification names."""
        try:
            body = json.loads(self.entry.body)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def details(self) -> Mapping[str, Any]:
        """What the act says besides who, when and where to."""
        found: Mapping[str, Any] = self.body.get("details") or {}
        return found

    @property
    def commitments(self) -> Mapping[str, str]:
        """Digests that stand for personal and sealed inputs."""
        found: Mapping[str, str] = self.body.get("commitments") or {}
        return found

    @property
    def given_away(self) -> int:
        """How many personal or sealed values stand in `attributes` themselves."""
        return sum(name in self.revealed.known for name in self.commitments)

    @cached_property
    def _typed(self) -> dict[str, Any]:
        """What was typed, as far as it may be shown."""
        open_: Mapping[str, Any] = self.details.get("inputs") or {}
        hidden = {
            name: self.revealed.value(name)
            for name in self.commitments
            if name in self.revealed.known
        }
        return {name: value for name, value in {**open_, **hidden}.items() if value is not None}

    @cached_property
    def _fields(self) -> dict[str, Input]:
        fields = self.declared.all_inputs if self.declared is not None else ()
        return {field.name: field for field in fields}

    def attributes(self) -> Iterator[tuple[str, Value]]:
        """Yield what both formats say of an event, by the names they give it."""
        entry = self.entry
        yield "seq", Value(INTEGER, str(entry.seq))
        yield "recorded_at", Value(TIME, self.recorded)
        yield "label_zh", Value(STRING, self.label.zh)
        yield "label_en", Value(STRING, self.label.en)
        yield "code", Value(STRING, entry.code)
        if entry.from_state is not None:
            yield "from_state", Value(STRING, entry.from_state)
        yield "to_state", Value(STRING, entry.to_state)
        yield "flags", Value(STRING, entry.flags)
        yield "hash", Value(STRING, entry.hash)
        for name, value in sorted(self._typed.items()):
            yield INPUT + _nameable(name), typed(self._fields.get(name), value)
        for name, digest in sorted(self.commitments.items()):
            yield COMMITMENT + _nameable(name), Value(STRING, digest)

    def cost(self) -> Cost | None:
        """The money the act is about: a penalty that takes effect, or the one amount it names.

        An act that names several (gain, fine, price) is about none of them alone.
        """
        penalties = self.details.get("penalties") or ()
        amounts = [
            Cost(amount, "CNY")
            for penalty in penalties
            for name in ("fine", "confiscated")
            if (amount := _amount(penalty.get(name))) is not None
        ]
        if amounts:
            return Cost(sum((one.total for one in amounts), Decimal(0)), "CNY")
        named = [
            Cost(amount, currency)
            for name, value in self._typed.items()
            if isinstance(field := self._fields.get(name), Money)
            and (currency := _currency(field.unit))
            and (amount := _amount(value)) is not None
        ]
        return named[0] if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class LoggedCase:
    """A case with its entries, the oldest first. ``row`` is that of `_CASE`."""

    row: Row[*tuple[Any, ...]]
    lifecycle: type[Lifecycle] | None
    acts: tuple[Act, ...]
    masked: bool

    @property
    def id(self) -> UUID:
        """The case, and its chain."""
        found: UUID = self.row.id
        return found

    @property
    def title(self) -> Label:
        """What the lifecycle is called."""
        key = self.row.lifecycle
        return self.lifecycle.title() if self.lifecycle is not None else Label(key, key)

    @property
    def subject(self) -> str:
        """Whom it is about; in a masked log not the name of a natural person, which is personal."""
        natural = self.row.subject_kind == OrganisationKind.PERSON
        return "" if natural and self.masked else str(self.row.subject_name)

    def state_label(self, name: str) -> Label:
        """What a state is called; one that is gone keeps its name."""
        state = self.lifecycle.states.get(name) if self.lifecycle is not None else None
        return state.label if state is not None else Label(name, name)


_Subject, _Lead = aliased(Organisation), aliased(Organisation)
_CASE: Final = (
    select(
        Case.id,
        Case.number,
        Case.lifecycle,
        Case.lifecycle_version,
        Case.state,
        Case.is_final,
        Case.subject_id,
        Case.subject_name,
        Case.division,
        Case.authority_id,
        Case.cycle_year,
        Case.root_id,
        Case.parent_id,
        Case.opened_at,
        Case.demonstration,
        _Subject.kind.label("subject_kind"),
        _Lead.name.label("authority_name"),
    )
    .outerjoin(_Subject, _Subject.id == Case.subject_id)
    .outerjoin(_Lead, _Lead.id == Case.authority_id)
    .where(Case.id == bindparam("case_id"))
    .execution_options(case_seen=True)
)


def logged_cases(
    session: Session, chosen: Selection, private: PrivateValues
) -> Iterator[LoggedCase]:
    """Yield the cases of a selection in the order of their ids, one at a time."""
    wanted = _of_cases(chosen)
    if wanted is None:
        return
    for head, found in entries(session, wanted):
        row = session.execute(_CASE, {"case_id": head.chain_id}).one()
        lifecycle = _lifecycle(row.lifecycle, row.lifecycle_version)
        declared = lifecycle.transitions if lifecycle is not None else {}
        revealed = private.of(head.chain_id, found)
        acts = tuple(
            Act(entry, declared.get(entry.trigger), revealed.get(entry.seq, NOTHING))
            for entry in found
        )
        yield LoggedCase(row, lifecycle, acts, private.masked)


def inside(session: Session, chosen: Selection, ids: set[UUID]) -> set[UUID]:
    """Return which of these cases the selection takes, so that a log names no other."""
    wanted = _of_cases(chosen)
    asked = ids & set(chosen.cases) if chosen.cases else ids
    if wanted is None or not asked:
        return set()
    narrowed = replace(wanted, cases=tuple(sorted(asked)))
    return {head.chain_id for head in chains(session, narrowed)}


def _of_cases(chosen: Selection) -> Selection | None:
    """The part of a selection that is chains of cases; None where there is none."""
    if chosen.kinds and CASE not in chosen.kinds:
        return None
    return replace(chosen, kinds=frozenset({CASE}))


def _lifecycle(key: str, version: int) -> type[Lifecycle] | None:
    try:
        return by_version(key, version)
    except KeyError:
        return LIFECYCLES.get(key)


def typed(field: Input | None, value: Any) -> Value:
    """Type a value that an entry holds, by the field it was typed in."""
    if isinstance(value, bool):
        return truth(value)
    if isinstance(field, Quantity) and _amount(value) is not None:
        return Value(FLOAT, str(value))
    if isinstance(value, int) and (field is None or isinstance(field, Whole)):
        return Value(INTEGER, str(value))
    text = value if isinstance(value, str) else _text(value)
    # Half a surrogate pair, which only a forged body holds, cannot be written as UTF-8.
    return Value(STRING, text.encode("utf-8", "replace").decode())


def truth(holds: bool) -> Value:  # noqa: FBT001 - the value it writes down
    """Write down whether something holds."""
    return Value(BOOLEAN, "true" if holds else "false")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _currency(unit: str) -> str | None:
    code = _CODES.get(unit, unit)
    return code if _CURRENCY.fullmatch(code) else None


def _nameable(name: str) -> str:
    """The name of an input as XML and SQL can bear it."""
    return _UNNAMEABLE.sub("_", name)
