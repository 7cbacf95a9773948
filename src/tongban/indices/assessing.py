"""An assessment from table to ranks: one function for each step of the handbook, in its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tongban.indices import normalisation, notes, tiers
from tongban.indices.contributions import contributions
from tongban.indices.diagnostics import components, reliability
from tongban.indices.framework.model import Estimate, Framework, Indicator
from tongban.indices.missing import MissingValues, Origins, fill
from tongban.indices.numbers import Booleans, Floats
from tongban.indices.outliers import Treatment, treat
from tongban.indices.quality import judge, judge_table
from tongban.indices.ranks import ranks
from tongban.indices.reading import InvalidTable
from tongban.indices.result import Assessment, Before, UnitQuality, UnitResult
from tongban.indices.summaries import summarise
from tongban.indices.table import DataTable
from tongban.indices.tree import Rolled, effective_weights, roll_up
from tongban.indices.weights import correlation


@dataclass(frozen=True)
class Prepared:
    """The table after imputation, treatment, normalisation and aggregation."""

    table: DataTable
    filled: Floats
    origins: Origins
    treatments: Mapping[str, Treatment]
    leaves: Floats
    rolled: Rolled
    score: Floats
    incomplete: Booleans
    unassessed: Booleans
    screened: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What each unit got, in the table's order."""

    score: Floats
    places: Floats
    tiers: list[str]
    parts: list[str]
    quality: list[UnitQuality]
    withheld: Booleans
    intervals: dict[int, tuple[int, int]]
    points: Floats


def assess(
    framework: Framework,
    table: DataTable,
    *,
    previous: Assessment | None = None,
    draws: int | None = None,
    seed: int = 1,
    sensitivity: bool = False,
) -> Assessment:
    """Scores, ranks, tiers, groups, moves, the quality of each number and how sure each rank is.

    `previous` is the assessment of an earlier table. `draws` is the number of Monte Carlo draws
    behind the rank intervals (the framework's by default, 0 for none); `sensitivity` asks what moves
    ranks most. Raises InvalidTable when cells are missing and the framework refuses them.
    """
    from tongban.indices.robustness.intervals import rank_intervals
    from tongban.indices.robustness.sobol import rank_shift_sensitivity

    prepared = prepare(framework, table, previous)
    kept = prepared.table
    published = kept.published_score
    decides = framework.published.decides
    basis = prepared.score
    if published is not None and decides != "nothing":
        basis = np.where(np.isnan(published), prepared.score, published)
    score = basis if decides == "score" else prepared.score
    quality = judge(framework, prepared)
    quality, withheld_all = judge_table(framework, quality, ~prepared.unassessed)
    withheld = np.array([one.state == "withheld" for one in quality]) & ~prepared.unassessed
    shown = np.where(prepared.unassessed | withheld, np.nan, basis)
    places = ranks(shown, framework.ties)
    assigned = _tiers(framework, kept, shown)
    parts = tiers.parts_of_tiers(shown, assigned, framework.tiers)
    count = framework.uncertainty.draws if draws is None else draws
    intervals = rank_intervals(framework, prepared, places, draws=count, seed=seed)
    effective = effective_weights(framework, prepared.rolled)
    points = contributions(framework, prepared.rolled, prepared.leaves)
    outcome = Outcome(score, places, assigned, parts, quality, withheld, intervals, points)
    units = tuple(
        _unit(framework, prepared, outcome, place, previous) for place in range(len(kept.units))
    )
    return Assessment(
        framework=framework,
        table=kept,
        units=units,
        summary=summarise(framework, units, shown, prepared),
        warnings=tuple(notes.warnings(framework, prepared, withheld, withheld_all, quality)),
        cells=tuple(notes.cells(framework, prepared)),
        treatments=prepared.treatments,
        leaves=prepared.leaves,
        rolled=prepared.rolled,
        origins=prepared.origins,
        effective=effective,
        points=points,
        correlation=_correlation(prepared.leaves),
        reliability=reliability(prepared.leaves),
        components=components(prepared.leaves),
        previous=previous,
        sensitivity=rank_shift_sensitivity(framework, prepared, seed=seed) if sensitivity else None,
        draws=count if intervals else 0,
        seed=seed,
    )


