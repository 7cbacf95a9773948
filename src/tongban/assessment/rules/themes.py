"""Which items count for a hard number: a list that is data (`data/hard/themes.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

THEMES_FILE: Final = Path(__file__).parent.parent / "data" / "hard" / "themes.toml"


@dataclass(frozen=True)
class Theme:
    code: str
    names: Mapping[str, str]
    what: Mapping[str, str]
    source: str
    basic: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    everything: bool = False

    def holds(self, name: str, basic_code: str) -> bool:
        """Whether an item with this name and basic code counts."""
        if self.everything:
            return True
        if basic_code and basic_code.startswith(self.basic or ("\x00",)):
            return True
        return any(word in name for word in self.words) and not any(
            word in name for word in self.without
        )


@lru_cache(maxsize=1)
def themes() -> Mapping[str, Theme]:
    """The three numbers, in the order of the file."""
    document = tomllib.loads(THEMES_FILE.read_text(encoding="utf-8"))
    return {
        code: Theme(
            code,
            table["name"],
            table["what"],
            table["source"],
            tuple(table.get("basic", ())),
            tuple(table.get("names", ())),
            tuple(table.get("without", ())),
            table.get("everything", False),
        )
        for code, table in document.items()
    }


@lru_cache(maxsize=65_536)
def themes_of(name: str, basic_code: str) -> tuple[str, ...]:
    """The themes of an item with a list of its own; what all items count for is their region's tally."""
    return tuple(
        code
        for code, theme in themes().items()
        if not theme.everything and theme.holds(name, basic_code)
    )
