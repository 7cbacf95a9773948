"""Keys that sign notes, one class a signature type (C2SP signed-note, tlog-cosignature; GB/T 32918).

A log signs with Ed25519, and with SM2 beside it where national rules ask for that; a witness
cosigns with a time, by Ed25519 or ML-DSA-44. All are known by one text, the verifier key (vkey).
"""

from __future__ import annotations

import base64
import secrets
import struct
from collections.abc import Callable
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from gmalg import SM2
from gmalg.errors import GMError

from tongban.base.checkpoints import parse_checkpoint
from tongban.base.notes import NoteError, checked_name, key_id_of

SECRET_BYTES = 32
# The default signer identity of GM/T 0009-2012, 7.1.
SM2_SIGNER = b"1234567812345678"
# GB/T 32918.5-2017, the recommended curve.
SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_TIME = struct.Struct(">Q")
# A time stays within 63 bits (C2SP tlog-cosignature).
_LATEST = 2**63 - 1


class _Public(Protocol):
    """A public key: its bytes in the verifier key, and whether it made a signature."""

    def raw(self) -> bytes: ...

    def made(self, signature: bytes, message: bytes) -> bool: ...


class _Ed25519:
    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    def raw(self) -> bytes:
        return self._key.public_bytes_raw()

    def made(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class _Mldsa44:
    def __init__(self, raw: bytes) -> None:
        self._key = MLDSA44PublicKey.from_public_bytes(raw)

    def raw(self) -> bytes:
        return self._key.public_bytes_raw()

    def made(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class _Sm2:
    """SM2 with SM3 (GB/T 32918.2-2016); the key uncompressed, the signature r and s, 32 bytes each."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != 65 or raw[0] != 4:
            raise ValueError("an SM2 key is 65 bytes, uncompressed")
        try:
            self._key = SM2(uid=SM2_SIGNER, pk=raw)
        except GMError as problem:
            raise ValueError(f"not an SM2 key: {problem}") from None
        self._raw = raw

    def raw(self) -> bytes:
        return self._raw

    def made(self, signature: bytes, message: bytes) -> bool:
        if len(signature) != 64:
            return False
        try:
            return bool(self._key.verify(message, signature[:32], signature[32:]))
        except GMError:
            return False


class NoteVerifier:
    """Checks signatures over the text of a note."""

    marker: bytes
    public: type[_Ed25519] | type[_Mldsa44] | type[_Sm2]
    timed = False

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = checked_name(name)
        try:
            self._public: _Public = self.public(raw)
        except ValueError as problem:
            raise NoteError(f"not a public key: {problem}") from None
        self._typed = self.marker + self._public.raw()
        self.key_id = key_id_of(name, self._typed)

    @property
    def vkey(self) -> str:
        """`name+hexadecimal key id+base64 of type and key`."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._typed).decode()}"

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether this key signed `text`."""
        return self._public.made(signature, text)


class Ed25519Verifier(NoteVerifier):
    marker, public = b"\x01", _Ed25519


class Sm2Verifier(NoteVerifier):
    # C2SP gives SM2 no byte: 0xff and a longer identifier stand for such types.
    marker, public = b"\xffGB/T 32918.2 SM2 with SM3\n", _Sm2


class CosignatureVerifier(NoteVerifier):
    """Checks a witness's timed signature over a checkpoint (Ed25519, `cosignature/v1`)."""

    marker = b"\x04"
    public: type[_Ed25519] | type[_Mldsa44] | type[_Sm2] = _Ed25519
    timed = True

    def verify(self, text: bytes, signature: bytes) -> bool:
        at = cosigned_at(signature)
        message = self._message(text, at) if 0 < at <= _LATEST else None
        return message is not None and self._public.made(signature[_TIME.size :], message)

    def _message(self, text: bytes, at: int) -> bytes | None:
        return b"cosignature/v1\ntime %d\n" % at + text


class Mldsa44Verifier(CosignatureVerifier):
    """Checks a witness's timed signature that quantum computers can't forge (`subtree/v1`)."""

    marker, public = b"\x06", _Mldsa44

    def _message(self, text: bytes, at: int) -> bytes | None:
        try:
            return _cosigned(self.name, text.decode(), at)
        except NoteError:
            return None


def _cosigned(name: str, text: str, at: int) -> bytes:
    """The `cosigned_message` of a whole tree (C2SP tlog-cosignature, ML-DSA-44)."""
    said = parse_checkpoint(text)

    def prefixed(value: str) -> bytes:
        content = value.encode()
        if not 1 <= len(content) <= 255:
            raise NoteError("a name or origin in a cosignature has 1 to 255 bytes")
        return bytes([len(content)]) + content

    return (
        b"subtree/v1\n\0"
        + prefixed(name)
        + _TIME.pack(at)
        + prefixed(said.origin)
        + struct.pack(">QQ", 0, said.size)
        + said.root
    )


def cosigned_at(data: bytes) -> int:
    """When a witness signed, in seconds since the epoch; 0 for data too short to say."""
    return int(_TIME.unpack_from(data)[0]) if len(data) > _TIME.size else 0


_KINDS: Final[tuple[type[NoteVerifier], ...]] = (
    Ed25519Verifier,
    CosignatureVerifier,
    Mldsa44Verifier,
    Sm2Verifier,
)


def verifier_of(vkey: str) -> NoteVerifier:
    """Read a verifier key. Raises NoteError when it is none, or its id does not fit."""
    try:
        name, identity, encoded = vkey.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
    except ValueError as problem:
        raise NoteError(f"not a verifier key: {problem}") from None
    for kind in _KINDS:
        if typed.startswith(kind.marker):
            verifier = kind(name, typed[len(kind.marker) :])
            if verifier.vkey != vkey.strip():
                raise NoteError(f"not a verifier key: {identity} is not the id of this key")
            return verifier
    raise NoteError("not a verifier key: its signature type is not known")


class Ed25519Signer:
    """Signs notes with Ed25519 (RFC 8032). `secret` has 32 bytes."""

    kind = "ed25519"

    def __init__(self, name: str, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self._verifier = Ed25519Verifier(name, self._key.public_key().public_bytes_raw())
        self.name, self.key_id = self._verifier.name, self._verifier.key_id

    def verifier(self) -> NoteVerifier:
        return self._verifier

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text)


class Sm2Signer:
    """Signs notes with SM2 and SM3 (GB/T 32918.2-2016). `secret` has 32 bytes."""

    kind = "sm2"

    def __init__(self, name: str, secret: bytes) -> None:
        try:
            self._key = SM2(sk=secret, uid=SM2_SIGNER)
            public = self._key.generate_pk(secret)
        except GMError as problem:
            raise NoteError(f"not an SM2 private key: {problem}") from None
        self._verifier = Sm2Verifier(name, public)
        self.name, self.key_id = self._verifier.name, self._verifier.key_id

    def verifier(self) -> NoteVerifier:
        return self._verifier

    def sign(self, text: bytes) -> bytes:
        return b"".join(part.rjust(32, b"\0") for part in self._key.sign(text))


class CosignatureSigner:
    """A witness's Ed25519 key. `clock` gives seconds since the epoch."""

    kind = "ed25519"

    def __init__(self, name: str, secret: bytes, clock: Callable[[], int]) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self._verifier = CosignatureVerifier(name, self._key.public_key().public_bytes_raw())
        self.name, self.key_id, self._clock = name, self._verifier.key_id, clock

    def verifier(self) -> CosignatureVerifier:
        return self._verifier

    def sign(self, text: bytes) -> bytes:
        at = self._clock()
        return _TIME.pack(at) + self._key.sign(b"cosignature/v1\ntime %d\n" % at + text)


class Mldsa44Signer:
    """A witness's ML-DSA-44 key (FIPS 204), from a seed of 32 bytes."""

    kind = "ml-dsa-44"

    def __init__(self, name: str, secret: bytes, clock: Callable[[], int]) -> None:
        self._key = MLDSA44PrivateKey.from_seed_bytes(secret)
        self._verifier = Mldsa44Verifier(name, self._key.public_key().public_bytes_raw())
        self.name, self.key_id, self._clock = name, self._verifier.key_id, clock

    def verifier(self) -> Mldsa44Verifier:
        return self._verifier

    def sign(self, text: bytes) -> bytes:
        at = self._clock()
        return _TIME.pack(at) + self._key.sign(_cosigned(self.name, text.decode(), at))


LOG_SIGNERS: Final[dict[str, type[Ed25519Signer] | type[Sm2Signer]]] = {
    "ed25519": Ed25519Signer,
    "sm2": Sm2Signer,
}
WITNESS_SIGNERS: Final[dict[str, type[CosignatureSigner] | type[Mldsa44Signer]]] = {
    "ed25519": CosignatureSigner,
    "ml-dsa-44": Mldsa44Signer,
}


def new_secret() -> bytes:
    """Random bytes that any of the signers above takes as its private key.

    An SM2 key lies below the order of its curve; a draw above it (one in 2^32) is made again.
    """
    while True:
        secret = secrets.token_bytes(SECRET_BYTES)
        if 0 < int.from_bytes(secret) < SM2_ORDER - 1:
            return secret
