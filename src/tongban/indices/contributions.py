"""What makes a score, and what makes the gap between two units."""

from __future__ import annotations

import numpy as np

from tongban.indices.framework.model import Framework
from tongban.indices.numbers import Floats
from tongban.indices.tree import Rolled, effective_weights, roll_up

ORDERS = 32


def is_linear(framework: Framework) -> bool:
    """Whether the index is a weighted sum of its indicators."""
    return framework.weighting.method != "benefit_of_the_doubt" and all(
        (node.aggregation or framework.aggregation.method) == "arithmetic"
        for node in framework.nodes
    )


def contributions(framework: Framework, rolled: Rolled, leaves: Floats) -> Floats:
    """Points of the index that each indicator brings (units x indicators); rows sum to the score.

    Exact for weighted sums. Otherwise the score is shared out by weight times value.
    """
    weights = effective_weights(framework, rolled)
    points = weights * np.nan_to_num(leaves)
    if is_linear(framework):
        return points
    total = points.sum(axis=1, keepdims=True)
    score = rolled.scores[framework.root.code][:, None]
    scaled: Floats = np.divide(points, total, out=np.zeros(points.shape), where=total != 0) * score
    return scaled


def gap(framework: Framework, leaves: Floats, unit: int, other: int, seed: int = 1) -> Floats:
    """What each indicator adds to score(unit) - score(other); the sum is the gap itself.

    For weighted sums w (x - y). For other aggregations the Shapley value over the order in which
    indicators change from one unit's to the other's: the mean over random orders, each of which sums
    to the gap exactly. Missing indicators contribute where they change what others weigh.
    """
    count = leaves.shape[1]
    if is_linear(framework) and not np.isnan(leaves[[unit, other]]).any():
        weights = effective_weights(framework, roll_up(framework, leaves))
        difference: Floats = weights[unit] * (leaves[unit] - leaves[other])
        return difference
    if framework.weighting.method not in ("given", "equal", "budget"):
        raise ValueError("the gap is shared out for weights that don't depend on the units")
    random = np.random.default_rng(seed)
    total = np.zeros(count)
    for _ in range(ORDERS):
        order = random.permutation(count)
        steps = np.tile(leaves[other], (count + 1, 1))
        for place, indicator in enumerate(order):
            steps[place + 1 :, indicator] = leaves[unit, indicator]
        scores = roll_up(framework, steps).scores[framework.root.code]
        total[order] += np.diff(scores)
    return total / ORDERS
