"""A log made with a few lines of its own, to try `docs/verify_log.py` on.

Straight from RFC 6962 section 2.1, tlog-tiles, signed-note and tlog-proof. Nothing of Tongban is
imported: verifier and log must agree on the specifications alone.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "verify_log.py"


def load_verifier() -> Any:
    spec = importlib.util.spec_from_file_location("verify_log", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = load_verifier()

# Its own Refused is one; Python's for bytes that are no UTF-8, no base64 or no JSON are others.
REFUSED = ValueError


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def k_below(n: int) -> int:
    """RFC 6962: k, the largest power of two smaller than n (k < n <= 2k)."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries: list[bytes]) -> bytes:
    """RFC 6962 section 2.1: MTH(D[n])."""
    if not entries:
        return sha256(b"")
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0])
    k = k_below(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:]))


def audit_path(m: int, entries: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1: PATH(m, D[n])."""
    if len(entries) == 1:
        return []
    k = k_below(len(entries))
    if m < k:
        return [*audit_path(m, entries[:k]), mth(entries[k:])]
    return [*audit_path(m - k, entries[k:]), mth(entries[:k])]


class Signer(NamedTuple):
    name: str
    key: Ed25519PrivateKey
    kind: int = 1

    @property
    def public(self) -> bytes:
        return bytes([self.kind]) + self.key.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64(self.public)}"

    def line(self, text: str) -> str:
        return f"— {self.name} {b64(self.key_id + self.key.sign(text.encode()))}\n"


def signer(seed: int, name: str = "ban.example/ledger", kind: int = 1) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), kind)


LOG = signer(1)
KEYS = verifier.read_keys([LOG.vkey])


def checkpoint_text(size: int, root: bytes, origin: str = LOG.name) -> str:
    return f"{origin}\n{size}\n{b64(root)}\n"


def signed(text: str, *signers: Signer) -> bytes:
    return (text + "\n" + "".join(one.line(text) for one in signers)).encode()


def entry(i: int) -> bytes:
    """Entries of many lengths, the first one empty."""
    return f"entry {i} ".encode()[: i % 23] + bytes([i % 256]) * (i % 3)


def tile_name(kind: str, n: int, width: int) -> str:
    padded = str(n).zfill((len(str(n)) + 2) // 3 * 3)
    parts = [padded[i : i + 3] for i in range(0, len(padded), 3)]
    path = "/".join([*("x" + part for part in parts[:-1]), parts[-1]])
    return f"tile/{kind}/{path}" + ("" if width == 256 else f".p/{width}")


@cache
def served(size: int) -> dict[str, bytes]:
    """All files of a log of `size` entries; a tile's hashes as in the formula of tlog-tiles."""
    entries = [entry(i) for i in range(size)]
    files = {"checkpoint": signed(checkpoint_text(size, mth(entries)), LOG)}
    for n in range(0, size, 256):
        part = entries[n : n + 256]
        bundle = b"".join(len(one).to_bytes(2, "big") + one for one in part)
        files[tile_name("entries", n // 256, len(part))] = bundle
    level = 0
    while span := size // 256**level:
        for n in range(0, span, 256):
            width = min(256, span - n)
            starts = [(n + i) * 256**level for i in range(width)]
            hashes = [mth(entries[start : start + 256**level]) for start in starts]
            files[tile_name(str(level), n // 256, width)] = b"".join(hashes)
        level += 1
    return files


def fetch_from(files: dict[str, bytes], asked: list[str] | None = None) -> Callable[[str], bytes]:
    def fetch(path: str) -> bytes:
        if asked is not None:
            asked.append(path)
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return fetch


@cache
def proof_file(index: int, size: int, extra: bytes = b"") -> bytes:
    lines = ["c2sp.org/tlog-proof@v1"]
    if extra:
        lines.append(f"extra {b64(extra)}")
    path = audit_path(index, [entry(i) for i in range(size)])
    lines += [f"index {index}", *map(b64, path), ""]
    return "".join(line + "\n" for line in lines).encode() + served(size)["checkpoint"]


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
