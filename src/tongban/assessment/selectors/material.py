"""What live figures are made from: tallies of a period and sums of the catalogue, by scope."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, reduce
from operator import or_

from django.db.models import Q

from tongban.assessment.live.figures import Made
from tongban.assessment.models import CatalogueTally, TalliedUpto, Tally
from tongban.assessment.rules.counts import Counts, add
from tongban.base.regions import Level
from tongban.directory.models import Organ, Region

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Period:
    """Days `first` to `last`, both inside."""

    first: date
    last: date

    def parts(self) -> tuple[tuple[date, date] | None, list[tuple[date, date]]]:
        """Whole months as (first day of the first, first day of the last), and the days beside."""
        start = self.first
        if start.day != 1:
            start = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = self.last.replace(day=1)
        if self.last.day != calendar.monthrange(self.last.year, self.last.month)[1]:
            end = (end - timedelta(days=1)).replace(day=1)
        if end < start:
            return None, [(self.first, self.last)]
        beside = []
        if self.first < start:
            beside.append((self.first, start - timedelta(days=1)))
        after = (end + timedelta(days=32)).replace(day=1)
        if after <= self.last:
            beside.append((after, self.last))
        return (start, end), beside


def counts_of(scopes: Collection[str], period: Period) -> dict[str, Counts]:
    """The counts of each scope over the period. One query: whole months, and the days beside."""
    months, beside = period.parts()
    parts = [Q(monthly=False, day__gte=first, day__lte=last) for first, last in beside]
    if months:
        parts.append(Q(monthly=True, day__gte=months[0], day__lte=months[1]))
    wanted = reduce(or_, parts)
    rows = Tally.objects.filter(wanted, scope__in=scopes).values_list("scope", "counts")
    found: dict[str, Counts] = defaultdict(dict)
    for scope, counts in rows:
        add(found[scope], counts)
    return found


@lru_cache(maxsize=64)
def _counts_at(
    scopes: tuple[str, ...], period: Period, _event: int, _made_of: str
) -> Mapping[str, Counts]:
    """The counts as they are up to an event: counted again they are the same, so they are kept."""
    return counts_of(scopes, period)


def forget_counts() -> None:
    _counts_at.cache_clear()


def monthly_counts(scope: str, period: Period) -> list[tuple[date, Counts]]:
    """The counts of each month that the period touches, oldest first. One query."""
    rows = Tally.objects.filter(
        scope=scope, monthly=True, day__gte=period.first.replace(day=1), day__lte=period.last
    ).order_by("day")
    found = []
    for day, counts in rows.values_list("day", "counts"):
        one: Counts = {}
        add(one, counts)
        found.append((day, one))
    return found


@dataclass(frozen=True)
class Unit:
    """A region or an organ that figures are about."""

    code: str
    name: str
    scope: str
    level: int = 0
    is_organ: bool = False


def unit_of_region(region: Region) -> Unit:
    return Unit(region.code, region.name, f"r:{region.path}", region.level)


def unit_of_organ(organ: Organ) -> Unit:
    return Unit(organ.code, organ.name, f"o:{organ.pk}", is_organ=True)


def units_below(region: Region) -> list[Unit]:
    """The regions right below that have items, and the region's own organs that have. Three queries.

    A region whose children are villages has none: nothing is counted there.
    """
    children = list(Region.objects.filter(parent=region, level__lte=Level.TOWN).order_by("code"))
    scopes = {unit_of_region(one).scope: one for one in children}
    organs = {f"o:{one.pk}": one for one in Organ.objects.filter(region=region).order_by("name")}
    there = set(
        CatalogueTally.objects.filter(scope__in=[*scopes, *organs]).values_list("scope", flat=True)
    )
    found = [unit_of_region(one) for scope, one in scopes.items() if scope in there]
    return found + [unit_of_organ(one) for scope, one in organs.items() if scope in there]


def made_from(
    units: Iterable[Unit], period: Period, now: datetime
) -> tuple[Mapping[str, Made], TalliedUpto | None]:
    """What the figures of each unit are made from, by scope. Three queries, or two."""
    scopes = [unit.scope for unit in units]
    upto = TalliedUpto.objects.filter(id=1).first()
    counts = (
        _counts_at(tuple(scopes), period, upto.event, upto.made_of)
        if upto
        else counts_of(scopes, period)
    )
    sums = {row.scope: row for row in CatalogueTally.objects.filter(scope__in=scopes)}
    age = None if upto is None or upto.at is None else _days(now - upto.at)
    return {
        scope: Made(
            sums=sums[scope].sums if scope in sums else {},
            counts=counts.get(scope, {}),
            catalogue_age=_days(now - sums[scope].oldest) if scope in sums else None,
            cases_age=age,
        )
        for scope in scopes
    }, upto


def _days(span: timedelta) -> float:
    return max(0.0, span.total_seconds() / DAY_SECONDS)
