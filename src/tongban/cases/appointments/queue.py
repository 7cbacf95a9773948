"""The queue of a day: tickets with an appointment or without, calling, serving, not coming."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, NotFound
from tongban.cases.appointments.booking import State as BookingState
from tongban.cases.appointments.booking import trace
from tongban.cases.appointments.rules import CALLS_MOST, can_check_in, clean_code
from tongban.cases.models import Booking, Counter, Office, OfficeService, Ticket
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.traces import leaves_no_trace, leaves_trace

State = Ticket.State


def office_of(actor: Account, slug: str, *, lock: bool = False) -> Office:
    """An office of one of the actor's organs. Raises NotFound for another."""
    organs = duties_of(actor).organs_for(Permission.RUN_COUNTER)
    offices = Office.objects.filter(organ__in=organs, slug=slug)
    found = (offices.select_for_update() if lock else offices).first()
    if found is None:
        raise NotFound(code="office_not_found", title=_("There is no such office"))
    return found


def _next_number(office: Office, day: date) -> int:
    held = Ticket.objects.filter(office=office, day=day).aggregate(last=Max("number"))["last"]
    return (held or 0) + 1


@leaves_no_trace("the order of a queue; it names nobody")
@transaction.atomic
def take_ticket(actor: Account, slug: str, item: str, *, at: datetime | None = None) -> Ticket:
    """Give somebody who just came a place in the queue (取号); no name is asked for."""
    moment = at or utc_now()
    office = office_of(actor, slug, lock=True)
    service = OfficeService.objects.filter(office=office, item__code=item).first()
    if service is None:
        raise NotFound(code="service_not_found", title=_("The office does not serve this"))
    day = local_date(moment)
    return Ticket.objects.create(
        office=office,
        service=service,
        day=day,
        number=_next_number(office, day),
        state=State.WAITING,
        taken_at=moment,
        reference_at=moment,
    )


@leaves_trace(acts.APPOINTMENT_CHECKED_IN)
@transaction.atomic
def check_in(actor: Account, slug: str, code: str, *, at: datetime | None = None) -> Ticket:
    """Check somebody in by the code of their appointment: their place is that of its time.

    Raises NotFound for a code that is none of this office today, Conflict for one that is used,
    cancelled, too early or too late.
    """
    moment = at or utc_now()
    office = office_of(actor, slug, lock=True)
    day = local_date(moment)
    booking = (
        Booking.objects.select_related("service__office__organ", "service__item")
        .filter(office=office, code=clean_code(code), day=day)
        .first()
    )
    if booking is None:
        raise NotFound(
            code="code_not_found",
            title=_("No appointment here today has this code"),
            fix=_("Check the code, the day and the office; or take a ticket."),
        )
    if booking.state != BookingState.BOOKED or not can_check_in(booking.begins_at, moment):
        raise Conflict(
            code="no_check_in",
            title=_("This appointment can't be checked in now"),
            detail=_("From 30 minutes before until 15 minutes after its time, and once."),
            fix=_("Take a ticket."),
        )
    booking.state, booking.checked_in_at = BookingState.CHECKED_IN, moment
    booking.save(update_fields=["state", "checked_in_at"])
    ticket = Ticket.objects.create(
        office=office,
        service=booking.service,
        booking=booking,
        day=day,
        number=_next_number(office, day),
        state=State.WAITING,
        taken_at=moment,
        reference_at=booking.begins_at,
    )
    trace(acts.APPOINTMENT_CHECKED_IN, booking, moment, actor)
    return ticket


@leaves_no_trace("the order of a queue; it names nobody")
@transaction.atomic
def call_next(actor: Account, slug: str, counter: int, *, at: datetime | None = None) -> Ticket:
    """Call who is next to a counter (叫号): by booked time or time of coming, whichever is theirs.

    Raises Conflict when the counter still serves somebody or nobody waits.
    """
    moment = at or utc_now()
    office = office_of(actor, slug, lock=True)
    place = _counter(office, counter)
    if place.tickets.filter(state=State.CALLED).exists():
        raise Conflict(
            code="counter_busy",
            title=_("Somebody is at this counter"),
            fix=_("Finish with them first."),
        )
    ticket = (
        Ticket.objects.filter(office=office, day=local_date(moment), state=State.WAITING)
        .select_related("service__item")
        .order_by("reference_at", "number")
        .first()
    )
    if ticket is None:
        raise Conflict(code="nobody_waits", title=_("Nobody is waiting"))
    ticket.state, ticket.counter, ticket.called_at, ticket.calls = State.CALLED, place, moment, 1
    ticket.save(update_fields=["state", "counter", "called_at", "calls"])
    return ticket


def _counter(office: Office, number: int) -> Counter:
    found = office.counters.filter(number=number).first()
    if found is None:
        raise NotFound(code="counter_not_found", title=_("There is no such counter"))
    return found


def _called(office: Office, counter: int) -> Ticket:
    ticket = _counter(office, counter).tickets.filter(state=State.CALLED).first()
    if ticket is None:
        raise Conflict(code="nobody_called", title=_("Nobody was called to this counter"))
    return ticket


@leaves_no_trace("the order of a queue; it names nobody")
@transaction.atomic
def finish(actor: Account, slug: str, counter: int, *, at: datetime | None = None) -> Ticket:
    """Who was called has been served."""
    moment = at or utc_now()
    ticket = _called(office_of(actor, slug, lock=True), counter)
    ticket.state, ticket.ended_at = State.DONE, moment
    ticket.save(update_fields=["state", "ended_at"])
    return ticket


@leaves_no_trace("the order of a queue; it names nobody")
@transaction.atomic
def call_again(actor: Account, slug: str, counter: int, *, at: datetime | None = None) -> Ticket:
    """Call once more; who does not come to the third call has left (过号)."""
    moment = at or utc_now()
    ticket = _called(office_of(actor, slug, lock=True), counter)
    if ticket.calls >= CALLS_MOST:
        ticket.state, ticket.ended_at = State.ABSENT, moment
    else:
        ticket.calls, ticket.called_at = ticket.calls + 1, moment
    ticket.save(update_fields=["state", "ended_at", "calls", "called_at"])
    return ticket
