"""Tiers (档) by bounds, and their equal parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tongban.indices.framework.model import Tier
from tongban.indices.numbers import Floats


def tier_of(score: float, tiers: Sequence[Tier]) -> str:
    """The code of the first tier that holds the score; empty for NaN or without tiers."""
    if np.isnan(score):
        return ""
    rounded = round(score, 10)
    return next((tier.code for tier in tiers if tier.holds(rounded)), "")


def quantile_tiers(scores: Floats, codes: Sequence[str]) -> list[str]:
    """Tiers of equal numbers of units, best first; equal scores stay together in the better one."""
    ordered = np.sort(scores[~np.isnan(scores)])[::-1]
    result = []
    for score in scores:
        if np.isnan(score):
            result.append("")
            continue
        place = int(np.searchsorted(-ordered, -score))
        result.append(codes[min(place * len(codes) // max(len(ordered), 1), len(codes) - 1)])
    return result


def parts_of_tiers(scores: Floats, assigned: Sequence[str], tiers: Sequence[Tier]) -> list[str]:
    """The part of its tier that each unit lies in (UN since 2020: VH V3 V2 V1); empty without."""
    result = [""] * len(scores)
    for tier in tiers:
        inside = [place for place, code in enumerate(assigned) if code == tier.code]
        if tier.parts and inside:
            for place, part in zip(inside, quantile_tiers(scores[inside], tier.parts), strict=True):
                result[place] = part
    return result
