"""The key that signs checkpoints: Ed25519 (RFC 8032), kept outside the database.

Whoever holds the file can sign; whoever holds the public key, 64 hexadecimal digits, can check.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


class NoKey(Exception):
    """There is no key file, or it holds no Ed25519 key."""


class NotTheKey(NoKey):
    """The newest checkpoint names another key for the next one: this one would prove nothing."""

    def __init__(self, number: int) -> None:
        super().__init__(f"checkpoint {number} names another key for the next one")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key; ``public`` is the one to hand out, 64 hexadecimal digits."""

    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        """The public key, hexadecimal."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, body: str) -> str:
        """Sign the UTF-8 bytes of a body; 128 hexadecimal digits."""
        return self._private.sign(body.encode()).hex()


def load(path: Path) -> SigningKey:
    """Read the key. Raises NoKey."""
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as missing:
        raise NoKey(f"no key at {path.name}") from missing
    except (OSError, ValueError, TypeError) as unreadable:
        raise NoKey(f"{path.name} cannot be read as a key") from unreadable
    if not isinstance(private, Ed25519PrivateKey):
        raise NoKey(f"{path.name} holds a key of another kind than Ed25519")
    return SigningKey(private)


def make(path: Path) -> SigningKey:
    """Make a key for its owner only. Raises FileExistsError rather than lose one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Not by the number of the process: in a container it is the same after every crash.
    own = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(own, path)  # whole or not at all, and never over another key
    finally:
        own.unlink(missing_ok=True)
    settle(path.parent)
    return SigningKey(private)


def settle(folder: Path) -> None:
    """Wait until the names in a folder outlast a power cut: a checkpoint may soon rest on them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def holds(public: str, body: str, signature: str) -> bool:
    """Whether the owner of that public key signed exactly this body."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: str) -> str:
    """A public key for the eye: its hexadecimal digits in groups of four."""
    return " ".join(public[at : at + 4] for at in range(0, len(public), 4))
