"""Looking at the catalogue item by item, so that no page has to: facts, and their sums by place.

An item is looked at again when its guide or its row changed, and every week, since what lint says
also depends on what happened in its cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Case as Choice
from django.db.models import Count, F, IntegerField, Min, Q, Sum, Value, When

from tongban.assessment.models import CatalogueTally, ItemFact, TalliedUpto
from tongban.assessment.rules.catalogue import LEVELS, SUMS, Sums, above, added, usual_codes
from tongban.assessment.services.tallying import materials_asked
from tongban.base.clocks import utc_now
from tongban.cases.models import OfficeService
from tongban.catalogue.guide_schema.record import online_depth
from tongban.catalogue.lint.model import Finding, Severity, Subject
from tongban.catalogue.lint.practice import ENOUGH_CASES
from tongban.catalogue.lint.reporting import score_of
from tongban.catalogue.lint.running import check, subjects_of
from tongban.catalogue.models import BasicVersion, Guide, ServiceItem
from tongban.ledger.direct import fetch
from tongban.ledger.traces import leaves_no_trace

MOST: Final = 2_000
ALL_AT_ONCE: Final = 20_000
CHUNK: Final = 500
WEEK: Final = timedelta(days=7)
_STALE = """
SELECT i.id FROM catalogue_serviceitem i
LEFT JOIN catalogue_guide g ON g.item_id = i.id AND g.effective_to IS NULL
LEFT JOIN assessment_itemfact f ON f.item = i.id
WHERE f.item IS NULL OR f.guide <> COALESCE(g.id, 0) OR f.region_path <> i.region_path
  OR COALESCE(f.organ_id, 0) <> COALESCE(i.organ_id, 0) OR f.name <> i.name
  OR f.basic_code <> i.basic_code
