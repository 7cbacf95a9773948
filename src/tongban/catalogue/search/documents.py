"""The index documents: which fields there are, and what an item puts in each."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import tantivy

from tongban.base.regions import NATION, lineage_of
from tongban.catalogue.search import text
from tongban.catalogue.search.listings import Listing

# Fields that are asked for phrases, and fields that are asked for single words.
IN_ORDER: Final = ("chars", "pinyin", "initials")
TOKENS: Final = ("title", "more", "spelled", "short")
# `place`: the codes of the region and of all above it; `=` before the code of the very region.
WORDS: Final = ("place", "marks")
LABELS: Final = ("code",)
# What results can be counted and narrowed by.
FACETS: Final = ("organ", "kind", "audience", "theme", "depth", "level")
# An index with other fields or other contents is made anew: raise it when either changes.
FORM: Final = 2
HAS_GUIDE: Final = "guide"
# Between these, words are cut apart in any case.
_BREAK: Final = re.compile(r"[()、,;:《》“”\s]+")


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in IN_ORDER:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in TOKENS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in WORDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    for name in LABELS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field("listing", stored=True)
    return builder.build()


def form() -> str:
    """What distinguishes an index of this version from those of others."""
    # The format of tantivy's own files is checked by tantivy when it opens them.
    fields = f"{FORM} {IN_ORDER} {TOKENS} {WORDS} {LABELS} {FACETS}"
    return hashlib.sha256(fields.encode()).hexdigest()[:16]


@lru_cache(maxsize=50_000)
def _words(written: str) -> str:
    return " ".join(text.words_of(written))


@dataclass(frozen=True, slots=True)
class _Piece:
    """What comes of a part of a name, ready to be put together.

    `letters`: the first letter of each syllable; `long`: the words of two and more characters with
    their syllables and first letters.
    """

    words: str
    characters: str
    syllables: str
    letters: str
    long: dict[str, tuple[str, str]]


@lru_cache(maxsize=50_000)
def _piece(written: str) -> _Piece:
    words = text.words_of(written)
    syllables = text.spelling_of(written)
    said = {
        word: text.syllables_of(word)
        for word in words
        if len(word) > 1 and text.CHINESE.fullmatch(word)
    }
    return _Piece(
        " ".join(words),
        " ".join(text.characters_of(written)),
        " ".join(syllables),
        "".join(syllable[0] for syllable in syllables),
        {word: ("".join(each), "".join(one[0] for one in each)) for word, each in said.items()},
    )


@lru_cache(maxsize=20_000)
def _of_name(name: str, aliases: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What comes of a name. Many places do the same thing under one name: read once each."""
    pieces = [_piece(part) for part in _BREAK.split(text.normalise(name)) if part]
    others = [_piece(part) for alias in aliases for part in _BREAK.split(text.normalise(alias))]
    long: dict[str, tuple[str, str]] = {}
    for piece in (*pieces, *others):
        long |= piece.long
    letters = "".join([piece.letters for piece in pieces])
    return (
        ("title", " ".join([piece.words for piece in pieces if piece.words])),
        ("chars", " ".join([piece.characters for piece in pieces if piece.characters])),
        ("pinyin", " ".join([piece.syllables for piece in pieces if piece.syllables])),
        ("initials", " ".join(text.pairs_of(letters))),
        ("spelled", " ".join([spelled for spelled, _short in long.values()])),
        ("short", " ".join([short for _spelled, short in long.values()])),
    )


@lru_cache(maxsize=20_000)
def _place(region: str) -> str:
    return " ".join((*lineage_of(region), f"={region}")) if region else ""


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
    for field, tokens in _of_name(listing.name, listing.aliases):
        add(field, tokens)
    add("more", f"{_words(listing.main_item)} {_words(listing.organ)}")
    add("code", listing.code)
    add("place", _place(listing.region))
    if listing.organ_code:
        add("organ", listing.organ_code)
    if listing.kind:
        add("kind", listing.kind)
    if listing.level:
        add("level", str(listing.level))
    if listing.rank:
        add("marks", f"rank{listing.rank}")
    if listing.has_guide:
        _add_guide(document, listing)
    document.add_bytes("listing", listing.stored())
    return document


def _add_guide(document: tantivy.Document, listing: Listing) -> None:
    add = document.add_text
    add("more", " ".join(_words(one) for one in (listing.name_en, *listing.aliases)))
    # Whoever finds a complete guide can act on it at once.
    if listing.case_type:
        add("marks", HAS_GUIDE)
    if reach := reach_of(listing):
        add("marks", f"from{reach}")
    add("depth", str(listing.depth))
    for who in listing.audience:
        add("audience", who)
    for theme in listing.themes:
        add("theme", theme)
