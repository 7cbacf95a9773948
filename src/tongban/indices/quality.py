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
from tongban.indices.words import Said

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
            score = f"{framework.incomplete.score:g}"
            note = Said(
                f"score {score} by the publisher's rule: incomplete set",
                f"数据不全,按发布者的规则记 {score} 分",
            )
            one = replace(one, state="marked", reasons=(note,))
        result.append(one)
    return result


def _judged(
    framework: Framework, coverage: float, validity: float, age: float | None
) -> UnitQuality:
    rule = framework.quality
    state = "full"
    reasons: list[str] = []
    # Shares are sums of weights: a hair below a bound is on it.
    if coverage < rule.mark_below - 1e-9:
        state = "marked"
        reasons.append(
            Said(
                f"only {coverage:.0%} of its weight rests on its own data",
                f"只有 {coverage:.0%} 的权重来自自身数据",
            )
        )
    if validity < 1 - 1e-9:
        state = "marked"
        reasons.append(
            Said(
                f"{1 - validity:.0%} of its weight rests on values out of range",
                f"{1 - validity:.0%} 的权重来自超出范围的数值",
            )
        )
    if age is not None and rule.oldest_years is not None and age > rule.oldest_years:
        state = "marked"
        reasons.append(
            Said(
                f"its data are {age:g} years older than the newest of the table",
                f"数据比表中最新的早 {age:g} 年",
            )
        )
    if coverage < rule.withhold_below - 1e-9:
        state = "withheld"
        reasons.append(
            Said(
                f"below {rule.withhold_below:.0%} no rank is given",
                f"低于 {rule.withhold_below:.0%} 不给名次",
            )
        )
    return UnitQuality(coverage, validity, age, state, tuple(reasons))


def judge_table(
    framework: Framework, quality: list[UnitQuality], assessed: Booleans
) -> tuple[list[UnitQuality], str]:
    """All ranks withheld when too few units can be ranked: the rest would rank among themselves."""
    counted = [one for one, used in zip(quality, assessed, strict=True) if used]
    good = sum(one.state != "withheld" for one in counted)
    if not counted or good >= framework.quality.table_below * len(counted):
        return quality, ""
    needed = f"{framework.quality.table_below:.0%}"
    note = Said(
        f"all ranks are withheld: only {good} of {len(counted)} units have enough data of their own"
        f" (at least {needed} of the units are needed)",
        f"全部名次不予公布:{len(counted)} 个对象中只有 {good} 个自身数据充足(至少需要 {needed})",
    )
    return [replace(one, state="withheld", reasons=(*one.reasons, note)) for one in quality], note
