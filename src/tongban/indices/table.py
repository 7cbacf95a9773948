"""The table that is assessed: what a framework makes of the cells, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tongban.base.tables import Problem
from tongban.indices.framework.model import Framework, GroupRule, Indicator, KnownUnit, Names
from tongban.indices.numbers import Booleans, Floats
from tongban.indices.reading import (
    YEAR_COLUMNS,
    InvalidTable,
    RawTable,
    near,
    out_of,
    read_number,
    read_raw,
    said,
)
from tongban.indices.words import Said


@dataclass(frozen=True)
class DataTable:
    """Units x indicators, in the framework's order, divided by denominators where it says so."""

    name: str
    units: tuple[str, ...]
    names: tuple[Names, ...]
    titles: tuple[str, ...]
    """Names as the table itself writes them."""
    rows: tuple[int, ...]
    values: Floats
    invalid: Booleans
    """Cells outside their valid range that the edition's rules let through with a warning."""
    published_score: Floats | None = None
    published_rank: Floats | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    years: Floats | None = None
    warnings: tuple[str, ...] = ()

    def keep(self, places: Sequence[int]) -> DataTable:
        """The table with these units only."""
        chosen = list(places)

        def some(values: Floats | None) -> Floats | None:
            return None if values is None else values[chosen]

        return replace(
            self,
            units=tuple(self.units[place] for place in chosen),
            names=tuple(self.names[place] for place in chosen),
            titles=tuple(self.titles[place] for place in chosen),
            rows=tuple(self.rows[place] for place in chosen),
            values=self.values[chosen],
            invalid=self.invalid[chosen],
            published_score=some(self.published_score),
            published_rank=some(self.published_rank),
            groups={
                code: tuple(labels[place] for place in chosen)
                for code, labels in self.groups.items()
            },
            years=some(self.years),
        )


def read_data(path: Path, framework: Framework) -> DataTable:
    """The table of a CSV file, read as the framework says.

    Raises TableError when it is no table, InvalidTable with every fault: a column that is missing or
    not known, a unit that stands twice or has no name, text in a number, a decimal comma, a value out
    of range.
    """
    return as_data(read_raw(path), framework)


def as_data(raw: RawTable, framework: Framework) -> DataTable:
    """The cells as the framework reads them; see `read_data`."""
    problems = _columns(raw, framework)
    unit_column = raw.first(framework.layout.unit)
    if unit_column is None or any(one.code == "missing_column" for one in problems):
        raise InvalidTable(raw.name, problems)
    cells = _Cells(raw, framework, problems)
    units, names, titles, warnings = _units(raw, framework, unit_column, problems)
    values = np.column_stack([cells.indicator(one) for one in framework.indicators])
    table = DataTable(
        name=raw.name,
        units=tuple(units),
        names=tuple(names),
        titles=tuple(titles),
        rows=tuple(number for number, _ in raw.rows),
        values=values,
        invalid=cells.invalid,
        published_score=cells.optional(framework.published.score),
        published_rank=cells.optional(framework.published.rank),
        groups={group.code: _labels(group, raw, units) for group in framework.groups},
        years=cells.optional(YEAR_COLUMNS),
        warnings=(*warnings, *cells.warnings),
    )
    if problems:
        raise InvalidTable(raw.name, problems)
    return table


def _columns(raw: RawTable, framework: Framework) -> list[Problem]:
    """Columns that are missing and columns that nobody knows."""
    layout = framework.layout
    problems = []
    known = {*layout.unit, *layout.name, *layout.ignore, *YEAR_COLUMNS,
             *framework.published.score, *framework.published.rank}  # fmt: skip
    for group in framework.groups:
        known.update(group.columns)
    needed = [(framework.layout.unit, "the units")]
    needed += [(one.columns, one.names.get("en", one.code)) for one in framework.indicators]
    needed += [(layout.denominators[one.denominator], one.denominator)
               for one in framework.indicators if one.denominator]  # fmt: skip
    for aliases, meaning in dict(needed).items():
        known.update(aliases)
        if raw.first(aliases) is None:
            other = f" (or {', '.join(aliases[1:])})" if len(aliases) > 1 else ""
            problems.append(
                Problem(1, aliases[0], "missing_column",
                        f"the column {aliases[0]}{other} with {meaning} is missing")
            )  # fmt: skip
    for column in raw.header:
        if column not in known:
            title = column or f"number {raw.header.index(column) + 1}, without a name"
            problems.append(
                Problem(1, column, "unknown_column",
                        f"the framework {framework.id} does not know the column {title}"
                        f"{near(column, known)}; rename it, or leave it out with --ignore")
            )  # fmt: skip
    return problems


