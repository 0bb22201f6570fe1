"""The content of a document: from a form and its values to the finished text, as it is sealed.

The content is plain JSON that holds every word of the document, so that it can be rendered again
without the catalogue: both renderers read nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from app.documents.catalogue import Form
from app.documents.fields import Field, Rows
from app.documents.placeholders import (
    Placeholder,
    chinese_day,
    filled,
    in_words,
    law_words,
    missing_mark,
    placeholders,
)
from app.engine.inputs import Input, Money, YesNo, clean_inputs, plain
from app.law.labels import Label
from app.law.terms import LawBook

FORMAT: Final = 1
"""Version of the layout of a content."""
ORGANISATION, PERSON = "organisation", "person"

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Party:
    """Whom the document is about, as the register knows them. ``kind`` as in `Field.of`."""

    id: UUID
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class About:
    """What a document is made for: the acting body, the case, the party if it has one."""

    body_id: UUID
    body_name: str
    case_id: UUID
    case_number: str
    title: str
    party: Party | None = None


def asked(form: Form, party: Party | None) -> tuple[Field, ...]:
    """The fields that are asked for this party. Without one, all."""
    return tuple(f for f in form.fields if not f.of or party is None or f.of == party.kind)


def cleaned(
    form: Form, typed: Mapping[str, Any], party: Party | None, today: date
) -> tuple[dict[str, Any], dict[str, Label]]:
    """The values of a document as JSON keeps them, and the faults by field."""
    fields = asked(form, party)
    names = {field.name for field in fields}
    known = {name: value for name, value in typed.items() if name in names}
    values, faults = clean_inputs([field.input for field in fields], known, today=today)
    if form.one_of and not any(_is_given(values.get(name)) for name in form.one_of):
        labels = [form.by_name[name].input.label for name in form.one_of]
        faults.setdefault(
            form.one_of[0],
            Label(
                f"至少填写一项：{'、'.join(one.zh for one in labels)}。",
                f"Fill in at least one of: {', '.join(one.en for one in labels)}.",
            ),
        )
    return {name: plain(value) for name, value in values.items()}, faults


def compose(
    form: Form, values: Mapping[str, Any], about: About, *, number: str, on: date, law: LawBook
) -> Content:
    """The content of a document on a day. What is required and not there is marked in its place."""
    return _Composer(form, values, about, number, on, law).content()


class _Composer:
    """Fills the texts of one form."""

    def __init__(
        self,
        form: Form,
        values: Mapping[str, Any],
        about: About,
        number: str,
        on: date,
        law: LawBook,
    ) -> None:
        self.form = form
        self.values = values
        self.about = about
        self.number = number
        self.on = on
        self.law = law
        self.asked = {field.name for field in asked(form, about.party)}
        self.head = {
            "body": about.body_name,
            "case_number": about.case_number,
            "number": number,
            "sealed_on": chinese_day(on),
        }

    def content(self) -> Content:
        """Everything the document says."""
        form, about = self.form, self.about
        party = about.party if form.party_field is not None else None
        return {
            "format": FORMAT,
            "form": form.key,
            "version": form.version,
            "template": form.digest,
            "title": about.title if form.titled_by_document else form.zh,
            "head": form.head,
            "body": {"id": str(about.body_id), "name": about.body_name},
            "case": {"id": str(about.case_id), "number": about.case_number},
            "party": None if party is None else {"id": str(party.id), "name": party.name},
            "number": self.number,
            "addressee": self.text(form.addressee),
            "fields": dict(self.values),
            "blocks": list(self.blocks()),
            "closing": (
                {"name": about.body_name, "date": chinese_day(self.on)} if form.closing else None
            ),
        }

    def text(self, template: str) -> str:
        """A text with its placeholders filled."""
        return filled(template, self.words)

    def words(self, found: Placeholder) -> str:
        """What stands in the place of a placeholder."""
        if found.is_law:
            return law_words(found, self.law, self.on)
        if found.name in self.head:
            return self.head[found.name]
        declared = self.form.by_name[found.name].input
        words = in_words(declared, self.values.get(found.name), found.variant)
        wanted = declared.required and found.name in self.asked and not words
        return missing_mark(declared) if wanted else words

    def blocks(self) -> Iterator[dict[str, Any]]:
        """The parts of the document that have something to say, in their order."""
        for block in self.form.blocks:
            if not self._applies(block.get("when", "")):
                continue
            [kind] = block.keys() - {"when"}
            made = getattr(self, f"_{kind}")(block[kind])
            if made is not None:
                yield made

    def _applies(self, condition: str) -> bool:
        if not condition:
            return True
        name = condition.removeprefix("!")
        declared = self.form.by_name[name].input
        value = self.values.get(name)
        given = bool(value) if isinstance(declared, YesNo) else _is_given(value, declared)
        # A required field that is still wanted shows where it will stand.
        given = given or (declared.required and not isinstance(declared, YesNo))
        return given is not condition.startswith("!")

    def _p(self, template: str) -> dict[str, Any] | None:
        text = self.text(template)
        return {"kind": "paragraph", "text": text} if text.strip() else None

    def _h(self, template: str) -> dict[str, Any]:
        return {"kind": "heading", "text": self.text(template)}

    def _f(self, lines: str | list[str]) -> dict[str, Any] | None:
        each = [lines] if isinstance(lines, str) else [one for one in lines if self._says(one)]
        text = "\n".join(self.text(one) for one in each)
        return {"kind": "flush", "text": text} if text.strip() else None

    def _sign(self, lines: list[str]) -> dict[str, Any]:
        """Lines to sign on; what stands after a bar, mostly the date, is set to the right."""
        parted = [line.partition("|") for line in lines]
        return {"kind": "sign", "lines": [[self.text(who), when] for who, _, when in parted]}

    def _grid(self, rows: list[list[str]]) -> dict[str, Any] | None:
        found = []
        for row in rows:
            pairs = [pair for pair in zip(row[::2], row[1::2], strict=True) if self._is_asked(pair)]
            if pairs:
                found.append([[self.text(label), self.text(value)] for label, value in pairs])
        return {"kind": "grid", "rows": found} if found else None

    def _table(self, name: str) -> dict[str, Any] | None:
        declared = self.form.by_name[name].input
        assert isinstance(declared, Rows)  # the catalogue has made sure
        value = self.values.get(name)
        if not value and not declared.required:
            return None
        rows = declared.rows(value) if value else [self._wanted(declared)]
        return {
            "kind": "table",
            "columns": ["序号", *declared.columns],
            "widths": [0, *declared.widths],
            "rows": [[str(number), *row] for number, row in enumerate(rows, 1)],
        }

    def _wanted(self, declared: Rows) -> list[str]:
        return [missing_mark(declared), *[""] * (len(declared.columns) - 1)]

    def _names(self, text: str) -> list[str]:
        return [p.name for p in placeholders(text) if not p.is_law and p.name not in self.head]

    def _says(self, line: str) -> bool:
        """Whether a line has something to say: not only fields without a value."""
        found = [p for p in placeholders(line) if p.name in self._names(line)]
        return not found or any(self.words(p) for p in found)

    def _is_asked(self, pair: Iterable[str]) -> bool:
        """Whether a pair of label and value concerns this party."""
        names = [name for text in pair for name in self._names(text)]
        return not names or any(name in self.asked for name in names)


def _is_given(value: Any, declared: Input | None = None) -> bool:
    """Whether there is a value; no sum of money is none."""
    if value in (None, "", []):
        return False
    if isinstance(value, Decimal):
        return value != 0
    return not isinstance(declared, Money) or Decimal(str(value)) != 0
