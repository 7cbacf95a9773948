"""Messages about appointments: booked, moved, cancelled, missed, and the reminder a day before."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from tongban.base.clocks import local_date, utc_now
from tongban.cases.appointments.rules import reminder_due
from tongban.cases.models import Booking
from tongban.directory.messages.posting import notify
from tongban.ledger.traces import leaves_no_trace

BATCH = 500


def tell(kind: str, booking: Booking, *, at: datetime, before: datetime | None = None) -> list[str]:
    """Tell the person who has booked; returns the keys of the messages. One statement.

    `before` is when the appointment was before it was moved.
    """
    service = booking.service
    facts = {
        "begins_at": booking.begins_at.isoformat(),
        "before_at": before.isoformat() if before else "",
        "item": service.item.name,
        "office": service.office.name,
        "address": service.office.address,
        "code": booking.code,
    }
    return notify(
        kind,
        [booking.person.account_id],
        at=at,
        facts=facts,
        link=reverse("cases:my-appointments"),
    )


def remind(*, at: datetime | None = None) -> int:
    """Remind of the appointments of tomorrow; how many. Run twice or by two, nobody hears twice."""
    moment = at or utc_now()
    tomorrow = local_date(moment) + timedelta(days=1)
    coming = Booking.objects.filter(
        state=Booking.State.BOOKED,
        reminded_at=None,
        day=tomorrow,
        begins_at__gt=moment,
        begins_at__lt=moment + timedelta(days=2),
    )
    rows = coming.order_by("pk").values_list("pk", "made_at", "day")
    return sum(
        _remind(key, moment)
        for key, made_at, day in list(rows[:BATCH])
        if reminder_due(day, made_at, moment)
    )


@leaves_no_trace("a reminder: nothing is decided, nothing changes")
@transaction.atomic
def _remind(key: int, at: datetime) -> bool:
    open_ = Booking.objects.filter(pk=key, state=Booking.State.BOOKED, reminded_at=None)
    if not open_.update(reminded_at=at):
        return False
    found = Booking.objects.select_related("person", "service__office", "service__item")
    tell("appointment.reminder", found.get(pk=key), at=at)
    return True
