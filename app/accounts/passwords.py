"""Passwords: hashed with Argon2id, and what a new one must be."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 10
LONGEST: Final = 128
"""Characters. Longer ones are refused before hashing: hashing them costs the server."""

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hashed(password: str) -> str:
    """Hash a password. Raises ValueError if it is longer than `LONGEST`."""
    if len(password) > LONGEST:
        msg = f"a password has at most {LONGEST} characters"
        raise ValueError(msg)
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed.

    Without an account (``None``) it takes as long as with one, so that the time tells nobody
    which logins exist.
    """
    if len(password) > LONGEST:
        return False
    try:
        _hasher.verify(kept or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with weaker costs than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody signs in with this")
