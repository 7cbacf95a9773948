"""Booking, moving and cancelling an appointment; what is missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import Conflict, DomainError, InvalidInput, NotFound
from tongban.cases.appointments.rules import (
    CANCEL_UNTIL,
    MISSED_AFTER,
    MISSED_WITHIN,
    OPEN_BOOKINGS_MOST,
    Hours,
    barred_until,
    bookable_seats,
    clean_code,
    first_free,
    new_code,
    slots_on,
)
from tongban.cases.appointments.telling import tell
from tongban.cases.models import Booking, Office, OfficeService
from tongban.cases.models.appointments import HOLDS
from tongban.cases.services.principals import acting_person
from tongban.directory.models import Account, Person
from tongban.directory.selectors import working_calendar
from tongban.directory.wording import day_words
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

State = Booking.State


def hours_of(office: Office) -> list[Hours]:
    """Opening hours of an office. One query."""
    found = office.hours.values_list("weekday", "begins", "ends")
    return [Hours(*row) for row in found]


def _full() -> DomainError:
    return Conflict(
        code="slot_taken",
        title=_("This time has just been taken"),
        detail=_("Somebody was faster, or no seat is left."),
        fix=_("Choose another time; or just come: some seats are kept for that."),
    )


@leaves_trace(acts.APPOINTMENT_BOOKED)
@transaction.atomic
def book(
    actor: Account, office: Office, item: str, begins_at: datetime, *, at: datetime | None = None
) -> Booking:
    """Book a seat for oneself (预约). Two people never get the same one.

    Raises Conflict when no seat is left or the person has as many bookings as one can have,
    InvalidInput for a moment at which no slot begins, NotFound for what the office does not serve.
    """
    moment = at or utc_now()
    person = acting_person(actor)
    service = _locked_service(office, item)
    _check_may_book(person, moment)
    booking = _seat(person, service, begins_at, moment, new_code())
    notices = tell("appointment.booked", booking, at=moment)
    trace(acts.APPOINTMENT_BOOKED, booking, moment, actor, notices=notices)
    return booking


def _locked_service(office: Office, item: str) -> OfficeService:
    """The service, with its office locked: seats of an office are given out one after the other."""
    Office.objects.select_for_update().get(pk=office.pk)
    service = (
        OfficeService.objects.select_related("office__organ", "item")
        .filter(office=office, item__code=item)
        .first()
    )
    if service is None:
        raise NotFound(code="service_not_found", title=_("The office does not serve this"))
    return service


def _check_may_book(person: Person, now: datetime) -> None:
    mine = Booking.objects.filter(person=person)
    if mine.filter(state=State.BOOKED, begins_at__gt=now).count() >= OPEN_BOOKINGS_MOST:
        raise Conflict(
            code="too_many_bookings",
            title=_("You have booked enough"),
            detail=_("At most %(most)d appointments can be open.") % {"most": OPEN_BOOKINGS_MOST},
            fix=_("Cancel one that you don't need."),
        )
    missed = mine.filter(state=State.MISSED, begins_at__gt=now - MISSED_WITHIN)
    until = barred_until(list(missed.values_list("begins_at", flat=True)), now)
    if until:
        raise Conflict(
            code="missed_too_many",
            title=_("You can't book at the moment"),
            detail=_("You missed three appointments. You can book again from %(day)s.")
            % {"day": day_words(local_date(until))},
            fix=_("You can come without an appointment at any time: take a ticket."),
        )


@leaves_no_trace("a part of the booking, which leaves the trace")
def _seat(
    person: Person, service: OfficeService, begins_at: datetime, now: datetime, code: str
) -> Booking:
    office, day = service.office, local_date(begins_at)
    slots = slots_on(day, hours_of(office), office.slot_minutes, working_calendar())
    last_day = local_date(now) + timedelta(days=office.days_ahead)
    if begins_at not in slots or begins_at <= now or day > last_day:
        raise InvalidInput(
            code="no_such_slot",
            title=_("There is no such time"),
            detail=_("The office is closed then, or it is too far ahead."),
            fix=_("Choose one of the times that are shown."),
            field="begins_at",
        )
    held = Booking.objects.filter(office=office, begins_at=begins_at, state__in=HOLDS)
    taken = list(held.values_list("seat", "service_id", "service_seat"))
    seats = bookable_seats(slots.index(begins_at), office.people_a_slot, office.kept_percent)
    seat = first_free((row[0] for row in taken), seats)
    own = (row[2] for row in taken if row[1] == service.pk)
    service_seat = first_free(own, service.people_a_slot)
    if seat is None or service_seat is None:
        raise _full()
    try:
        with transaction.atomic():
            return Booking.objects.create(
                code=code,
                office=office,
                service=service,
                person=person,
                day=day,
                begins_at=begins_at,
                seat=seat,
                service_seat=service_seat,
                state=State.BOOKED,
                made_at=now,
            )
    except IntegrityError as problem:
        if "one_place_at_a_time" in str(problem) or "person" in str(problem):
            raise Conflict(
                code="booked_already",
                title=_("You have an appointment already"),
                detail=_("For this service on that day, or at that time."),
                fix=_("Move or cancel it first."),
            ) from None
        raise _full() from None


def _own(actor: Account, code: str) -> Booking:
    """The actor's open booking, its office locked. Raises NotFound, Conflict when it is over."""
    booking = (
        Booking.objects.select_related(
            "person", "office", "service__office__organ", "service__item"
        )
        .filter(code=clean_code(code), person__account=actor)
        .first()
    )
    if booking is None:
        raise NotFound(code="booking_not_found", title=_("There is no such appointment"))
    Office.objects.select_for_update().get(pk=booking.office_id)
    booking.refresh_from_db(fields=["state"])
    if booking.state != State.BOOKED:
        raise Conflict(
            code="booking_over",
            title=_("This appointment is over"),
            detail=_("It was cancelled, missed, or you have checked in."),
        )
    return booking


