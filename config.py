"""Settings of one running program, from the environment. Nothing else reads ``os.environ``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, cast
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app

EXTENSION: Final = "tanjian.settings"
ROOT: Final = Path(__file__).resolve().parent
TRUE: Final = frozenset({"1", "true", "yes", "on"})
FALSE: Final = frozenset({"", "0", "false", "no", "off"})
MEGABYTE: Final = 1024 * 1024


class BadSetting(ValueError):
    """A setting in the environment cannot be understood."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. ``tls``: from the first byte; ``starttls``: asked for, or none."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: bool = False


@dataclass(frozen=True, slots=True)
class OpenID:
    """A provider of OpenID Connect people may sign in with. ``name`` stands on the button."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process runs. `from_env` reads them; tests write them down."""

    database_url: str
    secret_key: str = field(repr=False)
    files: Path
    keys: Path | None = None
    """Folder of the keys that sign; none: ``keys`` beside the files. Never in the database."""
    port: int = 8000
    demo: bool = False
    """The demonstration city: its accounts are listed on the sign-in page."""
    max_upload_mb: int = 100
    trusted_proxies: int = 0
    """How many proxies stand in front whose ``X-Forwarded-*`` headers are believed."""
    https: bool = False
    """Cookies are sent over TLS only."""
    session_idle: timedelta = timedelta(hours=8)
    ticker: bool = False
    """Clocks tick inside the serving process, because it is the only one."""
    mail_server: MailServer | None = None
    """None: nobody gets mail, everybody has their inbox."""
    mail_from: str = ""
    base_url: str = ""
    """Address of this installation without a slash at its end, for links in mail; may be empty."""
    production: bool = False
    """Real cases: refuses to start on what only a demonstration may have."""
    hosts: tuple[str, ...] = ()
    """Names under which it answers; none: any name."""
    oidc: OpenID | None = None
    clamd: str = ""
    """Where clamd listens, ``host:port`` or the path of a socket; empty: nothing is scanned."""
    metrics_token: str = field(default="", repr=False)
    """Who shows it reads the metrics; empty: nobody does."""
    breached_passwords: Path | None = None
    """A file of passwords known to be breached, beside those the program ships."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; what is not set has the default of a single computer.

        A variable may be given as a file: ``NAME_FILE`` holds the path of a file with the value of
        ``NAME``. Raises BadSetting, naming the variable. Makes ``instance/`` and a secret key in it
        when none is given.
        """
        env = _with_files(os.environ if env is None else env)
        instance = Path(env.get("TANJIAN_INSTANCE") or ROOT / "instance").resolve()
        return cls(
            database_url=_driver(env.get("DATABASE_URL") or f"sqlite:///{instance}/tanjian.sqlite"),
            secret_key=env.get("TANJIAN_SECRET_KEY") or _kept_secret(instance / "secret_key"),
            files=Path(env.get("TANJIAN_FILES") or instance / "files").resolve(),
            keys=Path(env.get("TANJIAN_KEYS") or instance / "keys").resolve(),
            port=_number(env, "PORT", 8000),
            demo=_switch(env, "TANJIAN_DEMO"),
            max_upload_mb=_number(env, "TANJIAN_MAX_UPLOAD_MB", 100),
            trusted_proxies=_number(env, "TANJIAN_TRUSTED_PROXIES", 0),
            https=_switch(env, "TANJIAN_HTTPS"),
            session_idle=timedelta(hours=_number(env, "TANJIAN_SESSION_HOURS", 8)),
            ticker=_switch(env, "TANJIAN_TICKER"),
            mail_server=_mail_server(env),
            mail_from=_mail_from(env),
            base_url=_base_url(env),
            production=_switch(env, "TANJIAN_PRODUCTION"),
            hosts=_hosts(env),
            oidc=_openid(env),
            clamd=env.get("TANJIAN_CLAMD", "").strip(),
            metrics_token=env.get("TANJIAN_METRICS_TOKEN", "").strip(),
            breached_passwords=_path(env, "TANJIAN_BREACHED_PASSWORDS"),
        )

    @property
    def key_folder(self) -> Path:
        """Where the keys lie."""
        return self.keys or self.files.with_name("keys")

    @property
    def audit_key(self) -> Path:
        """The file of the private key that signs checkpoints."""
        return self.key_folder / "audit.pem"

    @property
    def identity_keys(self) -> Path:
        """The vault of sealed values, such as who reported."""
        return self.key_folder / "identity.keys"

    @property
    def factor_keys(self) -> Path:
        """The vault of the secrets of authenticators."""
        return self.key_folder / "factors.keys"

    @property
    def max_upload_bytes(self) -> int:
        """The largest file taken, in bytes."""
        return self.max_upload_mb * MEGABYTE


