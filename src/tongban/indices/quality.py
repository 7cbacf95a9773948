"""The catastrophe guard: what a number is made from, and when it is marked or withheld.

Bad data must not become a confident rank. A value counts by its weight in the index: measured fully,
an estimate with a source half, a value that a rule made up not at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tongban.indices.framework.model import Framework
from tongban.indices.missing import Origin
from tongban.indices.numbers import Booleans
from tongban.indices.result import UnitQuality
from tongban.indices.tree import nominal_weights

if TYPE_CHECKING:
    from tongban.indices.assessing import Prepared

ESTIMATE_COUNTS = 0.5


def judge(framework: Framework, prepared: Prepared) -> list[UnitQuality]:
    """The quality of each unit's number, in the table's order.

    A unit with a published score that decides is judged by that; a fixed score by the publisher's
    rule is not withheld.
    """
    weights = nominal_weights(framework, prepared.rolled)
    table = prepared.table
    years = table.years
    known = years is not None and not np.isnan(years).all()
    newest = float(np.nanmax(years)) if years is not None and known else float("nan")
    result = []
    for place in range(len(table.units)):
        worth = np.select(
            [
                prepared.origins[place] == Origin.MEASURED,
                prepared.origins[place] == Origin.ESTIMATE,
            ],
            [1.0, ESTIMATE_COUNTS],
            0.0,
        )
        coverage = float((weights * worth).sum())
        if framework.published.decides == "score" and table.published_score is not None:
            coverage = 1.0 if not np.isnan(table.published_score[place]) else coverage
        validity = float((weights * ~table.invalid[place]).sum())
        age = None
        if years is not None and not np.isnan(years[place]):
            age = float(newest - years[place])
        one = _judged(framework, coverage, validity, age)
        if prepared.incomplete[place]:
            note = f"score {framework.incomplete.score:g} by the publisher's rule: incomplete set"
            one = replace(one, state="marked", reasons=(note,))
        result.append(one)
    return result


def _judged(
    framework: Framework, coverage: float, validity: float, age: float | None
) -> UnitQuality:
    rule = framework.quality
    state, reasons = "full", []
    # Shares are sums of weights: a hair below a bound is on it.
    if coverage < rule.mark_below - 1e-9:
        state = "marked"
        reasons.append(f"only {coverage:.0%} of its weight rests on its own data")
    if validity < 1 - 1e-9:
        state = "marked"
        reasons.append(f"{1 - validity:.0%} of its weight rests on values out of range")
    if age is not None and rule.oldest_years is not None and age > rule.oldest_years:
        state = "marked"
        reasons.append(f"its data are {age:g} years older than the newest of the table")
    if coverage < rule.withhold_below - 1e-9:
        state = "withheld"
        reasons.append(f"below {rule.withhold_below:.0%} no rank is given")
    return UnitQuality(coverage, validity, age, state, tuple(reasons))


def judge_table(
    framework: Framework, quality: list[UnitQuality], assessed: Booleans
) -> tuple[list[UnitQuality], str]:
    """All ranks withheld when too few units can be ranked: the rest would rank among themselves."""
    counted = [one for one, used in zip(quality, assessed, strict=True) if used]
    good = sum(one.state != "withheld" for one in counted)
    if not counted or good >= framework.quality.table_below * len(counted):
        return quality, ""
    note = (
        f"all ranks are withheld: only {good} of {len(counted)} units have enough data of their own"
        f" (at least {framework.quality.table_below:.0%} of the units are needed)"
    )
    return [replace(one, state="withheld", reasons=(*one.reasons, note)) for one in quality], note
