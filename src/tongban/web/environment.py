"""Everything that the surroundings decide, read in one place (documented in docs/operating.md)."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from tongban.base.private_files import made_once
from tongban.base.sealing import CIPHERS
from tongban.base.upstream import Upstream

# 四川省广安市广安区: the district whose items come with Tongban.
DEMONSTRATION_REGION = "511602000000"
KINDS = ("development", "production")
# What the tables hold of them.
UPSTREAM_ISSUER_CHARACTERS = 200
UPSTREAM_NAME_CHARACTERS = 40
POSTGRES_OPTIONS = {
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "channel_binding",
    "connect_timeout",
    "target_session_attrs",
    "application_name",
    "options",
}


class EnvironmentProblem(Exception):
    """A variable has a value that Tongban can't work with; the message says which and why."""


@dataclass(frozen=True)
class Environment:
    home: Path
    kind: str
    port: int
    database_url: str
    allowed_hosts: tuple[str, ...]
    origin: str
    region: str
    issuer: str
    upstream: Upstream | None = None
    key_folder: Path | None = None
    cipher: str = "aes-256-gcm"
    sms_url: str = ""
    mini_program_url: str = ""
    clamd: str = ""
    mail_url: str = ""
    mail_from: str = "Tongban <noreply@localhost>"
    proxies: int = 0
    client_rate: int = 50
    ledger_policy: Path | None = None
    correction_days: int = 0

    @property
    def production(self) -> bool:
        return self.kind == "production"

    @property
    def outbox(self) -> Path:
        return self.home / "outbox"

    @property
    def files(self) -> Path:
        return self.home / "files"

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def keys(self) -> Path:
        return self.key_folder or self.home / "keys"


def read_environment() -> Environment:
    """The environment in force. Raises EnvironmentProblem for a value that makes no sense."""
    kind = os.environ.get("TONGBAN_ENV", "development")
    if kind not in KINDS:
        raise EnvironmentProblem(f"TONGBAN_ENV is {kind!r}; it must be one of {', '.join(KINDS)}")
    port = os.environ.get("TONGBAN_PORT", "8000")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise EnvironmentProblem(f"TONGBAN_PORT is {port!r}; it must be a number from 1 to 65535")
    home = Path(os.environ.get("TONGBAN_HOME", "./var")).absolute()
    cipher = os.environ.get("TONGBAN_CIPHER", "aes-256-gcm")
    if cipher not in CIPHERS:
        raise EnvironmentProblem(
            f"TONGBAN_CIPHER is {cipher!r}; it must be one of {', '.join(CIPHERS)}"
        )
    sms_url = os.environ.get("TONGBAN_SMS_URL", "")
    if sms_url and not sms_url.startswith("https://") and kind == "production":
        raise EnvironmentProblem("TONGBAN_SMS_URL must be https:// in production")
    mini_program_url = os.environ.get("TONGBAN_MINI_PROGRAM_URL", "")
    if mini_program_url and not mini_program_url.startswith("https://") and kind == "production":
        raise EnvironmentProblem("TONGBAN_MINI_PROGRAM_URL must be https:// in production")
    rate = os.environ.get("TONGBAN_CLIENT_RATE", "50")
    if not rate.isdigit():
        raise EnvironmentProblem(
            f"TONGBAN_CLIENT_RATE is {rate!r}; it must be a number, 0 for none"
        )
    correction = os.environ.get("TONGBAN_CORRECTION_DAYS", "0")
    if not correction.isdigit() or int(correction) > 365:
        raise EnvironmentProblem(
            f"TONGBAN_CORRECTION_DAYS is {correction!r}; it must be 0 for none, or 1 to 365"
        )
    keys = os.environ.get("TONGBAN_KEYS", "")
    policy = os.environ.get("TONGBAN_LEDGER_POLICY", "")
    proxies = os.environ.get("TONGBAN_PROXIES", "0")
    if not proxies.isdigit():
        raise EnvironmentProblem(f"TONGBAN_PROXIES is {proxies!r}; it must be a number, 0 for none")
    hosts = os.environ.get("TONGBAN_HOSTS", "localhost,127.0.0.1,[::1]")
    return Environment(
        home=home,
        kind=kind,
        port=int(port),
        database_url=os.environ.get("DATABASE_URL", ""),
        allowed_hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()),
        origin=os.environ.get("TONGBAN_LEDGER_ORIGIN", "tongban.example/ledger"),
        region=os.environ.get("TONGBAN_REGION", DEMONSTRATION_REGION),
        issuer=_issuer(os.environ.get("TONGBAN_ISSUER", "")),
        upstream=_upstream(production=kind == "production"),
        key_folder=Path(keys).absolute() if keys else None,
        cipher=cipher,
        sms_url=sms_url,
        mini_program_url=mini_program_url,
        clamd=os.environ.get("TONGBAN_CLAMD", ""),
        mail_url=os.environ.get("TONGBAN_MAIL_URL", ""),
        mail_from=os.environ.get("TONGBAN_MAIL_FROM", "Tongban <noreply@localhost>"),
        proxies=int(proxies),
        client_rate=int(rate),
        ledger_policy=Path(policy).absolute() if policy else home / "witnesses.policy",
        correction_days=int(correction),
    )


