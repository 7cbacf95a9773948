"""On which shelves an item stands, and by what a list is ordered. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from tongban.catalogue.search import text

FAMILIES: Final = ("theme", "event", "for")
SORT_KEY_LONGEST: Final = 60
OTHER_LETTER: Final = "#"
OTHER_THEME: Final = "theme:other"
# What people write before a name: 《…》, quotes, numbers.
BEFORE_NAMES: Final = re.compile(r"^[\W\d_]+")
LETTERS: Final = (*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", OTHER_LETTER)


@dataclass(frozen=True)
class ShelfRule:
    """What puts an item on a shelf: `themes` and `audience` of its guide, `words` of its name."""

    key: str
    zh: str
    en: str
    themes: frozenset[str]
    audience: frozenset[str]
    words: tuple[str, ...]
    unless: tuple[str, ...]

    @property
    def family(self) -> str:
        return self.key.split(":")[0]


@lru_cache(maxsize=1)
def shelf_rules() -> dict[str, ShelfRule]:
    """The shelves of `shelves.toml`, in their order (a file of the package: it never changes)."""
    path = Path(__file__).parent / "shelves.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["shelf"]
    return {
        one["key"]: ShelfRule(
            one["key"],
            one["zh"],
            one["en"],
            frozenset(one.get("themes", ())),
            frozenset(one.get("audience", ())),
            tuple(one["words"]),
            tuple(one.get("unless", ())),
        )
        for one in listed
    }


def shelves_of(name: str, guide: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The shelves of an item by its name and the content of its guide in force.

    Whom an item is for is taken from its guide where that says so, from the name only where it
    does not.
    """
    guide = guide or {}
    themes = {*guide.get("personal_themes", ()), *guide.get("corporate_themes", ())}
    audience = set(guide.get("audience", ()))
    found = []
    for key, rule in shelf_rules().items():
        if rule.audience and audience:
            if rule.audience & audience:
                found.append(key)
        elif rule.themes & themes or (
            any(word in name for word in rule.words)
            and not any(word in name for word in rule.unless)
        ):
            found.append(key)
    if not any(key.startswith("theme:") for key in found):
        found.append(OTHER_THEME)
    return tuple(found)


def sort_key(name: str) -> str:
    """The pinyin of a name, in capitals: `JU MIN SHEN FEN ZHENG`; `~` for what can't be read.

    It begins with a letter or with `~`, so that a list by letters asks for beginnings only.
    """
    beginning = BEFORE_NAMES.sub("", name)[:24]
    if text.CHINESE.match(beginning):
        spelled = " ".join(text.spelling_of(beginning)).upper()
    else:
        spelled = text.normalise(beginning).upper()
    readable = spelled[:1].isascii() and spelled[:1].isalpha()
    return (spelled if readable else f"~{spelled}")[:SORT_KEY_LONGEST]


def letter_of(key: str) -> str:
    """The letter under which a sort key is found, `#` for what has none."""
    return key[0] if key[:1] in LETTERS else OTHER_LETTER
