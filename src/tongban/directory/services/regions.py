"""Loading administrative divisions (区划) from the tables of the yearly statistical codes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import transaction

from tongban.base.clocks import utc_now
from tongban.base.regions import NATION, Level, RegionCodeError, pad, parent_of, prefix_of
from tongban.base.tables import LoadReport, Row, TableError, read_table
from tongban.directory.models import Region
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

PACKAGED = Path(__file__).parent.parent / "data" / "divisions"
BATCH = 2_000

# File, level, digits of a code in it, column that names the parent.
LEVELS = (
    ("provinces", Level.PROVINCIAL, 2, ""),
    ("cities", Level.MUNICIPAL, 4, "provinceCode"),
    ("areas", Level.COUNTY, 6, "cityCode"),
    ("streets", Level.TOWN, 9, "areaCode"),
    ("villages", Level.VILLAGE, 12, "streetCode"),
)


def _file(folder: Path, name: str) -> Path | None:
    for candidate in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if candidate.exists():
            return candidate
    return None


def _sources(folder: Path, villages: bool) -> Iterator[tuple[Path, Level, int, str]]:
    """The tables to read, top level first. Raises TableError when one is missing."""
    for name, level, digits, parent in LEVELS:
        if level == Level.VILLAGE and not villages:
            continue
        path = _file(folder, name)
        if path is None:
            raise TableError("missing_file", f"{folder} has no {name}.csv or {name}.csv.gz")
        yield path, level, digits, parent


def _region_of(
    row: Row,
    level: Level,
    digits: int,
    parent_column: str,
    known: dict[str, Region],
    say: Callable[[int, str, str, str], None],
) -> Region | None:
    """The region of a row, or None after saying why it can't be one."""
    code, name = row.cells["code"], row.cells["name"]
    if not (code.isascii() and code.isdigit() and len(code) == digits):
        say(row.number, "code", "bad_code", f"{code!r} is not a code of {digits} digits")
        return None
    if not name:
        say(row.number, "name", "empty", f"{code} has no name")
        return None
    try:
        full = pad(code)
        path, parent = prefix_of(full), parent_of(full)
    except RegionCodeError as problem:
        say(row.number, "code", "bad_code", str(problem))
        return None
    if len(path) < digits:
        # 东莞 441900 and its like: a county row that stands for the missing level of its city.
        above = known.get(full)
        detail = f"{code} {name} is the same place as {above.name if above else 'its parent'}"
        say(row.number, "code", "stands_for_parent", detail)
        return None
    if parent not in known:
        say(row.number, "code", "unknown_parent", f"{code} {name}: {parent} is not known")
        return None
    stated = row.cells.get(parent_column, "") if parent_column else ""
    if stated and not code.startswith(stated):
        say(row.number, parent_column, "other_parent", f"{code} does not start with {stated}")
        return None
    return Region(code=full, name=name, level=level, parent_id=parent, path=path)


@leaves_trace(acts.REGIONS_LOADED)
@transaction.atomic
def load_divisions(
    folder: Path,
    *,
    villages: bool = False,
    progress: Callable[[int, str], None] = lambda done, what: None,
) -> LoadReport:
    """Load divisions from `folder`; loading again changes nothing that is the same.

    Rows that can't be placed are reported and left out. `progress` gets rows read and the file.
    Raises TableError when a file or column is missing; then nothing is changed.
    """
    report = LoadReport()
    known = {region.code: region for region in Region.objects.all()}
    if NATION not in known:
        known[NATION] = Region.objects.create(
            code=NATION, name="全国", level=Level.NATIONAL, parent=None, path=""
        )
    digest = hashlib.sha256()
    for path, level, digits, parent in list(_sources(folder, villages)):
        _load_level(path, level, digits, parent, known, report, progress)
        digest.update(path.read_bytes())
    record(
        acts.REGIONS_LOADED,
        at=utc_now(),
        payload={"sha256": digest.hexdigest(), **_counts(report)},
    )
    return report


def _counts(report: LoadReport) -> dict[str, object]:
    return {"read": report.read, "created": report.created, "updated": report.updated}


def _load_level(
    path: Path,
    level: Level,
    digits: int,
    parent: str,
    known: dict[str, Region],
    report: LoadReport,
    progress: Callable[[int, str], None],
) -> None:
    def say(row: int, column: str, code: str, detail: str) -> None:
        report.note(row, column, code, f"{path.name}: {detail}")

    created: list[Region] = []
    changed: list[Region] = []
    seen: set[str] = set()
    for row in read_table(path, ["code", "name"], report):
        region = _region_of(row, level, digits, parent, known, say)
        if region is None:
            continue
        if region.code in seen:
            say(row.number, "code", "twice", f"{region.code} stands twice; the first row counts")
            continue
        seen.add(region.code)
        before = known.get(region.code)
        if before is None:
            known[region.code] = region
            created.append(region)
        elif before.name != region.name:
            changed.append(region)
        else:
            report.unchanged += 1
        if report.read % BATCH == 0:
            progress(report.read, path.name)
    Region.objects.bulk_create(created, batch_size=BATCH)
    Region.objects.bulk_update(changed, ["name"], batch_size=500)
    report.created += len(created)
    report.updated += len(changed)
    progress(report.read, path.name)
