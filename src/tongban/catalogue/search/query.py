"""From what a person types to a query on the index.

Three tries, each only when the one before finds nothing: as typed (words, prefixes, synonyms,
pinyin), with one mistake, any of the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tantivy import Occur, Query, Schema

from tongban.base.regions import NATION, RegionCodeError, lineage_of, pad
from tongban.catalogue.search import phrases, text
from tongban.catalogue.search.documents import FACETS, HAS_GUIDE
from tongban.catalogue.search.events import LifeEvent, event_in
from tongban.catalogue.search.phrases import Meaning, Reading, Title, synonyms

# A chunk longer than this is a sentence: its words count, not its exact form.
LONGEST_PHRASE = 12
GUIDE_BONUS = 6.0
# Points of a title for what a phrase stands for; a word in the title gives 10 to 40.
MEANT, ALSO_MEANT, LATER_LESS = 40.0, 26.0, 1.5
FITTING_ACT = 22.0
# What belongs to a life event comes after what answers the question itself.
OF_EVENT, EVENT_LATER_LESS = 12.0, 0.8
# Among equals, what many people use; never as much as one word that fits better.
USED, RANKS = 0.8, 5
# Among services of several places, the nearer ones: in the same district, city, province.
NEARER = (0.0, 2.0, 4.0, 6.0)
LEFT_OVER = 1.0
# First letters of syllables: points for each, at most as for words that stand in the title.
LETTER, SURE = 5.0, 25.0
SHORTEST_BY_WORDS = 3


@dataclass(frozen=True)
class Filters:
    region: str = ""
    organ: str = ""
    kind: str = ""
    audience: str = ""
    theme: str = ""
    depth: str = ""
    level: str = ""
    # Also what other places do for people from the region (跨区域通办).
    near: bool = False

    def without(self, facet: str) -> Filters:
        changed: dict[str, Any] = {facet: ""}
        return replace(self, **changed)


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

    def word(self, word: str, *, alone: bool = True) -> Query:
        """A word in the title, or less strongly in group, organ, other names.

        `alone`: also as characters, where a title is cut in another way. Among several words that
        finds next to nothing more, and takes three quarters of the time in a whole country.
        """
        ways = [
            Query.boost_query(self.term("title", word), 4.0),
            Query.boost_query(self.term("more", word), 1.5),
        ]
        if alone and len(word) > 1 and text.CHINESE.fullmatch(word):
            ways.append(self.phrase("chars", list(word)))
        for other in synonyms().get(word, ()):
            ways.append(
                Query.boost_query(self.all([self.plain(w) for w in other_words(other)]), 0.8)
            )
        return self.best(ways)

    def plain(self, word: str) -> Query:
        return self.any([Query.boost_query(self.term("title", word), 3.0), self.term("more", word)])

    def chinese(self, chunk: str) -> Query:
        words = text.query_words(chunk)
        ways = [self.all([self.word(word, alone=len(words) == 1) for word in words])]
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
        if len(chunk) > 3:
            ways.append(Query.boost_query(self.prefix("spelled", chunk), 1.5))
        for syllables, rest in text.split_pinyin(chunk):
            if rest:
                ways.append(Query.phrase_prefix_query(self.schema, "pinyin", [*syllables, rest]))
            else:
                ways.append(self.phrase("pinyin", syllables))
        if 1 < len(chunk) <= LONGEST_PHRASE and chunk.isalpha():
            # The more letters, the less by chance.
            sure = min(LETTER * len(chunk), SURE)
            ways.append(Query.boost_query(self.prefix("initials", chunk[: text.INITIALS]), sure))
        for other in synonyms().get(chunk, ()):
            ways.append(self.all([self.plain(word) for word in other_words(other)]))
        if known := phrases.spoken(chunk):
            ways.append(self.as_typed([known]))
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
        reading = phrases.read(chunks)
        if reading.said:
            # The more of the question it leaves over, the less it counts against a title's own words.
            left = sum(map(len, reading.left)) / max(1, sum(map(len, chunks)))
            whole.append(Query.boost_query(self.meant(reading), 1 - left / 2))
        asked = self.best([each, *whole]) if whole else each
        if event := event_in(chunks):  # Adds services, and no points to those found anyway.
            return Query.disjunction_max_query([asked, self.belonging(event)], 0.0)
        return asked

    def belonging(self, event: LifeEvent) -> Query:
        """Services of a life event, the first steps first."""
        return self.best(
            [
                Query.const_score_query(
                    self.title(title), max(OF_EVENT - EVENT_LATER_LESS * place, 1.0)
                )
                for place, title in enumerate(event.titles)
            ]
        )

    # As people say it

    def meant(self, reading: Reading) -> Query:
        """Titles for the phrases of a question; what happened and other words only order them."""
        parts = [(Occur.Must, self.any([self.meaning(one) for one in reading.said]))]
        parts += self.acts(reading)
        for chunk in reading.left:
            if text.CHINESE.match(chunk):
                parts += [
                    (Occur.Should, Query.boost_query(self.everyday(word), LEFT_OVER))
                    for word in phrases.words_in(chunk)
                    if len(word) > 1
                ]
        return Query.boolean_query(parts)

    def acts(self, reading: Reading) -> list[tuple[Occur, Query]]:
        """Points for titles of the act that was spoken of."""
        fits = [self.any([self.title(one) for one in act.means]) for act in reading.acts]
        return [(Occur.Should, Query.const_score_query(fit, FITTING_ACT)) for fit in fits]

    def everyday(self, word: str) -> Query:
        """A word, or what official titles say for it."""
        others = phrases.equivalents().get(word, ())
        ways = [Query.boost_query(self.title(title), 2.5) for title in others]
        return self.best([self.word(word), *ways])

    def meaning(self, meaning: Meaning) -> Query:
        ways = []
        for titles, points in ((meaning.means, MEANT), (meaning.also, ALSO_MEANT)):
            for place, title in enumerate(titles):
                least = max(points - LATER_LESS * place, points / 2)
                fits = self.title(title)
                # Among titles that fit, the one that says little else comes first.
                ways.append(
                    self.all([Query.const_score_query(fits, least), Query.boost_query(fits, 0.1)])
                )
        return self.best(ways)

    def title(self, title: Title) -> Query:
        parts = [(Occur.Must, self.piece(piece)) for piece in title.pieces]
        parts += [(Occur.MustNot, self.piece(piece)) for piece in title.without]
        return Query.boolean_query(parts)

    def piece(self, piece: str) -> Query:
        """By words, which is fast; by characters where a title may well be cut in another way."""
        words = text.words_whole(piece)
        if len(piece) < SHORTEST_BY_WORDS or any(len(word) < 2 for word in words):
            return self.phrase("chars", text.characters_of(piece))
        return self.all([self.term("title", word) for word in words])

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
        heard = [phrases.as_it_sounds(c) if text.CHINESE.match(c) else c for c in chunks]
        if heard != chunks:
            ways.append(Query.boost_query(self.as_typed(heard), 2.0))
        for place, chunk in enumerate(chunks):
            chinese = text.CHINESE.match(chunk)
            near = self.near_chinese(chunk) if chinese else self.near_latin(chunk)
            if near is not None:
                others = [*chunks[:place], *chunks[place + 1 :]]
                ways.append(self.all([near, *([self.as_typed(others)] if others else [])]))
        return self.best(ways) if ways else None

    # Any of the words

    def any_word(self, chunks: Sequence[str]) -> Query:
        reading = phrases.read(chunks)
        parts = [Query.boost_query(self.meaning(one), 0.7) for one in reading.said]
        for chunk in reading.left if reading.said else meaningful(chunks):
            if text.CHINESE.match(chunk):
                parts += [self.everyday(word) for word in phrases.words_in(chunk)]
            else:
                parts.append(self.latin(chunk))
        if not parts:
            parts = [self.word(word) for chunk in chunks for word in text.query_words(chunk)]
        return Query.boolean_query([(Occur.Must, self.any(parts)), *self.acts(reading)])

    # Filters

    def filtered(self, query: Query, filters: Filters) -> Query:
        """The query within the filters; what has a guide, is used much and is near comes first."""
        parts = [(Occur.Must, query)]
        bonus = Query.const_score_query(self.term("marks", HAS_GUIDE), GUIDE_BONUS)
        parts.append((Occur.Should, bonus))
        for rank in range(1, RANKS + 1):
            used = Query.const_score_query(self.term("marks", f"rank{rank}"), USED * rank)
            parts.append((Occur.Should, used))
        if filters.region:
            parts.append((Occur.Must, unscored(self.region(filters.region, near=filters.near))))
            if filters.near:
                parts += self.nearer(filters.region)
        return Query.boolean_query([*parts, *self.facets(filters)])

    def facets(self, filters: Filters) -> list[tuple[Occur, Query]]:
        values = ((facet, getattr(filters, facet)) for facet in FACETS)
        return [(Occur.Must, unscored(self.term(facet, one))) for facet, one in values if one]

    def elsewhere(self, query: Query, filters: Filters) -> Query:
        """What `near` adds to the query within the filters, to be counted: it has no scores."""
        from_here = (Occur.Must, self.from_here(filters.region))
        here = (Occur.MustNot, self.region(filters.region))
        parts = [(Occur.Must, query), from_here, here, *self.facets(filters)]
        return unscored(Query.boolean_query(parts))

    def region(self, code: str, *, near: bool = False) -> Query:
        """Items of the region, of all above it (they serve it too) and of all below it.

        `near`: also those of other regions that serve people from this one.
        """
        try:
            lineage = lineage_of(pad(code))
        except RegionCodeError:
            return Query.empty_query()
        if lineage[-1] == NATION:
            return Query.all_query()
        serving = Query.term_set_query(self.schema, "place", [f"={code}" for code in lineage])
        ways = [serving, self.term("place", lineage[-1])]
        if near:
            ways.append(self.from_here(code))
        return self.any(ways)

    def from_here(self, code: str) -> Query:
        """Items that serve people from the region, wherever they are."""
        try:
            served = [f"from{above}" for above in lineage_of(pad(code))]
        except RegionCodeError:
            return Query.empty_query()
        return Query.term_set_query(self.schema, "marks", served)

    def nearer(self, code: str) -> list[tuple[Occur, Query]]:
        try:
            lineage = lineage_of(pad(code))
        except RegionCodeError:
            return []
        return [
            (Occur.Should, Query.const_score_query(self.term("place", above), points))
            for above, points in zip(lineage, NEARER, strict=False)
            if points
        ]


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
