"""An assessment as a table on the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import click

from tongban.indices import Assessment, UnitResult
from tongban.indices.result import rounded


def print_result(result: Assessment) -> None:
    """Rank, score, tier and change of each unit on stdout, then the summary; warnings on stderr."""
    for line in result.warnings:
        click.echo(f"warning: {line}", err=True)
    framework = result.framework
    edition = f", edition {framework.edition}" if framework.edition else ""
    click.echo(f"{framework.names.get('en', framework.id)}{edition}")
    click.echo()
    rows = [_row(result, one) for one in result.ranked()]
    rows += [_row(result, one) for one in result.units if one.rank is None]
    head = ["rank", "unit", "name", "score", "tier", "usual ranks"]
    if result.previous is not None:
        head += ["before", "change"]
    for line in aligned([head, *rows], right={0, 3, 6, 7}):
        click.echo(line)
    click.echo()
    for line in _summary(result):
        click.echo(line)


def _row(result: Assessment, one: UnitResult) -> list[str]:
    digits = result.framework.decimals
    low, high = one.rank_interval or ("", "")
    cells = [
        "-" if one.rank is None else f"{one.rank:g}",
        one.unit,
        one.title if one.title != one.unit else "",
        _number(one.score, digits),
        " ".join(part for part in (one.tier.replace("_", " "), one.tier_part) if part)
        if one.rank is not None
        else one.status.replace("_", " "),
        f"{low}-{high}" if one.rank_interval else "",
    ]
    if result.previous is not None:
        before = one.before.rank if one.before else None
        cells += ["" if before is None else f"{before:g}", moved(one.rank_change)]
    return cells


def moved(places: float | None) -> str:
    """Places won or lost, as `up 8`, `down 3`, `same`."""
    if places is None:
        return ""
    return "same" if places == 0 else f"{'up' if places > 0 else 'down'} {abs(places):g}"


def _number(value: float | None, digits: int) -> str:
    shown = rounded(value, digits)
    return "" if shown is None else f"{shown:.{digits}f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def aligned(rows: list[list[str]], right: Iterable[int]) -> list[str]:
    """Rows with their columns under each other; those of `right` end at the same place."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _width(cell))
            cells.append(space + cell if column in right else cell + space)
        lines.append("  ".join(cells).rstrip())
    return lines


def _summary(result: Assessment) -> list[str]:
    summary, document = result.summary, result.as_json()["summary"]
    digits = result.framework.decimals
    above = document["above_mean"]
    lines = [
        f"{summary.ranked} of {summary.units} units ranked; mean"
        f" {_number(summary.mean, digits)}; {above['count']} above it ({above['share_percent']} %)"
    ]
    if len(summary.by_dimension) > 1:
        means = (f"{code} {_number(mean, digits)}" for code, mean in summary.by_dimension.items())
        lines.append("means: " + ", ".join(means))
    for code, count in summary.tiers.items():
        lines.append(
            f"tier {code.replace('_', ' ')}: {count} ({document['tier_share_percent'][code]} %)"
        )
    for code, mean in document["tier_mean"].items():
        relative = document["relative_to_mean_percent"][code]
        lines.append(
            f"mean of {code.replace('_', ' ')}: {_number(mean, digits)}"
            + (f" ({relative:+.2f} % against the mean)" if relative is not None else "")
        )
    for code, groups in summary.groups.items():
        shown = (f"{one.label} {_number(one.mean, digits)}" for one in groups)
        lines.append(f"{code}: " + ", ".join(shown))
    if result.outside:
        outside = result.outside
        lines.append(
            f"with {outside.column}{' ' + outside.year if outside.year else ''}: Spearman"
            f" {outside.spearman:.2f}, Pearson {outside.pearson:.2f} over {outside.units} units"
        )
    return lines
