"""Score against an outside variable."""

from __future__ import annotations

import math

import numpy as np
from django.utils.translation import gettext as _

from tongban.assessment.report.svg import Picture, fitted, text_width
from tongban.assessment.report.view import View
from tongban.indices.result import Outside


def scatter(view: View, width: float) -> Picture | None:
    """Each unit a dot; the first, the chosen one and those far from the line have names."""
    outside = view.result.outside
    units = [one for one in view.ranked if outside and one.unit in outside.values]
    if outside is None or len(units) < 3:
        return None
    narrow = width < 600
    height = 380.0 if narrow else 480.0
    picture = Picture(
        width, height,
        _("Score and %(column)s") % {"column": said(outside)},
        _("A dot for each unit: the outside variable to the right, the score upwards."),
    )  # fmt: skip
    left, right, top, bottom = 50.0, width - 16, 30.0, height - 46
    x = np.array([outside.values[one.unit] for one in units])
    y = np.array([view.basis(one) for one in units])
    logarithmic = bool(x.min() > 0 and x.max() / x.min() > 50)
    scaled = np.log10(x) if logarithmic else x
    line = np.polyfit(scaled, y, 1)
    margins = [(float(v.min()), float(v.max())) for v in (scaled, y)]

    def across(value: float) -> float:
        low, high = margins[0]
        return left + 8 + (value - low) / ((high - low) or 1) * (right - left - 16)

    def up(value: float) -> float:
        low, high = margins[1]
        return bottom - 8 - (value - low) / ((high - low) or 1) * (bottom - top - 16)

    for value, text in _ticks(*margins[0], logarithmic=logarithmic, most=4 if narrow else 7):
        picture.line(across(value), top, across(value), bottom, "grid")
        picture.text(across(value), bottom + 17, text, "small quiet middle")
    for value, text in _ticks(*margins[1], logarithmic=False, most=6):
        picture.line(left, up(value), right, up(value), "grid")
        picture.text(left - 6, up(value) + 4, text, "small quiet end")
    picture.text(left, 16, _("score"), "small quiet")
    axis = said(outside) + (f" {outside.year}" if outside.year else "")
    if logarithmic:
        axis += " " + _("(logarithmic)")
    picture.text(right, height - 8, fitted(axis, width - 20, 12), "small quiet end")
    ends = margins[0]
    at = [float(np.clip(np.polyval(line, end), *margins[1])) for end in ends]
    picture.line(across(ends[0]), up(at[0]), across(ends[1]), up(at[1]), "mean")
    far = np.argsort(-np.abs(y - np.polyval(line, scaled)))[: 4 if narrow else 8]
    named = {units[place].unit for place in far} | {one.unit for one in units[:2]}
    chosen = view.chosen.unit if view.chosen else ""
    for one, value, score in zip(units, scaled, y, strict=True):
        tip = f"{view.name(one)}: {view.number(score)}, {outside.values[one.unit]:g}"
        kind = "dot-down" if one.unit == chosen else "dot" if one.unit in named else "dot-quiet"
        picture.dot(across(value), up(score), 6 if one.unit == chosen else 4, kind, tip)
    taken: list[tuple[float, float, float]] = []
    order = sorted(range(len(units)), key=lambda place: units[place].unit != chosen)
    for place in order:
        one = units[place]
        if one.unit != chosen and one.unit not in named:
            continue
        name = fitted(view.name(one), 130, 12)
        wide = text_width(name, 12)
        at_left = across(scaled[place]) + 10 + wide > right
        start = across(scaled[place]) + (-10 - wide if at_left else 10)
        level = up(y[place]) + 4
        if any(abs(level - b) < 13 and start < c and a < start + wide for a, b, c in taken):
            continue
        taken.append((start, level, start + wide))
        kind = "small halo" + (" strong" if one.unit == chosen else "")
        picture.text(start, level, name, kind, view.name(one))
    return picture


def said(outside: Outside) -> str:
    """The outside variable's name, or its column as words."""
    return outside.name or outside.column.replace("_", " ")


def _ticks(low: float, high: float, *, logarithmic: bool, most: int) -> list[tuple[float, str]]:
    """Round values inside the range; powers of ten of a logarithmic one."""
    if logarithmic:
        powers = range(math.floor(low), math.ceil(high) + 1)
        steps = (1, 2, 5) if high - low < 2.5 else (1,)
        marks = [factor * 10.0**power for power in powers for factor in steps]
        return [(math.log10(one), f"{one:,.6g}") for one in marks if low <= math.log10(one) <= high]
    span = (high - low) or 1.0
    step = 10.0 ** math.floor(math.log10(span / most))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= most)
    first = math.ceil(low / step)
    digits = max(0, -math.floor(math.log10(step)))
    values = [step * place for place in range(first, math.floor(high / step) + 1)]
    return [(value, f"{value:,.{digits}f}") for value in values]
