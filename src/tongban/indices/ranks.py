"""Ranks, best first; NaN has no rank.

Scores are compared after rounding to ten decimals: sums in another order must not break a tie.
"""

from __future__ import annotations

import numpy as np

from tongban.indices.numbers import Floats

RULES = ("competition", "dense", "fractional")
DECIMALS = 10


def ranks(scores: Floats, rule: str = "competition") -> Floats:
    """Ranks by rule: `competition` 1 2 2 4, `dense` 1 2 2 3, `fractional` 1 2.5 2.5 4."""
    if rule == "competition":
        return competition(scores)
    if rule == "dense":
        return dense(scores)
    if rule == "fractional":
        return fractional(scores)
    raise ValueError(f"no ranking rule is called {rule!r}")


def competition(scores: Floats) -> Floats:
    """1 + the number of units with a higher score (standard competition ranking)."""
    rounded = np.round(scores, DECIMALS)
    return _named(scores, 1.0 + _higher(rounded))


def dense(scores: Floats) -> Floats:
    """1 + the number of different higher scores."""
    rounded = np.round(scores, DECIMALS)
    levels = np.unique(rounded[~np.isnan(rounded)])
    higher = len(levels) - np.searchsorted(levels, rounded, side="right").astype(np.float64)
    return _named(scores, 1.0 + higher)


def fractional(scores: Floats) -> Floats:
    """The mean of the places that equal units share."""
    rounded = np.round(scores, DECIMALS)
    ordered = np.sort(rounded[~np.isnan(rounded)])
    equal = np.searchsorted(ordered, rounded, side="right") - np.searchsorted(ordered, rounded)
    return _named(scores, _higher(rounded) + (1.0 + equal) / 2)


def _higher(rounded: Floats) -> Floats:
    ordered = np.sort(rounded[~np.isnan(rounded)])
    higher: Floats = len(ordered) - np.searchsorted(ordered, rounded, side="right").astype(float)
    return higher


def _named(scores: Floats, places: Floats) -> Floats:
    result: Floats = np.where(np.isnan(scores), np.nan, places)
    return result
