"""Rank intervals: where a unit's rank lies when weights, methods and made-up values vary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tongban.indices import aggregation
from tongban.indices.assessing import Prepared, normalised
from tongban.indices.framework.model import Framework
from tongban.indices.missing import Origin
from tongban.indices.numbers import Booleans, Floats, Integers
from tongban.indices.ranks import ranks
from tongban.indices.robustness.drawing import Field, count_ranks, drawn_weights, monotone
from tongban.indices.tree import Rolled, roll_up

IMPUTATIONS = 25
SLOW_DRAWS = 200
SLOW_WORK = 4_000_000_000
"""Pairs of units times indicators that pairwise comparison may look at in all."""
MEANS = ("arithmetic", "geometric", "harmonic", "power")


@dataclass(frozen=True)
class Variant:
    """One way to get from filled values to scores."""

    normalisation: str
    aggregation: str
    imputation: int


def variants(framework: Framework, prepared: Prepared) -> list[Variant]:
    """All ways that are tried: methods of the framework, and draws of values that were made up."""
    rule = framework.uncertainty
    normalisations = dict.fromkeys((framework.normalisation.method, *rule.normalisations))
    aggregations = dict.fromkeys((framework.aggregation.method, *rule.aggregations))
    made_up = np.isin(prepared.origins, (Origin.MEAN, Origin.GROUP_MEAN, Origin.ESTIMATE)).any()
    return [
        Variant(normal, aggregate, sample)
        for normal in normalisations
        for aggregate in aggregations
        for sample in (range(IMPUTATIONS) if made_up else (0,))
    ]


def rank_intervals(
    framework: Framework, prepared: Prepared, places: Floats, *, draws: int, seed: int
) -> dict[int, tuple[int, int]]:
    """For each ranked unit, by its place in the table, the lowest and highest of its usual ranks.

    The interval holds the share `uncertainty.level` of the draws (its middle) and the reported rank.
    Empty without draws.
    """
    ranked = ~np.isnan(places)
    if draws < 1 or not ranked.any():
        return {}
    counts = rank_distribution(framework, prepared, ranked, draws=draws, seed=seed)
    tail = (1 - framework.uncertainty.level) / 2
    share = counts.cumsum(axis=1) / counts.sum(axis=1, keepdims=True)
    low = (share > tail + 1e-12).argmax(axis=1) + 1
    high = (share >= 1 - tail - 1e-12).argmax(axis=1) + 1
    result = {}
    for row, place in enumerate(np.flatnonzero(ranked)):
        own = places[place]
        result[int(place)] = (
            int(min(low[row], np.floor(own))), int(max(high[row], np.ceil(own)))
        )  # fmt: skip
    return result


def rank_distribution(
    framework: Framework, prepared: Prepared, ranked: Booleans, *, draws: int, seed: int
) -> Integers:
    """How often each ranked unit takes each rank (ranked units x ranks), over all draws."""
    random = np.random.default_rng(seed)
    size = int(ranked.sum())
    counts = np.zeros((size, size), dtype=np.int64)
    ways = variants(framework, prepared)
    per_way = [len(one) for one in np.array_split(np.arange(draws), len(ways))]
    spread = framework.uncertainty.weight_spread
    for way, number in zip(ways, per_way, strict=True):
        if not number:
            continue
        varied, leaves = leaves_of(framework, prepared, way, random)
        if _is_mean_throughout(varied):
            method = varied.aggregation.method
            values = monotone(without_gaps(varied, leaves), method, varied.aggregation.power)
            values[prepared.incomplete] = values.min() - 1.0
            field = Field.of(values[ranked])
            weights = drawn_weights(varied, prepared.rolled, number, spread, random)
            rows = np.zeros((field.columns.shape[1], size), dtype=np.int64)
            count_ranks(field, weights, rows, framework.ties)
            counts += rows[field.place]
        else:
            few = min(number, SLOW_DRAWS, 1 + SLOW_WORK // (len(leaves) ** 2 * leaves.shape[1]))
            for scores in _slow_scores(varied, prepared, leaves, few, random):
                found = np.floor(ranks(scores[ranked], framework.ties)).astype(np.int64) - 1
                counts[np.arange(size), found] += 1
    return counts


def _is_mean_throughout(framework: Framework) -> bool:
    method = framework.aggregation.method
    return method in MEANS and all(
        not node.aggregation or node.aggregation == method for node in framework.nodes
    )


def leaves_of(
    framework: Framework, prepared: Prepared, way: Variant, random: np.random.Generator
) -> tuple[Framework, Floats]:
    """The framework with the variant's methods, and its normalised indicators."""
    varied = replace(
        framework,
        normalisation=replace(framework.normalisation, method=way.normalisation),
        aggregation=replace(framework.aggregation, method=way.aggregation),
    )
    if way.aggregation != framework.aggregation.method:
        varied = replace(varied, nodes=tuple(replace(one, aggregation="") for one in varied.nodes))
    filled = (
        prepared.filled if way.imputation == 0 else _another_filling(prepared, framework, random)
    )
    filled = np.where(prepared.unassessed[:, None], np.nan, filled)
    if way == Variant(framework.normalisation.method, framework.aggregation.method, 0):
        return varied, prepared.leaves
    leaves, _ = normalised(varied, filled)
    if way.aggregation in ("geometric", "harmonic"):
        leaves = _lifted(leaves)
    return varied, leaves


