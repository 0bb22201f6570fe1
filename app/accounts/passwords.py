"""Passwords after NIST SP 800-63B: hashed with Argon2id, long, of any characters, not known broken.

Nothing is asked of their composition, and none grows old. Whoever may seal or decide signs in
with a second factor as well; 12 characters are wanted of everybody, so that nobody has to know
which rule is theirs.
"""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.law.labels import Label

SHORTEST: Final = 12
LONGEST: Final = 128
"""Characters. Longer ones are refused before hashing: hashing them costs the server."""
BREACHED: Final = Path(__file__).with_name("data") / "breached.txt.gz"
"""Where they come from says the file beside it."""
FEWEST_KINDS: Final = 5
OWN_WORDS_APART: Final = 8
"""So many characters must remain without one's own names."""

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SHORT: Final = Label(
    f"密码至少 {SHORTEST} 个字符。", f"A password has {SHORTEST} characters or more."
)
LONG: Final = Label(f"密码至多 {LONGEST} 个字符。", f"A password has at most {LONGEST} characters.")
KNOWN: Final = Label(
    "这个密码太常见或者已经泄露，请换一个，例如几个不相干的词。",
    "This password is common or has leaked. Choose another, such as a few unrelated words.",
)
OWN: Final = Label(
    "密码不能主要由本人的登录名、姓名、邮箱或者单位名称组成。",
    "A password is not made of one's own login, name, address or organisation.",
)


def hashed(password: str) -> str:
    """Hash a password. Raises ValueError if it is longer than `LONGEST`."""
    if len(password) > LONGEST:
        msg = f"a password has at most {LONGEST} characters"
        raise ValueError(msg)
    return _hasher.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed.

    Without an account (``None``) it takes as long as with one, so that the time tells nobody
    which logins exist.
    """
    if len(password) > LONGEST:
        return False
    real = kept is not None and kept.startswith("$argon2")  # else there is no password
    try:
        _hasher.verify(kept if real and kept else _nobody(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return real


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with weaker costs than today's."""
    return _hasher.check_needs_rehash(kept)


def fault(password: str, names: Iterable[str] = (), more: Path | None = None) -> Label | None:
    """Say why somebody of these names may not choose a password; nothing if they may.

    ``more`` is a file of breached passwords, one a line, beside those the program ships.
    """
    if len(password) < SHORTEST or len(_normal(password)) < SHORTEST:
        return SHORT
    if len(password) > LONGEST:
        return LONG
    folded = _folded(password)
    rest = folded
    for name in sorted(map(_folded, names), key=len, reverse=True):
        if len(name) > 1:
            rest = rest.replace(name, "")
    if rest != folded and len(rest) < OWN_WORDS_APART:
        return OWN
    if len(set(folded)) < FEWEST_KINDS or _is_breached(folded, more):
        return KNOWN
    return None


def _is_breached(folded: str, more: Path | None) -> bool:
    with gzip.open(BREACHED, "rt", encoding="utf-8") as lines:
        if any(line.rstrip("\n") == folded for line in lines):
            return True
    if more is None:
        return False
    with more.open(encoding="utf-8", errors="replace") as lines:
        return any(_folded(line.rstrip("\r\n")) == folded for line in lines)


def _normal(password: str) -> str:
    """The same characters however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)


def _folded(text: str) -> str:
    return _normal(text).casefold()


@cache
def _nobody() -> str:
    return _hasher.hash("nobody signs in with this")
