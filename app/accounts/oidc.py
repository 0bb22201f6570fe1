"""An identity at a provider of OpenID Connect: how it is proven, and whose it is here.

Authorization code with PKCE, state and nonce. The provider is believed in who somebody is, and in
nothing else: no e-mail address names an account, and no ``amr`` or ``acr`` stands in for a second
factor. Nothing here commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.errors import HasIdentity, IdentityTaken
from app.accounts.models import ExternalIdentity, Person
from app.accounts.operations import CHAIN
from app.audit import chain
from app.engine.actors import Actor
from config import OpenID

TIMEOUT: Final = 5.0
"""Seconds for the provider to take a connection, and for it to answer."""
LEEWAY: Final = 60
"""Seconds by which the provider's clock may differ from ours."""
ATTEMPT_LASTS: Final = timedelta(minutes=10)
METADATA_LASTS: Final = timedelta(hours=1)
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
)
"""Signatures with a key of the provider's own: neither ``none`` nor a secret both sides know."""
LONGEST_SUBJECT: Final = 255
WANTED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderAway(Exception):
    """The provider does not answer in time, or not as OpenID Connect; says what is wrong."""


class NotProven(Exception):
    """What the provider sent proves no identity; says why."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to the provider and back, kept in the cookie of the browser that goes it.

    ``at`` is a Unix time in seconds. ``person`` is the id of who wants to link an identity; empty:
    somebody wants to sign in.
    """

    state: str
    nonce: str
    verifier: str
    at: float
    target: str
    person: str = ""

    @classmethod
    def begun(cls, target: str, now: datetime, person: str = "") -> Attempt:
        """A new one, that leads to ``target``, a path of this site."""
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            at=now.timestamp(),
            target=target,
            person=person,
        )

    def counts(self, state: str, now: datetime) -> bool:
        """Whether somebody who comes back with that state went this way, and lately."""
        age = now.timestamp() - self.at
        same = secrets.compare_digest(self.state.encode(), state.encode())
        return same and 0 <= age <= ATTEMPT_LASTS.total_seconds()


# The provider -----------------------------------------------------------------------------------

_metadata: Final[dict[OpenID, tuple[datetime, Mapping[str, Any]]]] = {}
"""What providers said of themselves, and when; each process asks for itself."""


def address(provider: OpenID, attempt: Attempt, back: str, now: datetime) -> str:
    """Where to send the browser. ``back`` is the full address it comes back to.

    Raises ProviderAway.
    """
    said = _discovered(provider, now)
    with _client(provider, said, back) as client:
        url, _ = client.create_authorization_url(
            said["authorization_endpoint"],
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
        )
    return str(url)


def subject(provider: OpenID, attempt: Attempt, code: str, back: str, now: datetime) -> str:
    """Who somebody is at the provider, by a code of it. Raises ProviderAway and NotProven."""
    said = _discovered(provider, now)
    try:
        with _client(provider, said, back) as client:
            token = client.fetch_token(
                said["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=attempt.verifier,
            )
    except (requests.RequestException, ValueError) as away:  # the latter: no JSON object
        raise ProviderAway(f"no token: {type(away).__name__}") from away
    except AuthlibBaseError as refused:
        raise NotProven(f"the code was refused: {refused.error}") from refused
    keys = _asked(said["jwks_uri"])
    try:
        return _subject_in(token, keys, provider, said["issuer"], attempt.nonce, now)
    except (JoseError, LookupError, TypeError, ValueError) as wrong:
        raise NotProven(f"the token does not hold: {type(wrong).__name__} {wrong}") from wrong


def _subject_in(
    token: Mapping[str, Any],
    keys: Any,
    provider: OpenID,
    issuer: str,
    nonce: str,
    now: datetime,
) -> str:
    """Check an answer of the provider as OpenID Connect Core 3.1.3.7 wants it."""
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    signed = jwt.decode(token["id_token"], KeySet.import_key_set(keys), registry=registry)
    wanted = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": provider.client_id},
    }
    given = {
        "nonce": nonce,
        "client_id": provider.client_id,
        "access_token": token.get("access_token"),
    }
    claims = CodeIDToken(signed.claims, signed.header, wanted, given)
    claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    who = claims["sub"]
    if not isinstance(who, str) or not 0 < len(who) <= LONGEST_SUBJECT or not who.isprintable():
        raise ValueError("no subject")
    return who


