"""What time itself does to cases: silence is acceptance, a promise not kept is a withdrawal.

`tongban serve` runs it beside the ledger's integrator, `tongban cases due` by hand. Each act is a
transaction of its own; run twice, or by two at once, it does nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import Conflict
from tongban.cases.models import Case
from tongban.cases.rules import Act, BrokenHistory, Part, State
from tongban.cases.services.handling import acceptance_data
from tongban.cases.services.writing import carry_out, columns_by_events
from tongban.ledger import acts
from tongban.ledger.traces import leaves_trace

log = logging.getLogger(__name__)
BATCH = 500
SYSTEM = frozenset({Part.SYSTEM})
DATES = ("due_on", "legal_due_on", "next_due_on", "due_provisional")


@dataclass(frozen=True)
class Done:
    """How many cases were accepted by silence, and how many lapsed."""

    accepted: int
    lapsed: int


def run_due(*, at: datetime | None = None) -> Done:
    """Do every act that time alone does, up to `at`; a query each when there is nothing to do."""
    moment = at or utc_now()
    today = local_date(moment)
    silent = Case.objects.filter(state=State.SUBMITTED, next_due_on__lt=today)
    late = Case.objects.filter(applicant_due_on__lt=today)
    return Done(_count(accept_by_silence, silent, moment), _count(lapse, late, moment))


def _count(act: Callable[[int, datetime], bool], cases: QuerySet[Case], at: datetime) -> int:
    """Do an act for each case; one whose events are broken is named and keeps none of the others."""
    done = 0
    for key in _keys(cases):
        try:
            done += act(key, at)
        except BrokenHistory:
            log.exception("case %s does not fit its events; run `tongban cases check`", key)
    return done


def _keys(cases: QuerySet[Case]) -> Iterator[int]:
    """The primary keys of cases in batches, oldest first."""
    last = 0
    while True:
        keys = list(cases.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        yield from keys
        last = keys[-1]


def _locked(key: int) -> Case:
    cases = Case.objects.select_for_update(of=("self",))
    return cases.select_related("guide", "organ", "item", "applicant", "delegation__agent").get(
        pk=key
    )


@leaves_trace(acts.CASE_ACCEPTED_BY_SILENCE)
@transaction.atomic
def accept_by_silence(key: int, at: datetime) -> bool:
    """Accept an application that nobody answered in five working days, as of the day of its
    receipt (art. 32(4)). False when that is not so, or not any more.
    """
    case = _locked(key)
    try:
        carry_out(
            case,
            Act.ACCEPT_BY_SILENCE,
            SYSTEM,
            actor=None,
            at=at,
            data=lambda standing: acceptance_data(case, standing, at),
        )
    except Conflict:
        return False
    return True


@leaves_trace(acts.CASE_LAPSED)
@transaction.atomic
def lapse(key: int, at: datetime) -> bool:
    """Count an application as withdrawn whose promised papers or corrections did not come in time
    (安阳市政务服务条例 24, 36). False when that is not so, or not any more.
    """
    case = _locked(key)
    try:
        carry_out(case, Act.LAPSE, SYSTEM, actor=None, at=at)
    except Conflict:
        return False
    return True


def recompute_deadlines(*, at: datetime | None = None, since: date | None = None) -> int:
    """Count the days of open cases anew that another calendar moves; returns how many moved.

    Called after a holiday notice is loaded. Each change is an event that the applicant sees.
    `since`: only cases whose next day is not before it (the first day that the notice changes).
    """
    moment = at or utc_now()
    open_cases = Case.objects.filter(due_provisional=True)
    if since is not None:
        open_cases = open_cases | Case.objects.filter(next_due_on__gte=since)
    return _count(_recompute, open_cases, moment)


@leaves_trace(acts.CASE_DUE_RECOMPUTED)
@transaction.atomic
def _recompute(key: int, at: datetime) -> bool:
    case = _locked(key)
    now = columns_by_events(case)
    if all(getattr(case, name) == now[name] for name in DATES):
        return False
    carry_out(case, Act.RECOMPUTE, SYSTEM, actor=None, at=at)
    return True
