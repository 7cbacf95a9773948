"""Putting items on their shelves: a few statements a batch. Derived data, made anew at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from django.db import transaction

from tongban.catalogue.models import Guide, ServiceItem, Shelf
from tongban.catalogue.shelves.rules import shelves_of, sort_key
from tongban.ledger.traces import leaves_no_trace

BATCH = 500


@leaves_no_trace("derived from what is published, and makes nothing public that was not")
@transaction.atomic
def put_on_shelves(items: Iterable[ServiceItem]) -> None:
    """Put items where their names and guides in force belong. Four statements for each 500."""
    source = iter(items)
    while batch := list(islice(source, BATCH)):
        documents = dict(
            Guide.objects.filter(item__in=[item.pk for item in batch], effective_to=None)
            .order_by()
            .values_list("item_id", "document")
        )
        wanted, renamed = [], []
        for item in batch:
            key = sort_key(item.name)
            if item.sort_key != key:
                item.sort_key = key
                renamed.append(item)
            wanted += [
                Shelf(item=item, shelf=shelf, region_path=item.region_path, sort_key=key)
                for shelf in shelves_of(item.name, documents.get(item.pk))
            ]
        ServiceItem.objects.bulk_update(renamed, ["sort_key"], batch_size=200)
        Shelf.objects.filter(item__in=[item.pk for item in batch]).delete()
        Shelf.objects.bulk_create(wanted, batch_size=2_000)


def put_all_on_shelves(progress: Callable[[int], None] = lambda done: None) -> int:
    """Make all shelves anew, in batches of their own; how many items there are."""
    done, last = 0, 0
    items = ServiceItem.objects.order_by("pk").defer("source_row")
    while batch := list(items.filter(pk__gt=last)[:BATCH]):
        put_on_shelves(batch)
        done, last = done + len(batch), batch[-1].pk
        progress(done)
    return done
