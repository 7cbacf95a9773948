"""Lint over a synthetic catalogue: rules alone, and from the database, on one core.

`TONGBAN_BENCH_ITEMS` items (100,000 without it) over all districts, drawn with a seed from the real
list and the complete sample guides; one in ten has a full guide, as an office that begins has.
"""

from __future__ import annotations

import os
import random
import resource
import time

from django.db import transaction

from tongban.catalogue.interchange.exporting import CHUNK
from tongban.catalogue.lint.rules import findings_of
from tongban.catalogue.lint.running import check, items_to_check, subject_of_document, subjects_of
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.services import packaged_guides
from tongban.catalogue.services.publishing import columns_of
from tongban.directory.models import Organ, Region

SEED = 20260101
SOURCE = "bench"


def make(count: int) -> None:
    """Items of `count` (organ, name) pairs, in as many districts as there are."""
    rnd = random.Random(SEED)
    districts = list(Region.objects.filter(level=4).order_by("code"))
    names = list(
        ServiceItem.objects.filter(source="sichuan").order_by("code").values_list("name", "kind")
    )
    guides = [(guide, columns_of(guide)) for guide in packaged_guides()]
    organs = Organ.objects.bulk_create(
        [
            Organ(code=f"bench.{place.code}", name="行政审批局(示例)", region=place)
            for place in districts
        ],
        batch_size=CHUNK,
    )
    with transaction.atomic():
        for start in range(0, count, 10_000):
            items = []
            for number in range(start, min(start + 10_000, count)):
                name, kind = rnd.choice(names)
                organ = organs[number % len(organs)]
                items.append(
                    ServiceItem(
                        code=f"bench-{number:09}",
                        code_pattern="unknown",
                        basic_code=f"B{number % 977:05}",
                        name=name,
                        kind=kind,
                        region_id=organ.region_id,
                        region_path=organ.region.path,
                        organ=organ,
                        source=SOURCE,
                        source_row={},
                    )
                )
            ServiceItem.objects.bulk_create(items, batch_size=CHUNK)
            Guide.objects.bulk_create(
                [
                    Guide(
                        item=item,
                        version=1,
                        effective_from="2026-01-01",
                        is_sample=True,
                        **rnd.choice(guides)[1],
                    )
                    for item in items[::10]
                ],
                batch_size=CHUNK,
            )


def run() -> None:
    count = int(os.environ.get("TONGBAN_BENCH_ITEMS", "100000"))
    full = [subject_of_document(guide, kind="licence") for guide in packaged_guides()]
    rounds = 300
    began = time.process_time()
    for _ in range(rounds):
        for one in full:
            one._asked = one._texts = None
            findings_of(one)
    rate = rounds * len(full) / (time.process_time() - began)
    print(f"{'lint: rules on a full guide':44}{rate:12,.0f} guides a second")
    make(count)
    items = items_to_check().filter(source=SOURCE)
    began = time.process_time()
    read = sum(1 for _subject in subjects_of(items))
    reading = time.process_time() - began
    began = time.process_time()
    found = sum(len(findings) for _subject, findings in check(subjects_of(items)))
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{f'lint: {read:,} items of the database':44}{read / took:12,.0f} items a second"
        f"   {found:,} findings, peak {peak:,.0f} MB\n"
        f"  {'against reading the same rows':42}{read / reading:12,.0f} items a second"
        f"   ratio of speed {reading / took:.2f}"
    )
