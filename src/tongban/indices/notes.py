"""What an assessment has to say beside its numbers: warnings, made-up values, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tongban.base.tables import Problem
from tongban.indices.framework.model import Framework
from tongban.indices.missing import MissingValues, Origin
from tongban.indices.numbers import Booleans
from tongban.indices.ranks import ranks
from tongban.indices.result import Cell, UnitQuality
from tongban.indices.table import DataTable
from tongban.indices.words import Said, in_words

if TYPE_CHECKING:
    from tongban.indices.assessing import Prepared


def refused(framework: Framework, table: DataTable, gaps: MissingValues) -> list[Problem]:
    problems = []
    for row, column in gaps.cells:
        indicator = framework.indicators[column]
        problems.append(
            Problem(table.rows[row], indicator.columns[0], "missing_value",
                    f"{table.units[row]} has no value, and the framework refuses missing ones"
                    + (" without a previous table" if framework.missing.rule == "cold_deck" else ""))
        )  # fmt: skip
    return problems


def cells(framework: Framework, prepared: Prepared) -> list[Cell]:
    sources = {(one.unit, one.indicator): one.source for one in framework.missing.estimates}
    found = []
    for row, column in np.argwhere(prepared.origins != Origin.MEASURED):
        unit, indicator = prepared.table.units[row], framework.indicators[column].code
        origin = Origin(int(prepared.origins[row, column]))
        value = float(prepared.filled[row, column])
        source = sources.get((unit, indicator), "") if origin is Origin.ESTIMATE else ""
        found.append(Cell(unit, indicator, origin.code, None if np.isnan(value) else value, source))
    return found


def warnings(
    framework: Framework, prepared: Prepared, withheld: Booleans, withheld_all: str,
    quality: list[UnitQuality],
) -> list[str]:  # fmt: skip
    table = prepared.table
    lines = list(table.warnings)
    lines += [
        Said(f"assumption: {one.get('en', '')}", f"假设:{one.get('zh') or one.get('en', '')}")
        for one in framework.assumptions
    ]
    if prepared.screened:
        share, units = f"{framework.screening.minimum:.0%}", ", ".join(prepared.screened)
        lines.append(
            Said(
                f"left out, less than {share} of the data: {units}",
                f"数据不足 {share},未列入:{units}",
            )
        )
    if len(framework.indicators) == 1:
        lines.append(
            Said(
                "the table has one indicator: rank intervals can't say how sure a rank is",
                "表中只有一个指标:名次区间不能说明名次有多可靠",
            )
        )
    lines += _differences(framework, prepared)
    if withheld_all:
        lines.append(withheld_all)
    lines += [
        Said(
            f"{one.unit}: {one.indicator} is an estimate, {one.value:g}: {one.source}",
            f"{one.unit}:{one.indicator} 为估计值 {one.value:g}:{one.source}",
        )
        for one in framework.missing.estimates
        if one.unit in table.units
        and prepared.origins[table.units.index(one.unit)].max() == Origin.ESTIMATE
    ]
    for place, one in enumerate(quality):
        unit = table.units[place]
        if prepared.unassessed[place]:
            lines.append(Said(f"{unit}: not assessed, so without rank", f"{unit}:未测评,不排名"))
        elif one.state != "full" and not withheld_all:
            word = "rank withheld" if withheld[place] else "marked"
            chinese = "不给名次" if withheld[place] else "已标注"
            reasons = ";".join(in_words(reason, "zh") for reason in one.reasons)
            lines.append(
                Said(f"{unit}: {word}: {'; '.join(one.reasons)}", f"{unit}:{chinese}:{reasons}")
            )
    return lines


def _differences(framework: Framework, prepared: Prepared) -> list[Said]:
    """A line for each unit whose recomputed score is not the published one."""
    table, rule = prepared.table, framework.published
    if table.published_score is None or rule.decides == "nothing":
        return []
    lines: list[Said] = []
    digits = framework.decimals
    difference = np.abs(prepared.score - table.published_score)
    # A hair of room: 0.0001 is not a binary fraction.
    differing = np.flatnonzero(difference > rule.tolerance + 1e-9)
    for place in differing:
        follow = "rank and tier follow" if rule.decides == "rank" else "the score is"
        chinese = "名次和等级按" if rule.decides == "rank" else "得分取"
        ours = f"{prepared.score[place]:.{digits}f}"
        theirs = f"{table.published_score[place]:.{digits}f}"
        lines.append(
            Said(
                f"{table.units[place]}: the components give {ours}, published"
                f" is {theirs}; {follow} the published value",
                f"{table.units[place]}:由分项算得 {ours},公布值为 {theirs};{chinese}公布值",
            )
        )
    present = int((~np.isnan(difference)).sum())
    if present and len(differing) > present / 2:
        count = f"{len(differing)} of {present}"
        lines.insert(
            0,
            Said(
                f"{count} published scores don't follow these rules: is it another"
                " edition (--edition), or are the weights others?",
                f"{present} 个公布得分中有 {len(differing)} 个与本规则不符:是否为其他版本"
                "(--edition),或权重不同?",
            ),
        )
    if table.published_rank is not None:
        lines += _rank_differences(framework, prepared)
    return lines


def _rank_differences(framework: Framework, prepared: Prepared) -> list[Said]:
    table = prepared.table
    assert table.published_score is not None
    assert table.published_rank is not None
    shown = np.where(prepared.unassessed, np.nan, table.published_score)
    places = ranks(shown, framework.ties)
    return [
        Said(
            f"{table.units[place]}: published rank {table.published_rank[place]:g}, by the published"
            f" scores it is {places[place]:g}",
            f"{table.units[place]}:公布名次为 {table.published_rank[place]:g},按公布得分应为"
            f" {places[place]:g}",
        )
        for place in np.flatnonzero(
            ~np.isnan(places) & ~np.isnan(table.published_rank) & (places != table.published_rank)
        )
    ]
