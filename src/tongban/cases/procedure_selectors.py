"""Reads of the procedures of an organ's items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.base.permissions import Permission
from tongban.base.problems import NotFound
from tongban.cases.models import ItemProcedure
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, Organ
from tongban.directory.selectors import duties_of

ITEMS_SHOWN: Final = 100
FOUND_SHOWN: Final = 30


@dataclass(frozen=True)
class ItemRow:
    """An item with the version in force, 0 for none, and whether one is being drawn."""

    code: str
    name: str
    organ: str
    version: int
    draft: bool


def items_with_procedures(account: Account) -> list[ItemRow]:
    """Items of the account's organs that have a procedure. Two queries."""
    organs = duties_of(account).organs_for(Permission.READ_PROCEDURES)
    found = (
        ItemProcedure.objects.filter(item__organ__in=organs)
        .select_related("item__organ")
        .defer("document", "item__source_row")
        .order_by("item__name", "item_id", "-version")[: 4 * ITEMS_SHOWN]
    )
    rows: dict[int, ItemRow] = {}
    for one in found:
        held = rows.get(one.item_id)
        assert one.item.organ is not None
        rows[one.item_id] = ItemRow(
            one.item.code,
            one.item.name,
            one.item.organ.name,
            one.version if one.state == "published" else held.version if held else 0,
            one.state == "draft" or bool(held and held.draft),
        )
    return list(rows.values())[:ITEMS_SHOWN]


def find_items(account: Account, words: str) -> list[tuple[str, str]]:
    """Code and name of items of the account's organs with these words. Two queries."""
    organs = duties_of(account).organs_for(Permission.READ_PROCEDURES)
    wanted = words.strip().replace("\x00", "")[:100]
    named = Q(name__contains=wanted) | Q(code=wanted)
    items = ServiceItem.objects.filter(named, organ__in=organs).order_by("name", "code")
    return list(items.values_list("code", "name")[:FOUND_SHOWN])


def own_item(account: Account, code: str) -> ServiceItem:
    """An item of one of the account's organs. Raises NotFound for any other. Two queries."""
    organs = duties_of(account).organs_for(Permission.READ_PROCEDURES)
    items = ServiceItem.objects.select_related("organ").defer("source_row")
    item = items.filter(code=code.replace("\x00", ""), organ__in=organs).first()
    if item is None:
        raise NotFound(
            code="item_not_found",
            title=_("There is no such item"),
            detail=_("The code is wrong, or the item is another organ's."),
        )
    return item


def versions_of(item: ServiceItem) -> list[ItemProcedure]:
    """Every version of the item's procedure, the newest first. One query."""
    return list(item.procedures.select_related("author", "approver").order_by("-version"))


def organs_near(item: ServiceItem) -> list[Organ]:
    """The organs of the item's region, for its steps. One query."""
    assert item.organ is not None
    return list(Organ.objects.filter(region=item.organ.region_id).order_by("name"))
