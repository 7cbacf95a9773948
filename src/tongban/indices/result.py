"""What an assessment says: for each unit, over all, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from tongban.indices.diagnostics import Components, Reliability
from tongban.indices.framework.model import Framework, Names
from tongban.indices.missing import Origins
from tongban.indices.numbers import Floats
from tongban.indices.outliers import Treatment
from tongban.indices.table import DataTable
from tongban.indices.tree import Rolled


def rounded(value: float | None, decimals: int) -> float | None:
    """Half up, as printed tables round (40.625 gives 40.63); None stays."""
    if value is None or not np.isfinite(value):
        return None
    # Twelve digits first: sums that should end in 5 end in 499999… by binary fractions.
    exact = Decimal(repr(round(float(value), 12)))
    return float(exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


@dataclass(frozen=True)
class UnitQuality:
    """What a unit's number is made from; shares of weight in 0..1, age in years."""

    coverage: float
    validity: float
    age: float | None
    state: str
    """`full`, `marked` or `withheld`."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Before:
    """The unit in the previous table."""

    score: float | None
    rank: float | None
    tier: str


@dataclass(frozen=True)
class UnitResult:
    """One unit. `rank` is None when it was not assessed or is withheld."""

    unit: str
    names: Names
    title: str
    """Its name as the table writes it."""
    score: float | None
    rank: float | None
    tier: str
    tier_part: str
    components: Mapping[str, float | None]
    contributions: Mapping[str, float]
    """Points of the score that each indicator brings."""
    quality: UnitQuality
    rank_interval: tuple[int, int] | None = None
    published_score: float | None = None
    published_rank: float | None = None
    recomputed: float | None = None
    before: Before | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    status: str = "ranked"
    """`ranked`, `not_assessed`, `screened_out`, `withheld` or `incomplete` (fixed score)."""

    @property
    def rank_change(self) -> float | None:
        """Places won (positive) or lost since the previous table."""
        if self.before is None or self.before.rank is None or self.rank is None:
            return None
        return self.before.rank - self.rank

    @property
    def score_change(self) -> float | None:
        if self.before is None or self.before.score is None or self.score is None:
            return None
        return self.score - self.before.score


@dataclass(frozen=True)
class GroupResult:
    """One group of units: means over its ranked units."""

    label: str
    units: int
    mean: float
    difference: float
    """Mean of the group less mean of all."""
    best: str
    tiers: Mapping[str, int]
    components: Mapping[str, float]
    reference: float | None = None


@dataclass(frozen=True)
class Summary:
    """Figures over all ranked units."""

    units: int
    ranked: int
    mean: float
    above_mean: int
    tiers: Mapping[str, int]
    tier_means: Mapping[str, float]
    by_dimension: Mapping[str, float]
    groups: Mapping[str, tuple[GroupResult, ...]]
    highest: float
    lowest: float


@dataclass(frozen=True)
class Cell:
    """A value that was not measured, and where it came from."""

    unit: str
    indicator: str
    origin: str
    value: float | None
    source: str = ""


@dataclass(frozen=True)
class Outside:
    """An outside variable and how the score goes with it, over the units that have both."""

    source: str
    column: str
    year: str
    values: Mapping[str, float]
    units: int
    spearman: float
    pearson: float
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "column": self.column,
            "year": self.year or None,
            "units": self.units,
            "spearman": rounded(self.spearman, 4),
            "pearson": rounded(self.pearson, 4),
        }


@dataclass(frozen=True)
class Sensitivity:
    """Share of an output's variance by input: alone (`first`), and with all it takes part in."""

    inputs: tuple[str, ...]
    first: tuple[float, ...]
    total: tuple[float, ...]
    first_error: tuple[float, ...]
    """Half widths of 95 % intervals (bootstrap)."""
    total_error: tuple[float, ...]
    mean: float
    variance: float

    def as_json(self) -> dict[str, Any]:
        return {
            "mean_rank_shift": rounded(self.mean, 4),
            "inputs": {
                name: {"first": rounded(first, 4), "total": rounded(total, 4)}
                for name, first, total in zip(self.inputs, self.first, self.total, strict=True)
            },
        }