def _lifted(leaves: Floats) -> Floats:
    """From a hundredth of each indicator's range up, as means of ratios need positive values."""
    empty = np.isnan(leaves).all(axis=0)
    known = np.where(empty, 0.0, leaves)
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    return np.where(low > 0, leaves, leaves - low + 0.01 * np.maximum(high - low, 1e-9))


def _another_filling(
    prepared: Prepared, framework: Framework, random: np.random.Generator
) -> Floats:
    """Values that were made up, drawn anew: estimates within their bounds, means by the spread."""
    filled = prepared.filled.copy()
    bounds = {(one.unit, one.indicator): one for one in framework.missing.estimates}
    for row, column in np.argwhere(prepared.origins != Origin.MEASURED):
        origin = prepared.origins[row, column]
        if origin == Origin.ESTIMATE:
            unit = prepared.table.units[row]
            one = bounds[unit, framework.indicators[column].code]
            filled[row, column] = random.uniform(one.low, one.high)
        elif origin in (Origin.MEAN, Origin.GROUP_MEAN):
            filled[row, column] = random.normal(
                filled[row, column], _spread(prepared, framework, int(row), int(column))
            )
    return filled


def _spread(prepared: Prepared, framework: Framework, row: int, column: int) -> float:
    """Standard deviation of what the mean was taken over, held within what was measured."""
    measured = prepared.origins[:, column] == Origin.MEASURED
    labels = prepared.table.groups.get(framework.missing.group)
    if prepared.origins[row, column] == Origin.GROUP_MEAN and labels:
        measured &= np.array([label == labels[row] for label in labels])
    values = prepared.filled[measured, column]
    return float(values.std()) if len(values) > 1 else 0.0


def without_gaps(framework: Framework, leaves: Floats) -> Floats:
    """Gaps filled with the score of the node above: the same as leaving them out, as weighted."""
    if not np.isnan(leaves).any():
        return leaves.copy()
    scores = roll_up(framework, leaves).scores
    parents = {one.code: one.parent for one in framework.parts}
    filled = leaves.copy()
    for place, indicator in enumerate(framework.indicators):
        code = indicator.parent
        while code and np.isnan(filled[:, place]).any():
            filled[:, place] = np.where(np.isnan(filled[:, place]), scores[code], filled[:, place])
            code = parents[code]
    least = np.nanmin(filled) if not np.isnan(filled).all() else 0.0
    return np.where(np.isnan(filled), least, filled)


def _slow_scores(
    framework: Framework, prepared: Prepared, leaves: Floats, draws: int,
    random: np.random.Generator,
) -> Iterator[Floats]:  # fmt: skip
    """Scores draw by draw, for trees that mix methods and for pairwise comparison."""
    spread = framework.uncertainty.weight_spread
    if framework.aggregation.method != "copeland" and any(
        (node.aggregation or framework.aggregation.method) != "arithmetic"
        for node in framework.nodes
    ):
        leaves = _lifted(leaves) if (leaves < 0).any() else leaves
    for _ in range(draws):
        drawn: Rolled = prepared.rolled
        factors = {one.code: 1 - spread + 2 * spread * random.random() for one in framework.parts}
        scores: dict[str, Floats] = {
            one.code: leaves[:, place] for place, one in enumerate(framework.indicators)
        }
        for node in framework.bottom_up():
            parts = framework.children(node.code)
            own = drawn.weights[node.code]
            weights = own * np.array([factors[part.code] for part in parts])
            method = node.aggregation or framework.aggregation.method
            if method == "copeland" and weights.ndim == 2:
                weights = np.nanmean(weights, axis=0)
            values = np.column_stack([scores[part.code] for part in parts])
            scores[node.code] = aggregation.aggregate(
                values, weights, method, framework.aggregation.power
            )
        final = scores[framework.root.code].copy()
        final[prepared.incomplete] = np.nanmin(final) - 1.0
        yield final
