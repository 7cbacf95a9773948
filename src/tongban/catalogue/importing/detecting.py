"""Which form a file has: by its ending, then by its first line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tongban.base.tables import LoadReport, TableError, lines_of
from tongban.catalogue.importing.district import read_district_list
from tongban.catalogue.importing.guangdong import read_guangdong
from tongban.catalogue.interchange import cpsv, gbt39046, jsonl, table
from tongban.catalogue.interchange.incoming import Incoming

FORMS: Final = ("district", "guangdong", "csv", "jsonl", "gbt39046", "cpsv-ap", "cpsv-ap-jsonld")
Reader = Callable[[LoadReport], Iterator[Incoming]]


def form_of_file(path: Path) -> str:
    """One of `FORMS`. Raises TableError for a file that is none of them."""
    name = path.name.removesuffix(".gz").lower()
    if name.endswith(".ttl"):
        return "cpsv-ap"
    if name.endswith(".jsonld"):
        return "cpsv-ap-jsonld"
    first = next(iter(lines_of(path)), "")
    if name.endswith((".jsonl", ".ndjson")):
        return _form_of_json(first)
    columns = [column.strip() for column in next(csv.reader([first]), [])]
    if gbt39046.CODE_COLUMN in columns:
        return "gbt39046"
    if "item_code" in columns:
        return "district"
    if "code" in columns and "name" in columns:
        return "csv"
    raise TableError(
        "missing_column",
        f"{path.name}: no column says what an item's code is (code, item_code or"
        f" {gbt39046.CODE_COLUMN}); found {', '.join(columns)[:200] or 'none'}",
    )


def _form_of_json(first: str) -> str:
    try:
        content = json.loads(first)
    except ValueError:
        return "jsonl"
    return "guangdong" if isinstance(content, dict) and "task_code" in content else "jsonl"


def reader_of(path: Path, *, form: str, source: str) -> Reader:
    """What reads the file. Raises TableError for a file of no known form."""
    form = form or form_of_file(path)
    readers: dict[str, Reader] = {
        "district": lambda report: read_district_list(path, report, source=source),
        "guangdong": lambda report: read_guangdong(path, report),
        "csv": lambda report: table.read(path, report),
        "jsonl": lambda report: jsonl.read(path, report),
        "gbt39046": lambda report: gbt39046.read(path, report),
        "cpsv-ap": lambda report: cpsv.read(path, report, "turtle"),
        "cpsv-ap-jsonld": lambda report: cpsv.read(path, report, "json-ld"),
    }
    return readers[form]
