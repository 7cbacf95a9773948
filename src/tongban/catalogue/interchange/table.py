"""CSV with our own names: one item a row, a text in two columns, lists as JSON in a cell.

Spreadsheets turn `0012` into 12 and 511602000000 into 5.11602E+11, and run what begins with `=`. So a
cell that begins like a formula is always written as `="…"`, and `write_for_spreadsheets` writes codes
so too; reading takes `="…"` back and refuses a number that a spreadsheet has rounded.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO, get_args

from tongban.base.tables import LoadReport, Row, read_table
from tongban.catalogue.guide_schema import GuideRecord, Text
from tongban.catalogue.interchange.form import FormError, ItemForm, form_of
from tongban.catalogue.interchange.incoming import Incoming, note_odd_codes

PLAIN: Final = ("code", "name", "kind", "basic_code", "main_item", "region", "source")
ORGAN: Final = ("name", "region", "code", "uscc")
BASIC: Final = ("code", "name", "kind", "parent_code", "parent_name")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
GUARDED: Final = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
ROUNDED: Final = re.compile(r"\d(\.\d+)?E\+\d+")
CODES: Final = frozenset(
    {"code", "basic_code", "region", "organ.region", "organ.code", "organ.uscc", "basic.code"}
    | {"basic.parent_code", "guide.enquiry_phone", "guide.complaint_phone"}
)


def _is_text(name: str) -> bool:
    annotation = GuideRecord.model_fields[name].annotation
    return annotation is Text or Text in get_args(annotation)


# What each part of a record is in a cell.
TEXTS: Final = tuple(name for name in GuideRecord.model_fields if _is_text(name))
WORDS: Final = tuple(
    name
    for name, one in GuideRecord.model_fields.items()
    if one.annotation is str or name in ("effective_from",)
)
NUMBERS: Final = ("on_site_visits", "daily_appointments")
ANSWERS: Final = tuple(
    name for name, one in GuideRecord.model_fields.items() if bool in get_args(one.annotation)
)
COLUMNS: Final = (
    *PLAIN,
    *(f"organ.{name}" for name in ORGAN),
    "organ.codes",
    *(f"basic.{name}" for name in BASIC),
    "guide.version",
    "guide.in_force_from",
    "guide.is_sample",
    *(
        f"guide.{name}{language}"
        for name in GuideRecord.model_fields
        for language in ((".zh", ".en") if name in TEXTS else ("",))
    ),
    "source_row",
)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cells_of(item: ItemForm) -> dict[str, str]:
    """The row of an item; an empty cell is what is not known."""
    cells = {name: _cell(getattr(item, name)) for name in PLAIN}
    if item.organ:
        cells |= {f"organ.{name}": _cell(getattr(item.organ, name)) for name in ORGAN}
        cells["organ.codes"] = _cell(list(item.organ.codes)) if item.organ.codes else ""
    if item.basic:
        cells |= {f"basic.{name}": _cell(getattr(item.basic, name)) for name in BASIC}
    if item.guide:
        cells["guide.version"] = _cell(item.guide.version)
        cells["guide.in_force_from"] = item.guide.effective_from
        cells["guide.is_sample"] = _cell(item.guide.is_sample)
        for name, value in item.guide.record.items():
            if name in TEXTS:
                cells[f"guide.{name}.zh"] = value["zh"]
                cells[f"guide.{name}.en"] = value.get("en", "")
            else:
                cells[f"guide.{name}"] = _cell(value)
    cells["source_row"] = _cell(item.source_row) if item.source_row else ""
    return cells


def _write(items: Iterable[ItemForm], out: TextIO, *, codes_as_text: bool) -> int:
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    done = 0
    for item in items:
        done += 1
        cells = cells_of(item)
        writer.writerow(
            _guarded(cells.get(name, ""), codes_as_text and name in CODES) for name in COLUMNS
        )
    return done


def _guarded(cell: str, always: bool) -> str:
    if cell and (always or cell.startswith(FORMULA)):
        return '="' + cell.replace('"', '""') + '"'
    return cell


def write(items: Iterable[ItemForm], out: TextIO) -> int:
    """Write the items for machines; returns how many."""
    return _write(items, out, codes_as_text=False)


def write_for_spreadsheets(items: Iterable[ItemForm], out: TextIO) -> int:
    """Write the items so that a spreadsheet shows Chinese (a byte order mark) and keeps codes."""
    out.write("\ufeff")
    return _write(items, out, codes_as_text=True)


def read(path: Path, report: LoadReport) -> Iterator[Incoming]:
    """The items of a table; only `code` and `name` must be there. Raises TableError at once."""
    return _items(read_table(path, ("code", "name"), report), report)


def _items(rows: Iterator[Row], report: LoadReport) -> Iterator[Incoming]:
    first = True
    for row in rows:
        if first:
            for name in sorted(set(row.cells) - set(COLUMNS)):
                report.note(1, name, "unknown_column", f"{name} is none of ours and is not read")
            first = False
        try:
            form = form_of(_content_of({name: _freed(cell) for name, cell in row.cells.items()}))
        except FormError as problem:
            report.note(row.number, problem.field, problem.code, problem.detail)
            continue
        note_odd_codes(row.number, form, "code", report)
        yield Incoming(row.number, form)


def _freed(cell: str) -> str:
    if cell.startswith("="):
        found = GUARDED.fullmatch(cell)
        return found[1].replace('""', '"') if found else cell
    return cell


def _content_of(cells: dict[str, str]) -> dict[str, Any]:
    for name in CODES & cells.keys():
        if ROUNDED.fullmatch(cells[name]):
            raise FormError(
                name,
                "spreadsheet_damage",
                f"{cells[name]}: a spreadsheet has rounded the code; export with"
                " --format csv-spreadsheet, or keep the column as text",
            )
    content: dict[str, Any] = {name: cells[name] for name in PLAIN if cells.get(name)}
    organ = {name: cells[f"organ.{name}"] for name in ORGAN if cells.get(f"organ.{name}")}
    if organ:
        organ.setdefault("region", content.get("region", ""))
        content["organ"] = organ | {"codes": _json(cells, "organ.codes", [])}
    basic = {name: cells[f"basic.{name}"] for name in BASIC if cells.get(f"basic.{name}")}
    if basic:
        content["basic"] = basic
    if cells.get("source_row"):
        content["source_row"] = _json(cells, "source_row", {})
    guide = _guide_of(cells)
    return content | ({"guide": guide} if guide else {})


def _guide_of(cells: dict[str, str]) -> dict[str, Any] | None:
    record = _record_of(cells)
    if not record and not cells.get("guide.version"):
        return None
    return {
        "record": record,
        "version": _number(cells, "guide.version") or 0,
        "effective_from": cells.get("guide.in_force_from", ""),
        "is_sample": _answer(cells, "guide.is_sample") or False,
    }


def _record_of(cells: dict[str, str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name in GuideRecord.model_fields:
        column = f"guide.{name}"
        if name in TEXTS:
            zh, en = cells.get(f"{column}.zh", ""), cells.get(f"{column}.en", "")
            if zh or en:
                record[name] = {"zh": zh} | ({"en": en} if en else {})
        elif not cells.get(column):
            continue
        elif name in NUMBERS:
            record[name] = _number(cells, column)
        elif name in ANSWERS:
            record[name] = _answer(cells, column)
        elif name in WORDS or cells[column][0] not in "[{":
            record[name] = cells[column]
        else:
            record[name] = _json(cells, column, None)
    return record


def _json(cells: dict[str, str], name: str, empty: Any) -> Any:
    if not cells.get(name):
        return empty
    try:
        return json.loads(cells[name])
    except ValueError as problem:
        raise FormError(name, "bad_value", f"is not JSON: {problem}") from None


def _number(cells: dict[str, str], name: str) -> int | None:
    said = cells.get(name, "")
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise FormError(name, "bad_value", f"{said[:20]!r} is not a whole number")
    return int(said)


def _answer(cells: dict[str, str], name: str) -> bool | None:
    said = cells.get(name, "").lower()
    if said in ("", "true", "false"):
        return None if not said else said == "true"
    raise FormError(name, "bad_value", f"{said[:20]!r} is neither true nor false")
