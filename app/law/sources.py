"""Statutes and other instruments as data, and citations of their articles."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from app.law.errors import LawError
from app.law.labels import NO_LABEL, Label


class Mark(StrEnum):
    """How far a fact of law is confirmed; printed wherever the fact is used."""

    LAW = "S"
    """Confirmed in a stored text of the source."""
    TO_CONFIRM = "M"
    """From general knowledge or a secondary text; a lawyer has still to confirm it."""
    LOCAL = "D"
    """A local service level, not law; the only kind a released change may override."""

    @property
    def label(self) -> Label:
        """The words a reader sees beside a fact that carries this mark."""
        return MARK_LABELS[self]


MARK_LABELS: Final[Mapping[Mark, Label]] = {
    Mark.LAW: Label("法定", "Law"),
    Mark.TO_CONFIRM: Label("待核实", "To confirm"),
    Mark.LOCAL: Label("本地时限", "Local"),
}


@dataclass(frozen=True)
class Source:
    """A statute, rule, notice or guide.

    ``valid_from`` and ``valid_to`` are inclusive; None where unknown or open. ``from_memory`` names
    the fields that no stored text confirms.
    """

    key: str
    title: Label
    issuer: Label
    document_no: str
    valid_from: date | None
    valid_to: date | None
    mark: Mark
    from_memory: tuple[str, ...] = ()
    note: Label = NO_LABEL
    articles_are_sections: bool = False

    def in_force(self, day: date) -> bool:
        """Whether the instrument applied on ``day``; an unknown limit does not exclude it."""
        after_start = self.valid_from is None or self.valid_from <= day
        return after_start and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Citation:
    """One provision as it is printed on a document: ``source`` is the key of a Source."""

    source: str
    article: str
    text_zh: str
    text_en: str

    def __str__(self) -> str:
        return self.text_zh

    @property
    def label(self) -> Label:
        """The citation in both languages."""
        return Label(self.text_zh, self.text_en)

    def text(self, locale: str) -> str:
        """Return the citation in the language of ``locale``."""
        return self.label.text(locale)


_DIGITS: Final = "零一二三四五六七八九"
_WRITABLE: Final = range(1, 10_000)
_TEENS: Final = range(10, 20)
_ARTICLE: Final = re.compile(r"(\d+)(?:¶(\d+))?(?:\((\d+)\))?")
_SECTION: Final = re.compile(r"\d+(?:\.\d+)*")


def chinese_number(number: int) -> str:
    """Write a number from 1 to 9999 as statutes number their articles.

    >>> [chinese_number(n) for n in (10, 12, 20, 105, 110, 1226)]
    ['十', '十二', '二十', '一百零五', '一百一十', '一千二百二十六']

    Raises ValueError outside that range.
    """
    if number not in _WRITABLE:
        raise ValueError(f"{number} is not the number of an article.")
    written = ""
    gap = False
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            written += ("零" if gap and written else "") + _DIGITS[digit] + unit
            gap = False
        else:
            gap = True
    return written.removeprefix("一") if number in _TEENS else written


def _articles(article: str) -> Label:
    """Spell out ``12``, ``22(2)``, ``23¶1`` or a comma-separated list of these."""
    zh: list[str] = []
    en: list[str] = []
    for part in article.split(","):
        if not (found := _ARTICLE.fullmatch(part.strip())):
            raise LawError(f"无法识别的条款「{article}」。", f"“{article}” names no article.")
        number, paragraph, item = (int(g) if g else 0 for g in found.groups())
        zh.append(
            f"第{chinese_number(number)}条"
            + (f"第{chinese_number(paragraph)}款" if paragraph else "")
            + (f"第（{chinese_number(item)}）项" if item else "")
        )
        en.append(
            f"{number}"
            + (f" para. {paragraph}" if paragraph else "")
            + (f" item ({item})" if item else "")
        )
    return Label("、".join(zh), ("art. " if len(en) == 1 else "arts. ") + ", ".join(en))


def _sections(article: str) -> Label:
    """Spell out the section of a guide, such as ``4.2.2``."""
    if not _SECTION.fullmatch(article):
        raise LawError(f"无法识别的章节「{article}」。", f"“{article}” names no section.")
    return Label(f"第{article}节", f"section {article}")


@cache
def sources() -> Mapping[str, Source]:
    """Return every known instrument by its key."""
    text = resources.files("app.law").joinpath("data/sources.toml").read_text(encoding="utf-8")
    return {key: _source(key, row) for key, row in tomllib.loads(text).items()}


def _source(key: str, row: Mapping[str, Any]) -> Source:
    return Source(
        key=key,
        title=Label(row["zh"], row["en"]),
        issuer=Label(row["issuer_zh"], row["issuer_en"]),
        document_no=row.get("document_no", ""),
        valid_from=row.get("valid_from"),
        valid_to=row.get("valid_to"),
        mark=Mark(row["mark"]),
        from_memory=tuple(row.get("from_memory", ())),
        note=Label(row.get("note_zh", ""), row.get("note_en", "")),
        articles_are_sections=row.get("articles_are_sections", False),
    )


def cite(source: str, article: str = "") -> Citation:
    """Cite an article (``12``, ``64(1)``, ``23¶1``), several (``24,25``) or a whole instrument.

    >>> cite("REG", "12").text_zh
    '《碳排放权交易管理暂行条例》第十二条'

    Raises LawError if the instrument is unknown or the article cannot be read.
    """
    if not (found := sources().get(source)):
        raise LawError(f"依据库中没有「{source}」。", f"No instrument has the key “{source}”.")
    if not article:
        return Citation(source, "", f"《{found.title.zh}》", found.title.en)
    spelled = _sections(article) if found.articles_are_sections else _articles(article)
    return Citation(
        source, article, f"《{found.title.zh}》{spelled.zh}", f"{found.title.en}, {spelled.en}"
    )


def cite_all(references: Iterable[str]) -> tuple[Citation, ...]:
    """Cite what data files write as ``KEY article``, for example ``O19 27``."""
    return tuple(cite(*reference.split(" ", 1)) for reference in references)
