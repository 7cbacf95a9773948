"""Rows of a file: JSON lines with sections, or a CSV table with the standard's names of columns.

Spreadsheets (XLSX) are saved as CSV first: no reader of them is among the packages we run on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tongban.base.problems import FieldError
from tongban.base.tables import LoadReport, TableError, lines_of, read_table
from tongban.cases.reporting.records import Record, RowProblem, columns_of, from_cells, merged

ENDINGS: Final = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz")


def rows_of(path: Path) -> Iterator[tuple[int, object]]:
    """Line numbers and rows; a line that can't be read is a RowProblem in the place of its row.

    Raises TableError for a file that is no such file at all.
    """
    name = path.name.lower()
    if not name.endswith(ENDINGS):
        raise TableError("ending", f"{path.name}: must end in {', '.join(ENDINGS)}")
    return _of_lines(path) if ".jsonl" in name else _of_table(path)


def _of_lines(path: Path) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(lines_of(path), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            yield number, RowProblem([FieldError("", "not_json", "The line is not JSON.")])


def _of_table(path: Path) -> Iterator[tuple[int, object]]:
    """Cases of a table: rows of the same number that follow each other are one."""
    report = LoadReport()
    told, place, number = 0, 0, ""
    columns: dict[str, tuple[str, str]] | None = None
    case: Record = {}
    for row in read_table(path, (), report):
        if columns is None:
            columns = columns_of(list(row.cells))
            if not any(name == "case_number" for _section, name in columns.values()):
                raise TableError("missing_column", f"{path.name}: no column 办件编号")
        said = from_cells(row.cells, columns)
        if case and _number(said) == number and number:
            case = merged(case, said)
        else:
            if case:
                yield place, case
            case, place, number = said, row.number, _number(said)
        for problem in report.problems[told:]:
            yield problem.row, _broken(problem.code, problem.detail)
        told = len(report.problems)
    if case:
        yield place, case
    for problem in report.problems[told:]:
        yield problem.row, _broken(problem.code, problem.detail)


def _number(said: Record) -> str:
    sections = [*said.values()]
    parts = [part for one in sections for part in (one if isinstance(one, list) else [one])]
    return next((part["case_number"] for part in parts if "case_number" in part), "")


def _broken(code: str, detail: str) -> RowProblem:
    return RowProblem([FieldError("", code, detail)])
