"""The key that signs checkpoints: a file of this installation, made at first use."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tongban.base.notes import Ed25519Signer

FILE_NAME = "ledger-ed25519.pem"


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(pem)
    try:
        os.link(fresh, path)  # Two processes at first use: both go on with the first one's key.
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


@lru_cache(maxsize=4)
def _signer(path: Path, origin: str) -> Ed25519Signer:
    if not path.exists():
        _make_key(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is not an Ed25519 private key")
    return Ed25519Signer(origin, key)


def signer() -> Ed25519Signer:
    """Signs for the log's origin line (`TONGBAN_LEDGER_ORIGIN`)."""
    return _signer(Path(settings.TONGBAN_KEYS) / FILE_NAME, settings.TONGBAN_LEDGER_ORIGIN)
