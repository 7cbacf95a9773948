"""Which edition's rules a table follows: said, or found from the table."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tongban.indices.framework.parsing import FrameworkFile
from tongban.indices.reading import YEAR_COLUMNS, InvalidTable, RawTable, read_number
from tongban.indices.table import as_data
from tongban.indices.words import Said


@dataclass(frozen=True)
class Found:
    """An edition, how it was found, and a warning when that is doubtful."""

    code: str
    how: str
    warning: str = ""


def find_edition(file: FrameworkFile, raw: RawTable, asked: str = "") -> Found:
    """The edition for a table: as asked, else by known figures, its year column, the fit of its
    published values, its file name, in this order; else the newest.

    A year after the newest edition is read with the newest rules, with a warning. Raises
    FrameworkProblem for an edition that is asked for and not known.
    """
    if not file.has_editions:
        return Found(asked, "said" if asked else "the framework has one edition")
    codes = [one.code for one in file.editions]
    if asked:
        return _later(file, asked, "said") or Found(file.edition(asked).edition, "said")
    for one in file.editions:
        if one.recognise and all(_holds(file, raw, *point) for point in
                                 ((p.unit, p.column, p.value) for p in one.recognise)):  # fmt: skip
            return Found(one.code, "known figures of the table")
    column = raw.first(YEAR_COLUMNS)
    years = {row[column] for _, row in raw.rows} if column else set()
    if len(years) == 1:
        year = years.pop()
        if year in codes:
            return Found(year, f"column {column}")
        if later := _later(file, year, f"column {column}"):
            return later
    named = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", raw.name)
    year = next((one for one in named if one in codes), "")
    fitting = _fitting(file, raw)
    if fitting and year not in fitting:
        return Found(fitting[-1], "its rules give the published values")
    if year:
        return Found(year, "file name")
    for one in named:
        if later := _later(file, one, "file name"):
            return later
    return Found(
        file.newest,
        "the newest",
        Said(
            f"the table does not say its edition; read with the rules of {file.newest}"
            " (say which with --edition)",
            f"表中没有说明版本,按 {file.newest} 版规则读取(可用 --edition 指定)",
        ),
    )


def _later(file: FrameworkFile, year: str, how: str) -> Found | None:
    if year.isdigit() and file.newest.isdigit() and int(year) > int(file.newest):
        return Found(
            file.newest,
            how,
            Said(
                f"edition {year} is not known yet; read with the rules of {file.newest}",
                f"尚无 {year} 版规则,按 {file.newest} 版读取",
            ),
        )
    return None


def _holds(file: FrameworkFile, raw: RawTable, unit: str, column: str, value: float) -> bool:
    unit_column = raw.first(file.edition().layout.unit)
    if unit_column is None or column not in raw.header:
        return False
    for _, row in raw.rows:
        if row[unit_column] == unit:
            found = read_number(row[column], ())
            return isinstance(found, float) and abs(found - value) < 5e-6
    return False


def _fitting(file: FrameworkFile, raw: RawTable) -> list[str]:
    """The editions whose rules give most published scores, best ones only; empty when few fit."""
    from tongban.indices.assessing import scores_only

    fits: dict[str, float] = {}
    for one in file.editions:
        framework = file.edition(one.code)
        try:
            table = as_data(raw, framework)
        except InvalidTable:
            continue
        if table.published_score is None:
            return []
        difference = np.abs(scores_only(framework, table) - table.published_score)
        present = ~np.isnan(table.published_score)
        if present.any():
            fits[one.code] = float((difference[present] <= framework.published.tolerance).mean())
    best = max(fits.values(), default=0.0)
    return [code for code, fit in fits.items() if fit == best] if best > 0.5 else []
