"""What a leaf says and what it commits to (pure functions)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tongban.base.canonical import canonical_json
from tongban.base.merkle import leaf_hash

SALT_BYTES = 32
# C2SP tlog-tiles: an entry bundle prefixes each entry with a 16-bit length.
LEAF_BYTES_MOST = 65_535


@dataclass(frozen=True)
class Sealed:
    """A leaf ready to be stored: its canonical text, its RFC 6962 hash, and what opens it."""

    leaf: str
    leaf_hash: bytes
    payload: str


def commitment(salt: bytes, payload: bytes) -> str:
    """SHA-256 of salt and payload, hexadecimal: hides the payload, binds the writer to it."""
    return hashlib.sha256(salt + payload).hexdigest()


def timestamp(at: datetime) -> str:
    """UTC with milliseconds, as `2026-11-21T04:38:34.123Z` (RFC 3339)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seal(
    *,
    act: str,
    at: datetime,
    organ: str,
    region: str,
    item: str,
    case_ref: str,
    payload: Mapping[str, object],
    salt: bytes,
) -> Sealed:
    """The public leaf of an act and the payload it commits to, both canonical JSON (RFC 8785).

    The leaf holds no personal data: `case_ref` is random, and the payload stays behind the salted
    commitment. Raises ValueError when the leaf would not fit in an entry bundle.
    """
    opened = canonical_json(payload)
    leaf = canonical_json(
        {
            "act": act,
            "at": timestamp(at),
            "case": case_ref,
            "commitment": commitment(salt, opened),
            "item": item,
            "organ": organ,
            "region": region,
            "v": 1,
        }
    )
    if len(leaf) > LEAF_BYTES_MOST:
        raise ValueError(f"leaf of {len(leaf)} bytes; at most {LEAF_BYTES_MOST} fit in a bundle")
    return Sealed(leaf.decode(), leaf_hash(leaf), opened.decode())
