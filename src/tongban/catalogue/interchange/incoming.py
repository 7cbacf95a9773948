"""What every reader gives to the writer, and which remarks stop an import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongban.base.problems import DomainError
from tongban.base.regions import RegionCodeError, pad, prefix_of
from tongban.base.tables import LoadReport
from tongban.catalogue import codes
from tongban.catalogue.interchange.form import ItemForm

# A row with one of these is left out: nothing can be filed, or only by guessing. Unless it is asked
# for, a file with such rows is not imported at all. Every other remark is about a row that is kept.
BLOCKING: Final = frozenset(
    {
        "missing",
        "too_long",
        "bad_value",
        "unknown_field",
        "code_twice",
        "cells",
        "quote",
        "encoding",
        "not_csv",
        "not_json",
        "cyclic_parent",
        "spreadsheet_damage",
    }
)


@dataclass(frozen=True)
class Incoming:
    """An item of a source. `row` is the line that a spreadsheet shows."""

    row: int
    form: ItemForm


class ImportRefused(DomainError):
    """The file has rows that can't be filed, so nothing was imported; `report` names them."""

    def __init__(self, report: LoadReport) -> None:
        rows = sum(count for code, count in report.counts.items() if code in BLOCKING)
        kinds = ", ".join(sorted(set(report.counts) & BLOCKING))
        super().__init__(
            code="import_refused",
            title="Nothing was imported",
            detail=f"{rows:,} rows can't be filed ({kinds})",
            fix="Mend them, or import the others with --partial.",
        )
        self.report = report


def blocked(report: LoadReport) -> bool:
    return any(code in BLOCKING for code in report.counts)


def note_odd_codes(row: int, form: ItemForm, column: str, report: LoadReport) -> None:
    """Name what is odd in an implementation code; it is stored as it is."""
    parsed = codes.parse_item_code(form.code)
    if parsed.pattern == "unknown":
        report.note(row, column, "code_pattern", f"{form.code}: no known pattern")
    elif problem := codes.organ_code_style(parsed.organ).problem:
        report.note(row, column, "organ_in_code", f"{parsed.organ!r} in the code: {problem}")
    if parsed.region and not _same_region(parsed.region, form.region):
        report.note(row, column, "region_in_code", f"the code is of region {parsed.region}")


def _same_region(one: str, other: str) -> bool:
    try:
        return prefix_of(pad(one)) == prefix_of(pad(other))
    except RegionCodeError:
        return False
