"""What the items of a place add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

Sums = dict[str, int]
# Lengths of region paths: nation, province, city, county, town, village.
LEVELS: Final = (0, 2, 4, 6, 9, 12)

# What is added up over the item facts: name and the SQL-free condition in words.
SUMS: Final = {
    "items": "items of the catalogue",
    "guides": "with a guide in force",
    "online": "that take applications online",
    "depth": "levels of online depth, of four an item with a guide",
    "ways": "with two or more ways to apply",
    "visiting": "that need a visit",
    "bookable": "of these, with appointments",
    "results": "whose guide says whether the result is delivered",
    "delivered": "of these, delivered to the door",
    "powers": "that rest on the law's catalogue: with a basic code",
    "on_basic": "of these, on a published basic item",
    "expected": "basic codes that most places of the same level implement",
    "present": "of these, implemented here",
    "points": "points of lint of the guides",
    "sound": "guides without an error of lint",
    "practised": "guides with enough cases to compare",
    "true": "of these, not contradicted by the cases",
}
# A list that most places have: from so many places of the same level on.
PEERS_LEAST: Final = 3


def added(parts: Iterable[Mapping[str, int]]) -> Sums:
    total = dict.fromkeys(SUMS, 0)
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0) + value
    return total


def usual_codes(codes_by_place: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Codes that at least half of the places have; none with fewer than three places."""
    if len(codes_by_place) < PEERS_LEAST:
        return frozenset()
    counts: dict[str, int] = {}
    for codes in codes_by_place.values():
        for code in codes:
            counts[code] = counts.get(code, 0) + 1
    return frozenset(code for code, places in counts.items() if 2 * places >= len(codes_by_place))


def above(path: str) -> str:
    """The path of the place right above; "" for a province."""
    return max((path[:level] for level in LEVELS if level < len(path)), key=len, default="")
