"""What the addresses of these pages ask for: a place, an organ, a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest

from tongban.assessment.live.computing import Live, default_period, live_of
from tongban.assessment.permissions import Sight, organ_in_sight, region_in_sight, sight_of
from tongban.assessment.selectors.material import Period
from tongban.base.clocks import utc_now
from tongban.directory.models import Organ, Region
from tongban.directory.requests import account_of
from tongban.directory.selectors import region_lineage

DAYS_MOST = 3_700


@dataclass(frozen=True)
class Asked:
    """A place or organ that the account may read, and the period."""

    sight: Sight
    region: Region
    organ: Organ | None
    period: Period

    @property
    def query(self) -> str:
        """The same question in an address, with "?" before it."""
        said = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        if self.organ:
            said = {"organ": self.organ.code, **said}
        return "?" + urlencode(said)

    @property
    def name(self) -> str:
        return str(self.organ or self.region)

    def live(self, *, draws: int = 200) -> Live:
        return live_of(self.region, self.organ, self.period, utc_now(), draws=draws)

    def crumbs(self) -> list[Region]:
        """The places above that may be read too, and the place itself."""
        return [one for one in region_lineage(self.region.code) if self.sight.sees_region(one)]


def asked(request: HttpRequest, region: str) -> Asked:
    """What a page is about. Raises NotFound for what the account may not read."""
    sight = sight_of(account_of(request))
    code = request.GET.get("organ", "") or request.POST.get("organ", "")
    if code:
        organ = organ_in_sight(sight, region, code)
        return Asked(sight, organ.region, organ, period_asked(request))
    return Asked(sight, region_in_sight(sight, region), None, period_asked(request))


def period_asked(request: HttpRequest) -> Period:
    """`from` and `to`; a year up to today for what is missing or can't be."""
    usual = default_period(utc_now())
    values = request.POST if request.method == "POST" else request.GET
    first = _day(values.get("from", "")) or usual.first
    last = _day(values.get("to", "")) or usual.last
    if last < first or (last - first).days > DAYS_MOST:
        return usual
    return Period(first, last)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2200 else None
