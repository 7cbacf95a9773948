"""What a result row shows of an item, read from the database in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from tongban.catalogue.guide_schema.record import online_depth
from tongban.catalogue.models import Guide, ItemRank, ServiceItem
from tongban.directory.models import Organ, Region

CHUNK = 5_000
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
    said: tuple[Any, ...] = ()
    if guide:
        columns = [getattr(guide, column) for column in COLUMNS]
        name_en = (guide.document.get("name") or {}).get("en")
        said = _of_guide(*columns, *(name_en, *map(guide.document.get, PARTS[1:])))
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
        *said,
    )


# Plain SQL, for it reads a million rows in a fraction of the time that models take.
_ITEMS = """SELECT id, code, name, main_item, kind, region_id, organ_id
FROM catalogue_serviceitem WHERE """
_NEXT = f"{_ITEMS} id > %s ORDER BY id LIMIT {CHUNK}"
COLUMNS = ("case_type", "promised_value", "promised_unit", "on_site_visits", "accepts_online")
# Of the document only these: the database finds them in half the time that reading all of it takes.
PARTS = (
    "name__en",
    "summary",
    "audience",
    "aliases",
    "personal_themes",
    "corporate_themes",
    "online_capabilities",
    "cross_region_range",
)


def _of_guide(
    case_type: str,
    value: int,
    unit: str,
    visits: int | None,
    online: bool,
    name_en: str | None,
    summary: dict[str, str] | None,
    audience: list[str] | None,
    aliases: list[str] | None,
    personal_themes: list[str] | None,
    corporate_themes: list[str] | None,
    capabilities: list[str] | None,
    reach: str | None,
) -> tuple[Any, ...]:
    """The guide's part of a listing: from `COLUMNS` and `PARTS`; a part that it lacks is None."""
    summary = summary or {}
    return (
        True,
        name_en or "",
        tuple(audience or ()),
        case_type,
        value,
        unit,
        visits,
        online,
        tuple(aliases or ()),
        (summary.get("zh", ""), summary.get("en", "")),
        tuple(dict.fromkeys((*(personal_themes or ()), *(corporate_themes or ())))),
        online_depth(set(capabilities or ()), visits),
        reach or "",
    )


def all_listings() -> Iterator[Listing]:
    """Every item, in chunks by id, so that a writer may go on meanwhile. Three queries a chunk."""
    regions, organs = _regions(), _organs()
    last = 0
    while items := _rows(_NEXT, [last]):
        yield from _listings(items, regions, organs)
        last = items[-1][0]


def listings_by_code(codes: Sequence[str]) -> list[Listing]:
    """The items of these codes that there are, at most a few hundred. Up to six queries."""
    marks = ", ".join(["%s"] * len(codes))
    items = _rows(f"{_ITEMS} code IN ({marks})", list(codes)) if codes else []
    regions = _regions({item[5] for item in items if item[5]})
    return list(_listings(items, regions, _organs({item[6] for item in items if item[6]})))


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


def _organs(ids: set[int] | None = None) -> dict[int, tuple[str, str]]:
    """Names and codes of organs; read once, not once an item."""
    found = Organ.objects.all() if ids is None else Organ.objects.filter(id__in=ids)
    rows = found.values_list("id", "name", "code").iterator(chunk_size=5_000)
    return {pk: (name, code) for pk, name, code in rows}


def _listings(
    items: Sequence[tuple[Any, ...]],
    regions: Mapping[str, tuple[str, int]],
    organs: Mapping[int, tuple[str, str]],
) -> Iterator[Listing]:
    ids = [item[0] for item in items]
    if not ids:
        return
    # A range instead of thousands of ids: the chunk's ids are neighbours, or few.
    span = {"item__gte": min(ids), "item__lte": max(ids)} if len(ids) > 500 else {"item__in": ids}
    asked = Guide.objects.filter(effective_to=None, **span)
    parts = [f"document__{part}" for part in PARTS]
    guides = {row[0]: _of_guide(*row[1:]) for row in asked.values_list("item_id", *COLUMNS, *parts)}
    departments = _departments([item[0] for item in items if item[6] is None])
    ranks = _ranks([item[1] for item in items])
    for pk, code, name, main_item, kind, region, organ in items:
        region_name, level = regions.get(region, NOWHERE)
        # An organ that is newer than the list of organs comes with the item's next change.
        organ_name, organ_code = organs.get(organ) or (departments.get(pk, ""), "")
        yield Listing(
            code,
            name,
            main_item,
            organ_name,
            organ_code,
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
