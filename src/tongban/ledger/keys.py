"""The key that signs checkpoints: a file of this installation, made at first use."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tongban.base.notes import Ed25519Signer
from tongban.base.private_files import made_once

FILE_NAME = "ledger-ed25519.pem"


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@lru_cache(maxsize=4)
def _signer(path: Path, origin: str) -> Ed25519Signer:
    key = serialization.load_pem_private_key(made_once(path, _new_key), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is not an Ed25519 private key")
    return Ed25519Signer(origin, key)


def signer() -> Ed25519Signer:
    """Signs for the log's origin line (`TONGBAN_LEDGER_ORIGIN`)."""
    return _signer(Path(settings.TONGBAN_KEYS) / FILE_NAME, settings.TONGBAN_LEDGER_ORIGIN)
