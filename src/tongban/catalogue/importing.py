"""Importing lists of service items: every row is kept, everything odd is named."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from tongban.base.clocks import utc_now
from tongban.base.regions import RegionCodeError, pad, prefix_of
from tongban.base.tables import LoadReport, Row, read_table
from tongban.catalogue import codes
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Organ, OrganCode, Region
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

COLUMNS = (
    "department",
    "main_item",
    "name",
    "area_code",
    "item_code",
    "task_type",
    "dept_code",
)
UNGROUPED = "未分类"
# An item without a known region is in the catalogue but in no region's results.
NOWHERE = "?"
FIELDS = (
    "code_pattern",
    "basic_code",
    "name",
    "main_item",
    "kind",
    "region_id",
    "region_path",
    "organ_id",
    "source",
    "source_row",
)
BATCH = 1_000


@dataclass
class _Import:
    """What one import has seen so far."""

    source: str
    report: LoadReport
    regions: dict[str, Region]
    organs: dict[tuple[str, str], Organ]
    organ_codes: set[tuple[int, str]]
    taken_codes: set[str]
    rows_by_code: dict[str, dict[str, str]] = field(default_factory=dict)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)


@leaves_trace(acts.ITEMS_LOADED)
@transaction.atomic
def load_items(
    path: Path,
    *,
    source: str = "sichuan",
    progress: Callable[[int, str], None] = lambda done, what: None,
) -> LoadReport:
    """Import a list of items (columns as in `COLUMNS`) into the catalogue.

    A row is left out only when nothing can be filed under it: no code, no name, or a code that
    stood before in the same file with other content. Raises TableError when the file or a column
    is unusable; then nothing is changed.
    """
    report = LoadReport()
    run = _Import(
        source=source,
        report=report,
        regions={region.code: region for region in _regions_named_in(path)},
        organs={(o.region_id, o.name): o for o in Organ.objects.all()},
        organ_codes=set(OrganCode.objects.values_list("organ_id", "code")),
        taken_codes=set(Organ.objects.values_list("code", flat=True)),
    )
    wanted: dict[str, ServiceItem] = {}
    for row in read_table(path, COLUMNS, report):
        item = _item_of(row, run)
        if item is not None:
            wanted[item.code] = item
        if report.read % BATCH == 0:
            progress(report.read, path.name)
    _write(wanted, report)
    progress(report.read, path.name)
    record(
        acts.ITEMS_LOADED,
        at=utc_now(),
        payload={
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "source": source,
            "read": report.read,
            "created": report.created,
            "updated": report.updated,
            "problems": len(report.problems),
        },
    )
    return report


def _regions_named_in(path: Path) -> list[Region]:
    named: set[str] = set()
    for row in read_table(path, COLUMNS, LoadReport()):
        try:
            named.add(pad(row.cells["area_code"]))
        except RegionCodeError:
            continue
    found: list[Region] = []
    ordered = sorted(named)
    for start in range(0, len(ordered), 500):
        found += Region.objects.filter(code__in=ordered[start : start + 500])
    return found


def _item_of(row: Row, run: _Import) -> ServiceItem | None:
    """The item of a row, after noting what is odd in it; None when it can't be filed."""
    cells, note = row.cells, run.report.note
    for column, what in (("item_code", "implementation code"), ("name", "name")):
        if not cells[column]:
            note(row.number, column, "missing", f"no {what}: the row can't be filed")
            return None
    if len(cells["item_code"]) > 64 or len(cells["name"]) > 400 or len(cells["main_item"]) > 400:
        note(row.number, "name", "too_long", "code over 64 or a name over 400 characters")
        return None
    before = run.rows_by_code.get(cells["item_code"])
    if before is not None:
        if before == cells:
            run.report.unchanged += 1
            note(row.number, "item_code", "row_twice", "the same row stands above")
        else:
            note(row.number, "item_code", "code_twice", f"{cells['item_code']} stands above")
        return None
    run.rows_by_code[cells["item_code"]] = cells
    region = _region_of(row, run)
    organ = _organ_of(row, region, run)
    parsed = codes.parse_item_code(cells["item_code"])
    kind = codes.kind_of(run.source, cells["task_type"])
    _note_oddities(row, parsed, kind, run)
    return ServiceItem(
        code=cells["item_code"],
        code_pattern=parsed.pattern,
        basic_code=parsed.basic,
        name=cells["name"],
        main_item="" if cells["main_item"] == UNGROUPED else cells["main_item"],
        kind=kind,
        region=region,
        region_path=region.path if region else NOWHERE,
        organ=organ,
        source=run.source,
        source_row=cells,
    )


