"""Proofs from tiles (RFC 6962 2.1, C2SP tlog-tiles): which tiles they need, and what they say.

Pure functions: tiles come through a reader, from the database or over the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tongban.base.merkle import node_hash
from tongban.ledger.tiles import HASH_BYTES, WIDTH, subtree_root

Place = tuple[int, int]
# Given places (level, index), the hashes of each tile; more hashes than asked for do no harm.
Reader = Callable[[Sequence[Place]], Mapping[Place, bytes]]
# A range [first, end) of leaves, the first aligned to the power of two that covers the range.
Range = tuple[int, int]


def _cut(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots are the inclusion proof, leaf side first. Raises IndexError."""
    if not 0 <= index < size:
        raise IndexError(f"no entry {index} in a log of {size}")
    ranges: list[Range] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _cut(end - first)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def consistency_ranges(size1: int, size2: int) -> list[Range]:
    """The subtrees whose roots are the consistency proof. Raises IndexError."""
    if not 0 <= size1 <= size2:
        raise IndexError(f"a log of {size2} does not extend one of {size1}")
    if size1 in (0, size2):
        return []
    ranges: list[Range] = []
    first, end, whole = 0, size2, True
    while size1 != end:
        middle = first + _cut(end - first)
        if size1 <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first, whole = middle, False
    if not whole:
        ranges.append((first, end))
    return ranges[::-1]


def _perfect(one: Range) -> list[tuple[int, int]]:
    """The perfect subtrees (first leaf, height) of a range, left to right."""
    first, end = one
    parts = []
    for height in range((end - first).bit_length() - 1, -1, -1):
        if (end - first) >> height & 1:
            parts.append((first, height))
            first += 1 << height
    return parts


def _place(first: int, height: int) -> tuple[Place, int, int]:
    """Where the hashes below a perfect subtree stand: the tile, and from where to where in it."""
    level = height // 8
    start = first >> 8 * level
    return (level, start // WIDTH), start % WIDTH, start % WIDTH + (1 << height % 8)


def roots(ranges: Sequence[Range], read: Reader) -> list[bytes]:
    """The root of each range. Reads all tiles at once. Raises LookupError when one is too short."""
    parts = [_perfect(one) for one in ranges]
    wanted = {_place(*part)[0] for one in parts for part in one}
    tiles = read(sorted(wanted))
    return [_joined(_root(tiles, *_place(*part)) for part in one) for one in parts]


def _root(tiles: Mapping[Place, bytes], place: Place, start: int, end: int) -> bytes:
    data = tiles[place][start * HASH_BYTES : end * HASH_BYTES]
    if len(data) != (end - start) * HASH_BYTES:
        raise LookupError(f"tile {place[0]}/{place[1]} has no {end} hashes")
    return subtree_root(data)


def _joined(parts: Iterable[bytes]) -> bytes:
    left_to_right = list(parts)
    root = left_to_right.pop()
    while left_to_right:
        root = node_hash(left_to_right.pop(), root)
    return root


def inclusion_proof(index: int, size: int, read: Reader) -> list[bytes]:
    """Audit path of the entry at `index` in the log of `size`. Raises IndexError."""
    return roots(inclusion_ranges(index, size), read)


def consistency_proof(size1: int, size2: int, read: Reader) -> list[bytes]:
    """Proof that the log of `size2` extends the one of `size1`. Raises IndexError."""
    return roots(consistency_ranges(size1, size2), read)


def root_of_log(size: int, read: Reader) -> bytes:
    """The root of the log of `size` (at least 1)."""
    return roots([(0, size)], read)[0]
