"""The three hard numbers: trend, distribution, comparison among the places below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongban.assessment.live.figures import CASES_LEAST
from tongban.assessment.models import CatalogueTally
from tongban.assessment.rules.counts import (
    Bin,
    Spread,
    histogram,
    mean,
    quantile,
    size,
    suppressed,
)
from tongban.assessment.rules.themes import Theme, themes
from tongban.assessment.selectors.material import Period, counts_of, monthly_counts
from tongban.base.regions import Level
from tongban.directory.models import Region

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Spreading:
    """How something is spread over cases. `cases` None: hidden, since they are 1 to 4 or could be
    used to work such a number out; with fewer than ten there are no quantiles.
    """

    cases: int | None
    quantiles: tuple[int | None, ...] = (None,) * len(QUANTILES)
    mean: float | None = None

    @property
    def median(self) -> int | None:
        return self.quantiles[2]


def spreading(spread: Spread, *, hidden: bool = False) -> Spreading:
    """The spread of a group; `hidden`: its number must not be told."""
    cases = size(spread)
    if hidden:
        return Spreading(None)
    if cases < CASES_LEAST:
        return Spreading(cases)
    return Spreading(cases, tuple(quantile(spread, one) for one in QUANTILES), mean(spread))


@dataclass(frozen=True)
class District:
    code: str
    name: str
    time: Spreading


@dataclass(frozen=True)
class HardNumber:
    """One of the three numbers for a place. `bins`: cases None where there are 1 to 4."""

    theme: Theme
    time: Spreading
    bins: tuple[tuple[Bin, int | None], ...]
    trend: tuple[tuple[date, Spreading], ...]
    districts: tuple[District, ...]
    visits: Spreading | None = None
    visits_spread: tuple[tuple[int, int | None], ...] = ()
    materials: Spreading | None = None


def _scope(theme: Theme, path: str) -> str:
    return f"r:{path}" if theme.everything else f"t:{theme.code}:{path}"


def hard_numbers(region: Region, period: Period) -> list[HardNumber]:
    """The three numbers of a region. Two queries for each, and two for the places below."""
    children = _children(region)
    return [_number(theme, region, children, period) for theme in themes().values()]


def _children(region: Region) -> Sequence[Region]:
    children = list(Region.objects.filter(parent=region, level__lte=Level.TOWN).order_by("code"))
    there = set(
        CatalogueTally.objects.filter(scope__in=[f"r:{one.path}" for one in children]).values_list(
            "scope", flat=True
        )
    )
    return [one for one in children if f"r:{one.path}" in there]


def _number(theme: Theme, region: Region, children: Sequence[Region], period: Period) -> HardNumber:
    scope = _scope(theme, region.path)
    below = {_scope(theme, child.path): child for child in children}
    counts = counts_of([scope, *below], period)
    own = counts.get(scope, {})
    times: Mapping[str, Spread] = {
        one: counts.get(one, {}).get("whole", {}) for one in [scope, *below]
    }
    hidden = suppressed([size(times[one]) for one in below])
    districts = [
        District(child.code, child.name, spreading(times[one], hidden=hide))
        for (one, child), hide in zip(below.items(), hidden, strict=True)
        if size(times[one])
    ]
    months = monthly_counts(scope, period)
    spreads = [(day, one.get("whole", {})) for day, one in months]
    unsaid = suppressed([size(spread) for _day, spread in spreads])
    return HardNumber(
        theme=theme,
        time=_told(times[scope]),
        bins=_bins(times[scope]),
        trend=tuple(
            (day, spreading(spread, hidden=hide))
            for (day, spread), hide in zip(spreads, unsaid, strict=True)
            if size(spread)
        ),
        districts=tuple(
            sorted(districts, key=lambda one: (one.time.median is None, one.time.median or 0))
        ),
        visits=_told(own.get("visits", {})) if theme.everything else None,
        visits_spread=_few(own.get("visits", {})) if theme.everything else (),
        materials=_told(own.get("asked", {})) if theme.everything else None,
    )


def _told(spread: Spread) -> Spreading:
    return spreading(spread, hidden=suppressed([size(spread)])[0])


def _bins(spread: Spread) -> tuple[tuple[Bin, int | None], ...]:
    if size(spread) < CASES_LEAST:
        return ()
    bins = histogram(spread)
    hidden = suppressed([one.cases for one in bins])
    return tuple((one, None if hide else one.cases) for one, hide in zip(bins, hidden, strict=True))


def _few(spread: Spread) -> tuple[tuple[int, int | None], ...]:
    if size(spread) < CASES_LEAST:
        return ()
    values = sorted(spread)
    hidden = suppressed([spread[value] for value in values])
    return tuple(
        (value, None if hide else spread[value]) for value, hide in zip(values, hidden, strict=True)
    )


def as_json(region: Region, period: Period, numbers: Sequence[HardNumber]) -> dict[str, Any]:
    """The numbers as a document; null where too few cases are behind one."""

    def spread(one: Spreading | None) -> dict[str, Any] | None:
        if one is None:
            return None
        return {
            "cases": one.cases,
            "mean": None if one.mean is None else round(one.mean, 2),
            "quantiles": dict(zip(map(str, QUANTILES), one.quantiles, strict=True)),
        }

    return {
        "region": region.code,
        "name": region.name,
        "period": {"from": period.first.isoformat(), "to": period.last.isoformat()},
        "unit": "working days",
        "numbers": [
            {
                "code": one.theme.code,
                "names": dict(one.theme.names),
                "time": spread(one.time),
                "histogram": [
                    {"from": bin_.low, "to": bin_.high, "cases": cases} for bin_, cases in one.bins
                ],
                "trend": [{"month": f"{day:%Y-%m}", **(spread(time) or {})}
                          for day, time in one.trend],
                "districts": [{"code": place.code, "name": place.name, **(spread(place.time) or {})}
                              for place in one.districts],
                "visits": spread(one.visits),
                "materials": spread(one.materials),
            }
            for one in numbers
        ],
    }  # fmt: skip
