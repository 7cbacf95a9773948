"""The live index as JSON and as a table: what the command prints, downloads hold and runs keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import translation

from tongban.assessment.live import wording
from tongban.assessment.live.computing import Live
from tongban.assessment.live.figures import COUNTS, Figure
from tongban.assessment.selectors.behind import ToDo
from tongban.indices.result import rounded

DIGITS = 6


def _both(one: Figure) -> dict[str, list[str]]:
    found = {}
    for language, short in (("zh-hans", "zh"), ("en", "en")):
        with translation.override(language):
            found[short] = wording.reasons(one)
    return found


def figure_as_json(one: Figure) -> dict[str, Any]:
    """A figure with its quality. A withheld one says neither its value nor what it was made of."""
    shown = one.value is not None
    return {
        "value": rounded(one.value, DIGITS),
        "numerator": one.got if shown else None,
        "denominator": one.all if shown else None,
        "state": one.state.value,
        "reasons": [reason.value for reason in one.reasons],
        "reason_texts": _both(one),
        "quality": {
            "coverage": rounded(one.coverage, 4),
            "age_days": rounded(one.age_days, 2),
            "valid": one.valid,
        },
    }


def inputs_of(live: Live) -> dict[str, Any]:
    """What the results can be computed again from: the figures of every unit, and the order."""
    return {
        "unit": live.unit.code,
        "names": {one.code: one.name for one in [live.unit, *live.units_below]},
        "below": [one.unit for one in live.below.units] if live.below else [],
        "figures": {
            unit: {code: figure_as_json(one) for code, one in figures.items()}
            for unit, figures in live.figures.items()
        },
    }


def as_json(live: Live, to_do: Iterable[ToDo] = ()) -> dict[str, Any]:
    """One document in the form of every assessment, with the indicators of the unit beside."""
    framework = live.own.framework
    own = live.own.as_json()
    below = live.below.as_json() if live.below else None
    return {
        "framework": framework.id,
        "unit": live.unit.code,
        "name": live.unit.name,
        "period": {"from": live.period.first.isoformat(), "to": live.period.last.isoformat()},
        "as_of": live.at.isoformat(),
        "tallied_at": live.tallied_at.isoformat() if live.tallied_at else None,
        "upto_event": live.upto_event,
        "own": own["units"][0],
        "units": below["units"] if below else [],
        "summary": (below or own)["summary"],
        "indicators": [
            {
                "code": one.code,
                "names": dict(one.names),
                "dimension": one.parent,
                "definition": dict(one.definition),
                "source": one.source,
                "unit_of_count": COUNTS[one.code].unit,
                "weight": rounded(live.weight(one.code), DIGITS),
                **figure_as_json(live.figures[live.unit.code][one.code]),
            }
            for one in framework.indicators
        ],
        "to_do": [
            {
                "item": one.code,
                "name": one.name,
                "organ": one.organ,
                "gain": rounded(one.gain, DIGITS),
                "by_indicator": {code: rounded(gain, DIGITS) for code, gain in one.parts},
            }
            for one in to_do
        ],
        "warnings": [*own["warnings"], *(below["warnings"] if below else [])],
        "method": own["method"],
    }


def rows(live: Live) -> list[list[Any]]:
    """A table of all units and indicators, for spreadsheets; the framework reads it again."""
    codes = [one.code for one in live.own.framework.indicators]
    found: list[list[Any]] = [["unit", "name", "period_from", "period_to", *codes]]
    first, last = live.period.first.isoformat(), live.period.last.isoformat()
    for unit in [live.unit, *live.units_below]:
        figures = live.figures[unit.code]
        values = [rounded(figures[code].value, DIGITS) for code in codes]
        found.append([unit.code, unit.name, first, last, *values])
    return found
