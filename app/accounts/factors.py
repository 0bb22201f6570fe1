"""The second factor: time-based codes of an authenticator (RFC 6238), and recovery codes.

The secret stands in the database sealed with a vault of its own. A code is taken once: the time
step of the last one taken is kept, and none that is not later counts. Nothing here commits.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import pyotp
import segno
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import vault
from app.accounts import throttle
from app.accounts.models import Delegation, Membership, RecoveryCode, SecondFactor
from app.engine.actors import Role

COMPULSORY: Final = frozenset(
    {
        Role.SUPERVISOR,
        Role.BUREAU_LEADER,
        Role.LEGAL_REVIEWER,
        Role.ADMINISTRATOR,
        Role.AUDITOR,
    }
)
"""Whoever holds one of these roles signs in with a second factor or not at all."""
STEP: Final = 30
"""Seconds each code lasts; the one before and the one after count as well."""
CODES: Final = 10
LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Of recovery codes: none that looks like another."""
HALF: Final = 5


def is_compulsory(session: Session, person_id: UUID, today: date) -> bool:
    """Whether somebody needs a second factor, by a role of their own or in whose place they act."""
    held = session.scalar(
        select(func.count())
        .select_from(Membership)
        .where(
            Membership.person_id == person_id,
            Membership.valid_on(today),
            Membership.role.in_(sorted(COMPULSORY)),
        )
    )
    if held:
        return True
    stands_in = session.scalars(
        select(Delegation).where(Delegation.substitute_id == person_id, Delegation.valid_on(today))
    )
    return any(COMPULSORY & set(map(Role, one.roles)) for one in stands_in)


def of(session: Session, person_id: UUID) -> SecondFactor | None:
    """The authenticator of somebody that counts."""
    one = session.get(SecondFactor, person_id)
    return one if one is not None and one.confirmed_at is not None else None


def keys(session: Session, path: Path) -> vault.Vault:
    """The vault of the secrets; the first secret of an installation makes it.

    Raises vault.NoVault if it is gone although secrets hang on it.
    """
    if not path.exists() and session.scalar(select(func.count()).select_from(SecondFactor)) == 0:
        try:
            return vault.make(path)
        except FileExistsError:  # another process made it
            pass
    return vault.load(path)


def new_secret() -> str:
    """A secret of 160 bits for an authenticator, in base 32."""
    return pyotp.random_base32()


def drawn(secret: str, login: str, issuer: str) -> str:
    """The QR code an authenticator reads, as SVG without a style of its own."""
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
    code = segno.make(address, error="m", micro=False)
    svg: str = code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None)
    return svg


def step_of(now: datetime) -> int:
    """The time step of an instant."""
    return int(now.timestamp()) // STEP


def code_at(secret: str, step: int) -> str:
    """The code of a time step."""
    return pyotp.TOTP(secret).generate_otp(step)


def step_taken(secret: str, typed: str, now: datetime, last: int = 0) -> int | None:
    """The time step a code is of, if it counts now and is later than the last one taken."""
    code, current = "".join(typed.split()).encode(), step_of(now)
    found = None
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code) and step > last:
            found = step
    return found


def secret_of(one: SecondFactor, held: vault.Vault) -> str:
    """The secret of an authenticator. Raises vault.CannotOpen."""
    return held.open(vault.Sealed(one.key_id, one.secret))


def take(session: Session, person_id: UUID, typed: str, held: vault.Vault, now: datetime) -> str:
    """Take a code or a recovery code of somebody, once; say which, "" if it is neither.

    Raises vault.CannotOpen.
    """
    one = of(session, person_id)
    if one is None:
        return ""
    # Letters other than these ten digits are no code; compare_digest wants ASCII.
    if "".join(typed.split()).isascii():
        step = step_taken(secret_of(one, held), typed, now, one.last_step)
        if step is not None:
            taken = session.execute(
                update(SecondFactor)
                .where(SecondFactor.person_id == person_id, SecondFactor.last_step < step)
                .values(last_step=step)
                .returning(SecondFactor.person_id)
            )
            return "code" if taken.first() else ""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == _hashed(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return "recovery_code" if used.first() else ""


def enrol(
    session: Session, person_id: UUID, secret: str, step: int, held: vault.Vault, now: datetime
) -> Sequence[str]:
    """Let an authenticator count whose code of ``step`` was shown; return its recovery codes.

    It replaces one there was.
    """
    forget(session, person_id)
    sealed = held.seal(secret)
    session.add(
        SecondFactor(
            person_id=person_id,
            key_id=sealed.key_id,
            secret=sealed.text,
            made_at=now,
            confirmed_at=now,
            last_step=step,
        )
    )
    return new_codes(session, person_id)


def seal_anew(session: Session, held: vault.Vault) -> int:
    """Seal every secret with the newest key; return how many. Raises vault.CannotOpen."""
    rows = session.scalars(
        select(SecondFactor).order_by(SecondFactor.person_id).with_for_update()
    ).all()
    for one in rows:
        sealed = held.seal(secret_of(one, held))
        one.key_id, one.secret = sealed.key_id, sealed.text
    return len(rows)


def new_codes(session: Session, person_id: UUID) -> Sequence[str]:
    """Make new recovery codes, which end those before; they are kept hashed and shown once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(HALF)) for _ in range(2))
        for _ in range(CODES)
    ]
    session.add_all(RecoveryCode(person_id=person_id, code_hash=_hashed(code)) for code in codes)
    session.flush()
    return codes


def codes_left(session: Session, person_id: UUID) -> int:
    """How many recovery codes somebody has not used."""
    found = session.scalar(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    )
    return found or 0


def forget(session: Session, person_id: UUID) -> None:
    """Forget authenticator and recovery codes of somebody, and the wrong codes they gave."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    session.execute(delete(SecondFactor).where(SecondFactor.person_id == person_id))
    throttle.forget(session, throttle.code_bucket(person_id))


def _hashed(code: str) -> str:
    letters = "".join(one for one in code.upper() if one.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()
