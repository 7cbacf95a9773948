"""Array types and the two moments that several steps share."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]


def skewness(values: Floats) -> float:
    """Sample-adjusted skewness G1 (Joanes & Gill 1998, type 2 of R's e1071), NaN left out."""
    present = values[~np.isnan(values)]
    n = len(present)
    spread = present.std(ddof=1) if n > 2 else 0.0
    if not spread > 0:
        return 0.0
    scaled = (present - present.mean()) / spread
    return float(n / ((n - 1) * (n - 2)) * (scaled**3).sum())


def kurtosis(values: Floats) -> float:
    """Sample-adjusted excess kurtosis G2 (Joanes & Gill 1998), NaN left out."""
    present = values[~np.isnan(values)]
    n = len(present)
    spread = present.std(ddof=1) if n > 3 else 0.0
    if not spread > 0:
        return 0.0
    scaled = (present - present.mean()) / spread
    fourth = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * (scaled**4).sum()
    return float(fourth - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
