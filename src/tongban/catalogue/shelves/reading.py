"""Reads for looking around: how many items stand where, and the lists, page by page."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, FilteredRelation, Q, QuerySet
from django.db.models.functions import Substr

from tongban.base.regions import RegionCodeError, lineage_of, pad, prefix_of
from tongban.catalogue.models import BasicItem, ServiceItem, Shelf
from tongban.catalogue.search.listings import Listing
from tongban.catalogue.shelves.rules import OTHER_LETTER, letter_of
from tongban.directory.models import Organ

PAGE = 30


def paths_serving(region: str) -> list[str]:
    """The paths of a region and of all above it: whose items serve it. Empty for no region."""
    try:
        return [prefix_of(code) for code in lineage_of(pad(region))]
    except RegionCodeError:
        return []


def counts_by_shelf(region: str) -> Counter[str]:
    """How many items that serve a region stand on each shelf. One query."""
    rows = (
        Shelf.objects.filter(region_path__in=paths_serving(region))
        .values("shelf")
        .annotate(count=Count("id"))
        .values_list("shelf", "count")
    )
    return Counter(dict(rows))


def counts_by_letter(region: str) -> Counter[str]:
    """How many items that serve a region begin with each letter. One query."""
    rows = (
        ServiceItem.objects.filter(region_path__in=paths_serving(region))
        .annotate(first=Substr("sort_key", 1, 1))
        .values("first")
        .annotate(count=Count("id"))
        .values_list("first", "count")
    )
    letters: Counter[str] = Counter()
    for first, count in rows:
        letters[letter_of(first)] += count
    return letters


@dataclass(frozen=True)
class Page:
    """A page of a list. `after` leads to the next one, "" at the end; `total` None: not counted."""

    listings: tuple[Listing, ...]
    after: str


def items_of_organ(organ: Organ, *, after: str = "") -> Page:
    """The items of an organ by name. One query."""
    return _page(ServiceItem.objects.filter(organ=organ), after)


def items_on_shelf(region: str, shelf: str, *, after: str = "") -> Page:
    """The items of a shelf that serve a region, by name. One query."""
    items = ServiceItem.objects.filter(
        shelves__shelf=shelf, shelves__region_path__in=paths_serving(region)
    )
    return _page(items, after)


def items_of_letter(region: str, letter: str, *, after: str = "") -> Page:
    """The items that serve a region and begin with a letter. One query."""
    items = ServiceItem.objects.filter(region_path__in=paths_serving(region))
    beginning = "~" if letter == OTHER_LETTER else letter
    return _page(items.filter(sort_key__startswith=beginning), after)


def implementations_of(basic: BasicItem, *, after: str = "") -> Page:
    """The implementations of a basic item, by name and in the order of their coming. One query."""
    return _page(ServiceItem.objects.filter(basic=basic).exclude(region=None), after)


COLUMNS = (
    "pk", "sort_key", "code", "name", "source_row", "region_id",
    "region__name", "organ__name", "in_force__case_type", "in_force__promised_value",
    "in_force__promised_unit", "in_force__on_site_visits", "in_force__accepts_online",
    "in_force__document",
)  # fmt: skip


def _page(items: QuerySet[ServiceItem], after: str) -> Page:
    """Keyset: what comes after the last row of the page before, so that no page costs more."""
    if place := place_of(after):
        key, number = place
        items = items.filter(Q(sort_key__gt=key) | Q(sort_key=key, pk__gt=number))
    rows = list(
        items.annotate(in_force=FilteredRelation("guides", condition=Q(guides__effective_to=None)))
        .order_by("sort_key", "pk")
        .values(*COLUMNS)[: PAGE + 1]
    )
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    following = mark_of(rows[-1]["sort_key"], rows[-1]["pk"]) if more else ""
    return Page(tuple(_listing(row) for row in rows), following)


def _listing(row: dict[str, object]) -> Listing:
    guide = row["in_force__document"]
    document: dict[str, dict[str, str]] = guide if isinstance(guide, dict) else {}
    source = row["source_row"]
    said_by_source = source.get("department", "") if isinstance(source, dict) else ""
    return Listing(
        code=str(row["code"]),
        name=str(row["name"]),
        name_en=document.get("name", {}).get("en", ""),
        organ=str(row["organ__name"] or said_by_source),
        region=str(row["region_id"] or ""),
        region_name=str(row["region__name"] or ""),
        audience=tuple(document.get("audience", ())),
        has_guide=guide is not None,
        case_type=str(row["in_force__case_type"] or ""),
        promised_value=int(str(row["in_force__promised_value"] or 0)),
        promised_unit=str(row["in_force__promised_unit"] or ""),
        on_site_visits=_number(row["in_force__on_site_visits"]),
        accepts_online=bool(row["in_force__accepts_online"]),
        summary=(
            document.get("summary", {}).get("zh", ""),
            document.get("summary", {}).get("en", ""),
        ),
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def mark_of(key: str, number: int) -> str:
    """Where a page ends, for the address of the next one."""
    return base64.urlsafe_b64encode(f"{number} {key}".encode()).decode().rstrip("=")


def place_of(mark: str) -> tuple[str, int] | None:
    """Where a page begins; None for a mark that is none (people edit addresses)."""
    try:
        text = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)).decode()
    except ValueError:
        return None
    number, _space, key = text.partition(" ")
    known = number.isascii() and number.isdigit() and len(number) < 19 and key.isprintable()
    return (key, int(number)) if known else None


def other_districts(item: ServiceItem, *, most: int) -> Sequence[ServiceItem]:
    """The implementations of an item's basic item, its own among them, by region. One query."""
    if not item.basic_code:
        return []
    return list(
        ServiceItem.objects.filter(basic_code=item.basic_code)
        .exclude(region=None)
        .exclude(organ=None)
        .select_related("organ", "region")
        .order_by("region_path", "sort_key", "pk")[:most]
    )
