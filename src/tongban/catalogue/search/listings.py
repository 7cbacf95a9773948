"""What a result row shows of an item, read from the database in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from tongban.catalogue.guide_schema.record import online_depth
from tongban.catalogue.models import Guide, ItemRank, ServiceItem
from tongban.directory.models import Region

CHUNK = 2_000
NOWHERE = ("", 0)
# ASCII's own separator of units: no name has it, and reading refuses control characters.
BETWEEN = "\x1f"


class Listing(NamedTuple):
    """What a result row shows; stored in the index so that a search asks no database.

    `level` is that of the item's region (0 without one), `rank` how much the item is used (0-5),
    `depth` the online depth 0-4 of the guide, `reach` its cross-region range. What comes after
    `rank` is known by the guide.
    """

    code: str
    name: str
    main_item: str
    organ: str
    organ_code: str
    region: str
    region_name: str
    kind: str
    level: int = 0
    rank: int = 0
    has_guide: bool = False
    name_en: str = ""
    audience: tuple[str, ...] = ()
    case_type: str = ""
    promised_value: int = 0
    promised_unit: str = ""
    on_site_visits: int | None = None
    accepts_online: bool = False
    aliases: tuple[str, ...] = ()
    summary: tuple[str, str] = ("", "")
    themes: tuple[str, ...] = ()
    depth: int = 0
    reach: str = ""

    def stored(self) -> bytes:
        """As it is kept in the index; without a guide only what there is, in the quickest way."""
        if self.has_guide:
            return _encode(self).encode()
        texts = (self.code, self.name, self.main_item, self.organ, self.organ_code, self.region)
        numbers = (str(self.level), str(self.rank))
        return BETWEEN.join((*texts, self.region_name, self.kind, *numbers)).encode()


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TUPLES = tuple(
    Listing._fields.index(name) for name in ("audience", "aliases", "summary", "themes")
)


def read(stored: bytes) -> Listing:
    """Take back what `Listing.stored` wrote."""
    if not stored.startswith(b"["):
        *texts, level, rank = stored.decode().split(BETWEEN)
        known: list[Any] = [*texts, int(level), int(rank)]
        return Listing(*known)
    values = json.loads(stored)
    for place in _TUPLES:
        values[place] = tuple(values[place])
    return Listing(*values)


def listing_of(item: ServiceItem, guide: Guide | None) -> Listing:
    """The row of one item that is loaded with organ and region."""
    organ, region = item.organ, item.region
    return Listing(
        item.code,
        item.name,
        item.main_item,
        organ.name if organ else item.source_row.get("department", ""),
        organ.code if organ else "",
        item.region_id or "",
        region.name if region else "",
        item.kind,
        region.level if region else 0,
        0,
        *(_of_guide(*(getattr(guide, name) for name in GUIDE[1:])) if guide else ()),
    )


# Plain SQL, for it reads a million rows in a fraction of the time that models take.
_ITEMS = """SELECT i.id, i.code, i.name, i.main_item, i.kind, i.region_id, o.name, o.code
FROM catalogue_serviceitem i LEFT JOIN directory_organ o ON o.id = i.organ_id WHERE """
_NEXT = f"{_ITEMS} i.id > %s ORDER BY i.id LIMIT {CHUNK}"
GUIDE = (
    "item_id",
    "case_type",
    "promised_value",
    "promised_unit",
    "on_site_visits",
    "accepts_online",
    "document",
)


def _of_guide(
    case_type: str, value: int, unit: str, visits: int | None, online: bool, document: Any
) -> tuple[Any, ...]:
    """The guide's part of a listing."""
    summary = document.get("summary") or {}
    capabilities = set(document.get("online_capabilities", ()))
    themes = (*document.get("personal_themes", ()), *document.get("corporate_themes", ()))
    return (
        True,
        (document.get("name") or {}).get("en", ""),
        tuple(document.get("audience", ())),
        case_type,
        value,
        unit,
        visits,
        online,
        tuple(document.get("aliases", ())),
        (summary.get("zh", ""), summary.get("en", "")),
        tuple(dict.fromkeys(themes)),
        online_depth(capabilities, visits),
        document.get("cross_region_range") or "",
    )


def all_listings() -> Iterator[Listing]:
    """Every item, in chunks by id, so that a writer may go on meanwhile. Three queries a chunk."""
    regions = _regions()
    last = 0
    while items := _rows(_NEXT, [last]):
        yield from _listings(items, regions)
        last = items[-1][0]


def listings_by_code(codes: Sequence[str]) -> list[Listing]:
    """The items of these codes that there are, at most a few hundred. Up to five queries."""
    marks = ", ".join(["%s"] * len(codes))
    items = _rows(f"{_ITEMS} i.code IN ({marks})", list(codes)) if codes else []
    return list(_listings(items, _regions({item[5] for item in items if item[5]})))


def _rows(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


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
        row[0]: _of_guide(*row[1:])
        for row in Guide.objects.filter(effective_to=None, **span).values_list(*GUIDE)
    }
    departments = _departments([item[0] for item in items if item[7] is None])
    ranks = _ranks([item[1] for item in items])
    for pk, code, name, main_item, kind, region, organ, organ_code in items:
        region_name, level = regions.get(region, NOWHERE)
        yield Listing(
            code,
            name,
            main_item,
            organ if organ_code is not None else departments.get(pk, ""),
            organ_code or "",
            region or "",
            region_name,
            kind,
            level,
            ranks.get(code, 0),
            *guides.get(pk, ()),
        )


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
