"""Rolling indicators up the tree of a framework, and what each of them weighs in the index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongban.indices import weights as weighting
from tongban.indices.aggregation import aggregate, shares
from tongban.indices.framework.model import Framework, Indicator, Node
from tongban.indices.numbers import Floats


@dataclass(frozen=True)
class Rolled:
    """Scores of all nodes and indicators by code, and the weights of each node's parts."""

    scores: dict[str, Floats]
    weights: dict[str, Floats]
    """For each node: one weight per part, or units x parts (benefit of the doubt)."""


def roll_up(framework: Framework, leaves: Floats) -> Rolled:
    """Every node's score from normalised indicators (units x indicators)."""
    scores: dict[str, Floats] = {
        one.code: leaves[:, place] for place, one in enumerate(framework.indicators)
    }
    used: dict[str, Floats] = {}
    for node in framework.bottom_up():
        parts = framework.children(node.code)
        values = np.column_stack([scores[part.code] for part in parts])
        own, ready = part_weights(framework, node, parts, values)
        used[node.code] = own
        method = node.aggregation or framework.aggregation.method
        scores[node.code] = (
            ready
            if ready is not None
            else aggregate(values, own, method, framework.aggregation.power)
        )
    return Rolled(scores, used)


def part_weights(
    framework: Framework, node: Node, parts: list[Node | Indicator], values: Floats
) -> tuple[Floats, Floats | None]:
    """Weights of a node's parts; for the benefit of the doubt also its scores (in 0 to 100)."""
    method = framework.weighting.method
    if len(parts) == 1 or method == "equal":
        return weighting.equal(len(parts)), None
    if method == "pca":
        return weighting.principal_components(values), None
    if method == "entropy":
        return weighting.entropy(values), None
    if method == "critic":
        return weighting.critic(values), None
    if method == "budget":
        points = [framework.weighting.allocations.get(part.code, ()) for part in parts]
        if all(points):
            return weighting.budget(np.array(points).T.tolist()), None
    if method == "benefit_of_the_doubt":
        chosen, scores = weighting.benefit_of_the_doubt(values, framework.weighting.shares)
        return chosen, 100 * scores
    given = np.array([part.weight for part in parts])
    return given / given.sum(), None


def effective_weights(framework: Framework, rolled: Rolled) -> Floats:
    """What each indicator weighs in the index, per unit (units x indicators); rows add up to 1.

    Parts that a unit lacks weigh nothing and the others more.
    """
    units = len(rolled.scores[framework.root.code])
    weight: dict[str, Floats] = {framework.root.code: np.ones(units)}
    for node in reversed(framework.bottom_up()):
        parts = framework.children(node.code)
        values = np.column_stack([rolled.scores[part.code] for part in parts])
        share = shares(values, rolled.weights[node.code])
        for place, part in enumerate(parts):
            weight[part.code] = weight[node.code] * np.nan_to_num(share[:, place])
    return np.column_stack([weight[one.code] for one in framework.indicators])


def nominal_weights(framework: Framework, rolled: Rolled) -> Floats:
    """What each indicator weighs for a unit that has all of them (one per indicator)."""
    weight = {framework.root.code: 1.0}
    for node in reversed(framework.bottom_up()):
        own = rolled.weights[node.code]
        own = np.nanmean(own, axis=0) if own.ndim == 2 else own
        own = own / own.sum()
        for place, part in enumerate(framework.children(node.code)):
            weight[part.code] = weight[node.code] * float(own[place])
    return np.array([weight[one.code] for one in framework.indicators])