@dataclass(frozen=True)
class Assessment:
    """All results, and the arrays behind them for reports and further questions."""

    framework: Framework
    table: DataTable
    units: tuple[UnitResult, ...]
    summary: Summary
    warnings: tuple[str, ...]
    cells: tuple[Cell, ...]
    treatments: Mapping[str, Treatment]
    leaves: Floats
    """Normalised indicators, units x indicators, in the order of `table`."""
    rolled: Rolled
    origins: Origins
    effective: Floats
    points: Floats
    """What each indicator brings to the score, units x indicators."""
    correlation: Floats | None = None
    reliability: Reliability | None = None
    components: Components | None = None
    edition_found: str = ""
    previous: Assessment | None = None
    outside: Outside | None = None
    sensitivity: Sensitivity | None = None
    draws: int = 0
    seed: int = 0

    def of(self, unit: str) -> UnitResult:
        """The result of a unit. Raises KeyError."""
        for one in self.units:
            if one.unit == unit:
                return one
        raise KeyError(unit)

    def ranked(self) -> list[UnitResult]:
        """Units that have a rank, best first; equal ranks in the table's order."""
        return sorted(
            (one for one in self.units if one.rank is not None), key=lambda one: one.rank or 0.0
        )

    def as_json(self) -> dict[str, Any]:
        """The assessment as one document (docs/assessment.md)."""
        framework = self.framework
        digits = framework.decimals

        def printed(values: Mapping[str, float]) -> dict[str, float | None]:
            return {code: rounded(value, digits) for code, value in values.items()}

        summary = self.summary
        count = max(summary.ranked, 1)
        return {
            "framework": framework.id,
            "edition": framework.edition or None,
            "edition_found_by": self.edition_found or None,
            "units": [self._unit_json(one) for one in self._in_order()],
            "summary": {
                "units": summary.units,
                "ranked": summary.ranked,
                "mean": rounded(summary.mean, digits),
                "highest": rounded(summary.highest, digits),
                "lowest": rounded(summary.lowest, digits),
                "above_mean": {
                    "count": summary.above_mean,
                    "share_percent": rounded(100 * summary.above_mean / count, 2),
                },
                "tiers": dict(summary.tiers),
                "tier_share_percent": {
                    code: rounded(100 * number / count, 2) for code, number in summary.tiers.items()
                },
                "tier_mean": printed(summary.tier_means),
                "relative_to_mean_percent": {
                    code: rounded(100 * (mean / summary.mean - 1), 2) if summary.mean else None
                    for code, mean in summary.tier_means.items()
                },
                "mean_by_dimension": printed(summary.by_dimension),
                "groups": {
                    code: {one.label: self._group_json(one) for one in groups}
                    for code, groups in summary.groups.items()
                },
            },
            "outside": self.outside.as_json() if self.outside else None,
            "diagnostics": self._diagnostics_json(),
            "method": self._method_json(),
            "cells_not_measured": [
                {"unit": one.unit, "indicator": one.indicator, "origin": one.origin,
                 "value": rounded(one.value, 6), "source": one.source or None}
                for one in self.cells
            ],
            "warnings": list(self.warnings),
        }  # fmt: skip

    def _in_order(self) -> list[UnitResult]:
        return self.ranked() + [one for one in self.units if one.rank is None]

    def _group_json(self, one: GroupResult) -> dict[str, Any]:
        digits = self.framework.decimals
        return {
            "units": one.units,
            "mean": rounded(one.mean, digits),
            "difference_from_mean": rounded(one.difference, digits),
            "best": one.best,
            "tiers": dict(one.tiers),
            "components": {code: rounded(v, digits) for code, v in one.components.items()},
            "reference": one.reference,
        }

    def _unit_json(self, one: UnitResult) -> dict[str, Any]:
        whole = self.framework.ties != "fractional"

        def place(rank: float | None) -> float | int | None:
            return None if rank is None else int(rank) if whole else rank

        document: dict[str, Any] = {
            "unit": one.unit,
            "name": one.title,
            "names": dict(one.names),
            "score": rounded(one.score, 6),
            "rank": place(one.rank),
            "tier": one.tier or None,
            "components": {code: rounded(value, 6) for code, value in one.components.items()},
            "contributions": {code: rounded(value, 6) for code, value in one.contributions.items()},
            "rank_interval": list(one.rank_interval) if one.rank_interval else None,
            "status": one.status,
            "quality": {
                "coverage": rounded(one.quality.coverage, 4),
                "validity": rounded(one.quality.validity, 4),
                "age_years": one.quality.age,
                "state": one.quality.state,
                "reasons": list(one.quality.reasons),
            },
            "groups": dict(one.groups),
        }
        if one.tier_part:
            document["tier_part"] = one.tier_part
        if self.table.published_score is not None:
            document["published_score"] = one.published_score
            document["recomputed_score"] = rounded(one.recomputed, 6)
        if self.table.published_rank is not None:
            document["published_rank"] = place(one.published_rank)
        if self.previous is not None:
            before = one.before
            document["previous"] = before and {
                "score": rounded(before.score, 6),
                "rank": place(before.rank),
                "tier": before.tier or None,
            }
            document["change"] = {
                "score": rounded(one.score_change, 6),
                "rank": place(one.rank_change),
                "tier": bool(before and before.tier and one.tier and before.tier != one.tier),
            }
        return document

    def _diagnostics_json(self) -> dict[str, Any]:
        codes = [one.code for one in self.framework.indicators]
        matrix = self.correlation
        return {
            "correlation": None if matrix is None else {
                "indicators": codes,
                "matrix": [[rounded(float(one), 4) for one in row] for row in matrix],
            },
            "cronbach_alpha": rounded(self.reliability.alpha, 4) if self.reliability else None,
            "sensitivity_of_ranks": self.sensitivity.as_json() if self.sensitivity else None,
            "eigenvalues": [rounded(one, 4) for one in self.components.eigenvalues]
            if self.components else None,
        }  # fmt: skip

    def _method_json(self) -> dict[str, Any]:
        framework = self.framework
        return {
            "missing": framework.missing.rule,
            "outliers": {
                code: {"method": done.method, "points": done.points}
                for code, done in self.treatments.items()
            },
            "normalisation": framework.normalisation.method,
            "weighting": framework.weighting.method,
            "weights": {
                node: [rounded(float(one), 6) for one in np.atleast_1d(np.nanmean(w, axis=0))]
                if w.ndim == 2 else [rounded(float(one), 6) for one in w]
                for node, w in self.rolled.weights.items()
            },
            "aggregation": framework.aggregation.method,
            "ranking": framework.ties,
            "draws": self.draws,
            "seed": self.seed,
            "assumptions": [one.get("en", "") for one in framework.assumptions],
        }  # fmt: skip
