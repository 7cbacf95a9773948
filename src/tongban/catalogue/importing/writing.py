"""Filing incoming items in batches: a few statements a batch, whatever the file's length."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.db.models import Max

from tongban.base.tables import LoadReport
from tongban.catalogue import codes
from tongban.catalogue.guide_schema import GuideRecord
from tongban.catalogue.importing.basics import Basics
from tongban.catalogue.importing.organs import Organs
from tongban.catalogue.interchange.form import GuideForm, ItemForm
from tongban.catalogue.interchange.incoming import Incoming
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.services.publishing import columns_of, same_content
from tongban.catalogue.shelves.filing import put_on_shelves
from tongban.catalogue.shelves.rules import sort_key
from tongban.directory.models import Region

# An item without a known region is in the catalogue but in no region's results.
NOWHERE = "?"
FIELDS = (
    "code_pattern",
    "basic_code",
    "basic_id",
    "name",
    "main_item",
    "kind",
    "region_id",
    "region_path",
    "organ_id",
    "source",
    "source_row",
    "sort_key",
)
BATCH = 1_000
# SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
UPDATE_BATCH = 200


def in_batches(incoming: Iterable[Incoming], size: int = BATCH) -> Iterator[list[Incoming]]:
    source = iter(incoming)
    while batch := list(islice(source, size)):
        yield batch


class Writer:
    """One import. Call `file` for each batch, then `finish`; all inside one transaction."""

    def __init__(self, report: LoadReport, today: date) -> None:
        self.report = report
        self.today = today
        self.regions: dict[str, Region | None] = {}
        self.organs = Organs()
        self.basics = Basics()
        self.seen: dict[str, bytes] = {}

    def file(self, batch: list[Incoming]) -> None:
        """Make or update the items and guides of a batch. About a dozen statements."""
        batch = [incoming for incoming in batch if self._is_new(incoming)]
        self._learn_regions(batch)
        known = {code for code, region in self.regions.items() if region is not None}
        self.organs.make(batch, known, self.report)
        self.basics.make(batch, self.report)
        wanted = [self._item_of(incoming) for incoming in batch]
        states = self._write_items(wanted)
        followed = self._write_guides(batch, wanted)
        put_on_shelves(
            item for item in wanted if states[item.code] != "unchanged" or item.code in followed
        )
        for item in wanted:
            state = states[item.code]
            if state == "unchanged" and item.code in followed:
                state = "updated"
            setattr(self.report, state, getattr(self.report, state) + 1)

    def finish(self) -> None:
        """Hang the basic catalogue together."""
        self.basics.hang(self.report)

    def _is_new(self, incoming: Incoming) -> bool:
        """Whether the code is new in this file; the same content twice is one item."""
        code = incoming.form.code
        content = hashlib.blake2b(repr(incoming.form).encode(), digest_size=8).digest()
        before = self.seen.setdefault(code, content)
        if before is content:
            return True
        if before == content:
            self.report.unchanged += 1
            self.report.note(incoming.row, "code", "row_twice", "the same row stands above")
        else:
            self.report.note(
                incoming.row, "code", "code_twice", f"{code} stands above with other content"
            )
        return False

    def _learn_regions(self, batch: list[Incoming]) -> None:
        named = {incoming.form.region for incoming in batch}
        named |= {incoming.form.organ.region for incoming in batch if incoming.form.organ}
        unknown = sorted(named - self.regions.keys() - {""})
        self.regions |= dict.fromkeys(unknown)
        for start in range(0, len(unknown), 500):
            for region in Region.objects.filter(code__in=unknown[start : start + 500]):
                self.regions[region.code] = region

    def _item_of(self, incoming: Incoming) -> ServiceItem:
        form = incoming.form
        region = self.regions.get(form.region)
        if form.region and region is None:
            self.report.note(
                incoming.row,
                "region",
                "unknown_region",
                f"{form.region} is not a region that is loaded",
            )
        return ServiceItem(
            code=form.code,
            code_pattern=codes.parse_item_code(form.code).pattern,
            basic_code=form.basic_code,
            basic=self.basics.find(form.basic),
            name=form.name,
            main_item=form.main_item,
            kind=form.kind,
            region=region,
            region_path=region.path if region else NOWHERE,
            organ=self.organs.find(form.organ) if region else None,
            source=form.source,
            source_row=form.source_row,
            sort_key=sort_key(form.name),
        )

    def _write_items(self, wanted: list[ServiceItem]) -> dict[str, str]:
        """Make what is new, update what differs; what happened to each code."""
        states: dict[str, str] = {}
        held = _in_parts(wanted)
        created, changed = [], []
        for item in wanted:
            before = held.get(item.code)
            if before is None:
                created.append(item)
                states[item.code] = "created"
                continue
            item.pk = before.pk
            if all(getattr(before, name) == getattr(item, name) for name in FIELDS):
                states[item.code] = "unchanged"
            else:
                changed.append(item)
                states[item.code] = "updated"
        ServiceItem.objects.bulk_create(created, batch_size=BATCH)
        fields = [name.removesuffix("_id") for name in FIELDS]
        ServiceItem.objects.bulk_update(changed, fields, batch_size=UPDATE_BATCH)
        return states

    def _write_guides(self, batch: list[Incoming], items: list[ServiceItem]) -> set[str]:
        """Put new guides in force; the codes of items whose guide is new."""
        described = {
            item.pk: (incoming.form, item)
            for incoming, item in zip(batch, items, strict=True)
            if incoming.form.guide is not None
        }
        if not described:
            return set()
        held = {
            guide.item_id: guide
            for guide in Guide.objects.filter(effective_to=None, item__in=list(described))
        }
        newest = dict(
            Guide.objects.filter(item__in=list(described))
            .values("item_id")
            .annotate(newest=Max("version"))
            .values_list("item_id", "newest")
        )
        created, ended = [], []
        for pk, (form, item) in described.items():
            assert form.guide is not None
            guide = self._guide_of(form.guide, form, item, newest.get(pk, 0), held.get(pk))
            if guide is None:
                continue
            created.append(guide)
            if before := held.get(pk):
                before.effective_to = max(
                    before.effective_from, guide.effective_from - timedelta(days=1)
                )
                before.state = Guide.State.SUPERSEDED
                ended.append(before)
        Guide.objects.bulk_update(ended, ["effective_to", "state"], batch_size=UPDATE_BATCH)
        Guide.objects.bulk_create(created, batch_size=BATCH)
        return {guide.item.code for guide in created}

    def _guide_of(
        self, guide: GuideForm, form: ItemForm, item: ServiceItem, newest: int, held: Guide | None
    ) -> Guide | None:
        """The version to put in force, None when the one in force says the same."""
        record = GuideRecord.model_validate(guide.record)
        if held and same_content(held.document, record) and held.is_sample == guide.is_sample:
            return None
        start = date.fromisoformat(guide.effective_from) if guide.effective_from else None
        start = start or record.effective_from or self.today
        columns: dict[str, Any] = columns_of(record)
        # Nobody could handle an application for an item of no organ.
        columns["accepts_online"] = columns["accepts_online"] and item.organ is not None
        return Guide(
            item=item,
            version=newest + 1 if newest else guide.version or 1,
            effective_from=max(start, self.today) if held else start,
            is_sample=guide.is_sample,
            **columns,
        )


def _in_parts(wanted: list[ServiceItem]) -> dict[str, ServiceItem]:
    held: dict[str, ServiceItem] = {}
    ordered = [item.code for item in wanted]
    for start in range(0, len(ordered), 500):
        for before in ServiceItem.objects.filter(code__in=ordered[start : start + 500]):
            held[before.code] = before
    return held
