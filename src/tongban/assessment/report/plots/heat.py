"""Dimensions of many units at a glance."""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _

from tongban.assessment.report.svg import Picture, fitted, wrapped
from tongban.assessment.report.view import View
from tongban.indices.diagnostics import pearson

MOST_COLUMNS = 12


def heat_columns(view: View) -> list[str]:
    """The parts of the index; of an index with two of them, the parts of these."""
    framework = view.result.framework
    codes = [one.code for one in view.dimensions]
    if len(codes) <= 2:
        below = [part.code for code in codes for part in framework.children(code)]
        if len(codes) < len(below) <= MOST_COLUMNS:
            codes = below
    if len(framework.indicators) <= 8 and len(codes) < len(framework.indicators):
        codes = [one.code for one in framework.indicators]
    return codes[:MOST_COLUMNS]


def heat_map(view: View, width: float) -> Picture | None:
    """Units x dimensions, darker for better; None for an index of one part."""
    codes = heat_columns(view)
    if len(codes) < 2:
        return None
    narrow = width < 600
    left = 112.0 if narrow else 232.0
    cell = (width - left) / len(codes)
    if narrow and cell < 40:
        width, cell = left + 40 * len(codes), 40.0
    lines = 4 if cell < 90 else 2
    head = 16.0 * lines + 8
    row = 26
    rows = view.shown
    height = head + row * len(rows) + 4
    picture = Picture(
        width, height, _("Parts of the index"),
        _("A row for each unit, a column for each part; darker is better within the column."),
    )  # fmt: skip
    for place, code in enumerate(codes):
        label = view.label(code)
        own = wrapped(label, cell - 6, 12, lines)
        for line, text in enumerate(own):
            y = head - 10 - 15 * (len(own) - 1 - line)
            picture.text(left + (place + 0.5) * cell, y, text, "small quiet middle", label)
    for line, one in enumerate(rows):
        y = head + line * row
        if one is None:
            picture.text(width / 2, y + 17, "· · ·", "quiet middle")
            continue
        chosen = bool(view.chosen and one.unit == view.chosen.unit)
        name = view.name(one)
        picture.text(24, y + 17, view.rank(one), "small quiet end")
        size = 12 if narrow else 14
        kind = ("small" if narrow else "") + (" strong" if chosen else "")
        picture.text(30, y + 17, fitted(name, left - 36, size), kind, name)
        for place, code in enumerate(codes):
            value = one.components[code]
            shade = view.shade(value, code)
            x = left + place * cell
            if shade is None:
                picture.rect(x + 2, y + 2, cell - 4, row - 4, "none", 3)
                continue
            picture.rect(x + 1, y + 1, cell - 2, row - 2, f"s{shade}", 3)
            text = view.short_number(value)
            picture.text(x + cell / 2, y + 17, text, f"small middle on{shade}")
    return picture


def correlations(view: View) -> tuple[list[str], np.ndarray] | None:
    """Correlation of the parts that a profile shows; None with fewer than three of them."""
    codes = view.details
    if len(codes) < 3 or len(view.ranked) < 4:
        return None
    columns = [[one.components[code] for one in view.ranked] for code in codes]
    values = np.array(columns, dtype=float)
    return codes, np.array([[pearson(a, b) for b in values] for a in values])


def correlation_map(view: View, width: float) -> Picture | None:
    """How the parts go together: darker for closer, red where one runs against the other."""
    found = correlations(view)
    if found is None:
        return None
    codes, matrix = found
    narrow = width < 600
    left = 132.0 if narrow else 262.0
    cell = (width - left) / len(codes)
    if narrow and cell < 34:
        width, cell = left + 34 * len(codes), 34.0
    row = 26
    height = 22.0 + row * len(codes) + 4
    picture = Picture(
        width, height, _("How the parts go together"),
        _("Correlation of every two parts over the ranked units, from -1 to 1."),
    )  # fmt: skip
    for line, code in enumerate(codes):
        label = view.label(code)
        y = 22 + line * row
        size = 12 if narrow else 14
        picture.text(left + (line + 0.5) * cell, 14, str(line + 1), "small quiet middle", label)
        text = fitted(f"{line + 1} {label}", left - 8, size)
        picture.text(0, y + 17, text, "small" if narrow else "", label)
        for column in range(line + 1):
            value = float(matrix[line, column])
            x = left + column * cell
            if np.isnan(value):
                picture.rect(x + 2, y + 2, cell - 4, row - 4, "none", 3)
                continue
            shade = min(4, int(5 * abs(value)))
            picture.rect(x + 1, y + 1, cell - 2, row - 2, f"s{shade}", 3)
            if value < -0.05:
                picture.line(x + 4, y + row - 4, x + cell - 4, y + row - 4, "down")
            text = f"{round(value, 2) + 0.0:.2f}"
            picture.text(x + cell / 2, y + 17, text, f"small middle on{shade}")
    return picture
