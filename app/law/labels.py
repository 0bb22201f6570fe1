"""Bilingual values. Chinese is authoritative; English is an aid for the reader."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Label:
    """A text in Chinese and in English, the Chinese one first.

    >>> Label("立案审查", "Filing review").text("zh_Hans_CN")
    '立案审查'
    """

    zh: str
    en: str

    def text(self, locale: str) -> str:
        """Return the English text for any locale that starts with ``en``, else the Chinese one."""
        return self.en if locale.lower().startswith("en") else self.zh


NO_LABEL: Final = Label("", "")
"""Nothing to say, in either language."""
