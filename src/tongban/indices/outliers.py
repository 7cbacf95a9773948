"""Outliers before scaling: winsorisation by skewness and kurtosis, logarithm, Box-Cox.

The test |skewness| > 2 and kurtosis > 3.5 is the JRC's (handbook step 5; COINr's defaults).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongban.indices.framework.model import Outliers
from tongban.indices.numbers import Floats, kurtosis, skewness


@dataclass(frozen=True)
class Treatment:
    """What was done to one indicator."""

    method: str
    points: int
    skewness_before: float
    kurtosis_before: float
    skewness_after: float
    kurtosis_after: float


def is_skewed(values: Floats, rule: Outliers) -> bool:
    """Whether both measures pass their thresholds (sample-adjusted)."""
    return abs(skewness(values)) > rule.skewness and kurtosis(values) > rule.kurtosis


def treat(values: Floats, rule: Outliers) -> tuple[Floats, Treatment | None]:
    """The column with its outliers treated, and what was done; None when nothing was.

    Winsorisation takes the outermost values in, one by one, to the next value, on the side of the
    skew as it then is; when `most_points` are not enough, `otherwise` is used on the untouched
    column.
    """
    if rule.method == "none" or not is_skewed(values, rule):
        return values, None
    method, points = rule.method, 0
    if rule.method == "winsorise":
        treated, points = _winsorised(values, rule)
        if is_skewed(treated, rule) and rule.otherwise != "none":
            method, points = rule.otherwise, 0
    if method == "log":
        treated = logarithm(values)
    elif method == "box_cox":
        treated = box_cox(values)
    return treated, Treatment(
        method, points,
        skewness(values), kurtosis(values), skewness(treated), kurtosis(treated),
    )  # fmt: skip


def _winsorised(values: Floats, rule: Outliers) -> tuple[Floats, int]:
    present = np.flatnonzero(~np.isnan(values))
    order = present[np.argsort(values[present], kind="stable")]
    treated = values.copy()
    low, high = 0, len(order) - 1
    points = 0
    while points < rule.most_points and is_skewed(treated, rule) and high - low > 1:
        if skewness(treated) < 0:
            low += 1
            treated[order[:low]] = values[order[low]]
        else:
            high -= 1
            treated[order[high + 1 :]] = values[order[high]]
        points += 1
    return treated, points


def logarithm(values: Floats) -> Floats:
    """log(x - min + 1 % of the range): defined for zero and negative values too (COINr `log_CT`)."""
    low, high = np.nanmin(values), np.nanmax(values)
    moved: Floats = np.log(values - low + 0.01 * (high - low))
    return moved


def box_cox(values: Floats) -> Floats:
    """Box & Cox (1964), the power with the greatest likelihood, found by golden section in [-3, 3].

    Values are first moved to be positive, by the smallest value and 1 % of the range.
    """
    low, high = np.nanmin(values), np.nanmax(values)
    positive = values if low > 0 else values - low + 0.01 * (high - low)
    logs = np.log(positive)

    def moved(power: float) -> Floats:
        result: Floats = logs if abs(power) < 1e-9 else (positive**power - 1) / power
        return result

    def likelihood(power: float) -> float:
        n = np.count_nonzero(~np.isnan(logs))
        return float(-n / 2 * np.log(np.nanvar(moved(power))) + (power - 1) * np.nansum(logs))

    ratio = (np.sqrt(5.0) - 1) / 2
    left, right = -3.0, 3.0
    while right - left > 1e-6:
        a, b = right - ratio * (right - left), left + ratio * (right - left)
        if likelihood(a) < likelihood(b):
            left = a
        else:
            right = b
    return moved((left + right) / 2)
