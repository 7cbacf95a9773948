"""Reading the catalogue for export: items with organ, basic item and the guide in force, as forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TextIO

from django.db.models import Prefetch, QuerySet

from tongban.base.regions import prefix_of
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.interchange import cpsv, gbt39046, jsonl, table
from tongban.catalogue.interchange.form import BasicForm, GuideForm, ItemForm, OrganForm
from tongban.catalogue.models import Guide, ServiceItem

CHUNK = 1_000
Writer = Callable[[Iterable[ItemForm], TextIO], int]

WRITERS: Final[dict[str, Writer]] = {
    "csv": table.write,
    "csv-spreadsheet": table.write_for_spreadsheets,
    "jsonl": jsonl.write,
    "gbt39046": gbt39046.write,
    "cpsv-ap": cpsv.write_turtle,
    "cpsv-ap-jsonld": cpsv.write_jsonld,
}


def items_of(region: str = "") -> QuerySet[ServiceItem]:
    """Items of a region and of all below it ("" for all), by their codes."""
    items = ServiceItem.objects.order_by("code")
    return items.filter(region_path__startswith=prefix_of(region)) if region else items


def forms_of(region: str = "") -> Iterator[ItemForm]:
    """The items as forms, with four queries for each thousand. Raises RegionCodeError."""
    in_force = Guide.objects.filter(effective_to=None)
    items = (
        items_of(region)
        .select_related("organ", "region", "basic__parent")
        .prefetch_related(Prefetch("guides", in_force, to_attr="in_force"), "organ__source_codes")
    )
    for item in items.iterator(chunk_size=CHUNK):
        yield form_of_item(item)


def form_of_item(item: ServiceItem) -> ItemForm:
    """The form of an item that `forms_of` loaded."""
    return ItemForm(
        code=item.code,
        name=item.name,
        kind=item.kind,
        basic_code=item.basic_code,
        main_item=item.main_item,
        region=item.region_id or "",
        source=item.source,
        organ=_organ_of(item),
        basic=_basic_of(item),
        guide=_guide_of(item.in_force[0]) if item.in_force else None,  # type: ignore[attr-defined]
        source_row=item.source_row,
        region_name=item.region.name if item.region else "",
    )


def _organ_of(item: ServiceItem) -> OrganForm | None:
    organ = item.organ
    if organ is None:
        return None
    codes = sorted(held.code for held in organ.source_codes.all())
    return OrganForm(organ.name, organ.region_id, organ.code, organ.uscc or "", tuple(codes))


def _basic_of(item: ServiceItem) -> BasicForm | None:
    basic = item.basic
    if basic is None:
        return None
    parent = basic.parent
    return BasicForm(
        basic.code,
        basic.name,
        basic.kind,
        parent.code if parent else "",
        parent.name if parent else "",
    )


def _guide_of(guide: Guide) -> GuideForm:
    record = content_of(GuideRecord.model_validate(guide.document))
    return GuideForm(record, guide.version, guide.effective_from.isoformat(), guide.is_sample)


def export_items(
    out: TextIO,
    *,
    form: str,
    region: str = "",
    progress: Callable[[int, str], None] = lambda done, what: None,
) -> int:
    """Write the items of a region in one of `WRITERS`; returns how many. Streams.

    Raises RegionCodeError for a region that is none, KeyError for a form that is none.
    """

    def counted() -> Iterator[ItemForm]:
        for done, item in enumerate(forms_of(region), start=1):
            if done % CHUNK == 0:
                progress(done, "items")
            yield item

    return WRITERS[form](counted(), out)
