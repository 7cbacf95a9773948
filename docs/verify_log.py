#!/usr/bin/env python3
"""Checks a Tongban ledger with nothing of Tongban: Python and the package `cryptography` do.

    python verify_log.py log URL VKEY...                     the whole log, from its entries up
    python verify_log.py proof PROOF_FILE LEAF_FILE VKEY...  one entry is in the log
    python verify_log.py receipt RECEIPT.json VKEY...        the same, and what it commits to

VKEY is the log's public key, name+hexid+base64, from somebody you trust, not from the log itself.
Written from RFC 6962 section 2.1 (the tree) and c2sp.org's signed-note, tlog-checkpoint, tlog-tiles
and tlog-proof alone. Exit 0: all fits. Exit 1: the first thing that doesn't fit. Exit 2: usage.

It can't tell whether others are shown another log: compare size and root with theirs, keep them.
Signatures by keys that you don't name (a witness's, say) are ignored, as signed-note demands.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
import urllib.request
import zlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Keys = dict[tuple[str, bytes], Ed25519PublicKey]  # (name, id) of a key -> the key
FULL = 256  # hashes in a full tile, entries in a full bundle
MAX_NOTE, MAX_FILE = 1_000_000, FULL * (2 + 0xFFFF)  # bytes: checkpoint or proof; any served file


class Refused(ValueError):
    """Something does not fit; the message says what."""


class Checkpoint(NamedTuple):
    origin: str  # the log's name
    size: int  # entries in the log
    root: bytes  # hash over all of them


def require(fits: bool, otherwise: str) -> None:
    if not fits:
        raise Refused(otherwise)


# How values are written. Each has one spelling; any other is refused.


def match(pattern: str, text: str, what: str) -> re.Match[str]:
    if found := re.fullmatch(pattern, text):
        return found
    raise Refused(f"not {what}: {text[:200]!r}")


def from_decimal(text: str) -> int:
    return int(match("0|[1-9][0-9]{0,18}", text, "a decimal number")[0])


def from_base64(text: str, length: int | None = None) -> bytes:
    data = base64.b64decode(text, validate=True)
    require(base64.b64encode(data).decode() == text, f"not canonical base64: {text[:200]!r}")
    require(length in (None, len(data)), f"{len(data)} bytes instead of {length}: {text[:200]!r}")
    return data


def from_json_object(text: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        require(len(dict(pairs)) == len(pairs), "a name stands twice in a JSON object")
        return dict(pairs)

    value = json.loads(text, object_pairs_hook=unique)
    require(isinstance(value, dict), "not a JSON object")
    return dict(value)


# The tree: RFC 6962 section 2.1.


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """Largest power of two below `size`: that many leaves stand in the left half."""
    return 1 << (size - 1).bit_length() - 1


def tree_hash(hashes: list[bytes]) -> bytes:
    """Root over subtrees of equal height; the last of them may be lower."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    left = split(len(hashes))
    return node_hash(tree_hash(hashes[:left]), tree_hash(hashes[left:]))


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Root to which a leaf hash and its audit path lead; the path begins beside the leaf."""
    require(0 <= index < size, f"entry {index} can't be in a log of {size} entries")
    require((size > 1) == bool(path), "the proof has the wrong number of hashes")
    if size == 1:
        return leaf
    left = split(size)
    if index < left:
        return node_hash(root_from_path(leaf, index, left, path[:-1]), path[-1])
    return node_hash(path[-1], root_from_path(leaf, index - left, size - left, path[:-1]))


# What the log signed: signed-note, tlog-checkpoint.


def read_keys(vkeys: list[str]) -> Keys:
    """Ed25519 keys (type 0x01) by name and id."""
    keys = {}
    for vkey in vkeys:
        name, key_id, encoded = match(r"([^\s+]+)\+([0-9a-f]{8})\+(\S+)", vkey, "a VKEY").groups()
        key = from_base64(encoded, 33)
        require(key[0] == 1, f"not an Ed25519 key of type 0x01: {vkey!r}")
        digest = hashlib.sha256(name.encode() + b"\n" + key).digest()
        require(bytes.fromhex(key_id) == digest[:4], f"name, id and key don't belong: {vkey!r}")
        keys[name, digest[:4]] = Ed25519PublicKey.from_public_bytes(key[1:])
    return keys


def open_note(note: bytes, keys: Keys) -> tuple[str, set[str]]:
    """Text of a signed note, and the names of those of `keys` that signed it: at least one."""
    require(len(note) <= MAX_NOTE, f"longer than {MAX_NOTE} bytes")
    whole = note.decode()
    require(not re.search(r"[\x00-\x09\x0b-\x1f]", whole), "control character in a signed note")
    text, _, signatures = whole.rpartition("\n\n")  # the last blank line ends the text
    require(bool(text) and signatures.endswith("\n"), "not a text, a blank line and signatures")
    text, signers = text + "\n", set()
    for line in signatures[:-1].split("\n"):
        name, encoded = match(r"— ([^\s+]+) (\S+)", line, "a signature line").groups()
        signature = from_base64(encoded)
        require(len(signature) > 4, f"not a signature line: {line!r}")
        if key := keys.get((name, signature[:4])):
            try:
                key.verify(signature[4:], text.encode())
            except InvalidSignature:
                raise Refused(f"the signature by {name} is wrong") from None
            signers.add(name)
    require(bool(signers), "not signed by any key that you named")
    return text, signers


def read_checkpoint(note: bytes, keys: Keys) -> Checkpoint:
    """What a key that bears the log's name has signed about the log."""
    text, signers = open_note(note, keys)
    lines = text[:-1].split("\n")
    require(len(lines) >= 3 and all(lines), "a checkpoint is name, size and root, no empty line")
    require(lines[0] in signers, f"log {lines[0]!r} is not signed by a key of that name")
    return Checkpoint(lines[0], from_decimal(lines[1]), from_base64(lines[2], 32))


