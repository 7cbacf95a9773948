"""Search and guide pages."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.catalogue.bundles.selectors import bundles_for
from tongban.catalogue.bundles.views import bundle_row
from tongban.catalogue.codes import KINDS
from tongban.catalogue.guide_page import guide_context, material_row
from tongban.catalogue.highlighting import highlight
from tongban.catalogue.models import Guide
from tongban.catalogue.search.index import Listing, listing_of
from tongban.catalogue.search.query import Filters
from tongban.catalogue.selectors import (
    PAGES_MOST,
    QUERY_LONGEST,
    find_item,
    guide_in_force,
    organs_serving,
    search_items,
)
from tongban.catalogue.wording import (
    AUDIENCE_LABELS,
    in_chinese,
    kind_label,
    labels,
    limit_words,
    visits_words,
)
from tongban.directory.choice import current_region, region_name

PAGE_SIZE = 10
# Also asked for by other rooms.
__all__ = ["guide_context", "guide_row", "item", "listing_row", "material_row", "search"]


def listing_row(listing: Listing, query: str = "") -> dict[str, object]:
    """A result row for `web/components/result_row.html`."""
    url = reverse("catalogue:item", args=[listing.code])
    english = not in_chinese() and listing.name_en
    return {
        "url": url,
        "code": listing.code,
        "name_html": highlight(listing.name, query),
        "name_en": listing.name_en if english else "",
        "organ": listing.organ,
        "region": listing.region_name,
        "kind_label": kind_label(listing.kind),
        "summary": listing.summary[0 if in_chinese() else 1],
        "audience_labels": labels(AUDIENCE_LABELS, listing.audience),
        "limit_label": limit_words(listing.promised_value, listing.promised_unit),
        "visits_label": visits_words(listing.on_site_visits),
        "online": listing.accepts_online,
        "has_guide": listing.has_guide,
        "apply_url": reverse("cases:apply", args=[listing.code]) if listing.accepts_online else "",
    }


def guide_row(guide: Guide) -> dict[str, object]:
    return listing_row(listing_of(guide.item, guide))


# What the filter panel offers for "who it is for".
AUDIENCES = ("natural_person", "enterprise", "public_institution", "social_organisation")


@opens_to(Permission.VISIT)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Results for `q`, within a region and filters."""
    query = request.GET.get("q", "").strip()[:QUERY_LONGEST]
    region = request.GET.get("region", "") or current_region(request)
    if not region_name(region):
        return _unknown_region(request, query)
    filters = Filters(
        region=region,
        organ=request.GET.get("organ", ""),
        kind=request.GET.get("kind", ""),
        audience=request.GET.get("audience", ""),
    )
    number = _page_number(request)
    found = search_items(query, filters, page=number, size=PAGE_SIZE)
    pages = -(-found.total // PAGE_SIZE)
    context = {
        "query": query,
        "region": region,
        "region_name": region_name(region),
        "hits": [listing_row(hit.listing, query) for hit in found.hits],
        "total": found.total,
        "how": found.how,
        "page": number,
        "pages": pages,
        "previous_url": _link(request, page=number - 1) if number > 1 else "",
        "next_url": _link(request, page=number + 1) if number < pages else "",
        "bundles": [bundle_row(one) for one in bundles_for(query, region)] if number == 1 else [],
        "filter_groups": _filter_groups(request, filters),
        "filtered": bool(filters.organ or filters.kind or filters.audience),
        "everything_url": f"{reverse('catalogue:search')}?{urlencode({'q': query})}",
        "nothing_asked": not query and not (filters.organ or filters.kind or filters.audience),
    }
    return render(request, "catalogue/search.html", context)


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


def _filter_groups(request: HttpRequest, filters: Filters) -> list[dict[str, object]]:
    """Organ, kind and audience as groups of links; what is chosen can be taken away."""
    groups = (
        (
            "organ",
            _("Department"),
            [(organ.code, organ.name) for organ in organs_serving(filters.region)],
            filters.organ,
        ),
        ("kind", _("Kind"), [(kind, kind_label(kind)) for kind in KINDS], filters.kind),
        (
            "audience",
            _("Who it is for"),
            [(who, AUDIENCE_LABELS[who]()) for who in AUDIENCES],
            filters.audience,
        ),
    )
    return [
        {
            "name": name,
            "title": title,
            "options": [
                {
                    "label": label,
                    "selected": value == chosen,
                    "url": _link(request, **{name: "" if value == chosen else value}),
                }
                for value, label in options
            ],
            "chosen": chosen,
        }
        for name, title, options, chosen in groups
    ]


@opens_to(Permission.VISIT)
@require_safe
def item(request: HttpRequest, code: str) -> HttpResponse:
    """The guide of an item; without a guide, what the list says and where to ask."""
    found = find_item(code)
    if found is None:
        raise Http404
    guide = guide_in_force(found)
    context: dict[str, object] = {"item": found, "kind_label": kind_label(found.kind)}
    if guide is None:
        return render(request, "catalogue/item_without_guide.html", context)
    context["address"] = request.build_absolute_uri(request.path)
    return render(request, "catalogue/guide.html", context | guide_context(guide))
