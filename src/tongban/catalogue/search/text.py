"""Texts as search sees them: words, characters, pinyin syllables and initials."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

import rjieba
from pypinyin import lazy_pinyin

SYLLABLES = Path(__file__).parent / "syllables.txt"
TRADITIONAL = Path(__file__).parent / "traditional.txt"
CHINESE = re.compile(r"[㐀-䶿一-鿿]+")
CHUNK = re.compile(r"[㐀-䶿一-鿿]+|[a-z0-9]+")
INITIALS = 8

# Words that say that a person wants something done, not what.
STOP_WORDS = frozenset(
    [
        "的",
        "了",
        "吗",
        "呢",
        "吧",
        "啊",
        "我",
        "我要",
        "想",
        "要",
        "怎么",
        "怎么办",
        "怎样",
        "如何",
        "哪里",
        "在哪",
        "什么",
        "可以",
        "能",
        "需要",
        "请问",
        "办",
        "办理",
        "去",
        "给",
        "和",
        "与",
        "或",
        "及",
        "the",
        "a",
        "an",
        "of",
        "for",
        "to",
        "in",
        "my",
        "i",
        "how",
        "do",
        "can",
        "get",
        "apply",
        "want",
        "need",
        "and",
        "or",
    ]
)


@lru_cache(maxsize=1)
def simplified() -> dict[int, str]:
    """Traditional character -> simplified, for `str.translate`; one for one, so places stay."""
    lines = TRADITIONAL.read_text(encoding="utf-8").splitlines()
    pairs = [pair for line in lines if not line.startswith("#") for pair in line.split()]
    return {ord(pair[0]): pair[1] for pair in pairs}


# Words of a sentence that no title answers to; left out where any word may match.
FILLERS = STOP_WORDS | frozenset(
    (Path(__file__).parent / "fillers.txt").read_text(encoding="utf-8").split()
)


def normalise(text: str) -> str:
    """One form for full and half width, upper and lower case, traditional and simplified.

    Unicode NFKC, casefold; characters by the table of OpenCC, without regard to the word.
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(simplified())


def words_of(text: str) -> list[str]:
    """Words to index: long words and the words inside them, without punctuation."""
    return [word for word in rjieba.cut_for_search(normalise(text)) if CHUNK.search(word)]


def chunks_of(query: str) -> list[str]:
    """Runs of Chinese characters and runs of Latin letters or digits, in order."""
    return CHUNK.findall(normalise(query))


def query_words(chunk: str) -> list[str]:
    """The words of a Chinese chunk that carry meaning; all of them when none does."""
    words = [word for word in rjieba.cut(chunk) if CHUNK.search(word)]
    return [word for word in words if word not in STOP_WORDS] or words


@lru_cache(maxsize=5_000)
def words_whole(piece: str) -> tuple[str, ...]:
    """The words of a piece of a title, each once."""
    return tuple(word for word in rjieba.cut(piece) if CHUNK.search(word))


@lru_cache(maxsize=200_000)
def syllables_of(word: str) -> tuple[str, ...]:
    """Pinyin of a Chinese word without tones, one syllable a character."""
    return tuple(lazy_pinyin(word))


def characters_of(text: str) -> list[str]:
    return [char for run in CHINESE.findall(normalise(text)) for char in run]


def spelling_of(text: str) -> list[str]:
    """Syllables of all Chinese words of a text, in order (words decide how a character reads)."""
    return [
        syllable
        for run in CHINESE.findall(normalise(text))
        for word in rjieba.cut(run)
        for syllable in syllables_of(word)
    ]


def initials_of(text: str) -> list[str]:
    """First letters of the syllables from each word on: 食品经营 gives `spjy jy`.

    At most `INITIALS` letters; a last character alone has none. People type a service's first letters
    from the beginning of any of its words: the start of one of these.
    """
    found: dict[str, None] = {}
    for run in CHINESE.findall(normalise(text)):
        letters = "".join(
            syllable[0] for word in rjieba.cut(run) for syllable in syllables_of(word)
        )
        starts = sorted({start for _word, start, _end in rjieba.tokenize(run, "search")})
        found |= dict.fromkeys(letters[start : start + INITIALS] for start in starts)
    return [letters for letters in found if len(letters) > 1]


@lru_cache(maxsize=1)
def all_syllables() -> frozenset[str]:
    """Every syllable that a Chinese character can have, without tones (a file: it never changes)."""
    return frozenset(SYLLABLES.read_text(encoding="ascii").split())


def split_pinyin(letters: str, *, most: int = 6) -> list[tuple[list[str], str]]:
    """Ways to read letters as pinyin: whole syllables and an unfinished last one ("" if none).

    `shenfenzh` gives (["shen", "fen"], "zh"). Longest syllables first, at most `most` ways.
    """
    known = all_syllables()
    ways: list[tuple[list[str], str]] = []
    # Places from which no reading reaches the end: without them, some input takes for ever.
    dead: set[int] = set()

    def read(start: int, before: list[str]) -> None:
        if len(ways) >= most or start in dead:
            return
        if start == len(letters):
            ways.append((before, ""))
            return
        found = len(ways)
        for end in range(min(len(letters), start + 6), start, -1):
            if letters[start:end] in known:
                read(end, [*before, letters[start:end]])
        rest = letters[start:]
        if before and len(rest) < 6 and any(name.startswith(rest) for name in known):
            ways.append((before, rest))
        if len(ways) == found:
            dead.add(start)

    if letters.isalpha() and len(letters) <= 60:
        read(0, [])
    return sorted(ways, key=lambda way: (bool(way[1]), len(way[0])))[:most]