ORDER BY i.id LIMIT %s
"""
_GONE = """
SELECT f.item FROM assessment_itemfact f
LEFT JOIN catalogue_serviceitem i ON i.id = f.item WHERE i.id IS NULL LIMIT %s
"""


def survey_all(*, at: datetime | None = None) -> int:
    """Look at all items that changed, then add up; how many were looked at."""
    done = 0
    while looked := survey(ALL_AT_ONCE, at=at):
        done += looked
    add_up(at=at)
    return done


@leaves_no_trace("writes down what the catalogue says")
def survey(most: int = MOST, *, at: datetime | None = None) -> int:
    """Look at no more than `most` items that changed or were not looked at for a week."""
    moment = at or utc_now()
    wanted = [pk for (pk,) in fetch(_STALE, [most])]
    gone = [pk for (pk,) in fetch(_GONE, [most])]
    if len(wanted) < most:
        old = ItemFact.objects.filter(checked_at__lt=moment - WEEK).order_by("checked_at")
        wanted += list(old.values_list("pk", flat=True)[: most - len(wanted)])
    if not wanted and not gone:
        return 0
    facts = list(_facts(sorted(set(wanted) - set(gone)), moment))
    with transaction.atomic():
        ItemFact.objects.filter(pk__in=gone).delete()
        names = [field.name for field in ItemFact._meta.concrete_fields if not field.primary_key]
        ItemFact.objects.bulk_create(
            facts, batch_size=CHUNK, update_conflicts=True, unique_fields=["item"],
            update_fields=names,
        )  # fmt: skip
        TalliedUpto.objects.get_or_create(id=1)
        TalliedUpto.objects.filter(id=1).update(survey_changed=True)
    return len(facts) + len(gone)


def _facts(keys: list[int], at: datetime) -> Iterable[ItemFact]:
    for start in range(0, len(keys), CHUNK * 4):
        chunk = keys[start : start + CHUNK * 4]
        items = ServiceItem.objects.filter(pk__in=chunk)
        rows = {row[1]: row for row in items.values_list("pk", "code", "organ_id", "basic_id")}
        guides = {
            item: (pk, complete, online)
            for item, pk, complete, online in Guide.objects.filter(
                item__in=chunk, effective_to=None
            ).values_list("item_id", "pk", "is_complete", "accepts_online")
        }
        basics = set(
            BasicVersion.objects.filter(
                effective_to=None, basic__in={row[3] for row in rows.values() if row[3]}
            ).values_list("basic_id", flat=True)
        )
        booked = set(OfficeService.objects.filter(item__in=chunk).values_list("item_id", flat=True))
        for subject, findings in check(subjects_of(items)):
            pk, _code, organ, basic = rows[subject.code]
            yield _fact(
                subject, findings, pk=pk, organ=organ, on_basic=basic in basics,
                guide=guides.get(pk), booked=pk in booked, at=at,
            )  # fmt: skip


def _fact(
    subject: Subject,
    findings: list[Finding],
    *,
    pk: int,
    organ: int | None,
    on_basic: bool,
    guide: tuple[int, bool, bool] | None,
    booked: bool,
    at: datetime,
) -> ItemFact:
    said: Any = subject.guide
    visits = said.get("on_site_visits")
    key, complete, online = guide or (0, False, False)
    happened = subject.happened
    practised = bool(guide and happened and happened.decided >= ENOUGH_CASES)
    forms = {*said.get("handling_forms", ()), *(("web",) if online else ())}
    appointment = True if booked else said.get("supports_appointment")
    return ItemFact(
        item=pk,
        code=subject.code,
        name=subject.name,
        organ_id=organ,
        region_path=subject.region,
        basic_code=subject.basic_code,
        on_basic=on_basic,
        guide=key,
        complete=complete,
        online=online,
        depth=online_depth(set(said.get("online_capabilities", ())), visits),
        ways=len(forms),
        visits=visits,
        materials=materials_asked(said) if guide else None,
        bookable=appointment,
        delivered=said.get("supports_delivery"),
        points=score_of(findings) if guide else 0,
        errors=sum(one.rule.severity is Severity.ERROR for one in findings) if guide else 0,
        practised=practised,
        contradicted=practised and any(one.rule.family == "what happened" for one in findings),
        findings=sorted(
            {one.rule.code for one in findings if one.rule.severity is not Severity.NOTE}
        ),
        checked_at=at,
    )


def _number(condition: Q) -> Count:
    return Count("pk", filter=condition)


GUIDED: Final = Q(guide__gt=0)
NUMBERS: Final = {
    "items": Count("pk"),
    "guides": _number(GUIDED),
    "online": _number(Q(online=True)),
    "depth": Sum(Choice(When(GUIDED, then=F("depth")), default=Value(0)), default=0,
                 output_field=IntegerField()),
    "ways": _number(GUIDED & Q(ways__gte=2)),
    "visiting": _number(GUIDED & Q(visits__gt=0)),
    "bookable": _number(GUIDED & Q(visits__gt=0, bookable=True)),
    "results": _number(GUIDED & Q(delivered__isnull=False)),
    "delivered": _number(GUIDED & Q(delivered=True)),
    "powers": _number(~Q(basic_code="")),
    "on_basic": _number(~Q(basic_code="") & Q(on_basic=True)),
    "points": Sum(Choice(When(GUIDED, then=F("points")), default=Value(0)), default=0,
                  output_field=IntegerField()),
    "sound": _number(GUIDED & Q(errors=0)),
    "practised": _number(Q(practised=True)),
    "true": _number(Q(practised=True, contradicted=False)),
}  # fmt: skip


@leaves_no_trace("adds up what was looked at")
@transaction.atomic
def add_up(*, at: datetime | None = None, anyway: bool = False) -> bool:
    """Add the facts up by place and organ when any changed; whether it was done."""
    moment = at or utc_now()
    TalliedUpto.objects.get_or_create(id=1)
    held = TalliedUpto.objects.select_for_update().get(id=1)
    if held.survey_changed or anyway:
        sums, oldest = sums_of_facts()
        CatalogueTally.objects.all().delete()
        CatalogueTally.objects.bulk_create(
            (CatalogueTally(scope=scope, sums=one, oldest=oldest[scope])
             for scope, one in sums.items()),
            batch_size=CHUNK,
        )  # fmt: skip
    done = held.survey_changed or anyway
    held.survey_changed, held.surveyed_at = False, moment
    held.save(update_fields=["survey_changed", "surveyed_at"])
    return done


def sums_of_facts() -> tuple[dict[str, Sums], dict[str, datetime]]:
    """The sums by scope, and when the fact was made that is looked at longest ago. Two queries."""
    parts: dict[str, list[Sums]] = defaultdict(list)
    oldest: dict[str, datetime] = {}
    # Not under the names of columns, which the conditions mean.
    named = {f"n_{name}": one for name, one in NUMBERS.items()}
    rows: Any = ItemFact.objects.values("region_path", "organ").annotate(
        first=Min("checked_at"), **named
    )
    for row in rows.order_by():
        path, organ, first = row["region_path"], row["organ"], row["first"]
        numbers = {name: row[f"n_{name}"] or 0 for name in NUMBERS}
        for scope in _scopes(path, organ):
            parts[scope].append(numbers)
            oldest[scope] = min(oldest.get(scope, first), first)
    for path, numbers in _against_peers().items():
        for scope in _scopes(path, None):
            parts[scope].append(numbers)
    return {scope: added(found) for scope, found in parts.items()}, oldest


def _scopes(path: str, organ: int | None) -> list[str]:
    scopes = [f"r:{path[:level]}" for level in LEVELS if level <= len(path)]
    return scopes + ([f"o:{organ}"] if organ else [])


def _against_peers() -> dict[str, Sums]:
    """For each place with items of its own: basic codes usual among its peers, and present."""
    codes: dict[str, set[str]] = defaultdict(set)
    rows = ItemFact.objects.exclude(basic_code="").values_list("region_path", "basic_code")
    for path, code in rows.order_by().distinct():
        codes[path].add(code)
    families: dict[tuple[str, int], dict[str, frozenset[str]]] = defaultdict(dict)
    for path, held in codes.items():
        families[above(path), len(path)][path] = frozenset(held)
    found = {}
    for family in families.values():
        usual = usual_codes(family)
        for path, own in family.items():
            found[path] = {"expected": len(usual), "present": len(usual & own)}
    return found


assert set(NUMBERS) | {"expected", "present"} == set(SUMS)
