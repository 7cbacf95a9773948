"""Search over a country: building the index, asking it, and the search page.

`TONGBAN_BENCH_COUNTRY` items (1,000,000 when asked for by name, `python -m bench country`) over all
county-level districts, beside the 925 real ones. Each figure has its bare counterpart in the same run.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import rjieba
import tantivy
from django.db import connection
from django.test import Client

from bench.made_catalogue import make_country
from bench.search import QUERIES
from bench.timing import seconds_each
from tongban.catalogue.changes import place_changes
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.search import text
from tongban.catalogue.search.index import (
    HEAP_BYTES,
    current_index,
    folder_in_use,
    rebuild,
)
from tongban.catalogue.search.keeping import Keeper
from tongban.catalogue.search.listings import all_listings
from tongban.catalogue.search.query import Builder, Filters
from tongban.catalogue.selectors import search_items
from tongban.web.serving import collect_static

# What people ask, from a district (as the page does), a province and the whole country.
PLACES = ("511602000000", "110105000000", "440000000000", "000000000000")
ROUNDS = int(os.environ.get("TONGBAN_BENCH_ROUNDS", "20"))
ROWS = """SELECT i.code, i.region_id, i.kind, i.name, i.main_item, o.name
    FROM catalogue_serviceitem i LEFT JOIN directory_organ o ON o.id = i.organ_id"""


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size_mb(folder: Path) -> float:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 2**20


def bare_build(folder: str, *, with_row: bool = False) -> float:
    """The bare engine: the same rows, cut into words by rjieba, code stored; items a second.

    `with_row`: also the row that a result shows, and the labels that filters ask for.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("code", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("kind", "region", "organ"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field("row", stored=True)
    index = tantivy.Index(builder.build(), path=folder)
    writer = index.writer(heap_size=HEAP_BYTES, num_threads=1)
    done, began = 0, time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        while rows := cursor.fetchmany(2_000):
            for code, region, kind, *words in rows:
                document = tantivy.Document()
                cut = [word for part in words if part for word in rjieba.cut_for_search(part)]
                document.add_text("words", " ".join(cut))
                document.add_text("code", code)
                if with_row:
                    document.add_text("kind", kind)
                    document.add_text("region", region)
                    document.add_text("organ", words[2] or "")
                    document.add_bytes("row", json.dumps([code, region, kind, *words]).encode())
                writer.add_document(document)
                done += 1
    writer.commit()
    writer.wait_merging_threads()
    return done / (time.perf_counter() - began)


def percent(took: list[float], share: float) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * share))] * 1e3


def build() -> None:
    began = time.perf_counter()
    waited = place_changes()
    print(f"{f'country: places for {waited:,} changes':44}{time.perf_counter() - began:9.1f} s")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        bare = bare_build(folder)
        with_row = bare_build(other, with_row=True)
        bare_size = size_mb(Path(folder))
    gc.collect()
    before = peak_mb()
    began = time.perf_counter()
    count = rebuild()
    ours = count / (time.perf_counter() - began)
    folder_now = folder_in_use()
    assert folder_now is not None
    began = time.perf_counter()
    read = sum(1 for _listing in all_listings())
    reading = read / (time.perf_counter() - began)
    print(
        f"{f'country: index of {count:,} items':44}{ours:12,.0f} items a second,"
        f" {size_mb(folder_now):,.0f} MB on disk, peak {peak_mb():,.0f} MB (before {before:,.0f})\n"
        f"  {'against bare tantivy and rjieba':42}{bare:12,.0f} items a second,"
        f" {bare_size:,.0f} MB on disk   ratio of speed {ours / bare:.2f}\n"
        f"  {'the same with row and labels':42}{with_row:12,.0f} items a second"
        f"   ratio of speed {ours / with_row:.2f}\n"
        f"  {'reading the rows alone':42}{reading:12,.0f} items a second"
    )


def ask() -> None:
    index = current_index()
    searcher, builder = index.searcher(), Builder(index.schema)
    for place in PLACES:
        region = Filters(region=place)
        built = [
            builder.filtered(builder.as_typed(text.chunks_of(query)), region) for query in QUERIES
        ]

        def bare(query: object) -> None:
            for _score, hit in searcher.search(query, limit=10).hits:
                searcher.doc(hit)

        def service(query: object, region: Filters = region) -> None:
            search_items(str(query), region)

        seconds_each(service, QUERIES)
        seconds_each(bare, built)
        ours, base = [], []
        for _ in range(ROUNDS):
            ours += seconds_each(service, QUERIES)
            base += seconds_each(bare, built)
        print(
            f"{f'country: search in {place}':44}{statistics.median(ours) * 1e3:9.3f} ms median"
            f"{percent(ours, 0.95):9.3f} p95{percent(ours, 0.99):9.3f} p99\n"
            f"  {'against the ready-built tantivy query':42}{statistics.median(base) * 1e3:9.3f}"
            f" ms median{percent(base, 0.95):9.3f} p95{percent(base, 0.99):9.3f} p99"
            f"   ratio of p95 {percent(ours, 0.95) / percent(base, 0.95):.2f}"
        )


def pages() -> None:
    collect_static()
    client = Client(headers={"host": "127.0.0.1"})

    def page(address: object) -> None:
        assert client.get("/search", address).status_code == 200

    for place in PLACES:
        asked: list[object] = [{"q": query, "region": place} for query in (*QUERIES, "")]
        seconds_each(page, asked)
        took = [one for _ in range(ROUNDS) for one in seconds_each(page, asked)]
        print(
            f"{f'country: search page in {place}':44}{statistics.median(took) * 1e3:9.3f} ms median"
            f"{percent(took, 0.95):9.3f} p95{percent(took, 0.99):9.3f} p99"
        )


def follow() -> None:
    """How long an edit takes to be found, without the loop's rest of half a second."""
    keeper, took = Keeper(), []
    keeper.round()
    for code in ServiceItem.objects.order_by("code").values_list("code", flat=True)[:20]:
        item = ServiceItem.objects.get(code=code)
        item.name = f"养蜂场{code}登记"
        began = time.perf_counter()
        item.save()
        keeper.round()
        assert code in [hit.listing.code for hit in search_items(item.name).hits]
        took.append(time.perf_counter() - began)
    print(
        f"{'country: from an edit to its being found':44}{statistics.median(took) * 1e3:9.1f} ms"
        f" median{max(took) * 1e3:9.1f} at most, and up to 500 ms of rest between rounds"
    )


def run() -> None:
    count = int(os.environ.get("TONGBAN_BENCH_COUNTRY", "1000000"))
    began = time.perf_counter()
    districts, organs = make_country(count)
    print(
        f"{f'country: {count:,} items made':44}{time.perf_counter() - began:9.1f} s"
        f"   {districts:,} districts, {organs:,} organs, {ServiceItem.objects.count():,} items in all"
    )
    build()
    ask()
    pages()
    follow()
    print(f"{'country: peak memory of the process':44}{peak_mb():9.0f} MB")
