"""The sections of a framework file, each read into its part of the model."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from tongban.indices import aggregation, missing, normalisation, ranks, weights
from tongban.indices.framework.model import (
    Aggregation,
    Bounds,
    Estimate,
    Framework,
    GroupRule,
    Incomplete,
    Indicator,
    KnownUnit,
    Layout,
    MissingRule,
    Names,
    Node,
    Normalisation,
    Outliers,
    Published,
    Quality,
    Screening,
    Tier,
    Uncertainty,
    Weighting,
)

BLANKS = ("", "-", "–", "—", "..", "...", "…", "NA", "N/A", "n/a", "nan", "NaN", "null", "无", "缺")
SECTIONS = {
    "id", "name", "source", "decimals", "table", "units", "published", "node", "indicator",
    "missing", "incomplete", "screening", "outliers", "normalisation", "weighting", "aggregation",
    "ranking", "tiers", "group", "quality", "uncertainty", "assumptions", "notes",
}  # fmt: skip


class Reader:
    """Takes values out of TOML tables and notes each fault with its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []

    def fault(self, place: str, reason: str) -> None:
        self.faults.append(f"{place}: {reason}")

    def unknown(self, place: str, table: Mapping[str, Any], known: str) -> None:
        for key in table:
            if key not in known.split():
                self.fault(f"{place}.{key}", f"is not known; known are {known}")

    def number(self, place: str, table: Mapping[str, Any], key: str, default: Any) -> Any:
        value = table.get(key, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.fault(f"{place}.{key}", f"must be a number, is {value!r}")
            return default
        return value

    def choice(
        self, place: str, table: Mapping[str, Any], key: str, default: str, allowed: Any
    ) -> str:
        value = str(table.get(key, default))
        if value not in allowed:
            self.fault(f"{place}.{key}", f"{value!r} is none of {', '.join(sorted(allowed))}")
            return default
        return value

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, ())
        return (value,) if isinstance(value, str) else tuple(str(one) for one in value)

    def bounds(self, place: str, table: Mapping[str, Any], key: str) -> Bounds:
        value = table.get(key)
        if value is None:
            return (None, None)
        if isinstance(value, list) and len(value) == 2:
            low, high = (None if one == "" else one for one in value)
            if all(one is None or isinstance(one, int | float) for one in (low, high)):
                if low is None or high is None or low < high:
                    return (low, high)
                self.fault(f"{place}.{key}", f"the lower bound {low} is not below {high}")
                return (None, None)
        self.fault(f"{place}.{key}", 'must be [low, high], with "" for an open end')
        return (None, None)


def names(value: Any, otherwise: str = "") -> Names:
    """A name as `"text"` or `{ en = "…", zh = "…" }`."""
    if isinstance(value, Mapping):
        return {str(key): str(text) for key, text in value.items()}
    return {"en": str(value if value is not None else otherwise)}


def build(reader: Reader, document: Mapping[str, Any], edition: str) -> Framework | None:
    """The framework of a document; faults are noted in the reader, None when it has no tree."""
    reader.unknown("framework", document, " ".join(sorted(SECTIONS)))
    nodes = tuple(_node(reader, n, one) for n, one in enumerate(document.get("node", []), 1))
    indicators = tuple(
        _indicator(reader, n, one) for n, one in enumerate(document.get("indicator", []), 1)
    )
    _check_tree(reader, nodes, indicators)
    layout = _layout(reader, document.get("table", {}))
    tiers = document.get("tiers", {})
    if reader.faults:
        return None
    units = _units(reader, document.get("units", {}))
    framework = Framework(
        id=str(document.get("id", "")),
        names=names(document.get("name"), str(document.get("id", ""))),
        edition=edition,
        source=str(document.get("source", "")),
        decimals=int(document.get("decimals", 2)),
        layout=layout,
        nodes=nodes,
        indicators=indicators,
        units=units[0],
        published=_published(reader, document.get("published", {})),
        missing=_missing(reader, document.get("missing", {})),
        incomplete=_incomplete(document.get("incomplete", {})),
        screening=_screening(reader, document.get("screening", {})),
        outliers=_outliers(reader, document.get("outliers", {})),
        normalisation=_normalisation(reader, document.get("normalisation", {})),
        weighting=_weighting(reader, document.get("weighting", {})),
        aggregation=_aggregation(reader, document.get("aggregation", {})),
        ties=reader.choice(
            "ranking", document.get("ranking", {}), "ties", "competition", ranks.RULES
        ),
        tiers=tuple(_tier(reader, n, one) for n, one in enumerate(tiers.get("classes", []), 1)),
        tier_basis=cast(
            Literal["score", "difference"],
            reader.choice("tiers", tiers, "basis", "score", ("score", "difference")),
        ),
        tier_unions={code: tuple(parts) for code, parts in tiers.get("unions", {}).items()},
        groups=tuple(
            _group(reader, n, one, units[1]) for n, one in enumerate(document.get("group", []), 1)
        ),
        quality=_quality(reader, document.get("quality", {})),
        uncertainty=_uncertainty(reader, document.get("uncertainty", {})),
        assumptions=tuple(names(one) for one in document.get("assumptions", [])),
        notes=tuple(names(one) for one in document.get("notes", [])),
    )
    _check_references(reader, framework)
    return framework


