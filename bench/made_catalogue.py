"""A synthetic catalogue of a whole country, drawn with a seed from the real list of one district.

Every county-level district has the same organs and its own choice of the real items: that is what one
standard catalogue for all means. One name in five says the place, as many lists do; one item in fifty
has a complete guide.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from django.db import transaction

from tongban.catalogue.interchange.exporting import CHUNK
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.services import packaged_guides
from tongban.catalogue.services.publishing import columns_of
from tongban.directory.models import Organ, Region
from tongban.directory.services.regions import PACKAGED, load_divisions

SEED = 20261121
SOURCE = "made"
ONE_NAME_IN, ONE_GUIDE_IN = 5, 50


def make_country(count: int) -> tuple[int, int]:
    """Write `count` items into the database; the numbers of districts and of organs."""
    load_divisions(PACKAGED)
    rnd = random.Random(SEED)
    districts = list(Region.objects.filter(level=4).order_by("code").only("code", "name", "path"))
    real = list(
        ServiceItem.objects.filter(source="sichuan")
        .order_by("code")
        .values_list("name", "main_item", "kind", "organ__name")
    )
    offices = sorted({organ for *_rest, organ in real if organ})
    guides = [columns_of(guide) for guide in packaged_guides()]
    with transaction.atomic():
        organs = _organs(districts, offices)
        made: list[ServiceItem] = []
        for item in _items(rnd, count, districts, real, organs):
            made.append(item)
            if len(made) == 10_000:
                _write(made, rnd, guides)
                made = []
        _write(made, rnd, guides)
    return len(districts), len(organs)


def _organs(districts: list[Region], offices: list[str]) -> dict[tuple[str, str], Organ]:
    made = [
        Organ(
            code=f"made.{place.code}.{number:02}",
            name=f"{place.name}{office.removeprefix('区')}",
            region=place,
        )
        for place in districts
        for number, office in enumerate(offices)
    ]
    rows = iter(Organ.objects.bulk_create(made, batch_size=CHUNK))
    return {(place.code, office): next(rows) for place in districts for office in offices}


def _items(
    rnd: random.Random,
    count: int,
    districts: list[Region],
    real: list[tuple[str, str, str, str]],
    organs: dict[tuple[str, str], Organ],
) -> Iterator[ServiceItem]:
    done = 0
    for number, place in enumerate(districts):
        upto = count * (number + 1) // len(districts)
        for name, main_item, kind, office in rnd.sample(real, min(upto - done, len(real))):
            if rnd.randrange(ONE_NAME_IN) == 0:
                name = f"{name}（{place.name}）"
            yield ServiceItem(
                code=f"made-{place.code}-{done:09}",
                code_pattern="unknown",
                name=name,
                main_item=main_item,
                kind=kind,
                region_id=place.code,
                region_path=place.path,
                organ=organs[place.code, office] if office else None,
                source=SOURCE,
                source_row={},
            )
            done += 1


def _write(items: list[ServiceItem], rnd: random.Random, guides: list[dict[str, object]]) -> None:
    ServiceItem.objects.bulk_create(items, batch_size=CHUNK)
    Guide.objects.bulk_create(
        [
            Guide(
                item=item,
                version=1,
                effective_from="2026-01-01",
                is_sample=True,
                **rnd.choice(guides),
            )
            for item in items[::ONE_GUIDE_IN]
        ],
        batch_size=CHUNK,
    )