# The whole log: tlog-tiles.


def tile_path(level: int | str, n: int, width: int) -> str:
    """The n-th tile of a level, the n-th bundle of "entries": tile/0/x001/x234/067.p/8."""
    digits, rest = f"{n % 1000:03d}", n // 1000
    while rest:
        digits, rest = f"x{rest % 1000:03d}/{digits}", rest // 1000
    return f"tile/{level}/{digits}" + (f".p/{width}" if width < FULL else "")


def entry_hashes(bundle: bytes, width: int, path: str) -> list[bytes]:
    """Leaf hashes of a bundle: entries one after the other, each behind its length in 2 bytes."""
    hashes, at = [], 0
    for _ in range(width):
        start = at + 2
        at = start + int.from_bytes(bundle[at:start], "big")
        hashes.append(leaf_hash(bundle[start:at]))
    require(at == len(bundle), f"{path} is not {width} entries long")
    return hashes


def verify_log(fetch: Callable[[str], bytes], keys: Keys) -> Checkpoint:
    """Recompute every tile of every level from the entries, and from them the signed root.

    `fetch` gets the bytes of a path below the log's URL. Memory: one hash for 256 entries.
    """
    checkpoint = read_checkpoint(fetch("checkpoint"), keys)
    level, size = 0, checkpoint.size
    nodes: list[bytes] = []  # one hash for each full tile of the level below
    edge: list[bytes] = []  # one hash for what stands right of all those, if anything does
    while size:
        above = []
        for start in range(0, size, FULL):
            n, width = start // FULL, min(FULL, size - start)
            path, hashes = tile_path(level, n, width), nodes[start : start + width]
            if level == 0:
                bundle = tile_path("entries", n, width)
                hashes = entry_hashes(fetch(bundle), width, bundle)
            tile = fetch(path)
            require(len(tile) == 32 * width, f"{path} is not {width} hashes long")
            for i, expected in enumerate(hashes):
                below = f"tile {start + i} of level {level - 1}" if level else f"entry {start + i}"
                require(tile[32 * i : 32 * i + 32] == expected, f"{below} doesn't fit {path}")
            if width == FULL:
                above.append(tree_hash(hashes))
            else:
                edge = [tree_hash(hashes + edge)]
        level, size, nodes = level + 1, len(above), above
    require(tree_hash(edge) == checkpoint.root, "the root of the entries is not the signed root")
    return checkpoint


# One entry: tlog-proof, and Tongban's receipt around it.