def _node(reader: Reader, number: int, table: Mapping[str, Any]) -> Node:
    place = f"node {table.get('code', number)}"
    reader.unknown(place, table, "code name parent weight aggregation")
    return Node(
        code=str(table.get("code", "")),
        names=names(table.get("name"), str(table.get("code", ""))),
        parent=str(table.get("parent", "")),
        weight=_weight(reader, place, table),
        aggregation=reader.choice(place, table, "aggregation", "", ("", *aggregation.METHODS)),
    )


def _weight(reader: Reader, place: str, table: Mapping[str, Any]) -> float:
    weight = float(reader.number(place, table, "weight", 1.0))
    if weight < 0:
        reader.fault(f"{place}.weight", f"must not be negative, is {weight}")
    return weight


def _indicator(reader: Reader, number: int, table: Mapping[str, Any]) -> Indicator:
    code = str(table.get("code", ""))
    place = f"indicator {code or number}"
    reader.unknown(
        place,
        table,
        "code name parent weight direction unit source column denominator factor valid"
        " out_of_range goalposts reference steps definition",
    )
    direction = reader.choice(place, table, "direction", "up", ("up", "down"))
    return Indicator(
        code=code,
        names=names(table.get("name"), code),
        parent=str(table.get("parent", "")),
        weight=_weight(reader, place, table),
        direction=1 if direction == "up" else -1,
        unit=str(table.get("unit", "")),
        source=str(table.get("source", "")),
        columns=reader.texts(table, "column") or (code,),
        denominator=str(table.get("denominator", "")),
        factor=float(reader.number(place, table, "factor", 1.0)),
        valid=reader.bounds(place, table, "valid"),
        out_of_range=cast(
            Literal["refuse", "warn"],
            reader.choice(place, table, "out_of_range", "refuse", ("refuse", "warn")),
        ),
        goalposts=reader.bounds(place, table, "goalposts"),
        reference=reader.number(place, table, "reference", None),
        steps=tuple(float(one) for one in table.get("steps", ())),
        definition=names(table.get("definition", "")),
    )


def _check_tree(reader: Reader, nodes: tuple[Node, ...], indicators: tuple[Indicator, ...]) -> None:
    everything: list[Node | Indicator] = [*nodes, *indicators]
    codes = [one.code for one in everything]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        reader.fault(f"code {code!r}", "stands twice" if code else "is missing in a part")
    parents = {node.code: node.parent for node in nodes}
    for one in everything:
        if one.parent and one.parent not in parents:
            reader.fault(one.code, f"its parent {one.parent!r} is no node")
        elif not one.parent and isinstance(one, Indicator):
            reader.fault(one.code, "has no parent")
    roots = [node.code for node in nodes if not node.parent]
    if len(roots) != 1:
        reader.fault("node", f"one node without parent is the index itself; there are {len(roots)}")
    for node in nodes:
        seen, code = {node.code}, node.parent
        while code in parents and code:
            if code in seen:
                reader.fault(node.code, "is its own ancestor")
                break
            seen.add(code)
            code = parents[code]
        parts = [one for one in everything if one.parent == node.code]
        if not parts:
            reader.fault(node.code, "has no parts")
        elif not sum(one.weight for one in parts) > 0:
            reader.fault(node.code, "the weights of its parts are all zero")


def _layout(reader: Reader, table: Mapping[str, Any]) -> Layout:
    reader.unknown("table", table, "unit name denominators ignore missing")
    if not table.get("unit"):
        reader.fault("table.unit", "is missing: the column that names the units")
    shares = table.get("denominators", {})
    return Layout(
        unit=reader.texts(table, "unit"),
        name=reader.texts(table, "name"),
        denominators={code: reader.texts(shares, code) for code in shares},
        ignore=reader.texts(table, "ignore"),
        missing=reader.texts(table, "missing") or BLANKS,
    )