def scores_only(framework: Framework, table: DataTable) -> Floats:
    """The recomputed scores in the table's order, NaN for units that have none."""
    prepared = prepare(framework, table, None)
    by_unit = dict(zip(prepared.table.units, prepared.score, strict=True))
    return np.array([by_unit.get(unit, np.nan) for unit in table.units])


def prepare(framework: Framework, table: DataTable, previous: Assessment | None) -> Prepared:
    """Steps 3 to 6 of the handbook: impute, treat, normalise, aggregate."""
    screened: tuple[str, ...] = ()
    if framework.screening.minimum and not framework.screening.after_imputation:
        table, screened = _screen(framework, table, table.values)
    incomplete, unassessed = _incomplete(framework, table)
    try:
        filled, origins = fill(
            table.values,
            framework.missing.rule,
            groups=table.groups.get(framework.missing.group),
            previous=_previous_values(framework, table, previous),
            estimates=_estimates(framework, table),
            exempt=incomplete | unassessed,
        )
    except MissingValues as gaps:
        raise InvalidTable(table.name, notes.refused(framework, table, gaps)) from None
    if framework.screening.minimum and framework.screening.after_imputation:
        before = table
        table, screened = _screen(framework, table, filled)
        chosen = [before.units.index(unit) for unit in table.units]
        filled, origins = filled[chosen], origins[chosen]
        incomplete, unassessed = incomplete[chosen], unassessed[chosen]
    leaves, treatments = normalised(framework, np.where(unassessed[:, None], np.nan, filled))
    rolled = roll_up(framework, leaves)
    score = rolled.scores[framework.root.code].copy()
    score[incomplete] = framework.incomplete.score
    score[unassessed] = np.nan
    return Prepared(table, filled, origins, treatments, leaves, rolled, score, incomplete,
                    unassessed, screened)  # fmt: skip


def normalised(
    framework: Framework, filled: Floats, method: str = ""
) -> tuple[Floats, dict[str, Treatment]]:
    """Indicators treated for outliers and on one scale; `method` in place of the framework's."""
    columns, treatments = [], {}
    for place, indicator in enumerate(framework.indicators):
        values, done = treat(filled[:, place], framework.outliers)
        if done:
            treatments[indicator.code] = done
        columns.append(_on_scale(framework, indicator, values, method))
    return np.column_stack(columns), treatments


def _on_scale(framework: Framework, indicator: Indicator, values: Floats, method: str) -> Floats:
    rule = framework.normalisation
    method = method or rule.method
    direction = indicator.direction
    if method == "none":
        signed: Floats = values * direction
        return signed
    if method == "min_max":
        return normalisation.min_max(values, direction, rule.low, rule.high)
    if method == "z_score":
        return normalisation.z_score(values, direction)
    if method == "rank":
        return normalisation.rank(values, direction)
    if method == "percentile":
        return normalisation.percentile(values, direction, rule.low, rule.high)
    if method == "goalposts" and None not in indicator.goalposts:
        low, high = indicator.goalposts
        return normalisation.goalposts(
            values, (float(low or 0.0), float(high or 0.0)), direction, rule.low, rule.high
        )
    if method == "reference" and indicator.reference is not None:
        return normalisation.distance_to_reference(values, indicator.reference, direction)
    if method == "categories":
        return normalisation.categories(values, indicator.steps, direction, rule.low, rule.high)
    raise ValueError(f"{indicator.code} can't be normalised by {method}")


def _incomplete(framework: Framework, table: DataTable) -> tuple[Booleans, Booleans]:
    """Units with a fixed score by the publisher's rule, and units that nobody assessed."""
    rule = framework.incomplete
    estimated = {one.unit for one in framework.missing.estimates}
    unassessed = np.isnan(table.values).all(axis=1) & np.array(
        [unit not in estimated for unit in table.units]
    )
    if table.published_score is not None and framework.published.decides == "score":
        unassessed &= np.isnan(table.published_score)
    if framework.published.blank_rank_is_unassessed and table.published_rank is not None:
        unassessed |= np.isnan(table.published_rank)
    incomplete = np.zeros(len(table.units), dtype=bool)
    for code in rule.indicators:
        place = [one.code for one in framework.indicators].index(code)
        column = table.values[:, place]
        incomplete |= np.isnan(column) | ((column == 0) & rule.zero_counts)
    return incomplete & ~unassessed, unassessed