class _Cells:
    """Numbers of the table, with every fault noted."""

    def __init__(self, raw: RawTable, framework: Framework, problems: list[Problem]) -> None:
        self.raw, self.framework, self.problems = raw, framework, problems
        self.warnings: list[str] = []
        self.invalid = np.zeros((len(raw.rows), len(framework.indicators)), dtype=bool)

    def column(self, name: str) -> Floats:
        numbers = np.full(len(self.raw.rows), np.nan)
        for place, (number, row) in enumerate(self.raw.rows):
            value = read_number(row[name], self.framework.layout.missing)
            if isinstance(value, float):
                numbers[place] = value
            else:
                self.problems.append(Problem(number, name, *value))
        return numbers

    def optional(self, aliases: Sequence[str]) -> Floats | None:
        name = self.raw.first(aliases)
        return None if name is None else self.column(name)

    def indicator(self, indicator: Indicator) -> Floats:
        name = self.raw.first(indicator.columns) or indicator.code
        values = self.column(name)
        self._check_range(indicator, name, values)
        if not indicator.denominator:
            scaled: Floats = values * indicator.factor
            return scaled
        below = self.raw.first(self.framework.layout.denominators[indicator.denominator]) or ""
        share = self.column(below)
        for place in np.flatnonzero(~np.isnan(values) & (share == 0)):
            self.problems.append(
                Problem(self.raw.rows[place][0], below, "zero_denominator",
                        f"is zero, and {name} is divided by it")
            )  # fmt: skip
        with np.errstate(divide="ignore", invalid="ignore"):
            divided: Floats = values / share * indicator.factor
        return divided

    def _check_range(self, indicator: Indicator, name: str, values: Floats) -> None:
        place_of = self.framework.indicators.index(indicator)
        for place, value in enumerate(values):
            reason = "" if math.isnan(value) else out_of(float(value), indicator.valid)
            if not reason:
                continue
            problem = Problem(self.raw.rows[place][0], name, "out_of_range", reason)
            if indicator.out_of_range == "warn":
                self.invalid[place, place_of] = True
                row = problem.row
                self.warnings.append(
                    Said(
                        f"{said(problem)}, used as published",
                        f"第 {row} 行“{name}”列:{value:g} 超出有效范围,按公布值使用",
                    )
                )
            else:
                self.problems.append(problem)


def _units(
    raw: RawTable, framework: Framework, column: str, problems: list[Problem]
) -> tuple[list[str], list[Names], list[str], list[str]]:
    """Codes, names, names as written, and warnings; a unit that is known gets its own code."""
    known: dict[str, KnownUnit] = {}
    for one in framework.units:
        known.update(dict.fromkeys((one.code, *one.aliases), one))
    name_column = raw.first(framework.layout.name)
    units: list[str] = []
    names: list[Names] = []
    titles: list[str] = []
    warnings: list[str] = []
    seen: dict[str, int] = {}
    for number, row in raw.rows:
        said_as = row[column]
        title = row[name_column] if name_column else said_as
        unit = known.get(said_as) or known.get(title)
        code = unit.code if unit else said_as
        if not said_as:
            problems.append(Problem(number, column, "no_unit", "the unit has no name"))
        elif code in seen:
            problems.append(
                Problem(number, column, "unit_twice",
                        f"{said_as} stands twice; the first time in row {seen[code]}")
            )  # fmt: skip
        elif framework.units and unit is None:
            warnings.append(
                Said(
                    f"row {number}, column {column}: {said_as} is not on the framework's"
                    f" list of units{near(said_as, known)}",
                    f"第 {number} 行“{column}”列:{said_as} 不在框架的对象名单中",
                )
            )
        seen.setdefault(code, number)
        units.append(code)
        names.append(unit.names if unit else {"en": title or said_as})
        titles.append(title or said_as)
    return units, names, titles, warnings


def _labels(group: GroupRule, raw: RawTable, units: Sequence[str]) -> tuple[str, ...]:
    """The label of each unit in a grouping; empty where there is none."""
    column = raw.first(group.columns)
    by_list = {unit: label for label, codes in group.members.items() for unit in codes}
    return tuple(
        (row[column] if column else "") or by_list.get(unit, "")
        for unit, (_, row) in zip(units, raw.rows, strict=True)
    )
