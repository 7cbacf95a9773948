"""A font of this machine that has Chinese characters, for papers. None comes with the platform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTCollection, TTFont, TTLibError

FOLDERS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
# The first that is there is taken: those for simplified Chinese, upright and of one weight.
NAMES: Final = (
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "SourceHanSans-Regular.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "NotoSerifCJK-Regular.ttc",
    "uming.ttc",
    "STHeiti Light.ttc",
    "msyh.ttc",
    "simsun.ttc",
)
# Of one collection, the face for simplified Chinese.
_FACES: Final = ("CJK SC", "Han Sans SC", "Han Sans CN")
# A font without these can't say what an act is.
PROBE: Final = "办事留痕回执"


@dataclass(frozen=True)
class FontFile:
    """A font, its place in its collection (0 outside of one), and the characters that it has."""

    path: Path
    number: int
    characters: frozenset[int]

    def lacks(self, text: str) -> str:
        """The characters of a text that the font has not."""
        return "".join(sorted({one for one in text if ord(one) not in self.characters}))


def _candidates(folders: Iterable[str]) -> list[Path]:
    found: dict[str, Path] = {}
    for folder in folders:
        for path in Path(folder).expanduser().rglob("*.[ot]t[fc]"):
            found.setdefault(path.name, path)
    return [found[name] for name in NAMES if name in found]


def _face(path: Path) -> FontFile | None:
    if path.suffix == ".ttc":
        with TTCollection(path, lazy=True) as collection:
            fonts = list(collection.fonts)
            names = [str(font["name"].getDebugName(4)) for font in fonts]
            number = next(
                (at for at, name in enumerate(names) if any(face in name for face in _FACES)), 0
            )
            return _checked(path, number, fonts[number])
    with TTFont(path, lazy=True) as font:
        return _checked(path, 0, font)


def _checked(path: Path, number: int, font: TTFont) -> FontFile | None:
    characters = frozenset(font.getBestCmap() or ())
    return FontFile(path, number, characters) if {*map(ord, PROBE)} <= characters else None


@lru_cache(maxsize=4)
def chinese_font(folders: tuple[str, ...] = FOLDERS) -> FontFile | None:
    """A font with Chinese characters, looked for once a process; None when there is none."""
    for path in _candidates(folders):
        try:
            found = _face(path)
        except (OSError, TTLibError, KeyError):
            continue
        if found:
            return found
    return None
