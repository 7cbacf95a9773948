"""The catalogue as open data: pages of items, one item in full, the whole in a file, what changed.

Order and cursors are of the items' places and codes; nothing here names a database id.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, FilteredRelation, OuterRef, Prefetch, Q, QuerySet

from tongban.base.clocks import utc_now
from tongban.base.problems import NotFound
from tongban.base.regions import prefix_of
from tongban.catalogue.interchange import jsonl, table
from tongban.catalogue.interchange.exporting import form_of_item
from tongban.catalogue.interchange.form import ItemForm
from tongban.catalogue.models import Change, Guide, ItemChange, ServiceItem

CHUNK = 500
# Behind every digit: the end of the paths that begin with a prefix.
AFTER_DIGITS: Final = ":"
# HTTP dates have whole seconds: what changed a moment ago is not told by one.
SETTLED_SECONDS = 2


@dataclass(frozen=True)
class Wanted:
    """Which items: of a region and all below it, of an organ, of a kind, those with a guide."""

    region: str = ""
    organ: str = ""
    kind: str = ""
    with_guide: bool = False


@dataclass(frozen=True)
class Cursor:
    """The item that a page ended with."""

    path: str
    code: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.path} {self.code}".encode()).decode().rstrip("=")


def cursor_of(written: str) -> Cursor:
    """Raises NotFound for what no page gave."""
    try:
        padded = written + "=" * (-len(written) % 4)
        path, _blank, code = base64.urlsafe_b64decode(padded).decode().partition(" ")
    except (binascii.Error, ValueError):
        path = code = ""
    if not code or "\x00" in path + code:
        raise NotFound(
            code="bad_cursor",
            title="This is no cursor",
            detail="`after` is what `next` of the page before says",
            field="after",
            fix="Begin without `after`, and follow `next`.",
        )
    return Cursor(path, code)


def _items(wanted: Wanted) -> QuerySet[ServiceItem]:
    items = ServiceItem.objects.order_by("region_path", "code")
    if wanted.region and (prefix := prefix_of(wanted.region)):
        items = items.filter(region_path__gte=prefix, region_path__lt=prefix + AFTER_DIGITS)
    if wanted.organ:
        items = items.filter(organ__code=wanted.organ)
    if wanted.kind:
        items = items.filter(kind=wanted.kind)
    if wanted.with_guide:
        items = items.filter(Exists(Guide.objects.filter(item=OuterRef("pk"), effective_to=None)))
    return items


def _after(items: QuerySet[ServiceItem], cursor: Cursor | None) -> QuerySet[ServiceItem]:
    if cursor is None:
        return items
    further = Q(region_path__gt=cursor.path) | Q(region_path=cursor.path, code__gt=cursor.code)
    return items.filter(further, region_path__gte=cursor.path)


SUMMARY: Final = (
    "code",
    "name",
    "kind",
    "basic_code",
    "main_item",
    "region_id",
    "region__name",
    "region_path",
    "organ__code",
    "organ__name",
    "in_force__version",
    "in_force__effective_from",
    "in_force__accepts_online",
    "in_force__is_sample",
)


def page_of_items(
    wanted: Wanted, after: Cursor | None, size: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Items in the order of places and codes, and the cursor of the next page. Two queries."""
    rows = list(
        _after(_items(wanted), after)
        .annotate(in_force=FilteredRelation("guides", condition=Q(guides__effective_to=None)))
        .values(*SUMMARY)[: size + 1]
    )
    page = rows[:size]
    codes = [row["code"] for row in page]
    moments = dict(ItemChange.objects.filter(code__in=codes).values_list("code", "at"))
    further = Cursor(page[-1]["region_path"], page[-1]["code"]) if len(rows) > size else None
    return [_summary(row, moments.get(row["code"])) for row in page], further


def _summary(row: dict[str, Any], changed_at: datetime | None) -> dict[str, Any]:
    organ = {"code": row["organ__code"], "name": row["organ__name"]}
    guide = {
        "version": row["in_force__version"],
        "in_force_from": row["in_force__effective_from"],
        "accepts_online": row["in_force__accepts_online"],
        "is_sample": row["in_force__is_sample"],
    }
    return {
        "code": row["code"],
        "name": row["name"],
        "kind": row["kind"],
        "basic_code": row["basic_code"],
        "main_item": row["main_item"],
        "region": {"code": row["region_id"] or "", "name": row["region__name"] or ""},
        "organ": organ if row["organ__code"] else None,
        "guide": guide if row["in_force__version"] else None,
        "changed_at": changed_at,
    }


def whole_item(code: str) -> ItemForm | None:
    """Everything about one item, as it is exported. At most four queries."""
    if "\x00" in code:  # PostgreSQL takes no such text, and no item has one.
        return None
    item = _whole(ServiceItem.objects.filter(code=code)).first()
    return form_of_item(item) if item else None


def _whole(items: QuerySet[ServiceItem]) -> QuerySet[ServiceItem]:
    in_force = Guide.objects.filter(effective_to=None)
    return items.select_related("organ", "region", "basic__parent").prefetch_related(
        Prefetch("guides", in_force, to_attr="in_force"), "organ__source_codes"
    )


# The whole in a file


def _forms(wanted: Wanted) -> Iterator[list[ItemForm]]:
    """Chunk by chunk, so that a slow reader keeps no transaction open. Three queries a chunk."""
    cursor: Cursor | None = None
    while items := list(_whole(_after(_items(wanted), cursor))[:CHUNK]):
        yield [form_of_item(item) for item in items]
        cursor = Cursor(items[-1].region_path, items[-1].code)


def as_jsonl(wanted: Wanted) -> Iterator[bytes]:
    for forms in _forms(wanted):
        out = io.StringIO()
        jsonl.write(forms, out)
        yield out.getvalue().encode()


def as_csv(wanted: Wanted) -> Iterator[bytes]:
    head = io.StringIO()
    table.write([], head)
    yield head.getvalue().encode()
    for forms in _forms(wanted):
        out = io.StringIO()
        table.write(forms, out)
        yield out.getvalue().removeprefix(head.getvalue()).encode()


# What changed


def find_change(code: str) -> ItemChange | None:
    """The last change of an item. One query."""
    return None if "\x00" in code else ItemChange.objects.filter(code=code).first()


def settled(*, at: datetime | None = None) -> ItemChange | None:
    """The newest change, when it says how new everything is: none waits, and it is seconds old.

    Two queries.
    """
    newest = ItemChange.objects.order_by("-place").first()
    if newest is None or Change.objects.exists():
        return None
    return newest if (at or utc_now()) - newest.at > timedelta(seconds=SETTLED_SECONDS) else None


def newest_changes(before: int | None, most: int) -> list[dict[str, Any]]:
    """Changes before a place, newest first, with names of items that are there. Two queries."""
    changes = ItemChange.objects.order_by("-place")
    if before is not None:
        changes = changes.filter(place__lt=before)
    rows = list(changes.values("place", "code", "at", "what")[:most])
    names = dict(
        ServiceItem.objects.filter(code__in=[row["code"] for row in rows]).values_list(
            "code", "name"
        )
    )
    return [row | {"name": names.get(row["code"], "")} for row in rows]
