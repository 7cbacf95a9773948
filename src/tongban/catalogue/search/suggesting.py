"""What somebody may be about to type: life events and names of services that begin or hold it."""

from __future__ import annotations

from dataclasses import dataclass

from tongban.catalogue.search import text
from tongban.catalogue.search.events import life_events
from tongban.catalogue.search.query import Filters
from tongban.catalogue.selectors import search_items

SUGGESTED, LOOKED_AT, EVENTS_MOST = 8, 30, 2
# One Latin letter begins too much; one Chinese character is a word.
SHORTEST_LATIN = 2


@dataclass(frozen=True)
class Suggestion:
    """`code` when there is one service of the name here, otherwise `query` to search for."""

    name: str
    name_en: str
    query: str
    code: str = ""
    is_event: bool = False


def suggest(typed: str, region: str) -> list[Suggestion]:
    """At most `SUGGESTED`, best first. Asks the index only. Raises IndexMissing."""
    chunks = text.chunks_of(typed)
    if not chunks or (len(chunks) == 1 and chunks[0].isascii() and len(chunks[0]) < SHORTEST_LATIN):
        return []
    found = search_items(typed, Filters(region=region), size=LOOKED_AT)
    named: dict[str, list[Suggestion]] = {}
    # Where only some of the words match, names say too little about what is meant.
    for hit in found.hits if found.how != "any" else ():
        listing = hit.listing
        named.setdefault(listing.name, []).append(
            Suggestion(listing.name, listing.name_en, listing.name, listing.code)
        )
    names = [
        one[0] if len(one) == 1 else Suggestion(name, one[0].name_en, name)
        for name, one in named.items()
    ]
    return [*_events(" ".join(chunks)), *names][:SUGGESTED]


def _events(typed: str) -> list[Suggestion]:
    """Life events whose name begins with what is typed, or is within it."""
    found = []
    for event in life_events():
        names = (text.normalise(event.zh), text.normalise(event.en))
        if any(name.startswith(typed) or (len(typed) > 1 and typed in name) for name in names):
            found.append(Suggestion(event.zh, event.en, event.zh, is_event=True))
    return found[:EVENTS_MOST]
