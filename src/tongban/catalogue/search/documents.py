"""The index documents: which fields there are, and what an item puts in each.

Documents are handed over as JSON: the engine reads a text in half the time that Python takes to make
an object with a dozen values, and what many items share (a name, an organ, a place) is escaped once.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from json.encoder import encode_basestring as quoted
from operator import or_
from typing import Final, NamedTuple

import tantivy

from tongban.base.regions import NATION, lineage_of
from tongban.catalogue.search import text
from tongban.catalogue.search.listings import Listing

# Fields that are asked for phrases, and fields that are asked for single words.
IN_ORDER: Final = ("chars", "pinyin", "initials")
TOKENS: Final = ("title", "more", "spelled")
# `place`: the codes of the region and of all above it but the nation, which holds every item; `=` before
# the code of the very region.
WORDS: Final = ("place", "marks")
LABELS: Final = ("code",)
# What results can be counted and narrowed by.
FACETS: Final = ("organ", "kind", "audience", "theme", "depth", "level")
# An index with other fields or other contents is made anew: raise it when either changes.
FORM: Final = 4
HAS_GUIDE: Final = "guide"
# Between these, words are cut apart in any case.
_BREAK: Final = re.compile(r"[()（）、,，;；:：《》“”\s]+")


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
    return _told(text.words_of(written))


@lru_cache(maxsize=50_000)
def _organ(code: str) -> str:
    return f',"organ":{quoted(code)}' if code else ""


class _Piece(NamedTuple):
    """What comes of a part of a name, escaped, ready to be put together.

    `letters`: the first letter of each syllable; `long`: the words of two and more characters with
    their syllables and first letters, of which `spelled` is made.
    """

    words: str
    characters: str
    syllables: str
    letters: str
    pairs: str
    spelled: str
    long: dict[str, tuple[str, str]]


@lru_cache(maxsize=50_000)
def _piece(written: str) -> _Piece:
    words = text.words_of(written)
    syllables = text.spelling_of(written)
    letters = "".join(syllable[0] for syllable in syllables)
    said = {
        word: text.syllables_of(word)
        for word in words
        if len(word) > 1 and text.CHINESE.fullmatch(word)
    }
    long = {word: ("".join(each), "".join(one[0] for one in each)) for word, each in said.items()}
    return _Piece(
        _told(words),
        _told(text.characters_of(written)),
        _told(syllables),
        letters,
        _told(text.pairs_of(letters)),
        _spelled(long),
        long,
    )


def _spelled(long: Mapping[str, tuple[str, str]]) -> str:
    """Words as people type them: their syllables in one, and their first letters."""
    return _told(spelling for both in long.values() for spelling in both)


@lru_cache(maxsize=50_000)
def _of_name(name: str, aliases: tuple[str, ...]) -> str:
    """What comes of a name. Many places do the same thing under one name: read once each."""
    pieces = [_piece(part) for part in _BREAK.split(name) if part]
    others = [_piece(part) for alias in aliases for part in _BREAK.split(alias)]
    # What is cut apart in a name is one row of letters all the same.
    pairs, last = [], ""
    for piece in pieces:
        if last and piece.letters:
            pairs.append(quoted(last + piece.letters[0])[1:-1])
        pairs.append(piece.pairs)
        last = piece.letters[-1:] or last
    if others or not _apart(pieces):
        spelled = _spelled(reduce(or_, (one.long for one in (*pieces, *others)), {}))
    else:
        spelled = " ".join([piece.spelled for piece in pieces])
    return (
        f'"title":"{" ".join([piece.words for piece in pieces])}"'
        f',"chars":"{" ".join([piece.characters for piece in pieces])}"'
        f',"pinyin":"{" ".join([piece.syllables for piece in pieces])}"'
        f',"initials":"{" ".join(pairs)}","spelled":"{spelled}"'
    )


def _apart(pieces: Sequence[_Piece]) -> bool:
    """Whether no two pieces share a long word: such a word is to be counted once."""
    return len(pieces) < 2 or (
        len(pieces) == 2 and pieces[0].long.keys().isdisjoint(pieces[1].long)
    )


def _told(words: Iterable[str]) -> str:
    """Words with blanks between them, escaped, to be put between quotes."""
    return quoted(" ".join(words))[1:-1]


@lru_cache(maxsize=50_000)
def _place(region: str, level: int, kind: str) -> str:
    lineage = lineage_of(region) if region else []
    above = [code for code in lineage if code != NATION]
    places = " ".join([*above, *(f"={code}" for code in lineage[-1:])])
    said = {"place": places, "level": str(level) if level else "", "kind": kind}
    return "".join([f',"{field}":{quoted(value)}' for field, value in said.items() if value])


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


def document_of(listing: Listing) -> str:
    """The index document of an item, as the JSON that `IndexWriter.add_json` takes."""
    about = f'"{_words(listing.main_item)} {_words(listing.organ)}"'
    marks = [f"rank{listing.rank}"] if listing.rank else []
    guide = ""
    if listing.has_guide:
        about = f'[{about},"{" ".join(map(_words, (listing.name_en, *listing.aliases)))}"]'
        # Whoever finds a complete guide can act on it at once.
        marks += [HAS_GUIDE] if listing.case_type else []
        marks += [f"from{reach}"] if (reach := reach_of(listing)) else []
        guide = (
            f',"depth":"{listing.depth}"'
            f"{_several('audience', listing.audience)}{_several('theme', listing.themes)}"
        )
    return (
        f'{{{_of_name(listing.name, listing.aliases)},"more":{about},"code":{quoted(listing.code)}'
        f"{_place(listing.region, listing.level, listing.kind)}{_organ(listing.organ_code)}"
        f"{_several('marks', marks) if marks else ''}{guide}"
        f',"listing":"{b2a_base64(listing.stored(), newline=False).decode()}"}}'
    )


def _several(field: str, values: Iterable[str]) -> str:
    return f',"{field}":[{",".join(map(quoted, values))}]'
