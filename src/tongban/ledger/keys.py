"""The secrets that sign checkpoints: a file of this installation, made at first use.

Which of them sign now is said by the log itself (`LogKey`, see `key_acts.py`).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tongban.base.note_keys import LOG_SIGNERS, Ed25519Signer, NoteVerifier, Sm2Signer, new_secret
from tongban.base.private_files import made_once, replaced

FILE_NAME = "ledger-keys.json"
# Installations of before this file have their one Ed25519 key in this one.
FIRST_FILE_NAME = "ledger-ed25519.pem"

LogSigner = Ed25519Signer | Sm2Signer


class KeyMissing(Exception):
    """A key that must sign is not among the secrets of this installation."""


@dataclass(frozen=True)
class Secret:
    kind: str
    origin: str
    secret: bytes

    def signer(self) -> LogSigner:
        return LOG_SIGNERS[self.kind](self.origin, self.secret)


def _path() -> Path:
    return Path(settings.TONGBAN_KEYS) / FILE_NAME


def _first() -> bytes:
    """The file at first use: the key of before, or a fresh one, for the configured origin."""
    before = Path(settings.TONGBAN_KEYS) / FIRST_FILE_NAME
    secret = new_secret()
    if before.exists():
        key = serialization.load_pem_private_key(before.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{before} is not an Ed25519 private key")
        secret = key.private_bytes_raw()
    return _as_bytes([Secret("ed25519", settings.TONGBAN_LEDGER_ORIGIN, secret)])


def _as_bytes(secrets: list[Secret]) -> bytes:
    rows = [
        {
            "kind": one.kind,
            "origin": one.origin,
            "secret": base64.b64encode(one.secret).decode(),
        }
        for one in secrets
    ]
    return json.dumps({"keys": rows}, indent=1).encode()


@lru_cache(maxsize=8)
def _read(path: Path, stamp: tuple[int, int]) -> tuple[Secret, ...]:
    rows = json.loads(path.read_bytes())["keys"]
    return tuple(Secret(**row | {"secret": base64.b64decode(row["secret"])}) for row in rows)


@lru_cache(maxsize=8)
def _signers(path: Path, stamp: tuple[int, int]) -> tuple[LogSigner, ...]:
    return tuple(secret.signer() for secret in _read(path, stamp))


def _stamp(path: Path) -> tuple[int, int]:
    if not path.exists():
        made_once(path, _first)
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def signers() -> tuple[LogSigner, ...]:
    """Every key that this installation has a secret of, the first one first."""
    path = _path()
    return _signers(path, _stamp(path))


def verifiers() -> list[NoteVerifier]:
    """What checks the checkpoints of this log, of all keys it ever had."""
    return [one.verifier() for one in signers()]


def signers_of(vkeys: list[str]) -> list[LogSigner]:
    """The signers of these verifier keys, in their order. Raises KeyMissing."""
    known = {one.verifier().vkey: one for one in signers()}
    for vkey in vkeys:
        if vkey not in known:
            raise KeyMissing(
                f"the secret of the ledger's key {vkey.rsplit('+', 1)[0]} is not in {_path()};"
                " bring the file back from its backup"
            )
    return [known[vkey] for vkey in vkeys]


def add_secret(kind: str, origin: str) -> LogSigner:
    """A fresh key in the file. It signs nothing before the log has announced it."""
    path = _path()
    fresh = Secret(kind, origin, new_secret())
    replaced(path, _as_bytes([*_read(path, _stamp(path)), fresh]))
    return fresh.signer()