def settings() -> Settings:
    """Return the settings of the application at work."""
    return cast("Settings", current_app.extensions[EXTENSION])


def _driver(url: str) -> str:
    """Name psycopg 3 where a hosting platform says only ``postgres://``."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal():
        msg = f"{name} must be a whole number, not {text!r}"
        raise BadSetting(msg)
    return int(text)


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower()
    if text not in TRUE | FALSE:
        msg = f"{name} must be 1 or 0, not {text!r}"
        raise BadSetting(msg)
    return text in TRUE


def _mail_server(env: Mapping[str, str]) -> MailServer | None:
    """Read ``smtp://user:password@host:587?starttls=1``, or ``smtps://`` for TLS at once."""
    name = "TANJIAN_SMTP_URL"
    url = env.get(name, "").strip()
    if not url:
        return None
    parts = urlsplit(url)
    asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    tls = parts.scheme == "smtps"
    try:
        port = parts.port or (465 if tls else 25)
    except ValueError:
        port = 0
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or not port:
        msg = f"{name} must read smtp://user:password@host:port?starttls=1"  # without what was set
        raise BadSetting(msg)
    return MailServer(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        starttls=_switch({name: asked.get("starttls", "")}, name),
    )


def _mail_from(env: Mapping[str, str]) -> str:
    address = env.get("TANJIAN_MAIL_FROM", "").strip()
    if not address and env.get("TANJIAN_SMTP_URL", "").strip():
        msg = "TANJIAN_MAIL_FROM must be set where TANJIAN_SMTP_URL is"
        raise BadSetting(msg)
    if address and ("@" not in address or not address.isprintable()):
        msg = f"TANJIAN_MAIL_FROM must be an address, not {address!r}"
        raise BadSetting(msg)
    return address


def _base_url(env: Mapping[str, str]) -> str:
    url = env.get("TANJIAN_URL", "").strip().rstrip("/")
    if url and not (url.startswith(("http://", "https://")) and urlsplit(url).hostname):
        msg = f"TANJIAN_URL must begin with http:// or https://, not {url!r}"
        raise BadSetting(msg)
    return url


def _with_files(env: Mapping[str, str]) -> Mapping[str, str]:
    """Read what is given as a file; the first line of it counts."""
    ours = ("TANJIAN_", "DATABASE_URL")
    named = {n: p for n, p in env.items() if n.startswith(ours) and n.endswith("_FILE") and p}
    found = dict(env)
    for name, path in named.items():
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as unreadable:
            msg = f"{name} names a file that cannot be read"
            raise BadSetting(msg) from unreadable
        found[name.removesuffix("_FILE")] = lines[0].strip() if lines else ""
    return found


def _path(env: Mapping[str, str], name: str) -> Path | None:
    text = env.get(name, "").strip()
    return Path(text).resolve() if text else None


def _hosts(env: Mapping[str, str]) -> tuple[str, ...]:
    """Read the names it answers under: those of the list, else that of its own address."""
    listed = env.get("TANJIAN_HOSTS", "").replace(",", " ").split()
    own = urlsplit(env.get("TANJIAN_URL", "").strip()).hostname
    return tuple(listed or ([own] if own else []))


def _openid(env: Mapping[str, str]) -> OpenID | None:
    issuer = env.get("TANJIAN_OIDC_ISSUER", "").strip().rstrip("/")
    if not issuer:
        return None
    client = env.get("TANJIAN_OIDC_CLIENT_ID", "").strip()
    if not issuer.startswith(("http://", "https://")) or not client:
        msg = "TANJIAN_OIDC_ISSUER must be an address, and TANJIAN_OIDC_CLIENT_ID be set with it"
        raise BadSetting(msg)
    return OpenID(
        issuer=issuer,
        client_id=client,
        client_secret=env.get("TANJIAN_OIDC_CLIENT_SECRET", "").strip(),
        name=env.get("TANJIAN_OIDC_NAME", "").strip() or str(urlsplit(issuer).hostname),
    )


def _kept_secret(path: Path) -> str:
    """Read the secret key of this installation; the first process makes it, for its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(own, path)  # whole or not at all, and never over another process's key
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_text(encoding="utf-8").strip()
