"""What people say, found in a question: everyday phrases and the official titles they stand for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tongban.catalogue.search import text

SAID = Path(__file__).parent / "said.toml"
SYNONYMS = Path(__file__).parent / "synonyms.toml"
# Shorter phrases sound like too many others.
SHORTEST_BY_SOUND = 3


@dataclass(frozen=True)
class Title:
    """Pieces that a title has, and pieces that it must not have."""

    pieces: tuple[str, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meaning:
    """What a phrase stands for; of an act (`lost`, `expired`) only `means` is filled."""

    means: tuple[Title, ...]
    also: tuple[Title, ...] = ()
    is_act: bool = False


@dataclass(frozen=True)
class Reading:
    """A question taken apart: meanings of the phrases in it, and the words left over."""

    said: tuple[Meaning, ...]
    acts: tuple[Meaning, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class _Phrase:
    pieces: tuple[str, ...]
    meaning: Meaning


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


def titles_of(written: Iterable[str]) -> tuple[Title, ...]:
    """Titles as the phrase book writes them."""
    titles = []
    for one in written:
        pieces = text.normalise(one).split()
        titles.append(
            Title(
                tuple(piece for piece in pieces if not piece.startswith("-")),
                tuple(piece[1:] for piece in pieces if piece.startswith("-")),
            )
        )
    return tuple(titles)


@lru_cache(maxsize=1)
def _phrases() -> dict[str, tuple[_Phrase, ...]]:
    """Phrases by how their first piece begins: two Chinese characters or one Latin word."""
    written = tomllib.loads(SAID.read_text(encoding="utf-8"))
    table: dict[str, list[_Phrase]] = {}
    for is_act, entries in ((False, written["said"]), (True, written["acts"])):
        for entry in entries:
            meaning = Meaning(titles_of(entry["means"]), titles_of(entry.get("also", ())), is_act)
            for said in entry["say"]:
                pieces = tuple(text.normalise(said).split())
                table.setdefault(_start(pieces[0]), []).append(_Phrase(pieces, meaning))
    return {start: tuple(phrases) for start, phrases in table.items()}


@lru_cache(maxsize=1)
def equivalents() -> dict[str, tuple[Title, ...]]:
    """Everyday word -> pieces of titles that speak of the same."""
    written = tomllib.loads(SAID.read_text(encoding="utf-8"))["words"]
    return {
        text.normalise(said): titles_of(entry["means"])
        for entry in written
        for said in entry["say"]
    }


def words_in(chunk: str) -> list[str]:
    """The words of a Chinese chunk that say what is wanted, everyday words in whole."""
    known = equivalents()
    words = [word for word in text.query_words(chunk) if word not in text.FILLERS]
    # Segmentation knows the written language; an everyday word may be cut or hidden in another.
    for size in (4, 3, 2, 1):
        for place in range(len(chunk) - size + 1):
            part = chunk[place : place + size]
            if part not in known or part in words or (size == 1 and part != chunk):
                continue
            if not any(part in word and word in known for word in words):
                words.append(part)
    long = [word for word in words if len(word) > 1 or word in known]
    return long or words


def _start(piece: str) -> str:
    return piece if piece.isascii() else piece[:2]


def _starts(chunks: Sequence[str]) -> Iterable[str]:
    for chunk in chunks:
        if chunk.isascii():
            yield chunk
        else:
            yield from chunk
            yield from (chunk[place : place + 2] for place in range(len(chunk) - 1))


def _place(piece: str, question: str, taken: Sequence[bool]) -> int | None:
    """Where a piece stands in the question (words between blanks), in nothing taken before."""
    wanted = f" {piece} " if piece.isascii() else piece
    start = question.find(wanted)
    while start >= 0:
        begin = start + (1 if piece.isascii() else 0)
        if not any(taken[begin : begin + len(piece)]):
            return begin
        start = question.find(wanted, start + 1)
    return None


def read(chunks: Sequence[str]) -> Reading:
    """Take a question apart; longest phrases first, and none inside another."""
    question = f" {' '.join(chunks)} "
    taken = [False] * len(question)
    table = _phrases()
    candidates = [
        phrase for start in dict.fromkeys(_starts(chunks)) for phrase in table.get(start, ())
    ]
    said: list[Meaning] = []
    acts: list[Meaning] = []
    for phrase in sorted(candidates, key=_weight, reverse=True):
        places = [_place(piece, question, taken) for piece in phrase.pieces]
        if any(place is None for place in places):
            continue
        for piece, place in zip(phrase.pieces, places, strict=True):
            assert place is not None
            taken[place : place + len(piece)] = [True] * len(piece)
        (acts if phrase.meaning.is_act else said).append(phrase.meaning)
    rest = "".join(
        " " if used else char for used, char in zip(taken, question, strict=True)
    ).split()
    return Reading(tuple(dict.fromkeys(said)), tuple(dict.fromkeys(acts)), tuple(rest))


def _weight(phrase: _Phrase) -> tuple[bool, int, int]:
    """Acts last, in what the others left; the longest first, then the one with fewer pieces."""
    return (
        not phrase.meaning.is_act,
        sum(len(piece) if not piece.isascii() else 2 for piece in phrase.pieces),
        -len(phrase.pieces),
    )


# By sound


@lru_cache(maxsize=1)
def _by_letters() -> dict[str, str]:
    """Pinyin without blanks -> the known phrase that is read so."""
    known = [name for name in synonyms() if text.CHINESE.fullmatch(name)]
    for phrases in _phrases().values():
        known += [phrase.pieces[0] for phrase in phrases if len(phrase.pieces) == 1]
    return {
        "".join(text.spelling_of(name)): name
        for name in reversed(known)
        if len(name) > 1 and text.CHINESE.fullmatch(name)
    }


def spoken(letters: str) -> str:
    """The known phrase that letters spell in pinyin; "" when there is none."""
    return _by_letters().get(letters, "")


def as_it_sounds(chunk: str) -> str:
    """A Chinese chunk with a phrase put right that only sounds like a known one (`营业直照`)."""
    syllables = [text.syllables_of(char)[0] for char in chunk]
    for length in range(min(len(chunk), 8), SHORTEST_BY_SOUND - 1, -1):
        for place in range(len(chunk) - length + 1):
            known = spoken("".join(syllables[place : place + length]))
            if len(known) == length and known != chunk[place : place + length]:
                return chunk[:place] + known + chunk[place + length :]
    return chunk
