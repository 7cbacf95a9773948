"""Every inclusion and consistency proof of logs of 0 to 2,000 entries, from tiles, against RFC 6962.

The naive side below follows the definitions of RFC 6962 2.1 word for word; it remembers the hash of
each range of leaves, because four million proofs ask for them.
"""

from __future__ import annotations

from functools import cache, lru_cache

import pytest

from tongban.base.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tongban.ledger import proofs, tiles

MOST = 2_000
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(MOST)]


def largest_power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@cache
def mth(first: int, end: int) -> bytes:
    """MTH(D[first:end]) of RFC 6962 2.1, over leaf hashes."""
    if first == end:
        return EMPTY_ROOT
    if end - first == 1:
        return LEAVES[first]
    cut = first + largest_power_below(end - first)
    return node_hash(mth(first, cut), mth(cut, end))


def path(index: int, first: int, end: int) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 2.1.1."""
    if end - first == 1:
        return []
    cut = largest_power_below(end - first)
    if index < cut:
        return [*path(index, first, first + cut), mth(first + cut, end)]
    return [*path(index - cut, first + cut, end), mth(first, first + cut)]


def subproof(size: int, first: int, end: int, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 2.1.2."""
    if size == end - first:
        return [] if whole else [mth(first, end)]
    cut = largest_power_below(end - first)
    if size <= cut:
        return [*subproof(size, first, first + cut, whole), mth(first + cut, end)]
    return [*subproof(size - cut, first + cut, end, False), mth(first, first + cut)]


@lru_cache(maxsize=1)
def all_tiles() -> dict[tuple[int, int], bytes]:
    built: dict[tuple[int, int], bytes] = {}
    tiles.extend(built, 0, LEAVES)
    return built


def read(places):
    return {place: all_tiles()[place] for place in places}


@cache
def root_from_tiles(one: tuple[int, int]) -> bytes:
    return proofs.roots([one], read)[0]


def test_every_range_that_a_proof_can_ask_for_has_the_root_of_the_definition():
    asked = {one for size in range(1, MOST + 1) for one in proofs.inclusion_ranges(0, size)}
    for size in range(1, MOST + 1):
        asked.update(proofs.inclusion_ranges(size - 1, size))
        asked.add((0, size))
    for one in asked:
        assert root_from_tiles(one) == mth(*one)


@pytest.mark.parametrize("part", range(4))
def test_every_inclusion_proof(part):
    for size in range(part, MOST + 1, 4):
        root = mth(0, size)
        for index in range(size):
            proof = [root_from_tiles(one) for one in proofs.inclusion_ranges(index, size)]
            verify_inclusion(index, size, LEAVES[index], proof, root)
            if size % 16 == 0 or size < 300:
                assert proof == path(index, 0, size)


@pytest.mark.parametrize("part", range(4))
def test_every_consistency_proof(part):
    for size2 in range(part, MOST + 1, 4):
        root2 = mth(0, size2)
        for size1 in range(size2 + 1):
            proof = [root_from_tiles(one) for one in proofs.consistency_ranges(size1, size2)]
            verify_consistency(size1, size2, mth(0, size1), root2, proof)
            if size1 > 0 and (size2 % 16 == 0 or size2 < 300):
                assert proof == subproof(size1, 0, size2, True)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_there_is_no_proof_of_an_entry_that_is_not_there(index, size):
    with pytest.raises(IndexError):
        proofs.inclusion_proof(index, size, read)


@pytest.mark.parametrize(("size1", "size2"), [(-1, 5), (6, 5)])
def test_there_is_no_proof_that_a_log_shrank(size1, size2):
    with pytest.raises(IndexError):
        proofs.consistency_proof(size1, size2, read)


def test_a_tile_that_is_too_short_is_said_to_be():
    with pytest.raises(LookupError, match="tile 0/0"):
        proofs.inclusion_proof(0, 8, lambda places: dict.fromkeys(places, b"\0" * 32))


def test_a_proof_in_a_log_of_a_million_needs_at_most_six_tiles():
    asked = []

    def count(places):
        asked.extend(places)
        return dict.fromkeys(places, b"\0" * 8_192)

    for index in (0, 1, 255, 256, 65_535, 500_000, 999_998, 999_999):
        asked.clear()
        proofs.inclusion_proof(index, 1_000_003, count)
        assert len(asked) <= 6
