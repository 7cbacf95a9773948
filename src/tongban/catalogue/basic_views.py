"""The page of a basic item (基本目录): what the law fixes once, and who does it where."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.catalogue import listing
from tongban.catalogue.models import BasicItem, BasicVersion
from tongban.catalogue.rules import BasicDocument
from tongban.catalogue.shelves import reading
from tongban.catalogue.wording import (
    AUDIENCE_LABELS,
    FORM_LABELS,
    kind_label,
    labels,
    limit_of,
    limit_words,
    said,
    visits_words,
)


@opens_to(Permission.VISIT)
@require_safe
def basic(request: HttpRequest, basic: str) -> HttpResponse:
    """A basic item with its versions, its sub-items and its implementations, by region."""
    if "\x00" in basic:
        raise Http404
    found = BasicItem.objects.select_related("parent").filter(code=basic).first()
    if found is None:
        raise Http404
    versions = list(found.versions.order_by("-version"))
    in_force = next((one for one in versions if one.effective_to is None), None)
    page = reading.implementations_of(found, after=request.GET.get("after", ""))
    context = {
        "basic": found,
        "kind_label": kind_label(found.kind),
        "version": in_force,
        "versions": versions,
        "fixed": _fixed(in_force) if in_force else {},
        "children": found.children.order_by("code")[: reading.PAGE],
        "implementations": [
            {
                "listing": one,
                "limit": limit_words(one.promised_value, one.promised_unit),
                "visits": visits_words(one.on_site_visits),
            }
            for one in page.listings
        ],
        "next_url": listing.link({"after": page.after}) if page.after else "",
    }
    return render(request, "catalogue/basic.html", context)


def _fixed(version: BasicVersion) -> dict[str, object]:
    """What a version fixes, in the language of the page."""
    document = BasicDocument.model_validate(version.document)
    return {
        "statutory_limit": limit_of(document.statutory_limit),
        "audience": labels(AUDIENCE_LABELS, document.audience),
        "forms": labels(FORM_LABELS, document.handling_forms),
        "visits": visits_words(document.on_site_visits),
        "free": document.charges_fee is False,
        "result": said(document.result.name) if document.result else "",
        "legal_bases": document.legal_bases,
        "conditions": [said(one) for one in document.conditions],
        "materials": [said(one.name) for one in document.materials],
    }
