"""Bars as SVG: text as text, no colour of its own, a table behind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# Units of the picture; a phone shows about one pixel for each.
WIDTH, HEIGHT, FOOT, HEAD = 360, 150, 18, 16


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Plot:
    """Bars by day, oldest first; `highest` is the number at the dashed line."""

    bars: tuple[Bar, ...]
    highest: int
    base: int
    top: int
    width: int
    height: int
    first: date
    last: date


def days_plot(days: Sequence[tuple[date, int]]) -> Plot:
    """A bar a day, in proportion to the highest."""
    highest = max((count for _day, count in days), default=0)
    step = WIDTH / max(len(days), 1)
    base, room = HEIGHT - FOOT, HEIGHT - FOOT - HEAD
    bars = []
    for at, (day, count) in enumerate(days):
        high = round(room * count / highest, 1) if highest else 0
        high = max(high, 1) if count else 0
        bars.append(
            Bar(round(at * step, 1), base - high, round(step * 0.75, 1), high, f"{day}: {count}")
        )
    return Plot(tuple(bars), highest, base, HEAD, WIDTH, HEIGHT, days[0][0], days[-1][0])


def share(count: int, highest: int) -> int:
    """A number in percent of the highest, at least 1 when there is one at all."""
    return max(round(100 * count / highest), 1) if count else 0
