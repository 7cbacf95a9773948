"""Live dashboards: a place or an organ, the list behind a figure, what to mend first, comparing two."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.assessment.live import wording
from tongban.assessment.live.computing import Live
from tongban.assessment.live.document import as_json, rows
from tongban.assessment.live.figures import COUNTS, Figure
from tongban.assessment.permissions import sight_of
from tongban.assessment.report.page import Figure as Drawn
from tongban.assessment.report.page import figures as drawn_of
from tongban.assessment.report.view import View
from tongban.assessment.selectors.behind import Behinds, behind, cases_behind, to_do
from tongban.assessment.services.keeping import keep_live
from tongban.assessment.views.asking import Asked, asked
from tongban.assessment.views.files import csv_answer, report_answer
from tongban.base.permissions import Permission, opens_to
from tongban.catalogue.lint.rules import BY_CODE
from tongban.directory.models import Organ, Region
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of
from tongban.indices import in_language
from tongban.indices.framework.model import Indicator, Names

# Pictures of the places below that a dashboard shows.
SHOWN_PICTURES = ("ranks", "parts")


def _said(names: Names) -> str:
    return in_language(names, get_language() or "zh-hans")


@opens_to(Permission.READ_INDICATORS)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The places and organs whose figures the account may read."""
    sight = sight_of(account_of(request))
    organs = Organ.objects.filter(pk__in=sight.organs).select_related("region").order_by("name")
    context = {
        "regions": Region.objects.filter(path__in=sight.paths).order_by("code"),
        "organs": organs,
    }
    return render(request, "assessment/live_overview.html", context)


def _frame(page: Asked) -> dict[str, Any]:
    return {
        "unit": page.name,
        "organ": page.organ,
        "region": page.region,
        "period": page.period,
        "asks": page.query,
        "crumbs": page.crumbs(),
    }


@opens_to(Permission.READ_INDICATORS)
@require_safe
def dashboard(request: HttpRequest, region: str) -> HttpResponse:
    """The live index of a place or organ: its parts, its figures, the places below."""
    page = asked(request, region)
    live = page.live()
    duties = duties_of(account_of(request))
    context = _frame(page) | {
        "live": live,
        "score": View(live.own, get_language() or "zh-hans").number(live.result.score),
        "has_score": live.result.score is not None,
        "tier": View(live.own, get_language() or "zh-hans").tier(live.result.tier),
        "guard": _guard(live),
        "groups": _groups(live, page),
        "below": _below(live, page),
        "drawn": _pictures(live),
        "todo": to_do(live, most=5),
        "may_keep": bool(duties.organs_for(Permission.ASSESS)),
    }
    return render(request, "assessment/dashboard.html", context)


def _guard(live: Live) -> str:
    """Why the index is marked or withheld."""
    quality = live.result.quality
    share = f"{100 * quality.coverage:.0f}"
    if live.result.status == "not_assessed":
        return _("Nothing could be counted here.")
    if quality.state == "withheld":
        return _(
            "Only %(share)s %% of the weight rests on figures that can be counted: below 50 %% no"
            " score is given."
        ) % {"share": share}
    if quality.state == "marked":
        return _(
            "%(share)s %% of the weight rests on figures that can be counted; the others carry the"
            " rest. To be read with care."
        ) % {"share": share}
    return ""


def _groups(live: Live, page: Asked) -> list[dict[str, Any]]:
    framework = live.own.framework
    found = []
    for node in framework.children(framework.root.code):
        score = live.result.components[node.code]
        found.append(
            {
                "name": _said(node.names),
                "score": None if score is None else f"{score:.1f}",
                "width": 0 if score is None else round(score),
                "weight": f"{node.weight:g}",
                "rows": [
                    figure_row(live, one, page)
                    for one in framework.indicators
                    if one.parent == node.code
                ],
            }
        )
    return found


def figure_row(live: Live, one: Indicator, page: Asked) -> dict[str, Any]:
    """An indicator with its figure, as pages show it."""
    figure: Figure = live.figures[live.unit.code][one.code]
    shown = figure.value is not None
    return {
        "code": one.code,
        "name": _said(one.names),
        "definition": _said(one.definition),
        "source": one.source,
        "value": f"{figure.value:.1f}" if figure.value is not None else "–",
        "width": round(figure.value or 0),
        "counted": f"{figure.got:,.0f} / {figure.all:,.0f}" if shown else "",
        "unit": wording.UNITS[COUNTS[one.code].unit],
        "state": figure.state.value,
        "state_word": wording.STATES[figure.state],
        "reasons": wording.reasons(figure),
        "weight": f"{100 * live.weight(one.code):.1f}",
        "lost": f"{live.gain(one.code, figure.all):.2f}" if shown else "",
        "url": reverse("assessment:behind", args=[page.region.code, one.code]) + page.query,
    }


def _below(live: Live, page: Asked) -> list[dict[str, Any]]:
    """The places and organs right below with their scores, best first."""
    if live.below is None:
        return []
    organs = {one.code for one in live.units_below if one.is_organ}
    view = View(live.below, get_language() or "zh-hans")
    found = []
    for one in [*view.ranked, *(u for u in live.below.units if u.rank is None)]:
        region = page.region.code if one.unit in organs else one.unit
        query = (
            page.query.replace("?", f"?organ={one.unit}&", 1) if one.unit in organs else page.query
        )
        found.append(
            {
                "name": one.title,
                "code": one.unit,
                "rank": view.rank(one),
                "score": view.number(one.score),
                "tier": view.tier(one.tier) if one.rank is not None else _("withheld"),
                "interval": view.interval(one),
                "coverage": f"{100 * one.quality.coverage:.0f}",
                "url": reverse("assessment:dashboard", args=[region]) + query,
                "compare": f"{page.region.code}:{one.unit}" if one.unit in organs else one.unit,
            }
        )
    return found


