"""The three hard numbers of a place."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.assessment.report import plots
from tongban.assessment.report.page import Figure, Table
from tongban.assessment.report.plots.hard import places_spread, time_histogram, time_trend
from tongban.assessment.selectors.hard import HardNumber, Spreading, as_json, hard_numbers
from tongban.assessment.views.asking import Asked, asked
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import NotFound
from tongban.indices import in_language


@opens_to(Permission.READ_INDICATORS)
@require_safe
def numbers(request: HttpRequest, region: str) -> HttpResponse:
    """Time to open a business, time for investment projects, ease: `?form=json` as a document."""
    page = asked(request, region)
    if page.organ is not None:
        raise NotFound(code="unit_not_found", title=_("The hard numbers are those of a place"))
    found = hard_numbers(page.region, page.period)
    if request.GET.get("form") == "json":
        answer = JsonResponse(
            as_json(page.region, page.period, found), json_dumps_params={"ensure_ascii": False}
        )
        answer["Content-Disposition"] = f'attachment; filename="numbers-{page.region.code}.json"'
        return answer
    context = {
        "unit": page.name,
        "region": page.region,
        "period": page.period,
        "asks": page.query,
        "crumbs": page.crumbs(),
        "numbers": [_number(one, page) for one in found],
    }
    return render(request, "assessment/numbers.html", context)


def _cases(one: Spreading) -> str:
    return _("hidden") if one.cases is None else f"{one.cases:,}"


def _days(value: int | None) -> str:
    return "–" if value is None else str(value)


def _number(one: HardNumber, page: Asked) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    low, first, median, third, high = one.time.quantiles
    return {
        "code": one.theme.code,
        "name": in_language(one.theme.names, language),
        "what": in_language(one.theme.what, language),
        "source": one.theme.source,
        "cases": _cases(one.time),
        "median": _days(median),
        "known": median is not None,
        "middle": f"{_days(first)}–{_days(third)}",
        "reach": f"{_days(low)}–{_days(high)}",
        "mean": "–" if one.time.mean is None else f"{one.time.mean:.1f}",
        "visits": _mean(one.visits),
        "materials": _mean(one.materials),
        "visits_rows": [
            (value, _("hidden") if cases is None else f"{cases:,}")
            for value, cases in one.visits_spread
        ],
        "figures": [drawn for drawn in (_spread(one), _trend(one), _places(one, page)) if drawn],
    }


def _mean(one: Spreading | None) -> str:
    return "" if one is None else "–" if one.mean is None else f"{one.mean:.1f}"


def _spread(one: HardNumber) -> Figure | None:
    if not one.bins:
        return None
    rows = [
        [f"{bin_.low}+" if bin_.high is None else f"{bin_.low}–{bin_.high}",
         _("hidden") if cases is None else f"{cases:,}"]
        for bin_, cases in one.bins
    ]  # fmt: skip
    return Figure(
        f"{one.theme.code}-spread",
        _("How long it took"),
        _("Half of the cases took at most %(median)s working days, nine in ten at most %(high)s.")
        % {"median": _days(one.time.median), "high": _days(one.time.quantiles[4])},
        time_histogram(one, plots.WIDE),
        time_histogram(one, plots.NARROW),
        Table([_("working days"), _("cases")], rows),
    )


def _trend(one: HardNumber) -> Figure | None:
    wide, narrow = time_trend(one, plots.WIDE), time_trend(one, plots.NARROW)
    if wide is None or narrow is None:
        return None
    rows = [
        [f"{day:%Y-%m}", _cases(time), _days(time.quantiles[1]), _days(time.median),
         _days(time.quantiles[3])]
        for day, time in one.trend
    ]  # fmt: skip
    return Figure(
        f"{one.theme.code}-trend",
        _("Month by month"),
        _("Months by the day of the decision; whole months, also where the period cuts them."),
        wide,
        narrow,
        Table([_("month"), _("cases"), "25 %", _("median"), "75 %"], rows),
    )


def _places(one: HardNumber, page: Asked) -> Figure | None:
    if len(one.districts) < 2:
        return None
    rows = [(district.name, district.time) for district in one.districts]
    title = _("Places compared")
    said = _("The dot is the median, the bar the middle half, the line four fifths of the cases.")
    table = [
        [name, _cases(time), *(_days(value) for value in time.quantiles)] for name, time in rows
    ]
    return Figure(
        f"{one.theme.code}-places",
        title,
        said,
        places_spread(rows, plots.WIDE, title=title, description=said),
        places_spread(rows, plots.NARROW, title=title, description=said),
        Table([_("place"), _("cases"), "10 %", "25 %", _("median"), "75 %", "90 %"], table),
        _("Where one to four people could be counted out, the next smallest number is hidden too."),
    )
