"""Sealing texts: authenticated encryption under a ring of keys, and blind indexes to find them.

A sealed text names its key, so that keys can change while the old texts stay readable. A blind
index is a keyed hash of a value: equal values have equal indexes, and nobody without the key can
try values against it. Both are bound to their place (`context`): moved elsewhere, they don't open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
TAG_BYTES = 16
SECRET_BYTES = 32
INDEX_CHARACTERS = 32


class SealingError(ValueError):
    """A sealed text that was changed, moved, or sealed under a key that is not on the ring."""


class Cipher(Protocol):
    """Authenticated encryption: what `seal` made, only `open` with the same key and context reads."""

    def seal(self, nonce: bytes, plain: bytes, context: bytes) -> bytes: ...

    def open(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes: ...


def _derived(secret: bytes, purpose: bytes, length: int) -> bytes:
    """A key of its own for each purpose (HKDF, RFC 5869)."""
    return HKDF(SHA256(), length, None, b"tongban " + purpose).derive(secret)


class AesGcm:
    """AES-256-GCM (NIST SP 800-38D)."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derived(secret, b"aes-256-gcm", 32))

    def seal(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        return self._cipher.encrypt(nonce, plain, context)

    def open(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        try:
            return self._cipher.decrypt(nonce, sealed, context)
        except InvalidTag:
            raise SealingError("the sealed text was changed or moved") from None


class Sm4Gcm:
    """SM4-GCM (GB/T 32907-2016 in the mode of GB/T 36624), for where 国密 is required."""

    def __init__(self, secret: bytes) -> None:
        self._algorithm = algorithms.SM4(_derived(secret, b"sm4-gcm", 16))

    def seal(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        encryptor = BlockCipher(self._algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(context)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def open(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        content, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
        decryptor = BlockCipher(self._algorithm, modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(context)
        try:
            return decryptor.update(content) + decryptor.finalize()
        except InvalidTag:
            raise SealingError("the sealed text was changed or moved") from None


CIPHERS: Mapping[str, type[AesGcm] | type[Sm4Gcm]] = {"aes-256-gcm": AesGcm, "sm4-gcm": Sm4Gcm}


@dataclass(frozen=True)
class DataKey:
    """One key. A retired key still opens what an old backup holds; nothing is looked up by it."""

    id: str
    algorithm: str
    secret: bytes
    made_at: str
    retired: bool = False


def new_key(number: int, algorithm: str, made_at: str) -> DataKey:
    """A fresh random key. Raises KeyError for an algorithm that is not in `CIPHERS`."""
    CIPHERS[algorithm]
    return DataKey(f"k{number}", algorithm, secrets.token_bytes(SECRET_BYTES), made_at)


class KeyRing:
    """Keys in the order in which they were made. The newest that is not retired seals."""

    def __init__(self, keys: Sequence[DataKey]) -> None:
        self.keys = tuple(keys)
        in_use = [key for key in self.keys if not key.retired]
        if not in_use:
            raise SealingError("a key ring needs a key that is not retired")
        self.current = in_use[-1]
        self._ciphers = {key.id: CIPHERS[key.algorithm](key.secret) for key in self.keys}
        self._index_keys = [_derived(key.secret, b"blind index", 32) for key in reversed(in_use)]

    def seal(self, text: str, context: str) -> str:
        """`<key id>.<base64url of nonce, ciphertext, tag>`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self.current.id].seal(nonce, text.encode(), context.encode())
        return f"{self.current.id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """The text again. Raises SealingError when it was changed, moved, or its key is missing."""
        key_id, _dot, encoded = sealed.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealingError(f"sealed under the key {key_id[:8]!r}, which is not on the ring")
        try:
            standard = encoded.replace("-", "+").replace("_", "/")
            content = binascii.a2b_base64(standard, strict_mode=True)
        except ValueError:
            raise SealingError("the sealed text was changed or moved") from None
        if len(content) < NONCE_BYTES + TAG_BYTES:
            raise SealingError("the sealed text was cut")
        plain = cipher.open(content[:NONCE_BYTES], content[NONCE_BYTES:], context.encode())
        return plain.decode()

    def is_current(self, sealed: str) -> bool:
        return sealed.startswith(f"{self.current.id}.")

    def knows(self, sealed: str) -> bool:
        """Whether the key of a sealed text is on the ring."""
        return sealed.partition(".")[0] in self._ciphers

    def blind(self, value: str, context: str) -> str:
        """The index under which the value is stored now (HMAC-SHA-256, 128 bits, hexadecimal)."""
        return self.blinds(value, context)[0]

    def blinds(self, value: str, context: str) -> list[str]:
        """Every index the value may be stored under while keys change, the current one first."""
        said = f"{context}\n{value}".encode()
        return [
            hmac.new(key, said, hashlib.sha256).hexdigest()[:INDEX_CHARACTERS]
            for key in self._index_keys
        ]

    def with_new_key(self, algorithm: str, made_at: str) -> KeyRing:
        return KeyRing((*self.keys, new_key(len(self.keys) + 1, algorithm, made_at)))

    def without(self, key_ids: Sequence[str]) -> KeyRing:
        """The ring with these keys retired. Raises SealingError when none would be left in use."""
        return KeyRing(
            [replace(key, retired=key.retired or key.id in key_ids) for key in self.keys]
        )

    def as_bytes(self) -> bytes:
        """The content of a key file."""
        rows = [
            {
                "id": key.id,
                "algorithm": key.algorithm,
                "secret": base64.b64encode(key.secret).decode(),
                "made_at": key.made_at,
                "retired": key.retired,
            }
            for key in self.keys
        ]
        return json.dumps({"keys": rows}, indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> KeyRing:
        """Read a key file. Raises SealingError when it is none."""
        try:
            rows = json.loads(content)["keys"]
            return cls(
                [DataKey(**row | {"secret": base64.b64decode(row["secret"])}) for row in rows]
            )
        except (ValueError, KeyError, TypeError) as problem:
            raise SealingError(f"not a key file: {problem}") from None
