"""The lists of the workbench: what is in them, in which order, and that no plan reads a whole table."""

from __future__ import annotations

import itertools
import random
import re
from datetime import date, timedelta

import pytest
from django.db import connection

from bench.many_cases import fill
from tests.cases.reported import make_system
from tests.conftest import AT, ID_NUMBERS, World
from tongban.base.clocks import local_date
from tongban.cases.models import Case, ReportedCase
from tongban.cases.workbench import lanes, lists
from tongban.cases.workbench.lists import Filters, desk_of, page_of
from tongban.directory.models import Enterprise

pytestmark = pytest.mark.django_db
TODAY = local_date(AT)
COMBINATIONS = [
    Filters(show, item, organ, due, whose)
    for show, item, organ, due, whose in itertools.product(
        lanes.QUEUES, ("", "an item"), ("", "an organ"), ("", *lanes.DUE), ("", *lanes.WHOSE)
    )
]


def copies(world: World, count: int, seed: int = 1) -> list[Case]:
    """Cases in every state and on many days: rows of real cases, copied."""
    chance = random.Random(seed)
    states = ("submitted", "correction", "accepted", "paused", "approved", "denied", "withdrawn")
    samples = [world.make_case(state) for state in states]
    made = []
    for place in range(count):
        case = Case.objects.get(pk=chance.choice(samples).pk)
        case.pk, case.number, case.ledger_ref = None, f"copy-{place}", f"{place:032x}"
        case.draft_key = f"{place:032x}"
        if case.next_due_on:
            case.next_due_on = TODAY + timedelta(days=chance.randrange(-5, 15))
        if chance.random() < 0.5:
            case.claimed_by = chance.choice([world.clerk, world.reviewer])
        made.append(case)
    return Case.objects.bulk_create(made)


def expected(world: World, filters: Filters, account) -> list[int]:
    """The same list by plain Python over all cases."""
    queue = lanes.QUEUES[filters.show]
    kinds = {(kind.state, kind.dated) for kind in queue}
    found = []
    for case in Case.objects.all():
        fits = (case.state, case.next_due_on is not None) in kinds
        if filters.due:
            fits &= case.next_due_on is not None
            if case.next_due_on:
                fits &= (
                    case.next_due_on == TODAY
                    if filters.due == "today"
                    else case.next_due_on < TODAY
                )
        if filters.whose == "mine":
            fits &= case.claimed_by_id == account.pk
        if filters.whose == "unclaimed":
            fits &= case.claimed_by_id is None
        if fits:
            found.append(case)
    if filters.show in lanes.BACKWARDS:
        found.sort(key=lambda one: -one.pk)
    else:
        found.sort(key=lambda one: (one.next_due_on is None, one.next_due_on or date.max, one.pk))
    return [case.number for case in found]


@pytest.mark.parametrize("show", [one for one in lanes.QUEUES if "elsewhere" not in one])
@pytest.mark.parametrize("due", ["", *lanes.DUE])
def test_pages_one_after_the_other_are_the_whole_list_in_order(world, show, due):
    copies(world, 120)
    desk = desk_of(world.clerk, TODAY)
    for whose, item in itertools.product(("", *lanes.WHOSE), ("", world.item.code)):
        filters = Filters(show, item, "", due, whose)
        seen, after = [], ""
        while True:
            page = page_of(desk, filters, after)
            seen += [row.number for row in page.rows]
            after = page.after
            if not after:
                break
        assert seen == expected(world, filters, world.clerk)


def test_a_list_costs_the_same_number_of_queries_however_long(world, django_assert_num_queries):
    copies(world, 100)
    with django_assert_num_queries(2):
        desk = desk_of(world.clerk, TODAY)
    with django_assert_num_queries(2):
        assert len(page_of(desk, Filters()).rows) == lanes.PAGE
    with django_assert_num_queries(1):
        lists.counts_of(desk)


def plan_of(sql: str, values) -> str:
    """How the database would run it, as text."""
    begin = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        cursor.execute(begin + sql, values)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def full_scans(plan: str) -> list[str]:
    """Steps that read a whole table of cases."""
    if connection.vendor == "sqlite":
        return [line for line in plan.splitlines() if re.search(r"SCAN cases_", line)]
    return [line for line in plan.splitlines() if re.search(r"Seq Scan on cases_", line)]


def sorts(plan: str) -> list[str]:
    return [line for line in plan.splitlines() if "TEMP B-TREE" in line or "Sort" in line]