def _pictures(live: Live) -> list[Drawn]:
    if live.below is None or len(live.below.ranked()) < 2:
        return []
    view = View(live.below, get_language() or "zh-hans")
    return [one for one in drawn_of(view) if one.code in SHOWN_PICTURES]


@opens_to(Permission.READ_INDICATORS)
@require_safe
def behind_figure(request: HttpRequest, region: str, indicator: str) -> HttpResponse:
    """The items, guides and cases that cost the points of a figure."""
    page = asked(request, region)
    if indicator not in COUNTS:
        raise Http404
    live = page.live(draws=0)
    one = next(one for one in live.own.framework.indicators if one.code == indicator)
    found: Behinds = behind(live, indicator)
    reads_cases = duties_of(account_of(request)).organs_for(Permission.READ_CASE)
    may_read = page.organ is not None and page.organ.pk in reads_cases
    context = _frame(page) | {
        "figure": figure_row(live, one, page),
        "rows": [
            {
                "row": row,
                "findings": [_finding(code) for code in row.findings],
                "gain": f"{row.gain:.3f}",
                "url": reverse("catalogue:item", args=[row.code]) if row.is_item else "",
            }
            for row in found.rows
        ],
        "total": found.total,
        "more": found.total - len(found.rows),
        "is_cases": COUNTS[indicator].source == "cases",
        "cases": cases_behind(live, indicator) if may_read else [],
        "may_read": may_read,
    }
    return render(request, "assessment/behind.html", context)


def _finding(code: str) -> str:
    rule = BY_CODE.get(code)
    if rule is None:
        return code
    return rule.message[1 if (get_language() or "").startswith("en") else 0]


@opens_to(Permission.READ_INDICATORS)
@require_safe
def todo(request: HttpRequest, region: str) -> HttpResponse:
    """Items sorted by the points that mending them brings."""
    page = asked(request, region)
    live = page.live(draws=0)
    names = {one.code: _said(one.names) for one in live.own.framework.indicators}
    context = _frame(page) | {
        "tasks": [
            {
                "task": task,
                "gain": f"{task.gain:.3f}",
                "parts": [(names[code], f"{gain:.3f}") for code, gain in task.parts],
            }
            for task in to_do(live)
        ]
    }
    return render(request, "assessment/todo.html", context)


@opens_to(Permission.READ_INDICATORS)
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two places or organs side by side: `a` and `b` are codes, an organ as "region:organ"."""
    units = [request.GET.get(name, "") for name in ("a", "b")]
    context: dict[str, Any] = {"a": units[0], "b": units[1], "rows": []}
    if all(units):
        pages = [_asked_for(request, unit) for unit in units]
        lives = [page.live(draws=0) for page in pages]
        context |= {
            "pages": pages,
            "period": pages[0].period,
            "scores": [View(one.own, "en").number(one.result.score) for one in lives],
            "rows": _side_by_side(lives[0], lives[1]),
        }
    return render(request, "assessment/compare.html", context)


def _asked_for(request: HttpRequest, unit: str) -> Asked:
    region, _colon, organ = unit.partition(":")
    changed = request.GET.copy()
    changed["organ"] = organ
    request.GET = changed  # type: ignore[assignment]
    return asked(request, region)


def _side_by_side(first: Live, second: Live) -> list[dict[str, Any]]:
    found = []
    framework = first.own.framework
    for one in [framework.root, *framework.children(framework.root.code), *framework.indicators]:
        values = [live.result.components[one.code] for live in (first, second)]
        both = [value for value in values if value is not None]
        gap = both[0] - both[1] if len(both) == 2 else None
        points = None
        if isinstance(one, Indicator) and gap is not None:
            points = first.weight(one.code) * gap
        found.append(
            {
                "name": _said(one.names),
                "level": 0 if one.code == framework.root.code else 2 if isinstance(one, Indicator)
                else 1,
                "values": ["–" if value is None else f"{value:.1f}" for value in values],
                "gap": "" if gap is None else f"{gap:+.1f}",
                "better": gap is not None and gap > 0.05,
                "worse": gap is not None and gap < -0.05,
                "points": "" if points is None else f"{points:+.2f}",
            }
        )  # fmt: skip
    return found


@opens_to(Permission.READ_INDICATORS)
@require_safe
def download(request: HttpRequest, region: str, form: str) -> HttpResponse:
    """The live figures as `csv`, `json` or, of the places below, as a `report`."""
    page = asked(request, region)
    live = page.live()
    name = f"live-{live.unit.code}-{page.period.last}"
    if form == "json":
        answer = JsonResponse(as_json(live, to_do(live)), json_dumps_params={"ensure_ascii": False})
        answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
        return answer
    if form == "csv":
        return csv_answer(rows(live), name)
    if form == "report":
        return report_answer(live.below or live.own, name)
    raise Http404


@opens_to(Permission.ASSESS)
@require_POST
def keep(request: HttpRequest, region: str) -> HttpResponse:
    """Keep the figures as they are now, committed to in the ledger."""
    page = asked(request, region)
    run = keep_live(
        account_of(request),
        page.live(),
        region=page.region,
        organ=page.organ,
        title=request.POST.get("title", ""),
    )
    return redirect("assessment:run", run=run.code)
