"""Guide pages, and rows of results."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.catalogue.counting import note_use
from tongban.catalogue.guide_page import guide_context, material_row
from tongban.catalogue.highlighting import highlight
from tongban.catalogue.models import Guide
from tongban.catalogue.search.listings import Listing, entry_of
from tongban.catalogue.selectors import find_item, guide_in_force
from tongban.catalogue.wording import (
    AUDIENCE_LABELS,
    in_chinese,
    kind_label,
    labels,
    limit_words,
    visits_words,
)
from tongban.directory.clients import client_address

# Also asked for by other rooms.
__all__ = ["guide_context", "guide_row", "item", "listing_row", "material_row"]


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
        "summary": listing.summary[0 if in_chinese() else 1],
        "audience_labels": labels(AUDIENCE_LABELS, listing.audience),
        "limit_label": limit_words(listing.promised_value, listing.promised_unit),
        "visits_label": visits_words(listing.on_site_visits),
        "online": listing.accepts_online,
        "has_guide": listing.has_guide,
        "apply_url": reverse("cases:apply", args=[listing.code]) if listing.accepts_online else "",
    }


def guide_row(guide: Guide) -> dict[str, object]:
    return listing_row(entry_of(guide.item, guide).listing)


@opens_to(Permission.VISIT)
@require_safe
def item(request: HttpRequest, code: str) -> HttpResponse:
    """The guide of an item; without a guide, what the list says and where to ask."""
    found = find_item(code)
    if found is None:
        raise Http404
    note_use(found.code, "opened", client=client_address(request))
    guide = guide_in_force(found)
    context: dict[str, object] = {"item": found, "kind_label": kind_label(found.kind)}
    if guide is None:
        return render(request, "catalogue/item_without_guide.html", context)
    context["address"] = request.build_absolute_uri(request.path)
    return render(request, "catalogue/guide.html", context | guide_context(guide))
