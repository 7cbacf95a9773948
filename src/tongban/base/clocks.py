"""The clock and the place where the law counts its days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """Now, in UTC and aware."""
    return datetime.now(UTC)


def local_date(moment: datetime) -> date:
    """The calendar day in China on which a moment falls. Raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no local day")
    return moment.astimezone(LOCAL).date()
