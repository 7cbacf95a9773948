"""Weights (handbook step 6): given, equal, by statistics, by experts, or by each unit's own best.

All but `benefit_of_the_doubt` give one weight per part that adds up to 1. `values` are units x
parts, normalised, the better the higher; statistics use the units that have all parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tongban.indices.framework.model import Bounds
from tongban.indices.numbers import Floats

METHODS = ("given", "equal", "pca", "entropy", "critic", "budget", "benefit_of_the_doubt")


def _complete(values: Floats) -> Floats:
    complete = values[~np.isnan(values).any(axis=1)]
    if len(complete) < 3:
        raise ValueError("weights by statistics need at least 3 units that have all parts")
    return complete


def _to_one(weights: Floats) -> Floats:
    total = weights.sum()
    share: Floats = weights / total if total > 0 else np.full(len(weights), 1 / len(weights))
    return share


def equal(parts: int) -> Floats:
    """The same for each part."""
    return np.full(parts, 1 / parts)


def entropy(values: Floats) -> Floats:
    """Shannon entropy: an indicator that tells units apart weighs more. Values must not be negative."""
    complete = _complete(values)
    if (complete < 0).any():
        raise ValueError("entropy weights need values that are not negative")
    total = complete.sum(axis=0)
    share = np.divide(complete, total, out=np.zeros(complete.shape), where=total > 0)
    logs = np.log(share, out=np.zeros(share.shape), where=share > 0)
    evenness = -(share * logs).sum(axis=0) / np.log(len(complete))
    return _to_one(np.where(total > 0, 1 - evenness, 0.0))


def critic(values: Floats) -> Floats:
    """CRITIC (Diakoulaki et al. 1995): spread times conflict, s_j sum over k of (1 - r_jk)."""
    complete = _complete(values)
    spread = complete.std(axis=0, ddof=1)
    return _to_one(spread * (1 - correlation(complete)).sum(axis=1))


def budget(allocations: Sequence[Sequence[float]]) -> Floats:
    """Budget allocation: the mean of the points that each expert gave (experts x parts)."""
    points = np.array(allocations, dtype=float)
    return _to_one((points / points.sum(axis=1, keepdims=True)).mean(axis=0))


def correlation(values: Floats) -> Floats:
    """Pearson's correlation of the parts; 0 with a constant part."""
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    scaled = np.divide(centred, length, out=np.zeros(centred.shape), where=length > 0)
    matrix: Floats = scaled.T @ scaled
    np.fill_diagonal(matrix, 1.0)
    return matrix


def principal_components(values: Floats, factors: int | None = None) -> Floats:
    """Weights from rotated principal components (handbook 6.1, Nicoletti et al. 2000).

    Factors are kept as in the handbook's example (each with over 10 % of the variance, and enough of
    them for 60 %) unless their number is given; loadings are rotated (varimax); an indicator takes
    its squared loading on the factor where it is largest, times that factor's share.
    """
    matrix = correlation(_complete(values))
    size, vectors = np.linalg.eigh(matrix)
    size, vectors = size[::-1], vectors[:, ::-1]
    if factors is None:
        share = size / size.sum()
        wanted = int(np.searchsorted(share.cumsum(), 0.6)) + 1
        factors = max(wanted, int((share > 0.1).sum()))
    loadings = varimax(vectors[:, :factors] * np.sqrt(np.maximum(size[:factors], 0.0)))
    squared = loadings**2
    variance = squared.sum(axis=0)
    best = squared.argmax(axis=1)
    scaled = squared[np.arange(len(best)), best] / variance[best]
    return _to_one(scaled * variance[best] / variance.sum())


def varimax(loadings: Floats, rounds: int = 200) -> Floats:
    """Loadings rotated so that each is near 0 or far from it (Kaiser 1958, with his row scaling)."""
    length = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    scaled = np.divide(loadings, length, out=np.zeros(loadings.shape), where=length > 0)
    parts, factors = scaled.shape
    rotation = np.eye(factors)
    before = 0.0
    for _ in range(rounds):
        turned = scaled @ rotation
        target = turned**3 - turned * (turned**2).sum(axis=0) / parts
        left, size, right = np.linalg.svd(scaled.T @ target)
        rotation = left @ right
        if size.sum() <= before * (1 + 1e-10):
            break
        before = size.sum()
    result: Floats = (scaled @ rotation) * length
    return result


def benefit_of_the_doubt(values: Floats, pie: Bounds = (None, None)) -> tuple[Floats, Floats]:
    """Each unit's most favourable weights and its score, at most 1 (Melyn & Moesen 1991; eq. 21).

    For each unit: maximise sum w x, so that no unit passes 1 with these weights and, when given, each
    part's share of the sum stays within `pie`. Needs values that are not negative. Returns weights
    (units x parts) and scores. Raises ValueError when the bounds can't be met.
    """
    from scipy.optimize import linprog

    units, parts = values.shape
    scores, chosen = np.full(units, np.nan), np.full(values.shape, np.nan)
    complete = values[~np.isnan(values).any(axis=1)]
    if (complete < 0).any():
        raise ValueError("the benefit of the doubt needs values that are not negative")
    for unit in np.flatnonzero(~np.isnan(values).any(axis=1)):
        own = values[unit]
        rows, limits = [complete], [np.ones(len(complete))]
        if pie[0] is not None:
            rows.append(pie[0] * np.tile(own, (parts, 1)) - np.diag(own))
            limits.append(np.zeros(parts))
        if pie[1] is not None:
            rows.append(np.diag(own) - pie[1] * np.tile(own, (parts, 1)))
            limits.append(np.zeros(parts))
        found = linprog(-own, A_ub=np.vstack(rows), b_ub=np.concatenate(limits), method="highs")
        if not found.success:
            raise ValueError(f"no weights fit the bounds: {found.message}")
        scores[unit], chosen[unit] = max(-found.fun, 0.0), found.x
    return chosen, scores
