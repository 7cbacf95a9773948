"""Reads of bundles."""

from __future__ import annotations

from tongban.base.regions import prefix_of
from tongban.catalogue.bundles.schema import BundleDocument
from tongban.catalogue.models import Bundle

_documents: dict[int, BundleDocument] = {}
# More than a government has; a page lists them all.
BUNDLES_MOST = 200
WORDS_LEAST = 2


def bundle_document(bundle: Bundle) -> BundleDocument:
    """A bundle's content; a published version never changes, so it is read once a process."""
    held = _documents.get(bundle.pk)
    if held is None:
        held = BundleDocument.model_validate(bundle.document)
        if len(_documents) >= BUNDLES_MOST:
            _documents.clear()
        _documents[bundle.pk] = held
    return held


def bundles_in_force(region: str = "") -> list[Bundle]:
    """Bundles of a region (12 digits), of those above and below it; all without one. One query."""
    found = Bundle.objects.filter(effective_to=None).order_by("slug")[:BUNDLES_MOST]
    path = prefix_of(region) if region else ""
    return [
        bundle
        for bundle in found
        if path.startswith(bundle.region_path) or bundle.region_path.startswith(path)
    ]


def find_bundle(slug: str) -> Bundle | None:
    """The version in force. One query."""
    if "\x00" in slug:
        return None
    return Bundle.objects.filter(slug=slug, effective_to=None).first()


def bundles_for(query: str, region: str = "") -> list[Bundle]:
    """Bundles whose name or one of whose aliases is in the query, or the other way. One query."""
    asked = query.strip().lower()
    if len(asked) < WORDS_LEAST:
        return []
    return [bundle for bundle in bundles_in_force(region) if _named(bundle_document(bundle), asked)]


def _named(document: BundleDocument, asked: str) -> bool:
    names = (document.name.zh, document.name.en, document.life_event.zh, *document.aliases)
    return any(name and (name.lower() in asked or asked in name.lower()) for name in names)
