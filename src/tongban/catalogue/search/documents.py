"""The index documents: which fields there are, and what an item puts in each."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

import tantivy

from tongban.base.regions import NATION, lineage_of
from tongban.catalogue.search import text
from tongban.catalogue.search.listings import Listing

TOKENS: Final = ("title", "more", "chars", "pinyin", "initials", "spelled", "short")
LABELS: Final = ("code", "region", "region_tree", "guide", "reach", "rank")
# What results can be counted and narrowed by.
FACETS: Final = ("organ", "kind", "audience", "theme", "depth", "level")
# An index with other fields or other contents is made anew: raise it when either changes.
FORM: Final = 2


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in TOKENS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in LABELS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("listing", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def form() -> str:
    """What distinguishes an index of this version from those of others."""
    # The format of tantivy's own files is checked by tantivy when it opens them.
    fields = f"{FORM} {TOKENS} {LABELS} {FACETS}"
    return hashlib.sha256(fields.encode()).hexdigest()[:16]


@lru_cache(maxsize=50_000)
def _words(written: str) -> tuple[str, ...]:
    return tuple(text.words_of(written))


@lru_cache(maxsize=50_000)
def _of_name(name: str, aliases: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What comes of a name. Many places do the same thing under one name: read once each."""
    words = text.words_of(name)
    chinese = [word for word in words if text.CHINESE.fullmatch(word)]
    alias_words = [word for alias in aliases for word in text.words_of(alias)]
    syllables = text.spelling_of(name)
    long = [
        text.syllables_of(word)
        for word in dict.fromkeys(chinese + alias_words)
        if len(word) > 1 and text.CHINESE.fullmatch(word)
    ]
    tokens = (
        ("title", words),
        ("chars", text.characters_of(name)),
        ("pinyin", syllables),
        ("initials", text.pairs_of([syllable[0] for syllable in syllables])),
        ("spelled", ["".join(each) for each in long]),
        ("short", ["".join(syllable[0] for syllable in each) for each in long]),
    )
    return tuple((field, " ".join(each)) for field, each in tokens)


def reach_of(listing: Listing) -> str:
    """Where people may come from (跨区域通办): the region that holds them all, "" for its own only."""
    if not listing.region:
        return ""
    above = lineage_of(listing.region)
    match listing.reach:
        case "national" | "cross_province":
            return NATION
        case "cross_city":
            return above[1] if len(above) > 1 else NATION
        case "cross_county":
            return above[2] if len(above) > 2 else above[-1]
    return ""


def document_of(listing: Listing) -> tantivy.Document:
    """The index document of an item."""
    document = tantivy.Document()
    add = document.add_text
    for name, tokens in _of_name(listing.name, listing.aliases):
        add(name, tokens)
    more = _words(listing.main_item) + _words(listing.organ) + _words(listing.name_en)
    for alias in listing.aliases:
        more += _words(alias)
    add("more", " ".join(more))
    add("code", listing.code)
    add("region", listing.region)
    add("organ", listing.organ_code)
    add("kind", listing.kind)
    # Whoever finds a complete guide can act on it at once.
    add("guide", "1" if listing.has_guide and listing.case_type else "0")
    for above in lineage_of(listing.region) if listing.region else ():
        add("region_tree", above)
    for name, value in (
        ("reach", reach_of(listing)),
        ("rank", str(listing.rank) if listing.rank else ""),
        ("depth", str(listing.depth) if listing.has_guide else ""),
        ("level", str(listing.level) if listing.level else ""),
    ):
        if value:
            add(name, value)
    for who in listing.audience:
        add("audience", who)
    for theme in listing.themes:
        add("theme", theme)
    add("listing", listing.stored())
    return document
