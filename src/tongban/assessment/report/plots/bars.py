"""Bars: units by rank with their intervals, groups by mean, causes of rank shifts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from django.utils.translation import gettext as _

from tongban.assessment.report.svg import Picture, fitted, text_width
from tongban.assessment.report.view import View
from tongban.indices import UnitResult
from tongban.indices.result import GroupResult


def ranked_bars(view: View, width: float) -> Picture:
    """Score as a bar, the usual ranks as a line with the rank itself as a dot."""
    narrow = width < 600
    row = 48 if narrow else 27
    top = 34
    rows = view.shown
    height = top + sum(row if one else 22 for one in rows) + 26
    picture = Picture(
        width, height, _("Scores and ranks"),
        _("A bar for each unit's score, best first; beside it the ranks it usually takes."),
    )  # fmt: skip
    if narrow:
        bar_left, bar_right, line_left, line_right = 36.0, width * 0.56, width * 0.64, width - 10
    else:
        bar_left, bar_right, line_left, line_right = 212.0, width - 316.0, width - 226, width - 16
    low = min(0.0, float(np.nanmin(view.scores)))
    high = float(np.nanmax(view.scores))
    last = max(one.rank_interval[1] if one.rank_interval else one.rank or 1 for one in view.ranked)

    def across(rank: float) -> float:
        return line_left + (rank - 1) / max(last - 1, 1) * (line_right - line_left)

    ticks = sorted({1, round((last + 1) / 2), int(last)})
    for tick in ticks:
        picture.line(across(tick), top - 6, across(tick), height - 22, "grid")
        picture.text(across(tick), height - 6, str(tick), "small quiet middle")
    picture.text(bar_left, 16, _("score"), "small quiet")
    picture.text(line_right + 6, 16, _("usual ranks"), "small quiet end")
    y = float(top)
    for one in rows:
        if one is None:
            picture.text(width / 2, y + 14, "· · ·", "quiet middle")
            y += 22
            continue
        _bar_row(view, picture, one, y, (bar_left, bar_right), across, (low, high), narrow=narrow)
        y += row
    return picture


def _bar_row(
    view: View,
    picture: Picture,
    one: UnitResult,
    y: float,
    bar: tuple[float, float],
    across: Callable[[float], float],
    ends: tuple[float, float],
    *,
    narrow: bool,
) -> None:
    low, high = ends
    bar_left, bar_right = bar
    score = view.basis(one)
    share = (score - low) / (high - low) if high > low else 1.0
    shade = view.tier_shade(one.tier)
    name = view.name(one)
    strong = " strong" if view.chosen and one.unit == view.chosen.unit else ""
    if strong:
        picture.rect(0, y - 1, picture.width, 46 if narrow else 25, "chosen", 4)
    if narrow:
        middle = y + 31
        room = picture.width - 36 - 70
        picture.text(30, y + 16, view.rank(one), "quiet end")
        picture.text(36, y + 16, fitted(name, room), strong.strip(), name)
        picture.text(picture.width - 4, y + 16, view.number(score), "end halo" + strong)
        picture.rect(bar_left, middle - 5, share * (bar_right - bar_left), 10, f"s{shade}", 2)
    else:
        middle = y + 12
        picture.text(30, y + 17, view.rank(one), "quiet end")
        picture.text(40, y + 17, fitted(name, bar_left - 50), strong.strip(), name)
        end = bar_left + share * (bar_right - bar_left)
        picture.rect(bar_left, y + 3, end - bar_left, 18, f"s{shade}", 2)
        picture.text(end + 7, y + 17, view.number(score), strong.strip())
    if one.rank_interval and one.rank is not None:
        left, right = one.rank_interval
        picture.line(across(left), middle, across(right), middle, "whisker")
    if one.rank is not None:
        tip = _("%(name)s: rank %(rank)s, usually %(interval)s") % {
            "name": name, "rank": view.rank(one), "interval": view.interval(one),
        }  # fmt: skip
        picture.dot(across(one.rank), middle, 4, "dot", tip)


def group_bars(view: View, groups: tuple[GroupResult, ...], code: str, width: float) -> Picture:
    """Means of groups against the mean of all."""
    narrow = width < 600
    row = 46 if narrow else 32
    height = 26 + row * len(groups) + 26
    title = _("Mean by %(group)s") % {"group": view.group_name(code)}
    picture = Picture(width, height, title, _("A bar for each group; the line is the mean of all."))
    left = 8.0 if narrow else 250.0
    right = width - 76
    mean = view.result.summary.mean
    most = max([mean, *(one.mean for one in groups), *(one.reference or 0 for one in groups)])

    def across(value: float) -> float:
        return left + max(value, 0) / most * (right - left) if most > 0 else left

    x = across(mean)
    for place, one in enumerate(groups):
        y = 26 + place * row
        picture.rect(
            left, y + (20 if narrow else 4), across(one.mean) - left, 14 if narrow else 22, "s3", 2
        )
    picture.line(x, 20, x, height - 22, "mean")
    for place, one in enumerate(groups):
        y = 26 + place * row
        text = f"{view.group_label(code, one.label)} ({one.units})"
        if narrow:
            picture.text(left, y + 14, fitted(text, width - 12), "halo", text)
            picture.text(width - 4, y + 32, view.number(one.mean), "end")
        else:
            picture.text(left - 10, y + 19, fitted(text, left - 20), "end", text)
            picture.text(width - 4, y + 20, view.number(one.mean), "end")
        if one.reference is not None:
            at = across(one.reference)
            picture.line(at, y + (18 if narrow else 2), at, y + (36 if narrow else 28), "down")
    text = _("mean %(mean)s") % {"mean": view.number(mean)}
    half = text_width(text, 12) / 2
    picture.text(min(max(x, half), width - half), height - 6, text, "small quiet middle")
    return picture


def sensitivity_bars(view: View, width: float) -> Picture:
    """What moves ranks: total effect of each cause, the part it has alone in full colour."""
    found = view.result.sensitivity
    assert found is not None
    order = sorted(range(len(found.inputs)), key=lambda place: -found.total[place])
    narrow = width < 600
    row = 46 if narrow else 32
    height = 10 + row * len(order) + 10
    picture = Picture(
        width, height, _("What moves ranks most"),
        _("Share of the variance of rank shifts by each choice: alone, and with all others."),
    )  # fmt: skip
    left = 8.0 if narrow else 310.0
    most = max(1e-9, *found.total)
    for line, place in enumerate(order):
        y = 10 + line * row
        label = cause(view, found.inputs[place])
        total, first = max(found.total[place], 0.0), max(found.first[place], 0.0)
        scale = (width - left - 120) / most
        above = y + 20 if narrow else y + 4
        if narrow:
            picture.text(left, y + 14, fitted(label, width - 16), "", label)
        else:
            picture.text(left - 10, y + 19, fitted(label, left - 20), "end", label)
        picture.rect(left, above, total * scale, 14 if narrow else 20, "s1", 2)
        picture.rect(left, above, min(first, total) * scale, 14 if narrow else 20, "s4", 2)
        picture.text(
            left + total * scale + 6, above + (12 if narrow else 15),
            f"{100 * total:.0f} % ({100 * first:.0f} %)",
        )  # fmt: skip
    return picture


def cause(view: View, name: str) -> str:
    """What a cause of rank shifts is called."""
    if name.startswith("weight:"):
        return _("weight of %(part)s") % {"part": view.label(name.removeprefix("weight:"))}
    return {
        "normalisation": _("way of scaling"),
        "aggregation": _("way of adding up"),
        "imputation": _("values that were made up"),
    }[name]
