"""Marking in a name what the query found there."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tongban.catalogue.search import text
from tongban.catalogue.search.phrases import synonyms


def _places(name: str, query: str) -> Iterable[tuple[int, int]]:
    """Start and end of every part of the name that the query speaks of."""
    plain = name.casefold()
    # NFKC could change lengths; then nothing is marked rather than the wrong letters.
    if len(text.normalise(name)) == len(name):
        plain = text.normalise(name)
    for chunk in text.chunks_of(query):
        if text.CHINESE.match(chunk):
            words = {chunk, *text.query_words(chunk)}
            words |= {other for word in set(words) for other in synonyms().get(word, ())}
            for word in words:
                yield from _all(plain, word)
        else:
            yield from _all(plain, chunk)
            yield from _sounding_like(plain, chunk)


def _all(plain: str, word: str) -> Iterable[tuple[int, int]]:
    start = plain.find(word)
    while start >= 0:
        yield start, start + len(word)
        start = plain.find(word, start + 1)


def _sounding_like(plain: str, letters: str) -> Iterable[tuple[int, int]]:
    """Runs of characters whose pinyin, or whose initials, are the letters."""
    for run in text.CHINESE.finditer(plain):
        sounds = text.spelling_of(run[0])
        for start in range(len(sounds)):
            for end in range(start + 2, min(len(sounds), start + 12) + 1):
                part = sounds[start:end]
                if letters in ("".join(part), "".join(sound[0] for sound in part)):
                    yield run.start() + start, run.start() + end


def highlight(name: str, query: str) -> SafeString:
    """The name as safe HTML with what was found in `<mark>`."""
    marked = [False] * len(name)
    for start, end in _places(name, query):
        for place in range(start, min(end, len(name))):
            marked[place] = True
    parts: list[str] = []
    inside = False
    for character, mark in zip(name, marked, strict=True):
        if mark != inside:
            parts.append("<mark>" if mark else "</mark>")
            inside = mark
        parts.append(escape(character))
    if inside:
        parts.append("</mark>")
    return mark_safe("".join(parts))  # noqa: S308 - every character was escaped above
