"""What a framework is: the tree, the data's layout and every choice of method, as plain data.

A framework decides nothing itself: each field is read by the step of the same name. The steps are
those of the OECD/JRC Handbook on Constructing Composite Indicators (2008, ISBN 978-92-64-04345-9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Bounds = tuple[float | None, float | None]
"""Lower and upper bound, both inside; None is open."""

Names = Mapping[str, str]
"""A name or text by language: `en`, `zh`."""


def in_language(names: Names, language: str) -> str:
    """The text in a language (`en`, `zh-hans`), else in the one that is there."""
    short = language.split("-")[0]
    return names.get(short) or next(iter(names.values()), "")


@dataclass(frozen=True)
class Tier:
    """A class of scores: above `above`, or from `start` on; the last one takes the rest."""

    code: str
    names: Names
    above: float | None = None
    start: float | None = None
    parts: tuple[str, ...] = ()
    """Codes of equal parts of the units inside the tier, best first (quartiles of the UN, 2020)."""

    def holds(self, score: float) -> bool:
        if self.above is not None:
            return score > self.above
        return self.start is None or score >= self.start


@dataclass(frozen=True)
class Node:
    """An index, sub-index or dimension: made of its children."""

    code: str
    names: Names
    parent: str = ""
    weight: float = 1.0
    aggregation: str = ""


@dataclass(frozen=True)
class Indicator:
    """A measured column of the table; a leaf of the tree."""

    code: str
    names: Names
    parent: str
    weight: float = 1.0
    direction: Literal[1, -1] = 1
    unit: str = ""
    source: str = ""
    columns: tuple[str, ...] = ()
    denominator: str = ""
    factor: float = 1.0
    valid: Bounds = (None, None)
    out_of_range: Literal["refuse", "warn"] = "refuse"
    goalposts: Bounds = (None, None)
    reference: float | None = None
    steps: tuple[float, ...] = ()
    """Lower bounds of the categories of a categorical scale, from the second category on."""
    definition: Names = field(default_factory=dict)


@dataclass(frozen=True)
class GroupRule:
    """A way to group the units: by a column, or by a list of members."""

    code: str
    names: Names
    columns: tuple[str, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, Names] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """How the table names its columns; the first of the aliases that is there counts."""

    unit: tuple[str, ...]
    name: tuple[str, ...] = ()
    denominators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownUnit:
    """A unit that the framework knows: its code, other names, its place on a tile grid."""

    code: str
    names: Names
    aliases: tuple[str, ...] = ()
    tile: tuple[int, int] | None = None
    short: Names = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """Columns with the figures that the publisher printed."""

    score: tuple[str, ...] = ()
    rank: tuple[str, ...] = ()
    tolerance: float = 0.0
    decides: Literal["rank", "score", "nothing"] = "rank"
    """`rank`: ranks and tiers follow the published score, the score is recomputed.
    `score`: the published score is the score."""
    blank_rank_is_unassessed: bool = False


@dataclass(frozen=True)
class Estimate:
    """A value from a source outside the table, for a cell that is missing in it."""

    unit: str
    indicator: str
    value: float
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class MissingRule:
    """Handbook step 3. `rule` is one of `missing.RULES`; estimates come before it."""

    rule: str = "refuse"
    group: str = ""
    estimates: tuple[Estimate, ...] = ()


@dataclass(frozen=True)
class Incomplete:
    """Units whose set is incomplete by the publisher's rule get a fixed score."""

    indicators: tuple[str, ...] = ()
    zero_counts: bool = True
    score: float = 0.0


@dataclass(frozen=True)
class Screening:
    """Units with a smaller share of data are left out; before or after imputation."""

    minimum: float = 0.0
    after_imputation: bool = False


@dataclass(frozen=True)
class Outliers:
    """Handbook step 5 asks to treat skewed indicators before scaling them."""

    method: Literal["none", "winsorise", "log", "box_cox"] = "none"
    skewness: float = 2.0
    kurtosis: float = 3.5
    most_points: int = 5
    otherwise: Literal["none", "log", "box_cox"] = "none"


@dataclass(frozen=True)
class Normalisation:
    """Handbook step 5."""

    method: str = "min_max"
    low: float = 0.0
    high: float = 100.0


@dataclass(frozen=True)
class Weighting:
    """Handbook step 6. `shares` bound the pie shares of the benefit of the doubt."""

    method: str = "given"
    shares: Bounds = (None, None)
    allocations: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Aggregation:
    """Handbook step 6. `power` is for the generalised mean."""

    method: str = "arithmetic"
    power: float = 1.0


@dataclass(frozen=True)
class Quality:
    """The catastrophe guard: shares of a unit's weight that rest on its own valid data."""

    mark_below: float = 0.9
    withhold_below: float = 0.5
    table_below: float = 0.5
    oldest_years: float | None = None


@dataclass(frozen=True)
class Uncertainty:
    """What is varied to see how sure a rank is (handbook step 7)."""

    weight_spread: float = 0.25
    normalisations: tuple[str, ...] = ()
    aggregations: tuple[str, ...] = ()
    draws: int = 2000
    level: float = 0.9


@dataclass(frozen=True)
class Recognition:
    """A published figure by which an edition's table is known."""

    unit: str
    column: str
    value: float


@dataclass(frozen=True)
class Edition:
    """One edition's rules, laid over the framework's."""

    code: str
    overlay: Mapping[str, object]
    recognise: tuple[Recognition, ...] = ()


@dataclass(frozen=True)
class Framework:
    """A tree of indicators with every choice of method, for one edition."""

    id: str
    names: Names
    layout: Layout
    nodes: tuple[Node, ...]
    indicators: tuple[Indicator, ...]
    edition: str = ""
    source: str = ""
    decimals: int = 2
    units: tuple[KnownUnit, ...] = ()
    published: Published = Published()
    missing: MissingRule = MissingRule()
    incomplete: Incomplete = Incomplete()
    screening: Screening = Screening()
    outliers: Outliers = Outliers()
    normalisation: Normalisation = Normalisation()
    weighting: Weighting = Weighting()
    aggregation: Aggregation = Aggregation()
    ties: str = "competition"
    tiers: tuple[Tier, ...] = ()
    tier_basis: Literal["score", "difference", "quantile"] = "score"
    tier_unions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: tuple[GroupRule, ...] = ()
    quality: Quality = Quality()
    uncertainty: Uncertainty = Uncertainty()
    assumptions: tuple[Names, ...] = ()
    notes: tuple[Names, ...] = ()

    @property
    def parts(self) -> list[Node | Indicator]:
        """All nodes, then all indicators."""
        return [*self.nodes, *self.indicators]

    @property
    def root(self) -> Node:
        return next(node for node in self.nodes if not node.parent)

    def children(self, code: str) -> list[Node | Indicator]:
        """The parts of a node, indicators first, in the framework's order."""
        parts: list[Node | Indicator] = [one for one in self.indicators if one.parent == code]
        return parts + [node for node in self.nodes if node.parent == code]

    def bottom_up(self) -> list[Node]:
        """The nodes, each after all nodes below it."""
        order: list[Node] = []

        def visit(node: Node) -> None:
            for child in self.nodes:
                if child.parent == node.code:
                    visit(child)
            order.append(node)

        visit(self.root)
        return order

    def names_of(self, code: str) -> Names:
        """The names of a node or indicator."""
        for one in self.parts:
            if one.code == code:
                return one.names
        raise KeyError(code)
