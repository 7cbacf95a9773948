"""Putting bundles in force, and reading those that are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import InvalidInput
from tongban.base.regions import prefix_of
from tongban.base.tables import LoadReport
from tongban.catalogue.bundles.checking import faults
from tongban.catalogue.bundles.schema import BundleDocument, BundlePart, read_bundle
from tongban.catalogue.guide_schema import GuideDocument
from tongban.catalogue.models import Bundle, Guide
from tongban.catalogue.selectors import document_of
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

PACKAGED_BUNDLES = Path(__file__).parent.parent / "data" / "bundles"


def packaged_bundles() -> list[BundleDocument]:
    """The sample bundles that come with Tongban."""
    return [read_bundle(path) for path in sorted(PACKAGED_BUNDLES.glob("*.toml"))]


def guides_of(parts: Sequence[BundlePart]) -> dict[str, Guide]:
    """The guide in force of each part that takes applications online, by the part's key. One query."""
    codes = {part.item_code: part.key for part in parts}
    guides = Guide.objects.filter(
        item__code__in=codes, effective_to=None, is_complete=True, accepts_online=True
    ).select_related("item__organ")
    return {codes[guide.item.code]: guide for guide in guides}


def documents_of(guides: dict[str, Guide]) -> dict[str, GuideDocument]:
    return {key: document_of(guide) for key, guide in guides.items()}


@leaves_trace(acts.BUNDLE_PUBLISHED)
@transaction.atomic
def publish_bundle(document: BundleDocument, *, is_sample: bool) -> Bundle | None:
    """Put a version of a bundle in force; the one before ends the day before. None when the same.

    Raises InvalidInput that lists every fault.
    """
    wrong = faults(document, documents_of(guides_of(document.parts)))
    if wrong:
        raise InvalidInput(
            code="bundle_faulty",
            title="The bundle can't be published",
            detail=f"{document.slug}: " + "; ".join(fault.detail for fault in wrong),
            field=wrong[0].pointer.lstrip("/"),
            errors=tuple(wrong),
        )
    content = document.model_dump(mode="json", exclude_defaults=True)
    held = Bundle.objects.select_for_update().filter(slug=document.slug, effective_to=None).first()
    if held and held.document == content and held.is_sample == is_sample:
        return None
    now = utc_now()
    start = document.effective_from
    if held:
        start = max(start, local_date(now))
        held.effective_to = max(held.effective_from, start - timedelta(days=1))
        held.save(update_fields=["effective_to"])
    newest = Bundle.objects.filter(slug=document.slug).aggregate(newest=Max("version"))["newest"]
    bundle = Bundle.objects.create(
        slug=document.slug,
        version=(newest or 0) + 1,
        region_path=prefix_of(document.region),
        effective_from=start,
        is_sample=is_sample,
        document=content,
    )
    record(
        acts.BUNDLE_PUBLISHED,
        at=now,
        region=document.region,
        payload={"slug": bundle.slug, "version": bundle.version, "document": content},
    )
    return bundle


def publish_bundles(documents: Iterable[BundleDocument], *, is_sample: bool) -> LoadReport:
    """Publish several; one that can't be is reported, the others go on."""
    report = LoadReport()
    for place, document in enumerate(documents, start=1):
        report.read += 1
        try:
            bundle = publish_bundle(document, is_sample=is_sample)
        except InvalidInput as problem:
            report.note(place, problem.field or "", problem.code, str(problem.detail))
            continue
        if bundle is None:
            report.unchanged += 1
        elif bundle.version == 1:
            report.created += 1
        else:
            report.updated += 1
    return report
