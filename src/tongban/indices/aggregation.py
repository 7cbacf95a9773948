"""Aggregation (handbook step 6): one score from several indicators.

`values` are units x parts. `weights` are one per part, or units x parts. A missing part (NaN) is
left out and the others carry its weight; a unit without any part has no score.
"""

from __future__ import annotations

import numpy as np

from tongban.indices.numbers import Floats

METHODS = ("arithmetic", "geometric", "harmonic", "power", "copeland")


def aggregate(values: Floats, weights: Floats, method: str, power: float = 1.0) -> Floats:
    """The weighted mean by method; `copeland` gives a score from pairwise comparisons."""
    if method == "arithmetic":
        return power_mean(values, weights, 1.0)
    if method == "geometric":
        return power_mean(values, weights, 0.0)
    if method == "harmonic":
        return power_mean(values, weights, -1.0)
    if method == "power":
        return power_mean(values, weights, power)
    if method == "copeland":
        return copeland(values, weights)
    raise ValueError(f"no aggregation is called {method!r}")


def shares(values: Floats, weights: Floats) -> Floats:
    """Weights that add up to 1 for each unit over the parts it has (units x parts)."""
    own = np.where(np.isnan(values), 0.0, weights)
    total = own.sum(axis=1, keepdims=True)
    result: Floats = np.divide(own, total, out=np.full(own.shape, np.nan), where=total > 0)
    return result


def power_mean(values: Floats, weights: Floats, power: float) -> Floats:
    """(sum of w x^p)^(1/p); p = 0 is the geometric mean, p = -1 the harmonic.

    For p <= 0 a part of zero makes the score zero. Raises ValueError for negative values where the
    mean is not defined (all powers but 1).
    """
    share = shares(values, weights)
    filled = np.where(np.isnan(values), 0.0, values)
    if power == 1.0:
        mean: Floats = (share * filled).sum(axis=1)
        return mean
    used = ~np.isnan(values) & (share > 0)
    if (filled[used] < 0).any():
        raise ValueError(
            "only the arithmetic mean is defined for negative values; scale them first"
        )
    safe = np.where(used & (filled > 0), filled, 1.0)
    if power == 0.0:
        result: Floats = np.exp((share * np.log(safe)).sum(axis=1))
    else:
        terms = np.where(used & ((filled > 0) | (power < 0)), safe**power, 0.0)
        result = (share * terms).sum(axis=1) ** (1 / power)
    if power <= 0:
        result = np.where((used & (filled == 0)).any(axis=1), 0.0, result)
    return np.where(np.isnan(share).all(axis=1), np.nan, result)


def outranking(values: Floats, weights: Floats) -> Floats:
    """Weight of the parts on which row unit beats column unit, half for equal ones (eq. 32)."""
    units = len(values)
    wins = np.zeros((units, units))
    compared = np.zeros((units, units))
    for part in range(values.shape[1]):
        column = values[:, part]
        both = ~np.isnan(column)[:, None] & ~np.isnan(column)[None, :]
        better = (column[:, None] > column[None, :]) + 0.5 * (column[:, None] == column[None, :])
        wins += weights[part] * np.where(both, better, 0.0)
        compared += weights[part] * both
    result: Floats = np.divide(wins, compared, out=np.full(wins.shape, 0.5), where=compared > 0)
    np.fill_diagonal(result, 0.0)
    return result


def copeland(values: Floats, weights: Floats) -> Floats:
    """Pairs won less pairs lost by weighted majority: no part makes up for another (Copeland 1951).

    From 1 - units to units - 1. Needs one weight per part.
    """
    if weights.ndim != 1:
        raise ValueError("pairwise comparison needs one weight for each part, not one per unit")
    table = np.round(outranking(values, weights), 12)
    score: Floats = ((table > 0.5).sum(axis=1) - (table.T > 0.5).sum(axis=1)).astype(float)
    return np.where(np.isnan(values).all(axis=1), np.nan, score)
