"""Sealed values: each under a key of its own, wrapped with a key of the vault outside the database.

The entry commits to a sealed value as to any other kept apart: SHA-256 of salt and canonical text.
Salt and text stand in the database encrypted together, since with the salt in the open a short
value, such as one of four words, could be found by trying. To destroy one, blank it and delete its
key. Which file the vault is, a session's database says; the file is read once a session, and again
by whoever seals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app import vault
from app.audit.models import PrivateValue, ValueKey
from app.db import KEYS, Database, table_of
from app.law.labels import Label

SALT: Final = "sealed"
"""Stands for the salt of a value whose own is encrypted along with it."""
SALT_DIGITS: Final = 32

keys: Final = table_of(ValueKey)
INSERT_KEYS: Final = insert(keys)

_OPENED: Final = "tanjian.vault"


class KeysMissing(Exception):
    """Values hang on keys that are not in the vault: bring back the file that holds them."""

    def __init__(self, ids: Collection[str]) -> None:
        self.ids = sorted(ids)
        super().__init__(
            f"密封内容所用的密钥不在密钥文件中：{'、'.join(self.ids)}。 "
            f"Sealed values hang on keys that are not in the vault: {', '.join(self.ids)}"
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A value as it was typed: the salt of its commitment, and its canonical JSON."""

    salt: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unopened:
    """A value nobody can read: the key ``missing`` is lost; none: it, or its key, was altered."""

    missing: str

    @property
    def label(self) -> Label:
        """Says why, in both languages."""
        if self.missing:
            return Label(
                f"无法打开：密钥 {self.missing} 缺失。",
                f"Cannot be opened: key {self.missing} is missing.",
            )
        return Label("无法打开：内容被改动。", "Cannot be opened: it was altered.")


# Sealing -----------------------------------------------------------------------------------------


def seal(
    session: Session, rows: Iterable[dict[str, Any]], names: Collection[str]
) -> list[dict[str, Any]]:
    """Encrypt, where they stand, those rows of `chain.commit_to` whose inputs are named.

    Returns the rows of their keys, to be inserted after them. Raises vault.NoVault.
    """
    chosen = [row for row in rows if row["name"] in names]
    if not chosen:
        return []
    _hold_off_rotation(session)
    keeper = _vault(session)
    found = []
    for row in chosen:
        key = Fernet.generate_key()
        plain = f"{row['salt']}{row['value']}".encode()
        row.update(salt=SALT, value=Fernet(key).encrypt(plain).decode("ascii"))
        wrapped = keeper.seal(key.decode("ascii"))
        found.append({"value_id": row["id"], "key_id": wrapped.key_id, "wrapped": wrapped.text})
    return found


def _hold_off_rotation(session: Session) -> None:
    """Let no rotation drop the key this transaction is about to use.

    On SQLite whoever writes is alone anyway. What was read of the vault before is forgotten: its
    key may be gone.
    """
    session.info.pop(_OPENED, None)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE value_keys IN ROW EXCLUSIVE MODE"))


def _vault(session: Session) -> vault.Vault:
    """Read the vault of a session, once. Raises vault.NoVault."""
    found: vault.Vault | None = session.info.get(_OPENED)
    if found is None:
        path: Path | None = session.info.get(KEYS)
        if path is None:
            raise vault.NoVault("no file of keys is named")
        found = session.info[_OPENED] = vault.load(path)
    return found


# Opening -----------------------------------------------------------------------------------------


class Opener:
    """Opens sealed values for one session; without a vault every key is missing."""

    def __init__(self, session: Session) -> None:
        self._session = session
        try:
            self._vault: vault.Vault | None = _vault(session)
        except vault.NoVault:
            self._vault = None

    def open(self, token: str, key_id: str | None, wrapped: str | None) -> Opened | Unopened:
        """Open one value with its key, both as the database holds them."""
        if key_id is None or wrapped is None:
            return Unopened("")
        if self._vault is None or key_id not in self._vault.ids:
            return Unopened(key_id)
        try:
            key = self._vault.open(vault.Sealed(key_id, wrapped))
            plain = Fernet(key).decrypt(token.encode()).decode()
        except (vault.CannotOpen, InvalidToken, ValueError):
            return Unopened("")
        return Opened(plain[:SALT_DIGITS], plain[SALT_DIGITS:])


def opened(
    session: Session, *criteria: Any, options: dict[str, Any] | None = None
) -> dict[tuple[int, str], Opened | Unopened]:
    """Return values that were not destroyed, by entry and input; personal ones as they stand.

    ``criteria`` are on `PrivateValue`, ``options`` are those of the query.
    """
    query = (
        select(
            PrivateValue.seq, PrivateValue.name, PrivateValue.salt, PrivateValue.value,
            ValueKey.key_id, ValueKey.wrapped,
        )
        .outerjoin(ValueKey, ValueKey.value_id == PrivateValue.id)
        .where(PrivateValue.salt != "", *criteria)
        .order_by(PrivateValue.seq, PrivateValue.name)
    )  # fmt: skip
    opener = Opener(session)
    return {
        (row.seq, row.name): opener.open(row.value, row.key_id, row.wrapped)
        if row.salt == SALT
        else Opened(row.salt, row.value)
        for row in session.execute(query, execution_options=options or {})
    }


# The vault itself --------------------------------------------------------------------------------


def keys_in_use(session: Session) -> set[str]:
    """Return the ids of the keys that values hang on."""
    return set(session.scalars(select(keys.c.key_id).distinct()))


def prepare(database: Database) -> None:
    """Make the vault of a database where there is none, and no value hangs on one.

    Raises KeysMissing where a value hangs on a key the vault does not hold, vault.NoVault for a
    file that cannot be used.
    """
    path = database.keys
    if path is None:
        return
    with database.read() as session:
        used = keys_in_use(session)
    if not path.exists():
        if used:
            raise KeysMissing(used)
        _made(path)
    if lost := used - set(vault.load(path).ids):
        raise KeysMissing(lost)


def _made(path: Path) -> None:
    try:
        vault.make(path)
    except FileExistsError:  # another process made it at the same time
        return
