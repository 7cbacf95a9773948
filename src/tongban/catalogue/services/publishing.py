"""Putting guides in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import InvalidInput
from tongban.base.tables import LoadReport
from tongban.catalogue.guide_schema import (
    GuideDocument,
    GuideRecord,
    completed,
    content_of,
    read_guide,
)
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.services.gate import (
    Override,
    check_errors,
    errors_in,
    trace_override,
    with_inheritance,
)
from tongban.catalogue.shelves.filing import put_on_shelves
from tongban.ledger import acts
from tongban.ledger.services import record as trace
from tongban.ledger.traces import leaves_trace

_DATA = Path(__file__).parent.parent / "data"
PACKAGED_GUIDES = _DATA / "guides"
PACKAGED_ITEMS = _DATA / "guangan" / "items.csv"
SAMPLE_ITEMS = _DATA / "supplement" / "items.csv"
# How two districts nearby do three of the items, for comparing: invented.
NEIGHBOURS = _DATA / "supplement" / "neighbours.jsonl"


def packaged_guides() -> list[GuideDocument]:
    """The sample guides that come with Tongban, in the order of their names."""
    return [read_guide(path) for path in sorted(PACKAGED_GUIDES.glob("*.toml"))]


def columns_of(record: GuideRecord) -> dict[str, Any]:
    """What a guide's row says beside its document."""
    promised = record.promised_limit
    complete = completed(record) is not None
    return {
        "slug": record.slug,
        "case_type": record.case_type or "",
        "promised_value": promised.value if promised else 0,
        "promised_unit": promised.unit if promised else "",
        "on_site_visits": record.on_site_visits,
        "is_complete": complete,
        # What people can apply for here needs a complete guide, with a form.
        "accepts_online": complete and "hand_in" in record.online_capabilities,
        "document": content_of(record),
    }


def same_content(document: dict[str, Any], record: GuideRecord) -> bool:
    """Whether a stored document says the same; older ones were stored with all defaults."""
    content = content_of(record)
    return document == content or content_of(GuideRecord.model_validate(document)) == content


@leaves_trace(acts.GUIDE_PUBLISHED, acts.LINT_OVERRIDDEN)
@transaction.atomic
def publish_guide(
    document: GuideRecord,
    *,
    is_sample: bool,
    on: date | None = None,
    override: Override | None = None,
) -> Guide | None:
    """Put a guide in force for its item; the one before ends the day before. None when the same.

    Raises InvalidInput when the item is unknown or belongs to no organ, and when lint finds an
    error for which nobody answers.
    """
    item = item_for_writing(document.item_code)
    if item is None or item.organ is None:
        raise InvalidInput(
            code="unknown_item",
            title="Unknown item",
            detail=f"{document.slug}: no item {document.item_code} of an organ in the catalogue",
            field="item_code",
        )
    held = item.guides.filter(effective_to=None).first()
    if held and same_content(held.document, document) and held.is_sample == is_sample:
        return None
    whole = with_inheritance(item, document)
    if held and same_content(held.document, whole) and held.is_sample == is_sample:
        return None
    errors = errors_in(item, whole)
    check_errors(errors, override)
    now = utc_now()
    day = on or local_date(now)
    start = document.effective_from or day
    guide = put_in_force(
        item, whole, is_sample=is_sample, on=max(start, day) if held else start, at=now
    )
    if errors and override:
        trace_override(guide, item, errors, override, now)
    return guide


def item_for_writing(code: str) -> ServiceItem | None:
    """The item, locked until the end of the transaction."""
    return (
        ServiceItem.objects.select_for_update(of=("self",))
        .select_related("organ")
        .filter(code=code)
        .first()
    )


@leaves_trace(acts.GUIDE_PUBLISHED)
def put_in_force(
    item: ServiceItem, record: GuideRecord, *, is_sample: bool, on: date, at: datetime
) -> Guide:
    """Make a version that is in force from a day on, end the one before, leave the trace.

    Call it inside the act's transaction, with the item locked.
    """
    held = item.guides.filter(effective_to=None).first()
    if held:
        held.effective_to = max(held.effective_from, on - timedelta(days=1))
        held.state = Guide.State.SUPERSEDED
        held.save(update_fields=["effective_to", "state"])
    newest = item.guides.aggregate(newest=Max("version"))["newest"] or 0
    guide = Guide.objects.create(
        item=item,
        version=newest + 1,
        effective_from=on,
        is_sample=is_sample,
        **columns_of(record),
    )
    assert item.organ is not None
    if item.region_id is None:  # New by an editor: it is nobody's to find until two have looked.
        item.region_id = item.organ.region_id
        item.region_path = item.organ.region.path
        item.save(update_fields=["region", "region_path"])
    put_on_shelves([item])
    trace(
        acts.GUIDE_PUBLISHED,
        at=at,
        organ=item.organ.code,
        region=item.region_id or "",
        item=item.code,
        payload={"slug": guide.slug, "version": guide.version, "document": guide.document},
    )
    return guide


def publish_guides(
    documents: Iterable[GuideRecord], *, is_sample: bool, override: Override | None = None
) -> LoadReport:
    """Publish several guides; one that can't be published is reported, the others go on."""
    report = LoadReport()
    for place, document in enumerate(documents, start=1):
        report.read += 1
        try:
            guide = publish_guide(document, is_sample=is_sample, override=override)
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
