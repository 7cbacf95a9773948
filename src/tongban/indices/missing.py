"""Missing data (handbook step 3): every rule records, cell by cell, where a value came from."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tongban.indices.framework.model import Estimate
from tongban.indices.numbers import Booleans, Floats

RULES = ("refuse", "zero", "exclude", "mean", "group_mean", "cold_deck")


class Origin(IntEnum):
    """Where the value of a cell came from."""

    MEASURED = 0
    EXCLUDED = 1
    ZERO = 2
    MEAN = 3
    GROUP_MEAN = 4
    PREVIOUS = 5
    ESTIMATE = 6

    @property
    def code(self) -> str:
        return self.name.lower()


Origins = NDArray[np.int8]


class MissingValues(ValueError):
    """Cells are missing and the rule does not say what to do. `cells` are (row, column) places."""

    def __init__(self, cells: list[tuple[int, int]]) -> None:
        super().__init__(f"{len(cells)} values are missing")
        self.cells = cells


def fill(
    values: Floats,
    rule: str,
    *,
    groups: Sequence[str] | None = None,
    previous: Floats | None = None,
    estimates: Sequence[tuple[int, int, Estimate]] = (),
    exempt: Booleans | None = None,
) -> tuple[Floats, Origins]:
    """Values without gaps (units x indicators) and the origin of each cell.

    `exclude` leaves NaN: the other indicators of the node then carry its weight. `cold_deck` takes
    the value of the previous table (`previous`, same shape), and refuses where that is missing too.
    A group mean of a group without any value is the mean over all units. Rows in `exempt` are left
    as they are. Raises MissingValues.
    """
    filled = values.copy()
    origins: Origins = np.zeros(values.shape, dtype=np.int8)
    for row, column, estimate in estimates:
        if np.isnan(filled[row, column]):
            filled[row, column] = estimate.value
            origins[row, column] = Origin.ESTIMATE
    gaps = np.isnan(filled)
    if exempt is not None:
        origins[gaps & exempt[:, None]] = Origin.EXCLUDED
        gaps &= ~exempt[:, None]
    if not gaps.any():
        return filled, origins
    if rule == "refuse":
        raise MissingValues([(int(row), int(column)) for row, column in np.argwhere(gaps)])
    if rule == "zero":
        filled[gaps], origins[gaps] = 0.0, Origin.ZERO
    elif rule == "exclude":
        origins[gaps] = Origin.EXCLUDED
    elif rule == "mean":
        filled[gaps] = np.broadcast_to(_means(values), values.shape)[gaps]
        origins[gaps] = Origin.MEAN
    elif rule == "group_mean":
        _fill_with_group_means(values, filled, origins, gaps, groups or [""] * len(values))
    elif rule == "cold_deck":
        _fill_from_previous(filled, origins, gaps, previous)
    else:
        raise ValueError(f"no rule for missing data is called {rule!r}")
    return filled, origins


def _means(values: Floats) -> Floats:
    """Mean of each column over what is there; NaN for a column without a value."""
    present = ~np.isnan(values)
    counts = present.sum(axis=0)
    sums = np.where(present, values, 0.0).sum(axis=0)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def _fill_with_group_means(
    values: Floats, filled: Floats, origins: Origins, gaps: Booleans, groups: Sequence[str]
) -> None:
    labels = np.array(groups)
    overall = _means(values)
    for label in np.unique(labels):
        inside = labels == label
        means = _means(values[inside]) if label else np.full(values.shape[1], np.nan)
        for row in np.flatnonzero(inside):
            own = gaps[row] & ~np.isnan(means)
            filled[row, own], origins[row, own] = means[own], Origin.GROUP_MEAN
            rest = gaps[row] & np.isnan(means)
            filled[row, rest], origins[row, rest] = overall[rest], Origin.MEAN


def _fill_from_previous(
    filled: Floats, origins: Origins, gaps: Booleans, previous: Floats | None
) -> None:
    source = np.full(filled.shape, np.nan) if previous is None else previous
    lost = gaps & np.isnan(source)
    if lost.any():
        raise MissingValues([(int(row), int(column)) for row, column in np.argwhere(lost)])
    filled[gaps], origins[gaps] = source[gaps], Origin.PREVIOUS
