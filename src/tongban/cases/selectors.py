"""Reads of cases: lists for applicants and staff, the page of one case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from tongban.base.clocks import local_date
from tongban.cases.models import LOOKS, BundlePart, Case, CaseEvent, Draft, MaterialFile
from tongban.cases.permissions import cases_of_applicant
from tongban.cases.rules import BrokenHistory, Clock, Standing, clock, replay
from tongban.cases.services.writing import ACTS, columns_by_events, happened
from tongban.directory.models import Account
from tongban.directory.selectors import working_calendar


def my_cases(account: Account) -> list[Case]:
    """The account's cases, newest first. One query."""
    return list(
        cases_of_applicant(account)
        .select_related("item", "organ")
        .order_by("-submitted_at", "-id")[:200]
    )


def my_drafts(account: Account) -> list[Draft]:
    """Forms that the account has begun and not sent, or that were begun for it at a counter, last
    touched first. One query.

    Those that go with a bundle stand there, but for one that the applicant must complete.
    """
    with_a_bundle = BundlePart.objects.filter(filing__account=account, asks="", stopped="")
    own = Q(account=account) | Q(account=None, principal__account=account, enterprise=None)
    return list(
        Draft.objects.filter(own, case=None)
        .exclude(key__in=with_a_bundle.values("draft_key"))
        .select_related("item__organ")
        .order_by("-updated_at")[:50]
    )


@dataclass(frozen=True)
class CaseFile:
    """All that a case page shows, read in two queries beside the case itself."""

    case: Case
    events: tuple[CaseEvent, ...]
    views: tuple[CaseEvent, ...]
    files: tuple[MaterialFile, ...]
    superseded: tuple[MaterialFile, ...]
    standing: Standing

    @property
    def reasons(self) -> str:
        return next((event.text for event in reversed(self.events) if event.text), "")


def case_file(case: Case) -> CaseFile:
    """Events and files of a case. Two queries."""
    events = list(case.events.select_related("actor", "organ").order_by("seq"))
    files = list(case.files.order_by("id"))
    return CaseFile(
        case=case,
        events=tuple(event for event in events if event.act not in LOOKS),
        views=tuple(event for event in events if event.act in LOOKS),
        files=tuple(file for file in files if not file.superseded),
        superseded=tuple(file for file in files if file.superseded),
        standing=replay(happened(event) for event in events if event.act in ACTS),
    )


@dataclass(frozen=True)
class Clocks:
    """The promise and the legal limit of a case as they stand, None before acceptance."""

    promise: Clock
    legal: Clock


def case_clocks(standing: Standing, now: datetime) -> Clocks | None:
    """How the limits of an accepted case stand; they stop with the decision. No query."""
    if standing.accepted_at is None:
        return None
    start = local_date(standing.accepted_at)
    end = local_date(standing.decided_at or standing.closed_at or now)
    pauses, calendar = standing.pauses(end), working_calendar()
    return Clocks(
        promise=clock(standing.promise, start, end, calendar, pauses),
        legal=clock(standing.terms.legal, start, end, calendar, pauses, standing.extension),
    )


def misfits(case: Case) -> list[str]:
    """The columns of a case that its events don't add up to. Two queries."""
    try:
        now = columns_by_events(case)
    except BrokenHistory:
        return ["events"]
    wrong = [name for name, value in now.items() if getattr(case, name) != value]
    places = list(case.events.order_by("seq").values_list("seq", flat=True))
    if places != list(range(1, case.events_count + 1)):
        wrong.append("events_count")
    return wrong
