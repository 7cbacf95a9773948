"""The feed of changes: what waits gets its place, readers go on after the place they know.

Writers never wait for it and it never loses one of theirs: triggers add rows, `place_changes` takes
those it sees and gives each item that they name the next place, whatever order they were committed in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Max

from tongban.base.clocks import utc_now
from tongban.catalogue.models import Change, ItemChange
from tongban.ledger.traces import leaves_no_trace

BATCH = 20_000
# Any number that nothing else on the database locks (PostgreSQL's advisory locks are numbers).
ONLY_ONE: Final = 7_413_052
_GIVEN: Final = {
    "sqlite": "(SELECT value AS id FROM json_each(%s))",
    "postgresql": "(SELECT unnest(%s::bigint[]) AS id)",
}
# Each kind of change names items in its own way; the last row of an item decides its place.
_PLACE: Final = """
WITH given AS {given},
waiting AS (SELECT c.id, c.kind, c.key FROM catalogue_change c JOIN given ON given.id = c.id),
named AS (
    SELECT i.id AS item, i.code, w.id FROM waiting w
        JOIN catalogue_serviceitem i ON i.id = CAST(w.key AS bigint) WHERE w.kind = 'item'
    UNION ALL SELECT i.id, i.code, w.id FROM waiting w
        JOIN catalogue_serviceitem i ON i.organ_id = CAST(w.key AS bigint) WHERE w.kind = 'organ'
    UNION ALL SELECT i.id, i.code, w.id FROM waiting w
        JOIN catalogue_serviceitem i ON i.region_id = w.key WHERE w.kind = 'region'
    UNION ALL SELECT i.id, i.code, w.id FROM waiting w
        JOIN catalogue_serviceitem i ON i.code = w.key WHERE w.kind = 'rank'
    UNION ALL SELECT i.id, w.key, w.id FROM waiting w
        LEFT JOIN catalogue_serviceitem i ON i.code = w.key WHERE w.kind = 'gone'
),
latest AS (SELECT code, MAX(item) AS item, MAX(id) AS id FROM named GROUP BY code)
INSERT INTO catalogue_itemchange (code, place, at, what)
SELECT l.code, %s + ROW_NUMBER() OVER (ORDER BY l.id, l.code), {at},
    CASE WHEN l.item IS NULL THEN 'gone'
        WHEN EXISTS (SELECT 1 FROM catalogue_guide g
                     WHERE g.item_id = l.item AND g.state = 'withdrawn')
            AND NOT EXISTS (SELECT 1 FROM catalogue_guide g
                            WHERE g.item_id = l.item AND g.effective_to IS NULL)
        THEN 'withdrawn' ELSE 'changed' END
FROM latest l WHERE true
ON CONFLICT (code) DO UPDATE SET place = excluded.place, at = excluded.at, what = excluded.what
"""
_DONE: Final = "DELETE FROM catalogue_change WHERE id IN (SELECT id FROM {given} AS given)"


def place_changes(*, at: datetime | None = None) -> int:
    """Give places to all changes that wait; how many waited. One small question when none does."""
    done = 0
    while Change.objects.exists():
        placed = _place_batch(at or utc_now())
        done += placed
        if not placed:
            break
    return done


@leaves_no_trace("numbers what others changed, and what they did leaves its own trace")
@transaction.atomic
def _place_batch(at: datetime) -> int:
    """One at a time: SQLite's transactions are, PostgreSQL's wait here for each other."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONLY_ONE])
        ids = list(Change.objects.order_by("id").values_list("id", flat=True)[:BATCH])
        if not ids:
            return 0
        given = _GIVEN[connection.vendor]
        moment = "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"
        listed: Any = json.dumps(ids) if connection.vendor == "sqlite" else ids
        stored = connection.ops.adapt_datetimefield_value(at)
        cursor.execute(_PLACE.format(given=given, at=moment), [listed, last_place(), stored])
        cursor.execute(_DONE.format(given=given), [listed])
    return len(ids)


def last_place() -> int:
    """The place of the newest change; 0 when there is none. One query."""
    return ItemChange.objects.aggregate(last=Max("place"))["last"] or 0


def changes_after(place: int, most: int) -> Sequence[ItemChange]:
    """The changes after a place, in their order, at most `most`. One query."""
    return list(ItemChange.objects.filter(place__gt=place).order_by("place")[:most])
