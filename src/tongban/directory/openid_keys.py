"""Keys of sign-in for other systems: files of this installation, made at first use, mode 0600.

The RSA key with the highest number signs; the others stay in the published key set, so that
tokens signed before a rotation can still be checked (OpenID Connect Core 10.1.1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from jwcrypto.jwk import JWK

from tongban.base.private_files import written_once
from tongban.base.problems import Conflict

PREFIX = "openid-rsa-"
PAIRWISE = "openid-pairwise"
RSA_BITS = 3072


def _new_rsa_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _folder() -> Path:
    return Path(settings.TONGBAN_KEYS)


def _files() -> list[Path]:
    return sorted(_folder().glob(f"{PREFIX}*.pem"), reverse=True)


@lru_cache(maxsize=16)
def _read(path: Path) -> JWK:
    return JWK.from_pem(path.read_bytes())


def signing_keys() -> list[JWK]:
    """All keys, the one that signs first. Read from the folder each time: other processes rotate."""
    if not _files():
        written_once(_folder() / f"{PREFIX}0001.pem", _new_rsa_key())
    return [_read(path) for path in _files()]


def rotate_key() -> tuple[str, list[str]]:
    """Make a new signing key; returns its id and the ids of those that stay published.

    Raises Conflict when another process made one at the same moment.
    """
    files = _files()
    number = int(files[0].stem.removeprefix(PREFIX)) + 1 if files else 1
    if not written_once(_folder() / f"{PREFIX}{number:04}.pem", _new_rsa_key()):
        raise Conflict(
            code="key_just_made",
            title="Somebody else has just made a key",
            fix="Look at the keys, and ask again if you still need another.",
        )
    active, *older = (key.thumbprint() for key in signing_keys())
    return active, older


def public_keys() -> list[dict[str, object]]:
    """The key set that others check our tokens with (RFC 7517)."""
    return [
        {
            **json.loads(key.export_public()),
            "alg": "RS256",
            "use": "sig",
            "kid": key.thumbprint(),
        }
        for key in signing_keys()
    ]


@lru_cache(maxsize=4)
def _pairwise_key(path: Path) -> bytes:
    if not path.exists():
        written_once(path, secrets.token_hex(32).encode())
    return path.read_bytes()


def pairwise_subject(account: str, client_id: str) -> str:
    """Who somebody is for one system: stable, and useless to find them in another (Core 8.1)."""
    key = _pairwise_key(_folder() / PAIRWISE)
    mac = hmac.digest(key, f"{client_id}\n{account}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