@pytest.fixture
def filled(world):
    """Enough rows, and statistics, for PostgreSQL to choose as it would with a million."""
    for state in ("submitted", "correction", "accepted", "paused", "denied", "withdrawn"):
        world.make_case(state)
    organs = [world.organ, *(world.make_organ(f"机构 {place}") for place in range(9))]
    items = [(world.item.pk, world.organ.pk)] + [
        (world.make_item(f"item-{place}", f"事项 {place}", organ).pk, organ.pk)
        for organ in organs
        for place in range(organ.pk * 10, organ.pk * 10 + 4)
    ]
    people = [world.resident.person.pk, world.neighbour.person.pk]
    staff = [world.clerk.pk, world.reviewer.pk]
    staff += [world.make_staff(f"staff-{place}", organs[1], "clerk").pk for place in range(8)]
    count = 60_000 if connection.vendor == "postgresql" else 500
    fill(count, items=items, people=people, staff=staff, today=TODAY)
    fill_reported(world, items, count // 10)
    return world


def fill_reported(world: World, items: list[tuple[int, int]], count: int) -> None:
    """Cases of another system: an empty table would be read whole, and rightly so."""
    states = ("applied", "accepted", "paused", *["concluded"] * 7)
    system, chance = make_system(world), random.Random(1)
    made = []
    for place in range(count):
        state = chance.choice(states)
        item, organ = chance.choice(items)
        ended = state == "concluded"
        made.append(
            ReportedCase(
                system=system,
                source_number=f"R-{place}",
                organ_id=organ,
                item_id=item,
                ledger_ref=f"{place:032x}",
                state=state,
                applied_at=AT,
                concluded_at=AT if ended else None,
                due_on=None if ended else TODAY + timedelta(days=chance.randrange(-5, 15)),
                record={},
                reported_at=AT,
            )
        )
    ReportedCase.objects.bulk_create(made, batch_size=1000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE cases_reportedcase")


def test_no_combination_of_filters_reads_a_whole_table_or_sorts_it(filled):
    world = filled
    organs = (world.organ.pk, world.make_organ("区人社局").pk)
    bad = []
    for filters, after in itertools.product(
        COMBINATIONS, (None, lanes.Place(TODAY, 5), lanes.Place(None, 5))
    ):
        wanted = lanes.Wanted(
            filters.show,
            organs[:1] if filters.organ else organs,
            world.clerk.pk,
            TODAY,
            world.item.pk if filters.item else None,
            filters.due,
            filters.whose,
        )
        sql, values = lanes.page_sql(lanes.lanes_of(wanted), after, lanes.PAGE + 1)
        if not sql:
            continue
        plan = plan_of(sql, values)
        if full_scans(plan) or (connection.vendor == "sqlite" and sorts(plan)):
            bad.append((filters, after, plan))
    assert bad == []


def test_counts_search_and_load_read_no_whole_table(filled):
    world = filled
    desk = desk_of(world.clerk, TODAY)
    counting = lanes.counts_sql([desk.wanted(one) for one in lists.RAIL.values()])
    organs = [world.organ.pk]
    asked = [
        counting,
        (lists.find_sql("applicant_id", [1, 2], organs), [1, 2, *organs]),
        (lists.find_sql("enterprise_id", [1, 2], organs), [1, 2, *organs]),
        (lists.load_sql(2, 1), [TODAY.isoformat()] * 2 + [1, 2, *organs]),
    ]
    for sql, values in asked:
        plan = plan_of(sql, values)
        assert not full_scans(plan), plan


def test_counts_stop_at_a_thousand(world):
    sample = world.make_case()
    template = Case.objects.get(pk=sample.pk)
    made = []
    for place in range(lanes.COUNTED_MOST + 5):
        case = (
            Case.objects.get(pk=template.pk)
            if place == 0
            else made[0].__class__(
                **{
                    field.attname: getattr(template, field.attname)
                    for field in Case._meta.concrete_fields
                }
            )
        )
        case.pk, case.number, case.ledger_ref = None, f"copy-{place}", f"{place:032x}"
        case.draft_key = f"{place:032x}"
        made.append(case)
    Case.objects.bulk_create(made)
    counts = lists.counts_of(desk_of(world.clerk, TODAY))
    assert counts["new"] == "1000+"
    assert counts["paused"] == "0"


def test_people_are_found_by_their_whole_name_or_number_in_own_organs_only(world):
    mine = world.make_case()
    desk = desk_of(world.clerk, TODAY)
    name = world.resident.person.name
    for asked in (name, ID_NUMBERS[0], f" {ID_NUMBERS[0]} "):
        assert [row.number for row in lists.search(desk, asked)] == [mine.number]
    assert lists.number_of(desk, mine.number.lower()) == mine.number
    for asked in (name[:2], ID_NUMBERS[1], "", "%", "x" * 500):
        assert lists.search(desk, asked) == ()
    other = world.make_staff("other", world.make_organ("区人社局"), "clerk")
    elsewhere = desk_of(other, TODAY)
    assert lists.search(elsewhere, name) == ()
    assert lists.number_of(elsewhere, mine.number) == ""


def test_enterprises_are_found_by_name_and_code(world):
    enterprise = Enterprise.objects.create(
        uscc="91511602MA0000000L", name="示例公司", legal_representative=world.resident.person
    )
    case = world.make_case()
    Case.objects.filter(pk=case.pk).update(enterprise=enterprise)
    desk = desk_of(world.clerk, TODAY)
    for asked in ("示例公司", "91511602ma0000000l"):
        assert [row.applicant for row in lists.search(desk, asked)] == ["示例公司"]


def test_an_item_or_organ_of_others_opens_nothing(world):
    world.make_case()
    desk = desk_of(world.clerk, TODAY)
    other = world.make_organ("区人社局")
    item = world.make_item("other-item", "别的事", other)
    assert page_of(desk, Filters(item=item.code)).rows == ()
    assert page_of(desk, Filters(organ=other.code)).rows == ()
    assert page_of(desk, Filters(organ=world.organ.code)).rows != ()


@pytest.mark.parametrize(
    "text", ["", "x", "2026-13-45.1", "2026-01-01", "١", "9" * 30, "-1", "1;DROP", "2026-02-30.5"]
)
def test_a_place_that_makes_no_sense_is_the_beginning(text):
    assert lanes.place_of(text) is None


def test_places_survive_the_address():
    for place in (lanes.Place(None, 7), lanes.Place(TODAY, 12345)):
        assert lanes.place_of(lanes.text_of(place)) == place
