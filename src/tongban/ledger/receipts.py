"""Receipts: what a resident takes home of an act, and how anybody checks it, offline.

A receipt is the public leaf, the opening of its commitment, and a C2SP tlog-proof: the place in the
log, the inclusion proof and the signed checkpoint. Pure functions, without database or Django.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tongban.base.checkpoints import CheckpointText, parse_checkpoint
from tongban.base.merkle import ProofError, leaf_hash, verify_consistency, verify_inclusion
from tongban.base.note_keys import NoteVerifier, cosigned_at, verifier_of
from tongban.base.notes import NoteError, Signature, open_note, split_note
from tongban.ledger.rules import Leaf, commitment, read_leaf

FORMAT = "tongban-receipt/1"
_PROOF = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
HASHES_MOST = 63
# A receipt is read from strangers: it holds a form with its answers, never files.
BYTES_MOST = 2_000_000


class ReceiptError(ValueError):
    """A receipt does not show what it claims. `step` is the check that failed."""

    def __init__(self, step: str, detail: str) -> None:
        super().__init__(detail)
        self.step = step


@dataclass(frozen=True)
class Proof:
    """A C2SP tlog-proof: the place of an entry, the audit path, the checkpoint's note."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    def as_text(self) -> str:
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.hashes)
        return f"{_PROOF}\nindex {self.index}\n{hashes}\n{self.note}"


@dataclass(frozen=True)
class SignedBy:
    """A signature that holds. `at` is a witness's time; `trusted`: the reader named the key."""

    name: str
    key_id: str
    at: datetime | None
    trusted: bool


@dataclass(frozen=True)
class Checked:
    """What a receipt shows. `payload` is None when the opening was erased or left out."""

    leaf: Leaf
    index: int
    checkpoint: CheckpointText
    payload: Mapping[str, object] | None
    signatures: tuple[SignedBy, ...]

    @property
    def trusted(self) -> bool:
        """Whether a key that the reader brought along signed, not only one that the receipt names."""
        return any(one.trusted and one.at is None for one in self.signatures)


