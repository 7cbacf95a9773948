"""Life events: which services belong to what happens to people (`events.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tongban.catalogue.search import text
from tongban.catalogue.search.phrases import Title, titles_of

EVENTS = Path(__file__).parent / "events.toml"


@dataclass(frozen=True)
class LifeEvent:
    """人生事件; `titles` are pieces of official titles, the first steps first."""

    key: str
    zh: str
    en: str
    titles: tuple[Title, ...]


@lru_cache(maxsize=1)
def _said() -> dict[str, LifeEvent]:
    written = tomllib.loads(EVENTS.read_text(encoding="utf-8"))["events"]
    return {
        _key(text.chunks_of(say)): event
        for entry in written
        for event in (
            LifeEvent(entry["key"], entry["zh"], entry["en"], titles_of(entry["titles"])),
        )
        for say in (event.zh, event.en, *entry["say"])
    }


def life_events() -> tuple[LifeEvent, ...]:
    """All of them, in the order of the file."""
    return tuple(dict.fromkeys(_said().values()))


def _key(chunks: Sequence[str]) -> str:
    return " ".join(chunks)


def event_in(chunks: Sequence[str]) -> LifeEvent | None:
    """The event that a question names and nothing else (`要退休了怎么办`), None when there is none."""
    if found := _said().get(_key(chunks)):
        return found
    bare = [chunk for chunk in chunks if chunk not in text.FILLERS]
    if len(bare) != 1 or not text.CHINESE.fullmatch(bare[0]):
        return _said().get(_key(bare))
    return _within(bare[0])


def _within(chunk: str) -> LifeEvent | None:
    """The event whose name is all of the chunk but filler words before and after it; longest first."""
    said = _said()
    for length in range(len(chunk), 1, -1):
        for start in range(len(chunk) - length + 1):
            found = said.get(chunk[start : start + length])
            if found and _is_filler(chunk[:start]) and _is_filler(chunk[start + length :]):
                return found
    return None


def _is_filler(part: str) -> bool:
    """Whether a text is filler words and nothing else."""
    reached = {0}
    for end in range(1, len(part) + 1):
        if any(part[start:end] in text.FILLERS for start in reached):
            reached.add(end)
    return len(part) in reached
