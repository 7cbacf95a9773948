"""What a result row shows of an item, read from the database in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from tongban.catalogue.guide_schema.record import online_depth
from tongban.catalogue.models import Guide, ItemRank, ServiceItem
from tongban.directory.models import Region

CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Listing:
    """What a result row shows; stored in the index so that a search asks no database.

    `depth` is the online depth 0-4 of a guide, `reach` its cross-region range, `level` that of the
    item's region (0 without one), `rank` how much it is used (0-5).
    """

    code: str
    name: str
    name_en: str
    main_item: str
    organ: str
    organ_code: str
    region: str
    region_name: str
    kind: str
    audience: tuple[str, ...]
    has_guide: bool
    case_type: str
    promised_value: int
    promised_unit: str
    on_site_visits: int | None
    accepts_online: bool
    aliases: tuple[str, ...]
    summary: tuple[str, str]
    themes: tuple[str, ...] = ()
    depth: int = 0
    reach: str = ""
    level: int = 0
    rank: int = 0

    def stored(self) -> str:
        """As it is kept in the index; `read` takes it back."""
        return json.dumps(astuple(self), ensure_ascii=False, separators=(",", ":"))


_TUPLES = tuple(
    place for place, field in enumerate(fields(Listing)) if str(field.type).startswith("tuple")
)


def read(stored: str) -> Listing:
    values = json.loads(stored)
    for place in _TUPLES:
        values[place] = tuple(values[place])
    return Listing(*values)


def listing_of(item: ServiceItem, guide: Guide | None) -> Listing:
    """The row of one item that is loaded with organ and region."""
    columns = None
    if guide is not None:
        columns = {name: getattr(guide, name) for name in GUIDE[1:]}
    return _listing(
        {
            "code": item.code,
            "name": item.name,
            "main_item": item.main_item,
            "kind": item.kind,
            "region_id": item.region_id,
            "region__name": item.region.name if item.region else "",
            "region__level": item.region.level if item.region else 0,
            "organ__name": item.organ.name if item.organ else item.source_row.get("department", ""),
            "organ__code": item.organ.code if item.organ else "",
        },
        columns,
    )


ITEM = ("id", "code", "name", "main_item", "kind", "region_id", "organ__name", "organ__code")
GUIDE = (
    "item_id",
    "case_type",
    "promised_value",
    "promised_unit",
    "on_site_visits",
    "accepts_online",
    "document",
)
NO_TEXT: Mapping[str, str] = {}


def _listing(item: Mapping[str, Any], guide: Mapping[str, Any] | None, rank: int = 0) -> Listing:
    document = guide["document"] if guide else {}
    summary = document.get("summary") or NO_TEXT
    capabilities = document.get("online_capabilities")
    themes = (*document.get("personal_themes", ()), *document.get("corporate_themes", ()))
    return Listing(
        code=item["code"],
        name=item["name"],
        name_en=(document.get("name") or NO_TEXT).get("en", ""),
        main_item=item["main_item"],
        organ=item["organ__name"] or "",
        organ_code=item["organ__code"] or "",
        region=item["region_id"] or "",
        region_name=item["region__name"] or "",
        kind=item["kind"],
        audience=tuple(document.get("audience", ())),
        has_guide=guide is not None,
        case_type=guide["case_type"] if guide else "",
        promised_value=guide["promised_value"] if guide else 0,
        promised_unit=guide["promised_unit"] if guide else "",
        on_site_visits=guide["on_site_visits"] if guide else None,
        accepts_online=guide["accepts_online"] if guide else False,
        aliases=tuple(document.get("aliases", ())),
        summary=(summary.get("zh", ""), summary.get("en", "")),
        themes=tuple(dict.fromkeys(themes)),
        depth=online_depth(set(capabilities), guide["on_site_visits"])
        if guide and capabilities
        else 0,
        reach=document.get("cross_region_range") or "",
        level=item["region__level"] or 0,
        rank=rank,
    )


def all_listings() -> Iterator[Listing]:
    """Every item, in chunks by id, so that a writer may go on meanwhile. Three queries a chunk."""
    regions = _regions()
    last = 0
    while True:
        items = list(
            ServiceItem.objects.filter(id__gt=last).order_by("id").values_list(*ITEM)[:CHUNK]
        )
        if not items:
            return
        yield from _listings(items, regions)
        last = items[-1][0]


def listings_by_code(codes: Sequence[str]) -> list[Listing]:
    """The items of these codes that there are, at most a few hundred. Up to four queries."""
    items = list(ServiceItem.objects.filter(code__in=codes).values_list(*ITEM))
    return list(_listings(items, _regions({item[5] for item in items if item[5]})))


def _regions(codes: set[str] | None = None) -> dict[str, tuple[str, int]]:
    """Names and levels of regions; read once, not once an item."""
    found = Region.objects.all() if codes is None else Region.objects.filter(code__in=codes)
    rows = found.values_list("code", "name", "level").iterator(chunk_size=5_000)
    return {code: (name, level) for code, name, level in rows}


def _listings(
    items: Sequence[tuple[Any, ...]], regions: Mapping[str, tuple[str, int]]
) -> Iterator[Listing]:
    ids = [item[0] for item in items]
    if not ids:
        return
    # A range instead of thousands of ids: the chunk's ids are neighbours, or few.
    span = {"item__gte": min(ids), "item__lte": max(ids)} if len(ids) > 500 else {"item__in": ids}
    guides = {
        row[0]: dict(zip(GUIDE, row, strict=True))
        for row in Guide.objects.filter(effective_to=None, **span).values_list(*GUIDE)
    }
    departments = _departments([item[0] for item in items if item[7] is None])
    ranks = _ranks([item[1] for item in items])
    for values in items:
        item = dict(zip(ITEM, values, strict=True))
        name, level = regions.get(item["region_id"], ("", 0))
        item |= {"region__name": name, "region__level": level}
        if values[7] is None:
            item["organ__name"] = departments.get(values[0], "")
        yield _listing(item, guides.get(values[0]), ranks.get(item["code"], 0))


def _departments(ids: Sequence[int]) -> dict[int, str]:
    """What the source calls the department of items without an organ."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), 500):
        rows = ServiceItem.objects.filter(id__in=ids[start : start + 500])
        for pk, row in rows.values_list("id", "source_row"):
            found[pk] = row.get("department", "")
    return found


def _ranks(codes: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    if ItemRank.objects.exists():
        for start in range(0, len(codes), 500):
            rows = ItemRank.objects.filter(code__in=codes[start : start + 500])
            found |= dict(rows.values_list("code", "level"))
    return found
