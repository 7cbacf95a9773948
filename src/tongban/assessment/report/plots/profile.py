"""One unit against its group."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tongban.assessment.report.svg import Picture, fitted
from tongban.assessment.report.view import View
from tongban.assessment.report.words import peers


def profile(view: View, width: float) -> Picture | None:
    """For each part the range of all units, the mean of the group and the unit itself."""
    one = view.chosen
    if one is None:
        return None
    codes = [code for code in view.details if one.components[code] is not None]
    if not codes:
        return None
    narrow = width < 600
    row = 46 if narrow else 32
    group = peers(view, one)
    height = 34 + row * len(codes) + 8
    title = _("%(unit)s against %(group)s") % {"unit": view.name(one), "group": group.name}
    picture = Picture(
        width, height, title,
        _("The grey line runs from the least to the most of all units; the ring is the group's mean,"
          " the dot the unit."),
    )  # fmt: skip
    left = 14.0 if narrow else 270.0
    right = width - 74.0
    picture.dot(left + 6, 12, 5, "ring")
    picture.text(left + 16, 16, fitted(group.name, 120, 12), "small quiet", group.name)
    start = left + 150
    picture.dot(start, 12, 6, "dot")
    name = view.name(one)
    picture.text(start + 11, 16, fitted(name, width - start - 16, 12), "small strong", name)
    for place, code in enumerate(codes):
        y = 34 + place * row
        value, mean = one.components[code], group.means[code]
        assert value is not None
        low, high = view.component_range(code)

        def across(number: float, low: float = low, high: float = high) -> float:
            return left + (number - low) / (high - low) * (right - left) if high > low else left

        middle = y + 32 if narrow else y + 15
        label = view.label(code)
        if narrow:
            picture.text(left - 6, y + 17, fitted(label, width - 24), "", label)
        else:
            picture.text(left - 16, y + 20, fitted(label, left - 26), "end", label)
        picture.line(left, middle, right, middle, "track")
        kind = "better" if value >= mean else "worse"
        picture.line(across(mean), middle, across(value), middle, kind)
        tip = _("%(label)s: %(value)s, mean of %(group)s %(mean)s") % {
            "label": label, "value": view.short_number(value), "group": group.name,
            "mean": view.short_number(mean),
        }  # fmt: skip
        picture.dot(across(mean), middle, 5, "ring", tip)
        picture.dot(across(value), middle, 6, "dot" if value >= mean else "dot-down", tip)
        picture.text(right + 16, middle + 5, view.short_number(value), "strong")
    return picture
