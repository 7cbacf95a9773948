"""Tallies are what the events say: counted day by day, in any batches, or all at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.assessment.histories import START, accepted, naive_days, write_case
from tongban.assessment.models import TalliedUpto, Tally
from tongban.assessment.services.tallying import forget_tallies, tally, tally_all
from tongban.base.clocks import local_date
from tongban.base.worktime import working_days_between
from tongban.cases.models import Case, CaseEvent
from tongban.cases.rules import replay
from tongban.cases.selectors import case_clocks
from tongban.cases.services.writing import happened
from tongban.directory.models import Region
from tongban.directory.selectors import working_calendar

pytestmark = pytest.mark.django_db


def ends() -> st.SearchStrategy[list]:
    """What may follow an acceptance."""
    later = st.integers(0, 25)
    decide = st.tuples(st.sampled_from(["approve", "deny"]), later, st.just({}))
    deliver = st.tuples(
        st.just("deliver"), later, st.sampled_from([{"how": "collected"}, {"how": "posted"}])
    )
    special = st.tuples(later, later).map(
        lambda days: [
            ("start_special", days[0], {"kind": "testing"}),
            ("end_special", days[1], {"kind": "testing"}),
        ]
    )
    return st.one_of(
        st.just([]),
        later.map(lambda days: [("withdraw", days, {})]),
        st.tuples(st.one_of(st.just([]), special), decide, st.lists(deliver, max_size=1)).map(
            lambda parts: [*parts[0], parts[1], *parts[2]]
        ),
    )


def histories() -> st.SearchStrategy[list]:
    """Histories that the table of acts allows."""
    later = st.integers(0, 9)
    accept = st.tuples(later, st.integers(0, 20)).map(lambda two: [accepted(*two)])
    silence = st.integers(7, 12).map(lambda days: [("accept_by_silence", days, accepted(0, 10)[2])])
    corrected = st.tuples(later, later).map(
        lambda two: [("request_correction", two[0], {}), ("correct", two[1], {})]
    )
    begun = st.tuples(st.one_of(st.just([]), corrected), st.one_of(accept, silence), ends()).map(
        lambda parts: [*parts[0], *parts[1], *parts[2]]
    )
    refused = later.map(lambda days: [("refuse", days, {})])
    return st.one_of(st.just([]), refused, begun).map(lambda steps: [("submit", 0, {}), *steps])


def by_hand() -> Counter:
    """(scope, monthly, day, measure, value) of every event, as somebody counts who reads the files."""
    found: Counter = Counter()
    calendar = working_calendar()
    for case in Case.objects.select_related("item"):
        events = list(case.events.order_by("seq"))
        facts = []
        answered = False
        for place, event in enumerate(events):
            day, at = local_date(event.at), event.at
            if event.act == "submit":
                facts.append((day, "received", int(case.channel == "counter")))
                asked = sum(
                    one.get("how") not in ("shared", "on_file")
                    for one in case.guide.document["materials"]
                )
                facts.append((day, "asked", asked))
            if event.act in ("accept", "accept_by_silence", "refuse", "request_correction"):
                if not answered:
                    facts.append((day, "answered", naive_days(events[0].at, at)))
                answered = True
            if event.act == "accept_by_silence":
                facts.append((day, "silent", 0))
            if event.act == "request_correction":
                facts.append((day, "corrected", 0))
            if event.act in ("approve", "deny"):
                standing = replay(happened(one) for one in events[: place + 1])
                due = case_clocks(standing, at).promise.due.on
                start = local_date(standing.accepted_at)
                pauses = standing.pauses(day)
                facts.append((day, "whole", naive_days(events[0].at, at)))
                facts.append((day, "decided", working_days_between(start, day, calendar, pauses)))
                late = day > due
                over = max(1, working_days_between(due, day, calendar)) if late else 0
                facts.append((day, "late" if late else "in_time", over))
            if event.act == "deliver":
                collected = event.data["how"] == "collected"
                facts.append((day, "visits", int(case.channel == "counter") + int(collected)))
            if event.act == "withdraw":
                facts.append((day, "dropped", 0))
        path = case.region_path
        scopes = [f"r:{path[:n]}" for n in (0, 2, 4, 6)] + [f"o:{case.organ_id}"]
        if "企业设立" in case.item.name:
            scopes += [f"t:business:{path[:n]}" for n in (0, 2, 4, 6)]
        for day, measure, value in facts:
            for scope in scopes:
                found[scope, False, day, measure, value] += 1
                found[scope, True, day.replace(day=1), measure, value] += 1
            found[f"i:{case.item_id}", False, day, measure, value] += 1
    return found


def stored() -> Counter:
    found: Counter = Counter()
    for row in Tally.objects.all():
        for measure, spread in row.counts.items():
            for value, cases in spread.items():
                found[row.scope, row.monthly, row.day, measure, int(value)] += cases
    return found


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first=st.lists(
        st.tuples(histories(), st.integers(0, 60), st.booleans(), st.booleans()), max_size=4
    ),
    then=st.lists(
        st.tuples(histories(), st.integers(0, 60), st.booleans(), st.booleans()), max_size=4
    ),
    most=st.integers(1, 9),
)
def test_tallies_are_what_the_events_add_up_to(world, calendar, first, then, most):
    Case.objects.all().delete()
    forget_tallies()
    other = world.make_item_of_another_place()
    for part in (first, then):
        for steps, begins, counter, elsewhere in part:
            item = other if elsewhere else None
            write_case(world, steps, begins=begins, counter=counter, item=item)
        while tally(most):
            pass
        assert stored() == by_hand()
    once = stored()
    forget_tallies()
    tally_all()
    assert stored() == once


@pytest.fixture
def world(world):
    """With a place beside, whose item opens a business."""
    elsewhere, _made = Region.objects.get_or_create(
        code="511603000000",
        defaults={"name": "前锋区", "level": 4, "parent_id": "511600000000", "path": "511603"},
    )
    made = []

    def item():
        if not made:
            organ = world.make_organ("区行政审批局", elsewhere)
            made.append(world.make_item("511A-other-1", "企业设立、变更、注销登记", organ))
        return made[0]

    world.make_item_of_another_place = item
    return world


def test_what_lists_sort_by_repeats_the_counts(world, calendar):
    write_case(world, [("submit", 0, {}), accepted(1, 3), ("approve", 20, {})], counter=True)
    write_case(world, [("submit", 0, {}), ("request_correction", 1, {})])
    tally_all()
    rows = Tally.objects.filter(scope=f"i:{world.item.pk}")
    sums = Counter()
    for row in rows:
        assert (row.organ, row.under) == (world.organ, "511602")
        for name in ("received", "at_counter", "decided", "late", "corrected", "silent"):
            sums[name] += getattr(row, name)
    assert sums == Counter(received=2, at_counter=1, decided=1, late=1, corrected=1)


def test_looking_at_a_case_counts_nothing(world, calendar):
    case = write_case(world, [("submit", 0, {})])
    tally_all()
    before = stored()
    CaseEvent.objects.create(
        case=case, seq=2, act="viewed", at=START, actor=world.clerk, organ=world.organ
    )
    assert tally() == 1
    assert stored() == before


def test_another_calendar_has_everything_counted_anew(world, calendar):
    from tongban.directory.models import CalendarDay
    from tongban.directory.selectors import forget_calendar

    write_case(world, [("submit", 0, {}), accepted(0, 3), ("approve", 3, {})])
    tally_all()
    day = local_date(START + timedelta(days=2))
    CalendarDay.objects.create(day=day, kind="holiday", name="示例")
    forget_calendar()
    assert tally_all() == 3
    whole = Tally.objects.get(scope="r:", monthly=True).counts["whole"]
    assert whole == {"2": 1}
    assert stored() == by_hand()


def test_a_notice_about_days_to_come_has_nothing_counted_anew(world, calendar):
    from tongban.directory.models import CalendarDay
    from tongban.directory.selectors import forget_calendar

    write_case(world, [("submit", 0, {}), accepted(0, 3), ("approve", 3, {})])
    tally_all()
    CalendarDay.objects.create(
        day=local_date(START + timedelta(days=4)), kind="holiday", name="示例"
    )
    forget_calendar()
    assert tally_all() == 0
    assert stored() == by_hand()


def test_nothing_new_is_a_few_small_questions(world, calendar, django_assert_max_num_queries):
    write_case(world, [("submit", 0, {})])
    tally_all()
    working_calendar()
    # PostgreSQL waits for those that write now: a lock and its limit.
    with django_assert_max_num_queries(9):
        assert tally() == 0
    assert TalliedUpto.objects.get().at is not None


def test_two_at_once_count_nothing_twice(world, calendar, monkeypatch):
    from tongban.assessment.services import tallying

    write_case(world, [("submit", 0, {})])
    real = tallying.counted_in

    def slow(events, days):
        monkeypatch.setattr(tallying, "counted_in", real)
        assert tally() == 1  # Somebody else is faster.
        return real(events, days)

    monkeypatch.setattr(tallying, "counted_in", slow)
    assert tally() == 0
    assert stored() == by_hand()
