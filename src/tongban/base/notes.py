"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
SIGNATURES_MOST = 64
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/=]+)")


class NoteError(ValueError):
    """A note that is malformed or not signed by a key that was asked for."""


class Verifier(Protocol):
    """Anything that can check one signature type of one key."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def verify(self, text: bytes, signature: bytes) -> bool: ...


class Signer(Protocol):
    """Anything that can sign notes: Ed25519 now, SM2 or a hardware key behind the same words."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def sign(self, text: bytes) -> bytes: ...


def key_id_of(name: str, type_and_key: bytes) -> bytes:
    """SHA-256(name || 0x0A || signature type || public key), first four bytes."""
    return sha256(name.encode() + b"\n" + type_and_key).digest()[:4]


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NoteError(f"{name!r} is no key name: no spaces, no plus, not empty")
    return name


class Ed25519Verifier:
    def __init__(self, name: str, key: Ed25519PublicKey) -> None:
        self.name = _checked_name(name)
        self._key = key
        self._typed = ED25519 + key.public_bytes_raw()
        self.key_id = key_id_of(name, self._typed)

    @classmethod
    def from_vkey(cls, vkey: str) -> Ed25519Verifier:
        """Read `name+hex key id+base64 key`. Raises NoteError."""
        try:
            name, identity, encoded = vkey.split("+", 2)
            typed = base64.b64decode(encoded, validate=True)
            verifier = cls(name, Ed25519PublicKey.from_public_bytes(typed[1:]))
        except ValueError as problem:
            raise NoteError(f"not a verifier key: {problem}") from None
        if typed[:1] != ED25519 or verifier.key_id.hex() != identity:
            raise NoteError("not a verifier key: type or key id does not fit")
        return verifier

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._typed).decode()}"

    def verify(self, text: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, text)
        except InvalidSignature:
            return False
        return True


class Ed25519Signer:
    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.name = _checked_name(name)
        self._key = key
        self.key_id = self.verifier().key_id

    def verifier(self) -> Ed25519Verifier:
        return Ed25519Verifier(self.name, self._key.public_key())

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text)


def _check_text(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise NoteError("a note is valid UTF-8")
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends with a newline")
    if any(ord(character) < 0x20 and character != "\n" for character in text):
        raise NoteError("a note holds no control characters")


def sign_note(text: str, signers: Sequence[Signer]) -> str:
    """The text with a signature line of each signer. Raises NoteError for an unfit text."""
    _check_text(text)
    lines = [
        f"— {one.name} {base64.b64encode(one.key_id + one.sign(text.encode())).decode()}\n"
        for one in signers
    ]
    if not lines:
        raise NoteError("a note needs a signature")
    return f"{text}\n{''.join(lines)}"


def open_note(note: str, verifiers: Sequence[Verifier]) -> tuple[str, tuple[str, ...]]:
    """Text and names of the given keys that signed it; signatures of others are passed over.

    Raises NoteError when the note is malformed, a known key's signature is wrong, or none of the
    keys signed.
    """
    _check_text(note)
    head, separator, tail = note.rpartition("\n\n")
    if not separator:
        raise NoteError("no blank line before the signatures")
    text = head + "\n"
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURES_MOST:
        raise NoteError("too many signatures")
    known = {(one.name, one.key_id): one for one in verifiers}
    signed: list[str] = []
    for line in lines:
        found = _SIGNATURE_LINE.fullmatch(line)
        if not found:
            raise NoteError("a signature line is malformed")
        try:
            data = base64.b64decode(found["signature"], validate=True)
        except binascii.Error:
            raise NoteError("a signature is not base64") from None
        if len(data) < 5:
            raise NoteError("a signature is too short")
        verifier = known.get((found["name"], data[:4]))
        if verifier is None:
            continue
        if not verifier.verify(text.encode(), data[4:]):
            raise NoteError(f"the signature of {verifier.name} is wrong")
        if verifier.name not in signed:
            signed.append(verifier.name)
    if not signed:
        raise NoteError("no signature of a known key")
    return text, tuple(signed)


@dataclass(frozen=True)
class CheckpointText:
    origin: str
    size: int
    root: bytes


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The note text of a tree head: origin, size, base64 root."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def parse_checkpoint(text: str) -> CheckpointText:
    """Read a tree head; extension lines are passed over. Raises NoteError."""
    _check_text(text)
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or lines[-1]:
        raise NoteError("a checkpoint has at least three non-empty lines")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise NoteError("the size of a checkpoint is a decimal number")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:
        raise NoteError("the root of a checkpoint is base64") from None
    if len(root) != 32:
        raise NoteError("the root of a checkpoint is a SHA-256 hash")
    return CheckpointText(lines[0], int(lines[1]), root)