def _discovered(provider: OpenID, now: datetime) -> Mapping[str, Any]:
    """What the provider says of itself. Raises ProviderAway."""
    at, said = _metadata.get(provider, (None, {}))
    if at is not None and timedelta() <= now - at <= METADATA_LASTS:
        return said
    said = _asked(f"{provider.issuer}/.well-known/openid-configuration")
    if not isinstance(said, dict) or str(said.get("issuer")).rstrip("/") != provider.issuer:
        raise ProviderAway("it calls itself by another name than TANJIAN_OIDC_ISSUER")
    secure = "https://" if provider.issuer.startswith("https://") else "http"
    if not all(str(said.get(name)).startswith(secure) for name in WANTED):
        raise ProviderAway(f"it does not say all of {', '.join(WANTED)}, or not with TLS")
    _metadata[provider] = now, said
    return said


def _asked(url: str) -> Any:
    """The JSON at an address of the provider. Raises ProviderAway."""
    try:
        answer = requests.get(url, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()
    except requests.RequestException as away:
        raise ProviderAway(f"{url}: {type(away).__name__}") from away


def _client(provider: OpenID, said: Mapping[str, Any], back: str) -> OAuth2Session:
    ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
    return OAuth2Session(
        provider.client_id,
        provider.client_secret,
        token_endpoint_auth_method=way if provider.client_secret else "none",
        scope="openid",
        redirect_uri=back,
        code_challenge_method="S256",
        default_timeout=TIMEOUT,
    )


# Whose identity it is ---------------------------------------------------------------------------


def person_of(session: Session, provider: OpenID, who: str) -> Person | None:
    """The person an identity is linked to, also one who has left."""
    return session.scalar(
        select(Person)
        .join(ExternalIdentity, ExternalIdentity.person_id == Person.id)
        .where(ExternalIdentity.issuer == provider.issuer, ExternalIdentity.subject == who)
    )


def identities_of(session: Session, person_id: UUID) -> Sequence[ExternalIdentity]:
    """The identities of a person, the oldest first."""
    return session.scalars(
        select(ExternalIdentity)
        .where(ExternalIdentity.person_id == person_id)
        .order_by(ExternalIdentity.linked_at, ExternalIdentity.id)
    ).all()


def link(session: Session, actor: Actor, provider: OpenID, who: str, now: datetime) -> None:
    """Let an identity sign its person in. Raises IdentityTaken and HasIdentity."""
    session.get_one(Person, actor.person_id, with_for_update=True)  # one link at a time
    if any(one.issuer == provider.issuer for one in identities_of(session, actor.person_id)):
        raise HasIdentity
    try:
        with session.begin_nested():
            session.add(
                ExternalIdentity(
                    person_id=actor.person_id, issuer=provider.issuer, subject=who, linked_at=now
                )
            )
    except IntegrityError as taken:
        raise IdentityTaken from taken
    _record(session, "link_identity", actor, provider.issuer, who, now)


def unlink(session: Session, actor: Actor, identity_id: UUID, now: datetime) -> bool:
    """Let an identity of the person sign them in no more; False if it is not theirs."""
    one = session.get(ExternalIdentity, identity_id)
    if one is None or one.person_id != actor.person_id:
        return False
    session.delete(one)
    _record(session, "unlink_identity", actor, one.issuer, one.subject, now)
    return True


def forget(session: Session, person_id: UUID) -> None:
    """Let no identity sign the person in any more: part of an act that has its own entry."""
    session.execute(delete(ExternalIdentity).where(ExternalIdentity.person_id == person_id))


def _record(
    session: Session, trigger: str, actor: Actor, issuer: str, who: str, now: datetime
) -> None:
    told = {"person": actor.person_id, "issuer": issuer}
    chain.append(
        session, CHAIN, trigger=trigger, actor=actor, body=told, now=now, private={"subject": who}
    )
