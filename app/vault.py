"""Keys that hide what the database must not show by itself: identities, authenticator secrets.

A vault is one file outside the database: Fernet keys (AES-128-CBC with HMAC-SHA-256), one a line,
the newest first. The newest one seals; every one opens. What is sealed names its key, so that
`Vault.is_newest` finds what still hangs on an older one after a rotation.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

LONGEST_ID: Final = 12


class NoVault(Exception):
    """There is no file of keys, or it holds none; says what to do."""


class CannotOpen(Exception):
    """No key of the vault opens it: the key was lost, or the value was altered."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What stands in the database: the text, and the id of the key that sealed it."""

    key_id: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vault:
    """Keys, the newest first."""

    _keys: Sequence[str] = field(repr=False)

    @property
    def newest(self) -> str:
        """The id of the key that seals now."""
        return key_id(self._keys[0])

    @property
    def ids(self) -> list[str]:
        """Ids of all keys, the newest first."""
        return [key_id(key) for key in self._keys]

    def seal(self, plain: str) -> Sealed:
        """Encrypt a text with the newest key."""
        return Sealed(self.newest, Fernet(self._keys[0]).encrypt(plain.encode()).decode("ascii"))

    def open(self, sealed: Sealed) -> str:
        """Return the text. Raises CannotOpen."""
        for key in self._keys:
            if key_id(key) == sealed.key_id:
                try:
                    return Fernet(key).decrypt(sealed.text.encode()).decode()
                except InvalidToken as refused:
                    raise CannotOpen(f"key {sealed.key_id} does not open it") from refused
        raise CannotOpen(f"no key {sealed.key_id} in the vault")


def key_id(key: str) -> str:
    """What a key is called: it tells nothing of the key."""
    return hashlib.sha256(key.encode()).hexdigest()[:LONGEST_ID]


def load(path: Path) -> Vault:
    """Read a vault. Raises NoVault."""
    try:
        keys = path.read_text(encoding="ascii").split()
    except FileNotFoundError as missing:
        raise NoVault(f"no keys at {path.name}: bring the file back from its copy") from missing
    except (OSError, ValueError) as unreadable:
        raise NoVault(f"{path.name} cannot be read") from unreadable
    try:
        for key in keys:
            Fernet(key)
    except ValueError as wrong:
        raise NoVault(f"{path.name} holds something that is no key") from wrong
    if not keys:
        raise NoVault(f"{path.name} is empty")
    return Vault(keys)


def make(path: Path) -> Vault:
    """Make a vault with one key, for its owner only. Raises FileExistsError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = _written(path, [Fernet.generate_key().decode("ascii")])
    try:
        os.link(own, path)  # whole or not at all, and never over another vault
    finally:
        own.unlink()
    return load(path)


def rotate(path: Path) -> Vault:
    """Put a new key before those there are. Raises NoVault."""
    vault = load(path)
    own = _written(path, [Fernet.generate_key().decode("ascii"), *vault._keys])  # noqa: SLF001 - the one writer of its file
    own.replace(path)
    return load(path)


def drop_old(path: Path) -> Vault:
    """Keep the newest key alone, once nothing hangs on the others. Raises NoVault."""
    vault = load(path)
    _written(path, vault._keys[:1]).replace(path)  # noqa: SLF001 - the one writer of its file
    return load(path)


def _written(path: Path, keys: Sequence[str]) -> Path:
    own = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return own
