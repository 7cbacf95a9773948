"""The sections of a framework file that choose methods, each read into its part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from tongban.indices import aggregation as aggregations
from tongban.indices import missing as missing_rules
from tongban.indices import normalisation as normalisations
from tongban.indices import weights
from tongban.indices.framework.model import (
    Aggregation,
    Estimate,
    GroupRule,
    Incomplete,
    MissingRule,
    Normalisation,
    Outliers,
    Published,
    Quality,
    Screening,
    Tier,
    Uncertainty,
    Weighting,
)
from tongban.indices.framework.reader import Reader, names


def published(reader: Reader, table: Mapping[str, Any]) -> Published:
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


def missing(reader: Reader, table: Mapping[str, Any]) -> MissingRule:
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
        rule=reader.choice("missing", table, "rule", "refuse", missing_rules.RULES),
        group=str(table.get("group", "")),
        estimates=tuple(estimates),
    )


def incomplete(table: Mapping[str, Any]) -> Incomplete:
    return Incomplete(
        indicators=tuple(table.get("indicators", ())),
        zero_counts=bool(table.get("zero_counts", True)),
        score=float(table.get("score", 0.0)),
    )


def screening(reader: Reader, table: Mapping[str, Any]) -> Screening:
    return Screening(
        minimum=float(reader.number("screening", table, "minimum", 0.0)),
        after_imputation=reader.choice(
            "screening", table, "on", "raw", ("raw", "imputed")
        ) == "imputed",
    )  # fmt: skip


def outliers(reader: Reader, table: Mapping[str, Any]) -> Outliers:
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


def normalisation(reader: Reader, table: Mapping[str, Any]) -> Normalisation:
    reader.unknown("normalisation", table, "method range")
    low, high = reader.bounds("normalisation", {"range": [0, 100], **table}, "range")
    return Normalisation(
        method=reader.choice("normalisation", table, "method", "min_max", normalisations.METHODS),
        low=float(low if low is not None else 0.0),
        high=float(high if high is not None else 100.0),
    )


def weighting(reader: Reader, table: Mapping[str, Any]) -> Weighting:
    reader.unknown("weighting", table, "method shares allocations")
    return Weighting(
        method=reader.choice("weighting", table, "method", "given", weights.METHODS),
        shares=reader.bounds("weighting", table, "shares"),
        allocations={
            code: tuple(float(one) for one in points)
            for code, points in table.get("allocations", {}).items()
        },
    )


def aggregation(reader: Reader, table: Mapping[str, Any]) -> Aggregation:
    reader.unknown("aggregation", table, "method power")
    return Aggregation(
        method=reader.choice("aggregation", table, "method", "arithmetic", aggregations.METHODS),
        power=float(reader.number("aggregation", table, "power", 1.0)),
    )


def tier(reader: Reader, number: int, table: Mapping[str, Any]) -> Tier:
    place = f"tiers.classes {table.get('code', number)}"
    reader.unknown(place, table, "code name above from parts")
    return Tier(
        code=str(table.get("code", "")),
        names=names(table.get("name"), str(table.get("code", ""))),
        above=reader.number(place, table, "above", None),
        start=reader.number(place, table, "from", None),
        parts=reader.texts(table, "parts"),
    )


def group(
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


def quality(reader: Reader, table: Mapping[str, Any]) -> Quality:
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


def uncertainty(reader: Reader, table: Mapping[str, Any]) -> Uncertainty:
    reader.unknown("uncertainty", table, "weight_spread normalisations aggregations draws level")
    default = Uncertainty()
    for method in table.get("normalisations", ()):
        reader.choice("uncertainty", {"normalisations": method}, "normalisations", "min_max",
                      normalisations.METHODS)  # fmt: skip
    for method in table.get("aggregations", ()):
        reader.choice("uncertainty", {"aggregations": method}, "aggregations", "arithmetic",
                      aggregations.METHODS)  # fmt: skip
    return Uncertainty(
        weight_spread=float(
            reader.number("uncertainty", table, "weight_spread", default.weight_spread)
        ),
        normalisations=reader.texts(table, "normalisations"),
        aggregations=reader.texts(table, "aggregations"),
        draws=int(reader.number("uncertainty", table, "draws", default.draws)),
        level=float(reader.number("uncertainty", table, "level", default.level)),
    )
