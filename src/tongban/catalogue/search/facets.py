"""How many of the found items each choice of a filter would leave."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import tantivy

from tongban.catalogue.search.documents import FACETS
from tongban.catalogue.search.query import Builder, Filters

Counts = dict[str, tuple[tuple[str, int], ...]]
# More choices than that nobody reads; what is chosen is always among them.
CHOICES_MOST = 20
# Counting over so many items takes longer than a page may: such counts are kept until the next commit.
MANY, KEPT = 5_000, 400
_kept: OrderedDict[tuple[object, ...], Counts] = OrderedDict()
_lock = Lock()


def facet_counts(
    searcher: tantivy.Searcher,
    builder: Builder,
    query: tantivy.Query,
    filters: Filters,
    *,
    total: int,
    asked: tuple[object, ...],
) -> Counts:
    """Counts of every facet within the filters; of one that is filtered by, within the others.

    `asked` distinguishes the query, and the index as it is now.
    """
    key = (*asked, filters)
    if total > MANY and (held := _kept.get(key)) is not None:
        return held
    chosen = [facet for facet in FACETS if getattr(filters, facet)]
    counts = _counted(
        searcher, builder.filtered(query, filters), [name for name in FACETS if name not in chosen]
    )
    for facet in chosen:
        wider = builder.filtered(query, filters.without(facet))
        counts |= _with_choice(_counted(searcher, wider, [facet]), facet, getattr(filters, facet))
    if total > MANY:
        with _lock:
            _kept[key] = counts
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return counts


def _counted(searcher: tantivy.Searcher, query: tantivy.Query, facets: Iterable[str]) -> Counts:
    asked: dict[str, Any] = {
        facet: {"terms": {"field": facet, "size": CHOICES_MOST}} for facet in facets
    }
    answer = searcher.aggregate(query, asked) if asked else {}
    return {facet: _pairs(found["buckets"]) for facet, found in answer.items()}


def _pairs(buckets: Sequence[dict[str, Any]]) -> tuple[tuple[str, int], ...]:
    pairs = ((str(one["key"]), int(one["doc_count"])) for one in buckets)
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _with_choice(counts: Counts, facet: str, value: str) -> Counts:
    """What is chosen stays to be taken away, also where nothing has it."""
    pairs = counts.get(facet, ())
    if value not in dict(pairs):
        pairs = (*pairs, (value, 0))
    return {facet: pairs}
