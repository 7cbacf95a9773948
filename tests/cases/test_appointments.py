"""Appointments: which times there are, who gets which seat, what is missed, whose turn it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.offices import make_booking, make_office
from tests.cases.test_two_at_once import together
from tests.conftest import ID_NUMBERS, World
from tongban.base.calendar_cn import statutory_calendar
from tongban.base.clocks import LOCAL, utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.appointments import booking, queue
from tongban.cases.appointments.rules import (
    Hours,
    barred_until,
    bookable_seats,
    clean_code,
    first_free,
    new_code,
    slots_on,
    waiting_minutes,
)
from tongban.cases.appointments.selectors import free_times, queue_of
from tongban.cases.models import Booking, Ticket
from tongban.directory.services.calendar import seed_calendar
from tongban.ledger.models import Entry

CALENDAR = statutory_calendar()
WEEK = [Hours(day, time(9), time(12)) for day in range(5)]
MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)  # 8:00 in China


def clock(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=LOCAL)


# Times


@pytest.mark.parametrize(
    ("day", "count", "why"),
    [
        ("2026-03-02", 6, "a Monday: 9 to 12 in half hours"),
        ("2026-03-07", 0, "a Saturday"),
        ("2026-10-01", 0, "the National Day"),
        ("2026-10-10", 6, "a Saturday that is worked: Monday's hours"),
        ("2026-02-16", 0, "Spring Festival, a Monday"),
    ],
)
def test_an_office_is_open_on_the_days_that_are_worked(day, count, why):
    assert len(slots_on(date.fromisoformat(day), WEEK, 30, CALENDAR)) == count, why


def test_a_slot_ends_before_the_doors_close():
    found = slots_on(date(2026, 3, 2), [Hours(0, time(9), time(10, 20))], 30, CALENDAR)
    assert [f"{moment:%H:%M}" for moment in found] == ["09:00", "09:30"]


@given(st.integers(1, 50), st.integers(0, 100), st.integers(1, 40))
def test_the_kept_share_holds_over_a_day_also_for_small_offices(people, kept, slots):
    seats = [bookable_seats(place, people, kept) for place in range(slots)]
    assert all(0 <= one <= people for one in seats)
    whole = people * slots * (100 - kept) / 100
    assert whole - 1 < sum(seats) <= whole


@given(st.lists(st.integers(1, 12)), st.integers(0, 10))
def test_the_first_free_seat_is_free_and_there(taken, seats):
    found = first_free(taken, seats)
    if found is None:
        assert set(range(1, seats + 1)) <= set(taken)
    else:
        assert 1 <= found <= seats
        assert found not in taken


def test_three_missed_in_ninety_days_bar_for_thirty():
    days = [MONDAY - timedelta(days=ago) for ago in (80, 40, 5)]
    assert barred_until(days, MONDAY) == days[-1] + timedelta(days=30)
    assert barred_until(days[:2], MONDAY) is None
    assert barred_until(days, MONDAY + timedelta(days=11)) is None  # the first is too long ago
    assert barred_until([], MONDAY) is None


def test_codes_are_read_however_they_are_typed():
    code = new_code()
    assert clean_code(code.lower().replace("-", " ")) == code
    assert clean_code("nonsense!") == clean_code("") == ""


@pytest.mark.parametrize(("ahead", "minutes"), [(0, 0), (1, 15), (2, 30), (5, 75)])
def test_waiting_time_goes_by_the_pace_that_is_planned(ahead, minutes):
    assert waiting_minutes(ahead, 30, 2) == minutes


# Booking


@pytest.fixture
def hall(world, calendar):
    return make_office(world)


def book(world, office, moment, account=None, *, at=MONDAY):
    return booking.book(account or world.resident, office, world.item.code, moment, at=at)


def test_a_seat_is_booked_with_a_code_and_a_trace(world, hall):
    made = book(world, hall, clock(9))
    assert (made.state, made.seat, made.person) == ("booked", 1, world.resident.person)
    assert Entry.objects.filter(leaf__contains="appointment.booked").count() == 1
    assert made.code not in Entry.objects.latest("id").leaf


@pytest.mark.parametrize(
    "moment",
    [
        clock(9, 10),  # between two slots
        clock(12),  # the break
        clock(9, day=7),  # Saturday
        clock(9, day=23),  # too far ahead
        datetime(2026, 2, 27, 9, tzinfo=LOCAL),  # over
    ],
)
def test_only_times_that_are_shown_can_be_booked(world, hall, moment):
    with pytest.raises(InvalidInput, match="no_such_slot"):
        book(world, hall, moment)


def test_a_full_slot_is_refused_and_others_stay_free(world, calendar):
    office = make_office(world, people_a_slot=1)
    book(world, office, clock(9))
    with pytest.raises(Conflict, match="slot_taken"):
        book(world, office, clock(9), world.neighbour)
    assert book(world, office, clock(9, 30), world.neighbour).seat == 1


def test_kept_seats_are_never_booked(world, calendar):
    office = make_office(world, people_a_slot=2, kept_percent=50)
    assert book(world, office, clock(9)).seat == 1
    with pytest.raises(Conflict, match="slot_taken"):
        book(world, office, clock(9), world.neighbour)


def test_one_person_is_at_one_place_and_once_a_day_for_a_service(world, hall):
    book(world, hall, clock(9))
    for moment in (clock(9), clock(10)):
        with pytest.raises(Conflict, match="booked_already"):
            book(world, hall, moment)


def test_nobody_hoards_appointments(world, hall):
    for day in (2, 3, 4):
        book(world, hall, clock(9, day=day))
    with pytest.raises(Conflict, match="too_many_bookings"):
        book(world, hall, clock(9, day=5))


def test_who_missed_three_can_not_book_but_can_come(world, hall):
    for ago in (40, 20, 5):
        made = make_booking(world, MONDAY - timedelta(days=ago))
        Booking.objects.filter(pk=made.pk).update(state="missed")
    with pytest.raises(Conflict, match="missed_too_many"):
        book(world, hall, clock(9))
    assert queue.take_ticket(world.clerk, hall.slug, world.item.code, at=clock(9)).number == 1


def test_a_cancelled_seat_is_free_at_once(world, calendar):
    office = make_office(world, people_a_slot=1)
    made = book(world, office, clock(9, day=3))
    with pytest.raises(NotFound):
        booking.cancel(world.neighbour, made.code, at=MONDAY)
    booking.cancel(world.resident, made.code.lower(), at=MONDAY)
    assert book(world, office, clock(9, day=3), world.neighbour).seat == 1
    with pytest.raises(Conflict, match="booking_over"):
        booking.cancel(world.resident, made.code, at=MONDAY)


def test_in_the_last_hour_nothing_is_moved_or_cancelled(world, hall):
    made = book(world, hall, clock(9))
    for act in (
        lambda: booking.cancel(world.resident, made.code, at=clock(8, 1)),
        lambda: booking.move(world.resident, made.code, clock(10), at=clock(8, 1)),
    ):
        with pytest.raises(Conflict, match="too_late"):
            act()


def test_moving_keeps_the_old_time_until_the_new_one_is_had(world, calendar):
    office = make_office(world, people_a_slot=1)
    mine = book(world, office, clock(9, day=3))
    book(world, office, clock(10, day=3), world.neighbour)
    with pytest.raises(Conflict, match="slot_taken"):
        booking.move(world.resident, mine.code, clock(10, day=3), at=MONDAY)
    mine.refresh_from_db()
    assert mine.state == "booked"
    moved = booking.move(world.resident, mine.code, clock(11, day=3), at=MONDAY)
    mine.refresh_from_db()
    assert (mine.state, moved.state, moved.code != mine.code) == ("cancelled", "booked", True)


def test_what_nobody_came_to_is_missed_after_a_quarter_of_an_hour(world, hall):
    made = book(world, hall, clock(9))
    assert booking.mark_missed(at=clock(9, 15)) == 0
    assert booking.mark_missed(at=clock(9, 16)) == 1
    assert booking.mark_missed(at=clock(9, 16)) == 0
    made.refresh_from_db()
    assert made.state == "missed"


def test_free_times_are_those_that_can_be_booked(world, hall, django_assert_num_queries):
    book(world, hall, clock(9))
    service = hall.services.select_related("office").get()
    with django_assert_num_queries(2):
        days = free_times(service, MONDAY)
    assert (days[0].day, len(days)) == (date(2026, 3, 2), 11)
    assert [one.free for one in days[0].times][:2] == [1, 2]
    assert len(days[0].times) == 12


def test_the_database_itself_refuses_a_doubled_seat(world, hall):
    made = book(world, hall, clock(9))
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.create(
            code=new_code(),
            office=hall,
            service=made.service,
            person=world.neighbour.person,
            day=made.day,
            begins_at=made.begins_at,
            seat=made.seat,
            service_seat=2,
            state="booked",
            made_at=MONDAY,
        )


# Many at once


@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_the_last_seats_at_once_only_so_many_get_one():
    seed_calendar()
    world = World()
    office = make_office(world, people_a_slot=2)
    people = [world.resident, world.neighbour] + [
        world.make_resident(f"more-{place}", number) for place, number in enumerate(ID_NUMBERS[2:])
    ]
    found = together(lambda number: book(world, office, clock(9), people[number]), len(people))
    assert sum(isinstance(one, Booking) for one in found) == 2, found
    assert sum(isinstance(one, Conflict) for one in found) == len(people) - 2, found
    assert sorted(Booking.objects.values_list("seat", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_counters_that_call_at_once_call_two_people():
    seed_calendar()
    world = World()
    office = make_office(world)
    for _person in range(2):
        queue.take_ticket(world.clerk, office.slug, world.item.code, at=clock(9))
    found = together(
        lambda number: queue.call_next(world.clerk, office.slug, number + 1, at=clock(9, 1)), 2
    )
    assert sorted(one.number for one in found) == [1, 2], found
    assert {one.counter.number for one in Ticket.objects.all()} == {1, 2}


@pytest.mark.django_db(transaction=True)
def test_tickets_taken_at_once_have_numbers_of_their_own():
    seed_calendar()
    world = World()
    office = make_office(world)
    found = together(
        lambda _number: queue.take_ticket(world.clerk, office.slug, world.item.code, at=clock(9)), 5
    )
    assert sorted(one.number for one in found) == [1, 2, 3, 4, 5], found


# The queue


def test_the_order_is_that_of_booked_and_of_coming(world, hall):
    late = book(world, hall, clock(9, 30))
    first = queue.take_ticket(world.clerk, hall.slug, world.item.code, at=clock(9))
    booked = queue.check_in(world.clerk, hall.slug, late.code, at=clock(9, 5))
    third = queue.take_ticket(world.clerk, hall.slug, world.item.code, at=clock(9, 40))
    order = []
    for _person in range(3):
        ticket = queue.call_next(world.clerk, hall.slug, 1, at=clock(9, 45))
        order.append(ticket.number)
        queue.finish(world.clerk, hall.slug, 1, at=clock(9, 46))
    assert order == [first.number, booked.number, third.number]
    with pytest.raises(Conflict, match="nobody_waits"):
        queue.call_next(world.clerk, hall.slug, 1, at=clock(9, 50))


@pytest.mark.parametrize(
    ("when", "fits"),
    [(clock(8, 29), False), (clock(8, 30), True), (clock(9, 15), True), (clock(9, 16), False)],
)
def test_checking_in_has_its_time(world, hall, when, fits):
    made = book(world, hall, clock(9))
    if fits:
        assert queue.check_in(world.clerk, hall.slug, made.code, at=when).booking == made
        with pytest.raises(Conflict):
            queue.check_in(world.clerk, hall.slug, made.code, at=when)
        assert booking.mark_missed(at=clock(12)) == 0
    else:
        with pytest.raises(Conflict, match="no_check_in"):
            queue.check_in(world.clerk, hall.slug, made.code, at=when)


@pytest.mark.parametrize("code", ["", "AAAA-AAAA", "' OR 1=1 --", "x" * 300])
def test_a_wrong_code_checks_nobody_in(world, hall, code):
    book(world, hall, clock(9))
    with pytest.raises(NotFound):
        queue.check_in(world.clerk, hall.slug, code, at=clock(9))


def test_who_does_not_come_to_three_calls_has_left(world, hall):
    queue.take_ticket(world.clerk, hall.slug, world.item.code, at=clock(9))
    queue.call_next(world.clerk, hall.slug, 1, at=clock(9))
    with pytest.raises(Conflict, match="counter_busy"):
        queue.call_next(world.clerk, hall.slug, 1, at=clock(9))
    states = [queue.call_again(world.clerk, hall.slug, 1, at=clock(9, n)).state for n in (1, 2, 3)]
    assert states == ["called", "called", "absent"]
    with pytest.raises(Conflict, match="nobody_called"):
        queue.finish(world.clerk, hall.slug, 1, at=clock(9, 5))


def test_another_organ_runs_no_counter_here(world, hall):
    outsider = world.make_staff("out", world.make_organ("区人社局"), "clerk")
    for account in (outsider, world.reviewer, world.resident):
        with pytest.raises(NotFound):
            queue.take_ticket(account, hall.slug, world.item.code, at=clock(9))
        with pytest.raises(NotFound):
            queue.call_next(account, hall.slug, 1, at=clock(9))


def test_staff_without_a_person_book_nothing(world, hall):
    with pytest.raises(NotPermitted, match="no_person"):
        book(world, hall, clock(9), world.clerk)


def test_the_screen_shows_numbers_and_the_wait(world, hall, django_assert_num_queries):
    for minute in range(3):
        queue.take_ticket(world.clerk, hall.slug, world.item.code, at=clock(9, minute))
    queue.call_next(world.clerk, hall.slug, 2, at=clock(9, 5))
    with django_assert_num_queries(1):
        found = queue_of(hall, clock(9, 5))
    assert [(one.number, one.counter) for one in found.called] == [(1, 2)]
    assert (found.waiting, found.minutes) == ((2, 3), 30)


# Pages


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_from_a_free_time_to_the_counter_on_the_pages(world, calendar):
    office = make_office(world)
    resident, clerk = signed_in(world.resident), signed_in(world.clerk)
    assert office.name in Client().get("/appointments/").content.decode()
    address = f"/appointments/{office.slug}/"
    assert world.item.name in resident.get(address).content.decode()
    page = resident.get(address, {"item": world.item.code})
    days = page.context["days"]
    chosen = days[-1]["times"][0]["value"]
    sent = {"item": world.item.code, "begins_at": chosen}
    assert resident.post(address, sent).status_code == 302
    again = resident.post(address, sent)
    assert again.status_code == 409
    assert "您已有预约" in again.content.decode()
    assert resident.post(address, sent | {"begins_at": "nonsense"}).status_code == 422
    made = Booking.objects.get()
    mine = resident.get("/me/appointments/").content.decode()
    assert made.code in mine
    other = days[-1]["times"][2]["value"]
    assert (
        resident.post(address, sent | {"begins_at": other, "change": made.code}).status_code == 302
    )
    moved = Booking.objects.get(state="booked")
    assert resident.post("/me/appointments/", {"code": moved.code}).status_code == 302
    assert not Booking.objects.filter(state="booked").exists()
    counter = f"/work/counter/{office.slug}/"
    assert clerk.get("/work/counter/").status_code == 302
    for typed in (
        {"act": "ticket", "item": world.item.code},
        {"act": "call", "counter": "1"},
        {"act": "again", "counter": "1"},
        {"act": "finish", "counter": "1"},
    ):
        assert clerk.post(counter, typed).status_code == 302, typed
    assert clerk.post(counter, {"act": "call", "counter": "1"}).status_code == 409
    assert clerk.post(counter, {"act": "call", "counter": "99"}).status_code == 404
    assert clerk.post(counter, {"act": "dance"}).status_code == 422
    assert signed_in(world.reviewer).get(counter).status_code in (403, 404)
    assert resident.get(f"/appointments/{office.slug}/queue/").status_code == 200
    assert Client().get("/appointments/nowhere/queue/").status_code == 404


def test_checking_in_on_the_page(world, calendar):
    office = make_office(world)
    made = make_booking(world, utc_now())
    page = signed_in(world.clerk).post(
        f"/work/counter/{office.slug}/", {"act": "check_in", "code": made.code}
    )
    assert page.status_code == 302
    made.refresh_from_db()
    assert made.state == "checked_in"
