"""The frameworks that ship, and finding one by name or by path."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tongban.base.problems import NotFound
from tongban.indices import FrameworkFile, read_framework

FOLDER = Path(__file__).parent / "data"


def shipped() -> dict[str, dict[str, str]]:
    """Names of the frameworks that ship, by id and language."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found[path.stem] = dict(document["name"])
    return found


def find_framework(name: str) -> FrameworkFile:
    """A shipped framework by its id, or a framework file by its path.

    Raises NotFound, and FrameworkProblem for a file that can't be used.
    """
    path = FOLDER / f"{name}.toml"
    if name == path.stem and path.exists():
        return read_framework(path)
    own = Path(name)
    if own.suffix == ".toml" and own.is_file():
        return read_framework(own)
    raise NotFound(
        code="no_framework",
        title=f"there is no framework {name}",
        detail=f"frameworks that ship: {', '.join(shipped())}",
        fix="or give the path of a .toml file",
        field="framework",
    )
