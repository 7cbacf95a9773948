"""The tree as tiles of 256 hashes (C2SP tlog-tiles): their paths, and the root from tiles alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from hashlib import sha256

from tongban.base.merkle import EMPTY_ROOT, node_hash

WIDTH = 256
HASH_BYTES = 32
_NODE_BYTES = 2 * HASH_BYTES
_PATH = re.compile(r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")

# (level, index) -> concatenated hashes; the last tile of a level may be partial.
Tiles = MutableMapping[tuple[int, int], bytes]


def path_of(index: int, width: int = WIDTH) -> str:
    """`x001/x234/067` for 1234067, with `.p/<width>` for a partial tile."""
    groups = []
    while True:
        index, group = divmod(index, 1000)
        groups.append(f"{group:03d}")
        if not index:
            break
    path = "/".join([f"x{group}" for group in groups[:0:-1]] + groups[:1])
    return path if width == WIDTH else f"{path}.p/{width}"


def parse_path(path: str) -> tuple[int, int]:
    """Index and width of a tile's path. Raises ValueError for any but the one way to write it."""
    found = _PATH.fullmatch(path)
    if not found:
        raise ValueError(f"{path!r} is no path of a tile")
    index = int(found["index"].replace("x", "").replace("/", ""))
    width = int(found["width"] or WIDTH)
    if width > WIDTH or path_of(index, width) != path:
        raise ValueError(f"{path!r} is not the one way to write a tile's path")
    return index, width


def width_of(level: int, index: int, size: int) -> int:
    """How many hashes a tile has in a log of `size`: 0 to 256."""
    return min(max((size >> 8 * level) - index * WIDTH, 0), WIDTH)


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


def subtree_root(hashes: bytes) -> bytes:
    """Root over a power of two of concatenated hashes."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join(
            [
                sha256(b"\x01" + hashes[at : at + _NODE_BYTES]).digest()
                for at in range(0, len(hashes), _NODE_BYTES)
            ]
        )
    return hashes


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
        added = [subtree_root(tiles[level, full]) for full in range(first, size // WIDTH)]
        size, level = first, level + 1
    return new_size


def root_of_tiles(tiles: Mapping[tuple[int, int], bytes], size: int) -> bytes:
    """RFC 6962 root of a tree of `size` leaves, from the tiles on its right edge."""
    root: bytes | None = None
    for level, index in right_edge(size):
        hashes = tiles[level, index][: size // WIDTH**level % WIDTH * HASH_BYTES]
        for part in reversed(_perfect_parts(hashes)):
            root = part if root is None else node_hash(part, root)
    return EMPTY_ROOT if root is None else root


def _perfect_parts(hashes: bytes) -> list[bytes]:
    """Roots of the perfect subtrees, largest first, that the hashes fall into."""
    parts, start, count = [], 0, len(hashes) // HASH_BYTES
    for bit in range(count.bit_length() - 1, -1, -1):
        if count >> bit & 1:
            end = start + (HASH_BYTES << bit)
            parts.append(subtree_root(hashes[start:end]))
            start = end
    return parts
