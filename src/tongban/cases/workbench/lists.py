"""What the workbench shows: rows of a list, its counts, search, and the load of colleagues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import urlencode

from django.db import connection

from tongban.base.case_numbers import CaseNumberError, check_case_number
from tongban.base.identifiers import IdentifierError, check_resident_id
from tongban.base.permissions import Permission
from tongban.cases.models import Case, ReportedCase
from tongban.cases.workbench.lanes import (
    COUNTED_MOST,
    DUE,
    PAGE,
    QUEUES,
    WHOSE,
    Wanted,
    counted,
    first_keys,
    place_of,
    text_of,
)
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, ConnectedSystem, Enterprise, Organ, Person
from tongban.directory.selectors import duties_of, find_person

NAMESAKES_MOST: Final = 200
ITEMS_MOST: Final = 300
COLLEAGUE_ROLES: Final = ("clerk", "reviewer", "head")


@dataclass(frozen=True)
class Filters:
    """The filters of a list as its address has them; what makes no sense is left out."""

    show: str = "open"
    item: str = ""
    organ: str = ""
    due: str = ""
    whose: str = ""

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Filters:
        show, due, whose = said.get("show", ""), said.get("due", ""), said.get("whose", "")
        return cls(
            show=show if show in QUEUES else "open",
            item=said.get("item", "")[:64],
            organ=said.get("organ", "")[:100],
            due=due if due in DUE else "",
            whose=whose if whose in WHOSE else "",
        )

    def query(self, **changes: str) -> str:
        """The address of the list, from its question mark on."""
        said = vars(replace(self, **changes))
        return "?" + urlencode({name: value for name, value in said.items() if value})

    @property
    def narrow(self) -> bool:
        """Whether more is chosen than the queue."""
        return bool(self.item or self.organ or self.due or self.whose)


@dataclass(frozen=True)
class Row:
    """A row of the workbench. `due_on` is the organ's next day: answer, decision, delivery.

    `system` names the system that handles it, for a case that is only reported here.
    """

    number: str
    item: str
    applicant: str
    organ: str
    state: str
    state_label: str
    due_on: date | None
    provisional: bool
    days_left: int | None
    claimed_by: str = ""
    mine: bool = False
    system: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Page:
    rows: tuple[Row, ...]
    after: str


@dataclass(frozen=True)
class Desk:
    """Whose workbench it is: the organs that they serve, and what of these can be chosen."""

    account: Account
    organs: dict[int, Organ]
    today: date

    def wanted(self, filters: Filters) -> Wanted:
        """The filters with keys in the place of codes. One query when an item is chosen."""
        chosen = tuple(sorted(self.organs))
        if filters.organ:
            chosen = tuple(key for key in chosen if self.organs[key].code == filters.organ)
        item = None
        if filters.item:
            mine = ServiceItem.objects.filter(code=filters.item, organ__in=self.organs)
            item = mine.values_list("pk", flat=True).first()
            chosen = chosen if item is not None else ()
        return Wanted(
            filters.show, chosen, self.account.pk, self.today, item, filters.due, filters.whose
        )


def desk_of(account: Account, today: date) -> Desk:
    """Two queries."""
    organs = duties_of(account).organs_for(Permission.READ_CASE)
    return Desk(account, Organ.objects.in_bulk(sorted(organs)), today)


def page_of(desk: Desk, filters: Filters, after: str = "") -> Page:
    """A page of a list behind the place `after`. Two queries, three with an item chosen."""
    places = first_keys(desk.wanted(filters), place_of(after))
    keys = [place.key for place in places[:PAGE]]
    if filters.show.startswith("elsewhere"):
        rows = _reported_rows(keys, desk.today)
    else:
        rows = _rows(keys, desk)
    return Page(rows, text_of(places[PAGE - 1]) if len(places) > PAGE else "")


def _rows(keys: Sequence[int], desk: Desk) -> tuple[Row, ...]:
    cases = (
        Case.objects.filter(pk__in=keys)
        .select_related("item", "applicant", "enterprise", "organ", "claimed_by")
        .only(
            "number", "state", "next_due_on", "due_provisional", "item__name", "applicant__name",
            "enterprise__name", "organ__name", "claimed_by__display_name", "claimed_by__username",
        )
    )  # fmt: skip
    found = {case.pk: case for case in cases}
    return tuple(_row(found[key], desk) for key in keys if key in found)


def _row(case: Case, desk: Desk) -> Row:
    due = case.next_due_on
    return Row(
        number=case.number,
        item=case.item.name,
        applicant=case.enterprise.name if case.enterprise else case.applicant.name,
        organ=case.organ.name,
        state=case.state,
        state_label=case.get_state_display(),
        due_on=due,
        provisional=case.due_provisional,
        days_left=(due - desk.today).days if due else None,
        claimed_by=str(case.claimed_by) if case.claimed_by else "",
        mine=case.claimed_by_id == desk.account.pk,
    )


def _reported_rows(keys: Sequence[int], today: date) -> tuple[Row, ...]:
    cases = ReportedCase.objects.filter(pk__in=keys).select_related("organ", "system")
    found = {case.pk: case for case in cases.defer("record", "applicant_number")}
    return tuple(reported_row(found[key], today) for key in keys if key in found)


def reported_row(case: ReportedCase, today: date) -> Row:
    due = case.due_on if case.state != ReportedCase.State.CONCLUDED else None
    return Row(
        number=case.source_number,
        item=case.item_name,
        applicant=case.applicant_name,
        organ=case.organ.name,
        state=case.state,
        state_label=case.get_state_display(),
        due_on=due,
        provisional=False,
        days_left=(due - today).days if due else None,
        system=case.system.name,
        reference=case.ledger_ref,
    )


# Counts

RAIL: Final = {
    **{name: Filters(show=name) for name in QUEUES},
    "today": Filters(due="today"),
    "late": Filters(due="late"),
    "mine": Filters(whose="mine"),
    "unclaimed": Filters(whose="unclaimed"),
}


def counts_of(desk: Desk) -> dict[str, str]:
    """How many are in each list of the rail; «1000+» for more. One query."""
    numbers = counted([desk.wanted(filters) for filters in RAIL.values()])
    return {name: capped(number) for name, number in zip(RAIL, numbers, strict=True)}


def capped(number: int) -> str:
    return f"{COUNTED_MOST}+" if number > COUNTED_MOST else str(number)


# Search

FIND = """
SELECT id FROM cases_case{by} WHERE {column} IN ({whom}) AND organ_id + 0 IN ({organs})
ORDER BY submitted_at DESC, id DESC LIMIT {most}"""
BY_WHOM: Final = {
    "applicant_id": "cases_of_a_person",
    "enterprise_id": "cases_of_an_enterprise",
}


def find_sql(column: str, whom: Sequence[int], organs: Sequence[int]) -> str:
    """Cases of some applicants in one's organs, the newest first."""
    return FIND.format(
        by=f" INDEXED BY {BY_WHOM[column]}" if connection.vendor == "sqlite" else "",
        column=column,
        whom=", ".join(["%s"] * len(whom)),
        organs=", ".join(["%s"] * len(organs)),
        most=PAGE,
    )


