"""Counts by measure and value: adding them up, quantiles, histograms, small numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Spread = dict[int, int]
"""How many cases have which value."""
Counts = dict[str, Spread]
"""A spread for each measure."""

# Fewer people than this could be known by who they are: their number is not told.
LEAST: Final = 5


def add(total: Counts, more: Mapping[str, Mapping[int, int] | Mapping[str, int]]) -> None:
    """Add counts to a total; values may be text, as JSON has them."""
    for measure, spread in more.items():
        held = total.setdefault(measure, {})
        for value, cases in spread.items():
            key = int(value)
            held[key] = held.get(key, 0) + cases


def summed(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> Counts:
    """All parts in one."""
    total: Counts = {}
    for part in parts:
        add(total, part)
    return total


def size(spread: Mapping[int, int] | None) -> int:
    """How many cases."""
    return sum(spread.values()) if spread else 0


def quantile(spread: Mapping[int, int], share: float) -> int | None:
    """The least value that at least `share` of the cases do not exceed; None without cases."""
    cases = size(spread)
    if not cases:
        return None
    seen, needed = 0, share * cases
    for value in sorted(spread):
        seen += spread[value]
        if seen >= needed - 1e-9:
            return value
    return max(spread)


def mean(spread: Mapping[int, int]) -> float | None:
    cases = size(spread)
    return sum(value * count for value, count in spread.items()) / cases if cases else None


def share_upto(spread: Mapping[int, int], most: int) -> tuple[int, int]:
    """(cases with at most this value, all cases)."""
    return sum(count for value, count in spread.items() if value <= most), size(spread)


@dataclass(frozen=True)
class Bin:
    """`low` to `high`, both inside; the last bin is open."""

    low: int
    high: int | None
    cases: int


def histogram(spread: Mapping[int, int], bins: int = 12) -> list[Bin]:
    """Bins of equal width from 0 on; what lies above the 99th percentile is in the last, open one."""
    last = quantile(spread, 0.99)
    if last is None:
        return []
    width = max(1, -(-(last + 1) // bins))
    found = []
    for low in range(0, last + 1, width):
        high = low + width - 1
        open_end = low + width > last
        cases = sum(
            count for value, count in spread.items() if value >= low and (open_end or value <= high)
        )
        found.append(Bin(low, None if open_end and max(spread) > high else high, cases))
    return found


def suppressed(cases: Sequence[int], least: int = LEAST) -> list[bool]:
    """Which of the parts of a known total must not be told.

    Parts of 1 to `least` - 1 people are hidden; a single hidden part could be worked out from the
    total, so the next smallest is hidden with it (complementary suppression).
    """
    hidden = [0 < count < least for count in cases]
    if sum(hidden) == 1:
        others = [place for place, count in enumerate(cases) if not hidden[place] and count]
        if others:
            hidden[min(others, key=lambda place: cases[place])] = True
    return hidden
