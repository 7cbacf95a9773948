"""The log at a glance: how many acts, what waits, where it paused, who signs. Public data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Sum

from tongban.base.clocks import utc_now
from tongban.ledger import acts
from tongban.ledger.models import Checkpoint, Entry, LogKey, Tally, Waiting
from tongban.ledger.rules import read_leaf
from tongban.ledger.tallying import counted_upto

DAYS = 30
ROWS_MOST = 20
CHECKPOINTS_SHOWN = 10
# A page reads no more of a table that grows without end.
CHECKPOINTS_READ = 100_000


@dataclass(frozen=True)
class Rate:
    """Acts of one kind, organ or region: today, yesterday (days in UTC), and in 30 days."""

    code: str
    today: int
    yesterday: int
    month: int


@dataclass(frozen=True)
class Stretch:
    """The longest time between two checkpoints since `since`; the bounds are None without two."""

    since: datetime
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Key:
    """A key of the log, with the place of the entry that announced it and the one that ended it."""

    vkey: str
    kind: str
    origin: str
    announced_at: datetime
    announced: int | None
    retired_at: datetime | None
    retired: int | None


@dataclass(frozen=True)
class Shown:
    """A published checkpoint and the witnesses that signed it."""

    size: int
    root: str
    signed_at: datetime
    witnesses: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True)
class Overview:
    """All that the page of the ledger tells. `counted`: how many entries the rates cover."""

    size: int
    counted: int
    last_day: int
    waiting: int
    waiting_since: datetime | None
    erased: int
    by_act: tuple[Rate, ...]
    by_organ: tuple[Rate, ...]
    by_region: tuple[Rate, ...]
    by_day: tuple[tuple[date, int], ...]
    stretch: Stretch
    checkpoints: tuple[Shown, ...]
    keys: tuple[Key, ...]


def overview(at: datetime | None = None) -> Overview:
    """The log as it stands. Fourteen queries, however long it is."""
    now = at or utc_now()
    checkpoints = _checkpoints()
    size = checkpoints[0].size if checkpoints else 0
    first = Waiting.objects.order_by("pk").values_list("entry__leaf", flat=True).first()
    today = now.date()
    return Overview(
        size=size,
        counted=counted_upto(),
        last_day=size - _size_at(now - timedelta(days=1)),
        waiting=Waiting.objects.count(),
        waiting_since=datetime.fromisoformat(read_leaf(first).at) if first else None,
        erased=Tally.objects.filter(act=acts.LEDGER_ERASED).aggregate(n=Sum("count"))["n"] or 0,
        by_act=_rates("act", today),
        by_organ=_rates("organ", today),
        by_region=_rates("region", today),
        by_day=_days(today),
        stretch=_stretch(now - timedelta(days=DAYS)),
        checkpoints=checkpoints,
        keys=_keys(),
    )


def _size_at(moment: datetime) -> int:
    """How many entries were signed at a moment. Walks back from the newest checkpoint."""
    older = Checkpoint.objects.filter(signed_at__lte=moment).order_by("-size")
    return older.values_list("size", flat=True).first() or 0


def _rates(column: str, today: date) -> tuple[Rate, ...]:
    """The most frequent of 30 days, most first; "" (no organ, no region) among them. One query."""
    within = Tally.objects.filter(day__gt=today - timedelta(days=DAYS), day__lte=today)
    counted = within.values(column, "day").annotate(n=Sum("count"))
    found: dict[str, list[int]] = {}
    for row in counted:
        three = found.setdefault(row[column], [0, 0, 0])
        three[0] += row["n"] if row["day"] == today else 0
        three[1] += row["n"] if row["day"] == today - timedelta(days=1) else 0
        three[2] += row["n"]
    rates = [Rate(code, *three) for code, three in found.items()]
    return tuple(sorted(rates, key=lambda one: (-one.month, one.code))[:ROWS_MOST])


def _days(today: date) -> tuple[tuple[date, int], ...]:
    """Acts of each of the last 30 days, the oldest first; days without any too. One query."""
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    counted = Tally.objects.filter(day__gte=days[0], day__lte=today).values("day")
    found = {row["day"]: row["n"] for row in counted.annotate(n=Sum("count"))}
    return tuple((day, found.get(day, 0)) for day in days)


def _stretch(since: datetime) -> Stretch:
    """The longest time without a checkpoint since a moment, among the newest 100,000. Two queries."""
    newest = Checkpoint.objects.filter(size__gt=_size_at(since)).order_by("-size")
    moments = list(newest.values_list("signed_at", flat=True)[:CHECKPOINTS_READ])
    if len(moments) < 2:
        return Stretch(since, None, None)
    later, earlier = max(pairwise(moments), key=lambda pair: pair[0] - pair[1])
    return Stretch(max(since, moments[-1]), earlier, later)


def _checkpoints() -> tuple[Shown, ...]:
    newest = Checkpoint.objects.exclude(published_at=None).order_by("-size")
    shown = newest.prefetch_related("cosignatures")[:CHECKPOINTS_SHOWN]
    return tuple(
        Shown(
            one.size,
            bytes(one.root).hex(),
            one.signed_at,
            tuple((signature.witness, signature.at) for signature in one.cosignatures.all()),
        )
        for one in shown
    )


def _keys() -> tuple[Key, ...]:
    found = LogKey.objects.select_related("announced__place", "retired__place").order_by("pk")
    return tuple(
        Key(
            one.vkey,
            one.kind,
            one.origin,
            one.announced_at,
            _place(one.announced),
            one.retired_at,
            _place(one.retired) if one.retired else None,
        )
        for one in found
    )


def _place(entry: Entry) -> int | None:
    place = getattr(entry, "place", None)
    return place.seq if place else None
