"""What happened in real cases, for lint: the catalogue knows no cases and is told here."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from datetime import timedelta

from django.db.models import Exists, OuterRef

from tongban.base.clocks import local_date, utc_now
from tongban.base.worktime import working_days_between
from tongban.cases.models import Case, CaseEvent
from tongban.catalogue.lint.model import Happened
from tongban.catalogue.lint.running import what_happened
from tongban.catalogue.models import ServiceItem
from tongban.directory.selectors import working_calendar

# A year of cases; older ones were handled under other rules.
LOOK_BACK = timedelta(days=365)
CASES_MOST = 50_000
# How often staff must have asked for something before it counts.
ASKED_OFTEN = 3
ASKED = re.compile(
    r"(?:补交|补充|补齐|提交|提供|补)(?:一?[份张])?"
    r"([^,\uff0c。;\uff1b、\s]{2,20})"
)


def facts_of(codes: list[str]) -> dict[str, Happened]:
    """Median working days from acceptance to decision, and what corrections asked for.

    One query where none of the items has a case, three where one has.
    """
    since = utc_now() - LOOK_BACK
    has_cases = Exists(Case.objects.filter(item=OuterRef("pk")))
    items = dict(ServiceItem.objects.filter(has_cases, code__in=codes).values_list("pk", "code"))
    if not items:
        return {}
    calendar = working_calendar()
    took: dict[str, list[int]] = defaultdict(list)
    decided = Case.objects.filter(
        item__in=items, decided_at__gte=since, accepted_at__isnull=False
    ).values_list("item_id", "accepted_at", "decided_at")
    for item, accepted, ended in decided[:CASES_MOST]:
        assert accepted is not None
        assert ended is not None
        took[items[item]].append(
            working_days_between(local_date(accepted), local_date(ended), calendar)
        )
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    corrected: Counter[str] = Counter()
    notices = CaseEvent.objects.filter(
        act="request_correction", at__gte=since, case__item__in=items
    ).values_list("case__item_id", "text")
    for item, text in notices[:CASES_MOST]:
        code = items[item]
        corrected[code] += 1
        asked[code].update(set(ASKED.findall(text)))
    return {
        code: Happened(
            decided=len(took[code]),
            median_working_days=float(statistics.median(took[code])) if took[code] else 0.0,
            corrected=corrected[code],
            asked_for=tuple(
                what for what, times in asked[code].most_common() if times >= ASKED_OFTEN
            ),
        )
        for code in {*took, *corrected}
    }


def register() -> None:
    """Tell lint; called once at start."""
    if facts_of not in what_happened:
        what_happened.append(facts_of)
