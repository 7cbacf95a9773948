"""Reading tables that people made: tolerant of encodings, exact about what is wrong and where."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# utf-8 first: text in it practically never decodes as anything else by accident.
ENCODINGS = ("utf-8-sig", "gb18030")


class TableError(ValueError):
    """The file can't be read as a table at all; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Problem:
    """One thing that is odd in a source. `row` is the line a spreadsheet shows (header = 1)."""

    row: int
    column: str
    code: str
    detail: str

    def as_json(self) -> dict[str, object]:
        return {"row": self.row, "column": self.column, "code": self.code, "detail": self.detail}


@dataclass
class LoadReport:
    """What a load did with each row. read = created + updated + unchanged + rows skipped."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def note(self, row: int, column: str, code: str, detail: str) -> None:
        self.problems.append(Problem(row, column, code, detail))

    def as_json(self) -> dict[str, object]:
        return {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(frozen=True)
class Row:
    number: int
    cells: dict[str, str]


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
    except (OSError, EOFError) as problem:
        reason = getattr(problem, "strerror", None) or "not a gzip file"
        raise TableError("unreadable", f"{path}: {reason}") from None
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("encoding", f"{path.name}: neither UTF-8 nor GB18030; save it as UTF-8")


def read_table(path: Path, required: Sequence[str], report: LoadReport) -> Iterator[Row]:
    """The rows of a CSV file (also `.gz`), each counted in `report.read`.

    A row with more or fewer cells than the header is reported (`cells`) and left out: which cell
    belongs to which column would be a guess. Raises TableError when the file or its header is
    unusable, before the first row is given.
    """
    text = _text_of(path)
    if "\x00" in text:
        raise TableError("binary", f"{path.name}: holds NUL bytes; it is not a text table")
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip() for name in next(lines, [])]
    except csv.Error as problem:
        raise TableError("not_csv", f"{path.name}: {problem}") from None
    missing = [name for name in required if name not in header]
    if missing:
        raise TableError(
            "missing_column",
            f"{path.name}: column {', '.join(missing)} is missing; found {', '.join(header) or 'none'}",
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise TableError("column_twice", f"{path.name}: column {', '.join(twice)} stands twice")
    return _rows(lines, header, report)


def _rows(lines: Iterator[list[str]], header: list[str], report: LoadReport) -> Iterator[Row]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as problem:
            report.read += 1
            report.note(number, "", "not_csv", f"the row can't be read: {problem}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        report.read += 1
        if len(cells) != len(header):
            report.note(
                number, "", "cells", f"{len(cells)} cells where the header has {len(header)}"
            )
            continue
        yield Row(number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
