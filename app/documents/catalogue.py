"""The catalogue of official documents: what each kind is called, asks for and says, by date.

Declared in ``data/*.toml``. A text holds placeholders in braces and nothing else that could be
evaluated: the name of a field, a term or a provision of the law. A template is refused when it is
read if it asks for anything else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final

from app.audit import chain
from app.documents.fields import Field, Rows, field_of
from app.documents.placeholders import HEAD, Placeholder, placeholders
from app.engine.definition import Document, Lifecycle
from app.engine.inputs import Choice
from app.law.errors import LawError
from app.law.labels import Label

FILES: Final = ("decision", "filing", "investigation", "joint", "execution")
FIRST_DAY: Final = date(1990, 1, 1)
GENERIC: Final = "record"
LETTERS: Final = {"verification": "verification_letter", "recheck": "recheck_letter"}
"""The plain letter of lifecycles whose documents have no form of their own."""
HEADS: Final = frozenset({"red", "black"})
KNOWN: Final = frozenset(
    {
        *("key", "version", "since", "zh", "en", "word", "word_by", "words", "external", "head"),
        *("addressee", "closing", "titled", "place", "fields", "one_of", "blocks"),
    }
)
BLOCKS: Final = frozenset({"p", "f", "h", "grid", "table", "sign"})
"""Paragraphs, flush lines, headings, a grid of labels and values, a table of rows, signatures."""


class Volume(StrEnum):
    """The two volumes of a case file 卷宗."""

    MAIN = "main"
    SIDE = "side"

    @property
    def label(self) -> Label:
        """The name in both languages."""
        return VOLUME_LABELS[self]


VOLUME_LABELS: Final = {
    Volume.MAIN: Label("正卷", "Main volume"),
    Volume.SIDE: Label("副卷", "Side volume"),
}

GROUPS: Final = {
    Volume.MAIN: (
        *("decision", "filing", "evidence", "notices", "hearing", "execution", "closing"),
    ),
    Volume.SIDE: ("sources", "secrets", "hearing", "review", "legal", "discussion"),
}
"""The order within each volume (domain.md 12.2)."""


class BadForm(ValueError):
    """A form of the data files contradicts itself. Names the form and what is wrong."""


@dataclass(frozen=True)
class Form:
    """One kind of official document, as it is from ``since`` on.

    ``word`` is the kind in its number 文号; without one it is not numbered. ``addressee`` and the
    texts of ``blocks`` hold placeholders. ``one_of`` names fields of which one must be filled in.
    """

    key: str
    version: int
    since: date
    zh: str
    en: str
    volume: Volume
    group: str
    order: int
    fields: tuple[Field, ...]
    blocks: tuple[Mapping[str, Any], ...]
    word: str = ""
    word_by: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    external: bool = False
    head: str = "black"
    addressee: str = ""
    closing: bool = False
    titled_by_document: bool = False
    one_of: tuple[str, ...] = ()

    @property
    def label(self) -> Label:
        """Its name in both languages."""
        return Label(self.zh, self.en)

    @property
    def is_numbered(self) -> bool:
        """Whether sealing allots a number."""
        return bool(self.word or self.words)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the template: its fields and texts, whatever they are filled with."""
        told = {
            "key": self.key,
            "version": self.version,
            "title": self.zh,
            "head": self.head,
            "addressee": self.addressee,
            "closing": self.closing,
            "fields": [
                {"name": f.name, "zh": f.input.zh, "required": f.input.required}
                for f in self.fields
            ],
            "blocks": list(self.blocks),
        }
        return chain.digest(chain.canonical(told))

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {one.name: one for one in self.fields}

    @property
    def party_field(self) -> Field | None:
        """The field that names the party, if it names one."""
        return self.by_name.get("party_name")

    def word_for(self, values: Mapping[str, Any]) -> str:
        """The kind in the number, where the values decide it."""
        if self.word_by:
            return self.words.get(str(values.get(self.word_by)), "")
        return self.word


# Looking up -------------------------------------------------------------------------------------


@cache
def catalogue() -> Mapping[str, tuple[Form, ...]]:
    """Every form by its key, its versions from the oldest on."""
    library = _data("fields")
    groups = library.pop("groups")
    found: dict[str, list[Form]] = {}
    order = 0
    for name in FILES:
        for row in _data(name)["form"]:
            order += 1
            form = read_form(row, library, groups, order)
            found.setdefault(form.key, []).append(form)
    return {key: tuple(sorted(forms, key=lambda f: f.since)) for key, forms in found.items()}


def form_named(key: str, on: date) -> Form:
    """The form of that key on a day; before its first version, that one. Raises LookupError."""
    versions = catalogue()[key]
    return next((form for form in reversed(versions) if form.since <= on), versions[0])


