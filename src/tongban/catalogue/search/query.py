"""From what a person types to a query on the index.

Three tries, each only when the one before finds nothing: as typed (words, prefixes, synonyms,
pinyin), with one mistake, any of the words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tantivy import Occur, Query, Schema

from tongban.base.regions import RegionCodeError, lineage_of, pad
from tongban.catalogue.search import text

SYNONYMS = Path(__file__).parent / "synonyms.toml"
# A chunk longer than this is a sentence: its words count, not its exact form.
LONGEST_PHRASE = 12
GUIDE_BONUS = 6.0


@dataclass(frozen=True)
class Filters:
    region: str = ""
    organ: str = ""
    kind: str = ""
    audience: str = ""


@lru_cache(maxsize=1)
def synonyms() -> dict[str, tuple[str, ...]]:
    """Word -> other words for the same thing, both ways."""
    groups = tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))["groups"]
    table: dict[str, list[str]] = {}
    for group in groups:
        names = [text.normalise(name) for name in group]
        for name in names:
            table.setdefault(name, []).extend(other for other in names if other != name)
    return {name: tuple(dict.fromkeys(others)) for name, others in table.items()}


class Builder:
    """Builds queries for one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def term(self, field: str, word: str) -> Query:
        return Query.term_query(self.schema, field, word)

    def phrase(self, field: str, words: Sequence[str], slop: int = 0) -> Query:
        if len(words) == 1:
            return self.term(field, words[0])
        return Query.phrase_query(self.schema, field, list(words), slop)

    def any(self, queries: Sequence[Query]) -> Query:
        return Query.boolean_query([(Occur.Should, query) for query in queries])

    def all(self, queries: Sequence[Query]) -> Query:
        if len(queries) == 1:
            return queries[0]
        return Query.boolean_query([(Occur.Must, query) for query in queries])

    def best(self, queries: Sequence[Query]) -> Query:
        return Query.disjunction_max_query(list(queries), 0.1)

    def everything(self) -> Query:
        return Query.const_score_query(Query.all_query(), 1.0)

    # As typed

    def word(self, word: str) -> Query:
        """A word in the title, or less strongly in group, organ, other names."""
        ways = [
            Query.boost_query(self.term("title", word), 4.0),
            Query.boost_query(self.term("more", word), 1.5),
        ]
        if len(word) > 1 and text.CHINESE.fullmatch(word):
            ways.append(self.phrase("chars", list(word)))
        for other in synonyms().get(word, ()):
            ways.append(
                Query.boost_query(self.all([self.plain(w) for w in other_words(other)]), 0.8)
            )
        return self.best(ways)

    def plain(self, word: str) -> Query:
        return self.any([Query.boost_query(self.term("title", word), 3.0), self.term("more", word)])

    def chinese(self, chunk: str) -> Query:
        ways = [self.all([self.word(word) for word in text.query_words(chunk)])]
        if len(chunk) <= LONGEST_PHRASE:
            ways.append(self.phrase("chars", list(chunk)))
        for other in synonyms().get(chunk, ()):
            ways.append(self.all([self.plain(word) for word in other_words(other)]))
        return self.best(ways)

    def latin(self, chunk: str) -> Query:
        """English word, start of one, full pinyin (also unfinished), pinyin initials."""
        ways = [
            Query.boost_query(self.term("more", chunk), 2.0),
            Query.boost_query(self.term("title", chunk), 3.0),
        ]
        if len(chunk) > 2:
            ways.append(self.prefix("more", chunk))
        ways.append(Query.boost_query(self.term("spelled", chunk), 4.0))
        ways.append(Query.boost_query(self.term("short", chunk), 3.0))
        if len(chunk) > 3:
            ways.append(Query.boost_query(self.prefix("spelled", chunk), 1.5))
        for syllables, rest in text.split_pinyin(chunk):
            if rest:
                ways.append(Query.phrase_prefix_query(self.schema, "pinyin", [*syllables, rest]))
            else:
                ways.append(self.phrase("pinyin", syllables))
        if 2 < len(chunk) <= LONGEST_PHRASE and chunk.isalpha():
            ways.append(self.phrase("initials", text.pairs_of(list(chunk))))
        for other in synonyms().get(chunk, ()):
            ways.append(self.all([self.plain(word) for word in other_words(other)]))
        return self.best(ways)

    def prefix(self, field: str, start: str) -> Query:
        return Query.const_score_query(
            Query.fuzzy_term_query(self.schema, field, start, distance=0, prefix=True), 1.0
        )

    def as_typed(self, chunks: Sequence[str]) -> Query:
        """All that was typed. The whole query may also be one name in several chunks: `ID card`."""
        each = self.all(
            [
                self.chinese(chunk) if text.CHINESE.match(chunk) else self.latin(chunk)
                for chunk in meaningful(chunks)
            ]
        )
        whole = [
            self.all([self.plain(word) for word in other_words(other)])
            for other in synonyms().get(" ".join(chunks), ())
        ]
        return self.best([each, *whole]) if whole else each

    # With one mistake

    def near_chinese(self, chunk: str) -> Query | None:
        """One character wrong, missing or too many; or another character of the same sound."""
        if not 2 < len(chunk) <= LONGEST_PHRASE:
            return None
        chars = list(chunk)
        ways = [
            Query.boost_query(self.term("spelled", "".join(text.spelling_of(chunk))), 4.0),
            Query.boost_query(self.phrase("pinyin", text.spelling_of(chunk)), 1.5),
            self.phrase("chars", chars, slop=1),
        ]
        for place in range(len(chars)):
            rest = chars[:place] + chars[place + 1 :]
            inner = 0 < place < len(chars) - 1
            ways.append(self.phrase("chars", rest, slop=1 if inner else 0))
        return self.best(ways)

    def near_latin(self, chunk: str) -> Query | None:
        if len(chunk) < 4:
            return None
        return self.best(
            [
                Query.fuzzy_term_query(self.schema, "spelled", chunk, distance=1),
                Query.fuzzy_term_query(self.schema, "more", chunk, distance=1),
            ]
        )

    def with_one_mistake(self, chunks: Sequence[str]) -> Query | None:
        """One chunk may be misspelt, the others must fit as typed."""
        chunks = meaningful(chunks)
        ways = []
        for place, chunk in enumerate(chunks):
            chinese = text.CHINESE.match(chunk)
            near = self.near_chinese(chunk) if chinese else self.near_latin(chunk)
            if near is not None:
                others = [*chunks[:place], *chunks[place + 1 :]]
                ways.append(self.all([near, *([self.as_typed(others)] if others else [])]))
        return self.best(ways) if ways else None

    # Any of the words

    def any_word(self, chunks: Sequence[str]) -> Query:
        parts: list[Query] = []
        for chunk in meaningful(chunks):
            if text.CHINESE.match(chunk):
                parts += [self.word(word) for word in text.query_words(chunk)]
            else:
                parts.append(self.latin(chunk))
        return self.any(parts)

    # Filters

    def filtered(self, query: Query, filters: Filters) -> Query:
        """The query within region, organ, kind and audience; items with a guide come first."""
        parts = [(Occur.Must, query)]
        bonus = Query.const_score_query(self.term("guide", "1"), GUIDE_BONUS)
        parts.append((Occur.Should, bonus))
        if filters.region:
            parts.append((Occur.Must, unscored(self.region(filters.region))))
        for field, value in (
            ("organ", filters.organ),
            ("kind", filters.kind),
            ("audience", filters.audience),
        ):
            if value:
                parts.append((Occur.Must, unscored(self.term(field, value))))
        return Query.boolean_query(parts)

    def region(self, code: str) -> Query:
        """Items of the region, of all above it (they serve it too) and of all below it."""
        try:
            lineage = lineage_of(pad(code))
        except RegionCodeError:
            return Query.empty_query()
        serving = Query.term_set_query(self.schema, "region", list(lineage))
        return self.any([serving, self.term("region_tree", lineage[-1])])


def unscored(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)


def meaningful(chunks: Sequence[str]) -> list[str]:
    return [chunk for chunk in chunks if chunk not in text.STOP_WORDS] or list(chunks)


@lru_cache(maxsize=2_000)
def other_words(phrase: str) -> tuple[str, ...]:
    """The words of a synonym."""
    return tuple(
        word
        for chunk in text.chunks_of(phrase)
        for word in (text.query_words(chunk) if text.CHINESE.match(chunk) else [chunk])
    )
