"""Reading tables that people made: tolerant of encodings, exact about what is wrong and where."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DAMAGED = "\ufffd"
# Chinese in GB18030 read as UTF-8 is damaged nearly everywhere, a UTF-8 file with a broken row hardly.
DAMAGED_SHARE = 0.1


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


def _bytes_of(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError) as problem:
        reason = getattr(problem, "strerror", None) or "not a gzip file"
        raise TableError("unreadable", f"{path}: {reason}") from None


def text_of(path: Path) -> str:
    """The file as text: UTF-8, else UTF-8 with a few damaged places, else GB18030.

    Damaged places become U+FFFD. GB18030 comes last: almost any bytes decode as something in it.
    """
    data = _bytes_of(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        mended = data.decode("utf-8-sig", errors="replace")
    foreign = sum(byte > 0x7F for byte in data)
    if mended.count(DAMAGED) < foreign * DAMAGED_SHARE:
        return mended
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        raise TableError(
            "encoding", f"{path.name}: neither UTF-8 nor GB18030; save it as UTF-8"
        ) from None


class _Records:
    """Records of a CSV text with their numbers; goes on after a quote that nobody closed."""

    def __init__(self, text: str) -> None:
        self.lines = list(io.StringIO(text, newline=""))
        self.place = 0
        self.number = 0
        self.reader = csv.reader(self._feed())

    def _feed(self) -> Iterator[str]:
        while self.place < len(self.lines):
            self.place += 1
            yield self.lines[self.place - 1]

    def next(self) -> tuple[list[str], int] | None:
        """The next record and the number of lines it takes; None at the end.

        Raises csv.Error for a record that can't be read.
        """
        start = self.place
        self.number += 1
        cells = next(self.reader, None)
        return None if cells is None else (cells, self.place - start)

    def go_back(self, lines: int) -> None:
        """Read again from the line after the first of the record that took `lines`."""
        self.place -= lines - 1
        self.reader = csv.reader(self._feed())


def read_table(path: Path, required: Sequence[str], report: LoadReport) -> Iterator[Row]:
    """The rows of a CSV file (also `.gz`), each counted in `report.read`.

    A row that can't be trusted is reported and left out, since a guess would be worse: more or
    fewer cells than the header (`cells`), a quote that is not closed (`quote`), damaged characters
    (`encoding`). Raises TableError when the file or its header is unusable, before the first row
    is given.
    """
    text = text_of(path)
    if "\x00" in text:
        raise TableError("binary", f"{path.name}: holds NUL bytes; it is not a text table")
    records = _Records(text)
    try:
        first = records.next()
    except csv.Error as problem:
        raise TableError("not_csv", f"{path.name}: {problem}") from None
    header = [name.strip() for name in first[0]] if first else []
    missing = [name for name in required if name not in header]
    if missing:
        found = ", ".join(header)[:200] or "none"
        raise TableError(
            "missing_column",
            f"{path.name}: column {', '.join(missing)} is missing; found {found}",
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise TableError("column_twice", f"{path.name}: column {', '.join(twice)} stands twice")
    return _rows(records, header, report)


def _rows(records: _Records, header: list[str], report: LoadReport) -> Iterator[Row]:
    while True:
        try:
            record = records.next()
        except csv.Error as problem:
            report.read += 1
            report.note(records.number, "", "not_csv", f"the row can't be read: {problem}")
            continue
        if record is None:
            return
        cells, lines = record
        if not any(cell.strip() for cell in cells):
            continue
        report.read += 1
        if len(cells) != len(header) and lines > 1:
            report.note(records.number, "", "quote", "a quote in this row is not closed")
            records.go_back(lines)
        elif len(cells) != len(header):
            report.note(
                records.number,
                "",
                "cells",
                f"{len(cells)} cells where the header has {len(header)}",
            )
        elif any(DAMAGED in cell for cell in cells):
            column = next(name for name, cell in zip(header, cells, strict=True) if DAMAGED in cell)
            report.note(records.number, column, "encoding", "characters that are not UTF-8")
        else:
            stripped = (cell.strip() for cell in cells)
            yield Row(records.number, dict(zip(header, stripped, strict=True)))
