"""From counts to the live index of a unit and of those below it, by the engine that ranks tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from tongban.assessment.library import find_framework
from tongban.assessment.live.figures import COUNTS, Figure, Made, State, figure
from tongban.assessment.selectors.material import (
    Period,
    Unit,
    made_from,
    unit_of_organ,
    unit_of_region,
    units_below,
)
from tongban.base.clocks import local_date
from tongban.directory.models import Organ, Region
from tongban.indices import Assessment, UnitResult, assess
from tongban.indices.framework.model import Framework
from tongban.indices.table import DataTable

FRAMEWORK = "live"
# So many draws behind rank intervals: enough for nine in ten, quick enough for a page.
DRAWS = 200


@lru_cache(maxsize=1)
def live_framework() -> Framework:
    """`data/live.toml`."""
    return find_framework(FRAMEWORK).edition()


@dataclass(frozen=True)
class Live:
    """The live index of a unit, and of the units right below."""

    unit: Unit
    period: Period
    at: datetime
    upto_event: int
    tallied_at: datetime | None
    figures: Mapping[str, Mapping[str, Figure]]
    """Figures by unit code and indicator."""
    made: Mapping[str, Made]
    own: Assessment
    below: Assessment | None
    units_below: Sequence[Unit]

    @property
    def result(self) -> UnitResult:
        return self.own.units[0]

    def weight(self, indicator: str) -> float:
        """The indicator's share of the unit's index, after what has no value was left out."""
        place = [one.code for one in self.own.framework.indicators].index(indicator)
        value = float(self.own.effective[0, place])
        return 0.0 if np.isnan(value) else value

    def gain(self, indicator: str, got: float) -> float:
        """Points of the index that so much more in the numerator brings, all else as it is."""
        one = self.figures[self.unit.code][indicator]
        if one.value is None:
            return 0.0
        return self.weight(indicator) * 100 * min(got, one.all - one.got) / one.all


def default_period(now: datetime) -> Period:
    """The year up to today."""
    today = local_date(now)
    return Period(today - timedelta(days=364), today)


def live_of(
    region: Region, organ: Organ | None, period: Period, now: datetime, *, draws: int = DRAWS
) -> Live:
    """The live index of a region, or of one of its organs. Seven queries at most.

    The tallies are read as they are: `services.refreshing` brings them up to date.
    """
    unit = unit_of_organ(organ) if organ else unit_of_region(region)
    below = [] if organ else units_below(region)
    made, upto = made_from([unit, *below], period, now)
    figures = {
        one.code: {code: figure(code, made[one.scope]) for code in COUNTS} for one in [unit, *below]
    }
    framework = live_framework()
    ranked = [one for one in below if any(f.value is not None for f in figures[one.code].values())]
    return Live(
        unit=unit,
        period=period,
        at=now,
        upto_event=upto.event if upto else 0,
        tallied_at=upto.at if upto else None,
        figures=figures,
        made={one.code: made[one.scope] for one in [unit, *below]},
        own=assess(framework, table_of([unit], figures, framework), draws=0),
        below=assess(framework, table_of(ranked, figures, framework), draws=draws)
        if ranked
        else None,
        units_below=below,
    )


def table_of(
    units: Sequence[Unit], figures: Mapping[str, Mapping[str, Figure]], framework: Framework
) -> DataTable:
    """The figures as a table that the engine takes; what is withheld is missing in it."""
    codes = [one.code for one in framework.indicators]
    values = [[_value(figures[unit.code][code]) for code in codes] for unit in units]
    array = np.array(values, dtype=float).reshape(len(units), len(codes))
    return DataTable(
        name="live",
        units=tuple(unit.code for unit in units),
        names=tuple({"zh": unit.name, "en": unit.name} for unit in units),
        titles=tuple(unit.name for unit in units),
        rows=tuple(range(1, len(units) + 1)),
        values=array,
        invalid=np.zeros(array.shape, dtype=bool),
    )


def _value(one: Figure) -> float:
    return float("nan") if one.value is None else one.value


def states(live: Live) -> dict[State, int]:
    """How many figures of the unit are in which state."""
    found = dict.fromkeys(State, 0)
    for one in live.figures[live.unit.code].values():
        found[one.state] += 1
    return found
