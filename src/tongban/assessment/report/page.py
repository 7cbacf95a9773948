"""The page of a report: sections with figures, each with its table behind it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.template import Context, Engine
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from tongban.assessment.report import plots
from tongban.assessment.report.method import choices
from tongban.assessment.report.plots.bars import cause
from tongban.assessment.report.plots.heat import correlations, heat_columns
from tongban.assessment.report.plots.scatter import said
from tongban.assessment.report.plots.slope import movers
from tongban.assessment.report.svg import STYLE, Picture
from tongban.assessment.report.view import View
from tongban.assessment.report.words import gap_lines, overall, peers, portrait
from tongban.indices import UnitResult, in_language

TEMPLATES = Path(__file__).parent.parent / "templates"
MOST_GROUPS = 14


@dataclass(frozen=True)
class Table:
    """Rows behind a picture; the first column is text, the others are numbers."""

    head: list[str]
    rows: list[list[str]]

    @property
    def labelled(self) -> list[list[tuple[str, str]]]:
        """Each cell with the head of its column, for tables that become cards on a phone."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Figure:
    """A picture in two widths, the sentence that says what to see, and its table."""

    code: str
    title: str
    lead: str
    wide: Picture
    narrow: Picture
    table: Table
    note: str = ""

    @property
    def svg(self) -> SafeString:
        # Both are made by Picture, which escapes every text.
        return mark_safe(self.wide.inline("wide") + self.narrow.inline("narrow"))  # noqa: S308

    @property
    def chart(self) -> SafeString:
        """Both widths for a page of the platform."""
        return mark_safe(self.wide.on_page("chart--wide") + self.narrow.on_page("chart--narrow"))  # noqa: S308


@dataclass(frozen=True)
class Page:
    """All that the template needs."""

    view: View
    figures: list[Figure] = field(default_factory=list)


def figures(view: View) -> list[Figure]:
    """The pictures that the data allow, in reading order."""
    found = [
        _ranked(view),
        _tiles(view),
        _slope(view),
        _heat(view),
        *_groups(view),
        _profile(view),
        _scatter(view),
        _sensitivity(view),
        _correlation(view),
    ]
    return [one for one in found if one is not None]


def _twice(
    draw: Callable[[View, float], Picture | None], view: View
) -> tuple[Picture, Picture] | None:
    wide, narrow = draw(view, plots.WIDE), draw(view, plots.NARROW)
    return (wide, narrow) if wide is not None and narrow is not None else None


def _ranked(view: View) -> Figure | None:
    if not view.ranked:
        return None
    drawn = _twice(plots.ranked_bars, view)
    assert drawn is not None
    rows = [
        [f"{view.rank(one)}. {view.name(one)}", view.number(view.basis(one)), view.interval(one)]
        for one in view.ranked
    ]
    lead = _(
        "The pale line holds nine of ten ranks when weights and methods vary: where lines overlap, an"
        " order is not sure."
    )
    if view.result.framework.tiers:
        lead = _("The darker the bar, the higher the tier.") + " " + lead
    return Figure("ranks", _("Scores and ranks"), lead, *drawn,
                  Table([_("unit"), _("score"), _("usual ranks")], rows), view.left_out())  # fmt: skip


def _tiles(view: View) -> Figure | None:
    drawn = _twice(plots.tile_grid, view)
    if drawn is None or not view.ranked:
        return None
    rows = [
        [view.name(one), view.number(view.basis(one)), view.tier(one.tier)] for one in view.ranked
    ]
    return Figure("map", _("Map of equal squares"),
                  _("Every unit has the same square, whatever its area; the place is approximate."),
                  *drawn, Table([_("unit"), _("score"), _("tier")], rows))  # fmt: skip


def _slope(view: View) -> Figure | None:
    drawn = _twice(plots.slope, view)
    if drawn is None:
        return None
    both = [one for one in view.ranked if one.rank_change is not None]
    rows = [
        [view.name(one), f"{one.before.rank:g}" if one.before else "–", view.rank(one),
         _signed(one.rank_change)]
        for one in sorted(both, key=lambda one: -(one.rank_change or 0))
    ]  # fmt: skip
    note = _("The units that moved most are shown.") if len(movers(view)) < len(both) else ""
    return Figure("moves", _("Moves since the table before"),
                  _("Blue lines rise, red lines fall, grey ones stay."), *drawn,
                  Table([_("unit"), _("before"), _("now"), _("places won")], rows), note)  # fmt: skip


