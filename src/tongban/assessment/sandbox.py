"""Assessing a table by a framework when both are texts of somebody: checked, bounded, nothing kept."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tongban.assessment.library import FOLDER
from tongban.indices import (
    Assessment,
    FrameworkProblem,
    as_data,
    assess,
    find_edition,
    read_framework,
    read_raw,
)
from tongban.indices.assessing import with_edition
from tongban.indices.framework.parsing import FrameworkFile

FRAMEWORK_BYTES_MOST: Final = 200_000
TABLE_BYTES_MOST: Final = 1_000_000
UNITS_MOST: Final = 3_500
INDICATORS_MOST: Final = 200
DRAWS_MOST: Final = 300


def checked_framework(text: str) -> FrameworkFile:
    """The framework of a text. Raises FrameworkProblem naming every fault.

    A list of units must be one that ships: a text must not make us open other files.
    """
    if len(text.encode()) > FRAMEWORK_BYTES_MOST:
        raise FrameworkProblem("framework.toml", [f"longer than {FRAMEWORK_BYTES_MOST:,} bytes"])
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise FrameworkProblem("framework.toml", [f"not TOML: {problem}"]) from None
    shipped = {path.name for path in FOLDER.glob("*.csv")}
    for table in (document, *_editions(document)):
        units = table.get("units")
        file = units.get("file") if isinstance(units, Mapping) else None
        if units is not None and file not in shipped:
            raise FrameworkProblem(
                "framework.toml", [f"units.file: must be one of {', '.join(sorted(shipped))}"]
            )
    with tempfile.TemporaryDirectory() as name:
        return _read(Path(name), text)


def _editions(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    editions = document.get("editions")
    if not isinstance(editions, Mapping):
        return []
    return [one for one in editions.values() if isinstance(one, Mapping)]


def _read(folder: Path, text: str) -> FrameworkFile:
    for path in FOLDER.glob("*.csv"):
        (folder / path.name).symlink_to(path)
    path = folder / "framework.toml"
    path.write_text(text, encoding="utf-8")
    try:
        return read_framework(path)
    except FrameworkProblem:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        # A value of another shape than any that the sections ask for.
        raise FrameworkProblem("framework.toml", [f"can't be read: {problem}"]) from None


def assess_texts(
    framework: str, *, table: str, draws: int = DRAWS_MOST, seed: int = 1
) -> Assessment:
    """Assess a table by a framework.

    Raises FrameworkProblem, TableError or InvalidTable with every fault, ValueError for a method
    that the data don't allow.
    """
    checked_framework(framework)
    if len(table.encode()) > TABLE_BYTES_MOST:
        raise ValueError(f"the table is longer than {TABLE_BYTES_MOST:,} bytes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = _read(folder, framework)
        data = folder / "table"
        data.write_text(table, encoding="utf-8")
        raw = read_raw(data)
        if len(raw.rows) > UNITS_MOST:
            raise ValueError(f"more than {UNITS_MOST:,} units; use the command line")
        edition = find_edition(file, raw, "")
        rules = file.edition(edition.code)
        if len(rules.indicators) > INDICATORS_MOST:
            raise ValueError(f"more than {INDICATORS_MOST} indicators; use the command line")
        most = min(draws, DRAWS_MOST)
        result = assess(rules, as_data(raw, rules), draws=most, seed=seed)
        return with_edition(result, edition.how, edition.warning)
