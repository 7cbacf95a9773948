"""Reads of the catalogue: guides, search, overview."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from tantivy import Document, Query

from tongban.base.regions import RegionCodeError, lineage_of, pad, prefix_of
from tongban.catalogue.guide_schema import GuideDocument, GuideRecord
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.search import text
from tongban.catalogue.search.events import LifeEvent, event_in
from tongban.catalogue.search.facets import Counts, facet_counts
from tongban.catalogue.search.index import current_index, generation
from tongban.catalogue.search.listings import Listing, read
from tongban.catalogue.search.query import Builder, Filters
from tongban.directory.models import Organ

QUERY_LONGEST = 200
PAGES_MOST = 100


_documents: dict[int, GuideDocument] = {}
_records: dict[int, GuideRecord] = {}
DOCUMENTS_KEPT = 2_000


# A page of choices; who needs more looks the item up.
CHOICES_MOST = 200


def document_of(guide: Guide) -> GuideDocument:
    """A complete guide's content; a published version never changes, so it is read once a process."""
    held = _documents.get(guide.pk)
    if held is None:
        held = GuideDocument.model_validate(guide.document)
        if len(_documents) >= DOCUMENTS_KEPT:
            _documents.clear()
        _documents[guide.pk] = held
    return held


def record_of(guide: Guide) -> GuideRecord:
    """What a guide says, complete or not; read once a process, as `document_of`."""
    if guide.is_complete:
        return document_of(guide)
    held = _records.get(guide.pk)
    if held is None:
        held = GuideRecord.model_validate(guide.document)
        if len(_records) >= DOCUMENTS_KEPT:
            _records.clear()
        _records[guide.pk] = held
    return held


def document_by_id(guide_id: int) -> GuideDocument:
    """`document_of` for a guide that is not loaded. One query, once a process."""
    held = _documents.get(guide_id)
    return held if held is not None else document_of(Guide.objects.get(pk=guide_id))


def find_item(code: str) -> ServiceItem | None:
    """An item with its organ and region by its implementation code. One query."""
    if "\x00" in code:  # PostgreSQL takes no such text, and no item has one.
        return None
    return ServiceItem.objects.select_related("organ", "region", "basic").filter(code=code).first()


def guide_in_force(item: ServiceItem) -> Guide | None:
    """The item's guide that is in force. One query."""
    return item.guides.filter(effective_to=None).first()


@dataclass(frozen=True)
class Hit:
    """An item that a search found. `score` only orders the hits of one search."""

    listing: Listing
    score: float


@dataclass(frozen=True)
class SearchResult:
    """`how` is "typed", "mistake" (one character off) or "any" (only some of the words).

    `facets` (only when asked for): for each facet its values with the number of hits, most first; of
    a facet that is filtered by, as if it were not. `event`: the life event that was asked for.
    """

    query: str
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    how: str
    facets: Counts = field(default_factory=dict)
    event: LifeEvent | None = None


def _tries(builder: Builder, chunks: Sequence[str]) -> Iterator[tuple[str, Query]]:
    if not chunks:
        yield "typed", builder.everything()
        return
    yield "typed", builder.as_typed(chunks)
    near = builder.with_one_mistake(chunks)
    if near is not None:
        yield "mistake", near
    yield "any", builder.any_word(chunks)


def search_items(
    query: str,
    filters: Filters | None = None,
    *,
    page: int = 1,
    size: int = 10,
    facets: bool = False,
) -> SearchResult:
    """Items for what somebody typed, best first; everything in the filters for an empty query.

    Asks the index only, no database.

    Raises IndexMissing when there is no index yet.
    """
    filters = filters or Filters()
    began = time.perf_counter()
    index = current_index()
    builder = Builder(index.schema)
    searcher = index.searcher()
    chunks = text.chunks_of(query[:QUERY_LONGEST])
    hits: tuple[Hit, ...] = ()
    total, how = 0, "typed"
    counts: Counts = {}
    for attempt, built in _tries(builder, chunks):
        how = attempt
        found = searcher.search(
            builder.filtered(built, filters),
            limit=size,
            offset=(min(page, PAGES_MOST) - 1) * size,
        )
        total = found.count or 0  # type: ignore[attr-defined]
        if total:
            hits = tuple(Hit(_listing(searcher.doc(place)), score) for score, place in found.hits)
        # Where another choice of a filter would find something, its values are shown.
        if facets and (total or attempt == "any" or not chunks):
            asked = (generation(), attempt, *chunks)
            counts = facet_counts(searcher, builder, built, filters, total=total, asked=asked)
        if total:
            break
    took_ms = (time.perf_counter() - began) * 1000
    return SearchResult(query, total, took_ms, hits, how, counts, event_in(chunks))


def count_elsewhere(query: str, filters: Filters) -> int:
    """How many items of other places serve people from the region, for a search as typed.

    Asks the index only. Raises IndexMissing.
    """
    index = current_index()
    builder = Builder(index.schema)
    chunks = text.chunks_of(query[:QUERY_LONGEST])
    built = builder.as_typed(chunks) if chunks else builder.everything()
    found = index.searcher().search(builder.elsewhere(built, filters), limit=1)
    return found.count or 0  # type: ignore[attr-defined]


def _listing(document: Document) -> Listing:
    stored: Any = document.get_first("listing")
    return read(stored)


@dataclass(frozen=True)
class OrganCount:
    code: str
    name: str
    count: int


def _serving(region: str) -> QuerySet[ServiceItem]:
    """Items that serve a region: its own and those of all above it."""
    try:
        prefixes = [prefix_of(code) for code in lineage_of(pad(region))]
    except RegionCodeError:
        return ServiceItem.objects.none()
    return ServiceItem.objects.filter(region_path__in=prefixes)


def organs_serving(region: str) -> list[OrganCount]:
    """Organs with the number of their items that serve a region, most first. One query."""
    rows = (
        _serving(region)
        .exclude(organ=None)
        .values("organ__code", "organ__name")
        .annotate(count=Count("id"))
        .order_by("-count", "organ__name")
    )
    return [OrganCount(row["organ__code"], row["organ__name"], row["count"]) for row in rows]


def guides_serving(region: str) -> list[Guide]:
    """Guides in force that serve a region, with item, organ and region. One query."""
    return list(
        Guide.objects.filter(effective_to=None, item__in=_serving(region))
        .select_related("item__organ", "item__region")
        .order_by("slug")
    )


def online_items(region: str) -> list[tuple[str, str]]:
    """Code and name of what can be applied for online in a region, for choices. One query."""
    guides = [guide for guide in guides_serving(region) if guide.accepts_online]
    return [(guide.item.code, guide.item.name) for guide in guides[:CHOICES_MOST]]


def item_names(codes: Iterable[str]) -> dict[str, str]:
    """Names of items by their codes. One query."""
    return dict(ServiceItem.objects.filter(code__in=list(codes)).values_list("code", "name"))


def organ_names(codes: Iterable[str]) -> dict[str, str]:
    """Names of organs by their codes. One query, none for no codes."""
    wanted = list(codes)
    if not wanted:
        return {}
    return dict(Organ.objects.filter(code__in=wanted).values_list("code", "name"))