def number_of(desk: Desk, text: str) -> str:
    """The case number that was typed, in its one form, when it is of one of one's organs. One query."""
    try:
        number = check_case_number(text)
    except CaseNumberError:
        return ""
    mine = Case.objects.filter(number=number, organ__in=desk.organs)
    return number if mine.exists() else ""


def search(desk: Desk, text: str) -> tuple[Row, ...]:
    """Cases by the applicant's whole name, ID number or credit code, or by the number that another
    system gave. Names of up to 200 namesakes. At most six queries.
    """
    text = text.strip()[:100]
    if not text or not desk.organs:
        return ()
    keys = _found("applicant_id", _people(text), desk)
    keys += _found("enterprise_id", _enterprises(text), desk)
    return _rows(list(dict.fromkeys(keys))[:PAGE], desk) + _reported_by_number(text, desk)


def _people(text: str) -> list[int]:
    try:
        person = find_person(check_resident_id(text.upper()))
        return [person.pk] if person else []
    except IdentifierError:
        named = Person.objects.filter(name=text).order_by("pk")
        return list(named.values_list("pk", flat=True)[:NAMESAKES_MOST])


def _enterprises(text: str) -> list[int]:
    by_code = Enterprise.objects.filter(uscc=text.upper()).values_list("pk", flat=True)
    named = Enterprise.objects.filter(name=text).order_by("pk").values_list("pk", flat=True)
    return list(by_code) or list(named[:NAMESAKES_MOST])