def verify_proof(proof: bytes, leaf: bytes, keys: Keys) -> tuple[int, Checkpoint]:
    """Index of the entry `leaf` in the log of the checkpoint. `extra`, unsigned, says nothing."""
    require(len(proof) <= MAX_NOTE, f"longer than {MAX_NOTE} bytes")
    head, _, note = proof.decode().partition("\n\n")
    form = r"c2sp\.org/tlog-proof@v1(?:\nextra (.*))?\nindex (.*)((?:\n.+)*)"
    extra, index, path = match(form, head, "a tlog-proof of version 1").groups()
    from_base64(extra or "")
    at, hashes = from_decimal(index), [from_base64(line, 32) for line in path.split("\n")[1:]]
    checkpoint = read_checkpoint(note.encode(), keys)
    root = root_from_path(leaf_hash(leaf), at, checkpoint.size, hashes)
    require(root == checkpoint.root, "the proof does not lead from this entry to the signed root")
    return at, checkpoint


def verify_receipt(receipt: bytes, keys: Keys) -> tuple[int, Checkpoint, list[str]]:
    """As `verify_proof`, and that the entry's commitment is SHA-256(salt, payload).

    The list names what was erased of the two: then nobody can check the commitment any more.
    """
    fields = from_json_object(receipt.decode())
    for passed_over in ("format", "keys"):  # Keys in a receipt are nobody's word but its own.
        fields.pop(passed_over, None)
    require(set(fields) == {"leaf", "salt", "payload", "proof"}, "not the fields of a receipt")
    erased = [name for name in ("salt", "payload") if fields[name] is None]
    for name, value in fields.items():
        require(isinstance(value, str) or name in erased, f"{name} of the receipt is not text")
    at, checkpoint = verify_proof(fields["proof"].encode(), fields["leaf"].encode(), keys)
    commitment = from_json_object(fields["leaf"]).get("commitment")
    require(isinstance(commitment, str), "the entry has no commitment")
    match("[0-9a-f]{64}", str(commitment), "a commitment")
    # 32 bytes of salt, then an object: their border can't be moved unseen.
    if "salt" not in erased:
        match("[0-9a-f]{64}", fields["salt"], "a salt")
    if "payload" not in erased:
        from_json_object(fields["payload"])
    if not erased:
        opening = bytes.fromhex(fields["salt"]) + fields["payload"].encode()
        fits = hashlib.sha256(opening).hexdigest() == commitment
        require(fits, "salt and payload are not what the entry commits to")
    return at, checkpoint, erased


# The command line.


def fetch_below(url: str) -> Callable[[str], bytes]:
    """Fetch from a log at `url`: http, https, or file for a copy of its files."""

    def fetch(path: str) -> bytes:
        request = urllib.request.Request(f"{url.rstrip('/')}/{path}")
        request.add_header("Accept-Encoding", "gzip, identity")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                zipped = answer.headers.get("Content-Encoding") == "gzip"
                body = gzip.GzipFile(fileobj=answer) if zipped else answer
                data: bytes = body.read(MAX_FILE + 1)
        except (OSError, EOFError, zlib.error, HTTPException) as error:
            raise Refused(f"{path} can't be fetched: {error}") from error
        require(len(data) <= MAX_FILE, f"{path} is longer than {MAX_FILE} bytes")
        return data

    return fetch


def report(what: str, files: list[str], keys: Keys) -> str:
    erased: list[str] = []
    if what == "log":
        checkpoint = verify_log(fetch_below(files[0]), keys)
        found = "every entry, every tile and the root fit what the log signed"
    else:
        data = [Path(name).read_bytes() for name in files]
        if what == "proof":
            at, checkpoint = verify_proof(data[0], data[1], keys)
        else:
            at, checkpoint, erased = verify_receipt(data[0], keys)
        found = f"this is entry {at} of the log"
    if what == "receipt":
        missing = f"{' and '.join(erased)} erased: what it commits to can't be checked"
        found += "\n" + (missing if erased else "salt and payload are what it commits to")
    root = base64.b64encode(checkpoint.root).decode()
    return f"log  {checkpoint.origin}\nsize {checkpoint.size}\nroot {root}\n{found}"


def main(arguments: list[str]) -> int:
    what, rest = arguments[0] if arguments else "", arguments[1:]
    files = {"log": 1, "proof": 2, "receipt": 1}.get(what, 0)
    if not files or len(rest) <= files:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(report(what, rest[:files], read_keys(rest[files:])))
    except (OSError, ValueError, RecursionError) as error:
        one_line = "".join(c if c.isprintable() else " " for c in str(error))
        print(f"REFUSED: {one_line}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
