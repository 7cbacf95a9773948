"""Rows of the shared cache whose time is over: counts of attempts, some under a network address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from tongban.base.clocks import local_date
from tongban.ledger.direct import execute, fetch
from tongban.web.retention import Due, beginning

BATCH = 500


def _table() -> str:
    return connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


@dataclass(frozen=True)
class CacheRows:
    """The cache deletes what has expired only when it is full. Its table has no model."""

    def due(self, kept_from: date) -> Due:
        """One query."""
        sql = f"SELECT COUNT(*), MIN(expires) FROM {_table()} WHERE expires < %s"  # noqa: S608
        [(count, oldest)] = fetch(sql, [_stored(beginning(kept_from))])
        if isinstance(oldest, str):  # SQLite keeps moments as texts.
            oldest = datetime.fromisoformat(f"{oldest}+00:00")
        return Due(count, local_date(oldest) if oldest else None)

    def steps(self, kept_from: date, at: datetime, first: Callable[[], None]) -> Iterator[int]:
        found = f"SELECT cache_key FROM {_table()} WHERE expires < %s LIMIT {BATCH}"  # noqa: S608
        before = _stored(beginning(kept_from))
        while True:
            with transaction.atomic():
                keys = [key for (key,) in fetch(found, [before])]
                if keys:
                    first()
                    marks = ", ".join(["%s"] * len(keys))
                    execute(
                        f"DELETE FROM {_table()} WHERE expires < %s AND cache_key IN ({marks})",  # noqa: S608
                        [before, *keys],
                    )
            if not keys:
                return
            yield len(keys)
