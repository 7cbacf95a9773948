"""A look at the data before and after (handbook steps 4 and 9): correlation, reliability, components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongban.indices.numbers import Floats
from tongban.indices.ranks import fractional
from tongban.indices.weights import correlation


@dataclass(frozen=True)
class Reliability:
    """Cronbach's alpha of standardised indicators, and without each of them (handbook table 11)."""

    alpha: float
    without: tuple[float, ...]
    with_rest: tuple[float, ...]
    """Correlation of each indicator with the sum of the others."""


@dataclass(frozen=True)
class Components:
    """Principal components of the correlation matrix, largest first."""

    eigenvalues: tuple[float, ...]
    explained: tuple[float, ...]
    loadings: Floats


def pearson(a: Floats, b: Floats) -> float:
    """Correlation over the units that have both; NaN with fewer than three or a constant."""
    both = ~np.isnan(a) & ~np.isnan(b)
    x, y = a[both], b[both]
    if len(x) < 3 or not (x.std() > 0 and y.std() > 0):
        return float("nan")
    return float(((x - x.mean()) * (y - y.mean())).mean() / (x.std() * y.std()))


def spearman(a: Floats, b: Floats) -> float:
    """Rank correlation with mean ranks for ties, over the units that have both."""
    both = ~np.isnan(a) & ~np.isnan(b)
    return pearson(fractional(a[both]), fractional(b[both]))


def _alpha(matrix: Floats) -> float:
    """Alpha of standardised items from their correlation matrix (eq. 18)."""
    count, total = len(matrix), matrix.sum()
    if count < 2 or not total > 1e-9:
        return float("nan")
    return float(count / (count - 1) * (1 - count / total))


def reliability(values: Floats) -> Reliability | None:
    """Cronbach's alpha over complete units; None with fewer than two indicators or three units."""
    complete = values[~np.isnan(values).any(axis=1)]
    complete = complete[:, complete.std(axis=0) > 0] if len(complete) else complete
    count = complete.shape[1]
    if count < 2 or len(complete) < 3:
        return None
    scaled = (complete - complete.mean(axis=0)) / complete.std(axis=0)
    matrix = correlation(complete)
    without, rest = [], []
    for part in range(count):
        others = [other for other in range(count) if other != part]
        without.append(_alpha(matrix[np.ix_(others, others)]))
        rest.append(pearson(scaled[:, part], scaled[:, others].sum(axis=1)))
    return Reliability(_alpha(matrix), tuple(without), tuple(rest))


def components(values: Floats) -> Components | None:
    """Principal components over complete units; None with fewer than three units."""
    complete = values[~np.isnan(values).any(axis=1)]
    if len(complete) < 3:
        return None
    size, vectors = np.linalg.eigh(correlation(complete))
    size, vectors = np.maximum(size[::-1], 0.0), vectors[:, ::-1]
    signs = np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    return Components(
        tuple(float(one) for one in size),
        tuple(float(one) for one in size / size.sum()),
        vectors * signs * np.sqrt(size),
    )
