"""What the numbers say, in sentences made from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongban.assessment.report.view import View
from tongban.indices import UnitResult
from tongban.indices.contributions import gap
from tongban.indices.tree import nominal_weights

MOST_POINTS = 3
FEW_PEERS = 3


@dataclass(frozen=True)
class Peers:
    """The group that a unit is held against."""

    name: str
    units: int
    means: dict[str, float]


def peers(view: View, one: UnitResult) -> Peers:
    """The unit's group by the framework's first grouping, without the unit itself; all others when it
    is smaller than three."""
    for group in view.result.framework.groups:
        label = one.groups.get(group.code)
        members = [
            other
            for other in view.ranked
            if label and other.groups.get(group.code) == label and other.unit != one.unit
        ]
        if len(members) >= FEW_PEERS:
            return _peers(view, view.group_label(group.code, label or ""), members)
    return _peers(view, _("all others"), [other for other in view.ranked if other.unit != one.unit])


def _peers(view: View, name: str, members: list[UnitResult]) -> Peers:
    framework = view.result.framework
    means = {}
    for code in [part.code for part in framework.parts]:
        values = [one.components[code] for one in members]
        present = [value for value in values if value is not None]
        means[code] = sum(present) / len(present) if present else float("nan")
    return Peers(name, len(members), means)


def overall(view: View) -> list[str]:
    """The first paragraph: who leads, how they spread, who moved."""
    summary = view.result.summary
    lines = []
    if not view.ranked:
        return [_("No unit has enough data of its own to be ranked. The notes say why.")]
    leaders = [view.name(one) for one in view.ranked if one.rank == view.ranked[0].rank]
    lines.append(
        _("%(units)s lead with %(score)s. The mean of %(count)s units is %(mean)s; %(above)s lie"
          " above it.")
        % {
            "units": _and(leaders), "score": view.number(view.basis(view.ranked[0])),
            "count": summary.ranked, "mean": view.number(summary.mean), "above": summary.above_mean,
        }
        if len(leaders) > 1
        else _("%(unit)s leads with %(score)s. The mean of %(count)s units is %(mean)s; %(above)s lie"
               " above it.")
        % {
            "unit": leaders[0], "score": view.number(view.basis(view.ranked[0])),
            "count": summary.ranked, "mean": view.number(summary.mean), "above": summary.above_mean,
        }
    )  # fmt: skip
    lines += _how_sure(view)
    lines += _moves(view)
    return lines


def _and(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {
        "names": _(", ").join(names[:-1]), "last": names[-1],
    }  # fmt: skip


def _how_sure(view: View) -> list[str]:
    widths = [
        one.rank_interval[1] - one.rank_interval[0] for one in view.ranked if one.rank_interval
    ]
    if not widths:
        return []
    if len(view.result.framework.indicators) == 1:
        return [
            _("Nothing in this table can be weighed or counted in another way, so the intervals say"
              " nothing about how sure a rank is.")
        ]  # fmt: skip
    if max(widths) == 0:
        return [_("No rank moves when weights and methods vary.")]
    middle = float(np.median(widths))
    return [
        ngettext(
            "Half of the ranks move within %(number)s place or less when weights and methods vary.",
            "Half of the ranks move within %(number)s places or less when weights and methods vary.",
            round(middle),
        )
        % {"number": f"{middle:g}"}
    ]


def _moves(view: View) -> list[str]:
    moved = [one for one in view.ranked if one.rank_change]
    if not moved:
        return []
    up = max(moved, key=lambda one: one.rank_change or 0)
    down = min(moved, key=lambda one: one.rank_change or 0)
    lines = []
    if (up.rank_change or 0) > 0:
        lines.append(
            _("%(unit)s won most places since the table before: %(places)s.")
            % {"unit": view.name(up), "places": f"{up.rank_change:g}"}
        )
    if (down.rank_change or 0) < 0:
        lines.append(
            _("%(unit)s lost most: %(places)s.")
            % {"unit": view.name(down), "places": f"{-(down.rank_change or 0):g}"}
        )
    return lines


@dataclass(frozen=True)
class Portrait:
    """One unit in words."""

    sentences: list[str]
    strengths: list[str]
    weaknesses: list[str]


def portrait(view: View, one: UnitResult) -> Portrait:
    """Where a unit stands, what carries it and what costs it points against its group."""
    group = peers(view, one)
    framework = view.result.framework
    weights = dict(
        zip(
            [indicator.code for indicator in framework.indicators],
            nominal_weights(framework, view.result.rolled),
            strict=True,
        )
    )
    for node in framework.bottom_up():
        weights[node.code] = sum(weights[part.code] for part in framework.children(node.code))
    differences = []
    for code in view.details:
        value = one.components[code]
        if value is not None and np.isfinite(group.means[code]):
            differences.append(((value - group.means[code]) * weights[code], code, value))
    differences.sort(reverse=True)

    def line(points: float, code: str, value: float, text: str) -> str:
        return text % {
            "part": view.label(code), "value": view.short_number(value, 4),
            "mean": view.short_number(group.means[code], 4), "group": group.name,
            "points": view.number(abs(points)),
        }  # fmt: skip

    better = _("%(part)s: %(value)s against %(mean)s of %(group)s; brings %(points)s.")
    worse = _("%(part)s: %(value)s against %(mean)s of %(group)s; costs %(points)s.")
    least = 10.0**-framework.decimals / 2
    return Portrait(
        _standing(view, one),
        [line(*item, better) for item in differences[:MOST_POINTS] if item[0] > least],
        [line(*item, worse) for item in differences[::-1][:MOST_POINTS] if item[0] < -least],
    )


def _standing(view: View, one: UnitResult) -> list[str]:
    sentences = [
        _("%(unit)s has rank %(rank)s of %(count)s with %(score)s.")
        % {
            "unit": view.name(one), "rank": view.rank(one), "count": len(view.ranked),
            "score": view.number(view.basis(one)),
        }
    ]  # fmt: skip
    if one.rank_interval and one.rank_interval[0] != one.rank_interval[1]:
        sentences.append(
            _("In nine of ten variations of weights and methods its rank lies in %(interval)s.")
            % {"interval": view.interval(one)}
        )
    if one.rank_change:
        text = (
            _("It won %(places)s places since the table before.")
            if one.rank_change > 0
            else _("It lost %(places)s places since the table before.")
        )
        sentences.append(text % {"places": f"{abs(one.rank_change):g}"})
    tiers = [tier.code for tier in view.result.framework.tiers]
    if one.tier in tiers[1:] and view.result.framework.tier_basis == "score":
        above = view.result.framework.tiers[tiers.index(one.tier) - 1]
        bound = above.above if above.above is not None else above.start
        if bound is not None:
            sentences.append(
                _('%(points)s points are missing to the tier "%(tier)s".')
                % {"points": view.number(bound - view.basis(one)), "tier": view.tier(above.code)}
            )
    if one.quality.state == "marked":
        sentences.append(
            _(
                "Only %(share)s %% of its weight rests on its own valid data: read its rank with care."
            )
            % {"share": f"{100 * min(one.quality.coverage, one.quality.validity):.0f}"}
        )
    return sentences


def gap_lines(view: View, one: UnitResult) -> list[tuple[str, str]]:
    """What the distance to the first unit is made of: part and points, largest first."""
    framework = view.result.framework
    first = view.ranked[0]
    if first.unit == one.unit or framework.weighting.method not in ("given", "equal", "budget"):
        return []
    try:
        shares = gap(framework, view.result.leaves, view.place[first.unit], view.place[one.unit])
    except ValueError:
        return []
    found = [
        (share, view.label(indicator.code))
        for share, indicator in zip(shares, framework.indicators, strict=True)
        if abs(share) > 10.0**-framework.decimals / 2
    ]
    found.sort(key=lambda item: -abs(item[0]))
    digits = framework.decimals
    return [(label, f"{share:+.{digits}f}") for share, label in found[:8]]
