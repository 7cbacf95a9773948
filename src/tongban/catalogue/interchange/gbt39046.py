"""GB/T 39046-2020 table 4: a CSV with the standard's own names, one row for each material of an item.

An item's first row holds its data; each further material has a row with the item's code and the
material's columns only. What the standard has no word for is in the last column, as JSON.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from tongban.base.regions import RegionCodeError, level_of, pad
from tongban.base.tables import LoadReport, Row, read_table
from tongban.catalogue.interchange import words
from tongban.catalogue.interchange.form import FormError, ItemForm, form_of
from tongban.catalogue.interchange.incoming import Incoming, note_odd_codes
from tongban.catalogue.interchange.remainder import merged, remainder_of
from tongban.catalogue.standard_fields import DATA_ITEMS

REST: Final = "扩展"
NAMES: Final = {item.name: item.zh for item in DATA_ITEMS}
CODE_COLUMN: Final = NAMES["implementation_code"]
NAME_COLUMN: Final = NAMES["item_name"]
COLUMNS: Final = (*(item.zh for item in DATA_ITEMS), REST)
MATERIAL_NAMES: Final = {item.name: item.zh for item in DATA_ITEMS if "materials[]" in item.where}


def rows_of(item: ItemForm) -> list[dict[str, str]]:
    """The rows of an item, by the standard's Chinese names; empty cells are left out."""
    record = item.guide.record if item.guide else {}
    said = words.of_record(record, item.region)
    materials = said.pop("materials")
    rest: dict[str, Any] = {
        "item": words.rest_of_item(item),
        "guide": remainder_of(record, words.to_record(said | {"materials": materials})),
    }
    if item.guide:
        rest["version"] = [item.guide.version, item.guide.effective_from, item.guide.is_sample]
    cells = {NAMES[name]: value for name, value in (words.of_item(item) | said).items() if value}
    compact = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
    first = cells | {REST: compact} | _material_cells(materials[0] if materials else {})
    return [
        first,
        *({CODE_COLUMN: item.code} | _material_cells(material) for material in materials[1:]),
    ]


def _material_cells(material: dict[str, str]) -> dict[str, str]:
    return {MATERIAL_NAMES[name]: value for name, value in material.items() if value}


def write(items: Iterable[ItemForm], out: TextIO) -> int:
    """Write the items; returns how many."""
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    done = 0
    for item in items:
        done += 1
        writer.writerows(rows_of(item))
    return done


def too_long(item: ItemForm) -> list[tuple[str, int, int]]:
    """Data items that are longer than the standard allows: name, length, longest."""
    longest = {one.zh: one.longest for one in DATA_ITEMS}
    return [
        (name, len(value), limit)
        for row in rows_of(item)
        for name, value in row.items()
        if (limit := longest.get(name)) is not None and len(value) > limit
    ]


def read(path: Path, report: LoadReport) -> Iterator[Incoming]:
    """The items of a table; only code and name must be there. Raises TableError at once."""
    return _items(read_table(path, (CODE_COLUMN, NAME_COLUMN), report), report)


def _items(rows: Iterator[Row], report: LoadReport) -> Iterator[Incoming]:
    for group in _groups(rows):
        first = group[0]
        try:
            form = _form_of(first, group, report)
        except FormError as problem:
            report.note(first.number, problem.field, problem.code, problem.detail)
            continue
        note_odd_codes(first.number, form, CODE_COLUMN, report)
        yield Incoming(first.number, form)


def _groups(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """An item's row with the rows of its further materials, which have no name of the item."""
    group: list[Row] = []
    for row in rows:
        follows = group and not row.cells[NAME_COLUMN]
        if follows and row.cells[CODE_COLUMN] == group[0].cells[CODE_COLUMN]:
            group.append(row)
            continue
        if group:
            yield group
        group = [row]
    if group:
        yield group


def _form_of(first: Row, group: list[Row], report: LoadReport) -> ItemForm:
    cells = first.cells
    for column in (CODE_COLUMN, NAME_COLUMN):
        if not cells[column]:
            raise FormError(column, "missing", f"no {column}: the row can't be filed")
    rest = _rest_of(cells.get(REST, ""))
    said: dict[str, Any] = {name: cells.get(zh, "") for name, zh in NAMES.items()}
    said["materials"] = [
        material
        for row in group
        if (material := {name: row.cells.get(zh, "") for name, zh in MATERIAL_NAMES.items()})[
            "material_name"
        ]
    ]
    region = _region_of(said["jurisdiction_code"])
    record, edited = merged(
        said,
        rest.get("guide", {}),
        project=lambda record: words.of_record(record, region),
        parse=lambda said: words.to_record(dict(said)),
        depends=words.DEPENDS,
    )
    for part in edited:
        detail = f"the columns say otherwise than {REST}; the columns count for {part}"
        report.note(first.number, REST, "edited", detail)
    content = words.to_item(said, rest.get("item", {}), record)
    # A level alone is no guide: the region says it.
    if record.keys() - {"level"} or "version" in rest:
        version, since, is_sample = rest.get("version") or (0, "", False)
        content["guide"] = {
            "record": record,
            "version": version,
            "effective_from": since,
            "is_sample": is_sample,
        }
    return form_of(content)


def _region_of(code: str) -> str:
    """The code when it is one: a wrong one is named where the item is filed."""
    try:
        return pad(code) if code and level_of(code) else ""
    except RegionCodeError:
        return ""


def _rest_of(cell: str) -> dict[str, Any]:
    if not cell:
        return {}
    try:
        rest = json.loads(cell)
    except ValueError as problem:
        raise FormError(REST, "bad_value", f"is not JSON: {problem}") from None
    if not isinstance(rest, dict) or not all(
        isinstance(rest.get(name, {}), dict) for name in ("item", "guide")
    ):
        raise FormError(REST, "bad_value", "is not what an export writes")
    return rest