def _heat(view: View) -> Figure | None:
    drawn = _twice(plots.heat_map, view)
    if drawn is None:
        return None
    codes = heat_columns(view)
    rows = [
        [f"{view.rank(one)}. {view.name(one)}",
         *(view.short_number(one.components[code]) for code in codes)]
        for one in view.ranked
    ]  # fmt: skip
    return Figure("parts", _("Parts of the index"),
                  _("Each column is shaded by itself, from its least to its most."), *drawn,
                  Table([_("unit"), *(view.label(code) for code in codes)], rows),
                  view.left_out())  # fmt: skip


def _groups(view: View) -> list[Figure]:
    found: list[Figure] = []
    for code, groups in view.result.summary.groups.items():
        if not 1 < len(groups) <= MOST_GROUPS:
            continue
        rows = [
            [view.group_label(code, one.label), str(one.units), view.number(one.mean)]
            for one in groups
        ]
        best = groups[0]
        lead = _("%(best)s has the highest mean, %(mean)s.") % {
            "best": view.group_label(code, best.label), "mean": view.number(best.mean),
        }  # fmt: skip
        if any(one.reference is not None for one in groups):
            lead += " " + _("The red mark is the reference line.")
        found.append(
            Figure(f"groups-{len(found) + 1}",
                   _("Mean by %(group)s") % {"group": view.group_name(code)}, lead,
                   plots.group_bars(view, groups, code, plots.WIDE),
                   plots.group_bars(view, groups, code, plots.NARROW),
                   Table([view.group_name(code), _("units"), _("mean")], rows))
        )  # fmt: skip
    return found


def _profile(view: View) -> Figure | None:
    drawn = _twice(plots.profile, view)
    one = view.chosen
    if drawn is None or one is None or len(view.details) < 2:
        return None
    group = peers(view, one)
    rows = [
        [view.label(code), view.short_number(one.components[code]),
         view.short_number(group.means[code])]
        for code in view.details
    ]  # fmt: skip
    title = _("%(unit)s against %(group)s") % {"unit": view.name(one), "group": group.name}
    return Figure("profile", title,
                  _("Green is better than the group's mean, red is worse."), *drawn,
                  Table([_("part"), view.name(one), group.name], rows))  # fmt: skip


def _scatter(view: View) -> Figure | None:
    drawn = _twice(plots.scatter, view)
    outside = view.result.outside
    if drawn is None or outside is None:
        return None
    rows = [
        [view.name(one), f"{outside.values[one.unit]:,.5g}", view.number(view.basis(one))]
        for one in view.ranked
        if one.unit in outside.values
    ]
    strength = abs(outside.spearman)
    words = (
        _("goes closely with")
        if strength >= 0.7
        else _("goes loosely with")
        if strength >= 0.4
        else _("hardly goes with")
    )
    lead = _("The score %(words)s %(column)s: rank correlation %(spearman)s over %(units)s units."
             " That is no cause.") % {
        "words": words, "column": said(outside), "spearman": f"{outside.spearman:.2f}",
        "units": outside.units,
    }  # fmt: skip
    return Figure("outside", _("Score and %(column)s") % {"column": said(outside)}, lead,
                  *drawn, Table([_("unit"), said(outside), _("score")], rows))  # fmt: skip


def _sensitivity(view: View) -> Figure | None:
    found = view.result.sensitivity
    if found is None or not found.variance > 0:
        return None
    drawn = _twice(plots.sensitivity_bars, view)
    assert drawn is not None
    rows = [
        [cause(view, name), f"{100 * total:.0f} ± {100 * error:.0f} %",
         f"{100 * first:.0f} ± {100 * own:.0f} %"]
        for name, first, total, own, error in sorted(
            zip(found.inputs, found.first, found.total, found.first_error, found.total_error,
                strict=True),
            key=lambda item: -item[2],
        )
    ]  # fmt: skip
    lead = _(
        "A rank shifts by %(places)s places on average when all choices vary. The bars say which"
        " choice does it: with all others, and in brackets alone."
    ) % {"places": f"{found.mean:.1f}"}
    return Figure("causes", _("What moves ranks most"), lead, *drawn,
                  Table([_("choice"), _("in all"), _("alone")], rows))  # fmt: skip