def _screen(
    framework: Framework, table: DataTable, values: Floats
) -> tuple[DataTable, tuple[str, ...]]:
    share = 1 - np.isnan(values).mean(axis=1)
    kept = np.flatnonzero(share >= framework.screening.minimum)
    out = [unit for place, unit in enumerate(table.units) if place not in set(kept)]
    return (table.keep([int(one) for one in kept]), tuple(out)) if out else (table, ())


def _previous_values(
    framework: Framework, table: DataTable, previous: Assessment | None
) -> Floats | None:
    if framework.missing.rule != "cold_deck" or previous is None:
        return None
    codes = [one.code for one in previous.framework.indicators]
    rows = {unit: place for place, unit in enumerate(previous.table.units)}
    values = np.full(table.values.shape, np.nan)
    for column, indicator in enumerate(framework.indicators):
        if indicator.code in codes:
            for row, unit in enumerate(table.units):
                if unit in rows:
                    values[row, column] = previous.table.values[
                        rows[unit], codes.index(indicator.code)
                    ]
    return values


def _estimates(framework: Framework, table: DataTable) -> list[tuple[int, int, Estimate]]:
    codes = [one.code for one in framework.indicators]
    return [
        (table.units.index(one.unit), codes.index(one.indicator), one)
        for one in framework.missing.estimates
        if one.unit in table.units
    ]


def _tiers(framework: Framework, table: DataTable, basis: Floats) -> list[str]:
    if framework.tier_basis == "quantile" and framework.tiers:
        return tiers.quantile_tiers(basis, [one.code for one in framework.tiers])
    if framework.tier_basis == "difference":
        basis = basis - references(framework, table)
    return [tiers.tier_of(float(one), framework.tiers) for one in basis]


def references(framework: Framework, table: DataTable) -> Floats:
    """The reference of each unit by its group; NaN without."""
    result = np.full(len(table.units), np.nan)
    for group in framework.groups:
        for place, label in enumerate(table.groups[group.code]):
            if label in group.references:
                result[place] = group.references[label]
    return result


def _unit(
    framework: Framework,
    prepared: Prepared,
    outcome: Outcome,
    place: int,
    previous: Assessment | None,
) -> UnitResult:
    table = prepared.table
    unit = table.units[place]
    status = "ranked"
    if prepared.unassessed[place]:
        status = "not_assessed"
    elif outcome.withheld[place]:
        status = "withheld"
    elif prepared.incomplete[place]:
        status = "incomplete"

    def number(values: Floats | None) -> float | None:
        return None if values is None or np.isnan(values[place]) else float(values[place])

    scores = dict(prepared.rolled.scores)
    scores[framework.root.code] = prepared.score
    codes = [node.code for node in framework.nodes] + [one.code for one in framework.indicators]
    return UnitResult(
        unit=unit,
        names=table.names[place],
        title=table.titles[place],
        score=None if outcome.withheld[place] else number(outcome.score),
        rank=number(outcome.places),
        tier=outcome.tiers[place],
        tier_part=outcome.parts[place],
        components={code: number(scores[code]) for code in codes},
        contributions=_brought(framework, outcome, place) if status == "ranked" else {},
        quality=outcome.quality[place],
        rank_interval=outcome.intervals.get(place),
        published_score=number(table.published_score),
        published_rank=number(table.published_rank),
        recomputed=number(prepared.score),
        before=_before(previous, unit),
        groups={code: labels[place] for code, labels in table.groups.items() if labels[place]},
        status=status,
    )


def _brought(framework: Framework, outcome: Outcome, place: int) -> dict[str, float]:
    return {
        one.code: float(points)
        for one, points in zip(framework.indicators, outcome.points[place], strict=True)
    }


def _before(previous: Assessment | None, unit: str) -> Before | None:
    if previous is None:
        return None
    try:
        one = previous.of(unit)
    except KeyError:
        return None
    return Before(one.score, one.rank, one.tier)


def _correlation(leaves: Floats) -> Floats | None:
    complete = leaves[~np.isnan(leaves).any(axis=1)]
    return correlation(complete) if len(complete) > 2 and leaves.shape[1] > 1 else None


def with_edition(assessment: Assessment, how: str, warning: str) -> Assessment:
    """The assessment with a note on how its edition was found."""
    warnings = ((warning,) if warning else ()) + assessment.warnings
    return replace(assessment, edition_found=how, warnings=warnings)
