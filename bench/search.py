"""Item search: the service function against the bare tantivy query on the same index."""

from __future__ import annotations

from bench.timing import line, seconds_each
from tongban.catalogue.search import text
from tongban.catalogue.search.index import current_index
from tongban.catalogue.search.query import Builder, Filters
from tongban.catalogue.selectors import search_items

QUERIES = (
    "身份证",
    "sfz",
    "shenfenzheng",
    "社保卡",
    "养老保险转移",
    "个体户",
    "食品经营许可",
    "出生证",
    "居住证",
    "失业金",
    "户口",
    "残疾人",
    "道路运输",
    "个税",
    "公司设立",
    "驾驶证",
    "医疗机构",
    "税务",
    "公证",
    "教师资格",
)
ROUNDS = 100
REGION = Filters(region="511602001000")


def run() -> None:
    index = current_index()
    searcher, builder = index.searcher(), Builder(index.schema)
    built = [builder.filtered(builder.as_typed(text.chunks_of(query)), REGION) for query in QUERIES]

    def bare(query: object) -> None:
        found = searcher.search(query, limit=10)
        for _score, place in found.hits:
            searcher.doc(place)

    def service(query: object) -> None:
        search_items(str(query), REGION)

    seconds_each(service, QUERIES)
    seconds_each(bare, built)
    ours, base = [], []
    for _ in range(ROUNDS):  # In turns, so that a busy moment of the machine hits both.
        ours += seconds_each(service, QUERIES)
        base += seconds_each(bare, built)
    line("search: service function, 926 items", ours, "ready-built tantivy query", base)
