"""Reads of cases: lists for applicants and staff, the page of one case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet

from tongban.base.clocks import local_date
from tongban.base.worktime import deadline_in_working_days
from tongban.cases.models import Case, CaseEvent, Draft, MaterialFile
from tongban.cases.permissions import cases_of_applicant, cases_of_staff
from tongban.cases.rules import ANSWER_WORKING_DAYS, OPEN_STATES, Clock, State, clock
from tongban.cases.services.handling import VIEWED
from tongban.cases.services.reading import EMERGENCY, REVEALED
from tongban.directory.models import Account
from tongban.directory.selectors import working_calendar

PAGE = 30
# Events that change nothing: somebody looked.
LOOKS = (VIEWED, REVEALED, EMERGENCY)


def my_cases(account: Account) -> list[Case]:
    """The account's cases, newest first. One query."""
    return list(
        cases_of_applicant(account)
        .select_related("item", "organ")
        .order_by("-submitted_at", "-id")[:200]
    )


def my_drafts(account: Account) -> list[Draft]:
    """Forms that the account has begun and not sent, last touched first. One query."""
    return list(
        Draft.objects.filter(account=account, case=None)
        .select_related("item__organ")
        .order_by("-updated_at")[:50]
    )


@dataclass(frozen=True)
class WorkRow:
    """A row of the workbench. `due_on` is the promised day, or the day for a first answer."""

    number: str
    item: str
    applicant: str
    organ: str
    state: str
    state_label: str
    submitted_on: date
    due_on: date | None
    provisional: bool
    days_left: int | None


@dataclass(frozen=True)
class WorkList:
    rows: tuple[WorkRow, ...]
    after: str
    counts: dict[str, int]


FILTERS = {
    "open": Q(state__in=[State.SUBMITTED, State.ACCEPTED]),
    "new": Q(state=State.SUBMITTED),
    "accepted": Q(state=State.ACCEPTED),
    "waiting": Q(state=State.CORRECTION),
    "done": Q(state__in=[State.REFUSED, State.APPROVED, State.DENIED]),
}


def _in_order(cases: QuerySet[Case], show: str) -> QuerySet[Case]:
    if show == "done":
        return cases.order_by("-submitted_at", "-id")
    # New cases have no due day yet and must be answered in five days: they come first.
    return cases.order_by(F("due_on").asc(nulls_first=True), "submitted_at", "id")


def work_list(account: Account, *, show: str = "open", page: int = 1, today: date) -> WorkList:
    """The workbench: cases of the account's organs by deadline. Three queries."""
    cases = cases_of_staff(account)
    start = (max(page, 1) - 1) * PAGE
    found = list(
        _in_order(cases.filter(FILTERS[show]), show)
        .select_related("item", "applicant", "organ")
        .defer("answers", "item__source_row")[start : start + PAGE + 1]
    )
    rows = tuple(_work_row(case, today) for case in found[:PAGE])
    return WorkList(rows, str(page + 1) if len(found) > PAGE else "", _counts(cases))


def _counts(cases: QuerySet[Case]) -> dict[str, int]:
    wanted = {name: Count("pk", filter=condition) for name, condition in FILTERS.items()}
    return dict(cases.aggregate(**wanted))


def answer_due(case: Case) -> date:
    """Day by which a received application is answered, else it counts as accepted (art. 32(4))."""
    start = local_date(case.submitted_at)
    return deadline_in_working_days(start, ANSWER_WORKING_DAYS, working_calendar()).on


def _work_row(case: Case, today: date) -> WorkRow:
    due = case.due_on
    if case.state == State.SUBMITTED:
        due = answer_due(case)
    is_open = case.state in OPEN_STATES and case.state != State.CORRECTION
    return WorkRow(
        number=case.number,
        item=case.item.name,
        applicant=case.applicant.name,
        organ=case.organ.name,
        state=case.state,
        state_label=case.get_state_display(),
        submitted_on=local_date(case.submitted_at),
        due_on=due if is_open else None,
        provisional=case.due_provisional,
        days_left=(due - today).days if due and is_open else None,
    )


@dataclass(frozen=True)
class CaseFile:
    """All that a case page shows, read in two queries beside the case itself."""

    case: Case
    events: tuple[CaseEvent, ...]
    views: tuple[CaseEvent, ...]
    files: tuple[MaterialFile, ...]
    superseded: tuple[MaterialFile, ...]

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
    )


def case_clock(case: Case, now: datetime) -> Clock | None:
    """How the promised limit of an accepted case stands; None before acceptance."""
    if case.accepted_at is None:
        return None
    end = case.decided_at or now
    return clock(
        case.guide.promised_value,
        case.guide.promised_unit,
        local_date(case.accepted_at),
        local_date(end),
        working_calendar(),
    )
