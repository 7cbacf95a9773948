"""The search page, suggestions while somebody types, and what was looked for in vain."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.base.regions import NATION
from tongban.catalogue.bundles.selectors import bundles_for
from tongban.catalogue.bundles.views import bundle_row
from tongban.catalogue.counting import note_vain
from tongban.catalogue.ranking import SHOWN_FROM, looked_for_in_vain
from tongban.catalogue.search.facets import Counts
from tongban.catalogue.search.query import Filters
from tongban.catalogue.search.suggesting import suggest
from tongban.catalogue.selectors import (
    PAGES_MOST,
    QUERY_LONGEST,
    SearchResult,
    count_elsewhere,
    organ_names,
    search_items,
)
from tongban.catalogue.views import listing_row
from tongban.catalogue.wording import AUDIENCE_LABELS, DEPTH_LABELS, in_chinese, kind_label
from tongban.directory.choice import current_region, region_name
from tongban.directory.clients import client_address
from tongban.directory.models import Region

PAGE_SIZE = 10
FACETS = ("organ", "theme", "audience", "depth", "level", "kind")


@opens_to(Permission.VISIT)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Results for `q`, within a region and filters."""
    query = request.GET.get("q", "").strip()[:QUERY_LONGEST]
    region = request.GET.get("region", "") or current_region(request)
    if not region_name(region):
        return _unknown_region(request, query)
    chosen = {name: request.GET.get(name, "")[:100] for name in FACETS}
    filters = Filters(region=region, near=request.GET.get("near") == "1", **chosen)
    number = _page_number(request)
    found = search_items(query, filters, page=number, size=PAGE_SIZE, facets=True)
    filtered = any(chosen.values())
    if not found.total and number == 1 and not filtered:
        note_vain(query, region, client=client_address(request))
    pages = min(-(-found.total // PAGE_SIZE), PAGES_MOST)
    context = {
        "query": query,
        "region": region,
        "region_name": region_name(region),
        "hits": [listing_row(hit.listing, query) for hit in found.hits],
        "total": found.total,
        "how": found.how,
        "event": _event_name(found),
        "page": number,
        "pages": pages,
        "previous_url": _link(request, page=number - 1) if number > 1 else "",
        "next_url": _link(request, page=number + 1) if number < pages else "",
        "bundles": [bundle_row(one) for one in bundles_for(query, region)] if number == 1 else [],
        "filter_groups": _groups(request, filters, found.facets),
        "elsewhere": _elsewhere(request, query, filters),
        "filtered": filtered,
        "everything_url": f"{reverse('catalogue:search')}?{urlencode({'q': query})}",
        "nothing_asked": not query and not filtered,
    }
    return render(request, "catalogue/search.html", context)


def _event_name(found: SearchResult) -> str:
    if found.event is None:
        return ""
    return found.event.zh if in_chinese() else found.event.en


def _page_number(request: HttpRequest) -> int:
    page = request.GET.get("page", "1")[:9]
    return min(max(int(page), 1), PAGES_MOST) if page.isascii() and page.isdigit() else 1


def _unknown_region(request: HttpRequest, query: str) -> HttpResponse:
    context = {"query": query, "unknown_region": request.GET.get("region", "")}
    return render(request, "catalogue/search.html", context, status=404)


def _link(request: HttpRequest, **changes: object) -> str:
    """This search with other parameters; an empty value takes one away."""
    wanted = {name: request.GET[name] for name in request.GET if name != "page"} | changes
    return "?" + urlencode({name: value for name, value in wanted.items() if value})


def _elsewhere(request: HttpRequest, query: str, filters: Filters) -> dict[str, object] | None:
    """The switch to what other places do for people from here, when they do something."""
    if filters.near:
        return {"on": True, "count": 0, "url": _link(request, near="")}
    if filters.region == NATION:
        return None
    count = count_elsewhere(query, filters)
    return {"on": False, "count": count, "url": _link(request, near="1")} if count else None


def _groups(request: HttpRequest, filters: Filters, counts: Counts) -> list[dict[str, object]]:
    """Each facet as a group of links with counts; what is chosen can be taken away."""
    organs = organ_names([code for code, _count in counts.get("organ", ())])
    levels = dict(Region.Level.choices)
    named: dict[str, tuple[str, Callable[[str], str]]] = {
        "organ": (_("Department"), lambda code: organs.get(code, code)),
        "theme": (_("Theme"), str),
        "audience": (_("Who it is for"), lambda who: _called(AUDIENCE_LABELS, who)),
        "depth": (_("How far online"), lambda depth: _called(DEPTH_LABELS, depth)),
        "level": (
            _("Level of the place"),
            lambda level: str(levels.get(int(level), level)) if level.isdigit() else level,
        ),
        "kind": (_("Kind"), lambda kind: kind_label(kind) or kind),
    }
    groups = []
    for facet, (title, label) in named.items():
        chosen = getattr(filters, facet)
        options = [
            {
                "label": label(value),
                "count": count,
                "selected": value == chosen,
                "url": _link(request, **{facet: "" if value == chosen else value}),
            }
            for value, count in counts.get(facet, ())
        ]
        if len(options) > 1 or chosen:
            groups.append({"name": facet, "title": title, "options": options, "chosen": chosen})
    return groups


def _called(table: dict[str, Callable[[], str]], key: str) -> str:
    return table[key]() if key in table else key


@opens_to(Permission.VISIT)
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """The options of the search field's list for what is typed so far: a fragment for htmx."""
    typed = request.GET.get("q", "")[:QUERY_LONGEST]
    region = current_region(request)
    options = [
        {
            "text": one.name if in_chinese() or not one.name_en else one.name_en,
            "note": _("life event") if one.is_event else "",
            "url": reverse("catalogue:item", args=[one.code])
            if one.code
            else f"{reverse('catalogue:search')}?{urlencode({'q': one.query})}",
        }
        for one in suggest(typed, region)
    ]
    return render(request, "catalogue/suggestions.html", {"options": options})


@opens_to(Permission.READ_SEARCHES)
@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    """What people looked for in vain, for who writes guides and the phrase book."""
    context = {"wanted": looked_for_in_vain(), "shown_from": SHOWN_FROM}
    return render(request, "catalogue/searches.html", context)
