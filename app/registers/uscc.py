"""The unified social credit code 统一社会信用代码 of an organisation (GB 32100-2015).

Eighteen characters: registering authority, kind of organisation, six digits of the division that
registered it, nine of the organisation, one check character. A code that does not hold is reported
and never changed: official papers do carry wrong codes.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.law.labels import Label

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: no I, O, S, V, Z, which are read for others."""
LENGTH: Final = 18
AUTHORITIES: Final = "123456789ANY"
"""Who registered it: 1 establishment, 5 civil affairs, 9 market supervision, Y others …"""
DIVISION: Final = slice(2, 8)
_MODULUS: Final = len(ALPHABET)


class Fault(StrEnum):
    """What is wrong with a code, the first thing found."""

    LENGTH = "length"
    CHARACTER = "character"
    AUTHORITY = "authority"
    DIVISION = "division"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. ``code`` is the code without its spaces, in capitals.

    ``altered`` says that it was typed otherwise; ``label`` is the sentence for the reader, ``None``
    if there is nothing to say.
    """

    code: str
    altered: bool
    fault: Fault | None = None
    label: Label | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the code holds."""
        return self.fault is None


def check(typed: str) -> Finding:
    """Check a code as it was typed; spaces and small letters are understood and told.

    >>> check("91 110000 600037341L").code
    '91110000600037341L'
    >>> check("91110000600037341N").label.zh
    '信用代码校验码不符：末位应为 L，现为 N。'
    """
    code = "".join(unicodedata.normalize("NFKC", typed).split()).upper()
    altered = code != typed
    if len(code) != LENGTH:
        return Finding(code, altered, Fault.LENGTH, Label(
            f"信用代码应为 {LENGTH} 位，现为 {len(code)} 位。",
            f"A credit code has {LENGTH} characters, not {len(code)}.",
        ))  # fmt: skip
    for place, character in enumerate(code, 1):
        if character not in ALPHABET:
            return Finding(code, altered, Fault.CHARACTER, Label(
                f"信用代码第 {place} 位「{character}」不在允许的字符中。",
                f"Character {place} of the credit code, “{character}”, is not of its alphabet.",
            ))  # fmt: skip
    if code[0] not in AUTHORITIES:
        return Finding(code, altered, Fault.AUTHORITY, Label(
            f"信用代码首位「{code[0]}」不是登记管理部门代码。",
            f"“{code[0]}”, the first of the credit code, stands for no registering authority.",
        ))  # fmt: skip
    if not code[DIVISION].isdecimal():
        return Finding(code, altered, Fault.DIVISION, Label(
            "信用代码第 3 至 8 位应为行政区划数字。",
            "Characters 3 to 8 of the credit code must be the digits of a division.",
        ))  # fmt: skip
    if code[-1] != (right := check_character(code[:-1])):
        return Finding(code, altered, Fault.CHECK, Label(
            f"信用代码校验码不符：末位应为 {right}，现为 {code[-1]}。",
            f"The check character of the credit code is {code[-1]}; it should be {right}.",
        ))  # fmt: skip
    told = Label(
        f"信用代码按规范写法记为 {code}（去除空格、改为大写）。",
        f"The credit code is kept as {code}, without spaces and in capitals.",
    )
    return Finding(code, altered, None, told if altered else None)


def check_character(first: str) -> str:
    """Return the check character of the first seventeen. Raises ValueError outside the alphabet.

    Weights are powers of 3 modulo 31; the sum of all eighteen is 0 modulo 31 (GB 32100-2015, 5).
    """
    total = sum(ALPHABET.index(c) * pow(3, place, _MODULUS) for place, c in enumerate(first))
    return ALPHABET[-total % _MODULUS]


def division_of(code: str) -> str:
    """Return the six digits of the division that registered a code of full length."""
    return code[DIVISION]
