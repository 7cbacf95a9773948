"""Small builders of offices and appointments."""

from __future__ import annotations

import itertools
from datetime import datetime, time

from tests.conftest import World
from tongban.base.clocks import local_date
from tongban.cases.appointments.rules import new_code
from tongban.cases.models import Booking, Counter, Office, OfficeHours, OfficeService
from tongban.directory.models import Account

_slugs = itertools.count(1)


def make_office(world: World, **changes: object) -> Office:
    """An office open from Monday to Friday, 9 to 12 and 14 to 17, that serves the world's item."""
    office = Office.objects.create(
        organ=world.organ,
        slug=f"hall-{next(_slugs)}",
        name="区政务服务大厅(示例)",
        address="示例路 1 号",
        region_path=world.organ.region.path,
        **({"slot_minutes": 30, "people_a_slot": 2, "kept_percent": 0, "days_ahead": 14} | changes),
    )
    OfficeHours.objects.bulk_create(
        OfficeHours(office=office, weekday=weekday, begins=time(begins), ends=time(ends))
        for weekday in range(5)
        for begins, ends in ((9, 12), (14, 17))
    )
    OfficeService.objects.create(office=office, item=world.item, people_a_slot=2)
    Counter.objects.bulk_create(Counter(office=office, number=number) for number in (1, 2))
    return office


def make_booking(
    world: World,
    at: datetime,
    code: str = "",
    account: Account | None = None,
    state: str = "booked",
) -> Booking:
    """A booking by hand, at any moment."""
    office = Office.objects.first() or make_office(world)
    seat = office.bookings.filter(begins_at=at).count() + 1
    return Booking.objects.create(
        code=code or new_code(),
        office=office,
        service=office.services.get(),
        person=(account or world.resident).person,
        day=local_date(at),
        begins_at=at,
        seat=seat,
        service_seat=seat,
        state=state,
        made_at=at,
    )
