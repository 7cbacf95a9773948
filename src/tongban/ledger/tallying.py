"""Counting acts by day, kind, organ and region, from what the public leaves say."""

from __future__ import annotations

from collections import Counter

from django.db import connection, transaction

from tongban.ledger.direct import fetch
from tongban.ledger.models import Counted
from tongban.ledger.rules import read_leaf
from tongban.ledger.selectors import published_size
from tongban.ledger.traces import leaves_no_trace

MOST = 20_000
Row = tuple[str, str, str, str]
_LEAVES = (
    "SELECT e.leaf FROM ledger_place p JOIN ledger_entry e ON e.id = p.entry_id"
    " WHERE p.seq >= %s AND p.seq < %s ORDER BY p.seq"
)
_ADD = (
    "INSERT INTO ledger_tally (day, act, organ, region, count) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (day, act, organ, region) DO UPDATE SET count = ledger_tally.count + excluded.count"
)


def counted_upto() -> int:
    """Below which place entries are counted. One query."""
    return Counted.objects.values_list("upto", flat=True).first() or 0


@leaves_no_trace("counts what the public leaves say")
def tally(most: int = MOST) -> int:
    """Count at most `most` published entries that are not counted yet; returns how many.

    Counts and how far they go are written in one transaction; two at once count nothing twice.
    Asks two small questions when there is nothing to do.
    """
    size, first = published_size(), counted_upto()
    end = min(first + most, size)
    if first >= end:
        return 0
    rows = _rows([leaf for (leaf,) in fetch(_LEAVES, [first, end])])
    with transaction.atomic():
        Counted.objects.get_or_create(id=1)
        counted = Counted.objects.select_for_update().get(id=1)
        if counted.upto != first:  # Somebody else was faster.
            return 0
        _add(rows)
        counted.upto = end
        counted.save(update_fields=["upto"])
    return end - first


def _rows(leaves: list[str]) -> Counter[Row]:
    found: Counter[Row] = Counter()
    for text in leaves:
        try:
            leaf = read_leaf(text)
        except ValueError:  # Changed by hand: verification names it, the count goes on.
            continue
        found[leaf.at[:10], leaf.act, leaf.organ, leaf.region] += 1
    return found


def _add(rows: Counter[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, [(*row, count) for row, count in sorted(rows.items())])
