"""Reads of offices, free times, one's own appointments, the queue of a day."""

from __future__ import annotations

from collections import Counter as Counts
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from tongban.base.clocks import local_date
from tongban.base.permissions import Permission
from tongban.base.regions import lineage_of, prefix_of
from tongban.cases.appointments.booking import hours_of
from tongban.cases.appointments.rules import bookable_seats, slots_on, waiting_minutes
from tongban.cases.models import Booking, Office, OfficeService, Ticket
from tongban.cases.models.appointments import HOLDS
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of, working_calendar


def offices_for(region: str) -> list[Office]:
    """Offices of a region and of those above it, with what they serve. Two queries."""
    prefixes = [prefix_of(code) for code in lineage_of(region)]
    return list(
        Office.objects.filter(region_path__in=prefixes)
        .prefetch_related("services__item")
        .order_by("name")
    )


def offices_of(account: Account) -> list[Office]:
    """Offices whose queue the account runs. Two queries."""
    organs = duties_of(account).organs_for(Permission.RUN_COUNTER)
    return list(Office.objects.filter(organ__in=organs).order_by("name"))


@dataclass(frozen=True)
class FreeTime:
    begins_at: datetime
    free: int


@dataclass(frozen=True)
class FreeDay:
    day: date
    times: tuple[FreeTime, ...]


def free_times(service: OfficeService, now: datetime) -> list[FreeDay]:
    """The times that can be booked from now on, day by day; full ones are left out. Two queries."""
    office, today = service.office, local_date(now)
    hours, calendar = hours_of(office), working_calendar()
    last = today + timedelta(days=office.days_ahead)
    held = Booking.objects.filter(
        office=office, day__gte=today, day__lte=last, state__in=HOLDS
    ).values_list("begins_at", "service_id")
    all_taken, own_taken = Counts[datetime](), Counts[datetime]()
    for begins_at, service_id in held:
        all_taken[begins_at] += 1
        own_taken[begins_at] += service_id == service.pk
    found = []
    for ahead in range(office.days_ahead + 1):
        day = today + timedelta(days=ahead)
        times = []
        for place, moment in enumerate(slots_on(day, hours, office.slot_minutes, calendar)):
            seats = bookable_seats(place, office.people_a_slot, office.kept_percent)
            free = min(seats - all_taken[moment], service.people_a_slot - own_taken[moment])
            if moment > now and free > 0:
                times.append(FreeTime(moment, free))
        if times:
            found.append(FreeDay(day, tuple(times)))
    return found


def my_bookings(account: Account) -> list[Booking]:
    """The account's appointments, those to come first. One query."""
    return list(
        Booking.objects.filter(person__account=account)
        .select_related("office", "service__item")
        .order_by("-begins_at")[:50]
    )


@dataclass(frozen=True)
class Called:
    number: int
    counter: int


@dataclass(frozen=True)
class Queue:
    """What the screen of a waiting room shows: numbers, never names."""

    called: tuple[Called, ...]
    waiting: tuple[int, ...]
    minutes: int


def queue_of(office: Office, now: datetime) -> Queue:
    """The queue of today. One query."""
    tickets = Ticket.objects.filter(
        Q(state=Ticket.State.WAITING) | Q(state=Ticket.State.CALLED),
        office=office,
        day=local_date(now),
    ).order_by("reference_at", "number")
    rows = list(tickets.values_list("number", "counter__number"))
    waiting = tuple(number for number, counter in rows if counter is None)
    called = tuple(Called(number, counter) for number, counter in rows if counter is not None)
    minutes = waiting_minutes(len(waiting), office.slot_minutes, office.people_a_slot)
    return Queue(called, waiting, minutes)