def _units(
    reader: Reader, table: Mapping[str, Any]
) -> tuple[tuple[KnownUnit, ...], list[dict[str, str]]]:
    """The units of `file`, a CSV beside the framework: code, name, name_en, short, short_en,
    aliases, col, row."""
    if not table:
        return (), []
    path = reader.folder / str(table.get("file", ""))
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as problem:
        reader.fault("units.file", f"{path.name}: {problem.strerror}")
        return (), []
    known = []
    for row in rows:
        tile = (int(row["col"]), int(row["row"])) if row.get("col") else None
        titles = {"zh": row["name"], "en": row.get("name_en") or row["name"]}
        aliases = tuple(one for one in row.get("aliases", "").split("|") if one)
        short = {"zh": row.get("short") or row["name"], "en": row.get("short_en") or titles["en"]}
        known.append(KnownUnit(row["code"], titles, (*titles.values(), *aliases), tile, short))
    return tuple(known), rows


def _published(reader: Reader, table: Mapping[str, Any]) -> Published:
    reader.unknown("published", table, "score rank tolerance decides blank_rank")
    return Published(
        score=reader.texts(table, "score"),
        rank=reader.texts(table, "rank"),
        tolerance=float(reader.number("published", table, "tolerance", 0.0)),
        decides=cast(
            Literal["rank", "score", "nothing"],
            reader.choice("published", table, "decides", "rank", ("rank", "score", "nothing")),
        ),
        blank_rank_is_unassessed=table.get("blank_rank") == "not assessed",
    )


def _missing(reader: Reader, table: Mapping[str, Any]) -> MissingRule:
    reader.unknown("missing", table, "rule group estimates")
    estimates = []
    for number, one in enumerate(table.get("estimates", []), 1):
        place = f"missing.estimates {number}"
        value = float(reader.number(place, one, "value", 0.0))
        if not one.get("source"):
            reader.fault(f"{place}.source", "is missing: an estimate without a source is a guess")
        estimates.append(
            Estimate(
                unit=str(one.get("unit", "")),
                indicator=str(one.get("indicator", "")),
                value=value,
                low=float(reader.number(place, one, "low", value)),
                high=float(reader.number(place, one, "high", value)),
                source=str(one.get("source", "")),
            )
        )
    return MissingRule(
        rule=reader.choice("missing", table, "rule", "refuse", missing.RULES),
        group=str(table.get("group", "")),
        estimates=tuple(estimates),
    )


def _incomplete(table: Mapping[str, Any]) -> Incomplete:
    return Incomplete(
        indicators=tuple(table.get("indicators", ())),
        zero_counts=bool(table.get("zero_counts", True)),
        score=float(table.get("score", 0.0)),
    )


def _screening(reader: Reader, table: Mapping[str, Any]) -> Screening:
    return Screening(
        minimum=float(reader.number("screening", table, "minimum", 0.0)),
        after_imputation=reader.choice(
            "screening", table, "on", "raw", ("raw", "imputed")
        ) == "imputed",
    )  # fmt: skip


def _outliers(reader: Reader, table: Mapping[str, Any]) -> Outliers:
    reader.unknown("outliers", table, "method skewness kurtosis most_points otherwise")
    methods = ("none", "winsorise", "log", "box_cox")
    return Outliers(
        method=cast(Any, reader.choice("outliers", table, "method", "none", methods)),
        skewness=float(reader.number("outliers", table, "skewness", 2.0)),
        kurtosis=float(reader.number("outliers", table, "kurtosis", 3.5)),
        most_points=int(reader.number("outliers", table, "most_points", 5)),
        otherwise=cast(
            Any, reader.choice("outliers", table, "otherwise", "none", ("none", "log", "box_cox"))
        ),
    )


def _normalisation(reader: Reader, table: Mapping[str, Any]) -> Normalisation:
    reader.unknown("normalisation", table, "method range")
    low, high = reader.bounds("normalisation", {"range": [0, 100], **table}, "range")
    return Normalisation(
        method=reader.choice("normalisation", table, "method", "min_max", normalisation.METHODS),
        low=float(low if low is not None else 0.0),
        high=float(high if high is not None else 100.0),
    )


def _weighting(reader: Reader, table: Mapping[str, Any]) -> Weighting:
    reader.unknown("weighting", table, "method shares allocations")
    return Weighting(
        method=reader.choice("weighting", table, "method", "given", weights.METHODS),
        shares=reader.bounds("weighting", table, "shares"),
        allocations={
            code: tuple(float(one) for one in points)
            for code, points in table.get("allocations", {}).items()
        },
    )


