"""Reading tables that people made: tolerant of encodings, exact about what is wrong and where."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TextIO

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


# Of each kind of remark this many are kept in full; the others are counted.
KEPT_A_KIND = 2_000


@dataclass
class LoadReport:
    """What a load did with each row. read = created + updated + unchanged + rows skipped.

    `counts` is how often each kind of remark was made; `problems` keeps the first of each kind.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, row: int, column: str, code: str, detail: str) -> None:
        self.counts[code] += 1
        if self.counts[code] <= KEPT_A_KIND:
            self.problems.append(Problem(row, column, code, detail))

    def as_json(self) -> dict[str, object]:
        return {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "counts": dict(self.counts.most_common()),
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(frozen=True)
class Row:
    number: int
    cells: dict[str, str]


CHUNK = 1 << 20
# A line longer than this is no row of a table that people made.
LINE_MOST = 1 << 24
# Each quote that nobody closed is read twice, up to the longest field; a file full of them is not CSV.
QUOTES_MOST = 1_000


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with _open(path) as source:
            while chunk := source.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as problem:
        reason = getattr(problem, "strerror", None) or "not a gzip file"
        raise TableError("unreadable", f"{path}: {reason}") from None


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _damaged_places(path: Path) -> tuple[int, int]:
    """Damaged characters of the file read as UTF-8, and its bytes beyond ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    damaged = foreign = 0
    for chunk in _chunks(path):
        damaged += decoder.decode(chunk).count(DAMAGED)
        foreign += len(chunk.translate(None, bytes(range(0x80))))
    return damaged + decoder.decode(b"", final=True).count(DAMAGED), foreign


def encoding_of(path: Path) -> tuple[str, str]:
    """Encoding of a text file and how to treat damage: UTF-8, else UTF-8 with a few damaged places
    ("replace"), else GB18030.

    Damaged places become U+FFFD. GB18030 comes last: almost any bytes decode as something in it.
    Reads the file in pieces, up to three times. Raises TableError when it is none of them.
    """
    if any(b"\x00" in chunk for chunk in _chunks(path)):
        raise TableError("binary", f"{path.name}: holds NUL bytes; it is not a text table")
    if _decodes(path, "utf-8-sig"):
        return "utf-8-sig", "strict"
    damaged, foreign = _damaged_places(path)
    if damaged < foreign * DAMAGED_SHARE:
        return "utf-8-sig", "replace"
    if _decodes(path, "gb18030"):
        return "gb18030", "strict"
    raise TableError("encoding", f"{path.name}: neither UTF-8 nor GB18030; save it as UTF-8")


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """The file as text, read as it is used (also `.gz`). Raises TableError as `encoding_of`."""
    encoding, errors = encoding_of(path)
    with _open(path) as source:
        yield io.TextIOWrapper(source, encoding=encoding, errors=errors, newline="")


def text_of(path: Path) -> str:
    """The whole file as text. Raises TableError as `encoding_of`."""
    with open_text(path) as text:
        return text.read()


def lines_of(path: Path) -> Iterator[str]:
    """Lines with their ends, never more than one in memory. Raises TableError as `encoding_of`."""
    with open_text(path) as text:
        while line := text.readline(LINE_MOST):
            if len(line) == LINE_MOST:
                raise TableError(
                    "line_too_long", f"{path.name}: a line of more than {LINE_MOST:,} characters"
                )
            yield line


class _Records:
    """Records of a CSV file with their numbers; goes on after a quote that nobody closed.

    Only the lines of the record in hand are kept.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.again: deque[str] = deque()
        self.held: list[str] = []
        self.number = 0
        self.reader = csv.reader(self._feed())

    def _feed(self) -> Iterator[str]:
        while True:
            line = self.again.popleft() if self.again else next(self.lines, "")
            if not line:
                return
            self.held.append(line)
            yield line

    def next(self) -> tuple[list[str], int] | None:
        """The next record and the number of lines it takes; None at the end.

        Raises csv.Error for a record that can't be read.
        """
        self.held = []
        self.number += 1
        cells = next(self.reader, None)
        return None if cells is None else (cells, len(self.held))

    def go_back(self) -> None:
        """Read again from the line after the first of the record in hand."""
        self.again.extendleft(reversed(self.held[1:]))
        self.reader = csv.reader(self._feed())


def read_table(path: Path, required: Sequence[str], report: LoadReport) -> Iterator[Row]:
    """The rows of a CSV file (also `.gz`), each counted in `report.read`.

    A row that can't be trusted is reported and left out, since a guess would be worse: more or
    fewer cells than the header (`cells`), a quote that is not closed (`quote`), damaged characters
    (`encoding`). Raises TableError when the file or its header is unusable, before the first row
    is given.
    """
    records = _Records(lines_of(path))
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
    return _rows(path, records, header, report)


def _rows(path: Path, records: _Records, header: list[str], report: LoadReport) -> Iterator[Row]:
    unclosed = 0
    while True:
        try:
            record = records.next()
        except csv.Error as problem:
            report.read += 1
            report.note(records.number, "", "not_csv", f"the row can't be read: {problem}")
            records.go_back()
            unclosed += 1
            _check_unclosed(path, unclosed)
            continue
        if record is None:
            return
        cells, lines = record
        if not any(cell.strip() for cell in cells):
            continue
        report.read += 1
        if len(cells) != len(header) and lines > 1:
            report.note(records.number, "", "quote", "a quote in this row is not closed")
            records.go_back()
            unclosed += 1
            _check_unclosed(path, unclosed)
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


def _check_unclosed(path: Path, unclosed: int) -> None:
    if unclosed > QUOTES_MOST:
        raise TableError("not_csv", f"{path.name}: more than {QUOTES_MOST:,} quotes are not closed")