def version_of(key: str, version: int) -> Form:
    """One version of a form. Raises LookupError."""
    for form in catalogue()[key]:
        if form.version == version:
            return form
    raise LookupError(f"{key}/{version}")


def form_key(lifecycle: type[Lifecycle], document: Document) -> str:
    """The key of the form of a document that a lifecycle declares."""
    if document.form:
        return document.form
    if document.name in catalogue():
        return document.name
    return LETTERS.get(lifecycle.key, GENERIC) if document.external else GENERIC


# Reading ----------------------------------------------------------------------------------------


def _data(name: str) -> dict[str, Any]:
    text = resources.files("app.documents").joinpath(f"data/{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def read_form(
    row: Mapping[str, Any],
    library: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    order: int = 0,
) -> Form:
    """Read one form over the library of fields. Raises BadForm naming what is wrong."""
    key = str(row.get("key"))
    if strange := row.keys() - KNOWN:
        msg = f"{key}: {sorted(strange)}"
        raise BadForm(msg)
    volume, _, group = row["place"].partition(".")
    external = row.get("external", False)
    form = Form(
        key=key,
        version=row.get("version", 1),
        since=row.get("since", FIRST_DAY),
        zh=row["zh"],
        en=row["en"],
        volume=Volume(volume),
        group=group,
        order=order,
        fields=tuple(_fields(key, row["fields"], library, groups)),
        blocks=tuple(row["blocks"]),
        word=row.get("word", ""),
        word_by=row.get("word_by", ""),
        words=row.get("words", {}),
        external=external,
        head=row.get("head", "black"),
        addressee=row.get("addressee", ""),
        closing=row.get("closing", external and row.get("head") == "red"),
        titled_by_document=row.get("titled", "") == "document",
        one_of=tuple(row.get("one_of", ())),
    )
    if faults := list(_faults(form)):
        msg = f"{key}: {'; '.join(faults)}"
        raise BadForm(msg)
    return form


def _fields(
    key: str,
    names: Sequence[str],
    library: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
) -> Iterator[Field]:
    for name in (each for one in names for each in groups.get(one, (one,))):
        plain = name.removesuffix("?")
        if plain not in library:
            msg = f"{key}: no such field: {plain}"
            raise BadForm(msg)
        yield field_of(plain, library[plain], required=not name.endswith("?"))


def _faults(form: Form) -> Iterator[str]:
    if form.group not in GROUPS[form.volume]:
        yield f"no such place: {form.volume}.{form.group}"
    if form.head not in HEADS:
        yield f"no such head: {form.head}"
    names = [one.name for one in form.fields]
    if len(names) != len(set(names)):
        yield f"a field stands twice: {sorted({n for n in names if names.count(n) > 1})}"
    used: set[str] = {form.word_by, *form.one_of} - {""}
    yield from (f"no such field: {name}" for name in sorted(used - set(names)))
    for block in form.blocks:
        yield from _block_faults(form, block, used)
    try:
        for found in placeholders(form.addressee):
            used |= {found.name}
            yield from _placeholder_faults(form, found)
    except (ValueError, LawError) as wrong:
        yield str(wrong)
    if unused := set(names) - used:
        yield f"typed but never printed: {sorted(unused)}"
    chosen = form.by_name.get(form.word_by)
    if form.word_by and chosen is not None:
        options = {k for k, _ in chosen.input.options} if isinstance(chosen.input, Choice) else None
        if options != set(form.words):
            yield "words must name every choice of word_by"


def _block_faults(form: Form, block: Mapping[str, Any], used: set[str]) -> Iterator[str]:
    kinds = block.keys() - {"when"}
    if len(kinds) != 1 or not kinds <= BLOCKS:
        yield f"no such block: {sorted(block)}"
        return
    condition = str(block.get("when", "")).removeprefix("!")
    if condition and condition not in form.by_name:
        yield f"when: no such field: {condition}"
    used |= {condition}
    [kind] = kinds
    if kind == "table":
        table = form.by_name.get(block["table"])
        if table is None or not isinstance(table.input, Rows):
            yield f"no such table: {block['table']}"
        used |= {block["table"]}
        return
    if kind == "grid" and any(len(row) not in {2, 4} for row in block["grid"]):
        yield "a row of a grid has one or two pairs"
    for text in texts_of(block[kind]):
        try:
            for found in placeholders(text):
                used |= {found.name}
                yield from _placeholder_faults(form, found)
        except (ValueError, LawError) as wrong:
            yield str(wrong)


def _placeholder_faults(form: Form, found: Placeholder) -> Iterator[str]:
    if found.is_law or found.name in HEAD:
        return
    if found.name not in form.by_name:
        yield f"no such field: {found.name}"


def texts_of(value: Any) -> Iterator[str]:
    """Every text of a block's value, however deep it stands."""
    if isinstance(value, str):
        yield value
    else:
        for part in value:
            yield from texts_of(part)
