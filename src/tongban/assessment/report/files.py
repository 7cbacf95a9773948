"""Writing the report folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from django.utils import translation

from tongban.assessment.report.page import figures, render
from tongban.assessment.report.view import View
from tongban.indices import Assessment
from tongban.indices.missing import Origin
from tongban.indices.result import rounded

LANGUAGES = {"zh-hans": ("中文", "report.html", "zh"), "en": ("English", "report.en.html", "en")}


def write_report(result: Assessment, folder: Path, *, unit: str = "") -> list[Path]:
    """Write pages in both languages, pictures, tables and JSON; the files that were written.

    Every page stands alone: no network, no script. An existing file of the same name is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []

    def write(name: str, text: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)

    for language, (_title, name, short) in LANGUAGES.items():
        other = next(one for code, one in LANGUAGES.items() if code != language)
        with translation.override(language):
            view = View(result, language, unit)
            drawn = figures(view)
            write(name, render(view, drawn, (other[0], other[1])))
            for figure in drawn:
                write(f"pictures/{short}/{figure.code}.svg", figure.wide.file())
                write(f"pictures/{short}/{figure.code}-phone.svg", figure.narrow.file())
    write(
        "assessment.json",
        json.dumps(result.as_json(), ensure_ascii=False, allow_nan=False, indent=2) + "\n",
    )
    for name, rows in (("scores.csv", _scores(result)), ("indicators.csv", _indicators(result))):
        # With a byte order mark, so that spreadsheets read Chinese.
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as lines:
            csv.writer(lines).writerows(rows)
        written.append(folder / name)
    return written


def _scores(result: Assessment) -> Iterable[list[object]]:
    codes = [node.code for node in result.framework.nodes]
    groups = [group.code for group in result.framework.groups]
    yield ["unit", "name", "score", "rank", "rank_low", "rank_high", "tier", "tier_part", "status",
           "coverage", "published_score", "published_rank", "previous_score", "previous_rank",
           "rank_change", *(f"group:{code}" for code in groups), *codes]  # fmt: skip
    for one in result.units:
        low, high = one.rank_interval or (None, None)
        before = one.before
        yield [
            safe(one.unit), safe(one.title), rounded(one.score, 6), one.rank, low, high, one.tier,
            one.tier_part, one.status, rounded(one.quality.coverage, 4), one.published_score,
            one.published_rank, rounded(before.score, 6) if before else None,
            before.rank if before else None, one.rank_change,
            *(safe(one.groups.get(code, "")) for code in groups),
            *(rounded(one.components[code], 6) for code in codes),
        ]  # fmt: skip


def _indicators(result: Assessment) -> Iterable[list[object]]:
    yield [
        "unit",
        "name",
        "indicator",
        "value",
        "origin",
        "normalised",
        "effective_weight",
        "points",
    ]
    for row, one in enumerate(result.units):
        for column, indicator in enumerate(result.framework.indicators):
            yield [
                safe(one.unit), safe(one.title), indicator.code,
                rounded(float(result.table.values[row, column]), 6),
                Origin(int(result.origins[row, column])).code,
                rounded(float(result.leaves[row, column]), 6),
                rounded(float(result.effective[row, column]), 6),
                rounded(float(result.points[row, column]), 6),
            ]  # fmt: skip


def safe(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