def _issuer(address: str) -> str:
    """OpenID Connect Discovery 3: an https address without query or fragment, kept verbatim."""
    parts = urlsplit(address)
    plain = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if address and (
        not parts.hostname
        or not (parts.scheme == "https" or plain)
        or parts.path
        or parts.query
        or parts.fragment
    ):
        raise EnvironmentProblem(
            f"TONGBAN_ISSUER is {address!r}; it must be like https://ban.example.gov.cn,"
            " without a slash at the end"
        )
    return address


def _upstream(*, production: bool) -> Upstream | None:
    """The national identity that people may sign in with; None without an issuer."""
    issuer = os.environ.get("TONGBAN_UPSTREAM_ISSUER", "")
    if not issuer:
        return None
    parts = urlsplit(issuer)
    plain = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if (
        not parts.hostname
        or not (parts.scheme == "https" or (plain and not production))
        or parts.query
        or parts.fragment
        or len(issuer) > UPSTREAM_ISSUER_CHARACTERS
    ):
        raise EnvironmentProblem(
            f"TONGBAN_UPSTREAM_ISSUER is {issuer!r}; it must be like https://id.example.gov.cn,"
            " as the provider's discovery document writes it"
        )
    client_id = os.environ.get("TONGBAN_UPSTREAM_CLIENT_ID", "")
    if not client_id:
        raise EnvironmentProblem("TONGBAN_UPSTREAM_CLIENT_ID is not set; the issuer gives it out")
    name = os.environ.get("TONGBAN_UPSTREAM_NAME", "") or "国家政务服务平台"
    if len(name) > UPSTREAM_NAME_CHARACTERS:
        raise EnvironmentProblem(
            f"TONGBAN_UPSTREAM_NAME must have at most {UPSTREAM_NAME_CHARACTERS} characters"
        )
    scope = os.environ.get("TONGBAN_UPSTREAM_SCOPE", "").split() or ["profile"]
    return Upstream(
        issuer=issuer,
        client_id=client_id,
        name=name,
        scope=tuple(dict.fromkeys(["openid", *scope])),
        id_claim=os.environ.get("TONGBAN_UPSTREAM_ID_CLAIM", "") or "id_number",
        name_claim=os.environ.get("TONGBAN_UPSTREAM_NAME_CLAIM", "") or "name",
        strong=frozenset(os.environ.get("TONGBAN_UPSTREAM_STRONG_ACR", "").split()),
    )


def make_home(environment: Environment) -> None:
    """Make the data folder when it is not there. Raises EnvironmentProblem when it can't be."""
    try:
        # What we write is nobody else's to read, whatever the shell that started us allows.
        os.umask(0o077)
        environment.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise EnvironmentProblem(
            f"TONGBAN_HOME is {environment.home}, and it can't be made: {problem.strerror}"
        ) from None


def secret_key(environment: Environment) -> str:
    """The key that signs sessions: a file of this installation, made at first use, mode 0600."""
    path = environment.keys / "django-secret"
    return made_once(path, lambda: secrets.token_urlsafe(64).encode()).decode()


def mail_settings(environment: Environment) -> dict[str, object]:
    """Django's settings for e-mail: files in the outbox, or `smtp://user:password@host:port`.

    `smtps://` speaks TLS from the start, `smtp://` upgrades with STARTTLS. Raises
    EnvironmentProblem for another scheme.
    """
    backend = "django.core.mail.backends."
    if not environment.mail_url:
        return {
            "EMAIL_BACKEND": f"{backend}filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(environment.outbox),
        }
    url = urlsplit(environment.mail_url)
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise EnvironmentProblem("TONGBAN_MAIL_URL must be smtp://… or smtps://… with a host")
    secure = url.scheme == "smtps"
    return {
        "EMAIL_BACKEND": f"{backend}smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if secure else 587),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": secure,
        "EMAIL_USE_TLS": not secure and url.hostname not in ("localhost", "127.0.0.1"),
        "EMAIL_TIMEOUT": 10,
    }


def database_settings(environment: Environment) -> dict[str, object]:
    """Django's settings for the database: SQLite in the data directory, or DATABASE_URL.

    SQLite is set to survive a power cut (WAL, synchronous=FULL) and to take the write lock at the
    start of a transaction, so that two writers wait for each other instead of failing at commit.
    """
    if not environment.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(environment.home / "tongban.sqlite3"),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY"
                ),
            },
        }
    url = urlsplit(environment.database_url)
    if url.scheme not in ("postgres", "postgresql"):
        raise EnvironmentProblem(
            "DATABASE_URL must start with postgresql:// (leave it out for the built-in SQLite)"
        )
    query = dict(parse_qsl(url.query))
    unknown = set(query) - POSTGRES_OPTIONS - {"host"}
    if unknown:
        raise EnvironmentProblem(f"DATABASE_URL has options that are not known: {sorted(unknown)}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(query.get("host", url.hostname or "")),
        "PORT": str(url.port or ""),
        "OPTIONS": {name: query[name] for name in query if name != "host"},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
