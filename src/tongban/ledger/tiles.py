"""The tree as tiles of 256 hashes (C2SP tlog-tiles), and its root from the tiles alone."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from tongban.base.merkle import EMPTY_ROOT, node_hash

WIDTH = 256
HASH_BYTES = 32

# (level, index) -> concatenated hashes; the last tile of a level may be partial.
Tiles = MutableMapping[tuple[int, int], bytes]


def right_edge(size: int) -> list[tuple[int, int]]:
    """The partial tiles (level, index) of a tree of `size` leaves, from the leaves upwards."""
    edge = []
    level = 0
    while size:
        if size % WIDTH:
            edge.append((level, size // WIDTH))
        size //= WIDTH
        level += 1
    return edge


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Root over the 256 hashes of a full tile."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]


def split(tile: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def extend(tiles: Tiles, size: int, leaf_hashes: Sequence[bytes]) -> int:
    """Add leaves to a tree of `size`; changes `tiles` and returns the new size.

    `tiles` must hold the right edge of the tree; the tiles that change are written back into it.
    """
    new_size = size + len(leaf_hashes)
    level, added = 0, list(leaf_hashes)
    while added:
        first = size // WIDTH
        data = tiles.get((level, first), b"")[: size % WIDTH * HASH_BYTES] + b"".join(added)
        chunk = WIDTH * HASH_BYTES
        for place, offset in enumerate(range(0, len(data), chunk)):
            tiles[level, first + place] = data[offset : offset + chunk]
        size += len(added)
        added = [subtree_root(split(tiles[level, full])) for full in range(first, size // WIDTH)]
        size, level = first, level + 1
    return new_size


def root_of_tiles(tiles: Mapping[tuple[int, int], bytes], size: int) -> bytes:
    """RFC 6962 root of a tree of `size` leaves, from the tiles on its right edge."""
    root: bytes | None = None
    for level, index in right_edge(size):
        width = size // WIDTH**level % WIDTH
        hashes = split(tiles[level, index])[:width]
        for part in reversed(_perfect_parts(hashes)):
            root = part if root is None else node_hash(part, root)
    return EMPTY_ROOT if root is None else root


def _perfect_parts(hashes: Sequence[bytes]) -> list[bytes]:
    """Roots of the perfect subtrees, largest first, that the hashes fall into."""
    parts, start = [], 0
    for bit in range(len(hashes).bit_length() - 1, -1, -1):
        if len(hashes) >> bit & 1:
            parts.append(subtree_root(hashes[start : start + (1 << bit)]))
            start += 1 << bit
    return parts
