"""The list behind a figure: the items, guides and cases that cost the points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Q, QuerySet, Sum

from tongban.assessment.live.computing import Live
from tongban.assessment.live.figures import COUNTS, Source
from tongban.assessment.models import ItemFact, Tally
from tongban.assessment.rules.catalogue import above, usual_codes
from tongban.assessment.selectors.material import Unit
from tongban.base.clocks import local_date
from tongban.base.regions import prefix_of
from tongban.cases.models import Case
from tongban.catalogue.models import BasicItem

_YEAR: Final = timedelta(days=366)
SHOWN: Final = 50
ALL: Final = 2_000


@dataclass(frozen=True)
class Behind:
    """One thing that costs points. `lost`: what is missing in the numerator; `gain`: points of the
    index that mending it brings, all else as it is.
    """

    code: str
    name: str
    organ: str
    lost: float
    of: float
    gain: float
    findings: tuple[str, ...] = ()
    is_item: bool = True


@dataclass(frozen=True)
class Behinds:
    rows: tuple[Behind, ...]
    total: int
    """How many there are in all."""


def _facts(unit: Unit) -> QuerySet[ItemFact]:
    if unit.is_organ:
        return ItemFact.objects.filter(organ_id=int(unit.scope.removeprefix("o:")))
    return ItemFact.objects.filter(region_path__startswith=prefix_of(unit.code))


def _tallies(unit: Unit, live: Live) -> QuerySet[Tally]:
    rows = Tally.objects.filter(
        day__gte=live.period.first, day__lte=live.period.last, organ__isnull=False
    )
    if unit.is_organ:
        return rows.filter(organ_id=int(unit.scope.removeprefix("o:")))
    path = prefix_of(unit.code)
    # A range, so that the index by place is used; "~" comes after every digit.
    return rows.filter(under__gte=path, under__lte=f"{path}~")


GUIDED: Final = Q(guide__gt=0)
# Which items cost points of a catalogue figure, and how much each lacks.
LACKING: Final[Mapping[str, tuple[Q, Callable[[ItemFact], tuple[float, float]]]]] = {
    "ways_online": (Q(online=False), lambda fact: (1, 1)),
    "ways_depth": (GUIDED & Q(depth__lt=4), lambda fact: (4 - fact.depth, 4)),
    "ways_channels": (GUIDED & Q(ways__lt=2), lambda fact: (1, 1)),
    "ways_booking": (
        GUIDED & Q(visits__gt=0) & (Q(bookable=False) | Q(bookable=None)),
        lambda fact: (1, 1),
    ),
    "ways_delivery": (GUIDED & Q(delivered=False), lambda fact: (1, 1)),
    "coverage_guides": (Q(guide=0), lambda fact: (1, 1)),
    "coverage_basic": (~Q(basic_code="") & Q(on_basic=False), lambda fact: (1, 1)),
    "guides_lint": (GUIDED & Q(points__lt=100), lambda fact: (100 - fact.points, 100)),
    "guides_sound": (GUIDED & Q(errors__gt=0), lambda fact: (1, 1)),
    "guides_practice": (Q(practised=True, contradicted=True), lambda fact: (1, 1)),
}
# What sorts the items that lack most to the front.
WORST: Final = {"ways_depth": "depth", "guides_lint": "points", "guides_sound": "-errors"}
# Which column of an item's tallies costs points of a figure, and of how many.
COSTLY: Final[Mapping[str, tuple[str, str]]] = {
    "maturity_online": ("at_counter", "received"),
    "maturity_promise": ("late", "decided"),
    "maturity_answers": ("silent", "received"),
    "maturity_first": ("corrected", "received"),
}


def behind(live: Live, indicator: str, *, most: int = SHOWN) -> Behinds:
    """What costs the points of an indicator, the greatest effect first. Three queries at most.

    Raises KeyError for an indicator that is not of the framework.
    """
    count = COUNTS[indicator]
    if count.source is Source.CATALOGUE:
        found = _missing_codes(live, most) if indicator == "coverage_peers" else None
        return found or _items_lacking(live, indicator, most)
    if indicator in COSTLY:
        return _items_costing(live, indicator, most)
    return Behinds((), 0)


def _items_lacking(live: Live, indicator: str, most: int) -> Behinds:
    if indicator not in LACKING:
        return Behinds((), 0)
    condition, lacks = LACKING[indicator]
    facts = _facts(live.unit).filter(condition).select_related("organ")
    order = [WORST[indicator]] if indicator in WORST else []
    rows = []
    for fact in facts.order_by(*order, "code")[:most]:
        lost, of = lacks(fact)
        rows.append(
            Behind(
                fact.code,
                fact.name,
                fact.organ.name if fact.organ else "",
                lost,
                of,
                live.gain(indicator, lost),
                tuple(fact.findings) if indicator.startswith("guides") else (),
            )
        )
    return Behinds(tuple(rows), facts.count())


def _items_costing(live: Live, indicator: str, most: int) -> Behinds:
    column, whole = COSTLY[indicator]
    rows = (
        _tallies(live.unit, live)
        .values("scope")
        .annotate(lost=Sum(column), cases=Sum(whole))
        .filter(lost__gt=0)
        .order_by("-lost", "scope")
    )
    shown = list(rows[:most])
    items = {int(row["scope"].removeprefix("i:")): row for row in shown}
    facts = {
        fact.item: fact for fact in ItemFact.objects.filter(item__in=items).select_related("organ")
    }
    found = [
        Behind(
            facts[item].code,
            facts[item].name,
            organ.name if (organ := facts[item].organ) else "",
            row["lost"],
            row["cases"],
            live.gain(indicator, row["lost"]),
        )
        for item, row in items.items()
        if item in facts
    ]
    total = len(shown) if len(shown) < most else rows.count()
    return Behinds(tuple(found), total)


def _missing_codes(live: Live, most: int) -> Behinds | None:
    """Basic codes that most peers have and this place has not. None where it can't be said here."""
    if live.unit.is_organ:
        return Behinds((), 0)
    path = prefix_of(live.unit.code)
    codes: dict[str, set[str]] = {}
    peers = ItemFact.objects.filter(region_path__startswith=above(path)).exclude(basic_code="")
    for place, code in peers.values_list("region_path", "basic_code").order_by().distinct():
        if len(place) == len(path):
            codes.setdefault(place, set()).add(code)
    usual = usual_codes({place: frozenset(held) for place, held in codes.items()})
    missing = sorted(usual - codes.get(path, set()))
    if path not in codes:
        return Behinds((), 0)
    names = dict(BasicItem.objects.filter(code__in=missing[:most]).values_list("code", "name"))
    rows = (
        Behind(code, names.get(code, code), "", 1, 1, live.gain("coverage_peers", 1), is_item=False)
        for code in missing[:most]
    )
    return Behinds(tuple(rows), len(missing))


