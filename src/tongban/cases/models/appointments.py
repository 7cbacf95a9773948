"""Offices with counters, what they serve and when; appointments; the queue of a day.

Seats are numbered, and a seat at a moment is unique while its booking holds: two people can't have
the same one, whoever writes.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Organ, Person


class Office(models.Model):
    """办事大厅. `people_a_slot` are served in a slot by all counters together; `kept_percent` of
    them are never booked: they are for people who just come.
    """

    organ = models.ForeignKey(Organ, models.PROTECT, related_name="offices")
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=200)
    region_path = models.CharField(max_length=12)
    slot_minutes = models.PositiveSmallIntegerField()
    people_a_slot = models.PositiveSmallIntegerField()
    kept_percent = models.PositiveSmallIntegerField()
    days_ahead = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=5, slot_minutes__lte=240)
                & Q(people_a_slot__gte=1, people_a_slot__lte=500)
                & Q(kept_percent__lte=100)
                & Q(days_ahead__gte=1, days_ahead__lte=90),
                name="office_numbers_make_sense",
            )
        ]
        indexes = [models.Index(fields=["region_path"], name="offices_of_a_region")]

    def __str__(self) -> str:
        return self.name


class OfficeHours(models.Model):
    """Opening hours of a weekday (0 is Monday), in local time; a break makes two rows."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()
    begins = models.TimeField()
    ends = models.TimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6) & Q(begins__lt=models.F("ends")),
                name="hours_begin_before_they_end",
            ),
            models.UniqueConstraint(
                fields=["office", "weekday", "begins"], name="hours_begin_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.weekday} {self.begins}"


class OfficeService(models.Model):
    """An item that an office serves, to so many people in a slot."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="services")
    item = models.ForeignKey(ServiceItem, models.PROTECT)
    people_a_slot = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "item"], name="one_service_an_item"),
            models.CheckConstraint(
                condition=Q(people_a_slot__gte=1), name="service_serves_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.item}"


class Counter(models.Model):
    """窗口, by its number on the wall."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="counters")
    number = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "number"], name="one_counter_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.number}"


HOLDS = ["booked", "checked_in", "missed"]


class Booking(models.Model):
    """预约: a seat at a moment. A cancelled one frees its seat."""

    class State(models.TextChoices):
        BOOKED = "booked", _("Booked")
        CHECKED_IN = "checked_in", _("Checked in")
        CANCELLED = "cancelled", _("Cancelled")
        MISSED = "missed", _("Missed")

    code = models.CharField(max_length=12, unique=True)
    office = models.ForeignKey(Office, models.PROTECT, related_name="bookings")
    service = models.ForeignKey(OfficeService, models.PROTECT)
    person = models.ForeignKey(Person, models.PROTECT, related_name="bookings")
    day = models.DateField()
    begins_at = models.DateTimeField()
    seat = models.PositiveSmallIntegerField()
    service_seat = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State.choices)
    made_at = models.DateTimeField()
    checked_in_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office", "begins_at", "seat"],
                condition=Q(state__in=HOLDS),
                name="one_booking_a_seat",
            ),
            models.UniqueConstraint(
                fields=["service", "begins_at", "service_seat"],
                condition=Q(state__in=HOLDS),
                name="one_booking_a_service_seat",
            ),
            models.UniqueConstraint(
                fields=["person", "begins_at"],
                condition=Q(state__in=HOLDS),
                name="one_place_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["person", "service", "day"],
                condition=Q(state="booked"),
                name="one_booking_a_day_for_a_service",
            ),
            models.CheckConstraint(
                condition=Q(seat__gte=1, service_seat__gte=1), name="booking_has_a_seat"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*HOLDS, "cancelled"])
                & (
                    Q(state="checked_in", checked_in_at__isnull=False)
                    | (~Q(state="checked_in") & Q(checked_in_at=None))
                ),
                name="booking_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["office", "day"], name="bookings_of_a_day"),
            models.Index(
                fields=["begins_at"], condition=Q(state="booked"), name="bookings_to_come"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Ticket(models.Model):
    """取号: a place in the queue of a day, with a booking or without. It says nothing of a person.

    `reference_at` orders the queue: the booked moment, or when the ticket was taken.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CALLED = "called", _("Called")
        DONE = "done", _("Served")
        ABSENT = "absent", _("Did not come")

    office = models.ForeignKey(Office, models.PROTECT, related_name="tickets")
    service = models.ForeignKey(OfficeService, models.PROTECT)
    booking = models.OneToOneField(Booking, models.CASCADE, null=True, related_name="ticket")
    day = models.DateField()
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices)
    taken_at = models.DateTimeField()
    reference_at = models.DateTimeField()
    counter = models.ForeignKey(Counter, models.PROTECT, null=True, related_name="tickets")
    calls = models.PositiveSmallIntegerField(default=0)
    called_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "day", "number"], name="one_ticket_a_number"),
            models.UniqueConstraint(
                fields=["counter"], condition=Q(state="called"), name="one_called_a_counter"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", counter=None, called_at=None, ended_at=None)
                | Q(
                    state="called",
                    counter__isnull=False,
                    called_at__isnull=False,
                    ended_at=None,
                )
                | Q(state__in=["done", "absent"], ended_at__isnull=False),
                name="ticket_fits_its_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["office", "day", "reference_at"],
                condition=Q(state="waiting"),
                name="tickets_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.day} {self.number}"
