"""A map of equal squares: neighbours stay neighbours, no borders are drawn."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tongban.assessment.report.svg import Picture, text_width
from tongban.assessment.report.view import View
from tongban.indices import in_language


def tile_grid(view: View, width: float) -> Picture | None:
    """Units with a place on the grid; None when the framework knows no places."""
    placed = [one for one in view.result.framework.units if one.tile]
    if not placed:
        return None
    columns = 1 + max(one.tile[0] for one in placed if one.tile)
    rows = 1 + max(one.tile[1] for one in placed if one.tile)
    narrow = width < 600
    size = (width - 4) / columns if narrow else min(66.0, (width - 240) / columns)
    tiers = view.result.framework.tiers
    key = 34 + 26 * len(tiers)
    height = rows * size + 8 + (key if narrow else 0)
    picture = Picture(
        width, height, _("Map of equal squares"),
        _("Each square is a unit at about its place, darker for a higher tier, with its score."),
    )  # fmt: skip
    results = {one.unit: one for one in view.result.units}
    edge = size - 4
    for known in placed:
        assert known.tile is not None
        x, y = known.tile[0] * size + 2, known.tile[1] * size + 4
        short = in_language(known.short, view.language)
        one = results.get(known.code)
        middle = x + edge / 2
        if one is None or one.rank is None:
            picture.rect(x, y, edge, edge, "none", 5)
            picture.text(middle, y + edge / 2 - 1, short, "small quiet middle")
            picture.text(middle, y + edge / 2 + 15, "–", "small quiet middle")
            continue
        shade = view.tier_shade(one.tier) if one.tier else view.shade(
            one.components[view.result.framework.root.code], view.result.framework.root.code
        )  # fmt: skip
        picture.rect(x, y, edge, edge, f"s{shade}", 5)
        if view.chosen and one.unit == view.chosen.unit:
            picture.rect(x + 1.5, y + 1.5, edge - 3, edge - 3, "grid", 4)
        kind = f"middle strong on{shade}" + (" small" if narrow else "")
        picture.text(middle, y + edge / 2 - 1, short, kind, view.name(one))
        score = view.number(view.basis(one), 1)
        picture.text(middle, y + edge / 2 + 16, score, f"small middle on{shade}")
    if tiers:
        _key(view, picture, columns * size + 28, 24, narrow=narrow, below=rows * size + 22)
    return picture


def _key(view: View, picture: Picture, x: float, y: float, *, narrow: bool, below: float) -> None:
    """The tiers with their counts, as what a colour means can't be said on a square."""
    if narrow:
        x, y = 2, below
    for tier in view.result.framework.tiers:
        name = view.tier(tier.code)
        picture.rect(x, y, 18, 18, f"s{view.tier_shade(tier.code)}", 3)
        picture.text(x + 26, y + 14, name)
        count = str(view.result.summary.tiers.get(tier.code, 0))
        picture.text(x + 26 + text_width(name) + 12, y + 14, count, "quiet")
        y += 26
    picture.rect(x, y, 18, 18, "none", 3)
    picture.text(x + 26, y + 14, _("no figure"), "quiet")
