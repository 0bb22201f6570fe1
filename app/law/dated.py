"""Rules that hold from one day to another, and how the one in force on a day is found."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from itertools import pairwise
from typing import Any, Final, Generic, TypeVar

from app.law.errors import LawError
from app.law.labels import NO_LABEL, Label
from app.law.sources import Citation, Mark, cite_all, sources

ONE_DAY: Final = timedelta(days=1)
LOCAL_BASIS: Final = ["LOCAL"]


@dataclass(frozen=True, kw_only=True)
class Dated:
    """What every rule of the data says of itself: words, mark, basis and the days it holds.

    ``valid_from`` and ``valid_to`` are inclusive; None where open.
    """

    key: str
    label: Label
    mark: Mark
    basis: tuple[Citation, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    note: Label = NO_LABEL

    def in_force(self, day: date) -> bool:
        """Whether the rule holds on ``day``."""
        return self.first <= day <= self.last

    @property
    def first(self) -> date:
        """The first day it holds."""
        return self.valid_from or date.min

    @property
    def last(self) -> date:
        """The last day it holds, inclusive."""
        return self.valid_to or date.max


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True)
class Timeline(Generic[D]):
    """The versions of one rule, one after the other.

    Raises LawError if two of them hold on the same day.
    """

    versions: tuple[D, ...]
    _starts: list[date] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the versions in order."""
        ordered = tuple(sorted(self.versions, key=lambda version: version.first))
        for earlier, later in pairwise(ordered):
            if later.first <= earlier.last:
                raise LawError(
                    f"「{later.key}」的两个版本在 {later.first} 同时有效。",
                    f"two versions of “{later.key}” hold on {later.first}.",
                )
        object.__setattr__(self, "versions", ordered)
        object.__setattr__(self, "_starts", [version.first for version in ordered])

    def on(self, day: date) -> D | None:
        """Return the version in force on ``day``; None if there is none."""
        place = bisect_right(self._starts, day)
        if place == 0 or self.versions[place - 1].last < day:
            return None
        return self.versions[place - 1]

    def overridden(self, new: D) -> "Timeline[D]":
        """Return a timeline in which ``new`` holds on its days instead of what held there.

        Raises LawError where that would replace what the law itself says (mark S).
        """
        kept: list[D] = []
        for old in self.versions:
            if old.last < new.first or new.last < old.first:
                kept.append(old)
                continue
            if old.mark is Mark.LAW:
                raise LawError(
                    f"「{old.label.zh}」为法定，不得以本地发布更改。",
                    f"“{old.label.en}” is set by law; no release may change it.",
                )
            if old.first < new.first:
                kept.append(replace(old, valid_to=new.first - ONE_DAY))
            if new.last < old.last:
                kept.append(replace(old, valid_from=new.last + ONE_DAY))
        return Timeline((*kept, new))


def timelines(rules: Iterable[D]) -> dict[str, Timeline[D]]:
    """Gather the versions of each key."""
    by_key: dict[str, list[D]] = {}
    for rule in rules:
        by_key.setdefault(rule.key, []).append(rule)
    return {key: Timeline(tuple(versions)) for key, versions in by_key.items()}


def overridden(known: Mapping[str, Timeline[D]], changes: Iterable[D]) -> Mapping[str, Timeline[D]]:
    """Return the timelines with each change on top. Raises LawError for a key nobody knows."""
    result = dict(known)
    for change in changes:
        if change.key not in result:
            raise unknown(change.key)
        result[change.key] = result[change.key].overridden(change)
    return result


def rule_on(known: Mapping[str, Timeline[D]], key: str, day: date) -> D:
    """Return the version of ``key`` in force on ``day``. Raises LawError if there is none."""
    timeline = known.get(key)
    if timeline is None:
        raise unknown(key)
    found = timeline.on(day)
    if found is None:
        name = timeline.versions[0].label
        raise LawError(f"「{name.zh}」在 {day} 不适用。", f"“{name.en}” does not hold on {day}.")
    return found


def unknown(key: str) -> LawError:
    """The refusal of a key that the data do not hold."""
    return LawError(f"法规数据中没有「{key}」。", f"the data of the law hold no “{key}”.")


def shipped_text(name: str) -> str:
    """Return the text of a file of ``app/law/data``."""
    return resources.files("app.law").joinpath("data", name).read_text(encoding="utf-8")


def read_versions(
    table: Mapping[str, Any], read: Callable[[str, Mapping[str, Any]], D]
) -> Iterator[D]:
    """Read a table of rules: under each key one version, or a list of them.

    Raises LawError with the key of a version that cannot be read.
    """
    for key, rows in table.items():
        for row in rows if isinstance(rows, list) else [rows]:
            with refusing(key):
                version = read(key, row)
            yield version


@contextmanager
def refusing(key: str) -> Iterator[None]:
    """Turn what is wrong in the data of one rule into a LawError that names the rule."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise LawError(
            f"「{key}」的数据有误：{error}。", f"the data of “{key}” are wrong: {error}."
        ) from error


def common_fields(key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Read what all rules share. A rule without own days holds as long as its first source.

    A local rule (mark D) without a basis rests on the local one.
    """
    mark = Mark(row["mark"])
    basis = cite_all(row.get("basis", LOCAL_BASIS if mark is Mark.LOCAL else ()))
    if not basis:
        raise ValueError("no basis")
    source = sources()[basis[0].source]
    return {
        "key": key,
        "label": Label(row["zh"], row["en"]),
        "mark": mark,
        "basis": basis,
        "valid_from": row.get("from", source.valid_from),
        "valid_to": row.get("to", source.valid_to),
        "note": Label(row.get("note_zh", ""), row.get("note_en", "")),
    }


def exact(text: Any) -> Decimal:
    """Read an exact decimal, which the data write as text.

    Raises TypeError for anything but a text, ArithmeticError or ValueError for no number.
    """
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is not written as text")
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number
