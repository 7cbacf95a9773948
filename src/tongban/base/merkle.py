"""Merkle trees of RFC 6962 section 2.1: hashes, proofs and their verification (RFC 9162 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class ProofError(ValueError):
    """A proof does not show what it claims."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (size > 1)."""
    return 1 << (size - 1).bit_length() - 1


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Merkle tree hash over leaf hashes; the hash of nothing for no leaf."""
    if not leaf_hashes:
        return EMPTY_ROOT
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    cut = _split(len(leaf_hashes))
    return node_hash(root_of(leaf_hashes[:cut]), root_of(leaf_hashes[cut:]))


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """Audit path of the leaf at `index`, leaf side first. Raises IndexError outside the tree."""
    if not 0 <= index < len(leaf_hashes):
        raise IndexError(f"no leaf {index} in a tree of {len(leaf_hashes)}")
    if len(leaf_hashes) == 1:
        return []
    cut = _split(len(leaf_hashes))
    if index < cut:
        return [*inclusion_proof(index, leaf_hashes[:cut]), root_of(leaf_hashes[cut:])]
    return [*inclusion_proof(index - cut, leaf_hashes[cut:]), root_of(leaf_hashes[:cut])]


def consistency_proof(size1: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """Proof that the tree over all leaves extends the one over the first `size1`.

    Raises IndexError unless 0 <= size1 <= number of leaves.
    """
    if not 0 <= size1 <= len(leaf_hashes):
        raise IndexError(f"no tree of {size1} within {len(leaf_hashes)} leaves")
    if size1 in (0, len(leaf_hashes)):
        return []
    return _subproof(size1, leaf_hashes, True)


def _subproof(size1: int, leaf_hashes: Sequence[bytes], whole: bool) -> list[bytes]:
    size2 = len(leaf_hashes)
    if size1 == size2:
        return [] if whole else [root_of(leaf_hashes)]
    cut = _split(size2)
    if size1 <= cut:
        return [*_subproof(size1, leaf_hashes[:cut], whole), root_of(leaf_hashes[cut:])]
    return [*_subproof(size1 - cut, leaf_hashes[cut:], False), root_of(leaf_hashes[:cut])]


def _check_hashes(*hashes: bytes) -> None:
    for digest in hashes:
        if len(digest) != HASH_BYTES:
            raise ProofError(f"a hash of {len(digest)} bytes; SHA-256 has {HASH_BYTES}")


def verify_inclusion(
    index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf is at `index` of the tree (RFC 9162 section 2.1.3.2).

    Raises ProofError when it is not shown.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    _check_hashes(leaf_hash, root, *proof)
    place, last, digest = index, size - 1, leaf_hash
    for part in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if place & 1 or place == last:
            digest = node_hash(part, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, part)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("the proof is too short")
    if digest != root:
        raise ProofError("the proof leads to another root")


def verify_consistency(
    size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the second tree only appends to the first (RFC 9162 section 2.1.4.2).

    Raises ProofError when that is not shown.
    """
    if not 0 <= size1 <= size2:
        raise ProofError(f"a tree of {size2} can't extend one of {size1}")
    _check_hashes(root1, root2, *proof)
    if size1 == size2:
        if proof:
            raise ProofError("equal sizes need no proof")
        if root1 != root2:
            raise ProofError("equal sizes, other roots")
        return
    if size1 == 0:
        if proof:
            raise ProofError("the empty tree needs no proof")
        if root1 != EMPTY_ROOT:
            raise ProofError("the root of the empty tree is another")
        return
    path = list(proof)
    if size1 & (size1 - 1) == 0:
        path.insert(0, root1)
    if not path:
        raise ProofError("the proof is empty")
    first, last = size1 - 1, size2 - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = path[0]
    for part in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if first & 1 or first == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, part)
        first, last = first >> 1, last >> 1
    if last:
        raise ProofError("the proof is too short")
    if old != root1:
        raise ProofError("the proof leads to another first root")
    if new != root2:
        raise ProofError("the proof leads to another second root")
