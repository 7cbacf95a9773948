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
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import rjieba
import tantivy
from django.db import connection
from django.test import Client

from bench.made_catalogue import make_country
from bench.search import QUERIES
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
from tongban.catalogue.search.listings import all_entries
from tongban.catalogue.search.query import Builder, Filters
from tongban.catalogue.selectors import search_items
from tongban.web.serving import collect_static

# What people ask, from a district (as the page does), a province and the whole country.
PLACES = ("511602000000", "110105000000", "440000000000", "000000000000")
ROUNDS = int(os.environ.get("TONGBAN_BENCH_ROUNDS", "20"))
BUILDS = int(os.environ.get("TONGBAN_BENCH_BUILDS", "3"))
ROWS = """SELECT i.code, i.region_id, i.kind, i.name, i.main_item, o.name
    FROM catalogue_serviceitem i LEFT JOIN directory_organ o ON o.id = i.organ_id"""


@dataclass(frozen=True)
class Rate:
    """Items a second by the clock, and by what all threads used of the processor."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:9,.0f} items a second{self.processor:9,.0f} a processor second"

    def mean(self, other: Rate) -> Rate:
        """Of two runs as long as each other: the harmonic mean."""
        return Rate(
            2 / (1 / self.clock + 1 / other.clock),
            2 / (1 / self.processor + 1 / other.processor),
        )


class Clocks:
    def __init__(self) -> None:
        self.clock, self.processor = time.perf_counter(), time.process_time()

    def rate(self, done: int) -> Rate:
        return Rate(
            done / (time.perf_counter() - self.clock),
            done / (time.process_time() - self.processor),
        )


class Took:
    """How long calls took: by the clock, and of the processor, without what a busy machine adds."""

    def __init__(self) -> None:
        self.clock: list[float] = []
        self.processor: list[float] = []

    def each(self, act: Callable[[object], object], inputs: Iterable[object]) -> None:
        for one in inputs:
            clock, processor = time.perf_counter(), time.thread_time()
            act(one)
            self.clock.append(time.perf_counter() - clock)
            self.processor.append(time.thread_time() - processor)

    def __str__(self) -> str:
        return "; ".join(
            f"{name} {statistics.median(took) * 1e3:.2f} median {percent(took, 0.95):.2f} p95"
            f" {percent(took, 0.99):.2f} p99"
            for name, took in (("clock", self.clock), ("processor", self.processor))
        )


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size_mb(folder: Path) -> float:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 2**20


def bare_build(folder: str, *, with_row: bool = False) -> Rate:
    """The bare engine: the same rows, cut into words by rjieba, code stored.

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
    done, began = 0, Clocks()
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
    return began.rate(done)


def percent(took: list[float], share: float) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * share))] * 1e3


def bare_once(*, with_row: bool = False) -> tuple[Rate, float]:
    with tempfile.TemporaryDirectory() as folder:
        gc.collect()
        return bare_build(folder, with_row=with_row), size_mb(Path(folder))


def build() -> None:
    """Ours and bare in turns: how fast a shared machine is changes from minute to minute."""
    start = time.perf_counter()
    waited = place_changes()
    print(f"{f'country: places for {waited:,} changes':44}{time.perf_counter() - start:9.1f} s")
    before = peak_mb()
    bare, bare_size = bare_once()
    against: list[tuple[float, float]] = []
    for number in range(1, BUILDS + 1):
        gc.collect()
        began = Clocks()
        count = rebuild()
        ours, last = began.rate(count), bare
        bare, _size = bare_once()
        base = last.mean(bare)
        against.append((ours.clock / base.clock, ours.processor / base.processor))
        print(
            f"{f'country: index of {count:,} items, {number}':44}{ours}\n"
            f"  {'bare tantivy and rjieba, before and after':42}{base}\n"
            f"  {'ratio':42}by clock {against[-1][0]:.2f}, by processor {against[-1][1]:.2f}"
        )
    with_row, _size = bare_once(with_row=True)
    clock, processor = (statistics.median(ratios) for ratios in zip(*against, strict=True))
    folder_now = folder_in_use()
    assert folder_now is not None
    began = Clocks()
    reading = began.rate(sum(1 for _entry in all_entries()))
    print(
        f"{f'country: median ratio of {BUILDS} builds':44}"
        f"by clock {clock:.2f}, by processor {processor:.2f}\n"
        f"  {'bare with the row and three labels, once':42}{with_row}\n"
        f"  {'reading the rows alone':42}{reading}\n"
        f"  {'on disk':42}{size_mb(folder_now):,.0f} MB, bare {bare_size:,.0f}; peak memory"
        f" {peak_mb():,.0f} MB, before {before:,.0f}"
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

        Took().each(service, QUERIES)
        Took().each(bare, built)
        ours, base = Took(), Took()
        for _ in range(ROUNDS):  # In turns, so that a busy moment of the machine hits both.
            ours.each(service, QUERIES)
            base.each(bare, built)
        by_clock = percent(ours.clock, 0.95) / percent(base.clock, 0.95)
        by_cpu = percent(ours.processor, 0.95) / percent(base.processor, 0.95)
        print(
            f"{f'country: search in {place}, ms':44}{ours}\n"
            f"  {'against the ready-built tantivy query':42}{base}\n"
            f"  {'ratio of p95':42}clock {by_clock:.2f}, processor {by_cpu:.2f}"
        )


def pages() -> None:
    collect_static()
    client = Client(headers={"host": "127.0.0.1"})

    def page(address: object) -> None:
        assert client.get("/search", address).status_code == 200

    for place in PLACES:
        asked: list[object] = [{"q": query, "region": place} for query in (*QUERIES, "")]
        Took().each(page, asked)
        took = Took()
        for _ in range(ROUNDS):
            took.each(page, asked)
        print(f"{f'country: search page in {place}, ms':44}{took}")


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
