"""Region codes (区划代码): 12 digits, hierarchy 2-4-6-9-12 (GB/T 2260, GB/T 10114)."""

from __future__ import annotations

import itertools
from enum import IntEnum
from functools import lru_cache

NATION = "000000000000"
_LENGTHS = (0, 2, 4, 6, 9, 12)


class Level(IntEnum):
    """行使层级 of GB/T 39046-2020 A.2."""

    NATIONAL = 1
    PROVINCIAL = 2
    MUNICIPAL = 3
    COUNTY = 4
    TOWN = 5
    VILLAGE = 6


class RegionCodeError(ValueError):
    """Text that is no region code; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pad(code: str) -> str:
    """The 12-digit form of a code of 2, 4, 6, 9 or 12 digits. Raises RegionCodeError."""
    if not (code.isascii() and code.isdigit()):
        raise RegionCodeError("a region code has digits only")
    if len(code) not in _LENGTHS[1:]:
        raise RegionCodeError(f"a region code has 2, 4, 6, 9 or 12 digits, not {len(code)}")
    return code.ljust(12, "0")


@lru_cache(maxsize=65_536)
def prefix_of(code: str) -> str:
    """The significant digits: "" for the nation, 2 for a province, up to 12 for a village.

    Raises RegionCodeError also for a code with a group of zeros before another group.
    """
    code = pad(code)
    end = 0
    for start, stop in itertools.pairwise(_LENGTHS):
        if code[start:stop].strip("0"):
            if end != start and start < 6:
                raise RegionCodeError(f"{code}: digits {start + 1}-{stop} follow a group of zeros")
            end = stop
    return code[:end]


def level_of(code: str) -> Level:
    """The level that the length of the prefix says."""
    return Level(_LENGTHS.index(len(prefix_of(code))) + 1)


def parent_of(code: str) -> str | None:
    """The 12-digit code right above, None for the nation."""
    above = ancestors_of(code)
    return above[-1] if above else None


def ancestors_of(code: str) -> tuple[str, ...]:
    """All codes above, from the nation down to the parent."""
    return lineage_of(code)[:-1]


@lru_cache(maxsize=65_536)
def lineage_of(code: str) -> tuple[str, ...]:
    """All codes above and the code itself, from the nation down.

    A place without a level of its own (towns right under 东莞 441900) skips that level.
    """
    prefix = prefix_of(code)
    steps = [prefix[:length].ljust(12, "0") for length in _LENGTHS if length <= len(prefix)]
    return tuple(dict.fromkeys(steps))


def contains(outer: str, inner: str) -> bool:
    """Whether the first region is the second or lies above it."""
    return prefix_of(inner).startswith(prefix_of(outer))