def _correlation(view: View) -> Figure | None:
    drawn = _twice(plots.correlation_map, view)
    found = correlations(view)
    if drawn is None or found is None:
        return None
    codes, matrix = found
    rows = [
        [view.label(code), *(f"{value:.2f}" for value in line)]
        for code, line in zip(codes, matrix, strict=True)
    ]
    lead = _(
        "Parts that go together measure much the same; a red line marks parts that run against each"
        " other."
    )
    result = view.result
    if result.reliability is not None and math.isfinite(result.reliability.alpha):
        lead += " " + _(
            "Cronbach's alpha of the %(count)s indicators is %(alpha)s (0.7 is usual for one idea)."
        ) % {
            "count": len(view.result.framework.indicators),
            "alpha": f"{result.reliability.alpha:.2f}",
        }  # fmt: skip
    if result.components is not None:
        lead += " " + _("The first principal component holds %(share)s %% of their variance.") % {
            "share": f"{100 * result.components.explained[0]:.0f}",
        }  # fmt: skip
    return Figure("together", _("How the parts go together"), lead, *drawn,
                  Table([_("part"), *(view.label(code) for code in codes)], rows))  # fmt: skip


def units_table(view: View) -> Table:
    """Every unit with all that the report says of it."""
    tiers = bool(view.result.framework.tiers)
    moves = view.result.previous is not None
    head = [_("rank"), _("unit"), _("score"), _("usual ranks")]
    head += [_("tier")] if tiers else []
    head += [_("places won")] if moves else []
    head += [_("own data")]
    rows = []
    for one in [*view.ranked, *(one for one in view.result.units if one.rank is None)]:
        row = [view.rank(one), view.name(one), view.number(one.score), view.interval(one)]
        row += [(view.tier(one.tier) + " " + one.tier_part).strip() or "–"] if tiers else []
        row += [_signed(one.rank_change)] if moves else []
        row += [_status(one)]
        rows.append(row)
    return Table(head, rows)


def _signed(places: float | None) -> str:
    return "–" if places is None else f"{places:+g}" if places else "0"


def _status(one: UnitResult) -> str:
    if one.status == "not_assessed":
        return _("not assessed")
    share = f"{100 * min(one.quality.coverage, one.quality.validity):.0f} %"
    if one.status == "withheld":
        return _("%(share)s, withheld") % {"share": share}
    if one.status == "incomplete":
        return _("incomplete set")
    return _("%(share)s, marked") % {"share": share} if one.quality.state == "marked" else share


def render(view: View, drawn: list[Figure], other: tuple[str, str]) -> str:
    """The whole page. `other` is the name and the file of the page in the other language; empty for
    a page that has no other files beside it.
    """
    engine = Engine(
        dirs=[str(TEMPLATES)],
        libraries={"i18n": "django.templatetags.i18n"},
        builtins=["django.templatetags.i18n"],
    )
    chosen = view.chosen
    framework = view.result.framework
    context = {
        "language": translation.get_language(),
        "other_name": other[0],
        "other_file": other[1],
        "style": mark_safe(STYLE),  # noqa: S308  our own constant
        "view": view,
        "title": view.title,
        "edition": framework.edition if framework.edition not in view.title else "",
        # Chinese sentences follow each other without a space.
        "gap_between": "" if view.language.startswith("zh") else " ",
        "sentences": overall(view),
        "cards": _cards(view),
        "figures": drawn,
        "portrait": portrait(view, chosen) if chosen else None,
        "chosen": view.name(chosen) if chosen else "",
        "first": view.name(view.ranked[0]) if view.ranked else "",
        "gap": gap_lines(view, chosen) if chosen else [],
        "choices": choices(view),
        "assumptions": [in_language(one, view.language) for one in framework.assumptions],
        "notes": [in_language(one, view.language) for one in framework.notes],
        "warnings": view.warnings,
        "made_up": len(view.result.cells),
        "units": units_table(view),
    }
    return engine.get_template("assessment/report.html").render(Context(context))


def _cards(view: View) -> list[tuple[str, str, str]]:
    """Key figures: number, what it is, a remark."""
    summary = view.result.summary
    if not view.ranked:
        return []
    cards = [
        (str(summary.ranked), _("units ranked"),
         "" if summary.ranked == summary.units
         else _("of %(count)s in the table") % {"count": summary.units}),
        (view.number(summary.mean), _("mean score"),
         _("from %(low)s to %(high)s")
         % {"low": view.number(summary.lowest), "high": view.number(summary.highest)}),
    ]  # fmt: skip
    for tier in view.result.framework.tiers[:1]:
        count = summary.tiers.get(tier.code, 0)
        share = f"{100 * count / max(summary.ranked, 1):.0f} %"
        name = _('in the tier "%(tier)s"') % {"tier": view.tier(tier.code)}
        cards.append((str(count), name, share))
    marked = sum(one.quality.state != "full" for one in view.result.units)
    cards.append(
        (str(marked), _("marked or withheld"), _("for want of own valid data"))
        if marked
        else (view.number(summary.above_mean, 0), _("above the mean"), "")
    )
    return cards