def _found(column: str, whom: Sequence[int], desk: Desk) -> list[int]:
    if not whom:
        return []
    organs = sorted(desk.organs)
    with connection.cursor() as cursor:
        cursor.execute(find_sql(column, whom, organs), [*whom, *organs])
        return [key for (key,) in cursor.fetchall()]


def _reported_by_number(text: str, desk: Desk) -> tuple[Row, ...]:
    # By system, since its number is unique there: the index begins with it.
    systems = list(
        ConnectedSystem.objects.filter(reporting_rights__organ__in=desk.organs)
        .values_list("pk", flat=True)
        .distinct()
    )
    cases = ReportedCase.objects.filter(
        system__in=systems, source_number=text, organ__in=desk.organs
    ).select_related("organ", "system")
    return tuple(reported_row(case, desk.today) for case in cases[:PAGE])


# Choices and colleagues


def items_to_choose(desk: Desk) -> list[tuple[str, str]]:
    """Items of one's organs that take applications: code and name. One query."""
    items = ServiceItem.objects.filter(
        organ__in=desk.organs, guides__effective_to=None, guides__is_complete=True
    )
    return list(items.order_by("name", "code").values_list("code", "name")[:ITEMS_MOST])


def colleagues(organs: Sequence[int]) -> list[Account]:
    """Who has a post in one of the organs that handles cases, by name. One query."""
    return list(
        Account.objects.filter(
            posts__organ__in=organs, posts__role__in=COLLEAGUE_ROLES, is_active=True
        )
        .distinct()
        .order_by("display_name", "username")
    )


@dataclass(frozen=True)
class Load:
    """What a colleague looks after: claimed open cases, of which due today and late."""

    account: Account
    open: int
    today: int
    late: int


LOAD = """
SELECT claimed_by_id, COUNT(*),
       SUM(CASE WHEN next_due_on = %s THEN 1 ELSE 0 END),
       SUM(CASE WHEN next_due_on < %s THEN 1 ELSE 0 END)
FROM cases_case{by}
WHERE claimed_by_id IN ({whom}) AND state IN ('submitted', 'accepted', 'paused')
  AND organ_id + 0 IN ({organs})
GROUP BY claimed_by_id"""


def load_sql(whom: int, organs: int) -> str:
    return LOAD.format(
        by=" INDEXED BY cases_somebody_claimed" if connection.vendor == "sqlite" else "",
        whom=", ".join(["%s"] * whom),
        organs=", ".join(["%s"] * organs),
    )


def team_load(desk: Desk) -> tuple[list[Load], int]:
    """For a head: what each colleague has claimed, and how many open cases nobody has. 4 queries.

    Reads the claimed open cases of the colleagues, no others. Empty for who heads no organ.
    """
    organs = sorted(duties_of(desk.account).organs_for(Permission.DIRECT_CASE))
    team = colleagues(organs) if organs else []
    if not team:
        return [], 0
    day = desk.today.isoformat()
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql(len(team), len(organs)),
            [day, day, *(one.pk for one in team), *organs],
        )
        found = {key: (count, today, late) for key, count, today, late in cursor.fetchall()}
    unclaimed = Wanted("open", tuple(organs), desk.account.pk, desk.today, whose="unclaimed")
    loads = [Load(one, *found.get(one.pk, (0, 0, 0))) for one in team]
    return sorted(loads, key=lambda one: (-one.late, -one.open)), counted([unclaimed])[0]


def is_colleague(account: Account, organ: int) -> bool:
    """Whether somebody has a post in the organ that handles cases, or stands in for one. One query."""
    return organ in duties_of(account).organs(*COLLEAGUE_ROLES)