def _region_of(row: Row, run: _Import) -> Region | None:
    area = row.cells["area_code"]
    try:
        region = run.regions.get(pad(area))
    except RegionCodeError as problem:
        run.report.note(row.number, "area_code", "bad_region", f"{area!r}: {problem}")
        return None
    if region is None:
        run.report.note(
            row.number, "area_code", "unknown_region", f"{area} is not a region that is loaded"
        )
    return region


def _organ_of(row: Row, region: Region | None, run: _Import) -> Organ | None:
    name, code = row.cells["department"], row.cells["dept_code"]
    if not name:
        run.report.note(row.number, "department", "missing", "no department")
    if not name or region is None or len(name) > 200:
        return None
    style = codes.organ_code_style(code)
    if style.problem:
        run.report.note(
            row.number, "dept_code", f"organ_code_{style.style}", f"{code!r}: {style.problem}"
        )
    organ = run.organs.get((region.code, name))
    if organ is None:
        sound = code if style.style == "uscc" else None
        if sound in run.taken_codes:
            sound = None
        public = sound or _free_code(region, code, run)
        organ = Organ.objects.create(code=public, uscc=sound, name=name, region=region)
        run.organs[region.code, name] = organ
        run.taken_codes.add(public)
    if code and len(code) <= 64 and (organ.pk, code) not in run.organ_codes:
        OrganCode.objects.create(organ=organ, code=code, style=style.style)
        run.organ_codes.add((organ.pk, code))
    return organ


def _free_code(region: Region, code: str, run: _Import) -> str:
    """A stable public code for an organ whose source gives no sound credit code."""
    base = f"{region.code}.{code or 'none'}"[:90]
    number = 1
    while (public := base if number == 1 else f"{base}.{number}") in run.taken_codes:
        number += 1
    return public


def _note_oddities(row: Row, parsed: codes.ParsedCode, kind: str, run: _Import) -> None:
    cells, note = row.cells, run.report.note
    if parsed.pattern == "unknown":
        note(row.number, "item_code", "code_pattern", f"{cells['item_code']}: no known pattern")
    elif problem := codes.organ_code_style(parsed.organ).problem:
        note(row.number, "item_code", "organ_in_code", f"{parsed.organ!r} in the code: {problem}")
    if parsed.region and not _same_region(parsed.region, cells["area_code"]):
        note(row.number, "item_code", "region_in_code", f"the code is of region {parsed.region}")
    if not kind:
        note(row.number, "task_type", "unknown_type", f"{cells['task_type']!r} is not in the list")
    if cells["main_item"] in ("", UNGROUPED):
        note(row.number, "main_item", "ungrouped", "the item belongs to no group")
    run.names[cells["department"], cells["name"]] += 1
    if run.names[cells["department"], cells["name"]] == 2:
        note(row.number, "name", "name_twice", f"{cells['name']} stands above with another code")


def _same_region(one: str, other: str) -> bool:
    try:
        return prefix_of(pad(one)) == prefix_of(pad(other))
    except RegionCodeError:
        return False


def _write(wanted: dict[str, ServiceItem], report: LoadReport) -> None:
    """Create what is new, update what differs."""
    changed: list[ServiceItem] = []
    known: set[str] = set()
    ordered = list(wanted)
    for start in range(0, len(ordered), 500):
        for before in ServiceItem.objects.filter(code__in=ordered[start : start + 500]):
            after = wanted[before.code]
            known.add(before.code)
            if all(getattr(before, name) == getattr(after, name) for name in FIELDS):
                report.unchanged += 1
                continue
            for name in FIELDS:
                setattr(before, name, getattr(after, name))
            changed.append(before)
    created = [item for code, item in wanted.items() if code not in known]
    ServiceItem.objects.bulk_create(created, batch_size=BATCH)
    fields = [name.removesuffix("_id") for name in FIELDS]
    ServiceItem.objects.bulk_update(changed, fields, batch_size=200)
    report.created += len(created)
    report.updated += len(changed)
