"""The sections of a framework file, each read into its part of the model."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, Literal, cast

from tongban.indices import aggregation, ranks
from tongban.indices.framework import choices
from tongban.indices.framework.model import (
    Framework,
    Indicator,
    KnownUnit,
    Layout,
    Node,
)
from tongban.indices.framework.reader import Reader, names

BLANKS = ("", "-", "–", "—", "..", "...", "…", "NA", "N/A", "n/a", "nan", "NaN", "null", "无", "缺")
SECTIONS = {
    "id", "name", "source", "decimals", "table", "units", "published", "node", "indicator",
    "missing", "incomplete", "screening", "outliers", "normalisation", "weighting", "aggregation",
    "ranking", "tiers", "group", "quality", "uncertainty", "assumptions", "notes",
}  # fmt: skip


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
        published=choices.published(reader, document.get("published", {})),
        missing=choices.missing(reader, document.get("missing", {})),
        incomplete=choices.incomplete(document.get("incomplete", {})),
        screening=choices.screening(reader, document.get("screening", {})),
        outliers=choices.outliers(reader, document.get("outliers", {})),
        normalisation=choices.normalisation(reader, document.get("normalisation", {})),
        weighting=choices.weighting(reader, document.get("weighting", {})),
        aggregation=choices.aggregation(reader, document.get("aggregation", {})),
        ties=reader.choice(
            "ranking", document.get("ranking", {}), "ties", "competition", ranks.RULES
        ),
        tiers=tuple(
            choices.tier(reader, n, one) for n, one in enumerate(tiers.get("classes", []), 1)
        ),
        tier_basis=cast(
            Literal["score", "difference", "quantile"],
            reader.choice("tiers", tiers, "basis", "score", ("score", "difference", "quantile")),
        ),
        tier_unions={code: tuple(parts) for code, parts in tiers.get("unions", {}).items()},
        groups=tuple(
            choices.group(reader, n, one, units[1])
            for n, one in enumerate(document.get("group", []), 1)
        ),
        quality=choices.quality(reader, document.get("quality", {})),
        uncertainty=choices.uncertainty(reader, document.get("uncertainty", {})),
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


def _check_references(reader: Reader, framework: Framework) -> None:
    """Names that point to other parts point to something."""
    methods = {framework.normalisation.method, *framework.uncertainty.normalisations}
    for one in framework.indicators:
        place = f"indicator {one.code}"
        if one.denominator and one.denominator not in framework.layout.denominators:
            reader.fault(
                f"{place}.denominator", f"{one.denominator!r} is not in table.denominators"
            )
        if "goalposts" in methods and None in one.goalposts:
            reader.fault(f"{place}.goalposts", "is missing: [low, high]")
        if "reference" in methods and not one.reference:
            reader.fault(f"{place}.reference", "is missing or zero")
        if "categories" in methods and not one.steps:
            reader.fault(f"{place}.steps", "is missing")
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
