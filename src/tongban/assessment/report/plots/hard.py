"""How long things take: a histogram, the spread in each place, the trend by month."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from tongban.assessment.report.svg import Picture, fitted
from tongban.assessment.selectors.hard import HardNumber, Spreading


def time_histogram(number: HardNumber, width: float) -> Picture:
    """Cases by how many working days they took; a dashed bar where there are one to four."""
    height, left, foot, head = 220.0, 8.0, 40.0, 24.0
    picture = Picture(
        width, height, _("Cases by working days"),
        _("A bar for each span of working days from receipt to decision."),
    )  # fmt: skip
    bins = number.bins
    most = max((cases or 0 for _bin, cases in bins), default=0) or 1
    step = (width - 2 * left) / max(len(bins), 1)
    base = height - foot
    picture.line(left, base, width - left, base, "axis")
    for place, (one, cases) in enumerate(bins):
        x = left + place * step
        high = (base - head) * (cases or 0) / most
        if cases is None:
            picture.rect(x + 2, base - 8, step - 4, 8, "column-few")
        elif cases:
            picture.rect(x + 2, base - high, step - 4, high, "column", 2)
            picture.text(x + step / 2, base - high - 5, f"{cases:,}", "small middle")
        label = f"{one.low}+" if one.high is None else f"{one.low}"
        if one.high is not None and one.high > one.low:
            label = f"{one.low}–{one.high}"
        picture.text(x + step / 2, base + 16, label, "small quiet middle")
    picture.text(width / 2, height - 6, _("working days"), "small quiet middle")
    return picture


def _scale(
    spreads: list[Spreading], left: float, right: float
) -> tuple[Callable[[float], float], int]:
    last = max((one.quantiles[4] or 0 for one in spreads), default=0) or 1
    return (lambda value: left + value / last * (right - left)), last


def places_spread(
    rows: list[tuple[str, Spreading]], width: float, *, title: str, description: str
) -> Picture:
    """Median, middle half and middle four fifths of each place; words where too few cases are."""
    narrow = width < 600
    row = 44 if narrow else 28
    head, foot = 8, 26
    height = head + row * len(rows) + foot
    picture = Picture(width, height, title, description)
    left = 14.0 if narrow else 190.0
    right = width - (64 if narrow else 130)
    across, last = _scale([one for _name, one in rows], left, right)
    base = height - foot
    for tick in sorted({0, round(last / 2), last}):
        picture.line(across(tick), head, across(tick), base, "grid")
        picture.text(across(tick), height - 6, str(tick), "small quiet middle")
    for place, (name, one) in enumerate(rows):
        y = head + place * row
        middle = y + (30 if narrow else 14)
        if narrow:
            picture.text(4, y + 14, fitted(name, width - 20), "halo", name)
        else:
            picture.text(left - 12, y + 19, fitted(name, left - 24), "end", name)
        low, first, median, third, high = one.quantiles
        if median is None:
            words = _("hidden") if one.cases is None else _("too few cases")
            picture.text(left, middle + 5, words, "small quiet halo")
            continue
        picture.line(across(low or 0), middle, across(high or 0), middle, "reach")
        picture.rect(across(first or 0), middle - 7, max(across(third or 0) - across(first or 0), 2),
                     14, "box", 2)  # fmt: skip
        picture.dot(across(median), middle, 5, "dot", f"{name}: {median}")
        text = f"{median}" if narrow else _("%(days)d (%(cases)s cases)") % {
            "days": median, "cases": f"{one.cases:,}",
        }  # fmt: skip
        picture.text(width - 4, middle + 5, text, "end")
    return picture


def time_trend(number: HardNumber, width: float) -> Picture | None:
    """The median by month, with the middle half of the cases; None with fewer than two months."""
    known = [(day, one) for day, one in number.trend if one.median is not None]
    if len(known) < 2:
        return None
    height, left, right, foot, head = 230.0, 34.0, 16.0, 40.0, 16.0
    picture = Picture(
        width, height, _("Median by month"),
        _("The line is the median of working days, the band holds the middle half of the cases."),
    )  # fmt: skip
    most = max(one.quantiles[3] or 0 for _day, one in known) or 1
    step = (width - left - right) / (len(known) - 1)
    base = height - foot

    def down(value: float) -> float:
        return base - value / most * (base - head)

    for tick in sorted({0, round(most / 2), most}):
        picture.line(left, down(tick), width - right, down(tick), "grid")
        picture.text(left - 6, down(tick) + 4, str(tick), "small quiet end")
    points = [(left + n * step, one) for n, (_day, one) in enumerate(known)]
    above = [f"{x:.1f},{down(one.quantiles[3] or 0):.1f}" for x, one in points]
    below = [f"{x:.1f},{down(one.quantiles[1] or 0):.1f}" for x, one in reversed(points)]
    picture.shapes.append(f'<polygon points="{" ".join([*above, *below])}" class="band"/>')
    line = " ".join(f"{x:.1f},{down(one.median or 0):.1f}" for x, one in points)
    picture.shapes.append(f'<polyline points="{line}" class="curve"/>')
    every = max(1, round(len(known) * 48 / (width - left - right)))
    for n, ((day, one), (x, _one)) in enumerate(zip(known, points, strict=True)):
        picture.dot(x, down(one.median or 0), 4, "dot", f"{day:%Y-%m}: {one.median}")
        if n % every == 0:
            picture.text(x, base + 16, f"{day:%y-%m}", "small quiet middle")
    picture.text(width / 2, height - 4, _("month"), "small quiet middle")
    return picture
