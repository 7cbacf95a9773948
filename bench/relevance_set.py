"""The judged queries and how a ranking is scored; used by `bench.relevance` and by a test."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

JUDGED = Path(__file__).parent / "data" / "relevance.tsv"
DEPTH = 10
# MRR asks for the first answer that does it, not for one that helps a little.
GOOD = 2
# The kind of the queries that were asked after the search was finished; see the set's head.
UNSEEN = "unseen"


@dataclass(frozen=True)
class Judged:
    """A query with the grades (1-3) of its answers by item code; what is not named has 0."""

    text: str
    kind: str
    grades: dict[str, int] = field(default_factory=dict)

    @property
    def held_out(self) -> bool:
        """In the third whose failures were not looked at in tuning: by the CRC-32 of the text."""
        return zlib.crc32(self.text.encode()) % 3 == 0


def judged_queries(path: Path = JUDGED) -> list[Judged]:
    """The whole set, in the file's order. Raises ValueError for a line that is none of its kinds."""
    queries: list[Judged] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        head, *rest = line.split("\t")
        if head.startswith("? ") and rest:
            queries.append(Judged(rest[0], head[2:]))
        elif head in {"1", "2", "3"} and rest and queries:
            queries[-1].grades[rest[0]] = int(head)
        else:
            raise ValueError(f"{path.name}, line {number}: neither a query nor a grade")
    return queries


def within(queries: Sequence[Judged], codes: Collection[str]) -> list[Judged]:
    """The queries that a catalogue of `codes` can answer well, with the grades of its items alone."""
    kept = [
        Judged(query.text, query.kind, {c: g for c, g in query.grades.items() if c in codes})
        for query in queries
    ]
    return [query for query in kept if max(query.grades.values(), default=0) >= GOOD]


def ndcg(query: Judged, found: Sequence[str]) -> float:
    """nDCG@10, gain 2^grade - 1, discount log2(rank + 1) (Burges et al. 2005); 0 to 1."""

    def gained(grades: Sequence[int]) -> float:
        return sum(
            (2**grade - 1) / math.log2(rank + 1)
            for rank, grade in enumerate(grades[:DEPTH], start=1)
        )

    best = gained(sorted(query.grades.values(), reverse=True))
    return gained([query.grades.get(code, 0) for code in found]) / best


def reciprocal_rank(query: Judged, found: Sequence[str]) -> float:
    """1 / rank of the first answer of grade 2 or 3 among ten; 0 when there is none."""
    for rank, code in enumerate(found[:DEPTH], start=1):
        if query.grades.get(code, 0) >= GOOD:
            return 1 / rank
    return 0.0
