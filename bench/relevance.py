"""Relevance of search: nDCG@10 and MRR on the judged set, against plain BM25 and SQLite FTS5.

Over the district list alone, and, when `TONGBAN_BENCH_GUANGDONG` names the file of the guides of
Guangdong (JSON lines; not packaged), over both catalogues together. Without the sample guides: they
were written by us, and so were their other names.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import rjieba
import tantivy
from django.test import override_settings

from bench.relevance_set import DEPTH, UNSEEN, Judged, judged_queries, ndcg, reciprocal_rank, within
from tongban.catalogue.importing import import_items
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.search import text
from tongban.catalogue.search.index import put_in_use, write_index
from tongban.catalogue.search.listings import Entry, entry_of
from tongban.catalogue.selectors import search_items

GUANGDONG = "TONGBAN_BENCH_GUANGDONG"
Find = Callable[[str], Sequence[str]]


def entries_of(*sources: str) -> list[Entry]:
    """The items of the sources; only what was imported with them counts as their guide."""
    guides = {
        guide.item_id: guide for guide in Guide.objects.filter(effective_to=None, is_sample=False)
    }
    items = ServiceItem.objects.select_related("organ", "region").order_by("id")
    return [entry_of(item, guides.get(item.pk)) for item in items.filter(source__in=sources)]


def ours(query: str) -> Sequence[str]:
    return [hit.listing.code for hit in search_items(query).hits]


def segmented(said: str) -> list[str]:
    return [word for word in rjieba.cut(text.normalise(said)) if text.CHUNK.search(word)]


def plain_bm25(entries: Sequence[Entry]) -> Find:
    """tantivy as it comes: one field of segmented titles, any of the words, BM25."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("code", stored=True, tokenizer_name="raw")
    builder.add_text_field("title", tokenizer_name="whitespace")
    index = tantivy.Index(builder.build())
    writer = index.writer(num_threads=1)
    for entry in entries:
        document = tantivy.Document()
        document.add_text("code", entry.code)
        document.add_text("title", " ".join(segmented(entry.name)))
        writer.add_document(document)
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def find(query: str) -> Sequence[str]:
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "title", word))
            for word in segmented(query)
        ]
        found = searcher.search(tantivy.Query.boolean_query(terms), limit=DEPTH)
        return [str(searcher.doc(place).get_first("code")) for _score, place in found.hits]

    return find


def fts5(entries: Sequence[Entry], *, more: bool) -> Find:
    """SQLite FTS5, unicode61 over segmented text, any of the words, its own bm25().

    `more`: also the group, the organ and the English name, as our index has them.
    """
    store = sqlite3.connect(":memory:")
    store.execute("create virtual table items using fts5(code unindexed, body, tokenize=unicode61)")
    for entry in entries:
        body = entry.name
        if more:
            body += f" {entry.main_item} {entry.organ} {entry.said.name_en if entry.said else ''}"
        store.execute("insert into items values (?, ?)", (entry.code, " ".join(segmented(body))))

    def find(query: str) -> Sequence[str]:
        words = " OR ".join(f'"{word}"' for word in segmented(query))
        rows = store.execute(
            "select code from items where items match ? order by rank limit ?", (words, DEPTH)
        )
        return [code for (code,) in rows]

    return find


def compare(name: str, entries: Sequence[Entry], queries: Sequence[Judged]) -> None:
    """Print the figures of every engine over one catalogue."""
    parts = {
        "all": queries,
        "tuned on": [one for one in queries if one.kind != UNSEEN and not one.held_out],
        "held out": [one for one in queries if one.kind != UNSEEN and one.held_out],
        "unseen": [one for one in queries if one.kind == UNSEEN],
    }
    print(f"relevance: {name}, {len(entries)} items, {len(queries)} queries")
    heads = "".join(f"{f'{name} ({len(part)})':>16}" for name, part in parts.items())
    print(f"  {'nDCG@10, MRR':30}{heads}")
    engines: dict[str, Find] = {
        "search": ours,
        "plain BM25 (tantivy), titles": plain_bm25(entries),
        "SQLite FTS5, titles": fts5(entries, more=False),
        "SQLite FTS5, titles and more": fts5(entries, more=True),
    }
    reached: dict[str, float] = {}
    for engine, find in engines.items():
        found = {query.text: find(query.text) for query in queries}
        figures = ""
        for part in parts.values():
            gain = statistics.mean(ndcg(query, found[query.text]) for query in part)
            rank = statistics.mean(reciprocal_rank(query, found[query.text]) for query in part)
            figures += f"{f'{gain:.3f} {rank:.3f}':>16}"
            reached.setdefault(engine, gain)
        print(f"  {engine:30}{figures}")
    best = max(gain for engine, gain in reached.items() if engine.startswith("SQLite"))
    print(f"  {'all, against the better FTS5':30}{reached['search'] / best:10.2f}")


def run() -> None:
    catalogues = {"the district list": ["sichuan"]}
    if path := os.environ.get(GUANGDONG):
        import_items(Path(path))
        catalogues["with the guides of Guangdong"] = ["sichuan", "guangdong"]
    else:
        print(f"relevance: without the guides of Guangdong ({GUANGDONG} names no file)")
    for name, sources in catalogues.items():
        entries = entries_of(*sources)
        with tempfile.TemporaryDirectory() as folder, override_settings(TONGBAN_INDEX=folder):
            write_index(Path(folder) / "only", entries)
            put_in_use("only")
            queries = within(judged_queries(), {entry.code for entry in entries})
            compare(name, entries, queries)
