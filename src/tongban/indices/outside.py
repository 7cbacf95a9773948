"""Tables beside the assessed one: groups of units, and an outside variable (handbook step 9)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tongban.base.tables import Problem, TableError
from tongban.indices.diagnostics import pearson, spearman
from tongban.indices.framework.model import Framework, GroupRule
from tongban.indices.framework.sections import BLANKS
from tongban.indices.reading import YEAR_COLUMNS, InvalidTable, RawTable, read_number
from tongban.indices.result import Assessment, Outside
from tongban.indices.table import DataTable

MOST_GROUPS = 40


def unit_column(raw: RawTable, units: Sequence[str], titles: Sequence[str] = ()) -> str:
    """The column that names the most units. Raises TableError when none names a third of them."""
    known = {*units, *titles}
    hits = {
        column: len({row[column] for _, row in raw.rows} & known) for column in raw.header if column
    }
    best = max(hits, key=lambda column: hits[column])
    if hits[best] < len(units) / 3:
        raise TableError(
            "no_units", f"{raw.name}: no column names the units of the table ({units[0]} and so on)"
        )
    return best


def with_groups(framework: Framework, raw: RawTable, table: DataTable) -> Framework:
    """The framework with one more way to group for each column of a table of units.

    Columns that name nearly every unit apart (more than 40 different values) are no groups.
    """
    key = unit_column(raw, table.units, table.titles)
    codes = {**dict(zip(table.titles, table.units, strict=True)), **{u: u for u in table.units}}
    taken = {group.code for group in framework.groups}
    more = []
    for column in raw.header:
        members: dict[str, tuple[str, ...]] = {}
        for _, row in raw.rows:
            if row[key] in codes and row[column]:
                members[row[column]] = (*members.get(row[column], ()), codes[row[key]])
        if column and column != key and column not in taken and 1 < len(members) <= MOST_GROUPS:
            more.append(GroupRule(column, {"en": column.replace("_", " ")}, (), members))
    return replace(framework, groups=(*framework.groups, *more))


def against(assessment: Assessment, raw: RawTable, column: str, name: str = "") -> Assessment:
    """The assessment with an outside variable: rank correlation of the score that ranks follow.

    Of a table with several years, the year of the edition is taken, else the newest. Raises
    TableError without the column, InvalidTable for text in it.
    """
    if column not in raw.header:
        raise TableError(
            "missing_column",
            f"{raw.name}: there is no column {column}; found {', '.join(raw.header)}",
        )
    ranked = assessment.ranked()
    units = [one.unit for one in ranked]
    titles = [one.title for one in ranked]
    key = unit_column(raw, units, titles)
    years = raw.first(YEAR_COLUMNS)
    year = _year(raw, years, assessment.framework.edition) if years else ""
    codes = {**dict(zip(titles, units, strict=True)), **{unit: unit for unit in units}}
    values: dict[str, float] = {}
    problems = []
    for number, row in raw.rows:
        if row[key] not in codes or (years and row[years] != year):
            continue
        value = read_number(row[column], BLANKS)
        if not isinstance(value, float):
            problems.append(Problem(number, column, *value))
        elif not math.isnan(value):
            values[codes[row[key]]] = value
    if problems:
        raise InvalidTable(raw.name, problems)
    scores = np.array([_basis(assessment, place) for place in range(len(ranked))])
    other = np.array([values.get(unit, np.nan) for unit in units])
    outside = Outside(
        raw.name, column, year, values, int((~np.isnan(other)).sum()),
        spearman(scores, other), pearson(scores, other), name,
    )  # fmt: skip
    return replace(assessment, outside=outside)


def _year(raw: RawTable, column: str, edition: str) -> str:
    years = sorted({row[column] for _, row in raw.rows if row[column]})
    return edition if edition in years else years[-1]


def _basis(assessment: Assessment, place: int) -> float:
    """The score that the rank follows."""
    one = assessment.ranked()[place]
    rule = assessment.framework.published
    value = one.score
    if rule.decides == "rank" and one.published_score is not None:
        value = one.published_score
    return math.nan if value is None else value
