"""Variance-based sensitivity (Sobol' 1993; Saltelli et al. 2010; Jansen 1999; handbook 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tongban.indices.assessing import Prepared
from tongban.indices.framework.model import Framework
from tongban.indices.numbers import Floats
from tongban.indices.ranks import ranks
from tongban.indices.result import Sensitivity
from tongban.indices.robustness.drawing import Field, monotone, rank_of_units
from tongban.indices.robustness.intervals import (
    MEANS,
    Variant,
    leaves_of,
    variants,
    without_gaps,
)
from tongban.indices.tree import nominal_weights

REPEATS = 200


def latin_hypercube(points: int, inputs: int, random: np.random.Generator) -> Floats:
    """Points in the unit cube, one in each of `points` layers of every input (McKay et al. 1979)."""
    layers = random.permuted(np.tile(np.arange(points), (inputs, 1)), axis=1).T
    result: Floats = (layers + random.random((points, inputs))) / points
    return result


def sobol(
    function: Callable[[Floats], Floats],
    inputs: Sequence[str],
    *,
    points: int = 1024,
    seed: int = 1,
) -> Sensitivity:
    """First-order and total indices of a function of uniform inputs in 0..1 (rows x inputs).

    S_i = V(E[Y|X_i]) / V(Y) by Saltelli's (2010) estimator, S_Ti = 1 - V(E[Y|X_~i]) / V(Y) by
    Jansen's; points x (inputs + 2) evaluations. A constant function has zero indices.
    """
    random = np.random.default_rng(seed)
    count = len(inputs)
    a, b = (latin_hypercube(points, count, random) for _ in range(2))
    y_a, y_b = function(a), function(b)
    y_mixed = np.empty((points, count))
    for place in range(count):
        mixed = a.copy()
        mixed[:, place] = b[:, place]
        y_mixed[:, place] = function(mixed)
    # Centred: the estimator's own variance is smaller, its expectation the same.
    centre = np.concatenate([y_a, y_b]).mean()
    y_a, y_b, y_mixed = y_a - centre, y_b - centre, y_mixed - centre
    first, total, variance = _indices(y_a, y_b, y_mixed)
    picks = random.integers(0, points, (REPEATS, points))
    again = [_indices(y_a[pick], y_b[pick], y_mixed[pick]) for pick in picks]
    return Sensitivity(
        tuple(inputs), tuple(first), tuple(total),
        tuple(1.96 * np.std([one[0] for one in again], axis=0)),
        tuple(1.96 * np.std([one[1] for one in again], axis=0)),
        float(centre), variance,
    )  # fmt: skip


def _indices(y_a: Floats, y_b: Floats, mixed: Floats) -> tuple[Floats, Floats, float]:
    variance = float(np.concatenate([y_a, y_b]).var())
    if not variance > 0:
        nothing = np.zeros(mixed.shape[1])
        return nothing, nothing, 0.0
    first = (y_b[:, None] * (mixed - y_a[:, None])).mean(axis=0) / variance
    total = ((y_a[:, None] - mixed) ** 2).mean(axis=0) / 2 / variance
    return first, total, variance


def rank_shift_sensitivity(
    framework: Framework, prepared: Prepared, *, points: int = 256, seed: int = 1
) -> Sensitivity | None:
    """What moves ranks most: indices of the mean rank shift (handbook eq. 38) by the choice of method
    and by the weight of each part of the index.

    None when nothing can vary (one part and one method) or when a method is no mean.
    """
    parts = framework.children(framework.root.code)
    ways = variants(framework, prepared)
    # One sample of made-up values for each, so that a row of inputs says all.
    normalisations = list(dict.fromkeys(one.normalisation for one in ways))
    aggregations = [one for one in dict.fromkeys(w.aggregation for w in ways) if one in MEANS]
    if not aggregations or any(node.aggregation for node in framework.nodes):
        return None
    samples = sorted({one.imputation for one in ways})
    choices: dict[str, list[Any]] = {
        "normalisation": normalisations,
        "aggregation": aggregations,
        "imputation": samples,
    }
    triggers = {name: options for name, options in choices.items() if len(options) > 1}
    weighted = [part.code for part in parts] if len(parts) > 1 else []
    inputs = [*triggers, *(f"weight:{code}" for code in weighted)]
    if not inputs:
        return None
    ranked = ~np.isnan(prepared.score)
    reference = ranks(prepared.score[ranked], "competition")
    random = np.random.default_rng(seed)
    fields: dict[Variant, Field] = {}
    for normal in normalisations:
        for method in aggregations:
            for sample in samples:
                way = Variant(normal, method, sample)
                varied, leaves = leaves_of(framework, prepared, way, random)
                values = monotone(without_gaps(varied, leaves), method, varied.aggregation.power)
                values[prepared.incomplete] = values.min() - 1.0
                fields[way] = Field.of(values[ranked])
    nominal = nominal_weights(framework, prepared.rolled)
    member = _members(framework)
    spread = framework.uncertainty.weight_spread

    def shift(rows: Floats) -> Floats:
        by_name = dict(zip(inputs, rows.T, strict=True))
        weights = np.tile(nominal, (len(rows), 1))
        for code in weighted:
            factor = 1 - spread + 2 * spread * by_name[f"weight:{code}"]
            weights[:, member[code]] *= factor[:, None]
        weights /= weights.sum(axis=1, keepdims=True)
        picks = {
            name: np.minimum((by_name[name] * len(options)).astype(int), len(options) - 1)
            for name, options in triggers.items()
        }
        result = np.empty(len(rows))
        for way, field in fields.items():
            chosen = np.ones(len(rows), dtype=bool)
            for name, options in triggers.items():
                chosen &= picks[name] == options.index(getattr(way, name))
            here = np.flatnonzero(chosen)
            for chunk, places in rank_of_units(field, weights[here], "competition"):
                result[here[chunk]] = np.abs(places - reference).mean(axis=1)
        return result

    return sobol(shift, inputs, points=points, seed=seed)


def _members(framework: Framework) -> dict[str, list[int]]:
    """For each part of the index, the places of the indicators below it."""
    parents = {one.code: one.parent for one in framework.parts}
    root = framework.root.code
    result: dict[str, list[int]] = {}
    for place, indicator in enumerate(framework.indicators):
        code = indicator.code
        while parents[code] != root:
            code = parents[code]
        result.setdefault(code, []).append(place)
    return result