def _aggregation(reader: Reader, table: Mapping[str, Any]) -> Aggregation:
    reader.unknown("aggregation", table, "method power")
    return Aggregation(
        method=reader.choice("aggregation", table, "method", "arithmetic", aggregation.METHODS),
        power=float(reader.number("aggregation", table, "power", 1.0)),
    )


def _tier(reader: Reader, number: int, table: Mapping[str, Any]) -> Tier:
    place = f"tiers.classes {table.get('code', number)}"
    reader.unknown(place, table, "code name above from parts")
    return Tier(
        code=str(table.get("code", "")),
        names=names(table.get("name"), str(table.get("code", ""))),
        above=reader.number(place, table, "above", None),
        start=reader.number(place, table, "from", None),
        parts=reader.texts(table, "parts"),
    )


def _group(
    reader: Reader, number: int, table: Mapping[str, Any], rows: list[dict[str, str]]
) -> GroupRule:
    place = f"group {table.get('code', number)}"
    reader.unknown(place, table, "code name column from_units members labels references")
    members: dict[str, tuple[str, ...]] = {
        label: tuple(codes) for label, codes in table.get("members", {}).items()
    }
    column = str(table.get("from_units", ""))
    for row in rows:
        if row.get(column):
            members[row[column]] = (*members.get(row[column], ()), row["code"])
    return GroupRule(
        code=str(table.get("code", "")),
        names=names(table.get("name"), str(table.get("code", ""))),
        columns=reader.texts(table, "column"),
        members=members,
        labels={label: names(value) for label, value in table.get("labels", {}).items()},
        references={label: float(value) for label, value in table.get("references", {}).items()},
    )


def _quality(reader: Reader, table: Mapping[str, Any]) -> Quality:
    reader.unknown("quality", table, "mark_below withhold_below table_below oldest_years")
    default = Quality()
    return Quality(
        mark_below=float(reader.number("quality", table, "mark_below", default.mark_below)),
        withhold_below=float(
            reader.number("quality", table, "withhold_below", default.withhold_below)
        ),
        table_below=float(reader.number("quality", table, "table_below", default.table_below)),
        oldest_years=reader.number("quality", table, "oldest_years", None),
    )


def _uncertainty(reader: Reader, table: Mapping[str, Any]) -> Uncertainty:
    reader.unknown("uncertainty", table, "weight_spread normalisations aggregations draws level")
    default = Uncertainty()
    for method in table.get("normalisations", ()):
        reader.choice("uncertainty", {"normalisations": method}, "normalisations", "min_max",
                      normalisation.METHODS)  # fmt: skip
    for method in table.get("aggregations", ()):
        reader.choice("uncertainty", {"aggregations": method}, "aggregations", "arithmetic",
                      aggregation.METHODS)  # fmt: skip
    return Uncertainty(
        weight_spread=float(
            reader.number("uncertainty", table, "weight_spread", default.weight_spread)
        ),
        normalisations=reader.texts(table, "normalisations"),
        aggregations=reader.texts(table, "aggregations"),
        draws=int(reader.number("uncertainty", table, "draws", default.draws)),
        level=float(reader.number("uncertainty", table, "level", default.level)),
    )


def _check_references(reader: Reader, framework: Framework) -> None:
    """Names that point to other parts point to something."""
    for one in framework.indicators:
        if one.denominator and one.denominator not in framework.layout.denominators:
            reader.fault(f"indicator {one.code}.denominator", f"{one.denominator!r} is not in"
                         " table.denominators")  # fmt: skip
        if framework.normalisation.method == "goalposts" and None in one.goalposts:
            reader.fault(f"indicator {one.code}.goalposts", "is missing: [low, high]")
        if framework.normalisation.method == "reference" and not one.reference:
            reader.fault(f"indicator {one.code}.reference", "is missing or zero")
        if framework.normalisation.method == "categories" and not one.steps:
            reader.fault(f"indicator {one.code}.steps", "is missing")
    codes = {one.code for one in framework.indicators}
    for code in framework.incomplete.indicators:
        if code not in codes:
            reader.fault("incomplete.indicators", f"{code!r} is no indicator")
    for estimate in framework.missing.estimates:
        if estimate.indicator not in codes:
            reader.fault("missing.estimates", f"{estimate.indicator!r} is no indicator")
    groups = {group.code for group in framework.groups}
    if framework.missing.rule == "group_mean" and framework.missing.group not in groups:
        reader.fault("missing.group", f"{framework.missing.group!r} is no group")
    tiers = {tier.code for tier in framework.tiers}
    for code, parts in framework.tier_unions.items():
        for part in parts:
            if part not in tiers:
                reader.fault(f"tiers.unions.{code}", f"{part!r} is no tier")
