"""Reading a table of units x indicators: nothing is guessed, every fault names its row and column."""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tongban.base.tables import DAMAGED, Problem, TableError, text_of
from tongban.indices.framework.model import Bounds

YEAR_COLUMNS = ("year", "edition", "Survey Year", "年份", "年度")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


class InvalidTable(ValueError):
    """The table can't be assessed as it is. `problems` name rows and columns."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = sorted(problems, key=lambda one: (one.row, one.column))
        super().__init__(f"{name}: {len(self.problems)} things to mend")

    def lines(self) -> list[str]:
        """One line for each problem: where, what, what to do."""
        return [said(one) for one in self.problems]


def said(problem: Problem) -> str:
    """A problem in one line."""
    where = f"row {problem.row}" + (f", column {problem.column}" if problem.column else "")
    return f"{where}: {problem.detail}"


@dataclass(frozen=True)
class RawTable:
    """The cells of a CSV file by column; `number` of a row is the line a spreadsheet shows."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]

    def first(self, columns: Sequence[str]) -> str | None:
        """The first of these columns that the table has."""
        return next((one for one in columns if one in self.header), None)

    def without(self, columns: Sequence[str]) -> RawTable:
        """The table without these columns. Raises TableError for one that it has not."""
        for column in columns:
            if column not in self.header:
                raise TableError(
                    "no_column", f"{self.name}: there is no column {column} to leave out"
                )
        kept = tuple(name for name in self.header if name not in columns)
        rows = tuple((number, {name: row[name] for name in kept}) for number, row in self.rows)
        return RawTable(self.name, kept, rows)


def read_raw(path: Path) -> RawTable:
    """The cells of a CSV file. Raises TableError (no table) or InvalidTable (rows don't fit)."""
    text = text_of(path)
    if "\x00" in text:
        raise TableError("binary", f"{path.name}: holds NUL bytes; it is not a text table")
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        reason = str(problem)
        if reason == "unexpected end of data":
            reason = "a quote is opened and never closed"
        raise TableError("not_csv", f"{path.name}: {reason}") from None
    header = [cell.strip() for cell in records[0]] if records else []
    if not any(header):
        raise TableError("empty", f"{path.name}: the first row must name the columns")
    if len(header) == 1:
        for separator, word in ((";", "semicolons"), ("\t", "tabs")):
            if separator in header[0]:
                raise TableError(
                    "separator",
                    f"{path.name}: row 1: columns are separated by {word}; save it with commas"
                    " between columns and points in numbers",
                )
    problems = [
        Problem(1, name, "column_twice", f"the column {name} stands twice")
        for name in sorted({name for name in header if name and header.count(name) > 1})
    ]
    rows = []
    for number, cells in enumerate(records[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.append(_wrong_length(number, cells, header))
        else:
            stripped = (cell.strip() for cell in cells)
            rows.append((number, dict(zip(header, stripped, strict=True))))
    for number, row in rows:
        for name, cell in row.items():
            if DAMAGED in cell:
                problems.append(Problem(number, name, "encoding", "characters that are not UTF-8"))
    if problems:
        raise InvalidTable(path.name, problems)
    if not rows:
        raise TableError("empty", f"{path.name}: there are no rows below the header")
    return RawTable(path.name, tuple(header), tuple(rows))


def _wrong_length(number: int, cells: list[str], header: list[str]) -> Problem:
    """A row with more or fewer cells; the usual cause is a decimal comma, which is then named."""
    detail = f"{len(cells)} cells where the header has {len(header)}"
    if len(cells) > len(header):
        for place in range(min(len(header), len(cells) - 1)):
            pair = cells[place].strip(), cells[place + 1].strip()
            if re.fullmatch(r"[+-]?\d+", pair[0]) and re.fullmatch(r"\d+", pair[1]):
                detail += (
                    f"; {pair[0]},{pair[1]} looks like a number with a decimal comma:"
                    f" write {pair[0]}.{pair[1]}"
                )
                return Problem(number, header[place], "decimal_comma", detail)
    return Problem(number, "", "cells", detail)


def read_number(text: str, missing: Sequence[str]) -> float | tuple[str, str]:
    """The number of a cell, NaN for a blank, or the code and the text of what is wrong."""
    if text in missing:
        return math.nan
    if NUMBER.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value
        return "not_a_number", f"{text!r} is too large for a number"
    if THOUSANDS.fullmatch(text) and (text.count(",") > 1 or "." in text):
        return "thousands", f"{text!r} has commas between thousands: write {text.replace(',', '')}"
    if DECIMAL_COMMA.fullmatch(text):
        return "decimal_comma", f"{text!r} has a decimal comma: write {text.replace(',', '.')}"
    if text.endswith(("%", "％")):
        return "percent", f"{text!r} has a per cent sign: write the number only"
    try:
        float(text)
    except ValueError:
        return "not_a_number", f"{text!r} is text where a number is needed"
    return "not_a_number", f"{text!r} is no plain number: write digits 0-9 and a point"


def out_of(value: float, bounds: Bounds) -> str:
    """Why a value lies outside of bounds; empty when it does not."""
    low, high = bounds
    if (low is None or value >= low) and (high is None or value <= high):
        return ""
    if low is not None and high is not None:
        return f"{value:g} is outside {low:g} to {high:g}"
    return f"{value:g} is below {low:g}" if low is not None else f"{value:g} is above {high:g}"


def near(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that is most like this one."""
    like = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; is it {like[0]}?" if like else ""
