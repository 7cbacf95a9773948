"""Public pages of bundles: the list, and one as a guide."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.catalogue.bundles.merging import merged_form
from tongban.catalogue.bundles.publishing import documents_of, guides_of
from tongban.catalogue.bundles.schema import BundleDocument, BundlePart
from tongban.catalogue.bundles.selectors import bundle_document, bundles_in_force, find_bundle
from tongban.catalogue.guide_page import material_row
from tongban.catalogue.models import Bundle, Guide
from tongban.catalogue.wording import AUDIENCE_LABELS, labels, limit_words, said, visits_words
from tongban.directory.choice import current_region


def bundle_row(bundle: Bundle) -> dict[str, object]:
    """A bundle in a list: its name, what it is, how many items."""
    document = bundle_document(bundle)
    return {
        "name": said(document.name),
        "summary": said(document.summary),
        "count": len(document.parts),
        "audience_labels": labels(AUDIENCE_LABELS, document.audience),
        "limit": limit_words(document.promise.value, document.promise.unit)
        if document.promise
        else "",
        "url": reverse("catalogue:bundle", args=[bundle.slug]),
    }


@opens_to(Permission.VISIT)
@require_safe
def bundles(request: HttpRequest) -> HttpResponse:
    """All bundles of the region."""
    rows = [bundle_row(bundle) for bundle in bundles_in_force(current_region(request))]
    return render(request, "catalogue/bundles.html", {"bundles": rows})


@opens_to(Permission.VISIT)
@require_safe
def bundle(request: HttpRequest, slug: str) -> HttpResponse:
    """One bundle: its items in their order, all papers once, how long it takes."""
    found = find_bundle(slug)
    if found is None:
        raise Http404
    document = bundle_document(found)
    guides = guides_of(document.parts)
    return render(request, "catalogue/bundle.html", bundle_context(found, document, guides))


def bundle_context(
    found: Bundle, document: BundleDocument, guides: dict[str, Guide]
) -> dict[str, object]:
    """What the page of a bundle shows; a part whose guide is not in force is said so."""
    ready = [part for part in document.parts if part.key in guides]
    form = merged_form(document, ready, documents_of(guides))
    asked = sum(len(page.fields) for page in form.pages)
    alone = sum(
        len(page.fields) for guide in documents_of(guides).values() for page in guide.form_pages
    )
    return {
        "bundle": found,
        "name": said(document.name),
        "summary": said(document.summary),
        "is_sample": found.is_sample,
        "audience_labels": labels(AUDIENCE_LABELS, document.audience),
        "limit": limit_words(document.promise.value, document.promise.unit)
        if document.promise
        else "",
        "parts": [_part_row(part, document, guides.get(part.key)) for part in document.parts],
        "materials": [material_row(material) for material in form.materials],
        "papers": sum(material.how in ("upload", "bring") for material in form.materials),
        "asked": asked,
        "alone": alone,
        "faq": [
            {"question": said(one.question), "answer": said(one.answer)} for one in document.faq
        ],
        "complete": len(ready) == len(document.parts),
        "apply_url": reverse("cases:bundle-apply", args=[found.slug]),
    }


def _part_row(part: BundlePart, document: BundleDocument, guide: Guide | None) -> dict[str, object]:
    places = {one.key: place for place, one in enumerate(document.parts, start=1)}
    record = documents_of({part.key: guide})[part.key] if guide else None
    return {
        "name": guide.item.name if guide else part.item_code,
        "organ": guide.item.organ.name if guide and guide.item.organ else "",
        "limit": limit_words(record.promised_limit.value, record.promised_limit.unit)
        if record
        else "",
        "visits": visits_words(record.on_site_visits) if record else "",
        "after": [places[key] for key in part.after],
        "sometimes": bool(part.when),
        "note": said(part.note),
        "url": reverse("catalogue:item", args=[part.item_code]),
        "missing": guide is None,
    }
