"""Signed notes (C2SP signed-note): a text, and lines of keys that vouch for it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

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

    @property
    def vkey(self) -> str: ...

    def verify(self, text: bytes, signature: bytes) -> bool: ...


class Signer(Protocol):
    """Anything that can sign notes; a hardware key goes behind the same words."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def sign(self, text: bytes) -> bytes: ...


def key_id_of(name: str, type_and_key: bytes) -> bytes:
    """SHA-256(name || 0x0A || signature type || public key), first four bytes."""
    return sha256(name.encode() + b"\n" + type_and_key).digest()[:4]


def checked_name(name: str) -> str:
    """The name, if a key may be called so. Raises NoteError."""
    if not _NAME.fullmatch(name):
        raise NoteError(f"{name!r} is no key name: no spaces, no plus, not empty")
    return name


def check_text(text: str) -> None:
    """Raises NoteError for a text that can't be a note's."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise NoteError("a note is valid UTF-8")
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends with a newline")
    if any(ord(character) < 0x20 and character != "\n" for character in text):
        raise NoteError("a note holds no control characters")


def sign_note(text: str, signers: Sequence[Signer]) -> str:
    """The text with a signature line of each signer. Raises NoteError for an unfit text."""
    check_text(text)
    lines = [Signature(one.name, one.key_id, one.sign(text.encode())).line for one in signers]
    if not lines:
        raise NoteError("a note needs a signature")
    return f"{text}\n{''.join(lines)}"


@dataclass(frozen=True)
class Signature:
    """A line below a note. `data` is what the key made, without the key id."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.data).decode()}\n"


def parse_signature(line: str) -> Signature:
    """Read a signature line without its newline. Raises NoteError."""
    found = _SIGNATURE_LINE.fullmatch(line)
    if not found:
        raise NoteError("a signature line is malformed")
    try:
        data = base64.b64decode(found["signature"], validate=True)
    except binascii.Error:
        raise NoteError("a signature is not base64") from None
    if len(data) < 5:
        raise NoteError("a signature is too short")
    signature = Signature(found["name"], data[:4], data[4:])
    if signature.line != line + "\n":  # Bits behind the end of the base64 are no second form.
        raise NoteError("a signature is not base64 in its one form")
    return signature


def split_note(note: str) -> tuple[str, list[Signature]]:
    """Text and signatures, none of them checked. Raises NoteError when the note is malformed."""
    check_text(note)
    head, separator, tail = note.rpartition("\n\n")
    if not separator:
        raise NoteError("no blank line before the signatures")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURES_MOST:
        raise NoteError("too many signatures")
    return head + "\n", [parse_signature(line) for line in lines]


def open_note(note: str, verifiers: Sequence[Verifier]) -> tuple[str, tuple[Signature, ...]]:
    """Text and the signatures of the given keys; signatures of others are passed over.

    Raises NoteError when the note is malformed, a known key's signature is wrong, or none of the
    keys signed.
    """
    text, signatures = split_note(note)
    known = {(one.name, one.key_id): one for one in verifiers}
    signed: dict[tuple[str, bytes], Signature] = {}
    for signature in signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        if not verifier.verify(text.encode(), signature.data):
            raise NoteError(f"the signature of {verifier.name} is wrong")
        signed.setdefault((signature.name, signature.key_id), signature)
    if not signed:
        raise NoteError("no signature of a known key")
    return text, tuple(signed.values())
