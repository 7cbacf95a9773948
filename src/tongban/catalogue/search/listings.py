"""What the index keeps and knows of an item, read from the database in chunks."""

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
# JSON needs no escape for it, and hardly any name has it.
BETWEEN = "\x7f"


class Listing(NamedTuple):
    """What a result row shows; stored in the index so that a search asks no database.

    What comes after `region_name` is known by the guide.
    """

    code: str
    name: str
    organ: str
    region: str
    region_name: str
    has_guide: bool = False
    name_en: str = ""
    audience: tuple[str, ...] = ()
    case_type: str = ""
    promised_value: int = 0
    promised_unit: str = ""
    on_site_visits: int | None = None
    accepts_online: bool = False
    summary: tuple[str, str] = ("", "")


class Said(NamedTuple):
    """What the index knows by a guide.

    `depth` is the online depth 0-4, `reach` the cross-region range.
    """

    name_en: str = ""
    audience: tuple[str, ...] = ()
    case_type: str = ""
    promised_value: int = 0
    promised_unit: str = ""
    on_site_visits: int | None = None
    accepts_online: bool = False
    summary: tuple[str, str] = ("", "")
    aliases: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    depth: int = 0
    reach: str = ""


class Entry(NamedTuple):
    """An item as the index takes it.

    `level` is that of the item's region (0 without one), `rank` how much the item is used (0-5).
    """

    code: str
    name: str
    organ: str
    region: str
    region_name: str
    main_item: str = ""
    organ_code: str = ""
    kind: str = ""
    level: int = 0
    rank: int = 0
    said: Said | None = None

    @property
    def listing(self) -> Listing:
        said = self.said or Said()
        return Listing(
            self.code,
            self.name,
            self.organ,
            self.region,
            self.region_name,
            self.said is not None,
            said.name_en,
            said.audience,
            said.case_type,
            said.promised_value,
            said.promised_unit,
            said.on_site_visits,
            said.accepts_online,
            said.summary,
        )

    def stored(self) -> str:
        """The listing as it is kept in the index; without a guide in the quickest way."""
        code, name, organ, region, region_name, *_, said = self
        if said is None:
            told = f"{code}{BETWEEN}{name}{BETWEEN}{organ}{BETWEEN}{region}{BETWEEN}{region_name}"
            if told.count(BETWEEN) == 4 and told[0] != "[":
                return told
        return _encode(self.listing)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TUPLES = tuple(Listing._fields.index(name) for name in ("audience", "summary"))


def read(stored: str) -> Listing:
    """Take back what `Entry.stored` wrote."""
    if not stored.startswith("["):
        code, name, organ, region, region_name = stored.split(BETWEEN)
        return Listing(code, name, organ, region, region_name)
    values = json.loads(stored)
    for place in _TUPLES:
        values[place] = tuple(values[place])
    return Listing(*values)


def entry_of(item: ServiceItem, guide: Guide | None) -> Entry:
    """The entry of one item that is loaded with organ and region; without its rank."""
    organ, region = item.organ, item.region
    said = None
    if guide:
        columns = [getattr(guide, column) for column in COLUMNS]
        name_en = (guide.document.get("name") or {}).get("en")
        said = _of_guide(*columns, *(name_en, *map(guide.document.get, PARTS[1:])))
    return Entry(
        item.code,
        item.name,
        organ.name if organ else item.source_row.get("department", ""),
        item.region_id or "",
        region.name if region else "",
        item.main_item,
        organ.code if organ else "",
        item.kind,
        region.level if region else 0,
        said=said,
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
) -> Said:
    """From `COLUMNS` and `PARTS`; a part that the guide lacks is None."""
    summary = summary or {}
    return Said(
        name_en or "",
        tuple(audience or ()),
        case_type,
        value,
        unit,
        visits,
        online,
        (summary.get("zh", ""), summary.get("en", "")),
        tuple(aliases or ()),
        tuple(dict.fromkeys((*(personal_themes or ()), *(corporate_themes or ())))),
        online_depth(set(capabilities or ()), visits),
        reach or "",
    )


def all_entries() -> Iterator[Entry]:
    """Every item, in chunks by id, so that a writer may go on meanwhile. Three queries a chunk."""
    regions, organs = _regions(), _organs()
    last = 0
    while items := _rows(_NEXT, [last]):
        yield from _entries(items, regions, organs)
        last = items[-1][0]


def entries_by_code(codes: Sequence[str]) -> list[Entry]:
    """The items of these codes that there are, at most a few hundred. Up to six queries."""
    marks = ", ".join(["%s"] * len(codes))
    items = _rows(f"{_ITEMS} code IN ({marks})", list(codes)) if codes else []
    regions = _regions({item[5] for item in items if item[5]})
    return list(_entries(items, regions, _organs({item[6] for item in items if item[6]})))


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


def _entries(
    items: Sequence[tuple[Any, ...]],
    regions: Mapping[str, tuple[str, int]],
    organs: Mapping[int, tuple[str, str]],
) -> Iterator[Entry]:
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
        yield Entry(
            code,
            name,
            organ_name,
            region or "",
            region_name,
            main_item,
            organ_code,
            kind,
            level,
            ranks.get(code, 0),
            guides.get(pk),
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
