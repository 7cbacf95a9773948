"""A list of items as districts publish it: names and codes of a table, no guides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tongban.base.regions import RegionCodeError, pad
from tongban.base.tables import LoadReport, Row, read_table
from tongban.catalogue import codes
from tongban.catalogue.interchange.form import FormError, ItemForm, OrganForm, checked
from tongban.catalogue.interchange.incoming import Incoming, note_odd_codes

COLUMNS = (
    "department",
    "main_item",
    "name",
    "area_code",
    "item_code",
    "task_type",
    "dept_code",
)
UNGROUPED = "未分类"
FIELD_COLUMNS = {"code": "item_code", "organ.name": "department", "organ.code": "dept_code"}


def read_district_list(path: Path, report: LoadReport, *, source: str) -> Iterator[Incoming]:
    """The items of a list (columns as in `COLUMNS`); what is odd in a row is noted.

    Raises TableError when the file or a column is unusable, before the first item.
    """
    rows = read_table(path, COLUMNS, report)
    return _items(rows, report, source)


def _items(rows: Iterator[Row], report: LoadReport, source: str) -> Iterator[Incoming]:
    names: Counter[tuple[str, str]] = Counter()
    for row in rows:
        form = _form_of(row, report, source)
        if form is None:
            continue
        _note_oddities(row, form, names, report)
        yield Incoming(row.number, form)


def _form_of(row: Row, report: LoadReport, source: str) -> ItemForm | None:
    cells = row.cells
    for column, what in (("item_code", "implementation code"), ("name", "name")):
        if not cells[column]:
            report.note(row.number, column, "missing", f"no {what}: the row can't be filed")
            return None
    region = _region_of(row, report)
    try:
        return checked(
            ItemForm(
                code=cells["item_code"],
                name=cells["name"],
                kind=codes.kind_of(source, cells["task_type"]),
                basic_code=codes.parse_item_code(cells["item_code"]).basic,
                main_item="" if cells["main_item"] == UNGROUPED else cells["main_item"],
                region=region,
                source=source,
                organ=_organ_of(cells, region),
                source_row=cells,
            )
        )
    except FormError as problem:
        column = FIELD_COLUMNS.get(problem.field, problem.field)
        report.note(row.number, column, problem.code, problem.detail)
        return None


def _region_of(row: Row, report: LoadReport) -> str:
    area = row.cells["area_code"]
    try:
        return pad(area)
    except RegionCodeError as problem:
        report.note(row.number, "area_code", "bad_region", f"{area!r}: {problem}")
        return ""


def _organ_of(cells: dict[str, str], region: str) -> OrganForm | None:
    if not cells["department"] or not region:
        return None
    code = cells["dept_code"]
    sound = code if codes.organ_code_style(code).style == "uscc" else ""
    written = (code,) if code and len(code) <= 64 else ()
    return OrganForm(cells["department"], region, uscc=sound, codes=written)


def _note_oddities(
    row: Row, form: ItemForm, names: Counter[tuple[str, str]], report: LoadReport
) -> None:
    cells, number = row.cells, row.number
    if not cells["department"]:
        report.note(number, "department", "no_department", "no department")
    elif form.organ is not None:
        style = codes.organ_code_style(cells["dept_code"])
        if style.problem:
            code = cells["dept_code"]
            report.note(
                number, "dept_code", f"organ_code_{style.style}", f"{code!r}: {style.problem}"
            )
    note_odd_codes(number, form, "item_code", report)
    if not form.kind:
        report.note(
            number, "task_type", "unknown_type", f"{cells['task_type']!r} is not in the list"
        )
    if not form.main_item:
        report.note(number, "main_item", "ungrouped", "the item belongs to no group")
    names[cells["department"], form.name] += 1
    if names[cells["department"], form.name] == 2:
        report.note(number, "name", "name_twice", f"{form.name} stands above with another code")