@dataclass(frozen=True)
class ToDo:
    """An item with all that it costs: mend the first one first."""

    code: str
    name: str
    organ: str
    gain: float
    parts: tuple[tuple[str, float], ...]


def to_do(live: Live, *, most: int = SHOWN) -> list[ToDo]:
    """Items by the points that mending all of them would bring, over all indicators.

    Made of the first two thousand of each list; each part is counted with all else as it is, so what
    a new guide changes in other figures is not in it.
    """
    gains: dict[str, dict[str, float]] = {}
    names: dict[str, Behind] = {}
    for indicator in COUNTS:
        if live.figures[live.unit.code][indicator].value is None:
            continue
        for row in behind(live, indicator, most=ALL).rows:
            if row.is_item and row.gain > 0:
                gains.setdefault(row.code, {})[indicator] = row.gain
                names[row.code] = row
    order = sorted(gains, key=lambda code: (-sum(gains[code].values()), code))[:most]
    return [
        ToDo(
            code,
            names[code].name,
            names[code].organ,
            sum(gains[code].values()),
            tuple(sorted(gains[code].items(), key=lambda one: -one[1])),
        )
        for code in order
    ]


@dataclass(frozen=True)
class CostlyCase:
    """A case behind a figure: for the staff of its organ alone."""

    number: str
    item: str
    days: str


def cases_behind(live: Live, indicator: str, *, most: int = SHOWN) -> list[CostlyCase]:
    """The cases of an organ that cost points of the figure, newest first. One query.

    The caller has checked that the reader may read the organ's cases.
    """
    if not live.unit.is_organ:
        return []
    cases = Case.objects.filter(organ_id=int(live.unit.scope.removeprefix("o:")))
    first, last = live.period.first, live.period.last
    if indicator == "maturity_promise":
        chosen = cases.filter(decided_at__isnull=False, due_on__isnull=False)
        chosen = chosen.filter(due_on__gte=first - _YEAR, due_on__lte=last)
        rows = chosen.order_by("-decided_at").select_related("item").defer("answers")
        late = [
            (one, one.due_on)
            for one in rows.iterator(chunk_size=500)
            if one.decided_at
            and one.due_on
            and first <= local_date(one.decided_at) <= last
            and local_date(one.decided_at) > one.due_on
        ]
        return [CostlyCase(one.number, one.item.name, day.isoformat()) for one, day in late[:most]]
    if indicator == "maturity_answers":
        silent = cases.filter(accepted_at__isnull=False, accepted_by=None)
    elif indicator == "maturity_online":
        silent = cases.filter(channel=Case.Channel.COUNTER)
    elif indicator == "maturity_first":
        silent = cases.filter(events__act="request_correction")
    else:
        return []
    rows = silent.filter(submitted_at__date__gte=first, submitted_at__date__lte=last)
    rows = rows.order_by("-submitted_at").select_related("item").defer("answers")
    return [
        CostlyCase(one.number, one.item.name, local_date(one.submitted_at).isoformat())
        for one in rows[:most]
    ]
