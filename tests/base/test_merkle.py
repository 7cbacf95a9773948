from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.base.merkle import (
    EMPTY_ROOT,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

DATA = Path(__file__).parent / "data"
INCLUSION = json.loads((DATA / "merkle_inclusion.json").read_text())
CONSISTENCY = json.loads((DATA / "merkle_consistency.json").read_text())
LEAVES = [leaf_hash(str(number).encode()) for number in range(2_001)]


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def refused(check) -> bool:
    try:
        check()
    except ProofError:
        return True
    return False


@pytest.mark.parametrize(
    "vector", INCLUSION, ids=lambda v: f"{v['leafIdx']}-{v['treeSize']}-{v['desc']}"
)
def test_inclusion_vectors(vector):
    assert vector["wantErr"] == refused(
        lambda: verify_inclusion(
            vector["leafIdx"],
            vector["treeSize"],
            decoded(vector["leafHash"]),
            [decoded(part) for part in vector["proof"] or []],
            decoded(vector["root"]),
        )
    )


@pytest.mark.parametrize(
    "vector", CONSISTENCY, ids=lambda v: f"{v['size1']}-{v['size2']}-{v['desc']}"
)
def test_consistency_vectors(vector):
    assert vector["wantErr"] == refused(
        lambda: verify_consistency(
            vector["size1"],
            vector["size2"],
            decoded(vector["root1"]),
            decoded(vector["root2"]),
            [decoded(part) for part in vector["proof"] or []],
        )
    )


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1 by levels: pair neighbours, carry a last odd one up unchanged."""
    if not leaves:
        return sha256(b"").digest()
    while len(leaves) > 1:
        paired = [
            sha256(b"\x01" + leaves[at] + leaves[at + 1]).digest()
            for at in range(0, len(leaves) - 1, 2)
        ]
        leaves = paired + (leaves[-1:] if len(leaves) % 2 else [])
    return leaves[0]


@pytest.mark.parametrize("size", [*range(70), 255, 256, 257, 1_000, 2_000])
def test_roots_are_those_of_a_naive_tree(size):
    assert root_of(LEAVES[:size]) == naive_root(LEAVES[:size])


@pytest.mark.parametrize("size", range(1, 40))
def test_every_proof_of_a_small_tree_holds(size):
    root = root_of(LEAVES[:size])
    for index in range(size):
        proof = inclusion_proof(index, LEAVES[:size])
        verify_inclusion(index, size, LEAVES[index], proof, root)
        assert refused(lambda i=index, p=proof: verify_inclusion(i, size, LEAVES[size], p, root))
    for size1 in range(size + 1):
        proof = consistency_proof(size1, LEAVES[:size])
        verify_consistency(size1, size, root_of(LEAVES[:size1]), root, proof)


@given(st.integers(2, 300), st.data())
@settings(max_examples=60)
def test_one_flipped_bit_in_a_proof_is_noticed(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, LEAVES[:size])
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = bytearray(proof[place])
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProofError):
        verify_inclusion(
            index,
            size,
            LEAVES[index],
            [*proof[:place], bytes(flipped), *proof[place + 1 :]],
            root_of(LEAVES[:size]),
        )


def test_a_proof_outside_the_tree_is_no_proof():
    with pytest.raises(IndexError):
        inclusion_proof(3, LEAVES[:3])
    with pytest.raises(IndexError):
        consistency_proof(4, LEAVES[:3])


def test_leaves_and_nodes_hash_apart():
    assert leaf_hash(b"a" * 64) != node_hash(b"a" * 32, b"a" * 32)
    assert root_of([]) == EMPTY_ROOT
