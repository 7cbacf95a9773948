"""From the year before to now: one line for each unit."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tongban.assessment.report.svg import Picture, fitted
from tongban.assessment.report.view import View
from tongban.indices import UnitResult

MOST = 34


def movers(view: View) -> list[UnitResult]:
    """All units that have both ranks, or those that moved most and the chosen one."""
    both = [one for one in view.ranked if one.rank_change is not None]
    if len(both) <= MOST:
        return both
    ordered = sorted(both, key=lambda one: -(one.rank_change or 0))
    chosen = [one for one in both if view.chosen and one.unit == view.chosen.unit]
    picked = {one.unit for one in (*ordered[:10], *ordered[-10:], *chosen)}
    return [one for one in both if one.unit in picked]


def slope(view: View, width: float) -> Picture | None:
    """Ranks before at the left, ranks now at the right; None without a table before."""
    rows = movers(view)
    if not rows:
        return None
    narrow = width < 600
    gap = 19.0
    height = 40 + gap * len(rows) + 14
    picture = Picture(
        width, height, _("Ranks before and now"),
        _("A line for each unit from its rank before, left, to its rank now, right."),
    )  # fmt: skip
    # On a phone the name stands at the left only.
    left, right = (150.0, width - 74) if narrow else (240.0, width - 240)
    before = {one.unit: one.before.rank or 0.0 for one in rows if one.before}
    now = {one.unit: one.rank or 0.0 for one in rows}
    last = max(*before.values(), *now.values(), 2.0)

    def down(rank: float) -> float:
        return 40 + (rank - 1) / (last - 1) * (height - 60)

    sides = [
        _spread({unit: down(rank) for unit, rank in ranks.items()}, gap - 3, 40, height - 16)
        for ranks in (before, now)
    ]
    picture.text(left - 8, 18, _("before"), "small quiet end")
    picture.text(right + 8, 18, _("now"), "small quiet")
    for one in sorted(rows, key=lambda one: bool(view.chosen and one.unit == view.chosen.unit)):
        change = one.rank_change or 0
        kind = "up" if change > 0 else "down" if change < 0 else "same"
        chosen = view.chosen and one.unit == view.chosen.unit
        y1, y2 = sides[0][one.unit], sides[1][one.unit]
        picture.line(left, y1, right, y2, kind)
        if chosen:
            picture.line(left, y1 + 1, right, y2 + 1, kind)
        dot = {"up": "dot", "down": "dot-down", "same": "dot-quiet"}[kind]
        picture.dot(left, y1, 3, dot)
        picture.dot(right, y2, 3, dot)
        strong = " strong" if chosen else ""
        name = view.name(one)
        number = f"{before[one.unit]:g}"
        shown = fitted(name, left - 16 - 8 * len(number), 12)
        picture.text(left - 8, y1 + 4, f"{shown} {number}", "small end" + strong, name)
        move = f" {'↑' if change > 0 else '↓'}{abs(change):g}" if change else ""
        number = f"{one.rank:g}"
        shown = "" if narrow else fitted(name, width - right - 18 - 8 * len(number + move), 12)
        picture.text(
            right + 8, y2 + 4, f"{number} {shown}{move}".replace("  ", " "), "small" + strong, name
        )
    return picture


def _spread(wanted: dict[str, float], gap: float, top: float, bottom: float) -> dict[str, float]:
    """Places in the same order, at least `gap` apart, as near to the wanted ones as that allows."""
    order = sorted(wanted, key=lambda unit: wanted[unit])
    gap = min(gap, (bottom - top) / max(len(order) - 1, 1))
    places = [wanted[unit] for unit in order]
    for place in range(1, len(places)):
        places[place] = max(places[place], places[place - 1] + gap)
    if places:
        places[-1] = min(places[-1], bottom)
    for place in range(len(places) - 2, -1, -1):
        places[place] = min(places[place], places[place + 1] - gap)
    return dict(zip(order, places, strict=True))