def parse_proof(text: str) -> Proof:
    """Read a tlog-proof; extra data is passed over. Raises ReceiptError."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != _PROOF:
        raise ReceiptError("proof", "this is no tlog-proof of version 1")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    found = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if found is None or len(lines) > HASHES_MOST:
        raise ReceiptError("proof", "the proof does not say where the entry stands")
    return Proof(int(found[1]), tuple(_hash(line) for line in lines), note)


def _hash(line: str) -> bytes:
    try:
        found = base64.b64decode(line, validate=True)
    except ValueError:
        raise ReceiptError("proof", "a hash of the proof is not base64") from None
    if len(found) != 32 or base64.b64encode(found).decode() != line:
        raise ReceiptError("proof", "a hash of the proof is not one of SHA-256")
    return found


def receipt_of(
    leaf: str, opening: tuple[bytes, str] | None, proof: Proof, vkeys: Sequence[str]
) -> dict[str, object]:
    """The receipt as a JSON document. `vkeys`: the keys under its checkpoint, for convenience."""
    salt, payload = opening or (None, None)
    return {
        "format": FORMAT,
        "leaf": leaf,
        "salt": salt.hex() if salt is not None else None,
        "payload": payload,
        "proof": proof.as_text(),
        "keys": list(vkeys),
    }


def parse_receipt(content: bytes) -> dict[str, object]:
    """Read the file of a receipt. Raises ReceiptError."""
    if len(content) > BYTES_MOST:
        raise ReceiptError("format", f"a receipt has at most {BYTES_MOST:,} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise ReceiptError("format", "the file is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ReceiptError("format", f'the file is no receipt: it lacks "format": "{FORMAT}"')
    for name in ("leaf", "proof"):
        if not isinstance(document.get(name), str):
            raise ReceiptError("format", f"the receipt lacks {name!r}")
    for name in ("salt", "payload"):
        if not isinstance(document.get(name), str | None):
            raise ReceiptError("format", f"{name!r} of the receipt is not a text")
    keys = document.get("keys", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ReceiptError("format", "'keys' of the receipt is not a list of texts")
    return document


def check_receipt(
    document: Mapping[str, object],
    *,
    keys: Sequence[NoteVerifier] = (),
    checkpoint: str | None = None,
    consistency: Sequence[bytes] | None = None,
) -> Checked:
    """Check all of a receipt. Raises ReceiptError at the first thing that does not fit.

    `keys` are those that the reader trusts, of the log and of witnesses; without any of the log,
    the keys that the receipt names are used and the result says so (`trusted`). `checkpoint` is a
    note that the reader has from elsewhere: it must tell of the same log, and with another size
    `consistency` must show that the one extends the other.
    """
    leaf_text, proof = str(document["leaf"]), parse_proof(str(document["proof"]))
    try:
        leaf_bytes = leaf_text.encode()
        leaf = read_leaf(leaf_text)
    except ValueError as problem:
        raise ReceiptError("leaf", str(problem)) from None
    payload = _opened(document, leaf)
    said, signatures = _signed(proof.note, keys, _named(document))
    try:
        verify_inclusion(proof.index, said.size, leaf_hash(leaf_bytes), proof.hashes, said.root)
    except ProofError as problem:
        raise ReceiptError("inclusion", f"the entry is not in the signed log: {problem}") from None
    if checkpoint is not None:
        other, more = _signed(checkpoint, keys, _named(document))
        _check_same_log(said, other, consistency)
        signatures = tuple({one.key_id: one for one in (*more, *signatures)}.values())
    return Checked(leaf, proof.index, said, payload, signatures)


def _named(document: Mapping[str, object]) -> list[NoteVerifier]:
    found = document.get("keys", [])
    try:
        return [verifier_of(str(key)) for key in found] if isinstance(found, list) else []
    except NoteError as problem:
        raise ReceiptError("format", f"a key in the receipt: {problem}") from None


def _opened(document: Mapping[str, object], leaf: Leaf) -> Mapping[str, object] | None:
    salt, payload = document.get("salt"), document.get("payload")
    if salt is None or payload is None:
        return None
    try:
        fits = commitment(bytes.fromhex(str(salt)), str(payload).encode()) == leaf.commitment
        opened = json.loads(str(payload))
    except (ValueError, RecursionError):
        raise ReceiptError("opening", "salt or payload can't be read") from None
    if not fits or not isinstance(opened, dict):
        raise ReceiptError("opening", "salt and payload do not open the commitment in the leaf")
    return opened


def _signed(
    note: str, keys: Sequence[NoteVerifier], named: Sequence[NoteVerifier]
) -> tuple[CheckpointText, tuple[SignedBy, ...]]:
    """The checkpoint and who signed it; at least one key of the log itself did."""
    trusted = {one.vkey for one in keys}
    verifiers = {(one.name, one.key_id): one for one in (*named, *keys)}
    try:
        said = parse_checkpoint(split_note(note)[0])
        _text, signatures = open_note(note, list(verifiers.values()))
    except NoteError as problem:
        raise ReceiptError("signature", f"the checkpoint: {problem}") from None
    found = tuple(_signed_by(one, verifiers[one.name, one.key_id], trusted) for one in signatures)
    if not any(one.name == said.origin and one.at is None for one in found):
        raise ReceiptError("signature", f"no known key of {said.origin} signed the checkpoint")
    own = any(not one.timed for one in keys)
    if own and not any(one.trusted and one.at is None for one in found):
        raise ReceiptError("signature", "none of the keys that you trust signed the checkpoint")
    return said, found


def _signed_by(signature: Signature, verifier: NoteVerifier, trusted: set[str]) -> SignedBy:
    try:
        at = datetime.fromtimestamp(cosigned_at(signature.data), UTC) if verifier.timed else None
    except (ValueError, OverflowError):
        raise ReceiptError("signature", "a witness names a time that there is not") from None
    return SignedBy(signature.name, signature.key_id.hex(), at, verifier.vkey in trusted)


def _check_same_log(
    said: CheckpointText, other: CheckpointText, consistency: Sequence[bytes] | None
) -> None:
    if said.origin != other.origin:
        raise ReceiptError("checkpoint", f"the receipt is of {said.origin}, not {other.origin}")
    small, large = sorted((said, other), key=lambda one: one.size)
    if small.size != large.size and consistency is None:
        raise ReceiptError(
            "checkpoint",
            f"the checkpoint has {other.size} entries, the receipt's {said.size}: to compare them"
            f" a consistency proof is needed (`tongban ledger consistency {small.size}"
            f" {large.size}`)",
        )
    try:
        verify_consistency(small.size, large.size, small.root, large.root, consistency or ())
    except ProofError as problem:
        raise ReceiptError(
            "checkpoint",
            f"the checkpoints contradict each other: the log showed two faces ({problem})",
        ) from None
