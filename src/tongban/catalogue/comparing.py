"""The same item as several organs do it: what differs, and who asks for least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongban.catalogue.guide_schema import GuideRecord, Limit, online_depth
from tongban.catalogue.lint.consistency import IN_WORKING_DAYS
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.selectors import record_of
from tongban.catalogue.wording import FORM_LABELS, labels, limit_of, said, visits_words

# How many stand beside an item, and how many are offered for it.
BESIDE: Final = 3
OFFERED: Final = 60


@dataclass(frozen=True)
class Column:
    """One implementation. `record` None: it has no guide."""

    code: str
    name: str
    place: str
    organ: str
    record: GuideRecord | None
    complete: bool


@dataclass(frozen=True)
class Cell:
    """`place` says whose it is where columns become blocks on a phone; `best`: nobody has less."""

    place: str
    words: str
    best: bool = False
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[Cell, ...]
    differs: bool


def columns_of(items: Sequence[ServiceItem]) -> list[Column]:
    """The items with their guides in force, in their order. One query."""
    guides = {
        guide.item_id: guide for guide in Guide.objects.filter(item__in=items, effective_to=None)
    }
    columns = []
    for item in items:
        guide = guides.get(item.pk)
        columns.append(
            Column(
                item.code,
                item.name,
                item.region.name if item.region else "",
                item.organ.name if item.organ else "",
                record_of(guide) if guide else None,
                bool(guide and guide.is_complete),
            )
        )
    return columns


def working_days(limit: Limit | None) -> float | None:
    """A limit in working days, to be compared; None where it is not known."""
    return None if limit is None else limit.value * IN_WORKING_DAYS[limit.unit]


def rows_of(columns: Sequence[Column]) -> list[Row]:
    """What people compare first: time, visits, materials, fees, ways. No query."""
    records = [column.record for column in columns]
    limits = [record.promised_limit if record else None for record in records]
    visits = [record.on_site_visits if record else None for record in records]
    rows = [
        _row(
            _("Promised"), columns, [limit_of(one) for one in limits],
            numbers=[working_days(one) for one in limits],
        ),
        _row(
            _("By law at most"), columns,
            [limit_of(record.statutory_limit) if record else "" for record in records],
        ),
        _row(_("In person"), columns, [visits_words(one) for one in visits], numbers=visits),
        _row(
            _("Materials"), columns, [_count(one) for one in columns],
            numbers=[len(r.materials) if r and (r.materials or c.complete) else None
                     for r, c in zip(records, columns, strict=True)],
        ),
        *_material_rows(columns),
        _row(_("Fee"), columns, [_fee(one) for one in columns]),
        _row(
            _("Ways"), columns,
            [" · ".join(labels(FORM_LABELS, record.handling_forms)) if record else ""
             for record in records],
        ),
        _row(_("Online depth"), columns, [_depth(record) for record in records]),
        _row(
            _("Hours"), columns,
            [said(record.opening_hours) if record else "" for record in records], quiet=True,
        ),
        _row(
            _("Enquiries"), columns,
            [record.enquiry_phone if record else "" for record in records], quiet=True,
        ),
    ]  # fmt: skip
    return [row for row in rows if any(cell.words for cell in row.cells)]


def _row(
    label: str,
    columns: Sequence[Column],
    words: Sequence[str],
    *,
    numbers: Sequence[float | None] = (),
    quiet: bool = False,
) -> Row:
    """`quiet`: what differs everywhere anyway is not marked."""
    known = [one for one in numbers if one is not None]
    least = min(known) if len(known) > 1 and min(known) < max(known) else None
    cells = tuple(
        Cell(column.place, text, best=least is not None and numbers[place] == least)
        for place, (column, text) in enumerate(zip(columns, words, strict=True))
    )
    said_by = {cell.words for cell in cells if cell.words}
    return Row(label, cells, differs=not quiet and len(said_by) > 1)


def _count(column: Column) -> str:
    record = column.record
    if record is None or not (
        record.materials or column.complete or record.needs_materials is False
    ):
        return ""
    count = len(record.materials)
    return ngettext("%(n)d material", "%(n)d materials", count) % {"n": count}


def _material_rows(columns: Sequence[Column]) -> list[Row]:
    """One row a material that anybody asks for, in the order of who asks first."""
    names: dict[str, str] = {}
    asked: list[dict[str, str]] = []
    for column in columns:
        own: dict[str, str] = {}
        for material in column.record.materials if column.record else ():
            names.setdefault(material.name.zh, said(material.name))
            own[material.name.zh] = (
                _("not to hand in") if material.how in ("shared", "on_file") else _("asked for")
            )
        asked.append(own)
    return [
        _row(
            name,
            columns,
            [
                own.get(key, _("not asked for")) if column.record else ""
                for own, column in zip(asked, columns, strict=True)
            ],
        )
        for key, name in names.items()
    ]


def _fee(column: Column) -> str:
    record = column.record
    if record is None:
        return ""
    if record.fees:
        return "; ".join(f"{said(fee.name)} {said(fee.standard)}".strip() for fee in record.fees)
    return _("free") if record.charges_fee is False or column.complete else ""


def _depth(record: GuideRecord | None) -> str:
    if record is None or not record.online_capabilities:
        return ""
    depth = online_depth(set(record.online_capabilities), record.on_site_visits)
    return ("", "I", "II", "III", "IV")[depth]
