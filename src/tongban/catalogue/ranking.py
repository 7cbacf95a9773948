"""How much items are used, as search sees it; and what of the counts is thrown away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from tongban.base.clocks import local_date, utc_now
from tongban.catalogue.models import ItemRank, ItemUse, VainQuery
from tongban.ledger.traces import leaves_no_trace

# An application says more than a look.
APPLIED_IS = 5
# Uses (the month before counts half, and so on) from which on an item has rank 1 to 5.
STEPS = (10, 100, 1_000, 10_000, 100_000)
MONTHS = 3
KEPT_MONTHS = 13
# Fewer askings than that could tell who asked: they are never shown, and not kept for long.
SHOWN_FROM, RARE_KEPT_MONTHS = 3, 2


def level_of(uses: Iterable[tuple[int, int, int]]) -> int:
    """Rank 0 to 5 of (months ago, opened, applied) counts. House rule: documented in docs/search.md."""
    score = sum((opened + APPLIED_IS * applied) / 2**ago for ago, opened, applied in uses)
    return sum(score >= step for step in STEPS)


def _months_before(day: date, months: int) -> date:
    first = day.replace(day=1)
    for _month in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


@leaves_no_trace("orders search results by sums of everybody's reading")
@transaction.atomic
def rank_items(*, at: datetime | None = None) -> int:
    """Rank items by the last three months; how many ranks changed. Three queries when none did."""
    today = local_date(at or utc_now())
    months = {_months_before(today, ago): ago for ago in range(MONTHS)}
    uses: dict[str, list[tuple[int, int, int]]] = {}
    rows = ItemUse.objects.filter(month__in=list(months))
    for code, month, opened, applied in rows.values_list("code", "month", "opened", "applied"):
        uses.setdefault(code, []).append((months[month], opened, applied))
    wanted = {code: level for code, each in uses.items() if (level := level_of(each))}
    held = dict(ItemRank.objects.values_list("code", "level"))
    gone = sorted(held.keys() - wanted.keys())
    for start in range(0, len(gone), 500):
        ItemRank.objects.filter(code__in=gone[start : start + 500]).delete()
    changed = [
        ItemRank(code=code, level=level)
        for code, level in wanted.items()
        if held.get(code) != level
    ]
    ItemRank.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["level"],
        batch_size=500,
    )
    return len(gone) + len(changed)


@leaves_no_trace("throws sums away whose time is over")
@transaction.atomic
def tidy_counts(*, at: datetime | None = None) -> int:
    """Delete counts of more than 13 months ago, and rare vain queries after two; how many rows."""
    today = local_date(at or utc_now())
    old = _months_before(today, KEPT_MONTHS)
    rare = _months_before(today, RARE_KEPT_MONTHS)
    deleted = [
        ItemUse.objects.filter(month__lt=old).delete(),
        VainQuery.objects.filter(month__lt=old).delete(),
        VainQuery.objects.filter(month__lt=rare, count__lt=SHOWN_FROM).delete(),
    ]
    return sum(rows for rows, _each in deleted)


@dataclass(frozen=True)
class Wanted:
    """Something that was looked for in vain, how often."""

    text: str
    count: int


def looked_for_in_vain(*, at: datetime | None = None, most: int = 200) -> list[Wanted]:
    """What was looked for in vain in the last three months, most often first. One query.

    Only what was asked at least `SHOWN_FROM` times: what one person alone asks may tell who it is.
    """
    since = _months_before(local_date(at or utc_now()), MONTHS - 1)
    rows = (
        VainQuery.objects.filter(month__gte=since)
        .values("text")
        .annotate(total=Sum("count"))
        .filter(total__gte=SHOWN_FROM)
        .order_by("-total", "text")
    )
    return [Wanted(row["text"], row["total"]) for row in rows[:most]]