def _in_time(booking: Booking, now: datetime) -> None:
    if now > booking.begins_at - CANCEL_UNTIL:
        raise Conflict(
            code="too_late",
            title=_("It is too late for that"),
            detail=_("An appointment can be moved or cancelled until an hour before."),
        )


@leaves_trace(acts.APPOINTMENT_CANCELLED)
@transaction.atomic
def cancel(actor: Account, code: str, *, at: datetime | None = None) -> Booking:
    """Cancel an appointment; the seat is free at once. Raises Conflict in the last hour."""
    moment = at or utc_now()
    booking = _own(actor, code)
    _in_time(booking, moment)
    booking.state = State.CANCELLED
    booking.save(update_fields=["state"])
    notices = tell("appointment.cancelled", booking, at=moment)
    trace(acts.APPOINTMENT_CANCELLED, booking, moment, actor, notices=notices)
    return booking


@leaves_trace(acts.APPOINTMENT_CHANGED)
@transaction.atomic
def move(actor: Account, code: str, begins_at: datetime, *, at: datetime | None = None) -> Booking:
    """Move an appointment: the new seat is had before the old one is given up, or nothing changes."""
    moment = at or utc_now()
    old = _own(actor, code)
    _in_time(old, moment)
    old.state = State.CANCELLED
    old.save(update_fields=["state"])
    booking = _seat(old.person, old.service, begins_at, moment, new_code())
    notices = tell("appointment.moved", booking, at=moment, before=old.begins_at)
    trace(acts.APPOINTMENT_CHANGED, booking, moment, actor, notices=notices)
    return booking


def mark_missed(*, at: datetime | None = None) -> int:
    """Mark the appointments that nobody came to; returns how many. Safe to run twice or at once."""
    moment = at or utc_now()
    late = Booking.objects.filter(state=State.BOOKED, begins_at__lt=moment - MISSED_AFTER)
    return sum(_missed(key, moment) for key in list(late.values_list("pk", flat=True)[:1000]))


@leaves_trace(acts.APPOINTMENT_MISSED)
@transaction.atomic
def _missed(key: int, at: datetime) -> bool:
    if not Booking.objects.filter(pk=key, state=State.BOOKED).update(state=State.MISSED):
        return False
    booking = Booking.objects.select_related(
        "person", "service__office__organ", "service__item"
    ).get(pk=key)
    notices = tell("appointment.missed", booking, at=at)
    trace(acts.APPOINTMENT_MISSED, booking, at, None, notices=notices)
    return True


def trace(
    act: str,
    booking: Booking,
    at: datetime,
    actor: Account | None,
    *,
    notices: Sequence[str] = (),
) -> None:
    service = booking.service
    record(
        act,
        at=at,
        organ=service.office.organ.code,
        region=service.office.organ.region_id or "",
        item=service.item.code,
        payload={
            "code": booking.code,
            "office": service.office.slug,
            "begins_at": booking.begins_at.isoformat(),
            "by": actor.username if actor else "",
            "notices": list(notices),
        },
    )
