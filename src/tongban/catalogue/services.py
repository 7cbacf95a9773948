"""Acts on the catalogue: publishing guides. Importing lists of items is in `importing.py`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from django.db import transaction

from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import InvalidInput
from tongban.base.tables import LoadReport
from tongban.catalogue.guide_schema import GuideDocument, read_guide
from tongban.catalogue.models import Guide, ServiceItem
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

PACKAGED_GUIDES = Path(__file__).parent / "data" / "guides"
PACKAGED_ITEMS = Path(__file__).parent / "data" / "guangan" / "items.csv"
SAMPLE_ITEMS = Path(__file__).parent / "data" / "supplement" / "items.csv"


def packaged_guides() -> list[GuideDocument]:
    """The sample guides that come with Tongban, in the order of their names."""
    return [read_guide(path) for path in sorted(PACKAGED_GUIDES.glob("*.toml"))]


@leaves_trace(acts.GUIDE_PUBLISHED)
@transaction.atomic
def publish_guide(
    document: GuideDocument, *, is_sample: bool, on: date | None = None
) -> Guide | None:
    """Put a guide in force for its item; the one before ends the day before. None when the same.

    Raises InvalidInput when the item is unknown or belongs to no organ.
    """
    item = (
        ServiceItem.objects.select_for_update(of=("self",))
        .select_related("organ")
        .filter(code=document.item_code)
        .first()
    )
    if item is None or item.organ is None:
        raise InvalidInput(
            code="unknown_item",
            title="Unknown item",
            detail=f"{document.slug}: no item {document.item_code} of an organ in the catalogue",
            field="item_code",
        )
    content = document.model_dump(mode="json")
    held = item.guides.filter(effective_to=None).first()
    if held and held.document == content and held.is_sample == is_sample:
        return None
    start = (
        max(document.effective_from, on or local_date(utc_now()))
        if held
        else document.effective_from
    )
    if held:
        held.effective_to = max(held.effective_from, start - timedelta(days=1))
        held.save(update_fields=["effective_to"])
    guide = Guide.objects.create(
        item=item,
        version=held.version + 1 if held else 1,
        slug=document.slug,
        effective_from=start,
        is_sample=is_sample,
        case_type=document.case_type,
        promised_value=document.promised_limit.value,
        promised_unit=document.promised_limit.unit,
        on_site_visits=document.on_site_visits,
        accepts_online="hand_in" in document.online_capabilities,
        document=content,
    )
    record(
        acts.GUIDE_PUBLISHED,
        at=utc_now(),
        organ=item.organ.code,
        region=item.region_id or "",
        item=item.code,
        payload={"slug": guide.slug, "version": guide.version, "document": content},
    )
    return guide


def publish_guides(documents: Iterable[GuideDocument], *, is_sample: bool) -> LoadReport:
    """Publish several guides; one that can't be published is reported, the others go on."""
    report = LoadReport()
    for place, document in enumerate(documents, start=1):
        report.read += 1
        try:
            guide = publish_guide(document, is_sample=is_sample)
        except InvalidInput as problem:
            report.note(place, "item_code", problem.code, str(problem.detail))
            continue
        if guide is None:
            report.unchanged += 1
        elif guide.version == 1:
            report.created += 1
        else:
            report.updated += 1
    return report
