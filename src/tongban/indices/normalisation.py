"""Normalisation (handbook step 5): indicators on one scale, the better the higher."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tongban.indices.numbers import Floats
from tongban.indices.ranks import fractional

METHODS = (
    "none", "min_max", "z_score", "rank", "percentile", "goalposts", "reference", "categories",
)  # fmt: skip


def min_max(values: Floats, direction: int = 1, low: float = 0.0, high: float = 100.0) -> Floats:
    """Re-scaled so that the worst is `low` and the best `high`.

    A constant indicator tells nothing: all units get the middle.
    """
    return _between(
        values, float(np.nanmin(values)), float(np.nanmax(values)), direction, low, high
    )


def goalposts(
    values: Floats, posts: tuple[float, float], direction: int = 1,
    low: float = 0.0, high: float = 100.0,
) -> Floats:  # fmt: skip
    """Re-scaled between fixed goalposts; what lies beyond counts as on the post (UNDP, HDR)."""
    clipped: Floats = np.clip(values, posts[0], posts[1])
    return _between(clipped, posts[0], posts[1], direction, low, high)


def _between(
    values: Floats, least: float, most: float, direction: int, low: float, high: float
) -> Floats:
    if not most > least:
        middle: Floats = np.where(np.isnan(values), np.nan, (low + high) / 2)
        return middle
    share = (values - least) / (most - least)
    scaled: Floats = low + (high - low) * (share if direction > 0 else 1 - share)
    return scaled


def z_score(values: Floats, direction: int = 1) -> Floats:
    """Standardised: (x - mean) / standard deviation of the population."""
    spread = np.nanstd(values)
    if not spread > 0:
        flat: Floats = np.where(np.isnan(values), np.nan, 0.0)
        return flat
    scaled: Floats = direction * (values - np.nanmean(values)) / spread
    return scaled


def rank(values: Floats, direction: int = 1) -> Floats:
    """Borda points: the number of units that are worse, and half of those that are equal."""
    present = np.count_nonzero(~np.isnan(values))
    points: Floats = present - fractional(direction * values)
    return points


def percentile(values: Floats, direction: int = 1, low: float = 0.0, high: float = 100.0) -> Floats:
    """Borda points as a share of the most possible."""
    present = np.count_nonzero(~np.isnan(values))
    scaled: Floats = low + (high - low) * rank(values, direction) / max(int(present) - 1, 1)
    return scaled


def distance_to_reference(values: Floats, reference: float, direction: int = 1) -> Floats:
    """In per cent of the reference (handbook 5.4); for a cost, reference as per cent of the value."""
    with np.errstate(divide="ignore"):
        scaled: Floats = 100 * (values / reference if direction > 0 else reference / values)
    return scaled


def categories(
    values: Floats, steps: Sequence[float], direction: int = 1,
    low: float = 0.0, high: float = 100.0,
) -> Floats:  # fmt: skip
    """A categorical scale: category by lower bounds `steps`, evenly spaced from `low` to `high`."""
    place = np.searchsorted(np.array(steps), values, side="right").astype(float)
    share = place / len(steps)
    scaled: Floats = low + (high - low) * (share if direction > 0 else 1 - share)
    scaled[np.isnan(values)] = np.nan
    return scaled
