"""An assessment as a reader of one language sees it: names, numbers, choice of rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from tongban.indices import Assessment, UnitResult, in_language
from tongban.indices.framework.model import Indicator, KnownUnit, Node
from tongban.indices.numbers import Floats
from tongban.indices.result import rounded
from tongban.indices.words import in_words

MANY = 45
"""More units than this are shown in parts: the first, those around the chosen one, the last."""


@dataclass(frozen=True)
class View:
    result: Assessment
    language: str
    chosen_unit: str = ""

    @cached_property
    def ranked(self) -> list[UnitResult]:
        return self.result.ranked()

    @cached_property
    def chosen(self) -> UnitResult | None:
        """The unit shown in full: the one asked for, else the first."""
        if self.chosen_unit:
            return self.result.of(self.chosen_unit)
        return self.ranked[0] if self.ranked else None

    @cached_property
    def known(self) -> dict[str, KnownUnit]:
        return {one.code: one for one in self.result.framework.units}

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of each unit in the arrays."""
        return {unit: place for place, unit in enumerate(self.result.table.units)}

    @property
    def warnings(self) -> list[str]:
        """What the run has to say, without its assumptions, which are shown apart."""
        return [
            in_words(one, self.language)
            for one in self.result.warnings
            if not one.startswith("assumption:")
        ]

    @property
    def title(self) -> str:
        return in_language(self.result.framework.names, self.language)

    def name(self, one: UnitResult) -> str:
        return in_language(one.names, self.language) or one.title

    def label(self, code: str) -> str:
        """The name of a node or indicator."""
        return in_language(self.result.framework.names_of(code), self.language)

    def tier(self, code: str) -> str:
        for one in self.result.framework.tiers:
            if one.code == code:
                return in_language(one.names, self.language)
        return code

    def tier_shade(self, code: str) -> int:
        """Intensity 0 to 4, the best tier darkest."""
        codes = [one.code for one in self.result.framework.tiers]
        if code not in codes:
            return 4
        return max(0, 4 - round(codes.index(code) * 4 / max(len(codes) - 1, 1)))

    def group_label(self, group: str, label: str) -> str:
        for one in self.result.framework.groups:
            if one.code == group and label in one.labels:
                return in_language(one.labels[label], self.language)
        return label

    def group_name(self, group: str) -> str:
        for one in self.result.framework.groups:
            if one.code == group:
                return in_language(one.names, self.language)
        return group

    def number(self, value: float | None, digits: int | None = None) -> str:
        """A score as printed; a dash where there is none."""
        digits = self.result.framework.decimals if digits is None else digits
        shown = rounded(value, digits)
        return "–" if shown is None else f"{shown:.{digits}f}"

    def short_number(self, value: float | None, digits: int = 3) -> str:
        """With about so many digits in all, for cells of a picture and for sentences."""
        if value is None or not math.isfinite(value):
            return "–"
        whole = len(f"{abs(value):.0f}")
        return f"{value:.{max(0, digits - whole)}f}"

    def rank(self, one: UnitResult) -> str:
        return "–" if one.rank is None else f"{one.rank:g}"

    def interval(self, one: UnitResult) -> str:
        if one.rank_interval is None:
            return "–"
        low, high = one.rank_interval
        return f"{low}" if low == high else f"{low}–{high}"

    def basis(self, one: UnitResult) -> float:
        """The score that the rank follows."""
        rule = self.result.framework.published
        if rule.decides == "rank" and one.published_score is not None:
            return one.published_score
        return one.score if one.score is not None else math.nan

    @cached_property
    def scores(self) -> Floats:
        return np.array([self.basis(one) for one in self.ranked])

    @cached_property
    def dimensions(self) -> list[Node | Indicator]:
        """The parts of the index."""
        framework = self.result.framework
        return framework.children(framework.root.code)

    @cached_property
    def details(self) -> list[str]:
        """Codes for a profile: all indicators, or the nodes right above them when there are many."""
        framework = self.result.framework
        if len(framework.indicators) <= 16:
            return [one.code for one in framework.indicators]
        parents = dict.fromkeys(one.parent for one in framework.indicators)
        return [code for code in parents if code != framework.root.code] or [
            one.code for one in framework.indicators
        ]

    @cached_property
    def shown(self) -> list[UnitResult | None]:
        """The rows of long pictures; None where units are left out."""
        ranked = self.ranked
        if len(ranked) <= MANY:
            return list(ranked)
        wanted = {*range(20), *range(len(ranked) - 8, len(ranked))}
        if self.chosen in ranked:
            middle = ranked.index(self.chosen)
            wanted |= set(range(max(0, middle - 5), min(len(ranked), middle + 6)))
        rows: list[UnitResult | None] = []
        last = -1
        for place in sorted(wanted):
            if place != last + 1:
                rows.append(None)
            rows.append(ranked[place])
            last = place
        return rows

    def component_range(self, code: str) -> tuple[float, float]:
        """Least and most of a component over the ranked units."""
        values = [one.components[code] for one in self.ranked]
        present = [value for value in values if value is not None]
        return (min(present), max(present)) if present else (0.0, 1.0)

    def shade(self, value: float | None, code: str) -> int | None:
        """Intensity 0 to 4 by the place between the least and the most; None without a value."""
        if value is None:
            return None
        low, high = self.component_range(code)
        return min(4, int(5 * (value - low) / (high - low))) if high > low else 2

    def left_out(self) -> str:
        """What to say when a picture does not show all units."""
        if None not in self.shown:
            return ""
        return _("Not all units are shown; the table has them all.")
