"""The index documents: which fields there are, and what an item puts in each.

Documents are handed over as JSON: the engine reads a text in half the time that Python takes to make
an object with a dozen values, and what many items share (a name, an organ, a place) is escaped once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Final

import tantivy

from tongban.base.regions import NATION, lineage_of
from tongban.catalogue.search import text
from tongban.catalogue.search.listings import Entry

# Fields that are asked for phrases, and fields that are asked for single words.
IN_ORDER: Final = ("chars", "pinyin")
TOKENS: Final = ("title", "more")
# `place`: the codes of the region and of all above it but the nation, which holds every item; `=` before
# the code of the very region. `initials`: first letters of the syllables from each word on.
WORDS: Final = ("initials", "spelled", "place", "marks")
LABELS: Final = ("code",)
# What results can be counted and narrowed by.
FACETS: Final = ("organ", "kind", "audience", "theme", "depth", "level")
# An index with other fields or other contents is made anew: raise it when either changes.
FORM: Final = 4
HAS_GUIDE: Final = "guide"
# A tokenizer that finds no word.
NOTHING: Final = "nothing"
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
    # Kept, not asked for. A field of bytes would take base64 in JSON, which costs as much as a field.
    builder.add_text_field("listing", stored=True, tokenizer_name=NOTHING, index_option="basic")
    return builder.build()


def form() -> str:
    """What distinguishes an index of this version from those of others."""
    # The format of tantivy's own files is checked by tantivy when it opens them.
    fields = f"{FORM} {IN_ORDER} {TOKENS} {WORDS} {LABELS} {FACETS}"
    return hashlib.sha256(fields.encode()).hexdigest()[:16]


def _told(words: Iterable[str]) -> str:
    """Words with blanks between them, escaped, to be put between quotes."""
    return quoted(" ".join(words))[1:-1]


@lru_cache(maxsize=50_000)
def _words(written: str) -> str:
    return _told(text.words_of(written))


@lru_cache(maxsize=50_000)
def _organ(name: str, code: str) -> tuple[str, str]:
    """The words of an organ's name, and the field of its code."""
    return _told(text.words_of(name)), f',"organ":{quoted(code)}' if code else ""


# What comes of a part of a name, escaped: words, characters, syllables, first letters, words in pinyin.
_Piece = tuple[str, str, str, str, str]


@lru_cache(maxsize=50_000)
def _piece(written: str) -> _Piece:
    words = text.words_of(written)
    long = dict.fromkeys(word for word in words if len(word) > 1 and text.CHINESE.fullmatch(word))
    return (
        _told(words),
        _told(text.characters_of(written)),
        _told(text.spelling_of(written)),
        _told(text.initials_of(written)),
        _told("".join(text.syllables_of(word)) for word in long),
    )


def _fields(piece: _Piece) -> str:
    title, chars, pinyin, initials, spelled = piece
    return (
        f'"title":"{title}","chars":"{chars}","pinyin":"{pinyin}"'
        f',"initials":"{initials}","spelled":"{spelled}"'
    )


@lru_cache(maxsize=50_000)
def _of_piece(written: str) -> str:
    return _fields(_piece(written))


def _of_name(name: str, aliases: Sequence[str]) -> str:
    """What comes of a name. Names are many, but few are their parts, which are read once each."""
    parts = [part for part in _BREAK.split(name) if part] or [""]
    if len(parts) == 1 and not aliases:
        return _of_piece(parts[0])
    title, chars, pinyin, initials, spelled = _joined(parts)
    if aliases:
        *_, more_initials, more_spelled = _joined(_BREAK.split(" ".join(aliases)))
        initials, spelled = f"{initials} {more_initials}", f"{spelled} {more_spelled}"
    return _fields((title, chars, pinyin, initials, spelled))


def _joined(parts: Iterable[str]) -> _Piece:
    title, chars, pinyin, initials, spelled = map(" ".join, zip(*map(_piece, parts), strict=True))
    return title, chars, pinyin, initials, spelled


@lru_cache(maxsize=50_000)
def _place(region: str, level: int, kind: str) -> str:
    lineage = lineage_of(region) if region else []
    above = [code for code in lineage if code != NATION]
    places = " ".join([*above, *(f"={code}" for code in lineage[-1:])])
    said = {"place": places, "level": str(level) if level else "", "kind": kind}
    return "".join([f',"{field}":{quoted(value)}' for field, value in said.items() if value])


def reach_of(region: str, reach: str) -> str:
    """Where people may come from (跨区域通办): the region that holds them all, "" for its own only."""
    if not region:
        return ""
    above = lineage_of(region)
    match reach:
        case "national" | "cross_province":
            return NATION
        case "cross_city":
            return above[1] if len(above) > 1 else NATION
        case "cross_county":
            return above[2] if len(above) > 2 else above[-1]
    return ""


def document_of(entry: Entry) -> str:
    """The index document of an item, as the JSON that `IndexWriter.add_json` takes."""
    code, name, organ, region, _region_name, main_item, organ_code, kind, level, rank, said = entry
    of_organ, organ_field = _organ(organ, organ_code)
    about = f'"{_words(main_item)} {of_organ}"'
    marks = [f"rank{rank}"] if rank else []
    aliases: tuple[str, ...] = ()
    guide = ""
    if said:
        aliases = said.aliases
        about = f'[{about},"{" ".join(map(_words, (said.name_en, *aliases)))}"]'
        # Whoever finds a complete guide can act on it at once.
        marks += [HAS_GUIDE] if said.case_type else []
        marks += [f"from{reach}"] if (reach := reach_of(region, said.reach)) else []
        guide = (
            f',"depth":"{said.depth}"'
            f"{_several('audience', said.audience)}{_several('theme', said.themes)}"
        )
    return (
        f'{{{_of_name(name, aliases)},"more":{about},"code":{quoted(code)}'
        f"{_place(region, level, kind)}{organ_field}"
        f"{_several('marks', marks) if marks else ''}{guide}"
        f',"listing":{quoted(entry.stored())}}}'
    )


def _several(field: str, values: Iterable[str]) -> str:
    return f',"{field}":[{",".join(map(quoted, values))}]'
