"""Means, tiers and groups over the ranked units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tongban.indices.framework.model import Framework, GroupRule
from tongban.indices.numbers import Booleans, Floats
from tongban.indices.result import GroupResult, Summary, UnitResult

if TYPE_CHECKING:
    from tongban.indices.assessing import Prepared


def summarise(
    framework: Framework, units: tuple[UnitResult, ...], shown: Floats, prepared: Prepared
) -> Summary:
    """Figures over the units that have a rank, by the score that the ranks follow."""
    present = ~np.isnan(shown)
    mean = _mean(shown[present])
    dimensions = [part.code for part in framework.children(framework.root.code)]
    assigned = [one.tier for one in units]
    counts = {tier.code: assigned.count(tier.code) for tier in framework.tiers}
    means = {
        code: _mean(shown[[tier in members for tier in assigned]])
        for code, members in _unions(framework).items()
        if any(tier in members for tier in assigned)
    }
    return Summary(
        units=len(units),
        ranked=int(present.sum()),
        mean=mean,
        above_mean=int((shown[present] > mean + 1e-9).sum()),
        tiers=counts,
        tier_means=means,
        by_dimension={code: _mean(prepared.rolled.scores[code][present]) for code in dimensions},
        groups={
            group.code: found
            for group in framework.groups
            if (found := _groups(framework, group, units, shown, prepared, mean))
        },
        highest=float(np.nanmax(shown)) if present.any() else float("nan"),
        lowest=float(np.nanmin(shown)) if present.any() else float("nan"),
    )


def _mean(values: Floats) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else float("nan")


def _unions(framework: Framework) -> dict[str, tuple[str, ...]]:
    single = {tier.code: (tier.code,) for tier in framework.tiers}
    return {**single, **framework.tier_unions}


def _groups(
    framework: Framework, group: GroupRule, units: tuple[UnitResult, ...], shown: Floats,
    prepared: Prepared, mean: float,
) -> tuple[GroupResult, ...]:  # fmt: skip
    labels = np.array(prepared.table.groups[group.code])
    result = []
    for label in sorted({str(one) for one in labels if one}):
        inside: Booleans = (labels == label) & ~np.isnan(shown)
        if not inside.any():
            continue
        members = [units[place] for place in np.flatnonzero(inside)]
        codes = [part.code for part in framework.children(framework.root.code)]
        own = float(shown[inside].mean())
        result.append(
            GroupResult(
                label=label,
                units=len(members),
                mean=own,
                difference=own - mean,
                best=min(members, key=lambda one: one.rank or np.inf).unit,
                tiers={
                    tier.code: sum(one.tier == tier.code for one in members)
                    for tier in framework.tiers
                },
                components={code: _mean(prepared.rolled.scores[code][inside]) for code in codes},
                reference=group.references.get(label),
            )
        )
    return tuple(sorted(result, key=lambda one: -one.mean))
